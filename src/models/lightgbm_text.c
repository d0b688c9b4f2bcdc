/* lightgbm_text.c: ensembles in the text that LightGBM's save_model() writes (versions 2 to 4):
 * lines of `key=value`, a head, a section a tree, and the names of pandas categories at the end.
 *
 * What its trees decide is in LightGBM's include/LightGBM/tree.h: NumericalDecision() and
 * CategoricalDecision(). A number goes left if it is at most the threshold; a missing one, by the
 * kind of the node, is taken for zero or goes its own way. A category goes left if its bit is set;
 * one that is missing or unknown goes right. Shrinkage is in the leaves already, and so is what
 * boosting starts from. */
#include "models/foreign.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/text.h"
#include "base/try.h"
#include "segmill/doc.h"

/* A part of the file's text. */
typedef struct slice {
    const char *s;
    size_t n;
} slice;

/* Keys of a tree's section that are looked at. */
enum key { NUM_LEAVES, NUM_CAT, SPLIT_FEATURE, SPLIT_GAIN, THRESHOLD, DECISION_TYPE, LEFT_CHILD,
           RIGHT_CHILD, LEAF_VALUE, LEAF_COUNT, CAT_BOUNDARIES, CAT_THRESHOLD, IS_LINEAR, N_KEYS };
static const char *const keys[N_KEYS] = {
    "num_leaves", "num_cat", "split_feature", "split_gain", "threshold", "decision_type",
    "left_child", "right_child", "leaf_value", "leaf_count", "cat_boundaries", "cat_threshold",
    "is_linear",
};

/* Bits of a decision_type, and the kinds of missing values in it. */
enum { CATEGORY = 1, DEFAULT_LEFT = 2, MISSING_SHIFT = 2, MISSING_MASK = 3,
       MISSING_NONE = 0, MISSING_ZERO = 1, MISSING_NAN = 2 };
static const double ZERO = 1e-35f;   /* LightGBM's kZeroThreshold */

enum { NODES_MAX = 2 * SEG_TREE_NODES_MAX };   /* of a section that is looked at */

typedef struct reader {
    slice rest;
    seg_foreign *out;
    size_t n_infos;
    bool average, objective;
    slice categories;            /* pandas_categorical */
    seg_error *err;
} reader;

/* ---- lines ----------------------------------------------------------------------------- */

/* The next line, without its end; false at the end of the text. */
static bool next_line(slice *rest, slice *line)
{
    if (rest->n == 0)
        return false;
    const char *end = memchr(rest->s, '\n', rest->n);
    size_t n = end == NULL ? rest->n : (size_t)(end - rest->s);
    *line = (slice){ rest->s, n > 0 && rest->s[n - 1] == '\r' ? n - 1 : n };
    n += end != NULL;
    rest->s += n;
    rest->n -= n;
    return true;
}

static bool is(slice text, const char *word)
{
    return text.s != NULL && seg_equal_n(word, text.s, text.n);
}

/* `key=value` in two; without '=' the value is empty. */
static slice split_line(slice line, slice *value)
{
    const char *equals = memchr(line.s, '=', line.n);
    size_t n = equals == NULL ? line.n : (size_t)(equals - line.s);
    *value = equals == NULL ? (slice){ line.s + line.n, 0 }
                            : (slice){ equals + 1, line.n - n - 1 };
    return (slice){ line.s, n };
}

/* The next word between blanks. */
static bool next_word(slice *rest, slice *word)
{
    while (rest->n > 0 && *rest->s == ' ')
        rest->s++, rest->n--;
    if (rest->n == 0)
        return false;
    const char *end = memchr(rest->s, ' ', rest->n);
    *word = (slice){ rest->s, end == NULL ? rest->n : (size_t)(end - rest->s) };
    rest->s += word->n;
    rest->n -= word->n;
    return true;
}

static seg_status fail(const reader *r, const char *what)
{
    return seg_fail(r->err, SEG_E_DATA, "%s", what);
}

static seg_status fail_in_tree(const reader *r, enum key key, const char *what)
{
    return seg_fail(r->err, SEG_E_DATA, "tree %zu: %s %s", r->out->n_trees - 1, keys[key], what);
}

/* ---- the head -------------------------------------------------------------------------- */

static seg_status read_names(reader *r, slice names)
{
    seg_status st = SEG_OK;
    slice name;
    if (r->out->n_features > 0)
        return fail(r, "feature_names stands there twice");
    while (next_word(&names, &name))
        TRY(seg_foreign_add_feature(r->out, name.s, name.n, r->err));

done:
    return st;
}

/* "[least:most]" of a number, "none" of what never varied, "code:code..." of a category. */
static seg_status read_infos(reader *r, slice infos)
{
    slice info;
    if (r->n_infos > 0)
        return fail(r, "feature_infos stands there twice");
    for (; next_word(&infos, &info); r->n_infos++) {
        if (r->n_infos >= r->out->n_features)
            return fail(r, "there are more feature_infos than feature_names");
        seg_foreign_feature *f = &r->out->features[r->n_infos];
        if (is(info, "none") || info.s[0] == '[')
            continue;
        f->is_category = true;
        for (const char *s = info.s, *end = info.s + info.n; s < end;) {
            const char *colon = memchr(s, ':', (size_t)(end - s));
            int64_t code;
            if (!seg_parse_i64(s, (size_t)((colon ? colon : end) - s), &code) || code < -1 ||
                code >= SEG_FOREIGN_LEVELS_MAX)
                return seg_fail(r->err, SEG_E_DATA, "feature_infos: feature %zu: a category is no"
                                " number from 0 to 2^20", r->n_infos);
            if (code + 1 > (int64_t)f->n_levels)
                f->n_levels = (size_t)code + 1;
            s = colon ? colon + 1 : end;
        }
    }
    return SEG_OK;
}

/* "binary sigmoid:1": leaves count in units of that much. */
static seg_status read_objective(reader *r, slice words)
{
    slice word = { "", 0 };
    double sigmoid = 1;
    if (!next_word(&words, &word) || !is(word, "binary")) {
        char quoted[SEG_QUOTE_BYTES];
        return seg_fail(r->err, SEG_E_DATA, "its objective is '%s'; only 'binary' can be imported",
                        seg_quote_cell(quoted, word.s, word.n));
    }
    while (next_word(&words, &word))
        if (word.n > 8 && memcmp(word.s, "sigmoid:", 8) == 0 &&
            (!seg_parse_f64(word.s + 8, word.n - 8, '.', &sigmoid) || !(sigmoid > 0)))
            return fail(r, "the sigmoid of its objective is not a number above 0");
    r->out->scale = sigmoid;
    r->objective = true;
    return SEG_OK;
}

static seg_status read_head_line(reader *r, slice key, slice value)
{
    bool one = is(value, "1");
    if (is(key, "feature_names"))
        return read_names(r, value);
    if (is(key, "feature_infos"))
        return read_infos(r, value);
    if (is(key, "objective"))
        return read_objective(r, value);
    if (is(key, "average_output"))
        r->average = true;
    if ((is(key, "num_class") || is(key, "num_tree_per_iteration")) && !one)
        return fail(r, "it tells more than two classes apart, which cannot be imported");
    if (is(key, "linear_tree") && one)
        return fail(r, "its leaves are linear, which cannot be imported");
    return SEG_OK;
}

/* Up to the first tree, whose line has been read then. */
static seg_status read_head(reader *r, bool *more)
{
    seg_status st = SEG_OK;
    slice line, value;
    *more = false;
    if (!next_line(&r->rest, &line) || !is(line, "tree"))
        return fail(r, "not a LightGBM model: its first line is not 'tree'");
    while (!*more && next_line(&r->rest, &line)) {
        slice key = split_line(line, &value);
        *more = is(key, "Tree");
        if (!*more)
            TRY(read_head_line(r, key, value));
    }
    if (!r->objective)
        return fail(r, "its objective is not there; only 'binary' can be imported");
    if (r->out->n_features == 0)
        st = fail(r, "feature_names is not there");

done:
    return st;
}

/* ---- a tree ---------------------------------------------------------------------------- */

/* Walks over the numbers of one key. */
typedef struct cursor {
    const reader *r;
    enum key key;
    slice rest;
} cursor;

static seg_status next_real(cursor *c, double *out)
{
    slice word;
    if (!next_word(&c->rest, &word))
        return fail_in_tree(c->r, c->key, "has fewer numbers than the tree has nodes");
    if (!seg_parse_f64(word.s, word.n, '.', out))
        return fail_in_tree(c->r, c->key, "holds what is not a finite number");
    return SEG_OK;
}

/* "inf": all numbers go left, missing values right. */
static seg_status next_threshold(cursor *c, double *out)
{
    slice rest = c->rest, word;
    if (!next_word(&rest, &word) || !is(word, "inf"))
        return next_real(c, out);
    c->rest = rest;
    *out = (double)INFINITY;
    return SEG_OK;
}

static seg_status next_whole(cursor *c, int64_t *out)
{
    slice word;
    if (!next_word(&c->rest, &word))
        return fail_in_tree(c->r, c->key, "has fewer numbers than the tree has nodes");
    if (!seg_parse_i64(word.s, word.n, out))
        return fail_in_tree(c->r, c->key, "holds what is not a whole number");
    return SEG_OK;
}

static seg_status one_whole(const reader *r, const slice *values, enum key key, int64_t *out)
{
    cursor c = { r, key, values[key] };
    return next_whole(&c, out);
}

/* The lines of a section up to the next one; *more: there is one. */
static seg_status read_section(reader *r, slice values[N_KEYS], bool *more)
{
    slice line, value;
    for (int k = 0; k < N_KEYS; k++)
        values[k] = (slice){ NULL, 0 };
    *more = false;
    while (next_line(&r->rest, &line)) {
        slice key = split_line(line, &value);
        if (is(key, "Tree"))
            *more = true;
        if (*more || is(line, "end of trees"))
            return SEG_OK;
        for (int k = 0; k < N_KEYS; k++)
            if (is(key, keys[k])) {
                if (values[k].s != NULL)
                    return fail_in_tree(r, (enum key)k, "stands there twice");
                values[k] = value;
            }
    }
    return fail(r, "it ends too early: 'end of trees' is not there");
}

/* Bounds and words of the sets of a tree; *bounds has n_cat + 1 places in the model's words. */
static seg_status read_sets(reader *r, const slice *values, size_t **bounds, size_t *n_sets)
{
    seg_status st = SEG_OK;
    cursor at = { r, CAT_BOUNDARIES, values[CAT_BOUNDARIES] };
    cursor words = { r, CAT_THRESHOLD, values[CAT_THRESHOLD] };
    int64_t n_cat = 0, bound, before = 0, word;
    if (values[NUM_CAT].s != NULL)
        TRY(one_whole(r, values, NUM_CAT, &n_cat));
    if (n_cat < 0 || n_cat > NODES_MAX)
        return fail_in_tree(r, NUM_CAT, "is not a number of sets that a tree can have");
    *n_sets = (size_t)n_cat;
    TRY(SEG_ALLOC(bounds, *n_sets + 1, "the categories of the trees", r->err));
    for (size_t i = 0; n_cat > 0 && i <= *n_sets; i++) {
        TRY(next_whole(&at, &bound));
        if (bound < before || (i == 0 && bound != 0) || bound - before > SEG_FOREIGN_LEVELS_MAX)
            return fail_in_tree(r, CAT_BOUNDARIES, "does not rise from 0");
        (*bounds)[i] = i == 0 ? r->out->n_words : (*bounds)[i - 1] + (size_t)(bound - before);
        for (; before < bound; before++) {
            TRY(next_whole(&words, &word));
            if (word < 0 || word > UINT32_MAX)
                return fail_in_tree(r, CAT_THRESHOLD, "holds a number beyond 32 bits");
            TRY(seg_foreign_add_word(r->out, (uint32_t)word, r->err));
        }
    }

done:
    return st;
}

/* Where a missing number goes, if nodes of ours can do the same with zeros. */
static seg_status missing_way(const reader *r, int64_t type, double threshold, bool *left)
{
    bool by_default = (type & DEFAULT_LEFT) != 0, as_zero = 0 <= threshold;
    switch (type >> MISSING_SHIFT & MISSING_MASK) {
    case MISSING_NONE:
        *left = as_zero;
        return SEG_OK;
    case MISSING_NAN:
        *left = by_default;
        return SEG_OK;
    case MISSING_ZERO:
        *left = by_default;
        if (by_default == as_zero && (threshold >= ZERO || threshold < -ZERO))
            return SEG_OK;
        return seg_fail(r->err, SEG_E_DATA, "tree %zu: zeros stand for missing values and leave"
                        " their place in the order (zero_as_missing), which cannot be imported",
                        r->out->n_trees - 1);
    default:
        return fail_in_tree(r, DECISION_TYPE, "has an unknown kind of missing values");
    }
}

static seg_status read_category(const reader *r, double threshold, const size_t *bounds,
                                size_t n_sets, seg_foreign_node *node)
{
    if (!(threshold >= 0 && threshold < (double)n_sets) || threshold != floor(threshold))
        return fail_in_tree(r, THRESHOLD, "names a set of categories that is not there");
    size_t set = (size_t)threshold;
    node->is_set = node->set_goes_left = true;
    node->first_word = bounds[set];
    node->n_words = bounds[set + 1] - bounds[set];
    if (node->feature >= 0 && (size_t)node->feature < r->out->n_features)
        r->out->features[node->feature].is_category = true;
    return SEG_OK;
}

/* Inner nodes come first; leaf i is -(i + 1) as a child, and behind them. */
static int64_t place_of(int64_t child, int64_t n_leaves)
{
    return child >= 0 ? (child < n_leaves - 1 ? child : -1)
                      : (child >= -n_leaves ? n_leaves - 1 - (child + 1) : -1);
}

static seg_status read_splits(reader *r, const slice *values, int64_t n_leaves,
                              const size_t *bounds, size_t n_sets)
{
    seg_status st = SEG_OK;
    cursor features = { r, SPLIT_FEATURE, values[SPLIT_FEATURE] };
    cursor gains = { r, SPLIT_GAIN, values[SPLIT_GAIN] };
    cursor thresholds = { r, THRESHOLD, values[THRESHOLD] };
    cursor types = { r, DECISION_TYPE, values[DECISION_TYPE] };
    cursor lefts = { r, LEFT_CHILD, values[LEFT_CHILD] };
    cursor rights = { r, RIGHT_CHILD, values[RIGHT_CHILD] };
    for (int64_t i = 0; i < n_leaves - 1; i++) {
        int64_t feature, type, left, right;
        double threshold;
        seg_foreign_node node = { .threshold = NAN };
        TRY(next_whole(&features, &feature));
        TRY(next_threshold(&thresholds, &threshold));
        TRY(next_whole(&types, &type));
        TRY(next_whole(&lefts, &left));
        TRY(next_whole(&rights, &right));
        if (values[SPLIT_GAIN].s != NULL)
            TRY(next_real(&gains, &node.gain));
        if (feature < 0 || feature >= (int64_t)r->out->n_features)
            return fail_in_tree(r, SPLIT_FEATURE, "names a feature that is not there");
        node.feature = (int32_t)feature;
        node.left = place_of(left, n_leaves);
        node.right = place_of(right, n_leaves);
        if ((type & CATEGORY) != 0) {
            TRY(read_category(r, threshold, bounds, n_sets, &node));
        } else {
            TRY(missing_way(r, type, threshold, &node.missing_left));
            if (!seg_foreign_at_most(threshold, &node.threshold))
                return fail_in_tree(r, THRESHOLD, "is below every number of 32 bits");
        }
        TRY(seg_foreign_add_node(r->out, &node, r->err));
    }

done:
    return st;
}

static seg_status read_leaves(reader *r, const slice *values, int64_t n_leaves)
{
    seg_status st = SEG_OK;
    cursor leaf_values = { r, LEAF_VALUE, values[LEAF_VALUE] };
    cursor counts = { r, LEAF_COUNT, values[LEAF_COUNT] };
    for (int64_t i = 0; i < n_leaves; i++) {
        seg_foreign_node node = { .feature = -1, .rows = 1 };
        TRY(next_real(&leaf_values, &node.value));
        if (n_leaves > 1)
            TRY(next_whole(&counts, &node.rows));
        TRY(seg_foreign_add_node(r->out, &node, r->err));
    }

done:
    return st;
}

static seg_status read_tree(reader *r, bool *more)
{
    seg_status st = SEG_OK;
    slice values[N_KEYS];
    size_t *bounds = NULL, n_sets = 0;
    int64_t n_leaves = 0;
    TRY(seg_foreign_begin_tree(r->out, r->err));
    TRY(read_section(r, values, more));
    TRY(one_whole(r, values, NUM_LEAVES, &n_leaves));
    if (n_leaves < 1 || n_leaves > NODES_MAX) {
        st = fail_in_tree(r, NUM_LEAVES, "is not a number of leaves that a tree can have");
        goto done;
    }
    if (is(values[IS_LINEAR], "1")) {
        st = fail(r, "its leaves are linear, which cannot be imported");
        goto done;
    }
    TRY(read_sets(r, values, &bounds, &n_sets));
    TRY(read_splits(r, values, n_leaves, bounds, n_sets));
    TRY(read_leaves(r, values, n_leaves));

done:
    seg_free(bounds);
    return st;
}

/* ---- names of categories --------------------------------------------------------------- */

/* As a CSV file would have the category. */
static const char *level_name(reader *r, const seg_node *level)
{
    char digits[SEG_NUMBER_BYTES];
    switch (seg_node_type(level)) {
    case SEG_DOC_TEXT:
        return seg_arena_text(&r->out->arena, seg_node_text(level, ""));
    case SEG_DOC_BOOL:
        return seg_node_int(level, 0) != 0 ? "True" : "False";
    case SEG_DOC_INT:
        return seg_arena_text_n(&r->out->arena, digits,
                                seg_print_i64(digits, seg_node_int(level, 0)));
    default:
        return seg_arena_text_n(&r->out->arena, digits,
                                seg_print_f64(digits, seg_node_real(level, 0)));
    }
}

static seg_status name_levels(reader *r, const seg_node *names, seg_foreign_feature *f)
{
    size_t n = seg_node_count(names);
    if (n < f->n_levels || n == 0)
        return seg_fail(r->err, SEG_E_DATA, "pandas_categorical has %zu names for the %zu categories"
                        " of feature '%s'", n, f->n_levels, f->name);
    const char **levels = seg_arena_get(&r->out->arena, n * sizeof *levels);
    if (levels == NULL)
        return seg_arena_failed(r->err);
    for (size_t i = 0; i < n; i++) {
        levels[i] = level_name(r, seg_node_at(names, i));
        if (levels[i] == NULL)
            return seg_arena_failed(r->err);
    }
    f->levels = levels;
    f->n_levels = n;
    return SEG_OK;
}

/* A list of names for each column that was a category in pandas, in the order of the columns;
 * null or [] when there was none. */
static seg_status read_categories(reader *r)
{
    seg_status st = SEG_OK;
    seg_text text = { 0 };
    seg_doc *doc = NULL;
    size_t n_categories = 0, next = 0;
    if (r->categories.s == NULL || is(r->categories, "null") || is(r->categories, "[]"))
        return SEG_OK;
    seg_text_add(&text, "{\"names\":");
    seg_text_add_n(&text, r->categories.s, r->categories.n);
    seg_text_add(&text, "}");
    TRY(seg_text_status(&text, r->err));
    st = seg_doc_parse(text.bytes, text.n, &doc, r->err);
    if (st != SEG_OK) {
        seg_error_context(r->err, "pandas_categorical");
        goto done;
    }
    const seg_node *lists = seg_node_member(seg_doc_root(doc), "names");
    for (size_t f = 0; f < r->out->n_features; f++)
        n_categories += r->out->features[f].is_category;
    if (seg_node_count(lists) != n_categories) {
        st = seg_fail(r->err, SEG_E_DATA, "pandas_categorical names the categories of %zu features;"
                      " %zu are categories: which ones cannot be told", seg_node_count(lists),
                      n_categories);
        goto done;
    }
    for (size_t f = 0; f < r->out->n_features; f++)
        if (r->out->features[f].is_category)
            TRY(name_levels(r, seg_node_at(lists, next++), &r->out->features[f]));

done:
    seg_doc_free(doc);
    seg_text_free(&text);
    return st;
}

static void read_tail(reader *r)
{
    static const char head[] = "pandas_categorical:";
    slice line;
    while (next_line(&r->rest, &line))
        if (line.n > sizeof head - 1 && memcmp(line.s, head, sizeof head - 1) == 0)
            r->categories = (slice){ line.s + sizeof head - 1, line.n - (sizeof head - 1) };
}

seg_status seg_lightgbm_read(const char *text, size_t n_bytes, seg_foreign *out, seg_error *err)
{
    seg_status st = SEG_OK;
    reader r = { .rest = { text, n_bytes }, .out = out, .err = err };
    bool more;
    *out = (seg_foreign){ .scale = 1 };
    if (seg_utf8_check(text, n_bytes) != n_bytes || memchr(text, '\0', n_bytes) != NULL) {
        st = fail(&r, "not a LightGBM model: it is not UTF-8 text");
        goto done;
    }
    TRY(read_head(&r, &more));
    while (more)
        TRY(read_tree(&r, &more));
    read_tail(&r);
    TRY(read_categories(&r));
    if (r.average && out->n_trees > 0)
        out->scale /= (double)out->n_trees;
    TRY(seg_foreign_finish(out, err));

done:
    if (st != SEG_OK)
        seg_foreign_free(out);
    return st;
}

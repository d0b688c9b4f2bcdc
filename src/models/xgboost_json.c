/* xgboost_json.c: ensembles in the JSON that XGBoost's save_model() writes (1.0 and later).
 *
 * What its trees decide is in XGBoost's src/predictor/predict_fn.h: a number goes left if it is
 * below the condition, so that the greatest float below it is our threshold; a category goes right
 * if it is in the node's set; a missing value has its own way. The weight of a node in reasons is
 * its sum of hessians. */
#include "models/foreign.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/real.h"
#include "base/text.h"
#include "base/try.h"
#include "segmill/doc.h"

enum {
    ROWS_PER_HESSIAN = 1 << 20,   /* hessians are kept as whole numbers of this part */
    LEVELS_STEP = 256             /* unnamed codes of a category: up to a multiple of it */
};
static const double MOST_HESSIAN = 0x1p29;

typedef struct reader {
    const seg_node *learner, *model, *weights;   /* weights: of dart's trees; else null */
    seg_foreign *out;
    seg_error *err;
} reader;

/* The arrays of a tree, and where the sets of its nodes lie in the model's words. */
typedef struct arrays {
    size_t n;
    const seg_node *left, *right, *feature, *condition, *default_left, *hessian, *gain, *type;
    size_t *first_word, *n_words;
} arrays;

static seg_status fail(const reader *r, const char *what)
{
    return seg_fail(r->err, SEG_E_DATA, "%s", what);
}

static seg_status fail_in_tree(const reader *r, const char *what)
{
    return seg_fail(r->err, SEG_E_DATA, "tree %zu: %s", r->out->n_trees - 1, what);
}

/* Numbers of parameters are texts: "5E-1", and "[5E-1]" of a list of one. */
static bool parameter(const seg_node *object, const char *name, double *out)
{
    const seg_node *node = seg_node_member(object, name);
    const char *text = seg_node_text(node, NULL);
    if (text == NULL) {
        *out = seg_node_real(node, NAN);
        return isfinite(*out);
    }
    size_t n = strlen(text);
    if (n >= 2 && text[0] == '[' && text[n - 1] == ']')
        text++, n -= 2;
    return seg_parse_f64(text, n, '.', out);
}

/* ---- what kind of model ---------------------------------------------------------------- */

static seg_status check_objective(const reader *r)
{
    const char *name = seg_node_text(seg_node_get(r->learner, "objective.name"), "");
    char quoted[SEG_QUOTE_BYTES];
    double n;
    if (strcmp(name, "binary:logistic") != 0 && strcmp(name, "reg:logistic") != 0)
        return seg_fail(r->err, SEG_E_DATA, "its objective is '%s'; only 'binary:logistic' and"
                        " 'reg:logistic' can be imported",
                        seg_quote_cell(quoted, name, strlen(name)));
    const seg_node *param = seg_node_member(r->learner, "learner_model_param");
    if ((parameter(param, "num_class", &n) && n > 1) ||
        (parameter(param, "num_target", &n) && n > 1))
        return fail(r, "it has several outputs, which cannot be imported");
    double start;
    if (!parameter(param, "base_score", &start) || !(start > 0 && start < 1))
        return fail(r, "base_score is not one number between 0 and 1");
    r->out->base = seg_log(start / (1 - start));
    return SEG_OK;
}

static seg_status find_model(reader *r)
{
    const seg_node *booster = seg_node_member(r->learner, "gradient_booster");
    const char *name = seg_node_text(seg_node_member(booster, "name"), "");
    char quoted[SEG_QUOTE_BYTES];
    if (strcmp(name, "dart") == 0) {
        r->weights = seg_node_member(booster, "weight_drop");
        booster = seg_node_member(booster, "gbtree");
        if (seg_node_type(r->weights) != SEG_DOC_ARRAY)
            return fail(r, "weight_drop is not there");
    } else if (strcmp(name, "gbtree") != 0) {
        return seg_fail(r->err, SEG_E_DATA, "its booster is '%s'; only 'gbtree' and 'dart' can be"
                        " imported", seg_quote_cell(quoted, name, strlen(name)));
    }
    r->model = seg_node_member(booster, "model");
    if (seg_node_type(seg_node_member(r->model, "trees")) != SEG_DOC_ARRAY)
        return fail(r, "it has no trees");
    return SEG_OK;
}

/* ---- features -------------------------------------------------------------------------- */

static seg_status read_features(reader *r)
{
    seg_status st = SEG_OK;
    const seg_node *names = seg_node_member(r->learner, "feature_names");
    const seg_node *types = seg_node_member(r->learner, "feature_types");
    double n;
    if (!parameter(seg_node_member(r->learner, "learner_model_param"), "num_feature", &n) ||
        !(n >= 1 && n <= SEG_FOREIGN_FEATURES_MAX))
        return fail(r, "num_feature is not a number of features that a model can have");
    size_t n_features = (size_t)n;
    if ((seg_node_count(names) > 0 && seg_node_count(names) != n_features) ||
        (seg_node_count(types) > 0 && seg_node_count(types) != n_features))
        return fail(r, "feature_names or feature_types are not as many as num_feature");
    for (size_t f = 0; f < n_features; f++) {
        char number[32];
        snprintf(number, sizeof number, "f%zu", f);
        const char *name = seg_node_count(names) > 0 ? seg_node_text(seg_node_at(names, f), "")
                                                     : number;
        TRY(seg_foreign_add_feature(r->out, name, strlen(name), r->err));
        r->out->features[f].is_category =
            strcmp(seg_node_text(seg_node_at(types, f), ""), "c") == 0;
    }

done:
    return st;
}

/* Names stand one after the other, as numbers of bytes. XGBoost 3.2 counts characters where it
 * should count bytes, so that names beyond ASCII are not what they were: refused. */
static seg_status join_names(reader *r, const seg_node *bytes, seg_text *out)
{
    for (size_t i = 0; i < seg_node_count(bytes); i++) {
        int64_t byte = seg_node_int(seg_node_at(bytes, i), 0);
        if (byte <= 0 || byte > 127)
            return fail(r, "a category has a name beyond ASCII, which XGBoost does not store whole;"
                           " name it otherwise and train again");
        seg_text_add_char(out, (char)byte);
    }
    return seg_text_status(out, r->err);
}

static seg_status text_levels(reader *r, const seg_node *bytes, const seg_node *offsets,
                              const char **levels, size_t n)
{
    seg_status st = SEG_OK;
    seg_text all = { 0 };
    TRY(join_names(r, bytes, &all));
    for (size_t i = 0; i < n; i++) {
        int64_t from = seg_node_int(seg_node_at(offsets, i), -1);
        int64_t to = seg_node_int(seg_node_at(offsets, i + 1), -1);
        if (from < 0 || to < from || (uint64_t)to > all.n) {
            st = fail(r, "the names of its categories are not in order");
            goto done;
        }
        levels[i] = seg_arena_text_n(&r->out->arena, to > from ? all.bytes + from : "",
                                     (size_t)(to - from));
        if (levels[i] == NULL) {
            st = seg_arena_failed(r->err);
            goto done;
        }
    }

done:
    seg_text_free(&all);
    return st;
}

static const char *number_level(reader *r, const seg_node *level)
{
    char digits[SEG_NUMBER_BYTES];
    size_t n = seg_node_type(level) == SEG_DOC_INT
               ? seg_print_i64(digits, seg_node_int(level, 0))
               : seg_print_f64(digits, seg_node_real(level, 0));
    return seg_arena_text_n(&r->out->arena, digits, n);
}

/* Names of one feature's categories: texts, with the places of their ends, or numbers. */
static seg_status name_levels(reader *r, const seg_node *names, seg_foreign_feature *f)
{
    seg_status st = SEG_OK;
    const seg_node *offsets = seg_node_member(names, "offsets");
    const seg_node *values = seg_node_member(names, "values");
    bool texts = seg_node_count(offsets) > 0;
    size_t n = texts ? seg_node_count(offsets) - 1 : seg_node_count(values);
    if (n == 0)
        return SEG_OK;
    if (n > SEG_FOREIGN_LEVELS_MAX)
        return seg_fail(r->err, SEG_E_DATA, "feature '%s' has more than 2^20 categories", f->name);
    const char **levels = seg_arena_get(&r->out->arena, n * sizeof *levels);
    if (levels == NULL)
        return seg_arena_failed(r->err);
    if (texts)
        TRY(text_levels(r, values, offsets, levels, n));
    for (size_t i = 0; !texts && i < n; i++) {
        levels[i] = number_level(r, seg_node_at(values, i));
        if (levels[i] == NULL)
            return seg_arena_failed(r->err);
    }
    f->is_category = true;
    f->levels = levels;
    f->n_levels = n;

done:
    return st;
}

static seg_status read_categories(reader *r)
{
    seg_status st = SEG_OK;
    const seg_node *lists = seg_node_get(r->model, "cats.enc");
    if (seg_node_count(lists) > r->out->n_features)
        return fail(r, "cats names the categories of more features than there are");
    for (size_t f = 0; f < seg_node_count(lists); f++)
        TRY(name_levels(r, seg_node_at(lists, f), &r->out->features[f]));

done:
    return st;
}

/* ---- a tree ---------------------------------------------------------------------------- */

static seg_status find_arrays(const reader *r, const seg_node *tree, arrays *a)
{
    a->left = seg_node_member(tree, "left_children");
    a->right = seg_node_member(tree, "right_children");
    a->feature = seg_node_member(tree, "split_indices");
    a->condition = seg_node_member(tree, "split_conditions");
    a->default_left = seg_node_member(tree, "default_left");
    a->hessian = seg_node_member(tree, "sum_hessian");
    a->gain = seg_node_member(tree, "loss_changes");
    a->type = seg_node_member(tree, "split_type");
    a->n = seg_node_count(a->left);
    const seg_node *needed[] = { a->left, a->right, a->feature, a->condition, a->default_left,
                                 a->hessian };
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (seg_node_type(needed[i]) != SEG_DOC_ARRAY || seg_node_count(needed[i]) != a->n)
            return fail_in_tree(r, "its arrays are not as long as it has nodes");
    if (a->n == 0)
        return fail_in_tree(r, "it has no nodes");
    double n;
    if (parameter(seg_node_member(tree, "tree_param"), "size_leaf_vector", &n) && n > 1)
        return fail_in_tree(r, "its leaves have several values, which cannot be imported");
    return SEG_OK;
}

/* One node's set: the categories that go right. */
static seg_status read_set(reader *r, const seg_node *codes, int64_t first, int64_t size,
                           seg_foreign_feature *f, size_t *n_words)
{
    seg_status st = SEG_OK;
    int64_t most = 0;
    size_t at = r->out->n_words;
    for (int64_t i = first; i < first + size; i++) {
        int64_t code = seg_node_int(seg_node_at(codes, (size_t)i), -1);
        if (code < 0 || code >= SEG_FOREIGN_LEVELS_MAX)
            return fail_in_tree(r, "a category is no number from 0 to 2^20");
        most = code > most ? code : most;
    }
    *n_words = (size_t)most / 32 + 1;
    for (size_t w = 0; w < *n_words; w++)
        TRY(seg_foreign_add_word(r->out, 0, r->err));
    for (int64_t i = first; i < first + size; i++) {
        int64_t code = seg_node_int(seg_node_at(codes, (size_t)i), 0);
        r->out->words[at + (size_t)code / 32] |= (uint32_t)1 << code % 32;
    }
    if (f->levels == NULL && (size_t)most >= f->n_levels)
        f->n_levels = ((size_t)most / LEVELS_STEP + 1) * LEVELS_STEP;

done:
    return st;
}

static seg_status read_sets(reader *r, const seg_node *tree, arrays *a)
{
    seg_status st = SEG_OK;
    const seg_node *codes = seg_node_member(tree, "categories");
    const seg_node *nodes = seg_node_member(tree, "categories_nodes");
    const seg_node *firsts = seg_node_member(tree, "categories_segments");
    const seg_node *sizes = seg_node_member(tree, "categories_sizes");
    int64_t n_codes = (int64_t)seg_node_count(codes);
    TRY(SEG_ALLOC(&a->first_word, a->n, "the categories of the trees", r->err));
    TRY(SEG_ALLOC(&a->n_words, a->n, "the categories of the trees", r->err));
    for (size_t i = 0; i < seg_node_count(nodes); i++) {
        int64_t node = seg_node_int(seg_node_at(nodes, i), -1);
        int64_t first = seg_node_int(seg_node_at(firsts, i), -1);
        int64_t size = seg_node_int(seg_node_at(sizes, i), -1);
        if (node < 0 || node >= (int64_t)a->n || a->n_words[node] != 0)
            return fail_in_tree(r, "categories_nodes names a node that is not there, or twice");
        if (first < 0 || size < 0 || first > n_codes || size > n_codes - first)
            return fail_in_tree(r, "a set of categories is not in the list of them");
        int64_t feature = seg_node_int(seg_node_at(a->feature, (size_t)node), -1);
        if (feature < 0 || feature >= (int64_t)r->out->n_features)
            return fail_in_tree(r, "split_indices names a feature that is not there");
        a->first_word[node] = r->out->n_words;
        TRY(read_set(r, codes, first, size, &r->out->features[feature], &a->n_words[node]));
    }

done:
    return st;
}

static seg_status read_leaf(const reader *r, const arrays *a, size_t i, double weight,
                            seg_foreign_node *node)
{
    double hessian = seg_node_real(seg_node_at(a->hessian, i), NAN);
    node->feature = -1;
    node->value = seg_node_real(seg_node_at(a->condition, i), NAN) * weight;
    if (!(hessian >= 0 && hessian <= MOST_HESSIAN))
        return fail_in_tree(r, "a leaf's sum_hessian is not a number from 0 to 2^29");
    node->rows = (int64_t)(hessian * ROWS_PER_HESSIAN);
    if (node->rows == 0)
        node->rows = 1;
    return SEG_OK;
}

static seg_status read_split(const reader *r, const arrays *a, size_t i, seg_foreign_node *node)
{
    int64_t feature = seg_node_int(seg_node_at(a->feature, i), -1);
    if (feature < 0 || feature >= (int64_t)r->out->n_features)
        return fail_in_tree(r, "split_indices names a feature that is not there");
    node->feature = (int32_t)feature;
    node->right = seg_node_int(seg_node_at(a->right, i), -1);
    node->missing_left = seg_node_int(seg_node_at(a->default_left, i), 0) != 0;
    node->gain = seg_node_real(seg_node_at(a->gain, i), 0);
    node->is_set = seg_node_int(seg_node_at(a->type, i), 0) == 1;
    if (node->is_set) {
        if (a->n_words[i] == 0)
            return fail_in_tree(r, "a split by category has no set of categories");
        node->first_word = a->first_word[i];
        node->n_words = a->n_words[i];
        r->out->features[feature].is_category = true;
        return SEG_OK;
    }
    double condition = seg_node_real(seg_node_at(a->condition, i), NAN);
    node->threshold = nextafterf((float)condition, -INFINITY);
    if (!isfinite(node->threshold))
        return fail_in_tree(r, "a condition is not a number that others can be below");
    return SEG_OK;
}

static seg_status read_tree(reader *r, const seg_node *tree, double weight)
{
    seg_status st = SEG_OK;
    arrays a = { 0 };
    TRY(seg_foreign_begin_tree(r->out, r->err));
    TRY(find_arrays(r, tree, &a));
    TRY(read_sets(r, tree, &a));
    for (size_t i = 0; i < a.n; i++) {
        seg_foreign_node node = { .threshold = NAN,
                                  .left = seg_node_int(seg_node_at(a.left, i), -1) };
        if (node.left < 0)
            TRY(read_leaf(r, &a, i, weight, &node));
        else
            TRY(read_split(r, &a, i, &node));
        TRY(seg_foreign_add_node(r->out, &node, r->err));
    }

done:
    seg_free(a.first_word);
    seg_free(a.n_words);
    return st;
}

static seg_status read_trees(reader *r)
{
    seg_status st = SEG_OK;
    const seg_node *trees = seg_node_member(r->model, "trees");
    size_t n = seg_node_count(trees);
    if (r->weights != NULL && seg_node_count(r->weights) != n)
        return fail(r, "weight_drop has not one number for each tree");
    const seg_node *info = seg_node_member(r->model, "tree_info");
    for (size_t t = 0; t < seg_node_count(info); t++)
        if (seg_node_int(seg_node_at(info, t), 0) != 0)
            return fail(r, "it tells more than two classes apart, which cannot be imported");
    for (size_t t = 0; t < n; t++) {
        double weight = r->weights == NULL ? 1 : seg_node_real(seg_node_at(r->weights, t), NAN);
        TRY(read_tree(r, seg_node_at(trees, t), weight));
    }

done:
    return st;
}

seg_status seg_xgboost_read(const char *text, size_t n_bytes, seg_foreign *out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_doc *doc = NULL;
    reader r = { .out = out, .err = err };
    *out = (seg_foreign){ .scale = 1 };
    TRY(seg_doc_parse(text, n_bytes, &doc, err));
    r.learner = seg_node_member(seg_doc_root(doc), "learner");
    if (seg_node_type(r.learner) != SEG_DOC_OBJECT) {
        st = fail(&r, "not an XGBoost model: it has no 'learner'");
        goto done;
    }
    TRY(check_objective(&r));
    TRY(find_model(&r));
    TRY(read_features(&r));
    TRY(read_categories(&r));
    TRY(read_trees(&r));
    TRY(seg_foreign_finish(out, err));

done:
    seg_doc_free(doc);
    if (st != SEG_OK)
        seg_foreign_free(out);
    return st;
}

/* rules_file.c: rules in a model file: obs = rules with their figures, X = bodies and
 * layers/consequent = heads as 0/1 matrices over the items, uns/model = itemsets and the
 * whole numbers from which every figure is made again. A file is believed only after
 * every item number and every count has been checked. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "base/try.h"
#include "models/rules.h"

#define HEADS "layers/consequent"
#define P_VALUE "p_value"
#define HELD_OUT "held_out_"

enum { MAX_NAMES_BYTES = 256 << 20 };   /* of all rules; beyond it they have numbers for names */
enum { MAX_NAME_BYTES = 240, PORTION_ROWS = 1024, MAX_ROWS = 1 << 30 };

/* ---- save --------------------------------------------------------------------------------- */

/* The text of a rule as its unique name: a long one is cut and numbered. */
static void name_rule(const seg_rules_model *m, const seg_schema *schema, size_t rule,
                      bool by_number, seg_text *text)
{
    seg_text_clear(text);
    if (by_number) {
        seg_text_addf(text, "%zu", rule + 1);
        return;
    }
    seg_rules_add_rule(text, m, schema, rule);
    if (text->failed || text->n <= MAX_NAME_BYTES)
        return;
    text->n = seg_utf8_cut(text->bytes, text->n, MAX_NAME_BYTES);
    text->bytes[text->n] = 0;
    seg_text_addf(text, " ... #%zu", rule + 1);
}

static seg_status measure_names(const seg_rules_model *m, const seg_schema *schema,
                                size_t *width, bool *by_number, seg_error *err)
{
    seg_text text = { 0 };
    *width = 8;
    *by_number = false;
    for (size_t r = 0; r < m->n_rules && !text.failed && !*by_number; r++) {
        name_rule(m, schema, r, false, &text);
        *width = text.n > *width ? text.n : *width;
        *by_number = *width * m->n_rules > MAX_NAMES_BYTES;
    }
    *width = *by_number ? 24 : (*width + 7) / 8 * 8;
    seg_status st = seg_text_status(&text, err);
    seg_text_free(&text);
    return st;
}

static seg_status fill_names(const seg_rules_model *m, const seg_schema *schema, size_t width,
                             bool by_number, seg_h5_writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_text text = { 0 };
    char *cells = NULL;
    TRY(seg_alloc_array(&cells, PORTION_ROWS, width, "the names of the rules", err));
    for (size_t first = 0; first < m->n_rules; first += PORTION_ROWS) {
        size_t n = m->n_rules - first < PORTION_ROWS ? m->n_rules - first : PORTION_ROWS;
        memset(cells, 0, n * width);
        for (size_t i = 0; i < n; i++) {
            name_rule(m, schema, first + i, by_number, &text);
            TRY(seg_text_status(&text, err));
            memcpy(cells + i * width, text.bytes, text.n);
        }
        TRY(seg_h5_fill(w, "obs/rule", first, cells, n, err));
    }

done:
    seg_text_free(&text);
    seg_free(cells);
    return st;
}

static seg_status put_counts(const seg_rules_model *m, seg_h5_writer *w, int64_t *values,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    seg_column column = { .type = SEG_TYPE_I64, .scale = 1 };
    for (size_t r = 0; r < m->n_rules; r++)
        values[r] = m->body_start[r + 1] - m->body_start[r];
    column.name = "body_size";
    TRY(seg_h5_frame_column(w, &column, values, err));
    for (size_t r = 0; r < m->n_rules; r++)
        values[r] = m->counts[r].both;
    column.name = "count";
    TRY(seg_h5_frame_column(w, &column, values, err));
    for (size_t r = 0; r < m->n_rules; r++)
        values[r] = m->counts[r].body;
    column.name = "body_count";
    TRY(seg_h5_frame_column(w, &column, values, err));
    for (size_t r = 0; r < m->n_rules; r++)
        values[r] = m->counts[r].head;
    column.name = "head_count";
    TRY(seg_h5_frame_column(w, &column, values, err));
    static const struct {
        const char *name;
        size_t at;
    } held_out[] = {
        { HELD_OUT "count", offsetof(seg_rule_counts, both) },
        { HELD_OUT "body_count", offsetof(seg_rule_counts, body) },
        { HELD_OUT "head_count", offsetof(seg_rule_counts, head) },
    };
    for (size_t i = 0; m->held_out != NULL && i < sizeof held_out / sizeof *held_out; i++) {
        for (size_t r = 0; r < m->n_rules; r++)
            values[r] = *(const uint32_t *)((const char *)&m->held_out[r] + held_out[i].at);
        column.name = held_out[i].name;
        TRY(seg_h5_frame_column(w, &column, values, err));
    }

done:
    return st;
}

static seg_status put_measures(const seg_rules_model *m, seg_h5_writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    for (size_t i = 0; i < m->n_measures && st == SEG_OK; i++) {
        seg_column column = { .name = seg_rule_measure_info(m->measures[i])->name,
                              .type = SEG_TYPE_F64 };
        st = seg_h5_frame_column(w, &column, m->values[i], err);
    }
    if (st == SEG_OK && m->p_value != NULL) {
        seg_column column = { .name = P_VALUE, .type = SEG_TYPE_F64 };
        st = seg_h5_frame_column(w, &column, m->p_value, err);
    }
    return st;
}

static seg_status put_obs(const seg_rules_model *m, const seg_schema *schema, seg_h5_writer *w,
                          seg_error *err)
{
    seg_status st = SEG_OK;
    size_t width;
    bool by_number;
    int64_t *whole = NULL;
    TRY(SEG_ALLOC(&whole, m->n_rules, "the figures of the rules", err));
    TRY(measure_names(m, schema, &width, &by_number, err));
    TRY(seg_h5_frame_begin(w, "obs", "rule", NULL, m->n_rules, width, err));
    TRY(fill_names(m, schema, width, by_number, w, err));
    TRY(put_counts(m, w, whole, err));
    TRY(put_measures(m, w, err));
    TRY(seg_h5_frame_end(w, err));

done:
    seg_free(whole);
    return st;
}

static seg_status put_u32(seg_h5_writer *w, const char *path, const uint32_t *values, size_t n,
                          seg_error *err)
{
    int64_t *wide = NULL;
    seg_status st = SEG_ALLOC(&wide, n, "counts", err);
    for (size_t i = 0; st == SEG_OK && i < n; i++)
        wide[i] = values[i];
    if (st == SEG_OK)
        st = seg_h5_put(w, path, SEG_H5_I64, wide, n, 0, 0, err);
    seg_free(wide);
    return st;
}

/* The tree as it is: of 15 million sets every copy counts. A count fits into 31 bits, or the
 * file has 64 for it. */
static seg_status put_sets(const seg_itemset_tree *sets, seg_h5_writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    bool narrow = true;
    for (size_t i = 0; i < sets->n; i++)
        narrow &= sets->count[i] <= INT32_MAX;
    TRY(seg_h5_put(w, "uns/model/itemsets/depth", SEG_H5_U8, sets->depth, sets->n, 0, 0, err));
    TRY(seg_h5_put(w, "uns/model/itemsets/item", SEG_H5_I32, sets->item, sets->n, 0, 0, err));
    if (narrow)
        TRY(seg_h5_put(w, "uns/model/itemsets/count", SEG_H5_I32, sets->count, sets->n, 0, 0,
                       err));
    else
        TRY(put_u32(w, "uns/model/itemsets/count", sets->count, sets->n, err));

done:
    return st;
}

seg_status seg_rules_save(const seg_model *model, seg_h5_writer *w, seg_error *err)
{
    static const int64_t no_rules[1] = { 0 };
    seg_status st = SEG_OK;
    const seg_rules_model *m = model->state;
    const int64_t *body_start = m->n_rules > 0 ? m->body_start : no_rules;
    const int64_t *head_start = m->n_rules > 0 ? m->head_start : no_rules;

    TRY(seg_h5_put_csr(w, "X", m->n_rules, m->n_items, (uint64_t)body_start[m->n_rules],
                       body_start, m->body, err));
    TRY(put_obs(m, &model->schema->view, w, err));
    TRY(seg_h5_put_csr(w, HEADS, m->n_rules, m->n_items, (uint64_t)head_start[m->n_rules],
                       head_start, m->head, err));
    TRY(seg_h5_put_int(w, "uns/model/baskets", m->n_baskets, err));
    TRY(seg_h5_put_int(w, "uns/model/support_count", m->min_count, err));
    TRY(seg_h5_put_int(w, "uns/model/has_rules", m->has_rules, err));
    TRY(put_u32(w, "uns/model/item_count", m->item_count, m->n_items, err));
    TRY(seg_h5_put(w, "uns/model/rank_item", SEG_H5_I32, m->rank_item, m->n_items, 0, 0, err));
    TRY(put_sets(&m->sets, w, err));
    TRY(seg_rules_inputs_save(&m->inputs, w, err));
    if (m->held_out != NULL && m->n_rules > 0)
        TRY(seg_h5_put_int(w, "uns/model/held_out_baskets", m->held_out[0].all, err));

done:
    return st;
}

/* ---- load --------------------------------------------------------------------------------- */

/* Sets of ascending items below n_items, none of them empty. */
static seg_status check_sets(const char *path, const int64_t *start, size_t n,
                             const int32_t *items, uint64_t n_stored, size_t n_items,
                             seg_error *err)
{
    bool good = start[0] == 0 && (uint64_t)start[n] == n_stored;
    for (size_t i = 0; i < n && good; i++)
        good = start[i] < start[i + 1] && (uint64_t)start[i + 1] <= n_stored;
    for (size_t i = 0; i < n && good; i++)
        for (int64_t j = start[i]; j < start[i + 1] && good; j++)
            good = items[j] >= 0 && (size_t)items[j] < n_items
                   && (j == start[i] || items[j - 1] < items[j]);
    if (!good)
        return seg_fail(err, SEG_E_DATA, "%s does not hold sets of ascending items below %zu",
                        path, n_items);
    return SEG_OK;
}

static seg_status get_sets(seg_h5 *file, const char *path, size_t n_items, int64_t **start,
                           int32_t **items, size_t *n, seg_error *err)
{
    seg_status st = SEG_OK;
    uint64_t n_starts, n_stored;
    seg_text name = { 0 };
    seg_text_addf(&name, "%s/indptr", path);
    TRY(seg_text_status(&name, err));
    TRY(seg_h5_get(file, name.bytes, SEG_H5_I64, MAX_ROWS, 0, start, &n_starts, err));
    seg_text_clear(&name);
    seg_text_addf(&name, "%s/indices", path);
    TRY(seg_text_status(&name, err));
    TRY(seg_h5_get(file, name.bytes, SEG_H5_I32, UINT32_MAX, 0, items, &n_stored, err));
    if (n_starts == 0)
        TRY(seg_fail(err, SEG_E_DATA, "%s has no row pointers", path));
    *n = (size_t)n_starts - 1;
    TRY(check_sets(path, *start, *n, *items, n_stored, n_items, err));

done:
    seg_text_free(&name);
    return st;
}

/* n whole numbers within 1 .. most. */
static seg_status get_counts(seg_h5 *file, const char *path, size_t n, uint32_t most,
                             uint32_t **out, seg_error *err)
{
    seg_status st = SEG_OK;
    int64_t *wide = NULL;
    uint64_t n_rows;
    TRY(SEG_ALLOC(out, n, "counts", err));
    TRY(seg_h5_get(file, path, SEG_H5_I64, n, 0, &wide, &n_rows, err));
    if (n_rows != n)
        TRY(seg_fail(err, SEG_E_DATA, "%s has %llu rows, not %zu", path,
                     (unsigned long long)n_rows, n));
    for (size_t i = 0; i < n; i++) {
        if (wide[i] < 1 || wide[i] > most)
            TRY(seg_fail(err, SEG_E_DATA, "%s: row %zu: the count %lld is out of the range 1 to"
                         " %u", path, i, (long long)wide[i], most));
        (*out)[i] = (uint32_t)wide[i];
    }

done:
    seg_free(wide);
    return st;
}

static bool share_items(const seg_rules_model *m, size_t rule)
{
    for (int64_t i = m->body_start[rule]; i < m->body_start[rule + 1]; i++)
        for (int64_t j = m->head_start[rule]; j < m->head_start[rule + 1]; j++)
            if (m->body[i] == m->head[j])
                return true;
    return false;
}

static seg_status get_rules(seg_rules_model *m, seg_h5 *file, seg_error *err)
{
    seg_status st = SEG_OK;
    uint32_t *both = NULL, *body = NULL, *head = NULL;
    size_t n_heads = 0;

    TRY(get_sets(file, "X", m->n_items, &m->body_start, &m->body, &m->n_rules, err));
    TRY(get_sets(file, HEADS, m->n_items, &m->head_start, &m->head, &n_heads, err));
    if (n_heads != m->n_rules)
        TRY(seg_fail(err, SEG_E_DATA, "%zu rules have %zu heads", m->n_rules, n_heads));
    TRY(get_counts(file, "obs/count", m->n_rules, m->n_baskets, &both, err));
    TRY(get_counts(file, "obs/body_count", m->n_rules, m->n_baskets, &body, err));
    TRY(get_counts(file, "obs/head_count", m->n_rules, m->n_baskets, &head, err));
    TRY(SEG_ALLOC(&m->counts, m->n_rules, "the rules", err));
    for (size_t r = 0; r < m->n_rules; r++) {
        m->counts[r] = (seg_rule_counts){ m->n_baskets, both[r], body[r], head[r] };
        if (!seg_rule_counts_valid(&m->counts[r]) || share_items(m, r))
            TRY(seg_fail(err, SEG_E_DATA, "rule %zu cannot be: its counts or its items"
                         " contradict each other", r));
    }

done:
    seg_free(both);
    seg_free(body);
    seg_free(head);
    return st;
}

static seg_status get_head(seg_rules_model *m, seg_h5 *file, seg_error *err)
{
    seg_status st = SEG_OK;
    int64_t baskets, support, has_rules;
    TRY(seg_h5_get_int(file, "uns/model/baskets", &baskets, err));
    TRY(seg_h5_get_int(file, "uns/model/support_count", &support, err));
    TRY(seg_h5_get_int(file, "uns/model/has_rules", &has_rules, err));
    if (baskets < 0 || baskets > UINT32_MAX || support < 1 || support > UINT32_MAX)
        TRY(seg_fail(err, SEG_E_DATA, "uns/model: %lld baskets and a support of %lld are out of"
                     " range", (long long)baskets, (long long)support));
    m->n_baskets = (uint32_t)baskets;
    m->min_count = (uint32_t)support;
    m->has_rules = has_rules != 0;
    TRY(get_counts(file, "uns/model/item_count", m->n_items, m->n_baskets, &m->item_count,
                   err));

done:
    return st;
}

/* Columns of obs that are named as measures. */
static seg_status get_measures(seg_rules_model *m, seg_h5 *file, seg_error *err)
{
    seg_status st = SEG_OK;
    char path[64];
    for (size_t i = 0; i <= SEG_MEASURES; i++) {
        bool p = i == SEG_MEASURES;
        double **out = p ? &m->p_value : &m->values[m->n_measures];
        uint64_t n;
        snprintf(path, sizeof path, "obs/%s",
                 p ? P_VALUE : seg_rule_measure_info((seg_measure)i)->name);
        if (!seg_h5_has(file, path))
            continue;
        TRY(seg_h5_get(file, path, SEG_H5_F64, m->n_rules, 0, out, &n, err));
        if (!p)
            m->measures[m->n_measures++] = (seg_measure)i;
        if (n != m->n_rules)
            TRY(seg_fail(err, SEG_E_DATA, "%s has %llu rows, not %zu", path,
                         (unsigned long long)n, m->n_rules));
    }

done:
    return st;
}

static seg_status get_held_out_column(const seg_rules_model *m, seg_h5 *file, const char *path,
                                      int64_t n_baskets, int64_t **out, seg_error *err)
{
    uint64_t n;
    seg_status st = seg_h5_get(file, path, SEG_H5_I64, m->n_rules, 0, out, &n, err);
    bool good = st == SEG_OK && n == m->n_rules;
    for (size_t r = 0; good && r < n; r++)
        good = (*out)[r] >= 0 && (*out)[r] <= n_baskets;
    if (st == SEG_OK && !good)
        st = seg_fail(err, SEG_E_DATA, "%s does not hold a count of at most %lld for each rule",
                      path, (long long)n_baskets);
    return st;
}

static seg_status get_held_out(seg_rules_model *m, seg_h5 *file, seg_error *err)
{
    seg_status st = SEG_OK;
    int64_t n_baskets, *both = NULL, *body = NULL, *head = NULL;
    if (!seg_h5_has(file, "uns/model/held_out_baskets"))
        return SEG_OK;
    TRY(seg_h5_get_int(file, "uns/model/held_out_baskets", &n_baskets, err));
    if (n_baskets < 0 || n_baskets > UINT32_MAX)
        TRY(seg_fail(err, SEG_E_DATA, "uns/model/held_out_baskets: %lld is out of the range 0 to"
                     " %u", (long long)n_baskets, UINT32_MAX));
    TRY(get_held_out_column(m, file, "obs/" HELD_OUT "count", n_baskets, &both, err));
    TRY(get_held_out_column(m, file, "obs/" HELD_OUT "body_count", n_baskets, &body, err));
    TRY(get_held_out_column(m, file, "obs/" HELD_OUT "head_count", n_baskets, &head, err));
    TRY(SEG_ALLOC(&m->held_out, m->n_rules, "the rules", err));
    for (size_t r = 0; r < m->n_rules; r++)
        m->held_out[r] = (seg_rule_counts){ (uint32_t)n_baskets, (uint32_t)both[r],
                                            (uint32_t)body[r], (uint32_t)head[r] };

done:
    seg_free(both);
    seg_free(body);
    seg_free(head);
    return st;
}

/* Every item has one rank. */
static seg_status get_ranks(seg_rules_model *m, seg_h5 *file, seg_error *err)
{
    seg_status st = SEG_OK;
    bool *seen = NULL;
    uint64_t n;
    TRY(SEG_ALLOC(&seen, m->n_items, "the ranks of the items", err));
    TRY(seg_h5_get(file, "uns/model/rank_item", SEG_H5_I32, m->n_items, 0, &m->rank_item, &n,
                   err));
    bool good = n == m->n_items;
    for (size_t i = 0; good && i < m->n_items; i++) {
        int32_t item = m->rank_item[i];
        good = item >= 0 && (size_t)item < m->n_items && !seen[item];
        if (good)
            seen[item] = true;
    }
    if (!good)
        TRY(seg_fail(err, SEG_E_DATA, "uns/model/rank_item does not give each of the %zu items"
                     " one rank", m->n_items));

done:
    seg_free(seen);
    return st;
}

static seg_status get_tree(seg_rules_model *m, seg_h5 *file, seg_error *err)
{
    seg_status st = SEG_OK;
    int64_t *wide = NULL;
    uint64_t n, n_items, n_counts;
    TRY(seg_h5_get(file, "uns/model/itemsets/depth", SEG_H5_U8, UINT32_MAX, 0, &m->sets.depth, &n,
                   err));
    TRY(seg_h5_get(file, "uns/model/itemsets/item", SEG_H5_I32, UINT32_MAX, 0, &m->sets.item,
                   &n_items, err));
    TRY(seg_h5_get(file, "uns/model/itemsets/count", SEG_H5_I64, UINT32_MAX, 0, &wide, &n_counts,
                   err));
    if (n_items != n || n_counts != n)
        TRY(seg_fail(err, SEG_E_DATA, "uns/model/itemsets: its arrays differ in length"));
    TRY(SEG_ALLOC(&m->sets.count, n, "the itemsets", err));
    for (size_t i = 0; i < n; i++) {
        if (wide[i] < 0 || wide[i] > m->n_baskets)
            TRY(seg_fail(err, SEG_E_DATA, "uns/model/itemsets/count: row %zu: the count %lld is"
                         " out of the range 0 to %u", i, (long long)wide[i], m->n_baskets));
        m->sets.count[i] = (uint32_t)wide[i];
    }
    m->sets.n = m->sets.cap = n;
    TRY(seg_itemset_tree_check(&m->sets, m->n_items, m->n_baskets, err));

done:
    seg_free(wide);
    return st;
}

seg_status seg_rules_load(seg_model *model, seg_h5 *file, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_rules_model *m = NULL;
    TRY(SEG_ALLOC(&m, 1, "the rules", err));
    m->n_items = model->schema->view.n_features;
    TRY(get_head(m, file, err));
    TRY(get_rules(m, file, err));
    TRY(get_measures(m, file, err));
    TRY(get_held_out(m, file, err));
    TRY(get_ranks(m, file, err));
    TRY(get_tree(m, file, err));
    TRY(seg_rules_inputs_load(file, &m->inputs, err));
    model->state = m;
    m = NULL;

done:
    seg_rules_model_free(m);
    return st;
}

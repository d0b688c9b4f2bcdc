/* rules_file.c: rules in a model file: obs = rules with their figures, X = bodies and
 * layers/consequent = heads as 0/1 matrices over the items, uns/model = itemsets and the
 * whole numbers from which every figure is made again. A file is believed only after
 * every item number and every count has been checked. */
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "base/try.h"
#include "models/rules.h"

#define HEADS "layers/consequent"
#define SETS "uns/model/itemsets/sets"

enum { MAX_NAME_BYTES = 240, PORTION_ROWS = 1024, MAX_ROWS = 1 << 30 };

/* ---- save --------------------------------------------------------------------------------- */

/* The text of a rule as its unique name: a long one is cut and numbered. */
static void name_rule(const seg_rules_model *m, const seg_schema *schema, size_t rule,
                      seg_text *text)
{
    seg_text_clear(text);
    seg_rules_add_rule(text, m, schema, rule);
    if (text->failed || text->n <= MAX_NAME_BYTES)
        return;
    text->n = seg_utf8_cut(text->bytes, text->n, MAX_NAME_BYTES);
    text->bytes[text->n] = 0;
    seg_text_addf(text, " ... #%zu", rule + 1);
}

static seg_status measure_names(const seg_rules_model *m, const seg_schema *schema,
                                size_t *width, seg_error *err)
{
    seg_text text = { 0 };
    *width = 8;
    for (size_t r = 0; r < m->n_rules && !text.failed; r++) {
        name_rule(m, schema, r, &text);
        *width = text.n > *width ? text.n : *width;
    }
    *width = (*width + 7) / 8 * 8;
    seg_status st = seg_text_status(&text, err);
    seg_text_free(&text);
    return st;
}

static seg_status fill_names(const seg_rules_model *m, const seg_schema *schema, size_t width,
                             seg_h5_writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_text text = { 0 };
    char *cells = NULL;
    TRY(seg_alloc_array(&cells, PORTION_ROWS, width, "the names of the rules", err));
    for (size_t first = 0; first < m->n_rules; first += PORTION_ROWS) {
        size_t n = m->n_rules - first < PORTION_ROWS ? m->n_rules - first : PORTION_ROWS;
        memset(cells, 0, n * width);
        for (size_t i = 0; i < n; i++) {
            name_rule(m, schema, first + i, &text);
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

done:
    return st;
}

static seg_status put_measures(const seg_rules_model *m, seg_h5_writer *w, double *values,
                               seg_error *err)
{
    static const char *const names[SEG_MEASURE_COUNT] = {
        [SEG_MEASURE_SUPPORT] = "support", [SEG_MEASURE_CONFIDENCE] = "confidence",
        [SEG_MEASURE_LIFT] = "lift", [SEG_MEASURE_LEVERAGE] = "leverage",
        [SEG_MEASURE_CONVICTION] = "conviction",
    };
    for (size_t i = 0; i < SEG_MEASURE_COUNT; i++) {
        seg_column column = { .name = names[i], .type = SEG_TYPE_F64 };
        for (size_t r = 0; r < m->n_rules; r++)
            values[r] = seg_rule_measure(&m->counts[r], (seg_measure)i);
        seg_status st = seg_h5_frame_column(w, &column, values, err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

static seg_status put_obs(const seg_rules_model *m, const seg_schema *schema, seg_h5_writer *w,
                          seg_error *err)
{
    seg_status st = SEG_OK;
    size_t width;
    int64_t *whole = NULL;
    double *real = NULL;
    TRY(SEG_ALLOC(&whole, m->n_rules, "the figures of the rules", err));
    TRY(SEG_ALLOC(&real, m->n_rules, "the figures of the rules", err));
    TRY(measure_names(m, schema, &width, err));
    TRY(seg_h5_frame_begin(w, "obs", "rule", NULL, m->n_rules, width, err));
    TRY(fill_names(m, schema, width, w, err));
    TRY(put_counts(m, w, whole, err));
    TRY(put_measures(m, w, real, err));
    TRY(seg_h5_frame_end(w, err));

done:
    seg_free(whole);
    seg_free(real);
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
    TRY(seg_h5_put_csr(w, SETS, m->sets.n, m->n_items, (uint64_t)m->sets.start[m->sets.n],
                       m->sets.start, m->sets.items, err));
    TRY(put_u32(w, "uns/model/itemsets/count", m->sets.count, m->sets.n, err));

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

seg_status seg_rules_load(seg_model *model, seg_h5 *file, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_rules_model *m = NULL;
    TRY(SEG_ALLOC(&m, 1, "the rules", err));
    m->n_items = model->schema->view.n_features;
    TRY(get_head(m, file, err));
    TRY(get_rules(m, file, err));
    TRY(get_sets(file, SETS, m->n_items, &m->sets.start, &m->sets.items, &m->sets.n, err));
    TRY(get_counts(file, "uns/model/itemsets/count", m->sets.n, m->n_baskets, &m->sets.count,
                   err));
    model->state = m;
    m = NULL;

done:
    seg_rules_model_free(m);
    return st;
}

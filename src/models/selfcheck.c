/* selfcheck.c: rows of a training and their scores: gathered, scored, compared; see
 * selfcheck.h. The rows are chosen by their position alone, so the same are chosen whatever
 * the block size and the number of threads. */
#include "models/selfcheck.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"
#include "models/bind.h"
#include "models/selfcheck_parts.h"

void seg_selfcheck_free(seg_selfcheck *c)
{
    if (c == NULL)
        return;
    seg_free(c->x);
    seg_free(c->row_start);
    seg_free(c->items);
    seg_batch_free(c->columns);
    seg_schema_free(c->schema);
    seg_batch_free(c->scores);
    seg_schema_free(c->results);
    seg_free(c);
}

/* ---- gathering ------------------------------------------------------------------------ */

/* Numbers the rows where ids would stand: some models break ties by id. */
static void number_rows(seg_selfcheck *c)
{
    memset(c->columns->ids, 0, SEG_SELFCHECK_ROWS * c->schema->view.id_width);
    for (size_t i = 0; i < SEG_SELFCHECK_ROWS; i++) {
        char *id = c->columns->ids + i * c->schema->view.id_width;
        if (i >= 9)
            *id++ = (char)('0' + (i + 1) / 10);
        *id = (char)('0' + (i + 1) % 10);
    }
}

seg_status seg_selfcheck_make_columns(seg_selfcheck *c, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(seg_schema_set_id(c->schema, "row", 8, err));
    TRY(seg_batch_new(&c->schema->view, SEG_SELFCHECK_ROWS, &c->columns, err));
    number_rows(c);

done:
    return st;
}

/* The obs columns that the method scores by, as the data have them. */
static seg_status add_columns(seg_selfcheck *c, const seg_method *method, seg_error *err)
{
    const char *const *name = method->score_columns;
    for (; name != NULL && *name != NULL; name++) {
        size_t from = seg_schema_column(c->data, *name);
        if (from == SIZE_MAX)
            continue;
        c->from[c->schema->view.n_columns] = from;
        seg_status st = seg_schema_add_column(c->schema, &c->data->columns[from], err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

seg_status seg_selfcheck_new(const seg_method *method, const seg_schema *data, uint64_t n_rows,
                             seg_selfcheck **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_selfcheck *c = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&c, 1, "the self-check rows", err));
    c->data = data;
    c->n_source = n_rows;
    c->n_wanted = n_rows < SEG_SELFCHECK_ROWS ? (size_t)n_rows : SEG_SELFCHECK_ROWS;
    TRY(seg_schema_new(SEG_KIND_FEATURES, &c->schema, err));
    TRY(add_columns(c, method, err));
    TRY(seg_selfcheck_make_columns(c, err));
    if (data->kind == SEG_KIND_BASKETS) {
        TRY(SEG_ALLOC(&c->row_start, SEG_SELFCHECK_ROWS + 1, "the self-check rows", err));
    } else {
        c->d = data->n_features;
        TRY(SEG_ALLOC(&c->x, SEG_SELFCHECK_ROWS * c->d, "the self-check rows", err));
    }
    *out = c;
    c = NULL;

done:
    seg_selfcheck_free(c);
    return st;
}

/* Row of the training that is kept as number k. */
static uint64_t position(const seg_selfcheck *c, size_t k)
{
    uint64_t step = c->n_source / c->n_wanted, rest = c->n_source % c->n_wanted;
    return k * step + k * rest / c->n_wanted;
}

static seg_status keep_items(seg_selfcheck *c, const seg_block *block, size_t i, seg_error *err)
{
    size_t at = (size_t)c->row_start[c->n_rows];
    size_t n = (size_t)(block->row_start[i + 1] - block->row_start[i]);
    seg_status st = SEG_GROW(&c->items, &c->items_cap, at + n, "the self-check rows", err);
    if (st != SEG_OK)
        return st;
    if (n > 0)
        memcpy(c->items + at, block->items + block->row_start[i], n * sizeof *c->items);
    c->row_start[c->n_rows + 1] = (int64_t)(at + n);
    return SEG_OK;
}

static seg_status keep(seg_selfcheck *c, const seg_block *block, size_t i, seg_error *err)
{
    const seg_schema *schema = &c->schema->view;
    if (c->d > 0)
        memcpy(c->x + c->n_rows * c->d, block->x.x + i * block->x.stride, c->d * sizeof *c->x);
    for (size_t k = 0; k < schema->n_columns; k++) {
        size_t bytes = seg_column_cell_bytes(&schema->columns[k]);
        memcpy((char *)c->columns->columns[k] + c->n_rows * bytes,
               (const char *)block->columns[c->from[k]] + i * bytes, bytes);
    }
    seg_status st = c->row_start == NULL ? SEG_OK : keep_items(c, block, i, err);
    c->n_rows += st == SEG_OK;
    return st;
}

seg_status seg_selfcheck_add(seg_selfcheck *c, const seg_block *block, seg_error *err)
{
    seg_status st = SEG_OK;
    uint64_t end = block->first_row + block->n_rows;
    while (c->n_rows < c->n_wanted && position(c, c->n_rows) < end)
        TRY(keep(c, block, (size_t)(position(c, c->n_rows) - block->first_row), err));

done:
    return st;
}

/* ---- scoring -------------------------------------------------------------------------- */

seg_block seg_selfcheck_block(const seg_selfcheck *c)
{
    seg_block block = *seg_batch_view(c->columns, 0, c->n_rows);
    block.x = (seg_matrix){ .x = c->x, .n_rows = c->n_rows, .n_cols = c->d, .stride = c->d };
    block.row_start = c->row_start;
    block.items = c->items;
    return block;
}

/* What the model makes of the rows now. *schema null: it cannot score. */
static seg_status score_rows(const seg_selfcheck *c, const seg_model *model,
                             const seg_block *rows, seg_schema_owner **schema, seg_batch **scores,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    seg_context ctx = seg_context_defaults();
    seg_schema_owner *results = NULL;
    seg_batch *batch = NULL;
    *schema = NULL;
    *scores = NULL;

    ctx.n_threads = 1;
    TRY(seg_schema_new(SEG_KIND_SCORES, &results, err));
    st = model->method->score_schema(model, results, err);
    if (st == SEG_E_USAGE)
        st = SEG_OK;
    else
        TRY(st);
    if (results->view.n_columns == 0)
        goto done;
    TRY(seg_batch_new(&results->view, SEG_SELFCHECK_ROWS, &batch, err));
    TRY(model->method->score(model, &ctx, &c->schema->view, rows, batch, err));
    *schema = results;
    *scores = batch;
    results = NULL;
    batch = NULL;

done:
    seg_batch_free(batch);
    seg_schema_free(results);
    return st;
}

/* The model's features in place of the data's. */
static seg_status take_bound(seg_selfcheck *c, const seg_block *bound, seg_error *err)
{
    seg_status st = SEG_OK;
    float *x = NULL;
    if (c->row_start != NULL) {   /* items the model does not know are left out: never more */
        int64_t first = bound->row_start[0];
        for (size_t i = 0; i <= c->n_rows; i++)
            c->row_start[i] = bound->row_start[i] - first;
        if (c->row_start[c->n_rows] > 0)
            memmove(c->items, bound->items + first,
                    (size_t)c->row_start[c->n_rows] * sizeof *c->items);
        return SEG_OK;
    }
    TRY(SEG_ALLOC(&x, c->n_rows * bound->x.n_cols, "the self-check rows", err));
    for (size_t i = 0; i < c->n_rows; i++)
        for (size_t f = 0; f < bound->x.n_cols; f++)
            x[i * bound->x.n_cols + f] = bound->x.x[i * bound->x.stride + f];
    seg_free(c->x);
    c->x = x;
    c->d = bound->x.n_cols;

done:
    return st;
}

seg_status seg_selfcheck_end(seg_selfcheck **check, seg_model *model, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_selfcheck *c = *check;
    seg_binding *binding = NULL;
    seg_block rows = seg_selfcheck_block(c), bound;
    if (c->n_rows == 0)
        goto done;
    TRY(seg_binding_new(&model->schema->view, c->data, &binding, err));
    TRY(seg_binding_apply(binding, &rows, &bound, err));
    TRY(take_bound(c, &bound, err));
    c->data = NULL;
    rows = seg_selfcheck_block(c);
    TRY(score_rows(c, model, &rows, &c->results, &c->scores, err));
    if (c->results != NULL) {
        model->selfcheck = c;
        *check = NULL;
    }

done:
    seg_binding_free(binding);
    seg_selfcheck_free(*check);
    *check = NULL;
    return st;
}

/* ---- comparing ------------------------------------------------------------------------ */

static bool same_text(const char *a, size_t a_width, const char *b, size_t b_width)
{
    size_t n = strnlen(a, a_width);
    return n == strnlen(b, b_width) && memcmp(a, b, n) == 0;
}

static bool same_cell(const seg_column *a, const void *x, const seg_column *b, const void *y,
                      size_t i)
{
    size_t bytes = seg_column_cell_bytes(a);
    const char *p = (const char *)x + i * bytes, *q = (const char *)y + i * bytes;
    switch (a->type) {
    case SEG_TYPE_F32:
        return memcmp(p, q, bytes) == 0 || (isnan(((const float *)x)[i]) &&
                                            isnan(((const float *)y)[i]));
    case SEG_TYPE_F64:
        return memcmp(p, q, bytes) == 0 || (isnan(((const double *)x)[i]) &&
                                            isnan(((const double *)y)[i]));
    case SEG_TYPE_CODE: {
        int32_t code = ((const int32_t *)x)[i], other = ((const int32_t *)y)[i];
        if (code < 0 || other < 0)
            return code == other;
        return (size_t)code < a->n_levels && (size_t)other < b->n_levels &&
               strcmp(a->levels[code], b->levels[other]) == 0;
    }
    case SEG_TYPE_TEXT:
        return same_text(p, a->width, (const char *)y + i * b->width, b->width);
    case SEG_TYPE_I64:
    case SEG_TYPE_DAY:
    case SEG_TYPE_TIME:
        break;
    }
    return memcmp(p, q, bytes) == 0;
}

/* Columns that a later version adds are not in the file, and not compared. */
static seg_status compare(const seg_selfcheck *c, const seg_schema *now, const seg_batch *scores,
                          seg_error *err)
{
    const seg_schema *then = &c->results->view;
    for (size_t k = 0; k < then->n_columns; k++) {
        const seg_column *kept = &then->columns[k];
        size_t at = seg_schema_column(now, kept->name);
        if (at == SIZE_MAX || now->columns[at].type != kept->type)
            return seg_fail(err, SEG_E_VERIFY, "self-check: the model no longer gives a column"
                            " '%s' of its type", kept->name);
        for (size_t i = 0; i < c->n_rows; i++)
            if (!same_cell(&now->columns[at], scores->columns[at], kept, c->scores->columns[k],
                           i))
                return seg_fail(err, SEG_E_VERIFY, "self-check: column '%s' of row %zu is not"
                                " what the model gave after its training", kept->name, i + 1);
    }
    return SEG_OK;
}

seg_status seg_selfcheck_run(const seg_model *model, size_t *n_rows, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_selfcheck *c = model->selfcheck;
    seg_schema_owner *results = NULL;
    seg_batch *scores = NULL;
    *n_rows = 0;
    if (c == NULL)
        return SEG_OK;
    seg_block rows = seg_selfcheck_block(c);
    TRY(score_rows(c, model, &rows, &results, &scores, err));
    if (results == NULL) {
        st = seg_fail(err, SEG_E_VERIFY, "self-check: the model no longer scores");
        goto done;
    }
    TRY(compare(c, &results->view, scores, err));
    *n_rows = c->n_rows;

done:
    if (st == SEG_E_DATA) {   /* rows that it scored once */
        seg_error_context(err, "self-check");
        st = SEG_E_VERIFY;
    }
    seg_batch_free(scores);
    seg_schema_free(results);
    return st;
}

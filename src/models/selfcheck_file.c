/* selfcheck_file.c: self-check rows in a model file, under uns/segmill/selfcheck:
 *
 *   X        the rows in the model's order (baskets: their items, CSR)
 *   rows     the columns beside X that the method scores by, indexed by row number
 *   scores   what the model gave them
 *
 * Read as hostile: shapes must fit the model, items must be the model's. */
#include "models/selfcheck.h"

#include <string.h>
#include "base/alloc.h"
#include "base/try.h"
#include "models/selfcheck_parts.h"

#define AT "uns/segmill/selfcheck"

enum { MAX_ITEMS = 1 << 24 };

/* ---- save ------------------------------------------------------------------------------ */

static seg_status put_frame(seg_h5_writer *w, const char *path, const seg_selfcheck *c,
                            const seg_schema *schema, const seg_batch *columns, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(seg_h5_frame_begin(w, path, "row", c->columns->ids, c->n_rows, c->schema->view.id_width,
                           err));
    for (size_t k = 0; k < schema->n_columns; k++)
        TRY(seg_h5_frame_column(w, &schema->columns[k], columns->columns[k], err));
    TRY(seg_h5_frame_end(w, err));

done:
    return st;
}

seg_status seg_selfcheck_save(const seg_model *model, seg_h5_writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_selfcheck *c = model->selfcheck;
    if (c == NULL)
        return SEG_OK;
    if (c->row_start != NULL)
        TRY(seg_h5_put_csr(w, AT "/X", c->n_rows, model->schema->view.n_features,
                           (uint64_t)c->row_start[c->n_rows], c->row_start, c->items, err));
    else if (c->d > 0)
        TRY(seg_h5_put(w, AT "/X", SEG_H5_F32, c->x, c->n_rows, c->d, 0, err));
    TRY(put_frame(w, AT "/rows", c, &c->schema->view, c->columns, err));
    TRY(put_frame(w, AT "/scores", c, &c->results->view, c->scores, err));

done:
    return st;
}

/* ---- load ------------------------------------------------------------------------------ */

static seg_status get_items(seg_selfcheck *c, seg_h5 *file, size_t n_features, seg_error *err)
{
    seg_status st = SEG_OK;
    uint64_t n_starts, n_items;
    TRY(seg_h5_get(file, AT "/X/indptr", SEG_H5_I64, SEG_SELFCHECK_ROWS + 1, 0, &c->row_start,
                   &n_starts, err));
    TRY(seg_h5_get(file, AT "/X/indices", SEG_H5_I32, MAX_ITEMS, 0, &c->items, &n_items, err));
    bool good = n_starts == c->n_rows + 1 && c->row_start[0] == 0 &&
                c->row_start[c->n_rows] == (int64_t)n_items;
    for (size_t i = 0; i < c->n_rows && good; i++)
        good = c->row_start[i] <= c->row_start[i + 1] &&
               c->row_start[i + 1] <= (int64_t)n_items;
    for (size_t i = 0; i < c->n_rows && good; i++)
        for (int64_t k = c->row_start[i]; k < c->row_start[i + 1] && good; k++)
            good = c->items[k] >= 0 && (size_t)c->items[k] < n_features &&
                   (k == c->row_start[i] || c->items[k - 1] < c->items[k]);
    if (!good)
        st = seg_fail(err, SEG_E_DATA, AT "/X does not hold ascending items of the model");

done:
    return st;
}

static seg_status get_x(seg_selfcheck *c, seg_h5 *file, const seg_schema *schema, seg_error *err)
{
    uint64_t n_rows;
    if (schema->kind == SEG_KIND_BASKETS)
        return get_items(c, file, schema->n_features, err);
    c->d = schema->n_features;
    if (c->d == 0)
        return SEG_OK;
    seg_status st = seg_h5_get(file, AT "/X", SEG_H5_F32, SEG_SELFCHECK_ROWS, c->d, &c->x,
                               &n_rows, err);
    if (st == SEG_OK && n_rows != c->n_rows)
        st = seg_fail(err, SEG_E_DATA, AT "/X has %llu rows, not %zu",
                      (unsigned long long)n_rows, c->n_rows);
    return st;
}

/* The columns beside X, in a batch that has room and row numbers like a gathered one. */
static seg_status get_columns(seg_selfcheck *c, seg_h5 *file, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_batch *columns = NULL;
    size_t n_rows;
    TRY(seg_h5_get_frame(file, AT "/rows", SEG_SELFCHECK_ROWS, &c->schema, &columns, &n_rows,
                         err));
    if (n_rows != c->n_rows) {
        st = seg_fail(err, SEG_E_DATA, AT "/rows has %zu rows, not %zu", n_rows, c->n_rows);
        goto done;
    }
    TRY(seg_selfcheck_make_columns(c, err));
    for (size_t k = 0; k < c->schema->view.n_columns; k++)
        memcpy(c->columns->columns[k], columns->columns[k],
               n_rows * seg_column_cell_bytes(&c->schema->view.columns[k]));

done:
    seg_batch_free(columns);
    return st;
}

seg_status seg_selfcheck_load(seg_model *model, seg_h5 *file, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_selfcheck *c = NULL;
    if (!seg_h5_has(file, AT))
        return SEG_OK;
    TRY(SEG_ALLOC(&c, 1, "the self-check rows", err));
    TRY(seg_h5_get_frame(file, AT "/scores", SEG_SELFCHECK_ROWS, &c->results, &c->scores,
                         &c->n_rows, err));
    TRY(get_columns(c, file, err));
    TRY(get_x(c, file, &model->schema->view, err));
    model->selfcheck = c;
    c = NULL;

done:
    seg_selfcheck_free(c);
    return st;
}

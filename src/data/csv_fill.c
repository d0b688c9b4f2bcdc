/* csv_fill.c: from cells as they were kept to cells as they were decided. Most are the same;
 * a column whose type showed only late is kept as text or codes, from which everything can
 * be made. */
#include "data/csv_fill.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef struct fill {
    const seg_csv_import *im;
    const seg_csv_targets *targets;
    const seg_csv_view *view;
    size_t from, n, at;          /* rows of the segment, and the first one of the batch */
    seg_batch *batch;
} fill;

static seg_status fail_in(const fill *f, size_t r, const char *why, seg_error *err)
{
    const seg_csv_rows *rows = f->im->rows;
    const char *file = seg_input_name(rows->inputs[f->view->segment->file]);
    uint64_t line = seg_csv_view_line(f->view, rows->n_columns, f->from + r);
    return seg_fail(err, SEG_E_DATA, "%s: line %" PRIu64 ": %s", file, line, why);
}

static bool is_code(const fill *f, size_t column)
{
    seg_csv_kept kept = seg_csv_view_kept(f->view, column);
    return kept == SEG_CSV_KEPT_CODE || kept == SEG_CSV_KEPT_CODE8;
}

/* The cell as it stood in the text; n 0: missing. */
static seg_csv_cell text_at(const fill *f, size_t column, size_t r)
{
    const seg_csv_column *c = &f->im->columns[column];
    seg_csv_cell cell = { "", 0 };
    if (is_code(f, column)) {
        int32_t code = seg_csv_view_code(f->view, column, f->from + r);
        if (code >= 0) {
            cell.s = seg_dictionary_texts(c->coded)[code];
            cell.n = strlen(cell.s);
        }
        return cell;
    }
    cell.s = seg_csv_view_text(f->view, column, f->from + r, &cell.n);
    if (seg_csv_is_missing(f->im, cell.s, cell.n))
        cell.n = 0;
    return cell;
}

static bool is_text(const fill *f, size_t column)
{
    return is_code(f, column) || seg_csv_view_kept(f->view, column) == SEG_CSV_KEPT_TEXT;
}

/* ---- texts ----------------------------------------------------------------------------- */

static seg_status put_text(const fill *f, size_t r, char *to, size_t width,
                           seg_csv_cell cell, seg_error *err)
{
    if (cell.n > width)
        return fail_in(f, r, "the text is longer than any before", err);
    memcpy(to, cell.s, cell.n);
    memset(to + cell.n, 0, width - cell.n);
    return SEG_OK;
}

static seg_status fill_ids(const fill *f, const seg_csv_target *t, seg_error *err)
{
    const seg_csv_column *c = &f->im->columns[t->input];
    size_t width = f->batch->schema->id_width;
    bool strip = c->found.all_point_zero && !f->im->options->id_text;
    for (size_t r = 0; r < f->n; r++) {
        seg_csv_cell cell = text_at(f, t->input, r);
        cell.n -= strip && cell.n > 2 ? 2 : 0;
        seg_status st = put_text(f, r, f->batch->ids + (f->at + r) * width, width,
                                 cell, err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

static seg_status fill_texts(const fill *f, const seg_csv_target *t, seg_error *err)
{
    size_t width = f->batch->schema->columns[t->output].width;
    char *out = (char *)f->batch->columns[t->output] + f->at * width;
    for (size_t r = 0; r < f->n; r++) {
        seg_status st = put_text(f, r, out + r * width, width,
                                 text_at(f, t->input, r), err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

/* ---- numbers, codes ---------------------------------------------------------------------- */

static seg_status fill_features(const fill *f, const seg_csv_target *t, seg_error *err)
{
    size_t d = f->batch->schema->n_features;
    float *out = f->batch->x + f->at * d + t->output;
    if (!is_text(f, t->input)) {
        const float *cells = seg_csv_view_cells(f->view, t->input);
        for (size_t r = 0; r < f->n; r++)
            out[r * d] = cells[f->from + r];
        return SEG_OK;
    }
    for (size_t r = 0; r < f->n; r++) {
        seg_csv_cell cell = text_at(f, t->input, r);
        out[r * d] = NAN;
        if (cell.n == 0)
            continue;
        cell = seg_csv_trim(cell.s, cell.n);
        if (!seg_csv_parse_f32(&f->im->notation, cell.s, cell.n, &out[r * d]))
            return fail_in(f, r, "not a number", err);
    }
    return SEG_OK;
}

/* The final code. */
static inline int32_t code_at(const fill *f, size_t column, const int32_t *rank, size_t r)
{
    int32_t code = seg_csv_view_code(f->view, column, f->from + r);
    return code < 0 || rank == NULL ? code : rank[code];
}

static void fill_feature_codes(const fill *f, const seg_csv_target *t)
{
    size_t d = f->batch->schema->n_features;
    const int32_t *rank = f->im->columns[t->input].rank;
    float *out = f->batch->x + f->at * d + t->output;
    for (size_t r = 0; r < f->n; r++) {
        int32_t code = code_at(f, t->input, rank, r);
        out[r * d] = code < 0 ? NAN : (float)code;
    }
}

static void fill_codes(const fill *f, const seg_csv_target *t)
{
    const int32_t *rank = f->im->columns[t->input].rank;
    int32_t *out = (int32_t *)f->batch->columns[t->output] + f->at;
    for (size_t r = 0; r < f->n; r++)
        out[r] = code_at(f, t->input, rank, r);
}

/* ---- dates --------------------------------------------------------------------------------- */

static seg_status second_at(const fill *f, size_t column, size_t r, int64_t *second,
                            seg_error *err)
{
    bool has_time;
    *second = SEG_MISSING_I64;
    if (!is_text(f, column)) {
        *second = seg_csv_view_second(f->view, column, f->from + r);
        return SEG_OK;
    }
    seg_csv_cell cell = text_at(f, column, r);
    if (cell.n == 0)
        return SEG_OK;
    cell = seg_csv_trim(cell.s, cell.n);
    if (!seg_parse_date(cell.s, cell.n, f->im->columns[column].format, second, &has_time))
        return fail_in(f, r, "not a date", err);
    return SEG_OK;
}

static seg_status fill_dates(const fill *f, const seg_csv_target *t, seg_error *err)
{
    void *out = f->batch->columns[t->output];
    for (size_t r = 0; r < f->n; r++) {
        int64_t second;
        seg_status st = second_at(f, t->input, r, &second, err);
        if (st != SEG_OK)
            return st;
        if (t->aim == SEG_CSV_TO_TIME)
            ((int64_t *)out)[f->at + r] = second;
        else
            ((int32_t *)out)[f->at + r] = second == SEG_MISSING_I64 ? SEG_MISSING_DAY
                                                                    : seg_day_of_seconds(second);
    }
    return SEG_OK;
}

/* ---- decimals -------------------------------------------------------------------------------- */

/* Kept in the finest unit: the column's own one holds all its digits. */
static int64_t fixed_at(const fill *f, const seg_csv_column *c, size_t r)
{
    if (c == NULL)
        return SEG_MISSING_I64;
    size_t column = (size_t)(c - f->im->columns);
    int64_t value = ((const int64_t *)seg_csv_view_cells(f->view, column))[f->from + r];
    return value == SEG_MISSING_I64 ? value : value / (int64_t)(SEG_CSV_FIXED_SCALE / c->scale);
}

static void fill_fixed(const fill *f, const seg_csv_target *t)
{
    int64_t *out = (int64_t *)f->batch->columns[t->output] + f->at;
    for (size_t r = 0; r < f->n; r++)
        out[r] = fixed_at(f, &f->im->columns[t->input], r);
}

static seg_status fill_money(const fill *f, const seg_csv_target *t, seg_error *err)
{
    const seg_csv_money *money = &f->targets->money;
    int64_t *out = (int64_t *)f->batch->columns[t->output] + f->at;
    bool rates = money->currency != NULL && money->rates != NULL;
    size_t currency = rates ? (size_t)(money->currency - f->im->columns) : 0;
    for (size_t r = 0; r < f->n; r++) {
        seg_csv_order_line line = {
            .price = fixed_at(f, money->price, r), .quantity = fixed_at(f, money->quantity, r),
            .amount = fixed_at(f, money->amount, r), .currency = rates ? code_at(f, currency, NULL, r) : 0,
        };
        int64_t price, amount;
        if (!seg_csv_money_of(money, &line, &price, &amount))
            return fail_in(f, r, "the amount does not fit into 64 bits", err);
        out[r] = t->aim == SEG_CSV_TO_PRICE ? price : amount;
    }
    return SEG_OK;
}

/* ---- all ------------------------------------------------------------------------------------- */

static seg_status fill_target(const fill *f, const seg_csv_target *t, seg_error *err)
{
    switch (t->aim) {
    case SEG_CSV_TO_ID:      return fill_ids(f, t, err);
    case SEG_CSV_TO_FEATURE: return fill_features(f, t, err);
    case SEG_CSV_TO_FEATURE_CODE:
        fill_feature_codes(f, t);
        break;
    case SEG_CSV_TO_CODE:
        fill_codes(f, t);
        break;
    case SEG_CSV_TO_DAY:
    case SEG_CSV_TO_TIME:    return fill_dates(f, t, err);
    case SEG_CSV_TO_TEXT:    return fill_texts(f, t, err);
    case SEG_CSV_TO_FIXED:
        fill_fixed(f, t);
        break;
    case SEG_CSV_TO_PRICE:
    case SEG_CSV_TO_AMOUNT:  return fill_money(f, t, err);
    }
    return SEG_OK;
}

seg_status seg_csv_fill(const seg_csv_import *im, const seg_csv_targets *targets,
                        const seg_csv_view *view, size_t from, size_t to, seg_batch *batch,
                        size_t at, seg_error *err)
{
    fill f = { im, targets, view, from, to - from, at, batch };
    for (size_t i = 0; i < targets->n; i++) {
        seg_status st = fill_target(&f, &targets->list[i], err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

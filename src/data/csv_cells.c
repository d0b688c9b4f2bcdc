/* csv_cells.c: cells into typed arrays. Every cell was looked at in the first reading, so
 * one that does not fit here means that the file changed in between. */
#include "data/csv_cells.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"

static seg_status changed(const seg_csv_import *im, const seg_csv_row *row, size_t column,
                          seg_error *err)
{
    return seg_fail(err, SEG_E_DATA, "%s: line %llu: column '%s': the file changed while it was"
                    " read", seg_csv_rows_file(im->rows), (unsigned long long)row->line,
                    im->columns[column].name);
}

static void put_text(char *to, size_t width, seg_csv_cell cell)
{
    size_t n = cell.n < width ? cell.n : width;
    memcpy(to, cell.s, n);
    memset(to + n, 0, width - n);
}

static bool number(const seg_csv_import *im, seg_csv_cell cell, bool missing, float *out)
{
    *out = NAN;
    if (missing)
        return true;
    cell = seg_csv_trim(cell.s, cell.n);
    return seg_parse_f32(cell.s, cell.n, im->point, out);
}

static bool code(const seg_csv_column *c, seg_csv_cell cell, bool missing, int32_t *out)
{
    *out = SEG_MISSING_CODE;
    if (missing)
        return true;
    if (c->levels == NULL)
        return false;
    int32_t found = seg_dictionary_find(c->levels, cell.s, cell.n);
    if (found < 0)
        return false;
    *out = c->rank == NULL ? found : c->rank[found];
    return true;
}

static bool second(const seg_csv_column *c, seg_csv_cell cell, bool missing, int64_t *out)
{
    bool has_time;
    *out = SEG_MISSING_I64;
    if (missing)
        return true;
    cell = seg_csv_trim(cell.s, cell.n);
    return seg_parse_date(cell.s, cell.n, c->format, out, &has_time);
}

static bool fixed(const seg_csv_import *im, const seg_csv_column *c, seg_csv_cell cell,
                  bool missing, int64_t *out)
{
    bool exact;
    *out = SEG_MISSING_I64;
    if (missing)
        return true;
    cell = seg_csv_trim(cell.s, cell.n);
    return seg_parse_fixed(cell.s, cell.n, im->point, c->scale, out, &exact);
}

static bool fill_cell(const seg_csv_import *im, const seg_csv_target *t, seg_csv_cell cell,
                      seg_batch *batch, size_t r)
{
    const seg_csv_column *c = &im->columns[t->input];
    const seg_schema *schema = batch->schema;
    bool missing = seg_csv_is_missing(im, cell.s, cell.n);
    void *column = t->aim < SEG_CSV_TO_CODE ? NULL : batch->columns[t->output];
    int32_t small;
    int64_t large;
    switch (t->aim) {
    case SEG_CSV_TO_ID:
        if (c->all_point_zero && !im->options->id_text && cell.n > 2)
            cell.n -= 2;
        put_text(batch->ids + r * schema->id_width, schema->id_width, cell);
        return !missing && cell.n <= schema->id_width;
    case SEG_CSV_TO_FEATURE:
        return number(im, cell, missing, &batch->x[r * schema->n_features + t->output]);
    case SEG_CSV_TO_FEATURE_CODE:
        if (!code(c, cell, missing, &small))
            return false;
        batch->x[r * schema->n_features + t->output] = small < 0 ? NAN : (float)small;
        return true;
    case SEG_CSV_TO_CODE:
        return code(c, cell, missing, (int32_t *)column + r);
    case SEG_CSV_TO_DAY:
        if (!second(c, cell, missing, &large))
            return false;
        ((int32_t *)column)[r] = large == SEG_MISSING_I64 ? SEG_MISSING_DAY
                                                          : seg_day_of_seconds(large);
        return true;
    case SEG_CSV_TO_TIME:
        return second(c, cell, missing, (int64_t *)column + r);
    case SEG_CSV_TO_TEXT:
        if (missing)
            cell.n = 0;
        put_text((char *)column + r * schema->columns[t->output].width,
                 schema->columns[t->output].width, cell);
        return cell.n <= schema->columns[t->output].width;
    case SEG_CSV_TO_FIXED:
        return fixed(im, c, cell, missing, (int64_t *)column + r);
    case SEG_CSV_TO_PRICE:
    case SEG_CSV_TO_AMOUNT:
        break;   /* of the whole row, below */
    }
    return true;
}

seg_status seg_csv_fill_row(const seg_csv_import *im, const seg_csv_targets *targets,
                            const seg_csv_row *row, seg_batch *batch, size_t r, seg_error *err)
{
    int64_t price = SEG_MISSING_I64, amount = SEG_MISSING_I64;
    bool money = targets->money.price != NULL || targets->money.amount != NULL;
    if (money && !seg_csv_money_of_row(im, &targets->money, row, &price, &amount))
        return seg_fail(err, SEG_E_DATA, "%s: line %llu: the amount does not fit into 64 bits",
                        seg_csv_rows_file(im->rows), (unsigned long long)row->line);
    for (size_t i = 0; i < targets->n; i++) {
        const seg_csv_target *t = &targets->list[i];
        if (t->aim == SEG_CSV_TO_PRICE)
            ((int64_t *)batch->columns[t->output])[r] = price;
        else if (t->aim == SEG_CSV_TO_AMOUNT)
            ((int64_t *)batch->columns[t->output])[r] = amount;
        else if (!fill_cell(im, t, row->cells[t->input], batch, r))
            return changed(im, row, t->input, err);
    }
    return SEG_OK;
}

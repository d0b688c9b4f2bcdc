/* rfm_read.c: recency, frequency and money of a customers table: from the exact columns
 * beside X, or, in files made elsewhere, from X itself. */
#include "models/rfm.h"

#include <math.h>
#include "base/try.h"

enum { X_SCALE = 1000 };                     /* money that comes as a float */
enum { RECENCY_MAX = 10000000 };             /* days */
static const double X_MAX = 9e15;            /* whole numbers of a double, nearly */

static const char *const column_names[SEG_RFM_DIMENSIONS] = {
    "recency_days", "frequency", "monetary",
};

seg_status seg_rfm_reader_begin(const seg_schema *schema, bool in_model_order,
                                seg_rfm_reader *reader, seg_error *err)
{
    *reader = (seg_rfm_reader){ .scale = X_SCALE };
    for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++) {
        size_t c = seg_schema_column(schema, column_names[d]);
        bool exact = c != SIZE_MAX && schema->columns[c].type == SEG_TYPE_I64;
        reader->obs[d] = exact ? c : SIZE_MAX;
        reader->x[d] = in_model_order ? d : seg_schema_feature(schema, column_names[d]);
        if (!exact && reader->x[d] == SIZE_MAX)
            return seg_fail(err, SEG_E_DATA, "customers need a column '%s'; give a transactions"
                            " file or one made by features", column_names[d]);
    }
    size_t money = reader->obs[SEG_RFM_MONETARY];
    if (money != SIZE_MAX)
        reader->scale = schema->columns[money].scale == 0 ? 1 : schema->columns[money].scale;
    reader->returns = seg_schema_column(schema, "returns");
    if (reader->returns != SIZE_MAX && schema->columns[reader->returns].type != SEG_TYPE_I64)
        reader->returns = SIZE_MAX;
    return SEG_OK;
}

static seg_status read_float(float x, double scale, const char *name, int64_t *out,
                             seg_error *err)
{
    if (isnan(x)) {
        *out = SEG_MISSING_I64;
        return SEG_OK;
    }
    double value = (double)x * scale;
    if (!(fabs(value) < X_MAX))
        return seg_fail(err, SEG_E_DATA, "column '%s': a number beyond 9e15", name);
    *out = (int64_t)llround(value);
    return SEG_OK;
}

/* Money from units of 1/from to 1/to; both are powers of ten. Half to even. */
static seg_status rescale(int64_t *money, uint32_t from, uint32_t to, seg_error *err)
{
    if (from == to || *money == SEG_MISSING_I64)
        return SEG_OK;
    if (to > from) {
        if (__builtin_mul_overflow(*money, (int64_t)(to / from), money))
            return seg_fail(err, SEG_E_DATA, "column 'monetary': a number does not fit 64 bits");
        return SEG_OK;
    }
    int64_t unit = from / to, whole = *money / unit, rest = *money % unit;
    int64_t twice = 2 * (rest < 0 ? -rest : rest);
    if (twice > unit || (twice == unit && whole % 2 != 0))
        whole += rest < 0 ? -1 : 1;
    *money = whole;
    return SEG_OK;
}

static seg_status check_row(const seg_rfm_row *row, seg_error *err)
{
    int64_t recency = row->value[SEG_RFM_RECENCY];
    if (row->value[SEG_RFM_FREQUENCY] < 0 && row->value[SEG_RFM_FREQUENCY] != SEG_MISSING_I64)
        return seg_fail(err, SEG_E_DATA, "column 'frequency': below zero");
    if (!row->bought)
        return SEG_OK;
    if (recency == SEG_MISSING_I64 || row->value[SEG_RFM_MONETARY] == SEG_MISSING_I64)
        return seg_fail(err, SEG_E_DATA, "column '%s' is missing though frequency is not zero",
                        recency == SEG_MISSING_I64 ? "recency_days" : "monetary");
    if (recency < 0 || recency > RECENCY_MAX)
        return seg_fail(err, SEG_E_DATA, "column 'recency_days': %lld is not within 0 to %d",
                        (long long)recency, RECENCY_MAX);
    return SEG_OK;
}

seg_status seg_rfm_read(const seg_rfm_reader *reader, const seg_block *block, size_t i,
                        uint32_t scale, seg_rfm_row *row, seg_error *err)
{
    seg_status st = SEG_OK;
    for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++) {
        if (reader->obs[d] != SIZE_MAX)
            row->value[d] = ((const int64_t *)block->columns[reader->obs[d]])[i];
        else
            TRY(read_float(block->x.x[i * block->x.stride + reader->x[d]],
                           d == SEG_RFM_MONETARY ? reader->scale : 1, column_names[d],
                           &row->value[d], err));
    }
    TRY(rescale(&row->value[SEG_RFM_MONETARY], reader->scale, scale, err));
    row->bought = row->value[SEG_RFM_FREQUENCY] > 0;
    int64_t money = row->value[SEG_RFM_MONETARY];
    row->returned = reader->returns == SIZE_MAX
                        ? money < 0 && money != SEG_MISSING_I64
                        : ((const int64_t *)block->columns[reader->returns])[i] > 0;
    TRY(check_row(row, err));

done:
    if (st != SEG_OK)
        seg_error_context(err, "row %llu", (unsigned long long)(block->first_row + i + 1));
    return st;
}

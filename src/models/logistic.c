/* logistic.c: encoding of features for a logistic regression. */
#include "models/logistic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/real.h"
#include "base/try.h"

/* ---- categories --------------------------------------------------------------------------- */

typedef struct level_count {
    uint32_t level, rows;
} level_count;

static int most_first(const void *a, const void *b)
{
    const level_count *x = a, *y = b;
    if (x->rows != y->rows)
        return x->rows > y->rows ? -1 : 1;
    return (x->level > y->level) - (x->level < y->level);
}

static size_t level_of(const seg_encoded_feature *f, float v)
{
    return isnan(v) || v < 0 || (double)v >= (double)f->n_levels ? f->n_levels : (size_t)v;
}

/* The most frequent levels have columns 0 .. keep - 1, the rest and what is new share one,
 * missing has one. */
static seg_status encode_category(const float *x, size_t n, size_t keep, seg_encoded_feature *f,
                                  seg_error *err)
{
    seg_status st = SEG_OK;
    level_count *counts = NULL;
    size_t present = 0, missing = 0;

    TRY(SEG_ALLOC(&f->column, f->n_levels + 1, "the columns of a category", err));
    TRY(SEG_ALLOC(&counts, f->n_levels, "the levels of a category", err));
    for (size_t v = 0; v < f->n_levels; v++)
        counts[v].level = (uint32_t)v;
    for (size_t i = 0; i < n; i++) {
        size_t v = level_of(f, x[i]);
        if (v < f->n_levels)
            counts[v].rows++;
        else
            missing++;
    }
    if (f->n_levels > 0)
        qsort(counts, f->n_levels, sizeof *counts, most_first);
    while (present < f->n_levels && counts[present].rows > 0)
        present++;
    keep = present < keep ? present : keep;
    for (size_t k = 0; k < f->n_levels; k++)
        f->column[counts[k].level] = (uint16_t)(k < keep ? k : keep);
    bool pooled = keep < f->n_levels;
    f->column[f->n_levels] = (uint16_t)(keep + pooled);
    f->n_columns = (uint32_t)(keep + pooled + (missing > 0 || keep + pooled == 0));
    if (missing == 0 && keep + pooled > 0)
        f->column[f->n_levels] = (uint16_t)(keep + pooled - 1);

done:
    seg_free(counts);
    return st;
}

/* ---- numbers ------------------------------------------------------------------------------ */

static void encode_number(const float *x, size_t n, seg_encoded_feature *f)
{
    double sum = 0, squares = 0, rows = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(x[i])) {
            sum += (double)x[i];
            rows++;
        }
    f->mean = rows > 0 ? sum / rows : 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(x[i])) {
            double off = (double)x[i] - f->mean;
            squares += off * off;
        }
    double spread = rows > 0 ? sqrt(squares / rows) : 0;
    f->scale = spread > 1e-12 * fabs(f->mean) && spread > 0 ? 1 / spread : 0;
}

static double standardised(const seg_encoded_feature *f, float v)
{
    return isfinite(v) ? ((double)v - f->mean) * f->scale : 0;
}

/* ---- all of it ---------------------------------------------------------------------------- */

void seg_encoding_free(seg_encoding *e)
{
    for (size_t f = 0; e->features != NULL && f < e->n_numbers + e->n_categories; f++)
        seg_free(e->features[f].column);
    seg_free(e->features);
    seg_free(e->source);
    *e = (seg_encoding){ 0 };
}

/* As many levels a category as leave room for all. */
static size_t levels_that_fit(const seg_column *features, size_t n_features)
{
    size_t keep = SEG_ENCODED_LEVELS;
    for (; keep > 1; keep /= 2) {
        size_t columns = 1;
        for (size_t f = 0; f < n_features; f++) {
            size_t n = features[f].n_levels;
            columns += features[f].type != SEG_TYPE_CODE ? 1 : (n < keep ? n : keep) + 2;
        }
        if (columns <= SEG_ENCODED_COLUMNS)
            break;
    }
    return keep;
}

/* Numbers or categories, while there is room for their columns. */
static seg_status encode_kind(seg_encoding *e, const seg_column *features, bool categories,
                              size_t keep, const float *x, size_t stride, size_t n,
                              seg_error *err)
{
    seg_status st = SEG_OK;
    for (size_t f = 0; f < e->n_features; f++) {
        if ((features[f].type == SEG_TYPE_CODE) != categories)
            continue;
        size_t at = e->n_numbers + e->n_categories;
        seg_encoded_feature *to = &e->features[at];
        *to = (seg_encoded_feature){ .is_category = categories, .n_levels = features[f].n_levels,
                                     .first = e->n_coefficients, .n_columns = 1 };
        if (categories) {
            st = encode_category(x + f * stride, n, keep, to, err);
        } else {
            encode_number(x + f * stride, n, to);
        }
        bool fits = e->n_coefficients + to->n_columns <= SEG_ENCODED_COLUMNS;
        if (st != SEG_OK || !fits || (!categories && !(to->scale > 0))) {
            seg_free(to->column);
            to->column = NULL;
            e->n_left_out++;
            TRY(st);
            continue;
        }
        e->source[at] = f;
        e->n_coefficients += to->n_columns;
        e->n_numbers += !categories;
        e->n_categories += categories;
    }

done:
    return st;
}

seg_status seg_encoding_new(const seg_column *features, size_t n_features, const float *x,
                            size_t stride, size_t n, seg_encoding *out, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t keep = levels_that_fit(features, n_features);
    *out = (seg_encoding){ .n_features = n_features, .n_coefficients = 1 };
    TRY(SEG_ALLOC(&out->features, n_features, "the encoding of the features", err));
    TRY(SEG_ALLOC(&out->source, n_features, "the encoding of the features", err));
    TRY(encode_kind(out, features, false, keep, x, stride, n, err));
    TRY(encode_kind(out, features, true, keep, x, stride, n, err));

done:
    if (st != SEG_OK)
        seg_encoding_free(out);
    return st;
}

void seg_encoded_rows_free(seg_encoded_rows *r)
{
    seg_free(r->numbers);
    seg_free(r->levels);
    seg_free(r->n_levels);
    seg_free(r->order);
    seg_free(r->classes);
    *r = (seg_encoded_rows){ 0 };
}

/* Every 64th row first, then those after them, and so on. */
static void spread_rows(uint32_t *order, size_t n)
{
    enum { STRIDE = 64 };
    size_t i = 0;
    for (size_t start = 0; start < STRIDE; start++)
        for (size_t k = start; k < n; k += STRIDE)
            order[i++] = (uint32_t)k;
}

seg_status seg_encode_rows(const seg_encoding *e, const float *x, size_t stride,
                           const uint8_t *classes, size_t n, seg_encoded_rows *out,
                           seg_error *err)
{
    static const char what[] = "the rows of a regression";
    seg_status st = SEG_OK;
    *out = (seg_encoded_rows){ 0 };
    TRY(SEG_ALLOC(&out->numbers, e->n_numbers * n, what, err));
    TRY(SEG_ALLOC(&out->levels, e->n_categories * n, what, err));
    TRY(SEG_ALLOC(&out->n_levels, e->n_categories, what, err));
    TRY(SEG_ALLOC(&out->order, n, what, err));
    TRY(SEG_ALLOC(&out->classes, n, what, err));
    spread_rows(out->order, n);
    for (size_t i = 0; i < n; i++)
        out->classes[i] = classes[out->order[i]];
    for (size_t j = 0; j < e->n_numbers + e->n_categories; j++) {
        const seg_encoded_feature *f = &e->features[j];
        const float *from = x + e->source[j] * stride;
        size_t c = j - e->n_numbers;
        if (f->is_category)
            out->n_levels[c] = f->n_columns;
        for (size_t i = 0; i < n; i++) {
            float v = from[out->order[i]];
            if (f->is_category)
                out->levels[c * n + i] = f->column[level_of(f, v)];
            else
                out->numbers[j * n + i] = (float)standardised(f, v);
        }
    }
    out->rows = (seg_logistic_rows){
        .n = n, .n_numbers = e->n_numbers, .n_categories = e->n_categories,
        .numbers = out->numbers, .levels = out->levels, .n_levels = out->n_levels,
        .classes = out->classes,
    };

done:
    if (st != SEG_OK)
        seg_encoded_rows_free(out);
    return st;
}

double seg_encoding_score(const seg_encoding *e, const double *beta, const float *x)
{
    double eta = beta[0];
    for (size_t j = 0; j < e->n_numbers + e->n_categories; j++) {
        const seg_encoded_feature *f = &e->features[j];
        float v = x[e->source[j]];
        if (f->is_category)
            eta += beta[f->first + f->column[level_of(f, v)]];
        else
            eta += beta[f->first] * standardised(f, v);
    }
    return 1 / (1 + seg_exp(-eta));
}

/* kmeans_centres.c: centroids made ready for the kernels, and what float32 may get wrong
 * about them (the derivation stands in isa/kmeans_nearest.c). */
#include "kernels/kmeans_plan.h"
#include "kernels/kmeans_scaler.h"

#include <float.h>
#include <math.h>
#include "base/alloc.h"
#include "base/try.h"

/* ---- centroids ------------------------------------------------------------------------- */

static size_t padded(size_t k)
{
    return (k + SEG_KMEANS_PAD - 1) / SEG_KMEANS_PAD * SEG_KMEANS_PAD;
}

seg_status seg_kmeans_centres_new(size_t k_max, size_t d, seg_kmeans_centres *out,
                                  seg_error *err)
{
    seg_status st = SEG_OK;
    size_t k_pad = padded(k_max);
    *out = (seg_kmeans_centres){ .k_pad = k_pad, .d = d };
    TRY(SEG_ALLOC(&out->ct, d * k_pad, "the centroids", err));
    TRY(SEG_ALLOC(&out->pack, d * k_pad, "the centroids", err));
    TRY(SEG_ALLOC(&out->half, k_pad, "the centroids", err));
    TRY(SEG_ALLOC(&out->length, k_pad, "the centroids", err));
    return SEG_OK;

done:
    seg_kmeans_centres_free(out);
    return st;
}

void seg_kmeans_centres_free(seg_kmeans_centres *centres)
{
    seg_free(centres->ct);
    seg_free(centres->pack);
    seg_free(centres->half);
    seg_free(centres->length);
    *centres = (seg_kmeans_centres){ 0 };
}

float seg_float_above(double x)
{
    float near = (float)x;
    return (double)near >= x ? near : nextafterf(near, INFINITY);
}

static void set_one(seg_kmeans_centres *c, size_t j, const double *z)
{
    float *pack = c->pack + j / SEG_KMEANS_PAD * SEG_KMEANS_PAD * c->d + j % SEG_KMEANS_PAD;
    double square = 0;
    for (size_t f = 0; f < c->d; f++) {
        c->ct[f * c->k_pad + j] = z[f];
        pack[f * SEG_KMEANS_PAD] = (float)z[f];
        square += z[f] * z[f];
    }
    c->half[j] = (float)(-square / 2);
    c->length[j] = seg_float_above(sqrt(square) * (1 + 0x1p-40));
    c->longest = c->length[j] > c->longest ? c->length[j] : c->longest;
}

/* Farther than everything, for both ways of measuring. */
static void set_padding(seg_kmeans_centres *c, size_t j)
{
    float *pack = c->pack + j / SEG_KMEANS_PAD * SEG_KMEANS_PAD * c->d + j % SEG_KMEANS_PAD;
    for (size_t f = 0; f < c->d; f++) {
        c->ct[f * c->k_pad + j] = (double)INFINITY;
        pack[f * SEG_KMEANS_PAD] = 0;
    }
    c->half[j] = -FLT_MAX;
    c->length[j] = 0;
}

void seg_kmeans_centres_set(seg_kmeans_centres *centres, const double *z, size_t k)
{
    centres->k = k;
    centres->k_pad = padded(k);
    centres->z = z;
    centres->longest = 0;
    for (size_t j = 0; j < k; j++)
        set_one(centres, j, z + j * centres->d);
    for (size_t j = k; j < centres->k_pad; j++)
        set_padding(centres, j);
}

/* ---- the plan of a block ------------------------------------------------------------------ */

/* u: the rounding of one float operation; logarithms are within LOG1P_ULPS of it. */
static const double u = 0x1p-24, LOG1P_ULPS = 8;

static void set_scaling(seg_kmeans_plan *plan, const seg_kmeans_scale *scale)
{
    for (size_t f = 0; f < scale->d; f++) {
        plan->shift[f] = (float)scale->shift[f];
        plan->shift_rest[f] = (float)(scale->shift[f] - (double)plan->shift[f]);
        plan->inverse[f] = (float)scale->inverse[f];
        plan->nearest.careful |= plan->shift_rest[f] != 0;
    }
}

/* b: 6 u for two subtractions, the rounded inverse and the product, each at most doubled by
 * cancellation. A logarithm v = shift + z / inverse errs by LOG1P_ULPS u |v|: a part of it
 * relative to z, the other one a_f. */
static void set_bound(seg_kmeans_plan *plan, const seg_kmeans_scale *scale,
                      const seg_kmeans_centres *centres)
{
    seg_nearest_plan *p = &plan->nearest;
    double d = (double)scale->d, b = 6 * u, a = 0, longest = (double)centres->longest;
    double more = 1 + 8 * (d + 16) * u;   /* what is of higher order */
    if (scale->log1p) {
        b += LOG1P_ULPS * u;
        for (size_t f = 0; f < scale->d; f++)
            a += scale->shift[f] * scale->inverse[f] * scale->shift[f] * scale->inverse[f];
        a = LOG1P_ULPS * u * sqrt(a);
    }
    p->per_product = seg_float_above((b + (d + 3) * u) * more);
    p->per_square = seg_float_above((d + 2) * u / 2 * more);
    p->per_length = seg_float_above(a * more);
    p->per_point = seg_float_above((d + 3) * 0x1p-51);
    p->least = seg_float_above((d + 8) * 0x1p-125);
    p->inflate = seg_float_above(1 + (b + (d + 4) * u) * more);
    p->per_square_length = seg_float_above((2 * b + (d + 4) * u) * more);
    /* 2 |z| R <= |z|^2 + R^2; |z| is computed, A too small by at most the factor `inflate` */
    double per_product = (double)p->per_product, reach = longest * longest;
    p->usual_point = seg_float_above(1.001 * (per_product * (double)p->inflate
                                              * (double)p->inflate + 2 * (double)p->per_point));
    p->usual = seg_float_above(1.001 * ((per_product + 2 * (double)p->per_square) * reach
                                        + 4 * (double)p->per_length * longest
                                        + 2 * (double)p->least));
}

static const size_t *run_of_columns(const seg_kmeans_scale *scale, size_t *first)
{
    *first = 0;
    if (scale->level != NULL)
        return scale->columns;
    *first = scale->columns[0];
    for (size_t f = 1; f < scale->d; f++)
        if (scale->columns[f] != *first + f) {
            *first = 0;
            return scale->columns;
        }
    return NULL;
}

seg_status seg_kmeans_plan_new(const seg_kmeans_scale *scale, const seg_kmeans_centres *centres,
                               seg_matrix rows, const uint32_t *weight, const double *quantum,
                               seg_kmeans_plan *out, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t d = scale->d, first;
    *out = (seg_kmeans_plan){ .n_rows = rows.n_rows };
    TRY(SEG_ALLOC(&out->shift, d, "the scaling", err));
    TRY(SEG_ALLOC(&out->shift_rest, d, "the scaling", err));
    TRY(SEG_ALLOC(&out->inverse, d, "the scaling", err));

    const size_t *columns = run_of_columns(scale, &first);
    out->nearest = (seg_nearest_plan){
        .d = d, .k = centres->k, .columns = columns, .level = scale->level,
        .shift = out->shift, .shift_rest = out->shift_rest, .inverse = out->inverse, .log1p = scale->log1p,
        .careful = scale->log1p, .pack = centres->pack, .half = centres->half,
        .length = centres->length, .longest = centres->longest,
    };
    set_scaling(out, scale);
    set_bound(out, scale, centres);
    out->move = seg_kmeans_scaler_of(scale).plan;
    out->move.columns = columns;
    out->move.quantum = quantum;
    out->move.x = rows.x + first;
    out->move.stride = rows.stride;
    out->move.weight = weight;
    return SEG_OK;

done:
    seg_kmeans_plan_free(out);
    return st;
}

void seg_kmeans_plan_free(seg_kmeans_plan *plan)
{
    seg_free(plan->shift);
    seg_free(plan->shift_rest);
    seg_free(plan->inverse);
    *plan = (seg_kmeans_plan){ 0 };
}

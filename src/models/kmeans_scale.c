/* kmeans_scale.c: how the features are scaled, and the units in which their values are
 * added up. */
#include "models/kmeans_trainer.h"

#include <math.h>
#include "base/real.h"
#include "base/try.h"

/* Spreads; only robust scaling can leave values so far away. */
static const double FAR_OUT = 1e6;

/* Middle and spread of one feature. The middle is a float: what is subtracted from a float
 * without loss in the kernels, and as good a middle as any. */
static seg_status scale_of(seg_kmeans_trainer *t, size_t f, bool *constant, seg_error *err)
{
    const char *name = t->input.schema->features[t->columns[f]].name;
    double least, most, mean, sd;
    seg_kmeans_columns_limits(&t->stats, f, &least, &most);
    if (isnan(least))
        return seg_fail(err, SEG_E_DATA, "column '%s' has no values; leave it out with"
                        " --features", name);
    if (!isfinite(least) || !isfinite(most))
        return seg_fail(err, SEG_E_DATA, "column '%s' has infinite values%s", name,
                        t->space.scale.log1p ? " or values of -1 and less under log1p" : "");
    seg_kmeans_columns_mean(&t->stats, f, &mean, &sd);
    double shift = mean, spread = sd;
    switch (t->options->scale) {
    case SEG_SCALE_NONE:
        spread = 1;
        break;
    case SEG_SCALE_MINMAX:
        shift = least;
        spread = most - least;
        break;
    case SEG_SCALE_ROBUST:
        shift = seg_quantile_sample_at(&t->quantiles, f, 0.5);
        spread = seg_quantile_sample_at(&t->quantiles, f, 0.75)
                 - seg_quantile_sample_at(&t->quantiles, f, 0.25);
        if (spread <= 0)
            spread = sd;
        break;
    default:
        break;
    }
    *constant = spread <= 0 || least == most;
    t->shift[f] = (double)(float)shift;
    t->inverse[f] = spread > 0 ? 1 / spread : 0;
    double reach = most - shift > shift - least ? most - shift : shift - least;
    if (reach * t->inverse[f] > FAR_OUT)
        seg_note(t->input.ctx, SEG_LEVEL_WARN, "column '%s' has values %.1g times its usual spread"
                 " away: beside them all others look alike; check them, or give --scale log1p-z",
                 name, reach * t->inverse[f]);
    return SEG_OK;
}

/* Range of a scaled feature; a missing value sits at 0, which may lie outside. */
static void scaled_limits(const seg_kmeans_trainer *t, size_t f, double *low, double *high)
{
    double least, most;
    seg_kmeans_columns_limits(&t->stats, f, &least, &most);
    *low = (least - t->shift[f]) * t->inverse[f];
    *high = (most - t->shift[f]) * t->inverse[f];
    for (size_t j = 0; t->given && j < t->k_last; j++) {
        double z = t->given_z[j * t->d + f];
        *low = z < *low ? z : *low;
        *high = z > *high ? z : *high;
    }
    *low = *low < 0 ? *low : 0;
    *high = *high > 0 ? *high : 0;
}

/* Units such that total weight x largest value stays below 2^62, and any value below 2^51. */
static void choose_units(seg_kmeans_trainer *t)
{
    double limit = seg_kmeans_units_limit(&t->weights.totals), widest = 0;
    for (size_t f = 0; f < t->d; f++) {
        double low, high;
        scaled_limits(t, f, &low, &high);
        double most = -low > high ? -low : high;
        t->quantum[f] = seg_power_below(limit / (most > 0 ? most : 1));
        widest += (high - low) * (high - low);
    }
    t->space.widest = widest > 0 ? widest : 1;
    t->space.dist_quantum = seg_power_below(0x1p51 / t->space.widest);
}

static seg_status scale_given(seg_kmeans_trainer *t, seg_error *err)
{
    for (size_t i = 0; t->given && i < t->k_last * t->d; i++) {
        size_t f = i % t->d;
        bool log1p = t->space.scale.log1p && f < t->n_numbers;
        double v = log1p ? seg_log1p(t->given_z[i]) : t->given_z[i];
        if (!isfinite(v))
            return seg_fail(err, SEG_E_DATA, "%s: row %zu: column '%s' is -1 or less, which has"
                            " no log1p", t->options->init, i / t->d + 1,
                            t->input.schema->features[t->columns[f]].name);
        t->given_z[i] = (v - t->shift[f]) * t->inverse[f];
    }
    return SEG_OK;
}

static void note_constant(const seg_kmeans_trainer *t, size_t n, size_t first)
{
    const char *name = t->input.schema->features[t->columns[first]].name;
    if (n == 1)
        seg_note(t->input.ctx, SEG_LEVEL_WARN, "column '%s' is constant: it separates nothing",
                 name);
    else if (n > 1)
        seg_note(t->input.ctx, SEG_LEVEL_WARN, "%zu columns are constant, '%s' the first of them:"
                 " they separate nothing", n, name);
}

seg_status seg_kmeans_set_scaling(seg_kmeans_trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    double square = 0, variance = 0, n = 0;
    size_t n_constant = 0, first = 0;
    for (size_t f = 0; f < t->n_numbers; f++) {
        bool constant = false;
        TRY(scale_of(t, f, &constant, err));
        if (constant && n_constant++ == 0)
            first = f;
        double mean, sd;
        seg_kmeans_columns_mean(&t->stats, f, &mean, &sd);
        n += constant ? 0 : 1;
        variance += constant ? 0 : sd * sd * t->inverse[f] * t->inverse[f];
    }
    TRY(seg_kmeans_scale_levels(t, n > 0 ? variance / n : 1, &n_constant, &first, err));
    seg_kmeans_importance_apply(t);
    for (size_t f = 0; f < t->d; f++)
        square += seg_kmeans_columns_square(&t->stats, f, t->shift[f]) * t->inverse[f]
                  * t->inverse[f];
    t->space.total_square = square;
    note_constant(t, n_constant, first);
    TRY(scale_given(t, err));
    choose_units(t);

done:
    return st;
}

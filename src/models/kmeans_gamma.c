/* kmeans_gamma.c: how much a category weighs beside the numbers.
 *
 * A mismatch costs gamma, one for all categories. Over all rows the mean squared distance
 * from the mean of a number is its variance v, and of a category gamma / 2 times P = 1 - sum
 * of share^2, the chance that two rows differ in it. By default gamma = 2 v / P with the
 * means of v over the numbers and of P over the categories that are not constant (all after
 * scaling): on average a category weighs as much as a number, as it would if it were a 0/1
 * column of two levels scaled by z. The ratio of v and P is G. Szepannek's choice too
 * ("clustMixType", The R Journal 10/2, 2018, 200-208), for centroids that are modes; Huang
 * leaves gamma to the user. */
#include "models/kmeans_trainer.h"

#include <math.h>

static size_t levels_of(const seg_kmeans_trainer *t, size_t f)
{
    return t->input.schema->features[t->columns[f]].n_levels;
}

/* P of the category whose levels begin at feature f. */
static double impurity_of(const seg_kmeans_trainer *t, size_t f)
{
    double same = 0;
    for (size_t l = 0; l < levels_of(t, f); l++) {
        double share, sd;
        seg_kmeans_columns_mean(&t->stats, f + l, &share, &sd);
        if (share >= 1)
            return 0;
        same += share * share;
    }
    return 1 - same;
}

static seg_status check_values(const seg_kmeans_trainer *t, size_t f, seg_error *err)
{
    double least, most;
    seg_kmeans_columns_limits(&t->stats, f, &least, &most);
    if (isnan(least))
        return seg_fail(err, SEG_E_DATA, "column '%s' has no values; leave it out of"
                        " --categories", t->input.schema->features[t->columns[f]].name);
    return SEG_OK;
}

seg_status seg_kmeans_scale_levels(seg_kmeans_trainer *t, double variance, size_t *n_constant,
                                   size_t *first, seg_error *err)
{
    double impurity = 0, n = 0;
    for (size_t f = t->n_numbers; f < t->d; f += levels_of(t, f)) {
        seg_status st = check_values(t, f, err);
        if (st != SEG_OK)
            return st;
        double own = impurity_of(t, f);
        impurity += own;
        n += own > 0 ? 1 : 0;
        if (own <= 0 && (*n_constant)++ == 0)
            *first = f;
    }
    t->gamma = t->options->gamma;
    if (!(t->gamma > 0))
        t->gamma = 2 * variance / (n > 0 ? impurity / n : 1);
    for (size_t f = t->n_numbers; f < t->d; f++) {
        double share, sd;
        seg_kmeans_columns_mean(&t->stats, f, &share, &sd);
        t->shift[f] = (double)(float)share;
        t->inverse[f] = sqrt(t->gamma / 2);
    }
    return SEG_OK;
}

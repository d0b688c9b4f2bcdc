/* profile_pairs.c: columns that tell the same. Numbers: Pearson's correlation over sampled
 * rows, missing ones at the mean; from 0.999 on, either sign, they are twins. Categories: if
 * each level of one goes with one level of the other in the sample, and back. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "kernels/profile.h"

enum { ROWS = 2048, LANES = 16, MIN_ROWS = 30, MIN_DISTINCT = 3, MAX_LEVELS = 4096 };
static const double twin_at = 0.999;

/* n standardized values, zero where there is none; false if the column cannot be compared. */
static bool standardize(const seg_profile *p, const seg_profile_column *column, size_t n,
                        double *out)
{
    double sum = 0, square = 0, count = 0;
    if (!seg_profile_is_number(column) || column->n_distinct < MIN_DISTINCT)
        return false;
    for (size_t i = 0; i < n; i++) {
        double v = column->sample[i * p->n_sampled / n];
        out[i] = isnan(v) ? (double)NAN : v - column->origin;
        sum += isnan(v) ? 0 : out[i];
        count += isnan(v) ? 0 : 1;
    }
    double mean = count > 0 ? sum / count : 0;
    for (size_t i = 0; i < n; i++) {
        out[i] = isnan(out[i]) ? 0 : out[i] - mean;
        square += out[i] * out[i];
    }
    if (count < MIN_ROWS || !(square > 0) || !isfinite(square))
        return false;
    double length = sqrt(square);
    for (size_t i = 0; i < n; i++)
        out[i] /= length;
    return true;
}

static double dot(const double *a, const double *b)
{
    double sum[LANES] = { 0 }, total = 0;
    for (size_t i = 0; i < ROWS; i += LANES)
        for (size_t l = 0; l < LANES; l++)
            sum[l] += a[i + l] * b[i + l];
    for (size_t l = 0; l < LANES; l++)
        total += sum[l];
    return total;
}

/* map: 2 * MAX_LEVELS places. */
static bool same_partition(const seg_profile *p, const seg_profile_column *a,
                           const seg_profile_column *b, int32_t *map)
{
    int32_t *to = map, *from = map + MAX_LEVELS;
    if (a->what.n_levels > MAX_LEVELS || b->what.n_levels > MAX_LEVELS
        || a->n_distinct < 2 || a->n_distinct != b->n_distinct)
        return false;
    memset(map, 0, 2 * MAX_LEVELS * sizeof *map);
    for (size_t s = 0; s < p->n_sampled; s++) {
        bool none = isnan(a->sample[s]);
        if (none != isnan(b->sample[s]))
            return false;
        if (none)
            continue;
        int32_t x = (int32_t)a->sample[s], y = (int32_t)b->sample[s];
        if ((to[x] != 0 && to[x] != y + 1) || (from[y] != 0 && from[y] != x + 1))
            return false;
        to[x] = y + 1;
        from[y] = x + 1;
    }
    return true;
}

static void find_twin(const seg_profile *p, size_t c, const double *z, const bool *usable,
                      int32_t *map)
{
    seg_profile_column *column = &p->columns[c];
    for (size_t e = 0; e < c && column->twin == SIZE_MAX; e++) {
        const seg_profile_column *earlier = &p->columns[e];
        if (usable[c] && usable[e]) {
            double r = dot(z + c * ROWS, z + e * ROWS);
            column->twin_r = r > 1 ? 1 : r < -1 ? -1 : r;
            column->twin = fabs(r) >= twin_at ? e : SIZE_MAX;
        } else if (column->what.type == SEG_TYPE_CODE && earlier->what.type == SEG_TYPE_CODE
                   && p->n_sampled >= MIN_ROWS && same_partition(p, earlier, column, map)) {
            column->twin_r = 1;
            column->twin = e;
        }
    }
}

seg_status seg_profile_find_twins(seg_profile *p, int n_threads, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t d = p->n_columns < SEG_PROFILE_PAIRED ? p->n_columns : SEG_PROFILE_PAIRED;
    size_t n = p->n_sampled < ROWS ? p->n_sampled : ROWS, n_maps = (size_t)n_threads;
    double *z = NULL;
    bool *usable = NULL;
    int32_t *maps = NULL;

    TRY(SEG_ALLOC(&z, d * ROWS, "the comparison of columns", err));
    TRY(SEG_ALLOC(&usable, d, "the comparison of columns", err));
    TRY(SEG_ALLOC(&maps, n_maps * 2 * MAX_LEVELS, "the comparison of columns", err));
    for (size_t c = 0; c < d; c++)
        usable[c] = standardize(p, &p->columns[c], n, z + c * ROWS);

    #pragma omp parallel for schedule(static, 1) num_threads(n_threads)
    for (size_t t = 0; t < n_maps; t++)
        for (size_t c = t; c < d; c += n_maps)
            find_twin(p, c, z, usable, maps + t * 2 * MAX_LEVELS);

done:
    seg_free(z);
    seg_free(usable);
    seg_free(maps);
    return st;
}

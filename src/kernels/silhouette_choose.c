/* silhouette_choose.c: rows for the silhouette, from every cluster some: a plain sample loses
 * the small clusters, whose silhouettes then stand for nobody.
 *
 * Places are given one by one to the cluster with the most weight per place, beginning from
 * the least number each (D'Hondt's rule): in proportion, and never more than a cluster has. */
#include "kernels/silhouette.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "base/alloc.h"
#include "base/rng.h"
#include "base/try.h"
#include "kernels/radix.h"

typedef struct choice {
    const int32_t *label;
    const uint64_t *weight;
    size_t n, k;
    size_t *size, *quota;         /* k: rows there are, and to take */
    uint64_t *total;              /* k: their weight */
} choice;

static bool takes_part(const choice *c, size_t i)
{
    return c->label[i] >= 0 && (c->weight == NULL || c->weight[i] > 0);
}

static seg_status count(choice *c, seg_error *err)
{
    uint64_t all = 0;
    for (size_t i = 0; i < c->n; i++) {
        uint64_t w = c->weight == NULL ? 1 : c->weight[i];
        if (!takes_part(c, i))
            continue;
        size_t j = (size_t)c->label[i];
        if (j >= c->k)
            return seg_fail(err, SEG_E_DATA, "row %zu is in cluster %zu of %zu", i, j, c->k);
        if (__builtin_add_overflow(all, w, &all) || all >> 63 != 0)
            return seg_fail(err, SEG_E_DATA, "the weights of the rows up to %zu pass 2^63", i);
        c->size[j]++;
        c->total[j] += w;
    }
    return SEG_OK;
}

/* Cluster i has more weight for its next place than cluster j. */
static bool is_needier(const choice *c, size_t i, size_t j)
{
    __extension__ typedef unsigned __int128 u128;
    return (u128)c->total[i] * (c->quota[j] + 1) > (u128)c->total[j] * (c->quota[i] + 1);
}

/* Returns how many rows will be taken. */
static size_t set_quotas(choice *c, size_t m)
{
    size_t rows = 0, clusters = 0, taken = 0;
    for (size_t j = 0; j < c->k; j++) {
        rows += c->size[j];
        clusters += c->size[j] > 0;
    }
    size_t least = clusters > 0 ? m / clusters : 0;
    least = least > SEG_SILHOUETTE_LEAST ? SEG_SILHOUETTE_LEAST : least < 2 ? 2 : least;
    for (size_t j = 0; j < c->k; j++) {
        bool whole = rows <= m || c->size[j] <= least;
        c->quota[j] = whole ? c->size[j] : least;
        taken += c->quota[j];
    }
    for (; taken < m && taken < rows; taken++) {
        size_t next = SIZE_MAX;
        for (size_t j = 0; j < c->k; j++)
            if (c->quota[j] < c->size[j] && (next == SIZE_MAX || is_needier(c, j, next)))
                next = j;
        c->quota[next]++;
    }
    return taken;
}

/* Rows of a cluster with larger numbers are hardly ever among the `quota` least of its n: so
 * many are expected below, and six deviations more. */
static uint64_t bound_of(size_t quota, size_t n)
{
    double share = ((double)quota + 6 * sqrt((double)quota) + 10) / (double)n;
    return share < 0.99 ? (uint64_t)(share * 0x1p64) : UINT64_MAX;
}

typedef struct draw {
    uint64_t *keys;               /* n random numbers, */
    uint32_t *rows;               /*    and whose they are */
    size_t n, cap, rows_cap;
    uint64_t *keys_temp;
    uint32_t *rows_temp;
    uint64_t *bound;              /* k */
} draw;

static void draw_free(draw *d)
{
    seg_free(d->keys);
    seg_free(d->rows);
    seg_free(d->keys_temp);
    seg_free(d->rows_temp);
    seg_free(d->bound);
}

/* Rows whose numbers are within the bound of their cluster, in the order of the numbers. */
static seg_status gather(const choice *c, draw *d, seg_rng rng, seg_error *err)
{
    seg_status st = SEG_OK;
    d->n = 0;
    for (size_t i = 0; i < c->n; i++) {
        uint64_t key = seg_rng_u64(rng, i);
        if (!takes_part(c, i) || key > d->bound[c->label[i]])
            continue;
        TRY(SEG_GROW(&d->keys, &d->cap, d->n + 1, "the sample of rows", err));
        TRY(SEG_GROW(&d->rows, &d->rows_cap, d->n + 1, "the sample of rows", err));
        d->keys[d->n] = key;
        d->rows[d->n++] = (uint32_t)i;
    }
    TRY(SEG_REALLOC(&d->keys_temp, d->n, "the sample of rows", err));
    TRY(SEG_REALLOC(&d->rows_temp, d->n, "the sample of rows", err));
    seg_radix_sort(d->keys, d->rows, d->n, d->keys_temp, d->rows_temp);
done:
    return st;
}

static bool are_enough(const choice *c, const draw *d, size_t *count)
{
    memset(count, 0, c->k * sizeof *count);
    for (size_t i = 0; i < d->n; i++)
        count[c->label[d->rows[i]]]++;
    for (size_t j = 0; j < c->k; j++)
        if (count[j] < c->quota[j])
            return false;
    return true;
}

/* The rows with the least numbers, ascending. Spends the quotas. */
static seg_status take(choice *c, seg_rng rng, size_t *row, seg_error *err)
{
    seg_status st = SEG_OK;
    draw d = { 0 };
    size_t n = 0, *count = NULL;
    TRY(SEG_ALLOC(&d.bound, c->k, "the sample of rows", err));
    TRY(SEG_ALLOC(&count, c->k, "the sample of rows", err));
    for (size_t j = 0; j < c->k; j++)
        d.bound[j] = c->size[j] > 0 ? bound_of(c->quota[j], c->size[j]) : 0;
    TRY(gather(c, &d, rng, err));
    if (!are_enough(c, &d, count)) {
        for (size_t j = 0; j < c->k; j++)
            d.bound[j] = UINT64_MAX;
        TRY(gather(c, &d, rng, err));
    }
    for (size_t i = 0; i < d.n; i++) {
        size_t *left = &c->quota[c->label[d.rows[i]]];
        if (*left == 0)
            continue;
        --*left;
        d.keys[n++] = d.rows[i];
    }
    seg_radix_sort(d.keys, NULL, n, d.keys_temp, NULL);
    for (size_t i = 0; i < n; i++)
        row[i] = (size_t)d.keys[i];

done:
    seg_free(count);
    draw_free(&d);
    return st;
}

seg_status seg_silhouette_choose(const int32_t *label, const uint64_t *weight, size_t n,
                                 size_t k, size_t m, uint64_t seed, uint64_t stream,
                                 seg_silhouette_sample *out, seg_error *err)
{
    seg_status st = SEG_OK;
    choice c = { .label = label, .weight = weight, .n = n, .k = k };
    *out = (seg_silhouette_sample){ .k = k };
    if (n > UINT32_MAX)
        return seg_fail(err, SEG_E_DATA, "cannot choose from %zu rows: at most 2^32 - 1", n);
    TRY(SEG_ALLOC(&c.size, k, "the sizes of clusters", err));
    TRY(SEG_ALLOC(&c.quota, k, "the sizes of clusters", err));
    TRY(SEG_ALLOC(&out->total, k, "the sizes of clusters", err));
    c.total = out->total;
    TRY(count(&c, err));
    out->n = set_quotas(&c, m);
    TRY(SEG_ALLOC(&out->row, out->n, "the sample of rows", err));
    TRY(take(&c, (seg_rng){ .seed = seed, .stream = stream }, out->row, err));

done:
    seg_free(c.size);
    seg_free(c.quota);
    if (st != SEG_OK)
        seg_silhouette_sample_free(out);
    return st;
}

void seg_silhouette_sample_free(seg_silhouette_sample *sample)
{
    seg_free(sample->row);
    seg_free(sample->total);
    *sample = (seg_silhouette_sample){ 0 };
}

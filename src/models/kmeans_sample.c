/* kmeans_sample.c: rows kept, or drawn by systematic sampling: masses are added up in row
 * order, and whoever holds mass number step * i + offset is drawn. */
#include "models/kmeans_sample.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/real.h"
#include "base/rng.h"
#include "base/team.h"
#include "base/try.h"
#include "kernels/kmeans_scaler.h"
#include "segmill/context.h"

enum { DRAW_STREAM = 0x5a3d, WEIGHT_ONE = 256 };

size_t seg_kmeans_sample_size(size_t width, size_t k)
{
    enum { MOST = 65536, FEWEST = 16384, FLOATS = 1 << 20, A_CLUSTER = 128 };
    size_t rows = FLOATS / (width > 0 ? width : 1);
    rows = rows > MOST ? MOST : rows < FEWEST ? FEWEST : rows;
    return rows > A_CLUSTER * k ? rows : A_CLUSTER * k;
}

seg_status seg_kmeans_sample_new(size_t width, size_t cap, bool all, seg_kmeans_sample *out,
                                 seg_error *err)
{
    seg_status st = SEG_OK;
    size_t room = all ? cap : cap + 16;   /* the rounding of the masses may draw a few more */
    *out = (seg_kmeans_sample){ .all = all, .cap = room, .width = width };
    TRY(SEG_ALLOC(&out->x, room * width, "the rows to start from", err));
    if (!all)
        TRY(SEG_ALLOC(&out->weight, room, "the rows to start from", err));
    return SEG_OK;

done:
    seg_kmeans_sample_free(out);
    return st;
}

void seg_kmeans_sample_free(seg_kmeans_sample *sample)
{
    seg_free(sample->x);
    seg_free(sample->weight);
    seg_free(sample->mean);
    *sample = (seg_kmeans_sample){ 0 };
}

seg_matrix seg_kmeans_sample_rows(const seg_kmeans_sample *s)
{
    return (seg_matrix){ .x = s->x, .n_rows = s->n, .n_cols = s->width, .stride = s->width };
}

static void keep_row(seg_kmeans_sample *s, const float *x)
{
    memcpy(s->x + s->n++ * s->width, x, s->width * sizeof *x);
}

seg_status seg_kmeans_sample_keep(seg_kmeans_sample *s, seg_matrix rows, seg_error *err)
{
    if (rows.n_rows > s->cap - s->n)
        return seg_fail(err, SEG_E_DATA, "there are more rows than at first: the data changed");
    for (size_t r = 0; r < rows.n_rows; r++)
        keep_row(s, rows.x + r * rows.stride);
    s->total_weight = (double)s->n;
    return SEG_OK;
}

void seg_kmeans_sample_thin(seg_kmeans_sample *s, size_t most)
{
    size_t step = (s->n + most - 1) / most, n = 0;
    if (step <= 1)
        return;
    for (size_t r = 0; r < s->n; r += step, n++) {
        memmove(s->x + n * s->width, s->x + r * s->width, s->width * sizeof *s->x);
        if (s->weight != NULL)
            s->weight[n] = s->weight[r];
    }
    s->n = n;
    /* to a smaller block: if that fails the larger one stays */
    (void)!SEG_REALLOC(&s->x, n * s->width, "the rows to start from", NULL);
}

/* ---- drawing ------------------------------------------------------------------------------- */

seg_status seg_kmeans_sample_begin(seg_kmeans_sample *s, const double *mean, size_t d,
                                   double mean_dist2, uint64_t total_weight, uint64_t seed,
                                   seg_error *err)
{
    seg_status st = SEG_ALLOC(&s->mean, d, "a row", err);
    if (st != SEG_OK)
        return st;
    memcpy(s->mean, mean, d * sizeof *mean);
    /* Both halves of a row's mass are about base, all of them about 2^60. */
    s->base = floor(ldexp(1, 59) / (double)total_weight);
    s->base = s->base > 0x1p40 ? 0x1p40 : s->base < 1 ? 1 : s->base;
    s->quantum = mean_dist2 > 0 ? s->base / mean_dist2 : 0;
    size_t wanted = s->cap - 16;
    double total = 2 * s->base * (double)total_weight;
    s->step = (uint64_t)(total / (double)wanted) + 1;
    s->next = seg_rng_below((seg_rng){ seed, DRAW_STREAM }, 0, s->step);
    s->total_weight = 0;
    s->unit = 0x1p31 / (double)total_weight;   /* no row stands for more than all */
    s->unit = s->unit < WEIGHT_ONE ? seg_power_below(s->unit) : WEIGHT_ONE;
    return SEG_OK;
}

typedef struct massing {
    const seg_kmeans_sample *sample;
    seg_kmeans_scaler scaler;
    seg_matrix rows;
    const uint32_t *weight;
    double *z;                /* a row per thread */
    uint64_t *mass;           /* per row, of weight 1 */
} massing;

static void mass_chunk(void *arg, size_t chunk, int thread)
{
    const massing *m = arg;
    size_t d = m->scaler.plan.d, end = (chunk + 1) * SEG_CHUNK_ROWS;
    double *z = m->z + (size_t)thread * d;
    for (size_t r = chunk * SEG_CHUNK_ROWS; r < end && r < m->rows.n_rows; r++) {
        double part[4] = { 0 };
        seg_kmeans_scale_row(&m->scaler, m->rows.x + r * m->rows.stride, z);
        for (size_t f = 0; f < d; f++) {
            double off = z[f] - m->sample->mean[f];
            part[f % 4] += off * off;
        }
        double units = (part[0] + part[1] + part[2] + part[3]) * m->sample->quantum;
        m->mass[r] = (uint64_t)m->sample->base + (uint64_t)(units < 0x1p60 ? units : 0x1p60);
    }
}

/* A row stands for step / mass rows like it, as often as it is drawn. */
static void take_row(seg_kmeans_sample *s, const float *x, uint64_t mass, uint64_t times)
{
    double weight = (double)times * ((double)s->step / (double)mass) * s->unit;
    uint32_t units = weight < 1 ? 1 : weight > 4e9 ? 4000000000u : (uint32_t)nearbyint(weight);
    if (s->n == s->cap)   /* cannot be, but for the rounding of the total */
        return;
    s->weight[s->n] = units;
    s->total_weight += (double)units;
    keep_row(s, x);
}

static void draw_rows(seg_kmeans_sample *s, const massing *m, seg_matrix rows)
{
    for (size_t r = 0; r < rows.n_rows; r++) {
        uint64_t weight = m->weight == NULL ? 1 : m->weight[r], mass;
        if (__builtin_mul_overflow(m->mass[r], weight, &mass))
            mass = UINT64_MAX / 4;
        if (s->next < mass) {
            uint64_t times = (mass - s->next - 1) / s->step + 1;
            take_row(s, rows.x + r * rows.stride, m->mass[r], times);
            s->next += times * s->step;
        }
        s->next -= mass;
    }
}

seg_status seg_kmeans_sample_draw(seg_kmeans_sample *s, const seg_kmeans_scale *scale,
                                  seg_matrix rows, const uint32_t *weight, int n_threads,
                                  seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n_chunks = (rows.n_rows + SEG_CHUNK_ROWS - 1) / SEG_CHUNK_ROWS;
    massing m = { .sample = s, .scaler = seg_kmeans_scaler_of(scale), .rows = rows,
                  .weight = weight };
    TRY(SEG_ALLOC(&m.z, (size_t)n_threads * scale->d, "a row", err));
    TRY(SEG_ALLOC(&m.mass, rows.n_rows, "the masses", err));
    seg_team_run(n_threads, n_chunks, mass_chunk, &m);
    draw_rows(s, &m, rows);

done:
    seg_free(m.z);
    seg_free(m.mass);
    return st;
}

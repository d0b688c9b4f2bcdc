/* kmeans_assign.c: exact float64 distances of rows to their nearest and second nearest
 * centroid, and the figures of a pass made of them. float32 names the two centroids under
 * the certificate of isa/kmeans_nearest.c, so only two distances of a row are measured. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/real.h"
#include "base/try.h"
#include "kernels/kmeans_plan.h"

/* ---- figures ----------------------------------------------------------------------------- */

seg_status seg_kmeans_figures_new(size_t k, size_t d, double dist_quantum,
                                  seg_kmeans_figures *out, seg_error *err)
{
    seg_status st = SEG_OK;
    *out = (seg_kmeans_figures){ .k = k, .d = d, .dist_quantum = dist_quantum,
                                 .silhouette_quantum = 0x1p50 };
    out->distance_quantum = seg_power_below(0x1p51 / sqrt(0x1p51 / dist_quantum));
    TRY(SEG_ALLOC(&out->count, k, "the counts", err));
    TRY(SEG_ALLOC(&out->spread, k, "the spreads", err));
    TRY(SEG_ALLOC(&out->distance, k, "the spreads", err));
    TRY(SEG_ALLOC(&out->far_dist2, k, "the farthest rows", err));
    TRY(SEG_ALLOC(&out->far_row, k, "the farthest rows", err));
    TRY(SEG_ALLOC(&out->far_z, k * d, "the farthest rows", err));
    seg_kmeans_figures_clear(out);
    return SEG_OK;

done:
    seg_kmeans_figures_free(out);
    return st;
}

void seg_kmeans_figures_clear(seg_kmeans_figures *s)
{
    memset(s->count, 0, s->k * sizeof *s->count);
    memset(s->spread, 0, s->k * sizeof *s->spread);
    memset(s->distance, 0, s->k * sizeof *s->distance);
    s->silhouette = 0;
    for (size_t j = 0; j < s->k; j++) {
        s->far_dist2[j] = -1;
        s->far_row[j] = UINT64_MAX;
    }
}

void seg_kmeans_figures_free(seg_kmeans_figures *s)
{
    seg_free(s->count);
    seg_free(s->spread);
    seg_free(s->distance);
    seg_free(s->far_dist2);
    seg_free(s->far_row);
    seg_free(s->far_z);
    *s = (seg_kmeans_figures){ 0 };
}

double seg_kmeans_inertia(const seg_kmeans_figures *s)
{
    seg_wide sum = 0;
    for (size_t j = 0; j < s->k; j++)
        sum += s->spread[j];
    return (double)sum / s->dist_quantum;
}

static bool is_farther(double dist2, uint64_t row, double than, uint64_t than_row)
{
    return dist2 > than || (dist2 == than && row < than_row);
}

static void keep_farthest(seg_kmeans_figures *s, size_t j, double dist2, uint64_t row,
                          const double *z)
{
    if (!is_farther(dist2, row, s->far_dist2[j], s->far_row[j]))
        return;
    s->far_dist2[j] = dist2;
    s->far_row[j] = row;
    memcpy(s->far_z + j * s->d, z, s->d * sizeof *z);
}

static void merge(seg_kmeans_figures *into, const seg_kmeans_figures *from)
{
    for (size_t j = 0; j < into->k; j++) {
        into->count[j] += from->count[j];
        into->spread[j] += from->spread[j];
        into->distance[j] += from->distance[j];
        keep_farthest(into, j, from->far_dist2[j], from->far_row[j], from->far_z + j * from->d);
    }
    into->silhouette += from->silhouette;
}

static seg_wide units(double value, double quantum, int64_t weight)
{
    return (seg_wide)(int64_t)nearbyint(value * quantum) * weight;
}

/* The simplified silhouette of a row: (b - a) / b with the distances a and b to its own and
 * the second nearest centroid; 0 where both are 0. */
static void add_row(seg_kmeans_figures *s, const double *z, const seg_kmeans_pair *n,
                    uint64_t row, int64_t weight)
{
    double distance = sqrt(n->dist2);
    s->count[n->label] += weight;
    s->spread[n->label] += units(n->dist2, s->dist_quantum, weight);
    s->distance[n->label] += units(distance, s->distance_quantum, weight);
    if (n->second >= 0 && n->second_dist2 > 0)
        s->silhouette += units(1 - distance / sqrt(n->second_dist2), s->silhouette_quantum,
                               weight);
    if (weight > 0)
        keep_farthest(s, (size_t)n->label, n->dist2, row, z);
}

/* ---- rows -------------------------------------------------------------------------------- */

typedef struct work {
    const seg_kmeans_plan *plan;
    const seg_kmeans_centres *centres;
    const seg_kernels *kernels;
    const seg_kmeans_rows *out;
    uint64_t first_row;
} work;

static void note_row(const seg_kmeans_rows *out, size_t i, const seg_kmeans_pair *n)
{
    if (out->label != NULL)
        out->label[i] = n->label;
    if (out->second != NULL)
        out->second[i] = n->second;
    if (out->dist2 != NULL)
        out->dist2[i] = n->dist2;
    if (out->second_dist2 != NULL)
        out->second_dist2[i] = n->second_dist2;
}

static void take_row(const work *w, size_t row, const double *z, const seg_kmeans_pair *pair,
                     seg_kmeans_figures *figures)
{
    if (w->out != NULL)
        note_row(w->out, row, pair);
    if (figures != NULL) {
        const uint32_t *weight = w->plan->move.weight;
        add_row(figures, z, pair, w->first_row + row, weight == NULL ? 1 : (int64_t)weight[row]);
    }
}

/* The distances of two rows to two centroids each, four sums side by side: each is added in
 * the order of the features, and waits for itself at every step. */
static void measure(const double *const z[2], const double *const near[2],
                    const double *const next[2], size_t d, seg_kmeans_pair pair[2])
{
    double a = 0, b = 0, a_next = 0, b_next = 0;
    for (size_t f = 0; f < d; f++) {
        double p = z[0][f] - near[0][f], q = z[1][f] - near[1][f];
        double r = z[0][f] - next[0][f], s = z[1][f] - next[1][f];
        a += p * p;
        b += q * q;
        a_next += r * r;
        b_next += s * s;
    }
    pair[0].dist2 = a;
    pair[1].dist2 = b;
    pair[0].second_dist2 = a_next;
    pair[1].second_dist2 = b_next;
}

/* float32 named the two centroids of each of n (1 or 2) rows. */
static void take_certain(const work *w, const size_t *row, size_t n, const int32_t *label,
                         const int32_t *second, size_t first, seg_kmeans_scratch *scratch,
                         seg_kmeans_figures *figures)
{
    const seg_move_plan *move = &w->plan->move;
    size_t d = w->centres->d;
    const double *z[2] = { scratch->z, scratch->z + (n - 1) * d }, *near[2], *next[2];
    seg_kmeans_pair pair[2];
    for (size_t i = 0; i < 2; i++) {
        size_t r = row[i < n ? i : 0];
        pair[i].label = label[r];
        pair[i].second = w->centres->k > 1 ? second[r] : -1;
        near[i] = w->centres->z + (size_t)pair[i].label * d;
        next[i] = w->centres->k > 1 ? w->centres->z + (size_t)pair[i].second * d : near[i];
        if (i < n)
            w->kernels->kmeans_scale_row(move, move->x + (first + r) * move->stride,
                                         scratch->z + i * d);
    }
    measure(z, near, next, d, pair);
    for (size_t i = 0; i < n; i++) {
        if (w->centres->k == 1)
            pair[i].second_dist2 = (double)INFINITY;
        take_row(w, first + row[i], z[i], &pair[i], figures);
    }
}

static void take_doubtful(const work *w, size_t first, const seg_nearest *found,
                          seg_kmeans_scratch *scratch, seg_kmeans_figures *figures)
{
    seg_kmeans_pair pair[SEG_EXACT_ROWS];
    uint32_t row[SEG_EXACT_ROWS];
    size_t d = w->centres->d;
    for (size_t at = 0; at < found->n_doubtful; at += SEG_EXACT_ROWS) {
        size_t left = found->n_doubtful - at, n = left < SEG_EXACT_ROWS ? left : SEG_EXACT_ROWS;
        for (size_t i = 0; i < n; i++)
            row[i] = (uint32_t)first + found->doubtful[at + i];
        seg_kmeans_decide(w->plan, w->centres, w->kernels, row, n, scratch, pair);
        for (size_t i = 0; i < n; i++)
            take_row(w, row[i], scratch->z + i * d, &pair[i], figures);
    }
}

static void assign_chunk(const work *w, size_t first, size_t n, seg_kmeans_scratch *scratch,
                         seg_kmeans_figures *figures)
{
    const seg_move_plan *move = &w->plan->move;
    seg_nearest found = { .label = scratch->label, .doubtful = scratch->doubtful,
                          .second = w->centres->k > 1 ? scratch->second : NULL };
    seg_nearest_rows rows = { .x = move->x + first * move->stride, .stride = move->stride,
                              .n = n };
    w->kernels->kmeans_nearest(&w->plan->nearest, &rows, scratch->tile, &found);
    size_t next = 0, two[2], n_two = 0;   /* next: of the doubtful, which are ascending */
    for (size_t i = 0; i < n; i++) {
        if (next < found.n_doubtful && found.doubtful[next] == i)
            next++;
        else
            two[n_two++] = i;
        if (n_two == 2 || (n_two == 1 && i + 1 == n)) {
            take_certain(w, two, n_two, found.label, scratch->second, first, scratch, figures);
            n_two = 0;
        }
    }
    take_doubtful(w, first, &found, scratch, figures);
}

/* ---- the block ---------------------------------------------------------------------------- */

seg_status seg_kmeans_assign(const seg_kmeans_scale *scale, const seg_kmeans_centres *centres,
                             seg_matrix rows, const uint32_t *weight, uint64_t first_row,
                             int n_threads, const seg_kmeans_rows *out,
                             seg_kmeans_figures *figures, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_plan plan = { 0 };
    seg_kmeans_scratch *scratch = NULL;
    seg_kmeans_figures *own = NULL;
    size_t n_chunks = seg_chunk_count(rows.n_rows);

    n_threads = seg_chunk_team(n_threads, n_chunks);
    TRY(seg_kmeans_plan_new(scale, centres, rows, weight, NULL, &plan, err));
    TRY(seg_kmeans_scratch_new(n_threads, scale->d, centres->k_pad, &scratch, err));
    TRY(SEG_ALLOC(&own, (size_t)n_threads, "the figures", err));
    for (int t = 0; t < n_threads && figures != NULL; t++) {
        TRY(seg_kmeans_figures_new(figures->k, figures->d, figures->dist_quantum, &own[t], err));
    }
    work w = { &plan, centres, seg_kernels_get(), out, first_row };

    #pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
    for (size_t c = 0; c < n_chunks; c++) {
        size_t first = c * SEG_CHUNK_ROWS, left = rows.n_rows - first;
        int thread = omp_get_thread_num();
        assign_chunk(&w, first, left < SEG_CHUNK_ROWS ? left : SEG_CHUNK_ROWS, &scratch[thread],
                     figures == NULL ? NULL : &own[thread]);
    }
    for (int t = 0; t < n_threads && figures != NULL; t++)
        merge(figures, &own[t]);

done:
    for (int t = 0; t < n_threads && own != NULL; t++)
        seg_kmeans_figures_free(&own[t]);
    seg_free(own);
    seg_kmeans_scratch_free(scratch, n_threads);
    seg_kmeans_plan_free(&plan);
    return st;
}

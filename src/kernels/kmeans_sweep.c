/* kmeans_sweep.c: a pass of Lloyd's algorithm (S. Lloyd, "Least squares quantization in
 * PCM", IEEE Transactions on Information Theory 28 (1982) 129-137) over a block: rows find
 * their nearest centroid, and those that changed it are moved from one sum to the other.
 *
 * Sums are 64-bit fixed point. Integer addition is associative and reversible, so any
 * split over threads, blocks or ranks gives the same centroids, and so do sums that are
 * only ever corrected. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "kernels/kmeans_plan.h"

/* ---- bounds ------------------------------------------------------------------------------ */

seg_status seg_kmeans_drift_new(size_t k, seg_kmeans_drift *out, seg_error *err)
{
    seg_status st = SEG_OK;
    *out = (seg_kmeans_drift){ 0 };
    size_t room = k < SEG_NEAREST_TILE ? SEG_NEAREST_TILE : k;   /* tables of whole registers */
    TRY(SEG_ALLOC(&out->own, room, "the drifts", err));
    TRY(SEG_ALLOC(&out->other, room, "the drifts", err));
    TRY(SEG_ALLOC(&out->half_gap, room, "the drifts", err));
    return SEG_OK;

done:
    seg_kmeans_drift_free(out);
    return st;
}

void seg_kmeans_drift_free(seg_kmeans_drift *drift)
{
    seg_free(drift->own);
    seg_free(drift->other);
    seg_free(drift->half_gap);
    *drift = (seg_kmeans_drift){ 0 };
}

static double dist2_of(const double *a, const double *b, size_t d)
{
    double sum = 0;
    for (size_t f = 0; f < d; f++)
        sum += (a[f] - b[f]) * (a[f] - b[f]);
    return sum;
}

void seg_kmeans_drift_set(seg_kmeans_drift *drift, const double *before, const double *now,
                          size_t k, size_t d, int n_threads)
{
    float most = 0, next = 0;
    size_t farthest = 0;
    for (size_t j = 0; j < k; j++) {
        float moved = seg_float_above(sqrt(dist2_of(before + j * d, now + j * d, d))
                                      * (1 + 0x1p-30));
        drift->own[j] = moved;
        if (moved > most) {
            next = most;
            most = moved;
            farthest = j;
        } else if (moved > next) {
            next = moved;
        }
    }
    for (size_t j = 0; j < k; j++)
        drift->other[j] = j == farthest ? next : most;

    #pragma omp parallel for schedule(static) num_threads(n_threads) if (k > 32)
    for (size_t j = 0; j < k; j++) {
        double least = (double)INFINITY;
        for (size_t i = 0; i < k; i++) {
            double dist2 = i == j ? least : dist2_of(now + j * d, now + i * d, d);
            least = dist2 < least ? dist2 : least;
        }
        drift->half_gap[j] = k > 1 ? (float)(sqrt(least) / 2 * (1 - 0x1p-20)) : INFINITY;
    }
}

/* ---- one chunk --------------------------------------------------------------------------- */

typedef struct work {
    const seg_kmeans_sweep *sweep;
    const seg_kmeans_plan *plan;
    const seg_kmeans_memory *memory;
    const seg_kernels *kernels;
    bool bounds;
} work;

typedef struct share {         /* of one thread */
    int64_t *sum, *count;
    uint64_t n_active, n_doubtful, n_changed;
} share;

/* Rows of the chunk that float32 left in doubt. */
static void decide(const work *w, size_t first, const uint32_t *pick, const seg_nearest *found,
                   seg_kmeans_scratch *scratch)
{
    seg_kmeans_pair pair[SEG_EXACT_ROWS];
    uint32_t row[SEG_EXACT_ROWS];
    for (size_t at = 0; at < found->n_doubtful; at += SEG_EXACT_ROWS) {
        const uint32_t *place = found->doubtful + at;
        size_t left = found->n_doubtful - at, n = left < SEG_EXACT_ROWS ? left : SEG_EXACT_ROWS;
        for (size_t i = 0; i < n; i++)
            row[i] = (uint32_t)first + (pick == NULL ? place[i] : pick[place[i]]);
        seg_kmeans_decide(w->plan, w->sweep->centres, w->kernels, row, n, scratch, pair);
        for (size_t i = 0; i < n; i++) {
            found->label[place[i]] = pair[i].label;
            if (found->upper == NULL)
                continue;
            found->upper[place[i]] = (float)sqrt(pair[i].dist2) * (1 + 0x1p-20f);
            found->lower[place[i]] = (float)fmin(sqrt(pair[i].second_dist2), 0x1p126) * (1 - 0x1p-20f);
        }
    }
}

static size_t list_all(size_t first, size_t n, const int32_t *label, seg_move *moves)
{
    for (size_t i = 0; i < n; i++)
        moves[i] = (seg_move){ (uint32_t)(first + i), -1, label[i] };
    return n;
}

/* In most groups of rows nothing changes. */
static size_t list_changed(const uint16_t *old, size_t first, size_t n, const int32_t *label,
                           seg_move *moves)
{
    enum { GROUP = 16 };
    size_t n_moves = 0;
    for (size_t at = 0; at < n; at += GROUP) {
        size_t end = at + GROUP < n ? at + GROUP : n;
        int32_t changed = 0;
        for (size_t i = at; i < end; i++)
            changed |= label[i] ^ old[i];
        for (size_t i = at; changed != 0 && i < end; i++)
            if (label[i] != old[i])
                moves[n_moves++] = (seg_move){ (uint32_t)(first + i), old[i], label[i] };
    }
    return n_moves;
}

static size_t list_moves(const work *w, size_t first, size_t n, const uint32_t *pick,
                         const int32_t *label, seg_move *moves)
{
    if (w->sweep->whole)
        return list_all(first, n, label, moves);
    const uint16_t *old = w->memory->label + first;
    if (pick == NULL)
        return list_changed(old, first, n, label, moves);
    size_t n_moves = 0;
    for (size_t i = 0; i < n; i++)
        if (old[pick[i]] != label[i])
            moves[n_moves++] = (seg_move){ (uint32_t)first + pick[i], old[pick[i]], label[i] };
    return n_moves;
}

static void remember(const work *w, size_t first, size_t n, const uint32_t *pick,
                     const seg_nearest *found, const seg_move *moves, size_t n_moves)
{
    const seg_kmeans_memory *memory = w->memory;
    for (size_t i = 0; i < n_moves && memory->label != NULL; i++)
        memory->label[moves[i].row] = (uint16_t)moves[i].to;
    for (size_t i = 0; i < n && found->upper != NULL; i++) {
        size_t row = first + (pick == NULL ? i : pick[i]);
        memory->upper[row] = found->upper[i];
        memory->lower[row] = found->lower[i];
    }
}

static void sweep_chunk(const work *w, size_t first, size_t n, seg_kmeans_scratch *scratch,
                        share *own)
{
    const seg_move_plan *move = &w->plan->move;
    const uint32_t *pick = NULL;
    if (w->sweep->drift != NULL) {
        const seg_kmeans_drift *drift = w->sweep->drift;
        seg_bounds_plan bounds = { w->sweep->centres->k, drift->own, drift->other,
                                   drift->half_gap };
        n = w->kernels->kmeans_bounds(&bounds, w->memory->label + first,
                                      w->memory->upper + first, w->memory->lower + first, n,
                                      scratch->pick);
        pick = scratch->pick;
    }
    own->n_active += n;
    if (n == 0)
        return;
    seg_nearest found = { .label = scratch->label, .doubtful = scratch->doubtful };
    if (w->bounds) {
        found.upper = scratch->upper;
        found.lower = scratch->lower;
    }
    seg_nearest_rows rows = { .x = move->x + first * move->stride, .stride = move->stride,
                              .pick = pick, .n = n };
    w->kernels->kmeans_nearest(&w->plan->nearest, &rows, scratch->tile, &found);
    own->n_doubtful += found.n_doubtful;
    decide(w, first, pick, &found, scratch);
    size_t n_moves = list_moves(w, first, n, pick, found.label, scratch->moves);
    own->n_changed += n_moves;
    w->kernels->kmeans_move(move, scratch->moves, n_moves, own->sum, own->count);
    remember(w, first, n, pick, &found, scratch->moves, n_moves);
}

/* ---- the block --------------------------------------------------------------------------- */

static void merge(seg_kmeans_sweep *into, const share *from)
{
    size_t k = into->centres->k, d = into->centres->d;
    for (size_t i = 0; i < k * d; i++)
        into->sum[i] += from->sum[i];
    for (size_t j = 0; j < k; j++)
        into->count[j] += from->count[j];
    into->n_active += from->n_active;
    into->n_doubtful += from->n_doubtful;
    into->n_changed += from->n_changed;
}

seg_status seg_kmeans_sweep_block(seg_kmeans_sweep *sweep, seg_matrix rows,
                                  const uint32_t *weight, const seg_kmeans_memory *memory,
                                  int n_threads, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_plan plan = { 0 };
    seg_kmeans_scratch *scratch = NULL;
    share *own = NULL;
    size_t k = sweep->centres->k, d = sweep->centres->d, n_chunks = seg_chunk_count(rows.n_rows);

    n_threads = seg_chunk_team(n_threads, n_chunks);
    TRY(seg_kmeans_plan_new(sweep->scale, sweep->centres, rows, weight, sweep->quantum, &plan,
                            err));
    plan.move.fold = sweep->fold;
    TRY(seg_kmeans_scratch_new(n_threads, d, sweep->centres->k_pad, &scratch, err));
    TRY(SEG_ALLOC(&own, (size_t)n_threads, "the sums", err));
    for (int t = 0; t < n_threads; t++) {
        TRY(SEG_ALLOC(&own[t].sum, k * d, "the sums", err));
        TRY(SEG_ALLOC(&own[t].count, k, "the counts", err));
    }
    work w = { sweep, &plan, memory, seg_kernels_get(), memory->upper != NULL };

    #pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
    for (size_t c = 0; c < n_chunks; c++) {
        size_t first = c * SEG_CHUNK_ROWS, left = rows.n_rows - first;
        int thread = omp_get_thread_num();
        sweep_chunk(&w, first, left < SEG_CHUNK_ROWS ? left : SEG_CHUNK_ROWS, &scratch[thread],
                    &own[thread]);
    }
    for (int t = 0; t < n_threads; t++)
        merge(sweep, &own[t]);

done:
    for (int t = 0; t < n_threads && own != NULL; t++) {
        seg_free(own[t].sum);
        seg_free(own[t].count);
    }
    seg_free(own);
    seg_kmeans_scratch_free(scratch, n_threads);
    seg_kmeans_plan_free(&plan);
    return st;
}

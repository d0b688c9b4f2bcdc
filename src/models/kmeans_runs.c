/* kmeans_runs.c: one run after the other: start, Lloyd's moves, and which run is kept. */
#include "models/kmeans_trainer.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

/* ---- runs --------------------------------------------------------------------------------- */

static seg_status begin_lloyd(seg_kmeans_trainer *t, seg_error *err)
{
    seg_kmeans_sums_free(&t->sums);
    seg_status st = seg_kmeans_sums_new(t->k, t->d, &t->sums, err);
    if (st != SEG_OK)
        return st;
    memcpy(t->sums.quantum, t->quantum, t->d * sizeof *t->quantum);
    t->sums.dist_quantum = t->dist_quantum;
    t->iteration = 0;
    t->last_spread = INT64_MAX;
    t->phase = t->options->max_iter == 0 ? FINAL : LLOYD;
    seg_kmeans_centres_set(&t->centres, t->centres_z, t->k);
    return SEG_OK;
}

seg_status seg_kmeans_begin_run(seg_kmeans_trainer *t, seg_error *err)
{
    t->k = 0;
    if (t->start == START_GIVEN) {
        t->k = t->k_last;
        memcpy(t->centres_z, t->given_z, t->k * t->d * sizeof *t->given_z);
        return begin_lloyd(t, err);
    }
    t->phase = DRAW;
    return SEG_OK;
}

static size_t candidates_wanted(const seg_kmeans_trainer *t)
{
    if (t->start == START_RANDOM)
        return t->k_wanted;
    if (t->start == START_FARTHEST || t->k == 0)
        return 1;
    size_t n = 2;   /* 2 + floor(ln k), as in the usual greedy start */
    for (size_t k = 3; k <= t->k_wanted && n < SEG_KMEANS_CANDIDATES; k = k * 2718 / 1000 + 1)
        n++;
    return n;
}

void seg_kmeans_begin_draw(seg_kmeans_trainer *t)
{
    t->n_candidates = candidates_wanted(t);
    for (size_t l = 0; l < t->n_candidates; l++)
        t->winners[l] = (seg_kmeans_winner){ (double)INFINITY, UINT64_MAX,
                                                 t->winner_z + l * t->d };
    seg_kmeans_centres_set(&t->centres, t->centres_z, t->k);
}

static void add_centre(seg_kmeans_trainer *t, const double *z)
{
    memcpy(t->centres_z + t->k * t->d, z, t->d * sizeof *z);
    t->k++;
}

static seg_status end_start(seg_kmeans_trainer *t, seg_error *err)
{
    if (t->k < t->k_wanted) {
        t->phase = DRAW;
        return SEG_OK;
    }
    return begin_lloyd(t, err);
}

/* Fewer distinct rows than wanted centres: go on with those there are. */
static seg_status settle_for_fewer(seg_kmeans_trainer *t, seg_error *err)
{
    if (!t->poor)
        seg_note(t->input.ctx, SEG_LEVEL_WARN, "only %zu distinct rows for %zu segments: %zu"
                 " segments are made", t->k, t->k_wanted, t->k);
    t->poor = true;
    return begin_lloyd(t, err);
}

seg_status seg_kmeans_end_draw(seg_kmeans_trainer *t, seg_error *err)
{
    t->draws += t->n_candidates;
    size_t there = 0;
    for (size_t l = 0; l < t->n_candidates; l++)
        if (t->winners[l].key < (double)INFINITY)
            there++;
    if (there == 0)
        return settle_for_fewer(t, err);
    if (t->start == START_RANDOM || t->n_candidates == 1) {
        for (size_t l = 0; l < t->n_candidates; l++)
            add_centre(t, t->winners[l].z);
        return end_start(t, err);
    }
    memcpy(t->centres_z + t->k * t->d, t->winner_z, t->n_candidates * t->d * sizeof(double));
    seg_kmeans_centres_set(&t->centres, t->centres_z, t->k + t->n_candidates);
    memset(t->potential, 0, sizeof t->potential);
    t->phase = CHOOSE;
    return SEG_OK;
}

seg_status seg_kmeans_end_choose(seg_kmeans_trainer *t, seg_error *err)
{
    size_t best = 0;
    for (size_t l = 1; l < t->n_candidates; l++)
        if (t->potential[l] < t->potential[best])
            best = l;
    add_centre(t, t->winner_z + best * t->d);
    return end_start(t, err);
}

/* Means of the sums; an empty cluster takes the row that is farthest from its centroid,
 * the farthest of all first, or stays where it is when every row is at its centroid. True
 * if any centroid changed. */
static bool move_centres(seg_kmeans_trainer *t)
{
    seg_kmeans_sums *s = &t->sums;
    bool moved = false;
    for (size_t j = 0; j < t->k; j++) {
        double *z = t->centres_z + j * t->d;
        size_t far = 0;
        for (size_t i = 1; s->count[j] == 0 && i < t->k; i++)
            if (s->far_dist2[i] > s->far_dist2[far])
                far = i;
        if (s->count[j] == 0 && !(s->far_dist2[far] > 0))
            continue;
        for (size_t f = 0; f < t->d; f++) {
            double to = s->count[j] > 0
                        ? (double)s->sum[j * t->d + f] / ((double)s->count[j] * s->quantum[f])
                        : s->far_z[far * t->d + f];
            moved = moved || to != z[f];
            z[f] = to;
        }
        if (s->count[j] == 0)
            s->far_dist2[far] = -1;
    }
    return moved;
}

static int64_t total_spread(const seg_kmeans_sums *s)
{
    int64_t sum = 0;
    for (size_t j = 0; j < s->k; j++)
        sum += s->spread[j];
    return sum;
}

void seg_kmeans_end_lloyd(seg_kmeans_trainer *t)
{
    int64_t spread = total_spread(&t->sums);
    bool moved = move_centres(t);
    bool settled = t->last_spread != INT64_MAX && t->options->tol > 0
                   && (double)(t->last_spread - spread)
                      <= t->options->tol * (double)t->last_spread;
    t->last_spread = spread;
    t->iteration++;
    seg_kmeans_centres_set(&t->centres, t->centres_z, t->k);
    if (!moved || settled || t->iteration >= t->options->max_iter)
        t->phase = FINAL;
}

/* ---- the end of a run ----------------------------------------------------------------------- */

static seg_status keep_best(seg_kmeans_trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_model *m = NULL;
    TRY(seg_kmeans_model_new(t->k, t->d, &m, err));
    memcpy(m->z, t->centres_z, t->k * t->d * sizeof *m->z);
    memcpy(m->shift, t->shift, t->d * sizeof *m->shift);
    memcpy(m->inverse, t->inverse, t->d * sizeof *m->inverse);
    m->log1p = t->scale.log1p;
    for (size_t j = 0; j < t->k; j++) {
        m->size[j] = t->sums.count[j];
        double n = m->size[j] > 0 ? (double)m->size[j] : 1;
        m->spread[j] = (double)t->sums.spread[j] / t->dist_quantum / n;
    }
    seg_kmeans_centres_set(&m->centres, m->z, m->k);
    seg_kmeans_model_free(t->best);
    t->best = m;
    t->best_iterations = t->iteration;
done:
    return st;
}

/* One line per k of what the restarts gave at best. */
static void note_k(seg_kmeans_trainer *t)
{
    seg_node *row = seg_put_object(t->scan_rows, NULL);
    seg_put_int(row, "k", (int64_t)t->k_wanted);
    seg_put_real(row, "inertia", t->k_inertia);
    seg_put_real(row, "silhouette", t->k_silhouette);
}

/* Restarts of one k are compared by inertia, the k of a scan by the silhouette. */
seg_status seg_kmeans_end_run(seg_kmeans_trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    double inertia = (double)total_spread(&t->sums) / t->dist_quantum;
    double silhouette = ldexp((double)t->sums.silhouette, -28) / (double)t->input.n_rows;
    bool first_of_k = t->restart == 0;
    if (first_of_k || inertia < t->k_inertia) {
        bool same_k = t->best != NULL && !first_of_k && t->best_k_wanted == t->k_wanted;
        t->k_inertia = inertia;
        t->k_silhouette = silhouette;
        if (t->best == NULL || same_k || silhouette > t->best_silhouette) {
            TRY(keep_best(t, err));
            t->best_inertia = inertia;
            t->best_silhouette = silhouette;
            t->best_k_wanted = t->k_wanted;
        }
    }
    bool once = t->start == START_GIVEN || t->start == START_FARTHEST;
    if (!once && ++t->restart < t->options->n_init)
        return seg_kmeans_begin_run(t, err);
    note_k(t);
    t->restart = 0;
    if (t->k_wanted == t->k_last || t->poor) {
        t->phase = DONE;
        return SEG_OK;
    }
    t->k_wanted++;
    st = seg_kmeans_begin_run(t, err);
done:
    return st;
}

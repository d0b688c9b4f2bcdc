/* kmeans_train.c: k-means as passes over blocks. One training is a walk over phases, each
 * a pass over the rows:
 *
 *   STATS       range, mean and deviation of each feature: scaling and fixed-point scales
 *   DRAW        races for the next centre (or for all of them: random start)
 *   CHOOSE      greedy start: which of the drawn rows leaves the least potential
 *   LLOYD       assign, sum, move; until the inertia falls by less than tol
 *   FINAL       assign to the final centroids: inertia, sizes, silhouette
 *
 * and from FINAL back to DRAW for the next restart or the next k of a scan. */
#include "models/kmeans.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/real.h"
#include "base/text.h"
#include "base/threads.h"
#include "base/try.h"
#include "kernels/column_stats.h"
#include "kernels/quantile_sample.h"
#include "models/kmeans_init.h"

enum { MAX_CANDIDATES = 16 };
typedef enum phase { STATS, DRAW, CHOOSE, LLOYD, FINAL, DONE } phase;
typedef enum start { START_GREEDY, START_RANDOM, START_FARTHEST, START_GIVEN } start;

typedef struct trainer {
    seg_train_input input;
    const seg_kmeans_options *options;
    int n_threads;
    start start;
    size_t k_first, k_last, d;
    size_t *columns;                 /* of the schema, d of them */
    phase phase;
    /* scaling */
    seg_column_stats stats;
    seg_quantile_sample sample;      /* robust scaling only */
    double *shift, *inverse;
    seg_kmeans_scale scale;
    double *quantum, dist_quantum;
    uint64_t rows_seen;
    /* this run */
    size_t k, n_candidates;          /* centres so far; candidates of this draw */
    size_t k_wanted;
    uint32_t restart, iteration;
    uint64_t draws;
    double *centres_z;               /* k_last + MAX_CANDIDATES rows */
    double *given_z;                 /* START_GIVEN, scaled after STATS */
    seg_kmeans_centres centres;
    seg_kmeans_winner *winners;      /* random start: k of them */
    double *winner_z;
    int64_t potential[MAX_CANDIDATES];
    seg_kmeans_sums sums;
    int64_t last_spread;
    /* the best so far */
    seg_doc *scan;
    seg_node *scan_rows;
    double k_inertia, k_silhouette;
    seg_kmeans_model *best;
    size_t best_k_wanted;
    double best_silhouette, best_inertia;
    uint32_t best_iterations;
    bool poor;                       /* fewer distinct rows than k */
} trainer;

/* ---- begin -------------------------------------------------------------------------- */

static seg_status parse_k(trainer *t, seg_error *err)
{
    const char *text = t->options->k, *dots = strstr(text, "..");
    size_t n = dots == NULL ? strlen(text) : (size_t)(dots - text);
    uint64_t first, last;
    bool good = seg_parse_u64(text, n, &first);
    last = first;
    if (good && dots != NULL)
        good = seg_parse_u64(dots + 2, strlen(dots + 2), &last);
    if (!good || first < 1 || last < first || last > 65536)
        return seg_fail(err, SEG_E_USAGE, "--k is '%.40s'; it must be a number or a range A..B"
                        " from 1 to 65536", text);
    if (t->start == START_GIVEN)
        return SEG_OK;   /* the file of centroids says how many */
    if (last > t->input.n_rows)
        return seg_fail(err, SEG_E_DATA, "--k %llu asks for more segments than there are rows:"
                        " %llu", (unsigned long long)last, (unsigned long long)t->input.n_rows);
    t->k_first = (size_t)first;
    t->k_last = (size_t)last;
    return SEG_OK;
}

static seg_status choose_columns(trainer *t, seg_error *err)
{
    const seg_schema *schema = t->input.schema;
    const char *list = t->options->features, *item;
    size_t n;
    seg_status st = SEG_ALLOC(&t->columns, schema->n_features, "the columns", err);
    if (st != SEG_OK)
        return st;
    if (list == NULL) {
        for (size_t f = 0; f < schema->n_features; f++)
            if (schema->features[f].type == SEG_TYPE_F32)
                t->columns[t->d++] = f;
    }
    while (list != NULL && seg_list_next(&list, &item, &n)) {
        size_t f = 0;
        while (f < schema->n_features && !seg_equal_n(schema->features[f].name, item, n))
            f++;
        if (f == schema->n_features)
            return seg_fail(err, SEG_E_USAGE, "--features names '%.*s', which is no feature of"
                            " the data", (int)(n < 60 ? n : 60), item);
        if (schema->features[f].type != SEG_TYPE_F32)
            return seg_fail(err, SEG_E_USAGE, "--features names '%.*s', which is a category;"
                            " k-means needs numbers", (int)(n < 60 ? n : 60), item);
        for (size_t c = 0; c < t->d; c++)
            if (t->columns[c] == f)
                return seg_fail(err, SEG_E_USAGE, "--features names '%.*s' twice",
                                (int)(n < 60 ? n : 60), item);
        t->columns[t->d++] = f;
    }
    if (t->d == 0)
        return seg_fail(err, SEG_E_DATA, "no number column to segment by: the data have %zu"
                        " features and none of them is a number", schema->n_features);
    return SEG_OK;
}

static seg_status choose_start(trainer *t, seg_error *err)
{
    static const char *const names[] = { "greedy", "random", "farthest" };
    for (size_t i = 0; i < 3; i++)
        if (strcmp(t->options->init, names[i]) == 0) {
            t->start = (start)i;
            return SEG_OK;
        }
    t->start = START_GIVEN;
    size_t k;
    seg_status st = seg_kmeans_init_read(t->options->init, t->input.schema, t->columns, t->d,
                                         &t->given_z, &k, err);
    if (st != SEG_OK)
        return st;
    if (k > t->input.n_rows)
        return seg_fail(err, SEG_E_DATA, "%s: %zu centroids but only %llu rows",
                        t->options->init, k, (unsigned long long)t->input.n_rows);
    t->k_first = t->k_last = k;
    return SEG_OK;
}

static seg_status allocate(trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t d = t->d, room = t->k_last + MAX_CANDIDATES;
    TRY(seg_column_stats_new(d, &t->stats, err));
    TRY(SEG_ALLOC(&t->shift, d, "the scaling", err));
    TRY(SEG_ALLOC(&t->inverse, d, "the scaling", err));
    TRY(SEG_ALLOC(&t->quantum, d, "the scaling", err));
    TRY(SEG_ALLOC(&t->centres_z, room * d, "the centroids", err));
    TRY(seg_kmeans_centres_new(room, d, &t->centres, err));
    TRY(SEG_ALLOC(&t->winners, room, "the races", err));
    TRY(SEG_ALLOC(&t->winner_z, room * d, "the races", err));
    if (t->options->scale == SEG_SCALE_ROBUST)
        TRY(seg_quantile_sample_new(d, t->input.n_rows, t->input.ctx->seed, &t->sample, err));
    t->scan = seg_doc_new();
    t->scan_rows = seg_put_array(seg_doc_root(t->scan), "scan");
    st = seg_doc_status(t->scan, err);
done:
    return st;
}

seg_status seg_kmeans_train_begin(const seg_train_input *input, void **out, seg_error *err)
{
    seg_status st = SEG_OK;
    trainer *t = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&t, 1, "the training", err));
    t->input = *input;
    t->options = input->options;
    t->n_threads = seg_thread_count(input->ctx->n_threads);
    if (input->n_rows == 0) {
        st = seg_fail(err, SEG_E_DATA, "no rows to learn from");
        goto done;
    }
    TRY(choose_columns(t, err));
    TRY(choose_start(t, err));
    TRY(parse_k(t, err));
    TRY(allocate(t, err));
    t->scale = (seg_kmeans_scale){ .d = t->d, .columns = t->columns, .shift = t->shift,
                                   .inverse = t->inverse,
                                   .log1p = t->options->scale == SEG_SCALE_LOG1P_Z };
    t->phase = STATS;
    t->k_wanted = t->k_first;
    t->best_inertia = (double)INFINITY;
    t->best_silhouette = -(double)INFINITY;
    *out = t;
    t = NULL;

done:
    seg_kmeans_train_free(t);
    return st;
}

void seg_kmeans_train_free(void *trainer_)
{
    trainer *t = trainer_;
    if (t == NULL)
        return;
    seg_free(t->columns);
    seg_column_stats_free(&t->stats);
    seg_quantile_sample_free(&t->sample);
    seg_free(t->shift);
    seg_free(t->inverse);
    seg_free(t->quantum);
    seg_free(t->centres_z);
    seg_free(t->given_z);
    seg_kmeans_centres_free(&t->centres);
    seg_free(t->winners);
    seg_free(t->winner_z);
    seg_kmeans_sums_free(&t->sums);
    seg_doc_free(t->scan);
    seg_kmeans_model_free(t->best);
    seg_free(t);
}

/* ---- scaling --------------------------------------------------------------------------- */

static seg_status scale_of(trainer *t, size_t f, seg_error *err)
{
    const char *name = t->input.schema->features[t->columns[f]].name;
    double least, largest, mean, sd;
    if (seg_column_stats_range(&t->stats, f, &least, &largest) == 0)
        return seg_fail(err, SEG_E_DATA, "column '%s' has no values; leave it out with"
                        " --features", name);
    if (!isfinite(least) || !isfinite(largest))
        return seg_fail(err, SEG_E_DATA, "column '%s' has infinite values%s", name,
                        t->scale.log1p ? " or values of -1 and less under log1p" : "");
    seg_column_stats_mean(&t->stats, f, &mean, &sd);
    double shift = mean, spread = sd;
    switch (t->options->scale) {
    case SEG_SCALE_NONE:
        spread = 1;
        break;
    case SEG_SCALE_MINMAX:
        shift = least;
        spread = largest - least;
        break;
    case SEG_SCALE_ROBUST:
        shift = seg_quantile_sample_at(&t->sample, f, 0.5);
        spread = seg_quantile_sample_at(&t->sample, f, 0.75)
                 - seg_quantile_sample_at(&t->sample, f, 0.25);
        if (spread <= 0)
            spread = sd;
        break;
    default:
        break;
    }
    if (spread <= 0)
        seg_note(t->input.ctx, SEG_LEVEL_WARN, "column '%s' is constant: it separates nothing",
                 name);
    t->shift[f] = shift;
    t->inverse[f] = spread > 0 ? 1 / spread : 0;
    return SEG_OK;
}

static double power_below(double limit)
{
    int exponent;
    frexp(limit, &exponent);
    return ldexp(1, exponent - 2);
}

/* Fixed-point scales such that rows x largest value stays below 2^62. */
static void choose_quanta(trainer *t)
{
    double n = (double)t->input.n_rows, widest = 0;
    for (size_t f = 0; f < t->d; f++) {
        double least, largest;
        seg_column_stats_range(&t->stats, f, &least, &largest);
        double low = (least - t->shift[f]) * t->inverse[f];
        double high = (largest - t->shift[f]) * t->inverse[f];
        for (size_t j = 0; t->given_z != NULL && j < t->k_last; j++) {
            double z = t->given_z[j * t->d + f];
            low = z < low ? z : low;
            high = z > high ? z : high;
        }
        double most = fabs(low) > fabs(high) ? fabs(low) : fabs(high);
        t->quantum[f] = power_below(ldexp(1, 62) / (n * (most > 0 ? most : 1)));
        /* a missing value sits at 0, which may lie outside the range */
        low = low < 0 ? low : 0;
        high = high > 0 ? high : 0;
        widest += (high - low) * (high - low);
    }
    t->dist_quantum = power_below(ldexp(1, 62) / (n * (widest > 0 ? widest : 1)));
}

static seg_status end_stats(trainer *t, seg_error *err)
{
    for (size_t f = 0; f < t->d; f++) {
        seg_status st = scale_of(t, f, err);
        if (st != SEG_OK)
            return st;
    }
    for (size_t i = 0; t->given_z != NULL && i < t->k_last * t->d; i++) {
        size_t f = i % t->d;
        double v = t->scale.log1p ? seg_log1p(t->given_z[i]) : t->given_z[i];
        if (!isfinite(v))
            return seg_fail(err, SEG_E_DATA, "%s: row %zu: column '%s' is -1 or less, which has"
                            " no log1p", t->options->init, i / t->d + 1,
                            t->input.schema->features[t->columns[f]].name);
        t->given_z[i] = (v - t->shift[f]) * t->inverse[f];
    }
    choose_quanta(t);
    return SEG_OK;
}

/* ---- runs --------------------------------------------------------------------------------- */

static seg_status begin_lloyd(trainer *t, seg_error *err)
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

static seg_status begin_run(trainer *t, seg_error *err)
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

static size_t candidates_wanted(const trainer *t)
{
    if (t->start == START_RANDOM)
        return t->k_wanted;
    if (t->start == START_FARTHEST || t->k == 0)
        return 1;
    size_t n = 2;   /* 2 + floor(ln k), as in the usual greedy start */
    for (size_t k = 3; k <= t->k_wanted && n < MAX_CANDIDATES; k = k * 2718 / 1000 + 1)
        n++;
    return n;
}

static void begin_draw(trainer *t)
{
    t->n_candidates = candidates_wanted(t);
    for (size_t l = 0; l < t->n_candidates; l++)
        t->winners[l] = (seg_kmeans_winner){ (double)INFINITY, UINT64_MAX,
                                                 t->winner_z + l * t->d };
    seg_kmeans_centres_set(&t->centres, t->centres_z, t->k);
}

static void add_centre(trainer *t, const double *z)
{
    memcpy(t->centres_z + t->k * t->d, z, t->d * sizeof *z);
    t->k++;
}

static seg_status end_start(trainer *t, seg_error *err)
{
    if (t->k < t->k_wanted) {
        t->phase = DRAW;
        return SEG_OK;
    }
    return begin_lloyd(t, err);
}

/* Fewer distinct rows than wanted centres: go on with those there are. */
static seg_status settle_for_fewer(trainer *t, seg_error *err)
{
    if (!t->poor)
        seg_note(t->input.ctx, SEG_LEVEL_WARN, "only %zu distinct rows for %zu segments: %zu"
                 " segments are made", t->k, t->k_wanted, t->k);
    t->poor = true;
    return begin_lloyd(t, err);
}

static seg_status end_draw(trainer *t, seg_error *err)
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

static seg_status end_choose(trainer *t, seg_error *err)
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
static bool move_centres(trainer *t)
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

static void end_lloyd(trainer *t)
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

static seg_status keep_best(trainer *t, seg_error *err)
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
static void note_k(trainer *t)
{
    seg_node *row = seg_put_object(t->scan_rows, NULL);
    seg_put_int(row, "k", (int64_t)t->k_wanted);
    seg_put_real(row, "inertia", t->k_inertia);
    seg_put_real(row, "silhouette", t->k_silhouette);
}

/* Restarts of one k are compared by inertia, the k of a scan by the silhouette. */
static seg_status end_run(trainer *t, seg_error *err)
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
        return begin_run(t, err);
    note_k(t);
    t->restart = 0;
    if (t->k_wanted == t->k_last || t->poor) {
        t->phase = DONE;
        return SEG_OK;
    }
    t->k_wanted++;
    st = begin_run(t, err);
done:
    return st;
}

/* ---- the pass contract ------------------------------------------------------------------ */

seg_status seg_kmeans_pass_begin(void *trainer_, bool *more, seg_error *err)
{
    (void)err;
    trainer *t = trainer_;
    *more = t->phase != DONE;
    if (t->phase == DRAW)
        begin_draw(t);
    if (t->phase == LLOYD || t->phase == FINAL)
        seg_kmeans_sums_clear(&t->sums);
    return SEG_OK;
}

static seg_status add_stats(trainer *t, const seg_block *block, seg_error *err)
{
    for (size_t f = 0; t->rows_seen == 0 && f < t->d; f++) {
        double first = (double)block->x.x[t->columns[f]];
        t->stats.origin[f] = isfinite(first) ? first : 0;
        if (t->scale.log1p)
            t->stats.origin[f] = 0;
    }
    t->rows_seen += block->n_rows;
    seg_column_stats_add(&t->stats, t->columns, t->scale.log1p, block->x, block->first_row,
                         t->n_threads);
    if (t->options->scale != SEG_SCALE_ROBUST)
        return SEG_OK;
    return seg_quantile_sample_add(&t->sample, t->columns, block->x, block->first_row, err);
}

seg_status seg_kmeans_pass_add(void *trainer_, const seg_block *block, seg_error *err)
{
    trainer *t = trainer_;
    static const seg_kmeans_weight weights[] = {
        [START_GREEDY] = SEG_KMEANS_DISTANCE, [START_RANDOM] = SEG_KMEANS_UNIFORM,
        [START_FARTHEST] = SEG_KMEANS_FARTHEST, [START_GIVEN] = SEG_KMEANS_UNIFORM,
    };
    switch (t->phase) {
    case STATS:
        return add_stats(t, block, err);
    case DRAW:
        return seg_kmeans_race(&t->scale, &t->centres,
                               t->k == 0 ? SEG_KMEANS_UNIFORM : weights[t->start],
                               t->input.ctx->seed, t->draws, block->x, block->first_row,
                               t->n_threads, t->winners, t->n_candidates, err);
    case CHOOSE:
        return seg_kmeans_potential(&t->scale, &t->centres, t->n_candidates, t->dist_quantum,
                                    block->x, t->n_threads, t->potential, err);
    case LLOYD:
    case FINAL:
        return seg_kmeans_assign(&t->scale, &t->centres, block->x, block->first_row,
                                 t->n_threads, NULL, &t->sums, err);
    case DONE:
        break;
    }
    return seg_fail(err, SEG_E_IO, "a block came after the last pass");
}

static seg_status end_phase(trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    switch (t->phase) {
    case STATS:
        if (t->options->scale == SEG_SCALE_ROBUST)
            TRY(seg_quantile_sample_sort(&t->sample, err));
        TRY(end_stats(t, err));
        return begin_run(t, err);
    case DRAW:   return end_draw(t, err);
    case CHOOSE: return end_choose(t, err);
    case FINAL:  return end_run(t, err);
    case LLOYD:  end_lloyd(t); break;
    case DONE:   break;
    }
done:
    return st;
}

seg_status seg_kmeans_pass_end(void *trainer_, seg_error *err)
{
    return end_phase(trainer_, err);
}

/* ---- the result --------------------------------------------------------------------------- */

static void put_segments(const seg_kmeans_model *m, int64_t rows, seg_node *figures)
{
    seg_node *sizes = seg_put_array(figures, "sizes");
    for (size_t j = 0; j < m->k; j++)
        seg_put_int(sizes, NULL, m->size[j]);
    seg_node *centroids = seg_put_array(figures, "centroids");
    for (size_t j = 0; j < m->k; j++) {
        seg_node *row = seg_put_array(centroids, NULL);
        for (size_t f = 0; f < m->d; f++)
            seg_put_real(row, NULL, seg_kmeans_centroid(m, j, f));
    }
    seg_node *segments = seg_put_array(figures, "segments");
    for (size_t j = 0; j < m->k; j++) {
        seg_node *row = seg_put_object(segments, NULL);
        seg_put_int(row, "segment", (int64_t)j);
        seg_put_text(row, "segment_name", m->names[j]);
        seg_put_int(row, "rows", m->size[j]);
        seg_put_real(row, "share", (double)m->size[j] / (double)rows);
    }
}

seg_status seg_kmeans_train_end(void *trainer_, seg_model *model, seg_node *figures,
                                seg_error *err)
{
    seg_status st = SEG_OK;
    trainer *t = trainer_;
    TRY(seg_schema_new(SEG_KIND_FEATURES, &model->schema, err));
    for (size_t f = 0; f < t->d; f++)
        TRY(seg_schema_add_feature(model->schema,
                                   &t->input.schema->features[t->columns[f]], err));
    TRY(seg_kmeans_name_segments(t->best, &model->schema->view, err));

    seg_put_int(figures, "rows", (int64_t)t->input.n_rows);
    seg_put_int(figures, "k", (int64_t)t->best->k);
    seg_put_real(figures, "inertia", t->best_inertia);
    seg_put_real(figures, "silhouette", t->best_silhouette);
    seg_put_int(figures, "iterations", t->best_iterations);
    put_segments(t->best, (int64_t)t->input.n_rows, figures);
    seg_put_node(figures, "scan", t->scan_rows);
    TRY(seg_doc_status(t->scan, err));
    model->state = t->best;
    t->best = NULL;
done:
    return st;
}

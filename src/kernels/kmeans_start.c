/* kmeans_start.c: the ways to start. One step adds a centroid: a few rows are drawn, one
 * sweep measures what each of them would leave (its potential), the best is taken. */
#include "kernels/kmeans_start.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/real.h"
#include "base/rng.h"
#include "base/try.h"
#include "kernels/kernels.h"

enum { MOST_CANDIDATES = 16, PANELS_A_TASK = 16 };

/* ---- rows ready to be measured -------------------------------------------------------------- */

static int64_t weight_of(const seg_kmeans_start *s, size_t row)
{
    return row >= s->rows.n_rows ? 0 : s->weight == NULL ? 1 : (int64_t)s->weight[row];
}

static void scale_row(const seg_kmeans_start *s, size_t row, double *z)
{
    seg_kmeans_scale_row(&s->scaler, s->rows.x + row * s->rows.stride, z);
}

static void fill_panel(seg_kmeans_start *s, size_t p, double *z)
{
    size_t d = s->scale->d, first = p * SEG_PANEL_ROWS;
    float *panel = s->z + p * d * SEG_PANEL_ROWS;
    for (size_t r = 0; r < SEG_PANEL_ROWS && first + r < s->rows.n_rows; r++) {
        scale_row(s, first + r, z);
        for (size_t f = 0; f < d; f++)
            panel[f * SEG_PANEL_ROWS + r] = (float)(z[f] * s->unit);
    }
}

static size_t padded(size_t n)
{
    return (n + SEG_GAINS_STEP - 1) / SEG_GAINS_STEP * SEG_GAINS_STEP;
}

static size_t candidates_for(size_t k)
{
    size_t n = 2;   /* 2 + floor(ln k), as in the usual greedy start */
    for (double e = 2.718281828459045; e <= (double)k && n < MOST_CANDIDATES; e *= 2.718281828459045)
        n++;
    return n;
}

seg_status seg_kmeans_start_new(const seg_kmeans_scale *scale, seg_matrix rows,
                                const uint32_t *weight, double widest, size_t k_most,
                                int n_threads, seg_kmeans_start *out, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n_panels = (rows.n_rows + SEG_PANEL_ROWS - 1) / SEG_PANEL_ROWS;
    size_t room = padded(candidates_for(k_most));
    *out = (seg_kmeans_start){ .scale = scale, .scaler = seg_kmeans_scaler_of(scale), .rows = rows, .weight = weight,
                               .n_threads = n_threads, .n_panels = n_panels, .room = room };
    TRY(SEG_ALLOC(&out->near, n_panels * SEG_PANEL_ROWS, "the rows to start from", err));
    TRY(SEG_ALLOC(&out->mass, n_panels, "the rows to start from", err));
    for (size_t r = 0; r < rows.n_rows; r++)
        out->total_weight += (double)weight_of(out, r);
    double limit = ldexp(1, 62) / (out->total_weight > 1 ? out->total_weight : 1);
    limit = limit < 0x1p51 ? limit : 0x1p51;
    widest = widest > 0 ? widest : 1;
    out->unit = ldexp(1, -ilogb(widest) / 2);
    out->quantum = seg_power_below(limit / (widest * out->unit * out->unit));
    return SEG_OK;

done:
    seg_kmeans_start_free(out);
    return st;
}

/* What distances are measured with; rows are drawn at random without. */
static seg_status need_panels(seg_kmeans_start *s, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t d = s->scale->d;
    double *z = NULL;
    if (s->z != NULL)
        return SEG_OK;
    TRY(SEG_ALLOC(&z, d, "a row", err));
    TRY(SEG_ALLOC(&s->dist2, s->n_panels * s->room * SEG_PANEL_ROWS, "the candidates", err));
    TRY(SEG_ALLOC(&s->packed, s->room * d, "the candidates", err));
    TRY(SEG_ALLOC(&s->potential, s->n_panels * s->room, "the candidates", err));
    TRY(SEG_ALLOC(&s->z, s->n_panels * d * SEG_PANEL_ROWS, "the rows to start from", err));
    for (size_t p = 0; p < s->n_panels; p++)
        fill_panel(s, p, z);

done:
    seg_free(z);
    return st;
}

void seg_kmeans_start_free(seg_kmeans_start *start)
{
    seg_free(start->z);
    seg_free(start->near);
    seg_free(start->mass);
    seg_free(start->dist2);
    seg_free(start->packed);
    seg_free(start->potential);
    *start = (seg_kmeans_start){ 0 };
}

/* ---- masses --------------------------------------------------------------------------------- */

static int64_t units(const seg_kmeans_start *s, float dist2)
{
    /* below 2^51: adding 1.5 * 2^52 rounds to the nearest whole number */
    return (int64_t)((double)dist2 * s->quantum + 0x1.8p52 - 0x1.8p52);
}

static int64_t row_mass(const seg_kmeans_start *s, size_t row)
{
    float near = s->near[row];
    return near > 3e38f ? weight_of(s, row) : weight_of(s, row) * units(s, near);
}

static void weigh_panel(seg_kmeans_start *s, size_t p)
{
    int64_t sum = 0;
    for (size_t r = 0; r < SEG_PANEL_ROWS; r++)
        sum += row_mass(s, p * SEG_PANEL_ROWS + r);
    s->mass[p] = sum;
}

/* Nothing is near yet: the mass of a row is its weight. */
static void forget(seg_kmeans_start *s)
{
    for (size_t i = 0; i < s->n_panels * SEG_PANEL_ROWS; i++)
        s->near[i] = INFINITY;
    for (size_t p = 0; p < s->n_panels; p++)
        weigh_panel(s, p);
}

static int64_t total_mass(const seg_kmeans_start *s)
{
    int64_t sum = 0;
    for (size_t p = 0; p < s->n_panels; p++)
        sum += s->mass[p];
    return sum;
}

/* The row in which the running sum of the masses passes `at` (0 <= at < the total). */
static size_t row_at(const seg_kmeans_start *s, int64_t at)
{
    size_t p = 0;
    for (; at >= s->mass[p]; p++)
        at -= s->mass[p];
    size_t row = p * SEG_PANEL_ROWS;
    for (int64_t mass; at >= (mass = row_mass(s, row)); row++)
        at -= mass;
    return row;
}

/* ---- one sweep ------------------------------------------------------------------------------ */

static void pack(seg_kmeans_start *s, const double *z, size_t n, size_t n_pad)
{
    size_t d = s->scale->d;
    for (size_t l = 0; l < n_pad; l++)
        for (size_t f = 0; f < d; f++)
            s->packed[l / SEG_GAINS_STEP * SEG_GAINS_STEP * d + f * SEG_GAINS_STEP
                      + l % SEG_GAINS_STEP] = (float)(z[(l < n ? l : 0) * d + f] * s->unit);
}

/* What the panel would keep of its mass if candidate l were taken. */
static int64_t potential_of(const seg_kmeans_start *s, size_t p, const float *dist2)
{
    const float *near = s->near + p * SEG_PANEL_ROWS;
    int64_t sum = 0;
    if (s->weight == NULL && (p + 1) * SEG_PANEL_ROWS <= s->rows.n_rows) {
        for (size_t r = 0; r < SEG_PANEL_ROWS; r++)
            sum += units(s, dist2[r] < near[r] ? dist2[r] : near[r]);
        return sum;
    }
    for (size_t r = 0; r < SEG_PANEL_ROWS; r++)
        sum += units(s, dist2[r] < near[r] ? dist2[r] : near[r])
               * weight_of(s, p * SEG_PANEL_ROWS + r);
    return sum;
}

/* Distances of all rows to n candidates and their potentials; returns the best one. */
static size_t try_candidates(seg_kmeans_start *s, const double *z, size_t n)
{
    const seg_kernels *kernels = seg_kernels_get();
    size_t d = s->scale->d, n_pad = padded(n);
    int64_t sum[MOST_CANDIDATES] = { 0 };
    size_t best = 0;
    pack(s, z, n, n_pad);

    #pragma omp parallel for schedule(dynamic, PANELS_A_TASK) num_threads(s->n_threads)
    for (size_t p = 0; p < s->n_panels; p++) {
        float *dist2 = s->dist2 + p * s->room * SEG_PANEL_ROWS;
        kernels->kmeans_gains(s->z + p * d * SEG_PANEL_ROWS, d, s->packed, n_pad, dist2);
        for (size_t l = 0; l < n && n > 1; l++)
            s->potential[p * s->room + l] = potential_of(s, p, dist2 + l * SEG_PANEL_ROWS);
    }
    for (size_t p = 0; p < s->n_panels && n > 1; p++)
        for (size_t l = 0; l < n; l++)
            sum[l] += s->potential[p * s->room + l];
    for (size_t l = 1; l < n; l++)
        best = sum[l] < sum[best] ? l : best;
    return best;
}

/* The rows come nearer to the candidate that was taken. */
static void take(seg_kmeans_start *s, size_t l)
{
    #pragma omp parallel for schedule(dynamic, PANELS_A_TASK) num_threads(s->n_threads)
    for (size_t p = 0; p < s->n_panels; p++) {
        const float *dist2 = s->dist2 + (p * s->room + l) * SEG_PANEL_ROWS;
        float *near = s->near + p * SEG_PANEL_ROWS;
        for (size_t r = 0; r < SEG_PANEL_ROWS; r++)
            near[r] = dist2[r] < near[r] ? dist2[r] : near[r];
        weigh_panel(s, p);
    }
}

static void take_given(seg_kmeans_start *s, const double *z, size_t k)
{
    forget(s);
    for (size_t j = 0; j < k; j++) {
        try_candidates(s, z + j * s->scale->d, 1);
        take(s, 0);
    }
}

/* ---- the ways ------------------------------------------------------------------------------- */

/* SIZE_MAX: no row is anywhere else. */
static size_t farthest_row(const seg_kmeans_start *s)
{
    size_t best = SIZE_MAX;
    float most = 0;
    for (size_t r = 0; r < s->rows.n_rows; r++)
        if (s->near[r] > most && weight_of(s, r) > 0) {
            most = s->near[r];
            best = r;
        }
    return best;
}

/* n rows by their masses; the draws of centroid j are numbers j * MOST_CANDIDATES and on. */
static void draw_candidates(const seg_kmeans_start *s, seg_rng rng, size_t j, size_t n, double *z)
{
    uint64_t total = (uint64_t)total_mass(s);
    for (size_t l = 0; l < n; l++) {
        int64_t at = (int64_t)seg_rng_below(rng, j * MOST_CANDIDATES + l, total);
        scale_row(s, row_at(s, at), z + l * s->scale->d);
    }
}

static seg_status draw_greedy(seg_kmeans_start *s, bool farthest, seg_rng rng, size_t k_wanted,
                              double *z, size_t *k, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t d = s->scale->d;
    double *candidates = NULL;
    TRY(need_panels(s, err));
    TRY(SEG_ALLOC(&candidates, s->room * d, "the candidates", err));
    take_given(s, z, *k);
    for (size_t j = *k; j < k_wanted; j++) {
        /* Distances too small for the units of the masses still are distances. */
        bool by_distance = j > 0 && (farthest || total_mass(s) == 0);
        size_t n = j == 0 || by_distance ? 1 : candidates_for(k_wanted);
        size_t far = by_distance ? farthest_row(s) : 0;
        if (far == SIZE_MAX)
            break;
        if (by_distance)
            scale_row(s, far, candidates);
        else
            draw_candidates(s, rng, j, n, candidates);
        size_t best = try_candidates(s, candidates, n);
        take(s, best);
        memcpy(z + j * d, candidates + best * d, d * sizeof *z);
        *k = j + 1;
    }

done:
    seg_free(candidates);
    return st;
}

/* 0 and -0 are. */
static bool are_equal(const double *a, const double *b, size_t d)
{
    size_t f = 0;
    while (f < d && a[f] == b[f])
        f++;
    return f == d;
}

static bool is_among(const double *z, size_t k, const double *row, size_t d)
{
    for (size_t j = 0; j < k; j++)
        if (are_equal(z + j * d, row, d))
            return true;
    return false;
}

/* Different rows; where hardly any row is new, those that are left are found by distance. */
static seg_status draw_random(seg_kmeans_start *s, seg_rng rng, size_t k_wanted, double *z,
                              size_t *k, seg_error *err)
{
    enum { PATIENCE = 64 };
    size_t d = s->scale->d, vain = 0;
    forget(s);
    uint64_t total = (uint64_t)total_mass(s);
    for (uint64_t i = 0; *k < k_wanted && vain < PATIENCE; i++) {
        double *row = z + *k * d;
        scale_row(s, row_at(s, (int64_t)seg_rng_below(rng, i, total)), row);
        vain++;
        if (!is_among(z, *k, row, d)) {
            vain = 0;
            ++*k;
        }
    }
    return *k == k_wanted ? SEG_OK : draw_greedy(s, true, rng, k_wanted, z, k, err);
}

/* ---- k-means|| -------------------------------------------------------------------------------- */

enum { ROUNDS = 5, OVERSAMPLING = 2, ROUND_STREAM = 1 << 20 };

typedef struct crowd {
    float *x;                  /* n x d, scaled */
    size_t n, cap;
} crowd;

static seg_status add_to_crowd(const seg_kmeans_start *s, crowd *c, size_t row, double *z,
                               seg_error *err)
{
    size_t d = s->scale->d;
    seg_status st = SEG_GROW(&c->x, &c->cap, (c->n + 1) * d, "the candidates", err);
    if (st != SEG_OK)
        return st;
    scale_row(s, row, z);
    for (size_t f = 0; f < d; f++)
        c->x[c->n * d + f] = (float)z[f];
    c->n++;
    return SEG_OK;
}

static void take_crowd(seg_kmeans_start *s, const crowd *c, size_t from, double *z)
{
    size_t d = s->scale->d;
    for (size_t i = from; i < c->n; i++) {
        for (size_t f = 0; f < d; f++)
            z[f] = (double)c->x[i * d + f];
        try_candidates(s, z, 1);
        take(s, 0);
    }
}

static seg_status gather_crowd(seg_kmeans_start *s, seg_rng rng, size_t k, crowd *c,
                               seg_error *err)
{
    seg_status st = SEG_OK;
    double *z = NULL;
    TRY(need_panels(s, err));
    TRY(SEG_ALLOC(&z, s->scale->d, "a row", err));
    forget(s);
    size_t first = row_at(s, (int64_t)seg_rng_below(rng, 0, (uint64_t)total_mass(s)));
    TRY(add_to_crowd(s, c, first, z, err));
    take_crowd(s, c, 0, z);
    for (uint64_t round = 1; round <= ROUNDS && total_mass(s) > 0; round++) {
        double share = (double)(OVERSAMPLING * k) / (double)total_mass(s);
        seg_rng coins = { rng.seed, rng.stream + round * ROUND_STREAM };
        size_t from = c->n;
        for (size_t r = 0; r < s->rows.n_rows; r++) {
            int64_t mass = row_mass(s, r);
            if (mass > 0 && seg_rng_f64(coins, r) < share * (double)mass)
                TRY(add_to_crowd(s, c, r, z, err));
        }
        take_crowd(s, c, from, z);
    }

done:
    seg_free(z);
    return st;
}

/* Each of the crowd counts for the rows it is nearest to. */
static seg_status weigh_crowd(const seg_kmeans_start *s, const crowd *c, uint32_t *weight,
                              seg_error *err)
{
    seg_status st = SEG_OK;
    size_t d = s->scale->d;
    double *z = NULL;
    int64_t *sum = NULL;
    seg_kmeans_centres centres = { 0 };
    seg_kmeans_rows found = { 0 };
    TRY(SEG_ALLOC(&z, c->n * d, "the candidates", err));
    TRY(SEG_ALLOC(&sum, c->n, "the candidates", err));
    TRY(SEG_ALLOC(&found.label, s->rows.n_rows, "the labels", err));
    TRY(seg_kmeans_centres_new(c->n, d, &centres, err));
    for (size_t i = 0; i < c->n * d; i++)
        z[i] = (double)c->x[i];
    seg_kmeans_centres_set(&centres, z, c->n);
    TRY(seg_kmeans_assign(s->scale, &centres, s->rows, NULL, 0, s->n_threads, &found, NULL, err));
    int64_t most = 1;
    for (size_t r = 0; r < s->rows.n_rows; r++) {
        sum[found.label[r]] += weight_of(s, r);
        most = sum[found.label[r]] > most ? sum[found.label[r]] : most;
    }
    int64_t unit = most / (1 << 30) + 1;   /* so that weights fit */
    for (size_t i = 0; i < c->n; i++)
        weight[i] = (uint32_t)((sum[i] + unit - 1) / unit);

done:
    seg_free(z);
    seg_free(sum);
    seg_free(found.label);
    seg_kmeans_centres_free(&centres);
    return st;
}

static seg_status draw_parallel(seg_kmeans_start *s, seg_rng rng, size_t k_wanted, double *z,
                                size_t *k, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t d = s->scale->d;
    crowd c = { 0 };
    uint32_t *weight = NULL;
    size_t *columns = NULL;
    double *zero = NULL, *one = NULL;
    seg_kmeans_start among = { 0 };
    TRY(gather_crowd(s, rng, k_wanted, &c, err));
    TRY(SEG_ALLOC(&weight, c.n, "the candidates", err));
    TRY(weigh_crowd(s, &c, weight, err));
    TRY(SEG_ALLOC(&columns, d, "the columns", err));
    TRY(SEG_ALLOC(&zero, d, "the scaling", err));
    TRY(SEG_ALLOC(&one, d, "the scaling", err));
    for (size_t f = 0; f < d; f++) {
        columns[f] = f;
        one[f] = 1;
    }
    seg_kmeans_scale scale = { .d = d, .columns = columns, .shift = zero, .inverse = one };
    seg_matrix rows = { .x = c.x, .n_rows = c.n, .n_cols = d, .stride = d };
    double widest = ldexp(1, 51) / s->quantum / (s->unit * s->unit);
    TRY(seg_kmeans_start_new(&scale, rows, weight, widest, k_wanted, s->n_threads, &among, err));
    TRY(draw_greedy(&among, false, rng, k_wanted, z, k, err));
    if (*k < k_wanted)   /* beside a row far out the others may all be too near to be drawn */
        TRY(draw_greedy(s, false, rng, k_wanted, z, k, err));

done:
    seg_kmeans_start_free(&among);
    seg_free(c.x);
    seg_free(weight);
    seg_free(columns);
    seg_free(zero);
    seg_free(one);
    return st;
}

seg_status seg_kmeans_start_draw(seg_kmeans_start *start, seg_kmeans_way way, uint64_t seed,
                                 uint64_t stream, size_t k_wanted, double *z, size_t *k,
                                 seg_error *err)
{
    seg_rng rng = { seed, stream };
    switch (way) {
    case SEG_KMEANS_GREEDY:   break;
    case SEG_KMEANS_FARTHEST: return draw_greedy(start, true, rng, k_wanted, z, k, err);
    case SEG_KMEANS_RANDOM:   return draw_random(start, rng, k_wanted, z, k, err);
    case SEG_KMEANS_PARALLEL: return draw_parallel(start, rng, k_wanted, z, k, err);
    }
    return draw_greedy(start, false, rng, k_wanted, z, k, err);
}

#include "tests/support/kmeans_plain.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/real.h"
#include "base/rng.h"

const plain_case *plain_now;
float plain_x[PLAIN_N * PLAIN_WIDTH];
uint32_t plain_weight[PLAIN_N];
double plain_z[PLAIN_N * PLAIN_D];
seg_kmeans_space plain_space;
plain_pass plain_passes[PLAIN_PASSES];
size_t plain_n_passes;
bool plain_settled;

static size_t columns[PLAIN_D];
static float level[PLAIN_D];
static double shift[PLAIN_D], inverse[PLAIN_D], quantum[PLAIN_D];

/* ---- rows ----------------------------------------------------------------------------------- */

static double uniform(uint64_t i)
{
    return seg_rng_f64((seg_rng){ 19, 4 }, i);
}

static double value(size_t i, size_t f)
{
    size_t row = plain_now->cloth == REPEATED ? i * 7 % 61 : i, cloud = row * 13 % 11;
    uint64_t at = (row * PLAIN_D + f) * 4;
    double bell = uniform(at) + uniform(at + 1) + uniform(at + 2) - 1.5;
    double v = 2 * uniform(1u << 30 | (cloud * PLAIN_D + f)) + bell;
    switch (plain_now->cloth) {
    case TAILS:   return floor(exp(3 * fabs(v)));
    case GRID:    return floor(uniform(at) * 5);
    case OUTLIER: return i == 77 ? 1e6 : v;
    default:      return v;
    }
}

/* Codes, of which one has no feature: a level that is none of them. */
static void make_category(size_t first, size_t end)
{
    size_t column = plain_now->apart ? first * 7 % PLAIN_WIDTH : first + 2;
    for (size_t f = first; f < end; f++) {
        columns[f] = column;
        level[f] = (float)(f - first);
        shift[f] = (double)(float)(1.0 / (double)(end - first + 1));
        inverse[f] = sqrt(1.7);
    }
    for (size_t i = 0; i < plain_now->n; i++) {
        uint64_t at = 1ull << 42 | (i * PLAIN_D + first);
        bool gone = uniform(at + 1) < plain_now->missing;
        plain_x[i * PLAIN_WIDTH + column] =
            gone ? NAN : (float)floor(uniform(at) * (double)(end - first + 1));
    }
}

static void make_rows(void)
{
    size_t d = plain_now->d - plain_now->levels;
    for (size_t f = 0; f < d; f++) {
        level[f] = NAN;
        double scale = plain_now->cloth == WILD ? pow(10, (double)(f % 7) * 2 - 6) : 1;
        double offset = plain_now->cloth == WILD && f % 3 == 0 ? 1e6 * uniform(f) : 0;
        columns[f] = plain_now->apart ? f * 7 % PLAIN_WIDTH : f + 2;
        shift[f] = plain_now->cloth == GRID ? 0 : (double)(float)(offset + scale);
        inverse[f] = plain_now->cloth == GRID ? 1 : 1 / scale / (1 + uniform(f + 1000));
        for (size_t i = 0; i < plain_now->n; i++) {
            double v = offset + scale * value(i, f);
            bool gone = uniform(1ull << 40 | (i * d + f)) < plain_now->missing;
            plain_x[i * PLAIN_WIDTH + columns[f]] = gone ? NAN : (float)v;
        }
    }
    for (size_t i = 0; i < plain_now->n; i++)
        plain_weight[i] = plain_now->weighted ? (uint32_t)(uniform(1ull << 41 | i) * 6) : 1;
    if (plain_now->levels > 0) {
        make_category(d, d + plain_now->levels / 3);
        make_category(d + plain_now->levels / 3, plain_now->d);
    }
}

/* Our logarithm is part of what z is. */
static void scale_plainly(void)
{
    for (size_t i = 0; i < plain_now->n; i++)
        for (size_t f = 0; f < plain_now->d; f++) {
            double v = (double)plain_x[i * PLAIN_WIDTH + columns[f]];
            if (!isnan(level[f]))
                v = isnan(v) ? v : v == (double)level[f] ? 1 : 0;
            else if (plain_now->log1p)
                v = seg_log1p(v);
            plain_z[i * plain_now->d + f] = isnan(v) ? 0 : (v - shift[f]) * inverse[f];
        }
}

/* Powers of two with room for all sums. */
static double unit_for(double most, double total)
{
    double limit = fmin(0x1p61 / total, 0x1p50) / fmax(most, 1e-300);
    return exp2(floor(log2(limit)));
}

static void make_space(void)
{
    double widest = 0, total = 0;
    long double square = 0;
    for (size_t i = 0; i < plain_now->n; i++)
        total += plain_weight[i];
    for (size_t f = 0; f < plain_now->d; f++) {
        double most = 0;
        for (size_t i = 0; i < plain_now->n; i++) {
            double v = plain_z[i * plain_now->d + f];
            most = fmax(most, fabs(v));
            square += (long double)plain_weight[i] * v * v;
        }
        most = fmax(most, 1) * (plain_now->start == TWINS ? 200 : 3);   /* how far centroids lie */
        quantum[f] = plain_now->bits > 0 ? ldexp(1, plain_now->bits) : unit_for(most, total);
        widest += 4 * most * most;
    }
    plain_space = (seg_kmeans_space){
        .scale = { .d = plain_now->d, .columns = columns, .shift = shift, .inverse = inverse,
                   .level = plain_now->levels > 0 ? level : NULL, .log1p = plain_now->log1p },
        .quantum = quantum,
        .widest = widest, .dist_quantum = unit_for(widest, total),
        .total_square = (double)square, .n_rows = plain_now->n,
        .n_threads = 1,
    };
}

void plain_start_centres(double *centre)
{
    size_t d = plain_now->d;
    for (size_t j = 0; j < plain_now->k; j++)
        for (size_t f = 0; f < d; f++) {
            const double *row = plain_z + (j * 37 + 5) % plain_now->n * d;
            double *c = centre + j * d + f, before = j == 0 ? 0 : c[-(ptrdiff_t)d];
            *c = plain_now->k == plain_now->n ? plain_z[j * d + f] : row[f];
            if (plain_now->start == HALVES)
                *c = (double)((j >> 2 * f) % 4) + 0.5;
            if (plain_now->start == MIRRORED && j % 2 == 1)
                *c = 2 * row[f] - before;
            if (plain_now->start == TWINS && j % 3 == 2)
                *c = j % 2 == 0 ? before : 100;
        }
}

/* ---- passes --------------------------------------------------------------------------------- */

static void *room(size_t n, size_t size)
{
    void *p = calloc(n, size);
    assert_non_null(p);
    return p;
}

static void new_pass(plain_pass *p)
{
    size_t n = plain_now->n, kd = plain_now->k * plain_now->d;
    *p = (plain_pass){ .centre = room(kd, 8), .label = room(n, 4), .second = room(n, 4),
                       .dist2 = room(n, 8), .second_dist2 = room(n, 8), .sum = room(kd, 8),
                       .count = room(plain_now->k, 8) };
}

static void forget_passes(void)
{
    for (size_t i = 0; i < plain_n_passes; i++) {
        plain_pass *p = &plain_passes[i];
        free(p->centre);
        free(p->label);
        free(p->second);
        free(p->dist2);
        free(p->second_dist2);
        free(p->sum);
        free(p->count);
    }
    plain_n_passes = 0;
}

static void assign_plainly(plain_pass *p, size_t i)
{
    double dist2[PLAIN_K] = { 0 };
    size_t best = 0, second = SIZE_MAX;
    for (size_t j = 0; j < plain_now->k; j++) {
        for (size_t f = 0; f < plain_now->d; f++) {
            double off = plain_z[i * plain_now->d + f] - p->centre[j * plain_now->d + f];
            dist2[j] += off * off;
        }
        best = dist2[j] < dist2[best] ? j : best;
    }
    for (size_t j = 0; j < plain_now->k; j++)
        if (j != best && (second == SIZE_MAX || dist2[j] < dist2[second]))
            second = j;
    p->label[i] = (int32_t)best;
    p->dist2[i] = dist2[best];
    p->second[i] = second == SIZE_MAX ? -1 : (int32_t)second;
    p->second_dist2[i] = second == SIZE_MAX ? (double)INFINITY : dist2[second];
}

static void add_plainly(plain_pass *p)
{
    for (size_t i = 0; i < plain_now->n; i++) {
        size_t j = (size_t)p->label[i];
        p->count[j] += plain_weight[i];
        p->inertia += (long double)plain_weight[i] * p->dist2[i];
        for (size_t f = 0; f < plain_now->d; f++)
            p->sum[j * plain_now->d + f] += llrint(plain_z[i * plain_now->d + f] * quantum[f])
                                            * plain_weight[i];
    }
    for (size_t j = 0; j < plain_now->k; j++)
        p->empty = p->empty || p->count[j] == 0;
}

size_t plain_farthest(const plain_pass *p, size_t j)
{
    size_t far = SIZE_MAX;
    for (size_t i = 0; i < plain_now->n; i++)
        if ((size_t)p->label[i] == j && plain_weight[i] > 0
            && (far == SIZE_MAX || p->dist2[i] > p->dist2[far]))
            far = i;
    return far;
}

/* Empty clusters take the farthest rows in turn, at most one of each cluster. */
static void move_plainly(const plain_pass *p, double *to)
{
    size_t d = plain_now->d, far[PLAIN_K];
    for (size_t j = 0; j < plain_now->k; j++)
        far[j] = p->empty ? plain_farthest(p, j) : SIZE_MAX;
    for (size_t j = 0; j < plain_now->k; j++) {
        size_t from = SIZE_MAX;
        for (size_t i = 0; i < plain_now->k && p->count[j] == 0; i++)
            if (far[i] != SIZE_MAX && (from == SIZE_MAX || p->dist2[far[i]] > p->dist2[far[from]]))
                from = i;
        bool stays = p->count[j] == 0 && (from == SIZE_MAX || p->dist2[far[from]] <= 0);
        for (size_t f = 0; f < d; f++)
            to[j * d + f] = stays ? p->centre[j * d + f]
                            : p->count[j] == 0 ? plain_z[far[from] * d + f]
                            : (double)p->sum[j * d + f] / quantum[f] / (double)p->count[j];
        if (p->count[j] == 0 && !stays)
            far[from] = SIZE_MAX;
    }
}

bool plain_equal(const double *a, const double *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

static void run_plainly(void)
{
    size_t kd = plain_now->k * plain_now->d;
    double *next = room(kd, sizeof *next);
    plain_start_centres(next);
    plain_settled = false;
    for (plain_n_passes = 0; plain_n_passes < PLAIN_PASSES && !plain_settled; plain_n_passes++) {
        plain_pass *p = &plain_passes[plain_n_passes];
        new_pass(p);
        memcpy(p->centre, next, kd * sizeof *next);
        for (size_t i = 0; i < plain_now->n; i++)
            assign_plainly(p, i);
        add_plainly(p);
        move_plainly(p, next);
        plain_settled = plain_equal(next, p->centre, kd);
    }
    free(next);
}

void plain_make(const plain_case *c)
{
    forget_passes();
    plain_now = c;
    make_rows();
    scale_plainly();
    make_space();
    run_plainly();
}

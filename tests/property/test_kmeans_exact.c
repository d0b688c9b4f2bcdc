/* Every pass of k-means against two plain loops in float64 that add the same fixed-point
 * sums: no label, sum, centroid or distance differs in a bit, at any level, with labels and
 * bounds remembered or not; and bounds are true whenever they are kept. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/cpu.h"
#include "kernels/kernels.h"
#include "models/kmeans_fit.h"
#include "tests/support/kmeans_plain.h"

static seg_error err;
#define OK(call)                                                  \
    do {                                                          \
        seg_status st_ = (call);                                  \
        if (st_ != SEG_OK)                                        \
            fail_msg("%s: %s", seg_status_name(st_), err.text);   \
    } while (0)

/* ---- cases ---------------------------------------------------------------------------------- */

static const plain_case examples[] = {
    { "16 x 8", 6000, 16, 8, CLOUDS, ROWS, 0, false, false, false, 0, 0 },
    { "32 x 64", 2500, 32, 64, CLOUDS, ROWS, 0, false, false, false, 0, 0 },
    { "128 x 64", 1100, 128, 64, CLOUDS, ROWS, 0, false, false, false, 0, 0 },
    { "visits and money", 20000, 4, 8, TAILS, ROWS, 0, true, false, false, 0, 0 },
    { "logarithms, missing ones, apart", 3000, 15, 9, TAILS, ROWS, 0.1, true, true, false, 0, 0 },
    { "one column", 3000, 1, 130, CLOUDS, ROWS, 0, false, false, false, 0, 0 },
    { "one centroid", 3000, 5, 1, CLOUDS, ROWS, 0, false, false, false, 0, 0 },
    { "as many as rows", 300, 6, 300, CLOUDS, ROWS, 0, false, false, false, 0, 0 },
    { "one row", 1, 3, 1, CLOUDS, ROWS, 0, false, false, false, 0, 0 },
    { "offsets and scales", 4000, 16, 16, WILD, ROWS, 0, false, false, false, 0, 0 },
    { "offsets, columns apart", 3000, 13, 12, WILD, ROWS, 0, false, true, false, 0, 0 },
    { "repeated rows", 5000, 8, 20, REPEATED, ROWS, 0, false, false, false, 0, 0 },
    { "a grid", 5000, 3, 50, GRID, HALVES, 0, false, false, false, 0, 0 },
    { "mirrored", 3000, 8, 18, CLOUDS, MIRRORED, 0, false, false, false, 0, 0 },
    { "missing values", 4000, 16, 10, CLOUDS, ROWS, 0.2, false, false, false, 0, 0 },
    { "weights", 4000, 16, 9, CLOUDS, ROWS, 0.05, false, false, true, 0, 0 },
    { "empty ones", 4000, 16, 12, CLOUDS, TWINS, 0, false, false, false, 0, 0 },
    { "empty ones, weights", 3000, 7, 21, CLOUDS, TWINS, 0, false, true, true, 0, 0 },
    { "more than there are", 2000, 8, 90, REPEATED, TWINS, 0, false, false, false, 0, 0 },
    { "coarse units", 4000, 16, 9, CLOUDS, ROWS, 0, false, false, false, 9, 0 },
    { "categories", 4000, 9, 12, CLOUDS, ROWS, 0, false, false, false, 0, 6 },
    { "categories, missing ones, apart", 3000, 29, 9, CLOUDS, ROWS, 0.1, false, true, true, 0, 24 },
    { "categories and logarithms", 3000, 11, 9, TAILS, ROWS, 0.1, true, false, false, 0, 4 },
    { "categories only", 3000, 8, 20, CLOUDS, MIRRORED, 0.1, false, false, true, 0, 8 },
    { "many levels", 2000, 128, 30, CLOUDS, ROWS, 0.1, false, false, false, 0, 126 },
    { "an outlier", 4000, 16, 9, OUTLIER, ROWS, 0, false, false, false, 0, 0 },
};
enum { N_EXAMPLES = sizeof examples / sizeof *examples };

/* ---- comparisons ---------------------------------------------------------------------------- */

typedef enum keeping { NOTHING, LABELS, BOUNDS } keeping;

typedef struct variant {
    const char *isa;
    int n_threads;
    size_t block_rows;
    keeping keeping;
} variant;

static const variant *how;

#define DIFFERS(what, at)                                                                   \
    fail_msg("%s, pass %zu: %s %zu differs; level %s, %d threads, blocks of %zu, keeping "  \
             "%d", plain_now->name, number + 1, what, (size_t)(at), how->isa,               \
             how->n_threads, how->block_rows, (int)how->keeping)

static void *room(size_t n, size_t size)
{
    void *p = calloc(n, size);
    assert_non_null(p);
    return p;
}

/* Rows from `first` on, at most a block of them; their weights or null. */
static seg_matrix block_at(size_t first)
{
    size_t left = plain_now->n - first;
    return (seg_matrix){ plain_x + first * PLAIN_WIDTH,
                         left < how->block_rows ? left : how->block_rows, PLAIN_WIDTH,
                         PLAIN_WIDTH };
}

static const uint32_t *weight_at(size_t first)
{
    return plain_now->weighted ? plain_weight + first : NULL;
}

static void compare_sums(const seg_kmeans_sweep *got, const plain_pass *p, size_t number)
{
    for (size_t i = 0; i < plain_now->k * plain_now->d; i++)
        if (got->sum[i] != p->sum[i])
            DIFFERS("sum", i);
    for (size_t j = 0; j < plain_now->k; j++)
        if (got->count[j] != p->count[j])
            DIFFERS("count", j);
}

static void compare_memory(const seg_kmeans_memory *got, const plain_pass *p, size_t number)
{
    for (size_t i = 0; i < plain_now->n && got->label != NULL; i++)
        if (got->label[i] != p->label[i])
            DIFFERS("label", i);
    for (size_t i = 0; i < plain_now->n && got->upper != NULL; i++) {
        if (!((double)got->upper[i] >= sqrt(p->dist2[i]) * (1 - 1e-12)))
            DIFFERS("upper bound", i);
        if (!((double)got->lower[i] <= sqrt(p->second_dist2[i]) * (1 + 1e-12)))
            DIFFERS("lower bound", i);
    }
}

static void compare_rows(const seg_kmeans_rows *got, const plain_pass *p, size_t number)
{
    for (size_t i = 0; i < plain_now->n; i++) {
        if (got->label[i] != p->label[i] || got->second[i] != p->second[i])
            DIFFERS("assigned label", i);
        if (got->dist2[i] != p->dist2[i] || got->second_dist2[i] != p->second_dist2[i])
            DIFFERS("distance", i);
    }
}

static void compare_figures(const seg_kmeans_figures *got, const plain_pass *p, size_t number)
{
    size_t d = plain_now->d;
    int64_t *spread = room(plain_now->k, sizeof *spread);
    long double inertia = 0;
    for (size_t i = 0; i < plain_now->n; i++)
        spread[p->label[i]] += llrint(p->dist2[i] * got->dist_quantum) * plain_weight[i];
    for (size_t j = 0; j < plain_now->k; j++) {
        size_t far = plain_farthest(p, j);
        inertia += (long double)got->spread[j] / got->dist_quantum;
        if (got->count[j] != p->count[j] || got->spread[j] != spread[j])
            DIFFERS("figure", j);
        if (far == SIZE_MAX)
            continue;
        if (got->far_row[j] != far || got->far_dist2[j] != p->dist2[far]
            || !plain_equal(got->far_z + j * d, plain_z + far * d, d))
            DIFFERS("farthest row", j);
    }
    /* and what rounding every distance to a unit does in all */
    long double rounding = 5 * sqrtl((long double)plain_now->n) / got->dist_quantum;
    if (fabsl(inertia - p->inertia) > 1e-12L * p->inertia + rounding)
        DIFFERS("inertia", 0);
    free(spread);
}

static void figures_of(const seg_kmeans_centres *centres, const seg_kmeans_rows *out,
                       seg_kmeans_figures *figures)
{
    OK(seg_kmeans_figures_new(plain_now->k, plain_now->d, plain_space.dist_quantum, figures, &err));
    for (size_t first = 0; first < plain_now->n; first += how->block_rows) {
        seg_kmeans_rows part = { 0 };
        if (out != NULL)
            part = (seg_kmeans_rows){ out->label + first, out->second + first, out->dist2 + first,
                                      out->second_dist2 + first };
        OK(seg_kmeans_assign(&plain_space.scale, centres, block_at(first), weight_at(first),
                             first, how->n_threads, &part, figures, &err));
    }
}

/* Exact distances to the centroids of the pass. */
static void compare_assignment(const plain_pass *p, size_t number)
{
    static int32_t label[PLAIN_N], second[PLAIN_N];
    static double dist2[PLAIN_N], second_dist2[PLAIN_N];
    seg_kmeans_rows out = { label, second, dist2, second_dist2 };
    seg_kmeans_centres centres;
    seg_kmeans_figures figures;
    OK(seg_kmeans_centres_new(plain_now->k, plain_now->d, &centres, &err));
    seg_kmeans_centres_set(&centres, p->centre, plain_now->k);
    figures_of(&centres, &out, &figures);
    compare_rows(&out, p, number);
    compare_figures(&figures, p, number);
    seg_kmeans_figures_free(&figures);
    seg_kmeans_centres_free(&centres);
}

/* ---- runs ----------------------------------------------------------------------------------- */

static seg_kmeans_fit *new_fit(void)
{
    seg_kmeans_fit *fit;
    double *start = room(plain_now->k * plain_now->d, sizeof *start);
    OK(seg_kmeans_fit_new(&plain_space, plain_now->k + 3, 0, PLAIN_PASSES, &fit, &err));
    plain_start_centres(start);
    seg_kmeans_fit_start(fit, start, plain_now->k);
    free(start);
    if (how->keeping == NOTHING) {
        seg_free(fit->memory.label);
        fit->memory.label = NULL;
    }
    return fit;
}

static seg_fit_next end_pass(seg_kmeans_fit *fit, const plain_pass *p)
{
    seg_kmeans_figures figures;
    seg_fit_next next = seg_kmeans_fit_end(fit);
    assert_int_equal(next == SEG_FIT_RELOCATE, p->empty);
    if (next != SEG_FIT_RELOCATE)
        return next;
    figures_of(&fit->centres, NULL, &figures);
    next = seg_kmeans_fit_relocate(fit, &figures);
    seg_kmeans_figures_free(&figures);
    return next;
}

/* Returns how many rows the last pass looked at. */
static uint64_t run_fit(void)
{
    plain_space.n_threads = how->n_threads;
    seg_kmeans_fit *fit = new_fit();
    seg_fit_next next = SEG_FIT_AGAIN;
    uint64_t n_active = 0;
    for (size_t number = 0; number < plain_n_passes; number++) {
        const plain_pass *p = &plain_passes[number];
        assert_int_equal(next, SEG_FIT_AGAIN);
        if (!plain_equal(fit->z, p->centre, plain_now->k * plain_now->d))
            DIFFERS("a centroid", 0);
        fit->wait = how->keeping == BOUNDS ? 2 : -1;
        seg_kmeans_fit_begin(fit);
        for (size_t first = 0; first < plain_now->n; first += how->block_rows)
            OK(seg_kmeans_fit_add(fit, block_at(first), weight_at(first), first, &err));
        compare_sums(&fit->sweep, p, number);
        seg_kmeans_memory held = fit->memory;
        if (!fit->bounded)
            held.upper = NULL;
        compare_memory(&held, p, number);
        n_active = fit->sweep.n_active;
        next = end_pass(fit, p);
        if (plain_now->bits == 0
            && fabs(fit->inertia - (double)p->inertia) > 1e-12 * plain_space.total_square)
            DIFFERS("inertia by sums", 0);
        if (number == 0 || number == 4 || number == 19 || number + 1 == plain_n_passes)
            compare_assignment(p, number);
    }
    assert_int_equal(next, SEG_FIT_DONE);
    assert_int_equal(fit->reason, plain_settled ? SEG_FIT_SETTLED : SEG_FIT_MOST_PASSES);
    seg_kmeans_fit_free(fit);
    return n_active;
}

/* Bounds from the second pass on, whatever the shape. */
static void run_bounded_sweeps(void)
{
    size_t n = plain_now->n, k = plain_now->k, d = plain_now->d;
    seg_kmeans_memory memory = { room(n, 2), room(n, 4), room(n, 4) };
    seg_kmeans_sweep sweep = { .scale = &plain_space.scale, .quantum = plain_space.quantum,
                               .sum = room(k * d, 8), .count = room(k, 8) };
    seg_kmeans_centres centres;
    seg_kmeans_drift drift;
    OK(seg_kmeans_centres_new(k, d, &centres, &err));
    OK(seg_kmeans_drift_new(k, &drift, &err));
    sweep.centres = &centres;
    for (size_t number = 0; number < plain_n_passes; number++) {
        const plain_pass *p = &plain_passes[number];
        sweep.whole = number == 0;
        if (number > 0) {
            seg_kmeans_drift_set(&drift, p[-1].centre, p->centre, k, d, how->n_threads);
            sweep.drift = &drift;
        }
        seg_kmeans_centres_set(&centres, p->centre, k);
        OK(seg_kmeans_sweep_block(&sweep, block_at(0), weight_at(0), &memory, how->n_threads,
                                  &err));
        compare_sums(&sweep, p, number);
        compare_memory(&memory, p, number);
    }
    seg_kmeans_centres_free(&centres);
    seg_kmeans_drift_free(&drift);
    free(memory.label);
    free(memory.upper);
    free(memory.lower);
    free(sweep.sum);
    free(sweep.count);
}

/* ---- tests ---------------------------------------------------------------------------------- */

/* Threads wait for each other at length on a busy machine: only some cases have several. */
static void check_all_variants(bool threads)
{
    static variant v;
    for (seg_isa isa = SEG_ISA_BASE; isa < SEG_ISA_COUNT && seg_kernels_at(isa) != NULL; isa++)
        for (keeping kept = NOTHING; kept <= BOUNDS; kept++) {
            v = (variant){ seg_isa_name(isa), threads ? 1 + (int)kept : 1,
                           kept == LABELS ? 2048 : PLAIN_N, kept };
            how = &v;
            setenv("SEGMILL_ISA", v.isa, 1);
            run_fit();
            if (kept == BOUNDS)
                run_bounded_sweeps();
        }
    unsetenv("SEGMILL_ISA");
}

static void every_pass_is_what_two_plain_loops_give(void **state)
{
    (void)state;
    for (size_t e = 0; e < N_EXAMPLES; e++) {
        plain_make(&examples[e]);
        check_all_variants(e % 5 == 0);
    }
}

static void rows_whose_bounds_hold_are_passed_over(void **state)
{
    (void)state;
    static const variant bounds = { "best", 2, PLAIN_N, BOUNDS };
    how = &bounds;
    for (size_t e = 0; e < 2; e++) {
        plain_make(&examples[e]);
        assert_in_range(run_fit(), 0, plain_now->n / 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pass_is_what_two_plain_loops_give),
        cmocka_unit_test(rows_whose_bounds_hold_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The nearest centroid in float32 at every level this processor has: what it is sure of is
 * what float64 says, on rows made to deceive it; the bounds hold; it is seldom in doubt. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/rng.h"
#include "kernels/kmeans_plan.h"

enum { MAX_N = 400, MAX_D = 70, MAX_K = 40, WIDTH = 80 };

static float x[MAX_N * WIDTH];
static const float *rows_at = x;    /* what is measured, */
static size_t stride = WIDTH;       /*    and from row to row */
static double z[MAX_N * MAX_D], centroids[MAX_K * MAX_D];
static size_t columns[MAX_D];
static double shift[MAX_D], inverse[MAX_D];
static uint64_t counter;

static double uniform(void)
{
    return seg_rng_f64((seg_rng){ 5, 9 }, counter++);
}

static double bell(void)
{
    return uniform() + uniform() + uniform() + uniform() - 2;
}

/* ---- cases ---------------------------------------------------------------------------------- */

typedef struct example {
    const char *name;
    size_t n, d, k;
    double offset, spread;      /* of the columns; the spread differs by column */
    bool apart;                 /* columns in odd places */
    bool log1p;
    double missing;             /* share */
    double far;                 /* some centroids this far out */
    int ties;                   /* 1: centroids mirror each other about the rows, 2: they are
                                   a hair apart, 3: rows and centroids on a grid */
} example;

static const example examples[] = {
    { "plain", 400, 16, 8, 0, 1, false, false, 0, 0, 0 },
    { "one column", 100, 1, 5, 0, 1, false, false, 0, 0, 0 },
    { "one centroid", 50, 3, 1, 0, 1, false, false, 0, 0, 0 },
    { "two centroids", 50, 7, 2, 0, 1, false, false, 0, 0, 0 },
    { "odd sizes", 397, 13, 37, 0, 1, false, false, 0, 0, 0 },
    { "wide", 130, 70, 40, 0, 1, false, false, 0, 0, 0 },
    { "far from the origin", 300, 9, 6, 1e6, 1, false, false, 0, 0, 0 },
    { "tiny", 300, 9, 6, 0, 1e-6, false, false, 0, 0, 0 },
    { "huge", 300, 9, 6, 0, 1e6, false, false, 0, 0, 0 },
    { "beyond float", 60, 3, 4, 0, 1e25, false, false, 0, 0, 0 },
    { "below float", 60, 3, 4, 0, 1e-25, false, false, 0, 0, 0 },
    { "columns apart", 200, 11, 9, 3, 2, true, false, 0, 0, 0 },
    { "missing values", 300, 6, 5, 10, 1, false, false, 0.2, 0, 0 },
    { "logarithms", 300, 5, 6, 40, 9, false, true, 0.1, 0, 0 },
    { "a far centroid", 300, 8, 9, 0, 1, false, false, 0, 1e5, 0 },
    { "mirrored centroids", 300, 6, 10, 0, 1, false, false, 0, 0, 1 },
    { "hair's breadth", 300, 12, 10, 0, 1, false, false, 0, 0, 2 },
    { "a grid", 300, 3, 16, 0, 1, false, false, 0, 0, 3 },
};
enum { N_EXAMPLES = sizeof examples / sizeof *examples };

static void make_rows(const example *e)
{
    for (size_t f = 0; f < e->d; f++) {
        columns[f] = e->apart ? (f * 7) % WIDTH : f + 3;
        shift[f] = (double)(float)e->offset;
        inverse[f] = e->ties == 3 ? 1 : 0.7 + uniform();
    }
    for (size_t i = 0; i < e->n; i++)
        for (size_t f = 0; f < e->d; f++) {
            double v = e->ties == 3 ? floor(uniform() * 4) : e->offset + e->spread * bell();
            if (e->log1p)
                v = fabs(v);
            x[i * WIDTH + columns[f]] = uniform() < e->missing ? NAN : (float)v;
        }
}

static double scaled(const example *e, size_t i, size_t f)
{
    double v = (double)x[i * WIDTH + columns[f]];
    if (isnan(v))
        return 0;
    volatile double off = (e->log1p ? log1p(v) : v) - shift[f];
    return off * inverse[f];
}

static void mirror(const example *e, size_t j)
{
    const double *other = centroids + (j - 1) * e->d, *row = z + (j * 3 % e->n) * e->d;
    for (size_t f = 0; f < e->d; f++)
        centroids[j * e->d + f] = 2 * row[f] - other[f];
}

static void make_centroids(const example *e)
{
    for (size_t j = 0; j < e->k; j++) {
        double *c = centroids + j * e->d;
        for (size_t f = 0; f < e->d; f++)
            c[f] = e->ties == 3 ? floor(uniform() * 7) / 2
                                : e->spread * bell() * inverse[f];
        if (e->ties == 1 && j % 2 == 1)
            mirror(e, j);
        for (size_t f = 0; f < e->d && e->ties == 2 && j > 0; f++)
            c[f] = centroids[f] * (1 + ldexp(uniform(), -20 - (int)(j % 30)));
        if (e->far > 0 && j % 4 == 3)
            c[j % e->d] = e->far;
    }
}

static void make(const example *e)
{
    make_rows(e);
    for (size_t i = 0; i < e->n; i++)
        for (size_t f = 0; f < e->d; f++)
            z[i * e->d + f] = scaled(e, i, f);
    make_centroids(e);
}

static double plain_dist2(size_t i, size_t j, size_t d)
{
    double sum = 0;
    for (size_t f = 0; f < d; f++) {
        volatile double square = (z[i * d + f] - centroids[j * d + f])
                                 * (z[i * d + f] - centroids[j * d + f]);
        sum += square;
    }
    return sum;
}

static void plain_pair(const example *e, size_t i, size_t *label, size_t *second)
{
    *label = 0;
    *second = SIZE_MAX;
    for (size_t j = 1; j < e->k; j++)
        if (plain_dist2(i, j, e->d) < plain_dist2(i, *label, e->d))
            *label = j;
    for (size_t j = 0; j < e->k; j++)
        if (j != *label && (*second == SIZE_MAX
                            || plain_dist2(i, j, e->d) < plain_dist2(i, *second, e->d)))
            *second = j;
}

/* ---- checks --------------------------------------------------------------------------------- */

typedef struct outcome {
    int32_t label[MAX_N + SEG_NEAREST_TILE], second[MAX_N + SEG_NEAREST_TILE];
    float upper[MAX_N + SEG_NEAREST_TILE], lower[MAX_N + SEG_NEAREST_TILE];
    uint32_t doubtful[MAX_N + SEG_NEAREST_TILE];
    bool in_doubt[MAX_N];
    size_t n_doubtful;
} outcome;

static void run(const example *e, seg_isa isa, const uint32_t *pick, size_t n, bool two,
                outcome *out)
{
    static _Alignas(64) float tile[MAX_D * SEG_NEAREST_TILE];
    seg_kmeans_scale scale = { .d = e->d, .columns = columns, .shift = shift,
                               .inverse = inverse, .log1p = e->log1p };
    seg_kmeans_centres centres;
    seg_kmeans_plan plan;
    seg_matrix rows = { .x = rows_at, .n_rows = e->n, .n_cols = stride, .stride = stride };
    seg_error err;
    assert_int_equal(seg_kmeans_centres_new(e->k, e->d, &centres, &err), SEG_OK);
    seg_kmeans_centres_set(&centres, centroids, e->k);
    assert_int_equal(seg_kmeans_plan_new(&scale, &centres, rows, NULL, NULL, &plan, &err),
                     SEG_OK);
    memset(out, 0, sizeof *out);
    seg_nearest found = { .label = out->label, .doubtful = out->doubtful };
    if (two)
        found.second = out->second;
    else {
        found.upper = out->upper;
        found.lower = out->lower;
    }
    seg_nearest_rows in = { 
        .x = plan.move.x, .stride = stride, .pick = pick, .n = n };
    seg_kernels_at(isa)->kmeans_nearest(&plan.nearest, &in, tile, &found);
    out->n_doubtful = found.n_doubtful;
    for (size_t i = 0; i < found.n_doubtful; i++) {
        assert_true(out->doubtful[i] < n && (i == 0 || out->doubtful[i] > out->doubtful[i - 1]));
        out->in_doubt[out->doubtful[i]] = true;
    }
    seg_kmeans_plan_free(&plan);
    seg_kmeans_centres_free(&centres);
}

#define FAIL(what, ...)                                                             \
    fail_msg("%s, %s: row %zu: " what, e->name, seg_isa_name(isa), i, __VA_ARGS__)

static void check_bounds(const example *e, seg_isa isa, const outcome *out, size_t i,
                         size_t label)
{
    double own = sqrt(plain_dist2(i, label, e->d));
    if (!((double)out->upper[i] >= own))
        FAIL("upper %g below %g", (double)out->upper[i], own);
    for (size_t j = 0; j < e->k; j++)
        if (j != label && !((double)out->lower[i] <= sqrt(plain_dist2(i, j, e->d))))
            FAIL("lower %g above %g of centroid %zu", (double)out->lower[i],
                     sqrt(plain_dist2(i, j, e->d)), j);
}

static void check(const example *e, seg_isa isa)
{
    static outcome one, two;
    run(e, isa, NULL, e->n, false, &one);
    if (e->k > 1)
        run(e, isa, NULL, e->n, true, &two);
    for (size_t i = 0; i < e->n; i++) {
        size_t label, second;
        plain_pair(e, i, &label, &second);
        if (!one.in_doubt[i] && one.label[i] != (int32_t)label)
            FAIL("is sure of %d, not %zu", one.label[i], label);
        if (!one.in_doubt[i])
            check_bounds(e, isa, &one, i, label);
        if (e->k > 1 && !two.in_doubt[i]
            && (two.label[i] != (int32_t)label || two.second[i] != (int32_t)second))
            FAIL("is sure of %d and %d, not %zu and %zu", two.label[i], two.second[i],
                     label, second);
    }
}

static void what_it_is_sure_of_is_what_float64_says(void **state)
{
    (void)state;
    for (seg_isa isa = SEG_ISA_BASE; isa < SEG_ISA_COUNT; isa++)
        for (size_t i = 0; i < N_EXAMPLES && seg_kernels_at(isa) != NULL; i++)
            for (int again = 0; again < 8; again++) {
                make(&examples[i]);
                check(&examples[i], isa);
            }
}

static void it_is_seldom_in_doubt(void **state)
{
    (void)state;
    static outcome out;
    for (seg_isa isa = SEG_ISA_BASE; isa < SEG_ISA_COUNT; isa++)
        for (size_t i = 0; i < N_EXAMPLES && seg_kernels_at(isa) != NULL; i++) {
            const example *e = &examples[i];
            if (e->ties > 0 || e->spread > 1e20 || e->spread < 1e-20)
                continue;
            make(e);
            run(e, isa, NULL, e->n, false, &out);
            if (out.n_doubtful > 2 + e->n / 100)
                fail_msg("%s, %s: %zu of %zu rows in doubt", e->name, seg_isa_name(isa),
                         out.n_doubtful, e->n);
        }
}

static void picked_rows_are_as_if_they_stood_alone(void **state)
{
    (void)state;
    static outcome all, some;
    uint32_t pick[MAX_N];
    for (seg_isa isa = SEG_ISA_BASE; isa < SEG_ISA_COUNT; isa++)
        for (size_t i = 0; i < N_EXAMPLES && seg_kernels_at(isa) != NULL; i++) {
            const example *e = &examples[i];
            size_t n = 0;
            make(e);
            for (size_t r = 0; r < e->n; r += 1 + r % 3)
                pick[n++] = (uint32_t)r;
            run(e, isa, NULL, e->n, false, &all);
            run(e, isa, pick, n, false, &some);
            for (size_t r = 0; r < n; r++) {
                assert_int_equal(some.in_doubt[r], all.in_doubt[pick[r]]);
                assert_true(some.in_doubt[r] || some.label[r] == all.label[pick[r]]);
            }
        }
}

static void no_byte_is_read_beyond_the_rows(void **state)
{
    (void)state;   /* the last row ends where the memory does, on a page of no access */
    static outcome out;
    example e = { "tight", 25, 5, 3, 0, 1, false, false, 0, 0, 0 };
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED && mprotect(memory + page, page, PROT_NONE) == 0);
    for (seg_isa isa = SEG_ISA_BASE; isa < SEG_ISA_COUNT && seg_kernels_at(isa) != NULL; isa++)
        for (e.d = 1; e.d < 12; e.d++) {
            make(&e);
            float *tight = (float *)(void *)(memory + page) - e.n * e.d;
            for (size_t i = 0; i < e.n * e.d; i++)
                tight[i] = x[i / e.d * WIDTH + columns[i % e.d]];
            for (size_t f = 0; f < e.d; f++)
                columns[f] = f;
            rows_at = tight;
            stride = e.d;
            run(&e, isa, NULL, e.n, false, &out);
        }
    rows_at = x;
    stride = WIDTH;
    munmap(memory, 2 * page);
}

static void an_infinite_value_is_always_in_doubt(void **state)
{
    (void)state;
    static outcome out;
    const example *e = &examples[0];
    for (seg_isa isa = SEG_ISA_BASE; isa < SEG_ISA_COUNT && seg_kernels_at(isa) != NULL; isa++) {
        make(e);
        x[17 * WIDTH + columns[2]] = INFINITY;
        x[18 * WIDTH + columns[5]] = -INFINITY;
        run(e, isa, NULL, e->n, false, &out);
        assert_true(out.in_doubt[17] && out.in_doubt[18]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_is_sure_of_is_what_float64_says),
        cmocka_unit_test(it_is_seldom_in_doubt),
        cmocka_unit_test(picked_rows_are_as_if_they_stood_alone),
        cmocka_unit_test(no_byte_is_read_beyond_the_rows),
        cmocka_unit_test(an_infinite_value_is_always_in_doubt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

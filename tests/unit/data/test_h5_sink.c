/* Tables written by a team: the same bytes for any threads, blocks and processor levels;
 * figures of every feature against plain loops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/rng.h"
#include "data/h5.h"
#include "data/schema.h"
#include "tests/support/files.h"

static seg_error err;

#define OK(call)                     \
    do {                             \
        seg_status s_ = (call);      \
        if (s_ != SEG_OK)            \
            fail_msg("%s", err.text); \
    } while (0)

enum { N = 40000, COLUMNS = 3 };
static const char *const levels[] = { "a", "b" };

typedef struct wide {
    size_t d, stride;
    seg_schema_owner *schema;
    float *x;
    char *ids;
    float single[N];
    double real[N];
    int32_t code[N];
} wide;

static float some_nan(uint64_t i)
{
    uint32_t bits = i % 3 == 0 ? 0x7fc00000u : i % 3 == 1 ? 0xffc00001u : 0x7f800001u;
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static wide *make_wide(size_t d, size_t stride)
{
    wide *t = calloc(1, sizeof *t);
    char name[32];
    const seg_column columns[COLUMNS] = {
        { .name = "single", .type = SEG_TYPE_F32 }, { .name = "real", .type = SEG_TYPE_F64 },
        { .name = "code", .type = SEG_TYPE_CODE, .levels = levels, .n_levels = 2 } };
    t->d = d;
    t->stride = stride;
    t->x = malloc(N * stride * sizeof(float));
    t->ids = calloc(N, 8);
    OK(seg_schema_new(SEG_KIND_FEATURES, &t->schema, &err));
    OK(seg_schema_set_id(t->schema, "id", 8, &err));
    for (size_t f = 0; f < d; f++) {
        snprintf(name, sizeof name, "f%zu", f);
        OK(seg_schema_add_feature(t->schema, &(seg_column){ .name = name, .source = name,
                                  .type = SEG_TYPE_F32 }, &err));
    }
    for (size_t c = 0; c < COLUMNS; c++)
        OK(seg_schema_add_column(t->schema, &columns[c], &err));
    for (uint64_t r = 0; r < N; r++) {
        seg_rng rng = { 4, r };
        for (size_t f = 0; f < stride; f++) {
            uint64_t u = seg_rng_u64(rng, f);
            t->x[r * stride + f] = u % 11 == 0 || f % 17 == 5 ? some_nan(u >> 8)
                                   : (float)(u >> 40) / 1024 - 3000 + 100 * (float)f;
        }
        snprintf(t->ids + 8 * r, 8, "%u", (unsigned)(r % 10000000));
        t->single[r] = r % 5 == 1 ? some_nan(r) : (float)r;
        t->real[r] = r % 7 == 2 ? -(double)NAN : (double)r;
        t->code[r] = (int32_t)(r % 3) - 1;
    }
    return t;
}

static void free_wide(wide *t)
{
    seg_schema_free(t->schema);
    free(t->x);
    free(t->ids);
    free(t);
}

typedef seg_status opener(const seg_context *ctx, const char *path, const seg_schema *schema,
                          uint64_t n_rows, uint64_t n_items, const seg_node *provenance,
                          seg_sink **out, seg_error *err);

static seg_status try_write(wide *t, opener *open, const char *path, size_t block_rows,
                            uint32_t n_threads)
{
    seg_context ctx = seg_context_defaults();
    seg_sink *sink = NULL;
    ctx.n_threads = n_threads;
    seg_status st = open(&ctx, path, &t->schema->view, N, 0, NULL, &sink, &err);
    for (size_t r = 0; r < N && st == SEG_OK; r += block_rows) {
        size_t n = N - r < block_rows ? N - r : block_rows;
        const void *at[] = { t->single + r, t->real + r, t->code + r };
        seg_block block = { .first_row = r, .n_rows = n, .ids = t->ids + 8 * r, .columns = at,
                            .x = { t->x + r * t->stride, n, t->d, t->stride } };
        st = sink->write(sink, &block, &err);
    }
    if (st == SEG_OK)
        st = sink->commit(sink, &err);
    seg_sink_close(sink);
    return st;
}

static void same_file(const char *a, const char *b)
{
    size_t n, m;
    char *x = read_bytes(a, &n), *y = read_bytes(b, &m);
    assert_int_equal(n, m);
    assert_memory_equal(x, y, n);
    free(x);
    free(y);
}

static void same_bytes_for_any_threads_blocks_and_strides(void **state)
{
    (void)state;
    static const size_t widths[] = { 1, 3, 64, 90 }, blocks[] = { 1024, 7 * 1024, N };
    for (size_t w = 0; w < 4; w++) {
        wide *t = make_wide(widths[w], widths[w]), *padded = make_wide(widths[w], 92);
        for (size_t r = 0; r < N; r++)
            memcpy(padded->x + r * 92, t->x + r * t->d, t->d * sizeof(float));
        OK(try_write(t, seg_h5_sink, "one.h5", N, 1));
        for (uint32_t threads = 1; threads <= 4; threads++) {
            OK(try_write(t, seg_h5_sink, "many.h5", blocks[threads % 3], threads));
            same_file("one.h5", "many.h5");
        }
        OK(try_write(padded, seg_h5_sink, "many.h5", 3 * 1024, 2));
        same_file("one.h5", "many.h5");
        free_wide(t);
        free_wide(padded);
    }
}

static void same_bytes_at_any_processor_level(void **state)
{
    (void)state;
    wide *t = make_wide(90, 90);
    OK(try_write(t, seg_h5_sink, "best.h5", N, 2));
    const char *const isas[] = { "base", "v3" };
    for (size_t i = 0; i < 2; i++) {
        setenv("SEGMILL_ISA", isas[i], 1);
        OK(try_write(t, seg_h5_sink, "lower.h5", N, 2));
        same_file("best.h5", "lower.h5");
    }
    unsetenv("SEGMILL_ISA");
    free_wide(t);
}

static void read_figures(const char *path, const char *name, double *out, size_t d)
{
    seg_h5 *file;
    char where[64];
    snprintf(where, sizeof where, "var/%s", name);
    OK(seg_h5_open(path, &file, &err));
    OK(seg_h5_read(file, where, SEG_H5_F64, 0, 0, d, out, &err));
    seg_h5_close(file);
}

static void figures_of_every_feature_agree_with_plain_loops(void **state)
{
    (void)state;
    enum { MOST = 300 };
    static const size_t widths[] = { 1, 3, 63, 64, 65, MOST };
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        size_t d = widths[w];
        wide *t = make_wide(d, d);
        static double mean[MOST], sd[MOST], min[MOST], max[MOST], missing[MOST];
        OK(try_write(t, seg_h5_sink, "f.h5", 9 * 1024, 3));
        read_figures("f.h5", "mean", mean, d);
        read_figures("f.h5", "std", sd, d);
        read_figures("f.h5", "min", min, d);
        read_figures("f.h5", "max", max, d);
        read_figures("f.h5", "n_missing", missing, d);
        for (size_t f = 0; f < d; f++) {
            double sum = 0, squares = 0, low = (double)INFINITY, high = -(double)INFINITY;
            size_t n = 0;
            for (size_t r = 0; r < N; r++) {
                double v = (double)t->x[r * d + f];
                if (isnan(v))
                    continue;
                n++;
                sum += v;
                low = fmin(low, v);
                high = fmax(high, v);
            }
            for (size_t r = 0; r < N; r++) {
                double off = (double)t->x[r * d + f] - sum / (double)n;
                squares += isnan(off) ? 0 : off * off;
            }
            assert_true(missing[f] == (double)(N - n));
            if (n == 0) {
                assert_true(isnan(mean[f]) && isnan(sd[f]) && isnan(min[f]) && isnan(max[f]));
                continue;
            }
            assert_true(fabs(mean[f] - sum / (double)n) < 1e-7);
            assert_true(fabs(sd[f] - sqrt(squares / (double)n)) < 1e-7);
            assert_true(min[f] == low && max[f] == high);
        }
        free_wide(t);
    }
}

/* 40,000 x 512: more than is kept in memory; both roads give the medians of the columns. */
static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void medians_are_exact_when_they_are_read_back(void **state)
{
    (void)state;
    enum { D = 512 };
    wide *t = make_wide(D, D);
    static double medians[D];
    static float there[N];
    OK(try_write(t, seg_h5_sink, "m.h5", 9 * 1024, 2));
    read_figures("m.h5", "median", medians, D);
    for (size_t f = 0; f < D; f += 73) {
        size_t n = 0;
        for (size_t r = 0; r < N; r++)
            if (!isnan(t->x[r * D + f]))
                there[n++] = t->x[r * D + f];
        qsort(there, n, sizeof *there, compare_floats);
        if (n == 0)
            assert_true(isnan(medians[f]));
        else
            assert_true(medians[f] == ((double)there[(n - 1) / 2] + (double)there[n / 2]) / 2);
    }
    free_wide(t);
}

static void the_first_bad_row_is_named_whoever_finds_one(void **state)
{
    (void)state;
    wide *t = make_wide(3, 3);
    t->x[39000 * 3 + 1] = INFINITY;
    t->x[20000 * 3 + 2] = -INFINITY;
    for (uint32_t threads = 1; threads <= 4; threads++) {
        assert_int_equal(try_write(t, seg_h5_sink, "bad.h5", N, threads), SEG_E_DATA);
        assert_string_equal(err.text, "row 20001: 'f2' is infinite");
        assert_int_equal(access("bad.h5", F_OK), -1);
    }
    t->x[39000 * 3 + 1] = t->x[20000 * 3 + 2] = 0;
    t->code[17] = 2;
    assert_int_equal(try_write(t, seg_h5_sink, "bad.h5", N, 2), SEG_E_IO);
    assert_string_equal(err.text, "row 18: column 'code' has a code beyond its 2 categories");
    free_wide(t);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    wide *t = make_wide(2, 3);
    long live = seg_alloc_live;
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_alloc_fail_after = n;
        st = try_write(t, seg_h5_sink, "a.h5", N, 2);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, live);
    }
    assert_int_equal(st, SEG_OK);
    free_wide(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bytes_for_any_threads_blocks_and_strides),
        cmocka_unit_test(same_bytes_at_any_processor_level),
        cmocka_unit_test(figures_of_every_feature_agree_with_plain_loops),
        cmocka_unit_test(medians_are_exact_when_they_are_read_back),
        cmocka_unit_test(the_first_bad_row_is_named_whoever_finds_one),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}

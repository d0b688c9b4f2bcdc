/* A k-means training that stops after any pass and goes on from its checkpoint: the bits of
 * one that nobody disturbed. Every call is a new trainer, as after a crash. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/rng.h"
#include "models/kmeans.h"
#include "tests/support/files.h"

enum { N = 17000, D = 64, K = 6 };   /* of so wide rows fewer are taken into memory */

static seg_error err;
#define OK(call)                                                  \
    do {                                                          \
        seg_status st_ = (call);                                  \
        if (st_ != SEG_OK)                                        \
            fail_msg("%s: %s", seg_status_name(st_), err.text);   \
    } while (0)

static float rows[N * D];
static char names[D][8];
static seg_column features[D];
static const seg_schema schema = { .kind = SEG_KIND_FEATURES, .features = features,
                                   .n_features = D, .as_of_day = SEG_MISSING_DAY };
static const seg_method *method;
static seg_kmeans_options options;

static int make_rows(void **state)
{
    seg_rng rng = { 5, 1 };
    method = seg_method_find("kmeans");
    for (size_t f = 0; f < D; f++) {
        names[f][0] = (char)('a' + f / 26);
        names[f][1] = (char)('a' + f % 26);
        features[f] = (seg_column){ .name = names[f], .type = SEG_TYPE_F32 };
    }
    for (size_t i = 0; i < N; i++) {
        double group = floor(seg_rng_f64(rng, i) * 4);
        for (size_t f = 0; f < D; f++)
            rows[i * D + f] = (float)(group * (double)(f % 3)
                                      + 6 * seg_rng_f64(rng, N + i * D + f));
    }
    return enter_directory(state);
}

static int usual_options(void **state)
{
    (void)state;
    seg_method_defaults(method, &options);
    options.k = "6";
    options.n_init = 1;
    options.tol = 0;
    options.max_iter = 9;
    options.checkpoint = "c";
    unlink("c");
    return 0;
}

/* Passes until there is no more or `most` were made; then what it found, or nothing. */
static seg_status train(int most, uint32_t threads, double z[K * D], bool *done, int *passes)
{
    seg_status st = SEG_OK;
    seg_context ctx = seg_context_defaults();
    ctx.n_threads = threads;
    seg_train_input input = { .ctx = &ctx, .schema = &schema, .n_rows = N, .options = &options,
                              .held_out = -1 };
    seg_block block = { .n_rows = N, .x = { rows, N, D, D } };
    seg_model model = { .method = method, .info = seg_doc_new() };
    void *trainer = NULL;
    bool more = false;
    *passes = 0;
    st = method->train_begin(&input, &trainer, &err);
    while (st == SEG_OK && (st = method->pass_begin(trainer, &more, &err)) == SEG_OK && more
           && *passes < most) {
        st = method->pass_add(trainer, &block, &err);
        if (st == SEG_OK)
            st = method->pass_end(trainer, &err);
        ++*passes;
    }
    *done = st == SEG_OK && !more;
    if (*done)
        st = method->train_end(trainer, &model, seg_doc_root(model.info), &err);
    if (*done && st == SEG_OK) {
        const seg_kmeans_model *m = model.state;
        memset(z, 0, K * D * sizeof *z);
        memcpy(z, m->z, m->k * m->d * sizeof *z);
    }
    method->state_free(model.state);
    seg_schema_free(model.schema);
    seg_doc_free(model.info);
    method->train_free(trainer);
    return st;
}

static void undisturbed(double z[K * D], int *passes)
{
    bool done;
    options.checkpoint = NULL;
    OK(train(1000, 2, z, &done, passes));
    options.checkpoint = "c";
    assert_true(done);
}

static void check_stop(int stop_after)
{
    static double expected[K * D], z[K * D];
    int passes, whole, calls = 0;
    bool done = false;
    undisturbed(expected, &whole);
    while (!done) {
        OK(train(stop_after, (uint32_t)(calls % 3 + 1), z, &done, &passes));
        assert_true(calls++ < whole);
    }
    assert_memory_equal(z, expected, sizeof z);
    unlink("c");
}

static void stopped_after_any_pass_it_ends_in_the_same_bits(void **state)
{
    (void)state;
    for (int stop_after = 4; stop_after <= 8; stop_after += 2)
        check_stop(stop_after);
}

static void a_range_of_k_goes_on_too(void **state)
{
    (void)state;
    options.k = "4..6";
    options.resamples = 0;
    check_stop(4);
}

static void dissolved_segments_stay_dissolved(void **state)
{
    (void)state;
    options.init = "random";
    options.min_size = "17%";
    options.max_iter = 4;
    check_stop(4);
}

static void stopped_in_its_last_pass_it_only_measures(void **state)
{
    (void)state;
    static double expected[K * D], z[K * D];
    int passes, whole;
    bool done;
    undisturbed(expected, &whole);
    OK(train(whole - 1, 2, z, &done, &passes));
    assert_false(done);
    OK(train(1000, 2, z, &done, &passes));
    assert_int_equal(passes, 4);   /* range, moments, sample, figures */
    assert_memory_equal(z, expected, sizeof z);
}

static void without_a_pass_there_is_nothing_to_repeat(void **state)
{
    (void)state;
    static double expected[K * D], z[K * D];
    int passes, whole;
    bool done;
    options.max_iter = 0;
    undisturbed(expected, &whole);
    OK(train(3, 2, z, &done, &passes));
    OK(train(1000, 2, z, &done, &passes));
    assert_int_equal(passes, whole);
    assert_memory_equal(z, expected, sizeof z);
}

static void what_only_matters_at_the_end_may_differ(void **state)
{
    (void)state;
    static double z[K * D];
    int passes;
    bool done;
    OK(train(5, 2, z, &done, &passes));
    OK(seg_file_put("n.csv", "segment,name\n0,first\n", 21, &err));
    options.names = "n.csv";
    OK(train(1000, 2, z, &done, &passes));
    assert_true(done);
}

static void every_byte_that_changes_is_noticed(void **state)
{
    (void)state;
    static double z[K * D];
    int passes;
    bool done;
    char *bytes;
    size_t n;
    OK(train(4, 2, z, &done, &passes));
    OK(seg_file_get("c", 1 << 20, &bytes, &n, &err));
    for (size_t i = 0; i < n; i += i < 100 ? 1 : 37) {
        bytes[i] = (char)(bytes[i] ^ 0x10);
        OK(seg_file_put("c", bytes, n, &err));
        assert_int_equal(train(1, 1, z, &done, &passes), SEG_E_VERIFY);
        assert_non_null(strstr(err.text, "c: is"));
        bytes[i] = (char)(bytes[i] ^ 0x10);
        OK(seg_file_put("c", bytes, i, &err));
        assert_int_equal(train(1, 1, z, &done, &passes), SEG_E_VERIFY);
    }
    seg_free(bytes);
}

static void a_folder_that_is_not_there_is_told_before_the_first_pass(void **state)
{
    (void)state;
    static double z[K * D];
    int passes;
    bool done;
    options.checkpoint = "no/c";
    assert_int_equal(train(1000, 1, z, &done, &passes), SEG_E_IO);
    assert_int_equal(passes, 0);
    assert_non_null(strstr(err.text, "no/c"));
}

/* Stops after five passes; with the file of an earlier call, or without. */
static void fail_each_in_turn(bool resumed)
{
    static double z[K * D];
    int passes;
    bool done, failed = true;
    for (long n = 0; failed; n += n < 20 ? 1 : 1 + n / 6) {
        unlink("c");
        if (resumed)
            OK(train(4, 2, z, &done, &passes));
        long live = seg_alloc_live;
        seg_alloc_fail_after = n;
        seg_status st = train(5, 2, z, &done, &passes);
        failed = seg_alloc_fail_after == 0;
        seg_alloc_fail_after = -1;
        if (st != SEG_OK && st != SEG_E_AGAIN)
            fail_msg("allocation %ld: %s: %s", n, seg_status_name(st), err.text);
        assert_int_equal(seg_alloc_live, live);
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    fail_each_in_turn(false);
    fail_each_in_turn(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(stopped_after_any_pass_it_ends_in_the_same_bits, usual_options),
        cmocka_unit_test_setup(a_range_of_k_goes_on_too, usual_options),
        cmocka_unit_test_setup(dissolved_segments_stay_dissolved, usual_options),
        cmocka_unit_test_setup(stopped_in_its_last_pass_it_only_measures, usual_options),
        cmocka_unit_test_setup(without_a_pass_there_is_nothing_to_repeat, usual_options),
        cmocka_unit_test_setup(what_only_matters_at_the_end_may_differ, usual_options),
        cmocka_unit_test_setup(every_byte_that_changes_is_noticed, usual_options),
        cmocka_unit_test_setup(a_folder_that_is_not_there_is_told_before_the_first_pass,
                               usual_options),
        cmocka_unit_test_setup(every_allocation_may_fail, usual_options),
    };
    return cmocka_run_group_tests(tests, make_rows, leave_directory);
}

/* A k-means that must end in time, and whose segments must not be too small: against a plain
 * Lloyd in doubles that takes the smallest segment out and goes on. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "models/kmeans.h"
#include "tests/support/files.h"

enum { MANY = 70000, FEW = 3000, D = 2, K = 9, WIDTH = 3 };   /* the last column: weights */

static float rows[MANY * WIDTH];
static const seg_column features[WIDTH] = {
    { .name = "a", .type = SEG_TYPE_F32 }, { .name = "b", .type = SEG_TYPE_F32 },
    { .name = "weight", .type = SEG_TYPE_F32 },
};
static const seg_schema schema = { .kind = SEG_KIND_FEATURES, .features = features,
                                   .n_features = WIDTH, .as_of_day = SEG_MISSING_DAY };
static double centre[K * D], start[K * D];
static int64_t size[K];
static size_t n_rows, k;

/* Clouds whose shares fall by half each: row i is in cloud 0 with chance 1/2, and so on. */
static int make_rows(void **state)
{
    seg_rng rng = { 17, 2 };
    for (size_t i = 0; i < MANY; i++) {
        double chance = seg_rng_f64(rng, 4 * i);
        size_t cloud = 0;
        while (cloud + 1 < K && chance < 0.5) {
            chance *= 2;
            cloud++;
        }
        rows[i * WIDTH] = (float)(4 * (double)(cloud % 3) + 3 * seg_rng_f64(rng, 4 * i + 1));
        rows[i * WIDTH + 1] = (float)(4 * (double)(cloud / 3) + 3 * seg_rng_f64(rng, 4 * i + 2));
        rows[i * WIDTH + 2] = (float)(1 + i % 3);
    }
    return enter_directory(state);
}

/* ---- the plain way ------------------------------------------------------------------------ */

static size_t nearest(const float *x, double *dist2)
{
    size_t best = 0;
    *dist2 = INFINITY;
    for (size_t j = 0; j < k; j++) {
        double a = (double)x[0] - centre[j * D], b = (double)x[1] - centre[j * D + 1];
        if (a * a + b * b < *dist2) {
            *dist2 = a * a + b * b;
            best = j;
        }
    }
    return best;
}

/* One pass; true if a centroid is elsewhere than before. */
static bool pass_plainly(bool move, double *inertia)
{
    double sum[K * D] = { 0 };
    bool moved = false;
    *inertia = 0;
    memset(size, 0, sizeof size);
    for (size_t i = 0; i < n_rows; i++) {
        double dist2;
        size_t j = nearest(rows + i * WIDTH, &dist2);
        size[j]++;
        *inertia += dist2;
        for (size_t f = 0; f < D; f++)
            sum[j * D + f] += (double)rows[i * WIDTH + f];
    }
    for (size_t j = 0; move && j < k; j++)
        for (size_t f = 0; f < D; f++) {
            double to = sum[j * D + f] / (double)size[j];
            moved = moved || fabs(to - centre[j * D + f]) > 1e-12;
            centre[j * D + f] = to;
        }
    return moved;
}

static double dissolve_plainly(double least)
{
    double inertia;
    memcpy(centre, start, sizeof centre);
    for (k = K;;) {
        while (pass_plainly(true, &inertia))
            ;
        size_t smallest = 0;
        for (size_t j = 0; j < k; j++)
            smallest = size[j] < size[smallest] ? j : smallest;
        if (k == 1 || (double)size[smallest] >= least)
            return inertia;
        for (size_t i = smallest * D; i + D < k * D; i++)
            centre[i] = centre[i + D];
        k--;
    }
}

/* ---- our way ------------------------------------------------------------------------------ */

static seg_kmeans_options usual(void)
{
    seg_kmeans_options o;
    seg_method_defaults(seg_method_find("kmeans"), &o);
    o.k = "9";
    o.features = "a,b";
    o.scale = SEG_SCALE_NONE;
    o.tol = 0;
    o.max_iter = 1000;
    return o;
}

static seg_status try_to_train(const seg_context *ctx, const seg_kmeans_options *o, size_t n,
                               seg_model **model, seg_error *err)
{
    seg_block all = { .n_rows = n, .x = { rows, n, WIDTH, WIDTH } };
    seg_source *source = NULL;
    *model = NULL;
    seg_status st = seg_memory_source(ctx, &schema, &all, &source, err);
    if (st == SEG_OK)
        st = seg_train(ctx, seg_method_find("kmeans"), o, source, model, err);
    seg_source_close(source);
    return st;
}

static seg_model *train(const seg_context *ctx, const seg_kmeans_options *o, size_t n)
{
    seg_model *model;
    seg_error err = { .text = "" };
    if (try_to_train(ctx, o, n, &model, &err) != SEG_OK)
        fail_msg("%s", err.text);
    return model;
}

static const seg_node *figure(const seg_model *model, const char *name)
{
    return seg_node_member(seg_node_get(seg_doc_root(model->info), "figures"), name);
}

/* Rows with numbers of few digits: the file and the floats hold them exactly. */
static void write_start(void)
{
    FILE *file = fopen("start.csv", "w");
    fputs("a,b\n", file);
    for (size_t j = 0; j < K; j++) {
        start[j * D] = 4 * (double)(j % 3) + 1.5;
        start[j * D + 1] = 4 * (double)(j / 3) + 1.5;
        fprintf(file, "%g,%g\n", start[j * D], start[j * D + 1]);
    }
    assert_int_equal(fclose(file), 0);
}

static void check_size(size_t n, const char *min_size, double least)
{
    seg_kmeans_options o = usual();
    write_start();
    n_rows = n;
    o.init = "start.csv";
    o.min_size = min_size;
    double inertia = dissolve_plainly(least);
    seg_model *model = train(NULL, &o, n);
    const seg_kmeans_model *m = model->state;
    if (m->k != k)
        fail_msg("--min-size %s: %zu segments, not %zu", min_size, m->k, k);
    for (size_t j = 0; j < k; j++)
        assert_int_equal(m->size[j], size[j]);
    assert_true(fabs(seg_node_real(figure(model, "inertia"), NAN) - inertia) < 1e-9 * inertia);
    assert_int_equal(seg_node_int(figure(model, "dissolved"), -1), K - k);
    seg_model_free(model);
}

static void small_segments_are_dissolved_as_by_hand(void **state)
{
    (void)state;
    static const size_t n[] = { FEW, MANY };
    for (size_t i = 0; i < 2; i++) {
        double all = (double)n[i];
        check_size(n[i], "1", 1);
        check_size(n[i], "40", 40);
        check_size(n[i], "5%", all * 0.05);
        check_size(n[i], "0.2", all * 0.2);
        check_size(n[i], "100%", all);
    }
}

/* Of its own starts: one of the exact size stays, one row more and it goes. */
static void the_bound_itself_is_large_enough(void **state)
{
    (void)state;
    static const size_t n[] = { FEW, MANY };
    for (size_t i = 0; i < 2; i++) {
        char text[32];
        seg_kmeans_options o = usual();
        o.n_init = 1;
        seg_model *model = train(NULL, &o, n[i]);
        const seg_kmeans_model *m = model->state;
        int64_t least = m->size[0];
        for (size_t j = 0; j < m->k; j++)
            least = m->size[j] < least ? m->size[j] : least;
        seg_model_free(model);
        for (int more = 0; more < 2; more++) {
            snprintf(text, sizeof text, "%lld", (long long)least + more);
            o.min_size = text;
            model = train(NULL, &o, n[i]);
            m = model->state;
            assert_int_equal(m->k < K, more);
            for (size_t j = 0; j < m->k; j++)
                assert_true(m->size[j] >= least + more);
            seg_model_free(model);
        }
    }
}

static void a_row_of_weight_three_counts_three_times(void **state)
{
    (void)state;
    seg_kmeans_options o = usual();
    int64_t all = 0;
    o.weights = "weight";
    o.min_size = "3000";   /* of 6,000: one segment at most has so many, or all are one */
    o.k = "4..6";
    seg_model *model = train(NULL, &o, FEW);
    const seg_kmeans_model *m = model->state;
    for (size_t j = 0; j < m->k; j++) {
        assert_true(m->size[j] >= 3000);
        all += m->size[j];
    }
    assert_int_equal(all, 6000);
    seg_model_free(model);
    o.min_size = "6001";
    seg_error err;
    assert_int_equal(try_to_train(NULL, &o, FEW, &model, &err), SEG_E_DATA);
    assert_non_null(strstr(err.text, "6000"));
}

/* Every k of a scan is there once. */
static void a_scan_has_no_number_twice(void **state)
{
    (void)state;
    seg_kmeans_options o = usual();
    o.k = "2..9";
    o.min_size = "8%";
    o.resamples = 0;
    seg_model *model = train(NULL, &o, FEW);
    const seg_node *scan = figure(model, "scan");
    int64_t last = 0;
    assert_true(seg_node_count(scan) >= 2);
    for (size_t i = 0; i < seg_node_count(scan); i++) {
        int64_t now = seg_node_int(seg_node_member(seg_node_at(scan, i), "k"), 0);
        assert_true(now > last && now <= 9);
        last = now;
    }
    seg_model_free(model);
}

/* ---- time --------------------------------------------------------------------------------- */

static void without_time_the_start_is_measured(void **state)
{
    (void)state;
    static const size_t n[] = { FEW, MANY };
    for (size_t i = 0; i < 2; i++) {
        double inertia;
        seg_kmeans_options o = usual();
        write_start();
        o.init = "start.csv";
        o.deadline = "0";
        seg_model *model = train(NULL, &o, n[i]);
        memcpy(centre, start, sizeof centre);
        n_rows = n[i];
        k = K;
        pass_plainly(false, &inertia);
        assert_string_equal(seg_node_text(figure(model, "stopped"), ""), "deadline");
        assert_int_equal(seg_node_int(figure(model, "iterations"), -1), 0);
        assert_true(fabs(seg_node_real(figure(model, "inertia"), NAN) - inertia)
                    < 1e-9 * inertia);
        seg_model_free(model);
    }
}

static void a_scan_without_time_is_its_first_k(void **state)
{
    (void)state;
    static const size_t n[] = { FEW, MANY };
    for (size_t i = 0; i < 2; i++) {
        seg_kmeans_options o = usual();
        o.k = "3..9";
        o.deadline = "0";
        seg_model *model = train(NULL, &o, n[i]);
        assert_int_equal(seg_node_int(figure(model, "k"), -1), 3);
        seg_model_free(model);
    }
}

static void with_enough_time_nothing_changes(void **state)
{
    (void)state;
    static const size_t n[] = { FEW, MANY };
    for (size_t i = 0; i < 2; i++) {
        seg_kmeans_options o = usual();
        seg_model *without = train(NULL, &o, n[i]);
        o.deadline = "1e6";
        seg_model *with = train(NULL, &o, n[i]);
        const seg_kmeans_model *a = without->state, *b = with->state;
        assert_int_equal(a->k, b->k);
        assert_memory_equal(a->z, b->z, a->k * a->d * sizeof *a->z);
        assert_string_equal(seg_doc_json(without->info, 0), seg_doc_json(with->info, 0));
        seg_model_free(without);
        seg_model_free(with);
    }
}

/* Every step takes 30 ms. */
static void slow(void *user, const char *what, uint64_t done, uint64_t total)
{
    (void)user;
    (void)what;
    (void)done;
    (void)total;
    nanosleep(&(struct timespec){ .tv_nsec = 30000000 }, NULL);
}

static void count_warnings(void *user, seg_level level, const char *text)
{
    if (level == SEG_LEVEL_WARN && strstr(text, "--deadline 0.2") != NULL)
        ++*(int *)user;
}

static void restarts_and_passes_end_in_time(void **state)
{
    (void)state;
    static const size_t n[] = { FEW, MANY };
    for (size_t i = 0; i < 2; i++) {
        int warnings = 0;
        seg_context ctx = seg_context_defaults();
        seg_kmeans_options o = usual();
        ctx.progress = slow;
        ctx.note = count_warnings;
        ctx.user = &warnings;
        o.n_init = 1000;
        o.deadline = "0.2";
        time_t began = time(NULL);
        seg_model *model = train(&ctx, &o, n[i]);
        assert_true(time(NULL) - began < 60);   /* all of it would take minutes */
        assert_string_equal(seg_node_text(figure(model, "stopped"), ""), "deadline");
        assert_int_equal(warnings, 1);
        seg_model_free(model);
    }
}

/* ---- what is refused ---------------------------------------------------------------------- */

static void wrong_limits_are_told(void **state)
{
    (void)state;
    static const char *const sizes[] = { "", "x", "-1", "1.5", "101%", "5 %%", "nan" };
    static const char *const seconds[] = { "", "-1", "soon", "1m", "nan", "inf" };
    seg_error err;
    seg_model *model;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        seg_kmeans_options o = usual();
        o.min_size = sizes[i];
        assert_int_equal(try_to_train(NULL, &o, FEW, &model, &err), SEG_E_USAGE);
        assert_non_null(strstr(err.text, "--min-size"));
    }
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        seg_kmeans_options o = usual();
        o.deadline = seconds[i];
        assert_int_equal(try_to_train(NULL, &o, FEW, &model, &err), SEG_E_USAGE);
        assert_non_null(strstr(err.text, "--deadline"));
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    seg_kmeans_options o = usual();
    bool failed = true;
    o.k = "4..6";
    o.min_size = "10%";
    o.resamples = 0;
    for (long n = 0; failed; n += n < 40 ? 1 : 1 + n / 8) {
        seg_model *model;
        seg_error err;
        long live = seg_alloc_live;
        seg_alloc_fail_after = n;
        seg_status st = try_to_train(NULL, &o, FEW, &model, &err);
        failed = seg_alloc_fail_after == 0;
        seg_alloc_fail_after = -1;
        seg_model_free(model);
        if (st != SEG_OK)
            assert_int_equal(st, SEG_E_AGAIN);
        assert_int_equal(seg_alloc_live, live);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_segments_are_dissolved_as_by_hand),
        cmocka_unit_test(the_bound_itself_is_large_enough),
        cmocka_unit_test(a_row_of_weight_three_counts_three_times),
        cmocka_unit_test(a_scan_has_no_number_twice),
        cmocka_unit_test(without_time_the_start_is_measured),
        cmocka_unit_test(a_scan_without_time_is_its_first_k),
        cmocka_unit_test(with_enough_time_nothing_changes),
        cmocka_unit_test(restarts_and_passes_end_in_time),
        cmocka_unit_test(wrong_limits_are_told),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, make_rows, leave_directory);
}

/* K-means from rows to segments: against a plain textbook Lloyd in doubles with the same
 * start, answers worked out by hand, and what must not change the bits. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"
#include "models/kmeans.h"
#include "tests/support/commands.h"

enum { N = 3000, D = 4, K = 5, MAX_D = 8 };

static float rows[N * D];
static double scaled[N * D], centres[K * D];
static int labels[N];

/* ---- data and the plain way ------------------------------------------------------------- */

static double uniform(uint64_t i)
{
    return seg_rng_f64((seg_rng){ 11, 3 }, i);
}

/* Five clouds that touch; some values missing; all above -1, for log1p. */
static void make_rows(double missing)
{
    for (size_t i = 0; i < N; i++)
        for (size_t f = 0; f < D; f++) {
            uint64_t at = (i * D + f) * 4;
            double cloud = (double)((i * 7 + i / 11) % K);
            double noise = uniform(at) + uniform(at + 1) + uniform(at + 2) - 1.5;
            double v = (f % 2 == 0 ? cloud : 4 - cloud * cloud / 4) * (double)(f + 1) + 2 * noise;
            rows[i * D + f] = uniform(at + 3) < missing ? NAN : (float)(v < -0.9 ? -0.9 : v);
        }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t n, double q)
{
    double at = q * (double)(n - 1);
    size_t below = (size_t)at;
    return below + 1 < n ? sorted[below] + (at - (double)below) * (sorted[below + 1] - sorted[below])
                         : sorted[below];
}

/* Middle and spread of a column, by the book; the middle is rounded to a float, which moves
 * nothing but missing values. */
static void scale_of(const double *column, size_t n, int scaling, double *middle, double *spread)
{
    static double sorted[N];
    double sum = 0, square = 0;
    for (size_t i = 0; i < n; i++)
        sum += column[i];
    for (size_t i = 0; i < n; i++)
        square += (column[i] - sum / (double)n) * (column[i] - sum / (double)n);
    memcpy(sorted, column, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_value);
    *middle = sum / (double)n;
    *spread = sqrt(square / (double)n);
    if (scaling == SEG_SCALE_NONE)
        *spread = 1;
    if (scaling == SEG_SCALE_MINMAX) {
        *middle = sorted[0];
        *spread = sorted[n - 1] - sorted[0];
    }
    if (scaling == SEG_SCALE_ROBUST) {
        *middle = quantile(sorted, n, 0.5);
        *spread = quantile(sorted, n, 0.75) - quantile(sorted, n, 0.25);
    }
    *middle = (double)(float)*middle;
}

/* scaled[] from rows[], and the start (rows 0..K-1, their missing values 1) in both units. */
static void scale_plainly(int scaling, double start[K * D])
{
    static double column[N];
    bool logarithm = scaling == SEG_SCALE_LOG1P_Z;
    for (size_t f = 0; f < D; f++) {
        size_t n = 0;
        double middle, spread;
        for (size_t i = 0; i < N; i++) {
            double v = (double)rows[i * D + f];
            if (!isnan(v))
                column[n++] = logarithm ? log1p(v) : v;
        }
        scale_of(column, n, scaling, &middle, &spread);
        for (size_t i = 0; i < N; i++) {
            double v = (double)rows[i * D + f];
            scaled[i * D + f] = isnan(v) ? 0 : ((logarithm ? log1p(v) : v) - middle) / spread;
        }
        for (size_t j = 0; j < K; j++) {
            float v = rows[j * D + f];
            start[j * D + f] = isnan(v) ? 1 : (double)v;
            centres[j * D + f] = ((logarithm ? log1p(start[j * D + f]) : start[j * D + f]) - middle)
                                 / spread;
        }
    }
}

static double assign_plainly(bool *changed)
{
    double inertia = 0;
    *changed = false;
    for (size_t i = 0; i < N; i++) {
        double least = INFINITY;
        int best = 0;
        for (int j = 0; j < K; j++) {
            double dist = 0;
            for (size_t f = 0; f < D; f++) {
                double diff = scaled[i * D + f] - centres[(size_t)j * D + f];
                dist += diff * diff;
            }
            if (dist < least) {
                least = dist;
                best = j;
            }
        }
        *changed = *changed || labels[i] != best;
        labels[i] = best;
        inertia += least;
    }
    return inertia;
}

static void move_plainly(void)
{
    double sum[K * D] = { 0 }, n[K] = { 0 };
    for (size_t i = 0; i < N; i++) {
        n[labels[i]]++;
        for (size_t f = 0; f < D; f++)
            sum[(size_t)labels[i] * D + f] += scaled[i * D + f];
    }
    for (size_t j = 0; j < K; j++)
        for (size_t f = 0; f < D; f++)
            centres[j * D + f] = sum[j * D + f] / n[j];
}

static double lloyd_plainly(void)
{
    bool changed;
    memset(labels, -1, sizeof labels);
    double inertia = assign_plainly(&changed);
    while (changed) {
        move_plainly();
        inertia = assign_plainly(&changed);
    }
    return inertia;
}

/* ---- our way ------------------------------------------------------------------------------ */

static const seg_column features[MAX_D] = {
    { .name = "a", .type = SEG_TYPE_F32 }, { .name = "b", .type = SEG_TYPE_F32 },
    { .name = "c", .type = SEG_TYPE_F32 }, { .name = "d", .type = SEG_TYPE_F32 },
};

static seg_source *open_rows(const seg_context *ctx, const float *x, size_t n, size_t d)
{
    static seg_schema schema;
    seg_source *source = NULL;
    seg_error err;
    schema = (seg_schema){ .kind = SEG_KIND_FEATURES, .features = features, .n_features = d,
                           .as_of_day = SEG_MISSING_DAY };
    seg_block all = { .n_rows = n, .x = { .x = x, .n_rows = n, .n_cols = d, .stride = d } };
    assert_int_equal(seg_memory_source(ctx, &schema, &all, &source, &err), SEG_OK);
    return source;
}

static seg_kmeans_options options_of(const char *k, int scale, double tol)
{
    seg_kmeans_options o;
    memset(&o, 0, sizeof o);
    seg_method_defaults(&seg_method_kmeans, &o);
    o.k = k;
    o.scale = scale;
    o.tol = tol;
    return o;
}

static seg_model *train(const seg_context *ctx, const seg_kmeans_options *o, const float *x,
                        size_t n, size_t d)
{
    seg_model *model = NULL;
    seg_error err = { .text = "" };
    seg_source *source = open_rows(ctx, x, n, d);
    if (seg_train(ctx, &seg_method_kmeans, o, source, &model, &err) != SEG_OK)
        fail_msg("%s", err.text);
    seg_source_close(source);
    return model;
}

static seg_status refused(const seg_kmeans_options *o, const float *x, size_t n, size_t d,
                          seg_error *err)
{
    seg_model *model = NULL;
    seg_source *source = open_rows(NULL, x, n, d);
    seg_status st = seg_train(NULL, &seg_method_kmeans, o, source, &model, err);
    assert_null(model);
    seg_source_close(source);
    return st;
}

static double figure(const seg_model *model, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "figures.%s", name);
    return seg_node_real(seg_node_get(seg_doc_root(model->info), path), NAN);
}

static int64_t size_of(const seg_model *model, size_t j)
{
    return seg_node_int(
        seg_node_at(seg_node_get(seg_doc_root(model->info), "figures.sizes"), j), -1);
}

static void write_start(const char *path, const double *start, size_t k, size_t d)
{
    FILE *file = fopen(path, "w");
    for (size_t f = 0; f < d; f++)
        fprintf(file, "%s%s", f > 0 ? "," : "", features[f].name);
    for (size_t j = 0; j < k; j++)
        for (size_t f = 0; f < d; f++)
            fprintf(file, "%s%.17g", f == 0 ? "\n" : ",", start[j * d + f]);
    fputs("\n", file);
    assert_int_equal(fclose(file), 0);
}

static void check_labels(const seg_model *model, const int *expected)
{
    seg_source *data = open_rows(NULL, rows, N, D), *scores = NULL;
    seg_block block;
    seg_error err;
    size_t segment, seen = 0;
    assert_int_equal(seg_score_open(NULL, model, data, &scores, &err), SEG_OK);
    segment = seg_schema_column(scores->schema, "segment");
    for (;;) {
        assert_int_equal(scores->next(scores, &block, &err), SEG_OK);
        if (block.n_rows == 0)
            break;
        for (size_t i = 0; i < block.n_rows; i++, seen++)
            assert_int_equal(((const int64_t *)block.columns[segment])[i], expected[seen]);
    }
    assert_int_equal(seen, N);
    seg_source_close(scores);
    seg_source_close(data);
}

static void same_as_a_plain_lloyd_with_the_same_start(void **state)
{
    (void)state;
    static double start[K * D];
    for (int scaling = SEG_SCALE_NONE; scaling <= SEG_SCALE_LOG1P_Z; scaling++)
        for (int missing = 0; missing < 2; missing++) {
            make_rows(missing * 0.05);
            scale_plainly(scaling, start);
            write_start("start.csv", start, K, D);
            /* the start file goes through float: so does the plain way */
            for (size_t i = 0; i < K * D; i++)
                assert_true((double)(float)start[i] == start[i]);
            double inertia = lloyd_plainly();
            seg_kmeans_options o = options_of("8", scaling, 0);
            o.init = "start.csv";
            o.max_iter = 1000;
            seg_model *model = train(NULL, &o, rows, N, D);
            assert_true(fabs(figure(model, "inertia") - inertia) <= 1e-9 * inertia);
            check_labels(model, labels);
            seg_model_free(model);
        }
}

static void inertia_never_rises(void **state)
{
    (void)state;
    make_rows(0.02);
    double last = INFINITY;
    for (uint32_t i = 0; i < 12; i++) {
        seg_kmeans_options o = options_of("7", SEG_SCALE_Z, 0);
        o.max_iter = i;
        o.init = "random";
        seg_model *model = train(NULL, &o, rows, N, D);
        assert_true(figure(model, "inertia") <= last * (1 + 1e-12));
        last = figure(model, "inertia");
        seg_model_free(model);
    }
}

static void same_bits_for_any_threads_and_blocks(void **state)
{
    (void)state;
    make_rows(0.05);
    double first[K * D];
    static const char *const starts[] = { "greedy", "random", "farthest" };
    for (size_t s = 0; s < 3; s++)
        for (int i = 0; i < 4; i++) {
            seg_context ctx = seg_context_defaults();
            ctx.n_threads = (uint32_t[]){ 1, 2, 3, 7 }[i];
            ctx.block_rows = (size_t[]){ 1024, 2048, 4096, 1024 }[i];
            seg_kmeans_options o = options_of("5", SEG_SCALE_Z, 1e-4);
            o.init = starts[s];
            seg_model *model = train(&ctx, &o, rows, N, D);
            const seg_kmeans_model *m = model->state;
            assert_int_equal(m->k, K);
            if (i == 0)
                memcpy(first, m->z, sizeof first);
            assert_memory_equal(first, m->z, sizeof first);
            seg_model_free(model);
        }
}

/* ---- by hand --------------------------------------------------------------------------------- */

static void one_segment_of_scaled_rows_has_inertia_rows_times_columns(void **state)
{
    (void)state;
    make_rows(0);
    seg_kmeans_options o = options_of("1", SEG_SCALE_Z, 1e-4);
    seg_model *model = train(NULL, &o, rows, N, D);
    assert_true(fabs(figure(model, "inertia") - N * D) < 1e-6);
    assert_int_equal(size_of(model, 0), N);
    seg_model_free(model);
}

static void two_pairs_by_hand(void **state)
{
    (void)state;
    const float x[] = { 0, 1, 9, 10 };
    seg_kmeans_options o = options_of("2", SEG_SCALE_NONE, 0);
    seg_model *model = train(NULL, &o, x, 4, 1);
    assert_true(fabs(figure(model, "inertia") - 1) < 1e-12);
    /* distance 0.5 to the own centroid; 9.5 and 8.5 to the other */
    assert_true(fabs(figure(model, "silhouette") - (2 - 0.5 / 9.5 - 0.5 / 8.5) / 2) < 1e-7);
    const seg_kmeans_model *m = model->state;
    double low = fmin(seg_kmeans_centroid(m, 0, 0), seg_kmeans_centroid(m, 1, 0));
    double high = fmax(seg_kmeans_centroid(m, 0, 0), seg_kmeans_centroid(m, 1, 0));
    assert_true(fabs(low - 0.5) < 1e-12);
    assert_true(fabs(high - 9.5) < 1e-12);
    seg_model_free(model);
}

static void an_empty_segment_takes_the_farthest_row(void **state)
{
    (void)state;
    const float x[] = { 0, 0.5f, 10, 10.5f, 20 };
    const double start[] = { 0, 10, 1000 };
    write_start("start.csv", start, 3, 1);
    seg_kmeans_options o = options_of("8", SEG_SCALE_NONE, 0);
    o.init = "start.csv";
    seg_model *model = train(NULL, &o, x, 5, 1);
    assert_int_equal(size_of(model, 0), 2);
    assert_int_equal(size_of(model, 1), 2);
    assert_int_equal(size_of(model, 2), 1);
    assert_true(fabs(figure(model, "inertia") - 0.25) < 1e-12);
    seg_model_free(model);
}

static void equal_rows_leave_empty_segments_where_they_were(void **state)
{
    (void)state;
    const float x[] = { 5, 5, 5, 5 };
    const double start[] = { 90, 5, 70 };
    write_start("start.csv", start, 3, 1);
    seg_kmeans_options o = options_of("8", SEG_SCALE_NONE, 0);
    o.init = "start.csv";
    seg_model *model = train(NULL, &o, x, 4, 1);
    const seg_kmeans_model *m = model->state;
    assert_int_equal(size_of(model, 1), 4);
    assert_true(fabs(seg_kmeans_centroid(m, 0, 0) - 90) < 1e-9);
    assert_true(fabs(seg_kmeans_centroid(m, 2, 0) - 70) < 1e-9);
    assert_true(figure(model, "inertia") == 0);
    seg_model_free(model);
}

static void a_scan_keeps_the_k_of_the_best_silhouette(void **state)
{
    (void)state;
    const float x[] = { 0, 1, 2, 100, 101, 102, 300, 301, 302 };
    seg_kmeans_options o = options_of("2..5", SEG_SCALE_NONE, 0);
    o.n_init = 3;
    seg_model *model = train(NULL, &o, x, 9, 1);
    const seg_node *scan = seg_node_get(seg_doc_root(model->info), "figures.scan");
    assert_int_equal(seg_node_count(scan), 4);
    assert_true(figure(model, "k") == 3);
    assert_true(fabs(figure(model, "inertia") - 6) < 1e-9);
    for (size_t i = 1; i < 4; i++)   /* more segments, less inertia */
        assert_true(seg_node_real(seg_node_get(seg_node_at(scan, i), "inertia"), NAN)
                    <= seg_node_real(seg_node_get(seg_node_at(scan, i - 1), "inertia"), NAN));
    seg_model_free(model);
}

static void fewer_distinct_rows_than_k_give_fewer_segments(void **state)
{
    (void)state;
    const float x[] = { 1, 2, 1, 2, 1 };
    seg_kmeans_options o = options_of("4", SEG_SCALE_NONE, 0);
    seg_model *model = train(NULL, &o, x, 5, 1);
    assert_true(figure(model, "k") == 2);
    assert_true(figure(model, "inertia") == 0);
    seg_model_free(model);
}

/* ---- refusals ---------------------------------------------------------------------------------- */

static void says_what_is_wrong_with_the_data(void **state)
{
    (void)state;
    seg_error err;
    const float hollow[] = { 1, NAN, 2, NAN, 3, NAN }, infinite[] = { 1, INFINITY, 2 };
    const float low[] = { 1, -2, 3 };
    seg_kmeans_options o = options_of("2", SEG_SCALE_Z, 0);
    assert_int_equal(refused(&o, hollow, 0, 2, &err), SEG_E_DATA);
    assert_non_null(strstr(err.text, "no rows"));
    assert_int_equal(refused(&o, hollow, 3, 2, &err), SEG_E_DATA);
    assert_non_null(strstr(err.text, "'b' has no values"));
    assert_int_equal(refused(&o, infinite, 3, 1, &err), SEG_E_DATA);
    assert_non_null(strstr(err.text, "'a' has infinite values"));
    o.scale = SEG_SCALE_LOG1P_Z;
    assert_int_equal(refused(&o, low, 3, 1, &err), SEG_E_DATA);
    assert_non_null(strstr(err.text, "log1p"));
    o = options_of("4", SEG_SCALE_Z, 0);
    assert_int_equal(refused(&o, low, 3, 1, &err), SEG_E_DATA);
    assert_non_null(strstr(err.text, "more segments than there are rows: 3"));
}

static void rows_that_do_not_fit_the_schema_are_refused(void **state)
{
    (void)state;
    seg_error err;
    seg_source *source = NULL;
    const float x[] = { 1, 2, 3, 4 };
    seg_schema schema = { .kind = SEG_KIND_FEATURES, .features = features, .n_features = 2 };
    seg_block all = { .n_rows = 2 };
    assert_int_equal(seg_memory_source(NULL, &schema, &all, &source, &err), SEG_E_USAGE);
    all.x = (seg_matrix){ .x = x, .n_rows = 2, .n_cols = 1, .stride = 2 };
    assert_int_equal(seg_memory_source(NULL, &schema, &all, &source, &err), SEG_E_USAGE);
    all.x.n_cols = 2;
    schema.id_width = 8;
    assert_int_equal(seg_memory_source(NULL, &schema, &all, &source, &err), SEG_E_USAGE);
    assert_null(source);
}

/* ---- files ---------------------------------------------------------------------------------------- */

static void collect(const seg_model *model, double *distance, int64_t *segment)
{
    seg_source *data = open_rows(NULL, rows, N, D), *scores = NULL;
    seg_block block;
    seg_error err;
    assert_int_equal(seg_score_open(NULL, model, data, &scores, &err), SEG_OK);
    size_t d = seg_schema_column(scores->schema, "distance");
    size_t s = seg_schema_column(scores->schema, "segment");
    for (;;) {
        assert_int_equal(scores->next(scores, &block, &err), SEG_OK);
        if (block.n_rows == 0)
            break;
        memcpy(distance + block.first_row, block.columns[d], block.n_rows * sizeof *distance);
        memcpy(segment + block.first_row, block.columns[s], block.n_rows * sizeof *segment);
    }
    seg_source_close(scores);
    seg_source_close(data);
}

static void a_loaded_model_scores_to_the_bit(void **state)
{
    (void)state;
    static double before[N], after[N];
    static int64_t segment[N], again[N];
    seg_error err;
    seg_model *loaded = NULL;
    make_rows(0.05);
    for (int scaling = SEG_SCALE_NONE; scaling <= SEG_SCALE_LOG1P_Z; scaling++) {
        seg_kmeans_options o = options_of("6", scaling, 1e-4);
        seg_model *model = train(NULL, &o, rows, N, D);
        collect(model, before, segment);
        assert_int_equal(seg_model_save(model, "k.model", &err), SEG_OK);
        seg_model_free(model);
        assert_int_equal(seg_model_load("k.model", &loaded, &err), SEG_OK);
        collect(loaded, after, again);
        assert_memory_equal(before, after, sizeof before);
        assert_memory_equal(segment, again, sizeof segment);
        seg_model_free(loaded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_a_plain_lloyd_with_the_same_start),
        cmocka_unit_test(inertia_never_rises),
        cmocka_unit_test(same_bits_for_any_threads_and_blocks),
        cmocka_unit_test(one_segment_of_scaled_rows_has_inertia_rows_times_columns),
        cmocka_unit_test(two_pairs_by_hand),
        cmocka_unit_test(an_empty_segment_takes_the_farthest_row),
        cmocka_unit_test(equal_rows_leave_empty_segments_where_they_were),
        cmocka_unit_test(a_scan_keeps_the_k_of_the_best_silhouette),
        cmocka_unit_test(fewer_distinct_rows_than_k_give_fewer_segments),
        cmocka_unit_test(says_what_is_wrong_with_the_data),
        cmocka_unit_test(rows_that_do_not_fit_the_schema_are_refused),
        cmocka_unit_test(a_loaded_model_scores_to_the_bit),
    };
    return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}

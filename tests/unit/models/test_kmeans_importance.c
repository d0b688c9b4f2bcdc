/* Features that count more than others: the bits of columns that were multiplied before. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "models/kmeans.h"

enum { MANY = 70000, FEW = 2000, D = 3 };

static float rows[MANY * D], stretched[MANY * D];
static const seg_column features[D] = {
    { .name = "a", .type = SEG_TYPE_F32 }, { .name = "b=c", .type = SEG_TYPE_F32 },
    { .name = "total spend", .type = SEG_TYPE_F32 },
};
static const seg_schema schema = { .kind = SEG_KIND_FEATURES, .features = features,
                                   .n_features = D, .as_of_day = SEG_MISSING_DAY };

static int make_rows(void **state)
{
    (void)state;
    seg_rng rng = { 3, 9 };
    const double factors[D] = { 4, 1, 0.5 };
    for (size_t i = 0; i < MANY; i++) {
        double group = floor(seg_rng_f64(rng, i) * 6);
        for (size_t f = 0; f < D; f++) {
            double v = group * (f == 1 ? -1 : 2) + 3 * seg_rng_f64(rng, MANY + i * D + f);
            rows[i * D + f] = i % 50 == 7 ? NAN : (float)v;
            stretched[i * D + f] = (float)factors[f] * rows[i * D + f];
        }
    }
    return 0;
}

static seg_kmeans_options usual(void)
{
    seg_kmeans_options o;
    seg_method_defaults(seg_method_find("kmeans"), &o);
    o.k = "5";
    o.n_init = 2;
    return o;
}

static seg_status try_to_train(const seg_kmeans_options *o, const float *x, size_t n,
                               seg_model **model, seg_error *err)
{
    seg_block all = { .n_rows = n, .x = { x, n, D, D } };
    seg_source *source = NULL;
    *model = NULL;
    seg_status st = seg_memory_source(NULL, &schema, &all, &source, err);
    if (st == SEG_OK)
        st = seg_train(NULL, seg_method_find("kmeans"), o, source, model, err);
    seg_source_close(source);
    return st;
}

static seg_model *train(const seg_kmeans_options *o, const float *x, size_t n)
{
    seg_model *model;
    seg_error err = { .text = "" };
    if (try_to_train(o, x, n, &model, &err) != SEG_OK)
        fail_msg("%s", err.text);
    return model;
}

static double inertia_of(const seg_model *model)
{
    return seg_node_real(seg_node_get(seg_doc_root(model->info), "figures.inertia"), NAN);
}

/* Factors are powers of two, so nothing is rounded: 16 is 4 times as far. */
static void weights_are_squares_of_factors(void **state)
{
    (void)state;
    static const size_t n[] = { FEW, MANY };
    for (size_t i = 0; i < 2; i++) {
        seg_kmeans_options o = usual();
        o.scale = SEG_SCALE_NONE;
        seg_model *expected = train(&o, stretched, n[i]);
        o.feature_weights = " total spend = 0.25 ,a=16";
        seg_model *model = train(&o, rows, n[i]);
        const seg_kmeans_model *x = expected->state, *y = model->state;
        assert_int_equal(x->k, y->k);
        assert_memory_equal(x->z, y->z, x->k * D * sizeof *x->z);
        assert_memory_equal(x->size, y->size, x->k * sizeof *x->size);
        assert_true(inertia_of(expected) == inertia_of(model));
        seg_model_free(expected);
        seg_model_free(model);
    }
}

/* All about the mean: each feature brings its variance, 1, times its weight. */
static void one_segment_has_the_sum_of_the_weights(void **state)
{
    (void)state;
    seg_kmeans_options o = usual();
    o.k = "1";
    o.feature_weights = "b=c=2.5,a=0.3";
    seg_model *model = train(&o, rows, FEW);
    double present = 0;
    for (size_t i = 0; i < FEW; i++)
        present += isnan(rows[i * D]) ? 0 : 1;
    double expected = present * (2.5 + 0.3 + 1);
    assert_true(fabs(inertia_of(model) - expected) < 1e-6 * expected);
    seg_model_free(model);
}

static void weight_one_changes_nothing(void **state)
{
    (void)state;
    seg_kmeans_options o = usual();
    seg_model *expected = train(&o, rows, FEW);
    o.feature_weights = "a=1,b=c=1.0,total spend=1e0";
    seg_model *model = train(&o, rows, FEW);
    const seg_kmeans_model *x = expected->state, *y = model->state;
    assert_memory_equal(x->z, y->z, x->k * D * sizeof *x->z);
    assert_memory_equal(x->inverse, y->inverse, D * sizeof *x->inverse);
    seg_model_free(expected);
    seg_model_free(model);
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *list, *words;
    } cases[] = {
        { "a", "'a', which is not COL=W" },
        { "=2", "'=2', which is not COL=W" },
        { "a=", "gives 'a' the weight ''" },
        { "a=0", "gives 'a' the weight '0'; it must be a number above 0" },
        { "a=-1", "gives 'a' the weight '-1'" },
        { "a=much", "gives 'a' the weight 'much'" },
        { "a=1e10", "gives 'a' the weight '1e10'" },
        { "a=nan", "gives 'a' the weight 'nan'" },
        { "a=1,,b=c=2", "'', which is not COL=W" },
        { "a=2,b=c=1,a=3", "names 'a' twice" },
        { "totl spend=2", "names 'totl spend', which is no feature of the data; did you mean"
                          " 'total spend'?" },
        { "b=c=2", "names 'b=c', which is not segmented by" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        seg_kmeans_options o = usual();
        seg_error err;
        seg_model *model;
        o.feature_weights = cases[i].list;
        if (i + 1 == sizeof cases / sizeof *cases)
            o.features = "a,total spend";
        assert_int_equal(try_to_train(&o, rows, FEW, &model, &err), SEG_E_USAGE);
        assert_null(model);
        if (strstr(err.text, cases[i].words) == NULL)
            fail_msg("%s: %s", cases[i].list, err.text);
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    seg_kmeans_options o = usual();
    bool failed = true;
    o.feature_weights = "a=2";
    for (long n = 0; failed; n += n < 30 ? 1 : 1 + n / 6) {
        seg_model *model;
        seg_error err;
        long live = seg_alloc_live;
        seg_alloc_fail_after = n;
        seg_status st = try_to_train(&o, rows, FEW, &model, &err);
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
        cmocka_unit_test(weights_are_squares_of_factors),
        cmocka_unit_test(one_segment_has_the_sum_of_the_weights),
        cmocka_unit_test(weight_one_changes_nothing),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, make_rows, NULL);
}

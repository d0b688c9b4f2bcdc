/* Evaluating a classifier: which rows count, and what a label's values mean. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "kernels/classify.h"
#include "models/classifier.h"

enum { N = 6 };
static const char *const yes_no[] = { "Yes", "No" };   /* the model saw them as No, Yes */
static const float scores[N] = { 0.9f, 0.8f, 0.7f, 0.3f, 0.2f, 0.1f };

typedef struct outcome {
    seg_status st;
    seg_error err;
    int64_t rows, positives, without_label;
    double auc;
} outcome;

static outcome evaluate_with(const seg_classify_options *options, const char *const *levels,
                             size_t n_levels, const int32_t *codes, const uint8_t *fold,
                             seg_doc *doc)
{
    outcome o = { .auc = NAN };
    seg_column label = { .name = "Churn", .type = SEG_TYPE_CODE, .levels = levels,
                         .n_levels = n_levels };
    seg_schema schema = { .kind = SEG_KIND_FEATURES, .columns = &label, .n_columns = 1 };
    seg_train_input input = { .schema = &schema, .n_rows = N, .options = options, .fold = fold,
                              .held_out = 1 };
    seg_block in = { .n_rows = N, .columns = (const void *const[]){ codes } };
    seg_block scored = { .n_rows = N, .columns = (const void *const[]){ scores } };
    const seg_node *root = seg_doc_root(doc);
    void *ev = NULL;
    o.st = seg_classifier_evaluate_begin(&input, "Churn", "Yes", "No", &ev, &o.err);
    if (o.st == SEG_OK)
        o.st = seg_classifier_evaluate_add(ev, &in, &scored, &o.err);
    if (o.st == SEG_OK)
        o.st = seg_classifier_evaluate_end(ev, seg_doc_root(doc), &o.err);
    o.rows = seg_node_int(seg_node_get(root, "rows"), -1);
    o.positives = seg_node_int(seg_node_get(root, "positives"), -1);
    o.without_label = seg_node_int(seg_node_get(root, "rows_without_label"), -1);
    o.auc = seg_node_real(seg_node_get(root, "auc"), NAN);
    seg_classifier_evaluate_free(ev);
    return o;
}

static outcome evaluate(const char *const *levels, size_t n_levels, const int32_t *codes,
                        const uint8_t *fold)
{
    seg_doc *doc = seg_doc_new();
    outcome o = evaluate_with(NULL, levels, n_levels, codes, fold, doc);
    seg_doc_free(doc);
    return o;
}

static void values_are_matched_by_name_not_by_code(void **state)
{
    (void)state;
    outcome o = evaluate(yes_no, 2, (int32_t[]){ 0, 0, 1, 0, 1, 1 }, NULL);
    assert_int_equal(o.st, SEG_OK);
    assert_int_equal(o.rows, 6);
    assert_int_equal(o.positives, 3);
    assert_true(fabs(o.auc - 8.0 / 9) < 1e-15);
}

static void rows_without_a_label_and_of_other_folds_do_not_count(void **state)
{
    (void)state;
    const int32_t codes[N] = { 0, 1, -1, 0, 1, 1 };
    outcome o = evaluate(yes_no, 2, codes, NULL);
    assert_int_equal(o.rows, 5);
    assert_int_equal(o.without_label, 1);
    o = evaluate(yes_no, 2, codes, (uint8_t[]){ 1, 0, 1, 1, 1, 0 });
    assert_int_equal(o.rows, 3);
    assert_int_equal(o.positives, 2);
    assert_true(o.auc == 1);
}

static void a_value_that_the_model_does_not_know_is_named(void **state)
{
    (void)state;
    const char *const three[] = { "Yes", "No", "Maybe" };
    outcome o = evaluate(three, 3, (int32_t[]){ 0, 1, 0, 2, 1, 1 }, NULL);
    assert_int_equal(o.st, SEG_E_DATA);
    assert_non_null(strstr(o.err.text, "'Maybe'"));
    o = evaluate(three, 3, (int32_t[]){ 0, 1, 0, 1, 1, 1 }, NULL);   /* it may be unused */
    assert_int_equal(o.st, SEG_OK);
    o = evaluate(yes_no, 2, (int32_t[]){ 0, 1, 0, 99, 1, 1 }, NULL);
    assert_int_equal(o.st, SEG_E_DATA);
}

static void one_class_alone_has_no_auc(void **state)
{
    (void)state;
    outcome o = evaluate(yes_no, 2, (int32_t[]){ 1, 1, 1, 1, 1, 1 }, NULL);
    assert_int_equal(o.st, SEG_OK);
    assert_true(isnan(o.auc));
    o = evaluate(yes_no, 2, (int32_t[]){ -1, -1, -1, -1, -1, -1 }, NULL);
    assert_int_equal(o.st, SEG_E_DATA);
    assert_non_null(strstr(o.err.text, "no row has a label"));
}

static void data_without_the_label_are_told_how_to_get_it(void **state)
{
    (void)state;
    seg_schema schema = { .kind = SEG_KIND_FEATURES };
    seg_train_input input = { .schema = &schema };
    seg_error err;
    void *ev;
    assert_int_equal(seg_classifier_evaluate_begin(&input, "Churn", "Yes", "No", &ev, &err),
                     SEG_E_DATA);
    assert_non_null(strstr(err.text, "--label Churn"));
    assert_null(ev);
}

static double real_at(seg_doc *doc, const char *path)
{
    return seg_node_real(seg_node_get(seg_doc_root(doc), path), NAN);
}

/* Scores 0.9 0.8 0.7 0.3 0.2 0.1; the first, the second and the fourth leave. A leaver earns
 * 0.5 (100 - 20) - 5 = 35, a stayer costs 25: 35, 70, 45, 80, 55, 30. */
static void money_finds_the_cut_and_the_confusion_is_there(void **state)
{
    (void)state;
    const seg_classify_options options = { .money = { 100, 20, 5, 0.5 } };
    const int32_t codes[N] = { 0, 0, 1, 0, 1, 1 };
    seg_doc *doc = seg_doc_new();
    assert_int_equal(evaluate_with(&options, yes_no, 2, codes, NULL, doc).st, SEG_OK);
    assert_true(fabs(real_at(doc, "profit.max") - 80) < 1e-12);
    assert_true(real_at(doc, "profit.threshold") == 0.3);   /* the decimal of the float */
    assert_true(real_at(doc, "profit.customers") == 4 && real_at(doc, "profit.leavers") == 3);
    assert_string_equal(seg_node_text(seg_node_get(seg_doc_root(doc), "profit.advice"), ""),
                        "call the 4 customers with probability >= 0.3: expected profit 80.00");
    assert_true(real_at(doc, "empc") > 0);
    assert_true(real_at(doc, "confusion.threshold") == 0.3);
    assert_true(real_at(doc, "confusion.tp") == 3 && real_at(doc, "confusion.fp") == 1);
    seg_doc_free(doc);
}

static void without_money_none_is_told_and_a_threshold_counts(void **state)
{
    (void)state;
    seg_classify_options options = SEG_CLASSIFY_DEFAULTS;
    const int32_t codes[N] = { 0, 0, 1, 0, 1, 1 };
    options.threshold = 0.8;
    seg_doc *doc = seg_doc_new();
    assert_int_equal(evaluate_with(&options, yes_no, 2, codes, NULL, doc).st, SEG_OK);
    assert_null(seg_node_get(seg_doc_root(doc), "profit"));
    assert_null(seg_node_get(seg_doc_root(doc), "empc"));
    assert_true(real_at(doc, "confusion.tp") == 2 && real_at(doc, "confusion.fn") == 1);
    seg_doc_free(doc);
}

/* The table of gains has the deciles that a model gives the same rows. */
static void deciles_of_the_figures_are_those_of_the_scores(void **state)
{
    (void)state;
    for (size_t n = 1; n < 60; n++) {
        float values[60], edges[SEG_DECILE_EDGES];
        int64_t rows[60], expected[SEG_GAIN_ROWS + 1] = { 0 };
        seg_score_run runs[60];
        for (size_t i = 0; i < n; i++) {
            rows[i] = 1 + (int64_t)(i * i * 7 % 11 * (n % 3));
            values[i] = 1 - (float)i / 64;
            runs[n - 1 - i] = (seg_score_run){ values[i], { rows[i] - 1, 1 } };
        }
        const seg_score_table table = { .runs = runs, .n_runs = n };
        seg_gain_row gain[SEG_GAIN_ROWS];
        size_t n_rows = seg_class_gain(&table, gain);
        seg_decile_edges(values, rows, n, edges);
        for (size_t i = 0; i < n; i++)
            expected[seg_decile(edges, values[i])] += rows[i];
        for (size_t d = 0; d < n_rows; d++) {
            assert_int_equal(gain[d].rows, expected[gain[d].decile]);
            expected[gain[d].decile] = 0;
        }
        for (size_t d = 1; d <= SEG_GAIN_ROWS; d++)
            assert_int_equal(expected[d], 0);
    }
}

static void bands_are_cut_at_the_given_probabilities(void **state)
{
    (void)state;
    seg_bands bands;
    size_t n;
    assert_int_equal(seg_bands_parse("0.1,0.3,0.6", &bands, NULL), SEG_OK);
    const char *const *names = seg_bands_names(&bands, &n);
    assert_int_equal(n, 4);
    const struct { float p; const char *name; } expected[] = {
        { 0, "low" }, { 0.0999f, "low" }, { 0.1f, "medium" }, { 0.29f, "medium" },
        { 0.3f, "high" }, { 0.6f, "very high" }, { 1, "very high" },
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_string_equal(names[seg_bands_code(&bands, expected[i].p, 1)], expected[i].name);
    const char *const words[] = { "0.5", "0.2,0.5", "0.1,0.2,0.3,0.4" };
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(seg_bands_parse(words[i], &bands, NULL), SEG_OK);
        names = seg_bands_names(&bands, &n);
        assert_int_equal(n, i == 2 ? 5 : i + 2);
        assert_string_equal(names[seg_bands_code(&bands, 0, 1)], i == 2 ? "very low" : "low");
        assert_string_equal(names[0], i == 2 ? "very high" : "high");
    }
}

static void without_edges_bands_go_by_decile(void **state)
{
    (void)state;
    const char *const none[] = { NULL, "" };
    for (size_t i = 0; i < 2; i++) {
        seg_bands bands;
        size_t n;
        assert_int_equal(seg_bands_parse(none[i], &bands, NULL), SEG_OK);
        assert_ptr_equal(seg_bands_names(&bands, &n), seg_band_names);
        assert_int_equal(n, SEG_BANDS);
        for (int decile = 1; decile <= 10; decile++)
            assert_int_equal(seg_bands_code(&bands, 0.01f, decile), seg_band(decile));
    }
}

static void edges_that_make_no_bands_are_refused(void **state)
{
    (void)state;
    const char *const bad[] = { "0", "1", "0.5,0.2", "0.2,0.2", "x", "0.1,,0.2", "nan", "10%",
                                "0.1,0.2,0.3,0.4,0.5", "1e-60" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        seg_bands bands;
        seg_error err;
        assert_int_equal(seg_bands_parse(bad[i], &bands, &err), SEG_E_USAGE);
        assert_non_null(strstr(err.text, "--bands takes"));
    }
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    const seg_classify_options options = { .money = { 100, 20, 5, 0.5 } };
    outcome o = { .st = SEG_E_AGAIN };
    long live = seg_alloc_live;
    for (long n = 0; o.st == SEG_E_AGAIN; n++) {
        seg_doc *doc = seg_doc_new();
        seg_alloc_fail_after = n;
        o = evaluate_with(&options, yes_no, 2, (int32_t[]){ 0, 0, 1, 0, 1, 1 }, NULL, doc);
        if (o.st == SEG_OK)
            o.st = seg_doc_status(doc, &o.err);
        seg_alloc_fail_after = -1;
        seg_doc_free(doc);
        assert_int_equal(seg_alloc_live, live);
    }
    assert_int_equal(o.st, SEG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_matched_by_name_not_by_code),
        cmocka_unit_test(rows_without_a_label_and_of_other_folds_do_not_count),
        cmocka_unit_test(a_value_that_the_model_does_not_know_is_named),
        cmocka_unit_test(one_class_alone_has_no_auc),
        cmocka_unit_test(data_without_the_label_are_told_how_to_get_it),
        cmocka_unit_test(money_finds_the_cut_and_the_confusion_is_there),
        cmocka_unit_test(without_money_none_is_told_and_a_threshold_counts),
        cmocka_unit_test(deciles_of_the_figures_are_those_of_the_scores),
        cmocka_unit_test(bands_are_cut_at_the_given_probabilities),
        cmocka_unit_test(without_edges_bands_go_by_decile),
        cmocka_unit_test(edges_that_make_no_bands_are_refused),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Planted leaks are found by name, honest columns are not accused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "jobs/leak_column.h"
#include "jobs/leaks.h"

enum { N = 5000, D = 6 };
static const char *const answers[] = { "no", "yes" };
static const seg_column label = { .name = "churned", .type = SEG_TYPE_CODE, .levels = answers,
                                  .n_levels = 2 };
static float x[N][D];
static char ids[N][16];
static int32_t codes[N];
static const seg_rng rng = { 7, 1 };

static double draw(uint64_t i) { return seg_rng_f64(rng, i); }

/* A table without any leak: noise, an honest predictor (AUC about 0.85), a category, a number
 * that is often missing, money, and a whole number. */
static void plant_nothing(void)
{
    for (uint64_t i = 0; i < N; i++) {
        codes[i] = draw(i * 16) < 0.2;
        x[i][0] = (float)draw(i * 16 + 1);
        x[i][1] = (float)(draw(i * 16 + 2) + draw(i * 16 + 3) + 0.6 * codes[i]);
        x[i][2] = (float)(int)(draw(i * 16 + 4) * 3);
        x[i][3] = draw(i * 16 + 5) < 0.3 ? __builtin_nanf("") : (float)draw(i * 16 + 6);
        x[i][4] = (float)(int)(draw(i * 16 + 7) * 100) / 100;
        x[i][5] = (float)(int)(draw(i * 16 + 8) * 30);
        memset(ids[i], 0, sizeof ids[i]);
        snprintf(ids[i], sizeof ids[i], "C%04u", (unsigned)(i * 7919 % N));
    }
}

static const char *const plans[] = { "gold", "silver", "bronze", "left us" };
static const seg_column features[D] = {
    { .name = "noise", .type = SEG_TYPE_F32 }, { .name = "honest", .type = SEG_TYPE_F32 },
    { .name = "plan", .type = SEG_TYPE_CODE, .levels = plans, .n_levels = 4 },
    { .name = "gappy", .type = SEG_TYPE_F32 }, { .name = "money", .type = SEG_TYPE_F32 },
    { .name = "visits", .type = SEG_TYPE_F32 },
};
static const seg_schema schema = { .kind = SEG_KIND_FEATURES, .id_name = "customer",
                                   .id_width = 16, .features = features, .n_features = D,
                                   .columns = &label, .n_columns = 1, .label = "churned",
                                   .as_of_day = SEG_MISSING_DAY };

static seg_source *rows(const seg_context *ctx)
{
    static const void *columns[] = { codes };
    seg_source *source = NULL;
    seg_error err;
    seg_block all = { .n_rows = N, .x = { &x[0][0], N, D, D }, .ids = ids[0],
                      .columns = columns };
    assert_int_equal(seg_memory_source(ctx, &schema, &all, &source, &err), SEG_OK);
    return source;
}

static seg_doc *look(const uint8_t *given, uint32_t threads, size_t block_rows)
{
    seg_context ctx = seg_context_defaults();
    seg_doc *doc = seg_doc_new();
    seg_error err = { .text = "" };
    ctx.n_threads = threads;
    ctx.block_rows = block_rows;
    seg_source *source = rows(&ctx);
    if (seg_leaks_find(&ctx, source, NULL, given, seg_doc_root(doc), &err) != SEG_OK)
        fail_msg("%s", err.text);
    seg_source_close(source);
    return doc;
}

/* One finding, of that column; its AUC. */
static double finds(const char *column, const char *finding, const uint8_t *given)
{
    seg_doc *doc = look(given, 1, 1024);
    const seg_node *leaks = seg_node_get(seg_doc_root(doc), "leaks");
    if (seg_node_count(leaks) != 1)
        fail_msg("%s", seg_doc_json(doc, 0));
    const seg_node *leak = seg_node_at(leaks, 0);
    assert_string_equal(seg_node_text(seg_node_get(leak, "column"), "-"), column);
    assert_string_equal(seg_node_text(seg_node_get(leak, "finding"), ""), finding);
    double auc = seg_node_real(seg_node_get(leak, "auc"), 0);
    seg_doc_free(doc);
    return auc;
}

static void honest_columns_are_not_accused(void **state)
{
    (void)state;
    plant_nothing();
    seg_doc *doc = look(NULL, 1, 0);
    assert_int_equal(seg_node_count(seg_node_get(seg_doc_root(doc), "leaks")), 0);
    seg_doc_free(doc);
}

/* Pairs in the right order, ties half: the definition. */
static double auc_by_pairs(size_t column)
{
    double right = 0, pairs = 0;
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < N; k++) {
            if (codes[i] != 1 || codes[k] != 0)
                continue;
            right += x[i][column] > x[k][column] ? 1 : x[i][column] < x[k][column] ? 0 : 0.5;
            pairs++;
        }
    return right / pairs;
}

static void a_number_that_tells_the_label_is_named(void **state)
{
    (void)state;
    plant_nothing();
    for (size_t i = 0; i < N; i++)
        x[i][4] = (float)((int)(draw(i * 16 + 9) * 50) - 40 * codes[i]);
    double auc = finds("money", "alone", NULL), pairs = 1 - auc_by_pairs(4);
    assert_true(auc > 0.95 && auc - pairs < 1e-12 && pairs - auc < 1e-12);
}

static void a_category_that_tells_the_label_is_named(void **state)
{
    (void)state;
    plant_nothing();
    for (size_t i = 0; i < N; i++)
        if (codes[i] == 1 && draw(i * 16 + 9) < 0.95)
            x[i][2] = 3;
    assert_true(finds("plan", "alone", NULL) > 0.96);
}

static void codes_among_numbers_are_looked_at_by_their_rates(void **state)
{
    (void)state;
    plant_nothing();
    for (size_t i = 0; i < N; i++)
        x[i][5] = (float)((int)(draw(i * 16 + 9) * 10) * 2 + codes[i]);   /* odd: yes */
    assert_true(finds("visits", "alone", NULL) > 0.99);
}

static void a_date_that_only_leavers_have_is_named(void **state)
{
    (void)state;
    plant_nothing();
    for (size_t i = 0; i < N; i++)
        x[i][3] = (draw(i * 16 + 9) < 0.98) == (codes[i] == 1) ? (float)draw(i)
                                                               : __builtin_nanf("");
    double auc = finds("gappy", "missing", NULL);
    assert_true(auc > 0.97 && auc < 0.99);
}

static void a_column_that_is_the_same_for_all_who_stay_is_named(void **state)
{
    (void)state;
    plant_nothing();
    for (size_t i = 0; i < N; i++)
        x[i][4] = codes[i] == 1 && draw(i * 16 + 9) < 0.3 ? 5 : 0;
    double auc = finds("money", "constant", NULL);
    assert_true(auc > 0.63 && auc < 0.67);
}

static void an_id_that_follows_the_label_is_named(void **state)
{
    (void)state;
    plant_nothing();
    for (size_t i = 0; i < N; i++)
        snprintf(ids[i], sizeof ids[i], "C%05u", (unsigned)(i * 7919 % N
                 + (codes[i] == 1 ? 3000 : 0) + (unsigned)N));
    double auc = finds("customer", "id", NULL);
    assert_true(auc > 0.85 && auc < 0.97);
    plant_nothing();
    for (size_t i = 0; i < N; i++)
        x[i][5] = (float)(i * 7919 % N + (codes[i] == 1 ? 2500 : 0)) * 2 + (float)codes[i];
    assert_true(finds("visits", "id", NULL) > 0.7);
}

static void rows_sorted_by_the_label_are_told(void **state)
{
    (void)state;
    plant_nothing();
    for (size_t i = 0; i < N; i++)
        codes[i] = i < N / 3 || draw(i * 16) < 0.05;
    for (size_t i = 0; i < N; i++)
        x[i][1] = (float)draw(i * 16 + 2);
    assert_true(finds("-", "row order", NULL) > 0.7);
}

static void copies_in_another_fold_are_told(void **state)
{
    (void)state;
    static uint8_t fold[N];
    plant_nothing();
    for (size_t i = 0; i < N; i++)
        fold[i] = (uint8_t)(i % 5);
    for (size_t i = 0; i < 60; i++) {
        memcpy(x[N - 1 - i], x[i], sizeof x[i]);
        fold[N - 1 - i] = (uint8_t)((fold[i] + (i < 20 ? 0 : 1)) % 5);
    }
    finds("-", "equal rows", fold);   /* 80 of 5,000 rows */
    for (size_t i = 20; i < 60; i++)
        fold[N - 1 - i] = fold[i];
    seg_doc *doc = look(fold, 1, 0);
    assert_int_equal(seg_node_count(seg_node_get(seg_doc_root(doc), "leaks")), 0);
    seg_doc_free(doc);
}

static void same_findings_for_any_threads_and_blocks(void **state)
{
    (void)state;
    plant_nothing();
    for (size_t i = 0; i < N; i++) {
        x[i][2] = codes[i] == 1 ? 3 : x[i][2];
        x[i][4] -= 2 * (float)codes[i];
    }
    seg_doc *one = look(NULL, 1, 1024), *many = look(NULL, 3, 4096);
    assert_string_equal(seg_doc_json(one, 0), seg_doc_json(many, 0));
    assert_int_equal(seg_node_count(seg_node_get(seg_doc_root(one), "leaks")), 2);
    seg_doc_free(one);
    seg_doc_free(many);
}

static void a_number_at_the_end_of_an_id_is_read(void **state)
{
    (void)state;
    assert_true(seg_number_at_end("K0012", 5) == 12);
    assert_true(seg_number_at_end("7-42", 4) == 42);
    double none = seg_number_at_end("12a", 3);
    assert_true(none != none);
    none = seg_number_at_end("", 0);
    assert_true(none != none);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    static uint8_t fold[N];
    seg_context ctx = seg_context_defaults();
    ctx.n_threads = 2;
    plant_nothing();
    memcpy(x[1], x[0], sizeof x[0]);
    seg_source *source = rows(&ctx);
    long live = seg_alloc_live;
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_error err;
        seg_alloc_fail_after = n;
        seg_doc *doc = seg_doc_new();
        st = seg_leaks_find(&ctx, source, NULL, fold, seg_doc_root(doc), &err);
        if (st == SEG_OK)
            st = seg_doc_status(doc, &err);
        seg_alloc_fail_after = -1;
        seg_doc_free(doc);
        assert_int_equal(source->rewind(source, &err), SEG_OK);
        assert_int_equal(seg_alloc_live, live);
    }
    assert_int_equal(st, SEG_OK);
    seg_source_close(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_columns_are_not_accused),
        cmocka_unit_test(a_number_that_tells_the_label_is_named),
        cmocka_unit_test(a_category_that_tells_the_label_is_named),
        cmocka_unit_test(codes_among_numbers_are_looked_at_by_their_rates),
        cmocka_unit_test(a_date_that_only_leavers_have_is_named),
        cmocka_unit_test(a_column_that_is_the_same_for_all_who_stay_is_named),
        cmocka_unit_test(an_id_that_follows_the_label_is_named),
        cmocka_unit_test(rows_sorted_by_the_label_are_told),
        cmocka_unit_test(copies_in_another_fold_are_told),
        cmocka_unit_test(same_findings_for_any_threads_and_blocks),
        cmocka_unit_test(a_number_at_the_end_of_an_id_is_read),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Folds: read from a file, or dealt so that every label is spread evenly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "data/select.h"
#include "jobs/folds.h"
#include "tests/support/commands.h"

enum { N = 2500, FOLDS = 7 };

static const char *const answers[] = { "no", "yes" };
static const seg_column label = { .name = "churned", .type = SEG_TYPE_CODE, .levels = answers,
                                  .n_levels = 2 };
static const seg_column feature = { .name = "x", .type = SEG_TYPE_F32 };
static const seg_schema schema = { .kind = SEG_KIND_FEATURES, .id_name = "id", .id_width = 8,
                                   .features = &feature, .n_features = 1, .columns = &label,
                                   .n_columns = 1, .label = "churned",
                                   .as_of_day = SEG_MISSING_DAY };
static float x[N];
static char ids[N * 8];
static int32_t codes[N];

/* Customers in this order of numbers; every tenth says yes. */
static seg_source *customers(size_t n, bool backwards)
{
    static const void *columns[] = { codes };
    seg_source *source = NULL;
    seg_error err;
    for (size_t i = 0; i < n; i++) {
        size_t person = backwards ? n - 1 - i : i;
        memset(ids + 8 * i, 0, 8);
        snprintf(ids + 8 * i, 8, "c%zu", person);
        codes[i] = person % 10 == 0;
        x[i] = (float)(person % 3);
    }
    seg_block all = { .n_rows = n, .x = { x, n, 1, 1 }, .ids = ids, .columns = columns };
    assert_int_equal(seg_memory_source(NULL, &schema, &all, &source, &err), SEG_OK);
    return source;
}

static uint8_t *deal(seg_source *source, uint64_t seed)
{
    uint8_t *fold = NULL;
    seg_error err = { .text = "" };
    if (seg_folds_deal(source, FOLDS, seed, &fold, &err) != SEG_OK)
        fail_msg("%s", err.text);
    return fold;
}

static void each_label_is_dealt_evenly(void **state)
{
    (void)state;
    seg_source *source = customers(N, false);
    uint8_t *fold = deal(source, 1);
    int rows[FOLDS] = { 0 }, yes[FOLDS] = { 0 };
    for (size_t i = 0; i < N; i++) {
        assert_true(fold[i] < FOLDS);
        rows[fold[i]]++;
        yes[fold[i]] += codes[i];
    }
    for (int f = 0; f < FOLDS; f++) {
        assert_in_range(rows[f], N / FOLDS, N / FOLDS + 1);
        assert_in_range(yes[f], N / 10 / FOLDS, N / 10 / FOLDS + 1);
    }
    seg_free(fold);
    seg_source_close(source);
}

static void a_customer_keeps_the_fold_wherever_the_row_stands(void **state)
{
    (void)state;
    seg_source *source = customers(N, false);
    uint8_t *fold = deal(source, 1), *other = deal(source, 2);
    assert_memory_not_equal(fold, other, N);   /* another seed, other folds */
    seg_source_close(source);
    source = customers(N, true);
    uint8_t *backwards = deal(source, 1);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(fold[i], backwards[N - 1 - i]);
    seg_free(fold);
    seg_free(other);
    seg_free(backwards);
    seg_source_close(source);
}

static void more_folds_than_rows_are_refused(void **state)
{
    (void)state;
    uint8_t *fold = NULL;
    seg_error err;
    seg_source *source = customers(FOLDS - 1, false);
    assert_int_equal(seg_folds_deal(source, FOLDS, 1, &fold, &err), SEG_E_DATA);
    assert_null(fold);
    seg_source_close(source);
}

static void a_file_of_digits_is_read_and_checked(void **state)
{
    (void)state;
    uint8_t *fold = NULL;
    int n_folds = 0;
    seg_error err;
    write_text("good", "0\n2\r\n1\n0\n");
    assert_int_equal(seg_folds_read("good", 4, &fold, &n_folds, &err), SEG_OK);
    assert_int_equal(n_folds, 3);
    assert_memory_equal(fold, ((uint8_t[]){ 0, 2, 1, 0 }), 4);
    seg_free(fold);
    static const char *const bad[][2] = {
        { "0\n1\n", "folds for 2 rows; the data have 4" },
        { "0\n1\n0\n1\n1\n", "folds for 5 rows" },
        { "0\n1\nx\n1\n", "line 3: not a digit" },
        { "0\n0\n0\n0\n", "one fold only" },
        { "0\n2\n0\n2\n", "no row is in fold 1" },
        { "", "folds for 0 rows" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_text("bad", bad[i][0]);
        assert_int_equal(seg_folds_read("bad", 4, &fold, &n_folds, &err), SEG_E_DATA);
        assert_null(fold);
        if (strstr(err.text, bad[i][1]) == NULL)
            fail_msg("'%s', not '%s'", err.text, bad[i][1]);
    }
    assert_int_equal(seg_folds_read("none", 4, &fold, &n_folds, &err), SEG_E_IO);
}

/* ---- the label taken out of the features (data/select.c) -------------------------------- */

static void a_number_becomes_a_label_and_what_is_dropped_is_gone(void **state)
{
    (void)state;
    static const seg_column three[] = {
        { .name = "age", .type = SEG_TYPE_F32 }, { .name = "left", .type = SEG_TYPE_F32 },
        { .name = "spare", .type = SEG_TYPE_F32 },
    };
    static const float values[] = { 30, 1, 7, 40, -2, 8, 50, __builtin_nanf(""), 9 };
    const seg_schema plain = { .kind = SEG_KIND_FEATURES, .features = three, .n_features = 3,
                               .as_of_day = SEG_MISSING_DAY };
    seg_block all = { .n_rows = 3, .x = { values, 3, 3, 3 } }, block;
    seg_source *from = NULL, *to = NULL;
    seg_error err;
    assert_int_equal(seg_memory_source(NULL, &plain, &all, &from, &err), SEG_OK);
    assert_int_equal(seg_select_source(NULL, from, "lef", NULL, &to, &err), SEG_E_USAGE);
    assert_non_null(strstr(err.text, "did you mean 'left'?"));
    assert_int_equal(seg_select_source(NULL, from, "left", "spar", &to, &err), SEG_E_USAGE);
    assert_non_null(strstr(err.text, "did you mean 'spare'?"));
    assert_int_equal(seg_select_source(NULL, from, "left", "spare", &to, &err), SEG_OK);
    assert_int_equal(to->schema->n_features, 1);
    assert_string_equal(to->schema->label, "left");
    const seg_column *made = &to->schema->columns[seg_schema_column(to->schema, "left")];
    assert_int_equal(made->n_levels, 2);
    assert_string_equal(made->levels[0], "-2");
    assert_string_equal(made->levels[1], "1");
    assert_int_equal(to->next(to, &block, &err), SEG_OK);
    assert_true(block.x.x[0] == 30 && block.x.x[block.x.stride] == 40);
    const int32_t *labels = block.columns[0];
    assert_int_equal(labels[0], 1);
    assert_int_equal(labels[1], 0);
    assert_int_equal(labels[2], SEG_MISSING_CODE);
    seg_source_close(to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_label_is_dealt_evenly),
        cmocka_unit_test(a_customer_keeps_the_fold_wherever_the_row_stands),
        cmocka_unit_test(more_folds_than_rows_are_refused),
        cmocka_unit_test(a_file_of_digits_is_read_and_checked),
        cmocka_unit_test(a_number_becomes_a_label_and_what_is_dropped_is_gone),
    };
    return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}

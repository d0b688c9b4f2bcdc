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

static const seg_context plain_ctx = { .n_threads = 1, .seed = 1 };

static uint8_t *deal_by(seg_source *source, int n, uint64_t seed, const char *group)
{
    seg_split split;
    seg_error err = { .text = "" };
    seg_context ctx = plain_ctx;
    ctx.seed = seed;
    if (seg_folds_deal(&ctx, source, n, NULL, group, &split, &err) != SEG_OK)
        fail_msg("%s", err.text);
    assert_int_equal(split.n_models, n);
    assert_null(split.ready);
    return split.judged;
}

static uint8_t *deal(seg_source *source, uint64_t seed)
{
    return deal_by(source, FOLDS, seed, NULL);
}

static void refuses(const seg_classify_options *options, seg_source *source, seg_status status,
                    const char *text)
{
    seg_split split;
    seg_error err = { .text = "" };
    assert_int_equal(seg_split_new(&plain_ctx, options, source, NULL, &split, &err), status);
    assert_int_equal(split.n_models, 0);
    assert_null(split.judged);
    if (strstr(err.text, text) == NULL)
        fail_msg("'%s', not '%s'", err.text, text);
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

static void a_new_customer_moves_few_others(void **state)
{
    (void)state;
    seg_source *source = customers(N - 1, false);
    uint8_t *before = deal(source, 1);
    seg_source_close(source);
    source = customers(N, false);
    uint8_t *after = deal(source, 1);
    int moved = 0;
    for (size_t i = 0; i < N - 1; i++)
        moved += before[i] != after[i];
    assert_in_range(moved, 0, 2 * FOLDS);
    seg_free(before);
    seg_free(after);
    seg_source_close(source);
}

static void more_folds_than_rows_of_a_label_are_refused(void **state)
{
    (void)state;
    seg_classify_options options = { .cv = FOLDS };
    seg_source *source = customers(FOLDS - 1, false);
    refuses(&options, source, SEG_E_DATA,
            "label 'churned' is 'yes' in 1 row only; 7 folds need one in each");
    seg_source_close(source);
    source = customers(41, false);
    refuses(&options, source, SEG_E_DATA,
            "is 'yes' in 5 rows only; 7 folds need one in each: give a smaller --cv");
    seg_source_close(source);
}

/* ---- rows that belong together ----------------------------------------------------------- */

static const seg_column wide_columns[] = {
    { .name = "churned", .type = SEG_TYPE_CODE, .levels = answers, .n_levels = 2 },
    { .name = "shop", .type = SEG_TYPE_TEXT, .width = 8 },
    { .name = "day", .type = SEG_TYPE_DAY },
    { .name = "second", .type = SEG_TYPE_TIME },
};
static const seg_schema wide = { .kind = SEG_KIND_FEATURES, .features = &feature,
                                 .n_features = 1, .columns = wide_columns, .n_columns = 4,
                                 .label = "churned", .as_of_day = SEG_MISSING_DAY };
static char shops[N * 8];
static int32_t days[N];
static int64_t seconds[N];

static seg_source *wide_rows(size_t n)
{
    static const void *columns[] = { codes, shops, days, seconds };
    seg_source *source = NULL;
    seg_error err;
    seg_block all = { .n_rows = n, .x = { x, n, 1, 1 }, .columns = columns };
    assert_int_equal(seg_memory_source(NULL, &wide, &all, &source, &err), SEG_OK);
    return source;
}

/* Rows of different features; every fifth says yes. */
static void plain_rows(size_t n)
{
    memset(shops, 0, sizeof shops);
    for (size_t i = 0; i < n; i++) {
        codes[i] = i % 5 == 0;
        x[i] = (float)i;
        days[i] = (int32_t)(i * 7919 % n);
        seconds[i] = (int64_t)days[i] * 86400;
    }
}

static void rows_equal_in_all_features_share_a_fold(void **state)
{
    (void)state;
    plain_rows(N);
    for (size_t i = 0; i < 600; i++) {   /* 300 pairs far apart, six of five labels */
        x[N - 1 - i] = (float)(i / 2 * 4);
        codes[N - 1 - i] = i % 5 == 0;
    }
    x[1000] = -0.0F;
    x[1001] = 0.0F;
    x[1002] = __builtin_nanf("1");
    x[1003] = __builtin_nanf("2");
    seg_source *source = wide_rows(N);
    uint8_t *fold = deal(source, 1);
    size_t together = 0;
    for (size_t i = 0; i < N; i++)
        for (size_t k = i + 1; k < N; k++)
            if (!(x[i] < x[k]) && !(x[i] > x[k]) && (x[i] == x[i]) == (x[k] == x[k])) {
                assert_int_equal(fold[i], fold[k]);
                together++;
            }
    assert_in_range(together, 300, 3000);
    assert_int_equal(fold[1000], fold[1001]);
    assert_int_equal(fold[1002], fold[1003]);
    int yes[FOLDS] = { 0 }, all = 0;
    for (size_t i = 0; i < N; i++) {
        yes[fold[i]] += codes[i];
        all += codes[i];
    }
    for (int f = 0; f < FOLDS; f++)
        assert_in_range(yes[f], all / FOLDS, all / FOLDS + 1);
    seg_free(fold);
    seg_source_close(source);
}

static void a_group_is_in_one_fold(void **state)
{
    (void)state;
    plain_rows(N);
    for (size_t i = 0; i < N; i++)
        if (i % 10 != 3)   /* every tenth row has no shop */
            snprintf(shops + 8 * i, 8, "s%zu", i * i % 97);
    seg_source *source = wide_rows(N);
    uint8_t *fold = deal_by(source, 5, 1, "shop");
    int rows[5] = { 0 }, yes[5] = { 0 }, without[5] = { 0 };
    for (size_t i = 0; i < N; i++) {
        rows[fold[i]]++;
        yes[fold[i]] += codes[i];
        without[fold[i]] += i % 10 == 3;
        for (size_t k = i + 1; k < N; k++)
            if (shops[8 * i] != 0 && memcmp(shops + 8 * i, shops + 8 * k, 8) == 0)
                assert_int_equal(fold[i], fold[k]);
    }
    for (int f = 0; f < 5; f++) {
        assert_in_range(rows[f], N / 5 - 25, N / 5 + 25);
        assert_in_range(yes[f], N / 25 - 12, N / 25 + 12);
        assert_true(without[f] > 0);   /* each a group of its own, not one of all */
    }
    seg_free(fold);
    seg_source_close(source);
}

static void the_id_or_a_number_can_be_the_group(void **state)
{
    (void)state;
    seg_source *source = customers(N, false), *to = NULL;
    seg_error err;
    for (size_t i = 0; i < N; i++) {
        memset(ids + 8 * i, 0, 8);
        snprintf(ids + 8 * i, 8, "c%zu", i / 3);
        x[i] = (float)(i / 4);
    }
    uint8_t *fold = deal_by(source, 5, 1, "id");
    for (size_t i = 1; i < N; i++)
        if (i / 3 == (i - 1) / 3)
            assert_int_equal(fold[i], fold[i - 1]);
    seg_free(fold);
    const seg_selection what = { .group = "x" };
    assert_int_equal(seg_select_source(NULL, source, &what, &to, &err), SEG_OK);
    assert_int_equal(to->schema->n_features, 0);   /* not learned from */
    fold = deal_by(to, 5, 1, "x");
    for (size_t i = 1; i < N; i++)
        if (i / 4 == (i - 1) / 4)
            assert_int_equal(fold[i], fold[i - 1]);
    seg_free(fold);
    seg_source_close(to);
}

static void too_few_groups_are_refused(void **state)
{
    (void)state;
    seg_classify_options options = { .cv = 5, .group = "shop" };
    plain_rows(N);
    for (size_t i = 0; i < N; i++)
        snprintf(shops + 8 * i, 8, "s%zu", i % 4);
    seg_source *source = wide_rows(N);
    refuses(&options, source, SEG_E_DATA, "column 'shop' has 4 groups only; 5 folds need as many");
    options.cv = 4;
    for (size_t i = 0; i < N; i++)
        codes[i] = i % 4 == 2 && i % 3 == 0;   /* yes in one shop only */
    refuses(&options, source, SEG_E_DATA, "gets no row whose label 'churned' is 'yes': the groups");
    seg_source_close(source);
}

/* ---- forward in time ---------------------------------------------------------------------- */

static void what_is_judged_comes_after_what_is_learned(void **state)
{
    (void)state;
    enum { PARTS = 4, GAP = 30 };
    static const char *const columns[] = { "day", "second" };
    plain_rows(N);
    days[17] = SEG_MISSING_DAY;
    seconds[17] = SEG_MISSING_I64;
    seg_source *source = wide_rows(N);
    for (int c = 0; c < 2; c++) {
        seg_split split;
        seg_error err = { .text = "" };
        if (seg_folds_forward(&plain_ctx, source, PARTS, NULL, columns[c], GAP, NULL, &split,
                              &err)
            != SEG_OK)
            fail_msg("%s", err.text);
        assert_int_equal(split.n_models, PARTS);
        for (int m = 0; m < PARTS; m++) {
            seg_train_input input = { .n_rows = N, .fold = seg_split_fold(&split, m),
                                      .held_out = m };
            int32_t last_learned = -1, first_judged = N, last_judged = -1;
            int judged = 0, learned = 0;
            for (size_t i = 0; i < N; i++) {
                assert_false(seg_learns_from(&input, i) && seg_judged_on(&input, i));
                if (seg_judged_on(&input, i)) {
                    first_judged = days[i] < first_judged ? days[i] : first_judged;
                    last_judged = days[i] > last_judged ? days[i] : last_judged;
                    judged++;
                } else if (seg_learns_from(&input, i)) {
                    last_learned = days[i] > last_learned ? days[i] : last_learned;
                    learned++;
                }
            }
            assert_in_range(judged, last_judged - first_judged, last_judged - first_judged + 1);
            assert_in_range(judged, N / (PARTS + 1) - 1, N / (PARTS + 1) + 2);
            assert_int_equal(last_learned, first_judged - GAP - 1);
            assert_in_range(learned, last_learned, last_learned + 1);
            assert_int_equal(split.judged[17], SEG_FOLD_APART);
            assert_int_equal(split.ready[17], SEG_FOLD_APART);
        }
        seg_split_free(&split);
    }
    seg_source_close(source);
}

static void rows_of_one_time_are_never_parted(void **state)
{
    (void)state;
    seg_split split;
    seg_error err = { .text = "" };
    plain_rows(N);
    for (size_t i = 0; i < N; i++)
        days[i] = (int32_t)(i * 31 % 17);
    seg_source *source = wide_rows(N);
    assert_int_equal(seg_folds_forward(&plain_ctx, source, 3, NULL, "day", 0, NULL, &split, &err),
                     SEG_OK);
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < i; k++)
            if (days[i] == days[k])
                assert_int_equal(split.judged[i], split.judged[k]);
    seg_split_free(&split);
    seg_source_close(source);
}

static void forward_splits_that_cannot_be_are_refused(void **state)
{
    (void)state;
    seg_classify_options options = { .time = "day" };
    plain_rows(N);
    for (size_t i = 0; i < N; i++)
        days[i] = (int32_t)(i % 3);
    seg_source *source = wide_rows(N);
    refuses(&options, source, SEG_E_DATA, "column 'day' cannot be cut into 4 parts");
    for (size_t i = 0; i < N; i++)
        days[i] = SEG_MISSING_DAY;
    refuses(&options, source, SEG_E_DATA, "column 'day' has 0 dated rows only; 4 parts");
    for (size_t i = 0; i < N; i++) {
        days[i] = (int32_t)i;
        codes[i] = i > N / 4 + 50;
    }
    refuses(&options, source, SEG_E_DATA,
            "part 0, from 'day' 1971-09-18 on: no row before it has the label 'yes'");
    plain_rows(N);
    options.gap = 700;
    refuses(&options, source, SEG_E_DATA, "no row before the gap has the label");
    options.time = "shop";
    refuses(&options, source, SEG_E_USAGE, "--time names 'shop', which holds texts");
    options.time = "churned";
    refuses(&options, source, SEG_E_USAGE, "--time names 'churned', which is the label");
    options = (seg_classify_options){ .gap = 7, .cv = 5 };
    refuses(&options, source, SEG_E_USAGE, "name the column with --time");
    options = (seg_classify_options){ .time = "day", .group = "shop" };
    refuses(&options, source, SEG_E_USAGE, "--group and --time cannot be combined");
    options = (seg_classify_options){ .folds = "f", .group = "shop" };
    refuses(&options, source, SEG_E_USAGE, "leave out --group");
    seg_source_close(source);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    static const seg_classify_options ways[] = {
        { .cv = 5 }, { .group = "shop" }, { .time = "day", .gap = 3 },
    };
    plain_rows(N);
    for (size_t i = 0; i < N; i++)
        snprintf(shops + 8 * i, 8, "s%zu", i % 400);
    for (size_t i = 0; i < 100; i++)
        x[i] = (float)(i / 2);
    seg_source *source = wide_rows(N);
    long live = seg_alloc_live;
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        seg_status st = SEG_E_AGAIN;
        for (long n = 0; st == SEG_E_AGAIN; n++) {
            seg_split split;
            seg_error err;
            seg_alloc_fail_after = n;
            st = seg_split_new(&plain_ctx, &ways[w], source, NULL, &split, &err);
            seg_alloc_fail_after = -1;
            assert_int_equal(source->rewind(source, &err), SEG_OK);
            seg_split_free(&split);
            assert_int_equal(seg_alloc_live, live);
        }
        assert_int_equal(st, SEG_OK);
    }
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

static seg_status choose(seg_source *from, const char *name, const char *drop, seg_source **to,
                         seg_error *err)
{
    const seg_selection what = { .label = name, .drop = drop };
    return seg_select_source(NULL, from, &what, to, err);
}

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
    assert_int_equal(choose(from, "lef", NULL, &to, &err), SEG_E_USAGE);
    assert_non_null(strstr(err.text, "did you mean 'left'?"));
    assert_int_equal(choose(from, "left", "spar", &to, &err), SEG_E_USAGE);
    assert_non_null(strstr(err.text, "did you mean 'spare'?"));
    assert_int_equal(choose(from, "left", "spare", &to, &err), SEG_OK);
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
        cmocka_unit_test(a_new_customer_moves_few_others),
        cmocka_unit_test(more_folds_than_rows_of_a_label_are_refused),
        cmocka_unit_test(rows_equal_in_all_features_share_a_fold),
        cmocka_unit_test(a_group_is_in_one_fold),
        cmocka_unit_test(the_id_or_a_number_can_be_the_group),
        cmocka_unit_test(too_few_groups_are_refused),
        cmocka_unit_test(what_is_judged_comes_after_what_is_learned),
        cmocka_unit_test(rows_of_one_time_are_never_parted),
        cmocka_unit_test(forward_splits_that_cannot_be_are_refused),
        cmocka_unit_test(survives_every_allocation_failure),
        cmocka_unit_test(a_file_of_digits_is_read_and_checked),
        cmocka_unit_test(a_number_becomes_a_label_and_what_is_dropped_is_gone),
    };
    return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}

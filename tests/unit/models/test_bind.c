/* Rows of any data in the order and the codes of a model. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "models/bind.h"

static const char *const plans[] = { "gold", "silver" };
static const char *const other_plans[] = { "silver", "tin", "gold" };
static const seg_column wanted[] = {
    { .name = "age", .type = SEG_TYPE_F32 },
    { .name = "plan", .type = SEG_TYPE_CODE, .levels = plans, .n_levels = 2 },
};
static const seg_schema model = { .kind = SEG_KIND_FEATURES, .features = wanted,
                                  .n_features = 2 };

static char told[512];

static void tell(void *user, seg_level level, const char *text)
{
    (void)user;
    (void)level;
    snprintf(told, sizeof told, "%s", text);
}

static void check_note(const seg_binding *b, const char *what)
{
    seg_context ctx = seg_context_defaults();
    ctx.note = tell;
    told[0] = '\0';
    seg_binding_note(b, &ctx);
    if (strstr(told, what) == NULL)
        fail_msg("'%s', not '%s'", told, what);
}

static seg_binding *bound(const seg_schema *to, const seg_schema *data)
{
    seg_binding *b = NULL;
    seg_error err = { .text = "" };
    if (seg_binding_new(to, data, &b, &err) != SEG_OK)
        fail_msg("%s", err.text);
    return b;
}

static void refused(const seg_schema *data, const char *why)
{
    seg_binding *b = NULL;
    seg_error err = { .text = "" };
    assert_int_equal(seg_binding_new(&model, data, &b, &err), SEG_E_DATA);
    assert_null(b);
    if (strstr(err.text, why) == NULL)
        fail_msg("'%s', not '%s'", err.text, why);
}

static void columns_are_found_by_name_and_categories_by_text(void **state)
{
    (void)state;
    const seg_column have[] = {
        { .name = "plan", .type = SEG_TYPE_CODE, .levels = other_plans, .n_levels = 3 },
        { .name = "spare", .type = SEG_TYPE_F32 }, { .name = "age", .type = SEG_TYPE_F32 },
    };
    const seg_schema data = { .kind = SEG_KIND_FEATURES, .features = have, .n_features = 3 };
    /* silver, tin (unseen), gold, missing, and a code that no category has */
    const float x[] = { 0, 9, 21, 1, 9, 22, 2, 9, 23, NAN, 9, NAN, 7, 9, 25 };
    seg_block in = { .n_rows = 5, .x = { .x = x, .n_rows = 5, .n_cols = 3, .stride = 3 } }, out;
    seg_binding *b = bound(&model, &data);
    seg_error err;
    assert_int_equal(seg_binding_apply(b, &in, &out, &err), SEG_OK);
    const float expected[] = { 21, 1, 22, NAN, 23, 0, NAN, NAN, 25, NAN };
    assert_int_equal(out.x.n_cols, 2);
    for (size_t i = 0; i < 10; i++) {
        float v = out.x.x[i / 2 * out.x.stride + i % 2];
        assert_true(v == expected[i] || (isnan(v) && isnan(expected[i])));
    }
    check_note(b, "feature 'plan': 2 rows hold a category");
    seg_binding_free(b);
}

static void the_same_columns_are_handed_through(void **state)
{
    (void)state;
    const float x[] = { 1, 0, 2, 1 };
    seg_block in = { .n_rows = 2, .x = { .x = x, .n_rows = 2, .n_cols = 2, .stride = 2 } }, out;
    seg_binding *b = bound(&model, &model);
    seg_error err;
    assert_int_equal(seg_binding_apply(b, &in, &out, &err), SEG_OK);
    assert_ptr_equal(out.x.x, x);
    in.n_rows = 0;
    assert_int_equal(seg_binding_apply(b, &in, &out, &err), SEG_OK);
    assert_int_equal(out.n_rows, 0);
    seg_binding_free(b);
}

static void what_does_not_fit_is_named(void **state)
{
    (void)state;
    const seg_column no_age[] = { wanted[1] };
    const seg_column plan_number[] = { wanted[0], { .name = "plan", .type = SEG_TYPE_F32 } };
    const seg_column age_words[] = {
        { .name = "age", .type = SEG_TYPE_CODE, .levels = plans, .n_levels = 2 }, wanted[1] };
    refused(&(seg_schema){ .kind = SEG_KIND_FEATURES, .features = no_age, .n_features = 1 },
            "lack 1 of the model's 2 features: 'age'");
    refused(&(seg_schema){ .kind = SEG_KIND_FEATURES }, "lack 2 of the model's 2 features: 'age', 'plan'");
    refused(&(seg_schema){ .kind = SEG_KIND_FEATURES, .features = plan_number, .n_features = 2 },
            "'plan' is a category in the model and a number in the data");
    refused(&(seg_schema){ .kind = SEG_KIND_FEATURES, .features = age_words, .n_features = 2 },
            "'age' is a number in the model and a category in the data");
    refused(&(seg_schema){ .kind = SEG_KIND_BASKETS }, "the data are baskets");
}

static void items_are_recoded_sorted_and_unknown_ones_left_out(void **state)
{
    (void)state;
    enum { MANY = 200 };
    static char texts[MANY][8];
    static seg_column known[MANY], have[MANY + 1];
    static int32_t items[MANY + 4];
    for (int i = 0; i < MANY; i++) {   /* in the data they come in the opposite order */
        texts[i][0] = (char)('a' + i % 26);
        texts[i][1] = (char)('a' + i / 26);
        known[i] = (seg_column){ .name = texts[i], .type = SEG_TYPE_F32 };
        have[MANY - 1 - i] = known[i];
    }
    have[MANY] = (seg_column){ .name = "new", .type = SEG_TYPE_F32 };
    const seg_schema to = { .kind = SEG_KIND_BASKETS, .features = known, .n_features = MANY };
    const seg_schema data = { .kind = SEG_KIND_BASKETS, .features = have,
                              .n_features = MANY + 1 };
    items[0] = 0;          /* known[MANY - 1] */
    items[1] = MANY - 1;   /* known[0] */
    items[2] = MANY;       /* new */
    for (int i = 0; i < MANY; i++)
        items[3 + i] = i;
    items[MANY + 3] = MANY;
    const int64_t row_start[] = { 0, 3, 3 + MANY, 4 + MANY };
    seg_block in = { .n_rows = 3, .row_start = row_start, .items = items }, out;
    seg_binding *b = bound(&to, &data);
    seg_error err;
    assert_int_equal(seg_binding_apply(b, &in, &out, &err), SEG_OK);
    assert_int_equal(out.row_start[1] - out.row_start[0], 2);
    assert_int_equal(out.items[0], 0);
    assert_int_equal(out.items[1], MANY - 1);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(out.items[out.row_start[1] + i], i);
    assert_int_equal(out.row_start[3] - out.row_start[2], 0);
    check_note(b, "2 items are not known");
    seg_binding_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_found_by_name_and_categories_by_text),
        cmocka_unit_test(the_same_columns_are_handed_through),
        cmocka_unit_test(what_does_not_fit_is_named),
        cmocka_unit_test(items_are_recoded_sorted_and_unknown_ones_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

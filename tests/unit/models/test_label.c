/* Which value of a label is the positive one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "models/method.h"

static const char *const yes_no[] = { "No", "Yes" };
static const char *const zero_one[] = { "0", "1" };
static const char *const others[] = { "stayed", "left", "never" };

static seg_column label_of(const char *const *levels, size_t n)
{
    return (seg_column){ .name = "Churn", .type = SEG_TYPE_CODE, .levels = levels,
                         .n_levels = n };
}

static void yes_one_and_true_are_positive_however_many_there_are(void **state)
{
    (void)state;
    seg_column label = label_of(yes_no, 2);
    int32_t code;
    assert_int_equal(seg_positive_code(&label, (uint64_t[]){ 2, 9 }, NULL, &code, NULL), SEG_OK);
    assert_int_equal(code, 1);
    label = label_of(zero_one, 2);
    assert_int_equal(seg_positive_code(&label, (uint64_t[]){ 2, 9 }, NULL, &code, NULL), SEG_OK);
    assert_int_equal(code, 1);
    label = label_of((const char *const[]){ "TRUE", "FALSE" }, 2);
    assert_int_equal(seg_positive_code(&label, (uint64_t[]){ 9, 2 }, NULL, &code, NULL), SEG_OK);
    assert_int_equal(code, 0);
}

static void otherwise_the_rarer_value_is_positive(void **state)
{
    (void)state;
    seg_column label = label_of(others, 3);
    int32_t code;
    assert_int_equal(seg_positive_code(&label, (uint64_t[]){ 50, 20, 0 }, NULL, &code, NULL),
                     SEG_OK);
    assert_int_equal(code, 1);
    assert_int_equal(seg_positive_code(&label, (uint64_t[]){ 5, 0, 6 }, NULL, &code, NULL),
                     SEG_OK);
    assert_int_equal(code, 0);
}

static void the_value_that_is_named_is_positive(void **state)
{
    (void)state;
    seg_column label = label_of(yes_no, 2);
    int32_t code;
    assert_int_equal(seg_positive_code(&label, (uint64_t[]){ 2, 9 }, "No", &code, NULL), SEG_OK);
    assert_int_equal(code, 0);
    seg_error err;
    assert_int_equal(seg_positive_code(&label, (uint64_t[]){ 2, 9 }, "no", &code, &err),
                     SEG_E_USAGE);
    assert_non_null(strstr(err.text, "'No' and 'Yes', not 'no'"));
}

static void labels_that_cannot_be_learned_are_refused_with_the_reason(void **state)
{
    (void)state;
    seg_column label = label_of(others, 3);
    seg_column number = { .name = "age", .type = SEG_TYPE_F32 };
    seg_error err;
    int32_t code;
    assert_int_equal(seg_positive_code(NULL, NULL, NULL, &code, &err), SEG_E_DATA);
    assert_non_null(strstr(err.text, "--label"));
    assert_int_equal(seg_positive_code(&number, NULL, NULL, &code, &err), SEG_E_DATA);
    assert_int_equal(seg_positive_code(&label, (uint64_t[]){ 0, 0, 0 }, NULL, &code, &err),
                     SEG_E_DATA);
    assert_int_equal(seg_positive_code(&label, (uint64_t[]){ 0, 7, 0 }, NULL, &code, &err),
                     SEG_E_DATA);
    assert_non_null(strstr(err.text, "'left' in every row"));
    assert_int_equal(seg_positive_code(&label, (uint64_t[]){ 1, 7, 1 }, NULL, &code, &err),
                     SEG_E_DATA);
    assert_non_null(strstr(err.text, "3 different values"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yes_one_and_true_are_positive_however_many_there_are),
        cmocka_unit_test(otherwise_the_rarer_value_is_positive),
        cmocka_unit_test(the_value_that_is_named_is_positive),
        cmocka_unit_test(labels_that_cannot_be_learned_are_refused_with_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* How each CRM gets a cell and a header. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "render/dialect.h"

static seg_text out;
static uint64_t guarded;

static const char *cell(const char *target, const seg_column *column, const void *data)
{
    seg_text_clear(&out);
    seg_text_add(&out, "");
    seg_dialect_cell(seg_dialect_find(target, strlen(target)), column, data, 0, &out, &guarded);
    return out.bytes;
}

static const char *header(const char *target, const char *name)
{
    seg_text_clear(&out);
    seg_dialect_header(seg_dialect_find(target, strlen(target)), name, false, &out);
    return out.bytes;
}

static const char *text_cell(const char *text)
{
    static char bytes[32];
    memset(bytes, 0, sizeof bytes);
    memcpy(bytes, text, strlen(text));
    return cell("generic", &(seg_column){ .type = SEG_TYPE_TEXT, .width = sizeof bytes }, bytes);
}

static void numbers_and_dates(void **state)
{
    (void)state;
    const seg_column f64 = { .type = SEG_TYPE_F64 }, money = { .type = SEG_TYPE_I64, .scale = 100 };
    const seg_column day = { .type = SEG_TYPE_DAY }, time = { .type = SEG_TYPE_TIME };
    const seg_column whole = { .type = SEG_TYPE_I64, .scale = 1 };
    assert_string_equal(cell("generic", &f64, &(double){ 0.1 }), "0.1");
    assert_string_equal(cell("generic", &money, &(int64_t){ -1205 }), "-12.05");
    assert_string_equal(cell("generic", &whole, &(int64_t){ 42 }), "42");
    assert_string_equal(cell("generic", &day, &(int32_t){ 15318 }), "2011-12-10");
    assert_string_equal(cell("generic", &time, &(int64_t){ 0 }), "1970-01-01T00:00:00");
}

static void what_is_missing_is_empty_and_not_available_for_salesforce(void **state)
{
    (void)state;
    static const char *const levels[] = { "x" };
    const seg_column columns[] = {
        { .type = SEG_TYPE_F64 }, { .type = SEG_TYPE_F32 }, { .type = SEG_TYPE_I64, .scale = 1 },
        { .type = SEG_TYPE_DAY }, { .type = SEG_TYPE_TIME },
        { .type = SEG_TYPE_CODE, .levels = levels, .n_levels = 1 },
        { .type = SEG_TYPE_TEXT, .width = 8 },
    };
    const void *const missing[] = {
        &(double){ NAN }, &(float){ NAN }, &(int64_t){ SEG_MISSING_I64 },
        &(int32_t){ SEG_MISSING_DAY }, &(int64_t){ SEG_MISSING_I64 },
        &(int32_t){ SEG_MISSING_CODE }, "\0\0\0\0\0\0\0",
    };
    for (size_t i = 0; i < 7; i++) {
        assert_string_equal(cell("generic", &columns[i], missing[i]), "");
        assert_string_equal(cell("hubspot", &columns[i], missing[i]), "");
        assert_string_equal(cell("salesforce", &columns[i], missing[i]), "#N/A");
    }
    assert_string_equal(cell("generic", &columns[0], &(double){ INFINITY }), "");
}

static void texts_are_quoted_when_they_must_be(void **state)
{
    (void)state;
    assert_string_equal(text_cell("plain text"), "plain text");
    assert_string_equal(text_cell("a,b"), "\"a,b\"");
    assert_string_equal(text_cell("say \"hi\""), "\"say \"\"hi\"\"\"");
    assert_string_equal(text_cell("two\nlines"), "\"two\nlines\"");
}

static void formulas_are_defused_and_numbers_are_not(void **state)
{
    (void)state;
    guarded = 0;
    assert_string_equal(text_cell("=1+1"), "'=1+1");
    assert_string_equal(text_cell("@home"), "'@home");
    assert_string_equal(text_cell("-x"), "'-x");
    assert_string_equal(text_cell("+a,b"), "\"'+a,b\"");
    assert_string_equal(text_cell("\tx"), "'\tx");
    assert_string_equal(text_cell("\xef\xbc\x9d" "1"), "'\xef\xbc\x9d" "1");
    assert_int_equal(guarded, 6);
    assert_string_equal(text_cell("-12.5"), "-12.5");
    assert_string_equal(text_cell("+49170"), "+49170");
    assert_string_equal(text_cell("a=b"), "a=b");
    assert_int_equal(guarded, 6);
    assert_false(seg_is_formula("", 0));
    assert_true(seg_is_formula("=", 1));
    assert_true(seg_is_formula("-", 1));
}

static void headers_of_each_target(void **state)
{
    (void)state;
    assert_string_equal(header("generic", "churn_probability"), "churn_probability");
    assert_string_equal(header("hubspot", "r,f"), "\"r,f\"");
    assert_string_equal(header("salesforce", "churn_probability"), "Churn_Probability__c");
    assert_string_equal(header("salesforce", "p alive 2"), "P_Alive_2__c");
}

static void targets_have_whole_names(void **state)
{
    (void)state;
    assert_null(seg_dialect_find("hub", 3));
    assert_null(seg_dialect_find("hubspot2", 8));
    assert_non_null(seg_dialect_find("hubspot2", 7));
    assert_non_null(strstr(seg_dialect_names(), "salesforce"));
    seg_text_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_dates),
        cmocka_unit_test(what_is_missing_is_empty_and_not_available_for_salesforce),
        cmocka_unit_test(texts_are_quoted_when_they_must_be),
        cmocka_unit_test(formulas_are_defused_and_numbers_are_not),
        cmocka_unit_test(headers_of_each_target),
        cmocka_unit_test(targets_have_whole_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Messages: one line, whatever is in them, with the whole path in front. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "segmill/status.h"

static void a_failure_is_one_statement(void **state)
{
    (void)state;
    seg_error err;
    assert_int_equal(seg_fail(&err, SEG_E_DATA, "'%s' is not a number", "x7"), SEG_E_DATA);
    assert_string_equal(err.text, "'x7' is not a number");
    assert_non_null(strstr(err.file, "test_status.c"));
    assert_true(err.line > 0);
    assert_int_equal(seg_fail(NULL, SEG_E_IO, "nobody listens"), SEG_E_IO);
    seg_error_context(NULL, "nobody listens");
}

static void a_place_stands_in_a_message_once(void **state)
{
    (void)state;
    seg_error err;
    assert_int_equal(seg_fail(&err, SEG_E_IO, "a.h5: could not open: no such file"), SEG_E_IO);
    seg_error_context(&err, "%s", "a.h5");
    assert_string_equal(err.text, "a.h5: could not open: no such file");
    seg_error_context(&err, "%s", "a");
    assert_string_equal(err.text, "a: a.h5: could not open: no such file");
}

static void contexts_stand_in_front_outermost_first(void **state)
{
    (void)state;
    seg_error err;
    (void)seg_fail(&err, SEG_E_DATA, "'x7' is not a number");
    seg_error_context(&err, "column '%s'", "age");
    seg_error_context(&err, "line %d", 812);
    seg_error_context(&err, "customers.csv");
    assert_string_equal(err.text, "customers.csv: line 812: column 'age': 'x7' is not a number");
}

static void control_characters_are_neutralised(void **state)
{
    (void)state;
    seg_error err;
    (void)seg_fail(&err, SEG_E_DATA, "a%sb\r\t\x7f", "\n\x1b[31m");
    seg_error_context(&err, "evil\nname.csv");
    assert_string_equal(err.text, "evil?name.csv: a??[31mb???");
    (void)seg_fail(&err, SEG_E_DATA, "Latin-1 \xe9, C1 \xc2\x9b" "31m");
    assert_string_equal(err.text, "Latin-1 ?, C1 ??31m");
    (void)seg_fail(&err, SEG_E_DATA, "M\xc3\xbcller stays");
    assert_string_equal(err.text, "M\xc3\xbcller stays");
}

static void long_messages_are_cut_and_stay_terminated(void **state)
{
    (void)state;
    seg_error err;
    char text[4000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    (void)seg_fail(&err, SEG_E_DATA, "%s", text);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    memcpy(text + sizeof err.text - 3, "\xe2\x82\xac", 3);      /* is cut in two */
    (void)seg_fail(&err, SEG_E_DATA, "%s", text);
    assert_string_equal(err.text + sizeof err.text - 4, "x??");
    seg_error_context(&err, "orders.csv");
    assert_memory_equal(err.text, "orders.csv: xxx", 15);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    seg_error_context(&err, "%s", text);           /* no room at all: the message stays */
    assert_memory_equal(err.text, "orders.csv: xxx", 15);
}

static void statuses_are_the_exit_codes_and_have_names(void **state)
{
    (void)state;
    assert_int_equal(SEG_E_USAGE, 2);
    assert_int_equal(SEG_E_AGAIN, 75);
    assert_int_equal(SEG_E_INTERRUPTED, 130);
    assert_int_equal(SEG_E_TERMINATED, 143);
    assert_string_equal(seg_status_name(SEG_E_DATA), "data");
    assert_string_equal(seg_status_name(SEG_OK), "ok");
    assert_string_equal(seg_status_name((seg_status)99), "unrecognized status");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_is_one_statement),
        cmocka_unit_test(a_place_stands_in_a_message_once),
        cmocka_unit_test(contexts_stand_in_front_outermost_first),
        cmocka_unit_test(control_characters_are_neutralised),
        cmocka_unit_test(long_messages_are_cut_and_stay_terminated),
        cmocka_unit_test(statuses_are_the_exit_codes_and_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

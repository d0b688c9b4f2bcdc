/* Option tables: every type's right and wrong values, names, ranges, records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "segmill/option.h"

typedef struct sample {
    bool flag;
    uint32_t few;
    uint64_t many, size;
    double share;
    const char *text, *list;
    int choice;
    int32_t day;
} sample;

#define FIELD(member) offsetof(sample, member)
static const seg_option table[] = {
    { "flag", SEG_OPTION_FLAG, FIELD(flag), 0, 0, NULL, NULL, "a flag", 0 },
    { "few", SEG_OPTION_U32, FIELD(few), 1, 10, NULL, NULL, "a count", 0 },
    { "many", SEG_OPTION_U64, FIELD(many), 0, 1e18, NULL, NULL, "a large count", 0 },
    { "size", SEG_OPTION_SIZE, FIELD(size), 0, 1e15, NULL, NULL, "bytes",
      SEG_OPTION_ENVIRONMENT },
    { "share", SEG_OPTION_F64, FIELD(share), 0, 1, NULL, NULL, "a share", 0 },
    { "text", SEG_OPTION_TEXT, FIELD(text), 0, 0, NULL, "FILE", "a text", 0 },
    { "list", SEG_OPTION_LIST, FIELD(list), 0, 0, NULL, NULL, "a list", 0 },
    { "choice", SEG_OPTION_CHOICE, FIELD(choice), 0, 0, "red|green|dark-blue", NULL, "one", 0 },
    { "day", SEG_OPTION_DAY, FIELD(day), 0, 0, NULL, NULL, "a date", 0 },
    { .name = NULL },
};

static sample s;

static void takes(const char *name, const char *value)
{
    seg_error err = { .text = "" };
    if (seg_option_set(table, &s, name, value, &err) != SEG_OK)
        fail_msg("--%s %s: %s", name, value == NULL ? "" : value, err.text);
}

static void refuses(const char *name, const char *value, const char *why)
{
    seg_error err = { .text = "" };
    sample before = s;
    assert_int_equal(seg_option_set(table, &s, name, value, &err), SEG_E_USAGE);
    if (strstr(err.text, why) == NULL)
        fail_msg("--%s %s: '%s', not '%s'", name, value == NULL ? "" : value, err.text, why);
    assert_memory_equal(&before, &s, sizeof s);   /* the old value stays */
}

static int start(void **state)
{
    (void)state;
    memset(&s, 0, sizeof s);
    s.few = 3;
    s.day = INT32_MIN;
    return 0;
}

static void flags(void **state)
{
    (void)state;
    takes("flag", NULL);
    assert_true(s.flag);
    takes("flag", "no");
    assert_false(s.flag);
    takes("flag", "1");
    assert_true(s.flag);
    refuses("flag", "maybe", "--flag takes yes or no, not 'maybe'");
    refuses("flag", "", "not ''");
}

static void numbers_and_their_ranges(void **state)
{
    (void)state;
    takes("few", "10");
    assert_int_equal(s.few, 10);
    refuses("few", "0", "--few is 0; it must be from 1 to 10");
    refuses("few", "11", "from 1 to 10");
    refuses("few", "4294967299", "from 1 to 10");   /* 2^32 + 3 */
    refuses("few", "18446744073709551616", "a whole number");
    refuses("few", "3.0", "a whole number");
    refuses("few", "-1", "a whole number");
    refuses("few", " 3", "a whole number");
    refuses("few", "", "a whole number");
    refuses("few", NULL, "--few takes a value");
    takes("many", "999999999999999999");
    assert_true(s.many == 999999999999999999u);
    takes("share", "1e-3");
    assert_true(s.share == 1e-3);
    refuses("share", "1.0001", "from 0 to 1");
    refuses("share", "nan", "a number");
    refuses("share", "inf", "a number");
    refuses("share", "0,5", "a number");
    refuses("share", "0x1", "a number");
}

static void sizes_are_powers_of_1024(void **state)
{
    (void)state;
    takes("size", "65536");
    assert_true(s.size == 65536);
    takes("size", "512M");
    assert_true(s.size == 512ull << 20);
    takes("size", "1.5GiB");
    assert_true(s.size == 3ull << 29);
    takes("size", "2kB");
    assert_true(s.size == 2048);
    takes("size", "1t");
    assert_true(s.size == 1ull << 40);
    refuses("size", "4 ", "a size like 512M");
    refuses("size", "4 G", "a size like 512M");
    refuses("size", "4X", "a size like 512M");
    refuses("size", "4GG", "a size like 512M");
    refuses("size", "M", "a size like 512M");
    refuses("size", "-4M", "a size like 512M");
    refuses("size", "", "a size like 512M");
    refuses("size", "4.M.", "a size like 512M");
    refuses("size", "2000T", "from 0 to 1000000000000000");
}

static void texts_choices_and_days(void **state)
{
    (void)state;
    takes("text", "");
    assert_string_equal(s.text, "");
    takes("text", "twice");
    assert_string_equal(s.text, "twice");
    takes("list", "a,b");
    takes("choice", "dark-blue");
    assert_int_equal(s.choice, 2);
    refuses("choice", "dark", "--choice takes red|green|dark-blue, not 'dark'");
    refuses("choice", "red|green", "takes red");
    refuses("choice", "", "takes red");
    takes("day", "1970-01-02");
    assert_int_equal(s.day, 1);
    refuses("day", "1970-02-30", "a date like 2011-12-10");
    refuses("day", "1970-01-02 10:00", "a date like");
    refuses("day", "02.01.1970", "a date like");
}

static void the_nearest_name_is_told(void **state)
{
    (void)state;
    refuses("shaer", "1", "unknown option '--shaer'; did you mean '--share'?");
    refuses("frobnicate", "1", "unknown option '--frobnicate'");
    refuses("Few", "1", "did you mean '--few'?");
    refuses("fe", "1", "did you mean '--few'?");   /* no abbreviations */
    assert_null(seg_option_find(table, "fe"));
    assert_null(seg_option_nearest(table, "frobnicate"));
    assert_null(seg_option_nearest(NULL, "x"));
}

static void a_record_leaves_out_the_environment(void **state)
{
    (void)state;
    static const char *const names[] = { "flag", "few", "many", "share", "list", "choice", "day" };
    static const char *const values[] = { "yes", "7", "123456789012", "0.1", "a,b", "green",
                                          "2011-12-10" };
    for (size_t i = 0; i < 7; i++)
        takes(names[i], values[i]);
    takes("size", "4M");
    seg_doc *doc = seg_doc_new();
    seg_option_record(table, &s, SEG_OPTION_ENVIRONMENT, seg_doc_root(doc));
    assert_string_equal(seg_doc_json(doc, 0),
                        "{\"flag\": true, \"few\": 7, \"many\": 123456789012, \"share\": 0.1,"
                        " \"text\": null, \"list\": \"a,b\", \"choice\": \"green\","
                        " \"day\": \"2011-12-10\"}");
    seg_doc_free(doc);
}

static void a_struct_filled_by_hand_is_checked(void **state)
{
    (void)state;
    seg_error err;
    assert_int_equal(seg_option_check(table, &s, &err), SEG_OK);
    s.few = 0;
    assert_int_equal(seg_option_check(table, &s, &err), SEG_E_USAGE);
    s.few = 1;
    s.share = (double)__builtin_nanf("");
    assert_int_equal(seg_option_check(table, &s, &err), SEG_E_USAGE);
    assert_non_null(strstr(err.text, "--share is nan"));
    s.share = 1;
    s.choice = 2;
    assert_int_equal(seg_option_check(table, &s, &err), SEG_OK);
    s.choice = 3;
    assert_int_equal(seg_option_check(table, &s, &err), SEG_E_USAGE);
    assert_string_equal(err.text, "--choice is choice 3 of red|green|dark-blue");
    s.choice = -1;
    assert_int_equal(seg_option_check(table, &s, &err), SEG_E_USAGE);
}

static void the_help_has_defaults_and_ranges(void **state)
{
    (void)state;
    seg_doc *doc = seg_doc_new();
    seg_node *rows = seg_put_array(seg_doc_root(doc), "rows");
    seg_option_describe(table, &s, rows);
    assert_int_equal(seg_node_count(rows), 9);
    const seg_node *flag = seg_node_at(rows, 0), *few = seg_node_at(rows, 1);
    assert_null(seg_node_get(flag, "default"));
    assert_string_equal(seg_node_text(seg_node_get(few, "name"), ""), "few");
    assert_string_equal(seg_node_text(seg_node_get(few, "value"), ""), "N");
    assert_string_equal(seg_node_text(seg_node_get(few, "help"), ""), "a count");
    assert_int_equal(seg_node_int(seg_node_get(few, "default"), -1), 3);
    assert_true(seg_node_real(seg_node_get(few, "min"), -1) == 1);
    assert_true(seg_node_real(seg_node_get(few, "max"), -1) == 10);
    seg_doc_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(flags, start),
        cmocka_unit_test_setup(numbers_and_their_ranges, start),
        cmocka_unit_test_setup(sizes_are_powers_of_1024, start),
        cmocka_unit_test_setup(texts_choices_and_days, start),
        cmocka_unit_test_setup(the_nearest_name_is_told, start),
        cmocka_unit_test_setup(a_record_leaves_out_the_environment, start),
        cmocka_unit_test_setup(a_struct_filled_by_hand_is_checked, start),
        cmocka_unit_test_setup(the_help_has_defaults_and_ranges, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

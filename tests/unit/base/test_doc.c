/* Trees of results: built, printed as JSON and for people, and read back. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "segmill/doc.h"

static const char *json_of(seg_doc *doc)
{
    const char *text = seg_doc_json(doc, 0);
    assert_non_null(text);
    return text;
}

static seg_doc *parsed(const char *text)
{
    seg_doc *doc = NULL;
    seg_error err = { .text = "" };
    if (seg_doc_parse(text, strlen(text), &doc, &err) != SEG_OK)
        fail_msg("%s: %s", text, err.text);
    return doc;
}

static void check_refused(const char *text, size_t n, const char *why)
{
    seg_doc *doc = NULL;
    seg_error err = { .text = "" };
    assert_int_equal(seg_doc_parse(text, n, &doc, &err), SEG_E_DATA);
    assert_null(doc);
    if (strstr(err.text, why) == NULL)
        fail_msg("%s: '%s', not '%s'", text, err.text, why);
}

static void refused(const char *text, const char *why)
{
    check_refused(text, strlen(text), why);
}

static void members_keep_their_order_and_an_equal_name_is_replaced(void **state)
{
    (void)state;
    seg_doc *doc = seg_doc_new();
    seg_node *root = seg_doc_root(doc);
    seg_put_int(root, "b", -7);
    seg_put_text(root, "a", "x");
    seg_node *list = seg_put_array(root, "list");
    seg_put_bool(list, NULL, true);
    seg_put_null(list, NULL);
    seg_put_real(list, NULL, 0.1);
    seg_put_real(root, "b", 2.5);
    assert_string_equal(json_of(doc), "{\"b\": 2.5, \"a\": \"x\", \"list\": [true, null, 0.1]}");
    seg_put_int(root, "list", 3);   /* an array becomes a number */
    assert_string_equal(json_of(doc), "{\"b\": 2.5, \"a\": \"x\", \"list\": 3}");
    seg_doc_free(doc);
}

static void no_number_is_null(void **state)
{
    (void)state;
    seg_doc *doc = seg_doc_new();
    seg_put_real(seg_doc_root(doc), "nan", NAN);
    seg_put_real(seg_doc_root(doc), "inf", -INFINITY);
    seg_put_text(seg_doc_root(doc), "text", NULL);
    assert_string_equal(json_of(doc), "{\"nan\": null, \"inf\": null, \"text\": null}");
    assert_true(isnan(seg_node_real(seg_node_get(seg_doc_root(doc), "nan"), 1)));
    assert_true(seg_node_real(seg_node_get(seg_doc_root(doc), "none"), 1) == 1);
    seg_doc_free(doc);
}

static void paths_go_down_and_members_have_whole_names(void **state)
{
    (void)state;
    seg_doc *doc = parsed("{\"a\": {\"b\": {\"c\": 5}}, \"a.b\": 6, \"list\": [1, 2]}");
    const seg_node *root = seg_doc_root(doc);
    assert_int_equal(seg_node_int(seg_node_get(root, "a.b.c"), -1), 5);
    assert_int_equal(seg_node_int(seg_node_member(root, "a.b"), -1), 6);
    assert_null(seg_node_get(root, "a.x.c"));
    assert_null(seg_node_get(root, "list.0"));
    assert_int_equal(seg_node_count(seg_node_get(root, "list")), 2);
    assert_null(seg_node_at(seg_node_get(root, "list"), 2));
    assert_null(seg_node_member(seg_node_get(root, "list"), "a"));
    seg_doc_free(doc);
}

static void json_survives_the_way_there_and_back(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{}", "{\"a\": []}", "{\"a\": {}}",
        "{\"a\": [0, -1, 9223372036854775807, -9223372036854775808]}",
        "{\"a\": [0.5, 1e-7, 1.7976931348623157e308, 5e-324]}",
        "{\"\\\"\\\\\": \"\\n\\r\\t\\u0001\\u007f\"}", "{\"\xc3\xa4\": \"\xf0\x9f\x98\x80\"}",
        "{\"\": null, \" \": [[], [[]], {\"x\": [true, false]}]}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        seg_doc *doc = parsed(texts[i]);
        seg_doc *again = parsed(json_of(doc));
        assert_string_equal(json_of(again), json_of(doc));
        seg_doc *indented = parsed(seg_doc_json(doc, 2));
        assert_string_equal(json_of(indented), json_of(again));
        seg_doc_free(indented);
        seg_doc_free(again);
        seg_doc_free(doc);
    }
}

static void every_escape_is_understood(void **state)
{
    (void)state;
    seg_doc *doc = parsed(" {\"a\":\t\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e4\\u20aC\\ud83d\\ude00\"\r\n} ");
    assert_string_equal(seg_node_text(seg_node_get(seg_doc_root(doc), "a"), ""),
                        "\"\\/\b\f\n\r\tA\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    seg_doc_free(doc);
}

static void what_is_no_json_is_refused_with_its_place(void **state)
{
    (void)state;
    refused("", "line 1, column 1: not a JSON object");
    refused("[1]", "not a JSON object");
    refused("{", "line 1, column 2: a text in double quotes");
    refused("{\"a\"}", "':' is expected");
    refused("{\"a\": }", "neither a value");
    refused("{\"a\": 1,}", "double quotes");
    refused("{\"a\": [1,]}", "neither a value");
    refused("{\"a\": [1 2]}", "',' is expected");
    refused("{a: 1}", "double quotes");
    refused("{\"a\": 1}\n{", "line 2, column 1: more stands behind");
    refused("{\n \"a\": 01}", "line 2, column 8");
    refused("{\"a\": 1.}", "neither a value");
    refused("{\"a\": .5}", "neither a value");
    refused("{\"a\": +1}", "neither a value");
    refused("{\"a\": 1e}", "neither a value");
    refused("{\"a\": NaN}", "neither a value");
    refused("{\"a\": tru}", "neither a value");
    refused("{\"a\": 1e999}", "too large");
    refused("{\"a\": 9223372036854775808}", "too large");
    refused("{\"a\": 1, \"a\": 2}", "stands twice");
    refused("{\"a\": \"x}", "not closed");
    refused("{\"a\": \"\n\"}", "control character");
    refused("{\"a\": \"\\x\"}", "unknown escape");
    refused("{\"a\": \"\\u12g4\"}", "four hexadecimal");
    refused("{\"a\": \"\\u0000\"}", "null character");
    refused("{\"a\": \"\\ud800\"}", "surrogate");
    refused("{\"a\": \"\\ud800\\u0041\"}", "surrogate");
    refused("{\"a\": \"\\udc00\"}", "surrogate");
    refused("{\"a\": \"\xff\"}", "line 1, column 8: not UTF-8");
    refused("\xef\xbb\xbf{}", "not a JSON object");
    check_refused("{\"a\": \0}", 8, "neither a value");
    check_refused("{\"a\": \"\\", 8, "unknown escape");
}

static void sixty_four_levels_and_no_more(void **state)
{
    (void)state;
    char text[512] = "{\"a\": ";
    size_t n = strlen(text);
    memset(text + n, '[', 63);
    memset(text + n + 63, ']', 63);
    memcpy(text + n + 126, "}", 2);
    seg_doc_free(parsed(text));
    memset(text + n, '[', 64);
    memset(text + n + 64, ']', 64);
    memcpy(text + n + 128, "}", 2);
    refused(text, "64 levels");
    memset(text + n, '[', sizeof text - n);   /* no bottom */
    check_refused(text, sizeof text, "64 levels");
}

static void bytes_that_are_no_utf8_do_not_spoil_the_json(void **state)
{
    (void)state;
    seg_doc *doc = seg_doc_new();
    seg_put_text(seg_doc_root(doc), "path", "b\xe4r\xff");
    assert_string_equal(json_of(doc), "{\"path\": \"b\xef\xbf\xbdr\xef\xbf\xbd\"}");
    seg_doc_free(doc);
}

static void tables_for_people_align_and_forge_no_line(void **state)
{
    (void)state;
    seg_doc *doc = parsed("{\"rows\": 3, \"name\": \"x\\ny\", \"table\": [{\"a.b\": 1, \"w\": \"M\\u00fcnchen\"},"
                          " {\"a.b\": 20, \"w\": \"x\"}], \"few\": [1, 2], \"notes\": [\"one two\"],"
                          " \"odd\": [{}, {}], \"matrix\": [[1]]}");
    assert_string_equal(seg_doc_plain(doc),
                        "rows    3\n"
                        "name    x?y\n"
                        "table:\n"
                        "  a.b  w\n"
                        "    1  M\xc3\xbcnchen\n"
                        "   20  x\n"
                        "few     1 2\n"
                        "notes:\n"
                        "  one two\n"
                        "odd:\n"
                        "  ... and 2 more\n");
    seg_doc_free(doc);
}

static void what_is_said_of_a_row_stands_below_it(void **state)
{
    (void)state;
    static const char json[] = "{\"rows\": ["
        "{\"n\": 1, \"says\": [\"one two\", \"three\\nfour\"], \"codes\": [\"a\", \"b\"], \"w\": \"x\"},"
        "{\"n\": 2, \"says\": [], \"w\": \"y\"},"
        "{\"n\": 3, \"w\": \"z\", \"says\": [\"five six\"]}]}";
    seg_doc *doc;
    assert_int_equal(seg_doc_parse(json, sizeof json - 1, &doc, NULL), SEG_OK);
    assert_string_equal(seg_doc_plain(doc),
                        "rows:\n"
                        "  n  w\n"
                        "  1  x\n"
                        "      one two\n"
                        "      three?four\n"
                        "  2  y\n"
                        "  3  z\n"
                        "      five six\n");
    seg_doc_free(doc);
}

static void nothing_at_all_is_taken_everywhere(void **state)
{
    (void)state;
    seg_put_int(NULL, "a", 1);
    assert_null(seg_put_object(NULL, "a"));
    assert_null(seg_doc_json(NULL, 0));
    assert_null(seg_doc_plain(NULL));
    assert_null(seg_node_get(NULL, "a"));
    assert_int_equal(seg_node_count(NULL), 0);
    assert_int_equal(seg_doc_status(NULL, NULL), SEG_E_AGAIN);
    seg_doc_free(NULL);
}

/* A member has a name, an element has none, a number holds nothing. */
static void what_has_no_place_is_left_out(void **state)
{
    (void)state;
    seg_doc *doc = seg_doc_new();
    seg_node *root = seg_doc_root(doc), *list = seg_put_array(root, "list");
    seg_put_int(root, NULL, 1);
    seg_put_int(list, "named", 2);
    seg_put_int(list, NULL, 3);
    assert_null(seg_put_object(root, NULL));
    assert_string_equal(json_of(doc), "{\"list\": [3]}");
    seg_put_null(root, "list");
    seg_put_int(list, NULL, 4);
    assert_string_equal(json_of(doc), "{\"list\": null}");
    seg_doc_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_keep_their_order_and_an_equal_name_is_replaced),
        cmocka_unit_test(no_number_is_null),
        cmocka_unit_test(paths_go_down_and_members_have_whole_names),
        cmocka_unit_test(json_survives_the_way_there_and_back),
        cmocka_unit_test(every_escape_is_understood),
        cmocka_unit_test(what_is_no_json_is_refused_with_its_place),
        cmocka_unit_test(sixty_four_levels_and_no_more),
        cmocka_unit_test(bytes_that_are_no_utf8_do_not_spoil_the_json),
        cmocka_unit_test(tables_for_people_align_and_forge_no_line),
        cmocka_unit_test(what_is_said_of_a_row_stands_below_it),
        cmocka_unit_test(nothing_at_all_is_taken_everywhere),
        cmocka_unit_test(what_has_no_place_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

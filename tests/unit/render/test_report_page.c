/* Pages from facts made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "render/report.h"

/* Every text that comes from data is the same attack. */
#define EVIL "</td><script>alert(1)</script>\\\"'&"

static const char evil_facts[] =
    "{\"title\": \"" EVIL "\", \"as_of\": \"" EVIL "\", \"engine_version\": \"" EVIL "\","
    "\"rows\": 1234567, \"inputs\": [\"" EVIL "\", \"ab\"],"
    "\"segments\": [{\"source\": \"" EVIL "\", \"method\": \"rfm\", \"unnamed\": 3,"
    " \"scale\": 100, \"currency\": \"" EVIL "\", \"segments\": ["
    "  {\"name\": \"" EVIL "\", \"customers\": 60, \"money\": 123456789, \"risk\": 0.25},"
    "  {\"name\": \"Champions\", \"customers\": 40, \"money\": -100, \"risk\": null}],"
    " \"grid\": {\"levels\": 2, \"cells\": ["
    "  {\"r\": 2, \"f\": 1, \"customers\": 1200, \"money\": 500}]}}],"
    "\"profiles\": [{\"source\": \"" EVIL "\", \"rows\": 10, \"silhouette\": 0.61,"
    " \"features\": [\"" EVIL "\", \"b\"], \"segments\": ["
    "  {\"name\": \"" EVIL "\", \"rows\": 4, \"means\": [1, 2], \"places\": [0.9, -0.9],"
    "   \"money_share\": 0.46, \"traits\": [\"" EVIL " 3 times the usual\", 7], \"rule\": \"" EVIL
    " >= 7\", \"recall\": 0.94, \"precision\": 0.97}],"
    " \"money\": \"" EVIL "\", \"profiled\": 8,"
    " \"previous\": {\"share_stayed\": 0.417}, \"segment_numbers\": ["
    "  {\"segment_name\": \"" EVIL "\", \"is\": \"new\"}, {\"is\": \"same\"}],"
    " \"vanished_segments\": [{\"segment_name\": \"" EVIL "\"}], \"migration\": ["
    "  {\"from_name\": \"" EVIL "\", \"to_name\": \"" EVIL "\", \"customers\": 5, \"share\": 0.5},"
    "  {\"share\": -7}, 3],"
    " \"suggestion\": \"" EVIL "\", \"scan\": ["
    "  {\"k\": 1, \"inertia\": 12345.67, \"silhouette\": null, \"smallest_share\": 1},"
    "  {\"k\": 2, \"inertia\": 1e300, \"silhouette\": 0.4321, \"stability\": 0.876},"
    "  {\"k\": \"" EVIL "\", \"silhouette\": -1e308, \"worst_jaccard\": \"" EVIL "\"},"
    "  \"" EVIL "\"]}],"
    "\"risks\": [{\"source\": \"" EVIL "\", \"what\": \"" EVIL "\", \"customers\": 20,"
    " \"mean\": 0.2, \"high\": 10, \"deciles\": ["
    "  {\"decile\": 1, \"customers\": 10, \"mean\": 0.3},"
    "  {\"decile\": 4, \"customers\": 10, \"mean\": 0.1},"
    "  {\"decile\": 99, \"customers\": 1, \"mean\": 0.1}],"
    " \"bands\": [{\"name\": \"" EVIL "\", \"customers\": 20}],"
    " \"reasons\": [{\"reason\": \"" EVIL "\", \"customers\": 7}]}],"
    "\"trees\": [{\"source\": \"" EVIL "\", \"label\": \"" EVIL "\", \"positive\": \"" EVIL "\","
    " \"importance\": [{\"feature\": \"" EVIL "\", \"share\": 1}],"
    " \"quality\": {\"auc\": 0.8125, \"auc_ci\": [0.75, 0.875], \"lift_top_decile\": 3, \"on\":"
    "  \"cv\", \"profit\": {\"max\": 1234.5, \"per_customer\": 61.73, \"customers\": 4321,"
    "  \"threshold\": 0.25, \"advice\": \"" EVIL "\"}, \"deciles\": ["
    "  {\"decile\": 1, \"rows\": 10, \"positives\": 6, \"rate\": 0.6, \"lift\": 2.4,"
    "   \"captured\": 0.789},"
    "  {\"decile\": \"" EVIL "\", \"rows\": 1e300, \"captured\": -1e300}, \"" EVIL "\"],"
    " \"reliability\": [{\"mean_score\": 0.0123, \"share\": 0.0456, \"rows\": 777},"
    "  {\"mean_score\": 1e300, \"share\": \"" EVIL "\"}]},"
    " \"nodes\": ["
    "  {\"node\": 0, \"parent\": null, \"condition\": \"\", \"rows\": 9, \"probability\": 0.5,"
    "   \"leaf\": false},"
    "  {\"node\": 1, \"parent\": 0, \"condition\": \"" EVIL " > 5\", \"rows\": 4,"
    "   \"probability\": 0.7, \"leaf\": false},"
    "  {\"node\": 2, \"parent\": 0, \"condition\": \"age <= 5\", \"rows\": 5,"
    "   \"probability\": 0.1, \"leaf\": true, \"with_missing\": true},"
    "  {\"node\": 3, \"parent\": 1, \"condition\": \"" EVIL " > 8\", \"rows\": 2,"
    "   \"probability\": 0.9, \"leaf\": true},"
    "  {\"node\": 4, \"parent\": 1, \"condition\": \"" EVIL " <= 8\", \"rows\": 2,"
    "   \"probability\": 0.4, \"leaf\": true}]}],"
    "\"rules\": [{\"source\": \"" EVIL "\", \"baskets\": 5000, \"n_rules\": 30, \"rules\": ["
    "  {\"rule\": \"" EVIL "\", \"count\": 7, \"support\": 0.0014, \"confidence\": 0.5,"
    "   \"lift\": 2.5}]}],"
    "\"offers\": [{\"source\": \"" EVIL "\", \"customers\": 10, \"without\": 2, \"n_items\": 3,"
    " \"items\": [{\"item\": \"" EVIL "\", \"customers\": 5}]}],"
    "\"lists\": [{\"name\": \"" EVIL "\", \"members\": 1200, \"joined\": 30, \"left\": 4}],"
    "\"sources\": [{\"file\": \"" EVIL "\", \"what\": \"" EVIL "\", \"rows\": 5, \"seed\": 1}]}";

static seg_text page_of(const char *json, seg_doc **sections)
{
    seg_text out = { 0 };
    seg_doc *doc, *names = seg_doc_new();
    assert_int_equal(seg_doc_parse(json, strlen(json), &doc, NULL), SEG_OK);
    seg_report_page(&out, seg_doc_root(doc), seg_put_array(seg_doc_root(names), "sections"));
    assert_false(out.failed);
    seg_doc_free(doc);
    if (sections != NULL)
        *sections = names;
    else
        seg_doc_free(names);
    return out;
}

/* A checker of well-formedness of its own: tags balance, attributes are quoted, '<' and '&'
 * only begin tags and known entities. */
static void assert_well_formed(const char *s)
{
    char open[256][16];
    size_t depth = 0;
    for (; *s != '\0'; s++) {
        if (*s == '&') {
            assert_true(strncmp(s, "&amp;", 5) == 0 || strncmp(s, "&lt;", 4) == 0
                        || strncmp(s, "&gt;", 4) == 0 || strncmp(s, "&quot;", 6) == 0
                        || strncmp(s, "&#39;", 5) == 0);
            continue;
        }
        if (*s != '<')
            continue;
        if (strncmp(s, "<!DOCTYPE html>", 15) == 0)
            continue;
        bool end = s[1] == '/';
        const char *name = s + 1 + end;
        size_t n = 0;
        while (isalnum((unsigned char)name[n]))
            n++;
        assert_true(n > 0 && n < 16);
        const char *at = name + n;
        for (bool quoted = false; quoted || *at != '>'; at++) {
            assert_true(*at != '\0' && *at != '<');
            quoted ^= *at == '"';
        }
        if (end) {
            assert_true(depth > 0);
            depth--;
            assert_true(strlen(open[depth]) == n && strncmp(open[depth], name, n) == 0);
        } else if (at[-1] != '/') {
            assert_true(depth < 256);
            snprintf(open[depth++], 16, "%.*s", (int)n, name);
        }
        s = at;
    }
    assert_int_equal(depth, 0);
}

static size_t count(const char *page, const char *what)
{
    size_t n = 0;
    for (const char *at = page; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

static void names_from_data_never_become_markup(void **state)
{
    (void)state;
    seg_text page = page_of(evil_facts, NULL);
    assert_well_formed(page.bytes);
    assert_null(strstr(page.bytes, "<script"));
    assert_true(count(page.bytes, "&lt;script&gt;") > 20);
    seg_text_free(&page);
}

static void the_page_refers_to_nothing_outside(void **state)
{
    (void)state;
    seg_text page = page_of(evil_facts, NULL);
    assert_null(strstr(page.bytes, "http"));
    assert_null(strstr(page.bytes, "src="));
    assert_null(strstr(page.bytes, "url("));
    assert_null(strstr(page.bytes, "@import"));
    for (const char *at = page.bytes; (at = strstr(at, "href=\"")) != NULL; at += 6)
        assert_int_equal(at[6], '#');
    seg_text_free(&page);
}

static void it_can_be_read_without_seeing_it(void **state)
{
    (void)state;
    seg_text page = page_of(evil_facts, NULL);
    assert_non_null(strstr(page.bytes, "<html lang=\"en\">"));
    assert_int_equal(count(page.bytes, "<table>"), count(page.bytes, "<caption>"));
    assert_int_equal(count(page.bytes, "<svg "), 4);
    assert_int_equal(count(page.bytes, "<svg "), count(page.bytes, "<desc id="));
    assert_int_equal(count(page.bytes, "<h1>"), 1);
    assert_int_equal(count(page.bytes, "<div class=\"words\">"),
                     count(page.bytes, "<b>What to do.</b>"));
    seg_text_free(&page);
}

static void numbers_of_the_facts_stand_in_the_page(void **state)
{
    (void)state;
    seg_text page = page_of(evil_facts, NULL);
    static const char *const expected[] = {
        ">1,234,567<",       /* rows */
        ">1,234,568<",       /* 123456789 / 100, rounded */
        ">20,576.13<",       /* per customer: 1234567.89 / 60 */
        ">58.3\xC2\xA0%<",   /* 60 of 60 + 40 + 3 without a segment */
        ">1,200<",           /* a cell of the grid */
        ">75.0\xC2\xA0%<",   /* expected so far: 10 * 0.3 of 10 * 0.3 + 10 * 0.1 */
        ">1.50<",            /* lift: 0.3 / 0.2 */
        "AUC 0.813 (95\xC2\xA0% interval 0.750 to 0.875)",
        "calling the <b>4,321 customers</b>", "25.0\xC2\xA0%", "<b>1,234.50</b>", ">78.9\xC2\xA0%<",
        ">4.6\xC2\xA0%<", ">777<",
        "and 29 more rules", "and 2 more offers", "In 5,000 baskets",
        "1,200 members, 30 joined, 4 left, 0 changed segment",
        "age &lt;= 5 or not known",
        "4 in training, 40.0\xC2\xA0%; brings 46.0\xC2\xA0% of the money<", "Money is the sum of ",
        " &gt;= 7</code> catches 94.0\xC2\xA0% of them, and is right for 97.0\xC2\xA0%.",
        "are of a sample of 8 rows", "41.7\xC2\xA0% of the customers stayed",
        "Most customers are in another segment now",
        "From 1 to 0 segments were tried", ">1 (kept)<", ">0.43<", ">0.88<", ">found again<",
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        if (strstr(page.bytes, expected[i]) == NULL)
            fail_msg("the page does not hold '%s'", expected[i]);
    seg_text_free(&page);
}

static void a_scan_of_one_number_is_not_shown(void **state)
{
    (void)state;
    seg_text page = page_of("{\"profiles\": [{\"source\": \"m\", \"rows\": 2, \"segments\": [],"
                            " \"scan\": [{\"k\": 2, \"silhouette\": 0.5}]}]}", NULL);
    assert_null(strstr(page.bytes, "How many segments"));
    seg_text_free(&page);
}

static void a_bound_that_is_tightened_is_not_said_twice(void **state)
{
    (void)state;
    seg_text page = page_of(evil_facts, NULL);
    const char *rules = strstr(page.bytes, "The tree as rules");
    const char *end = strstr(rules, "</table>");
    size_t loose = 0;
    for (const char *at = rules; (at = strstr(at, "&gt; 5")) != NULL && at < end; at++)
        loose++;
    assert_int_equal(loose, 1);   /* with <= 8; not with > 8 */
    seg_text_free(&page);
}

static void equal_facts_give_equal_bytes(void **state)
{
    (void)state;
    seg_text a = page_of(evil_facts, NULL), b = page_of(evil_facts, NULL);
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.bytes, b.bytes, a.n);
    seg_text_free(&a);
    seg_text_free(&b);
}

static void what_is_missing_is_left_out(void **state)
{
    (void)state;
    seg_doc *doc;
    seg_text page = page_of("{\"rules\": [{\"source\": \"x\"}], \"sources\": [{\"file\": \"x\"}]}",
                            &doc);
    const seg_node *sections = seg_node_get(seg_doc_root(doc), "sections");
    assert_int_equal(seg_node_count(sections), 2);
    assert_string_equal(seg_node_text(seg_node_at(sections, 0), ""), "rules");
    assert_null(strstr(page.bytes, "id=\"segments\""));
    assert_well_formed(page.bytes);
    seg_text_free(&page);
    seg_doc_free(doc);
    page = page_of("{}", NULL);
    assert_well_formed(page.bytes);
    seg_text_free(&page);
}

/* Facts as wide as files allow: many segments, features, rules, nodes, long names. */
static void the_page_stays_small(void **state)
{
    (void)state;
    seg_doc *doc = seg_doc_new();
    seg_node *root = seg_doc_root(doc), *rows;
    char name[600];
    memset(name, '&', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    seg_node *group = seg_put_object(seg_put_array(root, "segments"), NULL);
    rows = seg_put_array(group, "segments");
    for (int i = 0; i < 5000; i++) {
        seg_node *row = seg_put_object(rows, NULL);
        seg_put_text(row, "name", name);
        seg_put_int(row, "customers", i);
    }
    seg_node *profile = seg_put_object(seg_put_array(root, "profiles"), NULL);
    seg_node *features = seg_put_array(profile, "features");
    for (int f = 0; f < 300; f++)
        seg_put_text(features, NULL, name);
    rows = seg_put_array(profile, "segments");
    for (int i = 0; i < 100; i++) {
        seg_node *row = seg_put_object(rows, NULL);
        seg_put_text(row, "name", name);
        seg_node *means = seg_put_array(row, "means"), *places = seg_put_array(row, "places");
        for (int f = 0; f < 300; f++) {
            seg_put_real(means, NULL, i * 1000.0 + f);
            seg_put_real(places, NULL, (i - f) / 100.0);
        }
    }
    rows = seg_put_array(seg_put_object(seg_put_array(root, "trees"), NULL), "nodes");
    for (int i = 0; i < 2001; i++) {
        seg_node *row = seg_put_object(rows, NULL);
        seg_put_int(row, "node", i);
        if (i > 0)
            seg_put_int(row, "parent", (i - 1) / 2);
        seg_put_textf(row, "condition", "feature number %d is one of (many, many names)", i);
        seg_put_bool(row, "leaf", i >= 1000);
        seg_put_real(row, "probability", 0.5);
    }
    rows = seg_put_array(root, "lists");
    for (int i = 0; i < 500; i++)
        seg_put_text(seg_put_object(rows, NULL), "name", name);
    seg_text page = { 0 };
    seg_report_page(&page, root, NULL);
    assert_false(page.failed);
    assert_true(page.n < 300 * 1024);
    assert_well_formed(page.bytes);
    seg_text_free(&page);
    seg_doc_free(doc);
}

/* A file that says it is a tree, but whose nodes go round in circles. */
static void circles_come_to_an_end(void **state)
{
    (void)state;
    seg_text page = page_of(
        "{\"trees\": [{\"nodes\": ["
        "{\"node\": 0, \"parent\": 1, \"condition\": \"a\", \"leaf\": true},"
        "{\"node\": 1, \"parent\": 0, \"condition\": \"b\", \"leaf\": true},"
        "{\"node\": 1, \"parent\": 1, \"condition\": \"c\", \"leaf\": true}]}]}", NULL);
    assert_well_formed(page.bytes);
    assert_true(page.n < 100 * 1024);
    seg_text_free(&page);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    seg_doc *doc;
    assert_int_equal(seg_doc_parse(evil_facts, strlen(evil_facts), &doc, NULL), SEG_OK);
    long live = seg_alloc_live;
    bool failed = true;
    for (long n = 0; failed; n++) {
        seg_text page = { 0 };
        seg_alloc_fail_after = n;
        seg_report_page(&page, seg_doc_root(doc), NULL);
        seg_alloc_fail_after = -1;
        failed = page.failed;
        seg_text_free(&page);
        assert_int_equal(seg_alloc_live, live);
    }
    seg_doc_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_from_data_never_become_markup),
        cmocka_unit_test(the_page_refers_to_nothing_outside),
        cmocka_unit_test(it_can_be_read_without_seeing_it),
        cmocka_unit_test(numbers_of_the_facts_stand_in_the_page),
        cmocka_unit_test(a_scan_of_one_number_is_not_shown),
        cmocka_unit_test(a_bound_that_is_tightened_is_not_said_twice),
        cmocka_unit_test(equal_facts_give_equal_bytes),
        cmocka_unit_test(what_is_missing_is_left_out),
        cmocka_unit_test(the_page_stays_small),
        cmocka_unit_test(circles_come_to_an_end),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Pages from files: what is found, what is counted, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "data/h5.h"
#include "jobs/report.h"

static char dir[] = "/tmp/test-report-XXXXXX";
static seg_error err;

static const char *in_dir(const char *name)
{
    static char path[8][160];
    static int turn;
    turn = (turn + 1) % 8;
    snprintf(path[turn], sizeof path[turn], "%s/%s", dir, name);
    return path[turn];
}

static void put(const char *name, const char *text)
{
    assert_int_equal(seg_file_put(in_dir(name), text, strlen(text), &err), SEG_OK);
}

/* ---- scores ---------------------------------------------------------------------------- */

enum { N = 3000, ID_WIDTH = 32, REASON_WIDTH = 24 };

static const char *const segments[] = { "<b>loud</b>", "quiet", "nobody" };
static const char *const bands[] = { "high", "medium", "low" };
static const char *const items[] = { "tea", "milk" };
static const seg_column columns[] = {
    { .name = "r", .type = SEG_TYPE_I64, .scale = 1 },
    { .name = "f", .type = SEG_TYPE_I64, .scale = 1 },
    { .name = "monetary", .type = SEG_TYPE_I64, .scale = 100 },
    { .name = "rfm", .type = SEG_TYPE_TEXT, .width = 8 },
    { .name = "segment_name", .type = SEG_TYPE_CODE, .levels = segments, .n_levels = 3 },
    { .name = "churn_probability", .type = SEG_TYPE_F32 },
    { .name = "churn_decile", .type = SEG_TYPE_I64, .scale = 1 },
    { .name = "band", .type = SEG_TYPE_CODE, .levels = bands, .n_levels = 3 },
    { .name = "reason_1", .type = SEG_TYPE_TEXT, .width = REASON_WIDTH },
    { .name = "offer_1", .type = SEG_TYPE_CODE, .levels = items, .n_levels = 2 },
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };
static const seg_schema schema = { .kind = SEG_KIND_SCORES, .id_name = "id",
                                   .id_width = ID_WIDTH, .columns = columns,
                                   .n_columns = N_COLUMNS, .as_of_day = 18261 };

typedef struct table {
    char ids[N][ID_WIDTH], rfm[N][8], reason[N][REASON_WIDTH];
    int64_t r[N], f[N], money[N], decile[N];
    int32_t segment[N], band[N], offer[N];
    float probability[N];
} table;

/* Row i: segment i % 3 of the first two, else none; probability in eighths, so that the
 * means are exact; one customer's reason is their own. */
static void fill(table *t)
{
    memset(t, 0, sizeof *t);
    for (int i = 0; i < N; i++) {
        snprintf(t->ids[i], ID_WIDTH, "secret%05d@mail.example", i % 100000);
        t->segment[i] = i % 3 == 2 ? -1 : i % 3;
        t->r[i] = 1 + i % 5;
        t->f[i] = i == 0 ? SEG_MISSING_I64 : 1 + i % 2;
        t->money[i] = i * 100 + 25;
        t->probability[i] = i < 300 ? 0.875f : 0.125f;
        t->decile[i] = i < 300 ? 1 : 5;
        t->band[i] = i < 300 ? 0 : 1;
        t->offer[i] = i % 4 == 0 ? -1 : i % 4 == 1;
        snprintf(t->reason[i], REASON_WIDTH, "%s", i == 7 ? "secret reason" : "tenure <= 5");
    }
}

static void write_scores(const char *name, const table *t)
{
    seg_sink *sink;
    const void *const arrays[] = { t->r, t->f, t->money, t->rfm, t->segment, t->probability,
                                   t->decile, t->band, t->reason, t->offer };
    seg_block block = { .n_rows = N, .ids = t->ids[0], .columns = arrays };
    seg_doc *doc = seg_doc_new();
    seg_node *hashes = seg_put_array(seg_doc_root(doc), "input_sha256");
    seg_put_text(hashes, NULL, "0123456789abcdef");
    seg_put_int(seg_doc_root(doc), "seed", 42);
    if (seg_h5_sink(NULL, in_dir(name), &schema, N, 0, seg_doc_root(doc), &sink, &err) != SEG_OK
        || sink->write(sink, &block, &err) != SEG_OK || sink->commit(sink, &err) != SEG_OK)
        fail_msg("%s", err.text);
    seg_sink_close(sink);
    seg_doc_free(doc);
}

static table made;

static int make_files(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL)
        return -1;
    fill(&made);
    mkdir(in_dir("out"), 0700);
    mkdir(in_dir("out/run-1"), 0700);
    mkdir(in_dir("out/run-1/.work"), 0700);
    mkdir(in_dir("out/run-1/crm"), 0700);
    mkdir(in_dir("out/run-1/nothing"), 0700);
    mkdir(in_dir("empty"), 0700);
    write_scores("out/run-1/who.h5", &made);
    put("out/run-1/crm/members.csv", "id,segment_name\r\n1,\"two\nlines\"\r\n2,b\r\n\r\n3,c");
    put("out/run-1/crm/joined.csv", "id,from,to\n9,,b\n");
    put("out/run-1/crm/left.csv", "id,from,to\n");
    put("out/run-1/.work/crm.result.json",
        "{\"output\": \"/somewhere/crm\", \"members\": 3, \"suppressed\": 1077}");
    put("out/run-1/readme.txt", "not ours");
    return symlink("run-1", in_dir("out/current"));
}

static int remove_files(void **state)
{
    (void)state;
    seg_remove_tree(dir);
    return 0;
}

/* ---- calls ----------------------------------------------------------------------------- */

static seg_status report(const char *operand, const char *page, size_t block_rows,
                         seg_doc **result)
{
    seg_report_options options;
    seg_report_defaults(&options);
    options.output = page;
    seg_call call = { .context = seg_context_defaults(), .options = &options,
                      .operands = &operand, .n_operands = 1 };
    call.context.block_rows = block_rows;
    seg_doc *doc = seg_doc_new();
    seg_status st = seg_report_run(&call, seg_doc_root(doc), &err);
    if (result != NULL)
        *result = doc;
    else
        seg_doc_free(doc);
    return st;
}

static char *page_of(const char *operand, size_t block_rows)
{
    char *text;
    size_t n;
    if (report(operand, in_dir("page.html"), block_rows, NULL) != SEG_OK)
        fail_msg("%s", err.text);
    assert_int_equal(seg_file_get(in_dir("page.html"), 1 << 20, &text, &n, &err), SEG_OK);
    return text;
}

static void assert_holds(const char *page, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (strstr(page, text) == NULL)
        fail_msg("the page does not hold '%s'", text);
}

/* ---- what it says ---------------------------------------------------------------------- */

static void counts_agree_with_a_plain_loop(void **state)
{
    (void)state;
    int64_t money[3] = { 0 }, customers[3] = { 0 }, cell = 0, tea = 0;
    double risk = 0, mean = 0;
    char grouped[32], *page = page_of(in_dir("out/run-1/who.h5"), 0);
    for (int i = 0; i < N; i++) {
        int s = made.segment[i] < 0 ? 2 : made.segment[i];
        customers[s]++;
        money[s] += made.money[i];
        risk += s == 0 ? (double)made.probability[i] : 0;
        mean += (double)made.probability[i] / N;
        cell += made.r[i] == 2 && made.f[i] == 1;
        tea += made.offer[i] == 0;
    }
    assert_holds(page, "<th scope=\"row\">&lt;b&gt;loud&lt;/b&gt;</th><td class=\"n\">%s</td>",
                 seg_group_digits(grouped, customers[0]));
    assert_holds(page, ">%s<", seg_group_digits(grouped, (money[0] + 50) / 100));
    assert_holds(page, ">%s<", seg_group_digits(grouped, (money[1] + 50) / 100));
    assert_holds(page, "%s customers have no segment", seg_group_digits(grouped, customers[2]));
    assert_holds(page, ">%.1f\xC2\xA0%%<", risk / (double)customers[0] * 100);
    assert_holds(page, "mean probability is %.1f\xC2\xA0%%", mean * 100);
    assert_holds(page, "class=\"b\">%s</text>", seg_group_digits(grouped, cell));
    assert_holds(page, "<th scope=\"row\">tea</th><td class=\"n\">%s</td>",
                 seg_group_digits(grouped, tea));
    assert_holds(page, "<th scope=\"row\">tenure &lt;= 5</th><td class=\"n\">299</td>");
    assert_holds(page, "<dd>2019-12-31</dd>");
    assert_holds(page, "0123456789abcdef");
    seg_free(page);
}

static void nobody_is_named(void **state)
{
    (void)state;
    char *page = page_of(in_dir("out"), 0);
    assert_null(strstr(page, "secret"));
    assert_null(strstr(page, "@mail"));
    seg_free(page);
}

static void a_run_brings_its_lists_and_results(void **state)
{
    (void)state;
    char *page = page_of(in_dir("out"), 0), *same;
    assert_holds(page, "<th scope=\"row\">crm</th><td class=\"n\">3</td><td class=\"n\">1</td>"
                       "<td class=\"n\">0</td><td class=\"n\">\xE2\x80\x93</td>"
                       "<td class=\"n\">1,077</td>");
    assert_holds(page, "who.h5");
    same = page_of(in_dir("out/run-1"), 0);
    assert_string_equal(page, same);
    seg_free(page);
    seg_free(same);
}

static void lists_alone_make_a_page(void **state)
{
    (void)state;
    char *page = page_of(in_dir("out/run-1/crm"), 0);
    assert_holds(page, "<th scope=\"row\">crm</th><td class=\"n\">3</td>");
    seg_free(page);
}

static void blocks_do_not_change_the_page(void **state)
{
    (void)state;
    char *a = page_of(in_dir("out"), 1024), *b = page_of(in_dir("out"), 2048);
    assert_string_equal(a, b);
    seg_free(a);
    seg_free(b);
}

static void the_result_names_the_sections(void **state)
{
    (void)state;
    seg_doc *doc;
    struct stat info;
    assert_int_equal(report(in_dir("out"), in_dir("page.html"), 0, &doc), SEG_OK);
    const seg_node *root = seg_doc_root(doc), *names = seg_node_get(root, "sections");
    static const char *const expected[] = { "segments", "risk", "offers", "lists", "sources" };
    assert_int_equal(seg_node_count(names), 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(seg_node_text(seg_node_at(names, i), ""), expected[i]);
    assert_int_equal(stat(in_dir("page.html"), &info), 0);
    assert_int_equal(seg_node_int(seg_node_get(root, "bytes"), 0), info.st_size);
    assert_int_equal(seg_node_int(seg_node_get(root, "rows"), 0), N);
    seg_doc_free(doc);
}

/* ---- what it refuses ------------------------------------------------------------------- */

static void refuses_what_is_no_result(void **state)
{
    (void)state;
    assert_int_equal(report(in_dir("out"), NULL, 0, NULL), SEG_E_USAGE);
    assert_int_equal(report(in_dir("empty"), in_dir("no.html"), 0, NULL), SEG_E_DATA);
    assert_non_null(strstr(err.text, "holds no models, scores or lists"));
    assert_int_equal(report(in_dir("missing.h5"), in_dir("no.html"), 0, NULL), SEG_E_IO);
    assert_non_null(strstr(err.text, "missing.h5"));
    put("data.csv", "id,age\n1,2\n2,3\n");
    assert_int_equal(report(in_dir("data.csv"), in_dir("no.html"), 0, NULL), SEG_E_DATA);
    assert_non_null(strstr(err.text, "holds features"));
    put("bad.model", "no model");
    assert_int_not_equal(report(in_dir("bad.model"), in_dir("no.html"), 0, NULL), SEG_OK);
    assert_non_null(strstr(err.text, "bad.model"));
    assert_false(seg_path_exists(in_dir("no.html")));
}

static void a_probability_above_one_names_its_row(void **state)
{
    (void)state;
    static table t;
    fill(&t);
    t.probability[1234] = 1.5f;
    write_scores("above.h5", &t);
    assert_int_equal(report(in_dir("above.h5"), in_dir("no.html"), 0, NULL), SEG_E_DATA);
    assert_non_null(strstr(err.text, "row 1235: column 'churn_probability'"));
    assert_null(strstr(err.text, "secret"));
}

static void money_that_does_not_fit_is_an_error(void **state)
{
    (void)state;
    static table t;
    fill(&t);
    t.money[5] = t.money[6] = INT64_MAX - 1;
    write_scores("rich.h5", &t);
    assert_int_equal(report(in_dir("rich.h5"), in_dir("no.html"), 0, NULL), SEG_E_DATA);
    assert_non_null(strstr(err.text, "does not fit"));
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_alloc_fail_after = n;
        st = report(in_dir("out"), in_dir("page.html"), 0, NULL);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, 0);
    }
    assert_int_equal(st, SEG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_agree_with_a_plain_loop),
        cmocka_unit_test(nobody_is_named),
        cmocka_unit_test(a_run_brings_its_lists_and_results),
        cmocka_unit_test(lists_alone_make_a_page),
        cmocka_unit_test(blocks_do_not_change_the_page),
        cmocka_unit_test(the_result_names_the_sections),
        cmocka_unit_test(refuses_what_is_no_result),
        cmocka_unit_test(a_probability_above_one_names_its_row),
        cmocka_unit_test(money_that_does_not_fit_is_an_error),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}

/* Tables as CSV, and back: text -> table -> text changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "tests/support/csv_case.h"

static char path[64];

static char *written(void)
{
    static char text[1 << 16];
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    return text;
}

static seg_status write_table(const seg_schema *schema, const seg_block *block)
{
    seg_sink *sink = NULL;
    seg_status st = seg_csv_sink(NULL, path, schema, &sink, NULL);
    if (st == SEG_OK)
        st = sink->write(sink, block, NULL);
    if (st == SEG_OK)
        st = sink->commit(sink, NULL);
    seg_sink_close(sink);
    return st;
}

/* What text -> table -> text makes of it. */
static const char *through(const char *text, const char *options)
{
    csv_case c = { 0 };
    csv_case_open(&c, text, options);
    assert_int_equal(c.status, SEG_OK);
    assert_int_equal(write_table(c.source->schema, &c.all), SEG_OK);
    csv_case_close(&c);
    assert_int_equal(seg_alloc_live, 0);
    return written();
}

static void features_come_back_as_they_were(void **state)
{
    (void)state;
    static const char text[] =
        "id,age,spend,plan,born,seen,left\n"
        "A-1,30,0.1,plus,1999-12-31,2024-02-29T23:59:58,no\n"
        "007,,-1e-7,\"a, \"\"b\"\"\",,2024-03-01T00:00:00,yes\n"
        "A-3,16777216,3.4028235e+38,,2000-01-01,,no\n";
    assert_string_equal(through(text, "--label=left"), text);
}

static void order_lines_come_back_exactly(void **state)
{
    (void)state;
    static const char text[] =
        "customer,order,item,day,quantity,price,amount\n"
        "c1,o1,\"x \",2024-01-01,3,2.555,7.665\n"
        ",o2,y,2024-01-02,-1,0.000,0.000\n";
    assert_string_equal(through(text, "--kind=transactions --time=day --amount= --price=price"),
                        text);
}

static void baskets_become_one_line_an_item(void **state)
{
    (void)state;
    csv_case c = { 0 };
    csv_case_open_bytes(&c, "3 1\n2\n", 6, ".dat", NULL);
    assert_int_equal(write_table(c.source->schema, &c.all), SEG_OK);
    assert_string_equal(written(), "order,item\n1,1\n1,3\n2,2\n");
    csv_case_close(&c);
}

static void a_table_with_one_missing_cell_keeps_its_row(void **state)
{
    (void)state;
    assert_string_equal(through("x\n1\n\"\"\n3\n", NULL), "x\n1\n\"\"\n3\n");
}

/* Random bit patterns of floats, printed and read again. */
static void every_float_survives(void **state)
{
    (void)state;
    enum { N = 3000 };
    static float x[N], back[N];
    const seg_column column = { .name = "x", .type = SEG_TYPE_F32 };
    const seg_schema schema = { .kind = SEG_KIND_FEATURES, .features = &column, .n_features = 1,
                                .as_of_day = SEG_MISSING_DAY };
    seg_rng rng = { 3, 3 };
    for (uint64_t i = 0; i < N; i++) {
        uint32_t bits = (uint32_t)seg_rng_u64(rng, i);
        memcpy(&x[i], &bits, sizeof bits);
        if (!isfinite(x[i]))
            x[i] = NAN;
    }
    const seg_block block = { .n_rows = N, .x = { x, N, 1, 1 } };
    assert_int_equal(write_table(&schema, &block), SEG_OK);
    csv_case c = { 0 };
    csv_case_open_file(&c, path, NULL);
    assert_int_equal(c.status, SEG_OK);
    assert_int_equal(c.all.n_rows, N);
    memcpy(back, c.all.x.x, sizeof back);
    for (size_t i = 0; i < N; i++)
        assert_true(isnan(x[i]) ? isnan(back[i]) : x[i] == back[i]);
    csv_case_close(&c);
}

static void without_a_commit_there_is_no_file(void **state)
{
    (void)state;
    const seg_column column = { .name = "x", .type = SEG_TYPE_F32 };
    const seg_schema schema = { .kind = SEG_KIND_FEATURES, .features = &column, .n_features = 1,
                                .as_of_day = SEG_MISSING_DAY };
    seg_sink *sink;
    unlink(path);
    assert_int_equal(seg_csv_sink(NULL, path, &schema, &sink, NULL), SEG_OK);
    seg_sink_close(sink);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(seg_csv_sink(NULL, "/no such folder/x.csv", &schema, &sink, NULL), SEG_E_IO);
    assert_null(sink);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    static const float x[] = { 1, 2 };
    const seg_column column = { .name = "x", .type = SEG_TYPE_F32 };
    const seg_schema schema = { .kind = SEG_KIND_FEATURES, .features = &column, .n_features = 1,
                                .as_of_day = SEG_MISSING_DAY };
    const seg_block block = { .n_rows = 2, .x = { x, 2, 1, 1 } };
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_alloc_fail_after = n;
        st = write_table(&schema, &block);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, 0);
    }
    assert_int_equal(st, SEG_OK);
}

static int name_file(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/segmill-sink-%d.csv", (int)getpid());
    return 0;
}

static int remove_file(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_come_back_as_they_were),
        cmocka_unit_test(order_lines_come_back_exactly),
        cmocka_unit_test(baskets_become_one_line_an_item),
        cmocka_unit_test(a_table_with_one_missing_cell_keeps_its_row),
        cmocka_unit_test(every_float_survives),
        cmocka_unit_test(without_a_commit_there_is_no_file),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, name_file, remove_file);
}

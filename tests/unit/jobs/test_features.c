/* The features command, from a transactions file to a features file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/file.h"
#include "data/h5.h"
#include "jobs/features.h"

static const char *const people[] = { "zoe", "abe" };
static const char *const orders[] = { "1", "2", "3" };
static const int32_t customer[] = { 0, 1, 0 };
static const int32_t order[] = { 0, 1, 2 };
static const int32_t day[] = { 100, 105, 120 };
static const int64_t amount[] = { 1000, 250, 500 };
static const seg_column columns[] = {
    { .name = "customer", .type = SEG_TYPE_CODE, .levels = people, .n_levels = 2 },
    { .name = "order", .type = SEG_TYPE_CODE, .levels = orders, .n_levels = 3 },
    { .name = "day", .type = SEG_TYPE_DAY },
    { .name = "amount", .type = SEG_TYPE_I64, .scale = 100 },
};
static const seg_schema schema = { .kind = SEG_KIND_TRANSACTIONS, .columns = columns,
                                   .n_columns = 4, .as_of_day = SEG_MISSING_DAY };
static const void *const arrays[] = { customer, order, day, amount };

static char in_path[64], out_path[64], csv_path[64];

static int write_transactions(void **state)
{
    (void)state;
    snprintf(in_path, sizeof in_path, "/tmp/test_features_%ld_tx.h5", (long)getpid());
    snprintf(out_path, sizeof out_path, "/tmp/test_features_%ld.h5", (long)getpid());
    snprintf(csv_path, sizeof csv_path, "/tmp/test_features_%ld.csv", (long)getpid());
    const seg_block rows = { .n_rows = 3, .columns = arrays };
    seg_sink *sink;
    seg_status st = seg_h5_sink(NULL, in_path, &schema, 3, 0, NULL, &sink, NULL);
    if (st == SEG_OK)
        st = sink->write(sink, &rows, NULL);
    if (st == SEG_OK)
        st = sink->commit(sink, NULL);
    seg_sink_close(sink);
    return st == SEG_OK ? 0 : -1;
}

static int remove_files(void **state)
{
    (void)state;
    unlink(in_path);
    unlink(out_path);
    unlink(csv_path);
    return 0;
}

static seg_status run(seg_features_options *options, seg_doc *result, seg_error *err)
{
    static const char *operands[1];
    operands[0] = in_path;
    const seg_call call = { .context = seg_context_defaults(), .options = options,
                            .operands = operands, .n_operands = 1 };
    return seg_features_run(&call, seg_doc_root(result), err);
}

static seg_features_options usual(const char *output)
{
    seg_features_options options;
    seg_features_defaults(&options);
    options.customers.as_of_day = 110;
    options.label_days = 11;
    options.output = output;
    return options;
}

static void writes_customers_with_a_label(void **state)
{
    (void)state;
    seg_features_options options = usual(out_path);
    seg_error err;
    seg_doc *result = seg_doc_new();
    assert_int_equal(run(&options, result, &err), SEG_OK);
    const seg_node *root = seg_doc_root(result);
    assert_int_equal(seg_node_int(seg_node_get(root, "customers"), -1), 2);
    assert_int_equal(seg_node_int(seg_node_get(root, "rows.outside_window"), -1), 1);
    seg_doc_free(result);

    seg_source *source;
    seg_block b;
    assert_int_equal(seg_source_open(NULL, out_path, &source, &err), SEG_OK);
    const seg_schema *made = source->schema;
    assert_int_equal(made->kind, SEG_KIND_FEATURES);
    assert_int_equal(made->as_of_day, 110);
    assert_string_equal(made->label, "churned");
    assert_int_equal(source->next(source, &b, &err), SEG_OK);
    assert_int_equal(b.n_rows, 2);
    assert_memory_equal(b.ids, "abe\0\0\0\0\0zoe", 11);
    const int64_t *money = b.columns[seg_schema_column(made, "monetary")];
    assert_int_equal(money[0], 250);
    assert_int_equal(money[1], 1000);
    size_t churned = seg_schema_column(made, "churned");
    const int32_t *code = b.columns[churned];
    assert_string_equal(made->columns[churned].levels[code[0]], "yes");
    assert_string_equal(made->columns[churned].levels[code[1]], "no");
    assert_true(b.x.x[seg_schema_feature(made, "recency_days")] == 5.0F);
    seg_source_close(source);
}

static void writes_each_name_once_into_a_csv(void **state)
{
    (void)state;
    static const char expected[] =
        "customer,tenure_days,mean_order_value,lines,return_share,recency_days,frequency,"
        "monetary,returns,churned\n"
        "abe,5,2.5,1,0,5,1,2.50,0,yes\n"
        "zoe,10,10,1,0,10,1,10.00,0,no\n";
    seg_features_options options = usual(csv_path);
    seg_doc *result = seg_doc_new();
    char *text;
    size_t n;
    assert_int_equal(run(&options, result, NULL), SEG_OK);
    assert_int_equal(seg_file_get(csv_path, 1 << 20, &text, &n, NULL), SEG_OK);
    assert_string_equal(text, expected);
    seg_free(text);
    seg_doc_free(result);
}

static void needs_an_output_and_an_as_of_day_for_labels(void **state)
{
    (void)state;
    seg_features_options options = usual(NULL);
    seg_error err;
    seg_doc *result = seg_doc_new();
    assert_int_equal(run(&options, result, &err), SEG_E_USAGE);
    options = usual(out_path);
    options.customers.as_of_day = SEG_MISSING_DAY;
    assert_int_equal(run(&options, result, &err), SEG_E_USAGE);
    seg_doc_free(result);
}

static void leaves_no_file_behind_when_memory_fails(void **state)
{
    (void)state;
    seg_features_options options = usual(csv_path);
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        unlink(csv_path);
        long live = seg_alloc_live;
        seg_doc *result = seg_doc_new();
        seg_alloc_fail_after = n;
        st = run(&options, result, NULL);
        seg_alloc_fail_after = -1;
        seg_doc_free(result);
        assert_int_equal(seg_alloc_live, live);
        assert_int_equal(seg_path_exists(csv_path), st == SEG_OK);
    }
    assert_int_equal(st, SEG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_customers_with_a_label),
        cmocka_unit_test(writes_each_name_once_into_a_csv),
        cmocka_unit_test(needs_an_output_and_an_as_of_day_for_labels),
        cmocka_unit_test(leaves_no_file_behind_when_memory_fails),
    };
    return cmocka_run_group_tests(tests, write_transactions, remove_files);
}

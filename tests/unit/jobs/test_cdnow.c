/* The CDNOW cohort: no order numbers, several rows a day, rows of money zero; against the
 * counts in README.md beside the data. Skipped without the data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include "base/file.h"
#include "data/csv.h"
#include "jobs/customers.h"

static const char *data_path(void)
{
    static char path[512];
    const char *folder = getenv("SEGMILL_DATA");
    snprintf(path, sizeof path, "%s/transactions/cdnow_master.txt.gz",
             folder == NULL ? "../shared/data" : folder);
    return path;
}

static void check(int zero, int64_t n_days, int64_t n_zero)
{
    const char *path = data_path();
    if (!seg_path_exists(path))
        skip();
    seg_error err;
    seg_import_options import;
    seg_import_defaults(&import);
    import.kind = 2;
    import.delimiter = " ";
    import.customer = "customer_id";
    import.time = "date";
    import.amount = "dollar_value";
    const seg_customer_options options = { .as_of_day = SEG_MISSING_DAY, .zero = zero };
    seg_doc *report = seg_doc_new();
    seg_source *log, *customers;
    assert_int_equal(seg_csv_source(NULL, &path, 1, &import, NULL, &log, &err), SEG_OK);
    assert_int_equal(seg_customers_from_transactions(NULL, log, &options, seg_doc_root(report),
                                                     &customers, &err), SEG_OK);
    seg_source_close(log);
    assert_int_equal(customers->n_rows, 23570);
    size_t frequency = seg_schema_column(customers->schema, "frequency");
    int64_t sum = 0;
    for (;;) {
        seg_block b;
        assert_int_equal(customers->next(customers, &b, &err), SEG_OK);
        if (b.n_rows == 0)
            break;
        for (size_t i = 0; i < b.n_rows; i++)
            sum += ((const int64_t *)b.columns[frequency])[i];
    }
    if (n_days >= 0)
        assert_int_equal(sum, n_days);
    const seg_node *rows = seg_node_get(seg_doc_root(report), "rows");
    assert_int_equal(seg_node_int(seg_node_get(rows, "zero"), -1), n_zero);
    assert_int_equal(seg_node_int(seg_node_get(rows, "used"), -1), 69659 - n_zero);
    seg_source_close(customers);
    seg_doc_free(report);
}

static void days_with_purchases_are_orders_without_order_numbers(void **state)
{
    (void)state;
    check(1, 67591, 0);
}

static void rows_of_money_zero_are_dropped_and_counted(void **state)
{
    (void)state;
    check(0, -1, 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_with_purchases_are_orders_without_order_numbers),
        cmocka_unit_test(rows_of_money_zero_are_dropped_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

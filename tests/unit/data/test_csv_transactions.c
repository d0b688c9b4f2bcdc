/* Order lines from text: roles, exact money, currencies; the published figures of Online
 * Retail and CDNOW. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/date.h"
#include "tests/support/csv_case.h"
#include "tests/support/fimi.h"

static const char shop[] =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID\n"
    "536365,85123A,\"HEART, RED\",6,2010-12-01 08:26:00,2.55,17850.0\n"
    "536365,71053,LANTERN,1,2010-12-01 08:26:00,3.395,17850.0\n"
    "C536379,D,Discount,-1,2010-12-01 09:41:00,27.50,14527.0\n"
    "536544,71053,LANTERN,2,2010-12-02,0,\n";

static const int64_t *i64(const csv_case *c, const char *name)
{
    return csv_case_column(c, name);
}

static void well_known_names_are_taken_and_told(void **state)
{
    (void)state;
    csv_case c = { 0 };
    csv_case_open(&c, shop, NULL);
    assert_int_equal(c.status, SEG_OK);
    assert_int_equal(c.source->schema->kind, SEG_KIND_TRANSACTIONS);
    assert_int_equal(c.source->schema->n_features, 0);
    assert_int_equal(csv_case_schema(&c, "amount")->scale, 1000);
    assert_int_equal(csv_case_schema(&c, "price")->scale, 1000);
    assert_int_equal(csv_case_schema(&c, "quantity")->scale, 1);
    assert_int_equal(i64(&c, "amount")[0], 15300);
    assert_int_equal(i64(&c, "amount")[1], 3395);
    assert_int_equal(i64(&c, "amount")[2], -27500);
    assert_int_equal(i64(&c, "price")[2], 27500);
    assert_int_equal(i64(&c, "amount")[3], 0);
    assert_string_equal(csv_case_level(&c, "customer", 0), "17850");
    assert_string_equal(csv_case_level(&c, "customer", 3), "");
    assert_string_equal(csv_case_level(&c, "order", 2), "C536379");
    assert_int_equal(((const int32_t *)csv_case_column(&c, "item"))[3], 1);
    assert_int_equal(((const int32_t *)csv_case_column(&c, "day"))[3],
                     seg_day_from_ymd(2010, 12, 2));
    assert_int_equal(i64(&c, "ts")[0], 1291191960);   /* `date -u -d "2010-12-01 08:26" +%s` */
    assert_null(csv_case_schema(&c, "Description"));
    assert_non_null(strstr(c.notes, "column 'CustomerID' is the customer"));
    assert_non_null(strstr(c.notes, "column 'UnitPrice' is the price"));
    assert_non_null(strstr(c.notes, "taken as transactions"));
    csv_case_close(&c);
    assert_int_equal(seg_alloc_live, 0);
}

static void money_has_the_digits_seen(void **state)
{
    (void)state;
    static const struct { const char *rows; uint32_t scale; int64_t amount; } cases[] = {
        { "a,2024-01-01,1,5\n", 100, 500 },
        { "a,2024-01-01,3,0.1\n", 100, 30 },
        { "a,2024-01-01,3,2.5000\n", 100, 750 },
        { "a,2024-01-01,1.5,2.55\n", 1000, 3825 },
        { "a,2024-01-01,0.125,0.5\n", 10000, 625 },
        { "a,2024-01-01,2,0.00005\n", 10000, 0 },       /* half to even: 0.0000, told */
        { "a,2024-01-01,-2,0.9999\n", 10000, -19998 },
        { "a,2024-01-01,92233720,1000000.07\n", 100, 9223372645636040 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        csv_case c = { 0 };
        char text[256];
        snprintf(text, sizeof text, "customer,date,quantity,price\n%s", cases[i].rows);
        csv_case_open(&c, text, "--kind=transactions");
        assert_int_equal(c.status, SEG_OK);
        assert_int_equal(csv_case_schema(&c, "amount")->scale, cases[i].scale);
        assert_true(i64(&c, "amount")[0] == cases[i].amount);
        csv_case_close(&c);
    }
}

static void an_amount_beyond_64_bits_is_named(void **state)
{
    (void)state;
    csv_case c = { 0 };
    csv_case_open(&c, "customer,date,quantity,price\na,2024-01-01,1,1.00\n"
                      "b,2024-01-01,90000000000,90000000000\n", "--kind=transactions");
    assert_int_equal(c.status, SEG_E_DATA);
    assert_non_null(strstr(c.error.text, "line 3: the amount does not fit into 64 bits"));
    csv_case_close(&c);
}

static void options_name_the_columns(void **state)
{
    (void)state;
    static const char text[] = " who  when  n  money\n 00001 19970101  1   11.77\n"
                               " 00002 19970112  5   77.00\n 00002 19970112  0    0.00\n";
    csv_case c = { 0 };
    csv_case_open_bytes(&c, text, strlen(text), ".txt",
                        "--customer=who --time=when --quantity=n --amount=money --zone=UTC");
    assert_int_equal(c.status, SEG_OK);
    assert_string_equal(csv_case_level(&c, "customer", 0), "00001");
    assert_int_equal(((const int32_t *)csv_case_column(&c, "day"))[1],
                     seg_day_from_ymd(1997, 1, 12));
    assert_null(csv_case_column(&c, "ts"));
    assert_null(csv_case_column(&c, "price"));
    assert_int_equal(i64(&c, "amount")[1], 7700);
    assert_string_equal(c.source->schema->zone, "UTC");
    csv_case_close(&c);
    csv_case_open_bytes(&c, text, strlen(text), ".txt", "--customer=who --time=wen");
    assert_int_equal(c.status, SEG_E_USAGE);
    assert_non_null(strstr(c.error.text, "--time:"));
    assert_non_null(strstr(c.error.text, "did you mean 'when'?"));
    csv_case_close(&c);
    csv_case_open_bytes(&c, text, strlen(text), ".txt", "--kind=transactions --time=when");
    assert_int_equal(c.status, SEG_E_USAGE);
    assert_non_null(strstr(c.error.text, "no column looks like the customer; import it with "
                                        "--customer COL"));
    csv_case_close(&c);
}

static void rates_turn_currencies_into_one(void **state)
{
    (void)state;
    static const char text[] = "customer,date,amount,cur\na,2024-01-01,10.00,EUR\n"
                               "b,2024-01-01,10.00,USD\nc,2024-01-01,3.33,GBP\n";
    csv_case c = { 0 };
    char options[160], rates[64];
    snprintf(rates, sizeof rates, "/tmp/segmill-rates-%d", (int)getpid());
    FILE *f = fopen(rates, "w");
    assert_non_null(f);
    fputs("currency,rate\nEUR,1\nUSD,0.92345\nGBP,1.17\nCHF,1.05\n", f);
    fclose(f);
    snprintf(options, sizeof options, "--kind=transactions --currency=cur --rates=%s", rates);
    csv_case_open(&c, text, options);
    assert_int_equal(c.status, SEG_OK);
    assert_string_equal(c.source->schema->currency, "EUR");
    assert_int_equal(csv_case_schema(&c, "amount")->scale, 10000);
    assert_int_equal(i64(&c, "amount")[0], 100000);
    assert_int_equal(i64(&c, "amount")[1], 92345);
    assert_int_equal(i64(&c, "amount")[2], 38961);
    csv_case_close(&c);
    unlink(rates);
    csv_case_open(&c, "customer,date,amount,cur\na,2024-01-01,1,EUR\n",
                  "--kind=transactions --currency=cur");
    assert_string_equal(c.source->schema->currency, "EUR");
    csv_case_close(&c);
}

static void personal_columns_never_reach_the_table(void **state)
{
    (void)state;
    const char *path = data_path("transactions/rfm_data_orders.csv.gz");
    if (access(path, R_OK) != 0)
        skip();
    csv_case c = { 0 };
    csv_case_open_file(&c, path, "--kind=transactions");
    assert_int_equal(c.status, SEG_OK);
    assert_int_equal(c.source->n_rows, 4906);
    assert_int_equal(c.source->schema->n_columns, 3);
    assert_int_equal(csv_case_schema(&c, "customer")->n_levels, 995);
    int64_t sum = 0;
    for (size_t r = 0; r < c.all.n_rows; r++)
        sum += i64(&c, "amount")[r];
    assert_int_equal(sum, 46415800);   /* revenue 464,158 */
    csv_case_close(&c);
}

/* Figures of the data set's description, computed by others in other ways. */
static void online_retail_adds_up_exactly(void **state)
{
    (void)state;
    const char *path = data_path("transactions/online_retail.csv.gz");
    if (access(path, R_OK) != 0)
        skip();
    csv_case c = { 0 };
    csv_case_open_file(&c, path, NULL);
    assert_int_equal(c.status, SEG_OK);
    assert_int_equal(c.source->n_rows, 541909);
    const seg_schema *schema = c.source->schema;
    size_t customer = seg_schema_column(schema, "customer"),
           order = seg_schema_column(schema, "order"), price = seg_schema_column(schema, "price"), amount = seg_schema_column(schema, "amount"),
           quantity = seg_schema_column(schema, "quantity");
    assert_int_equal(schema->columns[customer].n_levels, 4372);
    assert_int_equal(schema->columns[amount].scale, 1000);
    static bool bought[5000];
    static int64_t net_of[5000];
    uint64_t no_id = 0, cancelled = 0, negative = 0, free_rows = 0, customers = 0;
    int64_t gross = 0, net = 0;
    for (seg_block b = c.all; b.n_rows > 0;) {
        for (size_t r = 0; r < b.n_rows; r++) {
            int32_t who = ((const int32_t *)b.columns[customer])[r];
            int32_t which = ((const int32_t *)b.columns[order])[r];
            int64_t p = ((const int64_t *)b.columns[price])[r];
            int64_t q = ((const int64_t *)b.columns[quantity])[r];
            int64_t a = ((const int64_t *)b.columns[amount])[r];
            bool credit = schema->columns[order].levels[which][0] == 'C';
            assert_true(a == p * q);
            no_id += who < 0;
            cancelled += credit;
            negative += q < 0;
            free_rows += p == 0;
            if (who < 0)
                continue;
            net_of[who] += a;
            if (q > 0 && p > 0 && !credit) {
                gross += a;
                customers += !bought[who];
                bought[who] = true;
            }
        }
        assert_int_equal(c.source->next(c.source, &b, NULL), SEG_OK);
    }
    assert_int_equal(no_id, 135080);
    assert_int_equal(cancelled, 9288);
    assert_int_equal(negative, 10624);
    assert_int_equal(free_rows, 2515);
    assert_int_equal(customers, 4338);
    assert_int_equal(gross, 8911407904);
    for (size_t who = 0; who < 5000; who++)
        net += bought[who] ? net_of[who] : 0;
    assert_int_equal(net, 8310477054);
    csv_case_close(&c);
}

static void cdnow_counts_are_the_published_ones(void **state)
{
    (void)state;
    const char *path = data_path("transactions/cdnow_master.txt.gz");
    if (access(path, R_OK) != 0)
        skip();
    csv_case c = { 0 };
    csv_case_open_file(&c, path, "--customer=customer_id --time=date --amount=dollar_value "
                                 "--quantity=number_of_cds");
    assert_int_equal(c.status, SEG_OK);
    assert_int_equal(c.source->n_rows, 69659);
    assert_int_equal(csv_case_schema(&c, "customer")->n_levels, 23570);
    uint64_t zero = 0;
    for (seg_block b = c.all; b.n_rows > 0;) {
        size_t amount = seg_schema_column(c.source->schema, "amount");
        for (size_t r = 0; r < b.n_rows; r++)
            zero += ((const int64_t *)b.columns[amount])[r] == 0;
        assert_int_equal(c.source->next(c.source, &b, NULL), SEG_OK);
    }
    assert_int_equal(zero, 80);
    csv_case_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_known_names_are_taken_and_told),
        cmocka_unit_test(money_has_the_digits_seen),
        cmocka_unit_test(an_amount_beyond_64_bits_is_named),
        cmocka_unit_test(options_name_the_columns),
        cmocka_unit_test(rates_turn_currencies_into_one),
        cmocka_unit_test(personal_columns_never_reach_the_table),
        cmocka_unit_test(online_retail_adds_up_exactly),
        cmocka_unit_test(cdnow_counts_are_the_published_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

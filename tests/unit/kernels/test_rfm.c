/* Lines added up per customer, quantiles and sorting, against values worked out by hand and
 * against plain loops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "kernels/quantile.h"
#include "kernels/radix.h"
#include "kernels/rfm.h"
#include "segmill/table.h"

enum { NO = SEG_MISSING_CODE };

/* Three customers, five orders; order 4 is a credit note, order 3 has two customers. */
static const int32_t customer[] = { 0, 0, 1, 0, NO, 1, 2, 0, 1, 2, 0 };
static const int32_t order[]    = { 0, 0, 1, 2,  1, 3, 3, 4, 1, 3, 0 };
static const int32_t day[]      = { 10, 10, 11, 12, 12, 13, 13, 14, 11, 20, 10 };
static const int64_t quantity[] = { 2, 1, 1, 1, 5, 3, 1, -1, 0, 1, 1 };
static const int64_t price[]    = { 100, 50, 70, 80, 10, 10, 500, 80, 10, 500, 0 };
enum { N_LINES = sizeof day / sizeof day[0] };
static const uint8_t credit_note[] = { 0, 0, 0, 0, 1 };

static seg_rfm_lines all_lines(void)
{
    return (seg_rfm_lines){ .n_rows = N_LINES, .customer = customer, .day = day,
                            .order = order, .quantity = quantity, .price = price };
}

static seg_rfm_rules plain_rules(void)
{
    return (seg_rfm_rules){ .n_customers = 3, .n_orders = 5, .first_day = 0, .end_day = 15,
                            .label_end_day = 15, .credit_note = credit_note };
}

static void adds_up_what_was_worked_out_by_hand(void **state)
{
    (void)state;
    seg_rfm_rules rules = plain_rules();
    seg_rfm_lines lines = all_lines();
    seg_rfm_pass *pass;
    assert_int_equal(seg_rfm_new(&rules, &pass, NULL), SEG_OK);
    assert_int_equal(seg_rfm_add(pass, &lines, NULL), SEG_OK);
    assert_int_equal(seg_rfm_finish(pass, NULL), SEG_OK);

    const seg_rfm_customer *c = seg_rfm_customers(pass);
    assert_int_equal(c[0].gross, 330);
    assert_int_equal(c[0].refunds, -80);
    assert_int_equal(c[0].n_orders, 2);
    assert_int_equal(c[0].n_lines, 3);
    assert_int_equal(c[0].n_returns, 1);
    assert_int_equal(c[0].first_day, 10);
    assert_int_equal(c[0].last_day, 12);
    assert_int_equal(c[1].gross, 100);
    assert_int_equal(c[1].n_orders, 2);
    assert_int_equal(c[2].gross, 500);
    assert_int_equal(c[2].n_orders, 1);
    assert_int_equal(c[2].last_day, 13);

    const uint64_t *n = seg_rfm_counts(pass);
    assert_int_equal(n[SEG_RFM_USED], 6);
    assert_int_equal(n[SEG_RFM_NO_ID], 1);
    assert_int_equal(n[SEG_RFM_ZERO], 2);
    assert_int_equal(n[SEG_RFM_CANCELLED], 1);
    assert_int_equal(n[SEG_RFM_OUTSIDE], 1);
    assert_int_equal(n[SEG_RFM_BAD], 0);
    assert_int_equal(seg_rfm_last_day(pass), 20);
    seg_rfm_free(pass);
}

static void counts_zero_lines_and_later_buyers_when_asked(void **state)
{
    (void)state;
    seg_rfm_rules rules = plain_rules();
    rules.count_zero = true;
    rules.label_end_day = 21;
    seg_rfm_lines lines = all_lines();
    seg_rfm_pass *pass;
    assert_int_equal(seg_rfm_new(&rules, &pass, NULL), SEG_OK);
    assert_int_equal(seg_rfm_add(pass, &lines, NULL), SEG_OK);
    assert_int_equal(seg_rfm_finish(pass, NULL), SEG_OK);
    assert_int_equal(seg_rfm_counts(pass)[SEG_RFM_ZERO], 0);
    assert_int_equal(seg_rfm_counts(pass)[SEG_RFM_USED], 8);
    assert_true(seg_rfm_customers(pass)[2].later);
    assert_false(seg_rfm_customers(pass)[0].later);
    seg_rfm_free(pass);
}

static void counts_days_when_there_are_no_orders(void **state)
{
    (void)state;
    static const int32_t who[] = { 0, 1, 0, 1, 0, 1, 0 };
    static const int32_t when[] = { 5, 5, 6, 5, 5, -7, 5 };
    static const int64_t money[] = { 1, 1, 1, 1, 1, 1, 1 };
    seg_rfm_rules rules = { .n_customers = 2, .first_day = -100, .end_day = 100 };
    seg_rfm_lines lines = { .n_rows = 7, .customer = who, .day = when, .amount = money };
    seg_rfm_pass *pass;
    assert_int_equal(seg_rfm_new(&rules, &pass, NULL), SEG_OK);
    assert_int_equal(seg_rfm_add(pass, &lines, NULL), SEG_OK);
    assert_int_equal(seg_rfm_finish(pass, NULL), SEG_OK);
    assert_int_equal(seg_rfm_customers(pass)[0].n_orders, 2);
    assert_int_equal(seg_rfm_customers(pass)[1].n_orders, 2);
    assert_int_equal(seg_rfm_customers(pass)[1].first_day, -7);
    seg_rfm_free(pass);
}

static void refuses_codes_out_of_range_and_money_beyond_64_bits(void **state)
{
    (void)state;
    static const int32_t when[] = { 1, 1 }, bad_customer[] = { 0, 3 }, good[] = { 0, 0 };
    static const int32_t bad_order[] = { 0, 9 };
    static const int64_t one[] = { 1, 1 }, huge[] = { INT64_MAX, INT64_MAX };
    seg_rfm_rules rules = plain_rules();
    seg_error err;
    seg_rfm_pass *pass;
    assert_int_equal(seg_rfm_new(&rules, &pass, &err), SEG_OK);
    seg_rfm_lines lines = { .n_rows = 2, .customer = bad_customer, .day = when, .amount = one };
    assert_int_equal(seg_rfm_add(pass, &lines, &err), SEG_E_DATA);
    assert_string_equal(err.text, "customer code 3 is not below the 3 customers");
    lines.customer = good;
    lines.order = bad_order;
    assert_int_equal(seg_rfm_add(pass, &lines, &err), SEG_E_DATA);
    lines.order = good;
    lines.amount = huge;
    assert_int_equal(seg_rfm_add(pass, &lines, &err), SEG_E_DATA);
    lines.amount = NULL;
    lines.quantity = lines.price = huge;
    assert_int_equal(seg_rfm_add(pass, &lines, &err), SEG_E_DATA);
    seg_rfm_free(pass);
}

enum { MANY = 200000, PEOPLE = 97, ORDERS = 300 };

/* Order numbers that every customer uses: the set of pairs does all the work. */
static void counts_shared_order_numbers_like_a_plain_table(void **state)
{
    (void)state;
    static int32_t who[MANY], what[MANY], when[MANY];
    static int64_t money[MANY];
    static bool seen[PEOPLE][ORDERS];
    uint32_t expected[PEOPLE] = { 0 };
    uint64_t x = 88172645463325252u;
    for (size_t i = 0; i < MANY; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        who[i] = (int32_t)(x % PEOPLE);
        what[i] = (int32_t)(x >> 20 & 0xffff) % ORDERS;
        money[i] = 1;
        if (!seen[who[i]][what[i]])
            expected[who[i]]++;
        seen[who[i]][what[i]] = true;
    }
    seg_rfm_rules rules = { .n_customers = PEOPLE, .n_orders = ORDERS, .end_day = 1 };
    seg_rfm_pass *pass;
    assert_int_equal(seg_rfm_new(&rules, &pass, NULL), SEG_OK);
    for (size_t i = 0; i < MANY; i += 1024) {
        size_t n = MANY - i < 1024 ? MANY - i : 1024;
        seg_rfm_lines lines = { .n_rows = n, .customer = who + i, .day = when + i,
                                .order = what + i, .amount = money + i };
        assert_int_equal(seg_rfm_add(pass, &lines, NULL), SEG_OK);
    }
    assert_int_equal(seg_rfm_finish(pass, NULL), SEG_OK);
    for (size_t c = 0; c < PEOPLE; c++)
        assert_int_equal(seg_rfm_customers(pass)[c].n_orders, expected[c]);
    seg_rfm_free(pass);
}

/* Item 0: three bought on day 1 (order 0), two on day 5 (order 1), three sent back on day 6:
 * the two of day 5 go, and one of day 1. Item 1: sent back before it was bought. Item 2: more
 * sent back than bought, so order 3 goes altogether. */
static const int32_t m_order[] = { 0, 1, 2, 4, 1, 3, 2 };
static const int32_t m_day[]   = { 1, 5, 6, 2, 4, 7, 8 };
static const int32_t m_item[]  = { 0, 0, 0, 1, 1, 2, 2 };
static const int64_t m_units[] = { 3, 2, -3, -1, 1, 1, -9 };
static const int64_t m_money[] = { 100, 60, -90, -10, 10, 500, -999 };

static seg_status match_refunds(seg_rfm_customer *out)
{
    static const int32_t who[7];
    seg_rfm_rules rules = plain_rules();
    rules.match = true;
    rules.credit_note = NULL;
    const seg_rfm_lines lines = { .n_rows = 7, .customer = who, .day = m_day, .order = m_order,
                                  .quantity = m_units, .amount = m_money, .item = m_item };
    seg_rfm_pass *pass;
    seg_status st = seg_rfm_new(&rules, &pass, NULL);
    if (st == SEG_OK)
        st = seg_rfm_note_refunds(pass, &lines, NULL);
    if (st == SEG_OK)
        st = seg_rfm_add(pass, &lines, NULL);
    if (st == SEG_OK)
        st = seg_rfm_finish(pass, NULL);
    if (st == SEG_OK)
        *out = seg_rfm_customers(pass)[0];
    seg_rfm_free(pass);
    return st;
}

static void takes_refunds_off_the_latest_purchases_before_them(void **state)
{
    (void)state;
    seg_rfm_customer c;
    assert_int_equal(match_refunds(&c), SEG_OK);
    assert_int_equal(c.gross, 67 + 10);   /* two thirds of 100; 100 / 3 is cut to 33 */
    assert_int_equal(c.matched, 33 + 60 + 500);
    assert_int_equal(c.n_orders, 2);      /* order 1 keeps its line of item 1 */
    assert_int_equal(c.first_day, 1);
    assert_int_equal(c.last_day, 4);
    assert_int_equal(c.n_returns, 3);

    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_alloc_fail_after = n;
        st = match_refunds(&c);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, 0);
    }
    assert_int_equal(st, SEG_OK);
}

static seg_status whole_pass(void)
{
    seg_rfm_rules rules = plain_rules();
    seg_rfm_lines lines = all_lines();
    seg_rfm_pass *pass;
    seg_status st = seg_rfm_new(&rules, &pass, NULL);
    if (st == SEG_OK)
        st = seg_rfm_add(pass, &lines, NULL);
    if (st == SEG_OK)
        st = seg_rfm_finish(pass, NULL);
    seg_rfm_free(pass);
    return st;
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_alloc_fail_after = n;
        st = whole_pass();
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, 0);
    }
    assert_int_equal(st, SEG_OK);
}

/* ---- quantiles ------------------------------------------------------------------- */

static void edges_are_order_statistics(void **state)
{
    (void)state;
    static const int64_t sorted[] = { 1, 1, 1, 2, 3, 5, 8, 13 };
    int64_t edges[4];
    seg_quantile_edges(sorted, 8, 5, edges);   /* positions ceil(8k/5) = 2 4 5 7 */
    assert_int_equal(edges[0], 1);
    assert_int_equal(edges[1], 2);
    assert_int_equal(edges[2], 3);
    assert_int_equal(edges[3], 8);
    assert_int_equal(seg_quantile_score(edges, 4, 1), 1);
    assert_int_equal(seg_quantile_score(edges, 4, 2), 2);
    assert_int_equal(seg_quantile_score(edges, 4, 9), 5);
    seg_quantile_edges(sorted, 1, 5, edges);
    assert_int_equal(edges[3], 1);
}

static void ntile_gives_the_larger_groups_first(void **state)
{
    (void)state;
    /* NTILE(5) over 13 rows: 3 3 3 2 2 */
    static const size_t ends[] = { 0, 3, 6, 9, 11, 13 };
    for (uint32_t b = 0; b <= 5; b++)
        assert_int_equal(seg_ntile_end(13, 5, b), ends[b]);
    assert_int_equal(seg_ntile_end(2, 5, 1), 1);
    assert_int_equal(seg_ntile_end(2, 5, 4), 2);
}

/* ---- sorting --------------------------------------------------------------------- */

static void sorts_signed_numbers_and_keeps_equal_ones_in_order(void **state)
{
    (void)state;
    static const int64_t values[] = { 5, -1, INT64_MAX, INT64_MIN, 5, 0, -1, 256, 65536, 5 };
    static const uint32_t expected[] = { 3, 1, 6, 5, 0, 4, 9, 7, 8, 2 };
    uint64_t keys[10], keys_temp[10];
    uint32_t rows[10], rows_temp[10];
    for (uint32_t i = 0; i < 10; i++) {
        keys[i] = seg_radix_key(values[i]);
        rows[i] = i;
    }
    seg_radix_sort(keys, rows, 10, keys_temp, rows_temp);
    assert_memory_equal(rows, expected, sizeof expected);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(seg_radix_value(keys[i]), values[expected[i]]);
}

static void sorts_ids_by_their_bytes(void **state)
{
    (void)state;
    static const char cells[5][16] = { "b", "aaaaaaaab", "aaaaaaaaa", "\xc3\xa9", "b" };
    static const uint32_t expected[] = { 2, 1, 0, 4, 3 };
    uint32_t *sorted;
    assert_int_equal(seg_radix_order(cells[0], 16, 5, &sorted, NULL), SEG_OK);
    assert_memory_equal(sorted, expected, sizeof expected);
    seg_free(sorted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adds_up_what_was_worked_out_by_hand),
        cmocka_unit_test(counts_zero_lines_and_later_buyers_when_asked),
        cmocka_unit_test(counts_days_when_there_are_no_orders),
        cmocka_unit_test(refuses_codes_out_of_range_and_money_beyond_64_bits),
        cmocka_unit_test(counts_shared_order_numbers_like_a_plain_table),
        cmocka_unit_test(takes_refunds_off_the_latest_purchases_before_them),
        cmocka_unit_test(survives_every_allocation_failure),
        cmocka_unit_test(edges_are_order_statistics),
        cmocka_unit_test(ntile_gives_the_larger_groups_first),
        cmocka_unit_test(sorts_signed_numbers_and_keeps_equal_ones_in_order),
        cmocka_unit_test(sorts_ids_by_their_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

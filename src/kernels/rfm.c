/* rfm.c: one pass over order lines, a record of 56 bytes per customer.
 *
 * Frequency is the number of distinct orders. An order nearly always belongs to one
 * customer, so per order the first customer seen with a purchase is remembered, which
 * counts it once however its lines are spread over the file. Only the second and later
 * customers of one order number go to a set of pairs. Without order numbers every
 * (customer, day) is such a pair, except where lines of one day follow each other. The set
 * is a list that is sorted and stripped of repeats whenever it is full, so it stays within
 * twice the distinct pairs. */
#include "kernels/rfm.h"

#include <string.h>
#include "base/alloc.h"
#include "base/try.h"
#include "kernels/radix.h"
#include "kernels/returns.h"
#include "segmill/table.h"

enum { FIRST_PAIRS = 4096 };

typedef struct pair_set {
    uint64_t *pairs, *temp;   /* room for cap each */
    size_t n, cap;
} pair_set;

struct seg_rfm_pass {
    seg_rfm_rules rules;
    seg_rfm_customer *customers;
    int32_t *buyer;           /* per order: 1 + its first customer, 0 before */
    pair_set set;
    uint64_t counts[SEG_RFM_BUCKETS];
    int32_t last_day;
    seg_returns *returns;     /* match only */
    bool refunds_known;
};

/* ---- distinct pairs ----------------------------------------------------------- */

static void pairs_compact(pair_set *set)
{
    seg_radix_sort(set->pairs, NULL, set->n, set->temp, NULL);
    size_t kept = 0;
    for (size_t i = 0; i < set->n; i++)
        if (kept == 0 || set->pairs[i] != set->pairs[kept - 1])
            set->pairs[kept++] = set->pairs[i];
    set->n = kept;
}

static seg_status pairs_make_room(pair_set *set, seg_error *err)
{
    seg_status st = SEG_OK;
    pairs_compact(set);
    if (set->n < set->cap / 2)
        return SEG_OK;
    size_t cap = set->cap == 0 ? FIRST_PAIRS : 2 * set->cap;
    seg_free(set->temp);
    set->temp = NULL;
    TRY(SEG_REALLOC(&set->pairs, cap, "the pairs of customer and order", err));
    TRY(SEG_ALLOC(&set->temp, cap, "the pairs of customer and order", err));
    set->cap = cap;

done:
    return st;
}

static seg_status pairs_add(pair_set *set, int32_t customer, uint32_t order, seg_error *err)
{
    if (set->n == set->cap) {
        seg_status st = pairs_make_room(set, err);
        if (st != SEG_OK)
            return st;
    }
    set->pairs[set->n++] = (uint64_t)(uint32_t)customer << 32 | order;
    return SEG_OK;
}

/* ---- lines --------------------------------------------------------------------- */

static bool below_zero(const int64_t *column, size_t i)
{
    return column != NULL && column[i] < 0 && column[i] != SEG_MISSING_I64;
}

static bool is_zero(const int64_t *column, size_t i)
{
    return column != NULL && column[i] == 0;
}

/* The money of a line, or SEG_MISSING_I64. */
static seg_status money_of(const seg_rfm_lines *lines, size_t i, int64_t *money, seg_error *err)
{
    if (lines->amount != NULL) {
        *money = lines->amount[i];
        return SEG_OK;
    }
    int64_t quantity = lines->quantity[i], price = lines->price[i];
    *money = SEG_MISSING_I64;
    if (quantity == SEG_MISSING_I64 || price == SEG_MISSING_I64)
        return SEG_OK;
    if (__builtin_mul_overflow(quantity, price, money) || *money == SEG_MISSING_I64)
        return seg_fail(err, SEG_E_DATA, "quantity times price does not fit 64 bits");
    return SEG_OK;
}

static seg_status check_codes(const seg_rfm_pass *pass, const seg_rfm_lines *lines, size_t i,
                              seg_error *err)
{
    const seg_rfm_rules *rules = &pass->rules;
    if (lines->customer[i] >= 0 && (size_t)lines->customer[i] >= rules->n_customers)
        return seg_fail(err, SEG_E_DATA, "customer code %d is not below the %zu customers",
                        lines->customer[i], rules->n_customers);
    if (lines->order != NULL && lines->order[i] >= 0
        && (size_t)lines->order[i] >= rules->n_orders)
        return seg_fail(err, SEG_E_DATA, "order code %d is not below the %zu orders",
                        lines->order[i], rules->n_orders);
    return SEG_OK;
}

/* What the line is by itself, whatever its day. */
static seg_rfm_bucket kind_of(const seg_rfm_pass *pass, const seg_rfm_lines *lines, size_t i,
                              int64_t money)
{
    if (lines->customer[i] < 0)
        return SEG_RFM_NO_ID;
    if (lines->day[i] == SEG_MISSING_DAY || money == SEG_MISSING_I64
        || (lines->order != NULL && lines->order[i] < 0))
        return SEG_RFM_BAD;
    bool credit = lines->order != NULL && pass->rules.credit_note != NULL
                  && pass->rules.credit_note[lines->order[i]] != 0;
    bool back = credit || money < 0 || below_zero(lines->quantity, i)
                || below_zero(lines->price, i);
    bool zero = money == 0 || is_zero(lines->quantity, i) || is_zero(lines->price, i);
    if (zero && !pass->rules.count_zero)
        return SEG_RFM_ZERO;
    return back ? SEG_RFM_CANCELLED : SEG_RFM_USED;
}

static seg_status count_order(seg_rfm_pass *pass, const seg_rfm_lines *lines, size_t i,
                              seg_error *err)
{
    int32_t customer = lines->customer[i];
    seg_rfm_customer *c = &pass->customers[customer];
    if (lines->order == NULL) {
        if (c->n_lines > 0 && c->last_day == lines->day[i])
            return SEG_OK;
        return pairs_add(&pass->set, customer, (uint32_t)lines->day[i], err);
    }
    int32_t *buyer = &pass->buyer[lines->order[i]];
    if (*buyer == 0) {
        *buyer = customer + 1;
        c->n_orders++;
        return SEG_OK;
    }
    if (*buyer == customer + 1)
        return SEG_OK;
    return pairs_add(&pass->set, customer, (uint32_t)lines->order[i], err);
}

static seg_status add_money(int64_t *sum, int64_t money, seg_error *err)
{
    if (__builtin_add_overflow(*sum, money, sum) || *sum == SEG_MISSING_I64)
        return seg_fail(err, SEG_E_DATA, "the money of one customer does not fit 64 bits");
    return SEG_OK;
}

static seg_status add_purchase(seg_rfm_pass *pass, const seg_rfm_lines *lines, size_t i,
                               int64_t money, seg_error *err)
{
    seg_status st = count_order(pass, lines, i, err);
    if (st != SEG_OK)
        return st;
    seg_rfm_customer *c = &pass->customers[lines->customer[i]];
    int32_t day = lines->day[i];
    if (c->n_lines == 0 || day < c->first_day)
        c->first_day = day;
    if (c->n_lines == 0 || day > c->last_day)
        c->last_day = day;
    c->n_lines++;
    return add_money(&c->gross, money, err);
}

/* A credit note takes money away however its sign is written. */
static seg_status add_return(seg_rfm_pass *pass, const seg_rfm_lines *lines, size_t i,
                             int64_t money, seg_error *err)
{
    seg_rfm_customer *c = &pass->customers[lines->customer[i]];
    c->n_returns++;
    return add_money(&c->refunds, money > 0 ? -money : money, err);
}

/* ---- refunds matched to their purchases ------------------------------------------- */

static int64_t units_of(const seg_rfm_lines *lines, size_t i)
{
    int64_t units = lines->quantity[i];
    return units == SEG_MISSING_I64 ? 0 : units < 0 ? -units : units;
}

static seg_returns_line returns_line(const seg_rfm_pass *pass, const seg_rfm_lines *lines,
                                     size_t i, int64_t money)
{
    const uint32_t *rank = pass->rules.order_rank;
    enum { DAY_SECONDS = 86400 };
    int64_t seconds = lines->seconds == NULL ? SEG_MISSING_I64 : lines->seconds[i];
    return (seg_returns_line){
        .customer = lines->customer[i],
        .item = lines->item[i],
        .seconds = seconds == SEG_MISSING_I64 ? lines->day[i] * (int64_t)DAY_SECONDS : seconds,
        .units = units_of(lines, i),
        .money = money,
        .order = lines->order == NULL ? 0 : lines->order[i],
        .day = lines->day[i],
        .rank = lines->order == NULL || rank == NULL ? 0 : rank[lines->order[i]],
    };
}

static bool can_match(const seg_rfm_pass *pass, const seg_rfm_lines *lines, size_t i)
{
    return pass->returns != NULL && lines->item[i] >= 0 && units_of(lines, i) > 0;
}

/* A purchase that may have been sent back waits until all are known. */
static seg_status hold_purchase(seg_rfm_pass *pass, const seg_rfm_lines *lines, size_t i,
                                int64_t money, bool *held, seg_error *err)
{
    *held = can_match(pass, lines, i)
            && seg_returns_awaits(pass->returns, lines->customer[i], lines->item[i]);
    if (!*held)
        return SEG_OK;
    const seg_returns_line line = returns_line(pass, lines, i, money);
    return seg_returns_purchase(pass->returns, &line, err);
}

static seg_status settle(seg_rfm_pass *pass, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_returns_line *bought;
    size_t n;
    TRY(seg_returns_match(pass->returns, &bought, &n, err));
    for (size_t i = 0; i < n; i++) {
        int64_t kept = seg_returns_money_kept(&bought[i]);
        TRY(add_money(&pass->customers[bought[i].customer].matched, bought[i].money - kept,
                      err));
        if (bought[i].n_taken == bought[i].units)
            continue;
        const seg_rfm_lines line = {
            .n_rows = 1, .customer = &bought[i].customer, .day = &bought[i].day,
            .order = pass->rules.n_orders == 0 ? NULL : &bought[i].order,
        };
        TRY(add_purchase(pass, &line, 0, kept, err));
    }

done:
    return st;
}

/* ---- one line ----------------------------------------------------------------------- */

static bool in_window(const seg_rfm_rules *rules, int32_t day)
{
    return day >= rules->first_day && day < rules->end_day;
}

static seg_status add_line(seg_rfm_pass *pass, const seg_rfm_lines *lines, size_t i,
                           seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_rfm_rules *rules = &pass->rules;
    int64_t money;
    bool held = false;

    TRY(check_codes(pass, lines, i, err));
    TRY(money_of(lines, i, &money, err));
    int32_t day = lines->day[i];
    if (day != SEG_MISSING_DAY && day > pass->last_day)
        pass->last_day = day;
    seg_rfm_bucket bucket = kind_of(pass, lines, i, money);
    if (bucket > SEG_RFM_BAD && !in_window(rules, day)) {
        if (bucket == SEG_RFM_USED && day >= rules->end_day && day < rules->label_end_day)
            pass->customers[lines->customer[i]].later = true;
        bucket = SEG_RFM_OUTSIDE;
    }
    pass->counts[bucket]++;
    if (bucket > SEG_RFM_OUTSIDE)
        pass->customers[lines->customer[i]].seen = true;
    if (bucket == SEG_RFM_USED)
        TRY(hold_purchase(pass, lines, i, money, &held, err));
    if (bucket == SEG_RFM_USED && !held)
        TRY(add_purchase(pass, lines, i, money, err));
    else if (bucket == SEG_RFM_CANCELLED)
        TRY(add_return(pass, lines, i, money, err));

done:
    return st;
}

/* ---- the pass ------------------------------------------------------------------- */

seg_status seg_rfm_new(const seg_rfm_rules *rules, seg_rfm_pass **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_rfm_pass *pass = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&pass, 1, "the sums per customer", err));
    pass->rules = *rules;
    pass->last_day = SEG_MISSING_DAY;
    TRY(SEG_ALLOC(&pass->customers, rules->n_customers, "the sums per customer", err));
    if (rules->match)
        TRY(seg_returns_new(&pass->returns, err));
    TRY(SEG_ALLOC(&pass->buyer, rules->n_orders, "the customers of the orders", err));
    *out = pass;
    pass = NULL;

done:
    seg_rfm_free(pass);
    return st;
}

void seg_rfm_free(seg_rfm_pass *pass)
{
    if (pass == NULL)
        return;
    seg_free(pass->customers);
    seg_free(pass->buyer);
    seg_free(pass->set.pairs);
    seg_free(pass->set.temp);
    seg_returns_free(pass->returns);
    seg_free(pass);
}

seg_status seg_rfm_note_refunds(seg_rfm_pass *pass, const seg_rfm_lines *lines, seg_error *err)
{
    seg_status st = SEG_OK;
    int64_t money;
    for (size_t i = 0; i < lines->n_rows; i++) {
        TRY(check_codes(pass, lines, i, err));
        TRY(money_of(lines, i, &money, err));
        if (kind_of(pass, lines, i, money) != SEG_RFM_CANCELLED
            || !in_window(&pass->rules, lines->day[i]) || !can_match(pass, lines, i))
            continue;
        const seg_returns_line line = returns_line(pass, lines, i, money);
        TRY(seg_returns_refund(pass->returns, &line, err));
    }

done:
    return st;
}

seg_status seg_rfm_add(seg_rfm_pass *pass, const seg_rfm_lines *lines, seg_error *err)
{
    seg_status st = SEG_OK;
    if (pass->returns != NULL && !pass->refunds_known) {
        seg_returns_sort(pass->returns);
        pass->refunds_known = true;
    }
    for (size_t i = 0; i < lines->n_rows && st == SEG_OK; i++)
        st = add_line(pass, lines, i, err);
    return st;
}

seg_status seg_rfm_finish(seg_rfm_pass *pass, seg_error *err)
{
    if (pass->returns != NULL) {
        seg_status st = settle(pass, err);
        if (st != SEG_OK)
            return st;
    }
    pairs_compact(&pass->set);
    for (size_t i = 0; i < pass->set.n; i++)
        pass->customers[pass->set.pairs[i] >> 32].n_orders++;
    pass->set.n = 0;
    return SEG_OK;
}

const seg_rfm_customer *seg_rfm_customers(const seg_rfm_pass *pass)
{
    return pass->customers;
}

const uint64_t *seg_rfm_counts(const seg_rfm_pass *pass)
{
    return pass->counts;
}

int32_t seg_rfm_last_day(const seg_rfm_pass *pass)
{
    return pass->last_day;
}

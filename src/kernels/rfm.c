/* rfm.c: one pass over order lines, a record of 48 bytes per customer.
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

static seg_status add_line(seg_rfm_pass *pass, const seg_rfm_lines *lines, size_t i,
                           seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_rfm_rules *rules = &pass->rules;
    int64_t money;

    TRY(check_codes(pass, lines, i, err));
    TRY(money_of(lines, i, &money, err));
    int32_t day = lines->day[i];
    if (day != SEG_MISSING_DAY && day > pass->last_day)
        pass->last_day = day;
    seg_rfm_bucket bucket = kind_of(pass, lines, i, money);
    if (bucket > SEG_RFM_BAD && (day < rules->first_day || day >= rules->end_day)) {
        if (bucket == SEG_RFM_USED && day >= rules->end_day && day < rules->label_end_day)
            pass->customers[lines->customer[i]].later = true;
        bucket = SEG_RFM_OUTSIDE;
    }
    pass->counts[bucket]++;
    if (bucket > SEG_RFM_OUTSIDE)
        pass->customers[lines->customer[i]].seen = true;
    if (bucket == SEG_RFM_USED)
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
    seg_free(pass);
}

seg_status seg_rfm_add(seg_rfm_pass *pass, const seg_rfm_lines *lines, seg_error *err)
{
    seg_status st = SEG_OK;
    for (size_t i = 0; i < lines->n_rows && st == SEG_OK; i++)
        st = add_line(pass, lines, i, err);
    return st;
}

void seg_rfm_finish(seg_rfm_pass *pass)
{
    pairs_compact(&pass->set);
    for (size_t i = 0; i < pass->set.n; i++)
        pass->customers[pass->set.pairs[i] >> 32].n_orders++;
    pass->set.n = 0;
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

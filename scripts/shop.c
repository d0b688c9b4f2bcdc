/* shop.c: the sample shop, simulated day by day.
 *
 * Every customer has a kind, and from it a rhythm of orders, a taste and a patience.
 * A late delivery or a trouble with the service raises the chance that an order was the
 * last one; a plan lowers it. The year's orders are written out; the simulation goes on
 * for 90 days, and who does not order in them has churned. So the label follows from
 * behaviour and from nothing else, and the order lines know no more than a shop would.
 *
 * Whole numbers only, and draws that are keyed by the customer: the same seed gives the
 * same bytes everywhere. */
#include "catalogue.h"
#include "base/alloc.h"
#include "base/date.h"
#include "base/rng.h"
#include "base/try.h"
#include <stdlib.h>
#include <string.h>

enum { LABEL_DAYS = 90, NEVER = INT32_MAX, SECONDS_PER_DAY = 86400 };

typedef struct person {
    uint32_t draws; /* random numbers used so far */
    uint32_t next;  /* the next one who orders on the same day, or NOBODY */
    int32_t joined_day, next_day;
    int32_t last_day; /* of the year's orders, or NEVER */
    uint32_t orders, discounted, late, tickets;
    int64_t spend_cents;
    bool active, ordered_later;
    uint8_t kind, plan, city, newsletter;
} person;

typedef struct refund {
    int64_t customer;
    int32_t day;
    shop_line line;
} refund;

/* One order of a day, before it is filled. */
typedef struct visit {
    int64_t seconds;
    uint32_t person;
    bool guest;
} visit;

struct shop {
    uint64_t seed;
    uint32_t n_people;
    person *people;
    uint32_t *first_of_day; /* per day of the simulation, chains through person.next */
    int32_t first_day, end_day, n_days;
    uint32_t order_number;
    visit *visits; /* of the day */
    size_t n_visits, visits_cap;
    refund *refunds;
    size_t n_refunds, refunds_cap;
    uint16_t bundle_first[N_BUNDLES], bundle_second[N_BUNDLES];
    shop_sink sink;
    void *user;
};

#define NOBODY UINT32_MAX

/* ---- random numbers ---------------------------------------------------------- */

enum { STREAM_LIFE = 1, STREAM_PROFILE = 2 };

/* The next number of a person, 0 .. n-1. */
static uint32_t draw(shop *s, person *p, uint32_t n)
{
    seg_rng rng = {s->seed, STREAM_LIFE};
    uint64_t who = (uint64_t)(p - s->people);
    return (uint32_t)seg_rng_below(rng, who << 32 | p->draws++, n);
}

static bool chance(shop *s, person *p, uint32_t permille)
{
    return draw(s, p, 1000) < permille;
}

/* Number `slot` of customer i for what never changes. */
static uint32_t trait(const shop *s, uint64_t i, uint32_t slot, uint32_t n)
{
    seg_rng rng = {s->seed, STREAM_PROFILE};
    return (uint32_t)seg_rng_below(rng, i << 8 | slot, n);
}

enum {
    KIND,
    CITY,
    PLAN,
    NEWS,
    JOINED,
    JOINED_DAY,
    AGE_1,
    AGE_2,
    AGE_KNOWN,
    CITY_KNOWN,
    CHANNEL,
    CHANNEL_KNOWN,
    VISITS,
    RATING,
    RATING_KNOWN,
    EMAIL_KNOWN
};

/* ---- the calendar ------------------------------------------------------------ */

static bool in_season(int32_t day)
{
    int year, month, mday;
    seg_day_to_ymd(day, &year, &month, &mday);
    return (month == 11 && mday >= 15) || (month == 12 && mday <= 22) ||
           (month == 2 && mday <= 13) || (month == 5 && mday <= 11);
}

static bool in_sale(int32_t day)
{
    int year, month, mday;
    seg_day_to_ymd(day, &year, &month, &mday);
    return month == 11 && mday >= 25 && mday <= 30;
}

static bool on_weekend(int32_t day)
{
    return (day + 3) % 7 >= 5; /* 1 January 1970 was a Thursday */
}

/* ---- orders ------------------------------------------------------------------ */

static size_t choose_product(shop *s, person *p)
{
    uint32_t total = 0;
    for (size_t i = 0; i < N_PRODUCTS; i++)
        total += products[i].weight[p->kind];
    uint32_t at = draw(s, p, total);
    size_t i = 0;
    while (at >= products[i].weight[p->kind])
        at -= products[i++].weight[p->kind];
    return i;
}

static void put_line(shop *s, person *p, shop_order *order, size_t product, uint32_t percent_off)
{
    const shop_product *what = &products[product];
    for (uint32_t i = 0; i < order->n_lines; i++)
        if (order->lines[i].product == what)
            return;
    if (order->n_lines == SHOP_LINES)
        return;
    bool cheap = what->price_cents > 0 && what->price_cents < 2500;
    uint32_t pieces = cheap ? habits[p->kind].pieces : 1;
    order->lines[order->n_lines++] = (shop_line){
        .product = what,
        .quantity = 1 + (int32_t)draw(s, p, pieces),
        .price_cents = what->price_cents * (int32_t)(100 - percent_off) / 100,
    };
}

static void put_bundles(shop *s, person *p, shop_order *order, size_t product, uint32_t percent_off)
{
    for (size_t b = 0; b < N_BUNDLES; b++)
        if (s->bundle_first[b] == product && chance(s, p, bundles[b].permille))
            put_line(s, p, order, s->bundle_second[b], percent_off);
}

static void fill_order(shop *s, person *p, int32_t day, shop_order *order)
{
    uint32_t percent_off = 0;
    if (in_sale(day))
        percent_off = 20;
    else if (chance(s, p, habits[p->kind].discount_permille))
        percent_off = 15;
    uint32_t n = 1 + draw(s, p, habits[p->kind].extra_items + 1u);
    for (uint32_t i = 0; i < n; i++) {
        size_t product = choose_product(s, p);
        put_line(s, p, order, product, percent_off);
        put_bundles(s, p, order, product, percent_off);
    }
    if (chance(s, p, p->newsletter ? 60 : 20))
        put_line(s, p, order, SAMPLE, 0);
    p->discounted += percent_off > 0;
}

static int64_t order_cents(const shop_order *order)
{
    int64_t cents = 0;
    for (uint32_t i = 0; i < order->n_lines; i++)
        cents += (int64_t)order->lines[i].quantity * order->lines[i].price_cents;
    return cents;
}

/* Some goods come back within three weeks, all pieces or a part of them. */
static seg_status maybe_return(shop *s, person *p, int32_t day, const shop_order *order,
                               seg_error *err)
{
    if (!chance(s, p, 35))
        return SEG_OK;
    shop_line line = order->lines[draw(s, p, order->n_lines)];
    int32_t back_day = day + 3 + (int32_t)draw(s, p, 18);
    if (line.price_cents == 0)
        return SEG_OK;
    line.quantity = -1 - (int32_t)draw(s, p, (uint32_t)line.quantity);
    seg_status st = SEG_GROW(&s->refunds, &s->refunds_cap, s->n_refunds + 1, "the refunds", err);
    if (st == SEG_OK)
        s->refunds[s->n_refunds++] = (refund){order->customer, back_day, line};
    return st;
}

/* ---- comings and goings ------------------------------------------------------ */

static void wait_for(shop *s, uint32_t who, int32_t day)
{
    person *p = &s->people[who];
    p->next_day = day;
    if (day >= s->first_day + s->n_days)
        return;
    uint32_t *first = &s->first_of_day[day - s->first_day];
    p->next = *first;
    *first = who;
}

/* The day of the order after one on `day`. */
static int32_t next_order_day(shop *s, person *p, int32_t day)
{
    uint32_t mean = habits[p->kind].gap_days;
    if (p->plan == PLAN_MONTHLY)
        mean = 29;
    mean += mean / 5 * (p->late + p->tickets); /* enthusiasm cools */
    int32_t next = day + 1 + (int32_t)(mean / 4 + draw(s, p, mean) + draw(s, p, mean / 2 + 1));
    if (p->kind == GIVER && chance(s, p, 700))
        for (int tries = 0; tries < 200 && !in_season(next); tries++)
            next += 1 + (int32_t)draw(s, p, 3);
    if (p->kind == OFFICE && on_weekend(next))
        next += 2;
    return next;
}

static bool leaves(shop *s, person *p, bool late, bool ticket)
{
    uint32_t permille = habits[p->kind].leave_permille;
    if (p->orders == 1 && p->joined_day >= s->first_day)
        permille += 140; /* a first order is often the only one */
    permille += late ? 170u : 0;
    permille += ticket ? 90u : 0;
    permille += 25 * (p->late + p->tickets);
    if (p->plan != PLAN_NONE)
        permille /= p->plan == PLAN_YEARLY ? 3 : 2;
    if (p->newsletter)
        permille = permille * 3 / 4;
    return chance(s, p, permille);
}

/* What an order does to the one who placed it. */
static void experience(shop *s, person *p, int32_t day, const shop_order *order)
{
    bool late = chance(s, p, cities[p->city].late_permille);
    bool ticket = chance(s, p, late ? 420 : 30);
    p->late += late;
    p->tickets += ticket;
    p->orders++;
    p->last_day = day;
    p->spend_cents += order_cents(order);
    p->active = !leaves(s, p, late, ticket);
}

static seg_status place_order(shop *s, const visit *v, int32_t day, seg_error *err)
{
    person *p = &s->people[v->person];
    if (day >= s->end_day) {
        p->ordered_later = true;
        return SEG_OK;
    }
    seg_status st = SEG_OK;
    uint32_t discounted = p->discounted;
    shop_order order = {
        .number = ++s->order_number,
        .customer = v->guest ? SHOP_NOBODY : (int64_t)v->person,
        .seconds = v->seconds,
    };
    fill_order(s, p, day, &order);
    if (v->guest)
        p->discounted = discounted; /* a guest only shares the taste of a customer */
    TRY(s->sink(s->user, &order, err));
    TRY(maybe_return(s, p, day, &order, err));
    if (!v->guest) {
        experience(s, p, day, &order);
        if (p->active)
            wait_for(s, v->person, next_order_day(s, p, day));
    }

done:
    return st;
}

/* ---- a day ------------------------------------------------------------------- */

static seg_status add_visit(shop *s, uint32_t who, int32_t day, bool guest, seg_error *err)
{
    seg_status st =
        SEG_GROW(&s->visits, &s->visits_cap, s->n_visits + 1, "the orders of a day", err);
    if (st != SEG_OK)
        return st;
    person *p = &s->people[who];
    int64_t minute = 7 * 60 + draw(s, p, 480) + draw(s, p, 480);
    s->visits[s->n_visits++] = (visit){(int64_t)day * SECONDS_PER_DAY + minute * 60, who, guest};
    return SEG_OK;
}

static int by_time(const void *left, const void *right)
{
    const visit *a = left, *b = right;
    if (a->seconds != b->seconds)
        return a->seconds < b->seconds ? -1 : 1;
    if (a->person != b->person)
        return a->person < b->person ? -1 : 1;
    return (int)a->guest - (int)b->guest;
}

/* Goods that come back today; the others stay in the list, in their order. */
static seg_status take_refunds(shop *s, int32_t day, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t kept = 0;
    for (size_t i = 0; i < s->n_refunds; i++) {
        const refund *r = &s->refunds[i];
        if (r->day != day) {
            s->refunds[kept++] = *r;
            continue;
        }
        shop_order order = {
            .number = ++s->order_number,
            .refund = true,
            .customer = r->customer,
            .seconds = (int64_t)day * SECONDS_PER_DAY + 6 * 3600,
            .n_lines = 1,
            .lines = {r->line},
        };
        if (r->customer != SHOP_NOBODY)
            s->people[r->customer].spend_cents += order_cents(&order);
        TRY(s->sink(s->user, &order, err));
    }
    s->n_refunds = kept;

done:
    return st;
}

static seg_status run_day(shop *s, int32_t day, seg_error *err)
{
    seg_status st = SEG_OK;
    s->n_visits = 0;
    for (uint32_t who = s->first_of_day[day - s->first_day]; who != NOBODY;
         who = s->people[who].next) {
        TRY(add_visit(s, who, day, false, err));
        if (chance(s, &s->people[who], 110))
            TRY(add_visit(s, who, day, true, err));
    }
    if (day < s->end_day)
        TRY(take_refunds(s, day, err));
    if (s->n_visits > 0)
        qsort(s->visits, s->n_visits, sizeof *s->visits, by_time);
    for (size_t i = 0; i < s->n_visits; i++)
        TRY(place_order(s, &s->visits[i], day, err));

done:
    return st;
}

/* ---- the beginning ----------------------------------------------------------- */

static uint8_t pick(uint32_t at, const uint16_t *weights, size_t n)
{
    size_t i = 0;
    for (; i + 1 < n && at >= weights[i]; i++)
        at -= weights[i];
    return (uint8_t)i;
}

static uint8_t plan_of(const shop *s, uint64_t i, uint8_t kind)
{
    static const uint16_t subscribers[N_KINDS] = {320, 450, 20, 280, 60};
    if (trait(s, i, PLAN, 1000) >= subscribers[kind])
        return PLAN_NONE;
    return i % 3 == 0 ? PLAN_YEARLY : PLAN_MONTHLY;
}

static void meet(shop *s, uint32_t i)
{
    person *p = &s->people[i];
    p->kind = pick(trait(s, i, KIND, 1000), kind_weights, N_KINDS);
    p->city = pick(trait(s, i, CITY, 1000), city_weights, N_CITIES);
    p->plan = plan_of(s, i, p->kind);
    p->newsletter = trait(s, i, NEWS, 100) < 46;
    p->active = true;
    p->last_day = NEVER;
    uint32_t gap = habits[p->kind].gap_days;
    if (trait(s, i, JOINED, 100) < 35) {
        p->joined_day = s->first_day + (int32_t)trait(s, i, JOINED_DAY, 360);
        wait_for(s, i, p->joined_day);
    } else {
        p->joined_day = s->first_day - 1 - (int32_t)trait(s, i, JOINED_DAY, 1800);
        int32_t day = next_order_day(s, p, s->first_day - 1 - (int32_t)draw(s, p, gap));
        while (day < s->first_day)
            day = next_order_day(s, p, day);
        wait_for(s, i, day);
    }
}

static uint16_t product_of(const char *sku)
{
    uint16_t i = 0;
    while (strcmp(products[i].sku, sku) != 0)
        i++;
    return i;
}

static seg_status open_shop(uint64_t n, uint64_t seed, shop **out, seg_error *err)
{
    seg_status st = SEG_OK;
    shop *s = NULL;
    *out = NULL;
    if (n < 1 || n > 100000000)
        return seg_fail(err, SEG_E_USAGE, "%llu customers; allowed are 1 .. 100000000",
                        (unsigned long long)n);
    TRY(SEG_ALLOC(&s, 1, "the shop", err));
    s->seed = seed;
    s->n_people = (uint32_t)n;
    s->first_day = seg_day_from_ymd(2024, 1, 1);
    s->end_day = seg_day_from_ymd(2025, 1, 1);
    s->n_days = s->end_day - s->first_day + LABEL_DAYS;
    s->order_number = 100000;
    TRY(SEG_ALLOC(&s->people, n, "the customers", err));
    TRY(SEG_ALLOC(&s->first_of_day, (size_t)s->n_days, "the calendar", err));
    for (int32_t day = 0; day < s->n_days; day++)
        s->first_of_day[day] = NOBODY;
    for (size_t b = 0; b < N_BUNDLES; b++) {
        s->bundle_first[b] = product_of(bundles[b].first);
        s->bundle_second[b] = product_of(bundles[b].second);
    }
    *out = s;
    s = NULL;

done:
    shop_free(s);
    return st;
}

/* ---- the door ---------------------------------------------------------------- */

seg_status shop_run(uint64_t n_customers, uint64_t seed, shop_sink sink, void *user, shop **out,
                    seg_error *err)
{
    seg_status st = SEG_OK;
    shop *s = NULL;
    *out = NULL;
    TRY(open_shop(n_customers, seed, &s, err));
    s->sink = sink;
    s->user = user;
    for (uint32_t i = 0; i < s->n_people; i++)
        meet(s, i);
    for (int32_t day = 0; day < s->n_days; day++)
        TRY(run_day(s, s->first_day + day, err));
    *out = s;
    s = NULL;

done:
    shop_free(s);
    return st;
}

static int32_t visits_of(const shop *s, uint64_t i, const person *p)
{
    bool fresh = p->last_day != NEVER && p->last_day + 45 > s->end_day;
    uint32_t most = p->active ? 9 : 4;
    return (int32_t)trait(s, i, VISITS, most + (fresh ? 5 : 0));
}

static int32_t rating_of(const shop *s, uint64_t i, const person *p)
{
    if (p->orders == 0 || trait(s, i, RATING_KNOWN, 100) >= 45)
        return -1;
    int32_t rating = 5 - (int32_t)(p->late + p->tickets) - (int32_t)trait(s, i, RATING, 2);
    return rating < 1 ? 1 : rating;
}

shop_customer shop_customer_at(const shop *s, uint64_t i)
{
    const person *p = &s->people[i];
    bool bought = p->last_day != NEVER;
    int32_t age = habits[p->kind].age - 16 + (int32_t)trait(s, i, AGE_1, 17) +
                  (int32_t)trait(s, i, AGE_2, 17);
    uint8_t channel = pick(trait(s, i, CHANNEL, 100), channel_weights, N_CHANNELS);
    return (shop_customer){
        .joined_day = p->joined_day,
        .age = trait(s, i, AGE_KNOWN, 100) < 92 ? (age < 18 ? 18 : age) : -1,
        .city = trait(s, i, CITY_KNOWN, 100) < 97 ? cities[p->city].name : NULL,
        .channel = trait(s, i, CHANNEL_KNOWN, 100) < 95 ? channels[channel] : NULL,
        .plan = plans[p->plan],
        .newsletter = p->newsletter,
        .has_email = p->newsletter || trait(s, i, EMAIL_KNOWN, 100) < 95,
        .visits_30d = visits_of(s, i, p),
        .tickets = (int32_t)p->tickets,
        .late_deliveries = (int32_t)p->late,
        .discount_percent = bought ? (int32_t)(p->discounted * 100 / p->orders) : -1,
        .rating = rating_of(s, i, p),
        .orders = (int32_t)p->orders,
        .days_since_order = bought ? s->end_day - p->last_day : -1,
        .spend_cents = p->spend_cents,
        .churned = !p->ordered_later,
    };
}

void shop_free(shop *s)
{
    if (!s)
        return;
    seg_free(s->people);
    seg_free(s->first_of_day);
    seg_free(s->visits);
    seg_free(s->refunds);
    seg_free(s);
}

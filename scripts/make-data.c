/* make-data.c: write the sample shop (shop.h) as customers.csv and orders.csv, or the table of
 * the benchmarks of trees (churn.h). */
#include "churn.h"
#include "shop.h"
#include "base/date.h"
#include "base/file.h"
#include "base/number.h"
#include "base/text.h"
#include "base/try.h"
#include "segmill/status.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: make-data [--customers N] [--seed N] [-o DIR]\n"
    "       make-data churn [--customers N] [--seed N] [-o FILE.h5]\n"
    "\n"
    "Writes the year 2024 of a coffee shop that never was: DIR/customers.csv, one row\n"
    "a customer, and DIR/orders.csv, one row an order line. The same numbers give the\n"
    "same bytes.\n"
    "\n"
    "  --customers N   1 .. 100000000, default 500\n"
    "  --seed N        default 1\n"
    "  -o DIR          default . (made if it is not there)\n"
    "\n"
    "churn writes a feature matrix instead: 30 columns, of them 5 categories, with missing\n"
    "values everywhere and the label `churned`, to FILE.h5 (churn.h5).\n";

typedef struct arguments {
    uint64_t customers, seed;
    const char *to;   /* null: the default */
    bool churn;
} arguments;

/* A CSV file that is being written; lines gather in `text`. */
typedef struct table {
    seg_file *file;
    seg_text text;
    uint64_t rows;
} table;

enum { FLUSH_BYTES = 1 << 20 };

static seg_status flush(table *t, size_t at_least, seg_error *err)
{
    if (t->text.n < at_least)
        return SEG_OK;
    seg_status st = seg_text_status(&t->text, err);
    if (st == SEG_OK)
        st = seg_file_write(t->file, t->text.bytes, t->text.n, err);
    seg_text_clear(&t->text);
    return st;
}

static seg_status open_table(table *t, const char *dir, const char *name, const char *header,
                             seg_error *err)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s", dir, name);
    if (n < 0 || (size_t)n >= sizeof path)
        return seg_fail(err, SEG_E_USAGE, "the name of the directory is too long");
    seg_text_add(&t->text, header);
    return seg_file_create(path, &t->file, err);
}

static seg_status close_table(table *t, seg_error *err)
{
    seg_status st = flush(t, 1, err);
    return st == SEG_OK ? seg_file_commit(t->file, err) : st;
}

static void drop_table(table *t)
{
    seg_file_close(t->file);
    seg_text_free(&t->text);
}

/* ---- cells ------------------------------------------------------------------- */

static void add_cell(seg_text *out, const char *s)
{
    if (!strpbrk(s, ",\"")) {
        seg_text_add(out, s);
        return;
    }
    seg_text_add_char(out, '"');
    for (; *s; s++) {
        if (*s == '"')
            seg_text_add_char(out, '"');
        seg_text_add_char(out, *s);
    }
    seg_text_add_char(out, '"');
}

static void add_cents(seg_text *out, int64_t cents)
{
    char digits[SEG_NUMBER_BYTES];
    seg_print_fixed(digits, cents, 100);
    seg_text_add(out, digits);
}

static void add_day(seg_text *out, int32_t day)
{
    char digits[SEG_DATE_BYTES];
    seg_print_day(digits, day);
    seg_text_add(out, digits);
}

/* A number of a row's middle; nothing if it is not known. */
static void add_known(seg_text *out, int32_t value)
{
    if (value >= 0)
        seg_text_add_i64(out, value);
    seg_text_add_char(out, ',');
}

static void add_yes_no(seg_text *out, bool yes)
{
    seg_text_add(out, yes ? "yes" : "no");
}

static void add_customer_id(seg_text *out, uint64_t i)
{
    seg_text_addf(out, "K%07" PRIu64, i + 1);
}

/* ---- rows -------------------------------------------------------------------- */

static seg_status write_order(void *user, const shop_order *order, seg_error *err)
{
    table *t = user;
    seg_text *out = &t->text;
    int32_t day = seg_day_of_seconds(order->seconds);
    int minute = (int)((order->seconds - (int64_t)day * 86400) / 60);
    for (uint32_t i = 0; i < order->n_lines; i++) {
        const shop_line *line = &order->lines[i];
        seg_text_addf(out, "%s%" PRIu32 ",", order->refund ? "C" : "", order->number);
        if (order->customer != SHOP_NOBODY)
            add_customer_id(out, (uint64_t)order->customer);
        seg_text_add_char(out, ',');
        add_day(out, day);
        seg_text_addf(out, " %02d:%02d,%s,", minute / 60, minute % 60, line->product->sku);
        add_cell(out, line->product->name);
        seg_text_addf(out, ",%s,%" PRId32 ",", line->product->category, line->quantity);
        add_cents(out, line->price_cents);
        seg_text_add_char(out, '\n');
        t->rows++;
    }
    return flush(t, FLUSH_BYTES, err);
}

static seg_status write_customer(table *t, uint64_t i, const shop_customer *c, seg_error *err)
{
    seg_text *out = &t->text;
    add_customer_id(out, i);
    seg_text_add_char(out, ',');
    if (c->has_email)
        seg_text_addf(out, "k%07" PRIu64 "@shop.example", i + 1);
    seg_text_add_char(out, ',');
    add_day(out, c->joined_day);
    seg_text_add_char(out, ',');
    add_known(out, c->age);
    seg_text_addf(out, "%s,%s,%s,", c->city ? c->city : "", c->channel ? c->channel : "", c->plan);
    add_yes_no(out, c->newsletter);
    seg_text_add_char(out, ',');
    add_known(out, c->visits_30d);
    add_known(out, c->tickets);
    add_known(out, c->late_deliveries);
    if (c->discount_percent >= 0)
        add_cents(out, c->discount_percent);
    seg_text_add_char(out, ',');
    add_known(out, c->rating);
    add_known(out, c->orders);
    add_cents(out, c->spend_cents);
    seg_text_add_char(out, ',');
    add_known(out, c->days_since_order);
    add_yes_no(out, c->churned);
    seg_text_add_char(out, '\n');
    t->rows++;
    return flush(t, FLUSH_BYTES, err);
}

/* ---- the program ------------------------------------------------------------- */

static seg_status make_shop(const arguments *a, seg_error *err)
{
    seg_status st = SEG_OK;
    table orders = {0}, customers = {0};
    shop *s = NULL;
    const char *dir = a->to ? a->to : ".";

    TRY(seg_make_dirs(dir, err));
    TRY(open_table(&orders, dir, "orders.csv",
                   "order_id,customer_id,order_time,sku,product,category,quantity,unit_price\n",
                   err));
    TRY(open_table(&customers, dir, "customers.csv",
                   "customer_id,email,joined,age,city,channel,plan,newsletter,visits_30d,tickets,"
                   "late_deliveries,discount_share,rating,orders,spend,days_since_order,churned\n",
                   err));
    TRY(shop_run(a->customers, a->seed, write_order, &orders, &s, err));
    for (uint64_t i = 0; i < a->customers; i++) {
        shop_customer customer = shop_customer_at(s, i);
        TRY(write_customer(&customers, i, &customer, err));
    }
    TRY(close_table(&orders, err));
    TRY(close_table(&customers, err));
    printf("%s: %" PRIu64 " customers, %" PRIu64 " order lines\n", dir, customers.rows, orders.rows);

done:
    shop_free(s);
    drop_table(&orders);
    drop_table(&customers);
    return st;
}

static seg_status make_churn(const arguments *a, seg_error *err)
{
    const char *path = a->to ? a->to : "churn.h5";
    seg_status st = churn_write(a->customers, a->seed, path, err);
    if (st == SEG_OK)
        printf("%s: %" PRIu64 " customers\n", path, a->customers);
    return st;
}

static seg_status read_arguments(int argc, char **argv, arguments *a, seg_error *err)
{
    a->churn = argc > 1 && strcmp(argv[1], "churn") == 0;
    for (int i = a->churn ? 2 : 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        bool ok = false;
        if (strcmp(argv[i], "--customers") == 0)
            ok = seg_parse_u64(value, strlen(value), &a->customers);
        else if (strcmp(argv[i], "--seed") == 0)
            ok = seg_parse_u64(value, strlen(value), &a->seed);
        else if (strcmp(argv[i], "-o") == 0)
            ok = *(a->to = value) != '\0';
        else
            return seg_fail(err, SEG_E_USAGE, "unknown option '%s'", argv[i]);
        if (!ok)
            return seg_fail(err, SEG_E_USAGE, "option '%s': '%s' is not allowed", argv[i], value);
    }
    return SEG_OK;
}

int main(int argc, char **argv)
{
    seg_error err = {0};
    arguments a = {.customers = 500, .seed = 1};
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    seg_status st = read_arguments(argc, argv, &a, &err);
    if (st == SEG_OK)
        st = a.churn ? make_churn(&a, &err) : make_shop(&a, &err);
    if (st != SEG_OK)
        fprintf(stderr, "make-data: %s\n", err.text);
    return (int)st;
}

/* inspect_show.c: the look at a table for people: what it is, what to look at twice, and a line
 * per column. It shows the tree that --json prints, nothing else. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/doc_tree.h"
#include "base/try.h"
#include "jobs/inspect.h"
#include "jobs/inspect_table.h"

enum { SHOWN_WARNINGS = 20, CELL = SEG_PAGE_CELL };

/* ---- columns by what they are --------------------------------------------------------------- */

static bool has_type(const seg_node *row, const char *type)
{
    return strcmp(seg_node_text(seg_node_member(row, "type"), ""), type) == 0;
}

static bool is_number(const seg_node *row)
{
    return seg_node_member(row, "type") == NULL
               ? seg_node_member(row, "mean") != NULL
               : has_type(row, "number") || has_type(row, "whole number");
}

static bool is_date(const seg_node *row)
{
    return has_type(row, "date") || has_type(row, "time");
}

static bool is_category(const seg_node *row)
{
    return has_type(row, "category")
           || (seg_node_member(row, "type") == NULL && seg_node_member(row, "mean") == NULL);
}

static bool is_text(const seg_node *row)
{
    return has_type(row, "text");
}

static const struct kind_of_column {
    const char *what;
    bool (*is)(const seg_node *row);
    seg_page_table table;
} kinds[] = {
    { "number", is_number, SEG_PAGE_NUMBERS },
    { "category", is_category, SEG_PAGE_CATEGORIES },
    { "date", is_date, SEG_PAGE_DATES },
    { "text", is_text, SEG_PAGE_TEXTS },
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

/* Columns of that kind, in X and beside it. rows: room for all, or null to count. */
static size_t collect(const seg_page *p, bool (*is)(const seg_node *), const seg_node **rows)
{
    static const char *const lists[] = { "numbers", "categories", "columns" };
    size_t n = 0;
    for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
        const seg_node *list = seg_node_member(p->result, lists[l]);
        for (size_t i = 0; i < seg_node_count(list); i++)
            if (is(seg_node_at(list, i))) {
                if (rows != NULL)
                    rows[n] = seg_node_at(list, i);
                n++;
            }
    }
    return n;
}

static const char *plural(const char *what, size_t n)
{
    return n == 1 ? what : strcmp(what, "category") == 0 ? "categories"
           : strcmp(what, "number") == 0 ? "numbers" : strcmp(what, "date") == 0 ? "dates"
           : "texts";
}

static seg_status put_tables(const seg_page *p, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_node **rows = NULL;
    for (size_t k = 0; k < N_KINDS; k++) {
        size_t n = collect(p, kinds[k].is, NULL);
        seg_free(rows);
        TRY(SEG_ALLOC(&rows, n, "the table", err));
        collect(p, kinds[k].is, rows);
        TRY(seg_page_put_table(p, plural(kinds[k].what, n), kinds[k].table, rows, n, err));
    }
done:
    seg_free(rows);
    return st;
}

/* ---- what it is ----------------------------------------------------------------------------- */

static void put_fact(const seg_page *p, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void put_fact(const seg_page *p, const char *name, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    seg_text_one_line(text);
    seg_text_addf(p->out, "%-12s  %s\n", name, text);
}

static const char *text_of(const seg_page *p, const char *path)
{
    return seg_node_text(seg_node_get(p->result, path), NULL);
}

static const char *count_of(const seg_page *p, const char *path, char digits[32])
{
    return seg_group_digits(digits, seg_node_int(seg_node_get(p->result, path), 0));
}

static void put_columns_fact(const seg_page *p)
{
    char text[256] = "", digits[32];
    for (size_t k = 0; k < N_KINDS; k++) {
        size_t n = collect(p, kinds[k].is, NULL), used = strlen(text);
        if (n > 0)
            snprintf(text + used, sizeof text - used, "%s%s %s", used == 0 ? "" : ", ",
                     seg_group_digits(digits, (int64_t)n), plural(kinds[k].what, n));
    }
    if (text[0] != '\0')
        put_fact(p, "columns", "%s", text);
}

static void put_id(const seg_page *p)
{
    const char *name = text_of(p, "id");
    char distinct[CELL] = "";
    if (name != NULL && seg_node_member(p->result, "ids") != NULL) {
        seg_page_distinct(distinct, seg_node_member(p->result, "ids"), p);
        put_fact(p, "id", "%s: %s different", name, distinct);
    } else if (name != NULL) {
        put_fact(p, "id", "%s", name);
    }
}

static void put_label(const seg_page *p)
{
    const char *label = text_of(p, "label");
    const seg_node *columns = seg_node_member(p->result, "columns");
    char levels[CELL] = "";
    for (size_t c = 0; label != NULL && c < seg_node_count(columns); c++) {
        const seg_node *row = seg_node_at(columns, c);
        if (strcmp(seg_node_text(seg_node_member(row, "name"), ""), label) == 0
            && seg_node_member(row, "top") != NULL)
            seg_page_commonest(levels, row, p);
    }
    if (label != NULL)
        put_fact(p, "label", "%s%s%s", label, levels[0] == '\0' ? "" : ": ", levels);
}

static void put_quartiles(const seg_page *p, const char *name, const char *path)
{
    const seg_node *q = seg_node_get(p->result, path);
    if (seg_node_count(q) == 0)
        return;
    put_fact(p, name, "median %lld, half of them %lld to %lld, least %lld, most %lld",
             (long long)seg_node_int(seg_node_member(q, "median"), 0),
             (long long)seg_node_int(seg_node_member(q, "p25"), 0),
             (long long)seg_node_int(seg_node_member(q, "p75"), 0),
             (long long)seg_node_int(seg_node_member(q, "min"), 0),
             (long long)seg_node_int(seg_node_member(q, "max"), 0));
}

static void put_log(const seg_page *p)
{
    char a[32], share[CELL], money[CELL];
    if (seg_node_get(p->result, "log") == NULL)
        return;
    seg_page_share(share, p->n_rows == 0 ? 0 : seg_node_real(
        seg_node_get(p->result, "log.rows_without_customer"), 0) / (double)p->n_rows);
    if (seg_node_get(p->result, "log.customers") != NULL)
        put_fact(p, "customers", "%s (%s of the rows are of none)",
                 count_of(p, "log.customers", a), share);
    if (seg_node_get(p->result, "log.orders") != NULL)
        put_fact(p, "orders", "%s", count_of(p, "log.orders", a));
    if (seg_node_get(p->result, "log.items") != NULL)
        put_fact(p, "items", "%s", count_of(p, "log.items", a));
    if (text_of(p, "log.first_day") != NULL)
        put_fact(p, "days", "%.10s to %.10s, rows on %s of them", text_of(p, "log.first_day"),
                 text_of(p, "log.last_day"), count_of(p, "log.days_with_rows", a));
    seg_page_share(share, seg_node_real(seg_node_get(p->result, "log.returned_share_of_rows"), 0));
    seg_page_share(money, seg_node_real(seg_node_get(p->result, "log.returned_share_of_money"), 0));
    if (seg_node_get(p->result, "log.money") != NULL) {
        const char *currency = text_of(p, "currency");
        put_fact(p, "money", "%.2f%s%s", seg_node_real(seg_node_get(p->result, "log.money"), 0),
                 currency == NULL ? "" : " ", currency == NULL ? "" : currency);
        put_fact(p, "returns", "%s of the rows, %s of the money", share, money);
    } else {
        put_fact(p, "returns", "%s of the rows", share);
    }
    put_quartiles(p, "per customer", "log.rows_per_customer");
}

static void put_baskets(const seg_page *p)
{
    char a[32], b[32], share[CELL], name[CELL];
    if (seg_node_get(p->result, "baskets") == NULL)
        return;
    put_fact(p, "items", "%s, bought %s times", count_of(p, "items", a),
             count_of(p, "bought", b));
    put_quartiles(p, "size", "baskets.items_per_basket");
    put_fact(p, "small", "%s of one item, %s empty", count_of(p, "baskets.of_one_item", a),
             count_of(p, "baskets.empty", b));
    const seg_node *top = seg_node_get(p->result, "baskets.top_items");
    seg_text_add(p->out, seg_node_count(top) > 0 ? "\nin most baskets\n" : "");
    for (size_t i = 0; i < seg_node_count(top); i++) {
        const seg_node *row = seg_node_at(top, i);
        seg_page_share(share, seg_node_real(seg_node_member(row, "share"), 0));
        seg_page_cut(name, seg_node_text(seg_node_member(row, "item"), ""), 40, p);
        seg_text_addf(p->out, "  %9s  %5s  %s\n", seg_group_digits(a, seg_node_int(
            seg_node_member(row, "baskets"), 0)), share, name);
    }
}

static void put_head(const seg_page *p)
{
    char digits[32], from[32];
    put_fact(p, "kind", "%s", text_of(p, "kind"));
    put_fact(p, "rows", "%s", seg_group_digits(digits, p->n_rows));
    put_columns_fact(p);
    put_id(p);
    put_label(p);
    if (text_of(p, "as_of") != NULL)
        put_fact(p, "as of", "%s", text_of(p, "as_of"));
    if (text_of(p, "zone") != NULL)
        put_fact(p, "zone", "%s", text_of(p, "zone"));
    put_log(p);
    put_baskets(p);
    int64_t sampled = seg_node_int(seg_node_get(p->result, "sampled_rows"), 0);
    if (sampled < p->n_rows)
        put_fact(p, "quantiles", "of %s of the %s rows: off by at most %.1f %% of the rows, "
                 "19 times of 20", seg_group_digits(from, sampled), digits,
                 98 / sqrt((double)sampled));
}

static void put_warnings(const seg_page *p)
{
    const seg_node *warnings = seg_node_member(p->result, "warnings");
    size_t n = seg_node_count(warnings), most = p->all || n <= SHOWN_WARNINGS ? n
                                                                           : SHOWN_WARNINGS;
    size_t width = 0;
    char name[CELL], digits[32];
    if (n == 0)
        return;
    seg_text_add(p->out, "\nlook twice\n");
    for (size_t i = 0; i < most; i++) {
        seg_page_cut(name, seg_node_text(seg_node_member(seg_node_at(warnings, i), "column"), ""),
            SEG_PAGE_NAME, p);
        width = seg_page_width(name) > width ? seg_page_width(name) : width;
    }
    for (size_t i = 0; i < most; i++) {
        const seg_node *row = seg_node_at(warnings, i);
        seg_page_cut(name, seg_node_text(seg_node_member(row, "column"), ""), SEG_PAGE_NAME, p);
        char text[CELL];
        seg_page_cut(text, seg_node_text(seg_node_member(row, "text"), ""), 200, p);
        seg_text_addf(p->out, "! %s%*s%s\n", name, (int)(width - seg_page_width(name) + 2), "",
                      text);
    }
    if (most < n)
        seg_text_addf(p->out, "  ... and %s more (--all)\n",
                      seg_group_digits(digits, (int64_t)(n - most)));
}

const char *seg_inspect_show(seg_doc *doc, const void *options, const seg_screen *screen)
{
    if (doc == NULL || doc->failed || seg_node_member(&doc->root, "warnings") == NULL)
        return seg_doc_plain(doc);   /* a model */
    const seg_page p = { .out = &doc->text, .result = &doc->root, .screen = screen,
                     .all = ((const seg_inspect_options *)options)->all,
                     .n_rows = seg_node_int(seg_node_member(&doc->root, "rows"), 0) };
    seg_text_clear(&doc->text);
    put_head(&p);
    put_warnings(&p);
    seg_status st = put_tables(&p, NULL);
    doc->failed = doc->text.failed || st != SEG_OK;
    return doc->failed ? NULL : doc->text.bytes;
}

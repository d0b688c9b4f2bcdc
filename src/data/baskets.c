/* baskets.c: order lines to baskets by counting sort: one reading counts the lines of
 * each order, the second puts the items at their places; then each order is sorted and
 * its repeated items dropped. Linear, with 4 bytes per line, and the result does not
 * depend on the order of the lines. */
#include "data/baskets.h"

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/text.h"
#include "base/try.h"
#include "data/schema.h"

enum { NO_COLUMN = -1 };

/* Where the columns of the log are, and what one reading finds. */
typedef struct grouping {
    const seg_context *ctx;
    seg_source *from;
    bool by_customer;
    int key, item, customer, day, quantity, amount;   /* column numbers, or NO_COLUMN */
    size_t n_keys, n_items;
    int64_t *start;        /* n_keys + 1: first line of each key, while filling: next free */
    int32_t *items;
    int32_t *key_customer; /* n_keys: the first customer named, or missing; may be null */
    int32_t *key_day;      /* n_keys; may be null */
    uint64_t n_unnamed, n_refunds, n_repeated;
} grouping;

static int column_of(const seg_schema *schema, const char *name)
{
    size_t c = seg_schema_column(schema, name);
    return c == SIZE_MAX ? NO_COLUMN : (int)c;
}

static seg_status category(const grouping *g, const char *name, int *column, seg_error *err)
{
    const seg_schema *schema = g->from->schema;
    *column = column_of(schema, name);
    if (*column == NO_COLUMN)
        return seg_fail(err, SEG_E_DATA, "%s: there is no column '%s' to make baskets from",
                        g->from->name, name);
    if (schema->columns[*column].type != SEG_TYPE_CODE)
        return seg_fail(err, SEG_E_DATA, "%s: column '%s' is no category, so it cannot name"
                        " what belongs together", g->from->name, name);
    return SEG_OK;
}

/* A helpful column counts only if it has the right type. */
static int optional(const seg_schema *schema, const char *name, bool category_wanted)
{
    int c = column_of(schema, name);
    if (c == NO_COLUMN)
        return c;
    seg_type type = schema->columns[c].type;
    bool fits = category_wanted ? type == SEG_TYPE_CODE
                                : type == SEG_TYPE_I64 || type == SEG_TYPE_F64
                                  || type == SEG_TYPE_F32;
    return fits ? c : NO_COLUMN;
}

static seg_status grouping_begin(grouping *g, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *schema = g->from->schema;
    if (schema->kind != SEG_KIND_TRANSACTIONS)
        return seg_fail(err, SEG_E_DATA, "%s: baskets are made from transactions; this holds %s",
                        g->from->name, seg_kind_name(schema->kind));
    TRY(category(g, "item", &g->item, err));
    TRY(category(g, g->by_customer ? "customer" : "order", &g->key, err));
    g->customer = optional(schema, "customer", true);
    g->quantity = optional(schema, "quantity", false);
    g->amount = g->quantity == NO_COLUMN ? optional(schema, "amount", false) : NO_COLUMN;
    g->day = column_of(schema, "day");
    if (g->day != NO_COLUMN && schema->columns[g->day].type != SEG_TYPE_DAY)
        g->day = NO_COLUMN;

    g->n_keys = schema->columns[g->key].n_levels;
    g->n_items = schema->columns[g->item].n_levels;
    TRY(SEG_ALLOC(&g->start, g->n_keys + 2, "the sizes of the baskets", err));
    if (g->customer != NO_COLUMN)
        TRY(SEG_ALLOC(&g->key_customer, g->n_keys, "the customers of the baskets", err));
    if (g->day != NO_COLUMN)
        TRY(SEG_ALLOC(&g->key_day, g->n_keys, "the days of the baskets", err));
    for (size_t k = 0; k < g->n_keys; k++) {
        if (g->key_customer != NULL)
            g->key_customer[k] = SEG_MISSING_CODE;
        if (g->key_day != NULL)
            g->key_day[k] = SEG_MISSING_DAY;
    }

done:
    return st;
}

static void grouping_free(grouping *g)
{
    seg_free(g->start);
    seg_free(g->items);
    seg_free(g->key_customer);
    seg_free(g->key_day);
}

/* -1, 0, 1; a missing value counts as 1: nothing says that it is a refund. */
static int sign_of(const seg_block *block, const seg_schema *schema, int column, size_t i)
{
    const void *cells = block->columns[column];
    double value = 1;
    if (schema->columns[column].type == SEG_TYPE_I64) {
        int64_t v = ((const int64_t *)cells)[i];
        return v == SEG_MISSING_I64 ? 1 : (v > 0) - (v < 0);
    }
    if (schema->columns[column].type == SEG_TYPE_F64)
        value = ((const double *)cells)[i];
    else
        value = (double)((const float *)cells)[i];
    return value > 0 || value != value ? 1 : value < 0 ? -1 : 0;
}

static bool is_refund(const grouping *g, const seg_block *block, size_t i)
{
    const seg_schema *schema = g->from->schema;
    if (g->quantity != NO_COLUMN)
        return sign_of(block, schema, g->quantity, i) <= 0;
    return g->amount != NO_COLUMN && sign_of(block, schema, g->amount, i) < 0;
}

typedef enum line_kind { LINE_BOUGHT, LINE_UNNAMED, LINE_REFUND } line_kind;

/* What row i is; bought ones give their key and item. Codes outside of the dictionary
 * are an error of the file. */
static seg_status look(const grouping *g, const seg_block *block, size_t i, line_kind *kind,
                       int32_t *key, int32_t *item, seg_error *err)
{
    *key = ((const int32_t *)block->columns[g->key])[i];
    *item = ((const int32_t *)block->columns[g->item])[i];
    if (*key == SEG_MISSING_CODE || *item == SEG_MISSING_CODE) {
        *kind = LINE_UNNAMED;
        return SEG_OK;
    }
    if (*key < 0 || (size_t)*key >= g->n_keys || *item < 0 || (size_t)*item >= g->n_items)
        return seg_fail(err, SEG_E_DATA, "%s: row %llu: a code lies outside of its dictionary",
                        g->from->name, (unsigned long long)(block->first_row + i));
    *kind = is_refund(g, block, i) ? LINE_REFUND : LINE_BOUGHT;
    return SEG_OK;
}

static void note_key(grouping *g, const seg_block *block, size_t i, int32_t key)
{
    if (g->key_customer != NULL && g->key_customer[key] == SEG_MISSING_CODE)
        g->key_customer[key] = ((const int32_t *)block->columns[g->customer])[i];
    if (g->key_day == NULL)
        return;
    int32_t day = ((const int32_t *)block->columns[g->day])[i], *old = &g->key_day[key];
    if (day == SEG_MISSING_DAY)
        return;
    if (*old == SEG_MISSING_DAY || (g->by_customer ? day > *old : day < *old))
        *old = day;
}

static seg_status count_block(grouping *g, const seg_block *block, seg_error *err)
{
    for (size_t i = 0; i < block->n_rows; i++) {
        line_kind kind = LINE_UNNAMED;
        int32_t key = 0, item = 0;
        seg_status st = look(g, block, i, &kind, &key, &item, err);
        if (st != SEG_OK)
            return st;
        g->n_unnamed += kind == LINE_UNNAMED;
        g->n_refunds += kind == LINE_REFUND;
        if (kind != LINE_BOUGHT)
            continue;
        g->start[key + 2]++;
        note_key(g, block, i, key);
    }
    return SEG_OK;
}

static seg_status changed(const grouping *g, seg_error *err)
{
    return seg_fail(err, SEG_E_DATA, "%s: the rows changed between two readings",
                    g->from->name);
}

/* start[key + 1] is the next free place of the key; afterwards it is its end. */
static seg_status place_block(grouping *g, const seg_block *block, int64_t n_lines,
                              seg_error *err)
{
    for (size_t i = 0; i < block->n_rows; i++) {
        line_kind kind = LINE_UNNAMED;
        int32_t key = 0, item = 0;
        seg_status st = look(g, block, i, &kind, &key, &item, err);
        if (st != SEG_OK)
            return st;
        if (kind != LINE_BOUGHT)
            continue;
        int64_t at = g->start[key + 1];
        if (at >= n_lines)
            return changed(g, err);
        g->items[at] = item;
        g->start[key + 1] = at + 1;
    }
    return SEG_OK;
}

static seg_status read_all(grouping *g, bool placing, int64_t n_lines, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_block block = { 0 };
    TRY(g->from->rewind(g->from, err));
    for (;;) {
        TRY(g->from->next(g->from, &block, err));
        if (block.n_rows == 0)
            break;
        TRY(placing ? place_block(g, &block, n_lines, err) : count_block(g, &block, err));
        TRY(seg_step(g->ctx, placing ? "making baskets" : "reading order lines",
                     block.first_row + block.n_rows, g->from->n_rows, err));
    }

done:
    return st;
}

/* Every key has exactly the places that the first reading counted for it. */
static seg_status check_places(const grouping *g, const int64_t *end, seg_error *err)
{
    for (size_t k = 0; k < g->n_keys; k++)
        if (g->start[k + 1] != end[k])
            return changed(g, err);
    return SEG_OK;
}

static int by_code(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* Sort the n items and drop repeated ones; returns how many are left. */
static int64_t make_set(int32_t *items, int64_t n)
{
    qsort(items, (size_t)n, sizeof *items, by_code);
    int64_t m = 0;
    for (int64_t i = 0; i < n; i++)
        if (m == 0 || items[m - 1] != items[i])
            items[m++] = items[i];
    return m;
}

static size_t longest(const seg_column *column)
{
    size_t width = 1;
    for (size_t l = 0; l < column->n_levels; l++) {
        size_t n = strlen(column->levels[l]);
        width = n > width ? n : width;
    }
    return width;
}

/* The key of the baskets is their id; as a column beside it its name would stand twice. */
static bool has_customers(const grouping *g)
{
    return g->customer != NO_COLUMN && !g->by_customer;
}

static seg_status basket_schema(const grouping *g, seg_schema_owner **out, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_column *columns = g->from->schema->columns;
    seg_schema_owner *schema = NULL;

    TRY(seg_schema_new(SEG_KIND_BASKETS, &schema, err));
    TRY(seg_schema_set_id(schema, columns[g->key].name, longest(&columns[g->key]), err));
    for (size_t i = 0; i < g->n_items; i++) {
        seg_column item = { .name = columns[g->item].levels[i], .type = SEG_TYPE_F32 };
        TRY(seg_schema_add_feature(schema, &item, err));
    }
    if (has_customers(g))
        TRY(seg_schema_add_column(schema, &columns[g->customer], err));
    if (g->day != NO_COLUMN)
        TRY(seg_schema_add_column(schema, &columns[g->day], err));

done:
    if (st != SEG_OK) {
        seg_schema_free(schema);
        schema = NULL;
    }
    *out = schema;
    return st;
}

static size_t count_filled(const grouping *g)
{
    size_t n = 0;
    for (size_t k = 0; k < g->n_keys; k++)
        n += g->start[k + 1] > g->start[k];
    return n;
}

/* Row `row` of the batch becomes key k. Columns stand in the order of basket_schema. */
static void fill_row(const grouping *g, seg_batch *batch, size_t row, size_t k)
{
    const char *name = g->from->schema->columns[g->key].levels[k];
    memcpy(batch->ids + row * batch->schema->id_width, name, strlen(name));
    size_t c = 0;
    if (has_customers(g))
        ((int32_t *)batch->columns[c++])[row] = g->key_customer[k];
    if (g->day != NO_COLUMN)
        ((int32_t *)batch->columns[c++])[row] = g->key_day[k];
}

/* Sets of the keys that have items, moved together in place. */
static void fill_batch(grouping *g, seg_batch *batch)
{
    size_t row = 0;
    int64_t kept = 0;
    for (size_t k = 0; k < g->n_keys; k++) {
        int64_t first = g->start[k], n = g->start[k + 1] - first;
        if (n == 0)
            continue;
        n = make_set(g->items + first, n);
        g->n_repeated += (uint64_t)(g->start[k + 1] - first - n);
        memmove(g->items + kept, g->items + first, (size_t)n * sizeof *g->items);
        fill_row(g, batch, row, k);
        batch->row_start[row++] = kept;
        kept += n;
    }
    batch->row_start[row] = kept;
    batch->items = g->items;
    g->items = NULL;
}

static void tell(const grouping *g, size_t n_baskets)
{
    char a[32], b[32];
    if (g->n_unnamed > 0 || g->n_refunds > 0)
        seg_note(g->ctx, SEG_LEVEL_INFO, "%s rows without %s or item and %s refund rows are not"
                 " in the baskets", seg_group_digits(a, (int64_t)g->n_unnamed),
                 g->by_customer ? "customer" : "order",
                 seg_group_digits(b, (int64_t)g->n_refunds));
    if (g->n_repeated > 0)
        seg_note(g->ctx, SEG_LEVEL_INFO, "%s rows name an item that the %s has already: it counts"
                 " once", seg_group_digits(a, (int64_t)g->n_repeated),
                 g->by_customer ? "customer" : "order");
    if (n_baskets < g->n_keys)
        seg_note(g->ctx, SEG_LEVEL_INFO, "left out, as no item is left in them: %s of %s %s",
                 seg_group_digits(a, (int64_t)(g->n_keys - n_baskets)),
                 seg_group_digits(b, (int64_t)g->n_keys),
                 g->by_customer ? "customers" : "orders");
}

static void put_figures(const grouping *g, int64_t n_lines, size_t n_baskets, seg_node *report)
{
    seg_node *lines = seg_put_object(report, "lines");
    seg_put_int(lines, "used", n_lines);
    seg_put_int(lines, "repeated", (int64_t)g->n_repeated);
    seg_put_int(lines, "unnamed", (int64_t)g->n_unnamed);
    seg_put_int(lines, "refunds", (int64_t)g->n_refunds);
    seg_put_int(lines, "left_out", (int64_t)(g->n_keys - n_baskets));
}

/* Lines per key become the place of each key's first line in start[k + 1], and its end
 * in end[k]. */
static int64_t sum_up(grouping *g, int64_t *end)
{
    for (size_t k = 0; k < g->n_keys; k++) {
        g->start[k + 2] += g->start[k + 1];
        end[k] = g->start[k + 2];
    }
    return g->start[g->n_keys + 1];
}

seg_status seg_baskets_from_transactions(const seg_context *ctx, seg_source *transactions,
                                         bool by_customer, seg_node *report, seg_source **out,
                                         seg_error *err)
{
    seg_status st = SEG_OK;
    grouping g = { .ctx = ctx, .from = transactions, .by_customer = by_customer };
    seg_schema_owner *schema = NULL;
    seg_batch *batch = NULL;
    int64_t *end = NULL;
    *out = NULL;

    TRY(grouping_begin(&g, err));
    TRY(read_all(&g, false, 0, err));
    TRY(SEG_ALLOC(&end, g.n_keys, "the sizes of the baskets", err));
    int64_t n_lines = sum_up(&g, end);
    TRY(SEG_ALLOC(&g.items, (size_t)n_lines, "the items of the baskets", err));
    TRY(read_all(&g, true, n_lines, err));
    TRY(check_places(&g, end, err));

    size_t n_baskets = count_filled(&g);
    TRY(basket_schema(&g, &schema, err));
    TRY(seg_batch_new(&schema->view, n_baskets, &batch, err));
    fill_batch(&g, batch);
    tell(&g, n_baskets);
    put_figures(&g, n_lines, n_baskets, report);
    st = seg_batch_source(ctx, transactions->name, schema, batch, n_baskets, out, err);
    schema = NULL;
    batch = NULL;

done:
    seg_batch_free(batch);
    seg_schema_free(schema);
    seg_free(end);
    grouping_free(&g);
    return st;
}

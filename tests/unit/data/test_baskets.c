/* Order lines to baskets: by hand, and against a plain table of who has what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "data/baskets.h"
#include "data/schema.h"

static const char *const orders[] = { "A1", "A2", "A3", "A4" };
static const char *const customers[] = { "Ann", "Bob" };
static const char *const items[] = { "tea", "cake", "jam" };

enum { CUSTOMER, ORDER, ITEM, DAY, QUANTITY, N_COLUMNS };
static const seg_column columns[N_COLUMNS] = {
    { .name = "customer", .type = SEG_TYPE_CODE, .levels = customers, .n_levels = 2 },
    { .name = "order", .type = SEG_TYPE_CODE, .levels = orders, .n_levels = 4 },
    { .name = "item", .type = SEG_TYPE_CODE, .levels = items, .n_levels = 3 },
    { .name = "day", .type = SEG_TYPE_DAY },
    { .name = "quantity", .type = SEG_TYPE_I64, .scale = 1 },
};
static const seg_schema schema = { .kind = SEG_KIND_TRANSACTIONS, .columns = columns,
                                   .n_columns = N_COLUMNS, .as_of_day = SEG_MISSING_DAY };

/* Order A3 comes in two runs and first, A1 has tea twice, A2 is all refunds, A4 has a
 * line without item and one without quantity; one line has no order. */
static const int32_t customer[] = { 1, 0, 0, 0, 1, -1, 1, 1, 1, 0 };
static const int32_t order[] = { 2, 0, 0, 0, 1, 2, -1, 3, 3, 2 };
static const int32_t item[] = { 2, 1, 0, 0, 0, 0, 1, -1, 1, 2 };
static const int32_t day[] = { 30, 10, 11, SEG_MISSING_DAY, 20, 29, 40, 41, 42, 31 };
static const int64_t quantity[] = { 1, 2, 1, 1, -1, 3, 1, 1, SEG_MISSING_I64, 0 };
static const void *const cells[] = { customer, order, item, day, quantity };
static const seg_block lines = { .n_rows = 10, .columns = cells };

typedef struct notes {
    char text[1024];
} notes;

static void note(void *user, seg_level level, const char *text)
{
    (void)level;
    notes *n = user;
    strncat(n->text, text, sizeof n->text - strlen(n->text) - 1);
    strncat(n->text, "\n", sizeof n->text - strlen(n->text) - 1);
}

/* What was counted on the way; null: nobody asks. */
static seg_doc *figures;

static seg_status group(const seg_context *ctx, const seg_block *rows, const seg_schema *of,
                        bool by_customer, seg_source **out, seg_error *err)
{
    seg_source *source;
    *out = NULL;
    seg_status st = seg_memory_source(ctx, of, rows, &source, err);
    if (st != SEG_OK)
        return st;
    st = seg_baskets_from_transactions(ctx, source, by_customer, seg_doc_root(figures), out, err);
    seg_source_close(source);
    return st;
}

static void assert_basket(const seg_block *block, size_t row, const int32_t *expected, size_t n)
{
    assert_int_equal(block->row_start[row + 1] - block->row_start[row], n);
    assert_memory_equal(block->items + block->row_start[row], expected, n * sizeof *expected);
}

static void groups_lines_by_order(void **state)
{
    (void)state;
    notes told = { "" };
    seg_context ctx = seg_context_defaults();
    ctx.note = note;
    ctx.user = &told;
    seg_source *baskets;
    seg_block block;
    seg_error err = { 0 };
    figures = seg_doc_new();
    assert_int_equal(group(&ctx, &lines, &schema, false, &baskets, &err), SEG_OK);
    const seg_node *counted = seg_node_get(seg_doc_root(figures), "lines");
    assert_int_equal(seg_node_int(seg_node_get(counted, "used"), -1), 6);
    assert_int_equal(seg_node_int(seg_node_get(counted, "repeated"), -1), 1);
    assert_int_equal(seg_node_int(seg_node_get(counted, "unnamed"), -1), 2);
    assert_int_equal(seg_node_int(seg_node_get(counted, "refunds"), -1), 2);
    assert_int_equal(seg_node_int(seg_node_get(counted, "left_out"), -1), 1);
    seg_doc_free(figures);
    figures = NULL;
    assert_int_equal(baskets->schema->kind, SEG_KIND_BASKETS);
    assert_int_equal(baskets->schema->n_features, 3);
    assert_string_equal(baskets->schema->features[1].name, "cake");
    assert_string_equal(baskets->schema->id_name, "order");
    assert_int_equal(baskets->n_rows, 3);
    assert_int_equal(baskets->next(baskets, &block, &err), SEG_OK);
    assert_int_equal(block.n_rows, 3);

    assert_basket(&block, 0, (int32_t[]){ 0, 1 }, 2);   /* A1: tea, cake */
    assert_basket(&block, 1, (int32_t[]){ 0, 2 }, 2);   /* A3: tea, jam */
    assert_basket(&block, 2, (int32_t[]){ 1 }, 1);      /* A4: cake */
    assert_string_equal(block.ids + 8, "A3");
    assert_int_equal(baskets->schema->n_columns, 2);
    const int32_t *c = block.columns[0], *d = block.columns[1];
    assert_memory_equal(c, ((int32_t[]){ 0, 1, 1 }), 12);
    assert_memory_equal(d, ((int32_t[]){ 10, 29, 42 }), 12);
    assert_int_equal(baskets->next(baskets, &block, &err), SEG_OK);
    assert_int_equal(block.n_rows, 0);

    assert_non_null(strstr(told.text, "2 rows without order or item and 2 refund rows"));
    assert_non_null(strstr(told.text, "1 rows name an item that the order has already"));
    assert_non_null(strstr(told.text, "no item is left in them: 1 of 4 orders"));
    seg_source_close(baskets);
}

static void groups_lines_by_customer(void **state)
{
    (void)state;
    seg_source *baskets;
    seg_block block;
    seg_error err = { 0 };
    assert_int_equal(group(NULL, &lines, &schema, true, &baskets, &err), SEG_OK);
    assert_int_equal(baskets->next(baskets, &block, &err), SEG_OK);
    assert_int_equal(block.n_rows, 2);
    assert_basket(&block, 0, (int32_t[]){ 0, 1 }, 2);
    assert_basket(&block, 1, (int32_t[]){ 1, 2 }, 2);
    assert_string_equal(block.ids, "Ann");
    assert_string_equal(baskets->schema->id_name, "customer");
    assert_int_equal(baskets->schema->n_columns, 1);
    const int32_t *d = block.columns[0];
    assert_memory_equal(d, ((int32_t[]){ 11, 42 }), 8);
    seg_source_close(baskets);
}

static void names_what_is_missing(void **state)
{
    (void)state;
    seg_source *baskets;
    seg_error err = { 0 };
    seg_schema without = schema;
    without.n_columns = 2;
    assert_int_equal(group(NULL, &lines, &without, false, &baskets, &err), SEG_E_DATA);
    assert_null(baskets);
    assert_non_null(strstr(err.text, "'item'"));
    without = schema;
    without.kind = SEG_KIND_FEATURES;
    assert_int_equal(group(NULL, &lines, &without, false, &baskets, &err), SEG_E_DATA);
}

static void refuses_a_code_outside_of_its_dictionary(void **state)
{
    (void)state;
    int32_t bad[10];
    memcpy(bad, item, sizeof bad);
    bad[7] = 3;
    const void *const other[] = { customer, order, bad, day, quantity };
    seg_block rows = lines;
    rows.columns = other;
    seg_source *baskets;
    seg_error err = { 0 };
    assert_int_equal(group(NULL, &rows, &schema, false, &baskets, &err), SEG_E_DATA);
    assert_non_null(strstr(err.text, "row 7"));
}

/* Many lines in a shuffled order against a table order x item. */
static void agrees_with_a_plain_table(void **state)
{
    (void)state;
    enum { ROWS = 5000, ORDERS = 700, ITEMS = 40 };
    static bool has[ORDERS][ITEMS];
    static char text[ORDERS][16];
    static const char *names[ORDERS];
    static int32_t o[ROWS], i[ROWS];
    uint32_t seed = 7;
    for (int k = 0; k < ORDERS; k++) {
        snprintf(text[k], sizeof text[k], "%d", k);
        names[k] = text[k];
    }
    for (int r = 0; r < ROWS; r++) {
        seed = seed * 1664525u + 1013904223u;
        o[r] = (int32_t)((seed >> 8) % (ORDERS - 5));
        i[r] = (int32_t)((seed >> 20) % ITEMS);
        has[o[r]][i[r]] = true;
    }
    const seg_column two[] = {
        { .name = "order", .type = SEG_TYPE_CODE, .levels = names, .n_levels = ORDERS },
        { .name = "item", .type = SEG_TYPE_CODE, .levels = names, .n_levels = ITEMS },
    };
    const seg_schema plain = { .kind = SEG_KIND_TRANSACTIONS, .columns = two, .n_columns = 2,
                               .as_of_day = SEG_MISSING_DAY };
    const void *const data[] = { o, i };
    const seg_block rows = { .n_rows = ROWS, .columns = data };
    seg_context ctx = seg_context_defaults();
    ctx.block_rows = SEG_CHUNK_ROWS;
    seg_source *baskets;
    seg_block block;
    seg_error err = { 0 };
    size_t row = 0;
    assert_int_equal(group(&ctx, &rows, &plain, false, &baskets, &err), SEG_OK);
    assert_int_equal(baskets->next(baskets, &block, &err), SEG_OK);
    for (int k = 0; k < ORDERS; k++) {
        int32_t expected[ITEMS];
        size_t n = 0;
        for (int j = 0; j < ITEMS; j++)
            if (has[k][j])
                expected[n++] = j;
        if (n > 0)
            assert_basket(&block, row++, expected, n);
    }
    assert_int_equal(baskets->n_rows, row);
    seg_source_close(baskets);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    seg_error err = { 0 };
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_source *baskets;
        seg_alloc_fail_after = n;
        st = group(NULL, &lines, &schema, false, &baskets, &err);
        seg_alloc_fail_after = -1;
        seg_source_close(baskets);
        assert_int_equal(seg_alloc_live, 0);
    }
    assert_int_equal(st, SEG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_lines_by_order),
        cmocka_unit_test(groups_lines_by_customer),
        cmocka_unit_test(names_what_is_missing),
        cmocka_unit_test(refuses_a_code_outside_of_its_dictionary),
        cmocka_unit_test(agrees_with_a_plain_table),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

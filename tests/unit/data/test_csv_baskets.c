/* Baskets from text: FIMI files against a reader with zlib alone, names, orders. */
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
#include "tests/support/csv_case.h"
#include "tests/support/fimi.h"

static const char *item(const csv_case *c, size_t row, size_t i)
{
    int32_t code = c->all.items[c->all.row_start[row] + (int64_t)i];
    return c->source->schema->features[code].name;
}

static size_t size(const csv_case *c, size_t row)
{
    return (size_t)(c->all.row_start[row + 1] - c->all.row_start[row]);
}

static void item_numbers_are_sorted_by_value(void **state)
{
    (void)state;
    static const char text[] = "10 9 2\n\n 9  9\t10 \n100\n";
    csv_case c = { 0 };
    csv_case_open_bytes(&c, text, strlen(text), ".dat", NULL);
    assert_int_equal(c.status, SEG_OK);
    assert_int_equal(c.source->schema->kind, SEG_KIND_BASKETS);
    assert_int_equal(c.source->n_rows, 4);
    assert_int_equal(c.source->schema->n_features, 4);
    assert_string_equal(c.source->schema->features[0].name, "2");
    assert_string_equal(c.source->schema->features[3].name, "100");
    assert_int_equal(size(&c, 0), 3);
    assert_string_equal(item(&c, 0, 0), "2");
    assert_string_equal(item(&c, 0, 2), "10");
    assert_int_equal(size(&c, 1), 0);   /* an empty basket counts */
    assert_int_equal(size(&c, 2), 2);   /* 9 only once */
    assert_string_equal(csv_case_id(&c, 3), "4");
    csv_case_close(&c);
    assert_int_equal(seg_alloc_live, 0);
}

static void names_keep_their_order_and_their_blanks(void **state)
{
    (void)state;
    csv_case c = { 0 };
    csv_case_open(&c, "whole milk,\"tea, green\"\ncream cheese ,whole milk,\n", "--lines");
    assert_int_equal(c.status, SEG_OK);
    assert_int_equal(c.source->schema->n_features, 3);
    assert_string_equal(c.source->schema->features[1].name, "tea, green");
    assert_string_equal(c.source->schema->features[2].name, "cream cheese ");
    assert_int_equal(size(&c, 1), 2);
    assert_string_equal(item(&c, 1, 0), "whole milk");   /* ascending codes */
    csv_case_close(&c);
}

static void lines_of_names_taken_for_a_table_are_recognised(void **state)
{
    (void)state;
    csv_case c = { 0 };
    csv_case_open(&c, "milk,bread,jam\nbread,milk\njam\n", NULL);
    assert_int_equal(c.status, SEG_E_DATA);
    assert_non_null(strstr(c.error.text, "line 2: 2 fields; the header has 3 (are these baskets, "
                                         "one a line? import them with --lines)"));
    csv_case_close(&c);
}

static void orders_and_items_become_baskets(void **state)
{
    (void)state;
    static const char text[] = "who,order,item,date\nA,R1,tea,2024-01-05\nB,R2,jam,2024-01-06\n"
                               "A,R1,jam,2024-01-05\nA,R1,tea,2024-01-05\n";
    csv_case c = { 0 };
    csv_case_open(&c, text, "--kind=baskets --customer=who");
    assert_int_equal(c.status, SEG_OK);
    assert_int_equal(c.source->schema->kind, SEG_KIND_BASKETS);
    assert_int_equal(c.source->n_rows, 2);
    assert_int_equal(size(&c, 0), 2);
    assert_string_equal(csv_case_id(&c, 0), "R1");
    assert_string_equal(csv_case_level(&c, "customer", 1), "B");
    csv_case_close(&c);
    assert_int_equal(seg_alloc_live, 0);
}

static void blocks_of_baskets_join_to_the_file(void **state)
{
    (void)state;
    static const char *const names[] = { "mushroom", "groceries", "T10I4D100K" };
    for (size_t f = 0; f < 3; f++) {
        fimi plain;
        char file[64];
        csv_case c = { .context.block_rows = 4 * SEG_CHUNK_ROWS };
        if (!fimi_read(names[f], &plain))
            skip();
        snprintf(file, sizeof file, "baskets/%s.dat.gz", names[f]);
        csv_case_open_file(&c, data_path(file), NULL);
        assert_int_equal(c.status, SEG_OK);
        assert_int_equal(c.source->n_rows, plain.n_rows);
        size_t row = 0;
        for (seg_block b = c.all; b.n_rows > 0;) {
            for (size_t r = 0; r < b.n_rows; r++, row++) {
                int64_t n = b.row_start[r + 1] - b.row_start[r];
                assert_int_equal(n, plain.row_start[row + 1] - plain.row_start[row]);
                for (int64_t i = 0; i < n; i++) {
                    const char *name =
                        c.source->schema->features[b.items[b.row_start[r] + i]].name;
                    assert_int_equal(atoi(name), plain.items[plain.row_start[row] + i]);
                }
            }
            assert_int_equal(c.source->next(c.source, &b, NULL), SEG_OK);
        }
        assert_int_equal(row, plain.n_rows);
        csv_case_close(&c);
        fimi_free(&plain);
    }
}

/* The same baskets twice in the shared data: as numbers and as names. */
static void groceries_by_name_are_groceries_by_number(void **state)
{
    (void)state;
    if (access(data_path("baskets/groceries.csv.gz"), R_OK) != 0)
        skip();
    csv_case names = { 0 }, numbers = { 0 };
    csv_case_open_file(&names, data_path("baskets/groceries.csv.gz"), "--lines");
    csv_case_open_file(&numbers, data_path("baskets/groceries.dat.gz"), NULL);
    assert_int_equal(names.status, SEG_OK);
    assert_int_equal(names.source->n_rows, 9835);
    assert_int_equal(names.source->schema->n_features, 169);
    assert_int_equal(numbers.source->schema->n_features, 169);
    int64_t by_name[169] = { 0 }, by_number[169] = { 0 };
    for (size_t r = 0; r < 9835; r++)
        assert_int_equal(size(&names, r), size(&numbers, r));
    for (int64_t i = 0; i < 43367; i++) {
        by_name[names.all.items[i]]++;
        by_number[numbers.all.items[i]]++;
    }
    /* Equal multisets of counts: sort both by plain insertion. */
    for (size_t i = 1; i < 169; i++)
        for (size_t j = i; j > 0; j--) {
            if (by_name[j - 1] > by_name[j]) {
                int64_t t = by_name[j];
                by_name[j] = by_name[j - 1];
                by_name[j - 1] = t;
            }
            if (by_number[j - 1] > by_number[j]) {
                int64_t t = by_number[j];
                by_number[j] = by_number[j - 1];
                by_number[j - 1] = t;
            }
        }
    assert_memory_equal(by_name, by_number, sizeof by_name);
    csv_case_close(&names);
    csv_case_close(&numbers);
}

static seg_status read_once(const char *path)
{
    seg_source *source = NULL;
    seg_block block;
    seg_status st = seg_csv_source(NULL, &path, 1, NULL, NULL, &source, NULL);
    if (st == SEG_OK)
        st = source->next(source, &block, NULL);
    seg_source_close(source);
    return st;
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    static const char text[] = "3 1 2\n2 9\n";
    char path[64];
    snprintf(path, sizeof path, "/tmp/segmill-baskets-%d.dat", (int)getpid());
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_alloc_fail_after = n;
        st = read_once(path);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, 0);
    }
    assert_int_equal(st, SEG_OK);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(item_numbers_are_sorted_by_value),
        cmocka_unit_test(names_keep_their_order_and_their_blanks),
        cmocka_unit_test(lines_of_names_taken_for_a_table_are_recognised),
        cmocka_unit_test(orders_and_items_become_baskets),
        cmocka_unit_test(blocks_of_baskets_join_to_the_file),
        cmocka_unit_test(groceries_by_name_are_groceries_by_number),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

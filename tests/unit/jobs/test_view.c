/* Data of any kind as the baskets that a method wants: features as attribute=value items,
 * items with their groups, and both again as a model remembers them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "data/basket_groups.h"
#include "jobs/view.h"
#include "tests/support/files.h"

static const char people[] = "id,age,plan,churned\na,20,gold,Yes\nb,30,gold,No\nc,,silver,No\n";
static const char kinds[] = "item,parent\nplan=gold,paid\nage<25,young\nyoung,paid\n";

/* Row i as "age<25 plan=gold". */
static const char *row_text(const seg_source *s, const seg_block *block, size_t i)
{
    static char text[512];
    text[0] = 0;
    for (int64_t at = block->row_start[i]; at < block->row_start[i + 1]; at++) {
        strcat(text, text[0] == 0 ? "" : " ");
        strcat(text, s->schema->features[block->items[at]].name);
    }
    return text;
}

static seg_source *view(const seg_view_request *request)
{
    seg_source *s;
    seg_error err = { 0 };
    if (seg_view_open(NULL, request, NULL, &s, &err) != SEG_OK)
        fail_msg("%s", err.text);
    return s;
}

static void features_become_items_with_groups(void **state)
{
    (void)state;
    const seg_feature_baskets_options ranges = { .bins = "age:25", .drop = "churned" };
    seg_view_request request = { .path = "people.csv", .view = SEG_VIEW_ORDERS };
    seg_error err = { 0 };
    seg_block block;
    write_text("people.csv", people);
    write_text("kinds.csv", kinds);
    request.baskets.features = &ranges;
    request.baskets.taxonomy_file = "kinds.csv";
    seg_source *s = view(&request);
    assert_int_equal(s->next(s, &block, &err), SEG_OK);
    assert_string_equal(row_text(s, &block, 0), "age<25 plan=gold paid young");
    assert_string_equal(row_text(s, &block, 1), "age>=25 plan=gold paid");
    assert_string_equal(row_text(s, &block, 2), "plan=silver");

    /* What a model keeps makes the same of other people. */
    seg_taxonomy *taxonomy;
    seg_item_bins *bins;
    assert_int_equal(seg_taxonomy_new(seg_baskets_groups(s)->taxonomy, &taxonomy, &err), SEG_OK);
    assert_int_equal(seg_item_bins_new(seg_feature_baskets_bins(s), &bins, &err), SEG_OK);
    seg_source_close(s);
    write_text("later.csv", "id,plan,age\nd,gold,99\ne,bronze,1\n");
    request = (seg_view_request){ .path = "later.csv", .view = SEG_VIEW_PEOPLE,
                                  .baskets = { .bins = bins, .taxonomy = taxonomy } };
    s = view(&request);
    assert_int_equal(s->next(s, &block, &err), SEG_OK);
    assert_string_equal(row_text(s, &block, 0), "age>=25 plan=gold paid");
    assert_string_equal(row_text(s, &block, 1), "age<25 plan=bronze paid young");
    seg_source_close(s);
    seg_taxonomy_free(taxonomy);
    seg_item_bins_free(bins);
}

static void refuses_what_it_cannot_make(void **state)
{
    (void)state;
    seg_view_request request = { .path = "people.csv", .view = SEG_VIEW_ORDERS };
    seg_source *s;
    seg_error err = { 0 };
    write_text("people.csv", people);
    assert_int_equal(seg_view_open(NULL, &request, NULL, &s, &err), SEG_E_DATA);
    assert_string_equal(err.text, "people.csv: holds features; this method needs baskets or"
                                  " transactions");
    assert_null(s);
    write_text("b.dat", "1 2\n2\n");
    request = (seg_view_request){ .path = "b.dat", .view = SEG_VIEW_ORDERS,
                                  .baskets.taxonomy_file = "none.csv" };
    assert_int_equal(seg_view_open(NULL, &request, NULL, &s, &err), SEG_E_IO);
    assert_null(s);
}

static void survives_every_failing_allocation(void **state)
{
    (void)state;
    const seg_feature_baskets_options ranges = { .bins = "2" };
    const seg_view_request request = { .path = "people.csv", .view = SEG_VIEW_ORDERS,
                                       .baskets = { .features = &ranges,
                                                    .taxonomy_file = "kinds.csv" } };
    seg_status st = SEG_E_AGAIN;
    write_text("people.csv", people);
    write_text("kinds.csv", kinds);
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_error err = { 0 };
        seg_source *s;
        seg_alloc_fail_after = n;
        st = seg_view_open(NULL, &request, NULL, &s, &err);
        if (st == SEG_OK)
            seg_source_close(s);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, 0);
    }
    assert_int_equal(st, SEG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_become_items_with_groups),
        cmocka_unit_test(refuses_what_it_cannot_make),
        cmocka_unit_test(survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}

/* What a rules model keeps of its inputs comes back from a file as it was, and a file that was
 * tampered with is refused; weights of baskets, cell by cell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "models/rules_inputs.h"
#include "models/rules_weights.h"
#include "tests/support/files.h"

static const char *const items[] = { "beer", "wine", "ham" }, *const groups[] = { "drinks", "food" };
static const seg_taxonomy taxonomy = {
    .n_items = 3, .items = items, .item_group = (const int32_t[]){ 0, 0, 1 },
    .n_groups = 2, .groups = groups, .group_parent = (const int32_t[]){ 1, -1 } };
static const seg_item_column columns[] = {
    { .name = "age", .form = SEG_ITEM_RANGE, .cuts = (const float[]){ 30, 0x1.99999ap+5f },
      .n_cuts = 2 },
    { .name = "plan", .form = SEG_ITEM_LEVEL },
    { .name = "calls", .form = SEG_ITEM_VALUE, .cuts = (const float[]){ -1, 0, 7 }, .n_cuts = 3 },
};
static const seg_item_bins bins = { .columns = columns, .n_columns = 3 };

static seg_status write_file(const seg_rules_inputs *inputs, seg_error *err)
{
    seg_h5_writer *w;
    seg_status st = seg_h5_create("m.h5", true, &w, err);
    if (st != SEG_OK)
        return st;
    st = seg_h5_put_int(w, "uns/model/baskets", 1, err);
    if (st == SEG_OK)
        st = seg_rules_inputs_save(inputs, w, err);
    if (st == SEG_OK)
        st = seg_h5_commit(w, err);
    seg_h5_writer_close(w);
    return st;
}

static seg_status read_file(seg_rules_inputs *out, seg_error *err)
{
    seg_h5 *file;
    *out = (seg_rules_inputs){ 0 };
    seg_status st = seg_h5_open("m.h5", &file, err);
    if (st == SEG_OK)
        st = seg_rules_inputs_load(file, out, err);
    seg_h5_close(file);
    return st;
}

static void comes_back_as_it_was(void **state)
{
    (void)state;
    seg_error err = { 0 };
    seg_rules_inputs kept, read;
    assert_int_equal(seg_rules_inputs_copy(&taxonomy, &bins, &kept, &err), SEG_OK);
    assert_int_equal(write_file(&kept, &err), SEG_OK);
    seg_rules_inputs_clear(&kept);
    if (read_file(&read, &err) != SEG_OK)
        fail_msg("%s", err.text);
    assert_int_equal(read.taxonomy->n_items, 3);
    assert_string_equal(read.taxonomy->items[2], "ham");
    assert_memory_equal(read.taxonomy->item_group, taxonomy.item_group, 12);
    assert_string_equal(read.taxonomy->groups[1], "food");
    assert_memory_equal(read.taxonomy->group_parent, taxonomy.group_parent, 8);
    assert_int_equal(read.bins->n_columns, 3);
    for (size_t c = 0; c < 3; c++) {
        assert_string_equal(read.bins->columns[c].name, columns[c].name);
        assert_int_equal(read.bins->columns[c].form, columns[c].form);
        assert_int_equal(read.bins->columns[c].n_cuts, columns[c].n_cuts);
        if (columns[c].n_cuts > 0)
            assert_memory_equal(read.bins->columns[c].cuts, columns[c].cuts,
                                columns[c].n_cuts * sizeof(float));
    }
    seg_rules_inputs_clear(&read);
}

static void nothing_is_kept_of_plain_baskets(void **state)
{
    (void)state;
    seg_error err = { 0 };
    seg_rules_inputs none, read;
    assert_int_equal(seg_rules_inputs_copy(NULL, NULL, &none, &err), SEG_OK);
    assert_int_equal(write_file(&none, &err), SEG_OK);
    assert_int_equal(read_file(&read, &err), SEG_OK);
    assert_null(read.taxonomy);
    assert_null(read.bins);

    const seg_item_bins levels = { .columns = &columns[1], .n_columns = 1 };
    assert_int_equal(seg_rules_inputs_copy(NULL, &levels, &none, &err), SEG_OK);
    assert_int_equal(write_file(&none, &err), SEG_OK);
    seg_rules_inputs_clear(&none);
    assert_int_equal(read_file(&read, &err), SEG_OK);
    assert_int_equal(read.bins->columns[0].n_cuts, 0);
    seg_rules_inputs_clear(&read);
}

/* One array of the file at a time is another one. */
static void tampered(const char *path, seg_h5_type type, const void *data, uint64_t n,
                     const char *message)
{
    static const char *const paths[] = { "item_group", "group_parent", "form", "cut_start",
                                         "cut" };
    static const int64_t start[] = { 0, 2, 2, 5 };
    static const float cuts[] = { 30, 50, -1, 0, 7 };
    static const int32_t forms[] = { 2, 0, 1 };
    const void *arrays[] = { taxonomy.item_group, taxonomy.group_parent, forms, start, cuts };
    const uint64_t lengths[] = { 3, 2, 3, 4, 5 };
    const seg_h5_type types[] = { SEG_H5_I32, SEG_H5_I32, SEG_H5_I32, SEG_H5_I64, SEG_H5_F32 };
    static const char *const names[] = { "age", "plan", "calls" };
    seg_error err = { 0 };
    seg_rules_inputs read;
    seg_h5_writer *w;
    char whole[64];
    assert_int_equal(seg_h5_create("m.h5", true, &w, &err), SEG_OK);
    assert_int_equal(seg_h5_put_texts(w, "uns/model/taxonomy/item", items, 3, &err), SEG_OK);
    assert_int_equal(seg_h5_put_texts(w, "uns/model/taxonomy/group", groups, 2, &err), SEG_OK);
    assert_int_equal(seg_h5_put_texts(w, "uns/model/bins/column", names, 3, &err), SEG_OK);
    for (size_t i = 0; i < 5; i++) {
        bool this_one = strcmp(path, paths[i]) == 0;
        strcpy(whole, i < 2 ? "uns/model/taxonomy/" : "uns/model/bins/");
        strcat(whole, paths[i]);
        assert_int_equal(seg_h5_put(w, whole, this_one ? type : types[i],
                                    this_one ? data : arrays[i], this_one ? n : lengths[i], 0, 0,
                                    &err), SEG_OK);
    }
    assert_int_equal(seg_h5_commit(w, &err), SEG_OK);
    seg_h5_writer_close(w);
    seg_status st = read_file(&read, &err);
    if (message == NULL) {
        assert_int_equal(st, SEG_OK);
        seg_rules_inputs_clear(&read);
        return;
    }
    assert_int_equal(st, SEG_E_DATA);
    if (strstr(err.text, message) == NULL)
        fail_msg("%s", err.text);
    assert_null(read.taxonomy);
    assert_null(read.bins);
}

static void a_damaged_file_is_refused(void **state)
{
    (void)state;
    tampered("none", SEG_H5_I32, NULL, 0, NULL);
    tampered("item_group", SEG_H5_I32, (int32_t[]){ 0, 0, 2 }, 3, "is in a group that is not there");
    tampered("item_group", SEG_H5_I32, (int32_t[]){ 0, 0 }, 2, "has 2 rows, not 3");
    tampered("group_parent", SEG_H5_I32, (int32_t[]){ 1, 1 }, 2, "has more than 63 groups above");
    tampered("form", SEG_H5_I32, (int32_t[]){ 2, 0, 3 }, 3, "becomes items in no known way: 3");
    tampered("form", SEG_H5_I32, (int32_t[]){ 0, 0, 1 }, 3, "is a category with 2 bounds");
    tampered("cut_start", SEG_H5_I64, (int64_t[]){ 0, 3, 2, 5 }, 4, "does not ascend from 0");
    tampered("cut_start", SEG_H5_I64, (int64_t[]){ 0, 2, 2, 6 }, 4, "does not ascend from 0");
    tampered("cut_start", SEG_H5_I64, (int64_t[]){ -1, 2, 2, 5 }, 4, "does not ascend from 0");
    tampered("cut", SEG_H5_F32, (float[]){ 30, 30, -1, 0, 7 }, 5, "do not ascend");
    tampered("cut", SEG_H5_F32, (float[]){ 30, NAN, -1, 0, 7 }, 5, "do not ascend");
}

static void survives_every_failing_allocation(void **state)
{
    (void)state;
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_error err = { 0 };
        seg_rules_inputs kept, read = { 0 };
        seg_alloc_fail_after = n;
        st = seg_rules_inputs_copy(&taxonomy, &bins, &kept, &err);
        if (st == SEG_OK)
            st = write_file(&kept, &err);
        seg_rules_inputs_clear(&kept);
        if (st == SEG_OK)
            st = read_file(&read, &err);
        seg_rules_inputs_clear(&read);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, 0);
    }
    assert_int_equal(st, SEG_OK);
}

/* ---- weights ------------------------------------------------------------------------------ */

enum { REAL, WHOLE, MONEY, TEXT };
static const seg_column beside[] = {
    { .name = "real", .type = SEG_TYPE_F64 }, { .name = "whole", .type = SEG_TYPE_I64, .scale = 1 },
    { .name = "money", .type = SEG_TYPE_I64, .scale = 100 },
    { .name = "shop", .type = SEG_TYPE_TEXT, .width = 8 },
};
static const seg_column an_item = { .name = "wholemeal", .type = SEG_TYPE_F32 };
static const seg_schema schema = { .kind = SEG_KIND_BASKETS, .columns = beside, .n_columns = 4,
                                   .features = &an_item, .n_features = 1 };

static void refuses_weight(const char *name, double real, int64_t whole, const char *message)
{
    const double reals[] = { 1, real };
    const int64_t wholes[] = { 100, whole };
    const void *cells[] = { reals, wholes, wholes, NULL };
    const seg_block block = { .first_row = 2048, .n_rows = 2, .columns = cells };
    const uint32_t *weights;
    seg_rules_weights w;
    seg_error err = { 0 };
    assert_int_equal(seg_rules_weights_begin(&w, &schema, name, &err), SEG_OK);
    assert_int_equal(seg_rules_weights_of(&w, &block, &weights, &err), SEG_E_DATA);
    assert_string_equal(err.text, message);
    assert_null(weights);
    seg_rules_weights_clear(&w);
}

static void names_the_row_of_a_bad_weight(void **state)
{
    (void)state;
    refuses_weight("real", NAN, 0, "row 2050: weight 'real' is missing; it must be a whole number"
                   " from 0 to 4294967295");
    refuses_weight("real", -1, 0, "row 2050: weight 'real' is negative; it must be a whole number"
                   " from 0 to 4294967295");
    refuses_weight("real", 1.5, 0, "row 2050: weight 'real' is no whole number; it must be a whole"
                   " number from 0 to 4294967295");
    refuses_weight("real", INFINITY, 0, "row 2050: weight 'real' is too large; it must be a whole"
                   " number from 0 to 4294967295");
    refuses_weight("whole", 0, SEG_MISSING_I64, "row 2050: weight 'whole' is missing; it must be"
                   " a whole number from 0 to 4294967295");
    refuses_weight("whole", 0, -3, "row 2050: weight 'whole' is negative; it must be a whole"
                   " number from 0 to 4294967295");
    refuses_weight("whole", 0, INT64_MAX, "row 2050: weight 'whole' is too large; it must be a"
                   " whole number from 0 to 4294967295");
    refuses_weight("money", 0, 150, "row 2050: weight 'money' is no whole number; it must be a"
                   " whole number from 0 to 4294967295");
    refuses_weight("whole", 0, UINT32_MAX, "the weights 'whole' add up to more than 4294967295,"
                   " the most baskets that can be counted");
}

static void counts_whole_numbers_of_any_column(void **state)
{
    (void)state;
    const double reals[] = { 0, 3, 4294967292.0 };
    const int64_t wholes[] = { 0, 300, 700 };
    const void *cells[] = { reals, wholes, wholes, NULL };
    const seg_block block = { .n_rows = 3, .columns = cells };
    const uint32_t *weights;
    seg_rules_weights w;
    seg_error err = { 0 };
    assert_int_equal(seg_rules_weights_begin(&w, &schema, "real", &err), SEG_OK);
    for (int pass = 0; pass < 3; pass++) {
        assert_int_equal(seg_rules_weights_of(&w, &block, &weights, &err), SEG_OK);
        assert_memory_equal(weights, ((uint32_t[]){ 0, 3, 4294967292u }), 12);
    }
    assert_int_equal(w.total, UINT32_MAX);
    seg_rules_weights_clear(&w);
    assert_int_equal(seg_rules_weights_begin(&w, &schema, "money", &err), SEG_OK);
    assert_int_equal(seg_rules_weights_of(&w, &block, &weights, &err), SEG_OK);
    assert_memory_equal(weights, ((uint32_t[]){ 0, 3, 7 }), 12);
    seg_rules_weights_clear(&w);
    assert_int_equal(seg_rules_weights_begin(&w, &schema, NULL, &err), SEG_OK);
    assert_int_equal(seg_rules_weights_of(&w, &block, &weights, &err), SEG_OK);
    assert_null(weights);
}

static void weights_are_a_column_of_numbers(void **state)
{
    (void)state;
    seg_rules_weights w;
    seg_error err = { 0 };
    assert_int_equal(seg_rules_weights_begin(&w, &schema, "wholemeal", &err), SEG_E_USAGE);
    assert_string_equal(err.text, "--weights names 'wholemeal', which is no column of the data;"
                                  " did you mean 'whole'?");
    assert_int_equal(seg_rules_weights_begin(&w, &schema, "shop", &err), SEG_E_USAGE);
    assert_string_equal(err.text, "--weights names 'shop', which is no number");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_as_it_was),
        cmocka_unit_test(nothing_is_kept_of_plain_baskets),
        cmocka_unit_test(a_damaged_file_is_refused),
        cmocka_unit_test(survives_every_failing_allocation),
        cmocka_unit_test(names_the_row_of_a_bad_weight),
        cmocka_unit_test(counts_whole_numbers_of_any_column),
        cmocka_unit_test(weights_are_a_column_of_numbers),
    };
    return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}

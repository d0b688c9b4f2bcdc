/* Writing named arrays and reading them back: values, texts, trees, equal bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/try.h"
#include "data/h5.h"
#include "tests/support/files.h"

static seg_error err;

#define OK(call)                     \
    do {                             \
        seg_status s_ = (call);      \
        if (s_ != SEG_OK)            \
            fail_msg("%s", err.text); \
    } while (0)

static const float x[6] = { 1, 2.5f, -3, 4, NAN, 6 };
static const char ids[3][8] = { "anna", "bj\xc3\xb6rn", "carl" };
static const int32_t codes[3] = { 1, -1, 0 };
static const int64_t cents[3] = { 1250, INT64_MIN, -99 };
static const char *const colours[2] = { "red", "blue" };

static seg_status fill_tree(seg_h5_writer *w, seg_error *e)
{
    seg_doc *doc = seg_doc_new();
    seg_node *root = seg_doc_root(doc);
    seg_put_int(root, "k", 8);
    seg_put_real(root, "tol", 1e-4);
    seg_put_bool(root, "auto", true);
    seg_put_null(root, "previous");
    seg_put_text(root, "init", "greedy");
    seg_put_text(root, "price/unit", "");
    seg_node *sizes = seg_put_array(root, "sizes");
    seg_put_int(sizes, NULL, 3);
    seg_put_int(sizes, NULL, 5);
    seg_node *deep = seg_put_array(root, "scan");
    seg_put_int(seg_put_object(deep, NULL), "k", 2);
    seg_put_array(root, "empty");
    seg_status st = seg_doc_status(doc, e);
    if (st == SEG_OK)
        st = seg_h5_put_doc(w, "uns/segmill/options", root, e);
    seg_doc_free(doc);
    return st;
}

static seg_status write_sample(const char *path, seg_error *e)
{
    seg_status st = SEG_OK;
    seg_h5_writer *w = NULL;
    seg_column colour = { .name = "colour", .type = SEG_TYPE_CODE, .levels = colours,
                          .n_levels = 2 };
    seg_column money = { .name = "money", .type = SEG_TYPE_I64, .scale = 100, .unit = "money" };
    TRY(seg_h5_create(path, true, &w, e));
    TRY(seg_h5_put(w, "X", SEG_H5_F32, x, 3, 2, 0, e));
    TRY(seg_h5_frame_begin(w, "obs", "name", ids[0], 3, 8, e));
    TRY(seg_h5_frame_column(w, &colour, codes, e));
    TRY(seg_h5_frame_column(w, &money, NULL, e));
    TRY(seg_h5_frame_end(w, e));
    TRY(seg_h5_fill(w, "obs/money", 1, cents + 1, 2, e));
    TRY(seg_h5_fill(w, "obs/money", 0, cents, 1, e));
    TRY(seg_h5_put_text(w, "uns/segmill/kind", "model", e));
    TRY(seg_h5_put_texts(w, "uns/model/names", colours, 2, e));
    TRY(fill_tree(w, e));
    TRY(seg_h5_commit(w, e));

done:
    seg_h5_writer_close(w);
    return st;
}

static seg_status read_sample(const char *path, seg_error *e)
{
    seg_status st = SEG_OK;
    seg_h5 *file = NULL;
    float *back = NULL;
    uint64_t n;
    const char *const *names;
    size_t n_names;
    seg_doc *doc = seg_doc_new();
    TRY(seg_h5_open(path, &file, e));
    TRY(seg_h5_get(file, "X", SEG_H5_F32, 100, 2, &back, &n, e));
    TRY(seg_h5_get_texts(file, "uns/model/names", &names, &n_names, e));
    TRY(seg_h5_get_doc(file, "uns/segmill/options", seg_doc_root(doc), e));
    TRY(seg_doc_status(doc, e));

done:
    seg_doc_free(doc);
    seg_free(back);
    seg_h5_close(file);
    return st;
}

static void gives_back_what_was_put(void **state)
{
    (void)state;
    seg_h5 *file;
    float *back;
    uint64_t n;
    OK(write_sample("a.h5", &err));
    OK(seg_h5_open("a.h5", &file, &err));
    OK(seg_h5_get(file, "X", SEG_H5_F32, 100, 2, &back, &n, &err));
    assert_int_equal(n, 3);
    assert_memory_equal(back, x, sizeof x);
    seg_free(back);

    char names[3][8];
    OK(seg_h5_read(file, "obs/name", SEG_H5_TEXT, 8, 0, 3, names, &err));
    assert_memory_equal(names, ids, sizeof ids);
    int32_t code[3];
    seg_h5_array info;
    OK(seg_h5_info(file, "obs/colour/codes", &info, &err));
    assert_int_equal(info.type, SEG_H5_I8);
    OK(seg_h5_read(file, "obs/colour/codes", SEG_H5_I32, 0, 0, 3, code, &err));
    assert_memory_equal(code, codes, sizeof codes);
    int64_t money[2];
    OK(seg_h5_read(file, "obs/money", SEG_H5_I64, 0, 1, 2, money, &err));
    assert_memory_equal(money, cents + 1, sizeof money);
    const char *kind;
    OK(seg_h5_get_text(file, "uns/segmill/kind", &kind, &err));
    assert_string_equal(kind, "model");
    assert_string_equal(seg_h5_get_attribute(file, "", "encoding-type"), "anndata");
    assert_string_equal(seg_h5_get_attribute(file, "obs/money", "unit"), "money");
    assert_null(seg_h5_get_attribute(file, "obs/money", "nothing"));
    assert_true(seg_h5_has(file, "obs/money"));
    assert_false(seg_h5_has(file, "obs/money/more"));
    assert_false(seg_h5_has(file, "nobody"));
    seg_h5_close(file);
}

static void trees_survive(void **state)
{
    (void)state;
    seg_h5 *file;
    OK(write_sample("tree.h5", &err));
    OK(seg_h5_open("tree.h5", &file, &err));
    seg_doc *doc = seg_doc_new();
    OK(seg_h5_get_doc(file, "uns/segmill/options", seg_doc_root(doc), &err));
    assert_string_equal(seg_doc_json(doc, 0),
                        "{\"k\": 8, \"tol\": 0.0001, \"auto\": true, \"previous\": null, "
                        "\"init\": \"greedy\", \"price/unit\": \"\", \"sizes\": [3, 5], "
                        "\"scan\": [{\"k\": 2}], \"empty\": []}");
    seg_doc_free(doc);
    seg_h5_close(file);
}

static void members_come_in_the_order_of_writing(void **state)
{
    (void)state;
    seg_h5 *file;
    const char *const *names;
    size_t n;
    OK(write_sample("order.h5", &err));
    OK(seg_h5_open("order.h5", &file, &err));
    OK(seg_h5_members(file, "", &names, &n, &err));
    assert_int_equal(n, 3);
    assert_string_equal(names[0], "X");
    assert_string_equal(names[1], "obs");
    assert_string_equal(names[2], "uns");
    seg_h5_close(file);
}

static void equal_content_is_equal_bytes(void **state)
{
    (void)state;
    size_t n, m;
    OK(write_sample("one.h5", &err));
    sleep(1);   /* a clock in the file would show */
    OK(write_sample("another.h5", &err));
    char *a = read_bytes("one.h5", &n), *b = read_bytes("another.h5", &m);
    assert_int_equal(n, m);
    assert_memory_equal(a, b, n);
    free(a);
    free(b);
}

static void large_arrays_begin_on_a_page(void **state)
{
    (void)state;
    enum { N = 4096 };
    static float big[N];
    seg_h5_writer *w;
    for (int i = 0; i < N; i++)
        big[i] = (float)i;
    OK(seg_h5_create("map.h5", true, &w, &err));
    OK(seg_h5_put_text(w, "uns/x", "odd", &err));
    OK(seg_h5_reserve(w, "X", SEG_H5_F32, N / 4, 4, 0, &err));
    OK(seg_h5_fill(w, "X", 0, big, N / 4, &err));
    OK(seg_h5_commit(w, &err));
    seg_h5_writer_close(w);
    size_t n;
    char *bytes = read_bytes("map.h5", &n);
    char *at = memmem(bytes, n, big, sizeof big);
    assert_non_null(at);
    assert_int_equal((at - bytes) % 4096, 0);
    free(bytes);
}

static void nothing_is_left_without_a_commit(void **state)
{
    (void)state;
    seg_h5_writer *w;
    OK(seg_h5_create("never.h5", true, &w, &err));
    OK(seg_h5_put_int(w, "uns/k", 3, &err));
    seg_h5_writer_close(w);
    assert_int_equal(access("never.h5", F_OK), -1);
}

static void refuses_to_commit_a_hole(void **state)
{
    (void)state;
    seg_h5_writer *w;
    OK(seg_h5_create("hole.h5", true, &w, &err));
    OK(seg_h5_reserve(w, "X", SEG_H5_F32, 3, 2, 0, &err));
    OK(seg_h5_fill(w, "X", 0, x, 2, &err));
    assert_int_equal(seg_h5_commit(w, &err), SEG_E_IO);
    assert_string_equal(err.text, "'X' was given 2 of its 3 rows");
    seg_h5_writer_close(w);
}

static void refuses_values_that_do_not_fit(void **state)
{
    (void)state;
    seg_h5 *file;
    int8_t small[3];
    OK(write_sample("fit.h5", &err));
    OK(seg_h5_open("fit.h5", &file, &err));
    assert_int_equal(seg_h5_read(file, "obs/money", SEG_H5_I8, 0, 0, 3, small, &err),
                     SEG_E_DATA);
    assert_non_null(strstr(err.text, "row 1"));
    assert_int_equal(seg_h5_read(file, "X", SEG_H5_F32, 0, 2, 2, small, &err), SEG_E_DATA);
    int64_t *wide;
    uint64_t n;
    assert_int_equal(seg_h5_get(file, "obs/money", SEG_H5_I64, 2, 0, &wide, &n, &err),
                     SEG_E_DATA);
    assert_null(wide);
    seg_h5_close(file);
}

static void every_flipped_bit_of_data_is_found(void **state)
{
    (void)state;
    const char *path = "flip.h5";
    size_t n, n_found = 0;
    OK(write_sample(path, &err));
    OK(seg_h5_verify(path, NULL, &err));
    char *bytes = read_bytes(path, &n);
    for (size_t at = 0; at + sizeof x <= n; at++)   /* X and the names, wherever they are */
        if (memcmp(bytes + at, x, sizeof x) == 0 || memcmp(bytes + at, ids, sizeof ids) == 0) {
            bytes[at + 9] ^= 4;
            FILE *f = fopen(path, "wb");
            fwrite(bytes, 1, n, f);
            fclose(f);
            assert_int_equal(seg_h5_verify(path, NULL, &err), SEG_E_VERIFY);
            assert_non_null(strstr(err.text, bytes[at] == 'a' ? "'obs/name'" : "'X'"));
            bytes[at + 9] ^= 4;
            n_found++;
        }
    assert_int_equal(n_found, 2);
    free(bytes);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    const char *path = "alloc.h5";
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_alloc_fail_after = n;
        st = write_sample(path, &err);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, 0);
    }
    assert_int_equal(st, SEG_OK);
    st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_alloc_fail_after = n;
        st = read_sample(path, &err);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, 0);
    }
    if (st != SEG_OK)
        fail_msg("%s", err.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_what_was_put),
        cmocka_unit_test(trees_survive),
        cmocka_unit_test(members_come_in_the_order_of_writing),
        cmocka_unit_test(equal_content_is_equal_bytes),
        cmocka_unit_test(large_arrays_begin_on_a_page),
        cmocka_unit_test(nothing_is_left_without_a_commit),
        cmocka_unit_test(refuses_to_commit_a_hole),
        cmocka_unit_test(refuses_values_that_do_not_fit),
        cmocka_unit_test(every_flipped_bit_of_data_is_found),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}

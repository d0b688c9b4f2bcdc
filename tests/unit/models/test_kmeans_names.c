/* The user's own names: which are taken, and what is said of each that is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "models/kmeans_names.h"
#include "tests/support/files.h"

enum { K = 4 };

static const seg_column features[] = { { .name = "orders", .type = SEG_TYPE_F32 },
                                       { .name = "spend", .type = SEG_TYPE_F32 } };
static const seg_schema schema = { .kind = SEG_KIND_FEATURES, .features = features,
                                   .n_features = 2 };

static seg_kmeans_model *new_model(void)
{
    static const double z[K * 2] = { 2, 1, -2, -1, 0.1, 0, 3, 1.5 };
    seg_kmeans_model *m;
    assert_int_equal(seg_kmeans_model_new(K, 2, &m, NULL), SEG_OK);
    memcpy(m->z, z, sizeof z);
    for (size_t j = 0; j < K; j++)
        m->size[j] = 5;
    assert_int_equal(seg_kmeans_name_segments(m, &schema, NULL), SEG_OK);
    return m;
}

static void write_names(const char *text, size_t n)
{
    FILE *file = fopen("names.csv", "wb");
    assert_int_equal(fwrite(text, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

/* *model null: reading must fail; else putting them on. */
static void refused(const char *text, size_t n, bool on_reading, const char *words)
{
    seg_kmeans_names *names;
    seg_error err = { .text = "" };
    write_names(text, n);
    seg_status st = seg_kmeans_names_read("names.csv", &names, &err);
    if (!on_reading) {
        if (st != SEG_OK)
            fail_msg("'%s': %s", text, err.text);
        seg_kmeans_model *m = new_model();
        const char *before[K];
        memcpy(before, m->names, sizeof before);
        st = seg_kmeans_names_apply(names, m, &err);
        assert_memory_equal(before, m->names, sizeof before);
        seg_kmeans_model_free(m);
        seg_kmeans_names_free(names);
    } else {
        assert_null(names);
    }
    assert_int_equal(st, SEG_E_DATA);
    if (strstr(err.text, words) == NULL || strncmp(err.text, "names.csv: ", 11) != 0)
        fail_msg("'%s' does not say '%s'", err.text, words);
}

#define REFUSED(text, words) refused(text, sizeof(text) - 1, true, words)
#define NOT_APPLIED(text, words) refused(text, sizeof(text) - 1, false, words)

static void expect_names(const char *text, const char *const *expected)
{
    seg_kmeans_names *names;
    seg_error err = { .text = "" };
    seg_kmeans_model *m = new_model();
    write_names(text, strlen(text));
    if (seg_kmeans_names_read("names.csv", &names, &err) != SEG_OK
        || seg_kmeans_names_apply(names, m, &err) != SEG_OK)
        fail_msg("%s", err.text);
    seg_kmeans_names_free(names);   /* names in the model are its own */
    for (size_t j = 0; j < K; j++)
        assert_string_equal(m->names[j], expected[j]);
    seg_kmeans_model_free(m);
}

static void without_a_profile_centroids_make_the_names(void **state)
{
    (void)state;
    seg_kmeans_model *m = new_model();
    assert_string_equal(m->names[0], "high orders and high spend");
    assert_string_equal(m->names[1], "low orders and low spend");
    assert_string_equal(m->names[2], "typical");
    assert_string_equal(m->names[3], "very high orders and high spend");   /* farther out */
    seg_kmeans_model_free(m);
}

static void very_many_segments_have_numbers_for_names(void **state)
{
    (void)state;
    seg_kmeans_model *m;
    assert_int_equal(seg_kmeans_model_new(2000, 2, &m, NULL), SEG_OK);
    m->names[5] = "segment 7";
    assert_int_equal(seg_kmeans_name_segments(m, &schema, NULL), SEG_OK);
    assert_string_equal(m->names[5], "segment 7");
    assert_string_equal(m->names[7], "segment 7 (7)");
    assert_string_equal(m->names[1999], "segment 1999");
    seg_kmeans_model_free(m);
}

static void equal_suggestions_get_numbers(void **state)
{
    (void)state;
    seg_kmeans_model *m;
    assert_int_equal(seg_kmeans_model_new(3, 2, &m, NULL), SEG_OK);
    m->size[0] = m->size[1] = 1;
    assert_int_equal(seg_kmeans_name_segments(m, &schema, NULL), SEG_OK);
    assert_string_equal(m->names[0], "typical");
    assert_string_equal(m->names[1], "typical (1)");
    assert_string_equal(m->names[2], "empty");
    seg_kmeans_model_free(m);
}

static void segments_are_named_by_number_or_name(void **state)
{
    (void)state;
    expect_names("segment,name\n0,Champions\ntypical,\"The \"\"usual\"\" ones\"\n",
                 (const char *const[]){ "Champions", "low orders and low spend",
                                        "The \"usual\" ones", "very high orders and high spend" });
    expect_names("\xEF\xBB\xBF" "1 , Sch\xC3\xB6ne Gr\xC3\xBC\xC3\x9F" "e \r\n\r\n3,x",
                 (const char *const[]){ "high orders and high spend",
                                        "Sch\xC3\xB6ne Gr\xC3\xBC\xC3\x9F" "e", "typical", "x" });
}

static void names_may_change_places(void **state)
{
    (void)state;
    expect_names("2,low orders and low spend\n1,typical\n",
                 (const char *const[]){ "high orders and high spend", "typical",
                                        "low orders and low spend",
                                        "very high orders and high spend" });
}

static void says_what_is_wrong_and_where(void **state)
{
    (void)state;
    REFUSED("", "no names in it");
    REFUSED("segment,name\n", "no names in it");
    REFUSED("0\n", "line 1: expected SEGMENT,NAME");
    REFUSED("0,a\n1,b,c\n", "line 2: expected SEGMENT,NAME");
    REFUSED("0,\"a\n", "line 1: expected SEGMENT,NAME");
    REFUSED("0,\"a\"b\n", "line 1: expected SEGMENT,NAME");
    REFUSED("0,a\n\n,b\n", "line 3: no segment is given");
    REFUSED("0, \n", "line 1: the name is empty");
    REFUSED("0,\"a,b\"\n", "line 1: the name has a comma");
    REFUSED("0,a\tb\n", "line 1: the name has a control character");
    REFUSED("0,a\x7F" "b\n", "line 1: the name has a control character");
    REFUSED("0,a\xC2\x9B" "b\n", "line 1: the name has a control character");
    REFUSED("0,a\xFF\n", "line 1: the name has bytes that are no UTF-8 text");
    REFUSED("0,a\0b\n", "line 1: the name has bytes that are no UTF-8 text");
    REFUSED("0,17\n", "line 1: the name is a number");
    REFUSED("0,a\n1,a\n", "line 2: the name 'a' is given twice, first in line 1");
    REFUSED("0,a\n1,b\n0,c\n", "line 3: segment '0' has a name already, in line 1");
    char text[128] = "0,";
    memset(text + 2, 'n', 101);
    refused(text, strlen(text), true, "line 1: the name has more than 100 bytes");
}

static void refuses_segments_that_are_not_there(void **state)
{
    (void)state;
    NOT_APPLIED("0,a\n4,b\n", "line 2: no segment 4; there are 0 to 3");
    NOT_APPLIED("99999999999999999999,b\n", "line 1: no segment is called '99999999999999999999'");
    NOT_APPLIED("VIP,b\n", "line 1: no segment is called 'VIP'; give its number, 0 to 3");
    NOT_APPLIED("2,a\ntypical,b\n", "line 2: segment 2 has a name already, 'a'");
    NOT_APPLIED("0,typical\n", "line 1: segment 2 is called 'typical' already; give it another");
}

static seg_status go_through(seg_kmeans_model *m, seg_error *err)
{
    seg_kmeans_names *names;
    seg_status st = seg_kmeans_names_read("names.csv", &names, err);
    if (st == SEG_OK)
        st = seg_kmeans_names_apply(names, m, err);
    seg_kmeans_names_free(names);
    return st;
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    seg_error err;
    seg_status st = SEG_E_AGAIN;
    write_names("0,a\ntypical,\"b\"\n", 16);
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_kmeans_model *m = new_model();
        seg_alloc_fail_after = n;
        st = go_through(m, &err);
        seg_alloc_fail_after = -1;
        seg_kmeans_model_free(m);
        assert_int_equal(seg_alloc_live, 0);
    }
    assert_int_equal(st, SEG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_profile_centroids_make_the_names),
        cmocka_unit_test(very_many_segments_have_numbers_for_names),
        cmocka_unit_test(equal_suggestions_get_numbers),
        cmocka_unit_test(segments_are_named_by_number_or_name),
        cmocka_unit_test(names_may_change_places),
        cmocka_unit_test(says_what_is_wrong_and_where),
        cmocka_unit_test(refuses_segments_that_are_not_there),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}

/* Segments that keep their numbers: pairs worked out by hand, and what a second training of
 * the same customers must give. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "models/kmeans_names.h"
#include "models/kmeans_previous.h"
#include "tests/support/files.h"

enum { D = 2 };

static const seg_column features[] = {
    { .name = "orders", .type = SEG_TYPE_F32 }, { .name = "spend", .type = SEG_TYPE_F32 },
    { .name = "visits", .type = SEG_TYPE_F32 },
};
static const seg_schema data = { .kind = SEG_KIND_FEATURES, .features = features,
                                 .n_features = 3, .as_of_day = SEG_MISSING_DAY };
static const size_t both[] = { 0, 1 }, swapped[] = { 1, 0 };

/* Centroids on a line, j at (j, 10 j), in units of 1: scaled is plain. */
static seg_kmeans_model *model_of(size_t k, const double *orders)
{
    seg_kmeans_model *m;
    assert_int_equal(seg_kmeans_model_new(k, D, &m, NULL), SEG_OK);
    for (size_t j = 0; j < k; j++) {
        m->z[j * D] = orders[j];
        m->z[j * D + 1] = 10 * orders[j];
        m->spread[j] = 1;
        m->size[j] = 100 + (int64_t)j;
    }
    for (size_t f = 0; f < D; f++)
        m->inverse[f] = 1;
    seg_kmeans_centres_set(&m->centres, m->z, k);
    return m;
}

static void save(const char *path, size_t k, const double *orders, const char *const *names,
                 const size_t *columns)
{
    seg_error err = { .text = "" };
    seg_model *model;
    assert_int_equal(SEG_ALLOC(&model, 1, "a model", NULL), SEG_OK);
    model->method = &seg_method_kmeans;
    model->info = seg_doc_new();
    assert_int_equal(seg_schema_new(SEG_KIND_FEATURES, &model->schema, NULL), SEG_OK);
    for (size_t f = 0; f < D; f++)
        assert_int_equal(seg_schema_add_feature(model->schema, &features[columns[f]], NULL), SEG_OK);
    seg_kmeans_model *m = model_of(k, orders);
    for (size_t j = 0; j < k; j++)
        m->names[j] = names[j];
    model->state = m;
    if (seg_model_save(model, path, &err) != SEG_OK)
        fail_msg("%s", err.text);
    seg_model_free(model);
}

static const char *const old_names[] = { "red", "green", "blue", "grey", "white", "black" };

static seg_kmeans_previous *open_old(size_t k, const double *orders, const size_t *columns)
{
    seg_error err = { .text = "" };
    seg_kmeans_previous *p;
    save("old.model", k, orders, old_names, columns);
    if (seg_kmeans_previous_open("old.model", &data, both, NULL, D, &p, &err) != SEG_OK)
        fail_msg("%s", err.text);
    return p;
}

static void check_numbers(const seg_kmeans_previous *p, const int *number, const int *was)
{
    for (size_t j = 0; j < p->k; j++) {
        assert_int_equal(p->number[j], number[j]);
        assert_int_equal(p->was[j], was[j]);
    }
}

/* ---- by hand ---------------------------------------------------------------------------------- */

static void most_customers_keep_their_number(void **state)
{
    (void)state;
    static const double at[] = { 0, 1, 2 };
    static const int64_t counts[] = { 5, 90, 5,    /* old 0 is trained 1 */
                                      40, 20, 50,  /* old 1 is trained 2, */
                                      45, 0, 30 }; /*   as old 2 is trained 0: 90 + 50 + 45 */
    seg_kmeans_previous *p = open_old(3, at, both);
    seg_kmeans_model *m = model_of(3, at);
    assert_int_equal(seg_kmeans_previous_match(p, m, counts, NULL), SEG_OK);
    check_numbers(p, (int[]){ 2, 0, 1 }, (int[]){ 0, 1, 2 });
    static const int64_t by_new[] = { 90, 5, 5, 20, 50, 40, 0, 30, 45 };
    assert_memory_equal(p->counts, by_new, sizeof by_new);

    assert_int_equal(seg_kmeans_permute(m, p, NULL), SEG_OK);
    assert_true(m->z[0] == 1 && m->z[2] == 2 && m->z[4] == 0 && m->z[5] == 0);
    assert_int_equal(m->size[0], 101);
    assert_int_equal(m->size[2], 100);
    assert_string_equal(m->names[0], "red");
    assert_string_equal(m->names[2], "blue");
    seg_kmeans_model_free(m);
    seg_kmeans_previous_close(p);
}

static void distances_decide_between_equal_sums(void **state)
{
    (void)state;
    static const double at[] = { 0, 1, 2 }, moved[] = { 2.1, 0.1, 0.9 };
    static const int64_t counts[] = { 10, 10, 10, 10, 10, 10, 10, 10, 10 };
    for (int counted = 0; counted < 2; counted++) {
        seg_kmeans_previous *p = open_old(3, at, both);
        seg_kmeans_model *m = model_of(3, moved);
        assert_int_equal(seg_kmeans_previous_match(p, m, counted ? counts : NULL, NULL), SEG_OK);
        check_numbers(p, (int[]){ 2, 0, 1 }, (int[]){ 0, 1, 2 });
        seg_kmeans_model_free(m);
        seg_kmeans_previous_close(p);
    }
}

static void features_are_matched_by_name(void **state)
{
    (void)state;
    static const double at[] = { 0, 3 };
    seg_kmeans_previous *p = open_old(2, at, swapped);   /* its first feature is spend */
    assert_int_equal(p->columns[0], 1);
    assert_int_equal(p->feature[0], 1);
    seg_kmeans_model *m;
    assert_int_equal(seg_kmeans_model_new(2, D, &m, NULL), SEG_OK);
    /* spend 0 and orders 0; spend 3 and orders 30, as seen scaled by 1/2 and moved by 1 */
    static const double z[] = { 14.5, 1, -0.5, -0.5 };
    memcpy(m->z, z, sizeof z);
    for (size_t f = 0; f < D; f++) {
        m->shift[f] = 1;
        m->inverse[f] = 0.5;
    }
    m->spread[0] = m->spread[1] = 1e-9;   /* the same to the bit, or not the same */
    m->size[0] = m->size[1] = 10;
    assert_int_equal(seg_kmeans_previous_match(p, m, NULL, NULL), SEG_OK);
    check_numbers(p, (int[]){ 1, 0 }, (int[]){ 0, 1 });
    seg_kmeans_model_free(m);
    seg_kmeans_previous_close(p);
}

static void a_segment_with_few_customers_in_common_is_new(void **state)
{
    (void)state;
    static const double at[] = { 0, 1, 2 };
    /* of old 1 (200 customers) 19 are in trained 1, which has 9 others: fewer than a tenth of
     * the 209 in either; 23 of 209 are not */
    for (int64_t common = 19; common <= 23; common += 4) {
        const int64_t counts[] = { 91, 9, 0, 0, common, 200 - common, 0, 0, 1000 };
        seg_kmeans_previous *p = open_old(3, at, both);
        seg_kmeans_model *m = model_of(3, at);
        assert_int_equal(seg_kmeans_previous_match(p, m, counts, NULL), SEG_OK);
        check_numbers(p, (int[]){ 0, 1, 2 }, (int[]){ 0, common == 23 ? 1 : -1, 2 });
        assert_int_equal(seg_kmeans_previous_fate(p, 1),
                         common == 23 ? SEG_KMEANS_SAME : SEG_KMEANS_NEW);
        assert_int_equal(seg_kmeans_permute(m, p, NULL), SEG_OK);
        assert_true((m->names[1] == NULL) == (common == 19));
        seg_kmeans_model_free(m);
        seg_kmeans_previous_close(p);
    }
}

static void more_segments_get_the_next_numbers(void **state)
{
    (void)state;
    static const double at[] = { 0, 1 }, fresh[] = { 5, 1, 7, 0 };
    static const int64_t counts[] = { 0, 2, 10, 80, 5, 70, 5, 0 };
    seg_kmeans_previous *p = open_old(2, at, both);
    seg_kmeans_model *m = model_of(4, fresh);
    assert_int_equal(seg_kmeans_previous_match(p, m, counts, NULL), SEG_OK);
    check_numbers(p, (int[]){ 2, 1, 3, 0 }, (int[]){ 0, 1, -1, -1 });
    seg_kmeans_model_free(m);
    seg_kmeans_previous_close(p);
}

static void fewer_segments_fill_the_numbers_of_the_vanished(void **state)
{
    (void)state;
    static const double at[] = { 0, 1, 2, 3, 4 }, fresh[] = { 4, 2, 0 };
    /* old 0 -> trained 2, old 2 -> trained 1, old 4 -> trained 0; 1 and 3 are gone */
    static const int64_t counts[] = { 0, 0, 50, 5, 6, 7, 0, 40, 0, 9, 9, 9, 60, 0, 0 };
    seg_kmeans_previous *p = open_old(5, at, both);
    seg_kmeans_model *m = model_of(3, fresh);
    assert_int_equal(seg_kmeans_previous_match(p, m, counts, NULL), SEG_OK);
    check_numbers(p, (int[]){ 1, 2, 0 }, (int[]){ 0, 4, 2 });
    assert_int_equal(seg_kmeans_previous_fate(p, 1), SEG_KMEANS_RENUMBERED);
    assert_int_equal(seg_kmeans_permute(m, p, NULL), SEG_OK);
    assert_string_equal(m->names[1], "white");
    assert_int_equal(seg_kmeans_name_segments(m, &data, NULL), SEG_OK);

    seg_doc *doc = seg_doc_new();
    const seg_node *root = seg_doc_root(doc);
    assert_int_equal(seg_kmeans_previous_put(p, m, seg_doc_root(doc), NULL), SEG_OK);
    assert_int_equal(seg_node_int(seg_node_get(root, "previous.customers"), 0), 195);
    assert_int_equal(seg_node_int(seg_node_get(root, "previous.stayed"), 0), 150);
    assert_int_equal(seg_node_int(seg_node_get(root, "previous.kept"), 0), 2);
    assert_int_equal(seg_node_int(seg_node_get(root, "previous.renumbered"), 0), 1);
    assert_int_equal(seg_node_int(seg_node_get(root, "previous.vanished"), 0), 2);
    const seg_node *gone = seg_node_get(root, "vanished_segments");
    assert_int_equal(seg_node_count(gone), 2);
    assert_string_equal(seg_node_text(seg_node_get(seg_node_at(gone, 1), "segment_name"), ""),
                        "grey");
    const seg_node *flows = seg_node_get(root, "migration");
    assert_int_equal(seg_node_count(flows), 1 + 3 + 1 + 3 + 1);
    const seg_node *flow = seg_node_at(flows, 1);   /* the largest of old 1 went to trained 2 */
    assert_int_equal(seg_node_int(seg_node_get(flow, "to"), -1), 0);
    assert_int_equal(seg_node_int(seg_node_get(flow, "customers"), -1), 7);
    assert_true(seg_node_real(seg_node_get(flow, "share"), 0) == 7.0 / 18);
    seg_doc_free(doc);
    seg_kmeans_model_free(m);
    seg_kmeans_previous_close(p);
}

static void far_centroids_are_new_segments_without_counts(void **state)
{
    (void)state;
    static const double at[] = { 0, 1 }, fresh[] = { 0, 1.3 };
    seg_kmeans_previous *p = open_old(2, at, both);
    seg_kmeans_model *m = model_of(2, fresh);
    assert_int_equal(seg_kmeans_previous_match(p, m, NULL, NULL), SEG_OK);
    /* 0.3 and 3 apart, beyond 2 */
    check_numbers(p, (int[]){ 0, 1 }, (int[]){ 0, -1 });
    seg_doc *doc = seg_doc_new();
    assert_int_equal(seg_kmeans_permute(m, p, NULL), SEG_OK);
    assert_int_equal(seg_kmeans_name_segments(m, &data, NULL), SEG_OK);
    assert_int_equal(seg_kmeans_previous_put(p, m, seg_doc_root(doc), NULL), SEG_OK);
    assert_null(seg_node_get(seg_doc_root(doc), "migration"));
    assert_null(seg_node_get(seg_doc_root(doc), "previous.stayed"));
    assert_int_equal(seg_node_int(seg_node_get(seg_doc_root(doc), "previous.new"), -1), 1);
    seg_doc_free(doc);
    seg_kmeans_model_free(m);
    seg_kmeans_previous_close(p);
}

static void a_new_name_is_not_that_of_an_old_segment(void **state)
{
    (void)state;
    static const double at[] = { 0, 1 }, fresh[] = { 0, 9 };
    static const char *const names[] = { "high spend and high orders", "low spend" };
    static const int64_t counts[] = { 50, 1, 50, 1 };
    seg_kmeans_previous *p;
    save("old.model", 2, at, names, both);
    assert_int_equal(seg_kmeans_previous_open("old.model", &data, both, NULL, D, &p, NULL), SEG_OK);
    seg_kmeans_model *m = model_of(2, fresh);
    assert_int_equal(seg_kmeans_previous_match(p, m, counts, NULL), SEG_OK);
    assert_int_equal(seg_kmeans_permute(m, p, NULL), SEG_OK);
    seg_schema schema = data;
    schema.n_features = D;
    assert_int_equal(seg_kmeans_name_segments(m, &schema, NULL), SEG_OK);
    assert_string_equal(m->names[0], names[0]);
    assert_string_equal(m->names[1], "high spend");   /* the pair of traits is taken */
    seg_kmeans_model_free(m);
    seg_kmeans_previous_close(p);
}

/* ---- refusals ------------------------------------------------------------------------------------ */

static void refuses(const char *path, const size_t *columns, size_t d, const char *words)
{
    seg_kmeans_previous *p;
    seg_error err = { .text = "" };
    assert_int_equal(seg_kmeans_previous_open(path, &data, columns, NULL, d, &p, &err), SEG_E_DATA);
    assert_null(p);
    if (strstr(err.text, words) == NULL)
        fail_msg("'%s' does not say '%s'", err.text, words);
}

static void names_the_features_that_differ(void **state)
{
    (void)state;
    static const double at[] = { 0, 1 };
    static const size_t others[] = { 0, 2 }, one[] = { 1 };
    save("old.model", 2, at, old_names, both);
    refuses("old.model", others, 2, "old.model: the previous model was made of other features:"
            " it has 'spend', and lacks 'visits'; its segments cannot be compared");
    refuses("old.model", one, 1, "it has 'orders'; its");
    refuses("old.model", (const size_t[]){ 0, 1, 2 }, 3, "it lacks 'visits'; its");
}

static void refuses_names_that_could_not_go_on(void **state)
{
    (void)state;
    static const double at[] = { 0, 1 };
    static const char *const twice[] = { "a", "a" }, *const comma[] = { "a", "b,c" };
    save("old.model", 2, at, twice, both);
    refuses("old.model", both, 2, "segments 0 and 1 have the same name");
    save("old.model", 2, at, comma, both);
    refuses("old.model", both, 2, "segment 1 has no proper name");
}

static void a_missing_file_is_an_error_of_the_system(void **state)
{
    (void)state;
    seg_kmeans_previous *p;
    seg_error err;
    assert_int_equal(seg_kmeans_previous_open("none.model", &data, both, NULL, D, &p, &err), SEG_E_IO);
    assert_null(p);
}

/* ---- memory ------------------------------------------------------------------------------------------ */

static seg_status go_through(seg_error *err)
{
    static const double fresh[] = { 5, 1, 7 };
    static const int64_t counts[] = { 3, 2, 80, 5, 70, 5 };
    seg_kmeans_previous *p = NULL;
    seg_kmeans_model *m = NULL;
    seg_doc *doc = NULL;
    seg_status st = seg_kmeans_previous_open("old.model", &data, both, NULL, D, &p, err);
    if (st == SEG_OK)
        st = seg_kmeans_model_new(3, D, &m, err);
    if (st == SEG_OK) {
        for (size_t j = 0; j < 3; j++)
            m->z[2 * j] = fresh[j];
        st = seg_kmeans_previous_match(p, m, counts, err);
    }
    if (st == SEG_OK)
        st = seg_kmeans_permute(m, p, err);
    if (st == SEG_OK)
        st = seg_kmeans_name_segments(m, &data, err);
    if (st == SEG_OK) {
        doc = seg_doc_new();
        st = seg_kmeans_previous_put(p, m, seg_doc_root(doc), err);
    }
    if (st == SEG_OK)
        st = seg_doc_status(doc, err);
    seg_doc_free(doc);
    seg_kmeans_model_free(m);
    seg_kmeans_previous_close(p);
    return st;
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    static const double at[] = { 0, 1 };
    seg_error err;
    seg_status st = SEG_E_AGAIN;
    save("old.model", 2, at, old_names, both);
    long live = seg_alloc_live;
    for (long n = 0; st == SEG_E_AGAIN && n < 100000; n++) {
        seg_alloc_fail_after = n;
        st = go_through(&err);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, live);
    }
    assert_int_equal(st, SEG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(most_customers_keep_their_number),
        cmocka_unit_test(distances_decide_between_equal_sums),
        cmocka_unit_test(features_are_matched_by_name),
        cmocka_unit_test(a_segment_with_few_customers_in_common_is_new),
        cmocka_unit_test(more_segments_get_the_next_numbers),
        cmocka_unit_test(fewer_segments_fill_the_numbers_of_the_vanished),
        cmocka_unit_test(far_centroids_are_new_segments_without_counts),
        cmocka_unit_test(a_new_name_is_not_that_of_an_old_segment),
        cmocka_unit_test(names_the_features_that_differ),
        cmocka_unit_test(refuses_names_that_could_not_go_on),
        cmocka_unit_test(a_missing_file_is_an_error_of_the_system),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}

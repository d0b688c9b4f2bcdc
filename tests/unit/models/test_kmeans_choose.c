/* The suggested number of segments on tables made by hand, one reason each. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "models/kmeans_choose.h"

enum { MAX = 12 };
static seg_kmeans_scan_row rows[MAX];

/* Stable, large enough, silhouette as given. */
static seg_kmeans_scan_row row_of(uint32_t k, double silhouette)
{
    seg_kmeans_scan_row row = seg_kmeans_scan_row_of(k);
    row.inertia = 1000.0 / k;
    row.silhouette = silhouette;
    row.simplified = silhouette + 0.1;
    row.stability = 0.93;
    row.worst_jaccard = 0.9;
    row.resamples = row.same = 20;
    row.smallest_share = 0.041;
    return row;
}

static void assert_choice(size_t n, uint32_t k, const char *reason)
{
    seg_text text = { 0 };
    size_t chosen = seg_kmeans_choose(rows, n);
    seg_kmeans_choose_reason(rows, n, chosen, &text);
    if (rows[chosen].k != k || strcmp(text.bytes, reason) != 0)
        fail_msg("chose %u: '%s'", (unsigned)rows[chosen].k, text.bytes);
    seg_text_free(&text);
}

static void the_highest_silhouette_wins(void **state)
{
    (void)state;
    rows[0] = row_of(3, 0.30);
    rows[1] = row_of(4, 0.41);
    rows[2] = row_of(5, 0.47);
    rows[3] = row_of(6, 0.40);
    assert_choice(4, 5, "5: the silhouette is highest (0.47), segments come out the same in 20 of"
                  " 20 resamples, the smallest holds 4.1 % of the customers");
}

static void a_difference_within_the_error_goes_to_fewer_segments(void **state)
{
    (void)state;
    rows[0] = row_of(3, 0.46);
    rows[1] = row_of(4, 0.468);
    rows[2] = row_of(5, 0.466);
    rows[3] = row_of(6, 0.473);
    assert_choice(4, 4, "4: the silhouette (0.47) is as good as the best (0.47 for 6) with fewer"
                  " segments, segments come out the same in 20 of 20 resamples, the smallest"
                  " holds 4.1 % of the customers");
}

static void a_handful_of_odd_customers_is_no_segment(void **state)
{
    (void)state;
    rows[0] = row_of(2, 0.91);
    rows[0].smallest_share = 0.0004;
    rows[1] = row_of(3, 0.44);
    rows[2] = row_of(4, 0.35);
    assert_choice(3, 3, "3: the silhouette is highest (0.44) among the numbers that hold up,"
                  " segments come out the same in 20 of 20 resamples, the smallest holds 4.1 %"
                  " of the customers; 2 would have 0.91, but its smallest segment holds"
                  " less than 0.1 %");
}

static void stable_segments_come_before_clear_ones(void **state)
{
    (void)state;
    rows[0] = row_of(3, 0.40);
    rows[1] = row_of(4, 0.55);
    rows[1].worst_jaccard = 0.55;
    assert_choice(2, 3, "3: the silhouette is highest (0.40) among the numbers that hold up,"
                  " segments come out the same in 20 of 20 resamples, the smallest holds 4.1 %"
                  " of the customers; 4 would have 0.55, but its segments do not come out again"
                  " as well");
    rows[1].worst_jaccard = 0.9;
    rows[1].stability = 0.74;
    assert_int_equal(seg_kmeans_choose(rows, 2), 0);
    rows[1].stability = 0.75;
    assert_int_equal(seg_kmeans_choose(rows, 2), 1);
}

static void a_pattern_is_better_than_none(void **state)
{
    (void)state;
    rows[0] = row_of(3, 0.50);
    rows[0].stability = 0.4;
    rows[1] = row_of(4, 0.20);
    rows[1].worst_jaccard = 0.63;
    assert_choice(2, 4, "4: the silhouette is highest (0.20) among the numbers that hold up,"
                  " segments come out roughly the same in resamples (agreement 0.63), the"
                  " smallest holds 4.1 % of the customers; 3 would have 0.50, but its segments do"
                  " not come out again as well; segments run into one another, so customers near"
                  " a border could be in either");
}

static void when_all_are_small_or_unstable_the_silhouette_still_decides(void **state)
{
    (void)state;
    for (uint32_t k = 3; k < 6; k++) {
        rows[k - 3] = row_of(k, k == 4 ? 0.5 : 0.3);
        rows[k - 3].smallest_share = 0.001;
        rows[k - 3].stability = 0.2;
    }
    assert_choice(3, 4, "4: the silhouette is highest (0.50), but segments come out differently"
                  " in resamples (agreement 0.20), the smallest holds only 0.1 % of the"
                  " customers; every number that was tried splits off a handful of unusual"
                  " customers");
}

/* Purchases as they are: a singleton is in a resample or not, which says nothing. */
static void where_all_have_tiny_segments_the_agreement_of_the_whole_counts(void **state)
{
    (void)state;
    rows[0] = row_of(5, 0.33);
    rows[0].stability = 0.5;
    rows[1] = row_of(6, 0.461);
    rows[1].stability = 0.88;
    rows[2] = row_of(7, 0.467);
    rows[2].stability = 0.89;
    rows[3] = row_of(10, 0.41);
    rows[3].stability = 0.89;
    for (size_t i = 0; i < 4; i++) {
        rows[i].smallest_share = 0.0002;
        rows[i].worst_jaccard = i == 3 ? 0.61 : 0.3;
        rows[i].same = 1;
    }
    assert_choice(4, 6, "6: the silhouette (0.46) is as good as the best (0.47 for 7) with fewer"
                  " segments, segments come out the same in resamples (agreement 0.88), the"
                  " smallest holds less than 0.1 % of the customers; every number that was tried"
                  " splits off a handful of unusual customers");
}

static void many_segments_may_be_smaller(void **state)
{
    (void)state;
    rows[0] = row_of(20, 0.3);
    rows[1] = row_of(25, 0.4);
    rows[1].smallest_share = 0.011;      /* a quarter of 1/25 is 1 % */
    assert_int_equal(seg_kmeans_choose(rows, 2), 1);
    rows[1].smallest_share = 0.0099;
    assert_int_equal(seg_kmeans_choose(rows, 2), 0);
}

static void without_resamples_the_prediction_strength_tells(void **state)
{
    (void)state;
    for (uint32_t k = 2; k < 5; k++) {
        rows[k - 2] = row_of(k, 0.3 + 0.05 * k);
        rows[k - 2].stability = rows[k - 2].worst_jaccard = (double)NAN;
        rows[k - 2].resamples = 0;
        rows[k - 2].prediction_strength = k < 4 ? 0.85 : 0.5;
    }
    assert_choice(3, 3, "3: the silhouette is highest (0.45) among the numbers that hold up, one"
                  " half of the customers tells the segments of the other (prediction strength"
                  " 0.85), the smallest holds 4.1 % of the customers; 4 would have 0.50, but its"
                  " segments do not come out again as well");
}

static void measures_that_are_missing_are_not_mentioned(void **state)
{
    (void)state;
    for (uint32_t k = 2; k < 5; k++) {
        rows[k - 2] = seg_kmeans_scan_row_of(k);
        rows[k - 2].simplified = k == 3 ? 0.6 : 0.5;
    }
    assert_choice(3, 3, "3: the simplified silhouette is highest (0.60)");
    for (uint32_t k = 2; k < 5; k++) {
        rows[k - 2].simplified = (double)NAN;
        rows[k - 2].calinski_harabasz = 1000 * k;
    }
    assert_choice(3, 4, "4: the Calinski-Harabasz index is highest (4000)");
    rows[1].calinski_harabasz = 3999;
    assert_choice(3, 3, "3: the Calinski-Harabasz index (3999) is as good as the best (4000 for"
                  " 4) with fewer segments");
    for (uint32_t k = 2; k < 5; k++)
        rows[k - 2] = seg_kmeans_scan_row_of(6 - k);
    assert_choice(3, 2, "2: nothing tells how clear segments are, so the fewest");
}

static void one_segment_is_not_compared(void **state)
{
    (void)state;
    rows[0] = row_of(1, (double)NAN);
    rows[0].simplified = (double)NAN;
    rows[0].smallest_share = 1;
    rows[1] = row_of(2, 0.3);
    rows[1].worst_jaccard = 0.5;
    rows[2] = row_of(3, 0.35);
    rows[2].worst_jaccard = 0.5;
    assert_int_equal(seg_kmeans_choose(rows, 3), 2);
}

static void one_k_is_what_was_asked_for(void **state)
{
    (void)state;
    rows[0] = row_of(8, 0.31);
    assert_choice(1, 8, "8: as asked for, the silhouette is 0.31, segments come out the same in"
                  " 20 of 20 resamples, the smallest holds 4.1 % of the customers");
}

static void the_order_of_the_rows_does_not_matter(void **state)
{
    (void)state;
    for (uint32_t k = 2; k < 12; k++) {
        rows[k - 2] = row_of(k, 0.4 + 0.001 * (k % 4));
        rows[k - 2].worst_jaccard = k % 3 == 0 ? 0.9 : 0.5;
    }
    uint32_t k = rows[seg_kmeans_choose(rows, 10)].k;
    assert_int_equal(k, 3);
    for (size_t i = 0; i < 5; i++) {
        seg_kmeans_scan_row kept = rows[i];
        rows[i] = rows[9 - i];
        rows[9 - i] = kept;
    }
    assert_int_equal(rows[seg_kmeans_choose(rows, 10)].k, k);
}

static void the_table_has_what_was_measured(void **state)
{
    (void)state;
    seg_doc *doc = seg_doc_new();
    rows[0] = row_of(3, 0.25);
    rows[1] = row_of(4, 0.5);
    rows[0].worst_jaccard = (double)NAN;
    assert_int_equal(seg_kmeans_scan_put(rows, 2, 1, seg_doc_root(doc), NULL), SEG_OK);
    assert_string_equal(seg_doc_json(doc, 0),
        "{\"suggested_k\": 4, \"suggestion\": \"4: the silhouette is highest (0.50), segments come"
        " out the same in 20 of 20 resamples, the smallest holds 4.1 % of the customers\", "
        "\"scan\": [{\"k\": 3, \"inertia\": 333.3333333333333, \"silhouette\": 0.25,"
        " \"simplified\": 0.35, \"stability\": 0.93, \"worst_jaccard\": null,"
        " \"smallest_share\": 0.041, \"resamples\": 20, \"same\": 20}, "
        "{\"k\": 4, \"inertia\": 250, \"silhouette\": 0.5, \"simplified\": 0.6,"
        " \"stability\": 0.93, \"worst_jaccard\": 0.9, \"smallest_share\": 0.041,"
        " \"resamples\": 20, \"same\": 20}]}");
    seg_doc_free(doc);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    seg_status st = SEG_E_AGAIN;
    rows[0] = row_of(3, 0.25);
    rows[1] = row_of(4, 0.5);
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        long live = seg_alloc_live;
        seg_alloc_fail_after = n;
        seg_doc *doc = seg_doc_new();
        st = seg_kmeans_scan_put(rows, 2, 1, seg_doc_root(doc), NULL);
        if (st == SEG_OK)
            st = seg_doc_status(doc, NULL);
        seg_alloc_fail_after = -1;
        seg_doc_free(doc);
        assert_int_equal(seg_alloc_live, live);
    }
    assert_int_equal(st, SEG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_highest_silhouette_wins),
        cmocka_unit_test(a_difference_within_the_error_goes_to_fewer_segments),
        cmocka_unit_test(a_handful_of_odd_customers_is_no_segment),
        cmocka_unit_test(stable_segments_come_before_clear_ones),
        cmocka_unit_test(a_pattern_is_better_than_none),
        cmocka_unit_test(when_all_are_small_or_unstable_the_silhouette_still_decides),
        cmocka_unit_test(where_all_have_tiny_segments_the_agreement_of_the_whole_counts),
        cmocka_unit_test(many_segments_may_be_smaller),
        cmocka_unit_test(without_resamples_the_prediction_strength_tells),
        cmocka_unit_test(measures_that_are_missing_are_not_mentioned),
        cmocka_unit_test(one_segment_is_not_compared),
        cmocka_unit_test(one_k_is_what_was_asked_for),
        cmocka_unit_test(the_order_of_the_rows_does_not_matter),
        cmocka_unit_test(the_table_has_what_was_measured),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

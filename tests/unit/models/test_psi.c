/* The stability index by hand, bins of the training rows against plain counts, rows that moved,
 * and files that lie. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "models/psi.h"

enum { N = 20000, D = 4, AGE = 0, FEW = 1, PLAN = 2, TOWN = 3, PLANS = 3, TOWNS = 40 };
static const char *const plans[PLANS] = { "gold", "silver", "bronze" };
static const char *towns[TOWNS];
static const char *const town_names = "t00t01t02t03t04t05t06t07t08t09";
static const seg_column features[D] = {
    { .name = "age", .type = SEG_TYPE_F32 },
    { .name = "few", .type = SEG_TYPE_F32 },
    { .name = "plan", .type = SEG_TYPE_CODE, .levels = plans, .n_levels = PLANS },
    { .name = "town", .type = SEG_TYPE_CODE, .levels = towns, .n_levels = TOWNS },
};
static const seg_schema schema = { .kind = SEG_KIND_FEATURES, .features = features,
                                   .n_features = D, .as_of_day = SEG_MISSING_DAY };
static float x[N][D], scores[N];

static void make_rows(uint64_t seed)
{
    seg_rng rng = { seed, 21 };
    for (size_t t = 0; t < TOWNS; t++)
        towns[t] = town_names;
    for (size_t i = 0; i < N; i++) {
        uint64_t at = 8 * i;
        double u = seg_rng_f64(rng, at + 3);
        x[i][AGE] = (float)(18 + 60 * seg_rng_f64(rng, at));
        x[i][FEW] = (float)seg_rng_below(rng, at + 1, 4);
        x[i][PLAN] = (float)seg_rng_below(rng, at + 2, PLANS);
        x[i][TOWN] = floorf((float)(u * u * (TOWNS - 1)));   /* the last is never seen */
        if (seg_rng_f64(rng, at + 4) < 0.1)
            x[i][AGE] = NAN;
        scores[i] = (float)seg_rng_f64(rng, at + 5);
    }
}

static seg_matrix rows(void)
{
    return (seg_matrix){ &x[0][0], N, D, D };
}

/* The index of the rows made before. */
static seg_status make_psi(seg_psi **out, seg_error *err)
{
    static const uint32_t n_levels[D] = { 0, 0, PLANS, TOWNS };
    static uint8_t use[N];
    float edges[SEG_DECILE_EDGES];
    static int64_t one[N];
    seg_bins *bins = NULL;
    *out = NULL;
    memset(use, 1, sizeof use);
    seg_status st = seg_bins_new(D, n_levels, N, 1, &bins, err);
    if (st == SEG_OK) {
        seg_bins_add(bins, rows(), 0, use, 1);
        st = seg_bins_finish(bins, 1, err);
    }
    if (st == SEG_OK)
        st = seg_psi_new(bins, &schema, &schema, out, err);
    seg_bins_free(bins);
    if (st != SEG_OK)
        return st;
    for (size_t k = 0; k < SEG_DECILE_EDGES; k++)
        edges[k] = 0.9f - 0.1f * (float)k;
    for (size_t i = 0; i < N; i++)
        one[i] = 1;
    seg_psi_set_scores(*out, edges, scores, one, N);
    return SEG_OK;
}

static seg_psi *psi_of_rows(void)
{
    seg_psi *psi;
    seg_error err;
    assert_int_equal(make_psi(&psi, &err), SEG_OK);
    return psi;
}

/* ---- the index --------------------------------------------------------------------- */

static void assert_near(double is, double expected)
{
    if (!(fabs(is - expected) < 1e-6))
        fail_msg("%.9f, not %.9f", is, expected);
}

static void equal_shares_have_index_0(void **state)
{
    (void)state;
    const int64_t a[4] = { 1, 2, 3, 0 }, b[4] = { 100, 200, 300, 0 }, none[4] = { 0 };
    assert_true(seg_psi_of(a, b, 4) == 0);
    assert_true(seg_psi_of(a, none, 4) == 0);
    assert_true(seg_psi_of(none, a, 4) == 0);
}

static void the_index_is_what_it_is_by_hand(void **state)
{
    (void)state;
    /* 0.1 ln 2 - 0.1 ln 0.75 */
    const int64_t p[4] = { 10, 20, 30, 40 }, q[4] = { 20, 20, 30, 30 };
    assert_near(seg_psi_of(p, q, 4), 0.0980829);
    assert_near(seg_psi_of(q, p, 4), 0.0980829);
    /* an empty bin counts as a share of 1e-4: 0.5 ln 2 - 0.4999 ln 0.0002 */
    const int64_t even[2] = { 50, 50 }, left[2] = { 100, 0 };
    assert_near(seg_psi_of(even, left, 2), 4.6043182);
}

/* ---- the bins of training ------------------------------------------------------------ */

static void numbers_keep_about_tenths_of_the_rows(void **state)
{
    (void)state;
    make_rows(1);
    seg_psi *psi = psi_of_rows();
    for (size_t f = AGE; f <= FEW; f++) {
        const seg_psi_feature *feature = &psi->features[f];
        int64_t count[SEG_PSI_BINS] = { 0 };
        for (size_t i = 0; i < N; i++) {
            size_t bin = isnan(x[i][f]) ? 0U : 1U;
            for (size_t c = 0; bin > 0 && c + 2 < feature->n_bins; c++)
                bin += x[i][f] > feature->cuts[c] ? 1U : 0U;
            count[bin]++;
        }
        assert_memory_equal(count, feature->rows, sizeof count);
        assert_int_equal(feature->n_bins, f == AGE ? 11 : 5);
        for (size_t b = 1; f == AGE && b < feature->n_bins; b++)
            assert_in_range(feature->rows[b], N * 0.085, N * 0.095);
    }
    seg_psi_free(psi);
}

static void frequent_levels_keep_a_bin_and_all_others_share_one(void **state)
{
    (void)state;
    make_rows(1);
    seg_psi *psi = psi_of_rows();
    const seg_psi_feature *town = &psi->features[TOWN], *plan = &psi->features[PLAN];
    int64_t count[TOWNS] = { 0 }, others = 0;
    for (size_t i = 0; i < N; i++)
        count[(size_t)x[i][TOWN]]++;
    assert_int_equal(town->n_bins, SEG_PSI_BINS);
    bool kept[TOWNS] = { false };
    for (size_t k = 0; k < SEG_PSI_CUTS; k++) {
        size_t best = TOWNS;
        for (size_t t = 0; t < TOWNS; t++)   /* plain selection, ties to the lowest code */
            if (!kept[t] && (best == TOWNS || count[t] > count[best]))
                best = t;
        kept[best] = true;
        assert_int_equal(town->levels[k], best);
        assert_int_equal(town->rows[k + 1], count[best]);
    }
    for (size_t t = 0; t < TOWNS; t++)
        others += kept[t] ? 0 : count[t];
    assert_int_equal(town->rows[SEG_PSI_BINS - 1], others);
    assert_int_equal(plan->n_bins, PLANS + 2);
    assert_int_equal(plan->rows[PLANS + 1], 0);
    seg_psi_free(psi);
}

/* ---- rows that are scored -------------------------------------------------------------- */

static char told[2048];
static void listen(void *data, seg_level level, const char *text)
{
    (void)data;
    (void)level;
    strncat(told, text, sizeof told - strlen(told) - 2);
    strcat(told, "\n");
}

static seg_status judge(const seg_psi *psi, size_t n, double most, seg_doc *doc, seg_error *err)
{
    seg_context ctx = seg_context_defaults();
    ctx.note = listen;
    told[0] = '\0';
    seg_psi_count *count;
    assert_int_equal(seg_psi_count_new(psi, &schema, &count, err), SEG_OK);
    seg_matrix some = rows();
    some.n_rows = n;
    seg_psi_count_add(count, some, scores, 2);
    seg_psi_count_reset(count);
    for (size_t i = 0; i < n; i += 5000) {
        seg_matrix part = { &x[i][0], n - i < 5000 ? n - i : 5000, D, D };
        seg_psi_count_add(count, part, scores + i, 2);
    }
    seg_status st = seg_psi_count_judge(count, &ctx, most, err);
    if (doc != NULL)
        assert_int_equal(seg_psi_count_put(count, seg_doc_root(doc), err), SEG_OK);
    seg_psi_count_free(count);
    return st;
}

static void the_training_rows_have_not_moved(void **state)
{
    (void)state;
    make_rows(1);
    seg_psi *psi = psi_of_rows();
    seg_doc *doc = seg_doc_new();
    seg_error err;
    assert_int_equal(judge(psi, N, 1e-9, doc, &err), SEG_OK);
    assert_true(seg_node_real(seg_node_get(seg_doc_root(doc), "score"), -1) == 0);
    assert_int_equal(seg_node_count(seg_node_get(seg_doc_root(doc), "features")), 0);
    assert_string_equal(told, "");
    make_rows(2);   /* others of the same kind */
    assert_int_equal(judge(psi, N, 0.01, NULL, &err), SEG_OK);
    seg_doc_free(doc);
    seg_psi_free(psi);
}

static void a_column_that_moved_is_told_and_stopped(void **state)
{
    (void)state;
    make_rows(1);
    seg_psi *psi = psi_of_rows();
    seg_doc *doc = seg_doc_new();
    seg_error err;
    make_rows(2);
    for (size_t i = 0; i < N; i++) {
        x[i][AGE] += 25;
        x[i][TOWN] = x[i][TOWN] == 0 ? TOWNS - 1 : x[i][TOWN];   /* one never seen */
    }
    assert_int_equal(judge(psi, N, 0, doc, &err), SEG_OK);
    assert_non_null(strstr(told, "'age' (psi "));
    assert_null(strstr(told, "'plan'"));
    const seg_node *first = seg_node_at(seg_node_get(seg_doc_root(doc), "features"), 0);
    assert_string_equal(seg_node_text(seg_node_get(first, "feature"), ""), "age");
    assert_true(seg_node_real(seg_node_get(first, "psi"), 0) > 1);
    assert_int_equal(judge(psi, N, 0.25, NULL, &err), SEG_E_GATE);
    assert_non_null(strstr(err.text, "feature 'age'"));
    assert_non_null(strstr(err.text, "--fail-psi"));
    seg_doc_free(doc);
    seg_psi_free(psi);
}

static void scores_that_moved_are_told_and_stopped(void **state)
{
    (void)state;
    make_rows(1);
    seg_psi *psi = psi_of_rows();
    seg_error err;
    for (size_t i = 0; i < N; i++)
        scores[i] *= scores[i];
    assert_int_equal(judge(psi, N, 0, NULL, &err), SEG_OK);
    assert_non_null(strstr(told, "the scores lie otherwise"));
    assert_int_equal(judge(psi, N, 0.2, NULL, &err), SEG_E_GATE);
    assert_non_null(strstr(err.text, "the scores have moved"));
    seg_psi_free(psi);
}

static void a_few_rows_are_not_blamed_but_the_gate_keeps_its_word(void **state)
{
    (void)state;
    make_rows(1);
    seg_psi *psi = psi_of_rows();
    seg_error err;
    assert_int_equal(judge(psi, 5, 0, NULL, &err), SEG_OK);
    assert_string_equal(told, "");
    assert_int_equal(judge(psi, 5, 0.25, NULL, &err), SEG_E_GATE);
    assert_non_null(strstr(err.text, "5 rows are few"));
    assert_int_equal(judge(psi, 0, 0.25, NULL, &err), SEG_OK);
    seg_psi_free(psi);
}

/* ---- files ------------------------------------------------------------------------------ */

static const char path[] = "/tmp/segmill-test-psi.h5";

static seg_status round_trip(const seg_psi *psi, seg_psi **out, seg_error *err)
{
    seg_h5_writer *w = NULL;
    seg_h5 *file = NULL;
    *out = NULL;
    seg_status st = seg_h5_create(path, true, &w, err);
    if (st == SEG_OK)
        st = seg_psi_save(psi, w, err);
    if (st == SEG_OK)
        st = seg_h5_commit(w, err);
    seg_h5_writer_close(w);
    if (st == SEG_OK)
        st = seg_h5_open(path, &file, err);
    if (st == SEG_OK)
        st = seg_psi_load(file, &schema, out, err);
    seg_h5_close(file);
    unlink(path);
    return st;
}

static void a_file_gives_back_what_was_saved(void **state)
{
    (void)state;
    make_rows(1);
    seg_psi *psi = psi_of_rows(), *back;
    seg_error err;
    assert_int_equal(round_trip(psi, &back, &err), SEG_OK);
    assert_int_equal(back->n_features, D);
    assert_memory_equal(back->edges, psi->edges, sizeof psi->edges);
    assert_memory_equal(back->score_rows, psi->score_rows, sizeof psi->score_rows);
    for (size_t f = 0; f < D; f++) {
        const seg_psi_feature *a = &psi->features[f], *b = &back->features[f];
        assert_true(a->n_bins == b->n_bins && a->n_levels == b->n_levels);
        assert_memory_equal(a->rows, b->rows, sizeof a->rows);
        for (size_t i = 0; i + 2 < a->n_bins; i++)
            assert_true(a->n_levels > 0 ? a->levels[i] == b->levels[i] : a->cuts[i] == b->cuts[i]);
    }
    seg_psi_free(back);
    assert_int_equal(round_trip(NULL, &back, &err), SEG_OK);
    assert_null(back);
    seg_psi_free(psi);
}

static void a_lying_file_is_refused(void **state)
{
    (void)state;
    make_rows(1);
    for (int lie = 0; lie < 12; lie++) {
        seg_psi *psi = psi_of_rows(), *back;
        seg_psi_feature *age = &psi->features[AGE], *town = &psi->features[TOWN];
        seg_error err;
        switch (lie) {
        case 0: age->rows[3] = -1; break;
        case 1: age->rows[3] = age->rows[4] = INT64_MAX; break;
        case 2: age->cuts[2] = age->cuts[1]; break;
        case 3: age->cuts[8] = NAN; break;
        case 4: age->cuts[8] = INFINITY; break;
        case 5: town->levels[5] = TOWNS; break;
        case 6: town->levels[5] = -1; break;
        case 7: town->levels[5] = town->levels[4]; break;
        case 8: psi->edges[3] = NAN; break;
        case 9: psi->edges[3] = 2; break;
        case 10: psi->score_rows[9] = -7; break;
        default: psi->n_features = D - 1; break;
        }
        assert_int_equal(round_trip(psi, &back, &err), SEG_E_DATA);
        assert_null(back);
        assert_non_null(strstr(err.text, "uns/model/psi"));
        seg_psi_free(psi);
    }
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    make_rows(1);
    seg_status st = SEG_E_AGAIN;
    long live = seg_alloc_live;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_psi *psi = NULL, *back = NULL;
        seg_psi_count *count = NULL;
        seg_error err;
        seg_alloc_fail_after = n;
        st = make_psi(&psi, &err);
        if (st == SEG_OK)
            st = seg_psi_count_new(psi, &schema, &count, &err);
        if (st == SEG_OK)
            st = seg_psi_count_judge(count, NULL, 1, &err);
        if (st == SEG_OK)
            st = round_trip(psi, &back, &err);
        seg_alloc_fail_after = -1;
        seg_psi_count_free(count);
        seg_psi_free(psi);
        seg_psi_free(back);
        assert_int_equal(seg_alloc_live, live);
    }
    assert_int_equal(st, SEG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_shares_have_index_0),
        cmocka_unit_test(the_index_is_what_it_is_by_hand),
        cmocka_unit_test(numbers_keep_about_tenths_of_the_rows),
        cmocka_unit_test(frequent_levels_keep_a_bin_and_all_others_share_one),
        cmocka_unit_test(the_training_rows_have_not_moved),
        cmocka_unit_test(a_column_that_moved_is_told_and_stopped),
        cmocka_unit_test(scores_that_moved_are_told_and_stopped),
        cmocka_unit_test(a_few_rows_are_not_blamed_but_the_gate_keeps_its_word),
        cmocka_unit_test(a_file_gives_back_what_was_saved),
        cmocka_unit_test(a_lying_file_is_refused),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

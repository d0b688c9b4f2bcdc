/* What is said of segments: sentences and shares worked out by hand, figures kept in the model
 * file, and files that say what cannot be. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "models/kmeans.h"
#include "tests/support/files.h"

enum { N = 200, D = 8, K = 3 };
enum { ORDERS, SPEND, DAYS, SHARE, EMPTY, SAME, PLAN, CITY };

static const char *const plans[] = { "none", "monthly", "yearly" };
static const char *const cities[] = { "Bern", "Basel, the\ncity", "Chur" };
static const seg_column features[D] = {
    { .name = "orders", .type = SEG_TYPE_F32 },
    { .name = "total_spend", .type = SEG_TYPE_F32 },
    { .name = "days_since_order", .type = SEG_TYPE_F32 },
    { .name = "discount_share", .type = SEG_TYPE_F32 },
    { .name = "empty", .type = SEG_TYPE_F32 },
    { .name = "same", .type = SEG_TYPE_F32 },
    { .name = "plan", .type = SEG_TYPE_CODE, .levels = plans, .n_levels = 3 },
    { .name = "city", .type = SEG_TYPE_CODE, .levels = cities, .n_levels = 3 },
};
static const seg_schema data = { .kind = SEG_KIND_FEATURES, .features = features,
                                 .n_features = D, .as_of_day = SEG_MISSING_DAY };
static float x[N * D];
static int32_t labels[N];

/* Segment 0: 150 rows of 2 or 4 orders, 100 spent, 90 days ago; segment 1: 50 rows of 12 or 14
 * orders, 900 spent, 6 days ago, four fifths on the yearly plan; segment 2: nobody. */
static void make_rows(void)
{
    for (size_t i = 0; i < N; i++) {
        float *row = x + i * D;
        bool good = i % 4 == 3;
        labels[i] = good;
        row[ORDERS] = (float)((good ? 12 : 2) + 2 * (i / 4 % 2));
        row[SPEND] = good ? 900 : 100;
        row[DAYS] = good ? 6 : 90;
        row[SHARE] = good ? 0.1F : 0.3F;
        row[EMPTY] = NAN;
        row[SAME] = 5;
        row[PLAN] = good && i / 4 % 5 > 0 ? 2 : (float)(i / 4 % 2);
        row[CITY] = i % 3 == 0 ? NAN : (float)(i % 3);
    }
    x[0 * D + ORDERS] = NAN;   /* of segment 0, whose other rows with 2 orders are 75 */
}

static seg_kmeans_profile *make(size_t k, const uint64_t *weights, uint32_t n_threads)
{
    seg_context ctx = seg_context_defaults();
    seg_error err = { .text = "" };
    seg_kmeans_profile *p;
    ctx.n_threads = n_threads;
    seg_kmeans_profile_input in = { .ctx = &ctx, .schema = &data, .x = { x, N, D, D },
                                    .labels = labels, .weights = weights, .k = k };
    if (seg_kmeans_profile_make(&in, &p, &err) != SEG_OK)
        fail_msg("%s", err.text);
    return p;
}

static void near(double a, double b)
{
    assert_true(fabs(a - b) <= 1e-12 * (1 + fabs(b)));
}

/* ---- by hand ------------------------------------------------------------------------------------ */

static void figures_are_those_of_the_rows(void **state)
{
    (void)state;
    make_rows();
    seg_kmeans_profile *p = make(K, NULL, 1);
    size_t n = p->n_numbers;
    assert_int_equal(n, 6);
    assert_int_equal(p->n_categories, 2);
    assert_int_equal(p->rows, N);
    assert_string_equal(p->numbers[SPEND], "total_spend");
    near(p->mean[SPEND], 100);
    near(p->mean[n + SPEND], 900);
    near(p->mean[K * n + SPEND], 300);
    near(seg_kmeans_lift(p, 1, SPEND), 3);
    assert_int_equal(seg_kmeans_money(p), SPEND);
    near(p->part[SPEND], 0.25);
    near(p->part[n + SPEND], 0.75);
    near(p->median[n + ORDERS], 13);       /* 25 rows of 12 and 25 of 14 */
    near(p->known[ORDERS], 149.0 / 150);
    near(p->known[K * n + ORDERS], 199.0 / 200);
    /* nobody there, nothing known */
    for (size_t f = 0; f < n; f++) {
        assert_true(isnan(p->mean[2 * n + f]) && p->known[2 * n + f] == 0);
        assert_true(p->effect[2 * n + f] == 0);
    }
    assert_true(isnan(p->mean[K * n + EMPTY]) && isnan(p->part[EMPTY]));
    assert_true(p->effect[n + EMPTY] == 0 && p->effect[n + SAME] == 0);
    seg_kmeans_profile_free(p);
}

static void three_sentences_say_what_stands_out(void **state)
{
    (void)state;
    make_rows();
    seg_kmeans_profile *p = make(K, NULL, 1);
    /* equal effects in the order of the data; orders vary within, so they tell less */
    static const char *const of_good[] = {
        "total spend 900 on average, 3 times the usual",
        "last order 6 days ago, usual 69",
        "discount share 10 %, usual 25 %",
    };
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(p->traits[SEG_KMEANS_TRAITS + i], of_good[i]);
    for (size_t i = 0; i < 3; i++)
        assert_null(p->traits[2 * SEG_KMEANS_TRAITS + i]);
    seg_kmeans_trait traits[D];
    size_t n = seg_kmeans_traits_find(p, 1, traits, D);
    assert_int_equal(n, 5);                /* neither the empty nor the constant, nor the city */
    assert_int_equal(traits[3].number, ORDERS);
    assert_int_equal(traits[4].number, SIZE_MAX);
    size_t level = traits[4].level;
    assert_string_equal(p->level[level], "yearly");
    near(p->level_share[level], 0.8);
    near(p->level_usual[level], 0.2);
    near(p->level_effect[level], 0.6 / 0.4 * 50 / 60);
    seg_kmeans_profile_free(p);
}

static void shares_and_levels_are_told_in_percent(void **state)
{
    (void)state;
    make_rows();
    for (size_t i = 0; i < N; i++)
        x[i * D + ORDERS] = x[i * D + SPEND] = x[i * D + DAYS] = 1;
    seg_kmeans_profile *p = make(K, NULL, 1);
    assert_string_equal(p->traits[SEG_KMEANS_TRAITS], "discount share 10 %, usual 25 %");
    assert_string_equal(p->traits[SEG_KMEANS_TRAITS + 1], "plan yearly: 80 %, usual 20 %");
    assert_null(p->traits[SEG_KMEANS_TRAITS + 2]);
    assert_string_equal(p->traits[0], "discount share 30 %, usual 25 %");
    seg_kmeans_profile_free(p);
}

static void an_outlier_does_not_turn_the_words_round(void **state)
{
    (void)state;
    make_rows();
    x[0 * D + SPEND] = 1e9F;               /* in the segment that spends less */
    seg_kmeans_profile *p = make(K, NULL, 1);
    bool told = false;
    for (size_t i = 0; i < SEG_KMEANS_TRAITS; i++)
        told |= strcmp(p->traits[SEG_KMEANS_TRAITS + i],
                       "total spend 900 in the middle, usual 100") == 0;
    assert_true(told);
    assert_true(p->mean[SPEND] > p->mean[p->n_numbers + SPEND]);
    seg_kmeans_profile_free(p);
}

static void days_stand_behind_their_number(void **state)
{
    (void)state;
    seg_column columns[D];
    seg_schema schema = data;
    seg_kmeans_profile *p;
    make_rows();
    memcpy(columns, features, sizeof columns);
    columns[SPEND].name = "tenure_days";
    schema.features = columns;
    seg_kmeans_profile_input in = { .schema = &schema, .x = { x, N, D, D }, .labels = labels,
                                    .k = K };
    assert_int_equal(seg_kmeans_profile_make(&in, &p, NULL), SEG_OK);
    assert_string_equal(p->traits[0], "tenure 100 days on average, usual 300");
    assert_true(seg_kmeans_money(p) == SIZE_MAX);
    seg_kmeans_profile_free(p);
}

static void rules_are_short_and_true(void **state)
{
    (void)state;
    make_rows();
    seg_kmeans_profile *p = make(K, NULL, 1);
    assert_string_equal(p->rules[1], "orders >= 9");   /* 8, between 4 and 12, is a round cut */
    near(p->recall[1], 1);
    near(p->precision[1], 1);
    /* one row lacks its orders and so misses the rule by them; not that by its spend */
    assert_true(p->rules[0] != NULL && p->recall[0] == 1 && p->precision[0] == 1);
    assert_null(p->rules[2]);
    assert_true(isnan(p->recall[2]));
    seg_kmeans_profile_free(p);
}

static void one_segment_has_nothing_that_stands_out(void **state)
{
    (void)state;
    make_rows();
    memset(labels, 0, sizeof labels);
    seg_kmeans_profile *p = make(1, NULL, 1);
    assert_null(p->traits[0]);
    assert_null(p->rules[0]);
    near(p->part[SPEND], 1);
    seg_kmeans_profile_free(p);
}

static void weights_count_as_rows(void **state)
{
    (void)state;
    static uint64_t weights[N];
    make_rows();
    for (size_t i = 0; i < N; i++)
        weights[i] = labels[i] ? 9 : 1;
    seg_kmeans_profile *p = make(K, weights, 1);
    near(p->mean[K * p->n_numbers + SPEND], (150.0 * 100 + 450 * 900) / 600);
    near(p->part[p->n_numbers + SPEND], 450.0 * 900 / (150 * 100 + 450 * 900));
    near(p->known[ORDERS], 149.0 / 150);
    seg_kmeans_profile_free(p);
}

static void too_many_segments_have_no_profile(void **state)
{
    (void)state;
    make_rows();
    assert_null(make(SEG_KMEANS_PROFILED + 1, NULL, 1));
    seg_kmeans_profile *p = make(SEG_KMEANS_PROFILED, NULL, 2);
    assert_non_null(p);
    seg_kmeans_profile_free(p);
}

static void what_adds_up_to_money_is_known_by_its_name(void **state)
{
    (void)state;
    static const struct { const char *name, *unit; int flags; } cases[] = {
        { "monetary", NULL, SEG_KMEANS_MONEY }, { "TotalSpend", NULL, SEG_KMEANS_MONEY },
        { "Revenue 2024", NULL, SEG_KMEANS_MONEY }, { "suspended", NULL, 0 },
        { "avg_spend", NULL, 0 }, { "spend_per_order", NULL, 0 }, { "total", "money", SEG_KMEANS_MONEY },
        { "spend", "orders", 0 }, { "mean_order_value", "money", 0 },
        { "tenure_days", NULL, SEG_KMEANS_DAYS }, { "gap", "days", SEG_KMEANS_DAYS },
        { "sundays", NULL, 0 }, { "click-rate", NULL, SEG_KMEANS_UNIT },
        { "open", "share", SEG_KMEANS_UNIT }, { "", NULL, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(seg_kmeans_name_flags(&(seg_column){ .name = cases[i].name,
                                                              .unit = cases[i].unit }),
                         cases[i].flags);
}

/* ---- a model with a profile ------------------------------------------------------------------------ */

/* A model of two features of the data, with the profile of all. */
static seg_model *model_with(seg_kmeans_profile *p, size_t k)
{
    seg_model *model;
    seg_kmeans_model *m;
    assert_int_equal(SEG_ALLOC(&model, 1, "a model", NULL), SEG_OK);
    model->method = &seg_method_kmeans;
    model->info = seg_doc_new();
    assert_int_equal(seg_schema_new(SEG_KIND_FEATURES, &model->schema, NULL), SEG_OK);
    for (size_t f = 0; f < 2; f++)
        assert_int_equal(seg_schema_add_feature(model->schema, &features[f], NULL), SEG_OK);
    assert_int_equal(seg_kmeans_model_new(k, 2, &m, NULL), SEG_OK);
    m->size[0] = 150;
    m->size[k - 1] = 50;
    m->inverse[0] = m->inverse[1] = 1;
    m->profile = p;
    model->state = m;
    assert_int_equal(seg_kmeans_name_segments(m, &model->schema->view, NULL), SEG_OK);
    return model;
}

static char *json_of(const seg_model *model)
{
    seg_doc *doc = seg_doc_new();
    assert_int_equal(seg_model_describe(model, seg_doc_root(doc), NULL), SEG_OK);
    char *copy = strdup(seg_doc_json(doc, 0));
    seg_doc_free(doc);
    return copy;
}

static void names_are_the_two_strongest_traits(void **state)
{
    (void)state;
    make_rows();
    seg_model *model = model_with(make(K, NULL, 1), K);
    const seg_kmeans_model *m = model->state;
    assert_string_equal(m->names[0], "low total_spend and low orders");
    assert_string_equal(m->names[1], "high total_spend and high orders");
    assert_string_equal(m->names[2], "typical");
    seg_model_free(model);
}

/* Two segments above the third in the same two features. */
static void of_two_alike_the_farther_one_is_very(void **state)
{
    (void)state;
    make_rows();
    for (size_t i = 3; i < N; i += 8) {
        labels[i] = 2;
        x[i * D + ORDERS] = 40;
        x[i * D + SPEND] = 5000;
    }
    seg_model *model = model_with(make(K, NULL, 1), K);
    const seg_kmeans_model *m = model->state;
    assert_string_equal(m->names[1], "high total_spend and high orders");
    assert_string_equal(m->names[2], "very high total_spend and high orders");
    seg_model_free(model);
}

static void names_have_no_commas_and_one_line(void **state)
{
    (void)state;
    make_rows();
    for (size_t i = 0; i < N; i++) {
        for (size_t f = 0; f < PLAN; f++)
            x[i * D + f] = 1;
        x[i * D + PLAN] = 0;
        x[i * D + CITY] = (float)labels[i];
    }
    seg_model *model = model_with(make(K, NULL, 1), K);
    const seg_kmeans_model *m = model->state;
    assert_string_equal(m->names[1], "city Basel  the?city");
    assert_string_equal(m->profile->traits[SEG_KMEANS_TRAITS],
                        "city Basel, the?city: 100 %, usual 25 %");
    seg_model_free(model);
}

static void a_loaded_profile_says_the_same(void **state)
{
    (void)state;
    make_rows();
    seg_error err = { .text = "" };
    seg_model *model = model_with(make(K, NULL, 1), K), *loaded;
    char *before = json_of(model);
    assert_int_equal(seg_model_save(model, "profile.model", &err), SEG_OK);
    if (seg_model_load("profile.model", &loaded, &err) != SEG_OK)
        fail_msg("%s", err.text);
    char *after = json_of(loaded);
    assert_string_equal(before, after);
    assert_non_null(strstr(after, "\"money_share\": 0.75"));
    assert_non_null(strstr(after, "\"rule\": \"orders >= 9\""));
    free(before);
    free(after);
    seg_model_free(loaded);
    seg_model_free(model);
}

static void a_model_without_a_profile_loads(void **state)
{
    (void)state;
    seg_error err;
    seg_model *model = model_with(NULL, K), *loaded;
    assert_int_equal(seg_model_save(model, "plain.model", &err), SEG_OK);
    assert_int_equal(seg_model_load("plain.model", &loaded, &err), SEG_OK);
    assert_null(((const seg_kmeans_model *)loaded->state)->profile);
    seg_model_free(loaded);
    seg_model_free(model);
}

static void same_words_for_any_threads(void **state)
{
    (void)state;
    make_rows();
    seg_model *one = model_with(make(K, NULL, 1), K), *three = model_with(make(K, NULL, 3), K);
    char *a = json_of(one), *b = json_of(three);
    assert_string_equal(a, b);
    free(a);
    free(b);
    seg_model_free(one);
    seg_model_free(three);
}

static void segments_take_their_figures_along(void **state)
{
    (void)state;
    static const int32_t number[K] = { 2, 0, 1 };
    make_rows();
    seg_kmeans_profile *p = make(K, NULL, 1), *fresh = make(K, NULL, 1);
    assert_int_equal(seg_kmeans_profile_permute(p, number, NULL), SEG_OK);
    for (size_t j = 0; j < K; j++) {
        size_t to = (size_t)number[j], n = p->n_numbers;
        assert_memory_equal(p->mean + to * n, fresh->mean + j * n, n * sizeof(double));
        assert_memory_equal(p->effect + to * n, fresh->effect + j * n, n * sizeof(double));
        assert_true((p->rules[to] == NULL) == (fresh->rules[j] == NULL));
        if (fresh->rules[j] != NULL)
            assert_string_equal(p->rules[to], fresh->rules[j]);
        const char *was = fresh->traits[j * SEG_KMEANS_TRAITS], *is = p->traits[to * SEG_KMEANS_TRAITS];
        assert_true((was == NULL) == (is == NULL));
        if (was != NULL)
            assert_string_equal(was, is);
    }
    assert_memory_equal(p->mean + K * p->n_numbers, fresh->mean + K * p->n_numbers,
                        p->n_numbers * sizeof(double));
    seg_kmeans_profile_free(p);
    seg_kmeans_profile_free(fresh);
}

/* ---- hostile files ----------------------------------------------------------------------------------- */

static void spoil(seg_kmeans_profile *p, int how)
{
    switch (how) {
    case 0: p->rows = -1; break;
    case 1: p->known[2] = 1.5; break;
    case 2: p->known[2] = (double)NAN; break;
    case 3: p->mean[1] = (double)INFINITY; break;
    case 4: p->median[1] = -(double)INFINITY; break;
    case 5: p->rank[0] = -0.1; break;
    case 6: p->effect[0] = (double)NAN; break;
    case 7: p->part[1] = (double)INFINITY; break;
    case 8: p->flags[1] = 32; break;
    case 9: p->traits[0] = "two\nlines"; break;
    case 10: p->rules[0] = "bell \a"; break;
    case 11: p->rules[1] = "half \xC3"; break;
    case 12: p->recall[0] = 2; break;
    case 13: p->precision[0] = -1; break;
    case 14: p->category_known[0] = 3; break;
    case 15: p->level_usual[0] = 0; break;
    case 16: p->level_share[0] = 7; break;
    case 17: p->level_effect[0] = (double)NAN; break;
    case 18: p->numbers[0] = ""; break;
    case 19: p->categories[1] = ""; break;
    case 20: p->traits[1] = "c1 \xC2\x85"; break;
    default: break;
    }
}

static void files_that_say_what_cannot_be_are_refused(void **state)
{
    (void)state;
    for (int how = 0; how < 21; how++) {
        seg_error err = { .text = "" };
        make_rows();
        seg_kmeans_profile *p = make(K, NULL, 1);
        seg_model *model = model_with(p, K), *loaded;
        spoil(p, how);
        assert_int_equal(seg_model_save(model, "spoiled.model", &err), SEG_OK);
        seg_status st = seg_model_load("spoiled.model", &loaded, &err);
        if (st != SEG_E_DATA || strstr(err.text, "uns/model/profile/") == NULL)
            fail_msg("case %d: %d %s", how, (int)st, err.text);
        assert_null(loaded);
        seg_model_free(model);
    }
}

static void a_profile_of_other_segments_is_refused(void **state)
{
    (void)state;
    seg_error err = { .text = "" };
    make_rows();
    seg_model *model = model_with(make(K, NULL, 1), K), *loaded;
    seg_kmeans_model *m = model->state;
    m->profile->k = 2;   /* fewer rows than the model has segments */
    assert_int_equal(seg_model_save(model, "spoiled.model", &err), SEG_OK);
    assert_int_equal(seg_model_load("spoiled.model", &loaded, &err), SEG_E_DATA);
    assert_null(loaded);
    m->profile->k = K;
    seg_model_free(model);
}

/* ---- memory ---------------------------------------------------------------------------------------------- */

static seg_status go_through(seg_error *err)
{
    seg_kmeans_profile_input in = { .schema = &data, .x = { x, N, D, D }, .labels = labels, .k = K };
    static const int32_t number[K] = { 2, 0, 1 };
    seg_kmeans_profile *p = NULL;
    seg_model *loaded = NULL;
    seg_status st = seg_kmeans_profile_make(&in, &p, err);
    if (st == SEG_OK)
        st = seg_kmeans_profile_permute(p, number, err);
    if (st == SEG_OK)
        st = seg_model_load("profile.model", &loaded, err);
    seg_kmeans_profile_free(p);
    seg_model_free(loaded);
    return st;
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    seg_error err;
    make_rows();
    seg_model *model = model_with(make(K, NULL, 1), K);
    assert_int_equal(seg_model_save(model, "profile.model", &err), SEG_OK);
    seg_model_free(model);
    seg_status st = SEG_E_AGAIN;
    long live = seg_alloc_live;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
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
        cmocka_unit_test(figures_are_those_of_the_rows),
        cmocka_unit_test(three_sentences_say_what_stands_out),
        cmocka_unit_test(shares_and_levels_are_told_in_percent),
        cmocka_unit_test(an_outlier_does_not_turn_the_words_round),
        cmocka_unit_test(days_stand_behind_their_number),
        cmocka_unit_test(rules_are_short_and_true),
        cmocka_unit_test(one_segment_has_nothing_that_stands_out),
        cmocka_unit_test(weights_count_as_rows),
        cmocka_unit_test(too_many_segments_have_no_profile),
        cmocka_unit_test(what_adds_up_to_money_is_known_by_its_name),
        cmocka_unit_test(names_are_the_two_strongest_traits),
        cmocka_unit_test(of_two_alike_the_farther_one_is_very),
        cmocka_unit_test(names_have_no_commas_and_one_line),
        cmocka_unit_test(a_loaded_profile_says_the_same),
        cmocka_unit_test(a_model_without_a_profile_loads),
        cmocka_unit_test(same_words_for_any_threads),
        cmocka_unit_test(segments_take_their_figures_along),
        cmocka_unit_test(files_that_say_what_cannot_be_are_refused),
        cmocka_unit_test(a_profile_of_other_segments_is_refused),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}

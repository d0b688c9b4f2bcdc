/* RFM: maps, cuts and models, against published counts and plain loops. */
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
#include "base/file.h"
#include "data/h5.h"
#include "models/rfm.h"

/* ---- maps --------------------------------------------------------------------------------- */

static const char *segment(const seg_rfm_map *map, uint32_t r, uint32_t f, uint32_t m)
{
    const uint32_t score[] = { r, f, m };
    return map->names[seg_rfm_map_segment(map, 5, score)];
}

static void default_map_is_a_partition_with_eleven_names(void **state)
{
    (void)state;
    seg_rfm_map *map;
    assert_int_equal(seg_rfm_map_open(NULL, &map, NULL), SEG_OK);
    assert_int_equal(map->n_names, 13);
    assert_int_equal(map->n_double, 0);
    assert_int_equal(map->n_otherwise, 0);
    assert_string_equal(map->names[11], "Prospect");
    assert_string_equal(map->names[12], "Returns only");
    assert_string_equal(segment(map, 5, 5, 1), "Champions");
    assert_string_equal(segment(map, 5, 1, 5), "New");
    assert_string_equal(segment(map, 1, 1, 3), "Lost");
    assert_string_equal(segment(map, 1, 2, 3), "Hibernating");
    assert_string_equal(segment(map, 2, 5, 3), "Can't Lose");
    assert_string_equal(segment(map, 3, 3, 3), "Need Attention");
    seg_rfm_map_free(map);
}

/* Counted from the README of the R package: 58 cells under several rules, 10 under none. */
static void r_rfm_map_has_its_known_defects(void **state)
{
    (void)state;
    seg_rfm_map *map;
    assert_int_equal(seg_rfm_map_open("r-rfm", &map, NULL), SEG_OK);
    assert_int_equal(map->n_double, 58);
    assert_int_equal(map->n_otherwise, 10);
    assert_string_equal(segment(map, 5, 5, 1), "Others");
    assert_string_equal(segment(map, 4, 5, 1), "Others");
    assert_string_equal(segment(map, 5, 5, 5), "Champions");
    seg_rfm_map_free(map);
}

static char map_path[64];

static seg_status open_text(const char *text, seg_rfm_map **map, seg_error *err)
{
    snprintf(map_path, sizeof map_path, "/tmp/test_rfm_%ld.map", (long)getpid());
    assert_int_equal(seg_file_put(map_path, text, strlen(text), NULL), SEG_OK);
    seg_status st = seg_rfm_map_open(map_path, map, err);
    unlink(map_path);
    return st;
}

static void reads_a_map_from_a_file(void **state)
{
    (void)state;
    seg_rfm_map *map;
    assert_int_equal(open_text("# ours\nlevels 3\n\nBig Spenders \t * * 3 # any\r\n"
                               "Rest  1-3 1-3 1-2", &map, NULL), SEG_OK);
    assert_int_equal(map->levels, 3);
    assert_int_equal(map->n_names, 4);
    const uint32_t high[] = { 1, 1, 3 }, low[] = { 3, 3, 2 };
    assert_string_equal(map->names[seg_rfm_map_segment(map, 3, high)], "Big Spenders");
    assert_string_equal(map->names[seg_rfm_map_segment(map, 3, low)], "Rest");
    /* Ten bins on three levels: 1-3, 4-7, 8-10. */
    const uint32_t seven[] = { 5, 5, 7 }, eight[] = { 5, 5, 8 };
    assert_string_equal(map->names[seg_rfm_map_segment(map, 10, seven)], "Rest");
    assert_string_equal(map->names[seg_rfm_map_segment(map, 10, eight)], "Big Spenders");
    seg_rfm_map_free(map);
}

static void says_what_is_wrong_with_a_map(void **state)
{
    (void)state;
    static const struct { const char *text, *message; } cases[] = {
        { "A 1-5 1-5 1-4", "no rule covers scores 1-1-5; add one, or 'otherwise NAME'" },
        { "A * * *\nB 5 5 5", "scores 5-5-5 fall under 'A' and 'B'; say first-match if the"
                              " first is meant" },
        { "first-match\nA * * *\nB 5 5 5", "rule 2, 'B', can never apply: earlier rules cover"
                                           " all of it" },
        { "A * *", "line 1: a rule is a name and three ranges of scores like 5, 3-4 or *,"
                   " within 1 to 10" },
        { "\nA 1 2 0-5", "line 2: a rule is a name and three ranges of scores like 5, 3-4 or"
                         " *, within 1 to 10" },
        { "* * *", "line 1: a segment's name is 1 to 64 bytes of UTF-8" },
        { "levels 11", "line 1: levels are 2 to 10" },
        { "# nothing", "no rule in the map" },
        { "Prospect * * *", "'Prospect' is the name of customers without a purchase" },
        { "A\xff * * *", "line 1: a segment's name is 1 to 64 bytes of UTF-8" },
    };
    seg_error err;
    seg_rfm_map *map;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(open_text(cases[i].text, &map, &err), SEG_E_USAGE);
        assert_null(map);
        assert_string_equal(err.text + strlen(map_path) + 2, cases[i].message);
    }
    assert_int_equal(seg_rfm_map_open("no-such-map", &map, &err), SEG_E_USAGE);
}

/* ---- cuts --------------------------------------------------------------------------------- */

enum { MANY = 337, WIDTH = 16 };

typedef struct person {
    int64_t value[3];
    char id[WIDTH];
    uint32_t score[3];
} person;

/* Few different values, so that ties are everywhere; ids in no order. */
static void make_people(person *people, size_t n)
{
    uint64_t x = 42;
    for (size_t i = 0; i < n; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        people[i] = (person){ .value = { (int64_t)(x >> 33) % 40 + 1,
                                         (int64_t)(x >> 45) % 4 + 1,
                                         (int64_t)(x >> 50) % 300 - 10 } };
        snprintf(people[i].id, WIDTH, "%s%u", i % 3 == 0 ? "person-" : "c",
                 (unsigned)((i * 7919) % n) % 100000);
    }
}

static seg_rfm_values values_of(const person *people, size_t n)
{
    seg_rfm_values v = { .n = n, .id_width = WIDTH };
    for (size_t d = 0; d < 3; d++)
        assert_int_equal(SEG_ALLOC(&v.value[d], n, "values", NULL), SEG_OK);
    assert_int_equal(seg_alloc_array(&v.ids, n, WIDTH, "ids", NULL), SEG_OK);
    for (size_t i = 0; i < n; i++) {
        for (size_t d = 0; d < 3; d++)
            v.value[d][i] = people[i].value[d];
        memcpy(v.ids + i * WIDTH, people[i].id, WIDTH);
    }
    return v;
}

static void free_values(seg_rfm_values *v)
{
    for (size_t d = 0; d < 3; d++)
        seg_free(v->value[d]);
    seg_free(v->ids);
}

static size_t sort_dimension;

static int compare_people(const void *a_, const void *b_)
{
    const person *a = *(person *const *)a_, *b = *(person *const *)b_;
    int64_t x = a->value[sort_dimension], y = b->value[sort_dimension];
    if (x != y)
        return (x < y) == (sort_dimension != 0) ? -1 : 1;   /* most days first */
    return strcmp(a->id, b->id);
}

/* SQL's NTILE, written as its definition says. */
static void plain_ntile(person **rows, size_t n, size_t dimension, uint32_t n_bins)
{
    sort_dimension = dimension;
    qsort(rows, n, sizeof *rows, compare_people);
    size_t next = 0;
    for (uint32_t b = 0; b < n_bins; b++) {
        size_t size = n / n_bins + (b < n % n_bins);
        for (size_t i = 0; i < size; i++)
            rows[next++]->score[dimension] = b + 1;
    }
}

static void plain_nested(person **rows, size_t n, size_t dimension, uint32_t n_bins)
{
    if (dimension == 3)
        return;
    plain_ntile(rows, n, dimension, n_bins);
    size_t begin = 0;
    for (uint32_t b = 0; b < n_bins; b++) {
        size_t size = n / n_bins + (b < n % n_bins);
        plain_nested(rows + begin, size, dimension + 1, n_bins);
        begin += size;
    }
}

static void check_ranks(size_t n, uint32_t n_bins, bool nested)
{
    static person people[MANY];
    static person *rows[MANY];
    make_people(people, n);
    for (size_t i = 0; i < n; i++)
        rows[i] = &people[i];
    for (size_t d = 0; d < 3 && !nested; d++)
        plain_ntile(rows, n, d, n_bins);
    if (nested)
        plain_nested(rows, n, 0, n_bins);

    seg_rfm_values v = values_of(people, n);
    seg_rfm_cuts *cuts;
    assert_int_equal(seg_rfm_cuts_ntile(&v, n_bins, nested, &cuts, NULL), SEG_OK);
    for (size_t i = 0; i < n; i++) {
        uint32_t score[3];
        seg_rfm_cuts_score(cuts, people[i].value, people[i].id, WIDTH, score);
        assert_memory_equal(score, people[i].score, sizeof score);
    }
    seg_rfm_cuts_free(cuts);
    free_values(&v);
}

static void ranks_equal_ntile_by_its_definition(void **state)
{
    (void)state;
    static const size_t sizes[] = { 1, 2, 4, 5, 7, 23, MANY };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (uint32_t n_bins = 2; n_bins <= 10; n_bins += n_bins == 2 ? 3 : 5) {
            check_ranks(sizes[i], n_bins, false);
            check_ranks(sizes[i], n_bins, true);
        }
}

static void ties_share_a_score_with_edges(void **state)
{
    (void)state;
    static int64_t days[] = { 1, 1, 2, 9, 9 }, orders[] = { 1, 1, 1, 1, 7 },
                   money[] = { -5, 0, 10, 20, 30 };
    static const uint32_t expected[5][3] = { { 5, 1, 1 }, { 5, 1, 2 }, { 3, 1, 3 },
                                             { 2, 1, 4 }, { 2, 5, 5 } };
    const seg_rfm_values v = { .n = 5, .value = { days, orders, money } };
    seg_rfm_cuts *cuts;
    assert_int_equal(seg_rfm_cuts_disc(&v, 5, &cuts, NULL), SEG_OK);
    for (size_t i = 0; i < 5; i++) {
        const int64_t value[] = { days[i], orders[i], money[i] };
        uint32_t score[3];
        seg_rfm_cuts_score(cuts, value, NULL, 0, score);
        assert_memory_equal(score, expected[i], sizeof score);
    }
    seg_rfm_cuts_free(cuts);
}

/* ---- models --------------------------------------------------------------------------------- */

/* Ten customers; the last two have no purchase: one returned goods, one did nothing. */
static int64_t recency[] = { 1, 2, 3, 4, 5, 6, 7, 8, SEG_MISSING_I64, SEG_MISSING_I64 };
static int64_t frequency[] = { 9, 8, 7, 6, 5, 4, 3, 2, 0, 0 };
static int64_t monetary[] = { 900, 800, 700, 600, 500, 400, 300, 200, -50, 0 };
static int64_t returns[] = { 0, 1, 0, 0, 0, 0, 0, 0, 2, 0 };
static const char ids[10][8] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" };
static float x[10][3];

static const seg_column features[] = {
    { .name = "recency_days", .type = SEG_TYPE_F32 },
    { .name = "frequency", .type = SEG_TYPE_F32 },
    { .name = "monetary", .type = SEG_TYPE_F32 },
};
static const seg_column columns[] = {
    { .name = "recency_days", .type = SEG_TYPE_I64, .scale = 1 },
    { .name = "frequency", .type = SEG_TYPE_I64, .scale = 1 },
    { .name = "monetary", .type = SEG_TYPE_I64, .scale = 100 },
    { .name = "returns", .type = SEG_TYPE_I64, .scale = 1 },
};
static const void *const arrays[] = { recency, frequency, monetary, returns };
static const seg_schema schema = {
    .kind = SEG_KIND_FEATURES, .id_name = "customer", .id_width = 8, .features = features,
    .n_features = 3, .columns = columns, .n_columns = 4, .as_of_day = 20,
};

static seg_source *customers(size_t n)
{
    for (size_t i = 0; i < 10; i++) {
        x[i][0] = recency[i] == SEG_MISSING_I64 ? NAN : (float)recency[i];
        x[i][1] = (float)frequency[i];
        x[i][2] = (float)monetary[i] / 100;
    }
    const seg_block rows = { .n_rows = n, .ids = ids[0], .columns = arrays,
                             .x = { .x = x[0], .n_rows = n, .n_cols = 3, .stride = 3 } };
    seg_source *source;
    if (seg_memory_source(NULL, &schema, &rows, &source, NULL) != SEG_OK)
        return NULL;
    return source;
}

static seg_rfm_options usual(void)
{
    seg_rfm_options options;
    seg_method_rfm.defaults(&options);
    return options;
}

static seg_status train(const seg_rfm_options *options, size_t n, seg_model **model,
                        seg_error *err)
{
    *model = NULL;
    seg_source *source = customers(n);
    if (source == NULL)
        return SEG_E_AGAIN;
    seg_status st = seg_train(NULL, &seg_method_rfm, options, source, model, err);
    seg_source_close(source);
    return st;
}

static void assert_scores(const seg_model *model, const char *const rfm[10],
                          const char *const names[10])
{
    seg_source *source = customers(10), *scores;
    seg_error err;
    seg_block b;
    assert_int_equal(seg_score_open(NULL, model, source, &scores, &err), SEG_OK);
    assert_int_equal(scores->next(scores, &b, &err), SEG_OK);
    assert_int_equal(b.n_rows, 10);
    const char *text = b.columns[seg_schema_column(scores->schema, "rfm")];
    size_t name = seg_schema_column(scores->schema, "segment_name");
    for (size_t i = 0; i < 10; i++) {
        char code[9] = { 0 };
        memcpy(code, text + 8 * i, 8);
        assert_string_equal(code, rfm[i]);
        int32_t level = ((const int32_t *)b.columns[name])[i];
        assert_string_equal(scores->schema->columns[name].levels[level], names[i]);
    }
    assert_memory_equal(b.columns[seg_schema_column(scores->schema, "monetary")], monetary,
                        sizeof monetary);
    seg_source_close(scores);
    seg_source_close(source);
}

/* Of scores 55 55 44 44 33 22 22 11. */
static const char *const edges_names[10] = {
    "Champions", "Champions", "Loyal", "Loyal", "Need Attention", "Hibernating",
    "Hibernating", "Lost", "Returns only", "Prospect",
};

static void scores_and_names_what_was_worked_out_by_hand(void **state)
{
    (void)state;
    seg_rfm_options options = usual();
    seg_model *model;
    seg_error err;
    /* Eight buyers, five bins: edges are the 2nd, 4th, 5th and 7th smallest values.
     * Edges of frequency 2 .. 9 are 3 5 6 8: scores of 9 8 7 6 5 4 3 2 are 5 4 4 3 2 2 1 1. */
    static const char *const codes[10] = { "555", "544", "444", "433", "322", "222", "211",
                                           "111", "", "" };
    static const char *const names[10] = {
        "Champions", "Champions", "Loyal", "Potential Loyalist", "About To Sleep",
        "Hibernating", "Hibernating", "Lost", "Returns only", "Prospect",
    };
    assert_int_equal(train(&options, 10, &model, &err), SEG_OK);
    const seg_node *figures = seg_node_get(seg_doc_root(model->info), "figures");
    assert_int_equal(seg_node_int(seg_node_get(figures, "customers"), -1), 8);
    const seg_node *edges = seg_node_get(figures, "edges.monetary");
    assert_int_equal(seg_node_count(edges), 4);
    assert_true(seg_node_real(seg_node_at(edges, 0), 0) == 3.0);
    assert_true(seg_node_real(seg_node_at(edges, 3), 0) == 8.0);
    const seg_node *segments = seg_node_get(figures, "segments");
    assert_int_equal(seg_node_count(segments), 13);
    assert_int_equal(seg_node_int(seg_node_get(seg_node_at(segments, 0), "customers"), -1), 2);
    assert_true(seg_node_real(seg_node_get(seg_node_at(segments, 0), "revenue"), 0) == 17.0);
    assert_true(seg_node_real(seg_node_get(seg_node_at(segments, 12), "revenue"), 0) == -0.5);
    assert_scores(model, codes, names);
    seg_model_free(model);
}

static void given_edges_make_the_scores(void **state)
{
    (void)state;
    seg_rfm_options options = usual();
    options.scheme = SEG_RFM_EDGES;
    options.edges[SEG_RFM_RECENCY] = "2, 4,5,7";
    options.edges[SEG_RFM_FREQUENCY] = "2,4,5,7";
    options.edges[SEG_RFM_MONETARY] = "2,4.00,5.5,7";
    seg_model *model;
    seg_error err;
    static const char *const codes[10] = { "555", "555", "444", "444", "333", "222", "222",
                                           "111", "", "" };
    assert_int_equal(train(&options, 10, &model, &err), SEG_OK);
    assert_scores(model, codes, edges_names);
    seg_model_free(model);

    options.edges[SEG_RFM_MONETARY] = "2,4,3,7";
    assert_int_equal(train(&options, 10, &model, &err), SEG_E_USAGE);
    assert_string_equal(err.text, "--monetary-edges: 4 ascending numbers are wanted for 5 bins");
    options.edges[SEG_RFM_MONETARY] = "2,3,4";
    assert_int_equal(train(&options, 10, &model, &err), SEG_E_USAGE);
    options.edges[SEG_RFM_MONETARY] = "2,3,4.001,7";
    assert_int_equal(train(&options, 10, &model, &err), SEG_E_USAGE);
    options.edges[SEG_RFM_MONETARY] = NULL;
    assert_int_equal(train(&options, 10, &model, &err), SEG_E_USAGE);
    assert_null(model);
}

static char model_path[64];

static const char *temp_path(void)
{
    snprintf(model_path, sizeof model_path, "/tmp/test_rfm_%ld.model", (long)getpid());
    return model_path;
}

static void comes_back_from_its_file(void **state)
{
    (void)state;
    static const int schemes[] = { SEG_RFM_DISC, SEG_RFM_NTILE, SEG_RFM_NESTED };
    for (size_t i = 0; i < 3; i++) {
        seg_rfm_options options = usual();
        options.scheme = schemes[i];
        seg_model *model, *again, *frozen;
        seg_error err;
        assert_int_equal(train(&options, 10, &model, &err), SEG_OK);
        assert_int_equal(seg_model_save(model, temp_path(), &err), SEG_OK);
        assert_int_equal(seg_model_load(model_path, &again, &err), SEG_OK);
        const seg_rfm_model *a = model->state, *b = again->state;
        assert_int_equal(a->scale, b->scale);
        for (size_t d = 0; d < 3; d++) {
            size_t n = a->cuts->n[d];
            assert_int_equal(n, b->cuts->n[d]);
            assert_memory_equal(a->cuts->value[d], b->cuts->value[d], n * sizeof(int64_t));
            if (a->cuts->by_id)
                assert_memory_equal(a->cuts->id[d], b->cuts->id[d], n * 8);
        }
        assert_memory_equal(a->map->cells, b->map->cells, 125);
        assert_memory_equal(a->revenue, b->revenue, a->map->n_names * sizeof(int64_t));

        /* The cuts of the file, on fewer customers. */
        options.scheme = SEG_RFM_FROZEN;
        options.from = model_path;
        assert_int_equal(train(&options, 3, &frozen, &err), SEG_OK);
        const seg_rfm_model *c = frozen->state;
        assert_memory_equal(c->cuts->value[0], a->cuts->value[0], 4 * sizeof(int64_t));
        int64_t n_frozen = 0;
        for (size_t k = 0; k < c->map->n_names; k++)
            n_frozen += c->customers[k];
        assert_int_equal(n_frozen, 3);
        seg_model_free(model);
        seg_model_free(again);
        seg_model_free(frozen);
        unlink(model_path);
    }
}

typedef enum damage {
    NO_DAMAGE, FALLING_EDGES, BAD_CELL, BAD_BINS, BAD_SCALE, SHORT_CUTS, N_DAMAGES
} damage;

/* A model whose state is broken in one place, saved and read again. */
static seg_status damaged(damage what, seg_error *err)
{
    seg_rfm_options options = usual();
    seg_model *model, *again = NULL;
    assert_int_equal(train(&options, 10, &model, err), SEG_OK);
    seg_rfm_model *m = model->state;
    switch (what) {
    case FALLING_EDGES: m->cuts->value[1][2] = 1; break;
    case BAD_CELL:      m->map->cells[17] = 11; break;
    case BAD_BINS:      m->cuts->n_bins = 11; break;
    case BAD_SCALE:     m->scale = 30; break;
    case SHORT_CUTS:    m->cuts->n[2] = 3; break;
    case NO_DAMAGE:
    case N_DAMAGES:     break;
    }
    assert_int_equal(seg_model_save(model, temp_path(), err), SEG_OK);
    seg_status st = seg_model_load(model_path, &again, err);
    unlink(model_path);
    if (what != NO_DAMAGE)
        assert_null(again);
    seg_model_free(model);
    seg_model_free(again);
    return st;
}

static void refuses_files_that_are_damaged(void **state)
{
    (void)state;
    seg_error err;
    assert_int_equal(damaged(NO_DAMAGE, &err), SEG_OK);
    for (damage what = FALLING_EDGES; what < N_DAMAGES; what++)
        assert_int_equal(damaged(what, &err), SEG_E_DATA);
}

static void one_customer_is_enough_and_none_is_an_error(void **state)
{
    (void)state;
    seg_rfm_options options = usual();
    seg_model *model;
    seg_error err;
    for (int scheme = SEG_RFM_DISC; scheme <= SEG_RFM_NESTED; scheme++) {
        options.scheme = scheme;
        assert_int_equal(train(&options, 1, &model, &err), SEG_OK);
        seg_model_free(model);
    }
    int64_t kept = frequency[0];
    frequency[0] = 0;
    assert_int_equal(train(&options, 1, &model, &err), SEG_E_DATA);
    assert_string_equal(err.text, "no customer has a purchase: there is nothing to score");
    frequency[0] = kept;
}

static void names_the_row_with_a_bad_number(void **state)
{
    (void)state;
    seg_rfm_options options = usual();
    seg_model *model;
    seg_error err;
    int64_t kept = recency[3];
    recency[3] = SEG_MISSING_I64;
    assert_int_equal(train(&options, 10, &model, &err), SEG_E_DATA);
    assert_string_equal(err.text, "row 4: column 'recency_days' is missing though frequency is"
                        " not zero");
    recency[3] = -1;
    assert_int_equal(train(&options, 10, &model, &err), SEG_E_DATA);
    recency[3] = kept;
}

static void checks_options_that_need_each_other(void **state)
{
    (void)state;
    seg_rfm_options options = usual();
    seg_error err;
    assert_int_equal(seg_rfm_check(&options, &err), SEG_OK);
    options.from = "x";
    assert_int_equal(seg_rfm_check(&options, &err), SEG_E_USAGE);
    assert_string_equal(err.text, "--from is for --scheme frozen only");
    options = usual();
    options.scheme = SEG_RFM_FROZEN;
    assert_int_equal(seg_rfm_check(&options, &err), SEG_E_USAGE);
    options = usual();
    options.map = "no-such-map";
    assert_int_equal(seg_rfm_check(&options, &err), SEG_E_USAGE);
    assert_string_equal(err.text, "map 'no-such-map' is neither shipped (default, r-rfm) nor a"
                        " file");
}

static void refuses_another_as_of_day_than_the_data_have(void **state)
{
    (void)state;
    seg_rfm_options options = usual();
    seg_model *model;
    seg_error err;
    options.customers.as_of_day = 20;
    assert_int_equal(train(&options, 10, &model, &err), SEG_OK);
    seg_model_free(model);
    options.customers.as_of_day = 21;
    assert_int_equal(train(&options, 10, &model, &err), SEG_E_USAGE);
    assert_string_equal(err.text, "--as-of 1970-01-22: the data hold customers as of 1970-01-21;"
                        " give the transactions, or make features anew");
}

static void ten_bins_have_dashes(void **state)
{
    (void)state;
    char out[SEG_RFM_TEXT_BYTES];
    seg_rfm_text(out, 10, (const uint32_t[]){ 10, 10, 10 });
    assert_memory_equal(out, "10-10-10", 8);
    seg_rfm_text(out, 5, (const uint32_t[]){ 5, 1, 3 });
    assert_memory_equal(out, "513\0\0\0\0", 8);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    seg_rfm_options options = usual();
    for (int scheme = SEG_RFM_DISC; scheme <= SEG_RFM_NESTED; scheme++) {
        options.scheme = scheme;
        seg_status st = SEG_E_AGAIN;
        for (long n = 0; st == SEG_E_AGAIN; n++) {
            seg_model *model = NULL;
            seg_alloc_fail_after = n;
            st = train(&options, 10, &model, NULL);
            seg_alloc_fail_after = -1;
            seg_model_free(model);
            assert_int_equal(seg_alloc_live, 0);
        }
        assert_int_equal(st, SEG_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_map_is_a_partition_with_eleven_names),
        cmocka_unit_test(r_rfm_map_has_its_known_defects),
        cmocka_unit_test(reads_a_map_from_a_file),
        cmocka_unit_test(says_what_is_wrong_with_a_map),
        cmocka_unit_test(ranks_equal_ntile_by_its_definition),
        cmocka_unit_test(ties_share_a_score_with_edges),
        cmocka_unit_test(scores_and_names_what_was_worked_out_by_hand),
        cmocka_unit_test(given_edges_make_the_scores),
        cmocka_unit_test(survives_every_allocation_failure),
        cmocka_unit_test(comes_back_from_its_file),
        cmocka_unit_test(refuses_files_that_are_damaged),
        cmocka_unit_test(one_customer_is_enough_and_none_is_an_error),
        cmocka_unit_test(names_the_row_with_a_bad_number),
        cmocka_unit_test(checks_options_that_need_each_other),
        cmocka_unit_test(refuses_another_as_of_day_than_the_data_have),
        cmocka_unit_test(ten_bins_have_dashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

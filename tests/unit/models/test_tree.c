/* The tree as a method: what it learns, that nothing but the data and the seed moves it,
 * what a customer is told, and which files it refuses. */
#include <float.h>
#include <math.h>
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
#include "base/rng.h"
#include "kernels/classify.h"
#include "models/tree.h"

enum { MAX_ROWS = 5000, TENURE = 0, CONTRACT = 1, CHARGES = 2, SUPPORT = 3, D = 4 };

static const char *const contracts[] = { "Month-to-month", "One year", "Two year" };
static const char *const supports[] = { "No", "Yes" };
static const char *const yes_no[] = { "No", "Yes" };
static const seg_column features[D] = {
    { .name = "tenure", .type = SEG_TYPE_F32 },
    { .name = "Contract", .type = SEG_TYPE_CODE, .levels = contracts, .n_levels = 3 },
    { .name = "charges", .type = SEG_TYPE_F32 },
    { .name = "support", .type = SEG_TYPE_CODE, .levels = supports, .n_levels = 2 },
};
static const seg_column label = { .name = "Churn", .type = SEG_TYPE_CODE, .levels = yes_no,
                                  .n_levels = 2 };
static const seg_schema schema = {
    .kind = SEG_KIND_FEATURES, .features = features, .n_features = D, .columns = &label,
    .n_columns = 1, .label = "Churn", .as_of_day = SEG_MISSING_DAY,
};
static float x[MAX_ROWS][D];
static int32_t codes[MAX_ROWS];
static const void *const columns[] = { codes };

static seg_block block_of(size_t n)
{
    return (seg_block){ .n_rows = n, .x = { &x[0][0], n, D, D }, .columns = columns };
}

/* Month-to-month customers of short tenure leave, and so do those whose charges are not
 * known; some labels and cells are missing. */
static void make_rows(size_t n)
{
    seg_rng rng = { 11, 4 };
    for (size_t i = 0; i < n; i++) {
        uint64_t at = i * 16;
        double u = seg_rng_f64(rng, at);
        x[i][TENURE] = (float)seg_rng_below(rng, at + 1, 72);
        x[i][CONTRACT] = (float)seg_rng_below(rng, at + 2, 3);
        x[i][CHARGES] = (float)(20 + 100 * seg_rng_f64(rng, at + 3));
        x[i][SUPPORT] = (float)seg_rng_below(rng, at + 4, 2);
        for (size_t f = 0; f < D; f++)
            if (seg_rng_f64(rng, at + 5 + f) < 0.1)
                x[i][f] = NAN;
        double p = 0.1 + (x[i][CONTRACT] == 0 ? 0.3 : 0) + (x[i][TENURE] <= 10 ? 0.25 : 0)
                   + (isnan(x[i][CHARGES]) ? 0.3 : 0);
        codes[i] = seg_rng_f64(rng, at + 12) < 0.02 ? SEG_MISSING_CODE : u < p;
    }
}

static int n_rewinds;
static seg_status (*plain_rewind)(seg_source *self, seg_error *err);
static seg_status counted_rewind(seg_source *self, seg_error *err)
{
    n_rewinds++;
    return plain_rewind(self, err);
}

static seg_status train(const seg_context *ctx, const seg_tree_options *options, size_t n,
                        seg_model **out, seg_error *err)
{
    seg_block rows = block_of(n);
    seg_source *source;
    *out = NULL;
    seg_status st = seg_memory_source(ctx, &schema, &rows, &source, err);
    if (st == SEG_OK) {
        n_rewinds = 0;
        plain_rewind = source->rewind;
        source->rewind = counted_rewind;
        st = seg_train(ctx, &seg_method_tree, options, source, out, err);
        seg_source_close(source);
    }
    return st;
}

static seg_tree_options usual(void)
{
    seg_tree_options options;
    seg_method_tree.defaults(&options);
    options.teacher = 2;   /* no */
    return options;
}

static seg_model *trained(const seg_tree_options *options, size_t n)
{
    seg_context ctx = seg_context_defaults();
    seg_model *model;
    seg_error err = { 0 };
    if (train(&ctx, options, n, &model, &err) != SEG_OK)
        fail_msg("%s", err.text);
    return model;
}

static const seg_tree *tree_of(const seg_model *model)
{
    return &((const seg_tree_state *)model->state)->tree;
}

/* The model in words and numbers: equal texts are equal trees, to the last digit. */
static char *words_of(const seg_model *model)
{
    seg_doc *doc = seg_doc_new();
    assert_int_equal(seg_method_tree.text(model, seg_doc_root(doc), NULL), SEG_OK);
    seg_put_node(seg_doc_root(doc), "info", seg_doc_root(model->info));
    const char *json = seg_doc_json(doc, 0);
    char *copy = seg_alloc_plain(strlen(json) + 1);
    memcpy(copy, json, strlen(json) + 1);
    seg_doc_free(doc);
    return copy;
}

/* Scores one row: probability, and the reason into a text of 128 bytes. */
static float score_row(const seg_model *model, float tenure, float contract, float charges,
                       float support, char *reason)
{
    float all[D] = { tenure, contract, charges, support }, row[D];
    const seg_schema *used = &model->schema->view;
    for (size_t f = 0; f < used->n_features; f++)
        row[f] = all[seg_schema_feature(&schema, used->features[f].name)];
    seg_block in = { .n_rows = 1, .x = { row, 1, used->n_features, used->n_features } };
    seg_schema_owner *out;
    seg_batch *batch;
    assert_int_equal(seg_schema_new(SEG_KIND_SCORES, &out, NULL), SEG_OK);
    assert_int_equal(seg_method_tree.score_schema(model, out, NULL), SEG_OK);
    assert_int_equal(seg_batch_new(&out->view, 1, &batch, NULL), SEG_OK);
    assert_int_equal(seg_method_tree.score(model, NULL, &schema, &in, batch, NULL), SEG_OK);
    float probability = *(float *)batch->columns[0];
    snprintf(reason, 128, "%.*s", (int)out->view.columns[3].width, (char *)batch->columns[3]);
    seg_batch_free(batch);
    seg_schema_free(out);
    return probability;
}

/* ---- what it learns ------------------------------------------------------------- */

static void customers_are_told_what_raised_their_risk(void **state)
{
    (void)state;
    make_rows(MAX_ROWS);
    seg_tree_options options = usual();
    seg_model *model = trained(&options, MAX_ROWS);
    char reason[128];
    assert_true(score_row(model, 40, 0, 60, 1, reason) > 0.3f);
    assert_string_equal(reason, "Contract = Month-to-month");
    assert_true(score_row(model, 5, 2, 60, 1, reason) > 0.25f);
    assert_string_equal(reason, "tenure <= 10");
    assert_true(score_row(model, 40, 2, NAN, 1, reason) > 0.25f);
    assert_string_equal(reason, "charges is missing");
    assert_true(score_row(model, 40, 2, 60, 1, reason) < 0.15f);
    seg_model_free(model);
}

/* A split of the same feature higher up has sent the other levels elsewhere; missing is
 * named only where rows were missing. */
static void rules_name_only_what_can_come_there(void **state)
{
    (void)state;
    const double rate[3] = { 0.8, 0.4, 0.05 };
    seg_rng rng = { 2, 2 };
    for (size_t i = 0; i < 3000; i++) {
        x[i][CONTRACT] = (float)(i % 3);
        x[i][TENURE] = x[i][CHARGES] = x[i][SUPPORT] = 1;
        codes[i] = seg_rng_f64(rng, i) < rate[i % 3];
    }
    seg_tree_options options = usual();
    seg_model *model = trained(&options, 3000);
    char *words = words_of(model), reason[128];
    assert_int_equal(seg_tree_leaves(tree_of(model)), 3);
    assert_non_null(strstr(words, "Contract in (One year, Two year): "));
    assert_non_null(strstr(words, "Contract = One year: "));
    assert_non_null(strstr(words, "Contract = Two year: "));
    assert_null(strstr(words, "unknown"));
    score_row(model, 1, 0, 1, 1, reason);
    assert_string_equal(reason, "Contract = Month-to-month");
    seg_free(words);
    seg_model_free(model);
}

/* Whether missing means risk or the opposite, the split that parts it is found. */
static void missing_values_go_where_they_belong(void **state)
{
    (void)state;
    for (int risky = 0; risky < 2; risky++) {
        for (size_t i = 0; i < 1000; i++) {
            bool missing = i % 5 == 0;
            x[i][TENURE] = missing ? NAN : (float)(i % 50);
            x[i][CONTRACT] = x[i][CHARGES] = x[i][SUPPORT] = 1;
            bool leaves = missing ? risky : i % 50 <= 20;
            codes[i] = leaves != (i % 17 == 0);
        }
        seg_tree_options options = usual();
        seg_model *model = trained(&options, 1000);
        char reason[128];
        float low = score_row(model, 45, 1, 1, 1, reason);
        float high = score_row(model, 5, 1, 1, 1, reason);
        float missing = score_row(model, NAN, 1, 1, 1, reason);
        assert_true(low < 0.2f && high > 0.8f);
        assert_true(risky ? missing > 0.8f : missing < 0.2f);
        assert_int_equal(tree_of(model)->nodes[0].missing_left, risky);
        seg_model_free(model);
    }
}

static void an_unseen_category_takes_the_way_of_the_missing(void **state)
{
    (void)state;
    make_rows(MAX_ROWS);
    seg_tree_options options = usual();
    seg_model *model = trained(&options, MAX_ROWS);
    char one[128], other[128];
    assert_true(score_row(model, 40, NAN, 60, 1, one) == score_row(model, 40, 7, 60, 1, other));
    assert_string_equal(one, other);
    seg_model_free(model);
}

static void leaves_hold_the_rows_that_reach_them(void **state)
{
    (void)state;
    make_rows(MAX_ROWS);
    seg_tree_options options = usual();
    options.max_leaves = 20;
    options.min_leaf = 40;
    options.max_depth = 5;
    seg_model *model = trained(&options, MAX_ROWS);
    const seg_tree *tree = tree_of(model);
    static int64_t n[SEG_TREE_NODES_MAX][2];
    static uint32_t leaf[MAX_ROWS];
    static float used[MAX_ROWS][D];
    size_t d = model->schema->view.n_features;
    memset(n, 0, sizeof n);
    for (size_t i = 0; i < MAX_ROWS; i++)
        for (size_t f = 0; f < d; f++)
            used[i][f] = x[i][seg_schema_feature(&schema, model->schema->view.features[f].name)];
    seg_tree_route(tree, (seg_matrix){ &used[0][0], MAX_ROWS, d, D }, 1, leaf);
    for (size_t i = 0; i < MAX_ROWS; i++)
        if (codes[i] >= 0)
            n[leaf[i]][codes[i]]++;
    assert_true(seg_tree_leaves(tree) <= 20 && seg_tree_leaves(tree) > 5);
    assert_true(seg_tree_depth(tree) <= 5);
    for (size_t i = 0; i < tree->n_nodes; i++) {
        if (tree->nodes[i].feature >= 0)
            continue;
        assert_memory_equal(n[i], tree->nodes[i].n, sizeof n[i]);
        assert_true(n[i][0] + n[i][1] >= 40);
    }
    seg_model_free(model);
}

static void held_out_rows_are_not_learned_from(void **state)
{
    (void)state;
    make_rows(3000);
    static uint8_t fold[3000];
    for (size_t i = 0; i < 3000; i++)
        fold[i] = i >= 2000;
    seg_context ctx = seg_context_defaults();
    seg_tree_options options = usual();
    seg_model *part = NULL, *alone = trained(&options, 2000);
    seg_block rows = block_of(3000);
    seg_source *source;
    assert_int_equal(seg_memory_source(&ctx, &schema, &rows, &source, NULL), SEG_OK);
    seg_train_input input = { .ctx = &ctx, .schema = &schema, .n_rows = 3000,
                              .options = &options, .fold = fold, .held_out = 1 };
    assert_int_equal(seg_model_train(&input, &seg_method_tree, source, &part, NULL), SEG_OK);
    assert_int_equal(tree_of(part)->n_nodes, tree_of(alone)->n_nodes);
    for (size_t i = 0; i < tree_of(part)->n_nodes; i++) {
        assert_int_equal(tree_of(part)->nodes[i].n[1], tree_of(alone)->nodes[i].n[1]);
        assert_true(tree_of(part)->nodes[i].value == tree_of(alone)->nodes[i].value);
    }
    seg_source_close(source);
    seg_model_free(part);
    seg_model_free(alone);
}

/* ---- same bits -------------------------------------------------------------------- */

static void same_bits_for_any_threads_blocks_and_memory(void **state)
{
    (void)state;
    make_rows(MAX_ROWS);
    seg_tree_options options = usual();
    options.min_leaf = 5;
    options.max_leaves = 500;
    seg_model *model = trained(&options, MAX_ROWS);
    char *expected = words_of(model);
    seg_model_free(model);
    const struct { uint32_t threads; size_t block; uint64_t limit; } ways[] = {
        { 1, 1024, 0 }, { 2, 1024, 0 }, { 3, 4096, 0 }, { 5, 2048, 0 }, { 2, 2048, 600000 },
        { 2, 1024, 450000 },
    };
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        seg_context ctx = seg_context_defaults();
        seg_error err = { 0 };
        ctx.n_threads = ways[w].threads;
        ctx.block_rows = ways[w].block;
        if (ways[w].limit > 0)
            seg_alloc_set_limit(seg_alloc_in_use() + ways[w].limit);
        if (train(&ctx, &options, MAX_ROWS, &model, &err) != SEG_OK)
            fail_msg("%s", err.text);
        seg_alloc_set_limit(0);
        assert_int_equal(n_rewinds, 1);   /* two passes, whatever the memory */
        char *words = words_of(model);
        assert_string_equal(words, expected);
        seg_free(words);
        seg_model_free(model);
    }
    seg_free(expected);
}

/* ---- errors ------------------------------------------------------------------------- */

static void labels_that_say_nothing_are_refused(void **state)
{
    (void)state;
    make_rows(100);
    seg_context ctx = seg_context_defaults();
    seg_tree_options options = usual();
    seg_model *model;
    seg_error err;
    for (size_t i = 0; i < 100; i++)
        codes[i] = 1;
    assert_int_equal(train(&ctx, &options, 100, &model, &err), SEG_E_DATA);
    assert_non_null(strstr(err.text, "'Yes' in every row"));
    for (size_t i = 0; i < 100; i++)
        codes[i] = SEG_MISSING_CODE;
    assert_int_equal(train(&ctx, &options, 100, &model, &err), SEG_E_DATA);
    assert_null(model);
    options.classify.positive = "Maybe";
    make_rows(100);
    assert_int_equal(train(&ctx, &options, 100, &model, &err), SEG_E_USAGE);
}

static void a_label_that_nothing_explains_gives_one_leaf(void **state)
{
    (void)state;
    for (size_t i = 0; i < 1000; i++) {
        for (size_t f = 0; f < D; f++)
            x[i][f] = 1;
        codes[i] = i % 4 == 0;
    }
    seg_tree_options options = usual();
    seg_model *model = trained(&options, 1000);
    char reason[128];
    assert_int_equal(tree_of(model)->n_nodes, 1);
    assert_true(score_row(model, 1, 1, 1, 1, reason) == 0.25f);
    assert_string_equal(reason, "");
    seg_model_free(model);
}

static void training_survives_every_allocation_failure(void **state)
{
    (void)state;
    make_rows(300);
    seg_context ctx = seg_context_defaults();
    ctx.n_threads = 1;
    seg_tree_options options = usual();
    options.min_leaf = 10;
    seg_status st = SEG_E_AGAIN;
    long live = seg_alloc_live;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_model *model;
        seg_alloc_fail_after = n;
        st = train(&ctx, &options, 300, &model, NULL);
        seg_alloc_fail_after = -1;
        seg_model_free(model);
        assert_int_equal(seg_alloc_live, live);
    }
    assert_int_equal(st, SEG_OK);
}

/* The method's part of a file, there and back. */
static seg_status tree_there_and_back(const seg_model *model, const char *path)
{
    seg_h5_writer *w = NULL;
    seg_h5 *file = NULL;
    seg_model back = { .method = &seg_method_tree, .schema = model->schema };
    seg_status st = seg_h5_create(path, true, &w, NULL);
    if (st == SEG_OK)
        st = seg_tree_save(model, w, NULL);
    if (st == SEG_OK)
        st = seg_h5_commit(w, NULL);
    seg_h5_writer_close(w);
    if (st == SEG_OK)
        st = seg_h5_open(path, &file, NULL);
    if (st == SEG_OK)
        st = seg_tree_load(&back, file, NULL);
    seg_h5_close(file);
    seg_tree_state_free(back.state);
    return st;
}

static void files_survive_every_allocation_failure(void **state)
{
    (void)state;
    make_rows(300);
    seg_tree_options options = usual();
    options.min_leaf = 10;
    seg_model *model = trained(&options, 300);
    char path[] = "/tmp/test_tree_XXXXXX";
    close(mkstemp(path));
    assert_int_equal(tree_there_and_back(model, path), SEG_OK);
    seg_status st = SEG_E_AGAIN;
    long live = seg_alloc_live;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_alloc_fail_after = n;
        st = tree_there_and_back(model, path);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, live);
    }
    assert_int_equal(st, SEG_OK);
    unlink(path);
    seg_model_free(model);
}

/* ---- files -------------------------------------------------------------------------- */

static seg_status save_and_load(const seg_model *model, seg_model **out, seg_error *err)
{
    char path[] = "/tmp/test_tree_XXXXXX";
    close(mkstemp(path));
    *out = NULL;
    seg_status st = seg_model_save(model, path, err);
    assert_int_equal(st, SEG_OK);
    st = seg_model_load(path, out, err);
    unlink(path);
    return st;
}

static void a_model_file_gives_the_same_model_back(void **state)
{
    (void)state;
    make_rows(MAX_ROWS);
    seg_tree_options options = usual();
    seg_model *model = trained(&options, MAX_ROWS), *back;
    seg_error err = { 0 };
    if (save_and_load(model, &back, &err) != SEG_OK)
        fail_msg("%s", err.text);
    char *before = words_of(model), *after = words_of(back);
    assert_string_equal(before, after);
    seg_free(before);
    seg_free(after);
    for (int i = 0; i < 200; i++) {
        char one[128], other[128];
        assert_true(score_row(model, x[i][0], x[i][1], x[i][2], x[i][3], one) ==
                    score_row(back, x[i][0], x[i][1], x[i][2], x[i][3], other));
        assert_string_equal(one, other);
    }
    seg_model_free(model);
    seg_model_free(back);
}

/* One lie per case; node 0 splits, and so does one of its children. */
static void tell_lie(seg_tree_state *state, int lie)
{
    seg_tree *tree = &state->tree;
    seg_tree_node *root = &tree->nodes[0];
    size_t category = 0, number = 0;
    while (tree->nodes[category].n_levels == 0)
        category++;
    while (tree->nodes[number].feature < 0 || tree->nodes[number].n_levels > 0)
        number++;
    switch (lie) {
    case 0: root->left = 0; break;
    case 1: root->right = (uint32_t)tree->n_nodes; break;
    case 2: root->left = root->right; break;
    case 3: tree->nodes[number].threshold = NAN; break;
    case 4: root->value = 1.5; break;
    case 5: root->value = NAN; break;
    case 6: root->n[1]++; break;
    case 7: tree->nodes[tree->n_nodes - 1].n[0] = INT64_MIN; break;
    case 8: tree->nodes[category].first_side = (uint32_t)tree->n_sides; break;
    case 9: tree->sides[0] = 7; break;
    case 10: state->edges[3] = 0.99f; break;
    case 11: state->edges[8] = NAN; break;
    case 12: root->gain = INFINITY; break;
    case 13: tree->n_nodes--; break;
    default: tree->nodes[root->left].left = root->right; break;
    }
}

static void refuses_a_file_that_lies(void **state)
{
    (void)state;
    make_rows(MAX_ROWS);
    seg_tree_options options = usual();
    for (int lie = 0; lie < 15; lie++) {
        seg_model *model = trained(&options, MAX_ROWS), *back;
        seg_error err;
        tell_lie(model->state, lie);
        if (save_and_load(model, &back, &err) != SEG_E_DATA)
            fail_msg("lie %d is believed", lie);
        assert_null(back);
        seg_model_free(model);
    }
}

/* ---- names and deciles ---------------------------------------------------------------- */

static void the_score_is_named_after_its_label(void **state)
{
    (void)state;
    seg_text name = { 0 };
    const char *const cases[][2] = {
        { "Churn", "churn_probability" }, { "has_CHURNED", "churn_probability" },
        { "Exited", "churn_probability" }, { "bought", "bought_probability" },
    };
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(seg_probability_name(cases[i][0], &name, NULL), SEG_OK);
        assert_string_equal(name.bytes, cases[i][1]);
    }
    seg_text_free(&name);
}

static void deciles_cut_as_near_to_tenths_as_ties_allow(void **state)
{
    (void)state;
    float edges[SEG_DECILE_EDGES], scores[20];
    int64_t rows[20];
    for (size_t i = 0; i < 20; i++) {
        scores[i] = 1 - (float)i / 20;
        rows[i] = 5;
    }
    seg_decile_edges(scores, rows, 20, edges);
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(seg_decile(edges, scores[i]), 1 + (int)i / 2);
    assert_int_equal(seg_decile(edges, 1), 1);
    assert_int_equal(seg_decile(edges, 0), 10);
    seg_decile_edges((float[]){ 0.5f }, (int64_t[]){ 7 }, 1, edges);
    assert_int_equal(seg_decile(edges, 0.5f), 1);
    /* 30 of 100 rows hold the highest score: decile 1 is not empty */
    seg_decile_edges((float[]){ 0.9f, 0.1f }, (int64_t[]){ 30, 70 }, 2, edges);
    assert_int_equal(seg_decile(edges, 0.9f), 1);
    assert_int_equal(seg_decile(edges, 0.1f), 7);
    assert_int_equal(seg_band(2), 0);
    assert_int_equal(seg_band(5), 1);
    assert_int_equal(seg_band(6), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(customers_are_told_what_raised_their_risk),
        cmocka_unit_test(rules_name_only_what_can_come_there),
        cmocka_unit_test(missing_values_go_where_they_belong),
        cmocka_unit_test(an_unseen_category_takes_the_way_of_the_missing),
        cmocka_unit_test(leaves_hold_the_rows_that_reach_them),
        cmocka_unit_test(held_out_rows_are_not_learned_from),
        cmocka_unit_test(same_bits_for_any_threads_blocks_and_memory),
        cmocka_unit_test(labels_that_say_nothing_are_refused),
        cmocka_unit_test(a_label_that_nothing_explains_gives_one_leaf),
        cmocka_unit_test(training_survives_every_allocation_failure),
        cmocka_unit_test(files_survive_every_allocation_failure),
        cmocka_unit_test(a_model_file_gives_the_same_model_back),
        cmocka_unit_test(refuses_a_file_that_lies),
        cmocka_unit_test(the_score_is_named_after_its_label),
        cmocka_unit_test(deciles_cut_as_near_to_tenths_as_ties_allow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

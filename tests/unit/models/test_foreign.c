/* Models of LightGBM and XGBoost: tests/golden/foreign has small ones, made by the programs
 * themselves, with the log-odds that they give to rows (make.py tells how). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "kernels/forest.h"
#include "models/foreign.h"
#include "tests/support/files.h"

typedef seg_status read_fn(const char *text, size_t n_bytes, seg_foreign *out, seg_error *err);

static const struct {
    const char *name;
    read_fn *read;
} models[] = {
    { "lightgbm.txt", seg_lightgbm_read },
    { "lightgbm-forest.txt", seg_lightgbm_read },
    { "xgboost.json", seg_xgboost_read },
    { "xgboost-dart.json", seg_xgboost_read },
};
enum { N_MODELS = sizeof models / sizeof *models, MAX_COLUMNS = 16, MAX_ROWS = 100 };

static char *text_of(const char *name, size_t *n)
{
    char path[256];
    snprintf(path, sizeof path, "tests/golden/foreign/%s", name);
    char *text = read_bytes(path, n);
    text = realloc(text, *n + 1);
    text[*n] = '\0';
    return text;
}

/* ---- what the programs said ------------------------------------------------------------ */

typedef struct table {
    char names[MAX_COLUMNS][32];
    double cells[MAX_ROWS][MAX_COLUMNS];   /* NaN: empty */
    size_t n_columns, n_rows;
} table;

static void read_table(table *t)
{
    size_t n;
    char *text = text_of("rows.csv", &n), *rest = text, *line;
    memset(t, 0, sizeof *t);
    for (bool head = true; (line = strsep(&rest, "\n")) != NULL && *line; head = false) {
        char *cell;
        for (size_t c = 0; (cell = strsep(&line, ",")) != NULL; c++) {
            assert_true(c < MAX_COLUMNS && t->n_rows < MAX_ROWS);
            if (head)
                snprintf(t->names[t->n_columns++], sizeof t->names[0], "%s", cell);
            else
                t->cells[t->n_rows][c] = *cell ? strtod(cell, NULL) : (double)NAN;
        }
        t->n_rows += !head;
    }
    free(text);
    assert_true(t->n_rows > 30);
}

static size_t column_of(const table *t, const char *name)
{
    for (size_t c = 0; c < t->n_columns; c++)
        if (strcmp(t->names[c], name) == 0)
            return c;
    unsigned place = MAX_COLUMNS;   /* names that the programs made themselves */
    assert_true(sscanf(name, "Column_%u", &place) == 1 || sscanf(name, "f%u", &place) == 1);
    return place;
}

static void read_model(size_t m, seg_foreign *out)
{
    seg_error err = { 0 };
    size_t n;
    char *text = text_of(models[m].name, &n);
    if (models[m].read(text, n, out, &err) != SEG_OK)
        fail_msg("%s: %s", models[m].name, err.text);
    free(text);
}

/* A row's cells in the order of the model's features. */
static void fill_row(const table *t, size_t row, const seg_foreign *model, float *x)
{
    const seg_schema *schema = &model->schema->view;
    for (size_t f = 0; f < schema->n_features; f++)
        x[f] = (float)t->cells[row][column_of(t, schema->features[f].name)];
}

static void scores_are_those_of_the_program_that_made_the_model(void **state)
{
    (void)state;
    static table t;
    read_table(&t);
    for (size_t m = 0; m < N_MODELS; m++) {
        seg_foreign model;
        seg_forest_plan *plan;
        seg_error err;
        read_model(m, &model);
        size_t d = model.schema->view.n_features, truth = column_of(&t, models[m].name);
        assert_int_equal(seg_forest_plan_new(model.trees, model.n_trees, d, &plan, &err), SEG_OK);
        for (size_t r = 0; r < t.n_rows; r++) {
            float x[MAX_COLUMNS];
            double sum;
            fill_row(&t, r, &model, x);
            seg_matrix row = { .x = x, .n_rows = 1, .n_cols = d, .stride = d };
            assert_int_equal(seg_forest_score(plan, row, 1, &sum, &err), SEG_OK);
            if (!isnan(t.cells[r][truth]) && !(fabs(sum + model.base - t.cells[r][truth]) < 1e-6))
                fail_msg("%s, row %zu: %.9g, not %.9g", models[m].name, r, sum + model.base,
                         t.cells[r][truth]);
        }
        seg_forest_plan_free(plan);
        seg_foreign_free(&model);
    }
}

static void categories_have_the_names_of_pandas_or_their_codes(void **state)
{
    (void)state;
    for (size_t m = 0; m < N_MODELS; m += 2) {
        seg_foreign model;
        read_model(m, &model);
        const seg_schema *schema = &model.schema->view;
        const seg_column *city = &schema->features[seg_schema_feature(schema, "city")];
        assert_int_equal(city->type, SEG_TYPE_CODE);
        assert_int_equal(city->n_levels, 6);
        assert_string_equal(city->levels[3], m == 0 ? "Köln" : "Koeln");
        seg_foreign_free(&model);
    }
    seg_foreign dart;
    read_model(3, &dart);
    size_t f = 0;
    while (dart.schema->view.features[f].type != SEG_TYPE_CODE)
        f++;
    assert_int_equal(dart.schema->view.features[f].n_levels, 256);
    assert_string_equal(dart.schema->view.features[f].levels[17], "17");
    seg_foreign_free(&dart);
}

static void features_that_no_tree_asks_for_are_left_out(void **state)
{
    (void)state;
    for (size_t m = 0; m < N_MODELS; m++) {
        seg_foreign model;
        read_model(m, &model);
        const seg_schema *schema = &model.schema->view;
        assert_true(schema->n_features < 5);
        assert_int_equal(seg_schema_feature(schema, "unused"), SIZE_MAX);
        seg_foreign_free(&model);
    }
}

static void rows_of_a_node_are_those_of_its_children(void **state)
{
    (void)state;
    seg_foreign model;
    read_model(0, &model);
    for (size_t t = 0; t < model.n_trees; t++) {
        assert_int_equal(model.trees[t].nodes[0].n[0], 600);
        for (size_t i = 0; i < model.trees[t].n_nodes; i++) {
            const seg_tree_node *node = &model.trees[t].nodes[i], *nodes = model.trees[t].nodes;
            if (node->feature >= 0) {
                assert_true(node->left > i && node->right > i);
                assert_int_equal(node->n[0], nodes[node->left].n[0] + nodes[node->right].n[0]);
            }
        }
    }
    seg_foreign_free(&model);
}

static void floats_decide_by_the_rounded_threshold_as_by_the_exact_one(void **state)
{
    (void)state;
    float f;
    assert_true(seg_foreign_at_most(0.1, &f));
    assert_true((double)f <= 0.1 && (double)nextafterf(f, INFINITY) > 0.1);
    assert_true(seg_foreign_at_most(-0.1, &f));
    assert_true((double)f <= -0.1 && (double)nextafterf(f, INFINITY) > -0.1);
    assert_true(seg_foreign_at_most(2.5, &f) && f == 2.5f);
    assert_true(seg_foreign_at_most(1e300, &f) && f == FLT_MAX);
    assert_true(seg_foreign_at_most(1e-300, &f) && f == 0);
    assert_false(seg_foreign_at_most(-1e300, &f));
    assert_false(seg_foreign_at_most((double)NAN, &f));
}

/* ---- what cannot be imported ----------------------------------------------------------- */

/* The model with the first `from` replaced; its message. */
static void refuses(size_t m, const char *from, const char *to, const char *message)
{
    size_t n;
    char *text = text_of(models[m].name, &n), *changed = malloc(n + strlen(to));
    const char *at = memmem(text, n, from, strlen(from));
    seg_foreign model;
    seg_error err = { 0 };
    assert_non_null(at);
    size_t head = (size_t)(at - text), tail = n - head - strlen(from);
    memcpy(changed, text, head);
    memcpy(changed + head, to, strlen(to));
    memcpy(changed + head + strlen(to), at + strlen(from), tail);
    size_t length = head + strlen(to) + tail;
    if (models[m].read(changed, length, &model, &err) != SEG_E_DATA ||
        strstr(err.text, message) == NULL)
        fail_msg("%s to %s: '%s' does not say '%s'", from, to, err.text, message);
    free(changed);
    free(text);
}

static void a_threshold_without_end_parts_numbers_from_missing_values(void **state)
{
    (void)state;
    static const char text[] =
        "tree\nobjective=binary\nmax_feature_idx=0\nfeature_names=x\nfeature_infos=[0:1]\n\n"
        "Tree=0\nnum_leaves=2\nnum_cat=0\nsplit_feature=0\nsplit_gain=1\nthreshold=inf\n"
        "decision_type=8\nleft_child=-1\nright_child=-2\nleaf_value=0.5 -0.25\nleaf_count=7 3\n"
        "\nend of trees\n";
    seg_foreign model;
    seg_error err = { 0 };
    assert_int_equal(seg_lightgbm_read(text, sizeof text - 1, &model, &err), SEG_OK);
    const seg_tree *tree = model.trees;
    assert_true(seg_tree_goes_left(tree, tree->nodes, -1));
    assert_true(seg_tree_goes_left(tree, tree->nodes, FLT_MAX));
    assert_false(seg_tree_goes_left(tree, tree->nodes, NAN));
    assert_true(tree->nodes[tree->nodes->right].value == -0.25);
    assert_true(fabs(tree->nodes->value - (0.7 * 0.5 - 0.3 * 0.25)) < 1e-12);
    seg_foreign_free(&model);
}

static void what_cannot_be_imported_is_named(void **state)
{
    (void)state;
    refuses(0, "tree\n", "forest\n", "not a LightGBM model");
    refuses(0, "binary sigmoid:1", "regression", "its objective is 'regression'");
    refuses(0, "binary sigmoid:1", "binary sigmoid:-1", "sigmoid");
    refuses(0, "num_class=1", "num_class=3", "more than two classes");
    refuses(0, "is_linear=0", "is_linear=1", "linear");
    refuses(0, "leaf_count=", "leaf_counts=", "tree 0: leaf_count has fewer numbers");
    refuses(0, "leaf_value=", "leaf_value=inf ", "leaf_value holds what is not a finite number");
    refuses(0, "left_child=", "left_child=0 ", "two parents");
    refuses(0, "left_child=", "left_child=77 ", "child is not there");
    refuses(0, "split_feature=", "split_feature=9 ", "feature that is not there");
    refuses(0, "cat_boundaries=0", "cat_boundaries=5", "cat_boundaries");
    refuses(0, "cat_threshold=", "cat_threshold=4294967296 ", "beyond 32 bits");
    refuses(0, "end of trees", "end of tree", "ends too early");
    refuses(0, "\"Bonn\", ", "", "pandas_categorical has 5 names");
    refuses(0, "[[\"basic\"", "[[\"x\"], [\"basic\"", "pandas_categorical names the categories of 3");
    refuses(1, "decision_type=2", "decision_type=4", "zero_as_missing");
    refuses(2, "\"learner\"", "\"teacher\"", "no 'learner'");
    refuses(2, "binary:logistic", "multi:softprob", "its objective is 'multi:softprob'");
    refuses(2, "\"name\":\"gbtree\"", "\"name\":\"gblinear\"", "its booster is 'gblinear'");
    refuses(2, "\"num_class\":\"0\"", "\"num_class\":\"3\"", "several outputs");
    refuses(2, "\"base_score\":\"[", "\"base_score\":\"[7", "base_score");
    refuses(2, "\"size_leaf_vector\":\"1\"", "\"size_leaf_vector\":\"2\"", "several values");
    refuses(2, "\"left_children\":[1", "\"left_children\":[0", "two parents");
    refuses(2, "\"left_children\":[1", "\"left_children\":[1,1", "as long as it has nodes");
    refuses(2, "\"categories_nodes\":[", "\"categories_nodes\":[99,", "not there, or twice");
    refuses(2, "\"values\":[98", "\"values\":[-61", "beyond ASCII");
    refuses(3, "\"weight_drop\":[", "\"weight_drop\":[1,", "weight_drop");
}

/* ---- hostile files --------------------------------------------------------------------- */

/* The reader either refuses or leaves trees that can be scored. */
static void survive(size_t m, const char *text, size_t n)
{
    seg_foreign model;
    seg_error err;
    seg_forest_plan *plan = NULL;
    char *exact = malloc(n > 0 ? n : 1);   /* so that a sanitizer sees what lies behind */
    memcpy(exact, text, n);
    seg_status st = models[m].read(exact, n, &model, &err);
    assert_true(st == SEG_OK || st == SEG_E_DATA || st == SEG_E_AGAIN);
    if (st == SEG_OK)
        assert_int_equal(seg_forest_plan_new(model.trees, model.n_trees,
                                             model.schema->view.n_features, &plan, &err), SEG_OK);
    seg_forest_plan_free(plan);
    seg_foreign_free(&model);
    free(exact);
}

static void a_file_that_is_cut_anywhere_or_spoiled_is_survived(void **state)
{
    (void)state;
    for (size_t m = 0; m < N_MODELS; m++) {
        size_t n;
        char *text = text_of(models[m].name, &n);
        for (size_t cut = 0; cut < n; cut += 7)
            survive(m, text, cut);
        for (size_t i = 0; i < n; i += 5) {
            char kept = text[i];
            text[i] = "9-0 [\"\n=x"[i / 5 % 9];
            survive(m, text, n);
            text[i] = kept;
        }
        free(text);
    }
    assert_int_equal(seg_alloc_live, 0);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    for (size_t m = 0; m < N_MODELS; m++) {
        size_t n;
        char *text = text_of(models[m].name, &n);
        seg_status st = SEG_E_AGAIN;
        for (long k = 0; st == SEG_E_AGAIN; k++) {
            seg_foreign model;
            seg_error err;
            seg_alloc_fail_after = k;
            st = models[m].read(text, n, &model, &err);
            seg_alloc_fail_after = -1;
            seg_foreign_free(&model);
            assert_int_equal(seg_alloc_live, 0);
        }
        assert_int_equal(st, SEG_OK);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_those_of_the_program_that_made_the_model),
        cmocka_unit_test(categories_have_the_names_of_pandas_or_their_codes),
        cmocka_unit_test(features_that_no_tree_asks_for_are_left_out),
        cmocka_unit_test(rows_of_a_node_are_those_of_its_children),
        cmocka_unit_test(floats_decide_by_the_rounded_threshold_as_by_the_exact_one),
        cmocka_unit_test(a_threshold_without_end_parts_numbers_from_missing_values),
        cmocka_unit_test(what_cannot_be_imported_is_named),
        cmocka_unit_test(a_file_that_is_cut_anywhere_or_spoiled_is_survived),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

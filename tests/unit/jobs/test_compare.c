/* The comparison: the published figures of a plain logistic regression on real tables with
 * their given folds; bits, bounds and failures on a made one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "jobs/compare.h"
#include "jobs/view.h"
#include "models/logistic.h"

static const char *data_dir(void)
{
    const char *dir = getenv("SEGMILL_DATA");
    return dir == NULL ? "../shared/data" : dir;
}

static const seg_method *tree;
static char options[4096];

/* comparison[] of a view; the tree's own figures are not there. */
static seg_doc *compare(const seg_context *ctx, seg_source *source, seg_split *split)
{
    seg_doc *doc = seg_doc_new();
    seg_error err = { .text = "" };
    seg_train_input input = { .ctx = ctx, .schema = source->schema, .n_rows = source->n_rows,
                              .options = options, .held_out = -1 };
    if (seg_compare(&input, tree, NULL, source, split, seg_doc_root(doc), &err) != SEG_OK)
        fail_msg("%s", err.text);
    return doc;
}

static double figure(const seg_doc *doc, size_t model, const char *name)
{
    const seg_node *list = seg_node_get(seg_doc_root((seg_doc *)doc), "comparison");
    return seg_node_real(seg_node_get(seg_node_at(list, model), name), NAN);
}

/* ---- real tables ------------------------------------------------------------------------- */

typedef struct published {
    const char *csv, *folds, *label, *drop;
    double auc, log_loss, rate;
} published;

static void it_reaches_the_published_figures(void **state)
{
    (void)state;
    static const published tables[] = {
        { "telco_churn.csv", "telco.folds.gz", "Churn", "customerID", 0.8453, 0.4172, 0.26537 },
        { "bank_churn.csv", "bank.folds.gz", "Exited", "RowNumber,CustomerId,Surname", 0.7661,
          0.4292, 0.2037 },
        { "cell2cell_train.csv.gz", "cell2cell.folds.gz", "Churn", "CustomerID", 0.6215, 0.5823,
          0.28818 },
    };
    seg_context ctx = seg_context_defaults();
    char path[512];
    snprintf(path, sizeof path, "%s/churn", data_dir());
    if (access(path, R_OK) != 0)
        skip();
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        const published *p = &tables[t];
        seg_view_request request = { .path = path, .view = SEG_VIEW_FEATURES,
                                     .selection = { .label = p->label, .drop = p->drop } };
        seg_source *source;
        seg_split split = { 0 };
        seg_error err = { .text = "" };
        snprintf(path, sizeof path, "%s/churn/%s", data_dir(), p->csv);
        if (seg_view_open(&ctx, &request, NULL, &source, &err) != SEG_OK)
            fail_msg("%s", err.text);
        snprintf(path, sizeof path, "%s/churn/%s", data_dir(), p->folds);
        seg_classify_options classify = { .folds = path };
        assert_int_equal(seg_split_new(&ctx, &classify, source, NULL, &split, &err), SEG_OK);
        seg_doc *doc = compare(&ctx, source, &split);
        assert_true(figure(doc, 1, "auc") > p->auc - 0.003);
        assert_true(figure(doc, 1, "log_loss") < p->log_loss + 0.003);
        double entropy = -p->rate * log(p->rate) - (1 - p->rate) * log(1 - p->rate);
        assert_true(fabs(figure(doc, 2, "log_loss") - entropy) < 1e-4);
        assert_true(fabs(figure(doc, 2, "brier") - p->rate * (1 - p->rate)) < 1e-4);
        assert_true(figure(doc, 2, "auc") == 0.5);
        seg_doc_free(doc);
        seg_split_free(&split);
        seg_source_close(source);
    }
}

/* ---- a made table ------------------------------------------------------------------------ */

enum { N = 6000, D = 4 };
static const char *const answers[] = { "no", "yes" };
static const char *const plans[] = { "a", "b", "c" };
static const seg_column label = { .name = "churned", .type = SEG_TYPE_CODE, .levels = answers,
                                  .n_levels = 2 };
static const seg_column features[D] = {
    { .name = "x", .type = SEG_TYPE_F32 },
    { .name = "plan", .type = SEG_TYPE_CODE, .levels = plans, .n_levels = 3 },
    { .name = "constant", .type = SEG_TYPE_F32 }, { .name = "empty", .type = SEG_TYPE_F32 },
};
static const seg_schema schema = { .kind = SEG_KIND_FEATURES, .features = features,
                                   .n_features = D, .columns = &label, .n_columns = 1,
                                   .label = "churned", .as_of_day = SEG_MISSING_DAY };
static float x[N][D];
static int32_t codes[N];

static seg_source *rows(const seg_context *ctx)
{
    static const void *columns[] = { codes };
    const seg_rng rng = { 4, 4 };
    seg_source *source = NULL;
    seg_error err;
    for (uint64_t i = 0; i < N; i++) {
        codes[i] = seg_rng_f64(rng, i * 8) < 0.3;
        x[i][0] = (float)(seg_rng_f64(rng, i * 8 + 1) + 0.5 * codes[i]);
        x[i][1] = i % 11 == 0 ? NAN : (float)(i % 3);
        x[i][2] = 7;
        x[i][3] = NAN;
    }
    codes[5] = SEG_MISSING_CODE;
    x[6][0] = INFINITY;
    seg_block all = { .n_rows = N, .x = { &x[0][0], N, D, D }, .columns = columns };
    assert_int_equal(seg_memory_source(ctx, &schema, &all, &source, &err), SEG_OK);
    return source;
}

static void same_bits_for_any_threads_and_blocks(void **state)
{
    (void)state;
    char *first = NULL;
    for (uint32_t threads = 1; threads < 4; threads++) {
        seg_context ctx = seg_context_defaults();
        seg_split split;
        seg_error err;
        ctx.n_threads = threads;
        ctx.block_rows = 1024 * threads;
        seg_source *source = rows(&ctx);
        assert_int_equal(seg_folds_deal(&ctx, source, 4, NULL, NULL, &split, &err), SEG_OK);
        seg_doc *doc = compare(&ctx, source, &split);
        if (first == NULL) {
            first = strdup(seg_doc_json(doc, 0));
            assert_true(figure(doc, 1, "auc") > 0.8);
            assert_true(figure(doc, 1, "log_loss") < figure(doc, 2, "log_loss") - 0.1);
        }
        assert_string_equal(seg_doc_json(doc, 0), first);
        seg_doc_free(doc);
        seg_split_free(&split);
        seg_source_close(source);
    }
    free(first);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    seg_context ctx = seg_context_defaults();
    seg_source *source = rows(&ctx);
    seg_split split;
    seg_error err;
    ctx.n_threads = 2;
    assert_int_equal(seg_folds_deal(&ctx, source, 3, NULL, NULL, &split, &err), SEG_OK);
    seg_train_input input = { .ctx = &ctx, .schema = &schema, .n_rows = N, .options = options,
                              .held_out = -1 };
    long live = seg_alloc_live;
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_alloc_fail_after = n;
        seg_doc *doc = seg_doc_new();
        st = seg_compare(&input, tree, NULL, source, &split, seg_doc_root(doc), &err);
        if (st == SEG_OK)
            st = seg_doc_status(doc, &err);
        seg_alloc_fail_after = -1;
        seg_doc_free(doc);
        assert_int_equal(source->rewind(source, &err), SEG_OK);
        assert_int_equal(seg_alloc_live, live);
    }
    assert_int_equal(st, SEG_OK);
    seg_split_free(&split);
    seg_source_close(source);
}

/* ---- the encoding ------------------------------------------------------------------------- */

static void rare_levels_are_pooled_and_missing_ones_are_a_level(void **state)
{
    (void)state;
    enum { LEVELS = 200, ROWS = 5000 };
    static const char *names[LEVELS];
    static float column[ROWS];
    static uint8_t classes[ROWS];
    seg_encoding e;
    seg_encoded_rows r;
    seg_error err;
    seg_column category = { .name = "area", .type = SEG_TYPE_CODE, .levels = names,
                            .n_levels = LEVELS };
    for (size_t i = 0; i < ROWS; i++)   /* levels 60 .. 199 nobody has */
        column[i] = i % 100 == 7 ? NAN : (float)(i % 3 == 0 ? i % 10 : i / 7 % 60);
    assert_int_equal(seg_encoding_new(&category, 1, column, ROWS, ROWS, &e, &err), SEG_OK);
    assert_int_equal(e.features[0].n_columns, SEG_ENCODED_LEVELS + 2);
    assert_int_equal(e.n_coefficients, SEG_ENCODED_LEVELS + 3);
    assert_int_equal(seg_encode_rows(&e, column, ROWS, classes, ROWS, &r, &err), SEG_OK);
    double beta[SEG_ENCODED_LEVELS + 3] = { 0 };
    for (size_t i = 0; i < ROWS; i++) {
        float v = column[r.order[i]];
        assert_true(r.levels[i] < r.n_levels[0]);
        if (isnan(v))
            assert_int_equal(r.levels[i], SEG_ENCODED_LEVELS + 1);
    }
    beta[0] = 1;
    beta[1 + SEG_ENCODED_LEVELS] = 2;   /* the pool: what nobody has goes there */
    float unseen = 150, nothing = NAN;
    assert_true(fabs(seg_encoding_score(&e, beta, &unseen) - 1 / (1 + exp(-3.0))) < 1e-12);
    assert_true(fabs(seg_encoding_score(&e, beta, &nothing) - 1 / (1 + exp(-1.0))) < 1e-12);
    seg_encoded_rows_free(&r);
    seg_encoding_free(&e);
}

static void columns_are_bounded(void **state)
{
    (void)state;
    enum { MANY = 1500, ROWS = 8 };
    static seg_column many[MANY];
    static float values[MANY * ROWS];
    seg_encoding e;
    seg_error err;
    for (size_t f = 0; f < MANY; f++) {
        many[f] = (seg_column){ .name = "x", .type = SEG_TYPE_F32 };
        for (size_t i = 0; i < ROWS; i++)
            values[f * ROWS + i] = f == 3 ? 1 : (float)(i * f % 7);
    }
    assert_int_equal(seg_encoding_new(many, MANY, values, ROWS, ROWS, &e, &err), SEG_OK);
    assert_int_equal(e.n_coefficients, SEG_ENCODED_COLUMNS);
    assert_int_equal(e.n_left_out, MANY + 1 - SEG_ENCODED_COLUMNS);
    seg_encoding_free(&e);
}

int main(void)
{
    tree = seg_method_find("tree");
    seg_method_defaults(tree, options);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_reaches_the_published_figures),
        cmocka_unit_test(same_bits_for_any_threads_and_blocks),
        cmocka_unit_test(survives_every_allocation_failure),
        cmocka_unit_test(rare_levels_are_pooled_and_missing_ones_are_a_level),
        cmocka_unit_test(columns_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A feature of 100,003 categories: every classifier learns, is checked, compared and scores
 * in bounded memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "jobs/compare.h"
#include "jobs/leaks.h"
#include "jobs/validate.h"
#include "segmill/model.h"

enum { N = 150000, LEVELS = 100003, D = 2 };
static const char *const methods[] = { "tree" };

static const char *const answers[] = { "no", "yes" };
static const char *names[LEVELS + 1];
static char texts[LEVELS + 1][16];
static const seg_column label = { .name = "churned", .type = SEG_TYPE_CODE, .levels = answers,
                                  .n_levels = 2 };
static const seg_column features[D] = {
    { .name = "area", .type = SEG_TYPE_CODE, .levels = names, .n_levels = LEVELS },
    { .name = "age", .type = SEG_TYPE_F32 },
};
static const seg_schema schema = { .kind = SEG_KIND_FEATURES, .features = features,
                                   .n_features = D, .columns = &label, .n_columns = 1,
                                   .label = "churned", .as_of_day = SEG_MISSING_DAY };
static float x[N][D];
static int32_t codes[N];

/* Half of the rows have one of 20 areas, of which every other one is bad. */
static int fill(void **state)
{
    (void)state;
    const seg_rng rng = { 1, 2 };
    for (size_t v = 0; v <= LEVELS; v++) {
        snprintf(texts[v], sizeof texts[v], "area %zu", v);
        names[v] = texts[v];
    }
    for (uint64_t i = 0; i < N; i++) {
        bool usual = i % 2 == 0;
        uint64_t area = usual ? seg_rng_below(rng, i * 4, 20) * 5000
                              : seg_rng_below(rng, i * 4, LEVELS);
        double age = 18 + 60 * seg_rng_f64(rng, i * 4 + 1);
        double p = 0.1 + (usual && area / 5000 % 2 == 1 ? 0.3 : 0) + (age < 30 ? 0.2 : 0);
        x[i][0] = (float)area;
        x[i][1] = (float)age;
        codes[i] = seg_rng_f64(rng, i * 4 + 2) < p;
    }
    return 0;
}

static seg_source *rows(const seg_schema *of)
{
    static const void *columns[] = { codes };
    seg_source *source = NULL;
    seg_error err;
    seg_block all = { .n_rows = N, .x = { &x[0][0], N, D, D }, .columns = columns };
    assert_int_equal(seg_memory_source(NULL, of, &all, &source, &err), SEG_OK);
    return source;
}

#define OK(call) do { if ((call) != SEG_OK) fail_msg("%s", err.text); } while (0)

static void a_hundred_thousand_categories_are_learned_in_bounded_memory(void **state)
{
    (void)state;
    seg_context ctx = seg_context_defaults();
    for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
        const seg_method *method = seg_method_find(methods[m]);
        char options[4096];
        seg_error err = { .text = "" };
        seg_doc *doc = seg_doc_new();
        seg_split split;
        assert_true(method->options_size <= sizeof options);
        seg_method_defaults(method, options);
        seg_source *source = rows(&schema);
        seg_train_input input = { .ctx = &ctx, .schema = &schema, .n_rows = N,
                                  .options = options, .held_out = -1 };
        OK(seg_folds_deal(&ctx, source, 3, NULL, NULL, &split, &err));
        OK(seg_leaks_find(&ctx, source, NULL, NULL, seg_doc_root(doc), &err));
        OK(seg_cross_validate(&input, method, source, &split, seg_doc_root(doc), &err));
        OK(seg_compare(&input, method, NULL, source, &split, seg_doc_root(doc), &err));
        assert_int_equal(seg_node_count(seg_node_get(seg_doc_root(doc), "leaks")), 0);
        double auc = seg_node_real(seg_node_get(seg_doc_root(doc), "auc"), 0);
        assert_true(auc > 0.6 && auc < 0.8);
        seg_split_free(&split);
        seg_doc_free(doc);
        seg_source_close(source);
    }
    assert_true(seg_alloc_peak() < 200u << 20);   /* 1.2 MB are the data */
}

/* The category that comes new has the number of one that is gone. */
static void unseen_categories_get_scores(void **state)
{
    (void)state;
    seg_context ctx = seg_context_defaults();
    seg_column other[D] = { features[0], features[1] };
    seg_schema changed = schema;
    const char **moved = (const char **)names + 1;
    other[0].levels = moved;
    changed.features = other;
    for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
        seg_error err = { .text = "" };
        seg_model *model;
        seg_source *source = rows(&schema), *scores;
        seg_block block;
        OK(seg_train(&ctx, seg_method_find(methods[m]), NULL, source, &model, &err));
        seg_source_close(source);
        source = rows(&changed);
        OK(seg_score_open(&ctx, model, source, &scores, &err));
        size_t n = 0;
        for (;;) {
            OK(scores->next(scores, &block, &err));
            if (block.n_rows == 0)
                break;
            for (size_t i = 0; i < block.n_rows; i++, n++) {
                float p = ((const float *)block.columns[0])[i];
                assert_true(p >= 0 && p <= 1);
            }
        }
        assert_int_equal(n, N);
        seg_source_close(scores);
        seg_source_close(source);
        seg_model_free(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hundred_thousand_categories_are_learned_in_bounded_memory),
        cmocka_unit_test(unseen_categories_get_scores),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}

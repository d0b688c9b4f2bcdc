/* Self-check rows: which are kept, that they come back, and that damage is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/supervise.h"
#include "jobs/verify.h"
#include "models/kmeans.h"
#include "models/rfm.h"
#include "models/rules.h"
#include "models/selfcheck_parts.h"
#include "models/tree.h"
#include "tests/support/trained.h"

static seg_error err;
#define OK(call)                                                  \
    do {                                                          \
        seg_status st_ = (call);                                  \
        if (st_ != SEG_OK)                                        \
            fail_msg("%s: %s", seg_status_name(st_), err.text);   \
    } while (0)

static const seg_context one_thread = { .n_threads = 1, .seed = 1 };
static char folder[] = "/tmp/selfcheck-XXXXXX";

static const char *model_path(void)
{
    static char path[64];
    snprintf(path, sizeof path, "%s/m.model", folder);
    return path;
}

static seg_model *reload(seg_model *model)
{
    OK(seg_model_save(model, model_path(), &err));
    seg_model_free(model);
    OK(seg_model_load(model_path(), &model, &err));
    return model;
}

static seg_status verify(const char *path)
{
    seg_doc *doc = seg_doc_new();
    seg_call call = { .context = seg_context_defaults(), .operands = &path, .n_operands = 1 };
    seg_status st = seg_verify_run(&call, seg_doc_root(doc), &err);
    seg_doc_free(doc);
    return st;
}

static void every_method_scores_its_rows_as_before(void **state)
{
    (void)state;
    for (int i = 0; i < TRAINED_CASES; i++) {
        size_t n;
        seg_model *model = reload(trained_model(&trained_cases[i]));
        OK(seg_selfcheck_run(model, &n, &err));
        assert_int_equal(n, SEG_SELFCHECK_ROWS);
        OK(verify(model_path()));
        seg_model_free(model);
    }
}

static void keeps_evenly_spread_rows_of_the_training(void **state)
{
    (void)state;
    seg_model *model = reload(trained_model(&trained_cases[0]));
    seg_source *source = trained_open(&trained_cases[0]);
    seg_block block;
    OK(source->next(source, &block, &err));
    assert_int_equal(block.n_rows, 500);
    for (size_t k = 0; k < SEG_SELFCHECK_ROWS; k++)
        for (size_t f = 0; f < 4; f++) {
            const char *name = model->schema->view.features[f].name;
            size_t from = seg_schema_feature(source->schema, name);
            const float *cell = block.x.x + k * 500 / 16 * block.x.stride + from;
            assert_memory_equal(&model->selfcheck->x[k * 4 + f], cell, sizeof *cell);
        }
    seg_source_close(source);
    seg_model_free(model);
}

/* Ids of the sample data are K and seven digits. */
static void the_file_holds_no_ids(void **state)
{
    (void)state;
    for (int i = 0; i < TRAINED_CASES; i++) {
        char *bytes;
        size_t n;
        seg_model_free(reload(trained_model(&trained_cases[i])));
        OK(seg_file_get(model_path(), SIZE_MAX, &bytes, &n, &err));
        assert_null(memmem(bytes, n, "K00000", 6));
        seg_free(bytes);
    }
}

static void ties_by_id_are_checked_without_ids(void **state)
{
    (void)state;
    static const trained_case nested = { "rfm", "datasets/orders.csv", "--scheme=nested" };
    size_t n;
    seg_model *model = reload(trained_model(&nested));
    OK(seg_selfcheck_run(model, &n, &err));
    assert_int_equal(n, SEG_SELFCHECK_ROWS);
    seg_model_free(model);
}

static void a_model_that_makes_no_offers_has_no_rows(void **state)
{
    (void)state;
    static const trained_case sets = { "rules", "datasets/orders.csv",
                                       "--min-support=1% --target=itemsets" };
    size_t n;
    seg_model *model = reload(trained_model(&sets));
    assert_null(model->selfcheck);
    OK(seg_selfcheck_run(model, &n, &err));
    assert_int_equal(n, 0);
    OK(verify(model_path()));
    seg_model_free(model);
}

static void fewer_rows_are_all_kept(void **state)
{
    (void)state;
    static const float x[] = { 1, 2, 3, 40, 50, 60 };
    const seg_column feature = { .name = "a", .type = SEG_TYPE_F32 };
    seg_schema schema = { .kind = SEG_KIND_FEATURES, .features = &feature, .n_features = 1,
                          .as_of_day = SEG_MISSING_DAY };
    seg_block rows = { .n_rows = 6, .x = { .x = x, .n_rows = 6, .n_cols = 1, .stride = 1 } };
    seg_source *source;
    seg_model *model;
    seg_kmeans_options options;
    seg_method_defaults(&seg_method_kmeans, &options);
    options.k = "2";
    OK(seg_memory_source(NULL, &schema, &rows, &source, &err));
    OK(seg_train(&one_thread, &seg_method_kmeans, &options, source, &model, &err));
    seg_source_close(source);
    model = reload(model);
    assert_int_equal(model->selfcheck->n_rows, 6);
    assert_memory_equal(model->selfcheck->x, x, sizeof x);
    seg_model_free(model);
}

/* ---- damage --------------------------------------------------------------------------- */

static void assert_noticed(const seg_model *model)
{
    size_t n;
    assert_int_equal(seg_selfcheck_run(model, &n, &err), SEG_E_VERIFY);
    assert_non_null(strstr(err.text, "self-check: column '"));
}

/* By the smallest step that a number can make. */
static void names_the_column_when_the_model_has_changed(void **state)
{
    (void)state;
    seg_model *model = reload(trained_model(&trained_cases[0]));
    seg_kmeans_model *kmeans = model->state;
    for (size_t i = 0; i < kmeans->k * kmeans->d; i++)
        kmeans->z[i] = nextafter(kmeans->z[i], 10);
    seg_kmeans_centres_set(&kmeans->centres, kmeans->z, kmeans->k);
    assert_noticed(model);
    seg_model_free(model);

    model = reload(trained_model(&trained_cases[1]));
    seg_tree_state *tree = model->state;
    for (size_t i = 0; i < tree->tree.n_nodes; i++)
        tree->results[i].probability = nextafterf(tree->results[i].probability, 2);
    assert_noticed(model);
    assert_non_null(strstr(err.text, "_probability' of row 1 "));
    seg_model_free(model);

    model = reload(trained_model(&trained_cases[2]));
    seg_rules_model *rules = model->state;
    for (size_t r = 0; r < rules->n_rules; r++)
        rules->counts[r].both--;
    assert_noticed(model);
    seg_model_free(model);

    model = reload(trained_model(&trained_cases[3]));
    seg_rfm_model *rfm = model->state;
    rfm->map->cells[rfm->map->levels - 1] ^= 1;
    for (size_t c = 0; c < rfm->cuts->n[SEG_RFM_MONETARY]; c++)
        rfm->cuts->value[SEG_RFM_MONETARY][c] += 5000;
    assert_noticed(model);
    seg_model_free(model);
}

static void put_flipped(const char *bytes, size_t n, size_t at, int bit)
{
    char *copy;
    OK(SEG_ALLOC(&copy, n, "a copy", &err));
    memcpy(copy, bytes, n);
    copy[at] = (char)(copy[at] ^ (1 << bit));
    OK(seg_file_put(model_path(), copy, n, &err));
    seg_free(copy);
}

/* Each bit of the number that stands in the file as these bytes. */
static void assert_flips_are_found(const char *bytes, size_t n, const void *number, size_t size)
{
    const char *at = memmem(bytes, n, number, size);
    assert_non_null(at);
    for (int bit = 0; bit < 8 * (int)size; bit++) {
        put_flipped(bytes, n, (size_t)(at - bytes) + (size_t)bit / 8, bit % 8);
        assert_int_equal(verify(model_path()), SEG_E_VERIFY);
    }
}

static void a_flipped_bit_in_a_centroid_or_threshold_is_found(void **state)
{
    (void)state;
    char *bytes;
    size_t n;
    seg_model *model = reload(trained_model(&trained_cases[0]));
    OK(seg_file_get(model_path(), SIZE_MAX, &bytes, &n, &err));
    assert_flips_are_found(bytes, n, &((seg_kmeans_model *)model->state)->z[3], sizeof(double));
    seg_free(bytes);
    seg_model_free(model);

    model = reload(trained_model(&trained_cases[1]));
    const seg_tree *tree = &((seg_tree_state *)model->state)->tree;
    OK(seg_file_get(model_path(), SIZE_MAX, &bytes, &n, &err));
    float thresholds[2];   /* side by side in the file; a float alone may stand elsewhere */
    assert_true(tree->nodes[0].feature >= 0 && tree->nodes[0].n_levels == 0);
    thresholds[0] = tree->nodes[0].threshold;
    thresholds[1] = tree->nodes[1].feature < 0 || tree->nodes[1].n_levels > 0
                        ? (float)NAN : tree->nodes[1].threshold;
    assert_flips_are_found(bytes, n, thresholds, sizeof thresholds[0]);
    seg_free(bytes);
    seg_model_free(model);
}

static seg_status verify_in_worker(void *path, seg_error *e)
{
    static const int deadly[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
        signal(deadly[i], SIG_DFL);   /* cmocka's handlers would go on testing */
    seg_status st = verify(path);
    *e = err;
    return st;
}

/* Whatever byte of the file is damaged: an answer of one line. As in the program, a worker
 * does it: libhdf5 itself does not survive everything. */
static void damage_anywhere_is_an_answer(void **state)
{
#ifdef __SANITIZE_ADDRESS__
    skip();   /* libhdf5 reads beyond its own heap on damaged attributes (H5HG_read) */
#endif
    (void)state;
    static const seg_supervise_options no_limits;
    for (int i = 0; i < TRAINED_CASES; i++) {
        char *bytes, *path = (char *)(uintptr_t)model_path();
        size_t n, n_found = 0, n_died = 0, n_tried = 0;
        seg_model_free(reload(trained_model(&trained_cases[i])));
        OK(seg_file_get(path, SIZE_MAX, &bytes, &n, &err));
        for (size_t at = (size_t)i; at < n; at += n / 97 + 1) {
            put_flipped(bytes, n, at, (int)(at % 8));
            seg_status st = seg_supervise(verify_in_worker, path, &no_limits, &err);
            assert_true(st == SEG_OK || st == SEG_E_VERIFY || st == SEG_E_IO);
            if (st != SEG_OK)
                assert_null(strchr(err.text, '\n'));
            n_found += st == SEG_E_VERIFY;
            n_died += st == SEG_E_IO;
            n_tried++;
        }
        assert_true(n_found > n_tried / 8 && n_died < n_tried / 16);
        seg_free(bytes);
    }
}

/* ---- failing allocations ----------------------------------------------------------------- */

static void loading_survives_every_allocation_failure(void **state)
{
    (void)state;
    for (int i = 0; i < TRAINED_CASES; i++) {
        seg_model *model = reload(trained_model(&trained_cases[i]));
        seg_model_free(model);
        long live = seg_alloc_live;
        seg_status st = SEG_E_AGAIN;
        for (long n = 0; st == SEG_E_AGAIN; n++) {
            seg_alloc_fail_after = n;
            st = seg_model_load(model_path(), &model, &err);
            seg_alloc_fail_after = -1;
            seg_model_free(model);
            assert_int_equal(seg_alloc_live, live);
        }
        OK(st);
    }
}

static seg_status check_again(const seg_model *model)
{
    size_t n;
    return seg_selfcheck_run(model, &n, &err);
}

static seg_status train_again(const seg_model *unused)
{
    (void)unused;
    static const float x[] = { 1, 2, 3, 40, 50, 60 };
    const seg_column feature = { .name = "a", .type = SEG_TYPE_F32 };
    seg_schema schema = { .kind = SEG_KIND_FEATURES, .features = &feature, .n_features = 1,
                          .as_of_day = SEG_MISSING_DAY };
    seg_block rows = { .n_rows = 6, .x = { .x = x, .n_rows = 6, .n_cols = 1, .stride = 1 } };
    seg_source *source = NULL;
    seg_model *model = NULL;
    seg_kmeans_options options;
    seg_method_defaults(&seg_method_kmeans, &options);
    options.k = "2";
    seg_status st = seg_memory_source(NULL, &schema, &rows, &source, &err);
    if (st == SEG_OK)
        st = seg_train(&one_thread, &seg_method_kmeans, &options, source, &model, &err);
    seg_source_close(source);
    seg_model_free(model);
    return st;
}

static void gathering_and_checking_survive_every_allocation_failure(void **state)
{
    (void)state;
    seg_status (*const work[])(const seg_model *) = { check_again, train_again };
    seg_model *model = reload(trained_model(&trained_cases[2]));
    OK(check_again(model));      /* what a model makes ready when it first scores, it keeps */
    long live = seg_alloc_live;
    for (size_t w = 0; w < 2; w++) {
        seg_status st = SEG_E_AGAIN;
        for (long n = 0; st == SEG_E_AGAIN; n++) {
            seg_alloc_fail_after = n;
            st = work[w](model);
            seg_alloc_fail_after = -1;
            assert_int_equal(seg_alloc_live, live);
        }
        OK(st);
    }
    seg_model_free(model);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    (void)state;
    seg_remove_tree(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_scores_its_rows_as_before),
        cmocka_unit_test(keeps_evenly_spread_rows_of_the_training),
        cmocka_unit_test(the_file_holds_no_ids),
        cmocka_unit_test(ties_by_id_are_checked_without_ids),
        cmocka_unit_test(a_model_that_makes_no_offers_has_no_rows),
        cmocka_unit_test(fewer_rows_are_all_kept),
        cmocka_unit_test(names_the_column_when_the_model_has_changed),
        cmocka_unit_test(a_flipped_bit_in_a_centroid_or_threshold_is_found),
        cmocka_unit_test(damage_anywhere_is_an_answer),
        cmocka_unit_test(loading_survives_every_allocation_failure),
        cmocka_unit_test(gathering_and_checking_survive_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

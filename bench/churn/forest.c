/* forest.c: LightGBM's own model, scored and explained by our kernels, over rows in memory:
 *
 *   forest [-t THREADS] [-c] score|shap FILE.h5 MODEL.txt
 *
 * Prints for bench/measure.c the seconds from floats to sums of log-odds, or to what each feature
 * gave to them, of all rows (with -c those of the processor; the model is made ready before), and
 * what peer.py prints of the same. */
#include "bench/bench.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/number.h"
#include "base/real.h"
#include "kernels/classify.h"
#include "kernels/forest.h"
#include "models/foreign.h"
#include <segmill.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct task {
    int n_threads;
    bool cpu;
    seg_foreign model;
    size_t n, d;
    float *x;              /* in the order of the model's features */
    uint8_t *classes;
} task;

static _Noreturn void fail(const char *what, const char *which)
{
    fprintf(stderr, "forest: %s '%s'\n", what, which);
    exit(1);
}

static void must(seg_status st, const seg_error *err)
{
    if (st != SEG_OK)
        fail("segmill:", err->text);
}

static double now(const task *t)
{
    struct timespec used;
    if (!t->cpu)
        return seg_clock_seconds();
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + 1e-9 * (double)used.tv_nsec;
}

static void read_model(task *t, const char *path)
{
    seg_error err;
    char *text;
    size_t n;
    must(seg_file_get(path, SEG_FOREIGN_FILE_MAX, &text, &n, &err), &err);
    must(seg_lightgbm_read(text, n, &t->model, &err), &err);
    t->d = t->model.schema->view.n_features;
}

static void read_rows(task *t, const char *path)
{
    seg_error err;
    seg_source *file;
    seg_block in;
    size_t place[SEG_FOREIGN_FEATURES_MAX];
    must(seg_source_open(NULL, path, &file, &err), &err);
    size_t label = seg_schema_column(file->schema, "churned");
    for (size_t f = 0; f < t->d; f++) {
        place[f] = seg_schema_feature(file->schema, t->model.schema->view.features[f].name);
        if (place[f] == SIZE_MAX || label == SIZE_MAX)
            fail("not the rows of the model:", path);
    }
    t->n = file->n_rows;
    t->x = bench_memory(t->n * t->d * sizeof *t->x);
    t->classes = bench_memory(t->n);
    for (must(file->next(file, &in, &err), &err); in.n_rows > 0;
         must(file->next(file, &in, &err), &err))
        for (size_t r = 0; r < in.n_rows; r++) {
            size_t row = in.first_row + r;
            for (size_t f = 0; f < t->d; f++)
                t->x[row * t->d + f] = in.x.x[r * in.x.stride + place[f]];
            t->classes[row] = ((const int32_t *)in.columns[label])[r] == 1;
        }
    seg_source_close(file);
}

static seg_matrix rows_of(const task *t)
{
    return (seg_matrix){ .x = t->x, .n_rows = t->n, .n_cols = t->d, .stride = t->d };
}

static double score(const task *t)
{
    seg_error err;
    seg_forest_plan *plan;
    double *sums = bench_memory(t->n * sizeof *sums);
    float *shares = bench_memory(t->n * sizeof *shares);
    seg_score_table table = { 0 };
    seg_class_figures figures;
    must(seg_forest_plan_new(t->model.trees, t->model.n_trees, t->d, &plan, &err), &err);
    double began = now(t);
    must(seg_forest_score(plan, rows_of(t), t->n_threads, sums, &err), &err);
    double seconds = now(t) - began;
    for (size_t i = 0; i < t->n; i++)
        shares[i] = (float)(1 / (1 + seg_exp(-(sums[i] + t->model.base))));
    must(seg_score_table_add(&table, shares, t->classes, t->n, &err), &err);
    must(seg_score_table_finish(&table, &err), &err);
    must(seg_class_measure(&table, &figures, &err), &err);
    printf("check=auc %.6f log-loss %.6f\n", figures.auc, figures.log_loss);
    seg_score_table_free(&table);
    seg_forest_plan_free(plan);
    return seconds;
}

static double shap(const task *t)
{
    enum { CHECKED = 1000 };
    seg_error err;
    seg_forest_shap *shap;
    float *phi = bench_memory(t->n * t->d * sizeof *phi);
    double sum = 0;
    must(seg_forest_shap_new(t->model.trees, t->model.n_trees, t->d, &shap, &err), &err);
    double began = now(t);
    must(seg_forest_shap_rows(shap, rows_of(t), t->n_threads, phi, &err), &err);
    double seconds = now(t) - began;
    for (size_t i = 0; i < CHECKED * t->d && i < t->n * t->d; i++)
        sum += (double)phi[i];
    printf("check=sum %.6f\n", sum / CHECKED + seg_forest_shap_base(shap) + t->model.base);
    seg_forest_shap_free(shap);
    return seconds;
}

int main(int argc, char **argv)
{
    static task t = { .n_threads = 1 };
    uint64_t threads = 1;
    for (int c; (c = getopt(argc, argv, "t:c")) != -1;)
        if (c == 'c')
            t.cpu = true;
        else if (c != 't' || !seg_parse_u64(optarg, strlen(optarg), &threads))
            fail("unknown flag; see", "bench/churn/forest.c");
    if (argc - optind != 3)
        fail("cannot understand the arguments; see", "bench/churn/forest.c");
    t.n_threads = (int)threads;
    read_model(&t, argv[optind + 2]);
    read_rows(&t, argv[optind + 1]);
    printf("seconds=%.9f\n", strcmp(argv[optind], "shap") == 0 ? shap(&t) : score(&t));
    seg_foreign_free(&t.model);
    return 0;
}

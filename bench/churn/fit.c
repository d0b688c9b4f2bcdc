/* fit.c: trees by the library, over rows in memory, as an embedder calls it:
 *
 *   fit [-t THREADS] [-c] [-m] train FILE.h5 METHOD [OPTION=VALUE]...
 *   fit [-t THREADS] [-c] score FILE.h5 MODEL
 *
 * Prints for bench/measure.c the seconds of a training, or of scoring all rows (with -c those of
 * the processor), and how well the rows' own probabilities rank and fit them, or with -m the bytes
 * a row that a training takes beyond them. */
#include "bench/bench.h"
#include "base/clock.h"
#include "base/number.h"
#include "data/schema.h"
#include "kernels/classify.h"
#include <segmill.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct fit {
    seg_context ctx;
    bool cpu, memory;
    int64_t bytes;               /* the most that a training took beyond the rows */
    seg_schema_owner *schema;
    seg_block rows;
    int32_t *label;
    const void *columns[1];
    const seg_method *method;
    void *options;
    seg_model *model;
} fit;

static _Noreturn void fail(const char *what, const char *which)
{
    fprintf(stderr, "fit: %s '%s'\n", what, which);
    exit(1);
}

static void must(seg_status st, const seg_error *err)
{
    if (st != SEG_OK)
        fail("segmill:", err->text);
}

static double now(const fit *f)
{
    struct timespec used;
    if (!f->cpu)
        return seg_clock_seconds();
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + 1e-9 * (double)used.tv_nsec;
}

/* ---- what is asked for ----------------------------------------------------------------- */

static uint64_t whole_number(const char *text)
{
    uint64_t value = 0;
    if (!seg_parse_u64(text, strlen(text), &value))
        fail("not a whole number:", text);
    return value;
}

static void read_flags(int argc, char **argv, fit *f)
{
    for (int c; (c = getopt(argc, argv, "t:cm")) != -1;)
        switch (c) {
        case 't': f->ctx.n_threads = (uint32_t)whole_number(optarg); break;
        case 'c': f->cpu = true; break;
        case 'm': f->memory = true; break;
        default: fail("unknown flag; see", "bench/churn/fit.c");
        }
    if (argc - optind < 3)
        fail("cannot understand the arguments; see", "bench/churn/fit.c");
}

static void set_options(fit *f, const char *method, char **settings)
{
    seg_error err;
    f->method = seg_method_find(method);
    if (!f->method)
        fail("no such method:", method);
    f->options = bench_memory(seg_method_options_size(f->method));
    seg_method_defaults(f->method, f->options);
    for (; *settings; settings++) {
        char *equals = strchr(*settings, '=');
        if (!equals)
            fail("expected OPTION=VALUE, not", *settings);
        *equals = '\0';
        must(seg_option_set(seg_method_options(f->method), f->options, *settings, equals + 1,
                            &err), &err);
    }
}

/* ---- rows ------------------------------------------------------------------------------ */

/* The features and the label, and nothing else. */
static void copy_schema(fit *f, const seg_schema *from, size_t label)
{
    seg_error err;
    must(seg_schema_new(SEG_KIND_FEATURES, &f->schema, &err), &err);
    for (size_t c = 0; c < from->n_features; c++)
        must(seg_schema_add_feature(f->schema, &from->features[c], &err), &err);
    must(seg_schema_add_column(f->schema, &from->columns[label], &err), &err);
    must(seg_schema_set_label(f->schema, from->label, &err), &err);
}

static void read_rows(fit *f, const char *path)
{
    seg_error err;
    seg_source *file = NULL;
    seg_block in;
    must(seg_source_open(&f->ctx, path, &file, &err), &err);
    size_t d = file->schema->n_features, n = file->n_rows;
    size_t label = file->schema->label ? seg_schema_column(file->schema, file->schema->label)
                                       : SIZE_MAX;
    if (label == SIZE_MAX || file->schema->columns[label].type != SEG_TYPE_CODE)
        fail("no label in", path);
    copy_schema(f, file->schema, label);
    float *x = bench_memory(n * d * sizeof *x);
    f->label = bench_memory(n * sizeof *f->label);
    for (must(file->next(file, &in, &err), &err); in.n_rows > 0;
         must(file->next(file, &in, &err), &err)) {
        for (size_t r = 0; r < in.n_rows; r++)
            memcpy(x + (in.first_row + r) * d, in.x.x + r * in.x.stride, d * sizeof *x);
        memcpy(f->label + in.first_row, in.columns[label], in.n_rows * sizeof *f->label);
    }
    seg_source_close(file);
    f->columns[0] = f->label;
    f->rows = (seg_block){ .n_rows = n, .columns = f->columns,
                           .x = { .x = x, .n_rows = n, .n_cols = d, .stride = d } };
}

/* Bytes: "VmRSS:", now, or "VmHWM:", the most so far. */
static int64_t resident(const char *what)
{
    char line[256];
    uint64_t kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, what, strlen(what)) == 0) {
            const char *digits = line + strcspn(line, "0123456789");
            seg_parse_u64(digits, strspn(digits, "0123456789"), &kib);
        }
    if (status)
        fclose(status);
    return (int64_t)kib * 1024;
}

/* From here on, the most so far is what is taken now. */
static void forget_the_most(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (!file || fputs("5", file) < 0 || fclose(file) != 0)
        fail("could not write", "/proc/self/clear_refs");
}

/* ---- what is timed --------------------------------------------------------------------- */

static double seconds_of_training(fit *f)
{
    seg_error err;
    seg_source *source = NULL;
    must(seg_memory_source(&f->ctx, &f->schema->view, &f->rows, &source, &err), &err);
    int64_t before = resident("VmRSS:");
    forget_the_most();
    double began = now(f);
    must(seg_train(&f->ctx, f->method, f->options, source, &f->model, &err), &err);
    double seconds = now(f) - began;
    f->bytes = resident("VmHWM:") - before;
    seg_source_close(source);
    return seconds;
}

/* All result columns of all rows; `into` takes the probabilities unless it is null. */
static double seconds_of_scoring(const fit *f, seg_score_table *into)
{
    seg_error err;
    seg_block out;
    seg_source *source = NULL, *scores = NULL;
    uint8_t *classes = into ? bench_memory(f->rows.n_rows) : NULL;
    must(seg_memory_source(&f->ctx, &f->schema->view, &f->rows, &source, &err), &err);
    double began = now(f);
    must(seg_score_open(&f->ctx, f->model, source, &scores, &err), &err);
    for (must(scores->next(scores, &out, &err), &err); out.n_rows > 0;
         must(scores->next(scores, &out, &err), &err)) {
        if (!into)
            continue;
        for (size_t r = 0; r < out.n_rows; r++)
            classes[r] = f->label[out.first_row + r] == 1;
        must(seg_score_table_add(into, out.columns[0], classes, out.n_rows, &err), &err);
    }
    double seconds = now(f) - began;
    seg_source_close(scores);
    seg_source_close(source);
    free(classes);
    return seconds;
}

static void print_check(const fit *f)
{
    seg_error err;
    seg_score_table table = { 0 };
    seg_class_figures figures;
    (void)seconds_of_scoring(f, &table);
    must(seg_score_table_finish(&table, &err), &err);
    must(seg_class_measure(&table, &figures, &err), &err);
    printf("check=auc %.6f log-loss %.6f\n", figures.auc, figures.log_loss);
    seg_score_table_free(&table);
}

int main(int argc, char **argv)
{
    static fit f;
    seg_error err;
    f.ctx = seg_context_defaults();
    read_flags(argc, argv, &f);
    char **words = argv + optind;
    bool score = strcmp(words[0], "score") == 0;
    if (score)
        must(seg_model_load(words[2], &f.model, &err), &err);
    else
        set_options(&f, words[2], words + 3);
    read_rows(&f, words[1]);
    double seconds = score ? seconds_of_scoring(&f, NULL) : seconds_of_training(&f);
    if (f.memory)
        printf("check=bytes %.1f\n", (double)f.bytes / (double)f.rows.n_rows);
    else
        print_check(&f);
    printf("seconds=%.9f\n", seconds);
    seg_model_free(f.model);
    seg_schema_free(f.schema);
    return 0;
}

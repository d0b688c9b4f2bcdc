/* fit.c: k-means by the library, over rows in memory, as an embedder calls it:
 *
 *   fit [-t THREADS] [-s SEED] [-r REPEATS] [-i FIRST,LAST] [-c CENTROIDS.csv]
 *       FILE.f32 FEATURES [OPTION=VALUE]...
 *
 * OPTION is one of k-means ("k=8"). Prints for bench/measure.c the seconds of a fit (the median
 * of REPEATS) and its inertia. With -i: the seconds of one iteration, from fits of FIRST and of
 * LAST iterations that take turns, which leaves out what every fit does once. */
#include "bench/bench.h"
#include "base/clock.h"
#include "base/number.h"
#include <segmill.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_REPEATS = 100, MAX_FEATURES = 1024 };

typedef struct fit {
    seg_context ctx;
    uint64_t repeats, first, last;      /* last 0: whole fits */
    const char *centroids_path;
    seg_schema schema;
    seg_column features[MAX_FEATURES];
    char names[MAX_FEATURES][8];
    seg_block rows;
    const seg_method *method;
    void *options;
    double inertia;
    int64_t iterations;                 /* of the last fit: fewer than asked for if it ended */
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

/* ---- what is asked for ----------------------------------------------------------- */

static uint64_t whole_number(const char *text, size_t length)
{
    uint64_t value = 0;
    if (!seg_parse_u64(text, length, &value))
        fail("not a whole number:", text);
    return value;
}

static void read_flags(int argc, char **argv, fit *f)
{
    for (int c; (c = getopt(argc, argv, "t:s:r:i:c:")) != -1;) {
        size_t length = optarg ? strlen(optarg) : 0, comma = optarg ? strcspn(optarg, ",") : 0;
        switch (c) {
        case 't': f->ctx.n_threads = (uint32_t)whole_number(optarg, length); break;
        case 's': f->ctx.seed = whole_number(optarg, length); break;
        case 'r': f->repeats = whole_number(optarg, length); break;
        case 'c': f->centroids_path = optarg; break;
        case 'i':
            f->first = whole_number(optarg, comma);
            f->last = comma < length ? whole_number(optarg + comma + 1, length - comma - 1) : 0;
            break;
        default: fail("unknown flag; see", "bench/kmeans/fit.c");
        }
    }
    if (argc - optind < 2 || f->repeats < 1 || f->repeats > MAX_REPEATS ||
        (f->last != 0 && f->last <= f->first))
        fail("cannot understand the arguments; see", "bench/kmeans/fit.c");
}

static void set_option(fit *f, const char *name, const char *value)
{
    seg_error err;
    must(seg_option_set(seg_method_options(f->method), f->options, name, value, &err), &err);
}

static void set_options(fit *f, char **settings)
{
    f->method = seg_method_find("kmeans");
    f->options = bench_memory(seg_method_options_size(f->method));
    seg_method_defaults(f->method, f->options);
    for (; *settings; settings++) {
        char *equals = strchr(*settings, '=');
        if (!equals)
            fail("expected OPTION=VALUE, not", *settings);
        *equals = '\0';
        set_option(f, *settings, equals + 1);
    }
}

/* ---- rows -------------------------------------------------------------------------- */

static void read_rows(fit *f, const char *path, size_t d)
{
    FILE *file = fopen(path, "rb");
    if (!file || d < 1 || d > MAX_FEATURES || fseek(file, 0, SEEK_END) != 0)
        fail("could not read", path);
    size_t bytes = (size_t)ftell(file), n = bytes / (d * sizeof(float));
    float *x = bench_memory(bytes);
    rewind(file);
    if (fread(x, sizeof(float), n * d, file) != n * d)
        fail("could not read", path);
    fclose(file);
    for (size_t c = 0; c < d; c++) {
        snprintf(f->names[c], sizeof f->names[c], "f%zu", c);
        f->features[c] = (seg_column){ .name = f->names[c], .type = SEG_TYPE_F32 };
    }
    f->schema = (seg_schema){ .kind = SEG_KIND_FEATURES, .features = f->features,
                              .n_features = d, .as_of_day = SEG_MISSING_DAY };
    f->rows = (seg_block){ .n_rows = n, .x = { .x = x, .n_rows = n, .n_cols = d, .stride = d } };
}

/* ---- fits -------------------------------------------------------------------------- */

static void write_centroids(const fit *f, const seg_node *centroids)
{
    FILE *file = fopen(f->centroids_path, "w");
    if (!file)
        fail("could not make", f->centroids_path);
    for (size_t j = 0; j < seg_node_count(centroids); j++)
        for (size_t c = 0; c < f->schema.n_features; c++)
            fprintf(file, "%.17g%c", seg_node_real(seg_node_at(seg_node_at(centroids, j), c), NAN),
                    c + 1 < f->schema.n_features ? ',' : '\n');
    if (fclose(file) != 0)
        fail("could not write", f->centroids_path);
}

/* Keeps the inertia; the centroids too if `keep`. */
static void read_model(fit *f, const seg_model *model, bool keep)
{
    seg_error err;
    seg_doc *doc = seg_doc_new();
    must(seg_model_describe(model, seg_doc_root(doc), &err), &err);
    const seg_node *figures = seg_node_get(seg_doc_root(doc), "figures");
    if (!figures)
        figures = seg_doc_root(doc);
    f->inertia = seg_node_real(seg_node_get(figures, "inertia"), NAN);
    f->iterations = seg_node_int(seg_node_get(figures, "iterations"), -1);
    if (keep && f->centroids_path)
        write_centroids(f, seg_node_get(figures, "centroids"));
    seg_doc_free(doc);
}

static double seconds_of_one(fit *f, bool keep)
{
    seg_error err;
    seg_source *source = NULL;
    seg_model *model = NULL;
    must(seg_memory_source(&f->ctx, &f->schema, &f->rows, &source, &err), &err);
    double began = seg_clock_seconds();
    must(seg_train(&f->ctx, f->method, f->options, source, &model, &err), &err);
    double seconds = seg_clock_seconds() - began;
    seg_source_close(source);
    read_model(f, model, keep);
    seg_model_free(model);
    return seconds;
}

static double seconds_of(fit *f, uint64_t iterations, bool keep)
{
    char text[SEG_NUMBER_BYTES];
    snprintf(text, sizeof text, "%llu", (unsigned long long)iterations);
    set_option(f, "max-iter", text);
    return seconds_of_one(f, keep);
}

int main(int argc, char **argv)
{
    static fit f = { .repeats = 1 };
    double first[MAX_REPEATS], last[MAX_REPEATS], seconds;
    int64_t iterations = 0;
    f.ctx = seg_context_defaults();
    read_flags(argc, argv, &f);
    read_rows(&f, argv[optind], whole_number(argv[optind + 1], strlen(argv[optind + 1])));
    set_options(&f, argv + optind + 2);
    if (f.last > 0)
        (void)seconds_of(&f, f.first, false);   /* warms up */
    for (uint64_t r = 0; r < f.repeats; r++) {
        if (f.last > 0) {
            first[r] = seconds_of(&f, f.first, false);
            iterations = f.iterations;
        }
        last[r] = f.last > 0 ? seconds_of(&f, f.last, r == 0) : seconds_of_one(&f, r == 0);
    }
    seconds = bench_summary(last, f.repeats).median;
    if (f.last > 0)
        seconds = (seconds - bench_summary(first, f.repeats).median) / (double)(f.iterations - iterations);
    printf("check=%.17g\nseconds=%.9f\n", f.inertia, seconds);
    return 0;
}

/* One k-means for any threads, blocks, level and memory, and for rows from a file, from text
 * or from somebody's memory; and a row of weight 3 is three rows. */
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
#include "base/cpu.h"
#include "base/hash.h"
#include "base/rng.h"
#include "jobs/pipe.h"
#include "jobs/score.h"
#include "jobs/view.h"
#include "models/kmeans.h"
#include "tests/support/files.h"

enum { MANY = 70000, FEW = 3000, D = 6, WIDTH = D + 1 };   /* the last column: weights */

static seg_error err;
#define OK(call)                                                  \
    do {                                                          \
        seg_status st_ = (call);                                  \
        if (st_ != SEG_OK)                                        \
            fail_msg("%s: %s", seg_status_name(st_), err.text);   \
    } while (0)

static float rows[MANY * WIDTH], repeated[FEW * 5 * WIDTH];
static const seg_column features[WIDTH] = {
    { .name = "visits", .type = SEG_TYPE_F32 }, { .name = "spend", .type = SEG_TYPE_F32 },
    { .name = "age", .type = SEG_TYPE_F32 },    { .name = "tiny", .type = SEG_TYPE_F32 },
    { .name = "huge", .type = SEG_TYPE_F32 },   { .name = "share", .type = SEG_TYPE_F32 },
    { .name = "people", .type = SEG_TYPE_F32 },
};
static const seg_schema schema = { .kind = SEG_KIND_FEATURES, .features = features,
                                   .n_features = WIDTH, .as_of_day = SEG_MISSING_DAY };

static double uniform(uint64_t i)
{
    return seg_rng_f64((seg_rng){ 23, 4 }, i);
}

/* Groups that touch, tails, missing cells, far offsets; no order in the rows. */
static void make_rows(void)
{
    for (size_t i = 0; i < MANY; i++) {
        uint64_t at = i * 20;
        double group = floor(uniform(at) * 6), bell = uniform(at + 1) + uniform(at + 2) - 1;
        double v[WIDTH] = {
            floor(1 / (0.001 + uniform(at + 3))), exp(2 * group / 3 + bell), 20 + 9 * group * bell,
            1e-6 * (group + bell), 1e6 + 3 * bell * group, uniform(at + 4) < 0.1 ? NAN : bell,
            floor(uniform(at + 5) * 5),
        };
        for (size_t f = 0; f < WIDTH; f++)
            rows[i * WIDTH + f] = (float)v[f];
    }
}

/* ---- sources ------------------------------------------------------------------------------- */

static seg_block all_of(const float *x, size_t n)
{
    return (seg_block){ .n_rows = n, .x = { x, n, WIDTH, WIDTH } };
}

static seg_source *in_memory(const seg_context *ctx, const float *x, size_t n)
{
    static seg_block block[2];
    static int turn;
    seg_source *source;
    turn = !turn;
    block[turn] = all_of(x, n);
    OK(seg_memory_source(ctx, &schema, &block[turn], &source, &err));
    return source;
}

static seg_source *in_file(const seg_context *ctx, const char *path)
{
    seg_source *source;
    seg_view_request request = { .path = path, .view = SEG_VIEW_FEATURES };
    OK(seg_view_open(ctx, &request, NULL, &source, &err));
    return source;
}

static void write_file(const char *path, size_t n)
{
    seg_context ctx = seg_context_defaults();
    seg_source *source = in_memory(&ctx, rows, n);
    seg_sink *sink;
    OK(seg_table_sink(&ctx, path, &schema, n, 0, NULL, &sink, &err));
    OK(seg_pipe(&ctx, "rows", source, sink, &err));
    seg_sink_close(sink);
    seg_source_close(source);
}

static int make_files(void **state)
{
    int failed = enter_directory(state);
    make_rows();
    write_file("many.csv", MANY);
    write_file("many.h5", MANY);
    write_file("few.csv", FEW);
    write_file("few.h5", FEW);
    return failed;
}

/* ---- a training ---------------------------------------------------------------------------- */

/* options: "--k 4 --scale z" without the dashes, in pairs, ending with null. */
static seg_model *learn(const seg_context *ctx, seg_source *source, const char *const *options)
{
    const seg_method *method = seg_method_find("kmeans");
    seg_kmeans_options parsed;
    seg_model *model;
    seg_method_defaults(method, &parsed);
    for (; *options != NULL; options += 2)
        OK(seg_option_set(method->options, &parsed, options[0], options[1], &err));
    OK(seg_train(ctx, method, &parsed, source, &model, &err));
    seg_source_close(source);
    return model;
}

static void add_file(seg_sha256 *hash, const char *path)
{
    char hex[65];
    OK(seg_sha256_file(path, hex, &err));
    seg_sha256_add(hash, hex, 64);
}

static void add_real(seg_sha256 *hash, const seg_node *figures, const char *name)
{
    const seg_node *node = seg_node_get(figures, name);
    double value = seg_node_real(node, 0);
    assert_non_null(node);
    seg_sha256_add(hash, &value, sizeof value);
}

static void add_scan(seg_sha256 *hash, const seg_model *model)
{
    const seg_node *scan = seg_node_get(seg_doc_root(model->info), "figures.scan");
    for (size_t i = 0; i < seg_node_count(scan); i++) {
        add_real(hash, seg_node_at(scan, i), "inertia");
        add_real(hash, seg_node_at(scan, i), "simplified");
    }
}

/* What the training found, but not how the source wrote its columns down. */
static void add_state(seg_sha256 *hash, const seg_model *model)
{
    const seg_kmeans_model *m = model->state;
    seg_sha256_add(hash, m->z, m->k * m->d * sizeof *m->z);
    seg_sha256_add(hash, m->shift, m->d * sizeof *m->shift);
    seg_sha256_add(hash, m->inverse, m->d * sizeof *m->inverse);
    seg_sha256_add(hash, m->spread, m->k * sizeof *m->spread);
    seg_sha256_add(hash, m->size, m->k * sizeof *m->size);
    const seg_node *figures = seg_node_get(seg_doc_root(model->info), "figures");
    add_real(hash, figures, "inertia");
    add_real(hash, figures, "silhouette");
}

/* ---- settings ------------------------------------------------------------------------------ */

typedef enum origin { MEMORY, H5, TEXT } origin;

typedef struct setting {
    uint32_t threads;
    size_t block_rows;
    const char *isa;
    origin origin;
    uint64_t memory;          /* 0: no limit */
} setting;

static const setting settings[] = {
    { 1, 1024, "base", H5, 0 },  { 2, 4096, "base", MEMORY, 0 }, { 3, 0, "base", TEXT, 0 },
    { 8, 1024, "base", H5, 0 },  { 1, 0, "v3", H5, 0 },          { 2, 1024, "v3", TEXT, 0 },
    { 3, 8192, "v3", MEMORY, 0 }, { 8, 0, "v3", H5, 0 },         { 2, 0, "v3", H5, 16u << 20 },
    { 3, 0, "base", H5, 16u << 20 }, { 1, 1024, "v4", H5, 0 },   { 3, 4096, "v4", MEMORY, 0 },
};
enum { N_SETTINGS = sizeof settings / sizeof *settings };

static bool can(const setting *s)
{
    return strcmp(s->isa, seg_isa_name(seg_cpu_best_isa())) <= 0 || strcmp(s->isa, "base") == 0;
}

/* The model's hash; its scores' too, of rows from the file. */
static void run(const setting *s, size_t n, const char *const *options, char hex[65])
{
    const char *h5 = n == FEW ? "few.h5" : "many.h5", *csv = n == FEW ? "few.csv" : "many.csv";
    seg_context ctx = seg_context_defaults();
    seg_sha256 *hash;
    ctx.n_threads = s->threads;
    ctx.block_rows = s->block_rows;
    ctx.memory_bytes = s->memory;
    setenv("SEGMILL_ISA", s->isa, 1);
    seg_alloc_set_limit(s->memory == 0 ? 0 : seg_alloc_in_use() + s->memory);
    OK(seg_sha256_new(&hash, &err));
    seg_model *model = learn(&ctx, s->origin == MEMORY ? in_memory(&ctx, rows, n)
                                   : in_file(&ctx, s->origin == H5 ? h5 : csv), options);
    const char **names = ((seg_kmeans_model *)model->state)->names;
    const seg_model *one = model;
    seg_score_job job = { .context = &ctx, .models = &one, .n_models = 1,
                          .data = h5, .output = "s.h5" };
    OK(seg_score_write(&job, NULL, &err));
    add_state(hash, model);
    add_scan(hash, model);
    for (size_t j = 0; j < ((seg_kmeans_model *)model->state)->k; j++)
        seg_sha256_add(hash, names[j], strlen(names[j]) + 1);
    add_file(hash, "s.h5");
    seg_model_free(model);
    seg_sha256_hex(hash, hex);
    seg_sha256_free(hash);
    seg_alloc_set_limit(0);
    unsetenv("SEGMILL_ISA");
}

/* Every step-th setting. */
static void check_settings(size_t n, size_t step, const char *const *options)
{
    char first[65] = "", hex[65];
    for (size_t i = 0; i < N_SETTINGS; i += step) {
        const setting *s = &settings[i];
        if (!can(s))
            continue;
        run(s, n, options, hex);
        if (i == 0)
            memcpy(first, hex, sizeof first);
        if (strcmp(first, hex) != 0)
            fail_msg("%zu rows, threads %u, blocks of %zu, level %s, origin %d, memory %llu: other"
                     " bits", n, s->threads, s->block_rows, s->isa, (int)s->origin,
                     (unsigned long long)s->memory);
    }
}

static void rows_in_memory_give_the_same_bits(void **state)
{
    (void)state;
    check_settings(FEW, 1, (const char *const[]){ "k", "3..5", "n-init", "2", NULL });
    check_settings(FEW, 3, (const char *const[]){ "k", "7", "init", "parallel", "weights",
                                                  "people", "scale", "minmax", NULL });
    check_settings(FEW, 2, (const char *const[]){ "k", "3..5", "init", "bisecting", NULL });
}

static void a_sample_and_then_all_rows_give_the_same_bits(void **state)
{
    (void)state;
    check_settings(MANY, 1, (const char *const[]){ "k", "12", "tol", "1e-6", "max-iter", "40",
                                                   NULL });
    check_settings(MANY, 3, (const char *const[]){ "k", "20", "weights", "people", "scale",
                                                   "robust", "init", "random", "max-iter", "10",
                                                   NULL });
    check_settings(MANY, 4, (const char *const[]){ "k", "11", "init", "bisecting", "max-iter", "5",
                                                   "min-size", "3%", NULL });
}

/* ---- weights ------------------------------------------------------------------------------- */

static size_t repeat_rows(void)
{
    size_t n = 0;
    for (size_t i = 0; i < FEW; i++)
        for (float w = rows[i * WIDTH + D]; w > 0; w--)
            memcpy(repeated + n++ * WIDTH, rows + i * WIDTH, WIDTH * sizeof(float));
    return n;
}

/* Of a scan only what every k gave: which is chosen goes by silhouettes of rows drawn, as
 * names go by the rows looked at, not by what these weigh. */
static void hash_model(seg_model *model, bool scan, char hex[65])
{
    seg_sha256 *hash;
    OK(seg_sha256_new(&hash, &err));
    if (scan)
        add_scan(hash, model);
    else
        add_state(hash, model);
    seg_sha256_hex(hash, hex);
    seg_sha256_free(hash);
    seg_model_free(model);
}

static void a_row_of_weight_three_is_three_rows(void **state)
{
    (void)state;
    static const char *const scales[] = { "none", "z", "minmax", "log1p-z" };
    static const char *const ks[] = { "4", "9", "2..5" };
    static const char *const inits[] = { "greedy", "bisecting" };
    const char *names = "visits,spend,age,tiny,huge,share";
    seg_context ctx = seg_context_defaults();
    for (size_t i = 0; i < FEW; i++)      /* -1 and less has no logarithm */
        rows[i * WIDTH + 2] = fabsf(rows[i * WIDTH + 2]);
    rows[7 * WIDTH] = 3e6F;               /* far from all others, and no row at all */
    rows[7 * WIDTH + D] = 0;
    size_t n = repeat_rows();
    for (size_t i = 0; i < 24; i++) {
        char weighted[65], plain[65];
        const char *options[] = { "k", ks[i % 3], "scale", scales[i % 12 / 3], "features", names,
                                  "n-init", "2", "tol", "0", "resamples", "0", "init",
                                  inits[i / 12], NULL, "people", NULL };
        hash_model(learn(&ctx, in_memory(&ctx, repeated, n), options), i % 3 == 2, plain);
        options[14] = "weights";
        hash_model(learn(&ctx, in_memory(&ctx, rows, FEW), options), i % 3 == 2, weighted);
        if (strcmp(weighted, plain) != 0)
            fail_msg("scale %s, k %s, %s: other bits", scales[i % 12 / 3], ks[i % 3],
                     inits[i / 12]);
    }
    make_rows();
}

int main(int argc, char **argv)
{
    (void)argc;
    /* More threads than processors: who waits must not keep one busy. */
    if (setenv("OMP_WAIT_POLICY", "passive", 0) == 0 && getenv("TEST_AGAIN") == NULL) {
        setenv("TEST_AGAIN", "1", 1);
        execv("/proc/self/exe", argv);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_in_memory_give_the_same_bits),
        cmocka_unit_test(a_sample_and_then_all_rows_give_the_same_bits),
        cmocka_unit_test(a_row_of_weight_three_is_three_rows),
    };
    return cmocka_run_group_tests(tests, make_files, leave_directory);
}

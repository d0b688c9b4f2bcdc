/* bench_csv_out.c: a table as CSV: ids, dates, money, floats, categories. The bytes counted
 * are those of the file; /dev/shm stands for a disk that is never waited for. */
#include "bench/bench.h"
#include "base/number.h"
#include "base/rng.h"
#include "data/csv.h"
#include "data/schema.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROWS = 256 * 1024, LEVELS = 12, FEATURES = 4 };

typedef struct table {
    seg_schema_owner *schema;
    seg_batch *batch;
    seg_context ctx;
    char path[64];
} table;

static void check(seg_status st, const seg_error *err)
{
    if (st == SEG_OK)
        return;
    fprintf(stderr, "%s\n", err->text);
    abort();
}

static void make_schema(table *t, seg_error *err)
{
    static const char *const levels[LEVELS] = { "basic", "plus", "premium", "family", "student",
        "trial", "north, west", "south", "east", "west", "online", "the \"old\" one" };
    static const seg_column features[FEATURES] = {
        { .name = "spend", .type = SEG_TYPE_F32 }, { .name = "visits", .type = SEG_TYPE_F32 },
        { .name = "share", .type = SEG_TYPE_F32 }, { .name = "distance", .type = SEG_TYPE_F32 } };
    const seg_column columns[] = {
        { .name = "born", .type = SEG_TYPE_DAY }, { .name = "seen", .type = SEG_TYPE_TIME },
        { .name = "orders", .type = SEG_TYPE_I64, .scale = 1 },
        { .name = "balance", .type = SEG_TYPE_I64, .scale = 100 },
        { .name = "plan", .type = SEG_TYPE_CODE, .levels = levels, .n_levels = LEVELS },
        { .name = "region", .type = SEG_TYPE_CODE, .levels = levels, .n_levels = LEVELS } };
    check(seg_schema_new(SEG_KIND_FEATURES, &t->schema, err), err);
    check(seg_schema_set_id(t->schema, "customer", 16, err), err);
    for (size_t f = 0; f < FEATURES; f++)
        check(seg_schema_add_feature(t->schema, &features[f], err), err);
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        check(seg_schema_add_column(t->schema, &columns[c], err), err);
}

static void fill(table *t)
{
    seg_batch *b = t->batch;
    for (uint64_t r = 0; r < ROWS; r++) {
        seg_rng rng = { 1, r };
        char id[SEG_NUMBER_BYTES + 1] = "C";
        seg_print_i64(id + 1, (int64_t)(10000000 + r * 7));
        memcpy(b->ids + 16 * r, id, strlen(id));
        float *x = b->x + FEATURES * r;
        x[0] = (float)(seg_rng_u64(rng, 0) % 1000000) / 100.0f;
        x[1] = (float)(seg_rng_u64(rng, 1) % 300);
        x[2] = (float)(seg_rng_u64(rng, 2) >> 40) / 16777216.0f;
        x[3] = r % 10 == 0 ? NAN : (float)(seg_rng_u64(rng, 3) % 100000) / 1000.0f;
        ((int32_t *)b->columns[0])[r] = (int32_t)(seg_rng_u64(rng, 4) % 20000);
        ((int64_t *)b->columns[1])[r] = (int64_t)(seg_rng_u64(rng, 5) % 1700000000);
        ((int64_t *)b->columns[2])[r] = (int64_t)(seg_rng_u64(rng, 6) % 5000);
        ((int64_t *)b->columns[3])[r] = (int64_t)(seg_rng_u64(rng, 7) % 10000000) - 2000000;
        ((int32_t *)b->columns[4])[r] = (int32_t)(seg_rng_u64(rng, 8) % (LEVELS + 1)) - 1;
        ((int32_t *)b->columns[5])[r] = (int32_t)(seg_rng_u64(rng, 9) % LEVELS);
    }
}

static void write_all(void *state)
{
    table *t = state;
    seg_error err = { 0 };
    seg_sink *sink = NULL;
    check(seg_csv_sink(&t->ctx, t->path, &t->schema->view, &sink, &err), &err);
    check(sink->write(sink, seg_batch_view(t->batch, 0, ROWS), &err), &err);
    check(sink->commit(sink, &err), &err);
    seg_sink_close(sink);
}

typedef struct floats {
    float *values;
    char *text;
} floats;

static void put_floats(void *state)
{
    floats *f = state;
    for (size_t i = 0; i < ROWS; i++)
        bench_keep(seg_put_f32(f->text, f->values[i]));
}

static void run_floats(const char *shape, double scale, bool cents)
{
    double *from = bench_numbers(ROWS, 3);
    floats f = { bench_memory(ROWS * sizeof *f.values), bench_memory(SEG_NUMBER_BYTES) };
    for (size_t i = 0; i < ROWS; i++)
        f.values[i] = cents ? (float)(floor(from[i] * scale) / 100) : (float)(from[i] * scale);
    bench_kernel kernel = { .name = "put_f32", .shape = shape, .n_threads = 1, .amount = ROWS,
                            .unit = BENCH_ROWS, .call = put_floats, .state = &f };
    bench_kernel_run(&kernel);
    free(from);
    free(f.values);
    free(f.text);
}

int main(void)
{
    table t = { .ctx = seg_context_defaults() };
    seg_error err = { 0 };
    struct stat info;
    make_schema(&t, &err);
    check(seg_batch_new(&t.schema->view, ROWS, &t.batch, &err), &err);
    fill(&t);
    snprintf(t.path, sizeof t.path, "/dev/shm/segmill-bench-%d.csv", (int)getpid());
    t.ctx.n_threads = 1;
    write_all(&t);
    if (stat(t.path, &info) != 0)
        abort();
    for (int threads = 1; threads <= 2; threads++) {
        t.ctx.n_threads = (uint32_t)threads;
        bench_kernel kernel = { .name = "csv_out", .shape = "id, 2 dates, 4 floats, 2 integers,"
                                " 2 categories", .n_threads = threads,
                                .amount = (double)info.st_size, .unit = BENCH_BYTES,
                                .call = write_all, .state = &t };
        bench_kernel_run(&kernel);
    }
    unlink(t.path);
    seg_batch_free(t.batch);
    seg_schema_free(t.schema);
    run_floats("cents below 10000", 1e6, true);
    run_floats("24 random bits below 1", 1, false);
    return 0;
}

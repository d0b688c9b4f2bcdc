/* bench_h5_out.c: a table into an HDF5 file: 8 features, ids, 4 columns beside. The bytes
 * counted are those of the file; /dev/shm stands for a disk that is never waited for. */
#include "bench/bench.h"
#include "base/number.h"
#include "base/rng.h"
#include "data/h5.h"
#include "data/schema.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROWS = 2 * 1024 * 1024, BLOCK_ROWS = 128 * 1024, LEVELS = 4, FEATURES = 8, COLUMNS = 4 };

typedef struct table {
    seg_schema_owner *schema;
    seg_batch *batch;      /* one block, written again and again */
    seg_context ctx;
    char path[64];
    uint64_t n_rows;
    bool archive;
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
    static const char *const levels[LEVELS] = { "basic", "plus", "premium", "family" };
    static const char *const names[FEATURES] = { "a", "b", "c", "d", "e", "f", "g", "h" };
    const seg_column columns[COLUMNS] = {
        { .name = "born", .type = SEG_TYPE_DAY }, { .name = "spend", .type = SEG_TYPE_F64 },
        { .name = "plan", .type = SEG_TYPE_CODE, .levels = levels, .n_levels = LEVELS },
        { .name = "orders", .type = SEG_TYPE_I64, .scale = 1 } };
    check(seg_schema_new(SEG_KIND_FEATURES, &t->schema, err), err);
    check(seg_schema_set_id(t->schema, "customer", 16, err), err);
    for (size_t f = 0; f < FEATURES; f++)
        check(seg_schema_add_feature(t->schema, &(seg_column){ .name = names[f],
                                     .type = SEG_TYPE_F32 }, err), err);
    for (size_t c = 0; c < COLUMNS; c++)
        check(seg_schema_add_column(t->schema, &columns[c], err), err);
}

static void fill(seg_batch *b)
{
    for (uint64_t r = 0; r < BLOCK_ROWS; r++) {
        seg_rng rng = { 1, r };
        char id[SEG_NUMBER_BYTES + 1] = "C";
        seg_print_i64(id + 1, (int64_t)(10000000 + r * 7));
        memcpy(b->ids + 16 * r, id, strlen(id));
        for (uint64_t f = 0; f < FEATURES; f++)
            b->x[FEATURES * r + f] = (r + f) % 50 == 0 ? NAN
                                     : (float)(seg_rng_u64(rng, f) % 100000) / 100.0f;
        ((int32_t *)b->columns[0])[r] = (int32_t)(seg_rng_u64(rng, 10) % 20000);
        ((double *)b->columns[1])[r] = (double)(seg_rng_u64(rng, 11) % 20000) / 100;
        ((int32_t *)b->columns[2])[r] = (int32_t)(seg_rng_u64(rng, 12) % (LEVELS + 1)) - 1;
        ((int64_t *)b->columns[3])[r] = (int64_t)(seg_rng_u64(rng, 13) % 50);
    }
}

static void write_all(void *state)
{
    table *t = state;
    seg_error err = { 0 };
    seg_sink *sink = NULL;
    check((t->archive ? seg_h5_archive_sink : seg_h5_sink)(&t->ctx, t->path, &t->schema->view,
                                                           t->n_rows, 0, NULL, &sink, &err),
          &err);
    for (uint64_t r = 0; r < t->n_rows; r += BLOCK_ROWS)
        check(sink->write(sink, seg_batch_view(t->batch, r, BLOCK_ROWS), &err), &err);
    check(sink->commit(sink, &err), &err);
    seg_sink_close(sink);
}

int main(void)
{
    table t = { .ctx = seg_context_defaults(), .n_rows = ROWS };
    seg_error err = { 0 };
    struct stat info;
    make_schema(&t, &err);
    check(seg_batch_new(&t.schema->view, BLOCK_ROWS, &t.batch, &err), &err);
    fill(t.batch);
    snprintf(t.path, sizeof t.path, "/dev/shm/segmill-bench-%d.h5", (int)getpid());
    write_all(&t);
    if (stat(t.path, &info) != 0)
        abort();
    for (int threads = 1; threads <= 2; threads++) {
        t.ctx.n_threads = (uint32_t)threads;
        bench_kernel kernel = { .name = "h5_out", .shape = "id, 8 features, 4 columns",
                                .n_threads = threads, .amount = (double)info.st_size,
                                .unit = BENCH_BYTES, .call = write_all, .state = &t };
        bench_kernel_run(&kernel);
        t.archive = true;
        t.n_rows = 2 * BLOCK_ROWS;
        kernel.name = "h5_archive";   /* bytes of the plain file */
        kernel.amount = kernel.amount * (double)t.n_rows / ROWS;
        bench_kernel_run(&kernel);
        t.archive = false;
        t.n_rows = ROWS;
    }
    unlink(t.path);
    seg_batch_free(t.batch);
    seg_schema_free(t.schema);
    return 0;
}

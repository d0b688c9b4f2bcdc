/* bench_h5.c: reading HDF5: our own matrix and other people's chunks, against libhdf5 and
 * against the same array in memory. All of them take turns; each sums every value, so that
 * nothing is read without being used, and `check` holds that sum: equal data, equal sum. */
#include "bench/bench.h"

#include <hdf5.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/number.h"
#include "data/h5.h"
#include "data/schema.h"

enum { D = 64, OWN_ROWS = 1 << 20, CHUNKED_ROWS = 1 << 18, CHUNK_ROWS = 2048, ROUNDS = 9,
       BLOCK_ROWS = 65536 };

static char dir[] = "/tmp/bench-h5-XXXXXX";
static const char *const files[] = { "own.h5", "gzip.h5", "shuffle.h5", "columns.h5", "f64.h5",
                                     "plain.h5" };

static const char *in_dir(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void stop(const char *why)
{
    fprintf(stderr, "bench_h5: %s\n", why);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(in_dir(files[i]));
    rmdir(dir);
    exit(1);
}

static seg_error err;

#define OK(call)            \
    do {                    \
        if ((call) != SEG_OK) \
            stop(err.text); \
    } while (0)

/* ---- data --------------------------------------------------------------------------- */

/* Counts, amounts in cents, flags and shares, as customers have them. */
static float *mixed_columns(size_t n)
{
    float *x = bench_memory(n * D * sizeof *x);
    double *random = bench_numbers(n * D, 1);
    for (size_t i = 0; i < n * D; i++) {
        double u = random[i];
        switch (i % D % 4) {
        case 0:  x[i] = (float)floor(20 * u * u * u); break;
        case 1:  x[i] = (float)(floor(1e5 * u * u) / 100); break;
        case 2:  x[i] = u < 0.3; break;
        default: x[i] = (float)u;
        }
    }
    free(random);
    return x;
}

static void write_own(const float *x, size_t n)
{
    seg_schema_owner *schema;
    seg_context ctx = seg_context_defaults();
    seg_sink *sink;
    OK(seg_schema_new(SEG_KIND_FEATURES, &schema, &err));
    for (int f = 0; f < D; f++) {
        char name[16];
        snprintf(name, sizeof name, "f%d", f);
        seg_column feature = { .name = name, .type = SEG_TYPE_F32 };
        OK(seg_schema_add_feature(schema, &feature, &err));
    }
    OK(seg_h5_sink(&ctx, in_dir("own.h5"), &schema->view, n, 0, NULL, &sink, &err));
    for (size_t r = 0; r < n; r += BLOCK_ROWS) {
        seg_block block = { .first_row = r, .n_rows = BLOCK_ROWS,
                            .x = { x + r * D, BLOCK_ROWS, D, D } };
        OK(sink->write(sink, &block, &err));
    }
    OK(sink->commit(sink, &err));
    seg_sink_close(sink);
    seg_schema_free(schema);
}

static void write_foreign(const char *name, const float *x, size_t n, hid_t type,
                          hsize_t chunk_rows, hsize_t chunk_cols, bool shuffle, unsigned gzip)
{
    hsize_t dims[2] = { n, D }, chunk[2] = { chunk_rows, chunk_cols };
    hid_t file = H5Fcreate(in_dir(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(2, dims, NULL), plist = H5Pcreate(H5P_DATASET_CREATE);
    if (chunk_rows > 0)
        H5Pset_chunk(plist, 2, chunk);
    if (shuffle)
        H5Pset_shuffle(plist);
    if (gzip > 0)
        H5Pset_deflate(plist, gzip);
    hid_t data = H5Dcreate2(file, "X", type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    if (H5Dwrite(data, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, x) < 0)
        stop("could not write a file");
    H5Dclose(data);
    H5Pclose(plist);
    H5Sclose(space);
    H5Fclose(file);
}

/* ---- contestants ---------------------------------------------------------------------- */

typedef float lanes __attribute__((vector_size(16), aligned(4)));

static double sum_floats(const float *x, size_t n)
{
    lanes sum[8] = { 0 };
    for (size_t i = 0; i < n; i += 32)   /* a row has 64 */
        for (size_t k = 0; k < 8; k++)
            sum[k] += *(const lanes *)(const void *)(x + i + 4 * k);
    double total = 0;
    for (size_t k = 0; k < 32; k++)
        total += (double)sum[k / 4][k % 4];
    return total;
}

/* By chunks of 1,024 rows, so that blocks do not matter. */
static double sum_rows(const float *x, size_t n_rows)
{
    double total = 0;
    for (size_t r = 0; r < n_rows; r += SEG_CHUNK_ROWS)
        total += sum_floats(x + r * D, SEG_CHUNK_ROWS * D);
    return total;
}

typedef struct contestant {
    const char *name, *shape, *program;
    int n_threads;
    double (*call)(struct contestant *self);
    const float *x;          /* in memory */
    size_t n;
    seg_source *source;      /* ours, open */
    hid_t file, data;        /* theirs, open */
    double seconds[ROUNDS], cpu, sum;
} contestant;

static double sum_in_memory(contestant *c)
{
    return sum_rows(c->x, c->n);
}

static double sum_source(contestant *c)
{
    seg_block block;
    double total = 0;
    OK(c->source->rewind(c->source, &err));
    for (;;) {
        OK(c->source->next(c->source, &block, &err));
        if (block.n_rows == 0)
            return total;
        total += sum_rows(block.x.x, block.n_rows);
    }
}

/* Opening it too, and the check of every value that a first pass makes. */
static double sum_opened(contestant *c)
{
    seg_context ctx = seg_context_defaults();
    ctx.n_threads = (uint32_t)c->n_threads;
    OK(seg_h5_source(&ctx, in_dir(c->shape), &c->source, &err));
    double total = sum_source(c);
    seg_source_close(c->source);
    return total;
}

/* By 512 KiB of rows into the same buffer, or by whole chunks: what suits it best. */
static double sum_by_library(contestant *c)
{
    static float buffer[CHUNK_ROWS * D];
    hid_t space = H5Dget_space(c->data);
    hsize_t start[2] = { 0, 0 }, count[2] = { CHUNK_ROWS, D }, dims[2];
    hid_t memory = H5Screate_simple(2, count, NULL);
    double total = 0;
    H5Sget_simple_extent_dims(space, dims, NULL);
    for (; start[0] < dims[0]; start[0] += CHUNK_ROWS) {
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
        if (H5Dread(c->data, H5T_NATIVE_FLOAT, memory, space, H5P_DEFAULT, buffer) < 0)
            stop("H5Dread failed");
        total += sum_rows(buffer, CHUNK_ROWS);
    }
    H5Sclose(memory);
    H5Sclose(space);
    return total;
}

static contestant in_memory(const char *name, const float *x, size_t n)
{
    return (contestant){ .name = name, .program = "array in memory", .n_threads = 1,
                         .call = sum_in_memory, .x = x, .n = n };
}

static contestant by_source(const char *name, const char *file, int n_threads)
{
    contestant c = { .name = name, .shape = file, .program = "segmill", .n_threads = n_threads,
                     .call = sum_source };
    seg_context ctx = seg_context_defaults();
    ctx.n_threads = (uint32_t)n_threads;
    OK(seg_h5_source(&ctx, in_dir(file), &c.source, &err));
    return c;
}

static contestant by_opening(const char *name, const char *file, int n_threads)
{
    return (contestant){ .name = name, .shape = file, .program = "segmill",
                         .n_threads = n_threads, .call = sum_opened };
}

static contestant by_library(const char *name, const char *file)
{
    contestant c = { .name = name, .shape = file, .program = "H5Dread", .n_threads = 1,
                     .call = sum_by_library };
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);   /* as the source that has it open */
    H5Pset_file_locking(access, false, true);
    c.file = H5Fopen(in_dir(file), H5F_ACC_RDONLY, access);
    H5Pclose(access);
    c.data = H5Dopen2(c.file, "X", H5P_DEFAULT);
    if (c.data < 0)
        stop("H5Dopen failed");
    return c;
}

/* ---- turns -------------------------------------------------------------------------------- */

static void take_turns(contestant *all, size_t n, size_t n_rows)
{
    for (int round = -1; round < ROUNDS; round++)   /* the first one warms up */
        for (size_t i = 0; i < n; i++) {
            double used = seg_clock_cpu_seconds(), began = seg_clock_seconds();
            all[i].sum = all[i].call(&all[i]);
            if (round < 0)
                continue;
            all[i].seconds[round] = seg_clock_seconds() - began;
            all[i].cpu += (seg_clock_cpu_seconds() - used) / ROUNDS;
        }
    for (size_t i = 0; i < n; i++) {
        char sum[SEG_NUMBER_BYTES];
        sum[seg_print_f64(sum, all[i].sum)] = 0;
        bench_line line = { .kind = "kernel", .name = all[i].name, .program = all[i].program,
                            .shape = all[i].shape == NULL ? files[0] : all[i].shape,
                            .n_threads = all[i].n_threads, .unit = "bytes", .check = sum,
                            .timing = bench_summary(all[i].seconds, ROUNDS), .peak_mib = NAN,
                            .amount = (double)n_rows * D * sizeof(float),
                            .limit = bench_peak_bytes(1) };
        line.timing.cpu = all[i].cpu;
        bench_print(&line);
        if (all[i].sum != all[0].sum)
            stop("the sums differ");
        if (all[i].call == sum_source)
            seg_source_close(all[i].source);
        if (all[i].data > 0) {
            H5Dclose(all[i].data);
            H5Fclose(all[i].file);
        }
    }
}

static void bench_own(void)
{
    float *x = mixed_columns(OWN_ROWS);
    write_own(x, OWN_ROWS);
    contestant all[] = {
        in_memory("sum a matrix", x, OWN_ROWS),
        by_source("sum a matrix, later passes", "own.h5", 1),
        by_opening("sum a matrix, first pass", "own.h5", 1),
        by_opening("sum a matrix, first pass", "own.h5", 2),
        by_library("sum a matrix", "own.h5"),
    };
    take_turns(all, sizeof all / sizeof *all, OWN_ROWS);
    free(x);
}

static void bench_foreign(const char *file, const float *x)
{
    contestant all[] = {
        by_library("sum foreign chunks", file),
        by_source("sum foreign chunks", file, 1),
        by_source("sum foreign chunks", file, 2),
        in_memory("sum a matrix", x, CHUNKED_ROWS),
    };
    take_turns(all, sizeof all / sizeof *all, CHUNKED_ROWS);
}

int main(void)
{
    if (mkdtemp(dir) == NULL)
        stop("could not make a directory under /tmp");
    bench_own();
    float *x = mixed_columns(CHUNKED_ROWS);
    write_foreign("gzip.h5", x, CHUNKED_ROWS, H5T_IEEE_F32LE, CHUNK_ROWS, D, false, 4);
    write_foreign("shuffle.h5", x, CHUNKED_ROWS, H5T_IEEE_F32LE, CHUNK_ROWS, D, true, 4);
    write_foreign("columns.h5", x, CHUNKED_ROWS, H5T_IEEE_F32LE, 16384, 1, false, 4);
    write_foreign("f64.h5", x, CHUNKED_ROWS, H5T_IEEE_F64LE, 0, 0, false, 0);
    write_foreign("plain.h5", x, CHUNKED_ROWS, H5T_IEEE_F32LE, CHUNK_ROWS, D, false, 0);
    for (size_t i = 1; i < sizeof files / sizeof *files; i++)
        bench_foreign(files[i], x);
    free(x);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(in_dir(files[i]));
    rmdir(dir);
    return 0;
}

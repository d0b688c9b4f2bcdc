/* Tables in compressed chunks: read back as they were, the same bytes whoever writes them,
 * damage that is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/try.h"
#include "data/h5.h"
#include "data/schema.h"
#include "tests/support/files.h"
#include "tests/support/tables.h"

static seg_error err;

#define OK(call)                     \
    do {                             \
        seg_status s_ = (call);      \
        if (s_ != SEG_OK)            \
            fail_msg("%s", err.text); \
    } while (0)

static seg_status archive_rows(const seg_schema *schema, seg_batch *batch, size_t n,
                               size_t block_rows, uint32_t n_threads, const char *path)
{
    seg_status st = SEG_OK;
    seg_source *source = NULL;
    seg_sink *sink = NULL;
    seg_block block;
    seg_context ctx = seg_context_defaults();
    ctx.block_rows = block_rows;
    ctx.n_threads = n_threads;
    bool baskets = schema->kind == SEG_KIND_BASKETS;
    TRY(seg_memory_source(&ctx, schema, &batch->block, &source, &err));
    TRY(seg_h5_archive_sink(&ctx, path, schema, n, baskets ? (uint64_t)batch->row_start[n] : 0,
                            NULL, &sink, &err));
    for (;;) {
        TRY(source->next(source, &block, &err));
        if (block.n_rows == 0)
            break;
        TRY(sink->write(sink, &block, &err));
    }
    TRY(sink->commit(sink, &err));

done:
    seg_sink_close(sink);
    seg_source_close(source);
    return st;
}

static seg_status archive(seg_kind kind, size_t n, size_t block_rows, uint32_t n_threads,
                          const char *path)
{
    seg_schema_owner *schema = NULL;
    seg_batch *batch = NULL;
    seg_status st = table_schema(kind, true, &schema, &err);
    if (st == SEG_OK)
        st = table_batch(&schema->view, n, &batch, &err);
    if (st == SEG_OK)
        st = archive_rows(&schema->view, batch, n, block_rows, n_threads, path);
    seg_batch_free(batch);
    seg_schema_free(schema);
    return st;
}

static void same_rows(const seg_schema *schema, const seg_block *a, const seg_block *b)
{
    assert_int_equal(a->n_rows, b->n_rows);
    size_t n = a->n_rows;
    if (n == 0)
        return;
    assert_memory_equal(a->ids, b->ids, n * schema->id_width);
    if (a->x.x != NULL)
        assert_memory_equal(a->x.x, b->x.x, n * schema->n_features * sizeof(float));
    for (size_t c = 0; c < schema->n_columns; c++)
        assert_memory_equal(a->columns[c], b->columns[c],
                            n * seg_column_cell_bytes(&schema->columns[c]));
    if (a->row_start == NULL)
        return;
    for (size_t r = 0; r <= n; r++)
        assert_int_equal(a->row_start[r] - a->row_start[0], b->row_start[r] - b->row_start[0]);
    assert_memory_equal(a->items + a->row_start[0], b->items + b->row_start[0],
                        (size_t)(a->row_start[n] - a->row_start[0]) * sizeof *a->items);
}

/* Block for block the same as the other file, twice. */
static void same_table(const char *path, const char *other)
{
    seg_context ctx = seg_context_defaults();
    seg_source *a, *b;
    seg_block x, y;
    ctx.block_rows = 3 * 1024;
    OK(seg_h5_source(&ctx, path, &a, &err));
    OK(seg_h5_source(&ctx, other, &b, &err));
    assert_int_equal(a->n_rows, b->n_rows);
    assert_int_equal(a->schema->n_columns, b->schema->n_columns);
    for (int pass = 0; pass < 2; pass++) {
        do {
            OK(a->next(a, &x, &err));
            OK(b->next(b, &y, &err));
            same_rows(a->schema, &x, &y);
        } while (x.n_rows > 0);
        OK(a->rewind(a, &err));
        OK(b->rewind(b, &err));
    }
    seg_source_close(a);
    seg_source_close(b);
}

static const seg_kind kinds[] = { SEG_KIND_FEATURES, SEG_KIND_TRANSACTIONS, SEG_KIND_BASKETS,
                                  SEG_KIND_SCORES };

static void every_kind_comes_back_as_from_a_plain_file(void **state)
{
    (void)state;
    static const size_t sizes[] = { 0, 1, 500, 4096, 16384, 40001 };
    for (size_t k = 0; k < 4; k++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            OK(table_write(kinds[k], true, sizes[s], 0, "plain.h5", &err));
            OK(archive(kinds[k], sizes[s], 5 * 1024, 2, "packed.h5"));
            same_table("packed.h5", "plain.h5");
            seg_doc *doc = seg_doc_new();
            OK(seg_h5_verify("packed.h5", seg_doc_root(doc), &err));
            seg_doc_free(doc);
        }
}

static void same_bytes_for_any_threads_and_blocks(void **state)
{
    (void)state;
    static const size_t blocks[] = { 1024, 3 * 1024, 16 * 1024, 64 * 1024 };
    for (size_t k = 0; k < 4; k++) {
        size_t n, m;
        OK(archive(kinds[k], 40001, 64 * 1024, 1, "one.h5"));
        char *a = read_bytes("one.h5", &n);
        for (uint32_t t = 1; t <= 4; t++) {
            OK(archive(kinds[k], 40001, blocks[t - 1], t, "more.h5"));
            char *b = read_bytes("more.h5", &m);
            assert_int_equal(n, m);
            assert_memory_equal(a, b, n);
            free(b);
        }
        free(a);
    }
}

/* What libhdf5 itself makes of it: columns of 16,384 rows, deflate 4, equal values. */
static void the_library_reads_it(void **state)
{
    (void)state;
    enum { N = 40001 };
    seg_schema_owner *schema;
    seg_batch *batch;
    static float x[N * 3];
    OK(table_schema(SEG_KIND_FEATURES, true, &schema, &err));
    OK(table_batch(&schema->view, N, &batch, &err));
    OK(archive_rows(&schema->view, batch, N, 0, 2, "lib.h5"));
    hid_t file = H5Fopen("lib.h5", H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t array = H5Dopen2(file, "X", H5P_DEFAULT), plist = H5Dget_create_plist(array);
    hsize_t dims[2];
    unsigned flags, values[1] = { 0 };
    size_t n_values = 1;
    assert_int_equal(H5Pget_chunk(plist, 2, dims), 2);
    assert_int_equal(dims[0], 16384);
    assert_int_equal(dims[1], 1);
    assert_int_equal(H5Pget_nfilters(plist), 1);
    assert_int_equal(H5Pget_filter2(plist, 0, &flags, &n_values, values, 0, NULL, NULL),
                     H5Z_FILTER_DEFLATE);
    assert_int_equal(values[0], 4);
    assert_true(H5Dread(array, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, x) >= 0);
    assert_memory_equal(x, batch->x, sizeof x);
    H5Pclose(plist);
    H5Dclose(array);
    H5Fclose(file);
    seg_batch_free(batch);
    seg_schema_free(schema);
}

/* 1,100 x 16,000: chunks of fewer rows and several columns; odd NaNs become one. */
static void a_wide_matrix_comes_back(void **state)
{
    (void)state;
    enum { N = 1100, D = 16000 };
    seg_schema_owner *schema;
    seg_batch *batch;
    seg_source *source;
    seg_block block;
    char name[32];
    OK(seg_schema_new(SEG_KIND_FEATURES, &schema, &err));
    for (size_t f = 0; f < D; f++) {
        snprintf(name, sizeof name, "f%zu", f);
        OK(seg_schema_add_feature(schema, &(seg_column){ .name = name, .type = SEG_TYPE_F32 },
                                  &err));
    }
    OK(seg_batch_new(&schema->view, N, &batch, &err));
    for (size_t i = 0; i < (size_t)N * D; i++)
        batch->x[i] = i % 7 == 3 ? -NAN : (float)(i % 1000);
    seg_batch_view(batch, 0, N);
    OK(archive_rows(&schema->view, batch, N, 0, 2, "wide.h5"));
    OK(seg_h5_source(NULL, "wide.h5", &source, &err));
    for (size_t rows = 0; rows < N; rows += block.n_rows) {
        OK(source->next(source, &block, &err));
        assert_int_not_equal(block.n_rows, 0);
        for (size_t i = 0; i < block.n_rows * D; i++) {
            float want = batch->x[rows * D + i], got = block.x.x[i];
            if (isnan(want) ? !isnan(got) : got != want)
                fail_msg("value %zu is %g, not %g", i, (double)got, (double)want);
        }
    }
    seg_source_close(source);
    seg_batch_free(batch);
    seg_schema_free(schema);
}

static void a_flipped_bit_is_found(void **state)
{
    (void)state;
    size_t n;
    OK(archive(SEG_KIND_FEATURES, 40001, 0, 2, "flip.h5"));
    char *bytes = read_bytes("flip.h5", &n);
    size_t found = 0, tried = 0;
    for (size_t at = 5000; at < n; at += n / 41, tried++) {
        seg_doc *doc = seg_doc_new();
        bytes[at] ^= 1;
        FILE *f = fopen("flipped.h5", "wb");
        assert_int_equal(fwrite(bytes, 1, n, f), n);
        fclose(f);
        bytes[at] ^= 1;
        found += seg_h5_verify("flipped.h5", seg_doc_root(doc), &err) == SEG_E_VERIFY;
        seg_doc_free(doc);
    }
    free(bytes);
    assert_true(found * 10 >= tried * 9);   /* the others are gaps and padding */
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    for (size_t k = 0; k < 4; k++) {
        seg_status st = SEG_E_AGAIN;
        for (long n = 0; st == SEG_E_AGAIN; n++) {
            seg_alloc_fail_after = n;
            st = archive(kinds[k], 5000, 0, 2, "alloc.h5");
            seg_alloc_fail_after = -1;
            assert_int_equal(seg_alloc_live, 0);
        }
        if (st != SEG_OK)
            fail_msg("%s", err.text);
    }
}

static void leaves_nothing_open_in_the_library(void **state)
{
    (void)state;
    static const H5I_type_t types[] = { H5I_FILE, H5I_GROUP, H5I_DATATYPE, H5I_DATASPACE,
                                        H5I_DATASET, H5I_ATTR, H5I_GENPROP_LST };
    hsize_t before[7] = { 0 }, after;
    for (size_t i = 0; i < 7; i++)
        H5Inmembers(types[i], &before[i]);
    for (size_t k = 0; k < 4; k++)
        OK(archive(kinds[k], 5000, 0, 2, "ids.h5"));
    for (size_t i = 0; i < 7; i++) {
        after = 0;
        H5Inmembers(types[i], &after);
        assert_int_equal(after, before[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_comes_back_as_from_a_plain_file),
        cmocka_unit_test(same_bytes_for_any_threads_and_blocks),
        cmocka_unit_test(the_library_reads_it),
        cmocka_unit_test(a_wide_matrix_comes_back),
        cmocka_unit_test(a_flipped_bit_is_found),
        cmocka_unit_test(leaves_nothing_open_in_the_library),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}

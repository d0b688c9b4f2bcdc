/* Tables of every kind into files and back: equal schema, equal cells, equal bytes for any
 * blocks; statistics against plain loops; damage that is found and named. */
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

/* ---- comparing ------------------------------------------------------------------- */

static void same_text(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        assert_ptr_equal(a, b);
    else
        assert_string_equal(a, b);
}

static void same_column(const seg_column *a, const seg_column *b)
{
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->scale, b->scale);
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->n_levels, b->n_levels);
    for (size_t i = 0; i < a->n_levels; i++)
        assert_string_equal(a->levels[i], b->levels[i]);
    same_text(a->unit, b->unit);
    same_text(a->source, b->source);
}

static void same_schema(const seg_schema *a, const seg_schema *b)
{
    assert_int_equal(a->kind, b->kind);
    same_text(a->id_name, b->id_name);
    assert_int_equal(a->id_width, b->id_width);
    assert_int_equal(a->n_features, b->n_features);
    assert_int_equal(a->n_columns, b->n_columns);
    for (size_t i = 0; i < a->n_features; i++)
        same_column(&a->features[i], &b->features[i]);
    for (size_t i = 0; i < a->n_columns; i++)
        same_column(&a->columns[i], &b->columns[i]);
    same_text(a->label, b->label);
    same_text(a->zone, b->zone);
    same_text(a->currency, b->currency);
    assert_int_equal(a->as_of_day, b->as_of_day);
}

static void same_rows(const seg_schema *schema, const seg_block *got, const seg_batch *want)
{
    size_t from = got->first_row, n = got->n_rows;
    if (want->ids != NULL)
        assert_memory_equal(got->ids, want->ids + from * schema->id_width, n * schema->id_width);
    else
        assert_null(got->ids);
    if (want->x != NULL)
        assert_memory_equal(got->x.x, want->x + from * 3, n * 3 * sizeof(float));
    for (size_t c = 0; c < schema->n_columns; c++) {
        size_t size = seg_column_cell_bytes(&schema->columns[c]);
        assert_memory_equal(got->columns[c], (char *)want->columns[c] + from * size, n * size);
    }
    for (size_t r = 0; want->row_start != NULL && r < n; r++) {
        int64_t length = want->row_start[from + r + 1] - want->row_start[from + r];
        assert_int_equal(got->row_start[r + 1] - got->row_start[r], length);
        assert_memory_equal(got->items + got->row_start[r],
                            want->items + want->row_start[from + r], (size_t)length * 4);
    }
}

static void read_and_compare(seg_kind kind, bool with_ids, size_t n, size_t block_rows,
                             const char *path)
{
    seg_schema_owner *schema;
    seg_batch *batch;
    seg_source *source;
    seg_block block;
    seg_context ctx = seg_context_defaults();
    ctx.block_rows = block_rows;
    OK(table_schema(kind, with_ids, &schema, &err));
    OK(table_batch(&schema->view, n, &batch, &err));
    OK(seg_h5_source(&ctx, path, &source, &err));
    same_schema(source->schema, &schema->view);
    assert_int_equal(source->n_rows, n);
    for (int pass = 0; pass < 2; pass++) {
        uint64_t rows = 0;
        for (;;) {
            OK(source->next(source, &block, &err));
            if (block.n_rows == 0)
                break;
            assert_int_equal(block.first_row, rows);
            same_rows(&schema->view, &block, batch);
            rows += block.n_rows;
        }
        assert_int_equal(rows, n);
        OK(source->rewind(source, &err));
    }
    seg_source_close(source);
    seg_batch_free(batch);
    seg_schema_free(schema);
}

static const seg_kind kinds[] = { SEG_KIND_FEATURES, SEG_KIND_TRANSACTIONS, SEG_KIND_BASKETS,
                                  SEG_KIND_SCORES };

static void every_kind_comes_back_as_it_was(void **state)
{
    (void)state;
    static const size_t sizes[] = { 0, 1, 1023, 1024, 5000 };
    for (size_t k = 0; k < 4; k++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            for (int with_ids = 0; with_ids < 2; with_ids++) {
                OK(table_write(kinds[k], with_ids, sizes[s], 2048, "t.h5", &err));
                read_and_compare(kinds[k], with_ids, sizes[s], 1024, "t.h5");
                read_and_compare(kinds[k], with_ids, sizes[s], 0, "t.h5");
            }
}

static void same_bytes_for_any_blocks(void **state)
{
    (void)state;
    for (size_t k = 0; k < 4; k++) {
        size_t n, m;
        OK(table_write(kinds[k], true, 40000, 1024, "small.h5", &err));
        OK(table_write(kinds[k], true, 40000, 17 * 1024, "large.h5", &err));
        char *a = read_bytes("small.h5", &n), *b = read_bytes("large.h5", &m);
        assert_int_equal(n, m);
        assert_memory_equal(a, b, n);
        free(a);
        free(b);
    }
}

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double one(const char *path, const char *column)
{
    seg_h5 *file;
    double value;
    OK(seg_h5_open(path, &file, &err));
    OK(seg_h5_read(file, column, SEG_H5_F64, 0, 0, 1, &value, &err));
    seg_h5_close(file);
    return value;
}

static void statistics_agree_with_plain_loops(void **state)
{
    (void)state;
    enum { N = 40000 };
    seg_schema_owner *schema;
    seg_batch *batch;
    const char *path = "stats.h5";
    OK(table_write(SEG_KIND_FEATURES, true, N, 4096, path, &err));
    OK(table_schema(SEG_KIND_FEATURES, true, &schema, &err));
    OK(table_batch(&schema->view, N, &batch, &err));
    static float there[N];
    size_t n = 0;
    double sum = 0, squares = 0;
    for (size_t r = 0; r < N; r++)
        if (!isnan(batch->x[r * 3]))
            there[n++] = batch->x[r * 3];
    for (size_t i = 0; i < n; i++)
        sum += (double)there[i];
    double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += ((double)there[i] - mean) * ((double)there[i] - mean);
    qsort(there, n, sizeof *there, compare_floats);
    double median = ((double)there[(n - 1) / 2] + (double)there[n / 2]) / 2;

    assert_true(one(path, "var/n_missing") == (double)(N - n));
    assert_true(fabs(one(path, "var/mean") - mean) < 1e-9);
    assert_true(fabs(one(path, "var/std") - sqrt(squares / (double)n)) < 1e-9);
    assert_true(one(path, "var/min") == (double)there[0]);
    assert_true(one(path, "var/max") == (double)there[n - 1]);
    assert_true(one(path, "var/median") == median);
    seg_batch_free(batch);
    seg_schema_free(schema);
}

static void median_of_many_rows_is_near(void **state)
{
    (void)state;
    OK(table_write(SEG_KIND_FEATURES, false, 200000, 0, "many.h5", &err));
    /* about uniform on -50 .. 75 */
    assert_true(fabs(one("many.h5", "var/median") - 12.5) < 1);
}

/* ---- damage ------------------------------------------------------------------------- */

static void flip(const char *path, long at)
{
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    fseek(f, at, SEEK_SET);
    int c = fgetc(f);
    fseek(f, at, SEEK_SET);
    fputc(c ^ 1, f);
    fclose(f);
}

/* Where the bytes `what` stand in the file. */
static long find_bytes(const char *path, const void *what, size_t n_what)
{
    size_t n;
    char *bytes = read_bytes(path, &n);
    char *at = memmem(bytes, n, what, n_what);
    long found = at == NULL ? -1 : at - bytes;
    free(bytes);
    return found;
}

static void verify_names_the_rows_of_a_flipped_bit(void **state)
{
    (void)state;
    seg_schema_owner *schema;
    seg_batch *batch;
    seg_doc *doc = seg_doc_new();
    const char *path = "flip.h5";
    OK(table_schema(SEG_KIND_FEATURES, true, &schema, &err));
    OK(table_batch(&schema->view, 40000, &batch, &err));

    OK(table_write(SEG_KIND_FEATURES, true, 40000, 0, path, &err));
    OK(seg_h5_verify(path, seg_doc_root(doc), &err));
    long x = find_bytes(path, batch->x, 3000);
    assert_true(x > 0);
    flip(path, x + 20000 * 12);
    assert_int_equal(seg_h5_verify(path, seg_doc_root(doc), &err), SEG_E_VERIFY);
    assert_non_null(strstr(err.text, "rows 16385 to 32768 of X"));

    OK(table_write(SEG_KIND_FEATURES, true, 40000, 0, path, &err));
    long ids = find_bytes(path, batch->ids, 3000);
    assert_true(ids > 0);
    flip(path, ids + 39999 * 16 + 3);
    assert_int_equal(seg_h5_verify(path, seg_doc_root(doc), &err), SEG_E_VERIFY);
    assert_non_null(strstr(err.text, "rows 32769 to 40000 of the columns"));
    seg_doc_free(doc);
    seg_batch_free(batch);
    seg_schema_free(schema);
}

static void verify_accepts_every_kind(void **state)
{
    (void)state;
    for (size_t k = 0; k < 4; k++)
        for (int with_ids = 0; with_ids < 2; with_ids++) {
            seg_doc *doc = seg_doc_new();
            for (size_t n = 0; n <= 20000; n = n * 20 + 50) {
                OK(table_write(kinds[k], with_ids, n, 0, "v.h5", &err));
                OK(seg_h5_verify("v.h5", seg_doc_root(doc), &err));
            }
            seg_doc_free(doc);
        }
}

static void a_truncated_file_is_refused(void **state)
{
    (void)state;
    OK(table_write(SEG_KIND_FEATURES, true, 3000, 0, "whole.h5", &err));
    size_t n;
    char *bytes = read_bytes("whole.h5", &n);
    for (size_t cut = 0; cut < n; cut += n / 37) {
        FILE *f = fopen("cut.h5", "wb");
        fwrite(bytes, 1, cut, f);
        fclose(f);
        assert_int_equal(table_read("cut.h5", &err), SEG_E_DATA);
    }
    free(bytes);
}

static void an_infinite_value_is_named(void **state)
{
    (void)state;
    seg_schema_owner *schema;
    seg_batch *batch;
    seg_sink *sink;
    OK(table_schema(SEG_KIND_FEATURES, true, &schema, &err));
    OK(table_batch(&schema->view, 10, &batch, &err));
    batch->x[4 * 3] = -INFINITY;
    OK(seg_h5_sink(NULL, "inf.h5", &schema->view, 10, 0, NULL, &sink, &err));
    assert_int_equal(sink->write(sink, &batch->block, &err), SEG_E_DATA);
    assert_string_equal(err.text, "row 5: 'age' is infinite");
    seg_sink_close(sink);
    assert_int_equal(access("inf.h5", F_OK), -1);
    seg_batch_free(batch);
    seg_schema_free(schema);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    const char *path = "alloc.h5";
    for (size_t k = 0; k < 4; k++) {
        seg_status st = SEG_E_AGAIN;
        for (long n = 0; st == SEG_E_AGAIN; n++) {
            seg_alloc_fail_after = n;
            st = table_write(kinds[k], true, 1500, 0, path, &err);
            seg_alloc_fail_after = -1;
            assert_int_equal(seg_alloc_live, 0);
        }
        assert_int_equal(st, SEG_OK);
        st = SEG_E_AGAIN;
        for (long n = 0; st == SEG_E_AGAIN; n++) {
            seg_alloc_fail_after = n;
            st = table_read(path, &err);
            seg_alloc_fail_after = -1;
            assert_int_equal(seg_alloc_live, 0);
        }
        if (st != SEG_OK)
            fail_msg("%s", err.text);
    }
}

/* Types, spaces and property lists outlive a file: each must have been closed. */
static hsize_t open_objects(void)
{
    static const H5I_type_t types[] = { H5I_FILE, H5I_GROUP, H5I_DATATYPE, H5I_DATASPACE,
                                        H5I_DATASET, H5I_ATTR, H5I_GENPROP_LST };
    hsize_t all = 0;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        hsize_t n = 0;
        H5Inmembers(types[i], &n);
        all += n;
    }
    return all;
}

static void leaves_nothing_open_in_the_library(void **state)
{
    (void)state;
    hsize_t before = open_objects();
    for (size_t k = 0; k < 4; k++) {
        OK(table_write(kinds[k], true, 1500, 0, "ids.h5", &err));
        OK(table_read("ids.h5", &err));
        OK(seg_h5_verify("ids.h5", NULL, &err));
    }
    assert_int_equal(open_objects(), before);
}

/* One row of a column with so many categories, as "orders.h5". */
static void write_levels(const char *const *levels, size_t n)
{
    seg_schema_owner *schema;
    seg_sink *sink;
    int32_t code = (int32_t)n - 1;
    const void *columns[1] = { &code };
    const seg_block block = { .n_rows = 1, .columns = columns };
    seg_column order = { .name = "order", .type = SEG_TYPE_CODE, .levels = levels,
                         .n_levels = n };
    OK(seg_schema_new(SEG_KIND_TRANSACTIONS, &schema, &err));
    OK(seg_schema_add_column(schema, &order, &err));
    OK(seg_h5_sink(NULL, "orders.h5", &schema->view, 1, 0, NULL, &sink, &err));
    OK(sink->write(sink, &block, &err));
    OK(sink->commit(sink, &err));
    seg_sink_close(sink);
    seg_schema_free(schema);
}

static void names_of_many_orders_are_held_once(void **state)
{
    (void)state;
    enum { N = 200000, NAME = 8 };
    static char names[N][NAME];
    static const char *levels[N];
    seg_source *source;
    for (size_t i = 0; i < N; i++) {
        snprintf(names[i], NAME, "o%zu", i);
        levels[i] = names[i];
    }
    write_levels(levels, N);
    uint64_t before = seg_alloc_in_use();
    OK(seg_h5_source(NULL, "orders.h5", &source, &err));
    assert_int_equal(source->schema->columns[0].n_levels, N);
    for (size_t i = 0; i < N; i++)
        assert_string_equal(source->schema->columns[0].levels[i], names[i]);
    /* a pointer and its text, and room for what else a source holds */
    assert_true(seg_alloc_in_use() - before < N * (sizeof(char *) + NAME) + (4 << 20));
    seg_source_close(source);
    assert_int_equal(seg_alloc_in_use(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_comes_back_as_it_was),
        cmocka_unit_test(same_bytes_for_any_blocks),
        cmocka_unit_test(statistics_agree_with_plain_loops),
        cmocka_unit_test(median_of_many_rows_is_near),
        cmocka_unit_test(verify_names_the_rows_of_a_flipped_bit),
        cmocka_unit_test(verify_accepts_every_kind),
        cmocka_unit_test(a_truncated_file_is_refused),
        cmocka_unit_test(an_infinite_value_is_named),
        cmocka_unit_test(leaves_nothing_open_in_the_library),
        cmocka_unit_test(names_of_many_orders_are_held_once),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}

/* Files of other programs: the same table in many forms, and the ones that are refused. */
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
#include <sys/wait.h>
#include <unistd.h>
#include "base/alloc.h"
#include "data/h5.h"
#include "data/schema.h"
#include "tests/support/tables.h"

enum { N = 3000, D = 3 };
static char dir[] = "/tmp/test-h5-foreign-XXXXXX";
static bool have_files;
static seg_error err;

#define OK(call)                     \
    do {                             \
        seg_status s_ = (call);      \
        if (s_ != SEG_OK)            \
            fail_msg("%s", err.text); \
    } while (0)

/* libhdf5 itself loses memory when an object's header is damaged. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libhdf5";
}

static int make_files(void **state)
{
    (void)state;
    char command[512];
    const char *tree = getenv("TREE");
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(command, sizeof command, "/usr/bin/python3 %s/tests/support/h5_foreign.py %s",
             tree == NULL ? "." : tree, dir);
    int code = system(command);
    have_files = code == 0;
    return WEXITSTATUS(code) == 77 ? 0 : code;
}

static int remove_files(void **state)
{
    (void)state;
    char command[160];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

static const char *in_dir(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static float wanted(size_t r, size_t c)
{
    return r == 3 && c == 1 ? NAN : (float)((double)r + (double)c / 4);
}

static float whole(size_t r, size_t c)
{
    return (float)((r * 2 + c) % 100);
}

static seg_source *open_file(const char *name, size_t block_rows)
{
    seg_context ctx = seg_context_defaults();
    seg_source *source;
    ctx.block_rows = block_rows;
    OK(seg_h5_source(&ctx, in_dir(name), &source, &err));
    return source;
}

static void same_matrix(const char *name, float (*value)(size_t, size_t), const char *first)
{
    for (size_t block_rows = 1024; block_rows <= 4096; block_rows *= 4) {
        seg_source *source = open_file(name, block_rows);
        seg_block block;
        assert_int_equal(source->n_rows, N);
        assert_int_equal(source->schema->kind, SEG_KIND_FEATURES);
        assert_int_equal(source->schema->n_features, D);
        assert_string_equal(source->schema->features[0].name, first);
        size_t row = 0;
        for (;;) {
            OK(source->next(source, &block, &err));
            if (block.n_rows == 0)
                break;
            for (size_t r = 0; r < block.n_rows; r++, row++)
                for (size_t c = 0; c < D; c++) {
                    float got = block.x.x[r * block.x.stride + c], want = value(row, c);
                    if (!(got == want || (isnan(got) && isnan(want))))
                        fail_msg("%s: row %zu, column %zu: %g", name, row, c, (double)got);
                }
        }
        assert_int_equal(row, N);
        seg_source_close(source);
    }
}

static void reads_matrices_of_any_layout(void **state)
{
    (void)state;
    if (!have_files)
        skip();
    static const char *const names[] = { "f64.h5", "f32.h5", "be64.h5", "be32.h5", "gzip.h5",
        "shuffle.h5", "lzf.h5", "chunked.h5", "growing.h5", "latest.h5", "f64.h5:/data",
        "deep.h5:/a/b/matrix", "two.h5:/b" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        same_matrix(names[i], wanted, "f0");
    same_matrix("named.h5", wanted, "one");
    same_matrix("bytes_named.h5", wanted, "one");
}

static void reads_numbers_of_any_type(void **state)
{
    (void)state;
    if (!have_files)
        skip();
    static const char *const types[] = { "i1", "u1", "i2", "be_i2", "u2", "i4", "be_u4", "i8",
                                         "be_i8", "u8", "f2", "be_f2" };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char name[32];
        snprintf(name, sizeof name, "whole_%s.h5", types[i]);
        same_matrix(name, whole, "f0");
    }
}

static const void *column(const seg_source *source, const seg_block *block, const char *name,
                          seg_type type)
{
    size_t c = seg_schema_column(source->schema, name);
    if (c == SIZE_MAX)
        fail_msg("no column %s", name);
    assert_int_equal(source->schema->columns[c].type, type);
    return block->columns[c];
}

static void check_obs(const char *name)
{
    seg_source *source = open_file(name, 1024);
    const seg_schema *schema = source->schema;
    seg_block block;
    assert_string_equal(schema->id_name, "id");
    OK(source->next(source, &block, &err));
    OK(source->next(source, &block, &err));
    for (size_t r = 0; r < block.n_rows; r++) {
        size_t row = r + 1024;
        char id[16];
        snprintf(id, sizeof id, "k%zu", row);
        assert_int_equal(strncmp(block.ids + r * schema->id_width, id, schema->id_width), 0);
        static const int32_t plan[] = { 0, 1, -1 }, grade[] = { 0, 1, 2 }, maybe[] = { 1, -1, 0 };
        static const int64_t count[] = { 7, INT64_MIN, -2 };
        static const char *const town[] = { "Z\xc3\xbcrich", "Rio de Janeiro", "" };
        const int32_t *codes = column(source, &block, "plan", SEG_TYPE_CODE);
        assert_int_equal(codes[r], plan[row % 3]);
        codes = column(source, &block, "grade", SEG_TYPE_CODE);
        assert_int_equal(codes[r], grade[row % 3]);
        codes = column(source, &block, "maybe", SEG_TYPE_CODE);
        assert_int_equal(codes[r], maybe[row % 3]);
        codes = column(source, &block, "churned", SEG_TYPE_CODE);
        assert_int_equal(codes[r], whole(row, 0) > 50);
        const int64_t *counts = column(source, &block, "count", SEG_TYPE_I64);
        assert_int_equal(counts[r], count[row % 3]);
        const double *spent = column(source, &block, "spent", SEG_TYPE_F64);
        assert_true(spent[r] == (double)wanted(row, 1));
        /* anndata makes a categorical of texts that repeat */
        size_t t = seg_schema_column(schema, "town");
        assert_int_equal(schema->columns[t].type, SEG_TYPE_CODE);
        codes = block.columns[t];
        assert_string_equal(schema->columns[t].levels[codes[r]], town[row % 3]);
    }
    size_t g = seg_schema_column(schema, "grade");
    assert_string_equal(schema->columns[g].levels[2], "5");
    seg_source_close(source);
}

static void reads_anndata_with_its_columns(void **state)
{
    (void)state;
    if (!have_files)
        skip();
    same_matrix("anndata.h5ad", wanted, "one");
    same_matrix("anndata_gz.h5ad", wanted, "one");
    check_obs("anndata.h5ad");
    check_obs("anndata_gz.h5ad");
}

static void columns_become_features_without_a_matrix(void **state)
{
    (void)state;
    if (!have_files)
        skip();
    seg_source *source = open_file("obs_only.h5ad", 0);
    const seg_schema *schema = source->schema;
    seg_block block;
    OK(source->next(source, &block, &err));
    assert_int_equal(schema->kind, SEG_KIND_FEATURES);
    size_t plan = seg_schema_feature(schema, "plan"), spent = seg_schema_feature(schema, "spent");
    assert_int_equal(schema->features[plan].type, SEG_TYPE_CODE);
    assert_int_equal(schema->features[plan].n_levels, 2);
    assert_true(isnan(block.x.x[2 * block.x.stride + plan]));
    assert_true(block.x.x[1 * block.x.stride + plan] == 1);
    assert_true(isnan(block.x.x[3 * block.x.stride + spent]));
    assert_true(block.x.x[5 * block.x.stride + spent] == wanted(5, 1));
    seg_source_close(source);
}

static void check_baskets(const char *name)
{
    seg_source *source = open_file(name, 1024);
    seg_block block;
    assert_int_equal(source->schema->kind, SEG_KIND_BASKETS);
    assert_string_equal(source->schema->features[2].name, "three");
    size_t row = 0;
    for (;;) {
        OK(source->next(source, &block, &err));
        if (block.n_rows == 0)
            break;
        for (size_t r = 0; r < block.n_rows; r++, row++) {
            int64_t i = block.row_start[r];
            for (int c = 0; c < D; c++)
                if ((int)whole(row, (size_t)c) % 3 == 1)
                    assert_int_equal(block.items[i++], c);
            assert_int_equal(i, block.row_start[r + 1]);
        }
    }
    assert_int_equal(row, N);
    seg_source_close(source);
}

static float sparse_amount(size_t r, size_t c)
{
    return (int)whole(r, c) % 3 == 1 ? whole(r, c) : 0;
}

static void reads_sparse_matrices(void **state)
{
    (void)state;
    if (!have_files)
        skip();
    check_baskets("baskets.h5ad");
    check_baskets("unsorted.h5ad");
    same_matrix("amounts.h5ad", sparse_amount, "one");
}

static void reads_compound_tables(void **state)
{
    (void)state;
    if (!have_files)
        skip();
    seg_source *source = open_file("table.h5", 1024);
    const seg_schema *schema = source->schema;
    seg_block block;
    OK(source->next(source, &block, &err));
    OK(source->next(source, &block, &err));
    assert_string_equal(schema->id_name, "id");
    assert_int_equal(strncmp(block.ids + schema->id_width, "k1025", schema->id_width), 0);
    assert_int_equal(schema->n_features, 3);
    assert_string_equal(schema->features[1].name, "visits");
    assert_true(block.x.x[3] == wanted(1025, 1));
    assert_true(block.x.x[4] == whole(1025, 0));
    const char *town = column(source, &block, "town", SEG_TYPE_TEXT);
    assert_memory_equal(town + 9, "Z\xc3\xbcrich\0\0", 9);
    seg_source_close(source);
}

static void reads_compound_tables_with_variable_texts(void **state)
{
    (void)state;
    if (!have_files)
        skip();
    seg_source *source = open_file("vlen_table.h5", 1024);
    const seg_schema *schema = source->schema;
    seg_block block;
    OK(source->next(source, &block, &err));
    assert_string_equal(schema->id_name, "id");
    assert_int_equal(strncmp(block.ids + 7 * schema->id_width, "k7", schema->id_width), 0);
    assert_int_equal(schema->n_features, 3);
    assert_true(block.x.x[7 * 3] == whole(7, 0));
    assert_true(block.x.x[7 * 3 + 1] == wanted(7, 1));
    assert_true(block.x.x[7 * 3 + 2] == wanted(7, 2));
    const char *town = column(source, &block, "town", SEG_TYPE_TEXT);
    assert_memory_equal(town + 7 * 7, "Z\xc3\xbcrich", 7);
    seg_source_close(source);
}

static void check_pandas(const char *name, size_t n_features, const char *first, const char *id)
{
    seg_source *source = open_file(name, 1024);
    const seg_schema *schema = source->schema;
    seg_block block;
    OK(source->next(source, &block, &err));
    OK(source->next(source, &block, &err));
    assert_int_equal(schema->n_features, n_features);
    assert_string_equal(schema->features[0].name, first);
    assert_int_equal(strncmp(block.ids + 5 * schema->id_width, id, schema->id_width), 0);
    for (size_t r = 0; r < block.n_rows; r++)
        for (size_t c = 0; c < n_features; c++)
            assert_true(block.x.x[r * n_features + c] ==
                        (c < D ? wanted(1024 + r, c) : whole(1024 + r, 0)));
    if (n_features > D)
        assert_string_equal(schema->features[3].name, "visits");
    seg_source_close(source);
}

static void reads_frames_of_pandas(void **state)
{
    (void)state;
    if (!have_files)
        skip();
    check_pandas("pandas_one.h5", 3, "one", "k1029");
    check_pandas("pandas_one_gz.h5", 3, "one", "k1029");
    check_pandas("pandas_one.h5:/frame", 3, "one", "k1029");
    check_pandas("pandas_two.h5", 4, "one", "k1029");
    check_pandas("pandas_range.h5", 3, "one", "1029");
    check_pandas("pandas_table.h5", 4, "one", "k1029");
    check_pandas("pandas_table_odd.h5", 4, "values_block_0_0", "k1029");
}

/* The frame's blocks of columns are turned into tables once. */
static void looks_twice_at_a_frame(void **state)
{
    (void)state;
    if (!have_files)
        skip();
    seg_h5 *file;
    seg_kind kind;
    OK(seg_h5_open(in_dir("pandas_two.h5"), &file, &err));
    for (int i = 0; i < 2; i++) {
        OK(seg_h5_kind(file, &kind, &err));
        assert_int_equal(kind, SEG_KIND_FEATURES);
    }
    seg_h5_close(file);
}

static void refuses_with_a_reason(void **state)
{
    (void)state;
    if (!have_files)
        skip();
    static const struct { const char *file, *reason; } cases[] = {
        { "infinite.h5", "row 3: 'f1' is infinite" },
        { "too_large.h5", "row 6, column 3 does not fit" },
        { "complex.h5", "has 2 dimensions" },
        { "texts.h5", "holds no numbers" },
        { "cube.h5", "3 dimensions" },
        { "nothing.h5", "holds nothing" },
        { "no_rows.h5", "0 x 3" },
        { "scale_offset.h5", "filter 'scaleoffset'" },
        { "two.h5", "which array? There are 2: /a, /b" },
        { "soft.h5", "there is no table" },
        { "soft.h5:/data", "soft or external link" },
        { "external.h5:/data", "soft or external link" },
        { "csc.h5ad", "CSC" },
        { "pandas_two_gz.h5", "format='table'" },
        { "pandas_names.h5", "has 3 columns and 2 names" },
        { "pandas_rows.h5", "has 9 rows, not 3000" },
        { "f64.h5:/nobody", "there is no 'nobody'" },
        { "anndata.h5ad:/uns", "neither a data frame nor" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(table_read(in_dir(cases[i].file), &err), SEG_E_DATA);
        if (strstr(err.text, cases[i].reason) == NULL)
            fail_msg("%s: %s", cases[i].file, err.text);
    }
    assert_int_equal(table_read(in_dir("not there.h5"), &err), SEG_E_IO);
}

/* Every foreign file with some bytes altered: an error or numbers, never a crash. */
static void survives_altered_bytes(void **state)
{
    (void)state;
    if (!have_files)
        skip();
    static const char *const names[] = { "lzf.h5", "shuffle.h5", "anndata.h5ad", "latest.h5",
                                         "vlen_table.h5", "unsorted.h5ad",
                                         "pandas_two.h5", "pandas_table.h5" };
    uint64_t random = 42;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        FILE *f = fopen(in_dir(names[i]), "rb");
        static char bytes[1 << 20];
        size_t n = fread(bytes, 1, sizeof bytes, f);
        fclose(f);
        for (int round = 0; round < 60; round++) {
            for (int k = 0; k < 3; k++) {
                random = random * 6364136223846793005u + 1442695040888963407u;
                /* headers more often than rows */
                size_t at = (random >> 33) % (round % 2 == 0 ? n : 4096 < n ? 4096 : n);
                if (at >= 8)   /* after the signature */
                    bytes[at] = (char)(bytes[at] ^ (1 << (random >> 60) % 8));
            }
            f = fopen(in_dir("altered.h5"), "wb");
            fwrite(bytes, 1, n, f);
            fclose(f);
            seg_status st = table_read(in_dir("altered.h5"), &err);
            assert_true(st == SEG_OK || st == SEG_E_DATA || st == SEG_E_AGAIN);
            assert_int_equal(seg_alloc_live, 0);
        }
    }
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    if (!have_files)
        skip();
    static const char *const names[] = { "anndata_gz.h5ad", "unsorted.h5ad", "table.h5",
                                         "amounts.h5ad", "obs_only.h5ad", "lzf.h5",
                                         "pandas_two.h5", "pandas_table.h5" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        seg_status st = SEG_E_AGAIN;
        for (long n = 0; st == SEG_E_AGAIN; n++) {
            seg_alloc_fail_after = n;
            st = table_read(in_dir(names[i]), &err);
            seg_alloc_fail_after = -1;
            assert_int_equal(seg_alloc_live, 0);
        }
        if (st != SEG_OK)
            fail_msg("%s: %s", names[i], err.text);
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
    if (!have_files)
        skip();
    static const char *const names[] = { "anndata_gz.h5ad", "unsorted.h5ad", "vlen_table.h5",
        "obs_only.h5ad", "cube.h5", "soft.h5:/data", "scale_offset.h5", "nothing.h5",
        "complex.h5", "altered.h5", "bytes_named.h5" };
    hsize_t before = open_objects();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        (void)!table_read(in_dir(names[i]), &err);
    assert_int_equal(open_objects(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_matrices_of_any_layout),
        cmocka_unit_test(reads_numbers_of_any_type),
        cmocka_unit_test(reads_anndata_with_its_columns),
        cmocka_unit_test(columns_become_features_without_a_matrix),
        cmocka_unit_test(reads_sparse_matrices),
        cmocka_unit_test(reads_compound_tables),
        cmocka_unit_test(reads_compound_tables_with_variable_texts),
        cmocka_unit_test(reads_frames_of_pandas),
        cmocka_unit_test(looks_twice_at_a_frame),
        cmocka_unit_test(refuses_with_a_reason),
        cmocka_unit_test(survives_altered_bytes),
        cmocka_unit_test(leaves_nothing_open_in_the_library),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}

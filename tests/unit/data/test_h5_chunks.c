/* Chunks under every filter, at any place, damaged and missing: with one thread and with
 * three, in blocks of any size, with little memory. The files are packed by the libraries
 * themselves and stored as they are (tests/support/h5_foreign.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/alloc.h"
#include "data/h5.h"
#include "tests/support/tables.h"

enum { N = 3000, D = 3 };
static char dir[] = "/tmp/test-h5-chunks-XXXXXX";
static bool have_files;
static seg_error err;

#define OK(call)                     \
    do {                             \
        seg_status s_ = (call);      \
        if (s_ != SEG_OK)            \
            fail_msg("%s", err.text); \
    } while (0)

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
    snprintf(path, sizeof path, "%s/%s.h5", dir, name);
    return path;
}

static bool is_there(const char *name)
{
    struct stat info;
    return stat(in_dir(name), &info) == 0;
}

static float wanted(size_t r, size_t c)
{
    return r == 3 && c == 1 ? NAN : (float)((double)r + (double)c / 4);
}

static float wanted_with_holes(size_t r, size_t c)
{
    size_t chunk = r / 100;
    return chunk == 1 || chunk == 7 || chunk == 29 ? -5.5f : wanted(r, c);
}

/* Two passes, value by value. */
static void same_matrix(const char *name, uint32_t n_threads, size_t block_rows,
                        float (*value)(size_t, size_t))
{
    seg_context ctx = seg_context_defaults();
    seg_source *source;
    seg_block block;
    ctx.n_threads = n_threads;
    ctx.block_rows = block_rows;
    OK(seg_h5_source(&ctx, in_dir(name), &source, &err));
    for (int pass = 0; pass < 2; pass++) {
        size_t row = 0;
        OK(source->rewind(source, &err));
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
    }
    seg_source_close(source);
}

static const char *const filtered[] = { "gzip", "shuffle", "lzf", "chunked", "growing", "latest",
    "zstd", "shuffle_zstd", "zstd_twice", "blosc_blosclz", "blosc_lz4", "blosc_zlib",
    "blosc_zstd", "masked", "columns", "columns_f4", "wide_chunks", "rows_be", "one_chunk" };
enum { N_FILTERED = sizeof filtered / sizeof *filtered };

static void chunks_of_any_filter_and_shape_are_read(void **state)
{
    (void)state;
    if (!have_files)
        skip();
    for (size_t i = 0; i < N_FILTERED; i++)
        for (size_t block_rows = 1024; is_there(filtered[i]) && block_rows <= 4096;
             block_rows *= 4)
            for (uint32_t threads = 1; threads <= 3; threads += 2)
                same_matrix(filtered[i], threads, block_rows, wanted);
}

/* Fewer chunks are kept then, down to one: the values are the same. */
static void little_memory_gives_the_same_rows(void **state)
{
    (void)state;
    if (!have_files)
        skip();
    static const uint64_t limits[] = { 600 << 10, 1 << 20, 3 << 20 };
    for (size_t i = 0; i < N_FILTERED; i++)
        for (size_t k = 0; is_there(filtered[i]) && k < 3; k++) {
            seg_alloc_set_limit(limits[k]);
            same_matrix(filtered[i], 3, 1024, wanted);
            assert_true(seg_alloc_peak() > 0);
            seg_alloc_set_limit(0);
        }
}

static char note[200];

static void keep_note(void *user, seg_level level, const char *text)
{
    (void)user;
    assert_int_equal(level, SEG_LEVEL_WARN);
    snprintf(note, sizeof note, "%s", text);
}

static void chunks_never_written_hold_the_fill_value(void **state)
{
    (void)state;
    if (!have_files)
        skip();
    same_matrix("holes_nan", 1, 1024, wanted_with_holes);
    same_matrix("holes_nan", 3, 4096, wanted_with_holes);

    seg_context ctx = seg_context_defaults();
    seg_source *source;
    seg_block block;
    ctx.note = keep_note;
    OK(seg_h5_source(&ctx, in_dir("holes_nan"), &source, &err));
    do
        OK(source->next(source, &block, &err));
    while (block.n_rows > 0);
    seg_source_close(source);
    assert_non_null(strstr(note, "3 chunks were never written"));
}

static void damaged_chunks_are_named_with_what_is_wrong(void **state)
{
    (void)state;
    if (!have_files)
        skip();
    static const struct { const char *file, *reason; } cases[] = {
        { "bad_deflate", "chunk at row 400 of 'data' is damaged: it" },
        { "short", "row 400 of 'data' is damaged: it is shorter than a chunk" },
        { "bomb", "row 400 of 'data' is damaged: it unpacks to more than a chunk holds" },
        { "bad_fletcher", "row 400 of 'data' is damaged: its checksum is wrong" },
        { "too_short", "row 400 of 'data' is damaged: its checksum is wrong" },
        { "bad_lzf", "row 0 of 'data' is damaged: its lzf data" },
        { "bomb_zstd", "row 400 of 'data' is damaged: its zstd data" },
        { "bomb_blosc", "row 400 of 'data' is damaged: its blosc data" },
        { "cut_blosc", "row 400 of 'data' is damaged: its blosc data" },
        { "no_blosc", "needs libblosc.so.1" },
        { "unknown", "filter 'unnamed' (32004)" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!is_there(cases[i].file))
            continue;
        bool system_lacks_it = strcmp(cases[i].file, "no_blosc") == 0;
        assert_int_equal(table_read(in_dir(cases[i].file), &err),
                         system_lacks_it ? SEG_E_IO : SEG_E_DATA);
        if (strstr(err.text, cases[i].reason) == NULL)
            fail_msg("%s: %s", cases[i].file, err.text);
        assert_int_equal(seg_alloc_live, 0);
    }
}

/* 16,384 chunks: a search through all of them for each would take 6 seconds and more. */
static void many_chunks_take_linear_time(void **state)
{
    (void)state;
    if (!have_files)
        skip();
    clock_t began = clock();
    OK(table_read(in_dir("many"), &err));
    double seconds = (double)(clock() - began) / CLOCKS_PER_SEC;
    if (seconds > 3)
        fail_msg("%g seconds", seconds);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    if (!have_files)
        skip();
    static const char *const names[] = { "columns", "masked", "shuffle_zstd", "zstd_twice",
                                         "f64" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        seg_status st = SEG_E_AGAIN;
        for (long n = 0; is_there(names[i]) && st == SEG_E_AGAIN; n++) {
            seg_alloc_fail_after = n;
            st = table_read(in_dir(names[i]), &err);
            seg_alloc_fail_after = -1;
            assert_int_equal(seg_alloc_live, 0);
        }
        if (is_there(names[i]) && st != SEG_OK)
            fail_msg("%s: %s", names[i], err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_of_any_filter_and_shape_are_read),
        cmocka_unit_test(little_memory_gives_the_same_rows),
        cmocka_unit_test(chunks_never_written_hold_the_fill_value),
        cmocka_unit_test(damaged_chunks_are_named_with_what_is_wrong),
        cmocka_unit_test(many_chunks_take_linear_time),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}

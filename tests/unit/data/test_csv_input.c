/* Text as it comes: packed, in pieces, in other encodings, through a pipe; and what is not
 * text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "data/csv_input.h"

static char path[64];

static void put(const void *bytes, size_t n, const char *mode)
{
    FILE *f = fopen(path, mode);
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

/* The whole text, read twice; a buffer of `step` bytes at a time. */
static seg_status get(const char *name, const char *encoding, size_t step, char *out, size_t max,
                      size_t *n, seg_error *err)
{
    seg_input *in;
    size_t got, first = 0;
    seg_status st = seg_input_open(NULL, name, encoding, &in, err);
    for (int pass = 0; st == SEG_OK && pass < 2; pass++) {
        *n = 0;
        do {
            assert_true(*n + step <= max);
            st = seg_input_read(in, out + *n, step, &got, err);
            *n += st == SEG_OK ? got : 0;
        } while (st == SEG_OK && got > 0);
        if (pass == 0 && st == SEG_OK) {
            first = *n;
            st = seg_input_rewind(in, err);
        }
    }
    if (st == SEG_OK)
        assert_int_equal(first, *n);
    seg_input_close(in);
    assert_int_equal(seg_alloc_live, 0);
    return st;
}

static char *long_text(size_t *n)
{
    char *text = malloc(600000);
    assert_non_null(text);
    *n = 0;
    for (int i = 0; *n < 500000; i++)
        *n += (size_t)sprintf(text + *n, "%d,name %d\n", i, i * 7919 % 1000);
    return text;
}

static void packed_text_is_the_text(void **state)
{
    (void)state;
    enum { MAX = 1 << 20 };
    size_t n, m;
    char *text = long_text(&n), *out = malloc(MAX), *packed = malloc(MAX);
    gzFile gz = gzopen(path, "wb");   /* two members, as cat a.gz b.gz makes */
    gzwrite(gz, text, 300000);
    gzclose(gz);
    gz = gzopen(path, "ab");
    gzwrite(gz, text + 300000, (unsigned)(n - 300000));
    gzclose(gz);
    assert_int_equal(get(path, NULL, 1000, out, MAX, &m, NULL), SEG_OK);
    assert_int_equal(m, n);
    assert_memory_equal(out, text, n);
    size_t bytes = ZSTD_compress(packed, MAX, text, n, 3);
    assert_false(ZSTD_isError(bytes));
    put(packed, bytes, "wb");
    assert_int_equal(get(path, NULL, 4096, out, MAX, &m, NULL), SEG_OK);
    assert_int_equal(m, n);
    assert_memory_equal(out, text, n);
    seg_error err;
    put(packed, bytes / 2, "wb");
    assert_int_equal(get(path, NULL, 4096, out, MAX, &m, &err), SEG_E_DATA);
    assert_non_null(strstr(err.text, "damaged"));
    free(text);
    free(out);
    free(packed);
}

static void other_encodings_become_utf8(void **state)
{
    (void)state;
    char out[256];
    size_t n;
    put("caf\xe9 \x80", 6, "wb");
    assert_int_equal(get(path, "WINDOWS-1252", 16, out, sizeof out, &n, NULL), SEG_OK);
    assert_memory_equal(out, "caf\xc3\xa9 \xe2\x82\xac", n);
    put("\xff\xfe" "a\0\xe9\0\n\0", 8, "wb");
    assert_int_equal(get(path, "UTF-16", 16, out, sizeof out, &n, NULL), SEG_OK);
    assert_int_equal(n, 4);
    assert_memory_equal(out, "a\xc3\xa9\n", 4);
    seg_error err;
    put("ab\xff", 3, "wb");
    assert_int_equal(get(path, "UTF-8", 16, out, sizeof out, &n, &err), SEG_E_DATA);
    assert_non_null(strstr(err.text, "byte 3: cannot be read as UTF-8"));
    assert_int_equal(get(path, "KLINGON", 16, out, sizeof out, &n, &err), SEG_E_USAGE);
}

static void utf16_and_utf32_are_known_by_their_mark(void **state)
{
    (void)state;
    static const struct { const char *bytes; size_t n; } texts[] = {
        { "\xff\xfe" "a\0\xe9\0\n\0", 8 },
        { "\xfe\xff" "\0a\0\xe9\0\n", 8 },
        { "\xff\xfe\0\0" "a\0\0\0\xe9\0\0\0\n\0\0\0", 16 },
        { "\0\0\xfe\xff" "\0\0\0a\0\0\0\xe9\0\0\0\n", 16 },
    };
    char out[64];
    size_t n;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        put(texts[i].bytes, texts[i].n, "wb");
        assert_int_equal(get(path, NULL, 16, out, sizeof out, &n, NULL), SEG_OK);
        assert_int_equal(n, 4);
        assert_memory_equal(out, "a\xc3\xa9\n", 4);
    }
    put("caf\xe9\n", 5, "wb");
    assert_int_equal(get(path, "latin1", 16, out, sizeof out, &n, NULL), SEG_OK);
    assert_memory_equal(out, "caf\xc3\xa9\n", n);
}

static void zstd_frames_that_follow_each_other_are_one_text(void **state)
{
    (void)state;
    char packed[256], out[64];
    size_t n = ZSTD_compress(packed, sizeof packed, "id,x\n1,", 7, 3), m;
    n += ZSTD_compress(packed + n, sizeof packed - n, "2\n", 2, 3);
    put(packed, n, "wb");
    assert_int_equal(get(path, NULL, 4, out, sizeof out, &m, NULL), SEG_OK);
    assert_int_equal(m, 9);
    assert_memory_equal(out, "id,x\n1,2\n", 9);
}

static void a_byte_order_mark_is_dropped(void **state)
{
    (void)state;
    char out[64];
    size_t n;
    put("\xef\xbb\xbf" "a,b\n", 7, "wb");
    assert_int_equal(get(path, NULL, 16, out, sizeof out, &n, NULL), SEG_OK);
    assert_int_equal(n, 4);
    assert_memory_equal(out, "a,b\n", 4);
}

static void pipes_and_folders_are_refused(void **state)
{
    (void)state;
    char fifo[80], out[16];
    size_t n;
    seg_error err;
    snprintf(fifo, sizeof fifo, "%s.fifo", path);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(get(fifo, NULL, 16, out, sizeof out, &n, &err), SEG_E_IO);
    unlink(fifo);
    assert_int_equal(get("/dev/zero", NULL, 16, out, sizeof out, &n, &err), SEG_E_IO);
    assert_int_equal(get("/tmp", NULL, 16, out, sizeof out, &n, &err), SEG_E_IO);
    assert_int_equal(get("/tmp/no such file", NULL, 16, out, sizeof out, &n, &err), SEG_E_IO);
}

static void the_standard_input_can_start_over(void **state)
{
    (void)state;
    enum { MAX = 1 << 20 };
    size_t n, m;
    char *text = long_text(&n), *out = malloc(MAX);
    put(text, n, "wb");
    int kept = dup(STDIN_FILENO);
    assert_non_null(freopen(path, "rb", stdin));
    assert_int_equal(get("-", NULL, 1000, out, MAX, &m, NULL), SEG_OK);
    dup2(kept, STDIN_FILENO);
    close(kept);
    assert_int_equal(m, n);
    assert_memory_equal(out, text, n);
    free(text);
    free(out);
}

static int name_file(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/segmill-input-%d", (int)getpid());
    return 0;
}

static int remove_file(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packed_text_is_the_text),
        cmocka_unit_test(other_encodings_become_utf8),
        cmocka_unit_test(utf16_and_utf32_are_known_by_their_mark),
        cmocka_unit_test(zstd_frames_that_follow_each_other_are_one_text),
        cmocka_unit_test(a_byte_order_mark_is_dropped),
        cmocka_unit_test(pipes_and_folders_are_refused),
        cmocka_unit_test(the_standard_input_can_start_over),
    };
    return cmocka_run_group_tests(tests, name_file, remove_file);
}

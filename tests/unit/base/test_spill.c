/* Bytes put aside come back as they were, from memory and from a file. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/spill.h"
#include "tests/support/files.h"

enum { MOST_PIECES = 600, LARGEST = 700000 };

static seg_error err;
static unsigned char *bytes, *room;

static int make_room(void **state)
{
    bytes = malloc(LARGEST);
    room = malloc(LARGEST);
    return bytes == NULL || room == NULL ? -1 : enter_directory(state);
}

static int give_room(void **state)
{
    free(bytes);
    free(room);
    return leave_directory(state);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* What piece i holds. */
static void make_piece(size_t i, size_t n)
{
    for (size_t j = 0; j < n; j++)
        bytes[j] = (unsigned char)(i * 31 + j * 7 + (j >> 8));
}

static void assert_piece(const seg_spill *spill, size_t i, uint64_t at, size_t n)
{
    const void *got = NULL;
    memset(room, 0xa5, n);
    assert_int_equal(seg_spill_get(spill, at, n, room, &got, &err), SEG_OK);
    make_piece(i, n);
    assert_memory_equal(got, bytes, n);
}

/* Many pieces are reserved at once, put in parts and in another order, and read back. */
static void check_pieces(uint64_t limit, size_t largest, size_t n_pieces)
{
    static uint64_t at[MOST_PIECES];
    static size_t n[MOST_PIECES];
    uint64_t seed = 88172645463325252u + limit + largest;
    seg_spill *spill;
    assert_int_equal(seg_spill_new(limit, &spill, &err), SEG_OK);
    for (int round = 0; round < 2; round++) {   /* the second one after a clear */
        for (size_t i = 0; i < n_pieces; i++) {
            n[i] = 1 + (size_t)(next_random(&seed) % largest);
            assert_int_equal(seg_spill_reserve(spill, n[i], &at[i], &err), SEG_OK);
            assert_int_equal(at[i] % 64, 0);
            assert_true(i == 0 || at[i] >= at[i - 1] + n[i - 1]);
        }
        for (size_t i = n_pieces; i-- > 0;) {
            size_t half = n[i] / 2;
            make_piece(i, n[i]);
            assert_int_equal(seg_spill_put(spill, at[i] + half, bytes + half, n[i] - half, &err),
                             SEG_OK);
            assert_int_equal(seg_spill_put(spill, at[i], bytes, half, &err), SEG_OK);
        }
        for (size_t i = 0; i < n_pieces; i++)
            assert_piece(spill, i, at[i], n[i]);
        seg_spill_clear(spill);
    }
    seg_spill_free(spill);
    assert_int_equal(seg_alloc_live, 0);
}

static void pieces_come_back_whole_from_memory_and_file(void **state)
{
    (void)state;
    check_pieces(UINT64_MAX, 5000, 600);
    check_pieces(1 << 20, 5000, 600);    /* both */
    check_pieces(0, 5000, 300);          /* nothing in memory */
}

/* A slab as large as its one piece leaves nothing for the next. */
static void pieces_larger_than_a_slab_do_not_touch_each_other(void **state)
{
    (void)state;
    check_pieces(UINT64_MAX, LARGEST, 60);
    check_pieces(4 << 20, LARGEST, 60);
    seg_spill *spill;
    uint64_t a, b;
    assert_int_equal(seg_spill_new(UINT64_MAX, &spill, &err), SEG_OK);
    assert_int_equal(seg_spill_reserve(spill, 300001, &a, &err), SEG_OK);
    assert_int_equal(seg_spill_reserve(spill, 300001, &b, &err), SEG_OK);
    make_piece(1, 300001);
    assert_int_equal(seg_spill_put(spill, a, bytes, 300001, &err), SEG_OK);
    make_piece(2, 300001);
    assert_int_equal(seg_spill_put(spill, b, bytes, 300001, &err), SEG_OK);
    assert_piece(spill, 1, a, 300001);
    assert_piece(spill, 2, b, 300001);
    seg_spill_free(spill);
}

static void an_exhausted_heap_is_replaced_by_the_file(void **state)
{
    (void)state;
    for (long n = 0; n < 6; n++) {
        seg_spill *spill;
        seg_alloc_fail_after = n;
        seg_status st = seg_spill_new(UINT64_MAX, &spill, &err);
        assert_true(n == 0 ? st == SEG_E_AGAIN && spill == NULL : st == SEG_OK);
        uint64_t at[8];
        for (size_t i = 0; st == SEG_OK && i < 8; i++)
            assert_int_equal(seg_spill_reserve(spill, LARGEST, &at[i], &err), SEG_OK);
        seg_alloc_fail_after = -1;
        for (size_t i = 0; st == SEG_OK && i < 8; i++) {
            make_piece(i, LARGEST);
            assert_int_equal(seg_spill_put(spill, at[i], bytes, LARGEST, &err), SEG_OK);
        }
        for (size_t i = 0; st == SEG_OK && i < 8; i++)
            assert_piece(spill, i, at[i], LARGEST);
        seg_spill_free(spill);
        assert_int_equal(seg_alloc_live, 0);
    }
}

static void a_folder_that_cannot_be_written_is_named(void **state)
{
    (void)state;
    seg_spill *spill;
    uint64_t at;
    setenv("TMPDIR", "/nowhere/at/all", 1);
    assert_int_equal(seg_spill_new(0, &spill, &err), SEG_OK);
    assert_int_equal(seg_spill_reserve(spill, 100, &at, &err), SEG_E_IO);
    assert_string_equal(err.text, "/nowhere/at/all: could not put rows aside there (TMPDIR names"
                        " another folder): no such file or directory");
    unsetenv("TMPDIR");
    assert_int_equal(seg_spill_reserve(spill, 100, &at, &err), SEG_OK);   /* nothing is broken */
    make_piece(5, 100);
    assert_int_equal(seg_spill_put(spill, at, bytes, 100, &err), SEG_OK);
    assert_piece(spill, 5, at, 100);
    seg_spill_free(spill);
}

static void the_file_has_no_name_and_is_private(void **state)
{
    (void)state;
    char here[4096];
    const char *folder;
    struct stat info;
    assert_non_null(getcwd(here, sizeof here));
    setenv("TMPDIR", here, 1);
    int fd = seg_unnamed_file(&folder);
    unsetenv("TMPDIR");
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &info), 0);
    assert_int_equal(info.st_mode & 07777u, 0600);
    assert_int_equal(info.st_nlink, 0);
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    assert_int_equal(count_files(), 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_come_back_whole_from_memory_and_file),
        cmocka_unit_test(pieces_larger_than_a_slab_do_not_touch_each_other),
        cmocka_unit_test(an_exhausted_heap_is_replaced_by_the_file),
        cmocka_unit_test(a_folder_that_cannot_be_written_is_named),
        cmocka_unit_test(the_file_has_no_name_and_is_private),
    };
    return cmocka_run_group_tests(tests, make_room, give_room);
}

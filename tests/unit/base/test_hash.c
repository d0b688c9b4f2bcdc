/* SHA-256 against the examples of FIPS 180-4, xxh3 against its published values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <unistd.h>
#include "base/alloc.h"
#include "base/hash.h"

static const char abc_hash[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char empty_hash[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const char million_hash[] =
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

static void bytes(const void *data, size_t n, const char *expected)
{
    char hex[65];
    seg_error err;
    assert_int_equal(seg_sha256_bytes(data, n, hex, &err), SEG_OK);
    assert_string_equal(hex, expected);
}

static void sha256_gives_the_published_hashes(void **state)
{
    (void)state;
    bytes("", 0, empty_hash);
    bytes("abc", 3, abc_hash);
    bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void a_hash_in_pieces_is_the_hash_of_all_and_can_start_anew(void **state)
{
    (void)state;
    seg_sha256 *hash;
    seg_error err;
    char hex[65], block[1000];
    memset(block, 'a', sizeof block);
    assert_int_equal(seg_sha256_new(&hash, &err), SEG_OK);
    for (int i = 0; i < 1000; i++)
        seg_sha256_add(hash, block, sizeof block);
    seg_sha256_hex(hash, hex);
    assert_string_equal(hex, million_hash);
    seg_sha256_add(hash, "a", 1);
    seg_sha256_add(hash, "bc", 2);
    seg_sha256_hex(hash, hex);
    assert_string_equal(hex, abc_hash);
    seg_sha256_hex(hash, hex);
    assert_string_equal(hex, empty_hash);
    seg_sha256_free(hash);
    seg_sha256_free(NULL);
    assert_int_equal(seg_alloc_live, 0);
}

/* A file of a million 'a': longer than the read buffer. */
static void make_file(char path[64])
{
    char block[1000];
    snprintf(path, 64, "/tmp/segmill-hash-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    memset(block, 'a', sizeof block);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(write(fd, block, sizeof block), sizeof block);
    close(fd);
}

static void a_file_has_the_hash_of_its_bytes(void **state)
{
    (void)state;
    char path[64], hex[65];
    seg_error err;
    make_file(path);
    assert_int_equal(seg_sha256_file(path, hex, &err), SEG_OK);
    assert_string_equal(hex, million_hash);
    unlink(path);
    assert_int_equal(seg_sha256_file(path, hex, &err), SEG_E_IO);
    assert_string_equal(hex, "");
    assert_non_null(strstr(err.text, path));
    assert_int_equal(seg_sha256_file("/tmp", hex, &err), SEG_E_IO);
    assert_int_equal(seg_alloc_live, 0);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    char path[64], hex[65];
    seg_error err;
    seg_status st = SEG_E_AGAIN;
    make_file(path);
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_alloc_fail_after = n;
        st = seg_sha256_file(path, hex, &err);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, 0);
    }
    unlink(path);
    assert_int_equal(st, SEG_OK);
}

static void xxh3_gives_the_published_value(void **state)
{
    (void)state;
    assert_true(seg_xxh3("", 0) == 0x2d06800538d394c2u);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_published_hashes),
        cmocka_unit_test(a_hash_in_pieces_is_the_hash_of_all_and_can_start_anew),
        cmocka_unit_test(a_file_has_the_hash_of_its_bytes),
        cmocka_unit_test(survives_every_allocation_failure),
        cmocka_unit_test(xxh3_gives_the_published_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* hash.c: SHA-256 from libcrypto (which uses the processor's own instructions) and
 * xxh3 from xxHash. */
#include "base/hash.h"

#include <openssl/evp.h>
#include <unistd.h>
#include <xxhash.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/try.h"

struct seg_sha256 {
    EVP_MD_CTX *state;
    bool failed;   /* libcrypto said no: the hex text is empty, equal to no hash */
};

seg_status seg_sha256_new(seg_sha256 **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_sha256 *hash = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&hash, 1, "a SHA-256 state", err));
    hash->state = EVP_MD_CTX_new();
    if (hash->state == NULL || EVP_DigestInit_ex(hash->state, EVP_sha256(), NULL) != 1)
        TRY(seg_fail(err, SEG_E_AGAIN, "cannot start a SHA-256 (libcrypto)"));
    *out = hash;
    hash = NULL;

done:
    seg_sha256_free(hash);
    return st;
}

void seg_sha256_add(seg_sha256 *hash, const void *bytes, size_t n)
{
    if (EVP_DigestUpdate(hash->state, bytes, n) != 1)
        hash->failed = true;
}

void seg_sha256_hex(seg_sha256 *hash, char out[65])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char digest[32] = { 0 };
    bool ok = !hash->failed && EVP_DigestFinal_ex(hash->state, digest, NULL) == 1;
    for (size_t i = 0; i < sizeof digest; i++) {
        out[2 * i] = hex[digest[i] >> 4];
        out[2 * i + 1] = hex[digest[i] & 15];
    }
    out[ok ? 64 : 0] = 0;
    hash->failed = EVP_DigestInit_ex(hash->state, NULL, NULL) != 1;
}

void seg_sha256_free(seg_sha256 *hash)
{
    if (hash == NULL)
        return;
    EVP_MD_CTX_free(hash->state);
    seg_free(hash);
}

/* The text of a running hash, checked. */
static seg_status finish(seg_sha256 *hash, char out[65], seg_error *err)
{
    seg_sha256_hex(hash, out);
    if (out[0] == 0)
        return seg_fail(err, SEG_E_IO, "cannot finish a SHA-256 (libcrypto)");
    return SEG_OK;
}

seg_status seg_sha256_bytes(const void *bytes, size_t n, char out[65], seg_error *err)
{
    seg_status st = SEG_OK;
    seg_sha256 *hash = NULL;
    out[0] = 0;

    TRY(seg_sha256_new(&hash, err));
    seg_sha256_add(hash, bytes, n);
    TRY(finish(hash, out, err));

done:
    seg_sha256_free(hash);
    return st;
}

seg_status seg_sha256_file(const char *path, char out[65], seg_error *err)
{
    enum { BUFFER_BYTES = 1 << 18 };
    seg_status st = SEG_OK;
    seg_sha256 *hash = NULL;
    char *buffer = NULL;
    uint64_t size = 0;
    int fd = -1;
    out[0] = 0;

    TRY(SEG_ALLOC(&buffer, BUFFER_BYTES, "a read buffer", err));
    TRY(seg_sha256_new(&hash, err));
    TRY(seg_open_read(path, &fd, &size, err));
    for (uint64_t at = 0; at < size;) {
        uint64_t left = size - at;
        size_t n = left < BUFFER_BYTES ? (size_t)left : BUFFER_BYTES;
        TRY(seg_pread_all(fd, buffer, n, at, path, err));
        seg_sha256_add(hash, buffer, n);
        at += n;
    }
    TRY(finish(hash, out, err));

done:
    if (fd >= 0)
        close(fd);
    seg_sha256_free(hash);
    seg_free(buffer);
    return st;
}

uint64_t seg_xxh3(const void *bytes, size_t n)
{
    return XXH3_64bits(bytes, n);
}

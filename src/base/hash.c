/* hash.c: SHA-256 from libcrypto (which uses the processor's own instructions) and
 * xxh3 from xxHash.
 *
 * The plain SHA256_ calls, not EVP: the first use of EVP in a process loads providers with
 * some 4,800 allocations, and libcrypto 3.0 crashes when one of them fails. These allocate
 * nothing and cannot fail, so even the process that supervises the others may hash. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/hash.h"

#include <openssl/sha.h>
#include <unistd.h>
#include <xxhash.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/try.h"

struct seg_sha256 {
    SHA256_CTX state;
};

seg_status seg_sha256_new(seg_sha256 **out, seg_error *err)
{
    seg_status st = SEG_ALLOC(out, 1, "a SHA-256 state", err);
    if (st == SEG_OK)
        SHA256_Init(&(*out)->state);
    return st;
}

void seg_sha256_add(seg_sha256 *hash, const void *bytes, size_t n)
{
    SHA256_Update(&hash->state, bytes, n);
}

void seg_sha256_hex(seg_sha256 *hash, char out[65])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256_Final(digest, &hash->state);
    for (size_t i = 0; i < sizeof digest; i++) {
        out[2 * i] = hex[digest[i] >> 4];
        out[2 * i + 1] = hex[digest[i] & 15];
    }
    out[64] = 0;
    SHA256_Init(&hash->state);
}

void seg_sha256_free(seg_sha256 *hash)
{
    seg_free(hash);
}

seg_status seg_sha256_bytes(const void *bytes, size_t n, char out[65], seg_error *err)
{
    (void)err;   /* nothing can fail; the signature is that of the other hashes */
    seg_sha256 hash;
    SHA256_Init(&hash.state);
    seg_sha256_add(&hash, bytes, n);
    seg_sha256_hex(&hash, out);
    return SEG_OK;
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
    seg_sha256_hex(hash, out);

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

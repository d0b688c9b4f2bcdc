/* hash.h: SHA-256 (manifests, provenance; libcrypto) and xxh3 (blocks, dictionaries). */
#ifndef SEGMILL_BASE_HASH_H
#define SEGMILL_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

typedef struct seg_sha256 seg_sha256;   /* running hash; one thread */

seg_status seg_sha256_new(seg_sha256 **out, seg_error *err);
void seg_sha256_add(seg_sha256 *hash, const void *bytes, size_t n);
/* 64 lower-case hex digits and a null; the object can be used anew after it. */
void seg_sha256_hex(seg_sha256 *hash, char out[65]);
void seg_sha256_free(seg_sha256 *hash);

seg_status seg_sha256_bytes(const void *bytes, size_t n, char out[65], seg_error *err);
/* Of a regular file's content. */
seg_status seg_sha256_file(const char *path, char out[65], seg_error *err);

uint64_t seg_xxh3(const void *bytes, size_t n);

#endif

/* keys.h: questions about many 64-bit keys that stay where they are. */
#ifndef SEGMILL_KERNELS_KEYS_H
#define SEGMILL_KERNELS_KEYS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "segmill/status.h"

/* A key that sorts as the number does; -0 is 0. And back. */
static inline uint64_t seg_key_of_real(double value)
{
    uint64_t bits;
    value += 0.0;
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 != 0 ? ~bits : bits | UINT64_C(1) << 63;
}

static inline double seg_real_of_key(uint64_t key)
{
    double value;
    key = key >> 63 != 0 ? key & ~(UINT64_C(1) << 63) : ~key;
    memcpy(&value, &key, sizeof value);
    return value;
}

/* The key at `rank` (0: the smallest) among those with classes[i] == wanted, of which there
 * are more than `rank`. Four passes over the keys, no memory; n below 2^32. */
uint64_t seg_key_at(const uint64_t *keys, const uint8_t *classes, uint8_t wanted, size_t n,
                    uint64_t rank);

/* The keys that occur more than once, ascending, each once. Uniform keys (hashes) take one
 * byte of memory a key on the way. *out is allocated. */
seg_status seg_keys_repeated(const uint64_t *keys, size_t n, uint64_t **out, size_t *n_out,
                             seg_error *err);

/* Where `key` stands among n ascending ones, or SIZE_MAX. */
size_t seg_key_find(const uint64_t *sorted, size_t n, uint64_t key);

#endif

/* count_byte.c: a plain loop that compilers turn into compares and sums of whole
 * registers. */
#include "base/isa_name.h"
#include "data/simd.h"

size_t ISA_NAME(seg_count_byte)(const char *s, size_t n, char c)
{
    size_t total = 0;
    for (size_t i = 0; i < n;) {
        size_t part = n - i < 4096 ? n - i : 4096;
        unsigned count = 0;
        for (size_t j = 0; j < part; j++)
            count += s[i + j] == c;
        total += count;
        i += part;
    }
    return total;
}

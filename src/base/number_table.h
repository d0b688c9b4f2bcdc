/* number_table.h: powers of ten for reading and printing numbers. */
#ifndef SEGMILL_BASE_NUMBER_TABLE_H
#define SEGMILL_BASE_NUMBER_TABLE_H

#include <stdint.h>

enum { SEG_POWER_LEAST = -342, SEG_POWER_MOST = 324 };

/* High and low half of 128 bits of 10^q, at [q - SEG_POWER_LEAST]; the top bit is set.
 * Rounded down, but up for -27 .. -1; exact for 0 .. 55. */
extern const uint64_t seg_power_of_ten[SEG_POWER_MOST - SEG_POWER_LEAST + 1][2];

/* value = digits * 10^exponent */
typedef struct seg_decimal {
    uint64_t digits;
    int exponent;
} seg_decimal;

/* Of a normal float, without its sign. */
seg_decimal seg_shortest_f32(float value);

#endif

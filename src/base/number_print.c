/* number_print.c: numbers to text: the shortest decimal that reads back equal, and the
 * nearest of these. Method: R. Giulietti, "The Schubfach way to render doubles" (2021):
 * one power of ten from a table, three 64 x 128 bit products, no loop, no big integer.
 * Chosen before Ryu because its table is the one that reading needs too. */
#include "base/number.h"

#include <math.h>
#include <string.h>
#include "base/number_table.h"

__extension__ typedef unsigned __int128 u128;

typedef seg_decimal shortest;

/* High 64 bits of the product with the power (of 128 bits), the last one set if
 * anything but nothing was cut off: as good as all bits for comparing. */
static uint64_t round_to_odd(const uint64_t power[2], uint64_t x)
{
    u128 low = (u128)x * power[1];
    u128 sum = (u128)x * power[0] + (uint64_t)(low >> 64);
    return (uint64_t)(sum >> 64) | ((uint64_t)sum > 1);
}

/* 10^k rounded up: the table is rounded down where it is not exact or rounded up. */
static void power_above(int k, uint64_t power[2])
{
    const uint64_t *entry = seg_power_of_ten[k - SEG_POWER_LEAST];
    power[0] = entry[0];
    power[1] = entry[1];
    if (k < -27 || k > 55) {
        power[1]++;
        power[0] += power[1] == 0;
    }
}

static int floor_shift(int x, int bits)
{
    return x >= 0 ? x >> bits : -((-x + (1 << bits) - 1) >> bits);
}

/* The same for the few bits of a float: 64 bits of the power are enough (section 9.9). */
static uint64_t round_to_odd_single(uint64_t power, uint64_t x)
{
    u128 product = (u128)x * power;
    uint64_t high = (uint64_t)(product >> 32);
    return high >> 32 | ((uint32_t)high > 1);
}

/* Where a value and the middles to its neighbours lie, in quarters of 10^k. */
typedef struct bounds {
    uint64_t lower, value, upper;
    int k;
} bounds;

/* Of c * 2^q > 0. lower_closer: c is a power of two with a binade below, so that the
 * next smaller value is half as far as the next larger one. Names as in the paper:
 * section 9 and figure 7. */
static bounds find_bounds(uint64_t c, int q, bool lower_closer, bool single)
{
    uint64_t odd = c & 1;          /* the bounds themselves read back only if c is even */
    uint64_t cb = 4 * c, cbl = cb - 2 + lower_closer, cbr = cb + 2;
    int k = floor_shift(q * 1262611 - (lower_closer ? 524031 : 0), 22);
    int h = q + floor_shift(-k * 1741647, 19) + 1;
    uint64_t power[2];
    if (single) {
        const uint64_t *entry = seg_power_of_ten[-k - SEG_POWER_LEAST];
        uint64_t g = entry[0] + (entry[1] != 0);
        return (bounds){ round_to_odd_single(g, cbl << h) + odd,
                         round_to_odd_single(g, cb << h),
                         round_to_odd_single(g, cbr << h) - odd, k };
    }
    power_above(-k, power);
    return (bounds){ round_to_odd(power, cbl << h) + odd, round_to_odd(power, cb << h),
                     round_to_odd(power, cbr << h) - odd, k };
}

static shortest find_shortest(uint64_t c, int q, bool lower_closer, bool single)
{
    bounds b = find_bounds(c, q, lower_closer, single);
    uint64_t s = b.value / 4;
    if (s >= 10) {
        uint64_t ten = s / 10;
        bool below_in = b.lower <= 40 * ten, above_in = 40 * ten + 40 <= b.upper;
        if (below_in != above_in)
            return (shortest){ ten + above_in, b.k + 1 };
    }
    bool below_in = b.lower <= 4 * s, above_in = 4 * s + 4 <= b.upper;
    if (below_in != above_in)
        return (shortest){ s + above_in, b.k };
    uint64_t middle = 4 * s + 2;
    bool up = b.value > middle || (b.value == middle && (s & 1) != 0);
    return (shortest){ s + up, b.k };
}

seg_decimal seg_shortest_f32(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t m = bits & ((1u << 23) - 1);
    int field = (int)(bits >> 23 & 0xff);
    return find_shortest(m | 1u << 23, field - 150, m == 0 && field > 1, true);
}

/* Two digits at a time, from the end. */
static size_t put_digits(char *out, uint64_t value)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    char digits[20];
    size_t at = sizeof digits;
    for (; value >= 100; value /= 100) {
        at -= 2;
        memcpy(digits + at, pairs + 2 * (value % 100), 2);
    }
    if (value >= 10) {
        at -= 2;
        memcpy(digits + at, pairs + 2 * value, 2);
    } else {
        digits[--at] = (char)('0' + value);
    }
    memcpy(out, digits + at, sizeof digits - at);
    return sizeof digits - at;
}

/* d.ddde±x */
static size_t put_scientific(char *out, const char *digits, size_t n, int exponent)
{
    char *o = out;
    *o++ = digits[0];
    if (n > 1) {
        *o++ = '.';
        memcpy(o, digits + 1, n - 1);
        o += n - 1;
    }
    *o++ = 'e';
    *o++ = exponent < 0 ? '-' : '+';
    o += put_digits(o, (uint64_t)(exponent < 0 ? -exponent : exponent));
    return (size_t)(o - out);
}

/* `before` digits stand before the point; up to 4 zeros may have to follow it. */
static size_t put_plain(char *out, const char *digits, size_t n, int before)
{
    char *o = out;
    if (before <= 0) {
        memcpy(o, "0.", 2);
        memset(o + 2, '0', (size_t)-before);
        memcpy(o + 2 - before, digits, n);
        return (size_t)(2 - before) + n;
    }
    size_t whole = (size_t)before;
    if (n <= whole) {
        memcpy(o, digits, n);
        memset(o + n, '0', whole - n);
        return whole;
    }
    memcpy(o, digits, whole);
    o[whole] = '.';
    memcpy(o + whole + 1, digits + whole, n - whole);
    return n + 1;
}

static size_t put_shortest(char *out, shortest value)
{
    char digits[20];
    while (value.digits % 10 == 0) {
        value.digits /= 10;
        value.exponent++;
    }
    size_t n = put_digits(digits, value.digits);
    int before = (int)n + value.exponent;       /* 1e-5 has -4, 1e15 has 16 */
    return before < -4 || before > 16 ? put_scientific(out, digits, n, before - 1)
                                      : put_plain(out, digits, n, before);
}

/* A float or double taken apart: exponent field and significand of so many bits. */
static size_t put_real(char *out, bool negative, uint64_t m, int field, int bits, int bias)
{
    char *o = out;
    int infinity = 2 * bias + 1;
    if (field == infinity && m != 0) {
        memcpy(o, "nan", 4);
        return 3;
    }
    if (negative)
        *o++ = '-';
    if (field == infinity) {
        memcpy(o, "inf", 3);
        o += 3;
    } else if (field == 0 && m == 0) {
        *o++ = '0';
    } else {
        uint64_t c = field != 0 ? m | 1ull << bits : m;
        int q = (field != 0 ? field : 1) - bias - bits;
        bool whole = q <= 0 && -q <= bits && (c & ((1ull << -q) - 1)) == 0;
        o += put_shortest(o, whole ? (shortest){ c >> -q, 0 }
                                   : find_shortest(c, q, m == 0 && field > 1, bits == 23));
    }
    *o = 0;
    return (size_t)(o - out);
}

size_t seg_print_f64(char out[SEG_NUMBER_BYTES], double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return put_real(out, bits >> 63 != 0, bits & ((1ull << 52) - 1), (int)(bits >> 52 & 0x7ff),
                    52, 1023);
}

size_t seg_print_f32(char out[SEG_NUMBER_BYTES], float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return put_real(out, bits >> 31 != 0, bits & ((1u << 23) - 1), (int)(bits >> 23 & 0xff), 23,
                    127);
}

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

size_t seg_print_i64(char out[SEG_NUMBER_BYTES], int64_t value)
{
    size_t sign = value < 0;
    out[0] = '-';
    size_t n = sign + put_digits(out + sign, magnitude(value));
    out[n] = 0;
    return n;
}

size_t seg_print_fixed(char out[SEG_NUMBER_BYTES], int64_t value, uint32_t scale)
{
    char *o = out;
    if (value < 0)
        *o++ = '-';
    o += put_digits(o, magnitude(value) / scale);
    uint64_t rest = magnitude(value) % scale;
    if (scale > 1)
        *o++ = '.';
    for (uint32_t unit = scale / 10; unit > 0; unit /= 10) {
        *o++ = (char)('0' + rest / unit);
        rest %= unit;
    }
    *o = 0;
    return (size_t)(o - out);
}

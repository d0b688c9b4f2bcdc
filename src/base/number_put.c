/* number_put.c: numbers as most tables have them to text, without the search for the
 * shortest digits: whole numbers, and decimals of few places.
 *
 * Why it is the same text. Let u be the distance of neighbouring floats at x, and 10^-p
 * > u. At most one decimal of p places lies within u/2 of x, so if x * 10^p rounded is one
 * that reads back as x, it is the only one: any shorter decimal would be a second one. That
 * it reads back is tested, not assumed: r / 10^p in double is correctly rounded, and for
 * floats it is never within its own error of a boundary between two floats (r * 2^k and
 * 10^p * m are whole numbers: unequal ones differ by 1). Everything else is searched for. */
#include "base/number.h"

#include <string.h>
#include "base/number_table.h"

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                            "25262728293031323334353637383940414243444546474849"
                            "50515253545556575859606162636465666768697071727374"
                            "75767778798081828384858687888990919293949596979899";

/* Exactly two, four, eight digits. */
static char *put_2(char *out, uint32_t value)
{
    memcpy(out, pairs + 2 * (size_t)value, 2);
    return out + 2;
}

static char *put_4(char *out, uint32_t value)
{
    return put_2(put_2(out, value / 100), value % 100);
}

static char *put_8(char *out, uint32_t value)
{
    return put_4(put_4(out, value / 10000), value % 10000);
}

/* One to eight digits: those of the first pair decide how many. */
static char *put_short(char *out, uint32_t value)
{
    if (value < 100) {
        if (value >= 10)
            return put_2(out, value);
        *out = (char)('0' + value);
        return out + 1;
    }
    if (value < 10000)
        return put_2(put_short(out, value / 100), value % 100);
    return put_4(put_short(out, value / 10000), value % 10000);
}

static char *put_whole(char *out, uint64_t value)
{
    if (value < 100000000)
        return put_short(out, (uint32_t)value);
    return put_8(put_whole(out, value / 100000000), (uint32_t)(value % 100000000));
}

char *seg_put_i64(char *out, int64_t value)
{
    if (value >= 0)
        return put_whole(out, (uint64_t)value);
    *out = '-';
    return put_whole(out + 1, 0 - (uint64_t)value);
}

char *seg_put_fixed(char *out, int64_t value, uint32_t scale)
{
    uint64_t all = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    if (scale != 100 && scale != 1000 && scale != 10000)
        return out + seg_print_fixed(out, value, scale);
    char *o = out;
    *o = '-';
    o += value < 0;
    if (scale == 100) {
        o = put_whole(o, all / 100);
        *o++ = '.';
        return put_2(o, (uint32_t)(all % 100));
    }
    if (scale == 1000) {
        o = put_whole(o, all / 1000);
        *o++ = '.';
        *o++ = (char)('0' + all % 1000 / 100);
        return put_2(o, (uint32_t)(all % 100));
    }
    o = put_whole(o, all / 10000);
    *o++ = '.';
    return put_4(o, (uint32_t)(all % 10000));
}

/* ---- decimals of few places ------------------------------------------------- */

static inline char *without_zeros(char *end)
{
    while (end[-1] == '0')
        end--;
    return end;
}

/* x printed with at most two, four, six places, which are those of `all` = x * 10^places. */
static char *put_cents(char *out, uint64_t all)
{
    char *o = put_whole(out, all / 100);
    *o++ = '.';
    return without_zeros(put_2(o, (uint32_t)(all % 100)));
}

static char *put_10000ths(char *out, uint64_t all)
{
    char *o = put_whole(out, all / 10000);
    uint32_t rest = (uint32_t)(all % 10000);
    *o++ = '.';
    if (rest % 100 == 0)
        return without_zeros(put_2(o, rest / 100));
    return without_zeros(put_4(o, rest));
}

static char *put_millionths(char *out, uint64_t all)
{
    char *o = put_whole(out, all / 1000000);
    uint32_t rest = (uint32_t)(all % 1000000);
    *o++ = '.';
    o = put_2(o, rest / 10000);
    if (rest % 10000 == 0)
        return without_zeros(o);
    return without_zeros(put_4(o, rest % 10000));
}

/* A float from 2^-10 to 2^17 that is no such decimal: up to 12 places. */
static char *put_searched(char *out, float value)
{
    static const uint64_t powers[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000,
                                       100000000, 1000000000, 10000000000, 100000000000,
                                       1000000000000 };
    enum { MOST = 12 };
    seg_decimal d = seg_shortest_f32(value);
    int places = -d.exponent;
    if (places <= 0 || places > MOST)
        return out + seg_print_f32(out, value);
    uint64_t whole = d.digits / powers[places];
    uint64_t rest = (d.digits - whole * powers[places]) * powers[MOST - places];
    char *o = put_short(out, (uint32_t)whole);
    *o++ = '.';
    put_8(put_4(o, (uint32_t)(rest / 100000000)), (uint32_t)(rest % 100000000));
    return without_zeros(o + places);
}

char *seg_put_f32(char *out, float value)
{
    double x = value < 0 ? -(double)value : (double)value;
    char *o = out;
    *o = '-';
    o += value < 0;
    if (x >= 0.0009765625 && x < 16777216) {
        uint32_t whole = (uint32_t)x, all;
        float v = (float)x;
        if ((double)whole == x)
            return put_short(o, whole);
        if (x < 16) {
            all = (uint32_t)(x * 1e6 + 0.5);
            if ((float)((double)all / 1e6) == v)
                return put_millionths(o, all);
        } else if (x < 1024) {
            all = (uint32_t)(x * 1e4 + 0.5);
            if ((float)((double)all / 1e4) == v)
                return put_10000ths(o, all);
        } else if (x < 131072) {
            all = (uint32_t)(x * 1e2 + 0.5);
            if ((float)((double)all / 1e2) == v)
                return put_cents(o, all);
        }
        if (x < 131072)
            return put_searched(o, v);
    } else if (value == 0) {
        bool negative = __builtin_signbit(value) != 0;
        memcpy(out, negative ? "-0" : "0", 2);
        return out + 1 + negative;
    }
    return out + seg_print_f32(out, value);
}

char *seg_put_f64(char *out, double value)
{
    double x = value < 0 ? -value : value;
    char *o = out;
    *o = '-';
    o += value < 0;
    if (x >= 0.0009765625 && x < 1e15) {
        uint64_t whole = (uint64_t)x, all;
        if ((double)whole == x)
            return put_whole(o, whole);
        if (x < 1e8) {
            all = (uint64_t)(x * 1e6 + 0.5);
            if ((double)all / 1e6 == x)
                return put_millionths(o, all);
        } else if (x < 1e13) {
            all = (uint64_t)(x * 1e2 + 0.5);
            if ((double)all / 1e2 == x)
                return put_cents(o, all);
        }
    }
    return out + seg_print_f64(out, value);
}

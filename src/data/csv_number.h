/* csv_number.h: numbers as people write them in cells. */
#ifndef SEGMILL_DATA_CSV_NUMBER_H
#define SEGMILL_DATA_CSV_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* How: the decimal point, what parts thousands (0: nothing; a blank also stands for the
 * blanks that do not break, ' for the curved one), and whether a currency sign or % may stand
 * beside the digits, or their minus behind them. */
typedef struct seg_csv_notation {
    char point, thousands;
    bool signs;
} seg_csv_notation;

/* As seg_parse_f64 and its like; the groups between thousands must have three digits. */
bool seg_csv_parse_f64(const seg_csv_notation *as, const char *s, size_t n, double *out);
bool seg_csv_parse_f32(const seg_csv_notation *as, const char *s, size_t n, float *out);
bool seg_csv_parse_fixed(const seg_csv_notation *as, const char *s, size_t n, uint32_t scale,
                         int64_t *out, bool *exact);

#define SEG_EACH_BYTE(c) (0x0101010101010101u * (uint64_t)(unsigned char)(c))

/* Up to eight digits, as values of bytes, the first in the lowest; zeros in front. */
static inline uint64_t seg_csv_eight_digits(uint64_t v)
{
    v = v * 10 + (v >> 8);
    return ((v & 0x000000ff000000ffu) * 0x000f424000000064u
            + ((v >> 16) & 0x000000ff000000ffu) * 0x0000271000000001u) >> 32;
}

static inline uint64_t seg_csv_load_digits(const char *s)
{
    uint64_t bytes;
    memcpy(&bytes, s, sizeof bytes);
    return bytes ^ SEG_EACH_BYTE('0');
}

extern const double seg_csv_tens[16];

/* An optional minus, one to eight digits, and optionally a point and up to seven digits: the
 * value is *digits / 10^*n_fraction. False: by another road. 16 bytes behind s + n may be
 * read. No loop over the digits: how many there are is what a processor cannot guess. */
static inline bool seg_csv_plain_decimal(const char *s, size_t n, char point, int64_t *digits,
                                         unsigned *n_fraction)
{
    static const uint32_t tens[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000 };
    bool minus = n > 0 && *s == '-';
    s += minus;
    n -= minus;
    if (n == 0 || n > 16)
        return false;
    uint64_t first = seg_csv_load_digits(s), x = first ^ SEG_EACH_BYTE(point ^ '0');
    uint64_t points = (x - SEG_EACH_BYTE(1)) & ~x & SEG_EACH_BYTE(0x80);
    size_t p = points != 0 ? (size_t)__builtin_ctzll(points) / 8 : s[8] == point ? 8 : 16;
    p = p < n ? p : n;
    size_t f = p < n ? n - p - 1 : 0;
    if (p == 0 || p > 8 || f > 7 || p + 1 == n)   /* a point in front or behind, or long */
        return false;
    uint64_t whole = first << (64 - 8 * p);
    uint64_t rest = f == 0 ? 0 : seg_csv_load_digits(s + p + 1) << (64 - 8 * f);
    uint64_t above = (whole + SEG_EACH_BYTE(0x76)) | whole | (rest + SEG_EACH_BYTE(0x76)) | rest;
    if ((above & SEG_EACH_BYTE(0x80)) != 0)
        return false;
    int64_t value = (int64_t)(seg_csv_eight_digits(whole) * tens[f]
                              + seg_csv_eight_digits(rest));
    *digits = minus ? -value : value;
    *n_fraction = (unsigned)f;
    return true;
}

/* seg_csv_parse_f64, faster for plain decimals: up to 15 digits and 10^15 are exact, so one
 * division rounds right. */
static inline bool seg_csv_number(const seg_csv_notation *as, const char *s, size_t n,
                                  double *out)
{
    int64_t digits;
    unsigned n_fraction;
    if (!seg_csv_plain_decimal(s, n, as->point, &digits, &n_fraction))
        return seg_csv_parse_f64(as, s, n, out);
    *out = (double)digits / seg_csv_tens[n_fraction];
    if (digits == 0 && *s == '-')
        *out = -0.0;
    return true;
}

/* The number as the nearest float, given the nearest double. Rounding twice goes wrong only
 * where the double lies in the middle of two floats, or outside the normal floats: then the
 * text is asked again. */
static inline bool seg_csv_single(const seg_csv_notation *as, const char *s, size_t n,
                                  double value, float *out)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    unsigned exponent = (unsigned)(bits >> 52) & 0x7ff;
    bool middle = (bits & 0x1fffffff) == 0x10000000;
    *out = (float)value;
    if ((exponent - 900u < 250u && !middle) || bits << 1 == 0)
        return true;
    return seg_csv_parse_f32(as, s, n, out);
}

#endif

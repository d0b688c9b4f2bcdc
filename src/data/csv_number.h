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

/* An optional minus, digits, and optionally a point and digits; at most 15 digits. The
 * value is digits / 10^n_fraction. False: by another road. */
static inline bool seg_csv_plain_decimal(const char *s, size_t n, char point, int64_t *digits,
                                         unsigned *n_fraction)
{
    const char *end = s + n, *start;
    uint64_t value = 0;
    unsigned digit;
    bool minus = n > 0 && *s == '-';
    s += minus;
    start = s;
    while (s < end && (digit = (unsigned)(unsigned char)*s - '0') <= 9) {
        value = value * 10 + digit;
        s++;
    }
    size_t n_digits = (size_t)(s - start);
    *n_fraction = 0;
    if (s < end) {
        if (*s != point)
            return false;
        start = ++s;
        while (s < end && (digit = (unsigned)(unsigned char)*s - '0') <= 9) {
            value = value * 10 + digit;
            s++;
        }
        if (s != end || s == start)
            return false;
        *n_fraction = (unsigned)(s - start);
    }
    if (n_digits == 0 || n_digits + *n_fraction > 15)
        return false;
    *digits = minus ? -(int64_t)value : (int64_t)value;
    return true;
}

extern const double seg_csv_tens[16];

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

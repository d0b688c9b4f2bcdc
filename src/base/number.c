/* number.c: reading numbers.
 *
 * Three roads, each correctly rounded: up to 15 digits and a small exponent by one
 * exact multiplication or division (W. Clinger, PLDI 1990); up to 19 digits by 128-bit
 * arithmetic (D. Lemire, SPE 51, 2021, without the fallback: N. Mushtak, D. Lemire,
 * SPE 53, 2023); more digits by the second road for the first 19 and for their
 * successor, and where these two differ by a comparison of big integers. */
#include "base/number.h"

#include <float.h>
#include <string.h>
#include "base/number_table.h"

__extension__ typedef unsigned __int128 u128;

/* What the arithmetic has to know about float and double. */
typedef struct layout {
    int bits;              /* stored in the significand */
    int least_exponent;    /* of the exponent field 0 */
    uint64_t infinity;     /* exponent field of it */
    int least_ten, most_ten;      /* w * 10^q is 0 below, too large above, for w < 2^64 */
    int least_even, most_even;    /* q where a product can lie in the middle exactly */
    int clinger_ten;              /* powers of ten that are exact */
} layout;

static const layout as_f64 = { 52, -1023, 0x7ff, -342, 308, -4, 23, 22 };
static const layout as_f32 = { 23, -127, 0xff, -64, 38, -17, 10, 10 };

/* ---- the text ------------------------------------------------------------- */

typedef struct decimal {
    uint64_t digits;       /* the first 19 that count */
    int64_t exponent;      /* of ten, to go with them */
    bool negative;
    bool more;             /* digits that are not zero follow */
    const char *first;     /* first digit that is not zero */
    const char *end;       /* of the digits */
} decimal;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* e, sign, digits up to `end`; held at a size that no number of digits makes up for. */
static bool read_exponent(const char *s, const char *end, int64_t *exponent)
{
    int64_t value = 0;
    bool negative = s < end && *s == '-';
    if (s < end && (*s == '-' || *s == '+'))
        s++;
    if (s == end)
        return false;
    for (; s < end; s++) {
        if (!is_digit(*s))
            return false;
        if (value < INT64_MAX / 100)
            value = value * 10 + (*s - '0');
    }
    *exponent = negative ? -value : value;
    return true;
}

/* Once more, digit by digit, for a number of more than 19 digits. */
static void read_long(decimal *d, char point, int64_t n_fraction)
{
    int64_t left = d->end - d->first;          /* digits from here to the end */
    int64_t after_point = n_fraction;
    int n = 0;
    const char *s = d->first;
    for (const char *t = s; t < d->end; t++)
        left -= *t == point;
    d->digits = 0;
    for (; s < d->end && n < 19; s++) {
        if (*s == point)
            continue;
        d->digits = d->digits * 10 + (uint64_t)(*s - '0');
        n++;
        left--;
    }
    d->exponent = left - after_point;
    for (; s < d->end; s++)
        d->more |= *s != '0' && *s != point;
}

static bool read_decimal(const char *s, size_t n, char point, decimal *d)
{
    const char *end = s + n;
    int64_t n_digits = 0, n_fraction = 0, exponent = 0;
    *d = (decimal){ 0 };
    if (s < end && (*s == '-' || *s == '+'))
        d->negative = *s++ == '-';
    d->first = s;
    for (; s < end && is_digit(*s); s++)
        d->digits = d->digits * 10 + (uint64_t)(*s - '0');
    n_digits = s - d->first;
    if (s < end && *s == point) {
        const char *fraction = ++s;
        for (; s < end && is_digit(*s); s++)
            d->digits = d->digits * 10 + (uint64_t)(*s - '0');
        n_fraction = s - fraction;
        n_digits += n_fraction;
    }
    d->end = s;
    if (n_digits == 0)
        return false;
    if (s < end && ((*s != 'e' && *s != 'E') || !read_exponent(s + 1, end, &exponent)))
        return false;

    d->exponent = -n_fraction;
    if (n_digits > 19) {
        for (; d->first < d->end && (*d->first == '0' || *d->first == point); d->first++)
            ;
        read_long(d, point, n_fraction);
    }
    d->exponent += exponent;
    return true;
}

/* ---- 19 digits ------------------------------------------------------------ */

/* Bits of w * 10^q as a float or double (without sign), rounded to nearest even. */
static uint64_t round_digits(uint64_t w, int64_t q, const layout *to)
{
    if (w == 0 || q < to->least_ten)
        return 0;
    if (q > to->most_ten)
        return to->infinity << to->bits;

    int zeros = __builtin_clzll(w);
    w <<= zeros;
    const uint64_t *power = seg_power_of_ten[q - SEG_POWER_LEAST];
    u128 product = (u128)w * power[0];
    uint64_t unsure = ~0ull >> (to->bits + 3);
    if (((uint64_t)(product >> 64) & unsure) == unsure)
        product += (uint64_t)((u128)w * power[1] >> 64);

    uint64_t high = (uint64_t)(product >> 64);
    int top = (int)(high >> 63);
    int shift = top + 64 - to->bits - 3;
    uint64_t m = high >> shift;
    /* 217706 / 2^16 is log2(10), near enough for every q of the table. */
    int exponent = (int)((217706 * q) >> 16) + 63 + top - zeros - to->least_exponent;
    if (exponent <= 0) {
        if (exponent <= -63)
            return 0;
        m >>= 1 - exponent;
        return (m + (m & 1)) >> 1;   /* a carry into the exponent field is right */
    }
    if ((uint64_t)product <= 1 && q >= to->least_even && q <= to->most_even && (m & 3) == 1 &&
        m << shift == high)
        m &= ~1ull;                  /* exactly in the middle: to even */
    m = (m + (m & 1)) >> 1;
    if (m >> (to->bits + 1) != 0) {
        m >>= 1;
        exponent++;
    }
    if ((uint64_t)exponent >= to->infinity)
        return to->infinity << to->bits;
    return (m & ~(1ull << to->bits)) | (uint64_t)exponent << to->bits;
}

/* ---- more digits: big integers -------------------------------------------- */

/* 770 digits and 5^1100 both have fewer than 2,600 bits; see is_above_middle(). */
enum { LIMBS = 64, MOST_DIGITS = 770 };

typedef struct big {
    uint64_t limb[LIMBS];   /* least first */
    int n;
} big;

static void big_muladd(big *b, uint64_t factor, uint64_t add)
{
    uint64_t carry = add;
    for (int i = 0; i < b->n; i++) {
        u128 t = (u128)b->limb[i] * factor + carry;
        b->limb[i] = (uint64_t)t;
        carry = (uint64_t)(t >> 64);
    }
    if (carry != 0 && b->n < LIMBS)
        b->limb[b->n++] = carry;
}

static void big_power_of_five(big *b, int64_t power)
{
    for (; power >= 27; power -= 27)
        big_muladd(b, 7450580596923828125u, 0);   /* 5^27 */
    for (; power > 0; power--)
        big_muladd(b, 5, 0);
}

static void big_shift(big *b, int64_t bits)
{
    for (; bits >= 32; bits -= 32)
        big_muladd(b, 1ull << 32, 0);
    big_muladd(b, 1ull << bits, 0);
}

static int big_compare(const big *a, const big *b)
{
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    for (int i = a->n - 1; i >= 0; i--)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

/* All digits, or the first MOST_DIGITS and a 1 for those after them: the middle of two
 * doubles has at most 767. The exponent of ten goes with the last one. */
static int64_t big_digits(const decimal *d, char point, big *b)
{
    int64_t n = 0, first_exponent = d->exponent + 18;
    bool rest = false;
    for (const char *s = d->first; s < d->end; s++) {
        if (*s == point)
            continue;
        if (n < MOST_DIGITS) {
            big_muladd(b, 10, (uint64_t)(*s - '0'));
            n++;
        } else {
            rest |= *s != '0';
        }
    }
    if (rest) {
        big_muladd(b, 10, 1);
        n++;
    }
    return first_exponent - n + 1;
}

/* Compares the number with the middle between the value of `bits` and the next one.
 * Both are close, so after bringing the powers of two to one side neither has more
 * bits than 770 digits or 2^1024 or 5^1115 times 54 bits need. */
static int compare_to_middle(const decimal *d, char point, uint64_t bits, const layout *to)
{
    big number = { .n = 0 }, middle = { .n = 0 };
    int64_t ten = big_digits(d, point, &number);
    uint64_t field = bits >> to->bits;
    uint64_t m = bits & ((1ull << to->bits) - 1);
    if (field != 0)
        m |= 1ull << to->bits;
    int64_t two = (field != 0 ? (int64_t)field : 1) + to->least_exponent - to->bits - 1;
    big_muladd(&middle, 1, 2 * m + 1);

    if (ten >= 0)
        big_power_of_five(&number, ten);
    else
        big_power_of_five(&middle, -ten);
    if (ten >= two)
        big_shift(&number, ten - two);
    else
        big_shift(&middle, two - ten);
    return big_compare(&number, &middle);
}

static uint64_t round_decimal(const decimal *d, char point, const layout *to)
{
    uint64_t low = round_digits(d->digits, d->exponent, to);
    if (!d->more)
        return low;
    uint64_t high = round_digits(d->digits + 1, d->exponent, to);
    if (low == high)
        return low;
    int side = compare_to_middle(d, point, low, to);
    return side > 0 || (side == 0 && (low & 1) != 0) ? low + 1 : low;
}

/* ---- entries -------------------------------------------------------------- */

bool seg_parse_f64(const char *s, size_t n, char point, double *out)
{
    static const double tens[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    decimal d;
    *out = 0;
    if (!read_decimal(s, n, point, &d))
        return false;
    if (FLT_EVAL_METHOD == 0 && !d.more && d.digits <= 1ull << 53 &&
        d.exponent >= -as_f64.clinger_ten && d.exponent <= as_f64.clinger_ten) {
        double value = (double)d.digits;
        value = d.exponent < 0 ? value / tens[-d.exponent] : value * tens[d.exponent];
        *out = d.negative ? -value : value;
        return true;
    }
    uint64_t bits = round_decimal(&d, point, &as_f64);
    if (bits >> as_f64.bits == as_f64.infinity)
        return false;
    bits |= (uint64_t)d.negative << 63;
    memcpy(out, &bits, sizeof bits);
    return true;
}

bool seg_parse_f32(const char *s, size_t n, char point, float *out)
{
    static const float tens[] = { 1e0f, 1e1f, 1e2f, 1e3f, 1e4f, 1e5f,
                                  1e6f, 1e7f, 1e8f, 1e9f, 1e10f };
    decimal d;
    *out = 0;
    if (!read_decimal(s, n, point, &d))
        return false;
    if (FLT_EVAL_METHOD == 0 && !d.more && d.digits <= 1u << 24 &&
        d.exponent >= -as_f32.clinger_ten && d.exponent <= as_f32.clinger_ten) {
        float value = (float)d.digits;
        value = d.exponent < 0 ? value / tens[-d.exponent] : value * tens[d.exponent];
        *out = d.negative ? -value : value;
        return true;
    }
    uint64_t wide = round_decimal(&d, point, &as_f32);
    if (wide >> as_f32.bits == as_f32.infinity)
        return false;
    uint32_t bits = (uint32_t)wide | (uint32_t)d.negative << 31;
    memcpy(out, &bits, sizeof bits);
    return true;
}

static bool read_magnitude(const char *s, const char *end, uint64_t *out)
{
    uint64_t value = 0;
    if (s == end)
        return false;
    for (; s < end; s++)
        if (!is_digit(*s) || __builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*s - '0'), &value))
            return false;
    *out = value;
    return true;
}

/* Gives the magnitude its sign, if the result fits. */
static bool with_sign(uint64_t magnitude, bool negative, int64_t *out)
{
    if (magnitude > (uint64_t)INT64_MAX + negative)
        return false;
    *out = (int64_t)(negative ? 0 - magnitude : magnitude);
    return true;
}

bool seg_parse_u64(const char *s, size_t n, uint64_t *out)
{
    *out = 0;
    size_t sign = n > 0 && *s == '+';
    return read_magnitude(s + sign, s + n, out);
}

bool seg_parse_i64(const char *s, size_t n, int64_t *out)
{
    uint64_t magnitude;
    *out = 0;
    size_t sign = n > 0 && (*s == '+' || *s == '-');
    return read_magnitude(s + sign, s + n, &magnitude) && with_sign(magnitude, *s == '-', out);
}

/* The digits after the scale: -1, 0, 1 as they are less than, equal to or more than a
 * half; *zero if they are nothing. */
static int half_of_rest(const char *s, const char *end, bool *zero)
{
    *zero = true;
    bool more = false;
    for (const char *t = s; t < end; t++) {
        *zero = *zero && *t == '0';
        more |= t > s && *t != '0';
    }
    if (s == end || *s < '5')
        return -1;
    return *s > '5' || more ? 1 : 0;
}

bool seg_parse_fixed(const char *s, size_t n, char point, uint32_t scale, int64_t *out,
                     bool *exact)
{
    const char *end = s + n;
    bool negative = n > 0 && *s == '-', zero;
    uint64_t value = 0;
    size_t n_digits = 0;
    *out = 0;
    *exact = false;
    if (n > 0 && (*s == '-' || *s == '+'))
        s++;
    for (; s < end && is_digit(*s); s++, n_digits++)
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*s - '0'), &value))
            return false;
    if (s < end && *s == point)
        s++;
    for (const char *t = s; t < end; t++, n_digits++)
        if (!is_digit(*t))
            return false;
    if (n_digits == 0)
        return false;
    for (; scale > 1; scale /= 10) {
        uint64_t digit = s < end ? (uint64_t)(*s++ - '0') : 0;
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    int half = half_of_rest(s, end, &zero);
    if (half > 0 || (half == 0 && (value & 1) != 0))
        value++;
    *exact = zero;
    return with_sign(value, negative, out);
}

bool seg_parse_share(const char *s, size_t n, uint64_t *num, uint64_t *den)
{
    const char *end = s + n;
    uint64_t value = 0, below = 1;
    bool percent = n > 0 && end[-1] == '%', fraction = false, any = false;
    *num = *den = 0;
    end -= percent;
    const char *digits_end = end;
    if (n > 0 && memchr(s, '.', (size_t)(end - s)) != NULL)
        while (digits_end > s && digits_end[-1] == '0')
            digits_end--;                  /* 0.0700 is 0.07 */
    for (; s < digits_end; s++) {
        if (*s == '.' && !fraction) {
            fraction = true;
            continue;
        }
        if (!is_digit(*s) || __builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*s - '0'), &value) ||
            (fraction && __builtin_mul_overflow(below, 10u, &below)))
            return false;
        any = true;
    }
    if ((!any && digits_end == end) || (percent && __builtin_mul_overflow(below, 100u, &below)))
        return false;
    *num = value;
    *den = percent || fraction ? below : 0;
    return true;
}

/* real.c: log, exp, log1p and lgamma with plain double arithmetic, so that the bits are
 * the same everywhere. The classic ways: reduction to a small interval by the binary
 * exponent, a Taylor series there, and what rounding cut off the large terms carried
 * along with the small ones (W. Cody, W. Waite, "Software manual for the elementary
 * functions", 1980). */
#include "base/real.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* ln 2 in two parts: the first has 32 bits, so that its product with an exponent is
 * exact. */
static const double ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33;

static double from_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint64_t to_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* c[0] + c[1] x + ... + c[n-1] x^(n-1) for even n, even and odd powers side by side: half
 * the waiting of Horner's rule. */
static double polynomial(const double *c, int n, double x)
{
    double z = x * x, even = c[n - 2], odd = c[n - 1];
    for (int i = n - 4; i >= 0; i -= 2) {
        even = even * z + c[i];
        odd = odd * z + c[i + 1];
    }
    return even + x * odd;
}

/* x = m * 2^k with m in [sqrt(1/2), sqrt(2)), for normal x > 0. */
static double split(double x, int *k)
{
    uint64_t bits = to_bits(x), above_root = (bits & 0xfffffffffffffu) >= 0x6a09e667f3bcdu;
    *k = (int)(bits >> 52) - 1023 + (int)above_root;
    return from_bits((bits & 0xfffffffffffffu) | (1023 - above_root) << 52);
}

/* k ln 2 + log(1 + f) + c, for 1 + f in [sqrt(1/2), sqrt(2)) and a small c. With
 * s = f / (2 + f): log(1 + f) = 2 atanh(s) = f - (f*f/2 - s * (f*f/2 + r)), where r is
 * the series of 2 atanh(s) / s - 2: terms 2 s^2n / (2n + 1). f is exact, and all that
 * is rounded is small beside it. */
static double log_of(int k, double f, double c)
{
    static const double part[] = { 2.0 / 3,  2.0 / 5,  2.0 / 7,  2.0 / 9,  2.0 / 11, 2.0 / 13,
                                   2.0 / 15, 2.0 / 17, 2.0 / 19, 2.0 / 21, 2.0 / 23, 2.0 / 25 };
    double s = f / (2 + f), z = s * s, r = z * polynomial(part, 12, z);
    double half = 0.5 * f * f, scale = k;
    return scale * ln2_high - ((half - (s * (half + r) + (scale * ln2_low + c))) - f);
}

double seg_power_below(double x)
{
    int exponent;
    frexp(x, &exponent);
    return ldexp(1, exponent - 1);
}

double seg_log(double x)
{
    int k, denormal = 0;
    if (isnan(x) || x < 0)
        return isnan(x) ? x + x : (double)NAN;
    if (x == 0)
        return -(double)INFINITY;
    if (isinf(x))
        return x;
    if (x < 0x1p-1022) {
        x *= 0x1p54;
        denormal = 54;
    }
    double m = split(x, &k);
    return log_of(k - denormal, m - 1, 0);
}

double seg_log1p(double x)
{
    int k;
    if (isnan(x) || x < -1)
        return isnan(x) ? x + x : (double)NAN;
    if (x == -1)
        return -(double)INFINITY;
    if (isinf(x) || fabs(x) < 0x1p-54)
        return x;
    if (x > -0.29 && x < 0.41)
        return log_of(0, x, 0);
    double u = 1 + x;
    double lost = x >= 1 ? 1 - (u - x) : x - (u - 1);   /* 1 + x = u + lost, exactly */
    double m = split(u, &k);
    return log_of(k, m - 1, lost / u);
}

/* 2^k * x, rounded once, for x in [1/2, 2]. */
static double scale_by(double x, int k)
{
    if (k > 1023)
        return x * 0x1p1023 * from_bits((uint64_t)k << 52);
    if (k < -1021)
        return x * from_bits((uint64_t)(k + 200 + 1023) << 52) * 0x1p-200;
    return x * from_bits((uint64_t)(k + 1023) << 52);
}

double seg_exp(double x)
{
    if (isnan(x))
        return x + x;
    if (x > 709.79)
        return (double)INFINITY;
    if (x < -745.14)
        return 0;

    /* x = k ln 2 + high + low, |high + low| <= ln 2 / 2; k ln2_high is exact. */
    int k = (int)(x * 0x1.71547652b82fep0 + (x < 0 ? -0.5 : 0.5));
    double a = x - k * ln2_high, b = k * ln2_low;
    double high = a - b, low = (a - high) - b;

    /* (e^r - 1 - r) / r^2, from 1/2! to 1/15! */
    static const double part[] = { 1.0 / 2,          1.0 / 6,           1.0 / 24,
                                   1.0 / 120,        1.0 / 720,         1.0 / 5040,
                                   1.0 / 40320,      1.0 / 362880,      1.0 / 3628800,
                                   1.0 / 39916800,   1.0 / 479001600,   1.0 / 6227020800,
                                   1.0 / 87178291200, 1.0 / 1307674368000 };
    double p = high * high * polynomial(part, 14, high);
    double sum = high + (low + (low * high + p));
    return scale_by(1 + sum, k);
}

/* (zeta(n) - 1) / n for n = 2 .. 31 */
static const double zeta_part[] = {
    0.3224670334241132, 0.0673523010531981, 0.020580808427784546, 0.007385551028673986,
    0.0028905103307415234, 0.001192753911703261, 0.0005096695247430425, 0.00022315475845357939,
    9.945751278180853e-05, 4.492623673813314e-05, 2.050721277567069e-05, 9.439488275268397e-06,
    4.374866789907488e-06, 2.039215753801366e-06, 9.55141213040742e-07, 4.492469198764566e-07,
    2.1207184805554665e-07, 1.0043224823968099e-07, 4.7698101693639804e-08, 2.2711094608943164e-08,
    1.0838659214896955e-08, 5.183475041970047e-09, 2.4836745438024785e-09, 1.1921401405860912e-09,
    5.731367241678862e-10, 2.7595228851242334e-10, 1.330476437424449e-10, 6.4229645638381e-11,
    3.1044247747322276e-11, 1.5021384080754142e-11,
};

/* log gamma(2 + z) for |z| <= 1/2: (1 - Euler) z + sum of (-z)^n (zeta(n) - 1) / n
 * (Abramowitz and Stegun 6.1.33): no cancellation at the zero z = 0. */
static double lgamma_near_two(double z)
{
    return z * (0x1.b0ee6072093cep-2 + z * polynomial(zeta_part, 30, -z));
}

/* Stirling's series (Abramowitz and Stegun 6.1.41): B(2n) / (2n (2n-1) x^(2n-1)); the constant
 * is (log(2 pi) - 1) / 2. */
static double lgamma_large(double x)
{
    static const double c[] = { 1.0 / 12,      -1.0 / 360,      1.0 / 1260,
                                -1.0 / 1680,   1.0 / 1188,      -691.0 / 360360,
                                1.0 / 156,     -3617.0 / 122400, 43867.0 / 244188,
                                -174611.0 / 125400 };
    double z = 1 / (x * x);
    if (x > 1e17)
        return x * (seg_log(x) - 1);
    return (x - 0.5) * (seg_log(x) - 1) + (0.41893853320467274178 + polynomial(c, 10, z) / x);
}

double seg_lgamma(double x)
{
    if (isnan(x) || x < 0)
        return isnan(x) ? x + x : (double)NAN;
    if (x == 0 || isinf(x))
        return (double)INFINITY;
    if (x >= 8)
        return lgamma_large(x);
    if (x < 0.5)
        return lgamma_near_two(x) - seg_log1p(x) - seg_log(x);
    if (x < 1.5)
        return lgamma_near_two(x - 1) - seg_log1p(x - 1);
    double product = 1;
    while (x > 2.5) {
        x -= 1;
        product *= x;
    }
    return lgamma_near_two(x - 2) + (product > 1 ? seg_log(product) : 0);
}

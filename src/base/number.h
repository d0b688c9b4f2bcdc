/* number.h: numbers from and to text: exact, independent of the locale. */
#ifndef SEGMILL_BASE_NUMBER_H
#define SEGMILL_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The n bytes as a decimal number with `point` ('.' or ','): optional sign, digits,
 * fraction, exponent; all n bytes must belong to it. Correctly rounded (equal to
 * strtod in the C locale). No hex, no "inf", no "nan", no blanks. Overflow gives
 * false; underflow gives 0 or a denormal, correctly rounded.
 * Source: D. Lemire, "Number parsing at a gigabyte per second", SPE 51 (2021). */
bool seg_parse_f64(const char *s, size_t n, char point, double *out);

/* Correctly rounded to float in one step (not through double). */
bool seg_parse_f32(const char *s, size_t n, char point, float *out);

/* Whole number with optional sign; false if it does not fit. */
bool seg_parse_i64(const char *s, size_t n, int64_t *out);
bool seg_parse_u64(const char *s, size_t n, uint64_t *out);

/* Decimal in units of 1/scale (a power of ten), exact: "12.5" at 1000 is 12500.
 * *exact is false when digits beyond the scale were not zero (then rounded half
 * to even); false on overflow or bad form. No exponent. */
bool seg_parse_fixed(const char *s, size_t n, char point, uint32_t scale, int64_t *out,
                     bool *exact);

enum { SEG_NUMBER_BYTES = 32 };

/* Shortest decimal that reads back equal ("0.1", "1e-7", "nan", "inf"). Returns the
 * length; null-terminates. Form: plain digits for 1e-5 <= |x| < 1e16 (then like
 * "100000", "0.00012"), else d.ddde±x. Source: Ryu (U. Adams, PLDI 2018) or an equal. */
size_t seg_print_f64(char out[SEG_NUMBER_BYTES], double value);
size_t seg_print_f32(char out[SEG_NUMBER_BYTES], float value);   /* shortest for float */
size_t seg_print_i64(char out[SEG_NUMBER_BYTES], int64_t value);
/* value / scale with all digits of the scale: 250150 at 1000 is "250.150". */
size_t seg_print_fixed(char out[SEG_NUMBER_BYTES], int64_t value, uint32_t scale);

/* The same texts, for columns of numbers: straight into `out`, which has room for
 * SEG_NUMBER_BYTES, and without a null. The answer is where the text ends. */
char *seg_put_f32(char *out, float value);
char *seg_put_f64(char *out, double value);
char *seg_put_i64(char *out, int64_t value);
char *seg_put_fixed(char *out, int64_t value, uint32_t scale);

/* A share or count exactly as typed: "0.07", "7%", "7" -> numerator/denominator in
 * whole numbers; digits alone are a count (denominator 0). False on bad form. */
bool seg_parse_share(const char *s, size_t n, uint64_t *num, uint64_t *den);

#endif

/* real.h: elementary functions whose bits are ours: the same on every processor
 * and C library, compiled with -ffp-contract=off. Within 1 ulp (tested against
 * libm); special cases as in C99. */
#ifndef SEGMILL_BASE_REAL_H
#define SEGMILL_BASE_REAL_H

double seg_log(double x);
double seg_exp(double x);
double seg_log1p(double x);
/* The largest power of two that is not above x > 0. */
double seg_power_below(double x);
double seg_lgamma(double x);   /* x > 0; relative error below 1e-14 */

#endif

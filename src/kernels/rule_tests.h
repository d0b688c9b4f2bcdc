/* rule_tests.h: could chance have made a rule? p-values, and corrections for many rules. */
#ifndef SEGMILL_KERNELS_RULE_TESTS_H
#define SEGMILL_KERNELS_RULE_TESTS_H

#include "segmill/status.h"
#include "kernels/rule_measures.h"

/* Probability that at least `both` of the baskets with the body have the head too, if they
 * got it by lot (one-sided exact test of R. A. Fisher). Relative error below 1e-12. */
double seg_fisher_p(const seg_rule_counts *rule);
/* That fewer do: 1 - p, without loss where it is small. */
double seg_fisher_below(const seg_rule_counts *rule);
/* The least q so that at most q baskets have both with probability `share`, above 0 to 1. */
uint32_t seg_hypergeometric_quantile(const seg_rule_counts *rule, double share);
/* Two-sided chi-squared test of independence, one degree of freedom, from its statistic. */
double seg_chi_squared_p(double statistic);

typedef enum seg_correction {
    SEG_CORRECT_NONE, SEG_CORRECT_BONFERRONI, SEG_CORRECT_HOLM, SEG_CORRECT_BH,
    SEG_CORRECT_BY, SEG_CORRECTIONS
} seg_correction;
/* "none|bonferroni|holm|bh|by" */
extern const char seg_correction_words[];

/* Turn the p-values of n rules out of n_tested (>= n; of those not given, none is smaller:
 * they count as 1) into adjusted ones, so that those <= alpha are to be kept:
 *   bonferroni, holm   the chance of even one false rule is at most alpha (C. Bonferroni 1936,
 *                      S. Holm 1979)
 *   bh, by             the expected share of false ones among those kept is (Y. Benjamini and
 *                      Y. Hochberg 1995: independent or positively dependent tests; and D.
 *                      Yekutieli 2001: any). */
seg_status seg_adjust_p(double *p, size_t n, uint64_t n_tested, seg_correction how,
                        seg_error *err);

#endif

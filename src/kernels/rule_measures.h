/* rule_measures.h: how interesting a rule is: 49 figures, most from four whole numbers. */
#ifndef SEGMILL_KERNELS_RULE_MEASURES_H
#define SEGMILL_KERNELS_RULE_MEASURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Baskets: in all, with body and head, with the body, with the head. */
typedef struct seg_rule_counts {
    uint32_t all, both, body, head;
} seg_rule_counts;

/* The first SEG_MEASURE_COUNT are fractions and can be compared exactly. */
typedef enum seg_measure {
    SEG_MEASURE_SUPPORT, SEG_MEASURE_CONFIDENCE, SEG_MEASURE_LIFT, SEG_MEASURE_LEVERAGE,
    SEG_MEASURE_CONVICTION, SEG_MEASURE_COUNT,

    SEG_MEASURE_ADDED_VALUE = SEG_MEASURE_COUNT, SEG_MEASURE_BOOST,
    SEG_MEASURE_CASUAL_CONFIDENCE, SEG_MEASURE_CASUAL_SUPPORT,
    SEG_MEASURE_CENTERED_CONFIDENCE, SEG_MEASURE_CERTAINTY, SEG_MEASURE_CHI_SQUARED,
    SEG_MEASURE_COLLECTIVE_STRENGTH, SEG_MEASURE_CONFIRMED_CONFIDENCE, SEG_MEASURE_COSINE,
    SEG_MEASURE_COUNTEREXAMPLE, SEG_MEASURE_COVERAGE, SEG_MEASURE_DOC,
    SEG_MEASURE_FISHERS_EXACT_TEST, SEG_MEASURE_GINI, SEG_MEASURE_HYPER_CONFIDENCE,
    SEG_MEASURE_HYPER_LIFT, SEG_MEASURE_IMBALANCE, SEG_MEASURE_IMPLICATION_INDEX,
    SEG_MEASURE_IMPORTANCE, SEG_MEASURE_IMPROVEMENT, SEG_MEASURE_JACCARD,
    SEG_MEASURE_J_MEASURE, SEG_MEASURE_KAPPA, SEG_MEASURE_KULCZYNSKI, SEG_MEASURE_LAMBDA,
    SEG_MEASURE_LAPLACE, SEG_MEASURE_LEAST_CONTRADICTION, SEG_MEASURE_LERMAN,
    SEG_MEASURE_LIC, SEG_MEASURE_MAXCONFIDENCE, SEG_MEASURE_MUTUAL_INFORMATION,
    SEG_MEASURE_ODDS_RATIO, SEG_MEASURE_PHI, SEG_MEASURE_RALAMBONDRAINY,
    SEG_MEASURE_RELATIVE_RISK, SEG_MEASURE_RHS_SUPPORT, SEG_MEASURE_RLD,
    SEG_MEASURE_RULE_POWER_FACTOR, SEG_MEASURE_SEBAG, SEG_MEASURE_STD_LIFT,
    SEG_MEASURE_VARYING_LIAISON, SEG_MEASURE_YULE_Q, SEG_MEASURE_YULE_Y,
    SEG_MEASURES
} seg_measure;

/* In words; A is the body, B the head, A' a part of A, ~ not; P() a share of all baskets, n()
 * a number of them, n that of all; a, b, c, d: n(AB), n(A~B), n(~AB), n(~A~B); x, y, X, Y: n(A),
 * n(B), n(~A), n(~B). "(arules)" marks what arules computes otherwise than the paper. */
typedef struct seg_measure_info {
    const char *name;        /* the column, as the package arules names it */
    const char *word;        /* for options: chi-squared */
    const char *meaning, *formula;
    const char *range;       /* of all rules; "0 to inf" */
    const char *source;      /* author and year */
    int better;              /* 1: larger is better; -1: smaller is */
} seg_measure_info;

/* Null for what is no measure. */
const seg_measure_info *seg_rule_measure_info(seg_measure measure);
/* By word or name; SEG_MEASURES if there is none. */
seg_measure seg_rule_measure_find(const char *word);

/* The counts can be those of a rule: 1 <= both <= body, head <= all, and no more baskets
 * have one of them than there are. */
bool seg_rule_counts_valid(const seg_rule_counts *rule);

/* Of one rule. Where a definition divides by 0 the answer is infinite, or NaN for 0/0; j-
 * measure and mutual-information are NaN when a count they take the logarithm of is 0, yule-q
 * and yule-y when the odds are infinite: all as arules has it (conviction and sebag of a rule
 * that never fails are infinite). NaN for a measure that needs more than counts. */
double seg_rule_measure(const seg_rule_counts *rule, seg_measure measure);
/* False: boost, improvement and LIC compare a rule with the more general ones. */
bool seg_rule_measure_of_counts(seg_measure measure);
/* For an order: larger is better, and NaN is the worst. */
double seg_rule_merit(const seg_rule_counts *rule, seg_measure measure);

/* What some measures are relative to. */
typedef struct seg_measure_frame {
    /* std-lift scales lift between the least and the most it can be in rules of this support
     * and confidence; 0 and 0: in all rules. */
    double min_count, min_confidence;
    /* boost, improvement, LIC: per rule both and body of the most confident rule with the same
     * head and a smaller body; body 0: there is none, boost and LIC are infinite and improvement
     * is the confidence. Null: these measures are NaN. */
    const seg_rule_counts *rivals;
} seg_measure_frame;

/* Columns: out[m][0 .. n-1] is measures[m] of the rules. All rules have the same `all`.
 * frame: may be null. The bits do not depend on the number of threads, and are those of
 * seg_rule_measure(). */
void seg_rule_measure_columns(const seg_rule_counts *rules, size_t n,
                              const seg_measure *measures, size_t n_measures,
                              const seg_measure_frame *frame, int n_threads,
                              double *const *out);

/* Negative when a is better (larger), exactly: whole numbers are compared. measure: below
 * SEG_MEASURE_COUNT. */
int seg_rule_compare(const seg_rule_counts *a, const seg_rule_counts *b, seg_measure measure);

/* both/body >= num/den, exactly. den > 0. */
bool seg_rule_confident(uint32_t both, uint32_t body, uint64_t num, uint64_t den);

#endif

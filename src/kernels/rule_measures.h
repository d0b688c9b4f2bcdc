/* rule_measures.h: how interesting a rule is: figures from four whole numbers. */
#ifndef SEGMILL_KERNELS_RULE_MEASURES_H
#define SEGMILL_KERNELS_RULE_MEASURES_H

#include <stdbool.h>
#include <stdint.h>

/* Baskets: in all, with body and head, with the body, with the head. */
typedef struct seg_rule_counts {
    uint32_t all, both, body, head;
} seg_rule_counts;

typedef enum seg_measure {
    SEG_MEASURE_SUPPORT, SEG_MEASURE_CONFIDENCE, SEG_MEASURE_LIFT, SEG_MEASURE_LEVERAGE,
    SEG_MEASURE_CONVICTION, SEG_MEASURE_COUNT
} seg_measure;

/* The counts can be those of a rule: 1 <= both <= body, head <= all. */
bool seg_rule_counts_valid(const seg_rule_counts *rule);

/* support    both/all
 * confidence both/body
 * lift       both all / (body head): 1 when body and head have nothing to do with another
 * leverage   both/all - body head / all^2: share of baskets beyond chance
 * conviction body (all - head) / (all (body - both)); infinite when the rule never fails */
double seg_rule_measure(const seg_rule_counts *rule, seg_measure measure);

/* Negative when a is better (larger), exactly: whole numbers are compared. */
int seg_rule_compare(const seg_rule_counts *a, const seg_rule_counts *b, seg_measure measure);

/* both/body >= num/den, exactly. den > 0. */
bool seg_rule_confident(uint32_t both, uint32_t body, uint64_t num, uint64_t den);

#endif

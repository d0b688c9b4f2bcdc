/* rule_measures.c: measures of one rule and of many, and their exact order.
 *
 * Order is decided by cross products in 128 bits, not by the rounded figures: counts have
 * 32 bits, so three of them multiply without overflow. */
#include "kernels/rule_measures.h"

#include <math.h>
#include "kernels/rule_measure_columns.h"

typedef unsigned __int128 wide;
typedef __int128 wide_signed;

/* A measure as a fraction; den 0 is infinity. Leverage may be negative. */
typedef struct fraction {
    wide_signed num;
    wide den;
} fraction;

bool seg_rule_counts_valid(const seg_rule_counts *rule)
{
    return rule->both >= 1 && rule->both <= rule->body && rule->both <= rule->head
           && rule->body <= rule->all && rule->head <= rule->all
           && (uint64_t)rule->body + rule->head - rule->both <= rule->all;
}

static fraction fraction_of(const seg_rule_counts *r, seg_measure measure)
{
    wide all = r->all, both = r->both, body = r->body, head = r->head;
    switch (measure) {
    case SEG_MEASURE_SUPPORT:    return (fraction){ (wide_signed)both, all };
    case SEG_MEASURE_CONFIDENCE: return (fraction){ (wide_signed)both, body };
    case SEG_MEASURE_LIFT:       return (fraction){ (wide_signed)(both * all), body * head };
    case SEG_MEASURE_LEVERAGE:
        return (fraction){ (wide_signed)(both * all) - (wide_signed)(body * head), all * all };
    case SEG_MEASURE_CONVICTION:
        return (fraction){ (wide_signed)(body * (all - head)), all * (body - both) };
    default:                     return (fraction){ 0, 1 };
    }
}

double seg_rule_measure(const seg_rule_counts *rule, seg_measure measure)
{
    seg_rule_block block;
    double value;
    if (!seg_rule_measure_of_counts(measure))
        return (double)NAN;
    seg_rule_block_fill(&block, rule, 1, NULL, 0);
    seg_rule_block_measure(&block, measure, &value);
    return value;
}

bool seg_rule_measure_of_counts(seg_measure measure)
{
    return measure != SEG_MEASURE_BOOST && measure != SEG_MEASURE_IMPROVEMENT
           && measure != SEG_MEASURE_LIC;
}

double seg_rule_merit(const seg_rule_counts *rule, seg_measure measure)
{
    double value = seg_rule_measure(rule, measure);
    if (isnan(value))
        return -HUGE_VAL;
    return seg_rule_measure_info(measure)->better > 0 ? value : -value;
}

void seg_rule_measure_columns(const seg_rule_counts *rules, size_t n,
                              const seg_measure *measures, size_t n_measures,
                              const seg_measure_frame *frame, int n_threads,
                              double *const *out)
{
    #pragma omp parallel for schedule(dynamic, 16) num_threads(n_threads) \
        if (n > 4 * SEG_RULE_BLOCK)
    for (size_t first = 0; first < n; first += SEG_RULE_BLOCK) {
        seg_rule_block block;
        size_t left = n - first;
        seg_rule_block_fill(&block, rules + first, left < SEG_RULE_BLOCK ? left : SEG_RULE_BLOCK,
                            frame, first);
        for (size_t m = 0; m < n_measures; m++)
            seg_rule_block_measure(&block, measures[m], out[m] + first);
    }
}

/* Numerators and denominators have up to 64 bits, so cross products fit but for the
 * sign: the signs are compared first. */
static int larger_first(fraction a, fraction b)
{
    if (a.den == 0 || b.den == 0)
        return (a.den != 0) - (b.den != 0);
    bool a_negative = a.num < 0, b_negative = b.num < 0;
    if (a_negative != b_negative)
        return a_negative ? 1 : -1;
    wide left = (wide)(a_negative ? -a.num : a.num) * b.den;
    wide right = (wide)(b_negative ? -b.num : b.num) * a.den;
    if (left == right)
        return 0;
    return (left > right) != a_negative ? -1 : 1;
}

int seg_rule_compare(const seg_rule_counts *a, const seg_rule_counts *b, seg_measure measure)
{
    return larger_first(fraction_of(a, measure), fraction_of(b, measure));
}

bool seg_rule_confident(uint32_t both, uint32_t body, uint64_t num, uint64_t den)
{
    return (wide)both * den >= (wide)num * body;
}

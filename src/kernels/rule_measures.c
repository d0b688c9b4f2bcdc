/* rule_measures.c: definitions as in M. Hahsler, "A probabilistic comparison of commonly
 * used interest measures for association rules" (2015), for those that people read.
 *
 * Order is decided by cross products in 128 bits, not by the rounded figures: counts have
 * 32 bits, so three of them multiply without overflow. */
#include "kernels/rule_measures.h"

#include <math.h>

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
           && rule->body <= rule->all && rule->head <= rule->all;
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
    case SEG_MEASURE_COUNT:      break;
    }
    return (fraction){ 0, 1 };
}

double seg_rule_measure(const seg_rule_counts *rule, seg_measure measure)
{
    fraction f = fraction_of(rule, measure);
    return f.den == 0 ? HUGE_VAL : (double)f.num / (double)f.den;
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

/* rule_measure_columns.c: the measures as plain loops over columns, so that the compiler can
 * work on several rules at a time; no loop adds rules up, so the bits are those of one rule.
 * Formulas: seg_rule_measure_info(); where arules departs from the paper (casualConfidence,
 * collectiveStrength, leastContradiction) they are its. */
#include "kernels/rule_measure_columns.h"

#include <math.h>
#include "base/real.h"
#include "kernels/rule_tests.h"

#define NONE ((double)NAN)

/* Products of two counts are exact in a double only up to 2^53. */
static double apart(const seg_rule_counts *r)
{
    uint64_t seen = (uint64_t)r->all * r->both, chance = (uint64_t)r->body * r->head;
    return seen >= chance ? (double)(seen - chance) : -(double)(chance - seen);
}

void seg_rule_block_fill(seg_rule_block *k, const seg_rule_counts *counts, size_t n,
                         const seg_measure_frame *frame, size_t first)
{
    static const seg_measure_frame no_frame = { 0 };
    k->n = n;
    k->all = counts[0].all;
    k->counts = counts;
    k->frame = frame != NULL ? frame : &no_frame;
    k->rivals = k->frame->rivals != NULL ? k->frame->rivals + first : NULL;
    for (size_t i = 0; i < n; i++) {
        k->a[i] = counts[i].body;
        k->b[i] = counts[i].head;
        k->ab[i] = counts[i].both;
    }
    for (size_t i = 0; i < n; i++) {
        k->amb[i] = k->a[i] - k->ab[i];
        k->mab[i] = k->b[i] - k->ab[i];
        k->mamb[i] = k->all - k->a[i] - k->mab[i];
        k->apart[i] = k->all * k->ab[i] - k->a[i] * k->b[i];
    }
    for (size_t i = 0; k->all >= 0x1p26 && i < n; i++)
        k->apart[i] = apart(&counts[i]);
}

/* A column: `value` of rule i, with the columns of its table at hand. */
#define COLUMN(name, value)                                                                   \
    static void name(const seg_rule_block *k, double *restrict out)                           \
    {                                                                                         \
        const double all = k->all;                                                            \
        for (size_t i = 0; i < k->n; i++) {                                                   \
            const double a = k->a[i], b = k->b[i], ab = k->ab[i], amb = k->amb[i];            \
            const double mab = k->mab[i], mamb = k->mamb[i], apart = k->apart[i];             \
            (void)all, (void)a, (void)b, (void)ab, (void)amb, (void)mab, (void)mamb;          \
            (void)apart;                                                                      \
            out[i] = (value);                                                                 \
        }                                                                                     \
    }

COLUMN(support, ab / all)
COLUMN(confidence, ab / a)
COLUMN(lift, ab * all / (a * b))
COLUMN(leverage, apart / (all * all))
COLUMN(conviction, amb == 0 ? HUGE_VAL : a * (all - b) / (all * amb))
COLUMN(added_value, apart / (a * all))
COLUMN(casual_confidence, 1 - (amb / a + amb / b) / all)
COLUMN(casual_support, (ab + b - amb) / all)
COLUMN(certainty, apart > 0 ? apart / (a * (all - b)) : apart < 0 ? apart / (a * b) : 0)
COLUMN(chi_squared, all * ((apart / a) * (apart / b)) / ((all - a) * (all - b)))
COLUMN(collective_strength, ab * mamb / (a * b + (all - a) + (all - b))
                                * (all * all - a * b - (all - a) * (all - b)) / (amb + mab))
COLUMN(confirmed_confidence, (ab - amb) / a)
COLUMN(cosine, ab / sqrt(a * b))
COLUMN(counterexample, (ab - amb) / ab)
COLUMN(coverage, a / all)
COLUMN(difference, ab / a - mab / (all - a))
COLUMN(gini, 2 * (apart / (a * all)) * (apart / ((all - a) * all)))
COLUMN(imbalance, fabs(amb - mab) / (ab + amb + mab))
COLUMN(implication_index, -apart / sqrt(all * a * (all - b)))
COLUMN(importance, seg_log((ab + 1) * (all - a + 2) / ((a + 2) * (mab + 1)))
                       / 0x1.26bb1bbb55516p+1)   /* ln 10 */
COLUMN(jaccard, ab / (ab + amb + mab))
COLUMN(kappa, 2 * apart / (a * (all - b) + b * (all - a)))
COLUMN(kulczynski, 0.5 * (ab / a + ab / b))
COLUMN(laplace, (ab + 1) / (a + 2))
COLUMN(least_contradiction, ab / b)
COLUMN(lerman, apart / sqrt(all * a * b))
COLUMN(maxconfidence, ab / (a < b ? a : b))
COLUMN(odds_ratio, ab * mamb / (amb * mab))
COLUMN(phi, apart / (sqrt(a * b) * sqrt((all - a) * (all - b))))
COLUMN(ralambondrainy, amb / all)
COLUMN(relative_risk, ab * (all - a) / (a * mab))
COLUMN(rhs_support, b / all)
COLUMN(rule_power_factor, ab / all * (ab / a))
COLUMN(sebag, ab / amb)
COLUMN(varying_liaison, apart / (a * b))
COLUMN(yule_q, amb * mab == 0 ? NONE : apart / (ab * mamb + amb * mab))
COLUMN(yule_y, amb * mab == 0 ? NONE : (sqrt(ab * mamb) - sqrt(amb * mab))
                                           / (sqrt(ab * mamb) + sqrt(amb * mab)))

/* ---- those with cases -------------------------------------------------------------- */

static double larger(double x, double y)
{
    return x > y ? x : y;
}

static double smaller(double x, double y)
{
    return x < y ? x : y;
}

COLUMN(lambda, (larger(ab, amb) + larger(mab, mamb) - larger(b, all - b))
                   / (all - larger(b, all - b)))

static double rld_of(double all, double apart, double ab, double amb, double mab, double mamb)
{
    double d = apart / all;
    if (d == 0)
        return 0;
    if (d > 0)
        return d / (d + smaller(amb, mab));
    return d / (d - smaller(ab, mamb));
}
COLUMN(rld, rld_of(all, apart, ab, amb, mab, mamb))

/* 0 log 0 is NaN. */
static double p_log(double p, double quotient)
{
    return p == 0 ? NONE : p * seg_log(quotient);
}
COLUMN(j_measure, p_log(ab / all, ab * all / (a * b))
                      + p_log(amb / all, amb * all / (a * (all - b))))

/* What A tells about B, of what there is to tell at most. */
static double information(double all, double a, double b, double ab, double amb, double mab,
                          double mamb)
{
    double ma = all - a, mb = all - b;
    double told = p_log(ab / all, ab * all / (a * b)) + p_log(amb / all, amb * all / (a * mb))
                  + p_log(mab / all, mab * all / (ma * b))
                  + p_log(mamb / all, mamb * all / (ma * mb));
    double of_a = -p_log(a / all, a / all) - p_log(ma / all, ma / all);
    double of_b = -p_log(b / all, b / all) - p_log(mb / all, mb / all);
    return told / smaller(of_a, of_b);
}
COLUMN(mutual_information, information(all, a, b, ab, amb, mab, mamb))

COLUMN(fishers_exact_test, seg_fisher_p(&k->counts[i]))
COLUMN(hyper_confidence, seg_fisher_below(&k->counts[i]))
COLUMN(hyper_lift, ab / (double)seg_hypergeometric_quantile(&k->counts[i], 0.99))

/* The least that lift can be at this support and confidence, and the most. */
static double std_lift_of(const seg_measure_frame *frame, double all, double a, double b,
                          double ab)
{
    double pa = a / all, pb = b / all, s = frame->min_count / all;
    double any = larger(pa + pb - 1, 1 / all) / (pa * pb);
    double least = larger(larger(any, 4 * s / ((1 + s) * (1 + s))),
                          larger(s / (pa * pb), frame->min_confidence / pb));
    double most = 1 / larger(pa, pb);
    return (ab * all / (a * b) - least) / (most - least);
}
COLUMN(std_lift, std_lift_of(k->frame, all, a, b, ab))

static double rival(const seg_rule_block *k, size_t i)
{
    const seg_rule_counts *other = &k->rivals[i];
    return other->body == 0 ? 0 : (double)other->both / (double)other->body;
}
COLUMN(improvement, k->rivals == NULL ? NONE : ab / a - rival(k, i))
COLUMN(boost, k->rivals == NULL ? NONE : ab / a / rival(k, i))

typedef void column_fn(const seg_rule_block *k, double *restrict out);

static column_fn *const columns[SEG_MEASURES] = {
    [SEG_MEASURE_SUPPORT] = support,
    [SEG_MEASURE_CONFIDENCE] = confidence,
    [SEG_MEASURE_LIFT] = lift,
    [SEG_MEASURE_LEVERAGE] = leverage,
    [SEG_MEASURE_CONVICTION] = conviction,
    [SEG_MEASURE_ADDED_VALUE] = added_value,
    [SEG_MEASURE_BOOST] = boost,
    [SEG_MEASURE_CASUAL_CONFIDENCE] = casual_confidence,
    [SEG_MEASURE_CASUAL_SUPPORT] = casual_support,
    [SEG_MEASURE_CENTERED_CONFIDENCE] = added_value,
    [SEG_MEASURE_CERTAINTY] = certainty,
    [SEG_MEASURE_CHI_SQUARED] = chi_squared,
    [SEG_MEASURE_COLLECTIVE_STRENGTH] = collective_strength,
    [SEG_MEASURE_CONFIRMED_CONFIDENCE] = confirmed_confidence,
    [SEG_MEASURE_COSINE] = cosine,
    [SEG_MEASURE_COUNTEREXAMPLE] = counterexample,
    [SEG_MEASURE_COVERAGE] = coverage,
    [SEG_MEASURE_DOC] = difference,
    [SEG_MEASURE_FISHERS_EXACT_TEST] = fishers_exact_test,
    [SEG_MEASURE_GINI] = gini,
    [SEG_MEASURE_HYPER_CONFIDENCE] = hyper_confidence,
    [SEG_MEASURE_HYPER_LIFT] = hyper_lift,
    [SEG_MEASURE_IMBALANCE] = imbalance,
    [SEG_MEASURE_IMPLICATION_INDEX] = implication_index,
    [SEG_MEASURE_IMPORTANCE] = importance,
    [SEG_MEASURE_IMPROVEMENT] = improvement,
    [SEG_MEASURE_JACCARD] = jaccard,
    [SEG_MEASURE_J_MEASURE] = j_measure,
    [SEG_MEASURE_KAPPA] = kappa,
    [SEG_MEASURE_KULCZYNSKI] = kulczynski,
    [SEG_MEASURE_LAMBDA] = lambda,
    [SEG_MEASURE_LAPLACE] = laplace,
    [SEG_MEASURE_LEAST_CONTRADICTION] = least_contradiction,
    [SEG_MEASURE_LERMAN] = lerman,
    [SEG_MEASURE_LIC] = boost,
    [SEG_MEASURE_MAXCONFIDENCE] = maxconfidence,
    [SEG_MEASURE_MUTUAL_INFORMATION] = mutual_information,
    [SEG_MEASURE_ODDS_RATIO] = odds_ratio,
    [SEG_MEASURE_PHI] = phi,
    [SEG_MEASURE_RALAMBONDRAINY] = ralambondrainy,
    [SEG_MEASURE_RELATIVE_RISK] = relative_risk,
    [SEG_MEASURE_RHS_SUPPORT] = rhs_support,
    [SEG_MEASURE_RLD] = rld,
    [SEG_MEASURE_RULE_POWER_FACTOR] = rule_power_factor,
    [SEG_MEASURE_SEBAG] = sebag,
    [SEG_MEASURE_STD_LIFT] = std_lift,
    [SEG_MEASURE_VARYING_LIAISON] = varying_liaison,
    [SEG_MEASURE_YULE_Q] = yule_q,
    [SEG_MEASURE_YULE_Y] = yule_y,
};

void seg_rule_block_measure(const seg_rule_block *block, seg_measure measure, double *out)
{
    columns[measure](block, out);
}

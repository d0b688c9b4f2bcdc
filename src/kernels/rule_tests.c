/* rule_tests.c: tails of the hypergeometric distribution, term by term.
 *
 * One term is computed so that nothing large cancels (C. Loader, "Fast and accurate computation
 * of binomial probabilities", 2000): factorials by what they lack to Stirling's formula, powers
 * by the deviance x log(x/m) + m - x. The others follow by their quotients, away from the mean,
 * where they fall; a sum ends when what is left cannot change it. */
#include "kernels/rule_tests.h"

#include <math.h>
#include <stdlib.h>
#include "base/alloc.h"
#include "base/real.h"
#include "base/try.h"

/* ---- one term ------------------------------------------------------------------------ */

/* log(n!) - log(sqrt(2 pi n) (n/e)^n), n >= 1. */
static double stirling_error(double n)
{
    static const double few[] = {
        0, 0.08106146679532725821967, 0.04134069595540929409382, 0.02767792568499833914879,
        0.02079067210376509311152, 0.01664469118982119216319, 0.01387612882307074799874,
        0.01189670994589177009505, 0.01041126526197209649748, 0.009255462182712732917729,
        0.008330563433362871256469, 0.007573675487951840794972, 0.006942840107209529865665,
        0.006408994188004207068439, 0.005951370112758847735625, 0.005554733551962801371038,
    };
    if (n < 16)
        return few[(int)n];
    double z = 1 / (n * n);
    return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - 1.0 / 1188 * z) * z) * z) * z) / n;
}

/* x log(x/m) + m - x >= 0. */
static double deviance(double x, double m)
{
    if (fabs(x - m) >= 0.1 * (x + m))
        return x * seg_log(x / m) + m - x;
    double v = (x - m) / (x + m), sum = (x - m) * v, term = 2 * x * v;
    for (double k = 3;; k += 2) {
        term *= v * v;
        double more = sum + term / k;
        if (more == sum)
            return sum;
        sum = more;
    }
}

/* log of n over x, p^x, (1-p)^(n-x); share = p and rest = 1 - p. */
static double log_binomial(double x, double n, double share, double rest)
{
    if (x == 0)
        return n == 0 ? 0 : (share < 0.1 ? -deviance(n, n * rest) - n * share : n * seg_log(rest));
    if (x == n)
        return rest < 0.1 ? -deviance(n, n * share) - n * rest : n * seg_log(share);
    double error = stirling_error(n) - stirling_error(x) - stirling_error(n - x)
                   - deviance(x, n * share) - deviance(n - x, n * rest);
    return error + 0.5 * seg_log(n / (0x1.921fb54442d18p+2 * x * (n - x)));
}

/* k of the x baskets with the body have the head, which y of n have. */
typedef struct draw {
    double n, x, y, least, most;
} draw;

static draw draw_of(const seg_rule_counts *r)
{
    double n = r->all, x = r->body, y = r->head;
    return (draw){ n, x, y, x + y > n ? x + y - n : 0, x < y ? x : y };
}

static double term_at(const draw *d, double k)
{
    double share = d->x / d->n, rest = (d->n - d->x) / d->n;
    if (d->most == d->least)
        return 1;
    return seg_exp(log_binomial(k, d->y, share, rest)
                   + log_binomial(d->x - k, d->n - d->y, share, rest)
                   - log_binomial(d->x, d->n, share, rest));
}

/* term(k + 1) / term(k) */
static double quotient(const draw *d, double k)
{
    return (d->x - k) * (d->y - k) / ((k + 1) * (d->n - d->x - d->y + k + 1));
}

/* ---- tails --------------------------------------------------------------------------- */

/* What is left of a sum whose next term is `term` and whose quotients only fall. */
static bool adds_nothing(double sum, double term, double falls)
{
    return falls < 1 && term < sum * 1e-17 * (1 - falls);
}

/* Terms from k on upward. */
static double tail_up(const draw *d, double k)
{
    double sum = 0, term = term_at(d, k);
    for (; k <= d->most; k++) {
        double falls = quotient(d, k);
        sum += term;
        term *= falls;
        if (adds_nothing(sum, term, falls))
            break;
    }
    return sum;
}

/* Terms from k on downward. */
static double tail_down(const draw *d, double k)
{
    double sum = 0, term = term_at(d, k);
    for (; k >= d->least; k--) {
        double falls = k > d->least ? 1 / quotient(d, k - 1) : 0;
        sum += term;
        term *= falls;
        if (adds_nothing(sum, term, falls))
            break;
    }
    return sum;
}

static double at_most_one(double p)
{
    return p < 1 ? p : 1;
}

/* Both tails; the one away from the mean is summed. */
static void tails(const seg_rule_counts *rule, double *below, double *from)
{
    draw d = draw_of(rule);
    double k = rule->both;
    if (k <= d.least) {
        *below = 0;
        *from = 1;
    } else if (k * d.n > d.x * d.y) {
        *from = at_most_one(tail_up(&d, k));
        *below = 1 - *from;
    } else {
        *below = at_most_one(tail_down(&d, k - 1));
        *from = 1 - *below;
    }
}

double seg_fisher_p(const seg_rule_counts *rule)
{
    double below, from;
    tails(rule, &below, &from);
    return from;
}

double seg_fisher_below(const seg_rule_counts *rule)
{
    double below, from;
    tails(rule, &below, &from);
    return below;
}

uint32_t seg_hypergeometric_quantile(const seg_rule_counts *rule, double share)
{
    draw d = draw_of(rule);
    double above_most = 1 - share + 1000 * 0x1p-52;   /* rounding must not cost a basket */
    double mean = d.x * d.y / d.n;
    double q = floor(mean + 2 * sqrt(mean * (1 - d.x / d.n) * (1 - d.y / d.n)));
    q = q > d.most ? d.most : q < d.least ? d.least : q;
    double above = q < d.most ? tail_up(&d, q + 1) : 0, term = term_at(&d, q);
    while (above > above_most && q < d.most) {
        term *= quotient(&d, q);
        above -= term;
        q++;
    }
    while (q > d.least && above + term <= above_most) {
        above += term;
        term /= quotient(&d, q - 1);
        q--;
    }
    return (uint32_t)q;
}

/* erfc(sqrt(x/2)): the series of erf, or the continued fraction of erfc (Abramowitz and Stegun
 * 7.1.6 and 7.1.14). */
double seg_chi_squared_p(double statistic)
{
    if (!(statistic > 0))
        return isnan(statistic) ? statistic : 1;
    double z2 = statistic / 2, z = sqrt(z2), scale = 0x1.20dd750429b6dp+0;   /* 2 / sqrt(pi) */
    if (z2 < 4) {
        double sum = 0, term = z;
        for (double k = 1; sum + term != sum; k += 2) {
            sum += term;
            term *= 2 * z2 / (k + 2);
        }
        return 1 - scale * seg_exp(-z2) * sum;
    }
    double fraction = z;
    for (int k = 120; k > 0; k--)
        fraction = z + 0.5 * k / fraction;
    return 0.5 * scale * seg_exp(-z2) / fraction;
}

/* ---- many rules ------------------------------------------------------------------------- */

const char seg_correction_words[] = "none|bonferroni|holm|bh|by";

typedef struct test {
    double p;
    size_t rule;
} test;

static int smaller_first(const void *a, const void *b)
{
    const test *x = a, *y = b;
    if (x->p != y->p)
        return x->p < y->p ? -1 : 1;
    return (x->rule > y->rule) - (x->rule < y->rule);
}

/* 1 + 1/2 + ... + 1/n: summed while it is short, else by its expansion. */
static double harmonic(uint64_t n)
{
    double sum = 0, x = (double)n;
    if (n > 1000000)
        return seg_log(x) + 0.57721566490153286061 + 1 / (2 * x) - 1 / (12 * x * x);
    for (uint64_t i = n; i > 0; i--)
        sum += 1 / (double)i;
    return sum;
}

/* p-values in rising order to adjusted ones that rise too. Of holm it is the largest so far;
 * of the others the smallest from here on, starting with those not given, which are 1. */
static void adjust_sorted(test *tests, size_t n, uint64_t n_tested, seg_correction how)
{
    double m = (double)n_tested, bound = how == SEG_CORRECT_HOLM ? 0 : 1;
    double times = how == SEG_CORRECT_BY ? m * harmonic(n_tested) : m;
    for (size_t i = 0; how == SEG_CORRECT_HOLM && i < n; i++) {
        double p = tests[i].p * (m - (double)i);
        bound = tests[i].p = at_most_one(p > bound ? p : bound);
    }
    for (size_t i = n; how != SEG_CORRECT_HOLM && i-- > 0;) {
        double p = tests[i].p * times / (double)(i + 1);
        bound = tests[i].p = p < bound ? p : bound;
    }
}

seg_status seg_adjust_p(double *p, size_t n, uint64_t n_tested, seg_correction how,
                        seg_error *err)
{
    seg_status st = SEG_OK;
    test *tests = NULL;
    if (n_tested < n)
        return seg_fail(err, SEG_E_USAGE, "%llu tests are fewer than the %zu rules",
                        (unsigned long long)n_tested, n);
    for (size_t i = 0; how == SEG_CORRECT_BONFERRONI && i < n; i++)
        p[i] = at_most_one(p[i] * (double)n_tested);
    if (how == SEG_CORRECT_NONE || how == SEG_CORRECT_BONFERRONI)
        return SEG_OK;

    TRY(SEG_ALLOC(&tests, n, "the p-values", err));
    for (size_t i = 0; i < n; i++)
        tests[i] = (test){ p[i], i };
    qsort(tests, n, sizeof *tests, smaller_first);
    adjust_sorted(tests, n, n_tested, how);
    for (size_t i = 0; i < n; i++)
        p[tests[i].rule] = tests[i].p;

done:
    seg_free(tests);
    return st;
}

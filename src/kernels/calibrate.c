/* calibrate.c: a sigmoid or a rising line through the shares at each score.
 *
 * Platt: the two numbers of a sigmoid over the log-odds of the score by maximum likelihood,
 * with targets drawn in from 0 and 1 (J. Platt, "Probabilistic outputs for support vector
 * machines", 1999), by Newton's method with backtracking (H.-T. Lin, C.-J. Lin and R. Weng,
 * "A note on Platt's probabilistic outputs for support vector machines", Machine Learning 68,
 * 2007, pages 267-276).
 *
 * Isotonic: pool adjacent violators (M. Ayer et al. 1955), in whole numbers, equal scores
 * together; then lines between the centres of the blocks instead of steps, so that different
 * scores stay different (A. Oron and N. Flournoy, "Centered isotonic regression",
 * Statistics in Biopharmaceutical Research 9, 2017, pages 258-267). One positive row more at
 * the lowest score and one negative row more at the highest keep the ends off 0 and 1. */
#include "kernels/calibrate.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/real.h"
#include "base/try.h"

static void count_classes(const seg_score_table *table, int64_t n[2])
{
    n[0] = n[1] = 0;
    for (size_t i = 0; i < table->n_runs; i++) {
        n[0] += table->runs[i].n[0];
        n[1] += table->runs[i].n[1];
    }
}

/* ---- Platt ------------------------------------------------------------------- */

/* As near to 0 and 1 as a float below 1 can be. */
static double inside(double p)
{
    return fmin(fmax(p, 0x1p-24), 1 - 0x1p-24);
}

static double log_odds(double p)
{
    p = inside(p);
    return seg_log(p / (1 - p));
}

static double sigmoid(double z)
{
    double e = seg_exp(-fabs(z));
    return (z >= 0 ? 1 : e) / (1 + e);
}

typedef struct platt {
    const seg_score_table *table;
    double target[2];            /* of the classes */
    double slope, shift;
} platt;

/* Minus the log-likelihood: log(1 + e^z) - t z, for every row. */
static double platt_loss(const platt *p, double slope, double shift)
{
    double sum = 0;
    for (size_t i = 0; i < p->table->n_runs; i++) {
        const seg_score_run *run = &p->table->runs[i];
        double n0 = (double)run->n[0], n1 = (double)run->n[1];
        double z = slope * log_odds((double)run->score) + shift;
        double soft = fmax(z, 0) + seg_log1p(seg_exp(-fabs(z)));
        sum += (n0 + n1) * soft - (n0 * p->target[0] + n1 * p->target[1]) * z;
    }
    return sum;
}

typedef struct slopes {
    double g[2], h[3];           /* first derivatives; second: slope², both, shift² */
} slopes;

static slopes platt_slopes(const platt *p)
{
    slopes s = { { 0, 0 }, { 0, 0, 0 } };
    for (size_t i = 0; i < p->table->n_runs; i++) {
        const seg_score_run *run = &p->table->runs[i];
        double n0 = (double)run->n[0], n1 = (double)run->n[1], n = n0 + n1;
        double x = log_odds((double)run->score), q = sigmoid(p->slope * x + p->shift);
        double off = n * q - n0 * p->target[0] - n1 * p->target[1], w = n * q * (1 - q);
        s.g[0] += x * off;
        s.g[1] += off;
        s.h[0] += w * x * x;
        s.h[1] += w * x;
        s.h[2] += w;
    }
    return s;
}

/* One step downhill; false when it was the last. */
static bool platt_step(platt *p, double *loss)
{
    const double ridge = 1e-12, rounding = 1e-14;
    slopes s = platt_slopes(p);
    double h0 = s.h[0] + ridge, h2 = s.h[2] + ridge, det = h0 * h2 - s.h[1] * s.h[1];
    double to_slope = -(h2 * s.g[0] - s.h[1] * s.g[1]) / det;
    double to_shift = -(h0 * s.g[1] - s.h[1] * s.g[0]) / det;
    double downhill = s.g[0] * to_slope + s.g[1] * to_shift;
    if (!(det > 0) || !(downhill < 0))
        return false;
    if (-downhill <= rounding * *loss) {   /* the loss can no longer tell a better point */
        p->slope += to_slope;
        p->shift += to_shift;
        return false;
    }
    for (double step = 1; step >= 1e-10; step /= 2) {
        double next = platt_loss(p, p->slope + step * to_slope, p->shift + step * to_shift);
        if (next < *loss + 1e-4 * step * downhill) {
            p->slope += step * to_slope;
            p->shift += step * to_shift;
            *loss = next;
            return true;
        }
    }
    return false;
}

/* A slope below 0 would turn the ranking round; the likelihood is concave, so that the best
 * one that does not is 0, with the mean of the targets everywhere. */
static void fit_platt(const seg_score_table *table, const int64_t n[2], seg_calibration *out)
{
    double n0 = (double)n[0], n1 = (double)n[1];
    platt p = { .table = table, .target = { 1 / (n0 + 2), (n1 + 1) / (n1 + 2) } };
    double mean = (n0 * p.target[0] + n1 * p.target[1]) / (n0 + n1);
    double flat = seg_log(mean / (1 - mean));
    p.shift = flat;
    double loss = platt_loss(&p, p.slope, p.shift);
    for (int i = 0; i < 100 && platt_step(&p, &loss); i++)
        continue;
    out->slope = p.slope > 0 ? p.slope : 0;
    out->shift = p.slope > 0 ? p.shift : flat;
}

/* ---- isotonic ---------------------------------------------------------------- */

typedef struct block {
    int64_t rows, positives;     /* the two rows more included */
    double weight, score_sum;    /* of the real rows */
} block;

static double block_share(const block *b)
{
    return (double)b->positives / (double)b->rows;
}

/* a's share is not below b's: exact. */
static bool violates(const block *a, const block *b)
{
    return (__int128)a->positives * b->rows >= (__int128)b->positives * a->rows;
}

static void pool(block *into, const block *from)
{
    into->rows += from->rows;
    into->positives += from->positives;
    into->weight += from->weight;
    into->score_sum += from->score_sum;
}

/* Blocks with rising shares; `blocks` has room for n_runs. */
static size_t pool_violators(const seg_score_table *table, block *blocks)
{
    size_t n = 0;
    for (size_t i = 0; i < table->n_runs; i++) {
        const seg_score_run *run = &table->runs[i];
        block next = { .rows = run->n[0] + run->n[1], .positives = run->n[1] };
        next.weight = (double)next.rows;
        next.score_sum = next.weight * (double)run->score;
        next.rows += (i == 0) + (i + 1 == table->n_runs);
        next.positives += i == 0;
        for (; n > 0 && violates(&blocks[n - 1], &next); n--) {
            pool(&blocks[n - 1], &next);
            next = blocks[n - 1];
        }
        blocks[n++] = next;
    }
    return n;
}

/* How many groups there are when a group's shares lie less than `width` apart. */
static size_t count_groups(const block *blocks, size_t n, double width)
{
    size_t groups = 0;
    double first = 0;
    for (size_t i = 0; i < n; i++)
        if (i == 0 || block_share(&blocks[i]) - first >= width) {
            first = block_share(&blocks[i]);
            groups++;
        }
    return groups;
}

/* Pool neighbours until `most` are left, those with the nearest shares: the smallest width
 * that does, to 1 / 2^30. Shares lie inside 0 .. 1, so that 1 / most always does. */
static size_t thin_out(block *blocks, size_t n, size_t most)
{
    double low = 0, high = 1 / (double)most;
    if (n <= most)
        return n;
    for (int i = 0; i < 30; i++) {
        double middle = (low + high) / 2;
        *(count_groups(blocks, n, middle) <= most ? &high : &low) = middle;
    }
    size_t groups = 0;
    double first = 0;
    for (size_t i = 0; i < n; i++) {
        double share = block_share(&blocks[i]);
        if (i == 0 || share - first >= high) {
            first = share;
            blocks[groups++] = blocks[i];
        } else {
            pool(&blocks[groups - 1], &blocks[i]);
        }
    }
    return groups;
}

/* Beyond the outer centres the line goes on nearly flat: the order stays, and nothing is
 * claimed that no row has shown. */
static void make_knots(const block *blocks, size_t n, seg_calibration *out)
{
    const double lean = 1.0 / 64;
    size_t k = 0;
    double lowest = block_share(&blocks[0]), highest = block_share(&blocks[n - 1]);
    if (blocks[0].score_sum > 0) {
        out->score[k] = 0;
        out->share[k++] = lowest * (1 - lean);
    }
    for (size_t i = 0; i < n; i++) {
        double centre = blocks[i].score_sum / blocks[i].weight;
        if (k > 0 && centre <= out->score[k - 1])
            continue;
        out->score[k] = centre;
        out->share[k++] = block_share(&blocks[i]);
    }
    if (out->score[k - 1] < 1) {
        out->score[k] = 1;
        out->share[k++] = highest + (1 - highest) * lean;
    }
    out->n_knots = k;
}

static seg_status fit_isotonic(const seg_score_table *table, seg_calibration *out, seg_error *err)
{
    block *blocks = NULL;
    seg_status st = SEG_ALLOC(&blocks, table->n_runs, "the blocks of the calibration", err);
    if (st != SEG_OK)
        return st;
    size_t n = pool_violators(table, blocks);
    n = thin_out(blocks, n, SEG_CALIBRATION_KNOTS - 2);
    make_knots(blocks, n, out);
    seg_free(blocks);
    return SEG_OK;
}

/* ---- both -------------------------------------------------------------------- */

seg_status seg_calibrate_fit(const seg_score_table *table, seg_calibration_kind kind,
                             seg_calibration *out, seg_error *err)
{
    seg_status st = SEG_OK;
    int64_t n[2];
    memset(out, 0, sizeof *out);
    if (kind == SEG_CALIBRATION_NONE)
        return SEG_OK;
    count_classes(table, n);
    if (n[0] == 0 || n[1] == 0)
        return seg_fail(err, SEG_E_DATA, "cannot calibrate on %lld rows of one class and none of"
                        " the other", (long long)(n[0] + n[1]));
    if (kind == SEG_CALIBRATION_PLATT)
        fit_platt(table, n, out);
    else
        st = fit_isotonic(table, out, err);
    if (st == SEG_OK)
        out->kind = kind;
    return st;
}

static double on_the_line(const seg_calibration *c, double p)
{
    size_t low = 0, high = c->n_knots - 1;
    if (p <= c->score[low])
        return c->share[low];
    if (p >= c->score[high])
        return c->share[high];
    while (high - low > 1) {   /* score[low] <= p < score[high] */
        size_t middle = low + (high - low) / 2;
        *(c->score[middle] <= p ? &low : &high) = middle;
    }
    double way = (p - c->score[low]) / (c->score[high] - c->score[low]);
    double share = c->share[low] + way * (c->share[high] - c->share[low]);
    return fmin(share, c->share[high]);
}

double seg_calibrate(const seg_calibration *calibration, double p)
{
    if (isnan(p) || calibration->kind == SEG_CALIBRATION_NONE)
        return p;
    if (calibration->kind == SEG_CALIBRATION_PLATT)
        return inside(sigmoid(calibration->slope * log_odds(p) + calibration->shift));
    return inside(on_the_line(calibration, p));
}

static bool knots_are_valid(const seg_calibration *c)
{
    if (c->n_knots < 2 || c->n_knots > SEG_CALIBRATION_KNOTS || c->score[0] != 0
        || c->score[c->n_knots - 1] != 1)
        return false;
    for (size_t k = 0; k < c->n_knots; k++) {
        bool rises = k == 0 || (c->score[k] > c->score[k - 1] && c->share[k] >= c->share[k - 1]);
        if (!rises || !(c->share[k] > 0 && c->share[k] < 1))
            return false;
    }
    return true;
}

bool seg_calibration_is_valid(const seg_calibration *c)
{
    switch (c->kind) {
    case SEG_CALIBRATION_NONE:     return true;
    case SEG_CALIBRATION_PLATT:    return isfinite(c->slope) && isfinite(c->shift)
                                          && c->slope >= 0;
    case SEG_CALIBRATION_ISOTONIC: return knots_are_valid(c);
    }
    return false;
}

/* classify.c: the score table and the figures of a classifier.
 *
 * AUC by counting pairs with ties half (Hanley and McNeil 1982), its interval by the
 * placements of each row (E. DeLong, D. DeLong and D. Clarke-Pearson, "Comparing the areas
 * under two or more correlated receiver operating characteristic curves", Biometrics 44,
 * 1988, pages 837-845). A placement is a midrank less the midrank within the own class (X.
 * Sun and W. Xu, "Fast implementation of DeLong's algorithm", IEEE Signal Processing Letters
 * 21, 2014, pages 1389-1393): in a table ordered by score both are running counts, so that
 * one walk does what the definition needs all pairs for. The area under precision-recall is
 * average precision, the calibration error goes over ten bins of equal count, the lift of the
 * best tenth counts the tied rows at its edge in proportion. */
#include "kernels/classify.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/real.h"
#include "base/try.h"

enum { PENDING_MIN = 65536 };

/* ---- the table ------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void run_add(seg_score_run *runs, size_t *n, const seg_score_run *run)
{
    if (*n > 0 && runs[*n - 1].score == run->score) {
        runs[*n - 1].n[0] += run->n[0];
        runs[*n - 1].n[1] += run->n[1];
    } else {
        runs[(*n)++] = *run;
    }
}

static seg_score_run run_of(uint64_t key)
{
    uint32_t bits = (uint32_t)(key >> 1);
    seg_score_run run = { .n = { (int64_t)(~key & 1), (int64_t)(key & 1) } };
    memcpy(&run.score, &bits, sizeof bits);
    return run;
}

/* Bits of floats that are not negative ascend like the floats. */
static seg_status merge_pending(seg_score_table *table, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_score_run *runs = NULL;
    size_t n = 0, i = 0, j = 0, distinct = 0;

    qsort(table->pending, table->n_pending, sizeof *table->pending, by_value);
    for (size_t k = 0; k < table->n_pending; k++)
        distinct += k == 0 || table->pending[k] >> 1 != table->pending[k - 1] >> 1;
    TRY(SEG_ALLOC(&runs, table->n_runs + distinct, "the table of scores", err));
    while (i < table->n_runs || j < table->n_pending) {
        seg_score_run next;
        if (j < table->n_pending)
            next = run_of(table->pending[j]);
        if (j == table->n_pending || (i < table->n_runs && table->runs[i].score <= next.score))
            next = table->runs[i++];
        else
            j++;
        run_add(runs, &n, &next);
    }
    seg_free(table->runs);
    table->runs = runs;
    table->n_runs = n;
    table->n_pending = 0;

done:
    return st;
}

/* The buffer grows with the table, so that each row is merged a few times at most. */
static seg_status make_room(seg_score_table *table, seg_error *err)
{
    seg_status st = SEG_OK;
    if (table->n_pending < table->pending_cap)
        return SEG_OK;
    if (table->n_pending > 0)
        TRY(merge_pending(table, err));
    size_t wanted = table->n_runs > PENDING_MIN ? table->n_runs : PENDING_MIN;
    if (wanted > table->pending_cap) {
        seg_free(table->pending);
        table->pending_cap = 0;
        TRY(SEG_ALLOC(&table->pending, wanted, "scores to be sorted", err));
        table->pending_cap = wanted;
    }

done:
    return st;
}

seg_status seg_score_table_add(seg_score_table *table, const float *scores,
                               const uint8_t *classes, size_t n, seg_error *err)
{
    seg_status st = SEG_OK;
    for (size_t i = 0; i < n; i++) {
        if (!(scores[i] >= 0 && scores[i] <= 1))
            return seg_fail(err, SEG_E_DATA, "row %zu of the block has the score %g; a"
                            " probability is 0 .. 1", i, (double)scores[i]);
        TRY(make_room(table, err));
        float score = scores[i] + 0.0f;   /* no negative zero */
        uint32_t bits;
        memcpy(&bits, &score, sizeof bits);
        table->pending[table->n_pending++] = (uint64_t)bits << 1 | (classes[i] != 0);
    }

done:
    return st;
}

seg_status seg_score_table_finish(seg_score_table *table, seg_error *err)
{
    return table->n_pending > 0 ? merge_pending(table, err) : SEG_OK;
}

void seg_score_table_free(seg_score_table *table)
{
    seg_free(table->runs);
    seg_free(table->pending);
    *table = (seg_score_table){ 0 };
}

/* ---- figures --------------------------------------------------------------- */

static double share(int64_t part, int64_t whole)
{
    return (double)part / (double)whole;
}

static void count_rows(const seg_score_table *table, int64_t *rows, int64_t *positives)
{
    *rows = *positives = 0;
    for (size_t i = 0; i < table->n_runs; i++) {
        *rows += table->runs[i].n[0] + table->runs[i].n[1];
        *positives += table->runs[i].n[1];
    }
}

static void measure_auc(const seg_score_table *table, seg_class_figures *out)
{
    int64_t all[2] = { out->rows - out->positives, out->positives };
    int64_t below[2] = { 0, 0 };
    unsigned __int128 twice_pairs = 0;

    for (size_t i = 0; i < table->n_runs; i++) {
        const int64_t *n = table->runs[i].n;
        twice_pairs += (unsigned __int128)n[1] * (unsigned __int128)(2 * below[0] + n[0]);
        below[0] += n[0];
    }
    out->auc = (double)twice_pairs / (2 * (double)all[0] * (double)all[1]);

    double spread[2] = { 0, 0 };
    below[0] = 0;
    for (size_t i = 0; i < table->n_runs; i++) {
        const int64_t *n = table->runs[i].n;
        double of_positive = share(2 * below[0] + n[0], 2 * all[0]) - out->auc;
        double of_negative = share(2 * (all[1] - below[1]) - n[1], 2 * all[1]) - out->auc;
        spread[1] += (double)n[1] * of_positive * of_positive;
        spread[0] += (double)n[0] * of_negative * of_negative;
        below[0] += n[0];
        below[1] += n[1];
    }
    double variance = 0;
    for (int c = 0; c < 2; c++)
        if (all[c] > 1)
            variance += spread[c] / (double)(all[c] - 1) / (double)all[c];
    double half = 1.959963984540054 * sqrt(variance);
    out->auc_low = fmax(0, out->auc - half);
    out->auc_high = fmin(1, out->auc + half);
}

static void measure_ranking(const seg_score_table *table, seg_class_figures *out)
{
    int64_t all[2] = { out->rows - out->positives, out->positives };
    int64_t above[2] = { 0, 0 };
    double tenth = (double)out->rows / 10, in_tenth = 0;

    out->pr_auc = out->ks = 0;
    out->ks_score = (double)table->runs[table->n_runs - 1].score;
    for (size_t i = table->n_runs; i-- > 0; ) {
        const int64_t *n = table->runs[i].n;
        double room = tenth - (double)(above[0] + above[1]);
        if (room > 0)
            in_tenth += (double)n[1] * fmin(1, room / (double)(n[0] + n[1]));
        above[0] += n[0];
        above[1] += n[1];
        out->pr_auc += share(n[1], all[1]) * share(above[1], above[0] + above[1]);
        double apart = fabs(share(above[1], all[1]) - share(above[0], all[0]));
        if (apart > out->ks) {
            out->ks = apart;
            out->ks_score = (double)table->runs[i].score;
        }
    }
    out->lift_top_decile = in_tenth / tenth / share(all[1], out->rows);
}

/* Probabilities of 0 and 1 are moved inwards by 1e-15, so that one miss is not infinite. */
static void measure_fit(const seg_score_table *table, seg_class_figures *out)
{
    seg_reliability_bin bins[SEG_RELIABILITY_BINS];
    double log_loss = 0, brier = 0;

    for (size_t i = 0; i < table->n_runs; i++) {
        double p = (double)table->runs[i].score, safe = fmin(fmax(p, 1e-15), 1 - 1e-15);
        double n0 = (double)table->runs[i].n[0], n1 = (double)table->runs[i].n[1];
        log_loss -= n1 * seg_log(safe) + n0 * seg_log(1 - safe);
        brier += n1 * (1 - p) * (1 - p) + n0 * p * p;
    }
    out->log_loss = log_loss / (double)out->rows;
    out->brier = brier / (double)out->rows;
    out->ece = 0;
    size_t n_bins = seg_class_reliability(table, bins);
    for (size_t b = 0; b < n_bins; b++)
        out->ece += fabs(bins[b].share - bins[b].score) * share(bins[b].rows, out->rows);
}

seg_status seg_class_measure(const seg_score_table *table, seg_class_figures *out,
                             seg_error *err)
{
    *out = (seg_class_figures){
        .auc = NAN, .auc_low = NAN, .auc_high = NAN, .pr_auc = NAN, .ks = NAN, .ks_score = NAN,
        .lift_top_decile = NAN,
    };
    count_rows(table, &out->rows, &out->positives);
    if (out->rows == 0)
        return seg_fail(err, SEG_E_DATA, "no row has a label to compare the scores with");
    if (out->positives > 0 && out->positives < out->rows) {
        measure_auc(table, out);
        measure_ranking(table, out);
    }
    measure_fit(table, out);
    return SEG_OK;
}

/* ---- tables ---------------------------------------------------------------- */

size_t seg_class_reliability(const seg_score_table *table,
                             seg_reliability_bin bins[SEG_RELIABILITY_BINS])
{
    int64_t rows, positives, before = 0;
    size_t n_bins = 0, last = SIZE_MAX;

    count_rows(table, &rows, &positives);
    for (size_t i = 0; i < table->n_runs; i++) {
        const seg_score_run *run = &table->runs[i];
        int64_t n = run->n[0] + run->n[1];
        size_t bin = (size_t)(share(before + n / 2, rows) * SEG_RELIABILITY_BINS);
        bin = bin < SEG_RELIABILITY_BINS ? bin : SEG_RELIABILITY_BINS - 1;
        if (bin != last)
            bins[n_bins++] = (seg_reliability_bin){ 0 };
        last = bin;
        bins[n_bins - 1].rows += n;
        bins[n_bins - 1].positives += run->n[1];
        bins[n_bins - 1].score += (double)run->score * (double)n;
        before += n;
    }
    for (size_t b = 0; b < n_bins; b++) {
        bins[b].score /= (double)bins[b].rows;
        bins[b].share = share(bins[b].positives, bins[b].rows);
    }
    return n_bins;
}

/* Edge k is the run, counted from the top, that ends nearest to k + 1 tenths of the rows; of
 * two as near the upper one. */
static void find_edges(const seg_score_table *table, int64_t rows, size_t edges[SEG_GAIN_ROWS])
{
    int64_t above = 0;
    size_t k = 0;
    for (size_t i = 0; i < table->n_runs; i++) {
        const seg_score_run *run = &table->runs[table->n_runs - 1 - i];
        int64_t before = above;
        above += run->n[0] + run->n[1];
        for (; k < SEG_GAIN_ROWS && SEG_GAIN_ROWS * above >= (int64_t)(k + 1) * rows; k++) {
            int64_t wanted = (int64_t)(k + 1) * rows;
            bool upper = i > 0 && wanted - SEG_GAIN_ROWS * before
                                  <= SEG_GAIN_ROWS * above - wanted;
            edges[k] = upper ? i - 1 : i;
        }
    }
}

size_t seg_class_gain(const seg_score_table *table, seg_gain_row out[SEG_GAIN_ROWS])
{
    int64_t rows, positives, so_far = 0;
    size_t edges[SEG_GAIN_ROWS], k = 0, n = 0;
    int last = 0;

    count_rows(table, &rows, &positives);
    find_edges(table, rows, edges);
    for (size_t i = 0; i < table->n_runs; i++) {
        const seg_score_run *run = &table->runs[table->n_runs - 1 - i];
        while (k < SEG_GAIN_ROWS - 1 && i > edges[k])
            k++;
        if ((int)k + 1 != last)
            out[n++] = (seg_gain_row){ .decile = (int)k + 1 };
        last = (int)k + 1;
        out[n - 1].score = run->score;
        out[n - 1].rows += run->n[0] + run->n[1];
        out[n - 1].positives += run->n[1];
    }
    for (size_t d = 0; d < n; d++) {
        so_far += out[d].positives;
        out[d].rate = share(out[d].positives, out[d].rows);
        out[d].lift = positives > 0 ? out[d].rate / share(positives, rows) : (double)NAN;
        out[d].captured = positives > 0 ? share(so_far, positives) : (double)NAN;
    }
    return n;
}

static double share_or_nan(int64_t part, int64_t whole)
{
    return whole > 0 ? share(part, whole) : (double)NAN;
}

seg_confusion seg_class_confusion(const seg_score_table *table, double threshold)
{
    seg_confusion c = { .threshold = threshold };
    for (size_t i = 0; i < table->n_runs; i++) {
        const seg_score_run *run = &table->runs[i];
        bool called = run->score >= (float)threshold;
        *(called ? &c.tp : &c.fn) += run->n[1];
        *(called ? &c.fp : &c.tn) += run->n[0];
    }
    c.precision = share_or_nan(c.tp, c.tp + c.fp);
    c.recall = share_or_nan(c.tp, c.tp + c.fn);
    c.accuracy = share_or_nan(c.tp + c.tn, c.tp + c.fp + c.fn + c.tn);
    c.f1 = share_or_nan(2 * c.tp, 2 * c.tp + c.fp + c.fn);
    return c;
}

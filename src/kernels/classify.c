/* classify.c: the score table and the figures of a classifier.
 *
 * AUC by counting pairs with ties half (Hanley and McNeil 1982), its interval by the
 * placements of each row (DeLong, DeLong and Clarke-Pearson 1988), the area under
 * precision-recall as average precision, the calibration error over ten bins of equal
 * count (a run of equal scores is never cut: it goes to the bin of its middle row), the
 * lift of the best tenth with the tied rows at its edge counted in proportion. */
#include "kernels/classify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/real.h"
#include "base/try.h"

enum { PENDING_MIN = 65536, ECE_BINS = 10 };

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
    for (size_t i = table->n_runs; i-- > 0; ) {
        const int64_t *n = table->runs[i].n;
        double room = tenth - (double)(above[0] + above[1]);
        if (room > 0)
            in_tenth += (double)n[1] * fmin(1, room / (double)(n[0] + n[1]));
        above[0] += n[0];
        above[1] += n[1];
        out->pr_auc += share(n[1], all[1]) * share(above[1], above[0] + above[1]);
        out->ks = fmax(out->ks, fabs(share(above[1], all[1]) - share(above[0], all[0])));
    }
    out->lift_top_decile = in_tenth / tenth / share(all[1], out->rows);
}

/* Probabilities of 0 and 1 are moved inwards by 1e-15, so that one miss is not infinite. */
static void measure_fit(const seg_score_table *table, seg_class_figures *out)
{
    double bins[ECE_BINS] = { 0 };   /* positives - expected positives */
    int64_t before = 0;
    double log_loss = 0, brier = 0;

    for (size_t i = 0; i < table->n_runs; i++) {
        double p = (double)table->runs[i].score, safe = fmin(fmax(p, 1e-15), 1 - 1e-15);
        double n0 = (double)table->runs[i].n[0], n1 = (double)table->runs[i].n[1];
        int64_t n = table->runs[i].n[0] + table->runs[i].n[1];
        log_loss -= n1 * seg_log(safe) + n0 * seg_log(1 - safe);
        brier += n1 * (1 - p) * (1 - p) + n0 * p * p;
        size_t bin = (size_t)(share(before + n / 2, out->rows) * ECE_BINS);
        bins[bin < ECE_BINS ? bin : ECE_BINS - 1] += n1 - p * (double)n;
        before += n;
    }
    out->log_loss = log_loss / (double)out->rows;
    out->brier = brier / (double)out->rows;
    out->ece = 0;
    for (size_t b = 0; b < ECE_BINS; b++)
        out->ece += fabs(bins[b]) / (double)out->rows;
}

seg_status seg_class_measure(const seg_score_table *table, seg_class_figures *out,
                             seg_error *err)
{
    *out = (seg_class_figures){
        .auc = NAN, .auc_low = NAN, .auc_high = NAN, .pr_auc = NAN, .ks = NAN,
        .lift_top_decile = NAN,
    };
    for (size_t i = 0; i < table->n_runs; i++) {
        out->rows += table->runs[i].n[0] + table->runs[i].n[1];
        out->positives += table->runs[i].n[1];
    }
    if (out->rows == 0)
        return seg_fail(err, SEG_E_DATA, "no row has a label to compare the scores with");
    if (out->positives > 0 && out->positives < out->rows) {
        measure_auc(table, out);
        measure_ranking(table, out);
    }
    measure_fit(table, out);
    return SEG_OK;
}

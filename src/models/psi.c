/* psi.c: the bins of the training rows become few. */
#include "models/psi.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/real.h"
#include "base/try.h"

enum { NUMBER_BINS = 10, FREQUENT = SEG_PSI_BINS - 2 };
static const double LEAST_SHARE = 1e-4;

/* Neighbouring bins join until each holds about a tenth of the rows. */
static void join_bins(const seg_bins *bins, size_t f, seg_psi_feature *out)
{
    const uint64_t *rows = bins->bin_rows + f * (SEG_BIN_CUTS + 1);
    const float *cuts = bins->cuts + f * SEG_BIN_CUTS;
    size_t n_bins = bins->n_bins[f];
    bool each = n_bins - 1 <= NUMBER_BINS;
    uint64_t left = 0, in_bin = 0, bins_left = NUMBER_BINS;
    for (size_t b = 1; b < n_bins; b++)
        left += rows[b];
    out->rows[0] = (int64_t)rows[0];
    out->n_bins = 2;
    for (size_t b = 1; b < n_bins; b++) {
        in_bin += rows[b];
        out->rows[out->n_bins - 1] = (int64_t)in_bin;
        if (b + 1 == n_bins || bins_left == 1 || !(each || in_bin * bins_left >= left))
            continue;
        out->cuts[out->n_bins - 2] = cuts[b - 1];
        out->n_bins++;
        left -= in_bin;
        bins_left--;
        in_bin = 0;
    }
}

/* The most frequent levels keep a bin, ties to the lowest code; all others share the last. */
static void keep_frequent(const seg_bins *bins, size_t f, seg_psi_feature *out)
{
    const uint64_t *rows = bins->level_rows + bins->first_level[f];
    size_t n = 0;
    uint64_t others = 0;
    for (uint32_t code = 0; code < out->n_levels; code++) {
        if (rows[code] == 0)
            continue;
        size_t at = n;            /* its place among the n most frequent so far */
        while (at > 0 && rows[code] > (uint64_t)out->rows[at])
            at--;
        if (n == FREQUENT)
            others += at == FREQUENT ? rows[code] : (uint64_t)out->rows[FREQUENT];
        else
            n++;
        for (size_t k = n; k > at + 1; k--) {
            out->rows[k] = out->rows[k - 1];
            out->levels[k - 1] = out->levels[k - 2];
        }
        if (at < FREQUENT) {
            out->rows[at + 1] = (int64_t)rows[code];
            out->levels[at] = (int32_t)code;
        }
    }
    out->rows[0] = (int64_t)bins->bin_rows[f * (SEG_BIN_CUTS + 1)];
    out->rows[n + 1] = (int64_t)others;
    out->n_bins = (uint32_t)n + 2;
}

seg_status seg_psi_new(const seg_bins *bins, const seg_schema *learned, const seg_schema *used,
                       seg_psi **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_psi *psi = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&psi, 1, "the training bins", err));
    TRY(SEG_ALLOC(&psi->features, used->n_features, "the training bins", err));
    psi->n_features = used->n_features;
    for (size_t i = 0; i < used->n_features; i++) {
        size_t f = seg_schema_feature(learned, used->features[i].name);
        if (f == SIZE_MAX) {
            st = seg_fail(err, SEG_E_IO, "feature '%s' was not learned from",
                          used->features[i].name);
            goto done;
        }
        psi->features[i].n_levels = bins->n_levels[f];
        if (bins->n_levels[f] > 0)
            keep_frequent(bins, f, &psi->features[i]);
        else
            join_bins(bins, f, &psi->features[i]);
    }
    *out = psi;
    psi = NULL;

done:
    seg_psi_free(psi);
    return st;
}

void seg_psi_free(seg_psi *psi)
{
    if (psi == NULL)
        return;
    seg_free(psi->features);
    seg_free(psi);
}

void seg_psi_set_scores(seg_psi *psi, const float edges[SEG_DECILE_EDGES], const float *scores,
                        const int64_t *rows, size_t n)
{
    memcpy(psi->edges, edges, sizeof psi->edges);
    memset(psi->score_rows, 0, sizeof psi->score_rows);
    for (size_t i = 0; i < n; i++)
        psi->score_rows[seg_decile(edges, scores[i]) - 1] += rows[i];
}

double seg_psi_of(const int64_t *expected, const int64_t *actual, size_t n)
{
    double all_p = 0, all_q = 0, psi = 0;
    for (size_t b = 0; b < n; b++) {
        all_p += (double)expected[b];
        all_q += (double)actual[b];
    }
    if (!(all_p > 0 && all_q > 0))
        return 0;
    for (size_t b = 0; b < n; b++) {
        double p = fmax((double)expected[b] / all_p, LEAST_SHARE),
               q = fmax((double)actual[b] / all_q, LEAST_SHARE);
        psi += (q - p) * seg_log(q / p);
    }
    return psi;
}

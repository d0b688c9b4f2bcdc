/* psi.h: has the population moved since a classifier was trained? The model keeps how the
 * training rows fell into a few bins of every feature, and into the deciles of the score; the
 * rows that are scored are counted in the same bins, and the population stability index
 * compares the two:
 *
 *     PSI = sum over bins of (q - p) ln(q / p),   p, q: shares of training and scored rows
 *
 * (N. Siddiqi, "Credit Risk Scorecards", 2006, where below 0.1 is stable and above 0.25 has
 * moved). A share below 1e-4 counts as 1e-4, so that an empty bin has a finite price. Without
 * any drift it is (bins - 1) (1/n + 1/m) on average for n and m rows (B. Yurdakul and
 * J. Naranjo, "Statistical properties of the population stability index", 2020), so few rows
 * show some by chance. */
#ifndef SEGMILL_MODELS_PSI_H
#define SEGMILL_MODELS_PSI_H

#include "kernels/tree_bins.h"
#include "models/classifier.h"

enum {
    SEG_PSI_BINS = SEG_COUNT_BINS,       /* with the missing, bin 0 */
    SEG_PSI_CUTS = SEG_PSI_BINS - 2,     /* room; numbers use up to 9 */
    SEG_PSI_DECILES = SEG_DECILE_EDGES + 1
};
#define SEG_PSI_MOVED 0.25               /* above it, there is a warning */
#define SEG_PSI_TOLD 0.001               /* features that moved less are not listed */

typedef struct seg_psi_feature {
    uint32_t n_bins;
    uint32_t n_levels;                   /* category: codes 0 .. n_levels - 1; 0: a number */
    float cuts[SEG_PSI_CUTS];            /* number: n_bins - 2, ascending */
    int32_t levels[SEG_PSI_CUTS];        /* category: the code of bin 1 ..; the last of the
                                            n_bins holds all others */
    int64_t rows[SEG_PSI_BINS];          /* that the model was trained on */
} seg_psi_feature;

typedef struct seg_psi {
    size_t n_features;
    seg_psi_feature *features;           /* in the model's order */
    float edges[SEG_DECILE_EDGES];
    int64_t score_rows[SEG_PSI_DECILES];
} seg_psi;

/* ---- training ------------------------------------------------------------------ */

/* From the bins of the training rows, whose features `learned` describes, for the features
 * `used` of the model: found by name. */
seg_status seg_psi_new(const seg_bins *bins, const seg_schema *learned, const seg_schema *used,
                       seg_psi **out, seg_error *err);
void seg_psi_free(seg_psi *psi);         /* takes null */
/* The training scores: as for seg_decile_edges(), and the edges it found. */
void seg_psi_set_scores(seg_psi *psi, const float edges[SEG_DECILE_EDGES], const float *scores,
                        const int64_t *rows, size_t n);

/* The index of n bins. 0 when one of the two has no rows at all. */
double seg_psi_of(const int64_t *expected, const int64_t *actual, size_t n);

/* ---- the file: psi_file.c -------------------------------------------------------- */

seg_status seg_psi_save(const seg_psi *psi, seg_h5_writer *w, seg_error *err);
/* *out is null when the file has none. */
seg_status seg_psi_load(seg_h5 *file, const seg_schema *schema, seg_psi **out, seg_error *err);

/* ---- scoring: psi_count.c -------------------------------------------------------- */

typedef struct seg_psi_count seg_psi_count;

/* psi and schema (of the model) outlive it. */
seg_status seg_psi_count_new(const seg_psi *psi, const seg_schema *schema, seg_psi_count **out,
                             seg_error *err);
void seg_psi_count_free(seg_psi_count *count);   /* takes null */
void seg_psi_count_reset(seg_psi_count *count);
/* Rows in the model's order, and their scores. */
void seg_psi_count_add(seg_psi_count *count, seg_matrix x, const float *scores, int n_threads);
/* Tells of what has moved; SEG_E_GATE when something did by more than `most`. */
seg_status seg_psi_count_judge(const seg_psi_count *count, const seg_context *ctx, double most,
                               seg_error *err);
/* {"score", "features": [{"feature", "psi"}, greatest first]} under `into`; features that moved
 * by SEG_PSI_TOLD or more. */
seg_status seg_psi_count_put(const seg_psi_count *count, seg_node *into, seg_error *err);

#endif

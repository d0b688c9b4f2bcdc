/* psi_file.c: the bins of the training rows in a model file, one row per feature:
 *
 *   uns/model/psi/bins         how many it has, with the missing
 *   uns/model/psi/cuts         between the bins of a number; the rest infinite
 *   uns/model/psi/levels       codes of the bins of a category; the rest -1
 *   uns/model/psi/rows         in each bin; the rest 0
 *   uns/model/psi/score_edges, score_rows
 *
 * Read as hostile: bins must fit the features, cuts ascend, levels differ. */
#include "models/psi.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

#define AT "uns/model/psi"

typedef struct arrays {
    int32_t *bins, *levels;
    float *cuts, *edges;
    int64_t *rows, *score_rows;
    uint64_t n_bins, n_levels, n_cuts, n_rows, n_edges, n_scores;
} arrays;

static void arrays_free(arrays *a)
{
    seg_free(a->bins);
    seg_free(a->levels);
    seg_free(a->cuts);
    seg_free(a->edges);
    seg_free(a->rows);
    seg_free(a->score_rows);
}

/* ---- save ---------------------------------------------------------------------------- */

static void fill(const seg_psi *psi, arrays *a)
{
    for (size_t f = 0; f < psi->n_features; f++) {
        const seg_psi_feature *feature = &psi->features[f];
        size_t n_cuts = feature->n_bins - 2;
        a->bins[f] = (int32_t)feature->n_bins;
        memcpy(a->rows + f * SEG_PSI_BINS, feature->rows, sizeof feature->rows);
        for (size_t i = 0; i < SEG_PSI_CUTS; i++) {
            bool used = i < n_cuts, category = feature->n_levels > 0;
            a->cuts[f * SEG_PSI_CUTS + i] = used && !category ? feature->cuts[i] : INFINITY;
            a->levels[f * SEG_PSI_CUTS + i] = used && category ? feature->levels[i] : -1;
        }
    }
}

seg_status seg_psi_save(const seg_psi *psi, seg_h5_writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    arrays a = { 0 };
    if (psi == NULL)
        return SEG_OK;
    size_t n = psi->n_features;
    TRY(SEG_ALLOC(&a.bins, n, "the training bins", err));
    TRY(SEG_ALLOC(&a.levels, n * SEG_PSI_CUTS, "the training bins", err));
    TRY(SEG_ALLOC(&a.cuts, n * SEG_PSI_CUTS, "the training bins", err));
    TRY(SEG_ALLOC(&a.rows, n * SEG_PSI_BINS, "the training bins", err));
    fill(psi, &a);
    TRY(seg_h5_put(w, AT "/bins", SEG_H5_I32, a.bins, n, 0, 0, err));
    TRY(seg_h5_put(w, AT "/cuts", SEG_H5_F32, a.cuts, n, SEG_PSI_CUTS, 0, err));
    TRY(seg_h5_put(w, AT "/levels", SEG_H5_I32, a.levels, n, SEG_PSI_CUTS, 0, err));
    TRY(seg_h5_put(w, AT "/rows", SEG_H5_I64, a.rows, n, SEG_PSI_BINS, 0, err));
    TRY(seg_h5_put(w, AT "/score_edges", SEG_H5_F32, psi->edges, SEG_DECILE_EDGES, 0, 0, err));
    TRY(seg_h5_put(w, AT "/score_rows", SEG_H5_I64, psi->score_rows, SEG_PSI_DECILES, 0, 0,
                   err));

done:
    arrays_free(&a);
    return st;
}

/* ---- load ---------------------------------------------------------------------------- */

static seg_status get_arrays(seg_h5 *file, size_t n, arrays *a, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(seg_h5_get(file, AT "/bins", SEG_H5_I32, n, 0, &a->bins, &a->n_bins, err));
    TRY(seg_h5_get(file, AT "/cuts", SEG_H5_F32, n, SEG_PSI_CUTS, &a->cuts, &a->n_cuts, err));
    TRY(seg_h5_get(file, AT "/levels", SEG_H5_I32, n, SEG_PSI_CUTS, &a->levels, &a->n_levels,
                   err));
    TRY(seg_h5_get(file, AT "/rows", SEG_H5_I64, n, SEG_PSI_BINS, &a->rows, &a->n_rows, err));
    TRY(seg_h5_get(file, AT "/score_edges", SEG_H5_F32, SEG_DECILE_EDGES, 0, &a->edges,
                   &a->n_edges, err));
    TRY(seg_h5_get(file, AT "/score_rows", SEG_H5_I64, SEG_PSI_DECILES, 0, &a->score_rows,
                   &a->n_scores, err));
    if (a->n_bins != n || a->n_cuts != n || a->n_levels != n || a->n_rows != n
        || a->n_edges != SEG_DECILE_EDGES || a->n_scores != SEG_PSI_DECILES)
        st = seg_fail(err, SEG_E_DATA, AT " does not have one row for each of %zu features", n);

done:
    return st;
}

/* Counts of rows, at most 2^53 of them in all. */
static bool are_counts(const int64_t *rows, size_t n)
{
    int64_t left = INT64_C(1) << 53;
    for (size_t i = 0; i < n; i++) {
        if (rows[i] < 0 || rows[i] > left)
            return false;
        left -= rows[i];
    }
    return true;
}

static bool are_cuts(const float *cuts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(cuts[i]) || (i > 0 && !(cuts[i - 1] < cuts[i])))
            return false;
    return true;
}

static bool are_levels(const int32_t *levels, size_t n, size_t n_levels)
{
    for (size_t i = 0; i < n; i++) {
        if (levels[i] < 0 || (size_t)levels[i] >= n_levels)
            return false;
        for (size_t k = 0; k < i; k++)
            if (levels[k] == levels[i])
                return false;
    }
    return true;
}

static bool take_feature(const arrays *a, size_t f, const seg_column *column,
                         seg_psi_feature *out)
{
    const float *cuts = a->cuts + f * SEG_PSI_CUTS;
    const int32_t *levels = a->levels + f * SEG_PSI_CUTS;
    if (a->bins[f] < 2 || a->bins[f] > SEG_PSI_BINS
        || !are_counts(a->rows + f * SEG_PSI_BINS, SEG_PSI_BINS))
        return false;
    size_t n = (size_t)a->bins[f] - 2;
    out->n_bins = (uint32_t)a->bins[f];
    out->n_levels = column->type == SEG_TYPE_CODE ? (uint32_t)column->n_levels : 0;
    memcpy(out->rows, a->rows + f * SEG_PSI_BINS, sizeof out->rows);
    memcpy(out->cuts, cuts, sizeof out->cuts);
    memcpy(out->levels, levels, sizeof out->levels);
    return out->n_levels > 0 ? are_levels(levels, n, out->n_levels) : are_cuts(cuts, n);
}

static bool take_scores(const arrays *a, seg_psi *psi)
{
    for (size_t k = 0; k < SEG_DECILE_EDGES; k++)
        if (!(a->edges[k] >= 0 && a->edges[k] <= (k == 0 ? 1 : a->edges[k - 1])))
            return false;
    memcpy(psi->edges, a->edges, sizeof psi->edges);
    memcpy(psi->score_rows, a->score_rows, sizeof psi->score_rows);
    return are_counts(a->score_rows, SEG_PSI_DECILES);
}

seg_status seg_psi_load(seg_h5 *file, const seg_schema *schema, seg_psi **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_psi *psi = NULL;
    arrays a = { 0 };
    size_t n = schema->n_features;
    *out = NULL;

    if (!seg_h5_has(file, AT))
        return SEG_OK;
    TRY(get_arrays(file, n, &a, err));
    TRY(SEG_ALLOC(&psi, 1, "the training bins", err));
    TRY(SEG_ALLOC(&psi->features, n, "the training bins", err));
    psi->n_features = n;
    for (size_t f = 0; f < n; f++)
        if (!take_feature(&a, f, &schema->features[f], &psi->features[f])) {
            st = seg_fail(err, SEG_E_DATA, AT " has bins, counts, cuts or levels for feature"
                          " '%.80s' that cannot be", schema->features[f].name);
            goto done;
        }
    if (!take_scores(&a, psi)) {
        st = seg_fail(err, SEG_E_DATA, AT " has score edges or counts that cannot be");
        goto done;
    }
    *out = psi;
    psi = NULL;

done:
    arrays_free(&a);
    seg_psi_free(psi);
    return st;
}

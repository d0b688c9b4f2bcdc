/* rfm_cuts.c: edges that keep ties together, and groups of equal size that break them by id.
 *
 * Both kinds of cut decide row by row, so that scoring the rows a model was trained on
 * gives exactly the groups it was trained to, in any order and in blocks. */
#include "models/rfm_cuts.h"

#include <string.h>
#include "base/alloc.h"
#include "base/try.h"
#include "kernels/quantile.h"
#include "kernels/radix.h"

const char *const seg_rfm_dimension_names[SEG_RFM_DIMENSIONS] = {
    "recency", "frequency", "monetary",
};

size_t seg_rfm_cuts_count(uint32_t n_bins, bool nested, size_t dimension)
{
    size_t n = n_bins - 1;
    for (size_t d = 0; nested && d < dimension; d++)
        n *= n_bins;
    return n;
}

seg_status seg_rfm_cuts_new(uint32_t n_bins, bool by_id, bool nested, size_t id_width,
                            seg_rfm_cuts **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_rfm_cuts *cuts = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&cuts, 1, "the cut points", err));
    cuts->n_bins = n_bins;
    cuts->by_id = by_id;
    cuts->nested = nested;
    cuts->id_width = by_id ? id_width : 0;
    for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++) {
        cuts->n[d] = seg_rfm_cuts_count(n_bins, nested, d);
        TRY(SEG_ALLOC(&cuts->value[d], cuts->n[d], "the cut points", err));
        if (by_id)
            TRY(seg_alloc_array(&cuts->id[d], cuts->n[d], id_width, "the cut points", err));
    }
    *out = cuts;
    cuts = NULL;

done:
    seg_rfm_cuts_free(cuts);
    return st;
}

void seg_rfm_cuts_free(seg_rfm_cuts *cuts)
{
    if (cuts == NULL)
        return;
    for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++) {
        seg_free(cuts->value[d]);
        seg_free(cuts->id[d]);
    }
    seg_free(cuts);
}

/* ---- edges -------------------------------------------------------------------------------- */

seg_status seg_rfm_cuts_disc(const seg_rfm_values *values, uint32_t n_bins,
                             seg_rfm_cuts **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_rfm_cuts *cuts = NULL;
    uint64_t *keys = NULL, *temp = NULL;
    int64_t *sorted = NULL;
    *out = NULL;

    TRY(seg_rfm_cuts_new(n_bins, false, false, 0, &cuts, err));
    TRY(SEG_ALLOC(&keys, values->n, "the values to sort", err));
    TRY(SEG_ALLOC(&temp, values->n, "the values to sort", err));
    for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++) {
        for (size_t i = 0; i < values->n; i++)
            keys[i] = seg_radix_key(values->value[d][i]);
        seg_radix_sort(keys, NULL, values->n, temp, NULL);
        sorted = (int64_t *)temp;   /* signed and unsigned of one type may share storage */
        for (size_t i = 0; i < values->n; i++)
            sorted[i] = seg_radix_value(keys[i]);
        seg_quantile_edges(sorted, values->n, n_bins, cuts->value[d]);
    }
    *out = cuts;
    cuts = NULL;

done:
    seg_free(keys);
    seg_free(temp);
    seg_rfm_cuts_free(cuts);
    return st;
}

/* ---- ranks -------------------------------------------------------------------------------- */

/* Rows being put in order: by_id_rank[i] is the place of row i among the ids. */
typedef struct ranking {
    const seg_rfm_values *values;
    uint32_t *by_id;          /* the rows in order of their ids */
    uint32_t *id_rank;        /* and the inverse */
    uint32_t *rows, *rows_temp;
    uint64_t *keys, *keys_temp;
} ranking;

static seg_status ranking_begin(ranking *r, const seg_rfm_values *values, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n = values->n;
    r->values = values;
    TRY(seg_radix_order(values->ids, values->id_width, n, &r->by_id, err));
    TRY(SEG_ALLOC(&r->id_rank, n, "the ranks", err));
    TRY(SEG_ALLOC(&r->rows, n, "the ranks", err));
    TRY(SEG_ALLOC(&r->rows_temp, n, "the ranks", err));
    TRY(SEG_ALLOC(&r->keys, n, "the ranks", err));
    TRY(SEG_ALLOC(&r->keys_temp, n, "the ranks", err));
    for (size_t i = 0; i < n; i++)
        r->id_rank[r->by_id[i]] = (uint32_t)i;
    memcpy(r->rows, r->by_id, n * sizeof *r->rows);

done:
    return st;
}

static void ranking_end(ranking *r)
{
    seg_free(r->by_id);
    seg_free(r->id_rank);
    seg_free(r->rows);
    seg_free(r->rows_temp);
    seg_free(r->keys);
    seg_free(r->keys_temp);
}

/* Higher is better, in every dimension. */
static int64_t goodness(size_t dimension, int64_t value)
{
    return dimension == SEG_RFM_RECENCY ? -value : value;
}

/* Order n rows by a dimension, equal ones by id: by id first, as the sort is stable. */
static void sort_rows(ranking *r, uint32_t *rows, size_t n, size_t dimension)
{
    for (size_t i = 0; i < n; i++)
        r->keys[i] = r->id_rank[rows[i]];
    seg_radix_sort(r->keys, rows, n, r->keys_temp, r->rows_temp);
    for (size_t i = 0; i < n; i++)
        r->keys[i] = seg_radix_key(goodness(dimension, r->values->value[dimension][rows[i]]));
    seg_radix_sort(r->keys, rows, n, r->keys_temp, r->rows_temp);
}

/* Sort the rows and note the last one of each group as cut number `first` and following. */
static void cut_rows(ranking *r, uint32_t *rows, size_t n, size_t dimension, size_t first,
                     seg_rfm_cuts *cuts)
{
    size_t width = cuts->id_width;
    sort_rows(r, rows, n, dimension);
    for (uint32_t b = 1; b < cuts->n_bins; b++) {
        size_t last = rows[seg_ntile_end(n, cuts->n_bins, b) - 1];
        size_t cut = first + b - 1;
        cuts->value[dimension][cut] = r->values->value[dimension][last];
        memcpy(cuts->id[dimension] + cut * width, r->values->ids + last * width, width);
    }
}

/* The group's part of the rows, which are in order of the dimension before; a group without
 * rows (fewer customers than cells) is cut like all customers together. */
static seg_status cut_group(ranking *r, uint32_t *rows, size_t n, size_t dimension,
                            size_t first, seg_rfm_cuts *cuts, seg_error *err)
{
    seg_status st = SEG_OK;
    uint32_t *all = NULL;
    if (n > 0) {
        cut_rows(r, rows, n, dimension, first, cuts);
        return SEG_OK;
    }
    TRY(SEG_ALLOC(&all, r->values->n, "the ranks", err));
    memcpy(all, r->by_id, r->values->n * sizeof *all);
    cut_rows(r, all, r->values->n, dimension, first, cuts);

done:
    seg_free(all);
    return st;
}

static seg_status cut_nested(ranking *r, uint32_t *rows, size_t n, size_t dimension,
                             size_t group, seg_rfm_cuts *cuts, seg_error *err)
{
    seg_status st = SEG_OK;
    uint32_t n_bins = cuts->n_bins;
    TRY(cut_group(r, rows, n, dimension, group * (n_bins - 1), cuts, err));
    if (dimension + 1 == SEG_RFM_DIMENSIONS)
        return SEG_OK;
    for (uint32_t b = 0; b < n_bins; b++) {
        size_t begin = seg_ntile_end(n, n_bins, b), end = seg_ntile_end(n, n_bins, b + 1);
        TRY(cut_nested(r, rows + begin, end - begin, dimension + 1, group * n_bins + b, cuts,
                       err));
    }

done:
    return st;
}

seg_status seg_rfm_cuts_ntile(const seg_rfm_values *values, uint32_t n_bins, bool nested,
                              seg_rfm_cuts **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_rfm_cuts *cuts = NULL;
    ranking r = { 0 };
    *out = NULL;

    TRY(seg_rfm_cuts_new(n_bins, true, nested, values->id_width, &cuts, err));
    TRY(ranking_begin(&r, values, err));
    if (nested)
        TRY(cut_nested(&r, r.rows, values->n, SEG_RFM_RECENCY, 0, cuts, err));
    else
        for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++)
            cut_rows(&r, r.rows, values->n, d, 0, cuts);
    *out = cuts;
    cuts = NULL;

done:
    ranking_end(&r);
    seg_rfm_cuts_free(cuts);
    return st;
}

/* ---- scoring ------------------------------------------------------------------------------- */

/* Null-padded cells of two widths, by their bytes. */
static int compare_cells(const char *a, size_t a_width, const char *b, size_t b_width)
{
    size_t both = a_width < b_width ? a_width : b_width;
    int order = memcmp(a, b, both);
    if (order != 0)
        return order;
    if (a_width > both && a[both] != 0)
        return 1;
    return b_width > both && b[both] != 0 ? -1 : 0;
}

static uint32_t rank_score(const seg_rfm_cuts *cuts, size_t dimension, size_t first,
                           int64_t value, const char *id, size_t id_width)
{
    uint32_t score = 1;
    for (size_t c = first; c < first + cuts->n_bins - 1; c++) {
        int64_t cut = cuts->value[dimension][c];
        if (value == cut)
            score += compare_cells(id, id_width, cuts->id[dimension] + c * cuts->id_width,
                                   cuts->id_width) > 0;
        else
            score += goodness(dimension, value) > goodness(dimension, cut);
    }
    return score;
}

void seg_rfm_cuts_score(const seg_rfm_cuts *cuts, const int64_t value[SEG_RFM_DIMENSIONS],
                        const char *id, size_t id_width, uint32_t score[SEG_RFM_DIMENSIONS])
{
    size_t group = 0;
    for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++) {
        size_t first = cuts->nested ? group * (cuts->n_bins - 1) : 0;
        if (cuts->by_id) {
            score[d] = rank_score(cuts, d, first, value[d], id, id_width);
        } else {
            score[d] = seg_quantile_score(cuts->value[d] + first, cuts->n_bins - 1, value[d]);
            if (d == SEG_RFM_RECENCY)
                score[d] = cuts->n_bins + 1 - score[d];
        }
        group = group * cuts->n_bins + score[d] - 1;
    }
}

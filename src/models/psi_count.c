/* psi_count.c: rows that are scored, counted in the bins of the training rows. */
#include "models/psi.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/text.h"
#include "base/try.h"

struct seg_psi_count {
    const seg_psi *psi;
    const seg_schema *schema;
    seg_bin_tile_column *columns;
    float *search;
    uint8_t *level_bin;
    int64_t *rows;              /* [feature][SEG_PSI_BINS] */
    int64_t score_rows[SEG_PSI_DECILES];
};

/* ---- counting ---------------------------------------------------------------------- */

static void describe_column(seg_psi_count *c, size_t f, uint8_t *level_bin)
{
    const seg_psi_feature *feature = &c->psi->features[f];
    float cuts[SEG_BIN_CUTS];
    for (size_t i = 0; i < SEG_BIN_CUTS; i++)
        cuts[i] = feature->n_levels == 0 && i + 2 < feature->n_bins ? feature->cuts[i] : INFINITY;
    seg_bin_search_fill(cuts, c->search + f * SEG_BIN_SEARCH);
    memset(level_bin, (int)feature->n_bins - 1, feature->n_levels);
    for (size_t b = 1; feature->n_levels > 0 && b + 1 < feature->n_bins; b++)
        level_bin[feature->levels[b - 1]] = (uint8_t)b;
    c->columns[f] = (seg_bin_tile_column){
        .feature = f, .n_levels = feature->n_levels, .level_bin = level_bin,
        .search = c->search + f * SEG_BIN_SEARCH,
    };
}

seg_status seg_psi_count_new(const seg_psi *psi, const seg_schema *schema, seg_psi_count **out,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    seg_psi_count *c = NULL;
    size_t n = psi->n_features, n_levels = 0;
    *out = NULL;

    TRY(SEG_ALLOC(&c, 1, "the bins of the rows", err));
    c->psi = psi;
    c->schema = schema;
    for (size_t f = 0; f < n; f++)
        n_levels += psi->features[f].n_levels;
    TRY(SEG_ALLOC(&c->columns, n, "the bins of the rows", err));
    TRY(SEG_ALLOC(&c->search, n * SEG_BIN_SEARCH, "the bins of the rows", err));
    TRY(SEG_ALLOC(&c->level_bin, n_levels, "the bins of the rows", err));
    TRY(SEG_ALLOC(&c->rows, n * SEG_PSI_BINS, "the bins of the rows", err));
    uint8_t *level_bin = c->level_bin;
    for (size_t f = 0; f < n; f++) {
        describe_column(c, f, level_bin);
        level_bin += psi->features[f].n_levels;
    }
    *out = c;
    c = NULL;

done:
    seg_psi_count_free(c);
    return st;
}

void seg_psi_count_free(seg_psi_count *c)
{
    if (c == NULL)
        return;
    seg_free(c->columns);
    seg_free(c->search);
    seg_free(c->level_bin);
    seg_free(c->rows);
    seg_free(c);
}

void seg_psi_count_reset(seg_psi_count *c)
{
    memset(c->rows, 0, c->psi->n_features * SEG_PSI_BINS * sizeof *c->rows);
    memset(c->score_rows, 0, sizeof c->score_rows);
}

void seg_psi_count_add(seg_psi_count *c, seg_matrix x, const float *scores, int n_threads)
{
    seg_bins_count(c->columns, c->psi->n_features, x, n_threads, c->rows);
    for (size_t i = 0; i < x.n_rows; i++)
        c->score_rows[seg_decile(c->psi->edges, scores[i]) - 1]++;
}

/* ---- figures ------------------------------------------------------------------------ */

typedef struct moved {
    double psi;
    size_t feature;
} moved;

static double psi_of(const seg_psi_count *c, size_t f)
{
    const seg_psi_feature *feature = &c->psi->features[f];
    return seg_psi_of(feature->rows, c->rows + f * SEG_PSI_BINS, feature->n_bins);
}

static double psi_of_score(const seg_psi_count *c)
{
    return seg_psi_of(c->psi->score_rows, c->score_rows, SEG_PSI_DECILES);
}

static int by_psi(const void *a, const void *b)
{
    const moved *x = a, *y = b;
    if (x->psi != y->psi)
        return x->psi > y->psi ? -1 : 1;
    return (x->feature > y->feature) - (x->feature < y->feature);
}

/* The features, that which moved most first. */
static seg_status rank_features(const seg_psi_count *c, moved **out, seg_error *err)
{
    size_t n = c->psi->n_features;
    seg_status st = SEG_ALLOC(out, n, "the drift of the features", err);
    if (st != SEG_OK)
        return st;
    for (size_t f = 0; f < n; f++)
        (*out)[f] = (moved){ psi_of(c, f), f };
    qsort(*out, n, sizeof **out, by_psi);
    return SEG_OK;
}

seg_status seg_psi_count_put(const seg_psi_count *c, seg_node *into, seg_error *err)
{
    moved *ranked = NULL;
    seg_status st = rank_features(c, &ranked, err);
    if (st != SEG_OK)
        return st;
    seg_put_real(into, "score", psi_of_score(c));
    seg_node *features = seg_put_array(into, "features");
    for (size_t i = 0; i < c->psi->n_features && ranked[i].psi >= SEG_PSI_TOLD; i++) {
        seg_node *row = seg_put_object(features, NULL);
        seg_put_text(row, "feature", c->schema->features[ranked[i].feature].name);
        seg_put_real(row, "psi", ranked[i].psi);
    }
    seg_free(ranked);
    return SEG_OK;
}

/* ---- judging ------------------------------------------------------------------------ */

/* What an index of ten bins is on average without any drift. Three times as much is seen once
 * in a thousand: the 0.999 quantile of chi-square with 9 degrees of freedom is 27.9. */
static double by_chance(const seg_psi_count *c, int64_t n_rows)
{
    double trained = 0;
    for (size_t d = 0; d < SEG_PSI_DECILES; d++)
        trained += (double)c->psi->score_rows[d];
    return trained > 0 ? 9 * (1 / trained + 1 / (double)n_rows) : 0;
}

/* A few rows differ from any others. Of fewer than five in each of ten bins (W. Cochran's rule for
 * chi-square, 1954) nothing is told, of others no more than chance explains. */
static void tell(const seg_psi_count *c, const seg_context *ctx, const moved *ranked,
                 int64_t n_rows)
{
    enum { NAMED = 5, ROWS_MIN = 50 };
    char names[640] = "";
    double told = fmax(SEG_PSI_MOVED, 3 * by_chance(c, n_rows));
    size_t n = 0, at = 0;
    if (n_rows < ROWS_MIN)
        return;
    while (n < c->psi->n_features && ranked[n].psi > told)
        n++;
    for (size_t i = 0; i < n && i < NAMED && at < sizeof names; i++) {
        int more = snprintf(names + at, sizeof names - at, "%s'%.80s' (psi %.2f)",
                            i > 0 ? ", " : "", c->schema->features[ranked[i].feature].name,
                            ranked[i].psi);
        at += more > 0 ? (size_t)more : 0;
    }
    if (n > NAMED && at < sizeof names)
        snprintf(names + at, sizeof names - at, " and %zu more", n - NAMED);
    if (n > 0)
        seg_note(ctx, SEG_LEVEL_WARN, "the rows differ from those the model was trained on, in"
                 " %s", names);
    if (psi_of_score(c) > told)
        seg_note(ctx, SEG_LEVEL_WARN, "the scores lie otherwise than those of the training rows:"
                 " psi %.2f", psi_of_score(c));
}

static seg_status check_gate(const seg_psi_count *c, const moved *ranked, int64_t n_rows,
                             double most, seg_error *err)
{
    bool any = c->psi->n_features > 0;
    double worst = any ? ranked[0].psi : 0, score = psi_of_score(c);
    char few[96] = "";
    if (most <= 0 || (worst <= most && score <= most))
        return SEG_OK;
    if (3 * by_chance(c, n_rows) > most)
        snprintf(few, sizeof few, " (%lld rows are few: they show about %.2f by chance)",
                 (long long)n_rows, by_chance(c, n_rows));
    if (worst >= score)
        return seg_fail(err, SEG_E_GATE, "feature '%.80s' has moved since the model was trained:"
                        " psi %.3f, at most %g is allowed by --fail-psi%s; see what changed in its"
                        " data, then train again or allow more",
                        c->schema->features[ranked[0].feature].name, worst, most, few);
    return seg_fail(err, SEG_E_GATE, "the scores have moved since the model was trained: psi %.3f,"
                    " at most %g is allowed by --fail-psi%s; of the features, '%.80s' moved most"
                    " (psi %.3f); see what changed in the data, then train again or allow more",
                    score, most, few, any ? c->schema->features[ranked[0].feature].name : "",
                    worst);
}

seg_status seg_psi_count_judge(const seg_psi_count *c, const seg_context *ctx, double most,
                               seg_error *err)
{
    moved *ranked = NULL;
    int64_t n_rows = 0;
    for (size_t d = 0; d < SEG_PSI_DECILES; d++)
        n_rows += c->score_rows[d];
    seg_status st = rank_features(c, &ranked, err);
    if (st == SEG_OK && n_rows > 0) {
        st = check_gate(c, ranked, n_rows, most, err);
        if (st == SEG_OK)
            tell(c, ctx, ranked, n_rows);
    }
    seg_free(ranked);
    return st;
}

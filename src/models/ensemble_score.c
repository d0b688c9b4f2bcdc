/* ensemble_score.c: probabilities of rows, and the features that raised them most. */
#include "models/ensemble.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/threads.h"
#include "base/try.h"

enum { BEFORE_REASONS = 3 };   /* result columns */

seg_status seg_ensemble_score_schema(const seg_model *model, seg_schema_owner *out,
                                     seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_ensemble *e = model->state;
    seg_text name = { 0 };
    size_t n_bands;
    const char *const *bands = seg_bands_names(&e->bands, &n_bands);

    TRY(seg_probability_name(e->label, &name, err));
    const seg_column columns[BEFORE_REASONS] = {
        { .name = name.bytes, .type = SEG_TYPE_F32, .unit = "share" },
        { .name = "churn_decile", .type = SEG_TYPE_I64, .scale = 1 },
        { .name = "band", .type = SEG_TYPE_CODE, .levels = bands,
          .n_levels = n_bands },
    };
    for (size_t c = 0; c < BEFORE_REASONS; c++)
        TRY(seg_schema_add_column(out, &columns[c], err));
    for (unsigned k = 1; k <= model->top_reasons; k++) {
        char reason[32];
        snprintf(reason, sizeof reason, "reason_%u", k);
        const seg_column column = { .name = reason, .type = SEG_TYPE_TEXT,
                                    .width = e->reason_width };
        TRY(seg_schema_add_column(out, &column, err));
    }

done:
    seg_text_free(&name);
    return st;
}

/* ---- reasons ------------------------------------------------------------------------- */

static size_t put(char *cell, size_t at, size_t width, const char *text)
{
    size_t n = strlen(text);
    n = n < width - at ? n : width - at;
    while (n > 0 && at + n == width && ((unsigned char)text[n] & 0xc0) == 0x80)
        n--;                 /* a letter of several bytes is left out as a whole */
    memcpy(cell + at, text, n);
    return at + n;
}

/* "tenure = 3", "Contract = Month-to-month", "charges is missing". */
static void put_reason(const seg_column *feature, float value, char *cell, size_t width)
{
    size_t at = put(cell, 0, width, feature->name);
    char number[SEG_NUMBER_BYTES];
    bool is_level = feature->type == SEG_TYPE_CODE && feature->n_levels > 0;
    if (!isfinite(value) || (is_level && !(value >= 0 && value < (float)feature->n_levels))) {
        put(cell, at, width, is_level && isfinite(value) ? " is unknown" : " is missing");
        return;
    }
    at = put(cell, at, width, " = ");
    if (!is_level)
        seg_print_f32(number, value);
    put(cell, at, width, is_level ? feature->levels[(size_t)value] : number);
}

/* The features that raised the score most, the greatest first; of equal ones the first. */
static size_t find_greatest(const float *phi, size_t n_features, size_t k, uint32_t *best)
{
    size_t n = 0;
    for (size_t f = 0; f < n_features; f++) {
        if (!(phi[f] > 0) || (n == k && !(phi[f] > phi[best[n - 1]])))
            continue;
        size_t at = n < k ? n++ : n - 1;
        for (; at > 0 && phi[best[at - 1]] < phi[f]; at--)
            best[at] = best[at - 1];
        best[at] = (uint32_t)f;
    }
    return n;
}

static void put_reasons(const seg_model *model, const float *phi, const float *row, size_t i,
                        seg_batch *out)
{
    const seg_ensemble *e = model->state;
    const seg_schema *schema = &model->schema->view;
    uint32_t best[SEG_REASONS_MAX];
    size_t n = find_greatest(phi, schema->n_features, model->top_reasons, best);
    for (size_t k = 0; k < model->top_reasons; k++) {
        char *cell = (char *)out->columns[BEFORE_REASONS + k] + i * e->reason_width;
        memset(cell, 0, e->reason_width);
        if (k < n)
            put_reason(&schema->features[best[k]], row[best[k]], cell, e->reason_width);
    }
}

/* A part of the block at a time: contributions take n_features floats a row. */
static seg_status explain(const seg_model *model, int n_threads, const seg_block *in,
                          seg_batch *out, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_ensemble *e = model->state;
    size_t n_features = model->schema->view.n_features, most = (4u << 20) / (4 * n_features + 1);
    size_t step = (most / SEG_CHUNK_ROWS + 1) * SEG_CHUNK_ROWS;
    float *phi = NULL;
    TRY(seg_alloc_array(&phi, n_features * (step < in->n_rows ? step : in->n_rows), sizeof *phi,
                        "the reasons of the rows", err));
    for (size_t first = 0; first < in->n_rows; first += step) {
        size_t n = in->n_rows - first < step ? in->n_rows - first : step;
        seg_matrix part = { in->x.x + first * in->x.stride, n, in->x.n_cols, in->x.stride };
        if (e->shap != NULL)
            TRY(seg_forest_shap_rows(e->shap, part, n_threads, phi, err));
        else
            seg_tree_paths_rows(e->paths, part, n_threads, phi);
        for (size_t i = 0; i < n; i++)
            put_reasons(model, phi + i * n_features, part.x + i * part.stride, first + i, out);
    }

done:
    seg_free(phi);
    return st;
}

/* ---- scores --------------------------------------------------------------------------- */

seg_status seg_ensemble_score(const seg_model *model, const seg_context *ctx,
                              const seg_schema *data, const seg_block *in, seg_batch *out,
                              seg_error *err)
{
    (void)data;
    seg_status st = SEG_OK;
    const seg_ensemble *e = model->state;
    int n_threads = seg_thread_count(ctx == NULL ? 0 : ctx->n_threads);
    float *probability = out->columns[0];
    int64_t *decile = out->columns[1];
    int32_t *band = out->columns[2];
    double *sums = NULL;

    TRY(SEG_ALLOC(&sums, in->n_rows, "the scores of the rows", err));
    TRY(seg_forest_score(e->plan, in->x, n_threads, sums, err));
    for (size_t i = 0; i < in->n_rows; i++) {
        probability[i] = (float)seg_ensemble_probability(e, sums[i]);
        decile[i] = seg_decile(e->edges, probability[i]);
        band[i] = seg_bands_code(&e->bands, probability[i], (int)decile[i]);
    }
    if (model->top_reasons > 0 && in->n_rows > 0)
        TRY(explain(model, n_threads, in, out, err));

done:
    seg_free(sums);
    return st;
}

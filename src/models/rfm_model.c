/* rfm_model.c: scores of recency, frequency and money as a model: options, scoring, figures. */
#include "models/rfm.h"

#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/date.h"
#include "base/try.h"

seg_status seg_rfm_model_make_room(seg_rfm_model *model, size_t n_names, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(SEG_ALLOC(&model->customers, n_names, "the segments", err));
    TRY(SEG_ALLOC(&model->revenue, n_names, "the segments", err));
    TRY(SEG_ALLOC(&model->means, n_names * SEG_RFM_DIMENSIONS, "the segments", err));

done:
    return st;
}

void seg_rfm_model_free(void *state)
{
    seg_rfm_model *model = state;
    if (model == NULL)
        return;
    seg_rfm_cuts_free(model->cuts);
    seg_rfm_map_free(model->map);
    seg_free(model->customers);
    seg_free(model->revenue);
    seg_free(model->means);
    seg_free(model);
}

/* ---- scores ------------------------------------------------------------------------------ */

size_t seg_rfm_segment(const seg_rfm_model *model, const seg_rfm_row *row, const char *id,
                       size_t id_width, uint32_t score[SEG_RFM_DIMENSIONS])
{
    memset(score, 0, SEG_RFM_DIMENSIONS * sizeof *score);
    if (!row->bought)
        return model->map->n_names - (row->returned ? 1 : 2);
    seg_rfm_cuts_score(model->cuts, row->value, id, id_width, score);
    return seg_rfm_map_segment(model->map, model->cuts->n_bins, score);
}

void seg_rfm_text(char out[SEG_RFM_TEXT_BYTES], uint32_t n_bins,
                  const uint32_t score[SEG_RFM_DIMENSIONS])
{
    char text[40];
    snprintf(text, sizeof text, n_bins < 10 ? "%u%u%u" : "%u-%u-%u", score[0], score[1],
             score[2]);
    memset(out, 0, SEG_RFM_TEXT_BYTES);
    memcpy(out, text, strnlen(text, SEG_RFM_TEXT_BYTES));
}

enum { RECENCY, FREQUENCY, MONETARY, R, F, M, RFM, SEGMENT_NAME, N_COLUMNS };

static seg_status score_schema(const seg_model *model, seg_schema_owner *out, seg_error *err)
{
    const seg_rfm_model *m = model->state;
    const seg_column columns[N_COLUMNS] = {
        { .name = "recency_days", .type = SEG_TYPE_I64, .scale = 1, .unit = "days" },
        { .name = "frequency", .type = SEG_TYPE_I64, .scale = 1, .unit = "orders" },
        { .name = "monetary", .type = SEG_TYPE_I64, .scale = m->scale, .unit = "money" },
        { .name = "r", .type = SEG_TYPE_I64, .scale = 1,
          .source = "score of recency, highest is most recent" },
        { .name = "f", .type = SEG_TYPE_I64, .scale = 1, .source = "score of frequency" },
        { .name = "m", .type = SEG_TYPE_I64, .scale = 1, .source = "score of money" },
        { .name = "rfm", .type = SEG_TYPE_TEXT, .width = SEG_RFM_TEXT_BYTES,
          .source = "the three scores" },
        { .name = "segment_name", .type = SEG_TYPE_CODE, .levels = m->map->names,
          .n_levels = m->map->n_names, .source = "segment map of the scores" },
    };
    seg_status st = SEG_OK;
    for (size_t c = 0; c < N_COLUMNS; c++)
        TRY(seg_schema_add_column(out, &columns[c], err));

done:
    return st;
}

static void fill_row(const seg_rfm_model *m, const seg_rfm_row *row, const uint32_t *score,
                     size_t segment, void **columns, size_t i)
{
    for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++) {
        ((int64_t *)columns[RECENCY + d])[i] = row->value[d];
        ((int64_t *)columns[R + d])[i] = row->bought ? (int64_t)score[d] : SEG_MISSING_I64;
    }
    char *text = (char *)columns[RFM] + i * SEG_RFM_TEXT_BYTES;
    if (row->bought)
        seg_rfm_text(text, m->cuts->n_bins, score);
    else
        memset(text, 0, SEG_RFM_TEXT_BYTES);
    ((int32_t *)columns[SEGMENT_NAME])[i] = (int32_t)segment;
}

static seg_status score(const seg_model *model, const seg_context *ctx, const seg_schema *data,
                        const seg_block *in, seg_batch *out, seg_error *err)
{
    (void)ctx;
    seg_status st = SEG_OK;
    const seg_rfm_model *m = model->state;
    seg_rfm_reader reader;
    seg_rfm_row row;
    uint32_t scores[SEG_RFM_DIMENSIONS];

    TRY(seg_rfm_reader_begin(data, true, &reader, err));
    if (m->cuts->by_id && in->ids == NULL) {
        st = seg_fail(err, SEG_E_DATA, "the model breaks ties by id, and the data have no ids");
        goto done;
    }
    for (size_t i = 0; i < in->n_rows; i++) {
        TRY(seg_rfm_read(&reader, in, i, m->scale, &row, err));
        const char *id = in->ids == NULL ? NULL : in->ids + i * data->id_width;
        size_t segment = seg_rfm_segment(m, &row, id, data->id_width, scores);
        fill_row(m, &row, scores, segment, out->columns, i);
    }

done:
    return st;
}

/* ---- figures ----------------------------------------------------------------------------- */

static void put_edges(const seg_rfm_model *m, seg_node *into)
{
    seg_node *edges = seg_put_object(into, "edges");
    for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++) {
        seg_node *list = seg_put_array(edges, seg_rfm_dimension_names[d]);
        for (size_t c = 0; c < m->cuts->n[d]; c++)
            if (d == SEG_RFM_MONETARY)
                seg_put_real(list, NULL, (double)m->cuts->value[d][c] / m->scale);
            else
                seg_put_int(list, NULL, m->cuts->value[d][c]);
    }
}

void seg_rfm_figures(const seg_rfm_model *m, seg_node *into)
{
    seg_put_int(into, "bins", m->cuts->n_bins);
    seg_put_text(into, "map", m->map->name);
    put_edges(m, into);
    seg_node *segments = seg_put_array(into, "segments");
    for (size_t s = 0; s < m->map->n_names; s++) {
        seg_node *row = seg_put_object(segments, NULL);
        seg_put_text(row, "name", m->map->names[s]);
        seg_put_int(row, "customers", m->customers[s]);
        seg_put_real(row, "revenue", (double)m->revenue[s] / m->scale);
    }
}

/* The segments with their averages; edges and counts stand among the figures. */
static seg_status describe(const seg_model *model, seg_node *into, seg_error *err)
{
    (void)err;
    const seg_rfm_model *m = model->state;
    seg_node *segments = seg_put_array(into, "segments");
    for (size_t s = 0; s < m->map->n_names; s++) {
        const float *means = m->means + s * SEG_RFM_DIMENSIONS;
        seg_node *row = seg_put_object(segments, NULL);
        seg_put_text(row, "name", m->map->names[s]);
        seg_put_int(row, "customers", m->customers[s]);
        seg_put_real(row, "revenue", (double)m->revenue[s] / m->scale);
        for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++)
            seg_put_real(row, model->schema->view.features[d].name, (double)means[d]);
    }
    return SEG_OK;
}

/* The map, a row per combination of scores. */
static seg_status text(const seg_model *model, seg_node *into, seg_error *err)
{
    (void)err;
    const seg_rfm_model *m = model->state;
    uint32_t n = m->cuts->n_bins;
    char code[SEG_RFM_TEXT_BYTES + 1] = { 0 };
    seg_rfm_figures(m, into);
    seg_node *cells = seg_put_array(into, "cells");
    for (uint32_t c = 0; c < n * n * n; c++) {
        const uint32_t scores[] = { c / n / n + 1, c / n % n + 1, c % n + 1 };
        seg_node *row = seg_put_object(cells, NULL);
        seg_rfm_text(code, n, scores);
        seg_put_text(row, "rfm", code);
        seg_put_text(row, "segment_name", m->map->names[seg_rfm_map_segment(m->map, n, scores)]);
    }
    return SEG_OK;
}

/* ---- the method --------------------------------------------------------------------------- */

#define FIELD(member) offsetof(seg_rfm_options, member)
static const seg_option option_table[] = {
    SEG_CUSTOMER_OPTION_ROWS(seg_rfm_options, customers),
    { "scheme", SEG_OPTION_CHOICE, FIELD(scheme), 0, 0, "disc|ntile|nested|frozen|edges", NULL,
      "scores by edges that keep ties together, groups of equal size, those nested, the cuts"
      " of an earlier model, or given edges", 0 },
    { "bins", SEG_OPTION_U32, FIELD(n_bins), SEG_RFM_BINS_MIN, SEG_RFM_BINS_MAX, NULL, "N",
      "scores go from 1 to N (frozen: as in the earlier model)", 0 },
    { "map", SEG_OPTION_TEXT, FIELD(map), 0, 0, NULL, "NAME|FILE",
      "which scores have which segment name: default, r-rfm, or a file of rules",
      SEG_OPTION_INPUT },
    { "from", SEG_OPTION_TEXT, FIELD(from), 0, 0, NULL, "MODEL",
      "with --scheme frozen: the earlier model", SEG_OPTION_INPUT | SEG_OPTION_ENVIRONMENT },
    { "recency-edges", SEG_OPTION_LIST, FIELD(edges[SEG_RFM_RECENCY]), 0, 0, NULL, "DAYS,...",
      "with --scheme edges: ascending, one less than bins", 0 },
    { "frequency-edges", SEG_OPTION_LIST, FIELD(edges[SEG_RFM_FREQUENCY]), 0, 0, NULL, "N,...",
      "with --scheme edges: ascending, one less than bins", 0 },
    { "monetary-edges", SEG_OPTION_LIST, FIELD(edges[SEG_RFM_MONETARY]), 0, 0, NULL, "X,...",
      "with --scheme edges: ascending, one less than bins", 0 },
    { .name = NULL },
};

static void defaults(void *options)
{
    *(seg_rfm_options *)options = (seg_rfm_options){
        .customers = { .as_of_day = SEG_MISSING_DAY },
        .n_bins = 5,
    };
}

static const char *const score_columns[] = {
    "recency_days", "frequency", "monetary", "returns", NULL,
};

const seg_method seg_method_rfm = {
    .name = "rfm",
    .summary = "scores of recency, frequency and money, and segments by their names",
    .train_view = SEG_VIEW_CUSTOMERS,
    .score_view = SEG_VIEW_CUSTOMERS,
    .options = option_table,
    .options_size = sizeof(seg_rfm_options),
    .defaults = defaults,
    .check = seg_rfm_check,
    .train_begin = seg_rfm_train_begin,
    .pass_begin = seg_rfm_pass_begin,
    .pass_add = seg_rfm_pass_add,
    .pass_end = seg_rfm_pass_end,
    .train_end = seg_rfm_train_end,
    .train_free = seg_rfm_train_free,
    .save = seg_rfm_save,
    .load = seg_rfm_load,
    .state_free = seg_rfm_model_free,
    .describe = describe,
    .text = text,
    .score_columns = score_columns,
    .score_schema = score_schema,
    .score = score,
};

/* rfm.h: the RFM method: its options, its model, and how customers' rows are read. */
#ifndef SEGMILL_MODELS_RFM_H
#define SEGMILL_MODELS_RFM_H

#include "models/method.h"
#include "models/rfm_cuts.h"
#include "models/rfm_maps.h"

typedef enum seg_rfm_scheme {
    SEG_RFM_DISC,     /* edges at order statistics: equal values, equal scores */
    SEG_RFM_NTILE,    /* groups of equal size, ties broken by id */
    SEG_RFM_NESTED,   /* the same, frequency inside recency, money inside both */
    SEG_RFM_FROZEN,   /* the cuts of an earlier model */
    SEG_RFM_EDGES     /* edges given by the user */
} seg_rfm_scheme;

typedef struct seg_rfm_options {
    seg_customer_options customers;   /* first */
    int scheme;
    uint32_t n_bins;
    const char *map;                  /* shipped name or file; null: "default", or with
                                         frozen the earlier model's */
    const char *from;                 /* frozen: that model */
    const char *edges[SEG_RFM_DIMENSIONS];
} seg_rfm_options;

typedef struct seg_rfm_model {
    seg_rfm_cuts *cuts;
    seg_rfm_map *map;
    uint32_t scale;        /* money is in units of 1/scale */
    int64_t *customers;    /* per segment, map->n_names of them */
    int64_t *revenue;
    float *means;          /* n_names x 3: recency, frequency, money; NaN if nobody */
} seg_rfm_model;

/* Room for the figures of the map's segments. */
seg_status seg_rfm_model_make_room(seg_rfm_model *model, size_t n_names, seg_error *err);
void seg_rfm_model_free(void *state);   /* takes null */

/* The rfm text of scores ("555"; with 10 bins "10-5-3") into 8 null-padded bytes. */
enum { SEG_RFM_TEXT_BYTES = 8 };
void seg_rfm_text(char out[SEG_RFM_TEXT_BYTES], uint32_t n_bins,
                  const uint32_t score[SEG_RFM_DIMENSIONS]);

/* ---- rows of customers ---------------------------------------------------------------- */

typedef struct seg_rfm_row {
    int64_t value[SEG_RFM_DIMENSIONS];   /* recency is missing without a purchase */
    bool bought, returned;               /* has purchases; has lines taken back */
} seg_rfm_row;

typedef struct seg_rfm_reader {
    size_t obs[SEG_RFM_DIMENSIONS];      /* exact columns; SIZE_MAX: read X */
    size_t x[SEG_RFM_DIMENSIONS];
    size_t returns;
    uint32_t scale;                      /* of the data's money */
} seg_rfm_reader;

/* Where a table has its numbers. in_model_order: X is as seg_rfm_model's schema says. */
seg_status seg_rfm_reader_begin(const seg_schema *schema, bool in_model_order,
                                seg_rfm_reader *reader, seg_error *err);
/* Row i with money in units of 1/scale. SEG_E_DATA names the row and what is wrong. */
seg_status seg_rfm_read(const seg_rfm_reader *reader, const seg_block *block, size_t i,
                        uint32_t scale, seg_rfm_row *row, seg_error *err);

/* Number of the segment; scores only of those who bought, else zero. */
size_t seg_rfm_segment(const seg_rfm_model *model, const seg_rfm_row *row, const char *id,
                       size_t id_width, uint32_t score[SEG_RFM_DIMENSIONS]);

/* ---- the parts of seg_method_rfm ----------------------------------------------------------- */

seg_status seg_rfm_check(const void *options, seg_error *err);
seg_status seg_rfm_train_begin(const seg_train_input *input, void **trainer, seg_error *err);
seg_status seg_rfm_pass_begin(void *trainer, bool *more, seg_error *err);
seg_status seg_rfm_pass_add(void *trainer, const seg_block *block, seg_error *err);
seg_status seg_rfm_pass_end(void *trainer, seg_error *err);
seg_status seg_rfm_train_end(void *trainer, seg_model *model, seg_node *figures,
                             seg_error *err);
void seg_rfm_train_free(void *trainer);

seg_status seg_rfm_save(const seg_model *model, seg_h5_writer *w, seg_error *err);
seg_status seg_rfm_load(seg_model *model, seg_h5 *file, seg_error *err);

/* bins, map, edges{} and segments[] of a model. */
void seg_rfm_figures(const seg_rfm_model *model, seg_node *into);

#endif

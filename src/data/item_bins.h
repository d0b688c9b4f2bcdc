/* item_bins.h: how the columns of a features source become items, found for the first time:
 * what the options declare, and what the values say about the rest. */
#ifndef SEGMILL_DATA_ITEM_BINS_H
#define SEGMILL_DATA_ITEM_BINS_H

#include <stdbool.h>
#include "data/feature_baskets.h"

enum {
    SEG_ITEM_FEW = 12,           /* whole values that need no declaration */
    SEG_ITEM_MAX_VALUES = 1000,  /* of COL:each */
    SEG_ITEM_MAX_BINS = 100      /* of N and COL:qN */
};

typedef enum seg_item_rule {
    SEG_ITEM_FREE = 0,           /* nothing is declared */
    SEG_ITEM_LEFT_OUT,
    SEG_ITEM_BY_CUTS,            /* COL:E,E,... */
    SEG_ITEM_BY_COUNT,           /* COL:qN */
    SEG_ITEM_BY_VALUE            /* COL:each */
} seg_item_rule;

typedef struct seg_item_declared {
    seg_item_rule rule;
    bool said;                   /* --bins names the column */
    uint32_t n_bins;
    float *cuts;
    size_t n_cuts, cuts_cap;
} seg_item_declared;

/* What the options say of every feature (declared[schema->n_features]), and of all others:
 * *n_bins, or 0. SEG_E_USAGE says what is malformed. */
seg_status seg_item_declare(const seg_feature_baskets_options *options, const seg_schema *schema,
                            seg_item_declared **declared, uint32_t *n_bins, seg_error *err);
void seg_item_declared_free(seg_item_declared *declared, size_t n);   /* takes null */

/* Whether the option --drop, or --weights, takes the column out. */
bool seg_item_left_out(const seg_feature_baskets_options *options, const char *name);

/* Declares, reads the values, and decides; `from` is at its start afterwards. */
seg_status seg_item_bins_find(const seg_context *ctx, seg_source *from,
                              const seg_feature_baskets_options *options, seg_item_bins **out,
                              seg_error *err);

#endif

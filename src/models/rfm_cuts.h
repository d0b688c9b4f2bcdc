/* rfm_cuts.h: the cut points that turn recency, frequency and money into scores. */
#ifndef SEGMILL_MODELS_RFM_CUTS_H
#define SEGMILL_MODELS_RFM_CUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

enum { SEG_RFM_RECENCY, SEG_RFM_FREQUENCY, SEG_RFM_MONETARY, SEG_RFM_DIMENSIONS };
enum { SEG_RFM_BINS_MIN = 2, SEG_RFM_BINS_MAX = 10 };

/* "recency", "frequency", "monetary". */
extern const char *const seg_rfm_dimension_names[SEG_RFM_DIMENSIONS];

/* Customers to cut: one value per dimension (days, orders, money), and ids. */
typedef struct seg_rfm_values {
    size_t n;
    int64_t *value[SEG_RFM_DIMENSIONS];
    char *ids;                /* n x id_width; null if there are none */
    size_t id_width;
} seg_rfm_values;

/* n_bins - 1 cuts per dimension; nested: so many for each score (combination) of the
 * dimensions before it, in ascending order of those scores.
 *
 * by_id false (edges): score = 1 + number of cuts below the value, so equal values have
 * equal scores; recency is reversed, as fewer days are better.
 * by_id true (ranks): a cut is the last customer of a group, a value and an id; customers
 * are ordered by value (recency: most days first), equal ones by their id. */
typedef struct seg_rfm_cuts {
    uint32_t n_bins;
    bool by_id, nested;
    size_t n[SEG_RFM_DIMENSIONS];
    int64_t *value[SEG_RFM_DIMENSIONS];
    char *id[SEG_RFM_DIMENSIONS];      /* by_id: n x id_width */
    size_t id_width;
} seg_rfm_cuts;

/* Number of cuts of one dimension. */
size_t seg_rfm_cuts_count(uint32_t n_bins, bool nested, size_t dimension);

/* Room for cuts, all zero. */
seg_status seg_rfm_cuts_new(uint32_t n_bins, bool by_id, bool nested, size_t id_width,
                            seg_rfm_cuts **out, seg_error *err);
void seg_rfm_cuts_free(seg_rfm_cuts *cuts);   /* takes null */

/* disc: order statistics as edges. values->n > 0. */
seg_status seg_rfm_cuts_disc(const seg_rfm_values *values, uint32_t n_bins,
                             seg_rfm_cuts **out, seg_error *err);
/* ntile: groups of equal size as SQL's NTILE makes them, each dimension by itself, or
 * (nested) frequency inside recency and money inside both. Needs ids. */
seg_status seg_rfm_cuts_ntile(const seg_rfm_values *values, uint32_t n_bins, bool nested,
                              seg_rfm_cuts **out, seg_error *err);

/* Scores 1 .. n_bins of one customer. id: null-padded cell; used if by_id. */
void seg_rfm_cuts_score(const seg_rfm_cuts *cuts, const int64_t value[SEG_RFM_DIMENSIONS],
                        const char *id, size_t id_width, uint32_t score[SEG_RFM_DIMENSIONS]);

#endif

/* kmeans_previous.h: segments of a new training keep the numbers and names they had in the
 * last one, as far as they are still the same.
 *
 * In this order: open, with the columns the training uses; label the training's rows by the
 * old model too (scale and centres of `old` over `columns`), counting old label x new label;
 * match; permute the trained model, and by `number` whatever else is indexed by segments;
 * name the segments; put. */
#ifndef SEGMILL_MODELS_KMEANS_PREVIOUS_H
#define SEGMILL_MODELS_KMEANS_PREVIOUS_H

#include "models/kmeans.h"

enum { SEG_KMEANS_MATCHED_MAX = 2048 };   /* segments, old or new: time is their number cubed */

typedef enum seg_kmeans_fate {
    SEG_KMEANS_SAME,        /* number and name of the old segment */
    SEG_KMEANS_RENUMBERED,  /* its name, but not its number: there are fewer segments now, and
                               they count from 0 */
    SEG_KMEANS_NEW
} seg_kmeans_fate;

typedef struct seg_kmeans_previous {
    seg_model *model;
    const seg_kmeans_model *old;
    size_t *columns;        /* of the data, in the order of the old model's features */
    float *level;           /* codes of the data, in that order; null: numbers only */
    size_t *feature;        /* of the new model, in the order of the old model's features */
    /* after matching */
    size_t k;               /* of the new model */
    int32_t *number;        /* k: what the trained segment j is called from now on */
    int32_t *was;           /* k, by the new number: the old segment it goes on, or -1 */
    int64_t *counts;        /* old->k x k, by the new numbers; null: not counted */
} seg_kmeans_previous;

/* path: a k-means model. columns, level: d features of the data's schema, in the new model's
 * order (level: as in seg_kmeans_scale). SEG_E_DATA when the old model is of other features or
 * levels (named), of another method, or of too many segments. */
seg_status seg_kmeans_previous_open(const char *path, const seg_schema *schema,
                                    const size_t *columns, const float *level, size_t d,
                                    seg_kmeans_previous **out, seg_error *err);
void seg_kmeans_previous_close(seg_kmeans_previous *previous);   /* takes null */

/* Which new segment goes on with which old one: the pairs that keep most customers; of equal
 * ones (and without counts), the least sum of squared distances of centroids, in the new
 * model's scaled units; then the lowest numbers. A pair is only the same segment if at least
 * a tenth of the customers of either are in both (without counts: if the centroids are no
 * farther apart than twice the root mean square distance of rows).
 *
 * Pairs take the old number where it is below k. The other numbers below k go, in order, to
 * the pairs whose old number is not, then to new segments; so a number changes its meaning
 * only where a segment has vanished.
 *
 * counts: old->k x k, by old label and trained label, or null. model: as trained, with sizes,
 * spreads, scaling and centroids. */
seg_status seg_kmeans_previous_match(seg_kmeans_previous *previous,
                                     const seg_kmeans_model *model, const int64_t *counts,
                                     seg_error *err);
seg_kmeans_fate seg_kmeans_previous_fate(const seg_kmeans_previous *previous, size_t j);

/* Everything in the model by its new numbers; names of matched segments are the old ones, the
 * others' are null (seg_kmeans_name_segments comes next). */
seg_status seg_kmeans_permute(seg_kmeans_model *model, const seg_kmeans_previous *previous,
                              seg_error *err);

/* "previous" under `into`: an object of customers, stayed, share_stayed (if counted), kept,
 * renumbered, new and vanished; "migration": rows from, from_name, to, to_name, customers,
 * share (of the old segment's), the old segments in order, the largest first (at most 16 of
 * each and 4,096 in all); "segment_numbers": one row per segment with its fate; and
 * "vanished_segments" if there are any. After naming. */
seg_status seg_kmeans_previous_put(const seg_kmeans_previous *previous,
                                   const seg_kmeans_model *model, seg_node *into, seg_error *err);

#endif

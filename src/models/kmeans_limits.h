/* kmeans_limits.h: when a k-means training has to end, and how small a segment may be. */
#ifndef SEGMILL_MODELS_KMEANS_LIMITS_H
#define SEGMILL_MODELS_KMEANS_LIMITS_H

#include "models/kmeans.h"

typedef struct seg_kmeans_limits {
    double deadline;             /* on seg_clock_seconds(); infinite: none */
    uint64_t least, of;          /* least rows of a segment, as of: 0; else a share least/of */
} seg_kmeans_limits;

/* What the options say; the time runs from now. SEG_E_USAGE if they say it wrong. */
seg_status seg_kmeans_limits_read(const seg_kmeans_options *options, seg_kmeans_limits *out,
                                  seg_error *err);
/* --min-size asks for no more rows than there are, or SEG_E_DATA. */
seg_status seg_kmeans_limits_fit(const seg_kmeans_limits *limits, double rows, seg_error *err);
/* The smallest segment, ties to the lowest number, if it is smaller than it may be and not
 * the only one; else SIZE_MAX. per_row: what a row counts. sample: the figures are those of a
 * sample; only a segment of less than half the size is surely too small then. */
size_t seg_kmeans_too_small(const seg_kmeans_limits *limits, const seg_kmeans_figures *figures,
                            double per_row, bool sample);

#endif

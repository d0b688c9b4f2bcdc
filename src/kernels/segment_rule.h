/* segment_rule.h: a segment in a few words: at most three conditions that most of its rows
 * meet and few others. */
#ifndef SEGMILL_KERNELS_SEGMENT_RULE_H
#define SEGMILL_KERNELS_SEGMENT_RULE_H

#include "kernels/segment_stats.h"
#include "kernels/tree_bins.h"

enum { SEG_SEGMENT_CONDITIONS = 3 };

typedef enum seg_segment_test {
    SEG_SEGMENT_AT_MOST,   /* a number: value <= threshold */
    SEG_SEGMENT_ABOVE,     /* a number: value > threshold */
    SEG_SEGMENT_IS,        /* a category: this level */
    SEG_SEGMENT_IS_NOT     /* a category: another level */
} seg_segment_test;

/* A missing value meets no condition. */
typedef struct seg_segment_condition {
    uint32_t feature;          /* of the bins */
    seg_segment_test test;
    float threshold;
    int32_t code;
} seg_segment_condition;

typedef struct seg_segment_rule {
    size_t n;                  /* 0: no condition makes the segment any clearer */
    seg_segment_condition conditions[SEG_SEGMENT_CONDITIONS];
    double recall;             /* share of the segment that meets all */
    double precision;          /* share of segment among all that meet them */
} seg_segment_rule;

/* One rule for each of the k segments (of those with rows in them; and k above 1).
 * rows: x is not looked at. bins: finished; binned: as seg_bins_apply() left it, of the same
 * rows. Same bits for any number of threads. */
seg_status seg_segment_rules(const seg_segment_rows *rows, const seg_bins *bins,
                             const uint8_t *binned, seg_segment_rule *out, seg_error *err);

#endif

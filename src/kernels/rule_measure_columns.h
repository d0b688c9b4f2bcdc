/* rule_measure_columns.h: the formulas of the measures, for a block of rules at a time. */
#ifndef SEGMILL_KERNELS_RULE_MEASURE_COLUMNS_H
#define SEGMILL_KERNELS_RULE_MEASURE_COLUMNS_H

#include "kernels/rule_measures.h"

enum { SEG_RULE_BLOCK = 512 };

/* The 2x2 table of each rule in columns: A is the body, B the head; m marks "not". */
typedef struct seg_rule_block {
    size_t n;
    double all;
    double a[SEG_RULE_BLOCK], b[SEG_RULE_BLOCK];         /* A, B */
    double ab[SEG_RULE_BLOCK], amb[SEG_RULE_BLOCK];      /* A and B, A without B */
    double mab[SEG_RULE_BLOCK], mamb[SEG_RULE_BLOCK];    /* B without A, neither */
    double apart[SEG_RULE_BLOCK];                        /* all ab - a b, rounded once */
    const seg_rule_counts *counts;                       /* n */
    const seg_measure_frame *frame;                      /* never null */
    const seg_rule_counts *rivals;                       /* n, or null */
} seg_rule_block;

void seg_rule_block_fill(seg_rule_block *block, const seg_rule_counts *counts, size_t n,
                         const seg_measure_frame *frame, size_t first);
void seg_rule_block_measure(const seg_rule_block *block, seg_measure measure, double *out);

#endif

/* kmeans_sample.h: rows in memory to start from. Of few rows all; of many about
 * seg_kmeans_sample_size, drawn with half their chance by weight alone and half by their
 * squared distance from the mean, so that rare customers far out are there too, each with
 * the weight of the rows it stands for (O. Bachem, M. Lucic, A. Krause, "Scalable k-means
 * clustering via lightweight coresets", KDD 2018, 1119-1127). What is drawn depends on the
 * rows and the seed alone. */
#ifndef SEGMILL_MODELS_KMEANS_SAMPLE_H
#define SEGMILL_MODELS_KMEANS_SAMPLE_H

#include "kernels/kmeans.h"
#include "segmill/table.h"

typedef struct seg_kmeans_sample {
    bool all;                 /* every row is here */
    size_t n, cap, width;
    float *x;                 /* n x width: all features of the data */
    uint32_t *weight;         /* n, in units of the sample; null: 1 each */
    double total_weight;
    /* drawing */
    double *mean;             /* d, scaled */
    double unit;              /* of the weights */
    double base, quantum;     /* mass of a row of weight 1: base + dist2 * quantum */
    uint64_t next, step;      /* mass up to the next row drawn; and between two */
} seg_kmeans_sample;

/* How many rows are drawn from data of `width` features for k clusters; data of no more
 * rows than that are taken whole. */
size_t seg_kmeans_sample_size(size_t width, size_t k);

seg_status seg_kmeans_sample_new(size_t width, size_t cap, bool all, seg_kmeans_sample *out,
                                 seg_error *err);
void seg_kmeans_sample_free(seg_kmeans_sample *sample);
seg_matrix seg_kmeans_sample_rows(const seg_kmeans_sample *sample);

/* Every step-th row stays, and the memory of the others is given back. */
void seg_kmeans_sample_thin(seg_kmeans_sample *sample, size_t most);

/* all: the rows of a block. */
seg_status seg_kmeans_sample_keep(seg_kmeans_sample *sample, seg_matrix rows, seg_error *err);

/* Not all: mean (d, scaled) and the mean squared distance from it, then blocks in order. */
seg_status seg_kmeans_sample_begin(seg_kmeans_sample *sample, const double *mean, size_t d,
                                   double mean_dist2, uint64_t total_weight, uint64_t seed,
                                   seg_error *err);
seg_status seg_kmeans_sample_draw(seg_kmeans_sample *sample, const seg_kmeans_scale *scale,
                                  seg_matrix rows, const uint32_t *weight, int n_threads,
                                  seg_error *err);

#endif

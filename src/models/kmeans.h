/* kmeans.h: what a trained k-means is, for the files that train, keep and use it. */
#ifndef SEGMILL_MODELS_KMEANS_H
#define SEGMILL_MODELS_KMEANS_H

#include "kernels/kmeans.h"
#include "models/kmeans_features.h"
#include "models/kmeans_profile.h"
#include "models/method.h"

typedef enum seg_kmeans_scaling {
    SEG_SCALE_NONE, SEG_SCALE_Z, SEG_SCALE_ROBUST, SEG_SCALE_MINMAX, SEG_SCALE_LOG1P_Z
} seg_kmeans_scaling;

typedef struct seg_kmeans_options {
    const char *k;            /* "8" or "3..12" */
    const char *init;         /* greedy, parallel, random, farthest, bisecting, or a file of centroids */
    uint32_t n_init, max_iter;
    double tol;
    int scale;                /* seg_kmeans_scaling */
    const char *features;     /* list; null: all numbers */
    const char *categories;   /* list, or "all"; null: none */
    double gamma;             /* what two levels of a category are apart; 0: by the data */
    const char *feature_weights;   /* "spend=2,age=0.5"; null: all alike */
    const char *weights;      /* column; null: all rows alike */
    uint32_t resamples;       /* of each k of a scan */
    const char *previous;     /* model whose numbers and names go on; null: none */
    const char *names;        /* file of own names; null: none */
    const char *checkpoint;   /* file to go on from after a kill; null: none */
    const char *deadline;     /* seconds; null: none */
    const char *min_size;     /* rows, or a share of them; null: any */
} seg_kmeans_options;

/* Everything that is needed to assign a row. The model's schema has its columns, numbers
 * and categories; d counts features, of which a category is several. */
typedef struct seg_kmeans_model {
    size_t k, d;
    double *z;                /* k x d centroids, scaled units */
    double *shift, *inverse;  /* d */
    bool log1p;
    double *spread;           /* k: mean squared distance in training, scaled units */
    int64_t *size;            /* k: rows in training */
    const char **names;       /* k, in arena; null until named */
    seg_kmeans_profile *profile;   /* what they are like; or null */
    seg_arena arena;
    size_t *columns;          /* d: the bound block is in the model's order */
    float *level;             /* d: as in seg_kmeans_scale; null: all are numbers */
    seg_kmeans_centres centres;
} seg_kmeans_model;

seg_status seg_kmeans_model_new(size_t k, size_t d, seg_kmeans_model **out, seg_error *err);
void seg_kmeans_model_free(void *state);
/* Once after new: which feature is which level of the schema's categories. d is
 * seg_kmeans_expanded_count(). */
seg_status seg_kmeans_model_expand(seg_kmeans_model *model, const seg_schema *schema,
                                   seg_error *err);
/* How the model sees rows. */
seg_kmeans_scale seg_kmeans_model_scale(const seg_kmeans_model *model);
/* Centroid j, feature f in the data's own units; of a level its share. */
double seg_kmeans_centroid(const seg_kmeans_model *model, size_t j, size_t f);
/* Names every segment that has none yet (null): "high spend and high orders", at most two
 * traits of the profile (without one: of the centroids), "typical" where nothing stands out;
 * "segment 7" in models of very many. No two are equal, none has a comma (lists of names are
 * parted by commas) or a control character. kmeans_names.c */
seg_status seg_kmeans_name_segments(seg_kmeans_model *model, const seg_schema *schema,
                                    seg_error *err);

/* kmeans_train.c: the pass contract. */
seg_status seg_kmeans_train_begin(const seg_train_input *input, void **trainer, seg_error *err);
seg_status seg_kmeans_pass_begin(void *trainer, bool *more, seg_error *err);
seg_status seg_kmeans_pass_add(void *trainer, const seg_block *block, seg_error *err);
seg_status seg_kmeans_pass_end(void *trainer, seg_error *err);
seg_status seg_kmeans_train_end(void *trainer, seg_model *model, seg_node *figures,
                                seg_error *err);
void seg_kmeans_train_free(void *trainer);

/* kmeans_evaluate.c: quality of the segments on any data. Columns of the scores, in order. */
enum {
    SEG_KMEANS_SEGMENT, SEG_KMEANS_SEGMENT_NAME, SEG_KMEANS_DISTANCE, SEG_KMEANS_SECOND,
    SEG_KMEANS_MARGIN, SEG_KMEANS_OUTLIER, SEG_KMEANS_COLUMNS
};
seg_status seg_kmeans_evaluate_begin(const seg_model *model, const seg_train_input *input,
                                     void **ev, seg_error *err);
seg_status seg_kmeans_evaluate_add(void *ev, const seg_block *in, const seg_block *scored,
                                   seg_error *err);
seg_status seg_kmeans_evaluate_end(void *ev, seg_node *figures, seg_error *err);
void seg_kmeans_evaluate_free(void *ev);

/* kmeans_file.c */
seg_status seg_kmeans_save(const seg_model *model, seg_h5_writer *w, seg_error *err);
seg_status seg_kmeans_load(seg_model *model, seg_h5 *file, seg_error *err);

#endif

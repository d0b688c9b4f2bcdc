/* classifier.h: what all classifiers share: the names of their result columns, deciles
 * and bands of a probability, and the evaluation against a label. */
#ifndef SEGMILL_MODELS_CLASSIFIER_H
#define SEGMILL_MODELS_CLASSIFIER_H

#include "base/text.h"
#include "models/method.h"

/* "churn_probability" when the label is about leaving (churn, exited, attrition ...),
 * else "LABEL_probability"; into the text, which is cleared first. */
seg_status seg_probability_name(const char *label, seg_text *out, seg_error *err);

/* The decile of a score is 1 + the number of edges above it: 1 holds the highest tenth of
 * the training scores, as nearly as ties allow, and is never empty. */
enum { SEG_DECILE_EDGES = 9 };
/* scores: n distinct or equal ones, descending, each held by rows[i] > 0 rows. */
void seg_decile_edges(const float *scores, const int64_t *rows, size_t n,
                      float edges[SEG_DECILE_EDGES]);
int seg_decile(const float edges[SEG_DECILE_EDGES], float score);

seg_status seg_decile_edges_save(seg_h5_writer *w, const float edges[SEG_DECILE_EDGES],
                                 seg_error *err);
seg_status seg_decile_edges_load(seg_h5 *file, float edges[SEG_DECILE_EDGES], seg_error *err);

/* Deciles 1 and 2 are high, 3 to 5 medium, the rest low: codes 0, 1, 2. */
enum { SEG_BANDS = 3 };
extern const char *const seg_band_names[SEG_BANDS];
int32_t seg_band(int decile);

/* Or bands by probability, as --bands says: 0.1,0.3 makes low below 0.1, medium from 0.1 on
 * and high from 0.3 on. Two to five bands, the highest is code 0. */
enum { SEG_BAND_EDGES = 4 };
typedef struct seg_bands {
    size_t n_edges;          /* 0: by decile */
    float edges[SEG_BAND_EDGES];   /* ascending */
} seg_bands;
/* text: edges with commas, ascending, inside 0 .. 1; null or empty: by decile. SEG_E_USAGE. */
seg_status seg_bands_parse(const char *text, seg_bands *out, seg_error *err);
/* Those that a model was trained with, by its options. */
seg_status seg_bands_of(const seg_model *model, seg_bands *out, seg_error *err);
/* Names of the codes; *n: how many. */
const char *const *seg_bands_names(const seg_bands *bands, size_t *n);
int32_t seg_bands_code(const seg_bands *bands, float probability, int decile);

/* SEG_E_USAGE when costs stand without a value, or when nobody accepts. */
seg_status seg_money_check(const seg_money_options *money, seg_error *err);

/* The evaluation callbacks of a classifier whose first result column is its probability.
 * label: the one of the model, used when the data name none; positive, negative: its
 * values; none is kept. input->options: a seg_classify_options whose money and threshold
 * count, or null; read at the begin. */
seg_status seg_classifier_evaluate_begin(const seg_train_input *input, const char *label,
                                         const char *positive, const char *negative,
                                         void **ev, seg_error *err);
seg_status seg_classifier_evaluate_add(void *ev, const seg_block *in, const seg_block *scored,
                                       seg_error *err);
seg_status seg_classifier_evaluate_end(void *ev, seg_node *figures, seg_error *err);
void seg_classifier_evaluate_free(void *ev);   /* takes null */

#endif

/* kmeans_profile.h: what k-means segments are like: figures of every feature of the data per
 * segment (also of those that were not segmented by), and the same in a few words. Part of
 * the model, and optional there: models of very many segments have none.
 *
 *   kmeans_profile.c        figures and rules, from rows in memory
 *   kmeans_words.c          what stands out, in words
 *   kmeans_profile_file.c   in the model file
 *   kmeans_profile_put.c    as part of a result */
#ifndef SEGMILL_MODELS_KMEANS_PROFILE_H
#define SEGMILL_MODELS_KMEANS_PROFILE_H

#include "base/arena.h"
#include "base/text.h"
#include "data/h5.h"
#include "kernels/segment_rule.h"
#include "segmill/context.h"
#include "segmill/doc.h"
#include "segmill/matrix.h"
#include "segmill/table.h"

enum {
    SEG_KMEANS_TRAITS = 3,          /* sentences per segment, at most */
    SEG_KMEANS_LEVELS = 4,          /* per category and segment: three there are more of than
                                       usual, and one there is less of */
    SEG_KMEANS_PROFILED = 1024,     /* more segments have no profile */
    SEG_KMEANS_PROFILE_CELLS = 1 << 20   /* nor do more segments x features */
};

/* Of a number, over all rows. */
enum {
    SEG_KMEANS_MONEY = 1,           /* its values add up to money: shares of the sum are told */
    SEG_KMEANS_POSITIVE = 2,        /* next to nothing below 0, and not all 0: ratios of
                                       means make sense */
    SEG_KMEANS_WHOLE = 4,           /* whole numbers only */
    SEG_KMEANS_UNIT = 8,            /* a share, or 0 and 1: told in percent */
    SEG_KMEANS_DAYS = 16,           /* in days */
    SEG_KMEANS_FLAGS = 31
};

typedef struct seg_kmeans_profile {
    size_t k, n_numbers, n_categories;
    int64_t rows;                   /* looked at: all of the training or a sample */
    const char **numbers, **categories;   /* names of the features */
    uint8_t *flags;                 /* n_numbers */
    /* (k + 1) x n_numbers, all rows last. known: share of the rows that have a value; the rest
     * is over these, NaN where there are none. rank and effect: kernels/segment_stats.h.
     * part: share of the sum over all rows; NaN where that is not above 0. */
    double *known, *mean, *median, *rank, *effect, *part;
    double *category_known;         /* k x n_categories */
    /* k x n_categories x SEG_KMEANS_LEVELS; name null: none */
    const char **level;
    double *level_share, *level_usual, *level_effect;
    /* in words: k x SEG_KMEANS_TRAITS and k texts, null: none */
    const char **traits, **rules;
    double *recall, *precision;     /* k; NaN where there is no rule */
    seg_arena arena;
} seg_kmeans_profile;

typedef struct seg_kmeans_profile_input {
    const seg_context *ctx;
    const seg_schema *schema;       /* of all features of the data */
    seg_matrix x;                   /* rows of all these features, below 2^32 */
    const int32_t *labels;          /* their segments; outside 0 .. k-1: of none */
    const uint64_t *weights;        /* null: 1 each; below 2^62 together */
    size_t k;
} seg_kmeans_profile_input;

/* *out stays null when there are too many segments (with a note). Same bits for any number of
 * threads. Memory beside the rows: at most 330 bytes for each of them, and 32 for each thread. */
seg_status seg_kmeans_profile_make(const seg_kmeans_profile_input *input,
                                   seg_kmeans_profile **out, seg_error *err);
void seg_kmeans_profile_free(seg_kmeans_profile *profile);   /* takes null */
/* Segment j becomes number[j], a permutation of 0 .. k-1. */
seg_status seg_kmeans_profile_permute(seg_kmeans_profile *profile, const int32_t *number,
                                      seg_error *err);

/* Room for the figures; names and texts are null. */
seg_status seg_kmeans_profile_new(size_t k, size_t n_numbers, size_t n_categories,
                                  seg_kmeans_profile **out, seg_error *err);
/* The number whose parts are told as "of the money", or SIZE_MAX. */
size_t seg_kmeans_money(const seg_kmeans_profile *profile);
/* Mean of segment j over the mean of all rows, or NaN where that makes no sense. */
double seg_kmeans_lift(const seg_kmeans_profile *profile, size_t j, size_t number);

/* ---- kmeans_words.c --------------------------------------------------------------------- */

/* Something that stands out: a number, or a level of a category. */
typedef struct seg_kmeans_trait {
    size_t number;                  /* SIZE_MAX: a level */
    size_t level;                   /* its place in profile->level */
    double effect;
} seg_kmeans_trait;

/* What distinguishes segment j, the strongest first: at most n, of effect 0.2 and more, one
 * per feature. Of equal ones, numbers first, in the order of the data. */
size_t seg_kmeans_traits_find(const seg_kmeans_profile *profile, size_t j,
                              seg_kmeans_trait *out, size_t n);
/* Fills traits. */
seg_status seg_kmeans_traits_tell(seg_kmeans_profile *profile, seg_error *err);
/* "orders >= 7 and plan = yearly". flags: per number of the schema's features (by feature). */
void seg_kmeans_rule_tell(const seg_segment_rule *rule, const seg_column *const *features,
                          const bool *whole, seg_text *out);
/* What a number is by its name and unit: SEG_KMEANS_MONEY, UNIT, DAYS. */
uint8_t seg_kmeans_name_flags(const seg_column *feature);

/* ---- kmeans_profile_file.c ---------------------------------------------------------------- */

/* uns/model/profile. Null writes nothing. */
seg_status seg_kmeans_profile_save(const seg_kmeans_profile *profile, seg_h5_writer *w,
                                   seg_error *err);
/* Every size, value and text is checked; *out is null when the file has none. */
seg_status seg_kmeans_profile_load(seg_h5 *file, size_t k, seg_kmeans_profile **out,
                                   seg_error *err);

/* ---- kmeans_profile_put.c ------------------------------------------------------------------- */

/* Members of segment j for its row among "segments": money_share (if there is money) and
 * traits, texts. all: also features and categories, every figure. Null puts nothing. */
void seg_kmeans_profile_put(const seg_kmeans_profile *profile, size_t j, bool all,
                            seg_node *row);
/* Array "segment_rules" under `into`: segment, rule, recall, precision. */
void seg_kmeans_rules_put(const seg_kmeans_profile *profile, seg_node *into);

#endif

/* method.h: what a method is. One constant of this type per method, listed in
 * models/methods.c: a new method adds files and one row, and every command knows it.
 *
 * Training is the pass contract. The job owns the loop over blocks:
 *
 *     train_begin(input, &trainer)
 *     while (pass_begin(trainer, &more), more) {
 *         for each block of the source: pass_add(trainer, block)
 *         pass_end(trainer)
 *     }
 *     train_end(trainer, model)
 *
 * Accumulators are flat and merge; results depend neither on threads nor on block size
 * nor on the instruction set. */
#ifndef SEGMILL_MODELS_METHOD_H
#define SEGMILL_MODELS_METHOD_H

#include <stdbool.h>
#include <stdint.h>
#include "data/feature_baskets.h"
#include "data/h5.h"
#include "data/schema.h"
#include "data/taxonomy.h"
#include "segmill/context.h"
#include "segmill/doc.h"
#include "segmill/model.h"
#include "segmill/option.h"
#include "segmill/stream.h"

/* What rows a method wants to see. The job converts (jobs/view.c): a transactions file
 * becomes customers or baskets on the way. */
typedef enum seg_view {
    SEG_VIEW_FEATURES,    /* rows with X, as they are; transactions: customer features */
    SEG_VIEW_CUSTOMERS,   /* customers with recency_days, frequency, monetary (X and exact
                             integers in obs columns), made from transactions */
    SEG_VIEW_ORDERS,      /* baskets: one row per order */
    SEG_VIEW_PEOPLE,      /* baskets: one row per customer, all they ever bought */
    SEG_VIEW_VISITS       /* orders, where the log names order, customer and day; else people */
} seg_view;

struct seg_offer_options;   /* models/offer_options.h */

typedef struct seg_train_input {
    const seg_context *ctx;     /* never null here */
    const seg_schema *schema;   /* of the blocks to come; outlives the trainer */
    uint64_t n_rows;
    const void *options;        /* the method's struct */
    const seg_source *source;   /* the rows come from it; asked how it made them, or null */
    const uint8_t *fold;        /* n_rows fold numbers, or null: every row counts */
    int held_out;               /* the fold that is judged on, not learned from; -1: none */
} seg_train_input;

/* A fold number of rows that are neither learned from nor judged on: of a forward split,
 * what happens after the judged part or within the gap before it. */
enum { SEG_FOLD_APART = 255 };

static inline bool seg_learns_from(const seg_train_input *input, uint64_t row)
{
    return input->fold == NULL || row >= input->n_rows
           || (input->fold[row] != input->held_out && input->fold[row] != SEG_FOLD_APART);
}

static inline bool seg_judged_on(const seg_train_input *input, uint64_t row)
{
    return input->fold == NULL
           || (row < input->n_rows && input->fold[row] == input->held_out);
}

struct seg_model {
    const seg_method *method;
    seg_schema_owner *schema;   /* features used, in the model's order, with levels */
    seg_doc *info;              /* {"options": {...}, "figures": {...}, "provenance": {...}} */
    void *state;                /* the method's own */
    struct seg_selfcheck *selfcheck;   /* rows it scored when it was made; or null */
    struct seg_psi *psi;        /* classifiers: where its training rows lay; or null */
    uint32_t top_reasons;       /* columns of reasons in the scores of an ensemble */
};
enum { SEG_REASONS_USUAL = 3, SEG_REASONS_MAX = 20 };

struct seg_method {
    const char *name;           /* "kmeans" */
    const char *summary;        /* one line */
    const char *about;          /* what it does, in lines for `help METHOD`; may be null */
    const char *terms_title;    /* of a list of words and what they mean; may be null */
    /* Word i of the list and one line about it; false behind the last. */
    bool (*term)(size_t i, const char **word, char *line, size_t size);
    seg_view train_view, score_view;
    bool needs_label;           /* label column(s) of the schema: a CODE obs column */
    const seg_option *options;
    size_t options_size;
    void (*defaults)(void *options);
    /* Beyond ranges, and what all classifiers share; may be null. Ask seg_method_check(). */
    seg_status (*check)(const void *options, seg_error *err);

    /* -- training ------------------------------------------------------------- */
    seg_status (*train_begin)(const seg_train_input *input, void **trainer, seg_error *err);
    seg_status (*pass_begin)(void *trainer, bool *more, seg_error *err);
    seg_status (*pass_add)(void *trainer, const seg_block *block, seg_error *err);
    seg_status (*pass_end)(void *trainer, seg_error *err);
    /* Fills model->schema (features used) and model->state, and puts what --json shows
     * (k, inertia, sizes ...) under `figures`. */
    seg_status (*train_end)(void *trainer, seg_model *model, seg_node *figures, seg_error *err);
    void (*train_free)(void *trainer);          /* takes null */

    /* -- a model -------------------------------------------------------------- */
    /* X, obs, var and everything under "uns/model"; the job writes "uns/segmill" (kind,
     * method, versions, features with levels, options, provenance). */
    seg_status (*save)(const seg_model *model, seg_h5_writer *w, seg_error *err);
    /* Adds to `out` what the columns of the model's X are, as features; nothing, or null:
     * those of the schema. */
    seg_status (*columns_of_x)(const seg_model *model, seg_schema_owner *out, seg_error *err);
    /* model->schema and info are there; fill state. Check every index and value. */
    seg_status (*load)(seg_model *model, seg_h5 *file, seg_error *err);
    void (*state_free)(void *state);            /* takes null */
    seg_status (*describe)(const seg_model *model, seg_node *into, seg_error *err);
    /* The model as plain text for people (rules of the tree, ...) and as a CSV table. */
    seg_status (*text)(const seg_model *model, seg_node *into, seg_error *err);

    /* How its baskets were made, so that those it scores are made alike; null: as they come. */
    void (*baskets)(const seg_model *model, const seg_item_bins **bins,
                    const seg_taxonomy **taxonomy);

    /* -- scoring -------------------------------------------------------------- */
    /* Names of obs columns that score looks at beside X, ending with null; null if none. */
    const char *const *score_columns;
    /* Add the result columns to `out` (kind SCORES). options: score's own, may be null. */
    seg_status (*score_schema)(const seg_model *model, seg_schema_owner *out, seg_error *err);
    /* Fill out->columns[0..] for the rows of `in`, whose X is in the model's order and
     * codes (an unseen category is NaN; for basket views items are in the model's codes,
     * unknown ones removed). Its obs columns are the data's own, described by `data`. */
    seg_status (*score)(const seg_model *model, const seg_context *ctx, const seg_schema *data,
                        const seg_block *in, seg_batch *out, seg_error *err);
    /* After the last row: tell what the scores met on the way, by seg_note; may be null. */
    void (*score_end)(const seg_model *model, const seg_context *ctx);
    /* Methods that make offers, else null: what is asked of the scores from now on (none: no
     * columns). The files that the options name are read at once. */
    seg_status (*ask_offers)(seg_model *model, const seg_context *ctx,
                             const struct seg_offer_options *options, seg_error *err);

    /* -- evaluation ------------------------------------------------------------
     * Null evaluate_begin: the job reports counts per category of the result columns.
     * Only rows that are seg_judged_on() count. */
    seg_status (*evaluate_begin)(const seg_model *model, const seg_train_input *input,
                                 void **ev, seg_error *err);
    /* in: as for score (labels in its obs columns, per input->schema); scored: its result
     * columns, in the order of score_schema. */
    seg_status (*evaluate_add)(void *ev, const seg_block *in, const seg_block *scored,
                               seg_error *err);
    /* Classifiers: auc, auc_ci, pr_auc, log_loss, brier, ece, ks, ks_score, lift_top_decile,
     * confusion, deciles, reliability; empc and profit when input->options (a
     * seg_classify_options, or null) says what a customer is worth. */
    seg_status (*evaluate_end)(void *ev, seg_node *figures, seg_error *err);
    void (*evaluate_free)(void *ev);
};

/* How the job should make the rows of SEG_VIEW_ORDERS; every method that is trained on that
 * view starts its options struct with this one. */
typedef struct seg_basket_options {
    seg_feature_baskets_options features;
    const char *taxonomy;
} seg_basket_options;
#define SEG_BASKET_OPTION_ROWS(S, M)                                                            \
    { "taxonomy", SEG_OPTION_TEXT, offsetof(S, M.taxonomy), 0, 0, NULL, "FILE",                 \
      "groups of the items: a CSV of item,parent or of item,group,larger group…; groups"        \
      " are mined like items", SEG_OPTION_INPUT },                                              \
    { "weights", SEG_OPTION_TEXT, offsetof(S, M.features.weights), 0, 0, NULL, "COL",           \
      "column of whole numbers: so many baskets does each count for", 0 },                      \
    { "bins", SEG_OPTION_LIST, offsetof(S, M.features.bins), 0, 0, NULL, "N|COL:X,X…|COL:qN|COL:each", \
      "of features: how numbers become items, as ranges or one by one", 0 },                    \
    { "drop", SEG_OPTION_LIST, offsetof(S, M.features.drop), 0, 0, NULL, "COL,…",               \
      "of features: columns that give no items", 0 }

/* How the job should make the rows of SEG_VIEW_CUSTOMERS from transactions; every
 * method of that view starts its options struct with this one. */
typedef struct seg_customer_options {
    int32_t as_of_day;      /* counts everything before it; SEG_MISSING_DAY: day after the last row */
    int returns;            /* 0 net, 1 gross, 2 match */
    int zero;               /* 0 drop, 1 count rows of amount zero as purchases */
} seg_customer_options;
#define SEG_CUSTOMER_OPTION_ROWS(S, M)                                                        \
    { "as-of", SEG_OPTION_DAY, offsetof(S, M.as_of_day), 0, 0, NULL, "DATE",                 \
      "count everything before this day (default: the day after the last row)", 0 },         \
    { "returns", SEG_OPTION_CHOICE, offsetof(S, M.returns), 0, 0, "net|gross|match", NULL,    \
      "money net of refunds, gross, or refunds matched to their purchase", 0 },              \
    { "zero", SEG_OPTION_CHOICE, offsetof(S, M.zero), 0, 0, "drop|count", NULL,               \
      "rows of price or amount zero: drop them, or count them as purchases", 0 }

/* What a campaign costs and earns (kernels/profit.h); value 0: nobody asks. */
typedef struct seg_money_options {
    double value, offer_cost, contact_cost, accept;
} seg_money_options;
#define SEG_MONEY_DEFAULTS { .accept = 0.3 }
#define SEG_MONEY_OPTION_ROWS(S, M)                                                           \
    { "value", SEG_OPTION_F64, offsetof(S, M.value), 0, 1e12, NULL, "MONEY",                  \
      "what a customer who is kept is worth: find the cut that earns most (0: do not)", 0 },  \
    { "offer-cost", SEG_OPTION_F64, offsetof(S, M.offer_cost), 0, 1e12, NULL, "MONEY",        \
      "with --value: what an offer costs that is accepted; who stays anyway accepts", 0 },    \
    { "contact-cost", SEG_OPTION_F64, offsetof(S, M.contact_cost), 0, 1e12, NULL, "MONEY",    \
      "with --value: what it costs to reach a customer", 0 },                                 \
    { "accept", SEG_OPTION_F64, offsetof(S, M.accept), 0, 1, NULL, "SHARE",                   \
      "with --value: share of leavers who accept the offer and stay", 0 }

/* What every classifier takes; its options struct starts with this one. The job selects
 * label and features and runs the folds, so a trainer sees only rows to learn from and
 * a schema whose label is set and whose features are the wanted ones. */
typedef struct seg_classify_options {
    const char *label, *positive, *drop;
    seg_money_options money;
    double threshold;       /* evaluate only: of the confusion; 0: the best cut, or 0.5 */
    uint32_t cv;            /* 0: none, or what the others imply */
    const char *folds;      /* file, one digit a row */
    const char *group, *time;   /* columns; not learned from */
    uint32_t gap;           /* days, or units of a number */
    const char *bands;      /* as for seg_bands_parse() (models/classifier.h) */
} seg_classify_options;
#define SEG_CLASSIFY_DEFAULTS { .money = SEG_MONEY_DEFAULTS }
#define SEG_CLASSIFY_OPTION_ROWS(S, M)                                                        \
    { "label", SEG_OPTION_TEXT, offsetof(S, M.label), 0, 0, NULL, "COL",                     \
      "column to predict (default: the label of the file)", 0 },                             \
    { "positive", SEG_OPTION_TEXT, offsetof(S, M.positive), 0, 0, NULL, "VALUE",             \
      "its value that counts as churned (default: Yes, 1, true, else the rarer one)", 0 },   \
    { "drop", SEG_OPTION_LIST, offsetof(S, M.drop), 0, 0, NULL, "COL,...",                   \
      "columns not to learn from", 0 },                                                      \
    SEG_MONEY_OPTION_ROWS(S, M.money),                                                        \
    { "cv", SEG_OPTION_U32, offsetof(S, M.cv), 0, 100, NULL, "N",                            \
      "cross-validate with N stratified folds", 0 },                                         \
    { "folds", SEG_OPTION_TEXT, offsetof(S, M.folds), 0, 0, NULL, "FILE",                    \
      "cross-validate with the given folds, one digit a row", SEG_OPTION_INPUT },            \
    { "group", SEG_OPTION_TEXT, offsetof(S, M.group), 0, 0, NULL, "COL",                     \
      "keep rows of one value (household, shop) in one of the --cv folds (5)", 0 },          \
    { "time", SEG_OPTION_TEXT, offsetof(S, M.time), 0, 0, NULL, "COL",                       \
      "judge forward in time by this date or number: --cv (3) parts, each by the rows before", 0 }, \
    { "gap", SEG_OPTION_U32, offsetof(S, M.gap), 0, 36500, NULL, "DAYS",                     \
      "with --time: learn only from rows so many days before the part", 0 },                  \
    { "bands", SEG_OPTION_LIST, offsetof(S, M.bands), 0, 0, NULL, "P,...",                   \
      "probabilities that part low, medium, high ... (default: by decile, 2 and 5)", 0 }

/* Beyond the ranges of the table: do the options go together? SEG_E_USAGE. */
seg_status seg_method_check(const seg_method *method, const void *options, seg_error *err);

/* Number of the label column in schema->columns and its positive code, or an error that
 * says what is wrong (no label, constant, more than two values). positive: the value the
 * user named, or null: Yes/1/true, else the rarer value - counts[] are per code. */
seg_status seg_positive_code(const seg_column *label, const uint64_t *counts,
                             const char *positive, int32_t *code, seg_error *err);

/* seg_train() with folds and a view already made: jobs/train.c. */
seg_status seg_model_train(const seg_train_input *input, const seg_method *method,
                           seg_source *source, seg_model **out, seg_error *err);

extern const seg_method seg_method_kmeans, seg_method_tree, seg_method_forest, seg_method_boost,
    seg_method_rules, seg_method_rfm;

/* Save in two steps: the file is complete under its temporary name (seg_h5_temp_path) and
 * appears with seg_h5_commit. */
seg_status seg_model_write(const seg_model *model, const char *path, seg_h5_writer **out,
                           seg_error *err);

#endif

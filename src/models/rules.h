/* rules.h: the parts of the method `rules`: training, file, offers. */
#ifndef SEGMILL_MODELS_RULES_H
#define SEGMILL_MODELS_RULES_H

#include "base/text.h"
#include "kernels/itemset_tree.h"
#include "kernels/rule_find.h"
#include "models/method.h"
#include "models/offer_options.h"
#include "models/rules_inputs.h"
#include "models/rules_search.h"

typedef enum seg_rules_target {
    SEG_TARGET_ITEMSETS, SEG_TARGET_CLOSED, SEG_TARGET_MAXIMAL, SEG_TARGET_GENERATORS,
    SEG_TARGET_RULES
} seg_rules_target;

typedef enum seg_rules_test {
    SEG_RULES_NO_TEST, SEG_RULES_FISHER, SEG_RULES_CHI_SQUARED
} seg_rules_test;
typedef enum seg_rules_redundant {
    SEG_RULES_KEEP, SEG_RULES_DROP, SEG_RULES_PRODUCTIVE, SEG_RULES_BASIS
} seg_rules_redundant;

typedef struct seg_rules_options {
    seg_basket_options baskets;          /* first */
    const char *min_support, *min_confidence, *head, *body, *without, *with;
    const char *by, *measures, *filter;
    uint32_t max_length, max_head, min_body, max_body, max_time;
    uint64_t top, max_itemsets, max_rules, target_itemsets;
    int target;              /* seg_rules_target */
    int method;              /* seg_search_method */
    int test;                /* seg_rules_test */
    int correction;          /* seg_correction */
    int redundant;           /* seg_rules_redundant */
    double alpha, hold_out;
    bool count_only, allow_partial;
} seg_rules_options;

extern const seg_option seg_rules_option_table[];
/* The measures of a rule, in a line each. */
extern const char seg_rules_terms_title[];
bool seg_rules_term(size_t i, const char **word, char *line, size_t size);
void seg_rules_defaults(void *options);
seg_status seg_rules_check(const void *options, seg_error *err);

/* A bound on a measure: lift>=1.2. */
typedef enum seg_filter_how {
    SEG_FILTER_AT_LEAST, SEG_FILTER_AT_MOST, SEG_FILTER_ABOVE, SEG_FILTER_BELOW
} seg_filter_how;
typedef struct seg_rules_filter {
    seg_measure measure;
    seg_filter_how how;
    double limit;
} seg_rules_filter;
enum { SEG_RULES_FILTERS = 16 };

/* What the texts of the options say. A support without denominator is a count. */
typedef struct seg_rules_limits {
    uint64_t support_num, support_den;
    bool rules;              /* rules are wanted: the confidence is set */
    uint64_t confidence_num, confidence_den;
    seg_measure by;
    size_t n_measures, n_filters;
    seg_measure measures[SEG_MEASURES];
    seg_rules_filter filters[SEG_RULES_FILTERS];
} seg_rules_limits;
seg_status seg_rules_parse_limits(const seg_rules_options *options, seg_rules_limits *limits,
                                  seg_error *err);

typedef struct seg_rules_offers seg_rules_offers;

/* A trained model. Items are numbered by their place in the model's features: frequent
 * items only, in order of their names, so ascending items are ascending names. */
typedef struct seg_rules_model {
    size_t n_items;
    uint32_t n_baskets, min_count;
    uint32_t *item_count;         /* n_items */
    seg_rules_inputs inputs;      /* how the baskets were made */
    bool has_rules;               /* trained for rules (there may be none) */
    seg_itemset_tree sets;        /* what --target asked for, of ranks; for rules all frequent
                                     ones; empty after --count-only */
    int32_t *rank_item;           /* n_items: which item has rank r */
    size_t n_rules;               /* best first */
    int64_t *body_start, *head_start;   /* n_rules + 1 */
    int32_t *body, *head;
    seg_rule_counts *counts;      /* n_rules */
    size_t n_measures;
    seg_measure measures[SEG_MEASURES];
    double *values[SEG_MEASURES]; /* n_measures columns of n_rules */
    double *p_value;              /* n_rules, adjusted; null: not tested */
    seg_rule_counts *held_out;    /* n_rules: counts in baskets the rules have not seen; or null */

    seg_rules_offers *offers;     /* null until they are needed first (rules_offers.h) */
} seg_rules_model;

void seg_rules_model_free(void *model);
/* Share of the baskets with the body that have the head; NaN: none has the body. */
double seg_rules_share(const seg_rule_counts *rule);

/* The items of an itemset, ascending; their number. */
size_t seg_rules_set_items(const seg_rules_model *m, size_t node, int32_t items[SEG_ITEMSET_MAX]);
/* "bread + milk" and "bread + milk => butter". */
void seg_rules_add_items(seg_text *text, const seg_schema *schema, const int32_t *items,
                         size_t n);
void seg_rules_add_rule(seg_text *text, const seg_rules_model *m, const seg_schema *schema,
                        size_t rule);

seg_status seg_rules_train_begin(const seg_train_input *input, void **trainer, seg_error *err);
seg_status seg_rules_pass_begin(void *trainer, bool *more, seg_error *err);
seg_status seg_rules_pass_add(void *trainer, const seg_block *block, seg_error *err);
seg_status seg_rules_pass_end(void *trainer, seg_error *err);
seg_status seg_rules_train_end(void *trainer, seg_model *model, seg_node *figures,
                               seg_error *err);
void seg_rules_train_free(void *trainer);

seg_status seg_rules_save(const seg_model *model, seg_h5_writer *w, seg_error *err);
seg_status seg_rules_load(seg_model *model, seg_h5 *file, seg_error *err);

seg_status seg_rules_ask_offers(seg_model *model, const seg_context *ctx,
                                const seg_offer_options *options, seg_error *err);
void seg_rules_score_end(const seg_model *model, const seg_context *ctx);
seg_status seg_rules_score_schema(const seg_model *model, seg_schema_owner *out,
                                  seg_error *err);
seg_status seg_rules_score(const seg_model *model, const seg_context *ctx,
                           const seg_schema *data, const seg_block *in, seg_batch *out,
                           seg_error *err);

seg_status seg_rules_evaluate_begin(const seg_model *model, const seg_train_input *input,
                                    void **ev, seg_error *err);
seg_status seg_rules_evaluate_add(void *ev, const seg_block *in, const seg_block *scored,
                                  seg_error *err);
seg_status seg_rules_evaluate_end(void *ev, seg_node *figures, seg_error *err);
void seg_rules_evaluate_free(void *ev);

#endif

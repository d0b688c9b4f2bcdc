/* rules_trainer.h: what the training of rules holds, for the files that make it up. */
#ifndef SEGMILL_MODELS_RULES_TRAINER_H
#define SEGMILL_MODELS_RULES_TRAINER_H

#include "kernels/itemset_count.h"
#include "models/rules_make.h"
#include "models/rules_weights.h"

typedef struct seg_rules_trainer {
    seg_train_input input;
    const seg_rules_options *options;
    seg_rules_limits limits;
    int32_t head;              /* item number in the data of --head, or -1 */
    int32_t *by_name;          /* data items in order of their names */
    int32_t *place;            /* per data item: its place in that order */
    seg_rules_weights weights;
    bool hold_out, searched;   /* some baskets are held out; the search is over */
    uint64_t draw, draw_below; /* key, and limit of 32 bits, of the baskets held out */
    uint8_t *skip;             /* rows of a block */
    size_t skip_cap;
    uint32_t n_held_out;
    seg_itemset_count *counter;
    uint32_t *held_out;        /* per set: baskets held out that hold it */
    seg_rules_search *search;
    seg_rules_found found;
    int32_t *new_item;         /* per data item: its number in the model, or -1 */
    uint64_t by_length[SEG_ITEMSET_MAX];   /* sets of the target */
    bool *in_body, *must;      /* per data item: of --body, --with; or null */
    bool *wanted;              /* per data item: false for those of --without; or null */
    seg_rules_made made;
} seg_rules_trainer;

/* Items in order of their names; the items that the options name: SEG_E_USAGE, with the nearest
 * name, when the data have none of that name. */
seg_status seg_rules_find_items(seg_rules_trainer *t, seg_error *err);
/* What each rank may do in a rule (SEG_RULE_...); null: anything. */
seg_status seg_rules_item_uses(const seg_rules_trainer *t, const seg_rules_model *m, uint8_t **out,
                               seg_error *err);
/* An item that rules must hold is not frequent, so no rule can be; tells it. */
bool seg_rules_lack_item(const seg_rules_trainer *t);

/* What --json shows, and what is worth a note. */
void seg_rules_put_figures(const seg_rules_trainer *t, const seg_rules_model *m,
                           seg_node *figures);
void seg_rules_tell(const seg_rules_trainer *t);

#endif

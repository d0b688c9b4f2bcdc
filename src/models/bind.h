/* bind.h: rows of any data in the order and codes of a model: features are matched by
 * name, categories by their text. */
#ifndef SEGMILL_MODELS_BIND_H
#define SEGMILL_MODELS_BIND_H

#include "data/schema.h"
#include "segmill/context.h"
#include "segmill/stream.h"

typedef struct seg_binding seg_binding;

/* SEG_E_DATA names what does not match: missing features, a number where a category is
 * expected. The schemas outlive the binding. */
seg_status seg_binding_new(const seg_schema *model, const seg_schema *data,
                           seg_binding **out, seg_error *err);
void seg_binding_free(seg_binding *binding);   /* takes null */

/* The block as the model wants it; views live until the next call. A category that the
 * model has not seen is NaN, an item it does not know is left out. */
seg_status seg_binding_apply(seg_binding *binding, const seg_block *in, seg_block *out,
                             seg_error *err);

/* Tell about unseen categories and unknown items: number of cells, per feature. */
void seg_binding_note(const seg_binding *binding, const seg_context *ctx);

#endif

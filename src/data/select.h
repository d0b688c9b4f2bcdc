/* select.h: a features source with other columns in front: a label moved out of X, columns
 * dropped. */
#ifndef SEGMILL_DATA_SELECT_H
#define SEGMILL_DATA_SELECT_H

#include "segmill/context.h"
#include "segmill/stream.h"

/* What becomes of the columns. Null: nothing. An unknown name is SEG_E_USAGE with the
 * nearest one. */
typedef struct seg_selection {
    const char *label;   /* feature or obs column that becomes the label; a number among the
                            features becomes a category of at most 100 values */
    const char *drop;    /* comma-separated features to leave out */
    const char *group;   /* feature that becomes an obs column (or one that is there, or the id) */
    const char *time;    /* the same */
} seg_selection;

/* Takes over `from` when it succeeds; when nothing is to be done *out is `from` itself. */
seg_status seg_select_source(const seg_context *ctx, seg_source *from, const seg_selection *what,
                             seg_source **out, seg_error *err);

/* SEG_E_USAGE: an option names a column (of n bytes) that is not there; with the nearest one. */
seg_status seg_unknown_column(const seg_schema *schema, const char *option, const char *name,
                              size_t n, seg_error *err);

#endif

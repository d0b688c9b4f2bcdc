/* select.h: a features source with other columns in front: a label moved out of X, columns
 * dropped. */
#ifndef SEGMILL_DATA_SELECT_H
#define SEGMILL_DATA_SELECT_H

#include "segmill/context.h"
#include "segmill/stream.h"

/* label: name of a feature or obs column that becomes the label (null: as it is); a number
 * among the features becomes a category of at most 100 values. drop: comma-separated
 * features to leave out (null: none). An unknown name is SEG_E_USAGE with the nearest one.
 * Takes over `from` when it succeeds; when nothing is to be done *out is `from` itself. */
seg_status seg_select_source(const seg_context *ctx, seg_source *from, const char *label,
                             const char *drop, seg_source **out, seg_error *err);

#endif

/* model_frame.h: a frame of a model file whose index is a list of names. */
#ifndef SEGMILL_MODELS_MODEL_FRAME_H
#define SEGMILL_MODELS_MODEL_FRAME_H

#include "data/h5.h"

/* Begin the frame `path` indexed by the texts; add columns, then seg_h5_frame_end(). */
seg_status seg_model_put_names(seg_h5_writer *w, const char *path, const char *index_name,
                               const char *const *names, size_t n, seg_error *err);

#endif

/* kmeans_names.h: the user's own names of segments. Suggested ones: seg_kmeans_name_segments(),
 * in kmeans.h. */
#ifndef SEGMILL_MODELS_KMEANS_NAMES_H
#define SEGMILL_MODELS_KMEANS_NAMES_H

#include "models/kmeans.h"

/* The user's own names: a CSV of `segment,name`, with or without these words as its first
 * line; the segment by its number or by the name it would have. */
typedef struct seg_kmeans_names seg_kmeans_names;

enum { SEG_KMEANS_NAME_BYTES = 100, SEG_KMEANS_NAMES_MAX = 65536 };

/* SEG_E_DATA names file and line: not two fields, or a name that is empty, too long, of
 * digits only, or has a comma, a control character or bytes that are no UTF-8; a segment or
 * name that comes twice. */
seg_status seg_kmeans_names_read(const char *path, seg_kmeans_names **out, seg_error *err);
void seg_kmeans_names_free(seg_kmeans_names *names);   /* takes null */
/* All segments have names and their final numbers. SEG_E_DATA names file and line: no such
 * segment, or a name that another segment has. The model is unchanged then. */
seg_status seg_kmeans_names_apply(const seg_kmeans_names *names, seg_kmeans_model *model,
                                  seg_error *err);

#endif

/* kmeans_checkpoint.h: a training over many rows that was killed goes on from the pass it
 * had done. Labels and sums of a pass depend on the centroids alone, so the centroids, the
 * number of passes and the inertia are all there is to keep: the model gets the same bits as
 * without the kill. The file is written whole or not at all (base/file.h).
 *
 * It belongs to one training: version, seed, rows, features, options and scaling stand in it,
 * and where one of them differs the file is refused. What only matters after the last pass
 * (--previous, --names) may differ. Who keeps the model removes the file (jobs/train.c). */
#ifndef SEGMILL_MODELS_KMEANS_CHECKPOINT_H
#define SEGMILL_MODELS_KMEANS_CHECKPOINT_H

#include "segmill/status.h"

typedef struct seg_kmeans_checkpoint seg_kmeans_checkpoint;
struct seg_kmeans_trainer;

/* Columns and start are chosen. Null if the options name no file. Reads the file if it is
 * there: SEG_E_VERIFY if it is damaged, SEG_E_DATA if it is another training's; else sees
 * whether it can be written. */
seg_status seg_kmeans_checkpoint_open(const struct seg_kmeans_trainer *t,
                                      seg_kmeans_checkpoint **out, seg_error *err);
void seg_kmeans_checkpoint_close(seg_kmeans_checkpoint *c);   /* takes null */

/* The scaling is known: SEG_E_DATA if it was another one. */
seg_status seg_kmeans_checkpoint_fits(const struct seg_kmeans_trainer *t, seg_error *err);
/* True: t->fit and t->scan are as they were; *settled: no pass over all rows is left. */
bool seg_kmeans_checkpoint_resume(struct seg_kmeans_trainer *t, bool *settled);
/* After a pass; does nothing without a file. */
seg_status seg_kmeans_checkpoint_put(const struct seg_kmeans_trainer *t, bool settled,
                                     seg_error *err);

#endif

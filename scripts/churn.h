/* churn.h: a table of customers some of whom leave, as the benchmarks of trees want it. */
#ifndef SEGMILL_SCRIPTS_CHURN_H
#define SEGMILL_SCRIPTS_CHURN_H

#include <stdint.h>
#include "segmill/status.h"

/* A feature matrix of 30 columns with the label `churned` (yes, no), as HDF5: 18 normal, 4
 * log-normal, 3 counts, 5 categories of 3, 8, 20, 60 and 200 levels; of each cell 5 % are
 * missing, and about 19 % of the customers leave. The same numbers give the same bytes. */
seg_status churn_write(uint64_t n_customers, uint64_t seed, const char *path, seg_error *err);

#endif

/* clock.h: time for progress, logs, run.json and deadlines: never for a result that is to be
 * had again. */
#ifndef SEGMILL_BASE_CLOCK_H
#define SEGMILL_BASE_CLOCK_H

#include <stdint.h>

double seg_clock_seconds(void);       /* monotonic */
double seg_clock_cpu_seconds(void);   /* of the process, all threads */
int64_t seg_clock_utc(void);          /* seconds since 1970 */

#endif

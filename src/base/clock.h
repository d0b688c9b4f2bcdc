/* clock.h: time for progress, logs and run.json: never for a result. */
#ifndef SEGMILL_BASE_CLOCK_H
#define SEGMILL_BASE_CLOCK_H

#include <stdint.h>

double seg_clock_seconds(void);       /* monotonic */
double seg_clock_cpu_seconds(void);   /* of the process, all threads */
int64_t seg_clock_utc(void);          /* seconds since 1970 */

#endif

#include "base/clock.h"

#include <time.h>

static double seconds_of(clockid_t clock)
{
    struct timespec t = { 0 };
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double seg_clock_seconds(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

double seg_clock_cpu_seconds(void)
{
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

int64_t seg_clock_utc(void)
{
    return (int64_t)time(NULL);
}

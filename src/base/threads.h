/* threads.h: how many threads and how much memory this process may use. */
#ifndef SEGMILL_BASE_THREADS_H
#define SEGMILL_BASE_THREADS_H

#include <stdint.h>

/* 0 means all the processors this process may use: affinity mask and cgroup v1/v2
 * CPU quota, at least 1. The answer is never more than could really be started. */
int seg_thread_count(uint32_t wanted);

/* Bytes the cgroup or machine has left (MemAvailable, cgroup limit minus use,
 * RLIMIT_AS), the smallest. */
uint64_t seg_memory_available(void);

#endif

/* cgroup.h: what the control group of this process leaves it (Linux cgroup v1 and v2). */
#ifndef SEGMILL_BASE_CGROUP_H
#define SEGMILL_BASE_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `root` is put in front of /proc and /sys ("" on a real system; tests make a tree). */

/* Processors that the CPU quota is worth, rounded down, at least 1; 0: no quota. */
uint32_t seg_cgroup_cpus(const char *root);

/* Bytes below the memory limit that are not in use; page cache that can be dropped
 * counts as not in use. UINT64_MAX: no limit. */
uint64_t seg_cgroup_memory_left(const char *root);

/* The number after `key` in the text of a file: "MemAvailable:" in /proc/meminfo. A null
 * key: the first one. False if the file or the key is not there. */
bool seg_system_number(const char *path, const char *key, uint64_t *value);

#endif

/* pattern.h: names with * ? [ as the files that they match. */
#ifndef SEGMILL_BASE_PATTERN_H
#define SEGMILL_BASE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include "segmill/status.h"

typedef struct seg_paths {
    char **list;
    size_t n, cap;
} seg_paths;

/* It has * ? or [ and names no file that is there. */
bool seg_is_pattern(const char *path);
/* Append the path; of a pattern the files that it matches, in the order of their bytes, as
 * the shell finds them (* is no / and no leading dot). SEG_E_IO if there are none. */
seg_status seg_paths_add(seg_paths *paths, const char *path, seg_error *err);
void seg_paths_free(seg_paths *paths);

#endif

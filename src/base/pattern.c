/* pattern.c: by glob(3), without its order, which hangs on the locale. For those who cannot
 * let a shell do it: job files, schedulers, Windows habits. */
#include "base/pattern.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/try.h"

bool seg_is_pattern(const char *path)
{
    return strpbrk(path, "*?[") != NULL && !seg_path_exists(path);
}

static seg_status add(seg_paths *paths, const char *path, seg_error *err)
{
    seg_status st = SEG_OK;
    char *copy = NULL;
    size_t n = strlen(path) + 1;
    TRY(SEG_GROW(&paths->list, &paths->cap, paths->n + 1, "the names of files", err));
    TRY(SEG_ALLOC(&copy, n, "a name", err));
    memcpy(copy, path, n);
    paths->list[paths->n++] = copy;

done:
    return st;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

seg_status seg_paths_add(seg_paths *paths, const char *path, seg_error *err)
{
    seg_status st = SEG_OK;
    glob_t found = { 0 };
    size_t first = paths->n;
    if (!seg_is_pattern(path))
        return add(paths, path, err);
    int rc = glob(path, GLOB_NOSORT | GLOB_NOESCAPE, NULL, &found);
    if (rc == GLOB_NOSPACE) {
        st = seg_fail(err, SEG_E_AGAIN, "%s: cannot allocate memory for the files that match",
                      path);
        goto done;
    }
    if (rc != 0 || found.gl_pathc == 0) {
        st = seg_fail(err, SEG_E_IO, "%s: no file matches", path);
        goto done;
    }
    for (size_t i = 0; i < found.gl_pathc; i++)
        TRY(add(paths, found.gl_pathv[i], err));
    qsort(paths->list + first, paths->n - first, sizeof *paths->list, by_bytes);

done:
    globfree(&found);
    return st;
}

void seg_paths_free(seg_paths *paths)
{
    for (size_t i = 0; i < paths->n; i++)
        seg_free(paths->list[i]);
    seg_free(paths->list);
    *paths = (seg_paths){ 0 };
}

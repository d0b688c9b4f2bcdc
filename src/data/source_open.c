/* source_open.c: a DATA argument, opened by what the file holds, not by its name. */
#include "segmill/stream.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include "base/file.h"
#include "data/csv.h"
#include "data/h5.h"

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

/* FILE.h5:/path, or a name that promises HDF5 whatever stands in the file, so that a
 * damaged one is called that and not a bad CSV. */
static bool names_h5(const char *path)
{
    return strstr(path, ":/") != NULL || ends_with(path, ".h5") || ends_with(path, ".hdf5")
           || ends_with(path, ".h5ad");
}

seg_status seg_h5_holds(const char *path, bool *yes, seg_error *err)
{
    static const char signature[8] = "\x89HDF\r\n\x1a\n";
    char head[8];
    int fd;
    uint64_t size;
    *yes = false;
    seg_status st = seg_open_read(path, &fd, &size, err);
    if (st != SEG_OK)
        return st;
    if (size >= sizeof head) {
        st = seg_pread_all(fd, head, sizeof head, 0, path, err);
        *yes = st == SEG_OK && memcmp(head, signature, sizeof head) == 0;
    }
    close(fd);
    return st;
}

seg_status seg_source_open(const seg_context *ctx, const char *path, seg_source **out,
                           seg_error *err)
{
    bool h5 = names_h5(path);
    *out = NULL;
    if (!h5 && strcmp(path, "-") != 0) {
        seg_status st = seg_h5_holds(path, &h5, err);
        if (st != SEG_OK)
            return st;
    }
    if (h5)
        return seg_h5_source(ctx, path, out, err);
    return seg_csv_source(ctx, &path, 1, NULL, NULL, out, err);
}

#include "models/model_frame.h"

#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

seg_status seg_model_put_names(seg_h5_writer *w, const char *path, const char *index_name,
                               const char *const *names, size_t n, seg_error *err)
{
    seg_status st = SEG_OK;
    char *cells = NULL;
    size_t width = 8;
    for (size_t i = 0; i < n; i++)
        width = strlen(names[i]) > width ? strlen(names[i]) : width;
    width = (width + 7) / 8 * 8;
    TRY(seg_alloc_array(&cells, n, width, "the names", err));
    for (size_t i = 0; i < n; i++)
        memcpy(cells + i * width, names[i], strlen(names[i]));
    TRY(seg_h5_frame_begin(w, path, index_name, cells, n, width, err));
done:
    seg_free(cells);
    return st;
}

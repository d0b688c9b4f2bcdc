/* fimi.h: basket files of the shared data as plain arrays, read with zlib alone, so that
 * tests have a road to them that is not the program's own. */
#ifndef TESTS_SUPPORT_FIMI_H
#define TESTS_SUPPORT_FIMI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct fimi {
    size_t n_rows, n_items;      /* items are 0 .. n_items - 1 */
    int64_t *row_start;
    int32_t *items;
} fimi;

/* $SEGMILL_DATA/baskets/NAME.dat.gz (default ../shared/data). False if it is not there. */
bool fimi_read(const char *name, fimi *out);
void fimi_free(fimi *f);

/* Path of a file of the shared data, in a static buffer. */
const char *data_path(const char *name);

#endif

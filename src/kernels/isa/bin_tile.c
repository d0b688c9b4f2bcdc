/* bin_tile.c: values to bins by halving: eight steps over 255 cuts. */
#include <float.h>

#include "base/isa_name.h"
#include "kernels/kernels.h"

static uint8_t bin_of_number(const float *search, float x)
{
    if (!(__builtin_fabsf(x) <= FLT_MAX))
        return 0;
    size_t below = 0;
    for (size_t level = 0; level < 8; level++)
        below = 2 * below + (x > search[((size_t)1 << level) - 1 + below]);
    return (uint8_t)(below + 1);
}

void ISA_NAME(seg_bin_tile)(const seg_bin_tile_column *columns, size_t n_columns,
                            const float *x, size_t stride, size_t n, uint8_t *planes)
{
    for (size_t c = 0; c < n_columns; c++) {
        const seg_bin_tile_column *column = &columns[c];
        uint8_t *plane = planes + c * SEG_TILE_ROWS;
        for (size_t i = 0; i < n; i++) {
            float value = x[i * stride + column->feature];
            if (column->n_levels == 0)
                plane[i] = bin_of_number(column->search, value);
            else
                plane[i] = value >= 0 && value < (float)column->n_levels
                           ? column->level_bin[(size_t)value] : 0;
        }
    }
}

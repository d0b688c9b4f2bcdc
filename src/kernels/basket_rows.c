/* basket_rows.c: nothing is counted before every item of a block was looked at. */
#include "kernels/basket_rows.h"

/* Branch-free within a row: a wrong one is rare. */
static bool row_is_right(const seg_basket_rows *rows, size_t i, size_t n_items)
{
    int64_t first = rows->row_start[i], end = rows->row_start[i + 1];
    if (first >= end)
        return first == end;
    const int32_t *items = rows->items;
    bool wrong = items[first] < 0 || (size_t)items[end - 1] >= n_items;
    for (int64_t j = first + 1; j < end; j++)
        wrong |= items[j] <= items[j - 1];
    return !wrong;
}

static seg_status tell(const seg_basket_rows *rows, size_t i, size_t n_items, uint64_t first_row,
                       seg_error *err)
{
    unsigned long long row = first_row + i;
    if (rows->row_start[i] > rows->row_start[i + 1])
        return seg_fail(err, SEG_E_DATA, "basket %llu: it ends before it begins", row);
    return seg_fail(err, SEG_E_DATA, "basket %llu: its items are not distinct, ascending and"
                    " below %zu", row, n_items);
}

seg_status seg_basket_rows_check(const seg_basket_rows *rows, size_t n_items,
                                 uint64_t first_row, int n_threads, seg_error *err)
{
    size_t wrong = SIZE_MAX;
    #pragma omp parallel for schedule(static) reduction(min : wrong) num_threads(n_threads)
    for (size_t i = 0; i < rows->n_rows; i++)
        if (i < wrong && !row_is_right(rows, i, n_items))
            wrong = i;
    return wrong == SIZE_MAX ? SEG_OK : tell(rows, wrong, n_items, first_row, err);
}

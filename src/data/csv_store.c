/* csv_store.c: segments in a spill. */
#include "data/csv_store.h"

#include "base/alloc.h"
#include "base/threads.h"
#include "base/try.h"

enum { SHARE = 4 };   /* of the budget is kept in memory */

seg_status seg_csv_store_new(size_t n_columns, seg_csv_store **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_csv_store *store = NULL;
    *out = NULL;

    uint64_t budget = seg_alloc_limit();
    if (budget == 0)
        budget = seg_memory_available() / 2;
    TRY(SEG_ALLOC(&store, 1, "a store", err));
    TRY(seg_spill_new(budget / SHARE, &store->spill, err));
    store->n_columns = n_columns;
    *out = store;
    store = NULL;

done:
    seg_csv_store_free(store);
    return st;
}

void seg_csv_store_free(seg_csv_store *store)
{
    if (store == NULL)
        return;
    seg_spill_free(store->spill);
    seg_free(store->segments);
    seg_free(store);
}

void seg_csv_store_clear(seg_csv_store *store)
{
    seg_spill_clear(store->spill);
    store->n = store->largest = 0;
    store->n_rows = 0;
}

seg_status seg_csv_store_add(seg_csv_store *store, seg_csv_segment *segment, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(SEG_GROW(&store->segments, &store->cap, store->n + 1, "a store", err));
    TRY(seg_spill_reserve(store->spill, segment->bytes, &segment->at, err));
    segment->first_row = store->n_rows;
    store->n_rows += segment->n_rows;
    if (segment->bytes > store->largest)
        store->largest = segment->bytes;
    store->segments[store->n++] = *segment;

done:
    return st;
}

size_t seg_csv_store_find(const seg_csv_store *store, uint64_t row)
{
    size_t low = 0, high = store->n;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (store->segments[middle].first_row <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}

seg_status seg_csv_store_get(const seg_csv_store *store, size_t segment, void *room,
                             seg_csv_view *view, seg_error *err)
{
    const seg_csv_segment *s = &store->segments[segment];
    const void *bytes;
    seg_status st = seg_spill_get(store->spill, s->at, s->bytes, room, &bytes, err);
    *view = (seg_csv_view){ s, bytes };
    return st;
}

uint64_t seg_csv_view_line(const seg_csv_view *view, size_t n_columns, size_t row)
{
    if (seg_csv_view_kept(view, n_columns) == SEG_CSV_KEPT_NOT)
        return view->segment->line + row;
    return view->segment->line + ((const uint32_t *)seg_csv_view_cells(view, n_columns))[row];
}

/* h5_hashes.c: one xxh3 per 16 chunks of 1,024 rows, made of the chunks' own, so that it
 * does not matter in what blocks the rows came. HDF5 keeps no checksum of contiguous data. */
#include "data/h5_table.h"

#include "base/alloc.h"
#include "base/hash.h"

static seg_status close_group(h5_hashes *hashes, seg_error *err)
{
    seg_status st = SEG_GROW(&hashes->done, &hashes->cap, hashes->n_done + 1, "hashes", err);
    if (st != SEG_OK)
        return st;
    hashes->done[hashes->n_done++] = seg_xxh3(hashes->chunks,
                                              hashes->n_chunks * sizeof(uint64_t));
    hashes->n_chunks = 0;
    return SEG_OK;
}

seg_status h5_hashes_add(h5_hashes *hashes, uint64_t chunk_hash, seg_error *err)
{
    hashes->chunks[hashes->n_chunks++] = chunk_hash;
    return hashes->n_chunks == H5_HASH_CHUNKS ? close_group(hashes, err) : SEG_OK;
}

seg_status h5_hashes_end(h5_hashes *hashes, seg_error *err)
{
    return hashes->n_chunks > 0 ? close_group(hashes, err) : SEG_OK;
}

uint64_t h5_hash_baskets(const int64_t *row_start, const int32_t *items, size_t n_rows,
                         uint32_t *counts)
{
    for (size_t r = 0; r < n_rows; r++)
        counts[r] = (uint32_t)(row_start[r + 1] - row_start[r]);
    uint64_t parts[2] = { seg_xxh3(counts, n_rows * sizeof *counts),
                          seg_xxh3(items, (size_t)(row_start[n_rows] - row_start[0])
                                              * sizeof *items) };
    return seg_xxh3(parts, sizeof parts);
}

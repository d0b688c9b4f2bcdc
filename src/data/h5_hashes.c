/* h5_hashes.c: HDF5 keeps no checksum of contiguous data: we do. Of rows that came in
 * blocks one xxh3 per 16 chunks of 1,024 rows, made of the chunks' own, so that it does not
 * matter in what blocks; of every array that was given in one piece its xxh3. */
#include "data/h5_table.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/try.h"

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

seg_status h5_put_hashes(seg_h5_writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n = 0, n_slots = w->n_slots;   /* those of the hashes themselves come later */
    const char **paths = NULL;
    uint64_t *hashes = NULL;
    TRY(SEG_ALLOC(&paths, n_slots, "hashes", err));
    TRY(SEG_ALLOC(&hashes, n_slots, "hashes", err));
    for (size_t i = 0; i < n_slots; i++)
        if (w->slots[i].whole) {
            paths[n] = w->slots[i].object;
            hashes[n++] = w->slots[i].hash;
        }
    if (n > 0) {
        TRY(seg_h5_put_texts(w, H5_HASHED_PATH, paths, n, err));
        TRY(seg_h5_put(w, H5_HASHES_PATH, SEG_H5_U64, hashes, n, 0, 0, err));
    }

done:
    seg_free(paths);
    seg_free(hashes);
    return st;
}

#include "jobs/folds.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/rng.h"
#include "base/text.h"
#include "base/try.h"

enum { MAX_FOLDS = 10 };

static seg_status check_folds(const char *path, const uint64_t *counts, int n_folds,
                              uint64_t rows, uint64_t n_rows, seg_error *err)
{
    if (rows != n_rows)
        return seg_fail(err, SEG_E_DATA, "%s: folds for %llu rows; the data have %llu", path,
                        (unsigned long long)rows, (unsigned long long)n_rows);
    if (n_folds < 2)
        return seg_fail(err, SEG_E_DATA, "%s: one fold only; at least two are needed", path);
    for (int f = 0; f < n_folds; f++)
        if (counts[f] == 0)
            return seg_fail(err, SEG_E_DATA, "%s: no row is in fold %d", path, f);
    return SEG_OK;
}

seg_status seg_folds_read(const char *path, uint64_t n_rows, uint8_t **fold, int *n_folds,
                          seg_error *err)
{
    seg_status st = SEG_OK;
    gzFile file = NULL;
    int fd = -1, c;
    uint64_t size, rows = 0, counts[MAX_FOLDS] = { 0 };
    *fold = NULL;
    *n_folds = 0;

    TRY(seg_open_read(path, &fd, &size, err));
    file = gzdopen(fd, "rb");
    if (file == NULL) {
        st = seg_fail(err, SEG_E_AGAIN, "%s: cannot allocate memory to read it", path);
        goto done;
    }
    fd = -1;   /* closed with `file` */
    TRY(SEG_ALLOC(fold, (size_t)n_rows, "the folds", err));
    while ((c = gzgetc(file)) != -1) {
        if (c == '\n' || c == '\r')
            continue;
        if (c < '0' || c > '9') {
            st = seg_fail(err, SEG_E_DATA, "%s: line %llu: not a digit", path,
                          (unsigned long long)(rows + 1));
            goto done;
        }
        if (rows < n_rows)
            (*fold)[rows] = (uint8_t)(c - '0');
        counts[c - '0']++;
        *n_folds = c - '0' >= *n_folds ? c - '0' + 1 : *n_folds;
        rows++;
    }
    int problem;
    gzerror(file, &problem);
    if (problem != Z_OK && problem != Z_STREAM_END) {
        st = seg_fail(err, SEG_E_DATA, "%s: the compressed data are damaged after row %llu", path,
                      (unsigned long long)rows);
        goto done;
    }
    TRY(check_folds(path, counts, *n_folds, rows, n_rows, err));

done:
    if (st != SEG_OK) {
        seg_free(*fold);
        *fold = NULL;
    }
    if (file != NULL)
        gzclose(file);
    if (fd >= 0)
        close(fd);
    return st;
}

/* ---- dealing ------------------------------------------------------------------------- */

typedef struct card {
    int32_t label;
    uint64_t hash, row;
} card;

static int by_hash(const void *a, const void *b)
{
    const card *x = a, *y = b;
    if (x->label != y->label)
        return x->label < y->label ? -1 : 1;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static void take_cards(const seg_schema *schema, const seg_block *block, size_t label,
                       uint64_t seed, card *cards)
{
    const int32_t *codes = block->columns[label];
    for (size_t i = 0; i < block->n_rows; i++) {
        uint64_t row = block->first_row + i;
        const char *id = block->ids == NULL ? NULL : block->ids + i * schema->id_width;
        uint64_t hash = id == NULL ? row : seg_xxh3(id, seg_cell_length(id, schema->id_width));
        cards[row] = (card){ codes[i], seg_rng_u64((seg_rng){ seed, hash }, 0), row };
    }
}

seg_status seg_folds_deal(seg_source *source, int n_folds, uint64_t seed, uint8_t **fold,
                          seg_error *err)
{
    seg_status st = SEG_OK;
    card *cards = NULL;
    seg_block block;
    size_t n = (size_t)source->n_rows, label;
    *fold = NULL;

    label = source->schema->label == NULL
            ? SIZE_MAX : seg_schema_column(source->schema, source->schema->label);
    if (label == SIZE_MAX) {
        st = seg_fail(err, SEG_E_USAGE, "no label: name it with --label");
        goto done;
    }
    if ((uint64_t)n_folds > source->n_rows) {
        st = seg_fail(err, SEG_E_DATA, "%d folds for %llu rows", n_folds,
                      (unsigned long long)source->n_rows);
        goto done;
    }
    TRY(SEG_ALLOC(&cards, n, "the folds", err));
    for (;;) {
        TRY(source->next(source, &block, err));
        if (block.n_rows == 0)
            break;
        take_cards(source->schema, &block, label, seed, cards);
    }
    TRY(source->rewind(source, err));
    qsort(cards, n, sizeof *cards, by_hash);
    TRY(SEG_ALLOC(fold, n, "the folds", err));
    for (size_t i = 0; i < n; i++)
        (*fold)[cards[i].row] = (uint8_t)(i % (size_t)n_folds);

done:
    seg_free(cards);
    return st;
}

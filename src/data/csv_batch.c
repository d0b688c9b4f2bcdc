/* csv_batch.c: plain files are read by all threads at once, packed ones by one. */
#include "data/csv_batch.h"

#include <string.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/team.h"
#include "base/try.h"
#include "data/csv_chunk.h"

enum { MOST_PIECES = 64, LEAST_PIECE = 64 * 1024 };

seg_status seg_csv_batch_init(seg_csv_batch *b, size_t bytes, int n_threads, seg_error *err)
{
    *b = (seg_csv_batch){ .n_threads = n_threads, .cap = bytes < 64 ? 64 : bytes };
    return SEG_ALLOC(&b->text, b->cap + SEG_CSV_PADDING, "a batch of text", err);
}

void seg_csv_batch_free(seg_csv_batch *b)
{
    seg_free(b->text);
    *b = (seg_csv_batch){ 0 };
}

void seg_csv_batch_start(seg_csv_batch *b, seg_input *input)
{
    b->input = input;
    b->direct = seg_input_direct(input, &b->fd, &b->offset, &b->end);
    b->at = b->n = 0;
    b->last = false;
    b->taken = 0;
}

/* ---- all threads ----------------------------------------------------------------- */

typedef struct load {
    seg_csv_batch *batch;
    size_t n, piece;
    bool failed[MOST_PIECES];
} load;

static seg_status load_piece(const load *l, size_t task, seg_error *err)
{
    seg_csv_batch *b = l->batch;
    size_t first = task * l->piece, n = l->n - first < l->piece ? l->n - first : l->piece;
    return seg_pread_all(b->fd, b->text + b->n + first, n, b->offset + first,
                         seg_input_name(b->input), err);
}

static void load_task(void *arg, size_t task, int thread)
{
    (void)thread;
    load *l = arg;
    l->failed[task] = load_piece(l, task, NULL) != SEG_OK;
}

static seg_status read_direct(seg_csv_batch *b, seg_error *err)
{
    size_t room = b->cap - b->n;
    uint64_t left = b->end - b->offset;
    load l = { .batch = b, .n = left < room ? (size_t)left : room };
    l.piece = l.n / MOST_PIECES + 1;
    if (l.piece < LEAST_PIECE)
        l.piece = LEAST_PIECE;
    size_t n_pieces = (l.n + l.piece - 1) / l.piece;
    seg_team_run(b->n_threads, n_pieces, load_task, &l);
    for (size_t i = 0; i < n_pieces; i++)
        if (l.failed[i]) {   /* once more, for its message */
            seg_status st = load_piece(&l, i, err);
            if (st != SEG_OK)
                return st;
        }
    b->n += l.n;
    b->offset += l.n;
    b->taken += l.n;
    b->last = b->offset == b->end;
    return SEG_OK;
}

/* ---- one --------------------------------------------------------------------------- */

static seg_status read_on(seg_csv_batch *b, seg_error *err)
{
    while (b->cap - b->n >= 16) {
        size_t got;
        seg_status st = seg_input_read(b->input, b->text + b->n, b->cap - b->n, &got, err);
        if (st != SEG_OK)
            return st;
        b->n += got;
        b->last = got == 0;
        if (b->last)
            break;
    }
    b->taken = seg_input_position(b->input);
    return SEG_OK;
}

seg_status seg_csv_batch_fill(seg_csv_batch *b, seg_error *err)
{
    seg_status st = SEG_OK;
    if (b->last)
        return SEG_OK;
    memmove(b->text, b->text + b->at, b->n - b->at);
    b->n -= b->at;
    b->at = 0;
    if (b->cap - b->n < b->cap / 2) {
        size_t cap = b->cap * 2;
        TRY(SEG_REALLOC(&b->text, cap + SEG_CSV_PADDING, "a batch of text", err));
        b->cap = cap;
    }
    TRY(b->direct ? read_direct(b, err) : read_on(b, err));
    if (b->last && b->n > 0 && b->text[b->n - 1] != '\n')
        b->text[b->n++] = '\n';   /* the padding has room for it */
    memset(b->text + b->n, 0, 16);

done:
    return st;
}

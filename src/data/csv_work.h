/* csv_work.h: one column of one chunk while its cells are taken: what the loops of
 * csv_as_numbers.c, csv_as_dates.c and csv_as_texts.c share. */
#ifndef SEGMILL_DATA_CSV_WORK_H
#define SEGMILL_DATA_CSV_WORK_H

#include "data/csv_part.h"

typedef struct seg_csv_work {
    seg_csv_part *part;
    const seg_csv_import *im;
    const seg_csv_chunk *chunk;
    const seg_csv_column *column;
    seg_csv_facts *facts;
    size_t c, n;             /* the column, and the rows */
} seg_csv_work;

/* ---- loops: csv_as_numbers.c, csv_as_dates.c, csv_as_texts.c -------------------------------- */

seg_status seg_csv_as_numbers(const seg_csv_work *w, seg_error *err);
seg_status seg_csv_as_fixed(const seg_csv_work *w, seg_error *err);
seg_status seg_csv_as_dates(const seg_csv_work *w, seg_error *err);
seg_status seg_csv_as_codes(const seg_csv_work *w, seg_error *err);
seg_status seg_csv_as_texts(const seg_csv_work *w, seg_error *err);

/* ---- the segment: csv_part.c --------------------------------------------------------- */

/* `bytes` more bytes of the segment, for the entry of the directory; null: no memory. */
void *seg_csv_kept_as(seg_csv_part *part, size_t entry, seg_csv_kept kept, size_t bytes,
                      seg_error *err);
/* The column made last is kept otherwise, in fewer bytes. */
void seg_csv_keep_less(const seg_csv_work *w, seg_csv_kept kept, size_t bytes);

/* ---- cells ------------------------------------------------------------------------------ */

static inline seg_csv_cell seg_csv_unquoted(const seg_csv_work *w, seg_csv_cell cell)
{
    return cell.n > 0 && *cell.s == '"' ? seg_csv_unquote(cell, w->part->room) : cell;
}

static inline bool seg_csv_work_missing(const seg_csv_work *w, seg_csv_cell cell)
{
    return cell.n == 0 || (w->im->missing_first[(unsigned char)*cell.s]
                           && seg_csv_is_missing(w->im, cell.s, cell.n));
}

/* The row's cell, found anew. */
seg_csv_cell seg_csv_cell_at(const seg_csv_work *w, size_t r);
/* The cell for csv_facts.c to look at. */
seg_csv_look seg_csv_work_look(const seg_csv_work *w, size_t r, seg_csv_cell cell);
/* The place of the row's cell, unless there is an earlier one. */
void seg_csv_seen_at(const seg_csv_work *w, seg_csv_place *where, size_t r);

/* What every loop counts; the first rows of a kind are found again at the end. */
typedef struct seg_csv_counts {
    size_t n_missing, first_missing, first_present;
} seg_csv_counts;

static inline seg_csv_counts seg_csv_no_counts(void)
{
    return (seg_csv_counts){ 0, SIZE_MAX, SIZE_MAX };
}

static inline void seg_csv_missing_in(seg_csv_counts *t, size_t r)
{
    t->n_missing++;
    t->first_missing = t->first_missing == SIZE_MAX ? r : t->first_missing;
}

static inline void seg_csv_present_in(seg_csv_counts *t, size_t r)
{
    t->first_present = t->first_present == SIZE_MAX ? r : t->first_present;
}

/* At the end of a loop. */
void seg_csv_put_counts(const seg_csv_work *w, const seg_csv_counts *counts);

#endif

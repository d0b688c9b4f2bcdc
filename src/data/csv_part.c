/* csv_part.c: a column at a time, so that one short loop with one kind of cell runs over some
 * thousand rows: what it needs stays in the nearest cache, and its branches go the same
 * way. What does not fit the loop's expectation is looked at by csv_facts.c. */
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"
#include "data/csv_work.h"

/* ---- memory ------------------------------------------------------------------------- */

seg_status seg_csv_part_init(seg_csv_part *part, const seg_csv_import *im, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t d = im->rows->n_columns;
    *part = (seg_csv_part){ .im = im };
    TRY(SEG_ALLOC(&part->facts, d, "facts of columns", err));
    TRY(SEG_ALLOC(&part->news, d, "new texts of columns", err));

done:
    return st;
}

void seg_csv_part_free(seg_csv_part *part)
{
    size_t d = part->im == NULL ? 0 : part->im->rows->n_columns;
    for (size_t c = 0; c < d; c++) {
        if (part->facts != NULL)
            seg_free(part->facts[c].not_date);
        if (part->news != NULL)
            seg_csv_news_free(&part->news[c]);
    }
    seg_free(part->facts);
    seg_free(part->news);
    seg_free(part->bytes);
    seg_free(part->room);
    seg_free(part->lines);
    seg_text_free(&part->clean);
    seg_csv_chunk_free(&part->chunk);
    *part = (seg_csv_part){ 0 };
}

void *seg_csv_kept_as(seg_csv_part *part, size_t entry, seg_csv_kept kept, size_t bytes,
                      seg_error *err)
{
    size_t offset = (part->n + 7) / 8 * 8;
    if (SEG_GROW(&part->bytes, &part->cap, offset + bytes, "the cells of a chunk", err) != SEG_OK)
        return NULL;
    ((uint64_t *)(void *)part->bytes)[entry] = seg_csv_entry(kept, offset);
    part->n = offset + bytes;
    return part->bytes + offset;
}

void seg_csv_keep_less(const seg_csv_work *w, seg_csv_kept kept, size_t bytes)
{
    uint64_t *entry = (uint64_t *)(void *)w->part->bytes + w->c;
    size_t offset = seg_csv_entry_offset(*entry);
    *entry = seg_csv_entry(kept, offset);
    w->part->n = offset + bytes;
}

/* ---- cells -------------------------------------------------------------------------- */

seg_csv_cell seg_csv_cell_at(const seg_csv_work *w, size_t r)
{
    return seg_csv_unquoted(w, seg_csv_chunk_cell(w->chunk, r, w->c));
}

seg_csv_look seg_csv_work_look(const seg_csv_work *w, size_t r, seg_csv_cell cell)
{
    return (seg_csv_look){ .im = w->im, .column = w->column, .s = cell.s, .n = cell.n,
                           .n_equal = 1, .chunk = w->chunk, .row = r };
}

void seg_csv_seen_at(const seg_csv_work *w, seg_csv_place *where, size_t r)
{
    if (where->line == 0) {
        seg_csv_look look = seg_csv_work_look(w, r, seg_csv_cell_at(w, r));
        seg_csv_facts_place(where, &look);
    }
}

void seg_csv_put_counts(const seg_csv_work *w, const seg_csv_counts *t)
{
    w->facts->n_missing += t->n_missing;
    w->facts->n_present += w->n - t->n_missing;
    if (t->first_missing != SIZE_MAX)
        seg_csv_seen_at(w, &w->facts->empty, t->first_missing);
    if (t->first_present != SIZE_MAX)
        seg_csv_seen_at(w, &w->facts->first_cell, t->first_present);
}

/* ---- all ----------------------------------------------------------------------------- */

static seg_status parse_column(const seg_csv_work *w, seg_error *err)
{
    switch (w->column->mode) {
    case SEG_CSV_AS_NUMBERS: return seg_csv_as_numbers(w, err);
    case SEG_CSV_AS_DATES:   return seg_csv_as_dates(w, err);
    case SEG_CSV_AS_FIXED:   return seg_csv_as_fixed(w, err);
    case SEG_CSV_AS_LEVELS:
    case SEG_CSV_AS_CODES:   return seg_csv_as_codes(w, err);
    case SEG_CSV_AS_TEXTS:
    case SEG_CSV_AS_IDS:     return seg_csv_as_texts(w, err);
    case SEG_CSV_SKIP:       break;
    }
    return SEG_OK;
}

/* Where rows start is kept when counting them does not tell. */
static seg_status keep_lines(seg_csv_part *part, seg_error *err)
{
    const seg_csv_chunk *chunk = &part->chunk;
    size_t d = chunk->n_columns;
    if (chunk->lines == NULL)
        return SEG_OK;
    uint32_t *lines = seg_csv_kept_as(part, d, SEG_CSV_KEPT_LINES,
                                      chunk->n_rows * sizeof *lines, err);
    if (lines == NULL)
        return SEG_E_AGAIN;
    for (size_t r = 0; r < chunk->n_rows; r++)
        lines[r] = (uint32_t)(chunk->lines[r] - chunk->lines[0]);
    return SEG_OK;
}

seg_status seg_csv_part_parse(seg_csv_part *part, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_csv_import *im = part->im;
    size_t d = part->chunk.n_columns, directory = (d + 1) * sizeof(uint64_t);
    part->faulty = false;
    part->n = directory;
    TRY(SEG_GROW(&part->bytes, &part->cap, directory, "the cells of a chunk", err));
    TRY(SEG_GROW(&part->room, &part->room_cap, part->chunk.n + SEG_CSV_PADDING, "a cell", err));
    memset(part->bytes, 0, directory);
    for (size_t c = 0; c < d; c++) {
        seg_csv_work w = { part, im, &part->chunk, &im->columns[c], &part->facts[c], c,
                   part->chunk.n_rows };
        seg_csv_facts_clear(w.facts);
        TRY(parse_column(&w, err));
    }
    TRY(keep_lines(part, err));

done:
    return st;
}

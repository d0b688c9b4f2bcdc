/* csv_as_texts.c: columns of codes and of texts. */
#include <string.h>
#include "base/try.h"
#include "data/csv_work.h"

enum { MOST_REMEMBERED = 192 };   /* columns: of more, the last cells take too much room */

/* ---- codes -------------------------------------------------------------------------- */

/* A cell of a dictionary without bounds. */
static void seen_code_text(const seg_csv_work *w, size_t r, seg_csv_cell cell)
{
    seg_csv_facts *f = w->facts;
    f->width = cell.n > f->width ? cell.n : f->width;
    f->all_point_zero = f->all_point_zero && seg_csv_is_point_zero(cell.s, cell.n);
    if (cell.n > SEG_CSV_MAX_TEXT) {
        seg_csv_seen_at(w, &f->too_long, r);
        w->part->faulty = true;
    }
}

/* The code of a cell that was not seen lately. */
static seg_status find_code(const seg_csv_work *w, size_t r, seg_csv_cell raw, int32_t *code,
                            seg_error *err)
{
    const seg_csv_column *c = w->column;
    seg_csv_cell cell = seg_csv_unquoted(w, raw);
    *code = SEG_MISSING_CODE;
    if (seg_csv_work_missing(w, cell))
        return SEG_OK;
    if (c->n_fixed_levels > 0) {
        *code = seg_dictionary_find(c->coded, cell.s, cell.n);
        if (*code >= 0)
            return SEG_OK;
        *code = SEG_CSV_NO_LEVEL;
        seg_csv_seen_at(w, &w->facts->not_level, r);
        w->part->faulty = true;
        return SEG_OK;
    }
    if (c->mode == SEG_CSV_AS_CODES)
        seen_code_text(w, r, cell);
    return seg_csv_news_code(&w->part->news[w->c], c->coded, cell.s, cell.n, (uint32_t)r,
                             cell.s == raw.s, code, err);
}

/* All codes are final and small. */
static void keep_bytes(const seg_csv_work *w, const int32_t *codes)
{
    uint8_t *bytes = (uint8_t *)(uintptr_t)codes;
    for (size_t r = 0; r < w->n; r++)
        bytes[r] = codes[r] < 0 ? UINT8_MAX : (uint8_t)codes[r];
    seg_csv_keep_less(w, SEG_CSV_KEPT_CODE8, w->n);
}

seg_status seg_csv_as_codes(const seg_csv_work *w, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_csv_column *c = w->column;
    seg_csv_news *news = &w->part->news[w->c];
    bool counted = c->mode == SEG_CSV_AS_LEVELS && c->n_fixed_levels == 0;
    size_t n_known = c->coded == NULL ? 0 : seg_dictionary_size(c->coded);
    seg_csv_cells cells = seg_csv_chunk_cells(w->chunk, w->c);
    seg_csv_counts t = seg_csv_no_counts();
    int32_t *out = seg_csv_kept_as(w->part, w->c, SEG_CSV_KEPT_CODE, w->n * sizeof *out, err);
    if (out == NULL)
        return SEG_E_AGAIN;
    TRY(seg_csv_news_start(news, n_known, counted, w->chunk->n_columns <= MOST_REMEMBERED, err));
    for (size_t r = 0; r < w->n; r++) {
        seg_csv_cell cell = seg_csv_next_cell(&cells);
        seg_csv_recent *recent = seg_csv_recent_of(news, cell.s, cell.n);
        if (recent != NULL && recent->n == cell.n) {
            out[r] = recent->code;
        } else {
            TRY(find_code(w, r, cell, &out[r], err));
            if (recent != NULL)
                seg_csv_keep_recent(recent, cell.n, out[r]);
        }
        if (out[r] == SEG_MISSING_CODE)
            seg_csv_missing_in(&t, r);
        else
            seg_csv_present_in(&t, r);
        if ((size_t)out[r] < news->n_counts)
            news->counts[out[r]]++;
    }
    seg_csv_put_counts(w, &t);
    if (news->n == 0 && n_known < UINT8_MAX && !w->part->faulty)
        keep_bytes(w, out);
    if (counted) {   /* the levels are looked at once each, at the end */
        w->facts->n_present = 0;
        w->facts->first_cell = (seg_csv_place){ 0 };
    }

done:
    return st;
}

void seg_csv_part_recode(seg_csv_part *part)
{
    const uint64_t *directory = (const uint64_t *)(void *)part->bytes;
    size_t d = part->chunk.n_columns;
    for (size_t c = 0; c < d; c++) {
        const seg_csv_news *news = &part->news[c];
        if (seg_csv_entry_kept(directory[c]) != SEG_CSV_KEPT_CODE || news->n == 0)
            continue;
        char *cells = part->bytes + seg_csv_entry_offset(directory[c]);
        int32_t *codes = (int32_t *)(void *)cells;
        for (size_t r = 0; r < part->chunk.n_rows; r++)
            if (codes[r] < SEG_MISSING_CODE)
                codes[r] = news->texts[-2 - codes[r]].code;
    }
}

/* ---- texts -------------------------------------------------------------------------- */

/* Nothing but a text: a letter in front, which starts no sign of money. */
static inline bool plainly_text(const seg_csv_work *w, char first)
{
    const seg_csv_facts *f = w->facts;
    return f->not_date == NULL && f->not_number.line != 0 && !w->im->notation.signs
           && (unsigned char)(first | 0x20) - (unsigned)'a' < 26;
}

static seg_status seen_text(const seg_csv_work *w, size_t r, seg_csv_cell cell, size_t n_present,
                            seg_error *err)
{
    seg_csv_facts *f = w->facts;
    bool open = w->column->type == SEG_CSV_AUTO || w->column->type == SEG_CSV_DATE;
    if (w->im->checked && seg_csv_fault(w->im, w->column, cell.s, cell.n) != NULL)
        w->part->faulty = true;
    f->width = cell.n > f->width ? cell.n : f->width;
    if (cell.n > SEG_CSV_MAX_TEXT)
        seg_csv_seen_at(w, &f->too_long, r);
    if (!open || plainly_text(w, *cell.s))
        return SEG_OK;
    f->n_present = n_present - 1;   /* before this one, which the look counts */
    seg_csv_look look = seg_csv_work_look(w, r, cell);
    return seg_csv_facts_look(f, &look, err);
}

static bool comes_after(seg_csv_cell a, seg_csv_cell b)
{
    return b.n != a.n ? b.n > a.n : memcmp(b.s, a.s, a.n) > 0;
}

seg_status seg_csv_as_texts(const seg_csv_work *w, seg_error *err)
{
    seg_csv_part *part = w->part;
    seg_csv_facts *f = w->facts;
    bool ids = w->column->mode == SEG_CSV_AS_IDS;
    size_t most = w->n * sizeof(uint32_t) + w->chunk->n;
    uint32_t *ends = seg_csv_kept_as(part, w->c, SEG_CSV_KEPT_TEXT, most, err);
    seg_csv_cells cells = seg_csv_chunk_cells(w->chunk, w->c);
    seg_csv_cell before = { "", 0 };
    seg_csv_counts t = seg_csv_no_counts();
    if (ends == NULL)
        return SEG_E_AGAIN;
    char *bytes = (char *)(ends + w->n), *to = bytes;
    for (size_t r = 0; r < w->n; r++) {
        seg_csv_cell cell = seg_csv_unquoted(w, seg_csv_next_cell(&cells));
        memcpy(to, cell.s, cell.n);
        cell.s = to;
        to += cell.n;
        ends[r] = (uint32_t)(to - bytes);
        if (seg_csv_work_missing(w, cell)) {
            seg_csv_missing_in(&t, r);
            part->faulty |= ids;
            f->ascending = f->ascending && !ids;   /* merging looks at the last row alone */
            continue;
        }
        seg_csv_present_in(&t, r);
        if (ids) {
            seen_code_text(w, r, cell);
            f->ascending = f->ascending && comes_after(before, cell);
            before = cell;
            continue;
        }
        seg_csv_seen_at(w, &f->first_cell, t.first_present);
        seg_status st = seen_text(w, r, cell, r + 1 - t.n_missing, err);
        if (st != SEG_OK)
            return st;
    }
    f->n_present = 0;
    seg_csv_put_counts(w, &t);
    part->n -= w->chunk->n - (size_t)(to - bytes);
    return SEG_OK;
}

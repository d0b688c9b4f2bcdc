/* csv_part.c: a column at a time, so that one short loop with one kind of cell runs over some
 * thousand rows: what it needs stays in the nearest cache, and its branches go the same
 * way. What does not fit the loop's expectation is looked at by csv_facts.c. */
#include "data/csv_part.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/try.h"

typedef struct work {
    seg_csv_part *part;
    const seg_csv_import *im;
    const seg_csv_chunk *chunk;
    const seg_csv_column *column;
    seg_csv_facts *facts;
    size_t c, n;             /* the column, and the rows */
} work;

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

/* `bytes` more bytes of the segment, for the entry of the directory; null: no memory. */
static void *kept_as(seg_csv_part *part, size_t entry, seg_csv_kept kept, size_t bytes,
                     seg_error *err)
{
    size_t offset = (part->n + 7) / 8 * 8;
    if (SEG_GROW(&part->bytes, &part->cap, offset + bytes, "the cells of a chunk", err) != SEG_OK)
        return NULL;
    ((uint64_t *)(void *)part->bytes)[entry] = seg_csv_entry(kept, offset);
    part->n = offset + bytes;
    return part->bytes + offset;
}

/* ---- cells -------------------------------------------------------------------------- */

static inline seg_csv_cell cell_at(const work *w, size_t r)
{
    seg_csv_cell cell = seg_csv_chunk_cell(w->chunk, r, w->c);
    return cell.n > 0 && *cell.s == '"' ? seg_csv_unquote(cell, w->part->room) : cell;
}

static inline bool is_missing(const work *w, seg_csv_cell cell)
{
    return cell.n == 0 || (w->im->missing_first[(unsigned char)*cell.s]
                           && seg_csv_is_missing(w->im, cell.s, cell.n));
}

static seg_csv_look look_at(const work *w, size_t r, seg_csv_cell cell)
{
    return (seg_csv_look){ .im = w->im, .column = w->column, .s = cell.s, .n = cell.n,
                           .n_equal = 1, .chunk = w->chunk, .row = r };
}

static inline void place(const work *w, seg_csv_place *where, size_t r, seg_csv_cell cell)
{
    if (where->line == 0) {
        seg_csv_look look = look_at(w, r, cell);
        seg_csv_facts_place(where, &look);
    }
}

static inline void seen_missing(const work *w, size_t r, seg_csv_cell cell)
{
    w->facts->n_missing++;
    place(w, &w->facts->empty, r, cell);
}

static inline void seen_present(const work *w, size_t r, seg_csv_cell cell)
{
    w->facts->n_present++;
    place(w, &w->facts->first_cell, r, cell);
    if (cell.n > w->facts->width)
        w->facts->width = cell.n;
}

/* ---- numbers ------------------------------------------------------------------------ */

static inline bool is_whole(double v)
{
    return !(v > -0x1p62 && v < 0x1p62) || v == (double)(int64_t)v;
}

/* Blanks around it, or no number. */
static float odd_number(const work *w, size_t r, seg_csv_cell cell)
{
    seg_csv_look look = look_at(w, r, cell);
    uint64_t before = w->facts->n_numbers;
    float single;
    seg_csv_facts_number(w->facts, &look);
    cell = seg_csv_trim(cell.s, cell.n);
    if (w->facts->n_numbers > before
        && seg_csv_parse_f32(&w->im->notation, cell.s, cell.n, &single))
        return single;
    w->part->faulty = true;
    return NAN;
}

static seg_status as_numbers(const work *w, seg_error *err)
{
    float *out = kept_as(w->part, w->c, SEG_CSV_KEPT_F32, w->n * sizeof *out, err);
    seg_csv_facts *f = w->facts;
    const seg_csv_notation as = w->im->notation;
    if (out == NULL)
        return SEG_E_AGAIN;
    for (size_t r = 0; r < w->n; r++) {
        seg_csv_cell cell = cell_at(w, r);
        double v;
        if (is_missing(w, cell)) {
            seen_missing(w, r, cell);
            out[r] = NAN;
            continue;
        }
        seen_present(w, r, cell);
        if (!seg_csv_number(&as, cell.s, cell.n, &v) || !(fabs(v) <= 1e38)) {
            out[r] = odd_number(w, r, cell);
            continue;
        }
        seg_csv_single(&as, cell.s, cell.n, v, &out[r]);
        if (f->n_numbers == 0)
            f->first = f->min = f->max = v;
        else
            f->counts = f->counts && v == f->last + 1;
        f->min = v < f->min ? v : f->min;
        f->max = v > f->max ? v : f->max;
        f->whole = f->whole && is_whole(v);
        f->last = v;
        f->n_numbers++;
    }
    return SEG_OK;
}

/* ---- decimals ----------------------------------------------------------------------- */

static int64_t odd_fixed(const work *w, size_t r, seg_csv_cell cell)
{
    int64_t value;
    bool exact;
    seg_csv_look look = look_at(w, r, cell);
    seg_csv_facts_fixed(w->facts, &look);
    cell = seg_csv_trim(cell.s, cell.n);
    if (seg_csv_parse_fixed(&w->im->notation, cell.s, cell.n, SEG_CSV_FIXED_SCALE, &value, &exact))
        return value;
    w->part->faulty = true;
    return SEG_MISSING_I64;
}

static seg_status as_fixed(const work *w, seg_error *err)
{
    static const int64_t units[] = { 10000, 1000, 100, 10, 1 };
    int64_t *out = kept_as(w->part, w->c, SEG_CSV_KEPT_I64, w->n * sizeof *out, err);
    seg_csv_facts *f = w->facts;
    const char point = w->im->notation.point;
    if (out == NULL)
        return SEG_E_AGAIN;
    for (size_t r = 0; r < w->n; r++) {
        seg_csv_cell cell = cell_at(w, r);
        int64_t digits;
        unsigned n_fraction;
        if (is_missing(w, cell)) {
            seen_missing(w, r, cell);
            out[r] = SEG_MISSING_I64;
            continue;
        }
        seen_present(w, r, cell);
        if (cell.n > 14 || !seg_csv_plain_decimal(cell.s, cell.n, point, &digits, &n_fraction)
            || n_fraction > 4) {
            out[r] = odd_fixed(w, r, cell);
            continue;
        }
        out[r] = digits * units[n_fraction];
        for (; (int)n_fraction > f->digits && digits % 10 == 0; digits /= 10)
            n_fraction--;
        f->digits = (int)n_fraction > f->digits ? (int)n_fraction : f->digits;
        double v = (double)out[r] / SEG_CSV_FIXED_SCALE;
        f->min = f->n_numbers == 0 || v < f->min ? v : f->min;
        f->max = f->n_numbers == 0 || v > f->max ? v : f->max;
        f->n_numbers++;
    }
    return SEG_OK;
}

/* ---- dates -------------------------------------------------------------------------- */

/* The day read last: rows that follow each other often share it. */
typedef struct last_day {
    char text[10];
    int32_t day;
} last_day;

static inline unsigned two_digits(const char *s)
{
    unsigned a = (unsigned)(unsigned char)s[0] - '0', b = (unsigned)(unsigned char)s[1] - '0';
    return a > 9 || b > 9 ? 1000 : a * 10 + b;
}

static inline bool iso_day(const char *s, last_day *last)
{
    if (memcmp(s, last->text, sizeof last->text) == 0)
        return true;
    unsigned y = two_digits(s) * 100 + two_digits(s + 2), m = two_digits(s + 5),
             d = two_digits(s + 8);
    if ((s[4] != '-' && s[4] != '/') || s[7] != s[4] || y > 9999
        || !seg_day_valid((int)y, (int)m, (int)d))
        return false;
    memcpy(last->text, s, sizeof last->text);
    last->day = seg_day_from_ymd((int)y, (int)m, (int)d);
    return true;
}

/* YYYY-MM-DD, alone or with hh:mm:ss behind a blank or T. */
static inline bool iso_second(seg_csv_cell cell, last_day *last, int64_t *second)
{
    const char *s = cell.s;
    if ((cell.n != 10 && cell.n != 19) || !iso_day(s, last))
        return false;
    *second = (int64_t)last->day * 86400;
    if (cell.n == 10)
        return true;
    unsigned hour = two_digits(s + 11), minute = two_digits(s + 14), sec = two_digits(s + 17);
    *second += (int64_t)hour * 3600 + minute * 60 + sec;
    return (s[10] == ' ' || s[10] == 'T') && s[13] == ':' && s[16] == ':' && hour <= 23
           && minute <= 59 && sec <= 59;
}

static seg_status odd_date(const work *w, size_t r, seg_csv_cell cell, int64_t *out,
                           seg_error *err)
{
    bool has_time;
    seg_csv_look look = look_at(w, r, cell);
    seg_status st = seg_csv_facts_date(w->facts, &look, err);
    if (st != SEG_OK)
        return st;
    if (w->column->type == SEG_CSV_AUTO)
        seg_csv_facts_number(w->facts, &look);
    cell = seg_csv_trim(cell.s, cell.n);
    if (!seg_parse_date(cell.s, cell.n, w->column->guess_format, out, &has_time)) {
        w->part->faulty = true;
        *out = SEG_MISSING_I64;
    }
    return SEG_OK;
}

static seg_status as_dates(const work *w, seg_error *err)
{
    int64_t *out = kept_as(w->part, w->c, SEG_CSV_KEPT_I64, w->n * sizeof *out, err);
    seg_csv_facts *f = w->facts;
    bool iso = w->column->guess_format == SEG_DATE_ISO;
    last_day last = { .text = "1970-01-01", .day = 0 };
    if (out == NULL)
        return SEG_E_AGAIN;
    for (size_t r = 0; r < w->n; r++) {
        seg_csv_cell cell = cell_at(w, r);
        if (is_missing(w, cell)) {
            seen_missing(w, r, cell);
            out[r] = SEG_MISSING_I64;
            continue;
        }
        seen_present(w, r, cell);
        if (!iso || !iso_second(cell, &last, &out[r])) {
            seg_status st = odd_date(w, r, cell, &out[r], err);
            if (st != SEG_OK)
                return st;
            continue;
        }
        place(w, &f->a_date, r, cell);
        bool first = f->n_dates[SEG_DATE_ISO] == 0;
        if (first || out[r] < f->first_second[SEG_DATE_ISO])
            f->first_second[SEG_DATE_ISO] = out[r];
        if (first || out[r] > f->last_second[SEG_DATE_ISO])
            f->last_second[SEG_DATE_ISO] = out[r];
        f->has_time |= cell.n > 10;
        f->n_dates[SEG_DATE_ISO]++;
    }
    return SEG_OK;
}

/* ---- codes -------------------------------------------------------------------------- */

static inline void seen_code_text(const work *w, size_t r, seg_csv_cell cell)
{
    seg_csv_facts *f = w->facts;
    seen_present(w, r, cell);
    f->all_point_zero = f->all_point_zero && seg_csv_is_point_zero(cell.s, cell.n);
    if (cell.n > SEG_CSV_MAX_TEXT) {
        place(w, &f->too_long, r, cell);
        w->part->faulty = true;
    }
}

/* A level that the schema does not have. */
static void no_level(const work *w, size_t r, seg_csv_cell cell)
{
    place(w, &w->facts->not_level, r, cell);
    w->part->faulty = true;
}

static seg_status as_codes(const work *w, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_csv_column *c = w->column;
    seg_csv_news *news = &w->part->news[w->c];
    bool fixed = c->n_fixed_levels > 0, levels = c->mode == SEG_CSV_AS_LEVELS;
    size_t n_known = c->coded == NULL ? 0 : seg_dictionary_size(c->coded);
    int32_t *out = kept_as(w->part, w->c, SEG_CSV_KEPT_CODE, w->n * sizeof *out, err);
    if (out == NULL)
        return SEG_E_AGAIN;
    TRY(seg_csv_news_start(news, n_known, levels, err));
    for (size_t r = 0; r < w->n; r++) {
        seg_csv_cell cell = seg_csv_chunk_cell(w->chunk, r, w->c);
        bool quoted = cell.n > 0 && *cell.s == '"';
        if (quoted)
            cell = seg_csv_unquote(cell, w->part->room);
        if (is_missing(w, cell)) {
            seen_missing(w, r, cell);
            out[r] = SEG_MISSING_CODE;
        } else if (fixed) {
            seen_present(w, r, cell);
            out[r] = seg_dictionary_find(c->coded, cell.s, cell.n);
            if (out[r] < 0)
                no_level(w, r, cell);
        } else {
            if (!levels)
                seen_code_text(w, r, cell);
            TRY(seg_csv_news_code(news, c->coded, cell.s, cell.n, (uint32_t)r, !quoted, &out[r],
                                  err));
        }
    }

done:
    return st;
}

static void *cells_of(seg_csv_part *part, uint64_t entry)
{
    return part->bytes + (entry & 0xffffffffffffff);
}

void seg_csv_part_recode(seg_csv_part *part, uint64_t lines_before)
{
    const uint64_t *directory = (const uint64_t *)(void *)part->bytes;
    size_t d = part->chunk.n_columns;
    uint64_t *lines = directory[d] == 0 ? NULL : cells_of(part, directory[d]);
    for (size_t r = 0; lines != NULL && r < part->chunk.n_rows; r++)
        lines[r] += lines_before;
    for (size_t c = 0; c < d; c++) {
        const seg_csv_news *news = &part->news[c];
        if (directory[c] >> 56 != SEG_CSV_KEPT_CODE || news->n == 0)
            continue;
        int32_t *codes = cells_of(part, directory[c]);
        for (size_t r = 0; r < part->chunk.n_rows; r++)
            if (codes[r] < SEG_MISSING_CODE)
                codes[r] = news->texts[-2 - codes[r]].code;
    }
}

/* ---- texts -------------------------------------------------------------------------- */

/* Nothing but a text: a letter in front. */
static inline bool plainly_text(const seg_csv_facts *f, char first)
{
    return f->not_date == NULL && f->not_number.line != 0
           && (unsigned char)(first | 0x20) - (unsigned)'a' < 26;
}

static seg_status seen_text(const work *w, size_t r, seg_csv_cell cell, seg_error *err)
{
    bool open = w->column->type == SEG_CSV_AUTO || w->column->type == SEG_CSV_DATE;
    if (w->im->checked && seg_csv_fault(w->im, w->column, cell.s, cell.n) != NULL)
        w->part->faulty = true;
    if (!open || plainly_text(w->facts, *cell.s)) {
        seen_present(w, r, cell);
        if (cell.n > SEG_CSV_MAX_TEXT)
            place(w, &w->facts->too_long, r, cell);
        return SEG_OK;
    }
    seg_csv_look look = look_at(w, r, cell);
    return seg_csv_facts_look(w->facts, &look, err);
}

static bool comes_after(seg_csv_cell a, seg_csv_cell b)
{
    return b.n != a.n ? b.n > a.n : memcmp(b.s, a.s, a.n) > 0;
}

static inline void seen_id(const work *w, size_t r, seg_csv_cell cell, seg_csv_cell before)
{
    seen_code_text(w, r, cell);
    w->facts->ascending = w->facts->ascending && comes_after(before, cell);
}

static seg_status as_texts(const work *w, seg_error *err)
{
    seg_csv_part *part = w->part;
    bool ids = w->column->mode == SEG_CSV_AS_IDS;
    size_t most = w->n * sizeof(uint32_t) + w->chunk->n;
    uint32_t *ends = kept_as(part, w->c, SEG_CSV_KEPT_TEXT, most, err);
    seg_csv_cell before = { "", 0 };
    if (ends == NULL)
        return SEG_E_AGAIN;
    char *bytes = (char *)(ends + w->n), *to = bytes;
    for (size_t r = 0; r < w->n; r++) {
        seg_csv_cell cell = cell_at(w, r);
        seg_status st = SEG_OK;
        memcpy(to, cell.s, cell.n);
        cell.s = to;
        to += cell.n;
        ends[r] = (uint32_t)(to - bytes);
        if (is_missing(w, cell)) {
            seen_missing(w, r, cell);
            part->faulty |= ids;
        } else if (ids) {
            seen_id(w, r, cell, before);
            before = cell;
        } else {
            st = seen_text(w, r, cell, err);
        }
        if (st != SEG_OK)
            return st;
    }
    part->n -= w->chunk->n - (size_t)(to - bytes);
    return SEG_OK;
}

/* ---- all ----------------------------------------------------------------------------- */

static seg_status parse_column(const work *w, seg_error *err)
{
    switch (w->column->mode) {
    case SEG_CSV_AS_NUMBERS: return as_numbers(w, err);
    case SEG_CSV_AS_DATES:   return as_dates(w, err);
    case SEG_CSV_AS_FIXED:   return as_fixed(w, err);
    case SEG_CSV_AS_LEVELS:
    case SEG_CSV_AS_CODES:   return as_codes(w, err);
    case SEG_CSV_AS_TEXTS:
    case SEG_CSV_AS_IDS:     return as_texts(w, err);
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
    size_t bytes = chunk->n_rows * sizeof *chunk->lines;
    uint64_t *lines = kept_as(part, d, SEG_CSV_KEPT_LINES, bytes, err);
    if (lines == NULL)
        return SEG_E_AGAIN;
    memcpy(lines, chunk->lines, bytes);
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
    TRY(SEG_GROW(&part->room, &part->room_cap, part->chunk.n, "a cell", err));
    memset(part->bytes, 0, directory);
    for (size_t c = 0; c < d; c++) {
        work w = { part, im, &part->chunk, &im->columns[c], &part->facts[c], c,
                   part->chunk.n_rows };
        seg_csv_facts_clear(w.facts);
        TRY(parse_column(&w, err));
    }
    TRY(keep_lines(part, err));

done:
    return st;
}

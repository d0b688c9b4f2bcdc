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

/* The column made last is kept otherwise, in fewer bytes. */
static void keep_less(const work *w, seg_csv_kept kept, size_t bytes)
{
    uint64_t *entry = (uint64_t *)(void *)w->part->bytes + w->c;
    size_t offset = *entry & 0xffffffffffffff;
    *entry = seg_csv_entry(kept, offset);
    w->part->n = offset + bytes;
}

/* ---- cells -------------------------------------------------------------------------- */

static inline seg_csv_cell unquoted(const work *w, seg_csv_cell cell)
{
    return cell.n > 0 && *cell.s == '"' ? seg_csv_unquote(cell, w->part->room) : cell;
}

static seg_csv_cell cell_at(const work *w, size_t r)
{
    return unquoted(w, seg_csv_chunk_cell(w->chunk, r, w->c));
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

static void place(const work *w, seg_csv_place *where, size_t r)
{
    if (where->line == 0) {
        seg_csv_look look = look_at(w, r, cell_at(w, r));
        seg_csv_facts_place(where, &look);
    }
}

/* What every loop counts; the first rows of a kind are found again at the end. */
typedef struct tally {
    size_t n_missing, first_missing, first_present;
} tally;

static inline tally no_tally(void)
{
    return (tally){ 0, SIZE_MAX, SIZE_MAX };
}

static inline void missing_in(tally *t, size_t r)
{
    t->n_missing++;
    t->first_missing = t->first_missing == SIZE_MAX ? r : t->first_missing;
}

static inline void present_in(tally *t, size_t r)
{
    t->first_present = t->first_present == SIZE_MAX ? r : t->first_present;
}

static void put_tally(const work *w, const tally *t)
{
    w->facts->n_missing += t->n_missing;
    w->facts->n_present += w->n - t->n_missing;
    if (t->first_missing != SIZE_MAX)
        place(w, &w->facts->empty, t->first_missing);
    if (t->first_present != SIZE_MAX)
        place(w, &w->facts->first_cell, t->first_present);
}

/* ---- numbers ------------------------------------------------------------------------ */

static inline bool is_whole(double v)
{
    return !(v > -0x1p62 && v < 0x1p62) || v == (double)(int64_t)v;
}

/* What the loop over plain numbers finds. */
typedef struct range {
    uint64_t n;
    double min, max, first, last;
    bool whole, counts;
} range;

static inline void see_value(range *a, double v)
{
    if (a->n++ == 0)
        a->first = a->min = a->max = v;
    else
        a->counts = a->counts && v == a->last + 1;
    a->min = v < a->min ? v : a->min;
    a->max = v > a->max ? v : a->max;
    a->whole = a->whole && is_whole(v);
    a->last = v;
}

static void put_range(seg_csv_facts *f, const range *a)
{
    if (a->n == 0)
        return;
    f->counts = f->counts && a->counts && f->n_numbers == 0;
    f->first = a->first;
    f->last = a->last;
    f->min = f->n_numbers == 0 || a->min < f->min ? a->min : f->min;
    f->max = f->n_numbers == 0 || a->max > f->max ? a->max : f->max;
    f->whole = f->whole && a->whole;
    f->n_numbers += a->n;
}

/* Blanks around it, very large, or no number. */
static bool odd_number(const work *w, size_t r, seg_csv_cell cell, double *value, float *single)
{
    seg_csv_look look = look_at(w, r, cell);
    const seg_csv_notation *as = &w->im->notation;
    cell = seg_csv_trim(cell.s, cell.n);
    if (seg_csv_parse_f64(as, cell.s, cell.n, value)
        && seg_csv_parse_f32(as, cell.s, cell.n, single))
        return true;
    seg_csv_facts_number(w->facts, &look);
    w->part->faulty = true;
    *single = NAN;
    return false;
}

static seg_status as_numbers(const work *w, seg_error *err)
{
    float *out = kept_as(w->part, w->c, SEG_CSV_KEPT_F32, w->n * sizeof *out, err);
    const seg_csv_notation as = w->im->notation;
    seg_csv_cells cells = seg_csv_chunk_cells(w->chunk, w->c);
    tally t = no_tally();
    range seen = { .whole = true, .counts = true };
    if (out == NULL)
        return SEG_E_AGAIN;
    for (size_t r = 0; r < w->n; r++) {
        seg_csv_cell cell = unquoted(w, seg_csv_next_cell(&cells));
        double v;
        if (is_missing(w, cell)) {
            missing_in(&t, r);
            out[r] = NAN;
            continue;
        }
        present_in(&t, r);
        bool plain = seg_csv_number(&as, cell.s, cell.n, &v) && fabs(v) <= 1e38;
        if (plain)
            seg_csv_single(&as, cell.s, cell.n, v, &out[r]);
        if (plain || odd_number(w, r, cell, &v, &out[r]))
            see_value(&seen, v);
    }
    put_tally(w, &t);
    put_range(w->facts, &seen);
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
    seg_csv_cells cells = seg_csv_chunk_cells(w->chunk, w->c);
    const char point = w->im->notation.point;
    tally t = no_tally();
    range seen = { .whole = true, .counts = true };
    int most_digits = 0;
    if (out == NULL)
        return SEG_E_AGAIN;
    for (size_t r = 0; r < w->n; r++) {
        seg_csv_cell cell = unquoted(w, seg_csv_next_cell(&cells));
        int64_t digits;
        unsigned n_fraction;
        if (is_missing(w, cell)) {
            missing_in(&t, r);
            out[r] = SEG_MISSING_I64;
            continue;
        }
        present_in(&t, r);
        if (cell.n > 14 || !seg_csv_plain_decimal(cell.s, cell.n, point, &digits, &n_fraction)
            || n_fraction > 4) {
            out[r] = odd_fixed(w, r, cell);
            continue;
        }
        out[r] = digits * units[n_fraction];
        for (; (int)n_fraction > most_digits && digits % 10 == 0; digits /= 10)
            n_fraction--;
        most_digits = (int)n_fraction > most_digits ? (int)n_fraction : most_digits;
        see_value(&seen, (double)out[r] / SEG_CSV_FIXED_SCALE);
    }
    put_tally(w, &t);
    put_range(w->facts, &seen);
    if (most_digits > w->facts->digits)
        w->facts->digits = most_digits;
    return SEG_OK;
}

/* ---- dates -------------------------------------------------------------------------- */

/* Eight bytes with digits where `pattern` has '0' and the very bytes of it elsewhere: their
 * values, a byte each; false if they are something else. */
static inline bool take_digits(const char *s, uint64_t pattern, uint64_t *digits)
{
    uint64_t bytes;
    memcpy(&bytes, s, sizeof bytes);
    uint64_t is_digit = pattern >> 4 & ~(pattern >> 3) & 0x0101010101010101u;   /* not - : */
    bytes ^= pattern;
    *digits = bytes;
    uint64_t above = 0x7f7f7f7f7f7f7f7fu - is_digit * 9;   /* at most 9, or 0 */
    return ((((bytes & 0x7f7f7f7f7f7f7f7fu) + above) | bytes) & 0x8080808080808080u) == 0;
}

static inline unsigned digit(uint64_t digits, unsigned i)
{
    return (unsigned)(digits >> 8 * i) & 0xff;
}

static inline unsigned two_digits(uint64_t digits, unsigned i)
{
    return digit(digits, i) * 10 + digit(digits, i + 1);
}

#define PATTERN(a, b, c, d, e, f, g, h)                                               \
    ((uint64_t)(a) | (uint64_t)(b) << 8 | (uint64_t)(c) << 16 | (uint64_t)(d) << 24   \
     | (uint64_t)(e) << 32 | (uint64_t)(f) << 40 | (uint64_t)(g) << 48 | (uint64_t)(h) << 56)

static inline bool iso_day(const char *s, int32_t *day)
{
    uint64_t digits;
    unsigned a = (unsigned)(unsigned char)s[8] - '0', b = (unsigned)(unsigned char)s[9] - '0';
    if (!take_digits(s, PATTERN('0', '0', '0', '0', '-', '0', '0', '-'), &digits) || a > 9 || b > 9)
        return false;
    int y = (int)(two_digits(digits, 0) * 100 + two_digits(digits, 2));
    int m = (int)two_digits(digits, 5), d = (int)(a * 10 + b);
    if (m < 1 || m > 12 || d < 1 || y < 1 || (d > 28 && !seg_day_valid(y, m, d)))
        return false;
    *day = seg_day_from_ymd(y, m, d);
    return true;
}

/* YYYY-MM-DD, alone or with hh:mm:ss behind a blank or T. */
static inline bool iso_second(seg_csv_cell cell, int64_t *second)
{
    int32_t day;
    uint64_t digits;
    if ((cell.n != 10 && cell.n != 19) || !iso_day(cell.s, &day))
        return false;
    *second = (int64_t)day * 86400;
    if (cell.n == 10)
        return true;
    if ((cell.s[10] != ' ' && cell.s[10] != 'T')
        || !take_digits(cell.s + 11, PATTERN('0', '0', ':', '0', '0', ':', '0', '0'), &digits))
        return false;
    unsigned hour = two_digits(digits, 0), minute = two_digits(digits, 3),
             sec = two_digits(digits, 6);
    *second += (int64_t)hour * 3600 + minute * 60 + sec;
    return hour <= 23 && minute <= 59 && sec <= 59;
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

/* Half of the room suffices. */
static void keep_days(const work *w, int64_t *seconds)
{
    int32_t *days = (int32_t *)(void *)seconds;
    for (size_t r = 0; r < w->n; r++) {
        int64_t second = seconds[r];
        int32_t day = second == SEG_MISSING_I64 ? SEG_MISSING_DAY : (int32_t)(second / 86400);
        memcpy(&days[r], &day, sizeof day);
    }
    keep_less(w, SEG_CSV_KEPT_DAY, w->n * sizeof *days);
}

static seg_status as_dates(const work *w, seg_error *err)
{
    int64_t *out = kept_as(w->part, w->c, SEG_CSV_KEPT_I64, w->n * sizeof *out, err);
    seg_csv_facts *f = w->facts;
    seg_csv_cells cells = seg_csv_chunk_cells(w->chunk, w->c);
    bool iso = w->column->guess_format == SEG_DATE_ISO, has_time = false;
    int64_t least = INT64_MAX, most = INT64_MIN;
    size_t n_iso = 0, first_iso = 0;
    tally t = no_tally();
    if (out == NULL)
        return SEG_E_AGAIN;
    for (size_t r = 0; r < w->n; r++) {
        seg_csv_cell cell = unquoted(w, seg_csv_next_cell(&cells));
        if (is_missing(w, cell)) {
            missing_in(&t, r);
            out[r] = SEG_MISSING_I64;
            continue;
        }
        present_in(&t, r);
        if (!iso || !iso_second(cell, &out[r])) {
            f->n_present = r - t.n_missing + 1;   /* the look asks for what stood before */
            place(w, &f->first_cell, t.first_present);
            if (n_iso > 0)
                place(w, &f->a_date, first_iso);
            seg_status st = odd_date(w, r, cell, &out[r], err);
            if (st != SEG_OK)
                return st;
            continue;
        }
        first_iso = n_iso++ == 0 ? r : first_iso;
        least = out[r] < least ? out[r] : least;
        most = out[r] > most ? out[r] : most;
        has_time |= cell.n > 10;
    }
    f->n_present = 0;
    put_tally(w, &t);
    if (!has_time && n_iso + t.n_missing == w->n)
        keep_days(w, out);
    if (n_iso == 0)
        return SEG_OK;
    place(w, &f->a_date, first_iso);
    bool none = f->n_dates[SEG_DATE_ISO] == 0;
    f->first_second[SEG_DATE_ISO] = none || least < f->first_second[SEG_DATE_ISO]
                                    ? least : f->first_second[SEG_DATE_ISO];
    f->last_second[SEG_DATE_ISO] = none || most > f->last_second[SEG_DATE_ISO]
                                   ? most : f->last_second[SEG_DATE_ISO];
    f->n_dates[SEG_DATE_ISO] += n_iso;
    f->has_time |= has_time;
    return SEG_OK;
}

/* ---- codes -------------------------------------------------------------------------- */

/* A cell of a dictionary without bounds. */
static void seen_code_text(const work *w, size_t r, seg_csv_cell cell)
{
    seg_csv_facts *f = w->facts;
    f->width = cell.n > f->width ? cell.n : f->width;
    f->all_point_zero = f->all_point_zero && seg_csv_is_point_zero(cell.s, cell.n);
    if (cell.n > SEG_CSV_MAX_TEXT) {
        place(w, &f->too_long, r);
        w->part->faulty = true;
    }
}

/* The code of a cell that was not seen lately. */
static seg_status find_code(const work *w, size_t r, seg_csv_cell raw, int32_t *code,
                            seg_error *err)
{
    const seg_csv_column *c = w->column;
    seg_csv_cell cell = unquoted(w, raw);
    *code = SEG_MISSING_CODE;
    if (is_missing(w, cell))
        return SEG_OK;
    if (c->n_fixed_levels > 0) {
        *code = seg_dictionary_find(c->coded, cell.s, cell.n);
        if (*code >= 0)
            return SEG_OK;
        *code = SEG_CSV_NO_LEVEL;
        place(w, &w->facts->not_level, r);
        w->part->faulty = true;
        return SEG_OK;
    }
    if (c->mode == SEG_CSV_AS_CODES)
        seen_code_text(w, r, cell);
    return seg_csv_news_code(&w->part->news[w->c], c->coded, cell.s, cell.n, (uint32_t)r,
                             cell.s == raw.s, code, err);
}

/* All codes are final and small. */
static void keep_bytes(const work *w, const int32_t *codes)
{
    uint8_t *bytes = (uint8_t *)(uintptr_t)codes;
    for (size_t r = 0; r < w->n; r++)
        bytes[r] = codes[r] < 0 ? UINT8_MAX : (uint8_t)codes[r];
    keep_less(w, SEG_CSV_KEPT_CODE8, w->n);
}

static seg_status as_codes(const work *w, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_csv_column *c = w->column;
    seg_csv_news *news = &w->part->news[w->c];
    bool counted = c->mode == SEG_CSV_AS_LEVELS && c->n_fixed_levels == 0;
    size_t n_known = c->coded == NULL ? 0 : seg_dictionary_size(c->coded);
    seg_csv_cells cells = seg_csv_chunk_cells(w->chunk, w->c);
    tally t = no_tally();
    int32_t *out = kept_as(w->part, w->c, SEG_CSV_KEPT_CODE, w->n * sizeof *out, err);
    if (out == NULL)
        return SEG_E_AGAIN;
    TRY(seg_csv_news_start(news, n_known, counted, err));
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
            missing_in(&t, r);
        else
            present_in(&t, r);
        if ((size_t)out[r] < news->n_counts)
            news->counts[out[r]]++;
    }
    put_tally(w, &t);
    if (news->n == 0 && n_known < UINT8_MAX && !w->part->faulty)
        keep_bytes(w, out);
    if (counted) {   /* the levels are looked at once each, at the end */
        w->facts->n_present = 0;
        w->facts->first_cell = (seg_csv_place){ 0 };
    }

done:
    return st;
}

static void *cells_of(seg_csv_part *part, uint64_t entry)
{
    return part->bytes + (entry & 0xffffffffffffff);
}

void seg_csv_part_recode(seg_csv_part *part)
{
    const uint64_t *directory = (const uint64_t *)(void *)part->bytes;
    size_t d = part->chunk.n_columns;
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

static seg_status seen_text(const work *w, size_t r, seg_csv_cell cell, size_t n_present,
                            seg_error *err)
{
    seg_csv_facts *f = w->facts;
    bool open = w->column->type == SEG_CSV_AUTO || w->column->type == SEG_CSV_DATE;
    if (w->im->checked && seg_csv_fault(w->im, w->column, cell.s, cell.n) != NULL)
        w->part->faulty = true;
    f->width = cell.n > f->width ? cell.n : f->width;
    if (cell.n > SEG_CSV_MAX_TEXT)
        place(w, &f->too_long, r);
    if (!open || plainly_text(f, *cell.s))
        return SEG_OK;
    f->n_present = n_present - 1;   /* before this one, which the look counts */
    seg_csv_look look = look_at(w, r, cell);
    return seg_csv_facts_look(f, &look, err);
}

static bool comes_after(seg_csv_cell a, seg_csv_cell b)
{
    return b.n != a.n ? b.n > a.n : memcmp(b.s, a.s, a.n) > 0;
}

static seg_status as_texts(const work *w, seg_error *err)
{
    seg_csv_part *part = w->part;
    seg_csv_facts *f = w->facts;
    bool ids = w->column->mode == SEG_CSV_AS_IDS;
    size_t most = w->n * sizeof(uint32_t) + w->chunk->n;
    uint32_t *ends = kept_as(part, w->c, SEG_CSV_KEPT_TEXT, most, err);
    seg_csv_cells cells = seg_csv_chunk_cells(w->chunk, w->c);
    seg_csv_cell before = { "", 0 };
    tally t = no_tally();
    if (ends == NULL)
        return SEG_E_AGAIN;
    char *bytes = (char *)(ends + w->n), *to = bytes;
    for (size_t r = 0; r < w->n; r++) {
        seg_csv_cell cell = unquoted(w, seg_csv_next_cell(&cells));
        memcpy(to, cell.s, cell.n);
        cell.s = to;
        to += cell.n;
        ends[r] = (uint32_t)(to - bytes);
        if (is_missing(w, cell)) {
            missing_in(&t, r);
            part->faulty |= ids;
            continue;
        }
        present_in(&t, r);
        if (ids) {
            seen_code_text(w, r, cell);
            f->ascending = f->ascending && comes_after(before, cell);
            before = cell;
            continue;
        }
        place(w, &f->first_cell, t.first_present);
        seg_status st = seen_text(w, r, cell, r + 1 - t.n_missing, err);
        if (st != SEG_OK)
            return st;
    }
    f->n_present = 0;
    put_tally(w, &t);
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
    uint32_t *lines = kept_as(part, d, SEG_CSV_KEPT_LINES, chunk->n_rows * sizeof *lines, err);
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
        work w = { part, im, &part->chunk, &im->columns[c], &part->facts[c], c,
                   part->chunk.n_rows };
        seg_csv_facts_clear(w.facts);
        TRY(parse_column(&w, err));
    }
    TRY(keep_lines(part, err));

done:
    return st;
}

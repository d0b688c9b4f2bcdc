/* csv_as_dates.c: columns of dates. ISO dates, which machines write, are read eight bytes at a
 * time; those of people by base/date. */
#include <string.h>
#include "base/try.h"
#include "data/csv_work.h"

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

static seg_status odd_date(const seg_csv_work *w, size_t r, seg_csv_cell cell, int64_t *out,
                           seg_error *err)
{
    bool has_time;
    seg_csv_look look = seg_csv_work_look(w, r, cell);
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
static void keep_days(const seg_csv_work *w, int64_t *seconds)
{
    int32_t *days = (int32_t *)(void *)seconds;
    for (size_t r = 0; r < w->n; r++) {
        int64_t second = seconds[r];
        int32_t day = second == SEG_MISSING_I64 ? SEG_MISSING_DAY : (int32_t)(second / 86400);
        memcpy(&days[r], &day, sizeof day);
    }
    seg_csv_keep_less(w, SEG_CSV_KEPT_DAY, w->n * sizeof *days);
}

/* What the loop over ISO dates finds. */
typedef struct span {
    size_t n, first_row;
    int64_t least, most;
    bool has_time;
} span;

/* Before another kind of cell is looked at, and at the end. */
static seg_status tell_first(const seg_csv_work *w, const span *s, const seg_csv_counts *t,
                             seg_error *err)
{
    seg_csv_seen_at(w, &w->facts->first_cell, t->first_present);
    if (s->n == 0 || w->facts->a_date.line != 0)
        return SEG_OK;
    seg_csv_look look = seg_csv_work_look(w, s->first_row, seg_csv_cell_at(w, s->first_row));
    return seg_csv_facts_first_date(w->facts, &look, SEG_DATE_ISO, t->first_present < s->first_row,
                                    err);
}

static void put_span(seg_csv_facts *f, const span *s)
{
    bool none = f->n_dates[SEG_DATE_ISO] == 0;
    int64_t *least = &f->first_second[SEG_DATE_ISO], *most = &f->last_second[SEG_DATE_ISO];
    if (s->n == 0)
        return;
    *least = none || s->least < *least ? s->least : *least;
    *most = none || s->most > *most ? s->most : *most;
    f->n_dates[SEG_DATE_ISO] += s->n;
    f->has_time |= s->has_time;
}

seg_status seg_csv_as_dates(const seg_csv_work *w, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_csv_facts *f = w->facts;
    seg_csv_cells cells = seg_csv_chunk_cells(w->chunk, w->c);
    bool iso = w->column->guess_format == SEG_DATE_ISO;
    span seen = { .least = INT64_MAX, .most = INT64_MIN };
    seg_csv_counts t = seg_csv_no_counts();
    int64_t *out = seg_csv_kept_as(w->part, w->c, SEG_CSV_KEPT_I64, w->n * sizeof *out, err);
    if (out == NULL)
        return SEG_E_AGAIN;
    for (size_t r = 0; r < w->n; r++) {
        seg_csv_cell cell = seg_csv_unquoted(w, seg_csv_next_cell(&cells));
        if (seg_csv_work_missing(w, cell)) {
            seg_csv_missing_in(&t, r);
            out[r] = SEG_MISSING_I64;
            continue;
        }
        seg_csv_present_in(&t, r);
        if (!iso || !iso_second(cell, &out[r])) {
            f->n_present = r - t.n_missing + 1;   /* the look asks for what stood before */
            TRY(tell_first(w, &seen, &t, err));
            TRY(odd_date(w, r, cell, &out[r], err));
            continue;
        }
        seen.first_row = seen.n++ == 0 ? r : seen.first_row;
        seen.least = out[r] < seen.least ? out[r] : seen.least;
        seen.most = out[r] > seen.most ? out[r] : seen.most;
        seen.has_time |= cell.n > 10;
    }
    f->n_present = 0;
    if (seen.n > 0)
        TRY(tell_first(w, &seen, &t, err));
    put_span(f, &seen);
    seg_csv_put_counts(w, &t);
    if (!seen.has_time && seen.n + t.n_missing == w->n)
        keep_days(w, out);

done:
    return st;
}

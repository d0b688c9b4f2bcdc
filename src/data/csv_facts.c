/* csv_facts.c: what a cell could be: every reading of it is tried and counted, over the whole
 * text and not just its head; nothing is decided here. */
#include "data/csv_import.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/try.h"

bool seg_csv_is_missing(const seg_csv_import *im, const char *s, size_t n)
{
    if (n == 0)
        return true;
    if (!im->missing_first[(unsigned char)s[0]])
        return false;
    seg_csv_cell cell = seg_csv_trim(s, n);
    if (cell.n == 0)
        return true;
    if ((im->missing_lengths >> (cell.n < 63 ? cell.n : 63) & 1) == 0)
        return false;
    for (size_t i = 0; i < im->n_missing; i++)
        if (im->missing[i].n == cell.n && memcmp(im->missing[i].s, cell.s, cell.n) == 0)
            return true;
    return false;
}

seg_csv_cell seg_csv_trim(const char *s, size_t n)
{
    while (n > 0 && (*s == ' ' || *s == '\t'))
        s++, n--;
    while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t'))
        n--;
    return (seg_csv_cell){ s, n };
}

void seg_csv_facts_clear(seg_csv_facts *f)
{
    seg_free(f->not_date);
    *f = (seg_csv_facts){ .whole = true, .counts = true, .all_point_zero = true,
                          .ascending = true };
}

/* ---- places ------------------------------------------------------------------------ */

void seg_csv_facts_place(seg_csv_place *place, const seg_csv_look *look)
{
    if (place->line != 0)
        return;
    bool in_chunk = look->chunk != NULL;
    seg_csv_cell cell = seg_csv_trim(look->s, look->n);
    place->line = in_chunk ? seg_csv_chunk_line(look->chunk, look->row) : look->line;
    place->file = in_chunk ? look->chunk->file : look->file;
    place->n = (uint32_t)(cell.n < sizeof place->text ? cell.n : sizeof place->text);
    memcpy(place->text, cell.s, place->n);
}

/* ---- numbers ------------------------------------------------------------------------ */

static bool could_be_number(const seg_csv_notation *as, char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == ',' || as->signs;
}

/* Written like a number: what does not parse then is too large. */
static bool reads_like_number(const char *s, size_t n, char point)
{
    size_t i = s[0] == '-' || s[0] == '+', digits = 0, points = 0;
    for (; i < n && ((s[i] >= '0' && s[i] <= '9') || (s[i] == point && points++ == 0)); i++)
        digits += s[i] != point;
    if (digits == 0 || i == n)
        return digits > 0;
    if (s[i] != 'e' && s[i] != 'E')
        return false;
    i++;
    i += i < n && (s[i] == '-' || s[i] == '+');
    size_t first = i;
    while (i < n && s[i] >= '0' && s[i] <= '9')
        i++;
    return i == n && i > first;
}

static void overflow(seg_csv_facts *f, const seg_csv_look *look)
{
    f->n_overflows += look->n_equal;
    seg_csv_facts_place(&f->overflow, look);
}

static void seen_value(seg_csv_facts *f, double value, uint64_t n)
{
    if (f->n_numbers == 0) {
        f->min = f->max = value;
    } else {
        f->min = value < f->min ? value : f->min;
        f->max = value > f->max ? value : f->max;
    }
    f->n_numbers += n;
}

void seg_csv_facts_number(seg_csv_facts *f, const seg_csv_look *look)
{
    seg_csv_cell cell = seg_csv_trim(look->s, look->n);
    const seg_csv_notation *as = &look->im->notation;
    char point = as->point;
    double value;
    float single;
    if (!could_be_number(as, cell.s[0]) || !seg_csv_parse_f64(as, cell.s, cell.n, &value)) {
        if (reads_like_number(cell.s, cell.n, point)) {
            overflow(f, look);
            return;
        }
        seg_csv_facts_place(&f->not_number, look);
        if (point == '.' && could_be_number(as, cell.s[0]) && memchr(cell.s, ',', cell.n) != NULL
            && seg_csv_parse_f64(&(seg_csv_notation){ ',', '.', false }, cell.s, cell.n, &value)) {
            f->n_commas += look->n_equal;
            seg_csv_facts_place(&f->a_comma, look);
        }
        return;
    }
    if (fabs(value) > 1e38 && !seg_csv_parse_f32(&look->im->notation, cell.s, cell.n, &single)) {
        overflow(f, look);
        return;
    }
    f->whole = f->whole && value == floor(value);
    if (f->n_numbers == 0)
        f->first = value;
    f->counts = f->counts && look->n_equal == 1 && (f->n_numbers == 0 || value == f->last + 1);
    f->last = value;
    seen_value(f, value, look->n_equal);
}

/* Digits after the point that are not trailing zeros. */
static int digits_of(const char *s, size_t n, char point)
{
    const char *p = memchr(s, point, n);
    if (p == NULL)
        return 0;
    while (n > 0 && (s[n - 1] < '0' || s[n - 1] > '9'))   /* a sign behind it */
        n--;
    while (n > 0 && s[n - 1] == '0')
        n--;
    return (int)(s + n - p) - 1;
}

void seg_csv_facts_fixed(seg_csv_facts *f, const seg_csv_look *look)
{
    int64_t value;
    bool exact;
    seg_csv_cell cell = seg_csv_trim(look->s, look->n);
    char point = look->im->notation.point;
    if (!seg_csv_parse_fixed(&look->im->notation, cell.s, cell.n, SEG_CSV_FIXED_SCALE, &value, &exact)) {
        if (memchr(cell.s, 'e', cell.n) == NULL && memchr(cell.s, 'E', cell.n) == NULL
            && reads_like_number(cell.s, cell.n, point))
            overflow(f, look);
        else
            seg_csv_facts_place(&f->not_number, look);
        return;
    }
    int digits = digits_of(cell.s, cell.n, point);
    if (digits > f->digits)
        f->digits = digits;
    f->n_inexact += exact ? 0 : look->n_equal;
    seen_value(f, (double)value / SEG_CSV_FIXED_SCALE, look->n_equal);
}

/* ---- dates --------------------------------------------------------------------------- */

/* Dates are looked for from the first cell on that is one: those before it were none. */
static seg_status start_dates(seg_csv_facts *f, bool cells_before, seg_error *err)
{
    seg_status st = SEG_ALLOC(&f->not_date, SEG_CSV_N_FORMATS, "a column", err);
    for (int i = 0; st == SEG_OK && i < SEG_CSV_N_FORMATS && cells_before; i++)
        f->not_date[i] = f->first_cell;
    return st;
}

seg_status seg_csv_facts_first_date(seg_csv_facts *f, const seg_csv_look *look,
                                    seg_date_format format, bool cells_before, seg_error *err)
{
    if (f->not_date == NULL) {
        seg_status st = start_dates(f, cells_before, err);
        if (st != SEG_OK)
            return st;
    }
    for (int i = SEG_DATE_ISO; i < SEG_CSV_N_FORMATS; i++)
        if (i != (int)format)
            seg_csv_facts_place(&f->not_date[i], look);
    seg_csv_facts_place(&f->a_date, look);
    return SEG_OK;
}

seg_status seg_csv_facts_date(seg_csv_facts *f, const seg_csv_look *look, seg_error *err)
{
    seg_csv_cell cell = seg_csv_trim(look->s, look->n);
    unsigned formats = 0;
    int64_t seconds[SEG_DATE_N_FORMATS];
    bool has_time[SEG_DATE_N_FORMATS];
    if (cell.s[0] >= '0' && cell.s[0] <= '9')
        formats = seg_date_readings(cell.s, cell.n, seconds, has_time);
    if (formats == 0 && f->not_date == NULL && look->column->type != SEG_CSV_DATE)
        return SEG_OK;   /* no date in sight */
    if (f->not_date == NULL) {
        seg_status st = start_dates(f, f->n_present > look->n_equal, err);
        if (st != SEG_OK)
            return st;
    }
    for (int i = SEG_DATE_ISO; i < SEG_CSV_N_FORMATS; i++) {
        if ((formats & 1u << i) == 0) {
            seg_csv_facts_place(&f->not_date[i], look);
            continue;
        }
        seg_csv_facts_place(&f->a_date, look);
        if (f->n_dates[i] == 0 || seconds[i] < f->first_second[i])
            f->first_second[i] = seconds[i];
        if (f->n_dates[i] == 0 || seconds[i] > f->last_second[i])
            f->last_second[i] = seconds[i];
        f->n_dates[i] += look->n_equal;
        f->has_time |= has_time[i];
    }
    return SEG_OK;
}

/* ---- texts --------------------------------------------------------------------------- */

bool seg_csv_is_point_zero(const char *s, size_t n)
{
    if (n < 3 || s[n - 1] != '0' || s[n - 2] != '.')
        return false;
    for (size_t i = 0; i < n - 2; i++)
        if (s[i] < '0' || s[i] > '9')
            return false;
    return true;
}

seg_status seg_csv_facts_look(seg_csv_facts *f, const seg_csv_look *look, seg_error *err)
{
    const seg_csv_column *c = look->column;
    if (seg_csv_is_missing(look->im, look->s, look->n)) {
        f->n_missing += look->n_equal;
        seg_csv_facts_place(&f->empty, look);
        return SEG_OK;
    }
    f->n_present += look->n_equal;
    seg_csv_facts_place(&f->first_cell, look);
    if (look->n > f->width)
        f->width = look->n;
    if (look->n > SEG_CSV_MAX_TEXT)
        seg_csv_facts_place(&f->too_long, look);
    bool open = c->type == SEG_CSV_AUTO;
    if (open || c->type == SEG_CSV_NUMBER)
        seg_csv_facts_number(f, look);
    if (open || c->type == SEG_CSV_DATE)
        return seg_csv_facts_date(f, look, err);
    return SEG_OK;
}

/* ---- merging ------------------------------------------------------------------------- */

static void earlier(seg_csv_place *a, const seg_csv_place *b)
{
    bool before = b->file != a->file ? b->file < a->file : b->line < a->line;
    if (b->line != 0 && (a->line == 0 || before))
        *a = *b;
}

static seg_status merge_dates(seg_csv_facts *f, const seg_csv_facts *later, seg_error *err)
{
    for (int i = 0; i < SEG_CSV_N_FORMATS; i++) {
        if (later->n_dates[i] == 0)
            continue;
        if (f->n_dates[i] == 0 || later->first_second[i] < f->first_second[i])
            f->first_second[i] = later->first_second[i];
        if (f->n_dates[i] == 0 || later->last_second[i] > f->last_second[i])
            f->last_second[i] = later->last_second[i];
        f->n_dates[i] += later->n_dates[i];
    }
    f->has_time |= later->has_time;
    earlier(&f->a_date, &later->a_date);
    if (f->not_date == NULL && later->not_date == NULL)
        return SEG_OK;
    if (f->not_date == NULL) {
        seg_status st = start_dates(f, f->n_present > 0, err);
        if (st != SEG_OK)
            return st;
    }
    for (int i = 0; i < SEG_CSV_N_FORMATS; i++)
        earlier(&f->not_date[i], later->not_date != NULL ? &later->not_date[i]
                                                         : &later->first_cell);
    return SEG_OK;
}

static void merge_numbers(seg_csv_facts *f, const seg_csv_facts *later)
{
    f->n_inexact += later->n_inexact;
    f->n_commas += later->n_commas;
    f->n_overflows += later->n_overflows;
    f->digits = later->digits > f->digits ? later->digits : f->digits;
    earlier(&f->not_number, &later->not_number);
    earlier(&f->overflow, &later->overflow);
    earlier(&f->a_comma, &later->a_comma);
    f->counts = f->counts && later->counts;
    if (later->n_numbers == 0)
        return;
    f->whole = f->whole && later->whole;
    f->counts = f->counts && (f->n_numbers == 0 || later->first == f->last + 1);
    if (f->n_numbers == 0)
        f->first = later->first;
    f->last = later->last;
    f->min = f->n_numbers == 0 || later->min < f->min ? later->min : f->min;
    f->max = f->n_numbers == 0 || later->max > f->max ? later->max : f->max;
    f->n_numbers += later->n_numbers;
}

static void shift(seg_csv_place *place, uint64_t lines)
{
    place->line += place->line == 0 ? 0 : lines;
}

void seg_csv_facts_shift(seg_csv_facts *f, uint64_t lines)
{
    seg_csv_place *const places[] = { &f->first_cell, &f->not_number, &f->overflow, &f->a_date,
                                      &f->a_comma, &f->too_long, &f->not_level, &f->empty };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        shift(places[i], lines);
    for (int i = 0; i < SEG_CSV_N_FORMATS && f->not_date != NULL; i++)
        shift(&f->not_date[i], lines);
}

seg_status seg_csv_facts_merge(seg_csv_facts *f, const seg_csv_facts *later, seg_error *err)
{
    seg_status st = merge_dates(f, later, err);   /* it asks what f held before */
    if (st != SEG_OK)
        return st;
    merge_numbers(f, later);
    f->n_present += later->n_present;
    f->n_missing += later->n_missing;
    f->all_point_zero = f->all_point_zero && later->all_point_zero;
    f->many = f->many || later->many;
    f->width = later->width > f->width ? later->width : f->width;
    earlier(&f->first_cell, &later->first_cell);
    earlier(&f->too_long, &later->too_long);
    earlier(&f->not_level, &later->not_level);
    earlier(&f->empty, &later->empty);
    return SEG_OK;
}

/* csv_infer.c: the first reading: what stands in each column, over the whole text and not
 * just its head. Every cell is tried as a number and a date, and kept as a level while a
 * column has few; nothing is decided here. Memory: the dictionaries. */
#include "data/csv_import.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/try.h"

bool seg_csv_is_missing(const seg_csv_import *im, const char *s, size_t n)
{
    if (n == 0)
        return true;
    if (s[0] != ' ' && s[0] != '\t' && !im->missing_first[(unsigned char)s[0]])
        return false;
    seg_csv_cell cell = seg_csv_trim(s, n);
    if (cell.n == 0)
        return true;
    for (const char **word = im->missing; *word != NULL; word++)
        if (seg_equal_n(*word, cell.s, cell.n))
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

/* ---- one cell --------------------------------------------------------------------- */

typedef struct here {
    seg_csv_import *im;
    const seg_csv_row *row;
    const char *s;           /* the cell as it stands */
    size_t n;
    seg_csv_cell cell;       /* without blanks around it */
} here;

static uint64_t place_of(const here *h)
{
    return (uint64_t)h->im->rows->file << 44 | h->row->line;
}

static void keep_place(const here *h, seg_csv_place *place)
{
    if (place->line != 0)
        return;
    place->line = h->row->line;
    place->file = (uint32_t)h->im->rows->file;
    place->n = (uint32_t)(h->cell.n < sizeof place->text ? h->cell.n : sizeof place->text);
    memcpy(place->text, h->cell.s, place->n);
}

static bool could_be_number(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == ',';
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

static void keep_overflow(seg_csv_column *c, const here *h)
{
    c->n_overflows++;
    keep_place(h, &c->overflow);
}

static void seen_value(seg_csv_column *c, double value)
{
    if (c->n_numbers == 0 || value < c->min)
        c->min = value;
    if (c->n_numbers == 0 || value > c->max)
        c->max = value;
    c->n_numbers++;
}

static void look_for_number(seg_csv_column *c, const here *h)
{
    const char *s = h->cell.s;
    size_t n = h->cell.n;
    double value;
    float single;
    if (!could_be_number(s[0]) || !seg_parse_f64(s, n, h->im->point, &value)) {
        if (reads_like_number(s, n, h->im->point)) {
            keep_overflow(c, h);
            return;
        }
        keep_place(h, &c->not_number);
        if (h->im->point == '.' && could_be_number(s[0]) && memchr(s, ',', n) != NULL
            && seg_parse_f64(s, n, ',', &value)) {
            c->n_commas++;
            keep_place(h, &c->a_comma);
        }
        return;
    }
    if (fabs(value) > 1e38 && !seg_parse_f32(s, n, h->im->point, &single)) {
        keep_overflow(c, h);
        return;
    }
    c->whole = c->whole && value == floor(value);
    c->counts = c->counts && (c->n_numbers == 0 || value == c->last + 1);
    c->last = value;
    seen_value(c, value);
}

/* Digits after the point that are not trailing zeros. */
static int digits_of(const char *s, size_t n, char point)
{
    const char *p = memchr(s, point, n);
    if (p == NULL)
        return 0;
    while (n > 0 && s[n - 1] == '0')
        n--;
    return (int)(s + n - p) - 1;
}

static void look_for_fixed(seg_csv_column *c, const here *h)
{
    int64_t value;
    bool exact;
    const char *s = h->cell.s;
    size_t n = h->cell.n;
    char point = h->im->point;
    if (!seg_parse_fixed(s, n, point, SEG_CSV_FIXED_SCALE, &value, &exact)) {
        if (memchr(s, 'e', n) == NULL && memchr(s, 'E', n) == NULL
            && reads_like_number(s, n, point))
            keep_overflow(c, h);
        else
            keep_place(h, &c->not_number);
        return;
    }
    int digits = digits_of(s, n, point);
    if (digits > c->digits)
        c->digits = digits;
    c->n_inexact += !exact;
    seen_value(c, (double)value / SEG_CSV_FIXED_SCALE);
}

static seg_status look_for_date(seg_csv_column *c, const here *h, seg_error *err)
{
    const char *s = h->cell.s;
    size_t n = h->cell.n;
    unsigned formats = 0;
    if (s[0] >= '0' && s[0] <= '9')
        formats = seg_date_formats_of(s, n);
    if (formats == 0 && c->not_date == NULL && c->type != SEG_CSV_DATE)
        return SEG_OK;   /* no date in sight */
    if (c->not_date == NULL) {
        seg_status st = SEG_ALLOC(&c->not_date, SEG_CSV_N_FORMATS, "a column", err);
        if (st != SEG_OK)
            return st;
        for (int f = 0; f < SEG_CSV_N_FORMATS && c->n_present > 1; f++)
            c->not_date[f] = c->first_cell;
    }
    for (int f = SEG_DATE_ISO; f < SEG_CSV_N_FORMATS; f++) {
        int64_t second;
        bool has_time;
        if ((formats & 1u << f) == 0) {
            keep_place(h, &c->not_date[f]);
            continue;
        }
        if (!seg_parse_date(s, n, (seg_date_format)f, &second, &has_time))
            continue;
        keep_place(h, &c->a_date);
        if (c->n_dates[f] == 0 || second < c->first_second[f])
            c->first_second[f] = second;
        if (c->n_dates[f] == 0 || second > c->last_second[f])
            c->last_second[f] = second;
        c->n_dates[f]++;
        c->has_time |= has_time;
    }
    return SEG_OK;
}

static seg_status look_for_level(seg_csv_column *c, const here *h, seg_error *err)
{
    int32_t code;
    seg_status st = SEG_OK;
    if (c->n_fixed_levels > 0) {
        if (seg_dictionary_find(c->levels, h->s, h->n) < 0)
            keep_place(h, &c->not_level);
        return SEG_OK;
    }
    if (h->n > SEG_CSV_MAX_TEXT) {
        keep_place(h, &c->too_long);
        c->many = true;
        return SEG_OK;
    }
    if (c->levels == NULL)
        st = seg_dictionary_new(&c->levels, err);
    if (st == SEG_OK)
        st = seg_dictionary_add(c->levels, h->s, h->n, &code, err);
    if (st == SEG_OK && c->type != SEG_CSV_CODES
        && seg_dictionary_size(c->levels) > SEG_CSV_MAX_LEVELS) {
        c->many = true;
        seg_dictionary_free(c->levels);
        c->levels = NULL;
    }
    return st;
}

static seg_status look_for_twins(seg_csv_column *c, const here *h, seg_error *err)
{
    uint64_t seen;
    seg_status st = SEG_OK;
    if (c->seen == NULL)
        st = seg_fingerprints_new(&c->seen, err);
    if (st == SEG_OK)
        st = seg_fingerprints_add(c->seen, h->s, h->n, place_of(h), &seen, err);
    if (st == SEG_OK && seen != 0 && c->n_twice++ == 0) {
        c->twice_first = seen;
        c->twice_again = place_of(h);
    }
    return st;
}

static bool is_point_zero(const char *s, size_t n)
{
    if (n < 3 || s[n - 1] != '0' || s[n - 2] != '.')
        return false;
    for (size_t i = 0; i < n - 2; i++)
        if (s[i] < '0' || s[i] > '9')
            return false;
    return true;
}

static seg_status look_at_text(seg_csv_column *c, const here *h, seg_error *err)
{
    c->all_point_zero = c->all_point_zero && is_point_zero(h->s, h->n);
    if (h->n > SEG_CSV_MAX_TEXT)
        keep_place(h, &c->too_long);
    return c->type == SEG_CSV_EXACT || c->id_like ? look_for_twins(c, h, err) : SEG_OK;
}

static seg_status look_at(seg_csv_column *c, const here *h, seg_error *err)
{
    seg_status st = SEG_OK;
    if (seg_csv_is_missing(h->im, h->s, h->n)) {
        c->n_missing++;
        keep_place(h, &c->empty);
        return SEG_OK;
    }
    c->n_present++;
    keep_place(h, &c->first_cell);
    if (h->n > c->width)
        c->width = h->n;
    bool open = c->type == SEG_CSV_AUTO;
    if (c->type == SEG_CSV_EXACT || c->type == SEG_CSV_CODES || c->id_like)
        TRY(look_at_text(c, h, err));
    if (open || c->type == SEG_CSV_NUMBER)
        look_for_number(c, h);
    if (c->type == SEG_CSV_FIXED)
        look_for_fixed(c, h);
    if (open || c->type == SEG_CSV_DATE)
        TRY(look_for_date(c, h, err));
    if (((open || c->type == SEG_CSV_CATEGORY) && !c->many) || c->type == SEG_CSV_CODES)
        TRY(look_for_level(c, h, err));

done:
    return st;
}

/* ---- all cells --------------------------------------------------------------------- */

static void forget(seg_csv_column *c)
{
    seg_csv_column fresh = { .name = c->name, .role = c->role, .asked = c->asked,
                             .type = c->type, .id_like = c->id_like, .date_like = c->date_like,
                             .format = c->format, .n_fixed_levels = c->n_fixed_levels,
                             .whole = true, .counts = true, .all_point_zero = true };
    if (c->n_fixed_levels > 0)
        fresh.levels = c->levels;
    else
        seg_dictionary_free(c->levels);
    seg_fingerprints_free(c->seen);
    seg_free(c->not_date);
    *c = fresh;
}

static seg_status look_at_row(seg_csv_import *im, const seg_csv_row *row, seg_error *err)
{
    for (size_t c = 0; c < row->n_cells; c++) {
        seg_csv_column *column = &im->columns[c];
        if (column->type == SEG_CSV_LEFT_OUT)
            continue;
        here h = { im, row, row->cells[c].s, row->cells[c].n, { NULL, 0 } };
        h.cell = seg_csv_trim(h.s, h.n);
        seg_status st = look_at(column, &h, err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

seg_status seg_csv_look(seg_csv_import *im, bool checked, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_csv_row row;
    size_t column;
    char reason[320];

    for (size_t c = 0; c < im->rows->n_columns; c++)
        forget(&im->columns[c]);
    im->n_rows = 0;
    TRY(seg_csv_rejects_begin(&im->rejects, im->options, err));
    TRY(seg_csv_rows_rewind(im->rows, "reading types", err));
    for (;;) {
        TRY(seg_csv_rows_next(im->rows, &row, err));
        if (row.n_cells == 0)
            break;
        if (row.defect != SEG_CSV_SOUND) {
            TRY(seg_csv_reject_defect(&im->rejects, im->rows, &row, err));
        } else if (checked && seg_csv_row_fault(im, &row, &column, reason)) {
            TRY(seg_csv_reject(&im->rejects, im->rows, &row, im->columns[column].name, reason,
                               err));
        } else {
            TRY(look_at_row(im, &row, err));
            im->n_rows++;
        }
    }
    if (im->n_rows == 0)
        st = seg_fail(err, SEG_E_DATA, "%s: %s", seg_csv_rows_file(im->rows),
                      im->rejects.n > 0 ? "every row is left out" : "there are no rows");

done:
    return st;
}

/* ---- cells against decided types ------------------------------------------------------ */

const char *seg_csv_fault(const seg_csv_import *im, const seg_csv_column *c, const char *s,
                          size_t n)
{
    float single;
    int64_t whole;
    bool flag;
    if (c->type == SEG_CSV_LEFT_OUT || seg_csv_is_missing(im, s, n))
        return c->type == SEG_CSV_EXACT ? "the id is missing" : NULL;
    seg_csv_cell cell = seg_csv_trim(s, n);
    switch (c->type) {
    case SEG_CSV_NUMBER:
        return seg_parse_f32(cell.s, cell.n, im->point, &single) ? NULL : "is not a number";
    case SEG_CSV_FIXED:
        return seg_parse_fixed(cell.s, cell.n, im->point, SEG_CSV_FIXED_SCALE, &whole, &flag)
               ? NULL : "is not a number";
    case SEG_CSV_DATE:
        return seg_parse_date(cell.s, cell.n, c->format, &whole, &flag) ? NULL : "is not a date";
    case SEG_CSV_CATEGORY:
        return c->n_fixed_levels == 0 || seg_dictionary_find(c->levels, s, n) >= 0
               ? NULL : "is not a level of the schema";
    case SEG_CSV_CODES:
    case SEG_CSV_EXACT:
        return n <= SEG_CSV_MAX_TEXT ? NULL : "the text is too long";
    case SEG_CSV_AUTO:
    case SEG_CSV_TEXT:
    case SEG_CSV_LEFT_OUT:
        break;
    }
    return NULL;
}

bool seg_csv_row_fault(const seg_csv_import *im, const seg_csv_row *row, size_t *column,
                       char reason[320])
{
    for (size_t c = 0; c < row->n_cells; c++) {
        const seg_csv_column *col = &im->columns[c];
        const char *why = seg_csv_fault(im, col, row->cells[c].s, row->cells[c].n);
        if (why == NULL)
            continue;
        char quoted[SEG_QUOTE_BYTES];
        seg_csv_cell cell = seg_csv_trim(row->cells[c].s, row->cells[c].n);
        if (col->type == SEG_CSV_CODES || col->type == SEG_CSV_EXACT)
            snprintf(reason, 320, "%s", why);
        else
            snprintf(reason, 320, "'%s' %s", seg_quote_cell(quoted, cell.s, cell.n), why);
        *column = c;
        return true;
    }
    return false;
}

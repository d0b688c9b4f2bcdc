/* csv_print.c: cells to text by hand: room for a whole line is made at once, numbers go
 * straight into it, names of categories are quoted beforehand, and ids are looked at eight
 * bytes at a time for what must be quoted. Dates by C. Neri and L. Schneider, "Euclidean
 * affine functions and their application to calendar algorithms", SPE 53 (2023). */
#include "data/csv_print.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/date.h"
#include "base/number.h"
#include "base/try.h"
#include "data/csv_rows.h"

/* A category's name as it is written; COPIED bytes may be read from each. */
typedef struct level {
    const char *text;
    uint32_t n;
} level;

typedef enum field_form {
    FIELD_ID = 1, FIELD_ITEM, FIELD_FEATURE, FIELD_CODE_FEATURE, FIELD_F32, FIELD_F64,
    FIELD_I64, FIELD_FIXED, FIELD_DAY, FIELD_TIME, FIELD_CODE, FIELD_TEXT
} field_form;

typedef struct field {
    field_form form;
    size_t at;                  /* which feature or column */
    size_t width;               /* of a text */
    const seg_column *column;   /* null: the id or the item */
    const level *levels;        /* null: too many to be quoted beforehand */
} field;

struct seg_csv_printer {
    const seg_schema *schema;
    field *fields;
    size_t n_fields;
    size_t row_bytes;           /* room for all cells but texts, which ask for themselves */
    level *levels;
    seg_text quoted;
};

enum {
    COPIED = 16,                       /* bytes a short name is copied by */
    CELL_BYTES = SEG_NUMBER_BYTES + 1,
    MOST_LEVELS = 1 << 16,             /* of a column, to be quoted beforehand */
    LONGEST_LEVEL = 1024
};
_Static_assert((int)CELL_BYTES > (int)SEG_DATE_BYTES, "a date fits a cell");

/* ---- columns ----------------------------------------------------------------------------- */

static field_form form_of(const seg_column *column, bool is_feature)
{
    switch (column->type) {
    case SEG_TYPE_F32:  return is_feature ? FIELD_FEATURE : FIELD_F32;
    case SEG_TYPE_F64:  return FIELD_F64;
    case SEG_TYPE_I64:  return column->scale > 1 ? FIELD_FIXED : FIELD_I64;
    case SEG_TYPE_DAY:  return FIELD_DAY;
    case SEG_TYPE_TIME: return FIELD_TIME;
    case SEG_TYPE_CODE: return is_feature ? FIELD_CODE_FEATURE : FIELD_CODE;
    case SEG_TYPE_TEXT: return FIELD_TEXT;
    }
    return FIELD_TEXT;
}

static void list_fields(seg_csv_printer *p)
{
    const seg_schema *schema = p->schema;
    field *to = p->fields;
    if (schema->id_width > 0)
        *to++ = (field){ .form = FIELD_ID, .width = schema->id_width };
    if (schema->kind == SEG_KIND_BASKETS)
        *to++ = (field){ .form = FIELD_ITEM };
    for (size_t f = 0; schema->kind != SEG_KIND_BASKETS && f < schema->n_features; f++)
        *to++ = (field){ .form = form_of(&schema->features[f], true), .at = f,
                         .column = &schema->features[f] };
    for (size_t c = 0; c < schema->n_columns; c++)
        *to++ = (field){ .form = form_of(&schema->columns[c], false), .at = c,
                         .column = &schema->columns[c], .width = schema->columns[c].width };
    p->n_fields = (size_t)(to - p->fields);
}

static bool is_category(const field *f)
{
    return f->column != NULL && f->column->type == SEG_TYPE_CODE;
}

static bool quotable(const seg_column *column)
{
    if (column->n_levels > MOST_LEVELS)
        return false;
    for (size_t l = 0; l < column->n_levels; l++)
        if (strnlen(column->levels[l], LONGEST_LEVEL + 1) > LONGEST_LEVEL)
            return false;
    return true;
}

/* The names of all categories one after the other; each knows its place. */
static seg_status quote_levels(seg_csv_printer *p, seg_error *err)
{
    size_t n = 0, longest = 0, at = 0;
    for (size_t i = 0; i < p->n_fields; i++)
        if (is_category(&p->fields[i]) && quotable(p->fields[i].column))
            n += p->fields[i].column->n_levels;
    seg_status st = SEG_ALLOC(&p->levels, n, "names of categories", err);
    for (size_t i = 0, l = 0; i < p->n_fields && st == SEG_OK; i++) {
        field *f = &p->fields[i];
        if (!is_category(f) || !quotable(f->column))
            continue;
        f->levels = p->levels + l;
        for (size_t j = 0; j < f->column->n_levels; j++, l++) {
            const char *name = f->column->levels[j];
            size_t before = p->quoted.n;
            seg_csv_add_field(&p->quoted, name, strlen(name));
            p->levels[l].n = (uint32_t)(p->quoted.n - before);
            longest = p->levels[l].n > longest ? p->levels[l].n : longest;
        }
        p->row_bytes += longest;
    }
    seg_text_add_n(&p->quoted, (char[COPIED]){ 0 }, COPIED);
    if (st == SEG_OK)
        st = seg_text_status(&p->quoted, err);
    for (size_t l = 0; l < n && st == SEG_OK; at += p->levels[l++].n)
        p->levels[l].text = p->quoted.bytes + at;
    return st;
}

seg_status seg_csv_printer_new(const seg_schema *schema, seg_csv_printer **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_csv_printer *p = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&p, 1, "a printer of CSV", err));
    p->schema = schema;
    TRY(SEG_ALLOC(&p->fields, schema->n_features + schema->n_columns + 2, "columns", err));
    list_fields(p);
    p->row_bytes = p->n_fields * CELL_BYTES + COPIED + 3;
    TRY(quote_levels(p, err));
    *out = p;
    p = NULL;

done:
    seg_csv_printer_free(p);
    return st;
}

void seg_csv_printer_free(seg_csv_printer *p)
{
    if (p == NULL)
        return;
    seg_free(p->fields);
    seg_free(p->levels);
    seg_text_free(&p->quoted);
    seg_free(p);
}

size_t seg_csv_line_bytes(const seg_csv_printer *p)
{
    size_t n = 1;
    for (size_t i = 0; i < p->n_fields; i++)
        n += 8 + (p->fields[i].width < 64 ? p->fields[i].width : 64);
    return n;
}

/* ---- texts ------------------------------------------------------------------------------- */

static const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;

/* Marks the bytes below c <= 128, and perhaps some after the first of these. */
static uint64_t bytes_below(uint64_t word, unsigned char c)
{
    return (word - ones * c) & ~word & highs;
}

static bool has_special(const char *s, size_t n)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t word;
        memcpy(&word, s + i, 8);
        uint64_t found = bytes_below(word ^ ones * ',', 1) | bytes_below(word ^ ones * '"', 1) |
                         bytes_below(word ^ ones * '\n', 1) | bytes_below(word ^ ones * '\r', 1);
        if (found != 0)
            return true;
    }
    for (; i < n; i++)
        if (s[i] == ',' || s[i] == '"' || s[i] == '\n' || s[i] == '\r')
            return true;
    return false;
}

/* Room: twice n and two. */
static char *put_text(char *o, const char *s, size_t n)
{
    bool quote = n > 0 && (s[0] == ' ' || s[n - 1] == ' ' || has_special(s, n));
    if (!quote) {
        memcpy(o, s, n);
        return o + n;
    }
    *o++ = '"';
    for (size_t i = 0; i < n; i++) {
        *o++ = s[i];
        if (s[i] == '"')
            *o++ = '"';
    }
    *o++ = '"';
    return o;
}

/* Blanks and all that must be quoted come before '-': a word without such bytes is copied
 * as it is, and the first such byte of most cells is the null at their end. */
static char *put_padded(char *o, const char *s, size_t width)
{
    for (size_t i = 0; i + 8 <= width; i += 8) {
        uint64_t word;
        memcpy(&word, s + i, 8);
        uint64_t found = bytes_below(word, '-');
        memcpy(o + i, &word, 8);
        if (found == 0)
            continue;
        size_t at = i;
        while ((unsigned char)s[at] >= '-')
            at++;
        return s[at] == 0 ? o + at : put_text(o, s, at + strnlen(s + at, width - at));
    }
    return width % 8 == 0 ? o + width : put_text(o, s, strnlen(s, width));
}

/* ---- cells ------------------------------------------------------------------------------- */

static char *put_pair(char *o, uint32_t value)
{
    o[0] = (char)('0' + value / 10);
    o[1] = (char)('0' + value % 10);
    return o + 2;
}

/* 1000-01-01 .. 9999-12-31 here, the few others as always. */
static char *put_day(char *o, int32_t day)
{
    enum { FIRST = -354285, LAST = 2932896, ERA_0 = 719468 };
    if (day < FIRST || day > LAST)
        return o + seg_print_day(o, day);
    uint32_t n1 = 4 * (uint32_t)(day + ERA_0) + 3, century = n1 / 146097;
    uint64_t p2 = (uint64_t)2939745 * ((n1 % 146097) | 3);
    uint32_t of_year = (uint32_t)p2 / 2939745 / 4, n3 = 2141 * of_year + 197913;
    bool next = of_year >= 306;   /* January and February end the year that began in March */
    uint32_t year = 100 * century + (uint32_t)(p2 >> 32) + next;
    o = put_pair(put_pair(o, year / 100), year % 100);
    *o++ = '-';
    o = put_pair(o, (n3 >> 16) - (next ? 12 : 0));
    *o++ = '-';
    return put_pair(o, (n3 & 0xffff) / 2141 + 1);
}

static char *put_time(char *o, int64_t seconds)
{
    enum { DAY_SECONDS = 86400 };
    int32_t day = seg_day_of_seconds(seconds);
    int64_t left = seconds % DAY_SECONDS;
    uint32_t of_day = (uint32_t)(left < 0 ? left + DAY_SECONDS : left);
    o = put_day(o, day);
    *o++ = 'T';
    o = put_pair(o, of_day / 3600);
    *o++ = ':';
    o = put_pair(o, of_day / 60 % 60);
    *o++ = ':';
    return put_pair(o, of_day % 60);
}

/* What of a line is printed: text->n counts up to the cell before. */
typedef struct line_pen {
    seg_text *text;
    char *at;
    size_t row_bytes;
} line_pen;

/* Room for n bytes more, beside that of all bounded cells. */
static bool make_room(line_pen *pen, size_t n)
{
    seg_text *text = pen->text;
    size_t used = pen->at == NULL ? 0 : (size_t)(pen->at - text->bytes);
    if (n < text->cap && used + n + pen->row_bytes < text->cap && !text->failed)
        return true;
    if (n > SIZE_MAX / 4 || text->failed ||
        SEG_GROW(&text->bytes, &text->cap, used + n + pen->row_bytes + 1, "lines", NULL)
            != SEG_OK) {
        text->failed = true;
        return false;
    }
    pen->at = text->bytes + used;
    return true;
}

static bool print_text(line_pen *pen, const char *s, size_t width)
{
    if (!make_room(pen, 2 * width + 16))
        return false;
    pen->at = put_padded(pen->at, s, width);
    return true;
}

static bool print_level(line_pen *pen, const field *f, int64_t code)
{
    if (code < 0 || (uint64_t)code >= f->column->n_levels)
        return true;
    if (f->levels == NULL) {
        const char *name = f->column->levels[code];
        size_t n = strlen(name);
        if (!make_room(pen, 2 * n + 16))
            return false;
        pen->at = put_text(pen->at, name, n);
        return true;
    }
    const level *l = &f->levels[code];
    memcpy(pen->at, l->text, COPIED);
    if (l->n > COPIED)
        memcpy(pen->at, l->text, l->n);
    pen->at += l->n;
    return true;
}

static char *put_single(char *o, float value)
{
    return isfinite(value) ? seg_put_f32(o, value) : o;
}

/* One cell of the r-th row; false when memory ends. */
static bool print_cell(line_pen *pen, const field *f, const seg_block *block, size_t r)
{
    const void *cells = f->form >= FIELD_F32 ? block->columns[f->at] : NULL;
    const float *x = block->x.x + r * block->x.stride + f->at;
    char *o = pen->at;
    switch (f->form) {
    case FIELD_FEATURE:
        o = put_single(o, *x);
        break;
    case FIELD_F32:
        o = put_single(o, ((const float *)cells)[r]);
        break;
    case FIELD_F64:
        o = isfinite(((const double *)cells)[r]) ? seg_put_f64(o, ((const double *)cells)[r]) : o;
        break;
    case FIELD_I64:
        o = ((const int64_t *)cells)[r] == SEG_MISSING_I64 ? o
            : seg_put_i64(o, ((const int64_t *)cells)[r]);
        break;
    case FIELD_FIXED:
        o = ((const int64_t *)cells)[r] == SEG_MISSING_I64 ? o
            : seg_put_fixed(o, ((const int64_t *)cells)[r], f->column->scale);
        break;
    case FIELD_DAY:
        o = ((const int32_t *)cells)[r] == SEG_MISSING_DAY ? o
            : put_day(o, ((const int32_t *)cells)[r]);
        break;
    case FIELD_TIME:
        o = ((const int64_t *)cells)[r] == SEG_MISSING_I64 ? o
            : put_time(o, ((const int64_t *)cells)[r]);
        break;
    case FIELD_CODE_FEATURE:
        return print_level(pen, f, *x >= 0 && *x < (float)f->column->n_levels ? (int64_t)*x : -1);
    case FIELD_CODE:
        return print_level(pen, f, ((const int32_t *)cells)[r]);
    case FIELD_TEXT:
        return print_text(pen, (const char *)cells + r * f->width, f->width);
    case FIELD_ID:
        return print_text(pen, block->ids + r * f->width, f->width);
    case FIELD_ITEM:
        break;
    }
    pen->at = o;
    return true;
}

static bool print_item(const seg_csv_printer *p, line_pen *pen, int32_t item)
{
    const char *name = p->schema->features[item].name;
    size_t n = strlen(name);
    if (!make_room(pen, 2 * n + 2))
        return false;
    pen->at = put_text(pen->at, name, n);
    return true;
}

/* item: of a basket, else -1. */
static void print_row(const seg_csv_printer *p, const seg_block *block, size_t r, int32_t item,
                      seg_text *text)
{
    line_pen pen = { text, text->bytes == NULL ? NULL : text->bytes + text->n, p->row_bytes };
    if (!make_room(&pen, 0))
        return;
    for (size_t i = 0; i < p->n_fields; i++) {
        const field *f = &p->fields[i];
        if (f->form == FIELD_ITEM ? !print_item(p, &pen, item) : !print_cell(&pen, f, block, r))
            return;
        *pen.at++ = ',';
    }
    pen.at -= p->n_fields > 0;
    if (pen.at == text->bytes + text->n) {   /* an empty line would be no row */
        *pen.at++ = '"';
        *pen.at++ = '"';
    }
    *pen.at++ = '\n';
    text->n = (size_t)(pen.at - text->bytes);
}

void seg_csv_print_rows(const seg_csv_printer *p, const seg_block *block, size_t first,
                        size_t end, seg_text *text)
{
    for (size_t r = first; r < end && !text->failed; r++) {
        if (p->schema->kind != SEG_KIND_BASKETS) {
            print_row(p, block, r, -1, text);
            continue;
        }
        for (int64_t i = block->row_start[r]; i < block->row_start[r + 1]; i++)
            if (block->items[i] >= 0 && (size_t)block->items[i] < p->schema->n_features)
                print_row(p, block, r, block->items[i], text);
    }
}

void seg_csv_print_names(const seg_csv_printer *p, seg_text *text)
{
    for (size_t i = 0; i < p->n_fields; i++) {
        const field *f = &p->fields[i];
        const char *id = p->schema->id_name == NULL ? "id" : p->schema->id_name;
        const char *name = f->form == FIELD_ID ? id : f->form == FIELD_ITEM ? "item"
                           : f->column->name;
        if (i > 0)
            seg_text_add_char(text, ',');
        seg_csv_add_field(text, name, strlen(name));
    }
    seg_text_add_char(text, '\n');
}

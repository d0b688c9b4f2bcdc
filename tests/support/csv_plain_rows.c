/* csv_plain_rows.c: text to rows and cells, byte by byte. */
#include "tests/support/csv_plain.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CELLS = 1 << 20, SAMPLE = 65536, SAMPLE_LINES = 200 };

typedef struct parser {
    const char *s;
    size_t n, at;
    char delimiter;
    uint64_t line;
    plain_rows *out;
    size_t n_cells, n_bytes, n_rows_cap;
} parser;

static bool ends_line(const parser *p)
{
    return p->at == p->n || p->s[p->at] == '\n' || p->s[p->at] == '\r';
}

static bool ends_cell(const parser *p)
{
    return ends_line(p) || p->s[p->at] == p->delimiter;
}

static const char *quoted_cell(parser *p)
{
    for (p->at++; p->at < p->n; p->at++) {
        if (p->s[p->at] == '"') {
            if (p->at + 1 == p->n || p->s[p->at + 1] != '"')
                break;
            p->at++;
        }
        p->line += p->s[p->at] == '\n';
        p->out->bytes[p->n_bytes++] = p->s[p->at];
    }
    if (p->at == p->n)
        return "a quote is opened and never closed";
    p->at++;
    return ends_cell(p) ? NULL : "text after a closing quote (quotes within a cell are doubled)";
}

static const char *cell(parser *p)
{
    plain_cell *to = &p->out->cells[p->n_cells];
    to->s = p->out->bytes + p->n_bytes;
    if (p->at < p->n && p->s[p->at] == '"') {
        const char *why = quoted_cell(p);
        if (why != NULL)
            return why;
    } else {
        while (!ends_cell(p))
            p->out->bytes[p->n_bytes++] = p->s[p->at++];
    }
    to->n = (size_t)(p->out->bytes + p->n_bytes - to->s);
    p->n_cells++;
    return NULL;
}

/* Bytes of the character at s, 0 if it is none: Unicode 15, table 3-7. */
static size_t character(const unsigned char *s, size_t n)
{
    size_t length = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3
                    : s[0] < 0xf5 ? 4 : 0;
    if (length > n)
        return 0;
    for (size_t i = 1; i < length; i++)
        if (s[i] < 0x80 || s[i] > 0xbf)
            return 0;
    bool bad = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f)
               || (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f);
    return length > 1 && bad ? 0 : length;
}

static bool is_text(plain_cell c)
{
    for (size_t i = 0, length; i < c.n; i += length) {
        length = character((const unsigned char *)c.s + i, c.n - i);
        if (length == 0)
            return false;
    }
    return true;
}

static void find_defect(plain_row *row)
{
    for (size_t c = 0; c < row->n_cells && row->defect != NUL_BYTE; c++) {
        bool nul = memchr(row->cells[c].s, 0, row->cells[c].n) != NULL;
        if (!nul && (row->defect != SOUND || is_text(row->cells[c])))
            continue;
        row->defect = nul ? NUL_BYTE : BAD_UTF8;
        row->defect_cell = c;
    }
}

static void fail(parser *p, uint64_t line, const char *why)
{
    snprintf(p->out->error, sizeof p->out->error, "line %llu: %s", (unsigned long long)line, why);
}

/* The cells of one row; false after an error. */
static bool cells_of_row(parser *p, plain_row *row, size_t max_field)
{
    for (;;) {
        uint64_t line = p->line;
        const char *why = cell(p);
        if (why != NULL) {
            fail(p, line, why);
            return false;
        }
        if (++row->n_cells > MOST_CELLS) {
            fail(p, row->line, "more than 1048576 fields in one row");
            return false;
        }
        if (ends_line(p))
            break;
        p->at++;
    }
    for (size_t c = 0; c < row->n_cells; c++)
        if (row->cells[c].n > max_field) {
            char why[160];
            snprintf(why, sizeof why, "field %zu has %zu bytes; the limit is %zu: give a larger "
                     "--max-field", c + 1, row->cells[c].n, max_field);
            fail(p, row->line, why);
            return false;
        }
    return true;
}

static bool parse_row(parser *p, size_t max_field)
{
    size_t start = p->at;
    plain_row row = { .line = p->line, .cells = p->out->cells + p->n_cells };
    if (!cells_of_row(p, &row, max_field))
        return false;
    row.raw = p->s + start;
    row.n_raw = p->at - start;
    row.empty = row.n_raw == 0;
    find_defect(&row);
    if (p->at < p->n) {
        bool cr = p->s[p->at++] == '\r';
        p->at += cr && p->at < p->n && p->s[p->at] == '\n';
        p->line++;
    }
    p->out->rows[p->out->n++] = row;
    return true;
}

void plain_rows_parse(const char *text, size_t n, char delimiter, size_t max_field,
                      plain_rows *out)
{
    size_t n_lines = 1, n_cells = 1;
    for (size_t i = 0; i < n; i++) {
        n_lines += text[i] == '\n' || text[i] == '\r';
        n_cells += text[i] == delimiter;
    }
    *out = (plain_rows){ 0 };
    out->rows = malloc(n_lines * sizeof *out->rows);
    out->cells = malloc((n_lines + n_cells) * sizeof *out->cells);
    out->bytes = malloc(n + 1);
    if (out->rows == NULL || out->cells == NULL || out->bytes == NULL)
        abort();
    parser p = { .s = text, .n = n, .delimiter = delimiter, .line = 1, .out = out };
    while (p.at < p.n && parse_row(&p, max_field))
        ;
}

void plain_rows_free(plain_rows *rows)
{
    free(rows->rows);
    free(rows->cells);
    free(rows->bytes);
    *rows = (plain_rows){ 0 };
}

/* ---- which delimiter ---------------------------------------------------------------- */

/* Lines with as many cells as the first; *first: how many that are. A line counts if it holds
 * something and its end is in the sample, or if it is the only one. */
static size_t equal_lines(const char *s, size_t n, char delimiter, size_t *first)
{
    size_t n_lines = 0, n_equal = 0, n_cells = 1;
    bool quoted = false, at_start = true, something = false;
    *first = 0;
    for (size_t i = 0; i <= n && n_lines < SAMPLE_LINES; i++) {
        bool last = i == n, end = last || (!quoted && (s[i] == '\n' || s[i] == '\r'));
        if (end && something && (!last || n_lines == 0)) {
            *first = n_lines == 0 ? n_cells : *first;
            n_equal += n_cells == *first;
            n_lines++;
        }
        if (last)
            break;
        if (end) {
            n_cells = 1;
            at_start = true;
            something = false;
        } else if (s[i] == '"' && (quoted || at_start)) {
            quoted = !quoted;
            at_start = !quoted;   /* of a doubled one the second opens it again */
            something = true;
        } else if (!quoted) {
            at_start = s[i] == delimiter;
            n_cells += at_start;
            something = true;
        }
    }
    return n_equal;
}

char plain_delimiter(const char *text, size_t n, char decimal)
{
    static const char candidates[] = ",;\t|";
    char best = decimal == ',' ? ';' : ',';
    size_t most = 0, most_cells = 0;
    for (const char *c = candidates; *c != 0; c++) {
        size_t cells, equal = equal_lines(text, n < SAMPLE ? n : SAMPLE, *c, &cells);
        if (cells < 2 || (decimal == ',' && *c == ','))
            continue;
        if (equal > most || (equal == most && cells > most_cells)) {
            best = *c;
            most = equal;
            most_cells = cells;
        }
    }
    return best;
}

/* ---- cells -------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

plain_cell plain_trim(plain_cell c)
{
    while (c.n > 0 && is_blank(c.s[0]))
        c.s++, c.n--;
    while (c.n > 0 && is_blank(c.s[c.n - 1]))
        c.n--;
    return c;
}

bool plain_is(plain_cell c, const char *text)
{
    return strlen(text) == c.n && memcmp(c.s, text, c.n) == 0;
}

static size_t digits(const char *s)
{
    return strspn(s, "0123456789");
}

/* 1.234.567 before a comma: its points stand for nothing. */
static bool is_grouped(plain_cell c)
{
    size_t i = c.n > 0 && (c.s[0] == '-' || c.s[0] == '+'), run = 0, n_points = 0;
    bool good = i < c.n && c.s[i] != '0';
    for (; i < c.n && c.s[i] != ','; i++) {
        bool is_point = c.s[i] == '.';
        good = good && (is_point ? run > 0 && (n_points == 0 ? run <= 3 : run == 3)
                                 : c.s[i] >= '0' && c.s[i] <= '9');
        n_points += is_point;
        run = is_point ? 0 : run + 1;
    }
    return good && n_points > 0 && run == 3 && c.n < 64;
}

/* With `point` as '.', null-terminated; false when it is no decimal number. */
static bool take_number(plain_cell c, char point, char **out)
{
    char *text = malloc(c.n + 1);
    size_t n = 0;
    bool grouped = point == ',' && is_grouped(c);
    if (text == NULL)
        abort();
    for (size_t i = 0; i < c.n; i++)
        if (!grouped || c.s[i] != '.')
            text[n++] = c.s[i] == point ? '.' : c.s[i] == '.' ? '?' : c.s[i];
    text[n] = 0;
    const char *s = text + (text[0] == '-' || text[0] == '+');
    size_t whole = digits(s), part = 0;
    s += whole;
    if (*s == '.') {
        part = digits(s + 1);
        s += 1 + part;
    }
    bool good = whole + part > 0;
    if (good && (*s == 'e' || *s == 'E')) {
        s++;
        s += *s == '-' || *s == '+';
        good = digits(s) > 0;
        s += digits(s);
    }
    *out = text;
    return good && s == text + n;
}

bool plain_looks_like_number(plain_cell c, char point)
{
    char *text;
    bool good = take_number(c, point, &text);
    free(text);
    return good;
}

bool plain_number(plain_cell c, char point, double *wide, float *narrow)
{
    char *text;
    bool good = take_number(c, point, &text);
    if (good && wide != NULL) {
        *wide = strtod(text, NULL);
        good = isfinite(*wide);
    }
    if (good && narrow != NULL) {
        *narrow = strtof(text, NULL);
        good = isfinite(*narrow);
    }
    free(text);
    return good;
}

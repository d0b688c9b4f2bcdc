/* csv_random.c: the grammar: a table of columns, each of a kind with its own shapes of
 * cells; how cells are dressed (quotes, blanks, line ends); and then what goes wrong, at
 * rates drawn once per table, so that most tables are nearly sound. Every choice is a draw
 * from one sequence (splitmix64: Steele, Lea, Flood, OOPSLA 2014), never from the library. */
#include "tests/support/csv_random.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- draws -------------------------------------------------------------------------- */

typedef struct draws {
    uint64_t state;
} draws;

static uint64_t draw(draws *d)
{
    uint64_t z = d->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static unsigned below(draws *d, unsigned n)
{
    return (unsigned)((draw(d) >> 32) * n >> 32);
}

static bool chance(draws *d, unsigned per_thousand)
{
    return below(d, 1000) < per_thousand;
}

#define PICK(d, list) (list)[below(d, sizeof(list) / sizeof(list)[0])]

/* ---- text --------------------------------------------------------------------------- */

static void put(csv_random *csv, const char *s, size_t n)
{
    if (csv->n + n > csv->cap) {
        csv->cap = (csv->n + n) * 2 + 256;
        csv->text = realloc(csv->text, csv->cap);
        if (csv->text == NULL)
            abort();
    }
    memcpy(csv->text + csv->n, s, n);
    csv->n += n;
}

static void put_char(csv_random *csv, char c)
{
    put(csv, &c, 1);
}

static void put_word(csv_random *csv, const char *s)
{
    put(csv, s, strlen(s));
}

__attribute__((format(printf, 2, 3)))
static void option(csv_random *csv, const char *format, ...)
{
    va_list args;
    if (csv->n_words == CSV_RANDOM_WORDS)
        return;
    va_start(args, format);
    if (vasprintf(&csv->words[csv->n_words++], format, args) < 0)
        abort();
    va_end(args);
}

/* ---- cells -------------------------------------------------------------------------- */

typedef enum kind {
    COUNT, WHOLE, MONEY, REAL, ODD_NUMBER, POINT_ZERO, ISO, SLASHES, COMPACT, EPOCH, STAMP,
    LEVEL, NAME, MAIL, TEXT, EMPTY, N_KINDS
} kind;

typedef struct column {
    kind kind;
    char name[64];
    unsigned stranger;   /* cells of another kind, per thousand */
    unsigned missing;
    bool day_first;
    unsigned n_levels;
} column;

typedef struct table {
    draws d;
    csv_random *csv;
    column columns[CSV_RANDOM_COLUMNS];
    unsigned n_columns, n_rows;
    char delimiter, point;
    unsigned lf, crlf;                 /* line ends, per thousand; the rest are CR */
    unsigned quoted, blanks, doubled, newlines, delimiters;   /* dress, per thousand */
    unsigned stray, nul, bad_utf8, count, empty_lines, header_again, after_quote, unclosed;
    unsigned long_cells;
    bool header;
} table;

static void number_cell(table *t, char *out, size_t size, kind k, unsigned row)
{
    static const char *const odd[] = { "+5", "-0", ".5", "5.", "1e3", "1E-3", "-1.5e+2", "0007",
        "1e39", "3.5e38", "1e400", "1e-400", "1_000", "0x10", "inf", "nan", "NaN", "Infinity",
        "1,5", "1.2.3", "-", "+", ".", "e5", "12 3", "1e", "1e+", "--1", "99999999999999999999",
        "16777217", "0.1", "1234567.891", "4.35", "123456789012345678901234567890.5", "1e38",
        "3.4028236e38", "340282346638528859811704183484516925440", "1,234.56", "7%", "$5" };
    draws *d = &t->d;
    switch (k) {
    case COUNT:
        snprintf(out, size, "%u", row + 1);
        break;
    case WHOLE:
        snprintf(out, size, "%d", (int)below(d, 2000) - 200);
        break;
    case MONEY:
        snprintf(out, size, "%u%c%02u", below(d, 5000), t->point, below(d, 100));
        break;
    case REAL:
        snprintf(out, size, "%s%u%c%u%u", chance(d, 300) ? "-" : "", below(d, 100), t->point,
                 below(d, 1000000), below(d, 1000000));
        break;
    case POINT_ZERO:
        snprintf(out, size, "%u.0", 17000 + row * (chance(d, 990) ? 1 : 0));
        break;
    default:
        snprintf(out, size, "%s", PICK(d, odd));
    }
}

static void date_cell(table *t, char *out, size_t size, const column *c)
{
    draws *d = &t->d;
    unsigned y = 1995 + below(d, 30), m = 1 + below(d, 12), day = 1 + below(d, 28);
    unsigned a = c->day_first ? day : m, b = c->day_first ? m : day;
    switch (c->kind) {
    case ISO:
        snprintf(out, size, "%u%c%02u%c%02u", y, chance(d, 950) ? '-' : '/', m,
                 chance(d, 980) ? '-' : '/', chance(d, 990) ? day : 31);
        break;
    case SLASHES:
        snprintf(out, size, "%u%c%02u%c%u", a, c->n_levels % 2 ? '/' : '.', b,
                 c->n_levels % 2 ? '/' : '.', y);
        break;
    case COMPACT:
        snprintf(out, size, "%u%02u%02u", y, m, day);
        break;
    case EPOCH:
        snprintf(out, size, "%u%s", 1000000000 + below(d, 600000000),
                 c->n_levels % 2 ? "" : "000");
        break;
    default:
        snprintf(out, size, "%u-%02u-%02u%c%02u:%02u%s", y, m, day, chance(d, 500) ? ' ' : 'T',
                 below(d, 24), below(d, 60), c->n_levels % 3 == 0 ? ":30Z" : "");
    }
}

static void text_cell(table *t, char *out, size_t size, const column *c, unsigned row)
{
    static const char *const words[] = { "gold", "silver", "bronze", "north", "S\xc3\xbc\x64",
        "yes", "no", "new customer", "6\" nails", "a'b", "=1+1", "-", "?", "Unknown", "x", "1st",
        "\xe2\x82\xac 5", "back\\slash", "two  blanks", "A", "a", "0", "NAN", "na", "tab\there" };
    draws *d = &t->d;
    switch (c->kind) {
    case LEVEL:
        snprintf(out, size, "%s%.0u", words[below(d, c->n_levels % 25 + 1)],
                 c->n_levels > 25 ? below(d, c->n_levels) : 0);
        break;
    case NAME:
        snprintf(out, size, "c%05u", chance(d, 985) ? row * 7 % 100003 : below(d, row + 1));
        break;
    case MAIL:
        snprintf(out, size, "%s%u@%s.example", words[below(d, 3)], row,
                 chance(d, 500) ? "mail" : "post");
        break;
    case TEXT:
        snprintf(out, size, "%s %s %u", PICK(d, words), PICK(d, words), below(d, 100000));
        break;
    default:
        out[0] = 0;
    }
}

static void fill_cell(table *t, char *out, size_t size, const column *c, unsigned row)
{
    static const char *const missing[] = { "", "", "", "NA", "N/A", "NULL", "null", "NaN", "nan",
                                           "\\N", " ", "  NA ", "\t", "none" };
    column other = *c;
    if (chance(&t->d, c->missing)) {
        snprintf(out, size, "%s", PICK(&t->d, missing));
        return;
    }
    if (chance(&t->d, c->stranger))
        other.kind = (kind)below(&t->d, N_KINDS);
    if (other.kind <= POINT_ZERO)
        number_cell(t, out, size, other.kind, row);
    else if (other.kind <= STAMP)
        date_cell(t, out, size, &other);
    else
        text_cell(t, out, size, &other, row);
}

/* ---- dress -------------------------------------------------------------------------- */

static void put_line_end(table *t)
{
    unsigned which = below(&t->d, 1000);
    put_word(t->csv, which < t->lf ? "\n" : which < t->lf + t->crlf ? "\r\n" : "\r");
}

static void put_inside(table *t, bool quoted)
{
    draws *d = &t->d;
    if (quoted && chance(d, t->doubled))
        put_word(t->csv, "\"\"");
    if (quoted && chance(d, t->newlines))
        put_word(t->csv, chance(d, 700) ? "\n" : chance(d, 500) ? "\r\n" : "\r");
    if (quoted && chance(d, t->delimiters))
        put_char(t->csv, t->delimiter);
    if (!quoted && chance(d, t->stray))
        put_char(t->csv, '"');
    if (chance(d, t->nul))
        put_char(t->csv, 0);
    if (chance(d, t->bad_utf8))
        put_word(t->csv, chance(d, 500) ? "\xff" : "\xc3");
    if (chance(d, t->long_cells))
        for (unsigned i = 0, n = 1000 + below(d, 60); i < n; i++)
            put_char(t->csv, 'x');
}

/* A stray quote at the start would open a quoted cell: that is drawn as well. */
static void put_cell(table *t, const char *s)
{
    draws *d = &t->d;
    bool special = strchr(s, t->delimiter) != NULL || s[0] == '"';
    bool quoted = chance(d, t->quoted) || (special && chance(d, 970));
    if (!quoted && chance(d, t->blanks))
        put_word(t->csv, chance(d, 500) ? " " : " \t ");
    if (quoted)
        put_char(t->csv, '"');
    size_t n = strlen(s), half = n == 0 ? 0 : below(d, (unsigned)n + 1);
    for (size_t i = 0; i < n; i++) {
        if (i == half)
            put_inside(t, quoted);
        put_char(t->csv, s[i]);
        if (quoted && s[i] == '"')
            put_char(t->csv, '"');
    }
    if (half >= n)
        put_inside(t, quoted);
    if (quoted && !chance(d, t->unclosed))
        put_char(t->csv, '"');
    if (quoted && chance(d, t->after_quote))
        put_char(t->csv, ' ');
    if (!quoted && chance(d, t->blanks))
        put_char(t->csv, ' ');
}

static void put_row(table *t, unsigned row)
{
    char cell[128];
    unsigned n = t->n_columns;
    if (chance(&t->d, t->count))
        n = chance(&t->d, 500) ? n + 1 : n > 1 ? n - 1 : n + 2;
    for (unsigned c = 0; c < n; c++) {
        if (c > 0)
            put_char(t->csv, t->delimiter);
        fill_cell(t, cell, sizeof cell, &t->columns[c % t->n_columns], row);
        put_cell(t, cell);
    }
}

static void put_header(table *t)
{
    for (unsigned c = 0; c < t->n_columns; c++) {
        if (c > 0)
            put_char(t->csv, t->delimiter);
        put_cell(t, t->columns[c].name);
    }
}

/* Mostly as it should be: what goes wrong in it hides the rows. */
static void put_first_header(table *t)
{
    table plain = *t;
    plain.stray = plain.nul = plain.bad_utf8 = plain.after_quote = plain.unclosed = 0;
    plain.doubled = plain.newlines = plain.delimiters = plain.long_cells = 0;
    if (chance(&t->d, 950)) {
        plain.d = t->d;
        put_header(&plain);
        t->d = plain.d;
    } else {
        put_header(t);
    }
}

/* ---- tables ------------------------------------------------------------------------- */

static void name_column(table *t, unsigned c)
{
    static const char *const names[] = { "id", "customer_id", "CustomerID", "date", "created_at",
        "amount", "price", "quantity", "order_id", "item", "churned", "e mail", "n\xc3\xa4me",
        "x,y", "say \"hi\"", "column_1", "InvoiceNo", "InvoiceDate", "UnitPrice",
        "Description", "currency", "label", "time" };
    column *col = &t->columns[c];
    if (chance(&t->d, 600))
        snprintf(col->name, sizeof col->name, "x%u", c);
    else if (chance(&t->d, 10))
        col->name[0] = 0;
    else
        snprintf(col->name, sizeof col->name, "%s", PICK(&t->d, names));
    for (unsigned i = 0; i < c; i++)   /* twice the same name is rare */
        if (strcmp(t->columns[i].name, col->name) == 0 && !chance(&t->d, 20))
            snprintf(col->name, sizeof col->name, "y%u", c);
}

static void make_columns(table *t)
{
    static const unsigned rates[] = { 0, 0, 0, 0, 5, 20, 45, 55, 300 };
    draws *d = &t->d;
    t->n_columns = 1 + below(d, CSV_RANDOM_COLUMNS);
    for (unsigned c = 0; c < t->n_columns; c++) {
        column *col = &t->columns[c];
        col->kind = (kind)below(d, N_KINDS);
        if (col->kind == ODD_NUMBER && chance(d, 800))
            col->kind = REAL;
        col->stranger = PICK(d, rates);
        col->missing = PICK(d, rates);
        col->day_first = chance(d, 500);
        col->n_levels = 1 + below(d, chance(d, 100) ? 3000 : 30);
        name_column(t, c);
    }
}

/* Zero in most tables, small in some. */
static unsigned rate(draws *d, unsigned of_tables, unsigned of_cells)
{
    return chance(d, of_tables) ? 1 + below(d, of_cells) : 0;
}

static void make_manners(table *t)
{
    static const char delimiters[] = ",,,,;;\t|";
    draws *d = &t->d;
    t->delimiter = delimiters[below(d, 8)];
    t->point = t->delimiter == ';' && chance(d, 700) ? ',' : '.';
    unsigned ends = below(d, 10);
    t->lf = ends < 5 ? 1000 : ends < 7 ? 0 : ends < 8 ? 0 : 500;
    t->crlf = ends < 5 ? 0 : ends < 7 ? 1000 : ends < 8 ? 0 : 400;
    t->quoted = chance(d, 300) ? 1000 : chance(d, 600) ? below(d, 400) : 0;
    t->blanks = rate(d, 200, 500);
    t->doubled = rate(d, 300, 300);
    t->newlines = rate(d, 300, 300);
    t->delimiters = rate(d, 300, 300);
    t->stray = rate(d, 200, 30);
    t->nul = rate(d, 40, 5);
    t->bad_utf8 = rate(d, 60, 5);
    t->count = rate(d, 150, 60);
    t->empty_lines = rate(d, 300, 200);
    t->header_again = rate(d, 60, 40);
    t->after_quote = rate(d, 40, 8);
    t->unclosed = rate(d, 40, 4);
    t->long_cells = rate(d, 40, 30);
    t->header = chance(d, 920);
    t->n_rows = chance(d, 30) ? 0 : chance(d, 850) ? 1 + below(d, 45) : 100 + below(d, 200);
}

/* ---- options ------------------------------------------------------------------------ */

/* Names without commas, colons and blanks can stand in a list. */
static const char *some_name(table *t)
{
    const char *name = t->columns[below(&t->d, t->n_columns)].name;
    return name[0] == 0 || strpbrk(name, ",: ") != NULL || !t->header ? "column_1" : name;
}

static void all_text(table *t)
{
    char list[CSV_RANDOM_COLUMNS * 80];
    size_t n = 0;
    option(t->csv, "kind=features");
    option(t->csv, "id=");
    for (unsigned c = 0; c < t->n_columns; c++) {   /* names that cannot go wrong */
        column *col = &t->columns[c];
        snprintf(col->name, sizeof col->name, "t%u", c);
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%s%u:text", c == 0 ? "" : ",",
                              t->header ? "t" : "column_", t->header ? c : c + 1);
    }
    option(t->csv, "types=%s", list);
}

static void free_types(table *t)
{
    static const char *const types[] = { "number", "category", "date", "text", "drop" };
    static const char *const dates[] = { "iso", "d/m/y", "m/d/y", "compact", "epoch" };
    draws *d = &t->d;
    if (chance(d, 700))
        option(t->csv, "kind=features");
    if (chance(d, 200))
        option(t->csv, "id=%s", chance(d, 600) ? "" : some_name(t));
    if (chance(d, 100))
        option(t->csv, "label=%s", some_name(t));
    if (chance(d, 150))
        option(t->csv, "types=%s:%s", some_name(t), PICK(d, types));
    if (chance(d, 60))
        option(t->csv, "drop=%s", some_name(t));
    if (chance(d, 200))
        option(t->csv, "dates=%s", PICK(d, dates));
    if (chance(d, 40))
        option(t->csv, "id-text");
    if (t->point == ',' && chance(d, 900))
        option(t->csv, "decimal=,");
}

static void make_options(table *t)
{
    draws *d = &t->d;
    if (chance(d, 300))
        all_text(t);
    else
        free_types(t);
    if (!t->header)
        option(t->csv, "no-header");
    if (chance(d, 150))
        option(t->csv, "missing=%s", chance(d, 500) ? "" : "none,?,-");
    if (chance(d, 500))
        option(t->csv, "max-errors=%u", chance(d, 300) ? 100000 : 1 + below(d, 6));
    if (chance(d, 200))
        option(t->csv, "rejects=rejects.csv");
    if (t->delimiter == '\t' ? chance(d, 500) : chance(d, 150))
        option(t->csv, "delimiter=%s", t->delimiter == '\t' ? "tab" : (char[]){ t->delimiter, 0 });
    if (t->long_cells > 0 && chance(d, 800))
        option(t->csv, "max-field=1024");
}

/* ---- kinds of texts ----------------------------------------------------------------- */

static void put_table(table *t)
{
    draws *d = &t->d;
    if (chance(d, 40))
        put_word(t->csv, "\xef\xbb\xbf");
    if (t->header) {
        put_first_header(t);
        put_line_end(t);
    }
    for (unsigned r = 0; r < t->n_rows; r++) {
        if (chance(d, t->empty_lines))
            put_line_end(t);
        if (chance(d, t->header_again)) {
            put_header(t);
            put_line_end(t);
        }
        put_row(t, r);
        if (r + 1 < t->n_rows || chance(d, 800))
            put_line_end(t);
    }
    if (chance(d, 40) && t->csv->n > 0)
        t->csv->n -= below(d, t->csv->n < 40 ? (unsigned)t->csv->n : 40);
}

static void mutate(table *t)
{
    static const char bytes[] = "\",;\n\r \t\0\xff" "a1.-";
    csv_random *csv = t->csv;
    for (unsigned i = below(&t->d, 6); i > 0 && csv->n > 1; i--) {
        size_t at = below(&t->d, (unsigned)csv->n);
        char c = bytes[below(&t->d, sizeof bytes - 1)];
        switch (below(&t->d, 4)) {
        case 0:
            csv->text[at] = c;
            break;
        case 1:
            memmove(csv->text + at, csv->text + at + 1, csv->n - at - 1);
            csv->n--;
            break;
        case 2:
            csv->n = at + 1;
            break;
        default:
            put_char(csv, 0);
            memmove(csv->text + at + 1, csv->text + at, csv->n - at - 1);
            csv->text[at] = c;
        }
    }
}

static void put_noise(table *t)
{
    static const char letters[] = "ab,,,;\"\"\n\n\r1 .-\xc3\xa9\t|\0";
    unsigned n = 1 + below(&t->d, 120), few = 3 + below(&t->d, sizeof letters - 4);
    for (unsigned i = 0; i < n; i++)
        put_char(t->csv, letters[below(&t->d, few)]);
}

/* Two rows of many cells, around the limit of 65,536 at times. */
static void put_wide(table *t)
{
    char cell[32];
    unsigned n = chance(&t->d, 300) ? 65530 + below(&t->d, 12) : 1000 + below(&t->d, 30000);
    unsigned last = chance(&t->d, 800) ? n : n - 1;
    for (unsigned c = 0; c < n; c++) {
        snprintf(cell, sizeof cell, "%x%c", c, c + 1 < n ? t->delimiter : '\n');
        put_word(t->csv, cell);
    }
    for (unsigned c = 0; c < last; c++) {
        put_char(t->csv, "0123456789"[below(&t->d, 10)]);
        put_char(t->csv, c + 1 < last ? t->delimiter : '\n');
    }
}

void csv_random_make(uint64_t seed, csv_random *out)
{
    table t = { .d = { seed * 0xd1342543de82ef95u + 1 }, .csv = out };
    draws *d = &t.d;
    *out = (csv_random){ .seed = seed };
    draw(d);
    out->path = chance(d, 900) ? "case.csv" : "case.txt";
    make_manners(&t);
    make_columns(&t);
    unsigned shape = below(d, 1000);
    if (shape == 0) {
        option(out, "kind=features");
        put_wide(&t);
        return;
    }
    if (shape < 3) {   /* longer than the usual windows */
        t.n_rows = 3000 + below(d, 9000);
        t.unclosed = t.long_cells = 0;
    }
    make_options(&t);
    if (shape >= 920)
        put_noise(&t);
    else
        put_table(&t);
    if (shape >= 800 && shape < 920)
        mutate(&t);
}

void csv_random_free(csv_random *csv)
{
    for (size_t i = 0; i < csv->n_words; i++)
        free(csv->words[i]);
    free(csv->text);
    *csv = (csv_random){ 0 };
}

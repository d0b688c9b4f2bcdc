/* csv_plain_look.c: which rows count, and what stands in each column. */
#include "tests/support/csv_plain_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"

/* ---- cells -------------------------------------------------------------------------- */

bool plain_is_missing(const plain_import *im, plain_cell cell)
{
    cell = plain_trim(cell);
    for (size_t i = 0; im->missing[i] != NULL; i++)
        if (plain_is(cell, im->missing[i]))
            return true;
    return cell.n == 0;
}

bool plain_is_date(plain_cell cell, seg_date_format f, int64_t *second, bool *has_time)
{
    cell = plain_trim(cell);
    return seg_parse_date(cell.s, cell.n, f, second, has_time);
}

static bool counts_as_date(plain_cell cell, seg_date_format f)
{
    cell = plain_trim(cell);
    return cell.s[0] >= '0' && cell.s[0] <= '9' &&
           (seg_date_formats_of(cell.s, cell.n) & 1u << f) != 0;
}

/* Why a cell does not fit a decided type, or null. */
static const char *fault(const plain_import *im, const plain_column *c, plain_cell cell)
{
    int64_t second;
    bool has_time;
    if (c->type == LEFT_OUT || plain_is_missing(im, cell))
        return c->type == ID ? "the id is missing" : NULL;
    if (c->type == NUMBER && !plain_number(plain_trim(cell), im->point, NULL, &(float){0}))
        return "is not a number";
    if (c->type == DATE && !plain_is_date(cell, c->format, &second, &has_time))
        return "is not a date";
    return c->type == ID && cell.n > MOST_TEXT ? "the text is too long" : NULL;
}

/* ---- rows that are left out --------------------------------------------------------- */

static void put_field(FILE *to, const char *s, size_t n)
{
    bool quote = n > 0 && (s[0] == ' ' || s[n - 1] == ' ');
    for (size_t i = 0; i < n; i++)
        quote |= s[i] == ',' || s[i] == '"' || s[i] == '\n' || s[i] == '\r';
    if (quote)
        fputc('"', to);
    for (size_t i = 0; i < n; i++) {
        fputc(s[i], to);
        if (s[i] == '"')
            fputc('"', to);
    }
    if (quote)
        fputc('"', to);
}

/* column: may be null. False: one too many. */
static bool leave_out(plain_import *im, FILE *rejects, const plain_row *row, const char *name,
                      const char *reason)
{
    char after[96] = "";
    if (im->n_left_out >= im->options.max_errors) {
        if (im->n_left_out > 0)
            snprintf(after, sizeof after, "; %zu rows before it were left out (--max-errors)",
                     im->n_left_out);
        unsigned long long line = row->line;
        return name == NULL
                   ? plain_fail(im, "%s: line %llu: %s%s", im->csv->path, line, reason, after)
                   : plain_fail(im, "%s: line %llu: column '%s': %s%s", im->csv->path, line, name,
                                reason, after);
    }
    im->n_left_out++;
    fprintf(rejects, "%llu,", (unsigned long long)row->line);
    put_field(rejects, name == NULL ? "" : name, name == NULL ? 0 : strlen(name));
    fputc(',', rejects);
    put_field(rejects, reason, strlen(reason));
    fputc(',', rejects);
    put_field(rejects, row->raw, row->n_raw);
    fprintf(rejects, ",%s\n", im->csv->path);
    return true;
}

/* Not looked for when its first name is left out. */
static bool is_header(const plain_import *im, const plain_row *row)
{
    bool same = !im->options.no_header && row->n_cells == im->n_columns;
    for (size_t c = 0; same && c < row->n_cells; c++) {
        plain_cell name = c == 0 ? row->cells[c] : plain_trim(row->cells[c]);
        same = im->columns[c].unnamed ? c > 0 && name.n == 0 : plain_is(name, im->columns[c].name);
    }
    return same;
}

/* What is wrong with the shape of a row; *name: the column that is meant. */
static const char *wrong_shape(const plain_import *im, const plain_row *row, char text[320],
                               const char **name)
{
    *name = NULL;
    if (row->n_cells != im->n_columns) {
        size_t n = row->n_cells, d = im->n_columns;
        bool header = !im->options.no_header;
        bool trails = header && n > 2 && n == d + 1 && row->cells[n - 1].n == 0;
        snprintf(text, 320, "%zu fields; the %s %zu%s", n,
                 header ? "header has" : "first row has", d,
                 trails ? " (if every row ends in a delimiter, let the header end in one too)"
                 : header && d == 1 && n > 1
                     ? " (if a title stands above the names of the columns, leave it out; baskets,"
                       " one a line, are imported with --lines)" : "");
        return text;
    }
    if (is_header(im, row))
        return "the column names stand here again";
    if (row->defect == SOUND)
        return NULL;
    *name = im->columns[row->defect_cell].name;
    return row->defect == NUL_BYTE
               ? "a null byte"
               : "not valid UTF-8; give --encoding WINDOWS-1252 if Excel wrote it, or another";
}

static const char *wrong_cell(const plain_import *im, const plain_row *row, char text[320],
                              const char **name)
{
    for (size_t i = 0; i < row->n_cells; i++) {
        char quoted[SEG_QUOTE_BYTES];
        const plain_column *c = &im->columns[i];
        const char *why = fault(im, c, row->cells[i]);
        if (why == NULL)
            continue;
        plain_cell cell = plain_trim(row->cells[i]);
        if (c->type == ID)
            snprintf(text, 320, "%s", why);
        else
            snprintf(text, 320, "'%s' %s", seg_quote_cell(quoted, cell.s, cell.n), why);
        *name = c->name;
        return text;
    }
    return NULL;
}

/* The rows that count; checked: their cells fit the decided types as well. */
bool plain_keep_rows(plain_import *im, bool checked)
{
    bool good = true;
    free(im->rejects);
    FILE *rejects = open_memstream(&im->rejects, &im->n_rejects);
    fputs("line,column,reason,row,file\n", rejects);
    im->n_kept = im->n_left_out = 0;
    for (size_t r = im->first_row; good && r < im->text.n; r++) {
        char text[320];
        const char *name;
        const plain_row *row = &im->text.rows[r];
        if (row->empty)
            continue;
        const char *why = wrong_shape(im, row, text, &name);
        if (why == NULL && checked)
            why = wrong_cell(im, row, text, &name);
        if (why == NULL)
            im->kept[im->n_kept++] = row;
        else
            good = leave_out(im, rejects, row, name, why);
    }
    fclose(rejects);
    if (good && im->text.error[0] != 0)
        return plain_fail(im, "%s: %s", im->csv->path, im->text.error);
    if (good && im->n_kept == 0)
        return plain_fail(im, "%s: %s", im->csv->path,
                          im->n_left_out > 0 ? "every row is left out" : "there are no rows");
    return good;
}

/* ---- distinct texts ----------------------------------------------------------------- */

/* Index of the text; *is_new when it was not there. */
size_t plain_add_word(plain_words *w, plain_cell text, uint64_t line, bool *is_new)
{
    if (w->n * 2 >= w->n_slots) {
        plain_words larger = {.n_slots = w->n_slots == 0 ? 64 : w->n_slots * 4};
        larger.slots = calloc(larger.n_slots, sizeof *larger.slots);
        larger.all = malloc(larger.n_slots * sizeof *larger.all);
        larger.line = malloc(larger.n_slots * sizeof *larger.line);
        for (size_t i = 0; i < w->n; i++)
            plain_add_word(&larger, w->all[i], w->line[i], is_new);
        free(w->slots);
        free(w->all);
        free(w->line);
        *w = larger;
    }
    size_t slot = 5381;
    for (size_t i = 0; i < text.n; i++)
        slot = slot * 33 + (unsigned char)text.s[i];
    for (slot %= w->n_slots; w->slots[slot] != 0; slot = (slot + 1) % w->n_slots) {
        size_t i = w->slots[slot] - 1;
        *is_new = false;
        if (w->all[i].n == text.n && memcmp(w->all[i].s, text.s, text.n) == 0)
            return i;
    }
    w->all[w->n] = text;
    w->line[w->n] = line;
    w->slots[slot] = ++w->n;
    *is_new = true;
    return w->n - 1;
}

void plain_forget_words(plain_words *w)
{
    free(w->all);
    free(w->line);
    free(w->slots);
    *w = (plain_words){0};
}

/* ---- what stands in a column -------------------------------------------------------- */

static void look_for_number(const plain_import *im, plain_column *c, plain_cell cell, size_t place)
{
    double value;
    cell = plain_trim(cell);
    if (!plain_number(cell, im->point, &value, NULL) ||
        !plain_number(cell, im->point, NULL, &(float){0})) {
        bool large = plain_looks_like_number(cell, im->point);
        size_t *first = large ? &c->overflow : &c->not_number;
        *first = *first == 0 ? place : *first;
        c->n_overflows += large;
        if (!large && im->point == '.' && memchr(cell.s, ',', cell.n) != NULL &&
            plain_number(cell, ',', &value, NULL)) {
            c->n_commas++;
            c->comma = c->comma == 0 ? place : c->comma;
        }
        return;
    }
    c->whole = c->whole && value == floor(value);
    c->counts = c->counts && (c->n_numbers == 0 || value == c->last + 1);
    c->min = c->n_numbers == 0 || value < c->min ? value : c->min;
    c->max = c->n_numbers == 0 || value > c->max ? value : c->max;
    c->last = value;
    c->n_numbers++;
}

static void look_for_date(plain_column *c, plain_cell cell, size_t place)
{
    for (int f = SEG_DATE_ISO; f < N_FORMATS; f++) {
        int64_t second = 0;
        bool has_time = false;
        if (!counts_as_date(cell, (seg_date_format)f)) {
            c->not_date[f] = c->not_date[f] == 0 ? place : c->not_date[f];
            continue;
        }
        plain_is_date(cell, (seg_date_format)f, &second, &has_time);
        c->a_date = c->a_date == 0 ? place : c->a_date;
        c->first_day[f] = c->n_dates[f] == 0 || second < c->first_day[f] ? second : c->first_day[f];
        c->last_day[f] = c->n_dates[f] == 0 || second > c->last_day[f] ? second : c->last_day[f];
        c->has_time |= has_time;
        c->n_dates[f]++;
    }
}

static bool ends_in_zero(plain_cell cell)
{
    if (cell.n < 3 || memcmp(cell.s + cell.n - 2, ".0", 2) != 0)
        return false;
    for (size_t i = 0; i + 2 < cell.n; i++)
        if (cell.s[i] < '0' || cell.s[i] > '9')
            return false;
    return true;
}

static void look_for_twins(const plain_import *im, plain_column *c)
{
    plain_words seen = {0};
    for (size_t r = 0; r < im->n_kept; r++) {
        bool is_new;
        plain_cell cell = c->cells[r];
        if (plain_is_missing(im, cell))
            continue;
        size_t i = plain_add_word(&seen, cell, im->kept[r]->line, &is_new);
        if (!is_new && c->n_twice++ == 0) {
            c->twice_first = seen.line[i];
            c->twice_again = im->kept[r]->line;
        }
    }
    plain_forget_words(&seen);
}

static void look_for_level(plain_column *c, plain_cell cell, size_t place)
{
    bool is_new;
    if (c->many)
        return;
    if (cell.n > MOST_TEXT) {
        c->too_long = c->too_long == 0 ? place : c->too_long;
        c->many = true;
        return;
    }
    plain_add_word(&c->levels, cell, 0, &is_new);
    c->many = c->levels.n > MOST_LEVELS;
    if (c->many)
        plain_forget_words(&c->levels);
}

static void look_at_cell(const plain_import *im, plain_column *c, plain_cell cell, size_t place)
{
    bool text = c->type == ID || c->id_like;
    if (plain_is_missing(im, cell)) {
        c->n_missing++;
        c->empty = c->empty == 0 ? place : c->empty;
        return;
    }
    c->n_present++;
    c->first = c->first == 0 ? place : c->first;
    c->width = cell.n > c->width ? cell.n : c->width;
    if (text) {
        c->all_point_zero = c->all_point_zero && ends_in_zero(cell);
        if (cell.n > MOST_TEXT && c->too_long == 0)
            c->too_long = place;
    }
    if (c->type == OPEN || c->type == NUMBER)
        look_for_number(im, c, cell, place);
    if (c->type == OPEN || c->type == DATE)
        look_for_date(c, cell, place);
    if (c->type == OPEN || c->type == CATEGORY)
        look_for_level(c, cell, place);
}

void plain_look_at(const plain_import *im, size_t i)
{
    plain_column *c = &im->columns[i];
    plain_column fresh = { .name = c->name, .unnamed = c->unnamed, .role = c->role,
                           .asked = c->asked, .type = c->type, .id_like = c->id_like,
                           .date_like = c->date_like, .format = c->format, .whole = true,
                           .counts = true, .all_point_zero = true, .cells = c->cells };
    plain_forget_words(&c->levels);
    *c = fresh;
    for (size_t r = 0; r < im->n_kept; r++)
        c->cells[r] = im->kept[r]->cells[i];
    if (c->type == LEFT_OUT)
        return;
    for (size_t r = 0; r < im->n_kept; r++)
        look_at_cell(im, c, c->cells[r], r + 1);
    if (c->type == ID || c->id_like)
        look_for_twins(im, c);
}

/* csv_plain_decide.c: the type of each column, or the first cell that does not fit. */
#include "tests/support/csv_plain_parts.h"

#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "data/csv_import.h"

/* ---- decisions ---------------------------------------------------------------------- */

typedef struct first_fault {
    const plain_column *column;
    size_t place; /* row + 1 */
    bool shown;
    const char *why;
} first_fault;

static void keep_first(const plain_import *im, first_fault *first, const plain_column *c,
                       size_t place, bool shown, const char *why)
{
    if (place != 0 &&
        (first->place == 0 || im->kept[place - 1]->line < im->kept[first->place - 1]->line))
        *first = (first_fault){c, place, shown, why};
}

static bool fail_cell(plain_import *im, const plain_column *c, size_t place, bool shown,
                      const char *why)
{
    char quoted[SEG_QUOTE_BYTES];
    unsigned long long line = im->kept[place - 1]->line;
    plain_cell cell = plain_trim(c->cells[place - 1]);
    if (!shown)
        return plain_fail(im, "%s: line %llu: column '%s': %s", im->csv->path, line, c->name, why);
    if (cell.n > 48) /* what a place keeps */
        cell.n = 48;
    return plain_fail(im, "%s: line %llu: column '%s': '%s' %s", im->csv->path, line, c->name,
                      seg_quote_cell(quoted, cell.s, cell.n), why);
}

#define GIVE "; give --types, --missing or --max-errors"
static const char no_number[] = "is not a number" GIVE;

static void number_faults(const plain_import *im, first_fault *first, const plain_column *c)
{
    keep_first(im, first, c, c->not_number, true, no_number);
    keep_first(im, first, c, c->overflow, true, "is too large for a 32-bit float" GIVE);
}

static bool most(size_t n, size_t of)
{
    return n > 0 && n * 100 >= of * 95;
}

static seg_date_format best_format(const plain_column *c, bool digits_too)
{
    seg_date_format best = SEG_DATE_NONE;
    for (int f = SEG_DATE_ISO; f < N_FORMATS; f++) {
        bool digits = f == SEG_DATE_COMPACT || f == SEG_DATE_EPOCH || f == SEG_DATE_EPOCH_MS;
        if ((!digits || digits_too || c->date_like) &&
            c->n_dates[f] > (best == SEG_DATE_NONE ? 0 : c->n_dates[best]))
            best = (seg_date_format)f;
    }
    return best;
}

static bool decide_date(plain_import *im, plain_column *c, first_fault *first)
{
    seg_date_format f = im->format;
    if (f == SEG_DATE_NONE || c->n_dates[f] == 0)
        f = best_format(c, true);
    c->format = f;
    if (f == SEG_DATE_NONE && c->n_present == 0)
        return plain_fail(im, "%s: column '%s': there is no date in it", im->csv->path, c->name);
    if (f == SEG_DATE_NONE)
        return fail_cell(im, c, c->first, true, "is not a date; give --dates or --types");
    if ((f == SEG_DATE_DMY || f == SEG_DATE_MDY) && im->format == SEG_DATE_NONE &&
        c->n_dates[SEG_DATE_DMY] == c->n_dates[SEG_DATE_MDY])
        return fail_cell(im, c, c->a_date, true,
                         "may be day/month or month/day, as every other "
                         "cell; give --dates d/m/y or --dates m/d/y");
    if (c->n_dates[f] < c->n_present)
        keep_first(im, first, c, c->not_date[f], true,
                   "is not a date; give --dates, --missing or"
                   " --max-errors");
    return true;
}

static bool decide_text(plain_import *im, plain_column *c)
{
    c->type = TEXT;
    if (c->asked == TEXT && c->width > 65536)
        return plain_fail(im, "%s: column '%s': a text of %zu bytes; at most 65536", im->csv->path,
                          c->name, c->width);
    if (c->asked != TEXT && c->width > MOST_TEXT) {
        c->type = LEFT_OUT;
        plain_say(im,
                  "column '%s' holds texts of up to %zu bytes: left out (--types %s:text keeps it)",
                  c->name, c->width, c->name);
    }
    return true;
}

static bool is_address(plain_cell cell)
{
    char *s = strndup(cell.s, cell.n), *at = strchr(s, '@');
    bool is = at != NULL && at > s && strchr(at + 1, '.') != NULL && strpbrk(s, " \t@") == at;
    free(s);
    return is;
}

static bool decide_category(plain_import *im, plain_column *c)
{
    bool told = c->asked == CATEGORY || c->role == IS_LABEL;
    size_t n = c->levels.n, n_addresses = 0;
    c->type = CATEGORY;
    if (told && c->many)
        return plain_fail(im, "%s: column '%s': more than 1000 different values; %s", im->csv->path,
                          c->name, c->role == IS_LABEL ? "a label has few" : "a category has few");
    for (size_t i = 0; i < n; i++)
        n_addresses += is_address(c->levels.all[i]);
    bool few = !c->many && (n <= 20 || n * 2 <= im->n_kept);
    if (told || (few && n_addresses * 2 <= n))
        return true;
    if (few)
        plain_say(im,
                  "column '%s' holds e-mail addresses: kept as text beside the features (--types "
                  "%s:category says otherwise)",
                  c->name, c->name);
    else if (c->width <= MOST_TEXT)
        plain_say(im, "column '%s' has %s%zu different texts: kept as text beside the features",
                  c->name, c->many ? "more than " : "", c->many ? (size_t)MOST_LEVELS : n);
    return decide_text(im, c);
}

/* 1,234 */
static bool has_groups(const plain_column *c)
{
    plain_cell cell = plain_trim(c->cells[c->comma - 1]);
    double value;
    return seg_csv_parse_f64(&(seg_csv_notation){ '.', ',', false }, cell.s, cell.n, &value);
}

static void say_hint(plain_import *im, const plain_column *c)
{
    char quoted[SEG_QUOTE_BYTES];
    if (c->not_number == 0)
        return;
    plain_cell cell = plain_trim(c->cells[c->not_number - 1]);
    const char *options = cell.n < 48 ? seg_csv_other_notation(cell.s, cell.n) : NULL;
    seg_quote_cell(quoted, cell.s, cell.n);
    if (options != NULL)
        plain_say(im, "column '%s': '%s' is not read as a number; if it is one, give %s", c->name,
                  quoted, options);
    else if (cell.n < 48 && seg_csv_almost_date(cell.s, cell.n))
        plain_say(im, "column '%s': '%s' is not read as a date: years have four digits and months "
                  "are numbers", c->name, quoted);
}

static bool decide_open(plain_import *im, plain_column *c, first_fault *first)
{
    size_t n_dates = c->n_dates[best_format(c, im->format != SEG_DATE_NONE && c->date_like)];
    size_t n_numbers = c->n_numbers + c->n_overflows;
    if (most(n_dates, c->n_present) && (n_dates >= n_numbers || c->date_like)) {
        c->type = DATE;
        return decide_date(im, c, first);
    }
    if (c->n_commas > 0 && most(c->n_commas + c->n_numbers, c->n_present))
        return fail_cell(im, c, c->comma, true,
                         has_groups(c)
                             ? "has a comma before three digits; give --thousands , if it parts "
                               "thousands, --decimal , if it is the decimal point"
                             : "looks like a number with a decimal comma; give "
                               "--decimal , or --types");
    if (c->n_present == 0 && c->unnamed && !im->options.no_header) {
        c->type = LEFT_OUT;
        plain_say(im, "column %zu has neither a name nor values: left out",
                  (size_t)(c - im->columns) + 1);
        return true;
    }
    if (c->n_present == 0 || most(n_numbers, c->n_present)) {
        c->type = NUMBER;
        number_faults(im, first, c);
        return true;
    }
    if (n_numbers * 20 >= c->n_present)
        plain_say(im, "column '%s' is %.0f %% numbers: taken as a category", c->name,
                  100.0 * (double)n_numbers / (double)c->n_present);
    say_hint(im, c);
    return decide_category(im, c);
}

static bool fail_twins(plain_import *im, const plain_column *c, const char *hint)
{
    return plain_fail(im, "%s: line %llu: column '%s': the id stands in line %llu already%s",
                      im->csv->path, (unsigned long long)c->twice_again, c->name,
                      (unsigned long long)c->twice_first, hint);
}

static bool infer_id(plain_import *im, plain_column *c)
{
    c->id_like = false;
    if (c->n_twice == 0 && c->n_missing == 0) {
        c->role = IS_ID;
        c->type = ID;
        plain_say(im, "column '%s' is the id (--id names another one, --id \"\" none)", c->name);
        return true;
    }
    if (c->n_twice > 0 && c->n_twice * 2 < im->n_kept)
        return fail_twins(im, c, "; give --id \"\" if it is no id, --kind transactions if "
                                 "these are order lines");
    if (c->n_twice == 0 && c->n_missing * 2 < im->n_kept)
        return fail_cell(im, c, c->empty, false,
                         "the id is missing; give --id \"\" if it is no "
                         "id");
    plain_say(im,
              "column '%s' is no id: its values are not distinct (are these order lines? give "
              "--kind transactions)",
              c->name);
    return true;
}

static bool decide(plain_import *im, plain_column *c, first_fault *first)
{
    switch (c->type) {
    case OPEN:
        return decide_open(im, c, first);
    case NUMBER:
        number_faults(im, first, c);
        return true;
    case CATEGORY:
        return decide_category(im, c);
    case DATE:
        return decide_date(im, c, first);
    case TEXT:
        return decide_text(im, c);
    case ID:
        keep_first(im, first, c, c->empty, false, "the id is missing");
        keep_first(im, first, c, c->too_long, false, "the id has more than 1024 bytes");
        return c->n_twice == 0 || fail_twins(im, c, "");
    case LEFT_OUT:
        break;
    }
    return true;
}

static bool look_and_decide(plain_import *im, bool checked, first_fault *first)
{
    if (!plain_keep_rows(im, checked))
        return false;
    for (size_t i = 0; i < im->n_columns; i++)
        plain_look_at(im, i);
    *first = (first_fault){0};
    for (size_t i = 0; i < im->n_columns; i++) {
        plain_column *c = &im->columns[i];
        if ((c->id_like && !infer_id(im, c)) || !decide(im, c, first))
            return false;
    }
    return true;
}

static bool fail_first(plain_import *im, const first_fault *f)
{
    char why[128];
    plain_cell cell = plain_trim(f->column->cells[f->place - 1]);
    const char *options = f->why == no_number ? seg_csv_other_notation(cell.s, cell.n) : NULL;
    if (options != NULL)
        snprintf(why, sizeof why, "is not a number; give %s, or --missing or --max-errors", options);
    return fail_cell(im, f->column, f->place, f->shown, options == NULL ? f->why : why);
}

bool plain_infer(plain_import *im)
{
    first_fault first;
    if (!look_and_decide(im, false, &first))
        return false;
    if (first.place == 0)
        return true;
    if (im->options.max_errors == 0)
        return fail_first(im, &first);
    im->told = true;
    bool good = look_and_decide(im, true, &first);
    im->told = false;
    return good;
}

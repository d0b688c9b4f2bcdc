/* csv_decide.c: from what a first reading found to the type of each column.
 *
 * A column of which 95 % are numbers (or dates) is one, and what else stands in it is a
 * mistake to be named, not a reason to turn prices into categories; below that it is a
 * category, and that is said. Nothing is guessed where two readings fit: 12/9/2011 stops
 * the import until --dates says which number is the day. */
#include "data/csv_import.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

void seg_csv_say(seg_csv_import *im, const char *format, ...)
{
    char text[512];
    va_list args;
    if (im->told)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    seg_note(im->ctx, SEG_LEVEL_INFO, "%s", text);
    seg_put_text(im->notes, NULL, text);
}

static const char *file_name(const seg_csv_import *im, size_t file)
{
    return seg_input_name(im->rows->inputs[file < im->rows->n_inputs ? file : 0]);
}

seg_status seg_csv_fail_cell(const seg_csv_import *im, const seg_csv_column *c,
                             const seg_csv_place *place, bool show, const char *why,
                             seg_error *err)
{
    char quoted[SEG_QUOTE_BYTES];
    const char *file = file_name(im, place->file);
    if (!show)
        return seg_fail(err, SEG_E_DATA, "%s: line %" PRIu64 ": column '%s': %s", file,
                        place->line, c->name, why);
    return seg_fail(err, SEG_E_DATA, "%s: line %" PRIu64 ": column '%s': '%s' %s", file,
                    place->line, c->name, seg_quote_cell(quoted, place->text, place->n), why);
}

/* ---- the first cell that does not fit ----------------------------------------------- */

typedef struct fault {
    const seg_csv_column *column;
    const seg_csv_place *place;
    bool show;
    const char *why;
} fault;

static bool before(const seg_csv_place *a, const seg_csv_place *b)
{
    return a->file != b->file ? a->file < b->file : a->line < b->line;
}

static void keep_first(fault *first, const seg_csv_column *c, const seg_csv_place *place,
                       bool show, const char *why)
{
    if (place->line == 0)
        return;
    if (first->place == NULL || before(place, first->place))
        *first = (fault){ c, place, show, why };
}

#define GIVE "; give --types, --missing or --max-errors"
static const char no_number[] = "is not a number" GIVE;

static void number_faults(fault *first, const seg_csv_column *c)
{
    keep_first(first, c, &c->found.not_number, true, no_number);
    keep_first(first, c, &c->found.overflow, true, c->type == SEG_CSV_FIXED
               ? "is too large for exact money" GIVE : "is too large for a 32-bit float" GIVE);
}

/* ---- dates -------------------------------------------------------------------------- */

static bool sure(uint64_t n, uint64_t of)
{
    return n > 0 && n * 100 >= of * SEG_CSV_SURE_PERCENT;
}

/* Digits alone are dates only when the name or the user says so. */
static bool digits_only(seg_date_format f)
{
    return f == SEG_DATE_COMPACT || f == SEG_DATE_EPOCH || f == SEG_DATE_EPOCH_MS;
}

/* The format that fits the most cells; the first of equals. */
static seg_date_format best_format(const seg_csv_column *c, bool told)
{
    seg_date_format best = SEG_DATE_NONE;
    for (int f = SEG_DATE_ISO; f < SEG_CSV_N_FORMATS; f++) {
        if (!told && !c->date_like && digits_only((seg_date_format)f))
            continue;
        if (c->found.n_dates[f] > (best == SEG_DATE_NONE ? 0 : c->found.n_dates[best]))
            best = (seg_date_format)f;
    }
    return best;
}

static seg_status check_ambiguous(const seg_csv_import *im, const seg_csv_column *c,
                                  seg_error *err)
{
    if (im->format != SEG_DATE_NONE || c->found.n_dates[SEG_DATE_DMY] != c->found.n_dates[SEG_DATE_MDY])
        return SEG_OK;
    return seg_csv_fail_cell(im, c, &c->found.a_date, true, "may be day/month or month/day, as every "
                             "other cell; give --dates d/m/y or --dates m/d/y", err);
}

static seg_status decide_date(seg_csv_import *im, seg_csv_column *c, fault *first,
                              seg_error *err)
{
    /* --dates settles what is ambiguous; it does not forbid another plain format. */
    seg_date_format f = im->format;
    if (f == SEG_DATE_NONE || c->found.n_dates[f] == 0)
        f = best_format(c, true);
    c->format = f;
    if (f == SEG_DATE_NONE) {
        if (c->found.n_present == 0)
            return seg_fail(err, SEG_E_DATA, "%s: column '%s': there is no date in it",
                            file_name(im, 0), c->name);
        return seg_csv_fail_cell(im, c, &c->found.first_cell, true, "is not a date; give --dates or"
                                 " --types", err);
    }
    if (f == SEG_DATE_DMY || f == SEG_DATE_MDY) {
        seg_status st = check_ambiguous(im, c, err);
        if (st != SEG_OK)
            return st;
    }
    if (c->found.n_dates[f] < c->found.n_present)
        keep_first(first, c, &c->found.not_date[f], true, "is not a date; give --dates, --missing or"
                   " --max-errors");
    return SEG_OK;
}

/* ---- texts -------------------------------------------------------------------------- */

static seg_status decide_text(seg_csv_import *im, seg_csv_column *c, seg_error *err)
{
    c->type = SEG_CSV_TEXT;
    if (c->asked == SEG_CSV_TEXT && c->found.width > 65536)
        return seg_fail(err, SEG_E_DATA, "%s: column '%s': a text of %zu bytes; at most 65536",
                        file_name(im, 0), c->name, c->found.width);
    if (c->asked != SEG_CSV_TEXT && c->found.width > SEG_CSV_MAX_TEXT) {
        c->type = SEG_CSV_LEFT_OUT;
        seg_csv_say(im, "column '%s' holds texts of up to %zu bytes: left out (--types %s:text "
                    "keeps it)", c->name, c->found.width, c->name);
    }
    return SEG_OK;
}

/* name@host.end, roughly. */
static bool is_address(const char *s)
{
    const char *at = strchr(s, '@');
    return at != NULL && at > s && strchr(at + 1, '.') != NULL && strpbrk(s, " \t@") == at;
}

/* Most levels are e-mail addresses: as a category they would stand in models and reasons. */
static bool holds_addresses(const seg_csv_column *c)
{
    size_t n = c->levels == NULL ? 0 : seg_dictionary_size(c->levels), n_addresses = 0;
    for (size_t i = 0; i < n; i++)
        n_addresses += is_address(seg_dictionary_texts(c->levels)[i]);
    return n_addresses * 2 > n;
}

static seg_status decide_category(seg_csv_import *im, seg_csv_column *c, seg_error *err)
{
    bool told = c->asked == SEG_CSV_CATEGORY || c->role == SEG_CSV_LABEL;
    size_t n = c->levels == NULL ? 0 : seg_dictionary_size(c->levels);
    c->type = SEG_CSV_CATEGORY;
    if (told && c->found.many)
        return seg_fail(err, SEG_E_DATA, "%s: column '%s': more than %d different values; %s",
                        file_name(im, 0), c->name, SEG_CSV_MAX_LEVELS,
                        c->role == SEG_CSV_LABEL ? "a label has few" : "a category has few");
    bool few = !c->found.many && (n <= 20 || n * 2 <= im->n_rows);
    if (told || (few && !holds_addresses(c)))
        return SEG_OK;
    if (few)
        seg_csv_say(im, "column '%s' holds e-mail addresses: kept as text beside the features "
                    "(--types %s:category says otherwise)", c->name, c->name);
    else if (c->found.width <= SEG_CSV_MAX_TEXT)
        seg_csv_say(im, "column '%s' has %s%zu different texts: kept as text beside the features",
                    c->name, c->found.many ? "more than " : "",
                    c->found.many ? (size_t)SEG_CSV_MAX_LEVELS : n);
    return decide_text(im, c, err);
}

/* ---- columns whose type is open ----------------------------------------------------- */

static seg_status check_commas(const seg_csv_import *im, const seg_csv_column *c, seg_error *err)
{
    if (c->found.n_commas == 0 || !sure(c->found.n_commas + c->found.n_numbers, c->found.n_present))
        return SEG_OK;
    const seg_csv_place *cell = &c->found.a_comma;
    double value;
    if (seg_csv_parse_f64(&(seg_csv_notation){ '.', ',', false }, cell->text, cell->n, &value))
        return seg_csv_fail_cell(im, c, cell, true, "has a comma before three digits; give"
                                 " --thousands , if it parts thousands, --decimal , if it is the"
                                 " decimal point", err);
    return seg_csv_fail_cell(im, c, cell, true, "looks like a number with a decimal comma;"
                             " give --decimal , or --types", err);
}

static seg_status decide_open(seg_csv_import *im, seg_csv_column *c, fault *first,
                              seg_error *err)
{
    seg_status st = SEG_OK;
    uint64_t n_dates = c->found.n_dates[best_format(c, im->format != SEG_DATE_NONE && c->date_like)];
    uint64_t n_numbers = c->found.n_numbers + c->found.n_overflows;
    if (c->role == SEG_CSV_LABEL)
        return decide_category(im, c, err);
    if (sure(n_dates, c->found.n_present) && (n_dates >= n_numbers || c->date_like)) {
        c->type = SEG_CSV_DATE;
        return decide_date(im, c, first, err);
    }
    TRY(check_commas(im, c, err));
    if (c->found.n_present == 0 && seg_csv_rows_unnamed(im->rows, (size_t)(c - im->columns))) {
        c->type = SEG_CSV_LEFT_OUT;
        seg_csv_say(im, "column %zu has neither a name nor values: left out",
                    (size_t)(c - im->columns) + 1);
        return SEG_OK;
    }
    if (c->found.n_present == 0 || sure(n_numbers, c->found.n_present)) {
        c->type = SEG_CSV_NUMBER;
        number_faults(first, c);
        return SEG_OK;
    }
    if (n_numbers * 20 >= c->found.n_present)
        seg_csv_say(im, "column '%s' is %.0f %% numbers: taken as a category", c->name,
                    100.0 * (double)n_numbers / (double)c->found.n_present);
    seg_csv_hint(im, c);
    TRY(decide_category(im, c, err));

done:
    return st;
}

/* ---- ids ---------------------------------------------------------------------------- */

static seg_status fail_twins(const seg_csv_import *im, const seg_csv_column *c, const char *hint,
                             seg_error *err)
{
    uint64_t mask = ((uint64_t)1 << 44) - 1;
    size_t a = (size_t)(c->twice_first >> 44), b = (size_t)(c->twice_again >> 44);
    char other[256] = "";
    if (a != b)
        snprintf(other, sizeof other, " of %.200s", file_name(im, a));
    return seg_fail(err, SEG_E_DATA, "%s: line %" PRIu64 ": column '%s': the id stands in line %"
                    PRIu64 "%s already%s", file_name(im, b), c->twice_again & mask, c->name,
                    c->twice_first & mask, other, hint);
}

static seg_status decide_id(const seg_csv_import *im, const seg_csv_column *c, fault *first,
                            seg_error *err)
{
    keep_first(first, c, &c->found.empty, false, "the id is missing");
    keep_first(first, c, &c->found.too_long, false, "the id has more than 1024 bytes");
    return c->n_twice > 0 ? fail_twins(im, c, "", err) : SEG_OK;
}

/* Not the id, although it is named like one: most of its values are not distinct, or not
 * there. */
static bool is_no_id(const seg_csv_import *im, const seg_csv_column *c)
{
    if (c->n_twice > 0)
        return c->n_twice * 2 >= im->n_rows;
    return c->found.n_missing > 0 && c->found.n_missing * 2 >= im->n_rows;
}

/* The only column that is named like an id is one if its values are distinct. */
static seg_status infer_id(seg_csv_import *im, seg_csv_column *c, seg_error *err)
{
    c->id_like = false;
    if (c->no_id) {
        seg_csv_say(im, "column '%s' is no id: its values are not distinct (are these order"
                    " lines? give --kind transactions)", c->name);
        return SEG_OK;
    }
    if (c->n_twice > 0)
        return fail_twins(im, c, "; give --id \"\" if it is no id, --kind"
                          " transactions if these are order lines", err);
    if (c->found.n_missing > 0)
        return seg_csv_fail_cell(im, c, &c->found.empty, false, "the id is missing; give --id"
                                 " \"\" if it is no id", err);
    c->role = SEG_CSV_ID;
    c->type = SEG_CSV_EXACT;
    seg_csv_say(im, "column '%s' is the id (--id names another one, --id \"\" none)", c->name);
    return SEG_OK;
}

/* ---- all ---------------------------------------------------------------------------- */

static void decide_scale(seg_csv_import *im, seg_csv_column *c)
{
    static const uint32_t scales[] = { 1, 100, 100, 1000, 10000 };
    int digits = c->found.digits > 4 ? 4 : c->found.digits;
    c->scale = scales[digits];
    if (c->scale == 1 && c->role != SEG_CSV_QUANTITY)
        c->scale = 100;
    if (c->found.n_inexact > 0)
        seg_csv_say(im, "column '%s': %" PRIu64 " values have more than 4 digits after the point:"
                    " rounded to 1/10000", c->name, c->found.n_inexact);
}

static seg_status decide(seg_csv_import *im, seg_csv_column *c, fault *first, seg_error *err)
{
    switch (c->type) {
    case SEG_CSV_AUTO:
        return decide_open(im, c, first, err);
    case SEG_CSV_NUMBER:
        number_faults(first, c);
        break;
    case SEG_CSV_FIXED:
        number_faults(first, c);
        decide_scale(im, c);
        break;
    case SEG_CSV_DATE:
        return decide_date(im, c, first, err);
    case SEG_CSV_CATEGORY:
        keep_first(first, c, &c->found.not_level, true, "is not a level of the schema");
        return decide_category(im, c, err);
    case SEG_CSV_TEXT:
        return decide_text(im, c, err);
    case SEG_CSV_CODES:
        keep_first(first, c, &c->found.too_long, false, "the text has more than 1024 bytes");
        break;
    case SEG_CSV_EXACT:
        return decide_id(im, c, first, err);
    case SEG_CSV_LEFT_OUT:
        break;
    }
    return SEG_OK;
}

static seg_status fail_first(const seg_csv_import *im, const fault *f, seg_error *err)
{
    char why[128];
    const char *options = f->why != no_number ? NULL
                          : seg_csv_other_notation(f->place->text, f->place->n);
    if (options == NULL)
        return seg_csv_fail_cell(im, f->column, f->place, f->show, f->why, err);
    snprintf(why, sizeof why, "is not a number; give %s, or --missing or --max-errors", options);
    return seg_csv_fail_cell(im, f->column, f->place, true, why, err);
}

seg_status seg_csv_decide(seg_csv_import *im, bool *again, seg_error *err)
{
    seg_status st = SEG_OK;
    fault first = { 0 };
    *again = false;
    for (size_t c = 0; c < im->rows->n_columns; c++) {
        seg_csv_column *column = &im->columns[c];
        if (column->id_like)
            TRY(infer_id(im, column, err));
        TRY(decide(im, column, &first, err));
    }
    if (first.place == NULL)
        return SEG_OK;
    *again = im->options->max_errors > 0;
    if (!*again)
        st = fail_first(im, &first, err);

done:
    return st;
}

/* ---- guesses ------------------------------------------------------------------------ */

/* Too little is known of a column that was taken for numbers or dates and is none. */
static bool guessed_wrong(const seg_csv_column *c)
{
    const seg_csv_facts *f = &c->found;
    if (c->type != SEG_CSV_AUTO || f->n_present == 0)
        return false;
    if (c->mode == SEG_CSV_AS_NUMBERS)
        return !sure(f->n_numbers + f->n_overflows, f->n_present);
    return c->mode == SEG_CSV_AS_DATES && !sure(f->n_dates[c->guess_format], f->n_present);
}

bool seg_csv_mend_guesses(seg_csv_import *im)
{
    bool again = false;
    for (size_t i = 0; i < im->rows->n_columns; i++) {
        seg_csv_column *c = &im->columns[i];
        if (c->id_like && c->mode == SEG_CSV_AS_IDS && is_no_id(im, c)) {
            c->no_id = true;
            c->mode = c->mode_if_no_id;
            again = true;
        } else if (guessed_wrong(c)) {
            c->mode = SEG_CSV_AS_LEVELS;
            again = true;
        }
    }
    return again;
}

bool seg_csv_stored_well(seg_csv_column *c)
{
    bool texts = c->mode == SEG_CSV_AS_TEXTS || c->mode == SEG_CSV_AS_IDS
                 || c->mode == SEG_CSV_AS_LEVELS || c->mode == SEG_CSV_AS_CODES;
    switch (c->type) {
    case SEG_CSV_NUMBER:
        if (texts || c->mode == SEG_CSV_AS_NUMBERS)
            return true;
        c->mode = SEG_CSV_AS_NUMBERS;
        return false;
    case SEG_CSV_DATE:
        if (texts || (c->mode == SEG_CSV_AS_DATES && c->guess_format == c->format))
            return true;
        c->mode = SEG_CSV_AS_TEXTS;
        return false;
    case SEG_CSV_CATEGORY:
    case SEG_CSV_TEXT:
        if (texts)
            return true;
        c->mode = c->type == SEG_CSV_TEXT ? SEG_CSV_AS_TEXTS : SEG_CSV_AS_LEVELS;
        return false;
    case SEG_CSV_CODES:
    case SEG_CSV_FIXED:
    case SEG_CSV_EXACT:
    case SEG_CSV_LEFT_OUT:
    case SEG_CSV_AUTO:
        break;
    }
    return true;
}

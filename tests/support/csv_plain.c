/* csv_plain.c: rows of text to typed columns of features, as csv.h promises: types over the
 * whole file, faults by the first cell that does not fit, rows left out on request. Each
 * question (how many are numbers? which cell is no date first?) is a loop of its own over a
 * column. */
#include "tests/support/csv_plain.h"
#include "tests/support/csv_plain_parts.h"

#include <stdlib.h>
#include <string.h>
#include "tests/support/csv_transcript.h"

/* ---- telling what was found --------------------------------------------------------- */

static int by_bytes(const void *a, const void *b)
{
    const plain_cell *x = a, *y = b;
    int order = memcmp(x->s, y->s, x->n < y->n ? x->n : y->n);
    return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

static int code_of(const plain_column *c, plain_cell cell)
{
    size_t i = 0;
    while (by_bytes(&c->levels.all[i], &cell) != 0)
        i++;
    return (int)i;
}

static void say_what_is_odd(plain_import *im, const plain_column *c)
{
    if (c->type == ID && c->all_point_zero && !im->options.id_text)
        plain_say(im, "column '%s': every id ends in .0, which is dropped (--id-text keeps it)",
                  c->name);
    if (c->type != NUMBER)
        return;
    if (c->whole && c->n_numbers > 0 && (c->max > 16777216 || c->min < -16777216))
        plain_say(im, "column '%s' holds whole numbers beyond 16777216: kept to 24 bits", c->name);
    if (c->counts && c->n_numbers > 20 && c->n_missing == 0)
        plain_say(im, "column '%s' only counts the rows; --drop %s leaves it out", c->name,
                  c->name);
}

static void put_day(seg_node *row, const char *name, int64_t seconds)
{
    char text[SEG_DATE_BYTES];
    seg_print_day(text, seg_day_of_seconds(seconds));
    seg_put_text(row, name, text);
}

static void report_column(seg_node *columns, const plain_column *c)
{
    static const char *const types[] = {"", "number", "category", "date", "text", "id", "left out"};
    seg_node *row = seg_put_object(columns, NULL);
    bool out = c->type == LEFT_OUT;
    seg_put_text(row, "name", c->name);
    seg_put_text(row, "type", c->type == DATE && c->has_time ? "time" : types[c->type]);
    seg_put_text(row, "role", c->role == IS_ID ? "id" : c->role == IS_LABEL ? "label" : NULL);
    if (out)
        seg_put_null(row, "missing");
    else
        seg_put_int(row, "missing", (int64_t)c->n_missing);
    if (c->type == CATEGORY && c->levels.n > 0)
        seg_put_int(row, "levels", (int64_t)c->levels.n);
    else
        seg_put_null(row, "levels");
    if (c->type == NUMBER && c->n_numbers > 0) {
        seg_put_real(row, "min", c->min);
        seg_put_real(row, "max", c->max);
    } else if (c->type == DATE && c->n_dates[c->format] > 0) {
        put_day(row, "min", c->first_day[c->format]);
        put_day(row, "max", c->last_day[c->format]);
    } else {
        seg_put_null(row, "min");
        seg_put_null(row, "max");
    }
}

static void tell_report(plain_import *im)
{
    seg_node *root = seg_doc_root(im->report);
    seg_put_text(root, "kind", "features");
    seg_put_int(root, "rows", (int64_t)im->n_kept);
    seg_put_int(root, "rejected", (int64_t)im->n_left_out);
    seg_put_int(root, "files", 1);
    seg_put_text(root, "delimiter", im->delimiter == '\t' ? "tab" : (char[]){im->delimiter, 0});
    seg_node *columns = seg_put_array(root, "columns");
    for (size_t i = 0; i < im->n_columns; i++)
        report_column(columns, &im->columns[i]);
    seg_put_node(root, "notes", im->notes);
    fprintf(im->to, "%s\n", seg_doc_json(im->report, 0));
}

static bool beside(const plain_column *c)
{
    return c->type == DATE || c->type == TEXT || (c->type == CATEGORY && c->role == IS_LABEL);
}

static size_t id_width(const plain_import *im, const plain_column *c)
{
    size_t n = c->width - (c->all_point_zero && !im->options.id_text ? 2 : 0);
    return n == 0 ? 8 : (n + 7) / 8 * 8;
}

static void tell_column(const plain_import *im, const plain_column *c)
{
    seg_type t = c->type == NUMBER     ? SEG_TYPE_F32
                 : c->type == CATEGORY ? SEG_TYPE_CODE
                 : c->type == TEXT     ? SEG_TYPE_TEXT
                 : c->has_time         ? SEG_TYPE_TIME
                                       : SEG_TYPE_DAY;
    size_t width = c->type != TEXT ? 0 : c->width == 0 ? 8 : (c->width + 7) / 8 * 8;
    fprintf(im->to, "%s '%s' type %d scale 0 width %zu", beside(c) ? "column" : "feature", c->name,
            (int)t, width);
    for (size_t i = 0; c->type == CATEGORY && i < c->levels.n; i++)
        fprintf(im->to, "%s%.*s", i == 0 ? " levels " : "|", (int)c->levels.all[i].n,
                c->levels.all[i].s);
    fputc('\n', im->to);
}

static void tell_schema(plain_import *im)
{
    const plain_column *id = NULL, *label = NULL;
    for (size_t i = 0; i < im->n_columns; i++) {
        const plain_column *c = &im->columns[i];
        id = c->type == ID ? c : id;
        label = c->role == IS_LABEL ? c : label;
    }
    fprintf(im->to, "%s: features, %zu rows, id %s (%zu), label %s, currency none, as of %d\n",
            im->csv->path, im->n_kept, id == NULL ? "none" : id->name,
            id == NULL ? 0 : id_width(im, id), label == NULL ? "none" : label->name, INT32_MIN);
    for (int b = 0; b < 2; b++)
        for (size_t i = 0; i < im->n_columns; i++)
            if (im->columns[i].type != LEFT_OUT && im->columns[i].type != ID &&
                beside(&im->columns[i]) == (b == 1))
                tell_column(im, &im->columns[i]);
}

static void tell_number(FILE *to, bool missing, float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if (missing)
        fputs(" nan", to);
    else
        fprintf(to, " %x", bits);
}

static void tell_cell(const plain_import *im, const plain_column *c, plain_cell cell)
{
    bool missing = plain_is_missing(im, cell), has_time;
    float x = 0;
    int64_t second = 0;
    if (c->type == NUMBER) {
        plain_number(plain_trim(cell), im->point, NULL, &x);
        tell_number(im->to, missing, x);
    } else if (c->type == CATEGORY && c->role != IS_LABEL) {
        tell_number(im->to, missing, missing ? 0 : (float)code_of(c, cell));
    } else if (c->type == CATEGORY) {
        fprintf(im->to, " %d", missing ? -1 : code_of(c, cell));
    } else if (c->type == TEXT || c->type == ID) {
        bool cut = c->type == ID && c->all_point_zero && !im->options.id_text && cell.n > 2;
        fprintf(im->to, " %.*s|", missing ? 0 : (int)cell.n - (cut ? 2 : 0), cell.s);
    } else if (missing) {
        fprintf(im->to, " %lld", c->has_time ? (long long)INT64_MIN : (long long)INT32_MIN);
    } else {
        plain_is_date(cell, c->format, &second, &has_time);
        fprintf(im->to, " %lld",
                c->has_time ? (long long)second : (long long)seg_day_of_seconds(second));
    }
}

static void tell_rows(const plain_import *im)
{
    for (size_t r = 0; r < im->n_kept; r++) {
        fprintf(im->to, "%zu:", r);
        for (int turn = 0; turn < 3; turn++) /* the id, X, what stands beside it */
            for (size_t i = 0; i < im->n_columns; i++) {
                const plain_column *c = &im->columns[i];
                int own = c->type == ID ? 0 : beside(c) ? 2 : 1;
                if (c->type != LEFT_OUT && own == turn)
                    tell_cell(im, c, c->cells[r]);
            }
        fputc('\n', im->to);
    }
}

/* ---- the whole ---------------------------------------------------------------------- */

static void read_text(plain_import *im)
{
    const char *text = im->csv->text, *given = im->options.delimiter;
    size_t n = im->csv->n;
    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3, n -= 3;
    im->delimiter = given == NULL               ? plain_delimiter(text, n, im->point)
                    : strcmp(given, "tab") == 0 ? '\t'
                                                : given[0];
    plain_rows_parse(text, n, im->delimiter, im->options.max_field_bytes, &im->text);
}

static bool has_numbers(const plain_import *im)
{
    for (size_t i = 0; i < im->n_columns; i++)
        if (im->columns[i].type == NUMBER)
            return true;
    return false;
}

static void work(plain_import *im)
{
    read_text(im);
    bool good = plain_find_names(im);
    im->kept = malloc((im->text.n + 1) * sizeof *im->kept);
    for (size_t i = 0; i < im->n_columns; i++)
        im->columns[i].cells = malloc((im->text.n + 1) * sizeof(plain_cell));
    good = good && plain_take_roles(im) && plain_infer(im);
    for (size_t i = 0; good && i < im->n_columns; i++) {
        say_what_is_odd(im, &im->columns[i]);
        if (im->columns[i].levels.n > 0)
            qsort(im->columns[i].levels.all, im->columns[i].levels.n, sizeof(plain_cell), by_bytes);
    }
    if (good && im->point == ',' && has_numbers(im))
        plain_say(im, "a point between groups of three digits parts thousands: 1.234 is 1234");
    if (good && im->n_left_out > 0)
        plain_say(im, "%zu rows are left out", im->n_left_out);
    if (good) {
        tell_report(im);
        tell_schema(im);
        tell_rows(im);
    }
    fprintf(im->to, "status %d: %s\n", im->status, good ? "" : im->error);
    if (good && im->options.rejects != NULL) {
        fprintf(im->to, "rejects.csv:\n");
        fwrite(im->rejects, 1, im->n_rejects, im->to);
    }
}

static void end(plain_import *im)
{
    for (size_t i = 0; i < im->n_columns; i++) {
        free(im->columns[i].name);
        free(im->columns[i].cells);
        plain_forget_words(&im->columns[i].levels);
    }
    free(im->columns);
    free(im->kept);
    free(im->rejects);
    plain_free_list(im->missing);
    plain_rows_free(&im->text);
    seg_doc_free(im->report);
    seg_doc_free(im->notes_doc);
}

char *csv_plain_transcript(const csv_random *csv, size_t *n_bytes)
{
    char *out = NULL;
    seg_error err;
    plain_import im = {.csv = csv};
    if (!csv_random_options(csv, &im.options, &err) || im.options.kind != SEG_KIND_FEATURES ||
        strcmp(csv->path, "case.csv") != 0)
        return NULL;
    im.report = seg_doc_new();
    im.notes_doc = seg_doc_new();
    im.notes = seg_put_array(seg_doc_root(im.notes_doc), "notes");
    im.to = open_memstream(&out, n_bytes);
    if (im.to == NULL)
        abort();
    plain_take_options(&im);
    work(&im);
    end(&im);
    if (fclose(im.to) != 0)
        abort();
    return out;
}

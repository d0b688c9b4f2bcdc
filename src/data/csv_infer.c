/* csv_infer.c: readings until the columns are decided and their cells are kept as decided.
 * Usually one: how a column is taken is guessed from samples of the text, and every cell that
 * does not fit the guess is counted for what it is. A guess that turns out wrong costs a
 * second reading, never a wrong type. */
#include <string.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/try.h"
#include "data/csv_part.h"

enum { SAMPLE_BYTES = 96 * 1024, MOST_READINGS = 8 };

/* ---- guesses -------------------------------------------------------------------------- */

/* What the user or the role has settled; AS_LEVELS for what is open. */
static seg_csv_mode settled_mode(const seg_csv_column *c)
{
    switch (c->type) {
    case SEG_CSV_NUMBER:   return SEG_CSV_AS_NUMBERS;
    case SEG_CSV_CATEGORY: return SEG_CSV_AS_LEVELS;
    case SEG_CSV_DATE:     return SEG_CSV_AS_TEXTS;
    case SEG_CSV_TEXT:     return SEG_CSV_AS_TEXTS;
    case SEG_CSV_CODES:    return SEG_CSV_AS_CODES;
    case SEG_CSV_FIXED:    return SEG_CSV_AS_FIXED;
    case SEG_CSV_EXACT:    return SEG_CSV_AS_IDS;
    case SEG_CSV_LEFT_OUT: return SEG_CSV_SKIP;
    case SEG_CSV_AUTO:     break;
    }
    return SEG_CSV_AS_LEVELS;
}

/* Cells of such formats can be nothing but dates. */
static bool is_plain(seg_date_format format)
{
    return format == SEG_DATE_ISO || format == SEG_DATE_DMY || format == SEG_DATE_MDY;
}

/* The first plain format of all cells. */
static seg_date_format plain_format(const seg_csv_facts *f)
{
    for (int i = SEG_DATE_ISO; i < SEG_CSV_N_FORMATS; i++)
        if (is_plain((seg_date_format)i) && f->n_present > 0 && f->n_dates[i] == f->n_present)
            return (seg_date_format)i;
    return SEG_DATE_NONE;
}

static void guess(seg_csv_column *c, const seg_csv_facts *sample)
{
    bool open = c->type == SEG_CSV_AUTO && c->role != SEG_CSV_LABEL;
    seg_date_format format = plain_format(sample);
    if ((open || c->type == SEG_CSV_DATE) && format != SEG_DATE_NONE) {
        c->mode = SEG_CSV_AS_DATES;
        c->guess_format = format;
    } else if (open && !c->date_like && sample->n_present > 0
               && sample->n_numbers == sample->n_present) {
        c->mode = SEG_CSV_AS_NUMBERS;
    }
    c->mode_if_no_id = c->mode;
    if (c->id_like && c->type == SEG_CSV_AUTO)
        c->mode = SEG_CSV_AS_IDS;
}

/* ---- samples -------------------------------------------------------------------------- */

typedef struct sample {
    seg_csv_import *im;
    size_t bytes;             /* of each */
    seg_csv_facts *facts;     /* per column */
    char *text;
} sample;

static seg_status look_at_row(sample *s, const seg_csv_row *row, seg_error *err)
{
    for (size_t c = 0; c < row->n_cells; c++) {
        const seg_csv_column *column = &s->im->columns[c];
        if (column->type != SEG_CSV_AUTO && column->type != SEG_CSV_DATE)
            continue;
        seg_csv_look look = { .im = s->im, .column = column, .s = row->cells[c].s,
                              .n = row->cells[c].n, .n_equal = 1, .line = row->line };
        seg_status st = seg_csv_facts_look(&s->facts[c], &look, err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

/* Facts of the cells of open columns in rows that are sound. The start of a row may have been
 * taken wrongly: then the row reader stops soon, and nothing is learnt. */
static seg_status look_at_text(sample *s, size_t from, size_t n, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_csv_rows *rows = s->im->rows;
    seg_csv_row row = { 0 };
    seg_csv_scan_text(rows->scan, rows->inputs[0], s->text + from, n - from, false, 1);
    while (seg_csv_scan_next(rows->scan, &row, NULL) == SEG_OK && row.n_cells > 0) {
        if (row.empty)
            continue;
        seg_csv_rows_check(rows, &row);
        if (row.defect == SEG_CSV_SOUND)
            TRY(look_at_row(s, &row, err));
    }

done:
    return st;
}

/* Behind the first line feed, or at 0. */
static size_t behind_line(const char *text, size_t n)
{
    const char *feed = memchr(text, '\n', n);
    return feed == NULL ? 0 : (size_t)(feed - text) + 1;
}

static seg_status sample_head(sample *s, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_csv_rows *rows = s->im->rows;
    size_t n;
    TRY(seg_input_rewind(rows->inputs[0], err));
    TRY(seg_input_read(rows->inputs[0], s->text, s->bytes, &n, err));
    if (n > 0 && n < s->bytes && s->text[n - 1] != '\n')
        s->text[n++] = '\n';
    TRY(look_at_text(s, rows->header ? behind_line(s->text, n) : 0, n, err));

done:
    return st;
}

/* At one and two thirds of a plain file. */
static seg_status sample_middle(sample *s, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_input *input = s->im->rows->inputs[0];
    uint64_t start, end;
    int fd;
    if (!seg_input_direct(input, &fd, &start, &end) || end - start < 8 * s->bytes)
        return SEG_OK;
    for (uint64_t i = 1; i <= 2; i++) {
        TRY(seg_pread_all(fd, s->text, s->bytes, start + (end - start) / 3 * i,
                          seg_input_name(input), err));
        TRY(look_at_text(s, behind_line(s->text, s->bytes), s->bytes, err));
    }

done:
    return st;
}

seg_status seg_csv_guess(seg_csv_import *im, seg_error *err)
{
    seg_status st = SEG_OK;
    sample s = { .im = im, .bytes = SAMPLE_BYTES };
    size_t d = im->rows->n_columns;
    for (size_t c = 0; c < d; c++)       /* the header and some rows as long */
        s.bytes += 4 * strlen(im->rows->names[c]) + 32;
    if (seg_csv_chunk_bytes > 0)   /* tests: so that guesses go wrong */
        s.bytes = 16 + 4 * seg_csv_chunk_bytes;
    for (size_t c = 0; c < d; c++)
        im->columns[c].mode = im->columns[c].mode_if_no_id = settled_mode(&im->columns[c]);
    TRY(SEG_ALLOC(&s.text, s.bytes, "a sample", err));
    TRY(SEG_ALLOC(&s.facts, d, "a sample", err));
    for (size_t c = 0; c < d; c++)
        seg_csv_facts_clear(&s.facts[c]);
    TRY(sample_head(&s, err));
    TRY(sample_middle(&s, err));
    for (size_t c = 0; c < d; c++)
        guess(&im->columns[c], &s.facts[c]);

done:
    for (size_t c = 0; s.facts != NULL && c < d; c++)
        seg_free(s.facts[c].not_date);
    seg_free(s.facts);
    seg_free(s.text);
    return st;
}

/* ---- readings ------------------------------------------------------------------------- */

/* Types are decided: how each is best kept. */
static void follow_types(seg_csv_import *im)
{
    for (size_t c = 0; c < im->rows->n_columns; c++) {
        seg_csv_column *column = &im->columns[c];
        if (column->type == SEG_CSV_DATE && is_plain(column->format)) {
            column->mode = SEG_CSV_AS_DATES;
            column->guess_format = column->format;
        } else {
            column->mode = settled_mode(column);
        }
    }
}

static bool all_kept_well(seg_csv_import *im)
{
    bool well = true;
    for (size_t c = 0; c < im->rows->n_columns; c++)
        well = seg_csv_stored_well(&im->columns[c]) && well;
    return well;
}

seg_status seg_csv_infer(seg_csv_import *im, seg_error *err)
{
    seg_status st = SEG_OK;
    bool again = true;
    TRY(seg_csv_guess(im, err));
    for (int n = 0; again && n < MOST_READINGS; n++) {
        TRY(seg_csv_read(im, err));
        again = seg_csv_mend_guesses(im);
        if (again)
            continue;
        TRY(seg_csv_decide(im, &again, err));
        im->told = true;
        if (again && !im->checked) {
            im->checked = true;
            follow_types(im);
        } else {
            again = !all_kept_well(im);
        }
    }
    im->told = false;
    if (again)
        st = seg_fail(err, SEG_E_IO, "%s: the types of its columns were not settled by %d readings:"
                      " this is a bug; --types helps", seg_input_name(im->rows->inputs[0]),
                      MOST_READINGS);

done:
    return st;
}

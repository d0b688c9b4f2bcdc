/* csv_rows.c: opens the files, finds how they are written, reads the names of the columns,
 * and hands out rows. All files must have the same names in the same order. */
#include "data/csv_rows.h"

#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/try.h"

enum { SAMPLE_BYTES = 64 * 1024, STEP_ROWS = 8192, MAX_NAME = 255, MADE_NAME = 32 };

void seg_csv_rows_close(seg_csv_rows *rows)
{
    if (rows == NULL)
        return;
    seg_csv_scan_free(rows->scan);
    for (size_t i = 0; i < rows->n_inputs; i++)
        seg_input_close(rows->inputs[i]);
    seg_free(rows->inputs);
    seg_arena_free(&rows->arena);
    seg_free(rows);
}

const char *seg_csv_rows_file(const seg_csv_rows *rows)
{
    size_t file = rows->file < rows->n_inputs ? rows->file : rows->n_inputs - 1;
    return seg_input_name(rows->inputs[file]);
}

/* ---- how it is written ---------------------------------------------------------- */

static seg_status named_delimiter(const char *name, seg_csv_dialect *dialect, seg_error *err)
{
    static const struct { const char *name; char c; } known[] = {
        { "tab", '\t' }, { "\\t", '\t' }, { "comma", ',' }, { "semicolon", ';' },
        { "pipe", '|' }, { "blank", ' ' }, { "space", ' ' },
    };
    char c = 0;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(name, known[i].name) == 0)
            c = known[i].c;
    if (c == 0 && strlen(name) == 1)
        c = name[0];
    if (c == 0 || c == '"' || c == '\n' || c == '\r' || (unsigned char)c >= 0x80)
        return seg_fail(err, SEG_E_USAGE, "--delimiter takes one character, or tab, comma, "
                        "semicolon, pipe, space, not '%s'", name);
    dialect->delimiter = c;
    dialect->blanks = c == ' ';
    return SEG_OK;
}

bool seg_csv_path_is(const char *path, const char *suffix)
{
    static const char *const packings[] = { "", ".gz", ".zst" };
    size_t n = strlen(path), m = strlen(suffix);
    for (size_t i = 0; i < sizeof packings / sizeof packings[0]; i++) {
        size_t p = strlen(packings[i]);
        if (n >= m + p && strcmp(path + n - p, packings[i]) == 0
            && memcmp(path + n - p - m, suffix, m) == 0)
            return true;
    }
    return false;
}

static seg_status find_dialect(seg_csv_rows *rows, bool lines, bool fimi, seg_error *err)
{
    seg_status st = SEG_OK;
    char *sample = NULL;
    size_t n;
    const seg_import_options *o = rows->options;
    char decimal = o->decimal == NULL ? '.' : o->decimal[0];

    rows->dialect.quotes = !fimi;
    rows->dialect.blanks = fimi;
    if (o->delimiter != NULL)
        return named_delimiter(o->delimiter, &rows->dialect, err);
    if (fimi)
        return SEG_OK;
    TRY(SEG_ALLOC(&sample, SAMPLE_BYTES, "a sample", err));
    TRY(seg_input_read(rows->inputs[0], sample, SAMPLE_BYTES, &n, err));
    bool csv = seg_csv_path_is(seg_input_name(rows->inputs[0]), ".csv");
    rows->dialect = seg_csv_sniff(sample, n, lines, !csv, decimal);
    TRY(seg_input_rewind(rows->inputs[0], err));

done:
    seg_free(sample);
    return st;
}

/* ---- names ------------------------------------------------------------------------ */

static void trim(seg_csv_cell *cell)
{
    while (cell->n > 0 && (cell->s[0] == ' ' || cell->s[0] == '\t'))
        cell->s++, cell->n--;
    while (cell->n > 0 && (cell->s[cell->n - 1] == ' ' || cell->s[cell->n - 1] == '\t'))
        cell->n--;
}

/* For a column without one. */
static size_t make_name(size_t c, char out[MADE_NAME])
{
    return (size_t)snprintf(out, MADE_NAME, "column_%zu", c + 1);
}

bool seg_csv_rows_unnamed(const seg_csv_rows *rows, size_t c)
{
    char made[MADE_NAME];
    return rows->header && seg_equal_n(rows->names[c], made, make_name(c, made));
}

static seg_status set_name(seg_csv_rows *rows, size_t c, const char *s, size_t n, seg_error *err)
{
    char made[MADE_NAME];
    if (n == 0) {
        n = make_name(c, made);
        s = made;
    }
    if (n > MAX_NAME)
        return seg_fail(err, SEG_E_DATA, "%s: line 1: the name of column %zu has %zu bytes; at"
                        " most %d", seg_csv_rows_file(rows), c + 1, n, MAX_NAME);
    rows->names[c] = seg_arena_text_n(&rows->arena, s, n);
    return rows->names[c] == NULL ? seg_arena_failed(err) : SEG_OK;
}

static seg_status new_names(seg_csv_rows *rows, size_t n, seg_error *err)
{
    rows->names = seg_arena_get(&rows->arena, (n + 1) * sizeof *rows->names);
    rows->n_columns = n;
    return rows->names == NULL ? seg_arena_failed(err) : SEG_OK;
}

static seg_status no_duplicates(const seg_csv_rows *rows, seg_error *err)
{
    seg_status st = SEG_OK;
    const char **slots = NULL;
    size_t n_slots = 64;
    while (n_slots < rows->n_columns * 2)
        n_slots *= 2;
    TRY(SEG_ALLOC(&slots, n_slots, "column names", err));
    for (size_t c = 0; c < rows->n_columns; c++) {
        size_t slot = 5381;
        for (const char *s = rows->names[c]; *s != 0; s++)
            slot = slot * 33 + (unsigned char)*s;
        for (slot &= n_slots - 1; slots[slot] != NULL; slot = (slot + 1) & (n_slots - 1))
            if (strcmp(slots[slot], rows->names[c]) == 0) {
                st = seg_fail(err, SEG_E_DATA, "%s: line 1: duplicate column '%s'",
                              seg_csv_rows_file(rows), rows->names[c]);
                goto done;
            }
        slots[slot] = rows->names[c];
    }

done:
    seg_free(slots);
    return st;
}

static bool all_numbers(const seg_csv_row *row)
{
    double value;
    for (size_t c = 0; c < row->n_cells; c++)
        if (!seg_parse_f64(row->cells[c].s, row->cells[c].n, '.', &value))
            return false;
    return true;
}

/* What people and programs put above the names. */
static seg_status refuse_titles(const seg_csv_rows *rows, const seg_csv_row *row, seg_error *err)
{
    const char *s = row->cells[0].s;
    bool excel = row->cells[0].n >= 4 && memcmp(s, "sep=", 4) == 0;
    bool comment = row->n_cells == 1 && row->cells[0].n > 0 && *s == '#';
    if (!excel && !comment)
        return SEG_OK;
    return seg_fail(err, SEG_E_DATA, "%s: line %llu: %s, no column names; leave it out: tail -n"
                    " +%llu FILE | segmill import -", seg_csv_rows_file(rows),
                    (unsigned long long)row->line, excel ? "tells Excel the delimiter"
                    : "a comment", (unsigned long long)row->line + 1);
}

static seg_status names_of_header(seg_csv_rows *rows, const seg_csv_row *row, seg_error *err)
{
    seg_status st = SEG_OK;
    const char *file = seg_csv_rows_file(rows);
    if (all_numbers(row))
        return seg_fail(err, SEG_E_DATA, "%s: line %llu: no column names, only numbers; give"
                        " --no-header", file, (unsigned long long)row->line);
    if (row->defect != SEG_CSV_SOUND)
        return seg_fail(err, SEG_E_DATA, "%s: line %llu: column %zu: the name %s", file,
                        (unsigned long long)row->line, row->defect_cell + 1,
                        row->defect == SEG_CSV_NUL ? "holds a null byte" : "is not valid UTF-8;"
                        " give --encoding WINDOWS-1252 if Excel wrote it, or another");
    TRY(refuse_titles(rows, row, err));
    TRY(new_names(rows, row->n_cells, err));
    for (size_t c = 0; c < row->n_cells; c++) {
        seg_csv_cell name = row->cells[c];
        trim(&name);
        TRY(set_name(rows, c, name.s, name.n, err));
    }

done:
    return st;
}

/* --columns A,B,... replaces what the header says. */
static seg_status names_of_option(seg_csv_rows *rows, size_t n_cells, seg_error *err)
{
    seg_status st = SEG_OK;
    const char *list = rows->options->columns, *item;
    size_t n = 0, length;
    while (seg_list_next(&list, &item, &length))
        n++;
    if (n != n_cells)
        return seg_fail(err, SEG_E_USAGE, "--columns names %zu columns; %s has %zu", n,
                        seg_csv_rows_file(rows), n_cells);
    TRY(new_names(rows, n, err));
    list = rows->options->columns;
    for (size_t c = 0; seg_list_next(&list, &item, &length); c++)
        TRY(set_name(rows, c, item, length, err));

done:
    return st;
}

static seg_status find_names(seg_csv_rows *rows, const seg_csv_row *row, seg_error *err)
{
    seg_status st = SEG_OK;
    if (rows->options->columns != NULL && rows->options->columns[0] != 0) {
        TRY(names_of_option(rows, row->n_cells, err));
    } else if (rows->header) {
        TRY(names_of_header(rows, row, err));
    } else {
        TRY(new_names(rows, row->n_cells, err));
        for (size_t c = 0; c < row->n_cells; c++)
            TRY(set_name(rows, c, "", 0, err));
    }
    TRY(no_duplicates(rows, err));

done:
    return st;
}

/* A cell of a header: a name left out stands for the one that was made for it. */
static bool is_name(const seg_csv_rows *rows, size_t c, const seg_csv_cell *cell)
{
    char made[MADE_NAME];
    if (cell->n > 0)
        return seg_equal_n(rows->names[c], cell->s, cell->n);
    return seg_equal_n(rows->names[c], made, make_name(c, made));
}

static bool is_header(const seg_csv_rows *rows, const seg_csv_row *row)
{
    if (row->n_cells != rows->n_columns)
        return false;
    for (size_t c = 0; c < row->n_cells; c++) {
        seg_csv_cell cell = row->cells[c];
        trim(&cell);
        if (!is_name(rows, c, &cell))
            return false;
    }
    return true;
}

/* ---- rows -------------------------------------------------------------------------- */

static seg_status next_line(seg_csv_rows *rows, seg_csv_row *row, seg_error *err)
{
    do {
        seg_status st = seg_csv_scan_next(rows->scan, row, err);
        if (st != SEG_OK)
            return st;
    } while (row->empty && rows->n_columns > 0);
    return SEG_OK;
}

seg_status seg_csv_rows_same_header(const seg_csv_rows *rows, const seg_csv_row *row,
                                    seg_error *err)
{
    if (row->n_cells == 0)
        return seg_fail(err, SEG_E_DATA, "%s: the file is empty", seg_csv_rows_file(rows));
    if (rows->options->columns == NULL ? is_header(rows, row) : row->n_cells == rows->n_columns)
        return SEG_OK;
    return seg_fail(err, SEG_E_DATA, "%s: line %llu: the column names are not those of %s",
                    seg_csv_rows_file(rows), (unsigned long long)row->line,
                    seg_input_name(rows->inputs[0]));
}

static seg_status start_file(seg_csv_rows *rows, size_t file, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_csv_row row;
    rows->file = file;
    if (file == rows->n_inputs)
        return SEG_OK;
    TRY(seg_input_rewind(rows->inputs[file], err));
    seg_csv_scan_restart(rows->scan, rows->inputs[file]);
    if (rows->header) {
        TRY(next_line(rows, &row, err));
        TRY(seg_csv_rows_same_header(rows, &row, err));
    }

done:
    return st;
}

seg_status seg_csv_rows_rewind(seg_csv_rows *rows, const char *what, seg_error *err)
{
    rows->what = what;
    rows->n_read = 0;
    return start_file(rows, 0, err);
}

static seg_status step(seg_csv_rows *rows, seg_error *err)
{
    uint64_t done = 0;
    for (size_t i = 0; i < rows->file && i < rows->n_inputs; i++)
        done += seg_input_size(rows->inputs[i]);
    if (rows->file < rows->n_inputs)
        done += seg_input_position(rows->inputs[rows->file]);
    return seg_step(rows->ctx, rows->what, done, rows->total_bytes, err);
}

void seg_csv_rows_check(const seg_csv_rows *rows, seg_csv_row *row)
{
    if (rows->n_columns == 0)
        return;
    if (row->n_cells != rows->n_columns)
        row->defect = row->n_cells < rows->n_columns ? SEG_CSV_TOO_FEW : SEG_CSV_TOO_MANY;
    else if (rows->header && seg_equal_n(rows->names[0], row->cells[0].s, row->cells[0].n)
             && is_header(rows, row))
        row->defect = SEG_CSV_HEADER_AGAIN;
}

seg_status seg_csv_rows_next(seg_csv_rows *rows, seg_csv_row *row, seg_error *err)
{
    seg_status st = SEG_OK;
    *row = (seg_csv_row){ 0 };
    if (rows->n_read % STEP_ROWS == 0)
        TRY(step(rows, err));
    while (rows->file < rows->n_inputs) {
        TRY(next_line(rows, row, err));
        if (row->n_cells > 0) {
            seg_csv_rows_check(rows, row);
            rows->n_read++;
            return SEG_OK;
        }
        TRY(start_file(rows, rows->file + 1, err));
    }

done:
    return st;
}

seg_status seg_csv_rows_open(const seg_context *ctx, const char *const *paths, size_t n_paths,
                             const seg_import_options *options, bool lines, bool fimi,
                             seg_csv_rows **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_csv_rows *rows = NULL;
    seg_csv_row row;
    *out = NULL;

    TRY(SEG_ALLOC(&rows, 1, "a CSV reader", err));
    TRY(SEG_ALLOC(&rows->inputs, n_paths, "the inputs", err));
    rows->ctx = ctx;
    rows->options = options;
    rows->what = "reading";
    for (size_t i = 0; i < n_paths; i++) {
        TRY(seg_input_open(ctx, paths[i], options->encoding, &rows->inputs[i], err));
        rows->n_inputs++;
        rows->total_bytes += seg_input_size(rows->inputs[i]);
    }
    TRY(find_dialect(rows, lines, fimi, err));
    TRY(seg_csv_scan_new(rows->inputs[0], rows->dialect, options->max_field_bytes, &rows->scan,
                         err));
    do {
        TRY(seg_csv_scan_next(rows->scan, &row, err));
    } while (row.empty && !lines);
    if (row.n_cells == 0) {
        st = seg_fail(err, SEG_E_DATA, "%s: the file is empty", paths[0]);
        goto done;
    }
    rows->header = !lines && !options->no_header;
    if (!lines)
        TRY(find_names(rows, &row, err));
    TRY(seg_csv_rows_rewind(rows, "reading", err));
    *out = rows;
    rows = NULL;

done:
    seg_csv_rows_close(rows);
    return st;
}

/* csv_scan.c: the tokenizer, a window over the text that always holds one whole row.
 *
 * RFC 4180: a cell that starts with a double quote runs to the quote that closes it, and
 * may hold delimiters, line ends and doubled quotes; a quote further on in a cell is an
 * ordinary character (6" nails). Lines end with LF, CRLF or CR. When the window ends
 * within a row, the row moves to the front, more text is read behind it, and the row is
 * taken apart anew: at most twice the work, because the window doubles.
 * Strict where leniency would lose data: text after a closing quote and a quote that is
 * never closed are errors, as swallowing half a file into one cell must not pass. */
#include "data/csv_scan.h"

#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/text.h"
#include "base/try.h"

enum { FIRST_WINDOW = 256 * 1024, ROOM_TO_READ = 4096, MAX_CELLS = 1 << 20, ROW_FIELDS = 64 };

/* More than the largest --max-field, and twice as much still has places of 32 bits, with
 * which csv_chunk.h works. */
static const size_t most_row_bytes = (size_t)3 << 29;

struct seg_csv_scan {
    seg_input *input;
    seg_csv_dialect dialect;
    bool special[256];        /* ends a cell without quotes */
    size_t max_field, max_row;
    char *own;                /* a window over the input, of own_cap bytes */
    size_t own_cap;
    const char *window;       /* own, or somebody's text */
    size_t cap, at, end;      /* window[at .. end) is still to be scanned */
    bool ended;               /* the input holds no more */
    bool borrowed;
    uint64_t line;            /* of window[at] */
    seg_csv_cell *cells;
    size_t n_cells, cells_cap;
    char *scratch;            /* cells whose doubled quotes were made single */
    size_t scratch_cap, scratch_used;
};

/* How far one attempt came. */
typedef enum outcome { ROW, MORE, UNCLOSED, AFTER_QUOTE, TOO_MANY, NO_MEMORY } outcome;

typedef struct attempt {
    size_t cell;              /* where the cell in work starts */
    size_t next;              /* first byte after the row's line end */
    size_t row_end;           /* the line end */
    bool quoted;              /* some cell was */
} attempt;

seg_status seg_csv_scan_new(seg_input *input, seg_csv_dialect dialect, uint64_t max_field_bytes,
                            seg_csv_scan **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_csv_scan *scan = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&scan, 1, "a CSV reader", err));
    TRY(SEG_ALLOC(&scan->own, FIRST_WINDOW, "a CSV window", err));
    scan->own_cap = FIRST_WINDOW;
    scan->dialect = dialect;
    scan->max_field = (size_t)max_field_bytes;
    scan->max_row = scan->max_field * ROW_FIELDS;
    if (scan->max_row > most_row_bytes)
        scan->max_row = most_row_bytes;
    scan->special['\n'] = scan->special['\r'] = true;
    if (dialect.blanks)
        scan->special[' '] = scan->special['\t'] = true;
    else
        scan->special[(unsigned char)dialect.delimiter] = true;
    seg_csv_scan_restart(scan, input);
    *out = scan;
    scan = NULL;

done:
    seg_csv_scan_free(scan);
    return st;
}

void seg_csv_scan_free(seg_csv_scan *scan)
{
    if (scan == NULL)
        return;
    seg_free(scan->own);
    seg_free(scan->cells);
    seg_free(scan->scratch);
    seg_free(scan);
}

void seg_csv_scan_restart(seg_csv_scan *scan, seg_input *input)
{
    scan->input = input;
    scan->window = scan->own;
    scan->cap = scan->own_cap;
    scan->at = scan->end = 0;
    scan->ended = scan->borrowed = false;
    scan->line = 1;
}

void seg_csv_scan_text(seg_csv_scan *scan, seg_input *input, const char *text, size_t n,
                       bool last, uint64_t line)
{
    scan->input = input;
    scan->window = text;
    scan->cap = scan->end = n;
    scan->at = 0;
    scan->ended = last;
    scan->borrowed = true;
    scan->line = line;
}

size_t seg_csv_scan_taken(const seg_csv_scan *scan) { return scan->at; }
uint64_t seg_csv_scan_line(const seg_csv_scan *scan) { return scan->line; }

/* ---- one row ------------------------------------------------------------------- */

static outcome push_cell(seg_csv_scan *scan, const char *s, size_t n)
{
    if (scan->n_cells == scan->cells_cap) {
        if (scan->n_cells >= MAX_CELLS)
            return TOO_MANY;
        if (SEG_GROW(&scan->cells, &scan->cells_cap, scan->n_cells + 1, "cells", NULL) != SEG_OK)
            return NO_MEMORY;
    }
    scan->cells[scan->n_cells++] = (seg_csv_cell){ s, n };
    return ROW;
}

/* The scratch is as large as the window, so that cells of one row never move in it. */
static outcome push_unescaped(seg_csv_scan *scan, const char *s, size_t n)
{
    if (scan->scratch_cap < scan->cap) {
        seg_free(scan->scratch);
        scan->scratch_cap = 0;
        if (SEG_ALLOC(&scan->scratch, scan->cap, "a CSV window", NULL) != SEG_OK)
            return NO_MEMORY;
        scan->scratch_cap = scan->cap;
    }
    char *to = scan->scratch + scan->scratch_used;
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        to[m++] = s[i];
        if (s[i] == '"')
            i++;
    }
    scan->scratch_used += m;
    return push_cell(scan, to, m);
}

/* window[at] is the opening quote; *after is set behind the closing one. */
static outcome quoted_cell(seg_csv_scan *scan, size_t at, size_t *after)
{
    bool doubled = false;
    size_t i = at + 1;
    for (;;) {
        const char *quote = memchr(scan->window + i, '"', scan->end - i);
        if (quote == NULL)
            return scan->ended ? UNCLOSED : MORE;
        i = (size_t)(quote - scan->window) + 1;
        if (i == scan->end && !scan->ended)
            return MORE;
        if (i == scan->end || scan->window[i] != '"')
            break;
        doubled = true;
        i++;
    }
    *after = i;
    if (i < scan->end && !scan->special[(unsigned char)scan->window[i]])
        return AFTER_QUOTE;
    const char *s = scan->window + at + 1;
    return doubled ? push_unescaped(scan, s, i - at - 2) : push_cell(scan, s, i - at - 2);
}

static outcome bare_cell(seg_csv_scan *scan, size_t at, size_t *after)
{
    size_t i = at;
    while (i < scan->end && !scan->special[(unsigned char)scan->window[i]])
        i++;
    *after = i;
    if (i == scan->end && !scan->ended)
        return MORE;
    return push_cell(scan, scan->window + at, i - at);
}

/* window[i] ends the row: where does the next one start? */
static outcome end_row(const seg_csv_scan *scan, size_t i, attempt *row)
{
    row->row_end = row->next = i;
    if (i == scan->end)
        return ROW;
    row->next = i + 1;
    if (scan->window[i] == '\n')
        return ROW;
    if (row->next == scan->end)
        return scan->ended ? ROW : MORE;
    if (scan->window[row->next] == '\n')
        row->next++;
    return ROW;
}

static size_t skip_blanks(const seg_csv_scan *scan, size_t i)
{
    while (i < scan->end && (scan->window[i] == ' ' || scan->window[i] == '\t'))
        i++;
    return i;
}

static bool ends_row(const seg_csv_scan *scan, size_t i)
{
    return i == scan->end || scan->window[i] == '\n' || scan->window[i] == '\r';
}

static outcome try_row(seg_csv_scan *scan, attempt *row)
{
    size_t i = scan->at;
    bool blanks = scan->dialect.blanks;
    scan->n_cells = 0;
    scan->scratch_used = 0;
    row->quoted = false;
    for (;;) {
        if (blanks)
            i = skip_blanks(scan, i);
        row->cell = i;
        if (i == scan->end && !scan->ended)
            return MORE;
        if (blanks && ends_row(scan, i) && scan->n_cells > 0)
            return end_row(scan, i, row);
        outcome got;
        if (scan->dialect.quotes && i < scan->end && scan->window[i] == '"') {
            row->quoted = true;
            got = quoted_cell(scan, i, &i);
        } else {
            got = bare_cell(scan, i, &i);
        }
        if (got != ROW)
            return got;
        if (ends_row(scan, i))
            return end_row(scan, i, row);
        i++;
    }
}

/* ---- the window ------------------------------------------------------------------ */

static seg_status fail_in(const seg_csv_scan *scan, size_t at, seg_error *err, const char *why)
{
    uint64_t line = scan->line;
    for (size_t i = scan->at; i < at; i++)
        line += scan->window[i] == '\n';
    return seg_fail(err, SEG_E_DATA, "%s: line %llu: %s", seg_input_name(scan->input),
                    (unsigned long long)line, why);
}

static seg_status read_more(seg_csv_scan *scan, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t kept = scan->end - scan->at, got;
    memmove(scan->own, scan->own + scan->at, kept);
    scan->at = 0;
    scan->end = kept;
    if (scan->cap - kept < ROOM_TO_READ || kept > scan->cap / 2) {
        size_t cap = scan->cap * 2;
        TRY(SEG_REALLOC(&scan->own, cap, "a CSV window", err));
        scan->window = scan->own;
        scan->cap = scan->own_cap = cap;
    }
    while (!scan->ended && scan->cap - scan->end >= ROOM_TO_READ) {
        TRY(seg_input_read(scan->input, scan->own + scan->end, scan->cap - scan->end, &got,
                           err));
        scan->end += got;
        scan->ended = got == 0;
    }

done:
    return st;
}

/* The row does not end within the window: may it go on? */
static seg_status check_sizes(const seg_csv_scan *scan, const attempt *row, seg_error *err)
{
    char why[160];
    if (scan->end - row->cell > scan->max_field + 2) {
        bool quoted = scan->window[row->cell] == '"';
        snprintf(why, sizeof why, "a field of more than %zu bytes%s; give a larger --max-field",
                 scan->max_field, quoted ? " (is a quote not closed?)" : "");
        return fail_in(scan, row->cell, err, why);
    }
    if (scan->end - scan->at > scan->max_row) {
        snprintf(why, sizeof why, "a row of more than %zu bytes", scan->max_row);
        return fail_in(scan, scan->at, err, why);
    }
    return SEG_OK;
}

static seg_status check_cells(const seg_csv_scan *scan, seg_error *err)
{
    for (size_t c = 0; c < scan->n_cells; c++)
        if (scan->cells[c].n > scan->max_field) {
            char why[160];
            snprintf(why, sizeof why, "field %zu has %zu bytes; the limit is %zu: give a larger"
                     " --max-field", c + 1, scan->cells[c].n, scan->max_field);
            return fail_in(scan, scan->at, err, why);
        }
    return SEG_OK;
}

/* ---- what a row may hold ----------------------------------------------------------- */

static bool is_ascii(const char *s, size_t n)
{
    uint64_t all = 0, word;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        memcpy(&word, s + i, 8);
        all |= word;
    }
    for (; i < n; i++)
        all |= (uint64_t)(unsigned char)s[i] << 56;
    return (all & 0x8080808080808080u) == 0;
}

static void find_defect(seg_csv_row *row)
{
    bool nul = memchr(row->raw, 0, row->raw_bytes) != NULL;
    if (!nul && is_ascii(row->raw, row->raw_bytes))
        return;
    for (size_t c = 0; c < row->n_cells; c++) {
        const seg_csv_cell *cell = &row->cells[c];
        bool bad = nul ? memchr(cell->s, 0, cell->n) != NULL
                       : seg_utf8_check(cell->s, cell->n) < cell->n;
        if (bad) {
            row->defect = nul ? SEG_CSV_NUL : SEG_CSV_UTF8;
            row->defect_cell = c;
            return;
        }
    }
}

static void give_row(seg_csv_scan *scan, const attempt *got, seg_csv_row *row)
{
    *row = (seg_csv_row){
        .cells = scan->cells,
        .n_cells = scan->n_cells,
        .empty = scan->n_cells == 1 && scan->cells[0].n == 0 && !got->quoted,
        .line = scan->line,
        .raw = scan->window + scan->at,
        .raw_bytes = got->row_end - scan->at,
    };
    find_defect(row);
    scan->line++;
    if (got->quoted)
        for (const char *c = row->raw, *end = c + row->raw_bytes;
             (c = memchr(c, '\n', (size_t)(end - c))) != NULL; c++)
            scan->line++;
    scan->at = got->next;
}

seg_status seg_csv_scan_next(seg_csv_scan *scan, seg_csv_row *row, seg_error *err)
{
    seg_status st = SEG_OK;
    *row = (seg_csv_row){ .line = scan->line };
    for (;;) {
        if (scan->at == scan->end && scan->ended)
            return SEG_OK;
        attempt got = { 0 };
        switch (try_row(scan, &got)) {
        case ROW:
            TRY(check_cells(scan, err));
            give_row(scan, &got, row);
            return SEG_OK;
        case MORE:
            TRY(check_sizes(scan, &got, err));
            if (scan->borrowed)
                return SEG_OK;
            TRY(read_more(scan, err));
            break;
        case UNCLOSED:
            return fail_in(scan, got.cell, err, "a quote is opened and never closed");
        case AFTER_QUOTE:
            return fail_in(scan, got.cell, err, "text after a closing quote (quotes within a cell"
                           " are doubled)");
        case TOO_MANY:
            return fail_in(scan, scan->at, err, "more than 1048576 fields in one row");
        case NO_MEMORY:
            return seg_fail(err, SEG_E_AGAIN, "cannot allocate memory for a row");
        }
    }

done:
    return st;
}

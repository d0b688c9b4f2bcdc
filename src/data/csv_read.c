/* csv_read.c: one reading of all files: text in, segments of typed cells and facts out.
 *
 * The text comes in batches of some megabytes. Where its rows start is found exactly, not
 * guessed: the quotes before a place tell by their parity whether it stands within quotes,
 * and the next line feed outside quotes ends a row. So a batch is cut into chunks which all
 * threads take at once; what they found is merged in the order of the text, which makes the
 * result the same for any number of threads and any size of chunks.
 *
 * Parity speaks only while quotes stand at the ends of cells. A chunk where one does not is
 * read row by row (csv_scan.c), with the rest of its batch, and so is a chunk with rows of
 * another shape: its good rows are written anew, and taken as any others. */
#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/team.h"
#include "base/threads.h"
#include "base/try.h"
#include "data/csv_batch.h"
#include "data/csv_part.h"

size_t seg_csv_chunk_bytes = 0;

enum { CHUNK_BYTES = 192 * 1024, LEAST_CHUNK = 4096, PARTS_PER_THREAD = 8, MOST_FACTS = 1 << 17,
       MOST_WAIT = 64 };

typedef struct reading {
    seg_csv_import *im;
    int n_threads;
    seg_csv_batch batch;
    seg_csv_part *parts;
    size_t n_parts, n_used;      /* n_used: in this batch */
    size_t chunk_bytes;
    size_t *starts;              /* of the chunks in the batch, and the end of the last one */
    size_t *quotes;              /* in each equal piece of the batch */
    uint64_t line;               /* of the first row not yet taken */
    uint32_t file;
    size_t wait, skip;           /* after a stray quote: batches that are not tried at once */
    uint64_t bytes_before, bytes_all;   /* stored, for progress */
} reading;

/* ---- setting up ------------------------------------------------------------------- */

static void close_reading(reading *rd)
{
    for (size_t i = 0; i < rd->n_parts; i++)
        seg_csv_part_free(&rd->parts[i]);
    seg_free(rd->parts);
    seg_csv_batch_free(&rd->batch);
    seg_free(rd->starts);
    seg_free(rd->quotes);
}

/* A part takes about ten times its text, and all parts a share of the budget. */
static size_t chunk_bytes_for(size_t n_parts)
{
    enum { TIMES = 10, SHARE = 8 };
    uint64_t budget = seg_alloc_limit(), bytes = CHUNK_BYTES;
    if (seg_csv_chunk_bytes > 0)
        return seg_csv_chunk_bytes;
    if (budget != 0 && budget / SHARE / TIMES / n_parts < bytes)
        bytes = budget / SHARE / TIMES / n_parts;
    return bytes < LEAST_CHUNK ? LEAST_CHUNK : (size_t)bytes;
}

static seg_status open_reading(reading *rd, seg_csv_import *im, seg_error *err)
{
    seg_status st = SEG_OK;
    *rd = (reading){ .im = im };
    rd->n_threads = seg_thread_count(im->ctx == NULL ? 0 : im->ctx->n_threads);
    rd->bytes_all = im->rows->total_bytes;
    size_t n = (size_t)rd->n_threads * PARTS_PER_THREAD;
    while (n > 1 && n * im->rows->n_columns > MOST_FACTS)
        n /= 2;
    rd->chunk_bytes = chunk_bytes_for(n);
    TRY(SEG_ALLOC(&rd->parts, n, "a reading", err));
    while (rd->n_parts < n)
        TRY(seg_csv_part_init(&rd->parts[rd->n_parts++], im, err));
    TRY(SEG_ALLOC(&rd->starts, n + 1, "a reading", err));
    TRY(SEG_ALLOC(&rd->quotes, n, "a reading", err));
    seg_csv_batch_init(&rd->batch, n * rd->chunk_bytes);

done:
    return st;
}

/* ---- where rows start ------------------------------------------------------------- */

static size_t piece_start(const reading *rd, size_t i)
{
    size_t n = rd->batch.n - rd->batch.at;
    return rd->batch.at + n / rd->n_used * i + (i < n % rd->n_used ? i : n % rd->n_used);
}

static void count_quotes(void *arg, size_t task, int thread)
{
    (void)thread;
    reading *rd = arg;
    size_t from = piece_start(rd, task), to = piece_start(rd, task + 1);
    rd->quotes[task] = seg_simd_get()->count_byte(rd->batch.text + from, to - from, '"');
}

/* Behind the first line feed outside quotes from `at` on. */
static size_t next_row(const reading *rd, size_t at, bool quoted)
{
    const char *s = rd->batch.text;
    for (; at < rd->batch.n; at++) {
        if (s[at] == '"')
            quoted = !quoted;
        else if (s[at] == '\n' && !quoted)
            return at + 1;
    }
    return rd->batch.n;
}

static void cut(reading *rd)
{
    size_t n = rd->batch.n - rd->batch.at;
    rd->n_used = n / rd->chunk_bytes + 1;
    if (rd->n_used > rd->n_parts)
        rd->n_used = rd->n_parts;
    seg_team_run(rd->n_threads, rd->n_used, count_quotes, rd);
    size_t n_quotes = 0;
    rd->starts[0] = rd->batch.at;
    for (size_t i = 1; i < rd->n_used; i++) {
        n_quotes += rd->quotes[i - 1];
        size_t at = piece_start(rd, i);
        if (at < rd->starts[i - 1])   /* its row reaches further */
            rd->starts[i] = rd->starts[i - 1];
        else
            rd->starts[i] = next_row(rd, at, n_quotes % 2 != 0);
    }
    rd->starts[rd->n_used] = rd->batch.n;
}

/* ---- chunks, at once ----------------------------------------------------------------- */

static void give_chunk(reading *rd, seg_csv_part *part, const char *text, size_t n,
                       uint64_t first_line)
{
    part->chunk.text = text;
    part->chunk.n = n;
    part->chunk.first_line = first_line;
    part->chunk.lines = NULL;
    part->chunk.file = rd->file;
    part->n_clean = 0;
    part->status = SEG_OK;
    part->pending = false;
}

static seg_status take_chunk(const reading *rd, seg_csv_part *part, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_csv_rows *rows = rd->im->rows;
    TRY(seg_csv_chunk_index(&part->chunk, rows->n_columns, rows->dialect.delimiter,
                            (size_t)rd->im->options->max_field_bytes,
                            rows->header ? rows->names[0] : NULL, false, &part->shape, err));
    if (part->shape == SEG_CSV_REGULAR)
        TRY(seg_csv_part_parse(part, err));

done:
    return st;
}

/* The first task is the hash of the file, which cannot be parted. */
static void chunk_task(void *arg, size_t task, int thread)
{
    (void)thread;
    reading *rd = arg;
    if (task-- == 0) {
        seg_csv_batch_hash(&rd->batch);
        return;
    }
    seg_csv_part *part = &rd->parts[task];
    size_t from = rd->starts[task], n = rd->starts[task + 1] - from;
    give_chunk(rd, part, rd->batch.text + from, n, 1);
    part->chunk.n_rows = 0;
    part->shape = SEG_CSV_REGULAR;
    part->faulty = false;
    if (n > 0)
        part->status = take_chunk(rd, part, &part->error);
}

/* ---- merging ------------------------------------------------------------------------ */

/* Facts and dictionaries; the cells wait until store_parts(). */
static seg_status merge(reading *rd, seg_csv_part *part, seg_error *err)
{
    seg_status st = SEG_OK;
    bool clean = part->chunk.lines != NULL && part->chunk.lines == part->lines;
    if (part->chunk.n_rows == 0)
        return SEG_OK;
    part->lines_before = clean ? 0 : rd->line - 1;
    TRY(seg_csv_merge_columns(rd->im, part, err));
    seg_csv_segment segment = {
        .n_rows = (uint32_t)part->chunk.n_rows, .bytes = part->n, .file = rd->file,
        .line = seg_csv_chunk_line(&part->chunk, 0) + part->lines_before,
    };
    TRY(seg_csv_store_add(rd->im->store, &segment, err));
    part->at = segment.at;
    part->pending = true;
    rd->im->n_rows += part->chunk.n_rows;

done:
    return st;
}

static void store_task(void *arg, size_t task, int thread)
{
    (void)thread;
    reading *rd = arg;
    seg_csv_part *part = &rd->parts[task];
    if (!part->pending)
        return;
    part->pending = false;
    seg_csv_part_recode(part);
    part->status = seg_spill_put(rd->im->store->spill, part->at, part->bytes, part->n,
                                 &part->error);
}

static seg_status failure_of(const seg_csv_part *part, seg_error *err)
{
    if (part->status != SEG_OK && err != NULL)
        *err = part->error;
    return part->status;
}

static seg_status store_parts(reading *rd, seg_error *err)
{
    seg_team_run(rd->n_threads, rd->n_used, store_task, rd);
    for (size_t i = 0; i < rd->n_used; i++) {
        seg_status st = failure_of(&rd->parts[i], err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

/* ---- chunks, row by row -------------------------------------------------------------- */

static seg_status add_clean(seg_csv_part *part, const seg_csv_row *row, seg_error *err)
{
    seg_status st = SEG_GROW(&part->lines, &part->lines_cap, part->n_clean + 1, "lines", err);
    if (st != SEG_OK)
        return st;
    part->lines[part->n_clean++] = row->line;
    for (size_t c = 0; c < row->n_cells; c++) {
        if (c > 0)
            seg_text_add_char(&part->clean, ',');
        if (row->n_cells == 1 && row->cells[0].n == 0)
            seg_text_add(&part->clean, "\"\"");
        seg_csv_add_field(&part->clean, row->cells[c].s, row->cells[c].n);
    }
    seg_text_add_char(&part->clean, '\n');
    return seg_text_status(&part->clean, err);
}

/* A quote in a cell that is not quoted: why rows are read one by one. */
static bool has_stray_quote(const seg_csv_row *row)
{
    const char *end = row->raw + row->raw_bytes;
    for (size_t c = 0; c < row->n_cells; c++) {
        const char *s = row->cells[c].s;   /* elsewhere: its doubled quotes were made single */
        if (s >= row->raw && s < end && memchr(s, '"', row->cells[c].n) != NULL)
            return true;
    }
    return false;
}

static seg_status judge_row(reading *rd, seg_csv_part *part, seg_csv_row *row, seg_error *err)
{
    seg_csv_import *im = rd->im;
    size_t column;
    char reason[320];
    im->rows->n_read++;
    if (!im->told_stray && !im->told && !im->rows->dialect.blanks && has_stray_quote(row)) {
        im->told_stray = true;
        seg_note(im->ctx, SEG_LEVEL_INFO, "%s: line %llu: a quote within a cell: such rows are"
                 " read one by one", seg_input_name(rd->batch.input),
                 (unsigned long long)row->line);
    }
    seg_csv_rows_check(im->rows, row);
    if (row->defect != SEG_CSV_SOUND)
        return seg_csv_reject_defect(&im->rejects, im->rows, row, err);
    if (rd->im->checked && seg_csv_row_fault(im, row, &column, reason))
        return seg_csv_reject(&im->rejects, im->rows, row, im->columns[column].name, reason, err);
    return add_clean(part, row, err);
}

/* Rows that start within the next n bytes of the batch. */
static seg_status clean_rows(reading *rd, seg_csv_part *part, size_t n, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_csv_scan *scan = rd->im->rows->scan;
    seg_csv_batch *b = &rd->batch;
    seg_csv_row row;
    seg_text_clear(&part->clean);
    seg_csv_scan_text(scan, b->input, b->text + b->at, b->n - b->at, b->last, rd->line);
    while (seg_csv_scan_taken(scan) < n) {
        TRY(seg_csv_scan_next(scan, &row, err));
        if (row.n_cells == 0)
            break;
        if (!row.empty)
            TRY(judge_row(rd, part, &row, err));
    }
    rd->line = seg_csv_scan_line(scan);
    b->at += seg_csv_scan_taken(scan);

done:
    return st;
}

static seg_status take_rows(reading *rd, seg_csv_part *part, size_t n, seg_error *err)
{
    static const char zeros[SEG_CSV_PADDING];
    seg_status st = SEG_OK;
    seg_csv_shape shape;
    give_chunk(rd, part, NULL, 0, 1);
    TRY(clean_rows(rd, part, n, err));
    size_t bytes = part->clean.n;
    seg_text_add_n(&part->clean, zeros, sizeof zeros);
    TRY(seg_text_status(&part->clean, err));
    give_chunk(rd, part, part->clean.bytes, bytes, 1);
    part->chunk.lines = part->lines;
    TRY(seg_csv_chunk_index(&part->chunk, rd->im->rows->n_columns, ',', 0, NULL, true, &shape,
                            err));
    TRY(seg_csv_part_parse(part, err));
    TRY(merge(rd, part, err));

done:
    return st;
}

/* All of the batch. */
static seg_status take_batch_by_rows(reading *rd, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_csv_batch *b = &rd->batch;
    size_t before;
    rd->n_used = 1;
    do {
        before = b->at;
        size_t left = b->n - b->at;
        TRY(take_rows(rd, &rd->parts[0], left < rd->chunk_bytes ? left : rd->chunk_bytes, err));
        TRY(store_parts(rd, err));
    } while (b->at > before && b->at < b->n);

done:
    return st;
}

/* ---- batches -------------------------------------------------------------------------- */

/* From here on row by row, for a while: the next batches may be of the same kind. */
static void stray_quote(reading *rd)
{
    rd->wait = rd->wait == 0 ? 1 : rd->wait < MOST_WAIT ? rd->wait * 2 : MOST_WAIT;
    rd->skip = rd->wait;
}

static seg_status merge_batch(reading *rd, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_csv_batch *b = &rd->batch;
    for (size_t i = 0; i < rd->n_used; i++) {
        seg_csv_part *part = &rd->parts[i];
        TRY(failure_of(part, err));
        if (part->shape == SEG_CSV_STRAY) {
            TRY(store_parts(rd, err));
            stray_quote(rd);
            return take_batch_by_rows(rd, err);
        }
        if (part->shape == SEG_CSV_IRREGULAR || (rd->im->checked && part->faulty)) {
            TRY(take_rows(rd, part, rd->starts[i + 1] - rd->starts[i], err));
            continue;
        }
        TRY(merge(rd, part, err));
        rd->line += part->chunk.n_rows == 0 ? 0 : part->chunk.n_lines;
        rd->im->rows->n_read += part->chunk.n_rows;
        b->at += part->chunk.n_rows == 0 ? 0 : part->chunk.n;
    }
    TRY(store_parts(rd, err));

done:
    return st;
}

static seg_status take_batch(reading *rd, seg_error *err)
{
    seg_csv_batch *b = &rd->batch;
    size_t before = b->at;
    if (rd->im->rows->dialect.blanks || rd->skip > 0) {
        rd->skip -= rd->skip > 0;
        return take_batch_by_rows(rd, err);
    }
    cut(rd);
    seg_team_run(rd->n_threads, rd->n_used + 1, chunk_task, rd);
    seg_status st = merge_batch(rd, err);
    if (st != SEG_OK || (b->at > before && !(b->last && b->at < b->n)))
        return st;
    return take_batch_by_rows(rd, err);   /* a row that does not end: may it go on? */
}

static seg_status step(const reading *rd, seg_error *err)
{
    return seg_step(rd->im->ctx, rd->im->rows->what, rd->bytes_before + rd->batch.taken,
                    rd->bytes_all, err);
}

/* The names of the columns are read and compared. */
static seg_status take_header(reading *rd, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_csv_batch *b = &rd->batch;
    seg_csv_scan *scan = rd->im->rows->scan;
    seg_csv_row row;
    bool found = !rd->im->rows->header;
    while (!found) {
        TRY(seg_csv_batch_fill(b, err));
        seg_csv_scan_text(scan, b->input, b->text + b->at, b->n - b->at, b->last, 1);
        do {
            TRY(seg_csv_scan_next(scan, &row, err));
        } while (row.empty);
        found = row.n_cells > 0 || b->last;
        if (found) {
            TRY(seg_csv_rows_same_header(rd->im->rows, &row, err));
            b->at += seg_csv_scan_taken(scan);
            rd->line = seg_csv_scan_line(scan);
        }
    }

done:
    return st;
}

static seg_status read_file(reading *rd, size_t file, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_csv_rows *rows = rd->im->rows;
    seg_csv_batch *b = &rd->batch;
    rd->file = (uint32_t)file;
    rd->line = 1;
    rows->file = file;
    TRY(seg_input_rewind(rows->inputs[file], err));
    TRY(seg_csv_batch_start(b, rows->inputs[file], rd->im->hashes != NULL, err));
    TRY(take_header(rd, err));
    for (;;) {
        TRY(step(rd, err));
        TRY(seg_csv_batch_fill(b, err));
        if (b->at == b->n)
            break;
        TRY(take_batch(rd, err));
    }
    rd->bytes_before += seg_input_size(rows->inputs[file]);
    if (rd->im->hashes != NULL)
        rd->im->hashes[file].known = seg_csv_batch_sha256(b, rd->im->hashes[file].sha256);

done:
    return st;
}

/* ---- all ------------------------------------------------------------------------------- */

seg_status seg_csv_read(seg_csv_import *im, seg_error *err)
{
    seg_status st = SEG_OK;
    reading rd = { 0 };
    seg_csv_rows *rows = im->rows;

    seg_csv_forget_columns(im);
    seg_csv_store_clear(im->store);
    im->n_rows = rows->n_read = 0;
    rows->what = "reading";
    TRY(open_reading(&rd, im, err));
    TRY(seg_csv_rejects_begin(&im->rejects, im->options, err));
    for (size_t i = 0; i < rows->n_inputs; i++)
        TRY(read_file(&rd, i, err));
    rows->file = rows->n_inputs - 1;
    if (im->n_rows == 0) {
        st = seg_fail(err, SEG_E_DATA, "%s: %s", seg_csv_rows_file(rows),
                      im->rejects.n > 0 ? "every row is left out" : "there are no rows");
        goto done;
    }
    TRY(seg_csv_finish_columns(im, err));

done:
    close_reading(&rd);
    return st;
}

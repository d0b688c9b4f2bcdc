/* csv_sink.c: any table as CSV (RFC 4180, but LF): the inverse of the import. Numbers are
 * the shortest that read back equal, so CSV -> table -> CSV -> table changes nothing.
 * Baskets become one line per item, the form that --order and --item read again.
 *
 * A block is cut into runs of rows that the team prints side by side into texts of their
 * own; while it prints, one of the team writes the texts of the round before, in order. */
#include "data/csv.h"

#include <string.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/team.h"
#include "base/text.h"
#include "base/threads.h"
#include "base/try.h"
#include "data/csv_print.h"
#include "data/schema.h"

typedef struct csv_sink {
    seg_sink sink;
    seg_schema_owner *schema;
    seg_csv_printer *printer;
    seg_file *file;
    int n_threads;
    size_t n_texts;             /* of a round */
    seg_text *printing, *printed;
    size_t n_printed;           /* texts that wait to be written */
    size_t run_rows;            /* rows of a text */
    const seg_block *block;     /* of this round, and where it begins in it */
    size_t first_row;
    seg_status status;          /* of writing */
    seg_error error;
} csv_sink;

enum { TEXT_BYTES = 256 * 1024, LEAST_ROWS = 64 };

static void write_printed(csv_sink *s)
{
    for (size_t i = 0; i < s->n_printed && s->status == SEG_OK; i++) {
        seg_text *text = &s->printed[i];
        s->status = seg_text_status(text, &s->error);
        if (s->status == SEG_OK)
            s->status = seg_file_write(s->file, text->bytes, text->n, &s->error);
        seg_text_clear(text);
    }
    s->n_printed = 0;
}

/* Task 0 writes what the round before printed, the others print. */
static void work(void *arg, size_t task, int thread)
{
    csv_sink *s = arg;
    (void)thread;
    if (task == 0) {
        write_printed(s);
        return;
    }
    size_t first = s->first_row + (task - 1) * s->run_rows;
    size_t left = s->block->n_rows - first;
    size_t n = left < s->run_rows ? left : s->run_rows;
    seg_csv_print_rows(s->printer, s->block, first, first + n, &s->printing[task - 1]);
}

static seg_status failed(const csv_sink *s, seg_error *err)
{
    if (s->status != SEG_OK && err != NULL)
        *err = s->error;
    return s->status;
}

/* Rows of one text: about TEXT_BYTES, but no thread without any. */
static size_t rows_of_a_run(const csv_sink *s, size_t n_rows)
{
    size_t rows = TEXT_BYTES / seg_csv_line_bytes(s->printer) + 1;
    size_t share = n_rows / (size_t)s->n_threads + 1;
    share = share < LEAST_ROWS ? LEAST_ROWS : share;
    return rows < share ? rows : share;
}

static seg_status sink_write(seg_sink *self, const seg_block *block, seg_error *err)
{
    csv_sink *s = (csv_sink *)self;
    s->run_rows = rows_of_a_run(s, block->n_rows);
    s->block = block;
    for (size_t r = 0; r < block->n_rows && s->status == SEG_OK; r += s->n_printed * s->run_rows) {
        size_t n = (block->n_rows - r + s->run_rows - 1) / s->run_rows;
        n = n < s->n_texts ? n : s->n_texts;
        s->first_row = r;
        seg_team_run(s->n_threads, n + 1, work, s);
        seg_text *printed = s->printing;
        s->printing = s->printed;
        s->printed = printed;
        s->n_printed = n;
    }
    return failed(s, err);
}

static seg_status sink_commit(seg_sink *self, seg_error *err)
{
    csv_sink *s = (csv_sink *)self;
    write_printed(s);
    return s->status == SEG_OK ? seg_file_commit(s->file, err) : failed(s, err);
}

static void free_texts(seg_text *texts, size_t n)
{
    for (size_t i = 0; texts != NULL && i < n; i++)
        seg_text_free(&texts[i]);
    seg_free(texts);
}

static void sink_close(seg_sink *self)
{
    csv_sink *s = (csv_sink *)self;
    seg_file_close(s->file);
    seg_csv_printer_free(s->printer);
    seg_schema_free(s->schema);
    free_texts(s->printing, s->n_texts);
    free_texts(s->printed, s->n_texts);
    seg_free(s);
}

seg_status seg_csv_sink(const seg_context *ctx, const char *path, const seg_schema *schema,
                        seg_sink **out, seg_error *err)
{
    seg_status st = SEG_OK;
    csv_sink *s = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&s, 1, "a CSV sink", err));
    s->sink = (seg_sink){ sink_write, sink_commit, sink_close };
    s->n_threads = seg_thread_count(ctx == NULL ? 0 : ctx->n_threads);
    s->n_texts = s->n_threads == 1 ? 1 : 2 * (size_t)s->n_threads;
    TRY(SEG_ALLOC(&s->printing, s->n_texts, "lines", err));
    TRY(SEG_ALLOC(&s->printed, s->n_texts, "lines", err));
    TRY(seg_schema_copy(schema, &s->schema, err));
    TRY(seg_csv_printer_new(&s->schema->view, &s->printer, err));
    TRY(seg_file_create(path, &s->file, err));
    seg_csv_print_names(s->printer, &s->printed[0]);
    TRY(seg_text_status(&s->printed[0], err));
    s->n_printed = 1;
    *out = &s->sink;
    s = NULL;

done:
    if (s != NULL)
        sink_close(&s->sink);
    return st;
}

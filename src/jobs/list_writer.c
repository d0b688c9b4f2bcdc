#include "jobs/list_writer.h"

#include <stdio.h>
#include <string.h>
#include "base/try.h"
#include "data/csv_rows.h"

enum { MAX_FILES = 16, FLUSH_BYTES = 1 << 18 };

static seg_status flush(seg_list_writer *w, seg_error *err)
{
    seg_status st = seg_text_status(&w->text, err);
    if (st == SEG_OK && w->text.n > 0)
        st = seg_file_write(w->file, w->text.bytes, w->text.n, err);
    seg_text_clear(&w->text);
    return st;
}

static void add_header(seg_list_writer *w)
{
    seg_dialect_header(w->dialect, w->schema->id_name, true, &w->text);
    for (size_t c = 0; c < w->schema->n_columns; c++) {
        seg_text_add_char(&w->text, ',');
        seg_dialect_header(w->dialect, w->schema->columns[c].name, false, &w->text);
    }
    if (w->as_of != NULL) {
        seg_text_add_char(&w->text, ',');
        seg_dialect_header(w->dialect, "as_of", false, &w->text);
        seg_text_add_char(&w->text, ',');
        seg_dialect_header(w->dialect, "model_id", false, &w->text);
    }
    seg_text_add(&w->text, w->dialect->line_end);
}

static seg_status open_file(seg_list_writer *w, seg_error *err)
{
    char path[4200];
    if (w->n_files == MAX_FILES)
        return seg_fail(err, SEG_E_DATA, "target '%s' would need more than %d files",
                        w->dialect->name, MAX_FILES);
    char *name = w->names[w->n_files];
    if (w->fixed_name != NULL)
        snprintf(name, sizeof w->names[0], "%s", w->fixed_name);
    else
        snprintf(name, sizeof w->names[0], "%s-%03zu.csv", w->dialect->prefix, w->n_files + 1);
    snprintf(path, sizeof path, "%s/%s", w->dir, name);
    seg_status st = seg_file_create(path, &w->file, err);
    if (st != SEG_OK)
        return st;
    w->n_files++;
    w->rows = 0;
    add_header(w);
    return SEG_OK;
}

static seg_status close_file(seg_list_writer *w, seg_error *err)
{
    seg_status st = flush(w, err);
    if (st == SEG_OK)
        st = seg_file_commit(w->file, err);
    seg_file_close(w->file);
    w->file = NULL;
    return st;
}

seg_status seg_list_writer_row(seg_list_writer *w, const seg_block *block, size_t i,
                               seg_error *err)
{
    seg_status st = SEG_OK;
    if (w->file != NULL && w->rows == w->dialect->max_rows)
        TRY(close_file(w, err));
    if (w->file == NULL)
        TRY(open_file(w, err));
    const char *id = block->ids + i * w->schema->id_width;
    seg_csv_add_field(&w->text, id, seg_cell_length(id, w->schema->id_width));
    for (size_t c = 0; c < w->schema->n_columns; c++) {
        seg_text_add_char(&w->text, ',');
        seg_dialect_cell(w->dialect, &w->schema->columns[c], block->columns[c], i, &w->text,
                         &w->guarded);
    }
    if (w->as_of != NULL)
        seg_text_addf(&w->text, ",%s,%s", w->as_of, w->model);
    seg_text_add(&w->text, w->dialect->line_end);
    w->rows++;
    if (w->text.n >= FLUSH_BYTES)
        TRY(flush(w, err));
done:
    return st;
}

seg_status seg_list_writer_end(seg_list_writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    if (w->n_files == 0)
        TRY(open_file(w, err));
    if (w->file != NULL)
        TRY(close_file(w, err));
done:
    return st;
}

void seg_list_writer_free(seg_list_writer *w)
{
    seg_file_close(w->file);
    seg_text_free(&w->text);
}

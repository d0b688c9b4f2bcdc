/* list_writer.h: one target's files: rows in its dialect, split at its limit. */
#ifndef SEGMILL_JOBS_LIST_WRITER_H
#define SEGMILL_JOBS_LIST_WRITER_H

#include "base/file.h"
#include "render/dialect.h"

typedef struct seg_list_writer {
    const seg_dialect *dialect;
    const seg_schema *schema;
    const char *dir;
    const char *fixed_name;      /* "members.csv"; null: prefix-001.csv ... */
    const char *as_of, *model;   /* two columns more; null: none */
    seg_file *file;
    seg_text text;
    uint64_t rows;               /* of this file */
    uint64_t guarded;
    char names[16][80];          /* of the files written */
    size_t n_files;
} seg_list_writer;

seg_status seg_list_writer_row(seg_list_writer *w, const seg_block *block, size_t i,
                               seg_error *err);
/* Files are written even when there are no rows: a header. */
seg_status seg_list_writer_end(seg_list_writer *w, seg_error *err);
void seg_list_writer_free(seg_list_writer *w);

#endif

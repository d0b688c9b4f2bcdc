/* csv_part.h: one task of a reading: a chunk of text becomes typed cells and facts. */
#ifndef SEGMILL_DATA_CSV_PART_H
#define SEGMILL_DATA_CSV_PART_H

#include "data/csv_import.h"
#include "data/csv_news.h"

typedef struct seg_csv_part {
    const seg_csv_import *im;
    seg_csv_chunk chunk;
    seg_csv_shape shape;
    bool faulty;             /* a cell does not fit the mode of its column */
    seg_csv_facts *facts;    /* per column */
    seg_csv_news *news;      /* per column: texts that the dictionary did not hold */
    char *bytes;             /* of the segment: directory and columns */
    size_t n, cap;
    char *room;              /* for a cell with doubled quotes */
    size_t room_cap;
    seg_text clean;          /* rows that were written anew, and their lines */
    uint64_t *lines;
    size_t n_clean, lines_cap;
    uint64_t at;             /* of its segment in the spill */
    uint64_t lines_before;   /* its lines count from 1 behind so many */
    bool pending;            /* merged, not yet stored */
    seg_status status;
    seg_error error;
} seg_csv_part;

seg_status seg_csv_part_init(seg_csv_part *part, const seg_csv_import *im, seg_error *err);
void seg_csv_part_free(seg_csv_part *part);

/* All cells of part->chunk, which is indexed, by the modes of their columns. Dictionaries are
 * only read; several parts at a time. */
seg_status seg_csv_part_parse(seg_csv_part *part, seg_error *err);

/* After its news are in the dictionaries: the codes of the segment become final. */
void seg_csv_part_recode(seg_csv_part *part);

/* ---- csv_merge.c ----------------------------------------------------------------------- */

/* Before a reading: what an earlier one found is forgotten. */
void seg_csv_forget_columns(seg_csv_import *im);
/* The next part of the text, lines_before set: facts and dictionaries take it in. */
seg_status seg_csv_merge_columns(seg_csv_import *im, seg_csv_part *part, seg_error *err);
/* After the last part. */
seg_status seg_csv_finish_columns(seg_csv_import *im, seg_error *err);

#endif

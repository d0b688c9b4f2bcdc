/* csv_plain_parts.h: what the files of the plain CSV import share. */
#ifndef TESTS_SUPPORT_CSV_PLAIN_PARTS_H
#define TESTS_SUPPORT_CSV_PLAIN_PARTS_H

#include <stdio.h>
#include "base/date.h"
#include "segmill/doc.h"
#include "tests/support/csv_plain.h"

enum { MOST_LEVELS = 1000, MOST_TEXT = 1024, N_FORMATS = SEG_DATE_EPOCH_MS + 1 };

typedef enum plain_type { OPEN, NUMBER, CATEGORY, DATE, TEXT, ID, LEFT_OUT } plain_type;
typedef enum plain_role { PLAIN, IS_ID, IS_LABEL, UNUSED } plain_role;

typedef struct plain_words {      /* distinct texts */
    plain_cell *all;
    uint64_t *line;         /* where it stood first */
    size_t n, n_slots;
    size_t *slots;          /* index + 1 */
} plain_words;

typedef struct plain_column {
    char *name;
    bool unnamed;           /* the header leaves its name out */
    plain_role role;
    plain_type asked, type;
    bool id_like, date_like;
    seg_date_format format;

    /* of the present reading */
    plain_cell *cells;      /* of the rows kept */
    size_t n_present, n_missing, width, n_numbers, n_overflows, n_commas, n_twice;
    bool whole, counts, all_point_zero, many;
    double min, max, last;
    size_t n_dates[N_FORMATS];
    int64_t first_day[N_FORMATS], last_day[N_FORMATS];
    bool has_time;
    size_t first, not_number, overflow, comma, a_date, too_long, empty;   /* row + 1 */
    size_t not_date[N_FORMATS];
    uint64_t twice_first, twice_again;
    plain_words levels;
} plain_column;

typedef struct plain_import {
    const csv_random *csv;
    seg_import_options options;
    FILE *to;
    seg_doc *report, *notes_doc;
    seg_node *notes;
    char point, delimiter;
    seg_date_format format;
    char **missing;
    plain_rows text;
    size_t first_row;          /* behind the header */
    plain_column *columns;
    size_t n_columns;
    const plain_row **kept;
    size_t n_kept, n_left_out;
    char *rejects;
    size_t n_rejects;
    bool told;
    int status;
    char error[1024];
} plain_import;

/* Keeps the message; false, so that it can be returned. */
__attribute__((format(printf, 2, 3)))
bool plain_fail(plain_import *im, const char *format, ...);
__attribute__((format(printf, 2, 3)))
void plain_say(plain_import *im, const char *format, ...);

void plain_free_list(char **list);
/* Index of the text; *is_new when it was not there. */
size_t plain_add_word(plain_words *w, plain_cell text, uint64_t line, bool *is_new);
void plain_forget_words(plain_words *w);

/* ---- csv_plain_names.c: names, roles, options; false after plain_fail() ------------- */

void plain_take_options(plain_import *im);
bool plain_find_names(plain_import *im);
bool plain_take_roles(plain_import *im);

/* ---- csv_plain_look.c: rows and what stands in them --------------------------------- */

bool plain_is_missing(const plain_import *im, plain_cell cell);
bool plain_is_date(plain_cell cell, seg_date_format f, int64_t *second, bool *has_time);
/* The rows that count; checked: their cells fit the decided types as well. */
bool plain_keep_rows(plain_import *im, bool checked);
void plain_look_at(const plain_import *im, size_t i);

/* ---- csv_plain_decide.c ------------------------------------------------------------- */

bool plain_infer(plain_import *im);

#endif

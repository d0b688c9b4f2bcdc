/* csv_import.h: what the files of the CSV import share: columns with what a first reading
 * found in them, and how their cells become typed columns in the second. */
#ifndef SEGMILL_DATA_CSV_IMPORT_H
#define SEGMILL_DATA_CSV_IMPORT_H

#include "base/date.h"
#include "data/csv_chunk.h"
#include "data/csv_number.h"
#include "data/csv_rows.h"
#include "data/csv_store.h"
#include "data/dictionary.h"
#include "data/schema.h"

enum {
    SEG_CSV_MAX_LEVELS = 1000,        /* of a category */
    SEG_CSV_MAX_TEXT = 1024,          /* bytes of an id, level or item */
    SEG_CSV_SURE_PERCENT = 95,        /* numbers or dates that make the rest a mistake */
    SEG_CSV_FIXED_SCALE = 10000,      /* finest money */
    SEG_CSV_N_FORMATS = SEG_DATE_N_FORMATS
};

/* What a column is for. */
typedef enum seg_csv_role {
    SEG_CSV_PLAIN, SEG_CSV_ID, SEG_CSV_LABEL, SEG_CSV_UNUSED,
    SEG_CSV_CUSTOMER, SEG_CSV_ORDER, SEG_CSV_ITEM, SEG_CSV_TIME, SEG_CSV_QUANTITY,
    SEG_CSV_PRICE, SEG_CSV_AMOUNT, SEG_CSV_CURRENCY, SEG_CSV_N_ROLES
} seg_csv_role;

/* What its cells are taken for. */
typedef enum seg_csv_type {
    SEG_CSV_AUTO, SEG_CSV_NUMBER, SEG_CSV_CATEGORY, SEG_CSV_DATE, SEG_CSV_TEXT,
    SEG_CSV_CODES,   /* a dictionary of any size: customers, orders, items */
    SEG_CSV_FIXED,   /* decimal, exact: quantities and money */
    SEG_CSV_EXACT,   /* the text itself: ids */
    SEG_CSV_LEFT_OUT
} seg_csv_type;

/* A cell to be shown. */
typedef struct seg_csv_place {
    uint64_t line;           /* 0: none */
    uint32_t file;
    uint32_t n;
    char text[48];
} seg_csv_place;

/* How a reading takes the cells of a column, before their type is decided: a guess that
 * is right for nearly every column, so that one reading suffices. */
typedef enum seg_csv_mode {
    SEG_CSV_SKIP,
    SEG_CSV_AS_NUMBERS,
    SEG_CSV_AS_DATES,        /* iso, d/m/y or m/d/y: `guess_format` */
    SEG_CSV_AS_FIXED,
    SEG_CSV_AS_LEVELS,       /* codes; what the texts are is found once per text */
    SEG_CSV_AS_CODES,        /* the same for texts of any number: customers, items ... */
    SEG_CSV_AS_TEXTS,
    SEG_CSV_AS_IDS           /* texts that should be distinct */
} seg_csv_mode;

/* What a reading found in a column; parts of a text are merged in their order. */
typedef struct seg_csv_facts {
    uint64_t n_present, n_missing, n_numbers, n_inexact, n_commas, n_overflows;
    bool whole, has_time, all_point_zero;
    bool counts;                  /* each number is the one before plus 1 */
    bool many;                    /* more levels than a category may have */
    bool ascending;               /* AS_IDS: each is longer or larger than the one before */
    int digits;                   /* after the point, without trailing zeros */
    double min, max, first, last;
    size_t width;                 /* longest cell */
    uint64_t n_dates[SEG_CSV_N_FORMATS];
    int64_t first_second[SEG_CSV_N_FORMATS], last_second[SEG_CSV_N_FORMATS];
    seg_csv_place first_cell, not_number, overflow, a_date, a_comma, too_long;
    seg_csv_place not_level, empty;
    seg_csv_place *not_date;      /* per format; null: no date in sight */
} seg_csv_facts;

/* How often a level stands in the text, and where first. */
typedef struct seg_csv_tally {
    uint64_t n, line;
    uint32_t file;
} seg_csv_tally;

typedef struct seg_csv_column {
    const char *name;
    seg_csv_role role;
    seg_csv_type asked, type;     /* by the user; as decided */
    bool id_like;                 /* by its name; may become the id */
    bool no_id;                   /* but its values are not distinct */
    bool date_like;

    /* found in the first reading */
    seg_csv_mode mode, mode_if_no_id;
    seg_date_format guess_format;
    seg_csv_facts found;
    seg_dictionary *coded;        /* AS_LEVELS, AS_CODES: what the codes mean */
    seg_csv_tally *tallies;       /* AS_LEVELS: per code */
    size_t tallies_cap;
    const seg_dictionary *levels; /* CATEGORY (null if many), CODES: `coded` or null */
    seg_text last_id;             /* AS_IDS: of the text read so far */
    uint64_t n_twice;             /* AS_IDS: cells that stood before */
    uint64_t twice_first, twice_again;   /* of the first such pair: file << 44 | line */

    /* decided */
    seg_date_format format;
    uint32_t scale;
    size_t n_fixed_levels;        /* --schema: these levels and no others */
    int32_t *rank;                /* CATEGORY: place of a code in the order by bytes */
    const char **names;           /* levels in their final order and form */
} seg_csv_column;

typedef struct seg_csv_hash {
    bool known;
    char sha256[65];
} seg_csv_hash;

typedef struct seg_csv_import {
    const seg_context *ctx;
    const seg_import_options *options;
    seg_csv_rows *rows;
    seg_csv_column *columns;      /* rows->n_columns */
    seg_csv_hash *hashes;         /* of the inputs; null: nobody asks */
    seg_csv_rejects rejects;
    seg_arena arena;
    seg_csv_cell *missing;        /* n_missing words */
    size_t n_missing;
    uint64_t missing_lengths;     /* bit n: some word has n bytes (63: or more) */
    bool missing_first[256];      /* some word starts with this byte, or it is a blank */
    seg_csv_notation notation;    /* of numbers */
    seg_date_format format;       /* --dates */
    uint64_t n_rows;              /* good ones */
    seg_csv_store *store;         /* their cells */
    seg_kind kind;
    seg_node *report, *notes;     /* may be null */
    bool checked;                 /* types are decided: rows that do not fit are left out */
    bool told_stray;              /* that a quote stands within a cell */
    bool told;                    /* a second reading says nothing twice */
} seg_csv_import;

/* seg_note, and kept in the report. */
__attribute__((format(printf, 2, 3)))
void seg_csv_say(seg_csv_import *im, const char *format, ...);

/* The column of that name, or SEG_E_USAGE with the nearest one. option: for the message. */
seg_status seg_csv_find_column(const seg_csv_import *im, const char *option, const char *name,
                               seg_csv_column **out, seg_error *err);

/* "customer", "label" ...; null for a plain or unused column. */
const char *seg_csv_role_word(seg_csv_role role);
/* The column with that role, or null. */
seg_csv_column *seg_csv_with_role(const seg_csv_import *im, seg_csv_role role);

/* ---- cells ---------------------------------------------------------------------- */

bool seg_csv_is_missing(const seg_csv_import *im, const char *s, size_t n);
/* Without blanks around it. */
seg_csv_cell seg_csv_trim(const char *s, size_t n);
/* The word that a message gives for a cell that does not fit the decided type, or null. */
const char *seg_csv_fault(const seg_csv_import *im, const seg_csv_column *column,
                          const char *s, size_t n);
/* SEG_E_DATA "FILE: line L: column 'C': 'VALUE' WHY". */
seg_status seg_csv_fail_cell(const seg_csv_import *im, const seg_csv_column *column,
                             const seg_csv_place *place, bool show, const char *why,
                             seg_error *err);
/* Why a row breaks the decided types: false if it does not. */
bool seg_csv_row_fault(const seg_csv_import *im, const seg_csv_row *row, size_t *column,
                       char reason[320]);

/* ---- hints: csv_hints.c ------------------------------------------------------------ */

/* Say by which options the first cell that is no number would be one; or that it could be a
 * date. */
void seg_csv_hint(seg_csv_import *im, const seg_csv_column *column);
/* The options, or null. */
const char *seg_csv_other_notation(const char *s, size_t n);
/* 05.01.24, 5 Jan 2024. */
bool seg_csv_almost_date(const char *s, size_t n);

/* ---- facts: csv_facts.c ------------------------------------------------------------ */

/* A cell to be looked at: n_equal of them, the first in `line` of `file`. */
typedef struct seg_csv_look {
    const seg_csv_import *im;
    const seg_csv_column *column;
    const char *s;
    size_t n;
    uint64_t n_equal;
    const seg_csv_chunk *chunk;   /* with `row` instead of line and file; may be null */
    size_t row;
    uint64_t line;
    uint32_t file;
} seg_csv_look;

void seg_csv_facts_clear(seg_csv_facts *facts);
/* What the cell could be, whatever that takes. */
seg_status seg_csv_facts_look(seg_csv_facts *facts, const seg_csv_look *look, seg_error *err);
/* Its parts. */
void seg_csv_facts_number(seg_csv_facts *facts, const seg_csv_look *look);
void seg_csv_facts_fixed(seg_csv_facts *facts, const seg_csv_look *look);
seg_status seg_csv_facts_date(seg_csv_facts *facts, const seg_csv_look *look, seg_error *err);
/* The first cell of a run that is a date in this format and in no other; cells_before: that
 * are no dates. */
seg_status seg_csv_facts_first_date(seg_csv_facts *facts, const seg_csv_look *look,
                                    seg_date_format format, bool cells_before, seg_error *err);
void seg_csv_facts_place(seg_csv_place *place, const seg_csv_look *look);
/* So many lines stand before those that were counted from 1. */
void seg_csv_facts_shift(seg_csv_facts *facts, uint64_t lines);
/* later: of the text behind. */
seg_status seg_csv_facts_merge(seg_csv_facts *facts, const seg_csv_facts *later,
                               seg_error *err);

bool seg_csv_is_point_zero(const char *s, size_t n);

/* ---- first reading: csv_infer.c, csv_decide.c ------------------------------------- */

/* Read everything, once if the guesses are right, and decide every column. */
seg_status seg_csv_infer(seg_csv_import *im, seg_error *err);
/* Choose the mode of each column by a sample of the text. */
seg_status seg_csv_guess(seg_csv_import *im, seg_error *err);
/* One reading. */
seg_status seg_csv_read(seg_csv_import *im, seg_error *err);
/* Duplicates among the ids in the store. */
seg_status seg_csv_find_twins(seg_csv_import *im, seg_csv_column *column, seg_error *err);
/* Columns whose guess was so wrong that too little is known of them get another mode: true if
 * there are such. */
bool seg_csv_mend_guesses(seg_csv_import *im);
/* *again: cells do not fit, and may be left out. */
seg_status seg_csv_decide(seg_csv_import *im, bool *again, seg_error *err);
/* The stored cells suffice for the decided type; else another mode is set. */
bool seg_csv_stored_well(seg_csv_column *column);

/* Tests: bytes of text that one task takes; 0: as is best. */
extern size_t seg_csv_chunk_bytes;

/* ---- kinds: csv_features.c, csv_transactions.c, csv_baskets.c ---------------------- */

seg_status seg_csv_plan_features(seg_csv_import *im, seg_error *err);
/* Roles for transactions, or for baskets of orders and items. wanted: the kind, or 0: *is is
 * false when neither options nor names speak for it. */
seg_status seg_csv_plan_transactions(seg_csv_import *im, seg_kind wanted, bool *is,
                                     seg_error *err);
/* --schema FILE. */
seg_status seg_csv_plan_schema(seg_csv_import *im, const char *path, seg_error *err);

/* Baskets as lines (FIMI or names). */
seg_status seg_csv_lines_source(const seg_context *ctx, const char *const *paths,
                                size_t n_paths, const seg_import_options *options,
                                seg_node *report, seg_source **out, seg_error *err);

#endif

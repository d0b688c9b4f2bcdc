/* csv_news.h: the texts of one chunk and column that the dictionary does not hold yet, in
 * order of first appearance, and how often the known ones stand there. */
#ifndef SEGMILL_DATA_CSV_NEWS_H
#define SEGMILL_DATA_CSV_NEWS_H

#include <stdbool.h>
#include "base/arena.h"
#include "data/dictionary.h"

typedef struct seg_csv_new_text {
    const char *s;
    uint32_t n, count, row;   /* row: the first */
    uint64_t hash;
    int32_t code;             /* once it is in the dictionary */
} seg_csv_new_text;

typedef struct seg_csv_news {
    seg_csv_new_text *texts;
    size_t n, cap;
    uint32_t *slots;          /* index + 1, or 0 */
    size_t n_slots;           /* a power of two */
    uint32_t *counts;         /* per known code; null: nobody asks */
    size_t n_counts, counts_cap;
    seg_arena arena;          /* texts that would not stay */
} seg_csv_news;

/* Start anew beside a dictionary of n_known texts. */
seg_status seg_csv_news_start(seg_csv_news *news, size_t n_known, bool counted,
                              seg_error *err);
void seg_csv_news_free(seg_csv_news *news);

/* The text's code: of the dictionary, or -2 - i for the i-th new one. `known` may be null.
 * stays: the text need not be copied. */
seg_status seg_csv_news_code(seg_csv_news *news, const seg_dictionary *known, const char *s,
                             size_t n, uint32_t row, bool stays, int32_t *code,
                             seg_error *err);

#endif

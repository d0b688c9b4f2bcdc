/* csv_news.h: the texts of one chunk and column that the dictionary does not hold yet, in
 * order of first appearance, and how often the known ones stand there. */
#ifndef SEGMILL_DATA_CSV_NEWS_H
#define SEGMILL_DATA_CSV_NEWS_H

#include <stdbool.h>
#include <string.h>
#include "base/arena.h"
#include "data/dictionary.h"

typedef struct seg_csv_new_text {
    const char *s;
    uint32_t n, count, row;   /* row: the first */
    uint64_t hash;
    int32_t code;             /* once it is in the dictionary */
} seg_csv_new_text;

/* A cell as it stood in the text, with its quotes, and its final code (-1: missing). */
typedef struct seg_csv_recent {
    uint64_t a, b, c, d;
    uint32_t n;               /* bytes; UINT32_MAX: nothing yet */
    int32_t code;
} seg_csv_recent;

enum { SEG_CSV_RECENT = 512, SEG_CSV_RECENT_BYTES = 32, SEG_CSV_NO_LEVEL = INT32_MIN };

typedef struct seg_csv_news {
    seg_csv_recent *recent;   /* SEG_CSV_RECENT of them */
    seg_csv_new_text *texts;
    size_t n, cap;
    uint32_t *slots;          /* index + 1, or 0 */
    size_t n_slots;           /* a power of two */
    uint32_t *counts;         /* per known code; null: nobody asks */
    size_t n_counts, counts_cap;
    seg_arena arena;          /* texts that would not stay */
} seg_csv_news;

/* Start anew beside a dictionary of n_known texts. counted: how often they stand there;
 * remember: the last cells, in some 20 KB. */
seg_status seg_csv_news_start(seg_csv_news *news, size_t n_known, bool counted, bool remember,
                              seg_error *err);
void seg_csv_news_free(seg_csv_news *news);

/* The text's code: of the dictionary, or -2 - i for the i-th new one. `known` may be null.
 * stays: the text need not be copied. */
seg_status seg_csv_news_code(seg_csv_news *news, const seg_dictionary *known, const char *s,
                             size_t n, uint32_t row, bool stays, int32_t *code,
                             seg_error *err);

static inline uint64_t seg_csv_load8(const char *s)
{
    uint64_t word;
    memcpy(&word, s, sizeof word);
    return word;
}

/* Where the cell is remembered (then ->n is n), or would be; null: it is not.
 * 8 bytes behind the cell may be read. Cells of up to 8 bytes are masked, those of up to 16
 * are two words that overlap, longer ones four. */
static inline seg_csv_recent *seg_csv_recent_of(seg_csv_news *news, const char *s, size_t n)
{
    uint64_t a = 0, b = 0, c = 0, d = 0;
    if (n > SEG_CSV_RECENT_BYTES || news->recent == NULL)
        return NULL;
    if (n <= 8) {
        a = n == 0 ? 0 : seg_csv_load8(s) << (64 - 8 * n);
    } else {
        a = seg_csv_load8(s);
        b = seg_csv_load8(s + n - 8);
    }
    if (n > 16) {
        c = seg_csv_load8(s + 8);
        d = seg_csv_load8(s + n - 16);
    }
    uint64_t h = (a ^ (b + c * 3 + d * 5) ^ n) * 0x9e3779b97f4a7c15u;
    seg_csv_recent *at = &news->recent[h >> 55];
    if (at->n == n && at->a == a && at->b == b && at->c == c && at->d == d)
        return at;
    *at = (seg_csv_recent){ a, b, c, d, UINT32_MAX, 0 };
    return at;
}

/* Codes that are not final yet are not kept. */
static inline void seg_csv_keep_recent(seg_csv_recent *at, size_t n, int32_t code)
{
    if (code >= -1) {
        at->n = (uint32_t)n;
        at->code = code;
    }
}

#endif

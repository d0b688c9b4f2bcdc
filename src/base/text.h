/* text.h: growing text, UTF-8, and small helpers on strings. */
#ifndef SEGMILL_BASE_TEXT_H
#define SEGMILL_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

/* Growing text; start from all zero. After an allocation failure every further
 * call does nothing and `failed` stays true: check once, at the end. */
typedef struct seg_text {
    char *bytes;      /* null-terminated once anything was added */
    size_t n, cap;
    bool failed;
} seg_text;

void seg_text_add(seg_text *text, const char *s);
void seg_text_add_n(seg_text *text, const char *s, size_t n);
void seg_text_add_char(seg_text *text, char c);
__attribute__((format(printf, 2, 3)))
void seg_text_addf(seg_text *text, const char *format, ...);
void seg_text_add_f64(seg_text *text, double value);    /* shortest; "" for NaN */
void seg_text_add_i64(seg_text *text, int64_t value);
void seg_text_clear(seg_text *text);                    /* keeps the memory */
void seg_text_free(seg_text *text);
seg_status seg_text_status(const seg_text *text, seg_error *err);

/* A copy of one's own, for seg_free(). */
seg_status seg_text_copy(const char *text, char **out, seg_error *err);

/* First byte of the first malformed sequence (RFC 3629), or n if all is well. */
size_t seg_utf8_check(const char *s, size_t n);
/* Code points in n bytes of valid UTF-8. */
size_t seg_utf8_length(const char *s, size_t n);
/* Largest m <= n_max such that the first m bytes do not cut a code point. */
size_t seg_utf8_cut(const char *s, size_t n, size_t n_max);

/* Length of a fixed-width, null-padded cell. */
size_t seg_cell_length(const char *cell, size_t width);

/* Control characters (C0, DEL, C1) and bytes that are no UTF-8 become '?', in place: a
 * message or note quotes names, and neither may forge a second line, nor send the
 * terminal a control sequence, nor make a JSON log invalid. */
void seg_text_one_line(char *text);

/* A cell for a message: at most 40 bytes, control characters and invalid UTF-8
 * as \xNN, "..." if cut. `out` holds 176 bytes. Returns out. */
enum { SEG_QUOTE_BYTES = 176 };
const char *seg_quote_cell(char out[SEG_QUOTE_BYTES], const char *s, size_t n);

/* "17", "17,204", "1,234,567" for people. `out` holds 32 bytes. */
const char *seg_group_digits(char out[32], int64_t value);

/* Edit distance (Damerau-Levenshtein, restricted), capped: for "nearest name". */
size_t seg_edit_distance(const char *a, const char *b);

/* Next item of a comma-separated list: *list moves on; false at the end. Blanks
 * around an item are dropped. An empty list has no items. */
bool seg_list_next(const char **list, const char **item, size_t *n);
bool seg_list_has(const char *list, const char *item);

bool seg_equal_n(const char *text, const char *s, size_t n);   /* text equals the n bytes */

#endif

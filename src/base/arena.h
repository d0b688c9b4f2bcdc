/* arena.h: many small things that are freed together: names, schemas, trees. */
#ifndef SEGMILL_BASE_ARENA_H
#define SEGMILL_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include "segmill/status.h"

typedef struct seg_arena_page seg_arena_page;

/* Start from all zero. What it gives lives until seg_arena_free(). */
typedef struct seg_arena {
    seg_arena_page *pages;
    bool starved;              /* memory was refused once: something may be missing */
} seg_arena;

/* Zeroed, 16-byte aligned; null when out of memory. */
void *seg_arena_get(seg_arena *arena, size_t bytes);

/* Copy of n bytes and a final null; of a string (null stays null). */
char *seg_arena_text_n(seg_arena *arena, const char *text, size_t n);
char *seg_arena_text(seg_arena *arena, const char *text);

void seg_arena_free(seg_arena *arena);

/* The error to return when one of the above gave null. */
seg_status seg_arena_failed(seg_error *err);

#endif

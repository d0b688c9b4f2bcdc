#include "base/arena.h"

#include <stdint.h>
#include <string.h>
#include "base/alloc.h"

struct seg_arena_page {
    seg_arena_page *older;
    size_t used, size;
    _Alignas(16) char bytes[];
};

enum { FIRST_PAGE = 4096, LARGEST_PAGE = 1 << 20 };

/* align: a power of two up to 16. */
static void *take(seg_arena *arena, size_t bytes, size_t align)
{
    if (bytes > SIZE_MAX / 4)
        return NULL;
    seg_arena_page *page = arena->pages;
    size_t at = page == NULL ? 0 : (page->used + align - 1) / align * align;
    if (page == NULL || at > page->size || page->size - at < bytes) {
        size_t size = page == NULL ? FIRST_PAGE : page->size * 2;
        if (size > LARGEST_PAGE)
            size = LARGEST_PAGE;
        if (size < bytes)
            size = bytes;
        char *raw;
        if (SEG_ALLOC(&raw, sizeof *page + size, "names", NULL) != SEG_OK) {
            arena->starved = true;
            return NULL;
        }
        page = (seg_arena_page *)(void *)raw;
        page->size = size;
        page->older = arena->pages;
        arena->pages = page;
        at = 0;
    }
    page->used = at + bytes;
    return page->bytes + at;
}

void *seg_arena_get(seg_arena *arena, size_t bytes)
{
    return take(arena, bytes, 16);
}

char *seg_arena_text_n(seg_arena *arena, const char *text, size_t n)
{
    char *copy = n < SIZE_MAX ? take(arena, n + 1, 1) : NULL;
    if (copy != NULL)
        memcpy(copy, text, n);
    return copy;
}

char *seg_arena_text(seg_arena *arena, const char *text)
{
    return text == NULL ? NULL : seg_arena_text_n(arena, text, strlen(text));
}

void seg_arena_free(seg_arena *arena)
{
    while (arena->pages != NULL) {
        seg_arena_page *older = arena->pages->older;
        seg_free(arena->pages);
        arena->pages = older;
    }
}

seg_status seg_arena_failed(seg_error *err)
{
    return seg_fail(err, SEG_E_AGAIN, "cannot allocate memory for names%s",
                    seg_alloc_limit() == 0 ? "" : "; give more with --memory");
}

/* dictionary.c: open addressing with linear probing over a table of codes with half of
 * their hashes, so that a probe touches a text only when it is the one; the full hashes
 * stand beside the texts, so that growing never hashes again. Texts live in an arena and
 * never move. */
#include "data/dictionary.h"

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/arena.h"
#include "base/hash.h"
#include "base/try.h"

typedef struct slot {
    uint32_t code1;       /* code + 1, or 0 */
    uint32_t tag;         /* upper half of the hash */
} slot;

struct seg_dictionary {
    seg_arena arena;
    const char **texts;
    uint32_t *lengths;
    uint64_t *hashes;
    size_t n, texts_cap, lengths_cap, hashes_cap;
    slot *slots;
    size_t n_slots;       /* a power of two, at least twice n */
};

enum { FIRST_SLOTS = 64 };

seg_status seg_dictionary_new(seg_dictionary **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_dictionary *d = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&d, 1, "a dictionary", err));
    TRY(SEG_ALLOC(&d->slots, FIRST_SLOTS, "a dictionary", err));
    d->n_slots = FIRST_SLOTS;
    *out = d;
    d = NULL;

done:
    seg_dictionary_free(d);
    return st;
}

void seg_dictionary_free(seg_dictionary *d)
{
    if (d == NULL)
        return;
    seg_arena_free(&d->arena);
    seg_free(d->texts);
    seg_free(d->lengths);
    seg_free(d->hashes);
    seg_free(d->slots);
    seg_free(d);
}

/* The slot that holds the text, or the empty one where it belongs. */
static slot *slot_of(const seg_dictionary *d, const char *s, size_t n, uint64_t hash)
{
    size_t i = hash & (d->n_slots - 1);
    for (;; i = (i + 1) & (d->n_slots - 1)) {
        slot *at = &d->slots[i];
        if (at->code1 == 0)
            return at;
        size_t code = at->code1 - 1;
        if (at->tag == hash >> 32 && d->lengths[code] == n && memcmp(d->texts[code], s, n) == 0)
            return at;
    }
}

static seg_status grow_slots(seg_dictionary *d, seg_error *err)
{
    slot *slots;
    size_t n_slots = d->n_slots * 2;
    seg_status st = SEG_ALLOC(&slots, n_slots, "a dictionary", err);
    if (st != SEG_OK)
        return st;
    for (size_t code = 0; code < d->n; code++) {
        size_t i = d->hashes[code] & (n_slots - 1);
        while (slots[i].code1 != 0)
            i = (i + 1) & (n_slots - 1);
        slots[i] = (slot){ (uint32_t)code + 1, (uint32_t)(d->hashes[code] >> 32) };
    }
    seg_free(d->slots);
    d->slots = slots;
    d->n_slots = n_slots;
    return SEG_OK;
}

seg_status seg_dictionary_add(seg_dictionary *d, const char *s, size_t n, int32_t *code,
                              seg_error *err)
{
    seg_status st = SEG_OK;
    uint64_t hash = seg_text_hash(s, n);
    slot *at = slot_of(d, s, n, hash);
    if (at->code1 != 0) {
        *code = (int32_t)(at->code1 - 1);
        return SEG_OK;
    }
    if (d->n >= INT32_MAX || n > UINT32_MAX)
        return seg_fail(err, SEG_E_DATA, "more than %d different texts", INT32_MAX);
    TRY(SEG_GROW(&d->texts, &d->texts_cap, d->n + 1, "a dictionary", err));
    TRY(SEG_GROW(&d->lengths, &d->lengths_cap, d->n + 1, "a dictionary", err));
    TRY(SEG_GROW(&d->hashes, &d->hashes_cap, d->n + 1, "a dictionary", err));
    if ((d->n + 1) * 2 > d->n_slots) {
        TRY(grow_slots(d, err));
        at = slot_of(d, s, n, hash);
    }
    const char *copy = seg_arena_text_n(&d->arena, s, n);
    if (copy == NULL)
        return seg_arena_failed(err);
    d->texts[d->n] = copy;
    d->lengths[d->n] = (uint32_t)n;
    d->hashes[d->n] = hash;
    *at = (slot){ (uint32_t)d->n + 1, (uint32_t)(hash >> 32) };
    *code = (int32_t)d->n++;

done:
    return st;
}

int32_t seg_dictionary_find_hashed(const seg_dictionary *d, const char *s, size_t n,
                                   uint64_t hash)
{
    return (int32_t)slot_of(d, s, n, hash)->code1 - 1;
}

int32_t seg_dictionary_find(const seg_dictionary *d, const char *s, size_t n)
{
    return seg_dictionary_find_hashed(d, s, n, seg_text_hash(s, n));
}

size_t seg_dictionary_size(const seg_dictionary *d) { return d->n; }
const char *const *seg_dictionary_texts(const seg_dictionary *d) { return d->texts; }

static int by_bytes(const void *a, const void *b, void *dictionary)
{
    const seg_dictionary *d = dictionary;
    return strcmp(d->texts[*(const int32_t *)a], d->texts[*(const int32_t *)b]);
}

/* Digits of any length: without leading zeros, the longer one is the larger. */
static int by_value(const void *a, const void *b, void *dictionary)
{
    const seg_dictionary *d = dictionary;
    const char *s = d->texts[*(const int32_t *)a], *t = d->texts[*(const int32_t *)b];
    s += strspn(s, "0");
    t += strspn(t, "0");
    size_t n = strlen(s), m = strlen(t);
    if (n != m)
        return n < m ? -1 : 1;
    int order = strcmp(s, t);
    return order != 0 ? order : by_bytes(a, b, dictionary);
}

seg_status seg_dictionary_ranks(const seg_dictionary *d, bool numeric, int32_t **out,
                                seg_error *err)
{
    seg_status st = SEG_OK;
    int32_t *codes = NULL, *rank = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&codes, d->n, "the order of a dictionary", err));
    TRY(SEG_ALLOC(&rank, d->n, "the order of a dictionary", err));
    for (size_t i = 0; i < d->n; i++)
        codes[i] = (int32_t)i;
    qsort_r(codes, d->n, sizeof *codes, numeric ? by_value : by_bytes, (void *)(uintptr_t)d);
    for (size_t i = 0; i < d->n; i++)
        rank[codes[i]] = (int32_t)i;
    *out = rank;

done:
    seg_free(codes);
    return st;
}

/* fingerprints.c: open addressing over pairs of hashes: xxh3, and a multiply-and-mix over
 * words (the finaliser of SplitMix64), which shares nothing with it. */
#include "data/fingerprints.h"

#include <string.h>
#include "base/alloc.h"
#include "base/hash.h"
#include "base/try.h"

typedef struct print {
    uint64_t a, b, place;   /* place 0: empty */
} print;

struct seg_fingerprints {
    print *slots;
    size_t n, n_slots;      /* n_slots: a power of two */
};

enum { FIRST_SLOTS = 1024 };

seg_status seg_fingerprints_new(seg_fingerprints **out, seg_error *err)
{
    seg_status st = SEG_ALLOC(out, 1, "the ids seen", err);
    if (st != SEG_OK)
        return st;
    st = SEG_ALLOC(&(*out)->slots, FIRST_SLOTS, "the ids seen", err);
    if (st != SEG_OK) {
        seg_free(*out);
        *out = NULL;
        return st;
    }
    (*out)->n_slots = FIRST_SLOTS;
    return SEG_OK;
}

void seg_fingerprints_free(seg_fingerprints *set)
{
    if (set == NULL)
        return;
    seg_free(set->slots);
    seg_free(set);
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static uint64_t second_hash(const char *s, size_t n)
{
    uint64_t h = mix(n + 0x9e3779b97f4a7c15u);
    for (; n > 0;) {
        uint64_t word = 0;
        size_t part = n < 8 ? n : 8;
        memcpy(&word, s, part);
        h = mix(h + 0x9e3779b97f4a7c15u + word);
        s += part;
        n -= part;
    }
    return h;
}

static print *slot_of(print *slots, size_t n_slots, uint64_t a, uint64_t b)
{
    size_t i = a & (n_slots - 1);
    while (slots[i].place != 0 && (slots[i].a != a || slots[i].b != b))
        i = (i + 1) & (n_slots - 1);
    return &slots[i];
}

static seg_status grow(seg_fingerprints *set, seg_error *err)
{
    print *slots;
    size_t n_slots = set->n_slots * 2;
    seg_status st = SEG_ALLOC(&slots, n_slots, "the ids seen", err);
    if (st != SEG_OK)
        return st;
    for (size_t i = 0; i < set->n_slots; i++)
        if (set->slots[i].place != 0)
            *slot_of(slots, n_slots, set->slots[i].a, set->slots[i].b) = set->slots[i];
    seg_free(set->slots);
    set->slots = slots;
    set->n_slots = n_slots;
    return SEG_OK;
}

seg_status seg_fingerprints_add(seg_fingerprints *set, const char *s, size_t n, uint64_t place,
                                uint64_t *seen, seg_error *err)
{
    uint64_t a = seg_xxh3(s, n), b = second_hash(s, n);
    print *slot = slot_of(set->slots, set->n_slots, a, b);
    *seen = slot->place;
    if (*seen != 0)
        return SEG_OK;
    if ((set->n + 1) * 4 > set->n_slots * 3) {
        seg_status st = grow(set, err);
        if (st != SEG_OK)
            return st;
        slot = slot_of(set->slots, set->n_slots, a, b);
    }
    *slot = (print){ a, b, place };
    set->n++;
    return SEG_OK;
}

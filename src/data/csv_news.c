/* csv_news.c: a small table beside the large one, which all threads read. */
#include "data/csv_news.h"

#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

enum { FIRST_SLOTS = 64 };

seg_status seg_csv_news_start(seg_csv_news *news, size_t n_known, bool counted, bool remember,
                              seg_error *err)
{
    seg_status st = SEG_OK;
    seg_arena_free(&news->arena);
    if (news->recent == NULL && remember) {
        TRY(SEG_ALLOC(&news->recent, SEG_CSV_RECENT, "recent texts", err));
        for (size_t i = 0; i < SEG_CSV_RECENT; i++)
            news->recent[i].n = UINT32_MAX;
    }
    if (news->n > 0)
        memset(news->slots, 0, news->n_slots * sizeof *news->slots);
    news->n = 0;
    news->n_counts = counted ? n_known : 0;
    if (counted)
        TRY(SEG_GROW(&news->counts, &news->counts_cap, n_known, "counts of levels", err));
    if (counted && n_known > 0)
        memset(news->counts, 0, n_known * sizeof *news->counts);

done:
    return st;
}

void seg_csv_news_free(seg_csv_news *news)
{
    seg_arena_free(&news->arena);
    seg_free(news->recent);
    seg_free(news->texts);
    seg_free(news->slots);
    seg_free(news->counts);
    *news = (seg_csv_news){ 0 };
}

static seg_status grow(seg_csv_news *news, seg_error *err)
{
    size_t n_slots = news->n_slots == 0 ? FIRST_SLOTS : news->n_slots * 2;
    uint32_t *slots;
    seg_status st = SEG_ALLOC(&slots, n_slots, "new texts", err);
    if (st != SEG_OK)
        return st;
    for (size_t i = 0; i < news->n; i++) {
        size_t slot = news->texts[i].hash & (n_slots - 1);
        while (slots[slot] != 0)
            slot = (slot + 1) & (n_slots - 1);
        slots[slot] = (uint32_t)i + 1;
    }
    seg_free(news->slots);
    news->slots = slots;
    news->n_slots = n_slots;
    return SEG_OK;
}

static seg_status add(seg_csv_news *news, const char *s, size_t n, uint64_t hash, uint32_t row,
                      bool stays, int32_t *code, seg_error *err)
{
    seg_status st = SEG_OK;
    if ((news->n + 1) * 2 > news->n_slots)
        TRY(grow(news, err));
    size_t slot = hash & (news->n_slots - 1);
    for (; news->slots[slot] != 0; slot = (slot + 1) & (news->n_slots - 1)) {
        seg_csv_new_text *text = &news->texts[news->slots[slot] - 1];
        if (text->hash == hash && text->n == n && memcmp(text->s, s, n) == 0) {
            text->count++;
            *code = -2 - (int32_t)(news->slots[slot] - 1);
            return SEG_OK;
        }
    }
    TRY(SEG_GROW(&news->texts, &news->cap, news->n + 1, "new texts", err));
    if (!stays && (s = seg_arena_text_n(&news->arena, s, n)) == NULL)
        return seg_arena_failed(err);
    news->texts[news->n] = (seg_csv_new_text){ s, (uint32_t)n, 1, row, hash, -1 };
    *code = -2 - (int32_t)news->n;
    news->slots[slot] = (uint32_t)++news->n;

done:
    return st;
}

seg_status seg_csv_news_code(seg_csv_news *news, const seg_dictionary *known, const char *s,
                             size_t n, uint32_t row, bool stays, int32_t *code,
                             seg_error *err)
{
    uint64_t hash = seg_text_hash(s, n);
    *code = known == NULL ? -1 : seg_dictionary_find_hashed(known, s, n, hash);
    return *code < 0 ? add(news, s, n, hash, row, stays, code, err) : SEG_OK;
}

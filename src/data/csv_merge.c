/* csv_merge.c: what the parts of a text found, put together in the order of the text: facts
 * add up, new texts get the next codes of their dictionary. */
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"
#include "data/csv_part.h"

static seg_status count_level(seg_csv_column *c, int32_t code, uint64_t n, uint64_t line,
                              uint32_t file, seg_error *err)
{
    seg_status st = SEG_GROW(&c->tallies, &c->tallies_cap, (size_t)code + 1, "levels", err);
    if (st != SEG_OK)
        return st;
    seg_csv_tally *tally = &c->tallies[code];
    if (tally->n == 0) {
        tally->line = line;
        tally->file = file;
    }
    tally->n += n;
    return SEG_OK;
}

/* New texts into the dictionary, in their order. */
static seg_status merge_news(seg_csv_column *c, const seg_csv_part *part, seg_csv_news *news,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    bool levels = c->type != SEG_CSV_CODES;
    if (c->n_fixed_levels > 0)
        return SEG_OK;
    if (c->coded == NULL)
        TRY(seg_dictionary_new(&c->coded, err));
    for (size_t i = 0; levels && i < news->n_counts; i++)
        c->tallies[i].n += news->counts[i];
    for (size_t i = 0; i < news->n; i++) {
        seg_csv_new_text *text = &news->texts[i];
        TRY(seg_dictionary_add(c->coded, text->s, text->n, &text->code, err));
        if (!levels)
            continue;
        uint64_t line = seg_csv_chunk_line(&part->chunk, text->row) + part->lines_before;
        TRY(count_level(c, text->code, text->count, line, part->chunk.file, err));
        c->found.many |= text->n > SEG_CSV_MAX_TEXT;
    }
    c->found.many |= levels && seg_dictionary_size(c->coded) > SEG_CSV_MAX_LEVELS;
    if (c->found.many)   /* the rest as it stands: a dictionary of everything is too large */
        c->mode = SEG_CSV_AS_TEXTS;

done:
    return st;
}

static void merge_ids(seg_csv_column *c, const seg_csv_part *part, size_t i)
{
    const uint64_t *directory = (const uint64_t *)(const void *)part->bytes;
    seg_csv_segment segment = { .n_rows = (uint32_t)part->chunk.n_rows };
    seg_csv_view view = { &segment, directory };
    size_t n, last_n = c->last_id.n;
    const char *first = seg_csv_view_text(&view, i, 0, &n);
    bool after = n != last_n ? n > last_n
                 : n > 0 && memcmp(first, c->last_id.bytes, n) > 0;
    c->found.ascending = c->found.ascending && part->facts[i].ascending && after;
    const char *last = seg_csv_view_text(&view, i, segment.n_rows - 1, &n);
    seg_text_clear(&c->last_id);
    seg_text_add_n(&c->last_id, last, n);
    c->found.ascending = c->found.ascending && !c->last_id.failed;
}

static seg_status merge_column(seg_csv_column *c, seg_csv_part *part, size_t i, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_csv_kept kept = seg_csv_entry_kept(((const uint64_t *)(const void *)part->bytes)[i]);
    seg_csv_facts_shift(&part->facts[i], part->lines_before);
    if (kept == SEG_CSV_KEPT_CODE || kept == SEG_CSV_KEPT_CODE8)
        TRY(merge_news(c, part, &part->news[i], err));
    if (c->mode == SEG_CSV_AS_IDS)
        merge_ids(c, part, i);
    TRY(seg_csv_facts_merge(&c->found, &part->facts[i], err));

done:
    return st;
}

seg_status seg_csv_merge_columns(seg_csv_import *im, seg_csv_part *part, seg_error *err)
{
    for (size_t c = 0; c < im->rows->n_columns; c++) {
        if (im->columns[c].mode == SEG_CSV_SKIP)
            continue;
        seg_status st = merge_column(&im->columns[c], part, c, err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

/* ---- before and after a reading -------------------------------------------------------- */

static void forget(seg_csv_column *c)
{
    bool many = c->found.many;   /* then it is read as texts by now, and stays so */
    seg_csv_facts_clear(&c->found);
    c->found.many = many;
    c->levels = NULL;
    if (c->n_fixed_levels == 0) {
        seg_dictionary_free(c->coded);
        c->coded = NULL;
    }
    if (c->tallies != NULL)
        if (c->tallies != NULL)
        memset(c->tallies, 0, c->tallies_cap * sizeof *c->tallies);
    seg_text_clear(&c->last_id);
    c->n_twice = 0;
}

/* What the levels are, each looked at once. */
static seg_status look_at_levels(seg_csv_import *im, seg_csv_column *c, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_csv_facts facts = { 0 };
    size_t n = c->coded == NULL ? 0 : seg_dictionary_size(c->coded);
    seg_csv_facts_clear(&facts);
    for (size_t i = 0; i < n; i++) {
        const char *text = seg_dictionary_texts(c->coded)[i];
        seg_csv_look look = { .im = im, .column = c, .s = text, .n = strlen(text),
                              .n_equal = c->tallies[i].n, .line = c->tallies[i].line,
                              .file = c->tallies[i].file };
        TRY(seg_csv_facts_look(&facts, &look, err));
    }
    TRY(seg_csv_facts_merge(&c->found, &facts, err));
    if (n > 0 && c->found.many)   /* some cells were texts: which ones depends on the chunks */
        c->found.counts = false;

done:
    seg_free(facts.not_date);
    return st;
}

static seg_status finish_column(seg_csv_import *im, seg_csv_column *c, seg_error *err)
{
    if (c->mode == SEG_CSV_AS_IDS && !c->found.ascending)
        return seg_csv_find_twins(im, c, err);
    bool any = c->coded != NULL && seg_dictionary_size(c->coded) > 0;
    if (any && (c->mode == SEG_CSV_AS_CODES || c->n_fixed_levels > 0 || !c->found.many))
        c->levels = c->coded;
    if (c->mode == SEG_CSV_AS_CODES || c->n_fixed_levels > 0)
        return SEG_OK;
    return look_at_levels(im, c, err);
}

void seg_csv_forget_columns(seg_csv_import *im)
{
    for (size_t c = 0; c < im->rows->n_columns; c++)
        forget(&im->columns[c]);
}

seg_status seg_csv_finish_columns(seg_csv_import *im, seg_error *err)
{
    for (size_t c = 0; c < im->rows->n_columns; c++) {
        seg_status st = finish_column(im, &im->columns[c], err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

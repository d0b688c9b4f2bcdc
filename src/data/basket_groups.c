/* basket_groups.c: a source of baskets in front of another one: it adds to every row the
 * groups of its items. Groups have larger numbers than items, so a row stays ascending when
 * its groups stand behind its items in order. They come in order from marks: a bit per group,
 * and a bit per word of 64 of them that holds any, so that no row looks at more words than it
 * has groups. A walk upwards ends at the first group that is marked, for all above that one are
 * too. A first walk over a block counts the groups of each row, a second one puts them down:
 * memory is taken for what is there. Both are done by tasks of SEG_CHUNK_ROWS rows. */
#include "data/basket_groups.h"

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/team.h"
#include "base/text.h"
#include "base/threads.h"
#include "base/try.h"
#include "data/dictionary.h"
#include "data/schema.h"

typedef struct groups_source {
    seg_source source;
    const seg_context *ctx;
    seg_source *from;
    seg_taxonomy *taxonomy;
    seg_schema_owner *schema;
    seg_basket_groups groups;
    int64_t *start;
    int32_t *above, *parent;      /* parent: n_all */
    int n_threads;
    uint64_t *marks;              /* n_threads x (n_words + n_tops): all 0 between rows */
    size_t n_words, n_tops;       /* words of 64 groups; words of 64 of those */
    int64_t *row_start;           /* of the block handed out */
    int32_t *items;
    size_t row_start_cap, items_cap;
    const seg_block *in;          /* the block in work */
    bool *bad;                    /* n_threads: an item has a number that is none */
} groups_source;

static void groups_free(groups_source *s)
{
    if (s == NULL)
        return;
    seg_taxonomy_free(s->taxonomy);
    seg_schema_free(s->schema);
    seg_free(s->start);
    seg_free(s->above);
    seg_free(s->parent);
    seg_free(s->marks);
    seg_free(s->row_start);
    seg_free(s->items);
    seg_free(s->bad);
    seg_free(s);
}

static void groups_close(seg_source *self)
{
    groups_source *s = (groups_source *)self;
    seg_source_close(s->from);
    groups_free(s);
}

static seg_status groups_rewind(seg_source *self, seg_error *err)
{
    groups_source *s = (groups_source *)self;
    return s->from->rewind(s->from, err);
}

/* ---- rows -------------------------------------------------------------------------------- */

static uint64_t *marks_of(const groups_source *s, int thread)
{
    return s->marks + (size_t)thread * (s->n_words + s->n_tops);
}

/* Mark the groups of row i. */
static void mark_groups(groups_source *s, size_t i, int thread)
{
    size_t n_items = s->groups.n_items;
    uint64_t *words = marks_of(s, thread), *tops = words + s->n_words;
    for (int64_t at = s->in->row_start[i]; at < s->in->row_start[i + 1]; at++) {
        int32_t item = s->in->items[at];
        if (item < 0 || (size_t)item >= n_items) {
            s->bad[thread] = true;
            return;
        }
        for (int32_t up = s->parent[item]; up >= 0; up = s->parent[up]) {
            size_t g = (size_t)up - n_items;
            uint64_t bit = (uint64_t)1 << g % 64;
            if ((words[g / 64] & bit) != 0)
                break;
            words[g / 64] |= bit;
            tops[g / 4096] |= (uint64_t)1 << g / 64 % 64;
        }
    }
}

/* Remove the marks; their number, and where `out` is not null, the groups in order. */
static size_t take_groups(groups_source *s, int thread, int32_t *out)
{
    size_t n = 0;
    uint64_t *words = marks_of(s, thread), *tops = words + s->n_words;
    for (size_t t = 0; t < s->n_tops; t++) {
        for (; tops[t] != 0; tops[t] &= tops[t] - 1) {
            size_t w = t * 64 + (size_t)__builtin_ctzll(tops[t]);
            uint64_t word = words[w];
            words[w] = 0;
            if (out == NULL) {
                n += (size_t)__builtin_popcountll(word);
                continue;
            }
            for (; word != 0; word &= word - 1)
                out[n++] = (int32_t)(s->groups.n_items + w * 64
                                     + (size_t)__builtin_ctzll(word));
        }
    }
    return n;
}

static size_t end_of_task(const groups_source *s, size_t task)
{
    size_t end = (task + 1) * SEG_CHUNK_ROWS;
    return end < s->in->n_rows ? end : s->in->n_rows;
}

/* row_start[i + 1] becomes the number of items and groups of row i. */
static void count_rows(void *arg, size_t task, int thread)
{
    groups_source *s = arg;
    for (size_t i = task * SEG_CHUNK_ROWS; i < end_of_task(s, task); i++) {
        mark_groups(s, i, thread);
        s->row_start[i + 1] = s->in->row_start[i + 1] - s->in->row_start[i]
                              + (int64_t)take_groups(s, thread, NULL);
    }
}

static void fill_rows(void *arg, size_t task, int thread)
{
    groups_source *s = arg;
    for (size_t i = task * SEG_CHUNK_ROWS; i < end_of_task(s, task); i++) {
        int64_t first = s->in->row_start[i];
        size_t n = (size_t)(s->in->row_start[i + 1] - first);
        int32_t *to = s->items + s->row_start[i];
        if (n > 0)
            memcpy(to, s->in->items + first, n * sizeof *to);
        mark_groups(s, i, thread);
        take_groups(s, thread, to + n);
    }
}

static seg_status groups_next(seg_source *self, seg_block *block, seg_error *err)
{
    seg_status st = SEG_OK;
    groups_source *s = (groups_source *)self;
    seg_block in;
    TRY(s->from->next(s->from, &in, err));
    *block = in;
    if (in.n_rows == 0)
        goto done;
    s->in = &in;
    size_t n_tasks = (in.n_rows + SEG_CHUNK_ROWS - 1) / SEG_CHUNK_ROWS;
    TRY(SEG_GROW(&s->row_start, &s->row_start_cap, in.n_rows + 1, "a block of baskets", err));
    s->row_start[0] = 0;
    seg_team_run(s->n_threads, n_tasks, count_rows, s);
    for (int t = 0; t < s->n_threads; t++)
        if (s->bad[t])
            TRY(seg_fail(err, SEG_E_DATA, "%s: a basket holds an item that is not among the %zu"
                         " items", self->name, s->groups.n_items));
    for (size_t i = 0; i < in.n_rows; i++)
        s->row_start[i + 1] += s->row_start[i];
    TRY(SEG_GROW(&s->items, &s->items_cap, (size_t)s->row_start[in.n_rows] + 1,
                 "a block of baskets", err));
    seg_team_run(s->n_threads, n_tasks, fill_rows, s);
    block->row_start = s->row_start;
    block->items = s->items;

done:
    s->in = NULL;
    return st;
}

/* ---- open -------------------------------------------------------------------------------- */

/* "NAME (item)", in `text`, if no other item is called so. */
static seg_status other_name(const groups_source *s, const char *name, seg_text *text,
                             seg_error *err)
{
    seg_text_clear(text);
    seg_text_addf(text, "%s (item)", name);
    seg_status st = seg_text_status(text, err);
    if (st != SEG_OK || seg_schema_feature(s->from->schema, text->bytes) == SIZE_MAX)
        return st;
    char quoted[SEG_QUOTE_BYTES];
    return seg_fail(err, SEG_E_DATA, "%s: item '%s' has the name of a group, and what it would be"
                    " called instead is another item; rename one of them", s->from->name,
                    seg_quote_cell(quoted, name, strlen(name)));
}

/* The items of the data under their names, or under another one where a group has it. */
static seg_status add_items(groups_source *s, const seg_dictionary *groups, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_text name = { 0 };
    char example[SEG_QUOTE_BYTES] = "", n_text[32];
    size_t n_renamed = 0;
    for (size_t i = 0; i < s->from->schema->n_features; i++) {
        seg_column item = s->from->schema->features[i];
        if (seg_dictionary_find(groups, item.name, strlen(item.name)) >= 0) {
            if (n_renamed++ == 0)
                seg_quote_cell(example, item.name, strlen(item.name));
            TRY(other_name(s, item.name, &name, err));
            item.name = name.bytes;
        }
        TRY(seg_schema_add_feature(s->schema, &item, err));
    }
    if (n_renamed > 0)
        seg_note(s->ctx, SEG_LEVEL_WARN, "%s items of the data have the name of a group, like"
                 " '%s'; they are not counted as this group",
                 seg_group_digits(n_text, (int64_t)n_renamed), example);

done:
    seg_text_free(&name);
    return st;
}

static seg_status make_schema(groups_source *s, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *from = s->from->schema;
    const seg_taxonomy *t = s->taxonomy;
    seg_dictionary *groups = NULL;
    int32_t code;

    TRY(seg_dictionary_new(&groups, err));
    for (size_t g = 0; g < t->n_groups; g++)
        TRY(seg_dictionary_add(groups, t->groups[g], strlen(t->groups[g]), &code, err));
    TRY(seg_schema_new(SEG_KIND_BASKETS, &s->schema, err));
    s->schema->view.as_of_day = from->as_of_day;
    if (from->id_name != NULL)
        TRY(seg_schema_set_id(s->schema, from->id_name, from->id_width, err));
    TRY(add_items(s, groups, err));
    for (size_t g = 0; g < t->n_groups; g++) {
        seg_column group = { .name = t->groups[g], .type = SEG_TYPE_F32 };
        TRY(seg_schema_add_feature(s->schema, &group, err));
    }
    for (size_t c = 0; c < from->n_columns; c++)
        TRY(seg_schema_add_column(s->schema, &from->columns[c], err));

done:
    seg_dictionary_free(groups);
    return st;
}

/* What is right above every item and group. */
static seg_status find_parents(groups_source *s, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_taxonomy *t = s->taxonomy;
    const seg_schema *from = s->from->schema;
    size_t n = from->n_features;
    seg_dictionary *items = NULL;
    int32_t code;

    if (n + t->n_groups > INT32_MAX)
        return seg_fail(err, SEG_E_DATA, "%zu items and %zu groups are more than %d", n,
                        t->n_groups, INT32_MAX);
    TRY(seg_dictionary_new(&items, err));
    for (size_t i = 0; i < t->n_items; i++)
        TRY(seg_dictionary_add(items, t->items[i], strlen(t->items[i]), &code, err));
    TRY(SEG_ALLOC(&s->parent, n + t->n_groups, "the groups of the items", err));
    for (size_t i = 0; i < n; i++) {
        code = seg_dictionary_find(items, from->features[i].name, strlen(from->features[i].name));
        s->parent[i] = code < 0 ? -1 : (int32_t)n + t->item_group[code];
    }
    for (size_t g = 0; g < t->n_groups; g++)
        s->parent[n + g] = t->group_parent[g] < 0 ? -1 : (int32_t)n + t->group_parent[g];
    s->groups = (seg_basket_groups){ .taxonomy = t, .n_items = n, .n_all = n + t->n_groups,
                                     .parent = s->parent };

done:
    seg_dictionary_free(items);
    return st;
}

static int by_number(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* All that is above every item and group, as CSR. */
static seg_status find_above(groups_source *s, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n = s->groups.n_all;
    TRY(SEG_ALLOC(&s->start, n + 1, "the groups of the items", err));
    for (size_t i = 0; i < n; i++) {
        s->start[i + 1] = s->start[i];
        for (int32_t up = s->parent[i]; up >= 0; up = s->parent[up])
            s->start[i + 1]++;
    }
    TRY(SEG_ALLOC(&s->above, (size_t)s->start[n], "the groups of the items", err));
    for (size_t i = 0; i < n; i++) {
        int64_t at = s->start[i];
        for (int32_t up = s->parent[i]; up >= 0; up = s->parent[up])
            s->above[at++] = up;
        qsort(s->above + s->start[i], (size_t)(at - s->start[i]), sizeof *s->above, by_number);
    }
    s->groups.start = s->start;
    s->groups.above = s->above;

done:
    return st;
}

static seg_status make_marks(groups_source *s, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n_threads = (size_t)s->n_threads;
    s->n_words = (s->taxonomy->n_groups + 63) / 64;
    s->n_tops = (s->n_words + 63) / 64;
    TRY(SEG_ALLOC(&s->marks, n_threads * (s->n_words + s->n_tops), "marks of groups", err));
    TRY(SEG_ALLOC(&s->bad, n_threads, "marks of groups", err));

done:
    return st;
}

seg_status seg_baskets_with_groups(const seg_context *ctx, seg_source *from,
                                   const seg_taxonomy *taxonomy, seg_source **out,
                                   seg_error *err)
{
    seg_status st = SEG_OK;
    groups_source *s = NULL;
    *out = NULL;

    if (from->schema->kind != SEG_KIND_BASKETS)
        return seg_fail(err, SEG_E_DATA, "%s: groups are for baskets; this holds %s", from->name,
                        seg_kind_name(from->schema->kind));
    TRY(SEG_ALLOC(&s, 1, "baskets with groups", err));
    s->ctx = ctx;
    s->from = from;
    s->n_threads = seg_thread_count(ctx == NULL ? 0 : ctx->n_threads);
    TRY(seg_taxonomy_new(taxonomy, &s->taxonomy, err));
    TRY(find_parents(s, err));
    TRY(find_above(s, err));
    TRY(make_schema(s, err));
    TRY(make_marks(s, err));
    s->source = (seg_source){ .schema = &s->schema->view, .n_rows = from->n_rows,
                              .name = from->name, .next = groups_next,
                              .rewind = groups_rewind, .close = groups_close };
    *out = &s->source;
    s = NULL;

done:
    groups_free(s);
    return st;
}

const seg_basket_groups *seg_baskets_groups(const seg_source *source)
{
    return source->close == groups_close ? &((const groups_source *)source)->groups : NULL;
}

const seg_source *seg_baskets_without_groups(const seg_source *source)
{
    return source->close == groups_close ? ((const groups_source *)source)->from : source;
}

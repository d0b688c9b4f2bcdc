/* item_find.c: how the columns of a features source become items: a reading of the values
 * finds the numbers that have few of them; where ranges of equal counts are wanted, three more
 * readings select the values at their ranks by their bits, 11, 11 and 10 at a time, as exact as
 * sorting and in memory that does not depend on the rows. Tasks are groups of 16 columns: their
 * cells share lines of the cache. */
#include "data/item_bins.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/team.h"
#include "base/text.h"
#include "base/threads.h"
#include "base/try.h"
#include "data/schema.h"

enum { GROUP = 16, DIGITS = 2048, SHOWN = 6 };

/* What the values of a number say. */
typedef struct look {
    bool wanted;
    size_t limit, n, cap;
    float *values;               /* n distinct ones, ascending */
    bool many;                   /* more than the limit */
    bool whole;
    float least, next;           /* the least value and the next one above, or INFINITY */
    uint64_t n_present;
} look;

/* The values at n_ranks ascending ranks of a column. */
typedef struct ranks {
    bool wanted, changed;
    size_t n_ranks, n_slots;
    uint64_t *rank;              /* n_ranks: among the values with the prefix */
    uint32_t *prefix, *slots;    /* n_ranks: upper bits of the value; the distinct ones */
    uint64_t *counts;            /* n_ranks x DIGITS */
} ranks;

typedef struct finder {
    const seg_context *ctx;
    seg_source *from;
    const seg_feature_baskets_options *options;
    size_t n;                    /* features */
    seg_item_declared *declared;
    uint32_t n_bins;
    look *looks;
    ranks *ranks;
    int n_threads;
    const seg_block *block;      /* in work */
    int shift, bits;             /* of the reading */
    seg_item_column *columns;
    size_t n_columns;
} finder;

static void finder_clear(finder *w)
{
    for (size_t f = 0; f < w->n; f++) {
        if (w->looks != NULL)
            seg_free(w->looks[f].values);
        if (w->ranks == NULL)
            continue;
        seg_free(w->ranks[f].rank);
        seg_free(w->ranks[f].prefix);
        seg_free(w->ranks[f].slots);
        seg_free(w->ranks[f].counts);
    }
    seg_item_declared_free(w->declared, w->n);
    seg_free(w->looks);
    seg_free(w->ranks);
    seg_free(w->columns);
}

static seg_status read_all(finder *w, seg_task_fn *task, const char *what, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_block block;
    TRY(w->from->rewind(w->from, err));
    for (;;) {
        TRY(w->from->next(w->from, &block, err));
        if (block.n_rows == 0)
            break;
        w->block = &block;
        seg_team_run(w->n_threads, (w->n + GROUP - 1) / GROUP, task, w);
        TRY(seg_step(w->ctx, what, block.first_row + block.n_rows, w->from->n_rows, err));
    }

done:
    w->block = NULL;
    return st;
}

/* ---- few values ------------------------------------------------------------------------- */

static void add_value(look *l, float v)
{
    size_t low = 0, high = l->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (l->values[middle] < v)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < l->n && !(v < l->values[low]))
        return;
    if (l->n == l->limit) {
        l->many = true;
        return;
    }
    memmove(l->values + low + 1, l->values + low, (l->n - low) * sizeof v);
    l->values[low] = v;
    l->n++;
}

static void look_at(look *l, float v)
{
    l->n_present++;
    if (v < l->least) {
        l->next = l->least;
        l->least = v;
    } else if (v > l->least && v < l->next) {
        l->next = v;
    }
    if (l->many)
        return;
    l->whole = l->whole && !(v < floorf(v)) && !(v > floorf(v));
    add_value(l, v);
}

static void look_at_group(void *arg, size_t task, int thread)
{
    (void)thread;
    finder *w = arg;
    const seg_matrix *x = &w->block->x;
    size_t end = (task + 1) * GROUP < w->n ? (task + 1) * GROUP : w->n;
    for (size_t i = 0; i < w->block->n_rows; i++)
        for (size_t f = task * GROUP; f < end; f++) {
            float v = x->x[i * x->stride + f] + 0.0f;   /* no -0 */
            if (w->looks[f].wanted && !isnan(v))
                look_at(&w->looks[f], v);
        }
}

static seg_status find_values(finder *w, seg_error *err)
{
    seg_status st = SEG_OK;
    bool any = false;
    TRY(SEG_ALLOC(&w->looks, w->n, "the values of columns", err));
    for (size_t f = 0; f < w->n; f++) {
        const seg_item_declared *d = &w->declared[f];
        look *l = &w->looks[f];
        l->wanted = w->from->schema->features[f].type != SEG_TYPE_CODE
                    && d->rule != SEG_ITEM_LEFT_OUT && d->rule != SEG_ITEM_BY_CUTS;
        if (!l->wanted)
            continue;
        any = true;
        l->limit = d->rule == SEG_ITEM_BY_VALUE   ? SEG_ITEM_MAX_VALUES
                   : d->rule == SEG_ITEM_BY_COUNT ? d->n_bins
                   : w->n_bins > 0                ? w->n_bins
                                                  : SEG_ITEM_FEW;
        l->whole = true;
        l->least = l->next = INFINITY;
        TRY(SEG_ALLOC(&l->values, l->limit + 1, "the values of columns", err));
    }
    if (any)
        TRY(read_all(w, look_at_group, "looking at values", err));

done:
    return st;
}

/* ---- values at ranks ---------------------------------------------------------------------- */

/* Unsigned numbers in the order of the floats. */
static uint32_t to_key(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

static float from_key(uint32_t key)
{
    float v;
    uint32_t bits = (key & 0x80000000u) != 0 ? key & 0x7fffffffu : ~key;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static size_t slot_of(const ranks *r, uint32_t prefix)
{
    size_t low = 0, high = r->n_slots;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (r->slots[middle] < prefix)
            low = middle + 1;
        else
            high = middle;
    }
    return low < r->n_slots && r->slots[low] == prefix ? low : SIZE_MAX;
}

static void count_group(void *arg, size_t task, int thread)
{
    (void)thread;
    finder *w = arg;
    const seg_matrix *x = &w->block->x;
    size_t end = (task + 1) * GROUP < w->n ? (task + 1) * GROUP : w->n;
    uint32_t mask = (1u << w->bits) - 1;
    for (size_t i = 0; i < w->block->n_rows; i++)
        for (size_t f = task * GROUP; f < end; f++) {
            float v = x->x[i * x->stride + f] + 0.0f;
            if (!w->ranks[f].wanted || isnan(v))
                continue;
            uint64_t key = to_key(v);
            size_t slot = slot_of(&w->ranks[f], (uint32_t)(key >> (w->shift + w->bits)));
            if (slot != SIZE_MAX)
                w->ranks[f].counts[slot * DIGITS + ((key >> w->shift) & mask)]++;
        }
}

/* The next bits of the value at each rank, from what was counted. */
static void narrow(ranks *r, int bits)
{
    size_t n_slots = 0;
    for (size_t k = 0; k < r->n_ranks; k++) {
        const uint64_t *counts = r->counts + slot_of(r, r->prefix[k]) * DIGITS;
        uint32_t digit = 0;
        while (digit < 1u << bits && counts[digit] <= r->rank[k])
            r->rank[k] -= counts[digit++];
        r->changed = r->changed || digit == 1u << bits;
        r->prefix[k] = r->prefix[k] << bits | (digit & ((1u << bits) - 1));
    }
    for (size_t k = 0; k < r->n_ranks; k++)
        if (n_slots == 0 || r->slots[n_slots - 1] < r->prefix[k])
            r->slots[n_slots++] = r->prefix[k];
    r->n_slots = n_slots;
    memset(r->counts, 0, r->n_ranks * DIGITS * sizeof *r->counts);
}

static seg_status begin_ranks(ranks *r, uint64_t n, uint32_t n_bins, seg_error *err)
{
    seg_status st = SEG_OK;
    r->wanted = true;
    r->n_ranks = n_bins - 1;
    r->n_slots = 1;              /* of prefix 0: no bit is known */
    TRY(SEG_ALLOC(&r->rank, r->n_ranks, "the bounds of ranges", err));
    TRY(SEG_ALLOC(&r->prefix, r->n_ranks, "the bounds of ranges", err));
    TRY(SEG_ALLOC(&r->slots, r->n_ranks, "the bounds of ranges", err));
    TRY(SEG_ALLOC(&r->counts, r->n_ranks * DIGITS, "the bounds of ranges", err));
    for (size_t k = 0; k < r->n_ranks; k++)
        r->rank[k] = (uint64_t)((unsigned __int128)n * (k + 1) / n_bins);

done:
    return st;
}

static seg_status find_ranks(finder *w, seg_error *err)
{
    seg_status st = SEG_OK;
    static const int shifts[] = { 21, 10, 0 }, bits[] = { 11, 11, 10 };
    for (size_t pass = 0; pass < 3; pass++) {
        w->shift = shifts[pass];
        w->bits = bits[pass];
        TRY(read_all(w, count_group, "finding ranges", err));
        for (size_t f = 0; f < w->n; f++) {
            if (w->ranks[f].wanted)
                narrow(&w->ranks[f], w->bits);
            if (w->ranks[f].changed)
                TRY(seg_fail(err, SEG_E_DATA, "%s: the rows changed between two readings",
                             w->from->name));
        }
    }

done:
    return st;
}

/* A bound is the first value of its range. Ranges that ties would leave empty are joined; the
 * least value, which many rows may have, then is a range of its own. */
static seg_status bounds_of(finder *w, size_t f, seg_error *err)
{
    const ranks *r = &w->ranks[f];
    seg_item_declared *d = &w->declared[f];
    seg_status st = SEG_GROW(&d->cuts, &d->cuts_cap, r->n_ranks, "the bounds of ranges", err);
    for (size_t k = 0; st == SEG_OK && k < r->n_ranks; k++) {
        float v = from_key(r->prefix[k]);
        if (!(v > w->looks[f].least))
            v = w->looks[f].next;
        if (isfinite(v) && (d->n_cuts == 0 || d->cuts[d->n_cuts - 1] < v))
            d->cuts[d->n_cuts++] = v;
    }
    return st;
}

/* ---- what is to be declared ------------------------------------------------------------------ */

static bool is_undeclared(const finder *w, size_t f)
{
    const look *l = &w->looks[f];
    return l->wanted && w->declared[f].rule == SEG_ITEM_FREE && w->n_bins == 0
           && (l->many || !l->whole);
}

static seg_status check_declared(const finder *w, seg_error *err)
{
    const seg_column *features = w->from->schema->features;
    seg_text list = { 0 };
    size_t n = 0;
    const char *first = "";
    for (size_t f = 0; f < w->n; f++) {
        if (w->declared[f].rule == SEG_ITEM_BY_VALUE && w->looks[f].many) {
            seg_text_free(&list);
            return seg_fail(err, SEG_E_USAGE, "--bins %.60s:each: it has more than %d values",
                            features[f].name, SEG_ITEM_MAX_VALUES);
        }
        if (!is_undeclared(w, f))
            continue;
        first = n == 0 ? features[f].name : first;
        if (n++ < SHOWN)
            seg_text_addf(&list, "%s'%.60s'", n > 1 ? ", " : "", features[f].name);
    }
    if (n == 0)
        return SEG_OK;
    seg_status st = seg_fail(err, SEG_E_USAGE, "numbers with more than %d values, or with"
                             " fractions, become items as ranges that you declare: --bins 5 makes"
                             " 5 of each, --bins '%.60s:A,B' three with the bounds A and B, --drop"
                             " leaves a column out; this is about %s%s", SEG_ITEM_FEW, first,
                             list.failed ? "" : list.bytes, n > SHOWN ? ", ..." : "");
    seg_text_free(&list);
    return st;
}

/* ---- columns ------------------------------------------------------------------------------------- */

static void add_column(finder *w, const char *name, seg_item_form form, const float *cuts,
                       size_t n_cuts)
{
    w->columns[w->n_columns++] = (seg_item_column){ .name = name, .form = form, .cuts = cuts,
                                                    .n_cuts = n_cuts };
}

static void add_feature(finder *w, size_t f)
{
    const seg_column *feature = &w->from->schema->features[f];
    const seg_item_declared *d = &w->declared[f];
    look *l = &w->looks[f];
    if (d->rule == SEG_ITEM_LEFT_OUT)
        return;
    if (feature->type == SEG_TYPE_CODE) {
        add_column(w, feature->name, SEG_ITEM_LEVEL, NULL, 0);
    } else if (d->rule == SEG_ITEM_BY_CUTS || w->ranks[f].wanted) {
        add_column(w, feature->name, SEG_ITEM_RANGE, d->cuts, d->n_cuts);
    } else {
        size_t first = l->n > 0 && isinf(l->values[0]) ? 1 : 0;
        size_t end = l->n > first && isinf(l->values[l->n - 1]) ? l->n - 1 : l->n;
        add_column(w, feature->name, SEG_ITEM_VALUE, l->values + first, end - first);
    }
}

static seg_status make_columns(finder *w, seg_error *err)
{
    const seg_schema *schema = w->from->schema;
    seg_status st = SEG_ALLOC(&w->columns, schema->n_features + schema->n_columns,
                              "the items of columns", err);
    if (st != SEG_OK)
        return st;
    for (size_t f = 0; f < w->n; f++)
        add_feature(w, f);
    for (size_t c = 0; c < schema->n_columns; c++) {
        const char *name = schema->columns[c].name;
        if (schema->columns[c].type == SEG_TYPE_CODE
            && seg_schema_feature(schema, name) == SIZE_MAX
            && !seg_item_left_out(w->options, name))
            add_column(w, name, SEG_ITEM_LEVEL, NULL, 0);
    }
    return SEG_OK;
}

static seg_status choose_ranges(finder *w, seg_error *err)
{
    seg_status st = SEG_OK;
    bool any = false;
    TRY(SEG_ALLOC(&w->ranks, w->n, "the bounds of ranges", err));
    for (size_t f = 0; f < w->n; f++) {
        const look *l = &w->looks[f];
        if (!l->wanted || w->declared[f].rule == SEG_ITEM_BY_VALUE || !l->many)
            continue;
        any = true;
        TRY(begin_ranks(&w->ranks[f], l->n_present,
                        w->declared[f].rule == SEG_ITEM_BY_COUNT ? w->declared[f].n_bins
                                                                 : w->n_bins, err));
    }
    if (any)
        TRY(find_ranks(w, err));
    for (size_t f = 0; f < w->n; f++)
        if (w->ranks[f].wanted)
            TRY(bounds_of(w, f, err));

done:
    return st;
}

seg_status seg_item_bins_find(const seg_context *ctx, seg_source *from,
                              const seg_feature_baskets_options *options, seg_item_bins **out,
                              seg_error *err)
{
    seg_status st = SEG_OK;
    finder w = { .ctx = ctx, .from = from, .options = options, .n = from->schema->n_features,
                 .n_threads = seg_thread_count(ctx == NULL ? 0 : ctx->n_threads) };
    *out = NULL;

    TRY(seg_item_declare(options, from->schema, &w.declared, &w.n_bins, err));
    TRY(find_values(&w, err));
    TRY(check_declared(&w, err));
    TRY(choose_ranges(&w, err));
    TRY(make_columns(&w, err));
    seg_item_bins bins = { .columns = w.columns, .n_columns = w.n_columns };
    TRY(seg_item_bins_new(&bins, out, err));
    st = from->rewind(from, err);
    if (st != SEG_OK) {
        seg_item_bins_free(*out);
        *out = NULL;
    }

done:
    finder_clear(&w);
    return st;
}

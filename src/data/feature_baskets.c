/* feature_baskets.c: a source of baskets in front of a source of features: each column gives at
 * most one item to a row, with numbers that ascend with the columns, so a row is ascending as
 * it is made. Tasks of SEG_CHUNK_ROWS rows write their items where a full row each would have
 * room, and what missing cells leave free is closed up afterwards. */
#include "data/feature_baskets.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/team.h"
#include "base/text.h"
#include "base/threads.h"
#include "base/try.h"
#include "data/basket_groups.h"
#include "data/dictionary.h"
#include "data/item_bins.h"
#include "data/schema.h"

/* A column of the data that gives items. */
typedef struct giver {
    const seg_item_column *column;
    bool in_x;
    size_t at;                   /* feature or obs column */
    int32_t first_item;
    size_t n_items;
} giver;

typedef struct baskets_source {
    seg_source source;
    const seg_context *ctx;
    seg_source *from;
    seg_item_bins *bins;
    seg_schema_owner *schema;
    giver *givers;
    size_t n_givers;
    int n_threads;
    const seg_block *in;         /* the block in work */
    int64_t *row_start;
    int32_t *items;
    size_t row_start_cap, items_cap;
    uint64_t *unseen;            /* by thread, 8 apart: cells with a value of no item */
    bool told;
    size_t weights;              /* feature that is an obs column here; SIZE_MAX: none */
    float *weight;
    size_t weight_cap;
    const void **columns;
} baskets_source;

static void baskets_free(baskets_source *s)
{
    if (s == NULL)
        return;
    seg_item_bins_free(s->bins);
    seg_schema_free(s->schema);
    seg_free(s->givers);
    seg_free(s->row_start);
    seg_free(s->items);
    seg_free(s->unseen);
    seg_free(s->weight);
    seg_free(s->columns);
    seg_free(s);
}

static void baskets_close(seg_source *self)
{
    baskets_source *s = (baskets_source *)self;
    seg_source_close(s->from);
    baskets_free(s);
}

static seg_status baskets_rewind(seg_source *self, seg_error *err)
{
    baskets_source *s = (baskets_source *)self;
    s->told = true;
    return s->from->rewind(s->from, err);
}

/* ---- rows -------------------------------------------------------------------------------- */

/* How many cuts are not above v. */
static size_t cuts_below(const seg_item_column *column, float v)
{
    size_t low = 0, high = column->n_cuts;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (column->cuts[middle] <= v)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The item of a cell among those of its column: -1 for a missing one, -2 for a value that has
 * none. */
static int32_t item_of(const giver *g, const seg_block *in, size_t i)
{
    float v;
    if (!g->in_x) {
        int32_t code = ((const int32_t *)in->columns[g->at])[i];
        return code >= 0 && (size_t)code < g->n_items ? code : -1;
    }
    v = in->x.x[i * in->x.stride + g->at];
    if (isnan(v))
        return -1;
    if (g->column->form == SEG_ITEM_LEVEL)
        return v >= 0 && v < (float)g->n_items ? (int32_t)v : -2;
    size_t below = cuts_below(g->column, v);
    if (g->column->form == SEG_ITEM_RANGE)
        return (int32_t)below;
    return below > 0 && !(g->column->cuts[below - 1] < v) ? (int32_t)below - 1 : -2;
}

static size_t end_of_task(const baskets_source *s, size_t task)
{
    size_t end = (task + 1) * SEG_CHUNK_ROWS;
    return end < s->in->n_rows ? end : s->in->n_rows;
}

/* row_start[i + 1] becomes the number of items of row i; those of the task stand together. */
static void make_rows(void *arg, size_t task, int thread)
{
    baskets_source *s = arg;
    uint64_t unseen = 0;
    int32_t *to = s->items + task * SEG_CHUNK_ROWS * s->n_givers;
    for (size_t i = task * SEG_CHUNK_ROWS; i < end_of_task(s, task); i++) {
        int32_t *first = to;
        for (size_t g = 0; g < s->n_givers; g++) {
            int32_t item = item_of(&s->givers[g], s->in, i);
            unseen += item == -2;
            if (item >= 0)
                *to++ = s->givers[g].first_item + item;
        }
        s->row_start[i + 1] = to - first;
    }
    s->unseen[(size_t)thread * 8] += unseen;
}

/* Sums up row_start, and moves the items of each task to their place. */
static void close_up(baskets_source *s, size_t n_tasks)
{
    s->row_start[0] = 0;
    for (size_t task = 0; task < n_tasks; task++) {
        size_t first = task * SEG_CHUNK_ROWS, end = end_of_task(s, task);
        for (size_t i = first; i < end; i++)
            s->row_start[i + 1] += s->row_start[i];
        size_t from = first * s->n_givers, to = (size_t)s->row_start[first];
        if (from != to)
            memmove(s->items + to, s->items + from,
                    ((size_t)s->row_start[end] - to) * sizeof *s->items);
    }
}

static void tell_unseen(baskets_source *s)
{
    uint64_t n = 0;
    char text[32];
    for (int t = 0; t < s->n_threads; t++)
        n += s->unseen[(size_t)t * 8];
    if (n > 0 && !s->told)
        seg_note(s->ctx, SEG_LEVEL_WARN, "%s cells hold a value that was not there in training:"
                 " they give no item", seg_group_digits(text, (int64_t)n));
    s->told = true;
}

static seg_status pass_columns(baskets_source *s, seg_block *block, seg_error *err)
{
    const seg_block *in = s->in;
    size_t n = s->from->schema->n_columns;
    if (s->weights == SIZE_MAX)
        return SEG_OK;
    seg_status st = SEG_GROW(&s->weight, &s->weight_cap, in->n_rows, "the weights", err);
    if (st != SEG_OK)
        return st;
    for (size_t i = 0; i < in->n_rows; i++)
        s->weight[i] = in->x.x[i * in->x.stride + s->weights];
    if (n > 0)
        memcpy(s->columns, in->columns, n * sizeof *s->columns);
    s->columns[n] = s->weight;
    block->columns = s->columns;
    return SEG_OK;
}

static seg_status baskets_next(seg_source *self, seg_block *block, seg_error *err)
{
    seg_status st = SEG_OK;
    baskets_source *s = (baskets_source *)self;
    seg_block in;
    TRY(s->from->next(s->from, &in, err));
    *block = in;
    block->x = (seg_matrix){ 0 };
    if (in.n_rows == 0) {
        tell_unseen(s);
        goto done;
    }
    s->in = &in;
    size_t n_tasks = (in.n_rows + SEG_CHUNK_ROWS - 1) / SEG_CHUNK_ROWS, room;
    if (__builtin_mul_overflow(n_tasks * SEG_CHUNK_ROWS, s->n_givers, &room))
        room = SIZE_MAX;
    TRY(SEG_GROW(&s->row_start, &s->row_start_cap, in.n_rows + 1, "a block of baskets", err));
    TRY(SEG_GROW(&s->items, &s->items_cap, room, "a block of baskets", err));
    TRY(pass_columns(s, block, err));
    seg_team_run(s->n_threads, n_tasks, make_rows, s);
    close_up(s, n_tasks);
    block->row_start = s->row_start;
    block->items = s->items;

done:
    s->in = NULL;
    return st;
}

/* ---- names of items ------------------------------------------------------------------------ */

static void add_number(seg_text *text, float v)
{
    char number[SEG_NUMBER_BYTES];
    seg_text_add_n(text, number, seg_print_f32(number, v));
}

/* "age<30", "age=[30,45)", "age>=45"; one range alone: "age". */
static void name_range(const seg_item_column *column, size_t range, seg_text *text)
{
    if (column->n_cuts == 0)
        return;
    if (range == 0) {
        seg_text_add_char(text, '<');
        add_number(text, column->cuts[0]);
    } else if (range == column->n_cuts) {
        seg_text_add(text, ">=");
        add_number(text, column->cuts[range - 1]);
    } else {
        seg_text_add(text, "=[");
        add_number(text, column->cuts[range - 1]);
        seg_text_add_char(text, ',');
        add_number(text, column->cuts[range]);
        seg_text_add_char(text, ')');
    }
}

static void name_item(const seg_item_column *column, const seg_column *data, size_t item,
                      seg_text *text)
{
    seg_text_clear(text);
    seg_text_add(text, column->name);
    if (column->form == SEG_ITEM_RANGE) {
        name_range(column, item, text);
        return;
    }
    seg_text_add_char(text, '=');
    if (column->form == SEG_ITEM_LEVEL)
        seg_text_add(text, data->levels[item]);
    else
        add_number(text, column->cuts[item]);
}

/* names: of the items so far. */
static seg_status add_item(baskets_source *s, seg_dictionary *names, const char *name,
                           seg_error *err)
{
    seg_column item = { .name = name, .type = SEG_TYPE_F32 };
    char quoted[SEG_QUOTE_BYTES];
    int32_t code;
    size_t n = seg_dictionary_size(names);
    seg_status st = seg_dictionary_add(names, name, strlen(name), &code, err);
    if (st != SEG_OK)
        return st;
    if ((size_t)code != n)
        return seg_fail(err, SEG_E_DATA, "%s: two columns give an item '%s'; rename one, or leave"
                        " it out with --drop", s->source.name,
                        seg_quote_cell(quoted, name, strlen(name)));
    return seg_schema_add_feature(s->schema, &item, err);
}

static seg_status add_items(baskets_source *s, giver *g, seg_dictionary *names,
                            seg_error *err)
{
    seg_status st = SEG_OK;
    seg_text name = { 0 };
    const seg_schema *from = s->from->schema;
    const seg_column *data = g->in_x ? &from->features[g->at] : &from->columns[g->at];
    g->first_item = (int32_t)s->schema->view.n_features;
    g->n_items = g->column->form == SEG_ITEM_LEVEL   ? data->n_levels
                 : g->column->form == SEG_ITEM_RANGE ? g->column->n_cuts + 1
                                                     : g->column->n_cuts;
    for (size_t i = 0; i < g->n_items; i++) {
        name_item(g->column, data, i, &name);
        TRY(seg_text_status(&name, err));
        TRY(add_item(s, names, name.bytes, err));
    }

done:
    seg_text_free(&name);
    return st;
}

/* ---- open --------------------------------------------------------------------------------- */

/* Where the column is in the data; at SIZE_MAX: nowhere. */
static seg_status find_column(const baskets_source *s, giver *g, seg_error *err)
{
    const seg_schema *from = s->from->schema;
    const char *name = g->column->name;
    bool category = g->column->form == SEG_ITEM_LEVEL;
    g->at = seg_schema_feature(from, name);
    g->in_x = g->at != SIZE_MAX;
    if (!g->in_x)
        g->at = seg_schema_column(from, name);
    if (g->at == SIZE_MAX)
        return SEG_OK;
    seg_type type = g->in_x ? from->features[g->at].type : from->columns[g->at].type;
    if (category ? type == SEG_TYPE_CODE : g->in_x && type != SEG_TYPE_CODE)
        return SEG_OK;
    return seg_fail(err, SEG_E_DATA, "%s: column '%s' is a %s here; its items were made of a %s",
                    s->source.name, name, type == SEG_TYPE_CODE ? "category" : "number",
                    category ? "category" : "number");
}

static seg_status find_givers(baskets_source *s, seg_error *err)
{
    seg_status st = SEG_OK;
    const char *lacking = NULL;
    size_t n_lacking = 0;
    char text[32];
    TRY(SEG_ALLOC(&s->givers, s->bins->n_columns, "the columns of items", err));
    for (size_t c = 0; c < s->bins->n_columns; c++) {
        giver *g = &s->givers[s->n_givers];
        g->column = &s->bins->columns[c];
        TRY(find_column(s, g, err));
        if (g->at == SIZE_MAX)
            lacking = n_lacking++ == 0 ? g->column->name : lacking;
        else
            s->n_givers++;
    }
    if (s->n_givers == 0)
        return seg_fail(err, SEG_E_DATA, "%s: no column gives items%s%s%s", s->source.name,
                        lacking == NULL ? "" : ": there is none like '",
                        lacking == NULL ? "" : lacking, lacking == NULL ? "" : "'");
    if (n_lacking > 0)
        seg_note(s->ctx, SEG_LEVEL_WARN, "%s: %s columns that gave items in training are not"
                 " there, like '%s'", s->source.name, seg_group_digits(text, (int64_t)n_lacking),
                 lacking);

done:
    return st;
}

static seg_status make_schema(baskets_source *s, const char *weights, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *from = s->from->schema;
    seg_dictionary *names = NULL;
    TRY(seg_dictionary_new(&names, err));
    TRY(seg_schema_new(SEG_KIND_BASKETS, &s->schema, err));
    s->schema->view.as_of_day = from->as_of_day;
    if (from->id_name != NULL)
        TRY(seg_schema_set_id(s->schema, from->id_name, from->id_width, err));
    for (size_t g = 0; g < s->n_givers; g++)
        TRY(add_items(s, &s->givers[g], names, err));
    if (s->schema->view.n_features == 0)
        TRY(seg_fail(err, SEG_E_DATA, "%s: no column gives items: all of their cells are missing",
                     s->source.name));
    for (size_t c = 0; c < from->n_columns; c++)
        TRY(seg_schema_add_column(s->schema, &from->columns[c], err));
    s->weights = SIZE_MAX;
    if (weights == NULL || seg_schema_column(from, weights) != SIZE_MAX)
        goto done;
    s->weights = seg_schema_feature(from, weights);
    if (s->weights == SIZE_MAX)
        goto done;
    TRY(seg_schema_add_column(s->schema, &from->features[s->weights], err));
    TRY(SEG_ALLOC(&s->columns, from->n_columns + 1, "the columns", err));

done:
    seg_dictionary_free(names);
    return st;
}

/* Takes over bins when it succeeds. */
static seg_status open_baskets(const seg_context *ctx, seg_source *from, seg_item_bins *bins,
                               const char *weights, seg_source **out, seg_error *err)
{
    seg_status st = SEG_OK;
    baskets_source *s = NULL;
    TRY(SEG_ALLOC(&s, 1, "baskets of features", err));
    s->ctx = ctx;
    s->from = from;
    s->bins = bins;
    s->n_threads = seg_thread_count(ctx == NULL ? 0 : ctx->n_threads);
    s->source = (seg_source){ .n_rows = from->n_rows, .name = from->name, .next = baskets_next,
                              .rewind = baskets_rewind, .close = baskets_close };
    TRY(SEG_ALLOC(&s->unseen, (size_t)s->n_threads * 8, "counts", err));
    TRY(find_givers(s, err));
    TRY(make_schema(s, weights, err));
    s->source.schema = &s->schema->view;
    *out = &s->source;
    s = NULL;

done:
    if (s != NULL)
        s->bins = NULL;
    baskets_free(s);
    return st;
}

static seg_status check_kind(const seg_source *from, seg_error *err)
{
    if (from->schema->kind == SEG_KIND_FEATURES)
        return SEG_OK;
    return seg_fail(err, SEG_E_DATA, "%s: items of columns are made from features; this holds %s",
                    from->name, seg_kind_name(from->schema->kind));
}

seg_status seg_feature_baskets(const seg_context *ctx, seg_source *from,
                               const seg_feature_baskets_options *options, seg_source **out,
                               seg_error *err)
{
    seg_status st = SEG_OK;
    seg_item_bins *bins = NULL;
    char a[32], b[32];
    *out = NULL;

    TRY(check_kind(from, err));
    TRY(seg_item_bins_find(ctx, from, options, &bins, err));
    TRY(open_baskets(ctx, from, bins, options->weights, out, err));
    seg_note(ctx, SEG_LEVEL_INFO, "baskets are made of features: %s columns give %s items like"
             " '%s'", seg_group_digits(a, (int64_t)bins->n_columns),
             seg_group_digits(b, (int64_t)(*out)->schema->n_features),
             (*out)->schema->features[0].name);
    bins = NULL;

done:
    seg_item_bins_free(bins);
    return st;
}

seg_status seg_feature_baskets_by(const seg_context *ctx, seg_source *from,
                                  const seg_item_bins *bins, seg_source **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_item_bins *copy = NULL;
    *out = NULL;

    TRY(check_kind(from, err));
    TRY(seg_item_bins_new(bins, &copy, err));
    TRY(open_baskets(ctx, from, copy, NULL, out, err));
    copy = NULL;

done:
    seg_item_bins_free(copy);
    return st;
}

const seg_item_bins *seg_feature_baskets_bins(const seg_source *source)
{
    source = seg_baskets_without_groups(source);
    return source->close == baskets_close ? ((const baskets_source *)source)->bins : NULL;
}

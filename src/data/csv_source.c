/* csv_source.c: text as a table: a reading decides the columns and stores their cells, from
 * which blocks are handed out, as often as somebody wants. Memory: a batch of text, the
 * dictionaries, one block, and of the store as much as the budget allows. */
#include "data/csv_import.h"

#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/team.h"
#include "base/threads.h"
#include "base/try.h"
#include "data/baskets.h"
#include "data/csv_fill.h"

typedef struct csv_source {
    seg_source source;
    seg_import_options options;
    seg_csv_import im;
    seg_csv_targets targets;
    seg_batch *batch;
    size_t block_rows;
    uint64_t next_row;
    int n_threads;
    char *rooms;              /* per thread, for a segment that lies in a file */
    size_t room_bytes;
    char *name;
} csv_source;

/* ---- blocks -------------------------------------------------------------------------- */

/* Rows of one block from the segments that hold them, each a task. */
typedef struct piece {
    seg_status status;
    seg_error error;
} piece;

typedef struct block_task {
    csv_source *source;
    size_t first_segment, n;     /* n: rows */
    piece *pieces;
} block_task;

static seg_status fill_piece(block_task *b, size_t task, int thread, seg_error *err)
{
    csv_source *s = b->source;
    const seg_csv_store *store = s->im.store;
    seg_csv_view view;
    void *room = s->rooms + (size_t)thread * s->room_bytes;
    seg_status st = seg_csv_store_get(store, b->first_segment + task, room, &view, err);
    if (st != SEG_OK)
        return st;
    uint64_t first = view.segment->first_row, end = first + view.segment->n_rows;
    uint64_t block_end = s->next_row + b->n;
    uint64_t from = first < s->next_row ? s->next_row : first, to = end < block_end ? end : block_end;
    return seg_csv_fill(&s->im, &s->targets, &view, (size_t)(from - first), (size_t)(to - first),
                        s->batch, (size_t)(from - s->next_row), err);
}

static void piece_task(void *arg, size_t task, int thread)
{
    block_task *b = arg;
    b->pieces[task].status = fill_piece(b, task, thread, &b->pieces[task].error);
}

static seg_status csv_next(seg_source *self, seg_block *block, seg_error *err)
{
    seg_status st = SEG_OK;
    csv_source *s = (csv_source *)self;
    const seg_csv_store *store = s->im.store;
    uint64_t left = self->n_rows - s->next_row;
    block_task b = { .source = s, .n = left < s->block_rows ? (size_t)left : s->block_rows };
    *block = (seg_block){ .first_row = s->next_row };
    if (b.n == 0)
        return SEG_OK;
    TRY(seg_step(s->im.ctx, "reading rows", s->next_row, self->n_rows, err));
    b.first_segment = seg_csv_store_find(store, s->next_row);
    size_t n_pieces = seg_csv_store_find(store, s->next_row + b.n - 1) - b.first_segment + 1;
    TRY(SEG_ALLOC(&b.pieces, n_pieces, "a block", err));
    seg_team_run(s->n_threads, n_pieces, piece_task, &b);
    for (size_t i = 0; i < n_pieces; i++)
        if (b.pieces[i].status != SEG_OK) {
            st = b.pieces[i].status;
            if (err != NULL)
                *err = b.pieces[i].error;
            goto done;
        }
    *block = *seg_batch_view(s->batch, s->next_row, b.n);
    s->next_row += b.n;

done:
    seg_free(b.pieces);
    return st;
}

static seg_status csv_rewind(seg_source *self, seg_error *err)
{
    (void)err;
    ((csv_source *)self)->next_row = 0;
    return SEG_OK;
}

static void free_columns(seg_csv_import *im)
{
    for (size_t c = 0; im->columns != NULL && c < im->rows->n_columns; c++) {
        seg_dictionary_free(im->columns[c].coded);
        seg_free(im->columns[c].found.not_date);
        seg_free(im->columns[c].tallies);
        seg_text_free(&im->columns[c].last_id);
        seg_free(im->columns[c].rank);
        seg_free(im->columns[c].names);
    }
    seg_free(im->columns);
}

static void csv_close(seg_source *self)
{
    csv_source *s = (csv_source *)self;
    seg_batch_free(s->batch);
    seg_csv_targets_free(&s->targets);
    free_columns(&s->im);
    seg_csv_store_free(s->im.store);
    seg_free(s->rooms);
    seg_free(s->im.hashes);
    seg_csv_rows_close(s->im.rows);
    seg_csv_rejects_free(&s->im.rejects);
    seg_arena_free(&s->im.arena);
    seg_free(s->name);
    seg_free(s);
}

/* ---- options -------------------------------------------------------------------------- */

static seg_status take_missing(seg_csv_import *im, seg_error *err)
{
    static const char defaults[] = "NA,N/A,NULL,null,NaN,nan,\\N";
    const char *list = im->options->missing == NULL ? defaults : im->options->missing, *item;
    const char *rest = list;
    size_t n = 0, length;
    while (seg_list_next(&rest, &item, &length))
        n++;
    im->missing = seg_arena_get(&im->arena, (n + 1) * sizeof *im->missing);
    if (im->missing == NULL)
        return seg_arena_failed(err);
    for (; seg_list_next(&list, &item, &length); im->n_missing++) {
        const char *word = seg_arena_text_n(&im->arena, item, length);
        if (word == NULL)
            return seg_arena_failed(err);
        im->missing[im->n_missing] = (seg_csv_cell){ word, length };
        im->missing_first[(unsigned char)item[0]] = true;
        im->missing_lengths |= 1ull << (length < 63 ? length : 63);
    }
    im->missing_first[' '] = im->missing_first['\t'] = true;
    return SEG_OK;
}

static seg_status take_dates(seg_csv_import *im, seg_error *err)
{
    static const struct { const char *name; seg_date_format format; } known[] = {
        { "d/m/y", SEG_DATE_DMY }, { "d-m-y", SEG_DATE_DMY }, { "dmy", SEG_DATE_DMY },
        { "m/d/y", SEG_DATE_MDY }, { "m-d-y", SEG_DATE_MDY }, { "mdy", SEG_DATE_MDY },
        { "y-m-d", SEG_DATE_ISO }, { "ymd", SEG_DATE_COMPACT },
    };
    const char *name = im->options->dates;
    if (name == NULL || name[0] == 0)
        return SEG_OK;
    im->format = seg_date_format_find(name);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i].name, name) == 0)
            im->format = known[i].format;
    if (im->format == SEG_DATE_NONE)
        return seg_fail(err, SEG_E_USAGE, "--dates takes iso, d/m/y, m/d/y, compact, epoch or "
                        "epoch-ms, not '%s'", name);
    return SEG_OK;
}

static seg_status take_notation(seg_csv_import *im, seg_error *err)
{
    const char *decimal = im->options->decimal, *thousands = im->options->thousands;
    seg_csv_notation *as = &im->notation;
    *as = (seg_csv_notation){ .point = '.', .signs = im->options->signs };
    if (decimal != NULL) {
        if (strcmp(decimal, ".") != 0 && strcmp(decimal, ",") != 0)
            return seg_fail(err, SEG_E_USAGE, "--decimal takes . or , not '%s'", decimal);
        as->point = decimal[0];
    }
    if (thousands == NULL) {
        as->thousands = as->point == ',' ? '.' : 0;
        return SEG_OK;
    }
    if (strlen(thousands) != 1 || strchr(",.' _", thousands[0]) == NULL)
        return seg_fail(err, SEG_E_USAGE, "--thousands takes one of , . ' _ or a blank, not '%s'",
                        thousands);
    as->thousands = thousands[0];
    if (as->thousands == as->point)
        return seg_fail(err, SEG_E_USAGE, "--thousands %c is the decimal point too; give --decimal"
                        " %c", as->point, as->point == '.' ? ',' : '.');
    if (as->thousands == im->rows->dialect.delimiter)
        seg_csv_say(im, "--thousands %c also parts the cells: numbers with it must stand in quotes",
                    as->thousands);
    return SEG_OK;
}

static seg_status take_options(seg_csv_import *im, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(take_notation(im, err));
    TRY(take_missing(im, err));
    TRY(take_dates(im, err));

done:
    return st;
}

/* ---- kind ------------------------------------------------------------------------------- */

static seg_status only_for_features(const seg_csv_import *im, seg_error *err)
{
    const seg_import_options *o = im->options;
    const char *name = o->label != NULL ? "label" : o->id != NULL ? "id"
                       : o->types != NULL ? "types" : NULL;
    if (name == NULL)
        return SEG_OK;
    return seg_fail(err, SEG_E_USAGE, "--%s is for features, these are %s; give --kind features",
                    name, seg_kind_name(im->kind));
}

static seg_status plan(seg_csv_import *im, seg_error *err)
{
    const seg_import_options *o = im->options;
    bool lists = false;
    seg_status st;
    if (o->schema != NULL)
        return seg_csv_plan_schema(im, o->schema, err);
    if (o->kind == SEG_KIND_FEATURES || (o->kind == 0 && (o->label != NULL || o->id != NULL)))
        return seg_csv_plan_features(im, err);
    st = seg_csv_plan_transactions(im, (seg_kind)o->kind, &lists, err);
    if (st != SEG_OK)
        return st;
    if (o->kind == 0)
        seg_csv_say(im, "the rows are taken as %s (--kind says otherwise)",
                    lists ? seg_kind_name(im->kind) : "features");
    return lists ? only_for_features(im, err) : seg_csv_plan_features(im, err);
}

/* ---- open --------------------------------------------------------------------------------- */

static seg_status read_through(csv_source *s, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_csv_import *im = &s->im;
    TRY(take_options(im, err));
    TRY(SEG_ALLOC(&im->columns, im->rows->n_columns, "the columns", err));
    TRY(seg_csv_store_new(im->rows->n_columns, &im->store, err));
    if (im->options->hash_inputs)
        TRY(SEG_ALLOC(&im->hashes, im->rows->n_inputs, "hashes", err));
    for (size_t c = 0; c < im->rows->n_columns; c++)
        im->columns[c].name = im->rows->names[c];
    TRY(plan(im, err));
    TRY(seg_csv_infer(im, err));
    TRY(seg_csv_targets_plan(im, &s->targets, err));
    TRY(seg_csv_rejects_commit(&im->rejects, err));
    if (im->rejects.n > 0)
        seg_csv_say(im, "%llu rows are left out", (unsigned long long)im->rejects.n);
    seg_csv_report(im);

done:
    return st;
}

static seg_status start(csv_source *s, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *schema = &s->targets.schema->view;
    s->block_rows = seg_block_rows_for(s->im.ctx, schema);
    uint64_t chunks = (s->im.n_rows + SEG_CHUNK_ROWS - 1) / SEG_CHUNK_ROWS;
    if (s->block_rows > chunks * SEG_CHUNK_ROWS)
        s->block_rows = (size_t)chunks * SEG_CHUNK_ROWS;
    TRY(seg_batch_new(schema, s->block_rows, &s->batch, err));
    s->n_threads = seg_thread_count(s->im.ctx == NULL ? 0 : s->im.ctx->n_threads);
    s->room_bytes = (s->im.store->largest + 63) / 64 * 64;
    TRY(SEG_ALLOC(&s->rooms, s->room_bytes * (size_t)s->n_threads, "segments", err));
    s->source.schema = schema;
    s->source.n_rows = s->im.n_rows;
    s->source.name = s->name;
    s->source.next = csv_next;
    s->source.rewind = csv_rewind;
    TRY(csv_rewind(&s->source, err));

done:
    return st;
}

static seg_status open_table(const seg_context *ctx, const char *const *paths, size_t n_paths,
                             const seg_import_options *options, seg_node *report,
                             csv_source **out, seg_error *err)
{
    seg_status st = SEG_OK;
    csv_source *s = NULL;
    seg_doc *notes = report == NULL ? NULL : seg_doc_new();
    *out = NULL;

    TRY(SEG_ALLOC(&s, 1, "a CSV source", err));
    s->source.close = csv_close;
    s->options = *options;
    s->im.ctx = ctx;
    s->im.options = &s->options;
    s->im.report = report;
    s->im.notes = seg_put_array(seg_doc_root(notes), "notes");
    size_t n = strlen(paths[0]) + 1;
    TRY(SEG_ALLOC(&s->name, n, "a name", err));
    memcpy(s->name, paths[0], n);
    TRY(seg_csv_rows_open(ctx, paths, n_paths, &s->options, false, false, &s->im.rows, err));
    TRY(read_through(s, err));
    seg_put_node(report, "notes", s->im.notes);
    TRY(start(s, err));
    *out = s;
    s = NULL;

done:
    if (s != NULL)
        s->im.notes = NULL;
    if (*out != NULL)
        (*out)->im.notes = (*out)->im.report = NULL;
    seg_doc_free(notes);
    if (s != NULL)
        csv_close(&s->source);
    return st;
}

static seg_status as_baskets(const seg_context *ctx, csv_source *rows, seg_node *report,
                             seg_source **out, seg_error *err)
{
    seg_status st = seg_baskets_from_transactions(ctx, &rows->source, false, report, out, err);
    csv_close(&rows->source);
    return st;
}

size_t seg_csv_source_inputs(const seg_source *source)
{
    return source->close == csv_close ? ((const csv_source *)source)->im.rows->n_inputs : 0;
}

const char *seg_csv_source_input(const seg_source *source, size_t input)
{
    const csv_source *s = (const csv_source *)source;
    return input < seg_csv_source_inputs(source) ? seg_input_path(s->im.rows->inputs[input]) : NULL;
}

bool seg_csv_source_sha256(const seg_source *source, size_t input, char out[65])
{
    const csv_source *s = (const csv_source *)source;
    if (source->close != csv_close || s->im.hashes == NULL || input >= s->im.rows->n_inputs
        || !s->im.hashes[input].known)
        return false;
    memcpy(out, s->im.hashes[input].sha256, 65);
    return true;
}

seg_status seg_csv_source(const seg_context *ctx, const char *const *paths, size_t n_paths,
                          const seg_import_options *options, seg_node *report,
                          seg_source **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_import_options defaults;
    csv_source *table = NULL;
    *out = NULL;

    if (n_paths == 0)
        return seg_fail(err, SEG_E_USAGE, "no file to read");
    seg_import_defaults(&defaults);
    const seg_import_options *o = options == NULL ? &defaults : options;
    bool basket = o->kind == 0 || o->kind == SEG_KIND_BASKETS;
    if (o->lines && !basket)
        return seg_fail(err, SEG_E_USAGE, "--lines is for baskets, not for --kind %s",
                        seg_kind_name((seg_kind)o->kind));
    bool dat = seg_csv_path_is(paths[0], ".dat") && o->order == NULL;
    if (basket && o->schema == NULL && (o->lines || dat))
        return seg_csv_lines_source(ctx, paths, n_paths, o, report, out, err);
    TRY(open_table(ctx, paths, n_paths, o, report, &table, err));
    if (table->im.kind == SEG_KIND_BASKETS)
        return as_baskets(ctx, table, report, out, err);
    *out = &table->source;

done:
    return st;
}

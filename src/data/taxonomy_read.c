/* taxonomy_read.c: a taxonomy from a file: lines item,parent or one line per item with its
 * levels. Both become nodes: names with the node right above each, where a node of the first
 * form is a name, and one of the second a name in a column. In the first form a node may be an
 * item and a group at once; it is then parted into both. */
#include "data/taxonomy.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/alloc.h"
#include "base/arena.h"
#include "base/text.h"
#include "base/try.h"
#include "data/csv_import.h"

enum { NO_NODE = -1, MAX_LEVELS = SEG_TAXONOMY_DEPTH, SHOWN_OF_CYCLE = 8,
       ADDITION_BYTES = 64, COLUMN_BYTES = sizeof(uint32_t) };

typedef struct node {
    int32_t above;               /* or NO_NODE */
    uint64_t line;               /* that said what is above */
    uint32_t column;
    bool is_parent, is_item;
    int32_t number;              /* in the taxonomy, as a group */
} node;

typedef struct reader {
    const seg_context *ctx;
    const char *path;
    const seg_schema *data;
    seg_dictionary *data_items;
    seg_csv_rows *rows;
    bool edges;                  /* item,parent */
    size_t item_column, n_levels;
    size_t *levels;              /* columns of the groups, the nearest first */
    seg_dictionary *names;       /* of the nodes: column and name */
    seg_text key;
    node *nodes;
    size_t nodes_cap;
    uint8_t *found;              /* per item of the data: the file has it */
    seg_arena arena;
    const char **items, **groups;   /* the result */
    int32_t *item_group, *group_parent;
    size_t n_items, n_groups, n_unknown, n_renamed;
    const char *renamed;
} reader;

static void reader_clear(reader *r)
{
    seg_csv_rows_close(r->rows);
    seg_dictionary_free(r->data_items);
    seg_dictionary_free(r->names);
    seg_text_free(&r->key);
    seg_free(r->levels);
    seg_free(r->nodes);
    seg_free(r->found);
    seg_arena_free(&r->arena);
    seg_free(r->items);
    seg_free(r->groups);
    seg_free(r->item_group);
    seg_free(r->group_parent);
}

/* ---- nodes ---------------------------------------------------------------------------- */

static const char *name_of(const reader *r, int32_t number)
{
    return seg_dictionary_texts(r->names)[number] + COLUMN_BYTES;
}

/* The node of a name. Names of one column are alike; in the first form all are. */
static seg_status node_of(reader *r, size_t column, seg_csv_cell cell, int32_t *out,
                          seg_error *err)
{
    seg_status st = SEG_OK;
    uint32_t c = r->edges ? 0 : (uint32_t)column;
    size_t before = seg_dictionary_size(r->names);
    seg_text_clear(&r->key);
    seg_text_add_n(&r->key, (const char *)&c, sizeof c);
    seg_text_add_n(&r->key, cell.s, cell.n);
    TRY(seg_text_status(&r->key, err));
    TRY(seg_dictionary_add(r->names, r->key.bytes, r->key.n, out, err));
    if ((size_t)*out == before) {
        TRY(SEG_GROW(&r->nodes, &r->nodes_cap, before + 1, "a taxonomy", err));
        r->nodes[*out] = (node){ .above = NO_NODE, .column = (uint32_t)column };
    }

done:
    return st;
}

static seg_status set_above(reader *r, int32_t below, int32_t above, uint64_t line,
                            seg_error *err)
{
    char name[SEG_QUOTE_BYTES], one[SEG_QUOTE_BYTES], other[SEG_QUOTE_BYTES];
    node *n = &r->nodes[below];
    r->nodes[above].is_parent = true;
    if (n->above == NO_NODE) {
        n->above = above;
        n->line = line;
        return SEG_OK;
    }
    if (n->above == above)
        return SEG_OK;
    const char *texts[] = { name_of(r, below), name_of(r, above), name_of(r, n->above) };
    return seg_fail(err, SEG_E_DATA, "%s: line %llu: '%s' is in the group '%s' here and in '%s'"
                    " in line %llu; it may be in one", r->path, (unsigned long long)line,
                    seg_quote_cell(name, texts[0], strlen(texts[0])),
                    seg_quote_cell(one, texts[1], strlen(texts[1])),
                    seg_quote_cell(other, texts[2], strlen(texts[2])),
                    (unsigned long long)n->line);
}

/* ---- lines ---------------------------------------------------------------------------- */

static seg_status check_row(const reader *r, const seg_csv_row *row, seg_error *err)
{
    const char *what = row->defect == SEG_CSV_NUL ? "a null byte" : "not valid UTF-8";
    unsigned long long line = row->line;
    if (row->defect == SEG_CSV_SOUND)
        return SEG_OK;
    if (row->defect == SEG_CSV_HEADER_AGAIN)
        return seg_fail(err, SEG_E_DATA, "%s: line %llu: the column names again", r->path, line);
    if (row->n_cells != r->rows->n_columns)
        return seg_fail(err, SEG_E_DATA, "%s: line %llu: %zu cells; the header has %zu", r->path,
                        line, row->n_cells, r->rows->n_columns);
    return seg_fail(err, SEG_E_DATA, "%s: line %llu: column %zu: %s", r->path, line,
                    row->defect_cell + 1, what);
}

static seg_status cell_of(const reader *r, const seg_csv_row *row, size_t column,
                          seg_csv_cell *out, seg_error *err)
{
    *out = seg_csv_trim(row->cells[column].s, row->cells[column].n);
    if (out->n <= SEG_CSV_MAX_TEXT)
        return SEG_OK;
    return seg_fail(err, SEG_E_DATA, "%s: line %llu: column '%s': the name has more than %d bytes",
                    r->path, (unsigned long long)row->line, r->rows->names[column],
                    SEG_CSV_MAX_TEXT);
}

static seg_status take_row(reader *r, const seg_csv_row *row, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_csv_cell cell;
    int32_t below, above;
    TRY(check_row(r, row, err));
    TRY(cell_of(r, row, r->item_column, &cell, err));
    if (cell.n == 0)
        return seg_fail(err, SEG_E_DATA, "%s: line %llu: column '%s': no item is named", r->path,
                        (unsigned long long)row->line, r->rows->names[r->item_column]);
    TRY(node_of(r, r->item_column, cell, &below, err));
    for (size_t l = 0; l < r->n_levels; l++) {
        TRY(cell_of(r, row, r->levels[l], &cell, err));
        if (cell.n == 0)
            continue;
        TRY(node_of(r, r->levels[l], cell, &above, err));
        TRY(set_above(r, below, above, row->line, err));
        below = above;
    }

done:
    return st;
}

static seg_status take_rows(reader *r, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_csv_row row;
    TRY(seg_csv_rows_rewind(r->rows, "reading the taxonomy", err));
    for (;;) {
        TRY(seg_csv_rows_next(r->rows, &row, err));
        if (row.n_cells == 0)
            break;
        TRY(take_row(r, &row, err));
    }

done:
    return st;
}

/* ---- columns -------------------------------------------------------------------------- */

static size_t column_called(const reader *r, const char *name)
{
    for (size_t c = 0; c < r->rows->n_columns; c++)
        if (strcasecmp(r->rows->names[c], name) == 0)
            return c;
    return SIZE_MAX;
}

/* Lines in which a column has an item of the data, for two columns. */
static seg_status count_items(reader *r, const size_t columns[2], uint64_t counts[2],
                              seg_error *err)
{
    seg_status st = SEG_OK;
    seg_csv_row row;
    TRY(seg_csv_rows_rewind(r->rows, "reading the taxonomy", err));
    for (;;) {
        TRY(seg_csv_rows_next(r->rows, &row, err));
        if (row.n_cells == 0)
            break;
        for (size_t i = 0; i < 2 && row.defect == SEG_CSV_SOUND; i++) {
            seg_csv_cell cell = row.cells[columns[i]];
            cell = seg_csv_trim(cell.s, cell.n);
            counts[i] += seg_dictionary_find(r->data_items, cell.s, cell.n) >= 0;
        }
    }

done:
    return st;
}

static seg_status choose_columns(reader *r, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n = r->rows->n_columns, id = column_called(r, "id");
    size_t item = column_called(r, "item"), parent = column_called(r, "parent");
    TRY(SEG_ALLOC(&r->levels, n, "the levels", err));
    if (item != SIZE_MAX && parent != SIZE_MAX) {
        r->edges = true;
        r->item_column = item;
        r->levels[r->n_levels++] = parent;
        goto done;
    }
    size_t names = id == 0 && n > 2 ? 1 : 0;
    if (id != SIZE_MAX && id != names) {
        uint64_t counts[2] = { 0 };
        TRY(count_items(r, (size_t[]){ names, id }, counts, err));
        r->item_column = counts[1] > counts[0] ? id : names;
    }
    for (size_t c = 0; c < n; c++)
        if (c != names && c != id)
            r->levels[r->n_levels++] = c;
    if (id == SIZE_MAX || id == names)
        r->item_column = names;
    if (r->n_levels == 0 || r->n_levels > MAX_LEVELS)
        st = seg_fail(err, SEG_E_DATA, "%s: a taxonomy has the columns item and parent, or an"
                      " item and 1 to %d levels; this has %zu levels", r->path, MAX_LEVELS,
                      r->n_levels);

done:
    return st;
}

/* ---- checks ---------------------------------------------------------------------------- */

static seg_status a_cycle(const reader *r, int32_t first, seg_error *err)
{
    seg_text way = { 0 };
    char quoted[SEG_QUOTE_BYTES];
    int32_t at = first;
    size_t n = 0;
    do {
        const char *name = name_of(r, at);
        if (n < SHOWN_OF_CYCLE)
            seg_text_addf(&way, "'%s' > ", seg_quote_cell(quoted, name, strlen(name)));
        n++;
        at = r->nodes[at].above;
    } while (at != first);
    if (n > SHOWN_OF_CYCLE)
        seg_text_add(&way, "... > ");
    const char *name = name_of(r, first);
    seg_status st = seg_fail(err, SEG_E_DATA, "%s: %s'%s' is a cycle of %zu: nothing can be in a"
                             " group that is in itself", r->path, way.failed ? "" : way.bytes,
                             seg_quote_cell(quoted, name, strlen(name)), n);
    seg_text_free(&way);
    return st;
}

/* Walks upwards from every node; one that comes back to a node of the same walk is a cycle. */
static seg_status find_cycles(const reader *r, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n = seg_dictionary_size(r->names);
    uint32_t *walk = NULL;
    TRY(SEG_ALLOC(&walk, n, "a taxonomy", err));
    for (size_t i = 0; i < n; i++) {
        int32_t at = (int32_t)i;
        for (; at >= 0 && walk[at] == 0; at = r->nodes[at].above)
            walk[at] = (uint32_t)i + 1;
        if (at >= 0 && walk[at] == (uint32_t)i + 1)
            TRY(a_cycle(r, at, err));
    }

done:
    seg_free(walk);
    return st;
}

/* ---- items and groups ------------------------------------------------------------------ */

/* Of the first form an item is what the data have as one, and what has nothing below it. */
static seg_status find_items(reader *r, seg_error *err)
{
    size_t n = seg_dictionary_size(r->names), n_found = 0;
    for (size_t i = 0; i < n; i++) {
        const char *name = name_of(r, (int32_t)i);
        bool may_be = r->edges || r->nodes[i].column == r->item_column;
        int32_t item = may_be ? seg_dictionary_find(r->data_items, name, strlen(name)) : -1;
        r->nodes[i].is_item = may_be && (item >= 0 || !r->nodes[i].is_parent);
        if (item >= 0)
            r->found[item] = 1;
        n_found += item >= 0;
        r->n_unknown += r->nodes[i].is_item && item < 0;
    }
    if (n_found == 0)
        return seg_fail(err, SEG_E_DATA, "%s: none of the %zu items of the data is in column '%s'",
                        r->path, r->data->n_features, r->rows->names[r->item_column]);
    return SEG_OK;
}

/* The name of a group whose own name is taken, with an addition. */
static seg_status tell_apart(reader *r, seg_dictionary *taken, int32_t group, const char **out,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    int32_t code;
    const char *which = r->edges ? "group" : r->rows->names[r->nodes[group].column];
    char quoted[SEG_QUOTE_BYTES];
    seg_text_clear(&r->key);
    seg_text_addf(&r->key, "%s (", name_of(r, group));
    seg_text_add_n(&r->key, which, seg_utf8_cut(which, strlen(which), ADDITION_BYTES));
    seg_text_add_char(&r->key, ')');
    TRY(seg_text_status(&r->key, err));
    const char *name = seg_arena_text(&r->arena, r->key.bytes);
    if (name == NULL)
        return seg_arena_failed(err);
    if (seg_dictionary_find(taken, name, r->key.n) >= 0)
        return seg_fail(err, SEG_E_DATA, "%s: a group cannot be called '%s': that is another item"
                        " or group; rename one of them", r->path,
                        seg_quote_cell(quoted, name, r->key.n));
    TRY(seg_dictionary_add(taken, name, r->key.n, &code, err));
    if (r->n_renamed++ == 0)
        r->renamed = name;
    *out = name;

done:
    return st;
}

/* Names that are free are given first. taken: items of file and data. */
static seg_status name_groups(reader *r, const int32_t *nodes, seg_dictionary *taken,
                              seg_error *err)
{
    seg_status st = SEG_OK;
    int32_t code;
    for (size_t g = 0; g < r->n_groups; g++) {
        const char *name = name_of(r, nodes[g]);
        if (seg_dictionary_find(taken, name, strlen(name)) >= 0)
            continue;
        TRY(seg_dictionary_add(taken, name, strlen(name), &code, err));
        r->groups[g] = name;
    }
    for (size_t g = 0; g < r->n_groups; g++)
        if (r->groups[g] == NULL)
            TRY(tell_apart(r, taken, nodes[g], &r->groups[g], err));

done:
    return st;
}

static seg_status names_taken(const reader *r, seg_dictionary *taken, seg_error *err)
{
    seg_status st = SEG_OK;
    int32_t code;
    for (size_t i = 0; i < r->data->n_features && st == SEG_OK; i++)
        st = seg_dictionary_add(taken, r->data->features[i].name,
                                strlen(r->data->features[i].name), &code, err);
    for (size_t i = 0; i < seg_dictionary_size(r->names) && st == SEG_OK; i++) {
        const char *name = name_of(r, (int32_t)i);
        if (r->nodes[i].is_item)
            st = seg_dictionary_add(taken, name, strlen(name), &code, err);
    }
    return st;
}

/* Groups of the nearest level come first; within a level in the order of the file. */
static seg_status make_groups(reader *r, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n = seg_dictionary_size(r->names);
    seg_dictionary *taken = NULL;
    int32_t *of_group = NULL;
    TRY(seg_dictionary_new(&taken, err));
    TRY(names_taken(r, taken, err));
    TRY(SEG_ALLOC(&of_group, n, "the groups", err));
    TRY(SEG_ALLOC(&r->groups, n, "the groups", err));
    TRY(SEG_ALLOC(&r->group_parent, n, "the groups", err));
    for (size_t l = 0; l < (r->edges ? 1 : r->n_levels); l++)
        for (size_t i = 0; i < n; i++) {
            node *at = &r->nodes[i];
            if (!at->is_parent || (!r->edges && at->column != r->levels[l]))
                continue;
            at->number = (int32_t)r->n_groups++;
            of_group[at->number] = (int32_t)i;
        }
    TRY(name_groups(r, of_group, taken, err));
    for (size_t i = 0; i < n; i++)
        if (r->nodes[i].is_parent)
            r->group_parent[r->nodes[i].number] =
                r->nodes[i].above < 0 ? -1 : r->nodes[r->nodes[i].above].number;

done:
    seg_dictionary_free(taken);
    seg_free(of_group);
    return st;
}

/* An item that is a parent too is in the group that was made of it. */
static seg_status make_items(reader *r, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n = seg_dictionary_size(r->names);
    TRY(SEG_ALLOC(&r->items, n, "the items", err));
    TRY(SEG_ALLOC(&r->item_group, n, "the items", err));
    for (size_t i = 0; i < n; i++) {
        const node *at = &r->nodes[i];
        if (!at->is_item || (!at->is_parent && at->above < 0))
            continue;
        r->items[r->n_items] = name_of(r, (int32_t)i);
        r->item_group[r->n_items++] = at->is_parent ? at->number : r->nodes[at->above].number;
    }

done:
    return st;
}

static void tell(const reader *r)
{
    char a[32], b[32], c[32];
    char quoted[SEG_QUOTE_BYTES];
    size_t n_alone = 0;
    for (size_t i = 0; i < r->data->n_features; i++)
        n_alone += r->found[i] == 0;
    seg_note(r->ctx, SEG_LEVEL_INFO, "%s: %s items (column '%s') in %s groups", r->path,
             seg_group_digits(a, (int64_t)r->n_items), r->rows->names[r->item_column],
             seg_group_digits(b, (int64_t)r->n_groups));
    if (r->n_renamed > 0)
        seg_note(r->ctx, SEG_LEVEL_INFO, "%s: %s groups have the name of an item or of another"
                 " group and are told apart, like '%s'", r->path,
                 seg_group_digits(a, (int64_t)r->n_renamed),
                 seg_quote_cell(quoted, r->renamed, strlen(r->renamed)));
    if (r->n_unknown > 0)
        seg_note(r->ctx, SEG_LEVEL_INFO, "%s: %s items are not in the data", r->path,
                 seg_group_digits(a, (int64_t)r->n_unknown));
    if (n_alone > 0)
        seg_note(r->ctx, SEG_LEVEL_WARN, "%s does not have %s of the %s items of the data; they"
                 " are in no group", r->path, seg_group_digits(b, (int64_t)n_alone),
                 seg_group_digits(c, (int64_t)r->data->n_features));
}

/* ---- all ------------------------------------------------------------------------------- */

static seg_status open_reader(reader *r, const seg_import_options *options, seg_error *err)
{
    seg_status st = SEG_OK;
    int32_t code;
    TRY(seg_dictionary_new(&r->data_items, err));
    TRY(seg_dictionary_new(&r->names, err));
    TRY(SEG_ALLOC(&r->found, r->data->n_features, "the items", err));
    for (size_t i = 0; i < r->data->n_features; i++)
        TRY(seg_dictionary_add(r->data_items, r->data->features[i].name,
                               strlen(r->data->features[i].name), &code, err));
    TRY(seg_csv_rows_open(r->ctx, &r->path, 1, options, false, false, &r->rows, err));

done:
    return st;
}

seg_status seg_taxonomy_read(const seg_context *ctx, const char *path, const seg_schema *data,
                             seg_taxonomy **out, seg_error *err)
{
    seg_status st = SEG_OK;
    reader r = { .ctx = ctx, .path = path, .data = data };
    seg_import_options options;
    *out = NULL;

    seg_import_defaults(&options);
    TRY(open_reader(&r, &options, err));
    TRY(choose_columns(&r, err));
    TRY(take_rows(&r, err));
    TRY(find_cycles(&r, err));
    TRY(find_items(&r, err));
    TRY(make_groups(&r, err));
    TRY(make_items(&r, err));
    seg_taxonomy parts = { .n_items = r.n_items, .items = r.items, .item_group = r.item_group,
                           .n_groups = r.n_groups, .groups = r.groups,
                           .group_parent = r.group_parent };
    st = seg_taxonomy_new(&parts, out, err);
    if (st == SEG_OK)
        tell(&r);
    else
        seg_error_context(err, "%s", path);

done:
    reader_clear(&r);
    return st;
}

/* csv_baskets.c: baskets as lines of text: FIMI (item numbers parted by blanks) and lines
 * of names (--lines). A first reading gathers the items and counts the lines, the second
 * hands out blocks; only the dictionary and one block are in memory.
 *
 * FIMI: B. Goethals, M. Zaki, "Advances in frequent itemset mining implementations", 2003. */
#include "data/csv_import.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/text.h"
#include "base/try.h"

enum { BLOCK_BASKETS = 64 * SEG_CHUNK_ROWS };

typedef struct lines_source {
    seg_source source;
    seg_import_options options;
    seg_csv_rows *rows;
    bool fimi;
    seg_dictionary *items;
    int32_t *rank;              /* FIMI: place of a code in the order of the numbers */
    seg_schema_owner *schema;
    seg_batch *batch;
    size_t block_rows;
    uint64_t next_row, n_occurrences, n_repeated, n_empty;
    int32_t *basket;            /* of the line in work */
    size_t n_basket, basket_cap;
    size_t n_named;             /* items in the line, repeated ones too */
    char *name;
} lines_source;

/* ---- one line ----------------------------------------------------------------------- */

static seg_status bad_item(const lines_source *s, const seg_csv_row *row, seg_csv_cell cell,
                           seg_error *err)
{
    char quoted[SEG_QUOTE_BYTES];
    return seg_fail(err, SEG_E_DATA, "%s: line %" PRIu64 ": '%s' is not an item number; give "
                    "--lines for names", seg_csv_rows_file(s->rows), row->line,
                    seg_quote_cell(quoted, cell.s, cell.n));
}

static bool is_digits(seg_csv_cell cell)
{
    for (size_t i = 0; i < cell.n; i++)
        if (cell.s[i] < '0' || cell.s[i] > '9')
            return false;
    return cell.n > 0;
}

static seg_status check_line(const lines_source *s, const seg_csv_row *row, seg_error *err)
{
    if (row->defect == SEG_CSV_SOUND)
        return SEG_OK;
    return seg_fail(err, SEG_E_DATA, "%s: line %" PRIu64 ": %s", seg_csv_rows_file(s->rows),
                    row->line, row->defect == SEG_CSV_NUL ? "a null byte" : "not valid UTF-8");
}

static int by_code(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static void sort_distinct(lines_source *s)
{
    size_t n = 0;
    qsort(s->basket, s->n_basket, sizeof *s->basket, by_code);
    for (size_t i = 0; i < s->n_basket; i++)
        if (n == 0 || s->basket[n - 1] != s->basket[i])
            s->basket[n++] = s->basket[i];
    s->n_basket = n;
}

/* The codes of the line's items; adding: new items get one. */
static seg_status take_line(lines_source *s, const seg_csv_row *row, bool adding, seg_error *err)
{
    seg_status st = SEG_OK;
    int32_t code;
    TRY(check_line(s, row, err));
    TRY(SEG_GROW(&s->basket, &s->basket_cap, row->n_cells, "a basket", err));
    s->n_basket = 0;
    for (size_t i = 0; i < row->n_cells; i++) {
        seg_csv_cell cell = row->cells[i];
        if (seg_csv_trim(cell.s, cell.n).n == 0)
            continue;
        if (cell.n > SEG_CSV_MAX_TEXT)
            return seg_fail(err, SEG_E_DATA, "%s: line %" PRIu64 ": the name of item %zu has more"
                            " than %d bytes", seg_csv_rows_file(s->rows), row->line, i + 1,
                            SEG_CSV_MAX_TEXT);
        if (s->fimi && !is_digits(cell))
            return bad_item(s, row, cell, err);
        if (adding)
            TRY(seg_dictionary_add(s->items, cell.s, cell.n, &code, err));
        else
            code = seg_dictionary_find(s->items, cell.s, cell.n);
        if (code < 0)
            return seg_fail(err, SEG_E_DATA, "%s: the file changed while it was read", s->name);
        s->basket[s->n_basket++] = s->rank == NULL ? code : s->rank[code];
    }
    s->n_named = s->n_basket;
    sort_distinct(s);

done:
    return st;
}

/* ---- first reading --------------------------------------------------------------------- */

static seg_status count(lines_source *s, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_csv_row row;
    TRY(seg_csv_rows_rewind(s->rows, "reading items", err));
    for (;;) {
        TRY(seg_csv_rows_next(s->rows, &row, err));
        if (row.n_cells == 0)
            break;
        TRY(take_line(s, &row, true, err));
        s->source.n_rows++;
        s->n_occurrences += s->n_basket;
        s->n_repeated += s->n_named - s->n_basket;
        s->n_empty += s->n_basket == 0;
    }
    if (s->n_occurrences == 0)
        st = seg_fail(err, SEG_E_DATA, "%s: there are no items", s->name);

done:
    return st;
}

static size_t digits_of(uint64_t n)
{
    size_t digits = 1;
    for (; n >= 10; n /= 10)
        digits++;
    return digits;
}

static seg_status make_schema(lines_source *s, seg_error *err)
{
    seg_status st = SEG_OK;
    const char **names = NULL;
    size_t n = seg_dictionary_size(s->items);
    const char *const *texts = seg_dictionary_texts(s->items);

    TRY(SEG_ALLOC(&names, n, "the items", err));
    if (s->fimi)
        TRY(seg_dictionary_ranks(s->items, true, &s->rank, err));
    for (size_t i = 0; i < n; i++)
        names[s->rank == NULL ? i : (size_t)s->rank[i]] = texts[i];
    TRY(seg_schema_new(SEG_KIND_BASKETS, &s->schema, err));
    TRY(seg_schema_set_id(s->schema, "order", digits_of(s->source.n_rows), err));
    for (size_t i = 0; i < n; i++) {
        seg_column item = { .name = names[i], .type = SEG_TYPE_F32 };
        TRY(seg_schema_add_feature(s->schema, &item, err));
    }

done:
    seg_free(names);
    return st;
}

/* ---- blocks ------------------------------------------------------------------------------ */

static void put_id(lines_source *s, size_t r, uint64_t number)
{
    char text[SEG_NUMBER_BYTES];
    size_t width = s->schema->view.id_width, n = seg_print_i64(text, (int64_t)number);
    char *to = s->batch->ids + r * width;
    memset(to, 0, width);
    memcpy(to, text, n < width ? n : width);
}

static seg_status lines_next(seg_source *self, seg_block *block, seg_error *err)
{
    seg_status st = SEG_OK;
    lines_source *s = (lines_source *)self;
    seg_batch *b = s->batch;
    seg_csv_row row;
    size_t n = 0, n_items = 0;
    *block = (seg_block){ .first_row = s->next_row };
    b->row_start[0] = 0;
    while (n < s->block_rows && s->next_row + n < self->n_rows) {
        TRY(seg_csv_rows_next(s->rows, &row, err));
        if (row.n_cells == 0)
            return seg_fail(err, SEG_E_DATA, "%s: the file changed while it was read", s->name);
        TRY(take_line(s, &row, false, err));
        TRY(SEG_GROW(&b->items, &b->items_cap, n_items + s->n_basket, "the items", err));
        if (s->n_basket > 0)
            memcpy(b->items + n_items, s->basket, s->n_basket * sizeof *b->items);
        n_items += s->n_basket;
        put_id(s, n, s->next_row + n + 1);
        b->row_start[++n] = (int64_t)n_items;
    }
    *block = *seg_batch_view(b, s->next_row, n);
    s->next_row += n;

done:
    return st;
}

static seg_status lines_rewind(seg_source *self, seg_error *err)
{
    lines_source *s = (lines_source *)self;
    s->next_row = 0;
    return seg_csv_rows_rewind(s->rows, "reading baskets", err);
}

static void lines_close(seg_source *self)
{
    lines_source *s = (lines_source *)self;
    seg_batch_free(s->batch);
    seg_schema_free(s->schema);
    seg_dictionary_free(s->items);
    seg_csv_rows_close(s->rows);
    seg_free(s->rank);
    seg_free(s->basket);
    seg_free(s->name);
    seg_free(s);
}

static void tell(const lines_source *s, const seg_context *ctx)
{
    char n[32];
    if (s->n_empty > 0)
        seg_note(ctx, SEG_LEVEL_INFO, "%s baskets are empty; they count among the baskets",
                 seg_group_digits(n, (int64_t)s->n_empty));
    if (s->n_repeated > 0)
        seg_note(ctx, SEG_LEVEL_INFO, "%s times an item stands in a basket again; it counts once",
                 seg_group_digits(n, (int64_t)s->n_repeated));
}

static void report_baskets(const lines_source *s, seg_node *report)
{
    seg_put_text(report, "kind", "baskets");
    seg_put_int(report, "rows", (int64_t)s->source.n_rows);
    seg_put_int(report, "items", (int64_t)seg_dictionary_size(s->items));
    seg_put_int(report, "occurrences", (int64_t)s->n_occurrences);
    seg_put_int(report, "empty", (int64_t)s->n_empty);
    seg_put_int(report, "repeated", (int64_t)s->n_repeated);
    seg_put_int(report, "rejected", 0);
    seg_put_int(report, "files", (int64_t)s->rows->n_inputs);
}

seg_status seg_csv_lines_source(const seg_context *ctx, const char *const *paths,
                                size_t n_paths, const seg_import_options *options,
                                seg_node *report, seg_source **out, seg_error *err)
{
    seg_status st = SEG_OK;
    lines_source *s = NULL;
    size_t n = strlen(paths[0]) + 1;
    *out = NULL;

    TRY(SEG_ALLOC(&s, 1, "a basket source", err));
    s->source = (seg_source){ .next = lines_next, .rewind = lines_rewind, .close = lines_close };
    s->options = *options;
    s->fimi = !options->lines;
    TRY(SEG_ALLOC(&s->name, n, "a name", err));
    memcpy(s->name, paths[0], n);
    s->source.name = s->name;
    TRY(seg_csv_rows_open(ctx, paths, n_paths, &s->options, true, s->fimi, &s->rows, err));
    TRY(seg_dictionary_new(&s->items, err));
    TRY(count(s, err));
    TRY(make_schema(s, err));
    s->source.schema = &s->schema->view;
    s->block_rows = ctx != NULL && ctx->block_rows > 0 ? ctx->block_rows : BLOCK_BASKETS;
    TRY(seg_batch_new(s->source.schema, s->block_rows, &s->batch, err));
    tell(s, ctx);
    report_baskets(s, report);
    TRY(lines_rewind(&s->source, err));
    *out = &s->source;
    s = NULL;

done:
    if (s != NULL)
        lines_close(&s->source);
    return st;
}

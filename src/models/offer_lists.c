/* offer_lists.c: small text files about items. The delimiter is the one of , ; tab | that
 * stands most often in the first line; a list of names may do without a header, and then
 * each whole line is a name, whatever stands in it. */
#include "models/offer_lists.h"

#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/text.h"
#include "base/try.h"
#include "data/csv_scan.h"

enum { HEAD_BYTES = 65536, MAX_CELL_BYTES = 65536, ABSENT = -1 };

/* One file being read. */
typedef struct item_file {
    const char *path;
    seg_input *input;
    seg_csv_scan *scan;
    seg_csv_row row;             /* the current one */
    bool lines;                  /* no header: a name is a line */
    size_t n_cells;
    int item, other;             /* columns, or ABSENT */
    uint64_t n_rows, n_unknown;  /* with an item; of these, unknown ones */
} item_file;

typedef struct reader {
    const seg_context *ctx;
    const seg_schema *schema;
    seg_dictionary *names;       /* code = number of the item */
} reader;

static void file_close(item_file *f)
{
    seg_csv_scan_free(f->scan);
    seg_input_close(f->input);
    f->scan = NULL;
    f->input = NULL;
}

/* ---- opening ----------------------------------------------------------------------------- */

static char delimiter_of(const char *line, size_t n)
{
    static const char candidates[] = ",;\t|";
    size_t most = 0;
    char best = ',';
    for (const char *c = candidates; *c != 0; c++) {
        size_t count = 0;
        for (size_t i = 0; i < n; i++)
            count += line[i] == *c;
        if (count > most)
            best = *c;
        most = count > most ? count : most;
    }
    return best;
}

static seg_status sniff(item_file *f, char *delimiter, seg_error *err)
{
    seg_status st = SEG_OK;
    char *head = NULL;
    size_t n = 0, got = 1;
    TRY(SEG_ALLOC(&head, HEAD_BYTES, "the first line of a list", err));
    while (got > 0 && HEAD_BYTES - n >= 16 && memchr(head, '\n', n) == NULL) {
        TRY(seg_input_read(f->input, head + n, HEAD_BYTES - n, &got, err));
        n += got;
    }
    const char *end = memchr(head, '\n', n);
    *delimiter = delimiter_of(head, end == NULL ? n : (size_t)(end - head));
    TRY(seg_input_rewind(f->input, err));

done:
    seg_free(head);
    return st;
}

static seg_csv_cell trimmed(seg_csv_cell cell)
{
    while (cell.n > 0 && (*cell.s == ' ' || *cell.s == '\t')) {
        cell.s++;
        cell.n--;
    }
    while (cell.n > 0 && strchr(" \t\r", cell.s[cell.n - 1]) != NULL)
        cell.n--;
    return cell;
}

static seg_status file_fail(const item_file *f, seg_error *err, const char *why)
{
    return seg_fail(err, SEG_E_DATA, "%s: line %llu: %s", f->path,
                    (unsigned long long)f->row.line, why);
}

/* The column of that name, or ABSENT; twice is an error. */
static seg_status find_column(const item_file *f, const char *name, int *column,
                              seg_error *err)
{
    *column = ABSENT;
    for (size_t c = 0; c < f->row.n_cells; c++) {
        seg_csv_cell cell = trimmed(f->row.cells[c]);
        if (!seg_equal_n(name, cell.s, cell.n))
            continue;
        if (*column != ABSENT)
            return seg_fail(err, SEG_E_DATA, "%s: line 1: column '%s' stands twice", f->path,
                            name);
        *column = (int)c;
    }
    return SEG_OK;
}

static seg_status read_header(item_file *f, seg_error *err)
{
    char delimiter;
    seg_status st = SEG_OK;
    TRY(sniff(f, &delimiter, err));
    seg_csv_dialect dialect = { .delimiter = delimiter, .quotes = true };
    TRY(seg_csv_scan_new(f->input, dialect, MAX_CELL_BYTES, &f->scan, err));
    TRY(seg_csv_scan_next(f->scan, &f->row, err));
    TRY(find_column(f, "item", &f->item, err));
    f->n_cells = f->row.n_cells;

done:
    return st;
}

/* A table with a column 'item', or, where the file may be one, a list of names. */
static seg_status file_open(const seg_context *ctx, const char *path, bool may_be_lines,
                            item_file *f, seg_error *err)
{
    seg_status st = SEG_OK;
    *f = (item_file){ .path = path, .other = ABSENT };
    TRY(seg_input_open(ctx, path, NULL, &f->input, err));
    st = read_header(f, err);
    if (st != SEG_OK && st != SEG_E_DATA)
        goto done;
    if (st == SEG_OK && f->n_cells == 0)
        TRY(seg_fail(err, SEG_E_DATA, "%s: the file is empty", path));
    if (f->item != ABSENT)
        goto done;
    if (!may_be_lines) {
        if (st == SEG_OK)
            st = seg_fail(err, SEG_E_DATA, "%s: line 1: there is no column 'item'", path);
        goto done;
    }
    seg_csv_dialect lines = { .delimiter = '\x1f' };   /* the unit separator, in no name */
    seg_csv_scan_free(f->scan);
    f->scan = NULL;
    f->lines = true;
    f->n_cells = 1;
    f->item = 0;
    TRY(seg_input_rewind(f->input, err));
    TRY(seg_csv_scan_new(f->input, lines, MAX_CELL_BYTES, &f->scan, err));

done:
    return st;
}

/* ---- rows -------------------------------------------------------------------------------- */

/* The next row that is not empty; row.n_cells is 0 at the end. */
static seg_status next_row(item_file *f, seg_error *err)
{
    do {
        seg_status st = seg_csv_scan_next(f->scan, &f->row, err);
        if (st != SEG_OK)
            return st;
    } while (f->row.n_cells > 0 && f->row.empty);
    if (f->row.n_cells == 0)
        return SEG_OK;
    if (f->row.defect == SEG_CSV_NUL || f->row.defect == SEG_CSV_UTF8)
        return file_fail(f, err, f->row.defect == SEG_CSV_NUL ? "a null byte" : "is not UTF-8");
    if (f->row.n_cells != f->n_cells)
        return seg_fail(err, SEG_E_DATA, "%s: line %llu: %zu cells, not %zu as in the header",
                        f->path, (unsigned long long)f->row.line, f->row.n_cells, f->n_cells);
    return SEG_OK;
}

/* The row's item, or ABSENT when the model does not know it. */
static seg_status item_of(const reader *r, item_file *f, int32_t *item, seg_error *err)
{
    seg_csv_cell cell = trimmed(f->row.cells[f->item]);
    if (cell.n == 0)
        return file_fail(f, err, "column 'item': no item is named");
    *item = seg_dictionary_find(r->names, cell.s, cell.n);
    f->n_rows++;
    f->n_unknown += *item < 0;
    return SEG_OK;
}

static void tell_unknown(const reader *r, const item_file *f, const char *option)
{
    char a[32], b[32];
    if (f->n_unknown > 0)
        seg_note(r->ctx, SEG_LEVEL_WARN, "--%s %s: %s of %s lines name an item that the model"
                 " does not know", option, f->path,
                 seg_group_digits(a, (int64_t)f->n_unknown),
                 seg_group_digits(b, (int64_t)f->n_rows));
}

static seg_status refuse_empty(const item_file *f, seg_error *err)
{
    if (f->n_rows > 0)
        return SEG_OK;
    return seg_fail(err, SEG_E_DATA, "%s: holds no items; an empty list is refused", f->path);
}

/* ---- items that may be offered, or not ------------------------------------------------------ */

/* listed[item] = 1 for the items of the file. */
static seg_status read_items(const reader *r, const char *path, const char *option,
                             uint8_t *listed, seg_error *err)
{
    seg_status st = SEG_OK;
    item_file f = { 0 };
    TRY(file_open(r->ctx, path, true, &f, err));
    for (;;) {
        int32_t item = ABSENT;
        TRY(next_row(&f, err));
        if (f.row.n_cells == 0)
            break;
        TRY(item_of(r, &f, &item, err));
        if (item >= 0)
            listed[item] = 1;
    }
    TRY(refuse_empty(&f, err));
    tell_unknown(r, &f, option);

done:
    file_close(&f);
    return st == SEG_E_IO ? SEG_E_DATA : st;
}

static seg_status read_allowed(const reader *r, const seg_offer_options *options,
                               seg_offer_lists *out, seg_error *err)
{
    seg_status st = SEG_OK;
    uint8_t *only = NULL;
    size_t n = r->schema->n_features;
    TRY(SEG_ALLOC(&out->barred, n, "the items to offer", err));
    if (options->block != NULL)
        TRY(read_items(r, options->block, "block", out->barred, err));
    if (options->only == NULL)
        goto done;
    TRY(SEG_ALLOC(&only, n, "the items to offer", err));
    TRY(read_items(r, options->only, "only", only, err));
    for (size_t i = 0; i < n; i++)
        out->barred[i] |= !only[i];

done:
    seg_free(only);
    return st;
}

/* ---- prices ---------------------------------------------------------------------------- */

static seg_status find_money(item_file *f, bool *margin, seg_error *err)
{
    seg_status st = SEG_OK;
    int price = ABSENT, of_margin = ABSENT;
    TRY(find_column(f, "price", &price, err));
    TRY(find_column(f, "margin", &of_margin, err));
    if ((price == ABSENT) == (of_margin == ABSENT))
        TRY(seg_fail(err, SEG_E_DATA, "%s: line 1: %s column 'price' or 'margin'", f->path,
                     price == ABSENT ? "there is no" : "one is wanted, not both:"));
    *margin = price == ABSENT;
    f->other = *margin ? of_margin : price;

done:
    return st;
}

static seg_status parse_money(const item_file *f, bool margin, int64_t *out, seg_error *err)
{
    bool exact;
    char quoted[SEG_QUOTE_BYTES];
    const char *column = margin ? "margin" : "price";
    seg_csv_cell cell = trimmed(f->row.cells[f->other]);
    *out = SEG_MISSING_I64;
    if (cell.n == 0)
        return SEG_OK;
    if (!seg_parse_fixed(cell.s, cell.n, '.', SEG_PRICE_SCALE, out, &exact))
        return seg_fail(err, SEG_E_DATA, "%s: line %llu: column '%s': '%s' is not a number as"
                        " 12.50, up to 9e12", f->path, (unsigned long long)f->row.line, column,
                        seg_quote_cell(quoted, cell.s, cell.n));
    if (!margin && *out < 0)
        return seg_fail(err, SEG_E_DATA, "%s: line %llu: column '%s': '%s' is below zero",
                        f->path, (unsigned long long)f->row.line, column,
                        seg_quote_cell(quoted, cell.s, cell.n));
    return SEG_OK;
}

static seg_status read_price(const reader *r, item_file *f, seg_offer_lists *out,
                             uint64_t *line_of, seg_error *err)
{
    seg_status st = SEG_OK;
    int32_t item = ABSENT;
    int64_t price = SEG_MISSING_I64;
    TRY(item_of(r, f, &item, err));
    TRY(parse_money(f, out->margin, &price, err));
    if (item < 0)
        goto done;
    if (line_of[item] != 0)
        TRY(seg_fail(err, SEG_E_DATA, "%s: line %llu: column 'item': the item stands in line"
                     " %llu already", f->path, (unsigned long long)f->row.line,
                     (unsigned long long)line_of[item]));
    line_of[item] = f->row.line;
    out->price[item] = price;

done:
    return st;
}

static seg_status read_prices(const reader *r, const char *path, seg_offer_lists *out,
                              seg_error *err)
{
    seg_status st = SEG_OK;
    item_file f = { 0 };
    uint64_t *line_of = NULL;
    size_t n = r->schema->n_features;
    TRY(SEG_ALLOC(&out->price, n, "the prices", err));
    TRY(SEG_ALLOC(&line_of, n, "the prices", err));
    for (size_t i = 0; i < n; i++)
        out->price[i] = SEG_MISSING_I64;
    TRY(file_open(r->ctx, path, false, &f, err));
    TRY(find_money(&f, &out->margin, err));
    for (;;) {
        TRY(next_row(&f, err));
        if (f.row.n_cells == 0)
            break;
        TRY(read_price(r, &f, out, line_of, err));
    }
    TRY(refuse_empty(&f, err));
    tell_unknown(r, &f, "prices");

done:
    seg_free(line_of);
    file_close(&f);
    return st;
}

/* ---- what not to offer to whom --------------------------------------------------------------- */

/* Of the column 'customer' or 'id', or the only one beside 'item'. */
static seg_status find_customer(item_file *f, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(find_column(f, "customer", &f->other, err));
    if (f->other == ABSENT)
        TRY(find_column(f, "id", &f->other, err));
    if (f->other == ABSENT && f->n_cells == 2)
        f->other = 1 - f->item;
    if (f->other == ABSENT)
        TRY(seg_fail(err, SEG_E_DATA, "%s: line 1: there is no column 'customer'", f->path));

done:
    return st;
}

typedef struct pairs {
    int32_t *customer, *item;
    size_t n, customer_cap, item_cap;
} pairs;

static seg_status read_pair(const reader *r, item_file *f, seg_dictionary *customers,
                            pairs *p, seg_error *err)
{
    static const char what[] = "what not to offer to whom";
    seg_status st = SEG_OK;
    int32_t item = ABSENT, customer = 0;
    const seg_csv_cell *id = &f->row.cells[f->other];
    TRY(item_of(r, f, &item, err));
    if (id->n == 0)
        TRY(file_fail(f, err, "no customer is named"));
    TRY(seg_dictionary_add(customers, id->s, id->n, &customer, err));
    if (item < 0)
        goto done;
    TRY(SEG_GROW(&p->customer, &p->customer_cap, p->n + 1, what, err));
    TRY(SEG_GROW(&p->item, &p->item_cap, p->n + 1, what, err));
    p->customer[p->n] = customer;
    p->item[p->n++] = item;

done:
    return st;
}

/* Pairs by customer. */
static seg_status group_pairs(const pairs *p, seg_offer_lists *out, seg_error *err)
{
    static const char what[] = "what not to offer to whom";
    seg_status st = SEG_OK;
    size_t n = seg_dictionary_size(out->customers);
    TRY(SEG_ALLOC(&out->start, n + 2, what, err));
    TRY(SEG_ALLOC(&out->items, p->n, what, err));
    TRY(SEG_ALLOC(&out->seen, n, what, err));
    for (size_t i = 0; i < p->n; i++)
        out->start[p->customer[i] + 2]++;
    for (size_t c = 0; c < n; c++)
        out->start[c + 2] += out->start[c + 1];
    for (size_t i = 0; i < p->n; i++)
        out->items[out->start[p->customer[i] + 1]++] = p->item[i];

done:
    return st;
}

static seg_status read_block_by(const reader *r, const char *path, seg_offer_lists *out,
                                seg_error *err)
{
    seg_status st = SEG_OK;
    item_file f = { 0 };
    pairs p = { 0 };
    TRY(seg_dictionary_new(&out->customers, err));
    TRY(file_open(r->ctx, path, false, &f, err));
    TRY(find_customer(&f, err));
    for (;;) {
        TRY(next_row(&f, err));
        if (f.row.n_cells == 0)
            break;
        TRY(read_pair(r, &f, out->customers, &p, err));
    }
    TRY(refuse_empty(&f, err));
    TRY(group_pairs(&p, out, err));
    tell_unknown(r, &f, "block-by");

done:
    seg_free(p.customer);
    seg_free(p.item);
    file_close(&f);
    return st == SEG_E_IO ? SEG_E_DATA : st;
}

int32_t seg_offer_lists_customer(const seg_offer_lists *lists, const char *id, size_t n)
{
    int32_t customer = seg_dictionary_find(lists->customers, id, n);
    if (customer >= 0)
        __atomic_store_n(&lists->seen[customer], 1, __ATOMIC_RELAXED);
    return customer;
}

void seg_offer_lists_tell(const seg_offer_lists *lists, const seg_context *ctx)
{
    char a[32], b[32];
    size_t n = lists->customers == NULL ? 0 : seg_dictionary_size(lists->customers), n_seen = 0;
    for (size_t c = 0; c < n; c++)
        n_seen += lists->seen[c];
    if (n_seen < n)
        seg_note(ctx, SEG_LEVEL_WARN, "--block-by: %s of its %s customers are not in the data",
                 seg_group_digits(a, (int64_t)(n - n_seen)), seg_group_digits(b, (int64_t)n));
}

/* ---- all of them ----------------------------------------------------------------------- */

static seg_status reader_init(reader *r, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(seg_dictionary_new(&r->names, err));
    for (size_t i = 0; i < r->schema->n_features; i++) {
        int32_t code;
        const char *name = r->schema->features[i].name;
        TRY(seg_dictionary_add(r->names, name, strlen(name), &code, err));
        if ((size_t)code != i)
            TRY(seg_fail(err, SEG_E_DATA, "the model names an item twice"));
    }

done:
    return st;
}

seg_status seg_offer_lists_read(const seg_context *ctx, const seg_offer_options *options,
                                const seg_schema *items, seg_offer_lists *out, seg_error *err)
{
    seg_status st = SEG_OK;
    reader r = { .ctx = ctx, .schema = items };
    *out = (seg_offer_lists){ 0 };
    TRY(reader_init(&r, err));
    TRY(read_allowed(&r, options, out, err));
    if (options->prices != NULL)
        TRY(read_prices(&r, options->prices, out, err));
    if (options->block_by != NULL)
        TRY(read_block_by(&r, options->block_by, out, err));

done:
    seg_dictionary_free(r.names);
    if (st != SEG_OK)
        seg_offer_lists_clear(out);
    return st;
}

void seg_offer_lists_clear(seg_offer_lists *lists)
{
    seg_free(lists->barred);
    seg_free(lists->price);
    seg_dictionary_free(lists->customers);
    seg_free(lists->start);
    seg_free(lists->items);
    seg_free(lists->seen);
    *lists = (seg_offer_lists){ 0 };
}

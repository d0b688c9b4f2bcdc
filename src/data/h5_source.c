/* h5_source.c: a table in a file as a source of blocks. A matrix that lies in the file as
 * we need it is mapped (h5_window.c); everything else is read into buffers of one block. The first pass checks every value, later passes trust it. */
#include "data/h5_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/threads.h"
#include "base/try.h"
#include "data/simd.h"

typedef struct h5_source {
    seg_source source;
    seg_context ctx;
    seg_h5 *file;
    h5_table table;
    size_t block_rows;
    uint64_t next_row, checked_rows;
    bool noted;
    uint64_t n_repeated;        /* in this pass: items that stood in their basket before */
    h5_window window;           /* of X; of no bytes when it cannot be mapped */
    float *x;
    char *ids;
    void **columns;
    float *cells;               /* one feature of a block */
    int64_t *row_start;
    int32_t *items;
    size_t items_cap;
    float *values;              /* of sparse numbers */
    size_t values_cap;
    char *name;
} h5_source;

static const seg_schema *schema_of(const h5_source *s)
{
    return &s->table.schema->view;
}

/* ---- X ---------------------------------------------------------------------------------- */

/* As we need it: nothing to be converted. */
static bool can_map(const h5_array *x)
{
    return x->layout == H5D_CONTIGUOUS && x->cell.class == H5_CLASS_FLOAT && x->cell.size == 4 &&
           !x->cell.big_endian && x->members == NULL && x->address % sizeof(float) == 0;
}

static seg_status need_x(h5_source *s, seg_error *err)
{
    size_t cells;
    if (s->x != NULL)
        return SEG_OK;
    if (__builtin_mul_overflow(s->block_rows, schema_of(s)->n_features, &cells))
        cells = SIZE_MAX;
    return SEG_ALLOC(&s->x, cells, "a block of features", err);
}

static seg_status read_array(h5_source *s, uint64_t first, size_t n, const float **x,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    uint64_t row_bytes = s->table.x->n_cols * sizeof(float);
    const void *mapped = NULL;
    if (s->window.n_bytes > 0)
        TRY(h5_window_get(&s->window, first * row_bytes, n * row_bytes, s->name, &mapped, err));
    *x = mapped;
    if (mapped != NULL)
        goto done;
    TRY(need_x(s, err));
    TRY(h5_read_cells(s->file, s->table.x, &s->table.x->cell, SEG_H5_F32, 0, first, n, s->x,
                      err));
    *x = s->x;

done:
    return st;
}

/* One feature of some rows of the block into its place. */
static seg_status read_feature(h5_source *s, size_t f, uint64_t first, size_t n, float *x,
                               seg_error *err)
{
    const seg_schema *schema = schema_of(s);
    const seg_column *feature = &schema->features[f];
    size_t d = schema->n_features;
    seg_status st = h5_read_field(s->file, &s->table.features[f], feature, first, n, s->cells,
                                  err);
    const int32_t *codes = (const int32_t *)(const void *)s->cells;
    if (st == SEG_OK && feature->type != SEG_TYPE_CODE)
        for (size_t r = 0; r < n; r++)
            x[r * d + f] = s->cells[r];
    else if (st == SEG_OK)
        for (size_t r = 0; r < n; r++)
            x[r * d + f] = codes[r] < 0 ? NAN : (float)codes[r];
    return st;
}

/* The columns of a table lie in the same bytes: all of them are read from one portion of
 * rows, then from the next. Of n rows from `first` on, how many at once. */
static size_t rows_at_once(const h5_field *field, uint64_t first, size_t n)
{
    if (field->values == NULL || field->values->members == NULL)
        return n;
    uint64_t step = h5_portion_rows(field->values), left = step - first % step;
    return left < n ? (size_t)left : n;
}

static seg_status read_features(h5_source *s, uint64_t first, size_t n, const float **x,
                                seg_error *err)
{
    seg_status st = SEG_OK;
    size_t d = schema_of(s)->n_features;
    TRY(need_x(s, err));
    if (s->cells == NULL)
        TRY(SEG_ALLOC(&s->cells, s->block_rows, "a block of one feature", err));
    for (size_t done = 0, some; done < n; done += some) {
        some = rows_at_once(&s->table.features[0], first + done, n - done);
        for (size_t f = 0; f < d; f++)
            TRY(read_feature(s, f, first + done, some, s->x + done * d, err));
    }
    *x = s->x;

done:
    return st;
}

static bool is_bad_code(float v, size_t n_levels)
{
    return v == v && (!(v >= 0 && v < (float)n_levels) || v != floorf(v));
}

static size_t count_bad(const seg_schema *schema, const seg_simd *simd, const float *x, size_t n)
{
    size_t d = schema->n_features, n_bad = simd->count_infinite(x, n * d);
    for (size_t f = 0; f < d; f++)
        if (schema->features[f].type == SEG_TYPE_CODE)
            for (size_t r = 0; r < n; r++)
                n_bad += is_bad_code(x[r * d + f], schema->features[f].n_levels);
    return n_bad;
}

/* Row by row: the first that is wrong. */
static seg_status name_bad_value(const h5_source *s, uint64_t first, size_t n, const float *x,
                                 seg_error *err)
{
    const seg_schema *schema = schema_of(s);
    size_t d = schema->n_features;
    for (size_t i = 0; i < n * d; i++) {
        const seg_column *feature = &schema->features[i % d];
        unsigned long long row = first + i / d + 1;
        if (isinf(x[i]))
            return seg_fail(err, SEG_E_DATA, "%s: row %llu: '%s' is infinite", s->name, row,
                            feature->name);
        if (feature->type == SEG_TYPE_CODE && is_bad_code(x[i], feature->n_levels))
            return seg_fail(err, SEG_E_DATA, "%s: row %llu: '%s' has a code beyond its %zu"
                            " categories", s->name, row, feature->name, feature->n_levels);
    }
    return SEG_OK;
}

/* The first pass: every value finite or missing, every category one that has a name. One
 * thread reads as fast as memory gives. */
static seg_status check_x(const h5_source *s, uint64_t first, size_t n, const float *x,
                          seg_error *err)
{
    const seg_schema *schema = schema_of(s);
    const seg_simd *simd = seg_simd_get();
    for (size_t r = 0; r < n; r += SEG_CHUNK_ROWS) {
        size_t m = n - r < SEG_CHUNK_ROWS ? n - r : SEG_CHUNK_ROWS;
        const float *rows = x + r * schema->n_features;
        if (count_bad(schema, simd, rows, m) > 0)
            return name_bad_value(s, first + r, m, rows, err);
    }
    return SEG_OK;
}

/* ---- sparse ------------------------------------------------------------------------------ */

static seg_status damaged_row(const h5_source *s, uint64_t row, seg_error *err)
{
    return seg_fail(err, SEG_E_DATA, "%s: row %llu of the sparse matrix X is damaged", s->name,
                    (unsigned long long)(row + 1));
}

/* The items of the block, row_start from 0 on. *from: where they begin in the file. */
static seg_status read_items(h5_source *s, uint64_t first, size_t n, int64_t *from,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    h5_array *indptr = s->table.indptr, *indices = s->table.indices;
    int64_t n_all = (int64_t)indices->n_rows, n_features = (int64_t)schema_of(s)->n_features;
    TRY(h5_read_cells(s->file, indptr, &indptr->cell, SEG_H5_I64, 0, first, n + 1, s->row_start,
                      err));
    *from = s->row_start[0];
    for (size_t r = 0; r <= n; r++) {
        if (s->row_start[r] < (r == 0 ? 0 : s->row_start[r - 1] + *from) ||
            s->row_start[r] > n_all) {
            st = damaged_row(s, first + r, err);
            goto done;
        }
        s->row_start[r] -= *from;
    }
    size_t n_items = (size_t)s->row_start[n];
    TRY(SEG_GROW(&s->items, &s->items_cap, n_items, "the items of a block", err));
    TRY(h5_read_cells(s->file, indices, &indices->cell, SEG_H5_I32, 0, (uint64_t)*from, n_items,
                      s->items, err));
    for (size_t i = 0; i < n_items; i++)
        if (s->items[i] < 0 || s->items[i] >= n_features) {
            st = seg_fail(err, SEG_E_DATA, "%s: X has an item %d; there are %lld", s->name,
                          s->items[i], (long long)n_features);
            goto done;
        }

done:
    return st;
}

static int compare_items(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* Items ascending and distinct, as other programs need not write them. */
static void tidy_items(h5_source *s, size_t n)
{
    int64_t to = 0, start = 0;
    for (size_t r = 0; r < n; r++) {
        int64_t end = s->row_start[r + 1], i = start + 1;
        while (i < end && s->items[i] > s->items[i - 1])
            i++;
        if (i < end)
            qsort(s->items + start, (size_t)(end - start), sizeof *s->items, compare_items);
        int64_t begin = to;
        for (i = start; i < end; i++)
            if (to == begin || s->items[i] != s->items[to - 1])
                s->items[to++] = s->items[i];
        start = end;
        s->row_start[r + 1] = to;
    }
    s->n_repeated += (uint64_t)(start - to);
}

static seg_status read_sparse(h5_source *s, uint64_t first, size_t n, const float **x,
                              seg_error *err)
{
    seg_status st = SEG_OK;
    size_t d = schema_of(s)->n_features;
    int64_t from;
    TRY(read_items(s, first, n, &from, err));
    if (schema_of(s)->kind == SEG_KIND_BASKETS) {
        tidy_items(s, n);
        goto done;
    }
    size_t n_items = (size_t)s->row_start[n];
    TRY(need_x(s, err));
    TRY(SEG_GROW(&s->values, &s->values_cap, n_items, "the values of a block", err));
    TRY(h5_read_cells(s->file, s->table.data, &s->table.data->cell, SEG_H5_F32, 0,
                      (uint64_t)from, n_items, s->values, err));
    memset(s->x, 0, n * d * sizeof *s->x);
    for (size_t r = 0; r < n; r++)
        for (int64_t i = s->row_start[r]; i < s->row_start[r + 1]; i++)
            s->x[r * d + (size_t)s->items[i]] += s->values[i];
    *x = s->x;

done:
    return st;
}

/* ---- blocks ------------------------------------------------------------------------------- */

static seg_status read_matrix(h5_source *s, uint64_t first, size_t n, seg_block *block,
                              seg_error *err)
{
    seg_status st = SEG_OK;
    const float *x = NULL;
    size_t d = schema_of(s)->n_features;
    switch (s->table.matrix) {
    case H5_MATRIX_NONE:   break;
    case H5_MATRIX_ARRAY:  st = read_array(s, first, n, &x, err); break;
    case H5_MATRIX_FIELDS: st = d == 0 ? SEG_OK : read_features(s, first, n, &x, err); break;
    case H5_MATRIX_SPARSE: st = read_sparse(s, first, n, &x, err); break;
    }
    if (st != SEG_OK || x == NULL)
        return st;
    block->x = (seg_matrix){ .x = x, .n_rows = n, .n_cols = d, .stride = d };
    return first < s->checked_rows ? SEG_OK : check_x(s, first, n, x, err);
}

/* Rows first .. first + n - 1 of all columns, to row `at` of the block on. */
static seg_status read_columns(h5_source *s, uint64_t first, size_t n, size_t at,
                               seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *schema = schema_of(s);
    seg_column id = { .name = schema->id_name, .type = SEG_TYPE_TEXT,
                      .width = schema->id_width };
    if (s->ids != NULL)
        TRY(h5_read_field(s->file, &s->table.id, &id, first, n, s->ids + at * id.width, err));
    for (size_t c = 0; c < schema->n_columns; c++)
        TRY(h5_read_field(s->file, &s->table.columns[c], &schema->columns[c], first, n,
                          (char *)s->columns[c]
                              + at * seg_column_cell_bytes(&schema->columns[c]), err));

done:
    return st;
}

static seg_status read_all_columns(h5_source *s, uint64_t first, size_t n, seg_error *err)
{
    seg_status st = SEG_OK;
    const h5_field *one = schema_of(s)->n_columns > 0 ? &s->table.columns[0] : &s->table.id;
    for (size_t done = 0, some; done < n && st == SEG_OK; done += some) {
        some = rows_at_once(one, first + done, n - done);
        st = read_columns(s, first + done, some, done, err);
    }
    return st;
}

/* At the end of the first pass: a program that was stopped leaves such files too. */
static void note_oddities(h5_source *s)
{
    if (s->file->n_unwritten > 0 && !s->noted)
        seg_note(&s->ctx, SEG_LEVEL_WARN, "%s: %llu chunks were never written: they hold the fill"
                 " value", s->name, (unsigned long long)s->file->n_unwritten);
    if (s->n_repeated > 0 && !s->noted)
        seg_note(&s->ctx, SEG_LEVEL_INFO, "%s: %llu times an item stands in a basket again; it"
                 " counts once", s->name, (unsigned long long)s->n_repeated);
    s->noted = true;
}

static seg_status source_next(seg_source *self, seg_block *block, seg_error *err)
{
    h5_source *s = (h5_source *)self;
    seg_status st = SEG_OK;
    uint64_t first = s->next_row, left = self->n_rows - first;
    size_t n = left < s->block_rows ? (size_t)left : s->block_rows;
    *block = (seg_block){ .first_row = first };
    if (n == 0) {
        h5_window_pause(&s->window);
        note_oddities(s);
        return SEG_OK;
    }
    TRY(read_matrix(s, first, n, block, err));
    TRY(read_all_columns(s, first, n, err));
    block->n_rows = n;
    block->ids = s->ids;
    block->columns = (const void *const *)s->columns;
    if (schema_of(s)->kind == SEG_KIND_BASKETS) {
        block->row_start = s->row_start;
        block->items = s->items;
    }
    s->next_row += n;
    if (s->next_row > s->checked_rows)
        s->checked_rows = s->next_row;

done:
    if (st != SEG_OK)
        *block = (seg_block){ .first_row = first };
    return st;
}

static seg_status source_rewind(seg_source *self, seg_error *err)
{
    (void)err;
    h5_source *s = (h5_source *)self;
    s->next_row = 0;
    s->n_repeated = 0;
    return SEG_OK;
}

static void source_close(seg_source *self)
{
    h5_source *s = (h5_source *)self;
    h5_window_close(&s->window);
    if (s->columns != NULL)
        for (size_t c = 0; c < schema_of(s)->n_columns; c++)
            seg_free(s->columns[c]);
    seg_free(s->columns);
    seg_free(s->x);
    seg_free(s->ids);
    seg_free(s->cells);
    seg_free(s->row_start);
    seg_free(s->items);
    seg_free(s->values);
    seg_free(s->name);
    h5_table_free(&s->table);
    seg_h5_close(s->file);
    seg_free(s);
}

/* ---- opening ------------------------------------------------------------------------------- */

static seg_status make_room(h5_source *s, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *schema = schema_of(s);
    if (s->table.matrix == H5_MATRIX_SPARSE)
        TRY(SEG_ALLOC(&s->row_start, s->block_rows + 1, "a block of baskets", err));
    if (s->table.id.values != NULL)
        TRY(seg_alloc_array(&s->ids, s->block_rows, schema->id_width, "a block of ids", err));
    TRY(SEG_ALLOC(&s->columns, schema->n_columns, "a block of columns", err));
    for (size_t c = 0; c < schema->n_columns; c++)
        TRY(seg_alloc_array(&s->columns[c], s->block_rows,
                            seg_column_cell_bytes(&schema->columns[c]), "a column", err));

done:
    return st;
}

/* Baskets may be fuller than is usual: then fewer of them make a block. */
static size_t rows_per_block(const seg_context *ctx, const h5_source *s)
{
    enum { BLOCK_ITEMS = 4 << 20 };
    size_t rows = s->table.x != NULL && can_map(s->table.x)
                      ? seg_mapped_block_rows_for(ctx, schema_of(s))
                      : seg_block_rows_for(ctx, schema_of(s));
    if (s->table.matrix != H5_MATRIX_SPARSE || (ctx != NULL && ctx->block_rows != 0) ||
        s->table.n_rows == 0)
        return rows;
    uint64_t per_row = s->table.indices->n_rows / s->table.n_rows + 1;
    while (rows > SEG_CHUNK_ROWS && rows * per_row > BLOCK_ITEMS)
        rows = rows / 2 / SEG_CHUNK_ROWS * SEG_CHUNK_ROWS;
    return rows < SEG_CHUNK_ROWS ? SEG_CHUNK_ROWS : rows;
}

/* FILE.h5:/path names an object in the file, unless a file has that very name. */
static const char *split_path(char *name)
{
    char *colon = strstr(name, ":/");
    if (colon == NULL || access(name, F_OK) == 0)
        return NULL;
    for (char *next; (next = strstr(colon + 1, ":/")) != NULL;)
        colon = next;
    *colon = 0;
    for (colon++; *colon == '/';)
        colon++;
    return colon;
}

static seg_status open_source(const seg_context *ctx, h5_source *s, const char *path,
                              seg_error *err)
{
    seg_status st = SEG_OK;
    char *file_name = NULL;
    TRY(SEG_ALLOC(&s->name, strlen(path) + 1, "a name", err));
    memcpy(s->name, path, strlen(path));
    TRY(SEG_ALLOC(&file_name, strlen(path) + 1, "a name", err));
    memcpy(file_name, path, strlen(path));
    const char *object = split_path(file_name);
    TRY(seg_h5_open(file_name, &s->file, err));
    s->file->n_threads = seg_thread_count(ctx == NULL ? 0 : ctx->n_threads);
    if (object != NULL && h5_find(s->file, object) == H5_OBJECT_NONE) {
        st = seg_fail(err, SEG_E_DATA, "%s: there is no '%s' in the file", file_name, object);
        goto done;
    }
    TRY(h5_find_table(s->file, object, &s->table, err));
    s->block_rows = rows_per_block(ctx, s);
    if (s->block_rows > s->table.n_rows)   /* a small table needs small buffers */
        s->block_rows = (s->table.n_rows / SEG_CHUNK_ROWS + 1) * SEG_CHUNK_ROWS;
    const h5_array *x = s->table.x;
    if (x != NULL && can_map(x))
        h5_window_open(&s->window, s->file->fd, x->address,
                       x->n_rows * x->n_cols * sizeof(float));
    TRY(make_room(s, err));

done:
    seg_free(file_name);
    return st;
}

seg_status seg_h5_source(const seg_context *ctx, const char *path, seg_source **out,
                         seg_error *err)
{
    seg_status st = SEG_OK;
    h5_source *s = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&s, 1, "a source", err));
    s->ctx = ctx == NULL ? seg_context_defaults() : *ctx;
    TRY(open_source(ctx, s, path, err));
    s->source = (seg_source){ .schema = schema_of(s), .n_rows = s->table.n_rows,
                              .name = s->name, .next = source_next, .rewind = source_rewind,
                              .close = source_close };
    *out = &s->source;
    s = NULL;

done:
    if (s != NULL)
        source_close(&s->source);
    return st;
}

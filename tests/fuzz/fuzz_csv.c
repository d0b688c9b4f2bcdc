/* fuzz_csv.c: any bytes as a CSV with options, read to its end twice: the same status, the
 * same rows, one line when it fails, nothing left allocated. */
#include "tests/fuzz/fuzz.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "data/csv_import.h"

static void wrong(const char *what, const char *text)
{
    fprintf(stderr, "fuzz_csv: %s: %s\n", what, text);
    abort();
}

static const char *file_of(const uint8_t *data, size_t n)
{
    static int fd = -1;
    static char path[32];
    if (fd < 0) {
        fd = memfd_create("csv", MFD_CLOEXEC);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, n, 0) != (ssize_t)n)
        wrong("the file", "cannot be written");
    return path;
}

static void take_options(const uint8_t b[4], seg_import_options *o, seg_context *ctx)
{
    static const char *const delimiters[] = { NULL, NULL, NULL, ",", ";", "tab", "space", "x" };
    static const char *const missing[] = { NULL, NULL, "", "none,?,-" };
    static const char *const types[] = { NULL, NULL, NULL, NULL, "a:text", "a:number",
                                         "a:date,b:category", "column_1:text" };
    static const char *const dates[] = { NULL, NULL, "iso", "d/m/y" };
    static const char *const encodings[] = { NULL, NULL, NULL, "UTF-16" };
    static const uint64_t errors[] = { 0, 0, 1, 1000000 };
    seg_import_defaults(o);
    o->kind = b[0] & 3;
    o->no_header = (b[0] & 4) != 0;
    o->id = (b[0] & 8) != 0 ? "" : (b[0] & 16) != 0 ? "a" : NULL;
    o->id_text = (b[0] & 32) != 0;
    o->label = (b[0] & 192) == 192 ? "b" : NULL;
    o->delimiter = delimiters[b[1] & 7];
    o->decimal = (b[1] & 8) != 0 ? "," : NULL;
    o->missing = missing[b[1] >> 4 & 3];
    o->dates = dates[b[1] >> 6 & 3];
    o->types = types[b[2] & 7];
    o->max_errors = errors[b[2] >> 3 & 3];
    o->max_field_bytes = (b[2] & 32) != 0 ? 1024 : 1 << 20;
    o->lines = (b[2] & 192) == 192;
    o->encoding = encodings[b[3] & 3];
    seg_csv_chunk_bytes = (b[3] & 8) != 0 ? 1 + b[3] / 16u * 7 : 0;
    ctx->n_threads = 1 + (b[3] >> 2 & 1);
    ctx->block_rows = SEG_CHUNK_ROWS;
    ctx->memory_bytes = 256 << 20;
}

static uint64_t add(uint64_t hash, const void *bytes, size_t n)
{
    return (hash ^ seg_xxh3(bytes, n)) * 0x9e3779b97f4a7c15u;
}

static uint64_t add_block(uint64_t hash, const seg_schema *s, const seg_block *b)
{
    if (s->kind == SEG_KIND_BASKETS)
        return add(hash, b->items + b->row_start[0],
                   (size_t)(b->row_start[b->n_rows] - b->row_start[0]) * sizeof *b->items);
    for (size_t r = 0; r < b->n_rows && s->n_features > 0; r++)
        hash = add(hash, b->x.x + r * b->x.stride, s->n_features * sizeof(float));
    if (b->ids != NULL)
        hash = add(hash, b->ids, b->n_rows * s->id_width);
    static const size_t bytes[] = { [SEG_TYPE_F32] = 4, [SEG_TYPE_F64] = 8, [SEG_TYPE_I64] = 8,
                                    [SEG_TYPE_DAY] = 4, [SEG_TYPE_TIME] = 8, [SEG_TYPE_CODE] = 4 };
    for (size_t c = 0; c < s->n_columns; c++) {
        const seg_column *column = &s->columns[c];
        size_t cell = column->type == SEG_TYPE_TEXT ? column->width : bytes[column->type];
        hash = add(hash, b->columns[c], b->n_rows * cell);
        for (size_t r = 0; column->type == SEG_TYPE_CODE && r < b->n_rows; r++) {
            int32_t code = ((const int32_t *)b->columns[c])[r];
            if (code < SEG_MISSING_CODE || code >= (int64_t)column->n_levels)
                wrong("a code beyond its levels", column->name);
        }
    }
    return hash;
}

static seg_status read_all(seg_source *source, uint64_t *hash, seg_error *err)
{
    uint64_t n = 0;
    *hash = 0;
    for (;;) {
        seg_block block;
        seg_status st = source->next(source, &block, err);
        if (st != SEG_OK)
            return st;
        if (block.n_rows == 0)
            break;
        if (block.first_row != n || block.n_rows > source->n_rows - n)
            wrong("rows", "are not those that were told");
        *hash = add_block(*hash, source->schema, &block);
        n += block.n_rows;
    }
    if (n != source->n_rows)
        wrong("rows", "are fewer than were told");
    return SEG_OK;
}

static void check_failure(seg_status st, const seg_error *err)
{
    if (st != SEG_E_DATA && st != SEG_E_USAGE && st != SEG_E_AGAIN)
        wrong(seg_status_name(st), err->text);
    if (err->text[0] == 0)
        wrong(seg_status_name(st), "without a message");
    for (const unsigned char *s = (const unsigned char *)err->text; *s != 0; s++)
        if (*s < 32 || *s == 127)
            wrong("a control character in the message", err->text);
}

int fuzz_csv(const uint8_t *data, size_t n)
{
    seg_import_options options;
    seg_context ctx = seg_context_defaults();
    seg_error err = { .text = "" };
    seg_source *source = NULL;
    uint64_t first, second;
    if (n < 4)
        return 0;
    const char *path = file_of(data + 4, n - 4);
    take_options(data, &options, &ctx);
    seg_status st = seg_csv_source(&ctx, &path, 1, &options, NULL, &source, &err);
    if (st == SEG_OK)
        st = read_all(source, &first, &err);
    if (st == SEG_OK)
        st = source->rewind(source, &err);
    if (st == SEG_OK)
        st = read_all(source, &second, &err);
    if (st == SEG_OK && first != second)
        wrong("the second reading", "gives other rows");
    if (st != SEG_OK)
        check_failure(st, &err);
    seg_source_close(source);
    if (seg_alloc_live != 0)
        wrong("memory", "is not given back");
    return 0;
}

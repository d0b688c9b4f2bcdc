/* make-h5.c: large files of ours, for runs with less memory than data:
 *
 *   make-h5 features|transactions BYTES FILE
 *
 * features: 64 columns around eight centres; the first three are the recency, frequency and
 * money of a customer. transactions: a log in the order of time, 40 lines an order, about five
 * orders a customer. Equal sizes give equal bytes. */
#include "base/number.h"
#include "base/rng.h"
#include "base/try.h"
#include "data/h5.h"
#include "data/schema.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    N_FEATURES = 64, N_CENTRES = 8, ID_BYTES = 16,
    LINES_OF_ORDER = 40, LINES_OF_CUSTOMER = 200, DAYS = 730, FIRST_DAY = 19358, /* 2023-01-01 */
    BLOCK_ROWS = 64 * SEG_CHUNK_ROWS
};

/* Fills row `row` of the table into place r of the batch. */
typedef void fill_row(seg_batch *batch, size_t r, uint64_t row);

static uint64_t draw(uint64_t stream, uint64_t i)
{
    return seg_rng_u64((seg_rng){ .seed = 1, .stream = stream }, i);
}

/* ---- features --------------------------------------------------------------------- */

static seg_status features_schema(seg_schema_owner *schema, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(seg_schema_set_id(schema, "customer", ID_BYTES, err));
    for (int f = 0; f < N_FEATURES; f++) {
        static const char *const named[] = { "recency_days", "frequency", "monetary" };
        char number[16];
        snprintf(number, sizeof number, "f%02d", f);
        seg_column column = { .name = f < 3 ? named[f] : number, .type = SEG_TYPE_F32 };
        TRY(seg_schema_add_feature(schema, &column, err));
    }

done:
    return st;
}

static void fill_customer(seg_batch *batch, size_t r, uint64_t row)
{
    uint64_t centre = draw(1, row) % N_CENTRES;
    float *x = batch->x + r * N_FEATURES;
    for (uint64_t f = 0; f < N_FEATURES; f += 2) {
        uint64_t u = draw(2, row * N_FEATURES + f), c = draw(3, centre * N_FEATURES + f);
        x[f] = (float)(u & 0xffff) / 256 + (float)(c & 0xff);
        x[f + 1] = (float)(u >> 16 & 0xffff) / 256 + (float)(c >> 8 & 0xff);
    }
    x[0] = (float)(draw(4, row) % DAYS);
    x[1] = (float)(1 + draw(5, row) % 50);
    x[2] = (float)(draw(6, row) % 1000000) / 100;
    snprintf(batch->ids + r * ID_BYTES, ID_BYTES, "K%010" PRIu64, row);
}

/* ---- transactions ------------------------------------------------------------------ */

enum { CUSTOMER, ORDER, DAY, TIME, QUANTITY, PRICE, AMOUNT };   /* columns */

/* A column of n codes, named by a letter and a number. */
static seg_status add_codes(seg_schema_owner *schema, const char *name, char letter, uint64_t n,
                            seg_error *err)
{
    seg_status st = SEG_OK;
    seg_column column = { .name = name, .type = SEG_TYPE_CODE, .n_levels = n };
    const char **names = seg_arena_get(&schema->arena, n * sizeof *names);
    char *text = seg_arena_get(&schema->arena, n * ID_BYTES);
    if (names == NULL || text == NULL)
        return seg_arena_failed(err);
    for (uint64_t i = 0; i < n; i++) {
        snprintf(text + i * ID_BYTES, ID_BYTES, "%c%08" PRIu32, letter, (uint32_t)i);
        names[i] = text + i * ID_BYTES;
    }
    column.levels = names;
    TRY(seg_schema_add_column(schema, &column, err));

done:
    return st;
}

static seg_status transactions_schema(seg_schema_owner *schema, uint64_t rows, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_column columns[] = {
        [DAY] = { .name = "day", .type = SEG_TYPE_DAY },
        [TIME] = { .name = "ts", .type = SEG_TYPE_TIME },
        [QUANTITY] = { .name = "quantity", .type = SEG_TYPE_I64, .scale = 1 },
        [PRICE] = { .name = "price", .type = SEG_TYPE_I64, .scale = 100, .unit = "money" },
        [AMOUNT] = { .name = "amount", .type = SEG_TYPE_I64, .scale = 100, .unit = "money" },
    };
    TRY(add_codes(schema, "customer", 'K', rows / LINES_OF_CUSTOMER + 1, err));
    TRY(add_codes(schema, "order", 'A', rows / LINES_OF_ORDER + 1, err));
    for (size_t c = DAY; c <= AMOUNT; c++)
        TRY(seg_schema_add_column(schema, &columns[c], err));

done:
    return st;
}

static void fill_line(seg_batch *batch, size_t r, uint64_t row)
{
    const seg_schema *schema = batch->schema;
    uint64_t u = draw(7, row), order = row / LINES_OF_ORDER;
    uint64_t n_orders = schema->columns[ORDER].n_levels;
    int32_t day = FIRST_DAY + (int32_t)(order * DAYS / n_orders);
    int64_t quantity = (u >> 10 & 31) == 0 ? -1 : 1 + (int64_t)(u >> 15 & 7);
    int64_t price = 99 + (int64_t)(u >> 18 & 0xfff);
    uint64_t customer = draw(8, order) % schema->columns[CUSTOMER].n_levels;
    ((int32_t *)batch->columns[CUSTOMER])[r] = (int32_t)customer;
    ((int32_t *)batch->columns[ORDER])[r] = (int32_t)order;
    ((int32_t *)batch->columns[DAY])[r] = day;
    ((int64_t *)batch->columns[TIME])[r] = (int64_t)day * 86400 + (int64_t)(u >> 40) % 86400;
    ((int64_t *)batch->columns[QUANTITY])[r] = quantity;
    ((int64_t *)batch->columns[PRICE])[r] = price;
    ((int64_t *)batch->columns[AMOUNT])[r] = price * quantity;
}

/* ---- the file ---------------------------------------------------------------------- */

static seg_status write_table(const char *path, const seg_schema *schema, uint64_t rows,
                              fill_row *fill, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_context ctx = seg_context_defaults();
    seg_batch *batch = NULL;
    seg_sink *sink = NULL;
    TRY(seg_batch_new(schema, BLOCK_ROWS, &batch, err));
    TRY(seg_h5_sink(&ctx, path, schema, rows, 0, NULL, &sink, err));
    for (uint64_t row = 0; row < rows; row += BLOCK_ROWS) {
        size_t n = rows - row < BLOCK_ROWS ? rows - row : BLOCK_ROWS;
        for (size_t r = 0; r < n; r++)
            fill(batch, r, row + r);
        TRY(sink->write(sink, seg_batch_view(batch, row, n), err));
    }
    TRY(sink->commit(sink, err));

done:
    seg_sink_close(sink);
    seg_batch_free(batch);
    return st;
}

static seg_status make_table(bool log, uint64_t bytes, const char *path, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_schema_owner *schema = NULL;
    uint64_t line_bytes = 5 * sizeof(int64_t) + 3 * sizeof(int32_t);
    uint64_t rows = bytes / (log ? line_bytes : N_FEATURES * sizeof(float) + ID_BYTES) + 1;
    TRY(seg_schema_new(log ? SEG_KIND_TRANSACTIONS : SEG_KIND_FEATURES, &schema, err));
    TRY(log ? transactions_schema(schema, rows, err) : features_schema(schema, err));
    TRY(write_table(path, &schema->view, rows, log ? fill_line : fill_customer, err));
    printf("%" PRIu64 "\n", rows);

done:
    seg_schema_free(schema);
    return st;
}

int main(int argc, char **argv)
{
    seg_error err = { 0 };
    uint64_t bytes = 0;
    bool log = argc == 4 && strcmp(argv[1], "transactions") == 0;
    if (argc != 4 || (!log && strcmp(argv[1], "features") != 0) ||
        !seg_parse_u64(argv[2], strlen(argv[2]), &bytes)) {
        fputs("usage: make-h5 features|transactions BYTES FILE\n", stderr);
        return SEG_E_USAGE;
    }
    seg_status st = make_table(log, bytes, argv[3], &err);
    if (st != SEG_OK)
        fprintf(stderr, "make-h5: %s\n", err.text);
    return (int)st;
}

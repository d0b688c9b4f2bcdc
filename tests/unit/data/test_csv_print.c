/* The lines a team prints are those of a plain loop over the cells, whatever the threads
 * and blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/date.h"
#include "base/number.h"
#include "base/rng.h"
#include "base/text.h"
#include "data/csv.h"
#include "data/csv_print.h"
#include "data/csv_rows.h"
#include "data/schema.h"
#include "tests/support/files.h"

enum { FEATURES = 3, COLUMNS = 8, MANY = 70000 };
static const char *many_levels[MANY];
static char many_names[MANY][8];
static const char *const levels[] = { "a", "", " lead", "trail ", "comma,", "quo\"te", "new\nline",
                                      "cr\rx", "a name that is longer than sixteen bytes",
                                      "plain name of 16" };
enum { LEVELS = sizeof levels / sizeof *levels };
static seg_error err;

static const seg_column features[FEATURES] = {
    { .name = "x", .type = SEG_TYPE_F32 }, { .name = "with, comma", .type = SEG_TYPE_F32 },
    { .name = "plan", .type = SEG_TYPE_CODE, .levels = levels, .n_levels = LEVELS } };

static const seg_column columns[COLUMNS] = {
    { .name = "f32", .type = SEG_TYPE_F32 },
    { .name = "f64", .type = SEG_TYPE_F64 },
    { .name = "whole", .type = SEG_TYPE_I64, .scale = 1 },
    { .name = "money", .type = SEG_TYPE_I64, .scale = 1000 },
    { .name = "day", .type = SEG_TYPE_DAY },
    { .name = "time", .type = SEG_TYPE_TIME },
    { .name = "text", .type = SEG_TYPE_TEXT, .width = 13 },
    { .name = "many", .type = SEG_TYPE_CODE, .levels = many_levels, .n_levels = MANY } };

/* Bytes that need quotes are frequent; now and then a cell is full or empty. */
static void random_text(char *cell, size_t width, seg_rng rng, uint64_t from)
{
    static const char some[] = "ab,\"\n\r -.z09\xc3\xa9~";
    size_t n = seg_rng_u64(rng, from) % (width + 1);
    memset(cell, 0, width);
    for (size_t i = 0; i < n; i++)
        cell[i] = some[seg_rng_u64(rng, from + 1 + i) % (rng.stream % 2 ? 2 : sizeof some - 1)];
}

static void fill(seg_batch *b, size_t n)
{
    for (uint64_t r = 0; r < n; r++) {
        seg_rng rng = { 9, r };
        uint64_t bits[8];
        for (uint64_t i = 0; i < 8; i++)
            bits[i] = seg_rng_u64(rng, i) >> (seg_rng_u64(rng, 8 + i) % 64);
        bool missing = r % 7 == 3;
        random_text(b->ids + r * 16, 16, rng, 100);
        b->x[3 * r] = missing ? NAN : (float)(int64_t)bits[0] / 100;
        b->x[3 * r + 1] = r % 11 == 0 ? INFINITY : (float)bits[1];
        b->x[3 * r + 2] = missing ? NAN : (float)(bits[2] % (LEVELS + 2)) - 1;
        ((float *)b->columns[0])[r] = missing ? NAN : (float)bits[3] / 3;
        ((double *)b->columns[1])[r] = missing ? (double)NAN : (double)bits[4] / 100;
        ((int64_t *)b->columns[2])[r] = missing ? SEG_MISSING_I64 : (int64_t)bits[5];
        ((int64_t *)b->columns[3])[r] = missing ? SEG_MISSING_I64 : -(int64_t)(bits[6] / 4);
        ((int32_t *)b->columns[4])[r] = missing ? SEG_MISSING_DAY : (int32_t)bits[7] % 4000000;
        ((int64_t *)b->columns[5])[r] = missing ? SEG_MISSING_I64
                                        : (int64_t)bits[0] % 400000000000;
        random_text((char *)b->columns[6] + r * 13, 13, rng, 200);
        ((int32_t *)b->columns[7])[r] = (int32_t)(bits[1] % (MANY + 1)) - 1;
    }
}

/* ---- a plain printer -------------------------------------------------------------------- */

static void add_real(seg_text *t, double x, bool single)
{
    char out[SEG_NUMBER_BYTES];
    if (isfinite(x))
        seg_text_add_n(t, out, single ? seg_print_f32(out, (float)x) : seg_print_f64(out, x));
}

static void add_level(seg_text *t, const seg_column *c, int64_t code)
{
    if (code >= 0 && code < (int64_t)c->n_levels)
        seg_csv_add_field(t, c->levels[code], strlen(c->levels[code]));
}

static void add_cell(seg_text *t, const seg_column *c, const void *cells, size_t r)
{
    char out[SEG_NUMBER_BYTES];
    int64_t whole = c->type == SEG_TYPE_I64 || c->type == SEG_TYPE_TIME
                    ? ((const int64_t *)cells)[r] : 0;
    int32_t day = c->type == SEG_TYPE_DAY ? ((const int32_t *)cells)[r] : 0;
    const char *text = (const char *)cells + r * c->width;
    switch (c->type) {
    case SEG_TYPE_F32: add_real(t, (double)((const float *)cells)[r], true); break;
    case SEG_TYPE_F64: add_real(t, ((const double *)cells)[r], false); break;
    case SEG_TYPE_I64:
        if (whole != SEG_MISSING_I64)
            seg_text_add_n(t, out, seg_print_fixed(out, whole, c->scale));
        break;
    case SEG_TYPE_DAY:
        if (day != SEG_MISSING_DAY)
            seg_text_add_n(t, out, seg_print_day(out, day));
        break;
    case SEG_TYPE_TIME:
        if (whole != SEG_MISSING_I64)
            seg_text_add_n(t, out, seg_print_time(out, whole));
        break;
    case SEG_TYPE_CODE: add_level(t, c, ((const int32_t *)cells)[r]); break;
    case SEG_TYPE_TEXT: seg_csv_add_field(t, text, strnlen(text, c->width)); break;
    }
}

static void print_plainly(seg_text *t, const seg_schema *schema, const seg_block *b)
{
    seg_text_add(t, "id,x,\"with, comma\",plan,f32,f64,whole,money,day,time,text,many\n");
    for (size_t r = 0; r < b->n_rows; r++) {
        const float *x = b->x.x + r * b->x.stride;
        seg_csv_add_field(t, b->ids + 16 * r, strnlen(b->ids + 16 * r, 16));
        seg_text_add_char(t, ',');
        add_real(t, (double)x[0], true);
        seg_text_add_char(t, ',');
        add_real(t, (double)x[1], true);
        seg_text_add_char(t, ',');
        add_level(t, &schema->features[2], isnan(x[2]) ? -1 : (int64_t)x[2]);
        for (size_t c = 0; c < COLUMNS; c++) {
            seg_text_add_char(t, ',');
            add_cell(t, &schema->columns[c], b->columns[c], r);
        }
        seg_text_add_char(t, '\n');
    }
}

/* ---- tests --------------------------------------------------------------------------------- */

static void make(size_t n, seg_schema_owner **schema, seg_batch **batch)
{
    for (size_t i = 0; i < MANY; i++) {
        seg_print_i64(many_names[i], (int64_t)i);
        many_levels[i] = many_names[i];
    }
    assert_int_equal(seg_schema_new(SEG_KIND_FEATURES, schema, &err), SEG_OK);
    assert_int_equal(seg_schema_set_id(*schema, "id", 16, &err), SEG_OK);
    for (size_t f = 0; f < FEATURES; f++)
        assert_int_equal(seg_schema_add_feature(*schema, &features[f], &err), SEG_OK);
    for (size_t c = 0; c < COLUMNS; c++)
        assert_int_equal(seg_schema_add_column(*schema, &columns[c], &err), SEG_OK);
    assert_int_equal(seg_batch_new(&(*schema)->view, n, batch, &err), SEG_OK);
    fill(*batch, n);
}

static void write_rows(const seg_schema *schema, seg_batch *b, size_t n, size_t block_rows,
                       uint32_t n_threads)
{
    seg_context ctx = seg_context_defaults();
    seg_sink *sink;
    ctx.n_threads = n_threads;
    assert_int_equal(seg_csv_sink(&ctx, "out.csv", schema, &sink, &err), SEG_OK);
    for (size_t r = 0; r < n; r += block_rows) {
        const void *at[COLUMNS];
        size_t some = n - r < block_rows ? n - r : block_rows;
        for (size_t c = 0; c < COLUMNS; c++)
            at[c] = (char *)b->columns[c] + r * seg_column_cell_bytes(&schema->columns[c]);
        seg_block block = { .first_row = r, .n_rows = some,
                            .x = { b->x + r * 3, some, 3, 3 }, .ids = b->ids + r * 16,
                            .columns = at };
        assert_int_equal(sink->write(sink, &block, &err), SEG_OK);
    }
    assert_int_equal(sink->commit(sink, &err), SEG_OK);
    seg_sink_close(sink);
}

static void same_lines_for_any_threads_and_blocks(void **state)
{
    (void)state;
    enum { N = 30000 };
    seg_schema_owner *schema;
    seg_batch *batch;
    seg_text plain = { 0 };
    make(N, &schema, &batch);
    print_plainly(&plain, &schema->view, seg_batch_view(batch, 0, N));
    static const size_t blocks[] = { 1024, 7 * 1024, N };
    for (uint32_t threads = 1; threads <= 4; threads++)
        for (size_t i = 0; i < 3; i++) {
            size_t n;
            write_rows(&schema->view, batch, N, blocks[i], threads);
            char *bytes = read_bytes("out.csv", &n);
            assert_int_equal(n, plain.n);
            assert_memory_equal(bytes, plain.bytes, n);
            free(bytes);
        }
    seg_text_free(&plain);
    seg_batch_free(batch);
    seg_schema_free(schema);
    assert_int_equal(seg_alloc_live, 0);
}

static void every_day_prints_as_the_calendar_says(void **state)
{
    (void)state;
    enum { FROM = -400000, N = 3400000 };
    static int32_t days[N];
    const seg_column column = { .name = "day", .type = SEG_TYPE_DAY };
    const seg_schema schema = { .kind = SEG_KIND_SCORES, .columns = &column, .n_columns = 1 };
    const void *at[] = { days };
    const seg_block block = { .n_rows = N, .columns = at };
    seg_csv_printer *printer;
    seg_text text = { 0 };
    char out[SEG_DATE_BYTES];
    for (size_t i = 0; i < N; i++)
        days[i] = FROM + (int32_t)i;
    assert_int_equal(seg_csv_printer_new(&schema, &printer, &err), SEG_OK);
    seg_csv_print_rows(printer, &block, 0, N, &text);
    const char *s = text.bytes;
    for (size_t i = 0; i < N; i++) {
        size_t n = seg_print_day(out, days[i]);
        if (memcmp(s, out, n) != 0 || s[n] != '\n')
            fail_msg("'%.12s' should be '%s'", s, out);
        s += n + 1;
    }
    seg_csv_printer_free(printer);
    seg_text_free(&text);
}

static void a_full_disk_or_memory_is_an_error_at_the_latest_in_commit(void **state)
{
    (void)state;
    enum { N = 3000 };
    seg_schema_owner *schema;
    seg_batch *batch;
    seg_context ctx = seg_context_defaults();
    ctx.n_threads = 2;
    make(N, &schema, &batch);
    long live = seg_alloc_live;
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_sink *sink = NULL;
        seg_alloc_fail_after = n;
        st = seg_csv_sink(&ctx, "out.csv", &schema->view, &sink, &err);
        if (st == SEG_OK)
            st = sink->write(sink, seg_batch_view(batch, 0, N), &err);
        if (st == SEG_OK)
            st = sink->commit(sink, &err);
        seg_alloc_fail_after = -1;
        seg_sink_close(sink);
        assert_int_equal(seg_alloc_live, live);
    }
    assert_int_equal(st, SEG_OK);
    seg_batch_free(batch);
    seg_schema_free(schema);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_lines_for_any_threads_and_blocks),
        cmocka_unit_test(every_day_prints_as_the_calendar_says),
        cmocka_unit_test(a_full_disk_or_memory_is_an_error_at_the_latest_in_commit),
    };
    return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}

/* make-csv.c: the mixed CSV file that imports are timed on:
 *
 *   make-csv BYTES FILE
 *
 * Rows until the file has that many bytes; equal sizes give equal bytes. Twelve columns, about
 * 110 bytes a row: numbers of every kind, two kinds of dates, texts short and quoted, cells
 * that are empty, a few line feeds within quotes. */
#include "base/date.h"
#include "base/file.h"
#include "base/number.h"
#include "base/rng.h"
#include "base/text.h"
#include "base/try.h"
#include "segmill/status.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { FLUSH_BYTES = 1 << 20, FIRST_DAY = 17897 /* 2019-01-01 */, DAYS = 2192 };

static const char header[] = "id,order_id,joined,ordered_at,amount,discount,quantity,category,"
                             "channel,country,score,note\n";
static const char *const categories[] = {
    "\"Coffee, whole beans\"", "\"Coffee, ground\"",       "\"Coffee, \"\"decaf\"\"\"",
    "\"Tea, green\"",          "\"Tea, black\"",           "\"Tea, \"\"Rooibos\"\"\"",
    "\"Mugs and cups\"",       "\"Mugs, 12\"\" tall\"",    "\"Filters, paper\"",
    "\"Filters, steel\"",      "\"Grinders, hand\"",       "\"Grinders, electric\"",
    "\"Machines\"",            "\"Syrup, vanilla\"",       "\"Syrup, hazelnut\"",
    "\"Chocolate, dark\"",     "\"Chocolate, milk 38 %\"", "\"Books, \"\"Barista\"\"\"",
    "\"Vouchers\"",            "\"Gift boxes, large\"",
};
static const char *const channels[] = { "web", "web", "app", "app", "store", "phone" };
static const char *const countries[] = { "DE", "DE", "DE", "FR", "AT", "NL", "IT", "PL", "ES" };

/* Random numbers of one row: each has one use. */
typedef enum purpose { WHEN = 1, MONEY, KINDS, SCORE, NOTE } purpose;

static uint64_t draw(purpose what, uint64_t row)
{
    return seg_rng_u64((seg_rng){ .seed = 1, .stream = what }, row);
}

static void add_padded(seg_text *out, uint64_t value, int digits)
{
    char text[SEG_NUMBER_BYTES];
    for (int i = digits; i-- > 0; value /= 10)
        text[i] = (char)('0' + value % 10);
    seg_text_add_n(out, text, (size_t)digits);
}

static void add_fixed(seg_text *out, int64_t value, uint32_t scale)
{
    char text[SEG_NUMBER_BYTES];
    seg_text_add_n(out, text, seg_print_fixed(text, value, scale));
    seg_text_add_char(out, ',');
}

static void add_dates(seg_text *out, uint64_t row)
{
    uint64_t u = draw(WHEN, row), second = (u >> 32) % 86400;
    int32_t joined = FIRST_DAY + (int32_t)(u % DAYS);
    int32_t ordered = joined + (int32_t)((u >> 16) % 400);
    char text[SEG_DATE_BYTES];
    seg_text_add_n(out, text, seg_print_day(text, joined));
    seg_text_add_char(out, ',');
    seg_text_add_n(out, text, seg_print_day(text, ordered));
    seg_text_add_char(out, ' ');
    add_padded(out, second / 3600, 2);
    seg_text_add_char(out, ':');
    add_padded(out, second / 60 % 60, 2);
    seg_text_add_char(out, ':');
    add_padded(out, second % 60, 2);
    seg_text_add_char(out, ',');
}

static void add_numbers(seg_text *out, uint64_t row)
{
    uint64_t u = draw(MONEY, row);
    add_fixed(out, (int64_t)(99 + (u & 0xff) * (u >> 8 & 0x3f)), 100);
    if ((u >> 16 & 7) < 5)
        add_fixed(out, (int64_t)(u >> 20) % 6000, 10000);
    else
        seg_text_add_char(out, ',');
    seg_text_add_i64(out, (int64_t)(1 + (u >> 40) % 12));
    seg_text_add_char(out, ',');
}

#define PICK(list, u) (list)[(u) % (sizeof(list) / sizeof *(list))]

static void add_kinds(seg_text *out, uint64_t row)
{
    uint64_t u = draw(KINDS, row);
    seg_text_add(out, PICK(categories, u & 0xffff));
    seg_text_add_char(out, ',');
    seg_text_add(out, PICK(channels, u >> 16 & 0xffff));
    seg_text_add_char(out, ',');
    seg_text_add(out, PICK(countries, u >> 32 & 0xffff));
    seg_text_add_char(out, ',');
}

/* Six digits, or all 17. */
static void add_score(seg_text *out, uint64_t row)
{
    uint64_t u = draw(SCORE, row);
    if (u % 2 == 0)
        add_fixed(out, (int64_t)(u >> 1) % 1000000, 1000000);
    else {
        seg_text_add_f64(out, (double)(u >> 11) * 0x1p-53);
        seg_text_add_char(out, ',');
    }
}

/* Three of four say nothing; one of 64 goes over two lines. */
static void add_note(seg_text *out, uint64_t row)
{
    uint64_t u = draw(NOTE, row);
    if (u % 64 == 0) {
        seg_text_add(out, "\"ring twice\nfloor ");
        seg_text_add_i64(out, (int64_t)(u >> 8) % 40);
        seg_text_add_char(out, '"');
    } else if (u % 4 == 1) {
        seg_text_add(out, "gift wrap ");
        seg_text_add_i64(out, (int64_t)(u >> 8) % 300);
    }
}

static void add_row(seg_text *out, uint64_t row)
{
    seg_text_add_i64(out, (int64_t)(10000000 + row));
    seg_text_add(out, ",A-");
    add_padded(out, row * 2654435761 % 100000000, 8);
    seg_text_add_char(out, ',');
    add_dates(out, row);
    add_numbers(out, row);
    add_kinds(out, row);
    add_score(out, row);
    add_note(out, row);
    seg_text_add_char(out, '\n');
}

static seg_status write_rows(seg_file *file, uint64_t bytes, uint64_t *rows, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_text text = { 0 };
    uint64_t written = 0;
    seg_text_add(&text, header);
    for (*rows = 0; written < bytes; ++*rows) {
        add_row(&text, *rows);
        if (text.n < FLUSH_BYTES && written + text.n < bytes)
            continue;
        TRY(seg_text_status(&text, err));
        TRY(seg_file_write(file, text.bytes, text.n, err));
        written += text.n;
        seg_text_clear(&text);
    }

done:
    seg_text_free(&text);
    return st;
}

int main(int argc, char **argv)
{
    seg_error err = { 0 };
    seg_status st = SEG_OK;
    seg_file *file = NULL;
    uint64_t bytes = 0, rows = 0;
    if (argc != 3 || !seg_parse_u64(argv[1], strlen(argv[1]), &bytes)) {
        fputs("usage: make-csv BYTES FILE\n", stderr);
        return SEG_E_USAGE;
    }
    TRY(seg_file_create(argv[2], &file, &err));
    TRY(write_rows(file, bytes, &rows, &err));
    TRY(seg_file_commit(file, &err));
    printf("%" PRIu64 "\n", rows);

done:
    seg_file_close(file);
    if (st != SEG_OK)
        fprintf(stderr, "make-csv: %s\n", err.text);
    return (int)st;
}

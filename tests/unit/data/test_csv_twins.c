/* Ids that stand twice: the first pair is named with its lines, however the ids lie, however
 * little memory there is and wherever the text is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "data/csv_import.h"
#include "tests/support/files.h"

enum { N = 60000 };

/* Two columns: the id, and a text that may hold line feeds. */
typedef struct table {
    unsigned ids[N];
    size_t n;
    bool feeds;        /* rows of two lines in between */
    size_t missing;    /* a row without an id, from 1; 0: none */
} table;

static table t;
static char *text;

static uint64_t lines_of(size_t row)   /* where the row starts; the header is line 1 */
{
    uint64_t line = 2;
    for (size_t r = 0; r < row; r++)
        line += t.feeds && r % 7 == 3 ? 2 : 1;
    return line;
}

static void write_table(const char *path)
{
    size_t n = (size_t)sprintf(text, "id,x\n");
    for (size_t r = 0; r < t.n; r++) {
        const char *x = t.feeds && r % 7 == 3 ? "\"a\nb\"" : r % 2 == 0 ? "\"c,d\"" : "e";
        if (t.missing == r + 1)
            n += (size_t)sprintf(text + n, "NA,%s\n", x);
        else
            n += (size_t)sprintf(text + n, "k%u,%s\n", t.ids[r], x);
    }
    write_text(path, text);
}

/* By a plain table of what was seen. */
static bool plain_twins(size_t *first, size_t *again)
{
    static size_t seen[4 * N];
    memset(seen, 0, sizeof seen);
    for (size_t r = 0; r < t.n; r++) {
        if (t.missing == r + 1)
            continue;
        if (seen[t.ids[r]] != 0) {
            *first = seen[t.ids[r]] - 1;
            *again = r;
            return true;
        }
        seen[t.ids[r]] = r + 1;
    }
    return false;
}

static void check_once(size_t chunk, uint32_t threads, uint64_t limit, const char *expected)
{
    const char *path = "twins.csv";
    seg_import_options options;
    seg_context ctx = seg_context_defaults();
    seg_source *source = NULL;
    seg_error err = { .text = "" };
    seg_import_defaults(&options);
    options.id = "id";
    ctx.n_threads = threads;
    seg_csv_chunk_bytes = chunk;
    seg_alloc_set_limit(limit);
    seg_status st = seg_csv_source(&ctx, &path, 1, &options, NULL, &source, &err);
    seg_source_close(source);
    seg_alloc_set_limit(0);
    seg_csv_chunk_bytes = 0;
    assert_string_equal(err.text, expected);
    assert_int_equal(st, expected[0] == 0 ? SEG_OK : SEG_E_DATA);
    assert_int_equal(seg_alloc_live, 0);
}

static void check(void)
{
    char expected[256] = "";
    size_t first, again;
    write_table("twins.csv");
    if (plain_twins(&first, &again))
        snprintf(expected, sizeof expected, "twins.csv: line %llu: column 'id': the id stands in"
                 " line %llu already", (unsigned long long)lines_of(again),
                 (unsigned long long)lines_of(first));
    else if (t.missing > 0)
        snprintf(expected, sizeof expected, "twins.csv: line %llu: column 'id': the id is"
                 " missing", (unsigned long long)lines_of(t.missing - 1));
    static const size_t chunks[] = { 0, 37, 1000, 40000 };
    for (size_t i = 0; i < 4; i++) {
        if (chunks[i] == 37 && t.n > 3000)
            continue;
        check_once(chunks[i], 1 + (uint32_t)i % 2, 0, expected);
        if (chunks[i] <= 1000)   /* the ids are compared in several passes */
            check_once(chunks[i], 2, 6 << 20, expected);
    }
}

static int open_all(void **state)
{
    text = malloc((size_t)N * 24 + 64);
    return text == NULL ? -1 : enter_memory(state);
}

static int close_all(void **state)
{
    free(text);
    return leave_directory(state);
}

static void start(size_t n, bool feeds)
{
    t = (table){ .n = n, .feeds = feeds };
    for (size_t r = 0; r < n; r++)
        t.ids[r] = 1000 + (unsigned)r;
}

/* Each number once, in no order: a multiplication is a permutation. */
static void shuffle(void)
{
    for (size_t r = 0; r < t.n; r++)
        t.ids[r] = (unsigned)((r * 48271u + 11) % 65537u);
}

static void ids_that_ascend_are_distinct(void **state)
{
    (void)state;
    start(2500, false);
    check();
    start(N, true);
    check();
}

static void ids_in_no_order_are_distinct(void **state)
{
    (void)state;
    start(2500, true);
    shuffle();
    check();
    start(N, false);
    shuffle();
    check();
}

static void the_first_pair_is_named(void **state)
{
    (void)state;
    static const struct { size_t n, a, b; bool shuffled, feeds; } cases[] = {
        { 2500, 0, 2499, false, true }, { 2500, 1200, 1201, false, true },
        { 2500, 7, 1300, true, true },  { N, 0, N - 1, true, true },
        { N, 0, N - 1, false, false },  { N, 29999, 30000, false, true },
        { N, 5, 40000, true, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start(cases[i].n, cases[i].feeds);
        if (cases[i].shuffled)
            shuffle();
        t.ids[cases[i].b] = t.ids[cases[i].a];
        check();
        t.ids[t.n - 2] = t.ids[cases[i].a];   /* more of them, and another pair */
        t.ids[t.n / 2] = t.ids[t.n / 3];
        check();
    }
}

/* A row without an id at the end of a chunk hides nothing of what stands before it. */
static void twins_are_found_beside_a_missing_id(void **state)
{
    (void)state;
    for (size_t missing = 1; missing <= 40; missing++) {
        start(60, false);
        t.ids[50] = t.ids[3];
        t.missing = missing;
        check();
    }
    start(60, false);
    t.ids[41] = t.ids[38];   /* ascends again behind the row without one */
    t.ids[42] = t.ids[39];
    for (t.missing = 40; t.missing <= 42; t.missing++)
        check();
    start(60, false);
    t.missing = 30;
    check();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_that_ascend_are_distinct),
        cmocka_unit_test(ids_in_no_order_are_distinct),
        cmocka_unit_test(the_first_pair_is_named),
        cmocka_unit_test(twins_are_found_beside_a_missing_id),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}

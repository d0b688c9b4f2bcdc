/* The tokenizer against a plain parser that goes through the text byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "data/csv_scan.h"

/* ---- the plain parser -------------------------------------------------------------- */

typedef struct plain {
    const char *s;
    size_t n, at;
    char delimiter;
    uint64_t line;
    char *cell;          /* texts of the row's cells, one after the other */
    size_t lengths[4096], n_cells, cell_bytes;
    bool bad;
} plain;

static void put(plain *p, char c)
{
    p->cell[p->cell_bytes++] = c;
    p->lengths[p->n_cells]++;
}

static bool at_end_of_cell(const plain *p)
{
    return p->at == p->n || p->s[p->at] == p->delimiter || p->s[p->at] == '\n'
           || p->s[p->at] == '\r';
}

static void plain_cell(plain *p)
{
    p->lengths[p->n_cells] = 0;
    if (p->at < p->n && p->s[p->at] == '"') {
        for (p->at++;; p->at++) {
            if (p->at == p->n) {
                p->bad = true;
                return;
            }
            if (p->s[p->at] == '"') {
                if (p->at + 1 == p->n || p->s[p->at + 1] != '"')
                    break;
                p->at++;
            }
            p->line += p->s[p->at] == '\n';
            put(p, p->s[p->at]);
        }
        p->at++;
        p->bad = !at_end_of_cell(p);
    } else {
        while (!at_end_of_cell(p))
            put(p, p->s[p->at++]);
    }
    p->n_cells++;
}

/* False at the end. */
static bool plain_row(plain *p)
{
    p->n_cells = p->cell_bytes = 0;
    if (p->at == p->n)
        return false;
    for (;;) {
        plain_cell(p);
        if (p->bad || p->at == p->n || p->s[p->at] != p->delimiter)
            break;
        p->at++;
    }
    if (!p->bad && p->at < p->n) {
        bool cr = p->s[p->at++] == '\r';
        if (cr && p->at < p->n && p->s[p->at] == '\n')
            p->at++;
        p->line++;
    }
    return true;
}

/* ---- comparison -------------------------------------------------------------------- */

static const char *write_text(const char *text, size_t n)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/segmill-scan-%d.csv", (int)getpid());
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    fclose(f);
    return path;
}

static void same_row(const plain *p, const seg_csv_row *row, uint64_t line)
{
    const char *cell = p->cell;
    assert_int_equal(row->n_cells, p->n_cells);
    assert_int_equal(row->line, line);
    for (size_t c = 0; c < p->n_cells; c++) {
        assert_int_equal(row->cells[c].n, p->lengths[c]);
        assert_memory_equal(row->cells[c].s, cell, p->lengths[c]);
        cell += p->lengths[c];
    }
}

static void compare(const char *text, size_t n, char delimiter)
{
    const char *path = write_text(text, n);
    seg_input *input;
    seg_csv_scan *scan;
    seg_csv_row row;
    plain p = { .s = text, .n = n, .delimiter = delimiter, .line = 1 };
    seg_csv_dialect dialect = { .delimiter = delimiter, .quotes = true };

    p.cell = malloc(n + 1);
    assert_non_null(p.cell);
    assert_int_equal(seg_input_open(NULL, path, NULL, &input, NULL), SEG_OK);
    assert_int_equal(seg_csv_scan_new(input, dialect, 1 << 20, &scan, NULL), SEG_OK);
    for (;;) {
        uint64_t line = p.line;
        bool more = plain_row(&p);
        seg_status st = seg_csv_scan_next(scan, &row, NULL);
        assert_int_equal(st, p.bad ? SEG_E_DATA : SEG_OK);
        if (p.bad)
            break;
        assert_int_equal(row.n_cells > 0, more);
        if (!more)
            break;
        same_row(&p, &row, line);
    }
    seg_csv_scan_free(scan);
    seg_input_close(input);
    unlink(path);
    free(p.cell);
    assert_int_equal(seg_alloc_live, 0);
}

static size_t random_text(seg_rng rng, char *out, size_t n, bool wild)
{
    static const char letters[] = "ab,;\"\n\rx 1\xc3\xa9";
    static const char *const words[] = { "abc", "12.5", "\"q\"\"q\"", "\"a,b\"", "\"x\ny\"", "", "é" };
    size_t at = 0;
    for (uint64_t i = 0; at + 16 < n; i++) {
        if (wild) {
            out[at++] = letters[seg_rng_below(rng, i, sizeof letters - 1)];
            continue;
        }
        const char *word = words[seg_rng_below(rng, 2 * i, 7)];
        memcpy(out + at, word, strlen(word));
        at += strlen(word);
        uint64_t end = seg_rng_below(rng, 2 * i + 1, 8);
        if (end == 0)
            out[at++] = '\r';
        out[at++] = end < 2 ? '\n' : ',';
    }
    return at;
}

static void short_wild_texts_are_taken_apart_alike(void **state)
{
    (void)state;
    char text[96];
    for (uint64_t i = 0; i < 4000; i++) {
        seg_rng rng = { 7, i };
        size_t n = random_text(rng, text, 17 + seg_rng_below(rng, 1u << 20, 70), true);
        compare(text, n, i % 3 == 0 ? ';' : ',');
    }
}

static void long_texts_are_taken_apart_alike_across_windows(void **state)
{
    (void)state;
    enum { N = 900000 };
    char *text = malloc(N);
    assert_non_null(text);
    for (uint64_t i = 0; i < 6; i++) {
        seg_rng rng = { 8, i };
        size_t n = random_text(rng, text, N - i * 31, false);
        compare(text, n, ',');
    }
    free(text);
}

/* A quoted cell of 400,000 bytes makes the window grow; what follows stays right. */
static void a_cell_longer_than_the_window_is_whole(void **state)
{
    (void)state;
    enum { N = 400000 };
    char *text = malloc(N + 64);
    assert_non_null(text);
    size_t n = (size_t)sprintf(text, "a,b\n1,\"");
    for (size_t i = 0; i < N; i++)
        text[n++] = i % 1000 == 0 ? '\n' : 'x';
    n += (size_t)sprintf(text + n, "\"\n2,3\n");
    compare(text, n, ',');
    free(text);
}

static seg_status scan_all(const char *text, size_t n, uint64_t max_field, seg_error *err)
{
    const char *path = write_text(text, n);
    seg_input *input = NULL;
    seg_csv_scan *scan = NULL;
    seg_csv_row row = { 0 };
    seg_csv_dialect dialect = { .delimiter = ',', .quotes = true };
    seg_status st = seg_input_open(NULL, path, NULL, &input, err);
    if (st == SEG_OK)
        st = seg_csv_scan_new(input, dialect, max_field, &scan, err);
    do {
        if (st == SEG_OK)
            st = seg_csv_scan_next(scan, &row, err);
    } while (st == SEG_OK && row.n_cells > 0);
    seg_csv_scan_free(scan);
    seg_input_close(input);
    unlink(path);
    return st;
}

static void a_field_over_the_limit_is_named_and_memory_stays_small(void **state)
{
    (void)state;
    enum { N = 16 << 20 };
    seg_error err;
    char *text = malloc(N);
    assert_non_null(text);
    memset(text, 'x', N);
    memcpy(text, "a,b\n1,2\n3,\"", 11);
    assert_int_equal(scan_all(text, N, 1 << 20, &err), SEG_E_DATA);
    assert_non_null(strstr(err.text, "line 3: a field of more than 1048576 bytes (is a quote not "
                                     "closed?)"));
    memcpy(text, "a,b\n1,2\n3,4", 11);
    assert_int_equal(scan_all(text, N, 1 << 20, &err), SEG_E_DATA);
    assert_non_null(strstr(err.text, "line 3: a field of more than"));
    assert_true(seg_alloc_peak() < 12 << 20);
    free(text);
}

static void two_million_cells_in_a_row_are_refused(void **state)
{
    (void)state;
    enum { N = 4 << 20 };
    seg_error err;
    char *text = malloc(N);
    assert_non_null(text);
    for (size_t i = 0; i < N; i++)
        text[i] = i % 2 == 0 ? '1' : ',';
    assert_int_equal(scan_all(text, N, 1 << 20, &err), SEG_E_DATA);
    assert_non_null(strstr(err.text, "line 1: more than 1048576 fields"));
    free(text);
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    char text[] = "a,b\n1,\"x\"\"y\"\n2,3\n";
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_alloc_fail_after = n;
        st = scan_all(text, sizeof text - 1, 1 << 20, NULL);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, 0);
    }
    assert_int_equal(st, SEG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_field_over_the_limit_is_named_and_memory_stays_small),
        cmocka_unit_test(short_wild_texts_are_taken_apart_alike),
        cmocka_unit_test(long_texts_are_taken_apart_alike_across_windows),
        cmocka_unit_test(a_cell_longer_than_the_window_is_whole),
        cmocka_unit_test(two_million_cells_in_a_row_are_refused),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

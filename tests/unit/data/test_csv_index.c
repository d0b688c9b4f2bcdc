/* The ends of cells, as a plain walk over the bytes finds them: at each instruction set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "data/simd.h"

enum { MOST = 700, BEYOND = 63 };

static char *page_end;   /* nothing may be touched from here on */

typedef struct plain {
    uint32_t ends[MOST + 1];
    size_t n_ends;
    seg_csv_marks marks;
} plain;

/* A quote that opens stands at the start of a cell; behind one that closes the cell ends. */
static void walk(const char *s, size_t n, char delimiter, plain *p)
{
    bool quoted = false, starts = true;
    *p = (plain){ 0 };
    for (size_t i = 0; i < n; i++) {
        char c = s[i], next = i + 1 < n ? s[i + 1] : '\n';
        bool started = starts;
        starts = false;
        p->marks.null |= c == 0;
        p->marks.high |= (c & 0x80) != 0;
        p->marks.n_lines += c == '\n';
        if (quoted) {
            p->marks.quoted_feed |= c == '\n';
            if (c == '"' && i + 1 < n && next == '"')
                i++;
            else if (c == '"') {
                quoted = false;
                p->marks.stray_quote |= next != delimiter && next != '\n' && next != '\r';
            }
        } else if (c == '"') {
            p->marks.stray_quote |= !started;
            quoted = true;
        } else if (c == delimiter || c == '\n') {
            p->ends[p->n_ends++] = (uint32_t)i;
            p->marks.n_rows += c == '\n';
            starts = true;
        } else if (c == '\r') {
            p->marks.any_cr = true;
            p->marks.lone_cr |= i + 1 < n && next != '\n';
            starts = true;
        }
    }
}

static void assert_found(const char *text, size_t n, char delimiter)
{
    static plain p;
    static uint32_t ends[MOST + 1];
    walk(text, n, delimiter, &p);
    char *s = page_end - BEYOND - n;
    for (int beyond = 0; beyond < 3; beyond++) {   /* what stands behind does not matter */
        memset(s + n, beyond == 0 ? 0 : beyond == 1 ? '"' : '\n', BEYOND);
        memcpy(s, text, n);
        for (int isa = SEG_ISA_BASE; isa < SEG_ISA_COUNT; isa++) {
            const seg_simd *simd = seg_simd_at((seg_isa)isa);
            seg_csv_marks m;
            if (simd == NULL)
                continue;
            size_t n_ends = simd->csv_index(s, n, delimiter, ends, &m);
            assert_int_equal(m.stray_quote, p.marks.stray_quote);
            assert_int_equal(m.null, p.marks.null);
            assert_int_equal(m.high, p.marks.high);
            assert_int_equal(m.n_lines, p.marks.n_lines);
            if (m.stray_quote)
                continue;   /* the rest means nothing */
            assert_int_equal(n_ends, p.n_ends);
            assert_memory_equal(ends, p.ends, n_ends * sizeof *ends);
            assert_int_equal(m.n_rows, p.marks.n_rows);
            assert_int_equal(m.lone_cr, p.marks.lone_cr);
            assert_int_equal(m.any_cr, p.marks.any_cr);
            assert_int_equal(m.quoted_feed, p.marks.quoted_feed);
        }
    }
}

static int open_page(void **state)
{
    (void)state;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || mprotect(map + page, page, PROT_NONE) != 0)
        return -1;
    page_end = map + page;
    return 0;
}

static uint64_t seed = 88172645463325252u;

static unsigned below(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 20) % n;
}

static void texts_of_every_length_are_indexed(void **state)
{
    (void)state;
    char text[MOST];
    for (size_t n = 0; n < 200; n++)
        for (size_t i = 0; i < 8; i++) {
            for (size_t j = 0; j < n; j++)
                text[j] = "a,\n;bc"[below(6)];
            assert_found(text, n, ',');
            assert_found(text, n, ';');
        }
}

/* One, two and three quotes at each place of three blocks. */
static void quotes_at_every_place_are_seen(void **state)
{
    (void)state;
    char text[192];
    static const char backgrounds[] = "a,\n\r";
    for (size_t b = 0; b < 4; b++)
        for (size_t i = 0; i < sizeof text; i++)
            for (size_t run = 1; run <= 3; run++)
                for (size_t other = 0; other < 3; other++) {
                    memset(text, backgrounds[b], sizeof text);
                    for (size_t j = i; j < i + run && j < sizeof text; j++)
                        text[j] = '"';
                    size_t far = i + 1 + other * 40;   /* one more: closes, or strays */
                    if (other > 0 && far < sizeof text)
                        text[far] = '"';
                    assert_found(text, sizeof text, ',');
                }
}

/* Sound cells of every width, some in quotes, so that their ends come to every place. */
static size_t sound_text(char *text, size_t n)
{
    size_t at = 0;
    while (at + 40 < n) {
        bool quoted = below(2) == 0;
        unsigned width = below(12);
        if (quoted)
            text[at++] = '"';
        for (unsigned i = 0; i < width; i++) {
            char c = quoted ? "x,\n\r\"y"[below(6)] : "xyz\xc3\xa9 "[below(6)];
            text[at++] = c;
            if (c == '"')
                text[at++] = '"';
        }
        if (quoted)
            text[at++] = '"';
        if (below(4) > 0) {
            text[at++] = ',';
            continue;
        }
        if (below(3) == 0)
            text[at++] = '\r';
        if (below(20) > 0)
            text[at++] = '\n';
        else if (at == 0 || text[at - 1] != '\r')
            text[at++] = ',';
    }
    return at;
}

static void sound_quotes_are_never_called_stray(void **state)
{
    (void)state;
    char text[MOST];
    static plain p;
    for (size_t i = 0; i < 20000; i++) {
        size_t n = sound_text(text, MOST);
        walk(text, n, ',', &p);
        assert_false(p.marks.stray_quote);
        assert_found(text, n - below(64), ',');
    }
}

static void random_bytes_are_indexed(void **state)
{
    (void)state;
    char text[MOST];
    for (size_t i = 0; i < 60000; i++) {
        size_t n = below(i % 10 == 0 ? MOST : 140);
        const char *of = i % 3 == 0 ? "\",\n" : i % 3 == 1 ? "aaa,\"\n\r" : "aaaaaaaa,,\n\"\r\x80";
        for (size_t j = 0; j < n; j++)
            text[j] = of[below((unsigned)strlen(of) + (i % 5 == 0))];   /* the null too */
        assert_found(text, n, ',');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_of_every_length_are_indexed),
        cmocka_unit_test(quotes_at_every_place_are_seen),
        cmocka_unit_test(sound_quotes_are_never_called_stray),
        cmocka_unit_test(random_bytes_are_indexed),
    };
    return cmocka_run_group_tests(tests, open_page, NULL);
}

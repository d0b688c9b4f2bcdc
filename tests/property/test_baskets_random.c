/* Random texts of item numbers, lines of names and taxonomies, with all that may go wrong in
 * them, against plain readers that go line by line with tables of marks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "data/taxonomy.h"
#include "tests/support/csv_case.h"
#include "tests/support/files.h"

static uint32_t random_below(uint32_t n)
{
    static uint64_t x = 0xd1342543de82ef95u;
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    return (uint32_t)(x >> 33) % n;
}

static char text[8192];
static size_t n_text;

static void add(const char *s)
{
    size_t n = strlen(s);
    if (n_text + n + 1 < sizeof text) {
        memcpy(text + n_text, s, n + 1);
        n_text += n;
    }
}

/* ---- baskets as lines ----------------------------------------------------------------------- */

enum { MOST_LINES = 64, NAMES = 24 };

/* What a plain reading finds. */
typedef struct plain {
    int bad_line;                    /* the first one that is wrong; 0: none */
    size_t n_lines, n_empty, n_repeated, n_items;
    bool has[MOST_LINES][NAMES];
} plain;

static const char *name_of(bool fimi, uint32_t i)
{
    static char name[16];
    if (fimi)
        snprintf(name, sizeof name, "%u", i * 7);
    else
        snprintf(name, sizeof name, "%s%c", i % 2 == 0 ? "a " : "", 'a' + (char)i);
    return name;
}

/* A text of a few lines and, beside it, what it says. */
static void make_lines(bool fimi, plain *p)
{
    size_t n_lines = 1 + random_below(12);
    bool carriage = random_below(4) == 0, last_newline = random_below(2) == 0;
    bool faulty = random_below(4) == 0;
    *p = (plain){ 0 };
    n_text = 0;
    text[0] = 0;
    for (size_t l = 0; l < n_lines; l++) {
        uint32_t n = random_below(4) == 0 ? 0 : random_below(9);
        if (fimi && random_below(3) == 0)
            add(random_below(2) == 0 ? " " : "\t");
        for (uint32_t i = 0; i < n; i++) {
            uint32_t item = random_below(1 + random_below(NAMES));
            if (i > 0)
                add(!fimi ? "," : random_below(3) == 0 ? "  " : " ");
            if (fimi && faulty && random_below(12) == 0) {
                static const char *const wrong[] = { "-3", "x", "1.5", "+2", "1e3", "0x1" };
                add(wrong[random_below(6)]);
                p->bad_line = p->bad_line == 0 ? (int)l + 1 : p->bad_line;
                continue;
            }
            add(name_of(fimi, item));
            p->n_repeated += p->has[l][item];
            p->has[l][item] = true;
        }
        p->n_empty += n == 0;
        if (l + 1 < n_lines || last_newline || n == 0)
            add(carriage ? "\r\n" : "\n");
    }
    p->n_lines = n_lines;
    for (uint32_t i = 0; i < NAMES; i++)
        for (size_t l = 0; l < n_lines; l++)
            if (p->has[l][i]) {
                p->n_items++;
                break;
            }
}

static int64_t figure(const csv_case *c, const char *name)
{
    return seg_node_int(seg_node_get(seg_doc_root(c->doc), name), -1);
}

static void compare(const csv_case *c, bool fimi, const plain *p)
{
    assert_int_equal(c->source->n_rows, p->n_lines);
    assert_int_equal(c->source->schema->n_features, p->n_items);
    assert_int_equal(figure(c, "empty"), p->n_empty);
    assert_int_equal(figure(c, "repeated"), p->n_repeated);
    for (size_t l = 0; l < p->n_lines; l++) {
        size_t n = 0;
        for (uint32_t i = 0; i < NAMES; i++)
            n += p->has[l][i];
        assert_int_equal(c->all.row_start[l + 1] - c->all.row_start[l], n);
        for (int64_t at = c->all.row_start[l]; at < c->all.row_start[l + 1]; at++) {
            const char *name = c->source->schema->features[c->all.items[at]].name;
            assert_true(at == c->all.row_start[l] || c->all.items[at - 1] < c->all.items[at]);
            uint32_t i = 0;
            while (i < NAMES && strcmp(name, name_of(fimi, i)) != 0)
                i++;
            assert_true(i < NAMES && p->has[l][i]);
        }
    }
}

static void try_lines(bool fimi)
{
    plain p;
    make_lines(fimi, &p);
    csv_case c = { 0 };
    csv_case_open_bytes(&c, text, n_text, fimi ? ".dat" : ".txt",
                        fimi ? NULL : "--lines --delimiter=,");
    char place[32];
    snprintf(place, sizeof place, "line %d: ", p.bad_line);
    if (p.bad_line > 0) {
        assert_int_equal(c.status, SEG_E_DATA);
        if (strstr(c.error.text, place) == NULL)
            fail_msg("%s: %s", text, c.error.text);
    } else if (p.n_items == 0) {
        assert_int_equal(c.status, SEG_E_DATA);
        assert_non_null(strstr(c.error.text, "there are no items"));
    } else {
        if (c.status != SEG_OK)
            fail_msg("%s: %s", text, c.error.text);
        compare(&c, fimi, &p);
    }
    csv_case_close(&c);
    assert_int_equal(seg_alloc_live, 0);
}

static void item_numbers_are_read_as_a_plain_reader_does(void **state)
{
    (void)state;
    for (int i = 0; i < 400; i++)
        try_lines(true);
}

static void lines_of_names_are_read_as_a_plain_reader_does(void **state)
{
    (void)state;
    for (int i = 0; i < 400; i++)
        try_lines(false);
}

/* ---- taxonomies ------------------------------------------------------------------------------- */

enum { NODES = 12, DATA_ITEMS = 5, NONE = -1 };
static char node_name[NODES][16];

/* Parents as the lines say, or the line that gives a second one. */
static int random_edges(int parent[NODES])
{
    int bad_line = 0, n_lines = 1 + (int)random_below(14);
    n_text = 0;
    add("x,item,parent\n");
    for (int i = 0; i < NODES; i++)
        parent[i] = NONE;
    for (int l = 0; l < n_lines; l++) {
        int below = (int)random_below(NODES);
        /* mostly upwards, as in a tree; at times anywhere, which may make a cycle */
        int above = random_below(12) == 0 ? (int)random_below(NODES)
                    : below + 1 < NODES ? below + 1 + (int)random_below((uint32_t)(NODES - below - 1))
                                        : NONE;
        if (parent[below] != NONE && above != NONE && random_below(8) != 0)
            above = parent[below];
        char line[64];
        snprintf(line, sizeof line, "%d, %s ,%s\n", l, node_name[below],
                 above == NONE ? "" : node_name[above]);
        add(line);
        if (above == NONE)
            continue;
        if (parent[below] != NONE && parent[below] != above && bad_line == 0)
            bad_line = l + 2;
        if (parent[below] == NONE)
            parent[below] = above;
    }
    return bad_line;
}

static bool has_cycle(const int parent[NODES])
{
    for (int i = 0; i < NODES; i++) {
        int at = i, n = 0;
        while (at != NONE && n++ <= NODES)
            at = parent[at];
        if (at != NONE)
            return true;
    }
    return false;
}

/* Names above an item: its own as a group first, where it is a parent too. */
static void plain_way(const int parent[NODES], int item, char *out)
{
    out[0] = 0;
    for (int at = item; at != NONE; at = parent[at]) {
        bool is_parent = false;
        for (int i = 0; i < NODES; i++)
            is_parent = is_parent || parent[i] == at;
        if (!is_parent)
            continue;
        strcat(out, ">");
        strcat(out, node_name[at]);
        if (at < DATA_ITEMS)
            strcat(out, " (group)");
    }
}

static void compare_ways(const int parent[NODES], const seg_taxonomy *t)
{
    size_t n = 0;
    for (int i = 0; i < NODES; i++) {
        char expected[256], way[256] = "";
        plain_way(parent, i, expected);
        size_t item = 0;
        while (item < t->n_items && strcmp(t->items[item], node_name[i]) != 0)
            item++;
        if (item < t->n_items) {
            n++;
            for (int32_t g = t->item_group[item]; g >= 0; g = t->group_parent[g]) {
                strcat(way, ">");
                strcat(way, t->groups[g]);
            }
            assert_string_equal(way, expected);
        } else if (i < DATA_ITEMS) {
            assert_string_equal(expected, "");
        }
    }
    assert_int_equal(n, t->n_items);
}

static void taxonomies_are_read_as_a_plain_reader_does(void **state)
{
    (void)state;
    seg_column items[DATA_ITEMS];
    const seg_schema data = { .kind = SEG_KIND_BASKETS, .features = items,
                              .n_features = DATA_ITEMS };
    int n_read = 0, n_cycles = 0, n_twice = 0;
    for (int i = 0; i < NODES; i++)
        snprintf(node_name[i], sizeof node_name[i], "n%d", i);
    for (int i = 0; i < DATA_ITEMS; i++)
        items[i] = (seg_column){ .name = node_name[i], .type = SEG_TYPE_F32 };
    for (int round = 0; round < 1500; round++) {
        int parent[NODES];
        int bad_line = random_edges(parent);
        bool known = false;
        char place[32];
        seg_taxonomy *t;
        seg_error err = { 0 };
        for (int i = 0; i < DATA_ITEMS; i++) {
            char cell[32];
            snprintf(cell, sizeof cell, "%s\n", node_name[i]);
            known = known || parent[i] != NONE;
            for (int j = 0; j < NODES; j++)
                known = known || parent[j] == i;
            snprintf(cell, sizeof cell, ", %s ,", node_name[i]);
            known = known || strstr(text, cell) != NULL;
        }
        write_text("t.csv", text);
        seg_status st = seg_taxonomy_read(NULL, "t.csv", &data, &t, &err);
        snprintf(place, sizeof place, "line %d: ", bad_line);
        if (bad_line > 0) {
            n_twice++;
            assert_int_equal(st, SEG_E_DATA);
            assert_non_null(strstr(err.text, place));
        } else if (has_cycle(parent)) {
            n_cycles++;
            assert_int_equal(st, SEG_E_DATA);
            assert_non_null(strstr(err.text, "is a cycle of"));
        } else if (!known) {
            assert_int_equal(st, SEG_E_DATA);
            assert_non_null(strstr(err.text, "none of the 5 items of the data"));
        } else {
            n_read++;
            if (st != SEG_OK)
                fail_msg("%s: %s", text, err.text);
            compare_ways(parent, t);
        }
        seg_taxonomy_free(t);
        assert_int_equal(seg_alloc_live, 0);
    }
    if (n_read < 300 || n_cycles < 40 || n_twice < 50)
        fail_msg("%d read, %d cycles, %d twice", n_read, n_cycles, n_twice);
}

/* Bytes of every kind: nothing worse than a message of one line. */
static void any_bytes_give_a_message_or_a_taxonomy(void **state)
{
    (void)state;
    static const char *const parts[] = { "item", ",", ",", "\n", "\n", "\"", "n0", "n1", "n2",
                                         " ", "\t", ";", "\xff", "\r", "id", "name", "x\"\"y",
                                         "\xc3\xa4", "parent", "item,parent\n", "\xef\xbb\xbf" };
    seg_column items[DATA_ITEMS];
    const seg_schema data = { .kind = SEG_KIND_BASKETS, .features = items,
                              .n_features = DATA_ITEMS };
    for (int i = 0; i < DATA_ITEMS; i++) {
        snprintf(node_name[i], sizeof node_name[i], "n%d", i);
        items[i] = (seg_column){ .name = node_name[i], .type = SEG_TYPE_F32 };
    }
    for (int round = 0; round < 3000; round++) {
        seg_taxonomy *t;
        seg_error err = { 0 };
        n_text = 0;
        text[0] = 0;
        add(round % 3 == 0 ? "item,parent\n" : round % 3 == 1 ? "name,a,b\n" : "");
        for (uint32_t i = random_below(40); i > 0; i--)
            add(parts[random_below(sizeof parts / sizeof *parts)]);
        write_text("t.csv", text);
        seg_status st = seg_taxonomy_read(NULL, "t.csv", &data, &t, &err);
        assert_true(st == SEG_OK || (st == SEG_E_DATA && err.text[0] != 0));
        assert_true((st == SEG_OK) == (t != NULL));
        assert_null(strchr(err.text, '\n'));
        seg_taxonomy_free(t);
        assert_int_equal(seg_alloc_live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(item_numbers_are_read_as_a_plain_reader_does),
        cmocka_unit_test(lines_of_names_are_read_as_a_plain_reader_does),
        cmocka_unit_test(taxonomies_are_read_as_a_plain_reader_does),
        cmocka_unit_test(any_bytes_give_a_message_or_a_taxonomy),
    };
    return cmocka_run_group_tests(tests, enter_memory, leave_directory);
}

/* Mining in memory against the plainest search: sets grown item by item, each counted by a
 * look at every basket. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/cpu.h"
#include "base/rng.h"
#include "kernels/miner.h"

enum { ROWS_MAX = 4096, ITEMS_MAX = 400, PAIRS_MAX = 400000, SETS_MAX = 3000000 };

/* Baskets, and what their items are called: rank r is item item_of[r]. */
typedef struct shop {
    size_t n_rows, n_items, n_ranks;
    int64_t row_start[ROWS_MAX + 1];
    int32_t items[PAIRS_MAX];
    uint32_t weight[ROWS_MAX];
    bool weighted;
    uint64_t n_baskets, n_pairs;
    int32_t rank[ITEMS_MAX];
    uint32_t count[ITEMS_MAX];           /* of ranks */
    bool has[ROWS_MAX][ITEMS_MAX];       /* by rank */
    bool apart[ITEMS_MAX][ITEMS_MAX];
    int64_t apart_start[ITEMS_MAX + 1];
    int32_t apart_list[ITEMS_MAX * ITEMS_MAX];
    seg_items_apart apart_ranks;
    bool any_apart;
} shop;

static shop *s;

static uint32_t item_count(int32_t item)
{
    uint32_t n = 0;
    for (size_t i = 0; i < s->n_rows; i++)
        for (int64_t j = s->row_start[i]; j < s->row_start[i + 1]; j++)
            if (s->items[j] == item)
                n += s->weight[i];
    return n;
}

/* Ranks of all items with at least `least` baskets, the rarest first. */
static void rank_items(uint32_t least)
{
    uint32_t counts[ITEMS_MAX];
    s->n_ranks = 0;
    s->n_baskets = s->n_pairs = 0;
    memset(s->has, 0, sizeof s->has);
    for (size_t i = 0; i < s->n_items; i++) {
        counts[i] = item_count((int32_t)i);
        s->rank[i] = -1;
    }
    for (;;) {
        size_t best = s->n_items;
        for (size_t i = 0; i < s->n_items; i++)
            if (s->rank[i] < 0 && counts[i] >= least && counts[i] > 0
                && (best == s->n_items || counts[i] < counts[best]))
                best = i;
        if (best == s->n_items)
            break;
        s->count[s->n_ranks] = counts[best];
        s->rank[best] = (int32_t)s->n_ranks++;
    }
    for (size_t i = 0; i < s->n_rows; i++) {
        s->n_baskets += s->weight[i];
        for (int64_t j = s->row_start[i]; j < s->row_start[i + 1]; j++)
            if (s->rank[s->items[j]] >= 0) {
                s->has[i][s->rank[s->items[j]]] = true;
                s->n_pairs++;
            }
    }
}

static void random_shop(uint64_t seed, size_t n_rows, size_t n_items, double density, bool weighted)
{
    seg_rng rng = { seed, 5 };
    uint64_t at = 0;
    size_t n = 0;
    s->n_rows = n_rows;
    s->n_items = n_items;
    s->weighted = weighted;
    s->any_apart = false;
    for (size_t i = 0; i < n_rows; i++) {
        s->row_start[i] = (int64_t)n;
        s->weight[i] = weighted ? (uint32_t)seg_rng_below(rng, at++, 4) : 1;
        /* some copies, some empty ones, some items in nearly all of them */
        size_t copied = seg_rng_below(rng, at++, 4) == 0 && i > 0 ? seg_rng_below(rng, at++, i) : i;
        if (copied < i) {
            for (int64_t j = s->row_start[copied]; j < s->row_start[copied + 1]; j++)
                s->items[n++] = s->items[j];
            continue;
        }
        for (size_t item = 0; item < n_items; item++) {
            double p = item % 7 == 3 && item < 20 ? 1 - (1 - density) / 8 : density;
            if (seg_rng_f64(rng, at++) < p)
                s->items[n++] = (int32_t)item;
        }
    }
    s->row_start[n_rows] = (int64_t)n;
}

static void keep_apart(uint64_t seed, double share)
{
    seg_rng rng = { seed, 6 };
    size_t n = 0;
    memset(s->apart, 0, sizeof s->apart);
    for (size_t a = 0; a < s->n_ranks; a++) {
        s->apart_start[a] = (int64_t)n;
        for (size_t b = a + 1; b < s->n_ranks; b++)
            if (seg_rng_f64(rng, a * s->n_ranks + b) < share) {
                s->apart[a][b] = s->apart[b][a] = true;
                s->apart_list[n++] = (int32_t)b;
            }
    }
    s->apart_start[s->n_ranks] = (int64_t)n;
    s->apart_ranks = (seg_items_apart){ s->apart_start, s->apart_list };
    s->any_apart = true;
}

/* ---- the plain search ------------------------------------------------------------------ */

typedef struct answer {
    seg_itemset_tree tree;
    seg_itemset_counts counts;
} answer;

/* rows: those that hold the path. */
static void grow(answer *a, size_t *path, size_t depth, const uint16_t *rows, size_t n_rows,
                 uint32_t min_count, size_t max_length)
{
    uint16_t with[ROWS_MAX];
    for (size_t r = depth == 0 ? 0 : path[depth - 1] + 1; r < s->n_ranks; r++) {
        uint32_t count = 0;
        size_t n = 0;
        bool allowed = true;
        for (size_t k = 0; k < depth; k++)
            allowed = allowed && !(s->any_apart && s->apart[path[k]][r]);
        for (size_t i = 0; i < n_rows; i++)
            if (s->has[rows[i]][r]) {
                with[n++] = rows[i];
                count += s->weight[rows[i]];
            }
        if (!allowed || count < min_count)
            continue;
        assert_int_equal(seg_itemset_tree_add(&a->tree, depth + 1, (int32_t)r, count, NULL),
                         SEG_OK);
        a->counts.by_length[depth]++;
        a->counts.total++;
        if (depth + 1 > a->counts.n_lengths)
            a->counts.n_lengths = depth + 1;
        path[depth] = r;
        if (depth + 1 < max_length || max_length == 0)
            grow(a, path, depth + 1, with, n, min_count, max_length);
    }
}

static answer plain_answer(uint32_t min_count, size_t max_length)
{
    answer a = { 0 };
    uint16_t rows[ROWS_MAX];
    size_t path[ITEMS_MAX];
    for (size_t i = 0; i < s->n_rows; i++)
        rows[i] = (uint16_t)i;
    grow(&a, path, 0, rows, s->n_rows, min_count, max_length);
    return a;
}

/* ---- the miner ------------------------------------------------------------------------- */

static seg_miner_options options_of(int n_threads)
{
    return (seg_miner_options){
        .n_ranks = s->n_ranks, .apart = s->any_apart ? &s->apart_ranks : NULL,
        .n_pairs = s->n_rows % 2 == 0 ? s->n_pairs : 0, .n_threads = n_threads,
    };
}

static seg_status add_all(seg_miner *miner, size_t block, seg_error *err)
{
    for (size_t i = 0; i < s->n_rows; i += block) {
        size_t n = i + block < s->n_rows ? block : s->n_rows - i;
        seg_basket_rows rows = { .row_start = s->row_start + i, .items = s->items, .n_rows = n,
                                 .weight = s->weighted ? s->weight + i : NULL };
        seg_status st = seg_miner_add(miner, &rows, s->rank, err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

static seg_miner *new_miner(int n_threads, size_t block)
{
    seg_miner *miner;
    seg_error err;
    seg_miner_options options = options_of(n_threads);
    assert_int_equal(seg_miner_new(&options, &miner, &err), SEG_OK);
    if (add_all(miner, block, &err) != SEG_OK)
        fail_msg("%s", err.text);
    return miner;
}

static void assert_counts_equal(const seg_itemset_counts *a, const seg_itemset_counts *b)
{
    assert_int_equal(a->n_lengths, b->n_lengths);
    assert_int_equal(a->total, b->total);
    assert_memory_equal(a->by_length, b->by_length, sizeof a->by_length);
}

static void assert_trees_equal(const seg_itemset_tree *a, const seg_itemset_tree *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        assert_int_equal(a->depth[i], b->depth[i]);
        assert_int_equal(a->item[i], b->item[i]);
        assert_int_equal(a->count[i], b->count[i]);
    }
}

static void assert_mines(seg_miner *miner, uint32_t min_count, size_t max_length)
{
    seg_error err;
    seg_itemset_counts counts;
    seg_itemset_tree tree = { 0 };
    answer a = plain_answer(min_count, max_length);
    assert_int_equal(seg_miner_count(miner, min_count, max_length, &counts, &err), SEG_OK);
    assert_counts_equal(&counts, &a.counts);
    assert_int_equal(seg_miner_list(miner, min_count, max_length, &tree, &err), SEG_OK);
    assert_trees_equal(&tree, &a.tree);
    assert_int_equal(seg_itemset_tree_check(&tree, s->n_ranks, (uint32_t)s->n_baskets, &err),
                     SEG_OK);
    seg_itemset_tree_clear(&tree);
    seg_itemset_tree_clear(&a.tree);
}

typedef struct shape {
    size_t n_rows, n_items;
    double density;
    uint32_t min_count;
} shape;

static const shape shapes[] = {
    { 1, 1, 1, 1 }, { 3, 4, 0.5, 1 }, { 20, 8, 0.5, 1 }, { 60, 12, 0.6, 2 }, { 40, 15, 0.3, 3 },
    { 200, 20, 0.3, 8 }, { 500, 40, 0.15, 12 }, { 300, 64, 0.08, 12 }, { 300, 66, 0.08, 12 },
    { 400, 120, 0.05, 12 }, { 300, 200, 0.06, 9 }, { 1500, 150, 0.03, 20 },
    { 2100, 90, 0.1, 120 }, { 100, 300, 0.2, 16 }, { 60, 250, 0.3, 14 },
};
enum { N_SHAPES = sizeof shapes / sizeof *shapes };

static void for_all_levels(void (*check)(void))
{
    for (int isa = 0; isa <= (int)seg_cpu_best_isa(); isa++) {
        assert_int_equal(setenv("SEGMILL_ISA", seg_isa_name((seg_isa)isa), 1), 0);
        check();
    }
    unsetenv("SEGMILL_ISA");
}

static void check_shapes(void)
{
    for (size_t i = 0; i < N_SHAPES; i++)
        for (int weighted = 0; weighted < 2; weighted++) {
            const shape *h = &shapes[i];
            random_shop(i, h->n_rows, h->n_items, h->density, weighted != 0);
            rank_items(i % 2 == 0 ? h->min_count : 1);
            seg_miner *miner = new_miner(1 + (int)i % 4, i % 3 == 0 ? 7 : 2000);
            assert_mines(miner, h->min_count, 0);
            assert_mines(miner, h->min_count, 2);
            assert_mines(miner, h->min_count + 2, 3);
            assert_mines(miner, 2 * h->min_count, 0);
            assert_mines(miner, h->min_count, 1);
            seg_miner_free(miner);
        }
}

static void finds_the_sets_of_a_plain_search_at_every_level(void **state)
{
    (void)state;
    for_all_levels(check_shapes);
}

static void check_apart(void)
{
    for (size_t i = 0; i < N_SHAPES; i++)
        for (int much = 0; much < 2; much++) {
            const shape *h = &shapes[i];
            random_shop(i, h->n_rows, h->n_items, h->density, much != 0);
            rank_items(1);
            keep_apart(i, much != 0 ? 0.2 : 0.02);
            seg_miner *miner = new_miner(1 + (int)i % 3, 100);
            assert_mines(miner, h->min_count, 0);
            assert_mines(miner, h->min_count, 4);
            seg_miner_free(miner);
        }
}

static void keeps_items_apart_at_every_level(void **state)
{
    (void)state;
    for_all_levels(check_apart);
}

static void gives_the_same_for_any_threads(void **state)
{
    (void)state;
    seg_error err;
    random_shop(77, 2500, 180, 0.05, true);
    rank_items(1);
    seg_itemset_tree first = { 0 };
    for (int n_threads = 1; n_threads <= 4; n_threads++) {
        seg_itemset_tree tree = { 0 };
        seg_miner *miner = new_miner(n_threads, 1024);
        assert_int_equal(seg_miner_list(miner, 30, 0, &tree, &err), SEG_OK);
        seg_miner_free(miner);
        if (n_threads == 1) {
            first = tree;
            continue;
        }
        assert_trees_equal(&first, &tree);
        seg_itemset_tree_clear(&tree);
    }
    assert_true(first.n > 1000);
    seg_itemset_tree_clear(&first);
}

/* All subsets of n items: C(n, k) of each length. */
static void counts_sets_that_no_list_could_hold(void **state)
{
    (void)state;
    seg_error err;
    for (size_t n = 60; n <= 300; n += 40) {
        s->n_rows = 2;
        s->n_items = n;
        s->weighted = s->any_apart = false;
        for (size_t i = 0; i < 2 * n; i++)
            s->items[i] = (int32_t)(i % n);
        for (size_t i = 0; i <= 2; i++) {
            s->row_start[i] = (int64_t)(i * n);
            s->weight[i] = 1;
        }
        rank_items(1);
        seg_miner *miner = new_miner(2, 1);
        seg_itemset_counts counts;
        assert_int_equal(seg_miner_count(miner, 2, 0, &counts, &err), SEG_OK);
        assert_int_equal(counts.n_lengths, n < SEG_ITEMSET_MAX ? n : SEG_ITEMSET_MAX);
        assert_int_equal(counts.by_length[0], n);
        assert_int_equal(counts.by_length[1], n * (n - 1) / 2);
        assert_int_equal(counts.by_length[2], n * (n - 1) * (n - 2) / 6);
        if (n < 64)
            assert_int_equal(counts.total, (UINT64_C(1) << n) - 1);
        else
            assert_int_equal(counts.total, UINT64_MAX);
        assert_int_equal(seg_miner_count(miner, 1, 2, &counts, &err), SEG_OK);
        assert_int_equal(counts.total, n + n * (n - 1) / 2);
        if (n > 64) {
            seg_itemset_tree tree = { 0 };
            for (size_t most = 0; most <= n; most += SEG_ITEMSET_MAX) {
                assert_int_equal(seg_miner_list(miner, 1, most, &tree, &err), SEG_E_AGAIN);
                assert_non_null(strstr(err.text, "limit --max-length"));
                assert_null(tree.count);
            }
            assert_int_equal(seg_miner_list(miner, 1, 2, &tree, &err), SEG_OK);
            assert_int_equal(tree.n, n + n * (n - 1) / 2);
            seg_itemset_tree_clear(&tree);
        }
        seg_miner_free(miner);
    }
}

static void refuses_more_baskets_than_fit_a_counter(void **state)
{
    (void)state;
    seg_error err;
    random_shop(4, 30, 10, 0.5, true);
    rank_items(1);
    for (size_t i = 0; i < s->n_rows; i++)
        s->weight[i] = UINT32_MAX / 20;
    seg_miner *miner;
    seg_miner_options options = options_of(1);
    assert_int_equal(seg_miner_new(&options, &miner, &err), SEG_OK);
    assert_int_equal(add_all(miner, 7, &err), SEG_E_DATA);
    assert_non_null(strstr(err.text, "4294967295 baskets"));
    seg_miner_free(miner);
}

/* The ranks are those of all baskets; here comes only a third of them. */
static void mines_a_part_of_the_baskets(void **state)
{
    (void)state;
    for (size_t i = 5; i < N_SHAPES; i++) {
        random_shop(i, shapes[i].n_rows, shapes[i].n_items, shapes[i].density, false);
        rank_items(2);
        s->n_rows /= 3;
        seg_miner *miner = new_miner(2, 50);
        assert_mines(miner, 2 + shapes[i].min_count / 3, 0);
        seg_miner_free(miner);
    }
}

static seg_status ask_no_more(void *arg, double done, seg_error *err)
{
    int *left = arg;
    assert_true(done >= 0 && done <= 1);
    return (*left)-- > 0 ? SEG_OK : seg_fail(err, SEG_E_INTERRUPTED, "that is enough");
}

static void stops_when_told(void **state)
{
    (void)state;
    seg_error err;
    seg_itemset_counts counts;
    random_shop(5, 500, 120, 0.06, false);
    rank_items(1);
    for (int left = 0; left < 5; left++) {
        int n = left;
        seg_miner *miner;
        seg_miner_options options = options_of(1);
        options.step = ask_no_more;
        options.step_arg = &n;
        assert_int_equal(seg_miner_new(&options, &miner, &err), SEG_OK);
        assert_int_equal(add_all(miner, 100, &err), SEG_OK);
        assert_int_equal(seg_miner_count(miner, 10, 0, &counts, &err), SEG_E_INTERRUPTED);
        assert_string_equal(err.text, "that is enough");
        seg_miner_free(miner);
    }
}

static seg_status whole_run(seg_error *err)
{
    seg_status st;
    seg_miner *miner;
    seg_miner_options options = options_of(2);
    seg_itemset_counts counts;
    seg_itemset_tree tree = { 0 };
    st = seg_miner_new(&options, &miner, err);
    if (st == SEG_OK)
        st = add_all(miner, 100, err);
    if (st == SEG_OK)
        st = seg_miner_count(miner, 12, 0, &counts, err);
    if (st == SEG_OK)
        st = seg_miner_list(miner, 12, 0, &tree, err);
    seg_itemset_tree_clear(&tree);
    seg_miner_free(miner);
    return st;
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        static const shape few[] = { { 40, 10, 0.5, 12 }, { 150, 90, 0.25, 12 },
                                     { 90, 130, 0.4, 12 } };
        random_shop(i, few[i].n_rows, few[i].n_items, few[i].density / 3, i == 1);
        rank_items(1);
        seg_error err;
        seg_status st = SEG_E_AGAIN;
        for (long n = 0; st == SEG_E_AGAIN; n++) {
            long before = seg_alloc_live;
            seg_alloc_fail_after = n;
            st = whole_run(&err);
            seg_alloc_fail_after = -1;
            assert_int_equal(seg_alloc_live, before);
        }
        assert_int_equal(st, SEG_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_sets_of_a_plain_search_at_every_level),
        cmocka_unit_test(keeps_items_apart_at_every_level),
        cmocka_unit_test(gives_the_same_for_any_threads),
        cmocka_unit_test(counts_sets_that_no_list_could_hold),
        cmocka_unit_test(refuses_more_baskets_than_fit_a_counter),
        cmocka_unit_test(mines_a_part_of_the_baskets),
        cmocka_unit_test(stops_when_told),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    s = malloc(sizeof *s);
    if (s == NULL)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(s);
    return failed;
}

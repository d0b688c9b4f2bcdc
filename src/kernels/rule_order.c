/* rule_order.c: rules in order.
 *
 * Names decide ties, and there are many: so every set gets its place in the order of names
 * once. Sets in order of names are a tree as well, in which each set stands below the one
 * without its last item by name; as the list has that one too, one look-up a set gives the
 * tree, and its numbering in preorder the places. */
#include "kernels/rule_order.h"

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

void seg_rules_clear(seg_rules *rules)
{
    seg_free(rules->rules);
    *rules = (seg_rules){ 0 };
}

/* ---- the places of sets ------------------------------------------------------------ */

/* The tree in order of names: node above (SEG_NO_SET: none) and last item by name. */
typedef struct name_tree {
    uint32_t *above, *size;
    int32_t *last;
    uint32_t *order;         /* nodes by length, then by last item */
    size_t *start;           /* n_items + 1 */
} name_tree;

static void name_tree_clear(name_tree *t)
{
    seg_free(t->above);
    seg_free(t->size);
    seg_free(t->last);
    seg_free(t->order);
    seg_free(t->start);
}

static int32_t last_by_name(const seg_set_walk *walk, const int32_t *name_place)
{
    int32_t last = walk->items[0];
    for (size_t i = 1; i < walk->n; i++)
        if (name_place[walk->items[i]] > name_place[last])
            last = walk->items[i];
    return last;
}

static seg_status link_sets(const seg_itemset_tree *tree, const seg_set_index *index,
                            const int32_t *name_place, name_tree *t, seg_error *err)
{
    enum { AHEAD = 32 };
    seg_set_walk walk;
    uint64_t key[AHEAD];
    size_t done = 0;
    seg_set_walk_from(tree, index->code, 0, tree->n, &walk);
    for (bool more = true; more;) {
        more = seg_set_next(&walk);
        if (more) {
            int32_t last = last_by_name(&walk, name_place);
            uint64_t above = walk.key[walk.n] ^ index->code[last];
            t->last[walk.node] = name_place[last];
            key[walk.node % AHEAD] = above;
            seg_set_prefetch(index, above);
        }
        for (size_t until = more ? (walk.node + 1) / AHEAD * AHEAD : tree->n; done < until;
             done++) {
            t->above[done] = SEG_NO_SET;
            if (tree->depth[done] == 1)
                continue;
            t->above[done] = seg_set_find(index, key[done % AHEAD]);
            if (t->above[done] == SEG_NO_SET)
                return seg_fail(err, SEG_E_DATA, "the list of itemsets lacks a subset of one"
                                " of them");
        }
    }
    return SEG_OK;
}

/* Nodes by last item, then stably by length. */
static void order_sets(const seg_itemset_tree *tree, size_t n_items, name_tree *t,
                       uint32_t *by_last)
{
    size_t of_length[SEG_ITEMSET_MAX + 2] = { 0 };
    memset(t->start, 0, (n_items + 1) * sizeof *t->start);
    for (size_t i = 0; i < tree->n; i++) {
        t->start[t->last[i] + 1]++;
        of_length[tree->depth[i] + 1]++;
    }
    for (size_t i = 0; i < n_items; i++)
        t->start[i + 1] += t->start[i];
    for (size_t d = 0; d <= SEG_ITEMSET_MAX; d++)
        of_length[d + 1] += of_length[d];
    for (size_t i = 0; i < tree->n; i++)
        by_last[t->start[t->last[i]]++] = (uint32_t)i;
    for (size_t i = 0; i < tree->n; i++)
        t->order[of_length[tree->depth[by_last[i]]]++] = by_last[i];
}

/* Preorder: a node stands behind the one above and all below its elder sisters. */
static void number_sets(const seg_itemset_tree *tree, name_tree *t, uint32_t *place)
{
    uint32_t next_root = 0;
    for (size_t i = 0; i < tree->n; i++)
        t->size[i] = 1;
    for (size_t o = tree->n; o-- > 0;) {
        uint32_t i = t->order[o];
        if (t->above[i] != SEG_NO_SET)
            t->size[t->above[i]] += t->size[i];
    }
    uint32_t *next = t->size;            /* of a node numbered: where the next one below goes */
    for (size_t o = 0; o < tree->n; o++) {
        uint32_t i = t->order[o];
        uint32_t *from = t->above[i] != SEG_NO_SET ? &next[t->above[i]] : &next_root;
        place[i] = *from;
        *from += t->size[i];
        next[i] = place[i] + 1;
    }
}

static seg_status place_sets(const seg_itemset_tree *tree, const seg_set_index *index,
                             const int32_t *name_place, uint32_t *place, seg_error *err)
{
    seg_status st = SEG_OK;
    name_tree t = { 0 };
    TRY(SEG_ALLOC(&t.above, tree->n, "the order of the itemsets", err));
    TRY(SEG_ALLOC(&t.size, tree->n, "the order of the itemsets", err));
    TRY(SEG_ALLOC(&t.last, tree->n, "the order of the itemsets", err));
    TRY(SEG_ALLOC(&t.order, tree->n, "the order of the itemsets", err));
    TRY(SEG_ALLOC(&t.start, index->n_items + 1, "the order of the items", err));
    TRY(link_sets(tree, index, name_place, &t, err));
    order_sets(tree, index->n_items, &t, place);
    number_sets(tree, &t, place);

done:
    name_tree_clear(&t);
    return st;
}

seg_status seg_rule_order_new(const seg_itemset_tree *tree, const seg_set_index *index,
                              uint32_t n_baskets, const int32_t *name_place, seg_measure by,
                              seg_rule_order *out, seg_error *err)
{
    seg_status st = SEG_OK;
    *out = (seg_rule_order){ .tree = tree, .n_baskets = n_baskets, .by = by };
    /* Fractions up to 1 of numbers below 2^26 differ by more than 2^-52, so they are rounded to
     * different figures; all other figures are compared as they are. */
    out->settled = by >= SEG_MEASURE_COUNT
                   || (by <= SEG_MEASURE_CONFIDENCE && n_baskets < 1u << 26);
    if (!seg_rule_measure_of_counts(by))
        TRY(seg_fail(err, SEG_E_USAGE, "rules cannot be put in order of '%s': it depends on the"
                     " other rules", seg_rule_measure_info(by)->word));
    TRY(SEG_ALLOC(&out->place, tree->n, "the order of the itemsets", err));
    if (name_place != NULL)
        TRY(place_sets(tree, index, name_place, out->place, err));
    else
        for (size_t i = 0; i < tree->n; i++)
            out->place[i] = (uint32_t)i;

done:
    if (st != SEG_OK)
        seg_rule_order_clear(out);
    return st;
}

void seg_rule_order_clear(seg_rule_order *order)
{
    seg_free(order->place);
    *order = (seg_rule_order){ 0 };
}

/* ---- comparing --------------------------------------------------------------------- */

seg_ranked_rule seg_rule_ranked(const seg_rule_order *order, const seg_rule *rule)
{
    seg_rule_counts counts = seg_rule_counts_in(order->tree, order->n_baskets, rule);
    return (seg_ranked_rule){ seg_rule_merit(&counts, order->by), *rule,
                              order->place[rule->body] };
}

/* Figures that are clearly apart need not be compared exactly. */
static bool near(double a, double b)
{
    double distance = a > b ? a - b : b - a, size = a + b > 0 ? a + b : -(a + b);
    return !(distance > 1e-12 * size);
}

int seg_rule_before(const seg_rule_order *order, const seg_ranked_rule *a,
                    const seg_ranked_rule *b)
{
    int by = (a->value < b->value) - (a->value > b->value);
    if (!order->settled && near(a->value, b->value)) {
        seg_rule_counts x = seg_rule_counts_in(order->tree, order->n_baskets, &a->rule);
        seg_rule_counts y = seg_rule_counts_in(order->tree, order->n_baskets, &b->rule);
        by = seg_rule_compare(&x, &y, order->by);
    }
    if (by != 0)
        return by;
    uint32_t x = a->place, y = b->place;
    if (x == y) {
        x = order->place[a->rule.head];
        y = order->place[b->rule.head];
    }
    return (x > y) - (x < y);
}

/* ---- sorting ------------------------------------------------------------------------- */

static int before(const void *a, const void *b, void *arg)
{
    return seg_rule_before(arg, a, b);
}

static void merge(const seg_rule_order *order, const seg_ranked_rule *a, size_t n_a,
                  const seg_ranked_rule *b, size_t n_b, seg_ranked_rule *out)
{
    while (n_a > 0 && n_b > 0) {
        bool first = seg_rule_before(order, a, b) < 0;
        *out++ = first ? *a : *b;
        n_a -= first;
        a += first;
        n_b -= !first;
        b += !first;
    }
    memcpy(out, a, n_a * sizeof *a);
    memcpy(out + n_a, b, n_b * sizeof *b);
}

/* Runs, sorted each by one thread, are merged in pairs from one array to the other; the
 * answer is where it ends up. */
static seg_ranked_rule *merge_sort(const seg_rule_order *order, int n_threads, size_t n,
                                   seg_ranked_rule *from, seg_ranked_rule *to)
{
    enum { RUN = 1 << 8 };
    #pragma omp parallel for schedule(dynamic, 64) num_threads(n_threads) if (n > RUN)
    for (size_t first = 0; first < n; first += RUN)
        qsort_r(from + first, n - first < RUN ? n - first : RUN, sizeof *from, before,
                (void *)(uintptr_t)order);
    for (size_t run = RUN; run < n; run *= 2) {
        #pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
        for (size_t first = 0; first < n; first += 2 * run) {
            size_t left = n - first, n_a = left < run ? left : run;
            size_t n_b = left - n_a < run ? left - n_a : run;
            merge(order, from + first, n_a, from + first + n_a, n_b, to + first);
        }
        seg_ranked_rule *swap = from;
        from = to;
        to = swap;
    }
    return from;
}

seg_status seg_rule_order_sort(const seg_rule_order *order, int n_threads, seg_rules *rules,
                               seg_error *err)
{
    seg_status st = SEG_OK;
    seg_ranked_rule *ranked = NULL, *spare = NULL;
    size_t n = rules->n;
    TRY(SEG_ALLOC(&ranked, n, "the order of the rules", err));
    TRY(SEG_ALLOC(&spare, n, "the order of the rules", err));
    #pragma omp parallel for schedule(static) num_threads(n_threads)
    for (size_t i = 0; i < n; i++)
        ranked[i] = seg_rule_ranked(order, &rules->rules[i]);
    const seg_ranked_rule *sorted = merge_sort(order, n_threads, n, ranked, spare);
    for (size_t i = 0; i < n; i++)
        rules->rules[i] = sorted[i].rule;

done:
    seg_free(ranked);
    seg_free(spare);
    return st;
}

/* ---- the best k ------------------------------------------------------------------------- */

/* Put `rule` in at place i, which is free, or further down. */
static void sink(seg_best_rules *best, const seg_rule_order *order, size_t i,
                 const seg_ranked_rule *rule)
{
    for (size_t below; (below = 2 * i + 1) < best->n; i = below) {
        if (below + 1 < best->n
            && seg_rule_before(order, &best->heap[below], &best->heap[below + 1]) < 0)
            below++;
        if (seg_rule_before(order, &best->heap[below], rule) < 0)
            break;
        best->heap[i] = best->heap[below];
    }
    best->heap[i] = *rule;
}

seg_status seg_best_rules_add(seg_best_rules *best, const seg_rule_order *order,
                              const seg_ranked_rule *rule, seg_error *err)
{
    if (best->n == best->k) {
        if (best->k > 0 && seg_rule_before(order, rule, &best->heap[0]) < 0)
            sink(best, order, 0, rule);
        return SEG_OK;
    }
    seg_status st = SEG_GROW(&best->heap, &best->cap, best->n + 1, "the best rules", err);
    if (st != SEG_OK)
        return st;
    best->heap[best->n++] = *rule;
    if (best->n == best->k)
        for (size_t i = best->n / 2; i-- > 0;) {
            seg_ranked_rule moved = best->heap[i];
            sink(best, order, i, &moved);
        }
    return SEG_OK;
}

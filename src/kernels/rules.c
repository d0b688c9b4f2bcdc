/* rules.c: rules from frequent itemsets.
 *
 * Source: R. Agrawal and R. Srikant, VLDB 1994, section 3 (ap-genrules): moving an item
 * from the body to the head can only lower the confidence, so a head that fails is not
 * extended. Counts of bodies and heads are found by key: the key of a body is the key of
 * the whole minus that of the head. */
#include "kernels/rules.h"

#include <stdlib.h>
#include "base/alloc.h"
#include "base/try.h"

typedef struct search {
    const seg_itemset_index *index;
    const seg_rule_options *options;
    seg_rules *found;
    size_t whole, n;            /* the set being split, and its length */
    const int32_t *items;
    uint64_t key;
    bool *in_head;              /* n */
    int32_t *head, *body;       /* n each */
} search;

static bool head_wanted(const search *s, size_t n_head)
{
    if (s->options->head_item < 0)
        return true;
    for (size_t i = 0; i < n_head; i++)
        if (s->head[i] == s->options->head_item)
            return true;
    return false;
}

static void fill_body(const search *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (!s->in_head[i])
            s->body[n++] = s->items[i];
}

static seg_status keep(const search *s, size_t body, size_t n_head, uint64_t head_key,
                       seg_error *err)
{
    seg_rules *found = s->found;
    if (s->options->count_only) {
        found->n++;
        return SEG_OK;
    }
    size_t head = seg_itemset_find(s->index, s->head, n_head, head_key);
    if (head == SIZE_MAX)
        return seg_fail(err, SEG_E_IO, "a subset of a frequent itemset is missing");
    seg_status st = SEG_GROW(&found->rules, &found->cap, found->n + 1, "the rules", err);
    if (st == SEG_OK)
        found->rules[found->n++] = (seg_rule){ (uint32_t)s->whole, (uint32_t)body,
                                               (uint32_t)head };
    return st;
}

/* Extend a head of n_head items by each later item, from place `first` on. */
static seg_status extend(const search *s, size_t n_head, size_t first, uint64_t head_key,
                         seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_itemsets *all = s->index->sets;
    const seg_rule_options *options = s->options;
    if (n_head >= options->max_head || n_head + 1 >= s->n)
        return SEG_OK;

    for (size_t i = first; i < s->n && st == SEG_OK; i++) {
        s->in_head[i] = true;
        s->head[n_head] = s->items[i];
        fill_body(s);
        uint64_t key = head_key + seg_item_key(s->items[i]);
        size_t body = seg_itemset_find(s->index, s->body, s->n - n_head - 1, s->key - key);
        if (body == SIZE_MAX)
            st = seg_fail(err, SEG_E_IO, "a subset of a frequent itemset is missing");
        else if (seg_rule_confident(all->count[s->whole], all->count[body],
                                    options->confidence_num, options->confidence_den)) {
            if (head_wanted(s, n_head + 1))
                st = keep(s, body, n_head + 1, key, err);
            if (st == SEG_OK)
                st = extend(s, n_head + 1, i + 1, key, err);
        }
        s->in_head[i] = false;
    }
    return st;
}

static size_t longest(const seg_itemsets *all)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++)
        if (seg_itemset_length(all, i) > n)
            n = seg_itemset_length(all, i);
    return n;
}

seg_status seg_rules_find(const seg_itemsets *all, const seg_rule_options *options,
                          seg_rules *rules, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_itemset_index index = { 0 };
    search s = { .index = &index, .options = options, .found = rules };
    size_t n_max = longest(all);

    TRY(seg_itemset_index_new(all, &index, err));
    TRY(SEG_ALLOC(&s.in_head, n_max, "a rule", err));
    TRY(SEG_ALLOC(&s.head, n_max, "a rule", err));
    TRY(SEG_ALLOC(&s.body, n_max, "a rule", err));
    for (size_t i = 0; i < all->n; i++) {
        s.whole = i;
        s.items = seg_itemset(all, i);
        s.n = seg_itemset_length(all, i);
        s.key = seg_itemset_key(s.items, s.n);
        TRY(extend(&s, 0, 0, 0, err));
    }

done:
    seg_itemset_index_clear(&index);
    seg_free(s.in_head);
    seg_free(s.head);
    seg_free(s.body);
    if (st != SEG_OK)
        seg_rules_clear(rules);
    return st;
}

seg_rule_counts seg_rule_counts_of(const seg_itemsets *all, uint32_t n_baskets,
                                   const seg_rule *rule)
{
    return (seg_rule_counts){ .all = n_baskets, .both = all->count[rule->whole],
                              .body = all->count[rule->body], .head = all->count[rule->head] };
}

typedef struct order {
    const seg_itemsets *all;
    uint32_t n_baskets;
    seg_measure measure;
} order;

static int compare_sets(const seg_itemsets *all, uint32_t a, uint32_t b)
{
    const int32_t *x = seg_itemset(all, a), *y = seg_itemset(all, b);
    size_t n = seg_itemset_length(all, a), m = seg_itemset_length(all, b);
    for (size_t i = 0; i < n && i < m; i++)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return (n > m) - (n < m);
}

static int better_first(const void *a, const void *b, void *arg)
{
    const order *o = arg;
    const seg_rule *x = a, *y = b;
    seg_rule_counts cx = seg_rule_counts_of(o->all, o->n_baskets, x);
    seg_rule_counts cy = seg_rule_counts_of(o->all, o->n_baskets, y);
    int by = seg_rule_compare(&cx, &cy, o->measure);
    if (by == 0)
        by = compare_sets(o->all, x->body, y->body);
    return by != 0 ? by : compare_sets(o->all, x->head, y->head);
}

void seg_rules_sort(seg_rules *rules, const seg_itemsets *all, uint32_t n_baskets,
                    seg_measure measure)
{
    order o = { .all = all, .n_baskets = n_baskets, .measure = measure };
    if (rules->n > 1)
        qsort_r(rules->rules, rules->n, sizeof *rules->rules, better_first, &o);
}

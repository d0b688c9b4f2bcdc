/* offer_index.c: the tree of the bodies of rules. Rules come best first, so the rule that
 * makes a node is the best below it, and children are made in the order of their best
 * rules: the tree needs no sorting. A child is found by hash of parent and item. */
#include "kernels/offers.h"

#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

static const uint32_t NONE = UINT32_MAX;

typedef struct twig {
    int32_t item;
    uint32_t best, own, parent, first_child, last_child, next_sibling, n_rules;
    uint32_t number;             /* in preorder */
} twig;

typedef struct builder {
    seg_offer_rules *rules;
    const uint32_t *item_count;
    twig *twigs;
    size_t n, cap;
    uint32_t *slots;             /* twig + 1 by hash of (parent, item); 0: free */
    size_t n_slots;
    uint32_t *root;              /* n_items: twig */
    uint32_t *twig_of;           /* n_rules */
    int32_t *body;               /* the rule's, rarest first */
    size_t body_cap;
} builder;

static size_t slot_of(const builder *b, uint32_t parent, int32_t item)
{
    uint64_t key = ((uint64_t)parent << 32 | (uint32_t)item) * 0x9E3779B97F4A7C15u;
    return (size_t)(key >> 32) & (b->n_slots - 1);
}

static seg_status make_slots(builder *b, size_t n_slots, seg_error *err)
{
    seg_free(b->slots);
    b->n_slots = n_slots;
    seg_status st = SEG_ALLOC(&b->slots, n_slots, "the index of the rules", err);
    for (size_t t = 0; st == SEG_OK && t < b->n; t++) {
        if (b->twigs[t].parent == NONE)
            continue;
        size_t at = slot_of(b, b->twigs[t].parent, b->twigs[t].item);
        while (b->slots[at] != 0)
            at = (at + 1) & (n_slots - 1);
        b->slots[at] = (uint32_t)t + 1;
    }
    return st;
}

static seg_status add_twig(builder *b, uint32_t parent, int32_t item, uint32_t rule,
                           seg_error *err)
{
    if (b->n >= NONE - 1)
        return seg_fail(err, SEG_E_DATA, "the bodies of the rules are too many to make offers"
                        " from: the limit is %u different beginnings", NONE - 1);
    seg_status st = SEG_GROW(&b->twigs, &b->cap, b->n + 1, "the index of the rules", err);
    if (st != SEG_OK)
        return st;
    uint32_t t = (uint32_t)b->n++;
    b->twigs[t] = (twig){ .item = item, .best = rule, .own = NONE, .parent = parent,
                          .first_child = NONE, .last_child = NONE, .next_sibling = NONE };
    if (parent == NONE)
        return SEG_OK;
    twig *p = &b->twigs[parent];
    if (p->last_child == NONE)
        p->first_child = t;
    else
        b->twigs[p->last_child].next_sibling = t;
    p->last_child = t;
    return SEG_OK;
}

static seg_status child(builder *b, uint32_t parent, int32_t item, uint32_t rule,
                        uint32_t *out, seg_error *err)
{
    seg_status st = SEG_OK;
    if (b->n_slots < 2 * (b->n + 1))
        TRY(make_slots(b, 2 * b->n_slots, err));
    size_t at = slot_of(b, parent, item);
    for (; b->slots[at] != 0; at = (at + 1) & (b->n_slots - 1)) {
        *out = b->slots[at] - 1;
        if (b->twigs[*out].parent == parent && b->twigs[*out].item == item)
            return SEG_OK;
    }
    *out = (uint32_t)b->n;
    TRY(add_twig(b, parent, item, rule, err));
    b->slots[at] = *out + 1;

done:
    return st;
}

static int rarest_first(const void *a, const void *b, void *arg)
{
    const uint32_t *count = arg;
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    if (count[x] != count[y])
        return count[x] < count[y] ? -1 : 1;
    return (x > y) - (x < y);
}

/* The items of a rule's body, rarest first; bodies are short. */
static seg_status order_body(builder *b, size_t rule, size_t *n, seg_error *err)
{
    enum { SHORT = 32 };
    const int32_t *body = b->rules->body + b->rules->body_start[rule];
    *n = (size_t)(b->rules->body_start[rule + 1] - b->rules->body_start[rule]);
    seg_status st = SEG_GROW(&b->body, &b->body_cap, *n, "the index of the rules", err);
    if (st != SEG_OK)
        return st;
    if (*n > SHORT) {
        memcpy(b->body, body, *n * sizeof *body);
        qsort_r(b->body, *n, sizeof *body, rarest_first, (void *)(uintptr_t)b->item_count);
        return SEG_OK;
    }
    for (size_t i = 0; i < *n; i++) {
        size_t j = i;
        for (; j > 0 && b->item_count[b->body[j - 1]] > b->item_count[body[i]]; j--)
            b->body[j] = b->body[j - 1];
        b->body[j] = body[i];
    }
    return SEG_OK;
}

static seg_status add_rule(builder *b, uint32_t rule, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n;
    TRY(order_body(b, rule, &n, err));
    uint32_t at = b->root[b->body[0]];
    if (at == NONE) {
        at = b->root[b->body[0]] = (uint32_t)b->n;
        TRY(add_twig(b, NONE, b->body[0], rule, err));
    }
    for (size_t i = 1; i < n; i++)
        TRY(child(b, at, b->body[i], rule, &at, err));
    if (b->twigs[at].n_rules++ == 0)
        b->twigs[at].own = rule;
    b->twig_of[rule] = at;

done:
    return st;
}

/* ---- preorder ---------------------------------------------------------------------------- */

static void put_node(builder *b, uint32_t at, uint32_t *n, uint32_t *n_rules)
{
    twig *t = &b->twigs[at];
    t->number = *n;
    b->rules->nodes[(*n)++] = (seg_offer_node){ .item = t->item, .best = t->best,
                                                .own = t->own, .first_rule = *n_rules };
    *n_rules += t->n_rules;
}

/* The subtree of a root, without recursion: bodies may be long. */
static void put_tree(builder *b, uint32_t root, uint32_t *n, uint32_t *n_rules)
{
    uint32_t at = root;
    for (;;) {
        put_node(b, at, n, n_rules);
        if (b->twigs[at].first_child != NONE) {
            at = b->twigs[at].first_child;
            continue;
        }
        for (;;) {
            b->rules->nodes[b->twigs[at].number].next = *n;
            if (at == root)
                return;
            if (b->twigs[at].next_sibling != NONE)
                break;
            at = b->twigs[at].parent;
        }
        at = b->twigs[at].next_sibling;
    }
}

static void put_siblings_end(const builder *b)
{
    for (size_t t = 0; t < b->n; t++) {
        const twig *of = b->twigs[t].parent == NONE ? &b->twigs[t]
                                                    : &b->twigs[b->twigs[t].parent];
        b->rules->nodes[b->twigs[t].number].siblings_end = b->rules->nodes[of->number].next;
    }
}

/* Rules by node, with n_rules as the counter of those that are in place. */
static void put_rules(builder *b)
{
    for (size_t t = 0; t < b->n; t++)
        b->twigs[t].n_rules = b->rules->nodes[b->twigs[t].number].first_rule;
    for (size_t r = 0; r < b->rules->n_rules; r++)
        b->rules->entries[b->twigs[b->twig_of[r]].n_rules++] =
            (seg_offer_entry){ (uint32_t)r, b->rules->head[r] };
}

static seg_status finish(builder *b, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_offer_rules *rules = b->rules;
    uint32_t n = 0, n_rules = 0;
    TRY(SEG_ALLOC(&rules->nodes, b->n + 1, "the index of the rules", err));
    TRY(SEG_ALLOC(&rules->entries, rules->n_rules, "the index of the rules", err));
    TRY(SEG_ALLOC(&rules->root, rules->n_items, "the index of the rules", err));
    for (size_t i = 0; i < rules->n_items; i++) {
        rules->root[i] = b->root[i] == NONE ? NONE : n;
        if (b->root[i] != NONE)
            put_tree(b, b->root[i], &n, &n_rules);
    }
    rules->n_nodes = n;
    rules->nodes[n].first_rule = n_rules;
    put_siblings_end(b);
    put_rules(b);

done:
    return st;
}

seg_status seg_offer_rules_index(seg_offer_rules *rules, const uint32_t *item_count,
                                 seg_error *err)
{
    seg_status st = SEG_OK;
    builder b = { .rules = rules, .item_count = item_count };
    if (rules->n_rules >= NONE)
        return seg_fail(err, SEG_E_DATA, "%zu rules are too many to make offers from: the limit"
                        " is %u", rules->n_rules, NONE - 1);
    TRY(make_slots(&b, 1024, err));
    TRY(SEG_ALLOC(&b.root, rules->n_items, "the index of the rules", err));
    TRY(SEG_ALLOC(&b.twig_of, rules->n_rules, "the index of the rules", err));
    memset(b.root, 0xff, rules->n_items * sizeof *b.root);
    for (size_t r = 0; r < rules->n_rules; r++)
        TRY(add_rule(&b, (uint32_t)r, err));
    TRY(finish(&b, err));

done:
    seg_free(b.twigs);
    seg_free(b.slots);
    seg_free(b.root);
    seg_free(b.twig_of);
    seg_free(b.body);
    return st;
}

void seg_offer_rules_clear(seg_offer_rules *rules)
{
    seg_free(rules->body_start);
    seg_free(rules->body);
    seg_free(rules->head);
    seg_free(rules->nodes);
    seg_free(rules->root);
    seg_free(rules->entries);
    *rules = (seg_offer_rules){ 0 };
}

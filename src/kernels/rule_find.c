/* rule_find.c: rules from frequent itemsets.
 *
 * Source: R. Agrawal and R. Srikant, VLDB 1994, section 3 (ap-genrules): moving an item from the
 * body to the head can only lower the confidence, so a head that fails is not extended. The key
 * of a body is that of the whole xor that of the head: one look-up a split, and hundreds of them
 * are under way at a time, so that the memory is not waited for. Parts of the tree are searched
 * by any thread; what each leaves behind is put together in their order. */
#include "kernels/rule_find.h"

#include <omp.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"
#include "kernels/rule_pile.h"

enum { BATCH = 256 };

/* A set being split. Its items that may be in a head stand in `heads`: first those that cannot
 * be in a body, then wanted ones, then the others. */
typedef struct whole {
    uint64_t key;
    uint32_t node, most;     /* most: baskets that a body may have */
    uint32_t heads;          /* where they start in finder.heads */
    uint8_t n, n_heads;
    uint8_t n_forced, n_first;   /* in all heads; and then the wanted ones */
    bool met;                /* a wanted item is among the forced ones, or none is asked for */
} whole;

/* A head to try: some of the items up to heads[next - 1]. */
typedef struct probe {
    uint64_t key;            /* of the head */
    uint16_t whole;
    uint8_t n, next;
    bool met;
} probe;

/* What is known about the first so many items of the set that the walk stands at. */
typedef struct level {
    size_t n_must, n_forced, n_wanted;
} level;

typedef struct rule_part {
    int thread;
    size_t first, n;         /* of the thread's rules */
} rule_part;

typedef struct shared {
    const seg_itemset_tree *tree;
    const seg_set_index *index;
    const seg_rule_search *search;
    uint32_t *single;        /* node of each item alone */
    int32_t *must;           /* n_must items, ascending */
    size_t n_must;
    bool wanted;             /* some item is */
    int32_t last_wanted;
    rule_part *parts;
    uint64_t n_found;        /* by all, so far */
    size_t n_done;
    bool stop, too_many;
} shared;

/* One thread's. */
typedef struct finder {
    shared *all;
    seg_set_walk walk;
    level levels[SEG_ITEMSET_MAX + 1];
    whole wholes[BATCH];
    size_t n_wholes;
    int32_t heads[BATCH * SEG_ITEMSET_MAX];
    size_t n_heads;
    probe *stack;
    size_t n_stack, stack_cap;
    seg_rule found[BATCH];   /* of a batch, with the keys of their heads */
    uint64_t head_key[BATCH];
    seg_rule_pile pile;
    seg_best_rules best;
    seg_status st;
    seg_error err;
} finder;

static uint8_t use_of(const shared *all, int32_t item)
{
    return all->search->use == NULL ? SEG_RULE_BODY | SEG_RULE_HEAD : all->search->use[item];
}

/* ---- sets that can be split ------------------------------------------------------------ */

/* Take the item at `depth` up; false: neither this set nor one that begins with it can be split
 * as asked. Items ascend, so those that were passed by do not come any more. */
static bool enter(finder *f, size_t depth)
{
    const shared *all = f->all;
    int32_t item = f->walk.items[depth - 1];
    uint8_t use = use_of(all, item);
    level l = f->levels[depth - 1];
    if ((use & (SEG_RULE_BODY | SEG_RULE_HEAD)) == 0
        || (all->search->max_length > 0 && depth > all->search->max_length))
        return false;
    if (l.n_must < all->n_must && all->must[l.n_must] <= item) {
        if (all->must[l.n_must] < item)
            return false;
        l.n_must++;
    }
    l.n_forced += (use & SEG_RULE_BODY) == 0;
    l.n_wanted += (use & SEG_RULE_WANTED) != 0 && (use & SEG_RULE_HEAD) != 0;
    f->levels[depth] = l;
    return l.n_forced <= all->search->max_head
           && (!all->wanted || l.n_wanted > 0 || item < all->last_wanted);
}

static void take_heads(finder *f, whole *w, uint8_t mask, uint8_t bits)
{
    const shared *all = f->all;
    for (size_t i = 0; i < f->walk.n; i++)
        if ((use_of(all, f->walk.items[i]) & mask) == bits) {
            f->heads[f->n_heads++] = f->walk.items[i];
            w->n_heads++;
        }
}

/* Put a head on the stack, and its body on the way. */
static void push(finder *f, uint64_t key, size_t whole_at, size_t n, size_t next, bool met)
{
    f->stack[f->n_stack++] = (probe){ key, (uint16_t)whole_at, (uint8_t)n, (uint8_t)next, met };
    seg_set_prefetch(f->all->index, f->wholes[whole_at].key ^ key);
}

static seg_status make_room(finder *f, size_t n)
{
    return SEG_GROW(&f->stack, &f->stack_cap, f->n_stack + n, "the rules", &f->err);
}

/* The ways to put one more item into the head of p, which is not one of the stack. */
static void extend(finder *f, const probe *p)
{
    const whole *w = &f->wholes[p->whole];
    const int32_t *heads = f->heads + w->heads;
    size_t end = p->met ? w->n_heads : (size_t)w->n_forced + w->n_first;
    for (size_t i = p->next; i < end; i++)
        push(f, p->key ^ f->all->index->code[heads[i]], p->whole, p->n + 1u, i + 1, true);
}

/* count(body) <= count den / num is count den >= num count(body), exactly. */
static uint32_t most_baskets(const seg_rule_search *search, uint32_t count)
{
    uint64_t num = search->confidence_num, den = search->confidence_den;
    if (num == 0)
        return UINT32_MAX;
    if (den <= UINT32_MAX)
        return count * den / num < UINT32_MAX ? (uint32_t)(count * den / num) : UINT32_MAX;
    unsigned __int128 most = (unsigned __int128)count * den / num;
    return most < UINT32_MAX ? (uint32_t)most : UINT32_MAX;
}

/* The set that the walk stands at: its first heads. */
static void split(finder *f)
{
    const shared *all = f->all;
    const level *l = &f->levels[f->walk.n];
    size_t n = f->walk.n;
    if (n < 2 || l->n_must < all->n_must || (all->wanted && l->n_wanted == 0) || l->n_forced == n)
        return;
    whole *w = &f->wholes[f->n_wholes];
    *w = (whole){ .key = f->walk.key[n], .node = (uint32_t)f->walk.node, .n = (uint8_t)n,
                  .most = most_baskets(all->search, all->tree->count[f->walk.node]),
                  .heads = (uint32_t)f->n_heads };
    enum { BOTH = SEG_RULE_BODY | SEG_RULE_HEAD };
    if (all->search->use == NULL) {
        memcpy(f->heads + f->n_heads, f->walk.items, n * sizeof *f->heads);
        f->n_heads += n;
        w->n_heads = (uint8_t)n;
    } else {
        take_heads(f, w, BOTH, SEG_RULE_HEAD);
        w->n_forced = w->n_heads;
        take_heads(f, w, BOTH | SEG_RULE_WANTED, BOTH | SEG_RULE_WANTED);
        w->n_first = (uint8_t)(w->n_heads - w->n_forced);
        take_heads(f, w, BOTH | SEG_RULE_WANTED, BOTH);
    }
    w->met = !all->wanted || l->n_wanted > w->n_first;
    probe p = { .whole = (uint16_t)f->n_wholes++, .met = w->met };
    for (size_t i = 0; i < w->n_forced; i++)
        p.key ^= all->index->code[f->heads[w->heads + i]];
    p.n = p.next = w->n_forced;
    if (p.n > 0)
        push(f, p.key, p.whole, p.n, p.next, p.met);
    else
        extend(f, &p);
}

/* ---- heads ------------------------------------------------------------------------------- */

static bool wanted_size(const finder *f, const probe *p)
{
    const seg_rule_search *search = f->all->search;
    size_t body = f->wholes[p->whole].n - (size_t)p->n;
    return body >= search->min_body && (search->max_body == 0 || body <= search->max_body);
}

/* Look the bodies of a batch of heads up. Those that hold go to the front: their number, or
 * BATCH + 1 when a body is missing. */
static size_t look_up(const finder *f, probe *p, size_t n, uint32_t *body)
{
    const seg_set_index *index = f->all->index;
    const uint32_t *count = f->all->tree->count;
    uint32_t missing = 0;
    size_t n_hold = 0;
    for (size_t i = 0; i < n; i++) {
        body[i] = seg_set_find(index, f->wholes[p[i].whole].key ^ p[i].key);
        missing |= body[i] == SEG_NO_SET;
        __builtin_prefetch(&count[body[i]]);
    }
    for (size_t i = 0; missing == 0 && i < n; i++) {
        bool holds = count[body[i]] <= f->wholes[p[i].whole].most;
        p[n_hold] = p[i];
        body[n_hold] = body[i];
        n_hold += holds;
    }
    return missing == 0 ? n_hold : BATCH + 1;
}

static seg_status a_set_is_missing(finder *f)
{
    return seg_fail(&f->err, SEG_E_DATA, "the list of itemsets lacks a subset of one of them");
}

/* Try a batch of heads; list those that hold in `found`, in order, and extend them. */
static seg_status try_heads(finder *f, probe *p, size_t n, size_t *n_found)
{
    const shared *all = f->all;
    const seg_rule_search *search = all->search;
    size_t least = search->min_body > 1 ? search->min_body : 1;
    uint32_t body[BATCH];
    *n_found = 0;
    n = look_up(f, p, n, body);
    if (n > BATCH)
        return a_set_is_missing(f);
    for (size_t i = 0; i < n; i++) {
        const whole *w = &f->wholes[p[i].whole];
        int32_t last = f->heads[w->heads + p[i].next - 1];
        uint32_t head = p[i].n == 1 ? all->single[last] : SEG_NO_SET;
        f->head_key[*n_found] = p[i].key;
        f->found[*n_found] = (seg_rule){ w->node, body[i], head };
        *n_found += p[i].met && wanted_size(f, &p[i]);
        if (p[i].n >= search->max_head || p[i].n + least >= w->n)
            continue;
        seg_status st = make_room(f, w->n_heads);
        if (st != SEG_OK)
            return st;
        extend(f, &p[i]);
    }
    return SEG_OK;
}

static seg_status find_heads(finder *f, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (f->found[i].head == SEG_NO_SET)
            seg_set_prefetch(f->all->index, f->head_key[i]);
    for (size_t i = 0; i < n; i++) {
        if (f->found[i].head != SEG_NO_SET)
            continue;
        f->found[i].head = seg_set_find(f->all->index, f->head_key[i]);
        if (f->found[i].head == SEG_NO_SET)
            return a_set_is_missing(f);
    }
    return SEG_OK;
}

static seg_status keep(finder *f, size_t n)
{
    seg_status st = SEG_OK;
    shared *all = f->all;
    const seg_rule_search *search = all->search;
    uint64_t so_far = __atomic_add_fetch(&all->n_found, n, __ATOMIC_RELAXED);
    if (search->max_rules > 0 && search->best == NULL && so_far > search->max_rules)
        __atomic_store_n(&all->too_many, true, __ATOMIC_RELAXED);
    if (search->count_only || n == 0 || __atomic_load_n(&all->too_many, __ATOMIC_RELAXED))
        return SEG_OK;
    TRY(find_heads(f, n));
    if (search->best == NULL)
        TRY(seg_rule_pile_add(&f->pile, f->found, n, &f->err));
    for (size_t i = 0; search->best != NULL && i < n; i++) {
        seg_ranked_rule ranked = seg_rule_ranked(search->best, &f->found[i]);
        TRY(seg_best_rules_add(&f->best, search->best, &ranked, &f->err));
    }

done:
    return st;
}

/* Until no head is left to try. */
static seg_status drain(finder *f)
{
    seg_status st = SEG_OK;
    while (f->n_stack > 0) {
        probe batch[BATCH];
        size_t n_found, n = f->n_stack < BATCH ? f->n_stack : BATCH;
        f->n_stack -= n;
        memcpy(batch, f->stack + f->n_stack, n * sizeof *batch);
        TRY(try_heads(f, batch, n, &n_found));
        TRY(keep(f, n_found));
    }
    f->n_wholes = f->n_heads = 0;

done:
    return st;
}

/* ---- parts ---------------------------------------------------------------------------------- */

/* Leave a set that cannot be split, and all that begin with its first so many items. */
static void leave(finder *f, size_t depth)
{
    f->walk.n = depth;
    seg_set_skip(&f->walk);
}

/* The sets above the first one of a part. */
static void enter_above(finder *f, size_t first)
{
    size_t depth = f->all->tree->depth[first];
    for (size_t d = 1; d < depth; d++)
        if (!enter(f, d)) {
            leave(f, d);
            return;
        }
}

static seg_status search_part(finder *f, size_t part)
{
    seg_status st = SEG_OK;
    const seg_itemset_tree *tree = f->all->tree;
    size_t first = part * SEG_TREE_PART;
    f->all->parts[part] = (rule_part){ omp_get_thread_num(), f->pile.n, 0 };
    seg_set_walk_from(tree, f->all->index->code, first, first + SEG_TREE_PART, &f->walk);
    enter_above(f, first);
    while (seg_set_next(&f->walk)) {
        if (!enter(f, f->walk.n)) {
            leave(f, f->walk.n);
            continue;
        }
        if (tree->count[f->walk.node] == 0)
            continue;
        TRY(make_room(f, f->walk.n));
        split(f);
        if (f->n_stack >= BATCH || f->n_wholes == BATCH)
            TRY(drain(f));
    }
    TRY(drain(f));
    f->all->parts[part].n = f->pile.n - f->all->parts[part].first;

done:
    return st;
}

static seg_status tell(finder *f, size_t n_parts)
{
    const seg_rule_search *search = f->all->search;
    size_t n_done = __atomic_add_fetch(&f->all->n_done, 1, __ATOMIC_RELAXED);
    if (search->step == NULL || omp_get_thread_num() != 0)
        return SEG_OK;
    return search->step(search->step_arg, (double)n_done / (double)n_parts, &f->err);
}

static void search_all(shared *all, finder *const *finders, int n_threads)
{
    size_t n_parts = seg_tree_parts(all->tree);
    #pragma omp parallel for schedule(dynamic, 1) num_threads(n_threads)
    for (size_t p = 0; p < n_parts; p++) {
        finder *f = finders[omp_get_thread_num()];
        if (__atomic_load_n(&all->stop, __ATOMIC_RELAXED))
            continue;
        f->st = search_part(f, p);
        if (f->st == SEG_OK)
            f->st = tell(f, n_parts);
        if (f->st != SEG_OK)
            __atomic_store_n(&all->stop, true, __ATOMIC_RELAXED);
    }
}

/* ---- all of it ----------------------------------------------------------------------------- */

static seg_status prepare(shared *all, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_itemset_tree *tree = all->tree;
    size_t n_items = all->index->n_items;
    TRY(SEG_ALLOC(&all->single, n_items, "the items", err));
    TRY(SEG_ALLOC(&all->must, n_items, "the items", err));
    TRY(SEG_ALLOC(&all->parts, seg_tree_parts(tree), "the parts of the rules", err));
    for (size_t i = 0; i < tree->n; i++)
        if (tree->depth[i] == 1)
            all->single[tree->item[i]] = (uint32_t)i;
    for (size_t i = 0; i < n_items; i++) {
        uint8_t use = use_of(all, (int32_t)i);
        if ((use & SEG_RULE_MUST) != 0)
            all->must[all->n_must++] = (int32_t)i;
        if ((use & SEG_RULE_WANTED) != 0) {
            all->wanted = true;
            all->last_wanted = (int32_t)i;
        }
    }

done:
    return st;
}

/* The rules of all threads in the order of the parts. */
static seg_status gather(const shared *all, finder *const *finders, int n_threads,
                         seg_rules *rules, seg_error *err)
{
    size_t n = 0;
    for (int t = 0; t < n_threads; t++)
        n += finders[t]->pile.n;
    seg_status st = SEG_ALLOC(&rules->rules, n, "the rules", err);
    if (st != SEG_OK)
        return st;
    rules->cap = n;
    for (size_t p = 0; p < seg_tree_parts(all->tree); p++) {
        const rule_part *part = &all->parts[p];
        seg_rule_pile_copy(&finders[part->thread]->pile, part->first, part->n,
                       rules->rules + rules->n);
        rules->n += part->n;
    }
    return SEG_OK;
}

static seg_status gather_best(const seg_rule_search *search, finder *const *finders,
                              int n_threads, seg_rules *rules, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n = 0;
    for (int t = 0; t < n_threads; t++)
        n += finders[t]->best.n;
    TRY(SEG_ALLOC(&rules->rules, n, "the rules", err));
    rules->cap = n;
    for (int t = 0; t < n_threads; t++)
        for (size_t i = 0; i < finders[t]->best.n; i++)
            rules->rules[rules->n++] = finders[t]->best.heap[i].rule;
    TRY(seg_rule_order_sort(search->best, n_threads, rules, err));
    if (rules->n > search->top)
        rules->n = search->top;

done:
    return st;
}

static void finder_free(finder *f)
{
    if (f == NULL)
        return;
    seg_free(f->stack);
    seg_free(f->best.heap);
    seg_rule_pile_clear(&f->pile);
    seg_free(f);
}

seg_status seg_rule_find(const seg_itemset_tree *tree, const seg_set_index *index,
                         const seg_rule_search *search, seg_rules *rules, uint64_t *n_found,
                         seg_error *err)
{
    seg_status st = SEG_OK;
    shared all = { .tree = tree, .index = index, .search = search };
    int n_threads = search->n_threads < 1 ? 1 : search->n_threads;
    finder **finders = NULL;
    *n_found = 0;
    TRY(SEG_ALLOC(&finders, (size_t)n_threads, "the search for rules", err));
    TRY(prepare(&all, err));
    for (int t = 0; t < n_threads; t++) {
        TRY(SEG_ALLOC(&finders[t], 1, "the search for rules", err));
        finders[t]->all = &all;
        finders[t]->best.k = search->top;
    }
    search_all(&all, finders, n_threads);
    for (int t = 0; t < n_threads; t++)
        if (finders[t]->st != SEG_OK) {
            if (err != NULL)
                *err = finders[t]->err;
            TRY(finders[t]->st);
        }
    *n_found = all.n_found;
    if (all.too_many || search->count_only)
        goto done;
    if (search->best != NULL)
        TRY(gather_best(search, finders, n_threads, rules, err));
    else
        TRY(gather(&all, finders, n_threads, rules, err));

done:
    for (int t = 0; finders != NULL && t < n_threads; t++)
        finder_free(finders[t]);
    seg_free(finders);
    seg_free(all.single);
    seg_free(all.must);
    seg_free(all.parts);
    if (st != SEG_OK)
        seg_rules_clear(rules);
    return st;
}

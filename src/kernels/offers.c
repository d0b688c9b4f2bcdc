/* offers.c: the search for rules that apply to a customer walks the tree of bodies only
 * along items that the customer has, so a body costs nothing unless its rarer items are
 * owned, and a body shared by many rules is looked at once. The best rule of each subtree
 * ends the walk as soon as nothing below can be better than what was found. */
#include "kernels/offers.h"

#include <omp.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

enum { OWNED = 1, BARRED = 2 };
static const uint32_t NONE = UINT32_MAX;

/* What one thread works with; chance, first and touched only where rules are combined. */
typedef struct seeker {
    const seg_offer_rules *rules;
    const seg_offer_ask *ask;
    uint8_t *flags;          /* n_items */
    uint32_t *roots;         /* n_items: of the row */
    double *chance;          /* n_items: that one of the rules that offer it comes true */
    uint32_t *first;         /* n_items: the best of these rules, or NONE */
    int32_t *touched;        /* the items that have one */
    size_t n_touched;
    int32_t *heads;          /* k: of the best rules */
    int64_t *best;           /* of the row, ascending rules or descending scores */
    double *score;
    size_t n;                /* found so far */
} seeker;

/* Put a rule into the ascending list of at most k rules with different heads. */
static void insert(seeker *s, seg_offer_entry entry)
{
    size_t at = 0, k = s->ask->k, same = s->n;
    while (at < s->n && s->best[at] < entry.rule)
        at++;
    for (size_t i = 0; i < s->n; i++)
        if (s->heads[i] == entry.head)
            same = i;
    if (same < at || at == k)
        return;                         /* a better rule offers this item already */
    size_t end = same < s->n ? same : s->n < k ? s->n : k - 1;   /* this place is given up */
    memmove(s->best + at + 1, s->best + at, (end - at) * sizeof *s->best);
    memmove(s->heads + at + 1, s->heads + at, (end - at) * sizeof *s->heads);
    s->best[at] = entry.rule;
    s->heads[at] = entry.head;
    s->n += end == s->n;
}

static bool hopeless(const seeker *s, uint32_t rule)
{
    return s->n == s->ask->k && rule > s->best[s->n - 1];
}

static void take_best(seeker *s, size_t node)
{
    const seg_offer_rules *rules = s->rules;
    for (size_t i = rules->nodes[node].first_rule; i < rules->nodes[node + 1].first_rule; i++) {
        seg_offer_entry entry = rules->entries[i];
        if (hopeless(s, entry.rule))
            break;
        if (s->flags[entry.head] == 0)
            insert(s, entry);
    }
}

/* All rules below `root` that apply: ranks rise along siblings, so the first sibling that
 * brings nothing ends them all. */
static void walk_best(seeker *s, uint32_t root)
{
    const seg_offer_node *nodes = s->rules->nodes;
    for (uint32_t at = root, end = nodes[root].next; at < end;) {
        if (hopeless(s, nodes[at].best)) {
            at = nodes[at].siblings_end;
        } else if ((s->flags[nodes[at].item] & OWNED) == 0) {
            at = nodes[at].next;
        } else {
            if (!hopeless(s, nodes[at].own))
                take_best(s, at);
            at++;
        }
    }
}

static void take_all(seeker *s, size_t node)
{
    const seg_offer_rules *rules = s->rules;
    for (size_t i = rules->nodes[node].first_rule; i < rules->nodes[node + 1].first_rule; i++) {
        uint32_t rule = rules->entries[i].rule;
        int32_t item = rules->entries[i].head;
        if (s->flags[item] != 0)
            continue;
        if (s->first[item] == NONE) {
            s->touched[s->n_touched++] = item;
            s->chance[item] = 0;
        }
        s->chance[item] += s->ask->confidence[rule] * (1 - s->chance[item]);
        s->first[item] = rule < s->first[item] ? rule : s->first[item];
    }
}

static void walk_all(seeker *s, uint32_t root)
{
    const seg_offer_node *nodes = s->rules->nodes;
    for (uint32_t at = root, end = nodes[root].next; at < end;) {
        if ((s->flags[nodes[at].item] & OWNED) == 0) {
            at = nodes[at].next;
        } else {
            take_all(s, at);
            at++;
        }
    }
}

/* The k greatest scores of the touched items, which become untouched. */
static void choose(seeker *s)
{
    size_t k = s->ask->k;
    for (size_t t = 0; t < s->n_touched; t++) {
        int32_t item = s->touched[t];
        int64_t rule = s->first[item];
        double score = s->chance[item];
        if (s->ask->worth != NULL)
            score *= s->ask->worth[item];
        s->first[item] = NONE;
        size_t at = s->n;
        while (at > 0 && (score > s->score[at - 1]
                          || (score == s->score[at - 1] && rule < s->best[at - 1])))
            at--;
        if (at == k)
            continue;
        size_t n_moved = (s->n < k ? s->n : k - 1) - at;
        memmove(s->best + at + 1, s->best + at, n_moved * sizeof *s->best);
        memmove(s->score + at + 1, s->score + at, n_moved * sizeof *s->score);
        s->best[at] = rule;
        s->score[at] = score;
        s->n += s->n < k;
    }
    s->n_touched = 0;
}

static void flag(seeker *s, const seg_basket_rows *rows, size_t i, bool on)
{
    for (int64_t j = rows->row_start[i]; j < rows->row_start[i + 1]; j++)
        s->flags[rows->items[j]] = on ? OWNED : 0;
    if (s->ask->barred == NULL)
        return;
    for (int64_t j = s->ask->barred_first[i]; j < s->ask->barred_end[i]; j++) {
        uint8_t *f = &s->flags[s->ask->barred[j]];
        *f = on ? *f | BARRED : 0;
    }
}

/* The roots of the row's items, the one with the best rule first: then the others end soon. */
static size_t find_roots(seeker *s, const seg_basket_rows *rows, size_t i)
{
    size_t n = 0;
    const seg_offer_node *nodes = s->rules->nodes;
    for (int64_t j = rows->row_start[i]; j < rows->row_start[i + 1]; j++) {
        uint32_t root = s->rules->root[rows->items[j]];
        if (root == NONE || (j > rows->row_start[i] && rows->items[j] == rows->items[j - 1]))
            continue;
        s->roots[n] = root;
        if (n > 0 && nodes[root].best < nodes[s->roots[0]].best) {
            s->roots[n] = s->roots[0];
            s->roots[0] = root;
        }
        n++;
    }
    return n;
}

static void find_row(seeker *s, const seg_basket_rows *rows, size_t i, int64_t *best,
                     double *score)
{
    bool all = s->ask->confidence != NULL;
    s->best = best + i * s->ask->k;
    s->score = all ? score + i * s->ask->k : NULL;
    s->n = 0;
    flag(s, rows, i, true);
    size_t n_roots = find_roots(s, rows, i);
    for (size_t r = 0; r < n_roots; r++) {
        if (all)
            walk_all(s, s->roots[r]);
        else
            walk_best(s, s->roots[r]);
    }
    if (all)
        choose(s);
    flag(s, rows, i, false);
    for (size_t j = s->n; j < s->ask->k; j++)
        s->best[j] = -1;
}

/* ---- threads ----------------------------------------------------------------------------- */

static void seekers_free(seeker *seekers, int n)
{
    for (int t = 0; seekers != NULL && t < n; t++) {
        seg_free(seekers[t].flags);
        seg_free(seekers[t].roots);
        seg_free(seekers[t].heads);
        seg_free(seekers[t].chance);
        seg_free(seekers[t].first);
        seg_free(seekers[t].touched);
    }
    seg_free(seekers);
}

static seg_status seeker_init(seeker *s, const seg_offer_rules *rules,
                              const seg_offer_ask *ask, seg_error *err)
{
    static const char what[] = "the items of a customer";
    seg_status st = SEG_OK;
    *s = (seeker){ .rules = rules, .ask = ask };
    TRY(SEG_ALLOC(&s->flags, rules->n_items, what, err));
    TRY(SEG_ALLOC(&s->roots, rules->n_items, what, err));
    TRY(SEG_ALLOC(&s->heads, ask->k, what, err));
    if (ask->confidence == NULL)
        goto done;
    TRY(SEG_ALLOC(&s->chance, rules->n_items, what, err));
    TRY(SEG_ALLOC(&s->first, rules->n_items, what, err));
    TRY(SEG_ALLOC(&s->touched, rules->n_items, what, err));
    memset(s->first, 0xff, rules->n_items * sizeof *s->first);

done:
    return st;
}

seg_status seg_offers_find(const seg_offer_rules *rules, const seg_basket_rows *rows,
                           const seg_offer_ask *ask, int64_t *best, double *score,
                           int n_threads, seg_error *err)
{
    seg_status st = SEG_OK;
    seeker *seekers = NULL;
    if (ask->k == 0)
        return SEG_OK;
    TRY(SEG_ALLOC(&seekers, (size_t)n_threads, "the items of a customer", err));
    for (int t = 0; t < n_threads; t++)
        TRY(seeker_init(&seekers[t], rules, ask, err));
    #pragma omp parallel for schedule(dynamic, 256) num_threads(n_threads)
    for (size_t i = 0; i < rows->n_rows; i++)
        find_row(&seekers[omp_get_thread_num()], rows, i, best, score);

done:
    seekers_free(seekers, n_threads);
    return st;
}

/* rule_redundant.c: rules against all more general ones with the same head. A body of b items
 * has 2^b - 2 smaller ones, all of them in the tree, so it never has more than the tree has
 * sets. They are looked up in batches, each on its way from the memory while others are. */
#include "kernels/rule_redundant.h"

#include "base/alloc.h"
#include "base/try.h"
#include "kernels/itemset_marks.h"
#include "kernels/rule_tests.h"

enum { BATCH = 64, RULES_AT_A_TIME = 256, BODY_MAX = 63 };

typedef struct judge {
    const seg_itemset_tree *tree;
    const seg_set_index *index;
    const seg_rule *rules;
    const seg_redundancy_options *options;   /* null: rivals are wanted */
    uint64_t num, den;
    uint32_t n_baskets;
    uint32_t *above;                         /* per node; SEG_NO_SET: none */
    bool *redundant;
    seg_rule_counts *rivals;
} judge;

/* ---- a more general rule -------------------------------------------------------------- */

/* True: enough is known of the rule. */
static bool judge_by(const judge *j, size_t rule, const seg_rule_counts *own,
                     const seg_rule_counts *other)
{
    bool as_good = seg_rule_compare(other, own, SEG_MEASURE_CONFIDENCE) <= 0;
    if (j->rivals != NULL) {
        seg_rule_counts *best = &j->rivals[rule];
        int by = best->body == 0 ? -1 : seg_rule_compare(other, best, SEG_MEASURE_CONFIDENCE);
        if ((by < 0 || (by == 0 && other->both > best->both))
            && seg_rule_confident(other->both, other->body, j->num, j->den))
            *best = *other;
        return false;
    }
    if (j->options->how == SEG_REDUNDANT_PRODUCTIVE && !as_good) {
        seg_rule_counts within = { .all = other->body, .both = own->both, .body = own->body,
                                   .head = other->both };
        as_good = seg_fisher_p(&within) > j->options->alpha;
    }
    j->redundant[rule] = as_good;
    return as_good;
}

/* The bodies of bits first .. first + n - 1, of which none is empty or the whole. */
static bool judge_batch(const judge *j, size_t rule, const seg_rule_counts *own,
                        const uint64_t *code, uint64_t head_key, uint64_t first, size_t n,
                        bool *missing)
{
    uint64_t key[BATCH];
    const uint32_t *count = j->tree->count;
    for (size_t i = 0; i < n; i++) {
        key[i] = 0;
        for (uint64_t bits = first + i; bits != 0; bits &= bits - 1)
            key[i] ^= code[__builtin_ctzll(bits)];
        seg_set_prefetch(j->index, key[i]);
        seg_set_prefetch(j->index, key[i] ^ head_key);
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t body = seg_set_find(j->index, key[i]);
        uint32_t whole = seg_set_find(j->index, key[i] ^ head_key);
        if (body == SEG_NO_SET || whole == SEG_NO_SET) {
            *missing = true;
            return true;
        }
        seg_rule_counts other = { .all = own->all, .both = count[whole], .body = count[body],
                                  .head = own->head };
        if (judge_by(j, rule, own, &other))
            return true;
    }
    return false;
}

static uint64_t key_of(const judge *j, uint32_t node, uint64_t *code, size_t *n)
{
    uint64_t key = 0;
    for (*n = 0; node != SEG_NO_SET; node = j->above[node]) {
        uint64_t c = j->index->code[j->tree->item[node]];
        key ^= c;
        if (*n < BODY_MAX)
            code[(*n)++] = c;
    }
    return key;
}

/* False: a set is missing. */
static bool judge_rule(const judge *j, size_t rule)
{
    uint64_t code[BODY_MAX], unused[BODY_MAX];
    size_t n, n_unused;
    bool missing = false;
    seg_rule_counts own = seg_rule_counts_in(j->tree, j->n_baskets, &j->rules[rule]);
    key_of(j, j->rules[rule].body, code, &n);
    uint64_t head_key = key_of(j, j->rules[rule].head, unused, &n_unused);
    if (j->rivals == NULL && j->options->how == SEG_REDUNDANT_PRODUCTIVE) {
        seg_rule_counts no_body = { .all = own.all, .both = own.head, .body = own.all,
                                    .head = own.head };
        if (judge_by(j, rule, &own, &no_body))
            return true;
    }
    uint64_t end = (1ull << n) - 1;
    for (uint64_t first = 1; first < end; first += BATCH) {
        size_t some = end - first < BATCH ? (size_t)(end - first) : BATCH;
        if (judge_batch(j, rule, &own, code, head_key, first, some, &missing))
            break;
    }
    return !missing;
}

/* ---- all ---------------------------------------------------------------------------------- */

static void find_above(const seg_itemset_tree *tree, uint32_t *above)
{
    uint32_t path[SEG_ITEMSET_MAX + 1];
    path[0] = SEG_NO_SET;
    for (size_t i = 0; i < tree->n; i++) {
        above[i] = path[tree->depth[i] - 1];
        path[tree->depth[i]] = (uint32_t)i;
    }
}

static seg_status judge_all(judge *j, size_t n_rules, int n_threads, seg_error *err)
{
    seg_status st = SEG_OK;
    bool complete = true;
    TRY(SEG_ALLOC(&j->above, j->tree->n, "the itemsets", err));
    find_above(j->tree, j->above);
    #pragma omp parallel for schedule(dynamic, RULES_AT_A_TIME) num_threads(n_threads) \
        reduction(&&: complete)
    for (size_t r = 0; r < n_rules; r++)
        complete = complete && judge_rule(j, r);
    if (!complete)
        TRY(seg_fail(err, SEG_E_DATA, "the list of itemsets lacks a subset of one of them"));

done:
    seg_free(j->above);
    return st;
}

seg_status seg_rule_redundant(const seg_itemset_tree *tree, const seg_set_index *index,
                              const seg_rules *rules, const seg_redundancy_options *options,
                              bool *redundant, seg_error *err)
{
    judge j = { .tree = tree, .index = index, .rules = rules->rules, .options = options,
                .n_baskets = options->n_baskets, .redundant = redundant };
    const uint8_t *marks = options->marks;
    for (size_t r = 0; r < rules->n; r++)
        redundant[r] = options->how == SEG_REDUNDANT_BASIS
                       && ((marks[rules->rules[r].body] & SEG_MARK_DERIVED) != 0
                           || (marks[rules->rules[r].whole] & SEG_MARK_IMPLIED) != 0);
    if (options->how == SEG_REDUNDANT_BASIS)
        return SEG_OK;
    return judge_all(&j, rules->n, options->n_threads, err);
}

seg_status seg_rule_rivals(const seg_itemset_tree *tree, const seg_set_index *index,
                           const seg_rules *rules, uint32_t n_baskets, uint64_t num, uint64_t den,
                           int n_threads, seg_rule_counts *rivals, seg_error *err)
{
    judge j = { .tree = tree, .index = index, .rules = rules->rules, .num = num, .den = den,
                .n_baskets = n_baskets, .rivals = rivals };
    for (size_t r = 0; r < rules->n; r++)
        rivals[r] = (seg_rule_counts){ .all = n_baskets };
    return judge_all(&j, rules->n, n_threads, err);
}

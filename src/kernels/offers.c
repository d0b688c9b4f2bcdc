/* offers.c: a rule is looked at only for customers who have the rarest item of its body,
 * so popular items cost nothing; a list of rules is left as soon as it can bring nothing
 * better than what was found. */
#include "kernels/offers.h"

#include <omp.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

static int32_t rarest(const seg_offer_rules *rules, size_t rule, const uint32_t *item_count)
{
    int32_t item = rules->body[rules->body_start[rule]];
    for (int64_t i = rules->body_start[rule]; i < rules->body_start[rule + 1]; i++)
        if (item_count[rules->body[i]] < item_count[item])
            item = rules->body[i];
    return item;
}

seg_status seg_offer_rules_index(seg_offer_rules *rules, const uint32_t *item_count,
                                 seg_error *err)
{
    seg_status st = SEG_OK;
    int64_t *next = NULL;
    TRY(SEG_ALLOC(&next, rules->n_items, "the index of the rules", err));
    TRY(SEG_ALLOC(&rules->trigger_start, rules->n_items + 1, "the index of the rules", err));
    TRY(SEG_ALLOC(&rules->trigger, rules->n_rules, "the index of the rules", err));
    for (size_t r = 0; r < rules->n_rules; r++)
        rules->trigger_start[rarest(rules, r, item_count) + 1]++;
    for (size_t i = 0; i < rules->n_items; i++) {
        rules->trigger_start[i + 1] += rules->trigger_start[i];
        next[i] = rules->trigger_start[i];
    }
    for (size_t r = 0; r < rules->n_rules; r++)
        rules->trigger[next[rarest(rules, r, item_count)]++] = (uint32_t)r;

done:
    seg_free(next);
    return st;
}

void seg_offer_rules_clear(seg_offer_rules *rules)
{
    seg_free(rules->body_start);
    seg_free(rules->body);
    seg_free(rules->head);
    seg_free(rules->trigger_start);
    seg_free(rules->trigger);
    *rules = (seg_offer_rules){ 0 };
}

static bool applies(const seg_offer_rules *rules, size_t rule, const uint8_t *owned)
{
    if (owned[rules->head[rule]])
        return false;
    for (int64_t i = rules->body_start[rule]; i < rules->body_start[rule + 1]; i++)
        if (!owned[rules->body[i]])
            return false;
    return true;
}

/* Put a rule into the ascending list of at most k rules with different heads. */
static size_t insert(const seg_offer_rules *rules, int64_t *best, size_t n, size_t k,
                     int64_t rule)
{
    size_t at = 0, same = n;
    while (at < n && best[at] < rule)
        at++;
    for (size_t i = 0; i < n; i++)
        if (rules->head[best[i]] == rules->head[rule])
            same = i;
    if (same < at || at == k)
        return n;                       /* a better rule offers this item already */
    size_t end = same < n ? same : n < k ? n : k - 1;   /* the place that is given up */
    memmove(best + at + 1, best + at, (end - at) * sizeof *best);
    best[at] = rule;
    return same < n || n == k ? n : n + 1;
}

static void find_row(const seg_offer_rules *rules, const int32_t *items, size_t n_owned,
                     size_t k, int64_t *best, uint8_t *owned)
{
    size_t n = 0;
    for (size_t i = 0; i < n_owned; i++)
        owned[items[i]] = 1;
    for (size_t i = 0; i < n_owned; i++) {
        int64_t end = rules->trigger_start[items[i] + 1];
        for (int64_t t = rules->trigger_start[items[i]]; t < end; t++) {
            int64_t rule = rules->trigger[t];
            if (n == k && rule > best[k - 1])
                break;
            if (applies(rules, (size_t)rule, owned))
                n = insert(rules, best, n, k, rule);
        }
    }
    for (size_t i = 0; i < n_owned; i++)
        owned[items[i]] = 0;
    for (; n < k; n++)
        best[n] = -1;
}

void seg_offers_find(const seg_offer_rules *rules, const seg_basket_rows *rows, size_t k,
                     int64_t *best, uint8_t *scratch, int n_threads)
{
    #pragma omp parallel for schedule(dynamic, 256) num_threads(n_threads)
    for (size_t i = 0; i < rows->n_rows; i++)
        find_row(rules, rows->items + rows->row_start[i],
                 (size_t)(rows->row_start[i + 1] - rows->row_start[i]), k, best + i * k,
                 scratch + (size_t)omp_get_thread_num() * rules->n_items);
}

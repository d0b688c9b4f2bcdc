/* rules_support.c: which support gives so many itemsets? Counting without listing costs little,
 * so supports are tried: downwards from the most frequent item, each next one where the
 * growth so far leads to the number that is wanted, then between the two nearest. */
#include "base/real.h"
#include "base/try.h"
#include "models/rules_search_parts.h"

typedef struct bracket {
    uint32_t low, high;          /* the answer is above low and at most high */
    double at_low, at_high;      /* log of the numbers of sets + 1 */
} bracket;

static seg_status try_support(seg_rules_search *s, uint32_t min_count, seg_error *err)
{
    seg_rules_found *found = &s->found;
    seg_itemset_counts counts;
    seg_status st = seg_miner_count(s->miner, min_count, s->options.max_length, &counts, err);
    if (st != SEG_OK)
        return st;
    found->trials[found->n_trials++] = (seg_support_trial){ min_count, counts.total };
    return SEG_OK;
}

static double log_of(const seg_support_trial *trial)
{
    return seg_log((double)trial->n_itemsets + 1);
}

static const seg_support_trial *last(const seg_rules_found *found)
{
    return &found->trials[found->n_trials - 1];
}

/* Where a line through two points in logarithms reaches `wanted`, within first .. end. */
static uint32_t on_line(double x0, double y0, double x1, double y1, double wanted,
                        uint32_t first, uint32_t end)
{
    double x = y1 == y0 ? x1 : x0 + (wanted - y0) * (x1 - x0) / (y1 - y0);
    double support = seg_exp(x);
    if (!(support > first))
        return first;
    return support < end ? (uint32_t)support : end;
}

/* Moves one end of the bracket to the last trial; true: there were more sets than wanted. */
static bool note_trial(const seg_rules_search *s, bracket *b)
{
    const seg_support_trial *trial = last(&s->found);
    bool over = trial->n_itemsets > s->options.target_itemsets;
    if (over) {
        b->low = trial->min_count;
        b->at_low = log_of(trial);
    } else {
        b->high = trial->min_count;
        b->at_high = log_of(trial);
    }
    return over;
}

/* The next support to try below the one of the last trial: where the line through the last two
 * leads, at most half of it, or near the aim a third lower. */
static uint32_t step_down(const seg_rules_found *found, uint32_t least, double wanted)
{
    enum { FAR = 3 };            /* 20 times as many sets are wanted */
    const seg_support_trial *now = last(found);
    bool far = wanted - log_of(now) > FAR;
    uint32_t lowest = now->min_count - now->min_count / (far ? 2 : 3);
    lowest = lowest > least ? lowest : least;
    lowest = lowest < now->min_count ? lowest : now->min_count - 1;
    if (found->n_trials < 2 || now[-1].n_itemsets == now->n_itemsets)
        return lowest;
    return on_line(seg_log((double)now[-1].min_count), log_of(now - 1),
                   seg_log((double)now->min_count), log_of(now), wanted, lowest,
                   now->min_count - 1);
}

/* Down from the most frequent item until there are more sets than wanted, or no lower support. */
static seg_status go_down(seg_rules_search *s, bracket *b, seg_error *err)
{
    const seg_item_ranks *ranks = &s->found.ranks;
    uint32_t support = ranks->count[ranks->n - 1], least = s->found.min_count;
    double wanted = seg_log((double)s->options.target_itemsets * 1.05 + 1);
    *b = (bracket){ 0 };
    while (s->found.n_trials < SEG_SUPPORT_TRIALS) {
        seg_status st = try_support(s, support, err);
        if (st != SEG_OK)
            return st;
        if (note_trial(s, b) || support <= least)
            break;
        support = step_down(&s->found, least, wanted);
    }
    return SEG_OK;
}

/* Between: the smallest support that does not give too many, or one that gives at least nine
 * tenths of what is wanted. When a line moves its end by little, the middle comes next. */
static seg_status close_in(seg_rules_search *s, bracket *b, seg_error *err)
{
    double wanted = seg_log((double)s->options.target_itemsets * 0.96 + 1);
    double enough = seg_log((double)s->options.target_itemsets * 0.9 + 1);
    bool halve = false;
    while (b->high - b->low > 1 && b->at_high < enough
           && s->found.n_trials < SEG_SUPPORT_TRIALS) {
        uint32_t width = b->high - b->low, support = b->low + width / 2;
        if (!halve)
            support = on_line(seg_log((double)b->low), b->at_low, seg_log((double)b->high),
                              b->at_high, wanted, b->low + 1, b->high - 1);
        seg_status st = try_support(s, support, err);
        if (st != SEG_OK)
            return st;
        note_trial(s, b);
        halve = b->high - b->low > width / 4 * 3;
    }
    return SEG_OK;
}

seg_status seg_search_support(seg_rules_search *s, seg_error *err)
{
    bracket b;
    if (s->found.ranks.n == 0)
        return SEG_OK;
    seg_status st = go_down(s, &b, err);
    if (st == SEG_OK && b.high == 0)
        return seg_fail(err, SEG_E_USAGE, "no support gives at most --target-itemsets %llu: at a"
                        " count of %u there are more already",
                        (unsigned long long)s->options.target_itemsets, b.low);
    if (st == SEG_OK && b.low > 0)
        st = close_in(s, &b, err);
    s->found.min_count = b.high;
    return st;
}

/* rules_make.c: rules are found, tested, sifted, put in order and measured. */
#include "models/rules_make.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/team.h"
#include "base/text.h"
#include "base/threads.h"
#include "base/try.h"
#include "kernels/itemset_marks.h"
#include "kernels/rule_redundant.h"
#include "kernels/rule_tests.h"

typedef struct making {
    const seg_context *ctx;
    const seg_rules_options *options;
    const seg_rules_limits *limits;
    const seg_set_index *index;
    seg_rules_model *m;
    seg_rules_made *made;
    int n_threads;
    seg_rule_order order;
    seg_rules rules;
    double *p;                   /* per rule; null: not tested */
} making;

static seg_status step(void *arg, double done, seg_error *err)
{
    const making *k = arg;
    return seg_step(k->ctx, "finding rules", (uint64_t)(done * 1e4), 10000, err);
}

/* Rules that are sifted afterwards must all be there first. */
static bool sifts(const seg_rules_options *o)
{
    return o->test != SEG_RULES_NO_TEST || o->redundant != SEG_RULES_KEEP || o->filter != NULL;
}

static seg_status find(making *k, const uint8_t *use, seg_error *err)
{
    const seg_rules_options *o = k->options;
    bool best = o->top != 0 && !sifts(o) && !o->count_only;
    seg_rule_search search = {
        .confidence_num = k->limits->confidence_num,
        .confidence_den = k->limits->confidence_den,
        .max_head = o->max_head, .min_body = o->min_body, .max_body = o->max_body,
        .use = use,
        .count_only = o->count_only && !sifts(o),
        .max_rules = best ? 0 : o->max_rules,
        .best = best ? &k->order : NULL, .top = (size_t)o->top,
        .n_threads = k->n_threads, .step = step, .step_arg = k,
    };
    seg_status st = seg_rule_find(&k->m->sets, k->index, &search, &k->rules, &k->made->n_found,
                                  err);
    if (st == SEG_OK && search.max_rules != 0 && k->made->n_found > search.max_rules) {
        char found[32], most[32];
        st = seg_fail(err, SEG_E_GATE, "there are %s rules, more than --max-rules %s: raise"
                      " --min-confidence or --min-support, or keep the best ones with --top",
                      seg_group_digits(found, (int64_t)k->made->n_found),
                      seg_group_digits(most, (int64_t)search.max_rules));
    }
    return st;
}

static seg_rule_counts counts_of(const making *k, size_t r)
{
    return seg_rule_counts_in(&k->m->sets, k->m->n_baskets, &k->rules.rules[r]);
}

/* Keep the rules whose flag is set; returns how many are left out. */
static uint64_t keep_flagged(making *k, const bool *keep)
{
    size_t n = 0;
    for (size_t r = 0; r < k->rules.n; r++) {
        if (!keep[r])
            continue;
        if (k->p != NULL)
            k->p[n] = k->p[r];
        k->rules.rules[n++] = k->rules.rules[r];
    }
    uint64_t left_out = k->rules.n - n;
    k->rules.n = n;
    return left_out;
}

/* ---- could it be chance? ----------------------------------------------------------------- */

static double p_of(const making *k, size_t r)
{
    seg_rule_counts counts = counts_of(k, r);
    if (k->options->test == SEG_RULES_FISHER)
        return seg_fisher_p(&counts);
    double p = seg_chi_squared_p(seg_rule_measure(&counts, SEG_MEASURE_CHI_SQUARED));
    return isnan(p) ? 1 : p;
}

typedef struct p_task {
    const making *k;
    size_t n_parts;
} p_task;

static void p_of_part(void *arg, size_t part, int thread)
{
    (void)thread;
    const p_task *t = arg;
    size_t n = t->k->rules.n;
    for (size_t r = n * part / t->n_parts; r < n * (part + 1) / t->n_parts; r++)
        t->k->p[r] = p_of(t->k, r);
}

static seg_status test(making *k, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_rules_options *o = k->options;
    bool *keep = NULL;
    if (o->test == SEG_RULES_NO_TEST)
        return SEG_OK;
    TRY(SEG_ALLOC(&k->p, k->rules.n, "the tests of the rules", err));
    TRY(SEG_ALLOC(&keep, k->rules.n, "the tests of the rules", err));
    p_task task = { k, k->rules.n / 1024 + 1 };
    seg_team_run(k->n_threads, task.n_parts, p_of_part, &task);
    k->made->n_tested = k->rules.n;
    TRY(seg_adjust_p(k->p, k->rules.n, k->rules.n, (seg_correction)o->correction, err));
    for (size_t r = 0; r < k->rules.n; r++)
        keep[r] = k->p[r] <= o->alpha;
    k->made->n_unsure = keep_flagged(k, keep);

done:
    seg_free(keep);
    return st;
}

/* ---- figures ------------------------------------------------------------------------------- */

/* One column of a measure for all rules. */
static seg_status measure(making *k, const seg_rule_counts *counts, const seg_rule_counts *rivals,
                          seg_measure which, double **out, seg_error *err)
{
    const seg_rules_limits *limits = k->limits;
    seg_measure_frame frame = {
        .min_count = k->m->min_count,
        .min_confidence = (double)limits->confidence_num / (double)limits->confidence_den,
        .rivals = rivals,
    };
    seg_status st = SEG_ALLOC(out, k->rules.n, "the figures of the rules", err);
    if (st == SEG_OK)
        seg_rule_measure_columns(counts, k->rules.n, &which, 1, &frame, k->n_threads,
                                 (double *const[]){ *out });
    return st;
}

static bool passes(const seg_rules_filter *filter, double value)
{
    switch (filter->how) {
    case SEG_FILTER_AT_LEAST: return value >= filter->limit;
    case SEG_FILTER_AT_MOST:  return value <= filter->limit;
    case SEG_FILTER_ABOVE:    return value > filter->limit;
    case SEG_FILTER_BELOW:    return value < filter->limit;
    }
    return false;
}

/* The counts of all rules, and those of their rivals when a measure needs them. */
static seg_status list_counts(making *k, bool rivals_too, seg_rule_counts **counts,
                              seg_rule_counts **rivals, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(SEG_ALLOC(counts, k->rules.n, "the figures of the rules", err));
    for (size_t r = 0; r < k->rules.n; r++)
        (*counts)[r] = counts_of(k, r);
    if (rivals_too) {
        TRY(SEG_ALLOC(rivals, k->rules.n, "the figures of the rules", err));
        TRY(seg_rule_rivals(&k->m->sets, k->index, &k->rules, k->m->n_baskets,
                            k->limits->confidence_num, k->limits->confidence_den, k->n_threads,
                            *rivals, err));
    }

done:
    return st;
}

static seg_status filter(making *k, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_rules_limits *limits = k->limits;
    seg_rule_counts *counts = NULL, *rivals = NULL;
    bool *keep = NULL;
    double *values = NULL;
    bool rivals_too = false;
    if (limits->n_filters == 0)
        return SEG_OK;
    for (size_t f = 0; f < limits->n_filters; f++)
        rivals_too |= !seg_rule_measure_of_counts(limits->filters[f].measure);
    TRY(list_counts(k, rivals_too, &counts, &rivals, err));
    TRY(SEG_ALLOC(&keep, k->rules.n, "the filter of the rules", err));
    for (size_t r = 0; r < k->rules.n; r++)
        keep[r] = true;
    for (size_t f = 0; f < limits->n_filters; f++) {
        TRY(measure(k, counts, rivals, limits->filters[f].measure, &values, err));
        for (size_t r = 0; r < k->rules.n; r++)
            keep[r] &= passes(&limits->filters[f], values[r]);
        seg_free(values);
        values = NULL;
    }
    k->made->n_filtered = keep_flagged(k, keep);

done:
    seg_free(values);
    seg_free(keep);
    seg_free(counts);
    seg_free(rivals);
    return st;
}

static seg_status drop_redundant(making *k, seg_error *err)
{
    static const seg_redundancy how[] = {
        [SEG_RULES_DROP] = SEG_REDUNDANT_IMPROVEMENT,
        [SEG_RULES_PRODUCTIVE] = SEG_REDUNDANT_PRODUCTIVE,
        [SEG_RULES_BASIS] = SEG_REDUNDANT_BASIS,
    };
    seg_status st = SEG_OK;
    seg_set_marks marks = { 0 };
    bool *flags = NULL;
    int wanted = k->options->redundant;
    if (wanted == SEG_RULES_KEEP)
        return SEG_OK;
    if (wanted == SEG_RULES_BASIS)
        TRY(seg_set_marks_new(&k->m->sets, k->index, k->m->n_baskets, k->n_threads, &marks, err));
    seg_redundancy_options options = {
        .how = how[wanted], .n_baskets = k->m->n_baskets, .alpha = k->options->alpha,
        .marks = marks.bits, .n_threads = k->n_threads,
    };
    TRY(SEG_ALLOC(&flags, k->rules.n, "the redundant rules", err));
    TRY(seg_rule_redundant(&k->m->sets, k->index, &k->rules, &options, flags, err));
    for (size_t r = 0; r < k->rules.n; r++)
        flags[r] = !flags[r];
    k->made->n_redundant = keep_flagged(k, flags);

done:
    seg_set_marks_clear(&marks);
    seg_free(flags);
    return st;
}

/* ---- into the model ----------------------------------------------------------------------- */

static size_t depths_of(const seg_itemset_tree *tree, const seg_rules *rules, bool heads)
{
    size_t n = 0;
    for (size_t r = 0; r < rules->n; r++)
        n += tree->depth[heads ? rules->rules[r].head : rules->rules[r].body];
    return n;
}

static int64_t copy_set(const seg_rules_model *m, size_t node, int32_t *items, int64_t at)
{
    int32_t set[SEG_ITEMSET_MAX];
    size_t n = seg_rules_set_items(m, node, set);
    memcpy(items + at, set, n * sizeof *items);
    return at + (int64_t)n;
}

static seg_status copy_rules(const making *k, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_rules_model *m = k->m;
    const seg_rules *rules = &k->rules;
    TRY(SEG_ALLOC(&m->body_start, rules->n + 1, "the rules", err));
    TRY(SEG_ALLOC(&m->head_start, rules->n + 1, "the rules", err));
    TRY(SEG_ALLOC(&m->body, depths_of(&m->sets, rules, false), "the rules", err));
    TRY(SEG_ALLOC(&m->head, depths_of(&m->sets, rules, true), "the rules", err));
    TRY(SEG_ALLOC(&m->counts, rules->n, "the rules", err));
    for (size_t r = 0; r < rules->n; r++) {
        const seg_rule *rule = &rules->rules[r];
        m->body_start[r + 1] = copy_set(m, rule->body, m->body, m->body_start[r]);
        m->head_start[r + 1] = copy_set(m, rule->head, m->head, m->head_start[r]);
        m->counts[r] = counts_of(k, r);
    }
    m->n_rules = rules->n;

done:
    return st;
}

static seg_status copy_held_out(const making *k, const uint32_t *count, uint32_t n_baskets,
                                seg_error *err)
{
    if (count == NULL)
        return SEG_OK;
    seg_rule_counts **out = &k->m->held_out;
    seg_status st = SEG_ALLOC(out, k->rules.n, "the rules", err);
    for (size_t r = 0; st == SEG_OK && r < k->rules.n; r++) {
        const seg_rule *rule = &k->rules.rules[r];
        (*out)[r] = (seg_rule_counts){ .all = n_baskets, .both = count[rule->whole],
                                       .body = count[rule->body], .head = count[rule->head] };
    }
    return st;
}

/* A rule and its p-value, before and after the rules were put in order. */
typedef struct rule_and_p {
    seg_rule rule;
    double p;
} rule_and_p;

static int by_nodes(const void *a, const void *b)
{
    const seg_rule *x = &((const rule_and_p *)a)->rule, *y = &((const rule_and_p *)b)->rule;
    if (x->whole != y->whole)
        return x->whole < y->whole ? -1 : 1;
    return (x->head > y->head) - (x->head < y->head);
}

static seg_status put_in_order(making *k, seg_error *err)
{
    seg_status st = SEG_OK;
    uint64_t top = k->options->top;
    size_t n = k->rules.n;
    rule_and_p *known = NULL;
    if (k->p != NULL)
        TRY(SEG_ALLOC(&known, n, "the tests of the rules", err));
    for (size_t r = 0; known != NULL && r < n; r++)
        known[r] = (rule_and_p){ k->rules.rules[r], k->p[r] };
    if (known != NULL && n > 1)
        qsort(known, n, sizeof *known, by_nodes);
    TRY(seg_rule_order_sort(&k->order, k->n_threads, &k->rules, err));
    if (top != 0 && n > top)
        k->rules.n = (size_t)top;
    for (size_t r = 0; known != NULL && r < k->rules.n; r++) {
        rule_and_p wanted = { .rule = k->rules.rules[r] };
        k->p[r] = ((rule_and_p *)bsearch(&wanted, known, n, sizeof *known, by_nodes))->p;
    }
    k->m->p_value = k->p;
    k->p = NULL;

done:
    seg_free(known);
    return st;
}

static seg_status measure_rules(making *k, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_rules_model *m = k->m;
    seg_rule_counts *rivals = NULL, *counts = NULL;
    bool rivals_too = false;
    for (size_t i = 0; i < k->limits->n_measures; i++)
        rivals_too |= !seg_rule_measure_of_counts(k->limits->measures[i]);
    TRY(list_counts(k, rivals_too, &counts, &rivals, err));
    for (size_t i = 0; i < k->limits->n_measures; i++) {
        TRY(measure(k, counts, rivals, k->limits->measures[i], &m->values[i], err));
        m->measures[m->n_measures++] = k->limits->measures[i];
    }

done:
    seg_free(counts);
    seg_free(rivals);
    return st;
}

seg_status seg_rules_make(const seg_context *ctx, const seg_rules_options *options,
                          const seg_rules_limits *limits, const uint8_t *use,
                          const seg_set_index *index, const uint32_t *held_out,
                          uint32_t n_held_out, seg_rules_model *m, seg_rules_made *made,
                          seg_error *err)
{
    seg_status st = SEG_OK;
    making k = { .ctx = ctx, .options = options, .limits = limits, .index = index, .m = m,
                 .made = made, .n_threads = seg_thread_count(ctx->n_threads) };
    *made = (seg_rules_made){ 0 };
    if (!options->count_only)
        TRY(seg_rule_order_new(&m->sets, index, m->n_baskets, m->rank_item, limits->by, &k.order,
                               err));
    TRY(find(&k, use, err));
    TRY(test(&k, err));
    TRY(drop_redundant(&k, err));
    TRY(filter(&k, err));
    if (options->count_only)
        goto done;
    TRY(put_in_order(&k, err));
    TRY(copy_rules(&k, err));
    TRY(copy_held_out(&k, held_out, n_held_out, err));
    TRY(measure_rules(&k, err));
    m->has_rules = true;

done:
    seg_rule_order_clear(&k.order);
    seg_rules_clear(&k.rules);
    seg_free(k.p);
    return st;
}

/* rules_figures.c: what a training of rules shows and tells. */
#include "base/text.h"
#include "models/rules_trainer.h"

static uint64_t add_up(uint64_t a, uint64_t b)
{
    return a + b < a ? UINT64_MAX : a + b;
}

/* Numbers beyond 63 bits are not known exactly: null. */
static void put_count(seg_node *into, const char *name, uint64_t n)
{
    if (n > INT64_MAX)
        seg_put_null(into, name);
    else
        seg_put_int(into, name, (int64_t)n);
}

/* How the rules do in baskets that they have not seen. */
static void put_held_out(const seg_rules_trainer *t, const seg_rules_model *m, seg_node *into)
{
    const seg_rules_limits *limits = &t->limits;
    double learned = 0, held_out = 0;
    size_t n = 0, n_kept = 0;
    for (size_t r = 0; r < m->n_rules; r++) {
        const seg_rule_counts *h = &m->held_out[r];
        if (h->body == 0)
            continue;
        n++;
        learned += seg_rules_share(&m->counts[r]);
        held_out += seg_rules_share(h);
        n_kept += seg_rule_confident(h->both, h->body, limits->confidence_num,
                                     limits->confidence_den);
    }
    seg_put_int(into, "baskets", t->n_held_out);
    seg_put_int(into, "rules_met", (int64_t)n);
    if (n == 0)
        return;
    seg_put_real(into, "confidence_learned", learned / (double)n);
    seg_put_real(into, "confidence_held_out", held_out / (double)n);
    seg_put_real(into, "still_confident", (double)n_kept / (double)n);
}

static void put_rule_figures(const seg_rules_trainer *t, const seg_rules_model *m,
                             seg_node *figures)
{
    const seg_rules_made *made = &t->made;
    uint64_t left_out = made->n_unsure + made->n_redundant + made->n_filtered;
    seg_put_int(figures, "rules",
                (int64_t)(t->options->count_only ? made->n_found - left_out : m->n_rules));
    seg_put_int(figures, "rules_found", (int64_t)made->n_found);
    if (t->options->test != SEG_RULES_NO_TEST) {
        seg_put_int(figures, "rules_tested", (int64_t)made->n_tested);
        seg_put_int(figures, "rules_by_chance", (int64_t)made->n_unsure);
    }
    if (t->options->redundant != SEG_RULES_KEEP)
        seg_put_int(figures, "rules_redundant", (int64_t)made->n_redundant);
    if (t->limits.n_filters > 0)
        seg_put_int(figures, "rules_filtered", (int64_t)made->n_filtered);
    if (m->held_out != NULL)
        put_held_out(t, m, seg_put_object(figures, "held_out"));
}

/* The supports that --target-itemsets tried. */
static void put_trials(const seg_rules_found *found, seg_node *figures)
{
    enum { BYTES_PER_SET = 9 };
    if (found->n_trials == 0)
        return;
    seg_node *trials = seg_put_array(figures, "supports_tried");
    for (size_t i = 0; i < found->n_trials; i++) {
        const seg_support_trial *trial = &found->trials[i];
        seg_node *row = seg_put_object(trials, NULL);
        seg_put_int(row, "support_count", trial->min_count);
        put_count(row, "itemsets", trial->n_itemsets);
        if (trial->n_itemsets < INT64_MAX / BYTES_PER_SET)
            seg_put_int(row, "bytes", (int64_t)trial->n_itemsets * BYTES_PER_SET);
    }
}

void seg_rules_put_figures(const seg_rules_trainer *t, const seg_rules_model *m,
                           seg_node *figures)
{
    const seg_rules_found *found = &t->found;
    uint64_t n_items = 0, n_sets = 0;
    for (size_t i = 0; i < t->input.schema->n_features; i++)
        n_items += found->item_count[i] > 0;
    size_t n_lengths = found->counts.n_lengths;
    while (n_lengths > 0 && t->by_length[n_lengths - 1] == 0)
        n_lengths--;
    for (size_t l = 0; l < n_lengths; l++)
        n_sets = add_up(n_sets, t->by_length[l]);

    seg_put_int(figures, "baskets", (int64_t)found->n_baskets);
    seg_put_int(figures, "empty_baskets", (int64_t)found->n_empty);
    seg_put_int(figures, "items", (int64_t)n_items);
    seg_put_int(figures, "support_count", found->min_count);
    put_count(figures, "itemsets", n_sets);
    seg_node *by_length = seg_put_array(figures, "itemsets_by_length");
    for (size_t l = 0; l < n_lengths; l++)
        put_count(by_length, NULL, t->by_length[l]);
    put_trials(found, figures);
    if (!t->limits.rules) {
        seg_put_null(figures, "rules");
    } else {
        put_rule_figures(t, m, figures);
    }
    seg_put_bool(figures, "incomplete", found->incomplete);
}

void seg_rules_tell(const seg_rules_trainer *t)
{
    const seg_rules_found *found = &t->found;
    char a[32], b[32];
    if (t->limits.support_den != 0)
        seg_note(t->input.ctx, SEG_LEVEL_INFO, "--min-support %s of %s baskets is a count of %s",
                 t->options->min_support, seg_group_digits(a, (int64_t)found->n_baskets),
                 seg_group_digits(b, found->min_count));
    if (found->counts.n_lengths == 0 && !found->incomplete)
        seg_note(t->input.ctx, SEG_LEVEL_WARN, "no item is in %s of the %s baskets: there are"
                 " no itemsets and no rules", seg_group_digits(a, found->min_count),
                 seg_group_digits(b, (int64_t)found->n_baskets));
    if (found->incomplete)
        seg_note(t->input.ctx, SEG_LEVEL_WARN, "stopped at --max-itemsets: itemsets of more than"
                 " %zu items are missing, and the model is marked incomplete",
                 found->counts.n_lengths);
}

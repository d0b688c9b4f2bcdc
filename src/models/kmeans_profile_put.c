/* kmeans_profile_put.c: the profile of segments as part of a result: texts for everybody, all
 * figures where they are asked for. */
#include "models/kmeans_profile.h"

#include <math.h>

static void put_number(const seg_kmeans_profile *p, size_t j, size_t f, seg_node *into)
{
    size_t at = j * p->n_numbers + f, all = p->k * p->n_numbers + f;
    seg_put_text(into, "feature", p->numbers[f]);
    seg_put_real(into, "mean", p->mean[at]);
    seg_put_real(into, "median", p->median[at]);
    seg_put_real(into, "usual_mean", p->mean[all]);
    seg_put_real(into, "usual_median", p->median[all]);
    seg_put_real(into, "lift", seg_kmeans_lift(p, j, f));
    seg_put_real(into, "difference", p->effect[at]);
    seg_put_real(into, "rank", p->rank[at]);
    if ((p->flags[f] & SEG_KMEANS_MONEY) != 0)
        seg_put_real(into, "share_of_total", p->part[at]);
    seg_put_real(into, "missing", 1 - p->known[at]);
}

static void put_levels(const seg_kmeans_profile *p, size_t j, size_t c, seg_node *into)
{
    seg_put_text(into, "feature", p->categories[c]);
    seg_put_real(into, "missing", 1 - p->category_known[j * p->n_categories + c]);
    seg_node *levels = seg_put_array(into, "levels");
    for (size_t i = 0; i < SEG_KMEANS_LEVELS; i++) {
        size_t at = (j * p->n_categories + c) * SEG_KMEANS_LEVELS + i;
        if (p->level[at] == NULL)
            continue;
        seg_node *row = seg_put_object(levels, NULL);
        seg_put_text(row, "level", p->level[at]);
        seg_put_real(row, "share", p->level_share[at]);
        seg_put_real(row, "usual", p->level_usual[at]);
        seg_put_real(row, "lift", p->level_share[at] / p->level_usual[at]);
        seg_put_real(row, "difference", p->level_effect[at]);
    }
}

void seg_kmeans_profile_put(const seg_kmeans_profile *p, size_t j, bool all, seg_node *row)
{
    if (p == NULL)
        return;
    size_t money = seg_kmeans_money(p);
    if (money != SIZE_MAX)
        seg_put_real(row, "money_share", p->part[j * p->n_numbers + money]);
    seg_node *traits = seg_put_array(row, "traits");
    for (size_t i = 0; i < SEG_KMEANS_TRAITS; i++)
        if (p->traits[j * SEG_KMEANS_TRAITS + i] != NULL)
            seg_put_text(traits, NULL, p->traits[j * SEG_KMEANS_TRAITS + i]);
    if (!all)
        return;
    seg_node *numbers = seg_put_array(row, "numbers");
    for (size_t f = 0; f < p->n_numbers; f++)
        put_number(p, j, f, seg_put_object(numbers, NULL));
    seg_node *categories = seg_put_array(row, "categories");
    for (size_t c = 0; c < p->n_categories; c++)
        put_levels(p, j, c, seg_put_object(categories, NULL));
}

void seg_kmeans_rules_put(const seg_kmeans_profile *p, seg_node *into)
{
    seg_node *rules = p == NULL ? NULL : seg_put_array(into, "segment_rules");
    for (size_t j = 0; p != NULL && j < p->k; j++) {
        if (p->rules[j] == NULL)
            continue;
        seg_node *row = seg_put_object(rules, NULL);
        seg_put_int(row, "segment", (int64_t)j);
        seg_put_text(row, "rule", p->rules[j]);
        seg_put_real(row, "recall", p->recall[j]);
        seg_put_real(row, "precision", p->precision[j]);
    }
}

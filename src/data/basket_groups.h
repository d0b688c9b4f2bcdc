/* basket_groups.h: baskets that hold, beside their items, the groups of these items. */
#ifndef SEGMILL_DATA_BASKET_GROUPS_H
#define SEGMILL_DATA_BASKET_GROUPS_H

#include <stdbool.h>
#include "data/taxonomy.h"
#include "segmill/stream.h"

/* Items keep their numbers 0 .. n_items - 1; group g of the taxonomy is item n_items + g. */
typedef struct seg_basket_groups {
    const seg_taxonomy *taxonomy;
    size_t n_items, n_all;       /* n_all = n_items + taxonomy->n_groups */
    const int64_t *start;        /* n_all + 1: what is above item or group i, ascending, is */
    const int32_t *above;        /* above[start[i]] .. above[start[i + 1] - 1] */
    const int32_t *parent;       /* n_all: what is right above, or -1 */
} seg_basket_groups;

/* Baskets of `from`, each with all groups of its items, once each: rows ascend as before, ids
 * and obs columns are the same, and the schema has the groups as items behind the others.
 * Takes over `from` when it succeeds; copies the taxonomy.
 *
 * An item of the data that has the name of a group is not that group: it is renamed to
 * "NAME (item)", and that is told (it happens to baskets that come after the taxonomy was
 * read, as in scoring). Items without a group stay as they are.
 * Cost: linear, in parallel; beside the block of `from` one block with the groups. */
seg_status seg_baskets_with_groups(const seg_context *ctx, seg_source *from,
                                   const seg_taxonomy *taxonomy, seg_source **out,
                                   seg_error *err);

/* What the source above knows; null for any other. Lives as long as the source. */
const seg_basket_groups *seg_baskets_groups(const seg_source *source);
/* The source that the one above took over; any other source itself. */
const seg_source *seg_baskets_without_groups(const seg_source *source);

/* Whether one of the two is above the other, so that a set with both says nothing. */
static inline bool seg_basket_related(const seg_basket_groups *g, int32_t a, int32_t b)
{
    for (int64_t i = g->start[a]; i < g->start[a + 1]; i++)
        if (g->above[i] == b)
            return true;
    for (int64_t i = g->start[b]; i < g->start[b + 1]; i++)
        if (g->above[i] == a)
            return true;
    return false;
}

#endif

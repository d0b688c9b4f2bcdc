/* taxonomy.h: the groups that items belong to (beer > drinks), as a file tells them. */
#ifndef SEGMILL_DATA_TAXONOMY_H
#define SEGMILL_DATA_TAXONOMY_H

#include <stddef.h>
#include <stdint.h>
#include "segmill/context.h"
#include "segmill/table.h"

/* Every item has one group right above it, and so has every group but the topmost ones. */
typedef struct seg_taxonomy {
    size_t n_items;               /* items with a group, also such as the data do not have */
    const char *const *items;     /* their names, distinct */
    const int32_t *item_group;    /* n_items: number of the group right above */
    size_t n_groups;
    const char *const *groups;    /* names, distinct, and none of them the name of an item */
    const int32_t *group_parent;  /* n_groups: the group right above, or -1 */
} seg_taxonomy;

enum { SEG_TAXONOMY_DEPTH = 64 };   /* most groups above an item */

/* Read a CSV or TSV file with a header, in one of two forms:
 *
 *   item,parent      a column `item` and a column `parent` (others are not looked at): one line
 *                    per item or group that has something above it, to any depth;
 *   name,level2,level1   one line per item: the first column is the item, the others its
 *                    groups, the nearest first; empty cells are passed over. A column `id` is
 *                    no level: it is the item instead of the first column where more of the
 *                    data's items are found in it. Groups of one name in two columns are two
 *                    groups.
 *
 * A group that has the name of an item, or of another group, is told apart by an addition:
 * "sausage (level2)", and "sausage (group)" in the first form, where the item `sausage` is
 * then in the group `sausage (group)` with all that `sausage` is the parent of.
 *
 * data: schema of the baskets, for the names of their items. What was found is told by
 * seg_note: items and groups, items of either side that the other does not have.
 * SEG_E_DATA with file and line: an item or group in two groups, a name of more than 1,024
 * bytes, a row of the wrong length; with the names: a cycle, more than SEG_TAXONOMY_DEPTH
 * groups above an item; and when no item of the data is in the file.
 * Cost: linear. */
seg_status seg_taxonomy_read(const seg_context *ctx, const char *path, const seg_schema *data,
                             seg_taxonomy **out, seg_error *err);

/* A copy of the parts, after checks of everything that is said above: for model files.
 * SEG_E_DATA says what is wrong. */
seg_status seg_taxonomy_new(const seg_taxonomy *parts, seg_taxonomy **out, seg_error *err);
void seg_taxonomy_free(seg_taxonomy *taxonomy);   /* takes null */

#endif

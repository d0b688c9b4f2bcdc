/* inspect_schema.c: the columns of a file as import --schema reads them, so that a scheduled
 * job can pin what it was made for. */
#include <string.h>

#include "data/csv.h"
#include "jobs/inspect_parts.h"

static const seg_column *find_column(const seg_schema *schema, const char *name)
{
    size_t f = seg_schema_feature(schema, name), c = seg_schema_column(schema, name);
    return schema->kind != SEG_KIND_FEATURES ? NULL
           : f != SIZE_MAX ? &schema->features[f] : c != SIZE_MAX ? &schema->columns[c] : NULL;
}

static void put_column(const seg_schema *schema, const seg_node *from, seg_node *columns)
{
    seg_node *row = seg_put_object(columns, NULL);
    const char *name = seg_node_text(seg_node_get(from, "name"), "");
    const char *type = seg_node_text(seg_node_get(from, "type"), "");
    const char *role = seg_node_text(seg_node_get(from, "role"), NULL);
    const seg_column *column = find_column(schema, name);
    seg_put_text(row, "name", name);
    seg_put_text(row, "type", role != NULL ? role : strcmp(type, "left out") == 0 ? "drop"
                              : strcmp(type, "time") == 0 ? "date" : type);
    if (column == NULL || column->type != SEG_TYPE_CODE || column->n_levels == 0)
        return;
    seg_node *levels = seg_put_array(row, "levels");
    for (size_t l = 0; l < column->n_levels; l++)
        seg_put_text(levels, NULL, column->levels[l]);
}

seg_status seg_look_schema(const seg_schema *schema, const seg_node *report, const char *path,
                           seg_node *into, seg_error *err)
{
    const seg_node *from = seg_node_get(report, "columns");
    if (schema->kind == SEG_KIND_SCORES)
        return seg_fail(err, SEG_E_USAGE, "%s: holds scores: --schema is for what import makes",
                        path);
    if (schema->kind == SEG_KIND_BASKETS && seg_node_count(from) == 0)
        return seg_fail(err, SEG_E_USAGE, "%s: holds baskets: there are no columns for a schema",
                        path);
    if (from == NULL) {
        seg_csv_schema_json(schema, into);
        return SEG_OK;
    }
    seg_put_text(into, "kind", seg_kind_name(schema->kind));
    seg_node *columns = seg_put_array(into, "columns");
    for (size_t c = 0; c < seg_node_count(from); c++)
        put_column(schema, seg_node_at(from, c), columns);
    return SEG_OK;
}

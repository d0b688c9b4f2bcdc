/* kmeans_features.c: a category becomes one feature per level, which is 1 where a row has
 * the level, else 0. Scaled by sqrt(gamma / 2), two rows of different levels are gamma apart
 * in squared distance, which is what a mismatch costs in k-prototypes (Z. Huang, "Extensions
 * to the k-means algorithm for clustering large data sets with categorical values", Data
 * Mining and Knowledge Discovery 2, 1998, 283-304). Centroids are the shares of the levels
 * and not their mode: the objective is the same for rows, but a centroid keeps the whole
 * mixture of its rows, and Lloyd's algorithm, its certificate and its sums stay as they are
 * for numbers. The mode is what the profile of a segment shows. */
#include "models/kmeans_features.h"

#include <stdint.h>
#include "base/try.h"

size_t seg_kmeans_expanded_count(const seg_schema *schema)
{
    size_t d = 0;
    for (size_t c = 0; c < schema->n_features; c++)
        d += schema->features[c].type == SEG_TYPE_CODE ? schema->features[c].n_levels : 1;
    return d;
}

void seg_kmeans_expand(const seg_schema *schema, size_t *columns, float *level)
{
    size_t d = 0;
    for (size_t c = 0; c < schema->n_features; c++) {
        bool category = schema->features[c].type == SEG_TYPE_CODE;
        for (size_t l = 0; l < (category ? schema->features[c].n_levels : 1); l++, d++) {
            columns[d] = c;
            level[d] = category ? (float)l : NAN;
        }
    }
}

void seg_kmeans_feature_name(const seg_column *column, float level, seg_text *out)
{
    seg_text_add(out, column->name);
    if (isnan(level))
        return;
    seg_text_add_char(out, '=');
    seg_text_add(out, column->levels[(size_t)level]);
}

seg_status seg_kmeans_put_names(const seg_schema *schema, const size_t *columns,
                                const float *level, size_t d, seg_node *into, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_text name = { 0 };
    for (size_t f = 0; f < d; f++) {
        seg_text_clear(&name);
        seg_kmeans_feature_name(&schema->features[columns[f]], level == NULL ? NAN : level[f],
                                &name);
        TRY(seg_text_status(&name, err));
        seg_put_text(into, NULL, name.bytes);
    }

done:
    seg_text_free(&name);
    return st;
}

static seg_status add_feature(seg_schema_owner *out, const seg_column *column, float level,
                              seg_text *name, seg_error *err)
{
    seg_text_clear(name);
    seg_kmeans_feature_name(column, level, name);
    seg_status st = seg_text_status(name, err);
    if (st != SEG_OK)
        return st;
    return seg_schema_add_feature(out, &(seg_column){ .name = name->bytes,
                                                      .type = SEG_TYPE_F32 }, err);
}

seg_status seg_kmeans_expanded_schema(const seg_schema *schema, seg_schema_owner *out,
                                      seg_error *err)
{
    seg_status st = SEG_OK;
    seg_text name = { 0 };
    for (size_t c = 0; c < schema->n_features; c++) {
        const seg_column *column = &schema->features[c];
        if (column->type != SEG_TYPE_CODE)
            TRY(add_feature(out, column, NAN, &name, err));
        for (size_t l = 0; column->type == SEG_TYPE_CODE && l < column->n_levels; l++)
            TRY(add_feature(out, column, (float)l, &name, err));
    }

done:
    seg_text_free(&name);
    return st;
}

#include "models/kmeans_init.h"

#include <math.h>
#include "base/alloc.h"
#include "base/try.h"
#include "data/csv.h"

static seg_status find_columns(const seg_schema *file, const seg_schema *schema,
                               const size_t *columns, size_t d, size_t *at, seg_error *err)
{
    for (size_t f = 0; f < d; f++) {
        const char *name = schema->features[columns[f]].name;
        at[f] = seg_schema_feature(file, name);
        if (at[f] == SIZE_MAX || file->features[at[f]].type != SEG_TYPE_F32)
            return seg_fail(err, SEG_E_DATA, "no number column '%s'", name);
    }
    return SEG_OK;
}

static seg_status copy_rows(const seg_block *block, const size_t *at, size_t d, double *z,
                            seg_error *err)
{
    for (size_t r = 0; r < block->n_rows; r++)
        for (size_t f = 0; f < d; f++) {
            double v = (double)block->x.x[r * block->x.stride + at[f]];
            if (!isfinite(v))
                return seg_fail(err, SEG_E_DATA, "row %llu: a value is missing",
                                (unsigned long long)(block->first_row + r + 1));
            z[(block->first_row + r) * d + f] = v;
        }
    return SEG_OK;
}

seg_status seg_kmeans_init_read(const char *path, const seg_schema *schema,
                                const size_t *columns, size_t d, double **out, size_t *k,
                                seg_error *err)
{
    seg_status st = SEG_OK;
    seg_source *source = NULL;
    size_t *at = NULL;
    seg_import_options options;
    seg_block block;
    *out = NULL;

    seg_import_defaults(&options);
    options.kind = 1;
    TRY(seg_csv_source(NULL, &path, 1, &options, NULL, &source, err));
    *k = (size_t)source->n_rows;
    if (*k == 0 || *k > 65536) {
        st = seg_fail(err, SEG_E_DATA, "%s: %zu centroids; there must be 1 to 65536", path, *k);
        goto done;
    }
    TRY(SEG_ALLOC(&at, d, "the columns", err));
    TRY(SEG_ALLOC(out, *k * d, "the given centroids", err));
    st = find_columns(source->schema, schema, columns, d, at, err);
    while (st == SEG_OK) {
        st = source->next(source, &block, err);
        if (st != SEG_OK || block.n_rows == 0)
            break;
        st = copy_rows(&block, at, d, *out, err);
    }
    if (st != SEG_OK)
        seg_error_context(err, "%s", path);

done:
    if (st != SEG_OK) {
        seg_free(*out);
        *out = NULL;
    }
    seg_free(at);
    seg_source_close(source);
    return st;
}

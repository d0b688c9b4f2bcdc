#include "models/kmeans_init.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"
#include "data/csv.h"
#include "models/kmeans.h"

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

/* ---- from a k-means model: a warm start ------------------------------------------------------ */

/* FILE.h5:/path */
static bool names_part(const char *path)
{
    return strstr(path, ":/") != NULL;
}

static seg_status is_model(const char *path, bool *yes, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_h5 *file = NULL;
    seg_kind kind;
    *yes = false;
    if (names_part(path))
        return SEG_OK;
    TRY(seg_h5_holds(path, yes, err));
    if (!*yes)
        return SEG_OK;
    TRY(seg_h5_open(path, &file, err));
    *yes = seg_h5_kind(file, &kind, NULL) == SEG_OK && kind == SEG_KIND_MODEL;

done:
    seg_h5_close(file);
    return st;
}

static seg_status copy_centroids(const seg_model *model, const seg_schema *schema,
                                 const size_t *columns, size_t d, double *z, seg_error *err)
{
    const seg_kmeans_model *m = model->state;
    for (size_t f = 0; f < d; f++) {
        const char *name = schema->features[columns[f]].name;
        size_t at = seg_schema_feature(&model->schema->view, name);
        if (at == SIZE_MAX)
            return seg_fail(err, SEG_E_DATA, "the model has no feature '%s'", name);
        for (size_t j = 0; j < m->k; j++)
            z[j * d + f] = seg_kmeans_centroid(m, j, at);
    }
    return SEG_OK;
}

static seg_status from_model(const char *path, const seg_schema *schema, const size_t *columns,
                             size_t d, double **out, size_t *k, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_model *model = NULL;
    TRY(seg_model_load(path, &model, err));
    if (model->method != &seg_method_kmeans) {
        st = seg_fail(err, SEG_E_DATA, "%s: is a model of %s, not of kmeans", path,
                      model->method->name);
        goto done;
    }
    *k = ((const seg_kmeans_model *)model->state)->k;
    TRY(SEG_ALLOC(out, *k * d, "the given centroids", err));
    st = copy_centroids(model, schema, columns, d, *out, err);
    if (st != SEG_OK) {
        seg_error_context(err, "%s", path);
        seg_free(*out);
        *out = NULL;
    }

done:
    seg_model_free(model);
    return st;
}

/* ---- from a table ------------------------------------------------------------------------------ */

/* HDF5 is opened by what it holds; a table of numbers is taken as features. */
static seg_status open_rows(const char *path, seg_source **out, seg_error *err)
{
    seg_import_options options;
    bool h5 = names_part(path);
    seg_status st = h5 ? SEG_OK : seg_h5_holds(path, &h5, err);
    if (st != SEG_OK)
        return st;
    if (h5)
        return seg_source_open(NULL, path, out, err);
    seg_import_defaults(&options);
    options.kind = 1;
    return seg_csv_source(NULL, &path, 1, &options, NULL, out, err);
}

seg_status seg_kmeans_init_read(const char *path, const seg_schema *schema,
                                const size_t *columns, size_t d, double **out, size_t *k,
                                seg_error *err)
{
    seg_status st = SEG_OK;
    seg_source *source = NULL;
    size_t *at = NULL;
    seg_block block;
    bool model;
    *out = NULL;

    TRY(is_model(path, &model, err));
    if (model)
        return from_model(path, schema, columns, d, out, k, err);
    TRY(open_rows(path, &source, err));
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

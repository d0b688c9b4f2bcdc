#include "models/kmeans_init.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/text.h"
#include "base/try.h"
#include "data/csv.h"
#include "models/kmeans.h"

/* Where the file has a feature: a column of numbers, or a code in a column of categories. */
typedef struct place {
    size_t column;
    float code;                /* NaN: the number itself; -1: a level the file does not have */
} place;

/* The features that centroids are wanted of. */
typedef struct wanted {
    const seg_schema *schema;
    const size_t *columns;     /* d, of the schema */
    const float *level;        /* d, or null */
    size_t d;
} wanted;

static const seg_column *column_of(const wanted *w, size_t f)
{
    return &w->schema->features[w->columns[f]];
}

static size_t find_number(const seg_schema *file, const char *name)
{
    size_t at = seg_schema_feature(file, name);
    return at != SIZE_MAX && file->features[at].type == SEG_TYPE_F32 ? at : SIZE_MAX;
}

static size_t find_text(const char *const *texts, size_t n, const char *text)
{
    size_t i = 0;
    while (i < n && strcmp(texts[i], text) != 0)
        i++;
    return i;
}

/* Every level of the file must be one of the data. */
static seg_status check_levels(const seg_column *file, const seg_column *data, seg_error *err)
{
    char quoted[SEG_QUOTE_BYTES];
    for (size_t l = 0; l < file->n_levels; l++)
        if (find_text(data->levels, data->n_levels, file->levels[l]) == data->n_levels)
            return seg_fail(err, SEG_E_DATA, "column '%s': '%s' is no level of the data",
                            data->name, seg_quote_cell(quoted, file->levels[l],
                                                       strlen(file->levels[l])));
    return SEG_OK;
}

/* The category itself, or else a column of shares: plan=yearly. */
static seg_status find_level(const seg_schema *file, const wanted *w, size_t f, place *out,
                             seg_error *err)
{
    const seg_column *column = column_of(w, f);
    size_t at = seg_schema_feature(file, column->name);
    if (at != SIZE_MAX && file->features[at].type == SEG_TYPE_CODE) {
        const seg_column *there = &file->features[at];
        size_t code = find_text(there->levels, there->n_levels,
                                column->levels[(size_t)w->level[f]]);
        *out = (place){ at, code < there->n_levels ? (float)code : -1 };
        return check_levels(there, column, err);
    }
    seg_text name = { 0 };
    seg_kmeans_feature_name(column, w->level[f], &name);
    seg_status st = seg_text_status(&name, err);
    if (st == SEG_OK) {
        *out = (place){ find_number(file, name.bytes), NAN };
        if (out->column == SIZE_MAX)
            st = seg_fail(err, SEG_E_DATA, "no category column '%s', and no number column '%s'"
                          " of shares", column->name, name.bytes);
    }
    seg_text_free(&name);
    return st;
}

static seg_status find_places(const seg_schema *file, const wanted *w, place *at,
                              seg_error *err)
{
    for (size_t f = 0; f < w->d; f++) {
        if (seg_kmeans_is_level(w->level, f)) {
            seg_status st = find_level(file, w, f, &at[f], err);
            if (st != SEG_OK)
                return st;
            continue;
        }
        at[f] = (place){ find_number(file, column_of(w, f)->name), NAN };
        if (at[f].column == SIZE_MAX)
            return seg_fail(err, SEG_E_DATA, "no number column '%s'", column_of(w, f)->name);
    }
    return SEG_OK;
}

static seg_status copy_rows(const seg_block *block, const wanted *w, const place *at, double *z,
                            seg_error *err)
{
    for (size_t r = 0; r < block->n_rows; r++)
        for (size_t f = 0; f < w->d; f++) {
            float v = block->x.x[r * block->x.stride + at[f].column];
            unsigned long long row = (unsigned long long)(block->first_row + r + 1);
            if (!isfinite(v))
                return seg_fail(err, SEG_E_DATA, "row %llu: a value is missing", row);
            if (!isnan(at[f].code))
                v = v == at[f].code ? 1 : 0;
            else if (seg_kmeans_is_level(w->level, f) && !(v >= 0 && v <= 1))
                return seg_fail(err, SEG_E_DATA, "row %llu: a share of '%s' is outside 0 .. 1",
                                row, column_of(w, f)->name);
            z[(block->first_row + r) * w->d + f] = (double)v;
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

/* The same feature among those of the model, or its d. */
static size_t find_feature(const seg_model *model, const wanted *w, size_t f)
{
    const seg_kmeans_model *m = model->state;
    const seg_column *column = column_of(w, f);
    bool level = seg_kmeans_is_level(w->level, f);
    size_t at = 0;
    for (; at < m->d; at++) {
        const seg_column *there = &model->schema->view.features[m->columns[at]];
        if (strcmp(there->name, column->name) != 0 || seg_kmeans_is_level(m->level, at) != level)
            continue;
        if (!level || strcmp(there->levels[(size_t)m->level[at]],
                             column->levels[(size_t)w->level[f]]) == 0)
            break;
    }
    return at;
}

static seg_status copy_centroids(const seg_model *model, const wanted *w, double *z,
                                 seg_error *err)
{
    const seg_kmeans_model *m = model->state;
    for (size_t f = 0; f < w->d; f++) {
        size_t at = find_feature(model, w, f);
        if (at == m->d) {
            bool level = seg_kmeans_is_level(w->level, f);
            return seg_fail(err, SEG_E_DATA, "the model has no feature '%s%s%s'",
                            column_of(w, f)->name, level ? "=" : "",
                            level ? column_of(w, f)->levels[(size_t)w->level[f]] : "");
        }
        for (size_t j = 0; j < m->k; j++)
            z[j * w->d + f] = seg_kmeans_centroid(m, j, at);
    }
    return SEG_OK;
}

static seg_status from_model(const char *path, const wanted *w, double **out, size_t *k,
                             seg_error *err)
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
    TRY(SEG_ALLOC(out, *k * w->d, "the given centroids", err));
    st = copy_centroids(model, w, *out, err);
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
                                const size_t *columns, const float *level, size_t d,
                                double **out, size_t *k, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_source *source = NULL;
    const wanted w = { schema, columns, level, d };
    place *at = NULL;
    seg_block block;
    bool model;
    *out = NULL;

    TRY(is_model(path, &model, err));
    if (model)
        return from_model(path, &w, out, k, err);
    TRY(open_rows(path, &source, err));
    *k = (size_t)source->n_rows;
    if (*k == 0 || *k > 65536) {
        st = seg_fail(err, SEG_E_DATA, "%s: %zu centroids; there must be 1 to 65536", path, *k);
        goto done;
    }
    TRY(SEG_ALLOC(&at, d, "the columns", err));
    TRY(SEG_ALLOC(out, *k * d, "the given centroids", err));
    st = find_places(source->schema, &w, at, err);
    while (st == SEG_OK) {
        st = source->next(source, &block, err);
        if (st != SEG_OK || block.n_rows == 0)
            break;
        st = copy_rows(&block, &w, at, *out, err);
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

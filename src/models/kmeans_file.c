/* kmeans_file.c: k-means segments in a model file: X = centroids in the data's units,
 * obs = segments, uns/model = what scores a row to the bit. */
#include "models/kmeans.h"

#include <math.h>
#include "base/alloc.h"
#include "base/text.h"
#include "base/try.h"
#include "models/model_frame.h"

enum { MAX_K = 65536 };

static seg_status put_f64(seg_h5_writer *w, const char *path, const double *x, size_t n,
                          size_t cols, seg_error *err)
{
    return seg_h5_put(w, path, SEG_H5_F64, x, n, cols, 0, err);
}

/* Of models with categories: which feature is which column, and which of its levels. */
static seg_status put_levels(const seg_kmeans_model *m, seg_h5_writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    int64_t *numbers = NULL;
    if (m->level == NULL)
        return SEG_OK;
    TRY(SEG_ALLOC(&numbers, m->d, "the columns", err));
    for (size_t f = 0; f < m->d; f++)
        numbers[f] = (int64_t)m->columns[f];
    TRY(seg_h5_put(w, "uns/model/column", SEG_H5_I64, numbers, m->d, 0, 0, err));
    for (size_t f = 0; f < m->d; f++)
        numbers[f] = seg_kmeans_is_level(m->level, f) ? (int64_t)m->level[f] : -1;
    TRY(seg_h5_put(w, "uns/model/level", SEG_H5_I64, numbers, m->d, 0, 0, err));

done:
    seg_free(numbers);
    return st;
}

seg_status seg_kmeans_save(const seg_model *model, seg_h5_writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_kmeans_model *m = model->state;
    double *centroids = NULL;

    TRY(SEG_ALLOC(&centroids, m->k * m->d, "the centroids", err));
    for (size_t j = 0; j < m->k; j++)
        for (size_t f = 0; f < m->d; f++)
            centroids[j * m->d + f] = seg_kmeans_centroid(m, j, f);
    TRY(put_f64(w, "X", centroids, m->k, m->d, err));

    TRY(seg_model_put_names(w, "obs", "segment_name", m->names, m->k, err));
    TRY(seg_h5_frame_column(w, &(seg_column){ .name = "rows", .type = SEG_TYPE_I64, .scale = 1 },
                            m->size, err));
    TRY(seg_h5_frame_column(w, &(seg_column){ .name = "spread", .type = SEG_TYPE_F64 },
                            m->spread, err));
    TRY(seg_h5_frame_end(w, err));
    TRY(put_f64(w, "uns/model/z", m->z, m->k, m->d, err));
    TRY(put_f64(w, "uns/model/shift", m->shift, m->d, 0, err));
    TRY(put_f64(w, "uns/model/inverse", m->inverse, m->d, 0, err));
    TRY(seg_h5_put_int(w, "uns/model/log1p", m->log1p, err));
    TRY(put_levels(m, w, err));
    TRY(seg_kmeans_profile_save(m->profile, w, err));

done:
    seg_free(centroids);
    return st;
}

static seg_status all_finite(const double *x, size_t n, const char *what, seg_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return seg_fail(err, SEG_E_DATA, "%s holds a value that is no number", what);
    return SEG_OK;
}

/* Takes over *from into *to after a check. */
static seg_status get_f64(seg_h5 *file, const char *path, size_t n, size_t cols, double **to,
                          seg_error *err)
{
    uint64_t rows;
    seg_free(*to);
    *to = NULL;
    seg_status st = seg_h5_get(file, path, SEG_H5_F64, n, cols, to, &rows, err);
    if (st == SEG_OK && rows != n)
        st = seg_fail(err, SEG_E_DATA, "%s has %llu rows, not %zu", path,
                      (unsigned long long)rows, n);
    return st == SEG_OK ? all_finite(*to, n * (cols == 0 ? 1 : cols), path, err) : st;
}

static seg_status get_names(seg_kmeans_model *m, seg_h5 *file, seg_error *err)
{
    const char *const *names;
    size_t n;
    seg_status st = seg_h5_get_texts(file, "obs/segment_name", &names, &n, err);
    if (st == SEG_OK && n != m->k)
        st = seg_fail(err, SEG_E_DATA, "%zu segment names for %zu segments", n, m->k);
    for (size_t j = 0; st == SEG_OK && j < m->k; j++) {
        m->names[j] = seg_arena_text(&m->arena, names[j]);
        if (m->names[j] == NULL)
            st = seg_arena_failed(err);
    }
    return st;
}

static seg_status check_numbers(seg_h5 *file, const char *path, const seg_kmeans_model *m,
                                bool levels, seg_error *err)
{
    int64_t *numbers = NULL;
    uint64_t n;
    seg_status st = seg_h5_get(file, path, SEG_H5_I64, m->d, 0, &numbers, &n, err);
    if (st == SEG_OK && n != m->d)
        st = seg_fail(err, SEG_E_DATA, "%s has %llu rows, not %zu", path, (unsigned long long)n,
                      m->d);
    for (size_t f = 0; st == SEG_OK && f < m->d; f++) {
        int64_t wanted = !levels ? (int64_t)m->columns[f]
                         : seg_kmeans_is_level(m->level, f) ? (int64_t)m->level[f] : -1;
        if (numbers[f] != wanted)
            st = seg_fail(err, SEG_E_DATA, "%s: feature %zu is %lld; by the categories of the"
                          " model it is %lld", path, f, (long long)numbers[f],
                          (long long)wanted);
    }
    seg_free(numbers);
    return st;
}

/* The features must be those that the columns give, in their order. */
static seg_status get_levels(seg_kmeans_model *m, const seg_schema *schema, seg_h5 *file,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n = 0;
    for (size_t c = 0; c < schema->n_features; c++)
        n += schema->features[c].type == SEG_TYPE_CODE ? schema->features[c].n_levels : 0;
    if (n > SEG_KMEANS_LEVELS_MAX)
        return seg_fail(err, SEG_E_DATA, "the categories have %zu levels; at most %d can be"
                        " segmented by", n, SEG_KMEANS_LEVELS_MAX);
    TRY(seg_kmeans_model_expand(m, schema, err));
    if (m->level == NULL)
        return SEG_OK;
    TRY(check_numbers(file, "uns/model/column", m, false, err));
    TRY(check_numbers(file, "uns/model/level", m, true, err));

done:
    return st;
}

seg_status seg_kmeans_load(seg_model *model, seg_h5 *file, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_model *m = NULL;
    int64_t log1p;
    int64_t *size = NULL;
    uint64_t n;
    seg_h5_array info;

    TRY(seg_h5_info(file, "uns/model/z", &info, err));
    if (info.n_rows < 1 || info.n_rows > MAX_K || info.n_cols < 1
        || info.n_cols != seg_kmeans_expanded_count(&model->schema->view)) {
        st = seg_fail(err, SEG_E_DATA, "uns/model/z is %llu x %llu; the model has %zu features",
                      (unsigned long long)info.n_rows, (unsigned long long)info.n_cols,
                      seg_kmeans_expanded_count(&model->schema->view));
        goto done;
    }
    TRY(seg_kmeans_model_new((size_t)info.n_rows, (size_t)info.n_cols, &m, err));
    TRY(get_levels(m, &model->schema->view, file, err));
    TRY(get_f64(file, "uns/model/z", m->k, m->d, &m->z, err));
    TRY(get_f64(file, "uns/model/shift", m->d, 0, &m->shift, err));
    TRY(get_f64(file, "uns/model/inverse", m->d, 0, &m->inverse, err));
    TRY(get_f64(file, "obs/spread", m->k, 0, &m->spread, err));
    TRY(seg_h5_get(file, "obs/rows", SEG_H5_I64, m->k, 0, &size, &n, err));
    if (n != m->k) {
        st = seg_fail(err, SEG_E_DATA, "obs/rows has the wrong length");
        goto done;
    }
    seg_free(m->size);
    m->size = size;
    size = NULL;
    TRY(seg_h5_get_int(file, "uns/model/log1p", &log1p, err));
    m->log1p = log1p != 0;
    TRY(get_names(m, file, err));
    TRY(seg_kmeans_profile_load(file, m->k, &m->profile, err));
    seg_kmeans_centres_set(&m->centres, m->z, m->k);
    model->state = m;
    m = NULL;

done:
    seg_free(size);
    seg_kmeans_model_free(m);
    return st;
}

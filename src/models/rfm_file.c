/* rfm_file.c: an RFM model in a file: X = mean recency, frequency and money per segment,
 * obs = segments, uns/model = cuts and map. With ranks the file holds the ids of the
 * customers that the groups end with: they decide ties. */
#include "models/rfm.h"

#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/text.h"
#include "base/try.h"
#include "models/model_frame.h"

enum { PATH_BYTES = 64, ID_BYTES_MAX = 1 << 20, SCALE_MAX = 1000000 };

static void cut_path(char path[PATH_BYTES], size_t dimension, const char *part)
{
    snprintf(path, PATH_BYTES, "uns/model/%s%s", seg_rfm_dimension_names[dimension], part);
}

static seg_status put_cuts(const seg_rfm_cuts *cuts, seg_h5_writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    char path[PATH_BYTES];
    TRY(seg_h5_put_int(w, "uns/model/bins", cuts->n_bins, err));
    TRY(seg_h5_put_int(w, "uns/model/by_id", cuts->by_id, err));
    TRY(seg_h5_put_int(w, "uns/model/nested", cuts->nested, err));
    for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++) {
        cut_path(path, d, "_cuts");
        TRY(seg_h5_put(w, path, SEG_H5_I64, cuts->value[d], cuts->n[d], 0, 0, err));
        cut_path(path, d, "_ids");
        if (cuts->by_id)
            TRY(seg_h5_put(w, path, SEG_H5_TEXT, cuts->id[d], cuts->n[d], 0, cuts->id_width,
                           err));
    }

done:
    return st;
}

seg_status seg_rfm_save(const seg_model *model, seg_h5_writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_rfm_model *m = model->state;
    const seg_rfm_map *map = m->map;
    const seg_column customers = { .name = "customers", .type = SEG_TYPE_I64, .scale = 1 };
    const seg_column revenue = { .name = "revenue", .type = SEG_TYPE_I64, .scale = m->scale,
                                 .unit = "money" };

    TRY(seg_h5_put(w, "X", SEG_H5_F32, m->means, map->n_names, SEG_RFM_DIMENSIONS, 0, err));
    TRY(seg_model_put_names(w, "obs", "segment_name", map->names, map->n_names, err));
    TRY(seg_h5_frame_column(w, &customers, m->customers, err));
    TRY(seg_h5_frame_column(w, &revenue, m->revenue, err));
    TRY(seg_h5_frame_end(w, err));
    TRY(seg_h5_put_int(w, "uns/model/scale", m->scale, err));
    TRY(put_cuts(m->cuts, w, err));
    TRY(seg_h5_put_text(w, "uns/model/map", map->name, err));
    TRY(seg_h5_put_int(w, "uns/model/levels", map->levels, err));
    TRY(seg_h5_put(w, "uns/model/cells", SEG_H5_U8, map->cells,
                   (uint64_t)map->levels * map->levels * map->levels, 0, 0, err));

done:
    return st;
}

/* ---- load --------------------------------------------------------------------------------- */

static seg_status get_whole(seg_h5 *file, const char *path, int64_t least, int64_t most,
                            uint32_t *out, seg_error *err)
{
    int64_t value;
    seg_status st = seg_h5_get_int(file, path, &value, err);
    if (st != SEG_OK)
        return st;
    if (value < least || value > most)
        return seg_fail(err, SEG_E_DATA, "%s is %lld, not within %lld to %lld", path,
                        (long long)value, (long long)least, (long long)most);
    *out = (uint32_t)value;
    return SEG_OK;
}

/* An array of exactly n rows, in place of *out. */
static seg_status get_array(seg_h5 *file, const char *path, seg_h5_type type, size_t n,
                            size_t n_cols, void *out, seg_error *err)
{
    uint64_t rows;
    void *p = NULL;
    seg_status st = seg_h5_get(file, path, type, n, n_cols, &p, &rows, err);
    if (st == SEG_OK && rows != n)
        st = seg_fail(err, SEG_E_DATA, "%s has %llu rows, not %zu", path,
                      (unsigned long long)rows, n);
    if (st != SEG_OK) {
        seg_free(p);
        return st;
    }
    void *old;
    memcpy(&old, out, sizeof old);
    seg_free(old);
    memcpy(out, &p, sizeof p);
    return SEG_OK;
}

static seg_status get_id_width(seg_h5 *file, size_t *width, seg_error *err)
{
    char path[PATH_BYTES];
    *width = 0;
    for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++) {
        seg_h5_array info;
        cut_path(path, d, "_ids");
        seg_status st = seg_h5_info(file, path, &info, err);
        if (st != SEG_OK)
            return st;
        if (info.type != SEG_H5_TEXT || info.width == 0 || info.width > ID_BYTES_MAX)
            return seg_fail(err, SEG_E_DATA, "%s holds no ids", path);
        if (info.width > *width)
            *width = info.width;
    }
    return SEG_OK;
}

static seg_status get_ids(seg_h5 *file, seg_rfm_cuts *cuts, seg_error *err)
{
    char path[PATH_BYTES];
    for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++) {
        seg_h5_array info;
        cut_path(path, d, "_ids");
        seg_status st = seg_h5_info(file, path, &info, err);
        if (st == SEG_OK && info.n_rows != cuts->n[d])
            st = seg_fail(err, SEG_E_DATA, "%s has %llu rows, not %zu", path,
                          (unsigned long long)info.n_rows, cuts->n[d]);
        if (st == SEG_OK)
            st = seg_h5_read(file, path, SEG_H5_TEXT, cuts->id_width, 0, cuts->n[d],
                             cuts->id[d], err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

static seg_status check_cuts(const seg_rfm_cuts *cuts, seg_error *err)
{
    for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++)
        for (size_t c = 0; c < cuts->n[d]; c++) {
            int64_t value = cuts->value[d][c];
            if (value == SEG_MISSING_I64
                || (!cuts->by_id && c > 0 && value < cuts->value[d][c - 1]))
                return seg_fail(err, SEG_E_DATA, "cut %zu of %s is not above the one before it",
                                c + 1, seg_rfm_dimension_names[d]);
        }
    return SEG_OK;
}

static seg_status get_cuts(seg_h5 *file, seg_rfm_cuts **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_rfm_cuts *cuts = NULL;
    uint32_t n_bins = 0, by_id = 0, nested = 0;
    size_t width = 0;
    char path[PATH_BYTES];

    TRY(get_whole(file, "uns/model/bins", SEG_RFM_BINS_MIN, SEG_RFM_BINS_MAX, &n_bins, err));
    TRY(get_whole(file, "uns/model/by_id", 0, 1, &by_id, err));
    TRY(get_whole(file, "uns/model/nested", 0, by_id, &nested, err));
    if (by_id)
        TRY(get_id_width(file, &width, err));
    TRY(seg_rfm_cuts_new(n_bins, by_id, nested, width, &cuts, err));
    for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++) {
        cut_path(path, d, "_cuts");
        TRY(get_array(file, path, SEG_H5_I64, cuts->n[d], 0, &cuts->value[d], err));
    }
    if (by_id)
        TRY(get_ids(file, cuts, err));
    TRY(check_cuts(cuts, err));
    *out = cuts;
    cuts = NULL;

done:
    seg_rfm_cuts_free(cuts);
    return st;
}

static seg_status check_names(const char *const *names, size_t n, seg_error *err)
{
    if (n < 3 || n > SEG_RFM_NAMES_MAX || strcmp(names[n - 2], SEG_RFM_PROSPECT) != 0
        || strcmp(names[n - 1], SEG_RFM_RETURNS_ONLY) != 0)
        return seg_fail(err, SEG_E_DATA, "obs are not the segments of an rfm model");
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(names[i]);
        if (length == 0 || length > SEG_RFM_NAME_BYTES
            || seg_utf8_check(names[i], length) != length)
            return seg_fail(err, SEG_E_DATA, "segment %zu has no proper name", i + 1);
        for (size_t j = 0; j < i; j++)
            if (strcmp(names[i], names[j]) == 0)
                return seg_fail(err, SEG_E_DATA, "segments %zu and %zu have one name", j + 1,
                                i + 1);
    }
    return SEG_OK;
}

static seg_status get_names(seg_h5 *file, seg_rfm_map *map, seg_error *err)
{
    const char *const *names;
    size_t n;
    seg_status st = seg_h5_get_texts(file, "obs/segment_name", &names, &n, err);
    if (st == SEG_OK)
        st = check_names(names, n, err);
    if (st != SEG_OK)
        return st;
    map->names = seg_arena_get(&map->arena, n * sizeof *map->names);
    if (map->names == NULL)
        return seg_arena_failed(err);
    for (; map->n_names < n; map->n_names++) {
        map->names[map->n_names] = seg_arena_text(&map->arena, names[map->n_names]);
        if (map->names[map->n_names] == NULL)
            return seg_arena_failed(err);
    }
    return SEG_OK;
}

static seg_status get_map(seg_h5 *file, seg_rfm_map **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_rfm_map *map = NULL;
    const char *name;

    TRY(SEG_ALLOC(&map, 1, "a segment map", err));
    TRY(seg_h5_get_text(file, "uns/model/map", &name, err));
    map->name = seg_arena_text(&map->arena, name);
    if (map->name == NULL) {
        st = seg_arena_failed(err);
        goto done;
    }
    TRY(get_names(file, map, err));
    TRY(get_whole(file, "uns/model/levels", SEG_RFM_LEVELS_MIN, SEG_RFM_LEVELS_MAX,
                  &map->levels, err));
    size_t n_cells = (size_t)map->levels * map->levels * map->levels;
    TRY(get_array(file, "uns/model/cells", SEG_H5_U8, n_cells, 0, &map->cells, err));
    for (size_t c = 0; c < n_cells; c++)
        if (map->cells[c] + 2u >= map->n_names) {
            st = seg_fail(err, SEG_E_DATA, "cell %zu of the map has no segment", c + 1);
            goto done;
        }
    *out = map;
    map = NULL;

done:
    seg_rfm_map_free(map);
    return st;
}

static seg_status check_features(const seg_schema *schema, seg_error *err)
{
    static const char *const names[] = { "recency_days", "frequency", "monetary" };
    bool good = schema->n_features == SEG_RFM_DIMENSIONS;
    for (size_t d = 0; d < SEG_RFM_DIMENSIONS && good; d++)
        good = strcmp(schema->features[d].name, names[d]) == 0
               && schema->features[d].type == SEG_TYPE_F32;
    if (!good)
        return seg_fail(err, SEG_E_DATA, "the features of an rfm model are recency_days,"
                        " frequency, monetary");
    return SEG_OK;
}

static bool is_power_of_ten(uint32_t scale)
{
    while (scale % 10 == 0)
        scale /= 10;
    return scale == 1;
}

seg_status seg_rfm_load(seg_model *model, seg_h5 *file, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_rfm_model *m = NULL;

    TRY(check_features(&model->schema->view, err));
    TRY(SEG_ALLOC(&m, 1, "an rfm model", err));
    TRY(get_whole(file, "uns/model/scale", 1, SCALE_MAX, &m->scale, err));
    if (!is_power_of_ten(m->scale)) {
        st = seg_fail(err, SEG_E_DATA, "uns/model/scale is %u, not a power of ten", m->scale);
        goto done;
    }
    TRY(get_cuts(file, &m->cuts, err));
    TRY(get_map(file, &m->map, err));
    TRY(get_array(file, "obs/customers", SEG_H5_I64, m->map->n_names, 0, &m->customers, err));
    TRY(get_array(file, "obs/revenue", SEG_H5_I64, m->map->n_names, 0, &m->revenue, err));
    TRY(get_array(file, "X", SEG_H5_F32, m->map->n_names, SEG_RFM_DIMENSIONS, &m->means, err));
    model->state = m;
    m = NULL;

done:
    seg_rfm_model_free(m);
    return st;
}

/* model_file.c: the part of a model file that all methods share; see models/FORMAT.md.
 *
 *   uns/segmill/kind, method, format_version
 *   uns/segmill/categories/<i>         category names of feature i
 *   uns/segmill/features               names of the features, where var has others
 *   uns/segmill/info/...               options, figures, provenance
 *   uns/segmill/selfcheck/...          rows and their scores: selfcheck_file.c
 *   var                                the columns of X: the features in the model's order, or
 *                                      what the method makes of them */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "models/method.h"
#include "models/model_frame.h"
#include "models/psi.h"
#include "models/selfcheck.h"

enum { FORMAT_VERSION = 1, MAX_FEATURES = 1 << 24 };

static seg_status put_names(const seg_schema *schema, seg_h5_writer *w, seg_error *err)
{
    const char **names = NULL;
    seg_status st = SEG_ALLOC(&names, schema->n_features, "the names", err);
    for (size_t f = 0; st == SEG_OK && f < schema->n_features; f++)
        names[f] = schema->features[f].name;
    if (st == SEG_OK)
        st = seg_h5_put_texts(w, "uns/segmill/features", names, schema->n_features, err);
    seg_free(names);
    return st;
}

static seg_status put_var(const seg_schema *schema, seg_h5_writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    const char **names = NULL;
    char *types = NULL;

    TRY(SEG_ALLOC(&names, schema->n_features, "the names", err));
    TRY(seg_alloc_array(&types, schema->n_features, 8, "the types", err));
    for (size_t f = 0; f < schema->n_features; f++) {
        names[f] = schema->features[f].name;
        bool category = schema->features[f].type == SEG_TYPE_CODE;
        memcpy(types + 8 * f, category ? "category" : "number\0", 8);
    }
    TRY(seg_model_put_names(w, "var", "feature", names, schema->n_features, err));
    TRY(seg_h5_frame_column(w, &(seg_column){ .name = "kind", .type = SEG_TYPE_TEXT, .width = 8 },
                            types, err));
    TRY(seg_h5_frame_end(w, err));

done:
    seg_free(names);
    seg_free(types);
    return st;
}

static seg_status put_features(const seg_model *model, seg_h5_writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *schema = &model->schema->view;
    seg_schema_owner *columns = NULL;
    char path[96];

    TRY(seg_schema_new(SEG_KIND_FEATURES, &columns, err));
    if (model->method->columns_of_x != NULL)
        TRY(model->method->columns_of_x(model, columns, err));
    bool others = columns->view.n_features > 0;
    TRY(put_var(others ? &columns->view : schema, w, err));
    if (others)
        TRY(put_names(schema, w, err));
    for (size_t f = 0; f < schema->n_features; f++) {
        if (schema->features[f].type != SEG_TYPE_CODE)
            continue;
        snprintf(path, sizeof path, "uns/segmill/categories/%zu", f);
        TRY(seg_h5_put_texts(w, path, schema->features[f].levels, schema->features[f].n_levels,
                             err));
    }

done:
    seg_schema_free(columns);
    return st;
}

seg_status seg_model_write(const seg_model *model, const char *path, seg_h5_writer **out,
                           seg_error *err)
{
    seg_status st = SEG_OK;
    seg_h5_writer *w = NULL;
    *out = NULL;

    TRY(seg_h5_create(path, true, &w, err));
    TRY(model->method->save(model, w, err));
    TRY(seg_psi_save(model->psi, w, err));
    TRY(put_features(model, w, err));
    TRY(seg_h5_put_text(w, "uns/segmill/kind", "model", err));
    TRY(seg_h5_put_text(w, "uns/segmill/method", model->method->name, err));
    TRY(seg_h5_put_int(w, "uns/segmill/format_version", FORMAT_VERSION, err));
    TRY(seg_h5_put_text(w, "uns/segmill/rows", seg_kind_name(model->schema->view.kind), err));
    TRY(seg_h5_put_doc(w, "uns/segmill/info", seg_doc_root(model->info), err));
    TRY(seg_selfcheck_save(model, w, err));
    TRY(seg_h5_finish(w, err));
    *out = w;
    w = NULL;

done:
    seg_h5_writer_close(w);
    return st;
}

seg_status seg_model_save(const seg_model *model, const char *path, seg_error *err)
{
    seg_h5_writer *w = NULL;
    seg_status st = seg_model_write(model, path, &w, err);
    if (st == SEG_OK)
        st = seg_h5_commit(w, err);
    seg_h5_writer_close(w);
    return st;
}

/* ---- load --------------------------------------------------------------------------- */

static seg_status check_head(seg_h5 *file, const seg_method **method, seg_kind *rows,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    const char *kind, *name, *of;
    int64_t version;
    if (!seg_h5_has(file, "uns/segmill/method"))
        return seg_fail(err, SEG_E_DATA, "not a model file of segmill");
    TRY(seg_h5_get_text(file, "uns/segmill/kind", &kind, err));
    TRY(seg_h5_get_text(file, "uns/segmill/method", &name, err));
    TRY(seg_h5_get_int(file, "uns/segmill/format_version", &version, err));
    TRY(seg_h5_get_text(file, "uns/segmill/rows", &of, err));
    *method = seg_method_find(name);
    *rows = strcmp(of, "baskets") == 0 ? SEG_KIND_BASKETS : SEG_KIND_FEATURES;
    if (strcmp(kind, "model") != 0)
        st = seg_fail(err, SEG_E_DATA, "a %.20s file, not a model", kind);
    else if (version != FORMAT_VERSION)
        st = seg_fail(err, SEG_E_DATA, "model format %lld; this program reads format %d",
                      (long long)version, FORMAT_VERSION);
    else if (*method == NULL)
        st = seg_fail(err, SEG_E_DATA, "a model of the unknown method '%.40s'", name);
done:
    return st;
}

static seg_status get_features(seg_model *model, seg_h5 *file, seg_error *err)
{
    seg_status st = SEG_OK;
    const char *const *names;
    size_t n;
    char path[96];
    bool others = seg_h5_has(file, "uns/segmill/features");
    TRY(seg_h5_get_texts(file, others ? "uns/segmill/features" : "var/feature", &names, &n, err));
    if (n > MAX_FEATURES) {
        st = seg_fail(err, SEG_E_DATA, "%zu features are more than %d", n, MAX_FEATURES);
        goto done;
    }
    for (size_t f = 0; f < n; f++) {
        seg_column column = { .name = names[f], .type = SEG_TYPE_F32 };
        snprintf(path, sizeof path, "uns/segmill/categories/%zu", f);
        if (seg_h5_has(file, path)) {
            column.type = SEG_TYPE_CODE;
            TRY(seg_h5_get_texts(file, path, &column.levels, &column.n_levels, err));
        }
        TRY(seg_schema_add_feature(model->schema, &column, err));
    }
done:
    return st;
}

seg_status seg_model_load(const char *path, seg_model **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_h5 *file = NULL;
    seg_model *model = NULL;
    const seg_method *method = NULL;
    seg_kind rows = SEG_KIND_FEATURES;
    *out = NULL;

    st = seg_h5_open(path, &file, err);
    if (st != SEG_OK)
        return st;   /* names the file itself */
    TRY(check_head(file, &method, &rows, err));
    TRY(SEG_ALLOC(&model, 1, "a model", err));
    model->top_reasons = SEG_REASONS_USUAL;
    model->method = method;
    model->info = seg_doc_new();
    TRY(seg_schema_new(rows, &model->schema, err));
    TRY(get_features(model, file, err));
    TRY(seg_h5_get_doc(file, "uns/segmill/info", seg_doc_root(model->info), err));
    TRY(seg_doc_status(model->info, err));
    TRY(method->load(model, file, err));
    TRY(seg_psi_load(file, &model->schema->view, &model->psi, err));
    TRY(seg_selfcheck_load(model, file, err));
    *out = model;
    model = NULL;

done:
    if (st != SEG_OK && err != NULL && strstr(err->text, path) == NULL)
        seg_error_context(err, "%s", path);
    seg_model_free(model);
    seg_h5_close(file);
    return st;
}

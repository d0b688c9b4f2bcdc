/* inspect.c: a first look at any file: one pass over its blocks. */
#include "jobs/inspect.h"

#include <stddef.h>
#include <string.h>
#include "base/alloc.h"
#include "base/date.h"
#include "base/text.h"
#include "base/threads.h"
#include "base/try.h"
#include "data/h5.h"
#include "data/select.h"
#include "jobs/inspect_parts.h"
#include "jobs/view.h"
#include "models/method.h"

#define AT(member) offsetof(seg_inspect_options, import.member)
const seg_option seg_inspect_option_table[] = {
    { "schema", SEG_OPTION_FLAG, offsetof(seg_inspect_options, schema), 0, 0, NULL, NULL,
      "print the columns and types as import --schema FILE reads them, to pin them", 0 },
    { "all", SEG_OPTION_FLAG, offsetof(seg_inspect_options, all), 0, 0, NULL, NULL,
      "show every column and warning of a wide table", 0 },
    SEG_IMPORT_READ_ROWS(AT),
    SEG_IMPORT_LOG_ROWS(AT),
    { .name = NULL },
};

void seg_inspect_defaults(void *options)
{
    seg_inspect_options *o = options;
    *o = (seg_inspect_options){ 0 };
    seg_import_defaults(&o->import);
}

/* ---- opening ------------------------------------------------------------------------------- */

/* A file of ours is read already: of the options of reading only two make sense. */
static seg_status check_options(const seg_import_options *options, const char *path,
                                seg_error *err)
{
    seg_status st = SEG_OK;
    seg_import_options usual;
    seg_import_defaults(&usual);
    usual.label = options->label;
    usual.drop = options->drop;
    seg_doc *doc = seg_doc_new();
    seg_node *given = seg_put_object(seg_doc_root(doc), "given");
    seg_node *none = seg_put_object(seg_doc_root(doc), "none");
    seg_option_record(seg_import_option_table, options, 0, given);
    seg_option_record(seg_import_option_table, &usual, 0, none);
    st = seg_doc_status(doc, err);
    for (size_t i = 0; st == SEG_OK && i < seg_node_count(given); i++) {
        const seg_node *a = seg_node_at(given, i), *b = seg_node_at(none, i);
        if (seg_node_type(a) != seg_node_type(b) || seg_node_int(a, 0) != seg_node_int(b, 0)
            || strcmp(seg_node_text(a, ""), seg_node_text(b, "")) != 0)
            st = seg_fail(err, SEG_E_USAGE, "%s: --%s is for text; this is no text any more",
                          path, seg_node_name(a));
    }
    seg_doc_free(doc);
    return st;
}

static seg_status open_table(const seg_call *call, seg_node *report, seg_source **out,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_import_options *options = &((const seg_inspect_options *)call->options)->import;
    const char *path = call->operands[0];
    seg_source *base = NULL;
    *out = NULL;
    if (seg_view_is_text(path))
        return seg_csv_source(&call->context, &path, 1, options, report, out, err);
    TRY(check_options(options, path, err));
    TRY(seg_source_open(&call->context, path, &base, err));
    if (base->schema->kind == SEG_KIND_FEATURES && (options->label != NULL
                                                   || options->drop != NULL)) {
        const seg_selection what = { .label = options->label, .drop = options->drop };
        TRY(seg_select_source(&call->context, base, &what, out, err));
    } else {
        *out = base;
    }
    base = NULL;

done:
    seg_source_close(base);
    return st;
}

/* ---- one pass ------------------------------------------------------------------------------- */

static seg_status read_all(const seg_context *ctx, seg_source *source, seg_profile *profile,
                           seg_look_log *log, seg_error *err)
{
    seg_status st = SEG_OK;
    int n_threads = seg_thread_count(ctx->n_threads);
    seg_block block;
    for (;;) {
        TRY(source->next(source, &block, err));
        if (block.n_rows == 0)
            break;
        TRY(seg_profile_add(profile, &block, n_threads, err));
        seg_look_log_add(log, source->schema, &block);
        TRY(seg_step(ctx, "reading", block.first_row + block.n_rows, source->n_rows, err));
    }
done:
    return st;
}

static void put_head(const seg_source *source, seg_node *result)
{
    const seg_schema *schema = source->schema;
    char day[SEG_DATE_BYTES];
    seg_put_text(result, "kind", seg_kind_name(schema->kind));
    seg_put_int(result, "rows", (int64_t)source->n_rows);
    if (schema->kind == SEG_KIND_BASKETS)
        seg_put_int(result, "items", (int64_t)schema->n_features);
    else if (schema->n_features > 0)
        seg_put_int(result, "features", (int64_t)schema->n_features);
    if (schema->id_name != NULL)
        seg_put_text(result, "id", schema->id_name);
    if (schema->label != NULL)
        seg_put_text(result, "label", schema->label);
    if (schema->as_of_day != SEG_MISSING_DAY) {
        seg_print_day(day, schema->as_of_day);
        seg_put_text(result, "as_of", day);
    }
    if (schema->zone != NULL)
        seg_put_text(result, "zone", schema->zone);
    if (schema->currency != NULL)
        seg_put_text(result, "currency", schema->currency);
}

static size_t label_column(const seg_schema *schema, const seg_profile *profile)
{
    size_t c = schema->label == NULL ? SIZE_MAX : seg_schema_column(schema, schema->label);
    return c == SIZE_MAX ? SIZE_MAX : profile->n_features + c;
}

static seg_status look(const seg_context *ctx, seg_source *source, seg_node *result,
                       seg_error *err)
{
    seg_status st = SEG_OK;
    seg_profile profile = { 0 };
    seg_look_log log = { 0 };
    int64_t *n_warnings = NULL;

    TRY(seg_profile_new(source->schema, source->n_rows, &profile, err));
    TRY(seg_look_log_new(source->schema, &log, err));
    TRY(read_all(ctx, source, &profile, &log, err));
    size_t label = label_column(source->schema, &profile);
    TRY(seg_profile_finish(&profile, label, seg_thread_count(ctx->n_threads), err));
    TRY(SEG_ALLOC(&n_warnings, profile.n_columns, "the warnings", err));
    const seg_look all = { source->schema, &profile, source->n_rows, label, n_warnings };
    put_head(source, result);
    seg_put_int(result, "sampled_rows", (int64_t)profile.n_sampled);
    TRY(seg_look_log_put(&log, &all, result, err));
    seg_look_warnings(&all, result);
    seg_look_columns(&all, result);

done:
    seg_profile_free(&profile);
    seg_look_log_free(&log);
    seg_free(n_warnings);
    return st;
}

static seg_status print_schema(const seg_source *source, const seg_node *report, const char *path,
                               seg_node *result, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_text text = { 0 };
    seg_doc *doc = seg_doc_new();
    TRY(seg_look_schema(source->schema, report, path, seg_doc_root(doc), err));
    TRY(seg_doc_status(doc, err));
    const char *json = seg_doc_json(doc, 2);
    TRY(seg_doc_status(doc, err));
    seg_text_add(&text, json);
    seg_text_add_char(&text, '\n');
    TRY(seg_text_status(&text, err));
    seg_put_text(result, "document", text.bytes);

done:
    seg_text_free(&text);
    seg_doc_free(doc);
    return st;
}

static seg_status inspect_table(const seg_call *call, seg_node *result, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_inspect_options *options = call->options;
    seg_source *source = NULL;
    seg_doc *doc = seg_doc_new();
    seg_node *report = seg_doc_root(doc);

    TRY(seg_doc_status(doc, err));
    TRY(open_table(call, report, &source, err));
    if (options->schema)
        TRY(print_schema(source, seg_node_count(report) > 0 ? report : NULL, call->operands[0],
                         result, err));
    else
        TRY(look(&call->context, source, result, err));
    TRY(seg_doc_status(doc, err));

done:
    seg_source_close(source);
    seg_doc_free(doc);
    return st;
}

static seg_status inspect_model(const char *path, seg_node *result, seg_error *err)
{
    seg_model *model = NULL;
    seg_status st = seg_model_load(path, &model, err);
    if (st == SEG_OK) {
        seg_put_text(result, "kind", "model");
        st = seg_model_describe(model, result, err);
    }
    seg_model_free(model);
    return st;
}

seg_status seg_inspect_run(const seg_call *call, seg_node *result, seg_error *err)
{
    const seg_inspect_options *options = call->options;
    const char *path = call->operands[0];
    seg_h5 *file = NULL;
    seg_kind kind = SEG_KIND_FEATURES;
    /* Text and FILE.h5:/path are no HDF5 file by themselves: the source knows them. */
    bool model = seg_h5_open(path, &file, NULL) == SEG_OK
                 && seg_h5_kind(file, &kind, NULL) == SEG_OK && kind == SEG_KIND_MODEL;
    seg_h5_close(file);
    if (!model)
        return inspect_table(call, result, err);
    if (options->schema)
        return seg_fail(err, SEG_E_USAGE, "%s: holds a model: --schema is for tables", path);
    return inspect_model(path, result, err);
}

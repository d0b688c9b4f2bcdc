/* train.c: data in, model out; on the way the validation that was asked for, and the
 * scores of the training rows if they are wanted. */
#include "jobs/train.h"

#include <string.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/try.h"
#include "jobs/compare.h"
#include "jobs/folds.h"
#include "jobs/leaks.h"
#include "jobs/pipe.h"
#include "jobs/score.h"
#include "jobs/validate.h"
#include "jobs/view.h"
#include "models/method.h"

#define FIELD(member) offsetof(seg_train_options, member)
const seg_option seg_train_option_table[] = {
    { "output", SEG_OPTION_TEXT, FIELD(output), 0, 0, NULL, "MODEL", "model file to write",
      SEG_OPTION_ENVIRONMENT },
    { "scores", SEG_OPTION_TEXT, FIELD(scores), 0, 0, NULL, "FILE",
      "also write the scores of the training rows (.h5 or .csv)", SEG_OPTION_ENVIRONMENT },
    { .name = NULL },
};

/* Every options struct starts with what its view or label needs; see models/method.h. */
static seg_view_request request_for(const seg_method *method, const char *path,
                                    const void *options)
{
    seg_view_request request = { .path = path, .view = method->train_view };
    if (method->needs_label) {
        const seg_classify_options *classify = options;
        request.selection = (seg_selection){ .label = classify->label, .drop = classify->drop,
                                             .group = classify->group, .time = classify->time };
    }
    if (method->train_view == SEG_VIEW_ORDERS) {
        const seg_basket_options *baskets = options;
        request.baskets = (seg_view_baskets){ .features = &baskets->features,
                                              .taxonomy_file = baskets->taxonomy };
    }
    if (method->train_view == SEG_VIEW_CUSTOMERS)
        request.customers = options;
    return request;
}

static seg_status validate(const seg_train_input *input, const seg_method *method,
                           seg_source *source, seg_node *result, seg_error *err)
{
    seg_split split = { 0 };
    seg_status st = SEG_OK;
    const seg_classify_options *options = input->options;
    TRY(seg_split_new(input->ctx, options, source, result, &split, err));
    TRY(seg_leaks_find(input->ctx, source, options->positive,
                       options->folds == NULL ? NULL : split.judged, result, err));
    if (split.n_models > 0) {
        TRY(seg_cross_validate(input, method, source, &split, result, err));
        TRY(seg_compare(input, method, options->positive, source, &split, result, err));
    }

done:
    seg_split_free(&split);
    return st;
}

static void put_members(seg_node *into, const seg_node *object)
{
    for (size_t i = 0; i < seg_node_count(object); i++)
        if (seg_node_get(into, seg_node_name(seg_node_at(object, i))) == NULL)
            seg_put_node(into, seg_node_name(seg_node_at(object, i)), seg_node_at(object, i));
}

/* What the model keeps of where it comes from. */
static seg_status add_provenance(seg_model *model, const seg_call *call,
                                 const seg_source *source, seg_error *err)
{
    const char *data = call->operands[1];
    seg_node *info = seg_doc_root(model->info);
    seg_node *provenance = seg_put_object(info, "provenance");
    seg_status st = seg_provenance(provenance, call->context.seed, &data, 1, err);
    if (st != SEG_OK)
        return st;
    seg_put_int(provenance, "rows_in", (int64_t)source->n_rows);
    if (source->schema->as_of_day != SEG_MISSING_DAY) {
        char day[SEG_DATE_BYTES];
        seg_print_day(day, source->schema->as_of_day);
        seg_put_text(provenance, "as_of", day);
    }
    return seg_doc_status(model->info, err);
}

static seg_status write_scores(const seg_call *call, const seg_model *model,
                               const char *model_path, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_train_options *options = call->options;
    const seg_customer_options *customers =
        model->method->score_view == SEG_VIEW_CUSTOMERS ? call->method_options : NULL;
    seg_doc *doc = seg_doc_new();
    seg_node *models = seg_put_array(seg_doc_root(doc), "models");

    TRY(seg_score_put_model(model_path, model, models, err));
    seg_score_job job = { .context = &call->context, .models = &model, .n_models = 1,
                          .data = call->operands[1], .output = options->scores,
                          .customers = customers, .provenance = models };
    TRY(seg_score_write(&job, NULL, err));

done:
    seg_doc_free(doc);
    return st;
}

/* What a killed training would go on from is of no use once its model is there. */
static void remove_checkpoint(const seg_call *call, const seg_method *method)
{
    const seg_option *option = seg_option_find(method->options, "checkpoint");
    const char *path = option == NULL ? NULL : *(const char *const *)
                       ((const char *)call->method_options + option->offset);
    if (path != NULL)
        unlink(path);
}

/* The model is complete before its scores are written, which name its hash, and appears
 * after them: where it is, all is. */
static seg_status write_files(const seg_call *call, const seg_model *model, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_train_options *options = call->options;
    seg_h5_writer *w = NULL;

    TRY(seg_model_write(model, options->output, &w, err));
    if (options->scores != NULL)
        TRY(write_scores(call, model, seg_h5_temp_path(w), err));
    st = seg_h5_commit(w, err);
    if (st != SEG_OK && options->scores != NULL)
        unlink(options->scores);

done:
    seg_h5_writer_close(w);
    return st;
}

/* The message says already which file is wrong. */
static bool names_file(const seg_error *err, const seg_method *method, const seg_call *call)
{
    const seg_classify_options *classify = method->needs_label ? call->method_options : NULL;
    return strstr(err->text, call->operands[1]) != NULL
           || (classify != NULL && classify->folds != NULL
               && strstr(err->text, classify->folds) != NULL);
}

seg_status seg_train_run(const seg_call *call, seg_node *result, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_train_options *options = call->options;
    const seg_method *method = seg_method_find(call->operands[0]);
    seg_source *source = NULL;
    seg_model *model = NULL;
    double wall = seg_clock_seconds(), cpu = seg_clock_cpu_seconds();

    if (options->output == NULL)
        return seg_fail(err, SEG_E_USAGE, "no model file: give one with -o");
    TRY(seg_method_check(method, call->method_options, err));
    seg_put_text(result, "method", method->name);
    seg_view_request request = request_for(method, call->operands[1], call->method_options);
    TRY(seg_view_open(&call->context, &request, result, &source, err));
    /* What became of the transactions' rows tells more than their number. */
    if (method->train_view != SEG_VIEW_CUSTOMERS || seg_node_get(result, "rows") == NULL)
        seg_put_int(result, "rows", (int64_t)source->n_rows);
    seg_put_text(result, "model_file", options->output);

    seg_train_input input = { .ctx = &call->context, .schema = source->schema,
                              .source = source, .n_rows = source->n_rows,
                              .options = call->method_options,
                              .held_out = -1 };
    if (method->needs_label)
        st = validate(&input, method, source, result, err);
    if (st == SEG_OK)
        st = seg_model_train(&input, method, source, &model, err);
    if (st != SEG_OK) {
        if (st == SEG_E_DATA && err != NULL && !names_file(err, method, call))
            seg_error_context(err, "%s", call->operands[1]);
        goto done;
    }
    TRY(add_provenance(model, call, source, err));
    TRY(write_files(call, model, err));
    remove_checkpoint(call, method);
    put_members(result, seg_node_get(seg_doc_root(model->info), "figures"));
    seg_node *timing = seg_put_object(result, "timing");
    seg_put_real(timing, "wall_seconds", seg_clock_seconds() - wall);
    seg_put_real(timing, "cpu_seconds", seg_clock_cpu_seconds() - cpu);
    seg_put_node(result, "provenance", seg_node_get(seg_doc_root(model->info), "provenance"));

done:
    seg_model_free(model);
    seg_source_close(source);
    return st;
}

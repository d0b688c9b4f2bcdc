/* model.c: training, and what all models share. */
#include "base/alloc.h"
#include "base/try.h"
#include "models/method.h"
#include "models/psi.h"
#include "models/selfcheck.h"
#include "segmill/version.h"

#include <string.h>

void seg_model_free(seg_model *model)
{
    if (model == NULL)
        return;
    model->method->state_free(model->state);
    seg_schema_free(model->schema);
    seg_doc_free(model->info);
    seg_selfcheck_free(model->selfcheck);
    seg_psi_free(model->psi);
    seg_free(model);
}

const seg_method *seg_model_method(const seg_model *model) { return model->method; }
const seg_schema *seg_model_schema(const seg_model *model) { return &model->schema->view; }

/* All blocks of a source to the trainer, once; the first time also to the self-check. */
static seg_status one_pass(const seg_train_input *input, const seg_method *method,
                           void *trainer, seg_source *source, int pass, seg_selfcheck *check,
                           seg_error *err)
{
    seg_status st = SEG_OK;
    seg_block block;
    if (pass > 0)
        TRY(source->rewind(source, err));
    for (;;) {
        TRY(source->next(source, &block, err));
        if (block.n_rows == 0)
            break;
        if (pass == 0)
            TRY(seg_selfcheck_add(check, &block, err));
        TRY(method->pass_add(trainer, &block, err));
        TRY(seg_step(input->ctx, "training", block.first_row + block.n_rows, source->n_rows,
                     err));
    }
done:
    return st;
}

seg_status seg_model_train(const seg_train_input *input, const seg_method *method,
                           seg_source *source, seg_model **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_model *model = NULL;
    seg_selfcheck *check = NULL;
    void *trainer = NULL;
    bool more = true;
    *out = NULL;

    TRY(seg_selfcheck_new(method, input->schema, input->n_rows, &check, err));
    TRY(method->train_begin(input, &trainer, err));
    for (int pass = 0;; pass++) {
        TRY(method->pass_begin(trainer, &more, err));
        if (!more)
            break;
        TRY(one_pass(input, method, trainer, source, pass, check, err));
        TRY(method->pass_end(trainer, err));
    }
    TRY(SEG_ALLOC(&model, 1, "a model", err));
    model->top_reasons = SEG_REASONS_USUAL;
    model->method = method;
    model->info = seg_doc_new();
    seg_node *info = seg_doc_root(model->info);
    seg_option_record(method->options, input->options, SEG_OPTION_ENVIRONMENT,
                      seg_put_object(info, "options"));
    TRY(method->train_end(trainer, model, seg_put_object(info, "figures"), err));
    TRY(seg_selfcheck_end(&check, model, err));
    seg_node *provenance = seg_put_object(info, "provenance");
    seg_put_text(provenance, "engine_version", SEGMILL_VERSION);
    seg_put_int(provenance, "seed", (int64_t)input->ctx->seed);
    seg_put_int(provenance, "rows_in", (int64_t)input->n_rows);
    TRY(seg_doc_status(model->info, err));
    *out = model;
    model = NULL;

done:
    method->train_free(trainer);
    seg_selfcheck_free(check);
    seg_model_free(model);
    return st;
}

seg_status seg_train(const seg_context *ctx, const seg_method *method, const void *options,
                     seg_source *source, seg_model **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_context usual = seg_context_defaults();
    char *own = NULL;
    *out = NULL;

    if (options == NULL) {
        TRY(SEG_ALLOC(&own, method->options_size, "the options", err));
        seg_method_defaults(method, own);
        options = own;
    }
    TRY(seg_option_check(method->options, options, err));
    TRY(seg_method_check(method, options, err));
    seg_train_input input = { .ctx = ctx == NULL ? &usual : ctx, .schema = source->schema,
                              .source = source, .n_rows = source->n_rows, .options = options,
                              .held_out = -1 };
    TRY(seg_model_train(&input, method, source, out, err));

done:
    seg_free(own);
    return st;
}

seg_status seg_model_describe(const seg_model *model, seg_node *into, seg_error *err)
{
    seg_put_text(into, "method", model->method->name);
    seg_put_int(into, "features", (int64_t)model->schema->view.n_features);
    seg_status st = model->method->describe(model, into, err);
    if (st == SEG_OK)
        for (size_t i = 0; i < seg_node_count(seg_doc_root(model->info)); i++) {
            const seg_node *part = seg_node_at(seg_doc_root(model->info), i);
            seg_put_node(into, seg_node_name(part), part);
        }
    return st;
}

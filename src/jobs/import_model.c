/* import_model.c: LightGBM's text and XGBoost's JSON to a model file. What a file cannot tell comes
 * from the options: the names of the label, and rows to take deciles and the self-check from. */
#include "jobs/import_model.h"

#include <string.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/try.h"
#include "jobs/pipe.h"
#include "models/ensemble.h"
#include "models/foreign.h"
#include "models/method.h"
#include "models/selfcheck.h"

#define FIELD(member) offsetof(seg_import_model_options, member)
const seg_option seg_import_model_option_table[] = {
    { "output", SEG_OPTION_TEXT, FIELD(output), 0, 0, NULL, "MODEL", "model file to write",
      SEG_OPTION_ENVIRONMENT },
    { "label", SEG_OPTION_TEXT, FIELD(label), 0, 0, NULL, "NAME",
      "what the model predicts: names the result and the column to evaluate against", 0 },
    { "positive", SEG_OPTION_TEXT, FIELD(positive), 0, 0, NULL, "VALUE",
      "value of that column whose probability the model gives", 0 },
    { "negative", SEG_OPTION_TEXT, FIELD(negative), 0, 0, NULL, "VALUE", "its other value", 0 },
    { "data", SEG_OPTION_TEXT, FIELD(data), 0, 0, NULL, "DATA",
      "rows to take the deciles of the score from (without: tenths of the probability), and a few"
      " to check the model with later", SEG_OPTION_INPUT },
    { .name = NULL },
};

void seg_import_model_defaults(void *options)
{
    *(seg_import_model_options *)options =
        (seg_import_model_options){ .label = "churn", .positive = "1", .negative = "0" };
}

/* ---- the file -------------------------------------------------------------------------- */

static seg_status read_model(const char *path, seg_foreign *foreign, const char **program,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    char *text = NULL;
    size_t n;
    TRY(seg_file_get(path, SEG_FOREIGN_FILE_MAX, &text, &n, err));
    const char *first = text + strspn(text, " \t\r\n");
    if (first[0] == '{' && first[1] != 'L') {
        *program = "XGBoost";
        st = seg_xgboost_read(text, n, foreign, err);
    } else if (strncmp(first, "tree", 4) == 0) {
        *program = "LightGBM";
        st = seg_lightgbm_read(text, n, foreign, err);
    } else {
        st = seg_fail(err, SEG_E_DATA, "neither a model of LightGBM (text) nor of XGBoost (JSON:"
                      " its save_model() with a name that ends in .json)");
    }
    if (st != SEG_OK)
        seg_error_context(err, "%s", path);

done:
    seg_free(text);
    return st;
}

/* ---- rows ------------------------------------------------------------------------------ */

/* Every so many of the rows' probabilities. */
static seg_status take_probabilities(const seg_context *ctx, const seg_model *model,
                                     seg_source *source, float *into, size_t *n, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_source *scores = NULL;
    seg_block block;
    uint64_t step = (source->n_rows + SEG_EDGE_ROWS - 1) / SEG_EDGE_ROWS;
    *n = 0;
    TRY(seg_score_open(ctx, model, source, &scores, err));
    for (;;) {
        TRY(scores->next(scores, &block, err));
        if (block.n_rows == 0)
            break;
        const float *probabilities = block.columns[0];
        for (size_t i = 0; i < block.n_rows; i++)
            if ((block.first_row + i) % step == 0 && *n < SEG_EDGE_ROWS)
                into[(*n)++] = probabilities[i];
        TRY(seg_step(ctx, "scoring", block.first_row + block.n_rows, source->n_rows, err));
    }

done:
    seg_source_close(scores);
    return st;
}

static seg_status add_selfcheck(seg_model *model, seg_source *source, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_selfcheck *check = NULL;
    seg_block block;
    TRY(seg_selfcheck_new(model->method, source->schema, source->n_rows, &check, err));
    TRY(source->rewind(source, err));
    for (;;) {
        TRY(source->next(source, &block, err));
        if (block.n_rows == 0)
            break;
        TRY(seg_selfcheck_add(check, &block, err));
    }
    TRY(seg_selfcheck_end(&check, model, err));

done:
    seg_selfcheck_free(check);
    return st;
}

static seg_status learn_from_rows(const seg_context *ctx, const char *path, seg_model *model,
                                  seg_error *err)
{
    seg_status st = SEG_OK;
    seg_source *source = NULL;
    float *probabilities = NULL;
    size_t n;
    TRY(seg_source_open(ctx, path, &source, err));
    if (source->n_rows == 0) {
        st = seg_fail(err, SEG_E_DATA, "%s: no rows to take deciles from", path);
        goto done;
    }
    TRY(SEG_ALLOC(&probabilities, SEG_EDGE_ROWS, "the score deciles", err));
    TRY(take_probabilities(ctx, model, source, probabilities, &n, err));
    TRY(seg_foreign_set_deciles(model, probabilities, n, err));
    TRY(add_selfcheck(model, source, err));

done:
    if (st == SEG_E_DATA)
        seg_error_context(err, "%s", path);
    seg_free(probabilities);
    seg_source_close(source);
    return st;
}

static void note_codes(const seg_context *ctx, const seg_foreign *foreign)
{
    for (size_t f = 0; f < foreign->n_features; f++)
        if (foreign->features[f].is_category && foreign->features[f].by_code)
            seg_note(ctx, SEG_LEVEL_INFO, "the file does not name the categories of '%s': they"
                     " are its codes, \"0\", \"1\" ...", foreign->features[f].name);
}

seg_status seg_import_model_run(const seg_call *call, seg_node *result, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_import_model_options *options = call->options;
    const seg_context *ctx = &call->context;
    const char *inputs[] = { call->operands[0], options->data }, *program = NULL;
    seg_foreign foreign = { 0 };
    seg_model *model = NULL;

    if (options->output == NULL)
        return seg_fail(err, SEG_E_USAGE, "no model file: give one with -o");
    if (strcmp(options->positive, options->negative) == 0)
        return seg_fail(err, SEG_E_USAGE, "--positive and --negative are the same value");
    TRY(read_model(inputs[0], &foreign, &program, err));
    TRY(seg_foreign_model(&foreign, program, options->label, options->positive,
                          options->negative, &model, err));
    note_codes(ctx, &foreign);
    if (options->data != NULL)
        TRY(learn_from_rows(ctx, options->data, model, err));
    seg_node *info = seg_doc_root(model->info);
    TRY(seg_provenance(seg_put_object(info, "provenance"), ctx->seed, inputs,
                       options->data != NULL ? 2 : 1, err));
    TRY(seg_doc_status(model->info, err));
    TRY(seg_model_save(model, options->output, err));
    const seg_node *figures = seg_node_member(info, "figures");
    for (size_t i = 0; i < seg_node_count(figures); i++)
        seg_put_node(result, seg_node_name(seg_node_at(figures, i)), seg_node_at(figures, i));
    seg_put_text(result, "model_file", options->output);

done:
    seg_foreign_free(&foreign);
    seg_model_free(model);
    return st;
}

#include "jobs/evaluate.h"

#include <string.h>
#include "base/alloc.h"
#include "base/hash.h"
#include "base/try.h"
#include "jobs/score.h"
#include "jobs/view.h"
#include "models/classifier.h"
#include "models/method.h"
#include "models/score.h"

enum { USUAL_OFFERS = 10 };

#define FIELD(member) offsetof(seg_evaluate_options, member)
const seg_option seg_evaluate_option_table[] = {
    { "label", SEG_OPTION_TEXT, FIELD(label), 0, 0, NULL, "COL",
      "column that holds the truth (default: the one the model was trained on)", 0 },
    SEG_MONEY_OPTION_ROWS(seg_evaluate_options, money),
    { "threshold", SEG_OPTION_F64, FIELD(threshold), 0, 1, NULL, "SCORE",
      "count rows as positive from this probability on (0: from the cut that earns most, else"
      " 0.5)", 0 },
    SEG_OFFER_OPTION_ROWS(seg_evaluate_options, offers),
    { "hold-out", SEG_OPTION_CHOICE, FIELD(hold_out), 0, 0, SEG_HOLD_OUT_CHOICES, NULL,
      "rules: hide what was new on a customer's last day, or one item; auto: the last day where"
      " orders have customer and day", 0 },
    { .name = NULL },
};

void seg_evaluate_defaults(void *options)
{
    *(seg_evaluate_options *)options = (seg_evaluate_options){
        .money = SEG_MONEY_DEFAULTS, .offers = { .offers = USUAL_OFFERS },
    };
}

/* Money and thresholds are about a probability. */
static seg_status check_money(const seg_evaluate_options *options, const seg_model *model,
                              const char *path, seg_error *err)
{
    bool asked = options->money.value > 0 || options->threshold > 0;
    if (asked && !model->method->needs_label)
        return seg_fail(err, SEG_E_USAGE, "--%s is for models that predict a label; %s is of the"
                        " method %s", options->money.value > 0 ? "value" : "threshold", path,
                        model->method->name);
    return seg_money_check(&options->money, err);
}

/* What the offers to be judged are; their columns are not wanted. */
static seg_status ask_offers(const seg_call *call, seg_model *model, seg_error *err)
{
    seg_status st = SEG_OK;
    bool made;
    const seg_evaluate_options *options = call->options;
    seg_offer_options asked = options->offers;
    asked.offers = 0;
    TRY(seg_score_ask_offers(&call->context, &asked, model, &made, err));
    TRY(seg_score_check_offers(&asked, made, err));

done:
    return st;
}

/* Rules know the baskets that they were learned from: whether those are judged. */
static seg_status put_on(const seg_model *model, const char *data, seg_node *result,
                         seg_error *err)
{
    char hex[65];
    const seg_node *learned = seg_node_get(seg_doc_root(model->info), "provenance.input_sha256");
    bool same = false;
    if (model->method->ask_offers == NULL || strcmp(data, "-") == 0
        || strstr(data, ".h5:/") != NULL)
        return SEG_OK;
    seg_status st = seg_sha256_file(data, hex, err);
    for (size_t i = 0; st == SEG_OK && i < seg_node_count(learned); i++)
        same = same || strcmp(seg_node_text(seg_node_at(learned, i), ""), hex) == 0;
    if (st == SEG_OK)
        seg_put_text(result, "on", same ? "train" : "other data");
    return st;
}

static seg_view view_of(const seg_method *method, const seg_evaluate_options *options)
{
    bool people = method->score_view == SEG_VIEW_PEOPLE;
    return people && options->hold_out != SEG_HOLD_OUT_ITEM ? SEG_VIEW_VISITS
                                                            : method->score_view;
}

static seg_status with_method(const seg_call *call, const seg_model *model,
                              seg_source *data, seg_node *result, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_context *ctx = &call->context;
    const seg_evaluate_options *options = call->options;
    const seg_method *method = model->method;
    const seg_classify_options classify = { .money = options->money,
                                            .threshold = options->threshold };
    const seg_offer_trial trial = { .offers = options->offers.offers,
                                    .hold_out = options->hold_out };
    seg_source *scores = NULL;
    void *ev = NULL;
    seg_block block;
    seg_train_input input = { .ctx = ctx, .schema = data->schema, .n_rows = data->n_rows,
                              .options = method->needs_label ? (const void *)&classify
                                         : method->ask_offers != NULL ? &trial : NULL,
                              .held_out = -1 };
    TRY(seg_score_open(ctx, model, data, &scores, err));
    TRY(method->evaluate_begin(model, &input, &ev, err));
    for (;;) {
        TRY(scores->next(scores, &block, err));
        if (block.n_rows == 0)
            break;
        TRY(method->evaluate_add(ev, seg_score_bound(scores), &block, err));
        TRY(seg_step(ctx, "evaluating", block.first_row + block.n_rows, data->n_rows, err));
    }
    TRY(method->evaluate_end(ev, result, err));

done:
    if (ev != NULL)
        method->evaluate_free(ev);
    seg_source_close(scores);
    return st;
}

/* A method without figures of its own: rows per category of each result column. */
static void count_codes(const seg_schema *schema, const seg_block *block, int64_t **counts)
{
    for (size_t c = 0; c < schema->n_columns; c++) {
        const int32_t *codes = block->columns[c];
        for (size_t i = 0; counts[c] != NULL && i < block->n_rows; i++)
            counts[c][codes[i] < 0 ? schema->columns[c].n_levels : (size_t)codes[i]]++;
    }
}

static void put_counts(const seg_schema *schema, int64_t **counts, seg_node *result)
{
    for (size_t c = 0; c < schema->n_columns; c++) {
        if (counts[c] == NULL)
            continue;
        seg_node *list = seg_put_array(result, schema->columns[c].name);
        for (size_t l = 0; l <= schema->columns[c].n_levels; l++) {
            if (counts[c][l] == 0)
                continue;
            seg_node *row = seg_put_object(list, NULL);
            seg_put_text(row, "value", l < schema->columns[c].n_levels
                                       ? schema->columns[c].levels[l] : NULL);
            seg_put_int(row, "rows", counts[c][l]);
        }
    }
}

static seg_status by_counts(const seg_context *ctx, const seg_model *model, seg_source *data,
                            seg_node *result, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_source *scores = NULL;
    int64_t **counts = NULL;
    size_t n = 0;
    seg_block block;
    TRY(seg_score_open(ctx, model, data, &scores, err));
    n = scores->schema->n_columns;
    TRY(SEG_ALLOC(&counts, n, "the counts", err));
    for (size_t c = 0; c < n; c++)
        if (scores->schema->columns[c].type == SEG_TYPE_CODE)
            TRY(SEG_ALLOC(&counts[c], scores->schema->columns[c].n_levels + 1, "the counts", err));
    for (;;) {
        TRY(scores->next(scores, &block, err));
        if (block.n_rows == 0)
            break;
        count_codes(scores->schema, &block, counts);
        TRY(seg_step(ctx, "evaluating", block.first_row + block.n_rows, data->n_rows, err));
    }
    put_counts(scores->schema, counts, result);

done:
    for (size_t c = 0; counts != NULL && c < n; c++)
        seg_free(counts[c]);
    seg_free(counts);
    seg_source_close(scores);
    return st;
}

seg_status seg_evaluate_run(const seg_call *call, seg_node *result, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_evaluate_options *options = call->options;
    seg_model *model = NULL;
    seg_source *data = NULL;

    TRY(seg_model_load(call->operands[0], &model, err));
    model->top_reasons = 0;   /* nobody reads them */
    TRY(check_money(options, model, call->operands[0], err));
    TRY(ask_offers(call, model, err));
    seg_put_text(result, "method", model->method->name);
    const char *trained = seg_node_text(seg_node_get(seg_doc_root(model->info), "options.label"),
                                        NULL);
    seg_customer_options customers = seg_score_customers(model, SEG_MISSING_DAY);
    seg_view_request request = {
        .path = call->operands[1], .view = view_of(model->method, options),
        .customers = &customers,
        .selection.label = !model->method->needs_label ? NULL
                           : options->label != NULL ? options->label : trained,
    };
    if (model->method->baskets != NULL)
        model->method->baskets(model, &request.baskets.bins, &request.baskets.taxonomy);
    TRY(seg_view_open(&call->context, &request, NULL, &data, err));
    TRY(put_on(model, call->operands[1], result, err));
    seg_put_int(result, "rows", (int64_t)data->n_rows);
    if (model->method->evaluate_begin != NULL)
        st = with_method(call, model, data, result, err);
    else
        st = by_counts(&call->context, model, data, result, err);
    if (st != SEG_OK && err != NULL && strstr(err->text, call->operands[1]) == NULL)
        seg_error_context(err, "%s", call->operands[1]);

done:
    seg_source_close(data);
    seg_model_free(model);
    return st;
}

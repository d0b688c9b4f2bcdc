/* features.c: transactions in, customers out. */
#include "jobs/features.h"

#include <stddef.h>
#include "base/try.h"
#include "data/select.h"
#include "jobs/pipe.h"

const seg_option seg_features_option_table[] = {
    SEG_CUSTOMER_OPTION_ROWS(seg_features_options, customers),
    { "window", SEG_OPTION_U32, offsetof(seg_features_options, window_days), 0, 1000000, NULL,
      "DAYS", "only rows of so many days before as-of (0: all)", 0 },
    { "label-window", SEG_OPTION_U32, offsetof(seg_features_options, label_days), 0, 1000000,
      NULL, "DAYS", "add the column churned: no purchase in so many days from as-of on", 0 },
    { "output", SEG_OPTION_TEXT, offsetof(seg_features_options, output), 0, 0, NULL, "FILE",
      "features file to write (.h5 or .csv)", SEG_OPTION_ENVIRONMENT },
    { NULL, SEG_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL, 0 },
};

void seg_features_defaults(void *options)
{
    *(seg_features_options *)options = (seg_features_options){
        .customers = { .as_of_day = SEG_MISSING_DAY },
    };
}

/* What the file is made from: options, the input's hash and where its rows went. */
static seg_status make_provenance(const seg_call *call, const seg_node *report, seg_doc **out,
                                  seg_error *err)
{
    seg_status st = SEG_OK;
    seg_doc *doc = seg_doc_new();
    seg_node *root = seg_doc_root(doc);
    *out = NULL;

    TRY(seg_provenance(root, call->context.seed, call->operands, call->n_operands, err));
    seg_put_text(root, "command", "features");
    seg_option_record(seg_features_option_table, call->options, SEG_OPTION_ENVIRONMENT,
                      seg_put_object(root, "options"));
    seg_put_node(root, "rows", seg_node_get(report, "rows"));
    TRY(seg_doc_status(doc, err));
    *out = doc;
    doc = NULL;

done:
    seg_doc_free(doc);
    return st;
}

/* In a CSV a name can stand but once: there the exact columns are kept, not their floats. */
static seg_status drop_repeated(const seg_call *call, seg_source **customers, seg_error *err)
{
    const seg_features_options *options = call->options;
    if (!seg_ends_with(options->output, ".csv"))
        return SEG_OK;
    static const seg_selection what = { .drop = "recency_days,frequency,monetary" };
    seg_source *chosen;
    seg_status st = seg_select_source(&call->context, *customers, &what, &chosen, err);
    if (st == SEG_OK)
        *customers = chosen;
    return st;
}

seg_status seg_features_run(const seg_call *call, seg_node *result, seg_error *err)
{
    const seg_features_options *options = call->options;
    const seg_customer_span span = { options->window_days, options->label_days };
    seg_status st = SEG_OK;
    seg_source *transactions = NULL, *customers = NULL;
    seg_sink *sink = NULL;
    seg_doc *provenance = NULL;

    if (options->output == NULL || *options->output == 0)
        return seg_fail(err, SEG_E_USAGE, "no output: give -o FILE");
    TRY(seg_source_open(&call->context, call->operands[0], &transactions, err));
    TRY(seg_customers_over(&call->context, transactions, &options->customers, &span, result,
                           &customers, err));
    seg_source_close(transactions);
    transactions = NULL;
    TRY(make_provenance(call, result, &provenance, err));
    TRY(drop_repeated(call, &customers, err));
    TRY(seg_table_sink(&call->context, options->output, customers->schema, customers->n_rows, 0,
                       seg_doc_root(provenance), &sink, err));
    TRY(seg_pipe(&call->context, "writing", customers, sink, err));
    seg_put_int(result, "features", (int64_t)customers->schema->n_features);
    seg_put_text(result, "output", options->output);

done:
    seg_source_close(transactions);
    seg_source_close(customers);
    seg_sink_close(sink);
    seg_doc_free(provenance);
    return st;
}

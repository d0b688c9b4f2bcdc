/* features.c: transactions in, customers out. */
#include "jobs/features.h"

#include <string.h>
#include "base/hash.h"
#include "base/try.h"
#include "data/csv.h"
#include "data/h5.h"

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

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), n_end = strlen(end);
    return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

static seg_status open_sink(const seg_call *call, const seg_source *customers,
                            const seg_node *provenance, seg_sink **out, seg_error *err)
{
    const seg_features_options *options = call->options;
    if (ends_with(options->output, ".csv"))
        return seg_csv_sink(&call->context, options->output, customers->schema, out, err);
    return seg_h5_sink(&call->context, options->output, customers->schema, customers->n_rows,
                       0, provenance, out, err);
}

static seg_status copy_rows(const seg_context *ctx, seg_source *from, seg_sink *to,
                            seg_error *err)
{
    seg_status st = SEG_OK;
    seg_block block;
    for (;;) {
        TRY(from->next(from, &block, err));
        if (block.n_rows == 0)
            break;
        TRY(to->write(to, &block, err));
        TRY(seg_step(ctx, "writing", block.first_row + block.n_rows, from->n_rows, err));
    }
    TRY(to->commit(to, err));

done:
    return st;
}

/* What the file is made from: options, the input's hash and where its rows went. */
static seg_status make_provenance(const seg_call *call, const seg_node *report, seg_doc **out,
                                  seg_error *err)
{
    seg_status st = SEG_OK;
    char sha256[65];
    seg_doc *doc = seg_doc_new();
    seg_node *root = seg_doc_root(doc);

    TRY(seg_sha256_file(call->operands[0], sha256, err));
    seg_put_text(root, "command", "features");
    seg_option_record(seg_features_option_table, call->options, SEG_OPTION_ENVIRONMENT,
                      seg_put_object(root, "options"));
    seg_put_text(root, "input_sha256", sha256);
    seg_put_node(root, "as_of", seg_node_get(report, "as_of"));
    seg_put_node(root, "rows", seg_node_get(report, "rows"));
    TRY(seg_doc_status(doc, err));
    *out = doc;
    doc = NULL;

done:
    seg_doc_free(doc);
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
    TRY(open_sink(call, customers, seg_doc_root(provenance), &sink, err));
    TRY(copy_rows(&call->context, customers, sink, err));
    seg_put_int(result, "features", (int64_t)customers->schema->n_features);
    seg_put_text(result, "output", options->output);

done:
    seg_source_close(transactions);
    seg_source_close(customers);
    seg_sink_close(sink);
    seg_doc_free(provenance);
    return st;
}

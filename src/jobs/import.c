/* import.c: text in, a table file out. */
#include "jobs/import.h"

#include <stddef.h>
#include <string.h>
#include "base/alloc.h"
#include "base/pattern.h"
#include "base/try.h"
#include "data/h5.h"
#include "jobs/outputs.h"
#include "jobs/pipe.h"

#define AT(member) offsetof(seg_import_command, import.member)
const seg_option seg_import_command_table[] = {
    SEG_IMPORT_OPTION_ROWS(AT),
    { "output", SEG_OPTION_TEXT, offsetof(seg_import_command, output), 0, 0, NULL, "FILE",
      "file to write (.h5, or .csv for a clean copy)", SEG_OPTION_ENVIRONMENT },
    { 0 },
};

void seg_import_command_defaults(void *options)
{
    seg_import_command *command = options;
    *command = (seg_import_command){ 0 };
    seg_import_defaults(&command->import);
}

/* The standard input leaves no file to hash; of text, reading it gave the hash already. */
static seg_status hash_inputs(const seg_call *call, const seg_source *source, seg_node *list,
                              seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n = seg_csv_source_inputs(source);
    for (size_t i = 0; i < (n > 0 ? n : call->n_operands); i++) {
        const char *path = n > 0 ? seg_csv_source_input(source, i) : call->operands[i];
        char hex[65];
        if (path == NULL || strcmp(path, "-") == 0)
            continue;
        if (seg_csv_source_sha256(source, i, hex))
            seg_put_text(list, NULL, hex);
        else
            TRY(seg_provenance_file(list, path, err));
    }

done:
    return st;
}

static seg_status make_provenance(const seg_call *call, const seg_source *source,
                                  const seg_node *report, seg_doc **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_doc *doc = seg_doc_new();
    seg_node *root = seg_doc_root(doc);
    *out = NULL;

    TRY(hash_inputs(call, source, seg_provenance_begin(root, call->context.seed), err));
    seg_put_text(root, "command", "import");
    seg_option_record(seg_import_command_table, call->options, SEG_OPTION_ENVIRONMENT,
                      seg_put_object(root, "options"));
    seg_put_node(root, "rows", seg_node_get(report, "rows"));
    seg_put_node(root, "rejected", seg_node_get(report, "rejected"));
    TRY(seg_doc_status(doc, err));
    *out = doc;
    doc = NULL;

done:
    seg_doc_free(doc);
    return st;
}

/* A sink must know how many items all baskets hold: one reading counts them. */
static seg_status count_items(seg_source *source, uint64_t *n_items, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_block block;
    *n_items = 0;
    if (source->schema->kind != SEG_KIND_BASKETS)
        return SEG_OK;
    for (;;) {
        TRY(source->next(source, &block, err));
        if (block.n_rows == 0)
            break;
        *n_items += (uint64_t)(block.row_start[block.n_rows] - block.row_start[0]);
    }
    TRY(source->rewind(source, err));

done:
    return st;
}

static bool is_csv(const char *path)
{
    return seg_ends_with(path, ".csv") || seg_ends_with(path, ".csv.gz")
           || seg_ends_with(path, ".csv.zst");
}

static seg_status check(const seg_import_command *options, seg_error *err)
{
    if (options->output == NULL || options->output[0] == 0)
        return seg_fail(err, SEG_E_USAGE, "no output: give -o FILE");
    if (options->import.archive && is_csv(options->output))
        return seg_fail(err, SEG_E_USAGE, "%s: only .h5 is written compressed: leave --archive"
                        " out, or name it .h5", options->output);
    return SEG_OK;
}

static seg_status import(const seg_call *call, seg_node *result, seg_error *err)
{
    const seg_import_command *options = call->options;
    seg_status st = SEG_OK;
    seg_source *source = NULL;
    seg_sink *sink = NULL;
    seg_doc *provenance = NULL;
    uint64_t n_items;
    seg_import_options reading = options->import;
    reading.hash_inputs = true;

    TRY(seg_csv_source(&call->context, call->operands, call->n_operands, &reading, result,
                       &source, err));
    TRY(count_items(source, &n_items, err));
    TRY(make_provenance(call, source, result, &provenance, err));
    TRY((options->import.archive ? seg_h5_archive_sink : seg_table_sink)(
        &call->context, options->output, source->schema, source->n_rows, n_items,
        seg_doc_root(provenance), &sink, err));
    TRY(seg_pipe(&call->context, "writing", source, sink, err));
    seg_put_int(result, "rows", (int64_t)source->n_rows);
    seg_put_text(result, "output", options->output);

done:
    seg_source_close(source);
    seg_sink_close(sink);
    seg_doc_free(provenance);
    return st;
}

/* The operands with their patterns as the files that these match; none of them is the output. */
seg_status seg_import_run(const seg_call *call, seg_node *result, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_paths paths = { 0 };
    seg_call expanded = *call;
    bool patterns = false;

    TRY(check(call->options, err));
    for (size_t i = 0; i < call->n_operands; i++) {
        patterns = patterns || seg_is_pattern(call->operands[i]);
        TRY(seg_paths_add(&paths, call->operands[i], err));
    }
    expanded.operands = (const char *const *)paths.list;
    expanded.n_operands = paths.n;
    if (patterns)
        TRY(seg_outputs_check(seg_command_find("import"), &expanded, err));
    TRY(import(&expanded, result, err));

done:
    seg_paths_free(&paths);
    return st;
}

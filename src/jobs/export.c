#include "jobs/export.h"

#include <string.h>
#include "base/arena.h"
#include "base/file.h"
#include "base/text.h"
#include "base/try.h"
#include "models/method.h"
#include "render/csv_table.h"

const seg_option seg_export_option_table[] = {
    { "to", SEG_OPTION_CHOICE, offsetof(seg_export_options, to), 0, 0, "json|text|csv", NULL,
      "json: everything; text: for people; csv: its table (segments, nodes, rules, cells)", 0 },
    { "output", SEG_OPTION_TEXT, offsetof(seg_export_options, output), 0, 0, NULL, "FILE",
      "file to write (default: the standard output)", SEG_OPTION_ENVIRONMENT },
    { .name = NULL },
};

/* The first array of objects among the members: the model's table. */
static const seg_node *find_table(const seg_node *object)
{
    for (size_t i = 0; i < seg_node_count(object); i++) {
        const seg_node *node = seg_node_at(object, i);
        if (seg_node_type(node) == SEG_DOC_ARRAY
            && seg_node_type(seg_node_at(node, 0)) == SEG_DOC_OBJECT)
            return node;
    }
    return NULL;
}

static seg_status as_csv(seg_doc *doc, const char *path, seg_text *text, seg_error *err)
{
    const seg_node *table = find_table(seg_doc_root(doc));
    if (table == NULL)
        return seg_fail(err, SEG_E_DATA, "%s: the model has no table to write as CSV", path);
    seg_csv_table(text, table);
    return SEG_OK;
}

static seg_status make_text(const seg_model *model, int to, const char *path, seg_text *text,
                            seg_error *err)
{
    seg_status st = SEG_OK;
    seg_doc *doc = seg_doc_new();
    seg_node *root = seg_doc_root(doc);
    if (to == SEG_EXPORT_JSON)
        TRY(seg_model_describe(model, root, err));
    else
        TRY(model->method->text(model, root, err));
    TRY(seg_doc_status(doc, err));
    if (to == SEG_EXPORT_CSV) {
        TRY(as_csv(doc, path, text, err));
    } else {   /* a method may have words of its own (the rules of a tree) */
        const char *words = to == SEG_EXPORT_JSON ? seg_doc_json(doc, 2)
                            : seg_node_text(seg_node_get(root, "text"), seg_doc_plain(doc));
        if (words == NULL) {
            st = seg_arena_failed(err);
            goto done;
        }
        seg_text_add(text, words);
        seg_text_add(text, to == SEG_EXPORT_JSON ? "\n" : "");
    }
    TRY(seg_text_status(text, err));
done:
    seg_doc_free(doc);
    return st;
}

seg_status seg_export_run(const seg_call *call, seg_node *result, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_export_options *options = call->options;
    seg_model *model = NULL;
    seg_text text = { 0 };

    TRY(seg_model_load(call->operands[0], &model, err));
    TRY(make_text(model, options->to, call->operands[0], &text, err));
    if (options->output == NULL) {
        seg_put_text(result, "document", text.bytes);
    } else {
        TRY(seg_file_put(options->output, text.bytes, text.n, err));
        seg_put_text(result, "output", options->output);
        seg_put_int(result, "bytes", (int64_t)text.n);
    }

done:
    seg_text_free(&text);
    seg_model_free(model);
    return st;
}

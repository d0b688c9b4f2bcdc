/* report.c: files in, one page out: find them, gather facts, write. */
#include "jobs/report.h"

#include <string.h>
#include "base/date.h"
#include "base/file.h"
#include "base/try.h"
#include "jobs/report_facts.h"
#include "jobs/report_find.h"
#include "render/report.h"
#include "segmill/table.h"
#include "segmill/version.h"

#define FIELD(member) offsetof(seg_report_options, member)
const seg_option seg_report_option_table[] = {
    { "output", SEG_OPTION_TEXT, FIELD(output), 0, 0, NULL, "FILE",
      "page to write (.html)", SEG_OPTION_ENVIRONMENT },
    { "title", SEG_OPTION_TEXT, FIELD(title), 0, 0, NULL, "TEXT", "heading of the page", 0 },
    { .name = NULL },
};

void seg_report_defaults(void *options)
{
    *(seg_report_options *)options = (seg_report_options){ .title = "Customer report" };
}

/* ---- facts ----------------------------------------------------------------------------- */

seg_status seg_report_facts_new(const seg_context *ctx, seg_report_facts *out, seg_error *err)
{
    *out = (seg_report_facts){ .ctx = ctx, .as_of_day = SEG_MISSING_DAY };
    out->doc = seg_doc_new();
    out->root = seg_doc_root(out->doc);
    out->segments = seg_put_array(out->root, "segments");
    out->profiles = seg_put_array(out->root, "profiles");
    out->risks = seg_put_array(out->root, "risks");
    out->trees = seg_put_array(out->root, "trees");
    out->rules = seg_put_array(out->root, "rules");
    out->offers = seg_put_array(out->root, "offers");
    out->lists = seg_put_array(out->root, "lists");
    out->sources = seg_put_array(out->root, "sources");
    out->inputs = seg_put_array(out->root, "inputs");
    out->found = seg_doc_new();
    out->results = seg_put_array(seg_doc_root(out->found), "results");
    out->rfm_models = seg_put_array(seg_doc_root(out->found), "rfm_models");
    seg_status st = seg_doc_status(out->doc, err);
    return st == SEG_OK ? seg_doc_status(out->found, err) : st;
}

void seg_report_facts_free(seg_report_facts *facts)
{
    seg_doc_free(facts->doc);
    seg_doc_free(facts->found);
}

const char *seg_report_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static void add_hash(seg_node *inputs, const char *hash)
{
    enum { MOST = 100 };
    for (size_t i = 0; i < seg_node_count(inputs); i++)
        if (strcmp(seg_node_text(seg_node_at(inputs, i), ""), hash) == 0)
            return;
    if (seg_node_count(inputs) < MOST)
        seg_put_text(inputs, NULL, hash);
}

void seg_report_add_source(seg_report_facts *facts, const char *path, const char *what,
                           int64_t rows, const seg_node *provenance)
{
    const seg_node *hashes = seg_node_get(provenance, "input_sha256");
    seg_node *row = seg_put_object(facts->sources, NULL);
    seg_put_text(row, "file", seg_report_base_name(path));
    seg_put_text(row, "what", what);
    if (rows >= 0)
        seg_put_int(row, "rows", rows);
    if (seg_node_get(provenance, "seed") != NULL)
        seg_put_node(row, "seed", seg_node_get(provenance, "seed"));
    for (size_t i = 0; i < seg_node_count(hashes); i++)
        add_hash(facts->inputs, seg_node_text(seg_node_at(hashes, i), ""));
}

static seg_status gather(seg_report_facts *facts, const seg_report_files *files, seg_error *err)
{
    seg_status st = SEG_OK;
    for (size_t i = 0; i < files->n_models; i++)
        TRY(seg_report_add_model(facts, files->models[i], err));
    for (size_t i = 0; i < files->n_scores; i++)
        TRY(seg_report_add_scores(facts, files->scores[i], err));
    for (size_t i = 0; i < files->n_lists; i++)
        TRY(seg_report_add_list(facts, files->lists[i], err));
    seg_report_add_unscored(facts);
done:
    return st;
}

/* ---- the page -------------------------------------------------------------------------- */

static void put_head(seg_report_facts *facts, const char *title)
{
    char day[SEG_DATE_BYTES];
    seg_put_text(facts->root, "title", title);
    seg_put_text(facts->root, "engine_version", SEGMILL_VERSION);
    seg_put_int(facts->root, "rows", facts->rows);
    if (facts->as_of_day != SEG_MISSING_DAY) {
        seg_print_day(day, facts->as_of_day);
        seg_put_text(facts->root, "as_of", day);
    }
}

static seg_status write_page(seg_report_facts *facts, const seg_report_options *options,
                             seg_node *result, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_text page = { 0 };
    seg_put_text(result, "output", options->output);
    seg_node *sections = seg_put_array(result, "sections");
    put_head(facts, options->title);
    TRY(seg_doc_status(facts->doc, err));
    seg_report_page(&page, facts->root, sections);
    TRY(seg_text_status(&page, err));
    TRY(seg_file_put(options->output, page.bytes, page.n, err));
    seg_put_int(result, "bytes", (int64_t)page.n);
    seg_put_int(result, "rows", facts->rows);
    if (seg_node_get(facts->root, "as_of") != NULL)
        seg_put_node(result, "as_of", seg_node_get(facts->root, "as_of"));
done:
    seg_text_free(&page);
    return st;
}

seg_status seg_report_run(const seg_call *call, seg_node *result, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_report_options *options = call->options;
    seg_report_facts facts = { 0 };
    seg_report_files files = { 0 };

    if (options->output == NULL)
        return seg_fail(err, SEG_E_USAGE, "no page: give one with -o");
    TRY(seg_report_facts_new(&call->context, &facts, err));
    for (size_t i = 0; i < call->n_operands; i++)
        TRY(seg_report_find(call->operands[i], &files, facts.results, err));
    TRY(gather(&facts, &files, err));
    TRY(write_page(&facts, options, result, err));

done:
    seg_report_files_free(&files);
    seg_report_facts_free(&facts);
    return st;
}

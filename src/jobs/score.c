/* score.c: models and data in, scores out. Several models are scored side by side over the
 * same rows and their columns joined; a name that two models give is prefixed by the
 * method of the later one (kmeans_segment, then kmeans2_segment). */
#include "jobs/score.h"

#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/date.h"
#include "base/hash.h"
#include "base/try.h"
#include "jobs/pipe.h"
#include "jobs/view.h"
#include "models/score.h"

const seg_option seg_score_option_table[] = {
    { "output", SEG_OPTION_TEXT, offsetof(seg_score_options, output), 0, 0, NULL, "SCORES",
      "scores file to write (.h5 or .csv)", SEG_OPTION_ENVIRONMENT },
    { "as-of", SEG_OPTION_DAY, offsetof(seg_score_options, as_of_day), 0, 0, NULL, "DATE",
      "transactions: count everything before this day (default: the day after the last row)", 0 },
    { "top-reasons", SEG_OPTION_U32, offsetof(seg_score_options, top_reasons), 0,
      SEG_REASONS_MAX, NULL, "K",
      "forest, boost: columns with what raised a customer's risk most", 0 },
    SEG_OFFER_OPTION_ROWS(seg_score_options, offers),
    SEG_OFFER_BLOCK_BY_ROW(seg_score_options, offers),
    { "fail-psi", SEG_OPTION_F64, offsetof(seg_score_options, fail_psi), 0, 1000, NULL, "X",
      "classifiers: write nothing when a feature or the score has moved since training by a"
      " population stability index above X (0.25 is common; 0 allows any)", 0 },
    { .name = NULL },
};

void seg_score_defaults(void *options)
{
    *(seg_score_options *)options = (seg_score_options){
        .as_of_day = SEG_MISSING_DAY, .top_reasons = SEG_REASONS_USUAL,
        .offers = { .offers = SEG_OFFERS_USUAL },
    };
}

/* ---- several models side by side ------------------------------------------------------ */

/* Each source has blocks of its own size; what is left of the current ones is handed out
 * as far as all of them go. */
typedef struct join_source {
    seg_source source;
    size_t n;
    seg_source **data, **scores;   /* n each; owned */
    seg_block *block;              /* n: the current ones, */
    size_t *used;                  /*    and how many of their rows were handed out */
    seg_schema_owner *schema;
    const void **columns;
} join_source;

static void join_close(seg_source *self)
{
    join_source *j = (join_source *)self;
    for (size_t m = 0; m < j->n; m++) {
        if (j->scores != NULL)
            seg_source_close(j->scores[m]);
        if (j->data != NULL)
            seg_source_close(j->data[m]);
    }
    seg_free(j->scores);
    seg_free(j->data);
    seg_free(j->block);
    seg_free(j->used);
    seg_free(j->columns);
    seg_schema_free(j->schema);
    seg_free(j);
}

static const char *ids_at(const join_source *j, size_t m)
{
    const char *ids = j->block[m].ids;
    return ids == NULL ? NULL : ids + j->used[m] * j->schema->view.id_width;
}

static seg_status same_rows(const join_source *j, size_t m, size_t n, seg_error *err)
{
    const char *first = ids_at(j, 0), *other = ids_at(j, m);
    bool equal = (first == NULL) == (other == NULL);
    if (equal && first != NULL)
        equal = memcmp(first, other, n * j->schema->view.id_width) == 0;
    if (equal)
        return SEG_OK;
    return seg_fail(err, SEG_E_USAGE, "the models score different rows of '%s': score them one"
                    " by one", j->source.name);
}

/* The rows that every source has at hand; 0 at the end. They end together: the numbers of
 * their rows are equal. */
static seg_status rows_at_hand(join_source *j, size_t *n, seg_error *err)
{
    seg_status st = SEG_OK;
    *n = SIZE_MAX;
    for (size_t m = 0; m < j->n; m++) {
        if (j->used[m] == j->block[m].n_rows) {
            TRY(j->scores[m]->next(j->scores[m], &j->block[m], err));
            j->used[m] = 0;
        }
        size_t left = j->block[m].n_rows - j->used[m];
        *n = left < *n ? left : *n;
    }
done:
    return st;
}

static seg_status join_next(seg_source *self, seg_block *block, seg_error *err)
{
    seg_status st = SEG_OK;
    join_source *j = (join_source *)self;
    size_t at = 0, n;
    TRY(rows_at_hand(j, &n, err));
    *block = (seg_block){ .first_row = j->block[0].first_row + j->used[0], .n_rows = n,
                          .ids = ids_at(j, 0), .columns = j->columns };
    for (size_t m = 0; m < j->n && n > 0; m++) {
        TRY(same_rows(j, m, n, err));
        for (size_t c = 0; c < j->scores[m]->schema->n_columns; c++, at++)
            j->columns[at] = (const char *)j->block[m].columns[c]
                             + j->used[m] * seg_column_cell_bytes(&j->schema->view.columns[at]);
    }
    for (size_t m = 0; m < j->n; m++)
        j->used[m] += n;
done:
    return st;
}

static seg_status join_rewind(seg_source *self, seg_error *err)
{
    seg_status st = SEG_OK;
    join_source *j = (join_source *)self;
    for (size_t m = 0; m < j->n && st == SEG_OK; m++)
        st = j->scores[m]->rewind(j->scores[m], err);
    memset(j->block, 0, j->n * sizeof *j->block);
    memset(j->used, 0, j->n * sizeof *j->used);
    return st;
}

static seg_status join_columns(join_source *j, const seg_model *model, const seg_schema *from,
                               seg_error *err)
{
    for (size_t c = 0; c < from->n_columns; c++) {
        seg_column column = from->columns[c];
        char name[256];
        const char *method = seg_method_name(seg_model_method(model));
        for (int n = 1; seg_schema_column(&j->schema->view, column.name) != SIZE_MAX; n++) {
            if (n == 1)
                snprintf(name, sizeof name, "%s_%.200s", method, from->columns[c].name);
            else
                snprintf(name, sizeof name, "%s%d_%.200s", method, n, from->columns[c].name);
            column.name = name;
        }
        seg_status st = seg_schema_add_column(j->schema, &column, err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

seg_customer_options seg_score_customers(const seg_model *model, int32_t as_of_day)
{
    seg_customer_options customers = { .as_of_day = as_of_day };
    const seg_node *options = seg_node_get(seg_doc_root(model->info), "options");
    const char *returns = seg_node_text(seg_node_get(options, "returns"), "net");
    customers.returns = strcmp(returns, "gross") == 0 ? 1 : strcmp(returns, "match") == 0 ? 2 : 0;
    customers.zero = strcmp(seg_node_text(seg_node_get(options, "zero"), "drop"), "count") == 0;
    return customers;
}

static seg_status join_model(join_source *j, const seg_score_job *job, const seg_model *model,
                             size_t m, seg_node *result, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_customer_options own = seg_score_customers(model, SEG_MISSING_DAY);
    seg_view_request request = {
        .path = job->data, .view = model->method->score_view,
        .customers = job->customers != NULL ? job->customers : &own,
    };
    if (model->method->baskets != NULL)
        model->method->baskets(model, &request.baskets.bins, &request.baskets.taxonomy);
    TRY(seg_view_open(job->context, &request, m == 0 ? result : NULL, &j->data[m], err));
    st = seg_score_open(job->context, model, j->data[m], &j->scores[m], err);
    if (st != SEG_OK) {
        seg_error_context(err, "%s", job->data);
        goto done;
    }
    if (job->watch)
        TRY(seg_score_watch(j->scores[m], job->fail_psi, err));
    const seg_schema *schema = j->scores[m]->schema;
    if (m == 0) {
        j->source.n_rows = j->scores[m]->n_rows;
        j->schema->view.as_of_day = schema->as_of_day;
        if (schema->id_name != NULL)
            TRY(seg_schema_set_id(j->schema, schema->id_name, schema->id_width, err));
    }
    bool same_ids = (schema->id_name == NULL) == (j->schema->view.id_name == NULL)
                    && schema->id_width == j->schema->view.id_width;
    if (j->scores[m]->n_rows != j->source.n_rows || !same_ids) {
        st = seg_fail(err, SEG_E_USAGE, "the models score different rows of '%s': %llu and %llu;"
                      " score them one by one", job->data,
                      (unsigned long long)j->source.n_rows,
                      (unsigned long long)j->scores[m]->n_rows);
        goto done;
    }
    TRY(join_columns(j, model, schema, err));
done:
    return st;
}

static seg_status join_open(const seg_score_job *job, seg_node *result, seg_source **out,
                            seg_error *err)
{
    seg_status st = SEG_OK;
    join_source *j = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&j, 1, "the scores", err));
    j->source = (seg_source){ .name = job->data, .next = join_next, .rewind = join_rewind,
                              .close = join_close };
    j->n = job->n_models;
    TRY(SEG_ALLOC(&j->data, j->n, "the scores", err));
    TRY(SEG_ALLOC(&j->scores, j->n, "the scores", err));
    TRY(SEG_ALLOC(&j->block, j->n, "the scores", err));
    TRY(SEG_ALLOC(&j->used, j->n, "the scores", err));
    TRY(seg_schema_new(SEG_KIND_SCORES, &j->schema, err));
    for (size_t m = 0; m < job->n_models; m++)
        TRY(join_model(j, job, job->models[m], m, result, err));
    TRY(SEG_ALLOC(&j->columns, j->schema->view.n_columns, "the scores", err));
    j->source.schema = &j->schema->view;
    *out = &j->source;
    j = NULL;

done:
    if (j != NULL)
        join_close(&j->source);
    return st;
}

/* ---- offers ----------------------------------------------------------------------------- */

seg_status seg_score_ask_offers(const seg_context *ctx, const seg_offer_options *options,
                                seg_model *model, bool *made, seg_error *err)
{
    *made = model->method->ask_offers != NULL;
    return *made ? model->method->ask_offers(model, ctx, options, err) : SEG_OK;
}

seg_status seg_score_check_offers(const seg_offer_options *options, bool made, seg_error *err)
{
    const char *asked = options->prices != NULL ? "prices" : options->block != NULL ? "block"
                        : options->only != NULL ? "only"
                        : options->block_by != NULL ? "block-by" : NULL;
    if (asked == NULL || made)
        return SEG_OK;
    return seg_fail(err, SEG_E_USAGE, "--%s is for models that make offers, as those of the method"
                    " rules are", asked);
}

static const seg_option offer_rows[] = {
    SEG_OFFER_OPTION_ROWS(struct { seg_offer_options o; }, o), { .name = NULL },
};

/* The data, and what was said about offers: all that the scores depend on. */
static seg_status put_inputs(const seg_score_job *job, seg_node *provenance, seg_error *err)
{
    static const seg_offer_options none = { 0 };
    const seg_offer_options *o = job->offers == NULL ? &none : job->offers;
    if (job->offers != NULL)
        seg_option_record(offer_rows, o, SEG_OPTION_INPUT, seg_put_object(provenance, "offers"));
    const char *const files[] = { o->prices, o->block, o->only, o->block_by };
    const char *paths[1 + sizeof files / sizeof *files] = { job->data };
    size_t n = 1;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (files[i] != NULL)
            paths[n++] = files[i];
    return seg_provenance(provenance, job->context == NULL ? 1 : job->context->seed, paths, n,
                          err);
}

/* ---- the job ------------------------------------------------------------------------------ */

seg_status seg_score_write(const seg_score_job *job, seg_node *result, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_source *scores = NULL;
    seg_sink *sink = NULL;
    seg_doc *doc = seg_doc_new();
    seg_node *provenance = seg_doc_root(doc);

    TRY(join_open(job, result, &scores, err));
    seg_put_int(result, "rows", (int64_t)scores->n_rows);
    seg_node *columns = seg_put_array(result, "columns");
    for (size_t c = 0; c < scores->schema->n_columns; c++)
        seg_put_text(columns, NULL, scores->schema->columns[c].name);
    if (scores->schema->as_of_day != SEG_MISSING_DAY) {
        char day[SEG_DATE_BYTES];
        seg_print_day(day, scores->schema->as_of_day);
        seg_put_text(result, "as_of", day);
    }
    TRY(put_inputs(job, provenance, err));
    seg_put_int(provenance, "rows_out", (int64_t)scores->n_rows);
    seg_put_node(provenance, "models", job->provenance);
    TRY(seg_doc_status(doc, err));
    TRY(seg_table_sink(job->context, job->output, scores->schema, scores->n_rows, 0, provenance,
                       &sink, err));
    TRY(seg_pipe(job->context, "scoring", scores, sink, err));
    for (size_t m = 0; job->watch && m < job->n_models; m++)
        TRY(seg_score_put_psi(((const join_source *)scores)->scores[m], result, err));
    seg_put_text(result, "output", job->output);

done:
    seg_sink_close(sink);
    seg_source_close(scores);
    seg_doc_free(doc);
    return st;
}

seg_status seg_score_put_model(const char *path, const seg_model *model, seg_node *models,
                               seg_error *err)
{
    char hex[65];
    seg_status st = seg_sha256_file(path, hex, err);
    if (st != SEG_OK)
        return st;
    seg_node *row = seg_put_object(models, NULL);
    seg_put_text(row, "method", model->method->name);
    seg_put_text(row, "sha256", hex);
    return SEG_OK;
}

seg_status seg_score_run(const seg_call *call, seg_node *result, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_score_options *options = call->options;
    size_t n = call->n_operands - 1;
    seg_model **models = NULL;
    bool offers = false, makes;
    seg_doc *doc = seg_doc_new();
    seg_node *list = seg_put_array(seg_doc_root(doc), "models");

    if (options->output == NULL) {
        st = seg_fail(err, SEG_E_USAGE, "no scores file: give one with -o");
        goto done;
    }
    TRY(SEG_ALLOC(&models, n, "the models", err));
    for (size_t m = 0; m < n; m++) {
        TRY(seg_model_load(call->operands[m], &models[m], err));
        models[m]->top_reasons = options->top_reasons;
        TRY(seg_score_put_model(call->operands[m], models[m], list, err));
        TRY(seg_score_ask_offers(&call->context, &options->offers, models[m], &makes, err));
        offers = offers || makes;
    }
    TRY(seg_score_check_offers(&options->offers, offers, err));
    seg_customer_options customers = seg_score_customers(models[0], options->as_of_day);
    seg_score_job job = { .context = &call->context,
                          .models = (const seg_model *const *)models, .n_models = n,
                          .data = call->operands[n], .output = options->output,
                          .offers = offers ? &options->offers : NULL,
                          .customers = n == 1 ? &customers : NULL, .provenance = list,
                          .watch = true, .fail_psi = options->fail_psi };
    if (n > 1 && options->as_of_day != SEG_MISSING_DAY)
        job.customers = &customers;
    TRY(seg_score_write(&job, result, err));

done:
    for (size_t m = 0; models != NULL && m < n; m++)
        seg_model_free(models[m]);
    seg_free(models);
    seg_doc_free(doc);
    return st;
}

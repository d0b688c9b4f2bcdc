#include "jobs/validate.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"
#include "models/bind.h"
#include "models/score.h"

/* Rows of one fold of a block, put together: label and other obs columns, and scores. */
typedef struct picked {
    const seg_schema *schema;
    void **columns;
    size_t cap;
} picked;

static seg_status picked_new(const seg_schema *schema, picked *out, seg_error *err)
{
    *out = (picked){ .schema = schema };
    return SEG_ALLOC(&out->columns, schema->n_columns, "the columns", err);
}

static void picked_free(picked *p)
{
    for (size_t c = 0; p->columns != NULL && c < p->schema->n_columns; c++)
        seg_free(p->columns[c]);
    seg_free(p->columns);
}

static seg_status pick(picked *p, const seg_block *from, const uint8_t *fold, int wanted,
                       seg_block *out, seg_error *err)
{
    if (from->n_rows > p->cap) {
        for (size_t c = 0; c < p->schema->n_columns; c++) {
            size_t bytes = seg_column_cell_bytes(&p->schema->columns[c]);
            seg_status st = seg_realloc_array(&p->columns[c], from->n_rows, bytes,
                                              "the columns", err);
            if (st != SEG_OK)
                return st;
        }
        p->cap = from->n_rows;
    }
    size_t n = 0;
    for (size_t i = 0; i < from->n_rows; i++) {
        if (fold[i] != wanted)
            continue;
        for (size_t c = 0; c < p->schema->n_columns; c++) {
            size_t bytes = seg_column_cell_bytes(&p->schema->columns[c]);
            memcpy((char *)p->columns[c] + n * bytes,
                   (const char *)from->columns[c] + i * bytes, bytes);
        }
        n++;
    }
    *out = (seg_block){ .n_rows = n, .columns = (const void *const *)p->columns };
    return SEG_OK;
}

typedef struct fold_run {
    const seg_train_input *input;
    const seg_method *method;
    seg_source *source;
    const uint8_t *judged;     /* per row: the model that is judged on it */
    void *pooled;              /* evaluator over all folds */
    uint64_t pooled_rows;
} fold_run;

static seg_status evaluate_rows(fold_run *run, void *ev, const seg_block *in,
                                const seg_block *scored, uint64_t *rows, seg_error *err)
{
    seg_block at = *in, scores = *scored;
    at.first_row = scores.first_row = *rows;
    *rows += in->n_rows;
    return in->n_rows == 0 ? SEG_OK : run->method->evaluate_add(ev, &at, &scores, err);
}

/* Evaluate a fold's model on the fold's rows. */
static seg_status evaluate_fold(fold_run *run, const seg_model *model, int f,
                                seg_node *figures, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_source *scores = NULL;
    void *ev = NULL;
    picked data = { 0 }, results = { 0 };
    seg_block block, in, scored;
    uint64_t rows = 0;

    TRY(run->source->rewind(run->source, err));
    TRY(seg_score_open(NULL, model, run->source, &scores, err));
    TRY(picked_new(run->source->schema, &data, err));
    TRY(picked_new(scores->schema, &results, err));
    TRY(run->method->evaluate_begin(model, run->input, &ev, err));
    if (run->pooled == NULL)
        TRY(run->method->evaluate_begin(model, run->input, &run->pooled, err));
    for (;;) {
        TRY(scores->next(scores, &block, err));
        if (block.n_rows == 0)
            break;
        const uint8_t *judged = run->judged + block.first_row;
        TRY(pick(&data, seg_score_bound(scores), judged, f, &in, err));
        TRY(pick(&results, &block, judged, f, &scored, err));
        TRY(evaluate_rows(run, ev, &in, &scored, &rows, err));
        TRY(evaluate_rows(run, run->pooled, &in, &scored, &run->pooled_rows, err));
        TRY(seg_step(run->input->ctx, "validating", block.first_row + block.n_rows,
                     run->source->n_rows, err));
    }
    TRY(run->method->evaluate_end(ev, figures, err));

done:
    run->method->evaluate_free(ev);
    picked_free(&data);
    picked_free(&results);
    seg_source_close(scores);
    return st;
}

/* Means over the folds of every number they report; counts are summed. Tables, and what
 * belongs to a table, are of all folds together. */
static void put_means(const seg_node *folds, seg_node *into)
{
    const seg_node *first = seg_node_at(folds, 0);
    size_t n = seg_node_count(folds);
    for (size_t i = 0; i < seg_node_count(first); i++) {
        const char *name = seg_node_name(seg_node_at(first, i));
        seg_doc_type type = seg_node_type(seg_node_at(first, i));
        double sum = 0;
        for (size_t f = 0; f < n; f++)
            sum += seg_node_real(seg_node_get(seg_node_at(folds, f), name), (double)NAN);
        if (type == SEG_DOC_INT)
            seg_put_int(into, name, (int64_t)sum);
        else if (type == SEG_DOC_REAL)
            seg_put_real(into, name, sum / (double)n);
    }
}

static seg_status put_figures(fold_run *run, const seg_node *folds, seg_node *scratch,
                              seg_node *into, seg_error *err)
{
    seg_status st = run->method->evaluate_end(run->pooled, scratch, err);
    if (st != SEG_OK)
        return st;
    static const char *const pooled[] = { "ece", "ks_score", "auc_ci", "empc", "profit",
                                          "confusion", "deciles", "reliability" };
    put_means(folds, into);
    seg_put_node(into, "auc_pooled", seg_node_get(scratch, "auc"));
    for (size_t i = 0; i < sizeof pooled / sizeof *pooled; i++)
        if (seg_node_get(scratch, pooled[i]) != NULL)
            seg_put_node(into, pooled[i], seg_node_get(scratch, pooled[i]));
    seg_put_text(into, "on", "cv");
    seg_node *list = seg_put_array(into, "folds");
    for (size_t f = 0; f < seg_node_count(folds); f++)
        seg_put_real(list, NULL, seg_node_real(seg_node_get(seg_node_at(folds, f), "auc"),
                                               (double)NAN));
    return SEG_OK;
}

seg_status seg_cross_validate(const seg_train_input *input, const seg_method *method,
                              seg_source *source, seg_split *split, seg_node *into,
                              seg_error *err)
{
    seg_status st = SEG_OK;
    seg_model *model = NULL;
    seg_doc *doc = seg_doc_new();
    seg_node *folds = seg_put_array(seg_doc_root(doc), "folds");
    seg_train_input all = *input, part = *input;
    all.fold = NULL;
    fold_run run = { .input = &all, .method = method, .source = source,
                     .judged = split->judged };

    for (int f = 0; f < split->n_models; f++) {
        part.fold = seg_split_fold(split, f);
        part.held_out = f;
        TRY(source->rewind(source, err));
        st = seg_model_train(&part, method, source, &model, err);
        if (st == SEG_OK)
            model->top_reasons = 0;   /* nobody reads them */
        if (st == SEG_OK)
            st = evaluate_fold(&run, model, f, seg_put_object(folds, NULL), err);
        if (st != SEG_OK)
            seg_error_context(err, split->ready == NULL ? "fold %d" : "part %d", f);
        seg_model_free(model);
        model = NULL;
        TRY(st);
    }
    TRY(put_figures(&run, folds, seg_put_object(seg_doc_root(doc), "pooled"), into, err));
    TRY(seg_doc_status(doc, err));
    TRY(source->rewind(source, err));

done:
    if (run.pooled != NULL)
        method->evaluate_free(run.pooled);
    seg_doc_free(doc);
    return st;
}

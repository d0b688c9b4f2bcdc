/* compare.c: a logistic regression and the overall rate, on the folds of a validation. */
#include "jobs/compare.h"

#include <math.h>
#include "base/alloc.h"
#include "base/team.h"
#include "base/threads.h"
#include "base/try.h"
#include "jobs/row_sample.h"
#include "kernels/classify.h"
#include "models/logistic.h"

enum { LEARN_ROWS = 100000, SAMPLE_FLOATS = 1 << 25, FEWEST_ROWS = 8192, JUDGE_ROWS = 1 << 20,
       MAX_MODELS = 100 };

typedef struct figures {
    double auc, log_loss, brier;
} figures;

typedef struct comparison {
    const seg_train_input *input;
    seg_split *split;
    int n_threads;
    seg_row_sample sample;
    seg_answers answers;
    seg_encoding encoding;
    seg_encoded_rows encoded;
    double *beta;                /* per model */
    uint64_t judge_limit;        /* rows that are judged on, as in seg_row_is_taken() */
    seg_score_table tables[MAX_MODELS];
    const seg_block *block;
    float *scores;               /* of a block */
    size_t scores_cap;
} comparison;

static seg_status take_rows(void *user, const seg_block *block, seg_error *err)
{
    (void)err;
    seg_row_sample_add(&((comparison *)user)->sample, block);
    return SEG_OK;
}

/* Rows such that each fold's part to learn from has about LEARN_ROWS. */
static size_t sample_rows(const comparison *c)
{
    size_t d = c->input->schema->n_features, n = (size_t)c->split->n_models;
    size_t wanted = n < 2 ? LEARN_ROWS * 2 : LEARN_ROWS * n / (n - 1);
    size_t fit = SAMPLE_FLOATS / (d == 0 ? 1 : d);
    fit = fit > FEWEST_ROWS ? fit : FEWEST_ROWS;
    return wanted < fit ? wanted : fit;
}

static seg_status encode(comparison *c, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *schema = c->input->schema;
    seg_row_sample *s = &c->sample;
    uint8_t *classes = NULL;
    TRY(SEG_ALLOC(&classes, s->n, "the labels of a sample", err));
    for (size_t k = 0; k < s->n; k++)
        classes[k] = c->answers.classes[s->rows[k]] == 1;
    TRY(seg_encoding_new(schema->features, schema->n_features, s->x, s->cap, s->n, &c->encoding,
                         err));
    TRY(seg_encode_rows(&c->encoding, s->x, s->cap, classes, s->n, &c->encoded, err));
    if (c->encoding.n_left_out > 0)
        seg_note(c->input->ctx, SEG_LEVEL_INFO, "logistic regression, for comparison: %zu columns"
                 " are constant or beyond the first %d and are left out", c->encoding.n_left_out,
                 SEG_ENCODED_COLUMNS);

done:
    seg_free(classes);
    return st;
}

static seg_status learn(comparison *c, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_logistic *fit = NULL;
    uint8_t *use = NULL;
    size_t n = c->sample.n, p = c->encoding.n_coefficients;
    TRY(SEG_ALLOC(&use, n, "the rows of a regression", err));
    TRY(SEG_ALLOC(&c->beta, (size_t)c->split->n_models * p, "the coefficients", err));
    TRY(seg_logistic_new(&c->encoded.rows, 1, c->n_threads, &fit, err));
    for (int m = 0; m < c->split->n_models; m++) {
        seg_train_input part = *c->input;
        part.fold = seg_split_fold(c->split, m);
        part.held_out = m;
        for (size_t i = 0; i < n; i++) {
            uint64_t row = c->sample.rows[c->encoded.order[i]];
            use[i] = seg_learns_from(&part, row) && c->answers.classes[row] != SEG_NO_ANSWER;
        }
        const double *beta = seg_logistic_learn(fit, use);
        for (size_t j = 0; j < p; j++)
            c->beta[(size_t)m * p + j] = beta[j];
        TRY(seg_step(c->input->ctx, "comparing", (uint64_t)m + 1, (uint64_t)c->split->n_models,
                     err));
    }

done:
    seg_logistic_free(fit);
    seg_free(use);
    return st;
}

/* ---- judging ---------------------------------------------------------------------------- */

static bool is_judged(const comparison *c, uint64_t row)
{
    return c->split->judged[row] != SEG_FOLD_APART
           && c->answers.classes[row] != SEG_NO_ANSWER
           && seg_row_is_taken(row, 1, c->judge_limit);
}

static void score_chunk(void *arg, size_t chunk, int thread)
{
    (void)thread;
    comparison *c = arg;
    const seg_block *block = c->block;
    size_t first = chunk * SEG_CHUNK_ROWS, end = first + SEG_CHUNK_ROWS;
    for (size_t i = first; i < end && i < block->n_rows; i++) {
        uint64_t row = block->first_row + i;
        if (!is_judged(c, row))
            continue;
        const double *beta = c->beta + c->split->judged[row] * c->encoding.n_coefficients;
        c->scores[i] = (float)seg_encoding_score(&c->encoding, beta,
                                                 block->x.x + i * block->x.stride);
    }
}

static seg_status judge_block(comparison *c, const seg_block *block, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(SEG_GROW(&c->scores, &c->scores_cap, block->n_rows, "a block of scores", err));
    c->block = block;
    seg_team_run(c->n_threads, (block->n_rows + SEG_CHUNK_ROWS - 1) / SEG_CHUNK_ROWS,
                 score_chunk, c);
    for (size_t i = 0; i < block->n_rows; i++) {
        uint64_t row = block->first_row + i;
        if (is_judged(c, row))
            TRY(seg_score_table_add(&c->tables[c->split->judged[row]], &c->scores[i],
                                    &c->answers.classes[row], 1, err));
    }

done:
    return st;
}

static seg_status judge(comparison *c, seg_source *source, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_block block;
    for (;;) {
        TRY(source->next(source, &block, err));
        if (block.n_rows == 0)
            break;
        TRY(judge_block(c, &block, err));
        TRY(seg_step(c->input->ctx, "comparing", block.first_row + block.n_rows, source->n_rows,
                     err));
    }
    TRY(source->rewind(source, err));

done:
    return st;
}

/* ---- figures ---------------------------------------------------------------------------- */

static seg_status mean_figures(comparison *c, figures *out, seg_error *err)
{
    seg_status st = SEG_OK;
    double n = (double)c->split->n_models;
    *out = (figures){ 0 };
    for (int m = 0; m < c->split->n_models; m++) {
        seg_class_figures f;
        TRY(seg_score_table_finish(&c->tables[m], err));
        TRY(seg_class_measure(&c->tables[m], &f, err));
        out->auc += f.auc / n;
        out->log_loss += f.log_loss / n;
        out->brier += f.brier / n;
    }

done:
    return st;
}

/* A score that is the same for all: the share of positives among the rows learned from. */
static seg_status rate_figures(comparison *c, figures *out, seg_error *err)
{
    seg_status st = SEG_OK;
    static const uint8_t both[2] = { 0, 1 };
    *out = (figures){ 0 };
    for (int m = 0; m < c->split->n_models; m++) {
        uint64_t learned[3] = { 0 }, judged[3] = { 0 };
        seg_train_input part = *c->input;
        seg_score_table table = { 0 };
        seg_class_figures f;
        part.fold = seg_split_fold(c->split, m);
        part.held_out = m;
        for (uint64_t row = 0; row < part.n_rows; row++) {
            learned[c->answers.classes[row]] += seg_learns_from(&part, row);
            judged[c->answers.classes[row]] += seg_judged_on(&part, row);
        }
        float rate = (float)((double)learned[1] / (double)(learned[0] + learned[1]));
        st = seg_score_table_add(&table, (float[]){ rate, rate }, both, 2, err);
        if (st == SEG_OK)
            st = seg_score_table_finish(&table, err);
        if (st == SEG_OK) {
            table.runs[0].n[0] = (int64_t)judged[0];
            table.runs[0].n[1] = (int64_t)judged[1];
            st = seg_class_measure(&table, &f, err);
        }
        seg_score_table_free(&table);
        TRY(st);
        out->auc += f.auc / c->split->n_models;
        out->log_loss += f.log_loss / c->split->n_models;
        out->brier += f.brier / c->split->n_models;
    }

done:
    return st;
}

static void put(seg_node *list, const char *model, const figures *f)
{
    seg_node *row = seg_put_object(list, NULL);
    seg_put_text(row, "model", model);
    seg_put_real(row, "auc", f->auc);
    seg_put_real(row, "log_loss", f->log_loss);
    seg_put_real(row, "brier", f->brier);
}

static double figure(const seg_node *into, const char *name)
{
    return seg_node_real(seg_node_get(into, name), NAN);
}

seg_status seg_compare(const seg_train_input *input, const seg_method *method,
                       const char *positive, seg_source *source, seg_split *split,
                       seg_node *into, seg_error *err)
{
    seg_status st = SEG_OK;
    comparison c = { .input = input, .split = split,
                     .n_threads = seg_thread_count(input->ctx->n_threads),
                     .judge_limit = seg_row_limit(input->n_rows, JUDGE_ROWS) };
    figures own = { figure(into, "auc"), figure(into, "log_loss"), figure(into, "brier") };
    figures plain, rate;

    TRY(seg_row_sample_new(input->schema->n_features, input->n_rows, sample_rows(&c), 0,
                           &c.sample, err));
    TRY(seg_answers_new(input->ctx, source, positive, take_rows, &c, &c.answers, err));
    TRY(encode(&c, err));
    TRY(learn(&c, err));
    TRY(judge(&c, source, err));
    TRY(mean_figures(&c, &plain, err));
    TRY(rate_figures(&c, &rate, err));
    seg_node *list = seg_put_array(into, "comparison");
    put(list, method->name, &own);
    put(list, "logistic regression", &plain);
    put(list, "rate", &rate);

done:
    for (int m = 0; m < MAX_MODELS; m++)
        seg_score_table_free(&c.tables[m]);
    seg_row_sample_free(&c.sample);
    seg_answers_free(&c.answers);
    seg_encoded_rows_free(&c.encoded);
    seg_encoding_free(&c.encoding);
    seg_free(c.beta);
    seg_free(c.scores);
    return st;
}

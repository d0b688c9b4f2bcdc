/* leaks.c: a sample of rows by columns; each column is looked at by itself, in parallel.
 *
 * The AUC is that of Hanley and McNeil (1982), ties half, its error under no relation
 * sqrt((n + 1) / 12 n0 n1). It has no direction here: 0.1 tells as much as 0.9. */
#include "jobs/leaks.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/hash.h"
#include "base/team.h"
#include "base/text.h"
#include "base/threads.h"
#include "base/try.h"
#include "jobs/leak_column.h"
#include "jobs/row_sample.h"
#include "kernels/keys.h"

enum { SAMPLE_FLOATS = 1 << 24, FEWEST_ROWS = 2048, TEXT = 256, NAME_BYTES = 80 };

typedef struct look {
    const seg_schema *schema;
    uint64_t n_rows;
    seg_row_sample sample;
    double *ids;                 /* per row of the sample: the number at the end; NaN: none */
    uint8_t *classes;
    uint64_t *keys;              /* per row of all: of its features; null without folds */
    float *canonical;
    seg_answers answers;
    seg_leak_column *found;      /* per feature */
    seg_leak_work *work;         /* per thread */
} look;

/* ---- the sample ------------------------------------------------------------------------- */

static void take_ids(look *l, const seg_block *block, size_t first)
{
    size_t width = l->schema->id_width;
    for (size_t k = first; k < l->sample.n; k++) {
        l->ids[k] = NAN;
        if (block->ids == NULL)
            continue;
        const char *id = block->ids + (l->sample.rows[k] - block->first_row) * width;
        l->ids[k] = seg_number_at_end(id, seg_cell_length(id, width));
    }
}

static uint64_t hash_row(look *l, const float *x)
{
    size_t n = l->schema->n_features;
    for (size_t f = 0; f < n; f++)
        l->canonical[f] = isnan(x[f]) ? NAN : x[f] + 0.0F;
    return seg_xxh3(l->canonical, n * sizeof *l->canonical);
}

static seg_status take_rows(void *user, const seg_block *block, seg_error *err)
{
    (void)err;
    look *l = user;
    size_t first = l->sample.n;
    seg_row_sample_add(&l->sample, block);
    take_ids(l, block, first);
    for (size_t i = 0; l->keys != NULL && i < block->n_rows; i++)
        l->keys[block->first_row + i] = hash_row(l, block->x.x + i * block->x.stride);
    return SEG_OK;
}

static seg_status make_room(look *l, bool folds, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t d = l->schema->n_features, wanted = SEG_LEAK_ROWS;
    if (d * wanted > SAMPLE_FLOATS)
        wanted = SAMPLE_FLOATS / d > FEWEST_ROWS ? SAMPLE_FLOATS / d : FEWEST_ROWS;
    TRY(seg_row_sample_new(d, l->n_rows, wanted, 0, &l->sample, err));
    TRY(SEG_ALLOC(&l->ids, l->sample.cap, "a sample of rows", err));
    TRY(SEG_ALLOC(&l->classes, l->sample.cap, "a sample of rows", err));
    TRY(SEG_ALLOC(&l->found, d, "the columns", err));
    if (folds) {
        TRY(SEG_ALLOC(&l->keys, (size_t)l->n_rows, "the keys of the rows", err));
        TRY(SEG_ALLOC(&l->canonical, d, "a row", err));
    }

done:
    return st;
}

/* Rows without a label go. */
static void keep_answered(look *l)
{
    seg_row_sample *s = &l->sample;
    size_t kept = 0;
    for (size_t k = 0; k < s->n; k++) {
        uint8_t class = l->answers.classes[s->rows[k]];
        if (class == SEG_NO_ANSWER)
            continue;
        for (size_t f = 0; f < s->d && kept < k; f++)
            s->x[f * s->cap + kept] = s->x[f * s->cap + k];
        s->rows[kept] = s->rows[k];
        l->ids[kept] = l->ids[k];
        l->classes[kept++] = class;
    }
    s->n = kept;
}

/* ---- columns ---------------------------------------------------------------------------- */

static void look_at_column(void *arg, size_t f, int thread)
{
    look *l = arg;
    seg_leak_look(&l->schema->features[f], l->sample.x + f * l->sample.cap, l->classes,
                  l->sample.n, l->n_rows, &l->work[thread], &l->found[f]);
}

static seg_status look_at_columns(look *l, const seg_context *ctx, seg_error *err)
{
    seg_status st = SEG_OK;
    int n_threads = seg_thread_count(ctx->n_threads);
    TRY(SEG_ALLOC(&l->work, (size_t)n_threads, "the columns", err));
    for (int t = 0; t < n_threads; t++)
        TRY(seg_leak_work_new(l->sample.n, &l->work[t], err));
    seg_team_run(n_threads, l->schema->n_features, look_at_column, l);

done:
    for (int t = 0; l->work != NULL && t < n_threads; t++)
        seg_leak_work_free(&l->work[t]);
    seg_free(l->work);
    return st;
}

/* ---- what is told ----------------------------------------------------------------------- */

static void put(const seg_context *ctx, seg_node *leaks, const char *column,
                const char *finding, double auc, const char *text)
{
    seg_node *leak = seg_put_object(leaks, NULL);
    seg_put_text(leak, "column", column);
    seg_put_text(leak, "finding", finding);
    seg_put_real(leak, "auc", auc);
    seg_put_text(leak, "text", text);
    if (column == NULL)
        seg_note(ctx, SEG_LEVEL_WARN, "%s", text);
    else
        seg_note(ctx, SEG_LEVEL_WARN, "column '%.*s' %s",
                 (int)seg_utf8_cut(column, strlen(column), NAME_BYTES), column, text);
}

/* The gravest finding of a column. */
static void put_column(const look *l, const seg_context *ctx, size_t f, seg_node *leaks)
{
    const char *name = l->schema->features[f].name;
    const seg_leak_column *c = &l->found[f];
    int shown = (int)seg_utf8_cut(name, strlen(name), NAME_BYTES);
    char text[TEXT], auc[16], q[SEG_QUOTE_BYTES];
    static const char ask[] = "check whether it is known before the outcome, else --drop";
    if (c->finding == SEG_LEAK_NONE)
        return;
    snprintf(auc, sizeof auc, "%.4f", c->auc);
    if (c->finding == SEG_LEAK_ALONE) {
        snprintf(text, TEXT, "alone has AUC %s: %s %.*s", auc, ask, shown, name);
        put(ctx, leaks, name, "alone", c->auc, text);
    } else if (c->finding == SEG_LEAK_MISSING) {
        snprintf(text, TEXT, "has AUC %s by being there or not: %s %.*s", auc, ask, shown, name);
        put(ctx, leaks, name, "missing", c->auc, text);
    } else if (c->finding == SEG_LEAK_CONSTANT) {
        snprintf(text, TEXT, "is the same in all rows whose label is '%.60s' (AUC %s): %s %.*s",
                 seg_answer_name(q, &l->answers, c->constant_class), auc, ask, shown, name);
        put(ctx, leaks, name, "constant", c->auc, text);
    } else {
        snprintf(text, TEXT, "looks like an id and has AUC %s: ids follow time or source, not the"
                 " customer; --drop %.*s", auc, shown, name);
        put(ctx, leaks, name, "id", c->auc, text);
    }
}

static void put_id(look *l, const seg_context *ctx, seg_leak_work *work, seg_node *leaks)
{
    size_t n = 0;
    char text[TEXT];
    double auc = seg_leak_id_auc(l->ids, l->classes, l->sample.n, work, &n);
    if (n * 10 < l->sample.n * 9 || !seg_leak_off(auc, l->classes, l->sample.n))
        return;
    snprintf(text, TEXT, "is the id and has AUC %.4f: it is not learned from, but columns made"
             " along with it may tell the label too; check when ids were given", auc);
    put(ctx, leaks, l->schema->id_name, "id", auc, text);
}

/* By the sum of the ranks: row numbers are ranks. */
static void put_row_order(const look *l, const seg_context *ctx, seg_node *leaks)
{
    unsigned __int128 sum = 0;
    uint64_t rank = 0, n1 = l->answers.counts[1], n0 = l->answers.counts[0];
    char text[TEXT];
    for (uint64_t row = 0; row < l->n_rows; row++) {
        uint8_t class = l->answers.classes[row];
        rank += class != SEG_NO_ANSWER;
        if (class == 1)
            sum += rank;
    }
    double below = (double)sum - (double)n1 * ((double)n1 + 1) / 2;
    double auc = seg_leak_folded(below / ((double)n0 * (double)n1));
    if (!seg_leak_off_by(auc, n0, n1))
        return;
    snprintf(text, TEXT, "the row number alone has AUC %.4f: rows are in the order of the label"
             " or of time; check that all come from one source and one time", auc);
    put(ctx, leaks, NULL, "row order", auc, text);
}

/* Rows that equal one of another fold. */
static seg_status put_equal_rows(const look *l, const seg_context *ctx, const uint8_t *given,
                                 seg_node *leaks, seg_error *err)
{
    seg_status st = SEG_OK;
    uint64_t *repeated = NULL, equal = 0;
    uint8_t *fold = NULL, *torn = NULL;
    size_t n = 0;
    char text[TEXT], shown[32];

    TRY(seg_keys_repeated(l->keys, (size_t)l->n_rows, &repeated, &n, err));
    TRY(SEG_ALLOC(&fold, n, "the rows that are alike", err));
    TRY(SEG_ALLOC(&torn, n, "the rows that are alike", err));
    memset(fold, SEG_FOLD_APART, n);
    for (int count = 0; count < 2; count++)
        for (uint64_t row = 0; n > 0 && row < l->n_rows; row++) {
            size_t u = seg_key_find(repeated, n, l->keys[row]);
            if (u == SIZE_MAX)
                continue;
            equal += count == 1 && torn[u];
            torn[u] |= fold[u] != SEG_FOLD_APART && fold[u] != given[row];
            fold[u] = given[row];
        }
    seg_group_digits(shown, (int64_t)equal);
    if (equal * 100 > l->n_rows) {
        snprintf(text, TEXT, "%s rows equal a row of another fold in all features: what is judged"
                 " was learned from; put them into one fold", shown);
        put(ctx, leaks, NULL, "equal rows", NAN, text);
    } else if (equal > 0) {
        seg_note(ctx, SEG_LEVEL_INFO, "%s rows equal a row of another fold in all features",
                 shown);
    }

done:
    seg_free(repeated);
    seg_free(fold);
    seg_free(torn);
    return st;
}

seg_status seg_leaks_find(const seg_context *ctx, seg_source *source, const char *positive,
                          const uint8_t *given, seg_node *into, seg_error *err)
{
    seg_status st = SEG_OK;
    look l = { .schema = source->schema, .n_rows = source->n_rows };
    seg_leak_work work = { 0 };
    seg_node *leaks = seg_put_array(into, "leaks");

    TRY(make_room(&l, given != NULL, err));
    TRY(seg_answers_new(ctx, source, positive, take_rows, &l, &l.answers, err));
    keep_answered(&l);
    TRY(look_at_columns(&l, ctx, err));
    for (size_t f = 0; f < l.schema->n_features; f++)
        put_column(&l, ctx, f, leaks);
    TRY(seg_leak_work_new(l.sample.n, &work, err));
    if (l.schema->id_name != NULL)
        put_id(&l, ctx, &work, leaks);
    put_row_order(&l, ctx, leaks);
    if (given != NULL)
        TRY(put_equal_rows(&l, ctx, given, leaks, err));

done:
    seg_leak_work_free(&work);
    seg_answers_free(&l.answers);
    seg_row_sample_free(&l.sample);
    seg_free(l.ids);
    seg_free(l.classes);
    seg_free(l.keys);
    seg_free(l.canonical);
    seg_free(l.found);
    return st;
}

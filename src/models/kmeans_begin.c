/* kmeans_begin.c: what a k-means training does before its first pass: options, weights. */
#include "models/kmeans_trainer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/real.h"
#include "base/text.h"
#include "base/threads.h"
#include "base/try.h"
#include "models/kmeans_init.h"

static seg_status parse_k(seg_kmeans_trainer *t, seg_error *err)
{
    const char *text = t->options->k, *dots = strstr(text, "..");
    size_t n = dots == NULL ? strlen(text) : (size_t)(dots - text);
    uint64_t first, last;
    bool good = seg_parse_u64(text, n, &first);
    last = first;
    if (good && dots != NULL)
        good = seg_parse_u64(dots + 2, strlen(dots + 2), &last);
    if (!good || first < 1 || last < first || last > 65536)
        return seg_fail(err, SEG_E_USAGE, "--k is '%.40s'; it must be a number or a range A..B"
                        " from 1 to 65536", text);
    if (t->given)
        return SEG_OK;   /* the file of centroids says how many */
    if (last > t->input.n_rows)
        return seg_fail(err, SEG_E_DATA, "--k %llu asks for more segments than there are rows:"
                        " %llu", (unsigned long long)last, (unsigned long long)t->input.n_rows);
    t->k_first = (size_t)first;
    t->k_last = (size_t)last;
    return SEG_OK;
}

static seg_status choose_start(seg_kmeans_trainer *t, seg_error *err)
{
    static const char *const names[] = { [SEG_KMEANS_GREEDY] = "greedy",
                                         [SEG_KMEANS_PARALLEL] = "parallel",
                                         [SEG_KMEANS_RANDOM] = "random",
                                         [SEG_KMEANS_FARTHEST] = "farthest" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(t->options->init, names[i]) == 0) {
            t->way = (seg_kmeans_way)i;
            return SEG_OK;
        }
    t->bisecting = strcmp(t->options->init, "bisecting") == 0;
    t->given = !t->bisecting;
    if (t->bisecting)
        return SEG_OK;
    size_t k;
    seg_status st = seg_kmeans_init_read(t->options->init, t->input.schema, t->columns, t->level,
                                         t->d, &t->given_z, &k, err);
    if (st != SEG_OK)
        return st;
    if (k > t->input.n_rows)
        return seg_fail(err, SEG_E_DATA, "%s: %zu centroids but only %llu rows",
                        t->options->init, k, (unsigned long long)t->input.n_rows);
    t->k_first = t->k_last = k;
    return SEG_OK;
}

/* ---- weights -------------------------------------------------------------------------- */

static seg_status find_weights(seg_kmeans_trainer *t, seg_error *err)
{
    seg_kmeans_weights *w = &t->weights;
    const seg_schema *schema = t->input.schema;
    *w = (seg_kmeans_weights){ .name = t->options->weights, .feature = SIZE_MAX,
                               .column = SIZE_MAX, .whole = true, .unit = 1 };
    if (w->name == NULL)
        return SEG_OK;
    w->feature = seg_schema_feature(schema, w->name);
    w->column = w->feature == SIZE_MAX ? seg_schema_column(schema, w->name) : SIZE_MAX;
    const seg_column *column = w->feature != SIZE_MAX ? &schema->features[w->feature]
                               : w->column != SIZE_MAX ? &schema->columns[w->column] : NULL;
    if (column == NULL)
        return seg_fail(err, SEG_E_USAGE, "--weights names '%.60s', which is no column of the"
                        " data", w->name);
    if (column->type != SEG_TYPE_F32 && column->type != SEG_TYPE_F64
        && column->type != SEG_TYPE_I64)
        return seg_fail(err, SEG_E_USAGE, "--weights names '%.60s', which is no number",
                        w->name);
    return SEG_OK;
}

static double weight_at(const seg_kmeans_trainer *t, const seg_block *block, size_t r)
{
    const seg_kmeans_weights *w = &t->weights;
    if (w->feature != SIZE_MAX)
        return (double)block->x.x[r * block->x.stride + w->feature];
    const seg_column *column = &t->input.schema->columns[w->column];
    const void *cells = block->columns[w->column];
    if (column->type == SEG_TYPE_F32)
        return (double)((const float *)cells)[r];
    if (column->type == SEG_TYPE_F64)
        return ((const double *)cells)[r];
    int64_t v = ((const int64_t *)cells)[r];
    return v == SEG_MISSING_I64 ? (double)NAN
           : (double)v / (column->scale > 1 ? column->scale : 1);
}

seg_status seg_kmeans_see_weights(seg_kmeans_trainer *t, const seg_block *block, seg_error *err)
{
    seg_kmeans_weights *w = &t->weights;
    for (size_t r = 0; w->name != NULL && r < block->n_rows; r++) {
        double v = weight_at(t, block, r);
        if (!(v >= 0) || isinf(v))
            return seg_fail(err, SEG_E_DATA, "row %llu: weight '%.60s' is %s; it must be 0 or"
                            " more", (unsigned long long)(block->first_row + r + 1), w->name,
                            isnan(v) ? "missing" : v < 0 ? "negative" : "infinite");
        w->whole = w->whole && v == floor(v);
        if (w->given != NULL)
            w->given[block->first_row + r] = v;
        w->most = v > w->most ? v : w->most;
        w->sum += v;
    }
    return SEG_OK;
}

size_t seg_kmeans_run_of_rows(const seg_kmeans_trainer *t, const seg_block *block, size_t *first)
{
    size_t end = block->n_rows;
    if (t->weights.name == NULL)
        return end - *first;
    while (*first < block->n_rows && weight_at(t, block, *first) <= 0)
        ++*first;
    for (end = *first; end < block->n_rows && weight_at(t, block, end) > 0; end++)
        ;
    return end - *first;
}

/* Whole numbers stay what they are, so that a row of weight 3 is three rows, as long as they
 * leave the sums room for the values; others are rounded to a part of their sum, and
 * multiplied before a value is rounded. */
seg_status seg_kmeans_weigh(seg_kmeans_trainer *t, seg_kmeans_totals *totals, seg_error *err)
{
    static const double most_whole = 0x1p36, most = 0x1p40, most_one = 0x1p30;
    seg_kmeans_weights *w = &t->weights;
    *totals = (seg_kmeans_totals){ .weight = (double)t->input.n_rows, .most = 1 };
    if (w->name == NULL)
        return SEG_OK;
    if (w->most < 1e-300)
        return seg_fail(err, SEG_E_DATA, "all weights '%.60s' are 0", w->name);
    *totals = (seg_kmeans_totals){ .weight = w->sum, .most = w->most };
    if (w->whole && w->sum <= most_whole && w->most <= most_one)
        return SEG_OK;
    double room = most / w->sum < most_one / w->most ? most / w->sum : most_one / w->most;
    w->unit = seg_power_below(room);
    totals->weight = w->sum * w->unit + (double)t->input.n_rows;
    totals->most = w->most * w->unit + 1;
    totals->fold = true;
    return SEG_OK;
}

seg_status seg_kmeans_block_weights(seg_kmeans_trainer *t, const seg_block *block,
                                    const uint32_t **out, seg_error *err)
{
    seg_kmeans_weights *w = &t->weights;
    *out = NULL;
    if (w->name == NULL)
        return SEG_OK;
    seg_status st = SEG_GROW(&w->units, &w->cap, block->n_rows, "the weights", err);
    if (st != SEG_OK)
        return st;
    for (size_t r = 0; r < block->n_rows; r++)
        w->units[r] = (uint32_t)nearbyint(weight_at(t, block, r) * w->unit);
    *out = w->units;
    return SEG_OK;
}

/* ---- begin ---------------------------------------------------------------------------- */

static seg_status allocate(seg_kmeans_trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t d = t->d, width = t->input.schema->n_features;
    size_t size = seg_kmeans_sample_size(width > d ? width : d, t->k_last);
    bool all = t->input.n_rows <= size;
    TRY(seg_kmeans_columns_new(t->columns, t->level, d, t->options->scale == SEG_SCALE_LOG1P_Z,
                               &t->stats, err));
    TRY(SEG_ALLOC(&t->shift, d, "the scaling", err));
    TRY(SEG_ALLOC(&t->inverse, d, "the scaling", err));
    TRY(SEG_ALLOC(&t->quantum, d, "the scaling", err));
    TRY(SEG_ALLOC(&t->best_z, t->k_last * d, "the centroids", err));
    if (seg_kmeans_needs_quantiles(t))
        TRY(seg_quantile_sample_new(t->n_numbers, t->input.n_rows, t->input.ctx->seed, &t->quantiles, err));
    TRY(seg_kmeans_sample_new(width, all ? (size_t)t->input.n_rows : size, all, &t->sample, err));
    if (all && t->weights.name != NULL)
        TRY(SEG_ALLOC(&t->weights.given, (size_t)t->input.n_rows, "the weights", err));
    t->scan = seg_doc_new();
    st = seg_doc_status(t->scan, err);
done:
    return st;
}

seg_status seg_kmeans_train_begin(const seg_train_input *input, void **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_trainer *t = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&t, 1, "the training", err));
    t->input = *input;
    t->options = input->options;
    t->n_threads = seg_thread_count(input->ctx->n_threads);
    if (input->n_rows == 0) {
        st = seg_fail(err, SEG_E_DATA, "no rows to learn from");
        goto done;
    }
    TRY(seg_kmeans_limits_read(t->options, &t->limits, err));
    TRY(find_weights(t, err));
    TRY(seg_kmeans_choose_columns(t, err));
    TRY(seg_kmeans_importance_read(t, err));
    TRY(choose_start(t, err));
    TRY(parse_k(t, err));
    if (t->options->previous != NULL)
        TRY(seg_kmeans_previous_open(t->options->previous, input->schema, t->columns, t->level,
                                     t->d, &t->previous, err));
    if (t->options->names != NULL)
        TRY(seg_kmeans_names_read(t->options->names, &t->names, err));
    TRY(allocate(t, err));
    t->phase = RANGE;
    t->space = (seg_kmeans_space){
        .scale = { .d = t->d, .columns = t->columns, .level = t->level, .shift = t->shift,
                   .inverse = t->inverse, .log1p = t->options->scale == SEG_SCALE_LOG1P_Z },
        .quantum = t->quantum, .n_rows = input->n_rows, .n_threads = t->n_threads,
    };
    TRY(seg_kmeans_fit_new(&t->space, t->k_last, t->options->tol, t->options->max_iter, &t->fit,
                           err));
    t->fit->deadline = t->limits.deadline;
    TRY(seg_kmeans_checkpoint_open(t, &t->checkpoint, err));
    *out = t;
    t = NULL;

done:
    seg_kmeans_train_free(t);
    return st;
}

void seg_kmeans_train_free(void *trainer_)
{
    seg_kmeans_trainer *t = trainer_;
    if (t == NULL)
        return;
    seg_schema_free(t->schema);
    seg_free(t->columns);
    seg_free(t->level);
    seg_free(t->given_z);
    seg_free(t->weights.units);
    seg_free(t->weights.given);
    seg_kmeans_columns_free(&t->stats);
    seg_quantile_sample_free(&t->quantiles);
    seg_free(t->shift);
    seg_free(t->inverse);
    seg_free(t->quantum);
    seg_free(t->importance);
    seg_kmeans_sample_free(&t->sample);
    seg_free(t->best_z);
    seg_doc_free(t->scan);
    seg_kmeans_fit_free(t->fit);
    seg_kmeans_figures_free(&t->figures);
    seg_kmeans_names_free(t->names);
    seg_kmeans_previous_close(t->previous);
    seg_kmeans_checkpoint_close(t->checkpoint);
    seg_free(t->stayed);
    seg_free(t->label_then);
    seg_free(t->label_now);
    seg_free(t);
}

/* learn.c: the rows that a classifier learns from. */
#include "models/learn.h"

#include <string.h>
#include "base/alloc.h"
#include "base/text.h"
#include "base/threads.h"
#include "base/try.h"

static seg_status find_label(seg_learn *l, seg_error *err)
{
    const seg_schema *schema = l->input.schema;
    l->label = schema->label == NULL ? SIZE_MAX : seg_schema_column(schema, schema->label);
    if (l->label == SIZE_MAX)
        return seg_fail(err, SEG_E_DATA, "there is no label column; name one with --label");
    l->label_column = &schema->columns[l->label];
    if (l->label_column->type != SEG_TYPE_CODE)
        return seg_fail(err, SEG_E_DATA, "label '%s' is not a category; import it with --label %s",
                        schema->label, schema->label);
    if (schema->n_features == 0)
        return seg_fail(err, SEG_E_DATA, "there is no feature to learn '%s' from", schema->label);
    if (l->input.n_rows >= INT32_MAX)
        return seg_fail(err, SEG_E_DATA, "%llu rows; at most %d can be learned from",
                        (unsigned long long)l->input.n_rows, INT32_MAX);
    return SEG_OK;
}

static seg_status make_bins(seg_learn *l, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *schema = l->input.schema;
    uint32_t *n_levels = NULL;

    TRY(SEG_ALLOC(&n_levels, schema->n_features, "the bins", err));
    for (size_t f = 0; f < schema->n_features; f++) {
        const seg_column *feature = &schema->features[f];
        if (feature->type != SEG_TYPE_CODE)
            continue;
        if (feature->n_levels >= 1u << 24) {
            st = seg_fail(err, SEG_E_DATA, "feature '%s' has %zu categories; at most 16,777,215"
                          " are possible", feature->name, feature->n_levels);
            goto done;
        }
        /* A category without a level is a number that is always missing. */
        n_levels[f] = (uint32_t)feature->n_levels;
    }
    TRY(seg_bins_new(schema->n_features, n_levels, l->input.n_rows, l->input.ctx->seed, &l->bins,
                     err));

done:
    seg_free(n_levels);
    return st;
}

static seg_status set_monotone(seg_learn *l, const char *list, int8_t way, seg_error *err)
{
    const seg_schema *schema = l->input.schema;
    const char *item;
    size_t n;
    while (list != NULL && seg_list_next(&list, &item, &n)) {
        const char *option = way > 0 ? "rising" : "falling";
        size_t f = 0;
        while (f < schema->n_features && (strlen(schema->features[f].name) != n
                                          || memcmp(schema->features[f].name, item, n) != 0))
            f++;
        if (f == schema->n_features)
            return seg_fail(err, SEG_E_USAGE, "--%s: there is no feature '%.*s'", option, (int)n,
                            item);
        if (schema->features[f].type == SEG_TYPE_CODE)
            return seg_fail(err, SEG_E_USAGE, "--%s: '%.*s' is a category, which has no order",
                            option, (int)n, item);
        if (l->monotone[f] != 0 && l->monotone[f] != way)
            return seg_fail(err, SEG_E_USAGE, "'%.*s' is named in --rising and in --falling",
                            (int)n, item);
        l->monotone[f] = way;
    }
    return SEG_OK;
}

static seg_status find_monotone(seg_learn *l, const seg_monotone_options *o, seg_error *err)
{
    seg_status st = SEG_OK;
    if (o->rising == NULL && o->falling == NULL)
        return SEG_OK;
    TRY(SEG_ALLOC(&l->monotone, l->input.schema->n_features, "the features", err));
    TRY(set_monotone(l, o->rising, 1, err));
    TRY(set_monotone(l, o->falling, -1, err));

done:
    return st;
}

seg_status seg_learn_begin(const seg_train_input *input, const char *positive,
                           const seg_monotone_options *monotone, seg_learn *l, seg_error *err)
{
    seg_status st = SEG_OK;
    l->input = *input;
    l->wanted = positive;
    l->n_threads = seg_thread_count(input->ctx->n_threads);
    l->positive = l->negative = SEG_MISSING_CODE;
    TRY(find_label(l, err));
    TRY(SEG_ALLOC(&l->label_rows, l->label_column->n_levels, "the label counts", err));
    TRY(find_monotone(l, monotone, err));
    TRY(make_bins(l, err));

done:
    return st;
}

void seg_learn_free(seg_learn *l)
{
    seg_free(l->label_rows);
    seg_free(l->monotone);
    seg_bins_free(l->bins);
    seg_scratch_free(&l->scratch);
    seg_free(l->use);
}

/* ---- the passes --------------------------------------------------------------------- */

/* The columns of bytes and the arrays, one after the other, each from a 64-byte boundary. */
static seg_status make_room(seg_learn *l, seg_error *err)
{
    size_t n = (l->n_rows + 63) / 64 * 64;
    size_t groups = (l->bins->n_columns + SEG_RECORD_BYTES - 1) / SEG_RECORD_BYTES;
    size_t per_row = groups * SEG_RECORD_BYTES + sizeof *l->classes + sizeof *l->values
                     + sizeof *l->rows + sizeof *l->aside;
    if (n > SIZE_MAX / 2 / per_row)
        return seg_fail(err, SEG_E_AGAIN, "cannot allocate memory for the binned rows");
    seg_status st = seg_scratch_new(n * per_row, seg_scratch_room() / 2, "the binned rows",
                                    &l->scratch, err);
    if (st != SEG_OK)
        return st;
    l->capacity = n;
    char *at = l->scratch.bytes;
    l->bytes = (uint8_t *)at;
    l->rows = (uint32_t *)(void *)(at + groups * SEG_RECORD_BYTES * n);
    l->aside = l->rows + n;
    l->values = l->aside + n;
    l->classes = (uint8_t *)(l->values + n);
    return SEG_OK;
}

seg_status seg_learn_pass_begin(void *trainer, bool *more, seg_error *err)
{
    seg_learn *l = trainer;
    *more = !l->complete;
    if (!l->binned || l->complete)
        return SEG_OK;
    seg_status st = make_room(l, err);
    l->n_rows = 0;              /* counted again as they come */
    return st;
}

/* Mark the rows to learn from; in the first pass, count the labels. */
static void look_at_labels(seg_learn *l, const seg_block *block)
{
    const int32_t *codes = block->columns[l->label];
    for (size_t i = 0; i < block->n_rows; i++) {
        l->use[i] = 0;
        if (!seg_learns_from(&l->input, block->first_row + i))
            continue;
        if (codes[i] < 0 || (size_t)codes[i] >= l->label_column->n_levels) {
            l->rows_without_label++;
            continue;
        }
        l->label_rows[codes[i]]++;
        l->use[i] = 1;
    }
}

static void pick_rows(seg_learn *l, const seg_block *block)
{
    const int32_t *codes = block->columns[l->label];
    size_t n = l->n_rows;
    for (size_t i = 0; i < block->n_rows; i++) {
        bool known = codes[i] == l->positive || codes[i] == l->negative;
        l->use[i] = known && n < l->capacity && seg_learns_from(&l->input, block->first_row + i);
        if (l->use[i] != 0)
            l->classes[n++] = codes[i] == l->positive;
    }
}

seg_status seg_learn_pass_add(void *trainer, const seg_block *block, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_learn *l = trainer;
    if (block->n_rows > l->use_cap) {
        TRY(SEG_REALLOC(&l->use, block->n_rows, "the rows of a block", err));
        l->use_cap = block->n_rows;
    }
    if (!l->binned) {
        look_at_labels(l, block);
        seg_bins_add(l->bins, block->x, block->first_row, l->use, l->n_threads);
        return SEG_OK;
    }
    pick_rows(l, block);
    l->n_rows += seg_bins_records(l->bins, block->x, l->use, l->n_threads, l->bytes, l->capacity,
                                  l->n_rows);

done:
    return st;
}

static int32_t other_code(const seg_learn *l)
{
    for (size_t c = 0; c < l->label_column->n_levels; c++)
        if (l->label_rows[c] > 0 && (int32_t)c != l->positive)
            return (int32_t)c;
    return SEG_MISSING_CODE;
}

static void tell_label(const seg_learn *l)
{
    const char *positive = seg_learn_positive(l), *name = l->label_column->name;
    char q[SEG_QUOTE_BYTES];
    seg_note(l->input.ctx, SEG_LEVEL_INFO, "label '%s': '%s' is what is predicted, %lld of"
             " %lld rows", name, seg_quote_cell(q, positive, strlen(positive)),
             (long long)l->n[1], (long long)(l->n[0] + l->n[1]));
    if (l->rows_without_label > 0)
        seg_note(l->input.ctx, SEG_LEVEL_WARN, "%llu rows have no label '%s' and are left out",
                 (unsigned long long)l->rows_without_label, name);
}

static seg_status end_first_pass(seg_learn *l, seg_error *err)
{
    seg_status st = seg_positive_code(l->label_column, l->label_rows, l->wanted, &l->positive,
                                      err);
    if (st != SEG_OK)
        return st;
    l->negative = other_code(l);
    l->n[0] = (int64_t)l->label_rows[l->negative];
    l->n[1] = (int64_t)l->label_rows[l->positive];
    l->n_rows = (size_t)(l->n[0] + l->n[1]);
    if (l->input.fold == NULL)   /* once, not for every fold */
        tell_label(l);
    l->binned = true;
    return seg_bins_finish(l->bins, l->n_threads, err);
}

seg_status seg_learn_pass_end(void *trainer, seg_error *err)
{
    seg_learn *l = trainer;
    if (!l->binned)
        return end_first_pass(l, err);
    l->complete = true;
    if (l->n_rows != (size_t)(l->n[0] + l->n[1]))
        return seg_fail(err, SEG_E_DATA, "the rows changed while they were read: %lld were to be"
                        " learned from, then %zu", (long long)(l->n[0] + l->n[1]), l->n_rows);
    return SEG_OK;
}

void seg_learn_put_figures(const seg_learn *l, seg_node *figures)
{
    seg_put_int(figures, "rows", l->n[0] + l->n[1]);
    seg_put_int(figures, "positives", l->n[1]);
    seg_put_int(figures, "rows_without_label", (int64_t)l->rows_without_label);
}

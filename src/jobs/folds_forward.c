/* folds_forward.c: a forward split: what is judged lies after what was learned from, as it
 * will when the model is used. Parts are equal in rows and cut between different times. */
#include "jobs/folds.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/date.h"
#include "base/number.h"
#include "base/text.h"
#include "base/try.h"
#include "kernels/keys.h"

enum { DATED = 0, UNDATED = 1, MAX_PARTS = 100, TIME_BYTES = 64 };

typedef struct timeline {
    const seg_column *column;
    size_t at;                     /* of the schema's columns */
    uint64_t n_rows, n_dated;
    double gap;                    /* in the column's units */
    uint64_t *keys;                /* per row, in order of time */
    uint8_t *classes;              /* DATED, UNDATED */
    int n_parts;
    uint64_t cuts[MAX_PARTS];      /* part m + 1 begins at the key cuts[m] */
    double learns_before[MAX_PARTS];
    seg_answers answers;
    uint64_t learned[MAX_PARTS][3], judged[MAX_PARTS][3];
} timeline;

/* ---- times ------------------------------------------------------------------------------ */

static seg_status find_column(timeline *t, const seg_schema *schema, const char *name,
                              uint32_t gap, seg_error *err)
{
    t->at = seg_schema_column(schema, name);
    if (t->at == SIZE_MAX)
        return seg_fail(err, SEG_E_USAGE, "--time names '%s', which is %s", name,
                        schema->id_name != NULL && strcmp(schema->id_name, name) == 0
                        ? "the id" : "no column of the data");
    t->column = &schema->columns[t->at];
    if (t->column->type == SEG_TYPE_CODE || t->column->type == SEG_TYPE_TEXT)
        return seg_fail(err, SEG_E_USAGE, "--time names '%s', which holds %s; a date or a number"
                        " is needed", name,
                        t->column->type == SEG_TYPE_CODE ? "categories" : "texts");
    t->gap = t->column->type == SEG_TYPE_TIME ? 86400.0 * gap : (double)gap;
    if (t->column->type == SEG_TYPE_I64 && t->column->scale > 1)
        t->gap *= (double)t->column->scale;
    return SEG_OK;
}

static double time_of(const seg_column *column, const void *cells, size_t i)
{
    switch (column->type) {
    case SEG_TYPE_F32: return (double)((const float *)cells)[i];
    case SEG_TYPE_F64: return ((const double *)cells)[i];
    case SEG_TYPE_DAY: {
        int32_t day = ((const int32_t *)cells)[i];
        return day == SEG_MISSING_DAY ? NAN : (double)day;
    }
    default: {
        int64_t v = ((const int64_t *)cells)[i];
        return v == SEG_MISSING_I64 ? NAN : (double)v;
    }
    }
}

static seg_status take_times(void *user, const seg_block *block, seg_error *err)
{
    (void)err;
    timeline *t = user;
    for (size_t i = 0; i < block->n_rows; i++) {
        double time = time_of(t->column, block->columns[t->at], i);
        uint64_t row = block->first_row + i;
        t->classes[row] = UNDATED;
        if (!isfinite(time))
            continue;
        t->classes[row] = DATED;
        t->keys[row] = seg_key_of_real(time);
        t->n_dated++;
    }
    return SEG_OK;
}

static const char *print_time(char out[TIME_BYTES], const seg_column *column, double time)
{
    if (column->type == SEG_TYPE_DAY)
        seg_print_day(out, (int32_t)time);
    else if (column->type == SEG_TYPE_TIME)
        seg_print_time(out, (int64_t)time);
    else if (column->type == SEG_TYPE_F32)
        seg_print_f32(out, (float)time);
    else
        seg_print_f64(out, time);
    return out;
}

/* ---- parts ------------------------------------------------------------------------------ */

/* Where the part that should begin at `rank` does: before or after the rows of one time that
 * stand there, whichever is nearer. */
static uint64_t cut_near(const timeline *t, uint64_t rank)
{
    size_t n = (size_t)t->n_rows;
    uint64_t key = seg_key_at(t->keys, t->classes, DATED, n, rank), below = 0, equal = 0;
    uint64_t next = UINT64_MAX;
    for (size_t i = 0; i < n; i++) {
        if (t->classes[i] != DATED)
            continue;
        below += t->keys[i] < key;
        equal += t->keys[i] == key;
        if (t->keys[i] > key && t->keys[i] < next)
            next = t->keys[i];
    }
    bool after = next != UINT64_MAX && rank - below > below + equal - rank;
    return after || (below == 0 && next != UINT64_MAX) ? next : key;
}

static seg_status cut_parts(timeline *t, seg_error *err)
{
    uint64_t parts = (uint64_t)t->n_parts + 1;
    if (t->n_dated < parts)
        return seg_fail(err, SEG_E_DATA, "column '%s' has %llu dated row%s only; %llu parts are"
                        " wanted", t->column->name, (unsigned long long)t->n_dated,
                        t->n_dated == 1 ? "" : "s", (unsigned long long)parts);
    uint64_t first = seg_key_at(t->keys, t->classes, DATED, (size_t)t->n_rows, 0);
    for (uint64_t m = 0; m + 1 < parts; m++) {
        t->cuts[m] = cut_near(t, (m + 1) * t->n_dated / parts);
        if (t->cuts[m] <= (m == 0 ? first : t->cuts[m - 1]))
            return seg_fail(err, SEG_E_DATA, "column '%s' cannot be cut into %llu parts: too many"
                            " rows have the same value; give a smaller --cv", t->column->name,
                            (unsigned long long)parts);
        t->learns_before[m] = seg_real_of_key(t->cuts[m]) - t->gap;
    }
    return SEG_OK;
}

static void place_row(timeline *t, uint64_t row, uint8_t *judged, uint8_t *ready)
{
    uint8_t class = t->answers.classes[row];
    *judged = *ready = SEG_FOLD_APART;
    if (t->classes[row] != DATED)
        return;
    int part = 0;
    while (part < t->n_parts && t->keys[row] >= t->cuts[part])
        part++;
    if (part > 0) {
        *judged = (uint8_t)(part - 1);
        t->judged[part - 1][class]++;
    }
    double time = seg_real_of_key(t->keys[row]);
    int m = part;
    while (m < t->n_parts && !(time < t->learns_before[m]))
        m++;
    if (m == t->n_parts)
        return;
    *ready = (uint8_t)m;
    t->learned[m][class]++;
}

/* Every model needs rows of both values to learn from and to be judged on. */
static seg_status check_parts(timeline *t, seg_error *err)
{
    char q[SEG_QUOTE_BYTES], from[TIME_BYTES];
    for (int m = 0; m < t->n_parts; m++) {
        for (int c = 0; c < 3; c++)
            t->learned[m][c] += m == 0 ? 0 : t->learned[m - 1][c];
        print_time(from, t->column, seg_real_of_key(t->cuts[m]));
        for (int c = 0; c < 2; c++) {
            if (t->learned[m][c] > 0 && t->judged[m][c] > 0)
                continue;
            return seg_fail(err, SEG_E_DATA, "part %d, from '%s' %s on: no row %s has the label"
                            " '%s'; give a smaller --cv%s", m, t->column->name, from,
                            t->judged[m][c] == 0 ? "in it" : t->gap > 0 ? "before the gap"
                            : "before it", seg_answer_name(q, &t->answers, c),
                            t->gap > 0 ? " or --gap" : "");
        }
    }
    return SEG_OK;
}

static void put_parts(const timeline *t, const seg_context *ctx, seg_node *into)
{
    char from[TIME_BYTES];
    seg_node *parts = seg_put_array(into, "parts");
    for (int m = 0; m < t->n_parts; m++) {
        seg_node *part = seg_put_object(parts, NULL);
        print_time(from, t->column, seg_real_of_key(t->cuts[m]));
        seg_put_text(part, "from", from);
        seg_put_int(part, "learned_rows", (int64_t)(t->learned[m][0] + t->learned[m][1]));
        seg_put_int(part, "judged_rows", (int64_t)(t->judged[m][0] + t->judged[m][1]));
    }
    if (t->n_dated < t->n_rows)
        seg_note(ctx, SEG_LEVEL_WARN, "%llu rows have no '%s': neither learned from nor judged on",
                 (unsigned long long)(t->n_rows - t->n_dated), t->column->name);
}

seg_status seg_folds_forward(const seg_context *ctx, seg_source *source, int n_parts,
                             const char *positive, const char *column, uint32_t gap,
                             seg_node *into, seg_split *out, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n = (size_t)source->n_rows;
    timeline t = { .n_rows = source->n_rows, .n_parts = n_parts };
    *out = (seg_split){ .n_rows = source->n_rows };

    if (source->n_rows > UINT32_MAX)
        return seg_fail(err, SEG_E_DATA, "a split of %llu rows; at most 4,294,967,295 are possible",
                        (unsigned long long)source->n_rows);
    TRY(find_column(&t, source->schema, column, gap, err));
    TRY(SEG_ALLOC(&t.keys, n, "the times of the rows", err));
    TRY(SEG_ALLOC(&t.classes, n, "the times of the rows", err));
    TRY(seg_answers_new(ctx, source, positive, take_times, &t, &t.answers, err));
    TRY(cut_parts(&t, err));
    TRY(SEG_ALLOC(&out->judged, n, "the parts", err));
    TRY(SEG_ALLOC(&out->ready, n, "the parts", err));
    TRY(SEG_ALLOC(&out->fold, n, "the parts", err));
    for (uint64_t row = 0; row < source->n_rows; row++)
        place_row(&t, row, &out->judged[row], &out->ready[row]);
    TRY(check_parts(&t, err));
    put_parts(&t, ctx, into);
    out->n_models = n_parts;

done:
    if (st != SEG_OK)
        seg_split_free(out);
    seg_free(t.keys);
    seg_free(t.classes);
    seg_answers_free(&t.answers);
    return st;
}

/* folds_deal.c: folds with equal shares of both label values, rows that belong together in
 * one.
 *
 * Every row has a key of what it belongs to: its group, or all its features. Keys that occur
 * more than once make units, which go, the largest first, where they fill up a fold least.
 * The single rows fill the rest: in the order of a hash of their ids, per label value, cut
 * where the folds are full, so that a row that comes or goes moves only rows at the cuts. */
#include "jobs/folds.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/hash.h"
#include "base/rng.h"
#include "base/text.h"
#include "base/try.h"
#include "kernels/distinct.h"
#include "kernels/keys.h"
#include "kernels/radix.h"

enum { CLASSES = 3, MAX_DEALT = 100, IN_UNIT = 4 };

/* Rows that stay together. */
typedef struct unit {
    uint32_t rows[CLASSES];
    uint8_t fold;
} unit;

typedef struct deck {
    const seg_schema *schema;
    uint64_t n_rows, seed;
    const char *group;         /* null: rows equal in all features belong together */
    size_t group_column;       /* of the schema; SIZE_MAX: the id, or no group */
    uint64_t *keys;            /* per row: of what it belongs to */
    uint64_t *order;           /* per row: in which order it is dealt; `keys` if by group */
    float *canonical;          /* one row of features */
    seg_answers answers;
    uint64_t *repeated;        /* keys of units, ascending */
    unit *units;
    size_t n_units;
    uint64_t unit_rows, mixed_rows;   /* rows in units; in units with both label values */
    int n_folds;
    uint64_t dealt[MAX_DEALT][CLASSES];
} deck;

/* ---- keys ------------------------------------------------------------------------------- */

static uint64_t hash_real(double v)
{
    v += 0.0;
    return seg_xxh3(&v, sizeof v);
}

/* 0: missing. */
static uint64_t hash_cell(const seg_column *column, const void *cells, size_t i)
{
    switch (column->type) {
    case SEG_TYPE_F32: {
        float v = ((const float *)cells)[i];
        return isnan(v) ? 0 : hash_real((double)v);
    }
    case SEG_TYPE_F64: {
        double v = ((const double *)cells)[i];
        return isnan(v) ? 0 : hash_real(v);
    }
    case SEG_TYPE_I64:
    case SEG_TYPE_TIME: {
        const int64_t *v = (const int64_t *)cells + i;
        return *v == SEG_MISSING_I64 ? 0 : seg_xxh3(v, sizeof *v);
    }
    case SEG_TYPE_DAY: {
        const int32_t *v = (const int32_t *)cells + i;
        return *v == SEG_MISSING_DAY ? 0 : seg_xxh3(v, sizeof *v);
    }
    case SEG_TYPE_CODE: {
        int32_t code = ((const int32_t *)cells)[i];
        if (code < 0 || (size_t)code >= column->n_levels)
            return 0;
        return seg_xxh3(column->levels[code], strlen(column->levels[code]));
    }
    case SEG_TYPE_TEXT: {
        const char *cell = (const char *)cells + i * column->width;
        size_t n = seg_cell_length(cell, column->width);
        return n == 0 ? 0 : seg_xxh3(cell, n);
    }
    }
    return 0;
}

static uint64_t hash_id(const seg_schema *schema, const seg_block *block, size_t i)
{
    if (block->ids == NULL)
        return 0;
    const char *id = block->ids + i * schema->id_width;
    size_t n = seg_cell_length(id, schema->id_width);
    return n == 0 ? 0 : seg_xxh3(id, n);
}

/* All features of a row: a missing value is equal to a missing value. */
static uint64_t hash_features(deck *d, const float *x)
{
    size_t n = d->schema->n_features;
    for (size_t f = 0; f < n; f++)
        d->canonical[f] = isnan(x[f]) ? NAN : x[f] + 0.0F;
    return seg_xxh3(d->canonical, n * sizeof *d->canonical);
}

static seg_status take_keys(void *user, const seg_block *block, seg_error *err)
{
    (void)err;
    deck *d = user;
    for (size_t i = 0; i < block->n_rows; i++) {
        uint64_t row = block->first_row + i, id = hash_id(d->schema, block, i), group = 0;
        uint64_t own = id == 0 ? seg_mix64(row + 1) : id;
        if (d->group != NULL)
            group = d->group_column == SIZE_MAX ? id
                    : hash_cell(&d->schema->columns[d->group_column],
                                block->columns[d->group_column], i);
        if (d->group == NULL)
            d->keys[row] = hash_features(d, block->x.x + i * block->x.stride);
        else
            d->keys[row] = seg_rng_u64((seg_rng){ d->seed, group == 0 ? own : group },
                                       group == 0);
        if (d->group == NULL)
            d->order[row] = seg_rng_u64((seg_rng){ d->seed, own }, 0);
    }
    return SEG_OK;
}

/* ---- units ------------------------------------------------------------------------------ */

static seg_status count_units(deck *d, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(seg_keys_repeated(d->keys, (size_t)d->n_rows, &d->repeated, &d->n_units, err));
    TRY(SEG_ALLOC(&d->units, d->n_units, "the groups of rows", err));
    for (uint64_t i = 0; d->n_units > 0 && i < d->n_rows; i++) {
        size_t u = seg_key_find(d->repeated, d->n_units, d->keys[i]);
        if (u == SIZE_MAX)
            continue;
        d->units[u].rows[d->answers.classes[i]]++;
        d->unit_rows++;
    }
    for (size_t u = 0; u < d->n_units; u++) {
        const uint32_t *rows = d->units[u].rows;
        if (rows[0] > 0 && rows[1] > 0)
            d->mixed_rows += (uint64_t)rows[0] + rows[1] + rows[2];
    }

done:
    return st;
}

/* Most rows have a twin, and these differ in their label: few features, not rows doubled. */
static bool twins_are_chance(const deck *d)
{
    return d->group == NULL && d->unit_rows * 2 > d->n_rows
           && d->mixed_rows * 10 >= d->unit_rows;
}

static void tell_units(const deck *d, const seg_context *ctx, bool chance)
{
    char n[32], all[32];
    if (d->group != NULL || d->n_units == 0)
        return;
    seg_group_digits(n, (int64_t)d->unit_rows);
    seg_group_digits(all, (int64_t)d->n_rows);
    if (chance)
        seg_note(ctx, SEG_LEVEL_INFO, "%s of %s rows equal another one in all features and differ"
                 " in the label: too few features to call them doubles; folds take them one by"
                 " one", n, all);
    else
        seg_note(ctx, SEG_LEVEL_INFO, "%s of %s rows equal another one in all features: such rows"
                 " stay in one fold", n, all);
}

/* How full the fullest label value of the fold would be. */
static double fill_of(const deck *d, const unit *u, int f)
{
    double most = 0;
    for (int c = 0; c < 2; c++)
        if (u->rows[c] > 0)
            most = fmax(most, (double)(d->dealt[f][c] + u->rows[c])
                              / (double)d->answers.counts[c]);
    return most;
}

static uint64_t rows_of_fold(const deck *d, int f)
{
    return d->dealt[f][0] + d->dealt[f][1] + d->dealt[f][2];
}

static int emptiest(const deck *d, const unit *u)
{
    int best = 0;
    double least = fill_of(d, u, 0);
    for (int f = 1; f < d->n_folds; f++) {
        double fill = fill_of(d, u, f);
        if (fill < least
            || (!(fill > least) && rows_of_fold(d, f) < rows_of_fold(d, best))) {
            best = f;
            least = fill;
        }
    }
    return best;
}

static seg_status deal_units(deck *d, seg_error *err)
{
    seg_status st = SEG_OK;
    uint64_t *sizes = NULL, *temp = NULL;
    uint32_t *which = NULL, *which_temp = NULL;
    size_t n = d->n_units;

    TRY(SEG_ALLOC(&sizes, n, "the groups of rows", err));
    TRY(SEG_ALLOC(&temp, n, "the groups of rows", err));
    TRY(SEG_ALLOC(&which, n, "the groups of rows", err));
    TRY(SEG_ALLOC(&which_temp, n, "the groups of rows", err));
    for (size_t u = 0; u < n; u++) {
        const uint32_t *rows = d->units[u].rows;
        sizes[u] = UINT64_MAX - rows[0] - rows[1] - rows[2];
        which[u] = (uint32_t)u;
    }
    seg_radix_sort(sizes, which, n, temp, which_temp);
    for (size_t i = 0; i < n; i++) {
        unit *u = &d->units[which[i]];
        int f = emptiest(d, u);
        u->fold = (uint8_t)f;
        for (int c = 0; c < CLASSES; c++)
            d->dealt[f][c] += u->rows[c];
    }

done:
    seg_free(sizes);
    seg_free(temp);
    seg_free(which);
    seg_free(which_temp);
    return st;
}

static void place_units(deck *d, uint8_t *fold)
{
    for (uint64_t i = 0; d->n_units > 0 && i < d->n_rows; i++) {
        size_t u = seg_key_find(d->repeated, d->n_units, d->keys[i]);
        if (u == SIZE_MAX)
            continue;
        fold[i] = d->units[u].fold;
        d->answers.classes[i] |= IN_UNIT;
    }
}

/* ---- single rows ------------------------------------------------------------------------ */

/* Room per fold for single rows of a class: its equal share less what the units brought. The
 * rows that are left over go to the folds after those that got one of the class before. */
static uint64_t room_per_fold(const deck *d, int class, uint64_t room[MAX_DEALT])
{
    uint64_t all = d->answers.counts[class], n = (uint64_t)d->n_folds, sum = 0, had = 0;
    for (int c = 0; c < class; c++)
        had += d->answers.counts[c] % n;
    for (uint64_t f = 0; f < n; f++) {
        uint64_t share = all / n + ((f + n * CLASSES - had) % n < all % n);
        room[f] = share > d->dealt[f][class] ? share - d->dealt[f][class] : 0;
        sum += room[f];
    }
    return sum;
}

static void deal_singles(deck *d, int class, uint8_t *fold)
{
    uint64_t room[MAX_DEALT], cuts[MAX_DEALT], n_single = d->answers.counts[class], before = 0;
    uint64_t all_room = room_per_fold(d, class, room);
    int n_cuts = 0;
    for (int f = 0; f < d->n_folds; f++)
        n_single -= d->dealt[f][class];
    if (n_single == 0)
        return;
    for (int f = 0; f + 1 < d->n_folds; f++) {
        before += room[f];
        uint64_t rank = (uint64_t)((unsigned __int128)before * n_single / all_room);
        cuts[n_cuts++] = rank >= n_single ? UINT64_MAX
                         : seg_key_at(d->order, d->answers.classes, (uint8_t)class,
                                      (size_t)d->n_rows, rank);
    }
    for (uint64_t i = 0; i < d->n_rows; i++) {
        if (d->answers.classes[i] != class)
            continue;
        int f = 0;
        while (f < n_cuts && d->order[i] >= cuts[f])
            f++;
        fold[i] = (uint8_t)f;
        d->dealt[f][class]++;
    }
}

/* ---- checks ----------------------------------------------------------------------------- */

static seg_status find_group(deck *d, seg_error *err)
{
    const seg_schema *schema = d->schema;
    d->group_column = SIZE_MAX;
    if (d->group == NULL || (schema->id_name != NULL && strcmp(schema->id_name, d->group) == 0))
        return SEG_OK;
    d->group_column = seg_schema_column(schema, d->group);
    if (d->group_column == SIZE_MAX)
        return seg_fail(err, SEG_E_USAGE, "--group names '%s', which is no column of the data",
                        d->group);
    return SEG_OK;
}

/* Enough rows of both values, and enough groups, for a row of each in every fold. */
static seg_status check_rows(const deck *d, seg_error *err)
{
    char q[SEG_QUOTE_BYTES];
    int rarer = d->answers.counts[1] <= d->answers.counts[0];
    uint64_t rows = d->answers.counts[rarer], n = (uint64_t)d->n_folds;
    uint64_t groups = d->n_units + (d->n_rows - d->unit_rows);
    if (rows < n)
        return seg_fail(err, SEG_E_DATA, "label '%s' is '%s' in %llu row%s only; %d folds need one"
                        " in each%s", d->answers.label->name, seg_answer_name(q, &d->answers, rarer),
                        (unsigned long long)rows, rows == 1 ? "" : "s", d->n_folds,
                        rows >= 2 ? ": give a smaller --cv" : "");
    if (d->group != NULL && groups < n)
        return seg_fail(err, SEG_E_DATA, "column '%s' has %llu group%s only; %d folds need as many",
                        d->group, (unsigned long long)groups, groups == 1 ? "" : "s", d->n_folds);
    return SEG_OK;
}

static seg_status check_folds(const deck *d, seg_error *err)
{
    char q[SEG_QUOTE_BYTES];
    for (int f = 0; f < d->n_folds; f++)
        for (int c = 0; c < 2; c++) {
            if (d->dealt[f][c] > 0)
                continue;
            return seg_fail(err, SEG_E_DATA, "fold %d gets no row whose label '%s' is '%s': %s are"
                            " too few or too large for %d folds", f, d->answers.label->name,
                            seg_answer_name(q, &d->answers, c),
                            d->group != NULL ? "the groups" : "the rows that are alike",
                            d->n_folds);
        }
    return SEG_OK;
}

/* ---- all of it -------------------------------------------------------------------------- */

static seg_status make_deck(deck *d, const seg_context *ctx, seg_source *source,
                            const char *positive, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n = (size_t)d->n_rows;
    if (d->n_rows > UINT32_MAX)
        return seg_fail(err, SEG_E_DATA, "folds of %llu rows; at most 4,294,967,295 are possible",
                        (unsigned long long)d->n_rows);
    TRY(find_group(d, err));
    TRY(SEG_ALLOC(&d->keys, n, "the folds", err));
    d->order = d->keys;
    if (d->group == NULL)
        TRY(SEG_ALLOC(&d->order, n, "the folds", err));
    TRY(SEG_ALLOC(&d->canonical, d->schema->n_features, "a row", err));
    TRY(seg_answers_new(ctx, source, positive, take_keys, d, &d->answers, err));
    TRY(count_units(d, err));

done:
    return st;
}

static void free_deck(deck *d)
{
    if (d->order != d->keys)
        seg_free(d->order);
    seg_free(d->keys);
    seg_free(d->canonical);
    seg_free(d->repeated);
    seg_free(d->units);
    seg_answers_free(&d->answers);
}

seg_status seg_folds_deal(const seg_context *ctx, seg_source *source, int n_folds,
                          const char *positive, const char *group, seg_split *out,
                          seg_error *err)
{
    seg_status st = SEG_OK;
    deck d = { .schema = source->schema, .n_rows = source->n_rows, .seed = ctx->seed,
               .group = group, .n_folds = n_folds };
    *out = (seg_split){ .n_rows = source->n_rows };

    TRY(make_deck(&d, ctx, source, positive, err));
    TRY(check_rows(&d, err));
    bool chance = twins_are_chance(&d);
    tell_units(&d, ctx, chance);
    if (chance)
        d.n_units = 0;
    TRY(SEG_ALLOC(&out->judged, (size_t)d.n_rows, "the folds", err));
    TRY(deal_units(&d, err));
    place_units(&d, out->judged);
    for (int c = 0; c < CLASSES; c++)
        deal_singles(&d, c, out->judged);
    TRY(check_folds(&d, err));
    out->n_models = n_folds;

done:
    if (st != SEG_OK)
        seg_split_free(out);
    free_deck(&d);
    return st;
}

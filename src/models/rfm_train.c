/* rfm_train.c: one pass keeps three numbers (and, for ranks, the id) of every customer who
 * bought; then the cuts are made and everybody is counted into the segments. */
#include "models/rfm.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/date.h"
#include "base/number.h"
#include "base/text.h"
#include "base/try.h"

typedef struct trainer {
    const seg_context *ctx;
    const seg_rfm_options *options;
    const seg_schema *schema;
    const uint8_t *fold;
    int held_out;
    seg_rfm_reader reader;
    uint32_t scale;
    seg_rfm_values values;      /* of those who bought */
    seg_rfm_model *state;       /* with the map, and the cuts if known before */
    int64_t *sums;              /* per segment: recency, frequency, money of who bought */
    bool done;
} trainer;

/* ---- options ----------------------------------------------------------------------------- */

seg_status seg_rfm_check(const void *options, seg_error *err)
{
    const seg_rfm_options *o = options;
    bool frozen = o->scheme == SEG_RFM_FROZEN, edges = o->scheme == SEG_RFM_EDGES;
    if (frozen != (o->from != NULL))
        return seg_fail(err, SEG_E_USAGE, frozen
                        ? "--scheme frozen needs --from MODEL, whose cuts to use"
                        : "--from is for --scheme frozen only");
    for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++)
        if (edges != (o->edges[d] != NULL))
            return seg_fail(err, SEG_E_USAGE, edges
                            ? "--scheme edges needs --%s-edges N,..."
                            : "--%s-edges is for --scheme edges only",
                            seg_rfm_dimension_names[d]);
    if (frozen && o->map == NULL)
        return SEG_OK;
    /* A wrong map is told before the data are read. */
    seg_rfm_map *map;
    seg_status st = seg_rfm_map_open(o->map, &map, err);
    seg_rfm_map_free(map);
    return st;
}

static seg_status parse_edges(const char *list, uint32_t n_bins, uint32_t scale,
                              const char *name, int64_t *edges, seg_error *err)
{
    const char *item;
    size_t n, count = 0;
    while (seg_list_next(&list, &item, &n)) {
        int64_t value;
        bool exact;
        if (!seg_parse_fixed(item, n, '.', scale, &value, &exact) || !exact)
            return seg_fail(err, SEG_E_USAGE, "--%s-edges: edge %zu is not a number with at"
                            " most %u parts to the unit", name, count + 1, scale);
        if (count == n_bins - 1 || (count > 0 && value < edges[count - 1]))
            return seg_fail(err, SEG_E_USAGE, "--%s-edges: %u ascending numbers are wanted for"
                            " %u bins", name, n_bins - 1, n_bins);
        edges[count++] = value;
    }
    if (count != n_bins - 1)
        return seg_fail(err, SEG_E_USAGE, "--%s-edges: %zu edges; %u bins need %u", name, count,
                        n_bins, n_bins - 1);
    return SEG_OK;
}

static seg_status take_edges(trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    uint32_t n_bins = t->options->n_bins;
    TRY(seg_rfm_cuts_new(n_bins, false, false, 0, &t->state->cuts, err));
    for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++)
        TRY(parse_edges(t->options->edges[d], n_bins, d == SEG_RFM_MONETARY ? t->scale : 1,
                        seg_rfm_dimension_names[d], t->state->cuts->value[d], err));

done:
    return st;
}

/* Frozen cuts compare like with like only if money was counted the same way. */
static void note_other_money(const trainer *t, const seg_model *from)
{
    static const char *const names[] = { "net", "gross", "match" };
    const char *then = seg_node_text(seg_node_get(seg_doc_root(from->info), "options.returns"),
                                     names[0]);
    const char *now = names[t->options->customers.returns];
    if (strcmp(then, now) != 0)
        seg_note(t->ctx, SEG_LEVEL_WARN, "the earlier model counted money with --returns %s,"
                 " this one with %s", then, now);
}

/* Cuts, unit of money and, unless another is wanted, the map of an earlier model. */
static seg_status take_frozen(trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_model *from = NULL;
    TRY(seg_model_load(t->options->from, &from, err));
    if (from->method != &seg_method_rfm) {
        st = seg_fail(err, SEG_E_USAGE, "--from: a %s model; an rfm model is needed",
                      from->method->name);
        goto done;
    }
    note_other_money(t, from);
    seg_rfm_model *state = from->state;
    t->scale = state->scale;
    t->state->cuts = state->cuts;
    state->cuts = NULL;
    if (t->options->map == NULL) {
        t->state->map = state->map;
        state->map = NULL;
    }

done:
    seg_model_free(from);
    return st;
}

static seg_status take_map(trainer *t, seg_error *err)
{
    if (t->state->map != NULL)
        return SEG_OK;
    seg_status st = seg_rfm_map_open(t->options->map, &t->state->map, err);
    if (st == SEG_OK && (t->state->map->n_double > 0 || t->state->map->n_otherwise > 0))
        seg_note(t->ctx, SEG_LEVEL_INFO, "map %s: %zu of %u cells fall under several rules, the"
                 " first counts; %zu under none", t->state->map->name, t->state->map->n_double,
                 t->state->map->levels * t->state->map->levels * t->state->map->levels, t->state->map->n_otherwise);
    return st;
}

/* Customers that were made before are of the day they were made for. */
static seg_status check_as_of(const trainer *t, seg_error *err)
{
    int32_t wanted = t->options->customers.as_of_day, have = t->schema->as_of_day;
    char wanted_text[SEG_DATE_BYTES], have_text[SEG_DATE_BYTES];
    if (wanted == SEG_MISSING_DAY || have == SEG_MISSING_DAY || wanted == have)
        return SEG_OK;
    seg_print_day(wanted_text, wanted);
    seg_print_day(have_text, have);
    return seg_fail(err, SEG_E_USAGE, "--as-of %s: the data hold customers as of %s; give the"
                    " transactions, or make features anew", wanted_text, have_text);
}

/* ---- the pass ----------------------------------------------------------------------------- */

static seg_status make_room(trainer *t, size_t n_rows, seg_error *err)
{
    seg_status st = SEG_OK;
    bool by_id = t->options->scheme == SEG_RFM_NTILE || t->options->scheme == SEG_RFM_NESTED
                 || (t->state->cuts != NULL && t->state->cuts->by_id);
    for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++)
        TRY(SEG_ALLOC(&t->values.value[d], n_rows, "the customers", err));
    if (by_id && t->schema->id_width == 0) {
        st = seg_fail(err, SEG_E_DATA, "these scores break ties by id, and the customers have"
                      " none; use --scheme disc");
        goto done;
    }
    if (by_id) {
        t->values.id_width = t->schema->id_width;
        TRY(seg_alloc_array(&t->values.ids, n_rows, t->values.id_width, "the ids", err));
    }

done:
    return st;
}

seg_status seg_rfm_train_begin(const seg_train_input *input, void **out, seg_error *err)
{
    seg_status st = SEG_OK;
    trainer *t = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&t, 1, "a trainer", err));
    t->ctx = input->ctx;
    t->options = input->options;
    t->schema = input->schema;
    t->fold = input->fold;
    t->held_out = input->held_out;
    TRY(check_as_of(t, err));
    TRY(seg_rfm_reader_begin(input->schema, false, &t->reader, err));
    t->scale = t->reader.scale;
    TRY(SEG_ALLOC(&t->state, 1, "an rfm model", err));
    if (t->options->scheme == SEG_RFM_FROZEN)
        TRY(take_frozen(t, err));
    if (t->options->scheme == SEG_RFM_EDGES)
        TRY(take_edges(t, err));
    TRY(take_map(t, err));
    TRY(seg_rfm_model_make_room(t->state, t->state->map->n_names, err));
    t->state->scale = t->scale;
    TRY(SEG_ALLOC(&t->sums, t->state->map->n_names * SEG_RFM_DIMENSIONS, "the segments", err));
    TRY(make_room(t, (size_t)input->n_rows, err));
    *out = t;
    t = NULL;

done:
    seg_rfm_train_free(t);
    return st;
}

void seg_rfm_train_free(void *trainer_)
{
    trainer *t = trainer_;
    if (t == NULL)
        return;
    for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++)
        seg_free(t->values.value[d]);
    seg_free(t->values.ids);
    seg_rfm_model_free(t->state);
    seg_free(t->sums);
    seg_free(t);
}

seg_status seg_rfm_pass_begin(void *trainer_, bool *more, seg_error *err)
{
    (void)err;
    *more = !((trainer *)trainer_)->done;
    return SEG_OK;
}

static seg_status count_customer(trainer *t, size_t segment, const int64_t *value, bool bought,
                                 seg_error *err)
{
    seg_rfm_model *state = t->state;
    int64_t money = value[SEG_RFM_MONETARY];
    int64_t *sums = t->sums + segment * SEG_RFM_DIMENSIONS;
    state->customers[segment]++;
    if (money != SEG_MISSING_I64
        && __builtin_add_overflow(state->revenue[segment], money, &state->revenue[segment]))
        return seg_fail(err, SEG_E_DATA, "the money of segment '%s' does not fit 64 bits",
                        t->state->map->names[segment]);
    for (size_t d = 0; d < SEG_RFM_DIMENSIONS && bought; d++)
        if (__builtin_add_overflow(sums[d], value[d], &sums[d]))
            return seg_fail(err, SEG_E_DATA, "the sum of %s of segment '%s' does not fit 64"
                            " bits", seg_rfm_dimension_names[d], t->state->map->names[segment]);
    return SEG_OK;
}

seg_status seg_rfm_pass_add(void *trainer_, const seg_block *block, seg_error *err)
{
    seg_status st = SEG_OK;
    trainer *t = trainer_;
    seg_rfm_values *v = &t->values;
    seg_rfm_row row;
    for (size_t i = 0; i < block->n_rows; i++) {
        if (t->fold != NULL && t->fold[block->first_row + i] == t->held_out)
            continue;
        TRY(seg_rfm_read(&t->reader, block, i, t->scale, &row, err));
        if (!row.bought) {
            TRY(count_customer(t, t->state->map->n_names - (row.returned ? 1 : 2), row.value, false,
                               err));
            continue;
        }
        for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++)
            v->value[d][v->n] = row.value[d];
        if (v->ids != NULL)
            memcpy(v->ids + v->n * v->id_width, block->ids + i * v->id_width, v->id_width);
        v->n++;
    }

done:
    return st;
}

seg_status seg_rfm_pass_end(void *trainer_, seg_error *err)
{
    (void)err;
    ((trainer *)trainer_)->done = true;
    return SEG_OK;
}

/* ---- the model ------------------------------------------------------------------------------ */

static seg_status make_cuts(trainer *t, seg_error *err)
{
    uint32_t n_bins = t->options->n_bins;
    if (t->values.n == 0)
        return seg_fail(err, SEG_E_DATA, "no customer has a purchase: there is nothing to score");
    if (t->state->cuts != NULL)
        return SEG_OK;
    if (t->options->scheme == SEG_RFM_DISC)
        return seg_rfm_cuts_disc(&t->values, n_bins, &t->state->cuts, err);
    return seg_rfm_cuts_ntile(&t->values, n_bins, t->options->scheme == SEG_RFM_NESTED,
                              &t->state->cuts, err);
}

typedef int64_t score_counts[SEG_RFM_DIMENSIONS][SEG_RFM_BINS_MAX];

static seg_status count_customers(trainer *t, score_counts counts, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_rfm_values *v = &t->values;
    seg_rfm_row row = { .bought = true };
    uint32_t score[SEG_RFM_DIMENSIONS];
    for (size_t i = 0; i < v->n; i++) {
        for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++)
            row.value[d] = v->value[d][i];
        const char *id = v->ids == NULL ? NULL : v->ids + i * v->id_width;
        size_t segment = seg_rfm_segment(t->state, &row, id, v->id_width, score);
        for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++)
            counts[d][score[d] - 1]++;
        TRY(count_customer(t, segment, row.value, true, err));
    }

done:
    return st;
}

static void fill_means(trainer *t)
{
    seg_rfm_model *state = t->state;
    for (size_t s = 0; s < t->state->map->n_names; s++) {
        bool scored = state->customers[s] > 0 && s + 2 < t->state->map->n_names;
        for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++) {
            size_t at = s * SEG_RFM_DIMENSIONS + d;
            double mean = (double)t->sums[at] / (double)state->customers[s];
            if (d == SEG_RFM_MONETARY)
                mean /= t->scale;
            state->means[at] = scored ? (float)mean : NAN;
        }
    }
}

static void note_empty_scores(const trainer *t, score_counts counts)
{
    for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++)
        for (uint32_t k = 0; k < t->state->cuts->n_bins; k++)
            if (counts[d][k] == 0)
                seg_note(t->ctx, SEG_LEVEL_WARN, "nobody has %s score %u: too many equal values"
                         " or too few customers", seg_rfm_dimension_names[d], k + 1);
}

static void put_counts(const trainer *t, score_counts counts, seg_node *figures)
{
    seg_node *scores = seg_put_object(figures, "scores");
    for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++) {
        seg_node *list = seg_put_array(scores, seg_rfm_dimension_names[d]);
        for (uint32_t k = 0; k < t->state->cuts->n_bins; k++)
            seg_put_int(list, NULL, counts[d][k]);
    }
}

static seg_status make_schema(const trainer *t, seg_schema_owner **out, seg_error *err)
{
    static const seg_column features[SEG_RFM_DIMENSIONS] = {
        { .name = "recency_days", .type = SEG_TYPE_F32, .unit = "days" },
        { .name = "frequency", .type = SEG_TYPE_F32, .unit = "orders" },
        { .name = "monetary", .type = SEG_TYPE_F32, .unit = "money" },
    };
    seg_status st = SEG_OK;
    TRY(seg_schema_new(SEG_KIND_FEATURES, out, err));
    for (size_t d = 0; d < SEG_RFM_DIMENSIONS; d++)
        TRY(seg_schema_add_feature(*out, &features[d], err));
    (*out)->view.as_of_day = t->schema->as_of_day;

done:
    return st;
}

seg_status seg_rfm_train_end(void *trainer_, seg_model *model, seg_node *figures,
                             seg_error *err)
{
    seg_status st = SEG_OK;
    trainer *t = trainer_;
    score_counts counts = { 0 };

    TRY(make_cuts(t, err));
    TRY(count_customers(t, counts, err));
    TRY(make_schema(t, &model->schema, err));
    fill_means(t);
    note_empty_scores(t, counts);
    seg_put_int(figures, "customers", (int64_t)t->values.n);
    seg_rfm_figures(t->state, figures);
    put_counts(t, counts, figures);
    model->state = t->state;
    t->state = NULL;

done:
    return st;
}

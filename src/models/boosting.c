/* boosting.c: settings, turns and the number of trees. */
#include "models/boosting.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/clock.h"
#include "base/rng.h"
#include "base/team.h"
#include "base/try.h"
#include "models/trees.h"
#include "models/trees_file.h"

enum {
    FEW_ROWS = 150000,         /* up to so many, TURNS parts take turns at being held out */
    TURNS = 4,
    HELD_OUT_MAX = 100000,     /* of more rows, a tenth is held out, and not more than these */
    TREES_MAX = 3000,
    ROUND = 10                 /* trees between two looks at the loss */
};
static const double reach = 1.5;  /* patience: trees x rate without a fall of the loss */
static const uint64_t turn_stream = 0x626f6f7374;   /* "boost" */

/* ---- settings --------------------------------------------------------------------------- */

typedef struct setting {
    const char *name;
    double rate, min_rows, lambda, column_share, row_share;
    uint32_t max_leaves, max_depth;
} setting;

/* From strong to light restraint: no single one is best on all customers' tables. */
static const setting settings[] = {
    { "careful", 0.03, 40, 5, 0.7, 0.8, 15, 8 },
    { "usual", 0.05, 20, 1, 0.7, 0.8, 31, 10 },
    { "free", 0.07, 3, 0.5, 0.5, 0.9, 63, 12 },
};
enum { N_SETTINGS = sizeof settings / sizeof *settings };

/* What was given goes before what the setting says. */
static seg_boost_rule rule_of(const seg_learn *learn, const seg_boosting_options *o,
                              const setting *s)
{
    return (seg_boost_rule){
        .rate = o->rate > 0 ? o->rate : s->rate,
        .max_leaves = o->max_leaves > 0 ? o->max_leaves
                      : o->max_depth > 0 && o->max_depth < 13 ? (uint32_t)1 << o->max_depth
                      : s->max_leaves,
        .max_depth = o->max_depth > 0 ? o->max_depth : s->max_depth,
        .min_rows = o->min_leaf > 0 ? o->min_leaf : s->min_rows,
        .lambda = o->lambda > 0 ? o->lambda : s->lambda,
        .level_lambda = (o->lambda > 0 ? o->lambda : s->lambda) + 10,
        .level_price = 0.5,
        .column_share = o->column_share > 0 ? o->column_share : s->column_share,
        .row_share = o->row_share > 0 ? o->row_share : s->row_share,
        .monotone = learn->monotone, .seed = learn->input.ctx->seed,
    };
}

/* ---- a turn ------------------------------------------------------------------------------- */

/* One part of the rows is held out, the others are learned from. */
typedef struct turn {
    seg_boost_data data;
    seg_boost *boost;
    uint32_t *memory;          /* of its own: rows, aside, values, learned, judged */
    double loss[ROUND];        /* after each tree of the round */
    bool ended;                /* nothing more to learn */
    seg_status status;
    seg_error error;
} turn;

static bool is_held_out(const seg_learn *learn, size_t row, size_t part, size_t n_parts)
{
    seg_rng rng = { learn->input.ctx->seed, turn_stream };
    return seg_rng_below(rng, row, n_parts) == part;
}

/* Of `n_parts` parts the first `n_turns` take turns. */
static seg_status begin_turn(const seg_learn *learn, const seg_boost_rule *rule, size_t part,
                             size_t n_parts, int n_threads, turn *t, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n = learn->n_rows, n_learned = 0, n_judged = 0;
    TRY(seg_alloc_array(&t->memory, n, 4 * sizeof *t->memory, "a part of the rows", err));
    uint32_t *learned = t->memory, *judged = t->memory + n;   /* judged from its end */
    for (size_t i = 0; i < n; i++) {
        if (is_held_out(learn, i, part, n_parts))
            n_judged++;
        else
            learned[n_learned++] = (uint32_t)i;
    }
    judged -= n_judged;
    for (size_t i = 0, j = 0; i < n; i++)
        if (is_held_out(learn, i, part, n_parts))
            judged[j++] = (uint32_t)i;
    t->data = (seg_boost_data){
        .bins = learn->bins, .records = seg_learn_records(learn), .classes = learn->classes,
        .n_rows = n, .learned = learned, .n_learned = n_learned, .judged = judged,
        .n_judged = n_judged, .rows = t->memory + n, .aside = t->memory + 2 * n,
        .values = t->memory + 3 * n, .memory = seg_scratch_room() / 16, .n_threads = n_threads,
    };
    TRY(seg_boost_new(&t->data, rule, &t->boost, err));

done:
    return st;
}

static void end_turn(turn *t)
{
    seg_boost_free(t->boost);
    seg_free(t->memory);
    *t = (turn){ 0 };
}

static void add_round(void *arg, size_t task, int thread)
{
    (void)thread;
    turn *t = &((turn *)arg)[task];
    t->status = SEG_OK;
    for (size_t i = 0; i < ROUND && t->status == SEG_OK; i++) {
        seg_tree tree = { 0 };
        if (!t->ended)
            t->status = seg_boost_tree(t->boost, &tree, &t->error);
        t->loss[i] = seg_boost_loss(t->boost, t->data.judged, t->data.n_judged);
        seg_tree_free(&tree);
    }
}

/* ---- the number of trees ------------------------------------------------------------------- */

typedef struct curve {
    double least;              /* mean loss of the turns, and after how many trees */
    size_t at, n;
} curve;

static void add_to_curve(const turn *turns, size_t n_turns, curve *c)
{
    for (size_t i = 0; i < ROUND; i++) {
        double loss = 0;
        for (size_t t = 0; t < n_turns; t++)
            loss += turns[t].loss[i];
        loss /= (double)n_turns;
        c->n++;
        if (c->at == 0 || loss < c->least) {
            c->least = loss;
            c->at = c->n;
        }
    }
}

/* The least loss of a setting on rows that are held out. */
static seg_status try_setting(const seg_learn *learn, const seg_boost_rule *rule, bool quick,
                              curve *c, seg_error *err)
{
    seg_status st = SEG_OK;
    bool few = learn->n_rows <= FEW_ROWS && !quick;
    size_t n_turns = few ? TURNS : 1, n_parts = learn->n_rows <= FEW_ROWS ? TURNS : 10;
    if (learn->n_rows / HELD_OUT_MAX > n_parts)
        n_parts = learn->n_rows / HELD_OUT_MAX;
    turn turns[TURNS] = { 0 };
    size_t patience = (size_t)ceil(reach / rule->rate);

    *c = (curve){ 0 };
    for (size_t t = 0; t < n_turns; t++)
        TRY(begin_turn(learn, rule, t, n_parts, few ? 1 : learn->n_threads, &turns[t], err));
    while (c->n < TREES_MAX && c->n - c->at < patience) {
        TRY(seg_step(learn->input.ctx, "boost: number of trees", c->n, TREES_MAX, err));
        seg_team_run(few ? learn->n_threads : 1, n_turns, add_round, turns);
        for (size_t t = 0; t < n_turns; t++)
            if (turns[t].status != SEG_OK) {
                st = turns[t].status;
                if (err != NULL)
                    *err = turns[t].error;
                goto done;
            }
        add_to_curve(turns, n_turns, c);
    }

done:
    for (size_t t = 0; t < n_turns; t++)
        end_turn(&turns[t]);
    return st;
}

static seg_status choose(const seg_learn *learn, const seg_boosting_options *o, seg_boosting *out,
                         size_t *n_trees, seg_error *err)
{
    seg_status st = SEG_OK;
    double began = seg_clock_seconds();
    for (size_t s = 0; s < (o->several ? N_SETTINGS : 1); s++) {
        if (s > 0 && o->seconds > 0 && seg_clock_seconds() - began > o->seconds)
            break;
        curve c;
        seg_boost_rule rule = rule_of(learn, o, &settings[s]);
        TRY(try_setting(learn, &rule, o->quick, &c, err));
        if (s > 0 && !(c.least < out->loss))
            continue;
        out->setting = settings[s].name;
        out->rule = rule;
        out->loss = c.least;
        *n_trees = c.at;
    }

done:
    return st;
}

/* ---- all rows --------------------------------------------------------------------------------- */

static seg_status fit_all(seg_learn *learn, size_t n_trees, seg_boosting *out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_boost *boost = NULL;
    uint32_t *all = NULL;
    size_t cap = 0;
    TRY(SEG_ALLOC(&all, learn->n_rows, "the rows", err));
    for (size_t i = 0; i < learn->n_rows; i++)
        all[i] = (uint32_t)i;
    seg_boost_data data = {
        .bins = learn->bins, .records = seg_learn_records(learn), .classes = learn->classes,
        .n_rows = learn->n_rows, .learned = all, .n_learned = learn->n_rows,
        .rows = learn->rows, .aside = learn->aside, .values = learn->values,
        .memory = seg_scratch_room() / 4, .n_threads = learn->n_threads,
    };
    TRY(seg_boost_new(&data, &out->rule, &boost, err));
    out->base = seg_boost_base(boost);
    for (size_t t = 0; t < n_trees; t++) {
        TRY(seg_step(learn->input.ctx, "boost: trees", t, n_trees, err));
        TRY(SEG_GROW(&out->trees, &cap, out->n_trees + 1, "the trees", err));
        TRY(seg_boost_tree(boost, &out->trees[out->n_trees++], err));
        TRY(seg_trees_check_size(out->trees, out->n_trees, learn->input.schema, err));
    }
    TRY(SEG_ALLOC(&out->scores, learn->n_rows, "the scores of the rows", err));
    memcpy(out->scores, seg_boost_scores(boost), learn->n_rows * sizeof *out->scores);

done:
    seg_boost_free(boost);
    seg_free(all);
    return st;
}

seg_status seg_boosting_fit(seg_learn *learn, const seg_boosting_options *options,
                            seg_boosting *out, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n_trees = options->n_trees;
    *out = (seg_boosting){ .loss = NAN };
    if (n_trees == 0)
        TRY(choose(learn, options, out, &n_trees, err));
    else
        out->rule = rule_of(learn, options, &settings[1]);
    TRY(fit_all(learn, n_trees, out, err));

done:
    if (st != SEG_OK)
        seg_boosting_free(out);
    return st;
}

void seg_boosting_free(seg_boosting *b)
{
    seg_trees_free(&b->trees, &b->n_trees);
    seg_free(b->scores);
    *b = (seg_boosting){ 0 };
}

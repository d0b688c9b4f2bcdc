/* bagging.c: trees on rows drawn at random; see bagging.h. Few rows: every thread grows trees of
 * its own; many: all threads grow one. The trees are the same. */
#include "models/bagging.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/rng.h"
#include "base/team.h"
#include "base/try.h"
#include "kernels/boost.h"
#include "models/trees.h"
#include "models/trees_file.h"

enum {
    FEW_ROWS = 200000,
    TREES = 200,
    LEAF_MIN = 5,
    LEAVES = 2500,            /* about so many are wanted of a tree, at most */
    LEAVES_MAX = SEG_TREE_NODES_MAX / 2
};
static const uint64_t row_stream = 0x666f72657374, column_stream = 0x6d747279;

/* ---- what one tree sees -------------------------------------------------------------- */

/* How often: the cumulated Poisson probabilities of mean 1, times 2^32. */
static uint32_t how_often(uint64_t key, uint32_t row)
{
    static const uint32_t upto[] = {
        1580030169, 3160060337, 3950075422, 4213413783, 4279248374, 4292415292, 4294609778,
        4294923276, 4294962463,
    };
    uint32_t u = seg_rng_row(key, row), times = 0;
    while (times < sizeof upto / sizeof *upto && u >= upto[times])
        times++;
    return times;
}

/* One thread's, or all threads' together. */
typedef struct worker {
    seg_grower *grower;
    uint32_t *rows, *aside, *leaves;
    seg_row_value *values;
    uint32_t *memory;
    seg_status status;
    seg_error error;
} worker;

typedef struct forest {
    seg_learn *learn;
    seg_grow_rule rule;
    seg_bagging *out;
    worker *workers;
    int64_t *unseen_sum;      /* per row, in SEG_SCORE_UNIT: any order of adding gives the same */
    uint32_t *unseen_trees;
    size_t first;             /* tree of this round */
} forest;

static uint64_t key_of(const forest *f, size_t tree)
{
    return seg_rng_u64((seg_rng){ f->learn->input.ctx->seed, row_stream }, tree);
}

static void set_values(const seg_learn *learn, seg_tree *tree)
{
    for (size_t v = 0; v < tree->n_nodes; v++) {
        seg_tree_node *node = &tree->nodes[v];
        double share = (double)node->n[1] / (double)(node->n[0] + node->n[1]);
        node->value = share;
    }
    if (learn->monotone != NULL)
        seg_tree_bound(tree, learn->monotone);
    for (size_t v = 0; v < tree->n_nodes; v++)
        tree->nodes[v].value = rint(tree->nodes[v].value / SEG_SCORE_UNIT) * SEG_SCORE_UNIT;
}

/* Rows that the tree has not seen. Several workers may add to one row at a time. */
static void judge_unseen(forest *f, worker *w, const seg_tree *tree, uint32_t *unseen, size_t n)
{
    seg_grower_route(w->grower, tree, unseen, n, w->leaves);
    for (size_t i = 0; i < n; i++) {
        int64_t value = lrint(tree->nodes[w->leaves[i]].value / SEG_SCORE_UNIT);
        __atomic_fetch_add(&f->unseen_sum[unseen[i]], value, __ATOMIC_RELAXED);
        __atomic_fetch_add(&f->unseen_trees[unseen[i]], 1, __ATOMIC_RELAXED);
    }
}

static void grow_tree(void *arg, size_t task, int thread)
{
    forest *f = arg;
    worker *w = &f->workers[thread];
    const seg_learn *l = f->learn;
    size_t number = f->first + task, n = 0, n_unseen = 0;
    seg_tree *tree = &f->out->trees[number];
    uint64_t key = key_of(f, number);
    seg_grow_rule rule = f->rule;
    if (w->status != SEG_OK)
        return;
    for (size_t i = 0; i < l->n_rows; i++) {
        uint32_t times = how_often(key, (uint32_t)i);
        w->values[i] = seg_row_value_of((int32_t)(l->classes[i] * times), times);
        w->rows[n] = (uint32_t)i;
        n += times > 0;
    }
    rule.stream = column_stream + (uint64_t)number;
    if (n == 0) {             /* of very few rows: it sees them all once */
        for (; n < l->n_rows; n++) {
            w->rows[n] = (uint32_t)n;
            w->values[n] = seg_row_value_of(l->classes[n], 1);
        }
    }
    w->status = seg_grow(w->grower, &rule, w->values, n, tree, &w->error);
    if (w->status != SEG_OK)
        return;
    seg_grower_put_counts(w->grower, tree);
    set_values(l, tree);
    for (size_t i = 0; i < l->n_rows; i++) {   /* the list of rows is of no more use */
        w->rows[n_unseen] = (uint32_t)i;
        n_unseen += (w->values[i] & 0xffff) == 0;
    }
    judge_unseen(f, w, tree, w->rows, n_unseen);
}

/* ---- the forest ------------------------------------------------------------------------ */

static seg_bagging_options choose(const seg_learn *l, const seg_bagging_options *o)
{
    seg_bagging_options used = *o;
    double per_leaf = (double)l->n_rows / LEAVES;
    if (used.n_trees == 0)
        used.n_trees = TREES;
    if (used.max_depth == 0)
        used.max_depth = SEG_TREE_DEPTH_MAX;
    if (used.min_leaf == 0)
        used.min_leaf = per_leaf > LEAF_MIN ? (uint32_t)per_leaf : LEAF_MIN;
    if (used.n_try == 0)
        used.n_try = (uint32_t)ceil(sqrt((double)l->bins->n_columns));
    return used;
}

static seg_status new_workers(forest *f, size_t n_workers, int threads_each, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_learn *l = f->learn;
    seg_records records = seg_learn_records(l);
    size_t n = l->n_rows;
    for (size_t i = 0; i < n_workers; i++) {
        worker *w = &f->workers[i];
        TRY(seg_alloc_array(&w->memory, n, 4 * sizeof *w->memory, "the rows of a tree", err));
        w->rows = w->memory;
        w->aside = w->memory + n;
        w->values = w->memory + 2 * n;
        w->leaves = w->memory + 3 * n;
        TRY(seg_grower_new(l->bins, &records, w->rows, w->aside, seg_scratch_room() / 16,
                           threads_each, &w->grower, err));
    }

done:
    return st;
}

static seg_status grow_all(forest *f, size_t n_workers, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n_trees = f->out->n_trees, round = 4 * n_workers;
    for (f->first = 0; f->first < n_trees; f->first += round) {
        size_t n = n_trees - f->first < round ? n_trees - f->first : round;
        TRY(seg_step(f->learn->input.ctx, "forest: trees", f->first, n_trees, err));
        seg_team_run((int)n_workers, n, grow_tree, f);
        TRY(seg_trees_check_size(f->out->trees, n_trees, f->learn->input.schema, err));
        for (size_t i = 0; i < n_workers; i++)
            if (f->workers[i].status != SEG_OK) {
                st = f->workers[i].status;
                if (err != NULL)
                    *err = f->workers[i].error;
                goto done;
            }
    }

done:
    return st;
}

/* From the rows that trees have not seen to the map of probabilities. */
static seg_status calibrate(const forest *f, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_learn *l = f->learn;
    seg_score_table table = { 0 };
    int64_t n[2] = { 0 };
    for (size_t i = 0; i < l->n_rows; i++) {
        uint32_t trees = f->unseen_trees[i];
        float share = trees == 0 ? NAN
                      : (float)((double)f->unseen_sum[i] * SEG_SCORE_UNIT / (double)trees);
        f->out->unseen[i] = share;
        if (trees == 0)
            continue;
        n[l->classes[i]]++;
        TRY(seg_score_table_add(&table, &share, &l->classes[i], 1, err));
    }
    TRY(seg_score_table_finish(&table, err));
    if (n[0] > 0 && n[1] > 0)
        TRY(seg_calibrate_fit(&table, SEG_CALIBRATION_PLATT, &f->out->calibration, err));

done:
    seg_score_table_free(&table);
    return st;
}

seg_status seg_bagging_fit(seg_learn *learn, const seg_bagging_options *options,
                           seg_bagging *out, seg_error *err)
{
    seg_status st = SEG_OK;
    bool few = learn->n_rows <= FEW_ROWS, balanced = options->class_weight != 0;
    size_t n_workers = few ? (size_t)learn->n_threads : 1;
    forest f = { .learn = learn, .out = out };
    *out = (seg_bagging){ .used = choose(learn, options) };
    f.rule = (seg_grow_rule){
        .split = { .gain = SEG_GAIN_GINI, .min_rows = out->used.min_leaf, .level_price = 1,
                   .weight = { balanced ? (double)learn->n[1] : 1,
                               balanced ? (double)learn->n[0] : 1 },
                   .monotone = learn->monotone },
        .max_depth = out->used.max_depth, .max_leaves = LEAVES_MAX, .n_try = out->used.n_try,
        .best_first = learn->n_rows / out->used.min_leaf > LEAVES_MAX,
        .seed = learn->input.ctx->seed,
    };

    TRY(SEG_ALLOC(&out->trees, out->used.n_trees, "the trees", err));
    out->n_trees = out->used.n_trees;
    TRY(SEG_ALLOC(&out->unseen, learn->n_rows, "the scores of the rows", err));
    TRY(SEG_ALLOC(&f.unseen_sum, learn->n_rows, "the scores of the rows", err));
    TRY(SEG_ALLOC(&f.unseen_trees, learn->n_rows, "the scores of the rows", err));
    TRY(SEG_ALLOC(&f.workers, n_workers, "the growing of trees", err));
    TRY(new_workers(&f, n_workers, few ? 1 : learn->n_threads, err));
    TRY(grow_all(&f, n_workers, err));
    TRY(calibrate(&f, err));

done:
    for (size_t i = 0; f.workers != NULL && i < n_workers; i++) {
        seg_grower_free(f.workers[i].grower);
        seg_free(f.workers[i].memory);
    }
    seg_free(f.workers);
    seg_free(f.unseen_sum);
    seg_free(f.unseen_trees);
    if (st != SEG_OK)
        seg_bagging_free(out);
    return st;
}

void seg_bagging_free(seg_bagging *b)
{
    seg_trees_free(&b->trees, &b->n_trees);
    seg_free(b->unseen);
    *b = (seg_bagging){ 0 };
}

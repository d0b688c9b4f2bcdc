/* bench_forest.c: scores and reasons of ensembles from raw floats, one thread: trees whose
 * thresholds lie at quantiles of the rows, 30 features of which five are categories of eight
 * levels, one value in twenty missing. */
#include "base/alloc.h"
#include "base/cpu.h"
#include "base/rng.h"
#include "bench/bench.h"
#include "kernels/forest.h"
#include "kernels/kernels.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 65536, FEATURES = 30, CATEGORIES = 5, LEVELS = 8, QUANTILES = 254 };

static uint64_t draws;

static double uniform(void)
{
    return seg_rng_f64((seg_rng){ 11, 3 }, draws++);
}

static size_t below(size_t n)
{
    return (size_t)(uniform() * (double)n);
}

/* A quantile of what the rows hold: exponential tails. */
static float value_at(double share)
{
    return (float)-log(1 - share);
}

static float *make_rows(void)
{
    float *x = bench_memory(sizeof(float) * ROWS * FEATURES);
    for (size_t i = 0; i < ROWS * FEATURES; i++)
        x[i] = uniform() < 0.05 ? NAN
               : i % FEATURES < FEATURES - CATEGORIES ? value_at(uniform())
               : (float)below(LEVELS);
    return x;
}

static void split(seg_tree *tree, size_t at)
{
    seg_tree_node *node = &tree->nodes[at];
    *node = (seg_tree_node){ .feature = (int32_t)below(FEATURES), .n = { node->n[0], 0 },
                             .left = (uint32_t)tree->n_nodes, .right = (uint32_t)tree->n_nodes + 1,
                             .missing_left = uniform() < 0.5 };
    int64_t left = 1 + (int64_t)(uniform() * (double)(node->n[0] - 2));
    for (int side = 0; side < 2; side++)
        tree->nodes[tree->n_nodes++] = (seg_tree_node){
            .feature = -1, .n = { side == 0 ? left : node->n[0] - left, 0 },
            .value = ldexp(nearbyint(0.2 * (uniform() - 0.5) * 0x1p20), -20) };
    if (node->feature < FEATURES - CATEGORIES) {
        node->threshold = value_at((double)(1 + below(QUANTILES)) / (QUANTILES + 1));
        return;
    }
    node->n_levels = LEVELS;
    node->first_side = (uint32_t)tree->n_sides;
    for (size_t l = 0; l < LEVELS; l++)
        tree->sides[tree->n_sides++] = (uint8_t)below(2);
}

/* Complete to the depth, or split at random. */
static seg_tree make_tree(size_t n_leaves, bool complete)
{
    seg_tree tree = { 0 };
    if (SEG_ALLOC(&tree.nodes, 2 * n_leaves, "a tree", NULL) != SEG_OK
        || SEG_ALLOC(&tree.sides, LEVELS * n_leaves, "a tree", NULL) != SEG_OK)
        abort();
    tree.nodes[tree.n_nodes++] = (seg_tree_node){ .feature = -1, .n = { 100000000, 0 } };
    for (size_t at = 0; tree.n_nodes + 1 < 2 * n_leaves; at++) {
        size_t leaf = complete ? at : below(tree.n_nodes);
        if (tree.nodes[leaf].feature < 0 && tree.nodes[leaf].n[0] > 3)
            split(&tree, leaf);
    }
    return tree;
}

typedef struct work {
    seg_forest_plan *plan;
    seg_forest_shap *shap;
    const float *x;
    size_t n_rows;
    double *sums;
    float *phi;
} work;

static void score(void *state)
{
    const work *w = state;
    seg_matrix x = { w->x, w->n_rows, FEATURES, FEATURES };
    if (seg_forest_score(w->plan, x, 1, w->sums, NULL) != SEG_OK)
        abort();
    bench_keep(w->sums);
}

static void explain(void *state)
{
    const work *w = state;
    seg_matrix x = { w->x, w->n_rows, FEATURES, FEATURES };
    if (seg_forest_shap_rows(w->shap, x, 1, w->phi, NULL) != SEG_OK)
        abort();
    bench_keep(w->phi);
}

static void time_one(const char *name, const char *shape, seg_isa isa, size_t n_rows,
                     void (*call)(void *), work *w)
{
    w->n_rows = n_rows;
    bench_kernel_run(&(bench_kernel){ .name = name, .shape = shape, .isa = seg_isa_name(isa),
                                      .n_threads = 1, .amount = (double)n_rows,
                                      .unit = BENCH_ROWS, .call = call, .state = w });
}

static void run(const char *shape, seg_isa isa, size_t n_trees, size_t n_leaves, bool complete,
                work *w)
{
    if (seg_kernels_at(isa) == NULL)
        return;
    seg_tree *trees = calloc(n_trees, sizeof *trees);
    if (trees == NULL)
        abort();
    for (size_t t = 0; t < n_trees; t++)
        trees[t] = make_tree(n_leaves, complete);
    if (seg_forest_plan_new(trees, n_trees, FEATURES, &w->plan, NULL) != SEG_OK
        || seg_forest_shap_new(trees, n_trees, FEATURES, &w->shap, NULL) != SEG_OK)
        abort();
    setenv("SEGMILL_ISA", seg_isa_name(isa), 1);
    size_t n_rows = isa == SEG_ISA_BASE ? ROWS / 16 : ROWS;
    time_one("forest_score", shape, isa, n_rows, score, w);
    if (n_leaves <= 64)
        time_one("forest_shap", shape, isa, n_rows / 16, explain, w);
    seg_forest_plan_free(w->plan);
    seg_forest_shap_free(w->shap);
    for (size_t t = 0; t < n_trees; t++)
        seg_tree_free(&trees[t]);
    free(trees);
}

int main(void)
{
    work w = { .x = make_rows(), .sums = bench_numbers(ROWS, 1),
               .phi = bench_memory(sizeof(float) * ROWS * FEATURES) };
    for (seg_isa isa = SEG_ISA_BASE; isa < SEG_ISA_COUNT; isa++) {
        run("one tree of depth 8", isa, 1, 256, true, &w);
        run("100 trees of depth 6", isa, 100, 64, true, &w);
        run("100 trees of 31 leaves", isa, 100, 31, false, &w);
        run("500 trees of depth 4", isa, 500, 16, true, &w);
        run("100 trees of 1000 leaves", isa, 100, 1000, false, &w);
    }
    return 0;
}

/* forest_shap_tables.c: the tables of a tree's forks, tree by tree into batches.
 *
 * A table holds what a fork gives to one feature, in units of a power of two, less its least entry.
 * Rounding is carried from feature to feature, so that what a row gets of a fork adds up to the
 * whole within half a unit. Leaves below more features than an index has bits, those of very large
 * trees and those beyond TABLE_BYTES_MAX have no table: forest_shap_climb.c has them. */
#include "kernels/forest_shap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"

static const uint64_t TABLE_BYTES_MAX = (uint64_t)64 << 20;

static bool is_leaf(const seg_tree *tree, uint32_t i)
{
    return tree->nodes[i].feature < 0;
}

/* ---- a batch ---------------------------------------------------------------------------- */

static int by_slot_and_size(const void *a, const void *b)
{
    const seg_shap_table *x = a, *y = b;
    if (x->slot != y->slot)
        return x->slot < y->slot ? -1 : 1;
    if (x->size != y->size)
        return x->size < y->size ? -1 : 1;
    return x->fork < y->fork ? -1 : x->fork > y->fork;
}

static void put_bytes(const seg_shap_builder *b, const seg_shap_table *from, seg_shap_batch *batch)
{
    size_t n = b->shap->n_limbs << (from->size + SEG_SHAP_BITS_MIN);
    memcpy(batch->tables + batch->n_bytes, b->bytes + from->at, n);
    batch->n_bytes += n;
    batch->indexes[batch->n_tables++] = from->fork * SEG_TILE_ROWS;
}

static seg_status put_run(seg_shap_builder *b, const seg_shap_table *tables, size_t n,
                          seg_error *err)
{
    seg_status st = SEG_OK;
    enum { ROOM = 257 };        /* times 255 is 2^16 - 1 */
    seg_shap_batch *batch = b->batch;
    seg_shap_run run = { .slot = tables[0].slot };
    TRY(SEG_GROW(&batch->runs, &batch->runs_cap, batch->n_runs + 1, "the tables of reasons", err));
    for (size_t i = 0; i < n; i++) {
        put_bytes(b, &tables[i], batch);
        run.n[tables[i].size]++;
    }
    run.flush = b->added[run.slot] + n > ROOM;
    b->added[run.slot] = (run.flush ? 0 : b->added[run.slot]) + (uint32_t)n;
    batch->runs[batch->n_runs++] = run;

done:
    return st;
}

/* Tables in the order in which they will be read. */
seg_status seg_shap_close_batch(seg_shap_builder *b, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t end;
    if (b->n_tables > 0) {
        qsort(b->tables, b->n_tables, sizeof *b->tables, by_slot_and_size);
        TRY(SEG_GROW(&b->batch->tables, &b->batch->tables_cap, b->n_bytes,
                     "the tables of reasons", err));
        TRY(SEG_GROW(&b->batch->indexes, &b->batch->indexes_cap, b->n_tables,
                     "the tables of reasons", err));
    }
    for (size_t first = 0; first < b->n_tables; first = end) {
        for (end = first; end < b->n_tables && b->tables[end].slot == b->tables[first].slot;)
            end++;
        TRY(put_run(b, b->tables + first, end - first, err));
    }
    b->n_tables = b->n_bytes = 0;
    b->batch = NULL;

done:
    return st;
}

static seg_status open_batch(seg_shap_builder *b, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_shap_segment *segment = b->segment;
    TRY(SEG_GROW(&segment->batches, &segment->batches_cap, segment->n_batches + 1,
                 "the tables of reasons", err));
    b->batch = &segment->batches[segment->n_batches++];
    *b->batch = (seg_shap_batch){ .sets.first_plane = seg_forest_plane_count(segment->planes) };

done:
    return st;
}

/* ---- a fork ----------------------------------------------------------------------------- */

enum { VALUES = 1 << SEG_SHAP_BITS };

/* The features of a fork and what each gets, by index. */
typedef struct fork {
    uint32_t node;
    size_t n_above;             /* features above; bit n_above of an index: goes left here */
    size_t own;                 /* the fork's own: one of them, or the next */
    size_t n_features;
    double gets[SEG_SHAP_BITS][VALUES];
} fork;

/* The leaf is on the left or right of the fork; the path is that to the fork. */
static void add_leaf(const seg_shap_climb *climb, seg_shap_path *path, fork *f, bool left)
{
    const seg_tree_node *node = &climb->tree.nodes[f->node];
    uint32_t leaf = left ? node->left : node->right;
    double share = path->share[f->own];
    if (!is_leaf(&climb->tree, leaf))
        return;
    path->share[f->own] *= climb->share[leaf];
    for (size_t index = 0; index < (size_t)2 << f->n_above; index++) {
        bool goes = (index >> f->n_above & 1) == left;
        for (size_t q = 0; q < f->n_features; q++)
            path->holds[q] = q == f->n_above || (index >> q & 1);
        path->holds[f->own] &= goes;
        seg_shap_path_give(path, climb->tree.nodes[leaf].value);
        for (size_t q = 0; q < f->n_features; q++)
            f->gets[q][index] += path->out[q];
    }
    path->share[f->own] = share;
}

static void open_fork(seg_shap_builder *b, uint32_t node, fork *f)
{
    seg_shap_path *path = &b->path;
    *f = (fork){ .node = node, .n_above = path->n_features };
    while (f->own < f->n_above && path->slot[f->own] != b->climb.slot[node])
        f->own++;
    if (f->own == f->n_above) {
        path->slot[path->n_features] = b->climb.slot[node];
        path->share[path->n_features++] = 1;
    }
    f->n_features = path->n_features;
    add_leaf(&b->climb, path, f, true);
    add_leaf(&b->climb, path, f, false);
}

static void round_fork(const seg_forest_shap *shap, fork *f)
{
    for (size_t index = 0; index < (size_t)2 << f->n_above; index++) {
        double carry = 0;
        for (size_t q = 0; q < f->n_features; q++) {
            double units = ldexp(f->gets[q][index], shap->exponent) + carry;
            f->gets[q][index] = nearbyint(units);
            carry = units - f->gets[q][index];
        }
    }
}

static seg_status put_table(seg_shap_builder *b, const fork *f, size_t q, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n = (size_t)2 << f->n_above, size = f->n_above + 1, n_limbs = b->shap->n_limbs;
    size = size < SEG_SHAP_BITS_MIN ? 0 : size - SEG_SHAP_BITS_MIN;
    size_t room = (size_t)1 << (size + SEG_SHAP_BITS_MIN), at = b->n_bytes;
    double least = f->gets[q][0];
    for (size_t i = 1; i < n; i++)
        least = fmin(least, f->gets[q][i]);
    b->shap->least[b->path.slot[q]] += least;
    b->n_bytes += room * n_limbs;
    b->shap->table_bytes += room * n_limbs;
    TRY(SEG_GROW(&b->bytes, &b->bytes_cap, b->n_bytes, "the tables of reasons", err));
    memset(b->bytes + at, 0, room * n_limbs);
    for (size_t i = 0; i < n; i++)
        for (size_t l = 0; l < n_limbs; l++)
            b->bytes[at + l * room + i] = (uint8_t)((uint64_t)(f->gets[q][i] - least) >> 8 * l);
    TRY(SEG_GROW(&b->tables, &b->tables_cap, b->n_tables + 1, "the tables of reasons", err));
    b->tables[b->n_tables++] = (seg_shap_table){ b->path.slot[q], (uint32_t)b->batch->n_forks,
                                        (uint32_t)size, (uint32_t)at };

done:
    return st;
}

static seg_shap_step step_of(uint32_t number, bool left, size_t bit)
{
    return (seg_shap_step){ (2 * number + !left) * SEG_TILE_ROWS,
                            ~(0x01010101U << bit) };
}

/* The path is that to the fork's node. */
static seg_status put_fork(seg_shap_builder *b, uint32_t node, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_shap_batch *batch = b->batch;
    const seg_shap_path *path = &b->path;
    size_t n_steps = path->n_nodes + 1;
    fork *f = NULL;
    TRY(SEG_ALLOC(&f, 1, "the tables of reasons", err));
    TRY(SEG_GROW(&batch->forks, &batch->forks_cap, batch->n_forks + 1, "the tables of reasons",
                 err));
    TRY(SEG_GROW(&batch->steps, &batch->steps_cap, batch->n_steps + n_steps,
                 "the tables of reasons", err));
    for (size_t i = 0; i < path->n_nodes; i++)
        batch->steps[batch->n_steps++] = step_of(b->number[path->node[i]], path->left[i],
                                                 path->at[i]);
    batch->steps[batch->n_steps++] = step_of(b->number[node], true, path->n_features);
    open_fork(b, node, f);
    round_fork(b->shap, f);
    for (size_t q = 0; q < f->n_features; q++) {
        TRY(put_table(b, f, q, err));
    }
    batch->forks[batch->n_forks++] = (seg_shap_fork){ (uint16_t)n_steps,
                                                      (uint16_t)(f->n_above + 1) };
    b->n_forks++;

done:
    seg_free(f);
    return st;
}

/* ---- a tree ------------------------------------------------------------------------------ */

/* The mean of a tree over the rows it learned from. */
static double mean_of(const seg_shap_climb *climb, double *reach)
{
    const seg_tree *tree = &climb->tree;
    double mean = 0;
    for (size_t i = 0; i < tree->n_nodes; i++) {
        reach[i] = i == 0 ? 1 : reach[climb->parent[i]] * climb->share[i];
        if (tree->nodes[i].feature < 0)
            mean += reach[i] * tree->nodes[i].value;
    }
    return mean;
}

static seg_status add_mean(seg_forest_shap *shap, const seg_shap_climb *climb, seg_error *err)
{
    seg_status st = SEG_OK;
    double *reach = NULL;
    TRY(SEG_ALLOC(&reach, climb->tree.n_nodes, "the mean of a tree", err));
    shap->base += mean_of(climb, reach);

done:
    seg_free(reach);
    return st;
}

static void leave_to_climbing(seg_shap_climb *climb, uint32_t node)
{
    const seg_tree_node *n = &climb->tree.nodes[node];
    if (is_leaf(&climb->tree, n->left))
        climb->leaves[climb->n_leaves++] = n->left;
    if (is_leaf(&climb->tree, n->right))
        climb->leaves[climb->n_leaves++] = n->right;
}

static bool is_fork(const seg_tree *tree, uint32_t i)
{
    return !is_leaf(tree, i) && (is_leaf(tree, tree->nodes[i].left)
                                 || is_leaf(tree, tree->nodes[i].right));
}

static bool may_have_table(const seg_shap_builder *b)
{
    size_t n_bits = b->path.n_features + 1;
    return n_bits <= SEG_SHAP_BITS
           && b->shap->table_bytes + ((uint64_t)n_bits * SEG_FOREST_LIMBS << n_bits)
              <= TABLE_BYTES_MAX;
}

static seg_status put_tests(seg_shap_builder *b, const seg_forest_planes *planes,
                            seg_shap_tree *out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_shap_batch *batch = b->batch;
    const seg_tree *tree = &b->climb.tree;
    size_t n_sets = batch->sets.n, oldest = seg_forest_oldest_set(&batch->sets, tree);
    for (uint32_t i = 0; i < tree->n_nodes; i++) {
        if (is_leaf(tree, i))
            continue;
        TRY(SEG_GROW(&batch->tests, &batch->tests_cap, batch->n_tests + 1,
                     "the tables of reasons", err));
        TRY(seg_forest_node_test(planes, tree, &tree->nodes[i], &batch->sets, oldest,
                                 &batch->tests[batch->n_tests++], err));
        b->number[i] = out->n_tests++;
    }
    out->n_sets = (uint16_t)(batch->sets.n - n_sets);

done:
    return st;
}

static seg_status put_forks(seg_shap_builder *b, const seg_forest_planes *planes, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_shap_tree out = { 0 };
    const seg_tree *tree = &b->climb.tree;
    if (b->batch == NULL || b->batch->n_forks + seg_tree_leaves(tree) > SEG_SHAP_FORKS) {
        TRY(seg_shap_close_batch(b, err));
        TRY(open_batch(b, err));
    }
    TRY(put_tests(b, planes, &out, err));
    b->n_forks = 0;
    for (uint32_t i = 0; i < tree->n_nodes; i++) {
        if (!is_fork(tree, i))
            continue;
        seg_shap_path_take(&b->climb, i, &b->path);
        if (may_have_table(b)) {
            TRY(put_fork(b, i, err));
        } else {
            leave_to_climbing(&b->climb, i);
        }
    }
    out.n_forks = (uint16_t)b->n_forks;
    TRY(SEG_GROW(&b->batch->trees, &b->batch->trees_cap, b->batch->n_trees + 1,
                 "the tables of reasons", err));
    b->batch->trees[b->batch->n_trees++] = out;

done:
    return st;
}

static seg_status keep_climb(seg_shap_builder *b, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_forest_shap *shap = b->shap;
    TRY(SEG_GROW(&shap->climbs, &shap->climbs_cap, shap->n_climbs + 1, "the paths of a tree",
                 err));
    shap->climbs[shap->n_climbs++] = b->climb;
    if (b->climb.longest > shap->longest)
        shap->longest = b->climb.longest;
    b->climb = (seg_shap_climb){ 0 };

done:
    return st;
}

seg_status seg_shap_put_tree(seg_shap_builder *b, const seg_tree *tree,
                             const seg_forest_planes *planes, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(seg_shap_climb_new(tree, b->shap->slot_of, &b->climb, err));
    TRY(add_mean(b->shap, &b->climb, err));
    TRY(SEG_ALLOC(&b->number, tree->n_nodes, "the paths of a tree", err));
    TRY(seg_shap_path_new(b->climb.longest + 1, b->shap->n_slots, &b->path, err));
    if (planes != NULL) {
        TRY(put_forks(b, planes, err));
    } else {
        for (uint32_t i = 0; i < tree->n_nodes; i++)
            if (!is_leaf(tree, i))
                leave_to_climbing(&b->climb, i);
    }
    if (b->climb.n_leaves > 0) {
        TRY(keep_climb(b, err));
    }

done:
    seg_shap_climb_free(&b->climb);
    seg_shap_path_free(&b->path);
    seg_free(b->number);
    b->number = NULL;
    return st;
}

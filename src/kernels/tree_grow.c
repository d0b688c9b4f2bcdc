/* tree_grow.c: rows are parted node by node; see tree_grow.h.
 *
 * A part of a node's rows is moved and counted by one thread, a few thousand rows at a time:
 * what goes left is packed in place, what goes right is put aside, and the records of those
 * that are to be counted are still in the cache. Every thread counts in a histogram of its
 * own; sums of integers, so their number changes nothing. */
#include "kernels/tree_grow.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/rng.h"
#include "base/try.h"

enum {
    STEP = 2048,             /* rows moved and counted at a time */
    ROWS_PER_THREAD = 8192,  /* fewer are not worth waking a thread for */
    THREADS_MAX = 256,
    NO_HISTOGRAM = -1
};

typedef struct grown {
    size_t first, n;         /* its part of the list of rows */
    seg_pair sum;
    uint32_t depth;
    int32_t histogram;       /* number in the pool */
    double least, most;
    bool open;               /* `split` is worth making */
    seg_split split;
} grown;

struct seg_grower {
    const seg_bins *bins;
    seg_records records;
    int n_threads;
    size_t size;             /* entries of a histogram */
    uint32_t *rows, *aside;
    grown *nodes;
    size_t nodes_cap, n_nodes;
    uint32_t *open;          /* nodes to be split */
    size_t open_cap, n_open;
    /* the pool */
    seg_pair **pool;
    size_t pool_size, pool_cap;
    int32_t *spare;          /* numbers of histograms that are not in use */
    size_t n_spare;
    uint8_t *use;            /* per column, for the node being looked at */
    uint32_t *drawn;
    /* of the tree being grown */
    const seg_grow_rule *rule;
    const seg_row_value *values;
};

seg_status seg_grower_new(const seg_bins *bins, const seg_records *records, uint32_t *rows,
                          uint32_t *aside, uint64_t memory, int n_threads, seg_grower **out,
                          seg_error *err)
{
    seg_status st = SEG_OK;
    seg_grower *g = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&g, 1, "the growing of a tree", err));
    g->bins = bins;
    g->records = *records;
    g->rows = rows;
    g->aside = aside;
    g->n_threads = n_threads < THREADS_MAX ? n_threads : THREADS_MAX;
    g->size = seg_histogram_size(bins->n_columns);
    g->pool_cap = memory / (g->size * sizeof(seg_pair));
    if (g->pool_cap < 4)
        g->pool_cap = 4;
    if (g->pool_cap > SEG_TREE_NODES_MAX)
        g->pool_cap = SEG_TREE_NODES_MAX;
    g->pool_cap += (size_t)g->n_threads;   /* each thread counts in one of them */
    TRY(SEG_ALLOC(&g->pool, g->pool_cap, "the histograms", err));
    TRY(SEG_ALLOC(&g->spare, g->pool_cap, "the histograms", err));
    TRY(SEG_ALLOC(&g->use, bins->n_columns, "the columns of a tree", err));
    TRY(SEG_ALLOC(&g->drawn, bins->n_columns, "the columns of a tree", err));
    *out = g;
    g = NULL;

done:
    seg_grower_free(g);
    return st;
}

void seg_grower_free(seg_grower *g)
{
    if (g == NULL)
        return;
    for (size_t i = 0; g->pool != NULL && i < g->pool_size; i++)
        seg_free(g->pool[i]);
    seg_free(g->pool);
    seg_free(g->spare);
    seg_free(g->nodes);
    seg_free(g->open);
    seg_free(g->use);
    seg_free(g->drawn);
    seg_free(g);
}

seg_grown seg_grower_node(const seg_grower *g, uint32_t node)
{
    const grown *v = &g->nodes[node];
    return (seg_grown){ g->rows + v->first, v->n, v->sum, v->least, v->most };
}

/* ---- histograms ------------------------------------------------------------------------- */

static void give_back(seg_grower *g, int32_t *histogram)
{
    if (*histogram != NO_HISTOGRAM)
        g->spare[g->n_spare++] = *histogram;
    *histogram = NO_HISTOGRAM;
}

/* The open node that gains least does without; when it is split, both children are counted. */
static void take_from_an_open_node(seg_grower *g)
{
    grown *poorest = NULL;
    for (size_t i = 0; i < g->n_open; i++) {
        grown *v = &g->nodes[g->open[i]];
        if (v->histogram != NO_HISTOGRAM
            && (poorest == NULL || v->split.gain < poorest->split.gain))
            poorest = v;
    }
    if (poorest != NULL)
        give_back(g, &poorest->histogram);
}

/* A histogram for somebody to fill. */
static seg_status lend(seg_grower *g, int32_t *histogram, seg_error *err)
{
    seg_status st = SEG_OK;
    *histogram = NO_HISTOGRAM;
    if (g->n_spare == 0 && g->pool_size == g->pool_cap)
        take_from_an_open_node(g);
    if (g->n_spare == 0) {
        TRY(SEG_ALLOC(&g->pool[g->pool_size], g->size, "the histograms", err));
        g->spare[g->n_spare++] = (int32_t)g->pool_size++;
    }
    *histogram = g->spare[--g->n_spare];

done:
    return st;
}

static int parts_for(const seg_grower *g, size_t n)
{
    size_t parts = n / ROWS_PER_THREAD;
    return parts < 1 ? 1 : parts < (size_t)g->n_threads ? (int)parts : g->n_threads;
}

/* One histogram per part, all of them zero. */
static seg_status lend_for_parts(seg_grower *g, int n_parts, int32_t *histograms,
                                 seg_error *err)
{
    seg_status st = SEG_OK;
    for (int p = 0; p < n_parts; p++)
        histograms[p] = NO_HISTOGRAM;
    for (int p = 0; p < n_parts; p++)
        TRY(lend(g, &histograms[p], err));

done:
    return st;
}

/* The first gets what all have; the others are given back. */
static void merge_parts(seg_grower *g, int n_parts, int32_t *histograms)
{
    for (int p = 1; p < n_parts; p++) {
        seg_histogram_merge(g->pool[histograms[0]], g->pool[histograms[p]], g->size);
        give_back(g, &histograms[p]);
    }
}

static seg_status count_node(seg_grower *g, grown *v, seg_error *err)
{
    seg_status st = SEG_OK;
    int n_parts = parts_for(g, v->n);
    int32_t histograms[THREADS_MAX];
    TRY(lend_for_parts(g, n_parts, histograms, err));
    #pragma omp parallel for schedule(static, 1) num_threads(n_parts) if (n_parts > 1)
    for (int p = 0; p < n_parts; p++) {
        size_t from = v->n * (size_t)p / (size_t)n_parts,
               end = v->n * (size_t)(p + 1) / (size_t)n_parts;
        memset(g->pool[histograms[p]], 0, g->size * sizeof(seg_pair));
        seg_histogram_add(&g->records, g->rows + v->first + from, end - from, g->values,
                          g->pool[histograms[p]]);
    }
    merge_parts(g, n_parts, histograms);
    v->histogram = histograms[0];

done:
    return st;
}

/* ---- parting ------------------------------------------------------------------------------ */

/* Rows of one part of a node: how many go left, right, and have no value. */
typedef struct part {
    size_t first, n, left, right, missing;
} part;

typedef struct parting {
    const uint8_t *bytes;    /* of the split's column in the records */
    uint8_t sides[SEG_HISTOGRAM_BINS];
    int counted;             /* 0: the left rows are, 1: the right ones, -1: none */
} parting;

static void move_step(const seg_grower *g, const parting *how, size_t first, size_t n, part *p)
{
    enum { AHEAD = 32 };
    const uint8_t *bytes = how->bytes, *sides = how->sides;
    const uint32_t *from = g->rows + first;
    uint32_t *left = g->rows + p->first + p->left, *right = g->aside + p->first + p->right;
    size_t l = 0, r = 0, missing = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t row = from[i];
        __builtin_prefetch(bytes + (size_t)from[i + AHEAD < n ? i + AHEAD : i] * SEG_RECORD_BYTES);
        uint8_t bin = bytes[(size_t)row * SEG_RECORD_BYTES];
        size_t goes_left = sides[bin];
        left[l] = row;       /* never beyond `from`: at most as many as were read */
        right[r] = row;
        l += goes_left;
        r += 1 - goes_left;
        missing += bin == 0;
    }
    p->left += l;
    p->right += r;
    p->missing += missing;
}

static void move_part(const seg_grower *g, const parting *how, part *p, seg_pair *histogram)
{
    if (histogram != NULL)
        memset(histogram, 0, g->size * sizeof *histogram);
    for (size_t done = 0; done < p->n; done += STEP) {
        size_t n = p->n - done < STEP ? p->n - done : STEP, left = p->left, right = p->right;
        move_step(g, how, p->first + done, n, p);
        if (how->counted == 0)
            seg_histogram_add(&g->records, g->rows + p->first + left, p->left - left, g->values,
                              histogram);
        else if (how->counted == 1)
            seg_histogram_add(&g->records, g->aside + p->first + right, p->right - right,
                              g->values, histogram);
    }
}

/* The left rows of all parts to the front, the right ones behind them. */
static size_t join_parts(seg_grower *g, const part *parts, int n_parts)
{
    size_t at = parts[0].first, n_left;
    for (int p = 0; p < n_parts; p++) {
        memmove(g->rows + at, g->rows + parts[p].first, parts[p].left * sizeof *g->rows);
        at += parts[p].left;
    }
    n_left = at - parts[0].first;
    for (int p = 0; p < n_parts; p++) {
        memcpy(g->rows + at, g->aside + parts[p].first, parts[p].right * sizeof *g->rows);
        at += parts[p].right;
    }
    return n_left;
}

/* The list of a node's rows becomes those of its children; the counted side's histogram is
 * lent to *histogram. */
static seg_status part_rows(seg_grower *g, const grown *v, int counted, size_t *n_left,
                            size_t *n_missing, int32_t *histogram, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t column = v->split.column;
    parting how = { .counted = counted };
    how.bytes = g->records.bytes
                + column / SEG_RECORD_BYTES * g->records.capacity * SEG_RECORD_BYTES
                + column % SEG_RECORD_BYTES;
    seg_split_sides(&v->split, how.sides);
    int n_parts = parts_for(g, v->n);
    int32_t histograms[THREADS_MAX];
    part parts[THREADS_MAX];
    *histogram = NO_HISTOGRAM;
    if (counted >= 0)
        TRY(lend_for_parts(g, n_parts, histograms, err));
    #pragma omp parallel for schedule(static, 1) num_threads(n_parts) if (n_parts > 1)
    for (int p = 0; p < n_parts; p++) {
        size_t from = v->n * (size_t)p / (size_t)n_parts,
               end = v->n * (size_t)(p + 1) / (size_t)n_parts;
        parts[p] = (part){ .first = v->first + from, .n = end - from };
        move_part(g, &how, &parts[p], counted >= 0 ? g->pool[histograms[p]] : NULL);
    }
    if (counted >= 0) {
        merge_parts(g, n_parts, histograms);
        *histogram = histograms[0];
    }
    *n_left = join_parts(g, parts, n_parts);
    *n_missing = 0;
    for (int p = 0; p < n_parts; p++)
        *n_missing += parts[p].missing;

done:
    return st;
}

/* ---- nodes ---------------------------------------------------------------------------------- */

/* Draw n_try of the columns that the rule leaves: the first of a shuffle. */
static const uint8_t *draw_columns(seg_grower *g, uint32_t node)
{
    const seg_grow_rule *rule = g->rule;
    size_t n = 0, n_columns = g->bins->n_columns;
    if (rule->n_try == 0)
        return rule->use;
    for (size_t c = 0; c < n_columns; c++)
        if (rule->use == NULL || rule->use[c] != 0)
            g->drawn[n++] = (uint32_t)c;
    if (rule->n_try >= n)
        return rule->use;
    memset(g->use, 0, n_columns);
    seg_rng rng = { rule->seed, rule->stream };
    for (size_t i = 0; i < rule->n_try; i++) {
        size_t j = i + seg_rng_below(rng, (uint64_t)node * n_columns + i, n - i);
        uint32_t column = g->drawn[j];
        g->drawn[j] = g->drawn[i];
        g->drawn[i] = column;
        g->use[column] = 1;
    }
    return g->use;
}

static bool may_split(const seg_grower *g, const grown *v)
{
    const seg_split_rule *rule = &g->rule->split;
    int64_t a = seg_pair_a(v->sum), b = seg_pair_b(v->sum);
    bool pure = rule->gain != SEG_GAIN_NEWTON && (a == 0 || a == b);
    return !pure && (double)v->n >= 2 * rule->min_rows && v->n >= 2
           && v->depth < g->rule->max_depth;
}

/* Its best split, if there is one; without, its histogram is of no more use. */
static seg_status look_for_split(seg_grower *g, uint32_t node, seg_error *err)
{
    grown *v = &g->nodes[node];
    v->open = false;
    if (may_split(g, v)) {
        seg_split_node at = { g->pool[v->histogram], v->sum, (double)v->n };
        seg_split_find(g->bins, &at, &g->rule->split, draw_columns(g, node),
                       v->n >= ROWS_PER_THREAD ? g->n_threads : 1, &v->split);
        v->open = v->split.gain > 0;
    }
    if (!v->open) {
        give_back(g, &v->histogram);
        return SEG_OK;
    }
    seg_status st = SEG_GROW(&g->open, &g->open_cap, g->n_open + 1, "the nodes of the tree", err);
    if (st == SEG_OK)
        g->open[g->n_open++] = node;
    return st;
}

/* The split in the tree's own words. */
static seg_status write_split(const seg_grower *g, const seg_split *split, seg_tree *tree,
                              uint32_t at, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_bins *bins = g->bins;
    size_t n_levels = bins->n_levels[split->column];
    if (n_levels > 0) {
        uint8_t sides[SEG_HISTOGRAM_BINS];
        const uint8_t *bin = bins->columns[split->column].level_bin;
        if (tree->n_sides + n_levels > UINT32_MAX)
            return seg_fail(err, SEG_E_AGAIN, "the categories of the tree's splits are more than"
                            " %u; leave out features with so many", UINT32_MAX);
        TRY(SEG_GROW(&tree->sides, &tree->sides_cap, tree->n_sides + n_levels,
                     "the categories of the tree", err));
        seg_split_sides(split, sides);
        tree->nodes[at].n_levels = (uint32_t)n_levels;
        tree->nodes[at].first_side = (uint32_t)tree->n_sides;
        for (size_t code = 0; code < n_levels; code++)   /* of unseen ones the bin is 0 */
            tree->sides[tree->n_sides++] = sides[bin[code]];
    } else if (split->cut + 1 < bins->n_bins[split->column]) {
        tree->nodes[at].threshold = bins->cuts[split->column * SEG_BIN_CUTS + split->cut - 1];
    } else {
        tree->nodes[at].threshold = FLT_MAX;
    }
    tree->nodes[at].feature = split->feature;
    tree->nodes[at].missing_left = split->missing_left;
    tree->nodes[at].gain = split->gain;
    tree->nodes[at].left = (uint32_t)tree->n_nodes;
    tree->nodes[at].right = (uint32_t)tree->n_nodes + 1;

done:
    return st;
}

/* A monotone split keeps all that is below it on its side of the middle. */
static void bound_children(const seg_grower *g, const grown *v, grown *left, grown *right)
{
    const seg_split_rule *rule = &g->rule->split;
    int monotone = rule->monotone == NULL ? 0 : rule->monotone[v->split.feature];
    left->least = right->least = v->least;
    left->most = right->most = v->most;
    if (monotone == 0)
        return;
    double l = seg_split_value(rule, seg_pair_a(left->sum), seg_pair_b(left->sum));
    double r = seg_split_value(rule, seg_pair_a(right->sum), seg_pair_b(right->sum));
    double middle = fmax(v->least, fmin(v->most, (l + r) / 2));
    *(monotone > 0 ? &left->most : &left->least) = middle;
    *(monotone > 0 ? &right->least : &right->most) = middle;
}

/* Both children get a histogram: the counted one its own, the other what is left of the
 * parent's; if the parent's was taken away, it is counted too. */
static seg_status histograms_for(seg_grower *g, grown *v, grown *counted, grown *other,
                                 int32_t histogram, seg_error *err)
{
    counted->histogram = histogram;
    if (v->histogram == NO_HISTOGRAM)
        return count_node(g, other, err);
    seg_pair *all = g->pool[v->histogram];
    seg_histogram_subtract(all, all, g->pool[histogram], g->size);
    other->histogram = v->histogram;
    v->histogram = NO_HISTOGRAM;
    return SEG_OK;
}

static seg_status split_node(seg_grower *g, uint32_t node, seg_tree *tree, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t n_left, n_missing;
    int32_t histogram;
    TRY(SEG_GROW(&tree->nodes, &tree->nodes_cap, tree->n_nodes + 2, "the nodes of the tree", err));
    TRY(SEG_GROW(&g->nodes, &g->nodes_cap, g->n_nodes + 2, "the nodes of the tree", err));
    grown *v = &g->nodes[node], *left = &g->nodes[g->n_nodes], *right = left + 1;
    TRY(write_split(g, &v->split, tree, node, err));
    *left = (grown){ .sum = v->split.left, .depth = v->depth + 1, .histogram = NO_HISTOGRAM };
    *right = (grown){ .sum = v->sum - v->split.left, .depth = v->depth + 1,
                      .histogram = NO_HISTOGRAM };
    bound_children(g, v, left, right);
    g->n_nodes += 2;
    for (int side = 0; side < 2; side++)
        tree->nodes[tree->n_nodes++] = (seg_tree_node){ .feature = -1, .threshold = NAN };

    bool deeper = v->depth + 1 < g->rule->max_depth;
    int counted = !deeper ? -1 : seg_pair_b(left->sum) <= seg_pair_b(right->sum) ? 0 : 1;
    TRY(part_rows(g, v, counted, &n_left, &n_missing, &histogram, err));
    tree->nodes[node].n_missing = (int64_t)n_missing;
    left->first = v->first;
    left->n = n_left;
    right->first = v->first + n_left;
    right->n = v->n - n_left;
    if (deeper) {
        TRY(histograms_for(g, v, counted == 0 ? left : right, counted == 0 ? right : left,
                           histogram, err));
        uint32_t first = tree->nodes[node].left;
        TRY(look_for_split(g, first, err));
        TRY(look_for_split(g, first + 1, err));
    } else {
        give_back(g, &v->histogram);
    }

done:
    return st;
}

/* The node to split next, taken out of the open ones: the last, or the one that gains most. */
static uint32_t next_node(seg_grower *g)
{
    size_t best = g->n_open - 1;
    for (size_t i = 0; g->rule->best_first && i < g->n_open; i++) {
        const grown *v = &g->nodes[g->open[i]], *b = &g->nodes[g->open[best]];
        if (v->split.gain > b->split.gain
            || (v->split.gain == b->split.gain && g->open[i] < g->open[best]))
            best = i;
    }
    uint32_t node = g->open[best];
    g->open[best] = g->open[--g->n_open];
    return node;
}

/* ---- a tree ----------------------------------------------------------------------------------- */

static seg_pair sum_of(const seg_grower *g, size_t n)
{
    int64_t a = 0, b = 0;
    #pragma omp parallel for schedule(static) num_threads(g->n_threads) reduction(+ : a, b) \
            if (n >= ROWS_PER_THREAD)
    for (size_t i = 0; i < n; i++) {
        a += seg_row_a(g->values[g->rows[i]]);
        b += (int64_t)(g->values[g->rows[i]] & 0xffff);
    }
    return (seg_pair)(((uint64_t)a << 32) + (uint64_t)b);
}

static seg_status plant(seg_grower *g, size_t n, seg_tree *tree, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(seg_tree_plant(tree, err));
    TRY(SEG_GROW(&g->nodes, &g->nodes_cap, 1, "the nodes of the tree", err));
    g->nodes[0] = (grown){ .n = n, .sum = sum_of(g, n), .histogram = NO_HISTOGRAM,
                           .least = -INFINITY, .most = INFINITY };
    g->n_nodes = 1;
    if (may_split(g, &g->nodes[0]))
        TRY(count_node(g, &g->nodes[0], err));
    TRY(look_for_split(g, 0, err));

done:
    return st;
}

seg_status seg_grow(seg_grower *g, const seg_grow_rule *rule, const seg_row_value *values,
                    size_t n, seg_tree *tree, seg_error *err)
{
    seg_status st = SEG_OK;
    g->rule = rule;
    g->values = values;
    g->n_open = g->n_nodes = 0;
    g->n_spare = 0;
    for (size_t i = 0; i < g->pool_size; i++)
        g->spare[g->n_spare++] = (int32_t)i;
    TRY(plant(g, n, tree, err));
    size_t n_leaves = 1, most = rule->best_first ? rule->max_leaves : SIZE_MAX;
    while (g->n_open > 0 && n_leaves < most && tree->n_nodes + 2 <= SEG_TREE_NODES_MAX) {
        TRY(split_node(g, next_node(g), tree, err));
        n_leaves++;
    }

done:
    return st;
}

/* ---- afterwards ----------------------------------------------------------------------------- */

static bool goes_left(const seg_split *split, uint8_t bin)
{
    if (bin == 0)
        return split->missing_left;
    return split->ordered ? bin <= split->cut : split->side[bin] != 0;
}

void seg_grower_route(const seg_grower *g, const seg_tree *tree, const uint32_t *rows, size_t n,
                      uint32_t *leaves)
{
    const seg_records *records = &g->records;
    #pragma omp parallel for schedule(static) num_threads(g->n_threads) \
            if (n >= ROWS_PER_THREAD)
    for (size_t i = 0; i < n; i++) {
        uint32_t node = 0;
        while (tree->nodes[node].feature >= 0) {
            const seg_split *split = &g->nodes[node].split;
            size_t group = split->column / SEG_RECORD_BYTES;
            uint8_t bin = records->bytes[(group * records->capacity + rows[i]) * SEG_RECORD_BYTES
                                         + split->column % SEG_RECORD_BYTES];
            node = goes_left(split, bin) ? tree->nodes[node].left : tree->nodes[node].right;
        }
        leaves[i] = node;
    }
}

void seg_grower_put_counts(const seg_grower *g, seg_tree *tree)
{
    for (size_t i = 0; i < tree->n_nodes; i++) {
        int64_t a = seg_pair_a(g->nodes[i].sum), b = seg_pair_b(g->nodes[i].sum);
        tree->nodes[i].n[0] = b - a;
        tree->nodes[i].n[1] = a;
    }
}

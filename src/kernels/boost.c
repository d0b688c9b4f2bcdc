/* boost.c: tree after tree on the gradients of what the trees before have left. */
#include "kernels/boost.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/real.h"
#include "base/rng.h"
#include "base/try.h"
#include "kernels/kernels.h"
#include "segmill/context.h"

enum {
    FRACTION_BITS_MAX = 14,    /* of a gradient, which is below 1 in size */
    HESSIAN_BITS = 2,          /* more than a gradient's: it is at most 1/4 */
    CHUNK = 16 * SEG_CHUNK_ROWS
};
static const double largest_leaf = 8;   /* log-odds; a step is never longer */

struct seg_boost {
    seg_boost_data data;
    seg_boost_rule rule;
    seg_grower *grower;
    double base;
    int32_t *scores;           /* by row number */
    uint32_t n_trees;
    int fraction_bits;
    uint8_t *use;              /* columns of the tree being grown; n_use of them */
    uint32_t *left_out;        /* rows that are not in the tree being grown */
    size_t n_left_out;
    uint32_t *leaves;          /* of these */
};

/* ---- begin ------------------------------------------------------------------------------ */

static int32_t in_units(double score)
{
    return (int32_t)lrint(score / SEG_SCORE_UNIT);
}

static void set_base(seg_boost *b)
{
    const seg_boost_data *d = &b->data;
    size_t positives = 0;
    for (size_t i = 0; i < d->n_learned; i++)
        positives += d->classes[d->learned[i]];
    double p = ((double)positives + 0.5) / ((double)d->n_learned + 1);
    int32_t base = in_units(seg_log(p / (1 - p)));
    b->base = base * SEG_SCORE_UNIT;
    for (size_t i = 0; i < d->n_rows; i++)
        b->scores[i] = base;
}

/* The sum over all rows must fit 31 bits. */
static int fraction_bits(size_t n)
{
    int bits = 30;
    while (n > (size_t)1 << (30 - bits) && bits > 0)
        bits--;
    return bits < FRACTION_BITS_MAX ? bits : FRACTION_BITS_MAX;
}

seg_status seg_boost_new(const seg_boost_data *data, const seg_boost_rule *rule, seg_boost **out,
                         seg_error *err)
{
    seg_status st = SEG_OK;
    seg_boost *b = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&b, 1, "the boosting", err));
    b->data = *data;
    b->rule = *rule;
    b->fraction_bits = fraction_bits(data->n_learned);
    TRY(SEG_ALLOC(&b->scores, data->n_rows, "the scores of the rows", err));
    TRY(SEG_ALLOC(&b->use, data->bins->n_columns, "the columns of a tree", err));
    size_t apart = data->n_judged;
    if (rule->row_share < 1)
        apart += data->n_learned;
    TRY(SEG_ALLOC(&b->left_out, apart, "the rows left out", err));
    TRY(SEG_ALLOC(&b->leaves, apart, "the rows left out", err));
    TRY(seg_grower_new(data->bins, &data->records, data->rows, data->aside, data->memory,
                       data->n_threads, &b->grower, err));
    set_base(b);
    *out = b;
    b = NULL;

done:
    seg_boost_free(b);
    return st;
}

void seg_boost_free(seg_boost *b)
{
    if (b == NULL)
        return;
    seg_grower_free(b->grower);
    seg_free(b->scores);
    seg_free(b->use);
    seg_free(b->left_out);
    seg_free(b->leaves);
    seg_free(b);
}

double seg_boost_base(const seg_boost *b) { return b->base; }
const int32_t *seg_boost_scores(const seg_boost *b) { return b->scores; }

/* ---- a tree ------------------------------------------------------------------------------ */

static seg_rng draws(const seg_boost *b, uint64_t purpose)
{
    return (seg_rng){ b->rule.seed, (b->rule.stream << 32) + (purpose << 24) + b->n_trees };
}

static void find_gradients(seg_boost *b)
{
    const seg_boost_data *d = &b->data;
    const seg_kernels *kernels = seg_kernels_get();
    uint64_t key = seg_rng_u64(draws(b, 1), 0);
    seg_gradient_plan plan = {
        .score_unit = (float)SEG_SCORE_UNIT, .gradient_scale = (float)(1 << b->fraction_bits),
        .hessian_scale = (float)(1 << (b->fraction_bits + HESSIAN_BITS)),
        .key = { (uint32_t)key, (uint32_t)(key >> 32) },
    };
    #pragma omp parallel for schedule(static) num_threads(d->n_threads) if (d->n_rows > CHUNK)
    for (size_t first = 0; first < d->n_rows; first += CHUNK) {
        size_t n = d->n_rows - first < CHUNK ? d->n_rows - first : CHUNK;
        kernels->boost_gradients(&plan, b->scores + first, d->classes + first, (uint32_t)first, n,
                                 d->values + first);
    }
}

/* The columns of this tree: the first of a shuffle. */
static const uint8_t *draw_columns(seg_boost *b)
{
    size_t n = b->data.bins->n_columns, wanted = (size_t)ceil(b->rule.column_share * (double)n);
    if (wanted >= n)
        return NULL;
    seg_rng rng = draws(b, 2);
    memset(b->use, 0, n);
    for (size_t c = 0, left = wanted; c < n && left > 0; c++)
        if (seg_rng_below(rng, c, n - c) < left) {   /* each subset is as likely */
            b->use[c] = 1;
            left--;
        }
    return b->use;
}

/* Into the room for rows those of the tree; the others, and those that are judged, are left
 * out. Returns how many there are. */
static size_t draw_rows(seg_boost *b)
{
    const seg_boost_data *d = &b->data;
    size_t n = 0;
    b->n_left_out = d->n_judged;
    if (d->n_judged > 0)
        memcpy(b->left_out, d->judged, d->n_judged * sizeof *d->judged);
    if (b->rule.row_share >= 1) {
        memcpy(d->rows, d->learned, d->n_learned * sizeof *d->rows);
        return d->n_learned;
    }
    uint64_t key = seg_rng_u64(draws(b, 3), 0),
             limit = (uint64_t)(b->rule.row_share * 4294967296.0);
    for (size_t i = 0; i < d->n_learned; i++) {
        uint32_t row = d->learned[i];
        if (seg_rng_row(key, row) < limit)
            d->rows[n++] = row;
        else
            b->left_out[b->n_left_out++] = row;
    }
    return n;
}

static void set_value(const seg_boost *b, seg_tree_node *node, const seg_split_rule *rule,
                      const seg_grown *grown)
{
    double step = seg_split_value(rule, seg_pair_a(grown->sum), seg_pair_b(grown->sum));
    step = b->rule.rate * fmax(grown->least, fmin(grown->most, step));
    node->value = in_units(fmax(-largest_leaf, fmin(largest_leaf, step))) * SEG_SCORE_UNIT;
}

/* The rows of a leaf get its value; how many are of each class goes up the tree. */
static void move_leaf(seg_boost *b, seg_tree_node *node, const seg_grown *grown)
{
    int32_t value = in_units(node->value);
    int64_t positives = 0;
    for (size_t i = 0; i < grown->n_rows; i++) {
        uint32_t row = grown->rows[i];
        b->scores[row] += value;
        positives += b->data.classes[row];
    }
    node->n[1] = positives;
    node->n[0] = (int64_t)grown->n_rows - positives;
}

static void move_scores(seg_boost *b, const seg_split_rule *rule, seg_tree *tree)
{
    const seg_boost_data *d = &b->data;
    #pragma omp parallel for schedule(dynamic, 1) num_threads(d->n_threads) \
            if (d->n_learned > CHUNK)
    for (size_t v = 0; v < tree->n_nodes; v++) {
        seg_grown grown = seg_grower_node(b->grower, (uint32_t)v);
        set_value(b, &tree->nodes[v], rule, &grown);
        if (tree->nodes[v].feature < 0)
            move_leaf(b, &tree->nodes[v], &grown);
    }
    for (size_t v = tree->n_nodes; v-- > 0; ) {
        seg_tree_node *node = &tree->nodes[v];
        for (int c = 0; c < 2 && node->feature >= 0; c++)
            node->n[c] = tree->nodes[node->left].n[c] + tree->nodes[node->right].n[c];
    }
    seg_grower_route(b->grower, tree, b->left_out, b->n_left_out, b->leaves);
    #pragma omp parallel for schedule(static) num_threads(d->n_threads) \
            if (b->n_left_out > CHUNK)
    for (size_t i = 0; i < b->n_left_out; i++)
        b->scores[b->left_out[i]] += in_units(tree->nodes[b->leaves[i]].value);
}

seg_status seg_boost_tree(seg_boost *b, seg_tree *tree, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_boost_rule *r = &b->rule;
    seg_grow_rule rule = {
        .split = {
            .gain = SEG_GAIN_NEWTON, .min_rows = r->min_rows, .lambda = r->lambda,
            .unit_a = 1.0 / (1 << b->fraction_bits),
            .unit_b = 1.0 / (1 << (b->fraction_bits + HESSIAN_BITS)),
            .level_lambda = r->level_lambda, .level_price = r->level_price,
            .monotone = r->monotone,
        },
        .max_depth = r->max_depth, .max_leaves = r->max_leaves,
        .best_first = r->max_depth > 30 || r->max_leaves < (uint32_t)1 << r->max_depth,
        .use = draw_columns(b),
    };
    find_gradients(b);
    size_t n = draw_rows(b);
    TRY(seg_grow(b->grower, &rule, b->data.values, n, tree, err));
    move_scores(b, &rule.split, tree);
    b->n_trees++;

done:
    return st;
}

/* ---- loss ---------------------------------------------------------------------------------- */

static double loss_of(int32_t score, uint8_t class)
{
    double s = score * SEG_SCORE_UNIT, m = class != 0 ? s : -s;
    return m > 0 ? seg_log1p(seg_exp(-m)) : seg_log1p(seg_exp(m)) - m;
}

double seg_boost_loss(const seg_boost *b, const uint32_t *rows, size_t n)
{
    enum { LANES = 32 };
    double lane[LANES] = { 0 }, sum = 0;
    #pragma omp parallel for schedule(static) num_threads(b->data.n_threads) if (n > CHUNK)
    for (size_t k = 0; k < LANES; k++)
        for (size_t first = k * SEG_CHUNK_ROWS; first < n; first += LANES * SEG_CHUNK_ROWS) {
            size_t end = first + SEG_CHUNK_ROWS < n ? first + SEG_CHUNK_ROWS : n;
            for (size_t i = first; i < end; i++)
                lane[k] += loss_of(b->scores[rows[i]], b->data.classes[rows[i]]);
        }
    for (size_t k = 0; k < LANES; k++)
        sum += lane[k];
    return n > 0 ? sum / (double)n : 0;
}

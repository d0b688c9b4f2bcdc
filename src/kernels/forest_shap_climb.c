/* forest_shap_climb.c: leaves without a table, 64 rows at a time by quadrature.
 *
 * The weight s! (u - 1 - s)! / u! is the integral of t^s (1 - t)^(u - 1 - s) over 0 .. 1, so that
 * feature q gets value (o_q - z_q) times the integral of the product over the other features of
 * (1 - t) z + t o, where o is 1 if the feature holds, else 0. That is a polynomial of degree u - 1:
 * u / 2 points of Gauss and Legendre give it exactly. All factors are positive, and the products of
 * all but one come from those of the features before and behind it. */
#include "kernels/forest_shap.h"

#include <string.h>

#include "base/alloc.h"
#include "base/try.h"

enum { ROWS = SEG_TILE_ROWS };

/* ---- points --------------------------------------------------------------------------- */

/* P_n(x) and, in *slope, (1 - x^2) P_n'(x). */
static double legendre(size_t n, double x, double *slope)
{
    double before = 1, p = x;
    for (size_t k = 1; k < n; k++) {
        double next = ((double)(2 * k + 1) * x * p - (double)k * before) / (double)(k + 1);
        before = p;
        p = next;
    }
    *slope = (double)n * (before - x * p);
    return p;
}

/* Between low and high, where P_n changes its sign. */
static double root_between(size_t n, double low, double high)
{
    double slope, at_low = legendre(n, low, &slope);
    for (int halving = 0; halving < 64; halving++) {
        double middle = low + (high - low) / 2;
        if ((legendre(n, middle, &slope) < 0) == (at_low < 0))
            low = middle;
        else
            high = middle;
    }
    return low + (high - low) / 2;
}

/* Between two roots of P_(n-1) lies one of P_n. */
void seg_shap_points_fill(seg_shap_points points[SEG_SHAP_POINTS + 1])
{
    double root[SEG_SHAP_POINTS + 2] = { -1, 1 };
    for (size_t n = 1; n <= SEG_SHAP_POINTS; n++) {
        double next[SEG_SHAP_POINTS + 2] = { -1 };
        next[n + 1] = 1;
        for (size_t i = 0; i < n; i++) {
            double slope, x = root_between(n, root[i], root[i + 1]);
            legendre(n, x, &slope);
            next[i + 1] = x;
            points[n].at[i] = (1 + x) / 2;
            points[n].weight[i] = (1 - x * x) / (slope * slope);
        }
        memcpy(root, next, sizeof root);
    }
}

/* ---- memory --------------------------------------------------------------------------- */

seg_status seg_shap_climber_new(const seg_forest_shap *shap, seg_shap_climber *out, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t most = shap->longest < SEG_SHAP_FEATURES ? shap->longest : SEG_SHAP_FEATURES;
    size_t most_nodes = 0;
    *out = (seg_shap_climber){ 0 };
    for (size_t c = 0; c < shap->n_climbs; c++)
        if (shap->climbs[c].tree.n_nodes > most_nodes)
            most_nodes = shap->climbs[c].tree.n_nodes;
    TRY(seg_shap_path_new(shap->longest + 1, shap->n_slots, &out->path, err));
    TRY(SEG_ALLOC(&out->left, most_nodes * ROWS, "the paths of rows", err));
    TRY(SEG_ALLOC(&out->holds, most * ROWS, "the paths of rows", err));
    TRY(SEG_ALLOC(&out->factor, most * ROWS, "the paths of rows", err));
    TRY(SEG_ALLOC(&out->before, most * ROWS, "the paths of rows", err));
    TRY(SEG_ALLOC(&out->sum, most * ROWS, "the paths of rows", err));

done:
    return st;
}

void seg_shap_climber_free(seg_shap_climber *climber)
{
    seg_shap_path_free(&climber->path);
    seg_free(climber->left);
    seg_free(climber->holds);
    seg_free(climber->factor);
    seg_free(climber->before);
    seg_free(climber->sum);
    *climber = (seg_shap_climber){ 0 };
}

/* ---- rows ------------------------------------------------------------------------------ */

static void fill_left(const seg_tree *tree, const float *x, size_t stride, size_t n, uint8_t *left)
{
    for (size_t k = 0; k < tree->n_nodes; k++) {
        const seg_tree_node *node = &tree->nodes[k];
        for (size_t i = 0; i < n && node->feature >= 0; i++)
            left[k * ROWS + i] = seg_tree_goes_left(tree, node, x[i * stride
                                                                  + (size_t)node->feature]);
    }
}

static void fill_holds(const seg_shap_path *path, const uint8_t *left, uint8_t *holds)
{
    memset(holds, 1, path->n_features * ROWS);
    for (size_t k = 0; k < path->n_nodes; k++) {
        const uint8_t *went = left + (size_t)path->node[k] * ROWS;
        uint8_t *h = holds + (size_t)path->at[k] * ROWS, other = !path->left[k];
        for (size_t i = 0; i < ROWS; i++)
            h[i] &= went[i] ^ other;
    }
}

/* Adds the weighted products of all factors but one at the point t. */
static void add_point(const seg_shap_climber *c, double t, double weight)
{
    size_t u = c->path.n_features;
    double product[ROWS];
    for (size_t i = 0; i < ROWS; i++)
        product[i] = weight;
    for (size_t q = 0; q < u; q++) {
        double *factor = c->factor + q * ROWS, *before = c->before + q * ROWS;
        double z = (1 - t) * c->path.share[q];
        for (size_t i = 0; i < ROWS; i++) {
            factor[i] = z + t * (double)c->holds[q * ROWS + i];
            before[i] = product[i];
            product[i] *= factor[i];
        }
    }
    for (size_t i = 0; i < ROWS; i++)
        product[i] = 1;
    for (size_t q = u; q-- > 0;)
        for (size_t i = 0; i < ROWS; i++) {
            c->sum[q * ROWS + i] += c->before[q * ROWS + i] * product[i];
            product[i] *= c->factor[q * ROWS + i];
        }
}

static double whole(double x)
{
    return x + 0x1.8p52 - 0x1.8p52;   /* of sizes below 2^51 */
}

static void climb_tile(const seg_forest_shap *shap, double value, const seg_shap_climber *c,
                       double scale, double *units)
{
    size_t u = c->path.n_features, n = (u + 1) / 2;
    fill_holds(&c->path, c->left, c->holds);
    memset(c->sum, 0, u * ROWS * sizeof *c->sum);
    for (size_t k = 0; k < n; k++)
        add_point(c, shap->points[n].at[k], value * scale * shap->points[n].weight[k]);
    for (size_t q = 0; q < u; q++) {
        double *to = units + (size_t)c->path.slot[q] * ROWS;
        for (size_t i = 0; i < ROWS; i++)
            to[i] += whole(c->sum[q * ROWS + i]
                           * ((double)c->holds[q * ROWS + i] - c->path.share[q]));
    }
}

/* Row by row, of paths with more features than there are points for. */
static void climb_rows(double value, seg_shap_climber *c, double scale, size_t n, double *units)
{
    seg_shap_path *path = &c->path;
    for (size_t i = 0; i < n; i++) {
        memset(path->holds, 1, path->n_features * sizeof *path->holds);
        for (size_t k = 0; k < path->n_nodes; k++)
            path->holds[path->at[k]] &= c->left[(size_t)path->node[k] * ROWS + i]
                                        == path->left[k];
        seg_shap_path_give(path, value);
        for (size_t q = 0; q < path->n_features; q++)
            units[(size_t)path->slot[q] * ROWS + i] += whole(path->out[q] * scale);
    }
}

void seg_shap_climb_rows(const seg_forest_shap *shap, const seg_shap_climb *climb, const float *x,
                         size_t stride, size_t n, double scale, seg_shap_climber *c,
                         double *units)
{
    fill_left(&climb->tree, x, stride, n, c->left);
    for (size_t l = 0; l < climb->n_leaves; l++) {
        double value = climb->tree.nodes[climb->leaves[l]].value;
        seg_shap_path_take(climb, climb->leaves[l], &c->path);
        if (c->path.n_features <= SEG_SHAP_FEATURES)
            climb_tile(shap, value, c, scale, units);
        else
            climb_rows(value, c, scale, n, units);
    }
}

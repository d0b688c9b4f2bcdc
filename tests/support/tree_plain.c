/* tree_plain.c: plain loops, doubles, nothing kept from one split to the next. */
#include "tests/support/tree_plain.h"

#include <float.h>
#include <math.h>

static double side_score(double a, double b, const seg_split_rule *rule)
{
    if (rule->gain == SEG_GAIN_NEWTON) {
        double g = a * rule->unit_a, h = b * rule->unit_b;
        return h > 0 ? g * g / h : 0;
    }
    double n0 = (b - a) * rule->weight[0], n1 = a * rule->weight[1];
    return n0 + n1 > 0 ? -n0 * n1 / (n0 + n1) : 0;
}

double plain_gain(const plain_rows *rows, const uint32_t *list, size_t n, const bool *left,
                  const seg_split_rule *rule)
{
    double a[2] = { 0 }, b[2] = { 0 }, count[2] = { 0 };
    for (size_t i = 0; i < n; i++) {
        a[left[i]] += rows->a[list[i]];
        b[left[i]] += rows->b[list[i]];
        count[left[i]]++;
    }
    for (size_t side = 0; side < 2; side++)
        if (count[side] == 0 || count[side] < rule->min_rows)
            return 0;
    return side_score(a[0], b[0], rule) + side_score(a[1], b[1], rule)
           - side_score(a[0] + a[1], b[0] + b[1], rule);
}

static double best_of_number(const plain_rows *rows, const uint32_t *list, size_t n, size_t f,
                             const seg_split_rule *rule)
{
    double best = 0;
    bool left[PLAIN_ROWS_MAX];
    for (size_t t = 0; t <= n; t++) {
        float threshold = t < n ? rows->x[list[t] * rows->stride + f] : FLT_MAX;
        for (int missing_left = 0; !isnan(threshold) && missing_left < 2; missing_left++) {
            for (size_t i = 0; i < n; i++) {
                float x = rows->x[list[i] * rows->stride + f];
                left[i] = isnan(x) ? missing_left == 1 : x <= threshold;
            }
            best = fmax(best, plain_gain(rows, list, n, left, rule));
        }
    }
    return best;
}

static double best_of_category(const plain_rows *rows, const uint32_t *list, size_t n, size_t f,
                               const seg_split_rule *rule)
{
    double best = 0;
    bool left[PLAIN_ROWS_MAX];
    for (uint32_t set = 0; set < 1u << (rows->n_levels[f] + 1); set++) {
        for (size_t i = 0; i < n; i++) {
            float x = rows->x[list[i] * rows->stride + f];
            left[i] = set >> (isnan(x) ? rows->n_levels[f] : (uint32_t)x) & 1;
        }
        best = fmax(best, plain_gain(rows, list, n, left, rule));
    }
    return best;
}

double plain_best_gain(const plain_rows *rows, const uint32_t *list, size_t n,
                       const seg_split_rule *rule)
{
    double best = 0;
    for (size_t f = 0; f < rows->d; f++)
        best = fmax(best, rows->n_levels[f] > 0 ? best_of_category(rows, list, n, f, rule)
                                                : best_of_number(rows, list, n, f, rule));
    return best;
}

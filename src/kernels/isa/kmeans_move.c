/* kmeans_move.c: rows change their cluster: fixed-point values are added to one sum and
 * taken from another. Scaling is float64 in one order, rounding is to the nearest, and
 * the rest is integers: the same bits at every level. */
#include "base/isa_name.h"
#include "base/real.h"
#include "kernels/kernels.h"

#include <math.h>
#include <string.h>

enum { PART = 64 };   /* features at a time */

/* Codes become 1 where they are the level, else 0; missing ones stay missing. */
static inline void find_levels(const float *level, size_t n, double *z)
{
    for (size_t f = 0; f < n; f++) {
        double l = (double)level[f], hit = z[f] == l ? 1 : 0;
        z[f] = l != l || z[f] != z[f] ? z[f] : hit;
    }
}

/* x through log1p if asked, scaled, a missing one as 0. */
static inline void scale_part(const seg_move_plan *plan, const float *x, size_t first, size_t n,
                              double *z)
{
    const double *shift = plan->shift + first, *inverse = plan->inverse + first;
    if (plan->columns == NULL)
        for (size_t f = 0; f < n; f++)
            z[f] = (double)x[first + f];
    else
        for (size_t f = 0; f < n; f++)
            z[f] = (double)x[plan->columns[first + f]];
    if (plan->level != NULL)
        find_levels(plan->level + first, n, z);
    for (size_t f = 0; f < n && plan->log1p; f++)
        if (plan->level == NULL || isnan(plan->level[first + f]))
            z[f] = z[f] < -1 ? -(double)INFINITY : seg_log1p(z[f]);
    for (size_t f = 0; f < n; f++) {
        double v = (z[f] - shift[f]) * inverse[f];
        z[f] = v == v ? v : 0;
    }
}

/* |z * quantum| < 2^51: adding 1.5 * 2^52 leaves the rounded number in the low bits. */
static inline void round_part(const double *z, const double *quantum, size_t n, int64_t *units)
{
    const double magic = 0x1.8p52;
    int64_t zero;
    memcpy(&zero, &magic, sizeof zero);
    for (size_t f = 0; f < n; f++) {
        double v = z[f] * quantum[f] + magic;
        int64_t bits;
        memcpy(&bits, &v, sizeof bits);
        units[f] = bits - zero;
    }
}

static void move_row(const seg_move_plan *plan, const float *x, int64_t weight, int64_t *from,
                     int64_t *to)
{
    double factor = plan->fold ? (double)weight : 1;
    int64_t times = plan->fold ? 1 : weight;
    double z[PART];
    int64_t units[PART];
    for (size_t first = 0; first < plan->d; first += PART) {
        size_t n = plan->d - first < PART ? plan->d - first : PART;
        scale_part(plan, x, first, n, z);
        for (size_t f = 0; f < n && plan->fold; f++)
            z[f] *= factor;
        round_part(z, plan->quantum + first, n, units);
        for (size_t f = 0; f < n && times != 1; f++)
            units[f] *= times;
        for (size_t f = 0; f < n; f++)
            to[first + f] += units[f];
        for (size_t f = 0; f < n && from != NULL; f++)
            from[first + f] -= units[f];
    }
}

void ISA_NAME(seg_kmeans_move)(const seg_move_plan *plan, const seg_move *moves, size_t n,
                               int64_t *sum, int64_t *count)
{
    for (size_t i = 0; i < n; i++) {
        const seg_move *m = &moves[i];
        size_t to = (size_t)m->to * plan->d;
        int64_t weight = plan->weight == NULL ? 1 : (int64_t)plan->weight[m->row];
        int64_t *from = m->from < 0 ? NULL : sum + (size_t)m->from * plan->d;
        move_row(plan, plan->x + m->row * plan->stride, weight, from, sum + to);
        count[m->to] += weight;
        if (m->from >= 0)
            count[m->from] -= weight;
    }
}

void ISA_NAME(seg_kmeans_scale_row)(const seg_move_plan *plan, const float *x, double *z)
{
    for (size_t first = 0; first < plan->d; first += PART) {
        size_t n = plan->d - first < PART ? plan->d - first : PART;
        scale_part(plan, x, first, n, z + first);
    }
}

/* hungarian.c: the assignment problem by shortest augmenting paths.
 *
 * Method: rows enter one by one; each finds the cheapest way to a free column over reduced
 * costs (R. Jonker and A. Volgenant, Computing 38, 1987; without their starting heuristics,
 * which save time and not steps of the order N^3). Costs are whole numbers, so the duals are
 * exact, and exactly the edges of reduced cost 0 occur in best pairings: of these the
 * smallest in lexicographic order is found by trying for each row the lower columns, and
 * asking whether the others can still be served.
 *
 * Rows or columns that lack a partner are paired with extra ones of cost 0, so that the
 * table is square. */
#include "kernels/hungarian.h"

#include <stdbool.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"

typedef struct pairing {
    const seg_wide *cost;
    size_t n_rows, n_cols, n;    /* n: of the square */
    seg_wide *u, *v;             /* duals: cost - u - v >= 0, and 0 where paired */
    uint32_t *column_of, *row_of;   /* NONE: not yet */
    /* while looking for a path */
    seg_wide *least;             /* per column */
    uint32_t *from;              /* per column: the column before it on the way, or NONE */
    uint32_t *queue;
    bool *seen;
} pairing;

static seg_wide cost_at(const pairing *p, size_t r, size_t c)
{
    return r < p->n_rows && c < p->n_cols ? p->cost[r * p->n_cols + c] : 0;
}

static seg_wide slack(const pairing *p, size_t r, size_t c)
{
    return cost_at(p, r, c) - p->u[r] - p->v[c];
}

/* Give each column on the way the row of the one before; the first gets `row`. */
static void turn_over(pairing *p, uint32_t column, uint32_t row)
{
    while (column != SEG_HUNGARIAN_NONE) {
        uint32_t before = p->from[column];
        uint32_t owner = before == SEG_HUNGARIAN_NONE ? row : p->row_of[before];
        p->row_of[column] = owner;
        p->column_of[owner] = column;
        column = before;
    }
}

/* ---- least cost ------------------------------------------------------------------------- */

/* The row's reduced costs, if a way over it is cheaper than those known. */
static void look_from(pairing *p, uint32_t row, uint32_t column)
{
    for (size_t c = 0; c < p->n; c++) {
        seg_wide reduced = slack(p, row, c);
        if (!p->seen[c] && (p->least[c] < 0 || reduced < p->least[c])) {
            p->least[c] = reduced;
            p->from[c] = column;
        }
    }
}

static uint32_t nearest(const pairing *p)
{
    uint32_t best = SEG_HUNGARIAN_NONE;
    for (uint32_t c = 0; c < p->n; c++)
        if (!p->seen[c] && (best == SEG_HUNGARIAN_NONE || p->least[c] < p->least[best]))
            best = c;
    return best;
}

/* Every row on the way pays `step` more, so that the nearest column costs nothing. */
static void raise(pairing *p, uint32_t row, seg_wide step)
{
    p->u[row] += step;
    for (size_t c = 0; c < p->n; c++) {
        if (p->seen[c]) {
            p->u[p->row_of[c]] += step;
            p->v[c] -= step;
        } else {
            p->least[c] -= step;
        }
    }
}

static void enter(pairing *p, uint32_t row)
{
    uint32_t last_row = row, column = SEG_HUNGARIAN_NONE;
    memset(p->seen, 0, p->n * sizeof *p->seen);
    for (size_t c = 0; c < p->n; c++)
        p->least[c] = -1;   /* no way yet: reduced costs are never below 0 */
    p->u[row] = slack(p, row, 0);
    for (size_t c = 1; c < p->n; c++) {
        seg_wide reduced = slack(p, row, c);
        p->u[row] = reduced < 0 ? p->u[row] + reduced : p->u[row];
    }
    do {
        look_from(p, last_row, column);
        column = nearest(p);
        raise(p, row, p->least[column]);
        p->seen[column] = true;
        last_row = p->row_of[column];
    } while (last_row != SEG_HUNGARIAN_NONE);
    turn_over(p, column, row);
}

/* ---- of equal ones, the lowest ------------------------------------------------------------ */

/* Can the owner of `taken` be served once `row` has that column, with `freed` now free, and
 * rows before `row` as they are? If so, it is done. */
static bool try_lower(pairing *p, uint32_t row, uint32_t taken)
{
    uint32_t freed = p->column_of[row], owner = p->row_of[taken];
    size_t head = 0, tail = 0;
    if (owner < row)
        return false;
    memset(p->seen, 0, p->n * sizeof *p->seen);
    p->seen[taken] = true;
    p->from[taken] = SEG_HUNGARIAN_NONE;
    p->queue[tail++] = taken;
    while (head < tail) {
        uint32_t column = p->queue[head++], of = p->row_of[column];
        for (uint32_t c = 0; c < p->n; c++) {
            if (p->seen[c] || slack(p, of, c) != 0 || p->row_of[c] < row)
                continue;
            p->seen[c] = true;
            p->from[c] = column;
            if (c == freed) {
                turn_over(p, c, row);
                return true;
            }
            p->queue[tail++] = c;
        }
    }
    return false;
}

static void prefer_low_columns(pairing *p)
{
    for (uint32_t r = 0; r < p->n_rows; r++)
        for (uint32_t c = 0; c < p->column_of[r]; c++)
            if (slack(p, r, c) == 0 && try_lower(p, r, c))
                break;
}

/* -------------------------------------------------------------------------------------------- */

static seg_status allocate(pairing *p, seg_error *err)
{
    static const char what[] = "the matching of segments";
    seg_status st = SEG_OK;
    TRY(SEG_ALLOC(&p->u, p->n, what, err));
    TRY(SEG_ALLOC(&p->v, p->n, what, err));
    TRY(SEG_ALLOC(&p->column_of, p->n, what, err));
    TRY(SEG_ALLOC(&p->row_of, p->n, what, err));
    TRY(SEG_ALLOC(&p->least, p->n, what, err));
    TRY(SEG_ALLOC(&p->from, p->n, what, err));
    TRY(SEG_ALLOC(&p->queue, p->n, what, err));
    TRY(SEG_ALLOC(&p->seen, p->n, what, err));
    memset(p->row_of, 0xff, p->n * sizeof *p->row_of);
done:
    return st;
}

static void release(pairing *p)
{
    seg_free(p->u);
    seg_free(p->v);
    seg_free(p->column_of);
    seg_free(p->row_of);
    seg_free(p->least);
    seg_free(p->from);
    seg_free(p->queue);
    seg_free(p->seen);
}

seg_status seg_hungarian(const seg_wide *cost, size_t n_rows, size_t n_cols,
                         uint32_t *column_of, seg_error *err)
{
    seg_status st = SEG_OK;
    pairing p = { .cost = cost, .n_rows = n_rows, .n_cols = n_cols,
                  .n = n_rows > n_cols ? n_rows : n_cols };
    TRY(allocate(&p, err));
    for (uint32_t r = 0; r < p.n; r++)
        enter(&p, r);
    prefer_low_columns(&p);
    for (size_t r = 0; r < n_rows; r++)
        column_of[r] = p.column_of[r] < n_cols ? p.column_of[r] : (uint32_t)SEG_HUNGARIAN_NONE;
done:
    release(&p);
    return st;
}

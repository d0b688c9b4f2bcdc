/* returns.c: refunds and the purchases they may take from, sorted by customer, item and
 * time; then one walk with a stack, last bought first returned. Lines that are equal in all
 * fields are interchangeable, so the sort's order among them does not matter. */
#include "kernels/returns.h"

#include <stdlib.h>
#include "base/alloc.h"
#include "base/try.h"

typedef struct lines {
    seg_returns_line *line;
    size_t n, cap;
} lines;

struct seg_returns {
    lines refunds, purchases;
};

static int compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_pairs(const seg_returns_line *a, const seg_returns_line *b)
{
    int order = compare(a->customer, b->customer);
    return order != 0 ? order : compare(a->item, b->item);
}

static int compare_lines(const void *a_, const void *b_)
{
    const seg_returns_line *a = a_, *b = b_;
    const int64_t fields[][2] = {
        { a->seconds, b->seconds }, { a->rank, b->rank }, { a->units, b->units },
        { a->money, b->money }, { a->day, b->day },
    };
    int order = compare_pairs(a, b);
    for (size_t i = 0; i < sizeof fields / sizeof *fields && order == 0; i++)
        order = compare(fields[i][0], fields[i][1]);
    return order;
}

static void sort_lines(lines *l)
{
    if (l->n > 1)
        qsort(l->line, l->n, sizeof *l->line, compare_lines);
}

static seg_status add_line(lines *to, const seg_returns_line *line, seg_error *err)
{
    seg_status st = SEG_GROW(&to->line, &to->cap, to->n + 1, "the refunds to match", err);
    if (st == SEG_OK)
        to->line[to->n++] = *line;
    return st;
}

seg_status seg_returns_new(seg_returns **out, seg_error *err)
{
    return SEG_ALLOC(out, 1, "the refunds to match", err);
}

void seg_returns_free(seg_returns *returns)
{
    if (returns == NULL)
        return;
    seg_free(returns->refunds.line);
    seg_free(returns->purchases.line);
    seg_free(returns);
}

seg_status seg_returns_refund(seg_returns *returns, const seg_returns_line *line, seg_error *err)
{
    return add_line(&returns->refunds, line, err);
}

seg_status seg_returns_purchase(seg_returns *returns, const seg_returns_line *line,
                                seg_error *err)
{
    return add_line(&returns->purchases, line, err);
}

void seg_returns_sort(seg_returns *returns)
{
    sort_lines(&returns->refunds);
}

bool seg_returns_awaits(const seg_returns *returns, int32_t customer, int32_t item)
{
    const seg_returns_line wanted = { .customer = customer, .item = item };
    size_t low = 0, high = returns->refunds.n;
    while (low < high) {   /* all before low are smaller, all from high on are not */
        size_t middle = low + (high - low) / 2;
        if (compare_pairs(&returns->refunds.line[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < returns->refunds.n
           && compare_pairs(&returns->refunds.line[low], &wanted) == 0;
}

/* Take units off the purchases on the stack, the top first. */
static void take(seg_returns_line *purchase, size_t *stack, size_t *n_stack, int64_t units)
{
    while (units > 0 && *n_stack > 0) {
        seg_returns_line *top = &purchase[stack[*n_stack - 1]];
        int64_t left = top->units - top->n_taken;
        int64_t taken = units < left ? units : left;
        top->n_taken += taken;
        units -= taken;
        if (top->n_taken == top->units)
            --*n_stack;
    }
}

seg_status seg_returns_match(seg_returns *returns, const seg_returns_line **purchases,
                             size_t *n, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t *stack = NULL, n_stack = 0, p = 0;
    lines *refunds = &returns->refunds, *bought = &returns->purchases;

    sort_lines(bought);
    TRY(SEG_ALLOC(&stack, bought->n, "the refunds to match", err));
    for (size_t r = 0; r < refunds->n; r++) {
        const seg_returns_line *refund = &refunds->line[r];
        if (r == 0 || compare_pairs(refund, refund - 1) != 0)
            n_stack = 0;
        while (p < bought->n && compare_pairs(&bought->line[p], refund) < 0)
            p++;
        while (p < bought->n && compare_pairs(&bought->line[p], refund) == 0
               && bought->line[p].seconds <= refund->seconds)
            stack[n_stack++] = p++;
        take(bought->line, stack, &n_stack, refund->units);
    }
    *purchases = bought->line;
    *n = bought->n;

done:
    seg_free(stack);
    return st;
}

int64_t seg_returns_money_kept(const seg_returns_line *purchase)
{
    __int128 taken = (__int128)purchase->money * purchase->n_taken / purchase->units;
    return purchase->money - (int64_t)taken;
}

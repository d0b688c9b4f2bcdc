/* bench_rfm.c: order lines added up per customer. */
#include "bench/bench.h"
#include "base/rng.h"
#include "kernels/rfm.h"
#include <stdio.h>
#include <stdlib.h>

enum { LINES = 1000000, LINES_PER_ORDER = 3, DAYS = 365 };

typedef struct order_log {
    seg_rfm_rules rules;
    seg_rfm_lines lines;
} order_log;

static void add_up(void *state)
{
    order_log *l = state;
    seg_rfm_pass *pass = NULL;
    seg_error err;
    if (seg_rfm_new(&l->rules, &pass, &err) != SEG_OK ||
        seg_rfm_add(pass, &l->lines, &err) != SEG_OK ||
        seg_rfm_finish(pass, &err) != SEG_OK) {
        fprintf(stderr, "bench_rfm: %s\n", err.text);
        exit(1);
    }
    bench_keep(seg_rfm_customers(pass));
    seg_rfm_free(pass);
}

/* Orders in the order of time, each of one customer. */
static void run(size_t n_customers)
{
    int32_t *customer = bench_memory(LINES * sizeof *customer);
    int32_t *day = bench_memory(LINES * sizeof *day);
    int32_t *order = bench_memory(LINES * sizeof *order);
    int64_t *amount = bench_memory(LINES * sizeof *amount);
    for (size_t i = 0; i < LINES; i++) {
        size_t o = i / LINES_PER_ORDER;
        customer[i] = (int32_t)seg_rng_below((seg_rng){ 1, 1 }, o, n_customers);
        day[i] = (int32_t)(i * DAYS / LINES);
        order[i] = (int32_t)o;
        amount[i] = 100 + (int64_t)seg_rng_below((seg_rng){ 1, 2 }, i, 10000);
    }
    char shape[64];
    snprintf(shape, sizeof shape, "lines=%d customers=%zu", LINES, n_customers);
    order_log l = {
        .rules = { .n_customers = n_customers, .n_orders = LINES / LINES_PER_ORDER + 1,
                   .first_day = 0, .end_day = DAYS, .label_end_day = DAYS },
        .lines = { .n_rows = LINES, .customer = customer, .day = day, .order = order,
                   .amount = amount },
    };
    bench_kernel_run(&(bench_kernel){ .name = "rfm", .shape = shape, .n_threads = 1,
                                      .amount = LINES, .unit = BENCH_ROWS, .call = add_up,
                                      .state = &l });
    free(customer);
    free(day);
    free(order);
    free(amount);
}

int main(void)
{
    run(1000);
    run(100000);
    return 0;
}

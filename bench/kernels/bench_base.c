/* bench_base.c: what every file passes through: numbers from and to text, hashes. */
#include "bench/bench.h"
#include "base/hash.h"
#include "base/number.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBERS = 100000, HASHED = 64 << 20 };

typedef struct numbers {
    double *values;
    char (*text)[SEG_NUMBER_BYTES];
    size_t *length;
} numbers;

static void print_all(void *state)
{
    numbers *n = state;
    for (size_t i = 0; i < NUMBERS; i++)
        n->length[i] = seg_print_f64(n->text[i], n->values[i]);
    bench_keep(n->text);
}

static void parse_all(void *state)
{
    numbers *n = state;
    for (size_t i = 0; i < NUMBERS; i++)
        if (!seg_parse_f64(n->text[i], n->length[i], '.', &n->values[i]))
            abort();
    bench_keep(n->values);
}

static void run_numbers(const char *shape, double scale)
{
    numbers n = {
        .values = bench_numbers(NUMBERS, 1),
        .text = bench_memory(NUMBERS * sizeof *n.text),
        .length = bench_memory(NUMBERS * sizeof *n.length),
    };
    for (size_t i = 0; scale > 0 && i < NUMBERS; i++)
        n.values[i] = (double)(long)(n.values[i] * scale) / 100;
    bench_kernel kernel = { .name = "print_f64", .shape = shape, .n_threads = 1,
                            .amount = NUMBERS, .unit = BENCH_ROWS, .call = print_all,
                            .state = &n };
    bench_kernel_run(&kernel);
    kernel.name = "parse_f64";
    kernel.call = parse_all;
    bench_kernel_run(&kernel);
    free(n.values);
    free(n.text);
    free(n.length);
}

static void xxh3(void *state)
{
    uint64_t hash = seg_xxh3(state, HASHED);
    bench_keep(&hash);
}

static void sha256(void *state)
{
    char hex[65];
    seg_error err;
    if (seg_sha256_bytes(state, HASHED, hex, &err) != SEG_OK)
        abort();
    bench_keep(hex);
}

static void run_hashes(void)
{
    void *bytes = bench_memory(HASHED);
    memset(bytes, 7, HASHED);
    bench_kernel kernel = { .name = "xxh3", .shape = "64 MiB", .n_threads = 1,
                            .amount = HASHED, .unit = BENCH_BYTES, .call = xxh3,
                            .state = bytes };
    bench_kernel_run(&kernel);
    kernel.name = "sha256";
    kernel.call = sha256;
    bench_kernel_run(&kernel);
    free(bytes);
}

int main(void)
{
    run_numbers("17 digits", 0);
    run_numbers("cents below 1000", 100000);
    run_hashes();
    return 0;
}

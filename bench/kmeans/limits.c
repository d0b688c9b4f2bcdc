/* limits.c: what this machine can do at most, as lines of results, and for the scripts:
 *
 *   limits THREADS FILE
 *
 * FILE gets "F1=... B1=..." (float32 operations and bytes a second, one thread) and "FN=...
 * BN=..." (THREADS threads), to be sourced. */
#include "bench/bench.h"
#include "base/cpu.h"
#include "base/number.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The time that 10^9 of them take. */
static void print(const char *shape, const char *unit, int n_threads, double rate)
{
    bench_print(&(bench_line){
        .kind = "kernel", .name = "limit", .shape = shape, .program = "segmill",
        .isa = seg_isa_name(seg_cpu_best_isa()), .n_threads = n_threads, .unit = unit,
        .amount = 1e9, .limit = NAN, .peak_mib = NAN,
        .timing = { .repeats = 1, .median = 1e9 / rate, .min = 1e9 / rate, .spread = NAN,
                    .cpu = NAN },
    });
}

int main(int argc, char **argv)
{
    uint64_t n = 0;
    FILE *file = argc == 3 && seg_parse_u64(argv[1], strlen(argv[1]), &n) && n >= 1 && n <= 64
               ? fopen(argv[2], "w") : NULL;
    if (!file) {
        fputs("usage: limits THREADS FILE\n", stderr);
        return 2;
    }
    int threads[] = { 1, (int)n };
    for (int i = 0; i < 2; i++) {
        double flops = bench_peak_flops(BENCH_F32, threads[i]);
        double bytes = bench_peak_bytes(threads[i]);
        print("float32 multiply-adds", "flops", threads[i], flops);
        print("reading 1 GiB", "bytes", threads[i], bytes);
        fprintf(file, "F%s=%.0f B%s=%.0f\n", i ? "N" : "1", flops, i ? "N" : "1", bytes);
    }
    return fclose(file) == 0 ? 0 : 1;
}

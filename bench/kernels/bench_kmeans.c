/* bench_kmeans.c: squared distances of rows to centroids, at every level and over the
 * shapes of customer data. Counted are three operations a term: subtract, multiply, add. */
#include "bench/bench.h"
#include "base/cpu.h"
#include "kernels/kernels.h"
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 1024 };   /* a chunk, as the passes work on */

typedef struct shape {
    const seg_kernels *kernels;
    size_t d, k_pad;
    double *z, *ct, *dist2;
} shape;

static void distances(void *state)
{
    const shape *s = state;
    s->kernels->kmeans_distances(s->z, ROWS, s->d, s->ct, s->k_pad, s->dist2);
    bench_keep(s->dist2);
}

static void run(seg_isa isa, size_t d, size_t k)
{
    shape s = { .kernels = seg_kernels_at(isa), .d = d, .k_pad = k };
    if (!s.kernels)
        return;
    char name[64];
    snprintf(name, sizeof name, "n=%d d=%zu k=%zu", ROWS, d, k);
    s.z = bench_numbers(ROWS * d, 1);
    s.ct = bench_numbers(d * k, 2);
    s.dist2 = bench_numbers(ROWS * k, 3);
    bench_kernel_run(&(bench_kernel){
        .name = "kmeans_distances",
        .shape = name,
        .isa = seg_isa_name(isa),
        .n_threads = 1,
        .amount = 3.0 * ROWS * (double)(d * k),
        .unit = BENCH_FLOPS,
        .call = distances,
        .state = &s,
    });
    free(s.z);
    free(s.ct);
    free(s.dist2);
}

int main(void)
{
    static const size_t shapes[][2] = { { 4, 8 }, { 16, 8 }, { 16, 32 }, { 64, 64 } };
    for (seg_isa isa = SEG_ISA_BASE; isa < SEG_ISA_COUNT; isa++)
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
            run(isa, shapes[i][0], shapes[i][1]);
    return 0;
}

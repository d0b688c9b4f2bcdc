/* bench.h: one timing loop for all kernels, and the limits of the machine beside it. */
#ifndef SEGMILL_BENCH_BENCH_H
#define SEGMILL_BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>

typedef struct bench_timing {
    uint64_t repeats;        /* samples taken */
    double median, min;      /* seconds of one call */
    double spread;           /* distance of the quartiles, as a share of the median */
    double cpu;              /* CPU seconds of one call, all threads, on average */
} bench_timing;

/* Time call(state). One sample is as many calls as take 10 ms or more; samples are taken
 * for half a second, and at least nine. The first call warms up and is not counted.
 * The median is reported because a virtual machine's outliers are all slow. */
bench_timing bench_time(void (*call)(void *state), void *state);

/* Median, least and spread of n durations; sorts them. */
bench_timing bench_summary(double *seconds, size_t n);

/* What one call does, for the rate. */
typedef enum bench_unit {
    BENCH_ROWS,      /* no limit of the machine to compare with */
    BENCH_FLOPS,     /* float64 operations; compared with fused multiply-adds in registers */
    BENCH_BYTES      /* bytes read; compared with reading an array beyond the caches */
} bench_unit;

typedef struct bench_kernel {
    const char *name, *shape;
    const char *isa;         /* null: the best of this processor */
    int n_threads;
    double amount;           /* of the unit, per call */
    bench_unit unit;
    void (*call)(void *state);
    void *state;
} bench_kernel;

/* Time a kernel and print its line of results (columns: bench/README.md). */
void bench_kernel_run(const bench_kernel *kernel);

/* limits.c: what the machine can do with so many threads, measured once per run: fused
 * multiply-adds in registers (two operations each) and bytes read from memory, a second. */
typedef enum bench_precision { BENCH_F32, BENCH_F64 } bench_precision;
double bench_peak_flops(bench_precision precision, int n_threads);
double bench_peak_bytes(int n_threads);

/* The line itself. NAN and null leave a cell empty. */
typedef struct bench_line {
    const char *kind, *name, *shape, *program, *isa, *unit, *check;
    int n_threads;
    bench_timing timing;
    double peak_mib, amount, limit;
} bench_line;
void bench_print(const bench_line *line);

/* Keeps the compiler from dropping work whose result nobody reads. */
static inline void bench_keep(const void *p)
{
    __asm__ volatile("" : : "r"(p) : "memory");
}

/* n numbers between 0 and 1, the same ones on every run. Ends the program without memory. */
double *bench_numbers(size_t n, uint64_t seed);
/* Much of it is asked for in huge pages, as numpy does it. */
void *bench_memory(size_t bytes);

#endif

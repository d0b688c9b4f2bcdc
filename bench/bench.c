/* bench.c: timing and the result line (bench.h). */
#include "bench/bench.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "base/rng.h"
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* ---- timing ------------------------------------------------------------------ */

enum { MAX_SAMPLES = 1000, MIN_SAMPLES = 9 };
static const double sample_seconds = 0.01, total_seconds = 0.5;

static int ascending(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

bench_timing bench_summary(double *seconds, size_t n)
{
    qsort(seconds, n, sizeof *seconds, ascending);
    double median = n % 2 ? seconds[n / 2] : (seconds[n / 2 - 1] + seconds[n / 2]) / 2;
    return (bench_timing){
        .repeats = n,
        .median = median,
        .min = seconds[0],
        .spread = (seconds[(3 * (n - 1) + 2) / 4] - seconds[(n - 1) / 4]) / median,
        .cpu = NAN,
    };
}

static double time_calls(void (*call)(void *), void *state, uint64_t n)
{
    double began = seg_clock_seconds();
    for (uint64_t i = 0; i < n; i++)
        call(state);
    return seg_clock_seconds() - began;
}

bench_timing bench_time(void (*call)(void *state), void *state)
{
    double samples[MAX_SAMPLES];
    uint64_t calls = 1;
    call(state);
    while (time_calls(call, state, calls) < sample_seconds)
        calls *= 2;

    size_t n = 0;
    double cpu = seg_clock_cpu_seconds(), total = 0;
    while (n < MAX_SAMPLES && (n < MIN_SAMPLES || total < total_seconds)) {
        double took = time_calls(call, state, calls);
        samples[n++] = took / (double)calls;
        total += took;
    }
    cpu = (seg_clock_cpu_seconds() - cpu) / (double)(n * calls);
    bench_timing timing = bench_summary(samples, n);
    timing.cpu = cpu;
    return timing;
}

/* ---- results ----------------------------------------------------------------- */

static void print_number(double value)
{
    if (isfinite(value))
        printf("%.4g", value);
    putchar(',');
}

static void print_text(const char *text)
{
    for (; text && *text; text++)
        putchar(*text == ',' || *text == '\n' || *text == '"' ? ' ' : *text);
    putchar(',');
}

void bench_print(const bench_line *line)
{
    double rate = line->amount / line->timing.median;
    print_text(getenv("BENCH_CPU"));
    print_text(getenv("BENCH_COMMIT"));
    print_text(line->kind);
    print_text(line->name);
    print_text(line->shape);
    print_text(line->program);
    print_text(line->isa);
    printf("%d,%llu,", line->n_threads, (unsigned long long)line->timing.repeats);
    print_number(line->timing.median);
    print_number(line->timing.min);
    print_number(line->timing.spread);
    print_number(line->timing.cpu);
    print_number(line->peak_mib);
    print_number(line->amount);
    print_text(line->unit);
    print_number(rate);
    print_number(rate / line->limit);
    for (const char *c = line->check; c && *c; c++)
        putchar(*c == ',' || *c == '\n' || *c == '"' ? ' ' : *c);
    putchar('\n');
    fflush(stdout);
}

void bench_kernel_run(const bench_kernel *kernel)
{
    static const char *const units[] = { "rows", "flops", "bytes" };
    double limit = NAN;
    if (kernel->unit == BENCH_FLOPS)
        limit = bench_peak_flops(BENCH_F64, kernel->n_threads);
    if (kernel->unit == BENCH_BYTES)
        limit = bench_peak_bytes(1);
    bench_line line = {
        .kind = "kernel",
        .name = kernel->name,
        .shape = kernel->shape,
        .program = "segmill",
        .isa = kernel->isa ? kernel->isa : seg_isa_name(seg_cpu_isa()),
        .unit = units[kernel->unit],
        .n_threads = kernel->n_threads,
        .timing = bench_time(kernel->call, kernel->state),
        .peak_mib = NAN,
        .amount = kernel->amount,
        .limit = limit,
    };
    bench_print(&line);
}

enum { HUGE_PAGE = 2 << 20 };

void *bench_memory(size_t bytes)
{
    size_t unit = bytes < HUGE_PAGE ? 64 : HUGE_PAGE;
    bytes = (bytes + unit - 1) / unit * unit;
    void *p = aligned_alloc(unit, bytes);
    if (!p) {
        fputs("bench: could not allocate memory\n", stderr);
        exit(75);
    }
    if (unit == HUGE_PAGE)
        madvise(p, bytes, MADV_HUGEPAGE);
    return p;
}

double *bench_numbers(size_t n, uint64_t seed)
{
    double *x = bench_memory(n * sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = seg_rng_f64((seg_rng){ seed, 1 }, i);
    return x;
}

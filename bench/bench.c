/* bench.c: timing, limits of the machine, and the result line (bench.h). */
#include "bench/bench.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "base/rng.h"
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

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

/* ---- limits of the machine --------------------------------------------------- */

enum { CHAINS = 10, FMA_STEPS = 100000 };

#ifdef __x86_64__
/* Independent chains of fused multiply-adds: enough to fill two units of latency 4. */
__attribute__((target("avx512f"))) static double fma_v4(void)
{
    __m512d a[CHAINS], m = _mm512_set1_pd(0.999999), b = _mm512_set1_pd(1e-6);
    for (int c = 0; c < CHAINS; c++)
        a[c] = _mm512_set1_pd(c);
    for (int i = 0; i < FMA_STEPS; i++)
        for (int c = 0; c < CHAINS; c++)
            a[c] = _mm512_fmadd_pd(a[c], m, b);
    for (int c = 1; c < CHAINS; c++)
        a[0] = _mm512_add_pd(a[0], a[c]);
    return _mm512_reduce_add_pd(a[0]);
}

__attribute__((target("avx2,fma"))) static double fma_v3(void)
{
    __m256d a[CHAINS], m = _mm256_set1_pd(0.999999), b = _mm256_set1_pd(1e-6);
    for (int c = 0; c < CHAINS; c++)
        a[c] = _mm256_set1_pd(c);
    for (int i = 0; i < FMA_STEPS; i++)
        for (int c = 0; c < CHAINS; c++)
            a[c] = _mm256_fmadd_pd(a[c], m, b);
    for (int c = 1; c < CHAINS; c++)
        a[0] = _mm256_add_pd(a[0], a[c]);
    double parts[4];
    _mm256_storeu_pd(parts, a[0]);
    return parts[0] + parts[1] + parts[2] + parts[3];
}
#endif

/* Two values a register, multiply and add apart: what every processor can do. */
static double fma_base(void)
{
    typedef double pair __attribute__((vector_size(16)));
    pair a[CHAINS], m = { 0.999999, 0.999999 }, b = { 1e-6, 1e-6 };
    for (int c = 0; c < CHAINS; c++)
        a[c] = (pair){ c, c };
    for (int i = 0; i < FMA_STEPS; i++)
        for (int c = 0; c < CHAINS; c++)
            a[c] = a[c] * m + b;
    for (int c = 1; c < CHAINS; c++)
        a[0] += a[c];
    return a[0][0] + a[0][1];
}

static void run_fma(void *state)
{
    double (*chain)(void) = *(double (**)(void))state;
    double sum = chain();
    bench_keep(&sum);
}

double bench_peak_flops(void)
{
    static double peak;
    if (peak > 0)
        return peak;
    double (*chain)(void) = fma_base;
    double lanes = 2;
#ifdef __x86_64__
    seg_isa isa = seg_cpu_best_isa();
    if (isa == SEG_ISA_V4) {
        chain = fma_v4;
        lanes = 8;
    } else if (isa == SEG_ISA_V3) {
        chain = fma_v3;
        lanes = 4;
    }
#endif
    bench_timing t = bench_time(run_fma, &chain);
    peak = 2 * lanes * CHAINS * FMA_STEPS / t.min;
    return peak;
}

enum { BANDWIDTH_BYTES = 256 << 20 };

/* Reads an array, as fast as this processor reads at all. */
static void run_read(void *state)
{
    typedef uint64_t line __attribute__((vector_size(64)));
    const line *x = state;
    line sum[4] = { 0 };
    for (size_t i = 0; i + 4 <= BANDWIDTH_BYTES / sizeof *x; i += 4)
        for (size_t c = 0; c < 4; c++)
            sum[c] ^= x[i + c];
    bench_keep(sum);
}

double bench_peak_bytes(void)
{
    static double peak;
    if (peak > 0)
        return peak;
    void *x = bench_memory(BANDWIDTH_BYTES);
    memset(x, 1, BANDWIDTH_BYTES);
    bench_timing t = bench_time(run_read, x);
    peak = BANDWIDTH_BYTES / t.min;
    free(x);
    return peak;
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
        limit = bench_peak_flops() * kernel->n_threads;
    if (kernel->unit == BENCH_BYTES)
        limit = bench_peak_bytes();
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

void *bench_memory(size_t bytes)
{
    void *p = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (!p) {
        fputs("bench: could not allocate memory\n", stderr);
        exit(75);
    }
    return p;
}

double *bench_numbers(size_t n, uint64_t seed)
{
    double *x = bench_memory(n * sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = seg_rng_f64((seg_rng){ seed, 1 }, i);
    return x;
}

/* limits.c: what this machine can do at most (bench.h): fused multiply-adds in registers, and
 * reading an array that no cache holds. Each at the best level of the processor, because a
 * share of a limit that is measured too low says nothing. */
#include "bench/bench.h"
#include "base/cpu.h"
#include "base/team.h"
#include <stdlib.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { MAX_THREADS = 64 };

/* One task a thread, each the same work. */
typedef struct team_work {
    int n_threads;
    seg_task_fn *task;
    void *arg;
} team_work;

static void run_team(void *state)
{
    const team_work *work = state;
    seg_team_run(work->n_threads, (size_t)work->n_threads, work->task, work->arg);
}

/* Another process that takes its turn makes a limit too low: the best of a few tries. */
enum { TRIES = 3 };

static double least_seconds(team_work *work)
{
    double least = bench_time(run_team, work).min;
    for (int i = 1; i < TRIES; i++) {
        double seconds = bench_time(run_team, work).min;
        least = seconds < least ? seconds : least;
    }
    return least;
}

/* ---- arithmetic ------------------------------------------------------------------ */

/* Independent chains: enough to fill two units of latency 4. */
enum { CHAINS = 10, FMA_STEPS = 400000 };

#define FMA_CHAINS(name, attribute, real, vector, all, multiply_add)              \
    attribute static void name(void *arg, size_t task, int thread)                \
    {                                                                             \
        (void)arg, (void)task, (void)thread;                                      \
        vector a[CHAINS], m = all((real)0.999999), b = all((real)1e-6);           \
        for (int c = 0; c < CHAINS; c++)                                          \
            a[c] = all((real)c);                                                  \
        for (int i = 0; i < FMA_STEPS; i++)                                       \
            for (int c = 0; c < CHAINS; c++)                                      \
                a[c] = multiply_add(a[c], m, b);                                  \
        bench_keep(a);                                                            \
    }

/* Registers of 16 bytes, multiply and add apart: what every processor can do. */
typedef double f64x2 __attribute__((vector_size(16)));
typedef float f32x4 __attribute__((vector_size(16)));
#define ALL_F64X2(x) ((f64x2){ (x), (x) })
#define ALL_F32X4(x) ((f32x4){ (x), (x), (x), (x) })
#define TIMES_PLUS(a, m, b) ((a) * (m) + (b))
FMA_CHAINS(fma_base_f32, , float, f32x4, ALL_F32X4, TIMES_PLUS)
FMA_CHAINS(fma_base_f64, , double, f64x2, ALL_F64X2, TIMES_PLUS)

#ifdef __x86_64__
#define V3 __attribute__((target("avx2,fma")))
#define V4 __attribute__((target("avx512f")))
FMA_CHAINS(fma_v3_f32, V3, float, __m256, _mm256_set1_ps, _mm256_fmadd_ps)
FMA_CHAINS(fma_v3_f64, V3, double, __m256d, _mm256_set1_pd, _mm256_fmadd_pd)
FMA_CHAINS(fma_v4_f32, V4, float, __m512, _mm512_set1_ps, _mm512_fmadd_ps)
FMA_CHAINS(fma_v4_f64, V4, double, __m512d, _mm512_set1_pd, _mm512_fmadd_pd)
#endif

typedef struct fma_level {
    seg_task_fn *task[2];   /* by precision */
    double register_bytes;
} fma_level;

static fma_level best_fma(void)
{
#ifdef __x86_64__
    if (seg_cpu_best_isa() == SEG_ISA_V4)
        return (fma_level){ { fma_v4_f32, fma_v4_f64 }, 64 };
    if (seg_cpu_best_isa() == SEG_ISA_V3)
        return (fma_level){ { fma_v3_f32, fma_v3_f64 }, 32 };
#endif
    return (fma_level){ { fma_base_f32, fma_base_f64 }, 16 };
}

static int within(int n_threads)
{
    return n_threads < 1 ? 1 : n_threads > MAX_THREADS ? MAX_THREADS : n_threads;
}

double bench_peak_flops(bench_precision precision, int n_threads)
{
    static double peaks[2][MAX_THREADS + 1];
    n_threads = within(n_threads);
    double *peak = &peaks[precision][n_threads];
    if (*peak > 0)
        return *peak;
    fma_level level = best_fma();
    double lanes = level.register_bytes / (precision == BENCH_F32 ? 4 : 8);
    team_work work = { .n_threads = n_threads, .task = level.task[precision] };
    *peak = 2 * lanes * CHAINS * FMA_STEPS * n_threads / least_seconds(&work);
    return *peak;
}

/* ---- memory ---------------------------------------------------------------------- */

static const size_t bandwidth_bytes = (size_t)1 << 30;   /* more than caches hold */
enum { LINE = 64 };

typedef struct reading {
    const char *bytes;
    size_t ahead;    /* lines to fetch ahead; some processors read faster without (0) */
    int n_threads;
} reading;

#define READ(name, attribute, vector)                                             \
    attribute static void name(void *arg, size_t task, int thread)                \
    {                                                                             \
        (void)thread;                                                             \
        const reading *r = arg;                                                   \
        enum { PER_LINE = LINE / sizeof(vector) };                                \
        size_t share = bandwidth_bytes / LINE / (size_t)r->n_threads;             \
        size_t ahead = r->ahead * PER_LINE;                                       \
        const vector *x = (const vector *)(r->bytes + task * share * LINE);       \
        vector sum[4 * PER_LINE] = { 0 };                                         \
        for (size_t i = 0; i + 4 <= share; i += 4, x += 4 * PER_LINE)             \
            for (size_t c = 0; c < 4 * PER_LINE; c++) {                           \
                if (c % PER_LINE == 0)                                            \
                    __builtin_prefetch(x + ahead + c);                            \
                sum[c] ^= x[c];                                                   \
            }                                                                     \
        bench_keep(sum);                                                          \
    }

typedef uint64_t u64x2 __attribute__((vector_size(16)));
READ(read_base, , u64x2)
#ifdef __x86_64__
typedef uint64_t u64x4 __attribute__((vector_size(32)));
typedef uint64_t u64x8 __attribute__((vector_size(64)));
READ(read_v3, V3, u64x4)
READ(read_v4, V4, u64x8)
#endif

static seg_task_fn *best_read(void)
{
#ifdef __x86_64__
    if (seg_cpu_best_isa() == SEG_ISA_V4)
        return read_v4;
    if (seg_cpu_best_isa() == SEG_ISA_V3)
        return read_v3;
#endif
    return read_base;
}

double bench_peak_bytes(int n_threads)
{
    static double peaks[MAX_THREADS + 1];
    n_threads = within(n_threads);
    double *peak = &peaks[n_threads];
    if (*peak > 0)
        return *peak;
    char *bytes = bench_memory(bandwidth_bytes);
    memset(bytes, 1, bandwidth_bytes);
    for (size_t ahead = 0; ahead <= 64; ahead += 64) {
        reading r = { bytes, ahead, n_threads };
        team_work work = { .n_threads = n_threads, .task = best_read(), .arg = &r };
        double rate = (double)bandwidth_bytes / least_seconds(&work);
        *peak = rate > *peak ? rate : *peak;
    }
    free(bytes);
    return *peak;
}

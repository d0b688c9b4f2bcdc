/* kmeans_bounds.c: which rows the bounds no longer vouch for. Three tables by label are
 * looked up per row; a table of one register is looked up in the register. */
#include "base/isa_name.h"
#include "kernels/isa/vec.h"
#include "kernels/kernels.h"

enum { W = VEC_F32_WIDTH };

typedef uint16_t vec_label __attribute__((vector_size(VEC_BYTES / 2)));

static inline vec_i32 load_labels(const uint16_t *label)
{
    vec_label labels;
    __builtin_memcpy(&labels, label, sizeof labels);
    return __builtin_convertvector(labels, vec_i32);
}

static inline __attribute__((always_inline)) vec_f32
look_up(const float *table, vec_i32 at, bool small)
{
    (void)small;   /* narrow registers hold no table */
#if defined(__AVX512F__)
    if (small)
        return _mm512_permutexvar_ps((__m512i)at, vec_load(table));
#elif defined(__AVX2__)
    if (small)
        return _mm256_permutevar8x32_ps(vec_load(table), (__m256i)at);
#endif
    return vec_gather(table, at);
}

/* Moves the bounds of a register of rows; bit i: row i is active. */
static inline __attribute__((always_inline)) uint32_t
move_bounds(const seg_bounds_plan *plan, const uint16_t *label, float *upper, float *lower,
            bool small)
{
    const vec_f32 away = vec_all(1 + 0x1p-20f), back = vec_all(1 - 0x1p-20f);
    vec_i32 at = load_labels(label);
    vec_f32 most = (vec_load(upper) + look_up(plan->own, at, small)) * away;
    vec_f32 least = vec_load(lower) - look_up(plan->other, at, small);
    least = vec_min(least * back, least * away);   /* down, on either side of 0 */
    vec_store(upper, most);
    vec_store(lower, least);
    vec_f32 safe = vec_max(least, look_up(plan->half_gap, at, small));
    return vec_not_greater(safe * back, most);
}

static inline __attribute__((always_inline)) size_t
walk(const seg_bounds_plan *plan, const uint16_t *label, float *upper, float *lower, size_t n,
     uint32_t *active, bool small)
{
    size_t n_active = 0, i = 0;
    for (; i + W <= n; i += W)
        for (uint32_t bits = move_bounds(plan, label + i, upper + i, lower + i, small); bits != 0;
             bits &= bits - 1)
            active[n_active++] = (uint32_t)i + (uint32_t)__builtin_ctz(bits);
    if (i == n)
        return n_active;
    uint16_t last_label[W] = { 0 };
    float last_upper[W] = { 0 }, last_lower[W] = { 0 };
    __builtin_memcpy(last_label, label + i, (n - i) * sizeof *label);
    __builtin_memcpy(last_upper, upper + i, (n - i) * sizeof *upper);
    __builtin_memcpy(last_lower, lower + i, (n - i) * sizeof *lower);
    uint32_t bits = move_bounds(plan, last_label, last_upper, last_lower, small);
    __builtin_memcpy(upper + i, last_upper, (n - i) * sizeof *upper);
    __builtin_memcpy(lower + i, last_lower, (n - i) * sizeof *lower);
    for (bits &= (1u << (n - i)) - 1; bits != 0; bits &= bits - 1)
        active[n_active++] = (uint32_t)i + (uint32_t)__builtin_ctz(bits);
    return n_active;
}

size_t ISA_NAME(seg_kmeans_bounds)(const seg_bounds_plan *plan, const uint16_t *label,
                                   float *upper, float *lower, size_t n, uint32_t *active)
{
    if (plan->k <= W)
        return walk(plan, label, upper, lower, n, active, true);
    return walk(plan, label, upper, lower, n, active, false);
}

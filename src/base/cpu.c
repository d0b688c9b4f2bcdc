/* cpu.c: the levels of the x86-64 psABI. __builtin_cpu_supports() also knows whether
 * the system saves the wide registers; what it has no name for is asked by cpuid. */
#include "base/cpu.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>

static int has_v3(void)
{
    unsigned a, b, c, d;
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
        !__builtin_cpu_supports("bmi") || !__builtin_cpu_supports("bmi2"))
        return 0;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & bit_F16C) == 0 || (c & bit_MOVBE) == 0)
        return 0;
    return __get_cpuid(0x80000001u, &a, &b, &c, &d) && (c & bit_LZCNT) != 0;
}

static int has_v4(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}

/* Asked once: on a virtual machine each cpuid is a trip to the host, some 20 us. */
seg_isa seg_cpu_best_isa(void)
{
    static _Atomic int known = -1;
    int best = known;
    if (best < 0)
        known = best = !has_v3() ? SEG_ISA_BASE : has_v4() ? SEG_ISA_V4 : SEG_ISA_V3;
    return (seg_isa)best;
}
#else
seg_isa seg_cpu_best_isa(void)
{
    return SEG_ISA_BASE;
}
#endif

const char *seg_isa_name(seg_isa isa)
{
    static const char *const names[SEG_ISA_COUNT] = { "base", "v3", "v4" };
    return isa < SEG_ISA_COUNT ? names[isa] : "unknown";
}

seg_isa seg_cpu_isa(void)
{
    seg_isa best = seg_cpu_best_isa();
    const char *asked = getenv("SEGMILL_ISA");
    for (int isa = SEG_ISA_BASE; asked != NULL && isa < (int)best; isa++)
        if (strcmp(asked, seg_isa_name((seg_isa)isa)) == 0)
            return (seg_isa)isa;
    return best;
}

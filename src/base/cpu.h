/* cpu.h: which instruction set the kernels may use. */
#ifndef SEGMILL_BASE_CPU_H
#define SEGMILL_BASE_CPU_H

typedef enum seg_isa {
    SEG_ISA_BASE,   /* x86-64, or any other processor */
    SEG_ISA_V3,     /* AVX2 + FMA */
    SEG_ISA_V4,     /* AVX-512 F/BW/CD/DQ/VL */
    SEG_ISA_COUNT
} seg_isa;

/* Best level of this processor, lowered by SEGMILL_ISA=base|v3|v4 if set. */
seg_isa seg_cpu_isa(void);
seg_isa seg_cpu_best_isa(void);   /* whatever the environment says */
const char *seg_isa_name(seg_isa isa);

#endif

/* isa_name.h: the name of a function at the level being compiled. The Makefile compiles
 * each file of an isa folder once per level with -DSEG_ISA_SUFFIX=base|v3|v4. */
#ifndef SEGMILL_BASE_ISA_NAME_H
#define SEGMILL_BASE_ISA_NAME_H

#define ISA_JOIN2(name, suffix) name##_##suffix
#define ISA_JOIN(name, suffix) ISA_JOIN2(name, suffix)
#define ISA_NAME(name) ISA_JOIN(name, SEG_ISA_SUFFIX)

#endif

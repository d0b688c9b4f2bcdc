/* fuzz.h: one input of a fuzzer; ends the process (abort) when something is wrong. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Four bytes of options, then the text. */
int fuzz_csv(const uint8_t *data, size_t n);
/* The bytes of a file. */
int fuzz_h5(const uint8_t *data, size_t n);
/* What became of the inputs of fuzz_h5 so far, on stderr. */
void fuzz_h5_summary(void);

#endif

/* simd.h: the inner loops over bytes that are compiled once per instruction set
 * (src/data/isa), as a table of functions chosen once from the processor. All levels give
 * the same results. No allocation, no failure, one thread. */
#ifndef SEGMILL_DATA_SIMD_H
#define SEGMILL_DATA_SIMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cpu.h"

/* How often the byte c stands among the n bytes. */
typedef size_t seg_count_byte_fn(const char *s, size_t n, char c);

/* How a number lies in a file: 1, 2, 4 or 8 bytes (real: 2, 4 or 8). */
typedef struct seg_raw {
    unsigned size;
    bool is_real, is_signed, big_endian;
} seg_raw;

/* n numbers, side by side, as float32: the first that is finite and beyond it, or n. */
typedef size_t seg_to_f32_fn(seg_raw raw, const unsigned char *in, size_t n, float *out);
/* How many are infinite. */
typedef size_t seg_count_infinite_fn(const float *x, size_t n);
/* HDF5's shuffle undone: n bytes of numbers of `size` bytes. */
typedef void seg_unshuffle_fn(const unsigned char *in, size_t n, size_t size,
                              unsigned char *out);
/* HDF5's checksum of n bytes. */
typedef uint32_t seg_fletcher32_fn(const unsigned char *p, size_t n);

/* Of `width` <= SEG_SUM_WIDTH columns, NaN left out: start with least values INFINITY. */
enum { SEG_SUM_WIDTH = 256 };
typedef struct seg_sums {
    int32_t count[SEG_SUM_WIDTH];
    double sum[SEG_SUM_WIDTH];
    float min[SEG_SUM_WIDTH], max[SEG_SUM_WIDTH];
} seg_sums;

/* Add rows of `width` values, `stride` floats from one to the next. True when one of them is
 * a NaN of other bits than NAN. */
typedef bool seg_sum_values_fn(const float *values, size_t stride, size_t n_rows, size_t width,
                               seg_sums *sums);
/* Add the squares of what is left after subtracting the means. */
typedef void seg_sum_squares_fn(const float *values, size_t stride, size_t n_rows, size_t width,
                                const double *mean, double *squares);
/* What stands in a text besides cells. */
typedef struct seg_csv_marks {
    size_t n_lines;      /* line feeds, also within quotes */
    size_t n_rows;       /* line feeds outside quotes */
    bool stray_quote;    /* a quote neither at the start of a cell nor at its end: the
                            positions behind it mean nothing */
    bool lone_cr;        /* a CR outside quotes that no line feed follows */
    bool any_cr;         /* a CR outside quotes */
    bool null, high;     /* a null byte; a byte above 127 */
    bool quoted_feed;    /* a line feed within quotes */
} seg_csv_marks;

/* Positions of the delimiters and line feeds outside quotes among the n bytes, which start a
 * row; 63 bytes behind them may be read. ends: room for n + 1. Returns how many. */
typedef size_t seg_csv_index_fn(const char *s, size_t n, char delimiter, uint32_t *ends,
                                seg_csv_marks *marks);

typedef struct seg_simd {
    seg_count_byte_fn *count_byte;
    seg_to_f32_fn *to_f32;
    seg_count_infinite_fn *count_infinite;
    seg_unshuffle_fn *unshuffle;
    seg_fletcher32_fn *fletcher32;
    seg_sum_values_fn *sum_values;
    seg_sum_squares_fn *sum_squares;
    seg_csv_index_fn *csv_index;
} seg_simd;

/* Of the best level allowed (SEGMILL_ISA lowers it), or of a given one (tests; null when
 * this processor or build does not have it). */
const seg_simd *seg_simd_get(void);
const seg_simd *seg_simd_at(seg_isa isa);

seg_sum_values_fn seg_sum_values_base, seg_sum_values_v3, seg_sum_values_v4;
seg_sum_squares_fn seg_sum_squares_base, seg_sum_squares_v3, seg_sum_squares_v4;
seg_count_byte_fn seg_count_byte_base, seg_count_byte_v3, seg_count_byte_v4;
seg_to_f32_fn seg_to_f32_base, seg_to_f32_v3, seg_to_f32_v4;
seg_count_infinite_fn seg_count_infinite_base, seg_count_infinite_v3, seg_count_infinite_v4;
seg_unshuffle_fn seg_unshuffle_base, seg_unshuffle_v3, seg_unshuffle_v4;
seg_fletcher32_fn seg_fletcher32_base, seg_fletcher32_v3, seg_fletcher32_v4;
seg_csv_index_fn seg_csv_index_base, seg_csv_index_v3, seg_csv_index_v4;

#endif

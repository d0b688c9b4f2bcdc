/* bench_bins.c: values to bins and bins to records, at every level: a tile of 64 rows of 30
 * features out of wide rows, with few and with many cuts. A row of the result is a value. */
#include "bench/bench.h"
#include "base/cpu.h"
#include "base/rng.h"
#include "kernels/kernels.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { TILES = 64, ROWS = TILES * SEG_TILE_ROWS, COLUMNS = 30, LEVELS = 200 };

typedef struct shape {
    const seg_kernels *kernels;
    const float *x;
    seg_bin_tile_column columns[COLUMNS];
    uint8_t *planes, *records;
} shape;

static void bins(void *state)
{
    const shape *s = state;
    for (size_t t = 0; t < TILES; t++)
        s->kernels->bin_tile(s->columns, COLUMNS, s->x + t * SEG_TILE_ROWS * COLUMNS, COLUMNS,
                             SEG_TILE_ROWS, s->planes + t * SEG_TILE_ROWS * SEG_TILE_COLUMNS);
    bench_keep(s->planes);
}

static void records(void *state)
{
    const shape *s = state;
    for (size_t t = 0; t < TILES; t++) {
        size_t at = t * SEG_TILE_ROWS * SEG_TILE_COLUMNS;
        s->kernels->bin_records(s->planes + at, COLUMNS, SEG_TILE_ROWS, s->records + at);
    }
    bench_keep(s->records);
}

/* Numbers with n_cuts cuts; 0: categories. */
static void run(const seg_kernels *kernels, seg_isa isa, size_t n_cuts, const float *x,
                void (*call)(void *), const char *name, const char *what)
{
    float cuts[SEG_BIN_CUTS], *search = bench_memory(COLUMNS * SEG_BIN_SEARCH * sizeof *search);
    uint8_t level_bin[LEVELS];
    shape s = { .kernels = kernels, .x = x, .planes = bench_memory(ROWS * SEG_TILE_COLUMNS),
                .records = bench_memory(ROWS * SEG_TILE_COLUMNS) };
    for (size_t c = 0; c < SEG_BIN_CUTS; c++)
        cuts[c] = c < n_cuts ? (float)(LEVELS * (c + 1)) / (float)(n_cuts + 1) : INFINITY;
    for (size_t c = 0; c < LEVELS; c++)
        level_bin[c] = (uint8_t)(c + 1);
    for (size_t c = 0; c < COLUMNS; c++) {
        seg_bin_search_fill(cuts, search + c * SEG_BIN_SEARCH);
        s.columns[c] = (seg_bin_tile_column){ .feature = c, .search = search + c * SEG_BIN_SEARCH,
                                              .n_levels = n_cuts == 0 ? LEVELS : 0,
                                              .level_bin = level_bin };
    }
    bench_kernel_run(&(bench_kernel){
        .name = name, .shape = what, .isa = seg_isa_name(isa), .n_threads = 1,
        .amount = (double)ROWS * COLUMNS, .unit = BENCH_ROWS, .call = call, .state = &s,
    });
    free(search);
    free(s.planes);
    free(s.records);
}

int main(void)
{
    float *x = bench_memory((size_t)ROWS * COLUMNS * sizeof *x);
    for (size_t i = 0; i < (size_t)ROWS * COLUMNS; i++) {
        seg_rng rng = { 1, 2 };
        x[i] = seg_rng_below(rng, i + ((uint64_t)1 << 40), 20) == 0
               ? NAN : (float)(seg_rng_f64(rng, i) * LEVELS);
    }
    for (seg_isa isa = SEG_ISA_BASE; isa < SEG_ISA_COUNT; isa++) {
        const seg_kernels *kernels = seg_kernels_at(isa);
        if (kernels == NULL)
            continue;
        run(kernels, isa, 254, x, bins, "bin_tile", "64 x 30 values 254 cuts");
        run(kernels, isa, 15, x, bins, "bin_tile", "64 x 30 values 15 cuts");
        run(kernels, isa, 0, x, bins, "bin_tile", "64 x 30 codes of 200");
        run(kernels, isa, 254, x, records, "bin_records", "64 x 30 bins");
    }
    free(x);
    return 0;
}

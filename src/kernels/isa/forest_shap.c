/* forest_shap.c: what 64 rows give to each feature in the trees of a batch.
 *
 * Which way the rows go at every node, then the index of every fork, then feature by feature the
 * tables' answers: sixteen entries a shuffle, a byte (limb) of the value at a time, added up in
 * registers. A sum of bytes is kept twice: of pairs as they lie, and of the upper ones; the sum of
 * the lower ones is their difference. */
#include <string.h>

#include "base/isa_name.h"
#include "kernels/isa/forest_planes.h"
#include "kernels/kernels.h"

#define INLINE static inline __attribute__((always_inline))

/* ---- indexes ------------------------------------------------------------------------- */

static void fill_truths(const seg_forest_test *tests, size_t n, const uint8_t *planes,
                        uint8_t *truths)
{
    for (size_t i = 0; i < n; i++, truths += 2 * SEG_TILE_ROWS)
        for (size_t at = 0; at < SEG_TILE_ROWS; at += VEC_BYTES) {
            vec_u8 left = vec_truth_u8(vec_less(vec_load_u8(planes + tests[i].plane + at),
                                                vec_all_u8(tests[i].below)));
            vec_store_u8(truths + at, left);
            vec_store_u8(truths + SEG_TILE_ROWS + at, ~left);
        }
}

static void fill_index(const seg_shap_fork *fork, const seg_shap_step *steps,
                       const uint8_t *truths, uint8_t *index)
{
    uint32_t all = ((1U << fork->n_bits) - 1) * 0x01010101U;
    for (size_t at = 0; at < SEG_TILE_ROWS; at += VEC_BYTES) {
        vec_u8 bits = vec_all_u8(all);
        for (size_t s = 0; s < fork->n_steps; s++)
            bits &= vec_load_u8(truths + steps[s].truth + at) | vec_all_u8(steps[s].keep);
        vec_store_u8(index + at, bits);
    }
}

static void fill_indexes(const seg_shap_batch *batch, const seg_shap_tile *tile)
{
    const seg_forest_test *tests = batch->tests;
    const seg_forest_set *sets = batch->sets.sets;
    const seg_shap_fork *fork = batch->forks;
    const seg_shap_step *steps = batch->steps;
    uint8_t *index = tile->indexes;
    for (size_t t = 0; t < batch->n_trees; t++) {
        const seg_shap_tree *tree = &batch->trees[t];
        fill_sets(sets, tree->n_sets, tile->planes);
        fill_truths(tests, tree->n_tests, tile->planes, tile->truths);
        for (size_t f = 0; f < tree->n_forks; f++, index += SEG_TILE_ROWS) {
            fill_index(fork, steps, tile->truths, index);
            steps += fork++->n_steps;
        }
        tests += tree->n_tests;
        sets += tree->n_sets;
    }
}

/* ---- tables --------------------------------------------------------------------------- */

#if defined(VEC_HAS_SHUFFLE)
typedef struct limb_sums {
    vec_u16 pair[SEG_FOREST_LIMBS], upper[SEG_FOREST_LIMBS];
} limb_sums;

/* What the 2^bits entries hold for an index below that. */
INLINE vec_u8 ask(const uint8_t *table, size_t bits, vec_u8 index, vec_u8 bit_4, vec_u8 bit_5)
{
    vec_u8 a = vec_shuffle(vec_table(table), index), b;
    if (bits == 4)
        return a;
    a = vec_choose_high(bit_4, vec_shuffle(vec_table(table + 16), index), a);
    if (bits == 5)
        return a;
    b = vec_choose_high(bit_4, vec_shuffle(vec_table(table + 48), index),
                        vec_shuffle(vec_table(table + 32), index));
    return vec_choose_high(bit_5, b, a);
}

INLINE void add_limb(limb_sums *sums, size_t l, vec_u8 x)
{
    sums->pair[l] += (vec_u16)x;
    sums->upper[l] += (vec_u16)x >> 8;
}

/* n tables, one behind the other; returns what is behind them. */
INLINE const uint8_t *add_small(limb_sums *sums, size_t n_limbs, size_t bits,
                                const uint32_t *indexes, size_t n, const uint8_t *table,
                                const uint8_t *planes)
{
    for (size_t t = 0; t < n; t++) {
        vec_u8 index = vec_load_u8(planes + indexes[t]);
        vec_u8 bit_4 = (vec_u8)((vec_u16)index << 3), bit_5 = (vec_u8)((vec_u16)index << 2);
        index &= vec_all_u8(0x0f0f0f0f);
        for (size_t l = 0; l < n_limbs; l++, table += (size_t)1 << bits)
            add_limb(sums, l, ask(table, bits, index, bit_4, bit_5));
    }
    return table;
}

/* Sixteen entries at a time; indexes of others become 128 or more, which shuffles make 0. */
INLINE const uint8_t *add_large(limb_sums *sums, size_t n_limbs, size_t bits,
                                const uint32_t *indexes, size_t n, const uint8_t *table,
                                const uint8_t *planes)
{
    for (size_t t = 0; t < n; t++, table += n_limbs << bits) {
        vec_u8 index = vec_load_u8(planes + indexes[t]), found[SEG_FOREST_LIMBS] = { 0 };
        for (uint32_t e = 0; e < 1U << bits; e += 16) {
            vec_u8 off = vec_add_most(index - vec_all_u8(e * 0x01010101U),
                                      vec_all_u8(0x70707070));
            for (size_t l = 0; l < n_limbs; l++)
                found[l] |= vec_shuffle(vec_table(table + (l << bits) + e), off);
        }
        for (size_t l = 0; l < n_limbs; l++)
            add_limb(sums, l, found[l]);
    }
    return table;
}

INLINE void put_u16(uint16_t *to, vec_u16 x)
{
    vec_u16 v;
    memcpy(&v, to, sizeof v);
    v += x;
    memcpy(to, &v, sizeof v);
}

INLINE const uint8_t *add_run_of(const seg_shap_run *run, size_t n_limbs, const uint32_t *indexes,
                                 const uint8_t *tables, const uint8_t *planes,
                                 seg_shap_sums *sums)
{
    const uint8_t *table = tables;
    for (size_t first = 0; first < SEG_TILE_ROWS; first += VEC_BYTES) {
        const uint32_t *i = indexes;
        const uint8_t *at = planes + first;
        limb_sums found = { 0 };
        table = add_small(&found, n_limbs, 4, i, run->n[0], tables, at);
        table = add_small(&found, n_limbs, 5, i += run->n[0], run->n[1], table, at);
        table = add_small(&found, n_limbs, 6, i += run->n[1], run->n[2], table, at);
        table = add_large(&found, n_limbs, 7, i += run->n[2], run->n[3], table, at);
        table = add_large(&found, n_limbs, 8, i + run->n[3], run->n[4], table, at);
        for (size_t l = 0; l < n_limbs; l++) {
            put_u16(sums->of[l][0] + first / 2, found.pair[l] - (found.upper[l] << 8));
            put_u16(sums->of[l][1] + first / 2, found.upper[l]);
        }
    }
    return table;
}

static const uint8_t *add_run(const seg_shap_run *run, size_t n_limbs, const uint32_t *indexes,
                              const uint8_t *tables, const uint8_t *planes, seg_shap_sums *sums)
{
    if (n_limbs == 3)
        return add_run_of(run, 3, indexes, tables, planes, sums);
    return add_run_of(run, SEG_FOREST_LIMBS, indexes, tables, planes, sums);
}
#else
static const uint8_t *add_run(const seg_shap_run *run, size_t n_limbs, const uint32_t *indexes,
                              const uint8_t *tables, const uint8_t *planes, seg_shap_sums *sums)
{
    for (size_t c = 0; c < SEG_SHAP_SIZES; c++)
        for (size_t t = 0; t < run->n[c]; t++, indexes++)
            for (size_t l = 0; l < n_limbs; l++, tables += (size_t)1 << (c + SEG_SHAP_BITS_MIN))
                for (size_t i = 0; i < SEG_TILE_ROWS; i++)
                    sums->of[l][i % 2][i / 2] += tables[planes[*indexes + i]];
    return tables;
}
#endif

void ISA_NAME(seg_forest_shap_batch)(const seg_shap_batch *batch, size_t n_limbs,
                                     const seg_shap_tile *tile)
{
    const uint32_t *indexes = batch->indexes;
    const uint8_t *tables = batch->tables;
    fill_indexes(batch, tile);
    for (size_t r = 0; r < batch->n_runs; r++) {
        const seg_shap_run *run = &batch->runs[r];
        seg_shap_sums *sums = &tile->sums[run->slot];
        if (run->flush)
            seg_shap_flush(sums, tile->units + (size_t)run->slot * SEG_TILE_ROWS);
        tables = add_run(run, n_limbs, indexes, tables, tile->indexes, sums);
        for (size_t c = 0; c < SEG_SHAP_SIZES; c++)
            indexes += run->n[c];
    }
}

/* bin_tile.c: values to bins, and bins to records.
 *
 * A search by halving needs eight steps of 8 places, and the lower ones a gather each. Here
 * five steps within registers leave a group of 8 neighbouring places, which one comparison
 * takes at once. Values are turned into columns four features at a time, so that rows are
 * read as they lie. */
#include <float.h>
#include <string.h>

#include "base/isa_name.h"
#include "kernels/isa/vec.h"
#include "kernels/kernels.h"

enum { WINDOW = 4, GROUP = 8, PLACES_MAX = 16 };

/* Columns first .. first+WINDOW-1 of a tile; what is not finite is no number. */
typedef struct window {
    _Alignas(64) float values[WINDOW][SEG_TILE_ROWS];
    size_t first, end;
} window;

/* Rows i .. of n, the last one again where there is none; no byte is read behind the n_columns
 * from x on. */
static void load_some(const float *x, size_t stride, size_t i, size_t n, size_t n_columns,
                      vec_f32 columns[WINDOW])
{
    const float *rows[VEC_F32_WIDTH];
    for (size_t m = 0; m < VEC_F32_WIDTH; m++)
        rows[m] = x + (i + m < n ? i + m : n - 1) * stride;
    vec_load_columns(rows, 0, n_columns, columns);
}

/* last: of the columns that may be read. */
static void turn(const float *x, size_t stride, size_t n, size_t first, size_t last, window *out)
{
    out->first = first;
    out->end = last - first < WINDOW ? last + 1 : first + WINDOW;
    size_t n_columns = out->end - first;
    x += first;
    for (size_t i = 0; i < n; i += VEC_F32_WIDTH) {
        vec_f32 columns[WINDOW];
        if (n_columns == WINDOW && i + VEC_F32_WIDTH <= n)
            vec_load_near_columns(x + i * stride, stride, columns);
        else
            load_some(x, stride, i, n, n_columns, columns);
        for (size_t c = 0; c < WINDOW; c++)
            vec_store(&out->values[c][i], vec_fma(columns[c], (vec_f32){ 0 }, columns[c]));
    }
}

/* ---- numbers ------------------------------------------------------------------ */

/* How many of a few places each value is above. */
static void compare_with_all(const float *places, size_t n_places, const float *values,
                             size_t n, int32_t *bins)
{
    for (size_t i = 0; i < n; i += VEC_F32_WIDTH) {
        vec_f32 v = vec_load(values + i);
        vec_i32 above = { 0 };
        for (size_t p = 0; p < n_places; p++)
            above -= v > vec_all(places[p]);
        memcpy(bins + i, &above, sizeof above);
    }
}

#if defined(__AVX2__)
/* One step down for eight values: 2 at + (the value is above the place). */
static inline __m256i step(__m256i at, __m256 v, __m256 place)
{
    __m256i above = _mm256_castps_si256(_mm256_cmp_ps(v, place, _CMP_GT_OQ));
    return _mm256_sub_epi32(_mm256_add_epi32(at, at), above);
}

/* The first of the group of places that each value is within. */
static void find_groups(const float *search, const float *values, size_t n, int32_t *groups)
{
    const __m256 upper = _mm256_loadu_ps(search), lower = _mm256_loadu_ps(search + 8),
                 low = _mm256_loadu_ps(search + 16), high = _mm256_loadu_ps(search + 24);
    for (size_t i = 0; i < n; i += 8) {
        __m256 v = _mm256_loadu_ps(values + i);
        __m256i at = step(_mm256_set1_epi32(1), v, _mm256_set1_ps(search[1]));
        at = step(at, v, _mm256_permutevar8x32_ps(upper, at));
        at = step(at, v, _mm256_permutevar8x32_ps(upper, at));
        at = step(at, v, _mm256_permutevar8x32_ps(lower, at));
        __m256 is_high = _mm256_castsi256_ps(_mm256_slli_epi32(at, 28));
        at = step(at, v, _mm256_blendv_ps(_mm256_permutevar8x32_ps(low, at),
                                          _mm256_permutevar8x32_ps(high, at), is_high));
        at = _mm256_sub_epi32(at, _mm256_set1_epi32(SEG_BIN_HEAP));
        _mm256_storeu_si256((__m256i *)(void *)(groups + i), _mm256_slli_epi32(at, 3));
    }
}

/* Bytes 4v .. 4v+3 and, sixteen further on, those of the upper half: -1 for each place of
 * the group that value v is above. */
static inline __m256i compare_four(const float *places, const float *values,
                                   const int32_t *groups)
{
    __m256i above[4];
    for (size_t v = 0; v < 4; v++)
        above[v] = _mm256_castps_si256(_mm256_cmp_ps(_mm256_broadcast_ss(values + v),
                                                     _mm256_loadu_ps(places + groups[v]),
                                                     _CMP_GT_OQ));
    return _mm256_packs_epi16(_mm256_packs_epi32(above[0], above[1]),
                              _mm256_packs_epi32(above[2], above[3]));
}

static void search_numbers(const float *search, const float *values, size_t n, int32_t *bins)
{
    const float *places = search + SEG_BIN_HEAP;
    find_groups(search, values, n, bins);
    for (size_t i = 0; i < n; i += 8) {
        __m256i a = compare_four(places, values + i, bins + i);
        __m256i b = compare_four(places, values + i + 4, bins + i + 4);
        __m256i below = _mm256_add_epi8(_mm256_permute2x128_si256(a, b, 0x20),
                                        _mm256_permute2x128_si256(a, b, 0x31));
        below = _mm256_maddubs_epi16(_mm256_set1_epi8(1), below);
        below = _mm256_madd_epi16(below, _mm256_set1_epi16(-1));
        __m256i *to = (__m256i *)(void *)(bins + i);
        _mm256_storeu_si256(to, _mm256_add_epi32(_mm256_loadu_si256(to), below));
    }
}
#else
/* How many of 16 places, in any order, the value is above. */
static inline size_t below_of_16(const float *places, float value)
{
#  if defined(__SSE2__)
    __m128i above[4];
    for (size_t i = 0; i < 4; i++)
        above[i] = _mm_castps_si128(_mm_cmpgt_ps(_mm_set1_ps(value),
                                                 _mm_loadu_ps(places + 4 * i)));
    __m128i all = _mm_packs_epi16(_mm_packs_epi32(above[0], above[1]),
                                  _mm_packs_epi32(above[2], above[3]));
    __m128i below = _mm_sad_epu8(_mm_sub_epi8(_mm_setzero_si128(), all), _mm_setzero_si128());
    return (size_t)(_mm_cvtsi128_si32(below) + _mm_extract_epi16(below, 4));
#  else
    size_t below = 0;
    for (size_t p = 0; p < 16; p++)
        below += value > places[p];
    return below;
#  endif
}

/* In groups of 16, as the upper four levels leave them. */
static void search_numbers(const float *search, const float *values, size_t n, int32_t *bins)
{
    const float *places = search + SEG_BIN_HEAP;
    for (size_t i = 0; i < n; i++) {
        size_t group = 16 * below_of_16(search, values[i]);
        bins[i] = (int32_t)(group + below_of_16(places + group, values[i]));
    }
}
#endif

static void bin_numbers(const float *search, const float *values, size_t n, int32_t *bins)
{
    const float *places = search + SEG_BIN_HEAP;
    size_t n_places = 1;
    while (n_places <= PLACES_MAX && places[n_places] <= FLT_MAX)
        n_places++;
    if (n_places <= PLACES_MAX)
        compare_with_all(places, n_places, values, n, bins);
    else
        search_numbers(search, values, n, bins);
}

/* ---- categories --------------------------------------------------------------- */

static void bin_codes(const seg_bin_tile_column *column, const float *values, size_t n,
                      int32_t *bins)
{
    int32_t code[SEG_TILE_ROWS], known[SEG_TILE_ROWS];
    const vec_f32 end = vec_all((float)column->n_levels);
    for (size_t i = 0; i < n; i += VEC_F32_WIDTH) {
        vec_f32 v = vec_load(values + i);
        vec_i32 is_code = (v >= (vec_f32){ 0 }) & (v < end);
        vec_i32 codes = __builtin_convertvector((vec_f32)((vec_i32)v & is_code), vec_i32);
        memcpy(code + i, &codes, sizeof codes);
        memcpy(known + i, &is_code, sizeof is_code);
    }
    for (size_t i = 0; i < n; i++)
        bins[i] = column->level_bin[code[i]] & known[i];
}

/* ---- a tile ------------------------------------------------------------------- */

void ISA_NAME(seg_bin_tile)(const seg_bin_tile_column *columns, size_t n_columns,
                            const float *x, size_t stride, size_t n, uint8_t *planes)
{
    int32_t bins[SEG_TILE_ROWS];
    window w = { .end = 0 };
    size_t last = 0;
    if (n == 0)
        return;
    for (size_t c = 0; c < n_columns; c++)
        last = columns[c].feature > last ? columns[c].feature : last;
    for (size_t c = 0; c < n_columns; c++, planes += SEG_TILE_ROWS) {
        size_t feature = columns[c].feature;
        if (feature < w.first || feature >= w.end)
            turn(x, stride, n, feature, last, &w);
        const float *values = w.values[feature - w.first];
        if (columns[c].n_levels == 0)
            bin_numbers(columns[c].search, values, n, bins);
        else
            bin_codes(&columns[c], values, n, bins);
        for (size_t i = 0; i < n; i++)
            planes[i] = (uint8_t)bins[i];
    }
}

/* ---- records ------------------------------------------------------------------ */

typedef uint8_t bytes16 __attribute__((vector_size(16)));

/* Of two times 16 bytes, byte by byte in turn: the first and the second half. */
static inline void weave(bytes16 a, bytes16 b, bytes16 out[2])
{
#if defined(__SSE2__)
    out[0] = (bytes16)_mm_unpacklo_epi8((__m128i)a, (__m128i)b);
    out[1] = (bytes16)_mm_unpackhi_epi8((__m128i)a, (__m128i)b);
#else
    for (size_t i = 0; i < 16; i++)
        out[i / 8][i % 8 * 2] = a[i], out[i / 8][i % 8 * 2 + 1] = b[i];
#endif
}

/* 16 rows of 16 columns: four times, column c is woven with column c + 8. */
static void turn_bytes(const uint8_t *planes, size_t n_columns, bytes16 rows[16])
{
    bytes16 half[16];
    for (size_t c = 0; c < 16; c++) {
        rows[c] = (bytes16){ 0 };
        if (c < n_columns)
            memcpy(&rows[c], planes + c * SEG_TILE_ROWS, sizeof rows[c]);
    }
    #pragma GCC unroll 2
    for (size_t twice = 0; twice < 2; twice++) {
        #pragma GCC unroll 8
        for (size_t c = 0; c < 8; c++)
            weave(rows[c], rows[c + 8], half + 2 * c);
        #pragma GCC unroll 8
        for (size_t c = 0; c < 8; c++)
            weave(half[c], half[c + 8], rows + 2 * c);
    }
}

void ISA_NAME(seg_bin_records)(const uint8_t *planes, size_t n_columns, size_t n,
                               uint8_t *records)
{
    for (size_t first = 0; first < SEG_TILE_COLUMNS; first += 16) {
        size_t some = n_columns > first ? n_columns - first : 0;
        for (size_t i = 0; i < n; i += 16) {
            bytes16 rows[16];
            turn_bytes(planes + first * SEG_TILE_ROWS + i, some, rows);
            for (size_t r = 0; r < 16 && i + r < n; r++)
                memcpy(records + (i + r) * SEG_TILE_COLUMNS + first, &rows[r], sizeof rows[r]);
        }
    }
}

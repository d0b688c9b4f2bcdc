/* kmeans_nearest.c: the nearest centroid of each row, in float32 with a proven bound.
 *
 * Rows are walked in tiles of three registers, a row in each lane: scaled and turned into
 * columns once, then met with four centroids at a time. The score of centroid c is
 * z.c - |c|^2 / 2, which is largest where |z - c| is least; best and second best are kept
 * in registers, so that there is no rows x centroids matrix.
 *
 * The bound. u = 2^-24; z and c are the float64 values that count, R a length no nearest
 * centroid exceeds. A score in float32 differs from the true one by at most
 *     |z| |c| (b + u)     z and c rounded to float, z within b |z_f| + a_f per feature
 *   + A |c|               A = length of the vector of the a_f
 *   + (d + 1) u (|z| |c| + |c|^2 / 2)      d additions of products, each rounded
 *   + u |c|^2 / 2                          the first term, rounded
 * (without fused multiplication one more u |z| |c|; higher powers of u by a factor).
 * Float64 distances, to which ties are compared, round by (d + 3) 2^-53 of themselves,
 * which are at most 2 |z|^2 + 2 R^2. If best and second differ by more than twice the sum,
 * no centroid of length <= R other than the best can be nearest, whatever rounding did. A
 * centroid longer than 2 |z| + |c_best| is farther than the best by the triangle
 * inequality, so R = that, or the longest if it is less: a few far centroids do not
 * loosen the bound for everybody. Rows that fail are named in `doubtful`. */
#include "base/isa_name.h"
#include "kernels/isa/vec.h"
#include "kernels/isa/vec_log1p.h"
#include "kernels/kernels.h"

#include <float.h>

enum {
    W = VEC_F32_WIDTH,
    PARTS = 3,
    TILE = PARTS * W,
    STEP = 4,           /* centroids at a time */
};
_Static_assert((int)TILE <= (int)SEG_NEAREST_TILE, "outputs have room for a tile");

/* ---- a tile of rows: columns of TILE floats, scaled ----------------------------------------- */

/* Returns what is put. Without `careful` a missing value stays what it is. */
static inline __attribute__((always_inline)) vec_f32
put_column(const seg_nearest_plan *plan, size_t f, vec_f32 x, bool careful, float *to)
{
    if (careful && plan->log1p)
        x = vec_log1p(x);
    vec_f32 z = x - plan->shift[f];
    if (careful)
        z -= plan->shift_rest[f];
    z *= plan->inverse[f];
    if (careful)
        z = vec_or_zero(z);
    vec_store(to, z);
    return z;
}

/* Four columns; returns their part of the squared lengths, added up before it joins the sum,
 * which would else wait for itself at each. */
static inline __attribute__((always_inline)) vec_f32
put_four(const seg_nearest_plan *plan, size_t f, const vec_f32 column[4], bool careful,
         float *tile)
{
    vec_f32 z[4];
    #pragma GCC unroll 4
    for (size_t c = 0; c < 4; c++)
        z[c] = put_column(plan, f + c, column[c], careful, tile + (f + c) * TILE);
    return vec_fma(z[1], z[1], z[0] * z[0]) + vec_fma(z[3], z[3], z[2] * z[2]);
}

/* squares: the squared lengths of the rows. */
static inline __attribute__((always_inline)) void
load_part(const seg_nearest_plan *plan, const float *const *row, bool careful, float *tile,
          vec_f32 *squares)
{
    vec_f32 column[4], sum = vec_all(0);
    size_t f = 0;
    for (; f + 4 <= plan->d; f += 4) {
        vec_load_columns(row, f, 4, column);
        sum += put_four(plan, f, column, careful, tile);
    }
    if (f < plan->d) {
        vec_load_columns(row, f, plan->d - f, column);
        for (size_t c = 0; f + c < plan->d; c++) {
            vec_f32 z = put_column(plan, f + c, column[c], careful, tile + (f + c) * TILE);
            sum = vec_fma(z, z, sum);
        }
    }
    *squares = sum;
}

/* The usual case at speed: neighbouring rows and columns, a number of columns that is a
 * multiple of four, nothing missing. False: something is missing. */
static inline __attribute__((always_inline)) bool
load_near(const seg_nearest_plan *plan, const float *x, size_t stride, float *tile,
          vec_f32 squares[PARTS])
{
    vec_f32 all = vec_all(0);
    for (size_t p = 0; p < PARTS; p++, x += W * stride, tile += W) {
        vec_f32 column[4], sum = vec_all(0);
        for (size_t f = 0; f < plan->d; f += 4) {
            vec_load_near_columns(x + f, stride, column);
            sum += put_four(plan, f, column, false, tile);
        }
        squares[p] = sum;
        all += sum;
    }
    return vec_not_greater(vec_all(FLT_MAX), all) == 0;
}

static bool is_level(const seg_nearest_plan *plan, size_t f)
{
    return plan->level != NULL && plan->level[f] == plan->level[f];
}

/* 1 where the codes are this level, else 0, and 0 in the end where they are missing. */
static inline vec_f32 put_level(const seg_nearest_plan *plan, size_t f, vec_f32 codes, float *to)
{
    vec_f32 hit = vec_one_if_equal(codes, vec_all(plan->level[f]));
    vec_f32 z = (hit - plan->shift[f] - plan->shift_rest[f]) * plan->inverse[f];
    z = vec_zero_if_nan(codes, z);
    vec_store(to, z);
    return z;
}

/* Numbers in neighbouring columns, at most 4. Returns how many features were put. */
static size_t load_numbers(const seg_nearest_plan *plan, const float *const *row, size_t f,
                           float *tile, vec_f32 *squares)
{
    vec_f32 column[4];
    size_t n = 1;
    while (n < 4 && f + n < plan->d && plan->columns[f + n] == plan->columns[f] + n
           && !is_level(plan, f + n))
        n++;
    vec_load_columns(row, plan->columns[f], n, column);
    for (size_t c = 0; c < n; c++) {
        vec_f32 z = put_column(plan, f + c, column[c], true, tile + (f + c) * TILE);
        *squares = vec_fma(z, z, *squares);
    }
    return n;
}

/* The levels of a category, whose codes are read once. */
static size_t load_levels(const seg_nearest_plan *plan, const float *const *row, size_t f,
                          float *tile, vec_f32 *squares)
{
    vec_f32 column[4];
    size_t n = 0, at = plan->columns[f];
    vec_load_columns(row, at, 1, column);
    for (; f + n < plan->d && is_level(plan, f + n) && plan->columns[f + n] == at; n++) {
        vec_f32 z = put_level(plan, f + n, column[0], tile + (f + n) * TILE);
        *squares = vec_fma(z, z, *squares);
    }
    return n;
}

/* The same for columns that lie apart, and for levels of categories. */
static void load_chosen(const seg_nearest_plan *plan, const float *const *row, float *tile,
                        vec_f32 *squares)
{
    *squares = vec_all(0);
    for (size_t f = 0; f < plan->d;)
        f += is_level(plan, f) ? load_levels(plan, row, f, tile, squares)
                               : load_numbers(plan, row, f, tile, squares);
}

static void load_tile(const seg_nearest_plan *plan, const float *const *row, float *tile,
                      vec_f32 squares[PARTS])
{
    for (size_t p = 0; p < PARTS; p++) {
        if (plan->columns != NULL) {
            load_chosen(plan, row + p * W, tile + p * W, &squares[p]);
            continue;
        }
        if (!plan->careful)
            load_part(plan, row + p * W, false, tile + p * W, &squares[p]);
        if (plan->careful || vec_not_greater(vec_all(FLT_MAX), squares[p]) != 0)
            load_part(plan, row + p * W, true, tile + p * W, &squares[p]);
    }
}

/* ---- scores --------------------------------------------------------------------------------- */

typedef struct standing {
    vec_f32 best[PARTS], second[PARTS], third[PARTS];
    vec_i32 label[PARTS], runner_up[PARTS];
} standing;

static inline __attribute__((always_inline)) void
meet(const seg_nearest_plan *plan, const float *tile, size_t j, bool three, standing *s)
{
    const float *c = plan->pack + j / SEG_KMEANS_PAD * SEG_KMEANS_PAD * plan->d
                     + j % SEG_KMEANS_PAD;
    vec_f32 score[PARTS][STEP];
    #pragma GCC unroll 4
    for (size_t i = 0; i < STEP; i++) {
        vec_f32 half = vec_all(plan->half[j + i]);
        #pragma GCC unroll 3
        for (size_t p = 0; p < PARTS; p++)
            score[p][i] = half;
    }
    for (size_t f = 0; f < plan->d; f++, c += SEG_KMEANS_PAD, tile += TILE) {
        vec_f32 z[PARTS];
        #pragma GCC unroll 3
        for (size_t p = 0; p < PARTS; p++)
            z[p] = vec_load(tile + p * W);
        #pragma GCC unroll 4
        for (size_t i = 0; i < STEP; i++) {
            vec_f32 centre = vec_all(c[i]);
            #pragma GCC unroll 3
            for (size_t p = 0; p < PARTS; p++)
                score[p][i] = vec_fma(z[p], centre, score[p][i]);
        }
    }
    #pragma GCC unroll 3
    for (size_t p = 0; p < PARTS; p++)
        #pragma GCC unroll 4
        for (size_t i = 0; i < STEP; i++) {
            vec_f32 v = score[p][i], less = vec_min(v, s->best[p]);
            vec_i32 number = vec_all_i32((int32_t)(j + i));
            if (three) {
                s->third[p] = vec_max(s->third[p], vec_min(less, s->second[p]));
                vec_i32 loser = vec_if_greater(v, s->best[p], s->label[p], number);
                s->runner_up[p] = vec_if_greater(less, s->second[p], loser, s->runner_up[p]);
            }
            s->label[p] = vec_if_greater(v, s->best[p], number, s->label[p]);
            s->second[p] = vec_max(less, s->second[p]);
            s->best[p] = vec_max(v, s->best[p]);
        }
}

/* ---- the verdict ---------------------------------------------------------------------------- */

static void put_labels(int32_t *to, vec_i32 labels)
{
    __builtin_memcpy(to, &labels, sizeof labels);
}

/* What the best of these rows can be wrong by: no nearest centroid is longer than reach. */
typedef struct errors {
    vec_f32 length, near, reach, most;
} errors;

static inline errors bound_errors(const seg_nearest_plan *plan, vec_f32 square, vec_f32 own)
{
    errors e;
    e.length = vec_sqrt(square) * plan->inflate + plan->per_length;
    e.near = e.length + own;
    e.reach = vec_min(vec_all(plan->longest), 1.01f * (e.near + e.length));
    e.most = e.reach * (plan->per_product * e.length + plan->per_square * e.reach
                        + plan->per_length)
             + plan->per_point * square + plan->least;
    return e;
}

/* Distances: at most `upper` to the best centroid, at least `lower` to any other. */
static inline void put_bounds(const seg_nearest_plan *plan, const standing *s, size_t p,
                              vec_f32 square, float *upper, float *lower)
{
    errors e = bound_errors(plan, square, vec_gather(plan->length, s->label[p]));
    vec_f32 slack = 2 * e.most + plan->per_square_length * square
                    + 2 * plan->per_length * e.length;
    vec_f32 most = vec_max(square - 2 * s->best[p] + slack, vec_all(0));
    vec_f32 least = vec_max(square - 2 * s->second[p] - slack, vec_all(0));
    vec_store(upper, vec_sqrt(most) * (1 + 0x1p-20f));
    /* `second` may be the score of a centroid beyond reach, whose error is larger */
    vec_store(lower, vec_min(vec_sqrt(least), e.near) * (1 - 0x1p-20f));
}

/* First by one bound for all centroids, 2 |z| R <= |z|^2 + R^2 with R the longest; what
 * that leaves in doubt by the bound of the row itself. */
static inline __attribute__((always_inline)) uint32_t
doubt_part(const seg_nearest_plan *plan, const standing *s, size_t p, vec_f32 square, bool three)
{
    vec_f32 gap = s->best[p] - s->second[p], usual = plan->usual_point * square + plan->usual;
    if (three)
        gap = vec_min(s->second[p] - s->third[p], gap);
    if (vec_not_greater(gap, usual) == 0)
        return 0;
    vec_f32 own = vec_gather(plan->length, s->label[p]);
    if (three)
        own = vec_max(own, vec_gather(plan->length, s->runner_up[p]));
    return vec_not_greater(gap, 2 * bound_errors(plan, square, own).most);
}

static inline __attribute__((always_inline)) void
judge(const seg_nearest_plan *plan, const standing *s, const vec_f32 squares[PARTS], size_t at,
      size_t n, bool three, seg_nearest *out)
{
    for (size_t p = 0; p < PARTS && p * W < n; p++) {
        size_t to = at + p * W;
        uint32_t doubt = doubt_part(plan, s, p, squares[p], three);
        if (n - p * W < W)
            doubt &= (1u << (n - p * W)) - 1;
        for (; doubt != 0; doubt &= doubt - 1)
            out->doubtful[out->n_doubtful++] = (uint32_t)to + (uint32_t)__builtin_ctz(doubt);
        put_labels(out->label + to, s->label[p]);
        if (three)
            put_labels(out->second + to, s->runner_up[p]);
        else if (out->upper != NULL)
            put_bounds(plan, s, p, squares[p], out->upper + to, out->lower + to);
    }
}

/* ---- the walk ------------------------------------------------------------------------------- */

static inline void point_at_rows(const seg_nearest_rows *rows, size_t at, const float **row)
{
    const float *x = rows->x + at * rows->stride;
    if (rows->pick == NULL && at + TILE <= rows->n) {
        for (size_t i = 0; i < TILE; i++, x += rows->stride)
            row[i] = x;
        return;
    }
    for (size_t i = 0; i < TILE; i++) {
        size_t r = at + i < rows->n ? at + i : rows->n - 1;   /* a missing one repeats the last */
        row[i] = rows->x + (rows->pick == NULL ? r : rows->pick[r]) * rows->stride;
    }
}

/* While one tile is computed the next one is fetched, a share of its lines at each step:
 * the processor does not foresee rows across so much arithmetic, and all lines at once
 * would be more than it can wait for. Neighbouring rows that are done with soon it does
 * foresee. */
typedef struct fetching {
    size_t row_bytes, lines_a_step;
    size_t row, end, byte;      /* what comes next */
} fetching;

enum { LINE = 64, LONG_ARITHMETIC = 512 };

static fetching plan_fetching(const seg_nearest_plan *plan, const seg_nearest_rows *rows)
{
    fetching f = { .row_bytes = plan->d * sizeof(float) };
    if (plan->columns != NULL)
        f.row_bytes = rows->stride * sizeof(float);
    size_t n_steps = (plan->k + STEP - 1) / STEP;
    size_t lines = (f.row_bytes + LINE - 1) / LINE * TILE;
    f.lines_a_step = (lines + n_steps - 1) / n_steps;
    if (rows->pick == NULL && plan->k * plan->d < LONG_ARITHMETIC)
        f.lines_a_step = 0;
    return f;
}

static inline void fetch_from(fetching *f, size_t at, size_t n)
{
    f->row = at;
    f->end = at + TILE < n ? at + TILE : n;
    f->byte = 0;
}

static inline void fetch_some(fetching *f, const seg_nearest_rows *rows)
{
    for (size_t i = 0; i < f->lines_a_step && f->row < f->end; i++) {
        size_t r = rows->pick == NULL ? f->row : rows->pick[f->row];
        __builtin_prefetch((const char *)(rows->x + r * rows->stride) + f->byte);
        f->byte += LINE;
        if (f->byte >= f->row_bytes) {
            f->byte = 0;
            f->row++;
        }
    }
}

static inline __attribute__((always_inline)) void
walk(const seg_nearest_plan *plan, const seg_nearest_rows *rows, bool three, float *tile,
     seg_nearest *out)
{
    const float *row[TILE];
    vec_f32 squares[PARTS];
    fetching next = plan_fetching(plan, rows);
    bool usual = rows->pick == NULL && plan->columns == NULL && !plan->careful
                 && plan->d % 4 == 0;
    for (size_t at = 0; at < rows->n; at += TILE) {
        if (!usual || at + TILE > rows->n
            || !load_near(plan, rows->x + at * rows->stride, rows->stride, tile, squares)) {
            point_at_rows(rows, at, row);
            load_tile(plan, row, tile, squares);
        }
        fetch_from(&next, at + TILE, rows->n);
        standing s;
        for (size_t p = 0; p < PARTS; p++) {
            s.best[p] = s.second[p] = s.third[p] = vec_all(-FLT_MAX);
            s.label[p] = s.runner_up[p] = vec_all_i32(0);
        }
        for (size_t j = 0; j < plan->k; j += STEP) {
            fetch_some(&next, rows);
            meet(plan, tile, j, three, &s);
        }
        judge(plan, &s, squares, at, rows->n - at, three, out);
    }
}

void ISA_NAME(seg_kmeans_nearest)(const seg_nearest_plan *plan, const seg_nearest_rows *rows,
                                  float *tile, seg_nearest *out)
{
    out->n_doubtful = 0;
    if (out->second == NULL)
        walk(plan, rows, false, tile, out);
    else
        walk(plan, rows, true, tile, out);
}

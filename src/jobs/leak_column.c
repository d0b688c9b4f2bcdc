/* leak_column.c: one column against the label. */
#include "jobs/leak_column.h"

#include <math.h>
#include <string.h>
#include <strings.h>
#include "base/alloc.h"
#include "base/real.h"
#include "base/try.h"
#include "kernels/distinct.h"
#include "kernels/keys.h"
#include "kernels/radix.h"

enum { FOLDS = 5, FEW_VALUES = 64, FEW_ROWS = 20 };
static const double too_good = 0.95, too_far_off = 0.03, errors = 5, prior_rows = 4,
                    log_chance = -20.7;   /* 1e-9 */

seg_status seg_leak_work_new(size_t n, seg_leak_work *out, seg_error *err)
{
    seg_status st = SEG_OK;
    *out = (seg_leak_work){ .cap = n };
    TRY(SEG_ALLOC(&out->keys, n, "the values of a column", err));
    TRY(SEG_ALLOC(&out->temp, n, "the values of a column", err));
    TRY(SEG_ALLOC(&out->rows, n, "the values of a column", err));
    TRY(SEG_ALLOC(&out->rows_temp, n, "the values of a column", err));
    TRY(SEG_ALLOC(&out->level, n, "the values of a column", err));
    TRY(SEG_ALLOC(&out->counts, n * FOLDS * 2, "the values of a column", err));
    TRY(SEG_ALLOC(&out->scores, n, "the values of a column", err));

done:
    return st;
}

void seg_leak_work_free(seg_leak_work *work)
{
    seg_free(work->keys);
    seg_free(work->temp);
    seg_free(work->rows);
    seg_free(work->rows_temp);
    seg_free(work->level);
    seg_free(work->counts);
    seg_free(work->scores);
    *work = (seg_leak_work){ 0 };
}

/* ---- AUC -------------------------------------------------------------------------------- */

double seg_leak_folded(double auc)
{
    return auc < 0.5 ? 1 - auc : auc;
}

static double error_of(uint64_t n0, uint64_t n1)
{
    return sqrt(((double)n0 + (double)n1 + 1) / (12.0 * (double)n0 * (double)n1));
}

bool seg_leak_off_by(double auc, uint64_t n0, uint64_t n1)
{
    return n0 >= FEW_ROWS && n1 >= FEW_ROWS && auc - 0.5 > too_far_off
           && auc - 0.5 > errors * error_of(n0, n1);
}

static void count_classes(const uint8_t *classes, size_t n, uint64_t counts[2])
{
    counts[0] = counts[1] = 0;
    for (size_t i = 0; i < n; i++)
        counts[classes[i]]++;
}

bool seg_leak_off(double auc, const uint8_t *classes, size_t n)
{
    uint64_t counts[2];
    count_classes(classes, n, counts);
    return seg_leak_off_by(auc, counts[0], counts[1]);
}

/* Keys ascending, with classes in rows[]: folded; 0.5 if a class is absent. */
static double auc_of_sorted(const uint64_t *keys, const uint32_t *classes, size_t n)
{
    uint64_t below = 0, all[2] = { 0, 0 }, here[2] = { 0, 0 };
    unsigned __int128 twice = 0;
    for (size_t i = 0; i < n; i++) {
        here[classes[i]]++;
        if (i + 1 < n && keys[i + 1] == keys[i])
            continue;
        twice += (unsigned __int128)here[1] * (2 * below + here[0]);
        below += here[0];
        all[0] += here[0];
        all[1] += here[1];
        here[0] = here[1] = 0;
    }
    if (all[0] == 0 || all[1] == 0)
        return 0.5;
    return seg_leak_folded((double)twice / (2 * (double)all[0] * (double)all[1]));
}

double seg_leak_id_auc(const double *numbers, const uint8_t *classes, size_t n,
                       seg_leak_work *work, size_t *n_known)
{
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(numbers[i]))
            continue;
        work->keys[m] = seg_key_of_real(numbers[i]);
        work->rows[m++] = classes[i];
    }
    *n_known = m;
    seg_radix_sort(work->keys, work->rows, m, work->temp, work->rows_temp);
    return auc_of_sorted(work->keys, work->rows, m);
}

static double auc_of_scores(const uint8_t *classes, size_t n, seg_leak_work *work)
{
    for (size_t i = 0; i < n; i++) {
        work->keys[i] = seg_radix_float_key(work->scores[i]);
        work->rows[i] = classes[i];
    }
    seg_radix_sort(work->keys, work->rows, n, work->temp, work->rows_temp);
    return auc_of_sorted(work->keys, work->rows, n);
}

double seg_number_at_end(const char *text, size_t n)
{
    size_t digits = 0;
    double value = 0, place = 1;
    while (digits < n && digits < 18 && text[n - 1 - digits] >= '0'
           && text[n - 1 - digits] <= '9') {
        value += place * (text[n - 1 - digits] - '0');
        place *= 10;
        digits++;
    }
    return digits == 0 ? NAN : value;
}

/* ---- what a column is ------------------------------------------------------------------- */

typedef struct facts {
    size_t n_known, n_levels;        /* rows with a value, different values (missing is one) */
    uint64_t all[2], known[2];       /* rows per class; with a value */
    double least, largest;
    bool whole;
} facts;

/* Sorts the values; leaves keys of known values in order, their classes in `rows_temp`. */
static facts sort_values(const float *x, const uint8_t *classes, size_t n, seg_leak_work *work)
{
    facts f = { .whole = true, .least = INFINITY, .largest = -INFINITY };
    count_classes(classes, n, f.all);
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i]))
            continue;
        work->keys[f.n_known] = seg_radix_float_key(x[i]);
        work->rows[f.n_known++] = (uint32_t)i;
        f.known[classes[i]]++;
        f.whole = f.whole && x[i] == truncf(x[i]);
        f.least = fmin(f.least, (double)x[i]);
        f.largest = fmax(f.largest, (double)x[i]);
    }
    seg_radix_sort(work->keys, work->rows, f.n_known, work->temp, work->rows_temp);
    for (size_t i = 0; i < n; i++)
        work->level[i] = 0;          /* missing */
    for (size_t k = 0; k < f.n_known; k++) {
        f.n_levels += k == 0 || work->keys[k] != work->keys[k - 1];
        work->level[work->rows[k]] = (uint32_t)f.n_levels;
        work->rows_temp[k] = classes[work->rows[k]];
    }
    f.n_levels++;
    return f;
}

/* Per row the rate of its value in the other folds, pulled to the overall rate. */
static double auc_of_rates(const facts *f, const uint8_t *classes, size_t n,
                           seg_leak_work *work)
{
    double rate = (double)f->all[1] / (double)n;
    size_t n_levels = f->n_levels < work->cap ? f->n_levels : work->cap;
    memset(work->counts, 0, n_levels * FOLDS * 2 * sizeof *work->counts);
    for (size_t i = 0; i < n; i++) {
        if (work->level[i] >= n_levels)
            work->level[i] = 0;
        work->counts[(work->level[i] * FOLDS + seg_mix64(i) % FOLDS) * 2 + classes[i]]++;
    }
    for (size_t i = 0; i < n; i++) {
        double rows[2] = { 0, 0 };
        for (size_t k = 0; k < FOLDS; k++)
            for (size_t c = 0; c < 2 && k != seg_mix64(i) % FOLDS; c++)
                rows[c] += work->counts[(work->level[i] * FOLDS + k) * 2 + c];
        work->scores[i] = (float)((rows[1] + prior_rows * rate)
                                  / (rows[0] + rows[1] + prior_rows));
    }
    return auc_of_scores(classes, n, work);
}

static double auc_of_missing(const facts *f)
{
    double share[2];
    for (int c = 0; c < 2; c++)
        share[c] = (double)f->known[c] / (double)f->all[c];
    return 0.5 + fabs(share[1] - share[0]) / 2;
}

/* The class all of whose rows have one value (or none), which not by chance so many would;
 * -1: none. *auc: of "has this value". */
static int constant_class(const facts *f, const uint8_t *classes, size_t n,
                          const seg_leak_work *work, double *auc)
{
    for (int c = 0; c < 2; c++) {
        uint32_t level = UINT32_MAX;
        uint64_t other = 0;
        bool same = f->all[c] >= FEW_ROWS;
        for (size_t i = 0; same && i < n; i++) {
            if (classes[i] != c)
                continue;
            same = level == UINT32_MAX || work->level[i] == level;
            level = work->level[i];
        }
        for (size_t i = 0; same && i < n; i++)
            other += classes[i] != c && work->level[i] == level;
        double share = ((double)f->all[c] + (double)other) / (double)n;
        if (!same || other == f->all[1 - c] || (double)f->all[c] * seg_log(share) > log_chance)
            continue;
        *auc = 1 - (double)other / (double)f->all[1 - c] / 2;
        return c;
    }
    return -1;
}

/* ---- ids -------------------------------------------------------------------------------- */

static bool named_like_id(const char *name)
{
    static const char *const ends[] = { "id", "number", "nr", "key", "no", "index", "row" };
    size_t n = strlen(name);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t m = strlen(ends[i]);
        if (n >= m && strcasecmp(name + n - m, ends[i]) == 0)
            return true;
    }
    return false;
}

/* Whole numbers, all different (but for what floats cannot tell apart), that count rows or
 * are called an id; or as many categories as rows. */
static bool looks_like_id(const seg_column *column, const facts *f, size_t n, uint64_t n_rows)
{
    if (f->n_known < n || n < 100)
        return false;
    if (column->type == SEG_TYPE_CODE)
        return (double)column->n_levels > 0.9 * (double)n_rows;
    return f->whole && (double)(f->n_levels - 1) > 0.99 * (double)n
           && (named_like_id(column->name) || f->largest - f->least < 4 * (double)n_rows);
}

/* Categories: by the number at the end of their names. */
static double auc_of_id(const seg_column *column, const float *x, const uint8_t *classes,
                        size_t n, seg_leak_work *work)
{
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        double value = (double)x[i];
        if (column->type == SEG_TYPE_CODE) {
            const char *level = column->levels[(size_t)x[i]];
            value = seg_number_at_end(level, strlen(level));
        }
        if (isnan(value))
            continue;
        work->keys[m] = seg_key_of_real(value);
        work->rows[m++] = classes[i];
    }
    seg_radix_sort(work->keys, work->rows, m, work->temp, work->rows_temp);
    return m * 10 < n * 9 ? 0.5 : auc_of_sorted(work->keys, work->rows, m);
}

/* ---- all of it -------------------------------------------------------------------------- */

static bool beyond_chance(double auc, const uint64_t rows[2])
{
    return auc > too_good && rows[0] >= FEW_ROWS && rows[1] >= FEW_ROWS
           && auc - 0.5 > errors * error_of(rows[0], rows[1]);
}

void seg_leak_look(const seg_column *column, const float *x, const uint8_t *classes, size_t n,
                   uint64_t n_rows, seg_leak_work *work, seg_leak_column *out)
{
    facts f = sort_values(x, classes, n, work);
    bool number = column->type != SEG_TYPE_CODE;
    *out = (seg_leak_column){ .finding = SEG_LEAK_NONE, .constant_class = -1 };
    if (f.all[0] < FEW_ROWS || f.all[1] < FEW_ROWS)
        return;
    double constant = 0.5, alone = 0.5, missing = auc_of_missing(&f);
    if (number && beyond_chance(1, f.known))
        alone = auc_of_sorted(work->keys, work->rows_temp, f.n_known);
    bool id = looks_like_id(column, &f, n, n_rows);
    out->constant_class = constant_class(&f, classes, n, work, &constant);
    if (!beyond_chance(alone, f.known)) {
        alone = 0.5;
        if (!number || f.n_levels <= FEW_VALUES)
            alone = auc_of_rates(&f, classes, n, work);
    }
    if (alone > too_good && missing < too_good) {
        *out = (seg_leak_column){ SEG_LEAK_ALONE, alone, -1 };
    } else if (beyond_chance(missing, f.all)) {
        *out = (seg_leak_column){ SEG_LEAK_MISSING, missing, -1 };
    } else if (out->constant_class >= 0) {
        out->finding = SEG_LEAK_CONSTANT;
        out->auc = constant;
    } else if (id) {
        out->auc = auc_of_id(column, x, classes, n, work);
        if (seg_leak_off_by(out->auc, f.all[0], f.all[1]))
            out->finding = SEG_LEAK_ID;
    }
}

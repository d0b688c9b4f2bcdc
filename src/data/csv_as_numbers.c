/* csv_as_numbers.c: columns of numbers, as floats, and of decimals, as whole numbers. */
#include <math.h>
#include "data/csv_work.h"

/* ---- numbers ------------------------------------------------------------------------ */

static inline bool is_whole(double v)
{
    return !(v > -0x1p62 && v < 0x1p62) || v == (double)(int64_t)v;
}

/* What the loop over plain numbers finds. */
typedef struct range {
    uint64_t n;
    double min, max, first, last;
    bool whole, counts;
} range;

static inline void see_value(range *a, double v)
{
    if (a->n++ == 0)
        a->first = a->min = a->max = v;
    else
        a->counts = a->counts && v == a->last + 1;
    a->min = v < a->min ? v : a->min;
    a->max = v > a->max ? v : a->max;
    a->whole = a->whole && is_whole(v);
    a->last = v;
}

static void put_range(seg_csv_facts *f, const range *a)
{
    if (a->n == 0)
        return;
    f->counts = f->counts && a->counts && f->n_numbers == 0;
    f->first = a->first;
    f->last = a->last;
    f->min = f->n_numbers == 0 || a->min < f->min ? a->min : f->min;
    f->max = f->n_numbers == 0 || a->max > f->max ? a->max : f->max;
    f->whole = f->whole && a->whole;
    f->n_numbers += a->n;
}

/* Blanks around it, very large, or no number. */
static bool odd_number(const seg_csv_work *w, size_t r, seg_csv_cell cell, double *value,
                       float *single)
{
    seg_csv_look look = seg_csv_work_look(w, r, cell);
    const seg_csv_notation *as = &w->im->notation;
    cell = seg_csv_trim(cell.s, cell.n);
    if (seg_csv_parse_f64(as, cell.s, cell.n, value)
        && seg_csv_parse_f32(as, cell.s, cell.n, single))
        return true;
    seg_csv_facts_number(w->facts, &look);
    w->part->faulty = true;
    *single = NAN;
    return false;
}

seg_status seg_csv_as_numbers(const seg_csv_work *w, seg_error *err)
{
    float *out = seg_csv_kept_as(w->part, w->c, SEG_CSV_KEPT_F32, w->n * sizeof *out, err);
    const seg_csv_notation as = w->im->notation;
    seg_csv_cells cells = seg_csv_chunk_cells(w->chunk, w->c);
    seg_csv_counts t = seg_csv_no_counts();
    range seen = { .whole = true, .counts = true };
    if (out == NULL)
        return SEG_E_AGAIN;
    for (size_t r = 0; r < w->n; r++) {
        seg_csv_cell cell = seg_csv_unquoted(w, seg_csv_next_cell(&cells));
        double v;
        if (seg_csv_work_missing(w, cell)) {
            seg_csv_missing_in(&t, r);
            out[r] = NAN;
            continue;
        }
        seg_csv_present_in(&t, r);
        bool plain = seg_csv_number(&as, cell.s, cell.n, &v) && fabs(v) <= 1e38;
        if (plain)
            seg_csv_single(&as, cell.s, cell.n, v, &out[r]);
        if (plain || odd_number(w, r, cell, &v, &out[r]))
            see_value(&seen, v);
    }
    seg_csv_put_counts(w, &t);
    put_range(w->facts, &seen);
    return SEG_OK;
}

/* ---- decimals ----------------------------------------------------------------------- */

static int64_t odd_fixed(const seg_csv_work *w, size_t r, seg_csv_cell cell)
{
    int64_t value;
    bool exact;
    seg_csv_look look = seg_csv_work_look(w, r, cell);
    seg_csv_facts_fixed(w->facts, &look);
    cell = seg_csv_trim(cell.s, cell.n);
    if (seg_csv_parse_fixed(&w->im->notation, cell.s, cell.n, SEG_CSV_FIXED_SCALE, &value, &exact))
        return value;
    w->part->faulty = true;
    return SEG_MISSING_I64;
}

seg_status seg_csv_as_fixed(const seg_csv_work *w, seg_error *err)
{
    static const int64_t units[] = { 10000, 1000, 100, 10, 1 };
    int64_t *out = seg_csv_kept_as(w->part, w->c, SEG_CSV_KEPT_I64, w->n * sizeof *out, err);
    seg_csv_cells cells = seg_csv_chunk_cells(w->chunk, w->c);
    const char point = w->im->notation.point;
    seg_csv_counts t = seg_csv_no_counts();
    range seen = { .whole = true, .counts = true };
    int most_digits = 0;
    if (out == NULL)
        return SEG_E_AGAIN;
    for (size_t r = 0; r < w->n; r++) {
        seg_csv_cell cell = seg_csv_unquoted(w, seg_csv_next_cell(&cells));
        int64_t digits;
        unsigned n_fraction;
        if (seg_csv_work_missing(w, cell)) {
            seg_csv_missing_in(&t, r);
            out[r] = SEG_MISSING_I64;
            continue;
        }
        seg_csv_present_in(&t, r);
        if (cell.n > 14 || !seg_csv_plain_decimal(cell.s, cell.n, point, &digits, &n_fraction)
            || n_fraction > 4) {
            out[r] = odd_fixed(w, r, cell);
            continue;
        }
        out[r] = digits * units[n_fraction];
        for (; (int)n_fraction > most_digits && digits % 10 == 0; digits /= 10)
            n_fraction--;
        most_digits = (int)n_fraction > most_digits ? (int)n_fraction : most_digits;
        see_value(&seen, (double)out[r] / SEG_CSV_FIXED_SCALE);
    }
    seg_csv_put_counts(w, &t);
    put_range(w->facts, &seen);
    if (most_digits > w->facts->digits)
        w->facts->digits = most_digits;
    return SEG_OK;
}

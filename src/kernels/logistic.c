/* logistic.c: Newton's method whose second derivatives are kept while they serve.
 *
 * They are taken anew when a step did not halve the gradient, and of as many rows as a bound
 * on the work allows: the gradient is of all rows, so the end is the same. Work is shared out
 * by columns, each summed over all rows in one order. */
#include "kernels/logistic.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "base/alloc.h"
#include "base/real.h"
#include "base/team.h"
#include "base/try.h"

enum { STEPS = 50, HALVINGS = 30, CHUNK = 1024, LANES = 8 };
static const double small_gradient = 1e-6, good_step = 0.5, most_products = 3e8;

struct seg_logistic {
    seg_logistic_rows rows;
    const uint8_t *use;
    double lambda;
    int n_threads, steps;
    size_t p, n_used;
    uint32_t *first;          /* per category: its first coefficient */
    double *beta, *trial, *gradient, *step;
    double *eta;              /* per row: log-odds */
    double *residual;         /* probability - class; 0 if not used */
    double *weight;           /* probability (1 - probability); 0 if not used */
    double *chunk_loss;
    double *scratch;          /* per thread: n */
    double *factor;           /* p x p: lower triangle of the Cholesky factor */
    bool has_factor;
    size_t hessian_rows;
};

static size_t n_chunks(const seg_logistic *l)
{
    return (l->rows.n + CHUNK - 1) / CHUNK;
}

void seg_logistic_free(seg_logistic *l)
{
    if (l == NULL)
        return;
    seg_free(l->first);
    seg_free(l->beta);
    seg_free(l->trial);
    seg_free(l->gradient);
    seg_free(l->step);
    seg_free(l->eta);
    seg_free(l->residual);
    seg_free(l->weight);
    seg_free(l->chunk_loss);
    seg_free(l->scratch);
    seg_free(l->factor);
    seg_free(l);
}

/* Rows that the second derivatives are of: products of columns are bounded. */
static size_t rows_for_hessian(const seg_logistic *l)
{
    double d = (double)(l->rows.n_numbers + l->rows.n_categories + 1);
    double most = most_products / (d * (d + 1) / 2);
    return (double)l->rows.n <= most ? l->rows.n : (size_t)most;
}

seg_status seg_logistic_new(const seg_logistic_rows *rows, double lambda, int n_threads,
                            seg_logistic **out, seg_error *err)
{
    static const char what[] = "a logistic regression";
    seg_status st = SEG_OK;
    seg_logistic *l = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&l, 1, what, err));
    *l = (seg_logistic){ .rows = *rows, .lambda = lambda, .n_threads = n_threads,
                         .p = 1 + rows->n_numbers };
    TRY(SEG_ALLOC(&l->first, rows->n_categories, what, err));
    for (size_t c = 0; c < rows->n_categories; c++) {
        l->first[c] = (uint32_t)l->p;
        l->p += rows->n_levels[c];
    }
    l->hessian_rows = rows_for_hessian(l);
    TRY(SEG_ALLOC(&l->beta, l->p, what, err));
    TRY(SEG_ALLOC(&l->trial, l->p, what, err));
    TRY(SEG_ALLOC(&l->gradient, l->p, what, err));
    TRY(SEG_ALLOC(&l->step, l->p, what, err));
    TRY(SEG_ALLOC(&l->eta, rows->n, what, err));
    TRY(SEG_ALLOC(&l->residual, rows->n, what, err));
    TRY(SEG_ALLOC(&l->weight, rows->n, what, err));
    TRY(SEG_ALLOC(&l->chunk_loss, n_chunks(l), what, err));
    TRY(SEG_ALLOC(&l->scratch, (size_t)n_threads * rows->n, what, err));
    TRY(SEG_ALLOC(&l->factor, l->p * l->p, what, err));
    *out = l;
    l = NULL;

done:
    seg_logistic_free(l);
    return st;
}

size_t seg_logistic_size(const seg_logistic *l) { return l->p; }
int seg_logistic_steps(const seg_logistic *l) { return l->steps; }

/* ---- rows ------------------------------------------------------------------------------- */

/* log(1 + e^-|eta|) and the probability, without overflow. */
static double loss_of(double eta, int class, double *probability)
{
    double e = seg_exp(-fabs(eta));
    *probability = (eta >= 0 ? 1 : e) / (1 + e);
    return seg_log1p(e) + (class == 1 ? fmax(-eta, 0) : fmax(eta, 0));
}

static void look_at_chunk(void *arg, size_t chunk, int thread)
{
    (void)thread;
    seg_logistic *l = arg;
    const seg_logistic_rows *rows = &l->rows;
    size_t first = chunk * CHUNK, end = first + CHUNK < rows->n ? first + CHUNK : rows->n;
    double loss = 0, probability;
    for (size_t i = first; i < end; i++)
        l->eta[i] = l->trial[0];
    for (size_t j = 0; j < rows->n_numbers; j++)
        for (size_t i = first; i < end; i++)
            l->eta[i] += l->trial[1 + j] * (double)rows->numbers[j * rows->n + i];
    for (size_t c = 0; c < rows->n_categories; c++)
        for (size_t i = first; i < end; i++)
            l->eta[i] += l->trial[l->first[c] + rows->levels[c * rows->n + i]];
    for (size_t i = first; i < end; i++) {
        l->residual[i] = l->weight[i] = 0;
        if (l->use[i] == 0)
            continue;
        loss += loss_of(l->eta[i], rows->classes[i], &probability);
        l->residual[i] = probability - rows->classes[i];
        l->weight[i] = probability * (1 - probability);
    }
    l->chunk_loss[chunk] = loss;
}

/* What is to be minimised, at the trial coefficients; leaves residuals and weights. */
static double look_at_rows(seg_logistic *l)
{
    double loss = 0, squares = 0;
    seg_team_run(l->n_threads, n_chunks(l), look_at_chunk, l);
    for (size_t c = 0; c < n_chunks(l); c++)
        loss += l->chunk_loss[c];
    for (size_t j = 1; j < l->p; j++)
        squares += l->trial[j] * l->trial[j];
    return loss + l->lambda / 2 * squares;
}

/* ---- derivatives ------------------------------------------------------------------------- */

static double add_lanes(const double s[LANES])
{
    return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
}

static double dot(const double *a, const float *b, size_t n)
{
    double s[LANES] = { 0 };
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            s[k] += a[i + k] * (double)b[i + k];
    for (size_t k = 0; i + k < n; k++)
        s[k] += a[i + k] * (double)b[i + k];
    return add_lanes(s);
}

static double sum(const double *a, size_t n)
{
    double s[LANES] = { 0 };
    for (size_t i = 0; i < n; i++)
        s[i % LANES] += a[i];
    return add_lanes(s);
}

/* sums[level] of a over rows; sums is cleared first. */
static void sum_levels(const double *a, const uint16_t *levels, size_t n, double *sums,
                       size_t n_levels)
{
    memset(sums, 0, n_levels * sizeof *sums);
    for (size_t i = 0; i < n; i++)
        sums[levels[i]] += a[i];
}

/* Feature 0 is the constant, then numbers, then categories. */
static void gradient_of(void *arg, size_t feature, int thread)
{
    (void)thread;
    seg_logistic *l = arg;
    const seg_logistic_rows *rows = &l->rows;
    if (feature == 0) {
        l->gradient[0] = sum(l->residual, rows->n);
    } else if (feature <= rows->n_numbers) {
        size_t j = feature - 1;
        l->gradient[feature] = dot(l->residual, rows->numbers + j * rows->n, rows->n)
                               + l->lambda * l->beta[feature];
    } else {
        size_t c = feature - 1 - rows->n_numbers;
        double *sums = l->gradient + l->first[c];
        sum_levels(l->residual, rows->levels + c * rows->n, rows->n, sums, rows->n_levels[c]);
        for (size_t v = 0; v < rows->n_levels[c]; v++)
            sums[v] += l->lambda * l->beta[l->first[c] + v];
    }
}

static double largest_gradient(seg_logistic *l)
{
    double most = 0;
    seg_team_run(l->n_threads, 1 + l->rows.n_numbers + l->rows.n_categories, gradient_of, l);
    for (size_t j = 0; j < l->p; j++)
        most = fmax(most, fabs(l->gradient[j]));
    return most;
}

/* The rows of the second derivatives that belong to a category: right of the diagonal. */
static void hessian_of_category(seg_logistic *l, size_t c, size_t n)
{
    const seg_logistic_rows *rows = &l->rows;
    const uint16_t *levels = rows->levels + c * rows->n;
    for (size_t v = 0; v < rows->n_levels[c]; v++)
        memset(l->factor + (l->first[c] + v) * l->p, 0, l->p * sizeof *l->factor);
    for (size_t i = 0; i < n; i++)
        l->factor[(l->first[c] + levels[i]) * (l->p + 1)] += l->weight[i];
    for (size_t o = c + 1; o < rows->n_categories; o++) {
        const uint16_t *other = rows->levels + o * rows->n;
        double *block = l->factor + l->first[c] * l->p + l->first[o];
        for (size_t i = 0; i < n; i++)
            block[levels[i] * l->p + other[i]] += l->weight[i];
    }
}

static void hessian_of(void *arg, size_t feature, int thread)
{
    seg_logistic *l = arg;
    const seg_logistic_rows *rows = &l->rows;
    size_t n = l->hessian_rows;
    if (feature > rows->n_numbers) {
        hessian_of_category(l, feature - 1 - rows->n_numbers, n);
        return;
    }
    double *row = l->factor + feature * l->p, *wx = l->scratch + (size_t)thread * rows->n;
    const float *x = rows->numbers + (feature == 0 ? 0 : feature - 1) * rows->n;
    for (size_t i = 0; i < n; i++)
        wx[i] = feature == 0 ? l->weight[i] : l->weight[i] * (double)x[i];
    if (feature == 0)
        row[0] = sum(wx, n);
    for (size_t j = feature == 0 ? 1 : feature; j <= rows->n_numbers; j++)
        row[j] = dot(wx, rows->numbers + (j - 1) * rows->n, n);
    for (size_t c = 0; c < rows->n_categories; c++)
        sum_levels(wx, rows->levels + c * rows->n, n, row + l->first[c], rows->n_levels[c]);
}

/* ---- steps ------------------------------------------------------------------------------- */

/* A = L L', in place: A is given right of the diagonal, L is left of it. A column that the
 * others explain to the last bit gets a huge pivot: it does not move. */
static void factorise(double *a, size_t p)
{
    for (size_t i = 0; i < p; i++)
        for (size_t j = 0; j <= i; j++) {
            double s = a[j * p + i], s4[4] = { 0 };
            const double *x = a + i * p, *y = a + j * p;
            size_t k = 0;
            for (; k + 4 <= j; k += 4)
                for (size_t m = 0; m < 4; m++)
                    s4[m] += x[k + m] * y[k + m];
            for (; k < j; k++)
                s -= x[k] * y[k];
            s -= (s4[0] + s4[1]) + (s4[2] + s4[3]);
            if (j < i)
                a[i * p + j] = s / a[j * p + j];
            else
                a[i * p + i] = s > 1e-10 ? sqrt(s) : 1e150;
        }
}

static void solve(const double *l, size_t p, const double *b, double *x)
{
    for (size_t i = 0; i < p; i++) {
        double s = b[i];
        for (size_t k = 0; k < i; k++)
            s -= l[i * p + k] * x[k];
        x[i] = s / l[i * p + i];
    }
    for (size_t i = p; i-- > 0;) {
        x[i] /= l[i * p + i];
        for (size_t k = 0; k < i; k++)
            x[k] -= l[i * p + k] * x[i];
    }
}

static void take_hessian(seg_logistic *l)
{
    size_t n = l->hessian_rows, used = 0;
    for (size_t i = 0; i < n; i++)
        used += l->use[i] != 0;
    double scale = used == 0 ? 1 : (double)l->n_used / (double)used;
    seg_team_run(l->n_threads, 1 + l->rows.n_numbers + l->rows.n_categories, hessian_of, l);
    for (size_t i = 0; i < l->p; i++) {
        for (size_t j = i; j < l->p; j++)
            l->factor[i * l->p + j] *= scale;
        l->factor[i * (l->p + 1)] += i == 0 ? 0 : l->lambda;
    }
    factorise(l->factor, l->p);
    l->has_factor = true;
}

/* Along the step, halved until the loss falls. False: it does not. */
static bool walk(seg_logistic *l, double *loss)
{
    double length = 1;
    for (int h = 0; h < HALVINGS; h++, length /= 2) {
        for (size_t j = 0; j < l->p; j++)
            l->trial[j] = l->beta[j] - length * l->step[j];
        double there = look_at_rows(l);
        if (there <= *loss) {
            memcpy(l->beta, l->trial, l->p * sizeof *l->beta);
            *loss = there;
            return true;
        }
    }
    return false;
}

const double *seg_logistic_learn(seg_logistic *l, const uint8_t *use)
{
    double before = INFINITY;
    bool fresh = false;
    l->use = use;
    l->n_used = 0;
    for (size_t i = 0; i < l->rows.n; i++)
        l->n_used += use[i] != 0;
    memcpy(l->trial, l->beta, l->p * sizeof *l->beta);
    double loss = look_at_rows(l);
    for (l->steps = 0; l->steps < STEPS; l->steps++) {
        double gradient = largest_gradient(l);
        if (gradient <= small_gradient * (double)l->n_used)
            break;
        fresh = !l->has_factor || gradient > good_step * before;
        if (fresh)
            take_hessian(l);
        before = gradient;
        solve(l->factor, l->p, l->gradient, l->step);
        if (walk(l, &loss))
            continue;
        memcpy(l->trial, l->beta, l->p * sizeof *l->beta);
        look_at_rows(l);
        if (fresh)
            break;               /* the loss does not fall any more */
        l->has_factor = false;
        before = INFINITY;
    }
    return l->beta;
}

/* kmeans_previous.c: which new segment is which old one.
 *
 * The pairing is an assignment problem (kernels/hungarian.h). Customers count above
 * everything else and distances only between equal sums, so a cost is customers times 2^52
 * (negative, as most are wanted) plus the squared distance in 2^40ths of the largest: of
 * 2,048 pairs, distances add up to less than one customer. */
#include "models/kmeans_previous.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/real.h"
#include "base/text.h"
#include "base/try.h"
#include "kernels/hungarian.h"

enum { DISTANCE_BITS = 40, CUSTOMER_BITS = 52 };
static const int64_t SHARED = 10;      /* a tenth of the customers of either */
static const double NEAR = 4;          /* twice the root mean square distance, squared */

/* ---- opening -------------------------------------------------------------------------------- */

/* A number, or a level of a category. */
typedef struct feature {
    const seg_column *column;
    float level;
} feature;

static const char *level_of(const feature *f)
{
    return isnan(f->level) ? NULL : f->column->levels[(size_t)f->level];
}

static bool are_same(const feature *a, const feature *b)
{
    const char *level = level_of(a), *other = level_of(b);
    return strcmp(a->column->name, b->column->name) == 0 && (level == NULL) == (other == NULL)
           && (level == NULL || strcmp(level, other) == 0);
}

static bool list_names(seg_text *out, const char *intro, const feature *features, size_t n)
{
    enum { SHOWN = 5 };
    for (size_t i = 0; i < n && i < SHOWN; i++) {
        const char *level = level_of(&features[i]);
        seg_text_addf(out, "%s'%.60s%s%.60s'", i == 0 ? intro : ", ", features[i].column->name,
                      level == NULL ? "" : "=", level == NULL ? "" : level);
    }
    if (n > SHOWN)
        seg_text_addf(out, " and %zu more", n - SHOWN);
    return n > 0;
}

static seg_status other_features(const feature *gone, size_t n_gone, const feature *fresh,
                                 size_t n_fresh, seg_error *err)
{
    seg_text text = { 0 };
    bool any = list_names(&text, "it has ", gone, n_gone);
    list_names(&text, any ? ", and lacks " : "it lacks ", fresh, n_fresh);
    seg_status st = seg_text_status(&text, err);
    if (st == SEG_OK)
        st = seg_fail(err, SEG_E_DATA, "the previous model was made of other features: %s; its"
                      " segments cannot be compared", text.bytes);
    seg_text_free(&text);
    return st;
}

static void find_features(const seg_column *columns, const size_t *at, const float *level,
                          size_t d, feature *out)
{
    for (size_t f = 0; f < d; f++)
        out[f] = (feature){ &columns[at[f]], level == NULL ? NAN : level[f] };
}

/* Each one on both sides. Those that are not are put to the front, and counted. */
static void pair_features(seg_kmeans_previous *p, feature *old, feature *now, size_t d,
                          const size_t *columns, bool *used, size_t *n_gone, size_t *n_fresh)
{
    for (size_t f = 0; f < p->old->d; f++) {
        size_t at = 0;
        while (at < d && !are_same(&now[at], &old[f]))
            at++;
        if (at == d) {
            old[(*n_gone)++] = old[f];
            continue;
        }
        used[at] = true;
        p->feature[f] = at;
        p->columns[f] = columns[at];
        if (p->level != NULL)
            p->level[f] = now[at].level;
    }
    for (size_t f = 0; f < d; f++)
        if (!used[f])
            now[(*n_fresh)++] = now[f];
}

/* Features are matched by name. */
static seg_status match_features(seg_kmeans_previous *p, const seg_schema *schema,
                                 const size_t *columns, const float *level, size_t d,
                                 seg_error *err)
{
    static const char what[] = "the features";
    seg_status st = SEG_OK;
    size_t old_d = p->old->d, n_gone = 0, n_fresh = 0;
    feature *old = NULL, *now = NULL;
    bool *used = NULL;
    TRY(SEG_ALLOC(&old, old_d, what, err));
    TRY(SEG_ALLOC(&now, d, what, err));
    TRY(SEG_ALLOC(&used, d, what, err));
    TRY(SEG_ALLOC(&p->columns, old_d, what, err));
    TRY(SEG_ALLOC(&p->feature, old_d, what, err));
    if (level != NULL)
        TRY(SEG_ALLOC(&p->level, old_d, what, err));
    find_features(p->model->schema->view.features, p->old->columns, p->old->level, old_d, old);
    find_features(schema->features, columns, level, d, now);
    pair_features(p, old, now, d, columns, used, &n_gone, &n_fresh);
    if (n_gone + n_fresh > 0)
        st = other_features(old, n_gone, now, n_fresh, err);
done:
    seg_free(old);
    seg_free(now);
    seg_free(used);
    return st;
}

/* Names go on into the new model, where no two may be equal. */
static seg_status check_names(const seg_kmeans_model *old, seg_error *err)
{
    for (size_t j = 0; j < old->k; j++) {
        size_t n = strlen(old->names[j]);
        if (n == 0 || seg_utf8_check(old->names[j], n) != n || strchr(old->names[j], ',') != NULL)
            return seg_fail(err, SEG_E_DATA, "segment %zu has no proper name", j);
        for (size_t i = 0; i < j; i++)
            if (strcmp(old->names[i], old->names[j]) == 0)
                return seg_fail(err, SEG_E_DATA, "segments %zu and %zu have the same name", i, j);
    }
    return SEG_OK;
}

static seg_status check_size(size_t k, const char *which, seg_error *err)
{
    if (k <= SEG_KMEANS_MATCHED_MAX)
        return SEG_OK;
    return seg_fail(err, SEG_E_DATA, "%s has %zu segments; at most %d can be matched", which, k,
                    SEG_KMEANS_MATCHED_MAX);
}

seg_status seg_kmeans_previous_open(const char *path, const seg_schema *schema,
                                    const size_t *columns, const float *level, size_t d,
                                    seg_kmeans_previous **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_previous *p = NULL;
    *out = NULL;
    TRY(SEG_ALLOC(&p, 1, "the previous model", err));
    TRY(seg_model_load(path, &p->model, err));
    if (p->model->method != &seg_method_kmeans) {
        st = seg_fail(err, SEG_E_DATA, "a model of %s, not of kmeans", p->model->method->name);
        goto done;
    }
    p->old = p->model->state;
    TRY(check_size(p->old->k, "the previous model", err));
    TRY(check_names(p->old, err));
    TRY(match_features(p, schema, columns, level, d, err));
    *out = p;
    p = NULL;
done:
    if (st != SEG_OK && err != NULL && strstr(err->text, path) == NULL)
        seg_error_context(err, "%s", path);
    seg_kmeans_previous_close(p);
    return st;
}

void seg_kmeans_previous_close(seg_kmeans_previous *p)
{
    if (p == NULL)
        return;
    seg_model_free(p->model);
    seg_free(p->columns);
    seg_free(p->level);
    seg_free(p->feature);
    seg_free(p->number);
    seg_free(p->was);
    seg_free(p->counts);
    seg_free(p);
}

/* ---- matching ------------------------------------------------------------------------------- */

typedef struct matching {
    const seg_kmeans_previous *p;
    const seg_kmeans_model *model;
    const int64_t *counts;       /* old x trained, or null */
    double *apart;               /* old x trained: squared distance of centroids */
    seg_wide *cost;
    uint32_t *partner;           /* per old segment: the trained one, or NONE */
    int64_t *old_size, *size;    /* customers */
} matching;

/* The old centroid where the new model sees it. */
static double in_new_units(const seg_kmeans_previous *p, const seg_kmeans_model *m, size_t j,
                           size_t f)
{
    size_t to = p->feature[f];
    double v = seg_kmeans_centroid(p->old, j, f);
    if (m->log1p && !seg_kmeans_is_level(m->level, to))
        v = v > -1 ? seg_log1p(v) : seg_log1p(-1 + 1e-12);
    return (v - m->shift[to]) * m->inverse[to];
}

/* Returns the largest that is finite. */
static double measure_apart(matching *w, double *at)
{
    const seg_kmeans_model *m = w->model;
    double largest = 0;
    for (size_t i = 0; i < w->p->old->k; i++) {
        for (size_t f = 0; f < m->d; f++)
            at[w->p->feature[f]] = in_new_units(w->p, m, i, f);
        for (size_t j = 0; j < m->k; j++) {
            double sum = 0;
            for (size_t f = 0; f < m->d; f++) {
                double diff = at[f] - m->z[j * m->d + f];
                sum += diff * diff;
            }
            w->apart[i * m->k + j] = sum;
            largest = isfinite(sum) && sum > largest ? sum : largest;
        }
    }
    return largest;
}

/* Customers in all may be so many that they need fewer bits. */
static int bits_too_many(const matching *w)
{
    int64_t most = 0;
    int shift = 0;
    for (size_t j = 0; j < w->model->k; j++)
        most = w->size[j] > most ? w->size[j] : most;
    while (most >> shift >= INT64_C(1) << 48)
        shift++;
    return shift;
}

static void fill_costs(matching *w, double largest)
{
    size_t n = w->p->old->k * w->model->k;
    int shift = w->counts == NULL ? 0 : bits_too_many(w);
    for (size_t i = 0; i < n; i++) {
        double share = !isfinite(w->apart[i]) ? 1 : largest > 0 ? w->apart[i] / largest : 0;
        seg_wide cost = (seg_wide)floor(ldexp(share, DISTANCE_BITS) + 0.5);
        if (w->counts != NULL)
            cost -= (seg_wide)(w->counts[i] >> shift) * ((seg_wide)1 << CUSTOMER_BITS);
        w->cost[i] = cost;
    }
}

static void count_sizes(matching *w)
{
    size_t k = w->model->k;
    for (size_t i = 0; w->counts != NULL && i < w->p->old->k; i++)
        for (size_t j = 0; j < k; j++) {
            w->old_size[i] += w->counts[i * k + j];
            w->size[j] += w->counts[i * k + j];
        }
}

static double mean_spread(const seg_kmeans_model *m)
{
    double sum = 0, n = 0;
    for (size_t j = 0; j < m->k; j++) {
        sum += m->spread[j] * (double)m->size[j];
        n += (double)m->size[j];
    }
    return n > 0 ? sum / n : 0;
}

static bool is_same(const matching *w, size_t i, size_t j)
{
    size_t at = i * w->model->k + j;
    if (w->counts == NULL)
        return w->apart[at] <= NEAR * mean_spread(w->model);
    int64_t both = w->counts[at], either = w->old_size[i] + w->size[j] - both;
    return both > 0 && both >= either / SHARED + (either % SHARED != 0);
}

/* The lowest number that nobody has. */
static void give_next(seg_kmeans_previous *p, size_t j, int32_t was, bool *taken)
{
    size_t next = 0;
    while (taken[next])
        next++;
    taken[next] = true;
    p->number[j] = (int32_t)next;
    p->was[next] = was;
}

static seg_status give_numbers(seg_kmeans_previous *p, const matching *w, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t k = w->model->k, old_k = p->old->k;
    bool *taken = NULL;
    TRY(SEG_ALLOC(&taken, k, "the numbers of segments", err));
    for (size_t j = 0; j < k; j++)
        p->number[j] = p->was[j] = -1;
    for (size_t i = 0; i < old_k && i < k; i++)
        if (w->partner[i] < k && is_same(w, i, w->partner[i])) {
            p->number[w->partner[i]] = p->was[i] = (int32_t)i;
            taken[i] = true;
        }
    for (size_t i = k; i < old_k; i++)
        if (w->partner[i] < k && is_same(w, i, w->partner[i]))
            give_next(p, w->partner[i], (int32_t)i, taken);
    for (size_t j = 0; j < k; j++)
        if (p->number[j] < 0)
            give_next(p, j, -1, taken);
done:
    seg_free(taken);
    return st;
}

static seg_status keep_counts(seg_kmeans_previous *p, const matching *w, seg_error *err)
{
    size_t k = w->model->k, old_k = p->old->k;
    if (w->counts == NULL)
        return SEG_OK;
    seg_status st = SEG_ALLOC(&p->counts, old_k * k, "the migration of customers", err);
    for (size_t i = 0; st == SEG_OK && i < old_k; i++)
        for (size_t j = 0; j < k; j++)
            p->counts[i * k + (size_t)p->number[j]] = w->counts[i * k + j];
    return st;
}

seg_status seg_kmeans_previous_match(seg_kmeans_previous *p, const seg_kmeans_model *model,
                                     const int64_t *counts, seg_error *err)
{
    static const char what[] = "the matching of segments";
    seg_status st = SEG_OK;
    size_t k = model->k, old_k = p->old->k;
    matching w = { .p = p, .model = model, .counts = counts };
    double *at = NULL;
    TRY(check_size(k, "the new model", err));
    p->k = k;
    TRY(SEG_ALLOC(&p->number, k, what, err));
    TRY(SEG_ALLOC(&p->was, k, what, err));
    TRY(SEG_ALLOC(&w.apart, old_k * k, what, err));
    TRY(SEG_ALLOC(&w.cost, old_k * k, what, err));
    TRY(SEG_ALLOC(&w.partner, old_k, what, err));
    TRY(SEG_ALLOC(&w.old_size, old_k, what, err));
    TRY(SEG_ALLOC(&w.size, k, what, err));
    TRY(SEG_ALLOC(&at, model->d, what, err));
    count_sizes(&w);
    fill_costs(&w, measure_apart(&w, at));
    TRY(seg_hungarian(w.cost, old_k, k, w.partner, err));
    TRY(give_numbers(p, &w, err));
    TRY(keep_counts(p, &w, err));
done:
    seg_free(w.apart);
    seg_free(w.cost);
    seg_free(w.partner);
    seg_free(w.old_size);
    seg_free(w.size);
    seg_free(at);
    return st;
}

seg_kmeans_fate seg_kmeans_previous_fate(const seg_kmeans_previous *p, size_t j)
{
    return p->was[j] < 0 ? SEG_KMEANS_NEW
           : p->was[j] == (int32_t)j ? SEG_KMEANS_SAME : SEG_KMEANS_RENUMBERED;
}

/* ---- the new model by the numbers --------------------------------------------------------------- */

seg_status seg_kmeans_permute(seg_kmeans_model *m, const seg_kmeans_previous *p, seg_error *err)
{
    static const char what[] = "the order of segments";
    seg_status st = SEG_OK;
    double *z = NULL, *spread = NULL;
    int64_t *size = NULL;
    TRY(SEG_ALLOC(&z, m->k * m->d, what, err));
    TRY(SEG_ALLOC(&spread, m->k, what, err));
    TRY(SEG_ALLOC(&size, m->k, what, err));
    if (m->profile != NULL)
        TRY(seg_kmeans_profile_permute(m->profile, p->number, err));
    memcpy(z, m->z, m->k * m->d * sizeof *z);
    memcpy(spread, m->spread, m->k * sizeof *spread);
    memcpy(size, m->size, m->k * sizeof *size);
    for (size_t j = 0; j < m->k; j++) {
        size_t to = (size_t)p->number[j];
        memcpy(m->z + to * m->d, z + j * m->d, m->d * sizeof *z);
        m->spread[to] = spread[j];
        m->size[to] = size[j];
    }
    seg_kmeans_centres_set(&m->centres, m->z, m->k);
    for (size_t j = 0; j < m->k; j++) {
        m->names[j] = NULL;
        if (p->was[j] < 0)
            continue;
        m->names[j] = seg_arena_text(&m->arena, p->old->names[p->was[j]]);
        if (m->names[j] == NULL)
            TRY(seg_arena_failed(err));
    }
done:
    seg_free(z);
    seg_free(spread);
    seg_free(size);
    return st;
}

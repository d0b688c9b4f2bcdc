/* kmeans_choose.c: the rule of kmeans_choose.h, and its reason in words. Thresholds: C. Hennig,
 * "Cluster-wise assessment of cluster stability", CSDA 52 (2007), and the manual of his
 * clusterboot; R. Tibshirani, G. Walther, JCGS 14 (2005). */
#include "models/kmeans_choose.h"

#include <math.h>
#include <stdbool.h>
#include "kernels/cluster_agreement.h"

static const double least_share = 0.02, even_part = 0.25;
static const double strength_stable = 0.8, strength_pattern = 0.6;
static const double as_good = 0.01, soft_silhouette = 0.25;

typedef enum stability_level { UNSTABLE, PATTERN, STABLE } stability_level;

seg_kmeans_scan_row seg_kmeans_scan_row_of(uint32_t k)
{
    double none = (double)NAN;
    return (seg_kmeans_scan_row){
        .k = k, .inertia = none, .silhouette = none, .simplified = none,
        .calinski_harabasz = none, .davies_bouldin = none, .stability = none,
        .worst_jaccard = none, .prediction_strength = none,
        .smallest_share = none,
    };
}

/* ---- the rule ------------------------------------------------------------------------- */

static bool is_too_small(const seg_kmeans_scan_row *row)
{
    double even = even_part / (row->k > 0 ? row->k : 1);
    return row->smallest_share < (even < least_share ? even : least_share);
}

static bool has_resamples(const seg_kmeans_scan_row *row)
{
    return !isnan(row->stability) || !isnan(row->worst_jaccard);
}

/* The agreement that counts; where even the best k has a tiny segment, that of the whole. */
static double agreement_of(const seg_kmeans_scan_row *row, bool of_whole)
{
    return of_whole && !isnan(row->stability) ? row->stability
           : fmin(row->stability, row->worst_jaccard);   /* a NaN gives way */
}

static stability_level level_of(const seg_kmeans_scan_row *row, bool of_whole)
{
    double least = agreement_of(row, of_whole);
    if (has_resamples(row))
        return least >= SEG_JACCARD_STABLE ? STABLE
               : least >= SEG_JACCARD_PATTERN ? PATTERN : UNSTABLE;
    return row->prediction_strength >= strength_stable ? STABLE
           : row->prediction_strength >= strength_pattern ? PATTERN : UNSTABLE;
}

/* What clearness is measured by: the first that any k has. A k without it (one segment, or
 * all rows on one place) is not compared. */
typedef enum yardstick { BY_SILHOUETTE, BY_SIMPLIFIED, BY_INDEX, BY_NOTHING } yardstick;

static double read(const seg_kmeans_scan_row *row, yardstick by)
{
    return by == BY_SILHOUETTE ? row->silhouette
           : by == BY_SIMPLIFIED ? row->simplified
           : by == BY_INDEX ? row->calinski_harabasz : 0;
}

static yardstick find_yardstick(const seg_kmeans_scan_row *rows, size_t n)
{
    for (yardstick by = BY_SILHOUETTE; by < BY_NOTHING; by++)
        for (size_t i = 0; i < n; i++)
            if (isfinite(read(&rows[i], by)))
                return by;
    return BY_NOTHING;
}

static double tolerance(double best, yardstick by)
{
    return by == BY_INDEX ? as_good * fabs(best) : as_good;
}

typedef struct verdict {
    yardstick by;
    bool all_too_small;
    stability_level level;
    size_t clearest, chosen;
} verdict;

static bool is_measured(const seg_kmeans_scan_row *row, yardstick by)
{
    return isfinite(read(row, by));
}

static bool is_candidate(const seg_kmeans_scan_row *row, const verdict *v)
{
    return is_measured(row, v->by) && (v->all_too_small || !is_too_small(row));
}

static bool is_eligible(const seg_kmeans_scan_row *row, const verdict *v)
{
    return is_candidate(row, v) && level_of(row, v->all_too_small) == v->level;
}

static bool is_clearer(const seg_kmeans_scan_row *a, const seg_kmeans_scan_row *b, yardstick by)
{
    double x = read(a, by), y = read(b, by);
    return x > y || (x == y && a->k < b->k);
}

static verdict judge(const seg_kmeans_scan_row *rows, size_t n)
{
    verdict v = { .by = find_yardstick(rows, n), .all_too_small = true, .level = UNSTABLE,
                  .clearest = SIZE_MAX, .chosen = SIZE_MAX };
    for (size_t i = 0; i < n; i++)
        if (is_measured(&rows[i], v.by))
            v.all_too_small = v.all_too_small && is_too_small(&rows[i]);
    for (size_t i = 0; i < n; i++)
        if (is_candidate(&rows[i], &v) && level_of(&rows[i], v.all_too_small) > v.level)
            v.level = level_of(&rows[i], v.all_too_small);
    for (size_t i = 0; i < n; i++)
        if (is_eligible(&rows[i], &v)
            && (v.clearest == SIZE_MAX || is_clearer(&rows[i], &rows[v.clearest], v.by)))
            v.clearest = i;
    double best = read(&rows[v.clearest], v.by), enough = best - tolerance(best, v.by);
    v.chosen = v.clearest;
    for (size_t i = 0; i < n; i++)
        if (is_eligible(&rows[i], &v) && read(&rows[i], v.by) > enough
            && rows[i].k < rows[v.chosen].k)
            v.chosen = i;
    return v;
}

size_t seg_kmeans_choose(const seg_kmeans_scan_row *rows, size_t n)
{
    return judge(rows, n).chosen;
}

/* ---- the reason ----------------------------------------------------------------------- */

/* Of those that were set aside, the clearest, if it is clearly clearer than what was chosen. */
static size_t find_rival(const seg_kmeans_scan_row *rows, size_t n, size_t chosen,
                         const verdict *v)
{
    size_t rival = SIZE_MAX;
    double enough = read(&rows[chosen], v->by);
    enough += tolerance(enough, v->by);
    for (size_t i = 0; i < n; i++)
        if (is_measured(&rows[i], v->by) && !is_eligible(&rows[i], v)
            && read(&rows[i], v->by) > enough
            && (rival == SIZE_MAX || is_clearer(&rows[i], &rows[rival], v->by)))
            rival = i;
    return rival;
}

static void add_clearness(seg_text *out, const seg_kmeans_scan_row *rows, size_t n,
                          size_t chosen, size_t rival, const verdict *v)
{
    static const char *const names[] = { "silhouette", "simplified silhouette",
                                         "Calinski-Harabasz index" };
    double value = read(&rows[chosen], v->by);
    int digits = v->by == BY_INDEX ? 0 : 2;
    if (v->by == BY_NOTHING) {
        seg_text_add(out, "nothing tells how clear segments are, so the fewest");
        return;
    }
    const char *name = names[v->by];
    if (n == 1)
        seg_text_addf(out, "the %s is %.*f", name, digits, value);
    else if (chosen != v->clearest)
        seg_text_addf(out, "the %s (%.*f) is as good as the best (%.*f for %u) with fewer"
                      " segments", name, digits, value, digits,
                      read(&rows[v->clearest], v->by), (unsigned)rows[v->clearest].k);
    else if (rival != SIZE_MAX)
        seg_text_addf(out, "the %s is highest (%.*f) among the numbers that hold up", name,
                      digits, value);
    else
        seg_text_addf(out, "the %s is highest (%.*f)", name, digits, value);
}

static void add_stability(seg_text *out, const seg_kmeans_scan_row *row, bool of_whole)
{
    static const char *const again[] = { "but segments come out differently",
                                         "segments come out roughly the same",
                                         "segments come out the same" };
    static const char *const told[] = { "but one half of the customers does not tell",
                                        "one half of the customers roughly tells",
                                        "one half of the customers tells" };
    stability_level level = level_of(row, of_whole);
    if (has_resamples(row) && level == STABLE && row->resamples > 0 && !of_whole)
        seg_text_addf(out, ", %s in %u of %u resamples", again[level], (unsigned)row->same,
                      (unsigned)row->resamples);
    else if (has_resamples(row))
        seg_text_addf(out, ", %s in resamples (agreement %.2f)", again[level],
                      agreement_of(row, of_whole));
    else if (!isnan(row->prediction_strength))
        seg_text_addf(out, ", %s the segments of the other (prediction strength %.2f)",
                      told[level], row->prediction_strength);
}

static void add_held(seg_text *out, const seg_kmeans_scan_row *row)
{
    if (row->smallest_share < 0.0005)
        seg_text_add(out, "holds less than 0.1 %");
    else
        seg_text_addf(out, "%s %.1f %%", is_too_small(row) ? "holds only" : "holds",
                      row->smallest_share * 100);
}

static void add_share(seg_text *out, const seg_kmeans_scan_row *row)
{
    if (isnan(row->smallest_share))
        return;
    seg_text_add(out, ", the smallest ");
    add_held(out, row);
    seg_text_add(out, " of the customers");
}

static void add_rival(seg_text *out, const seg_kmeans_scan_row *row, const verdict *v)
{
    seg_text_addf(out, "; %u would have %.*f, but ", (unsigned)row->k,
                  v->by == BY_INDEX ? 0 : 2, read(row, v->by));
    if (!v->all_too_small && is_too_small(row)) {
        seg_text_add(out, "its smallest segment ");
        add_held(out, row);
    } else {
        seg_text_add(out, "its segments do not come out again as well");
    }
}

void seg_kmeans_choose_reason(const seg_kmeans_scan_row *rows, size_t n, size_t chosen,
                              seg_text *out)
{
    verdict v = judge(rows, n);
    size_t rival = find_rival(rows, n, chosen, &v);
    const seg_kmeans_scan_row *row = &rows[chosen];
    seg_text_addf(out, "%u: ", (unsigned)row->k);
    if (n == 1)
        seg_text_add(out, "as asked for, ");
    add_clearness(out, rows, n, chosen, rival, &v);
    add_stability(out, row, v.all_too_small);
    add_share(out, row);
    if (rival != SIZE_MAX)
        add_rival(out, &rows[rival], &v);
    if (v.all_too_small && n > 1)
        seg_text_add(out, "; every number that was tried splits off a handful of unusual"
                     " customers");
    if (read(row, v.by) < soft_silhouette && v.by < BY_INDEX)
        seg_text_add(out, "; segments run into one another, so customers near a border could be"
                     " in either");
}

/* ---- the table ------------------------------------------------------------------------ */

static void put_row(const seg_kmeans_scan_row *row, const seg_kmeans_scan_row *any,
                    seg_node *scan)
{
    const struct {
        const char *name;
        double value, any;
    } figures[] = {
        { "inertia", row->inertia, any->inertia },
        { "silhouette", row->silhouette, any->silhouette },
        { "simplified", row->simplified, any->simplified },
        { "calinski_harabasz", row->calinski_harabasz, any->calinski_harabasz },
        { "davies_bouldin", row->davies_bouldin, any->davies_bouldin },
        { "stability", row->stability, any->stability },
        { "worst_jaccard", row->worst_jaccard, any->worst_jaccard },
        { "prediction_strength", row->prediction_strength, any->prediction_strength },
        { "smallest_share", row->smallest_share, any->smallest_share },
    };
    seg_node *into = seg_put_object(scan, NULL);
    seg_put_int(into, "k", row->k);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        if (!isnan(figures[i].any))
            seg_put_real(into, figures[i].name, figures[i].value);
    if (any->resamples > 0) {
        seg_put_int(into, "resamples", row->resamples);
        seg_put_int(into, "same", row->same);
    }
}

static double either(double a, double b)
{
    return isnan(a) ? b : a;
}

/* What any k has, so that every object of the table has the same members. */
static seg_kmeans_scan_row gather(const seg_kmeans_scan_row *rows, size_t n)
{
    seg_kmeans_scan_row any = seg_kmeans_scan_row_of(0);
    for (size_t i = 0; i < n; i++) {
        const seg_kmeans_scan_row *row = &rows[i];
        any.inertia = either(any.inertia, row->inertia);
        any.silhouette = either(any.silhouette, row->silhouette);
        any.simplified = either(any.simplified, row->simplified);
        any.calinski_harabasz = either(any.calinski_harabasz, row->calinski_harabasz);
        any.davies_bouldin = either(any.davies_bouldin, row->davies_bouldin);
        any.stability = either(any.stability, row->stability);
        any.worst_jaccard = either(any.worst_jaccard, row->worst_jaccard);
        any.prediction_strength = either(any.prediction_strength, row->prediction_strength);
        any.smallest_share = either(any.smallest_share, row->smallest_share);
        any.resamples += row->resamples > any.resamples ? row->resamples - any.resamples : 0;
    }
    return any;
}

seg_status seg_kmeans_scan_put(const seg_kmeans_scan_row *rows, size_t n, size_t chosen,
                               seg_node *figures, seg_error *err)
{
    seg_text reason = { 0 };
    seg_kmeans_scan_row any = gather(rows, n);
    seg_kmeans_choose_reason(rows, n, chosen, &reason);
    seg_status st = seg_text_status(&reason, err);
    if (st == SEG_OK) {
        seg_put_int(figures, "suggested_k", rows[chosen].k);
        seg_put_text(figures, "suggestion", reason.bytes);
        seg_node *scan = seg_put_array(figures, "scan");
        for (size_t i = 0; i < n; i++)
            put_row(&rows[i], &any, scan);
    }
    seg_text_free(&reason);
    return st;
}

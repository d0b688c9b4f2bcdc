/* kmeans_begin.c: what a k-means training does before its first run: options, columns, and
 * after the first pass the scaling. */
#include "models/kmeans_trainer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/real.h"
#include "base/text.h"
#include "base/threads.h"
#include "base/try.h"
#include "models/kmeans_init.h"

/* ---- begin -------------------------------------------------------------------------- */

static seg_status parse_k(seg_kmeans_trainer *t, seg_error *err)
{
    const char *text = t->options->k, *dots = strstr(text, "..");
    size_t n = dots == NULL ? strlen(text) : (size_t)(dots - text);
    uint64_t first, last;
    bool good = seg_parse_u64(text, n, &first);
    last = first;
    if (good && dots != NULL)
        good = seg_parse_u64(dots + 2, strlen(dots + 2), &last);
    if (!good || first < 1 || last < first || last > 65536)
        return seg_fail(err, SEG_E_USAGE, "--k is '%.40s'; it must be a number or a range A..B"
                        " from 1 to 65536", text);
    if (t->start == START_GIVEN)
        return SEG_OK;   /* the file of centroids says how many */
    if (last > t->input.n_rows)
        return seg_fail(err, SEG_E_DATA, "--k %llu asks for more segments than there are rows:"
                        " %llu", (unsigned long long)last, (unsigned long long)t->input.n_rows);
    t->k_first = (size_t)first;
    t->k_last = (size_t)last;
    return SEG_OK;
}

static seg_status no_such_feature(const seg_schema *schema, const char *name, size_t n,
                                  seg_error *err)
{
    char wanted[64];
    const char *nearest = NULL;
    size_t least = n / 3 + 2;   /* farther is no help */
    snprintf(wanted, sizeof wanted, "%.*s", (int)(n < 60 ? n : 60), name);
    for (size_t f = 0; f < schema->n_features; f++) {
        size_t distance = seg_edit_distance(schema->features[f].name, wanted);
        if (distance < least) {
            least = distance;
            nearest = schema->features[f].name;
        }
    }
    return seg_fail(err, SEG_E_USAGE, "--features names '%s', which is no feature of the data"
                    "%s%s%s", wanted, nearest == NULL ? "" : "; did you mean '",
                    nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
}

static seg_status choose_columns(seg_kmeans_trainer *t, seg_error *err)
{
    const seg_schema *schema = t->input.schema;
    const char *list = t->options->features, *item;
    size_t n;
    seg_status st = SEG_ALLOC(&t->columns, schema->n_features, "the columns", err);
    if (st != SEG_OK)
        return st;
    if (list == NULL) {
        for (size_t f = 0; f < schema->n_features; f++)
            if (schema->features[f].type == SEG_TYPE_F32)
                t->columns[t->d++] = f;
    }
    while (list != NULL && seg_list_next(&list, &item, &n)) {
        size_t f = 0;
        while (f < schema->n_features && !seg_equal_n(schema->features[f].name, item, n))
            f++;
        if (f == schema->n_features)
            return no_such_feature(schema, item, n, err);
        if (schema->features[f].type != SEG_TYPE_F32)
            return seg_fail(err, SEG_E_USAGE, "--features names '%.*s', which is a category;"
                            " k-means needs numbers", (int)(n < 60 ? n : 60), item);
        for (size_t c = 0; c < t->d; c++)
            if (t->columns[c] == f)
                return seg_fail(err, SEG_E_USAGE, "--features names '%.*s' twice",
                                (int)(n < 60 ? n : 60), item);
        t->columns[t->d++] = f;
    }
    if (t->d == 0)
        return seg_fail(err, SEG_E_DATA, "no number column to segment by: the data have %zu"
                        " features and none of them is a number", schema->n_features);
    return SEG_OK;
}

static seg_status choose_start(seg_kmeans_trainer *t, seg_error *err)
{
    static const char *const names[] = { "greedy", "random", "farthest" };
    for (size_t i = 0; i < 3; i++)
        if (strcmp(t->options->init, names[i]) == 0) {
            t->start = (seg_kmeans_start)i;
            return SEG_OK;
        }
    t->start = START_GIVEN;
    size_t k;
    seg_status st = seg_kmeans_init_read(t->options->init, t->input.schema, t->columns, t->d,
                                         &t->given_z, &k, err);
    if (st != SEG_OK)
        return st;
    if (k > t->input.n_rows)
        return seg_fail(err, SEG_E_DATA, "%s: %zu centroids but only %llu rows",
                        t->options->init, k, (unsigned long long)t->input.n_rows);
    t->k_first = t->k_last = k;
    return SEG_OK;
}

static seg_status allocate(seg_kmeans_trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t d = t->d, room = t->k_last + SEG_KMEANS_CANDIDATES;
    TRY(seg_column_stats_new(d, &t->stats, err));
    TRY(SEG_ALLOC(&t->shift, d, "the scaling", err));
    TRY(SEG_ALLOC(&t->inverse, d, "the scaling", err));
    TRY(SEG_ALLOC(&t->quantum, d, "the scaling", err));
    TRY(SEG_ALLOC(&t->centres_z, room * d, "the centroids", err));
    TRY(seg_kmeans_centres_new(room, d, &t->centres, err));
    TRY(SEG_ALLOC(&t->winners, room, "the races", err));
    TRY(SEG_ALLOC(&t->winner_z, room * d, "the races", err));
    if (t->options->scale == SEG_SCALE_ROBUST)
        TRY(seg_quantile_sample_new(d, t->input.n_rows, t->input.ctx->seed, &t->sample, err));
    t->scan = seg_doc_new();
    t->scan_rows = seg_put_array(seg_doc_root(t->scan), "scan");
    st = seg_doc_status(t->scan, err);
done:
    return st;
}

seg_status seg_kmeans_train_begin(const seg_train_input *input, void **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_trainer *t = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&t, 1, "the training", err));
    t->input = *input;
    t->options = input->options;
    t->n_threads = seg_thread_count(input->ctx->n_threads);
    if (input->n_rows == 0) {
        st = seg_fail(err, SEG_E_DATA, "no rows to learn from");
        goto done;
    }
    TRY(choose_columns(t, err));
    TRY(choose_start(t, err));
    TRY(parse_k(t, err));
    TRY(allocate(t, err));
    t->scale = (seg_kmeans_scale){ .d = t->d, .columns = t->columns, .shift = t->shift,
                                   .inverse = t->inverse,
                                   .log1p = t->options->scale == SEG_SCALE_LOG1P_Z };
    t->phase = STATS;
    t->k_wanted = t->k_first;
    t->best_inertia = (double)INFINITY;
    t->best_silhouette = -(double)INFINITY;
    *out = t;
    t = NULL;

done:
    seg_kmeans_train_free(t);
    return st;
}

void seg_kmeans_train_free(void *trainer_)
{
    seg_kmeans_trainer *t = trainer_;
    if (t == NULL)
        return;
    seg_free(t->columns);
    seg_column_stats_free(&t->stats);
    seg_quantile_sample_free(&t->sample);
    seg_free(t->shift);
    seg_free(t->inverse);
    seg_free(t->quantum);
    seg_free(t->centres_z);
    seg_free(t->given_z);
    seg_kmeans_centres_free(&t->centres);
    seg_free(t->winners);
    seg_free(t->winner_z);
    seg_kmeans_sums_free(&t->sums);
    seg_doc_free(t->scan);
    seg_kmeans_model_free(t->best);
    seg_free(t);
}

/* ---- scaling --------------------------------------------------------------------------- */

static seg_status scale_of(seg_kmeans_trainer *t, size_t f, seg_error *err)
{
    const char *name = t->input.schema->features[t->columns[f]].name;
    double least, largest, mean, sd;
    if (seg_column_stats_range(&t->stats, f, &least, &largest) == 0)
        return seg_fail(err, SEG_E_DATA, "column '%s' has no values; leave it out with"
                        " --features", name);
    if (!isfinite(least) || !isfinite(largest))
        return seg_fail(err, SEG_E_DATA, "column '%s' has infinite values%s", name,
                        t->scale.log1p ? " or values of -1 and less under log1p" : "");
    seg_column_stats_mean(&t->stats, f, &mean, &sd);
    double shift = mean, spread = sd;
    switch (t->options->scale) {
    case SEG_SCALE_NONE:
        spread = 1;
        break;
    case SEG_SCALE_MINMAX:
        shift = least;
        spread = largest - least;
        break;
    case SEG_SCALE_ROBUST:
        shift = seg_quantile_sample_at(&t->sample, f, 0.5);
        spread = seg_quantile_sample_at(&t->sample, f, 0.75)
                 - seg_quantile_sample_at(&t->sample, f, 0.25);
        if (spread <= 0)
            spread = sd;
        break;
    default:
        break;
    }
    if (spread <= 0)
        seg_note(t->input.ctx, SEG_LEVEL_WARN, "column '%s' is constant: it separates nothing",
                 name);
    t->shift[f] = shift;
    t->inverse[f] = spread > 0 ? 1 / spread : 0;
    return SEG_OK;
}

static double power_below(double limit)
{
    int exponent;
    frexp(limit, &exponent);
    return ldexp(1, exponent - 2);
}

/* Fixed-point scales such that rows x largest value stays below 2^62. */
static void choose_quanta(seg_kmeans_trainer *t)
{
    double n = (double)t->input.n_rows, widest = 0;
    for (size_t f = 0; f < t->d; f++) {
        double least, largest;
        seg_column_stats_range(&t->stats, f, &least, &largest);
        double low = (least - t->shift[f]) * t->inverse[f];
        double high = (largest - t->shift[f]) * t->inverse[f];
        for (size_t j = 0; t->given_z != NULL && j < t->k_last; j++) {
            double z = t->given_z[j * t->d + f];
            low = z < low ? z : low;
            high = z > high ? z : high;
        }
        double most = fabs(low) > fabs(high) ? fabs(low) : fabs(high);
        t->quantum[f] = power_below(ldexp(1, 62) / (n * (most > 0 ? most : 1)));
        /* a missing value sits at 0, which may lie outside the range */
        low = low < 0 ? low : 0;
        high = high > 0 ? high : 0;
        widest += (high - low) * (high - low);
    }
    t->dist_quantum = power_below(ldexp(1, 62) / (n * (widest > 0 ? widest : 1)));
}

seg_status seg_kmeans_end_stats(seg_kmeans_trainer *t, seg_error *err)
{
    for (size_t f = 0; f < t->d; f++) {
        seg_status st = scale_of(t, f, err);
        if (st != SEG_OK)
            return st;
    }
    for (size_t i = 0; t->given_z != NULL && i < t->k_last * t->d; i++) {
        size_t f = i % t->d;
        double v = t->scale.log1p ? seg_log1p(t->given_z[i]) : t->given_z[i];
        if (!isfinite(v))
            return seg_fail(err, SEG_E_DATA, "%s: row %zu: column '%s' is -1 or less, which has"
                            " no log1p", t->options->init, i / t->d + 1,
                            t->input.schema->features[t->columns[f]].name);
        t->given_z[i] = (v - t->shift[f]) * t->inverse[f];
    }
    choose_quanta(t);
    return SEG_OK;
}

/* kmeans_model.c: k-means segments as a model: scores, evaluation, description. */
#include "models/kmeans_trainer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/real.h"
#include "base/text.h"
#include "base/threads.h"
#include "base/try.h"

seg_status seg_kmeans_model_new(size_t k, size_t d, seg_kmeans_model **out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_model *m = NULL;
    *out = NULL;

    TRY(SEG_ALLOC(&m, 1, "a k-means model", err));
    m->k = k;
    m->d = d;
    TRY(SEG_ALLOC(&m->z, k * d, "the centroids", err));
    TRY(SEG_ALLOC(&m->shift, d, "the scaling", err));
    TRY(SEG_ALLOC(&m->inverse, d, "the scaling", err));
    TRY(SEG_ALLOC(&m->spread, k, "the spreads", err));
    TRY(SEG_ALLOC(&m->size, k, "the sizes", err));
    TRY(SEG_ALLOC(&m->names, k, "the names", err));
    TRY(SEG_ALLOC(&m->columns, d, "the columns", err));
    for (size_t f = 0; f < d; f++)
        m->columns[f] = f;
    TRY(seg_kmeans_centres_new(k, d, &m->centres, err));
    *out = m;
    m = NULL;

done:
    seg_kmeans_model_free(m);
    return st;
}

void seg_kmeans_model_free(void *state)
{
    seg_kmeans_model *m = state;
    if (m == NULL)
        return;
    seg_free(m->z);
    seg_free(m->shift);
    seg_free(m->inverse);
    seg_free(m->spread);
    seg_free(m->size);
    seg_free(m->names);
    seg_free(m->columns);
    seg_free(m->level);
    seg_kmeans_profile_free(m->profile);
    seg_arena_free(&m->arena);
    seg_kmeans_centres_free(&m->centres);
    seg_free(m);
}

seg_status seg_kmeans_model_expand(seg_kmeans_model *m, const seg_schema *schema,
                                   seg_error *err)
{
    if (m->d == schema->n_features && m->level == NULL) {
        bool any = false;
        for (size_t c = 0; c < schema->n_features; c++)
            any = any || schema->features[c].type == SEG_TYPE_CODE;
        if (!any)
            return SEG_OK;
    }
    seg_status st = SEG_ALLOC(&m->level, m->d, "the columns", err);
    if (st == SEG_OK)
        seg_kmeans_expand(schema, m->columns, m->level);
    return st;
}

seg_kmeans_scale seg_kmeans_model_scale(const seg_kmeans_model *m)
{
    return (seg_kmeans_scale){ .d = m->d, .columns = m->columns, .level = m->level,
                               .shift = m->shift, .inverse = m->inverse, .log1p = m->log1p };
}

/* Sums in fixed point leave 1e-16 where a segment has none of a level, and of all as well. */
static double tidy_share(double v)
{
    return v < 0x1p-44 ? 0 : v > 1 - 0x1p-44 ? 1 : v;
}

double seg_kmeans_centroid(const seg_kmeans_model *m, size_t j, size_t f)
{
    double v = m->shift[f];
    if (m->inverse[f] > 0)
        v += m->z[j * m->d + f] / m->inverse[f];
    if (seg_kmeans_is_level(m->level, f))
        return tidy_share(v);
    return m->log1p ? seg_exp(v) - 1 : v;
}

/* ---- scores ------------------------------------------------------------------------- */


static seg_status score_schema(const seg_model *model, seg_schema_owner *out, seg_error *err)
{
    const seg_kmeans_model *m = model->state;
    const seg_column columns[SEG_KMEANS_COLUMNS] = {
        { .name = "segment", .type = SEG_TYPE_I64, .scale = 1,
          .source = "nearest centroid, ties to the lowest number" },
        { .name = "segment_name", .type = SEG_TYPE_CODE, .levels = m->names,
          .n_levels = m->k, .source = "what stands out of the segment" },
        { .name = "distance", .type = SEG_TYPE_F64, .unit = "scaled",
          .source = "distance to its centroid" },
        { .name = "second", .type = SEG_TYPE_I64, .scale = 1,
          .source = "second nearest centroid" },
        { .name = "margin", .type = SEG_TYPE_F64, .unit = "share",
          .source = "1 - distance / distance to the second: 0 on the border" },
        { .name = "outlier", .type = SEG_TYPE_I64, .scale = 1,
          .source = "1: farther than 3 times the segment's root mean square distance" },
    };
    for (size_t c = 0; c < SEG_KMEANS_COLUMNS; c++) {
        seg_status st = seg_schema_add_column(out, &columns[c], err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

static void fill_row(const seg_kmeans_model *m, void **columns, size_t i, int32_t label,
                     int32_t second, double dist2, double second_dist2)
{
    static const double FAR = 9;   /* 3 squared */
    double distance = sqrt(dist2);
    ((int64_t *)columns[SEG_KMEANS_SEGMENT])[i] = label;
    ((int32_t *)columns[SEG_KMEANS_SEGMENT_NAME])[i] = label;
    ((double *)columns[SEG_KMEANS_DISTANCE])[i] = distance;
    ((int64_t *)columns[SEG_KMEANS_SECOND])[i] = second < 0 ? SEG_MISSING_I64 : second;
    ((double *)columns[SEG_KMEANS_MARGIN])[i] =
        second < 0 ? (double)NAN : second_dist2 > 0 ? 1 - distance / sqrt(second_dist2) : 0;
    ((int64_t *)columns[SEG_KMEANS_OUTLIER])[i] = dist2 > FAR * m->spread[label];
}

static seg_status score(const seg_model *model, const seg_context *ctx, const seg_schema *data,
                        const seg_block *in, seg_batch *out, seg_error *err)
{
    (void)data;
    seg_status st = SEG_OK;
    const seg_kmeans_model *m = model->state;
    seg_kmeans_rows rows = { 0 };
    seg_kmeans_scale scale = seg_kmeans_model_scale(m);
    TRY(SEG_ALLOC(&rows.label, in->n_rows, "the labels", err));
    TRY(SEG_ALLOC(&rows.second, in->n_rows, "the labels", err));
    TRY(SEG_ALLOC(&rows.dist2, in->n_rows, "the distances", err));
    TRY(SEG_ALLOC(&rows.second_dist2, in->n_rows, "the distances", err));
    TRY(seg_kmeans_assign(&scale, &m->centres, in->x, NULL, in->first_row,
                          seg_thread_count(ctx == NULL ? 0 : ctx->n_threads), &rows, NULL,
                          err));
    for (size_t i = 0; i < in->n_rows; i++) {
        if (!isfinite(rows.dist2[i])) {
            st = seg_fail(err, SEG_E_DATA, "row %llu is at no finite distance from any"
                          " centroid: it holds an infinite value%s",
                          (unsigned long long)(in->first_row + i + 1),
                          m->log1p ? ", or -1 or less under log1p" : "");
            goto done;
        }
        fill_row(m, out->columns, i, rows.label[i], rows.second[i], rows.dist2[i],
                 rows.second_dist2[i]);
    }

done:
    seg_free(rows.label);
    seg_free(rows.second);
    seg_free(rows.dist2);
    seg_free(rows.second_dist2);
    return st;
}

/* ---- description -------------------------------------------------------------------------- */

/* A feature may have the name of one of our own members. */
static void put_centroid(seg_node *row, const char *feature, double value)
{
    static const char *const ours[] = { "segment", "segment_name", "rows", "money_share",
                                        "traits", "numbers", "categories" };
    char name[256];
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strcmp(feature, ours[i]) == 0) {
            snprintf(name, sizeof name, "mean_%s", feature);
            feature = name;
            break;
        }
    seg_put_real(row, feature, value);
}

/* What X has columns of, where they are not the schema's. */
static seg_status columns_of_x(const seg_model *model, seg_schema_owner *out, seg_error *err)
{
    const seg_kmeans_model *m = model->state;
    return m->level == NULL ? SEG_OK
                            : seg_kmeans_expanded_schema(&model->schema->view, out, err);
}

static seg_status describe(const seg_model *model, seg_node *into, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_kmeans_model *m = model->state;
    seg_text name = { 0 };
    seg_put_int(into, "k", (int64_t)m->k);
    seg_node *segments = seg_put_array(into, "segments");
    for (size_t j = 0; j < m->k; j++) {
        seg_node *row = seg_put_object(segments, NULL);
        seg_put_int(row, "segment", (int64_t)j);
        seg_put_text(row, "segment_name", m->names[j]);
        seg_put_int(row, "rows", m->size[j]);
        for (size_t f = 0; f < m->d; f++) {
            seg_text_clear(&name);
            seg_kmeans_feature_name(&model->schema->view.features[m->columns[f]],
                                    m->level == NULL ? NAN : m->level[f], &name);
            TRY(seg_text_status(&name, err));
            put_centroid(row, name.bytes, seg_kmeans_centroid(m, j, f));
        }
        seg_kmeans_profile_put(m->profile, j, true, row);
    }
    seg_kmeans_rules_put(m->profile, into);

done:
    seg_text_free(&name);
    return st;
}

/* ---- the method ----------------------------------------------------------------------------- */

#define FIELD(member) offsetof(seg_kmeans_options, member)
static const seg_option option_table[] = {
    { "k", SEG_OPTION_TEXT, FIELD(k), 0, 0, NULL, "N|A..B",
      "number of segments; of a range the best is taken, and why is said", 0 },
    { "init", SEG_OPTION_TEXT, FIELD(init), 0, 0, NULL,
      "greedy|parallel|random|farthest|bisecting|FILE",
      "start: greedy k-means++, k-means||, random rows, farthest rows, halving the widest segment,"
      " or the centroids of a table or of a k-means model",
      SEG_OPTION_INPUT },
    { "n-init", SEG_OPTION_U32, FIELD(n_init), 1, 10000, NULL, NULL,
      "restarts, the one with the least inertia is kept; of a range, at its first k: each further"
      " one starts from the one before", 0 },
    { "max-iter", SEG_OPTION_U32, FIELD(max_iter), 0, 100000, NULL, NULL,
      "most passes of one run", 0 },
    { "tol", SEG_OPTION_F64, FIELD(tol), 0, 1, NULL, NULL,
      "stop when the inertia falls by a smaller share of itself; 0: until nothing moves", 0 },
    { "scale", SEG_OPTION_CHOICE, FIELD(scale), 0, 0, "none|z|robust|minmax|log1p-z", NULL,
      "scaling of the features; kept in the model", 0 },
    { "features", SEG_OPTION_LIST, FIELD(features), 0, 0, NULL, "COL,...",
      "columns to segment by (default: all numbers)", 0 },
    { "categories", SEG_OPTION_LIST, FIELD(categories), 0, 0, NULL, "COL,...|all",
      "categories to segment by beside the numbers, as k-prototypes does: a row of another level"
      " is farther by gamma; a missing one lies in the middle", 0 },
    { "gamma", SEG_OPTION_F64, FIELD(gamma), 0, 1e9, NULL, NULL,
      "squared distance between two levels of a category, in scaled units; 0: by the data, so"
      " that on average a category weighs as much as a number", 0 },
    { "feature-weights", SEG_OPTION_LIST, FIELD(feature_weights), 0, 0, NULL, "COL=W,...",
      "columns that count more or less than the others (1): spend=2,age=0.5", 0 },
    { "weights", SEG_OPTION_TEXT, FIELD(weights), 0, 0, NULL, "COL",
      "column of row weights: a row of weight 3 counts like three rows", 0 },
    { "resamples", SEG_OPTION_U32, FIELD(resamples), 0, 1000, NULL, NULL,
      "how often each k of a range is tried on rows drawn again; 0: not", 0 },
    { "previous", SEG_OPTION_TEXT, FIELD(previous), 0, 0, NULL, "MODEL",
      "segments keep the numbers and names they have in this model", SEG_OPTION_INPUT },
    { "names", SEG_OPTION_TEXT, FIELD(names), 0, 0, NULL, "FILE",
      "CSV of segment,name: your own names", SEG_OPTION_INPUT },
    { "min-size", SEG_OPTION_TEXT, FIELD(min_size), 0, 0, NULL, "N|SHARE",
      "no segment with fewer customers: a count (500) or a share (0.01, 1%); smaller ones are"
      " merged into the others", 0 },
    { "deadline", SEG_OPTION_TEXT, FIELD(deadline), 0, 0, NULL, "SECONDS",
      "stop improving after this time and keep the best segments so far",
      SEG_OPTION_ENVIRONMENT },
    { "checkpoint", SEG_OPTION_TEXT, FIELD(checkpoint), 0, 0, NULL, "FILE",
      "on large data: progress is kept here, and the same call after a crash goes on from it",
      SEG_OPTION_ENVIRONMENT },
    { .name = NULL },
};

static void defaults(void *options)
{
    *(seg_kmeans_options *)options = (seg_kmeans_options){
        .k = "8", .init = "greedy", .n_init = 4, .max_iter = 300, .tol = 1e-4,
        .scale = SEG_SCALE_Z, .resamples = 20,
    };
}

static seg_status check(const void *options, seg_error *err)
{
    seg_kmeans_limits limits;
    seg_status st = seg_kmeans_limits_read(options, &limits, err);
    return st == SEG_OK ? seg_kmeans_importance_check(options, err) : st;
}

const seg_method seg_method_kmeans = {
    .name = "kmeans",
    .summary = "segments of customers that are alike (k-means)",
    .about =
        "Customers fall into k segments so that each is as near as can be to the mean of its\n"
        "segment, its centroid (least sum of squared distances: the inertia).\n"
        "  Features  all number columns, brought to one scale (--scale); categories where\n"
        "            --categories says so. A missing value lies in the middle of its feature.\n"
        "  Start     rows drawn far from each other (--init), the best of some tries (--n-init).\n"
        "            Of more rows than 65,536 (fewer of wide data) the start is made on a\n"
        "            weighted sample; then all rows move the centroids until the inertia falls by\n"
        "            less than --tol, pass by pass, also when they do not fit in memory.\n"
        "  Limits    --min-size dissolves small segments; --deadline keeps the best so far;\n"
        "            after a crash the same call with --checkpoint goes on to the same bytes.\n"
        "  Labels    are those of float64 to the last row, for any number of threads, whatever\n"
        "            the processor; ties go to the lowest number.\n"
        "  Number    --k 3..12 tries each, and tells by silhouette, stability and size which to\n"
        "            take and why.\n"
        "  Profile   the model says what each segment is like, what it brings and by which rule\n"
        "            its customers are recognised; --previous keeps numbers and names.\n"
        "  Scores    segment, segment_name, distance, second nearest segment, margin (0: on the\n"
        "            border, 1: at the centroid), outlier (1: farther than three times usual).\n",
    .train_view = SEG_VIEW_FEATURES,
    .score_view = SEG_VIEW_FEATURES,
    .options = option_table,
    .options_size = sizeof(seg_kmeans_options),
    .defaults = defaults,
    .check = check,
    .train_begin = seg_kmeans_train_begin,
    .pass_begin = seg_kmeans_pass_begin,
    .pass_add = seg_kmeans_pass_add,
    .pass_end = seg_kmeans_pass_end,
    .train_end = seg_kmeans_train_end,
    .train_free = seg_kmeans_train_free,
    .save = seg_kmeans_save,
    .load = seg_kmeans_load,
    .state_free = seg_kmeans_model_free,
    .describe = describe,
    .text = describe,
    .columns_of_x = columns_of_x,
    .score_schema = score_schema,
    .score = score,
    .evaluate_begin = seg_kmeans_evaluate_begin,
    .evaluate_add = seg_kmeans_evaluate_add,
    .evaluate_end = seg_kmeans_evaluate_end,
    .evaluate_free = seg_kmeans_evaluate_free,
};

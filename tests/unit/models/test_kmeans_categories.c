/* K-means over numbers and categories: against a plain Lloyd over expanded doubles with the
 * same start, an answer worked out by hand, and what must not change the bits. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/cpu.h"
#include "base/rng.h"
#include "models/kmeans.h"
#include "tests/support/commands.h"

enum { N = 3000, MANY = 70000, WIDTH = 5, PLANS = 3, CITIES = 5, D = 2 + PLANS + CITIES, K = 4 };
enum { CITY, SPEND, PLAN, TIMES, AGE };   /* categories stand before and between the numbers */

static const char *const plans[] = { "none", "monthly", "yearly" };
static const char *const cities[] = { "Graz", "Linz", "Wien", "Ulm", "Bonn" };
static const seg_column features[WIDTH] = {
    [CITY] = { .name = "city", .type = SEG_TYPE_CODE, .levels = cities, .n_levels = CITIES },
    [SPEND] = { .name = "spend", .type = SEG_TYPE_F32 },
    [PLAN] = { .name = "plan", .type = SEG_TYPE_CODE, .levels = plans, .n_levels = PLANS },
    [TIMES] = { .name = "times", .type = SEG_TYPE_F32 },
    [AGE] = { .name = "age", .type = SEG_TYPE_F32 },
};
static const seg_schema schema = { .kind = SEG_KIND_FEATURES, .features = features,
                                   .n_features = WIDTH, .as_of_day = SEG_MISSING_DAY };
static float rows[MANY * WIDTH], repeated[N * 4 * WIDTH];
static double z[N * D], centres[K * D];
static int labels[N];

static seg_error err;
#define OK(call)                                                  \
    do {                                                          \
        seg_status st_ = (call);                                  \
        if (st_ != SEG_OK)                                        \
            fail_msg("%s: %s", seg_status_name(st_), err.text);   \
    } while (0)

static double uniform(uint64_t i)
{
    return seg_rng_f64((seg_rng){ 31, 6 }, i);
}

/* Groups that touch, each with plans and cities of its own; some cells missing. */
static void make_rows(size_t n, double missing)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t at = i * 16;
        double group = floor(uniform(at) * K), bell = uniform(at + 1) + uniform(at + 2) - 1;
        float *x = rows + i * WIDTH;
        x[SPEND] = (float)(100 * exp(group / 2 + bell));
        x[AGE] = (float)(40 + 8 * group * bell);
        x[PLAN] = (float)fmod(floor(group + uniform(at + 3) * 1.5), PLANS);
        x[CITY] = (float)fmod(floor(group + uniform(at + 4) * 3), CITIES);
        x[TIMES] = (float)floor(uniform(at + 5) * 4);
        for (size_t f = 0; f < WIDTH; f++)
            if (f != TIMES && uniform(at + 6 + f) < missing)
                x[f] = NAN;
    }
}

/* ---- the plain way ---------------------------------------------------------------------------- */

static size_t column_of(size_t f)
{
    return f == 0 ? SPEND : f == 1 ? AGE : f < 2 + PLANS ? PLAN : CITY;
}

/* Feature f of row i as a number: --features spend,age --categories plan,city. */
static double value(size_t i, size_t f)
{
    double v = (double)rows[i * WIDTH + column_of(f)];
    size_t level = f < 2 + PLANS ? f - 2 : f - 2 - PLANS;
    return f < 2 || isnan(v) ? v : v == (double)level ? 1 : 0;
}

static void moments(size_t f, double *mean, double *variance)
{
    double n = 0, sum = 0, square = 0;
    for (size_t i = 0; i < N; i++)
        if (!isnan(value(i, f))) {
            n++;
            sum += value(i, f);
        }
    *mean = sum / n;
    for (size_t i = 0; i < N; i++)
        if (!isnan(value(i, f)))
            square += (value(i, f) - *mean) * (value(i, f) - *mean);
    *variance = square / n;
}

/* z[], under --scale z; returns gamma: a number has variance 1, and a category 1 - sum of
 * share^2, which is the sum of the variances of its levels. */
static double scale_plainly(double gamma)
{
    double mean[D], variance[D], impurity = 0;
    for (size_t f = 0; f < D; f++) {
        moments(f, &mean[f], &variance[f]);
        impurity += f < 2 ? 0 : variance[f] / 2;   /* of two categories */
        mean[f] = (double)(float)mean[f];
    }
    gamma = gamma > 0 ? gamma : 2 / impurity;
    for (size_t i = 0; i < N; i++)
        for (size_t f = 0; f < D; f++) {
            double v = value(i, f);
            z[i * D + f] = isnan(v) ? 0
                           : (v - mean[f]) * (f < 2 ? 1 / sqrt(variance[f]) : sqrt(gamma / 2));
        }
    return gamma;
}

static double assign_plainly(bool *changed)
{
    double inertia = 0;
    *changed = false;
    for (size_t i = 0; i < N; i++) {
        double least = INFINITY;
        int best = 0;
        for (int j = 0; j < K; j++) {
            double dist = 0;
            for (size_t f = 0; f < D; f++) {
                double diff = z[i * D + f] - centres[(size_t)j * D + f];
                dist += diff * diff;
            }
            if (dist < least) {
                least = dist;
                best = j;
            }
        }
        *changed = *changed || labels[i] != best;
        labels[i] = best;
        inertia += least;
    }
    return inertia;
}

static double lloyd_plainly(void)
{
    bool changed;
    double inertia = 0;
    memset(labels, -1, sizeof labels);
    for (size_t j = 0; j < K; j++)   /* rows 0 .. K-1 are the start */
        memcpy(centres + j * D, z + j * D, D * sizeof *z);
    for (inertia = assign_plainly(&changed); changed; inertia = assign_plainly(&changed)) {
        double sum[K * D] = { 0 }, n[K] = { 0 };
        for (size_t i = 0; i < N; i++) {
            n[labels[i]]++;
            for (size_t f = 0; f < D; f++)
                sum[(size_t)labels[i] * D + f] += z[i * D + f];
        }
        for (size_t j = 0; j < K * D; j++)
            centres[j] = sum[j] / n[j / D];
    }
    return inertia;
}

/* ---- our way ------------------------------------------------------------------------------ */

static seg_source *open_rows(const seg_context *ctx, const float *x, size_t n)
{
    static seg_block block[2];
    static int turn;
    seg_source *source = NULL;
    turn = !turn;
    block[turn] = (seg_block){ .n_rows = n, .x = { x, n, WIDTH, WIDTH } };
    OK(seg_memory_source(ctx, &schema, &block[turn], &source, &err));
    return source;
}

static seg_kmeans_options options_of(const char *k)
{
    seg_kmeans_options o;
    memset(&o, 0, sizeof o);
    seg_method_defaults(&seg_method_kmeans, &o);
    o.k = k;
    o.features = "spend,age";
    o.categories = "plan,city";
    return o;
}

static seg_model *train(const seg_context *ctx, const seg_kmeans_options *o, const float *x,
                        size_t n)
{
    seg_model *model = NULL;
    seg_source *source = open_rows(ctx, x, n);
    OK(seg_train(ctx, &seg_method_kmeans, o, source, &model, &err));
    seg_source_close(source);
    return model;
}

static double figure(const seg_model *model, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "figures.%s", name);
    return seg_node_real(seg_node_get(seg_doc_root(model->info), path), NAN);
}

typedef struct result {
    int64_t segment[MANY];
    double distance[MANY];
} result;

static void score(const seg_model *model, const float *x, size_t n, result *out)
{
    seg_source *data = open_rows(NULL, x, n), *scores = NULL;
    seg_block block;
    OK(seg_score_open(NULL, model, data, &scores, &err));
    size_t segment = seg_schema_column(scores->schema, "segment");
    size_t distance = seg_schema_column(scores->schema, "distance");
    for (;;) {
        OK(scores->next(scores, &block, &err));
        if (block.n_rows == 0)
            break;
        memcpy(out->segment + block.first_row, block.columns[segment],
               block.n_rows * sizeof *out->segment);
        memcpy(out->distance + block.first_row, block.columns[distance],
               block.n_rows * sizeof *out->distance);
    }
    seg_source_close(scores);
    seg_source_close(data);
}

/* Rows 0 .. K-1 as centroids: categories by name. */
static void write_start(const char *path)
{
    FILE *file = fopen(path, "w");
    fputs("row,city,spend,plan,age\n", file);
    for (size_t j = 0; j < K; j++) {
        const float *x = rows + j * WIDTH;
        fprintf(file, "r%zu,%s,%.9g,%s,%.9g\n", j, cities[(size_t)x[CITY]], (double)x[SPEND],
                plans[(size_t)x[PLAN]], (double)x[AGE]);
    }
    assert_int_equal(fclose(file), 0);
}

static void same_as_a_plain_lloyd_over_expanded_doubles(void **state)
{
    (void)state;
    static result found;
    for (int i = 0; i < 4; i++) {
        make_rows(N, i % 2 * 0.1);
        for (size_t j = 0; j < K; j++)
            for (size_t f = 0; f < WIDTH; f++)
                if (isnan(rows[j * WIDTH + f]))
                    rows[j * WIDTH + f] = 1;
        write_start("start.csv");
        double wanted = i < 2 ? 0 : 0.7, gamma = scale_plainly(wanted);
        double inertia = lloyd_plainly();
        seg_kmeans_options o = options_of("8");
        o.init = "start.csv";
        o.gamma = wanted;
        o.tol = 0;
        o.max_iter = 1000;
        seg_model *model = train(NULL, &o, rows, N);
        assert_true(fabs(figure(model, "gamma") - gamma) <= 1e-12 * gamma);
        assert_true(fabs(figure(model, "inertia") - inertia) <= 1e-12 * inertia);
        score(model, rows, N, &found);
        for (size_t r = 0; r < N; r++)
            assert_int_equal(found.segment[r], labels[r]);
        seg_model_free(model);
    }
}

/* The squared distances of the rows to one centroid are a number's variance, for each number
 * and for each category; also where numbers are not scaled to one, and a level is never put
 * through a logarithm. (Robust and minmax do not put the middle at the mean.) */
static void a_category_weighs_as_much_as_a_number(void **state)
{
    (void)state;
    make_rows(N, 0);
    static const int scales[] = { SEG_SCALE_NONE, SEG_SCALE_Z, SEG_SCALE_LOG1P_Z };
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
        seg_kmeans_options o = options_of("1");
        o.scale = scales[i];
        o.categories = "plan";
        seg_model *both = train(NULL, &o, rows, N);
        o.categories = NULL;
        seg_model *numbers = train(NULL, &o, rows, N);
        double ratio = figure(both, "inertia") / figure(numbers, "inertia");
        assert_true(fabs(ratio - 1.5) < 1e-9);
        seg_model_free(both);
        seg_model_free(numbers);
    }
}

/* ---- by hand --------------------------------------------------------------------------------- */

/* Equal numbers; the plan alone tells two kinds of rows apart. */
static void a_category_alone_separates(void **state)
{
    (void)state;
    static result found;
    for (size_t i = 0; i < 40; i++) {
        const float row[WIDTH] = { [SPEND] = (float)(i / 2 % 2), [AGE] = 1, [CITY] = NAN,
                                   [TIMES] = 1, [PLAN] = (float)(i % 2 * 2) };
        memcpy(rows + i * WIDTH, row, sizeof row);
    }
    seg_kmeans_options o = options_of("2");
    o.features = "spend";
    o.categories = "plan";
    o.scale = SEG_SCALE_NONE;
    o.gamma = 8;
    seg_model *model = train(NULL, &o, rows, 40);
    const seg_kmeans_model *m = model->state;
    assert_int_equal(m->d, 4);
    assert_true(fabs(figure(model, "inertia") - 40 * 0.25) < 1e-12);
    score(model, rows, 40, &found);
    for (size_t i = 0; i < 40; i++)
        assert_int_equal(found.segment[i], found.segment[i % 2]);
    size_t yearly = (size_t)found.segment[1];
    assert_int_equal(yearly, 1 - found.segment[0]);
    assert_true(seg_kmeans_centroid(m, yearly, 3) == 1);      /* spend, none, monthly, yearly */
    assert_true(seg_kmeans_centroid(m, yearly, 1) == 0);
    assert_true(fabs(seg_kmeans_centroid(m, yearly, 0) - 0.5) < 1e-12);
    assert_non_null(strstr(m->names[yearly], "plan yearly"));
    double apart = 0;                                         /* gamma between two levels */
    for (size_t f = 0; f < 4; f++)
        apart += (m->z[f] - m->z[4 + f]) * (m->z[f] - m->z[4 + f]);
    assert_true(fabs(apart - 8) < 1e-12);
    seg_model_free(model);
}

static void constant_categories_separate_nothing(void **state)
{
    (void)state;
    make_rows(N, 0);
    seg_kmeans_options o = options_of("3");
    o.categories = "plan";
    seg_model *one = train(NULL, &o, rows, N);
    for (size_t i = 0; i < N; i++)
        rows[i * WIDTH + CITY] = i % 5 == 0 ? NAN : 3;
    o.categories = "plan,city";
    seg_model *two = train(NULL, &o, rows, N);
    assert_true(figure(one, "gamma") == figure(two, "gamma"));
    assert_true(figure(one, "inertia") == figure(two, "inertia"));
    seg_model_free(one);
    seg_model_free(two);
}

static void missing_and_unseen_levels_lie_in_the_middle(void **state)
{
    (void)state;
    static result here, there;
    static const char *const others[] = { "yearly", "weekly", "none", "monthly" };
    make_rows(N, 0.1);
    seg_kmeans_options o = options_of("4");
    seg_model *model = train(NULL, &o, rows, N);
    static float x[N * WIDTH];
    memcpy(x, rows, sizeof x);
    static const float code[] = { 2, 3, 0 };      /* of none, monthly, yearly in `others` */
    for (size_t i = 0; i < N; i++) {
        float *plan = &x[i * WIDTH + PLAN];
        *plan = isnan(*plan) ? (i % 2 == 0 ? 1 : NAN) : code[(size_t)*plan];
    }
    seg_column columns[WIDTH];
    memcpy(columns, features, sizeof columns);
    columns[PLAN].levels = others;
    columns[PLAN].n_levels = 4;
    score(model, rows, N, &here);
    seg_schema other = schema;
    other.features = columns;
    seg_block all = { .n_rows = N, .x = { x, N, WIDTH, WIDTH } }, block;
    seg_source *data = NULL, *scores = NULL;
    OK(seg_memory_source(NULL, &other, &all, &data, &err));
    OK(seg_score_open(NULL, model, data, &scores, &err));
    size_t distance = seg_schema_column(scores->schema, "distance");
    for (;;) {
        OK(scores->next(scores, &block, &err));
        if (block.n_rows == 0)
            break;
        memcpy(there.distance + block.first_row, block.columns[distance],
               block.n_rows * sizeof(double));
    }
    assert_memory_equal(here.distance, there.distance, N * sizeof(double));
    seg_source_close(scores);
    seg_source_close(data);
    seg_model_free(model);
}

/* ---- bits ---------------------------------------------------------------------------------------- */

static void same_bits_for_any_threads_blocks_and_level(void **state)
{
    (void)state;
    static const char *const levels[] = { "base", "v3", "v4" };
    static double first[K * D];
    static result before, now;
    make_rows(MANY, 0.1);
    for (int many = 0; many < 2; many++)
        for (int i = 0; i < 6; i++) {
            size_t n = many ? MANY : N;
            seg_context ctx = seg_context_defaults();
            ctx.n_threads = (uint32_t[]){ 1, 2, 3, 8, 1, 2 }[i];
            ctx.block_rows = (size_t[]){ 1024, 4096, 0, 2048, 8192, 1024 }[i];
            setenv("SEGMILL_ISA", levels[i % 3], 1);
            seg_kmeans_options o = options_of("4");
            o.weights = "times";
            o.scale = many ? SEG_SCALE_LOG1P_Z : SEG_SCALE_ROBUST;
            seg_model *model = train(&ctx, &o, rows, n);
            const seg_kmeans_model *m = model->state;
            assert_int_equal(m->d, D);
            result *out = i == 0 ? &before : &now;
            score(model, rows, n, out);
            if (i == 0)
                memcpy(first, m->z, sizeof first);
            assert_memory_equal(first, m->z, sizeof first);
            assert_memory_equal(before.distance, out->distance, n * sizeof(double));
            assert_memory_equal(before.segment, out->segment, n * sizeof(int64_t));
            seg_model_free(model);
            unsetenv("SEGMILL_ISA");
        }
}

static void a_row_of_weight_three_is_three_rows(void **state)
{
    (void)state;
    size_t n = 0;
    make_rows(N, 0.1);
    for (size_t i = 0; i < N; i++)
        for (size_t times = 0; times < (size_t)rows[i * WIDTH + TIMES]; times++)
            memcpy(repeated + n++ * WIDTH, rows + i * WIDTH, WIDTH * sizeof *rows);
    seg_kmeans_options o = options_of("4");
    seg_model *whole = train(NULL, &o, repeated, n);
    o.weights = "times";
    seg_model *weighted = train(NULL, &o, rows, N);
    const seg_kmeans_model *a = whole->state, *b = weighted->state;
    assert_memory_equal(a->z, b->z, K * D * sizeof *a->z);
    assert_memory_equal(a->inverse, b->inverse, D * sizeof *a->inverse);
    assert_memory_equal(a->size, b->size, K * sizeof *a->size);
    assert_true(figure(whole, "inertia") == figure(weighted, "inertia"));
    seg_model_free(whole);
    seg_model_free(weighted);
}

/* ---- files ---------------------------------------------------------------------------------------- */

static seg_model *save_and_load(const seg_model *model)
{
    seg_model *loaded = NULL;
    OK(seg_model_save(model, "c.model", &err));
    OK(seg_model_load("c.model", &loaded, &err));
    return loaded;
}

static void a_loaded_model_scores_to_the_bit(void **state)
{
    (void)state;
    static result before, after;
    make_rows(N, 0.1);
    for (int scale = SEG_SCALE_NONE; scale <= SEG_SCALE_LOG1P_Z; scale++) {
        seg_kmeans_options o = options_of("4");
        o.scale = scale;
        seg_model *model = train(NULL, &o, rows, N), *loaded = save_and_load(model);
        assert_int_equal(loaded->schema->view.n_features, 4);
        assert_string_equal(loaded->schema->view.features[3].name, "city");
        assert_int_equal(loaded->schema->view.features[3].n_levels, CITIES);
        score(model, rows, N, &before);
        score(loaded, rows, N, &after);
        assert_memory_equal(before.distance, after.distance, N * sizeof(double));
        assert_memory_equal(before.segment, after.segment, N * sizeof(int64_t));
        seg_model_free(model);
        seg_model_free(loaded);
    }
}

static void refuse(const seg_model *model, const char *why)
{
    seg_model *loaded = NULL;
    OK(seg_model_save(model, "bad.model", &err));
    assert_int_equal(seg_model_load("bad.model", &loaded, &err), SEG_E_DATA);
    assert_null(loaded);
    if (strstr(err.text, why) == NULL)
        fail_msg("'%s' is not in: %s", why, err.text);
}

static void levels_that_do_not_follow_from_the_categories_are_refused(void **state)
{
    (void)state;
    make_rows(N, 0);
    seg_kmeans_options o = options_of("4");
    seg_model *model = train(NULL, &o, rows, N);
    seg_kmeans_model *m = model->state;
    float *level = m->level, was = level[3];
    level[3] = 2;
    refuse(model, "uns/model/level: feature 3 is 2; by the categories of the model it is 1");
    level[3] = NAN;
    refuse(model, "uns/model/level: feature 3 is -1");
    level[3] = was;
    m->columns[2] = 0;
    refuse(model, "uns/model/column: feature 2 is 0; by the categories of the model it is 2");
    m->columns[2] = 2;
    m->level = NULL;   /* then nothing says which they are */
    refuse(model, "");
    m->level = level;
    m->d--;
    refuse(model, "uns/model/z is 4 x 9; the model has 10 features");
    m->d++;
    seg_model_free(model);
}

static void the_last_model_gives_starts_and_numbers(void **state)
{
    (void)state;
    make_rows(N, 0.1);
    seg_kmeans_options o = options_of("4");
    seg_model *first = train(NULL, &o, rows, N), *again;
    OK(seg_model_save(first, "last.model", &err));
    o.init = o.previous = "last.model";
    again = train(NULL, &o, rows, N);
    const seg_kmeans_model *a = first->state, *b = again->state;
    for (size_t j = 0; j < K; j++)
        assert_string_equal(a->names[j], b->names[j]);
    assert_true(figure(again, "previous.stayed") >= 0.99 * N);
    assert_true(figure(again, "inertia") <= figure(first, "inertia") * (1 + 1e-12));
    seg_model_free(first);
    seg_model_free(again);
    seg_model *model = NULL;
    o.categories = "plan";
    o.init = "greedy";
    seg_source *source = open_rows(NULL, rows, N);
    assert_int_equal(seg_train(NULL, &seg_method_kmeans, &o, source, &model, &err), SEG_E_DATA);
    assert_non_null(strstr(err.text, "made of other features: it has 'city=Graz', 'city=Linz'"));
    seg_source_close(source);
}

/* ---- refusals --------------------------------------------------------------------------------- */

static seg_status train_few(seg_error *why)
{
    seg_kmeans_options o = options_of("2");
    seg_source *source = NULL;
    seg_model *model = NULL;
    seg_block all = { .n_rows = 60, .x = { rows, 60, WIDTH, WIDTH } };
    seg_status st = seg_memory_source(NULL, &schema, &all, &source, why);
    if (st == SEG_OK)
        st = seg_train(NULL, &seg_method_kmeans, &o, source, &model, why);
    if (st == SEG_OK)
        st = seg_model_save(model, "few.model", why);
    seg_model_free(model);
    seg_source_close(source);
    return st;
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    make_rows(60, 0.1);
    OK(train_few(&err));   /* what is kept for good is there now */
    int64_t live = seg_alloc_live;
    seg_status st = SEG_E_AGAIN;
    for (long n = 0; st == SEG_E_AGAIN; n++) {
        seg_alloc_fail_after = n;
        st = train_few(&err);
        seg_alloc_fail_after = -1;
        assert_int_equal(seg_alloc_live, live);
    }
    OK(st);
}

static void too_many_levels_are_named(void **state)
{
    (void)state;
    static char names[300][8];
    static const char *levels[300];
    static float x[2 * 300];
    for (size_t l = 0; l < 300; l++) {
        snprintf(names[l], sizeof names[l], "z%zu", l);
        levels[l] = names[l];
        x[2 * l] = (float)l;
        x[2 * l + 1] = (float)l;
    }
    seg_column columns[] = {
        { .name = "visits", .type = SEG_TYPE_F32 },
        { .name = "zip", .type = SEG_TYPE_CODE, .levels = levels, .n_levels = 300 },
    };
    seg_schema wide = { .kind = SEG_KIND_FEATURES, .features = columns, .n_features = 2,
                        .as_of_day = SEG_MISSING_DAY };
    seg_block all = { .n_rows = 300, .x = { x, 300, 2, 2 } };
    seg_kmeans_options o = options_of("3");
    o.features = "visits";
    o.categories = "all";
    for (int i = 0; i < 3; i++) {
        seg_source *source = NULL;
        seg_model *model = NULL;
        columns[1].n_levels = i == 1 ? 256 : i == 2 ? 0 : 300;
        for (size_t l = 0; l < 300; l++)
            x[2 * l + 1] = i == 2 ? NAN : (float)(l % 256);
        OK(seg_memory_source(NULL, &wide, &all, &source, &err));
        seg_status st = seg_train(NULL, &seg_method_kmeans, &o, source, &model, &err);
        assert_int_equal(st, i == 1 ? SEG_OK : SEG_E_DATA);
        if (i == 0)
            assert_non_null(strstr(err.text, "column 'zip' has 300 levels"));
        if (i == 2)
            assert_non_null(strstr(err.text, "column 'zip' has no values"));
        seg_model_free(model);
        seg_source_close(source);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_a_plain_lloyd_over_expanded_doubles),
        cmocka_unit_test(a_category_weighs_as_much_as_a_number),
        cmocka_unit_test(a_category_alone_separates),
        cmocka_unit_test(constant_categories_separate_nothing),
        cmocka_unit_test(missing_and_unseen_levels_lie_in_the_middle),
        cmocka_unit_test(same_bits_for_any_threads_blocks_and_level),
        cmocka_unit_test(a_row_of_weight_three_is_three_rows),
        cmocka_unit_test(a_loaded_model_scores_to_the_bit),
        cmocka_unit_test(levels_that_do_not_follow_from_the_categories_are_refused),
        cmocka_unit_test(the_last_model_gives_starts_and_numbers),
        cmocka_unit_test(survives_every_allocation_failure),
        cmocka_unit_test(too_many_levels_are_named),
    };
    return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}

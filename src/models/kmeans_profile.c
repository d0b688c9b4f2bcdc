/* kmeans_profile.c: figures of segments from rows in memory. */
#include "models/kmeans_profile.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/threads.h"
#include "base/try.h"

enum { RULE_FEATURES = 32 };   /* a rule is sought in those that differ most */
static const double FEW = 0.01;   /* rows below 0 that a ratio of means stands: refunds */

seg_status seg_kmeans_profile_new(size_t k, size_t n_numbers, size_t n_categories,
                                  seg_kmeans_profile **out, seg_error *err)
{
    static const char what[] = "the profile of segments";
    seg_status st = SEG_OK;
    seg_kmeans_profile *p = NULL;
    size_t numbers = (k + 1) * n_numbers, levels = k * n_categories * SEG_KMEANS_LEVELS;
    *out = NULL;

    TRY(SEG_ALLOC(&p, 1, what, err));
    p->k = k;
    p->n_numbers = n_numbers;
    p->n_categories = n_categories;
    TRY(SEG_ALLOC(&p->numbers, n_numbers, what, err));
    TRY(SEG_ALLOC(&p->categories, n_categories, what, err));
    TRY(SEG_ALLOC(&p->flags, n_numbers, what, err));
    double **const per_number[] = { &p->known, &p->mean, &p->median, &p->rank, &p->effect,
                                    &p->part };
    for (size_t i = 0; i < sizeof per_number / sizeof *per_number; i++)
        TRY(SEG_ALLOC(per_number[i], numbers, what, err));
    TRY(SEG_ALLOC(&p->category_known, k * n_categories, what, err));
    TRY(SEG_ALLOC(&p->level, levels, what, err));
    TRY(SEG_ALLOC(&p->level_share, levels, what, err));
    TRY(SEG_ALLOC(&p->level_usual, levels, what, err));
    TRY(SEG_ALLOC(&p->level_effect, levels, what, err));
    TRY(SEG_ALLOC(&p->traits, k * SEG_KMEANS_TRAITS, what, err));
    TRY(SEG_ALLOC(&p->rules, k, what, err));
    TRY(SEG_ALLOC(&p->recall, k, what, err));
    TRY(SEG_ALLOC(&p->precision, k, what, err));
    *out = p;
    p = NULL;

done:
    seg_kmeans_profile_free(p);
    return st;
}

void seg_kmeans_profile_free(seg_kmeans_profile *p)
{
    if (p == NULL)
        return;
    seg_free(p->numbers);
    seg_free(p->categories);
    seg_free(p->flags);
    seg_free(p->known);
    seg_free(p->mean);
    seg_free(p->median);
    seg_free(p->rank);
    seg_free(p->effect);
    seg_free(p->part);
    seg_free(p->category_known);
    seg_free(p->level);
    seg_free(p->level_share);
    seg_free(p->level_usual);
    seg_free(p->level_effect);
    seg_free(p->traits);
    seg_free(p->rules);
    seg_free(p->recall);
    seg_free(p->precision);
    seg_arena_free(&p->arena);
    seg_free(p);
}

size_t seg_kmeans_money(const seg_kmeans_profile *p)
{
    for (size_t f = 0; f < p->n_numbers; f++)
        if ((p->flags[f] & SEG_KMEANS_MONEY) != 0 && !isnan(p->part[p->k * p->n_numbers + f]))
            return f;
    return SIZE_MAX;
}

double seg_kmeans_lift(const seg_kmeans_profile *p, size_t j, size_t f)
{
    double usual = p->mean[p->k * p->n_numbers + f], here = p->mean[j * p->n_numbers + f];
    return (p->flags[f] & SEG_KMEANS_POSITIVE) != 0 && usual > 0 && here >= 0
           ? here / usual : (double)NAN;
}

/* ---- making --------------------------------------------------------------------------------- */

/* The features of the data, and where they stand in the profile. */
typedef struct making {
    const seg_kmeans_profile_input *in;
    seg_segment_rows rows;
    size_t *numbers, *categories;    /* columns */
    size_t *n_levels;                /* of the categories */
    uint64_t *weight, *n;            /* k + 1 */
    seg_kmeans_profile *profile;
} making;

static void split_features(making *m, size_t *n_numbers, size_t *n_categories)
{
    const seg_schema *schema = m->in->schema;
    *n_numbers = *n_categories = 0;
    for (size_t f = 0; f < schema->n_features; f++) {
        if (schema->features[f].type == SEG_TYPE_F32) {
            m->numbers[(*n_numbers)++] = f;
        } else if (schema->features[f].type == SEG_TYPE_CODE) {
            m->categories[*n_categories] = f;
            m->n_levels[(*n_categories)++] = schema->features[f].n_levels;
        }
    }
}

static seg_status copy_names(const making *m, const size_t *columns, size_t n, const char **names,
                             seg_error *err)
{
    for (size_t f = 0; f < n; f++) {
        names[f] = seg_arena_text(&m->profile->arena, m->in->schema->features[columns[f]].name);
        if (names[f] == NULL)
            return seg_arena_failed(err);
    }
    return SEG_OK;
}

static uint8_t flags_of(const seg_column *feature, const seg_segment_range *range)
{
    uint8_t flags = seg_kmeans_name_flags(feature);
    bool in_unit = range->least >= 0 && range->largest <= 1;
    if (range->whole)
        flags |= SEG_KMEANS_WHOLE;
    if (range->largest > 0 && range->negative <= FEW)
        flags |= SEG_KMEANS_POSITIVE;
    if (in_unit && range->whole)
        flags |= SEG_KMEANS_UNIT;
    return in_unit ? flags : flags & (uint8_t)~SEG_KMEANS_UNIT;
}

static double share_of(uint64_t part, uint64_t all)
{
    return all > 0 ? (double)part / (double)all : 0;
}

static seg_status make_numbers(const making *m, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_profile *p = m->profile;
    size_t k = p->k, n = p->n_numbers;
    seg_segment_number *found = NULL;
    seg_segment_range *ranges = NULL;

    TRY(SEG_ALLOC(&found, n * (k + 1), "the profile of segments", err));
    TRY(SEG_ALLOC(&ranges, n, "the profile of segments", err));
    TRY(seg_segment_numbers(&m->rows, m->numbers, n, found, ranges, err));
    TRY(copy_names(m, m->numbers, n, p->numbers, err));
    for (size_t f = 0; f < n; f++) {
        const seg_segment_number *of = found + f * (k + 1);
        p->flags[f] = flags_of(&m->in->schema->features[m->numbers[f]], &ranges[f]);
        for (size_t j = 0; j <= k; j++) {
            size_t at = j * n + f;
            p->known[at] = share_of(of[j].weight, m->weight[j]);
            p->mean[at] = of[j].mean;
            p->median[at] = of[j].median;
            p->rank[at] = of[j].rank;
            p->effect[at] = of[j].effect;
            p->part[at] = of[k].sum > 0 ? of[j].sum / of[k].sum : (double)NAN;
        }
    }
done:
    seg_free(found);
    seg_free(ranges);
    return st;
}

static seg_status keep_level(seg_kmeans_profile *p, size_t at, const seg_column *feature,
                             const seg_segment_level *level, seg_error *err)
{
    p->level_share[at] = p->level_usual[at] = p->level_effect[at] = (double)NAN;
    if (level->code < 0)
        return SEG_OK;
    p->level[at] = seg_arena_text(&p->arena, feature->levels[level->code]);
    p->level_share[at] = level->share;
    p->level_usual[at] = level->usual;
    p->level_effect[at] = level->effect;
    return p->level[at] == NULL ? seg_arena_failed(err) : SEG_OK;
}

static seg_status make_categories(const making *m, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_kmeans_profile *p = m->profile;
    size_t k = p->k, n = p->n_categories;
    seg_segment_levels *found = NULL;

    TRY(SEG_ALLOC(&found, n * k, "the profile of segments", err));
    TRY(seg_segment_categories(&m->rows, m->categories, m->n_levels, n, found, err));
    TRY(copy_names(m, m->categories, n, p->categories, err));
    for (size_t c = 0; c < n; c++)
        for (size_t j = 0; j < k; j++) {
            const seg_column *feature = &m->in->schema->features[m->categories[c]];
            const seg_segment_levels *levels = &found[c * k + j];
            size_t at = (j * n + c) * SEG_KMEANS_LEVELS;
            p->category_known[j * n + c] = share_of(levels->weight, m->weight[j]);
            for (size_t i = 0; i < SEG_SEGMENT_OVER; i++)
                TRY(keep_level(p, at + i, feature, &levels->over[i], err));
            TRY(keep_level(p, at + SEG_SEGMENT_OVER, feature, &levels->under, err));
        }
done:
    seg_free(found);
    return st;
}

/* ---- rules ------------------------------------------------------------------------------------ */

/* The features of which some segment differs most from all rows, in the order of the data. */
typedef struct rule_features {
    size_t n, column[RULE_FEATURES];
    uint32_t n_levels[RULE_FEATURES];
    const seg_column *features[RULE_FEATURES];
    bool whole[RULE_FEATURES];
    float *x;
    uint8_t *binned, *use;
    seg_bins *bins;
} rule_features;

static double widest_number(const seg_kmeans_profile *p, size_t f)
{
    double most = 0;
    for (size_t j = 0; j < p->k; j++) {
        double effect = fabs(p->effect[j * p->n_numbers + f]);
        most = effect > most ? effect : most;
    }
    return most;
}

static double widest_category(const seg_kmeans_profile *p, size_t c)
{
    double most = 0;
    for (size_t j = 0; j < p->k; j++)
        for (size_t i = 0; i < SEG_KMEANS_LEVELS; i++) {
            double effect = fabs(p->level_effect[(j * p->n_categories + c) * SEG_KMEANS_LEVELS + i]);
            most = effect > most ? effect : most;   /* NaN is none */
        }
    return most;
}

static void choose_rule_features(const making *m, rule_features *r)
{
    const seg_schema *schema = m->in->schema;
    const seg_kmeans_profile *p = m->profile;
    double width[RULE_FEATURES];
    bool whole[RULE_FEATURES];
    size_t numbers = 0, categories = 0;
    for (size_t f = 0; f < schema->n_features; f++) {
        bool is_number = schema->features[f].type == SEG_TYPE_F32, is_whole = false;
        double w = 0;
        if (is_number) {
            is_whole = (p->flags[numbers] & SEG_KMEANS_WHOLE) != 0;
            w = widest_number(p, numbers++);
        } else if (schema->features[f].type == SEG_TYPE_CODE) {
            w = widest_category(p, categories++);
        }
        size_t weakest = 0;
        for (size_t i = 1; i < r->n; i++)
            weakest = width[i] < width[weakest] ? i : weakest;
        if (!(w > 0) || (r->n == RULE_FEATURES && w <= width[weakest]))
            continue;
        if (r->n == RULE_FEATURES) {
            r->n--;
            memmove(width + weakest, width + weakest + 1, (r->n - weakest) * sizeof *width);
            memmove(whole + weakest, whole + weakest + 1, (r->n - weakest) * sizeof *whole);
            memmove(r->column + weakest, r->column + weakest + 1,
                    (r->n - weakest) * sizeof *r->column);
        }
        width[r->n] = w;
        whole[r->n] = is_whole;
        r->column[r->n++] = f;
    }
    memcpy(r->whole, whole, r->n * sizeof *whole);
    for (size_t i = 0; i < r->n; i++) {
        r->features[i] = &schema->features[r->column[i]];
        bool category = r->features[i]->type == SEG_TYPE_CODE;
        r->n_levels[i] = category ? (uint32_t)r->features[i]->n_levels : 0;
    }
}

static seg_status bin_rows(const making *m, rule_features *r, seg_error *err)
{
    static const char what[] = "the rules of segments";
    seg_status st = SEG_OK;
    const seg_matrix *from = &m->rows.x;
    size_t n = from->n_rows;
    TRY(SEG_ALLOC(&r->x, n * r->n, what, err));
    TRY(SEG_ALLOC(&r->binned, n * r->n, what, err));
    TRY(SEG_ALLOC(&r->use, n, what, err));
    for (size_t i = 0; i < n; i++) {
        r->use[i] = 1;
        for (size_t f = 0; f < r->n; f++)
            r->x[i * r->n + f] = from->x[i * from->stride + r->column[f]];
    }
    seg_matrix x = { r->x, n, r->n, r->n };
    TRY(seg_bins_new(r->n, r->n_levels, n, 0, &r->bins, err));
    seg_bins_add(r->bins, x, 0, r->use, m->rows.n_threads);
    TRY(seg_bins_finish(r->bins, m->rows.n_threads, err));
    seg_bins_apply(r->bins, x, m->rows.n_threads, r->binned);
done:
    return st;
}

static seg_status keep_rule(seg_kmeans_profile *p, size_t j, const seg_segment_rule *rule,
                            const rule_features *r, seg_error *err)
{
    seg_text text = { 0 };
    p->recall[j] = p->precision[j] = (double)NAN;
    if (rule->n == 0)
        return SEG_OK;
    seg_kmeans_rule_tell(rule, r->features, r->whole, &text);
    seg_status st = seg_text_status(&text, err);
    if (st == SEG_OK) {
        p->recall[j] = rule->recall;
        p->precision[j] = rule->precision;
        p->rules[j] = seg_arena_text(&p->arena, text.bytes);
        st = p->rules[j] == NULL ? seg_arena_failed(err) : SEG_OK;
    }
    seg_text_free(&text);
    return st;
}

static seg_status make_rules(const making *m, seg_error *err)
{
    seg_status st = SEG_OK;
    rule_features r = { 0 };
    seg_segment_rule *rules = NULL;
    choose_rule_features(m, &r);
    TRY(SEG_ALLOC(&rules, m->profile->k, "the rules of segments", err));
    if (r.n > 0) {
        TRY(bin_rows(m, &r, err));
        TRY(seg_segment_rules(&m->rows, r.bins, r.binned, rules, err));
    }
    for (size_t j = 0; j < m->profile->k; j++)
        TRY(keep_rule(m->profile, j, &rules[j], &r, err));
done:
    seg_free(r.x);
    seg_free(r.binned);
    seg_free(r.use);
    seg_bins_free(r.bins);
    seg_free(rules);
    return st;
}

/* -------------------------------------------------------------------------------------------------- */

static seg_status make_all(making *m, seg_error *err)
{
    static const char what[] = "the profile of segments";
    seg_status st = SEG_OK;
    size_t n_features = m->in->schema->n_features, n_numbers, n_categories;
    TRY(SEG_ALLOC(&m->numbers, n_features, what, err));
    TRY(SEG_ALLOC(&m->categories, n_features, what, err));
    TRY(SEG_ALLOC(&m->n_levels, n_features, what, err));
    TRY(SEG_ALLOC(&m->weight, m->in->k + 1, what, err));
    TRY(SEG_ALLOC(&m->n, m->in->k + 1, what, err));
    split_features(m, &n_numbers, &n_categories);
    TRY(seg_segment_sizes(&m->rows, m->weight, m->n, err));
    TRY(seg_kmeans_profile_new(m->in->k, n_numbers, n_categories, &m->profile, err));
    m->profile->rows = (int64_t)m->rows.x.n_rows;
    TRY(make_numbers(m, err));
    TRY(make_categories(m, err));
    TRY(make_rules(m, err));
    TRY(seg_kmeans_traits_tell(m->profile, err));
done:
    return st;
}

seg_status seg_kmeans_profile_make(const seg_kmeans_profile_input *in, seg_kmeans_profile **out,
                                   seg_error *err)
{
    making m = { .in = in,
                 .rows = { .x = in->x, .labels = in->labels, .weights = in->weights, .k = in->k,
                           .n_threads = seg_thread_count(in->ctx == NULL ? 0
                                                                         : in->ctx->n_threads) } };
    *out = NULL;
    if (in->x.n_rows > UINT32_MAX)
        return seg_fail(err, SEG_E_DATA, "a profile of more than %u rows at once", UINT32_MAX);
    if (in->k > SEG_KMEANS_PROFILED
        || (in->k + 1) * in->schema->n_features > SEG_KMEANS_PROFILE_CELLS) {
        if (in->ctx != NULL)
            seg_note(in->ctx, SEG_LEVEL_INFO, "%zu segments of %zu features are too many to be"
                     " profiled", in->k, in->schema->n_features);
        return SEG_OK;
    }
    seg_status st = make_all(&m, err);
    if (st == SEG_OK) {
        *out = m.profile;
        m.profile = NULL;
    }
    seg_kmeans_profile_free(m.profile);
    seg_free(m.numbers);
    seg_free(m.categories);
    seg_free(m.n_levels);
    seg_free(m.weight);
    seg_free(m.n);
    return st;
}

/* ---- other numbers ----------------------------------------------------------------------------- */

/* Rows of `width` bytes: row j becomes row number[j]. */
static void permute_rows(void *rows, size_t width, size_t k, const int32_t *number, char *temp)
{
    memcpy(temp, rows, k * width);
    for (size_t j = 0; j < k; j++)
        memcpy((char *)rows + (size_t)number[j] * width, temp + j * width, width);
}

seg_status seg_kmeans_profile_permute(seg_kmeans_profile *p, const int32_t *number,
                                      seg_error *err)
{
    char *temp = NULL;
    size_t levels = p->n_categories * SEG_KMEANS_LEVELS, widest = SEG_KMEANS_TRAITS;
    widest = p->n_numbers > widest ? p->n_numbers : widest;
    widest = levels > widest ? levels : widest;
    seg_status st = SEG_ALLOC(&temp, p->k * widest * sizeof(double), "the order of segments", err);
    if (st != SEG_OK)
        return st;
    double *const per_number[] = { p->known, p->mean, p->median, p->rank, p->effect, p->part };
    for (size_t i = 0; i < sizeof per_number / sizeof *per_number; i++)
        permute_rows(per_number[i], p->n_numbers * sizeof(double), p->k, number, temp);
    permute_rows(p->category_known, p->n_categories * sizeof(double), p->k, number, temp);
    permute_rows(p->level, levels * sizeof *p->level, p->k, number, temp);
    permute_rows(p->level_share, levels * sizeof(double), p->k, number, temp);
    permute_rows(p->level_usual, levels * sizeof(double), p->k, number, temp);
    permute_rows(p->level_effect, levels * sizeof(double), p->k, number, temp);
    permute_rows(p->traits, SEG_KMEANS_TRAITS * sizeof *p->traits, p->k, number, temp);
    permute_rows(p->rules, sizeof *p->rules, p->k, number, temp);
    permute_rows(p->recall, sizeof(double), p->k, number, temp);
    permute_rows(p->precision, sizeof(double), p->k, number, temp);
    seg_free(temp);
    return SEG_OK;
}

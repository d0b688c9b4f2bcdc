/* kmeans_select.c: which columns of the data a k-means training segments by. */
#include "models/kmeans_trainer.h"

#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/text.h"
#include "base/try.h"

seg_status seg_kmeans_no_such_feature(const seg_schema *schema, const char *option,
                                      const char *name, size_t n, seg_error *err)
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
    return seg_fail(err, SEG_E_USAGE, "--%s names '%s', which is no feature of the data"
                    "%s%s%s", option, wanted, nearest == NULL ? "" : "; did you mean '",
                    nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
}

/* One kind of column: what names it, and what was chosen (the features of the schema have
 * room). */
typedef struct choice {
    const char *option, *list;
    seg_type type;
    const char *otherwise;      /* what a column of another type is */
    size_t *columns, n;
} choice;

static seg_status choose_named(const seg_schema *schema, choice *c, const char *item, size_t n,
                               seg_error *err)
{
    int shown = (int)(n < 60 ? n : 60);
    size_t f = 0;
    while (f < schema->n_features && !seg_equal_n(schema->features[f].name, item, n))
        f++;
    if (f == schema->n_features)
        return seg_kmeans_no_such_feature(schema, c->option, item, n, err);
    if (schema->features[f].type != c->type)
        return seg_fail(err, SEG_E_USAGE, "--%s names '%.*s', which is %s", c->option, shown,
                        item, c->otherwise);
    for (size_t i = 0; i < c->n; i++)
        if (c->columns[i] == f)
            return seg_fail(err, SEG_E_USAGE, "--%s names '%.*s' twice", c->option, shown, item);
    c->columns[c->n++] = f;
    return SEG_OK;
}

/* not: a column that is never meant by "all". */
static seg_status choose(const seg_schema *schema, bool all, size_t not, choice *c,
                         seg_error *err)
{
    const char *list = c->list, *item;
    size_t n;
    for (size_t f = 0; all && f < schema->n_features; f++)
        if (schema->features[f].type == c->type && f != not)
            c->columns[c->n++] = f;
    while (!all && list != NULL && seg_list_next(&list, &item, &n)) {
        seg_status st = choose_named(schema, c, item, n, err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

static seg_status check_levels(const seg_schema *schema, const choice *categories,
                               seg_error *err)
{
    size_t n = 0;
    const seg_column *widest = NULL;
    for (size_t c = 0; c < categories->n; c++) {
        const seg_column *column = &schema->features[categories->columns[c]];
        n += column->n_levels;
        widest = widest == NULL || column->n_levels > widest->n_levels ? column : widest;
        if (column->n_levels == 0)
            return seg_fail(err, SEG_E_DATA, "column '%s' has no values; leave it out of"
                            " --categories", column->name);
    }
    if (n > SEG_KMEANS_LEVELS_MAX)
        return seg_fail(err, SEG_E_DATA, "column '%s' has %zu levels, and all of --categories"
                        " %zu; at most %d can be segmented by", widest->name, widest->n_levels,
                        n, SEG_KMEANS_LEVELS_MAX);
    return SEG_OK;
}

static seg_status no_columns(const seg_schema *schema, seg_error *err)
{
    for (size_t f = 0; f < schema->n_features; f++)
        if (schema->features[f].type == SEG_TYPE_CODE)
            return seg_fail(err, SEG_E_DATA, "no number column to segment by; --categories all"
                            " segments by the categories");
    return seg_fail(err, SEG_E_DATA, "no number column to segment by: the data have %zu"
                    " features and none of them is a number", schema->n_features);
}

/* The columns as a schema: numbers, then categories. */
static seg_status make_schema(seg_kmeans_trainer *t, const choice *numbers,
                              const choice *categories, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_schema_owner *names = NULL;
    const seg_column *features = t->input.schema->features;
    TRY(seg_schema_new(SEG_KIND_FEATURES, &t->schema, err));
    for (size_t c = 0; c < numbers->n; c++)
        TRY(seg_schema_add_feature(t->schema, &features[numbers->columns[c]], err));
    for (size_t c = 0; c < categories->n; c++)
        TRY(seg_schema_add_feature(t->schema, &features[categories->columns[c]], err));
    if (categories->n > 0) {   /* are the names of the levels different? */
        TRY(seg_schema_new(SEG_KIND_FEATURES, &names, err));
        TRY(seg_kmeans_expanded_schema(&t->schema->view, names, err));
    }

done:
    seg_schema_free(names);
    return st;
}

seg_status seg_kmeans_choose_columns(seg_kmeans_trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_schema *schema = t->input.schema;
    const seg_kmeans_options *o = t->options;
    choice numbers = { .option = "features", .list = o->features, .type = SEG_TYPE_F32,
                       .otherwise = "a category; name it in --categories" };
    choice categories = { .option = "categories", .list = o->categories, .type = SEG_TYPE_CODE,
                          .otherwise = "a number; --features takes numbers" };
    bool all = o->categories != NULL && strcmp(o->categories, "all") == 0;

    TRY(SEG_ALLOC(&numbers.columns, schema->n_features, "the columns", err));
    TRY(SEG_ALLOC(&categories.columns, schema->n_features, "the columns", err));
    TRY(choose(schema, o->features == NULL, t->weights.feature, &numbers, err));
    TRY(choose(schema, all, SIZE_MAX, &categories, err));
    TRY(check_levels(schema, &categories, err));
    if (numbers.n + categories.n == 0) {
        st = no_columns(schema, err);
        goto done;
    }
    TRY(make_schema(t, &numbers, &categories, err));
    t->n_numbers = numbers.n;
    t->d = seg_kmeans_expanded_count(&t->schema->view);
    TRY(SEG_ALLOC(&t->columns, t->d, "the columns", err));
    TRY(SEG_ALLOC(&t->level, t->d, "the columns", err));
    seg_kmeans_expand(&t->schema->view, t->columns, t->level);
    for (size_t f = 0; f < t->d; f++) {   /* from this schema's columns to the data's */
        size_t c = t->columns[f];
        t->columns[f] = c < numbers.n ? numbers.columns[c] : categories.columns[c - numbers.n];
    }
    if (categories.n == 0) {
        seg_free(t->level);
        t->level = NULL;
    }

done:
    seg_free(numbers.columns);
    seg_free(categories.columns);
    return st;
}

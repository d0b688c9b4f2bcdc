/* kmeans_importance.c: --feature-weights. The squared difference of a feature of weight W
 * counts W times: the feature is scaled by sqrt(W) more, and that is all there is to keep. */
#include "models/kmeans_trainer.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/text.h"
#include "base/try.h"

typedef struct named_weight {
    const char *name;
    size_t n;                  /* of bytes of the name */
    double weight;
} named_weight;

/* A name may hold '=', a number does not. */
static seg_status read_item(const char *item, size_t n, named_weight *out, seg_error *err)
{
    enum { SHOWN = 60 };
    const char *equals = memrchr(item, '=', n);
    if (equals == NULL || equals == item)
        return seg_fail(err, SEG_E_USAGE, "--feature-weights has '%.*s', which is not COL=W, as"
                        " in spend=2,age=0.5", (int)(n < SHOWN ? n : SHOWN), item);
    size_t n_name = (size_t)(equals - item), n_value = n - n_name - 1;
    while (n_name > 0 && item[n_name - 1] == ' ')
        n_name--;
    const char *value = equals + 1;
    for (; n_value > 0 && *value == ' '; n_value--)
        value++;
    *out = (named_weight){ .name = item, .n = n_name };
    if (!seg_parse_f64(value, n_value, '.', &out->weight) || !(out->weight >= 1e-9)
        || out->weight > 1e9)
        return seg_fail(err, SEG_E_USAGE, "--feature-weights gives '%.*s' the weight '%.*s'; it"
                        " must be a number above 0, from 1e-9 to 1e9",
                        (int)(n_name < SHOWN ? n_name : SHOWN), item,
                        (int)(n_value < SHOWN ? n_value : SHOWN), value);
    return SEG_OK;
}

seg_status seg_kmeans_importance_check(const seg_kmeans_options *options, seg_error *err)
{
    const char *list = options->feature_weights, *item;
    size_t n;
    named_weight w;
    while (list != NULL && seg_list_next(&list, &item, &n)) {
        seg_status st = read_item(item, n, &w, err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

/* A category is several features side by side. */
static seg_status weigh(seg_kmeans_trainer *t, const named_weight *w, seg_error *err)
{
    const seg_column *features = t->input.schema->features;
    int shown = (int)(w->n < 60 ? w->n : 60);
    bool found = false;
    for (size_t f = 0; f < t->d; f++) {
        if (!seg_equal_n(features[t->columns[f]].name, w->name, w->n))
            continue;
        if (t->importance[f] > 0)
            return seg_fail(err, SEG_E_USAGE, "--feature-weights names '%.*s' twice", shown,
                            w->name);
        found = true;
    }
    for (size_t f = 0; f < t->d; f++)
        if (seg_equal_n(features[t->columns[f]].name, w->name, w->n))
            t->importance[f] = w->weight;
    if (found)
        return SEG_OK;
    for (size_t f = 0; f < t->input.schema->n_features; f++)
        if (seg_equal_n(features[f].name, w->name, w->n))
            return seg_fail(err, SEG_E_USAGE, "--feature-weights names '%.*s', which is not"
                            " segmented by; see --features and --categories", shown, w->name);
    return seg_kmeans_no_such_feature(&t->schema->view, "feature-weights", w->name, w->n, err);
}

seg_status seg_kmeans_importance_read(seg_kmeans_trainer *t, seg_error *err)
{
    seg_status st = SEG_OK;
    const char *list = t->options->feature_weights, *item;
    size_t n;
    named_weight w;
    if (list == NULL)
        return SEG_OK;
    TRY(SEG_ALLOC(&t->importance, t->d, "the weights of the features", err));
    while (seg_list_next(&list, &item, &n)) {
        TRY(read_item(item, n, &w, err));
        TRY(weigh(t, &w, err));
    }

done:
    return st;
}

void seg_kmeans_importance_apply(seg_kmeans_trainer *t)
{
    for (size_t f = 0; t->importance != NULL && f < t->d; f++)
        if (t->importance[f] > 0)
            t->inverse[f] *= sqrt(t->importance[f]);
}

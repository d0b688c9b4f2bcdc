/* ensemble_file.c: an ensemble in a model file: the nodes of all trees as a table
 * (trees_file.h), and under uns/model how their leaves become a probability. */
#include "models/ensemble.h"

#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"
#include "models/trees_file.h"

static const char *const kinds[] = { "none", "platt", "isotonic" };
enum { N_KINDS = sizeof kinds / sizeof *kinds };
static const char *const links[] = { "logit", "mean" };

static seg_status save_calibration(const seg_calibration *c, seg_h5_writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    TRY(seg_h5_put_text(w, "uns/model/calibration/kind", kinds[c->kind], err));
    if (c->kind == SEG_CALIBRATION_PLATT) {
        double sigmoid[2] = { c->slope, c->shift };
        TRY(seg_h5_put(w, "uns/model/calibration/sigmoid", SEG_H5_F64, sigmoid, 2, 0, 0, err));
    } else if (c->kind == SEG_CALIBRATION_ISOTONIC) {
        TRY(seg_h5_put(w, "uns/model/calibration/score", SEG_H5_F64, c->score, c->n_knots, 0, 0,
                       err));
        TRY(seg_h5_put(w, "uns/model/calibration/share", SEG_H5_F64, c->share, c->n_knots, 0, 0,
                       err));
    }

done:
    return st;
}

seg_status seg_ensemble_save(const seg_model *model, seg_h5_writer *w, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_ensemble *e = model->state;
    TRY(seg_trees_save(e->trees, e->n_trees, &model->schema->view, true, w, err));
    TRY(seg_h5_put_text(w, "uns/model/label", e->label, err));
    TRY(seg_h5_put_text(w, "uns/model/positive", e->positive, err));
    TRY(seg_h5_put_text(w, "uns/model/negative", e->negative, err));
    TRY(seg_h5_put_text(w, "uns/model/link", links[e->link], err));
    TRY(seg_h5_put(w, "uns/model/base", SEG_H5_F64, &e->base, 1, 0, 0, err));
    TRY(save_calibration(&e->calibration, w, err));
    TRY(seg_decile_edges_save(w, e->edges, err));

done:
    return st;
}

/* ---- load ------------------------------------------------------------------------------ */

static seg_status get_choice(seg_h5 *file, const char *path, const char *const *choices, size_t n,
                             size_t *out, seg_error *err)
{
    const char *word;
    seg_status st = seg_h5_get_text(file, path, &word, err);
    if (st != SEG_OK)
        return st;
    for (*out = 0; *out < n; ++*out)
        if (strcmp(choices[*out], word) == 0)
            return SEG_OK;
    return seg_fail(err, SEG_E_DATA, "%s is a word that is not known", path);
}

/* A short array of numbers into `out`; *n gets how many there are. */
static seg_status get_numbers(seg_h5 *file, const char *path, size_t most, double *out, size_t *n,
                              seg_error *err)
{
    double *numbers;
    uint64_t found;
    seg_status st = seg_h5_get(file, path, SEG_H5_F64, most, 0, &numbers, &found, err);
    if (st != SEG_OK)
        return st;
    memcpy(out, numbers, (size_t)found * sizeof *out);
    *n = (size_t)found;
    seg_free(numbers);
    return SEG_OK;
}

static seg_status load_calibration(seg_h5 *file, seg_calibration *c, seg_error *err)
{
    seg_status st = SEG_OK;
    size_t kind, n = 0, n_shares = 0;
    double sigmoid[2] = { 0 };
    TRY(get_choice(file, "uns/model/calibration/kind", kinds, N_KINDS, &kind, err));
    c->kind = (seg_calibration_kind)kind;
    if (c->kind == SEG_CALIBRATION_PLATT) {
        TRY(get_numbers(file, "uns/model/calibration/sigmoid", 2, sigmoid, &n, err));
        c->slope = sigmoid[0];
        c->shift = sigmoid[1];
    } else if (c->kind == SEG_CALIBRATION_ISOTONIC) {
        TRY(get_numbers(file, "uns/model/calibration/score", SEG_CALIBRATION_KNOTS, c->score, &n,
                        err));
        TRY(get_numbers(file, "uns/model/calibration/share", SEG_CALIBRATION_KNOTS, c->share,
                        &n_shares, err));
        c->n_knots = n == n_shares ? n : 0;
    }
    if (!seg_calibration_is_valid(c))
        st = seg_fail(err, SEG_E_DATA, "uns/model/calibration is no rising map of 0 .. 1");

done:
    return st;
}

static seg_status load_base(seg_h5 *file, seg_link link, double *base, seg_error *err)
{
    size_t n;
    seg_status st = get_numbers(file, "uns/model/base", 1, base, &n, err);
    if (st == SEG_OK && (n != 1 || !(fabs(*base) <= (link == SEG_LINK_MEAN ? 1 : 1e6))))
        st = seg_fail(err, SEG_E_DATA, "uns/model/base is not a score");
    return st;
}

seg_status seg_ensemble_load(seg_model *model, seg_h5 *file, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_ensemble *e = NULL;
    const char *label, *positive, *negative;
    size_t link;
    double base;

    TRY(seg_h5_get_text(file, "uns/model/label", &label, err));
    TRY(seg_h5_get_text(file, "uns/model/positive", &positive, err));
    TRY(seg_h5_get_text(file, "uns/model/negative", &negative, err));
    TRY(get_choice(file, "uns/model/link", links, 2, &link, err));
    TRY(load_base(file, (seg_link)link, &base, err));
    TRY(seg_ensemble_new(label, positive, negative, (seg_link)link, base, &e, err));
    TRY(load_calibration(file, &e->calibration, err));
    TRY(seg_decile_edges_load(file, e->edges, err));
    const seg_trees_range range = {
        .least = e->link == SEG_LINK_MEAN ? 0 : -1e6, .most = e->link == SEG_LINK_MEAN ? 1 : 1e6,
        .most_gain = 1e300,
    };
    TRY(seg_trees_load(file, &model->schema->view, true, &range, &e->trees, &e->n_trees, err));
    TRY(seg_ensemble_prepare(e, model, err));
    model->state = e;
    e = NULL;

done:
    seg_ensemble_free(e);
    return st;
}

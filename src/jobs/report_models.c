/* report_models.c: what models say of themselves, as facts for the page. */
#include "jobs/report_facts.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include "base/alloc.h"
#include "base/try.h"
#include "models/kmeans.h"
#include "models/method.h"
#include "models/tree.h"

/* ---- k-means --------------------------------------------------------------------------- */

typedef struct profile {
    const seg_kmeans_model *model;
    int64_t rows;
    double *mean, *unit;     /* per feature: of all rows, and what one step of colour is */
} profile;

/* Where segments lie: in scaled units, so that features can be compared. Without scaling the
 * deviation between segments is the unit. */
static seg_status measure(profile *p, bool scaled, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_kmeans_model *m = p->model;
    TRY(SEG_ALLOC(&p->mean, m->d, "the profile of segments", err));
    TRY(SEG_ALLOC(&p->unit, m->d, "the profile of segments", err));
    for (size_t j = 0; j < m->k; j++)
        p->rows += m->size[j];
    for (size_t f = 0; f < m->d; f++) {
        double squares = 0, n = p->rows > 0 ? (double)p->rows : 1;
        for (size_t j = 0; j < m->k; j++)
            p->mean[f] += m->z[j * m->d + f] * (double)m->size[j] / n;
        for (size_t j = 0; j < m->k; j++) {
            double away = m->z[j * m->d + f] - p->mean[f];
            squares += away * away * (double)m->size[j] / n;
        }
        p->unit[f] = scaled ? 1 : sqrt(squares);
    }
done:
    return st;
}

/* What stands out of segment j, in words. */
static void put_portrait(const seg_kmeans_profile *p, size_t j, seg_node *row)
{
    seg_kmeans_profile_put(p, j, false, row);
    if (p == NULL || p->rules[j] == NULL)
        return;
    seg_put_text(row, "rule", p->rules[j]);
    seg_put_real(row, "recall", p->recall[j]);
    seg_put_real(row, "precision", p->precision[j]);
}

/* Whose shares of money are told, of how many rows, and what became of older segments. */
static void put_background(const seg_kmeans_profile *p, const seg_node *figures, seg_node *into)
{
    static const char *const members[] = { "previous", "segment_numbers", "vanished_segments",
                                           "migration" };
    size_t money = p == NULL ? SIZE_MAX : seg_kmeans_money(p);
    if (p != NULL)
        seg_put_int(into, "profiled", p->rows);
    if (money != SIZE_MAX)
        seg_put_text(into, "money", p->numbers[money]);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (seg_node_get(figures, members[i]) != NULL)
            seg_put_node(into, members[i], seg_node_get(figures, members[i]));
}

static seg_status put_profile(const profile *p, const seg_model *model, seg_node *into,
                              seg_error *err)
{
    const seg_kmeans_model *m = p->model;
    seg_put_int(into, "rows", p->rows);
    seg_put_node(into, "silhouette",
                 seg_node_get(seg_doc_root(model->info), "figures.silhouette"));
    seg_put_node(into, "suggestion",
                 seg_node_get(seg_doc_root(model->info), "figures.suggestion"));
    seg_put_node(into, "scan", seg_node_get(seg_doc_root(model->info), "figures.scan"));
    put_background(m->profile, seg_node_get(seg_doc_root(model->info), "figures"), into);
    seg_status st = seg_kmeans_put_names(&model->schema->view, m->columns, m->level, m->d,
                                         seg_put_array(into, "features"), err);
    seg_node *segments = seg_put_array(into, "segments");
    for (size_t j = 0; j < m->k; j++) {
        seg_node *row = seg_put_object(segments, NULL);
        seg_put_text(row, "name", m->names[j]);
        seg_put_int(row, "rows", m->size[j]);
        put_portrait(m->profile, j, row);
        seg_node *means = seg_put_array(row, "means"), *places = seg_put_array(row, "places");
        for (size_t f = 0; f < m->d; f++) {
            double away = m->z[j * m->d + f] - p->mean[f];
            seg_put_real(means, NULL, seg_kmeans_centroid(m, j, f));
            seg_put_real(places, NULL, p->unit[f] > 0 ? away / p->unit[f] : 0);
        }
    }
    return st;
}

static seg_status add_kmeans(seg_report_facts *facts, const seg_model *model, const char *path,
                             seg_error *err)
{
    profile p = { .model = model->state };
    const char *scale = seg_node_text(seg_node_get(seg_doc_root(model->info), "options.scale"),
                                      "z");
    seg_status st = measure(&p, strcmp(scale, "none") != 0, err);
    if (st == SEG_OK) {
        seg_node *into = seg_put_object(facts->profiles, NULL);
        seg_put_text(into, "source", seg_report_base_name(path));
        st = put_profile(&p, model, into, err);
    }
    seg_free(p.mean);
    seg_free(p.unit);
    return st;
}

/* ---- the others ------------------------------------------------------------------------ */

/* What its training printed, if a run keeps it: figures of cross-validation are only there. */
static const seg_node *find_result(const seg_report_facts *facts, const char *path)
{
    for (size_t i = 0; i < seg_node_count(facts->results); i++) {
        const seg_node *result = seg_node_at(facts->results, i);
        const char *file = seg_node_text(seg_node_get(result, "model_file"), NULL);
        if (file != NULL && strcmp(seg_report_base_name(file), seg_report_base_name(path)) == 0)
            return result;
    }
    return NULL;
}

static void copy(seg_node *into, const seg_node *from, const char *const *names)
{
    for (; *names != NULL; names++)
        if (seg_node_get(from, *names) != NULL)
            seg_put_node(into, *names, seg_node_get(from, *names));
}

/* The nodes, but "or not known" only where a value was missing in training: elsewhere it
 * says where such a row would go, which matters to programs and not to readers. */
static void put_nodes(const seg_tree *tree, const seg_node *rows, seg_node *into)
{
    static const char *const members[] = { "node", "parent", "condition", "rows", "probability",
                                           "leaf", NULL };
    for (size_t i = 0; i < seg_node_count(rows); i++) {
        const seg_node *from = seg_node_at(rows, i);
        int64_t parent = seg_node_int(seg_node_get(from, "parent"), -1);
        const seg_tree_node *above = parent < 0 ? NULL : &tree->nodes[parent];
        seg_node *row = seg_put_object(into, NULL);
        copy(row, from, members);
        seg_put_bool(row, "with_missing", above != NULL && above->n_missing > 0
                     && above->threshold != FLT_MAX
                     && seg_node_int(seg_node_get(from, "with_missing"), 0) != 0);
    }
}

static seg_status add_tree(seg_report_facts *facts, const seg_model *model, const char *path,
                           seg_error *err)
{
    static const char *const figures[] = { "label", "positive", "rows", "positives",
                                           "importance", NULL };
    static const char *const quality[] = { "auc", "auc_ci", "lift_top_decile", "on",
                                          "deciles", "reliability", "profit", NULL };
    seg_status st = SEG_OK;
    seg_doc *doc = seg_doc_new();
    TRY(model->method->text(model, seg_doc_root(doc), err));
    TRY(seg_doc_status(doc, err));
    seg_node *into = seg_put_object(facts->trees, NULL);
    seg_put_text(into, "source", seg_report_base_name(path));
    copy(into, seg_node_get(seg_doc_root(model->info), "figures"), figures);
    const seg_tree_state *state = model->state;
    put_nodes(&state->tree, seg_node_get(seg_doc_root(doc), "nodes"),
              seg_put_array(into, "nodes"));
    copy(seg_put_object(into, "quality"), find_result(facts, path), quality);
done:
    seg_doc_free(doc);
    return st;
}

static seg_status add_rules(seg_report_facts *facts, const seg_model *model, const char *path,
                            seg_error *err)
{
    static const char *const members[] = { "baskets", "support_count", "n_rules", "rules", NULL };
    seg_doc *doc = seg_doc_new();
    seg_status st = seg_model_describe(model, seg_doc_root(doc), err);
    if (st == SEG_OK)
        st = seg_doc_status(doc, err);
    if (st == SEG_OK && seg_node_get(seg_doc_root(doc), "rules") != NULL) {
        seg_node *into = seg_put_object(facts->rules, NULL);
        seg_put_text(into, "source", seg_report_base_name(path));
        copy(into, seg_doc_root(doc), members);
    }
    seg_doc_free(doc);
    return st;
}

/* Kept aside: scores of it would say the same and more. */
static seg_status keep_rfm(seg_report_facts *facts, const seg_model *model, const char *path,
                           seg_error *err)
{
    seg_node *into = seg_put_object(facts->rfm_models, NULL);
    seg_put_text(into, "source", seg_report_base_name(path));
    return seg_model_describe(model, into, err);
}

void seg_report_add_unscored(seg_report_facts *facts)
{
    enum { SCALE = 100 };
    for (size_t i = 0; i < seg_node_count(facts->segments); i++)
        if (strcmp(seg_node_text(seg_node_get(seg_node_at(facts->segments, i), "method"), ""),
                   "rfm") == 0)
            return;
    for (size_t i = 0; i < seg_node_count(facts->rfm_models); i++) {
        const seg_node *model = seg_node_at(facts->rfm_models, i);
        const seg_node *rows = seg_node_get(model, "segments");
        seg_node *group = seg_put_object(facts->segments, NULL);
        seg_put_node(group, "source", seg_node_get(model, "source"));
        seg_put_text(group, "method", "rfm");
        seg_put_int(group, "scale", SCALE);
        seg_node *segments = seg_put_array(group, "segments");
        for (size_t s = 0; s < seg_node_count(rows); s++) {
            const seg_node *from = seg_node_at(rows, s);
            double money = seg_node_real(seg_node_get(from, "revenue"), 0) * SCALE;
            seg_node *row = seg_put_object(segments, NULL);
            seg_put_node(row, "name", seg_node_get(from, "name"));
            seg_put_node(row, "customers", seg_node_get(from, "customers"));
            if (fabs(money) < 1e18)
                seg_put_int(row, "money", (int64_t)(money + (money < 0 ? -0.5 : 0.5)));
        }
    }
}

seg_status seg_report_add_model(seg_report_facts *facts, const char *path, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_model *model = NULL;
    seg_text what = { 0 };
    TRY(seg_model_load(path, &model, err));
    const seg_method *method = model->method;
    const seg_node *provenance = seg_node_get(seg_doc_root(model->info), "provenance");
    if (method == &seg_method_kmeans)
        TRY(add_kmeans(facts, model, path, err));
    else if (method == &seg_method_tree)
        TRY(add_tree(facts, model, path, err));
    else if (method == &seg_method_rules)
        TRY(add_rules(facts, model, path, err));
    else if (method == &seg_method_rfm)
        TRY(keep_rfm(facts, model, path, err));
    seg_text_addf(&what, "model: %s", method->summary);
    TRY(seg_text_status(&what, err));
    seg_report_add_source(facts, path, what.bytes,
                          seg_node_int(seg_node_get(provenance, "rows_in"), -1), provenance);
done:
    seg_text_free(&what);
    seg_model_free(model);
    return st;
}

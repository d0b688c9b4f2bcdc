/* classifier.c: names, deciles and bands of probabilities, and how good they are. */
#include "models/classifier.h"

#include <math.h>
#include <string.h>
#include <strings.h>
#include "base/alloc.h"
#include "base/number.h"
#include "base/try.h"
#include "kernels/classify.h"
#include "kernels/profit.h"

/* ---- names and deciles -------------------------------------------------------- */

seg_status seg_probability_name(const char *label, seg_text *out, seg_error *err)
{
    static const char *const leaving[] = {
        "exited", "attrited", "attrition", "attrition_flag", "cancelled", "canceled", "lapsed",
    };
    bool churn = strcasestr(label, "churn") != NULL;
    for (size_t i = 0; i < sizeof leaving / sizeof *leaving; i++)
        churn |= strcasecmp(label, leaving[i]) == 0;
    seg_text_clear(out);
    seg_text_add(out, churn ? "churn" : label);
    seg_text_add(out, "_probability");
    return seg_text_status(out, err);
}

static double distance(int64_t rows, double wanted)
{
    return (double)rows > wanted ? (double)rows - wanted : wanted - (double)rows;
}

/* Edge k: the last score of the run from the top whose rows come nearest to k tenths. */
void seg_decile_edges(const float *scores, const int64_t *rows, size_t n,
                      float edges[SEG_DECILE_EDGES])
{
    int64_t all = 0;
    for (size_t i = 0; i < n; i++)
        all += rows[i];
    for (size_t k = 0; k < SEG_DECILE_EDGES; k++) {
        double wanted = (double)all * (double)(k + 1) / 10, nearest = (double)all + 1;
        int64_t above = 0;
        edges[k] = 0;
        for (size_t i = 0; i < n; i++) {
            above += rows[i];
            bool tied = i + 1 < n && scores[i + 1] == scores[i];
            if (tied || distance(above, wanted) >= nearest)
                continue;
            nearest = distance(above, wanted);
            edges[k] = scores[i];
        }
    }
}

int seg_decile(const float edges[SEG_DECILE_EDGES], float score)
{
    int decile = 1;
    for (size_t k = 0; k < SEG_DECILE_EDGES; k++)
        decile += score < edges[k];
    return decile;
}

const char *const seg_band_names[SEG_BANDS] = { "high", "medium", "low" };

int32_t seg_band(int decile)
{
    return decile <= 2 ? 0 : decile <= 5 ? 1 : 2;
}

/* ---- bands by probability ------------------------------------------------------ */

static seg_status bad_bands(const char *text, size_t n, const char *why, seg_error *err)
{
    char q[SEG_QUOTE_BYTES];
    return seg_fail(err, SEG_E_USAGE, "--bands takes one to %d probabilities like 0.1,0.3,0.6:"
                    " %s %s", SEG_BAND_EDGES, seg_quote_cell(q, text, n), why);
}

seg_status seg_bands_parse(const char *text, seg_bands *out, seg_error *err)
{
    const char *item, *rest = text;
    size_t n;
    double edge, last = 0;
    *out = (seg_bands){ 0 };
    while (text != NULL && *text != '\0' && seg_list_next(&rest, &item, &n)) {
        if (!seg_parse_f64(item, n, '.', &edge))
            return bad_bands(item, n, "is not a number", err);
        if (!((float)edge > 0 && (float)edge < 1))
            return bad_bands(item, n, "is not between 0 and 1", err);
        if ((float)edge <= (float)last)
            return bad_bands(item, n, "is not above the one before it", err);
        if (out->n_edges == SEG_BAND_EDGES)
            return bad_bands(item, n, "is one too many", err);
        out->edges[out->n_edges++] = (float)edge;
        last = edge;
    }
    return SEG_OK;
}

seg_status seg_bands_of(const seg_model *model, seg_bands *out, seg_error *err)
{
    const seg_node *options = seg_node_get(seg_doc_root(model->info), "options");
    return seg_bands_parse(seg_node_text(seg_node_get(options, "bands"), NULL), out, err);
}

const char *const *seg_bands_names(const seg_bands *bands, size_t *n)
{
    static const char *const two[] = { "high", "low" };
    static const char *const five[] = { "very high", "high", "medium", "low", "very low" };
    *n = bands->n_edges == 0 ? SEG_BANDS : bands->n_edges + 1;
    return *n == 2 ? two : *n == SEG_BANDS ? seg_band_names : five;
}

int32_t seg_bands_code(const seg_bands *bands, float probability, int decile)
{
    int32_t code = (int32_t)bands->n_edges;
    if (bands->n_edges == 0)
        return seg_band(decile);
    for (size_t e = 0; e < bands->n_edges; e++)
        code -= probability >= bands->edges[e];
    return code;
}

/* ---- money -------------------------------------------------------------------- */

seg_status seg_money_check(const seg_money_options *money, seg_error *err)
{
    const char *cost = money->offer_cost > 0 ? "offer-cost" : "contact-cost";
    if (money->value == 0 && (money->offer_cost > 0 || money->contact_cost > 0))
        return seg_fail(err, SEG_E_USAGE, "--%s is given without --value, what a customer who is"
                        " kept is worth", cost);
    if (money->value > 0 && money->accept == 0)
        return seg_fail(err, SEG_E_USAGE, "--accept is 0: an offer that nobody accepts earns"
                        " nothing; it must be above 0");
    return SEG_OK;
}

/* ---- deciles in a file --------------------------------------------------------- */

seg_status seg_decile_edges_save(seg_h5_writer *w, const float edges[SEG_DECILE_EDGES],
                                 seg_error *err)
{
    return seg_h5_put(w, "uns/model/decile_edges", SEG_H5_F32, edges, SEG_DECILE_EDGES, 0, 0, err);
}

seg_status seg_decile_edges_load(seg_h5 *file, float edges_out[SEG_DECILE_EDGES],
                                 seg_error *err)
{
    seg_status st = SEG_OK;
    float *edges = NULL;
    uint64_t n;
    TRY(seg_h5_get(file, "uns/model/decile_edges", SEG_H5_F32, SEG_DECILE_EDGES, 0, &edges, &n,
                   err));
    bool good = n == SEG_DECILE_EDGES;
    for (size_t k = 0; good && k < SEG_DECILE_EDGES; k++) {
        good = edges[k] >= 0 && edges[k] <= (k == 0 ? 1 : edges[k - 1]);
        edges_out[k] = edges[k];
    }
    if (!good)
        st = seg_fail(err, SEG_E_DATA, "uns/model/decile_edges are not %d falling numbers in"
                      " 0 .. 1", SEG_DECILE_EDGES);

done:
    seg_free(edges);
    return st;
}

/* ---- evaluation --------------------------------------------------------------- */

enum { STEP = 1024 };

typedef struct evaluator {
    seg_train_input input;
    size_t column;              /* of the label */
    const seg_column *label;
    int8_t *class_of;           /* per code: 0, 1; -1: a value the model does not know */
    uint64_t rows_without_label;
    seg_score_table table;
    seg_money_options money;
    double threshold;           /* 0: not given */
} evaluator;

static seg_status find_label(evaluator *e, const char *name, seg_error *err)
{
    const seg_schema *schema = e->input.schema;
    if (schema->label != NULL)
        name = schema->label;
    e->column = seg_schema_column(schema, name);
    if (e->column == SIZE_MAX)
        return seg_fail(err, SEG_E_DATA, "the data have no column '%s' to compare the scores"
                        " with; import them with --label %s", name, name);
    e->label = &schema->columns[e->column];
    if (e->label->type != SEG_TYPE_CODE)
        return seg_fail(err, SEG_E_DATA, "label '%s' is not a category; import it with --label %s",
                        name, name);
    return SEG_OK;
}

seg_status seg_classifier_evaluate_begin(const seg_train_input *input, const char *label,
                                         const char *positive, const char *negative,
                                         void **ev, seg_error *err)
{
    seg_status st = SEG_OK;
    evaluator *e = NULL;
    *ev = NULL;

    TRY(SEG_ALLOC(&e, 1, "the evaluation", err));
    e->input = *input;
    const seg_classify_options *options = input->options;
    if (options != NULL) {
        e->money = options->money;
        e->threshold = options->threshold;
    }
    TRY(find_label(e, label, err));
    TRY(SEG_ALLOC(&e->class_of, e->label->n_levels, "the evaluation", err));
    for (size_t c = 0; c < e->label->n_levels; c++) {
        const char *level = e->label->levels[c];
        e->class_of[c] = strcmp(level, positive) == 0 ? 1 : strcmp(level, negative) == 0 ? 0 : -1;
    }
    *ev = e;
    e = NULL;

done:
    seg_classifier_evaluate_free(e);
    return st;
}

void seg_classifier_evaluate_free(void *ev)
{
    evaluator *e = ev;
    if (e == NULL)
        return;
    seg_score_table_free(&e->table);
    seg_free(e->class_of);
    seg_free(e);
}

static seg_status unknown_value(const evaluator *e, int32_t code, seg_error *err)
{
    char q[SEG_QUOTE_BYTES];
    if (code < 0 || (size_t)code >= e->label->n_levels)
        return seg_fail(err, SEG_E_DATA, "label '%s' has the code %d; there are %zu values",
                        e->label->name, (int)code, e->label->n_levels);
    const char *level = e->label->levels[code];
    return seg_fail(err, SEG_E_DATA, "label '%s' has the value '%s', which the model was not"
                    " trained with", e->label->name, seg_quote_cell(q, level, strlen(level)));
}

seg_status seg_classifier_evaluate_add(void *ev, const seg_block *in, const seg_block *scored,
                                       seg_error *err)
{
    seg_status st = SEG_OK;
    evaluator *e = ev;
    const int32_t *codes = in->columns[e->column];
    const float *probability = scored->columns[0];
    float scores[STEP];
    uint8_t classes[STEP];
    size_t n = 0;

    for (size_t i = 0; i < in->n_rows; i++) {
        if (!seg_judged_on(&e->input, in->first_row + i))
            continue;
        if (codes[i] == SEG_MISSING_CODE) {
            e->rows_without_label++;
            continue;
        }
        if (codes[i] < 0 || (size_t)codes[i] >= e->label->n_levels || e->class_of[codes[i]] < 0)
            return unknown_value(e, codes[i], err);
        scores[n] = probability[i];
        classes[n++] = (uint8_t)e->class_of[codes[i]];
        if (n == STEP) {
            TRY(seg_score_table_add(&e->table, scores, classes, n, err));
            n = 0;
        }
    }
    TRY(seg_score_table_add(&e->table, scores, classes, n, err));

done:
    return st;
}

/* A score as it is printed in a CSV and should be typed: the shortest decimal of the float. */
static void put_score(seg_node *into, const char *name, double score)
{
    char text[SEG_NUMBER_BYTES];
    double value = NAN;
    if (!isnan(score) && !seg_parse_f64(text, seg_print_f32(text, (float)score), '.', &value))
        value = score;
    seg_put_real(into, name, value);
}

static void put_figures(const seg_class_figures *f, seg_node *into)
{
    seg_put_real(into, "auc", f->auc);
    seg_node *interval = seg_put_array(into, "auc_ci");
    seg_put_real(interval, NULL, f->auc_low);
    seg_put_real(interval, NULL, f->auc_high);
    seg_put_real(into, "pr_auc", f->pr_auc);
    seg_put_real(into, "log_loss", f->log_loss);
    seg_put_real(into, "brier", f->brier);
    seg_put_real(into, "ece", f->ece);
    seg_put_real(into, "ks", f->ks);
    put_score(into, "ks_score", f->ks_score);
    seg_put_real(into, "lift_top_decile", f->lift_top_decile);
}

static void put_advice(const seg_profit *p, seg_node *into)
{
    char cut[SEG_NUMBER_BYTES];
    if (p->customers == 0) {
        seg_put_text(into, "advice", "call nobody: at these costs no call pays");
        return;
    }
    seg_print_f32(cut, (float)p->threshold);
    seg_put_textf(into, "advice", "call the %lld customers with probability >= %s: expected"
                  " profit %.2f", (long long)p->customers, cut, p->max);
}

static void put_profit(const seg_profit *p, seg_node *into)
{
    put_advice(p, into);
    seg_put_real(into, "max", p->max);
    seg_put_real(into, "per_customer", p->per_customer);
    put_score(into, "threshold", p->threshold);
    seg_put_real(into, "target_share", p->target_share);
    seg_put_int(into, "customers", p->customers);
    seg_put_int(into, "leavers", p->leavers);
    seg_node *curve = seg_put_array(into, "curve");
    for (size_t i = 0; i < p->n_points; i++) {
        seg_node *point = seg_put_array(curve, NULL);
        seg_put_real(point, NULL, p->curve[i].share);
        seg_put_real(point, NULL, p->curve[i].profit);
        put_score(point, NULL, p->curve[i].threshold);
    }
}

/* What a campaign earns; the best cut becomes the threshold if none is given. */
static seg_status put_money(const evaluator *e, double *threshold, seg_node *into,
                            seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_campaign campaign = {
        .value = e->money.value, .offer_cost = e->money.offer_cost,
        .contact_cost = e->money.contact_cost, .accept = e->money.accept,
    };
    seg_profit *profit = NULL;
    double empc;
    if (e->money.value == 0)
        return SEG_OK;
    TRY(SEG_ALLOC(&profit, 1, "the profit curve", err));
    TRY(seg_profit_measure(&e->table, &campaign, profit, err));
    TRY(seg_profit_expected(&e->table, &campaign, &empc, err));
    seg_put_real(into, "empc", empc);
    put_profit(profit, seg_put_object(into, "profit"));
    if (isnan(*threshold) && profit->customers > 0)
        *threshold = profit->threshold;

done:
    seg_free(profit);
    return st;
}

static void put_confusion(const seg_score_table *table, double threshold, seg_node *into)
{
    seg_confusion c = seg_class_confusion(table, threshold);
    put_score(into, "threshold", c.threshold);
    seg_put_int(into, "tp", c.tp);
    seg_put_int(into, "fp", c.fp);
    seg_put_int(into, "fn", c.fn);
    seg_put_int(into, "tn", c.tn);
    seg_put_real(into, "precision", c.precision);
    seg_put_real(into, "recall", c.recall);
    seg_put_real(into, "accuracy", c.accuracy);
    seg_put_real(into, "f1", c.f1);
}

static void put_deciles(const seg_score_table *table, seg_node *into)
{
    seg_gain_row rows[SEG_GAIN_ROWS];
    size_t n = seg_class_gain(table, rows);
    for (size_t d = 0; d < n; d++) {
        seg_node *row = seg_put_object(into, NULL);
        seg_put_int(row, "decile", rows[d].decile);
        put_score(row, "from_score", (double)rows[d].score);
        seg_put_int(row, "rows", rows[d].rows);
        seg_put_int(row, "positives", rows[d].positives);
        seg_put_real(row, "rate", rows[d].rate);
        seg_put_real(row, "lift", rows[d].lift);
        seg_put_real(row, "captured", rows[d].captured);
    }
}

static void put_reliability(const seg_score_table *table, seg_node *into)
{
    seg_reliability_bin bins[SEG_RELIABILITY_BINS];
    size_t n = seg_class_reliability(table, bins);
    for (size_t b = 0; b < n; b++) {
        seg_node *row = seg_put_object(into, NULL);
        seg_put_real(row, "mean_score", bins[b].score);
        seg_put_real(row, "share", bins[b].share);
        seg_put_int(row, "rows", bins[b].rows);
        seg_put_int(row, "positives", bins[b].positives);
    }
}

seg_status seg_classifier_evaluate_end(void *ev, seg_node *figures, seg_error *err)
{
    seg_status st = SEG_OK;
    evaluator *e = ev;
    seg_class_figures f;
    double threshold = e->threshold > 0 ? e->threshold : (double)NAN;

    TRY(seg_score_table_finish(&e->table, err));
    TRY(seg_class_measure(&e->table, &f, err));
    seg_put_int(figures, "rows", f.rows);
    seg_put_int(figures, "positives", f.positives);
    seg_put_int(figures, "rows_without_label", (int64_t)e->rows_without_label);
    put_figures(&f, figures);
    TRY(put_money(e, &threshold, figures, err));
    put_confusion(&e->table, isnan(threshold) ? 0.5 : threshold,
                  seg_put_object(figures, "confusion"));
    put_deciles(&e->table, seg_put_array(figures, "deciles"));
    put_reliability(&e->table, seg_put_array(figures, "reliability"));

done:
    return st;
}

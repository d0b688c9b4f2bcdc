/* classifier.c: names, deciles and bands of probabilities, and how good they are. */
#include "models/classifier.h"

#include <string.h>
#include <strings.h>
#include "base/alloc.h"
#include "base/try.h"
#include "kernels/classify.h"

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

/* ---- evaluation --------------------------------------------------------------- */

enum { STEP = 1024 };

typedef struct evaluator {
    seg_train_input input;
    size_t column;              /* of the label */
    const seg_column *label;
    int8_t *class_of;           /* per code: 0, 1; -1: a value the model does not know */
    uint64_t rows_without_label;
    seg_score_table table;
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

seg_status seg_classifier_evaluate_end(void *ev, seg_node *figures, seg_error *err)
{
    seg_status st = SEG_OK;
    evaluator *e = ev;
    seg_class_figures f;

    TRY(seg_score_table_finish(&e->table, err));
    TRY(seg_class_measure(&e->table, &f, err));
    seg_put_int(figures, "rows", f.rows);
    seg_put_int(figures, "positives", f.positives);
    seg_put_int(figures, "rows_without_label", (int64_t)e->rows_without_label);
    seg_put_real(figures, "auc", f.auc);
    seg_node *interval = seg_put_array(figures, "auc_ci");
    seg_put_real(interval, NULL, f.auc_low);
    seg_put_real(interval, NULL, f.auc_high);
    seg_put_real(figures, "pr_auc", f.pr_auc);
    seg_put_real(figures, "log_loss", f.log_loss);
    seg_put_real(figures, "brier", f.brier);
    seg_put_real(figures, "ece", f.ece);
    seg_put_real(figures, "ks", f.ks);
    seg_put_real(figures, "lift_top_decile", f.lift_top_decile);

done:
    return st;
}

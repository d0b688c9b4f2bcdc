/* folds.c: which split the options ask for; folds from a file; the answers of all rows. */
#include "jobs/folds.h"

#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "base/try.h"

enum { MAX_FOLDS = 10 };

static seg_status check_folds(const char *path, const uint64_t *counts, int n_folds,
                              uint64_t rows, uint64_t n_rows, seg_error *err)
{
    if (rows != n_rows)
        return seg_fail(err, SEG_E_DATA, "%s: folds for %llu rows; the data have %llu", path,
                        (unsigned long long)rows, (unsigned long long)n_rows);
    if (n_folds < 2)
        return seg_fail(err, SEG_E_DATA, "%s: one fold only; at least two are needed", path);
    for (int f = 0; f < n_folds; f++)
        if (counts[f] == 0)
            return seg_fail(err, SEG_E_DATA, "%s: no row is in fold %d", path, f);
    return SEG_OK;
}

seg_status seg_folds_read(const char *path, uint64_t n_rows, uint8_t **fold, int *n_folds,
                          seg_error *err)
{
    seg_status st = SEG_OK;
    gzFile file = NULL;
    int fd = -1, c;
    uint64_t size, rows = 0, counts[MAX_FOLDS] = { 0 };
    *fold = NULL;
    *n_folds = 0;

    TRY(seg_open_read(path, &fd, &size, err));
    file = gzdopen(fd, "rb");
    if (file == NULL) {
        st = seg_fail(err, SEG_E_AGAIN, "%s: cannot allocate memory to read it", path);
        goto done;
    }
    fd = -1;   /* closed with `file` */
    TRY(SEG_ALLOC(fold, (size_t)n_rows, "the folds", err));
    while ((c = gzgetc(file)) != -1) {
        if (c == '\n' || c == '\r')
            continue;
        if (c < '0' || c > '9') {
            st = seg_fail(err, SEG_E_DATA, "%s: line %llu: not a digit", path,
                          (unsigned long long)(rows + 1));
            goto done;
        }
        if (rows < n_rows)
            (*fold)[rows] = (uint8_t)(c - '0');
        counts[c - '0']++;
        *n_folds = c - '0' >= *n_folds ? c - '0' + 1 : *n_folds;
        rows++;
    }
    int problem;
    gzerror(file, &problem);
    if (problem != Z_OK && problem != Z_STREAM_END) {
        st = seg_fail(err, SEG_E_DATA, "%s: the compressed data are damaged after row %llu", path,
                      (unsigned long long)rows);
        goto done;
    }
    TRY(check_folds(path, counts, *n_folds, rows, n_rows, err));

done:
    if (st != SEG_OK) {
        seg_free(*fold);
        *fold = NULL;
    }
    if (file != NULL)
        gzclose(file);
    if (fd >= 0)
        close(fd);
    return st;
}

/* ---- answers ------------------------------------------------------------------------- */

/* Classes are 0 for the first value that comes, 1 for the second, until all are counted. */
static void take_answers(seg_answers *a, const int32_t *codes, uint64_t first, size_t n,
                         uint64_t *rows_of)
{
    for (size_t i = 0; i < n; i++) {
        int32_t code = codes[i];
        uint8_t class = SEG_NO_ANSWER;
        if (code >= 0 && (size_t)code < a->label->n_levels) {
            rows_of[code]++;
            if (a->codes[0] == SEG_MISSING_CODE)
                a->codes[0] = code;
            else if (code != a->codes[0] && a->codes[1] == SEG_MISSING_CODE)
                a->codes[1] = code;
            class = code == a->codes[1];
        }
        a->classes[first + i] = class;
    }
}

static seg_status find_label(const seg_schema *schema, seg_answers *out, size_t *at,
                             seg_error *err)
{
    *at = schema->label == NULL ? SIZE_MAX : seg_schema_column(schema, schema->label);
    out->label = *at == SIZE_MAX ? NULL : &schema->columns[*at];
    if (out->label != NULL && out->label->type == SEG_TYPE_CODE)
        return SEG_OK;
    int32_t code;
    return seg_positive_code(out->label, NULL, NULL, &code, err);   /* says what is wrong */
}

static void end_answers(seg_answers *a, int32_t positive, const uint64_t *rows_of,
                        uint64_t n_rows)
{
    if (a->codes[0] == positive) {
        a->codes[0] = a->codes[1];
        a->codes[1] = positive;
        for (uint64_t i = 0; i < n_rows; i++)
            a->classes[i] ^= a->classes[i] != SEG_NO_ANSWER;
    }
    a->counts[0] = rows_of[a->codes[0]];
    a->counts[1] = rows_of[a->codes[1]];
    a->counts[SEG_NO_ANSWER] = n_rows - a->counts[0] - a->counts[1];
}

seg_status seg_answers_new(const seg_context *ctx, seg_source *source, const char *positive,
                           seg_rows_fn *rows, void *user, seg_answers *out, seg_error *err)
{
    seg_status st = SEG_OK;
    uint64_t *rows_of = NULL;
    size_t label;
    int32_t code;
    seg_block block;
    *out = (seg_answers){ .codes = { SEG_MISSING_CODE, SEG_MISSING_CODE } };

    TRY(find_label(source->schema, out, &label, err));
    TRY(SEG_ALLOC(&out->classes, (size_t)source->n_rows, "the labels", err));
    TRY(SEG_ALLOC(&rows_of, out->label->n_levels, "the label counts", err));
    for (;;) {
        TRY(source->next(source, &block, err));
        if (block.n_rows == 0)
            break;
        take_answers(out, block.columns[label], block.first_row, block.n_rows, rows_of);
        if (rows != NULL)
            TRY(rows(user, &block, err));
        TRY(seg_step(ctx, "labels", block.first_row + block.n_rows, source->n_rows, err));
    }
    TRY(source->rewind(source, err));
    TRY(seg_positive_code(out->label, rows_of, positive, &code, err));
    end_answers(out, code, rows_of, source->n_rows);

done:
    if (st != SEG_OK)
        seg_answers_free(out);
    seg_free(rows_of);
    return st;
}

void seg_answers_free(seg_answers *answers)
{
    seg_free(answers->classes);
    *answers = (seg_answers){ 0 };
}

const char *seg_answer_name(char *out, const seg_answers *answers, int class)
{
    const char *level = answers->label->levels[answers->codes[class]];
    return seg_quote_cell(out, level, strlen(level));
}

/* ---- the split of the options ----------------------------------------------------------- */

static seg_status check_options(const seg_classify_options *o, const seg_schema *schema,
                                seg_error *err)
{
    if (o->folds != NULL && (o->cv > 0 || o->group != NULL || o->time != NULL))
        return seg_fail(err, SEG_E_USAGE, "--folds says which row is in which fold; leave out --%s",
                        o->cv > 0 ? "cv" : o->group != NULL ? "group" : "time");
    if (o->group != NULL && o->time != NULL)
        return seg_fail(err, SEG_E_USAGE, "--group and --time cannot be combined: a forward split"
                        " parts rows by time alone");
    if (o->gap > 0 && o->time == NULL)
        return seg_fail(err, SEG_E_USAGE, "--gap is the distance to the judged rows in time; name"
                        " the column with --time");
    if (o->cv == 1 && o->time == NULL)
        return seg_fail(err, SEG_E_USAGE, "--cv is 1; it must be 0 (none) or from 2 to 100");
    const char *by = o->group != NULL ? o->group : o->time;
    if (by != NULL && schema->label != NULL && strcmp(by, schema->label) == 0)
        return seg_fail(err, SEG_E_USAGE, "--%s names '%s', which is the label",
                        o->group != NULL ? "group" : "time", by);
    return SEG_OK;
}

/* Every fold holds both label values. */
static seg_status check_given(const seg_split *split, const seg_answers *answers,
                              const char *path, seg_error *err)
{
    char q[SEG_QUOTE_BYTES];
    uint64_t rows[MAX_FOLDS][3] = { { 0 } };
    for (uint64_t i = 0; i < split->n_rows; i++)
        rows[split->judged[i]][answers->classes[i]]++;
    for (int f = 0; f < split->n_models; f++)
        for (int c = 0; c < 2; c++)
            if (rows[f][c] == 0)
                return seg_fail(err, SEG_E_DATA, "%s: fold %d has no row whose label '%s' is"
                                " '%s': nothing can be judged there", path, f,
                                answers->label->name, seg_answer_name(q, answers, c));
    return SEG_OK;
}

static seg_status read_split(const seg_context *ctx, const seg_classify_options *o,
                             seg_source *source, seg_split *out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_answers answers = { 0 };
    out->n_rows = source->n_rows;
    TRY(seg_folds_read(o->folds, source->n_rows, &out->judged, &out->n_models, err));
    TRY(seg_answers_new(ctx, source, o->positive, NULL, NULL, &answers, err));
    TRY(check_given(out, &answers, o->folds, err));

done:
    seg_answers_free(&answers);
    if (st != SEG_OK)
        seg_split_free(out);
    return st;
}

seg_status seg_split_new(const seg_context *ctx, const seg_classify_options *o,
                         seg_source *source, seg_node *into, seg_split *out, seg_error *err)
{
    *out = (seg_split){ 0 };
    seg_status st = check_options(o, source->schema, err);
    if (st != SEG_OK)
        return st;
    if (o->folds != NULL)
        return read_split(ctx, o, source, out, err);
    if (o->time != NULL)
        return seg_folds_forward(ctx, source, o->cv == 0 ? SEG_PARTS_USUAL : (int)o->cv,
                                 o->positive, o->time, o->gap, into, out, err);
    if (o->cv == 0 && o->group == NULL && o->money.value > 0)
        seg_note(ctx, SEG_LEVEL_INFO, "--value: profit is judged on held-out rows, by cross-validation"
                 " with %d folds; --cv, --folds or --time choose others", SEG_FOLDS_USUAL);
    if (o->cv > 0 || o->group != NULL || o->money.value > 0)
        return seg_folds_deal(ctx, source, o->cv == 0 ? SEG_FOLDS_USUAL : (int)o->cv,
                              o->positive, o->group, out, err);
    return SEG_OK;
}

void seg_split_free(seg_split *split)
{
    seg_free(split->judged);
    seg_free(split->ready);
    seg_free(split->fold);
    *split = (seg_split){ 0 };
}

const uint8_t *seg_split_fold(seg_split *split, int model)
{
    const uint8_t learned = (uint8_t)(model == 0);   /* any number but the model's */
    if (split->ready == NULL)
        return split->judged;
    for (uint64_t i = 0; i < split->n_rows; i++)
        split->fold[i] = split->judged[i] == model ? (uint8_t)model
                         : split->ready[i] <= model ? learned : SEG_FOLD_APART;
    return split->fold;
}

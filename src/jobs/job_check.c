/* job_check.c: is a job file good, as far as that can be said before the data are seen:
 * methods, keys, values, and references to stages above. */
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "base/try.h"
#include "jobs/job_file.h"
#include "models/method.h"

/* References go to stages above: the order of the file is the order of the work. */
static seg_status check_references(const seg_job *job, const seg_stage *stage,
                                   const char *value, seg_error *err)
{
    const char *item;
    size_t n;
    while (seg_list_next(&value, &item, &n)) {
        if (n == 0 || item[0] != '@')
            continue;
        const seg_stage *to = seg_job_find(job, item + 1, n - 1);
        if (to == NULL || to >= stage)
            return seg_fail(err, SEG_E_USAGE, "stage '%s': '%.*s' is no stage above it",
                            stage->name, (int)(n < 60 ? n : 60), item);
    }
    return SEG_OK;
}

static seg_status check_key(const seg_job *job, const seg_stage *stage, const seg_job_key *key,
                            seg_error *err)
{
    const seg_option *method = stage->method == NULL ? NULL : seg_method_options(stage->method);
    if (strcmp(key->name, "output") == 0)
        return seg_fail(err, SEG_E_USAGE, "stage '%s': its output is @%s; `output` belongs in"
                        " [job]", stage->name, stage->name);
    if (!seg_stage_is_operand(stage, key->name) && seg_option_find(stage->command->options, key->name) == NULL
        && (method == NULL || seg_option_find(method, key->name) == NULL)) {
        const char *nearest = method == NULL ? NULL : seg_option_nearest(method, key->name);
        if (nearest == NULL)
            nearest = seg_option_nearest(stage->command->options, key->name);
        return seg_fail(err, SEG_E_USAGE, "stage '%s': unknown key '%.60s'%s%s%s", stage->name,
                        key->name, nearest == NULL ? "" : "; did you mean '",
                        nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
    }
    return check_references(job, stage, key->value, err);
}

static seg_status with_line(seg_status st, int line, seg_error *err)
{
    if (st != SEG_OK && line > 0)
        seg_error_context(err, "line %d", line);
    return st;
}

/* Every option takes its value, so that the last stage's is not refused after hours. */
static seg_status check_values(const seg_stage *stage, seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_option *table = stage->command->options, *of_method = NULL;
    char *options = NULL, *method_options = NULL;
    TRY(SEG_ALLOC(&options, stage->command->options_size, "the options", err));
    stage->command->defaults(options);
    if (stage->method != NULL) {
        of_method = seg_method_options(stage->method);
        TRY(SEG_ALLOC(&method_options, seg_method_options_size(stage->method), "the options",
                      err));
        seg_method_defaults(stage->method, method_options);
    }
    for (size_t i = 0; i < stage->n_keys && st == SEG_OK; i++) {
        const seg_job_key *key = &stage->keys[i];
        if (seg_stage_is_operand(stage, key->name))
            continue;
        bool own = seg_option_find(table, key->name) != NULL;
        st = seg_option_set(own ? table : of_method, own ? options : method_options, key->name,
                            key->value, err);
        if (st != SEG_OK)
            seg_error_context(err, "stage '%s'", stage->name);
        st = with_line(st, key->line, err);
    }
    if (st == SEG_OK && stage->method != NULL) {
        st = seg_method_check(stage->method, method_options, err);
        if (st != SEG_OK)
            seg_error_context(err, "stage '%s'", stage->name);
        st = with_line(st, stage->line, err);
    }
done:
    seg_free(options);
    seg_free(method_options);
    return st;
}

static seg_status check_method(seg_stage *stage, seg_error *err)
{
    if ((stage->command->flags & SEG_COMMAND_METHOD) == 0)
        return SEG_OK;
    const char *name = seg_stage_key(stage, "method");
    stage->method = name == NULL ? NULL : seg_method_find(name);
    if (stage->method != NULL)
        return SEG_OK;
    return seg_fail(err, SEG_E_USAGE, "stage '%s': method is '%.40s'; see 'segmill help methods'",
                    stage->name, name == NULL ? "" : name);
}

static seg_status check_operands(const seg_stage *stage, seg_error *err)
{
    for (size_t i = 0; i < stage->command->min_operands; i++)
        if (stage->command->operand_keys[i] != NULL
            && strcmp(stage->command->name, "report") != 0
            && seg_stage_key(stage, stage->command->operand_keys[i]) == NULL)
            return seg_fail(err, SEG_E_USAGE, "stage '%s' has no key '%s'", stage->name,
                            stage->command->operand_keys[i]);
    return SEG_OK;
}

static seg_status check_stage(const seg_job *job, seg_stage *stage, seg_error *err)
{
    seg_status st = with_line(check_method(stage, err), stage->line, err);
    for (size_t i = 0; st == SEG_OK && i < stage->n_keys; i++)
        st = with_line(check_key(job, stage, &stage->keys[i], err), stage->keys[i].line, err);
    if (st == SEG_OK)
        st = with_line(check_operands(stage, err), stage->line, err);
    return st == SEG_OK ? check_values(stage, err) : st;
}

seg_status seg_job_check(seg_job *job, seg_error *err)
{
    if (job->output == NULL)
        return seg_fail(err, SEG_E_USAGE, "[job] has no key 'output'");
    if (job->n_stages == 0)
        return seg_fail(err, SEG_E_USAGE, "no stages");
    for (size_t i = 0; i < job->n_stages; i++) {
        seg_status st = check_stage(job, &job->stages[i], err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

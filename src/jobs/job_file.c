/* job_file.c: job files by a reader of our own: the packaged one cuts lines at 200
 * characters, passes over sections without keys and joins a key given twice. */
#include "jobs/job_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/number.h"
#include "base/text.h"
#include "base/try.h"

enum { MAX_FILE = 1 << 20, MAX_STAGES = 1000 };

typedef struct reader {
    seg_job *job;
    seg_stage *stage;          /* of the section being read; null: [job], or none yet */
    bool in_job;
    char key[64];              /* the last one, which an indented line goes on with */
    seg_text value;
    seg_error *err;
} reader;

const char *seg_stage_key(const seg_stage *stage, const char *name)
{
    for (size_t i = 0; i < stage->n_keys; i++)
        if (strcmp(stage->keys[i].name, name) == 0)
            return stage->keys[i].value;
    return NULL;
}

const seg_stage *seg_job_find(const seg_job *job, const char *name, size_t n)
{
    for (size_t i = 0; i < job->n_stages; i++)
        if (seg_equal_n(job->stages[i].name, name, n))
            return &job->stages[i];
    return NULL;
}

bool seg_stage_is_operand(const seg_stage *stage, const char *name)
{
    for (const char *const *key = stage->command->operand_keys; *key != NULL; key++)
        if (strcmp(*key, name) == 0)
            return true;
    return false;
}

/* ---- sections --------------------------------------------------------------------------- */

static bool is_plain_name(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t n = strlen(name);
    return n > 0 && n <= 60 && strspn(name, allowed) == n;
}

static seg_status begin_stage(reader *r, const char *section)
{
    seg_job *job = r->job;
    char verb[64];
    size_t n = strcspn(section, " \t");
    const char *name = section + n + strspn(section + n, " \t");
    snprintf(verb, sizeof verb, "%.*s", (int)(n < 60 ? n : 60), section);
    const seg_command *command = seg_command_find(verb);
    if (command == NULL || command->operand_keys == NULL)
        return seg_fail(r->err, SEG_E_USAGE, "section [%s]: '%s' is no command that a job can"
                        " run", section, verb);
    if (*name == '\0')
        name = verb;
    if (!is_plain_name(name) || strcmp(name, "job") == 0)
        return seg_fail(r->err, SEG_E_USAGE, "section [%s]: a stage's name has letters, digits,"
                        " - and _", section);
    if (seg_job_find(job, name, strlen(name)) != NULL)
        return seg_fail(r->err, SEG_E_USAGE, "section [%s]: another stage is called '%s'",
                        section, name);
    if (job->n_stages == MAX_STAGES)
        return seg_fail(r->err, SEG_E_USAGE, "more than %d stages", MAX_STAGES);
    seg_status st = SEG_GROW(&job->stages, &job->stages_cap, job->n_stages + 1, "the stages",
                             r->err);
    if (st != SEG_OK)
        return st;
    r->stage = &job->stages[job->n_stages++];
    *r->stage = (seg_stage){ .command = command, .name = seg_arena_text(&job->arena, name) };
    return r->stage->name == NULL ? seg_arena_failed(r->err) : SEG_OK;
}

static seg_status begin_section(reader *r, const char *section)
{
    r->in_job = strcmp(section, "job") == 0;
    r->stage = NULL;
    return r->in_job ? SEG_OK : begin_stage(r, section);
}

/* ---- keys ---------------------------------------------------------------------------------- */

static seg_status set_job_key(seg_job *job, const char *name, const char *value, seg_error *err)
{
    const char *copy = seg_arena_text(&job->arena, value);
    uint64_t number;
    if (copy == NULL)
        return seg_arena_failed(err);
    if (strcmp(name, "name") == 0) {
        job->name = copy;
    } else if (strcmp(name, "output") == 0) {
        job->output = copy;
    } else if (strcmp(name, "keep") == 0) {
        if (!seg_parse_u64(value, strlen(value), &number) || number > 1000000)
            return seg_fail(err, SEG_E_USAGE, "keep is '%.40s'; it must be a number of runs",
                            value);
        job->keep = (uint32_t)number;
    } else {
        return seg_fail(err, SEG_E_USAGE, "[job] has no key '%.60s'; it has name, output, keep",
                        name);
    }
    return SEG_OK;
}

static seg_status set_stage_key(seg_job *job, seg_stage *stage, const char *name,
                                const char *value, seg_error *err)
{
    seg_job_key key = { seg_arena_text(&job->arena, name), seg_arena_text(&job->arena, value) };
    if (key.name == NULL || key.value == NULL)
        return seg_arena_failed(err);
    for (size_t i = 0; i < stage->n_keys; i++)
        if (strcmp(stage->keys[i].name, name) == 0) {
            stage->keys[i] = key;
            return SEG_OK;
        }
    seg_status st = SEG_GROW(&stage->keys, &stage->keys_cap, stage->n_keys + 1, "the keys", err);
    if (st == SEG_OK)
        stage->keys[stage->n_keys++] = key;
    return st;
}

/* "STAGE.KEY=VALUE" from the command line; a path starts at the current directory. */
static seg_status apply_set(seg_job *job, const char *set, seg_error *err)
{
    const char *dot = strchr(set, '.'), *equals = strchr(set, '=');
    char key[64], path[4096];
    if (dot == NULL || equals == NULL || equals < dot)
        return seg_fail(err, SEG_E_USAGE, "'%.80s' is not STAGE.KEY=VALUE", set);
    size_t n = (size_t)(dot - set);
    snprintf(key, sizeof key, "%.*s", (int)(equals - dot - 1), dot + 1);
    const char *value = equals + 1;
    if (*value != '/' && *value != '@' && (strcmp(key, "input") == 0 || strcmp(key, "data") == 0
                                           || strcmp(key, "output") == 0)) {
        char here[2048];
        if (getcwd(here, sizeof here) == NULL)
            return seg_errno(err, errno, ".", "could not find the current directory");
        snprintf(path, sizeof path, "%s/%s", here, value);
        value = path;
    }
    if (seg_equal_n("job", set, n))
        return set_job_key(job, key, value, err);
    for (size_t i = 0; i < job->n_stages; i++)
        if (seg_equal_n(job->stages[i].name, set, n))
            return set_stage_key(job, &job->stages[i], key, value, err);
    return seg_fail(err, SEG_E_USAGE, "'%.80s' names no stage of the job", set);
}

/* ---- checks --------------------------------------------------------------------------------- */

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

static seg_status check_stage(const seg_job *job, seg_stage *stage, seg_error *err)
{
    if ((stage->command->flags & SEG_COMMAND_METHOD) != 0) {
        const char *name = seg_stage_key(stage, "method");
        stage->method = name == NULL ? NULL : seg_method_find(name);
        if (stage->method == NULL)
            return seg_fail(err, SEG_E_USAGE, "stage '%s': method is '%.40s'; see 'segmill help"
                            " methods'", stage->name, name == NULL ? "" : name);
    }
    for (size_t i = 0; i < stage->n_keys; i++) {
        seg_status st = check_key(job, stage, &stage->keys[i], err);
        if (st != SEG_OK)
            return st;
    }
    for (size_t i = 0; i < stage->command->min_operands; i++)
        if (stage->command->operand_keys[i] != NULL
            && strcmp(stage->command->name, "report") != 0
            && seg_stage_key(stage, stage->command->operand_keys[i]) == NULL)
            return seg_fail(err, SEG_E_USAGE, "stage '%s' has no key '%s'", stage->name,
                            stage->command->operand_keys[i]);
    return SEG_OK;
}

static seg_status check_job(seg_job *job, seg_error *err)
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

/* ---- the file ---------------------------------------------------------------------------------- */

/* The key that was being read is complete. */
static seg_status end_key(reader *r)
{
    seg_status st = SEG_OK;
    if (r->key[0] == '\0')
        return SEG_OK;
    TRY(seg_text_status(&r->value, r->err));
    if (r->in_job)
        TRY(set_job_key(r->job, r->key, r->value.bytes, r->err));
    else
        TRY(set_stage_key(r->job, r->stage, r->key, r->value.bytes, r->err));
    r->key[0] = '\0';
done:
    return st;
}

/* Without blanks at the ends and without a comment (a ; or # at the start, or after a
 * blank). */
static void trim(const char **s, size_t *n)
{
    for (size_t i = 0; i < *n; i++)
        if (((*s)[i] == ';' || (*s)[i] == '#')
            && (i == 0 || (*s)[i - 1] == ' ' || (*s)[i - 1] == '\t'))
            *n = i;
    while (*n > 0 && strchr(" \t\r", (*s)[*n - 1]) != NULL)
        --*n;
    while (*n > 0 && strchr(" \t", **s) != NULL) {
        ++*s;
        --*n;
    }
}

static seg_status take_section(reader *r, const char *s, size_t n)
{
    char section[128];
    if (n < 2 || s[n - 1] != ']' || n - 2 >= sizeof section)
        return seg_fail(r->err, SEG_E_USAGE, "a section is [job] or [COMMAND NAME]");
    snprintf(section, sizeof section, "%.*s", (int)(n - 2), s + 1);
    return begin_section(r, section);
}

static seg_status take_key(reader *r, const char *s, size_t n)
{
    const char *equals = memchr(s, '=', n), *value;
    if (equals == NULL)
        return seg_fail(r->err, SEG_E_USAGE, "neither a section nor KEY = VALUE");
    if (r->stage == NULL && !r->in_job)
        return seg_fail(r->err, SEG_E_USAGE, "a key stands before the first section");
    size_t n_key = (size_t)(equals - s), n_value = n - n_key - 1;
    value = equals + 1;
    trim(&s, &n_key);
    trim(&value, &n_value);
    if (n_key == 0 || n_key >= sizeof r->key)
        return seg_fail(r->err, SEG_E_USAGE, "unknown key '%.*s'", (int)(n_key < 60 ? n_key : 60),
                        s);
    memcpy(r->key, s, n_key);
    r->key[n_key] = '\0';
    if (r->stage != NULL && seg_stage_key(r->stage, r->key) != NULL)
        return seg_fail(r->err, SEG_E_USAGE, "key '%s' stands twice in stage '%s'", r->key,
                        r->stage->name);
    seg_text_clear(&r->value);
    seg_text_add_n(&r->value, value, n_value);
    return SEG_OK;
}

/* A section, a key, or, indented, more of the value above. */
static seg_status take_line(reader *r, const char *s, size_t n)
{
    bool indented = n > 0 && (*s == ' ' || *s == '\t');
    trim(&s, &n);
    if (n == 0)
        return SEG_OK;
    if (indented && r->key[0] != '\0') {
        seg_text_add_n(&r->value, s, n);
        return SEG_OK;
    }
    seg_status st = end_key(r);
    if (st != SEG_OK)
        return st;
    return *s == '[' ? take_section(r, s, n) : take_key(r, s, n);
}

static seg_status parse(seg_job *job, const char *text, seg_error *err)
{
    seg_status st = SEG_OK;
    reader r = { .job = job, .err = err };
    int line = 1;
    for (; st == SEG_OK && *text != '\0'; line++) {
        size_t n = strcspn(text, "\n");
        st = take_line(&r, text, n);
        if (st != SEG_OK)
            break;
        text += n;
        text += *text == '\n';
    }
    if (st == SEG_OK)
        st = end_key(&r);
    seg_text_free(&r.value);
    if (st != SEG_OK)
        seg_error_context(err, "line %d", line);
    return st;
}

static seg_status split_path(seg_job *job, const char *path, seg_error *err)
{
    const char *slash = strrchr(path, '/');
    job->path = seg_arena_text(&job->arena, path);
    job->directory = slash == NULL ? seg_arena_text(&job->arena, ".")
                     : seg_arena_text_n(&job->arena, path, slash == path ? 1 : (size_t)(slash - path));
    return job->path == NULL || job->directory == NULL ? seg_arena_failed(err) : SEG_OK;
}

seg_status seg_job_read(const char *path, const char *const *sets, size_t n_sets, seg_job **out,
                        seg_error *err)
{
    seg_status st = SEG_OK;
    seg_job *job = NULL;
    char *text = NULL;
    size_t n;
    *out = NULL;

    st = seg_file_get(path, MAX_FILE, &text, &n, err);
    if (st != SEG_OK)
        return st;
    TRY(SEG_ALLOC(&job, 1, "the job", err));
    TRY(split_path(job, path, err));
    st = strlen(text) == n ? parse(job, text, err)
                           : seg_fail(err, SEG_E_USAGE, "holds a null byte: not a job file");
    for (size_t i = 0; st == SEG_OK && i < n_sets; i++)
        st = apply_set(job, sets[i], err);
    if (st == SEG_OK)
        st = check_job(job, err);
    if (st != SEG_OK) {
        seg_error_context(err, "%s", path);
        goto done;
    }
    if (job->name == NULL)
        job->name = "job";
    *out = job;
    job = NULL;

done:
    seg_free(text);
    seg_job_free(job);
    return st;
}

void seg_job_free(seg_job *job)
{
    if (job == NULL)
        return;
    for (size_t i = 0; i < job->n_stages; i++)
        seg_free(job->stages[i].keys);
    seg_free(job->stages);
    seg_arena_free(&job->arena);
    seg_free(job);
}

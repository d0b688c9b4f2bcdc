/* job_file.c: job files by a reader of our own: the packaged one cuts lines at 200
 * characters, passes over sections without keys and joins a key given twice. */
#include "jobs/job_file.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
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
    int line;
    char key[64];              /* the last one, which an indented line goes on with */
    int key_line;
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
    *r->stage = (seg_stage){ .command = command, .name = seg_arena_text(&job->arena, name),
                             .line = r->line };
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
                                const char *value, int line, seg_error *err)
{
    seg_job_key key = { seg_arena_text(&job->arena, name), seg_arena_text(&job->arena, value),
                        line };
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

/* Is an item of the key's value a file here, where the command line was typed? */
static bool is_file_here(const seg_stage *stage, const char *key, const char *item)
{
    if (*item == '/' || *item == '@' || strcmp(item, "-") == 0)
        return false;
    if (seg_stage_is_operand(stage, key))
        return strcmp(key, "method") != 0;
    const char *name = seg_stage_key(stage, "method");
    const seg_method *method = name == NULL ? NULL : seg_method_find(name);
    const seg_option *option = seg_option_find(stage->command->options, key);
    if (option == NULL && method != NULL)
        option = seg_option_find(seg_method_options(method), key);
    return option != NULL && (option->flags & SEG_OPTION_INPUT) != 0 && seg_path_exists(item);
}

/* The value with its files, one or a list, from the root. */
static seg_status absolute_value(const seg_stage *stage, const char *key, const char *value,
                                 seg_text *out, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_text one = { 0 };
    char path[PATH_MAX];
    const char *list = value, *item;
    size_t n;
    while (st == SEG_OK && seg_list_next(&list, &item, &n)) {
        seg_text_clear(&one);
        seg_text_add_n(&one, item, n);
        TRY(seg_text_status(&one, err));
        bool file = stage == NULL ? strcmp(key, "output") == 0 && one.bytes[0] != '/'
                                  : is_file_here(stage, key, one.bytes);
        if (file)
            TRY(seg_path_absolute(one.bytes, path, err));
        seg_text_add(out, out->n > 0 ? "," : "");
        seg_text_add(out, file ? path : one.bytes);
    }
    seg_text_add(out, "");
    TRY(seg_text_status(out, err));
done:
    seg_text_free(&one);
    return st;
}

/* "STAGE.KEY=VALUE" from the command line; a path starts at the current directory. */
static seg_status apply_set(seg_job *job, const char *set, seg_error *err)
{
    seg_status st = SEG_OK;
    const char *dot = strchr(set, '.'), *equals = strchr(set, '=');
    seg_stage *stage = NULL;
    seg_text value = { 0 };
    char key[64];
    if (dot == NULL || equals == NULL || equals < dot)
        return seg_fail(err, SEG_E_USAGE, "'%.80s' is not STAGE.KEY=VALUE", set);
    size_t n = (size_t)(dot - set), n_key = (size_t)(equals - dot - 1);
    for (size_t i = 0; i < job->n_stages; i++)
        if (seg_equal_n(job->stages[i].name, set, n))
            stage = &job->stages[i];
    if (stage == NULL && !seg_equal_n("job", set, n))
        return seg_fail(err, SEG_E_USAGE, "'%.80s' names no stage of the job", set);
    if (n_key == 0 || n_key >= sizeof key)
        return seg_fail(err, SEG_E_USAGE, "'%.80s' is not STAGE.KEY=VALUE", set);
    memcpy(key, dot + 1, n_key);
    key[n_key] = '\0';
    TRY(absolute_value(stage, key, equals + 1, &value, err));
    if (stage == NULL)
        TRY(set_job_key(job, key, value.bytes, err));
    else
        TRY(set_stage_key(job, stage, key, value.bytes, 0, err));
done:
    seg_text_free(&value);
    return st;
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
        TRY(set_stage_key(r->job, r->stage, r->key, r->value.bytes, r->key_line, r->err));
    r->key[0] = '\0';
done:
    if (st != SEG_OK)
        r->line = r->key_line;
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

static bool has_job_key(const seg_job *job, const char *name)
{
    return (strcmp(name, "name") == 0 && job->name != NULL)
           || (strcmp(name, "output") == 0 && job->output != NULL)
           || (strcmp(name, "keep") == 0 && job->keep != 0);
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
    if (r->stage != NULL ? seg_stage_key(r->stage, r->key) != NULL
                         : has_job_key(r->job, r->key))
        return seg_fail(r->err, SEG_E_USAGE, "key '%s' stands twice in '%s'", r->key,
                        r->stage != NULL ? r->stage->name : "job");
    r->key_line = r->line;
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
        if (*s == '[' || memchr(s, '=', n) != NULL)
            return seg_fail(r->err, SEG_E_USAGE, "an indented line goes on with the value of"
                            " '%s'; sections and keys begin the line", r->key);
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
    if (strncmp(text, "\xef\xbb\xbf", 3) == 0)   /* Windows editors put it there */
        text += 3;
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        r.line++;
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
        seg_error_context(err, "line %d", r.line);
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
        st = seg_job_check(job, err);
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

#include "jobs/stage.h"

#include <stdio.h>
#include <string.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/pattern.h"
#include "base/try.h"
#include "segmill/model.h"

enum { MAX_OPERANDS = 64, MAX_RESULT = 64 << 20 };

/* ---- where things lie ------------------------------------------------------------------- */

static const char *output_end(const seg_stage *stage)
{
    static const char *const ends[][2] = {
        { "import", ".h5" }, { "features", ".h5" }, { "train", ".model" }, { "score", ".h5" },
        { "lists", "" },     { "report", ".html" }, { "export", ".txt" },  { "evaluate", ".json" },
    };
    const char *to = seg_stage_key(stage, "to");
    if (strcmp(stage->command->name, "export") == 0 && to != NULL)
        return strcmp(to, "csv") == 0 ? ".csv" : strcmp(to, "json") == 0 ? ".json" : ".txt";
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (strcmp(stage->command->name, ends[i][0]) == 0)
            return ends[i][1];
    return "";
}

static bool is_intermediate(const seg_stage *stage)
{
    return strcmp(stage->command->name, "import") == 0
           || strcmp(stage->command->name, "features") == 0;
}

seg_status seg_stage_output(const seg_stage_place *place, const seg_stage *stage,
                            seg_text *path, seg_error *err)
{
    seg_text_clear(path);
    seg_text_addf(path, "%s/%s%s%s", place->directory,
                  is_intermediate(stage) ? SEG_STAGE_WORK "/" : "", stage->name,
                  output_end(stage));
    return seg_text_status(path, err);
}

static bool is_path_key(const seg_stage *stage, const char *name)
{
    const seg_option *option = seg_option_find(stage->command->options, name);
    if (option == NULL && stage->method != NULL)
        option = seg_option_find(seg_method_options(stage->method), name);
    if (option != NULL)
        return (option->flags & SEG_OPTION_INPUT) != 0;
    return strcmp(name, "method") != 0;   /* operands are files, but for the method */
}

/* One item of a value as the worker sees it: "@name" is that stage's output, a path starts
 * at the job file. A word that is no file there stays as it is (init = greedy). */
static seg_status resolve(const seg_stage_place *place, const char *item, size_t n,
                          bool must_exist, seg_text *out, seg_error *err)
{
    if (n > 0 && item[0] == '@') {
        const seg_stage *stage = seg_job_find(place->job, item + 1, n - 1);
        return seg_stage_output(place, stage, out, err);
    }
    seg_text_clear(out);
    if (n > 0 && item[0] != '/' && !(n == 1 && item[0] == '-'))
        seg_text_addf(out, "%s/", place->job->directory);
    seg_text_add_n(out, item, n);
    seg_status st = seg_text_status(out, err);
    if (st == SEG_OK && !must_exist && !seg_path_exists(out->bytes)) {
        seg_text_clear(out);
        seg_text_add_n(out, item, n);
    }
    return st == SEG_OK ? seg_text_status(out, err) : st;
}

/* ---- identity ------------------------------------------------------------------------------ */

static seg_status hash_file(const char *path, seg_sha256 *hash, seg_node *inputs, seg_error *err)
{
    char hex[65];
    seg_status st = seg_sha256_file(path, hex, err);
    if (st != SEG_OK)
        return st;
    seg_sha256_add(hash, hex, 64);
    seg_node *row = seg_put_object(inputs, NULL);
    seg_put_text(row, "file", path);
    seg_put_text(row, "sha256", hex);
    return SEG_OK;
}

/* Files that match: new ones among them make another run. */
static seg_status hash_matches(const char *pattern, seg_sha256 *hash, seg_node *inputs,
                               seg_error *err)
{
    seg_status st = SEG_OK;
    seg_paths paths = { 0 };
    TRY(seg_paths_add(&paths, pattern, err));
    for (size_t i = 0; i < paths.n; i++)
        TRY(hash_file(paths.list[i], hash, inputs, err));

done:
    seg_paths_free(&paths);
    return st;
}

static seg_status hash_key(const seg_stage_place *place, const seg_stage *stage,
                           const seg_job_key *key, seg_sha256 *hash, seg_node *inputs,
                           seg_error *err)
{
    seg_status st = SEG_OK;
    seg_text path = { 0 };
    const char *list = key->value, *item;
    size_t n;
    bool paths = is_path_key(stage, key->name);
    bool imported = strcmp(stage->command->name, "import") == 0
                    && seg_stage_is_operand(stage, key->name);
    seg_sha256_add(hash, key->name, strlen(key->name) + 1);
    if (!paths)
        seg_sha256_add(hash, key->value, strlen(key->value) + 1);
    while (paths && seg_list_next(&list, &item, &n)) {
        TRY(resolve(place, item, n, imported, &path, err));
        if (item[0] != '@' && seg_path_exists(path.bytes))
            TRY(hash_file(path.bytes, hash, inputs, err));
        else if (item[0] != '@' && imported && seg_is_pattern(path.bytes))
            TRY(hash_matches(path.bytes, hash, inputs, err));
        else
            seg_sha256_add(hash, item, n);
    }
done:
    seg_text_free(&path);
    return st;
}

seg_status seg_stage_hash(const seg_stage_place *place, const seg_stage *stage,
                          seg_sha256 *hash, seg_node *inputs, seg_error *err)
{
    seg_sha256_add(hash, stage->command->name, strlen(stage->command->name) + 1);
    seg_sha256_add(hash, stage->name, strlen(stage->name) + 1);
    for (size_t i = 0; i < stage->n_keys; i++) {
        seg_status st = hash_key(place, stage, &stage->keys[i], hash, inputs, err);
        if (st != SEG_OK)
            return st;
    }
    return SEG_OK;
}

/* ---- the call -------------------------------------------------------------------------------- */

typedef struct made_call {
    seg_call call;
    seg_arena arena;
    const char *operands[MAX_OPERANDS];
    char *options, *method_options;
    seg_text path, result_path;
} made_call;

static void made_call_free(made_call *m)
{
    seg_arena_free(&m->arena);
    seg_free(m->options);
    seg_free(m->method_options);
    seg_text_free(&m->path);
    seg_text_free(&m->result_path);
}

static seg_status add_operand(made_call *m, const char *text, seg_error *err)
{
    const char *copy = seg_arena_text(&m->arena, text);
    if (copy == NULL)
        return seg_arena_failed(err);
    if (m->call.n_operands == MAX_OPERANDS)
        return seg_fail(err, SEG_E_USAGE, "more than %d operands", MAX_OPERANDS);
    m->operands[m->call.n_operands++] = copy;
    return SEG_OK;
}

static seg_status add_operands(made_call *m, const seg_stage_place *place,
                               const seg_stage *stage, seg_error *err)
{
    seg_status st = SEG_OK;
    const char *item;
    size_t n;
    for (const char *const *key = stage->command->operand_keys; *key != NULL; key++) {
        const char *value = seg_stage_key(stage, *key);
        if (strcmp(*key, "method") == 0 && value != NULL) {
            TRY(add_operand(m, value, err));
            continue;
        }
        while (value != NULL && seg_list_next(&value, &item, &n)) {
            TRY(resolve(place, item, n, true, &m->path, err));
            TRY(add_operand(m, m->path.bytes, err));
        }
    }
    if (m->call.n_operands == 0)   /* report without `of`: the run itself */
        TRY(add_operand(m, place->directory, err));
done:
    return st;
}

static seg_status set_option(made_call *m, const seg_stage *stage, const char *name,
                             const char *value, seg_error *err)
{
    const char *copy = seg_arena_text(&m->arena, value);
    if (copy == NULL)
        return seg_arena_failed(err);
    if (seg_option_find(stage->command->options, name) != NULL)
        return seg_option_set(stage->command->options, m->options, name, copy, err);
    return seg_option_set(seg_method_options(stage->method), m->method_options, name, copy, err);
}

/* Every item of a list of paths, resolved. */
static seg_status resolve_list(const seg_stage_place *place, const char *list, seg_text *out,
                               seg_error *err)
{
    seg_status st = SEG_OK;
    seg_text one = { 0 };
    const char *item;
    size_t n;
    seg_text_clear(out);
    seg_text_add(out, "");
    while (seg_list_next(&list, &item, &n)) {
        TRY(resolve(place, item, n, false, &one, err));
        seg_text_add(out, out->n > 0 ? "," : "");
        seg_text_add(out, one.bytes);
    }
    TRY(seg_text_status(out, err));
done:
    seg_text_free(&one);
    return st;
}

static seg_status add_options(made_call *m, const seg_stage_place *place,
                              const seg_stage *stage, seg_error *err)
{
    seg_status st = SEG_OK;
    bool has_previous = false;
    for (size_t i = 0; i < stage->n_keys; i++) {
        const seg_job_key *key = &stage->keys[i];
        bool option = seg_option_find(stage->command->options, key->name) != NULL
                      || (stage->method != NULL
                          && seg_option_find(seg_method_options(stage->method), key->name));
        if (!option || seg_stage_is_operand(stage, key->name))
            continue;
        has_previous = has_previous || strcmp(key->name, "previous") == 0;
        if (is_path_key(stage, key->name)) {
            TRY(resolve_list(place, key->value, &m->path, err));
            TRY(set_option(m, stage, key->name, m->path.bytes, err));
        } else {
            TRY(set_option(m, stage, key->name, key->value, err));
        }
    }
    if (seg_option_find(stage->command->options, "output") != NULL) {
        TRY(seg_stage_output(place, stage, &m->path, err));
        TRY(set_option(m, stage, "output", m->path.bytes, err));
    }
    /* Lists tell who joined and left since the run published before. */
    if (strcmp(stage->command->name, "lists") == 0 && !has_previous && place->previous != NULL) {
        seg_text_clear(&m->path);
        seg_text_addf(&m->path, "%s/%s", place->previous, stage->name);
        TRY(seg_text_status(&m->path, err));
        if (seg_path_exists(m->path.bytes))
            TRY(set_option(m, stage, "previous", m->path.bytes, err));
    }
done:
    return st;
}

static seg_status make_call(made_call *m, const seg_stage_place *place, const seg_stage *stage,
                            seg_error *err)
{
    seg_status st = SEG_OK;
    const seg_command *command = stage->command;
    TRY(SEG_ALLOC(&m->options, command->options_size, "the options", err));
    command->defaults(m->options);
    if (stage->method != NULL) {
        TRY(SEG_ALLOC(&m->method_options, seg_method_options_size(stage->method), "the options",
                      err));
        seg_method_defaults(stage->method, m->method_options);
    }
    TRY(add_operands(m, place, stage, err));
    TRY(add_options(m, place, stage, err));
    m->call.context = *place->context;
    m->call.options = m->options;
    m->call.method_options = m->method_options;
    m->call.operands = m->operands;
done:
    return st;
}

/* In the worker: the result to a file that the parent reads. */
static seg_status keep_result(seg_doc *result, void *user, seg_error *err)
{
    const char *path = user, *json = seg_doc_json(result, 0);
    if (json == NULL)
        return seg_doc_status(result, err);
    return seg_file_put(path, json, strlen(json), err);
}

/* A path in the temporary directory is that of the run to come, from its top. */
static void put_member(const seg_stage_place *place, const seg_node *member, seg_node *result)
{
    const char *text = seg_node_text(member, NULL);
    size_t n = strlen(place->directory);
    if (text != NULL && strncmp(text, place->directory, n) == 0 && text[n] == '/')
        seg_put_text(result, seg_node_name(member), text + n + 1);
    else
        seg_put_node(result, seg_node_name(member), member);
}

static seg_status read_result(const seg_stage_place *place, const char *path, seg_node *result,
                              seg_error *err)
{
    seg_status st = SEG_OK;
    char *text = NULL;
    size_t n;
    seg_doc *doc = NULL;
    TRY(seg_file_get(path, MAX_RESULT, &text, &n, err));
    TRY(seg_doc_parse(text, n, &doc, err));
    const seg_node *root = seg_doc_root(doc);
    for (size_t i = 0; i < seg_node_count(root); i++)
        put_member(place, seg_node_at(root, i), result);
done:
    seg_doc_free(doc);
    seg_free(text);
    return st;
}

seg_status seg_stage_run(const seg_stage_place *place, const seg_stage *stage, seg_node *result,
                         seg_error *err)
{
    seg_status st = SEG_OK;
    made_call m = { 0 };

    TRY(make_call(&m, place, stage, err));
    bool publishes = strcmp(stage->command->name, "evaluate") == 0;
    if (publishes)
        TRY(seg_stage_output(place, stage, &m.result_path, err));
    else
        seg_text_addf(&m.result_path, "%s/%s/%s.result.json", place->directory, SEG_STAGE_WORK,
                      stage->name);
    TRY(seg_text_status(&m.result_path, err));
    seg_common_options common = *place->common;
    TRY(seg_command_run(stage->command, &m.call, &common, keep_result, m.result_path.bytes, err));
    TRY(read_result(place, m.result_path.bytes, result, err));

done:
    made_call_free(&m);
    return st;
}

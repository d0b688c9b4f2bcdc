/* report_find.c: operands are told apart by what they hold, not by their names; inside a
 * directory only names of our own making are looked at. */
#include "jobs/report_find.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "base/try.h"
#include "data/h5.h"
#include "jobs/pipe.h"
#include "jobs/stage.h"

enum { MAX_RESULT_BYTES = 64 << 20 };

void seg_report_files_free(seg_report_files *files)
{
    seg_free(files->models);
    seg_free(files->scores);
    seg_free(files->lists);
    seg_arena_free(&files->arena);
}

static seg_status add_path(seg_report_files *files, const char ***list, size_t *n, size_t *cap,
                           const char *path, seg_error *err)
{
    const char *copy = seg_arena_text(&files->arena, path);
    if (copy == NULL)
        return seg_arena_failed(err);
    seg_status st = SEG_GROW(list, cap, *n + 1, "the files of the report", err);
    if (st == SEG_OK)
        (*list)[(*n)++] = copy;
    return st;
}

static seg_status add_model(seg_report_files *f, const char *path, seg_error *err)
{
    return add_path(f, &f->models, &f->n_models, &f->models_cap, path, err);
}

static seg_status add_scores(seg_report_files *f, const char *path, seg_error *err)
{
    return add_path(f, &f->scores, &f->n_scores, &f->scores_cap, path, err);
}

static seg_status kind_of(const char *path, seg_kind *kind, seg_error *err)
{
    seg_h5 *file = NULL;
    seg_status st = seg_h5_open(path, &file, err);
    if (st == SEG_OK)
        st = seg_h5_kind(file, kind, err);
    seg_h5_close(file);
    return st;
}

/* ---- results of stages ----------------------------------------------------------------- */

static seg_status read_json(const char *path, seg_doc **out, seg_error *err)
{
    char *text = NULL;
    size_t n = 0;
    *out = NULL;
    seg_status st = seg_file_get(path, MAX_RESULT_BYTES, &text, &n, err);
    if (st == SEG_OK)
        st = seg_doc_parse(text, n, out, err);
    if (st != SEG_OK && err != NULL && strstr(err->text, path) == NULL)
        seg_error_context(err, "%s", path);
    seg_free(text);
    return st;
}

/* run.json of a published run lists the stages; while a run lasts each result is a file. */
static seg_status add_results(const char *path, bool record, seg_node *results, seg_error *err)
{
    seg_doc *doc = NULL;
    seg_status st = read_json(path, &doc, err);
    const seg_node *root = seg_doc_root(doc), *stages = seg_node_get(root, "stages");
    if (st == SEG_OK && !record)
        seg_put_node(results, NULL, root);
    for (size_t i = 0; st == SEG_OK && record && i < seg_node_count(stages); i++) {
        const seg_node *result = seg_node_get(seg_node_at(stages, i), "result");
        if (result != NULL)
            seg_put_node(results, NULL, result);
    }
    seg_doc_free(doc);
    return st;
}

/* ---- directories ----------------------------------------------------------------------- */

typedef struct names {
    char **names;
    size_t n, cap;
    seg_arena arena;
} names;

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static seg_status read_names(const char *path, names *out, seg_error *err)
{
    seg_status st = SEG_OK;
    DIR *dir = opendir(path);
    if (dir == NULL)
        return seg_fail(err, SEG_E_IO, "%s: could not be opened", path);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        TRY(SEG_GROW(&out->names, &out->cap, out->n + 1, "the names in a directory", err));
        out->names[out->n] = seg_arena_text(&out->arena, e->d_name);
        if (out->names[out->n++] == NULL) {
            st = seg_arena_failed(err);
            goto done;
        }
    }
    if (out->n > 1)
        qsort(out->names, out->n, sizeof *out->names, by_bytes);
done:
    closedir(dir);
    return st;
}

static void names_free(names *n)
{
    seg_free(n->names);
    seg_arena_free(&n->arena);
}

static bool is_directory(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static seg_status join(seg_text *out, const char *dir, const char *name, seg_error *err)
{
    seg_text_clear(out);
    seg_text_addf(out, "%s/%s", dir, name);
    return seg_text_status(out, err);
}

static seg_status add_work(const char *dir, seg_node *results, seg_error *err)
{
    seg_status st = SEG_OK;
    names found = { 0 };
    seg_text path = { 0 };
    TRY(read_names(dir, &found, err));
    for (size_t i = 0; i < found.n; i++) {
        if (!seg_ends_with(found.names[i], ".result.json"))
            continue;
        TRY(join(&path, dir, found.names[i], err));
        TRY(add_results(path.bytes, false, results, err));
    }
done:
    seg_text_free(&path);
    names_free(&found);
    return st;
}

static seg_status is_list(const char *path, bool *yes, seg_error *err)
{
    seg_text members = { 0 };
    seg_status st = join(&members, path, "members.csv", err);
    *yes = st == SEG_OK && seg_path_exists(members.bytes);
    seg_text_free(&members);
    return st;
}

static seg_status add_entry(seg_report_files *files, const char *name, const char *path,
                            seg_node *results, seg_error *err)
{
    bool list = false;
    seg_kind kind = SEG_KIND_FEATURES;
    seg_status st = SEG_OK;
    if (strcmp(name, SEG_STAGE_WORK) == 0)
        return add_work(path, results, err);
    if (name[0] == '.')
        return SEG_OK;
    if (strcmp(name, "run.json") == 0)
        return add_results(path, true, results, err);
    if (is_directory(path)) {
        TRY(is_list(path, &list, err));
        return list ? add_path(files, &files->lists, &files->n_lists, &files->lists_cap, path,
                               err) : SEG_OK;
    }
    if (seg_ends_with(name, ".model"))
        return add_model(files, path, err);
    if (!seg_ends_with(name, ".h5"))
        return SEG_OK;
    TRY(kind_of(path, &kind, err));
    if (kind == SEG_KIND_MODEL)
        return add_model(files, path, err);
    if (kind == SEG_KIND_SCORES)
        return add_scores(files, path, err);
done:
    return st;
}

static seg_status add_directory(const char *dir, seg_report_files *files, seg_node *results,
                                seg_error *err)
{
    seg_status st = SEG_OK;
    names found = { 0 };
    seg_text path = { 0 };
    size_t before = files->n_models + files->n_scores + files->n_lists;
    TRY(read_names(dir, &found, err));
    for (size_t i = 0; i < found.n; i++) {
        TRY(join(&path, dir, found.names[i], err));
        TRY(add_entry(files, found.names[i], path.bytes, results, err));
    }
    if (files->n_models + files->n_scores + files->n_lists == before)
        st = seg_fail(err, SEG_E_DATA, "%s: holds no models, scores or lists", dir);
done:
    seg_text_free(&path);
    names_free(&found);
    return st;
}

/* A published OUT, a run in it, lists, or a directory with files of ours. */
static seg_status find_in_directory(const char *path, seg_report_files *files, seg_node *results,
                                    seg_error *err)
{
    seg_status st = SEG_OK;
    seg_text current = { 0 };
    bool list = false;
    TRY(join(&current, path, "current", err));
    TRY(is_list(path, &list, err));
    if (list)
        TRY(add_path(files, &files->lists, &files->n_lists, &files->lists_cap, path, err));
    else
        TRY(add_directory(is_directory(current.bytes) ? current.bytes : path, files, results,
                          err));
done:
    seg_text_free(&current);
    return st;
}

seg_status seg_report_find(const char *path, seg_report_files *files, seg_node *results,
                           seg_error *err)
{
    seg_kind kind = SEG_KIND_FEATURES;
    if (is_directory(path))
        return find_in_directory(path, files, results, err);
    /* Whatever is no model is opened as a table, which says what is wrong with it. */
    seg_status st = kind_of(path, &kind, err);
    if (st == SEG_E_AGAIN)
        return st;
    bool model = st == SEG_OK && kind == SEG_KIND_MODEL;
    return model || seg_ends_with(path, ".model") ? add_model(files, path, err)
                                                  : add_scores(files, path, err);
}

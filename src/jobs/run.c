#include "jobs/run.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/alloc.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/file.h"
#include "base/publish.h"
#include "base/try.h"
#include "jobs/stage.h"
#include "segmill/version.h"

#define FIELD(member) offsetof(seg_run_options, member)
const seg_option seg_run_option_table[] = {
    { "dry-run", SEG_OPTION_FLAG, FIELD(dry_run), 0, 0, NULL, NULL,
      "check the job and say what would be done", SEG_OPTION_ENVIRONMENT },
    { "only", SEG_OPTION_TEXT, FIELD(only), 0, 0, NULL, "STAGE",
      "run this stage and those it needs; nothing is published", SEG_OPTION_ENVIRONMENT },
    { "keep", SEG_OPTION_U32, FIELD(keep), 0, 1000000, NULL, NULL,
      "published runs to keep (0: as the job says)", SEG_OPTION_ENVIRONMENT },
    { "lock-wait", SEG_OPTION_F64, FIELD(lock_wait_seconds), 0, 1e6, NULL, "SECONDS",
      "how long to wait for another run to end", SEG_OPTION_ENVIRONMENT },
    { .name = NULL },
};

void seg_run_defaults(void *options)
{
    *(seg_run_options *)options = (seg_run_options){ 0 };
}

typedef struct run {
    seg_job *job;
    const seg_run_options *options;
    const seg_call *call;
    seg_common_options common;
    seg_publish *publish;
    seg_stage_place place;
    bool *wanted;              /* per stage */
    char previous[4096];
    char id[64];
    seg_doc *record;           /* run.json */
    seg_node *stages, *inputs;
    int64_t started;
} run;

/* ---- what is to be done ---------------------------------------------------------------- */

/* A wanted stage wants the stages its values refer to; they stand above it. */
static void want(run *r, size_t i)
{
    const seg_stage *stage = &r->job->stages[i];
    if (r->wanted[i])
        return;
    r->wanted[i] = true;
    for (size_t k = 0; k < stage->n_keys; k++) {
        const char *list = stage->keys[k].value, *item;
        size_t n;
        while (seg_list_next(&list, &item, &n))
            if (n > 0 && item[0] == '@') {
                const seg_stage *to = seg_job_find(r->job, item + 1, n - 1);
                want(r, (size_t)(to - r->job->stages));
            }
    }
}

static seg_status choose_stages(run *r, seg_error *err)
{
    seg_status st = SEG_ALLOC(&r->wanted, r->job->n_stages, "the stages", err);
    if (st != SEG_OK)
        return st;
    if (r->options->only == NULL) {
        for (size_t i = 0; i < r->job->n_stages; i++)
            r->wanted[i] = true;
        return SEG_OK;
    }
    const seg_stage *only = seg_job_find(r->job, r->options->only, strlen(r->options->only));
    if (only == NULL)
        return seg_fail(err, SEG_E_USAGE, "--only names '%.60s', which is no stage of the job",
                        r->options->only);
    want(r, (size_t)(only - r->job->stages));
    return SEG_OK;
}

/* Where runs appear, without detours, and from here if it is below. */
static const char *shown_output(const run *r, char place[PATH_MAX])
{
    char here[PATH_MAX];
    const char *shown = realpath(r->job->output, place) == NULL ? r->job->output : place;
    size_t n = getcwd(here, sizeof here) == NULL ? 0 : strlen(here);
    return n > 0 && strncmp(shown, here, n) == 0 && shown[n] == '/' ? shown + n + 1 : shown;
}

static void plan(const run *r, seg_node *result)
{
    char place[PATH_MAX];
    seg_put_text(result, "job", r->job->name);
    seg_put_text(result, "output", shown_output(r, place));
    seg_node *stages = seg_put_array(result, "stages");
    for (size_t i = 0; i < r->job->n_stages; i++) {
        if (!r->wanted[i])
            continue;
        seg_node *row = seg_put_object(stages, NULL);
        seg_put_text(row, "stage", r->job->stages[i].name);
        seg_put_text(row, "command", r->job->stages[i].command->name);
    }
}

/* ---- stages ------------------------------------------------------------------------------- */

/* The temporary directory is nobody's business: in a message its files have names only. */
static void drop_directory(const char *directory, seg_error *err)
{
    char *at;
    size_t n = strlen(directory) + 1;
    if (err == NULL)
        return;
    while ((at = strstr(err->text, directory)) != NULL && at[n - 1] == '/') {
        size_t work = sizeof SEG_STAGE_WORK;
        size_t cut = n + (strncmp(at + n, SEG_STAGE_WORK "/", work) == 0 ? work : 0);
        memmove(at, at + cut, strlen(at + cut) + 1);
    }
}

static seg_status run_stage(run *r, const seg_stage *stage, seg_node *row, seg_error *err)
{
    double wall = seg_clock_seconds();
    seg_put_text(row, "stage", stage->name);
    seg_put_text(row, "command", stage->command->name);
    seg_status st = seg_stage_run(&r->place, stage, seg_put_object(row, "result"), err);
    seg_put_real(row, "seconds", seg_clock_seconds() - wall);
    if (st != SEG_OK)
        drop_directory(r->place.directory, err);
    if (st != SEG_OK)
        seg_error_context(err, "%s: stage '%s'", r->job->path, stage->name);
    return st;
}

static seg_status run_stages(run *r, seg_error *err)
{
    seg_status st = SEG_OK;
    for (size_t i = 0; i < r->job->n_stages && st == SEG_OK; i++) {
        if (!r->wanted[i])
            continue;
        st = seg_step(&r->call->context, r->job->stages[i].name, i, r->job->n_stages, err);
        if (st == SEG_OK)
            st = run_stage(r, &r->job->stages[i], seg_put_object(r->stages, NULL), err);
    }
    return st;
}

/* ---- identity and record -------------------------------------------------------------------- */

/* The date in a run's name: the as-of day of its data; without one, today. */
static const char *as_of(const run *r)
{
    for (size_t i = 0; i < seg_node_count(r->stages); i++) {
        const char *day = seg_node_text(
            seg_node_get(seg_node_at(r->stages, i), "result.as_of"), NULL);
        if (day != NULL && strlen(day) == 10)
            return day;
        day = seg_node_text(
            seg_node_get(seg_node_at(r->stages, i), "result.provenance.as_of"), NULL);
        if (day != NULL && strlen(day) == 10)
            return day;
    }
    return NULL;
}

static seg_status name_run(run *r, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_sha256 *hash = NULL;
    char hex[65], today[SEG_DATE_BYTES];
    const char *day = as_of(r);
    TRY(seg_sha256_new(&hash, err));
    seg_sha256_add(hash, SEGMILL_VERSION, sizeof SEGMILL_VERSION);
    seg_sha256_add(hash, &r->common.seed, sizeof r->common.seed);
    for (size_t i = 0; i < r->job->n_stages; i++)
        TRY(seg_stage_hash(&r->place, &r->job->stages[i], hash, r->inputs, err));
    seg_sha256_hex(hash, hex);
    if (day == NULL) {
        seg_print_day(today, seg_day_of_seconds(seg_clock_utc()));
        day = today;
    }
    snprintf(r->id, sizeof r->id, "%.4s%.2s%.2s-%.8s", day, day + 5, day + 8, hex);
done:
    seg_sha256_free(hash);
    return st;
}

static seg_status write_record(run *r, seg_error *err)
{
    seg_node *root = seg_doc_root(r->record);
    char path[4200], time[SEG_DATE_BYTES];
    seg_put_text(root, "run", r->id);
    seg_print_time(time, r->started);
    seg_put_text(root, "started", time);
    seg_print_time(time, seg_clock_utc());
    seg_put_text(root, "finished", time);
    seg_put_text(root, "command_line", r->call->command_line);
    seg_put_int(root, "threads", r->call->context.n_threads);
    seg_put_int(root, "memory_bytes", (int64_t)r->call->context.memory_bytes);
    const char *json = seg_doc_json(r->record, 2);
    if (json == NULL)
        return seg_doc_status(r->record, err);
    snprintf(path, sizeof path, "%s/run.json", r->place.directory);
    return seg_file_put(path, json, strlen(json), err);
}

/* ---- publication ------------------------------------------------------------------------------ */

/* Data that was only read, and the workers' results: not part of the run. */
static seg_status remove_work(const run *r, seg_error *err)
{
    char path[4600];
    snprintf(path, sizeof path, "%s/" SEG_STAGE_WORK, r->place.directory);
    DIR *dir = opendir(path);
    if (dir == NULL)
        return seg_fail(err, SEG_E_IO, "%s: could not be opened", path);
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            unlinkat(dirfd(dir), e->d_name, 0);
    closedir(dir);
    if (rmdir(path) != 0)
        return seg_fail(err, SEG_E_IO, "%s: could not be removed", path);
    return SEG_OK;
}

static seg_status publish(run *r, seg_node *result, seg_error *err)
{
    seg_status st = SEG_OK;
    bool existed = false;
    uint32_t keep = r->options->keep != 0 ? r->options->keep : r->job->keep;
    TRY(name_run(r, err));
    TRY(write_record(r, err));
    TRY(remove_work(r, err));
    /* The same job over the same data was published before, perhaps by a run that died
     * before it could say so. */
    TRY(seg_publish_adopt(r->publish, r->id, &existed, err));
    if (!existed)
        TRY(seg_publish_commit(r->publish, r->id, &existed, err));
    if (keep > 0)
        TRY(seg_publish_prune(r->publish, keep, err));
    char place[PATH_MAX];
    seg_put_textf(result, "directory", "%s/run-%s", shown_output(r, place), r->id);
    seg_put_textf(result, "current", "%s/current", shown_output(r, place));
    seg_put_bool(result, "published_before", existed);
done:
    return st;
}

/* The directory `current` points at, as long as this run lasts. */
static void find_previous(run *r)
{
    char link[4300];
    char target[2000];
    snprintf(link, sizeof link, "%s/current", r->job->output);
    ssize_t n = readlink(link, target, sizeof target - 1);
    if (n <= 0)
        return;
    target[n] = '\0';
    snprintf(r->previous, sizeof r->previous, "%.2000s/%s", r->job->output, target);
    r->place.previous = r->previous;
}

static seg_status begin(run *r, const seg_call *call, seg_error *err)
{
    seg_status st = SEG_OK;
    char path[4600];
    TRY(seg_publish_begin(r->job->output, r->options->lock_wait_seconds, &r->publish, err));
    seg_common_defaults(&r->common);
    r->common.threads = call->context.n_threads;
    r->common.memory_bytes = call->context.memory_bytes;
    r->common.seed = call->context.seed;
    r->place = (seg_stage_place){ .job = r->job, .directory = seg_publish_dir(r->publish),
                                  .context = &call->context, .common = &r->common };
    find_previous(r);
    snprintf(path, sizeof path, "%s/" SEG_STAGE_WORK, r->place.directory);
    TRY(seg_make_dirs(path, err));
    r->started = seg_clock_utc();
    r->record = seg_doc_new();
    seg_node *root = seg_doc_root(r->record);
    seg_put_text(root, "job", r->job->name);
    seg_put_text(root, "engine_version", SEGMILL_VERSION);
    r->inputs = seg_put_array(root, "inputs");
    r->stages = seg_put_array(root, "stages");
    TRY(seg_doc_status(r->record, err));
done:
    return st;
}

static void put_stages(const run *r, seg_node *result)
{
    seg_node *list = seg_put_array(result, "stages");
    for (size_t i = 0; i < seg_node_count(r->stages); i++) {
        const seg_node *stage = seg_node_at(r->stages, i);
        seg_node *row = seg_put_object(list, NULL);
        seg_put_node(row, "stage", seg_node_get(stage, "stage"));
        seg_put_node(row, "command", seg_node_get(stage, "command"));
        const seg_node *rows = seg_node_get(stage, "result.rows");
        seg_put_node(row, "rows", seg_node_type(rows) == SEG_DOC_INT
                                  ? rows : seg_node_get(stage, "result.customers"));
        seg_put_node(row, "seconds", seg_node_get(stage, "seconds"));
    }
}

static void absolute_output(seg_job *job)
{
    char path[4096];
    if (job->output[0] == '/')
        return;
    snprintf(path, sizeof path, "%s/%s", job->directory, job->output);
    const char *copy = seg_arena_text(&job->arena, path);
    job->output = copy == NULL ? job->output : copy;
}

seg_status seg_run_run(const seg_call *call, seg_node *result, seg_error *err)
{
    seg_status st = SEG_OK;
    run r = { .options = call->options, .call = call };

    TRY(seg_job_read(call->operands[0], call->operands + 1, call->n_operands - 1, &r.job, err));
    absolute_output(r.job);
    TRY(choose_stages(&r, err));
    if (r.options->dry_run) {
        plan(&r, result);
        goto done;
    }
    TRY(begin(&r, call, err));
    TRY(run_stages(&r, err));
    seg_put_text(result, "job", r.job->name);
    if (r.options->only == NULL)
        TRY(publish(&r, result, err));
    put_stages(&r, result);

done:
    seg_publish_close(r.publish);
    seg_doc_free(r.record);
    seg_free(r.wanted);
    seg_job_free(r.job);
    return st;
}

/* publish_demo.c: the smallest program with the whole contract of `segmill run`: a worker
 * under supervision makes files, the parent publishes them. The fault drivers are tried on
 * it, and through it they exercise file.c, temp.c, publish.c, manifest.c and supervise.c.
 *
 *   publish_demo OUT ID    makes OUT/run-ID/{model.bin,run.json,lists/all/members.csv} */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/publish.h"
#include "base/stop.h"
#include "base/supervise.h"
#include "base/text.h"
#include "base/try.h"

enum { N_VALUES = 40000, N_CUSTOMERS = 20000 };

static seg_status inside(char path[PATH_MAX], const char *dir, const char *name, seg_error *err)
{
    int n = snprintf(path, PATH_MAX, "%s/%s", dir, name);
    return n > 0 && n < PATH_MAX ? SEG_OK : seg_fail(err, SEG_E_USAGE, "the path is too long");
}

/* Appends, and comes back to fill in the head, as a writer of HDF5 does. */
static seg_status write_model(const char *dir, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_file *file = NULL;
    uint64_t *values = NULL, sum = 0;
    char path[PATH_MAX];

    TRY(inside(path, dir, "model.bin", err));
    TRY(SEG_ALLOC(&values, N_VALUES, "the values", err));
    for (uint64_t i = 1; i < N_VALUES; i++)
        sum += values[i] = i * i;
    TRY(seg_file_create(path, &file, err));
    TRY(seg_file_write(file, values, N_VALUES * sizeof *values, err));
    TRY(seg_file_pwrite(file, &sum, sizeof sum, 0, err));
    TRY(seg_file_commit(file, err));

done:
    seg_file_close(file);
    seg_free(values);
    return st;
}

static seg_status write_list(const char *dir, uint64_t n_customers, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_text text = {0};
    char path[PATH_MAX];

    TRY(inside(path, dir, "lists/all", err));
    TRY(seg_make_dirs(path, err));
    TRY(inside(path, dir, "lists/all/members.csv", err));
    seg_text_add(&text, "id\n");
    for (uint64_t i = 0; i < n_customers; i++)
        seg_text_addf(&text, "%llu\n", (unsigned long long)i);
    TRY(seg_text_status(&text, err));
    TRY(seg_file_put(path, text.bytes, text.n, err));

done:
    seg_text_free(&text);
    return st;
}

/* Reads the model back and counts its values: a run reads too. */
static seg_status count_values(const char *dir, uint64_t *n, seg_error *err)
{
    seg_status st = SEG_OK;
    char path[PATH_MAX], *bytes = NULL;
    size_t n_bytes = 0;

    TRY(inside(path, dir, "model.bin", err));
    TRY(seg_file_get(path, N_VALUES * sizeof(uint64_t), &bytes, &n_bytes, err));
    *n = n_bytes / sizeof(uint64_t);

done:
    seg_free(bytes);
    return st;
}

/* The record of the run differs each time, as the real one does by its clock. */
static seg_status write_record(const char *dir, seg_error *err)
{
    char path[PATH_MAX], text[64];
    seg_status st = inside(path, dir, "run.json", err);
    if (st != SEG_OK)
        return st;
    int n = snprintf(text, sizeof text, "{\"process\": %ld}\n", (long)getpid());
    return seg_file_put(path, text, (size_t)n, err);
}

static seg_status make_files(void *arg, seg_error *err)
{
    const char *dir = seg_publish_dir(arg);
    uint64_t n = 0;
    seg_status st = write_model(dir, err);
    if (st == SEG_OK)
        st = count_values(dir, &n, err);
    if (st == SEG_OK)
        st = write_list(dir, n / 2, err);
    if (st == SEG_OK)
        st = write_record(dir, err);
    if (st == SEG_OK && seg_stop_signal() != 0)
        st = seg_fail(err, SEG_E_TERMINATED, "stopped");
    return st;
}

static seg_status publish(const char *out, const char *id, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_publish *p = NULL;
    bool existed;

    TRY(seg_publish_begin(out, 2, &p, err));
    TRY(seg_supervise(make_files, p, &(seg_supervise_options){.deadline_seconds = 60}, err));
    TRY(seg_publish_commit(p, id, &existed, err));

done:
    seg_publish_close(p);
    return st;
}

int main(int argc, char **argv)
{
    seg_error err = {0};
    seg_status st = SEG_E_USAGE;
    seg_stop_on_signals();
    if (argc == 3)
        st = publish(argv[1], argv[2], &err);
    else
        st = seg_fail(&err, SEG_E_USAGE, "needs OUT and ID");
    if (st != SEG_OK)
        fprintf(stderr, "publish_demo: %s\n", err.text);
    return (int)st;
}

#include "jobs/verify.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/file.h"
#include "base/publish.h"
#include "base/try.h"
#include "data/h5.h"
#include "models/selfcheck.h"

static seg_status verify_file(const char *path, seg_node *result, seg_error *err)
{
    seg_status st = SEG_OK;
    seg_h5 *file = NULL;
    seg_model *model = NULL;
    seg_kind kind;
    size_t n_rows = 0;
    TRY(seg_h5_open(path, &file, err));
    TRY(seg_h5_kind(file, &kind, err));
    seg_put_text(result, "kind", seg_kind_name(kind));
    if (kind == SEG_KIND_MODEL)
        TRY(seg_model_load(path, &model, err));
    TRY(seg_h5_verify(path, result, err));
    if (model != NULL) {
        st = seg_selfcheck_run(model, &n_rows, err);
        if (st != SEG_OK)
            seg_error_context(err, "%s", path);
        else
            seg_put_int(result, "selfcheck_rows", (int64_t)n_rows);
    }

done:
    seg_model_free(model);
    seg_h5_close(file);
    return st == SEG_E_DATA ? SEG_E_VERIFY : st;
}

static seg_status verify_directory(const char *path, seg_node *result, seg_error *err)
{
    char current[4096];
    uint64_t n_files = 0;
    int n = snprintf(current, sizeof current, "%s/current", path);
    const char *dir = n > 0 && (size_t)n < sizeof current && seg_path_exists(current)
                      ? current : path;
    seg_status st = seg_manifest_verify(dir, &n_files, err);
    if (st == SEG_OK) {
        seg_put_text(result, "kind", "directory");
        seg_put_int(result, "files", (int64_t)n_files);
    }
    return st;
}

seg_status seg_verify_run(const seg_call *call, seg_node *result, seg_error *err)
{
    const char *path = call->operands[0];
    struct stat info;
    if (stat(path, &info) != 0)
        return seg_fail(err, SEG_E_IO, "%s: no such file or directory", path);
    seg_status st = S_ISDIR(info.st_mode) ? verify_directory(path, result, err)
                                          : verify_file(path, result, err);
    if (st == SEG_OK)
        seg_put_text(result, "verified", "yes");
    return st;
}

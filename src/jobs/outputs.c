/* outputs.c: no output may be an input, another output, or the standard output.
 *
 * Files are compared by device and inode where they are there already, so links and other
 * ways to say a path are seen; names of files to come, by their directory and last part. */
#include "jobs/outputs.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/try.h"
#include "models/method.h"

static const char *const written[] = { "output", "scores", "rejects", "checkpoint" };
enum { N_WRITTEN = sizeof written / sizeof *written };

static const char *text_of(const seg_option *option, const void *values)
{
    if (option == NULL || option->type != SEG_OPTION_TEXT)
        return NULL;
    return *(const char *const *)((const char *)values + option->offset);
}

/* The directory's real path and the last part of the name, or as it stands. */
static bool place_of(const char *path, char directory[PATH_MAX], const char **last)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    char head[PATH_MAX];
    if (n >= sizeof head)
        return false;
    memcpy(head, path, n);
    head[n] = '\0';
    *last = path + n;
    return realpath(n == 0 ? "." : head, directory) != NULL;
}

static bool same_place(const char *a, const char *b)
{
    char x[PATH_MAX], y[PATH_MAX];
    const char *x_last, *y_last;
    if (seg_same_file(a, b))
        return true;
    return place_of(a, x, &x_last) && place_of(b, y, &y_last) && strcmp(x, y) == 0 &&
           strcmp(x_last, y_last) == 0;
}

static bool is_an_option(const seg_option *table, const void *values, const char *path)
{
    for (const seg_option *o = table; values != NULL && o != NULL && o->name != NULL; o++) {
        const char *file = (o->flags & SEG_OPTION_INPUT) == 0 ? NULL : text_of(o, values);
        if (file != NULL && seg_same_file(path, file))
            return true;
    }
    return false;
}

static const seg_method *method_of(const seg_command *command, const seg_call *call)
{
    return (command->flags & SEG_COMMAND_METHOD) == 0 || call->n_operands == 0
               ? NULL : seg_method_find(call->operands[0]);
}

/* Of the command or of its method. */
static const char *path_of(const seg_command *command, const seg_call *call, const char *name)
{
    const seg_method *method = method_of(command, call);
    const seg_option *own = seg_option_find(command->options, name);
    if (own != NULL || method == NULL)
        return text_of(own, call->options);
    return text_of(seg_option_find(method->options, name), call->method_options);
}

static bool is_an_input(const seg_command *command, const seg_call *call, const char *path)
{
    const seg_method *method = method_of(command, call);
    for (size_t i = 0; i < call->n_operands; i++)
        if (seg_same_file(path, call->operands[i]))
            return true;
    return is_an_option(command->options, call->options, path) ||
           (method != NULL && is_an_option(method->options, call->method_options, path));
}

seg_status seg_outputs_check(const seg_command *command, const seg_call *call, seg_error *err)
{
    seg_status st = SEG_OK;
    const char *paths[N_WRITTEN];
    for (size_t i = 0; i < N_WRITTEN; i++) {
        paths[i] = path_of(command, call, written[i]);
        if (paths[i] == NULL)
            continue;
        TRY(seg_path_check_output(paths[i], err));
        if (is_an_input(command, call, paths[i]))
            return seg_fail(err, SEG_E_USAGE, "%s: is an input; write to another file", paths[i]);
        for (size_t j = 0; j < i; j++)
            if (paths[j] != NULL && same_place(paths[i], paths[j]))
                return seg_fail(err, SEG_E_USAGE, "%s: --%s and --%s are the same file",
                                paths[i], written[j], written[i]);
    }

done:
    return st;
}

/* file.h: files that appear whole or not at all, and reading with messages that say
 * why. Temporary names are registered in memory shared with the parent process, which
 * removes what a dead worker left (see supervise.h). */
#ifndef SEGMILL_BASE_FILE_H
#define SEGMILL_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "segmill/status.h"

/* A file being written beside its final name: `.NAME.tmp-PID-N`, mode 0600. Making one
 * removes those of the same name that killed processes left there. */
typedef struct seg_file seg_file;

seg_status seg_file_create(const char *path, seg_file **out, seg_error *err);
int seg_file_fd(const seg_file *file);                  /* for pwrite */
const char *seg_file_temp_path(const seg_file *file);   /* for libraries that open by name */
/* Buffered append. */
seg_status seg_file_write(seg_file *file, const void *bytes, size_t n, seg_error *err);
seg_status seg_file_pwrite(seg_file *file, const void *bytes, size_t n, uint64_t offset,
                           seg_error *err);
/* Flush, fsync, rename over `path`, fsync the directory. The object stays to be closed. */
seg_status seg_file_commit(seg_file *file, seg_error *err);
/* Takes null; without a commit the temporary file is removed. */
void seg_file_close(seg_file *file);

/* Whole small files. */
seg_status seg_file_put(const char *path, const void *bytes, size_t n, seg_error *err);
/* Null-terminated beyond *n; SEG_E_DATA above max bytes. Free with seg_free. */
seg_status seg_file_get(const char *path, size_t max, char **out, size_t *n, seg_error *err);

/* Open for reading: regular files only (a FIFO, device or directory is refused and
 * named as such), O_CLOEXEC. SEG_E_IO "no such file" etc. */
seg_status seg_open_read(const char *path, int *fd, uint64_t *size, seg_error *err);
/* Exactly n bytes at offset, or an error (SEG_E_DATA "ends after ..." if short). */
seg_status seg_pread_all(int fd, void *bytes, size_t n, uint64_t offset, const char *name,
                         seg_error *err);

/* errno as a status with its words: ENOSPC, EDQUOT, ENOMEM, EAGAIN, EMFILE, ENFILE are
 * SEG_E_AGAIN, everything else SEG_E_IO. "path: could not write: no space left on device". */
#define SEG_REASON_BYTES 80
seg_status seg_errno_reason(int error_number, char out[SEG_REASON_BYTES]);
seg_status seg_errno(seg_error *err, int error_number, const char *path, const char *action);

/* '-' names no file to write, nor '': SEG_E_USAGE. */
seg_status seg_path_check_output(const char *path, seg_error *err);
bool seg_path_exists(const char *path);
/* Both are there and the same file, whatever they are called. */
bool seg_same_file(const char *a, const char *b);
/* Make the directory and its parents, 0700. */
seg_status seg_make_dirs(const char *path, seg_error *err);
/* Make the names in the directory of `path` (or in `path`) survive a power failure. */
seg_status seg_sync_parent(const char *path, seg_error *err);
seg_status seg_sync_dir(const char *path, seg_error *err);
/* `path` from the root, by the working directory of now. `out` holds PATH_MAX bytes. */
seg_status seg_path_absolute(const char *path, char *out, seg_error *err);

/* Enter an absolute path into the registry before it is made, and take it out again
 * (slot -1: does nothing). For publish.c; seg_file does it by itself. */
seg_status seg_temp_add(const char *path, int *slot, seg_error *err);
void seg_temp_drop(int slot);
/* Remove the files PREFIX<pid>-... in a directory whose processes are gone: what was left
 * when worker and parent were killed together. */
void seg_temp_sweep_stale(const char *directory, const char *prefix);
/* Remove a file, link (never followed) or directory with all in it; as far as it goes. */
void seg_remove_tree(const char *path);

/* Remove every registered temporary file and directory of process `pid` (0: of all).
 * Called by the parent after its worker has died, and by tests. */
void seg_temp_sweep(long pid);
/* Put the registry in shared memory; call once in the parent before fork. */
seg_status seg_temp_share(seg_error *err);

#endif

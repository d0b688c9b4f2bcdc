/* files.h: files of a test, and a directory of its own to keep them in. */
#ifndef TESTS_SUPPORT_FILES_H
#define TESTS_SUPPORT_FILES_H

#include <stddef.h>

/* Write a text file; fails the test if that cannot be done. */
void write_text(const char *path, const char *text);

/* The bytes of a file, at most 16 MiB; free them. Fails the test if there is no such file. */
char *read_bytes(const char *path, size_t *n);

/* An own directory for the test, which becomes the current one; group setup and teardown. */
int enter_directory(void **state);
/* The same in memory, where that can be: for many small files. */
int enter_memory(void **state);
int leave_directory(void **state);

/* Files in the current directory, hidden ones too. */
size_t count_files(void);

#endif

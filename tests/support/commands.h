/* commands.h: a command line run in this process: "train kmeans c.csv --k=2 --output=m". */
#ifndef TESTS_SUPPORT_COMMANDS_H
#define TESTS_SUPPORT_COMMANDS_H

#include "segmill.h"

/* Words parted by blanks; options as --name=value or --flag. *result (may be null) gets a
 * copy of what the command would print; free it. */
seg_status command_line(const char *line, seg_doc **result, seg_error *err);

/* Write a text file; fails the test if that cannot be done. */
void write_text(const char *path, const char *text);

/* An own directory for the test, which becomes the current one; group setup and teardown. */
int enter_directory(void **state);
int leave_directory(void **state);

/* Files in the current directory, hidden ones too. */
size_t count_files(void);

#endif

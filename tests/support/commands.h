/* commands.h: a command line run in this process: "train kmeans c.csv --k=2 --output=m". */
#ifndef TESTS_SUPPORT_COMMANDS_H
#define TESTS_SUPPORT_COMMANDS_H

#include "segmill.h"
#include "tests/support/files.h"

/* Words parted by blanks; options as --name=value or --flag. *result (may be null) gets a
 * copy of what the command would print; free it. */
seg_status command_line(const char *line, seg_doc **result, seg_error *err);

#endif

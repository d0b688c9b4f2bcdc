/* help.h: help texts, printed from the tables. */
#ifndef SEGMILL_CLI_HELP_H
#define SEGMILL_CLI_HELP_H

#include <stdio.h>
#include "segmill/command.h"
#include "segmill/model.h"

void help_overview(FILE *out);
/* method: null, or the method of train whose options are wanted. */
void help_command(FILE *out, const seg_command *command, const seg_method *method);
/* A command, a method or a topic (exit-codes, job, formats, targets, methods); false if
 * there is no such thing. */
bool help_topic(FILE *out, const char *name);
/* All of it as a man page. */
void help_man(FILE *out);

#endif

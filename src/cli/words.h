/* words.h: words of a command line to a call. */
#ifndef SEGMILL_CLI_WORDS_H
#define SEGMILL_CLI_WORDS_H

#include "segmill/command.h"
#include "segmill/model.h"

enum { WORDS_MAX_OPERANDS = 4096, WORDS_OPTIONS_BYTES = 2048 };

typedef struct words {
    const seg_command *command;
    const seg_method *method;         /* train */
    seg_common_options common;
    seg_call call;
    _Alignas(16) char options[WORDS_OPTIONS_BYTES];         /* the command's struct */
    _Alignas(16) char method_options[WORDS_OPTIONS_BYTES];
    const char *operands[WORDS_MAX_OPERANDS];
} words;

/* Everything after the command's name. SEG_E_USAGE says what is wrong. The call points into
 * *out, which must stay where it is. */
seg_status words_parse(const seg_command *command, int argc, char **argv, words *out,
                       seg_error *err);

#endif

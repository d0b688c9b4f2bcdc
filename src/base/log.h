/* log.h: notes and progress on stderr for the program: a bar (rate, share, remaining
 * time) when stderr is a terminal, otherwise silence unless text or JSON lines are asked
 * for. The library only calls seg_note() and seg_step(); the program plugs this in. */
#ifndef SEGMILL_BASE_LOG_H
#define SEGMILL_BASE_LOG_H

#include <stdbool.h>
#include "segmill/context.h"

typedef struct seg_log {
    seg_log_form form;
    bool quiet;              /* warnings only */
    bool terminal;           /* stderr is one */
    bool colour;             /* NO_COLOR unset, terminal */
    const char *command;
    double started, last_drawn;
    bool drawn;              /* a bar stands on the line */
    const char *what;
    double what_started;
} seg_log;

/* Where lines go: 2, or where the standard error was moved to. */
extern int seg_log_fd;

void seg_log_begin(seg_log *log, seg_log_form form, bool quiet, const char *command);
void seg_log_end(seg_log *log);                 /* clears the bar */
/* Callbacks for seg_context; user is the seg_log. Notes: on a terminal or with --log;
 * warnings always unless quiet and not asked for. */
void seg_log_progress(void *log, const char *what, uint64_t done, uint64_t total);
void seg_log_note(void *log, seg_level level, const char *text);

#endif

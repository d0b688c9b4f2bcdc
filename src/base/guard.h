/* guard.h: a limit of processor time for calls into a library that may never come back.
 *
 * libhdf5 can go round in circles over damaged metadata. Nothing in the same process can
 * stop it, but a supervised worker can end, with one line that names the file. In any
 * other process (an embedding program) these calls do nothing. */
#ifndef SEGMILL_BASE_GUARD_H
#define SEGMILL_BASE_GUARD_H

/* Around calls into the library, in one thread; they nest, and the outermost one counts.
 * file: for the message. */
void seg_guard_begin(const char *file);
/* The time starts anew: between the calls of a loop that may be long for good reasons. */
void seg_guard_again(void);
void seg_guard_end(void);

/* The supervised worker: what is called, in a signal handler, with the line when time is up.
 * It must not return. */
void seg_guard_enable(void (*give_up)(const char *line));
extern unsigned seg_guard_seconds;   /* tests shorten it */

#endif

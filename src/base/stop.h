/* stop.h: SIGINT, SIGTERM and SIGHUP become a flag that is looked at between blocks. */
#ifndef SEGMILL_BASE_STOP_H
#define SEGMILL_BASE_STOP_H

/* Install the handlers (the program does, the library never does by itself). */
void seg_stop_on_signals(void);
/* 0, or the signal that asked to stop. */
int seg_stop_signal(void);
void seg_stop_clear(void);   /* tests */

#endif

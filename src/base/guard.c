/* guard.c: a timer on the processor time of the calling thread (POSIX timer_create; time
 * spent waiting for a slow disk does not count), made when a thread first needs it. */
#include "base/guard.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

unsigned seg_guard_seconds = 15;

static _Atomic(void (*)(const char *line)) give_up;

typedef struct guard {
    unsigned depth;
    bool made;
    timer_t timer;
    char line[512];     /* said when time is up */
} guard;

static _Thread_local guard mine;

static void time_is_up(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    void (*call)(const char *line) = atomic_load(&give_up);
    const guard *g = info->si_value.sival_ptr;
    if (call != NULL && info->si_code == SI_TIMER && g != NULL)
        call(g->line);
}

void seg_guard_enable(void (*call)(const char *line))
{
    struct sigaction action = { .sa_sigaction = time_is_up, .sa_flags = SA_SIGINFO | SA_RESTART };
    sigfillset(&action.sa_mask);
    sigaction(SIGRTMIN, &action, NULL);
    atomic_store(&give_up, call);
}

static bool make_timer(void)
{
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN,
                              .sigev_value.sival_ptr = &mine };
    if (!mine.made)
        mine.made = timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &mine.timer) == 0;
    return mine.made;
}

static void set_timer(unsigned seconds)
{
    struct itimerspec when = { .it_value.tv_sec = (time_t)seconds };
    timer_settime(mine.timer, 0, &when, NULL);
}

void seg_guard_begin(const char *file)
{
    if (atomic_load_explicit(&give_up, memory_order_relaxed) == NULL || mine.depth++ > 0
        || !make_timer())
        return;
    snprintf(mine.line, sizeof mine.line, "%.400s: libhdf5 did not come back within %u seconds:"
             " a damaged file", file, seg_guard_seconds);
    set_timer(seg_guard_seconds);
}

void seg_guard_again(void)
{
    if (mine.depth > 0 && mine.made)
        set_timer(seg_guard_seconds);
}

void seg_guard_end(void)
{
    if (mine.depth > 0 && --mine.depth == 0 && mine.made)
        set_timer(0);
}

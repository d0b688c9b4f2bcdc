#include "base/stop.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

static _Atomic int asked;

static void remember(int number)
{
    int none = 0;
    atomic_compare_exchange_strong(&asked, &none, number);   /* the first one counts */
}

void seg_stop_on_signals(void)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction action = { .sa_handler = remember, .sa_flags = SA_RESTART };
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
}

int seg_stop_signal(void)
{
    return atomic_load_explicit(&asked, memory_order_relaxed);
}

void seg_stop_clear(void)
{
    atomic_store(&asked, 0);
}

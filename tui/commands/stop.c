/* See stop.h. */
#include "tui/commands/stop.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t signal_that_came;

static void on_stop(int signal)
{
    signal_that_came = signal;
}

void stop_catch(void)
{
    struct sigaction action = {.sa_handler = on_stop, .sa_flags = SA_RESETHAND};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
}

bool stop_asked(void)
{
    return signal_that_came != 0;
}

void stop_end(void)
{
    (void)raise(signal_that_came); /* its default now */
}

/*
 * Ctrl-C and its like in subcommands that work for long: the first one asks to
 * stop between two steps, a second one kills.
 */
#ifndef TUI_COMMANDS_STOP_H
#define TUI_COMMANDS_STOP_H

#include <stdbool.h>

void stop_catch(void); /* SIGINT, SIGTERM and SIGHUP from now on */
bool stop_asked(void); /* one of them came */
/* Once everything is kept: ends as the signal would have, so that the status
 * says why.  Only after stop_asked(). */
void stop_end(void);

#endif

/*
 * The process and its terminal, apart from what is drawn: signals become
 * bytes in a pipe, stderr goes to a file while the screen is up, and on every
 * way out, a crash included, the terminal is as it was.
 */
#ifndef TUI_TERM_H
#define TUI_TERM_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/err.h"

/* Refuses, in a sentence that names `rankscope run`, when there is no
 * terminal to draw on: stdin or stdout is not one, or TERM says dumb. */
int term_check(struct err *err);

/* Catches signals, saves the terminal's state, takes stderr away.  One at a
 * time.  term_close() gives everything back; what was written to stderr
 * meanwhile is printed then. */
int term_open(struct err *err);
void term_close(void);

/* What a crash handler writes before it dies: prepared while all is well. */
void term_prepare_leave(const char *sequence, size_t length);

/* Readable when a signal came; term_signal() takes the next, or 0. */
int term_signal_fd(void);
int term_signal(void);

/* Stops like any program on ^Z; returns when it is continued.  The screen
 * must have been left. */
void term_suspend(void);
/* Ends the process as the signal would have: the exit status tells. */
void term_die(int signal);

/* The newest line on stderr, or "" ; true when it is a new one. */
bool term_note(char *to, size_t size);

#endif

/*
 * Runs the program the way a shell does: arguments, environment, nothing on
 * standard input, a deadline; keeps what it wrote and how it ended.
 */
#ifndef TESTS_PROGRAM_H
#define TESTS_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

enum { PROGRAM_ARGS = 40, PROGRAM_VARS = 4 };

/* All zero: nothing special. */
struct launch {
    const char *var[PROGRAM_VARS]; /* "NAME=value", added to what there is */
    const char *terminal;          /* on a pseudo-terminal, with this TERM */
    int kill_after_ms;             /* a signal by then; 0: never */
    const char *kill_when;         /* or as soon as this file exists */
    int kill_signal;               /* which; 0: SIGKILL */
    long file_bytes;               /* no file may grow beyond; 0: any size */
    const char *out; /* standard output goes to this file instead */
};

struct outcome {
    int status;      /* exit status; -1: a signal ended it */
    int signal;      /* which; 0: none */
    bool late;       /* it was still running at the deadline, and killed */
    char *out, *err; /* NUL-terminated; on a terminal all is in out */
};

/* arguments end with NULL and do not hold the program's name, which is
 * RANKSCOPE_BIN.  Freed by outcome_free(). */
struct outcome program_run(const struct launch *launch,
                           const char *const *arguments);
void outcome_free(struct outcome *outcome);

/* program_run() with the arguments in place. */
#define RUN(launch, ...)                                                       \
    program_run((launch), (const char *[]){__VA_ARGS__, NULL})

int line_count(const char *text);

/* For failed tests: what was called, and what came of it. */
void outcome_print(const struct outcome *outcome, const char *const *arguments);

/* Done (status 0); returns what it wrote to stdout, freed by free(). */
char *assert_done(const struct launch *launch, const char *const *arguments,
                  const char *file, int line);
#define DONE(launch, ...)                                                      \
    assert_done((launch), (const char *[]){__VA_ARGS__, NULL}, __FILE__,       \
                __LINE__)

/* Refused with this status: one line on stderr that begins with "rankscope: "
 * and holds each of the words (NULL-terminated), nothing on stdout. */
void assert_refused(const struct launch *launch, int status,
                    const char *const *words, const char *const *arguments,
                    const char *file, int line);
#define WORDS(...) ((const char *[]){__VA_ARGS__, NULL})
#define REFUSED(launch, status, words, ...)                                    \
    assert_refused((launch), (status), (words),                                \
                   (const char *[]){__VA_ARGS__, NULL}, __FILE__, __LINE__)

#endif

/*
 * The workbench: a session on a terminal until somebody leaves.
 */
#ifndef TUI_APP_H
#define TUI_APP_H

#include <stdbool.h>

#include "core/base/err.h"
#include "experiments/files.h"
#include "experiments/session.h"
#include "experiments/sweeper.h"
#include "tui/glyphs.h"

struct app_options {
    int glyphs;     /* enum glyphs, or -1: what suits the terminal */
    bool no_colour; /* NO_COLOR in the environment says the same */
    const struct run_spec *new_run; /* what the form for a run begins with,
                                       recipe_default_run(); NULL: no runs
                                       can be added */
    const char *view;               /* "train"...; NULL: train */
    const char *assets;             /* folder that holds base/, for files that
                                       are opened beside runs; NULL: none can
                                       be */
};

/* Where snapshots come from and commands go: a session, or a test. */
struct app_source {
    void *ctx;
    const struct snapshot *(*look)(void *ctx); /* held for the caller */
    void (*done)(void *ctx, const struct snapshot *snapshot);
    bool (*send)(void *ctx, const struct command *command);
    void (*ask)(void *ctx, const struct question *question);
    int wake_fd; /* readable when there is news; the app drains it; -1 */
};

enum { APP_FAILED = -1, APP_QUIT = 0 }; /* above 0: a signal's number */

/*
 * Draws and listens until q, a signal, or the end of the terminal; on return
 * the terminal is as it was.  The caller then closes the session and, for a
 * signal, calls app_die() so that the exit status tells.  APP_FAILED: there is
 * no terminal to draw on; err says so and what to do.
 *
 * The first frame is drawn before this asks anything of the session, so it
 * may be called between session_open() and the first step.
 */
int app_run(struct session *session, const struct app_options *options,
            struct err *err);
int app_loop(const struct app_source *source, const struct app_options *options,
             struct err *err);

/* For a stored run: nothing trains, nothing can be sent; questions about it
 * are answered.  assets: the folder that holds base/. */
int app_look(const struct snapshot *snapshot, const char *assets,
             const struct app_options *options, struct err *err);

/* For files on show, which are started. */
int app_files(struct files *files, const struct app_options *options,
              struct err *err);

/* For a grid that is swept, or a folder of its results that is looked at. */
int app_grid(struct sweeper *sweeper, const struct app_options *options,
             struct err *err);

/* How a screen looks at files. */
struct app_source app_source_of_files(struct files *files);

/* Whether app_run() would find a terminal: to be asked before work begins. */
int app_check(struct err *err);
void app_die(int signal);

#endif

/*
 * The session: runs in lock-step on the same batches, on a thread of its
 * own.  Each tick, the runs that are furthest behind take one step; so a run
 * that was undone, forked or added catches up before lock-step goes on.
 *
 * Four things cross between threads, and no fifth: commands by value, the
 * latest snapshot, append-only series, and a pipe that wakes the screen.
 */
#ifndef EXPERIMENTS_SESSION_H
#define EXPERIMENTS_SESSION_H

#include "core/train/run.h"
#include "experiments/command.h"
#include "experiments/snapshot.h"

struct session;

struct session_options {
    const char *assets;    /* folder that holds base/ and world/ */
    const char *out;       /* folder for results, or NULL: none are kept */
    bool force;            /* write into an existing folder */
    bool resume;           /* continue from out's last checkpoint */
    const char *journal;   /* replay this file's commands, or NULL */
    const char *tokenizer; /* tokenizer.json, or NULL: the base's own */
    int threads;           /* 0: all cores */
    bool watch;            /* somebody looks: snapshots and live analysis */
    bool start_paused;
    double checkpoint_seconds; /* between checkpoints; 0: 15 */
};

/* Loads base and task, makes the runs; nothing trains yet. */
struct session *session_open(const struct recipe *recipe,
                             const struct session_options *options,
                             struct err *err);
/* The trainer thread begins (and the analysis thread, when watched). */
int session_start(struct session *session, struct err *err);

/* Any thread.  false: 64 commands are waiting already, this one was not
 * taken. */
bool session_send(struct session *session, const struct command *command);
/* What the analysis should care about most, and find out; not journalled. */
void session_ask(struct session *session, const struct question *question);

/* The latest snapshot, held for the caller; never NULL after open. */
const struct snapshot *session_look(struct session *session);
/* Readable when there is something new; the reader drains it. */
int session_wake_fd(const struct session *session);

/* Blocks until the runs are done (no screen).  Returns 0, or -1 when a file
 * could not be written: training went on to its end. */
int session_wait(struct session *session, struct err *err);
/* After session_wait() and until the next command: the run of this name, or
 * NULL, and the model under all runs. */
struct run *session_run(struct session *session, const char *name);
const struct model *session_model(const struct session *session);
const struct task *session_task(const struct session *session);
/* What studies stand on; the caller makes the pass and frees the ground. */
struct ground session_ground(const struct session *session);
/* Stops between two ticks, writes what is due, joins, frees. */
void session_close(struct session *session);

#endif

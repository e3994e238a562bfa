/*
 * One file of updates on show, or two: adapters, checkpoints, differences of
 * checkpoints, stored runs (updates.h).  Opening reads names and shapes; a
 * thread then takes one site after another, the one that is looked at first,
 * and answers what the screen asks, as the analyst does of a session.
 *
 * Snapshots and a pipe cross between the threads, nothing else.  Snapshots
 * point into the files: they are released before files_close().
 */
#ifndef EXPERIMENTS_FILES_H
#define EXPERIMENTS_FILES_H

#include "experiments/file_view.h"
#include "experiments/snapshot.h"

struct files;

struct files_ask {
    const char *path[FILES_MOST]; /* the second may be NULL */
    const char *base;             /* of both, or NULL */
    const char *assets;           /* the folder that holds base/ */
};

/* Whether a path looks like something to be opened here: a file of tensors by
 * its ending, or a folder that holds an adapter or a model, or one run's. */
bool files_are(const char *path);

/* Refuses, with a sentence, what updates_open() refuses, and two files whose
 * sites of the same name have different shapes, or that share no site. */
struct files *files_open(const struct files_ask *ask, struct err *err);
int files_start(struct files *files, struct err *err);

/* As session_look(), session_ask() and session_wake_fd(). */
const struct snapshot *files_look(struct files *files);
void files_ask(struct files *files, const struct question *question);
int files_wake_fd(const struct files *files);

/* Until every site has been looked at and the last question is answered. */
void files_wait(struct files *files);

/* Stops behind the site at work, which may take seconds where it is a large
 * matrix.  Frees. */
void files_close(struct files *files);

#endif

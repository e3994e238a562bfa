/*
 * A results folder (--out DIR) opened for what its runs have learned: the
 * base they share, and the state of any of them at the last checkpoint, with
 * the factors as they were trained.  Curves and spectra of text files are
 * snapshot_read's.
 *
 * Everything that is asked for is read whole or refused in one sentence.
 */
#ifndef EXPERIMENTS_RESULTS_H
#define EXPERIMENTS_RESULTS_H

#include "core/method/method.h"
#include "experiments/moment.h"

struct results;

/* base: a folder, "bundled", or NULL: the one its recipe names.  assets: the
 * folder that holds base/. */
struct results *results_open(const char *folder, const char *base,
                             const char *assets, struct err *err);
void results_close(struct results *results);

/* Whether a folder looks like one. */
bool results_is(const char *folder);

const struct model *results_model(const struct results *results);
/* Runs that were not removed, in the order they were added. */
int results_count(const struct results *results);
const char *results_name(const struct results *results, int i);
/* Index of a run; a name that is not there is refused with the nearest, or
 * with all of them.  NULL: the only run, or refused with all names. */
int results_find(const struct results *results, const char *run,
                 struct err *err);

/* What a run had learned at its last checkpoint: freed by method_free().
 * file (1024 bytes) receives the state's path, below the folder. */
struct method *results_method(const struct results *results, int run,
                              long *step, char *file, struct err *err);
/* The same as updates of every site, released by moment_release(); its run is
 * the run's place among all that ever were in the session. */
const struct moment *results_moment(const struct results *results, int run,
                                    struct err *err);

#endif

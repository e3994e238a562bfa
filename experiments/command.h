/*
 * A command is a small value that travels from the screen to the trainer and
 * is applied between two ticks.  Those that change what is computed are
 * written to the journal with their tick: recipe + journal = the same files.
 */
#ifndef EXPERIMENTS_COMMAND_H
#define EXPERIMENTS_COMMAND_H

#include "experiments/recipe.h"

enum command_kind {
    COMMAND_RANK,    /* run, site (-1: all), rank, policy          journalled */
    COMMAND_UNDO,    /* run: back to before its last change         journalled */
    COMMAND_FORK,    /* run: a second run from before its last
                        change, or from now if there was none       journalled */
    COMMAND_LR,      /* run, value: peak lr from now on             journalled */
    COMMAND_ADD,     /* spec: a new run, from step 0                journalled */
    COMMAND_REMOVE,  /* run                                         journalled */
    COMMAND_STEPS,   /* value: the session's length from now on     journalled */
    COMMAND_PAUSE,   /* stop before the next tick; again: go on */
    COMMAND_STEP,    /* one tick, then pause */
    COMMAND_KINDS
};

struct command {
    enum command_kind kind;
    int run;  /* id, never reused */
    int site; /* -1: all that have a rank */
    /* As the journal names them; the session fills them in, and reads them
     * instead of the numbers where they are not empty.  site_name "all". */
    char run_name[RECIPE_NAME], site_name[32];
    int rank;
    enum rank_policy policy;
    double value;
    struct run_spec spec; /* COMMAND_ADD */
};

const char *command_kind_name(enum command_kind kind); /* "rank", ... */
bool command_is_journalled(enum command_kind kind);

/* One line of journal.tsv without newline, and back:
 *   tick <tab> kind <tab> field=value <tab> ...
 * with the fields run, site, rank, policy, value, spec that the kind has.
 * format returns the length, or -1: it does not fit.  Parsing refuses with a
 * sentence, and leaves run and site at -1: names rule. */
int command_format(char *to, size_t size, long tick,
                   const struct command *command);
int command_parse(struct command *to, long *tick, const char *line,
                  struct err *err);

#endif

/*
 * What a run was before: moments taken as it trains, at steps the recipe
 * names, under a budget of memory.  The trainer's alone.
 */
#ifndef EXPERIMENTS_HISTORY_H
#define EXPERIMENTS_HISTORY_H

#include <stdbool.h>

#include "experiments/moment.h"

enum { HISTORY_MOMENTS = 48 };

struct history {
    struct moment *moment[HISTORY_MOMENTS]; /* steps rising */
    int count;
    long every; /* steps between moments; 0: as the recipe says */
};

/* Whether a moment is due at this step. */
bool history_due(const struct history *history, long step, long recipe_every);
/* Takes the caller's hold over.  When there are too many, or they take too
 * much memory, every other one goes and moments become half as frequent. */
void history_add(struct history *history, struct moment *moment,
                 long recipe_every);
/* The run went back to this step: what came after it never was. */
void history_rewind(struct history *history, long step);
/* The last one at or before a step, or NULL. */
struct moment *history_at(const struct history *history, long step);
void history_free(struct history *history);

#endif

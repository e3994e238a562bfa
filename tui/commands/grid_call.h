/*
 * What `sweep`, `intrinsic`, and `open` on their recipes have in common: the
 * recipe, the folder its cells go to, and the recipe kept there.
 */
#ifndef TUI_COMMANDS_GRID_CALL_H
#define TUI_COMMANDS_GRID_CALL_H

#include "experiments/intrinsic_recipe.h"
#include "experiments/sweep.h"
#include "tui/commands/options.h"
#include "tui/commands/root.h"

struct grid_call {
    const char *recipe, *out_given; /* as typed; out_given or NULL */
    bool quick;
    struct option_list sets;
    /* Filled in by the two below */
    char path[ROOT_PATH], out[ROOT_PATH], assets[ROOT_PATH];
    struct grid *grid;               /* freed by mem_free() */
    struct intrinsic_recipe *search; /* likewise, instead of a grid */
};

/* Fills in path, out and assets; whatever kind of recipe it is. */
int grid_call_find(struct grid_call *call, struct err *err);
/* The grid too, and out and assets of options. */
int grid_call_read(struct grid_call *call, struct sweep_options *options,
                   struct err *err);
/* The recipe beside the results, before any cell is there. */
int grid_call_keep(const struct grid_call *call, struct err *err);

/* The same of a search for the intrinsic dimension. */
int search_call_read(struct grid_call *call, struct sweep_options *options,
                     struct err *err);
int search_call_keep(const struct grid_call *call, struct err *err);

#endif

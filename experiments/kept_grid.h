/*
 * The recipe beside its results: DIR/sweep.json (of a grid) or
 * DIR/intrinsic.json (of a search for the intrinsic dimension) holds its text,
 * what --set changed and whether it was --quick, so that a folder of results
 * can be opened by itself.
 */
#ifndef EXPERIMENTS_KEPT_GRID_H
#define EXPERIMENTS_KEPT_GRID_H

#include "experiments/intrinsic_recipe.h"

/* path: the recipe's file.  A folder is made if there is none. */
int kept_grid_write(const char *folder, const char *path,
                    const char *const *sets, int set_count, bool quick,
                    struct err *err);
/* Is it a folder of a grid's results? */
bool kept_grid_is(const char *folder);
/* As grid_read(). */
struct grid *kept_grid_read(const char *folder, struct err *err);

/* The same for a search. */
int kept_search_write(const char *folder, const char *path,
                      const char *const *sets, int set_count, bool quick,
                      struct err *err);
bool kept_search_is(const char *folder);
struct intrinsic_recipe *kept_search_read(const char *folder, struct err *err);

#endif

/*
 * Which sites of something stored are meant: --site, a POSIX extended regular
 * expression that may match any part of a name.
 */
#ifndef TUI_COMMANDS_SITE_PICK_H
#define TUI_COMMANDS_SITE_PICK_H

#include "experiments/stored.h"

/* Index of the sites that are adapted and match, in the model's order, freed
 * by mem_free(); re NULL: all of them.  None is refused, naming one there
 * is. */
int *site_pick(int *count, const struct stored *stored, const char *re,
               struct err *err);

#endif

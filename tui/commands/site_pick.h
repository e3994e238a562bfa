/*
 * Which sites of something stored are meant: --site, a POSIX extended regular
 * expression that may match any part of a name.
 */
#ifndef TUI_COMMANDS_SITE_PICK_H
#define TUI_COMMANDS_SITE_PICK_H

#include "experiments/updates.h"

/* Index of the sites that match, in their order, freed by mem_free(); re NULL:
 * all of them.  None is refused, naming one there is. */
int *site_pick(int *count, const struct updates *updates, const char *re,
               struct err *err);

#endif

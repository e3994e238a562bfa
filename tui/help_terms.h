/*
 * Words in the help: what each number is, and what it is by chance.
 */
#ifndef TUI_HELP_TERMS_H
#define TUI_HELP_TERMS_H

#include "tui/ui.h"

struct help_term {
    unsigned views; /* scopes of keys.h */
    const char *name, *text;
};

extern const struct help_term help_term[];
extern const int help_term_count;

#endif

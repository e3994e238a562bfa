/*
 * The words of view 3 in the help: what each is, and what it is by chance.
 */
#ifndef TUI_HELP_TERMS_H
#define TUI_HELP_TERMS_H

struct help_term {
    const char *name, *text;
};

extern const struct help_term help_term[];
extern const int help_term_count;

#endif

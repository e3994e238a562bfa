/*
 * One file a subcommand, one line in the table.  `rankscope --help`, the man
 * page's list and dispatch read it.
 */
#ifndef TUI_COMMANDS_SUBCOMMAND_H
#define TUI_COMMANDS_SUBCOMMAND_H

struct subcommand {
    const char *name, *summary;
    int (*run)(int argc, char **argv); /* exit status; argv[0] is the name */
};

extern const struct subcommand subcommand_table[]; /* ends with name NULL */

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* "rankscope: sentence" on stderr; returns EXIT_FAILED. */
struct err;
int fail(const struct err *err);

#endif

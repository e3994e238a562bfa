/*
 * Options of a subcommand as a table: parsing, --help and the usage line come
 * from it.  Long names through getopt_long, and -o for --out; positional
 * arguments may stand anywhere.
 */
#ifndef TUI_COMMANDS_OPTIONS_H
#define TUI_COMMANDS_OPTIONS_H

#include <stdbool.h>

enum option_type {
    OPTION_FLAG, /* bool: true when given */
    OPTION_TEXT, /* const char * */
    OPTION_INT,  /* int, within [low, high] */
    OPTION_REAL, /* double, finite, within [low, high] */
    OPTION_LIST  /* struct option_list: may be given several times */
};

struct option_list {
    const char *at[64];
    int count;
};

struct option_row {
    const char *name; /* without dashes; NULL ends the table */
    enum option_type type;
    void *to;
    const char *value; /* how help calls its value; NULL for flags */
    const char *help;
    double low, high; /* of numbers */
};

enum { ARGUMENTS_MOST = 32 };

struct arguments {
    const char *at[ARGUMENTS_MOST];
    int count;
};

/* Parses argv[1..]; usage is "run RECIPE [options]", least and most count
 * the positional arguments.  false: nothing is left to do, the caller returns
 * *status: help was printed to stdout, or a complaint to stderr. */
bool options_parse(int *status, struct arguments *arguments, int argc,
                   char **argv, const char *usage, const char *summary,
                   const struct option_row *table, int least, int most);

#endif

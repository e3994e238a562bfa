/* See options.h. */
#define _GNU_SOURCE /* getopt_long */
#include "tui/commands/options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/commands/subcommand.h"

enum { OPTIONS_MOST = 32, HELP = 1000, FIRST = 2000 };

static void print_help(const char *usage, const char *summary,
                       const struct option_row *table)
{
    printf("usage: rankscope %s\n\n%s\n", usage, summary);
    if (table->name)
        printf("\n");
    for (; table->name; table++) {
        char left[64];
        (void)snprintf(left, sizeof left, "--%s%s%s", table->name,
                       table->value ? " " : "",
                       table->value ? table->value : "");
        printf("  %-26s %s\n", left, table->help);
    }
}

static bool set_number(const struct option_row *row, const char *text)
{
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    bool whole = row->type != OPTION_INT || value == floor(value);
    if (end == text || *end || errno || !isfinite(value) || !whole ||
        value < row->low || value > row->high) {
        fprintf(stderr, "rankscope: --%s %.60s is not allowed; use %s%g..%g\n",
                row->name, text,
                row->type == OPTION_INT ? "a whole number " : "", row->low,
                row->high);
        return false;
    }
    if (row->type == OPTION_INT)
        *(int *)row->to = (int)value;
    else
        *(double *)row->to = value;
    return true;
}

static bool add_to_list(const struct option_row *row, const char *text)
{
    struct option_list *list = row->to;
    if (list->count == (int)(sizeof list->at / sizeof *list->at)) {
        fprintf(stderr, "rankscope: too many --%s; use at most %d\n", row->name,
                list->count);
        return false;
    }
    list->at[list->count++] = text;
    return true;
}

static bool set(const struct option_row *row, const char *text)
{
    switch (row->type) {
    case OPTION_FLAG:
        *(bool *)row->to = true;
        return true;
    case OPTION_TEXT:
        *(const char **)row->to = text;
        return true;
    case OPTION_INT:
    case OPTION_REAL:
        return set_number(row, text);
    case OPTION_LIST:
        return add_to_list(row, text);
    }
    return false;
}

static int name_length(const char *usage)
{
    return (int)strcspn(usage, " ");
}

static bool take_arguments(struct arguments *arguments, int argc, char **argv,
                           const char *usage, int least, int most)
{
    arguments->count = 0;
    for (int i = optind; i < argc && arguments->count < most; i++)
        arguments->at[arguments->count++] = argv[i];
    if (argc - optind >= least && argc - optind <= most)
        return true;
    fprintf(stderr,
            "rankscope: %s; usage: rankscope %s; see rankscope %.*s "
            "--help\n",
            argc - optind < least ? "something is missing"
                                  : "that is one word too many",
            usage, name_length(usage), usage);
    return false;
}

/* getopt found no option of ours, or no value behind one. */
static void complain(char **argv, const char *usage, bool value_missing)
{
    char letter[3] = {'-', (char)optopt, '\0'};
    bool is_letter = !value_missing && optopt > 0 && optopt < HELP;
    fprintf(stderr, "rankscope: %.60s %s; see rankscope %.*s --help\n",
            is_letter ? letter : argv[optind - 1],
            value_missing ? "needs a value" : "is not an option here",
            name_length(usage), usage);
}

static int find(const struct option_row *table, const char *name)
{
    for (int i = 0; table[i].name; i++)
        if (strcmp(table[i].name, name) == 0)
            return i;
    return -1;
}

bool options_parse(int *status, struct arguments *arguments, int argc,
                   char **argv, const char *usage, const char *summary,
                   const struct option_row *table, int least, int most)
{
    struct option longs[OPTIONS_MOST + 2] = {{"help", 0, NULL, HELP}};
    for (int i = 0; table[i].name && i < OPTIONS_MOST; i++)
        longs[i + 1] = (struct option){
            table[i].name,
            table[i].type == OPTION_FLAG ? no_argument : required_argument,
            NULL, FIRST + i};
    int found, out = find(table, "out");
    *status = EXIT_USAGE;
    opterr = 0;
    optind = 0; /* start anew, argv may have been parsed before */
    while ((found = getopt_long(argc, argv, out < 0 ? ":" : ":o:", longs,
                                NULL)) != -1) {
        if (found == HELP) {
            print_help(usage, summary, table);
            *status = EXIT_DONE;
            return false;
        }
        if (found == ':' || found == '?') {
            complain(argv, usage, found == ':');
            return false;
        }
        if (!set(&table[found == 'o' ? out : found - FIRST], optarg))
            return false;
    }
    return take_arguments(arguments, argc, argv, usage, least, most);
}

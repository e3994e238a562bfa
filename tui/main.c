/*
 * rankscope: finds the subcommand and runs it.  Without one, the workbench
 * opens on the race of ranks.
 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "core/base/err.h"
#include "core/base/linalg.h"
#include "core/base/nearest.h"
#include "tui/commands/subcommand.h"

int fail(const struct err *err)
{
    fprintf(stderr, "rankscope: %s\n", err->text);
    return EXIT_FAILED;
}

static int print_help(void)
{
    printf("usage: rankscope [SUBCOMMAND] [options]\n\n"
           "A terminal workbench for seeing rank: fine-tunes transformers "
           "with LoRA and its\nrivals, takes the SVD of every weight update "
           "while it is being learned, and lets\nyou turn the rank by hand. "
           " Without a subcommand: the race of ranks.\n\n");
    for (const struct subcommand *s = subcommand_table; s->name; s++)
        printf("  %-10s %s\n", s->name, s->summary);
    printf("\nrankscope SUBCOMMAND --help says more.\n");
    return EXIT_DONE;
}

static int unknown(const char *word)
{
    const char *names[32];
    int count = 0;
    for (const struct subcommand *s = subcommand_table; s->name; s++)
        names[count++] = s->name;
    const char *near = nearest(word, names, count);
    fprintf(stderr,
            "rankscope: %.60s is not a subcommand%s%s%s; see rankscope "
            "--help\n",
            *word ? word : "nothing", near ? "; did you mean " : "",
            near ? near : "", near ? "?" : "");
    return EXIT_USAGE;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        char *open_race[] = {"open", "race", NULL};
        return subcommand_table[0].run(2, open_race);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        return print_help();
    for (const struct subcommand *s = subcommand_table; s->name; s++)
        if (strcmp(s->name, argv[1]) == 0)
            return s->run(argc - 1, argv + 1);
    return unknown(argv[1]);
}

/* Results that did not arrive (a full disk behind >) are no success. */
static int finish(int status)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "rankscope: cannot write to standard output: %s\n",
            strerror(errno ? errno : EIO));
    return status == EXIT_DONE ? EXIT_FAILED : status;
}

int main(int argc, char **argv)
{
    (void)setlocale(LC_ALL, "");
    (void)setlocale(LC_NUMERIC, "C"); /* files and recipes use a point */
    linalg_thread_init();
    return finish(dispatch(argc, argv));
}

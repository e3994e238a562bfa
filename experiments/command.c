/*
 * Commands as lines of text.  A table says which fields each kind has, and
 * both directions read it.
 */
#include "experiments/command.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/nearest.h"

enum { HAS_RUN = 1, HAS_RANK = 2, HAS_VALUE = 4, HAS_SPEC = 8 };

static const struct kind {
    const char *name;
    unsigned has;
    bool journalled;
} kinds[COMMAND_KINDS] = {
    [COMMAND_RANK] = {"rank", HAS_RUN | HAS_RANK, true},
    [COMMAND_UNDO] = {"undo", HAS_RUN, true},
    [COMMAND_FORK] = {"fork", HAS_RUN, true},
    [COMMAND_LR] = {"lr", HAS_RUN | HAS_VALUE, true},
    [COMMAND_ADD] = {"add", HAS_SPEC, true},
    [COMMAND_REMOVE] = {"remove", HAS_RUN, true},
    [COMMAND_STEPS] = {"steps", HAS_VALUE, true},
    [COMMAND_PAUSE] = {"pause", 0, false},
    [COMMAND_STEP] = {"step", 0, false},
};

/* Where a field stands in a command that has it. */
static const struct part {
    const char *name;
    unsigned of;
} parts[] = {
    {"run", HAS_RUN},     {"site", HAS_RANK},   {"rank", HAS_RANK},
    {"policy", HAS_RANK}, {"value", HAS_VALUE}, {"spec", HAS_SPEC},
};
enum { PARTS = sizeof parts / sizeof *parts };

const char *command_kind_name(enum command_kind kind)
{
    return kinds[kind].name;
}

bool command_is_journalled(enum command_kind kind)
{
    return kinds[kind].journalled;
}

int command_format(char *to, size_t size, long tick,
                   const struct command *command)
{
    const struct kind *kind = &kinds[command->kind];
    size_t used = (size_t)snprintf(to, size, "%ld\t%s", tick, kind->name);
    if (kind->has & HAS_RUN && used < size)
        used += (size_t)snprintf(to + used, size - used, "\trun=%s",
                                 command->run_name);
    if (kind->has & HAS_RANK && used < size)
        used += (size_t)snprintf(to + used, size - used,
                                 "\tsite=%s\trank=%d\tpolicy=%s",
                                 command->site_name, command->rank,
                                 rank_policy_name(command->policy));
    if (kind->has & HAS_VALUE && used < size)
        used += (size_t)snprintf(to + used, size - used, "\tvalue=%.17g",
                                 command->value);
    if (kind->has & HAS_SPEC && used < size) {
        char *spec = recipe_write_run(&command->spec);
        used += (size_t)snprintf(to + used, size - used, "\tspec=%s", spec);
        mem_free(spec);
    }
    return used < size ? (int)used : -1;
}

static int parse_whole(long *to, const char *text, long low, long high)
{
    char *end;
    errno = 0;
    *to = strtol(text, &end, 10);
    return errno || end == text || *end || *to < low || *to > high ? -1 : 0;
}

static int parse_policy(enum rank_policy *to, const char *text)
{
    for (int i = RANK_KEEP_SCALE; i <= RANK_ALPHA_SQRT_R; i++)
        if (strcmp(rank_policy_name((enum rank_policy)i), text) == 0) {
            *to = (enum rank_policy)i;
            return 0;
        }
    return -1;
}

static int parse_name(char *to, size_t size, const char *text)
{
    if (!*text || strlen(text) >= size)
        return -1;
    snprintf(to, size, "%s", text);
    return 0;
}

/* One value into its place; -1: not allowed there. */
static int parse_part(struct command *to, const char *name, const char *text,
                      struct err *err)
{
    long whole = 0;
    char *end;
    int result = 0;
    if (strcmp(name, "run") == 0)
        result = parse_name(to->run_name, sizeof to->run_name, text);
    else if (strcmp(name, "site") == 0)
        result = parse_name(to->site_name, sizeof to->site_name, text);
    else if (strcmp(name, "policy") == 0)
        result = parse_policy(&to->policy, text);
    else if (strcmp(name, "spec") == 0)
        return recipe_parse_run(&to->spec, text, "spec", NULL, err);
    else if (strcmp(name, "rank") == 0) {
        result = parse_whole(&whole, text, 1, 1000000);
        to->rank = (int)whole;
    } else {
        to->value = strtod(text, &end);
        result = end == text || *end || !isfinite(to->value) ? -1 : 0;
    }
    if (result < 0)
        return err_set(err, "%s=%.60s is not allowed", name, text);
    return 0;
}

static int parse_kind(enum command_kind *to, const char *text, struct err *err)
{
    const char *names[COMMAND_KINDS];
    int count = 0;
    for (int i = 0; i < COMMAND_KINDS; i++) {
        if (!kinds[i].journalled)
            continue;
        if (strcmp(kinds[i].name, text) == 0) {
            *to = (enum command_kind)i;
            return 0;
        }
        names[count++] = kinds[i].name;
    }
    const char *near = nearest(text, names, count);
    return err_set(err, "unknown command %.40s%s%s", text,
                   near ? "; did you mean " : "", near ? near : "");
}

/* Tears the next tab-separated word off; NULL: none is left. */
static char *next_word(char **rest)
{
    char *word = *rest;
    if (!word)
        return NULL;
    char *tab = strchr(word, '\t');
    *rest = tab ? tab + 1 : NULL;
    if (tab)
        *tab = '\0';
    return word;
}

static int parse_parts(struct command *to, char *rest, struct err *err)
{
    unsigned has = kinds[to->kind].has;
    bool seen[PARTS] = {false};
    for (char *word = next_word(&rest); word; word = next_word(&rest)) {
        char *equals = strchr(word, '=');
        if (!equals)
            return err_set(err, "%.40s is no field=value", word);
        *equals = '\0';
        int i = 0;
        while (i < PARTS && strcmp(parts[i].name, word) != 0)
            i++;
        if (i == PARTS || !(has & parts[i].of) || seen[i])
            return err_set(err, "%s takes no%s %.40s", kinds[to->kind].name,
                           i < PARTS && seen[i] ? " second" : "", word);
        seen[i] = true;
        if (parse_part(to, word, equals + 1, err) < 0)
            return -1;
    }
    for (int i = 0; i < PARTS; i++)
        if (has & parts[i].of && !seen[i])
            return err_set(err, "%s needs %s=", kinds[to->kind].name,
                           parts[i].name);
    return 0;
}

int command_parse(struct command *to, long *tick, const char *line,
                  struct err *err)
{
    char *copy = xstrdup(line), *rest = copy;
    *to = (struct command){.run = -1, .site = -1};
    const char *word = next_word(&rest);
    int result = 0;
    if (parse_whole(tick, word, 0, 2000000000) < 0)
        result = err_set(err,
                         "%.40s is no tick; a line is tick, kind, "
                         "field=value, with tabs between",
                         word);
    else if (!rest)
        result = err_set(err, "the command is missing after its tick");
    else
        result = parse_kind(&to->kind, next_word(&rest), err);
    if (result == 0)
        result = parse_parts(to, rest, err);
    mem_free(copy);
    return result;
}

/*
 * rankscope merge: adapters into their base, or several into one adapter.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/io/rounding.h"
#include "tui/commands/commands.h"
#include "tui/commands/merge_print.h"
#include "tui/commands/options.h"
#include "tui/commands/root.h"
#include "tui/commands/subcommand.h"

struct ask {
    struct merge_ask of;
    struct option_list scale;
    const char *type;
    int rank;
    const char *dialect;
    bool as_adapter, json;
};

static bool take_scales(struct ask *ask)
{
    if (ask->scale.count > 1 && ask->scale.count != ask->of.adapters) {
        fprintf(stderr,
                "rankscope: %d times --scale for %d adapters; give it once, "
                "or once for each\n",
                ask->scale.count, ask->of.adapters);
        return false;
    }
    for (int i = 0; i < ask->of.adapters; i++) {
        char *end = NULL;
        const char *text = ask->scale.count == 0   ? "1"
                           : ask->scale.count == 1 ? ask->scale.at[0]
                                                   : ask->scale.at[i];
        errno = 0;
        ask->of.scale[i] = strtod(text, &end);
        if (end == text || *end || errno || !(fabs(ask->of.scale[i]) <= 100)) {
            fprintf(stderr,
                    "rankscope: --scale %.60s is not allowed; use -100..100\n",
                    text);
            return false;
        }
    }
    return true;
}

static int as_adapter(const struct ask *ask, struct err *err)
{
    struct combine *combine = combine_run(&ask->of, ask->rank, err);
    if (!combine)
        return -1;
    if (ask->json)
        merge_print_combine_json(combine, &ask->of);
    else
        merge_print_combine(combine, &ask->of);
    combine_close(combine);
    return 0;
}

/* Of several adapters: how they meet.  What cannot be told is left out. */
static void say_sum(const struct ask *ask)
{
    struct merge_ask only = ask->of;
    struct err err = {""};
    only.out = NULL;
    struct combine *combine = combine_run(&only, 0, &err);
    if (combine)
        merge_print_sum(combine);
    combine_close(combine);
}

static int merge_adapters(struct ask *ask, struct err *err)
{
    char base[ROOT_PATH];
    if (root_base(base, ask->of.base, err) != 0)
        return -1;
    ask->of.base = base;
    struct merge *merge = merge_run(&ask->of, err);
    if (!merge)
        return -1;
    if (ask->json) {
        merge_print_json(merge, &ask->of);
    } else {
        if (ask->of.adapters > 1)
            say_sum(ask);
        merge_print_table(merge, &ask->of);
    }
    merge_close(merge);
    return 0;
}

/* What the words alone say is wrong. */
static bool check_words(struct ask *ask)
{
    if (!ask->of.out)
        fprintf(stderr, "rankscope: merge needs -o DIR\n");
    else if (ask->rank && !ask->as_adapter)
        fprintf(stderr, "rankscope: --rank is about --as-adapter; add it\n");
    else if (ask->type && !tensor_type_find(&ask->of.type, ask->type))
        fprintf(stderr,
                "rankscope: --dtype %.60s is not known; use f32, f16 or "
                "bf16\n",
                ask->type);
    else if (ask->dialect && !adapter_names_find(&ask->of.names, ask->dialect))
        fprintf(stderr,
                "rankscope: --dialect %.60s is not written; use peft or "
                "kohya\n",
                ask->dialect);
    else if (ask->dialect && !ask->as_adapter)
        fprintf(stderr, "rankscope: --dialect is about --as-adapter; add it\n");
    else if (ask->of.adapters > MERGE_MOST)
        fprintf(stderr, "rankscope: at most %d adapters at once\n", MERGE_MOST);
    else
        return take_scales(ask);
    return false;
}

int command_merge(int argc, char **argv)
{
    struct ask ask = {0};
    const struct option_row table[] = {
        {"out", OPTION_TEXT, &ask.of.out, "DIR", "folder to write, or -o DIR",
         0, 0},
        {"scale", OPTION_LIST, &ask.scale, "S",
         "strength of the update (1), -1 takes it off; or one each", 0, 0},
        {"dtype", OPTION_TEXT, &ask.type, "TYPE", "f32, f16 or bf16 (as it is)",
         0, 0},
        {"as-adapter", OPTION_FLAG, &ask.as_adapter, NULL,
         "one adapter instead: the exact concatenation", 0, 0},
        {"dialect", OPTION_TEXT, &ask.dialect, "NAME",
         "of that adapter: peft, or kohya (peft)", 0, 0},
        {"rank", OPTION_INT, &ask.rank, "R",
         "of that adapter at most: the nearest update", 1, 1000000},
        {"force", OPTION_FLAG, &ask.of.force, NULL, "replace what is there", 0,
         0},
        {"json", OPTION_FLAG, &ask.json, NULL, "one JSON object", 0, 0},
        {NULL, OPTION_FLAG, NULL, NULL, NULL, 0, 0}};
    struct arguments arguments;
    int status;
    if (!options_parse(&status, &arguments, argc, argv,
                       "merge BASE ADAPTER... -o DIR [options]",
                       "W + s B A, of one or several adapters of any dialect, "
                       "and what storing it loses.\nBASE is a Hugging Face "
                       "folder of any model, or \"bundled\"; with "
                       "--as-adapter it is\nnot read.",
                       table, 2, MERGE_MOST + 1))
        return status;
    ask.of.base = arguments.at[0];
    for (int i = 1; i < arguments.count; i++)
        ask.of.adapter[ask.of.adapters++] = arguments.at[i];
    if (!check_words(&ask))
        return EXIT_USAGE;
    ask.of.has_type = ask.type != NULL;
    struct err err = {""};
    int bad =
        ask.as_adapter ? as_adapter(&ask, &err) : merge_adapters(&ask, &err);
    return bad ? fail(&err) : EXIT_DONE;
}

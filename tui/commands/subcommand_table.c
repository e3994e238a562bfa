/* Every subcommand, in the order help lists them; the first is what opens
 * when none is named. */
#include "tui/commands/subcommand.h"

#include <stddef.h>

#include "tui/commands/commands.h"

const struct subcommand subcommand_table[] = {
    {"open", "the workbench on a recipe, a stored run or a file", command_open},
    {"run", "the same without a screen", command_run},
    {"sweep", "a grid of runs, and its table beside the paper's",
     command_sweep},
    {"intrinsic", "how few random directions suffice, found by bisection",
     command_intrinsic},
    {"show", "one view of a stored run, as text or SVG", command_show},
    {"eval", "loss and metric of a base, with or without an adapter",
     command_eval},
    {"generate", "a text goes on", command_generate},
    {"spectrum", "singular values and rank measures of a stored update",
     command_spectrum},
    {"overlap", "what two stored updates share, beside chance",
     command_overlap},
    {"resize", "an adapter at another rank, or within a budget",
     command_resize},
    {"extract", "a LoRA from a base and what was tuned from it",
     command_extract},
    {"merge", "adapters into their base, or several into one", command_merge},
    {"pretrain", "makes a base model from the bundled world", command_pretrain},
    {"bench", "how fast one run steps, and what bounds it", command_bench},
    {NULL, NULL, NULL}};

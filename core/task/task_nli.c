/*
 * Task "nli": does a sentence follow from another?  Made by <nli> of the
 * world's grammar and shaped like MNLI (Williams et al. 2018), as many of each
 * label, or read from files of MNLI, RTE, MRPC, SST-2 (glue.h):
 *
 *     premise: Paul lives in Lima. Paul likes elephants.
 *     hypothesis: Paul likes pigs.
 *     A: no
 */
#include <stddef.h>

#include "core/task/glue.h"
#include "core/task/pairs.h"
#include "core/task/task_table.h"

static const char *const labels[] = {"yes", "maybe", "no", NULL};

static const struct pair_shape shape = {
    .symbol = "<nli>",
    .form = "a text with a last line \"A: yes\", \"A: maybe\" or \"A: no\"",
    .answer_at = "\nA:",
    .labels = labels,
    .read = glue_read,
    .expects = "MNLI, RTE, MRPC or SST-2, tab-separated or as jsonl",
};

static const char *const metrics[] = {"accuracy", NULL};

static int open_nli(struct task *task, struct err *err)
{
    return pairs_open(task, &shape, err);
}

const struct task_ops task_nli = {
    .name = "nli",
    .summary = "premise and hypothesis into yes, maybe or no",
    .metric = "exact match",
    .metrics = metrics,
    .open = open_nli,
    .close = pairs_close,
    .example = pairs_example,
    .report = pairs_report,
    .references = pairs_references,
    .labels = pairs_labels,
};

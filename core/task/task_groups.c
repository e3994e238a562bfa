/*
 * Task "groups", the toy of Li et al. 2018, section 2: D numbers in ten groups,
 * whose sums shall be 1, 2, ... 10,
 *
 *   L(theta) = sum over k of (sum over i in group k of theta_i - k)^2.     (1)
 *
 * The solutions are a plane of D - 10 dimensions, so the intrinsic dimension is
 * 10.  Written for a linear model of D inputs and one output: ten examples,
 * the one of group k has ones there and zeros elsewhere, and k for an answer.
 * The mean squared error is L / 10.  Nothing is held out.
 */
#include "core/task/task_table.h"

#include <stdio.h>
#include <string.h>

enum { GROUPS = 10 };

static int open_groups(struct task *task, struct err *err)
{
    struct task_conf *conf = &task->conf;
    if (conf->data)
        return err_set(err, "task groups has no files; remove data");
    if (conf->in % GROUPS != 0 || conf->out != 1)
        return err_set(err,
                       "task groups sums %d groups of a linear model's inputs "
                       "to one output, not %d to %d; say sizes: [1000, 1]",
                       GROUPS, conf->in, conf->out);
    if (conf->examples != 0 && conf->examples != GROUPS)
        return err_set(err,
                       "task groups has %d examples, not %d; remove "
                       "examples",
                       GROUPS, conf->examples);
    conf->examples = GROUPS;
    return 0;
}

static void close_groups(struct task *task)
{
    (void)task; /* examples are their own numbers */
}

static void sample(const struct task *task, struct sample *to, enum split split,
                   uint64_t index)
{
    int size = task->conf.in / GROUPS, group = (int)(index % GROUPS);
    (void)split; /* nothing is held out */
    memset(to->x, 0, (size_t)task->conf.in * sizeof *to->x);
    for (int i = 0; i < size; i++)
        to->x[group * size + i] = 1;
    to->y[0] = (float)(group + 1);
}

static void report(const struct task *task, struct task_report *to)
{
    to->examples[SPLIT_TRAIN] = to->examples[SPLIT_VALIDATION] = GROUPS;
    (void)snprintf(to->said, sizeof to->said,
                   "%d groups of %d numbers; nothing is held out", GROUPS,
                   task->conf.in / GROUPS);
}

const struct task_ops task_groups = {
    .name = "groups",
    .kind = EXAMPLE_VALUES,
    .summary = "ten sums of a linear model's weights, the toy of Li et al.",
    .open = open_groups,
    .close = close_groups,
    .sample = sample,
    .report = report,
};

/* See eval_task.h. */
#include "tui/commands/eval_task.h"

#include <math.h>
#include <stdio.h>

#include "core/task/score.h"

void eval_task_print(const struct task *task, const struct label_marks *labels,
                     double nats)
{
    struct task_report report = task_report(task);
    printf("perplexity: %.4g\n", exp(nats));
    if (labels->count) {
        double low, high;
        score_wilson(&low, &high, (double)labels->right, (double)labels->count);
        printf("accuracy: %.2f %% (95 %% interval %.1f..%.1f), by the label "
               "with the least loss\n",
               100 * (double)labels->right / (double)labels->count, 100 * low,
               100 * high);
    }
    if (report.examples[SPLIT_TRAIN])
        printf("data: %ld examples to train on, %ld held out, %ld cut at the "
               "front, %ld row%s skipped; %s\n",
               report.examples[SPLIT_TRAIN], report.examples[SPLIT_VALIDATION],
               report.cut, report.skipped, report.skipped == 1 ? "" : "s",
               report.said);
}

void eval_task_put(struct json *root, const struct task *task,
                   const struct label_marks *labels, double nats)
{
    struct task_report report = task_report(task);
    json_put_number(root, "perplexity", exp(nats));
    if (labels->count) {
        double low, high;
        score_wilson(&low, &high, (double)labels->right, (double)labels->count);
        json_put_number(root, "accuracy",
                        (double)labels->right / (double)labels->count);
        json_put_number(root, "accuracy_low", low);
        json_put_number(root, "accuracy_high", high);
    }
    if (!report.examples[SPLIT_TRAIN])
        return;
    struct json *data = json_new_object();
    json_put_integer(data, "train", report.examples[SPLIT_TRAIN]);
    json_put_integer(data, "held_out", report.examples[SPLIT_VALIDATION]);
    json_put_integer(data, "cut", report.cut);
    json_put_integer(data, "skipped", report.skipped);
    json_put_text(data, "said", report.said);
    json_put(root, "data", data);
}

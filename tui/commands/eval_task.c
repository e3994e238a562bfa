/* See eval_task.h. */
#include "tui/commands/eval_task.h"

#include <math.h>
#include <stdio.h>

#include "core/base/mem.h"
#include "core/model/choose.h"
#include "core/task/score.h"

struct eval_labels eval_labels(const struct language_model *lm,
                               const struct task *task, int examples)
{
    struct eval_labels to = {0, 0};
    const char *const *labels = task_labels(task);
    if (!labels)
        return to;
    struct pass *pass = pass_new(lm->model);
    pass_insert(pass, language_model_beside(lm));
    struct example example = {
        .ids = xcalloc((size_t)task->conf.context, sizeof *example.ids)};
    to.count = task_validation_size(task, examples);
    for (long i = 0; i < to.count; i++) {
        task->ops->example(task, &example, SPLIT_VALIDATION, (uint64_t)i);
        int chosen =
            choose_label(NULL, pass, &lm->weights, task, &example, labels);
        to.right += chosen == choose_right(task, &example, labels);
    }
    mem_free(example.ids);
    pass_free(pass);
    return to;
}

void eval_task_print(const struct task *task, const struct eval_labels *labels,
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
               "front, %ld rows skipped; %s\n",
               report.examples[SPLIT_TRAIN], report.examples[SPLIT_VALIDATION],
               report.cut, report.skipped, report.said);
}

void eval_task_put(struct json *root, const struct task *task,
                   const struct eval_labels *labels, double nats)
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

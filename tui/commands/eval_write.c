/* See eval_write.h. */
#include "tui/commands/eval_write.h"

#include "core/base/mem.h"
#include "core/model/answers.h"

enum { TOGETHER = 8 }; /* answers written side by side */

struct hearing {
    struct eval_written *written;
    const struct task *task;
};

/* The text without its end token, beside every right answer. */
static void judge_text(const struct hearing *hearing,
                       const struct answer *answer)
{
    struct eval_written *written = hearing->written;
    char *text = tokenizer_decode(hearing->task->conf.tokenizer, answer->ids,
                                  answer->count - answer->ended);
    struct references references =
        task_references(hearing->task, SPLIT_VALIDATION, answer->index);
    tally_add(written->tally, written->tallies, text, &references);
    references_free(&references);
    mem_free(text);
}

static void hear(void *ctx, const struct answer *answer)
{
    struct hearing *hearing = ctx;
    struct eval_written *written = hearing->written;
    if (written->tallies)
        judge_text(hearing, answer);
    written->examples++;
    written->exact += answer->exact;
    written->tokens += answer->count;
    written->cut += !answer->ended;
}

int eval_write(struct eval_written *written, const struct language_model *lm,
               const struct task *task, int examples, struct decode_conf conf,
               struct err *err)
{
    struct hearing hearing = {written, task};
    int context = task->conf.context;
    *written = (struct eval_written){0};
    written->tallies = tally_begin(written->tally, task);
    if (!task->ops->metric && !written->tallies)
        return err_set(err,
                       "--generate: task %s has no answers to write, only "
                       "text; leave it out",
                       task->ops->name);
    conf.end = tokenizer_end(lm->tokenizer);
    if (conf.tokens == 0)
        conf.tokens = context;
    struct decoder *decoder = decoder_new(
        lm->model, &lm->weights, decode_lanes(&conf, TOGETHER), context, err);
    if (!decoder)
        return -1;
    int status = decoder_insert(decoder, language_model_beside(lm), err);
    if (status == 0)
        answers_write(decoder, task, task_validation_size(task, examples),
                      &conf, (struct judge){&hearing, hear});
    decoder_free(decoder);
    return status;
}

/* See task_loss.h. */
#include "tui/commands/task_loss.h"

#include "core/base/mem.h"
#include "core/model/transformer.h"
#include "tui/commands/root.h"

struct score task_loss_score(const struct language_model *lm,
                             const struct batch *batch)
{
    struct score total = {0};
    struct pass *pass = pass_new(lm->model);
    pass_insert(pass, language_model_beside(lm));
    int parts = (batch->sequences + 7) / 8;
    int *starts = xcalloc((size_t)batch->sequences + 1, sizeof *starts);
    for (int i = 0; i < parts; i++) {
        struct batch slice = batch_slice(batch, i, parts, starts);
        struct score score = pass_score(pass, &lm->weights, &slice);
        total.loss += score.loss;
        total.targets += score.targets;
        total.exact += score.exact;
        total.sequences += score.sequences;
    }
    mem_free(starts);
    pass_free(pass);
    return total;
}

int task_loss_of(double *nats, const struct task_loss *ask, const char *adapter,
                 struct err *err)
{
    char world[ROOT_PATH];
    struct language_model lm;
    if (root_world(world, err) != 0 ||
        language_model_open(&lm, ask->base, adapter, 1, ADAPTER_MERGED, err))
        return -1;
    struct task_conf conf = {.name = ask->task,
                             .data = ask->data,
                             .assets = world,
                             .tokenizer = lm.tokenizer,
                             .seed = (uint64_t)ask->seed,
                             .context = lm.model->conf.context,
                             .examples = ask->examples};
    struct task *task = task_open(&conf, err);
    struct batch batch = {0};
    if (task) {
        task_validation(task, &batch, ask->examples);
        struct score score = task_loss_score(&lm, &batch);
        *nats = score.loss / (double)score.targets;
        batch_free(&batch);
    }
    task_close(task);
    language_model_close(&lm);
    return task ? 0 : -1;
}

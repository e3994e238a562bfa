/*
 * What a session stands on: base, tokenizer, task, and the batches that every
 * evaluation uses.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "experiments/base.h"
#include "experiments/session_private.h"

static int open_tokenizer(struct session *session, const char *given,
                          struct err *err)
{
    const char *path = session->tokenizer_path;
    if (given)
        snprintf(session->tokenizer_path, sizeof session->tokenizer_path, "%s",
                 given);
    else
        file_join(session->tokenizer_path, sizeof session->tokenizer_path,
                  session->base_folder, "tokenizer.json");
    session->tokenizer = tokenizer_open(path, err);
    return session->tokenizer ? 0 : -1;
}

int session_context(const struct session *session)
{
    int most = session->model->conf.context, asked = session->recipe.context;
    return asked > 0 && asked < most ? asked : most;
}

/* One slice must fit; a pass has no way to fail later. */
static int check_memory(const struct session *session, struct err *err)
{
    const struct recipe *recipe = &session->recipe;
    int slice = (recipe->batch - 1) / recipe->slices + 1;
    size_t need =
        pass_bytes(session->model, NULL, slice, session_context(session));
    /* Two batches of training and one of evaluation, if rows of numbers. */
    size_t rows = 2 * (size_t)recipe->batch + (size_t)recipe->evaluate_examples;
    size_t row = (size_t)model_inputs(session->model) +
                 (size_t)model_outputs(session->model);
    need += sizeof(float) * rows * row;
    if (need <= mem_machine())
        return 0;
    return err_set(
        err,
        "batches of %d sequences, %d a slice, may need %.0f GiB, more than "
        "this machine has; raise slices, lower batch, or lower the task's "
        "context, which is %d",
        recipe->batch, slice, (double)need / (1 << 30),
        session_context(session));
}

static int open_base(struct session *session, const char *tokenizer,
                     struct err *err)
{
    const struct recipe *recipe = &session->recipe;
    (void)base_folder(session->base_folder, sizeof session->base_folder,
                      recipe->is_fresh ? "bundled" : recipe->base,
                      session->assets);
    session->model = recipe->is_fresh ? base_fresh(recipe, err)
                                      : model_open(session->base_folder, err);
    if (!session->model)
        return -1;
    if (session->model->conf.reads != EXAMPLE_TEXT) {
        session->tokenizer_path[0] = '\0';
        return 0;
    }
    if (model_check_writes(session->model, err) < 0)
        return -1;
    return open_tokenizer(session, tokenizer, err);
}

static int check_vocabulary(const struct session *session, struct err *err)
{
    if (!session->tokenizer) /* a base that reads numbers */
        return 0;
    int ids = tokenizer_size(session->tokenizer);
    int vocab = session->model->conf.vocab;
    if (ids <= vocab)
        return 0;
    return err_set(err,
                   "%.300s has %d tokens, the base knows %d; take the "
                   "tokenizer that belongs to the base",
                   session->tokenizer_path, ids, vocab);
}

static struct task *open_task(struct session *session, const char *name,
                              const char *data, int examples, struct err *err)
{
    const struct recipe *recipe = &session->recipe;
    const struct model *model = session->model;
    struct task_conf conf = {.name = name,
                             .data = data && data[0] ? data : NULL,
                             .assets = session->world_folder,
                             .tokenizer = session->tokenizer,
                             .seed = recipe->task_seed ? recipe->task_seed
                                                       : recipe->seed,
                             .context = session_context(session),
                             .examples = examples,
                             .skip_bad = session->recipe.skip_bad,
                             .reads = model->conf.reads,
                             .in = model_inputs(model),
                             .out = model_outputs(model)};
    if (model->conf.reads == EXAMPLE_VALUES)
        conf.base = model->base.site[0];
    if (strcmp(name, recipe->task) == 0) {
        conf.rank = recipe->task_rank;
        conf.shuffle_pixels = recipe->shuffle_pixels;
        conf.random_labels = recipe->random_labels;
    }
    return task_open(&conf, err);
}

static int open_tasks(struct session *session, struct err *err)
{
    const struct recipe *recipe = &session->recipe;
    session->task =
        open_task(session, recipe->task, recipe->data, recipe->examples, err);
    if (!session->task)
        return -1;
    task_held_out(session->task, &session->validation, recipe->evaluate_from,
                  recipe->evaluate_examples);
    if (session->validation.sequences == 0)
        return err_set(err,
                       "task %s has only %ld held-out examples; "
                       "evaluate from a smaller number than %ld",
                       recipe->task,
                       task_report(session->task).examples[SPLIT_VALIDATION],
                       recipe->evaluate_from);
    if (recipe->forget_examples == 0)
        return 0;
    session->corpus = open_task(session, "world", NULL, 0, err);
    if (!session->corpus)
        return err_prefix(err, "evaluate.forget");
    task_validation(session->corpus, &session->forget, recipe->forget_examples);
    return 0;
}

static int cores(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count > 48 ? 48 : (int)count;
}

int assemble(struct session *session, const struct session_options *options,
             struct err *err)
{
    if (strlen(options->assets) >= sizeof session->assets - 32 ||
        (options->out && strlen(options->out) >= sizeof session->out))
        return err_set(err, "a path is too long; use at most 480 bytes");
    snprintf(session->assets, sizeof session->assets, "%s", options->assets);
    file_join(session->world_folder, sizeof session->world_folder,
              session->assets, "world");
    if (open_base(session, options->tokenizer, err) < 0 ||
        check_vocabulary(session, err) < 0 || check_memory(session, err) < 0 ||
        open_tasks(session, err) < 0)
        return -1;
    int threads = options->threads > 0 ? options->threads : cores();
    session->team = team_new(threads, err);
    return session->team ? 0 : -1;
}

void disassemble(struct session *session)
{
    team_free(session->team);
    batch_free(&session->batch[0]);
    batch_free(&session->batch[1]);
    batch_free(&session->validation);
    batch_free(&session->forget);
    if (session->corpus)
        task_close(session->corpus);
    if (session->task)
        task_close(session->task);
    if (session->tokenizer)
        tokenizer_close(session->tokenizer);
    model_free(session->model);
}

/* See pretrain.h. */
#include "experiments/pretrain.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/task/trigram.h"
#include "core/task/world.h"
#include "core/train/run.h"
#include "experiments/recipe_field.h"

/* Text the tokenizer learns from: enough that every word of the world comes
 * up many times. */
enum { TOKENIZER_DOCUMENTS = 20000 };

struct making {
    const struct recipe *recipe;
    const struct pretrain_options *options;
    struct tokenizer *tokenizer;
    struct task *task;
    struct model *model;
    struct run *run;
    struct team *team;
    struct batch batch, validation;
    struct trigram *trigram; /* learns from the same text beside the model */
    long tokens;
};

static int prepare_folder(const struct pretrain_options *options,
                          struct err *err)
{
    enum { LONGEST = 900 }; /* names are put behind it */
    char path[1024];
    if (strlen(options->out) > LONGEST)
        return err_set(err,
                       "the path of --out is too long; use at most %d "
                       "bytes",
                       (int)LONGEST);
    if (file_exists(
            file_join(path, sizeof path, options->out, "model.safetensors")) &&
        !options->force)
        return err_set(err,
                       "%s holds a model already; choose another --out, "
                       "or --force to replace it",
                       options->out);
    return file_make_folder(options->out, err);
}

/* The text of many documents, one after another; freed by mem_free(). */
static char *gather(const struct world *world, uint64_t seed, size_t *size)
{
    char *text = NULL;
    size_t used = 0, room = 0;
    for (uint64_t i = 0; i < TOKENIZER_DOCUMENTS; i++) {
        char *document = world_document(world, seed, i);
        size_t more = strlen(document);
        if (used + more + 1 > room) {
            size_t next = 2 * room + more + 1;
            text = xgrow(text, room, next, 1);
            room = next;
        }
        memcpy(text + used, document, more);
        used += more;
        text[used++] = '\n';
        mem_free(document);
    }
    *size = used;
    return text;
}

static int make_tokenizer(struct making *m, struct err *err)
{
    char path[1024];
    (void)file_join(path, sizeof path, m->options->assets, "world");
    struct world *world = world_open(path, err);
    if (!world)
        return -1;
    size_t size;
    char *text = gather(world, m->recipe->seed, &size);
    (void)file_join(path, sizeof path, m->options->out, "tokenizer.json");
    int status = tokenizer_train(path, text, size, m->recipe->fresh.vocab, err);
    mem_free(text);
    world_close(world);
    if (status == 0)
        m->tokenizer = tokenizer_open(path, err);
    return m->tokenizer ? 0 : -1;
}

static int make_model(struct making *m, struct err *err)
{
    const struct recipe *recipe = m->recipe;
    const struct fresh_base *f = &recipe->fresh;
    struct model_conf conf = {.family = "gpt2",
                              .layers = f->layers,
                              .width = f->width,
                              .heads = f->heads,
                              .inner = f->inner,
                              .context = f->context,
                              .vocab = tokenizer_size(m->tokenizer),
                              .norm_eps = 1e-5F,
                              .tied = true};
    m->model = model_new(&conf, err);
    if (!m->model)
        return -1;
    if (model_init(m->model, recipe->seed) < 0)
        return err_set(err,
                       "a base of %d layers, width %d and %d tokens does "
                       "not fit into memory; make it smaller",
                       conf.layers, conf.width, conf.vocab);
    struct run_conf run = {.method = {.name = "full", .seed = recipe->seed},
                           .optimizer = recipe->run[0].optimizer,
                           .seed = recipe->seed,
                           .steps = recipe->steps,
                           .slices = recipe->slices};
    m->run = run_new(m->model, &run, err);
    return m->run ? 0 : -1;
}

static int make_task(struct making *m, struct err *err)
{
    char path[1024];
    (void)file_join(path, sizeof path, m->options->assets, "world");
    struct task_conf conf = {.name = m->recipe->task,
                             .assets = path,
                             .tokenizer = m->tokenizer,
                             .seed = m->recipe->task_seed ? m->recipe->task_seed
                                                          : m->recipe->seed,
                             .context = m->recipe->fresh.context,
                             .examples = m->recipe->examples};
    m->task = task_open(&conf, err);
    if (!m->task)
        return -1;
    task_held_out(m->task, &m->validation, m->recipe->evaluate_from,
                  m->recipe->evaluate_examples);
    m->trigram = trigram_new(tokenizer_size(m->tokenizer));
    return 0;
}

/* Visits the whole sequences of a batch: what predicts and, last, what is
 * only predicted.  Returns the sum of visit's values. */
static double each_sequence(struct trigram *trigram, const struct batch *batch,
                            double (*visit)(struct trigram *trigram,
                                            const int32_t *ids, int count))
{
    int32_t *ids = xcalloc((size_t)batch->tokens + 1, sizeof *ids);
    double total = 0;
    for (int s = 0; s < batch->sequences; s++) {
        int from = batch->start[s], count = batch->start[s + 1] - from;
        memcpy(ids, batch->id + from, (size_t)count * sizeof *ids);
        ids[count] = batch->target[from + count - 1];
        total += visit(trigram, ids, count + 1);
    }
    mem_free(ids);
    return total;
}

static double learn_sequence(struct trigram *trigram, const int32_t *ids,
                             int count)
{
    trigram_add(trigram, ids, count);
    return 0;
}

static double validate(struct making *m)
{
    run_post_evaluate(m->run, m->team, &m->validation);
    team_wait(m->team);
    struct score score = run_score(m->run);
    return score.loss / (double)score.targets;
}

static int train(struct making *m, struct pretrain_result *result,
                 struct err *err)
{
    const struct recipe *recipe = m->recipe;
    while (run_step(m->run) < recipe->steps) {
        long step = run_step(m->run);
        task_batch(m->task, &m->batch, recipe->seed, step, recipe->batch);
        run_post_step(m->run, m->team, &m->batch);
        team_wait(m->team);
        struct step_result now = run_result(m->run);
        if (now.diverged)
            return err_set(err,
                           "pretraining diverged at step %ld; try a "
                           "smaller lr",
                           step);
        m->tokens += m->batch.tokens;
        (void)each_sequence(m->trigram, &m->batch, learn_sequence);
        struct pretrain_progress progress = {.step = step + 1,
                                             .steps = recipe->steps,
                                             .loss = now.loss,
                                             .validation_loss = NAN,
                                             .tokens = m->tokens};
        if ((step + 1) % recipe->evaluate_every == 0 ||
            step + 1 == recipe->steps)
            progress.validation_loss = result->validation_loss = validate(m);
        m->options->report(m->options->ctx, &progress);
    }
    result->tokens = m->tokens;
    result->validation_tokens = m->validation.targets;
    result->trigram_loss =
        each_sequence(m->trigram, &m->validation, trigram_nats) /
        (double)m->validation.targets;
    result->parameters = model_parameters(m->model);
    return 0;
}

static void dismiss(struct making *m)
{
    batch_free(&m->batch);
    batch_free(&m->validation);
    trigram_free(m->trigram);
    task_close(m->task);
    run_free(m->run);
    model_free(m->model);
    team_free(m->team);
    if (m->tokenizer)
        tokenizer_close(m->tokenizer);
}

int pretrain(struct pretrain_result *result, const struct recipe *recipe,
             const struct pretrain_options *options, struct err *err)
{
    struct making m = {.recipe = recipe, .options = options};
    *result =
        (struct pretrain_result){.validation_loss = NAN, .trigram_loss = NAN};
    if (!recipe->is_fresh)
        return err_set(err,
                       "pretrain makes a new model: the recipe's base "
                       "must be {layers: ..., width: ...}, not \"%s\"",
                       recipe->base);
    if (base_use(recipe->fresh.family) == BASE_DENSE)
        return err_set(err,
                       "pretrain makes language models; a new %s base is made "
                       "by `run` when it begins",
                       recipe->fresh.family);
    int status = prepare_folder(options, err);
    if (status == 0)
        status = make_tokenizer(&m, err);
    if (status == 0)
        status = make_task(&m, err);
    if (status == 0)
        status = make_model(&m, err);
    if (status == 0) {
        m.team = team_new(options->threads, err);
        status = m.team ? train(&m, result, err) : -1;
    }
    if (status == 0)
        status = model_save(m.model, run_weights(m.run), options->out, err);
    dismiss(&m);
    return status;
}

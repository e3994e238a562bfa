/*
 * rankscope eval: loss and the task's metric on held-out examples, of a base
 * alone or with an adapter.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/json.h"
#include "core/model/transformer.h"
#include "tui/commands/commands.h"
#include "tui/commands/language_model.h"
#include "tui/commands/options.h"
#include "tui/commands/root.h"
#include "tui/commands/subcommand.h"

struct eval {
    const char *task, *data, *adapter;
    int examples, seed;
    double strength;
    bool unmerged, json;
};

/* Eight sequences at a time: memory stays small whatever the data. */
static struct score score_all(const struct language_model *lm,
                              const struct batch *batch)
{
    struct score total = {0};
    struct pass *pass = pass_new(lm->model);
    language_model_insert(lm, pass);
    int parts = (batch->sequences + 7) / 8;
    int *starts = xcalloc((size_t)batch->sequences + 1, sizeof *starts);
    for (int i = 0; i < parts; i++) {
        struct batch slice = batch_slice(batch, i, parts, starts);
        struct score score = pass_score(pass, &lm->weights, &slice);
        total.nats += score.nats;
        total.targets += score.targets;
        total.exact += score.exact;
        total.sequences += score.sequences;
    }
    mem_free(starts);
    pass_free(pass);
    return total;
}

static void report(const struct eval *e, const struct task *task,
                   const struct score *score)
{
    double nats = score->nats / (double)score->targets;
    double exact = (double)score->exact / (double)score->sequences;
    if (!e->json) {
        printf("%s: %.4f nats per token over %ld tokens of %ld examples\n",
               e->task, nats, score->targets, score->sequences);
        if (task->ops->metric)
            printf("%s: %.2f %%\n", task->ops->metric, 100 * exact);
        return;
    }
    struct json *root = json_new_object();
    json_put_text(root, "task", e->task);
    json_put_number(root, "nats_per_token", nats);
    json_put_integer(root, "tokens", score->targets);
    json_put_integer(root, "examples", score->sequences);
    if (task->ops->metric)
        json_put_number(root, "exact_match", exact);
    char *text = json_write(root);
    printf("%s", text);
    mem_free(text);
    json_free(root);
}

static int eval(const struct eval *e, const char *base, struct err *err)
{
    char world[ROOT_PATH];
    struct language_model lm;
    if (root_world(world, err) != 0 ||
        language_model_open(&lm, base, e->adapter, e->strength,
                            e->unmerged ? ADAPTER_BESIDE : ADAPTER_MERGED,
                            err) != 0)
        return -1;
    struct task_conf conf = {.name = e->task,
                             .data = e->data,
                             .assets = world,
                             .tokenizer = lm.tokenizer,
                             .seed = (uint64_t)e->seed,
                             .context = lm.model->conf.context};
    struct task *task = task_open(&conf, err);
    if (task) {
        struct batch batch = {0};
        task_validation(task, &batch, e->examples);
        struct score score = score_all(&lm, &batch);
        report(e, task, &score);
        batch_free(&batch);
        task_close(task);
    }
    language_model_close(&lm);
    return task ? 0 : -1;
}

int command_eval(int argc, char **argv)
{
    struct eval e = {.examples = 200, .seed = 1, .strength = 1};
    const struct option_row table[] = {
        {"task", OPTION_TEXT, &e.task, "NAME", "world or sql", 0, 0},
        {"data", OPTION_TEXT, &e.data, "PATH",
         "published file instead of the generator", 0, 0},
        {"adapter", OPTION_TEXT, &e.adapter, "DIR", "PEFT adapter to add", 0,
         0},
        {"scale", OPTION_REAL, &e.strength, "S",
         "strength of the adapter's update (1)", -100, 100},
        {"examples", OPTION_INT, &e.examples, "N", "held-out examples (200)", 1,
         1000000},
        {"seed", OPTION_INT, &e.seed, "N",
         "of the examples, as a recipe's seed (1)", 0, 2147483647},
        {"unmerged", OPTION_FLAG, &e.unmerged, NULL,
         "compute W0 x + s B (A x) instead of merging", 0, 0},
        {"json", OPTION_FLAG, &e.json, NULL, "one JSON object", 0, 0},
        {NULL, OPTION_FLAG, NULL, NULL, NULL, 0, 0}};
    struct arguments arguments;
    int status;
    if (!options_parse(&status, &arguments, argc, argv,
                       "eval BASE --task NAME [options]",
                       "Loss and metric on held-out examples.  BASE is a "
                       "Hugging Face folder, or \"bundled\".",
                       table, 1, 1))
        return status;
    if (!e.task) {
        fprintf(stderr, "rankscope: eval needs --task NAME\n");
        return EXIT_USAGE;
    }
    struct err err = {""};
    return eval(&e, arguments.at[0], &err) == 0 ? EXIT_DONE : fail(&err);
}

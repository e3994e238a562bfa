/*
 * rankscope eval: loss and the task's metric on held-out examples, of a base
 * alone or with an adapter.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/json.h"
#include "core/model/transformer.h"
#include "experiments/exam.h"
#include "tui/commands/commands.h"
#include "tui/commands/eval_task.h"
#include "tui/commands/language_model.h"
#include "tui/commands/options.h"
#include "tui/commands/root.h"
#include "tui/commands/subcommand.h"
#include "tui/commands/task_loss.h"

struct eval {
    const char *task, *data, *adapter;
    int examples, seed;
    double strength;
    int context;
    bool unmerged, json, generate, skip_bad;
    struct decode_conf decode; /* with generate */
};

struct outcome {
    struct score score;
    struct label_marks labels;
    struct written_marks written; /* with generate */
};

static void print_written(const struct eval *e, const struct task *task,
                          const struct written_marks *written)
{
    double share = (double)written->exact / (double)written->examples;
    printf("%s, written",
           task->ops->metric ? task->ops->metric : "exact match");
    if (e->decode.beam > 1)
        printf(" with beam %d", e->decode.beam);
    printf(": %.2f %%, %ld tokens", 100 * share, written->tokens);
    if (written->cut)
        printf(", %ld answers cut off", written->cut);
    printf("\n");
    for (int i = 0; i < written->tallies; i++)
        printf("%s, written: %.2f %%\n", written->tally[i].kind->name,
               100 * tally_value(&written->tally[i]));
}

static void put_written(struct json *root, const struct eval *e,
                        const struct written_marks *written)
{
    struct json *to = json_new_object();
    json_put_integer(to, "beam", e->decode.beam);
    json_put_number(to, "length_penalty", e->decode.length_penalty);
    json_put_integer(to, "no_repeat", e->decode.no_repeat);
    json_put_integer(to, "tokens", written->tokens);
    json_put_integer(to, "cut_off", written->cut);
    json_put_number(to, "exact_match",
                    (double)written->exact / (double)written->examples);
    for (int i = 0; i < written->tallies; i++)
        json_put_number(to, written->tally[i].kind->name,
                        tally_value(&written->tally[i]));
    json_put(root, "written", to);
}

static void report(const struct eval *e, const struct task *task,
                   const struct outcome *outcome)
{
    const struct score *score = &outcome->score;
    double nats = score->loss / (double)score->targets;
    double exact = (double)score->exact / (double)score->sequences;
    if (!e->json) {
        printf("%s: %.4f nats per token over %ld tokens of %ld examples\n",
               e->task, nats, score->targets, score->sequences);
        if (task->ops->metric)
            printf("%s: %.2f %%\n", task->ops->metric, 100 * exact);
        eval_task_print(task, &outcome->labels, nats);
        if (e->generate)
            print_written(e, task, &outcome->written);
        return;
    }
    struct json *root = json_new_object();
    json_put_text(root, "task", e->task);
    json_put_number(root, "nats_per_token", nats);
    json_put_integer(root, "tokens", score->targets);
    json_put_integer(root, "examples", score->sequences);
    if (task->ops->metric)
        json_put_number(root, "exact_match", exact);
    eval_task_put(root, task, &outcome->labels, nats);
    if (e->generate)
        put_written(root, e, &outcome->written);
    char *text = json_write(root);
    printf("%s", text);
    mem_free(text);
    json_free(root);
}

/* Tokens of an example at most. */
static int context_of(const struct eval *e, const struct language_model *lm)
{
    int most = lm->model->conf.context;
    return e->context > 0 && e->context < most ? e->context : most;
}

static int measure(const struct eval *e, const struct language_model *lm,
                   const struct task *task, struct err *err)
{
    struct outcome outcome = {0};
    struct batch batch = {0};
    struct exam exam = {.model = lm->model,
                        .weights = &lm->weights,
                        .beside = language_model_beside(lm),
                        .task = task,
                        .examples = e->examples,
                        .decode = e->decode};
    if (e->generate && !exam_can_write(task))
        return err_set(err,
                       "--generate: task %s has no answers to write, only "
                       "text; leave it out",
                       task->ops->name);
    if ((e->generate && exam_write(&outcome.written, &exam, err) != 0) ||
        exam_labels(&outcome.labels, &exam, err) != 0)
        return -1;
    task_validation(task, &batch, e->examples);
    outcome.score = task_loss_score(lm, &batch);
    batch_free(&batch);
    report(e, task, &outcome);
    return 0;
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
                             .context = context_of(e, &lm),
                             /* what there is to memorise is what is asked */
                             .examples = e->examples,
                             .skip_bad = e->skip_bad};
    struct task *task = task_open(&conf, err);
    int status = task ? measure(e, &lm, task, err) : -1;
    task_close(task);
    language_model_close(&lm);
    return status;
}

int command_eval(int argc, char **argv)
{
    struct eval e = {
        .examples = 200, .seed = 1, .strength = 1, .decode = {.beam = 1}};
    const struct option_row table[] = {
        {"task", OPTION_TEXT, &e.task, "NAME",
         "world, sql, nli, summary, e2e, text, cipher or memorise", 0, 0},
        {"data", OPTION_TEXT, &e.data, "PATH",
         "published file instead of the generator", 0, 0},
        {"context", OPTION_INT, &e.context, "N",
         "tokens of an example at most (what the base has)", 2, 1 << 24},
        {"skip-bad", OPTION_FLAG, &e.skip_bad, NULL,
         "count bad rows of data and go on", 0, 0},
        {"adapter", OPTION_TEXT, &e.adapter, "DIR",
         "an adapter, or a run's method folder", 0, 0},
        {"scale", OPTION_REAL, &e.strength, "S",
         "strength of the adapter's update (1)", -100, 100},
        {"examples", OPTION_INT, &e.examples, "N", "held-out examples (200)", 1,
         1000000},
        {"seed", OPTION_INT, &e.seed, "N",
         "of the examples, as a recipe's seed (1)", 0, 2147483647},
        {"unmerged", OPTION_FLAG, &e.unmerged, NULL,
         "compute W0 x + s B (A x) instead of merging", 0, 0},
        {"generate", OPTION_FLAG, &e.generate, NULL,
         "also let the model write the answers, greedily", 0, 0},
        {"beam", OPTION_INT, &e.decode.beam, "N",
         "by a beam search of so many hypotheses instead (1)", 1,
         DECODE_BEAM_MOST},
        {"length-penalty", OPTION_REAL, &e.decode.length_penalty, "A",
         "a beam's log p is divided by ((5 + n) / 6)^A (0)", 0, 10},
        {"no-repeat", OPTION_INT, &e.decode.no_repeat, "N",
         "write no N tokens in a row twice; 0: may (0)", 0, 1000},
        {"tokens", OPTION_INT, &e.decode.tokens, "N",
         "of an answer at most (what the context has room for)", 1, 100000},
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
    const struct decode_conf *d = &e.decode;
    if (!e.generate && (d->beam > 1 || d->length_penalty > 0 ||
                        d->no_repeat > 0 || d->tokens > 0)) {
        fprintf(stderr, "rankscope: --beam, --length-penalty, --no-repeat and "
                        "--tokens are about --generate; add it\n");
        return EXIT_USAGE;
    }
    struct err err = {""};
    return eval(&e, arguments.at[0], &err) == 0 ? EXIT_DONE : fail(&err);
}

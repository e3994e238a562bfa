/* rankscope pretrain: makes a base model, with a line of progress. */
#include <math.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "experiments/pretrain.h"
#include "tui/commands/commands.h"
#include "tui/commands/options.h"
#include "tui/commands/progress.h"
#include "tui/commands/root.h"
#include "tui/commands/subcommand.h"

struct watch {
    struct progress_line line;
    double smooth;
};

static void report(void *ctx, const struct pretrain_progress *p)
{
    struct watch *watch = ctx;
    watch->smooth =
        p->step == 1 ? p->loss : 0.98 * watch->smooth + 0.02 * p->loss;
    char text[96];
    (void)snprintf(text, sizeof text, "loss %.3f", watch->smooth);
    progress_draw(&watch->line, p->step, p->steps, text);
    if (isfinite(p->validation_loss))
        progress_say(&watch->line,
                     "step %ld: %.4f nats per token held-out, %.1f M tokens "
                     "seen",
                     p->step, p->validation_loss, 1e-6 * (double)p->tokens);
}

static int make(const char *name, const char *out, bool force, int threads,
                const struct option_list *sets, struct err *err)
{
    char path[ROOT_PATH], assets[ROOT_PATH];
    struct recipe recipe;
    if (root_recipe(path, name, err) != 0 || root_assets(assets, err) != 0 ||
        recipe_read(&recipe, path, sets->at, sets->count, err) != 0)
        return -1;
    struct watch watch = {.line = progress_begin()};
    struct pretrain_options options = {.assets = assets,
                                       .out = out,
                                       .force = force,
                                       .threads = threads,
                                       .report = report,
                                       .ctx = &watch};
    struct pretrain_result result;
    int status = pretrain(&result, &recipe, &options, err);
    progress_end(&watch.line);
    if (status == 0)
        printf("%s: %ld parameters, %ld tokens seen\n"
               "held-out, nats per token over %ld tokens: model %.4f, "
               "trigram %.4f\n",
               out, result.parameters, result.tokens, result.validation_tokens,
               result.validation_loss, result.trigram_loss);
    return status;
}

int command_pretrain(int argc, char **argv)
{
    const char *out = NULL;
    bool force = false;
    int threads = (int)sysconf(_SC_NPROCESSORS_ONLN);
    struct option_list sets = {.count = 0};
    const struct option_row table[] = {
        {"out", OPTION_TEXT, &out, "DIR", "folder for the model", 0, 0},
        {"force", OPTION_FLAG, &force, NULL, "replace a model that is there", 0,
         0},
        {"set", OPTION_LIST, &sets, "K=V", "change a field of the recipe", 0,
         0},
        {"threads", OPTION_INT, &threads, "N", "threads (all cores)", 1, 48},
        {NULL, OPTION_FLAG, NULL, NULL, NULL, 0, 0}};
    struct arguments arguments;
    int status;
    if (!options_parse(&status, &arguments, argc, argv,
                       "pretrain RECIPE --out DIR [options]",
                       "Makes a tokenizer and a base model from the "
                       "bundled world's text.",
                       table, 1, 1))
        return status;
    if (!out) {
        fprintf(stderr, "rankscope: pretrain needs --out DIR\n");
        return EXIT_USAGE;
    }
    struct err err = {""};
    return make(arguments.at[0], out, force, threads, &sets, &err) == 0
               ? EXIT_DONE
               : fail(&err);
}

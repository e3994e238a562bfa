/*
 * rankscope run: a recipe with no screen.  A bar on a terminal; without one,
 * a line for each evaluation.
 */
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "experiments/session.h"
#include "tui/commands/commands.h"
#include "tui/commands/options.h"
#include "tui/commands/progress.h"
#include "tui/commands/root.h"
#include "tui/commands/run_study.h"
#include "tui/commands/stop.h"
#include "tui/commands/subcommand.h"

struct teller {
    struct progress_line line;
    long told[SNAPSHOT_RUNS]; /* rows of validation already printed */
    int events;
};

static void tell_run(struct teller *teller, const struct snapshot *now, int i)
{
    const struct run_view *run = &now->run[i];
    for (; teller->told[i] < run->validation.length; teller->told[i]++) {
        struct point at = series_at(run->validation.series, teller->told[i]);
        char metric[48] = "";
        if (teller->told[i] < run->metric_series.length)
            (void)snprintf(
                metric, sizeof metric, ", %s %.1f %%", now->metric_name,
                100 * series_at(run->metric_series.series, teller->told[i])
                          .value);
        progress_say(&teller->line, "%s step %ld: validation %.4f %s%s",
                     run->name, at.step, at.value, snapshot_loss_unit(now),
                     metric);
    }
}

static void tell(struct teller *teller, const struct snapshot *now)
{
    for (; teller->events < now->event_count; teller->events++)
        progress_say(&teller->line, "%s", now->event[teller->events].text);
    double loss = NAN;
    for (int i = 0; i < now->run_count; i++) {
        tell_run(teller, now, i);
        loss = isfinite(now->run[i].train_loss) ? now->run[i].train_loss : loss;
    }
    char text[64];
    (void)snprintf(text, sizeof text, "%d runs, loss %.3f", now->run_count,
                   loss);
    progress_draw(&teller->line, now->tick, now->steps, text);
}

/* Until the session has finished or somebody stops it. */
static void follow(struct session *session)
{
    struct teller teller = {.line = progress_begin()};
    bool finished = false;
    while (!finished && !stop_asked()) {
        struct pollfd wake = {session_wake_fd(session), POLLIN, 0};
        char bytes[64];
        if (poll(&wake, 1, 500) > 0)
            (void)!read(wake.fd, bytes, sizeof bytes); /* only a bell */
        const struct snapshot *now = session_look(session);
        tell(&teller, now);
        finished = now->finished;
        snapshot_release(now);
    }
    progress_end(&teller.line);
}

static void print_result(const struct snapshot *end, bool written)
{
    for (int i = 0; i < end->run_count; i++) {
        const struct run_view *run = &end->run[i];
        bool diverged = run->state == RUN_DIVERGED;
        printf("%s\t%s\tstep %ld", run->name, run->method, run->step);
        /* Of a diverged run the last validation is of another moment. */
        if (!diverged)
            printf("\tvalidation %.4f %s", run->validation_loss,
                   snapshot_loss_unit(end));
        if (!diverged && end->metric_name[0] && isfinite(run->metric))
            printf("\t%s %.1f %%", end->metric_name, 100 * run->metric);
        printf("%s%s\n", run->state_text[0] ? "\t" : "", run->state_text);
    }
    if (end->folder[0] && written)
        printf("results in %s\n", end->folder);
}

/* What the studies need is asked for before the first step. */
static int prepare(struct session *session, const struct recipe *recipe,
                   const struct option_list *studies, struct err *err)
{
    for (int i = 0; i < studies->count; i++)
        if (run_study_prepare(session, recipe, studies->at[i], err) != 0)
            return -1;
    return 0;
}

static int run(const struct recipe *recipe,
               const struct session_options *options,
               const struct option_list *studies, struct err *err)
{
    struct session *session = session_open(recipe, options, err);
    if (!session)
        return -1;
    stop_catch();
    /* A journal that is replayed has added them at its time. */
    int status = options->journal ? 0 : prepare(session, recipe, studies, err);
    if (status == 0)
        status = session_start(session, err);
    if (status == 0)
        follow(session);
    if (status == 0 && !stop_asked())
        status = session_wait(session, err);
    const struct snapshot *end = session_look(session);
    if (!stop_asked() && end->tick > 0)
        print_result(end, status == 0);
    snapshot_release(end);
    for (int i = 0; i < studies->count && status == 0 && !stop_asked(); i++)
        status = run_study_report(session, recipe, studies->at[i], err);
    session_close(session);
    if (stop_asked()) {
        fprintf(stderr, "rankscope: stopped%s\n",
                options->out ? "; --resume goes on from here" : "");
        stop_end();
    }
    return status;
}

int command_run(int argc, char **argv)
{
    char path[ROOT_PATH], assets[ROOT_PATH];
    struct session_options options = {.assets = assets};
    struct option_list sets = {.count = 0}, studies = {.count = 0};
    const struct option_row table[] = {
        {"set", OPTION_LIST, &sets, "K=V",
         "change a field: steps=100, runs.r8.rank=4", 0, 0},
        {"out", OPTION_TEXT, &options.out, "DIR", "keep the results here", 0,
         0},
        {"force", OPTION_FLAG, &options.force, NULL,
         "DIR may exist; its results are replaced", 0, 0},
        {"resume", OPTION_FLAG, &options.resume, NULL,
         "go on from DIR's last checkpoint", 0, 0},
        {"journal", OPTION_TEXT, &options.journal, "FILE",
         "replay these commands", 0, 0},
        {"study", OPTION_LIST, &studies, "NAME",
         "section7 or twins: train what it needs, print it", 0, 0},
        {"threads", OPTION_INT, &options.threads, "N", "threads (all cores)", 1,
         48},
        {"checkpoint", OPTION_REAL, &options.checkpoint_seconds, "S",
         "seconds between checkpoints (15)", 0.001, 86400},
        {NULL, OPTION_FLAG, NULL, NULL, NULL, 0, 0}};
    struct arguments arguments;
    int status;
    if (!options_parse(&status, &arguments, argc, argv, "run RECIPE [options]",
                       "Runs a recipe without a screen.  RECIPE is a file, "
                       "or a name in the library.",
                       table, 1, 1))
        return status;
    if (options.resume && !options.out) {
        fprintf(stderr, "rankscope: run --resume needs --out DIR\n");
        return EXIT_USAGE;
    }
    struct err err = {""};
    struct recipe recipe;
    if (root_recipe(path, arguments.at[0], &err) != 0 ||
        root_assets(assets, &err) != 0 ||
        recipe_read(&recipe, path, sets.at, sets.count, &err) != 0)
        return fail(&err);
    return run(&recipe, &options, &studies, &err) == 0 ? EXIT_DONE : fail(&err);
}

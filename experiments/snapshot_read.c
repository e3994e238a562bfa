/*
 * A stored run folder as the snapshot of its last rows: what `show` prints
 * and `open RUN` looks at.  Reads only text: recipe.yaml, sites.tsv,
 * events.tsv, checkpoint.json (which may be missing after a crash), and each
 * run's metrics.tsv and spectra.tsv.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/io/json.h"
#include "core/task/task.h"
#include "experiments/lines.h"
#include "experiments/metrics_read.h"
#include "experiments/recipe_field.h"
#include "experiments/session_private.h"
#include "experiments/snapshot_owned.h"
#include "experiments/spectra_read.h"

static bool read_site(struct site *to, char *line)
{
    char *word[5];
    if (!lines_split(line, word, 5))
        return false;
    int kind = site_kind_find(word[1]);
    *to = (struct site){.kind = (enum site_kind)kind,
                        .layer = lines_whole(word[2]),
                        .out = lines_whole(word[3]),
                        .in = lines_whole(word[4])};
    snprintf(to->name, sizeof to->name, "%s", word[0]);
    return kind >= 0 && to->out > 0 && to->in > 0;
}

static int read_sites(struct snapshot *snapshot, const char *folder,
                      struct err *err)
{
    struct lines lines;
    struct site site;
    if (lines_open(&lines, folder, "sites.tsv", err) < 0)
        return -1;
    int room = 0, result = 0;
    for (const char *c = lines.text; *c; c++)
        room += *c == '\n';
    struct site *sites =
        snapshot_take(snapshot, (size_t)room + 1, sizeof *sites);
    for (char *line; result == 0 && (line = lines_next(&lines));) {
        if (!read_site(&site, line)) {
            result = err_set(err, "%.300s/sites.tsv: line %d is no site",
                             folder, snapshot->site_count + 2);
            break;
        }
        sites[snapshot->site_count++] = site;
        if (site.kind != SITE_HEAD && site.layer >= snapshot->layers)
            snapshot->layers = site.layer + 1;
    }
    snapshot->site = sites;
    lines_close(&lines);
    return result;
}

/* Rows that cannot be read are the snapshot's message; none at all is how a
 * run begins. */
static void read_curves(struct snapshot *snapshot, struct run_view *run,
                        const char *folder)
{
    char path[PATH_ROOM];
    struct metrics metrics;
    struct lane lane = {.last = {.validation_loss = NAN,
                                 .metric = NAN,
                                 .forget_loss = NAN,
                                 .lr = NAN}};
    struct series **series[] = {&lane.train, &lane.validation, &lane.metric,
                                &lane.forget, &lane.grad_norm};
    struct series_view *views[] = {&run->train, &run->validation,
                                   &run->metric_series, &run->forget,
                                   &run->grad_norm};
    file_join(path, sizeof path, folder, "metrics.tsv");
    for (int i = 0; i < 5; i++)
        *series[i] = series_new();
    struct err err = {{0}};
    if (file_exists(path) && metrics_read(&metrics, path, &err) == 0) {
        for (long i = 0; i < metrics.count; i++)
            lane_take(&lane, &metrics.row[i]);
        metrics_free(&metrics);
    }
    if (err.text[0])
        snprintf(snapshot->message, sizeof snapshot->message, "%s", err.text);
    for (int i = 0; i < 5; i++) {
        *views[i] = snapshot_view(snapshot, *series[i]);
        series_release(*series[i]);
    }
    run->step = lane.last.step;
    run->branch = lane.last.branch;
    run->lr = lane.last.lr;
    run->validation_loss = lane.last.validation_loss;
    run->metric = lane.last.metric;
    run->forget_loss = lane.last.forget_loss;
    run->train_loss =
        lane.smooth_weight > 0 ? lane.smooth / lane.smooth_weight : NAN;
}

static void read_run(struct snapshot *snapshot, const char *folder,
                     const struct run_spec *spec, int id)
{
    char inside[64], path[PATH_ROOM];
    if (snapshot->run_count == SNAPSHOT_RUNS)
        return;
    struct run_view *run = &snapshot->run[snapshot->run_count++];
    bool has_rank = method_has_rank(spec->method);
    run->id = id;
    snprintf(run->name, sizeof run->name, "%s", spec->name);
    snprintf(run->method, sizeof run->method, "%s", spec->method);
    run->alpha = has_rank ? spec->alpha : NAN;
    run->lr_peak = spec->optimizer.lr;
    run->seed = spec->seed;
    run->tokens_per_second = NAN;
    run->site = snapshot_take(snapshot, (size_t)snapshot->site_count,
                              sizeof *run->site);
    for (int i = 0; i < snapshot->site_count; i++)
        run->site[i] = site_view_unknown();
    snprintf(inside, sizeof inside, "runs/%s", spec->name);
    file_join(path, sizeof path, folder, inside);
    read_curves(snapshot, run, path);
    spectra_read(snapshot, run, path);
    run->state = run->step >= snapshot->steps ? RUN_DONE : RUN_RUNNING;
}

/* What checkpoint.json adds to a run that read_run() made. */
static void read_progress(struct run_view *run, const struct json *from)
{
    const char *trouble = json_text(json_get(from, "trouble"), "");
    run->trainable = (long)json_int(json_get(from, "trainable"), 0);
    run->undo_depth = json_length(json_get(from, "undo"));
    if (!trouble[0])
        return;
    run->state = RUN_DIVERGED;
    snprintf(run->state_text, sizeof run->state_text, "%s", trouble);
}

static void read_checkpoint(struct snapshot *snapshot, const char *folder,
                            const struct json *root,
                            const struct recipe *recipe)
{
    const struct json *base = json_get(root, "base");
    const struct json *runs = json_get(root, "runs");
    snapshot->tick = (long)json_int(json_get(root, "tick"), 0);
    snapshot->steps = (long)json_int(json_get(root, "steps"), snapshot->steps);
    snapshot->base_validation_loss =
        json_number(json_get(base, "validation_loss"), NAN);
    snapshot->base_forget_loss =
        json_number(json_get(base, "forget_loss"), NAN);
    for (int i = 0; i < json_length(runs); i++) {
        struct run_spec spec;
        const struct json *run = json_at(runs, i);
        const char *text = json_text(json_get(run, "spec"), "");
        if (json_bool(json_get(run, "removed"), false) ||
            snapshot->run_count == SNAPSHOT_RUNS ||
            recipe_parse_run(&spec, text, "spec", recipe, NULL) < 0)
            continue;
        read_run(snapshot, folder, &spec, i);
        read_progress(&snapshot->run[snapshot->run_count - 1], run);
    }
}

static void read_events(struct snapshot *snapshot, const char *folder)
{
    struct lines lines;
    char *word[5];
    int room = 0;
    if (lines_open(&lines, folder, "events.tsv", NULL) < 0)
        return;
    for (const char *c = lines.text; *c; c++)
        room += *c == '\n';
    struct event *event =
        snapshot_take(snapshot, (size_t)room + 1, sizeof *event);
    for (char *line; (line = lines_next(&lines));) {
        if (!lines_split(line, word, 5))
            continue;
        struct event *to = &event[snapshot->event_count++];
        *to = (struct event){.tick = lines_whole(word[0]),
                             .step = lines_whole(word[1]),
                             .run = -1,
                             .is_change = strcmp(word[3], "change") == 0,
                             .is_trouble = strcmp(word[3], "trouble") == 0};
        for (int i = 0; i < snapshot->run_count; i++)
            if (strcmp(snapshot->run[i].name, word[2]) == 0)
                to->run = snapshot->run[i].id;
        snprintf(to->text, sizeof to->text, "%s", word[4]);
    }
    snapshot->event = event;
    lines_close(&lines);
}

static void show_recipe(struct snapshot *snapshot, const struct recipe *recipe,
                        const char *folder)
{
    const struct task_ops *task = task_find(recipe->task);
    snprintf(snapshot->title, sizeof snapshot->title, "%s", recipe->title);
    snprintf(snapshot->base, sizeof snapshot->base, "%.63s",
             recipe->is_fresh ? "a new model" : recipe->base);
    snprintf(snapshot->task, sizeof snapshot->task, "%s", recipe->task);
    snprintf(snapshot->metric_name, sizeof snapshot->metric_name, "%s",
             task && task->metric ? task->metric : "");
    snprintf(snapshot->folder, sizeof snapshot->folder, "%s", folder);
    snapshot->steps = recipe->steps;
    snapshot->ticks_per_second = NAN;
    snapshot->base_validation_loss = snapshot->base_forget_loss = NAN;
}

static int read_folder(struct snapshot *snapshot, const char *folder,
                       struct err *err)
{
    char path[PATH_ROOM];
    struct recipe recipe;
    if (strlen(folder) >= sizeof snapshot->folder)
        return err_set(err, "%.100s...: a folder name has at most %zu bytes",
                       folder, sizeof snapshot->folder - 1);
    file_join(path, sizeof path, folder, "recipe.yaml");
    if (recipe_read(&recipe, path, NULL, 0, err) < 0)
        return -1;
    show_recipe(snapshot, &recipe, folder);
    if (read_sites(snapshot, folder, err) < 0)
        return -1;
    file_join(path, sizeof path, folder, "checkpoint.json");
    struct json *root = file_exists(path) ? json_read(path, err) : NULL;
    if (file_exists(path) && !root)
        return -1;
    if (root)
        read_checkpoint(snapshot, folder, root, &recipe);
    json_free(root);
    for (int i = 0; i < recipe.run_count && !root; i++)
        read_run(snapshot, folder, &recipe.run[i], i);
    if (snapshot->message[0])
        return err_set(err, "%s", snapshot->message);
    read_events(snapshot, folder);
    bool done = true;
    for (int i = 0; i < snapshot->run_count; i++) {
        long step = snapshot->run[i].step;
        snapshot->tick = step > snapshot->tick ? step : snapshot->tick;
        done = done && snapshot->run[i].state != RUN_RUNNING;
    }
    snapshot->finished = done;
    snapshot->paused = !done; /* a file does not run */
    return 0;
}

const struct snapshot *snapshot_read(const char *folder, struct err *err)
{
    struct snapshot *snapshot = snapshot_new();
    if (read_folder(snapshot, folder, err) == 0)
        return snapshot;
    snapshot_release(snapshot);
    return NULL;
}

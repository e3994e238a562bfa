/*
 * See results.h.  checkpoint.json names the runs and the file of each one's
 * state; the base comes from recipe.yaml, or from whoever knows where it is
 * now.
 */
#include "experiments/results.h"

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/nearest.h"
#include "core/io/file.h"
#include "core/io/json.h"
#include "core/train/run.h"
#include "experiments/base.h"
#include "experiments/moment_make.h"

enum { RESULTS_PATH = 1024, RESULTS_GIVEN = 800, RESULTS_RUNS = 256 };

struct results {
    char folder[RESULTS_PATH];
    struct recipe recipe;
    struct json *checkpoint;
    struct model *model;
    const struct json *run[RESULTS_RUNS]; /* in checkpoint */
    int id[RESULTS_RUNS];                 /* their places in it */
    int count;
};

static bool holds(const char *folder, const char *name)
{
    char path[RESULTS_PATH];
    return strlen(folder) <= RESULTS_GIVEN &&
           file_exists(file_join(path, sizeof path, folder, name));
}

bool results_is(const char *folder)
{
    return holds(folder, "recipe.yaml") && holds(folder, "sites.tsv");
}

static int read_checkpoint(struct results *to, struct err *err)
{
    char path[RESULTS_PATH];
    (void)file_join(path, sizeof path, to->folder, "checkpoint.json");
    if (!file_exists(path))
        return err_set(err,
                       "%s: there is no checkpoint yet; go on with rankscope "
                       "run %s/recipe.yaml --out %s --resume",
                       to->folder, to->folder, to->folder);
    to->checkpoint = json_read(path, err);
    if (!to->checkpoint)
        return -1;
    const struct json *runs = json_get(to->checkpoint, "runs");
    for (int i = 0; i < json_length(runs) && to->count < RESULTS_RUNS; i++) {
        const struct json *run = json_at(runs, i);
        const char *name = json_text(json_get(run, "name"), "");
        if (!*name || strlen(name) >= RECIPE_NAME || strchr(name, '/'))
            return err_set(err, "%s: run %d has no name; the file is damaged",
                           path, i);
        if (json_bool(json_get(run, "removed"), false))
            continue;
        to->id[to->count] = i;
        to->run[to->count++] = run;
    }
    if (to->count == 0)
        return err_set(err, "%s: names no run", path);
    return 0;
}

static int read_base(struct results *to, const char *base, const char *assets,
                     struct err *err)
{
    if (base)
        to->model = base_open(base, assets, err);
    else if (to->recipe.is_fresh)
        to->model = base_fresh(&to->recipe, err);
    else
        to->model = base_open(to->recipe.base, assets, err);
    if (to->model || base || to->recipe.is_fresh)
        return to->model ? 0 : -1;
    return err_prefix(err,
                      "the base of %s cannot be opened (--base says where it "
                      "is now)",
                      to->folder);
}

struct results *results_open(const char *folder, const char *base,
                             const char *assets, struct err *err)
{
    char path[RESULTS_PATH];
    if (strlen(folder) > RESULTS_GIVEN) {
        err_set(err, "%.60s...: a folder's name has at most %d bytes", folder,
                (int)RESULTS_GIVEN);
        return NULL;
    }
    struct results *to = xcalloc(1, sizeof *to);
    (void)snprintf(to->folder, sizeof to->folder, "%s", folder);
    (void)file_join(path, sizeof path, folder, "recipe.yaml");
    if (recipe_read(&to->recipe, path, NULL, 0, err) == 0 &&
        read_checkpoint(to, err) == 0 && read_base(to, base, assets, err) == 0)
        return to;
    results_close(to);
    return NULL;
}

void results_close(struct results *results)
{
    if (!results)
        return;
    json_free(results->checkpoint);
    model_free(results->model);
    mem_free(results);
}

const struct model *results_model(const struct results *results)
{
    return results->model;
}

int results_count(const struct results *results)
{
    return results->count;
}

const char *results_name(const struct results *results, int i)
{
    return json_text(json_get(results->run[i], "name"), "");
}

/* "r1, r8, full": as many as fit. */
static void list_runs(char to[256], const struct results *results)
{
    size_t used = 0;
    to[0] = '\0';
    for (int i = 0; i < results->count && used < 200; i++)
        used += (size_t)snprintf(to + used, 256 - used, "%s%.40s",
                                 i ? ", " : "", results_name(results, i));
}

int results_find(const struct results *results, const char *run,
                 struct err *err)
{
    char list[256];
    const char *names[RESULTS_RUNS];
    for (int i = 0; i < results->count; i++) {
        names[i] = results_name(results, i);
        if (run ? strcmp(names[i], run) == 0 : results->count == 1)
            return i;
    }
    list_runs(list, results);
    if (!run)
        return err_set(err, "%s holds %d runs; choose one with --run: %s",
                       results->folder, results->count, list);
    const char *near = nearest(run, names, results->count);
    if (near)
        return err_set(err, "%s has no run %.40s; did you mean %s?",
                       results->folder, run, near);
    return err_set(err, "%s has no run %.40s; there are %s", results->folder,
                   run, list);
}

/* What the method was made with; ranks come with the state. */
static int conf_of(struct method_conf *conf, const struct results *results,
                   int run, struct err *err)
{
    struct run_spec spec;
    const char *text = json_text(json_get(results->run[run], "spec"), "");
    if (recipe_parse_run(&spec, text, "spec", &results->recipe, err) < 0)
        return -1;
    const struct method_ops *ops = method_find(spec.method);
    if (!ops)
        return err_set(err, "run %s: method %s is not known", spec.name,
                       spec.method);
    *conf = recipe_method(&spec);
    if (ops->uses & USES_RANKS)
        conf->rank = 1; /* fits every site until the state says its rank */
    return 0;
}

struct method *results_method(const struct results *results, int run,
                              long *step, char *file, struct err *err)
{
    char path[RESULTS_PATH];
    struct method_conf conf;
    long version = (long)json_int(json_get(results->run[run], "version"), 0);
    (void)snprintf(file, RESULTS_PATH, "runs/%s/checkpoint-%ld.safetensors",
                   results_name(results, run), version);
    if (conf_of(&conf, results, run, err) < 0) {
        err_prefix(err, "%s/checkpoint.json", results->folder);
        return NULL;
    }
    (void)file_join(path, sizeof path, results->folder, file);
    struct safetensors *from = safetensors_open(path, err);
    if (!from)
        return NULL;
    struct method *method =
        run_load_method(step, results->model, &conf, from, err);
    safetensors_close(from);
    if (!method)
        err_prefix(err, "%s", path);
    return method;
}

const struct moment *results_moment(const struct results *results, int run,
                                    struct err *err)
{
    char file[RESULTS_PATH];
    long step;
    struct method *method = results_method(results, run, &step, file, err);
    if (!method)
        return NULL;
    struct moment *moment =
        moment_of_method(method, results_name(results, run), step);
    moment->run = results->id[run];
    moment->steps = (long)json_int(json_get(results->checkpoint, "steps"), 0);
    moment->version = (long)json_int(json_get(results->run[run], "version"), 0);
    moment->branch = (int)json_int(json_get(results->run[run], "branch"), 0);
    method_free(method);
    return moment;
}

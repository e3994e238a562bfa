/*
 * See stored.h.  First it is found out what the path is, then its reader reads
 * it; stored_pairs.c knows an adapter's pairs.
 */
#define _XOPEN_SOURCE 700 /* realpath */
#include "experiments/stored.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/mem.h"
#include "core/io/adapter_find.h"
#include "core/io/file.h"
#include "core/method/lora.h"
#include "experiments/base.h"
#include "experiments/moment_make.h"
#include "experiments/stored_owned.h"

enum { STORED_PATH = 1024, STORED_GIVEN = 800 };

/* What a path turned out to be. */
struct place {
    const char *path;
    bool is_folder, is_results, is_run, is_adapter, is_model;
    char results[STORED_PATH]; /* the folder of results it lies in, or "" */
    char run[RECIPE_NAME];     /* whose run's folder it is, or is in */
};

const char *stored_kind_name(enum stored_kind kind)
{
    static const char *const name[] = {"lora", "delta", "weights"};
    return name[kind];
}

static bool is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static bool holds(const char *folder, const char *name)
{
    char path[STORED_PATH];
    return file_exists(file_join(path, sizeof path, folder, name));
}

/* RESULTS/runs/NAME, given that path without links and dots. */
static bool is_run_folder(struct place *to, char *path)
{
    char *name = strrchr(path, '/');
    if (!name || strlen(name + 1) >= sizeof to->run)
        return false;
    *name++ = '\0';
    char *runs = strrchr(path, '/');
    if (!runs || strcmp(runs, "/runs") != 0)
        return false;
    *runs = '\0';
    if (strlen(path) > STORED_GIVEN || !results_is(path))
        return false;
    (void)snprintf(to->results, sizeof to->results, "%s", path);
    (void)snprintf(to->run, sizeof to->run, "%s", name);
    return true;
}

static struct place place_of(const char *path)
{
    struct place to = {.path = path};
    to.is_folder = is_folder(path);
    if (!to.is_folder) {
        to.is_adapter = adapter_find_is_tensors(path) && adapter_file_is(path);
        return to;
    }
    to.is_results = results_is(path);
    to.is_adapter = holds(path, "adapter_config.json");
    to.is_model = !to.is_adapter && holds(path, "config.json");
    char *real = realpath(path, NULL);
    char *above = real ? strdup(real) : NULL;
    char *slash = above ? strrchr(above, '/') : NULL;
    if (slash)
        *slash = '\0';
    if (real && !to.is_results && !to.is_adapter && !to.is_model)
        to.is_run = is_run_folder(&to, real);
    else if (slash)
        (void)is_run_folder(&to, above);
    free(real);
    free(above);
    return to;
}

bool stored_is_known(const char *folder)
{
    if (strlen(folder) > STORED_GIVEN)
        return false;
    struct place place = place_of(folder);
    return place.is_results || place.is_run || place.is_adapter ||
           place.is_model;
}

/* The run's name, or else the folder's. */
static void name_place(char *to, size_t size, const struct place *place)
{
    const char *path = place->path;
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t from = end;
    while (from > 0 && path[from - 1] != '/')
        from--;
    if (place->run[0])
        (void)snprintf(to, size, "%s", place->run);
    else
        (void)snprintf(to, size, "%.*s", (int)(end - from), path + from);
}

static int refuse_place(const struct place *place, struct err *err)
{
    if (place->is_folder)
        return err_set(err,
                       "%s is no folder of results, no run's, no PEFT adapter "
                       "and no model: it has no recipe.yaml, "
                       "adapter_config.json or config.json; give a folder "
                       "that has one",
                       place->path);
    if (file_exists(place->path))
        return err_set(err, "%s is a file; give the folder it lies in",
                       place->path);
    return err_set(err,
                   "there is no folder %s; give a folder of results, a run's, "
                   "a PEFT adapter's or a model's",
                   place->path);
}

static void origin_of_run(struct origin *to, const struct method *method,
                          int site, const char *file)
{
    struct site_state is = {0};
    int param = method_param(method, PARAM_A, site);
    if (param < 0) /* of some methods A does not train */
        param = method_param(method, PARAM_BT, site);
    if (param < 0)
        param = method_param(method, PARAM_W, site);
    if (param >= 0)
        (void)snprintf(to->tensor, sizeof to->tensor, "%s",
                       method->param[param].name);
    else /* a tied head is the embedding */
        (void)snprintf(to->tensor, sizeof to->tensor, "embed");
    if (!method->ops->state_of)
        return;
    method->ops->state_of(method, site, &is);
    bool root = is.rule == SCALE_ALPHA_SQRT_R;
    const char *name = strrchr(file, '/');
    (void)snprintf(to->scale_from, sizeof to->scale_from,
                   "%s: alpha %g / %s%d%s", name ? name + 1 : file, is.alpha,
                   root ? "sqrt(r " : "r ", is.rank, root ? ")" : "");
}

static int read_run(struct stored *to, const char *folder, const char *run,
                    const char *base, const char *assets, struct err *err)
{
    char file[STORED_PATH];
    long step;
    struct results *results = to->owned->results =
        results_open(folder, base, assets, err);
    int index = results ? results_find(results, run, err) : -1;
    struct method *method =
        index >= 0 ? results_method(results, index, &step, file, err) : NULL;
    if (!method)
        return -1;
    const char *name = results_name(results, index);
    to->model = results_model(results);
    to->moment = moment_of_method(method, name, step);
    to->kind = moment_is_dense(to->moment) ? STORED_DELTA : STORED_LORA;
    to->storage = STORED_F32;
    to->rounded = 1; /* W0 is exact: training began with it */
    to->origin = xcalloc((size_t)to->model->site_count, sizeof *to->origin);
    for (int i = 0; i < to->model->site_count; i++)
        if (to->moment->site[i].adapted)
            origin_of_run(&to->origin[i], method, i, file);
    (void)snprintf(to->what, sizeof to->what, "run %s of %s at step %ld", name,
                   folder, step);
    method_free(method);
    return 0;
}

/* The base of what is no run: as given, or as the results folder around it
 * says.  NULL without a sentence when nobody knows one. */
static const struct model *find_base(struct stored *to,
                                     const struct place *place,
                                     const char *base, const char *assets,
                                     struct err *err)
{
    struct stored_owned *owned = to->owned;
    if (base)
        return owned->model = base_look(base, assets, err);
    if (!place->results[0])
        return NULL;
    owned->results = results_open(place->results, NULL, assets, err);
    return owned->results ? results_model(owned->results) : NULL;
}

static int read_adapter(struct stored *to, const struct place *place,
                        const char *base, const char *assets, struct err *err)
{
    char own[512];
    if (!base && adapter_base_name(own, sizeof own, place->path, err) < 0)
        return -1;
    if (!base && (strcmp(own, "bundled") == 0 || is_folder(own)))
        base = own;
    if (!base && !place->results[0] && !own[0])
        return err_set(err,
                       "%s: nothing beside it names its base; say with --base "
                       "which it is: \"bundled\", or a Hugging Face folder",
                       place->path);
    if (!base && !place->results[0])
        return err_set(err,
                       "%s: its config names %s as its base, which is no "
                       "folder here; say with --base where it is: \"bundled\", "
                       "or a Hugging Face folder",
                       place->path, own);
    to->model = find_base(to, place, base, assets, err);
    if (!to->model)
        return -1;
    to->kind = STORED_LORA;
    (void)snprintf(to->what, sizeof to->what, "adapter %s", place->path);
    char name[RECIPE_NAME];
    name_place(name, sizeof name, place);
    return stored_read_adapter(to, place->path, name, err);
}

static int read_model(struct stored *to, const struct place *place,
                      const char *base, const char *assets, struct err *err)
{
    bool has_base = base || place->results[0];
    struct model *tuned = model_look(place->path, err);
    if (!tuned)
        return -1;
    to->model = has_base ? find_base(to, place, base, assets, err) : tuned;
    to->kind = has_base ? STORED_DELTA : STORED_WEIGHTS;
    if (has_base)
        (void)snprintf(to->what, sizeof to->what, "%s against its base %s",
                       place->path, base ? base : "in the recipe");
    else
        (void)snprintf(to->what, sizeof to->what, "weights of %s", place->path);
    char name[RECIPE_NAME];
    name_place(name, sizeof name, place);
    int status = -1;
    if (to->model)
        status = stored_read_model(to, tuned, place->path, name, err);
    if (status == 0 && base)
        stored_weigh(to);
    if (!has_base)
        to->owned->model = tuned;
    else
        model_free(tuned);
    return status;
}

static int read_place(struct stored *to, const struct place *place,
                      const char *run, const char *base, const char *assets,
                      struct err *err)
{
    if (place->is_results)
        return read_run(to, place->path, run, base, assets, err);
    if (!place->is_run && !place->is_adapter && !place->is_model)
        return refuse_place(place, err);
    if (run && strcmp(run, place->run) != 0)
        return err_set(err, "%s is no folder of results, so it has no run %s",
                       place->path, run);
    if (place->is_run)
        return read_run(to, place->results, place->run, base, assets, err);
    return place->is_adapter ? read_adapter(to, place, base, assets, err)
                             : read_model(to, place, base, assets, err);
}

struct stored *stored_open(const char *path, const char *run, const char *base,
                           const char *assets, struct err *err)
{
    if (!*path || strlen(path) > STORED_GIVEN) {
        err_set(err, "\"%.60s\": a folder's name has 1 to %d bytes", path,
                (int)STORED_GIVEN);
        return NULL;
    }
    struct stored *to = xcalloc(1, sizeof *to);
    to->owned = xcalloc(1, sizeof *to->owned);
    struct place place = place_of(path);
    if (read_place(to, &place, run, base, assets, err) == 0)
        return to;
    stored_close(to);
    return NULL;
}

void stored_close(struct stored *stored)
{
    if (!stored)
        return;
    struct stored_owned *owned = stored->owned;
    moment_release(stored->moment);
    adapter_close(owned->adapter);
    results_close(owned->results);
    model_free(owned->model);
    mem_free(owned->fused.site);
    mem_free(owned->fused.base.site);
    mem_free(owned->fused_base);
    mem_free(owned);
    mem_free(stored->origin);
    mem_free(stored);
}

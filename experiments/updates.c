/* What a path holds, and who reads it: see updates.h. */
#include "experiments/updates.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/mem.h"
#include "core/io/adapter_file.h"
#include "core/io/adapter_find.h"
#include "core/io/file.h"
#include "experiments/results.h"
#include "experiments/updates_owned.h"

enum { GIVEN_MOST = 800 };

static bool is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static bool holds(const char *folder, const char *name)
{
    char path[1024];
    return strlen(folder) <= GIVEN_MOST &&
           file_exists(file_join(path, sizeof path, folder, name));
}

/* The last part of a path. */
static void take_name(struct updates *to, const char *path)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t from = end;
    while (from > 0 && path[from - 1] != '/')
        from--;
    (void)snprintf(to->name, sizeof to->name, "%.*s", (int)(end - from),
                   path + from);
}

static void start_again(struct updates *to)
{
    char name[sizeof to->name];
    memcpy(name, to->name, sizeof name);
    if (to->ops)
        to->ops->close(to);
    mem_free(to->site);
    *to = (struct updates){.step = -1};
    memcpy(to->name, name, sizeof name);
}

/* PEFT's name is enough: what is wrong with it is then said of an adapter. */
static bool is_adapter_file(const char *path)
{
    static const char usual[] = "adapter_model.";
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    return strncmp(name, usual, strlen(usual)) == 0 || adapter_file_is(path);
}

/* A model of a family that is known site by site; any other tensor by tensor,
 * and why. */
static int open_model(struct updates *to, const struct updates_ask *ask,
                      struct err *err)
{
    struct err unknown = {""}, other = {""};
    if (updates_of_stored(to, ask, &unknown) == 0)
        return 0;
    start_again(to);
    if (ask->run) /* a checkpoint has none, whatever its family */
        return err_set(err, "%s", unknown.text);
    if (updates_of_tensors(to, ask->path, ask->base, &other) == 0) {
        (void)snprintf(to->note, sizeof to->note,
                       "tensor by tensor, for as a model it is not known: %s",
                       unknown.text);
        return 0;
    }
    return err_set(err, "%s", unknown.text);
}

/* q, k and v in one, as GPT-2 has them. */
static bool has_fused(const char *path)
{
    static const char fused[] = "c_attn";
    struct adapter_file *file = adapter_file_open(path, NULL);
    bool has = false;
    for (int i = 0; file && !has && i < adapter_file_count(file); i++)
        has = strstr(adapter_file_at(file, i)->name, fused) != NULL;
    adapter_file_close(file);
    return has;
}

/* An adapter; with its model where somebody asked for that.  To split what is
 * apart already no model is needed. */
static int open_adapter(struct updates *to, const struct updates_ask *ask,
                        struct err *err)
{
    bool with_model = ask->split || ask->needs_base || ask->base;
    if (!with_model)
        return updates_of_adapter(to, ask->path, err);
    int status = updates_of_stored(to, ask, err);
    if (status == 0 || ask->needs_base || ask->base || has_fused(ask->path))
        return status;
    status = updates_of_adapter(to, ask->path, err);
    if (status == 0)
        (void)snprintf(to->note, sizeof to->note,
                       "nothing to split: none of its modules is a c_attn");
    return status;
}

static int open_path(struct updates *to, const struct updates_ask *ask,
                     struct err *err)
{
    const char *path = ask->path;
    if (!is_folder(path)) {
        if (!file_exists(path) || !adapter_find_is_tensors(path))
            return updates_of_stored(to, ask, err); /* which says what it is */
        if (is_adapter_file(path))
            return open_adapter(to, ask, err);
        return updates_of_tensors(to, path, ask->base, err);
    }
    if (holds(path, "adapter_config.json"))
        return open_adapter(to, ask, err);
    if (!results_is(path) && holds(path, "config.json"))
        return open_model(to, ask, err);
    if (!stored_is_known(path) && adapter_find_count(path))
        return updates_of_adapter(to, path, err);
    return updates_of_stored(to, ask, err);
}

struct updates *updates_open(const struct updates_ask *ask, struct err *err)
{
    if (!*ask->path || strlen(ask->path) > GIVEN_MOST) {
        err_set(err, "\"%.60s\": a path has 1 to %d bytes", ask->path,
                (int)GIVEN_MOST);
        return NULL;
    }
    struct updates *to = xcalloc(1, sizeof *to);
    to->step = -1;
    take_name(to, ask->path);
    if (open_path(to, ask, err) == 0)
        return to;
    updates_close(to);
    return NULL;
}

void updates_close(struct updates *updates)
{
    if (!updates)
        return;
    start_again(updates);
    mem_free(updates);
}

int updates_find(const struct updates *updates, const char *name)
{
    for (int i = 0; i < updates->count; i++)
        if (strcmp(updates->site[i].name, name) == 0)
            return i;
    return -1;
}

int updates_take(struct held *to, const struct updates *updates, int site,
                 struct err *err)
{
    *to = (struct held){0};
    if (updates->ops->take(to, updates, site, err) == 0)
        return 0;
    updates_put(to);
    return -1;
}

void updates_put(struct held *held)
{
    for (int i = 0; i < 3; i++)
        mat_free(&held->own[i]);
    *held = (struct held){0};
}

const char *updates_caveat(const struct updates *updates, int i)
{
    if (updates->note[0] && i-- == 0)
        return updates->note;
    return updates->ops->caveat ? updates->ops->caveat(updates, i) : NULL;
}

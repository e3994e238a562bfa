/* See kept_grid.h. */
#include "experiments/kept_grid.h"

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/io/json.h"
#include "experiments/recipe_read.h"

/* A folder of FOLDER_MOST bytes leaves room for the names in it. */
enum {
    PATH_BYTES = 1024,
    FOLDER_MOST = 900,
    KEPT_BYTES = 4 << 20,
    SETS_MOST = 256
};

static const char *path_in(char path[PATH_BYTES], const char *folder,
                           const char *name)
{
    return file_join(path, PATH_BYTES, folder, name);
}

int kept_grid_write(const char *folder, const char *path,
                    const char *const *sets, int set_count, bool quick,
                    struct err *err)
{
    char to[PATH_BYTES], *text, *name;
    size_t size;
    if (file_read(&text, &size, path, RECIPE_BYTES, err) < 0)
        return -1;
    name = strrchr(path, '/');
    struct json *root = json_new_object(), *list = json_new_array();
    json_put_text(root, "recipe", name ? name + 1 : path);
    json_put_bool(root, "quick", quick);
    for (int i = 0; i < set_count; i++)
        json_push_text(list, sets[i]);
    json_put(root, "set", list);
    json_put_text(root, "text", text);
    mem_free(text);
    text = json_write(root);
    json_free(root);
    int status = file_make_folder(folder, err);
    if (status == 0)
        status = file_write(path_in(to, folder, "sweep.json"), text,
                            strlen(text), err);
    mem_free(text);
    return status;
}

bool kept_grid_is(const char *folder)
{
    char path[PATH_BYTES];
    if (strlen(folder) > FOLDER_MOST)
        return false;
    return file_exists(path_in(path, folder, "sweep.json")) ||
           file_exists(path_in(path, folder, "cells"));
}

static struct grid *parse(const struct json *root, const char *path,
                          struct err *err)
{
    const struct json *list = json_get(root, "set");
    const char *text = json_text(json_get(root, "text"), NULL);
    const char *sets[SETS_MOST];
    int count = json_length(list);
    if (!text || !json_is_array(list) || count > SETS_MOST) {
        err_set(err,
                "%s: this is no kept recipe of a sweep; say rankscope "
                "open RECIPE --out DIR",
                path);
        return NULL;
    }
    for (int i = 0; i < count; i++)
        sets[i] = json_text(json_at(list, i), "");
    return grid_parse(text, strlen(text),
                      json_text(json_get(root, "recipe"), "recipe"), sets,
                      count, json_bool(json_get(root, "quick"), false), err);
}

struct grid *kept_grid_read(const char *folder, struct err *err)
{
    char path[PATH_BYTES], *text;
    size_t size;
    path_in(path, folder, "sweep.json");
    if (!file_exists(path)) {
        err_set(err,
                "%s: its recipe is not kept there; say rankscope open RECIPE "
                "--out %s",
                folder, folder);
        return NULL;
    }
    if (file_read(&text, &size, path, KEPT_BYTES, err) < 0)
        return NULL;
    struct json *root = json_parse(text, size, path, err);
    mem_free(text);
    struct grid *grid = root ? parse(root, path, err) : NULL;
    json_free(root);
    return grid;
}

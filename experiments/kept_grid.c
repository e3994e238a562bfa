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

static const char of_grid[] = "sweep.json", of_search[] = "intrinsic.json";

static int keep(const char *folder, const char *file, const char *path,
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
        status = file_write(path_in(to, folder, file), text, strlen(text), err);
    mem_free(text);
    return status;
}

int kept_grid_write(const char *folder, const char *path,
                    const char *const *sets, int set_count, bool quick,
                    struct err *err)
{
    return keep(folder, of_grid, path, sets, set_count, quick, err);
}

int kept_search_write(const char *folder, const char *path,
                      const char *const *sets, int set_count, bool quick,
                      struct err *err)
{
    return keep(folder, of_search, path, sets, set_count, quick, err);
}

bool kept_search_is(const char *folder)
{
    char path[PATH_BYTES];
    return strlen(folder) <= FOLDER_MOST &&
           file_exists(path_in(path, folder, of_search));
}

bool kept_grid_is(const char *folder)
{
    char path[PATH_BYTES];
    if (strlen(folder) > FOLDER_MOST || kept_search_is(folder))
        return false;
    return file_exists(path_in(path, folder, of_grid)) ||
           file_exists(path_in(path, folder, "cells"));
}

struct kept_recipe { /* what stands in such a file */
    const char *text;
    char name[256];
    const char *sets[SETS_MOST];
    int count;
    bool quick;
    struct json *root; /* sets point into it */
};

static void kept_free(struct kept_recipe *kept)
{
    json_free(kept->root);
    mem_free(kept);
}

/* NULL: refused. */
static struct kept_recipe *kept_read(const char *folder, const char *file,
                                     const char *verb, struct err *err)
{
    char path[PATH_BYTES], *text;
    size_t size;
    path_in(path, folder, file);
    if (!file_exists(path)) {
        err_set(err,
                "%s: its recipe is not kept there; say rankscope %s RECIPE "
                "--out %s",
                folder, verb, folder);
        return NULL;
    }
    if (file_read(&text, &size, path, KEPT_BYTES, err) < 0)
        return NULL;
    struct json *root = json_parse(text, size, path, err);
    mem_free(text);
    if (!root)
        return NULL;
    const struct json *list = json_get(root, "set");
    const char *recipe = json_text(json_get(root, "text"), NULL);
    if (!recipe || !json_is_array(list) || json_length(list) > SETS_MOST) {
        err_set(err,
                "%s: this is no kept recipe; say rankscope %s RECIPE --out "
                "DIR",
                path, verb);
        json_free(root);
        return NULL;
    }
    struct kept_recipe *kept = xcalloc(1, sizeof *kept);
    kept->root = root;
    kept->text = recipe;
    snprintf(kept->name, sizeof kept->name, "%s",
             json_text(json_get(root, "recipe"), "recipe"));
    kept->count = json_length(list);
    for (int i = 0; i < kept->count; i++)
        kept->sets[i] = json_text(json_at(list, i), "");
    kept->quick = json_bool(json_get(root, "quick"), false);
    return kept;
}

struct grid *kept_grid_read(const char *folder, struct err *err)
{
    struct kept_recipe *kept = kept_read(folder, of_grid, "open", err);
    if (!kept)
        return NULL;
    struct grid *grid = grid_parse(kept->text, strlen(kept->text), kept->name,
                                   kept->sets, kept->count, kept->quick, err);
    kept_free(kept);
    return grid;
}

struct intrinsic_recipe *kept_search_read(const char *folder, struct err *err)
{
    struct kept_recipe *kept = kept_read(folder, of_search, "intrinsic", err);
    if (!kept)
        return NULL;
    struct intrinsic_recipe *recipe =
        intrinsic_recipe_parse(kept->text, strlen(kept->text), kept->name,
                               kept->sets, kept->count, kept->quick, err);
    kept_free(kept);
    return recipe;
}

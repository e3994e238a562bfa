/* See root.h. */
#include "tui/commands/root.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/io/file.h"

static bool holds_assets(const char *folder)
{
    char path[ROOT_PATH + 16];
    int size = snprintf(path, sizeof path, "%s/assets/world", folder);
    return size > 0 && size < (int)sizeof path && file_exists(path);
}

/* The folder up levels above the program: its build tree's root. */
static bool beside_program(char root[ROOT_PATH], int up)
{
    ssize_t size = readlink("/proc/self/exe", root, ROOT_PATH - 1);
    if (size <= 0)
        return false;
    root[size] = '\0';
    for (int i = 0; i <= up; i++) {
        char *slash = strrchr(root, '/');
        if (!slash)
            return false;
        *slash = '\0';
    }
    return holds_assets(root);
}

int root_find(char root[ROOT_PATH], struct err *err)
{
    const char *given = getenv("RANKSCOPE_ROOT");
    if (given && *given) {
        if (strlen(given) > ROOT_GIVEN || !holds_assets(given))
            return err_set(err,
                           "RANKSCOPE_ROOT=%s holds no assets/world; "
                           "point it at rankscope's own folder",
                           given);
        (void)snprintf(root, ROOT_PATH, "%s", given);
        return 0;
    }
    if (beside_program(root, 2)) /* build/release/rankscope */
        return 0;
    (void)snprintf(root, ROOT_PATH, "%s", RANKSCOPE_DATADIR);
    if (holds_assets(root))
        return 0;
    return err_set(err,
                   "cannot find assets/ beside the program or in %s; set "
                   "RANKSCOPE_ROOT to the folder that holds it",
                   RANKSCOPE_DATADIR);
}

/* root/suffix into path; a sentence when it does not fit. */
static int below(char path[ROOT_PATH], const char *suffix, struct err *err)
{
    char root[ROOT_PATH];
    if (root_find(root, err) != 0)
        return -1;
    if (strlen(root) > ROOT_GIVEN)
        return err_set(err, "%s: the path is too long", root);
    (void)file_join(path, ROOT_PATH, root, suffix);
    return 0;
}

int root_assets(char path[ROOT_PATH], struct err *err)
{
    return below(path, "assets", err);
}

int root_world(char path[ROOT_PATH], struct err *err)
{
    return below(path, "assets/world", err);
}

bool root_library(char path[ROOT_PATH], const char *name)
{
    char suffix[256];
    struct err ignored; /* no assets: then there is no library either */
    if (!*name || strchr(name, '/') || strlen(name) > 128)
        return false;
    size_t size = strlen(name);
    bool yaml = size > 5 && strcmp(name + size - 5, ".yaml") == 0;
    (void)snprintf(suffix, sizeof suffix, "experiments/recipes/%s%s", name,
                   yaml ? "" : ".yaml");
    /* A file that ends in .yaml is the one that lies here, if any does. */
    return !(yaml && file_exists(name)) && below(path, suffix, &ignored) == 0 &&
           file_exists(path);
}

int root_recipe(char path[ROOT_PATH], const char *name, struct err *err)
{
    char root[ROOT_PATH];
    if (root_library(path, name))
        return 0;
    if (strlen(name) > ROOT_GIVEN)
        return err_set(err, "the recipe's path is too long");
    (void)snprintf(path, ROOT_PATH, "%s", name);
    if (file_exists(name) || strchr(name, '/'))
        return 0;
    if (root_find(root, err) != 0)
        return -1;
    return err_set(err,
                   "%s: there is no such file, and no recipe of that name in "
                   "the library",
                   name);
}

int root_base(char path[ROOT_PATH], const char *name, struct err *err)
{
    if (strcmp(name, "bundled") == 0)
        return below(path, "assets/base", err);
    if (strlen(name) > ROOT_GIVEN)
        return err_set(err, "the base's path is too long");
    (void)snprintf(path, ROOT_PATH, "%s", name);
    return 0;
}

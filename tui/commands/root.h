/*
 * Where assets/ and experiments/recipes/ are: RANKSCOPE_ROOT when set, beside
 * the program in its build tree, or where make install put them.
 */
#ifndef TUI_COMMANDS_ROOT_H
#define TUI_COMMANDS_ROOT_H

#include <stdbool.h>

#include "core/base/err.h"

enum {
    ROOT_PATH = 1024,
    ROOT_GIVEN = 800 /* a given path's length: names are put behind it */
};

/* The folder that holds assets/ (with base/ and world/). */
int root_find(char root[ROOT_PATH], struct err *err);
int root_assets(char path[ROOT_PATH], struct err *err);
int root_world(char path[ROOT_PATH], struct err *err);

/* A recipe of the library by its name: "race" is always the library's, and
 * ./race or race.yaml what lies here. */
bool root_library(char path[ROOT_PATH], const char *name);
/* A recipe by its name in the library, or by its path. */
int root_recipe(char path[ROOT_PATH], const char *name, struct err *err);

/* "bundled" or a folder. */
int root_base(char path[ROOT_PATH], const char *name, struct err *err);

#endif

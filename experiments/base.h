/*
 * The model under a recipe's runs: a folder, the bundled one, or a fresh one
 * of the recipe's size.
 */
#ifndef EXPERIMENTS_BASE_H
#define EXPERIMENTS_BASE_H

#include <stddef.h>

#include "core/model/model.h"
#include "experiments/recipe.h"

/* The folder of a base's name: assets/base for "bundled". */
char *base_folder(char *to, size_t size, const char *name, const char *assets);
/* A folder's model, or "bundled"; owned. */
/* The same for looking alone (model_look). */
struct model *base_look(const char *name, const char *assets, struct err *err);
struct model *base_open(const char *name, const char *assets, struct err *err);
/* What a recipe makes when it names no base: the same weights each time. */
struct model *base_fresh(const struct recipe *recipe, struct err *err);

#endif

/*
 * One field of a run as a person types it: "8", "q v", "exact".  Read by the
 * tables that read recipes, so that both refuse the same in the same words.
 */
#ifndef EXPERIMENTS_RECIPE_TYPED_H
#define EXPERIMENTS_RECIPE_TYPED_H

#include "experiments/recipe_field.h"

enum { RECIPE_TYPED = 64 };

/* Paths as in recipes: "rank", "budget.every", "optimizer.lr".  place: where
 * in a run_spec the field's owner begins.  Unknown paths are bugs. */
struct typed_field {
    const struct field *field;
    size_t place;
    unsigned use; /* of enum method_use, the owner's too; 0: all methods */
};
struct typed_field typed_find(const char *path);

/* Numbers, names, words, and lists of words with blanks between them. */
int typed_read(struct run_spec *to, const struct typed_field *at,
               const char *text, struct err *err);
void typed_write(char to[RECIPE_TYPED], const struct run_spec *from,
                 const struct typed_field *at);

#endif

/*
 * The reader of recipes for who has fields of his own beside them: grids.
 */
#ifndef EXPERIMENTS_RECIPE_READ_H
#define EXPERIMENTS_RECIPE_READ_H

#include "experiments/recipe_field.h"
#include "experiments/recipe_yaml.h"

enum { RECIPE_BYTES = 1 << 20, RECIPE_WORDS = 64 };

/* Reads what the map says into an owner that holds the defaults; what names
 * the map: "search". */
int recipe_read_fields(void *to, const struct field *fields,
                       const struct node *map, const char *what,
                       struct err *err);
int recipe_read_field(void *owner, const struct field *field,
                      const struct node *node, struct err *err);
int recipe_read_run(struct run_spec *run, const struct node *node,
                    const struct recipe *above, struct err *err);

struct grid;
/* A grid whose fields stand under key; the tree keeps everything else that is
 * a session's.  Freed by mem_free(). */
struct grid *grid_of_tree(struct tree *tree, const char *key, bool quick,
                          struct err *err);
/* Is there such a key at the top of the file?  false as well when it cannot be
 * read. */
bool recipe_has(const char *path, const char *key);

/* recipe_base.c: base: bundled, a folder, or {layers: ...}; a list of sizes,
 * ended by 0; and targets: all, which are those that the base has. */
int recipe_read_base(struct recipe *recipe, const struct field *field,
                     const struct node *node, struct err *err);
int recipe_read_sizes(int *to, const struct field *field,
                      const struct node *node, struct err *err);
void recipe_fit_targets(struct run_spec *run, const struct recipe *above);

/* "unknown WHAT word; did you mean ...", at the node or at its key. */
int recipe_refuse_word(struct err *err, const struct node *node, bool at_key,
                       const char *what, const char *word,
                       const char *const *names, int count);
/* Every key of the map is one of names. */
int recipe_check_keys(const struct node *map, const char *const *names,
                      int count, struct err *err);

#endif

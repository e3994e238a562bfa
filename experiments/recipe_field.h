/*
 * The fields of a recipe as data: name, type, range, place.  Reader, writer
 * and documentation read these tables; a new field is one line in
 * recipe_field.c.
 */
#ifndef EXPERIMENTS_RECIPE_FIELD_H
#define EXPERIMENTS_RECIPE_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "experiments/recipe.h"

enum field_type {
    FIELD_INT,     /* int */
    FIELD_LONG,    /* long */
    FIELD_SEED,    /* uint64_t */
    FIELD_REAL,    /* double */
    FIELD_BOOL,    /* bool: true, false */
    FIELD_TEXT,    /* char[size], anything printable */
    FIELD_NAME,    /* char[size], a folder's name */
    FIELD_KNOWN,   /* char[size], one of at() */
    FIELD_CHOICE,  /* enum: index in at() */
    FIELD_MAP,     /* fields, at offset */
    FIELD_BASE,    /* struct recipe: bundled, a folder or a map */
    FIELD_RUNS,    /* struct recipe: list of maps */
    FIELD_TARGETS, /* bool[], one for each of at(): at least one, or all */
    FIELD_FLAGS,   /* bool[], one for each of at() */
    FIELD_RANKS,   /* struct run_spec: site names to ranks */
    FIELD_SIZES    /* int[size / sizeof(int)]: a list of numbers, then 0 */
};

struct field {
    const char *name;
    enum field_type type;
    size_t offset;
    size_t size;                /* of text */
    double low, high;           /* of numbers, both allowed */
    const char *(*at)(int i);   /* known words; NULL ends */
    const struct field *fields; /* FIELD_MAP, FIELD_BASE, FIELD_RUNS */
    unsigned use;               /* of a run: 0, or the method must use it; of a
                                   new base likewise: enum base_use */
    const char *help;
};

/* What a new base is made of, and which fields say it. */
enum base_use { BASE_TRANSFORMER = 1 << 0, BASE_DENSE = 1 << 1 };
enum base_use base_use(const char *family);

/* Each ends with a NULL name. */
extern const struct field recipe_fields[];
extern const struct field run_fields[];

/* The program's defaults; no runs. */
void recipe_defaults(struct recipe *recipe);
void run_defaults(struct run_spec *run, const struct recipe *above);
/* Does this method read the field?  Unknown methods read those of all. */
bool method_uses(const char *method, unsigned use);
bool method_has_rank(const char *method);
/* Does this run's method, or the one inside its subspace? */
bool run_uses(const struct run_spec *run, unsigned use);

#endif

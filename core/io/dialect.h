/*
 * How a program names the tensors of a LoRA adapter, which way its factors
 * lie, and where it keeps their scale.  Adding a dialect is a file
 * dialect_NAME.c and a line in dialect_table.c.
 */
#ifndef CORE_IO_DIALECT_H
#define CORE_IO_DIALECT_H

#include <stdbool.h>

#include "core/io/json.h"
#include "core/io/tensor_file.h"

enum { MODULE_NAME = 256 };

/* What a tensor of a module is, in dW = s B A with A (r, in), B (out, r). */
enum part {
    PART_NONE, /* of no pair: trained whole, or of no concern */
    PART_A,
    PART_B,
    PART_EMBED_A,   /* (r, vocabulary): of an embedding, dW = s (B A)^T */
    PART_EMBED_B,   /* (width, r) */
    PART_ALPHA,     /* a number */
    PART_MAGNITUDE, /* (out) DoRA's */
    PART_KINDS
};

/* What a scale is found from. */
struct scale_ask {
    const struct json *config; /* beside the tensors, or NULL */
    const struct tensor_file *file;
    const char *module;
    int rank;
    bool has_alpha; /* a tensor of the module says so: */
    double alpha;
};

/* s, where it comes from in words, and what speaks against it. */
struct pair_scale {
    double scale;
    double alpha;
    bool root;       /* s = alpha / sqrt r */
    int stated_rank; /* which the config expects; 0: it does not say */
    char from[160];
    char warning[200]; /* "": no two sources disagree */
};

struct dialect {
    const char *name;  /* "kohya" */
    const char *names; /* "MODULE.lora_down.weight, .lora_up.weight" */
    /* The part, and the module's name without prefixes (MODULE_NAME). */
    enum part (*part_of)(char *module, const char *tensor);
    bool turned; /* A lies as (in, r), B as (r, out) */
    /* A of (g r, in) beside B of (out, r): g groups, each with its own rows
     * of A and of B (loralib's MergedLinear). */
    bool grouped;
    int (*scale)(struct pair_scale *to, const struct scale_ask *ask,
                 struct err *err);
};

extern const struct dialect *const dialect_table[]; /* ends with NULL */

/* For part_of: the first row whose suffix ends the name; module receives the
 * rest.  A '*' in a suffix stands for one word without dots, which must be
 * "default" or is put behind the module in brackets. */
struct dialect_suffix {
    const char *suffix;
    enum part part;
};
enum part dialect_part(char *module, const char *tensor,
                       const struct dialect_suffix *suffix, int count);

/* alpha / rank of what the tensor says; else of what is said beside it; else
 * 1, because every reader of such files then takes alpha = r. */
int dialect_scale_alpha(struct pair_scale *to, const struct scale_ask *ask,
                        const char *beside, double alpha_beside);
/* The same of dialects that say nothing beside it. */
int dialect_scale_own(struct pair_scale *to, const struct scale_ask *ask,
                      struct err *err);
/* s = 1 always, in these words. */
void dialect_scale_one(struct pair_scale *to, const char *words);

#endif

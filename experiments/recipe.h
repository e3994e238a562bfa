/*
 * A recipe describes a session: base, task, optimiser and runs.  A value,
 * complete once read: every default is written out.
 */
#ifndef EXPERIMENTS_RECIPE_H
#define EXPERIMENTS_RECIPE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/method/method.h"
#include "core/train/optimizer.h"

enum { RECIPE_RUNS = 12, RECIPE_SITE_RANKS = 64, RECIPE_NAME = 32 };

struct site_rank { /* ranks: {h.3.attn.v: 16} */
    char site[32];
    int rank;
};

struct run_spec {
    char name[RECIPE_NAME]; /* unique; also the folder's name: [A-Za-z0-9._-] */
    char method[RECIPE_NAME];
    int rank;
    double alpha;
    enum scale_rule scale;
    bool targets[SITE_KINDS];
    struct site_rank ranks[RECIPE_SITE_RANKS];
    int rank_count;
    bool also[ALSO_KINDS];
    double lr_ratio;
    enum norm_rule norm;
    struct budget_conf budget;
    int prefix, infix;
    int dims; /* of a random subspace, and of what: */
    enum projection_kind projection;
    char inside[RECIPE_NAME];
    bool layered;
    char adapter[512]; /* the run begins with its update; "": with none */
    uint64_t seed;
    struct optimizer_conf optimizer;
};

struct fresh_base { /* a model to be made, base: {layers: 4, ...} */
    char family[RECIPE_NAME];
    int layers, width, heads, inner, vocab, context;
    int size[MODEL_SIZES]; /* of dense layers, then 0; instead of the others */
};

struct recipe {
    char title[96];
    char base[512]; /* "bundled", or a Hugging Face folder; "" when fresh */
    bool is_fresh;
    struct fresh_base fresh;
    char task[RECIPE_NAME];
    char data[512]; /* published file, or "" */
    int examples;   /* of training, gone through again and again; 0: ever new */
    bool skip_bad;  /* its bad rows are counted, not refused */
    int context;    /* tokens of an example at most; 0: what the base has */
    int task_rank;  /* of what is to be learned; 0: the task's own */
    bool shuffle_pixels;  /* images; one permutation for all */
    double random_labels; /* images; share of the training labels */
    uint64_t task_seed;   /* of generated examples; 0: seed */
    uint64_t seed;
    struct optimizer_conf optimizer; /* of runs that say nothing else */
    long steps;
    int batch;  /* sequences a step */
    int slices; /* S: the batch is cut into so many parts */
    int evaluate_every, evaluate_examples;
    long evaluate_from;  /* number of the first held-out example */
    int forget_examples; /* sequences of the base's own corpus; 0: none */
    int spectra_every;   /* steps between rows of spectra.tsv */
    struct run_spec run[RECIPE_RUNS];
    int run_count;
};

/* Strict: an unknown key, a wrong type or range is refused with
 * file:line:column, what is allowed, and the nearest name.  sets are
 * "runs.0.rank=4" or "steps=100". */
int recipe_read(struct recipe *recipe, const char *path,
                const char *const *sets, int set_count, struct err *err);
int recipe_parse(struct recipe *recipe, const char *text, size_t size,
                 const char *name, const char *const *sets, int set_count,
                 struct err *err);

/* The whole recipe as YAML, defaults written out; reading it gives the same
 * recipe.  Freed by mem_free(). */
char *recipe_write(const struct recipe *recipe);

/* One run as a flow map on one line, {name: r8, ...}, and back: the journal
 * and checkpoints carry runs like this.  What the text leaves out comes from
 * above, or from the program's defaults when NULL. */
char *recipe_write_run(const struct run_spec *run);
int recipe_parse_run(struct run_spec *run, const char *text, const char *name,
                     const struct recipe *above, struct err *err);

/* What the run's method is made with; ranks of single sites are NULL.  The
 * name is the method table's, so it outlives the spec. */
struct method_conf recipe_method(const struct run_spec *run);

/* What a run that says nothing would be: for the add-run form. */
struct run_spec recipe_default_run(const struct recipe *recipe);

#endif

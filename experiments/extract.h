/*
 * A LoRA from two checkpoints: what full training changed, matrix by matrix,
 * W - W0 in float whatever they are stored in, as the nearest update of a
 * rank.
 *
 * One matrix is in memory at a time; factors wait in a temporary file until
 * all ranks are known.  Small matrices have the SVD of their precision, large
 * ones their leading directions by random projection, and the residual is
 * measured on the factors as they will be stored, not predicted.
 *
 * Directions below the rounding floor of the two files are what storing left,
 * not what was learned, and are not kept.
 */
#ifndef EXPERIMENTS_EXTRACT_H
#define EXPERIMENTS_EXTRACT_H

#include "core/io/adapter_names.h"
#include "core/io/peft.h"
#include "core/io/tensor_folder.h"

struct extract_ask {
    const char *base, *tuned; /* folders */
    const char *base_name;    /* for adapter_config.json */
    int rank;                 /* of every module at most, or 0 */
    double energy;            /* share of ||W - W0||_F^2, or 0 */
    const char *site;         /* regular expression, or NULL */
    enum tensor_type type;    /* of the factors */
    enum adapter_names names; /* of the file */
    const char *out;          /* NULL: nothing is written */
    bool force;
};

struct extract_site {
    char *module;       /* as PEFT calls it */
    const char *tensor; /* as the base calls it */
    bool transposed;    /* stored (in, out) */
    int out, in, rank;  /* rank 0: nothing above the floor has changed */
    int most;           /* singular values that were found */
    bool is_exact;      /* not by random projection */
    double *sigma;      /* (most) */
    double norm;        /* ||W - W0||_F */
    double base_norm;   /* ||W0||_F */
    double floor;       /* of rounding, on a singular value */
    double residual;    /* ||W - W0 - B A||_F, measured */
    double read_back;   /* error of the file, a share of ||B A||_F */
    double *meant;      /* (out) y of the probe */
};

/* What has changed, but is no matrix a LoRA goes on. */
struct extract_other {
    const char *tensor;
    double norm, base_norm; /* of the change, of the base; NAN: not in both */
};

struct extract {
    struct tensor_folder *base, *tuned;
    struct extract_site *site;
    int count, unchanged; /* matrices that are the same in both */
    struct extract_other *other;
    int others;
};

struct extract *extract_run(const struct extract_ask *ask, struct err *err);
void extract_close(struct extract *extract);

#endif

/*
 * Adapters added to the weights of their base, tensor by tensor:
 *   W' = W + sum_i S_i s_i B_i A_i,  of DoRA  W' = m (W + s B A) / ||.||
 * with the norm of each output's row (Liu et al. 2024, 5).
 *
 * Sums run in float whatever the storage type is, and rounding to it is
 * measured: which updates it swallows, and what taking the adapter off again
 * would leave.  A few rows of one tensor are in memory at a time.  After
 * writing, the files are opened where they stand and W' x is compared with
 * W x + s B (A x), before any of them gets its name.
 */
#ifndef EXPERIMENTS_MERGE_H
#define EXPERIMENTS_MERGE_H

#include "core/io/adapter_names.h"
#include "core/io/peft.h"
#include "core/io/tensor_folder.h"

enum { MERGE_MOST = 16 }; /* adapters at once */

struct merge_ask {
    const char *base; /* folder */
    const char *adapter[MERGE_MOST];
    double scale[MERGE_MOST]; /* S, times the adapter's own s */
    int adapters;
    bool has_type; /* write all numbers as type; else as they are */
    enum tensor_type type;
    enum adapter_names names; /* of an adapter */
    const char *out;
    bool force;
};

/* A tensor that changes. */
struct merge_site {
    const struct tensor *tensor;
    int shard;
    bool transposed; /* stored (in, out) */
    int out, in;
    int pair[MERGE_MOST];             /* of each adapter, or -1 */
    const struct tensor *replacement; /* the whole of it, or NULL */
    double norm, base_norm;           /* ||dW||_F, ||W||_F */
    double rounding;                  /* ||W' - (W + dW)||_F by storage */
    int64_t changed;                  /* entries with a dW */
    int64_t swallowed;                /* of them, W' is W */
    int64_t not_back; /* entries that W' - dW, stored, does not restore */
    double back;      /* ||that - W||_F */
    double read_back; /* error of the file, a share of ||dW||_F */
    double *meant;    /* (out) y of the probe */
};

struct merge {
    struct tensor_folder *base;
    struct peft *peft[MERGE_MOST];
    struct merge_site *site;
    int count;
};

struct merge *merge_run(const struct merge_ask *ask, struct err *err);
void merge_close(struct merge *merge);

#endif

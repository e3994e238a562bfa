/*
 * An adapter of any model at another rank: the singular values of every
 * s B A through its factors, a plan of what to keep, and the file.
 *
 * The scale of every module stays as it is (alpha' = s r'), and each factor
 * holds the root of the singular values.  After writing, the file is opened
 * where it stands and compared with what was meant, before it gets its name.
 * One pair a thread is in memory at a time.
 */
#ifndef EXPERIMENTS_RESIZE_H
#define EXPERIMENTS_RESIZE_H

#include "analysis/rank_plan.h"
#include "core/io/adapter_names.h"
#include "core/io/peft.h"

enum resize_rule {
    RESIZE_RANK,
    RESIZE_ENERGY,
    RESIZE_RATIO,
    RESIZE_BYTES,     /* of the file of tensors */
    RESIZE_PARAMETERS /* of the factors */
};

struct resize {
    struct peft *peft;
    int count;
    struct plan_site *site; /* (count) in the order of the pairs */
    int *rank;              /* (count) of the plan; 0: the module is left out */
    enum tensor_type type;  /* that will be written, and in whose names */
    enum adapter_names names;
    int threads;
    struct plan_outcome outcome; /* of a budget */
    double
        *read_back; /* (count) error of the file, a share of what was meant */
};

/* Reads every pair once, for its singular values.  DoRA is refused: its dW is
 * not s B A. */
struct resize *resize_open(const char *folder, int threads, struct err *err);
void resize_close(struct resize *resize);

/* Fills rank. */
int resize_plan(struct resize *resize, enum resize_rule rule, double value,
                struct err *err);
/* Bytes of the file of tensors with these ranks. */
size_t resize_bytes(const struct resize *resize, const int *rank);
/* r, lora_alpha, rank_pattern and alpha_pattern of the plan; owned. */
struct json *resize_ranks(const struct resize *resize);

/* Writes the plan and fills read_back; a file that is further off than its
 * storage type explains is not kept. */
int resize_write(struct resize *resize, const char *folder, bool force,
                 struct err *err);

/* ||dW||_F of all sites together, and of what these ranks lose. */
double resize_norm(const struct resize *resize);
double resize_error(const struct resize *resize, const int *rank);
/* The largest sigma that is lost as a share of its site's largest. */
double resize_worst(const struct resize *resize, const int *rank);

#endif

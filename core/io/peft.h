/*
 * An adapter as the file tools work on it, of any model: a pair of factors a
 * module, and whatever else was saved beside them.  No base is needed.
 * Everything is checked when it is opened but the numbers themselves, which
 * are read pair by pair, so that an adapter may be larger than memory.
 *
 * PEFT's folders are read here; other dialects and torch's archives through
 * adapter_file.h, as if PEFT had written them.
 */
#ifndef CORE_IO_PEFT_H
#define CORE_IO_PEFT_H

#include "core/base/mat.h"
#include "core/io/adapter_file.h"
#include "core/io/peft_scale.h"
#include "core/io/safetensors.h"

struct peft_pair {
    char *module;                   /* model.layers.3.mlp.up_proj */
    const struct tensor *a;         /* (rank, in) */
    const struct tensor *b;         /* (out, rank) */
    const struct tensor *magnitude; /* (out) DoRA's, or NULL */
    bool is_embedding;              /* W is (in, out): one row a token */
    int rank, out, in;
    double scale;
    char scale_from[160];
};

struct peft {
    char folder[1024];
    const struct json *config; /* PEFT's; NULL: another dialect has none */
    struct json *own_config;
    struct safetensors *file; /* or */
    struct adapter_file *dialect;
    struct peft_pair *pair; /* in the order of the file */
    int count;
    const struct tensor **other; /* modules_to_save, biases */
    int other_count;
    bool has_magnitudes; /* DoRA */
};

/* A folder, or a file of tensors.  Refuses what is not an adapter of updates
 * s B A, or DoRA. */
struct peft *peft_open(const char *path, struct err *err);
/* The same of files that have other names, as before they are renamed. */
struct peft *peft_open_files(const char *folder, const char *config,
                             const char *tensors, struct err *err);
void peft_close(struct peft *peft);

/* The type all factors have; F32 if they differ, or for any other. */
enum tensor_type peft_type(const struct peft *peft);

/* bt (rank, out) and a (rank, in), freed by mat_free(); the file's pages leave
 * memory again.  Refuses NaN and Inf, naming the tensor. */
int peft_read(struct mat *bt, struct mat *a, const struct peft *peft, int i,
              struct err *err);

/* The file's pages of a tensor leave memory. */
void peft_release(const struct peft *peft, const struct tensor *tensor);

/* peft_other.c: what is no folder of PEFT's with safetensors, and its pairs. */
bool peft_is_other(const char *path);
int peft_open_other(struct peft *to, const char *path, struct err *err);
int peft_read_other(struct mat *bt, struct mat *a, const struct peft *peft,
                    int i, struct err *err);

/* A tensor's name without "base_model.model.", however often it is there. */
const char *peft_bare_name(const char *name);

#endif

/*
 * An adapter as the file tools work on it, of any model and dialect: a pair of
 * factors a module, and whatever else was saved beside them, all in the form
 * in which PEFT writes it.  No base is needed.  Numbers are read pair by pair,
 * so that an adapter may be larger than memory.
 */
#ifndef CORE_IO_PEFT_H
#define CORE_IO_PEFT_H

#include "core/io/adapter_file.h"
#include "core/io/peft_config.h"

struct peft_pair {
    const struct file_pair *from;
    const char *module;             /* model.layers.3.mlp.up_proj */
    const struct tensor *a;         /* as the file has it */
    const struct tensor *magnitude; /* (out) DoRA's, or NULL */
    bool is_embedding;              /* W is (in, out): one row a token */
    int rank, out, in;
    double scale;
    const char *scale_from;
};

struct peft {
    char folder[1024]; /* or file, as it was given */
    struct adapter_file *file;
    const struct json *config; /* of PEFT or another, or NULL */
    struct peft_pair *pair;
    int count;
    bool has_magnitudes; /* DoRA */
};

/* A folder, or a file of tensors.  Refuses what is not an adapter of updates
 * s B A, or DoRA, and pairs that PEFT has no form for. */
struct peft *peft_open(const char *path, struct err *err);
/* The same of files that have other names, as before they are renamed. */
struct peft *peft_open_files(const char *folder, const char *config,
                             const char *tensors, struct err *err);
void peft_close(struct peft *peft);

/* Written by PEFT, so that its config may be written again. */
bool peft_is_own(const struct peft *peft);

/* The type all factors have; F32 if they differ, or for any other. */
enum tensor_type peft_type(const struct peft *peft);

/* bt (rank, out) and a (rank, in), freed by mat_free(); the file's pages leave
 * memory again.  Refuses NaN and Inf, naming the tensor. */
int peft_read(struct mat *bt, struct mat *a, const struct peft *peft, int i,
              struct err *err);

/* The file's pages of a tensor leave memory. */
void peft_release(const struct peft *peft, const struct tensor *tensor);

/* A tensor's name without "base_model.model.", however often it is there. */
const char *peft_bare_name(const char *name);

#endif

/*
 * An adapter as its file has it, of any dialect (dialect.h), without the model
 * it was made for: pairs of factors by module, dW = s B A, and where each s
 * comes from.  Opening looks at names, shapes and configs; numbers are read
 * pair by pair, when somebody asks.
 */
#ifndef CORE_IO_ADAPTER_FILE_H
#define CORE_IO_ADAPTER_FILE_H

#include "core/base/mat.h"
#include "core/io/dialect.h"

/* How the kernel of a convolution is a matrix: (out, in kh kw), as kohya and
 * PEFT cut it; loralib's (out kh, in kw) lies as a matrix already. */
enum unfolding { UNFOLD_NONE, UNFOLD_OUT_BY_REST };

struct file_pair {
    char name[MODULE_NAME];                 /* for people: without prefixes */
    char module[MODULE_NAME];               /* as the base model calls it */
    const struct tensor *a, *b;             /* as the file has them */
    const struct tensor *alpha, *magnitude; /* or NULL */
    int out, in, rank;                      /* of dW = s B A */
    enum unfolding unfolding;
    int kernel[3]; /* of a convolution, kernel_dims of them */
    int kernel_dims;
    bool turned;       /* A lies as (in, r), B as (r, out) */
    bool embedding;    /* A and B change places */
    int group, groups; /* this of so many of the same tensors */
    struct pair_scale scale;
};

struct adapter_file;

/* A file of tensors, or a folder with one; adapter_config.json beside it is
 * read when there is one. */
struct adapter_file *adapter_file_open(const char *path, struct err *err);
/* The same of a file and a config of any names, as before they are renamed. */
struct adapter_file *adapter_file_open_files(const char *tensors,
                                             const char *config,
                                             struct err *err);
void adapter_file_close(struct adapter_file *file);

const char *adapter_file_dialect(const struct adapter_file *file);
const char *adapter_file_path(const struct adapter_file *file); /* tensors' */
const char *
adapter_file_config_path(const struct adapter_file *file); /* or "" */
size_t adapter_file_size(const struct adapter_file *file); /* bytes */
/* Of the config, "": it names none. */
const char *adapter_file_base(const struct adapter_file *file);
const struct json *adapter_file_config(const struct adapter_file *file);
const struct tensor_file *adapter_file_tensors(const struct adapter_file *file);

int adapter_file_count(const struct adapter_file *file); /* of pairs */
const struct file_pair *adapter_file_at(const struct adapter_file *file, int i);

/* Tensors of no pair: trained whole, or biases. */
int adapter_file_rest(const struct adapter_file *file);
const struct tensor *adapter_file_rest_at(const struct adapter_file *file,
                                          int i);

/* What in the config or beside the pairs makes s B A less than all that was
 * learned, a sentence; NULL after the last. */
const char *adapter_file_caveat(const struct adapter_file *file, int i);

/* bt (r, out) and a (r, in), owned; refuses NaN by the tensor's name. */
int adapter_file_read(struct mat *bt, struct mat *a,
                      const struct file_pair *pair, struct err *err);
/* The pages of a pair leave memory; its numbers can be read again. */
void adapter_file_forget(const struct adapter_file *file,
                         const struct file_pair *pair);

/* Whether a file of tensors has names that a dialect knows as factors, fit or
 * not; what cannot be read has none. */
bool adapter_file_is(const char *path);

/* "" or how the kernel was unfolded: "3x3 kernel as out x (in 3 3)". */
void adapter_file_unfolding(char *to, size_t size,
                            const struct file_pair *pair);

#endif

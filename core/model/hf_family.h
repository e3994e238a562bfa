/*
 * A Hugging Face family: how its config.json is read and how its files name
 * the tensors of our sites and others.  A family is one file and one line in
 * the table of hf_family.c.
 */
#ifndef CORE_MODEL_HF_FAMILY_H
#define CORE_MODEL_HF_FAMILY_H

#include "core/io/json.h"
#include "core/io/shards.h"
#include "core/model/model.h"

enum { HF_NAME = 96 };

struct hf_family {
    const char *name; /* model_type in config.json */
    /* of "architectures", by head_kind; NULL: there is no such head */
    const char *architecture[3];

    int (*config)(struct model_conf *conf, const struct json *config,
                  struct err *err);
    void (*write)(struct json *to, const struct model_conf *conf);

    /* The names, without ".weight" and ".bias".  Sites with one name lie in
     * one tensor, side by side.  NULL: the family never has it. */
    bool conv1d;        /* sites are (in, out) */
    const char *prefix; /* of the body; files may leave it out */
    const char *layer;  /* "h.%d." behind the prefix */
    const char *site[SITE_HEAD];
    const char *norm[4]; /* norm1, norm2, of q, of k */
    const char *embed, *position, *type, *embed_norm, *last_norm;
    /* By head_kind, whole names: */
    const char *dense[3], *dense_norm[3], *head[3];
    const char *head_bias[3]; /* with ".bias"; NULL: the head's own */
    /* How PEFT's target_modules call a site's module: the end of its name that
     * no other module has; NULL: only the whole name is its own. */
    const char *target[SITE_HEAD];
};

/* NULL: not one of ours. */
const struct hf_family *hf_family_find(const char *name);
/* "gpt2, llama, ...", for messages. */
const char *hf_family_names(void);

/* hf_names.c: where something lies in a file. */
struct hf_place {
    char name[HF_NAME]; /* as a file written by us calls it */
    int rows, cols;     /* of the tensor; rows -1: a vector */
    int part, parts;    /* of what is fused in it */
    bool turned;        /* (in, out) */
};
struct hf_place hf_site(const struct model *model, int site);
struct hf_place hf_other(const struct model *model, int other);
/* The tensor itself, by this name or one that older files have; a missing
 * one or another shape than config.json says is refused. */
const struct tensor *hf_need(const struct shards *file,
                             const struct model *model,
                             const struct hf_place *place, struct err *err);
/* Without the sentence. */
const struct tensor *hf_find(const struct shards *file,
                             const struct model *model, const char *name);

/* hf_load.c: points or copies the base weights of model at what file holds;
 * file lives as long as the model. */
int hf_load(struct model *model, const struct shards *file, struct err *err);
/* hf_save.c */
int hf_save(const struct model *model, const struct weights *weights,
            const char *folder, struct err *err);

/* Shared by the families' files (hf_config.c). */
int hf_read_sizes(struct model_conf *conf, const struct json *config,
                  struct err *err); /* hidden_size and its kind */
int hf_read_activation(struct model_conf *conf, const struct json *config,
                       const char *key, const char *otherwise, struct err *err);
void hf_put_number(struct json *to, const char *key, double value);
const char *hf_activation_name(enum activation activation);
/* Which of the family's heads the file has, by "architectures". */
int hf_read_head(struct model_conf *conf, const struct json *config,
                 const struct hf_family *family, struct err *err);

/* The values of a tensor: where they lie, or a copy the model keeps; NULL with
 * a sentence when they are no numbers, not finite, or too many. */
const float *model_values(struct model *model, const struct tensor *tensor,
                          struct err *err);
/* A model of nothing yet, with room for so many sites; owns file. */
struct model *model_empty(struct shards *file, size_t sites);
/* Storage that lives as long as the model: count zeroed floats, or NULL. */
float *model_storage(struct model *model, size_t count);

#endif

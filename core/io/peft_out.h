/*
 * Writing an adapter pair by pair, of any model, as PEFT does or in kohya's
 * dialect (adapter_names.h): the files stand beside their names until they are
 * committed, and can be read back there.
 *
 * alpha is s r, so that PEFT's alpha / r is the scale; modules unlike the
 * first stand in rank_pattern and alpha_pattern, longer names first, since
 * PEFT takes the first that matches the end of a module's name.  Trained again
 * with this config, an adapter has the same ranks.
 */
#ifndef CORE_IO_PEFT_OUT_H
#define CORE_IO_PEFT_OUT_H

#include "core/io/adapter_names.h"
#include "core/io/peft.h"

struct peft_item {
    const char *module; /* lives until commit */
    int rank, out, in;
    double scale;
    bool is_embedding;
};

struct peft_out;

/* The config is that of like but for what is written here, and its other
 * tensors are copied; like NULL: a plain LoRA of base_name, fan_in_fan_out
 * as transposed says.  names_all: target_modules are the items' own names. */
struct peft_out *peft_out_new(const struct peft *like, const char *base_name,
                              bool transposed, bool names_all,
                              enum tensor_type type);
/* Before anything is added; PEFT's otherwise. */
void peft_out_set_names(struct peft_out *out, enum adapter_names names);
void peft_out_add(struct peft_out *out, struct peft_item item);
/* Bytes of the file of tensors, once all are added. */
size_t peft_out_size(const struct peft_out *out);
/* {"r": 8, "rank_pattern": {...}, ...}; owned. */
struct json *peft_out_ranks(const struct peft_out *out);

/* Refuses a folder that has an adapter, unless force. */
int peft_out_may_write(const char *folder, enum adapter_names names, bool force,
                       struct err *err);
/* Makes the folder; refuses files that are there unless force. */
int peft_out_begin(struct peft_out *out, const char *folder, bool force,
                   struct err *err);
/* Of the items in the order added: bt (rank, out), a (rank, in). */
int peft_out_put(struct peft_out *out, struct mat bt, struct mat a,
                 struct err *err);
/* What was written, opened where it stands: every item was put. */
struct peft *peft_out_read_back(struct peft_out *out, struct err *err);
/* Where the module of an item stands in it; refuses one that is not there. */
int peft_out_find(int *at, const struct peft_out *out, const struct peft *back,
                  const char *module, struct err *err);

/* Both free out, in every case. */
int peft_out_commit(struct peft_out *out, struct err *err);
void peft_out_abandon(struct peft_out *out); /* NULL is fine */

#endif

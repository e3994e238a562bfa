/*
 * Shared by peft_out.c (the file of tensors) and peft_out_config.c (what is
 * said of ranks and scales beside it).
 */
#ifndef CORE_IO_PEFT_OUT_PRIVATE_H
#define CORE_IO_PEFT_OUT_PRIVATE_H

#include "core/io/file.h"
#include "core/io/peft_out.h"
#include "core/io/safetensors_stream.h"

struct peft_out {
    const struct peft *like; /* or NULL */
    char base_name[256];
    bool transposed, names_all;
    enum adapter_names names;
    enum tensor_type type;
    struct peft_item *item;
    int count, room, put;
    char folder[1024];
    bool made_folder;
    struct safetensors_stream *stream;
    struct file_out config;
};

/* The alpha for which alpha / rank is s; a whole number where one is. */
double peft_out_alpha(const struct peft_item *item);

/* PEFT's adapter_config.json, beside path until it is committed. */
int peft_out_put_config(struct peft_out *out, const char *path,
                        struct err *err);
/* What kohya's tools expect in the metadata: rank and alpha, or that they
 * differ. */
void peft_out_put_meta(struct safetensors_stream *stream,
                       const struct peft_out *out);

#endif

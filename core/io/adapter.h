/*
 * Writing what a run has learned as ordinary files: a PEFT adapter, exactly
 * its names and orientations.
 *
 * PEFT's GPT-2 knows only c_attn: separate q, k, v adapters are written as
 * one pair, A stacked (sum r_i, in), B block-diagonal (3 width, sum r_i), the
 * scales folded into B, so lora_alpha = r there.
 */
#ifndef CORE_IO_ADAPTER_H
#define CORE_IO_ADAPTER_H

#include "core/base/err.h"
#include "core/method/method.h"

/* adapter_config.json and adapter_model.safetensors into an existing folder.
 * base_name goes to base_model_name_or_path. */
int adapter_save_peft(const struct method *method, const char *base_name,
                      const char *folder, struct err *err);

/* A PEFT adapter written for this family, checked whole: refuses what does
 * not fit, naming the tensor.  Freed by adapter_close(). */
struct adapter;
struct adapter *adapter_open_peft(const struct model *model,
                                  const char *folder, struct err *err);
void adapter_close(struct adapter *adapter);

/* Merged: site by site W += strength s B A, into storage of the caller's
 * (out, in) mats, which hold the base. */
void adapter_merge(const struct adapter *adapter, struct weights *weights,
                   double strength);

/* Beside: y (tokens, out) += strength s (x A^T) B^T of this site, with x
 * (tokens, in).  What the textbook computes and merging must equal. */
void adapter_beside(const struct adapter *adapter, double strength, int site,
                    struct mat x, struct mat y);

#endif

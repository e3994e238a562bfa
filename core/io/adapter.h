/*
 * Adapters of a model that is there: what a run has learned written as a PEFT
 * adapter, exactly its names and orientations; and adapters read, merged into
 * weights or kept beside them.  adapter_file.h reads them without a model.
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

/* An adapter of any dialect (dialect.h) for this model, a folder or a file,
 * checked whole: refuses what does not fit, naming the tensor.  Freed by
 * adapter_close(). */
struct adapter;
struct adapter *adapter_open(const struct model *model, const char *path,
                             struct err *err);
void adapter_close(struct adapter *adapter);

/* DoRA: rows have lengths of their own, and dW is no product of factors. */
bool adapter_has_magnitudes(const struct adapter *adapter);

/* Merged: site by site W += strength dW, into storage of the caller's
 * (out, in) mats, which hold the base; dW is s B A, or DoRA's. */
void adapter_merge(const struct adapter *adapter, struct weights *weights,
                   double strength);

/* Beside: y (tokens, out) += strength x dW^T of this site, with x (tokens, in)
 * and dW never formed.  What the textbook computes and merging must equal. */
void adapter_beside(const struct adapter *adapter, double strength, int site,
                    struct mat x, struct mat y);

/* dw (out, in) of one site, DoRA's too; false: the adapter has none there. */
bool adapter_delta(const struct adapter *adapter, int site, struct mat dw);

/* This site's update as factors of its own, dW = scale bt^T a: copies of bt
 * (r, out) and a (r, in), freed by mat_free().  Of a pair that q, k and v
 * share, only the directions whose B is not all zero in the site's rows, so
 * each of them has its own rank again; a pair that is zero as a whole has all
 * of its directions everywhere.  0; 1: the adapter has none at this site, or
 * DoRA's, and at is NULL. */
int adapter_factors(const struct adapter *adapter, int site, struct mat *bt,
                    struct mat *a, double *scale);

/* A pair as the file holds it; everything points into the adapter. */
struct adapter_pair {
    const char *name;       /* h.3.attn.c_attn, lm_head */
    const char *tensor;     /* its lora_A, as the file writes it */
    const char *scale_from; /* adapter_config.json: lora_alpha 16 / r 8 */
    struct mat a, b;        /* (r, in), (out, r) */
    double scale;
    int sites, site[3]; /* of the model, in the order of B's rows */
};

int adapter_pair_count(const struct adapter *adapter);
struct adapter_pair adapter_pair_at(const struct adapter *adapter, int i);

/* The base that the config beside an adapter names, "" when it names none:
 * known before there is a model to open the adapter for. */
int adapter_base_name(char *name, size_t size, const char *path,
                      struct err *err);

#endif

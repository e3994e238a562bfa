/*
 * Params that are tensors of the base and train whole: what full fine-tuning
 * is made of, and what small methods may train beside their own.
 */
#ifndef CORE_METHOD_WHOLE_H
#define CORE_METHOD_WHOLE_H

#include "core/method/method.h"

/* Appends the W of a site, or an other; returns the param's index. */
int whole_site(struct method *method, int site);
int whole_other(struct method *method, int other);

/* After layout_allocate(): every such param begins as the base's. */
void whole_start(struct method *method);

/* dw (out, in) += dy^T x, for x (tokens, in) and dy (tokens, out). */
void whole_gradient(struct mat dw, struct mat x, struct mat dy);

long whole_site_count(const struct model *model, int site);
long whole_other_count(const struct model *model, int other);

/* What "also" asks for: every bias, the head's W, the embedding.  Returns the
 * param that is the head's W, or -1.  A tied model whose head and embedding
 * both train stays tied: they are one param; with one of them it becomes two
 * tensors, and the other one stays at the base. */
int also_layout(struct method *method, const bool also[ALSO_KINDS]);
long also_count(const struct model *model, const bool also[ALSO_KINDS]);

#endif

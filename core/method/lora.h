/*
 * LoRA's own state, shared by lora.c (how it computes) and lora_rank.c (how
 * its rank turns).
 */
#ifndef CORE_METHOD_LORA_H
#define CORE_METHOD_LORA_H

#include "core/method/method.h"

struct lora_site {
    struct site_state is;
    int a, bt; /* indices of its params, while is.rank > 0 */
};

struct lora {
    uint64_t seed;
    struct lora_site *site; /* (site_count) */
};

/* "h.3.attn.q: rank 300 is not allowed; use 1..128" */
int lora_check_rank(const struct site *site, int rank, struct err *err);

/* alpha / r or alpha / sqrt r */
double lora_scale(double alpha, enum scale_rule rule, int rank);

/* Params for the ranks in the state, values zero. */
int lora_layout(struct method *method, struct err *err);

struct mat lora_a(const struct method *method, int site);  /* (r, in) */
struct mat lora_bt(const struct method *method, int site); /* (r, out) */

/* Uniform in +-1/sqrt(in): Kaiming's with a = sqrt 5, loralib's and PEFT's.
 * It depends on in, never on r. */
void lora_fill(struct mat a, uint64_t seed, int stream, uint64_t index);

int lora_set_rank(struct method *method, int site, int rank,
                  enum rank_policy policy, struct rank_change *change,
                  struct err *err);

#endif

/*
 * LoRA's own state, and what its kin share: lora.c says how it computes,
 * lora_state.c how its params are laid out and come back from a checkpoint,
 * lora_rank.c how its rank turns.  rslora, lora_plus, lora_fa and dora are
 * LoRA but for what struct lora_kin says.
 */
#ifndef CORE_METHOD_LORA_H
#define CORE_METHOD_LORA_H

#include "core/method/method.h"

struct lora_kin {
    bool frozen_a;   /* A is no param: it stays what it was drawn as */
    bool magnitudes; /* a trained norm for every row of W (dora.c) */
    bool rebased;    /* the first A and B are taken out of W0 (pissa.c) */
};

struct lora_site {
    struct site_state is;
    int a, bt, m;  /* indices of its params while is.rank > 0; -1: none */
    float *frozen; /* (rank, in) A when it does not train */
    struct mat both_bt, both_a; /* (2 rank, out), (2 rank, in) -B0 and A0,
                         below them copies of B and A; like norm */
    float *norm; /* (out) of the rows of W0 + s B A, dora.c's; by the
                   thread that is in effective() for this site */
};

struct lora {
    uint64_t seed;
    struct lora_kin kin;
    bool also[ALSO_KINDS];
    float lr_ratio; /* of B */
    enum norm_rule norm;
    int head;               /* the param that is the head's whole W, or -1 */
    struct lora_site *site; /* (site_count) */
};

/* Alpha, ranks, targets and what trains beside them: check of all kin. */
int lora_check(const struct model *model, const struct method_conf *conf,
               struct err *err);
/* What lora_check() lets through. */
int lora_attach_kin(struct method *method, const struct method_conf *conf,
                    const struct lora_kin *kin, struct err *err);
void lora_detach(struct method *method);

/* "h.3.attn.q: rank 300 is not allowed; use 1..128" */
int lora_check_rank(const struct site *site, int rank, struct err *err);

/* alpha / r or alpha / sqrt r */
double lora_scale(double alpha, enum scale_rule rule, int rank);

/* The rank that a conf gives a site; 0: no target. */
int lora_rank_of(const struct model *model, const struct method_conf *conf,
                 int site);

/* Params for the ranks in the state, values zero. */
int lora_layout(struct method *method, struct err *err);
/* Storage for what does not train, for the ranks in the state. */
void lora_freeze(struct lora_site *site, const struct lora *lora,
                 const struct site *of);
void lora_free_sites(struct lora *lora, int count);

struct mat lora_a(const struct method *method, int site);  /* (r, in) */
struct mat lora_bt(const struct method *method, int site); /* (r, out) */

/* Uniform in +-1/sqrt(in): Kaiming's with a = sqrt 5, loralib's and PEFT's.
 * It depends on in, never on r. */
void lora_fill(struct mat a, uint64_t seed, int stream, uint64_t index);

/* The ops of all kin. */
long lora_count(const struct model *model, const struct method_conf *conf);
bool lora_adapts(const struct method *method, int site);
void lora_effective(const struct method *method, int site, struct mat w);
const float *lora_direct(const struct method *method, int site);
void lora_gradient(const struct method *method, float *grad, int site,
                   struct mat x, struct mat dy, struct arena *scratch);
size_t lora_scratch(const struct method *method, int site, int tokens);
int lora_set_rank(struct method *method, int site, int rank,
                  enum rank_policy policy, struct rank_change *change,
                  struct err *err);
int lora_rank(const struct method *method, int site);
bool lora_factors(const struct method *method, int site, struct mat *bt,
                  struct mat *a, double *scale);
void lora_state_of(const struct method *method, int site,
                   struct site_state *to);
int lora_restore(struct method *method, const struct site_state *states,
                 struct err *err);
bool lora_kept(const struct method *method, int i, struct kept *to);

#endif

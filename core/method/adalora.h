/*
 * AdaLoRA's own state, shared by adalora.c (how it computes) and
 * adalora_budget.c (which directions it keeps).
 */
#ifndef CORE_METHOD_ADALORA_H
#define CORE_METHOD_ADALORA_H

#include "core/method/method.h"

struct ada_site {
    bool target;
    int rank;         /* triplets left; 0: all dropped, W is W0 */
    int p, lambda, q; /* indices of its params, while rank > 0 */
    struct mat mix;   /* (rank, out) lambda P^T, as of the last look at it;
                         by the thread in effective() or factors() here */
    bool *off;        /* (rank) to be dropped; between after_update() and
                         drop() alone */
};

struct adalora {
    struct budget_conf budget;
    int targets, rank; /* sites, and triplets of each in the end, on average */
    double scale;
    struct ada_site *site; /* (site_count) */
    float *mean, *swing;   /* (size) the running |w dw| and how it varies */
};

/* The sites of method again, with no storage yet: to be given other ranks. */
struct ada_site *adalora_sites(const struct method *method);
/* Makes next, a method like this one whose state is the state given, with
 * params, means and mixtures for the ranks of its sites, values zero.  On
 * failure next and state are freed. */
int adalora_lay(struct method *next, struct adalora *state,
                const struct method *method, struct err *err);
/* Puts next in the place of method. */
void adalora_take(struct method *method, struct method *next);

struct mat adalora_p(const struct method *method, int site);  /* (r, out) P^T */
struct mat adalora_q(const struct method *method, int site);  /* (r, in) */
float *adalora_lambda(const struct method *method, int site); /* (r) */

/* Triplets of all sites together. */
int adalora_triplets(const struct method *method);
/* b(t), for t of steps updates made: so many triplets keep their lambda. */
int adalora_budget(const struct method *method, long t, long steps);

/* The ops of adalora_budget.c. */
void adalora_before_update(struct method *method, float *grad);
bool adalora_after_update(struct method *method, long step, long steps);
int adalora_drop(struct method *method, int site, struct rank_change *change,
                 struct err *err);

#endif

/*
 * What a smaller rank would cost, by held-out loss in nats per target: W0 and
 * the k largest directions of dW (Eckart-Young), at one site or at all; and
 * what each direction is worth on its own.  Works on rebuilt weights; nothing
 * is trained.
 *
 * The loss need not fall with k: Eckart-Young is about ||dW||_F, not about
 * the loss.
 */
#ifndef EXPERIMENTS_CUTS_H
#define EXPERIMENTS_CUTS_H

#include "experiments/study.h"

/* Directions at a site: r of its factors, or min(out, in); 0: not adapted. */
int cuts_rank(const struct moment *moment, int site);
int cuts_rank_most(const struct moment *moment); /* the largest of all sites */

/* loss[k], k = 0 .. cuts_rank: k directions kept at this site, all else as the
 * moment has it.  room may hold anything.  -1: the update holds NaN or Inf. */
int cuts_site(double *loss /* (cuts_rank + 1) */, struct rebuilt *room,
              const struct moment *moment, int site,
              const struct ground *ground, const struct batch *batch,
              struct err *err);

/* loss[k], k = 0 .. cuts_rank_most: at most k directions kept at every site. */
int cuts_all(double *loss /* (cuts_rank_most + 1) */, struct rebuilt *room,
             const struct moment *moment, const struct ground *ground,
             const struct batch *batch, struct err *err);

/* loss[i], i = 0 .. cuts_rank - 1: sigma_i+1 of this site alone set to 0. */
int cuts_zeroed(double *loss /* (cuts_rank) */, struct rebuilt *room,
                const struct moment *moment, int site,
                const struct ground *ground, const struct batch *batch,
                struct err *err);

#endif

/*
 * A moment: the updates of one run at one step, copied, never changed again,
 * and reference-counted, so that trainer, analyst and screen may hold it.
 * What a run looked like before is a list of moments; what the analyst
 * studies is one or several.
 */
#ifndef EXPERIMENTS_MOMENT_H
#define EXPERIMENTS_MOMENT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "analysis/update.h"
#include "core/method/method.h"
#include "core/model/model.h"

/* One site of a run. */
struct specimen {
    bool adapted;
    int rank;             /* of its factors; 0: a method without */
    struct update update; /* owns what it points at */
    int share_count;      /* = rank, or 0: no step was taken */
    double *share;        /* of the gradient's energy, by direction */
};

struct moment {
    atomic_int holders;
    int run; /* id */
    char name[32], method[32];
    long step, version;
    long steps; /* it is to take; 0: nobody knows */
    int branch, site_count;
    struct specimen *site; /* (site_count) */
    float *others;         /* copies of what it trains beside its sites, one
                              after another in the order of model->other; or
                              NULL: all as in the base */
    struct method *beside; /* a copy of a method that puts something beside W
                              (insert.h), with its values; or NULL */
    size_t bytes;          /* what it takes */
};

struct moment *moment_hold(const struct moment *moment);
void moment_release(const struct moment *moment);

/* Whether sites have factors (LoRA) or matrices (full fine-tuning). */
bool moment_is_dense(const struct moment *moment);
/* w (out, in) = w0 (out, in) + dW, to the bit as training has it where dW has
 * factors; w0 alone where the site is not adapted.  w may be w0. */
void specimen_write(struct mat w, struct mat w0, const struct specimen *of);
/* w = w0 + strength dW; strength 1 is the above. */
void specimen_turn(struct mat w, struct mat w0, const struct specimen *of,
                   double strength);
/* w (out, in) += factor sigma_k u_k v_k^T, k from 0. */
void specimen_add(struct mat w, const struct spectrum *of, int k,
                  double factor);

/*
 * The weights of a moment, rebuilt: W = W0 + dW at every site, the others as
 * the moment has them.  Storage is the caller's: made once, filled again and
 * again for cuts and changes.
 */
struct rebuilt {
    const struct model *model;
    float *values;          /* W of all sites, one after another */
    float *others;          /* copies that may be changed */
    struct weights weights; /* what a pass takes */
};
struct rebuilt rebuilt_new(const struct model *model);
void rebuilt_free(struct rebuilt *rebuilt);
void rebuilt_base(struct rebuilt *to);                /* W0, all others */
void rebuilt_base_site(struct rebuilt *to, int site); /* W0 of one site */
void rebuilt_moment(struct rebuilt *to, const struct moment *moment);
/* All that was learned times strength: base + strength (moment - base); 1 is
 * the above, to the bit. */
void rebuilt_turned(struct rebuilt *to, const struct moment *moment,
                    double strength);
/* One site as the moment has it. */
void rebuilt_site(struct rebuilt *to, const struct moment *moment, int site);
void rebuilt_others(struct rebuilt *to, const struct moment *moment);
/* W += factor sigma_k u_k v_k^T at a site, k from 0. */
void rebuilt_add(struct rebuilt *to, int site, const struct spectrum *of, int k,
                 double factor);

#endif

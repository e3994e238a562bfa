/*
 * A finding: what the analyst made of a copy of one run.  finding.c copies
 * and computes, analyst.c decides when.
 */
#ifndef EXPERIMENTS_FINDING_H
#define EXPERIMENTS_FINDING_H

#include <stdatomic.h>

#include "analysis/spectrum.h"
#include "experiments/session_private.h"
#include "experiments/truncation.h"

/* One site of a run, copied. */
struct specimen {
    bool adapted;
    int rank;
    double scale;
    struct mat bt, a; /* factors, or */
    struct mat dw;    /* the update itself */
    int share_count;
    double *share;
};

struct sample {
    int run, site_count;
    long step, version;
    struct specimen *site;
    int truncation_site; /* asked for, or -1 */
    bool truncates;      /* and possible */
    bool is_dense;       /* updates without factors: dear */
    struct truncation truncation;
};

struct site_finding {
    struct spectrum spectrum;
    double stable_rank, participation_ratio, entropy_rank;
    int share_count;
    double *share;
};

struct finding {
    atomic_int holders;
    int run, site_count;
    long step, version;
    struct site_finding *site;
    int truncated, truncation_count; /* site, or -1 */
    double *truncation_loss;
    long truncation_version, truncation_step;
};

/* The trainer's side: copies all sites of a run. */
struct sample *sample_take(const struct session *session,
                           const struct lane *lane);
void sample_free(struct sample *sample);

/* Spectra of the sample; takes the gradient shares over. */
struct finding *finding_new(struct sample *sample);
/* Losses at every truncation of the site the sample was taken for. */
void finding_truncate(struct finding *finding, struct sample *sample,
                      const struct batch *held_out, struct pass *pass);
/* Truncations are rare: the last ones stay as long as their rank fits. */
void finding_inherit(struct finding *to, const struct finding *from);

#endif

/*
 * A finding: what the analyst made of a moment: singular values of every
 * site, and now and then what cutting ranks would cost.  Immutable once it is
 * made, reference-counted: snapshots hold it and point into it.
 */
#ifndef EXPERIMENTS_FINDING_H
#define EXPERIMENTS_FINDING_H

#include <stdatomic.h>

#include "experiments/cuts.h"
#include "experiments/moment.h"
#include "experiments/snapshot.h"

struct site_finding {
    struct spectrum spectrum; /* values; sigma NULL: not adapted, or not finite */
    int direction_count;
    double *share, *norm; /* (direction_count): see site_view */
};

/* Losses on a few held-out examples after cutting ranks. */
struct cut_finding {
    int site; /* -1: none */
    long version, step;
    int site_count; /* losses at k = 0 .. site_count - 1 */
    double *site_loss, *zeroed_loss;
    int all_count;
    double *all_loss;
};

struct finding {
    atomic_int holders;
    int run, site_count;
    long step, version;
    struct site_finding *site;
    struct sigma_view *sigma; /* (site_count) the same, for moments */
    struct cut_finding cut;
};

/* Spectra of a moment. */
struct finding *finding_new(const struct moment *moment);
const struct finding *finding_hold(const struct finding *finding);
void finding_release(const struct finding *finding);

/* Adds what cutting costs: the site's own curve and that of all sites.  Before
 * anybody else holds the finding. */
void finding_cut(struct finding *finding, const struct moment *moment,
                 int site, struct rebuilt *rebuilt,
                 const struct ground *ground);
/* Cuts are rare: the last ones stay as long as the ranks are the same. */
void finding_inherit(struct finding *to, const struct finding *from);

/* What a view needs of a site, pointing into the finding, which the snapshot
 * must hold. */
void finding_show(struct site_view *to, const struct finding *finding,
                  int site);
void finding_show_cut(struct run_view *to, const struct finding *finding);

#endif

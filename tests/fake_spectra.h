/*
 * What a fake snapshot knows of its spectra beyond them: chance, earlier
 * moments, losses of cuts and of zeroed directions, norms of directions.
 */
#ifndef TESTS_FAKE_SPECTRA_H
#define TESTS_FAKE_SPECTRA_H

#include "experiments/snapshot.h"

enum { FAKE_SPECTRA_EVERY = 40, FAKE_COLLAPSED = 21, FAKE_DEAD = 8 };

/* sigma (count) of a site of a run, descending, as training would have it at
 * a step: 0 at step 0, all zero.  rank 0: full, with a tail of noise. */
void fake_sigma(double *sigma, int count, int run, int site, int rank,
                double step);

/* Adds to a snapshot whose sites, runs and sigma are there. */
void fake_spectra_fill(struct snapshot *snapshot);
void fake_spectra_free(struct snapshot *snapshot);

#endif

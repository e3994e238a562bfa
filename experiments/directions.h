/*
 * From an update in a moment to orthonormal directions, and the sentences that
 * say why there are none.  Directions are columns (n, k); the caller frees
 * them with dmat_free.
 */
#ifndef EXPERIMENTS_DIRECTIONS_H
#define EXPERIMENTS_DIRECTIONS_H

#include "experiments/study_owned.h"

/* A full update has min(out, in) directions; pages show the leading ones. */
enum { DIRECTIONS_MOST = 64 };

/* "r8", "r8 at step 200", "W0", "random", into STUDY_NAME bytes. */
void directions_name(char *to, const struct operand *operand,
                     const struct moment *moment);

/* 0: the moment has an update at the site, and it is finite.  Otherwise a
 * sentence; asked says which run and step a missing moment was to be of, or is
 * NULL. */
int directions_check_finite(const struct model *model,
                            const struct moment *moment,
                            const struct operand *asked, int site,
                            struct err *err);
/* The same, and it is not zero. */
int directions_check(const struct model *model, const struct moment *moment,
                     const struct operand *asked, int site, struct err *err);

/* The spectrum of a checked update with vectors, at least one above zero. */
int directions_spectrum(struct spectrum *to, const struct model *model,
                        const struct moment *moment, int site, struct err *err);

/* The leading singular vectors, at most most, none beyond the rank. */
struct dmat directions_of(const struct spectrum *spectrum, enum side side,
                          int most);

/* Of a checked update, at least one.  In OVERLAP_OF_FACTOR: right singular
 * vectors of A on the input side, left ones of B on the output side (Hu et al.
 * 2021, 7.2). */
int directions_take(struct dmat *to, const struct model *model,
                    const struct moment *moment, int site, enum side side,
                    enum overlap_of of, int most, struct err *err);

#endif

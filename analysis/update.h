/*
 * An update dW of one site, as a method has learned it: two factors, or the
 * matrix itself.  A window on memory somebody else owns, passed by value.
 */
#ifndef ANALYSIS_UPDATE_H
#define ANALYSIS_UPDATE_H

#include "analysis/spectrum.h"

struct update {
    int out, in;
    struct mat bt, a; /* dW = scale * bt^T a, bt (r, out), a (r, in); or */
    double scale;
    struct mat dw;    /* (out, in) where there are no factors: a.at NULL */
};

struct update update_of_factors(struct mat bt, struct mat a, double scale);
struct update update_of_matrix(struct mat dw);
bool update_has_factors(const struct update *update);

/* Singular values (and vectors) of dW: from the factors, or dense.  Of
 * factors count is r: exact rank r, the rest of min(out, in) are zero.
 * NaN and Inf are refused. */
int update_spectrum(struct spectrum *spectrum, const struct update *update,
                    enum vectors vectors, struct err *err);
/* dw (out, in) = dW, in float. */
void update_write(const struct update *update, struct mat dw);
/* <dW1, dW2> = sum of products of entries, for updates of one shape.  Of two
 * pairs of factors by r x r Gram matrices, never forming dW (PRIOR_ART 4.1). */
double update_inner(const struct update *one, const struct update *two);
/* Every entry, or every direction of the factors, is 0; directions that
 * cancel one another are not looked for. */
bool update_is_zero(const struct update *update);

#endif

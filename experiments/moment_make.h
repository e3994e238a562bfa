/*
 * Making moments: of a method as it is, or site by site.
 */
#ifndef EXPERIMENTS_MOMENT_MAKE_H
#define EXPERIMENTS_MOMENT_MAKE_H

#include "core/method/method.h"
#include "experiments/moment.h"

/* Held once by the maker; no site is adapted yet. */
struct moment *moment_new(const char *name, const char *method, long step,
                          int site_count);
/* The moment takes these over: owned, freed with it. */
void moment_put_factors(struct moment *moment, int site, struct mat bt,
                        struct mat a, double scale);
void moment_put_matrix(struct moment *moment, int site, struct mat dw);

/* Copies what a method has learned at every site, and its others. */
struct moment *moment_of_method(const struct method *method, const char *name,
                                long step);

#endif

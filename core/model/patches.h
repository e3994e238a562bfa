/*
 * Images position by position, x (rows * side * side, channels), and what a
 * convolution makes of them: the patches of 5 x 5 positions around which
 * nothing is padded, so that the convolution is a product of matrices
 * (Chellapilla et al. 2006), and the largest of each 2 x 2.
 */
#ifndef CORE_MODEL_PATCHES_H
#define CORE_MODEL_PATCHES_H

#include "core/base/mat.h"

enum { PATCH_SIDE = 5, PATCH = PATCH_SIDE * PATCH_SIDE };

/* Positions along a side of what is left of so many. */
int patches_left(int side); /* side - 4 */

/* to (rows * left^2, 25 * channels): row by row of the patch, all channels of
 * a position together. */
void patches_take(struct mat to, struct mat x, int side);
/* Back: dx = the sum of what its positions gave, from what to's gradient. */
void patches_give(struct mat dx, struct mat from, int side);

/* y (rows * (side/2)^2, channels): the largest of four, and 0 below 0. */
void pool_largest(struct mat y, struct mat x, int side);
/* x becomes its gradient: dy at the first of the largest if that is above 0,
 * else 0. */
void pool_back(struct mat x, struct mat dy, int side);

#endif

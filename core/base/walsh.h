/*
 * The fast Walsh-Hadamard transform: x becomes H_n x, H_1 = (1),
 * H_2n = (H_n H_n; H_n -H_n), entries +1 and -1, not normalised: H H = n I.
 * n log2 n additions, in place, always in the same order.
 */
#ifndef CORE_BASE_WALSH_H
#define CORE_BASE_WALSH_H

#include <stddef.h>

/* x (n), n a power of two, 1 or more. */
void walsh_transform(float *x, size_t n);

#endif

/*
 * IDX files (LeCun, Cortes & Burges, "The MNIST database"): bytes in one or
 * three dimensions, big-endian sizes before them, plain or gzipped.
 *
 *   0 0 8 DIMENSIONS, the sizes (4 bytes each), the bytes
 */
#ifndef CORE_IO_IDX_H
#define CORE_IO_IDX_H

#include <stdint.h>

#include "core/base/err.h"

enum { IDX_DIMENSIONS = 3 }; /* at most */

struct idx {
    int size[IDX_DIMENSIONS]; /* 1 where there are fewer */
    uint8_t *at;              /* (size[0], size[1], size[2]) */
};

/* Refuses another magic, other dimensions than wanted (1: labels, 3: images),
 * and a file that is longer or shorter than its sizes say. */
int idx_read(struct idx *to, const char *path, int dimensions, struct err *err);
void idx_free(struct idx *idx);

#endif

/* Between resize.c and resize_write.c. */
#ifndef EXPERIMENTS_RESIZE_PRIVATE_H
#define EXPERIMENTS_RESIZE_PRIVATE_H

#include "core/io/peft_out.h"
#include "experiments/resize.h"

/* The file these ranks make, its items added; freed by commit or abandon. */
struct peft_out *resize_out(const struct resize *resize, const int *rank);

#endif

/*
 * The one loop that writes an effective weight.
 */
#ifndef CORE_METHOD_LORA_ACCUMULATE_H
#define CORE_METHOD_LORA_ACCUMULATE_H

#include "core/base/mat.h"

/* w (out, in) = w0 (out, in) + scale * bt^T a, bt (r, out), a (r, in), one
 * direction after another.  w may be w0.  Directions whose B is zero leave no
 * trace: growing by them changes no bit of w. */
void lora_accumulate(struct mat w, struct mat w0, struct mat bt, struct mat a,
                     double scale);

#endif

/*
 * Handwriting without a hand: a digit is a few strokes whose points are moved a
 * little, then shifted, scaled, slanted and turned, drawn with a pen of some
 * thickness, and put into noise.
 */
#ifndef CORE_TASK_DIGIT_H
#define CORE_TASK_DIGIT_H

#include <stdint.h>

#include "core/base/rng.h"

enum { DIGIT_SIDE = 28, DIGIT_PIXELS = DIGIT_SIDE * DIGIT_SIDE, DIGITS = 10 };

/* image (DIGIT_PIXELS) 0 paper .. 255 ink, rows from the top. */
void digit_draw(uint8_t *image, int digit, struct rng *rng);

#endif

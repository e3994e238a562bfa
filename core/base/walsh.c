/*
 * See walsh.h.  Pieces that fit a first-level cache go through all their own
 * levels first; the levels above them are taken two at a time, so that memory
 * is read half as often.
 */
#include "core/base/walsh.h"

#include <assert.h>

enum { PIECE = 4096 }; /* floats: 16 KiB */

/* Two levels at once on four rows of width floats, from x: 4 width floats. */
static void four(float *x, size_t width)
{
    float *a = x, *b = x + width, *c = b + width, *d = c + width;
    for (size_t i = 0; i < width; i++) {
        float ab = a[i] + b[i], a_b = a[i] - b[i];
        float cd = c[i] + d[i], c_d = c[i] - d[i];
        a[i] = ab + cd;
        b[i] = a_b + c_d;
        c[i] = ab - cd;
        d[i] = a_b - c_d;
    }
}

static void two(float *x, size_t width)
{
    float *a = x, *b = x + width;
    for (size_t i = 0; i < width; i++) {
        float sum = a[i] + b[i], difference = a[i] - b[i];
        a[i] = sum;
        b[i] = difference;
    }
}

/* The first four levels, where rows are too narrow to be worth a vector:
 * sixteen numbers stay in registers. */
static void sixteen(float *x)
{
    float y[16];
    for (int i = 0; i < 16; i += 4) {
        float ab = x[i] + x[i + 1], a_b = x[i] - x[i + 1];
        float cd = x[i + 2] + x[i + 3], c_d = x[i + 2] - x[i + 3];
        y[i] = ab + cd;
        y[i + 1] = a_b + c_d;
        y[i + 2] = ab - cd;
        y[i + 3] = a_b - c_d;
    }
    for (int i = 0; i < 4; i++) {
        float ab = y[i] + y[i + 4], a_b = y[i] - y[i + 4];
        float cd = y[i + 8] + y[i + 12], c_d = y[i + 8] - y[i + 12];
        x[i] = ab + cd;
        x[i + 4] = a_b + c_d;
        x[i + 8] = ab - cd;
        x[i + 12] = a_b - c_d;
    }
}

/* Levels from rows of width floats up to rows of n / 2. */
static void levels(float *x, size_t n, size_t width)
{
    for (; 4 * width <= n; width *= 4)
        for (size_t at = 0; at < n; at += 4 * width)
            four(x + at, width);
    if (2 * width <= n)
        for (size_t at = 0; at < n; at += 2 * width)
            two(x + at, width);
}

void walsh_transform(float *x, size_t n)
{
    enum { SMALL = 16 };
    assert(n > 0 && (n & (n - 1)) == 0);
    if (n < SMALL) {
        levels(x, n, 1);
        return;
    }
    size_t piece = n < PIECE ? n : PIECE;
    for (size_t at = 0; at < n; at += piece) {
        for (size_t i = 0; i < piece; i += SMALL)
            sixteen(x + at + i);
        levels(x + at, piece, SMALL);
    }
    levels(x, n, piece);
}

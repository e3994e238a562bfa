/* See digit.h. */
#include "core/task/digit.h"

#include <math.h>

enum { POINTS = 16 };

struct point {
    double x, y; /* 0..1 from the left and the top; x < 0: the pen is lifted */
};

/* clang-format off */
#define LIFT {-1, 0}
static const struct point strokes[DIGITS][POINTS] = {
    {{.50, .08}, {.32, .17}, {.25, .38}, {.25, .62}, {.32, .83}, {.50, .92},
     {.68, .83}, {.75, .62}, {.75, .38}, {.68, .17}, {.50, .08}, LIFT},
    {{.35, .26}, {.54, .09}, {.54, .92}, LIFT},
    {{.25, .30}, {.31, .14}, {.50, .08}, {.69, .16}, {.73, .33}, {.60, .54},
     {.25, .91}, {.77, .91}, LIFT},
    {{.27, .17}, {.50, .08}, {.70, .18}, {.70, .36}, {.48, .47}, {.72, .58},
     {.75, .75}, {.61, .90}, {.41, .92}, {.24, .81}, LIFT},
    {{.80, .63}, {.21, .63}, {.60, .08}, {.60, .92}, LIFT},
    {{.72, .10}, {.33, .10}, {.29, .46}, {.50, .40}, {.70, .50}, {.75, .68},
     {.65, .85}, {.45, .92}, {.25, .83}, LIFT},
    {{.65, .09}, {.42, .27}, {.29, .54}, {.28, .75}, {.40, .90}, {.60, .90},
     {.72, .75}, {.65, .58}, {.47, .53}, {.29, .66}, LIFT},
    {{.23, .10}, {.77, .10}, {.55, .46}, {.42, .92}, LIFT},
    {{.50, .48}, {.30, .37}, {.30, .19}, {.50, .08}, {.70, .19}, {.70, .37},
     {.50, .48}, {.26, .62}, {.26, .81}, {.50, .92}, {.74, .81}, {.74, .62},
     {.50, .48}, LIFT},
    {{.70, .34}, {.55, .47}, {.36, .43}, {.28, .28}, {.38, .12}, {.57, .08},
     {.70, .19}, {.70, .34}, {.67, .62}, {.55, .92}, LIFT},
};
/* clang-format on */

/* How far they stray: standard deviations, or half widths of even ranges. */
static const double wobble = 0.025; /* of each point, in sizes of the digit */
static const double shift = 2.5, slant = 0.25, turn = 0.12;
static const double smallest = 15, largest = 21; /* pixels */
static const double thinnest = 0.7, thickest = 1.7;
static const float noise = 0.06F, soft = 0.8F; /* pixels of a stroke's edge */

/* Onto the pixels: x' = m (x - 1/2, y - 1/2) + middle. */
static int place(struct point *to, int digit, struct rng *rng)
{
    double size = rng_between(rng, smallest, largest);
    double wide = size * rng_between(rng, 0.75, 1.0);
    double lean = rng_between(rng, -slant, slant);
    double angle = rng_between(rng, -turn, turn);
    double left = DIGIT_SIDE / 2.0 + rng_between(rng, -shift, shift);
    double top = DIGIT_SIDE / 2.0 + rng_between(rng, -shift, shift);
    int count = 0;
    for (; strokes[digit][count].x >= 0; count++) {
        double x = strokes[digit][count].x - 0.5 + wobble * rng_normal(rng);
        double y = strokes[digit][count].y - 0.5 + wobble * rng_normal(rng);
        x = wide * (x - lean * y);
        y = size * y;
        to[count].x = left + cos(angle) * x - sin(angle) * y;
        to[count].y = top + sin(angle) * x + cos(angle) * y;
    }
    return count;
}

/* near (DIGIT_PIXELS) falls to the squared distances from a line of the pen. */
static void approach(float *near, struct point a, struct point b)
{
    float dx = (float)(b.x - a.x), dy = (float)(b.y - a.y);
    float over = 1 / fmaxf(dx * dx + dy * dy, 1e-9F);
    for (int row = 0; row < DIGIT_SIDE; row++) {
        float y = (float)row + 0.5F - (float)a.y, *to = near + row * DIGIT_SIDE;
        for (int column = 0; column < DIGIT_SIDE; column++) {
            float x = (float)column + 0.5F - (float)a.x;
            float t = (x * dx + y * dy) * over;
            t = t > 0 ? t : 0;
            t = t < 1 ? t : 1;
            float ex = x - t * dx, ey = y - t * dy, d = ex * ex + ey * ey;
            to[column] = d < to[column] ? d : to[column];
        }
    }
}

/* Four bytes added up: near enough to normal, and quick. */
static float grain(struct rng *rng)
{
    const float mean = 510, deviation = 147.8F; /* sqrt(4 (256^2 - 1) / 12) */
    uint32_t word = rng_u32(rng);
    uint32_t sum =
        (word & 255) + (word >> 8 & 255) + (word >> 16 & 255) + (word >> 24);
    return ((float)sum - mean) / deviation;
}

void digit_draw(uint8_t *image, int digit, struct rng *rng)
{
    struct point point[POINTS];
    float near[DIGIT_PIXELS];
    int count = place(point, digit, rng);
    float pen = (float)rng_between(rng, thinnest, thickest);
    for (int i = 0; i < DIGIT_PIXELS; i++)
        near[i] = DIGIT_PIXELS;
    for (int k = 1; k < count; k++)
        approach(near, point[k - 1], point[k]);
    for (int i = 0; i < DIGIT_PIXELS; i++) {
        float ink = (pen - sqrtf(near[i])) / soft + 0.5F;
        ink = fminf(1, fmaxf(0, ink)) + noise * grain(rng);
        image[i] = (uint8_t)(255 * fminf(1, fmaxf(0, ink)) + 0.5F);
    }
}

/* See patches.h. */
#include "core/model/patches.h"

#include <assert.h>
#include <string.h>

#include "core/base/vecmath.h"

int patches_left(int side)
{
    return side - (PATCH_SIDE - 1);
}

static int images_of(struct mat x, int side)
{
    assert(x.rows % (side * side) == 0);
    return x.rows / (side * side);
}

void patches_take(struct mat to, struct mat x, int side)
{
    int left = patches_left(side), images = images_of(x, side), at = 0;
    size_t run = (size_t)PATCH_SIDE * (size_t)x.cols; /* of one row */
    assert(to.rows == images * left * left && to.cols == PATCH * x.cols);
    for (int image = 0; image < images; image++)
        for (int i = 0; i < left; i++)
            for (int j = 0; j < left; j++) {
                float *patch = mat_row(to, at++);
                for (int k = 0; k < PATCH_SIDE; k++, patch += run)
                    memcpy(patch, mat_row(x, (image * side + i + k) * side + j),
                           run * sizeof *patch);
            }
}

void patches_give(struct mat dx, struct mat from, int side)
{
    int left = patches_left(side), images = images_of(dx, side), at = 0;
    size_t run = (size_t)PATCH_SIDE * (size_t)dx.cols;
    mat_zero(dx);
    for (int image = 0; image < images; image++)
        for (int i = 0; i < left; i++)
            for (int j = 0; j < left; j++) {
                const float *patch = mat_row(from, at++);
                for (int k = 0; k < PATCH_SIDE; k++, patch += run)
                    vec_add(mat_row(dx, (image * side + i + k) * side + j),
                            patch, run);
            }
}

/* The first of four rows below one another and beside one another. */
static float *corner(struct mat x, int side, int image, int i, int j)
{
    return mat_row(x, (image * side + 2 * i) * side + 2 * j);
}

void pool_largest(struct mat y, struct mat x, int side)
{
    int half = side / 2, images = images_of(x, side), at = 0;
    size_t below = (size_t)side * (size_t)x.cols, beside = (size_t)x.cols;
    for (int image = 0; image < images; image++)
        for (int i = 0; i < half; i++)
            for (int j = 0; j < half; j++) {
                const float *a = corner(x, side, image, i, j);
                float *to = mat_row(y, at++);
                for (size_t c = 0; c < beside; c++) {
                    float one = a[c], two = a[c + beside];
                    float three = a[c + below], four = a[c + below + beside];
                    one = one < two ? two : one;
                    three = three < four ? four : three;
                    one = one < three ? three : one;
                    to[c] = one > 0 ? one : 0;
                }
            }
}

void pool_back(struct mat x, struct mat dy, int side)
{
    int half = side / 2, images = images_of(x, side), at = 0;
    size_t below = (size_t)side * (size_t)x.cols, beside = (size_t)x.cols;
    const size_t step[] = {0, beside, below, below + beside};
    for (int image = 0; image < images; image++)
        for (int i = 0; i < half; i++)
            for (int j = 0; j < half; j++) {
                float *a = corner(x, side, image, i, j);
                const float *from = mat_row(dy, at++);
                for (size_t c = 0; c < beside; c++) {
                    int best = 0;
                    for (int k = 1; k < 4; k++)
                        best = a[c + step[k]] > a[c + step[best]] ? k : best;
                    float d = a[c + step[best]] > 0 ? from[c] : 0;
                    for (int k = 0; k < 4; k++)
                        a[c + step[k]] = k == best ? d : 0;
                }
            }
}

/*
 * Fastfood (Le, Sarlos & Smola 2013): block b of n rows is
 *
 *   y_b = H G Pi H B pad(v) / sqrt(n sum G_i^2) / sqrt(D / n),
 *
 * with n a power of two, v padded by zeros, the last block cut.  H is its own
 * transpose, so the adjoint runs the same steps backwards.
 */
#include <math.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/walsh.h"
#include "core/method/projection_private.h"

struct fastfood {
    size_t rows, n, blocks;
    int cols;
    float *gauss;      /* (blocks, n) G, times the block's scale */
    int32_t *place;    /* (blocks, n) Pi: row i takes from place[i] */
    signed char *sign; /* (blocks, cols) B: what meets zeros is not kept */
    float *one, *two;  /* (n) on their way */
};

static void draw_block(struct fastfood *f, size_t block, uint64_t seed)
{
    struct rng rng = rng_make(seed, STREAM_PROJECTION, block);
    float *gauss = f->gauss + block * f->n;
    int32_t *place = f->place + block * f->n;
    signed char *sign = f->sign + block * (size_t)f->cols;
    double sum = 0;
    for (size_t i = 0; i < f->n; i++) {
        gauss[i] = (float)rng_normal(&rng);
        sum += (double)gauss[i] * gauss[i];
        place[i] = (int32_t)i;
    }
    for (size_t i = f->n - 1; i > 0; i--) { /* Fisher & Yates */
        size_t j = rng_below(&rng, (uint32_t)i + 1);
        int32_t swap = place[i];
        place[i] = place[j];
        place[j] = swap;
    }
    for (int j = 0; j < f->cols; j++)
        sign[j] = rng_u32(&rng) & 1 ? 1 : -1;
    double scale = 1 / sqrt(sum * (double)f->rows);
    for (size_t i = 0; i < f->n; i++)
        gauss[i] = (float)(gauss[i] * scale);
}

static void fastfood_free(void *state)
{
    struct fastfood *f = state;
    mem_free(f->gauss);
    mem_free(f->place);
    mem_free(f->sign);
    mem_free(f->one);
    mem_free(f->two);
    mem_free(f);
}

static void *make(size_t rows, int cols, size_t least, uint64_t seed,
                  struct err *err)
{
    struct fastfood *f = xcalloc(1, sizeof *f);
    f->rows = rows;
    f->cols = cols;
    for (f->n = 1; f->n < least; f->n *= 2)
        ;
    f->blocks = (rows + f->n - 1) / f->n;
    size_t total = f->blocks * f->n;
    f->gauss = mem_try(total, sizeof *f->gauss);
    f->place = f->n <= INT32_MAX ? mem_try(total, sizeof *f->place) : NULL;
    f->sign = mem_try(f->blocks * (size_t)cols, sizeof *f->sign);
    f->one = mem_try(f->n, sizeof *f->one);
    f->two = mem_try(f->n, sizeof *f->two);
    if (!f->gauss || !f->place || !f->sign || !f->one || !f->two) {
        fastfood_free(f);
        (void)err_set(err, "no memory for a projection into %zu parameters",
                      rows);
        return NULL;
    }
    for (size_t b = 0; b < f->blocks; b++)
        draw_block(f, b, seed);
    return f;
}

static void *fastfood_make(size_t rows, int cols, uint64_t seed, size_t limit,
                           struct err *err)
{
    (void)limit;
    return make(rows, cols, (size_t)cols, seed, err);
}

/* Li et al.'s own: as long as all parameters together. */
static void *fastfood_li_make(size_t rows, int cols, uint64_t seed,
                              size_t limit, struct err *err)
{
    (void)limit;
    return make(rows, cols, rows, seed, err);
}

static size_t fastfood_bytes(const void *state)
{
    const struct fastfood *f = state;
    return f->blocks * f->n * (sizeof *f->gauss + sizeof *f->place) +
           f->blocks * (size_t)f->cols * sizeof *f->sign +
           2 * f->n * sizeof *f->one;
}

static size_t block_rows(const struct fastfood *f, size_t block)
{
    size_t left = f->rows - block * f->n;
    return left < f->n ? left : f->n;
}

static void fastfood_apply(void *state, float *y, const float *v)
{
    struct fastfood *f = state;
    for (size_t b = 0; b < f->blocks; b++) {
        const float *gauss = f->gauss + b * f->n;
        const int32_t *place = f->place + b * f->n;
        const signed char *sign = f->sign + b * (size_t)f->cols;
        for (int j = 0; j < f->cols; j++)
            f->one[j] = v[j] * (float)sign[j];
        memset(f->one + f->cols, 0, (f->n - (size_t)f->cols) * sizeof *f->one);
        walsh_transform(f->one, f->n);
        for (size_t i = 0; i < f->n; i++)
            f->two[i] = f->one[place[i]] * gauss[i];
        walsh_transform(f->two, f->n);
        memcpy(y + b * f->n, f->two, block_rows(f, b) * sizeof *y);
    }
}

static void fastfood_adjoint(void *state, float *v, const float *y)
{
    struct fastfood *f = state;
    memset(v, 0, (size_t)f->cols * sizeof *v);
    for (size_t b = 0; b < f->blocks; b++) {
        const float *gauss = f->gauss + b * f->n;
        const int32_t *place = f->place + b * f->n;
        const signed char *sign = f->sign + b * (size_t)f->cols;
        size_t rows = block_rows(f, b);
        memcpy(f->two, y + b * f->n, rows * sizeof *y);
        memset(f->two + rows, 0, (f->n - rows) * sizeof *f->two);
        walsh_transform(f->two, f->n);
        for (size_t i = 0; i < f->n; i++)
            f->one[place[i]] = f->two[i] * gauss[i];
        walsh_transform(f->one, f->n);
        for (int j = 0; j < f->cols; j++)
            v[j] += f->one[j] * (float)sign[j];
    }
}

const struct projection_ops projection_fastfood = {.name = "fastfood",
                                                   .make = fastfood_make,
                                                   .free = fastfood_free,
                                                   .bytes = fastfood_bytes,
                                                   .apply = fastfood_apply,
                                                   .adjoint = fastfood_adjoint};
const struct projection_ops projection_fastfood_li = {.name = "fastfood-li",
                                                      .make = fastfood_li_make,
                                                      .free = fastfood_free,
                                                      .bytes = fastfood_bytes,
                                                      .apply = fastfood_apply,
                                                      .adjoint =
                                                          fastfood_adjoint};

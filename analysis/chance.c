/*
 * Singular values and rank measures by chance: see chance.h.
 *
 * Gaussian (N, n), N >= n: Householder's reflections from both sides leave
 * an upper bidiagonal with independent entries, chi_N, chi_(N-1), ... on the
 * diagonal and chi_(n-1), ..., chi_1 above it (Silverstein 1985).
 *
 * Product: sort the three sizes out, rank, in to q <= a <= b.  The singular
 * values of the product do not depend on which of them is in the middle
 * (Ipsen & Kieburg 2014), so both factors are taken as (q, a) and (b, q): the
 * bidiagonal above for (a, q), and, since a rotation of a Gaussian is one,
 * Bartlett's triangle for (b, q): chi_b, ..., normals off the diagonal.
 */
#include "analysis/chance.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/metric_table.h"
#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/base/rng.h"

/* A control is the same in every run: its seed is this program's. */
static const uint64_t SEED = 0x6368616E6365u; /* "chance" */

/* A sequence a shape: 21 bits each, so no two ever share one. */
static struct rng sequence(int out, int in, int rank)
{
    const int most = 1 << 21;
    assert(out > 0 && out < most && in > 0 && in < most);
    assert(rank >= 0 && rank < most);
    return rng_make(SEED, STREAM_CONTROL,
                    (uint64_t)out << 42 | (uint64_t)in << 21 | (uint64_t)rank);
}

/* The root of 2 Gamma(freedom / 2); Marsaglia & Tsang 2000, "A simple method
 * for generating gamma variables", which needs freedom >= 2. */
static double chi(struct rng *rng, int freedom)
{
    if (freedom == 1)
        return fabs(rng_normal(rng));
    double d = freedom / 2.0 - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = rng_normal(rng), v = 1 + c * x;
        if (v <= 0)
            continue;
        v = v * v * v;
        double u = 1 - rng_uniform(rng);
        if (log(u) < x * x / 2 + d - d * v + d * log(v))
            return sqrt(2 * d * v);
    }
}

/* What one draw works in; product (count, count) is empty for a Gaussian. */
struct work {
    double *sigma, *super; /* (count), (count - 1) */
    struct dmat product;
};

/* The bidiagonal of a Gaussian (larger, count). */
static void draw_bidiagonal(struct work *work, struct rng *rng, int larger,
                            int count)
{
    for (int i = 0; i < count; i++) {
        work->sigma[i] = chi(rng, larger - i);
        if (i + 1 < count)
            work->super[i] = chi(rng, count - 1 - i);
    }
}

/* product := bidiagonal times the lower triangle of a Gaussian (count, b). */
static void draw_product(struct work *work, struct rng *rng, int b, int count)
{
    struct dmat k = work->product;
    for (int i = 0; i < count; i++) {
        double *row = dmat_row(k, i);
        for (int j = 0; j < i; j++)
            row[j] = rng_normal(rng);
        row[i] = chi(rng, b - i);
        for (int j = i + 1; j < count; j++)
            row[j] = 0;
    }
    /* Row i needs row i + 1 as it was drawn: downwards, in place. */
    for (int i = 0; i < count; i++)
        for (int j = 0; j <= i + 1 && j < count; j++) {
            double below = i + 1 < count ? dmat_row(k, i + 1)[j] : 0;
            double super = i + 1 < count ? work->super[i] : 0;
            dmat_row(k, i)[j] =
                work->sigma[i] * dmat_row(k, i)[j] + super * below;
        }
}

/* One draw: work->sigma, descending, of Frobenius norm 1.  size: the sizes
 * sorted, two of a Gaussian or three of a product. */
static void draw(struct work *work, struct rng *rng, const int *size,
                 bool is_product)
{
    struct dmat none = {NULL, 0, 0, 0};
    struct err err = {""};
    int count = size[0], failed;
    draw_bidiagonal(work, rng, size[1], count);
    if (is_product) {
        draw_product(work, rng, size[2], count);
        failed = linalg_svd(none, work->sigma, none, work->product, &err);
    } else {
        failed = linalg_bidiagonal_svd(work->sigma, work->super, count, &err);
    }
    if (failed) { /* all is finite: only memory can have run out; see mem.h */
        fprintf(stderr, "chance of a random matrix: %s\n", err.text);
        abort();
    }
    double norm = metric_frobenius(work->sigma, count, count, count);
    for (int i = 0; i < count; i++)
        work->sigma[i] /= norm;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of sorted values, at rank p (n + 1) (Weibull 1939): a new draw is below it
 * with probability p even when there are as few as 40. */
static double quantile(const double *sorted, int n, double p)
{
    double at = p * (n + 1) - 1;
    if (at <= 0)
        return sorted[0];
    if (at >= n - 1)
        return sorted[n - 1];
    int low = (int)at;
    return sorted[low] + (at - low) * (sorted[low + 1] - sorted[low]);
}

/* Sorts the draws of one number. */
static struct band band_of(double *draws, int n)
{
    double sum = 0, squares = 0;
    for (int d = 0; d < n; d++)
        sum += draws[d];
    double mean = sum / n;
    for (int d = 0; d < n; d++)
        squares += (draws[d] - mean) * (draws[d] - mean);
    qsort(draws, (size_t)n, sizeof *draws, ascending);
    return (struct band){.mean = mean,
                         .low = quantile(draws, n, 0.025),
                         .high = quantile(draws, n, 0.975),
                         .error = sqrt(squares / (n - 1.0) / n)};
}

/* Small shapes scatter most and cost least.  On a core of 2020 a draw takes
 * 18 ns times count^2 (dqds), of a product five times that (reduction to a
 * bidiagonal): at most 60 ms a shape up to 256, 0.4 s at 768. */
static int draws_for(double count, bool is_product)
{
    const double most = 400, least = 40, budget = 2.6e6;
    double draws = budget / (count * count * (is_product ? 5 : 1));
    return (int)(draws > most ? most : draws < least ? least : draws);
}

/* Row by row all draws of one number: count of sigma, then the measures. */
static void fill(struct chance *chance, struct dmat rows, const int *size)
{
    int count = chance->count;
    bool is_product = chance->rank > 0;
    struct rng rng = sequence(chance->out, chance->in, chance->rank);
    struct work work = {.sigma = xcalloc((size_t)count, sizeof(double)),
                        .super = xcalloc((size_t)count, sizeof(double))};
    if (is_product)
        work.product = dmat_new(count, count);
    for (int d = 0; d < chance->draws; d++) {
        draw(&work, &rng, size, is_product);
        for (int i = 0; i < count; i++)
            dmat_row(rows, i)[d] = work.sigma[i];
        for (int m = 0; m < metric_count; m++)
            dmat_row(rows, count + m)[d] =
                metric_value(m, work.sigma, count, chance->out, chance->in);
    }
    mem_free(work.sigma);
    mem_free(work.super);
    dmat_free(&work.product);
}

static void sort_sizes(int *size, int n)
{
    for (int i = 1; i < n; i++)
        for (int j = i; j > 0 && size[j - 1] > size[j]; j--) {
            int swap = size[j];
            size[j] = size[j - 1];
            size[j - 1] = swap;
        }
}

struct chance *chance_new(int out, int in, int rank)
{
    assert(metric_count <= CHANCE_METRICS);
    int size[3] = {out, in, rank};
    sort_sizes(size, rank > 0 ? 3 : 2);
    struct chance *chance = xcalloc(1, sizeof *chance);
    chance->out = out;
    chance->in = in;
    chance->rank = rank;
    chance->count = size[0];
    chance->draws = draws_for(size[0], rank > 0);
    chance->sigma = xcalloc((size_t)size[0], sizeof *chance->sigma);
    struct dmat rows = dmat_new(size[0] + metric_count, chance->draws);
    fill(chance, rows, size);
    for (int i = 0; i < size[0]; i++)
        chance->sigma[i] = band_of(dmat_row(rows, i), chance->draws);
    for (int m = 0; m < metric_count; m++)
        chance->metric[m] = band_of(dmat_row(rows, size[0] + m), chance->draws);
    dmat_free(&rows);
    return chance;
}

void chance_free(struct chance *chance)
{
    if (!chance)
        return;
    mem_free(chance->sigma);
    mem_free(chance);
}

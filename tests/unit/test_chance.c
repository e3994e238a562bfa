/*
 * Chance against matrices that were really drawn and decomposed, and against
 * the limits of large ones.
 */
#include "analysis/chance.h"

#include <stdbool.h>

#include "analysis/metric_table.h"
#include "core/base/linalg.h"
#include "core/base/rng.h"
#include "tests/near.h"

/* Means of two independent samples differ by this many standard errors once
 * in 10^6 comparisons; the draws are the same in every run. */
#define SIGMAS 5.0
/* A quantile of 400 draws has a probability known to sqrt(.025 .975 / 400) =
 * .008 and is checked by 1000 others: 4 of these together. */
#define TAIL_SHARE 0.035
/* The spread of 1000 draws against that of 400.  The least value of a square
 * product has a kurtosis near 9: 3 sqrt((9 - 1) / 4 (1/400 + 1/1000)). */
#define SPREAD   0.25
#define ROUNDING 1e-12

enum { REAL_DRAWS = 1000, MOST = 64 };

static void randomise(struct dmat m, struct rng *rng)
{
    for (int i = 0; i < m.rows; i++)
        for (int j = 0; j < m.cols; j++)
            dmat_row(m, i)[j] = rng_normal(rng);
}

/* A whole matrix out x in, Gaussian or a product, by its dense SVD. */
static void really_draw(double *sigma, struct rng *rng, int out, int in,
                        int rank)
{
    struct err err = {""};
    struct dmat none = {NULL, 0, 0, 0}, w = dmat_new(out, in);
    if (rank > 0) {
        struct dmat b = dmat_new(out, rank), a = dmat_new(rank, in);
        randomise(b, rng);
        randomise(a, rng);
        linalg_dgemm(w, 1, b, PLAIN, a, PLAIN, 0);
        dmat_free(&b);
        dmat_free(&a);
    } else {
        randomise(w, rng);
    }
    assert_int_equal(linalg_svd(none, sigma, none, w, &err), 0);
    double sum = 0;
    for (int i = 0; i < out * in; i++)
        sum += w.at[i] * w.at[i];
    for (int i = 0; i < (out < in ? out : in); i++)
        sigma[i] /= sqrt(sum);
    dmat_free(&w);
}

/* One number, really drawn REAL_DRAWS times, against its band.  Counts may
 * differ from their usual value so rarely that their spread says nothing. */
static void check_band(struct band band, int draws, const double *real,
                       bool is_count)
{
    double sum = 0, squares = 0;
    int below = 0, above = 0;
    for (int d = 0; d < REAL_DRAWS; d++)
        sum += real[d];
    double mean = sum / REAL_DRAWS;
    for (int d = 0; d < REAL_DRAWS; d++) {
        squares += (real[d] - mean) * (real[d] - mean);
        below += real[d] < band.low - ROUNDING;
        above += real[d] > band.high + ROUNDING;
    }
    double spread = sqrt(squares / (REAL_DRAWS - 1));
    double off = sqrt(spread * spread / REAL_DRAWS + band.error * band.error);
    assert_near(band.mean, mean, SIGMAS * off + ROUNDING);
    assert_true(below < (0.025 + TAIL_SHARE) * REAL_DRAWS);
    assert_true(above < (0.025 + TAIL_SHARE) * REAL_DRAWS);
    if (is_count)
        return;
    assert_near(band.error * sqrt(draws), spread, SPREAD * spread + ROUNDING);
    assert_true(spread < ROUNDING || (below > 0 && above > 0));
}

static void check_shape(int out, int in, int rank)
{
    struct chance *chance = chance_new(out, in, rank);
    int count = chance->count, numbers = count + metric_count;
    struct dmat real = dmat_new(numbers, REAL_DRAWS);
    struct rng rng = rng_make(3, STREAM_TEST, (uint64_t)(out * 10000 + in));
    double sigma[MOST];
    for (int d = 0; d < REAL_DRAWS; d++) {
        really_draw(sigma, &rng, out, in, rank);
        for (int i = 0; i < count; i++)
            dmat_row(real, i)[d] = sigma[i];
        for (int m = 0; m < metric_count; m++)
            dmat_row(real, count + m)[d] =
                metric_value(m, sigma, count, out, in);
    }
    for (int i = 0; i < count; i++)
        check_band(chance->sigma[i], chance->draws, dmat_row(real, i), false);
    for (int m = 0; m < metric_count; m++)
        if (metric_table[m].of != metric_condition) /* may have no mean */
            check_band(chance->metric[m], chance->draws,
                       dmat_row(real, count + m), true);
    dmat_free(&real);
    chance_free(chance);
}

static void gaussian_is_what_dense_svds_say(void **state)
{
    (void)state;
    const int shape[][2] = {{20, 12}, {9, 14}, {8, 8}, {1, 7}, {2, 2}};
    for (size_t i = 0; i < sizeof shape / sizeof *shape; i++)
        check_shape(shape[i][0], shape[i][1], 0);
}

/* With the inner size the least, in the middle and the greatest. */
static void product_is_what_dense_svds_say(void **state)
{
    (void)state;
    const int shape[][3] = {{15, 12, 4}, {9, 15, 12}, {15, 9, 12},
                            {8, 10, 16}, {9, 9, 9},   {6, 10, 1}};
    for (size_t i = 0; i < sizeof shape / sizeof *shape; i++)
        check_shape(shape[i][0], shape[i][1], shape[i][2]);
}

/* Marchenko and Pastur's integrals, per min(out, in), by a separate program,
 * to three digits. */
struct limit {
    double beta, entropy, energy, stable, participation, k90, k95, k99, edge;
};
static const struct limit limits[] = {
    {.10, .987, .951, .577, .909, .828, .907, .980, 1.316},
    {.25, .966, .883, .444, .800, .761, .861, .965, 1.500},
    {.50, .926, .779, .343, .667, .664, .777, .927, 1.707},
    {.75, .876, .687, .287, .571, .580, .690, .861, 1.866},
    {1.0, .805, .607, .250, .500, .510, .609, .771, 2.000}};

static double share(const struct chance *chance, const char *key)
{
    return chance->metric[metric_index(key)].mean / chance->count;
}

/* The rank for a share is a whole number, half of one too high on average:
 * 1 / (2 q); the rest is of the order 1 / q, and rounding of the table. */
#define FINITE(q) (1.0 / (q) + 0.0005)
/* The largest value lies below the edge by 1.2 c of Tracy and Widom, in
 * sigma about 0.6 (larger side)^(-2/3) (1 + sqrt beta)^(1/3) beta^(-1/6):
 * 1.6 % for 400 x 400. */
#define BELOW_EDGE 0.02

static void large_ones_reach_their_limits(void **state)
{
    (void)state;
    const int larger = 480;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        const struct limit *want = &limits[i];
        int q = (int)lround(want->beta * larger);
        struct chance *chance = chance_new(q, larger, 0);
        const struct {
            const char *key;
            double want;
        } row[] = {{"entropy_rank", want->entropy},
                   {"energy_entropy_rank", want->energy},
                   {"participation_ratio", want->participation},
                   {"rank90", want->k90},
                   {"rank95", want->k95},
                   {"rank99", want->k99}};
        for (size_t k = 0; k < sizeof row / sizeof *row; k++)
            assert_near(share(chance, row[k].key), row[k].want, FINITE(q));
        /* Of norm 1: sigma_1 = edge / sqrt(q). */
        assert_near_relative(chance->sigma[0].mean * sqrt(q), want->edge,
                             BELOW_EDGE);
        assert_true(chance->sigma[0].mean * sqrt(q) < want->edge);
        assert_near_relative(share(chance, "stable_rank"), want->stable,
                             2 * BELOW_EDGE + 0.002);
        chance_free(chance);
    }
}

/* What the rows of the table say of a square Gaussian. */
static void rows_tell_the_truth(void **state)
{
    (void)state;
    enum { LARGE = 480 };
    const double q = LARGE;
    struct chance *chance = chance_new(LARGE, LARGE, 0);
    const struct {
        const char *key;
        double want;
    } row[] = {{"nuclear_rank", 0.721},   {"amplitude_rank90", 0.397},
               {"nuclear_rank90", 0.672}, {"nuclear_rank95", 0.768},
               {"nuclear_rank99", 0.896}, {"numerical_rank", 1},
               {"rank_loss", 0}};
    for (size_t k = 0; k < sizeof row / sizeof *row; k++)
        assert_near(share(chance, row[k].key), row[k].want, FINITE(q));
    /* Relative to sigma_1, which lies below its limit. */
    assert_near(share(chance, "ratio_rank"), 0.873, 0.13 * BELOW_EDGE + 2 / q);
    assert_near(share(chance, "share05_rank"), 0.936,
                0.07 * BELOW_EDGE + 2 / q);
    assert_near(share(chance, "knee"), 0.266, BELOW_EDGE);
    assert_near_relative(q * share(chance, "nuclear"), 0.849 * sqrt(q), 0.002);
    assert_near_relative(q * share(chance, "schatten4"), pow(2 / q, 0.25),
                         0.002);
    assert_near_relative(q * share(chance, "matrix_entropy"),
                         1 - 1 / (2 * log(q)), 0.001);
    struct band kappa = chance->metric[metric_index("condition")];
    assert_true(kappa.low < 4.65 * q && 4.65 * q < kappa.high);
    chance_free(chance);
}

/* One direction is one direction, whoever drew it. */
static void rank_one_is_exact(void **state)
{
    (void)state;
    struct chance *chance = chance_new(30, 40, 1);
    assert_int_equal(chance->count, 1);
    for (int m = 0; m < metric_count; m++) {
        double sigma[1] = {1}, want = metric_value(m, sigma, 1, 30, 40);
        assert_near(chance->metric[m].mean, want, ROUNDING);
        assert_near(chance->metric[m].low, want, ROUNDING);
        assert_near(chance->metric[m].high, want, ROUNDING);
        assert_near(chance->metric[m].error, 0, ROUNDING);
    }
    assert_near(chance->sigma[0].mean, 1, ROUNDING);
    chance_free(chance);
}

/* The same bits for the same shape; a sequence of its own for another, even
 * when only the digits move from one size to the next. */
static void every_shape_has_its_own_draws(void **state)
{
    (void)state;
    const int shape[][3] = {{12, 12, 0},  {12, 13, 0}, {13, 12, 0},
                            {12, 12, 12}, {1, 2, 12},  {12, 1, 2}};
    enum { SHAPES = sizeof shape / sizeof *shape };
    double seen[SHAPES];
    for (int i = 0; i < SHAPES; i++) {
        struct chance *one = chance_new(shape[i][0], shape[i][1], shape[i][2]);
        struct chance *two = chance_new(shape[i][0], shape[i][1], shape[i][2]);
        assert_memory_equal(one->sigma, two->sigma,
                            (size_t)one->count * sizeof *one->sigma);
        assert_memory_equal(one->metric, two->metric, sizeof one->metric);
        seen[i] = one->sigma[0].low;
        for (int k = 0; k < i && one->count > 1; k++)
            assert_true(fabs(seen[i] - seen[k]) > 0);
        chance_free(one);
        chance_free(two);
    }
}

static void bands_are_bands(void **state)
{
    (void)state;
    const int shape[][3] = {
        {1, 1, 0}, {1, 1, 5}, {5, 1, 2}, {64, 8, 0}, {70, 70, 70}};
    for (size_t s = 0; s < sizeof shape / sizeof *shape; s++) {
        struct chance *c = chance_new(shape[s][0], shape[s][1], shape[s][2]);
        double energy = 0;
        assert_true(c->draws >= 40 && c->draws <= 400);
        for (int i = 0; i < c->count; i++) {
            struct band b = c->sigma[i];
            assert_true(b.low <= b.mean && b.mean <= b.high && b.low >= 0);
            assert_true(i == 0 || b.mean <= c->sigma[i - 1].mean);
            /* E sigma^2 = (E sigma)^2 + variance; they sum to 1. */
            energy += b.mean * b.mean + b.error * b.error * (c->draws - 1.0);
        }
        assert_near(energy, 1, ROUNDING);
        chance_free(c);
    }
    chance_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaussian_is_what_dense_svds_say),
        cmocka_unit_test(product_is_what_dense_svds_say),
        cmocka_unit_test(large_ones_reach_their_limits),
        cmocka_unit_test(rows_tell_the_truth),
        cmocka_unit_test(rank_one_is_exact),
        cmocka_unit_test(every_shape_has_its_own_draws),
        cmocka_unit_test(bands_are_bands),
    };
    linalg_thread_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

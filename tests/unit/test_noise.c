/*
 * The edges of noise: Marchenko and Pastur's law by its own integrals, Gavish
 * and Donoho's numbers, planted spikes, and rounding that really happened.
 */
#include "analysis/noise.h"

#include <string.h>

#include "analysis/chance.h"
#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "tests/unit/small.h"

/* Tables with four digits behind the point. */
#define FOUR_DIGITS 0.00006
/* The midpoint rule over the period of a smooth function, 4000 points: what
 * is left is rounding, and at beta = .99 the narrow dip near x = 0. */
#define INTEGRAL 1e-8

static const double PI = 3.141592653589793;

/* Integral of the density from x(t) up, x = 1 + beta + 2 sqrt(beta) cos t. */
static double density_above(double t, double beta)
{
    const int points = 4000;
    double sum = 0, root = sqrt(beta);
    for (int i = 0; i < points; i++) {
        double u = t * (i + 0.5) / points;
        sum += marchenko_pastur_density(1 + beta + 2 * root * cos(u), beta) *
               2 * root * sin(u);
    }
    return sum * t / points;
}

static void density_integrates_to_one(void **state)
{
    (void)state;
    const double beta[] = {0.01, 0.05, 0.25, 0.5, 0.9, 0.99, 1};
    for (int i = 0; i < 7; i++)
        assert_near(density_above(PI, beta[i]), 1, INTEGRAL);
    assert_near(marchenko_pastur_density(2.26, 0.25), 0, 0);
    assert_near(marchenko_pastur_density(0.24, 0.25), 0, 0);
    assert_near(marchenko_pastur_density(0, 1), 0, 0);
    /* sqrt(x (4 - x)) / (2 pi x) at 2, the quarter circle squared. */
    assert_near(marchenko_pastur_density(2, 1), 1 / (2 * PI), 1e-15);
}

/* The midpoint rule on half a period is not periodic: 1 / points^2. */
#define PART 1e-6

static void quantiles_invert_the_density(void **state)
{
    (void)state;
    const double beta[] = {0.001, 0.05, 0.25, 0.5, 0.9, 1};
    for (int i = 0; i < 6; i++) {
        double b = beta[i], before = 1 - sqrt(b);
        assert_near(marchenko_pastur_sigma(0, b), 1 - sqrt(b), 0);
        assert_near(marchenko_pastur_sigma(1, b), 1 + sqrt(b), 0);
        for (double p = 0.01; p < 1; p += 0.07) {
            double sigma = marchenko_pastur_sigma(p, b);
            double cosine = (sigma * sigma - 1 - b) / (2 * sqrt(b));
            assert_near(density_above(acos(cosine), b), 1 - p, PART);
            assert_true(sigma > before);
            before = sigma;
        }
        assert_true(before < 1 + sqrt(b));
    }
}

/* Computed by a separate program; Gavish & Donoho's cubic beside it. */
static void tables_agree(void **state)
{
    (void)state;
    const struct {
        double beta, lambda, median, omega;
    } row[] = {{0.05, 1.5066, 0.9833, 1.5193}, {0.10, 1.5816, 0.9666, 1.6088},
               {0.25, 1.7580, 0.9160, 1.8369}, {0.50, 1.9786, 0.8305, 2.1712},
               {0.75, 2.1561, 0.7429, 2.5014}, {1.00, 2.3094, 0.6528, 2.8584}};
    const double cubic = 0.02; /* the error they state for it */
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        double b = row[i].beta, omega = gavish_donoho_omega(b);
        assert_near(gavish_donoho_lambda(b), row[i].lambda, FOUR_DIGITS);
        assert_near(marchenko_pastur_median(b), row[i].median, FOUR_DIGITS);
        assert_near(omega, row[i].omega, FOUR_DIGITS);
        assert_near(omega, ((0.56 * b - 0.95) * b + 1.82) * b + 1.43, cubic);
        double sigma = marchenko_pastur_sigma(0.5, b);
        assert_near(sigma * sigma, row[i].median, FOUR_DIGITS);
    }
    assert_near(gavish_donoho_lambda(1), 4 / sqrt(3), 1e-15);
}

/* The k-th of q values of a drawn Gaussian is near the quantile of its place;
 * off by the order of 1 / q, at the edges by q^(-2/3) = 2 %. */
#define PLACE 0.01
#define EDGE  0.04

static void quantiles_are_those_of_drawn_spectra(void **state)
{
    (void)state;
    const int shape[][2] = {{300, 300}, {300, 600}, {60, 600}};
    for (int s = 0; s < 3; s++) {
        int q = shape[s][0], larger = shape[s][1];
        struct chance *chance = chance_new(q, larger, 0);
        for (int k = 0; k < q; k++) {
            double want =
                marchenko_pastur_sigma(1 - (k + 0.5) / q, (double)q / larger);
            /* Of norm 1, where all entries are 1 / sqrt(q larger). */
            assert_near(chance->sigma[k].mean * sqrt(q), want,
                        k < 3 || k > q - 4 ? EDGE : PLACE);
        }
        chance_free(chance);
    }
}

/* sigma (min) of noise (out, in) of size s, with theta s sqrt(N) u v' added
 * along two unit vectors. */
static void spiked(double *sigma, double s, double theta, int out, int in)
{
    struct err err = {""};
    struct rng rng = rng_make(5, STREAM_TEST, (uint64_t)(theta * 1000));
    struct dmat w = dmat_new(out, in), none = {NULL, 0, 0, 0};
    double size = theta * s * sqrt(out > in ? out : in);
    for (int i = 0; i < out; i++)
        for (int j = 0; j < in; j++) {
            double sign = (i + j) % 2 ? -1 : 1;
            dmat_row(w, i)[j] =
                s * rng_normal(&rng) + size * sign / sqrt((double)out * in);
        }
    assert_int_equal(linalg_svd(none, sigma, none, w, &err), 0);
    dmat_free(&w);
}

/* The median of 150 values scatters by 1 / 150, and so does s. */
#define MEDIAN_SCATTER 0.015
/* The spike itself by about 1 / (theta sqrt N). */
#define SPIKE_SCATTER 0.05

/* Baik, Ben Arous & Peche: a spike of theta > beta^(1/4) comes out at
 * sqrt((theta + 1 / theta)(theta + beta / theta)), in units of s sqrt N. */
static void a_planted_spike_is_found(void **state)
{
    (void)state;
    enum { SMALL = 150, LARGE = 300 };
    const double theta[] = {2, 2.5, 4}, s = 0.03, beta = 0.5;
    double sigma[SMALL];
    struct noise noise;
    struct err err = {""};
    for (int i = 0; i < 6; i++) {
        double t = theta[i % 3];
        int out = i < 3 ? SMALL : LARGE, in = SMALL + LARGE - out;
        spiked(sigma, s, t, out, in);
        assert_int_equal(noise_of(&noise, sigma, SMALL, out, in, &err), 0);
        assert_near_relative(noise.s, s, MEDIAN_SCATTER);
        assert_near_relative(noise.edge, s * (sqrt(SMALL) + sqrt(LARGE)),
                             MEDIAN_SCATTER);
        assert_near_relative(noise.threshold, 1.9786 * s * sqrt(LARGE),
                             MEDIAN_SCATTER);
        assert_near_relative(
            sigma[0], s * sqrt(LARGE) * sqrt((t + 1 / t) * (t + beta / t)),
            SPIKE_SCATTER);
        assert_int_equal(noise.above_threshold, 1);
        /* Noise's own largest value may just pass the edge. */
        assert_true(noise.above_edge == 1 || noise.above_edge == 2);
    }
}

static void a_small_spike_drowns(void **state)
{
    (void)state;
    enum { SMALL = 150, LARGE = 300 };
    double sigma[SMALL];
    struct noise noise;
    struct err err = {""};
    spiked(sigma, 1, 0.5, SMALL, LARGE); /* beta^(1/4) = 0.84 */
    assert_int_equal(noise_of(&noise, sigma, SMALL, SMALL, LARGE, &err), 0);
    assert_int_equal(noise.above_threshold, 0);
    assert_true(noise.above_edge <= 1);
}

static void assert_refused(const double *sigma, int count, int out, int in,
                           const char *reason)
{
    struct noise noise;
    struct err err = {""};
    assert_int_equal(noise_of(&noise, sigma, count, out, in, &err), -1);
    if (!strstr(err.text, reason))
        fail_msg("\"%s\" does not say \"%s\"", err.text, reason);
}

/* Whether the zeros are left out, exact or what rounding left of them; and
 * also where the median itself is no rounding. */
static void exact_rank_is_refused(void **state)
{
    (void)state;
    enum { Q = 64 };
    double sigma[Q], zero[Q] = {0};
    for (int i = 0; i < Q; i++)
        sigma[i] = i < 8 ? 1 - 0.1 * i : 1e-8;
    assert_refused(sigma, 8, Q, 100, "exact rank 8: its other 56");
    assert_refused(sigma, Q, Q, 100, "exact rank 8: its other 56");
    assert_refused(sigma, Q, 100, Q, "a median of rounding is not noise");
    for (int i = 0; i < 48; i++)
        sigma[i] = 1;
    assert_refused(sigma, Q, Q, Q, "exact rank 48");
    for (int i = 0; i < Q; i++)
        sigma[i] = i < 63 ? 2 - i / 64.0 : 0;
    struct noise noise;
    struct err err = {""};
    /* One zero a Gaussian may have. */
    assert_int_equal(noise_of(&noise, sigma, Q, Q, Q, &err), 0);
    assert_near(noise.threshold, gavish_donoho_omega(1) * (2 - 31.5 / 64),
                1e-12);
    assert_refused(zero, Q, Q, Q, "zero");
    assert_refused(zero, 0, Q, Q, "zero");
}

/* To the nearest, by bits (bf16), by Veltkamp's splitting (f16, 11 bits), and
 * by a large addend where f16's unit no longer shrinks. */
static double stored(double w, enum storage storage)
{
    float single = (float)w;
    uint32_t bits;
    if (storage == STORED_F32)
        return single;
    if (storage == STORED_F16 && fabsf(single) < 0x1p-14f) {
        volatile float sum = single + 0.75f; /* whose unit is 2^-24 */
        return sum - 0.75f;
    }
    if (storage == STORED_F16) {
        volatile float large = 8193 * single, rest = large - single;
        return large - rest;
    }
    memcpy(&bits, &single, sizeof bits);
    bits = (bits + 0x7fffu + (bits >> 16 & 1)) & 0xffff0000u;
    memcpy(&single, &bits, sizeof single);
    return single;
}

/* The largest singular value of the error that storing one or two matrices
 * (out, in) of this size leaves in their difference; w gets the last of
 * them. */
static double really_rounded(struct mat w, double size, enum storage storage,
                             int rounded, uint64_t index)
{
    struct err err = {""};
    struct rng rng = rng_make(6, STREAM_TEST, index);
    int q = w.rows < w.cols ? w.rows : w.cols;
    struct dmat error = dmat_new(w.rows, w.cols), none = {NULL, 0, 0, 0};
    double *sigma = xcalloc((size_t)q, sizeof *sigma);
    for (int i = 0; i < w.rows; i++)
        for (int j = 0; j < w.cols; j++)
            for (int k = 0; k < rounded; k++) {
                double value = size * rng_normal(&rng);
                double wrong = stored(value, storage) - value;
                dmat_row(error, i)[j] += k ? -wrong : wrong;
                mat_row(w, i)[j] = (float)value;
            }
    assert_int_equal(linalg_svd(none, sigma, none, error, &err), 0);
    double largest = sigma[0];
    dmat_free(&error);
    mem_free(sigma);
    return largest;
}

/* The largest value of noise is below its edge by a few hundredths at 120 x
 * 80 (Tracy & Widom), and scatters by as much. */
#define LEAST_OF_FLOOR 0.88
#define MOST_OF_FLOOR  1.04

/* Of the sizes weights have, of f16's denormals, and of powers of two, whose
 * units differ by two on either side. */
static void floor_is_what_rounding_leaves(void **state)
{
    (void)state;
    const double size[] = {0.02, 0.125, 1, 5e-6, 300};
    struct mat w = mat_new(120, 80);
    for (int storage = STORED_F32; storage <= STORED_F16; storage++)
        for (int i = 0; i < 5; i++)
            for (int rounded = 1; rounded <= 2; rounded++) {
                enum storage type = (enum storage)storage;
                double largest = really_rounded(w, size[i], type, rounded,
                                                (uint64_t)(i * 2 + rounded));
                double floor = rounding_floor(w, type, rounded);
                assert_true(largest > LEAST_OF_FLOOR * floor);
                assert_true(largest < MOST_OF_FLOOR * floor);
            }
    mat_free(&w);
}

static void floor_of_known_numbers(void **state)
{
    (void)state;
    float at[4] = {1, 1.99f, -1.5f, 1.25f}, zero[4] = {0};
    struct mat w = mat_of(at, 2, 2), none = mat_of(zero, 2, 2);
    double edge = 2 * sqrt(2), unit = 1 / sqrt(12);
    assert_near_relative(rounding_floor(w, STORED_BF16, 1),
                         0x1p-7 * unit * edge, 1e-14);
    assert_near_relative(rounding_floor(w, STORED_F16, 1),
                         0x1p-10 * unit * edge, 1e-14);
    assert_near_relative(rounding_floor(w, STORED_F32, 2),
                         0x1p-23 * unit * edge * sqrt(2), 1e-14);
    at[0] = at[1] = at[2] = at[3] = 0x1p-20f;
    assert_near_relative(rounding_floor(w, STORED_F16, 1),
                         0x1p-24 * unit * edge, 1e-14);
    assert_near_relative(rounding_floor(w, STORED_BF16, 1),
                         0x1p-27 * unit * edge, 1e-14);
    assert_near(rounding_floor(w, STORED_F32, 0), 0, 0);
    assert_near(rounding_floor(none, STORED_BF16, 2), 0, 0);
    assert_string_equal(storage_name(STORED_BF16), "bf16");
    assert_string_equal(storage_name(STORED_F32), "f32");
    assert_string_equal(storage_name(STORED_F16), "f16");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(density_integrates_to_one),
        cmocka_unit_test(quantiles_invert_the_density),
        cmocka_unit_test(tables_agree),
        cmocka_unit_test(quantiles_are_those_of_drawn_spectra),
        cmocka_unit_test(a_planted_spike_is_found),
        cmocka_unit_test(a_small_spike_drowns),
        cmocka_unit_test(exact_rank_is_refused),
        cmocka_unit_test(floor_is_what_rounding_leaves),
        cmocka_unit_test(floor_of_known_numbers),
    };
    linalg_thread_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

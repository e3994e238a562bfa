/*
 * Overlaps, angles and their chance: planted planes with known angles, random
 * subspaces against the formulas, what a change of basis inside a LoRA leaves
 * alone, and that one seed does not fake an overlap between ranks.
 */
#include "analysis/subspace.h"

#include <math.h>
#include <string.h>

#include "analysis/spectrum.h"
#include "tests/unit/exact_spectrum.h"
#include "tests/unit/small.h"

/* Orthonormal bases and their products, at most 100 roundings. */
#define ROUNDING 2e-14
/* What a random rotation of the planted planes moves an angle by. */
#define ANGLE_ROUNDING 3e-15
/* Standard errors that a Monte Carlo mean may be off: one run in 16000. */
#define SIGMAS 4.0
/* Density of one cosine by Simpson's rule: the integrand is not smooth at an
 * end for small n. */
#define SIMPSON 1e-7
/* Digits given in the paper's tables. */
#define AS_PRINTED 5e-5

static struct dmat random_basis(int n, int k, uint64_t index)
{
    struct err err = {""};
    struct dmat u = dmat_new(n, k);
    assert_int_equal(subspace_random(u, 11, index, &err), 0);
    return u;
}

/* to = a b, owned. */
static struct dmat product(struct dmat a, struct dmat b)
{
    struct dmat to = dmat_new(a.rows, b.cols);
    linalg_dgemm(to, 1, a, PLAIN, b, PLAIN, 0);
    return to;
}

/* Two bases with these angles between their kth columns, in general position
 * in R^n, n >= 2 count. */
static void planted(struct dmat *u1, struct dmat *u2, int n,
                    const double *theta, int count)
{
    struct dmat one = dmat_new(n, count), two = dmat_new(n, count);
    struct dmat turn = random_basis(n, n, 5);
    for (int k = 0; k < count; k++) {
        dmat_row(one, k)[k] = 1;
        dmat_row(two, k)[k] = cos(theta[k]);
        dmat_row(two, count + k)[k] = sin(theta[k]);
    }
    *u1 = product(turn, one);
    *u2 = product(turn, two);
    dmat_free(&one);
    dmat_free(&two);
    dmat_free(&turn);
}

static void phi_of_a_basis_with_itself(void **state)
{
    (void)state;
    struct dmat u = random_basis(20, 7, 1), phi = dmat_new(7, 7);
    overlap_phi(phi, u, u);
    for (int i = 0; i < 7; i++)
        for (int j = 0; j < 7; j++) /* the smaller lies in the larger */
            assert_near(dmat_row(phi, i)[j], 1, ROUNDING);
    dmat_free(&u);
    dmat_free(&phi);
}

static void phi_of_planted_planes(void **state)
{
    (void)state;
    const double theta[] = {0.3, 1.2, 0.01, 0.8, M_PI / 2};
    struct dmat u1, u2, wide = dmat_new(5, 9), phi = dmat_cols(wide, 2, 4);
    planted(&u1, &u2, 17, theta, 5);
    overlap_phi(phi, u1,
                dmat_cols(u2, 0, 4)); /* of unequal size, in a window */
    for (int i = 1; i <= 5; i++)
        for (int j = 1; j <= 4; j++) {
            int least = i < j ? i : j;
            double sum = 0;
            for (int k = 0; k < least; k++)
                sum += pow(cos(theta[k]), 2);
            assert_near(dmat_row(phi, i - 1)[j - 1], sum / least, ROUNDING);
        }
    assert_near(dmat_row(wide, 0)[1], 0, 0);
    assert_near(dmat_row(wide, 4)[6], 0, 0);
    dmat_free(&u1);
    dmat_free(&u2);
    dmat_free(&wide);
}

static void angles_of_planted_planes(void **state)
{
    (void)state;
    const double theta[] = {0,   1e-15,           1e-9,    1e-4, 0.3, 0.8, 1.2,
                            1.5, M_PI / 2 - 1e-9, M_PI / 2};
    enum { N = 31, COUNT = sizeof theta / sizeof *theta };
    struct err err = {""};
    struct dmat u1, u2, mix = random_basis(COUNT, COUNT, 6);
    planted(&u1, &u2, N, theta, COUNT);
    struct dmat hidden = product(u2, mix); /* the same span, no pairs left */
    double got[COUNT], swapped[COUNT];
    assert_int_equal(principal_angles(got, u1, hidden, &err), 0);
    assert_int_equal(principal_angles(swapped, hidden, u1, &err), 0);
    assert_near_array(got, theta, COUNT, ANGLE_ROUNDING);
    assert_near_array(swapped, theta, COUNT, ANGLE_ROUNDING);
    dmat_free(&u1);
    dmat_free(&u2);
    dmat_free(&mix);
    dmat_free(&hidden);
}

/* A plane inside a larger space, and one outside of it. */
static void angles_of_unequal_sizes(void **state)
{
    (void)state;
    struct err err = {""};
    const double theta[] = {1e-9, 0.2, 0.7};
    struct dmat u1, u2, whole = random_basis(9, 9, 7);
    double got[3], none[3];
    planted(&u1, &u2, 9, theta, 3);
    assert_int_equal(principal_angles(got, dmat_cols(u1, 0, 1), u2, &err), 0);
    assert_near(got[0], theta[0], ANGLE_ROUNDING);
    assert_int_equal(principal_angles(got, u1, dmat_cols(u2, 0, 2), &err), 0);
    assert_near_array(got, theta, 2, ANGLE_ROUNDING);
    assert_int_equal(principal_angles(none, u2, whole, &err), 0);
    for (int k = 0; k < 3; k++)
        assert_near(none[k], 0, ANGLE_ROUNDING);
    dmat_row(u1, 2)[1] = NAN;
    assert_int_equal(principal_angles(got, u1, u2, &err), -1);
    assert_non_null(strstr(err.text, "finite"));
    dmat_free(&u1);
    dmat_free(&u2);
    dmat_free(&whole);
}

static void distances_agree(void **state)
{
    (void)state;
    const double theta[] = {0.1, 0.5, 1.3};
    struct distances d = subspace_distances(theta, 3);
    double cosines = cos(0.1) * cos(0.5) * cos(1.3);
    assert_near(d.phi, 1 - d.projection * d.projection / 3, ROUNDING);
    assert_near(d.geodesic, sqrt(0.01 + 0.25 + 1.69), ROUNDING);
    assert_near(d.fubini_study, acos(cosines), ROUNDING);
    assert_near(d.binet_cauchy, sqrt(1 - cosines * cosines), ROUNDING);
    assert_near(d.asimov, 1.3, 0);
    /* All alike to first order in small angles, where arccos has no digits. */
    const double small[] = {3e-9, 4e-9};
    struct distances s = subspace_distances(small, 2);
    assert_near_relative(s.projection, 5e-9, ROUNDING);
    assert_near_relative(s.geodesic, 5e-9, ROUNDING);
    assert_near_relative(s.fubini_study, 5e-9, ROUNDING);
    assert_near_relative(s.binet_cauchy, 5e-9, ROUNDING);
    const double apart[] = {0.2, M_PI / 2};
    struct distances a = subspace_distances(apart, 2);
    assert_near(a.fubini_study, M_PI / 2, ROUNDING);
    assert_near(a.binet_cauchy, 1, ROUNDING);
}

/* ||P1 - P2||_F / sqrt 2 is the projection metric (App. G, i = j). */
static void projection_is_that_of_projectors(void **state)
{
    (void)state;
    enum { N = 12, K = 3 };
    struct err err = {""};
    struct dmat u1 = random_basis(N, K, 8), u2 = random_basis(N, K, 9);
    struct dmat p = dmat_new(N, N), phi = dmat_new(K, K);
    double theta[K], sum = 0;
    linalg_dgemm(p, 1, u1, PLAIN, u1, TRANSPOSED, 0);
    linalg_dgemm(p, -1, u2, PLAIN, u2, TRANSPOSED, 1);
    for (int i = 0; i < N * N; i++)
        sum += p.at[i] * p.at[i];
    assert_int_equal(principal_angles(theta, u1, u2, &err), 0);
    struct distances d = subspace_distances(theta, K);
    assert_near(d.projection, sqrt(sum / 2), ROUNDING);
    overlap_phi(phi, u1, u2);
    assert_near(d.phi, dmat_row(phi, K - 1)[K - 1], ROUNDING);
    dmat_free(&u1);
    dmat_free(&u2);
    dmat_free(&p);
    dmat_free(&phi);
}

/* Orthonormal; and the first entry, which Householder would make negative
 * always, takes both signs. */
static void random_bases_are_orthonormal(void **state)
{
    (void)state;
    int positive = 0;
    for (uint64_t index = 0; index < 100; index++) {
        struct dmat u = random_basis(10, 4, index), gram = dmat_new(4, 4);
        linalg_dgemm(gram, 1, u, TRANSPOSED, u, PLAIN, 0);
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j++)
                assert_near(dmat_row(gram, i)[j], i == j, ROUNDING);
        positive += u.at[0] > 0;
        dmat_free(&u);
        dmat_free(&gram);
    }
    assert_near(positive, 50, SIGMAS * 5);
    struct dmat one = random_basis(10, 4, 1), again = random_basis(10, 4, 1);
    assert_memory_equal(one.at, again.at, 40 * sizeof(double));
    dmat_free(&one);
    dmat_free(&again);
}

struct draws {
    double mean, variance, inside; /* of phi; share within the band */
    double mean_error, variance_error, inside_error;
};

/* phi of independent random subspaces. */
static struct draws draw_phi(int n, int i, int j, int draws)
{
    struct phi_chance chance = phi_chance(n, i, j);
    struct dmat u1 = dmat_new(n, i), u2 = dmat_new(n, j), phi = dmat_new(i, j);
    struct err err = {""};
    double sum[5] = {0}, c = chance.mean;
    int inside = 0;
    for (int k = 0; k < draws; k++) {
        (void)subspace_random(u1, 21, 2 * (uint64_t)k, &err);
        (void)subspace_random(u2, 21, 2 * (uint64_t)k + 1, &err);
        overlap_phi(phi, u1, u2);
        double one = dmat_row(phi, i - 1)[j - 1];
        for (int m = 1; m <= 4; m++)
            sum[m] += pow(one - c, m) / draws;
        inside += one >= chance.low && one <= chance.high;
    }
    dmat_free(&u1);
    dmat_free(&u2);
    dmat_free(&phi);
    struct draws s = {.mean = c + sum[1],
                       .variance = sum[2] - sum[1] * sum[1],
                       .inside = (double)inside / draws};
    s.mean_error = sqrt(s.variance / draws);
    s.variance_error = sqrt((sum[4] - sum[2] * sum[2]) / draws);
    s.inside_error = sqrt(0.95 * 0.05 / draws);
    return s;
}

static void chance_is_that_of_random_subspaces(void **state)
{
    (void)state;
    const struct {
        int n, i, j, draws;
    } shape[] = {{64, 8, 8, 1500},  {64, 4, 16, 1500}, {128, 8, 64, 300},
                 {24, 1, 1, 4000},  {24, 1, 6, 3000},  {16, 12, 10, 1500},
                 {16, 15, 9, 1500}, {2, 1, 1, 2000}};
    for (size_t k = 0; k < sizeof shape / sizeof *shape; k++) {
        int n = shape[k].n, i = shape[k].i, j = shape[k].j;
        struct phi_chance chance = phi_chance(n, i, j);
        struct draws s = draw_phi(n, i, j, shape[k].draws);
        assert_near(s.mean, chance.mean, SIGMAS * s.mean_error);
        assert_near(s.variance, chance.deviation * chance.deviation,
                    SIGMAS * s.variance_error);
        assert_near(s.inside, 0.95, SIGMAS * s.inside_error);
    }
}

/* FACTS 5 and 1.11: the values of the paper's sizes. */
static void chance_known_values(void **state)
{
    (void)state;
    struct phi_chance small = phi_chance(64, 8, 8);
    assert_near(small.mean, 0.125, ROUNDING);
    assert_near(pow(8 * small.deviation, 2), 0.0236, AS_PRINTED);
    assert_near(pow(4 * phi_chance(64, 4, 16).deviation, 2), 0.02165,
                AS_PRINTED);
    assert_near(phi_chance(128, 8, 64).mean, 0.5, ROUNDING);
    struct phi_chance gpt3 = phi_chance(12288, 8, 64);
    assert_near(gpt3.mean, 0.0052, AS_PRINTED);
    assert_near(gpt3.deviation, 0.0003, AS_PRINTED);
    assert_true(gpt3.low > 0.0045 && gpt3.high < 0.0060);
    assert_near(phi_chance(96, 8, 64).mean, 2 / 3.0, ROUNDING);
    /* A space has only itself to meet. */
    struct phi_chance all = phi_chance(9, 9, 3);
    assert_near(all.mean, 1, 0);
    assert_near(all.deviation, 0, 0);
    assert_near(all.low, 1, 0);
    assert_near(all.high, 1, 0);
    assert_near(phi_chance(1, 1, 1).high, 1, 0);
}

/* For i = j = 1 the density of a cosine is c (1 - t^2)^((n-3)/2). */
static void band_of_one_direction_is_exact(void **state)
{
    (void)state;
    for (int n = 3; n < 2000; n = 2 * n + 1) {
        struct phi_chance chance = phi_chance(n, 1, 1);
        const double end[] = {sqrt(chance.low), sqrt(chance.high)};
        const double share[] = {0.025, 0.975};
        double front =
            2 * exp(lgamma(n / 2.0) - lgamma((n - 1) / 2.0)) / sqrt(M_PI);
        for (int e = 0; e < 2; e++) {
            enum { PANELS = 2000 };
            double sum = 0, step = end[e] / PANELS;
            for (int k = 0; k <= PANELS; k++) {
                double weight = k % PANELS == 0 ? 1 : k % 2 ? 4 : 2;
                sum += weight * pow(1 - pow(k * step, 2), (n - 3) / 2.0);
            }
            assert_near(front * sum * step / 3, share[e], SIMPSON);
        }
    }
}

static void z_counts_deviations(void **state)
{
    (void)state;
    struct phi_chance chance = phi_chance(64, 4, 16);
    assert_near(phi_z(chance.mean, 64, 4, 16), 0, ROUNDING);
    assert_near(phi_z(chance.mean + 3 * chance.deviation, 64, 4, 16), 3,
                ROUNDING);
    assert_true(isnan(phi_z(1, 64, 64, 3)));
    assert_true(isnan(phi_z(1, 1, 1, 1)));
}

/* vt's rows as columns: the right singular vectors, owned. */
static struct dmat columns_of(struct dmat vt)
{
    struct dmat v = dmat_new(vt.cols, vt.rows);
    for (int i = 0; i < vt.rows; i++)
        for (int j = 0; j < vt.cols; j++)
            dmat_row(v, j)[i] = dmat_row(vt, i)[j];
    return v;
}

/* phi (count, count) of right singular vectors, owned. */
static struct dmat phi_of(const struct spectrum *one,
                          const struct spectrum *two)
{
    struct dmat u1 = columns_of(one->vt), u2 = columns_of(two->vt);
    struct dmat phi = dmat_new(u1.cols, u2.cols);
    overlap_phi(phi, u1, u2);
    dmat_free(&u1);
    dmat_free(&u2);
    return phi;
}

/* (B, A) -> (B M, M^-1 A) is the same dW; one row operation in whole numbers,
 * so that rounding to float has no say. */
static void gauge_moves_a_and_not_dw(void **state)
{
    (void)state;
    enum { R = 3, OUT = 10, IN = 12 };
    struct err err = {""};
    struct rng rng = rng_make(1, STREAM_TEST, 40);
    struct mat bt = mat_new(R, OUT), a = mat_new(R, IN);
    for (int k = 0; k < R * OUT; k++)
        bt.at[k] = (float)rng_below(&rng, 9) - 4;
    for (int k = 0; k < R * IN; k++)
        a.at[k] = (float)rng_below(&rng, 9) - 4;
    struct spectrum dw[2], of_a[2];
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(
            spectrum_of_factors(&dw[turn], bt, a, 0.5, WITH_VECTORS, &err), 0);
        assert_int_equal(exact_spectrum(&of_a[turn], a, &err), 0);
        for (int j = 0; j < IN; j++) /* a0 -= 5 a2 ... */
            mat_row(a, 0)[j] -= 5 * mat_row(a, 2)[j];
        for (int j = 0; j < OUT; j++) /* ... so b2 += 5 b0 */
            mat_row(bt, 2)[j] += 5 * mat_row(bt, 0)[j];
    }
    struct dmat of_dw = phi_of(&dw[0], &dw[1]),
                alone = phi_of(&of_a[0], &of_a[1]);
    for (int i = 0; i < R; i++)
        assert_near(dmat_row(of_dw, i)[i], 1, ROUNDING);
    assert_near(dmat_row(alone, R - 1)[R - 1], 1, ROUNDING); /* row space */
    assert_true(dmat_row(alone, 0)[0] < 0.9);
    for (int turn = 0; turn < 2; turn++) {
        spectrum_free(&dw[turn]);
        spectrum_free(&of_a[turn]);
    }
    dmat_free(&of_dw);
    dmat_free(&alone);
    mat_free(&bt);
    mat_free(&a);
}

/* LoRA on every matrix of one layer of width 128. */
static struct method *untrained(const struct model *model, int rank)
{
    struct method_conf conf = small_lora();
    conf.rank = rank;
    for (int kind = 0; kind < SITE_HEAD; kind++)
        conf.targets[kind] = true;
    conf.targets[SITE_HEAD] = false;
    return small_method(model, &conf);
}

static struct spectrum spectrum_of_a(const struct method *method, int site)
{
    struct mat bt, a;
    double scale;
    struct spectrum of;
    struct err err = {""};
    assert_true(method->ops->factors(method, site, &bt, &a, &scale));
    assert_int_equal(exact_spectrum(&of, a, &err), 0);
    return of;
}

/* FACTS 5, the seed trap: were the A of rank 8 the first rows of that of rank
 * 64, phi(8, 64) would be 1, 23 deviations from chance. */
static void one_seed_fakes_no_overlap(void **state)
{
    (void)state;
    enum { WIDTH = 128 };
    struct err err = {""};
    struct model_conf shape = {.family = "gpt2",
                               .layers = 1,
                               .width = WIDTH,
                               .heads = 2,
                               .inner = WIDTH,
                               .vocab = 8,
                               .context = 4,
                               .norm_eps = 1e-5f,
                               .tied = true};
    struct model *model = model_new(&shape, &err);
    model_init(model, 1);
    struct method *low = untrained(model, 8), *high = untrained(model, 64);
    for (int site = 0; site < model->site_count; site++) {
        if (!low->ops->adapts(low, site))
            continue;
        struct spectrum one = spectrum_of_a(low, site);
        struct spectrum two = spectrum_of_a(high, site);
        struct dmat phi = phi_of(&one, &two), self = phi_of(&two, &two);
        for (int i = 8; i <= 64; i++)
            assert_near(phi_z(dmat_row(phi, 7)[i - 1], WIDTH, 8, i), 0, SIGMAS);
        for (int i = 0; i < 64; i++)
            assert_near(dmat_row(self, i)[i], 1, ROUNDING);
        dmat_free(&phi);
        dmat_free(&self);
        spectrum_free(&one);
        spectrum_free(&two);
    }
    method_free(low);
    method_free(high);
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phi_of_a_basis_with_itself),
        cmocka_unit_test(phi_of_planted_planes),
        cmocka_unit_test(angles_of_planted_planes),
        cmocka_unit_test(angles_of_unequal_sizes),
        cmocka_unit_test(distances_agree),
        cmocka_unit_test(projection_is_that_of_projectors),
        cmocka_unit_test(random_bases_are_orthonormal),
        cmocka_unit_test(chance_is_that_of_random_subspaces),
        cmocka_unit_test(chance_known_values),
        cmocka_unit_test(band_of_one_direction_is_exact),
        cmocka_unit_test(z_counts_deviations),
        cmocka_unit_test(gauge_moves_a_and_not_dw),
        cmocka_unit_test(one_seed_fakes_no_overlap),
    };
    linalg_thread_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

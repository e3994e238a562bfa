/*
 * Intruders: the definition written out, planted ones found, small updates and
 * turned clusters left alone, and what scaling does to the matrix.
 */
#include "analysis/intruder.h"

#include <math.h>
#include <string.h>

#include "analysis/subspace.h"
#include "tests/unit/exact_spectrum.h"
#include "tests/unit/small.h"

/* Products of orthonormal vectors, of at most 100 entries. */
#define ROUNDING 1e-13
/* One rounding to float of entries below 2, on matrices of 48 to 96 rows: a
 * sigma moves by that times 2 sqrt(96). */
#define FLOAT_SIGMA 3e-6
#define EPSILON     0.5 /* the paper's and PEFT's */
#define GAP         0.01

static struct spectrum spectrum_new_of(struct mat w)
{
    struct spectrum of;
    struct err err = {""};
    assert_int_equal(exact_spectrum(&of, w, &err), 0);
    return of;
}

/* w (out, in) += much u v^T, u and v columns of the bases. */
static void add_direction(struct mat w, double much, struct dmat u, int a,
                          struct dmat v, int b)
{
    for (int i = 0; i < w.rows; i++)
        for (int j = 0; j < w.cols; j++)
            mat_row(w, i)[j] +=
                (float)(much * dmat_row(u, i)[a] * dmat_row(v, j)[b]);
}

static struct dmat random_basis(int n, int k, uint64_t index)
{
    struct err err = {""};
    struct dmat u = dmat_new(n, k);
    assert_int_equal(subspace_random(u, 41, index, &err), 0);
    return u;
}

/* In random directions, sigmas from most down to least in equal steps. */
static struct mat base_matrix(int out, int in, double most, double least)
{
    int count = out < in ? out : in;
    struct dmat u = random_basis(out, count, 1), v = random_basis(in, count, 2);
    struct mat w = mat_new(out, in);
    for (int k = 0; k < count; k++)
        add_direction(w, most - (most - least) * k / count, u, k, v, k);
    dmat_free(&u);
    dmat_free(&v);
    return w;
}

/* W0 as given and W0 + dW with their spectra, and the intruders. */
struct case_of {
    struct mat w;
    struct spectrum base, tuned;
    struct intruders found;
};

static struct case_of compare(struct mat w0, struct mat dw, enum side side,
                              double gap)
{
    struct case_of c = {.w = mat_new(w0.rows, w0.cols)};
    for (int k = 0; k < w0.rows * w0.cols; k++)
        c.w.at[k] = w0.at[k] + dw.at[k];
    c.base = spectrum_new_of(w0);
    c.tuned = spectrum_new_of(c.w);
    intruders_find(&c.found, &c.base, &c.tuned, side, gap);
    return c;
}

static void case_free(struct case_of *c)
{
    mat_free(&c->w);
    spectrum_free(&c->base);
    spectrum_free(&c->tuned);
    intruders_free(&c->found);
}

/* <y_j, x_i>. */
static double cosine(const struct case_of *c, enum side side, int j, int i)
{
    double sum = 0;
    for (int l = 0; l < side_length(&c->base, side); l++)
        sum += side == SIDE_OUTPUT
                   ? dmat_row(c->tuned.u, l)[j] * dmat_row(c->base.u, l)[i]
                   : dmat_row(c->tuned.vt, j)[l] * dmat_row(c->base.vt, i)[l];
    return sum;
}

/* More rows than a block has, of both orientations. */
static void measures_are_the_definition(void **state)
{
    (void)state;
    const int shape[][2] = {{70, 90}, {90, 70}, {12, 12}};
    for (size_t s = 0; s < sizeof shape / sizeof *shape; s++)
        for (int side = SIDE_INPUT; side <= SIDE_OUTPUT; side++) {
            struct mat w0 = base_matrix(shape[s][0], shape[s][1], 1.5, 0.5);
            struct mat dw = small_mat(shape[s][0], shape[s][1], 0.02, s);
            const double gap = 0.03;
            struct case_of c = compare(w0, dw, (enum side)side, gap);
            for (int j = 0; j < c.found.count; j++) {
                double one = 0, run = 0;
                for (int i = 0; i < c.base.count; i++) {
                    double sum = 0;
                    for (int l = i; l < c.base.count; l++) {
                        double x = cosine(&c, (enum side)side, j, l);
                        if (c.base.sigma[l] >= (1 - gap) * c.base.sigma[i])
                            sum += x * x;
                        one = fmax(one, l == i ? fabs(x) : 0);
                    }
                    run = fmax(run, sqrt(sum));
                }
                assert_near(c.found.cosine[j], one, ROUNDING);
                assert_near(c.found.cluster[j], run, ROUNDING);
            }
            assert_int_equal(c.found.n, side_length(&c.base, (enum side)side));
            assert_near_array(c.found.sigma, c.tuned.sigma,
                              (size_t)c.found.count, 0);
            case_free(&c);
            mat_free(&w0);
            mat_free(&dw);
        }
}

/* A random direction with a sigma above all of W0: the toy of Shuttleworth et
 * al.  The largest |cos| left to it is that of a random vector. */
static void planted_direction_is_found(void **state)
{
    (void)state;
    enum { N = 96 };
    struct mat w0 = base_matrix(N, N, 2, 1), dw = mat_new(N, N);
    struct dmat u = random_basis(N, 1, 3), v = random_basis(N, 1, 4);
    add_direction(dw, 6, u, 0, v, 0);
    for (int side = SIDE_INPUT; side <= SIDE_OUTPUT; side++) {
        struct case_of c = compare(w0, dw, (enum side)side, GAP);
        assert_true(intruders_is(&c.found, 0, EPSILON));
        assert_int_equal(intruders_count(&c.found, EPSILON, 1, false), 1);
        for (int j = 1; j < 10; j++) /* the others only make room */
            assert_false(intruders_is(&c.found, j, EPSILON));
        assert_true(c.found.cosine[0] < c.found.random_high + 0.05);
        /* In a dense spectrum (steps of 0.5 %) neighbours chain from the first
         * to the last; the runs do not. */
        assert_true(c.found.cluster[0] < EPSILON);
        assert_true(c.base.sigma[1] >= (1 - GAP) * c.base.sigma[0]);
        case_free(&c);
    }
    dmat_free(&u);
    dmat_free(&v);
    mat_free(&w0);
    mat_free(&dw);
}

/* x_1 v^T: what is written was there before, what is read was not. */
static void sides_are_told_apart(void **state)
{
    (void)state;
    enum { N = 64 };
    struct mat w0 = base_matrix(N, N, 2, 1), dw = mat_new(N, N);
    struct spectrum base = spectrum_new_of(w0);
    struct dmat v = random_basis(N, 1, 5);
    add_direction(dw, 20, base.u, 0, v, 0);
    struct case_of input = compare(w0, dw, SIDE_INPUT, GAP);
    struct case_of output = compare(w0, dw, SIDE_OUTPUT, GAP);
    assert_true(intruders_is(&input.found, 0, EPSILON));
    assert_false(intruders_is(&output.found, 0, EPSILON));
    case_free(&input);
    case_free(&output);
    spectrum_free(&base);
    dmat_free(&v);
    mat_free(&w0);
    mat_free(&dw);
}

/* Full rank and small, as full fine-tuning's: every vector stays. */
static void small_update_has_none(void **state)
{
    (void)state;
    enum { N = 96 };
    struct mat w0 = base_matrix(N, N, 2, 0.1), dw = small_mat(N, N, 2e-4, 6);
    struct case_of c = compare(w0, dw, SIDE_OUTPUT, GAP);
    assert_int_equal(intruders_count(&c.found, EPSILON, N, true), 0);
    assert_int_equal(intruders_count(&c.found, EPSILON, N, false), 0);
    case_free(&c);
    mat_free(&w0);
    mat_free(&dw);
}

/* All sigmas within 1e-4: any small update turns the vectors at will.  By
 * cosine alone they are strangers, by their run they are not. */
static void turned_clusters_are_no_intruders(void **state)
{
    (void)state;
    enum { N = 96 };
    struct mat w0 = base_matrix(N, N, 1, 0.9999), dw = small_mat(N, N, 1e-2, 7);
    struct case_of c = compare(w0, dw, SIDE_OUTPUT, GAP);
    assert_true(intruders_count(&c.found, EPSILON, 10, true) >= 8);
    assert_int_equal(intruders_count(&c.found, EPSILON, N, false), 0);
    case_free(&c);
    c = compare(w0, dw, SIDE_OUTPUT, 0); /* every vector alone */
    assert_near_array(c.found.cluster, c.found.cosine, N, ROUNDING);
    case_free(&c);
    mat_free(&w0);
    mat_free(&dw);
}

/* Rank 20 of 48: the other 28 vectors are any, before and after. */
static void missing_directions_are_one_run(void **state)
{
    (void)state;
    enum { N = 48, RANK = 20 };
    struct dmat u = random_basis(N, RANK, 8);
    struct mat w0 = mat_new(N, N), dw = mat_new(N, N);
    for (int k = 0; k < RANK; k++)
        for (int i = 0; i < N; i++) /* the other columns are 0, exactly */
            mat_row(w0, i)[k] = (float)dmat_row(u, i)[k] * (float)(k + 1);
    for (int i = 0; i < N; i++)
        mat_row(dw, i)[3] = (float)dmat_row(u, i)[0];
    struct case_of c = compare(w0, dw, SIDE_OUTPUT, GAP);
    assert_int_equal(spectrum_rank(&c.base), RANK);
    for (int j = RANK; j < N; j++)
        assert_near(c.found.cluster[j], 1, ROUNDING);
    case_free(&c);
    dmat_free(&u);
    mat_free(&w0);
    mat_free(&dw);
}

/* 60 rows, 20 columns: W0 writes into 20 dimensions of 60. */
static void longer_side_is_not_spanned(void **state)
{
    (void)state;
    struct mat w0 = base_matrix(60, 20, 2, 1), dw = mat_new(60, 20);
    struct spectrum base = spectrum_new_of(w0);
    struct dmat u = random_basis(60, 1, 9);
    for (int k = 0; k < 20; k++) { /* u := what W0 cannot write */
        double along = 0;
        for (int i = 0; i < 60; i++)
            along += dmat_row(base.u, i)[k] * u.at[i];
        for (int i = 0; i < 60; i++)
            u.at[i] -= along * dmat_row(base.u, i)[k];
    }
    struct dmat v = random_basis(20, 1, 10);
    add_direction(dw, 30, u, 0, v, 0);
    struct case_of c = compare(w0, dw, SIDE_OUTPUT, GAP);
    double mean, low, high;
    random_cosine(&mean, &low, &high, 60, 20);
    assert_near(c.found.random_mean, mean, 0);
    assert_true(c.found.cluster[0] < 0.1);
    assert_true(c.found.cluster[0] < low);
    case_free(&c);
    spectrum_free(&base);
    dmat_free(&u);
    dmat_free(&v);
    mat_free(&w0);
    mat_free(&dw);
}

static void nothing_learned(void **state)
{
    (void)state;
    struct mat w0 = small_mat(9, 7, 1, 1), dw = mat_new(9, 7);
    struct case_of c = compare(w0, dw, SIDE_OUTPUT, GAP);
    for (int j = 0; j < 7; j++)
        assert_near(c.found.cosine[j], 1, ROUNDING);
    assert_int_equal(intruders_count(&c.found, EPSILON, 1000, true), 0);
    assert_int_equal(intruders_count(&c.found, 2, 1000, false), 7);
    assert_int_equal(intruders_count(&c.found, 2, 0, false), 0);
    case_free(&c);
    mat_free(&w0);
    mat_free(&dw);
    w0 = small_mat(1, 30, 1, 1); /* one row: the output side is a number */
    dw = small_mat(1, 30, 1, 2);
    c = compare(w0, dw, SIDE_OUTPUT, GAP);
    assert_near(c.found.cosine[0], 1, ROUNDING);
    assert_near(c.found.random_mean, 1, ROUNDING);
    case_free(&c);
    c = compare(w0, dw, SIDE_INPUT, GAP);
    assert_int_equal(c.found.count, 1);
    assert_true(c.found.cosine[0] < 1);
    case_free(&c);
    mat_free(&w0);
    mat_free(&dw);
}

static struct case_of planted_case(void)
{
    struct mat w0 = base_matrix(48, 64, 2, 1), dw = mat_new(48, 64);
    struct dmat u = random_basis(48, 2, 11), v = random_basis(64, 2, 12);
    add_direction(dw, 9, u, 0, v, 0);
    add_direction(dw, 6, u, 1, v, 1);
    struct case_of c = compare(w0, dw, SIDE_OUTPUT, GAP);
    assert_int_equal(intruders_count(&c.found, EPSILON, 2, false), 2);
    mat_free(&w0);
    mat_free(&dw);
    dmat_free(&u);
    dmat_free(&v);
    return c;
}

static void scale_one_keeps_the_bits(void **state)
{
    (void)state;
    struct case_of c = planted_case();
    struct mat w = mat_new(48, 64);
    c.w.at[5] = -0.0f;
    mat_copy(w, c.w);
    intruders_scale(w, &c.tuned, &c.found, EPSILON, 10, 1);
    assert_memory_equal(w.at, c.w.at, 48 * 64 * sizeof(float));
    /* Nobody is an intruder at epsilon 0. */
    intruders_scale(w, &c.tuned, &c.found, 0, 10, 0);
    for (int k = 0; k < 48 * 64; k++)
        assert_near(w.at[k], c.w.at[k], 0);
    mat_free(&w);
    case_free(&c);
}

/* The two sigmas are multiplied by lambda and move to where that puts them;
 * all the others are as before. */
static void scale_multiplies_the_sigmas(void **state)
{
    (void)state;
    const double lambda[] = {0, 0.75, -1};
    for (int k = 0; k < 3; k++) {
        struct case_of c = planted_case();
        intruders_scale(c.w, &c.tuned, &c.found, EPSILON, 2, lambda[k]);
        struct spectrum after = spectrum_new_of(c.w);
        int count = after.count;
        const double *sigma = c.tuned.sigma;
        if (lambda[k] == 0) {
            assert_near_array(after.sigma, sigma + 2, (size_t)count - 2,
                              FLOAT_SIGMA);
            assert_near(after.sigma[count - 2], 0, FLOAT_SIGMA);
            assert_near(after.sigma[count - 1], 0, FLOAT_SIGMA);
        } else {
            assert_near(after.sigma[0], fabs(lambda[k]) * sigma[0],
                        FLOAT_SIGMA);
            assert_near(after.sigma[1], fabs(lambda[k]) * sigma[1],
                        FLOAT_SIGMA);
            assert_near_array(after.sigma + 2, sigma + 2, (size_t)count - 2,
                              FLOAT_SIGMA);
        }
        spectrum_free(&after);
        case_free(&c);
    }
}

/* Only the first k, and only intruders among them: with k = 1 the second
 * stays, entry by entry as the formula says. */
static void scale_takes_the_first_k(void **state)
{
    (void)state;
    struct case_of c = planted_case();
    struct mat w = mat_new(48, 64);
    mat_copy(w, c.w);
    intruders_scale(w, &c.tuned, &c.found, EPSILON, 1, 0.25);
    for (int i = 0; i < 48; i++)
        for (int j = 0; j < 64; j++)
            assert_near(mat_row(w, i)[j],
                        mat_row(c.w, i)[j] - 0.75 * c.tuned.sigma[0] *
                                                 dmat_row(c.tuned.u, i)[0] *
                                                 dmat_row(c.tuned.vt, 0)[j],
                        1e-6); /* one rounding to float */
    mat_free(&w);
    case_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measures_are_the_definition),
        cmocka_unit_test(planted_direction_is_found),
        cmocka_unit_test(sides_are_told_apart),
        cmocka_unit_test(small_update_has_none),
        cmocka_unit_test(turned_clusters_are_no_intruders),
        cmocka_unit_test(missing_directions_are_one_run),
        cmocka_unit_test(longer_side_is_not_spanned),
        cmocka_unit_test(nothing_learned),
        cmocka_unit_test(scale_one_keeps_the_bits),
        cmocka_unit_test(scale_multiplies_the_sigmas),
        cmocka_unit_test(scale_takes_the_first_k),
    };
    linalg_thread_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

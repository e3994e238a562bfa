/*
 * Li et al.'s toy: least squares against normal equations, the line of 2,000
 * draws, and that runs of a session in subspaces end at their own draw's
 * minimum.
 */
#include <math.h>
#include <string.h>

#include "core/base/linalg.h"
#include "core/base/rng.h"
#include "experiments/li_toy_report.h"
#include "tests/unit/session_fixture.h"

enum { SIZE = LI_TOY_SIZE, GROUPS = LI_TOY_GROUPS };

/* S theta - t */
static void residual_of(double *to, const float *theta)
{
    for (int k = 0; k < GROUPS; k++) {
        to[k] = -(k + 1);
        for (int i = 0; i < SIZE / GROUPS; i++)
            to[k] += (double)theta[k * (SIZE / GROUPS) + i];
    }
}

/* |r|^2 - b^T (A^T A)^-1 b, b = A^T r, by Cholesky: A = S P (10, d). */
static double least_by_normal_equations(const float *start,
                                        struct projection *p, int d)
{
    struct dmat a = dmat_new(d, GROUPS), g = dmat_new(d, d), b = dmat_new(d, 1);
    struct err err = {""};
    float *unit = xcalloc((size_t)d, sizeof *unit);
    float *column = xcalloc(SIZE, sizeof *column);
    double r[GROUPS], first = 0, explained = 0;
    residual_of(r, start);
    for (int k = 0; k < GROUPS; k++)
        first += r[k] * r[k];
    for (int j = 0; j < d; j++) {
        unit[j] = 1;
        projection_apply(p, column, unit);
        unit[j] = 0;
        residual_of(dmat_row(a, j), column);
        for (int k = 0; k < GROUPS; k++) {
            dmat_row(a, j)[k] += k + 1; /* S P alone */
            *dmat_row(b, j) += dmat_row(a, j)[k] * r[k];
        }
    }
    linalg_gram(g, a, 0);
    assert_true(linalg_cholesky(g));
    assert_int_equal(linalg_solve_upper(b, g, TRANSPOSED, &err), 0);
    for (int j = 0; j < d; j++)
        explained += *dmat_row(b, j) * *dmat_row(b, j);
    dmat_free(&a);
    dmat_free(&g);
    dmat_free(&b);
    mem_free(unit);
    mem_free(column);
    return (first - explained) / first;
}

static void least_is_least(void **state)
{
    (void)state;
    float start[SIZE];
    struct err err = {""};
    struct rng rng = rng_make(5, STREAM_TEST, 0);
    for (int i = 0; i < SIZE; i++)
        start[i] = (float)(0.1 * rng_normal(&rng));
    for (int kind = 0; kind < PROJECTIONS; kind++)
        for (int d = 1; d <= 8; d++) {
            double least[LI_TOY_MOST + 1];
            struct projection *p =
                projection_new((enum projection_kind)kind, SIZE, d, (uint64_t)d,
                               (size_t)1 << 30, &err);
            assert_non_null(p);
            li_toy_least(least, start, p, d);
            /* The normal equations square what inverts the columns. */
            assert_near(least[d], least_by_normal_equations(start, p, d), 1e-9);
            projection_free(p);
        }
}

static void the_line_is_shown(void **state)
{
    (void)state;
    struct li_toy_row rows[LI_TOY_MOST + 1];
    struct err err = {""};
    assert_int_equal(li_toy_measure(rows, 2000, 1, &err), 0);
    for (int d = 0; d <= LI_TOY_MOST; d++) {
        assert_near(rows[d].mean, d < 10 ? 1 - d / 10.0 : 0, 0.02);
        assert_true(d < 10 ? rows[d].least > 1e-12 : rows[d].most < 1e-20);
        if (d > 0)
            assert_near(rows[d].trained, rows[d].own, 1e-3);
    }
    assert_true(li_toy_is_shown(rows));
    rows[4].mean += 0.04; /* it can fail */
    assert_false(li_toy_is_shown(rows));
    rows[4].mean -= 0.04;
    rows[9].least = 0;
    assert_false(li_toy_is_shown(rows));
}

/* The recipe: each run against the minimum of its own P. */
static void runs_end_at_their_minimum(void **state)
{
    (void)state;
    char path[1024];
    struct recipe recipe;
    struct err err = {""};
    file_join(path, sizeof path, fixture_root(),
              "experiments/recipes/li-toy.yaml");
    assert_int_equal(recipe_read(&recipe, path, NULL, 0, &err), 0);
    struct session_options options = {.assets = fixture_assets(), .threads = 2};
    struct session *session = session_open(&recipe, &options, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(session_start(session, &err), 0);
    assert_int_equal(session_wait(session, &err), 0);
    const struct snapshot *end = session_look(session);
    double begin = end->base_validation_loss;
    struct model_conf conf = {.family = "linear", .size = {SIZE, 1}};
    struct model *model = model_new(&conf, &err);
    assert_int_equal(model_init(model, recipe.seed), 0);
    for (int r = 0; r < end->run_count; r++) {
        double least[LI_TOY_MOST + 1];
        int d = recipe.run[r].dims;
        assert_true(d <= LI_TOY_MOST);
        struct projection *p =
            projection_new(recipe.run[r].projection, SIZE, d,
                           recipe.run[r].seed, (size_t)1 << 30, &err);
        li_toy_least(least, model->base.site[0].at, p, d);
        assert_near(end->run[r].validation_loss / begin, least[d], 1e-3);
        projection_free(p);
    }
    model_free(model);
    snapshot_release(end);
    session_close(session);
}

static int set_up(void **state)
{
    linalg_thread_init();
    return fixture_set_up(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(least_is_least),
        cmocka_unit_test(the_line_is_shown),
        cmocka_unit_test(runs_end_at_their_minimum),
    };
    return cmocka_run_group_tests(tests, set_up, fixture_tear_down);
}

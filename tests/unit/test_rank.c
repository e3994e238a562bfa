/*
 * The rank dial: growing changes no bit, shrinking is Eckart and Young's
 * truncation, no direction is left dead, and the maps handed to the optimiser
 * are those of the gradient.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/method/method.h"
#include "tests/unit/small.h"

/* Weights near 1 and updates near 1, in float. */
#define FLOAT_W 1e-6
/* Promised under the policies that rescale B: 1e-6 relative. */
#define NO_JUMP 1e-6
/* A gradient in float, mapped in double, against one in float. */
#define FLOAT_GRADIENT 2e-5

struct fixture {
    struct model *model;
    struct method *lora;
    struct arena scratch;
    int site; /* h.0.mlp.up, (20, 12) */
};

static struct fixture set_up(double stirred)
{
    struct fixture f = {.model = small_model(true)};
    struct method_conf conf = small_lora();
    f.lora = small_method(f.model, &conf);
    f.site = model_site_of(f.model, SITE_UP, 0);
    if (stirred > 0)
        small_stir(f.lora, stirred, 5);
    assert_int_equal(arena_init(&f.scratch, 4096), 0);
    return f;
}

static void tear_down(struct fixture *f)
{
    arena_free(&f->scratch);
    method_free(f->lora);
    model_free(f->model);
}

static struct rank_change turn(struct fixture *f, int rank,
                               enum rank_policy policy)
{
    struct err err = {""};
    struct rank_change change;
    int status =
        f->lora->ops->set_rank(f->lora, f->site, rank, policy, &change, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, 0);
    assert_int_equal(f->lora->ops->rank(f->lora, f->site), rank);
    return change;
}

static void factors(const struct fixture *f, struct mat *bt, struct mat *a,
                    double *scale)
{
    assert_true(f->lora->ops->factors(f->lora, f->site, bt, a, scale));
}

/* The gradient of the site for some x and dy, the same at every call. */
static float *gradient(struct fixture *f)
{
    float *grad = xcalloc(f->lora->size, sizeof *grad);
    struct mat x = small_mat(6, 12, 0.5, 40), dy = small_mat(6, 20, 0.5, 41);
    f->lora->ops->gradient(f->lora, grad, f->site, x, dy, &f->scratch);
    mat_free(&x);
    mat_free(&dy);
    return grad;
}

/* Row k of the gradient of A or Bt. */
static float *row_of(const struct fixture *f, float *grad, enum param_kind kind,
                     int k)
{
    const struct param *param =
        &f->lora->param[method_param(f->lora, kind, f->site)];
    return grad + param->offset + (size_t)k * (size_t)param->cols;
}

static void growing_changes_no_bit(void **state)
{
    (void)state;
    struct fixture f = set_up(0.3);
    struct mat bt, a;
    double scale;
    /* -0.0 in W0 where B is zero: adding 0 a would make it +0.0. */
    struct mat base = f.model->base.site[f.site];
    factors(&f, &bt, &a, &scale);
    for (int j = 0; j < base.cols; j++)
        mat_row(base, 3)[j] = -0.0f;
    for (int k = 0; k < bt.rows; k++)
        mat_row(bt, k)[3] = 0;
    struct mat before = small_effective(f.lora, f.site);
    assert_true(signbit(mat_row(before, 3)[0]));
    for (int rank = 5; rank <= 12; rank++) {
        struct rank_change change = turn(&f, rank, RANK_KEEP_SCALE);
        struct mat after = small_effective(f.lora, f.site);
        assert_memory_equal(after.at, before.at, sizeof(float) * 240);
        assert_near(change.dropped, 0, 0);
        assert_near(change.scale_after, change.scale_before, 0);
        mat_free(&after);
        rank_change_free(&change);
    }
    mat_free(&before);
    tear_down(&f);
}

static void growing_leaves_other_sites_alone(void **state)
{
    (void)state;
    struct fixture f = set_up(0.3);
    struct mat before[13], after;
    assert_int_equal(f.model->site_count, 13);
    for (int i = 0; i < 13; i++)
        if (i != f.site && f.lora->ops->adapts(f.lora, i))
            before[i] = small_effective(f.lora, i);
    size_t size = f.lora->size;
    struct rank_change change = turn(&f, 9, RANK_ALPHA_R);
    assert_int_equal(f.lora->size, size + 5 * 32);
    rank_change_free(&change);
    for (int i = 0; i < 13; i++) {
        if (i == f.site || !f.lora->ops->adapts(f.lora, i))
            continue;
        after = small_effective(f.lora, i);
        assert_memory_equal(after.at, before[i].at,
                            sizeof(float) * (size_t)(after.rows * after.cols));
        mat_free(&after);
        mat_free(&before[i]);
    }
    tear_down(&f);
}

static void new_directions_get_gradient(void **state)
{
    (void)state;
    struct fixture f = set_up(0.3);
    struct rank_change change = turn(&f, 12, RANK_KEEP_SCALE);
    float *grad = gradient(&f);
    struct mat bt, a;
    double scale, bound = 1 / sqrt(12);
    factors(&f, &bt, &a, &scale);
    for (int k = 0; k < 12; k++) {
        assert_int_equal(change.restart[k], k >= 4);
        assert_true(mat_norm_squared(
                        mat_of(row_of(&f, grad, PARAM_BT, k), 1, 20)) > 1e-6);
        for (int j = 0; k >= 4 && j < 12; j++)
            assert_true(fabs((double)mat_row(a, k)[j]) <= bound);
    }
    assert_near(mat_norm_squared(mat_rows(bt, 4, 8)), 0, 0);
    mem_free(grad);
    rank_change_free(&change);
    tear_down(&f);
}

/* Growing twice must not draw the same rows twice. */
static void every_growth_draws_anew(void **state)
{
    (void)state;
    struct fixture f = set_up(0.3);
    struct mat bt, a;
    double scale;
    struct rank_change one = turn(&f, 5, RANK_KEEP_SCALE);
    struct rank_change two = turn(&f, 6, RANK_KEEP_SCALE);
    factors(&f, &bt, &a, &scale);
    for (int j = 0; j < 12; j++)
        assert_true(mat_row(a, 4)[j] != mat_row(a, 5)[j]);
    rank_change_free(&one);
    rank_change_free(&two);
    tear_down(&f);
}

static void no_direction_is_left_dead(void **state)
{
    (void)state;
    for (int trained = 0; trained < 2; trained++) {
        struct fixture f = set_up(trained ? 0.3 : 0);
        struct rank_change up = turn(&f, 12, RANK_KEEP_SCALE);
        struct rank_change down = turn(&f, 8, RANK_KEEP_SCALE);
        float *grad = gradient(&f);
        struct mat bt, a;
        double scale;
        factors(&f, &bt, &a, &scale);
        for (int k = 0; k < 8; k++) {
            struct mat db = mat_of(row_of(&f, grad, PARAM_BT, k), 1, 20);
            assert_true(mat_norm_squared(mat_rows(a, k, 1)) > 1e-3);
            assert_true(mat_norm_squared(db) > 1e-6);
            assert_int_equal(down.restart[k], !trained || k >= 4);
            if (down.restart[k])
                assert_near(mat_norm_squared(mat_rows(bt, k, 1)), 0, 0);
        }
        assert_true(mat_finite(bt) && mat_finite(a));
        mem_free(grad);
        rank_change_free(&up);
        rank_change_free(&down);
        tear_down(&f);
    }
}

static void shrinking_is_eckart_and_youngs(void **state)
{
    (void)state;
    struct fixture f = set_up(0.4);
    struct err err;
    double sigma[12];
    struct dmat dw = dmat_new(20, 12), u = dmat_new(20, 12);
    struct dmat vt = dmat_new(12, 12);
    struct mat delta = mat_new(20, 12);
    method_delta(f.lora, f.site, delta);
    dmat_from(dw, delta);
    assert_int_equal(linalg_svd(u, sigma, vt, dw, &err), 0);
    struct rank_change change = turn(&f, 2, RANK_KEEP_SCALE);
    method_delta(f.lora, f.site, delta);
    for (int i = 0; i < 20; i++)
        for (int j = 0; j < 12; j++) {
            double want = 0;
            for (int k = 0; k < 2; k++)
                want += dmat_row(u, i)[k] * sigma[k] * dmat_row(vt, k)[j];
            assert_near(mat_row(delta, i)[j], want, FLOAT_W);
        }
    assert_near(change.dropped, hypot(sigma[2], sigma[3]), FLOAT_W);
    rank_change_free(&change);
    mat_free(&delta);
    dmat_free(&dw);
    dmat_free(&u);
    dmat_free(&vt);
    tear_down(&f);
}

static void the_split_is_balanced(void **state)
{
    (void)state;
    struct fixture f = set_up(0.4);
    struct rank_change change = turn(&f, 3, RANK_KEEP_SCALE);
    struct mat bt, a;
    double scale;
    factors(&f, &bt, &a, &scale);
    for (int k = 0; k < 3; k++)
        assert_near_relative(mat_norm_squared(mat_rows(a, k, 1)),
                             mat_norm_squared(mat_rows(bt, k, 1)), FLOAT_W);
    rank_change_free(&change);
    tear_down(&f);
}

static void shrinking_to_the_numerical_rank_keeps_w(void **state)
{
    (void)state;
    struct fixture f = set_up(0.3);
    struct rank_change up = turn(&f, 12, RANK_KEEP_SCALE);
    struct mat before = small_effective(f.lora, f.site);
    struct rank_change down = turn(&f, 4, RANK_KEEP_SCALE);
    struct mat after = small_effective(f.lora, f.site);
    double norm = sqrt(mat_norm_squared(before));
    assert_near_array(after.at, before.at, 240, NO_JUMP * norm);
    assert_near(down.dropped, 0, 1e-12);
    mat_free(&before);
    mat_free(&after);
    rank_change_free(&up);
    rank_change_free(&down);
    tear_down(&f);
}

static void an_untrained_adapter_shrinks(void **state)
{
    (void)state;
    struct fixture f = set_up(0);
    struct rank_change change = turn(&f, 2, RANK_ALPHA_R);
    struct mat bt, a;
    double scale;
    factors(&f, &bt, &a, &scale);
    assert_near(scale, 3, 0);
    assert_near(mat_norm_squared(bt), 0, 0);
    for (int k = 0; k < 2; k++) {
        assert_true(change.restart[k]);
        assert_true(mat_norm_squared(mat_rows(a, k, 1)) > 1e-3);
    }
    rank_change_free(&change);
    tear_down(&f);
}

/* Two directions with one A: their sum has a sigma of rounding alone, which
 * a balanced split would leave near zero on both sides. */
static void rounding_is_no_direction(void **state)
{
    (void)state;
    struct fixture f = set_up(0.3);
    struct mat bt, a;
    double scale;
    factors(&f, &bt, &a, &scale);
    mat_copy(mat_rows(a, 3, 1), mat_rows(a, 2, 1));
    struct rank_change up = turn(&f, 6, RANK_KEEP_SCALE);
    struct rank_change down = turn(&f, 4, RANK_KEEP_SCALE);
    factors(&f, &bt, &a, &scale);
    assert_false(down.restart[2]);
    assert_true(down.restart[3]);
    assert_true(mat_norm_squared(mat_rows(a, 3, 1)) > 1e-3);
    rank_change_free(&up);
    rank_change_free(&down);
    tear_down(&f);
}

/* Relative to the update's own norm, which is stricter than to W's. */
static void policies_move_the_scale_not_the_function(void **state)
{
    (void)state;
    const struct {
        enum rank_policy policy;
        double scale, alpha; /* wanted at rank 9; they begin at 1.5 and 6 */
    } want[] = {{RANK_KEEP_SCALE, 1.5, 13.5},
                {RANK_ALPHA_R, 6.0 / 9, 6},
                {RANK_ALPHA_SQRT_R, 2, 6}};
    for (int i = 0; i < 3; i++) {
        struct fixture f = set_up(0.3);
        struct mat before = mat_new(20, 12), after = mat_new(20, 12);
        struct site_state is;
        method_delta(f.lora, f.site, before);
        struct rank_change change = turn(&f, 9, want[i].policy);
        method_delta(f.lora, f.site, after);
        f.lora->ops->state_of(f.lora, f.site, &is);
        assert_near(is.scale, want[i].scale, 1e-14);
        assert_near(is.alpha, want[i].alpha, 1e-14);
        assert_near(change.scale_before, 1.5, 0);
        assert_near(change.scale_after, is.scale, 0);
        assert_near_array(after.at, before.at, 240,
                          NO_JUMP * sqrt(mat_norm_squared(before)));
        rank_change_free(&change);
        mat_free(&before);
        mat_free(&after);
        tear_down(&f);
    }
}

/* want[k] = sum over j of map[k][j] rows[j] */
static void check_map(struct dmat map, const float *rows, const float *want,
                      int cols, const bool *restart)
{
    for (int k = 0; k < map.rows; k++)
        for (int i = 0; i < cols; i++) {
            double sum = 0;
            for (int j = 0; j < map.cols; j++)
                sum += dmat_row(map, k)[j] * (double)rows[j * cols + i];
            if (restart[k])
                assert_near(sum, 0, 0);
            else
                assert_near(want[k * cols + i], sum, FLOAT_GRADIENT);
        }
}

/* The gradient in the new factors is the map of that in the old: what a first
 * moment, a sum of gradients, must follow. */
static void maps_are_those_of_the_gradient(void **state)
{
    (void)state;
    const enum rank_policy policy[] = {RANK_KEEP_SCALE, RANK_ALPHA_R,
                                       RANK_ALPHA_SQRT_R};
    const int rank[] = {1, 3, 7};
    for (int i = 0; i < 9; i++) {
        struct fixture f = set_up(0.3);
        float *before = gradient(&f);
        const float *a = row_of(&f, before, PARAM_A, 0);
        const float *bt = row_of(&f, before, PARAM_BT, 0);
        struct rank_change change = turn(&f, rank[i / 3], policy[i % 3]);
        float *after = gradient(&f);
        check_map(change.map_a, a, row_of(&f, after, PARAM_A, 0), 12,
                  change.restart);
        check_map(change.map_b, bt, row_of(&f, after, PARAM_BT, 0), 20,
                  change.restart);
        mem_free(before);
        mem_free(after);
        rank_change_free(&change);
        tear_down(&f);
    }
}

static void refuses_what_cannot_be(void **state)
{
    (void)state;
    struct fixture f = set_up(0.3);
    const int bad[] = {0, -1, 13, 1000000000};
    size_t size = f.lora->size;
    float *value = f.lora->value;
    struct rank_change change;
    struct err err;
    for (int i = 0; i < 4; i++) {
        char want[80];
        (void)snprintf(want, sizeof want,
                       "h.0.mlp.up: rank %d is not allowed; use 1..12", bad[i]);
        assert_int_equal(f.lora->ops->set_rank(f.lora, f.site, bad[i],
                                               RANK_ALPHA_R, &change, &err),
                         -1);
        assert_string_equal(err.text, want);
        rank_change_free(&change);
    }
    assert_int_equal(
        f.lora->ops->set_rank(f.lora, 1, 2, RANK_ALPHA_R, &change, &err), -1);
    assert_non_null(strstr(err.text, "h.0.attn.k: "));
    value[0] = NAN; /* h.0.attn.q's first */
    assert_int_equal(
        f.lora->ops->set_rank(f.lora, 0, 2, RANK_ALPHA_R, &change, &err), -1);
    assert_non_null(strstr(err.text, "h.0.attn.q: "));
    assert_ptr_equal(f.lora->value, value);
    assert_int_equal(f.lora->size, size);
    tear_down(&f);
}

static void the_same_rank_is_no_change(void **state)
{
    (void)state;
    struct fixture f = set_up(0.3);
    float *value = f.lora->value;
    struct rank_change change = turn(&f, 4, RANK_ALPHA_SQRT_R);
    assert_int_equal(change.before, change.after);
    assert_null(change.restart);
    assert_ptr_equal(f.lora->value, value);
    rank_change_free(&change);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(growing_changes_no_bit),
        cmocka_unit_test(growing_leaves_other_sites_alone),
        cmocka_unit_test(new_directions_get_gradient),
        cmocka_unit_test(every_growth_draws_anew),
        cmocka_unit_test(no_direction_is_left_dead),
        cmocka_unit_test(shrinking_is_eckart_and_youngs),
        cmocka_unit_test(the_split_is_balanced),
        cmocka_unit_test(shrinking_to_the_numerical_rank_keeps_w),
        cmocka_unit_test(an_untrained_adapter_shrinks),
        cmocka_unit_test(rounding_is_no_direction),
        cmocka_unit_test(policies_move_the_scale_not_the_function),
        cmocka_unit_test(maps_are_those_of_the_gradient),
        cmocka_unit_test(refuses_what_cannot_be),
        cmocka_unit_test(the_same_rank_is_no_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

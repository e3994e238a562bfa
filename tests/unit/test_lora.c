/*
 * LoRA: the effective weight against the textbook, the gradient against
 * central differences, and what attach and restore refuse.
 */
#include <math.h>
#include <string.h>

#include "core/method/method.h"
#include "tests/unit/small.h"

/* One rounding to float for each of r directions, of weights near 1. */
#define FLOAT_STEPS 2e-6
/* The loss is linear in each value, so differences are exact but for the
 * rounding of W, 6e-8 of it, divided by the step. */
#define DIFFERENCE_STEP  0.03125
#define DIFFERENCE_NOISE 2e-4

/* w0 + s B A in double. */
static double textbook(const struct method *method, int site, int i, int j)
{
    struct mat bt, a;
    double scale, sum = 0;
    assert_true(method->ops->factors(method, site, &bt, &a, &scale));
    for (int k = 0; k < a.rows; k++)
        sum += (double)mat_row(bt, k)[i] * (double)mat_row(a, k)[j];
    return (double)mat_row(method->model->base.site[site], i)[j] + scale * sum;
}

static void effective_is_the_textbook(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct method_conf conf = small_lora();
    struct method *lora = small_method(model, &conf);
    int adapted = 0;
    small_stir(lora, 0.3, 1);
    for (int site = 0; site < model->site_count; site++) {
        if (!lora->ops->adapts(lora, site))
            continue;
        adapted++;
        struct mat w = small_effective(lora, site),
                   dw = mat_new(w.rows, w.cols);
        method_delta(lora, site, dw);
        for (int i = 0; i < w.rows; i++)
            for (int j = 0; j < w.cols; j++) {
                double want = textbook(lora, site, i, j);
                double base = mat_row(model->base.site[site], i)[j];
                assert_near(mat_row(w, i)[j], want, FLOAT_STEPS);
                assert_near(mat_row(dw, i)[j], want - base, FLOAT_STEPS);
            }
        mat_free(&w);
        mat_free(&dw);
    }
    assert_int_equal(adapted, 9);
    method_free(lora);
    model_free(model);
}

/* Ranks above the depth and widths above the columns of a block, and a width
 * that no vector divides. */
static void effective_of_large_shapes(void **state)
{
    (void)state;
    struct err err = {""};
    struct model_conf shape = {.family = "gpt2",
                               .layers = 1,
                               .width = 302,
                               .heads = 2,
                               .inner = 310,
                               .vocab = 8,
                               .context = 4,
                               .norm_eps = 1e-5f,
                               .tied = true};
    struct model *model = model_new(&shape, &err);
    model_init(model, 1);
    struct method_conf conf = {.name = "lora",
                               .rank = 150,
                               .alpha = 15,
                               .targets = {[SITE_UP] = true}};
    struct method *lora = small_method(model, &conf);
    small_stir(lora, 0.05, 2);
    int site = model_site_of(model, SITE_UP, 0);
    struct mat w = small_effective(lora, site);
    for (int i = 0; i < w.rows; i += 7)
        for (int j = 0; j < w.cols; j++)
            assert_near(mat_row(w, i)[j], textbook(lora, site, i, j),
                        FLOAT_STEPS);
    mat_free(&w);
    method_free(lora);
    model_free(model);
}

static void check_param(struct method *method, const struct param *param,
                        const float *grad, struct mat x, struct mat dy)
{
    for (int i = 0; i < param->rows * param->cols; i++) {
        float *value = method->value + param->offset + i, old = *value;
        *value = old + (float)DIFFERENCE_STEP;
        double span = (double)*value,
               up = small_loss(method, param->site, x, dy);
        *value = old - (float)DIFFERENCE_STEP;
        span -= (double)*value;
        double down = small_loss(method, param->site, x, dy);
        *value = old;
        assert_near(grad[param->offset + (size_t)i], (up - down) / span,
                    DIFFERENCE_NOISE);
    }
}

static void gradient_by_central_differences(void **state)
{
    (void)state;
    struct model *model = small_model(false);
    struct method_conf conf = small_lora();
    struct method *lora = small_method(model, &conf);
    struct arena scratch;
    assert_int_equal(arena_init(&scratch, 1024), 0);
    small_stir(lora, 0.3, 1);
    float *grad = xcalloc(lora->size, sizeof *grad);
    for (int p = 0; p < lora->param_count; p++) {
        const struct param *param = &lora->param[p];
        const struct site *site = &model->site[param->site];
        struct mat x = small_mat(3, site->in, 0.5, 20);
        struct mat dy = small_mat(3, site->out, 0.5, 21);
        memset(grad, 0, lora->size * sizeof *grad);
        lora->ops->gradient(lora, grad, param->site, x, dy, &scratch);
        check_param(lora, param, grad, x, dy);
        mat_free(&x);
        mat_free(&dy);
    }
    assert_int_equal(scratch.used, 0);
    arena_free(&scratch);
    mem_free(grad);
    method_free(lora);
    model_free(model);
}

static void gradient_adds_up(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct method_conf conf = small_lora();
    struct method *lora = small_method(model, &conf);
    struct arena scratch;
    assert_int_equal(arena_init(&scratch, 1024), 0);
    small_stir(lora, 0.3, 1);
    struct mat x = small_mat(4, 12, 1, 30), dy = small_mat(4, 12, 1, 31);
    float *whole = xcalloc(lora->size, sizeof *whole);
    float *parts = xcalloc(lora->size, sizeof *parts);
    lora->ops->gradient(lora, whole, 0, x, dy, &scratch);
    for (int half = 0; half < 2; half++)
        lora->ops->gradient(lora, parts, 0, mat_rows(x, 2 * half, 2),
                            mat_rows(dy, 2 * half, 2), &scratch);
    assert_near_array(parts, whole, lora->size, 1e-5);
    arena_free(&scratch);
    mem_free(whole);
    mem_free(parts);
    mat_free(&x);
    mat_free(&dy);
    method_free(lora);
    model_free(model);
}

static void starts_at_the_base_with_its_law(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct method_conf conf = small_lora();
    struct method *lora = small_method(model, &conf);
    for (int site = 0; site < model->site_count; site++) {
        struct mat bt, a;
        double scale, bound = 1 / sqrt(model->site[site].in), largest = 0;
        if (!lora->ops->factors(lora, site, &bt, &a, &scale))
            continue;
        struct mat w = small_effective(lora, site);
        assert_memory_equal(w.at, model->base.site[site].at,
                            sizeof(float) * (size_t)(w.rows * w.cols));
        assert_near(scale, 6.0 / 4, 0);
        assert_near(mat_norm_squared(bt), 0, 0);
        for (int i = 0; i < a.rows * a.cols; i++)
            largest = fmax(largest, fabs((double)a.at[i]));
        assert_true(largest <= bound && largest > 0.8 * bound);
        mat_free(&w);
    }
    method_free(lora);
    model_free(model);
}

/* The A of one rank must not be the first rows of another's. */
static void ranks_and_sites_draw_apart(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct method_conf conf = small_lora();
    struct mat bt, a[4];
    double scale;
    struct method *four = small_method(model, &conf);
    struct method *again = small_method(model, &conf);
    conf.rank = 8;
    struct method *eight = small_method(model, &conf);
    int v = model_site_of(model, SITE_V, 0);
    assert_true(four->ops->factors(four, 0, &bt, &a[0], &scale));
    assert_true(again->ops->factors(again, 0, &bt, &a[1], &scale));
    assert_true(eight->ops->factors(eight, 0, &bt, &a[2], &scale));
    assert_true(four->ops->factors(four, v, &bt, &a[3], &scale));
    assert_memory_equal(a[0].at, a[1].at, sizeof(float) * 48);
    for (int i = 0; i < 48; i++) {
        assert_true(a[0].at[i] != a[2].at[i]);
        assert_true(a[0].at[i] != a[3].at[i]);
    }
    method_free(four);
    method_free(again);
    method_free(eight);
    model_free(model);
}

static void scales_and_own_ranks(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct method_conf conf = small_lora();
    int *ranks = xcalloc((size_t)model->site_count, sizeof *ranks);
    struct mat bt, a;
    double scale;
    ranks[0] = 9;
    conf.ranks = ranks;
    conf.scale = SCALE_ALPHA_SQRT_R;
    struct method *lora = small_method(model, &conf);
    assert_int_equal(lora->ops->rank(lora, 0), 9);
    assert_int_equal(lora->ops->rank(lora, 1), 0);
    assert_int_equal(lora->ops->rank(lora, 2), 4);
    assert_true(lora->ops->factors(lora, 0, &bt, &a, &scale));
    assert_near(scale, 2, 1e-15);
    assert_true(lora->ops->factors(lora, 2, &bt, &a, &scale));
    assert_near(scale, 3, 1e-15);
    assert_false(lora->ops->factors(lora, 1, &bt, &a, &scale));
    mem_free(ranks);
    method_free(lora);
    model_free(model);
}

static void refuse(const struct model *model, const struct method_conf *conf,
                   const char *sentence)
{
    struct err err = {""};
    assert_null(method_new(model, conf, &err));
    assert_string_equal(err.text, sentence);
}

static void refuses_bad_recipes(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct method_conf conf = small_lora();
    int *ranks = xcalloc((size_t)model->site_count, sizeof *ranks);
    conf.rank = 13;
    refuse(model, &conf, "h.0.attn.q: rank 13 is not allowed; use 1..12");
    conf.rank = 0;
    refuse(model, &conf, "h.0.attn.q: rank 0 is not allowed; use 1..12");
    conf.rank = 4;
    conf.alpha = 0;
    refuse(model, &conf, "lora: alpha 0 is not allowed; use a number above 0");
    conf.alpha = NAN;
    assert_null(method_new(model, &conf, NULL));
    conf.alpha = 1;
    ranks[1] = 2;
    conf.ranks = ranks;
    refuse(model, &conf,
           "h.0.attn.k: has rank 2 but \"k\" is not a target; add it to "
           "targets");
    conf = (struct method_conf){.name = "lora", .rank = 1, .alpha = 1};
    refuse(model, &conf,
           "lora: no targets; use some of q, k, v, o, up, down, head");
    mem_free(ranks);
    model_free(model);
}

static void restores_a_layout(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct method_conf conf = small_lora();
    struct method *lora = small_method(model, &conf);
    struct site_state *states =
                          xcalloc((size_t)model->site_count, sizeof *states),
                      is;
    struct err err = {""};
    for (int i = 0; i < model->site_count; i++)
        lora->ops->state_of(lora, i, &states[i]);
    states[2] =
        (struct site_state){.rank = 7, .grows = 3, .alpha = 5, .scale = 0.25};
    size_t size = lora->size;
    assert_int_equal(lora->ops->restore(lora, states, &err), 0);
    assert_int_equal(lora->size, size + 3 * 24);
    lora->ops->state_of(lora, 2, &is);
    assert_memory_equal(&is, &states[2], sizeof is);
    states[2].rank = 13;
    assert_int_equal(lora->ops->restore(lora, states, &err), -1);
    assert_string_equal(err.text,
                        "h.0.attn.v: rank 13 is not allowed; use 1..12");
    states[2].rank = 0;
    assert_int_equal(lora->ops->restore(lora, states, &err), -1);
    states[2].rank = 7;
    states[2].scale = NAN;
    assert_int_equal(lora->ops->restore(lora, states, &err), -1);
    assert_int_equal(lora->ops->rank(lora, 2), 7);
    mem_free(states);
    method_free(lora);
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(effective_is_the_textbook),
        cmocka_unit_test(effective_of_large_shapes),
        cmocka_unit_test(gradient_by_central_differences),
        cmocka_unit_test(gradient_adds_up),
        cmocka_unit_test(starts_at_the_base_with_its_law),
        cmocka_unit_test(ranks_and_sites_draw_apart),
        cmocka_unit_test(scales_and_own_ranks),
        cmocka_unit_test(refuses_bad_recipes),
        cmocka_unit_test(restores_a_layout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

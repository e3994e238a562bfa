/*
 * DoRA: rows keep the length m says, m alone only scales rows, and the
 * detached gradient is the exact one of a W whose norms stand still.
 */
#include <math.h>
#include <string.h>

#include "core/method/lora.h"
#include "tests/unit/small.h"

enum { TOKENS = 5 };

/* float32 sums; and central differences with a step of 4e-3. */
#define ROUNDING 2e-6
#define STEP     4e-3
#define NOISE    2e-3

static struct method *stirred(const struct model *model, enum norm_rule norm)
{
    struct method_conf conf = small_lora();
    conf.name = "dora";
    conf.norm = norm;
    struct method *dora = small_method(model, &conf);
    small_stir(dora, 0.2, 1);
    return dora;
}

static float *lengths(struct method *dora, int site)
{
    int m = method_param(dora, PARAM_OUT, site);
    assert_true(m >= 0);
    return dora->value + dora->param[m].offset;
}

static void rows_have_the_length_m(void **state)
{
    (void)state;
    struct model *model = small_model(false);
    struct method *dora = stirred(model, NORM_EXACT);
    struct mat w = small_effective(dora, 2);
    for (int i = 0; i < w.rows; i++)
        assert_near(sqrt(mat_norm_squared(mat_rows(w, i, 1))),
                    fabsf(lengths(dora, 2)[i]), ROUNDING);
    mat_free(&w);
    method_free(dora);
    model_free(model);
}

static void m_scales_its_row_and_no_other(void **state)
{
    (void)state;
    struct model *model = small_model(false);
    struct method *dora = stirred(model, NORM_EXACT);
    struct mat before = small_effective(dora, 0);
    lengths(dora, 0)[3] *= 2;
    struct mat after = small_effective(dora, 0);
    for (int i = 0; i < before.rows; i++)
        for (int j = 0; j < before.cols; j++)
            assert_near(mat_row(after, i)[j],
                        (i == 3 ? 2 : 1) * mat_row(before, i)[j], 0);
    mat_free(&before);
    mat_free(&after);
    method_free(dora);
    model_free(model);
}

/* A row of zeros stays one, without NaN, until B gives it a direction. */
static void a_row_of_zeros_is_no_trouble(void **state)
{
    (void)state;
    struct model *model = small_model(false);
    memset(model->base.site[0].at, 0, sizeof(float) * 12);
    struct method_conf conf = small_lora();
    conf.name = "dora";
    struct method *dora = small_method(model, &conf);
    struct arena scratch;
    struct mat w = small_effective(dora, 0);
    struct mat x = small_mat(TOKENS, 12, 1, 2),
               dy = small_mat(TOKENS, 12, 1, 3);
    float *grad = xcalloc(dora->size, sizeof *grad);
    assert_int_equal(arena_init(&scratch, 4096), 0);
    dora->ops->gradient(dora, grad, 0, x, dy, &scratch);
    assert_true(mat_finite(w));
    assert_true(mat_finite(mat_of(grad, 1, (int)dora->size)));
    mem_free(grad);
    arena_free(&scratch);
    mat_free(&w);
    mat_free(&x);
    mat_free(&dy);
    method_free(dora);
    model_free(model);
}

/* Of <dy, W x> with row i of W as m_i V_i / still_i. */
static double still_loss(const struct method *dora, const float *still,
                         struct mat x, struct mat dy)
{
    const struct lora *lora = dora->state;
    struct mat w = small_effective(dora, 0);
    double sum = 0;
    for (int i = 0; i < w.rows; i++)
        for (int j = 0; j < w.cols; j++)
            for (int t = 0; t < TOKENS; t++)
                sum += (double)mat_row(dy, t)[i] * (double)mat_row(w, i)[j] *
                       (double)lora->site[0].norm[i] / (double)still[i] *
                       (double)mat_row(x, t)[j];
    mat_free(&w);
    return sum;
}

static void detached_norms_stand_still(void **state)
{
    (void)state;
    struct model *model = small_model(false);
    struct method *dora = stirred(model, NORM_DETACHED);
    const struct lora *lora = dora->state;
    struct mat x = small_mat(TOKENS, 12, 0.5, 2);
    struct mat dy = small_mat(TOKENS, 12, 0.5, 3), w = small_effective(dora, 0);
    float *grad = xcalloc(dora->size, sizeof *grad), still[12];
    struct arena scratch;
    assert_int_equal(arena_init(&scratch, 4096), 0);
    memcpy(still, lora->site[0].norm, sizeof still);
    dora->ops->gradient(dora, grad, 0, x, dy, &scratch);
    for (int p = 0; p < dora->param_count; p++)
        for (int i = 0; dora->param[p].site == 0 &&
                        i < dora->param[p].rows * dora->param[p].cols;
             i++) {
            float *at = dora->value + dora->param[p].offset + i, old = *at;
            *at = old + (float)STEP;
            double span = (double)*at, up = still_loss(dora, still, x, dy);
            *at = old - (float)STEP;
            span -= (double)*at;
            double slope = (up - still_loss(dora, still, x, dy)) / span;
            *at = old;
            assert_near(grad[dora->param[p].offset + (size_t)i], slope,
                        NOISE * (1 + fabs(slope)));
        }
    arena_free(&scratch);
    mem_free(grad);
    mat_free(&w);
    mat_free(&x);
    mat_free(&dy);
    method_free(dora);
    model_free(model);
}

/* Growing appends directions that do nothing yet: W keeps its bits. */
static void growth_changes_no_bit(void **state)
{
    (void)state;
    struct model *model = small_model(false);
    struct method *dora = stirred(model, NORM_EXACT);
    struct rank_change change;
    struct err err = {""};
    struct mat before = small_effective(dora, 0);
    assert_int_equal(
        dora->ops->set_rank(dora, 0, 9, RANK_KEEP_SCALE, &change, &err), 0);
    struct mat after = small_effective(dora, 0);
    assert_memory_equal(before.at, after.at, 12 * 12 * sizeof(float));
    rank_change_free(&change);
    mat_free(&before);
    mat_free(&after);
    method_free(dora);
    model_free(model);
}

int main(void)
{
    linalg_thread_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_have_the_length_m),
        cmocka_unit_test(m_scales_its_row_and_no_other),
        cmocka_unit_test(a_row_of_zeros_is_no_trouble),
        cmocka_unit_test(detached_norms_stand_still),
        cmocka_unit_test(growth_changes_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

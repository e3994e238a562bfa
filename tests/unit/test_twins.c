/*
 * Twins on updates whose cuts are known: a full run that moves along two
 * directions down the gradient, and LoRA runs that have all, half or one of
 * them.
 */
#include "experiments/study.h"
#include "tests/unit/moment_fixture.h"

enum { SITE = 4, OTHER_SITE = 10 }; /* h.0.mlp.up, h.1.mlp.up: (40, 32) */

/* Closures are ratios of differences of losses, which BY_DIRECTION holds. */
#define CLOSURE 1e-3

static struct model *model;
static struct ground ground;
static struct batch held_out;
static struct spectrum downhill; /* of the gradient at SITE */

static void take_gradient(void *ctx, int site, struct mat x, struct mat dy)
{
    if (site == SITE)
        linalg_gemm(*(struct mat *)ctx, 1, dy, TRANSPOSED, x, PLAIN, 1);
}

static int set_up(void **state)
{
    (void)state;
    struct err err = {""};
    model = made_model();
    held_out = made_batch(1);
    ground = ground_new(model);
    ground.pass = pass_new(model);
    ground.held_out = &held_out;
    struct mat gradient = mat_new(40, MADE_WIDTH);
    bool wants[32] = {[SITE] = true};
    float *other[64] = {0};
    struct sink sink = {.ctx = &gradient,
                        .wants = wants,
                        .site = take_gradient,
                        .other = other};
    (void)pass_learn(ground.pass, &model->base, &held_out, 1, &sink);
    int status = spectrum_of_matrix(&downhill, gradient, WITH_VECTORS, &err);
    mat_free(&gradient);
    return status;
}

static int tear_down(void **state)
{
    (void)state;
    spectrum_free(&downhill);
    pass_free(ground.pass);
    ground_free(&ground);
    batch_free(&held_out);
    model_free(model);
    return 0;
}

static const double size = 0.5;

/* -size (u_1 v_1^T + 0.9 u_2 v_2^T ...), count directions down the gradient. */
static void downhill_factors(struct moment *moment, int count, double scale)
{
    struct mat bt = mat_new(count, 40), a = mat_new(count, MADE_WIDTH);
    for (int k = 0; k < count; k++) {
        double weight = k == 0 ? size : 0.9 * size;
        for (int i = 0; i < bt.cols; i++)
            mat_row(bt, k)[i] = (float)(weight * dmat_row(downhill.u, i)[k]);
        for (int i = 0; i < a.cols; i++)
            mat_row(a, k)[i] = (float)dmat_row(downhill.vt, k)[i];
    }
    made_factors(moment, SITE, bt, a, -scale);
}

static struct moment *lora_of(int count, double scale)
{
    struct moment *moment = made_moment(model, "r2", 0, 100);
    downhill_factors(moment, count, scale);
    return moment;
}

/* Adapts every site, moves one: along two directions of SITE, times scale. */
static struct moment *full_of(double scale)
{
    struct moment *moment = made_moment(model, "full", 1, 100);
    struct moment *lora = lora_of(2, scale);
    for (int i = 0; i < model->site_count; i++) {
        struct mat dw = mat_new(model->site[i].out, model->site[i].in);
        if (i == SITE)
            update_write(&lora->site[SITE].update, dw);
        made_dense(moment, i, dw);
    }
    moment_release(lora);
    return moment;
}

static struct question ask(void)
{
    return (struct question){.kind = STUDY_TWINS,
                             .is_asked = true,
                             .site = SITE,
                             .a = {OPERAND_RUN, 0, -1},
                             .b = {OPERAND_RUN, 1, -1}};
}

/* Releases the moments. */
static const struct study *twins(struct moment *lora, struct moment *full)
{
    struct question question = ask();
    const struct study *study = study_twins(&ground, &question, lora, full);
    moment_release(lora);
    moment_release(full);
    return study;
}

static void says(const struct study *study, const char *words)
{
    const char *verdict = study->twins.verdict;
    if (!strstr(verdict, words))
        print_error("\"%s\" is not in \"%s\"\n", words, verdict);
    assert_non_null(strstr(verdict, words));
    assert_true(strlen(verdict) < STUDY_SENTENCE - 1);
    const char *end = verdict + strlen(verdict) - 1;
    assert_true(*end == '.' || *end == ')'); /* not cut off */
    study_release(study);
}

static void equal_twins_close_the_gap(void **state)
{
    (void)state;
    const struct study *study = twins(lora_of(2, 1), full_of(1));
    const struct twins_study *of = &study->twins;
    assert_string_equal(study->refusal, "");
    assert_int_equal(of->rank, 2);
    assert_int_equal(of->examples, MADE_SEQUENCES);
    assert_true(of->full_loss < of->base_loss - 0.05);
    assert_near(of->lora_closure, 1, CLOSURE);
    assert_near(of->oracle_closure, 1, CLOSURE);
    assert_near(of->reach_closure, 1, CLOSURE);
    assert_int_equal(of->oracle_star, 2);
    assert_int_equal(of->reach_star, 2);
    assert_int_equal(of->count, MADE_WIDTH + 1);
    for (int i = 0; i < of->count; i++)
        assert_int_equal(of->grid[i], i);
    assert_near(of->oracle[0], of->base_loss, SLICED);
    assert_near(of->reach[0], of->base_loss, SLICED);
    assert_near(of->oracle[of->count - 1], of->full_loss, BY_DIRECTION);
    assert_int_equal(of->lora_count, 2);
    assert_int_equal(of->full_count, MADE_WIDTH);
    assert_near_array(of->full_sigma, of->lora_sigma, 2, BY_DIRECTION);
    assert_near(of->phi[0], 1, BY_DIRECTION);
    assert_near(of->phi[of->cols + 1], 1, BY_DIRECTION);
    assert_int_equal(of->intruder_sites, 1);
    assert_int_equal(of->lora_intruders, of->full_intruders);
    study_release(study);
}

/* Others and all: the oracle at the largest rank is full itself. */
static void the_last_oracle_is_full(void **state)
{
    (void)state;
    const struct study *study =
        twins(lora_of(2, 1), made_full(model, "full", 1, 100, 0.02, 30));
    const struct twins_study *of = &study->twins;
    assert_near(of->oracle[of->count - 1], of->full_loss, BY_DIRECTION);
    assert_true(fabs(of->reach[of->count - 1] - of->full_loss) > 1e-3);
    assert_true(fabs(of->oracle[0] - of->base_loss) > 1e-3); /* full's others */
    assert_near(of->reach[0], of->base_loss, SLICED);
    study_release(study);
}

static void verdicts_follow_from_losses(void **state)
{
    (void)state;
    says(twins(lora_of(2, 0.97), full_of(1)),
         "neither rank 2 nor optimisation");
    says(twins(lora_of(2, 0.5), full_of(1)),
         "A better rank-2 update exists: the limit is optimisation");
    says(twins(lora_of(1, 1), full_of(1)), "95 % takes r >= 2");
    says(twins(lora_of(1, 1), full_of(1)), "proves nothing");
    says(twins(lora_of(2, 1), full_of(0.5)), "as good as full");
    says(twins(lora_of(2, 1), full_of(-1)), "full is no better than the base");
}

/* Names as long as they may be: the last word still stands. */
static void long_names_fit(void **state)
{
    (void)state;
    struct moment *lora = lora_of(1, 1), *full = full_of(1);
    struct question question = ask();
    memset(lora->name, 'l', sizeof lora->name - 1);
    memset(full->name, 'f', sizeof full->name - 1);
    lora->step = full->step = question.a.step = question.b.step = 1000000;
    says(study_twins(&ground, &question, lora, full), "may do better.");
    moment_release(lora);
    moment_release(full);
}

/* A LoRA at a site where full did nothing: rank is not what it lacks. */
static void sites_are_told_from_rank(void **state)
{
    (void)state;
    struct moment *lora = made_moment(model, "r2", 0, 80);
    made_random_factors(lora, model, OTHER_SITE, 2, 1e-3, 5);
    struct question question = ask();
    struct moment *full = full_of(1);
    const struct study *study = study_twins(&ground, &question, lora, full);
    assert_int_equal(study->twins.reach_star, -1);
    assert_int_equal(study->twins.oracle_star, 2);
    assert_int_equal(study->twins.lora_count, 0); /* not adapted there */
    assert_int_equal(study->twins.step, 80);
    assert_int_equal(
        strncmp(study->twins.verdict, "At different steps (80 and 100): ", 33),
        0);
    says(study, "not the rank is short, but what may move");
    moment_release(lora);
    moment_release(full);
}

/* Wider than 64: ranks are skipped above 32, never the LoRA's own. */
static void the_grid_thins_out(void **state)
{
    (void)state;
    struct err err = {""};
    struct model_conf conf = model->conf;
    conf.layers = 1;
    conf.width = conf.inner = 72;
    conf.head_width = 0; /* of the new width */
    struct model *wide = model_new(&conf, &err);
    assert_int_equal(model_init(wide, 7), 0);
    struct ground stand = ground_new(wide);
    struct moment *lora = made_moment(wide, "r41", 0, 100);
    struct moment *full = made_full(wide, "full", 1, 100, 0.02, 30);
    struct question question = ask();
    stand.pass = pass_new(wide);
    stand.held_out = &held_out;
    made_random_factors(lora, wide, 0, 41, 0.01, 5);
    const struct study *study = study_twins(&stand, &question, lora, full);
    static const int above[] = {32, 38, 41, 49, 58, 69, 72};
    assert_string_equal(study->refusal, "");
    assert_int_equal(study->twins.count, 32 + 7);
    for (int i = 0; i <= 32; i++)
        assert_int_equal(study->twins.grid[i], i);
    for (int i = 0; i < 7; i++)
        assert_int_equal(study->twins.grid[32 + i], above[i]);
    assert_near(study->twins.oracle[38], study->twins.full_loss, BY_DIRECTION);
    study_release(study);
    moment_release(lora);
    moment_release(full);
    pass_free(stand.pass);
    ground_free(&stand);
    model_free(wide);
}

static void refused(const struct study *study, const char *words)
{
    if (!strstr(study->refusal, words))
        print_error("\"%s\" is not in \"%s\"\n", words, study->refusal);
    assert_non_null(strstr(study->refusal, words));
    assert_null(study->twins.grid);
    assert_int_equal(study->step, -1);
    study_release(study);
}

static void twins_that_cannot_be_are_refused(void **state)
{
    (void)state;
    struct question question = ask();
    struct moment *lora = lora_of(2, 1), *full = full_of(1);
    refused(study_twins(&ground, &question, NULL, full), "update of run 0");
    refused(study_twins(&ground, &question, lora, NULL), "update of run 1");
    refused(study_twins(&ground, &question, full, full), "full has no factors");
    refused(study_twins(&ground, &question, lora, lora), "r2 has factors");
    ground.held_out = NULL;
    refused(study_twins(&ground, &question, lora, full),
            "there are no held-out examples");
    ground.held_out = &held_out;
    full->site[2].update.dw.at[7] = NAN;
    refused(study_twins(&ground, &question, lora, full),
            "the update of full at h.0.attn.v holds NaN or Inf");
    full->site[2].update.dw.at[7] = 0;
    mat_zero(lora->site[SITE].update.bt);
    lora->step = 0;
    refused(study_twins(&ground, &question, lora, full),
            "r2 has no update yet (step 0)");
    moment_release(lora);
    moment_release(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_twins_close_the_gap),
        cmocka_unit_test(the_last_oracle_is_full),
        cmocka_unit_test(verdicts_follow_from_losses),
        cmocka_unit_test(long_names_fit),
        cmocka_unit_test(sites_are_told_from_rank),
        cmocka_unit_test(the_grid_thins_out),
        cmocka_unit_test(twins_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

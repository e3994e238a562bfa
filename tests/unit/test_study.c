/*
 * Overlaps and updates against their base, on moments made by hand: what is
 * known exactly, what chance gives, and what is refused.
 */
#include "experiments/study.h"
#include "tests/unit/moment_fixture.h"

enum { SITE = 0 }; /* h.0.attn.q: (32, 32) */

/* Dense matrices have vectors of float precision, orthonormal to a few 1e-6;
 * those of factors are better. */
#define ORTHONORMAL 1e-5

/* Singular vectors rounded to float, and sigma up to 3. */
#define FLOAT_VECTORS 1e-5

static struct model *model;
static struct ground ground;
static struct batch held_out, corpus;

static int set_up(void **state)
{
    (void)state;
    model = made_model();
    held_out = made_batch(1);
    corpus = made_batch(2);
    ground = ground_new(model);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ground_free(&ground);
    batch_free(&held_out);
    batch_free(&corpus);
    model_free(model);
    return 0;
}

static struct question ask(enum study_kind kind)
{
    return (struct question){.kind = kind,
                             .is_asked = true,
                             .site = SITE,
                             .a = {OPERAND_RUN, 0, -1},
                             .b = {OPERAND_RUN, 1, -1},
                             .c = {OPERAND_RUN, 2, -1},
                             .epsilon = 0.5,
                             .top = 10};
}

static struct moment *random_run(const char *name, int run, int rank,
                                 uint64_t index)
{
    struct moment *moment = made_moment(model, name, run, 100);
    made_random_factors(moment, model, SITE, rank, 1, index);
    return moment;
}

static double phi_at(const struct study *study, int i, int j)
{
    return study->overlap.phi[(i - 1) * study->overlap.cols + j - 1];
}

static void check_same(struct question question, const struct moment *moment)
{
    const struct study *study =
        study_overlap(&ground, &question, moment, moment, &moment, 1);
    const struct overlap_study *of = &study->overlap;
    assert_string_equal(study->refusal, "");
    assert_int_equal(of->rows, of->cols);
    for (int i = 1; i <= of->rows; i++)
        assert_near(phi_at(study, i, i), 1, ORTHONORMAL);
    for (int i = 0; i < of->angle_count; i++)
        assert_near(of->angle[i], 0, ORTHONORMAL);
    assert_near(of->distances.phi, 1, ORTHONORMAL);
    assert_near(of->cosine, 1, ORTHONORMAL);
    assert_near(of->energy_ratio, 2, ORTHONORMAL);
    assert_int_equal(of->trail_count, 1);
    assert_near(of->trail_top[0], 1, ORTHONORMAL);
    assert_near(of->trail_all[0], 1, ORTHONORMAL);
    assert_int_equal(study->step, 100);
    study_release(study);
}

static void a_run_is_all_of_itself(void **state)
{
    (void)state;
    struct moment *r4 = random_run("r4", 0, 4, 1);
    struct moment *full = made_full(model, "full", 1, 100, 0.1, 10);
    for (int side = 0; side < 2; side++) {
        struct question question = ask(STUDY_OVERLAP);
        question.side = (enum side)side;
        check_same(question, r4);
        check_same(question, full);
        question.of = OVERLAP_OF_FACTOR;
        check_same(question, r4);
    }
    moment_release(r4);
    moment_release(full);
}

/* Gauge: other factors of the same dW turn A's vectors, not dW's. */
static void factors_depend_on_the_gauge(void **state)
{
    (void)state;
    struct question question = ask(STUDY_OVERLAP);
    struct moment *one = random_run("one", 0, 2, 2);
    struct moment *other = made_moment(model, "other", 1, 100);
    struct mat bt = mat_new(2, MADE_WIDTH), a = mat_new(2, MADE_WIDTH);
    mat_copy(bt, one->site[SITE].update.bt);
    mat_copy(a, one->site[SITE].update.a);
    for (int i = 0; i < MADE_WIDTH; i++) { /* powers of two: to the bit */
        mat_row(a, 0)[i] *= 8;
        mat_row(bt, 0)[i] /= 8;
    }
    made_factors(other, SITE, bt, a, 1);
    const struct study *delta =
        study_overlap(&ground, &question, one, other, NULL, 0);
    assert_near(phi_at(delta, 1, 1), 1, ORTHONORMAL);
    assert_near(delta->overlap.cosine, 1, ORTHONORMAL);
    question.of = OVERLAP_OF_FACTOR;
    const struct study *factor =
        study_overlap(&ground, &question, one, other, NULL, 0);
    assert_true(phi_at(factor, 1, 1) < 0.99);
    assert_near(phi_at(factor, 2, 2), 1, ORTHONORMAL); /* the span stays */
    study_release(delta);
    study_release(factor);
    /* B's own span on the output side: another B, another span. */
    small_random(other->site[SITE].update.bt.at, 2 * MADE_WIDTH, 1, 99);
    question.side = SIDE_OUTPUT;
    factor = study_overlap(&ground, &question, one, other, NULL, 0);
    assert_true(phi_at(factor, 2, 2) < 0.9);
    question.side = SIDE_INPUT;
    study_release(factor);
    factor = study_overlap(&ground, &question, one, other, NULL, 0);
    assert_near(phi_at(factor, 2, 2), 1, ORTHONORMAL);
    study_release(factor);
    moment_release(one);
    moment_release(other);
}

/* 95 of 100 pairs are expected inside; below 85 has a chance of 1e-4. */
static void two_random_updates_stay_within_chance(void **state)
{
    (void)state;
    int inside = 0, pairs = 100;
    for (int pair = 0; pair < pairs; pair++) {
        struct question question = ask(STUDY_OVERLAP);
        struct moment *a = random_run("a", 0, 3, 1000 + 2 * (uint64_t)pair);
        struct moment *b = random_run("b", 1, 5, 1001 + 2 * (uint64_t)pair);
        const struct study *study =
            study_overlap(&ground, &question, a, b, NULL, 0);
        struct phi_chance chance = phi_chance(study->overlap.n, 3, 5);
        double phi = phi_at(study, 3, 5);
        inside += phi >= chance.low && phi <= chance.high;
        study_release(study);
        moment_release(a);
        moment_release(b);
    }
    assert_in_range(inside, 85, 100);
}

static struct overlap_study shape_of(enum operand_kind a, enum operand_kind b,
                                     const struct moment *moment)
{
    struct question question = ask(STUDY_OVERLAP);
    question.a.kind = a;
    question.b.kind = b;
    const struct study *study =
        study_overlap(&ground, &question, moment, moment, NULL, 0);
    struct overlap_study of = study->overlap;
    assert_string_equal(study->refusal, "");
    assert_true(phi_at(study, of.rows, of.cols) <= 1 + ORTHONORMAL);
    assert_true(phi_at(study, 1, 1) < 0.5); /* two, not one with itself */
    assert_true(isnan(of.cosine) == (a != OPERAND_RUN || b != OPERAND_RUN));
    study_release(study);
    return of;
}

static void w0_and_random_are_operands_too(void **state)
{
    (void)state;
    struct moment *r4 = random_run("r4", 0, 4, 3);
    struct overlap_study of = shape_of(OPERAND_RUN, OPERAND_RANDOM, r4);
    assert_int_equal(of.cols, 4); /* as many as the other */
    assert_string_equal(of.name_b, "random");
    of = shape_of(OPERAND_BASE, OPERAND_RUN, r4);
    assert_int_equal(of.rows, MADE_WIDTH); /* fewer than 64 */
    assert_int_equal(of.cols, 4);
    assert_string_equal(of.name_a, "W0");
    of = shape_of(OPERAND_BASE, OPERAND_RANDOM, NULL);
    assert_int_equal(of.cols, MADE_WIDTH);
    of = shape_of(OPERAND_RANDOM, OPERAND_RANDOM, NULL);
    assert_int_equal(of.rows, of.cols);
    assert_true(of.angle_count == of.rows);
    moment_release(r4);
}

static void a_trail_says_how_it_came_about(void **state)
{
    (void)state;
    struct question question = ask(STUDY_OVERLAP);
    struct moment *now = random_run("r4", 0, 4, 4);
    struct moment *then = random_run("r4", 0, 2, 5); /* a smaller rank */
    struct moment *start = random_run("r4", 0, 4, 6);
    struct moment *other = random_run("r3", 1, 3, 4);
    then->step = 50;
    start->step = 0;
    mat_zero(start->site[SITE].update.bt);
    const struct moment *trail[] = {start, then, now};
    const struct study *study =
        study_overlap(&ground, &question, now, other, trail, 3);
    const struct overlap_study *of = &study->overlap;
    assert_int_equal(of->trail_count, 3);
    assert_true(isnan(of->trail_top[0]) && isnan(of->trail_all[0]));
    assert_int_equal(of->trail_step[1], 50);
    assert_true(of->trail_all[1] > 0 && of->trail_all[1] < 1);
    assert_near(of->trail_top[2], phi_at(study, 1, 1), ORTHONORMAL);
    assert_near(of->trail_all[2], phi_at(study, 3, 3), ORTHONORMAL);
    study_release(study);
    moment_release(now);
    moment_release(then);
    moment_release(start);
    moment_release(other);
}

/* Refused, with these words, and nothing else is set. */
static void refused(const struct study *study, const char *words)
{
    if (!strstr(study->refusal, words))
        print_error("\"%s\" is not in \"%s\"\n", words, study->refusal);
    assert_non_null(strstr(study->refusal, words));
    assert_int_equal(study->step, -1);
    assert_null(study->overlap.phi);
    assert_int_equal(study->overlap.rows, 0);
    study_release(study);
}

static void overlaps_that_cannot_be_are_refused(void **state)
{
    (void)state;
    struct question question = ask(STUDY_OVERLAP);
    struct moment *r4 = random_run("r4", 0, 4, 7);
    struct moment *bad = random_run("bad", 1, 4, 8);
    struct moment *full = made_full(model, "full", 1, 100, 0.1, 10);
#define OVERLAP(a, b) study_overlap(&ground, &question, (a), (b), NULL, 0)
    refused(OVERLAP(r4, NULL), "no update of run 1 is at hand");
    question.b.step = 30;
    refused(OVERLAP(r4, NULL), "nothing of run 1 is kept at or before step 30");
    question.b.step = -1;
    question.site = -1;
    refused(OVERLAP(r4, bad), "no site is chosen");
    question.site = 1;
    refused(OVERLAP(r4, bad), "r4 does not adapt h.0.attn.k");
    question.site = SITE;
    bad->site[SITE].update.bt.at[5] = INFINITY;
    refused(OVERLAP(r4, bad),
            "update of bad at h.0.attn.q holds NaN or Inf (step 100)");
    question.of = OVERLAP_OF_FACTOR;
    refused(OVERLAP(r4, full), "full has no factors at h.0.attn.q");
    question.of = OVERLAP_OF_DELTA;
    mat_zero(bad->site[SITE].update.bt);
    bad->step = 0;
    refused(OVERLAP(r4, bad),
            "bad has no update at h.0.attn.q yet (step 0): nothing to compare");
    question.of = OVERLAP_OF_FACTOR; /* A alone is there from the start */
    refused(OVERLAP(r4, bad), "bad has no update");
    question.of = OVERLAP_OF_DELTA;
    moment_release(bad);
    bad = made_moment(model, "file", 1, 100);
    made_factors(bad, SITE, small_mat(2, 16, 1, 1), small_mat(2, 24, 1, 2), 1);
    refused(OVERLAP(r4, bad), "of r4 is (32, 32), that of file is (16, 24)");
    question.a.kind = OPERAND_BASE;
    refused(OVERLAP(NULL, bad), "of file is (16, 24) but W0 is (32, 32)");
#undef OVERLAP
    moment_release(r4);
    moment_release(bad);
    moment_release(full);
}

static void an_update_is_measured_against_its_base(void **state)
{
    (void)state;
    struct question question = ask(STUDY_BASE);
    struct moment *r5 = random_run("r5", 0, 5, 9);
    const struct study *study = study_base(&ground, &question, r5);
    const struct base_study *of = &study->base;
    assert_string_equal(study->refusal, "");
    assert_string_equal(of->name, "r5");
    static const int ranks[] = {1, 2, 4, 5};
    assert_int_equal(of->amplification_count, 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(of->amplification[i].r, ranks[i]);
    assert_int_equal(of->curve_count, MADE_WIDTH);
    for (int side = 0; side < 2; side++) {
        const double *share = of->alignment[side];
        assert_near(share[MADE_WIDTH - 1], 1, ORTHONORMAL);
        assert_in_range(of->align90[side], 2, MADE_WIDTH);
        assert_true(share[of->align90[side] - 1] >= 0.9 - ORTHONORMAL);
        assert_true(share[of->align90[side] - 2] < 0.9);
        assert_int_equal(of->intruders[side].count, MADE_WIDTH);
    }
    assert_int_equal(of->lambda_count, 0); /* nothing to measure with */
    study_release(study);
    moment_release(r5);
}

/* dW = 3 sigma_3 u_3 v_3^T of W0: what that does is known. */
static void a_direction_of_w0_is_no_intruder(void **state)
{
    (void)state;
    struct err err = {""};
    struct question question = ask(STUDY_BASE);
    const struct spectrum *base = ground_base(&ground, SITE, &err);
    struct moment *r1 = made_moment(model, "r1", 0, 100);
    struct mat bt = mat_new(1, MADE_WIDTH), a = mat_new(1, MADE_WIDTH);
    for (int i = 0; i < MADE_WIDTH; i++) {
        bt.at[i] = (float)dmat_row(base->u, i)[2];
        a.at[i] = (float)dmat_row(base->vt, 2)[i];
    }
    made_factors(r1, SITE, bt, a, 3 * base->sigma[2]);
    const struct study *study = study_base(&ground, &question, r1);
    const struct base_study *of = &study->base;
    assert_string_equal(study->refusal, "");
    assert_int_equal(of->intruder_count, 0);
    assert_near(of->amplification[0].by_update, base->sigma[2], FLOAT_VECTORS);
    assert_near(of->amplification[0].factor, 3, FLOAT_VECTORS);
    assert_near(of->alignment[SIDE_INPUT][1], 0, FLOAT_VECTORS);
    assert_int_equal(of->align90[SIDE_INPUT], 3);
    assert_int_equal(of->align90[SIDE_OUTPUT], 3);
    study_release(study);
    moment_release(r1);
}

static void intruders_are_scaled(void **state)
{
    (void)state;
    struct question question = ask(STUDY_BASE);
    struct ground rich = ground;
    struct moment *r1 = made_moment(model, "r1", 0, 100);
    struct rebuilt room = rebuilt_new(model);
    question.side = SIDE_OUTPUT;
    rich.held_out = &held_out;
    rich.corpus = &corpus;
    rich.pass = pass_new(model);
    made_random_factors(r1, model, SITE, 1, 0.7, 11);
    made_random_factors(r1, model, 5, 2, 0.3, 12); /* counts in the losses */
    const struct study *study = study_base(&rich, &question, r1);
    const struct base_study *of = &study->base;
    assert_true(of->intruder_count >= 1);
    assert_true(intruders_is(&of->intruders[SIDE_OUTPUT], 0, 0.5));
    assert_int_equal(of->lambda_count, BASE_LAMBDAS);
    assert_near(of->lambda[4], 1, 0);
    assert_near(of->lambda[6], 1.5, 0);
    rebuilt_moment(&room, r1);
    assert_near(of->task_loss[4], made_loss(model, &room.weights, &held_out),
                SLICED);
    assert_near(of->forget_loss[4], made_loss(model, &room.weights, &corpus),
                SLICED);
    assert_true(fabs(of->task_loss[0] - of->task_loss[4]) > 1e-3);
    assert_true(fabs(of->forget_loss[0] - of->forget_loss[4]) > 1e-3);
    study_release(study);
    rich.corpus = NULL;
    study = study_base(&rich, &question, r1);
    assert_true(isnan(study->base.forget_loss[4]));
    assert_true(isfinite(study->base.task_loss[4]));
    study_release(study);
    pass_free(rich.pass);
    rebuilt_free(&room);
    moment_release(r1);
}

static void a_base_that_cannot_be_is_refused(void **state)
{
    (void)state;
    struct question question = ask(STUDY_BASE);
    struct moment *r2 = random_run("r2", 0, 2, 12);
    refused(study_base(&ground, &question, NULL), "no update of run 0");
    r2->site[SITE].update.scale = NAN;
    refused(study_base(&ground, &question, r2), "holds NaN or Inf");
    r2->site[SITE].update.scale = 0;
    refused(study_base(&ground, &question, r2), "r2 has no update");
    r2->site[SITE].update.scale = 1;
    question.site = 3;
    refused(study_base(&ground, &question, r2), "does not adapt h.0.attn.o");
    moment_release(r2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_all_of_itself),
        cmocka_unit_test(factors_depend_on_the_gauge),
        cmocka_unit_test(two_random_updates_stay_within_chance),
        cmocka_unit_test(w0_and_random_are_operands_too),
        cmocka_unit_test(a_trail_says_how_it_came_about),
        cmocka_unit_test(overlaps_that_cannot_be_are_refused),
        cmocka_unit_test(an_update_is_measured_against_its_base),
        cmocka_unit_test(a_direction_of_w0_is_no_intruder),
        cmocka_unit_test(intruders_are_scaled),
        cmocka_unit_test(a_base_that_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

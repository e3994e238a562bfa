/*
 * Losses after cutting ranks, against the same cut made in another way.
 */
#include "experiments/cuts.h"
#include "tests/unit/moment_fixture.h"

enum { SITE = 4, RANK = 5 }; /* h.0.mlp.up */

static struct model *model;
static struct batch batch;
static struct ground ground;
static struct rebuilt room;

static int set_up(void **state)
{
    (void)state;
    model = made_model();
    batch = made_batch(1);
    ground = ground_new(model);
    ground.pass = pass_new(model);
    room = rebuilt_new(model);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rebuilt_free(&room);
    pass_free(ground.pass);
    ground_free(&ground);
    batch_free(&batch);
    model_free(model);
    return 0;
}

static double loss_of(const struct rebuilt *of)
{
    return made_loss(model, &of->weights, &batch);
}

/* Ranks 5, 2 and 3 at three sites. */
static struct moment *three_sites(void)
{
    struct moment *moment = made_moment(model, "r5", 0, 5);
    made_random_factors(moment, model, SITE, RANK, 0.3, 1);
    made_random_factors(moment, model, 0, 2, 0.3, 2);
    made_random_factors(moment, model, 8, 3, 0.3, 3);
    return moment;
}

/* W0 + the k largest directions, summed in double, rounded once: the loss
 * with this W at the site. */
static double loss_cut(const struct moment *moment, int site, int from, int to,
                       struct rebuilt *made)
{
    struct err err = {""};
    struct spectrum of;
    struct mat w = made->weights.site[site];
    assert_int_equal(
        update_spectrum(&of, &moment->site[site].update, WITH_VECTORS, &err),
        0);
    for (int i = 0; i < w.rows; i++)
        for (int j = 0; j < w.cols; j++) {
            double sum = (double)mat_row(model->base.site[site], i)[j];
            for (int k = from; k < to && k < of.count; k++)
                sum +=
                    of.sigma[k] * dmat_row(of.u, i)[k] * dmat_row(of.vt, k)[j];
            mat_row(w, i)[j] = (float)sum;
        }
    spectrum_free(&of);
    return loss_of(made);
}

static void one_site_is_cut_alone(void **state)
{
    (void)state;
    struct err err = {""};
    struct moment *moment = three_sites();
    struct rebuilt made = rebuilt_new(model);
    double loss[RANK + 1];
    assert_int_equal(cuts_rank(moment, SITE), RANK);
    assert_int_equal(
        cuts_site(loss, &room, moment, SITE, &ground, &batch, &err), 0);
    rebuilt_moment(&made, moment);
    assert_near(loss[RANK], loss_of(&made), BY_DIRECTION);
    for (int k = 0; k <= RANK; k++)
        assert_near(loss[k], loss_cut(moment, SITE, 0, k, &made), BY_DIRECTION);
    rebuilt_base_site(&made, SITE);
    assert_near(loss[0], loss_of(&made), SLICED);
    /* or all of the above would hold of a model that sees nothing */
    assert_true(fabs(loss[0] - loss[RANK]) > 0.01);
    assert_true(fabs(loss[1] - loss[2]) > 1e-3);
    rebuilt_free(&made);
    moment_release(moment);
}

static void all_sites_are_cut_together(void **state)
{
    (void)state;
    struct err err = {""};
    struct moment *moment = three_sites();
    struct rebuilt made = rebuilt_new(model);
    double loss[RANK + 1];
    assert_int_equal(cuts_rank_most(moment), RANK);
    assert_int_equal(cuts_all(loss, &room, moment, &ground, &batch, &err), 0);
    assert_near(loss[0], made_loss(model, &model->base, &batch), SLICED);
    for (int k = 0; k <= RANK; k++) {
        (void)loss_cut(moment, 0, 0, k, &made);
        (void)loss_cut(moment, 8, 0, k, &made);
        assert_near(loss[k], loss_cut(moment, SITE, 0, k, &made), BY_DIRECTION);
    }
    rebuilt_free(&made);
    moment_release(moment);
}

/* Without direction k: those before it and those after it, on W0. */
static void each_direction_is_missed_alone(void **state)
{
    (void)state;
    struct err err = {""};
    struct moment *moment = three_sites();
    struct rebuilt made = rebuilt_new(model);
    double loss[RANK], cut[RANK + 1];
    assert_int_equal(
        cuts_zeroed(loss, &room, moment, SITE, &ground, &batch, &err), 0);
    assert_int_equal(cuts_site(cut, &room, moment, SITE, &ground, &batch, &err),
                     0);
    assert_near(loss[RANK - 1], cut[RANK - 1], BY_DIRECTION);
    rebuilt_moment(&made, moment);
    assert_near(loss[0], loss_cut(moment, SITE, 1, RANK, &made), BY_DIRECTION);
    assert_true(fabs(loss[0] - loss[1]) > 1e-3);
    rebuilt_free(&made);
    moment_release(moment);
}

/* A full run: every direction of every site, and what it trains beside. */
static void a_full_run_is_cut_too(void **state)
{
    (void)state;
    struct err err = {""};
    struct moment *full = made_full(model, "full", 0, 5, 0.05, 60);
    struct rebuilt made = rebuilt_new(model);
    int most = cuts_rank_most(full);
    double *loss = xcalloc((size_t)most + 1, sizeof *loss);
    assert_int_equal(cuts_rank(full, SITE), MADE_WIDTH);
    assert_int_equal(cuts_all(loss, &room, full, &ground, &batch, &err), 0);
    rebuilt_moment(&made, full);
    assert_near(loss[most], loss_of(&made), BY_DIRECTION);
    rebuilt_base(&made);
    rebuilt_others(&made, full);
    assert_near(loss[0], loss_of(&made), SLICED);
    assert_true(fabs(loss[0] - made_loss(model, &model->base, &batch)) > 1e-3);
    mem_free(loss);
    rebuilt_free(&made);
    moment_release(full);
}

static void what_is_not_there_costs_nothing(void **state)
{
    (void)state;
    struct err err = {""};
    struct moment *moment = three_sites();
    struct rebuilt made = rebuilt_new(model);
    double loss[1], none[1] = {-1};
    assert_int_equal(cuts_rank(moment, 1), 0);
    assert_int_equal(cuts_site(loss, &room, moment, 1, &ground, &batch, &err),
                     0);
    assert_int_equal(cuts_zeroed(none, &room, moment, 1, &ground, &batch, &err),
                     0);
    rebuilt_moment(&made, moment);
    assert_near(loss[0], loss_of(&made), SLICED);
    assert_true(none[0] == -1);
    moment->site[SITE].update.a.at[3] = NAN;
    double cut[RANK + 1];
    assert_int_equal(cuts_site(cut, &room, moment, SITE, &ground, &batch, &err),
                     -1);
    assert_non_null(strstr(err.text, "r5 at h.0.mlp.up"));
    assert_int_equal(cuts_all(cut, &room, moment, &ground, &batch, &err), -1);
    rebuilt_free(&made);
    moment_release(moment);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_site_is_cut_alone),
        cmocka_unit_test(all_sites_are_cut_together),
        cmocka_unit_test(each_direction_is_missed_alone),
        cmocka_unit_test(a_full_run_is_cut_too),
        cmocka_unit_test(what_is_not_there_costs_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

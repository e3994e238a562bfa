/*
 * Moments: held and released, and their weights rebuilt to the bit.
 */
#include <float.h>

#include "tests/unit/moment_fixture.h"

/* A run's factors, copied as the trainer's side does. */
static struct moment *take(const struct method *method)
{
    const struct model *model = method->model;
    struct moment *moment = made_moment(model, "r4", 0, 10);
    for (int i = 0; i < model->site_count; i++) {
        struct mat bt, a;
        double scale;
        if (!method->ops->adapts(method, i))
            continue;
        if (method->ops->factors &&
            method->ops->factors(method, i, &bt, &a, &scale)) {
            struct mat own_bt = mat_new(bt.rows, bt.cols);
            struct mat own_a = mat_new(a.rows, a.cols);
            mat_copy(own_bt, bt);
            mat_copy(own_a, a);
            made_factors(moment, i, own_bt, own_a, scale);
            continue;
        }
        struct mat dw = mat_new(model->site[i].out, model->site[i].in);
        method_delta(method, i, dw);
        made_dense(moment, i, dw);
    }
    return moment;
}

static void a_moment_lives_until_the_last_lets_go(void **state)
{
    (void)state;
    struct model *model = made_model();
    struct moment *moment = made_moment(model, "r2", 3, 20);
    made_random_factors(moment, model, 0, 2, 1, 1);
    struct moment *again = moment_hold(moment);
    assert_ptr_equal(again, moment);
    moment_release(moment);
    assert_string_equal(again->name, "r2");
    assert_int_equal(again->site[0].update.a.rows, 2);
    moment_release(again); /* the sanitizer sees what is left */
    moment_release(NULL);
    model_free(model);
}

static void rebuilt_factors_have_the_bits_of_training(void **state)
{
    (void)state;
    struct model *model = small_model(false);
    struct method_conf conf = small_lora();
    struct method *method = small_method(model, &conf);
    small_stir(method, 0.3, 1);
    struct moment *moment = take(method);
    assert_false(moment_is_dense(moment));
    struct rebuilt room = rebuilt_new(model);
    rebuilt_moment(&room, moment);
    for (int i = 0; i < model->site_count; i++) {
        struct mat got = room.weights.site[i];
        size_t size = (size_t)got.rows * (size_t)got.cols * sizeof(float);
        bool adapts = method->ops->adapts(method, i);
        struct mat want =
            adapts ? small_effective(method, i) : model->base.site[i];
        assert_memory_equal(got.at, want.at, size);
        if (adapts) {
            assert_memory_not_equal(got.at, model->base.site[i].at, size);
            mat_free(&want);
        }
    }
    rebuilt_free(&room);
    moment_release(moment);
    method_free(method);
    model_free(model);
}

/* dW = W - W0 was rounded once, W0 + dW is once more: each to half a unit of
 * the larger of W0 and W. */
static void rebuilt_matrices_are_there_to_rounding(void **state)
{
    (void)state;
    struct model *model = small_model(true);
    struct method_conf conf = {.name = "full"};
    struct method *method = small_method(model, &conf);
    small_stir(method, 0.01, 2);
    struct moment *moment = take(method);
    assert_true(moment_is_dense(moment));
    struct rebuilt room = rebuilt_new(model);
    rebuilt_moment(&room, moment);
    for (int i = 0; i < model->site_count; i++) {
        struct mat want = small_effective(method, i);
        size_t size = (size_t)want.rows * (size_t)want.cols;
        double largest = 0;
        for (size_t k = 0; k < size; k++)
            largest = fmax(largest, fabs((double)want.at[k]) + 0.1);
        assert_near_array(room.weights.site[i].at, want.at, size,
                          FLT_EPSILON * largest);
        mat_free(&want);
    }
    rebuilt_free(&room);
    moment_release(moment);
    method_free(method);
    model_free(model);
}

static void assert_base(const struct rebuilt *room)
{
    const struct model *model = room->model;
    for (int i = 0; i < model->site_count; i++)
        assert_memory_equal(room->weights.site[i].at, model->base.site[i].at,
                            (size_t)model->site[i].out *
                                (size_t)model->site[i].in * sizeof(float));
    for (int i = 0; i < model->other_count; i++)
        assert_memory_equal(room->weights.other[i], model->base.other[i],
                            (size_t)model->other[i].rows *
                                (size_t)model->other[i].cols * sizeof(float));
}

/* What one moment wrote is gone after the next. */
static void storage_is_filled_again_and_again(void **state)
{
    (void)state;
    struct model *model = made_model();
    struct moment *full = made_full(model, "full", 0, 5, 0.1, 40);
    struct moment *r2 = made_moment(model, "r2", 1, 5);
    struct rebuilt room = rebuilt_new(model), fresh = rebuilt_new(model);
    made_random_factors(r2, model, 2, 2, 0.3, 3);
    assert_base(&room);
    rebuilt_moment(&room, full);
    assert_memory_equal(room.others, full->others,
                        sizeof(float) * MADE_VOCAB * MADE_WIDTH);
    rebuilt_moment(&room, r2);
    rebuilt_moment(&fresh, r2);
    for (int i = 0; i < model->site_count; i++)
        assert_memory_equal(room.weights.site[i].at, fresh.weights.site[i].at,
                            (size_t)model->site[i].out *
                                (size_t)model->site[i].in * sizeof(float));
    rebuilt_base_site(&room, 2);
    assert_base(&room);
    rebuilt_moment(&room, full);
    rebuilt_base(&room);
    assert_base(&room);
    rebuilt_free(&room);
    rebuilt_free(&fresh);
    moment_release(full);
    moment_release(r2);
    model_free(model);
}

static void directions_add_up_to_the_update(void **state)
{
    (void)state;
    struct err err = {""};
    struct model *model = made_model();
    struct moment *r3 = made_moment(model, "r3", 0, 5);
    struct rebuilt room = rebuilt_new(model), want = rebuilt_new(model);
    struct spectrum of;
    made_random_factors(r3, model, 4, 3, 0.3, 4);
    rebuilt_moment(&want, r3);
    assert_int_equal(
        update_spectrum(&of, &r3->site[4].update, WITH_VECTORS, &err), 0);
    for (int k = 0; k < of.count; k++)
        rebuilt_add(&room, 4, &of, k, 1);
    assert_near_array(room.weights.site[4].at, want.weights.site[4].at,
                      (size_t)MADE_WIDTH * 40, BY_DIRECTION);
    rebuilt_add(&room, 4, &of, 1, -1);
    assert_true(fabs(mat_norm_squared(room.weights.site[4]) -
                     mat_norm_squared(want.weights.site[4])) > 0.1);
    spectrum_free(&of);
    rebuilt_free(&room);
    rebuilt_free(&want);
    moment_release(r3);
    model_free(model);
}

static void losses_do_not_depend_on_slices(void **state)
{
    (void)state;
    struct model *model = made_model();
    struct batch batch = made_batch(1);
    struct ground ground = ground_new(model);
    double exact = -1;
    assert_true(isnan(ground_loss(&ground, &model->base, &batch, NULL)));
    ground.pass = pass_new(model);
    assert_near(ground_loss(&ground, &model->base, &batch, &exact),
                made_loss(model, &model->base, &batch), SLICED);
    assert_true(exact >= 0 && exact <= 1);
    assert_true(isnan(ground_loss(&ground, &model->base, NULL, NULL)));
    pass_free(ground.pass);
    ground_free(&ground);
    batch_free(&batch);
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moment_lives_until_the_last_lets_go),
        cmocka_unit_test(rebuilt_factors_have_the_bits_of_training),
        cmocka_unit_test(rebuilt_matrices_are_there_to_rounding),
        cmocka_unit_test(storage_is_filled_again_and_again),
        cmocka_unit_test(directions_add_up_to_the_update),
        cmocka_unit_test(losses_do_not_depend_on_slices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Methods that insert something beside W: every gradient through the whole
 * transformer against central differences, what they start as, that sequences
 * do not see each other, and memory.
 */
#include <math.h>
#include <string.h>

#include "tests/unit/insert_fixture.h"

/* float32 forward and values of order 0.3: measured, the differences are off
 * by 3e-4 of 1 + |gradient| with steps from 2.5e-3 to 2e-2.  adapter_l's relu
 * has kinks; the step is small enough that none lies across one here. */
static const double difference_tolerance = 1e-3;

static double slope(struct pass *pass, const struct method *method,
                    const struct batch *batch, float *value)
{
    const float h = 5e-3F;
    float kept = *value;
    *value = kept + h;
    double above = nats(pass, method, batch);
    *value = kept - h;
    double below = nats(pass, method, batch);
    *value = kept;
    return (above - below) / (2 * (double)h);
}

static void gradients_are_differences(void **state)
{
    (void)state;
    struct model *model = loud_model();
    struct batch batch = batch_of(model, 4, 0);
    float *other[64] = {NULL};
    for (int which = 0; which < INSERTING; which++) {
        struct method_conf conf = conf_of(which);
        struct method *method = small_method(model, &conf);
        struct pass *pass = pass_new(model);
        float *grad = xcalloc(method->size, sizeof *grad);
        small_stir(method, 0.3, 20);
        struct score score = learn(pass, method, grad, &batch, other);
        assert_near(score.loss, nats(pass, method, &batch), 0);
        for (size_t j = 0; j < method->size; j++) {
            double want = slope(pass, method, &batch, &method->value[j]);
            assert_near(grad[j], want, difference_tolerance * (1 + fabs(want)));
        }
        mem_free(grad);
        pass_free(pass);
        method_free(method);
    }
    batch_free(&batch);
    model_free(model);
}

/* Beside a prefix the model's own tables still get their gradient: rows that
 * are no tokens neither take nor shift it. */
static void tables_get_theirs_too(void **state)
{
    (void)state;
    struct model *model = loud_model();
    struct batch batch = batch_of(model, 4, 0);
    for (int which = ADAPTERS; which < INSERTING; which++) {
        struct method_conf conf = conf_of(which);
        struct method *method = small_method(model, &conf);
        struct pass *pass = pass_new(model);
        float *grad = xcalloc(method->size, sizeof *grad);
        float *other[64] = {NULL};
        struct mat table = mat_new(model->conf.context, model->conf.width);
        other[OTHER_AT_POSITION] = table.at;
        small_stir(method, 0.3, 20);
        (void)learn(pass, method, grad, &batch, other);
        float *position = (float *)model->base.other[OTHER_AT_POSITION];
        for (int j = 0; j < table.rows * table.cols; j += 5) {
            double want = slope(pass, method, &batch, &position[j]);
            assert_near(table.at[j], want,
                        difference_tolerance * (1 + fabs(want)));
        }
        mat_free(&table);
        mem_free(grad);
        pass_free(pass);
        method_free(method);
    }
    batch_free(&batch);
    model_free(model);
}

static void adapters_start_as_the_base(void **state)
{
    (void)state;
    struct model *model = loud_model();
    struct batch batch = batch_of(model, 5, 0);
    struct pass *pass = pass_new(model);
    double base = pass_score(pass, &model->base, &batch).loss;
    for (int which = 0; which < ADAPTERS; which++) {
        struct method_conf conf = conf_of(which);
        struct method *method = small_method(model, &conf);
        assert_true(nats(pass, method, &batch) == base); /* to the bit */
        small_stir(method, 0.3, 20);
        assert_false(nats(pass, method, &batch) == base);
        method_free(method);
    }
    pass_free(pass);
    batch_free(&batch);
    model_free(model);
}

/* A sequence's loss is its own, whoever stands beside it, and whatever stood
 * there before. */
static void sequences_do_not_see_each_other(void **state)
{
    (void)state;
    struct model *model = loud_model();
    struct batch batch = batch_of(model, 5, 0), changed = batch_of(model, 5, 0);
    for (int t = changed.start[2]; t < changed.start[3]; t++)
        changed.id[t] = 29;
    for (int which = 0; which < INSERTING; which++) {
        struct method_conf conf = conf_of(which);
        struct method *method = small_method(model, &conf);
        struct pass *pass = pass_new(model);
        small_stir(method, 0.3, 20);
        double together = nats(pass, method, &batch), apart = 0, rest[2] = {0};
        for (int i = 0; i < 5; i++) {
            int starts[2];
            struct batch slice = batch_slice(&batch, i, 5, starts);
            apart += nats(pass, method, &slice);
            rest[0] += i == 2 ? 0 : nats(pass, method, &slice);
        }
        assert_near(together, apart, 1e-5 * apart); /* float32 rounding */
        int starts[2];
        struct batch slice = batch_slice(&changed, 2, 5, starts);
        rest[1] = nats(pass, method, &changed) - nats(pass, method, &slice);
        assert_near(rest[1], rest[0], 1e-5 * apart);
        pass_free(pass);
        method_free(method);
    }
    batch_free(&batch);
    batch_free(&changed);
    model_free(model);
}

/* An arena of just what was announced is enough: it asserts. */
static void memory_is_announced(void **state)
{
    (void)state;
    struct model *model = loud_model();
    struct batch batch = {0};
    int32_t ids[9] = {0};
    float *other[64] = {NULL};
    for (int s = 0; s < 3; s++) {
        struct example example = {ids, 9, 1};
        batch_add(&batch, &example);
    }
    for (int which = 0; which < INSERTING; which++) {
        struct method_conf conf = conf_of(which);
        struct method *method = small_method(model, &conf);
        struct insert insert = method_insert(method);
        float *grad = xcalloc(method->size, sizeof *grad);
        struct pass *pass = pass_new(model);
        size_t bytes = pass_bytes(model, &insert.shape, 3, 8);
        assert_true(bytes > pass_bytes(model, NULL, 3, 8));
        assert_int_equal(arena_init(&pass->arena, bytes / sizeof(float)), 0);
        float *before = pass->arena.base;
        (void)learn(pass, method, grad, &batch, other);
        assert_ptr_equal(pass->arena.base, before);
        pass_free(pass);
        mem_free(grad);
        method_free(method);
    }
    batch_free(&batch);
    model_free(model);
}

static void refuses_what_it_cannot_be(void **state)
{
    (void)state;
    static const struct {
        int which, rank, prefix, infix;
        const char *text;
    } wrong[] = {
        {0, 0, 0, 0, "adapter_h: rank 0 is not allowed; use 1..12"},
        {1, 13, 0, 0, "adapter_l: rank 13 is not allowed; use 1..12"},
        {2, 1, 0, 0,
         "prefix_embed: prefix and infix are both 0, so nothing can be "
         "learned; give one of them rows"},
        {2, 1, -1, 0, "prefix_embed: prefix -1 is not allowed; use 0..4096"},
        {3, 1, 4000, 97, "prefix_layer: infix 97 is not allowed; use 0..96"},
    };
    struct model *model = small_model(true);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct err err = {""};
        struct method_conf conf = conf_of(wrong[i].which);
        conf.rank = wrong[i].rank;
        conf.prefix = wrong[i].prefix;
        conf.infix = wrong[i].infix;
        assert_null(method_new(model, &conf, &err));
        assert_string_equal(err.text, wrong[i].text);
    }
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_are_differences),
        cmocka_unit_test(tables_get_theirs_too),
        cmocka_unit_test(adapters_start_as_the_base),
        cmocka_unit_test(sequences_do_not_see_each_other),
        cmocka_unit_test(memory_is_announced),
        cmocka_unit_test(refuses_what_it_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

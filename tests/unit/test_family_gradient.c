/*
 * Every gradient of every family against central differences, and a lone wish
 * against all wishes: what is left out on the way back changes nothing.
 */
#include "tests/unit/family_fixture.h"

#include <math.h>
#include <string.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/model/transformer.h"
#include "tests/near.h"

enum { SITES = 16, OTHERS = 64, ENTRIES = 12 };

/* Sequences of uneven lengths; types 0 and 1 where there are two. */
struct question {
    struct batch batch;
    int32_t type[32];
};

/* The head of classes is asked once a sequence, at its first token. */
static void ask(struct question *to, const struct model *model)
{
    static const int lengths[] = {5, 9, 4};
    const struct model_conf *c = &model->conf;
    struct rng rng = rng_make(9, STREAM_TEST, 1);
    *to = (struct question){{0}, {0}};
    for (int s = 0; s < 3; s++) {
        int32_t ids[10];
        for (int t = 0; t <= lengths[s]; t++)
            ids[t] = (int32_t)rng_below(&rng, (uint32_t)c->vocab);
        struct example example = {ids, lengths[s] + 1, s == 1 ? 4 : 1};
        batch_add(&to->batch, &example);
    }
    for (int t = 0; t < to->batch.tokens; t++)
        to->type[t] = c->types > 1 && t % 3 == 2;
    to->batch.type = to->type;
    if (c->head != HEAD_CLASSES)
        return;
    for (int t = 0; t < to->batch.tokens; t++)
        to->batch.target[t] = -1;
    for (int s = 0; s < 3; s++)
        to->batch.target[to->batch.start[s]] = s;
    to->batch.targets = 3;
}

struct wishes {
    struct mat site[SITES];
    float *other[OTHERS];
    bool wants[SITES];
};

static void gather(void *ctx, int site, struct mat x, struct mat dy)
{
    struct wishes *all = ctx;
    linalg_gemm(all->site[site], 1, dy, TRANSPOSED, x, PLAIN, 1);
}

static size_t size_of(const struct model *model, int other)
{
    return (size_t)model->other[other].rows * (size_t)model->other[other].cols;
}

static void wish(struct wishes *to, const struct model *model)
{
    assert_true(model->site_count <= SITES && model->other_count <= OTHERS);
    for (int i = 0; i < model->site_count; i++) {
        to->site[i] = mat_new(model->site[i].out, model->site[i].in);
        to->wants[i] = true;
    }
    for (int i = 0; i < model->other_count; i++)
        to->other[i] = xcalloc(size_of(model, i), sizeof(float));
}

static void forget(struct wishes *of, const struct model *model)
{
    for (int i = 0; i < model->site_count; i++)
        mat_free(&of->site[i]);
    for (int i = 0; i < model->other_count; i++)
        mem_free(of->other[i]);
}

/* float32 forward, step 1e-2 on values of order 0.3: truncation h^2/6 f''' and
 * rounding eps |f| / h are both below 2e-3 of a gradient of order 1, and norms
 * of heads of 4 numbers bend more. */
static const double difference_tolerance = 8e-3;

static double difference(struct pass *pass, const struct model *model,
                         const struct batch *batch, float *value, float h)
{
    float kept = *value;
    *value = kept + h;
    double above = pass_score(pass, &model->base, batch).loss;
    *value = kept - h;
    double below = pass_score(pass, &model->base, batch).loss;
    *value = kept;
    return (above - below) / (2.0 * (double)h);
}

/* Two steps, and what they say of a step of 0 (Richardson). */
static void check_entry(struct pass *pass, const struct model *model,
                        const struct batch *batch, float *value, double got,
                        const char *name)
{
    double wide = difference(pass, model, batch, value, 2e-2F);
    double narrow = difference(pass, model, batch, value, 1e-2F);
    double want = narrow + (narrow - wide) / 3;
    double most = difference_tolerance * (1 + fabs(want));
    if (!(fabs(got - want) <= most))
        fail_msg("%s, %s: got %g, want %g", model->conf.family, name, got,
                 want);
}

static void check_family(int which)
{
    struct model *model = family_model(which);
    struct question question;
    ask(&question, model);
    struct pass *pass = pass_new(model);
    struct wishes all = {0};
    wish(&all, model);
    struct sink sink = {&all, all.wants, gather, all.other, NULL};
    struct score score =
        pass_learn(pass, &model->base, &question.batch, 1.0F, &sink);
    assert_int_equal(score.targets, question.batch.targets);
    int head = model->site_count - 1;
    bool tied = model->conf.tied;
    for (int i = 0; i < model->other_count; i++) {
        int count = (int)size_of(model, i);
        for (int j = 0; j < count; j += 1 + count / ENTRIES) {
            double got = (double)all.other[i][j];
            if (i == OTHER_AT_EMBED && tied) /* two uses of one tensor */
                got += (double)all.site[head].at[j];
            check_entry(pass, model, &question.batch,
                        (float *)model->base.other[i] + j, got,
                        model->other[i].name);
        }
    }
    for (int i = 0; i < model->site_count - tied; i++) {
        int count = model->site[i].out * model->site[i].in;
        for (int j = 0; j < count; j += 1 + count / ENTRIES)
            check_entry(pass, model, &question.batch,
                        model->base.site[i].at + j, (double)all.site[i].at[j],
                        model->site[i].name);
    }
    forget(&all, model);
    batch_free(&question.batch);
    pass_free(pass);
    model_free(model);
}

static void gradients(void **state)
{
    (void)state;
    for (int i = 0; i < FAMILIES; i++)
        check_family(i);
}

/* One thing wanted alone has the bits it has among all others. */
static void alone_as_among_all(void **state)
{
    (void)state;
    for (int which = 0; which < FAMILIES; which++) {
        struct model *model = family_model(which);
        struct question question;
        ask(&question, model);
        struct pass *pass = pass_new(model);
        struct wishes all = {0}, one = {0};
        wish(&all, model);
        struct sink sink = {&all, all.wants, gather, all.other, NULL};
        (void)pass_learn(pass, &model->base, &question.batch, 0.5F, &sink);
        wish(&one, model);
        for (int i = 0; i < model->site_count + model->other_count; i++) {
            int other = i - model->site_count;
            bool wants[SITES] = {false};
            float *to[OTHERS] = {NULL};
            if (other < 0)
                wants[i] = true;
            else
                to[other] = one.other[other];
            struct sink lone = {&one, wants, gather, to, NULL};
            (void)pass_learn(pass, &model->base, &question.batch, 0.5F, &lone);
            size_t size =
                other < 0 ? (size_t)all.site[i].rows * (size_t)all.site[i].cols
                          : size_of(model, other);
            const float *got = other < 0 ? one.site[i].at : one.other[other];
            const float *want = other < 0 ? all.site[i].at : all.other[other];
            if (memcmp(got, want, size * sizeof *got) != 0)
                fail_msg("%s: %s alone has other bits", family_list[which].name,
                         other < 0 ? model->site[i].name
                                   : model->other[other].name);
        }
        forget(&all, model);
        forget(&one, model);
        batch_free(&question.batch);
        pass_free(pass);
        model_free(model);
    }
}

/* Packing changes nothing, whatever a family sees of its text. */
static void sequences_do_not_see_each_other(void **state)
{
    (void)state;
    for (int which = 0; which < FAMILIES; which++) {
        struct model *model = family_model(which);
        struct question question;
        ask(&question, model);
        struct pass *pass = pass_new(model);
        double together = pass_score(pass, &model->base, &question.batch).loss;
        double apart = 0;
        for (int i = 0; i < 3; i++) {
            int starts[4];
            struct batch slice = batch_slice(&question.batch, i, 3, starts);
            apart += pass_score(pass, &model->base, &slice).loss;
        }
        assert_near(together, apart, 1e-5 * fabs(apart)); /* rounding */
        batch_free(&question.batch);
        pass_free(pass);
        model_free(model);
    }
}

int main(void)
{
    linalg_thread_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients),
        cmocka_unit_test(alone_as_among_all),
        cmocka_unit_test(sequences_do_not_see_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

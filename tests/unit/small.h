/*
 * A model of a few hundred weights for tests of methods: two layers, width
 * 12, inner 20, vocabulary 30; and arrays of random numbers.
 */
#ifndef TESTS_UNIT_SMALL_H
#define TESTS_UNIT_SMALL_H

#include "core/base/linalg.h"
#include "core/base/rng.h"
#include "core/method/method.h"
#include "tests/near.h"

static inline struct model *small_model(bool tied)
{
    struct err err = {""};
    struct model_conf conf = {.family = "gpt2",
                              .layers = 2,
                              .width = 12,
                              .heads = 2,
                              .inner = 20,
                              .vocab = 30,
                              .context = 8,
                              .norm_eps = 1e-5f,
                              .tied = tied};
    linalg_thread_init();
    struct model *model = model_new(&conf, &err);
    assert_string_equal(err.text, "");
    model_init(model, 7);
    return model;
}

/* Rank 4 and alpha 6 on q, v, up, down and the head. */
static inline struct method_conf small_lora(void)
{
    struct method_conf conf = {
        .name = "lora", .rank = 4, .alpha = 6, .seed = 3};
    conf.targets[SITE_Q] = conf.targets[SITE_V] = conf.targets[SITE_UP] = true;
    conf.targets[SITE_DOWN] = conf.targets[SITE_HEAD] = true;
    return conf;
}

static inline struct method *small_method(const struct model *model,
                                          const struct method_conf *conf)
{
    struct err err = {""};
    struct method *method = method_new(model, conf, &err);
    assert_string_equal(err.text, "");
    assert_non_null(method);
    return method;
}

/* Normal numbers, the same for the same index. */
static inline void small_random(float *to, size_t n, double size,
                                uint64_t index)
{
    struct rng rng = rng_make(1, STREAM_TEST, index);
    for (size_t i = 0; i < n; i++)
        to[i] = (float)(size * rng_normal(&rng));
}

static inline struct mat small_mat(int rows, int cols, double size,
                                   uint64_t index)
{
    struct mat m = mat_new(rows, cols);
    small_random(m.at, (size_t)rows * (size_t)cols, size, index);
    return m;
}

/* As if it had trained for a while: every value moved. */
static inline void small_stir(struct method *method, double size,
                              uint64_t index)
{
    struct rng rng = rng_make(1, STREAM_TEST, index);
    for (size_t i = 0; i < method->size; i++)
        method->value[i] += (float)(size * rng_normal(&rng));
}

/* The effective weight of a site, owned by the caller. */
static inline struct mat small_effective(const struct method *method, int site)
{
    const struct site *of = &method->model->site[site];
    struct mat w = mat_new(of->out, of->in);
    method->ops->effective(method, site, w);
    return w;
}

/* <dy, W x> in double, through effective(). */
static inline double small_loss(const struct method *method, int site,
                                struct mat x, struct mat dy)
{
    struct mat w = small_effective(method, site);
    double sum = 0;
    for (int t = 0; t < x.rows; t++)
        for (int i = 0; i < w.rows; i++)
            for (int j = 0; j < w.cols; j++)
                sum += (double)mat_row(dy, t)[i] * (double)mat_row(w, i)[j] *
                       (double)mat_row(x, t)[j];
    mat_free(&w);
    return sum;
}

#endif

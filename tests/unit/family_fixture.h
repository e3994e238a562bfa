/*
 * A small random model of each family, with uneven weights: for gradients, the
 * cache and writing.
 */
#ifndef TESTS_UNIT_FAMILY_FIXTURE_H
#define TESTS_UNIT_FAMILY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/rng.h"
#include "core/model/model.h"

enum { FAMILY_VOCAB = 11, FAMILY_CONTEXT = 24 };

#define FAMILY_SIZES                                                           \
    .layers = 2, .width = 8, .heads = 4, .inner = 20, .vocab = FAMILY_VOCAB,   \
    .context = FAMILY_CONTEXT, .norm_eps = 1e-5F
#define FAMILY_LLAMA                                                           \
    FAMILY_SIZES, .groups = 2, .rms = true, .gated = true, .activation = SILU, \
                  .plain_o = true, .plain_mlp = true
#define FAMILY_BERT                                                            \
    FAMILY_SIZES, .both_ways = true, .post_norm = true, .activation = GELU_ERF

static const struct {
    const char *name;
    struct model_conf conf;
} family_list[] = {
    {"gpt2", {.family = "gpt2", FAMILY_SIZES, .tied = true}},
    {"llama",
     {.family = "llama",
      FAMILY_LLAMA,
      .plain_qkv = true,
      .rotary = {.theta = 100}}},
    {"mistral, one key-value head, wide heads",
     {.family = "mistral",
      FAMILY_SIZES,
      .groups = 1,
      .head_width = 6,
      .rms = true,
      .gated = true,
      .activation = SILU,
      .plain_qkv = true,
      .plain_o = true,
      .plain_mlp = true,
      .rotary = {100, SLOW_LOW, 4, 1, 4, 12}}},
    {"qwen2, tied",
     {.family = "qwen2",
      FAMILY_LLAMA,
      .tied = true,
      .rotary = {100, SLOW_ALL, 2, 0, 0, 0}}},
    {"qwen3",
     {.family = "qwen3",
      FAMILY_LLAMA,
      .plain_qkv = true,
      .head_norm = true,
      .head_width = 4,
      .rotary = {.theta = 1000}}},
    {"llama with all biases",
     {.family = "llama",
      FAMILY_SIZES,
      .groups = 2,
      .rms = true,
      .gated = true,
      .activation = SILU,
      .rotary = {.theta = 100}}},
    {"bert, masked",
     {.family = "bert",
      FAMILY_BERT,
      .types = 2,
      .head = HEAD_MASKED,
      .tied = true}},
    {"bert, classes",
     {.family = "bert",
      FAMILY_BERT,
      .types = 2,
      .head = HEAD_CLASSES,
      .classes = 3}},
    {"roberta, masked",
     {.family = "roberta",
      FAMILY_BERT,
      .types = 1,
      .skip = 2,
      .head = HEAD_MASKED,
      .tied = true}},
    {"roberta, classes",
     {.family = "roberta",
      FAMILY_BERT,
      .types = 1,
      .skip = 2,
      .head = HEAD_CLASSES,
      .classes = 3}},
};
enum { FAMILIES = sizeof family_list / sizeof *family_list };

/* Larger, uneven values: gains off 1, biases off 0, so that nothing wrong can
 * hide behind a symmetric start. */
static inline struct model *family_model(int which)
{
    struct err err = {""};
    struct model *model = model_new(&family_list[which].conf, &err);
    if (!model || model_init(model, 3) != 0)
        fail_msg("%s: %s", family_list[which].name, err.text);
    struct rng rng = rng_make(5, STREAM_TEST, (uint64_t)which);
    for (int i = 0; i < model->other_count; i++)
        for (int j = 0; j < model->other[i].rows * model->other[i].cols; j++)
            ((float *)model->base.other[i])[j] +=
                (float)rng_between(&rng, -0.3, 0.3);
    for (int i = 0; i < model->site_count; i++)
        for (int j = 0; j < model->site[i].out * model->site[i].in; j++)
            model->base.site[i].at[j] += (float)rng_between(&rng, -0.4, 0.4);
    return model;
}

#endif

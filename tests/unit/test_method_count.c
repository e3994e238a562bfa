/*
 * How much each method trains, by formula and without weights, against the
 * numbers that the papers print.
 */
#include "tests/unit/small.h"

static struct model *shape(int layers, int width, int context)
{
    struct err err = {""};
    struct model_conf conf = {.family = "gpt2",
                              .layers = layers,
                              .width = width,
                              .heads = width / 64,
                              .inner = 4 * width,
                              .vocab = 50257,
                              .context = context,
                              .norm_eps = 1e-5f,
                              .tied = true};
    struct model *model = model_new(&conf, &err);
    assert_string_equal(err.text, "");
    return model;
}

static long count_of(const struct model *model, const char *name, int rank)
{
    struct method_conf conf = {.name = name, .rank = rank, .alpha = 1};
    conf.targets[SITE_Q] = conf.targets[SITE_V] = true;
    return method_count(model, &conf);
}

/* FACTS 1.2: GPT-3 has d = 12288 and 96 layers; tables 4 and 15 of Hu et al.
 * 2021 print 4.7 M and 37.7 M for q and v. */
static void gpt3_as_the_paper_counts_it(void **state)
{
    (void)state;
    long d = 12288, layers = 96;
    struct model *gpt3 = shape((int)layers, (int)d, 2048);
    assert_int_equal(count_of(gpt3, "lora", 1), 4718592);
    assert_int_equal(count_of(gpt3, "lora", 8), 37748736);
    assert_int_equal(count_of(gpt3, "rslora", 8), 37748736);
    assert_int_equal(count_of(gpt3, "lora_plus", 8), 37748736);
    assert_int_equal(count_of(gpt3, "lora_fa", 8), 37748736 / 2);
    assert_int_equal(count_of(gpt3, "pissa", 8), 37748736);
    assert_int_equal(count_of(gpt3, "dora", 8), 37748736 + 2 * layers * d);
    /* Biases: 11 d a layer and the final norm's.  The paper prints 14.2 M,
     * more than GPT-3's published shape has. */
    assert_int_equal(count_of(gpt3, "bitfit", 1), 11 * d * layers + d);
    /* 175,255.8 M in the paper: within half a percent. */
    assert_near_relative((double)count_of(gpt3, "full", 1), 175.2558e9, 5e-3);
    assert_int_equal(count_of(gpt3, "no such method", 1), -1);
    model_free(gpt3);
}

/* VeRA's table 2: RoBERTa base at r = 1024 0.043 M, large at 256 0.061 M, on
 * the q and v of shapes that differ from GPT-2's in nothing that counts. */
static void vera_as_its_paper_counts_it(void **state)
{
    (void)state;
    struct model *base = shape(12, 768, 512), *large = shape(24, 1024, 512);
    assert_int_equal(count_of(base, "vera", 1024), 43008);
    assert_int_equal(count_of(large, "vera", 256), 61440);
    model_free(base);
    model_free(large);
}

/* Table 3: GPT-2 medium, FT^Top2 25.19 M. */
static void the_last_two_layers(void **state)
{
    (void)state;
    long d = 1024;
    struct model *medium = shape(24, (int)d, 1024);
    long count = count_of(medium, "full_top2", 1);
    assert_int_equal(count, 2 * (12 * d * d + 13 * d));
    assert_near((double)count, 25.19e6, 0.005e6);
    model_free(medium);
}

/* Section 4.1: "applying LoRA to all weight matrices and training all
 * biases". */
static void what_trains_beside(void **state)
{
    (void)state;
    struct model *medium = shape(24, 1024, 1024);
    struct method_conf conf = {.name = "lora", .rank = 1, .alpha = 1};
    conf.targets[SITE_Q] = true;
    long alone = method_count(medium, &conf), table = 50257L * 1024;
    conf.also[ALSO_BIASES] = true;
    assert_int_equal(method_count(medium, &conf) - alone,
                     count_of(medium, "bitfit", 1));
    conf.also[ALSO_BIASES] = false;
    conf.also[ALSO_EMBED] = true;
    assert_int_equal(method_count(medium, &conf) - alone, table);
    conf.also[ALSO_HEAD] = true; /* tied: one tensor */
    assert_int_equal(method_count(medium, &conf) - alone, table);
    medium->conf.tied = false;
    assert_int_equal(method_count(medium, &conf) - alone, 2 * table);
    model_free(medium);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gpt3_as_the_paper_counts_it),
        cmocka_unit_test(vera_as_its_paper_counts_it),
        cmocka_unit_test(the_last_two_layers),
        cmocka_unit_test(what_trains_beside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * How much inserting methods train: |Theta| of Hu et al. 2021, section 5.1,
 * the size that is really laid out, and the millions the paper prints.
 */
#include <stdio.h>

#include "tests/unit/small.h"

static struct model *shape(int layers, int width)
{
    struct err err = {""};
    struct model_conf conf = {.family = "gpt2",
                              .layers = layers,
                              .width = width,
                              .heads = width / 64,
                              .inner = 4 * width,
                              .vocab = 50257,
                              .context = 1024,
                              .norm_eps = 1e-5f,
                              .tied = true};
    struct model *model = model_new(&conf, &err);
    assert_string_equal(err.text, "");
    return model;
}

static void the_formula_is_the_size(void **state)
{
    (void)state;
    static const char *const name[] = {"adapter_h", "adapter_l", "prefix_embed",
                                       "prefix_layer"};
    struct model *model = small_model(true);
    for (int i = 0; i < 4; i++)
        for (int rank = 1; rank <= 12; rank += 11) {
            struct method_conf conf = {
                .name = name[i], .rank = rank, .prefix = 5, .infix = 2};
            struct method *method = small_method(model, &conf);
            assert_int_equal(method->size, method_count(model, &conf));
            assert_non_null(method->ops->why_not_merged);
            method_free(method);
        }
    model_free(model);
}

struct printed {
    const char *method;
    int layers, width, rank, prefix, infix;
    double millions; /* as the paper prints it */
};

/* To the last digit printed. */
static void as_the_paper_prints_it(void **state)
{
    (void)state;
    static const struct printed rows[] = {
        /* Table 15, GPT-3.  Without a trained layer norm; with Houlsby's, the
         * first would be 11.8. */
        {"adapter_h", 96, 12288, 1, 0, 0, 7.1},
        {"adapter_h", 96, 12288, 4, 0, 0, 21.2},
        {"adapter_h", 96, 12288, 8, 0, 0, 40.1},
        {"adapter_h", 96, 12288, 16, 0, 0, 77.9},
        {"adapter_h", 96, 12288, 64, 0, 0, 304.4},
        {"prefix_embed", 96, 12288, 0, 64, 8, 0.9},
        {"prefix_embed", 96, 12288, 0, 128, 8, 1.7},
        {"prefix_embed", 96, 12288, 0, 256, 8, 3.2},
        {"prefix_embed", 96, 12288, 0, 512, 8, 6.4},
        /* Table 3, GPT-2 medium and large; the paper leaves r to be found. */
        {"adapter_l", 24, 1024, 6, 0, 0, 0.37},
        {"adapter_l", 24, 1024, 224, 0, 0, 11.09},
        {"adapter_l", 36, 1280, 8, 0, 0, 0.88},
        {"adapter_l", 36, 1280, 248, 0, 0, 23.00},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct printed *row = &rows[i];
        struct model *model = shape(row->layers, row->width);
        struct method_conf conf = {.name = row->method,
                                   .rank = row->rank,
                                   .prefix = row->prefix,
                                   .infix = row->infix};
        double millions = (double)method_count(model, &conf) / 1e6;
        print_message("%s d %d r %d rows %d: %.3f, paper %g\n", row->method,
                      row->width, row->rank, row->prefix + row->infix, millions,
                      row->millions);
        double half = row->width == 12288 ? 0.05 : 0.005;
        assert_near(millions, row->millions, half);
        model_free(model);
    }
}

/* Table 15's PrefixLayer rows lie 1 to 8 % above their own formula, and
 * Adapter^H's 11.09 M on GPT-2 medium between r = 112 and 113. */
static void where_the_paper_leaves_its_formula(void **state)
{
    (void)state;
    static const struct printed rows[] = {
        {"prefix_layer", 96, 12288, 0, 2, 2, 5.1},
        {"prefix_layer", 96, 12288, 0, 8, 0, 10.1},
        {"prefix_layer", 96, 12288, 0, 8, 8, 20.2},
        {"prefix_layer", 96, 12288, 0, 32, 4, 44.1},
        {"prefix_layer", 96, 12288, 0, 64, 0, 76.1},
    };
    struct model *gpt3 = shape(96, 12288), *medium = shape(24, 1024);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct printed *row = &rows[i];
        struct method_conf conf = {
            .name = row->method, .prefix = row->prefix, .infix = row->infix};
        double ratio = row->millions * 1e6 / (double)method_count(gpt3, &conf);
        assert_int_equal(method_count(gpt3, &conf),
                         96L * 12288 * (row->prefix + row->infix));
        assert_true(ratio > 1.005 && ratio < 1.085);
    }
    struct method_conf conf = {.name = "adapter_h", .rank = 112};
    assert_true(method_count(medium, &conf) < 11085000);
    conf.rank = 113;
    assert_true(method_count(medium, &conf) > 11095000);
    model_free(gpt3);
    model_free(medium);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_formula_is_the_size),
        cmocka_unit_test(as_the_paper_prints_it),
        cmocka_unit_test(where_the_paper_leaves_its_formula),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

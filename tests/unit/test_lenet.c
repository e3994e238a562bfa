/*
 * The convolutional network: what it says and every gradient against a
 * computation in double that convolves pixel by pixel; the paper's count;
 * files; and what cannot be.
 */
#include <math.h>
#include <string.h>

#include "core/base/linalg.h"
#include "core/model/network.h"
#include "core/model/patches.h"
#include "tests/unit/session_fixture.h"
#include "tests/unit/small.h"

/* 16 x 16, 12 x 12, 6 x 6, 2 x 2, 1 x 1: more rows than go at a time. */
enum { SIDE = 16, PIXELS = SIDE * SIDE, ROWS = 37, MOST = 8 };
static const int sizes[] = {PIXELS, 2, 3, 5, 4};
enum { SITES = 4, WIDEST = 12 * 12 * MOST };

/* Float32 sums of some fifty products of size one, through four layers. */
#define ROUNDING 2e-5
/* The same, of 37 rows, beside differences of doubles. */
#define GRADIENT 1e-4

static struct model *lenet(const int *of, int count, uint64_t seed)
{
    struct err err = {""};
    struct model_conf conf = {.family = "lenet"};
    memcpy(conf.size, of, (size_t)count * sizeof *of);
    struct model *model = model_new(&conf, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(model_init(model, seed), 0);
    for (int i = 0; i < model->other_count; i++)
        small_random((float *)model->base.other[i],
                     (size_t)model->other[i].cols, 0.3F, 30 + (uint64_t)i);
    return model;
}

static struct batch images(void)
{
    struct batch batch = {.sequences = 0};
    float x[PIXELS];
    for (int row = 0; row < ROWS; row++) {
        struct sample sample = {.x = x, .label = row % 4};
        small_random(x, PIXELS, 1, 100 + (uint64_t)row);
        batch_add_row(&batch, &sample, PIXELS, 4);
    }
    return batch;
}

/* --- by the definitions, in double ----------------------------------------
 */

/* The model's values, one after another: each site, and then its bias. */
struct exact {
    double w[SITES][800], bias[SITES][MOST];
};

static void take_exact(struct exact *to, const struct model *model,
                       const struct weights *weights)
{
    for (int i = 0; i < SITES; i++) {
        struct mat w = weights->site[i];
        for (int k = 0; k < w.rows * w.cols; k++)
            to->w[i][k] = (double)w.at[k];
        for (int k = 0; k < model->other[i].cols; k++)
            to->bias[i][k] = (double)weights->other[i][k];
    }
}

/* One number of a convolution; x (side, side, in), w (out, 5, 5, in). */
static double convolve(const double *x, const double *w, int side, int in,
                       int row, int column)
{
    double sum = 0;
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 5; j++)
            for (int c = 0; c < in; c++)
                sum += x[((row + i) * side + column + j) * in + c] *
                       w[(i * 5 + j) * in + c];
    return sum;
}

/* y (left/2, left/2, out): largest of each four, 0 below 0. */
static void convolve_and_pool(double *y, const double *x, const double *w,
                              const double *bias, int side, int in, int out)
{
    int half = (side - 4) / 2;
    for (int i = 0; i < half; i++)
        for (int j = 0; j < half; j++)
            for (int o = 0; o < out; o++) {
                double most = 0;
                for (int k = 0; k < 4; k++)
                    most = fmax(
                        most, bias[o] + convolve(x, w + o * 25 * in, side, in,
                                                 2 * i + k / 2, 2 * j + k % 2));
                y[(i * half + j) * out + o] = most;
            }
}

static void multiply(double *y, const double *x, const double *w,
                     const double *bias, int in, int out, bool relu)
{
    for (int o = 0; o < out; o++) {
        double sum = bias[o];
        for (int k = 0; k < in; k++)
            sum += w[o * in + k] * x[k];
        y[o] = relu && sum < 0 ? 0 : sum;
    }
}

static void say(double *logits, const struct exact *e, const float *image)
{
    double x[PIXELS], first[6 * 6 * 2], second[3], third[5];
    for (int i = 0; i < PIXELS; i++)
        x[i] = (double)image[i];
    convolve_and_pool(first, x, e->w[0], e->bias[0], SIDE, 1, 2);
    convolve_and_pool(second, first, e->w[1], e->bias[1], 6, 2, 3);
    multiply(third, second, e->w[2], e->bias[2], 3, 5, true);
    multiply(logits, third, e->w[3], e->bias[3], 5, 4, false);
}

static double loss_of(const struct exact *e, const struct batch *batch)
{
    double total = 0;
    for (int row = 0; row < batch->tokens; row++) {
        double logits[4], all = 0;
        say(logits, e, batch->x + row * PIXELS);
        for (int i = 0; i < 4; i++)
            all += exp(logits[i]);
        total += log(all) - logits[batch->target[row]];
    }
    return total;
}

static void says_what_it_should(void **state)
{
    (void)state;
    struct model *model = lenet(sizes, 5, 3);
    struct batch batch = images();
    struct pass *pass = pass_new(model);
    struct mat logits = mat_new(ROWS, 4);
    struct exact e;
    take_exact(&e, model, &model->base);
    pass_logits(pass, &model->base, &batch, logits);
    double widest = 0;
    for (int row = 0; row < ROWS; row++) {
        double want[4];
        say(want, &e, batch.x + row * PIXELS);
        for (int i = 0; i < 4; i++) {
            assert_near(mat_row(logits, row)[i], want[i], ROUNDING);
            widest = fmax(widest, fabs(want[i]));
        }
    }
    assert_true(widest > 0.3); /* not all of it dead */
    struct score score = pass_score(pass, &model->base, &batch);
    assert_near(score.loss, loss_of(&e, &batch), ROWS * ROUNDING);
    assert_int_equal(score.targets, ROWS);
    assert_int_equal(score.sequences, ROWS);
    mat_free(&logits);
    pass_free(pass);
    batch_free(&batch);
    model_free(model);
}

/* --- gradients ------------------------------------------------------------
 */

struct wanted {
    float *site[SITES], *other[SITES]; /* sums of gradients */
};

static void take(void *ctx, int site, struct mat x, struct mat dy)
{
    struct wanted *to = ctx;
    struct mat dw = mat_of(to->site[site], dy.cols, x.cols);
    linalg_gemm(dw, 1, dy, TRANSPOSED, x, PLAIN, 1);
}

static void learn(struct wanted *to, const struct model *model,
                  const struct batch *batch, const bool *wants)
{
    struct pass *pass = pass_new(model);
    float *other[SITES];
    for (int i = 0; i < SITES; i++) {
        const struct site *site = &model->site[i];
        to->site[i] = xcalloc((size_t)(site->out * site->in), sizeof(float));
        to->other[i] = xcalloc((size_t)site->out, sizeof(float));
        other[i] = wants[i] ? to->other[i] : NULL;
    }
    struct sink sink = {to, wants, take, other, NULL};
    (void)pass_learn(pass, &model->base, batch, 1, &sink);
    pass_free(pass);
}

static void wanted_free(struct wanted *to)
{
    for (int i = 0; i < SITES; i++) {
        mem_free(to->site[i]);
        mem_free(to->other[i]);
    }
}

static void check_slopes(const float *gradient, double *value, int count,
                         const struct exact *e, const struct batch *batch)
{
    const double step = 1e-6; /* few pixels change places over that */
    for (int k = 0; k < count; k++) {
        double old = value[k];
        value[k] = old + step;
        double up = loss_of(e, batch);
        value[k] = old - step;
        double slope = (up - loss_of(e, batch)) / (2 * step);
        value[k] = old;
        assert_near(gradient[k], slope, GRADIENT * (1 + fabs(slope)));
    }
}

static void gradients_are_slopes(void **state)
{
    (void)state;
    static const bool all[] = {true, true, true, true};
    struct model *model = lenet(sizes, 5, 3);
    struct batch batch = images();
    struct wanted to;
    struct exact e;
    double largest = 0;
    take_exact(&e, model, &model->base);
    learn(&to, model, &batch, all);
    for (int i = 0; i < SITES; i++) {
        int count = model->site[i].out * model->site[i].in;
        check_slopes(to.site[i], e.w[i], count, &e, &batch);
        check_slopes(to.other[i], e.bias[i], model->site[i].out, &e, &batch);
        for (int k = 0; k < count && i == 0; k++)
            largest = fmax(largest, fabs((double)to.site[i][k]));
    }
    assert_true(largest > 0.1); /* it comes down to the pixels */
    wanted_free(&to);
    batch_free(&batch);
    model_free(model);
}

/* What nobody wants gets nothing, and nothing else changes for it. */
static void what_is_not_wanted_is_left_out(void **state)
{
    (void)state;
    static const bool all[] = {true, true, true, true};
    struct model *model = lenet(sizes, 5, 3);
    struct batch batch = images();
    struct wanted whole;
    learn(&whole, model, &batch, all);
    for (int lowest = 1; lowest < SITES; lowest++) {
        bool wants[SITES];
        struct wanted to;
        for (int i = 0; i < SITES; i++)
            wants[i] = i >= lowest;
        learn(&to, model, &batch, wants);
        for (int i = 0; i < SITES; i++)
            for (int k = 0; k < model->site[i].out * model->site[i].in; k++)
                assert_true(to.site[i][k] ==
                            (wants[i] ? whole.site[i][k] : 0.0F)); /* bits */
        wanted_free(&to);
    }
    wanted_free(&whole);
    batch_free(&batch);
    model_free(model);
}

/* <take(x), y> = <x, give(y)> */
static void patches_are_adjoint(void **state)
{
    (void)state;
    enum { IMAGES = 3, ACROSS = 9, CHANNELS = 4, LEFT = ACROSS - 4 };
    struct mat x = mat_new(IMAGES * ACROSS * ACROSS, CHANNELS);
    struct mat dx = mat_new(x.rows, CHANNELS);
    struct mat patches = mat_new(IMAGES * LEFT * LEFT, PATCH * CHANNELS);
    struct mat y = mat_new(patches.rows, patches.cols);
    size_t small = (size_t)(x.rows * x.cols), large = (size_t)(y.rows * y.cols);
    small_random(x.at, small, 1, 1);
    small_random(y.at, large, 1, 2);
    patches_take(patches, x, ACROSS);
    patches_give(dx, y, ACROSS);
    double left = 0, right = 0;
    for (size_t i = 0; i < large; i++)
        left += (double)patches.at[i] * (double)y.at[i];
    for (size_t i = 0; i < small; i++)
        right += (double)x.at[i] * (double)dx.at[i];
    assert_near(left, right, 1e-4); /* float32 sums of 25, 7,500 of them */
    assert_true(fabs(left) > 1e-2);
    mat_free(&x);
    mat_free(&dx);
    mat_free(&patches);
    mat_free(&y);
}

/* --- as a model -----------------------------------------------------------
 */

/* Li et al. 2018: 44,426. */
static void counts_as_the_paper(void **state)
{
    (void)state;
    static const int paper[] = {784, 6, 16, 120, 84, 10};
    static const struct {
        const char *name;
        int out, in;
    } want[] = {{"conv.1", 6, 25},
                {"conv.2", 16, 150},
                {"fc.1", 120, 256},
                {"fc.2", 84, 120},
                {"fc.3", 10, 84}};
    struct model *model = lenet(paper, 6, 1);
    assert_int_equal(model_parameters(model), 44426);
    assert_int_equal(model->site_count, 5);
    for (int i = 0; i < 5; i++) {
        assert_string_equal(model->site[i].name, want[i].name);
        assert_int_equal(model->site[i].out, want[i].out);
        assert_int_equal(model->site[i].in, want[i].in);
    }
    assert_string_equal(model->other[1].name, "conv.2.bias");
    assert_int_equal(model_outputs(model), 10);
    assert_int_equal(model_site_of(model, SITE_FC, 1), 1);
    model_free(model);
}

static void files_come_back(void **state)
{
    (void)state;
    struct err err = {""};
    struct model *model = lenet(sizes, 5, 9);
    const char *folder = fixture_path("lenet");
    assert_int_equal(mkdir(folder, 0777), 0);
    assert_int_equal(model_save(model, &model->base, folder, &err), 0);
    struct model *again = model_open(folder, &err);
    assert_string_equal(err.text, "");
    for (int i = 0; i < SITES; i++) {
        struct mat a = model->base.site[i], b = again->base.site[i];
        assert_string_equal(model->site[i].name, again->site[i].name);
        assert_memory_equal(a.at, b.at,
                            (size_t)(a.rows * a.cols) * sizeof(float));
        assert_memory_equal(model->base.other[i], again->base.other[i],
                            (size_t)a.rows * sizeof(float));
    }
    model_free(again);
    model_free(model);
}

static void sizes_that_cannot_be_are_refused(void **state)
{
    (void)state;
    const struct {
        int size[5];
        const char *words;
    } bad[] = {{{784, 6, 16}, "dense layers to at least 2 classes"},
               {{784, 6, 16, 1}, "dense layers to at least 2 classes"},
               {{783, 6, 16, 10}, "783 pixels do not come out even"},
               {{81, 6, 16, 10}, "81 pixels do not come out even"},
               {{64, 6, 16, 10}, "64 pixels do not come out even"},
               {{784, 6, -2, 10}, "size -2"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {""};
        struct model_conf conf = {.family = "lenet"};
        memcpy(conf.size, bad[i].size, sizeof bad[i].size);
        assert_null(model_new(&conf, &err));
        assert_non_null(strstr(err.text, bad[i].words));
    }
}

static int set_up(void **state)
{
    linalg_thread_init();
    return fixture_set_up(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_it_should),
        cmocka_unit_test(gradients_are_slopes),
        cmocka_unit_test(what_is_not_wanted_is_left_out),
        cmocka_unit_test(patches_are_adjoint),
        cmocka_unit_test(counts_as_the_paper),
        cmocka_unit_test(files_come_back),
        cmocka_unit_test(sizes_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, fixture_tear_down);
}

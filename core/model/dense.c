/*
 * Dense layers, forward and backward: see dense.h.  With dy the gradient of
 * what a layer says,
 *
 *   dx = dy W,   then dx = 0 where the relu below was 0,
 *
 * no further down than the lowest layer that anybody wants.
 */
#include "core/model/dense.h"

#include <assert.h>
#include <stdio.h>

#include "core/base/linalg.h"
#include "core/base/vecmath.h"
#include "core/model/pass.h"

enum { WINDOW = 16 }; /* floats the arena may lose by aligning one */

int dense_check(struct model_conf *conf, struct err *err)
{
    int count = 0;
    while (count < MODEL_SIZES && conf->size[count] != 0)
        count++;
    for (int i = 0; i < count; i++)
        if (conf->size[i] < 1 || conf->size[i] > DENSE_WIDEST)
            return err_set(err,
                           "size %d is not a layer this program can hold; "
                           "use 1..%d",
                           conf->size[i], DENSE_WIDEST);
    if (count < 2)
        return err_set(err,
                       "a %s model has at least two sizes, its inputs and its "
                       "outputs",
                       conf->family);
    conf->layers = count - 1;
    conf->width = conf->size[0];
    conf->context = 1; /* a row is a sequence of its own */
    return 0;
}

void dense_describe(struct model *model, bool biases)
{
    const int *size = model->conf.size;
    size_t layers = (size_t)model->conf.layers;
    model->site_count = model->conf.layers;
    model->other_count = biases ? model->conf.layers : 0;
    model->site = xcalloc(layers, sizeof *model->site);
    model->origin = xcalloc(layers, sizeof *model->origin);
    model->other = xcalloc(layers, sizeof *model->other);
    for (int l = 0; l < model->conf.layers; l++) {
        struct site *site = &model->site[l];
        struct other *other = &model->other[l];
        *site = (struct site){
            .kind = SITE_FC, .layer = l, .out = size[l + 1], .in = size[l]};
        *other = (struct other){
            .kind = OTHER_BIAS, .layer = l, .rows = 1, .cols = size[l + 1]};
        (void)snprintf(site->name, sizeof site->name, "fc.%d", l + 1);
        (void)snprintf(other->name, sizeof other->name, "fc.%d.bias", l + 1);
    }
}

void dense_begin(struct pass *pass)
{
    size_t layers = (size_t)pass->model->conf.layers;
    pass->dense = xcalloc(layers + 1, sizeof *pass->dense);
}

/* What every layer says, and two gradients of the widest. */
static size_t floats_needed(const struct model_conf *conf, size_t rows)
{
    size_t sum = 0, widest = 0, windows = (size_t)conf->layers + 2;
    for (int l = 0; l <= conf->layers; l++) {
        size_t here = (size_t)conf->size[l];
        sum += l > 0 ? here : 0;
        widest = here > widest ? here : widest;
    }
    return rows * (sum + 2 * widest) + windows * WINDOW;
}

size_t dense_bytes(const struct model *model, const struct insert_shape *shape,
                   int sequences, int length)
{
    (void)shape; /* nothing can be inserted */
    size_t rows = (size_t)sequences * (size_t)length;
    return sizeof(float) * floats_needed(&model->conf, rows);
}

static void lay_out(struct pass *pass, const struct batch *slice)
{
    const struct model_conf *conf = &pass->model->conf;
    size_t need = floats_needed(conf, (size_t)slice->tokens);
    if (need > pass->arena.size) {
        arena_free(&pass->arena);
        int status = arena_init(&pass->arena, need);
        assert(status == 0); /* pass_bytes() was asked before */
        (void)status;
    }
    arena_back(&pass->arena, 0);
    pass->dense[0] = mat_of(slice->x, slice->tokens, slice->in);
    for (int l = 0; l < conf->layers; l++)
        pass->dense[l + 1] = pass_take(pass, slice->tokens, conf->size[l + 1]);
}

/* Where a layer's bias stands among the others, or -1. */
static int bias_of(const struct model *model, int layer)
{
    return model->other_count ? layer : -1;
}

void dense_relu(struct mat y)
{
    size_t count = (size_t)y.rows * (size_t)y.cols;
    for (size_t i = 0; i < count; i++)
        y.at[i] = y.at[i] > 0 ? y.at[i] : 0;
}

void dense_relu_back(struct mat dx, struct mat x)
{
    size_t count = (size_t)x.rows * (size_t)x.cols;
    for (size_t i = 0; i < count; i++)
        dx.at[i] = x.at[i] > 0 ? dx.at[i] : 0;
}

/* Returns what the last layer says, (rows, outputs). */
static struct mat forward(struct pass *pass, const struct weights *weights,
                          const struct batch *slice)
{
    const struct model *model = pass->model;
    assert(slice->tokens > 0 && slice->in == model->conf.size[0]);
    lay_out(pass, slice);
    int layers = model->conf.layers;
    for (int l = 0; l < layers; l++) {
        struct mat x = pass->dense[l], y = pass->dense[l + 1];
        int bias = bias_of(model, l);
        if (bias >= 0)
            linear_forward(y, x, weights->site[l], weights->other[bias]);
        else
            linalg_apply(y, 1.0F, x, weights->site[l], TRANSPOSED, 0.0F);
        pass_after(pass, l, x, y);
        if (l + 1 < layers)
            dense_relu(y);
    }
    return pass->dense[layers];
}

/* y (rows, outputs) becomes the gradient of the sum of squared errors. */
static struct score score_values(struct mat y, const struct batch *slice)
{
    struct score score = {.sequences = y.rows, .targets = slice->targets};
    size_t count = (size_t)y.rows * (size_t)y.cols;
    for (size_t i = 0; i < count; i++) {
        double error = (double)y.at[i] - (double)slice->y[i];
        score.loss += error * error;
        y.at[i] = (float)(2 * error);
    }
    return score;
}

/* y (rows, classes) becomes softmax - onehot. */
static struct score score_classes(struct mat y, const struct batch *slice)
{
    struct score score = {.sequences = y.rows, .targets = y.rows};
    for (int row = 0; row < y.rows; row++) {
        float *logits = mat_row(y, row);
        int class = slice->target[row];
        score.exact += pass_is_first_largest(logits, y.cols, class);
        float logit = logits[class];
        score.loss +=
            (double)vec_softmax(logits, (size_t)y.cols) - (double)logit;
        logits[class] -= 1.0F;
    }
    return score;
}

struct score dense_loss(struct mat y, const struct batch *slice)
{
    return slice->y ? score_values(y, slice) : score_classes(y, slice);
}

struct score dense_score(struct pass *pass, const struct weights *weights,
                         const struct batch *slice)
{
    return dense_loss(forward(pass, weights, slice), slice);
}

int dense_lowest(const struct model *model, const struct sink *sink)
{
    for (int l = 0; l < model->conf.layers; l++) {
        int bias = bias_of(model, l);
        if (sink->wants[l] || (bias >= 0 && sink->other[bias]))
            return l;
    }
    return model->conf.layers;
}

/* dy (rows, outputs): the gradient of what the last layer said. */
static void backward(struct pass *pass, const struct weights *weights,
                     struct mat dy, const struct sink *sink)
{
    const struct model *model = pass->model;
    const int *size = model->conf.size;
    int lowest = dense_lowest(model, sink), widest = 0;
    for (int l = 0; l <= model->conf.layers; l++)
        widest = size[l] > widest ? size[l] : widest;
    float *room[2];
    for (int i = 0; i < 2; i++)
        room[i] = pass_take(pass, dy.rows, widest).at;
    for (int l = model->conf.layers - 1; l >= lowest; l--) {
        struct mat x = pass->dense[l];
        int bias = bias_of(model, l);
        if (sink->wants[l])
            sink->site(sink->ctx, l, x, dy);
        if (bias >= 0)
            linear_bias_gradient(sink->other[bias], dy);
        if (l == lowest)
            return;
        struct mat dx = mat_of(room[l % 2], x.rows, x.cols);
        linalg_gemm(dx, 1.0F, dy, PLAIN, weights->site[l], PLAIN, 0.0F);
        dense_relu_back(dx, x);
        dy = dx;
    }
}

struct score dense_learn(struct pass *pass, const struct weights *weights,
                         const struct batch *slice, float scale,
                         const struct sink *sink)
{
    assert(!pass->insert.forward && !sink->insert);
    struct mat y = forward(pass, weights, slice);
    struct score score = dense_loss(y, slice);
    vec_scale(y.at, scale, (size_t)y.rows * (size_t)y.cols);
    backward(pass, weights, y, sink);
    return score;
}

void dense_logits(struct pass *pass, const struct weights *weights,
                  const struct batch *slice, struct mat logits)
{
    mat_copy(logits, forward(pass, weights, slice));
}

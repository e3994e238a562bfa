/*
 * A convolutional network as LeCun et al. 1998's LeNet-5, in the form of Li et
 * al. 2018, section 3.1: two convolutions of 5 x 5 with ReLU and the largest of
 * each 2 x 2, then dense layers (dense.h) and the cross-entropy of classes.
 * Sizes are those of one square grey image, the channels of the two
 * convolutions, and what leaves each dense layer: with 784, 6, 16, 120, 84, 10
 *
 *   156 + 2,416 + 30,840 + 10,164 + 850 = 44,426 parameters.
 *
 * A convolution is a site like any other: W (out, 25 * channels) on the
 * patches of its images (patches.h).  A slice is gone through some images at a
 * time, for patches take 25 times the room of what they are cut from.
 */
#include <assert.h>
#include <stdio.h>

#include "core/base/linalg.h"
#include "core/base/vecmath.h"
#include "core/model/dense.h"
#include "core/model/pass.h"
#include "core/model/patches.h"

enum {
    CONVOLUTIONS = 2,
    IMAGES = 32, /* at a time */
    WINDOW = 16, /* floats the arena may lose by aligning one */
};

/* Of pass->dense: three for each convolution, then what leaves each dense
 * layer. */
enum { PATCHES, SUMS, LARGEST, OF_CONVOLUTION };

/* side[l]: positions along a side entering convolution l, halved behind it. */
struct sides {
    int in[CONVOLUTIONS + 1];
};

/* False: the image is no square, or does not come out even. */
static bool sides_of(struct sides *sides, const struct model_conf *conf)
{
    int side = 1;
    while (side * side < conf->size[0])
        side++;
    bool fits = side * side == conf->size[0];
    for (int l = 0; l <= CONVOLUTIONS; l++) {
        int left = patches_left(side);
        sides->in[l] = side;
        if (l < CONVOLUTIONS)
            fits = fits && left >= 2 && left % 2 == 0;
        side = left / 2;
    }
    return fits;
}

static int channels_into(const struct model_conf *conf, int convolution)
{
    return convolution == 0 ? 1 : conf->size[convolution];
}

/* Numbers entering the first dense layer. */
static int flat_size(const struct model_conf *conf, const struct sides *sides)
{
    int side = sides->in[CONVOLUTIONS];
    return side * side * conf->size[CONVOLUTIONS];
}

static int check(struct model_conf *conf, struct err *err)
{
    struct sides sides;
    conf->reads = EXAMPLE_CLASS;
    if (dense_check(conf, err) != 0)
        return -1;
    if (conf->layers <= CONVOLUTIONS || conf->size[conf->layers] < 2)
        return err_set(err, "a lenet model has the pixels, two numbers of "
                            "channels, and dense layers to at least 2 classes; "
                            "say sizes: [784, 6, 16, 120, 84, 10]");
    if (sides_of(&sides, conf))
        return 0;
    return err_set(err,
                   "a lenet model halves a square image twice, each time "
                   "without a margin of 2, and %d pixels do not come out even; "
                   "use 784 (28 x 28) or 1024 (32 x 32)",
                   conf->size[0]);
}

static void describe(struct model *model)
{
    const struct model_conf *conf = &model->conf;
    struct sides sides;
    bool fits = sides_of(&sides, conf);
    assert(fits);
    (void)fits;
    dense_describe(model, true);
    for (int l = 0; l < conf->layers; l++) {
        struct site *site = &model->site[l];
        struct other *other = &model->other[l];
        bool is_convolution = l < CONVOLUTIONS;
        const char *kind = is_convolution ? "conv" : "fc";
        int number = is_convolution ? l + 1 : l + 1 - CONVOLUTIONS;
        (void)snprintf(site->name, sizeof site->name, "%s.%d", kind, number);
        (void)snprintf(other->name, sizeof other->name, "%s.%d.bias", kind,
                       number);
        if (is_convolution)
            site->in = PATCH * channels_into(conf, l);
        if (l == CONVOLUTIONS)
            site->in = flat_size(conf, &sides);
    }
}

static int windows_of(const struct model_conf *conf)
{
    return OF_CONVOLUTION * CONVOLUTIONS + conf->layers - CONVOLUTIONS;
}

static void begin(struct pass *pass)
{
    size_t windows = (size_t)windows_of(&pass->model->conf);
    pass->dense = xcalloc(windows, sizeof *pass->dense);
}

/* --- memory ---------------------------------------------------------------
 */

struct shape {
    int rows, cols;
};

/* Of the windows, in order, for so many images. */
static void shapes_of(struct shape *to, const struct model_conf *conf,
                      int images)
{
    struct sides sides;
    (void)sides_of(&sides, conf);
    for (int l = 0; l < CONVOLUTIONS; l++, to += OF_CONVOLUTION) {
        int left = patches_left(sides.in[l]), out = conf->size[l + 1];
        int rows = images * left * left;
        to[PATCHES] = (struct shape){rows, PATCH * channels_into(conf, l)};
        to[SUMS] = (struct shape){rows, out};
        to[LARGEST] = (struct shape){rows / 4, out};
    }
    for (int l = CONVOLUTIONS; l < conf->layers; l++)
        *to++ = (struct shape){images, conf->size[l + 1]};
}

enum { MOST_WINDOWS = OF_CONVOLUTION * CONVOLUTIONS + MODEL_SIZES };

/* On the way back: what enters the first dense layer, or any above it. */
static int widest_of(const struct model_conf *conf)
{
    struct sides sides;
    (void)sides_of(&sides, conf);
    int widest = flat_size(conf, &sides);
    for (int l = CONVOLUTIONS; l < conf->layers; l++)
        widest = conf->size[l + 1] > widest ? conf->size[l + 1] : widest;
    return widest;
}

static size_t floats_needed(const struct model_conf *conf, int images)
{
    struct shape shape[MOST_WINDOWS];
    size_t sum = 0;
    shapes_of(shape, conf, images);
    for (int i = 0; i < windows_of(conf); i++)
        sum += (size_t)shape[i].rows * (size_t)shape[i].cols + WINDOW;
    sum += 2 * ((size_t)images * (size_t)widest_of(conf) + WINDOW);
    /* The gradient of what enters the second convolution. */
    return sum + (size_t)shape[LARGEST].rows * (size_t)shape[LARGEST].cols +
           WINDOW;
}

static int images_at_once(int rows)
{
    return rows < IMAGES ? rows : IMAGES;
}

static size_t bytes(const struct model *model, const struct insert_shape *shape,
                    int sequences, int length)
{
    size_t rows = (size_t)sequences * (size_t)length;
    (void)shape; /* nothing can be inserted */
    return sizeof(float) *
           floats_needed(&model->conf, rows < IMAGES ? (int)rows : IMAGES);
}

static int rows_at(const struct model *model, int site, int rows)
{
    struct shape shape[MOST_WINDOWS];
    int images = images_at_once(rows);
    shapes_of(shape, &model->conf, images);
    return site < CONVOLUTIONS ? shape[OF_CONVOLUTION * site + SUMS].rows
                               : images;
}

static void lay_out(struct pass *pass, int images)
{
    const struct model_conf *conf = &pass->model->conf;
    struct shape shape[MOST_WINDOWS];
    size_t need = floats_needed(conf, images);
    if (need > pass->arena.size) {
        arena_free(&pass->arena);
        int status = arena_init(&pass->arena, need);
        assert(status == 0); /* pass_bytes() was asked before */
        (void)status;
    }
    arena_back(&pass->arena, 0);
    shapes_of(shape, conf, images);
    for (int i = 0; i < windows_of(conf); i++)
        pass->dense[i] = pass_take(pass, shape[i].rows, shape[i].cols);
}

/* --- forward --------------------------------------------------------------
 */

static struct mat *convolution_of(const struct pass *pass, int l)
{
    return pass->dense + (size_t)(OF_CONVOLUTION * l);
}

/* What leaves a dense layer; that before the first: the last convolution's,
 * an image a row. */
static struct mat dense_out(const struct pass *pass, int l, int images)
{
    size_t first = OF_CONVOLUTION * CONVOLUTIONS;
    if (l >= CONVOLUTIONS)
        return pass->dense[first + (size_t)(l - CONVOLUTIONS)];
    struct mat all = convolution_of(pass, CONVOLUTIONS - 1)[LARGEST];
    return mat_of(all.at, images, all.rows / images * all.cols);
}

/* part: at most IMAGES rows.  Returns what the last layer says of each. */
static struct mat forward(struct pass *pass, const struct weights *weights,
                          const struct batch *part)
{
    const struct model_conf *conf = &pass->model->conf;
    struct sides sides;
    (void)sides_of(&sides, conf);
    lay_out(pass, part->tokens);
    struct mat x = mat_of(part->x, part->tokens * part->in, 1);
    for (int l = 0; l < CONVOLUTIONS; l++) {
        const struct mat *to = convolution_of(pass, l);
        patches_take(to[PATCHES], x, sides.in[l]);
        linear_forward(to[SUMS], to[PATCHES], weights->site[l],
                       weights->other[l]);
        pass_after(pass, l, to[PATCHES], to[SUMS]);
        pool_largest(to[LARGEST], to[SUMS], patches_left(sides.in[l]));
        x = to[LARGEST];
    }
    for (int l = CONVOLUTIONS; l < conf->layers; l++) {
        struct mat y = dense_out(pass, l, part->tokens);
        x = dense_out(pass, l - 1, part->tokens);
        linear_forward(y, x, weights->site[l], weights->other[l]);
        pass_after(pass, l, x, y);
        if (l + 1 < conf->layers)
            dense_relu(y);
    }
    return dense_out(pass, conf->layers - 1, part->tokens);
}

/* Rows from .. of a slice, IMAGES of them or what is left. */
static struct batch part_of(const struct batch *slice, int from)
{
    struct batch part = *slice;
    part.tokens = images_at_once(slice->tokens - from);
    part.sequences = part.targets = part.tokens;
    part.x += (size_t)from * (size_t)slice->in;
    part.target += from;
    return part;
}

static void add_score(struct score *to, const struct score *part)
{
    to->loss += part->loss;
    to->targets += part->targets;
    to->exact += part->exact;
    to->sequences += part->sequences;
}

static struct score score_slice(struct pass *pass,
                                const struct weights *weights,
                                const struct batch *slice)
{
    struct score total = {0};
    for (int from = 0; from < slice->tokens; from += IMAGES) {
        struct batch part = part_of(slice, from);
        struct score score = dense_loss(forward(pass, weights, &part), &part);
        add_score(&total, &score);
    }
    return total;
}

static void logits_slice(struct pass *pass, const struct weights *weights,
                         const struct batch *slice, struct mat logits)
{
    for (int from = 0; from < slice->tokens; from += IMAGES) {
        struct batch part = part_of(slice, from);
        mat_copy(mat_rows(logits, from, part.tokens),
                 forward(pass, weights, &part));
    }
}

/* --- backward -------------------------------------------------------------
 */

static void give(const struct sink *sink, int l, struct mat x, struct mat dy)
{
    if (sink->wants[l])
        sink->site(sink->ctx, l, x, dy);
    linear_bias_gradient(sink->other[l], dy);
}

/* dy (images, flat): of what leaves the last convolution.  Patches and sums
 * have done their part and take their own gradients. */
static void convolutions_back(struct pass *pass, const struct weights *weights,
                              struct mat dy, const struct sink *sink,
                              int lowest)
{
    struct sides sides;
    (void)sides_of(&sides, &pass->model->conf);
    for (int l = CONVOLUTIONS - 1; l >= lowest; l--) {
        const struct mat *at = convolution_of(pass, l);
        struct mat dlargest = mat_of(dy.at, at[LARGEST].rows, at[LARGEST].cols);
        pool_back(at[SUMS], dlargest, patches_left(sides.in[l]));
        give(sink, l, at[PATCHES], at[SUMS]);
        if (l == lowest)
            return;
        struct mat x = convolution_of(pass, l - 1)[LARGEST];
        linalg_gemm(at[PATCHES], 1.0F, at[SUMS], PLAIN, weights->site[l], PLAIN,
                    0.0F);
        dy = pass_take(pass, x.rows, x.cols);
        patches_give(dy, at[PATCHES], sides.in[l]);
    }
}

/* dy (images, classes): the gradient of what the last layer said. */
static void backward(struct pass *pass, const struct weights *weights,
                     struct mat dy, const struct sink *sink)
{
    const struct model_conf *conf = &pass->model->conf;
    int images = dy.rows, lowest = dense_lowest(pass->model, sink);
    float *room[2];
    for (int i = 0; i < 2; i++)
        room[i] = pass_take(pass, images, widest_of(conf)).at;
    for (int l = conf->layers - 1; l >= CONVOLUTIONS && l >= lowest; l--) {
        struct mat x = dense_out(pass, l - 1, images);
        give(sink, l, x, dy);
        if (l == lowest)
            return;
        struct mat dx = mat_of(room[l % 2], x.rows, x.cols);
        linalg_gemm(dx, 1.0F, dy, PLAIN, weights->site[l], PLAIN, 0.0F);
        if (l > CONVOLUTIONS) /* what was pooled sees to it itself */
            dense_relu_back(dx, x);
        dy = dx;
    }
    if (lowest < CONVOLUTIONS)
        convolutions_back(pass, weights, dy, sink, lowest);
}

static struct score learn(struct pass *pass, const struct weights *weights,
                          const struct batch *slice, float scale,
                          const struct sink *sink)
{
    struct score total = {0};
    assert(!pass->insert.forward && !sink->insert);
    for (int from = 0; from < slice->tokens; from += IMAGES) {
        struct batch part = part_of(slice, from);
        struct mat y = forward(pass, weights, &part);
        struct score score = dense_loss(y, &part);
        add_score(&total, &score);
        vec_scale(y.at, scale, (size_t)y.rows * (size_t)y.cols);
        backward(pass, weights, y, sink);
    }
    return total;
}

const struct network network_lenet = {
    .family = "lenet",
    .summary = "two convolutions, then dense layers; classes, cross-entropy",
    .check = check,
    .describe = describe,
    .open = dense_open,
    .save = dense_save,
    .begin = begin,
    .bytes = bytes,
    .rows_at = rows_at,
    .score = score_slice,
    .learn = learn,
    .logits = logits_slice,
};

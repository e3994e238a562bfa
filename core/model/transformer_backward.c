/*
 * The way back: gradients of the residual stream from the top down, site by
 * site, no further down than the lowest thing that anybody wants.
 *
 * dh is the gradient of the stream; each half layer adds its branch's share:
 * d in = d out + norm'(W'(d out)).
 */
#include <assert.h>

#include "core/base/linalg.h"
#include "core/base/vecmath.h"
#include "core/model/attention.h"
#include "core/model/pass.h"

/* How deep a thing lies, for "nothing below the lowest": the order in which
 * the way back reaches what it needs. */
enum depth {
    AT_NORM1,
    AT_QKV,
    AT_O,
    AT_ATTENTION, /* inserted behind O */
    AT_NORM2,
    AT_UP,
    AT_DOWN,
    AT_MLP, /* inserted behind D, or behind the layer */
    DEPTHS
};

struct way { /* one walk back */
    struct pass *pass;
    const struct weights *weights;
    const struct batch *slice;
    const struct sink *sink;
    int lowest;       /* layer * DEPTHS + depth; -1: down to the embedding */
    struct mat dh;    /* (T, d) */
    struct mat dnorm; /* (T, d) */
    struct mat dwide; /* (T, inner) */
    struct mat dqkv;  /* (T, 3d) */
    float *square;
};

static int site_depth(const struct site *site)
{
    static const enum depth depth[] = {AT_QKV, AT_QKV, AT_QKV,
                                       AT_O,   AT_UP,  AT_DOWN};
    return site->layer * DEPTHS +
           (site->kind == SITE_HEAD ? 0 : (int)depth[site->kind]);
}

static int other_depth(int layer, enum layer_other which)
{
    static const enum depth depth[LAYER_OTHERS] = {
        [NORM1_GAIN] = AT_NORM1, [NORM1_BIAS] = AT_NORM1, [Q_BIAS] = AT_QKV,
        [K_BIAS] = AT_QKV,       [V_BIAS] = AT_QKV,       [O_BIAS] = AT_O,
        [NORM2_GAIN] = AT_NORM2, [NORM2_BIAS] = AT_NORM2, [UP_BIAS] = AT_UP,
        [DOWN_BIAS] = AT_DOWN};
    return layer * DEPTHS + (int)depth[which];
}

/* Layer 0 has all that an inserting method has. */
static int lowest_inserted(const struct insert_shape *shape)
{
    if (shape->at[INSERT_EMBED])
        return -1;
    return shape->at[INSERT_ATTENTION] ? AT_ATTENTION : AT_MLP;
}

static int lowest_wanted(const struct pass *pass, const struct sink *sink)
{
    const struct model *model = pass->model;
    int lowest = sink->insert ? lowest_inserted(&pass->insert.shape)
                              : model->conf.layers * DEPTHS;
    if (sink->other[OTHER_AT_EMBED] || sink->other[OTHER_AT_POSITION])
        return -1;
    for (int i = 0; i < model->site_count; i++)
        if (sink->wants[i] && site_depth(&model->site[i]) < lowest)
            lowest = site_depth(&model->site[i]);
    for (int l = 0; l < model->conf.layers; l++)
        for (int i = 0; i < LAYER_OTHERS; i++)
            if (sink->other[model_other_of((enum layer_other)i, l)] &&
                other_depth(l, (enum layer_other)i) < lowest)
                lowest = other_depth(l, (enum layer_other)i);
    return lowest;
}

static void give(const struct way *way, int site, struct mat x, struct mat dy)
{
    if (way->sink->wants[site])
        way->sink->site(way->sink->ctx, site, x, dy);
}

/* dy, the gradient of what is inserted here, becomes that of what it was
 * given. */
static void branch_back(const struct way *way, int l, enum insert_place place,
                        struct mat dy)
{
    struct pass *pass = way->pass;
    size_t mark = arena_mark(&pass->arena);
    way->sink->insert(way->sink->ctx, l, place, dy, way->slice,
                      pass->layer[l < 0 ? 0 : l].kept[place], &pass->arena);
    arena_back(&pass->arena, mark);
}

static bool is_inserted(const struct way *way, enum insert_place place)
{
    return way->sink->insert && way->pass->insert.shape.at[place];
}

/* The gradient of a sub-module's product: dh itself, which the stream beside
 * it needs too, or in room what an insertion has made of it. */
static struct mat product_back(const struct way *way, int l,
                               enum insert_place place, float *room)
{
    if (!is_inserted(way, place))
        return way->dh;
    struct mat dy = mat_of(room, way->dh.rows, way->dh.cols);
    mat_copy(dy, way->dh);
    branch_back(way, l, place, dy);
    return dy;
}

/* dh += norm'(dnorm) */
static void add_norm_back(const struct way *way, struct mat x,
                          const float *mean, const float *rstd,
                          const float *gain, float *dgain, float *dbias)
{
    size_t d = (size_t)x.cols;
    for (int t = 0; t < x.rows; t++) {
        float *row = mat_row(way->dnorm, t);
        vec_norm_grad(row, dgain, dbias, row, mat_row(x, t), gain, mean[t],
                      rstd[t], d);
    }
    vec_add(way->dh.at, way->dnorm.at, (size_t)x.rows * d);
}

static void feed_back(const struct way *way, int l)
{
    const struct model *model = way->pass->model;
    struct layer_memory *m = &way->pass->layer[l];
    int up = model_site_of(model, SITE_UP, l), here = l * DEPTHS;
    float *const *grad = way->sink->other + model_other_of(0, l);
    const float *const *other = way->weights->other + model_other_of(0, l);
    size_t count = (size_t)m->up.rows * (size_t)m->up.cols;
    if (is_inserted(way, INSERT_LAYER))
        branch_back(way, l, INSERT_LAYER, way->dh);
    struct mat dy = product_back(way, l, INSERT_MLP, way->dnorm.at);
    give(way, up + 1, m->act, dy);
    linear_bias_gradient(grad[DOWN_BIAS], dy);
    if (way->lowest >= here + (int)AT_DOWN)
        return;
    linalg_gemm(way->dwide, 1.0F, dy, PLAIN, way->weights->site[up + 1], PLAIN,
                0.0F);
    if (model->conf.activation == GELU_TANH)
        vec_gelu_tanh_grad(way->dwide.at, way->dwide.at, m->up.at, count);
    else
        vec_gelu_erf_grad(way->dwide.at, way->dwide.at, m->up.at, count);
    give(way, up, m->norm2, way->dwide);
    linear_bias_gradient(grad[UP_BIAS], way->dwide);
    if (way->lowest >= here + (int)AT_UP)
        return;
    linalg_gemm(way->dnorm, 1.0F, way->dwide, PLAIN, way->weights->site[up],
                PLAIN, 0.0F);
    add_norm_back(way, m->mid, m->mean2, m->rstd2, other[NORM2_GAIN],
                  grad[NORM2_GAIN], grad[NORM2_BIAS]);
}

static void qkv_back(const struct way *way, int l)
{
    const struct model *model = way->pass->model;
    struct layer_memory *m = &way->pass->layer[l];
    int q = model_site_of(model, SITE_Q, l), d = model->conf.width;
    float *const *grad = way->sink->other + model_other_of(0, l);
    const float *const *other = way->weights->other + model_other_of(0, l);
    for (int part = 0; part < 3; part++) {
        struct mat dy = mat_cols(way->dqkv, part * d, d);
        give(way, q + part, m->norm1, dy);
        linear_bias_gradient(grad[Q_BIAS + part], dy);
    }
    if (way->lowest >= l * DEPTHS + (int)AT_QKV)
        return;
    struct mat joined = qkv_joined(way->weights, q);
    if (joined.at)
        linalg_gemm(way->dnorm, 1.0F, way->dqkv, PLAIN, joined, PLAIN, 0.0F);
    for (int part = 0; !joined.at && part < 3; part++)
        linalg_gemm(way->dnorm, 1.0F, mat_cols(way->dqkv, part * d, d), PLAIN,
                    way->weights->site[q + part], PLAIN,
                    part == 0 ? 0.0F : 1.0F);
    add_norm_back(way, m->in, m->mean1, m->rstd1, other[NORM1_GAIN],
                  grad[NORM1_GAIN], grad[NORM1_BIAS]);
}

static void attend_back(const struct way *way, int l)
{
    const struct model *model = way->pass->model;
    struct layer_memory *m = &way->pass->layer[l];
    int o = model_site_of(model, SITE_O, l);
    float *const *grad = way->sink->other + model_other_of(0, l);
    struct mat dy = product_back(way, l, INSERT_ATTENTION, way->dqkv.at);
    give(way, o, m->mixed, dy);
    linear_bias_gradient(grad[O_BIAS], dy);
    if (way->lowest >= l * DEPTHS + (int)AT_O)
        return;
    linalg_gemm(way->dnorm, 1.0F, dy, PLAIN, way->weights->site[o], PLAIN,
                0.0F);
    attention_backward(way->dqkv, way->dnorm, m->qkv, m->probability,
                       way->slice, model->conf.heads, way->square);
    qkv_back(way, l);
}

/* dh from dtop: the final norm, at the rows that had a target. */
static void top_back(const struct way *way)
{
    struct pass *pass = way->pass;
    int last = model_last_norm(pass->model);
    size_t d = (size_t)way->dh.cols;
    mat_zero(way->dh);
    for (int i = 0; i < pass->rows; i++)
        vec_norm_grad(mat_row(way->dh, pass->row[i]), way->sink->other[last],
                      way->sink->other[last + 1], mat_row(pass->dtop, i),
                      mat_row(pass->out, pass->row[i]),
                      way->weights->other[last], pass->mean[i], pass->rstd[i],
                      d);
}

static void embed_back(const struct way *way)
{
    float *embed = way->sink->other[OTHER_AT_EMBED];
    float *position = way->sink->other[OTHER_AT_POSITION];
    const struct batch *slice = way->slice;
    size_t d = (size_t)way->dh.cols;
    if (is_inserted(way, INSERT_EMBED))
        branch_back(way, -1, INSERT_EMBED, way->dh);
    if (!embed && !position)
        return;
    for (int s = 0; s < slice->sequences; s++) {
        size_t at = 0; /* position of real tokens */
        for (int t = slice->start[s]; t < slice->start[s + 1]; t++) {
            const float *row = mat_row(way->dh, t);
            if (slice->id[t] < 0)
                continue;
            if (embed)
                vec_add(embed + (size_t)slice->id[t] * d, row, d);
            if (position)
                vec_add(position + at * d, row, d);
            at++;
        }
    }
}

static float *take_square(struct arena *arena, const struct batch *slice)
{
    size_t longest = 0;
    for (int s = 0; s < slice->sequences; s++) {
        size_t n = (size_t)(slice->start[s + 1] - slice->start[s]);
        longest = n > longest ? n : longest;
    }
    return arena_take(arena, longest * longest);
}

struct score pass_learn(struct pass *pass, const struct weights *weights,
                        const struct batch *slice, float scale,
                        const struct sink *sink)
{
    const struct model_conf *c = &pass->model->conf;
    assert(!pass->insert.forward == !sink->insert);
    slice = pass_layers(pass, weights, slice);
    pass_gather(pass, weights, slice);
    struct score score = pass_head(pass, weights, slice, scale, sink);
    int t = slice->tokens;
    struct way way = {.pass = pass,
                      .weights = weights,
                      .slice = slice,
                      .sink = sink,
                      .lowest = lowest_wanted(pass, sink),
                      .dh = pass_take(pass, t, c->width),
                      .dnorm = pass_take(pass, t, c->width),
                      .dwide = pass_take(pass, t, c->inner),
                      .dqkv = pass_take(pass, t, 3 * c->width),
                      .square = take_square(&pass->arena, slice)};
    top_back(&way);
    for (int l = c->layers - 1; l >= 0; l--) {
        if (way.lowest < (l + 1) * DEPTHS)
            feed_back(&way, l);
        if (way.lowest < l * DEPTHS + (int)AT_NORM2)
            attend_back(&way, l);
    }
    if (way.lowest < 0)
        embed_back(&way);
    return score;
}

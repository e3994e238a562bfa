/*
 * The way back: gradients of the residual stream from the top down, site by
 * site, no further down than the lowest thing that anybody wants.
 *
 * dh is the gradient of the stream; each half layer adds its branch's share:
 * d in = d out + norm'(W'(d out)).  With norms behind the sums dh goes through
 * them first: d in = dn + W'(dn), dn = norm'(d out).
 */
#include <assert.h>

#include "core/base/linalg.h"
#include "core/base/vecmath.h"
#include "core/model/attention.h"
#include "core/model/network.h"
#include "core/model/parts.h"
#include "core/model/pass.h"

/* How deep a thing lies, for "nothing below the lowest": the order in which
 * the way back reaches what it needs. */
enum depth {
    AT_IN, /* the norm in front of attention */
    AT_QKV,
    AT_O,
    AT_ATTENTION, /* inserted behind O */
    AT_MIDDLE,    /* the norm in front of up; post: behind attention */
    AT_UP,        /* and the gate */
    AT_DOWN,
    AT_MLP, /* inserted behind D, or behind the layer; post: its norm */
    DEPTHS
};

struct way { /* one walk back */
    struct pass *pass;
    const struct weights *weights;
    const struct batch *slice;
    const struct sink *sink;
    int lowest;        /* layer * DEPTHS + depth; -1: down to the embedding */
    struct mat dh;     /* (T, d) */
    struct mat dnorm;  /* (T, d), dmixed in the same place */
    struct mat dmixed; /* (T, q) */
    struct mat dwide;  /* (T, inner) */
    struct mat dgate;  /* (T, inner), where there is a gate */
    struct mat dqkv;   /* (T, q + 2 kv) */
    float *square;
};

static int site_depth(const struct site *site)
{
    static const enum depth depth[] = {AT_QKV, AT_QKV, AT_QKV, AT_O,
                                       AT_UP,  AT_UP,  AT_DOWN};
    return site->layer * DEPTHS +
           (site->kind == SITE_HEAD ? 0 : (int)depth[site->kind]);
}

static int other_depth(int layer, enum layer_other which, bool post)
{
    static const enum depth depth[LAYER_OTHERS] = {
        [NORM1_GAIN] = AT_IN,     [NORM1_BIAS] = AT_IN,
        [Q_BIAS] = AT_QKV,        [K_BIAS] = AT_QKV,
        [V_BIAS] = AT_QKV,        [O_BIAS] = AT_O,
        [Q_NORM_GAIN] = AT_QKV,   [K_NORM_GAIN] = AT_QKV,
        [NORM2_GAIN] = AT_MIDDLE, [NORM2_BIAS] = AT_MIDDLE,
        [GATE_BIAS] = AT_UP,      [UP_BIAS] = AT_UP,
        [DOWN_BIAS] = AT_DOWN};
    bool first = which == NORM1_GAIN || which == NORM1_BIAS;
    bool second = which == NORM2_GAIN || which == NORM2_BIAS;
    enum depth at = post && first    ? AT_MIDDLE
                    : post && second ? AT_MLP
                                     : depth[which];
    return layer * DEPTHS + (int)at;
}

/* Layer 0 has all that an inserting method has. */
static int lowest_inserted(const struct insert_shape *shape)
{
    if (shape->at[INSERT_EMBED])
        return -1;
    return shape->at[INSERT_ATTENTION] ? AT_ATTENTION : AT_MLP;
}

static float *gradient_of(const struct sink *sink, int index)
{
    return index < 0 ? NULL : sink->other[index];
}

/* Anything of the embedding. */
static bool wants_embedding(const struct model *model, const struct sink *sink)
{
    for (int i = 0; i < OUTER_LOW; i++)
        if (gradient_of(sink, model_outer(model, (enum outer_other)i)))
            return true;
    return false;
}

static int lowest_wanted(const struct pass *pass, const struct sink *sink)
{
    const struct model *model = pass->model;
    int lowest = sink->insert ? lowest_inserted(&pass->insert.shape)
                              : model->conf.layers * DEPTHS;
    if (wants_embedding(model, sink))
        return -1;
    for (int i = 0; i < model->site_count; i++)
        if (sink->wants[i] && site_depth(&model->site[i]) < lowest)
            lowest = site_depth(&model->site[i]);
    for (int l = 0; l < model->conf.layers; l++)
        for (int i = 0; i < LAYER_OTHERS; i++) {
            enum layer_other which = (enum layer_other)i;
            int depth = other_depth(l, which, model->conf.post_norm);
            if (depth < lowest &&
                gradient_of(sink, model_other_of(model, which, l)))
                lowest = depth;
        }
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

/* The others of a layer and where their gradients go. */
struct layer_side {
    struct layer_others value;
    float *grad[LAYER_OTHERS];
};

static struct layer_side side_of(const struct way *way, int l)
{
    const struct model *model = way->pass->model;
    struct layer_side side = {pass_others(model, way->weights, l), {NULL}};
    for (int i = 0; i < LAYER_OTHERS; i++)
        side.grad[i] = gradient_of(
            way->sink, model_other_of(model, (enum layer_other)i, l));
    return side;
}

/* dy (T, d) becomes norm'(dy); which: the gain, its bias follows. */
static void norm_back(const struct way *way, struct mat dy, struct mat x,
                      const float *mean, const float *rstd,
                      const struct layer_side *side, enum layer_other which)
{
    for (int t = 0; t < x.rows; t++) {
        float *row = mat_row(dy, t);
        norm_row_back(row, side->grad[which], side->grad[which + 1], row,
                      mat_row(x, t), side->value.at[which], mean[t], rstd[t],
                      &way->pass->model->conf);
    }
}

static void add_to_stream(const struct way *way)
{
    vec_add(way->dh.at, way->dnorm.at,
            (size_t)way->dh.rows * (size_t)way->dh.cols);
}

/* From dwide, the gradient of act, to dh at the middle of the layer. */
static void widen_back(const struct way *way, int l,
                       const struct layer_side *side)
{
    const struct model *model = way->pass->model;
    struct layer_memory *m = &way->pass->layer[l];
    bool gated = model->conf.gated, post = model->conf.post_norm;
    int up = model_site_of(model, SITE_UP, l);
    activate_back(way->dwide, way->dgate, m, &model->conf);
    if (gated) {
        give(way, up - 1, m->norm2, way->dgate);
        linear_bias_gradient(side->grad[GATE_BIAS], way->dgate);
    }
    give(way, up, m->norm2, way->dwide);
    linear_bias_gradient(side->grad[UP_BIAS], way->dwide);
    if (way->lowest >= l * DEPTHS + (int)AT_UP)
        return;
    linalg_gemm(way->dnorm, 1.0F, way->dwide, PLAIN, way->weights->site[up],
                PLAIN, 0.0F);
    if (gated)
        linalg_gemm(way->dnorm, 1.0F, way->dgate, PLAIN,
                    way->weights->site[up - 1], PLAIN, 1.0F);
    if (!post)
        norm_back(way, way->dnorm, m->mid, m->mean2, m->rstd2, side,
                  NORM2_GAIN);
    add_to_stream(way);
    if (post)
        norm_back(way, way->dh, m->sum1, m->mean1, m->rstd1, side, NORM1_GAIN);
}

static void feed_back(const struct way *way, int l)
{
    const struct model *model = way->pass->model;
    struct layer_memory *m = &way->pass->layer[l];
    struct layer_side side = side_of(way, l);
    int down = model_site_of(model, SITE_DOWN, l);
    if (is_inserted(way, INSERT_LAYER))
        branch_back(way, l, INSERT_LAYER, way->dh);
    if (model->conf.post_norm)
        norm_back(way, way->dh, m->sum2, m->mean2, m->rstd2, &side, NORM2_GAIN);
    struct mat dy = product_back(way, l, INSERT_MLP, way->dnorm.at);
    give(way, down, m->act, dy);
    linear_bias_gradient(side.grad[DOWN_BIAS], dy);
    if (way->lowest >= l * DEPTHS + (int)AT_DOWN)
        return;
    linalg_gemm(way->dwide, 1.0F, dy, PLAIN, way->weights->site[down], PLAIN,
                0.0F);
    widen_back(way, l, &side);
}

static void qkv_back(const struct way *way, int l,
                     const struct layer_side *side)
{
    const struct model *model = way->pass->model;
    struct layer_memory *m = &way->pass->layer[l];
    int q = model_site_of(model, SITE_Q, l);
    turn_backward(way->pass, way->dqkv, m, &side->value,
                  side->grad[Q_NORM_GAIN], side->grad[K_NORM_GAIN]);
    for (int part = 0; part < 3; part++) {
        struct mat dy = qkv_part(way->dqkv, &model->conf, part);
        give(way, q + part, m->norm1, dy);
        linear_bias_gradient(side->grad[Q_BIAS + part], dy);
    }
    if (way->lowest >= l * DEPTHS + (int)AT_QKV)
        return;
    struct mat joined = qkv_joined(way->weights, q);
    if (joined.at)
        linalg_gemm(way->dnorm, 1.0F, way->dqkv, PLAIN, joined, PLAIN, 0.0F);
    for (int part = 0; !joined.at && part < 3; part++)
        linalg_gemm(way->dnorm, 1.0F, qkv_part(way->dqkv, &model->conf, part),
                    PLAIN, way->weights->site[q + part], PLAIN,
                    part == 0 ? 0.0F : 1.0F);
    if (!model->conf.post_norm)
        norm_back(way, way->dnorm, m->in, m->mean1, m->rstd1, side, NORM1_GAIN);
    add_to_stream(way);
}

static void attend_back(const struct way *way, int l)
{
    const struct model *model = way->pass->model;
    struct layer_memory *m = &way->pass->layer[l];
    struct layer_side side = side_of(way, l);
    int o = model_site_of(model, SITE_O, l);
    struct mat dy = product_back(way, l, INSERT_ATTENTION, way->dqkv.at);
    give(way, o, m->mixed, dy);
    linear_bias_gradient(side.grad[O_BIAS], dy);
    if (way->lowest >= l * DEPTHS + (int)AT_O)
        return;
    linalg_gemm(way->dmixed, 1.0F, dy, PLAIN, way->weights->site[o], PLAIN,
                0.0F);
    attention_backward(way->dqkv, way->dmixed, m->qkv, m->probability,
                       way->slice, &model->conf, way->square);
    qkv_back(way, l, &side);
}

static void embed_norm_back(const struct way *way, int t)
{
    struct pass *pass = way->pass;
    const struct model *model = pass->model;
    int gain = model_outer(model, EMBED_GAIN);
    int bias = model_outer(model, EMBED_BIAS);
    float *row = mat_row(way->dh, t);
    norm_row_back(row, gradient_of(way->sink, gain),
                  gradient_of(way->sink, bias), row, mat_row(pass->embedded, t),
                  way->weights->other[gain], pass->mean[t], pass->rstd[t],
                  &model->conf);
}

/* One token's row, to the tables it was taken from. */
static void token_back(const struct way *way, int t, size_t position)
{
    const struct model *model = way->pass->model;
    const struct batch *slice = way->slice;
    const struct sink *sink = way->sink;
    size_t d = (size_t)way->dh.cols;
    float *embed = sink->other[OTHER_AT_EMBED];
    float *positions = gradient_of(sink, model_outer(model, POSITION));
    float *types = gradient_of(sink, model_outer(model, TYPE));
    const float *row = mat_row(way->dh, t);
    if (embed)
        vec_add(embed + (size_t)slice->id[t] * d, row, d);
    if (positions)
        vec_add(positions + (position + (size_t)model->conf.skip) * d, row, d);
    if (types)
        vec_add(types + (slice->type ? (size_t)slice->type[t] * d : 0), row, d);
}

static void embed_back(const struct way *way)
{
    const struct batch *slice = way->slice;
    const struct model *model = way->pass->model;
    if (is_inserted(way, INSERT_EMBED))
        branch_back(way, -1, INSERT_EMBED, way->dh);
    if (!wants_embedding(model, way->sink))
        return;
    for (int s = 0; s < slice->sequences; s++) {
        size_t position = 0; /* of real tokens */
        for (int t = slice->start[s]; t < slice->start[s + 1]; t++) {
            if (slice->id[t] < 0)
                continue;
            if (model->conf.post_norm)
                embed_norm_back(way, t);
            token_back(way, t, position++);
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

static void make_room(struct way *way)
{
    struct pass *pass = way->pass;
    const struct model_conf *c = &pass->model->conf;
    int t = way->slice->tokens, d = c->width, q = conf_q_width(c);
    way->dh = pass_take(pass, t, d);
    struct mat wide = pass_take(pass, t, q > d ? q : d);
    way->dnorm = mat_of(wide.at, t, d);
    way->dmixed = mat_of(wide.at, t, q);
    way->dwide = pass_take(pass, t, c->inner);
    if (c->gated)
        way->dgate = pass_take(pass, t, c->inner);
    int qkv = conf_qkv_width(c);
    struct mat wide_qkv = pass_take(pass, t, qkv > d ? qkv : d);
    way->dqkv = mat_of(wide_qkv.at, t, qkv);
    way->square = take_square(&pass->arena, way->slice);
}

struct score transformer_learn(struct pass *pass, const struct weights *weights,
                               const struct batch *slice, float scale,
                               const struct sink *sink)
{
    const struct model_conf *c = &pass->model->conf;
    assert(!pass->insert.forward == !sink->insert);
    slice = pass_layers(pass, weights, slice);
    pass_gather(pass, weights, slice);
    struct score score = pass_head(pass, weights, slice, scale, sink);
    struct way way = {.pass = pass,
                      .weights = weights,
                      .slice = slice,
                      .sink = sink,
                      .lowest = lowest_wanted(pass, sink)};
    make_room(&way);
    top_backward(pass, weights, way.dh, sink);
    for (int l = c->layers - 1; l >= 0; l--) {
        if (way.lowest < (l + 1) * DEPTHS)
            feed_back(&way, l);
        if (way.lowest < l * DEPTHS + (int)AT_MIDDLE)
            attend_back(&way, l);
    }
    if (way.lowest < 0)
        embed_back(&way);
    return score;
}

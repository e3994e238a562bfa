/*
 * The forward pass.  Equations in transformer.h; the memory is in memory.c,
 * the head in head.c, the way back in transformer_backward.c.
 */
#include "core/model/transformer.h"

#include <assert.h>
#include <string.h>

#include "core/base/linalg.h"
#include "core/base/vecmath.h"
#include "core/model/attention.h"
#include "core/model/cache.h"
#include "core/model/network.h"
#include "core/model/parts.h"
#include "core/model/pass.h"

void pass_insert(struct pass *pass, struct insert insert)
{
    pass->insert = insert;
}

void pass_after(const struct pass *pass, int site, struct mat x, struct mat y)
{
    if (pass->insert.after)
        pass->insert.after(pass->insert.ctx, site, x, y);
}

void pass_branch(const struct pass *pass, int layer, enum insert_place place,
                 struct mat y, const struct batch *slice)
{
    const struct insert *insert = &pass->insert;
    if (!insert->shape.at[place])
        return;
    const struct layer_memory *m = &pass->layer[layer < 0 ? 0 : layer];
    insert->forward(insert->ctx, layer, place, y, slice, m->kept[place]);
}

struct mat qkv_joined(const struct weights *weights, int q_site)
{
    struct mat q = weights->site[q_site], k = weights->site[q_site + 1],
               v = weights->site[q_site + 2];
    size_t q_size = (size_t)q.rows * (size_t)q.ld;
    size_t k_size = (size_t)k.rows * (size_t)k.ld;
    bool joined = k.at == q.at + q_size && v.at == k.at + k_size &&
                  k.ld == q.ld && v.ld == q.ld;
    return joined ? (struct mat){q.at, q.rows + k.rows + v.rows, q.cols, q.ld}
                  : (struct mat){0};
}

struct layer_others pass_others(const struct model *model,
                                const struct weights *weights, int layer)
{
    struct layer_others others;
    for (int i = 0; i < LAYER_OTHERS; i++) {
        int index = model_other_of(model, (enum layer_other)i, layer);
        others.at[i] = index < 0 ? NULL : weights->other[index];
    }
    return others;
}

const float *pass_outer(const struct model *model,
                        const struct weights *weights, enum outer_other which)
{
    int index = model_outer(model, which);
    return index < 0 ? NULL : weights->other[index];
}

/* Every row becomes the bias, to be added to; false: there is none. */
static bool fill_bias(struct mat y, const float *bias)
{
    for (int t = 0; bias && t < y.rows; t++)
        memcpy(mat_row(y, t), bias, (size_t)y.cols * sizeof *bias);
    return bias;
}

void linear_forward(struct mat y, struct mat x, struct mat w, const float *bias)
{
    float before = fill_bias(y, bias) ? 1.0F : 0.0F;
    linalg_apply(y, 1.0F, x, w, TRANSPOSED, before);
}

void linear_bias_gradient(float *gradient, struct mat dy)
{
    for (int t = 0; gradient && t < dy.rows; t++)
        vec_add(gradient, mat_row(dy, t), (size_t)dy.cols);
}

static void embed_token(float *row, const struct pass *pass,
                        const struct weights *w, const struct batch *slice,
                        int t, size_t position)
{
    const struct model *model = pass->model;
    size_t d = (size_t)model->conf.width;
    const float *positions = pass_outer(model, w, POSITION);
    const float *types = pass_outer(model, w, TYPE);
    memcpy(row, w->other[OTHER_AT_EMBED] + (size_t)slice->id[t] * d,
           d * sizeof *row);
    if (positions)
        vec_add(row, positions + (position + (size_t)model->conf.skip) * d, d);
    if (types)
        vec_add(row, types + (slice->type ? (size_t)slice->type[t] * d : 0), d);
}

/* The norm of the embedding, of real tokens alone. */
static void norm_embedded(struct mat h, struct pass *pass,
                          const struct weights *w, int t)
{
    const struct model *model = pass->model;
    struct mat row = mat_rows(pass->embedded, t, 1);
    mat_copy(row, mat_rows(h, t, 1));
    norm_rows(mat_rows(h, t, 1), &pass->mean[t], &pass->rstd[t], row,
              pass_outer(model, w, EMBED_GAIN),
              pass_outer(model, w, EMBED_BIAS), &model->conf);
}

static void embed(struct mat h, struct pass *pass, const struct weights *w,
                  const struct batch *slice)
{
    for (int s = 0; s < slice->sequences; s++) {
        /* of real tokens */
        size_t position =
            pass->cache ? (size_t)cache_position(pass->cache, s) : 0;
        for (int t = slice->start[s]; t < slice->start[s + 1]; t++) {
            if (slice->id[t] < 0) {
                memset(mat_row(h, t), 0, (size_t)h.cols * sizeof(float));
                continue;
            }
            embed_token(mat_row(h, t), pass, w, slice, t, position++);
            if (pass->model->conf.post_norm)
                norm_embedded(h, pass, w, t);
        }
    }
}

static void add_rows(struct mat y, struct mat x)
{
    vec_add(y.at, x.at, (size_t)x.rows * (size_t)x.cols);
}

/* The columns of q, k or v: part 0, 1, 2. */
struct mat qkv_part(struct mat qkv, const struct model_conf *c, int part)
{
    int q = conf_q_width(c), kv = conf_kv_width(c);
    return part == 0 ? mat_cols(qkv, 0, q)
                     : mat_cols(qkv, q + (part - 1) * kv, kv);
}

/* qkv = norm1 (Wq, Wk, Wv)^T + biases, at once where they lie side by side. */
static void project(struct pass *pass, const struct weights *w, int l,
                    const struct layer_others *other)
{
    struct layer_memory *m = &pass->layer[l];
    const struct model_conf *c = &pass->model->conf;
    int site = model_site_of(pass->model, SITE_Q, l);
    float before = 0;
    for (int part = 0; part < 3; part++)
        before = fill_bias(qkv_part(m->qkv, c, part), other->at[Q_BIAS + part])
                     ? 1.0F
                     : 0.0F;
    struct mat joined = qkv_joined(w, site);
    if (joined.at)
        linalg_apply(m->qkv, 1.0F, m->norm1, joined, TRANSPOSED, before);
    for (int part = 0; !joined.at && part < 3; part++)
        linalg_apply(qkv_part(m->qkv, c, part), 1.0F, m->norm1,
                     w->site[site + part], TRANSPOSED, before);
    for (int part = 0; part < 3; part++)
        pass_after(pass, site + part, m->norm1, qkv_part(m->qkv, c, part));
}

/* pre: mid = in + O(attention(norm1(in))); post: norm1 of the sum. */
static void attend(struct pass *pass, const struct weights *w, int l,
                   const struct batch *slice)
{
    struct layer_memory *m = &pass->layer[l];
    const struct model_conf *c = &pass->model->conf;
    int o = model_site_of(pass->model, SITE_O, l);
    struct layer_others other = pass_others(pass->model, w, l);
    if (!c->post_norm)
        norm_rows(m->norm1, m->mean1, m->rstd1, m->in, other.at[NORM1_GAIN],
                  other.at[NORM1_BIAS], c);
    project(pass, w, l, &other);
    turn_forward(pass, m, &other);
    if (pass->cache)
        cache_attention(pass->cache, l, m->mixed, m->probability, m->qkv,
                        slice);
    else
        attention_forward(m->mixed, m->probability, m->qkv, slice, c);
    linear_forward(m->sum1, m->mixed, w->site[o], other.at[O_BIAS]);
    pass_after(pass, o, m->mixed, m->sum1);
    pass_branch(pass, l, INSERT_ATTENTION, m->sum1, slice);
    add_rows(m->sum1, m->in);
    if (c->post_norm)
        norm_rows(m->mid, m->mean1, m->rstd1, m->sum1, other.at[NORM1_GAIN],
                  other.at[NORM1_BIAS], c);
}

static void widen(struct pass *pass, const struct weights *w, int l,
                  enum site_kind kind, struct mat y, const float *bias)
{
    struct mat x = pass->layer[l].norm2;
    int site = model_site_of(pass->model, kind, l);
    linear_forward(y, x, w->site[site], bias);
    pass_after(pass, site, x, y);
}

/* pre: out = mid + D(f(U(norm2(mid)))); post: norm2 of the sum. */
static void feed(struct pass *pass, const struct weights *w, int l,
                 const struct batch *slice)
{
    struct layer_memory *m = &pass->layer[l];
    const struct model_conf *c = &pass->model->conf;
    int down = model_site_of(pass->model, SITE_DOWN, l);
    struct layer_others other = pass_others(pass->model, w, l);
    if (!c->post_norm)
        norm_rows(m->norm2, m->mean2, m->rstd2, m->mid, other.at[NORM2_GAIN],
                  other.at[NORM2_BIAS], c);
    if (c->gated)
        widen(pass, w, l, SITE_GATE, m->gate, other.at[GATE_BIAS]);
    widen(pass, w, l, SITE_UP, m->up, other.at[UP_BIAS]);
    activate(m, c);
    linear_forward(m->sum2, m->act, w->site[down], other.at[DOWN_BIAS]);
    pass_after(pass, down, m->act, m->sum2);
    pass_branch(pass, l, INSERT_MLP, m->sum2, slice);
    add_rows(m->sum2, m->mid);
    if (c->post_norm)
        norm_rows(m->out, m->mean2, m->rstd2, m->sum2, other.at[NORM2_GAIN],
                  other.at[NORM2_BIAS], c);
    pass_branch(pass, l, INSERT_LAYER, m->out, slice);
}

const struct batch *pass_layers(struct pass *pass,
                                const struct weights *weights,
                                const struct batch *slice)
{
    assert(slice->tokens > 0);
    slice = pass_lengthen(pass, slice);
    pass_lay_out(pass, slice);
    embed(pass->layer[0].in, pass, weights, slice);
    pass_branch(pass, -1, INSERT_EMBED, pass->layer[0].in, slice);
    for (int l = 0; l < pass->model->conf.layers; l++) {
        attend(pass, weights, l, slice);
        feed(pass, weights, l, slice);
    }
    return slice;
}

struct score transformer_score(struct pass *pass, const struct weights *weights,
                               const struct batch *slice)
{
    slice = pass_layers(pass, weights, slice);
    pass_gather(pass, weights, slice);
    return pass_head(pass, weights, slice, 0.0F, NULL);
}

void transformer_logits(struct pass *pass, const struct weights *weights,
                        const struct batch *slice, struct mat logits)
{
    const struct model *model = pass->model;
    int head = model->site_count - 1;
    const struct batch *ran = pass_layers(pass, weights, slice);
    pass_reserve_rows(pass, slice->tokens);
    for (int t = 0; t < slice->tokens; t++)
        pass->row[t] = ran == slice ? t : pass->longer.from[t];
    pass->rows = slice->tokens;
    top_forward(pass, weights);
    linalg_gemm(logits, 1.0F, pass->top.out, PLAIN, weights->site[head],
                TRANSPOSED, 0.0F);
    head_finish(pass, weights, pass->top.out, logits);
}

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
    size_t size = (size_t)q.rows * (size_t)q.ld;
    bool joined = k.at == q.at + size && v.at == k.at + size && k.ld == q.ld &&
                  v.ld == q.ld;
    return joined ? (struct mat){q.at, 3 * q.rows, q.cols, q.ld}
                  : (struct mat){0};
}

void linear_forward(struct mat y, struct mat x, struct mat w, const float *bias)
{
    for (int t = 0; t < y.rows; t++)
        memcpy(mat_row(y, t), bias, (size_t)y.cols * sizeof *bias);
    linalg_apply(y, 1.0F, x, w, TRANSPOSED, 1.0F);
}

void linear_bias_gradient(float *gradient, struct mat dy)
{
    for (int t = 0; gradient && t < dy.rows; t++)
        vec_add(gradient, mat_row(dy, t), (size_t)dy.cols);
}

/* Where the stream goes after layer l. */
static struct mat stream_after(struct pass *pass, int l)
{
    return l + 1 < pass->model->conf.layers ? pass->layer[l + 1].in : pass->out;
}

static void embed(struct mat h, const struct weights *weights,
                  const struct cache *cache, const struct batch *slice)
{
    size_t d = (size_t)h.cols;
    for (int s = 0; s < slice->sequences; s++) {
        /* of real tokens */
        size_t position = cache ? (size_t)cache_position(cache, s) : 0;
        for (int t = slice->start[s]; t < slice->start[s + 1]; t++) {
            float *row = mat_row(h, t);
            if (slice->id[t] < 0) {
                memset(row, 0, d * sizeof *row);
                continue;
            }
            memcpy(row,
                   weights->other[OTHER_AT_EMBED] + (size_t)slice->id[t] * d,
                   d * sizeof *row);
            vec_add(row, weights->other[OTHER_AT_POSITION] + position++ * d, d);
        }
    }
}

static void norm_rows(struct mat y, float *mean, float *rstd, struct mat x,
                      const float *gain, const float *bias, float eps)
{
    for (int t = 0; t < x.rows; t++)
        vec_norm(mat_row(y, t), &mean[t], &rstd[t], mat_row(x, t), gain, bias,
                 eps, (size_t)x.cols);
}

static void add_rows(struct mat y, struct mat x)
{
    vec_add(y.at, x.at, (size_t)x.rows * (size_t)x.cols);
}

/* mid = in + O(attention(norm1(in))) */
static void attend(struct pass *pass, const struct weights *w, int l,
                   const struct batch *slice)
{
    struct layer_memory *m = &pass->layer[l];
    const struct model_conf *c = &pass->model->conf;
    int site = model_site_of(pass->model, SITE_Q, l), d = c->width;
    const float *const *other = w->other + model_other_of(0, l);
    norm_rows(m->norm1, m->mean1, m->rstd1, m->in, other[NORM1_GAIN],
              other[NORM1_BIAS], c->norm_eps);
    struct mat joined = qkv_joined(w, site);
    for (int t = 0; t < m->qkv.rows; t++)
        for (int part = 0; part < 3; part++)
            memcpy(mat_row(m->qkv, t) + part * d, other[Q_BIAS + part],
                   (size_t)d * sizeof(float));
    if (joined.at)
        linalg_apply(m->qkv, 1.0F, m->norm1, joined, TRANSPOSED, 1.0F);
    for (int part = 0; !joined.at && part < 3; part++)
        linalg_apply(mat_cols(m->qkv, part * d, d), 1.0F, m->norm1,
                     w->site[site + part], TRANSPOSED, 1.0F);
    for (int part = 0; part < 3; part++)
        pass_after(pass, site + part, m->norm1, mat_cols(m->qkv, part * d, d));
    if (pass->cache)
        cache_attention(pass->cache, l, m->mixed, m->probability, m->qkv,
                        slice);
    else
        attention_forward(m->mixed, m->probability, m->qkv, slice, c->heads);
    linear_forward(m->mid, m->mixed, w->site[site + 3], other[O_BIAS]);
    pass_after(pass, site + 3, m->mixed, m->mid);
    pass_branch(pass, l, INSERT_ATTENTION, m->mid, slice);
    add_rows(m->mid, m->in);
}

/* next = mid + D(gelu(U(norm2(mid)))) */
static void feed(struct pass *pass, const struct weights *w, int l,
                 const struct batch *slice)
{
    struct layer_memory *m = &pass->layer[l];
    const struct model_conf *c = &pass->model->conf;
    int site = model_site_of(pass->model, SITE_UP, l);
    const float *const *other = w->other + model_other_of(0, l);
    struct mat next = stream_after(pass, l);
    norm_rows(m->norm2, m->mean2, m->rstd2, m->mid, other[NORM2_GAIN],
              other[NORM2_BIAS], c->norm_eps);
    linear_forward(m->up, m->norm2, w->site[site], other[UP_BIAS]);
    pass_after(pass, site, m->norm2, m->up);
    size_t count = (size_t)m->up.rows * (size_t)m->up.cols;
    if (c->activation == GELU_TANH)
        vec_gelu_tanh(m->act.at, m->up.at, count);
    else
        vec_gelu_erf(m->act.at, m->up.at, count);
    linear_forward(next, m->act, w->site[site + 1], other[DOWN_BIAS]);
    pass_after(pass, site + 1, m->act, next);
    pass_branch(pass, l, INSERT_MLP, next, slice);
    add_rows(next, m->mid);
    pass_branch(pass, l, INSERT_LAYER, next, slice);
}

const struct batch *pass_layers(struct pass *pass,
                                const struct weights *weights,
                                const struct batch *slice)
{
    assert(slice->tokens > 0);
    slice = pass_lengthen(pass, slice);
    pass_lay_out(pass, slice);
    embed(pass->layer[0].in, weights, pass->cache, slice);
    pass_branch(pass, -1, INSERT_EMBED, pass->layer[0].in, slice);
    for (int l = 0; l < pass->model->conf.layers; l++) {
        attend(pass, weights, l, slice);
        feed(pass, weights, l, slice);
    }
    return slice;
}

struct score pass_score(struct pass *pass, const struct weights *weights,
                        const struct batch *slice)
{
    slice = pass_layers(pass, weights, slice);
    pass_gather(pass, weights, slice);
    return pass_head(pass, weights, slice, 0.0F, NULL);
}

/* The stream at the rows that predict what follows each given token. */
static struct mat stream_at(struct pass *pass, const struct batch *given,
                            const struct batch *ran)
{
    if (ran == given)
        return pass->out;
    struct mat picked = pass_take(pass, given->tokens, pass->out.cols);
    for (int t = 0; t < given->tokens; t++)
        memcpy(mat_row(picked, t), mat_row(pass->out, pass->longer.from[t]),
               sizeof(float) * (size_t)picked.cols);
    return picked;
}

void pass_logits(struct pass *pass, const struct weights *weights,
                 const struct batch *slice, struct mat logits)
{
    const struct model *model = pass->model;
    struct mat out = stream_at(pass, slice, pass_layers(pass, weights, slice));
    struct mat top = pass_take(pass, slice->tokens, model->conf.width);
    float *mean = arena_take(&pass->arena, (size_t)slice->tokens);
    float *rstd = arena_take(&pass->arena, (size_t)slice->tokens);
    const float *const *last = weights->other + model_last_norm(model);
    norm_rows(top, mean, rstd, out, last[0], last[1], model->conf.norm_eps);
    linalg_gemm(logits, 1.0F, top, PLAIN, weights->site[model->site_count - 1],
                TRANSPOSED, 0.0F);
    pass_after(pass, model->site_count - 1, top, logits);
}

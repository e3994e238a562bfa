/*
 * The forward pass, and the memory of a pass.  Equations in transformer.h;
 * the head is in head.c, the way back in transformer_backward.c.
 */
#include "core/model/transformer.h"

#include <assert.h>
#include <string.h>

#include "core/base/linalg.h"
#include "core/base/vecmath.h"
#include "core/model/attention.h"
#include "core/model/pass.h"

struct pass *pass_new(const struct model *model)
{
    struct pass *pass = xcalloc(1, sizeof *pass);
    pass->model = model;
    pass->layer = xcalloc((size_t)model->conf.layers, sizeof *pass->layer);
    return pass;
}

void pass_free(struct pass *pass)
{
    if (!pass)
        return;
    arena_free(&pass->arena);
    mem_free(pass->layer);
    mem_free(pass->row);
    mem_free(pass);
}

void pass_insert(struct pass *pass, struct insert insert)
{
    pass->insert = insert;
}

void pass_after(const struct pass *pass, int site, struct mat x, struct mat y)
{
    if (pass->insert.after)
        pass->insert.after(pass->insert.ctx, site, x, y);
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
    linalg_gemm(y, 1.0F, x, PLAIN, w, TRANSPOSED, 1.0F);
}

void linear_bias_gradient(float *gradient, struct mat dy)
{
    for (int t = 0; gradient && t < dy.rows; t++)
        vec_add(gradient, mat_row(dy, t), (size_t)dy.cols);
}

/* Upper bound of the floats one pass over t tokens takes, backward's own
 * included (transformer_backward.c); squares: attention's weights, a layer. */
static size_t floats_needed(const struct model *model, size_t t, size_t squares)
{
    const struct model_conf *c = &model->conf;
    size_t d = (size_t)c->width, n = (size_t)c->inner,
           layers = (size_t)c->layers;
    size_t a_layer = t * (8 * d + 2 * n + 4) + squares + 13 * 16;
    size_t back = t * (6 * d + 2 * n) + squares + 16 * 16;
    size_t head =
        t * (2 * d + 2) + ((size_t)1 << 20) + 2 * (size_t)c->vocab + 8 * 16;
    return layers * a_layer + t * d + back + head;
}

size_t pass_bytes(const struct model *model, int sequences, int length)
{
    size_t t = (size_t)sequences * (size_t)length;
    size_t squares = t * (size_t)length * (size_t)model->conf.heads;
    return sizeof(float) * floats_needed(model, t, squares);
}

static struct mat take(struct arena *arena, int rows, int cols)
{
    return mat_of(arena_take(arena, (size_t)rows * (size_t)cols), rows, cols);
}

static void lay_out(struct pass *pass, const struct batch *slice)
{
    const struct model_conf *c = &pass->model->conf;
    size_t need = floats_needed(pass->model, (size_t)slice->tokens,
                                attention_floats(slice, c->heads));
    if (need > pass->arena.size) {
        arena_free(&pass->arena);
        int status = arena_init(&pass->arena, need + need / 4);
        assert(status == 0);
        (void)status;
    }
    struct arena *arena = &pass->arena;
    arena_back(arena, 0);
    int t = slice->tokens;
    for (int l = 0; l < c->layers; l++) {
        struct layer_memory *m = &pass->layer[l];
        m->in = take(arena, t, c->width);
        m->norm1 = take(arena, t, c->width);
        m->qkv = take(arena, t, 3 * c->width);
        m->mixed = take(arena, t, c->width);
        m->mid = take(arena, t, c->width);
        m->norm2 = take(arena, t, c->width);
        m->up = take(arena, t, c->inner);
        m->act = take(arena, t, c->inner);
        m->probability = arena_take(arena, attention_floats(slice, c->heads));
        m->mean1 = arena_take(arena, (size_t)t);
        m->rstd1 = arena_take(arena, (size_t)t);
        m->mean2 = arena_take(arena, (size_t)t);
        m->rstd2 = arena_take(arena, (size_t)t);
    }
    pass->out = take(arena, t, c->width);
}

/* Where the stream goes after layer l. */
static struct mat stream_after(struct pass *pass, int l)
{
    return l + 1 < pass->model->conf.layers ? pass->layer[l + 1].in : pass->out;
}

static void embed(struct mat h, const struct weights *weights,
                  const struct batch *slice)
{
    size_t d = (size_t)h.cols;
    for (int s = 0; s < slice->sequences; s++)
        for (int t = slice->start[s]; t < slice->start[s + 1]; t++) {
            int position = t - slice->start[s];
            float *row = mat_row(h, t);
            memcpy(row,
                   weights->other[OTHER_AT_EMBED] + (size_t)slice->id[t] * d,
                   d * sizeof *row);
            vec_add(row,
                    weights->other[OTHER_AT_POSITION] + (size_t)position * d,
                    d);
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
        linalg_gemm(m->qkv, 1.0F, m->norm1, PLAIN, joined, TRANSPOSED, 1.0F);
    for (int part = 0; !joined.at && part < 3; part++)
        linalg_gemm(mat_cols(m->qkv, part * d, d), 1.0F, m->norm1, PLAIN,
                    w->site[site + part], TRANSPOSED, 1.0F);
    for (int part = 0; part < 3; part++)
        pass_after(pass, site + part, m->norm1, mat_cols(m->qkv, part * d, d));
    attention_forward(m->mixed, m->probability, m->qkv, slice, c->heads);
    linear_forward(m->mid, m->mixed, w->site[site + 3], other[O_BIAS]);
    pass_after(pass, site + 3, m->mixed, m->mid);
    add_rows(m->mid, m->in);
}

/* next = mid + D(gelu(U(norm2(mid)))) */
static void feed(struct pass *pass, const struct weights *w, int l)
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
    add_rows(next, m->mid);
}

void pass_layers(struct pass *pass, const struct weights *weights,
                 const struct batch *slice)
{
    assert(slice->tokens > 0);
    lay_out(pass, slice);
    embed(pass->layer[0].in, weights, slice);
    for (int l = 0; l < pass->model->conf.layers; l++) {
        attend(pass, weights, l, slice);
        feed(pass, weights, l);
    }
}

struct score pass_score(struct pass *pass, const struct weights *weights,
                        const struct batch *slice)
{
    pass_layers(pass, weights, slice);
    pass_gather(pass, weights, slice);
    return pass_head(pass, weights, slice, 0.0F, NULL);
}

void pass_logits(struct pass *pass, const struct weights *weights,
                 const struct batch *slice, struct mat logits)
{
    pass_layers(pass, weights, slice);
    const struct model *model = pass->model;
    struct mat top = take(&pass->arena, slice->tokens, model->conf.width);
    float *mean = arena_take(&pass->arena, (size_t)slice->tokens);
    float *rstd = arena_take(&pass->arena, (size_t)slice->tokens);
    const float *const *last = weights->other + model_last_norm(model);
    norm_rows(top, mean, rstd, pass->out, last[0], last[1],
              model->conf.norm_eps);
    linalg_gemm(logits, 1.0F, top, PLAIN, weights->site[model->site_count - 1],
                TRANSPOSED, 0.0F);
    pass_after(pass, model->site_count - 1, top, logits);
}

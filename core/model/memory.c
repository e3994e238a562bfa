/*
 * The memory of a pass: one arena, sized before the first layer runs and cut
 * into windows.  Private to core/model.
 */
#include <assert.h>

#include "core/model/attention.h"
#include "core/model/cache.h"
#include "core/model/network.h"
#include "core/model/parts.h"
#include "core/model/pass.h"

void transformer_begin(struct pass *pass)
{
    size_t layers = (size_t)pass->model->conf.layers;
    pass->layer = xcalloc(layers, sizeof *pass->layer);
}

void pass_free(struct pass *pass)
{
    if (!pass)
        return;
    arena_free(&pass->arena);
    pass_longer_free(&pass->longer);
    mem_free(pass->layer);
    mem_free(pass->dense);
    mem_free(pass->row);
    mem_free(pass);
}

/* What an inserting method keeps of t tokens and needs on the way back. */
static size_t inserted(const struct insert_shape *shape, size_t t,
                       size_t layers)
{
    size_t a_token = 0;
    for (int p = 0; p < INSERT_PLACES; p++)
        a_token += (size_t)shape->keeps[p];
    return t * (layers * a_token + (size_t)shape->scratch);
}

/* Upper bound of the floats one pass over t tokens takes, backward's own
 * included (transformer_backward.c); squares: attention's weights, a layer. */
static size_t floats_needed(const struct model *model,
                            const struct insert_shape *shape, size_t t,
                            size_t squares)
{
    const struct model_conf *c = &model->conf;
    size_t d = (size_t)c->width, n = (size_t)c->inner,
           layers = (size_t)c->layers, q = (size_t)conf_q_width(c),
           qkv = (size_t)conf_qkv_width(c), gate = c->gated ? n : 0;
    size_t heads = c->head_norm ? qkv + (size_t)(c->heads + c->groups) : 0;
    size_t wide = q > d ? q : d, wide_qkv = qkv > d ? qkv : d;
    size_t a_layer =
        t * (4 * d + q + qkv + 2 * n + gate + heads + 4) + squares + 16 * 16;
    size_t back = t * (d + wide + wide_qkv + n + gate) + squares + 16 * 16;
    size_t ends = t * (d + 2 + (size_t)c->head_width) + 8 * 16;
    size_t head = t * (5 * d + 2) + ((size_t)1 << 20) +
                  2 * (size_t)conf_head_width(c) + 8 * 16;
    return layers * a_layer + t * d + ends + back + head +
           inserted(shape, t, layers);
}

size_t transformer_bytes(const struct model *model,
                         const struct insert_shape *shape, int sequences,
                         int length)
{
    static const struct insert_shape nothing;
    shape = shape ? shape : &nothing;
    size_t n = (size_t)length + (size_t)shape->prefix + (size_t)shape->infix;
    size_t t = (size_t)sequences * n;
    size_t squares = t * n * (size_t)model->conf.heads;
    return sizeof(float) * floats_needed(model, shape, t, squares);
}

struct mat pass_take(struct pass *pass, int rows, int cols)
{
    return mat_of(arena_take(&pass->arena, (size_t)rows * (size_t)cols), rows,
                  cols);
}

static void lay_out_layer(struct pass *pass, int l, int t, size_t squares)
{
    const struct model_conf *c = &pass->model->conf;
    struct layer_memory *m = &pass->layer[l];
    struct arena *arena = &pass->arena;
    bool post = c->post_norm;
    int d = c->width, qk = conf_q_width(c) + conf_kv_width(c);
    m->out = l + 1 < c->layers ? pass->layer[l + 1].in : pass->out;
    m->qkv = pass_take(pass, t, conf_qkv_width(c));
    m->mixed = pass_take(pass, t, conf_q_width(c));
    m->mid = pass_take(pass, t, d);
    m->norm1 = post ? m->in : pass_take(pass, t, d);
    m->norm2 = post ? m->mid : pass_take(pass, t, d);
    m->sum1 = post ? pass_take(pass, t, d) : m->mid;
    m->sum2 = post ? pass_take(pass, t, d) : m->out;
    m->up = pass_take(pass, t, c->inner);
    m->act = pass_take(pass, t, c->inner);
    m->gate = c->gated ? pass_take(pass, t, c->inner) : (struct mat){0};
    m->raw = c->head_norm ? pass_take(pass, t, qk) : (struct mat){0};
    size_t norms = c->head_norm ? (size_t)(c->heads + c->groups) : 0;
    m->rheads = arena_take(arena, (size_t)t * norms);
    m->probability = arena_take(arena, squares);
    m->mean1 = arena_take(arena, (size_t)t);
    m->rstd1 = arena_take(arena, (size_t)t);
    m->mean2 = arena_take(arena, (size_t)t);
    m->rstd2 = arena_take(arena, (size_t)t);
    for (int p = 0; p < INSERT_PLACES; p++)
        m->kept[p] =
            arena_take(arena, (size_t)t * (size_t)pass->insert.shape.keeps[p]);
}

void pass_lay_out(struct pass *pass, const struct batch *slice)
{
    const struct model_conf *c = &pass->model->conf;
    size_t squares = pass->cache ? cache_floats(pass->cache, slice)
                                 : attention_floats(slice, c->heads);
    size_t need = floats_needed(pass->model, &pass->insert.shape,
                                (size_t)slice->tokens, squares);
    if (need > pass->arena.size) {
        arena_free(&pass->arena);
        int status = arena_init(&pass->arena, need + need / 4);
        assert(status == 0);
        (void)status;
    }
    struct arena *arena = &pass->arena;
    arena_back(arena, 0);
    int t = slice->tokens;
    for (int l = 0; l < c->layers; l++)
        pass->layer[l].in = pass_take(pass, t, c->width);
    pass->out = pass_take(pass, t, c->width);
    for (int l = 0; l < c->layers; l++)
        lay_out_layer(pass, l, t, squares);
    if (c->post_norm) {
        pass->embedded = pass_take(pass, t, c->width);
        pass->mean = arena_take(arena, (size_t)t);
        pass->rstd = arena_take(arena, (size_t)t);
    }
    turn_prepare(pass, slice);
}

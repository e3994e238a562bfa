/*
 * The memory of a pass: one arena, sized before the first layer runs and cut
 * into windows.  Private to core/model.
 */
#include <assert.h>

#include "core/model/attention.h"
#include "core/model/cache.h"
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
    pass_longer_free(&pass->longer);
    mem_free(pass->layer);
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
           layers = (size_t)c->layers;
    size_t a_layer = t * (8 * d + 2 * n + 4) + squares + 13 * 16;
    size_t back = t * (6 * d + 2 * n) + squares + 16 * 16;
    size_t head =
        t * (2 * d + 2) + ((size_t)1 << 20) + 2 * (size_t)c->vocab + 8 * 16;
    return layers * a_layer + t * d + back + head + inserted(shape, t, layers);
}

size_t pass_bytes(const struct model *model, const struct insert_shape *shape,
                  int sequences, int length)
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
    for (int l = 0; l < c->layers; l++) {
        struct layer_memory *m = &pass->layer[l];
        m->in = pass_take(pass, t, c->width);
        m->norm1 = pass_take(pass, t, c->width);
        m->qkv = pass_take(pass, t, 3 * c->width);
        m->mixed = pass_take(pass, t, c->width);
        m->mid = pass_take(pass, t, c->width);
        m->norm2 = pass_take(pass, t, c->width);
        m->up = pass_take(pass, t, c->inner);
        m->act = pass_take(pass, t, c->inner);
        m->probability = arena_take(arena, squares);
        m->mean1 = arena_take(arena, (size_t)t);
        m->rstd1 = arena_take(arena, (size_t)t);
        m->mean2 = arena_take(arena, (size_t)t);
        m->rstd2 = arena_take(arena, (size_t)t);
        for (int p = 0; p < INSERT_PLACES; p++)
            m->kept[p] = arena_take(
                arena, (size_t)t * (size_t)pass->insert.shape.keeps[p]);
    }
    pass->out = pass_take(pass, t, c->width);
}

/*
 * See cache.h.  A lane points at a slot, so that beams can change places
 * without moving a byte; a slot is (layers, k and v, positions, kv): the
 * heads that k and v have, as they are when attention sees them.
 */
#include "core/model/cache.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "core/base/vecmath.h"
#include "core/model/parts.h"
#include "core/model/pass.h"

struct cache {
    const struct model *model;
    int lanes, positions; /* inserted rows included */
    int *slot, *length;   /* (lanes) */
    int *inserted;        /* (lanes) rows of length that are no tokens */
    int first;            /* lane of the slice's sequence 0, during a pass */
    float *at;            /* (lanes, layers, 2, positions, kv) */
};

static size_t slot_floats(const struct model *model, int positions)
{
    return (size_t)model->conf.layers * 2 * (size_t)positions *
           (size_t)conf_kv_width(&model->conf);
}

size_t cache_bytes(const struct model *model, int lanes, int positions)
{
    return (size_t)lanes * slot_floats(model, positions) * sizeof(float);
}

struct cache *cache_try_inserted(const struct model *model, int lanes,
                                 int positions, int inserted)
{
    assert(lanes >= 1 && positions >= 1 && positions <= model->conf.context);
    positions += inserted;
    float *at =
        mem_try((size_t)lanes, slot_floats(model, positions) * sizeof(float));
    if (!at)
        return NULL;
    struct cache *cache = xcalloc(1, sizeof *cache);
    int *slot = xcalloc(3 * (size_t)lanes, sizeof *slot);
    *cache = (struct cache){.model = model,
                            .lanes = lanes,
                            .positions = positions,
                            .slot = slot,
                            .length = slot + lanes,
                            .inserted = slot + 2 * lanes,
                            .at = at};
    for (int i = 0; i < lanes; i++)
        cache->slot[i] = i;
    return cache;
}

struct cache *cache_try(const struct model *model, int lanes, int positions)
{
    return cache_try_inserted(model, lanes, positions, 0);
}

void cache_free(struct cache *cache)
{
    if (!cache)
        return;
    mem_free(cache->at);
    mem_free(cache->slot);
    mem_free(cache);
}

int cache_length(const struct cache *cache, int lane)
{
    assert(lane >= 0 && lane < cache->lanes);
    return cache->length[lane] - cache->inserted[lane];
}

void cache_cut(struct cache *cache, int lane, int length)
{
    assert(length >= 0 && length <= cache_length(cache, lane));
    if (length == 0)
        cache->inserted[lane] = 0;
    cache->length[lane] = length + cache->inserted[lane];
}

/* part 0: keys, 1: values, as (rows, kv). */
static struct mat held(const struct cache *cache, int slot, int layer, int part,
                       int rows)
{
    int kv = conf_kv_width(&cache->model->conf);
    size_t one = (size_t)cache->positions * (size_t)kv;
    float *at = cache->at +
                (size_t)slot * slot_floats(cache->model, cache->positions) +
                (size_t)(2 * layer + part) * one;
    return mat_of(at, rows, kv);
}

static void copy_slot(struct cache *cache, int to, int from, int length)
{
    for (int l = 0; l < cache->model->conf.layers; l++)
        for (int part = 0; part < 2; part++)
            mat_copy(held(cache, to, l, part, length),
                     held(cache, from, l, part, length));
}

/* kept[s]: the first lane that takes slot s over as it is, or -1; spare: the
 * slots nobody keeps.  Returns how many those are. */
static int keep(const struct cache *cache, int *kept, int *spare,
                const int *from, int count)
{
    int spares = 0;
    for (int s = 0; s < cache->lanes; s++)
        kept[s] = -1;
    for (int i = count - 1; i >= 0; i--)
        kept[cache->slot[from[i]]] = i;
    for (int s = 0; s < cache->lanes; s++)
        if (kept[s] < 0)
            spare[spares++] = s;
    return spares;
}

void cache_gather(struct cache *cache, const int *from, int count)
{
    int lanes = cache->lanes;
    assert(count >= 0 && count <= lanes);
    int *slot = xcalloc(5 * (size_t)lanes, sizeof *slot);
    int *length = slot + lanes, *inserted = slot + 2 * lanes;
    int *kept = slot + 3 * lanes, *spare = slot + 4 * lanes;
    int spares = keep(cache, kept, spare, from, count);
    for (int i = 0; i < lanes; i++) {
        int old = i < count ? cache->slot[from[i]] : -1;
        length[i] = i < count ? cache->length[from[i]] : 0;
        inserted[i] = i < count ? cache->inserted[from[i]] : 0;
        slot[i] = old >= 0 && kept[old] == i ? old : spare[--spares];
        if (old >= 0 && slot[i] != old)
            copy_slot(cache, slot[i], old, length[i]);
    }
    memcpy(cache->slot, slot, (size_t)lanes * sizeof *slot);
    memcpy(cache->length, length, (size_t)lanes * sizeof *length);
    memcpy(cache->inserted, inserted, (size_t)lanes * sizeof *inserted);
    mem_free(slot);
}

int cache_position(const struct cache *cache, int s)
{
    return cache_length(cache, cache->first + s);
}

size_t cache_floats(const struct cache *cache, const struct batch *slice)
{
    size_t most = 0;
    for (int s = 0; s < slice->sequences; s++) {
        size_t n = (size_t)(slice->start[s + 1] - slice->start[s]);
        size_t need = n * ((size_t)cache->length[cache->first + s] + n);
        most = need > most ? need : most;
    }
    return most;
}

/* Row i sees the past and columns past .. past + i. */
static void causal_softmax(struct mat p, int past)
{
    for (int i = 0; i < p.rows; i++) {
        float *row = mat_row(p, i);
        (void)vec_softmax(row, (size_t)(past + i) + 1);
        memset(row + past + i + 1, 0,
               (size_t)(p.cols - past - i - 1) * sizeof *row);
    }
}

/* One sequence: q (n, q), k and v (n, kv) are its rows of qkv. */
static void attend(struct cache *cache, int layer, int lane, struct mat out,
                   float *scratch, struct mat q, struct mat k, struct mat v)
{
    const struct model_conf *c = &cache->model->conf;
    int size = c->head_width, share = c->heads / c->groups;
    int n = q.rows, past = cache->length[lane], slot = cache->slot[lane];
    assert(past + n <= cache->positions);
    struct mat keys = held(cache, slot, layer, 0, past + n);
    struct mat values = held(cache, slot, layer, 1, past + n);
    mat_copy(mat_rows(keys, past, n), k);
    mat_copy(mat_rows(values, past, n), v);
    struct mat p = mat_of(scratch, n, past + n);
    float scale = 1.0F / sqrtf((float)size);
    for (int h = 0; h < c->heads; h++) {
        int from = h / share * size;
        linalg_apply(p, scale, mat_cols(q, h * size, size),
                     mat_cols(keys, from, size), TRANSPOSED, 0.0F);
        causal_softmax(p, past);
        linalg_apply(mat_cols(out, h * size, size), 1.0F, p,
                     mat_cols(values, from, size), PLAIN, 0.0F);
    }
}

void cache_attention(struct cache *cache, int layer, struct mat out,
                     float *scratch, struct mat qkv, const struct batch *slice)
{
    int q = conf_q_width(&cache->model->conf);
    int kv = conf_kv_width(&cache->model->conf);
    for (int s = 0; s < slice->sequences; s++) {
        int from = slice->start[s], n = slice->start[s + 1] - from;
        struct mat rows = mat_rows(qkv, from, n);
        attend(cache, layer, cache->first + s, mat_rows(out, from, n), scratch,
               mat_cols(rows, 0, q), mat_cols(rows, q, kv),
               mat_cols(rows, q + kv, kv));
    }
}

void pass_extend(struct pass *pass, const struct weights *weights,
                 struct cache *cache, int first, const struct batch *slice,
                 struct mat logits)
{
    int head = pass->model->site_count - 1;
    assert(first >= 0 && first + slice->sequences <= cache->lanes);
    assert(!pass->model->conf.both_ways); /* what is held would change */
    cache->first = first;
    pass->cache = cache;
    const struct batch *ran = pass_layers(pass, weights, slice);
    pass->cache = NULL;
    for (int s = 0; s < slice->sequences; s++) {
        int given = slice->start[s + 1] - slice->start[s];
        int rows = ran->start[s + 1] - ran->start[s];
        cache->length[first + s] += rows;
        cache->inserted[first + s] += rows - given;
    }
    pass_gather(pass, weights, ran);
    linalg_apply(logits, 1.0F, pass->top.out, weights->site[head], TRANSPOSED,
                 0.0F);
    head_finish(pass, weights, pass->top.out, logits);
}

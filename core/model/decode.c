/*
 * See decode.h: the decoder's memory, reading texts through the cache, and
 * greedy or sampled writing of several texts side by side.
 */
#include "core/model/decode.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/vecmath.h"
#include "core/model/decode_private.h"

static int positions_of(const struct model *model, int tokens)
{
    int context = model->conf.context;
    return tokens < 1 ? 1 : tokens < context ? tokens : context;
}

/* A prompt alone, or one token of every lane, is all a pass ever sees. */
static size_t bytes_needed(const struct model *model,
                           const struct insert_shape *shape, int lanes,
                           int positions)
{
    return cache_bytes(model, lanes, positions + shape->prefix + shape->infix) +
           pass_bytes(model, shape, 1, positions) +
           pass_bytes(model, shape, lanes, 1) +
           ((size_t)lanes + 1) * (size_t)model->conf.vocab * sizeof(float);
}

size_t decoder_bytes(const struct model *model, int lanes, int tokens)
{
    struct insert_shape nothing = {.prefix = 0};
    return bytes_needed(model, &nothing, lanes, positions_of(model, tokens));
}

struct decoder *decoder_new(const struct model *model,
                            const struct weights *weights, int lanes,
                            int tokens, struct err *err)
{
    size_t need = decoder_bytes(model, lanes, tokens);
    int positions = positions_of(model, tokens);
    struct cache *cache =
        need <= mem_machine() ? cache_try(model, lanes, positions) : NULL;
    if (!cache) {
        err_set(err,
                "writing %d texts of %d tokens side by side needs %.1f GiB, "
                "more than this machine has; take a narrower beam or fewer "
                "tokens",
                lanes, positions, (double)need / (1 << 30));
        return NULL;
    }
    size_t room = (size_t)(positions > lanes ? positions : lanes);
    struct decoder *decoder = xcalloc(1, sizeof *decoder);
    *decoder = (struct decoder){
        .model = model,
        .weights = weights,
        .pass = pass_new(model),
        .cache = cache,
        .logits = mat_new(lanes, model->conf.vocab),
        .scratch = xcalloc((size_t)model->conf.vocab, sizeof(float)),
        .batch = {.start = xcalloc((size_t)lanes + 1, sizeof(int)),
                  .id = xcalloc(room, sizeof(int32_t)),
                  .target = xcalloc(room, sizeof(int32_t)),
                  .prompt = xcalloc((size_t)lanes, sizeof(int))},
        .lanes = lanes,
        .positions = positions,
    };
    return decoder;
}

void decoder_free(struct decoder *decoder)
{
    if (!decoder)
        return;
    batch_free(&decoder->batch);
    mem_free(decoder->scratch);
    mat_free(&decoder->logits);
    cache_free(decoder->cache);
    pass_free(decoder->pass);
    mem_free(decoder);
}

struct pass *decoder_pass(struct decoder *decoder)
{
    return decoder->pass;
}

int decoder_insert(struct decoder *decoder, struct insert insert,
                   struct err *err)
{
    const struct insert_shape *shape = &insert.shape;
    int rows = shape->prefix + shape->infix;
    size_t need =
        bytes_needed(decoder->model, shape, decoder->lanes, decoder->positions);
    struct cache *cache =
        need <= mem_machine()
            ? cache_try_inserted(decoder->model, decoder->lanes,
                                 decoder->positions, rows)
            : NULL;
    if (!cache)
        return err_set(err,
                       "writing %d texts side by side with %d inserted rows "
                       "needs %.1f GiB, more than this machine has",
                       decoder->lanes, rows, (double)need / (1 << 30));
    cache_free(decoder->cache);
    decoder->cache = cache;
    pass_insert(decoder->pass, insert);
    return 0;
}

int decode_lanes(const struct decode_conf *conf, int texts)
{
    return conf->beam > 1 ? conf->beam + 1 : texts;
}

double decode_score(double nats, int n, double length_penalty)
{
    return -nats / pow((5 + n) / 6.0, length_penalty);
}

/* What the cache does not hold of a text's last positions. */
static struct decode_view unread(struct decoder *d, struct decode_view text,
                                 int lane)
{
    if (text.count > d->model->conf.context) {
        cache_cut(d->cache, lane, 0); /* every position has changed */
        int gone = text.count - d->model->conf.context;
        text.ids += gone;
        text.count = d->model->conf.context;
        text.prompt = text.prompt > gone ? text.prompt - gone : 1;
    }
    int held = cache_length(d->cache, lane);
    return (struct decode_view){text.ids + held, text.count - held,
                                text.prompt};
}

static void batch_append(struct batch *batch, struct decode_view text)
{
    assert(text.count >= 1);
    memcpy(batch->id + batch->tokens, text.ids,
           (size_t)text.count * sizeof *text.ids);
    for (int i = 0; i < text.count; i++)
        batch->target[batch->tokens++] = -1;
    batch->target[batch->tokens - 1] = 0; /* its logits are wanted */
    batch->prompt[batch->sequences] = text.prompt;
    batch->start[++batch->sequences] = batch->tokens;
}

void decoder_read(struct decoder *d, const struct decode_view *texts, int count)
{
    int from = 0;
    batch_clear(&d->batch);
    for (int i = 0; i < count; i++) {
        struct decode_view text = unread(d, texts[i], i);
        batch_append(&d->batch, text);
        /* Lanes with one token each go together; prompts go alone, so that a
         * pass is never larger than decoder_bytes() says. */
        bool last = i + 1 == count ||
                    unread(d, texts[i + 1], i + 1).count > 1 || text.count > 1;
        if (!last)
            continue;
        pass_extend(d->pass, d->weights, d->cache, from, &d->batch,
                    mat_rows(d->logits, from, i + 1 - from));
        batch_clear(&d->batch);
        from = i + 1;
    }
}

/* Every token that would write an n-gram a second time. */
static void bar_repeats(float *logits, const int32_t *ids, int count, int n)
{
    const int32_t *tail = ids + count - (n - 1);
    for (int i = 0; n > 0 && i + n <= count; i++)
        if (memcmp(ids + i, tail, (size_t)(n - 1) * sizeof *ids) == 0)
            logits[ids[i + n - 1]] = -INFINITY;
}

static int largest(const float *logits, int vocab)
{
    int best = 0;
    for (int i = 1; i < vocab; i++)
        if (logits[i] > logits[best])
            best = i;
    return best;
}

struct next decoder_next(struct decoder *d, int lane, const int32_t *written,
                         int count, int no_repeat)
{
    float *logits = mat_row(d->logits, lane);
    int vocab = d->model->conf.vocab;
    memcpy(d->scratch, logits, (size_t)vocab * sizeof *logits);
    double all = (double)vec_softmax(d->scratch, (size_t)vocab);
    bar_repeats(logits, written, count, no_repeat);
    int best = largest(logits, vocab);
    return (struct next){all, logits[best] > -INFINITY ? best : -1};
}

/* logits become probabilities. */
static int sample(float *logits, int vocab, double temperature, struct rng *rng)
{
    vec_scale(logits, (float)(1.0 / temperature), (size_t)vocab);
    (void)vec_softmax(logits, (size_t)vocab);
    double left = rng_uniform(rng);
    for (int i = 0; i < vocab; i++) {
        left -= (double)logits[i];
        if (left < 0)
            return i;
    }
    return largest(logits, vocab); /* rounding: the sum fell short of 1 */
}

/* Token i of text number k; false: there is no more to write. */
static bool write_token(struct decoder *d, int lane, struct decode_text *text,
                        uint64_t k, int i, const struct decode_conf *conf)
{
    struct next next =
        decoder_next(d, lane, text->ids + text->prompt,
                     text->count - text->prompt, conf->no_repeat);
    if (next.best < 0)
        return false;
    int token = next.best, vocab = d->model->conf.vocab;
    memcpy(d->scratch, mat_row(d->logits, lane),
           (size_t)vocab * sizeof *d->scratch);
    if (conf->temperature > 0) {
        struct rng rng =
            rng_make(conf->seed, STREAM_SAMPLE, (k << 32) + (uint64_t)i);
        token = sample(d->scratch, vocab, conf->temperature, &rng);
    }
    text->nats += next.all - (double)mat_row(d->logits, lane)[token];
    text->ids[text->count++] = token;
    text->ended = token == conf->end;
    return !text->ended && text->count < text->room;
}

/* As many texts as there are lanes; number is that of the first. */
static void write_together(struct decoder *d, struct decode_text *texts,
                           int count, int number,
                           const struct decode_conf *conf)
{
    struct decode_view *view = xcalloc((size_t)count, sizeof *view);
    int *text_of = xcalloc(2 * (size_t)count, sizeof *text_of);
    int *from = text_of + count, alive = 0;
    cache_gather(d->cache, NULL, 0);
    for (int k = 0; k < count; k++)
        if (texts[k].count < texts[k].room)
            text_of[alive++] = k;
    for (int i = 0; i < conf->tokens && alive > 0; i++) {
        for (int lane = 0; lane < alive; lane++)
            view[lane] = (struct decode_view){texts[text_of[lane]].ids,
                                              texts[text_of[lane]].count,
                                              texts[text_of[lane]].prompt};
        decoder_read(d, view, alive);
        int left = 0;
        for (int lane = 0; lane < alive; lane++) {
            int k = text_of[lane];
            if (!write_token(d, lane, &texts[k], (uint64_t)(number + k), i,
                             conf))
                continue;
            text_of[left] = k;
            from[left++] = lane;
        }
        if (left < alive)
            cache_gather(d->cache, from, left);
        alive = left;
    }
    mem_free(text_of);
    mem_free(view);
}

void decode(struct decoder *decoder, struct decode_text *texts, int count,
            int first, const struct decode_conf *conf)
{
    for (int k = 0; k < count; k++) {
        assert(texts[k].count >= 1 && texts[k].count <= texts[k].room);
        texts[k].prompt = texts[k].count;
        texts[k].nats = 0;
        texts[k].ended = false;
    }
    if (conf->beam > 1) {
        assert(decoder->lanes > conf->beam);
        for (int k = 0; k < count; k++)
            beam_write(decoder, &texts[k], conf);
        return;
    }
    for (int k = 0; k < count; k += decoder->lanes) {
        int some = count - k < decoder->lanes ? count - k : decoder->lanes;
        write_together(decoder, texts + k, some, first + k, conf);
    }
}

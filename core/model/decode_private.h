/*
 * Shared by decode.c and beam.c: the model's next logits of several texts,
 * and what may not be written.  Private to core/model.
 */
#ifndef CORE_MODEL_DECODE_PRIVATE_H
#define CORE_MODEL_DECODE_PRIVATE_H

#include "core/model/cache.h"
#include "core/model/decode.h"

struct decoder {
    const struct model *model;
    const struct weights *weights;
    struct pass *pass;
    struct cache *cache;
    struct mat logits;  /* (lanes, vocab) */
    float *scratch;     /* (vocab) */
    struct batch batch; /* (max(positions, lanes)) tokens */
    int lanes, positions;
};

struct decode_view { /* a text that is only read */
    const int32_t *ids;
    int count;
    int prompt; /* of these */
};

/* Row i of decoder->logits: what follows text i, which is lane i's with new
 * tokens behind what the cache holds of it. */
void decoder_read(struct decoder *decoder, const struct decode_view *texts,
                  int count);

/* Bars from lane's logits (-inf) what no_repeat forbids after these written
 * tokens. */
struct next {
    double all; /* log sum exp of the model's own logits, before the bars */
    int best;   /* the first of the largest that are allowed; -1: none is */
};
struct next decoder_next(struct decoder *decoder, int lane,
                         const int32_t *written, int count, int no_repeat);

/* Beam search after one prompt, into text. */
void beam_write(struct decoder *decoder, struct decode_text *text,
                const struct decode_conf *conf);

#endif

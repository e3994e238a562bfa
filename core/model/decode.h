/*
 * Writing text with a model, through a key-value cache: greedy, sampled at a
 * temperature, or by beam search (beam.c).
 *
 *   score(Y) = log p(Y | X) / ((5 + |Y|) / 6)^a          (Wu et al. 2016, 14)
 *
 * A text longer than the model's context slides: its last context tokens are
 * read again for every new one, for their positions have all changed.  What a
 * method puts beside W (decoder_insert) works here too.
 */
#ifndef CORE_MODEL_DECODE_H
#define CORE_MODEL_DECODE_H

#include <stdint.h>

#include "core/model/transformer.h"

enum { DECODE_BEAM_MOST = 256 }; /* that a person may ask for */

struct decode_conf {
    int tokens;            /* at most so many new ones a text */
    int end;               /* stops after this token; -1: never */
    double temperature;    /* 0: greedy; of no meaning to a beam */
    uint64_t seed;         /* of the sampling */
    int beam;              /* hypotheses kept; 0 and 1: no search */
    double length_penalty; /* a >= 0, of a beam; 0: the likeliest text */
    int no_repeat;         /* no n-gram of this size twice in what is written,
                              the prompt not counted; 0: any */
};

struct decode_text {
    int32_t *ids; /* (room), the caller's; begins with the prompt, >= 1 */
    int count, room;
    /* Set by decode() */
    int prompt;  /* what count was */
    double nats; /* sum of -log p of what was written, by the model alone:
                    neither temperature nor no_repeat changes it */
    bool ended;  /* with the end token, which stands in ids */
};

struct decoder; /* one thread at a time */

/* Memory for texts of at most so many tokens, the prompt included (more than
 * the context is as much as the context), several side by side: as many as
 * fit are written at once; a beam needs one more than it is wide.  Fails when
 * the machine has not that much. */
struct decoder *decoder_new(const struct model *model,
                            const struct weights *weights, int lanes,
                            int tokens, struct err *err);
void decoder_free(struct decoder *decoder);
size_t decoder_bytes(const struct model *model, int lanes, int tokens);
struct pass *decoder_pass(struct decoder *decoder);
/* What a method puts beside W, before anything is written; rows of its own
 * need more memory, which may be refused. */
int decoder_insert(struct decoder *decoder, struct insert insert,
                   struct err *err);
/* The lanes this way of writing wants for so many texts at once. */
int decode_lanes(const struct decode_conf *conf, int texts);

/*
 * Appends to every text.  Text k draws its token i from the stream (seed,
 * (first + k) * 2^32 + i), so what is written after one prompt does not depend
 * on the others.  A beam's text is never worse by the score above than the
 * greedy one, which stays in the search to the end.
 */
void decode(struct decoder *decoder, struct decode_text *texts, int count,
            int first, const struct decode_conf *conf);

/* The score above of n tokens. */
double decode_score(double nats, int n, double length_penalty);

#endif

/*
 * Beam search (Sutskever et al. 2014; the score is Wu et al.'s, decode.h):
 * each step keeps the width likeliest continuations of the live hypotheses;
 * those that end leave the search and compete by score.  It stops when no
 * live one can win any more, which is known for sure: log p only falls, and
 * the longest text is divided by the most.
 *
 * A plain beam may drop the greedy text and end with a worse one, so that one
 * keeps a lane of its own when it falls out of the beam: it goes on by its
 * own best token alone, and competes at its end.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/model/decode_private.h"

struct hypothesis {
    int32_t *ids; /* (prompt + limit) */
    double nats;
    bool greedy;  /* what greedy decoding would have written so far */
    bool outside; /* greedy, but not among the width likeliest */
};

struct candidate {
    int parent, token;
    double nats;
    bool greedy, outside;
};

struct beam {
    struct decoder *decoder;
    const struct decode_conf *conf;
    struct decode_text *text; /* the best so far, once best > -inf */
    double best;              /* its score */
    int prompt, limit;        /* tokens; limit: new ones at most */
    int width, live, found;
    struct hypothesis *now, *then; /* (width + 1) */
    struct candidate *candidate;   /* (width + 1), likeliest first */
    int32_t *storage;
};

static void make_room(struct beam *b)
{
    size_t most = (size_t)b->width + 1;
    size_t tokens = (size_t)b->prompt + (size_t)b->limit;
    b->now = xcalloc(2 * most, sizeof *b->now);
    b->then = b->now + most;
    b->candidate = xcalloc(most, sizeof *b->candidate);
    b->storage = xcalloc(2 * most * tokens, sizeof *b->storage);
    for (size_t i = 0; i < 2 * most; i++)
        b->now[i].ids = b->storage + i * tokens;
    memcpy(b->now[0].ids, b->text->ids,
           (size_t)b->prompt * sizeof *b->text->ids);
    b->now[0].greedy = true;
    b->live = 1;
}

/* Keeps the width likeliest; the earlier wins a draw. */
static void propose(struct beam *b, struct candidate c)
{
    int at = b->found;
    while (at > 0 && b->candidate[at - 1].nats > c.nats)
        at--;
    if (at == b->width)
        return;
    int moved = b->found - at - (b->found == b->width);
    memmove(b->candidate + at + 1, b->candidate + at, (size_t)moved * sizeof c);
    b->candidate[at] = c;
    b->found += b->found < b->width;
}

/* A text that is complete, or has no room left to be. */
static void compete(struct beam *b, const struct hypothesis *h, int written,
                    bool ended)
{
    double score = decode_score(h->nats, written, b->conf->length_penalty);
    if (!(score > b->best))
        return;
    b->best = score;
    b->text->count = b->prompt + written;
    b->text->nats = h->nats;
    b->text->ended = ended;
    memcpy(b->text->ids, h->ids, (size_t)b->text->count * sizeof *h->ids);
}

/* Continuations of the live hypotheses, all of them `written` tokens long. */
static void look(struct beam *b, int written)
{
    struct candidate greedy = {.parent = -1};
    b->found = 0;
    for (int i = 0; i < b->live; i++) {
        const struct hypothesis *h = &b->now[i];
        struct next next = decoder_next(b->decoder, i, h->ids + b->prompt,
                                        written, b->conf->no_repeat);
        const float *logits = mat_row(b->decoder->logits, i);
        if (next.best < 0) {
            compete(b, h, written, false); /* everything is barred */
            continue;
        }
        for (int t = 0; t < b->decoder->model->conf.vocab; t++) {
            bool is_greedy = h->greedy && t == next.best;
            struct candidate c = {i, t, h->nats + next.all - (double)logits[t],
                                  is_greedy, h->outside};
            if (is_greedy)
                greedy = c;
            if (!h->outside && logits[t] > -INFINITY)
                propose(b, c);
        }
    }
    bool inside = greedy.parent < 0;
    for (int i = 0; i < b->found; i++)
        inside = inside || b->candidate[i].greedy;
    greedy.outside = true;
    if (!inside)
        b->candidate[b->found++] = greedy;
}

/* The candidates become the live hypotheses, except those that end here. */
static void move(struct beam *b, int written)
{
    int *from = xcalloc((size_t)b->width + 1, sizeof *from), live = 0;
    size_t size = ((size_t)b->prompt + (size_t)written - 1) * sizeof(int32_t);
    for (int i = 0; i < b->found; i++) {
        const struct candidate *c = &b->candidate[i];
        struct hypothesis *h = &b->then[live];
        memcpy(h->ids, b->now[c->parent].ids, size);
        h->ids[b->prompt + written - 1] = c->token;
        h->nats = c->nats;
        h->greedy = c->greedy;
        h->outside = c->outside;
        bool ended = c->token == b->conf->end;
        if (ended || written == b->limit)
            compete(b, h, written, ended);
        else
            from[live++] = c->parent;
    }
    cache_gather(b->decoder->cache, from, live);
    struct hypothesis *swap = b->now;
    b->now = b->then;
    b->then = swap;
    b->live = live;
    mem_free(from);
}

static bool may_win(const struct beam *b)
{
    for (int i = 0; i < b->live; i++)
        if (decode_score(b->now[i].nats, b->limit, b->conf->length_penalty) >
            b->best)
            return true;
    return false;
}

void beam_write(struct decoder *decoder, struct decode_text *text,
                const struct decode_conf *conf)
{
    int room = text->room - text->count;
    struct beam b = {.decoder = decoder,
                     .conf = conf,
                     .text = text,
                     .best = -INFINITY,
                     .prompt = text->count,
                     .limit = conf->tokens < room ? conf->tokens : room,
                     .width = conf->beam};
    assert(conf->length_penalty >= 0);
    if (b.limit < 1)
        return;
    make_room(&b);
    struct hypothesis *hypotheses = b.now; /* before they change places */
    struct decode_view *view = xcalloc((size_t)b.width + 1, sizeof *view);
    cache_gather(decoder->cache, NULL, 0);
    for (int written = 0; may_win(&b); written++) {
        for (int i = 0; i < b.live; i++)
            view[i] = (struct decode_view){b.now[i].ids, b.prompt + written,
                                           b.prompt};
        decoder_read(decoder, view, b.live);
        look(&b, written);
        move(&b, written + 1);
    }
    mem_free(view);
    mem_free(b.storage);
    mem_free(b.candidate);
    mem_free(hypotheses);
}

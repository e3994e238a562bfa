/*
 * A slice with rows of a method's own in it: prefix | prompt | infix | answer
 * (insert.h).  What predicted the answer's first token, the prompt's last,
 * hands its target to the last infix row.  A text that goes on behind a cache
 * has its rows there already.
 */
#include "core/model/cache.h"
#include "core/model/pass.h"

static void reserve(struct longer *longer, int sequences, int tokens, int given)
{
    struct batch *b = &longer->batch;
    if (sequences + 1 > b->sequence_room) {
        b->start = xgrow(b->start, (size_t)b->sequence_room,
                         (size_t)sequences + 1, sizeof *b->start);
        b->sequence_room = sequences + 1;
    }
    if (tokens > b->token_room) {
        size_t before = (size_t)b->token_room;
        b->id = xgrow(b->id, before, (size_t)tokens, sizeof *b->id);
        b->target = xgrow(b->target, before, (size_t)tokens, sizeof *b->target);
        longer->type =
            xgrow(longer->type, before, (size_t)tokens, sizeof *longer->type);
        b->type = longer->type;
        b->token_room = tokens;
    }
    if (given > longer->from_room) {
        longer->from = xgrow(longer->from, (size_t)longer->from_room,
                             (size_t)given, sizeof *longer->from);
        longer->from_room = given;
    }
}

static void add(struct longer *longer, int32_t id, int32_t target, int32_t type)
{
    struct batch *batch = &longer->batch;
    longer->type[batch->tokens] = type;
    batch->id[batch->tokens] = id;
    batch->target[batch->tokens++] = target;
}

static void add_rows(struct longer *longer, int first, int count)
{
    for (int i = 0; i < count; i++)
        add(longer, -1 - first - i, -1, 0);
}

static void add_sequence(struct longer *longer, const struct batch *given,
                         int s, int prefix, int infix)
{
    struct batch *batch = &longer->batch;
    int from = given->start[s], answer = from + given->prompt[s];
    add_rows(longer, 0, prefix);
    for (int t = from; t < given->start[s + 1]; t++) {
        add(longer, given->id[t], -1, given->type ? given->type[t] : 0);
        if (t + 1 == answer)
            add_rows(longer, prefix, infix);
        longer->from[t] = batch->tokens - 1;
        batch->target[batch->tokens - 1] = given->target[t];
    }
    batch->start[++batch->sequences] = batch->tokens;
}

const struct batch *pass_lengthen(struct pass *pass, const struct batch *slice)
{
    int prefix = pass->insert.shape.prefix, infix = pass->insert.shape.infix;
    if (prefix + infix == 0)
        return slice;
    struct longer *longer = &pass->longer;
    reserve(longer, slice->sequences,
            slice->tokens + slice->sequences * (prefix + infix), slice->tokens);
    longer->batch.sequences = longer->batch.tokens = 0;
    longer->batch.start[0] = 0;
    longer->batch.targets = slice->targets;
    for (int s = 0; s < slice->sequences; s++) {
        bool begins = !pass->cache || cache_position(pass->cache, s) == 0;
        add_sequence(longer, slice, s, begins ? prefix : 0, begins ? infix : 0);
    }
    return &longer->batch;
}

void pass_longer_free(struct longer *longer)
{
    batch_free(&longer->batch);
    mem_free(longer->type);
    mem_free(longer->from);
    *longer = (struct longer){0};
}

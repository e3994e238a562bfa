/*
 * Packing examples end to end, cutting a batch into slices, and which
 * examples a training step sees.
 */
#include "core/task/task.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/rng.h"

void batch_clear(struct batch *batch)
{
    batch->sequences = batch->tokens = batch->targets = 0;
    if (batch->start)
        batch->start[0] = 0;
}

static void reserve(struct batch *batch, int tokens)
{
    if (batch->sequences + 2 > batch->sequence_room) {
        int room = batch->sequence_room ? 2 * batch->sequence_room : 16;
        batch->start = xgrow(batch->start, (size_t)batch->sequence_room,
                             (size_t)room, sizeof *batch->start);
        batch->prompt = xgrow(batch->prompt, (size_t)batch->sequence_room,
                              (size_t)room, sizeof *batch->prompt);
        batch->sequence_room = room;
    }
    int need = batch->tokens + tokens, room = batch->token_room;
    if (need <= room)
        return;
    room = room > 512 ? room : 512;
    while (room < need)
        room *= 2;
    batch->id = xgrow(batch->id, (size_t)batch->token_room, (size_t)room,
                      sizeof *batch->id);
    batch->target = xgrow(batch->target, (size_t)batch->token_room,
                          (size_t)room, sizeof *batch->target);
    batch->token_room = room;
}

void batch_add(struct batch *batch, const struct example *example)
{
    assert(example->count >= 2 && example->answer >= 1);
    int positions = example->count - 1;
    reserve(batch, positions);
    int32_t *id = batch->id + batch->tokens;
    int32_t *target = batch->target + batch->tokens;
    for (int t = 0; t < positions; t++) {
        bool counts = t + 1 >= example->answer;
        id[t] = example->ids[t];
        target[t] = counts ? example->ids[t + 1] : -1;
        batch->targets += counts;
    }
    batch->tokens += positions;
    batch->prompt[batch->sequences] =
        example->answer < positions ? example->answer : positions;
    batch->start[++batch->sequences] = batch->tokens;
}

void batch_free(struct batch *batch)
{
    mem_free(batch->start);
    mem_free(batch->id);
    mem_free(batch->target);
    mem_free(batch->prompt);
    *batch = (struct batch){0};
}

struct batch batch_slice(const struct batch *batch, int i, int n, int *starts)
{
    assert(n > 0 && i >= 0 && i < n);
    int from = (int)((int64_t)i * batch->sequences / n);
    int to = (int)((int64_t)(i + 1) * batch->sequences / n);
    struct batch slice = {.sequences = to - from, .start = starts};
    starts[0] = 0;
    if (to == from)
        return slice;
    int first = batch->start[from];
    for (int s = from; s <= to; s++)
        starts[s - from] = batch->start[s] - first;
    slice.tokens = batch->start[to] - first;
    slice.id = batch->id + first;
    slice.target = batch->target + first;
    slice.prompt = batch->prompt + from;
    for (int t = 0; t < slice.tokens; t++)
        slice.targets += slice.target[t] >= 0;
    return slice;
}

static void add(const struct task *task, struct batch *to, struct example *room,
                enum split split, uint64_t index)
{
    task->ops->example(task, room, split, index);
    batch_add(to, room);
}

/* order (n) of an epoch: Fisher & Yates. */
static void shuffle(int *order, int n, uint64_t seed, uint64_t epoch)
{
    /* The upper half of the stream: no step's number comes near it. */
    struct rng rng = rng_make(seed, STREAM_BATCH, (uint64_t)1 << 63 | epoch);
    for (int i = 0; i < n; i++)
        order[i] = i;
    for (int i = n - 1; i > 0; i--) {
        int j = (int)rng_below(&rng, (uint32_t)i + 1), swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}

/* Places step * size .. of the endless row of epochs. */
static void epoch_batch(const struct task *task, struct batch *to,
                        struct example *room, uint64_t seed, long step,
                        int size)
{
    uint64_t n = (uint64_t)task->conf.examples, shuffled = UINT64_MAX;
    int *order = xcalloc((size_t)n, sizeof *order);
    for (int i = 0; i < size; i++) {
        uint64_t place = (uint64_t)step * (uint64_t)size + (uint64_t)i;
        if (place / n != shuffled)
            shuffle(order, (int)n, seed, shuffled = place / n);
        add(task, to, room, SPLIT_TRAIN, (uint64_t)order[place % n]);
    }
    mem_free(order);
}

void task_batch(const struct task *task, struct batch *to, uint64_t seed,
                long step, int size)
{
    struct rng rng = rng_make(seed, STREAM_BATCH, (uint64_t)step);
    struct example room = {
        .ids = xcalloc((size_t)task->conf.context, sizeof *room.ids)};
    batch_clear(to);
    if (task->conf.examples > 0)
        epoch_batch(task, to, &room, seed, step, size);
    for (int i = 0; i < size && task->conf.examples == 0; i++) {
        /* 2^40 examples are never exhausted, and leave room to number what
         * an example is made of. */
        uint64_t high = rng_u32(&rng) >> 24;
        uint64_t index = high << 32 | rng_u32(&rng);
        add(task, to, &room, SPLIT_TRAIN, index);
    }
    mem_free(room.ids);
}

void task_validation(const struct task *task, struct batch *to, int size)
{
    task_held_out(task, to, 0, size);
}

void task_held_out(const struct task *task, struct batch *to, long from,
                   int size)
{
    struct example room = {
        .ids = xcalloc((size_t)task->conf.context, sizeof *room.ids)};
    batch_clear(to);
    size = task_held_out_size(task, from, size);
    for (int i = 0; i < size; i++)
        add(task, to, &room, SPLIT_VALIDATION, (uint64_t)(from + i));
    mem_free(room.ids);
}

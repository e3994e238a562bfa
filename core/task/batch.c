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

/* Room for rows wherever there is room for tokens. */
static void reserve_row(struct batch *batch, bool values)
{
    size_t before = (size_t)batch->token_room, in = (size_t)batch->in;
    reserve(batch, 1);
    size_t room = (size_t)batch->token_room, out = (size_t)batch->out;
    if (room == before)
        return;
    batch->x = xgrow(batch->x, before * in, room * in, sizeof *batch->x);
    if (values)
        batch->y = xgrow(batch->y, before * out, room * out, sizeof *batch->y);
}

void batch_add_row(struct batch *batch, const struct sample *sample, int in,
                   int out)
{
    assert(batch->in == in || batch->sequences == 0);
    batch->in = in;
    batch->out = out;
    reserve_row(batch, sample->y);
    size_t at = (size_t)batch->tokens++;
    memcpy(batch->x + at * (size_t)in, sample->x,
           (size_t)in * sizeof *sample->x);
    if (sample->y)
        memcpy(batch->y + at * (size_t)out, sample->y,
               (size_t)out * sizeof *sample->y);
    batch->id[at] = 0;
    batch->target[at] = sample->y ? 0 : sample->label;
    batch->targets += sample->y ? out : 1;
    batch->prompt[batch->sequences] = 1;
    batch->start[++batch->sequences] = batch->tokens;
}

void batch_free(struct batch *batch)
{
    mem_free(batch->start);
    mem_free(batch->id);
    mem_free(batch->target);
    mem_free(batch->prompt);
    mem_free(batch->x);
    mem_free(batch->y);
    *batch = (struct batch){0};
}

/* The rows of a slice that begins with this one. */
static void slice_rows(struct batch *slice, const struct batch *batch,
                       int first)
{
    slice->in = batch->in;
    slice->out = batch->out;
    slice->x = batch->x + (size_t)first * (size_t)batch->in;
    if (!batch->y)
        return;
    slice->y = batch->y + (size_t)first * (size_t)batch->out;
    slice->targets = slice->tokens * batch->out;
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
    slice.type = batch->type ? batch->type + first : NULL;
    for (int t = 0; t < slice.tokens; t++)
        slice.targets += slice.target[t] >= 0;
    if (batch->in)
        slice_rows(&slice, batch, first);
    return slice;
}

/* What examples of a task are written into, one after another. */
struct room {
    struct example example;
    struct sample sample;
};

static struct room room_new(const struct task *task)
{
    const struct task_conf *conf = &task->conf;
    struct room room = {.sample = {0}};
    if (task->ops->kind == EXAMPLE_TEXT)
        room.example.ids = xcalloc((size_t)conf->context, sizeof(int32_t));
    else
        room.sample.x = xcalloc((size_t)conf->in, sizeof(float));
    if (task->ops->kind == EXAMPLE_VALUES)
        room.sample.y = xcalloc((size_t)conf->out, sizeof(float));
    return room;
}

static void room_free(struct room *room)
{
    mem_free(room->example.ids);
    mem_free(room->sample.x);
    mem_free(room->sample.y);
}

static void add(const struct task *task, struct batch *to, struct room *room,
                enum split split, uint64_t index)
{
    if (task->ops->kind == EXAMPLE_TEXT) {
        task->ops->example(task, &room->example, split, index);
        batch_add(to, &room->example);
    } else {
        task->ops->sample(task, &room->sample, split, index);
        batch_add_row(to, &room->sample, task->conf.in, task->conf.out);
    }
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
                        struct room *room, uint64_t seed, long step, int size)
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
    struct room room = room_new(task);
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
    room_free(&room);
}

void task_validation(const struct task *task, struct batch *to, int size)
{
    task_held_out(task, to, 0, size);
}

void task_held_out(const struct task *task, struct batch *to, long from,
                   int size)
{
    struct room room = room_new(task);
    batch_clear(to);
    size = task_held_out_size(task, from, size);
    for (int i = 0; i < size; i++)
        add(task, to, &room, SPLIT_VALIDATION, (uint64_t)(from + i));
    room_free(&room);
}

/*
 * States from before a change: a bounded number, the oldest dropped first.
 * What is kept never depends on a clock, so a replay undoes to the same bits.
 */
#include <math.h>
#include <string.h>

#include "core/base/mem.h"
#include "experiments/session_private.h"

/* All undo states of one run together; at least the newest is kept. */
static const size_t undo_bytes = (size_t)128 << 20;

void undo_drop(struct lane *lane, int index)
{
    mem_free(lane->undo[index].bytes);
    lane->undo_count--;
    memmove(&lane->undo[index], &lane->undo[index + 1],
            (size_t)(lane->undo_count - index) * sizeof lane->undo[0]);
}

static size_t bytes_of(const struct lane *lane)
{
    size_t bytes = 0;
    for (int i = 0; i < lane->undo_count; i++)
        bytes += lane->undo[i].size;
    return bytes;
}

void undo_push(struct session *session, struct lane *lane,
               const struct reading *at)
{
    struct undo undo = {.serial = session->serial++,
                        .at = *at,
                        .smooth = lane->smooth,
                        .smooth_weight = lane->smooth_weight,
                        .policy = lane->policy};
    struct err err = {{0}};
    struct safetensors_out *out = safetensors_out_new();
    run_save(lane->run, out);
    if (safetensors_out_pack(out, &undo.bytes, &undo.size, &err) < 0) {
        store_trouble(session, &err);
        return;
    }
    while (lane->undo_count == UNDO_DEPTH ||
           (lane->undo_count > 0 && bytes_of(lane) + undo.size > undo_bytes))
        undo_drop(lane, 0);
    lane->undo[lane->undo_count++] = undo;
}

int undo_load(struct lane *lane, const struct undo *undo, struct err *err)
{
    struct safetensors *from =
        safetensors_from(undo->bytes, undo->size, "the state before", err);
    if (!from)
        return -1;
    int result = run_load(lane->run, from, err);
    safetensors_close(from);
    if (result < 0)
        return -1;
    lane->step = run_step(lane->run);
    history_rewind(&lane->history, lane->step);
    lane->policy = undo->policy;
    lane->smooth = undo->smooth;
    lane->smooth_weight = undo->smooth_weight;
    lane->diverged = false;
    lane->version++;
    return 0;
}

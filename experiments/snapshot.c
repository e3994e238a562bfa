/*
 * Reference counting and storage of snapshots.  What a snapshot contains is
 * said by publish.c (live) and snapshot_read.c (stored).
 */
#include "experiments/snapshot_owned.h"

#include <math.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/task/task.h"

enum { BLOCK = 32768, SERIES = 8 * SNAPSHOT_RUNS };

struct block {
    struct block *next;
    size_t used, size;
    /* size bytes follow, aligned */
};

struct snapshot_owned {
    atomic_int holders;
    struct block *block;
    struct series *series[SERIES];
    int series_count;
    const struct finding **finding;
    int finding_count, finding_room;
    struct chance_book *book;
    struct snapshot snapshot;
};

struct snapshot *snapshot_new(void)
{
    struct snapshot_owned *owned = xcalloc(1, sizeof *owned);
    atomic_init(&owned->holders, 1);
    owned->snapshot.owned = owned;
    return &owned->snapshot;
}

void *snapshot_take(struct snapshot *snapshot, size_t count, size_t size)
{
    struct snapshot_owned *owned = snapshot->owned;
    enum { HEAD = (sizeof(struct block) + 63) / 64 * 64 };
    if (count == 0)
        return NULL;
    /* Counts here are of runs, sites, ranks and events: no overflow. */
    size_t bytes = (count * size + 63) / 64 * 64;
    struct block *block = owned->block;
    if (!block || block->size - block->used < bytes) {
        size_t room = bytes > BLOCK ? bytes : BLOCK;
        block = xcalloc(1, HEAD + room);
        block->size = room;
        block->next = owned->block;
        owned->block = block;
    }
    void *at = (char *)block + HEAD + block->used;
    block->used += bytes;
    return at;
}

struct series_view snapshot_view(struct snapshot *snapshot,
                                 struct series *series)
{
    struct snapshot_owned *owned = snapshot->owned;
    if (!series || series_length(series) == 0 || owned->series_count == SERIES)
        return (struct series_view){NULL, 0};
    owned->series[owned->series_count++] = series_hold(series);
    return (struct series_view){series, series_length(series)};
}

void snapshot_keep_finding(struct snapshot *snapshot,
                           const struct finding *finding)
{
    struct snapshot_owned *owned = snapshot->owned;
    if (owned->finding_count == owned->finding_room) {
        size_t room = (size_t)owned->finding_room;
        owned->finding =
            xgrow(owned->finding, room, 2 * room + 64, sizeof *owned->finding);
        owned->finding_room = 2 * owned->finding_room + 64;
    }
    owned->finding[owned->finding_count++] = finding_hold(finding);
}

void snapshot_keep_book(struct snapshot *snapshot, struct chance_book *book)
{
    if (!snapshot->owned->book)
        snapshot->owned->book = chance_book_hold(book);
}

struct site_view site_view_unknown(void)
{
    return (struct site_view){.scale = NAN,
                              .spectrum_step = -1,
                              .base_norm = NAN,
                              .rounding_floor = NAN};
}

static enum example_kind kind_of(const struct snapshot *snapshot)
{
    const struct task_ops *task = task_find(snapshot->task);
    return task ? task->kind : EXAMPLE_TEXT;
}

bool snapshot_is_text(const struct snapshot *snapshot)
{
    return kind_of(snapshot) == EXAMPLE_TEXT;
}

const char *snapshot_loss_unit(const struct snapshot *snapshot)
{
    return example_loss_unit(kind_of(snapshot));
}

const char *snapshot_loss_name(const struct snapshot *snapshot)
{
    return example_loss_name(kind_of(snapshot));
}

const struct run_view *snapshot_run(const struct snapshot *snapshot, int id)
{
    for (int r = 0; r < snapshot->run_count; r++)
        if (snapshot->run[r].id == id)
            return &snapshot->run[r];
    return NULL;
}

bool snapshot_has_name(const struct snapshot *snapshot, const char *name)
{
    for (int r = 0; r < snapshot->run_count; r++)
        if (strcmp(snapshot->run[r].name, name) == 0)
            return true;
    for (int i = 0; i < snapshot->removed_count; i++)
        if (strcmp(snapshot->removed[i], name) == 0)
            return true;
    return false;
}

const struct snapshot *snapshot_hold(const struct snapshot *snapshot)
{
    atomic_fetch_add(&snapshot->owned->holders, 1);
    return snapshot;
}

void snapshot_release(const struct snapshot *snapshot)
{
    if (!snapshot)
        return;
    struct snapshot_owned *owned = snapshot->owned;
    if (atomic_fetch_sub(&owned->holders, 1) != 1)
        return;
    for (int i = 0; i < owned->series_count; i++)
        series_release(owned->series[i]);
    for (int i = 0; i < owned->finding_count; i++)
        finding_release(owned->finding[i]);
    mem_free(owned->finding);
    for (int i = 0; i < STUDY_KINDS; i++)
        study_release(snapshot->study[i]);
    chance_book_release(owned->book);
    struct block *next;
    for (struct block *block = owned->block; block; block = next) {
        next = block->next;
        mem_free(block);
    }
    mem_free(owned);
}

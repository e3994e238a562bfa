/*
 * Chunks of doubling size behind a fixed directory: nothing ever moves, so
 * that a reader with a length needs no lock.  The lock that publishes the
 * length (the mailbox's) orders the memory.
 */
#include "experiments/series.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>

#include "core/base/mem.h"

enum { FIRST_CHUNK = 256, CHUNKS = 24 }; /* 4e9 points */

struct series {
    atomic_int holders;
    long length;                 /* writer only */
    struct point *chunk[CHUNKS]; /* [c] holds FIRST_CHUNK << c points */
};

struct series *series_new(void)
{
    struct series *series = xcalloc(1, sizeof *series);
    atomic_init(&series->holders, 1);
    return series;
}

struct series *series_hold(struct series *series)
{
    atomic_fetch_add(&series->holders, 1);
    return series;
}

void series_release(struct series *series)
{
    if (!series || atomic_fetch_sub(&series->holders, 1) != 1)
        return;
    for (int c = 0; c < CHUNKS; c++)
        mem_free(series->chunk[c]);
    mem_free(series);
}

/* Point i lives in chunk c at i - FIRST_CHUNK (2^c - 1). */
static int chunk_of(long i, long *within)
{
    int c = 0;
    while (i >= (long)FIRST_CHUNK << c) {
        i -= (long)FIRST_CHUNK << c;
        c++;
    }
    *within = i;
    return c;
}

void series_add(struct series *series, long step, double value, int branch)
{
    long within;
    int c = chunk_of(series->length, &within);
    assert(c < CHUNKS);
    if (!series->chunk[c])
        series->chunk[c] =
            xcalloc((size_t)FIRST_CHUNK << c, sizeof *series->chunk[c]);
    series->chunk[c][within] =
        (struct point){.step = step, .value = value, .branch = branch};
    series->length++;
}

long series_length(const struct series *series)
{
    return series->length;
}

struct point series_at(const struct series *series, long i)
{
    long within;
    int c = chunk_of(i, &within);
    assert(i >= 0 && series->chunk[c]);
    return series->chunk[c][within];
}

/* Backwards: a branch begins where its first point lies, and what earlier
 * branches have from there on is the road not taken. */
static long mark_road(const struct series_view *view, bool *keep)
{
    long kept = 0, begin = 0;
    int branch = 0;
    for (long i = view->length - 1; i >= 0; i--) {
        struct point point = series_at(view->series, i);
        if (kept > 0 && point.branch != branch && point.step >= begin)
            continue;
        keep[i] = true;
        kept++;
        branch = point.branch;
        begin = point.step;
    }
    return kept;
}

struct point *series_copy(const struct series_view *view, int branch,
                          long *count)
{
    *count = 0;
    if (!view->series || view->length <= 0)
        return NULL;
    bool *keep = xcalloc((size_t)view->length, sizeof *keep);
    long kept = 0;
    if (branch < 0)
        kept = mark_road(view, keep);
    for (long i = 0; branch >= 0 && i < view->length; i++) {
        keep[i] = series_at(view->series, i).branch == branch;
        kept += keep[i];
    }
    struct point *points = xcalloc((size_t)(kept ? kept : 1), sizeof *points);
    for (long i = 0; i < view->length; i++)
        if (keep[i])
            points[(*count)++] = series_at(view->series, i);
    mem_free(keep);
    return points;
}

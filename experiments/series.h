/*
 * An append-only series of (step, value) in chunks that never move, so that
 * a reader needs no lock: it reads up to the length its snapshot carries.
 *
 * An undo starts a new branch: points keep the branch they were made on, and
 * the screen can draw the road not taken.
 */
#ifndef EXPERIMENTS_SERIES_H
#define EXPERIMENTS_SERIES_H

#include <stdbool.h>

struct point {
    long step;
    double value; /* NaN: not measured */
    int branch;   /* 0, then one more with each undo */
};

struct series; /* reference-counted */

struct series *series_new(void);
struct series *series_hold(struct series *series);
void series_release(struct series *series);

/* One writer only. */
void series_add(struct series *series, long step, double value, int branch);
long series_length(const struct series *series); /* writer's side only */

/* Any thread, for i below the length its snapshot carries. */
struct point series_at(const struct series *series, long i);

/* A length with its series, as snapshots carry it. */
struct series_view {
    struct series *series; /* NULL: never measured */
    long length;
};

/* Reader's help for plots: visits the points of branch, or (branch -1) of
 * the road taken: points that a later branch replaced are left out. */
struct point *series_copy(const struct series_view *view, int branch,
                          long *count); /* freed by mem_free() */

#endif

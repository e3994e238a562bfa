/*
 * Doing a grid: cells that are not finished, one after another, each a
 * session without a screen.  It can be stopped at any moment and called
 * again; several processes may share one folder, by shards, by locks, or by
 * MPI.
 *
 *   DIR/cells/NAME.json   results (cell.h)
 *   DIR/cells/NAME.lock   who works at it (cell_lock.h)
 *   DIR/cells/NAME.work/  the run folder of a cell while it runs
 */
#ifndef EXPERIMENTS_SWEEP_H
#define EXPERIMENTS_SWEEP_H

#include "experiments/cell.h"

struct sweep_news {
    const char *cell; /* its name */
    const struct grid_cell *at;
    bool finished; /* with result, just now */
    const struct cell_result *result;
    int done, total;  /* cells of ours, those finished before included */
    long step, steps; /* of the cell */
    double loss;      /* training, smoothed; NaN */
    double left;      /* seconds to the end of ours; NaN: not known */
};

struct sweep_options {
    const char *out;       /* folder of the results */
    const char *assets;    /* as session_options has them */
    const char *tokenizer; /* or NULL */
    int threads;           /* 0: all cores */
    bool force;            /* cells of another recipe are done again */
    int shard, shards;     /* pairs whose number is shard modulo shards; 0, 1 */
    /* The next pair to work at, -1: none.  NULL: the shard's, one by one. */
    int (*next)(void *ctx);
    bool (*stop)(void *ctx); /* asked ten times a second; or NULL */
    void (*tell)(void *ctx, const struct sweep_news *news); /* or NULL */
    void *ctx;
};

enum sweep_end {
    SWEEP_FAILED = -1,
    SWEEP_DONE,    /* everything of ours is finished */
    SWEEP_STOPPED, /* by stop() */
    SWEEP_OTHERS   /* what is left is being done by other processes */
};

/* Opens every row and every task once, so that a mistake is found now and not
 * after hours. */
int sweep_check(const struct grid *grid, const struct sweep_options *options,
                struct err *err);
/* done: how many cells this call did. */
enum sweep_end sweep_run(const struct grid *grid,
                         const struct sweep_options *options, int *done,
                         struct err *err);

/* "0.1234 nats, logical form 93.0 %, 41.2 s" */
void sweep_result_text(char *to, size_t size, const struct cell_result *result);

/* One cell; 1: stopped.  sweep_cell.c, for sweep.c. */
typedef bool sweep_look(void *ctx, long step, double loss); /* true: stop */
int sweep_cell(struct cell_result *to, const struct grid *grid,
               const struct grid_cell *cell,
               const struct sweep_options *options, sweep_look *look, void *ctx,
               struct err *err);

/* sweep_mpi.c.  Without MPI=1, or not under mpirun: one process, rank 0. */
struct sweep_mpi {
    int rank, size;
};
struct sweep_mpi sweep_mpi_begin(void);
/* Rank 0 of several: hands out pairs until every other has been told that
 * there are none. */
void sweep_mpi_serve(int pairs);
/* For sweep_options.next, on the other ranks. */
int sweep_mpi_next(void *ctx);
/* A rank that was stopped or failed asks no more. */
void sweep_mpi_leave(void);
/* Everybody: the worst end of all, on every rank. */
enum sweep_end sweep_mpi_end(enum sweep_end mine);

#endif

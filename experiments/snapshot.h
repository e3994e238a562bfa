/*
 * An immutable picture of a session, published for whoever looks: const once
 * published, reference-counted, latest wins.  Views read this and nothing
 * else, so a stored run can be shown exactly like a live one.
 */
#ifndef EXPERIMENTS_SNAPSHOT_H
#define EXPERIMENTS_SNAPSHOT_H

#include <stdbool.h>

#include "analysis/chance.h"
#include "core/method/method.h"
#include "experiments/series.h"
#include "experiments/study.h"

enum { SNAPSHOT_RUNS = 16, SNAPSHOT_EVENT_TEXT = 160 };

enum run_state {
    RUN_RUNNING,
    RUN_CATCHING_UP, /* behind the others, after an undo, a fork, an add */
    RUN_DONE,
    RUN_DIVERGED
};

/* Something that happened to a run, marked on its curve and in the log. */
struct event {
    long tick, step;
    int run;        /* id, or -1: the session */
    bool is_change; /* a rank, lr or undo: a mark on the curves */
    bool is_trouble;
    char text[SNAPSHOT_EVENT_TEXT];
};

/* The update of one site of one run.  Unknown numbers are NaN, unknown
 * counts 0, and are drawn as unknown. */
struct site_view {
    bool adapted;
    int rank, max_rank; /* rank 0: a method without ranks */
    double scale;       /* s of s B A; NaN without factors */
    long spectrum_step; /* when sigma was computed; -1: never */
    int sigma_count;
    const double *sigma;         /* (sigma_count) descending, of dW */
    const struct chance *chance; /* of a random dW of its shape (and rank);
                                    NULL: not drawn yet */
    double base_norm;            /* ||W0||_F; NaN: not known */
    double rounding_floor; /* singular values of dW below are rounding of W
                              in float32; NaN: factors, or not known */
    int direction_count;   /* of its factors: rows of A, B^T */
    const double *gradient_share;  /* (direction_count), sums to 1; or NULL */
    const double *direction_norm;  /* (direction_count) ||s b_k a_k||_F */
    int truncation_count;          /* loss at every truncation, or 0 */
    long truncation_step;          /* when it was computed */
    const double *truncation_loss; /* (truncation_count) nats, [k]: k kept,
                                      on a few held-out examples */
    const double *zeroed_loss;     /* (truncation_count - 1) nats, [i]: sigma_i
                                      alone set to 0; or NULL */
};

/* What the updates of a run were at an earlier step. */
struct sigma_view {
    int rank, count;     /* rank 0: no factors; count 0: not adapted */
    const double *sigma; /* (count) */
};
struct moment_view {
    long step;
    const struct sigma_view *site; /* (site_count); NULL: not computed yet */
};

struct run_view {
    int id; /* never reused; colour and marker follow it */
    char name[32];
    char method[32];
    enum run_state state;
    char state_text[128]; /* why it diverged, what it catches up from */
    long step;
    long trainable;          /* numbers that train */
    int rank_low, rank_high; /* over its sites; 0 without ranks */
    double alpha;            /* as given; NaN without */
    enum rank_policy policy; /* last used */
    double lr, lr_peak;
    uint64_t seed;
    double weight_decay;      /* above 0 it shrinks dW or W: -lambda W0 is in
                                 a full update then */
    double tokens_per_second; /* NaN: not known */
    double train_loss;        /* smoothed, nats per target; NaN at step 0 */
    double validation_loss, metric, forget_loss; /* last known or NaN */
    int branch;
    int undo_depth; /* changes that can be undone */
    struct series_view train, validation, metric_series, forget, grad_norm;
    struct site_view *site; /* (site_count) */
    int cut_count;          /* losses with every site cut to rank k */
    long cut_step;
    const double *cut_loss; /* (cut_count) nats, [k]: at most k kept at
                               every site, on a few held-out examples */
    int moment_count;
    const struct moment_view *moment; /* steps rising; the last is not "now" */
};

struct board;     /* board.h */
struct file_view; /* file_view.h */
struct site_map;  /* site_map.h */

struct snapshot {
    char title[96], base[64], task[32];
    char metric_name[32]; /* "" : the task has none */
    long tick, steps;     /* steps: the session's length */
    bool paused, finished;
    double ticks_per_second;                       /* NaN: not known yet */
    double base_validation_loss, base_forget_loss; /* of W0; NaN unknown */
    char folder[512];  /* where results go; "" nowhere */
    char message[256]; /* trouble worth a line; "" none */
    int site_count, layers;
    const struct site *site;   /* names, kinds, shapes: lives with the session,
                                  copied into the snapshot */
    const struct model *shape; /* the base without its weights: what
                                  method_count() and method_check() read;
                                  NULL: not known */
    int run_count;
    struct run_view run[SNAPSHOT_RUNS];
    int removed_count;
    const char (*removed)[32]; /* (removed_count) names that stay taken */
    int event_count;
    const struct event *event;              /* (event_count) oldest first */
    const struct study *study[STUDY_KINDS]; /* the latest answers, or NULL */
    const struct board *board;    /* a grid is open: its table, and there are no
                                     runs; or NULL */
    const struct file_view *file; /* (file_count) on show: run[i] has what was
                                     found of file i; or NULL */
    int file_count;
    const struct site_map *map;   /* where sites stand; NULL: their layer and
                                     kind say it */
    struct snapshot_owned *owned; /* reference count and storage */
};

/* Or of rows of numbers. */
bool snapshot_is_text(const struct snapshot *snapshot);
/* What the losses are counted in, behind a number: "nats". */
const char *snapshot_loss_unit(const struct snapshot *snapshot);
/* The same for an axis: "loss, nats per target". */
const char *snapshot_loss_name(const struct snapshot *snapshot);

/* The run of this id, or NULL. */
const struct run_view *snapshot_run(const struct snapshot *snapshot, int id);
/* A run has this name, or had it: a new one needs another. */
bool snapshot_has_name(const struct snapshot *snapshot, const char *name);

const struct snapshot *snapshot_hold(const struct snapshot *snapshot);
void snapshot_release(const struct snapshot *snapshot);

/* A stored run folder (recipe.yaml, journal.tsv, runs/NAME/...) as the
 * snapshot of its last row. */
const struct snapshot *snapshot_read(const char *folder, struct err *err);

#endif

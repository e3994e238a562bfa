/*
 * What the files of the session share.  After session_start() everything
 * here belongs to the trainer thread, except what says otherwise.
 *
 *   session.c     open, start, wait, close: the API
 *   assemble.c    base, tokenizer, task, batches
 *   trainer.c     the loop: commands, ticks, rest
 *   apply.c       commands; apply_rank.c the dial
 *   lane.c        one run of the session and its files; lane_run.c its machine
 *   measure.c     evaluations and rows;  spectra.c rows of spectra.tsv
 *   undo.c        states from before a change
 *   store.c       the run folder;  checkpoint.c, resume.c
 *   publish.c     snapshots;  history.c what runs were before
 *   analyst.c     live spectra and studies; analyst_offer.c what it is fed,
 *                 analyst_show.c what of it is seen
 */
#ifndef EXPERIMENTS_SESSION_PRIVATE_H
#define EXPERIMENTS_SESSION_PRIVATE_H

#include <pthread.h>

#include "core/task/task.h"
#include "core/train/run.h"
#include "core/train/team.h"
#include "experiments/history.h"
#include "experiments/journal.h"
#include "experiments/mailbox.h"
#include "experiments/rows.h"
#include "experiments/session.h"

enum { UNDO_DEPTH = 8, PATH_ROOM = 1024 };

/* One measurement of a run, one row of metrics.tsv; NaN: not measured. */
struct reading {
    int branch;
    long step;
    double train_loss, lr, grad_norm, validation_loss, metric, forget_loss;
};

/* A state from before a change: the bytes of a checkpoint, in memory. */
struct undo {
    long serial; /* names its file */
    char *bytes;
    size_t size;
    struct reading at; /* what was known of this state */
    double smooth, smooth_weight;
    enum rank_policy policy;
    bool stored; /* on disk */
};

/* A run in the session. */
struct lane {
    int id;
    struct run_spec spec;
    struct run *run;
    bool begun;   /* measured at its first step */
    bool removed; /* its name stays taken, run is NULL */
    bool diverged;
    char trouble[128]; /* why it diverged */
    int branch;
    long step;     /* of run; kept when run is gone */
    long version;  /* one more with each change of its weights */
    long measured; /* the version last.validation_loss and metric are of */
    long written;  /* version of the result on disk */
    long stored;   /* version of the checkpoint on disk */
    enum rank_policy policy;
    struct reading last;          /* last known of everything */
    double smooth, smooth_weight; /* train loss, exponential mean */
    double tokens_per_second;
    struct undo undo[UNDO_DEPTH]; /* oldest first */
    int undo_count;
    struct history history; /* moments, when somebody looks */
    struct series *train, *validation, *metric, *forget, *grad_norm;
    struct rows metrics, spectra, timing;
    char folder[PATH_ROOM]; /* runs/NAME, or "" */
};

struct analyst;

struct session {
    /* constant after open */
    struct recipe recipe;
    char out[512]; /* "" : nothing is kept */
    char base_folder[PATH_ROOM], tokenizer_path[PATH_ROOM];
    char assets[512], world_folder[PATH_ROOM];
    bool watch;
    double checkpoint_seconds;
    struct model *model;
    struct tokenizer *tokenizer;
    struct task *task, *corpus; /* corpus: what may be forgotten, or NULL */
    struct team *team;
    struct batch validation, forget;

    /* any thread, through their own functions */
    struct mailbox mailbox;
    struct analyst *analyst; /* NULL: nobody looks */

    /* the thread that calls session_start and session_close */
    bool is_started;
    pthread_t trainer;

    /* the trainer */
    struct lane **lane;
    int lane_count;
    struct batch batch[2];
    long batch_step[2]; /* which step's; -1: none */
    long tick, steps;
    bool paused, single, settled;
    bool base_known;
    struct reading base; /* W0: validation_loss, metric, forget_loss */
    struct event *event;
    int event_count, event_room;
    struct rows events, journal_rows;
    struct journal replay; /* to be applied */
    bool replays_own;      /* replay is out's own journal: not rewritten */
    long journal_lines;    /* applied and in out's journal */
    long serial;           /* of undo states */
    bool changed;          /* since the last checkpoint */
    char message[256];
    bool failed;                           /* a file could not be written */
    double began, published, checkpointed; /* seconds, monotonic */
    double ticks_per_second, last_tick_end;
};

double clock_seconds(void);

/* store.c: files; what fails becomes the session's message, never the end. */
void store_trouble(struct session *session, const struct err *err);
int store_open(struct session *session, bool force, struct err *err);
void store_begin(struct session *session, long events_bytes,
                 long journal_bytes);
void store_flush(struct session *session);
void store_results(struct session *session);
void store_result(struct session *session, struct lane *lane);
void store_close(struct session *session);

/* lane_run.c: the run of a spec; begun receives a sentence on the adapter it
 * begins with, or "".  state_follows: a state will be loaded, so that no
 * adapter is read. */
struct run *lane_run_new(struct session *session, const struct run_spec *spec,
                         bool state_follows, char *begun, size_t size,
                         struct err *err);
/* lane.c */
struct lane *lane_new(struct session *session, const struct run_spec *spec,
                      bool state_follows, struct err *err);
void lane_free(struct lane *lane);
/* runs/NAME below out: where its files are. */
void lane_name_folder(const struct session *session, struct lane *lane);
/* keep: bytes of metrics.tsv and spectra.tsv, or NULL: new files. */
void lane_open_files(struct session *session, struct lane *lane,
                     const long *keep);
struct lane *lane_find(struct session *session, int id, const char *name);
bool lane_trains(const struct session *session, const struct lane *lane);
/* Series and last known values follow the reading; no row is written. */
void lane_take(struct lane *lane, const struct reading *reading);
struct reading reading_unknown(const struct lane *lane);
/* Something but the weights changed: a new version, measured as before. */
void lane_touch(struct lane *lane);
void lane_diverge(struct session *session, struct lane *lane, const char *why);
int lanes_live(const struct session *session);

/* measure.c */
void measure_write(struct lane *lane, const struct reading *reading);
/* Validation of one lane now; also forget if asked. */
void measure_lane(struct session *session, struct lane *lane,
                  struct reading *to, bool forget);
/* The same of several at once. */
void measure_lanes(struct session *session, struct lane *const *lanes,
                   struct reading *to, int count);
/* First reading of lanes that have none. */
void measure_begin(struct session *session);

/* spectra.c */
void spectra_write(struct session *session, struct lane *const *lanes,
                   int count);

/* undo.c */
void undo_push(struct session *session, struct lane *lane,
               const struct reading *at);
void undo_drop(struct lane *lane, int index);
/* Puts the state of from's newest undo into lane's run. */
int undo_load(struct lane *lane, const struct undo *undo, struct err *err);

/* apply.c */
void apply_command(struct session *session, struct command *command);
/* Those of the replayed journal whose tick has come; true: some were. */
bool apply_replay(struct session *session);
int apply_rank(struct session *session, struct lane *lane,
               struct command *command, struct err *err);
void event_add(struct session *session, int run, unsigned flags,
               const char *format, ...) __attribute__((format(printf, 4, 5)));
enum { EVENT_CHANGE = 1, EVENT_TROUBLE = 2, EVENT_PASSING = 4 };

/* checkpoint.c, resume.c */
void checkpoint_write(struct session *session);
/* 1: continued, 0: no checkpoint is there, -1: it is damaged. */
int resume_read(struct session *session, struct err *err);
int resume_check_recipe(struct session *session, struct err *err);

/* publish.c */
void publish(struct session *session);

/* trainer.c */
void *trainer_main(void *session);

/* assemble.c */
/* Tokens of an example at most. */
int session_context(const struct session *session);
int assemble(struct session *session, const struct session_options *options,
             struct err *err);
void disassemble(struct session *session);

/* analyst.c: _offer is the trainer's, between ticks; it copies what the
 * analyst asked for. */
struct analyst *analyst_new(struct session *session);
int analyst_start(struct analyst *analyst, struct err *err);
/* A question was asked: rest no longer. */
void analyst_wake(struct analyst *analyst);
void analyst_offer(struct analyst *analyst, struct session *session,
                   bool resting);
void analyst_stop(struct analyst *analyst);
void analyst_free(struct analyst *analyst);
/* What is known of a run, and the answers: publish.c, the trainer's. */
void analyst_show(struct analyst *analyst, const struct lane *lane,
                  struct snapshot *snapshot, struct run_view *to);
void analyst_show_studies(struct analyst *analyst, struct snapshot *snapshot);
/* A moment of the lane, if one is due: between ticks. */
void lane_remember(struct session *session, struct lane *lane);

#endif

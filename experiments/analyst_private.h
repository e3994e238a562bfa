/*
 * Between analyst.c (the thread that computes) and analyst_offer.c (the
 * trainer's side: what to hand over next).
 */
#ifndef EXPERIMENTS_ANALYST_PRIVATE_H
#define EXPERIMENTS_ANALYST_PRIVATE_H

#include <pthread.h>

#include "experiments/chance_book.h"
#include "experiments/finding.h"
#include "experiments/session_private.h"

enum assignment_kind {
    ASSIGN_NOW,  /* spectra of a run as it is */
    ASSIGN_PAST, /* of a moment kept */
    ASSIGN_STUDY /* an answer to the screen's question */
};

enum { OPERANDS = 3 };

/* What the trainer hands over; its moments are held. */
struct assignment {
    enum assignment_kind kind;
    struct moment *moment[OPERANDS];
    struct moment *trail[HISTORY_MOMENTS]; /* of the first operand's run */
    int trail_count;
    struct moment *speaker[SNAPSHOT_RUNS]; /* every run, for a talk */
    int speaker_count;
    struct question question;
    long version[SNAPSHOT_RUNS]; /* of what the question is about; -1: none */
    int cut_site;                /* -1: no cuts this time */
    double copying;              /* seconds it took */
};
void assignment_free(struct assignment *assignment);

/* The latest answer of a kind, and what it was of. */
struct answered {
    const struct study *study;
    long version[SNAPSHOT_RUNS]; /* as the assignment had them */
    double due;                  /* seconds: the same question not before */
};

struct past { /* a moment kept and what was found */
    struct moment *moment;
    const struct finding *finding;
};

struct analyst {
    struct session *session; /* its mailbox and constants only */
    double cores;
    bool is_started;
    atomic_bool is_stopping; /* any thread: what is computed now is in vain */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t bell;
    struct chance_book *book; /* any thread */

    /* under the mutex */
    bool stop, hungry;             /* hungry: asks for an assignment */
    bool past_turn;                /* whose turn it is: now or the past */
    double dense_due;              /* seconds: dense spectra not before */
    double cut_due;                /* cuts not before, while training */
    struct assignment *assignment; /* delivered */
    const struct finding **found;  /* by run id */
    int found_count, last_run;
    struct past *past;
    int past_count, past_room;
    struct answered answered[STUDY_KINDS];
    double *base_norm, *rounding; /* (site_count), or NULL: not yet */

    /* the analyst's thread */
    struct pass *pass;
    struct ground ground;
    struct rebuilt rebuilt;
    bool has_rebuilt;
};

/* Is this moment's finding there?  Under the mutex. */
bool analyst_knows(const struct analyst *analyst, const struct moment *moment);

#endif

/*
 * Where the screen's thread and the trainer's meet: a ring of commands, the
 * latest snapshot, a bell for the trainer, a pipe for the screen.  The mutex
 * is held for pointers and small copies, never for work.
 */
#ifndef EXPERIMENTS_MAILBOX_H
#define EXPERIMENTS_MAILBOX_H

#include <pthread.h>
#include <stdbool.h>

#include "experiments/command.h"
#include "experiments/snapshot.h"

enum { MAILBOX_ROOM = 64 };

struct mailbox {
    pthread_mutex_t mutex;
    pthread_cond_t bell;    /* for the trainer: something below changed */
    pthread_cond_t settled; /* for session_wait() */
    /* all under the mutex */
    struct command ring[MAILBOX_ROOM];
    int first, count;
    bool stop, news, is_settled, failed;
    struct question question;
    const struct snapshot *latest;
    char why[512]; /* with failed */
    int wake[2];   /* constant after init */
};

int mailbox_init(struct mailbox *mailbox, struct err *err);
void mailbox_free(struct mailbox *mailbox);

/* The screen's side; any thread. */
bool mailbox_send(struct mailbox *mailbox, const struct command *command);
const struct snapshot *mailbox_look(struct mailbox *mailbox);
void mailbox_ask(struct mailbox *mailbox, const struct question *question);
void mailbox_stop(struct mailbox *mailbox);
/* Until the trainer settles; -1: a file could not be written. */
int mailbox_await(struct mailbox *mailbox, struct err *err);

/* The trainer's side. */
bool mailbox_take(struct mailbox *mailbox, struct command *command);
bool mailbox_stopping(struct mailbox *mailbox);
/* What the screen wants to know: also the analyst's. */
struct question mailbox_asked(struct mailbox *mailbox);
/* Until a command, a stop or news. */
void mailbox_sleep(struct mailbox *mailbox);
/* Takes the caller's hold over. */
void mailbox_publish(struct mailbox *mailbox, const struct snapshot *snapshot);
void mailbox_settle(struct mailbox *mailbox, const char *trouble);

/* The analyst's side: there are findings to publish. */
void mailbox_news(struct mailbox *mailbox);

#endif

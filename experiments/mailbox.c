/*
 * See mailbox.h.
 */
#include "experiments/mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void lock(struct mailbox *mailbox)
{
    (void)pthread_mutex_lock(&mailbox->mutex); /* fails only by our bug */
}

static void unlock(struct mailbox *mailbox)
{
    (void)pthread_mutex_unlock(&mailbox->mutex);
}

static int pipe_prepare(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
                   fcntl(fd, F_SETFD, FD_CLOEXEC) < 0
               ? -1
               : 0;
}

int mailbox_init(struct mailbox *mailbox, struct err *err)
{
    *mailbox = (struct mailbox){.question = {.run = -1, .site = -1}};
    if (pipe(mailbox->wake) != 0) {
        mailbox->wake[0] = mailbox->wake[1] = -1;
        return err_set(err, "no pipe to wake the screen: %s", strerror(errno));
    }
    if (pipe_prepare(mailbox->wake[0]) < 0 ||
        pipe_prepare(mailbox->wake[1]) < 0) {
        (void)close(mailbox->wake[0]);
        (void)close(mailbox->wake[1]);
        return err_set(err, "the pipe that wakes the screen cannot be set up");
    }
    (void)pthread_mutex_init(&mailbox->mutex, NULL);
    (void)pthread_cond_init(&mailbox->bell, NULL);
    (void)pthread_cond_init(&mailbox->settled, NULL);
    return 0;
}

void mailbox_free(struct mailbox *mailbox)
{
    snapshot_release(mailbox->latest);
    (void)close(mailbox->wake[0]);
    (void)close(mailbox->wake[1]);
    (void)pthread_cond_destroy(&mailbox->settled);
    (void)pthread_cond_destroy(&mailbox->bell);
    (void)pthread_mutex_destroy(&mailbox->mutex);
}

bool mailbox_send(struct mailbox *mailbox, const struct command *command)
{
    lock(mailbox);
    bool fits = mailbox->count < MAILBOX_ROOM;
    if (fits) {
        int end = (mailbox->first + mailbox->count++) % MAILBOX_ROOM;
        mailbox->ring[end] = *command;
        (void)pthread_cond_signal(&mailbox->bell);
    }
    unlock(mailbox);
    return fits;
}

bool mailbox_take(struct mailbox *mailbox, struct command *command)
{
    lock(mailbox);
    bool some = mailbox->count > 0;
    if (some) {
        *command = mailbox->ring[mailbox->first];
        mailbox->first = (mailbox->first + 1) % MAILBOX_ROOM;
        mailbox->count--;
    }
    unlock(mailbox);
    return some;
}

const struct snapshot *mailbox_look(struct mailbox *mailbox)
{
    lock(mailbox);
    const struct snapshot *held = snapshot_hold(mailbox->latest);
    unlock(mailbox);
    return held;
}

void mailbox_publish(struct mailbox *mailbox, const struct snapshot *snapshot)
{
    lock(mailbox);
    const struct snapshot *old = mailbox->latest;
    mailbox->latest = snapshot;
    unlock(mailbox);
    snapshot_release(old);
    /* Full means the screen has been woken already and did not look yet. */
    (void)!write(mailbox->wake[1], "", 1);
}

void mailbox_ask(struct mailbox *mailbox, const struct question *question)
{
    lock(mailbox);
    mailbox->news =
        mailbox->news || !question_same(&mailbox->question, question);
    mailbox->question = *question;
    (void)pthread_cond_signal(&mailbox->bell);
    unlock(mailbox);
}

struct question mailbox_asked(struct mailbox *mailbox)
{
    lock(mailbox);
    struct question question = mailbox->question;
    unlock(mailbox);
    return question;
}

void mailbox_stop(struct mailbox *mailbox)
{
    lock(mailbox);
    mailbox->stop = true;
    (void)pthread_cond_signal(&mailbox->bell);
    unlock(mailbox);
}

bool mailbox_stopping(struct mailbox *mailbox)
{
    lock(mailbox);
    bool stop = mailbox->stop;
    unlock(mailbox);
    return stop;
}

void mailbox_sleep(struct mailbox *mailbox)
{
    lock(mailbox);
    while (!mailbox->stop && !mailbox->news && mailbox->count == 0)
        (void)pthread_cond_wait(&mailbox->bell, &mailbox->mutex);
    mailbox->news = false;
    unlock(mailbox);
}

void mailbox_news(struct mailbox *mailbox)
{
    lock(mailbox);
    mailbox->news = true;
    (void)pthread_cond_signal(&mailbox->bell);
    unlock(mailbox);
}

void mailbox_settle(struct mailbox *mailbox, const char *trouble)
{
    lock(mailbox);
    mailbox->is_settled = true;
    mailbox->failed = trouble[0] != '\0';
    snprintf(mailbox->why, sizeof mailbox->why, "%s", trouble);
    (void)pthread_cond_broadcast(&mailbox->settled);
    unlock(mailbox);
}

int mailbox_await(struct mailbox *mailbox, struct err *err)
{
    lock(mailbox);
    while (!mailbox->is_settled)
        (void)pthread_cond_wait(&mailbox->settled, &mailbox->mutex);
    bool failed = mailbox->failed;
    if (failed)
        err_set(err, "%s", mailbox->why);
    unlock(mailbox);
    return failed ? -1 : 0;
}

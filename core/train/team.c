/*
 * See team.h.  One queue under one mutex: a job is a slice of a step, a
 * millisecond or more, so the queue is never the cost.
 */
#include "core/train/team.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"

enum { THREADS_MOST = 48 }; /* OpenBLAS was built for at most 64 callers */

struct job {
    team_job *run;
    void *ctx;
    int index;
};

struct worker {
    struct team *team;
    pthread_t thread;
    int number;
};

struct team {
    pthread_mutex_t mutex;
    pthread_cond_t more; /* a job was posted, or leaving was set */
    pthread_cond_t idle; /* unfinished fell to 0 */
    struct job *queue;   /* ring of room, under the mutex */
    int head, count, room;
    int unfinished; /* queued or running, under the mutex */
    bool leaving;   /* under the mutex */
    int threads, started;
    struct worker *worker; /* (threads - 1) */
};

/* Takes the oldest job; the mutex is held. */
static struct job take(struct team *team)
{
    struct job job = team->queue[team->head];
    team->head = (team->head + 1) % team->room;
    team->count--;
    return job;
}

/* Runs a job with the mutex released; the mutex is held before and after. */
static void work(struct team *team, int thread)
{
    struct job job = take(team);
    (void)pthread_mutex_unlock(&team->mutex);
    job.run(job.ctx, job.index, thread);
    (void)pthread_mutex_lock(&team->mutex);
    if (--team->unfinished == 0)
        (void)pthread_cond_broadcast(&team->idle);
}

static void *worker_main(void *ctx)
{
    struct worker *worker = ctx;
    struct team *team = worker->team;
    linalg_thread_init();
    (void)pthread_mutex_lock(&team->mutex);
    while (!team->leaving) {
        if (team->count > 0)
            work(team, worker->number);
        else
            (void)pthread_cond_wait(&team->more, &team->mutex);
    }
    (void)pthread_mutex_unlock(&team->mutex);
    return NULL;
}

/* Workers inherit a full signal mask, so the screen's thread gets them all. */
static int start(struct team *team, struct err *err)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    int status = 0;
    for (int i = 0; i < team->threads - 1 && status == 0; i++) {
        team->worker[i] = (struct worker){.team = team, .number = i + 1};
        status = pthread_create(&team->worker[i].thread, NULL, worker_main,
                                &team->worker[i]);
        team->started += status == 0;
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (status != 0)
        return err_set(err,
                       "cannot start thread %d of %d (%s); try --threads 1",
                       team->started + 2, team->threads, strerror(status));
    return 0;
}

struct team *team_new(int threads, struct err *err)
{
    if (threads < 1 || threads > THREADS_MOST) {
        err_set(err, "--threads %d is not allowed; use 1..%d", threads,
                (int)THREADS_MOST);
        return NULL;
    }
    struct team *team = xcalloc(1, sizeof *team);
    (void)pthread_mutex_init(&team->mutex, NULL);
    (void)pthread_cond_init(&team->more, NULL);
    (void)pthread_cond_init(&team->idle, NULL);
    team->threads = threads;
    team->worker = xcalloc((size_t)threads, sizeof *team->worker);
    if (start(team, err) != 0) {
        team_free(team);
        return NULL;
    }
    return team;
}

void team_free(struct team *team)
{
    if (!team)
        return;
    (void)pthread_mutex_lock(&team->mutex);
    team->leaving = true;
    (void)pthread_cond_broadcast(&team->more);
    (void)pthread_mutex_unlock(&team->mutex);
    for (int i = 0; i < team->started; i++)
        (void)pthread_join(team->worker[i].thread, NULL);
    (void)pthread_cond_destroy(&team->idle);
    (void)pthread_cond_destroy(&team->more);
    (void)pthread_mutex_destroy(&team->mutex);
    mem_free(team->queue);
    mem_free(team->worker);
    mem_free(team);
}

int team_threads(const struct team *team)
{
    return team->threads;
}

/* Room for one more job; the mutex is held. */
static void make_room(struct team *team)
{
    if (team->count < team->room)
        return;
    int room = team->room ? 2 * team->room : 64;
    struct job *queue = xcalloc((size_t)room, sizeof *queue);
    int count = team->count;
    for (int i = 0; i < count; i++)
        queue[i] = team->queue[(team->head + i) % team->room];
    mem_free(team->queue);
    team->queue = queue;
    team->head = 0;
    team->room = room;
}

void team_post(struct team *team, team_job *job, void *ctx, int index)
{
    (void)pthread_mutex_lock(&team->mutex);
    make_room(team);
    int end = (team->head + team->count) % team->room;
    team->queue[end] = (struct job){job, ctx, index};
    team->count++;
    team->unfinished++;
    (void)pthread_cond_signal(&team->more);
    (void)pthread_cond_signal(&team->idle); /* the waiter works too */
    (void)pthread_mutex_unlock(&team->mutex);
}

void team_wait(struct team *team)
{
    (void)pthread_mutex_lock(&team->mutex);
    while (team->unfinished > 0) {
        if (team->count > 0)
            work(team, 0);
        else
            (void)pthread_cond_wait(&team->idle, &team->mutex);
    }
    (void)pthread_mutex_unlock(&team->mutex);
}

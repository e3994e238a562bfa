/*
 * Live spectra on a thread of their own, from copies.
 *
 * The analyst asks for one run; between two ticks the trainer copies what it
 * asked for; the analyst computes and leaves its findings.  It rests in
 * proportion to what it cost (a share of the cores), so looking never slows
 * learning by more than a few per cent, and it asks for nothing that has not
 * changed, so an idle session stays idle.
 */
#include <math.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "experiments/finding.h"

static const double share_of_factors = 0.01, share_of_dense = 0.02,
                    share_of_truncation = 0.015;
static const double least_rest = 0.1; /* seconds: ten spectra a second */

/* Losses at every truncation cost a forward pass each: of the site in focus
 * whenever training rests, and now and then while it goes on. */
static const double truncation_seconds = 30;

struct analyst {
    struct session *session; /* its mailbox and constants only */
    double cores;
    bool is_started;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t bell;
    /* under the mutex */
    bool stop, hungry;     /* hungry: asks for a sample */
    double dense_due;      /* seconds: dense spectra not before */
    double truncation_due; /* seconds: not before, while training goes on */
    double copying;        /* seconds the trainer spent on the sample */
    struct sample *sample; /* delivered */
    const struct finding **found;
    int found_count, last_run;
    struct pass *pass; /* the analyst's */
};

static bool has_factors(const struct lane *lane, int site)
{
    const struct method *method = run_method(lane->run);
    return method->ops->factors && method->ops->adapts(method, site);
}

/* Under the mutex: does the analyst know this state already?  While
 * training rests, that includes the truncations of the site in focus. */
static bool is_known(const struct analyst *analyst, const struct lane *lane,
                     int focus, int site, bool resting)
{
    const struct finding *found =
        lane->id < analyst->found_count ? analyst->found[lane->id] : NULL;
    if (!found || found->version != lane->version)
        return false;
    return !resting || lane->id != focus || site < 0 ||
           !has_factors(lane, site) ||
           (found->truncated == site &&
            found->truncation_version == lane->version);
}

/* Spectra of dense updates are hundreds of times dearer than those of
 * factors: they have a budget of their own, or the rest after one would leave
 * the other runs unknown for seconds.  Under the mutex. */
static bool is_due(const struct analyst *analyst, const struct lane *lane,
                   bool resting)
{
    return resting || run_method(lane->run)->ops->factors ||
           clock_seconds() >= analyst->dense_due;
}

/* Every other time the run in focus, otherwise one after another. */
static struct lane *choose(const struct analyst *analyst,
                           const struct session *session, int focus, int site,
                           bool resting)
{
    int count = session->lane_count;
    if (focus >= 0 && focus < count && analyst->last_run != focus) {
        struct lane *lane = session->lane[focus];
        if (!lane->removed && is_due(analyst, lane, resting) &&
            !is_known(analyst, lane, focus, site, resting))
            return lane;
    }
    for (int i = 1; i <= count; i++) {
        struct lane *lane = session->lane[(analyst->last_run + i) % count];
        if (!lane->removed && is_due(analyst, lane, resting) &&
            !is_known(analyst, lane, focus, site, resting))
            return lane;
    }
    return NULL;
}

static void take_truncation(const struct session *session,
                            struct sample *sample, const struct lane *lane,
                            int site)
{
    sample->truncation_site = site;
    if (site >= 0 && has_factors(lane, site) && session->validation.targets > 0)
        sample->truncates = truncation_take(&sample->truncation, session->model,
                                            run_weights(lane->run), site);
}

void analyst_offer(struct analyst *analyst, struct session *session,
                   bool resting)
{
    int focus, site;
    mailbox_focused(&session->mailbox, &focus, &site);
    if (site >= session->model->site_count)
        site = -1;
    (void)pthread_mutex_lock(&analyst->mutex);
    struct lane *lane =
        analyst->hungry ? choose(analyst, session, focus, site, resting) : NULL;
    bool truncates = lane && lane->id == focus &&
                     (resting || clock_seconds() >= analyst->truncation_due);
    (void)pthread_mutex_unlock(&analyst->mutex);
    if (!lane)
        return;
    double began = clock_seconds();
    struct sample *sample = sample_take(session, lane);
    if (truncates)
        take_truncation(session, sample, lane, site);
    (void)pthread_mutex_lock(&analyst->mutex);
    analyst->hungry = false;
    analyst->sample = sample;
    analyst->last_run = lane->id;
    analyst->copying = clock_seconds() - began;
    (void)pthread_cond_signal(&analyst->bell);
    (void)pthread_mutex_unlock(&analyst->mutex);
}

static void keep_finding(struct analyst *analyst, struct finding *finding)
{
    const struct finding *old = NULL;
    (void)pthread_mutex_lock(&analyst->mutex);
    if (finding->run >= analyst->found_count) {
        analyst->found =
            xgrow(analyst->found, (size_t)analyst->found_count,
                  (size_t)finding->run + 1, sizeof *analyst->found);
        analyst->found_count = finding->run + 1;
    }
    old = analyst->found[finding->run];
    finding_inherit(finding, old);
    analyst->found[finding->run] = finding;
    (void)pthread_mutex_unlock(&analyst->mutex);
    finding_release(old);
    mailbox_news(&analyst->session->mailbox);
}

static double thread_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now); /* always there */
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void truncate_site(struct analyst *analyst, struct finding *finding,
                          struct sample *sample)
{
    double began = thread_seconds();
    if (!analyst->pass)
        analyst->pass = pass_new(analyst->session->model);
    finding_truncate(finding, sample, &analyst->session->validation,
                     analyst->pass);
    double cost = thread_seconds() - began;
    double pause = cost / (share_of_truncation * analyst->cores);
    (void)pthread_mutex_lock(&analyst->mutex);
    analyst->truncation_due =
        clock_seconds() +
        (pause > truncation_seconds ? pause : truncation_seconds);
    (void)pthread_mutex_unlock(&analyst->mutex);
}

/* Waits for a sample; NULL: stop. */
static struct sample *receive(struct analyst *analyst, double *copying)
{
    (void)pthread_mutex_lock(&analyst->mutex);
    analyst->hungry = true;
    (void)pthread_mutex_unlock(&analyst->mutex);
    mailbox_news(&analyst->session->mailbox); /* the trainer may be asleep */
    (void)pthread_mutex_lock(&analyst->mutex);
    while (!analyst->stop && !analyst->sample)
        (void)pthread_cond_wait(&analyst->bell, &analyst->mutex);
    struct sample *sample = analyst->sample;
    analyst->sample = NULL;
    *copying = analyst->copying;
    bool stop = analyst->stop;
    (void)pthread_mutex_unlock(&analyst->mutex);
    if (stop && sample)
        sample_free(sample);
    return stop ? NULL : sample;
}

static void rest(struct analyst *analyst, double seconds)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    double end = (double)until.tv_sec + 1e-9 * (double)until.tv_nsec +
                 (seconds < least_rest ? least_rest : seconds);
    until.tv_sec = (time_t)end;
    until.tv_nsec = (long)((end - floor(end)) * 1e9);
    int status = 0;
    (void)pthread_mutex_lock(&analyst->mutex);
    while (!analyst->stop && status == 0)
        status =
            pthread_cond_timedwait(&analyst->bell, &analyst->mutex, &until);
    (void)pthread_mutex_unlock(&analyst->mutex);
}

static void put_off_dense(struct analyst *analyst, double seconds)
{
    (void)pthread_mutex_lock(&analyst->mutex);
    analyst->dense_due = clock_seconds() + seconds;
    (void)pthread_mutex_unlock(&analyst->mutex);
}

static void *analyst_main(void *ctx)
{
    struct analyst *analyst = ctx;
    double copying;
    linalg_thread_init();
    for (;;) {
        struct sample *sample = receive(analyst, &copying);
        if (!sample)
            return NULL;
        double began = thread_seconds();
        struct finding *finding = finding_new(sample);
        double cost = thread_seconds() - began + copying, pause = least_rest;
        if (sample->is_dense)
            put_off_dense(analyst, cost / (share_of_dense * analyst->cores));
        else
            pause = cost / (share_of_factors * analyst->cores);
        if (sample->truncates)
            truncate_site(analyst, finding, sample);
        sample_free(sample);
        keep_finding(analyst, finding);
        rest(analyst, pause);
    }
}

struct analyst *analyst_new(struct session *session)
{
    struct analyst *analyst = xcalloc(1, sizeof *analyst);
    analyst->session = session;
    analyst->cores = team_threads(session->team);
    (void)pthread_mutex_init(&analyst->mutex, NULL);
    (void)pthread_cond_init(&analyst->bell, NULL);
    return analyst;
}

int analyst_start(struct analyst *analyst, struct err *err)
{
    int status = pthread_create(&analyst->thread, NULL, analyst_main, analyst);
    if (status != 0)
        return err_set(err, "cannot start the analyst's thread: %s",
                       strerror(status));
    analyst->is_started = true;
    return 0;
}

void analyst_stop(struct analyst *analyst)
{
    if (!analyst->is_started)
        return;
    (void)pthread_mutex_lock(&analyst->mutex);
    analyst->stop = true;
    (void)pthread_cond_broadcast(&analyst->bell);
    (void)pthread_mutex_unlock(&analyst->mutex);
    (void)pthread_join(analyst->thread, NULL); /* our own thread */
    analyst->is_started = false;
}

void analyst_free(struct analyst *analyst)
{
    analyst_stop(analyst);
    if (analyst->sample)
        sample_free(analyst->sample);
    for (int i = 0; i < analyst->found_count; i++)
        finding_release(analyst->found[i]);
    mem_free(analyst->found);
    if (analyst->pass)
        pass_free(analyst->pass);
    (void)pthread_cond_destroy(&analyst->bell);
    (void)pthread_mutex_destroy(&analyst->mutex);
    mem_free(analyst);
}

const struct finding *analyst_look(struct analyst *analyst, int run)
{
    (void)pthread_mutex_lock(&analyst->mutex);
    struct finding *finding =
        run < analyst->found_count
            ? (struct finding *)(uintptr_t)analyst->found[run]
            : NULL;
    if (finding)
        atomic_fetch_add(&finding->holders, 1);
    (void)pthread_mutex_unlock(&analyst->mutex);
    return finding;
}

/*
 * The analyst: live spectra, cuts and studies on a thread of their own, from
 * copies.
 *
 * It asks the trainer for work (analyst_offer.c), computes, and leaves what
 * it found.  It rests in proportion to what it cost (a share of the cores),
 * so looking never slows learning by more than a few per cent.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "analysis/noise.h"
#include "core/base/linalg.h"
#include "core/base/mem.h"
#include "experiments/analyst_private.h"

static const double share_of_factors = 0.01, share_of_dense = 0.015,
                    share_of_cuts = 0.01, share_of_studies = 0.01,
                    share_of_talks = 0.02, /* read while they change */
    share_of_chance = 0.02;                /* drawn once, at the beginning */
static const double least_rest = 0.1;      /* seconds: ten spectra a second */

/* Cuts cost some forward passes each: of the site in focus whenever training
 * rests, and now and then while it goes on. */
static const double cut_seconds = 30;

void assignment_free(struct assignment *assignment)
{
    if (!assignment)
        return;
    for (int i = 0; i < OPERANDS; i++)
        moment_release(assignment->moment[i]);
    for (int i = 0; i < assignment->trail_count; i++)
        moment_release(assignment->trail[i]);
    for (int i = 0; i < assignment->speaker_count; i++)
        moment_release(assignment->speaker[i]);
    mem_free(assignment);
}

static double thread_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now); /* always there */
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

bool analyst_knows(const struct analyst *analyst, const struct moment *moment)
{
    for (int i = 0; i < analyst->past_count; i++)
        if (analyst->past[i].moment == moment)
            return true;
    return false;
}

static void keep_now(struct analyst *analyst, struct finding *finding)
{
    (void)pthread_mutex_lock(&analyst->mutex);
    if (finding->run >= analyst->found_count) {
        analyst->found =
            xgrow(analyst->found, (size_t)analyst->found_count,
                  (size_t)finding->run + 1, sizeof *analyst->found);
        analyst->found_count = finding->run + 1;
    }
    const struct finding *old = analyst->found[finding->run];
    finding_inherit(finding, old);
    analyst->found[finding->run] = finding;
    (void)pthread_mutex_unlock(&analyst->mutex);
    finding_release(old);
}

static void keep_past(struct analyst *analyst, struct moment *moment,
                      struct finding *finding)
{
    (void)pthread_mutex_lock(&analyst->mutex);
    if (analyst->past_count == analyst->past_room) {
        size_t room = (size_t)analyst->past_room;
        analyst->past =
            xgrow(analyst->past, room, 2 * room + 16, sizeof *analyst->past);
        analyst->past_room = 2 * analyst->past_room + 16;
    }
    analyst->past[analyst->past_count++] =
        (struct past){moment_hold(moment), finding};
    (void)pthread_mutex_unlock(&analyst->mutex);
}

/* What nobody but this list holds is of a past that is gone.  Under the
 * mutex. */
static void forget(struct analyst *analyst)
{
    int left = 0;
    for (int i = 0; i < analyst->past_count; i++) {
        struct past *past = &analyst->past[i];
        if (atomic_load(&past->moment->holders) > 1) {
            analyst->past[left++] = *past;
        } else {
            moment_release(past->moment);
            finding_release(past->finding);
        }
    }
    analyst->past_count = left;
}

static struct rebuilt *rebuilt_of(struct analyst *analyst)
{
    if (!analyst->has_rebuilt)
        analyst->rebuilt = rebuilt_new(analyst->session->model);
    analyst->has_rebuilt = true;
    return &analyst->rebuilt;
}

static void need_pass(struct analyst *analyst)
{
    if (!analyst->pass)
        analyst->pass = pass_new(analyst->session->model);
    analyst->ground.pass = analyst->pass;
}

static void cut(struct analyst *analyst, struct finding *finding,
                const struct assignment *work)
{
    double began = thread_seconds();
    need_pass(analyst);
    finding_cut(finding, work->moment[0], work->cut_site, rebuilt_of(analyst),
                &analyst->ground);
    double cost = thread_seconds() - began;
    double pause = cost / (share_of_cuts * analyst->cores);
    (void)pthread_mutex_lock(&analyst->mutex);
    analyst->cut_due =
        clock_seconds() + (pause > cut_seconds ? pause : cut_seconds);
    (void)pthread_mutex_unlock(&analyst->mutex);
}

/* One null more that this moment's sites want: at most one a turn, the chosen
 * site's first.  Returns the seconds it took. */
static double draw_chance(struct analyst *analyst, const struct moment *moment)
{
    const struct model *model = analyst->session->model;
    double began = thread_seconds();
    int focus = mailbox_asked(&analyst->session->mailbox).site;
    for (int i = -1; i < moment->site_count; i++) {
        int site = i < 0 ? focus : i;
        if (site < 0 || site >= moment->site_count ||
            !moment->site[site].adapted)
            continue;
        const struct site *of = &model->site[site];
        int rank = moment->site[site].rank;
        if (chance_book_find(analyst->book, of->out, of->in, rank))
            continue;
        (void)chance_book_draw(analyst->book, of->out, of->in, rank);
        break;
    }
    return thread_seconds() - began;
}

/* Returns seconds to rest. */
static double find(struct analyst *analyst, const struct assignment *work)
{
    struct moment *moment = work->moment[0];
    bool dense = moment_is_dense(moment);
    double began = thread_seconds();
    struct finding *finding = finding_new(moment);
    double cost = thread_seconds() - began + work->copying;
    double pause =
        draw_chance(analyst, moment) / (share_of_chance * analyst->cores);
    if (work->cut_site >= 0)
        cut(analyst, finding, work);
    if (work->kind == ASSIGN_PAST)
        keep_past(analyst, moment, finding);
    else
        keep_now(analyst, finding);
    if (!dense)
        return pause + cost / (share_of_factors * analyst->cores);
    (void)pthread_mutex_lock(&analyst->mutex);
    analyst->dense_due =
        clock_seconds() + cost / (share_of_dense * analyst->cores);
    (void)pthread_mutex_unlock(&analyst->mutex);
    return pause + least_rest;
}

static const struct study *answer(struct analyst *analyst,
                                  const struct assignment *work)
{
    const struct question *question = &work->question;
    struct moment *const *moment = work->moment;
    const struct moment *trail[HISTORY_MOMENTS], *speaker[SNAPSHOT_RUNS];
    for (int i = 0; i < work->trail_count; i++)
        trail[i] = work->trail[i];
    for (int i = 0; i < work->speaker_count; i++)
        speaker[i] = work->speaker[i];
    need_pass(analyst);
    switch (question->kind) {
    case STUDY_OVERLAP:
        return study_overlap(&analyst->ground, question, moment[0], moment[1],
                             trail, work->trail_count);
    case STUDY_BASE:
        return study_base(&analyst->ground, question, moment[0]);
    case STUDY_TWINS:
        return study_twins(&analyst->ground, question, moment[0], moment[1]);
    case STUDY_SECTION7:
        return study_section7(&analyst->ground, question, moment[0], moment[1],
                              moment[2]);
    case STUDY_TALK:
        return study_talk(&analyst->ground, question, speaker,
                          work->speaker_count);
    case STUDY_KINDS:
        break;
    }
    return NULL;
}

static void study(struct analyst *analyst, const struct assignment *work)
{
    double began = thread_seconds();
    const struct study *made = answer(analyst, work);
    double cost = thread_seconds() - began + work->copying;
    struct answered *to = &analyst->answered[work->question.kind];
    (void)pthread_mutex_lock(&analyst->mutex);
    const struct study *old = to->study;
    to->study = made;
    double share =
        work->question.kind == STUDY_TALK ? share_of_talks : share_of_studies;
    to->due = clock_seconds() + cost / (share * analyst->cores);
    memcpy(to->version, work->version, sizeof to->version);
    (void)pthread_mutex_unlock(&analyst->mutex);
    study_release(old);
}

/* Norms of W0 and what rounding leaves of W - W0: once. */
static void measure_base(struct analyst *analyst)
{
    const struct model *model = analyst->session->model;
    size_t sites = (size_t)model->site_count;
    double *norm = xcalloc(sites, sizeof *norm);
    double *rounding = xcalloc(sites, sizeof *rounding);
    for (int i = 0; i < model->site_count; i++) {
        struct mat w0 = model->base.site[i];
        norm[i] = sqrt(mat_norm_squared(w0));
        rounding[i] = rounding_floor(w0, STORED_F32, 1);
    }
    (void)pthread_mutex_lock(&analyst->mutex);
    analyst->base_norm = norm;
    analyst->rounding = rounding;
    (void)pthread_mutex_unlock(&analyst->mutex);
}

/* Waits for an assignment; NULL: stop. */
static struct assignment *receive(struct analyst *analyst)
{
    (void)pthread_mutex_lock(&analyst->mutex);
    analyst->hungry = true;
    (void)pthread_mutex_unlock(&analyst->mutex);
    mailbox_news(&analyst->session->mailbox); /* the trainer may be asleep */
    (void)pthread_mutex_lock(&analyst->mutex);
    while (!analyst->stop && !analyst->assignment)
        (void)pthread_cond_wait(&analyst->bell, &analyst->mutex);
    struct assignment *work = analyst->assignment;
    analyst->assignment = NULL;
    bool stop = analyst->stop;
    (void)pthread_mutex_unlock(&analyst->mutex);
    if (stop)
        assignment_free(work);
    return stop ? NULL : work;
}

/* A new question ends the rest: the person waits. */
static bool is_asked_anew(struct analyst *analyst)
{
    struct question now = mailbox_asked(&analyst->session->mailbox);
    const struct study *old = analyst->answered[now.kind].study;
    return now.is_asked && (!old || !question_same(&old->asked, &now));
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
    while (!analyst->stop && status == 0 && !is_asked_anew(analyst))
        status =
            pthread_cond_timedwait(&analyst->bell, &analyst->mutex, &until);
    forget(analyst);
    (void)pthread_mutex_unlock(&analyst->mutex);
}

static void *analyst_main(void *ctx)
{
    struct analyst *analyst = ctx;
    linalg_thread_init();
    measure_base(analyst);
    for (;;) {
        struct assignment *work = receive(analyst);
        if (!work)
            return NULL;
        double pause = least_rest;
        if (work->kind == ASSIGN_STUDY)
            study(analyst, work);
        else
            pause = find(analyst, work);
        assignment_free(work);
        mailbox_news(&analyst->session->mailbox);
        rest(analyst, pause);
    }
}

void analyst_wake(struct analyst *analyst)
{
    (void)pthread_mutex_lock(&analyst->mutex);
    (void)pthread_cond_signal(&analyst->bell);
    (void)pthread_mutex_unlock(&analyst->mutex);
}

struct analyst *analyst_new(struct session *session)
{
    struct analyst *analyst = xcalloc(1, sizeof *analyst);
    analyst->session = session;
    analyst->cores = team_threads(session->team);
    analyst->book = chance_book_new();
    analyst->ground = session_ground(session);
    analyst->ground.stop = &analyst->is_stopping;
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
    atomic_store(&analyst->is_stopping, true);
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
    assignment_free(analyst->assignment);
    for (int i = 0; i < analyst->found_count; i++)
        finding_release(analyst->found[i]);
    for (int i = 0; i < analyst->past_count; i++) {
        moment_release(analyst->past[i].moment);
        finding_release(analyst->past[i].finding);
    }
    for (int i = 0; i < STUDY_KINDS; i++)
        study_release(analyst->answered[i].study);
    mem_free(analyst->found);
    mem_free(analyst->past);
    mem_free(analyst->base_norm);
    mem_free(analyst->rounding);
    if (analyst->pass)
        pass_free(analyst->pass);
    if (analyst->has_rebuilt)
        rebuilt_free(&analyst->rebuilt);
    ground_free(&analyst->ground);
    chance_book_release(analyst->book);
    (void)pthread_cond_destroy(&analyst->bell);
    (void)pthread_mutex_destroy(&analyst->mutex);
    mem_free(analyst);
}

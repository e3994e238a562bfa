/*
 * The trainer's side of the analyst: between two ticks it looks whether the
 * analyst is hungry, decides what would be most useful, copies it, and goes
 * on.  First what the screen asks, then in turn runs as they are and moments
 * whose spectra are missing.  What has not changed is never handed over, so
 * an idle session stays idle.
 */
#include <string.h>

#include "core/base/mem.h"
#include "experiments/analyst_private.h"
#include "experiments/moment_take.h"

static struct moment *moment_of(struct lane *lane)
{
    struct moment *moment = moment_take(lane->run);
    moment->run = lane->id;
    moment->version = lane->version;
    moment->branch = lane->branch;
    moment->step = lane->step;
    moment->steps = run_conf_of(lane->run)->steps;
    snprintf(moment->name, sizeof moment->name, "%s", lane->spec.name);
    return moment;
}

void lane_remember(struct session *session, struct lane *lane)
{
    long every = session->recipe.spectra_every;
    if (session->analyst && history_due(&lane->history, lane->step, every))
        history_add(&lane->history, moment_of(lane), every);
}

static bool is_dense(const struct lane *lane)
{
    return !run_method(lane->run)->ops->factors;
}

static struct lane *lane_of(struct session *session,
                            const struct operand *operand)
{
    struct lane *lane = operand->kind == OPERAND_RUN
                            ? lane_find(session, operand->run, NULL)
                            : NULL;
    return lane && !lane->removed ? lane : NULL;
}

/* Version of what an operand stands for; -1: nothing there. */
static long version_of(struct session *session, const struct operand *operand)
{
    struct lane *lane = lane_of(session, operand);
    if (!lane)
        return -1;
    if (operand->step < 0 || operand->step >= lane->step)
        return lane->version;
    struct moment *moment = history_at(&lane->history, operand->step);
    return moment ? moment->version : -1;
}

static struct moment *operand_moment(struct session *session,
                                     const struct operand *operand)
{
    struct lane *lane = lane_of(session, operand);
    if (!lane)
        return NULL;
    if (operand->step < 0 || operand->step >= lane->step)
        return moment_of(lane);
    struct moment *moment = history_at(&lane->history, operand->step);
    return moment ? moment_hold(moment) : NULL;
}

/* Of every run that may speak. */
static void versions_of_talk(long version[SNAPSHOT_RUNS],
                             struct session *session, long step)
{
    int count = 0;
    for (int i = 0; i < session->lane_count && count < SNAPSHOT_RUNS; i++) {
        struct operand speaker = {OPERAND_RUN, session->lane[i]->id, step};
        if (!session->lane[i]->removed)
            version[count++] = version_of(session, &speaker);
    }
}

/* Of all that a question is about; -1 behind them. */
static void versions_of(long version[SNAPSHOT_RUNS], struct session *session,
                        const struct question *question)
{
    const struct operand *operand[OPERANDS] = {&question->a, &question->b,
                                               &question->c};
    for (int i = 0; i < SNAPSHOT_RUNS; i++)
        version[i] = -1;
    if (question->kind == STUDY_TALK)
        versions_of_talk(version, session, question->a.step);
    else
        for (int i = 0; i < OPERANDS; i++)
            version[i] = version_of(session, operand[i]);
}

/* Under the mutex: is the answer missing or old, and may it cost? */
static bool wants_study(const struct analyst *analyst, struct session *session,
                        const struct question *question, bool resting)
{
    const struct answered *old = &analyst->answered[question->kind];
    long version[SNAPSHOT_RUNS];
    if (!question->is_asked)
        return false;
    if (!old->study || !question_same(&old->study->asked, question))
        return true;
    versions_of(version, session, question);
    return memcmp(version, old->version, sizeof version) != 0 &&
           (resting || clock_seconds() >= old->due);
}

static bool has_factors(const struct lane *lane, int site)
{
    const struct method *method = run_method(lane->run);
    /* A site may be whole beside factors, or have lost all of them. */
    return method->ops->factors && method->ops->rank(method, site) > 0;
}

/* Under the mutex: does the analyst know this state already?  While
 * training rests, that includes what cutting the site in focus costs. */
static bool is_known(const struct analyst *analyst, const struct lane *lane,
                     const struct question *focus, bool resting)
{
    const struct finding *found =
        lane->id < analyst->found_count ? analyst->found[lane->id] : NULL;
    if (!found || found->version != lane->version)
        return false;
    return !resting || lane->id != focus->run || focus->site < 0 ||
           !has_factors(lane, focus->site) ||
           (found->cut.site == focus->site &&
            found->cut.version == lane->version);
}

/* Spectra of dense updates are hundreds of times dearer than those of
 * factors: they have a budget of their own, or the rest after one would leave
 * the other runs unknown for seconds.  Under the mutex. */
static bool is_due(const struct analyst *analyst, const struct lane *lane,
                   bool resting)
{
    return resting || !is_dense(lane) || clock_seconds() >= analyst->dense_due;
}

static bool may_study(const struct analyst *analyst, const struct lane *lane,
                      const struct question *focus, bool resting)
{
    return !lane->removed && is_due(analyst, lane, resting) &&
           !is_known(analyst, lane, focus, resting);
}

/* Every other time the run in focus, otherwise one after another. */
static struct lane *choose_now(const struct analyst *analyst,
                               const struct session *session,
                               const struct question *focus, bool resting)
{
    int count = session->lane_count;
    if (focus->run >= 0 && focus->run < count &&
        analyst->last_run != focus->run &&
        may_study(analyst, session->lane[focus->run], focus, resting))
        return session->lane[focus->run];
    for (int i = 1; i <= count; i++) {
        struct lane *lane = session->lane[(analyst->last_run + i) % count];
        if (may_study(analyst, lane, focus, resting))
            return lane;
    }
    return NULL;
}

/* The newest moment of any run whose spectra are missing. */
static struct moment *choose_past(const struct analyst *analyst,
                                  const struct session *session, bool resting)
{
    for (int i = 0; i < session->lane_count; i++) {
        const struct lane *lane = session->lane[i];
        if (lane->removed || !is_due(analyst, lane, resting))
            continue;
        for (int m = lane->history.count - 1; m >= 0; m--)
            if (!analyst_knows(analyst, lane->history.moment[m]))
                return lane->history.moment[m];
    }
    return NULL;
}

/* Every run of the session as it is, or was at that step. */
static void take_speakers(struct assignment *to, struct session *session,
                          long step)
{
    for (int i = 0; i < session->lane_count; i++) {
        struct operand speaker = {OPERAND_RUN, session->lane[i]->id, step};
        struct moment *moment = to->speaker_count < SNAPSHOT_RUNS
                                    ? operand_moment(session, &speaker)
                                    : NULL;
        if (moment)
            to->speaker[to->speaker_count++] = moment;
    }
}

static void take_study(struct assignment *to, struct session *session,
                       const struct question *question)
{
    const struct operand *operand[OPERANDS] = {&question->a, &question->b,
                                               &question->c};
    to->kind = ASSIGN_STUDY;
    to->question = *question;
    versions_of(to->version, session, question);
    if (question->kind == STUDY_TALK) {
        take_speakers(to, session, question->a.step);
        return;
    }
    for (int i = 0; i < OPERANDS; i++)
        to->moment[i] = operand_moment(session, operand[i]);
    struct lane *lane = lane_of(session, &question->a);
    for (int i = 0;
         lane && question->kind == STUDY_OVERLAP && i < lane->history.count;
         i++)
        to->trail[to->trail_count++] = moment_hold(lane->history.moment[i]);
}

/* Under the mutex; NULL: nothing is worth it. */
static struct assignment *choose(struct analyst *analyst,
                                 struct session *session,
                                 const struct question *focus, bool resting)
{
    struct assignment *made = xcalloc(1, sizeof *made);
    made->cut_site = -1;
    if (wants_study(analyst, session, focus, resting)) {
        take_study(made, session, focus);
        return made;
    }
    analyst->past_turn = !analyst->past_turn;
    struct moment *past = choose_past(analyst, session, resting);
    struct lane *lane = choose_now(analyst, session, focus, resting);
    if (past && (analyst->past_turn || !lane)) {
        made->kind = ASSIGN_PAST;
        made->moment[0] = moment_hold(past);
    } else if (lane) {
        made->kind = ASSIGN_NOW;
        made->moment[0] = moment_of(lane);
        analyst->last_run = lane->id;
        bool may_cut = resting || clock_seconds() >= analyst->cut_due;
        if (may_cut && lane->id == focus->run && focus->site >= 0 &&
            has_factors(lane, focus->site) && session->validation.targets > 0)
            made->cut_site = focus->site;
    } else {
        mem_free(made);
        return NULL;
    }
    return made;
}

void analyst_offer(struct analyst *analyst, struct session *session,
                   bool resting)
{
    struct question focus = mailbox_asked(&session->mailbox);
    if (focus.site >= session->model->site_count)
        focus.site = -1;
    (void)pthread_mutex_lock(&analyst->mutex);
    /* Copying under the mutex: only the analyst waits for it, and it has
     * nothing to do until it is fed. */
    if (analyst->hungry && !analyst->assignment) {
        double began = clock_seconds();
        analyst->assignment = choose(analyst, session, &focus, resting);
        if (analyst->assignment) {
            analyst->hungry = false;
            analyst->assignment->copying = clock_seconds() - began;
            (void)pthread_cond_signal(&analyst->bell);
        }
    }
    (void)pthread_mutex_unlock(&analyst->mutex);
}

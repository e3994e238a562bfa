/*
 * Builds the picture of the session that the screen reads: numbers copied,
 * series held, spectra from the analyst's latest findings.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "experiments/recipe_field.h"
#include "experiments/session_private.h"
#include "experiments/snapshot_owned.h"

enum { EVENTS_SHOWN = 1000 };

static long front_of(const struct session *session)
{
    long front = 0;
    for (int i = 0; i < session->lane_count; i++) {
        const struct lane *lane = session->lane[i];
        if (!lane->removed && lane->step > front)
            front = lane->step;
    }
    return front;
}

static void show_state(const struct session *session, const struct lane *lane,
                       long front, struct run_view *to)
{
    to->state = RUN_RUNNING;
    if (lane->diverged) {
        to->state = RUN_DIVERGED;
        snprintf(to->state_text, sizeof to->state_text, "%s", lane->trouble);
    } else if (lane->step >= session->steps) {
        to->state = RUN_DONE;
    } else if (lane->step < front) {
        to->state = RUN_CATCHING_UP;
        snprintf(to->state_text, sizeof to->state_text,
                 "catching up, step %ld of %ld", lane->step, front);
    }
}

static void show_sites(struct session *session, const struct lane *lane,
                       struct snapshot *snapshot, struct run_view *to)
{
    const struct model *model = session->model;
    const struct method *method = run_method(lane->run);
    to->site =
        snapshot_take(snapshot, (size_t)model->site_count, sizeof *to->site);
    for (int i = 0; i < model->site_count; i++) {
        struct site_view *site = &to->site[i];
        struct site_state is = {0};
        *site = site_view_unknown();
        site->adapted = method->ops->adapts(method, i);
        if (!site->adapted)
            continue;
        int out = model->site[i].out, in = model->site[i].in;
        site->max_rank = out < in ? out : in;
        if (method->ops->state_of)
            method->ops->state_of(method, i, &is);
        if (is.rank) {
            site->scale = is.scale;
            site->rank = is.rank;
            int low = to->rank_low;
            to->rank_low = low == 0 || is.rank < low ? is.rank : low;
            to->rank_high = is.rank > to->rank_high ? is.rank : to->rank_high;
        }
    }
    if (session->analyst)
        analyst_show(session->analyst, lane, snapshot, to);
}

static void show_run(struct session *session, const struct lane *lane,
                     long front, struct snapshot *snapshot, struct run_view *to)
{
    const struct run_conf *conf = run_conf_of(lane->run);
    to->id = lane->id;
    snprintf(to->name, sizeof to->name, "%s", lane->spec.name);
    snprintf(to->method, sizeof to->method, "%s", lane->spec.method);
    show_state(session, lane, front, to);
    to->step = lane->step;
    to->trainable = run_trainable(lane->run);
    to->alpha = method_has_rank(lane->spec.method) ? lane->spec.alpha : NAN;
    to->policy = lane->policy;
    to->lr_peak = conf->optimizer.lr;
    to->lr = schedule_lr(&conf->optimizer, lane->step, session->steps);
    to->seed = lane->spec.seed;
    to->weight_decay = conf->optimizer.weight_decay;
    to->tokens_per_second = lane->tokens_per_second;
    to->train_loss =
        lane->smooth_weight > 0 ? lane->smooth / lane->smooth_weight : NAN;
    to->validation_loss = lane->last.validation_loss;
    to->metric = lane->last.metric;
    to->forget_loss = lane->last.forget_loss;
    to->branch = lane->branch;
    to->undo_depth = lane->undo_count;
    to->train = snapshot_view(snapshot, lane->train);
    to->validation = snapshot_view(snapshot, lane->validation);
    to->metric_series = snapshot_view(snapshot, lane->metric);
    to->forget = snapshot_view(snapshot, lane->forget);
    to->grad_norm = snapshot_view(snapshot, lane->grad_norm);
    show_sites(session, lane, snapshot, to);
}

static void show_events(const struct session *session,
                        struct snapshot *snapshot)
{
    int shown = session->event_count < EVENTS_SHOWN ? session->event_count
                                                    : EVENTS_SHOWN;
    if (shown == 0)
        return;
    struct event *event = snapshot_take(snapshot, (size_t)shown, sizeof *event);
    memcpy(event, session->event + session->event_count - shown,
           (size_t)shown * sizeof *event);
    snapshot->event = event;
    snapshot->event_count = shown;
}

static void show_session(const struct session *session,
                         struct snapshot *snapshot)
{
    const struct recipe *recipe = &session->recipe;
    const char *metric = session->task->ops->metric;
    snprintf(snapshot->title, sizeof snapshot->title, "%s", recipe->title);
    snprintf(snapshot->base, sizeof snapshot->base, "%.63s",
             recipe->is_fresh ? "a new model" : recipe->base);
    snprintf(snapshot->task, sizeof snapshot->task, "%s", recipe->task);
    snprintf(snapshot->metric_name, sizeof snapshot->metric_name, "%s",
             metric ? metric : "");
    snapshot->tick = session->tick;
    snapshot->steps = session->steps;
    snapshot->paused = session->paused && !session->single;
    snapshot->finished = session->settled;
    snapshot->ticks_per_second = session->ticks_per_second;
    snapshot->base_validation_loss = session->base.validation_loss;
    snapshot->base_forget_loss = session->base.forget_loss;
    snprintf(snapshot->folder, sizeof snapshot->folder, "%s", session->out);
    snprintf(snapshot->message, sizeof snapshot->message, "%s",
             session->message);
}

/* Copies, so that a snapshot may outlive its session. */
static void show_model(const struct model *model, struct snapshot *snapshot)
{
    size_t sites = (size_t)model->site_count;
    size_t others = (size_t)model->other_count;
    struct site *site = snapshot_take(snapshot, sites, sizeof *site);
    struct other *other = snapshot_take(snapshot, others, sizeof *other);
    struct model *shape = snapshot_take(snapshot, 1, sizeof *shape);
    memcpy(site, model->site, sites * sizeof *site);
    if (others > 0) /* one matrix has none */
        memcpy(other, model->other, others * sizeof *other);
    *shape = (struct model){.conf = model->conf,
                            .site_count = model->site_count,
                            .other_count = model->other_count,
                            .site = site,
                            .other = other};
    snapshot->shape = shape;
    snapshot->site = site;
    snapshot->site_count = model->site_count;
    snapshot->layers = model->conf.layers;
}

static void show_runs(struct session *session, struct snapshot *snapshot)
{
    long front = front_of(session);
    char(*removed)[32] =
        snapshot_take(snapshot, (size_t)session->lane_count, sizeof *removed);
    snapshot->removed = (const char(*)[32])removed;
    for (int i = 0; i < session->lane_count; i++) {
        const struct lane *lane = session->lane[i];
        if (lane->removed)
            snprintf(removed[snapshot->removed_count++], sizeof *removed, "%s",
                     lane->spec.name);
        else
            show_run(session, lane, front, snapshot,
                     &snapshot->run[snapshot->run_count++]);
    }
}

void publish(struct session *session)
{
    struct snapshot *snapshot = snapshot_new();
    session->published = clock_seconds();
    show_session(session, snapshot);
    show_model(session->model, snapshot);
    show_runs(session, snapshot);
    show_events(session, snapshot);
    if (session->analyst)
        analyst_show_studies(session->analyst, snapshot);
    mailbox_publish(&session->mailbox, snapshot);
}

/*
 * The trainer's thread.  Each turn: replayed and sent commands, then one
 * tick: the runs that are furthest behind take a step on the same batch.
 *
 * Clocks decide when something is published or put on disk, never what is
 * computed.
 */
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "core/base/linalg.h"
#include "experiments/session_private.h"

static const double publish_seconds = 0.05;

double clock_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* always there */
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The step that is next: the least of those that still train; -1: none. */
static long next_step(const struct session *session)
{
    long least = -1;
    for (int i = 0; i < session->lane_count; i++) {
        const struct lane *lane = session->lane[i];
        if (lane_trains(session, lane) && (least < 0 || lane->step < least))
            least = lane->step;
    }
    return least;
}

/* Two batches are kept: this step's, and the next one's made meanwhile. */
static const struct batch *batch_of(struct session *session, long step)
{
    int slot = (int)(step % 2);
    if (session->batch_step[slot] != step) {
        task_batch(session->task, &session->batch[slot], session->recipe.seed,
                   step, session->recipe.batch);
        session->batch_step[slot] = step;
    }
    return &session->batch[slot];
}

static int take_steps(struct session *session, struct lane **stepping,
                      long step)
{
    const struct batch *batch = batch_of(session, step);
    int count = 0;
    for (int i = 0; i < session->lane_count; i++) {
        struct lane *lane = session->lane[i];
        if (!lane_trains(session, lane) || lane->step != step)
            continue;
        stepping[count++] = lane;
        run_post_step(lane->run, session->team, batch);
    }
    if (step + 1 < session->steps)
        batch_of(session, step + 1);
    team_wait(session->team);
    return count;
}

/* Sorts out who diverged; returns how many are left. */
static int collect(struct session *session, struct lane **stepping,
                   struct reading *readings, int count)
{
    int left = 0;
    for (int i = 0; i < count; i++) {
        struct lane *lane = stepping[i];
        struct step_result result = run_result(lane->run);
        if (result.diverged) {
            lane_diverge(session, lane,
                         isfinite(result.loss) ? "the gradient is not finite"
                                               : "the loss is not finite");
            continue;
        }
        lane->step = run_step(lane->run);
        lane->version++;
        stepping[left] = lane;
        readings[left] = reading_unknown(lane);
        readings[left].train_loss = result.loss;
        readings[left].grad_norm = result.grad_norm;
        readings[left++].lr = result.lr;
    }
    return left;
}

static void write_timing(struct session *session, struct lane *lane)
{
    char speed[32];
    rows_add(&lane->timing, "%ld\t%.3f\t%s\n", lane->step,
             clock_seconds() - session->began,
             rows_number(speed, lane->tokens_per_second));
}

/* All stepping lanes are at the same step, so all are due or none is. */
static void measure_due(struct session *session, struct lane **stepping,
                        struct reading *readings, int count)
{
    long step = stepping[0]->step;
    bool last = step == session->steps;
    bool due = last || step % session->recipe.evaluate_every == 0;
    if (due)
        measure_lanes(session, stepping, readings, count);
    for (int i = 0; i < count; i++) {
        measure_write(stepping[i], &readings[i]);
        if (due)
            write_timing(session, stepping[i]);
    }
    if (last || step % session->recipe.spectra_every == 0)
        spectra_write(session, stepping, count);
    if (due)
        store_flush(session);
}

/* Exponential means over about a second. */
static void measure_speed(struct session *session, struct lane *const *lanes,
                          int count, int tokens)
{
    double now = clock_seconds();
    double seconds = now - session->last_tick_end;
    session->last_tick_end = now;
    if (!(seconds > 0) || seconds > 1e6)
        return;
    double keep = exp(-seconds);
    double *rate = &session->ticks_per_second;
    *rate = isnan(*rate) ? 1 / seconds : keep * *rate + (1 - keep) / seconds;
    for (int i = 0; i < count; i++) {
        double *speed = &lanes[i]->tokens_per_second;
        *speed = isnan(*speed) ? tokens / seconds
                               : keep * *speed + (1 - keep) * tokens / seconds;
    }
}

static void tick(struct session *session, long step)
{
    struct lane *stepping[SNAPSHOT_RUNS];
    struct reading readings[SNAPSHOT_RUNS];
    int count = take_steps(session, stepping, step);
    int tokens = session->batch[step % 2].tokens;
    count = collect(session, stepping, readings, count);
    session->tick++;
    session->changed = true;
    session->single = false;
    if (count > 0)
        measure_due(session, stepping, readings, count);
    for (int i = 0; i < count; i++)
        lane_remember(session, stepping[i]);
    measure_speed(session, stepping, count, tokens);
    double now = clock_seconds();
    if (now - session->checkpointed >= session->checkpoint_seconds)
        checkpoint_write(session);
    if (session->analyst)
        analyst_offer(session->analyst, session, false);
    if (now - session->published >= publish_seconds)
        publish(session);
}

/* Everything that is due on disk, and the word for session_wait(). */
static void settle(struct session *session)
{
    if (session->settled)
        return;
    int left = session->replay.count - session->replay.next;
    if (left > 0)
        event_add(session, -1, EVENT_TROUBLE | EVENT_PASSING,
                  "the journal goes on for %d commands past the end, from "
                  "tick %ld; they were left out",
                  left, session->replay.line[session->replay.next].tick);
    session->replay.next = session->replay.count;
    store_results(session);
    if (session->changed)
        checkpoint_write(session);
    session->settled = true;
    publish(session);
    mailbox_settle(&session->mailbox, session->failed ? session->message : "");
}

static void rest(struct session *session)
{
    if (session->analyst)
        analyst_offer(session->analyst, session, true);
    publish(session);
    mailbox_sleep(&session->mailbox);
    session->last_tick_end = clock_seconds();
}

/* One turn of the loop. */
static void turn(struct session *session)
{
    struct command command;
    measure_begin(session);
    bool some = apply_replay(session);
    while (mailbox_take(&session->mailbox, &command)) {
        apply_command(session, &command);
        some = true;
    }
    if (some)
        publish(session);
    long step = next_step(session);
    if (step < 0)
        settle(session);
    if (step < 0 || (session->paused && !session->single))
        rest(session);
    else
        tick(session, step);
}

void *trainer_main(void *ctx)
{
    struct session *session = ctx;
    linalg_thread_init();
    session->began = session->checkpointed = clock_seconds();
    session->last_tick_end = session->began;
    while (!mailbox_stopping(&session->mailbox))
        turn(session);
    store_results(session);
    if (session->changed)
        checkpoint_write(session);
    publish(session);
    mailbox_settle(&session->mailbox, session->failed ? session->message : "");
    return NULL;
}

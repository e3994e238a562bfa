/*
 * Commands, applied between two ticks.  What was applied goes to the
 * journal; what was refused leaves a passing event and nothing else.
 */
#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "experiments/session_private.h"

void event_add(struct session *session, int run, unsigned flags,
               const char *format, ...)
{
    size_t count = (size_t)session->event_count;
    if (session->event_count == session->event_room) {
        size_t room = 2 * count + 16;
        session->event =
            xgrow(session->event, count, room, sizeof *session->event);
        session->event_room = (int)room;
    }
    struct event *event = &session->event[session->event_count++];
    const struct lane *lane = lane_find(session, run, NULL);
    *event = (struct event){.tick = session->tick,
                            .step = lane ? lane->step : session->tick,
                            .run = run,
                            .is_change = flags & EVENT_CHANGE,
                            .is_trouble = flags & EVENT_TROUBLE};
    va_list args;
    va_start(args, format);
    vsnprintf(event->text, sizeof event->text, format, args);
    va_end(args);
    if (flags & EVENT_PASSING)
        return;
    rows_add(&session->events, "%ld\t%ld\t%s\t%s\t%s\n", event->tick,
             event->step, lane ? lane->spec.name : "-",
             flags & EVENT_TROUBLE  ? "trouble"
             : flags & EVENT_CHANGE ? "change"
                                    : "-",
             event->text);
}

/* What is known of the state as it is now. */
static struct reading known_now(const struct lane *lane)
{
    struct reading now = lane->last;
    now.step = lane->step;
    now.branch = lane->branch;
    if (lane->measured != lane->version)
        now.validation_loss = now.metric = NAN;
    now.forget_loss = NAN;
    return now;
}

/* A lane has come to another state without a step: its first row there. */
static void arrive(struct session *session, struct lane *lane,
                   const struct undo *from)
{
    struct reading reading = from->at;
    reading.branch = lane->branch;
    run_set_steps(lane->run, session->steps);
    if (isnan(reading.validation_loss))
        measure_lane(session, lane, &reading, false);
    measure_write(lane, &reading);
    lane->smooth = from->smooth;
    lane->smooth_weight = from->smooth_weight;
}

static int apply_undo(struct session *session, struct lane *lane,
                      struct err *err)
{
    if (lane->undo_count == 0)
        return err_set(err, "%s: nothing to undo", lane->spec.name);
    struct undo *undo = &lane->undo[lane->undo_count - 1];
    long left = lane->step;
    if (undo_load(lane, undo, err) < 0)
        return -1;
    lane->branch++;
    arrive(session, lane, undo);
    undo_drop(lane, lane->undo_count - 1);
    event_add(session, lane->id, EVENT_CHANGE,
              "%s: undone, from step %ld back to %ld as it was before its "
              "last change",
              lane->spec.name, left, lane->step);
    return 0;
}

/* r8-fork, r8-fork2, ...: the first that was never used. */
static void name_fork(struct session *session, char *to, size_t size,
                      const char *from)
{
    snprintf(to, size, "%.20s-fork", from);
    for (int i = 2; lane_find(session, -1, to); i++)
        snprintf(to, size, "%.20s-fork%d", from, i);
}

static int apply_fork(struct session *session, struct lane *lane,
                      struct err *err)
{
    struct run_spec spec = lane->spec;
    name_fork(session, spec.name, sizeof spec.name, lane->spec.name);
    bool before = lane->undo_count > 0;
    if (lanes_live(session) == SNAPSHOT_RUNS)
        return err_set(err, "%d runs are the most; remove one first",
                       (int)SNAPSHOT_RUNS);
    if (!before) {
        struct reading now = known_now(lane);
        undo_push(session, lane, &now);
        if (lane->undo_count == 0)
            return err_set(err, "%s: no memory for its state", lane->spec.name);
    }
    const struct undo *undo = &lane->undo[lane->undo_count - 1];
    struct lane *fork = lane_new(session, &spec, true, err);
    int result = fork ? undo_load(fork, undo, err) : -1;
    if (fork && result < 0) { /* as if it had never been */
        session->lane_count--;
        lane_free(fork);
    }
    if (result == 0) {
        fork->begun = true;
        lane_open_files(session, fork, NULL);
        fork->spec.optimizer.lr = run_conf_of(fork->run)->optimizer.lr;
        arrive(session, fork, undo);
        event_add(session, fork->id, EVENT_CHANGE,
                  "%s: starts at step %ld from %s%s", fork->spec.name,
                  fork->step, lane->spec.name,
                  before ? " as it was before its last change" : "");
    }
    if (!before)
        undo_drop(lane, lane->undo_count - 1);
    return result;
}

static int apply_lr(struct session *session, struct lane *lane, double lr,
                    struct err *err)
{
    double old = run_conf_of(lane->run)->optimizer.lr;
    if (!(lr >= 0) || lr > 1000)
        return err_set(err, "lr %g is not allowed; use 0..1000", lr);
    struct reading now = known_now(lane);
    undo_push(session, lane, &now);
    run_set_lr(lane->run, lr);
    lane_touch(lane);
    event_add(session, lane->id, EVENT_CHANGE, "%s: lr %g -> %g",
              lane->spec.name, old, lr);
    return 0;
}

static int apply_add(struct session *session, const struct run_spec *spec,
                     struct err *err)
{
    struct lane *lane = lane_new(session, spec, false, err);
    if (!lane)
        return -1;
    lane_open_files(session, lane, NULL);
    event_add(session, lane->id, 0, "%s: a new run, from step 0",
              lane->spec.name);
    return 0;
}

static int apply_remove(struct session *session, struct lane *lane,
                        struct err *err)
{
    if (lanes_live(session) == 1)
        return err_set(err, "%s is the last run; it stays", lane->spec.name);
    store_result(session, lane);
    event_add(session, lane->id, 0, "%s: removed at step %ld", lane->spec.name,
              lane->step);
    while (lane->undo_count > 0)
        undo_drop(lane, 0);
    history_free(&lane->history);
    run_free(lane->run);
    lane->run = NULL;
    lane->removed = true;
    return 0;
}

static int apply_steps(struct session *session, double value, struct err *err)
{
    long front = 0;
    for (int i = 0; i < session->lane_count; i++)
        if (!session->lane[i]->removed && session->lane[i]->step > front)
            front = session->lane[i]->step;
    if (!(value > (double)front) || value > 1e9 || value != floor(value))
        return err_set(err, "steps %.10g is not allowed; use %ld..1000000000",
                       value, front + 1);
    event_add(session, -1, 0, "steps %ld -> %.0f", session->steps, value);
    session->steps = (long)value;
    for (int i = 0; i < session->lane_count; i++) {
        if (session->lane[i]->removed)
            continue;
        run_set_steps(session->lane[i]->run, session->steps);
        lane_touch(session->lane[i]);
    }
    return 0;
}

static int apply_to_lane(struct session *session, struct lane *lane,
                         struct command *command, struct err *err)
{
    switch (command->kind) {
    case COMMAND_RANK:
        return apply_rank(session, lane, command, err);
    case COMMAND_UNDO:
        return apply_undo(session, lane, err);
    case COMMAND_FORK:
        return apply_fork(session, lane, err);
    case COMMAND_LR:
        return apply_lr(session, lane, command->value, err);
    case COMMAND_REMOVE:
        return apply_remove(session, lane, err);
    case COMMAND_ADD:
        return apply_add(session, &command->spec, err);
    case COMMAND_STEPS:
        return apply_steps(session, command->value, err);
    case COMMAND_PAUSE:
        session->paused = !session->paused;
        session->single = false;
        return 0;
    case COMMAND_STEP:
        session->paused = session->single = true;
        return 0;
    case COMMAND_KINDS:
        break;
    }
    assert(!"no such command");
    return -1;
}

static bool names_run(enum command_kind kind)
{
    return kind == COMMAND_RANK || kind == COMMAND_UNDO ||
           kind == COMMAND_FORK || kind == COMMAND_LR || kind == COMMAND_REMOVE;
}

/* From number to name, or from a journal's name to number. */
static int resolve(struct session *session, struct lane **lane,
                   struct command *command, struct err *err)
{
    *lane = NULL;
    if (!names_run(command->kind))
        return 0;
    const char *name = command->run_name[0] ? command->run_name : NULL;
    *lane = lane_find(session, command->run, name);
    if (!*lane)
        return err_set(err, "there is no run %s", name ? name : "of this id");
    if ((*lane)->removed)
        return err_set(err, "run %s was removed", (*lane)->spec.name);
    command->run = (*lane)->id;
    snprintf(command->run_name, sizeof command->run_name, "%s",
             (*lane)->spec.name);
    return 0;
}

static void write_journal(struct session *session,
                          const struct command *command)
{
    enum { LINE = 8192 };
    char line[LINE];
    struct err err = {{0}};
    int length = command_format(line, sizeof line, session->tick, command);
    assert(length >= 0);
    (void)length;
    rows_add(&session->journal_rows, "%s\n", line);
    if (rows_flush(&session->journal_rows, &err) < 0)
        store_trouble(session, &err);
}

/* Where a command comes from.  A replayed one is journalled even when it is
 * refused, so that out's journal stays as long as what was replayed. */
enum origin { SENT, REPLAYED, REPLAYED_OWN };

static void apply(struct session *session, struct command *command,
                  enum origin origin)
{
    struct err err = {{0}};
    struct lane *lane;
    int result = resolve(session, &lane, command, &err);
    if (result == 0)
        result = apply_to_lane(session, lane, command, &err);
    if (result < 0)
        event_add(session, lane ? lane->id : -1, EVENT_TROUBLE | EVENT_PASSING,
                  "%s refused: %.120s", command_kind_name(command->kind),
                  err.text);
    if (result < 0 && origin == SENT)
        return;
    if (!command_is_journalled(command->kind))
        return;
    session->changed = true;
    session->settled = false;
    session->journal_lines++;
    if (origin != REPLAYED_OWN)
        write_journal(session, command);
    measure_begin(session);
}

void apply_command(struct session *session, struct command *command)
{
    int left = session->replay.count - session->replay.next;
    if (left > 0 && command_is_journalled(command->kind)) {
        event_add(session, -1, EVENT_TROUBLE | EVENT_PASSING,
                  "%s refused: the journal is being replayed, %d more until "
                  "tick %ld",
                  command_kind_name(command->kind), left,
                  session->replay.line[session->replay.count - 1].tick);
        return;
    }
    apply(session, command, SENT);
}

bool apply_replay(struct session *session)
{
    struct journal *replay = &session->replay;
    bool some = false;
    while (replay->next < replay->count &&
           replay->line[replay->next].tick <= session->tick) {
        apply(session, &replay->line[replay->next++].command,
              session->replays_own ? REPLAYED_OWN : REPLAYED);
        some = true;
    }
    return some;
}

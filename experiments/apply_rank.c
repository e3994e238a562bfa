/*
 * The rank dial: the change itself, and what it did to the held-out loss.
 *
 * Growth under "keep s" leaves W as it was, and so every loss: this is
 * checked on W, bit by bit, which is faster than an evaluation and says more.
 * Every other change is measured before and after.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "experiments/session_private.h"

/* What a change is going to do, or did. */
struct turn {
    int site;             /* -1: all */
    int sites, low, high; /* how many, and their ranks before */
    bool safe;            /* W cannot change: growth under keep s */
};

static int find_site(const struct session *session, struct command *command,
                     struct err *err)
{
    const struct model *model = session->model;
    const char *name = command->site_name;
    if (!name[0]) {
        bool known = command->site >= -1 && command->site < model->site_count;
        if (!known)
            return err_set(err, "there is no site %d", command->site);
        snprintf(command->site_name, sizeof command->site_name, "%s",
                 command->site < 0 ? "all" : model->site[command->site].name);
        return 0;
    }
    command->site =
        strcmp(name, "all") == 0 ? -1 : model_site_find(model, name);
    if (command->site < 0 && strcmp(name, "all") != 0)
        return err_set(err, "there is no site %s", name);
    return 0;
}

/* All that can be refused is refused here, before anything is measured or
 * kept: a refused command is not journalled and must leave no trace. */
static int look_ahead(struct turn *turn, const struct lane *lane,
                      const struct command *command, struct err *err)
{
    const struct method *method = run_method(lane->run);
    *turn = (struct turn){.site = command->site, .low = 1 << 30};
    bool grows_only = true;
    if (!method->ops->set_rank && method->ops->fixed_rank)
        return err_set(err, "%s: the rank of %s cannot turn: %s",
                       lane->spec.name, method->ops->name,
                       method->ops->fixed_rank);
    if (!method->ops->set_rank)
        return err_set(err, "%s: method %s has no rank to turn",
                       lane->spec.name, method->ops->name);
    for (int i = 0; i < method->model->site_count; i++) {
        const struct site *site = &method->model->site[i];
        int rank = method->ops->rank(method, i);
        int most = site->out < site->in ? site->out : site->in;
        if (rank == 0 || (turn->site >= 0 && i != turn->site))
            continue;
        if (command->rank < 1 || command->rank > most)
            return err_set(err, "%s: rank %d is not allowed; use 1..%d",
                           site->name, command->rank, most);
        turn->sites++;
        turn->low = rank < turn->low ? rank : turn->low;
        turn->high = rank > turn->high ? rank : turn->high;
        grows_only = grows_only && rank <= command->rank;
    }
    if (turn->sites == 0)
        return err_set(err, "%s does not adapt %s", lane->spec.name,
                       command->site_name);
    turn->safe = grows_only && command->policy == RANK_KEEP_SCALE;
    if (turn->low == command->rank && turn->high == command->rank &&
        command->policy == RANK_KEEP_SCALE)
        return err_set(err, "%s %s: the rank is %d already", lane->spec.name,
                       command->site_name, command->rank);
    return 0;
}

/* W of every site one after another, to be compared; freed by mem_free(). */
static float *copy_sites(const struct model *model,
                         const struct weights *weights, size_t *count)
{
    *count = 0;
    for (int i = 0; i < model->site_count; i++)
        *count += (size_t)model->site[i].out * (size_t)model->site[i].in;
    float *copy = xcalloc(*count, sizeof *copy), *at = copy;
    for (int i = 0; i < model->site_count; i++) {
        const struct site *site = &model->site[i];
        mat_copy(mat_of(at, site->out, site->in), weights->site[i]);
        at += (size_t)site->out * (size_t)site->in;
    }
    return copy;
}

static void say_ranks(char *to, size_t size, const struct lane *lane,
                      const struct command *command, const struct turn *turn)
{
    char before[32];
    snprintf(before, sizeof before, turn->low == turn->high ? "%d" : "%d..%d",
             turn->low, turn->high);
    snprintf(to, size, "%s %s: rank %s -> %d (%s)", lane->spec.name,
             turn->site < 0 ? "all sites" : command->site_name, before,
             command->rank, rank_policy_name(command->policy));
}

/* The factors changed, W did not: so no loss did. */
static void tell_safe(struct session *session, struct lane *lane,
                      const char *ranks, bool same)
{
    event_add(session, lane->id, EVENT_CHANGE, "%s: %s", ranks,
              same ? "W and every loss unchanged to the bit"
                   : "W moved, which it must not: please report this");
}

static void tell_measured(struct session *session, struct lane *lane,
                          const char *ranks, double before, double dropped)
{
    struct reading after = reading_unknown(lane);
    measure_lane(session, lane, &after, false);
    measure_write(lane, &after);
    double now = after.validation_loss;
    event_add(session, lane->id, EVENT_CHANGE,
              "%s: predicted ||dropped||_F %.3g, measured loss %.4f -> %.4f "
              "(%+.1e)",
              ranks, dropped, before, now, now - before);
}

static int turn_dial(struct lane *lane, const struct command *command,
                     double *dropped, struct err *err)
{
    int sites = run_method(lane->run)->model->site_count, count = 0;
    struct rank_change *changes = xcalloc((size_t)sites, sizeof *changes);
    int result = run_set_rank(lane->run, command->site, command->rank,
                              command->policy, changes, &count, err);
    double sum = 0;
    for (int i = 0; i < count; i++) {
        sum += changes[i].dropped * changes[i].dropped;
        rank_change_free(&changes[i]);
    }
    mem_free(changes);
    *dropped = sqrt(sum);
    return result;
}

/* Held-out loss of the state before, measured unless it is known. */
static double measure_before(struct session *session, struct lane *lane)
{
    if (lane->measured == lane->version)
        return lane->last.validation_loss;
    struct reading before = reading_unknown(lane);
    measure_lane(session, lane, &before, false);
    measure_write(lane, &before);
    return lane->last.validation_loss;
}

/* What undo will know of the state before. */
static void keep_state(struct session *session, struct lane *lane)
{
    struct reading known = lane->last;
    known.step = lane->step;
    known.forget_loss = NAN;
    if (lane->measured != lane->version)
        known.validation_loss = known.metric = NAN;
    undo_push(session, lane, &known);
}

static int turn_and_tell(struct session *session, struct lane *lane,
                         const struct command *command, const struct turn *turn,
                         double before, struct err *err)
{
    double dropped = 0;
    size_t count;
    char ranks[120];
    say_ranks(ranks, sizeof ranks, lane, command, turn);
    float *w = copy_sites(session->model, run_weights(lane->run), &count);
    int result = turn_dial(lane, command, &dropped, err);
    if (result == 0) {
        float *now = copy_sites(session->model, run_weights(lane->run), &count);
        bool same = memcmp(w, now, count * sizeof *w) == 0;
        mem_free(now);
        if (same)
            lane_touch(lane);
        else
            lane->version++;
        lane->policy = command->policy;
        if (turn->safe)
            tell_safe(session, lane, ranks, same);
        else
            tell_measured(session, lane, ranks, before, dropped);
    }
    mem_free(w);
    return result;
}

int apply_rank(struct session *session, struct lane *lane,
               struct command *command, struct err *err)
{
    struct turn turn;
    if (find_site(session, command, err) < 0 ||
        look_ahead(&turn, lane, command, err) < 0)
        return -1;
    if (lane->diverged)
        return err_set(err, "%s has diverged; undo first", lane->spec.name);
    double before = turn.safe ? NAN : measure_before(session, lane);
    keep_state(session, lane);
    int result = turn_and_tell(session, lane, command, &turn, before, err);
    if (result < 0 && lane->undo_count > 0)
        undo_drop(lane, lane->undo_count - 1);
    return result;
}

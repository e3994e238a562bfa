/*
 * Actions of the views: choosing, looking, turning the dial.  Those of the
 * overlays are in overlay_actions.c.
 */
#include "tui/actions.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/metric_table.h"
#include "experiments/rival.h"
#include "experiments/site_map.h"
#include "tui/views/view.h"

ACTION(act_view)
{
    (void)code;
    enum view_id view = (enum view_id)arg;
    /* From a file its own views, and the session's again from any other. */
    bool is_guest =
        view == VIEW_FILES || (ui->on_guest && view_is_there(view, snapshot));
    if (ui->has_guest)
        ui_turn_to(ui, is_guest);
    ui->view = view;
    ui->scroll = 0;
}

ACTION(act_quit)
{
    (void)snapshot, (void)arg, (void)code;
    ui->quit = true;
}

ACTION(act_redraw)
{
    (void)snapshot, (void)arg, (void)code;
    ui->wants_redraw = true;
}

ACTION(act_glyphs)
{
    (void)snapshot, (void)arg, (void)code;
    ui->glyphs = (enum glyphs)((ui->glyphs + 1) % GLYPHS_COUNT);
    /* A test pattern: what the font makes of it is seen at once. */
    static const char *const pattern[GLYPHS_COUNT] = {"⡀⠔⠊⠉⠑⠢⢄", "▖▞▀▚▗",
                                                      ".-=~:"};
    ui_say(ui, false, "plots in %s: %s", glyphs_name(ui->glyphs),
           pattern[ui->glyphs]);
}

ACTION(act_pause)
{
    (void)arg, (void)code;
    if (ui_command(ui, COMMAND_PAUSE, -1))
        ui_say(ui, false, snapshot->paused ? "going on" : "pausing");
}

ACTION(act_step)
{
    (void)snapshot, (void)arg, (void)code;
    ui_command(ui, COMMAND_STEP, -1);
}

ACTION(act_run)
{
    (void)code;
    const struct run_view *run = ui_run(ui, snapshot);
    if (!run)
        return;
    int count = snapshot->run_count;
    int at = (int)(run - snapshot->run);
    ui->run_id = snapshot->run[(at + arg + count) % count].id;
}

ACTION(act_undo)
{
    (void)arg, (void)code;
    const struct run_view *run = ui_run(ui, snapshot);
    if (ui_command(ui, COMMAND_UNDO, run->id))
        ui_say(ui, false, "undoing the last change of %s", run->name);
}

ACTION(act_fork)
{
    (void)arg, (void)code;
    const struct run_view *run = ui_run(ui, snapshot);
    if (ui_command(ui, COMMAND_FORK, run->id))
        ui_say(ui, false,
               run->undo_depth ? "forking %s from before its last change"
                               : "forking %s from here",
               run->name);
}

ACTION(act_curve)
{
    (void)snapshot, (void)arg, (void)code;
    ui->curve = (enum curve)((ui->curve + 1) % CURVE_COUNT);
}

ACTION(act_axes)
{
    (void)snapshot, (void)arg, (void)code;
    ui->axes = (enum axes)((ui->axes + 1) % AXES_COUNT);
}

ACTION(act_cursor)
{
    (void)code;
    enum { STOPS = 50 }; /* across what has been trained */
    long end = 0;
    for (int r = 0; r < snapshot->run_count; r++)
        if (snapshot->run[r].step > end)
            end = snapshot->run[r].step;
    long by = end / STOPS > 0 ? end / STOPS : 1;
    if (arg == 0)
        ui->cursor = -1;
    else if (ui->cursor < 0)
        ui->cursor = end;
    else
        ui->cursor += arg * by;
    if (arg != 0 && ui->cursor < 0)
        ui->cursor = 0;
    if (ui->cursor > end)
        ui->cursor = end;
}

ACTION(act_site)
{
    (void)code;
    int site = ui_site(ui, snapshot) + arg;
    if (site >= 0 && site < snapshot->site_count)
        ui->site = site;
    ui->all_sites = false;
}

/* Layer and kind, as the map has them. */
static struct site_place place_of(const struct snapshot *snapshot, int site)
{
    if (snapshot->map)
        return snapshot->map->place[site];
    return (struct site_place){snapshot->site[site].layer,
                               (int)snapshot->site[site].kind};
}

ACTION(act_layer)
{
    (void)code;
    int at = ui_site(ui, snapshot);
    if (snapshot->site_count == 0)
        return;
    struct site_place from = place_of(snapshot, at);
    for (int s = 0; s < snapshot->site_count; s++) {
        struct site_place to = place_of(snapshot, s);
        if (to.col == from.col && to.row == from.row + arg)
            ui->site = s;
    }
    ui->all_sites = false;
}

ACTION(act_dial_site)
{
    (void)code;
    int row = ui->all_sites ? 0 : ui_site(ui, snapshot) + 1;
    row += arg;
    row = row < 0 ? 0 : row;
    row = row > snapshot->site_count ? snapshot->site_count : row;
    ui->all_sites = row == 0;
    if (row > 0)
        ui->site = row - 1;
}

ACTION(act_measure)
{
    (void)snapshot, (void)code;
    ui->measure = (ui->measure + arg + metric_count) % metric_count;
}

ACTION(act_index_axis)
{
    (void)snapshot, (void)arg, (void)code;
    ui->linear_index = !ui->linear_index;
}

ACTION(act_index)
{
    (void)code;
    int longest = 0, site = ui_site(ui, snapshot);
    for (int r = 0; r < snapshot->run_count && snapshot->site_count; r++)
        if (snapshot->run[r].site[site].sigma_count > longest)
            longest = snapshot->run[r].site[site].sigma_count;
    ui->index += arg;
    ui->index = ui->index < 0 ? 0 : ui->index;
    ui->index = ui->index > longest ? longest : ui->index;
}

/* The rank now and the most, of the chosen site or of all. */
static int rank_now(const struct ui *ui, const struct snapshot *snapshot,
                    int *most)
{
    const struct run_view *run = ui_run(ui, snapshot);
    const struct asked *asked = &ui->asked;
    int target = ui->all_sites ? -1 : ui_site(ui, snapshot);
    bool waits = snapshot->event_count < asked->until &&
                 asked->run == run->id && asked->site == target;
    if (!ui->all_sites) {
        const struct site_view *site = &run->site[target];
        *most = site->max_rank;
        return waits ? asked->rank : site->rank;
    }
    *most = 0;
    for (int s = 0; s < snapshot->site_count; s++) {
        const struct site_view *site = &run->site[s];
        if (site->rank && (!*most || site->max_rank < *most))
            *most = site->max_rank;
    }
    return waits ? asked->rank : run->rank_high;
}

/* Asks for a rank; what cannot be is refused here, in a sentence. */
static void turn(struct ui *ui, const struct snapshot *snapshot, long rank)
{
    int most = 0, now = rank_now(ui, snapshot, &most);
    const struct run_view *run = ui_run(ui, snapshot);
    const char *where = ui->all_sites
                            ? "all sites"
                            : snapshot->site[ui_site(ui, snapshot)].name;
    if (rank < 1) {
        ui_say(ui, true, "rank 1 is the least; x removes the run");
        return;
    }
    if (most > 0 && rank > most) {
        ui_say(ui, true, "rank %ld of %s is not possible: at most %d", rank,
               where, most);
        return;
    }
    struct command *command = ui_command(ui, COMMAND_RANK, run->id);
    if (!command)
        return;
    command->site = ui->all_sites ? -1 : ui_site(ui, snapshot);
    command->rank = (int)rank;
    command->policy = ui->policy;
    int answered = snapshot->event_count > ui->asked.until
                       ? snapshot->event_count
                       : ui->asked.until;
    ui->asked =
        (struct asked){run->id, command->site, command->rank, answered + 1};
    ui_say(ui, false, "%s: rank of %s %d → %ld", run->name, where, now, rank);
}

ACTION(act_rank_by)
{
    (void)code;
    int most;
    turn(ui, snapshot, rank_now(ui, snapshot, &most) + arg);
}

ACTION(act_rank_times)
{
    (void)code;
    int most, now = rank_now(ui, snapshot, &most);
    long rank = arg > 0 ? 2L * now : now / 2;
    if (arg > 0 && rank > most && now < most)
        rank = most; /* the last doubling stops at the top */
    turn(ui, snapshot, rank);
}

ACTION(act_policy)
{
    (void)snapshot, (void)arg, (void)code;
    ui->policy = (enum rank_policy)((ui->policy + 1) % 3);
    ui_say(ui, false, "from the next turn on: %s",
           rank_policy_name(ui->policy));
}

/* Typed numbers come back here. */
ACTION(act_number_send)
{
    (void)arg, (void)code;
    const struct run_view *run = ui_run(ui, snapshot);
    bool is_rank = ui->overlay == OVERLAY_RANK;
    char *end;
    double value = strtod(ui->typed, &end);
    ui->overlay = OVERLAY_NONE;
    if (!run)
        return;
    if (end == ui->typed || *end || !isfinite(value)) {
        ui_say(ui, true, "\"%s\" is not a number; nothing was changed",
               ui->typed);
    } else if (is_rank && (value != floor(value) || fabs(value) > 1e9)) {
        ui_say(ui, true, "%s is no rank: a whole number, please", ui->typed);
    } else if (is_rank) {
        turn(ui, snapshot, (long)value);
    } else if (!(value > 0 && value <= 10)) {
        ui_say(ui, true,
               "a learning rate of %s is not allowed; use a number "
               "above 0, up to 10",
               ui->typed);
    } else {
        struct command *command = ui_command(ui, COMMAND_LR, run->id);
        if (!command)
            return;
        command->value = value;
        ui_say(ui, false, "%s: peak learning rate %g", run->name, value);
    }
}

static bool no(char why[WHY], const char *format, const char *name)
{
    snprintf(why, WHY, format, name);
    return false;
}

CONDITION(can_train)
{
    (void)ui, (void)arg;
    return snapshot->file_count == 0 ||
           no(why, "a file does not train: that is for runs%s", "");
}

CONDITION(can_step)
{
    if (!can_train(ui, snapshot, arg, why))
        return false;
    if (snapshot->finished)
        return no(why, "the runs are done%s", "");
    return true;
}

CONDITION(can_have_run)
{
    if (!can_train(ui, snapshot, arg, why))
        return false;
    if (!ui_run(ui, snapshot))
        return no(why, "there is no run; a adds one%s", "");
    return true;
}

CONDITION(can_choose)
{
    (void)ui, (void)arg;
    if (snapshot->file_count == 1)
        return no(why, "there is no other file: rankscope open A B shows two%s",
                  "");
    if (snapshot->run_count < 2)
        return no(why, "there is no other run; a adds one%s", "");
    return true;
}

CONDITION(can_undo)
{
    const struct run_view *run = ui_run(ui, snapshot);
    if (!can_have_run(ui, snapshot, arg, why))
        return false;
    if (run->undo_depth == 0)
        return no(why, "nothing of %s to undo", run->name);
    return true;
}

CONDITION(can_fork)
{
    if (!can_have_run(ui, snapshot, arg, why))
        return false;
    if (snapshot->run_count >= RECIPE_RUNS)
        return no(why, "no room for another run; x removes one%s", "");
    return true;
}

CONDITION(can_turn)
{
    if (!can_have_run(ui, snapshot, arg, why))
        return false;
    const struct run_view *run = ui_run(ui, snapshot);
    if (run->rank_high == 0)
        return no(why, "%s has no rank to turn; Tab chooses another run",
                  run->name);
    if (run->state == RUN_DIVERGED)
        return no(why, "%s has diverged; u goes back", run->name);
    if (!ui->all_sites && run->site[ui_site(ui, snapshot)].rank == 0)
        return no(why, "%s has no rank here; choose a site it adapts",
                  run->name);
    return true;
}

CONDITION(can_add)
{
    if (!can_train(ui, snapshot, arg, why))
        return false;
    if (!ui->new_run.method[0])
        return no(why, "a stored run is only looked at%s", "");
    if (snapshot->run_count >= RECIPE_RUNS)
        return no(why, "no room for another run; x removes one%s", "");
    return true;
}

/* What there is to add is found again by the action: it is quick. */
CONDITION(can_rival)
{
    struct run_spec spec;
    struct err err = {""};
    const struct run_view *run = ui_run(ui, snapshot);
    if (!can_add(ui, snapshot, arg, why))
        return false;
    if (rival_next(&spec, snapshot, run ? run->id : -1, &ui->new_run, &err))
        return no(why, "%s", err.text);
    return true;
}

CONDITION(can_glyphs)
{
    (void)snapshot, (void)arg;
    if (!ui->can_utf8)
        return no(why, "this terminal's locale has no UTF-8; set LC_ALL%s", "");
    return true;
}

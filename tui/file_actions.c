/*
 * Actions of view 7, and of a file that is open beside the runs of a session.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "tui/actions.h"
#include "tui/files_keep.h"
#include "tui/files_order.h"
#include "tui/views/view.h"

static bool no(char why[WHY], const char *sentence)
{
    (void)snprintf(why, WHY, "%s", sentence);
    return false;
}

CONDITION(can_look_at_file)
{
    (void)ui, (void)arg;
    return snapshot->file_count > 0 || no(why, "no file is open: o opens one");
}

CONDITION(can_keep)
{
    (void)snapshot, (void)arg;
    return ui->page[VIEW_FILES] == PAGE_PLAN ||
           no(why, "of the page of resize; v turns the pages");
}

CONDITION(can_open_file)
{
    (void)snapshot, (void)arg;
    return ui->can_open ||
           no(why, "a file is opened from a session, or by rankscope open");
}

CONDITION(can_close_file)
{
    (void)snapshot, (void)arg;
    return ui->has_guest || no(why, "no file is open beside runs");
}

/* Along the list as it is sorted. */
ACTION(act_file_site)
{
    (void)code;
    int *site = xcalloc((size_t)snapshot->site_count + 1, sizeof *site);
    int count = files_order(site, ui, snapshot), at = 0;
    int chosen = ui_site(ui, snapshot);
    while (at < count && site[at] != chosen)
        at++;
    at = at < count ? at + arg : 0;
    at = at >= count ? count - 1 : at;
    if (count > 0)
        ui->site = site[at < 0 ? 0 : at];
    mem_free(site);
    ui->all_sites = false;
}

ACTION(act_file_order)
{
    (void)snapshot, (void)arg, (void)code;
    ui->order = (enum files_order)((ui->order + 1) % FILES_ORDERS);
}

ACTION(act_keep_rule)
{
    (void)snapshot, (void)arg, (void)code;
    ui->keep = (enum keep_rule)((ui->keep + 1) % KEEP_RULES);
}

ACTION(act_keep_value)
{
    (void)snapshot, (void)code;
    keep_move(ui, arg);
}

/* --- beside a session -------------------------------------------------------
 */

void ui_turn_to(struct ui *ui, bool is_guest)
{
    if (ui->on_guest == is_guest)
        return;
    const struct ui_place here = {ui->run_id, ui->site,  ui->all_sites,
                                  ui->time,   ui->index, ui->row,
                                  ui->col,    ui->other, ui->events_seen};
    const struct ui_place there = ui->away;
    ui->away = here;
    ui->on_guest = is_guest;
    ui->run_id = there.run_id;
    ui->site = there.site;
    ui->all_sites = there.all_sites;
    ui->time = there.time;
    ui->index = there.index;
    ui->row = there.row;
    ui->col = there.col;
    ui->other = there.other;
    ui->events_seen = there.events_seen;
}

void ui_take_guest(struct ui *ui)
{
    ui_turn_to(ui, false);
    ui->away = (struct ui_place){
        .run_id = -1, .site = -1, .time = -1, .other = {OPERAND_RUN, -1, -1}};
    ui->has_guest = true;
    ui_turn_to(ui, true);
    ui->view = VIEW_FILES;
}

/* What was asked for is opened by who owns the screen. */
ACTION(act_path_send)
{
    (void)snapshot, (void)arg, (void)code;
    ui->overlay = OVERLAY_NONE;
    if (ui->typed[0])
        (void)snprintf(ui->wants_file, sizeof ui->wants_file, "%s", ui->typed);
}

ACTION(act_file_close)
{
    (void)snapshot, (void)arg, (void)code;
    ui_turn_to(ui, false);
    ui->has_guest = false;
    ui->wants_no_file = true;
    ui_say(ui, false, "the file is closed; the runs are here");
}

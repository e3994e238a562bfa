/*
 * Actions of view 6: which example, how strong the update is, and which of
 * its singular values is turned.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tui/actions.h"

static bool no(char why[WHY], const char *sentence)
{
    (void)snprintf(why, WHY, "%s", sentence);
    return false;
}

CONDITION(can_ask)
{
    (void)snapshot, (void)arg;
    return !ui->talk.prompt[0] ||
           no(why, "a typed prompt has no next one; Esc goes back to the "
                   "task's examples");
}

CONDITION(can_turn_update)
{
    (void)arg;
    const struct run_view *run = ui_run(ui, snapshot);
    if (!run)
        return no(why, "no run yet: a adds one");
    for (int s = 0; s < snapshot->site_count; s++)
        if (run->site[s].adapted)
            return true;
    return no(why, "this run changes no W: there is no update to turn");
}

ACTION(act_example)
{
    (void)snapshot, (void)code;
    long to = ui->talk.example + arg;
    ui->talk.example = to < 0 ? 0 : to;
}

ACTION(act_strength)
{
    (void)code;
    enum { TENTHS_MOST = 20 };
    const struct run_view *run = ui_run(ui, snapshot);
    long tenths = lround(ui->talk.strength * 10) + arg;
    tenths = tenths < 0 ? 0 : tenths > TENTHS_MOST ? TENTHS_MOST : tenths;
    ui->talk.strength = (double)tenths / 10;
    ui_say(ui, false, "%s: W0 + %.1f ΔW%s", run->name, ui->talk.strength,
           tenths == 0    ? ", the base"
           : tenths == 10 ? ", as trained"
                          : "");
}

/* Singular values of the chosen site that are known to be there. */
static int sigma_count(const struct ui *ui, const struct snapshot *snapshot)
{
    const struct run_view *run = ui_run(ui, snapshot);
    const struct site_view *site = &run->site[ui_site(ui, snapshot)];
    return site->rank > 0 ? site->rank : site->sigma_count;
}

ACTION(act_sigma)
{
    (void)code;
    int count = sigma_count(ui, snapshot), to = ui->talk.index + arg;
    if (count == 0) {
        ui_say(ui, true, "%s is not adapted by this run, or not looked at yet",
               snapshot->site[ui_site(ui, snapshot)].name);
        return;
    }
    ui->talk.index = to < 1 ? 1 : to > count ? count : to;
}

ACTION(act_turn)
{
    (void)code;
    int count = sigma_count(ui, snapshot);
    enum sigma_turn turn = (enum sigma_turn)arg;
    ui->talk.index = ui->talk.index < 1 ? 1 : ui->talk.index;
    if (ui->talk.index > count && count > 0)
        ui->talk.index = count;
    ui->talk.turn = ui->talk.turn == turn ? TURN_NONE : turn;
    ui_say(ui, false, "σ%d of %s: %s", ui->talk.index,
           snapshot->site[ui_site(ui, snapshot)].name,
           turn_name(ui->talk.turn));
}

ACTION(act_adapted_site)
{
    (void)code;
    const struct run_view *run = ui_run(ui, snapshot);
    int at = ui_site(ui, snapshot), count = snapshot->site_count;
    for (int i = 1; i <= count; i++) {
        int site = (at + arg * i + count * i) % count;
        if (!run->site[site].adapted)
            continue;
        ui->site = site;
        return;
    }
}

ACTION(act_talk_reset)
{
    (void)snapshot, (void)arg, (void)code;
    ui->talk =
        (struct talk_question){.example = ui->talk.example, .strength = 1};
    ui_say(ui, false, "as trained, on the task's examples");
}

ACTION(act_prompt_send)
{
    (void)snapshot, (void)arg, (void)code;
    (void)snprintf(ui->talk.prompt, sizeof ui->talk.prompt, "%s", ui->typed);
    ui->overlay = OVERLAY_NONE;
}

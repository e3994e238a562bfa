/*
 * The person's choices; see ui.h.  The frame is drawn in frame.c.
 */
#include "tui/ui.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tui/keys.h"
#include "tui/layout.h"
#include "tui/views/view.h"

void ui_start(struct ui *ui, const struct run_spec *defaults,
              enum glyphs glyphs, bool can_utf8)
{
    memset(ui, 0, sizeof *ui);
    ui->run_id = -1;
    ui->site = -1;
    ui->cursor = -1;
    ui->row_chosen = ui->task_chosen = -1;
    ui->all_sites = true;
    ui->time = -1;
    ui->measure = view_measure_at(0);
    ui->other = (struct operand){OPERAND_RUN, -1, -1};
    ui->intruder_side = SIDE_OUTPUT; /* as Shuttleworth et al. */
    ui->epsilon = 0.5;               /* as in Shuttleworth et al.'s own code */
    ui->top = 10;
    ui->lambda = 1;
    ui->talk.strength = 1;
    ui->axes = AXES_LOG_Y; /* or the first steps flatten all the rest */
    ui->glyphs = can_utf8 ? glyphs : GLYPHS_ASCII;
    ui->can_utf8 = can_utf8;
    if (defaults)
        ui->new_run = *defaults;
}

void ui_say(struct ui *ui, bool is_bad, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(ui->message, sizeof ui->message, format, args);
    va_end(args);
    ui->message_bad = is_bad;
}

struct command *ui_command(struct ui *ui, enum command_kind kind, int run)
{
    if (ui->out_count == UI_OUT) {
        ui_say(ui, true, "too much at once; once more, please");
        return NULL;
    }
    struct command *command = &ui->out[ui->out_count++];
    memset(command, 0, sizeof *command);
    command->kind = kind;
    command->run = run;
    command->site = -1;
    return command;
}

const struct run_view *ui_run(const struct ui *ui,
                              const struct snapshot *snapshot)
{
    const struct run_view *run = snapshot_run(snapshot, ui->run_id);
    if (run || snapshot->run_count == 0)
        return run;
    /* Nothing chosen: the run whose dial has most to turn. */
    run = &snapshot->run[0];
    for (int r = 1; r < snapshot->run_count; r++)
        if (snapshot->run[r].rank_high > run->rank_high)
            run = &snapshot->run[r];
    return run;
}

int ui_site(const struct ui *ui, const struct snapshot *snapshot)
{
    if (ui->site >= 0 && ui->site < snapshot->site_count)
        return ui->site;
    if (snapshot->file_count > 0)
        return 0;
    /* Nothing chosen: the last adapted site below the head. */
    const struct run_view *run = ui_run(ui, snapshot);
    for (int s = snapshot->site_count - 1; run && s >= 0; s--)
        if (run->site[s].adapted && snapshot->site[s].kind <= SITE_V)
            return s;
    return 0;
}

void ui_see(struct ui *ui, const struct snapshot *snapshot)
{
    if (snapshot->event_count != ui->events_seen)
        ui->message[0] = '\0';
    ui->events_seen = snapshot->event_count;
}

void ui_size(struct ui *ui, int cols, int rows)
{
    ui->has_room = layout_has_room(cols, rows);
}

void ui_key(struct ui *ui, const struct snapshot *snapshot, int code)
{
    unsigned scope = keys_scope(ui);
    const struct key *key = keys_find(scope, code);
    char why[WHY];
    ui->message[0] = '\0';
    if (!key) {
        if (!ui->overlay && code > ' ' && code < 127)
            ui_say(ui, true, "%c does nothing here; ? lists the keys", code);
        return;
    }
    if (keys_enabled(key, ui, snapshot, why))
        key->act(ui, snapshot, key->arg, code);
    else
        ui_say(ui, true, "%s", why);
}

/*
 * Actions inside the overlays: help, palette, numbers, the form, questions.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tui/actions.h"

ACTION(act_overlay)
{
    (void)code;
    ui->overlay = (enum overlay)arg;
    ui->typed[0] = '\0';
    ui->choice = 0;
    ui->scroll = 0;
    if (ui->overlay == OVERLAY_FORM)
        form_start(ui, snapshot);
}

ACTION(act_close)
{
    (void)snapshot, (void)arg, (void)code;
    ui->overlay = OVERLAY_NONE;
    ui->scroll = 0;
}

/* The log counts lines up from its end, help down from its top. */
ACTION(act_scroll)
{
    (void)code;
    int limit = ui->overlay == OVERLAY_HELP ? 200 : snapshot->event_count;
    ui->scroll += arg;
    ui->scroll = ui->scroll > limit ? limit : ui->scroll;
    ui->scroll = ui->scroll < 0 ? 0 : ui->scroll;
}

ACTION(act_choice)
{
    (void)snapshot, (void)code;
    enum { MOST = 100 };
    int index[MOST];
    int count = keys_match(index, MOST, ui->typed, 1u << ui->view);
    ui->choice += arg;
    ui->choice = ui->choice >= count ? count - 1 : ui->choice;
    ui->choice = ui->choice < 0 ? 0 : ui->choice;
}

static char *text_of(struct ui *ui)
{
    return ui->overlay == OVERLAY_FORM ? ui->form.text[ui->form.field]
                                       : ui->typed;
}

ACTION(act_type)
{
    (void)snapshot, (void)arg;
    char *text = text_of(ui);
    size_t length = strlen(text);
    if (code < 0x80 && isprint(code) && length + 1 < UI_TEXT) {
        text[length] = (char)code;
        text[length + 1] = '\0';
    }
    ui->choice = 0;
    ui->form.complaint[0] = '\0';
}

ACTION(act_erase)
{
    (void)snapshot, (void)arg, (void)code;
    char *text = text_of(ui);
    size_t length = strlen(text);
    if (length)
        text[length - 1] = '\0';
    ui->choice = 0;
    ui->form.complaint[0] = '\0';
}

ACTION(act_palette_run)
{
    (void)arg;
    enum { MOST = 100 };
    int index[MOST];
    int count = keys_match(index, MOST, ui->typed, 1u << ui->view);
    ui->overlay = OVERLAY_NONE;
    if (ui->choice >= count) {
        ui_say(ui, true, "nothing here is called \"%s\"", ui->typed);
        return;
    }
    const struct key *key = &key_table[index[ui->choice]];
    char why[WHY];
    if (keys_enabled(key, ui, snapshot, why))
        key->act(ui, snapshot, key->arg, code);
    else
        ui_say(ui, true, "%s", why);
}

ACTION(act_remove)
{
    (void)arg, (void)code;
    const struct run_view *run = ui_run(ui, snapshot);
    ui->overlay = OVERLAY_NONE;
    if (run && ui_command(ui, COMMAND_REMOVE, run->id))
        ui_say(ui, false, "removing %s", run->name);
}

ACTION(act_field)
{
    (void)snapshot, (void)code;
    ui->form.field = (enum form_field)(
        ((int)ui->form.field + arg + FORM_FIELDS) % FORM_FIELDS);
}

/* Left and right go through what a field allows. */
ACTION(act_option)
{
    (void)snapshot, (void)code;
    static const char *const targets[] = {"q v", "q k v o", "up down",
                                          "q v o up down", "q k v o up down"};
    enum { TARGETS = sizeof targets / sizeof *targets };
    char *text = ui->form.text[ui->form.field];
    int count = 0, at = -1;
    bool is_method = ui->form.field == FORM_METHOD;
    if (!is_method && ui->form.field != FORM_TARGETS)
        return;
    while (is_method ? method_table[count] != NULL : count < TARGETS) {
        const char *name =
            is_method ? method_table[count]->name : targets[count];
        at = strcmp(name, text) == 0 ? count : at;
        count++;
    }
    at = at < 0 ? 0 : (at + arg + count) % count;
    snprintf(text, UI_TEXT, "%s",
             is_method ? method_table[at]->name : targets[at]);
    ui->form.complaint[0] = '\0';
}

ACTION(act_form_send)
{
    (void)arg, (void)code;
    struct command filled;
    struct err err = {""};
    if (form_read(&filled, ui, snapshot, &err) != 0) {
        snprintf(ui->form.complaint, sizeof ui->form.complaint, "%s", err.text);
        return;
    }
    struct command *command = ui_command(ui, COMMAND_ADD, -1);
    if (!command)
        return;
    *command = filled;
    ui->overlay = OVERLAY_NONE;
    ui_say(ui, false, "adding %s: it starts at step 0 and catches up",
           command->spec.name);
}

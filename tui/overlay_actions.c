/*
 * Actions inside the overlays: help, palette, numbers, the form, questions.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tui/actions.h"
#include "tui/form.h"

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
    int count = keys_match(index, MOST, ui->typed, ui, snapshot);
    ui->choice += arg;
    ui->choice = ui->choice >= count ? count - 1 : ui->choice;
    ui->choice = ui->choice < 0 ? 0 : ui->choice;
}

static char *text_of(struct ui *ui, size_t *room)
{
    *room = ui->overlay == OVERLAY_PROMPT ? TALK_PROMPT_BYTES
            : ui->overlay == OVERLAY_PATH ? UI_PATH
                                          : UI_TEXT;
    return ui->overlay == OVERLAY_FORM ? form_text(ui) : ui->typed;
}

/* Names and numbers are ASCII; prompts and paths may be in any language. */
static bool is_text(const struct ui *ui, int code)
{
    return code < 0x80
               ? isprint(code) != 0
               : ui->overlay == OVERLAY_PROMPT || ui->overlay == OVERLAY_PATH;
}

ACTION(act_type)
{
    (void)arg;
    size_t room;
    char *text = text_of(ui, &room), bytes[4];
    size_t length = strlen(text);
    int count = is_text(ui, code) ? glyph_encode(bytes, (uint32_t)code) : 0;
    ui->choice = 0;
    if (count == 0 || length + (size_t)count >= room)
        return;
    memcpy(text + length, bytes, (size_t)count);
    text[length + (size_t)count] = '\0';
    if (ui->overlay == OVERLAY_FORM)
        form_changed(ui, snapshot);
}

ACTION(act_erase)
{
    (void)arg, (void)code;
    size_t room;
    char *text = text_of(ui, &room);
    size_t length = strlen(text);
    while (length > 1 && ((unsigned char)text[length - 1] & 0xc0) == 0x80)
        length--; /* the whole of a character */
    if (length)
        text[length - 1] = '\0';
    ui->choice = 0;
    if (ui->overlay == OVERLAY_FORM)
        form_changed(ui, snapshot);
}

ACTION(act_palette_run)
{
    (void)arg;
    enum { MOST = 100 };
    int index[MOST];
    int count = keys_match(index, MOST, ui->typed, ui, snapshot);
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

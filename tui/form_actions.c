/*
 * Actions in the form for a new run, and the one that does without it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "experiments/recipe_typed.h"
#include "experiments/rival.h"
#include "tui/actions.h"
#include "tui/form.h"

/* The next field that the method uses, round and round. */
ACTION(act_field)
{
    (void)snapshot, (void)code;
    struct form *form = &ui->form;
    do
        form->field = (enum form_field)(((int)form->field + arg + FORM_FIELDS) %
                                        FORM_FIELDS);
    while (!form_shows(ui, form->field));
    form->find[0] = '\0';
}

static void choose_by(struct ui *ui, const struct snapshot *snapshot, int by)
{
    int count = 0, at = 0;
    for (; method_table[count]; count++)
        if (strcmp(method_table[count]->name, ui->form.text[FORM_METHOD]) == 0)
            at = count;
    ui->form.find[0] = '\0';
    form_choose(ui, snapshot, method_table[(at + by + count) % count]->name);
}

ACTION(act_line)
{
    if (ui->form.field == FORM_METHOD)
        choose_by(ui, snapshot, arg);
    else
        act_field(ui, snapshot, arg, code);
}

/* The next of some texts behind the one that stands there. */
static void go_through(char text[UI_TEXT], const char *const *choice, int count,
                       int by)
{
    int at = by > 0 ? -1 : count;
    for (int i = 0; i < count; i++)
        if (strcmp(choice[i], text) == 0)
            at = i;
    snprintf(text, UI_TEXT, "%s", choice[(at + by + count) % count]);
}

/* Twice or half, within what the field allows; 0 begins at 1. */
static void turn(char text[UI_TEXT], const struct field *field, int by)
{
    bool is_whole = field->type == FIELD_INT;
    double value = strtod(text, NULL);
    double next = by > 0 ? 2 * value : value / 2;
    if (is_whole)
        next = by > 0 && value < 1 ? 1 : (double)(long)next;
    if (next >= field->low && next <= field->high)
        snprintf(text, UI_TEXT, "%.10g", next);
}

static void turn_seed(char text[UI_TEXT], int by)
{
    unsigned long long seed = strtoull(text, NULL, 10);
    if (by > 0 || seed > 0)
        snprintf(text, UI_TEXT, "%llu", by > 0 ? seed + 1 : seed - 1);
}

/* Left and right go through what a field allows. */
ACTION(act_option)
{
    (void)code;
    static const char *const targets[] = {"q v", "q k v o", "up down",
                                          "q v o up down", "q k v o up down"};
    static const char *const also[] = {"", "biases", "head", "embed",
                                       "biases head embed"};
    enum { TARGETS = sizeof targets / sizeof *targets };
    enum { ALSO = sizeof also / sizeof *also, WORDS = 8 };
    enum form_field at = ui->form.field;
    char *text = ui->form.text[at];
    const struct field *field = typed_find(form_rows[at].path).field;
    const char *word[WORDS];
    int words = 0;
    while (field->type == FIELD_CHOICE && words < WORDS && field->at(words)) {
        word[words] = field->at(words);
        words++;
    }
    if (at == FORM_METHOD) {
        choose_by(ui, snapshot, arg);
        return;
    }
    if (at == FORM_TARGETS)
        go_through(text, targets, TARGETS, arg);
    else if (at == FORM_ALSO)
        go_through(text, also, ALSO, arg);
    else if (words)
        go_through(text, word, words, arg);
    else if (at == FORM_SEED)
        turn_seed(text, arg);
    else if (at != FORM_NAME)
        turn(text, field, arg);
    if (at != FORM_NAME)
        form_changed(ui, snapshot);
}

ACTION(act_form_send)
{
    (void)arg, (void)code;
    struct command filled;
    struct err err = {""};
    enum form_field wrong = ui->form.field;
    if (form_read(&filled, ui, snapshot, &wrong, &err) != 0) {
        ui->form.field = wrong;
        ui->form.refused = true;
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

ACTION(act_rival)
{
    (void)arg, (void)code;
    struct run_spec spec;
    struct err err = {""};
    const struct run_view *run = ui_run(ui, snapshot);
    if (rival_next(&spec, snapshot, run ? run->id : -1, &ui->new_run, &err))
        return;
    struct command *command = ui_command(ui, COMMAND_ADD, -1);
    if (!command)
        return;
    command->spec = spec;
    ui_say(ui, false,
           "adding %s at lr %g, a rival to %s: it starts at step 0 and "
           "catches up",
           spec.name, spec.optimizer.lr, run ? run->name : "nobody");
}

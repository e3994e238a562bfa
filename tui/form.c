/*
 * The form's text and what it says; see form.h.
 */
#include "tui/form.h"

#include <stdio.h>
#include <string.h>

#include "experiments/recipe_typed.h"
#include "experiments/rival.h"

_Static_assert((int)UI_TEXT == (int)RECIPE_TYPED, "one line holds both");

const struct form_row form_rows[FORM_FIELDS] = {
    [FORM_METHOD] = {"method", "method", "Tab comes back to the list"},
    [FORM_NAME] = {"name", "name", "letters, digits, . _ -"},
    [FORM_RANK] = {"rank", "rank", "← → halve and double"},
    [FORM_ALPHA] = {"alpha", "alpha", "strength, before it is scaled"},
    [FORM_SCALE] = {"scale", "scale", "s of s B A; ← → choose"},
    [FORM_TARGETS] = {"targets", "targets",
                      "of q k v o gate up down head; ← →"},
    [FORM_ALSO] = {"also", "also", "whole beside it: biases head embed"},
    [FORM_LR_RATIO] = {"lr_ratio", "lr ratio", "lr of B over that of A"},
    [FORM_NORM] = {"norm", "norm", "gradient through |V_i|, or not"},
    [FORM_PREFIX] = {"prefix", "prefix", "trained rows before the prompt"},
    [FORM_INFIX] = {"infix", "infix", "trained rows behind the prompt"},
    [FORM_DIMS] = {"dims", "dimensions", "d; ← → halve and double"},
    [FORM_PROJECTION] = {"projection", "projection", "of v; ← → choose"},
    [FORM_INSIDE] = {"inside", "inside", "whose values move; ← → choose"},
    [FORM_BUDGET_RANK] = {"budget.rank", "first rank",
                          "at step 0; 0: 1.5 times the rank"},
    [FORM_BUDGET_INITIAL] = {"budget.initial", "initial",
                             "share of the steps before it falls"},
    [FORM_BUDGET_FINAL] = {"budget.final", "final",
                           "share of the steps at the rank"},
    [FORM_BUDGET_EVERY] = {"budget.every", "every",
                           "steps between two choices"},
    [FORM_BUDGET_PENALTY] = {"budget.penalty", "penalty",
                             "on P, Q that are not orthogonal"},
    [FORM_LR] = {"optimizer.lr", "peak lr", NULL}, /* rival_lr_from() */
    [FORM_SEED] = {"seed", "seed", "the same seed, the same curve"}};

static bool uses(const char *method, enum form_field field)
{
    return method_uses(method, typed_find(form_rows[field].path).use);
}

bool form_shows(const struct ui *ui, enum form_field field)
{
    return uses(ui->form.text[FORM_METHOD], field);
}

static void write_field(struct form *form, enum form_field field,
                        const struct run_spec *from)
{
    struct typed_field at = typed_find(form_rows[field].path);
    typed_write(form->text[field], from, &at);
}

/* Name and rate go with the method, unless the person has written them. */
void form_choose(struct ui *ui, const struct snapshot *snapshot,
                 const char *method)
{
    struct form *form = &ui->form;
    struct run_spec run;
    rival_start(&run, snapshot, method, &ui->new_run);
    write_field(form, FORM_METHOD, &run);
    if (!(form->typed & 1U << FORM_NAME))
        write_field(form, FORM_NAME, &run);
    if (!(form->typed & 1U << FORM_LR))
        write_field(form, FORM_LR, &run);
    form->refused = false;
}

void form_start(struct ui *ui, const struct snapshot *snapshot)
{
    ui->form = (struct form){.field = FORM_METHOD};
    for (int f = 0; f < FORM_FIELDS; f++)
        write_field(&ui->form, (enum form_field)f, &ui->new_run);
    form_choose(ui, snapshot, ui->new_run.method);
}

char *form_text(struct ui *ui)
{
    struct form *form = &ui->form;
    return form->field == FORM_METHOD ? form->find : form->text[form->field];
}

/* In the list letters find the first name that begins so; one that makes no
 * name begins anew. */
static void find_method(struct ui *ui, const struct snapshot *snapshot)
{
    char *find = ui->form.find;
    size_t length = strlen(find);
    for (int again = 0; again < 2 && length; again++) {
        for (int i = 0; method_table[i]; i++)
            if (strncmp(method_table[i]->name, find, length) == 0) {
                form_choose(ui, snapshot, method_table[i]->name);
                return;
            }
        find[0] = find[length - 1];
        find[1] = '\0';
        length = 1;
    }
    find[0] = '\0';
}

void form_changed(struct ui *ui, const struct snapshot *snapshot)
{
    ui->form.refused = false;
    if (ui->form.field == FORM_METHOD)
        find_method(ui, snapshot);
    else
        ui->form.typed |= 1U << ui->form.field;
}

int form_spec(struct run_spec *to, const struct ui *ui, const char *method,
              enum form_field *at, struct err *err)
{
    *to = ui->new_run;
    to->rank_count = 0; /* the form's rank goes for every site */
    for (int f = 0; f < FORM_FIELDS; f++) {
        struct typed_field field = typed_find(form_rows[f].path);
        const char *text = f == FORM_METHOD ? method : ui->form.text[f];
        if (!method_uses(method, field.use))
            continue;
        if (typed_read(to, &field, text, err) == 0)
            continue;
        *at = (enum form_field)f;
        return -1;
    }
    return 0;
}

int form_read(struct command *to, const struct ui *ui,
              const struct snapshot *snapshot, enum form_field *at,
              struct err *err)
{
    *to = (struct command){.kind = COMMAND_ADD, .run = -1, .site = -1};
    if (form_spec(&to->spec, ui, ui->form.text[FORM_METHOD], at, err) != 0)
        return -1;
    if (snapshot_has_name(snapshot, to->spec.name))
        *at = FORM_NAME;
    return rival_check(snapshot, &to->spec, err);
}

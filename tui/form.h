/*
 * The form for a new run: the methods as a list, then the fields that the
 * chosen one uses.  Text until it is sent; what is wrong with it, and how
 * many numbers it would train, is known at every key.
 */
#ifndef TUI_FORM_H
#define TUI_FORM_H

#include "tui/ui.h"

struct form_row {
    const char *path;  /* of the field in a recipe's run */
    const char *label; /* at most 10 columns */
    const char *hint;
};
extern const struct form_row form_rows[FORM_FIELDS];

/* Filled with ui->new_run. */
void form_start(struct ui *ui, const struct snapshot *snapshot);
/* Does the chosen method use this field? */
bool form_shows(const struct ui *ui, enum form_field field);
/* The text that keys go to, and what follows from a change of it. */
char *form_text(struct ui *ui);
void form_changed(struct ui *ui, const struct snapshot *snapshot);
void form_choose(struct ui *ui, const struct snapshot *snapshot,
                 const char *method);

/* The run that the form describes, were its method this one.  Refuses the
 * first field, at, that cannot be read. */
int form_spec(struct run_spec *to, const struct ui *ui, const char *method,
              enum form_field *at, struct err *err);
/* The form as a command.  Refuses what the session would refuse; then at is
 * the field to be mended, or stays. */
int form_read(struct command *to, const struct ui *ui,
              const struct snapshot *snapshot, enum form_field *at,
              struct err *err);

/* form_draw.c; the list alone is form_list.c. */
void form_draw(struct canvas *canvas, const struct ui *ui,
               const struct snapshot *snapshot);
int form_list_rows(void); /* of the whole list */
void form_draw_list(struct canvas *canvas, struct rect rect,
                    const struct ui *ui, const struct snapshot *snapshot);

#endif

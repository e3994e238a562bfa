/*
 * A view is one file and one line of view_table.  It draws a snapshot into a
 * rectangle and changes nothing; its keys are in keys.c.
 */
#ifndef TUI_VIEWS_VIEW_H
#define TUI_VIEWS_VIEW_H

#include "tui/ui.h"

struct view_context {
    const struct ui *ui;
    const struct snapshot *snapshot;
};

struct view {
    int key;
    const char *name, *summary;
    void (*draw)(struct canvas *canvas, struct rect rect,
                 const struct view_context *context);
};

extern const struct view view_table[VIEW_COUNT];
int view_find(const char *name); /* -1: none */

void train_draw(struct canvas *canvas, struct rect rect,
                const struct view_context *context);
void spectrum_draw(struct canvas *canvas, struct rect rect,
                   const struct view_context *context);
void ranks_draw(struct canvas *canvas, struct rect rect,
                const struct view_context *context);
void log_draw(struct canvas *canvas, struct rect rect,
              const struct view_context *context);

/* "── title ── rest ─────" over the first row of rect. */
void view_rule(struct canvas *canvas, struct rect rect, const char *title,
               const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The marker of a run in its colour. */
void view_sign(struct canvas *canvas, int x, int y, int run_id);
struct style view_run_style(int run_id);
/* Measures by number; names come from metric_table. */
const char *view_measure_name(enum measure measure);
double view_measure(const struct site_view *site, enum measure measure);
/* An event's text without the name of its run in front, where a marker or a
 * column names it already. */
const char *view_event_words(const struct event *event,
                             const struct run_view *run);
/* The newest event of a run that changed something, or NULL. */
const struct event *view_last_change(const struct snapshot *snapshot,
                                     int run_id);

/* Panes that other views borrow where there is room. */
void spectrum_plot(struct canvas *canvas, struct rect rect,
                   const struct view_context *context);
void ranks_table(struct canvas *canvas, struct rect rect,
                 const struct view_context *context);

#endif

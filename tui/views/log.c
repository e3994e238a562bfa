/*
 * View 0: the journal and every message, oldest first, the newest in sight
 * unless scrolled.
 */
#include <stdio.h>

#include "tui/views/view.h"

enum { STEP = 8, LEAST = 10, MOST = 16 };

static void draw_line(struct canvas *canvas, struct rect rect, int y,
                      const struct snapshot *snapshot,
                      const struct event *event, int columns)
{
    struct style style = style_of(event->is_trouble ? ROLE_BAD : ROLE_NONE);
    canvas_right(canvas, rect.x, y, STEP, style_of(ROLE_DIM), "%ld",
                 event->step);
    const struct run_view *run = snapshot_run(snapshot, event->run);
    int x = rect.x + STEP + 1;
    if (event->run >= 0)
        view_sign(canvas, x, y, event->run);
    char name[VIEW_NAME];
    canvas_put(canvas, x + 2, y, columns, style,
               run              ? view_name(name, run->name, columns)
               : event->run < 0 ? "session"
                                : "(removed)");
    /* Trouble is a word as well as a colour. */
    x += 3 + columns;
    canvas_print(canvas, x, y, rect.x + rect.w - x, style, "%s%s",
                 event->is_trouble ? "trouble: " : "",
                 view_event_words(event, run));
}

void log_draw(struct canvas *canvas, struct rect rect,
              const struct view_context *context)
{
    const struct snapshot *snapshot = context->snapshot;
    view_rule(canvas, rect, "log", "%d event%s%s%s", snapshot->event_count,
              snapshot->event_count == 1 ? "" : "s",
              snapshot->folder[0] ? " · results go to " : " · nothing is kept",
              snapshot->folder);
    int y = rect.y + 1, rows = rect.h - 2;
    if (rows < 1)
        return;
    struct style dim = style_of(ROLE_DIM);
    canvas_right(canvas, rect.x, y, STEP, dim, "step");
    int columns = view_name_columns(snapshot, LEAST, MOST);
    int x = rect.x + STEP + 3;
    canvas_put(canvas, x, y, columns, dim, "run");
    x += columns + 1;
    canvas_put(canvas, x, y++, rect.x + rect.w - x, dim, "what happened");
    int most = snapshot->event_count - rows;
    int up = context->ui->scroll < most ? context->ui->scroll : most;
    up = up < 0 ? 0 : up;
    int first = snapshot->event_count - rows - up;
    first = first < 0 ? 0 : first;
    for (int i = 0; i < rows && first + i < snapshot->event_count; i++)
        draw_line(canvas, rect, y + i, snapshot, &snapshot->event[first + i],
                  columns);
    if (snapshot->event_count == 0)
        canvas_put(canvas, rect.x + 2, y, rect.w - 2, dim,
                   "nothing yet: every change will be listed here");
}

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
/* "train, spectrum or log". */
void view_names(char *to, size_t size);
/* A grid has its table and a log, a search its curve and a log, a file what
 * does not need training, a session everything else. */
bool view_is_there(enum view_id view, const struct snapshot *snapshot);

/* Pages of a view, by the names `show --page` takes; 1: it has no others. */
int view_pages(enum view_id view);
int view_page_find(enum view_id view, const char *name); /* -1: none */
/* "sigma, energy, family or time". */
void view_page_names(char *to, size_t size, enum view_id view);

void train_draw(struct canvas *canvas, struct rect rect,
                const struct view_context *context);
void spectrum_draw(struct canvas *canvas, struct rect rect,
                   const struct view_context *context);
void overlap_draw(struct canvas *canvas, struct rect rect,
                  const struct view_context *context);
void ranks_draw(struct canvas *canvas, struct rect rect,
                const struct view_context *context);
void intrinsic_draw(struct canvas *canvas, struct rect rect,
                    const struct view_context *context);
void talk_draw(struct canvas *canvas, struct rect rect,
               const struct view_context *context);
void files_draw(struct canvas *canvas, struct rect rect,
                const struct view_context *context);
void table_draw(struct canvas *canvas, struct rect rect,
                const struct view_context *context);
void log_draw(struct canvas *canvas, struct rect rect,
              const struct view_context *context);

/* "── title ── rest ─────" over the first row of rect. */
void view_rule(struct canvas *canvas, struct rect rect, const char *title,
               const char *format, ...) __attribute__((format(printf, 4, 5)));
/* A sentence on one row, cut between words where it is too long. */
void view_sentence(struct canvas *canvas, int x, int y, int width,
                   struct style style, const char *text);
/* Instead of a page: why there is nothing to draw, in the middle. */
void view_notice(struct canvas *canvas, struct rect rect, struct style style,
                 const char *text);
/* "ΔW", or "W" of a file whose base nobody knows. */
const char *view_update(const struct snapshot *snapshot);
/* "run", or "file" of files on show. */
const char *view_subject(const struct snapshot *snapshot);
/* A name in at most so many columns: what does not fit goes from its middle,
 * so that lora-r8 and lora-r16 stay two.  Returns to. */
enum { VIEW_NAME = 40, VIEW_LABEL = 14 };
const char *view_name(char to[VIEW_NAME], const char *name, int columns);
/* What the longest name of a run takes, from least to most columns. */
int view_name_columns(const struct snapshot *snapshot, int least, int most);
/* The marker of a run in its colour. */
void view_sign(struct canvas *canvas, int x, int y, int run_id);
struct style view_run_style(int run_id);
/* A site of a run at the time the person looks at: now, or as the moment at or
 * before ui->time had it (then only what sigma tells is known). */
struct site_view view_site(const struct view_context *context,
                           const struct run_view *run, int site);
/* The step of what view_site() gives; -1: nothing. */
long view_step(const struct view_context *context, const struct run_view *run);

/* Measures by their index in metric_table; NaN: no spectrum, or the rank of
 * an update that is zero. */
const char *view_measure_name(int metric);
double view_measure(const struct site_view *view, const struct site *of,
                    int metric);
/* Those that tables always have room for. */
enum { VIEW_MEASURES = 3 };
int view_measure_at(int i);
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

/*
 * The parts of view 7.
 */
#ifndef TUI_VIEWS_FILES_PARTS_H
#define TUI_VIEWS_FILES_PARTS_H

#include "experiments/file_view.h"
#include "tui/files_order.h"
#include "tui/views/view.h"

/* What the file is: a line a fact, warnings marked; returns the rows used of
 * rect, never more than it has. */
int files_facts_draw(struct canvas *canvas, struct rect rect,
                     const struct file_view *file);
/* Rows that they take at this width. */
int files_facts_rows(const struct file_view *file, int width);

/* Every site with its shape, rank, measures and spectrum. */
void files_table_draw(struct canvas *canvas, struct rect rect,
                      const struct view_context *context);

/* Page 2. */
void files_plan_draw(struct canvas *canvas, struct rect rect,
                     const struct view_context *context);

/* A list of sites: which are in sight, and the mark of the chosen one. */
struct files_list {
    int first, shown, count;
    int *site; /* (count), in the order chosen; owned */
};
struct files_list files_list_new(const struct view_context *context, int rows);
void files_list_free(struct files_list *list);
/* The row of a site: marked if it is the chosen one; returns its style. */
struct style files_row(struct canvas *canvas, struct rect rect, int y,
                       const struct view_context *context, int site);
/* Columns that names of sites take, at most most. */
int files_name_columns(const struct snapshot *snapshot, int most);
/* A site's name in so many columns: where it is too long its row and column
 * in the map, which tell sites apart. */
void files_name(struct canvas *canvas, int x, int y, int width,
                struct style style, const struct snapshot *snapshot, int site);

#endif

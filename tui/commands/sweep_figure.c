/* See sweep_figure.h. */
#include "tui/commands/sweep_figure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "tui/figure.h"
#include "tui/plot.h"

struct line { /* of one method */
    double x[GRID_ROWS], y[GRID_ROWS];
    int count;
};

struct page {
    struct plot plot; /* of one task */
    struct line line[GRID_ROWS];
};

static void add_point(struct line *line, double x, double y)
{
    int at = line->count++;
    for (; at > 0 && line->x[at - 1] > x; at--) {
        line->x[at] = line->x[at - 1];
        line->y[at] = line->y[at - 1];
    }
    line->x[at] = x;
    line->y[at] = y;
}

static void add_method(struct page *page, const struct table *table, int task,
                       const char *method, int number)
{
    struct line *line = &page->line[number];
    for (int i = 0; i < table->grid->row_count; i++)
        if (strcmp(table->grid->row[i].run.method, method) == 0 &&
            isfinite(table->entry[i][task].mean))
            add_point(line, (double)table->row[i].trainable,
                      table->entry[i][task].mean);
    struct plot_series *series = line->count > 0 ? plot_add(&page->plot) : NULL;
    if (!series)
        return;
    series->x = line->x;
    series->y = line->y;
    series->count = line->count;
    series->pen.style = style_of(role_run(number));
    series->marker = series->sign = glyph_marker(number);
    snprintf(series->label, sizeof series->label, "%s", method);
}

static void draw_task(struct figure *figure, struct page *page,
                      const struct table *table, int task)
{
    const struct grid *grid = table->grid;
    bool percent = table->metric[task][0] != '\0';
    int methods = 0;
    char y_name[64];
    memset(page, 0, sizeof *page);
    plot_start(&page->plot, "trainable numbers, log");
    page->plot.log_x = true;
    snprintf(y_name, sizeof y_name, "%s, %s",
             percent ? table->metric[task] : "loss",
             percent ? "%" : "nats per target");
    plot_name(&page->plot, y_name, "%s", grid->task[task].label);
    for (int i = 0; i < grid->row_count; i++) {
        bool first = true;
        for (int j = 0; j < i; j++)
            first = first && strcmp(grid->row[j].run.method,
                                    grid->row[i].run.method) != 0;
        if (first)
            add_method(page, table, task, grid->row[i].run.method, methods++);
    }
    if (plot_fit(&page->plot))
        figure_add_plot(figure, &page->plot);
}

int sweep_figure(const struct table *table, const char *path, bool force,
                 struct err *err)
{
    struct file_out out;
    char caption[200];
    if (!force && file_exists(path))
        return err_set(err, "%.300s: there already; use --force to replace it",
                       path);
    struct figure *figure = figure_new();
    struct page *page = xcalloc(1, sizeof *page);
    for (int task = 0; task < table->grid->task_count; task++)
        draw_task(figure, page, table, task);
    snprintf(caption, sizeof caption,
             "%s: means over seeds (%d of %d cells). Figure 2 of Hu et al. "
             "2021 draws the same of GPT-3.",
             table->grid->session.title, table->done, table->total);
    int status = figure_panels(figure) > 0
                     ? file_out_open(&out, path, err)
                     : err_set(err, "--svg: no cell is finished yet");
    if (status == 0) {
        (void)figure_svg(figure, out.to, caption); /* commit looks at it */
        status = file_out_commit(&out, err);
    }
    mem_free(page);
    figure_free(figure);
    return status;
}

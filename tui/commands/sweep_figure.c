/* See sweep_figure.h. */
#include "tui/commands/sweep_figure.h"

#include <stdio.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "tui/figure.h"
#include "tui/table_plot.h"

int sweep_figure(const struct table *table, const char *path, bool force,
                 struct err *err)
{
    struct file_out out;
    char caption[256];
    if (!force && file_exists(path))
        return err_set(err, "%.300s: there already; use --force to replace it",
                       path);
    struct figure *figure = figure_new();
    struct table_plot *page = xcalloc(1, sizeof *page);
    for (int task = 0; task < table->grid->task_count; task++)
        if (table_plot_ours(page, table, task)) {
            figure_add_plot(figure, &page->plot);
            if (table_plot_paper(page, table, task))
                figure_add_plot(figure, &page->plot);
        }
    snprintf(caption, sizeof caption,
             "%s: means over seeds (%d of %d cells), beside GPT-3 as Tables 15 "
             "and 4 of Hu et al. 2021 have it (their Figure 2).",
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

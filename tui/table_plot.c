/* See table_plot.h. */
#include "tui/table_plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/method/method.h"

/* The paper's methods first, so that their signs never change. */
static const char *const first_methods[] = {
    "lora",         "full",      "bitfit",    "prefix_embed",
    "prefix_layer", "adapter_h", "adapter_l", "full_top2"};
enum { FIRST = sizeof first_methods / sizeof *first_methods };

int table_method_number(const char *method)
{
    for (int i = 0; i < FIRST; i++)
        if (strcmp(first_methods[i], method) == 0)
            return i;
    for (int i = 0; method_table[i]; i++)
        if (strcmp(method_table[i]->name, method) == 0)
            return FIRST + i;
    return 0;
}

static void add_point(struct table_points *line, double x, double y)
{
    if (line->count == GRID_ROWS || !isfinite(x) || !isfinite(y))
        return;
    int at = line->count++;
    for (; at > 0 && line->x[at - 1] > x; at--) {
        line->x[at] = line->x[at - 1];
        line->y[at] = line->y[at - 1];
    }
    line->x[at] = x;
    line->y[at] = y;
}

static void add_line(struct table_plot *to, struct table_points *line,
                     const char *method, const char *label)
{
    int number = table_method_number(method);
    struct plot_series *series = line->count > 0 ? plot_add(&to->plot) : NULL;
    if (!series)
        return;
    series->x = line->x;
    series->y = line->y;
    series->count = line->count;
    series->pen.style = style_of(role_run(number));
    series->pen.line = glyph_line(number);
    series->marker = series->sign = glyph_marker(number);
    snprintf(series->label, sizeof series->label, "%s", label);
}

static void start(struct table_plot *to)
{
    memset(to, 0, sizeof *to);
    plot_start(&to->plot, "trainable numbers, log");
    to->plot.log_x = true;
}

bool table_plot_ours(struct table_plot *to, const struct table *table, int task)
{
    const struct grid *grid = table->grid;
    bool percent = table_in_percent(table, task);
    int lines = 0;
    start(to);
    snprintf(to->y_name, sizeof to->y_name, "%s, %s",
             percent ? table->metric[task][0] : "loss",
             percent ? "%" : "nats per target");
    plot_name(&to->plot, to->y_name, "%s", grid->task[task].label);
    for (int i = 0; i < grid->row_count && lines < TABLE_PLOT_LINES; i++) {
        const char *method = grid->row[i].run.method;
        struct table_points *line = &to->line[lines];
        bool is_first = true;
        for (int j = 0; j < i; j++)
            is_first = is_first && strcmp(grid->row[j].run.method, method) != 0;
        if (!is_first)
            continue;
        for (int j = i; j < grid->row_count; j++)
            if (strcmp(grid->row[j].run.method, method) == 0)
                add_point(line, (double)table->row[j].trainable,
                          table->entry[j][task].measure->mean);
        add_line(to, line, method, method);
        lines += line->count > 0;
    }
    return plot_fit(&to->plot);
}

/* --- the paper's ------------------------------------------------------------
 */

/* Where the task's numbers stand: Table 15 (the data of Figure 2), or else the
 * grid's own table if that says how many numbers were trained. */
static const struct paper_table *paper_of(const struct table *table, int task,
                                          int *column)
{
    const struct grid *grid = table->grid;
    const char *name = grid->task[task].name;
    const struct paper_table *sweep = paper_table_find("table15");
    *column = paper_column_find(sweep, name, 0, grid->task[task].examples);
    if (*column >= 0)
        return sweep;
    *column =
        paper_column_find(grid->paper, name, 0, grid->task[task].examples);
    return *column >= 0 && isfinite(paper_trainable(grid->paper->row))
               ? grid->paper
               : NULL;
}

static const struct {
    const char *theirs, *ours;
} same[] = {{"LoRA", "lora"},
            {"FT", "full"},
            {"BitFit", "bitfit"},
            {"PreEmbed", "prefix_embed"},
            {"PreLayer", "prefix_layer"},
            {"Adapter^H", "adapter_h"},
            {"Adapter^L", "adapter_l"}};
enum { SAME = sizeof same / sizeof *same };

static bool is_method(const struct paper_row *row, const char *method)
{
    size_t length = strlen(method);
    return strncmp(row->method, method, length) == 0 &&
           (row->method[length] == '\0' || row->method[length] == ' ');
}

static void add_rows(struct table_points *line, const struct paper_table *from,
                     int column, const char *method)
{
    for (const struct paper_row *row = from->row; row->name; row++)
        if (is_method(row, method))
            add_point(line, paper_trainable(row), row->value[column]);
}

void table_plot_paper_name(char *to, size_t size, const struct table *table,
                           int task)
{
    int column;
    const struct paper_table *from = paper_of(table, task, &column);
    to[0] = '\0';
    if (from)
        snprintf(to, size, "GPT-3 175B: %s (%s)", from->column[column],
                 strcmp(from->name, "table15") == 0 ? "Tables 15, 4"
                                                    : "Table 4");
}

bool table_plot_paper(struct table_plot *to, const struct table *table,
                      int task)
{
    int column;
    const struct paper_table *from = paper_of(table, task, &column);
    const struct paper_table *rest = paper_table_find("table4");
    start(to);
    if (!from)
        return false;
    snprintf(to->y_name, sizeof to->y_name, "%s, %%", from->column[column]);
    plot_name(&to->plot, to->y_name, "GPT-3 175B: %s", from->column[column]);
    for (int i = 0; i < SAME; i++) {
        struct table_points *line = &to->line[i];
        add_rows(line, from, column, same[i].theirs);
        /* Table 15 has neither full fine-tuning nor BitFit. */
        if (line->count == 0 && column < rest->columns)
            add_rows(line, rest, column, same[i].theirs);
        add_line(to, line, same[i].ours, same[i].theirs);
    }
    return plot_fit(&to->plot);
}

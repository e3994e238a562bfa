/*
 * The table as text: a sheet of cells first, so that every column is as wide
 * as what stands in it; what needs a sentence stands below.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "experiments/table.h"

enum {
    SHEET_COLUMNS = 4 + GRID_TASKS * TABLE_MEASURES + 1 + PAPER_COLUMNS,
    CELL = 48
};

struct sheet {
    char cell[GRID_ROWS + 1][SHEET_COLUMNS][CELL];
    bool bar[SHEET_COLUMNS]; /* a line before it */
    int rows, columns;
};

static int width(const char *text)
{
    int count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80; /* UTF-8 */
    return count;
}

static void number(char to[CELL], const char *format, double value)
    __attribute__((format(printf, 2, 0)));

static void number(char to[CELL], const char *format, double value)
{
    if (isfinite(value))
        snprintf(to, CELL, format, value);
    else
        snprintf(to, CELL, "–");
}

/* --- scores, beside the paper's ------------------------------------------- */

static void put_head(struct sheet *sheet, const struct table *table)
{
    const struct grid *grid = table->grid;
    static const char *const first[] = {"row", "trainable", "%"};
    int at = 0;
    for (int i = 0; i < 3; i++)
        snprintf(sheet->cell[0][at++], CELL, "%s", first[i]);
    for (int i = 0; i < grid->task_count; i++) {
        sheet->bar[at] = true;
        for (int k = 0; k < table->measures[i]; k++)
            if (k == 0)
                table_measure_name(sheet->cell[0][at++], CELL, table, i, k);
            else
                snprintf(sheet->cell[0][at++], CELL, "%s", table->metric[i][k]);
    }
    if (grid->paper) {
        sheet->bar[at] = true;
        snprintf(sheet->cell[0][at++], CELL, "the paper");
        for (int i = 0; i < grid->paper->columns; i++)
            snprintf(sheet->cell[0][at++], CELL, "%s", grid->paper->column[i]);
    }
    sheet->columns = at;
    sheet->rows = 1;
}

static int put_paper(struct sheet *sheet, const struct grid *grid, int row,
                     int at)
{
    const struct paper_row *paper = grid->row[row].paper;
    char(*to)[CELL] = sheet->cell[row + 1];
    if (!paper) {
        for (int i = 0; i <= grid->paper->columns; i++)
            snprintf(to[at++], CELL, "–");
        return at;
    }
    snprintf(to[at++], CELL, "%s%s%s", paper->method,
             paper->trainable[0] ? " " : "", paper->trainable);
    for (int i = 0; i < grid->paper->columns; i++)
        number(to[at++], "%.1f", paper->value[i]);
    return at;
}

static void put_row(struct sheet *sheet, const struct table *table, int row)
{
    const struct grid *grid = table->grid;
    const struct table_row *costs = &table->row[row];
    char(*to)[CELL] = sheet->cell[row + 1];
    int at = 0;
    snprintf(to[at++], CELL, "%s", grid->row[row].run.name);
    table_count_text(to[at++], CELL, (double)costs->trainable);
    number(to[at++], "%.2f", table_percent(costs));
    for (int i = 0; i < grid->task_count; i++)
        for (int k = 0; k < table->measures[i]; k++)
            table_value_text(to[at++], CELL, table, row, i, k);
    if (grid->paper)
        put_paper(sheet, grid, row, at);
    sheet->rows++;
}

/* --- what it costs ----------------------------------------------------------
 */

static void put_cost_head(struct sheet *sheet, const struct grid *grid)
{
    static const char *const first[] = {"row", "kept, B", "seconds", "MiB"};
    int at = 0;
    for (int i = 0; i < 4; i++)
        snprintf(sheet->cell[0][at++], CELL, "%s", first[i]);
    for (int i = 0; i < grid->task_count; i++) {
        sheet->bar[at] = i == 0;
        snprintf(sheet->cell[0][at++], CELL, "lr %.40s", grid->task[i].label);
    }
    sheet->columns = at;
    sheet->rows = 1;
}

static void put_costs(struct sheet *sheet, const struct table *table, int row)
{
    const struct grid *grid = table->grid;
    const struct table_row *costs = &table->row[row];
    char(*to)[CELL] = sheet->cell[row + 1];
    int at = 0;
    snprintf(to[at++], CELL, "%s", grid->row[row].run.name);
    table_count_text(to[at++], CELL, (double)costs->stored);
    number(to[at++], "%.1f", costs->seconds);
    number(to[at++], "%.0f", costs->peak_mib);
    for (int i = 0; i < grid->task_count; i++) {
        static const char *const edges[] = {"%.3g<", "%.3g ", "%.3g>"};
        number(to[at++], edges[1 + table_rate_edge(table, row, i)],
               table->entry[row][i].rate);
    }
    sheet->rows++;
}

/* Bytes to print: no blank at the end of a line. */
static int shown(const char *text, bool is_last)
{
    int length = (int)strlen(text);
    return length - (is_last && length > 0 && text[length - 1] == ' ');
}

static void print_sheet(FILE *to, const struct sheet *sheet)
{
    int wide[SHEET_COLUMNS] = {0};
    for (int i = 0; i < sheet->rows; i++)
        for (int j = 0; j < sheet->columns; j++)
            if (width(sheet->cell[i][j]) > wide[j])
                wide[j] = width(sheet->cell[i][j]);
    for (int i = 0; i < sheet->rows; i++) {
        for (int j = 0; j < sheet->columns; j++) {
            const char *text = sheet->cell[i][j];
            int pad = wide[j] - width(text);
            bool last = j + 1 == sheet->columns;
            fprintf(to, "%s", sheet->bar[j] ? "  | " : j ? "  " : "");
            if (j == 0)
                fprintf(to, "%s%*s", text, last ? 0 : pad, "");
            else
                fprintf(to, "%*s%.*s", pad, "", shown(text, last), text);
        }
        fputc('\n', to);
    }
}

/* The tasks' metrics, and whose cells are not all there. */
static void print_notes(FILE *to, const struct table *table)
{
    const struct grid *grid = table->grid;
    bool searched = false;
    for (int i = 0; i < grid->row_count; i++)
        searched = searched || grid->row[i].rate_count > 1;
    for (int i = 0; i < grid->task_count; i++) {
        bool percent = table_in_percent(table, i);
        fprintf(to, "%s: ", grid->task[i].label);
        for (int k = 0; k < table->measures[i]; k++)
            fprintf(to, "%s%s", k ? ", " : "",
                    percent ? table->metric[i][k] : "held-out loss, nats");
        fprintf(to, "%s on %d held-out examples", percent ? ", %," : ",",
                grid->report_examples);
        if (searched)
            fprintf(to, "; lr chosen on %d others", grid->search_examples);
        fputc('\n', to);
    }
    if (searched)
        fprintf(to, "lr < or >: the least or largest that was tried; a better "
                    "one may lie beyond\n");
    for (int i = 0; i < grid->row_count; i++)
        for (int j = 0; j < grid->task_count; j++) {
            const struct table_entry *entry = &table->entry[i][j];
            int missing = grid->seed_count - entry->known - entry->diverged;
            if (entry->hopeless)
                fprintf(to, "%s, %s: diverged at every lr\n",
                        grid->row[i].run.name, grid->task[j].label);
            else if (entry->diverged > 0)
                fprintf(to, "%s, %s: %d of %d seeds diverged\n",
                        grid->row[i].run.name, grid->task[j].label,
                        entry->diverged, grid->seed_count);
            if (!entry->hopeless && missing > 0 && entry->known > 0)
                fprintf(to, "%s, %s: %d of %d seeds are still to come\n",
                        grid->row[i].run.name, grid->task[j].label, missing,
                        grid->seed_count);
        }
}

static void print_findings(FILE *to, const struct table *table)
{
    if (table->finding_count > 0)
        fprintf(to, "\nClaims of the paper, and what these cells show\n\n");
    for (int i = 0; i < table->finding_count; i++) {
        const struct table_finding *finding = &table->finding[i];
        fprintf(to, "%s: %s\n    %s\n", table_verdict_text(finding->verdict),
                finding->claim, finding->numbers);
    }
}

void table_print(FILE *to, const struct table *table)
{
    const struct grid *grid = table->grid;
    struct sheet *sheet = xcalloc(1, sizeof *sheet);
    fprintf(to, "%s%s\n", grid->session.title, grid->quick ? " (quick)" : "");
    fprintf(to,
            "%d of %d cells; mean ± standard deviation over %d seed%s, %ld "
            "steps of %d sequences",
            table->done, table->total, grid->seed_count,
            grid->seed_count == 1 ? "" : "s", grid->session.steps,
            grid->session.batch);
    if (grid->paper)
        fprintf(to, "; beside: %s", grid->paper->title);
    fprintf(to, "\n\n");
    put_head(sheet, table);
    for (int i = 0; i < grid->row_count; i++)
        put_row(sheet, table, i);
    print_sheet(to, sheet);
    fputc('\n', to);
    memset(sheet, 0, sizeof *sheet);
    put_cost_head(sheet, grid);
    for (int i = 0; i < grid->row_count; i++)
        put_costs(sheet, table, i);
    print_sheet(to, sheet);
    fputc('\n', to);
    print_notes(to, table);
    print_findings(to, table);
    mem_free(sheet);
}

/*
 * The table as text: a sheet of cells first, so that every column is as wide
 * as what stands in it; what needs a sentence stands below.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "experiments/table.h"

enum { SHEET_COLUMNS = 6 + 2 * GRID_TASKS + 1 + PAPER_COLUMNS, CELL = 48 };

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

void table_value_text(char *to, size_t size, const struct table_entry *entry,
                      bool percent)
{
    int digits = percent ? 1 : 3;
    if (entry->known == 0)
        snprintf(to, size, "%s",
                 entry->hopeless || entry->diverged ? "diverged" : "–");
    else if (isfinite(entry->deviation))
        snprintf(to, size, "%.*f ± %.*f", digits, entry->mean, digits,
                 entry->deviation);
    else
        snprintf(to, size, "%.*f", digits, entry->mean);
}

/* 12.3k, 1.05M */
static void count_text(char to[CELL], double count)
{
    static const char *const units[] = {"", "k", "M", "G", "T"};
    int unit = 0;
    while (count >= 999.5 && unit < 4) {
        count /= 1000;
        unit++;
    }
    if (count < 0)
        snprintf(to, CELL, "–");
    else
        snprintf(to, CELL, "%.*f%s", unit && count < 99.95 ? 1 : 0, count,
                 units[unit]);
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

static void put_head(struct sheet *sheet, const struct grid *grid)
{
    int at = 0;
    static const char *const first[] = {"row", "trainable", "%", "kept, B"};
    for (int i = 0; i < 4; i++)
        snprintf(sheet->cell[0][at++], CELL, "%s", first[i]);
    for (int i = 0; i < grid->task_count; i++) {
        sheet->bar[at] = true;
        snprintf(sheet->cell[0][at++], CELL, "%s", grid->task[i].label);
        snprintf(sheet->cell[0][at++], CELL, "lr");
    }
    sheet->bar[at] = true;
    snprintf(sheet->cell[0][at++], CELL, "seconds");
    snprintf(sheet->cell[0][at++], CELL, "MiB");
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
    count_text(to[at++], (double)costs->trainable);
    number(to[at++], "%.2f",
           costs->parameters > 0
               ? 100.0 * (double)costs->trainable / (double)costs->parameters
               : NAN);
    count_text(to[at++], (double)costs->stored);
    for (int i = 0; i < grid->task_count; i++) {
        const struct table_entry *entry = &table->entry[row][i];
        table_value_text(to[at++], CELL, entry, table->metric[i][0] != '\0');
        number(to[at++], "%.3g", entry->rate);
    }
    number(to[at++], "%.1f", costs->seconds);
    number(to[at++], "%.0f", costs->peak_mib);
    if (grid->paper)
        put_paper(sheet, grid, row, at);
    sheet->rows++;
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
                fprintf(to, "%*s%s", pad, "", text);
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
        bool loss = table->metric[i][0] == '\0';
        fprintf(to, "%s: %s%s", grid->task[i].label,
                loss ? "held-out loss, nats" : table->metric[i],
                loss ? "" : ", %");
        fprintf(to, ", on %d held-out examples", grid->report_examples);
        if (searched)
            fprintf(to, "; lr chosen on %d others", grid->search_examples);
        fputc('\n', to);
    }
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
    put_head(sheet, grid);
    for (int i = 0; i < grid->row_count; i++)
        put_row(sheet, table, i);
    print_sheet(to, sheet);
    fputc('\n', to);
    print_notes(to, table);
    print_findings(to, table);
    mem_free(sheet);
}

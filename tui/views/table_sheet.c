/*
 * The rows of a grid's table.  What has room is shown, the most important
 * first: scores, then trained numbers, the paper's row, what is kept, time and
 * memory.  Where the paper's columns have no room beside, the paper's numbers
 * for the chosen row stand in a line below.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "tui/table_plot.h"
#include "tui/views/table_parts.h"
#include "tui/views/view.h"

enum {
    COLUMNS = 64,
    TEXT = 32,
    GAP = 2,
    HEADING = 2,
    SIGN = 4,
    NAME_MOST = 16
};

enum column_kind {
    COLUMN_TRAINABLE,
    COLUMN_PERCENT,
    COLUMN_SCORE,
    COLUMN_KEPT,
    COLUMN_SECONDS,
    COLUMN_MEMORY,
    COLUMN_PAPER_METHOD,
    COLUMN_PAPER
};

struct column {
    enum column_kind kind;
    int task, measure; /* of a score; measure: of a paper's column too */
    int width;
    bool bar; /* a line before it */
};

struct sheet {
    const struct table *table;
    int name; /* columns of the row's name */
    bool has_deviation;
    struct column column[COLUMNS];
    int count, used;
};

/* --- what stands in a cell --------------------------------------------------
 */

static void value_text(char to[TEXT], const struct table *table, int row,
                       int task, int measure, bool with_deviation)
{
    const struct table_entry *entry = &table->entry[row][task];
    const struct table_value *of = &entry->measure[measure];
    int digits = table_in_percent(table, task) ? 1 : 3;
    to[0] = '\0';
    if (entry->known > 0 && with_deviation && isfinite(of->deviation))
        snprintf(to, TEXT, "%.*f±%.*f", digits, of->mean, digits,
                 of->deviation);
    else if (entry->known > 0)
        snprintf(to, TEXT, "%.*f", digits, of->mean);
}

static void number_text(char to[TEXT], const char *format, double value)
    __attribute__((format(printf, 2, 0)));

static void number_text(char to[TEXT], const char *format, double value)
{
    if (isfinite(value))
        snprintf(to, TEXT, format, value);
    else
        snprintf(to, TEXT, "–");
}

static void cost_text(char to[TEXT], const struct table *table,
                      const struct column *column, int row)
{
    const struct table_row *costs = &table->row[row];
    const struct paper_row *paper = table->grid->row[row].paper;
    switch (column->kind) {
    case COLUMN_TRAINABLE:
        table_count_text(to, TEXT, (double)costs->trainable);
        break;
    case COLUMN_PERCENT: {
        double percent = table_percent(costs);
        number_text(to, percent >= 99.95 ? "%.0f" : "%.2f", percent);
        break;
    }
    case COLUMN_KEPT:
        table_count_text(to, TEXT, (double)costs->stored);
        break;
    case COLUMN_SECONDS:
        number_text(to, "%.0f", costs->seconds);
        break;
    case COLUMN_MEMORY:
        number_text(to, "%.0f", costs->peak_mib);
        break;
    case COLUMN_PAPER_METHOD:
        snprintf(to, TEXT, "%s%s%s", paper ? paper->method : "–",
                 paper && paper->trainable[0] ? " " : "",
                 paper ? paper->trainable : "");
        break;
    case COLUMN_PAPER:
        number_text(to, "%.1f", paper ? paper->value[column->measure] : NAN);
        break;
    case COLUMN_SCORE:
        break;
    }
}

/* --- which columns ----------------------------------------------------------
 */

static int widest(const struct table *table, const struct column *column,
                  bool with_deviation, int least)
{
    for (int i = 0; i < table->grid->row_count; i++) {
        char text[TEXT];
        if (column->kind == COLUMN_SCORE)
            value_text(text, table, i, column->task, column->measure,
                       with_deviation);
        else
            cost_text(text, table, column, i);
        int width = glyph_columns(text);
        least = width > least ? width : least;
    }
    return least;
}

static int gap_of(const struct column *column)
{
    return GAP + 2 * column->bar;
}

static bool add(struct sheet *sheet, struct column column, int room)
{
    int wide = gap_of(&column) + column.width;
    if (sheet->used + wide > room || sheet->count == COLUMNS)
        return false;
    sheet->column[sheet->count++] = column;
    sheet->used += wide;
    return true;
}

/* All of them, or the first of each task, or those of the chosen task alone
 * (only >= 0): the first choice that fits. */
static bool add_scores(struct sheet *sheet, int room, bool with_deviation,
                       bool all_measures, int only)
{
    const struct table *table = sheet->table;
    struct sheet before = *sheet;
    for (int task = 0; task < table->grid->task_count; task++) {
        int measures = all_measures ? table->measures[task] : 1;
        for (int k = 0; k < measures && (only < 0 || only == task); k++) {
            struct column column = {COLUMN_SCORE, task, k, 0, false};
            column.width = widest(table, &column, with_deviation, 5);
            if (!add(sheet, column, room)) {
                *sheet = before;
                return false;
            }
        }
    }
    sheet->has_deviation = with_deviation;
    return true;
}

static bool add_cost(struct sheet *sheet, enum column_kind kind, int least,
                     int room)
{
    struct column column = {.kind = kind};
    column.width = widest(sheet->table, &column, false, least);
    return add(sheet, column, room);
}

static void add_paper(struct sheet *sheet, int room)
{
    const struct paper_table *paper = sheet->table->grid->paper;
    struct sheet before = *sheet;
    struct column method = {.kind = COLUMN_PAPER_METHOD, .bar = true};
    method.width = widest(sheet->table, &method, false, 6);
    bool fits = paper && add(sheet, method, room);
    for (int i = 0; fits && i < paper->columns; i++) {
        struct column column = {.kind = COLUMN_PAPER, .measure = i};
        column.width = widest(sheet->table, &column, false,
                              glyph_columns(paper->column[i]));
        fits = add(sheet, column, room);
    }
    if (!fits)
        *sheet = before;
}

/* In the order people read them: costs left of the scores, the rest right. */
static void sort(struct sheet *sheet)
{
    for (int i = 1; i < sheet->count; i++) {
        struct column column = sheet->column[i];
        int at = i;
        for (; at > 0 && sheet->column[at - 1].kind > column.kind; at--)
            sheet->column[at] = sheet->column[at - 1];
        sheet->column[at] = column;
    }
}

/* Room that is left makes the names of metrics readable. */
static void widen(struct sheet *sheet, int room)
{
    const struct table *table = sheet->table;
    for (int i = 0; i < sheet->count; i++) {
        struct column *column = &sheet->column[i];
        if (column->kind != COLUMN_SCORE)
            continue;
        const char *metric = table_in_percent(table, column->task)
                                 ? table->metric[column->task][column->measure]
                                 : "nats";
        const char *label = table->grid->task[column->task].label;
        int wish = glyph_columns(metric);
        if (table->measures[column->task] == 1 && glyph_columns(label) > wish)
            wish = glyph_columns(label);
        int more = wish - column->width;
        if (more > 0 && sheet->used + more <= room) {
            column->width += more;
            sheet->used += more;
        }
    }
}

static struct sheet *plan(const struct table *table, int width, int task)
{
    struct sheet *sheet = xcalloc(1, sizeof *sheet);
    sheet->table = table;
    for (int i = 0; i < table->grid->row_count; i++) {
        int name = glyph_columns(table->grid->row[i].run.name);
        sheet->name = name > sheet->name ? name : sheet->name;
    }
    sheet->name = sheet->name > NAME_MOST ? NAME_MOST : sheet->name;
    sheet->used = SIGN + sheet->name;
    (void)(add_scores(sheet, width, true, true, -1) ||
           add_scores(sheet, width, false, true, -1) ||
           add_scores(sheet, width, true, false, -1) ||
           add_scores(sheet, width, false, false, -1) ||
           add_scores(sheet, width, true, true, task) ||
           add_scores(sheet, width, false, false, task));
    add_cost(sheet, COLUMN_TRAINABLE, 6, width);
    add_cost(sheet, COLUMN_PERCENT, 5, width);
    add_paper(sheet, width);
    widen(sheet, width);
    add_cost(sheet, COLUMN_KEPT, 5, width);
    add_cost(sheet, COLUMN_SECONDS, 5, width);
    add_cost(sheet, COLUMN_MEMORY, 4, width);
    sort(sheet);
    return sheet;
}

static bool has_paper(const struct sheet *sheet)
{
    for (int i = 0; i < sheet->count; i++)
        if (sheet->column[i].kind == COLUMN_PAPER)
            return true;
    return false;
}

int table_sheet_rows(const struct table *table, int width)
{
    struct sheet *sheet = plan(table, width, 0);
    bool below = table->grid->paper && !has_paper(sheet);
    mem_free(sheet);
    return HEADING + table->grid->row_count + below;
}

/* --- drawing ----------------------------------------------------------------
 */

static void heading_text(char above[TEXT], char below[TEXT],
                         const struct sheet *sheet, int i)
{
    const struct table *table = sheet->table;
    const struct column *column = &sheet->column[i];
    static const char *const texts[][2] = {
        [COLUMN_TRAINABLE] = {"train-", "able"},
        [COLUMN_PERCENT] = {"", "%"},
        [COLUMN_KEPT] = {"bytes", "kept"},
        [COLUMN_SECONDS] = {"time,", "s"},
        [COLUMN_MEMORY] = {"RSS,", "MiB"},
        [COLUMN_PAPER_METHOD] = {"", "the paper"}};
    above[0] = below[0] = '\0';
    if (column->kind == COLUMN_PAPER) {
        snprintf(below, TEXT, "%s",
                 table->grid->paper->column[column->measure]);
        return;
    }
    if (column->kind != COLUMN_SCORE) {
        snprintf(above, TEXT, "%s", texts[column->kind][0]);
        snprintf(below, TEXT, "%s", texts[column->kind][1]);
        return;
    }
    const char *metric = table_in_percent(table, column->task)
                             ? table->metric[column->task][column->measure]
                             : "nats";
    if (column->measure == 0)
        snprintf(above, TEXT, "%.30s", table->grid->task[column->task].label);
    if (glyph_columns(metric) <= column->width)
        snprintf(below, TEXT, "%s", metric);
}

/* Columns of all that is shown of the score's task, from this one on. */
static int all_of(const struct sheet *sheet, int i)
{
    int width = sheet->column[i].width;
    for (int j = i + 1; j < sheet->count; j++)
        if (sheet->column[j].kind == COLUMN_SCORE &&
            sheet->column[j].task == sheet->column[i].task)
            width += gap_of(&sheet->column[j]) + sheet->column[j].width;
    return width;
}

static void draw_heading(struct canvas *canvas, struct rect rect,
                         const struct sheet *sheet)
{
    struct style strong = style_with(ROLE_TITLE, ATTR_BOLD);
    int x = rect.x + SIGN + sheet->name;
    if (rect.h < HEADING)
        return;
    canvas_put(canvas, rect.x + SIGN, rect.y + 1, sheet->name,
               style_of(ROLE_DIM), "row");
    for (int i = 0; i < sheet->count; i++) {
        const struct column *column = &sheet->column[i];
        char above[TEXT], below[TEXT];
        heading_text(above, below, sheet, i);
        if (column->bar)
            canvas_glyph(canvas, x + GAP, rect.y + 1, style_of(ROLE_FRAME),
                         0x2502);
        x += gap_of(column);
        bool is_score = column->kind == COLUMN_SCORE;
        struct style style = is_score ? strong : style_of(ROLE_DIM);
        int span = is_score ? all_of(sheet, i) : column->width;
        /* Over several columns in their middle, else over the numbers. */
        int left =
            (span - glyph_columns(above)) / (span > column->width ? 2 : 1);
        canvas_put(canvas, left > 0 ? x + left : x, rect.y, span, style, above);
        canvas_right(canvas, x, rect.y + 1, column->width, style_of(ROLE_DIM),
                     "%s", below);
        x += column->width;
    }
}

double table_pair_share(const struct board *board, int row, int task)
{
    const struct table_entry *entry = &board->table->entry[row][task];
    const struct grid *grid = board->table->grid;
    const struct board_work *work = &board->work;
    int searches = pair_searches(grid, row * grid->task_count + task);
    double done = entry->known + entry->diverged;
    for (int i = 0; i < searches; i++)
        done += entry->search[i].state != CELL_MISSING;
    if (work->is_on && work->cell.row == row && work->cell.task == task &&
        work->steps > 0)
        done += (double)work->step / (double)work->steps;
    return done / (searches + grid->seed_count);
}

/* Is it the best of its column? */
static bool is_best(const struct table *table, const struct column *column,
                    int row)
{
    double sign = table_in_percent(table, column->task) ? 1 : -1;
    const struct table_entry *mine = &table->entry[row][column->task];
    if (mine->known == 0)
        return false;
    for (int i = 0; i < table->grid->row_count; i++) {
        const struct table_entry *other = &table->entry[i][column->task];
        if (other->known > 0 && sign * other->measure[column->measure].mean >
                                    sign * mine->measure[column->measure].mean)
            return false;
    }
    return true;
}

static void draw_score(struct canvas *canvas, int x, int y,
                       const struct look_at *at, const struct sheet *sheet,
                       const struct column *column, int row)
{
    const struct table *table = at->board->table;
    const struct table_entry *entry = &table->entry[row][column->task];
    const struct board_work *work = &at->board->work;
    bool works =
        work->is_on && work->cell.row == row && work->cell.task == column->task;
    bool busy = works || at->board->is_busy[row][column->task];
    bool chosen = at->choice.row == row && at->choice.task == column->task;
    bool partial = entry->known + entry->diverged < table->grid->seed_count;
    struct style style = style_of(partial ? ROLE_DIM : ROLE_NONE);
    char text[TEXT];
    value_text(text, table, row, column->task, column->measure,
               sheet->has_deviation);
    if (!text[0] && (entry->hopeless || entry->diverged)) {
        snprintf(text, sizeof text, column->width >= 8 ? "diverged" : "div.");
        style = style_of(ROLE_BAD);
    } else if (!text[0] && busy && column->measure == 0) {
        snprintf(text, sizeof text, "%.0f %%",
                 100 * table_pair_share(at->board, row, column->task));
        style = style_of(ROLE_KEY);
    } else if (!text[0]) {
        snprintf(text, sizeof text, "–");
        style = style_of(ROLE_DIM);
    } else if (is_best(table, column, row)) {
        style = style_with(ROLE_GOOD, ATTR_BOLD);
    }
    if (chosen) {
        style.attr |= ATTR_REVERSE;
        canvas_fill(canvas, (struct rect){x, y, column->width, 1}, style);
    }
    canvas_right(canvas, x, y, column->width, style, "%s", text);
    /* Work goes on here: a sign before the number, in the gap if need be. */
    int left = x + column->width - glyph_columns(text) - GAP;
    bool more = partial && entry->known > 0; /* of its seeds to come */
    if ((busy || more) && column->measure == 0)
        canvas_glyph(canvas, left < x - 1 ? x - 1 : left, y,
                     style_with(ROLE_KEY, ATTR_BOLD), busy ? 0x25b6 : 0x2026);
}

static void draw_row(struct canvas *canvas, struct rect rect, int y,
                     const struct look_at *at, const struct sheet *sheet,
                     int row)
{
    const struct grid_row *of = &at->board->table->grid->row[row];
    bool chosen = at->choice.row == row;
    int number = table_method_number(of->run.method);
    if (chosen)
        canvas_glyph(canvas, rect.x, y, style_with(ROLE_KEY, ATTR_BOLD),
                     0x25b8);
    view_sign(canvas, rect.x + 2, y, number);
    canvas_put(canvas, rect.x + SIGN, y, sheet->name,
               style_with(ROLE_NONE, chosen ? ATTR_BOLD : 0), of->run.name);
    int x = rect.x + SIGN + sheet->name;
    for (int i = 0; i < sheet->count; i++) {
        const struct column *column = &sheet->column[i];
        char text[TEXT] = "";
        if (column->bar)
            canvas_glyph(canvas, x + GAP, y, style_of(ROLE_FRAME), 0x2502);
        x += gap_of(column);
        if (column->kind == COLUMN_SCORE) {
            draw_score(canvas, x, y, at, sheet, column, row);
        } else {
            cost_text(text, sheet->table, column, row);
            bool is_paper = column->kind >= COLUMN_PAPER_METHOD;
            canvas_right(canvas, x, y, column->width,
                         style_of(is_paper ? ROLE_CHANCE : ROLE_NONE), "%s",
                         text);
        }
        x += column->width;
    }
}

/* The paper's numbers for the chosen row, each under ours. */
static void draw_paper_line(struct canvas *canvas, struct rect rect, int y,
                            const struct look_at *at, const struct sheet *sheet)
{
    const struct grid *grid = sheet->table->grid;
    const struct paper_row *paper = grid->row[at->choice.row].paper;
    struct style style = style_of(ROLE_CHANCE);
    int x = rect.x + SIGN + sheet->name;
    const char *method = paper ? paper->method : "–";
    bool both = glyph_columns(method) + 6 <= sheet->name + 2;
    canvas_print(canvas, rect.x + 2, y, sheet->name + 2, style, "paper%s%s",
                 both ? " " : "", both ? method : "");
    for (int i = 0; i < sheet->count; i++) {
        const struct column *column = &sheet->column[i];
        char text[TEXT] = "–";
        x += gap_of(column);
        const struct grid_task *task = &grid->task[column->task];
        int at_column = column->kind == COLUMN_SCORE
                            ? paper_column_find(grid->paper, task->name,
                                                column->measure, task->examples)
                            : -1;
        if (paper && at_column >= 0)
            number_text(text, "%.1f", paper->value[at_column]);
        else if (paper && column->kind == COLUMN_TRAINABLE &&
                 isfinite(paper_trainable(paper)))
            table_count_text(text, TEXT, paper_trainable(paper));
        else if (column->kind != COLUMN_SCORE)
            text[0] = '\0';
        canvas_right(canvas, x, y, column->width, style, "%s", text);
        x += column->width;
    }
}

void table_sheet_draw(struct canvas *canvas, struct rect rect,
                      const struct look_at *at)
{
    const struct table *table = at->board->table;
    struct sheet *sheet = plan(table, rect.w, at->choice.task);
    bool below =
        table->grid->paper && !has_paper(sheet) && rect.h > HEADING + 2;
    int heading = rect.h > HEADING ? HEADING : 0;
    int rows = rect.h - heading - below, count = table->grid->row_count;
    int first = at->choice.row - rows / 2;
    first = first > count - rows ? count - rows : first;
    first = first < 0 ? 0 : first;
    if (heading)
        draw_heading(canvas, rect, sheet);
    for (int i = 0; i < rows && first + i < count; i++) {
        int y = rect.y + heading + i;
        draw_row(canvas, rect, y, at, sheet, first + i);
        /* There are more, this way. */
        if ((i == 0 && first > 0) || (i + 1 == rows && first + rows < count))
            canvas_glyph(canvas, rect.x + 1, y, style_of(ROLE_KEY),
                         i == 0 ? 0x2191 : 0x2193);
    }
    int shown = rows < count ? rows : count;
    if (below)
        draw_paper_line(canvas, rect, rect.y + heading + shown, at, sheet);
    mem_free(sheet);
}

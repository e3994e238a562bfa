/*
 * Maps of phi; see phi_map.h.
 */
#include "tui/views/phi_map.h"

#include <math.h>
#include <stdio.h>

#include "core/base/mem.h"
#include "tui/bars.h"
#include "tui/figure.h"

enum {
    GUTTER = 4,
    GUTTER_SLIM = 3,
    NUMBER_LEAST = 4,
    NUMBER_MOST = 6,
    CELL_MOST = 3,
    STRIP_NAME = 6
};

/* Which of so many are shown: first, first + stride, ... (from 0). */
struct shown {
    int first, stride, count;
};

struct grid {
    struct shown row, col;
    int gutter; /* for the numbers of rows */
    int cell;   /* columns a cell */
    int per;    /* rows of the map in a row of cells: 2 in half blocks */
    bool has_numbers;
};

static struct shown choose(int all, int fit, int cursor, bool is_sampled)
{
    struct shown shown = {0, 1, all};
    fit = fit < 1 ? 1 : fit;
    if (all <= fit)
        return shown;
    shown.count = fit;
    if (is_sampled) {
        shown.stride = (all + fit - 1) / fit;
        shown.count = (all - 1) / shown.stride + 1;
    } else if (cursor > fit) { /* the cursor is the last to be seen */
        shown.first = cursor - fit;
    }
    return shown;
}

static struct grid grid_of(const struct canvas *canvas, struct rect rect,
                           int rows, const struct phi_map *map)
{
    struct grid grid = {.per = 1};
    grid.gutter = map->has_columns ? GUTTER : GUTTER_SLIM;
    int width = rect.w - grid.gutter;
    bool halves = canvas->colours >= 256 && canvas->glyphs != GLYPHS_ASCII;
    if (map->cols * NUMBER_LEAST <= width && map->rows <= rows) {
        grid.has_numbers = true;
        grid.cell = width / map->cols;
        grid.cell = grid.cell > NUMBER_MOST ? NUMBER_MOST : grid.cell;
    } else {
        grid.cell = width / map->cols;
        grid.cell = grid.cell < 1           ? 1
                    : grid.cell > CELL_MOST ? CELL_MOST
                                            : grid.cell;
        grid.per = halves && map->rows > rows ? 2 : 1;
    }
    grid.row = choose(map->rows, rows * grid.per, map->row, map->is_sampled);
    grid.col = choose(map->cols, width / grid.cell, map->col, map->is_sampled);
    /* A cell is twice as high as wide: every second row, every column. */
    if (map->is_sampled && grid.per == 1 && grid.col.stride < grid.row.stride) {
        int cell = grid.cell * grid.row.stride / grid.col.stride;
        grid.cell = cell > CELL_MOST ? CELL_MOST : cell;
        grid.col.stride = grid.row.stride;
        grid.col.count = (map->cols - 1) / grid.col.stride + 1;
        while (grid.cell > 1 && grid.cell * grid.col.count > width)
            grid.cell--;
    }
    return grid;
}

static int at(struct shown shown, int k)
{
    return shown.first + k * shown.stride; /* from 0 */
}

/* row, col from 0. */
static double value_of(const struct phi_map *map, int row, int col)
{
    int larger = row > col ? row : col;
    return map->phi ? map->phi[(size_t)row * (size_t)map->pitch + (size_t)col]
                    : (larger + 1.0) / map->n;
}

static void short_number(char to[8], double value)
{
    if (isnan(value))
        snprintf(to, 8, "–");
    else if (value > 0.9949)
        snprintf(to, 8, "1.0");
    else
        snprintf(to, 8, ".%02d", (int)lround(100 * value));
}

static void draw_cell(struct canvas *canvas, int x, int y,
                      const struct grid *grid, double upper, double lower,
                      bool is_chosen)
{
    if (grid->has_numbers) {
        char number[8];
        short_number(number, upper);
        heat_number(canvas, x, y, grid->cell, upper, number, is_chosen);
    } else if (grid->per == 1) {
        heat_cell(canvas, x, y, grid->cell, upper);
    } else {
        struct style style = style_of(ROLE_NONE);
        style.fg = (uint8_t)role_heat(upper);
        if (!isnan(lower))
            style.bg = (uint8_t)role_heat(lower);
        for (int i = 0; i < grid->cell; i++)
            canvas_glyph(canvas, x + i, y, style, 0x2580);
    }
}

static void draw_rows(struct canvas *canvas, struct rect rect,
                      const struct phi_map *map, const struct grid *grid)
{
    for (int k = 0; k < grid->row.count; k += grid->per) {
        int y = rect.y + k / grid->per, row = at(grid->row, k);
        bool has_below = grid->per == 2 && k + 1 < grid->row.count;
        bool is_here = map->row > 0 && (map->row - 1 == row ||
                                        (has_below && map->row - 2 == row));
        canvas_right(canvas, rect.x, y, grid->gutter - 1,
                     is_here ? style_with(ROLE_KEY, ATTR_BOLD)
                             : style_of(ROLE_DIM),
                     "%d", is_here ? map->row : row + 1);
        for (int c = 0; c < grid->col.count; c++) {
            int col = at(grid->col, c),
                x = rect.x + grid->gutter + c * grid->cell;
            bool is_chosen = row + 1 == map->row && col + 1 == map->col;
            draw_cell(canvas, x, y, grid, value_of(map, row, col),
                      has_below ? value_of(map, at(grid->row, k + 1), col)
                                : NAN,
                      is_chosen);
            if (is_here && col + 1 == map->col) {
                canvas->cursor_x = x;
                canvas->cursor_y = y;
            }
        }
    }
}

/* Numbers of columns, those that have room; the cursor's in any case. */
static void draw_columns(struct canvas *canvas, struct rect rect, int y,
                         const struct phi_map *map, const struct grid *grid)
{
    int right = rect.x + rect.w, taken = rect.x;
    canvas_put(canvas, rect.x, y, grid->gutter - 1, style_of(ROLE_DIM), "i j");
    taken = rect.x + grid->gutter - 1;
    for (int c = 0; c < grid->col.count; c++) {
        int col = at(grid->col, c) + 1;
        bool is_here = col == map->col;
        bool is_round = col == 1 || col % 5 == 0 ||
                        grid->cell >= NUMBER_LEAST || grid->col.stride > 1;
        char text[8];
        snprintf(text, sizeof text, "%d", col);
        int width = glyph_columns(text);
        int x = rect.x + grid->gutter + c * grid->cell;
        if (grid->has_numbers)
            x += grid->cell - width - (grid->cell > 4);
        if ((!is_round && !is_here) || (x < taken && !is_here) ||
            x + width > right)
            continue;
        canvas_put(canvas, x, y, width,
                   is_here ? style_with(ROLE_KEY, ATTR_BOLD)
                           : style_of(ROLE_DIM),
                   text);
        taken = x + width + 1;
    }
}

/* What phi would be by chance in the row of the cursor, or the first. */
static void draw_strip(struct canvas *canvas, struct rect rect, int y,
                       const struct phi_map *map, const struct grid *grid)
{
    struct phi_map chance = *map;
    struct grid row = *grid;
    int i = map->row > 0 ? map->row : 1;
    chance.phi = NULL;
    row.per = 1;
    for (int c = 0; c < grid->col.count; c++)
        draw_cell(canvas, rect.x + grid->gutter + c * grid->cell, y, &row,
                  value_of(&chance, i - 1, at(grid->col, c)), NAN, false);
    int x = rect.x + grid->gutter + grid->col.count * grid->cell + 1;
    int room = rect.x + rect.w - x;
    if (room >= STRIP_NAME)
        canvas_put(canvas, x, y, room, style_of(ROLE_DIM),
                   room >= 17 ? "chance max(i,j)/n" : "chance");
}

int phi_map_scale(struct canvas *canvas, int x, int y)
{
    int from = x;
    x += canvas_put(canvas, x, y, 2, style_of(ROLE_DIM), "0 ");
    for (int i = 0; i < HEAT_ROLES; i++)
        heat_cell(canvas, x++, y, 1, i / (HEAT_ROLES - 1.0));
    x += canvas_put(canvas, x, y, 2, style_of(ROLE_DIM), " 1");
    return x - from;
}

static void draw_legend(struct canvas *canvas, struct rect rect, int y,
                        const struct phi_map *map, const struct grid *grid)
{
    bool has_name =
        grid->gutter + grid->col.count * grid->cell + 1 + STRIP_NAME <= rect.w;
    int x = rect.x + grid->gutter, end = rect.x + rect.w;
    x += phi_map_scale(canvas, x, y) + 1;
    if (map->has_strip && !has_name)
        x += canvas_put(canvas, x, y, end - x, style_of(ROLE_CHANCE),
                        "↑chance ");
    bool is_part = grid->row.count < map->rows || grid->col.count < map->cols;
    if (is_part)
        canvas_print(canvas, x, y, end - x, style_of(ROLE_DIM), "%s %d × %d",
                     grid->row.first + grid->col.first ? "to" : "first",
                     grid->row.first + grid->row.count,
                     grid->col.first + grid->col.count);
}

static char (*name_directions(const char **name, int count))[8]
{
    char(*text)[8] = xcalloc((size_t)count, sizeof *text);
    for (int i = 0; i < count; i++) {
        snprintf(text[i], sizeof text[i], "%d", i + 1);
        name[i] = text[i];
    }
    return text;
}

/* The whole map for a figure, whatever part of it fits the screen. */
static void record(struct canvas *canvas, const struct phi_map *map)
{
    size_t cells = (size_t)map->rows * (size_t)map->cols;
    double *value = xcalloc(cells, sizeof *value);
    const char **row = xcalloc((size_t)map->rows, sizeof *row);
    const char **col = xcalloc((size_t)map->cols, sizeof *col);
    char(*row_text)[8] = name_directions(row, map->rows);
    char(*col_text)[8] = name_directions(col, map->cols);
    for (int i = 0; i < map->rows; i++)
        for (int j = 0; j < map->cols; j++)
            value[i * map->cols + j] = map->phi[i * map->pitch + j];
    struct heat heat = {.rows = map->rows,
                        .cols = map->cols,
                        .value = value,
                        .low = 0,
                        .high = 1,
                        .chosen = -1,
                        .row_name = row,
                        .col_name = col,
                        .title = map->title ? map->title : "φ(i, j)",
                        .row_title = "i",
                        .col_title = "j; by chance max(i, j) / n",
                        .value_name = "φ(i, j)"};
    figure_add_heat(canvas->figure, &heat);
    mem_free(value);
    mem_free(row);
    mem_free(col);
    mem_free(row_text);
    mem_free(col_text);
}

int phi_map_draw(struct canvas *canvas, struct rect rect,
                 const struct phi_map *map)
{
    if (canvas->figure && map->phi && map->rows > 0 && map->cols > 0)
        record(canvas, map);
    int edges = map->has_columns + map->has_strip + map->has_legend;
    int rows = rect.h - edges;
    if (rows < 1 || rect.w < GUTTER + 4 || map->rows < 1 || map->cols < 1)
        return 0;
    struct rect old = canvas_clip(canvas, rect);
    struct grid grid = grid_of(canvas, rect, rows, map);
    draw_rows(canvas, rect, map, &grid);
    int y = rect.y + (grid.row.count + grid.per - 1) / grid.per;
    if (map->has_columns)
        draw_columns(canvas, rect, y++, map, &grid);
    if (map->has_strip)
        draw_strip(canvas, rect, y++, map, &grid);
    if (map->has_legend)
        draw_legend(canvas, rect, y++, map, &grid);
    canvas_unclip(canvas, old);
    return y - rect.y;
}

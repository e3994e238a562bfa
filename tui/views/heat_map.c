/*
 * One measure over layers and kinds of sites, as a heat map.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>

#include "core/base/mem.h"
#include "experiments/site_map.h"
#include "tui/bars.h"
#include "tui/views/spectrum_parts.h"

/* INFINITY: there is no such site. */
struct map {
    double *value;
    int *site;
    const char **col, **row;
    char (*row_text)[12];
    int rows, cols, name_width;
};

static void map_take(struct map *map)
{
    size_t cells = (size_t)map->rows * (size_t)map->cols;
    map->value = xcalloc(cells, sizeof *map->value);
    map->site = xcalloc(cells, sizeof *map->site);
    map->row = xcalloc((size_t)map->rows, sizeof *map->row);
    map->col = xcalloc((size_t)map->cols, sizeof *map->col);
    map->row_text = xcalloc((size_t)map->rows, sizeof *map->row_text);
    for (size_t i = 0; i < cells; i++)
        map->site[i] = -1;
}

/* A file's, by the names of its sites. */
static void map_of_names(struct map *map, const struct site_map *from,
                         int sites)
{
    map->rows = from->rows;
    map->cols = from->cols;
    map_take(map);
    for (int r = 0; r < map->rows; r++) {
        int width = glyph_columns(from->row_name[r]) + 1;
        map->row[r] = from->row_name[r];
        map->name_width = width > map->name_width ? width : map->name_width;
    }
    for (int c = 0; c < map->cols; c++)
        map->col[c] = from->col_name[c];
    for (int s = 0; s < sites; s++)
        map->site[from->place[s].row * map->cols + from->place[s].col] = s;
}

static void map_of_kinds(struct map *map, const struct snapshot *snapshot)
{
    int column[SITE_KINDS], kind_of[SITE_KINDS];
    for (int kind = 0; kind < SITE_KINDS; kind++) {
        column[kind] = -1;
        for (int s = 0; s < snapshot->site_count; s++)
            if ((int)snapshot->site[s].kind == kind && column[kind] < 0) {
                kind_of[map->cols] = kind;
                column[kind] = map->cols++;
            }
    }
    map->rows = snapshot->layers > 0 ? snapshot->layers : 1;
    map_take(map);
    for (int c = 0; c < map->cols; c++)
        map->col[c] = site_kind_name((enum site_kind)kind_of[c]);
    /* As sites are called: h.0.attn.q, but fc.1. */
    bool is_dense =
        snapshot->site_count > 0 && snapshot->site[0].kind == SITE_FC;
    for (int r = 0; r < map->rows; r++) {
        snprintf(map->row_text[r], sizeof *map->row_text, "%s.%d",
                 is_dense ? "fc" : "h", r + is_dense);
        map->row[r] = map->row_text[r];
    }
    for (int s = 0; s < snapshot->site_count; s++) {
        /* The head comes after the last layer: beside its row. */
        int layer = snapshot->site[s].layer;
        layer = layer >= map->rows ? map->rows - 1 : layer < 0 ? 0 : layer;
        map->site[layer * map->cols + column[snapshot->site[s].kind]] = s;
    }
}

static void map_free(struct map *map)
{
    mem_free(map->value);
    mem_free(map->site);
    mem_free(map->row);
    mem_free(map->col);
    mem_free(map->row_text);
}

static double cell_of(const struct look *look, int site, int measure)
{
    if (site < 0)
        return INFINITY;
    struct site_view view = view_site(look->context, look->run, site);
    double value = view_measure(&view, &look->snapshot->site[site], measure);
    return isinf(value) ? DBL_MAX : value;
}

static void draw_one(struct canvas *canvas, struct rect rect,
                     const struct look *look, const struct map *map,
                     int measure)
{
    char title[96];
    snprintf(title, sizeof title, "%s of %s: %s %s", view_measure_name(measure),
             view_update(look->snapshot), view_subject(look->snapshot),
             look->run ? look->run->name : "");
    struct heat heat = {.rows = map->rows,
                        .cols = map->cols,
                        .value = map->value,
                        .low = INFINITY,
                        .high = -INFINITY,
                        .chosen = -1,
                        .row_name = map->row,
                        .col_name = map->col,
                        .name_width = map->name_width,
                        .title = title,
                        .row_title = "layer",
                        .col_title = "site",
                        .value_name = view_measure_name(measure)};
    for (int i = 0; i < map->rows * map->cols; i++) {
        map->value[i] = cell_of(look, map->site[i], measure);
        if (map->site[i] == look->at)
            heat.chosen = i;
        if (isfinite(map->value[i]) && map->value[i] < DBL_MAX) {
            heat.low = fmin(heat.low, map->value[i]);
            heat.high = fmax(heat.high, map->value[i]);
        }
    }
    view_rule(canvas, rect, view_measure_name(measure), "%s",
              measure == look->ui->measure ? "m next" : "");
    rect.y++;
    rect.h--;
    heat_draw(canvas, rect, &heat);
}

void heat_map_draw(struct canvas *canvas, struct rect rect,
                   const struct look *look)
{
    enum { RULE = 1, AROUND = 2, GAP = 1 };
    if (rect.h < RULE + AROUND || !look->run)
        return;
    struct map map = {0};
    if (look->snapshot->map)
        map_of_names(&map, look->snapshot->map, look->snapshot->site_count);
    else
        map_of_kinds(&map, look->snapshot);
    int whole = RULE + AROUND + map.rows;
    int measure = look->ui->measure;
    draw_one(canvas, rect, look, &map, measure);
    /* On tall screens those that tables always show, below it. */
    for (int i = 0; i < VIEW_MEASURES; i++) {
        rect.y += view_measure_at(i) == measure ? 0 : whole + GAP;
        rect.h -= view_measure_at(i) == measure ? 0 : whole + GAP;
        if (rect.h < whole)
            break;
        if (view_measure_at(i) != measure)
            draw_one(canvas, rect, look, &map, view_measure_at(i));
    }
    map_free(&map);
}

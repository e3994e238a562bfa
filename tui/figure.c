/*
 * Recording what views draw, and the page; see figure.h.
 */
#include "tui/figure.h"

#include <math.h>
#include <string.h>

#include "core/base/mem.h"
#include "tui/figure_parts.h"

enum {
    PAGE = 1200,
    EDGE = 28, /* white around the page */
    GAP = 40,  /* and between panels */
    WIDE = PAGE - 2 * EDGE,
    HIGH = 600, /* of a panel as wide as the page */
    LOW = 470,  /* of one of two */
    CAPTION = 54,
    NAMES = 4,
    NAME = 128
};

/* A plot or a map and all it points to. */
struct panel {
    struct plot *plot; /* NULL: a heat map */
    struct heat heat;
    double *number;    /* what points and values were copied to */
    const char **name; /* of rows, then of columns */
    char text[NAMES][NAME];
};

struct figure {
    int count;
    struct panel panel[FIGURE_PANELS];
};

struct figure *figure_new(void)
{
    return xcalloc(1, sizeof(struct figure));
}

static void free_panel(struct panel *panel)
{
    int names = panel->name ? panel->heat.rows + panel->heat.cols : 0;
    for (int i = 0; i < names; i++)
        mem_free((void *)panel->name[i]);
    mem_free(panel->name);
    mem_free(panel->number);
    mem_free(panel->plot);
}

void figure_free(struct figure *figure)
{
    for (int i = 0; figure && i < figure->count; i++)
        free_panel(&figure->panel[i]);
    mem_free(figure);
}

int figure_panels(const struct figure *figure)
{
    return figure->count;
}

static const char *keep_text(struct panel *panel, int which, const char *text)
{
    if (!text)
        return NULL;
    snprintf(panel->text[which], NAME, "%s", text);
    return panel->text[which];
}

/* Copies numbers behind those that are there; moves *used on. */
static const double *keep(double *storage, size_t *used, const double *from,
                          int count)
{
    double *at = storage + *used;
    if (count > 0)
        memcpy(at, from, (size_t)count * sizeof *at);
    *used += (size_t)count;
    return at;
}

void figure_add_plot(struct figure *figure, const struct plot *plot)
{
    if (figure->count == FIGURE_PANELS)
        return;
    struct panel *panel = &figure->panel[figure->count++];
    size_t numbers = 1, used = 0;
    for (int s = 0; s < plot->series_count; s++)
        numbers += 2 * (size_t)plot->series[s].count;
    for (int b = 0; b < plot->band_count; b++)
        numbers += 3 * (size_t)plot->band[b].count;
    double *to = xcalloc(numbers, sizeof *to);
    struct plot *copy = xcalloc(1, sizeof *copy);
    *copy = *plot;
    for (int s = 0; s < copy->series_count; s++) {
        struct plot_series *series = &copy->series[s];
        series->x = keep(to, &used, series->x, series->count);
        series->y = keep(to, &used, series->y, series->count);
    }
    for (int b = 0; b < copy->band_count; b++) {
        struct plot_band *band = &copy->band[b];
        band->x = keep(to, &used, band->x, band->count);
        band->low = keep(to, &used, band->low, band->count);
        band->high = keep(to, &used, band->high, band->count);
    }
    copy->x_name = keep_text(panel, 0, plot->x_name);
    copy->y_name = keep_text(panel, 1, plot->y_name);
    panel->plot = copy;
    panel->number = to;
}

void figure_add_heat(struct figure *figure, const struct heat *heat)
{
    if (figure->count == FIGURE_PANELS || heat->rows < 1 || heat->cols < 1)
        return;
    struct panel *panel = &figure->panel[figure->count++];
    int cells = heat->rows * heat->cols, names = heat->rows + heat->cols;
    size_t used = 0;
    panel->number = xcalloc((size_t)cells, sizeof *panel->number);
    panel->name = xcalloc((size_t)names, sizeof *panel->name);
    for (int r = 0; r < heat->rows; r++)
        panel->name[r] = xstrdup(heat->row_name[r]);
    for (int c = 0; c < heat->cols; c++)
        panel->name[heat->rows + c] = xstrdup(heat->col_name[c]);
    panel->heat = *heat;
    panel->heat.value = keep(panel->number, &used, heat->value, cells);
    panel->heat.row_name = panel->name;
    panel->heat.col_name = panel->name + heat->rows;
    panel->heat.title = keep_text(panel, 0, heat->title);
    panel->heat.row_title = keep_text(panel, 1, heat->row_title);
    panel->heat.col_title = keep_text(panel, 2, heat->col_title);
    panel->heat.value_name = keep_text(panel, 3, heat->value_name);
}

struct svg_box figure_heading(FILE *to, struct svg_box box, const char *title,
                              const char *note)
{
    const char *text[2] = {title, note};
    const double size[2] = {TYPE_TITLE, TYPE_NOTE};
    for (int i = 0; i < 2; i++) {
        if (!text[i] || !text[i][0])
            continue;
        svg_text(to, box.x, box.y + size[i],
                 (struct svg_type){
                     .size = svg_text_fit(text[i], size[i], box.w),
                     .colour = role_paper(i == 0 ? ROLE_TITLE : ROLE_DIM),
                     .bold = i == 0},
                 text[i]);
        box.y += 1.45 * size[i];
        box.h -= 1.45 * size[i];
    }
    return box;
}

static double height_of(const struct panel *panel, double width, double most)
{
    return panel->plot ? most
                       : fmin(most, figure_heat_height(&panel->heat, width));
}

/* Two columns; one panel, or an odd one before pairs, has the page's width:
 * it is the one the view draws first.  Returns the height of the page. */
static double place(struct svg_box box[FIGURE_PANELS],
                    const struct figure *figure)
{
    double y = EDGE;
    for (int i = 0; i < figure->count;) {
        int beside = (figure->count - i) % 2 == 1 ? 1 : 2;
        double width = beside == 1 ? WIDE : (WIDE - GAP) / 2.0, high = 0;
        for (int side = 0; side < beside; side++) {
            double h = height_of(&figure->panel[i + side], width,
                                 beside == 1 ? HIGH : LOW);
            box[i + side] =
                (struct svg_box){EDGE + side * (width + GAP), y, width, h};
            high = fmax(high, h);
        }
        y += high + GAP;
        i += beside;
    }
    return y - GAP + CAPTION;
}

int figure_svg(const struct figure *figure, FILE *to, const char *caption)
{
    struct svg_box box[FIGURE_PANELS];
    double height = place(box, figure);
    svg_open(to, PAGE, height, caption);
    for (int i = 0; i < figure->count; i++) {
        const struct panel *panel = &figure->panel[i];
        svg_group(to, panel->plot ? "plot" : "map");
        if (panel->plot)
            figure_draw_plot(to, box[i], panel->plot, i);
        else
            figure_draw_heat(to, box[i], &panel->heat);
        svg_group_end(to);
    }
    svg_text(to, EDGE, height - EDGE / 2.0 - 4,
             (struct svg_type){.size = svg_text_fit(caption, TYPE_NOTE, WIDE),
                               .colour = role_paper(ROLE_DIM)},
             caption);
    svg_close(to);
    return ferror(to) ? -1 : 0;
}

/*
 * Page 1: the singular values of one site's update for all runs on one log
 * axis.  For the chosen run, the values of random matrices of its shape, rank
 * and norm as a band; where noise ends, if its update has full rank; and the
 * floor of rounding.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/noise.h"
#include "core/base/mem.h"
#include "tui/layout.h"
#include "tui/ticks.h"
#include "tui/views/measure.h"
#include "tui/views/spectrum_parts.h"

static void add_sigma(struct plot *plot, const struct canvas *canvas,
                      const struct run_view *run, const struct site_view *view,
                      const double *index)
{
    struct plot_series *series = plot_add(plot);
    if (!series)
        return;
    series->x = index;
    series->y = view->sigma;
    series->count = view->sigma_count;
    spectrum_pen(series, canvas, run);
    enum { CROWDED = 40 }; /* markers would hide the line */
    series->marker = view->sigma_count <= CROWDED ? series->sign : 0;
}

/* low and high (count) are filled here and must outlive the plot. */
static void add_chance(struct plot *plot, const struct look *look,
                       const double *index, double *low, double *high)
{
    struct band one;
    if (!measure_sigma_chance(&one, &look->view, 0))
        return;
    int count = look->view.chance->count;
    if (count > look->view.sigma_count)
        count = look->view.sigma_count;
    for (int i = 0; i < count; i++) {
        (void)measure_sigma_chance(&one, &look->view, i);
        low[i] = one.low;
        high[i] = one.high;
    }
    struct plot_band *band = plot_add_band(plot);
    if (!band)
        return;
    *band = (struct plot_band){.x = index,
                               .low = low,
                               .high = high,
                               .count = count,
                               .style = band->style};
    snprintf(band->label, sizeof band->label, "chance");
}

static void add_noise(struct plot *plot, const struct look *look)
{
    const struct site_view *view = &look->view;
    struct noise noise;
    struct style style = style_of(ROLE_CHANCE);
    if (view->sigma_count && view->rank == 0 &&
        noise_of(&noise, view->sigma, view->sigma_count, look->of->out,
                 look->of->in, NULL) == 0) {
        plot_add_level(plot, noise.threshold, style, "Gavish-Donoho");
        plot_add_level(plot, noise.edge, style, "Marchenko-Pastur edge");
    }
    if (view->sigma_count && view->rounding_floor > 0)
        plot_add_level(plot, view->rounding_floor, style_of(ROLE_DIM),
                       "rounding floor");
}

static int longest_sigma(const struct look *look)
{
    int longest = 0;
    for (int r = 0; r < look->snapshot->run_count; r++) {
        struct site_view view =
            view_site(look->context, &look->snapshot->run[r], look->at);
        longest = view.sigma_count > longest ? view.sigma_count : longest;
    }
    return longest;
}

void sigma_pane(struct canvas *canvas, struct rect rect,
                const struct look *look)
{
    int longest = longest_sigma(look);
    double *index = xcalloc(3 * (size_t)longest + 1, sizeof *index);
    for (int i = 0; i < longest; i++)
        index[i] = i + 1;
    struct plot *plot = xcalloc(1, sizeof *plot);
    plot_start(plot, "index i");
    plot_name(plot, "singular value σ_i", "singular values of %s: %s",
              view_update(look->snapshot), look->snapshot->site[look->at].name);
    plot->log_y = true;
    plot->log_x = !look->ui->linear_index;
    for (int pass = 0; pass < 2; pass++) /* the chosen run on top */
        for (int r = 0; r < look->snapshot->run_count; r++) {
            const struct run_view *run = &look->snapshot->run[r];
            struct site_view view = view_site(look->context, run, look->at);
            if ((run == look->run) == (pass == 1) && view.sigma_count)
                add_sigma(plot, canvas, run, &view, index);
        }
    add_chance(plot, look, index, index + longest, index + 2 * longest);
    add_noise(plot, look);
    plot->x_low = 1;
    plot->x_high = longest > 1 ? longest : 2;
    if (plot_fit(plot)) {
        plot->y_low = fmax(plot->y_low, SPECTRUM_FLOOR * plot->y_high);
        if (look->ui->index > 0)
            plot->cursor = look->ui->index;
        plot_draw(canvas, rect, plot);
    } else {
        spectrum_say(canvas, rect, "no update here yet, or not computed");
    }
    mem_free(plot);
    mem_free(index);
}

enum { NAME = 10, RANK = 5, NORM = 9, STEP = 8 };

/* As the longest name needs, of what the measures leave. */
static int name_columns(const struct look *look, struct rect rect)
{
    int room = rect.w - 4 - RANK - NORM;
    for (int m = 0; m < VIEW_MEASURES; m++)
        room -= glyph_columns(view_measure_name(view_measure_at(m))) + 2;
    return view_name_columns(look->snapshot, NAME, room);
}

static void draw_row(struct canvas *canvas, struct rect rect, int y,
                     const struct look *look, const struct run_view *run)
{
    char name[VIEW_NAME];
    int columns = name_columns(look, rect);
    struct site_view view = view_site(look->context, run, look->at);
    bool is_chosen = run == look->run;
    struct style style = style_with(ROLE_NONE, is_chosen ? ATTR_BOLD : 0);
    if (is_chosen)
        canvas_glyph(canvas, rect.x, y, style_with(ROLE_KEY, ATTR_BOLD),
                     0x25b8);
    view_sign(canvas, rect.x + 2, y, run->id);
    int x = rect.x + 4;
    canvas_put(canvas, x, y, columns, style,
               view_name(name, run->name, columns));
    x += columns;
    if (!view.adapted) {
        canvas_put(canvas, x + 2, y, rect.x + rect.w - x - 2,
                   style_of(ROLE_DIM), "does not adapt this site");
        return;
    }
    char text[40];
    snprintf(text, sizeof text, "%d", view.rank);
    canvas_right(canvas, x, y, RANK, style, "%s", view.rank ? text : "–");
    x += RANK;
    for (int m = 0; m < VIEW_MEASURES; m++) {
        int metric = view_measure_at(m);
        int width = glyph_columns(view_measure_name(metric)) + 2;
        if (x + width > rect.x + rect.w)
            return;
        measure_pair(text, sizeof text, &view, look->of, metric);
        if (glyph_columns(text) >= width) /* chance gives way */
            text[strcspn(text, " ")] = '\0';
        canvas_right(canvas, x, y, width, style, "%s", text);
        x += width;
    }
    if (x + NORM > rect.x + rect.w)
        return;
    canvas_right(canvas, x, y, NORM, style, "%s",
                 number_text(text, sizeof text, measure_norm(&view)));
    x += NORM;
    if (view.spectrum_step >= 0)
        canvas_right(canvas, x, y, rect.x + rect.w - x < STEP ? 0 : STEP,
                     style_of(ROLE_DIM), "%ld", view.spectrum_step);
}

static void draw_heading(struct canvas *canvas, struct rect rect, int y,
                         const struct look *look)
{
    struct style style = style_of(ROLE_DIM);
    int x = rect.x + 4;
    canvas_put(canvas, x, y, NAME, style, view_subject(look->snapshot));
    x += name_columns(look, rect);
    canvas_right(canvas, x, y, RANK, style, "rank");
    x += RANK;
    for (int m = 0; m < VIEW_MEASURES; m++) {
        const char *name = view_measure_name(view_measure_at(m));
        if (x + glyph_columns(name) + 2 > rect.x + rect.w)
            return;
        canvas_put(canvas, x + 2, y, glyph_columns(name), style, name);
        x += glyph_columns(name) + 2;
    }
    if (x + NORM > rect.x + rect.w)
        return;
    canvas_right(canvas, x, y, NORM, style, "‖%s‖_F",
                 view_update(look->snapshot));
    x += NORM;
    if (look->snapshot->file_count == 0 && rect.x + rect.w - x >= STEP)
        canvas_right(canvas, x, y, STEP, style, "at step");
}

static void draw_table(struct canvas *canvas, struct rect rect,
                       const struct look *look)
{
    if (rect.h < 3)
        return;
    view_rule(canvas, rect, "rank measures",
              "in brackets: by chance, same rank and shape  (? explains)");
    draw_heading(canvas, rect, rect.y + 1, look);
    int shown = rect.h - 2, count = look->snapshot->run_count;
    int at = look->run ? (int)(look->run - look->snapshot->run) : 0;
    int first = at >= shown ? at - shown + 1 : 0;
    for (int r = first; r < count && r < first + shown; r++)
        draw_row(canvas, rect, rect.y + 2 + r - first, look,
                 &look->snapshot->run[r]);
}

/* "singular value 2: r1 –, r8 0.94, full 1.2; r8 by chance ..." */
static void index_words(char *to, size_t size, const struct look *look)
{
    int index = look->ui->index, used = 0;
    char number[16], chance[96];
    used = snprintf(to, size, "singular value %d:", index);
    for (int r = 0; r < look->snapshot->run_count; r++) {
        const struct run_view *run = &look->snapshot->run[r];
        struct site_view view = view_site(look->context, run, look->at);
        double value = index <= view.sigma_count ? view.sigma[index - 1] : NAN;
        if ((size_t)used < size)
            used += snprintf(to + used, size - (size_t)used, "%s %s %s",
                             r ? "," : "", run->name,
                             number_text(number, sizeof number, value));
    }
    struct band band;
    if ((size_t)used >= size || index > look->view.sigma_count ||
        !measure_sigma_chance(&band, &look->view, index - 1))
        return;
    snprintf(to + used, size - (size_t)used, "; %s %s", look->run->name,
             measure_chance_words(chance, sizeof chance,
                                  look->view.sigma[index - 1], &band));
}

/* Where noise ends, or why nobody can say. */
static void noise_words(char *to, size_t size, const struct look *look)
{
    const struct site_view *view = &look->view;
    struct noise noise;
    struct err err = {""};
    char edge[16], threshold[16];
    to[0] = '\0';
    if (!view->sigma_count || !(view->sigma[0] > 0))
        return;
    if (view->rank > 0 && view->rank < look->of->out &&
        view->rank < look->of->in)
        snprintf(to, size,
                 "no noise edge: dW has exact rank %d, its other values are "
                 "rounding",
                 view->rank);
    else if (noise_of(&noise, view->sigma, view->sigma_count, look->of->out,
                      look->of->in, &err) != 0)
        snprintf(to, size, "no noise edge: %s", err.text);
    else
        snprintf(to, size,
                 "%d of %d above the noise edge (%s), %d above Gavish-Donoho "
                 "(%s)",
                 noise.above_edge, view->sigma_count,
                 number_text(edge, sizeof edge, noise.edge),
                 noise.above_threshold,
                 number_text(threshold, sizeof threshold, noise.threshold));
}

static void draw_words(struct canvas *canvas, struct rect rect,
                       const struct look *look)
{
    char words[512], value[192];
    if (!look->run || rect.h < 1)
        return;
    if (look->ui->index > 0)
        index_words(words, sizeof words, look);
    else
        snprintf(words, sizeof words, "%s: %s",
                 view_measure_name(look->ui->measure),
                 measure_words(value, sizeof value, &look->view, look->of,
                               look->ui->measure));
    struct rect rest = {rect.x + 2, rect.y, rect.w - 3, rect.h};
    int used = canvas_wrap(canvas, rest, style_of(ROLE_NONE), words);
    rest.y += used;
    rest.h -= used;
    noise_words(words, sizeof words, look);
    canvas_wrap(canvas, rest, style_of(ROLE_DIM), words);
}

void sigma_page(struct canvas *canvas, struct rect rect,
                const struct look *look)
{
    struct rect part[SPECTRUM_PARTS];
    layout_spectrum(part, rect, look->snapshot->run_count);
    sigma_pane(canvas, part[SPECTRUM_PLOT], look);
    heat_map_draw(canvas, part[SPECTRUM_HEAT], look);
    draw_table(canvas, part[SPECTRUM_TABLE], look);
    draw_words(canvas, part[SPECTRUM_WORDS], look);
}

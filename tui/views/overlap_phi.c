/*
 * Page 1 of view 3: phi(i, j) of two updates as a map, phi(k, k) with the
 * band of chance, principal angles and distances, whether the two add up, and
 * how one of them came to be what it is.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "tui/layout.h"
#include "tui/ticks.h"
#include "tui/views/overlap.h"
#include "tui/views/phi_map.h"

static const double TO_DEGREES = 57.29577951308232;
static const double NORMAL_95 = 1.959964;

/* Two-sided chance of the principal angles of subspaces of i and j of n
 * directions, for large n (Wachter 1980): the edges of cos^2 are
 * (sqrt(x (1-y)) -+ sqrt(y (1-x)))^2, x = i/n, y = j/n. */
static void angles_by_chance(double *least, double *most, int n, int i, int j)
{
    double x = (double)i / n, y = (double)j / n;
    double one = sqrt(x * (1 - y)), other = sqrt(y * (1 - x));
    double low = fabs(one - other), high = one + other;
    *least = TO_DEGREES * acos(x + y >= 1 || high > 1 ? 1 : high);
    *most = TO_DEGREES * acos(low > 1 ? 1 : low);
}

/* The cursor, inside what there is. */
struct spot {
    int row, col; /* from 1; 0: none */
};

static struct spot spot_of(const struct ui *ui, const struct overlap_study *at)
{
    struct spot spot = {ui->row, ui->col};
    if (spot.row == 0 && spot.col == 0)
        return spot;
    spot.row = spot.row < 1 ? 1 : spot.row > at->rows ? at->rows : spot.row;
    spot.col = spot.col < 1 ? 1 : spot.col > at->cols ? at->cols : spot.col;
    return spot;
}

static bool is_itself(const struct study *study)
{
    const struct question *asked = &study->asked;
    return asked->a.kind == OPERAND_RUN && asked->b.kind == OPERAND_RUN &&
           asked->a.run == asked->b.run;
}

/* Two names that end in the same " at step N" go without: the title says of
 * which step all this is. */
static void names_of(char a[STUDY_NAME], char b[STUDY_NAME],
                     const struct study *study)
{
    static const char at_step[] = " at step ";
    snprintf(a, STUDY_NAME, "%s", study->overlap.name_a);
    snprintf(b, STUDY_NAME, "%s", study->overlap.name_b);
    char *end_a = strstr(a, at_step), *end_b = strstr(b, at_step);
    if (end_a && end_b && strcmp(end_a, end_b) == 0)
        *end_a = *end_b = '\0';
}

static void draw_map(struct canvas *canvas, struct rect rect,
                     const struct overlap_study *at, struct spot spot)
{
    if (rect.h < 5 || rect.w < 16)
        return;
    view_rule(canvas, rect, "φ(i, j)", "i of %s, j of %s", at->name_a,
              at->name_b);
    rect.y++;
    rect.h--;
    char title[2 * STUDY_NAME + 16];
    snprintf(title, sizeof title, "φ(i, j): %s × %s", at->name_a, at->name_b);
    struct phi_map map = {.phi = at->phi,
                          .title = title,
                          .rows = at->rows,
                          .cols = at->cols,
                          .pitch = at->cols,
                          .n = at->n,
                          .row = spot.row,
                          .col = spot.col,
                          .has_columns = true,
                          .has_strip = rect.h > 5,
                          .has_legend = rect.h > 6};
    phi_map_draw(canvas, rect, &map);
}

/* phi(1, 1) and phi(k, k) of every moment with the other, now. */
static void draw_trail(struct canvas *canvas, struct rect rect,
                       const struct overlap_study *at, int run)
{
    if (rect.h < 5 || rect.w < 16 || at->trail_count < 1)
        return;
    int k = at->rows < at->cols ? at->rows : at->cols;
    double *step = xcalloc((size_t)at->trail_count, sizeof *step);
    for (int i = 0; i < at->trail_count; i++)
        step[i] = (double)at->trail_step[i];
    struct plot *plot = xcalloc(1, sizeof *plot);
    char name[PLOT_TEXT];
    view_rule(canvas, rect, "through time", rect.w < 50 ? "%s" : "%s with %s",
              rect.w < 50 ? "" : "φ of what it was then", at->name_b);
    plot_start(plot, "step");
    plot_name(plot, "φ with what it is now", "φ through time: %s", at->name_a);
    for (int i = 0; i < 2; i++) {
        struct plot_series *series = plot_add(plot);
        series->x = step;
        series->y = i ? at->trail_all : at->trail_top;
        series->count = at->trail_count;
        series->pen = overlap_pen(canvas, run + i);
        series->marker = series->sign = glyph_marker(run + i);
        snprintf(series->label, sizeof series->label, "φ(%d, %d)", i ? k : 1,
                 i ? k : 1);
        snprintf(name, sizeof name, "chance of φ(%d, %d)", i ? k : 1,
                 i ? k : 1);
        plot_add_level(plot, phi_chance(at->n, i ? k : 1, i ? k : 1).mean,
                       style_of(ROLE_CHANCE), name);
        if (k == 1)
            break;
    }
    if (plot_fit(plot)) {
        plot->y_low = 0;
        plot->y_high = 1;
        rect.y++;
        rect.h--;
        plot_draw(canvas, rect, plot);
    }
    mem_free(plot);
    mem_free(step);
}

/* The angles against their number, from the smallest. */
static void draw_angle_plot(struct canvas *canvas, struct rect rect,
                            const struct overlap_study *at, int run)
{
    if (rect.h < 5 || rect.w < 16 || at->angle_count < 2)
        return;
    double least, most;
    size_t count = (size_t)at->angle_count;
    double *k = xcalloc(count, sizeof *k), *angle = xcalloc(count, sizeof *k);
    for (int i = 0; i < at->angle_count; i++) {
        k[i] = i + 1;
        angle[i] = TO_DEGREES * at->angle[i];
    }
    struct plot *plot = xcalloc(1, sizeof *plot);
    plot_start(plot, "k");
    plot_name(plot, "principal angle, degrees", "principal angles: %s × %s",
              at->name_a, at->name_b);
    struct plot_series *line = plot_add(plot);
    *line = (struct plot_series){.x = k, .y = angle, .count = at->angle_count};
    line->pen = overlap_pen_alone(run);
    line->marker = at->angle_count <= 32 ? glyph_marker(run) : 0;
    angles_by_chance(&least, &most, at->n, at->rows, at->cols);
    plot_add_level(plot, least, style_of(ROLE_CHANCE), "smallest by chance");
    plot_add_level(plot, most, style_of(ROLE_CHANCE), "largest by chance");
    plot->x_low = 1;
    plot->x_high = at->angle_count;
    plot->y_high = 95;
    view_rule(canvas, rect, "principal angles", "%s",
              "degrees, from the smallest; 90: nothing in common");
    rect.y++;
    rect.h--;
    plot_draw(canvas, rect, plot);
    mem_free(plot);
    mem_free(angle);
    mem_free(k);
}

static void put_label(struct canvas *canvas, struct rect *rect, int y,
                      const char *label)
{
    enum { LABEL = 10 };
    canvas_put(canvas, rect->x + 2, y, LABEL, style_of(ROLE_DIM), label);
    rect->x += LABEL + 2;
    rect->w -= LABEL + 3;
}

static void draw_angles(struct canvas *canvas, struct rect rect,
                        const struct overlap_study *at)
{
    double least, most;
    char chance[64];
    put_label(canvas, &rect, rect.y, "angles");
    angles_by_chance(&least, &most, at->n, at->rows, at->cols);
    snprintf(chance, sizeof chance, " degrees; chance about %.0f to %.0f",
             least, most);
    int end = rect.x + rect.w - glyph_columns(chance), x = rect.x;
    for (int i = 0; i < at->angle_count; i++) {
        char text[16];
        bool is_last = i == at->angle_count - 1;
        snprintf(text, sizeof text, "%.0f", TO_DEGREES * at->angle[i]);
        /* The largest one is always shown. */
        if (!is_last && x + 8 + glyph_columns(text) > end) {
            x += canvas_put(canvas, x, rect.y, 2, style_of(ROLE_NONE), "… ");
            i = at->angle_count - 2;
            continue;
        }
        x += canvas_print(canvas, x, rect.y, 5, style_of(ROLE_NONE), "%s%s",
                          text, is_last ? "" : " ");
    }
    canvas_put(canvas, x, rect.y, rect.x + rect.w - x, style_of(ROLE_DIM),
               chance);
}

static void draw_distances(struct canvas *canvas, struct rect rect,
                           const struct overlap_study *at)
{
    char text[4][16], line[200];
    int p = at->angle_count, larger = at->rows > at->cols ? at->rows : at->cols;
    double by_chance = sqrt(p * (1 - phi_chance(at->n, p, larger).mean));
    put_label(canvas, &rect, rect.y, "distance");
    snprintf(line, sizeof line,
             "projection %s (chance %s), geodesic %s, Fubini-Study %s",
             number_text(text[0], sizeof *text, at->distances.projection),
             number_text(text[1], sizeof *text, by_chance),
             number_text(text[2], sizeof *text, at->distances.geodesic),
             number_text(text[3], sizeof *text, at->distances.fubini_study));
    view_sentence(canvas, rect.x, rect.y, rect.w, style_of(ROLE_NONE), line);
}

/* <dW1, dW2> of independent directions has mean 0 and variance 1/(out in). */
static void draw_together(struct canvas *canvas, struct rect rect,
                          const struct overlap_study *at,
                          const struct site *site)
{
    char band_text[16], line[200];
    put_label(canvas, &rect, rect.y, "together");
    double band = NORMAL_95 / sqrt((double)site->out * site->in);
    const char *words = at->cosine > band    ? "they add up"
                        : at->cosine < -band ? "they cancel"
                                             : "independent";
    if (isnan(at->cosine))
        snprintf(line, sizeof line, "only two updates can add up or cancel");
    else
        snprintf(line, sizeof line,
                 "cosine %.2f (chance ±%s), energy %.2f (chance 1): %s",
                 at->cosine, overlap_share(band_text, sizeof band_text, band),
                 at->energy_ratio, words);
    view_sentence(canvas, rect.x, rect.y, rect.w, style_of(ROLE_NONE), line);
}

static void draw_numbers(struct canvas *canvas, struct rect rect,
                         const struct overlap_study *at,
                         const struct site *site)
{
    struct rect line = rect;
    if (rect.h < 4)
        return;
    view_rule(canvas, rect, "the whole subspaces", "%d and %d directions of %d",
              at->rows, at->cols, at->n);
    line.h = 1;
    line.y++;
    draw_angles(canvas, line, at);
    line.y++;
    draw_distances(canvas, line, at);
    line.y++;
    draw_together(canvas, line, at, site);
}

static void whole_words(char *to, size_t size, const struct overlap_study *at)
{
    struct phi_chance chance = phi_chance(at->n, at->rows, at->cols);
    double phi = at->phi[at->rows * at->cols - 1];
    char text[4][16];
    snprintf(to, size,
             "whole subspaces: φ(%d, %d) = %s, chance %s (%s to %s): %s",
             at->rows, at->cols, overlap_share(text[0], sizeof *text, phi),
             overlap_share(text[1], sizeof *text, chance.mean),
             overlap_share(text[2], sizeof *text, chance.low),
             overlap_share(text[3], sizeof *text, chance.high),
             overlap_verdict(phi, at->n, at->rows, at->cols));
}

static void draw_words(struct canvas *canvas, struct rect rect,
                       const struct view_context *context,
                       const struct study *study, struct spot spot)
{
    const struct overlap_study *at = &study->overlap;
    char first[200], second[200];
    int row = spot.row ? spot.row : 1, col = spot.col ? spot.col : 1;
    overlap_phi_words(first, sizeof first,
                      at->phi[(row - 1) * at->cols + col - 1], at->n, row, col);
    if (is_itself(study) && context->ui->time < 0)
        snprintf(second, sizeof second,
                 "a run with itself now: 1 by definition; { goes back in time");
    else if (study->asked.of == OVERLAP_OF_FACTOR)
        snprintf(second, sizeof second,
                 "of %s alone, as Hu et al.: other factors of the same ΔW turn "
                 "it (w)",
                 study->asked.side == SIDE_INPUT ? "A" : "B");
    else
        whole_words(second, sizeof second, at);
    overlap_words(canvas, rect, context, study, first, second);
}

void overlap_phi_draw(struct canvas *canvas, struct rect rect,
                      const struct view_context *context)
{
    const struct study *study = overlap_open(canvas, rect, context);
    struct rect part[PHI_PARTS];
    if (!study)
        return;
    const struct overlap_study *at = &study->overlap;
    const struct site *site = &context->snapshot->site[study->asked.site];
    struct spot spot = spot_of(context->ui, at);
    int run = study->asked.a.run;
    char name_a[STUDY_NAME], name_b[STUDY_NAME];
    layout_phi(part, rect, at->rows);
    names_of(name_a, name_b, study);
    overlap_title(
        canvas, part[PHI_TITLE], context, study, "%s × %s · %s · %s side, %s",
        name_a, name_b, site->name, side_name(study->asked.side),
        study->asked.of == OVERLAP_OF_DELTA
            ? strcmp(view_update(context->snapshot), "W") == 0 ? "of W"
                                                               : "of ΔW"
        : study->asked.side == SIDE_INPUT ? "of A (Hu)"
                                          : "of B (Hu)");
    draw_map(canvas, part[PHI_MAP], at, spot);
    if (is_itself(study) && at->trail_count > 0 && part[PHI_TRAIL].h == 0) {
        draw_trail(canvas, part[PHI_PLOT], at, run);
    } else {
        struct overlap_curve curve =
            overlap_curve_new(at->phi, at->rows, at->cols, at->n);
        overlap_curve_draw(canvas, part[PHI_PLOT], &curve,
                           overlap_pen_alone(run), glyph_marker(run),
                           spot.row == spot.col ? spot.row : 0);
        overlap_curve_free(&curve);
        if (at->trail_count > 0)
            draw_trail(canvas, part[PHI_TRAIL], at, run);
        else
            draw_angle_plot(canvas, part[PHI_TRAIL], at, run);
    }
    draw_numbers(canvas, part[PHI_NUMBERS], at, site);
    draw_words(canvas, part[PHI_WORDS], context, study, spot);
}

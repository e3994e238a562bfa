/*
 * Page 3 of view 3: intruder dimensions (Shuttleworth et al. 2025).  How near
 * the leading singular vectors of W0 + dW are to those of W0, how many are
 * near none, beside what random vectors would be; three sliders; and what
 * both losses do when the intruders are scaled by lambda.
 */
#include <math.h>
#include <stdio.h>

#include "core/base/mem.h"
#include "tui/layout.h"
#include "tui/ticks.h"
#include "tui/views/overlap.h"
#include "tui/views/slider.h"

static void draw_sliders(struct canvas *canvas, struct rect rect,
                         const struct ui *ui)
{
    enum { SLIDERS = 3, TEXT = 14, TRACK_MOST = 40, TOP_MOST = 100 };
    char name[SLIDERS][16];
    const double share[SLIDERS] = {ui->epsilon, log(ui->top) / log(TOP_MOST),
                                   ui->lambda / ((BASE_LAMBDAS - 1) / 4.0)};
    static const char *const keys[SLIDERS] = {"e E", "n N", "c C"};
    snprintf(name[0], sizeof *name, "ε %.2f", ui->epsilon);
    snprintf(name[1], sizeof *name, "k %d", ui->top);
    snprintf(name[2], sizeof *name, "λ %.2f", ui->lambda);
    int each = (rect.w - 2) / SLIDERS, track = each - TEXT;
    track = track > TRACK_MOST ? TRACK_MOST : track;
    if (rect.h < 1 || track < 3) {
        canvas_print(canvas, rect.x + 2, rect.y, rect.h < 1 ? 0 : rect.w - 2,
                     style_of(ROLE_NONE), "%s (e E)  %s (n N)  %s (c C)",
                     name[0], name[1], name[2]);
        return;
    }
    for (int i = 0; i < SLIDERS; i++)
        slider_draw(canvas, rect.x + 2 + i * each, rect.y, track, name[i],
                    share[i], keys[i]);
}

/* How many of the leading vectors are drawn: some more than are looked at. */
static int shown_of(const struct intruders *at, int top)
{
    int shown = top + (top + 1) / 2;
    shown = shown < 12 ? 12 : shown;
    return shown > at->count ? at->count : shown;
}

static void add_vectors(struct plot *plot, const double *j, const double *y,
                        int count, int place, enum dash dash, const char *name)
{
    enum { CROWDED = 40 };
    struct plot_series *series = plot_add(plot);
    series->x = j;
    series->y = y;
    series->count = count;
    series->pen = overlap_pen_alone(place);
    series->pen.dash = dash;
    series->sign = glyph_marker(place);
    series->marker = count <= CROWDED ? series->sign : 0;
    snprintf(series->label, sizeof series->label, "%s", name);
}

static void draw_cosines(struct canvas *canvas, struct rect rect,
                         const struct intruders *at, const struct ui *ui,
                         int run)
{
    if (rect.h < 5 || rect.w < 16 || at->count < 2)
        return;
    int count = shown_of(at, ui->top);
    double *j = xcalloc((size_t)count, sizeof *j);
    for (int i = 0; i < count; i++)
        j[i] = i + 1;
    const double ends[2] = {1, count};
    const double low[2] = {at->random_low, at->random_low};
    const double high[2] = {at->random_high, at->random_high};
    struct plot *plot = xcalloc(1, sizeof *plot);
    plot_start(plot, "vector j");
    plot_name(plot, "largest |cos| with W0's", "vectors of W0 + ΔW, %s side",
              side_name(at->side));
    struct plot_band *band = plot_add_band(plot);
    band->x = ends;
    band->low = low;
    band->high = high;
    band->count = 2;
    snprintf(band->label, sizeof band->label, "random");
    char text[PLOT_TEXT];
    snprintf(text, sizeof text, "ε = %.2f", ui->epsilon);
    plot_add_level(plot, ui->epsilon, style_of(ROLE_KEY), text);
    add_vectors(plot, j, at->cluster, count, run + 1, DASH_DOT, "cluster");
    add_vectors(plot, j, at->cosine, count, run, DASH_SOLID, "|cos|");
    if (ui->top < count)
        plot_add_mark(plot, ui->top + 0.5, style_of(ROLE_KEY), "");
    plot->x_low = 1;
    plot->x_high = count;
    plot->y_high = 1;
    view_rule(canvas, rect,
              rect.w < 60 ? "max |cos| with W0's"
                          : "max |cos| of y_j with all of W0's",
              "%s side", side_name(at->side));
    rect.y++;
    rect.h--;
    plot_draw(canvas, rect, plot);
    mem_free(plot);
    mem_free(j);
}

/* How many of as many random directions would be intruders. */
static double random_count(const struct intruders *at, double epsilon, int top)
{
    return top * (1 - random_escapes(at->n, at->count, epsilon));
}

/* The same against epsilon, from what the band says: a curve of exact points
 * would cost more than the whole frame. */
enum { RANDOM_STOPS = 7 };
static void random_curve(double epsilon[RANDOM_STOPS],
                         double count[RANDOM_STOPS], const struct intruders *at,
                         int top)
{
    const double mean = at->random_mean, low = at->random_low;
    const double stop[RANDOM_STOPS] = {
        0,    fmax(0, 2 * low - mean), low,
        mean, at->random_high,         fmin(1, 2 * at->random_high - mean),
        1};
    for (int i = 0; i < RANDOM_STOPS; i++)
        epsilon[i] = stop[i];
    count[0] = count[1] = 0;
    count[2] = 0.025 * top;
    count[3] = random_count(at, mean, top);
    count[4] = 0.975 * top;
    count[5] = count[6] = top;
}

static void draw_counts(struct canvas *canvas, struct rect rect,
                        const struct intruders *at, const struct ui *ui,
                        int run)
{
    enum { STOPS = 41 };
    double epsilon[STOPS], ours[STOPS];
    double chance[RANDOM_STOPS], random[RANDOM_STOPS];
    if (rect.h < 5 || rect.w < 16)
        return;
    int top = ui->top < at->count ? ui->top : at->count;
    for (int i = 0; i < STOPS; i++) {
        epsilon[i] = i / (STOPS - 1.0);
        ours[i] = intruders_count(at, epsilon[i], top, false);
    }
    random_curve(chance, random, at, top);
    struct plot *plot = xcalloc(1, sizeof *plot);
    plot_start(plot, "ε");
    plot_name(plot, "vectors below ε", "intruders of the first %d", ui->top);
    struct plot_series *line = plot_add(plot);
    *line =
        (struct plot_series){.x = chance, .y = random, .count = RANDOM_STOPS};
    line->pen = (struct pen){style_of(ROLE_CHANCE), DASH_DOT, ':'};
    snprintf(line->label, sizeof line->label, "random");
    line = plot_add(plot);
    *line = (struct plot_series){.x = epsilon, .y = ours, .count = STOPS};
    line->pen = overlap_pen_alone(run);
    line->sign = glyph_marker(run);
    snprintf(line->label, sizeof line->label, "ours");
    char text[PLOT_TEXT];
    snprintf(text, sizeof text, "%d",
             intruders_count(at, ui->epsilon, top, false));
    plot_add_mark(plot, ui->epsilon, style_with(ROLE_KEY, ATTR_BOLD), text);
    plot->x_high = 1;
    plot->y_high = top > 0 ? top * 1.04 : 1;
    view_rule(canvas, rect, "how many below ε", "of the first %d", top);
    rect.y++;
    rect.h--;
    plot_draw(canvas, rect, plot);
    mem_free(plot);
}

/* Which of the study's lambdas the slider is at; -1: none. */
static int lambda_at(const struct base_study *at, double lambda)
{
    for (int i = 0; i < at->lambda_count; i++)
        if (fabs(at->lambda[i] - lambda) < 1e-6)
            return i;
    return -1;
}

static void draw_loss_row(struct canvas *canvas, struct rect rect, int y,
                          const char *name, const double *value,
                          const struct base_study *at, int chosen)
{
    enum { NAME = 22, CELL_MOST = 10 };
    int cell = (rect.w - NAME - 2) / (at->lambda_count + 1);
    cell = cell > CELL_MOST ? CELL_MOST : cell;
    canvas_put(canvas, rect.x + 2, y, NAME - 2, style_of(ROLE_DIM), name);
    for (int i = 0; i < at->lambda_count; i++) {
        char text[16];
        snprintf(text, sizeof text, isnan(value[i]) ? "–" : "%.*f",
                 value[i] < 9.995 ? 2 + (value == at->task_loss) : 1, value[i]);
        if (value == at->lambda)
            snprintf(text, sizeof text, "%.2f", value[i]);
        struct style style = style_of(ROLE_NONE);
        if (i == chosen)
            style = style_with(ROLE_KEY, ATTR_BOLD | ATTR_REVERSE);
        canvas_right(canvas, rect.x + NAME + i * cell, y, cell, style, "%s%s",
                     i == chosen ? "▸" : "", text);
    }
}

/* Whether the losses are those of the sliders as they stand. */
static bool is_current(const struct question *asked, const struct ui *ui)
{
    return asked->epsilon == ui->epsilon && asked->top == ui->top &&
           asked->side == ui->intruder_side;
}

static void draw_table(struct canvas *canvas, struct rect rect,
                       const struct study *study, const struct ui *ui)
{
    const struct base_study *at = &study->base;
    const struct question *asked = &study->asked;
    if (rect.h < 4)
        return;
    if (is_current(asked, ui))
        view_rule(canvas, rect, "losses with the intruders times λ", "%s",
                  "0: removed, 1: as they are");
    else
        view_rule(canvas, rect, "losses with the intruders times λ",
                  "still of ε = %.2f, k = %d, %s side", asked->epsilon,
                  asked->top, side_name(asked->side));
    if (at->lambda_count == 0) {
        canvas_put(canvas, rect.x + 2, rect.y + 1, rect.w - 2,
                   style_of(ROLE_DIM),
                   at->intruder_count == 0
                       ? "no intruder here at this ε and k: nothing to scale"
                       : "no held-out examples to measure losses on");
        return;
    }
    int chosen = lambda_at(at, ui->lambda);
    draw_loss_row(canvas, rect, rect.y + 1, "λ", at->lambda, at, chosen);
    draw_loss_row(canvas, rect, rect.y + 2, "task loss, nats", at->task_loss,
                  at, chosen);
    draw_loss_row(canvas, rect, rect.y + 3, "on the base's corpus",
                  at->forget_loss, at, chosen);
}

static void draw_loss(struct canvas *canvas, struct rect rect,
                      const struct base_study *at, const struct ui *ui,
                      const double *loss, const char *title, double base,
                      int place)
{
    if (rect.h < 5 || rect.w < 16 || at->lambda_count < 2)
        return;
    struct plot *plot = xcalloc(1, sizeof *plot);
    plot_start(plot, "λ");
    plot_name(plot, "loss, nats", "%s, the intruders times λ", title);
    add_vectors(plot, at->lambda, loss, at->lambda_count, place, DASH_SOLID,
                "nats");
    plot_add_mark(plot, ui->lambda, style_with(ROLE_KEY, ATTR_BOLD), "λ");
    view_rule(canvas, rect, title, "%s", "λ = 1: as it is");
    rect.y++;
    rect.h--;
    if (plot_fit(plot)) {
        if (!isnan(base))
            plot_add_level(plot, base, style_of(ROLE_DIM), "the base");
        plot_draw(canvas, rect, plot);
    }
    mem_free(plot);
}

static void draw_words(struct canvas *canvas, struct rect rect,
                       const struct view_context *context,
                       const struct study *study)
{
    const struct ui *ui = context->ui;
    const struct base_study *at = &study->base;
    const struct intruders *here = &at->intruders[ui->intruder_side];
    const struct intruders *there = &at->intruders[!ui->intruder_side];
    char first[320], second[320], text[4][16];
    int top = ui->top < here->count ? ui->top : here->count;
    int count = intruders_count(here, ui->epsilon, top, false);
    double random = random_count(here, ui->epsilon, top);
    int chosen = lambda_at(at, ui->lambda), one = lambda_at(at, 1);
    snprintf(first, sizeof first,
             "%d of the first %d %s at ε = %.2f; of random vectors %.1f would "
             "be",
             count, top, count == 1 ? "is an intruder" : "are intruders",
             ui->epsilon, random);
    if (is_current(&study->asked, ui) && chosen >= 0 && one >= 0 &&
        chosen != one && count > 0)
        snprintf(second, sizeof second,
                 "λ = %.2f: task loss %s → %s, on the base's corpus %s → %s",
                 ui->lambda,
                 number_text(text[0], sizeof *text, at->task_loss[one]),
                 number_text(text[1], sizeof *text, at->task_loss[chosen]),
                 number_text(text[2], sizeof *text, at->forget_loss[one]),
                 number_text(text[3], sizeof *text, at->forget_loss[chosen]));
    else if (random < 0.5 * top)
        snprintf(second, sizeof second,
                 "ε is too low here: most random vectors would not count as "
                 "intruders");
    else
        snprintf(second, sizeof second,
                 "%s side: %d by |cos| alone, as the paper counts; %s side: %d "
                 "(d)",
                 side_name(here->side),
                 intruders_count(here, ui->epsilon, top, true),
                 side_name(there->side),
                 intruders_count(there, ui->epsilon, top, false));
    overlap_words(canvas, rect, context, study, first, second);
}

void overlap_intruders_draw(struct canvas *canvas, struct rect rect,
                            const struct view_context *context)
{
    const struct study *study = overlap_open(canvas, rect, context);
    const struct snapshot *snapshot = context->snapshot;
    struct rect part[INTRUDER_PARTS];
    if (!study)
        return;
    const struct base_study *at = &study->base;
    const struct intruders *here = &at->intruders[context->ui->intruder_side];
    int run = study->asked.a.run;
    layout_intruders(part, rect);
    overlap_title(canvas, part[INTRUDER_TITLE], context, study,
                  "W0 + ΔW of %s · %s", at->name,
                  snapshot->site[study->asked.site].name);
    draw_sliders(canvas, part[INTRUDER_SLIDERS], context->ui);
    draw_cosines(canvas, part[INTRUDER_COSINE], here, context->ui, run);
    draw_counts(canvas, part[INTRUDER_COUNT], here, context->ui, run);
    draw_table(canvas, part[INTRUDER_LAMBDA], study, context->ui);
    draw_loss(canvas, part[INTRUDER_TASK], at, context->ui, at->task_loss,
              "task loss", NAN, run);
    draw_loss(canvas, part[INTRUDER_FORGET], at, context->ui, at->forget_loss,
              "loss on the base's corpus", snapshot->base_forget_loss, run);
    draw_words(canvas, part[INTRUDER_WORDS], context, study);
}

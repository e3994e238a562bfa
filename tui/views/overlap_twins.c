/*
 * Page 4 of view 3: LoRA and full fine-tuning from one start.  What full
 * fine-tuning's own update cut to rank r would lose, what the LoRA run did
 * lose, and so whether its gap is one of capacity or of optimisation.
 */
#include <math.h>
#include <stdio.h>

#include "core/base/mem.h"
#include "tui/layout.h"
#include "tui/ticks.h"
#include "tui/views/overlap.h"

static void add_sigma(struct plot *plot, const struct canvas *canvas,
                      const double *index, const double *sigma, int count,
                      int run, const char *name)
{
    enum { CROWDED = 24 };
    struct plot_series *series = plot_add(plot);
    series->x = index;
    series->y = sigma;
    series->count = count;
    series->pen = overlap_pen(canvas, run);
    series->sign = glyph_marker(run);
    series->marker = count <= CROWDED ? series->sign : 0;
    char label[VIEW_NAME];
    snprintf(series->label, sizeof series->label, "%s",
             view_name(label, name, VIEW_LABEL));
}

static void draw_sigma(struct canvas *canvas, struct rect rect,
                       const struct study *study, const char *site)
{
    const struct twins_study *at = &study->twins;
    int longest =
        at->lora_count > at->full_count ? at->lora_count : at->full_count;
    if (rect.h < 5 || rect.w < 16 || longest < 1)
        return;
    double *index = xcalloc((size_t)longest, sizeof *index);
    for (int i = 0; i < longest; i++)
        index[i] = i + 1;
    struct plot *plot = xcalloc(1, sizeof *plot);
    plot_start(plot, "index i");
    plot_name(plot, "singular value σ_i", "singular values: %s", site);
    plot->log_x = plot->log_y = true;
    add_sigma(plot, canvas, index, at->full_sigma, at->full_count,
              study->asked.b.run, at->full);
    add_sigma(plot, canvas, index, at->lora_sigma, at->lora_count,
              study->asked.a.run, at->lora);
    plot->x_low = 1;
    plot->x_high = longest > 1 ? longest : 2;
    view_rule(canvas, rect, "singular values", "%s", site);
    rect.y++;
    rect.h--;
    if (plot_fit(plot)) {
        plot->y_low = fmax(plot->y_low, 1e-4 * plot->y_high);
        plot_draw(canvas, rect, plot);
    }
    mem_free(plot);
    mem_free(index);
}

static void add_cut(struct plot *plot, const struct canvas *canvas,
                    const double *r, const double *loss, int count, int place,
                    const char *name)
{
    struct plot_series *series = plot_add(plot);
    series->x = r;
    series->y = loss;
    series->count = count;
    series->pen = overlap_pen(canvas, place);
    series->marker = series->sign = glyph_marker(place);
    snprintf(series->label, sizeof series->label, "%s", name);
}

/* What a run has as it is, whatever r: named at the line's end, where no two
 * names meet. */
static void add_level(struct plot *plot, const double ends[2],
                      const double loss[2], int run, const char *name)
{
    struct plot_series *series = plot_add(plot);
    series->x = ends;
    series->y = loss;
    series->count = 2;
    series->pen = overlap_pen_alone(run);
    series->pen.dash = DASH_DOT;
    series->sign = glyph_marker(run);
    char label[VIEW_NAME];
    snprintf(series->label, sizeof series->label, "%s",
             view_name(label, name, VIEW_LABEL));
}

/* r = 0 has no place on a log axis: it is the base's level. */
static void draw_loss(struct canvas *canvas, struct rect rect,
                      const struct study *study)
{
    const struct twins_study *at = &study->twins;
    enum { ORACLE = 3, REACH = 4 }; /* places of colours no run here has */
    if (rect.h < 5 || rect.w < 16 || at->count < 2)
        return;
    int count = at->count - 1;
    double *r = xcalloc((size_t)count, sizeof *r);
    for (int i = 0; i < count; i++)
        r[i] = at->grid[i + 1];
    struct plot *plot = xcalloc(1, sizeof *plot);
    plot_start(plot, "r");
    plot_name(plot, "loss, nats per target", "full's update cut to rank r");
    plot->log_x = plot->log_y = true;
    add_cut(plot, canvas, r, at->oracle + 1, count, ORACLE, "all sites");
    add_cut(plot, canvas, r, at->reach + 1, count, REACH, "its sites");
    const double ends[2] = {1, r[count - 1]};
    const double lora[2] = {at->lora_loss, at->lora_loss};
    const double full[2] = {at->full_loss, at->full_loss};
    add_level(plot, ends, lora, study->asked.a.run, at->lora);
    add_level(plot, ends, full, study->asked.b.run, at->full);
    view_rule(canvas, rect, "loss of full, cut to rank r",
              rect.w < 52 ? "%s" : "%sof what the LoRA run could have had", "");
    rect.y++;
    rect.h--;
    if (plot_fit(plot)) {
        plot->y_low = 0.9 * fmin(plot->y_low, at->full_loss);
        plot->y_high = 1.2 * fmax(plot->y_high, at->base_loss);
        char text[PLOT_TEXT];
        snprintf(text, sizeof text, "base %.3g", at->base_loss);
        plot_add_level(plot, at->base_loss, style_of(ROLE_DIM), text);
        plot_draw(canvas, rect, plot);
    }
    mem_free(plot);
    mem_free(r);
}

static void draw_phi(struct canvas *canvas, struct rect rect,
                     const struct study *study)
{
    const struct twins_study *at = &study->twins;
    if (at->rows < 1 || at->cols < 1)
        return;
    struct overlap_curve curve =
        overlap_curve_new(at->phi, at->rows, at->cols, at->n);
    overlap_curve_draw(canvas, rect, &curve,
                       overlap_pen_alone(study->asked.a.run),
                       glyph_marker(study->asked.a.run), 0);
    overlap_curve_free(&curve);
}

static const char *percent(char *to, size_t size, double share)
{
    if (isnan(share))
        snprintf(to, size, "–");
    else
        snprintf(to, size, "%.0f %%", 100 * share);
    return to;
}

static const char *rank_text(char *to, size_t size, int rank)
{
    if (rank < 0)
        snprintf(to, size, "none");
    else
        snprintf(to, size, "%d", rank);
    return to;
}

static void put_line(struct canvas *canvas, struct rect rect, int row,
                     const char *label, const char *text)
{
    enum { LABEL = 15 };
    if (row >= rect.h)
        return;
    canvas_put(canvas, rect.x + 2, rect.y + row, LABEL - 2, style_of(ROLE_DIM),
               label);
    view_sentence(canvas, rect.x + LABEL, rect.y + row, rect.w - LABEL - 1,
                  style_of(ROLE_NONE), text);
}

static void draw_numbers(struct canvas *canvas, struct rect rect,
                         const struct twins_study *at)
{
    enum { INTRUDERS_TOP = 10 };
    char line[240], text[5][16];
    int k = at->rows < at->cols ? at->rows : at->cols;
    snprintf(line, sizeof line, "base %s, %s %s, %s %s (nats, %ld held out)",
             number_text(text[0], sizeof *text, at->base_loss), at->lora,
             number_text(text[1], sizeof *text, at->lora_loss), at->full,
             number_text(text[2], sizeof *text, at->full_loss), at->examples);
    put_line(canvas, rect, 0, "loss", line);
    snprintf(line, sizeof line,
             "%s %s; %s cut to %d: %s, at its sites %s; r* %s, %s", at->lora,
             percent(text[0], sizeof *text, at->lora_closure), at->full,
             at->rank, percent(text[1], sizeof *text, at->oracle_closure),
             percent(text[2], sizeof *text, at->reach_closure),
             rank_text(text[3], sizeof *text, at->oracle_star),
             rank_text(text[4], sizeof *text, at->reach_star));
    put_line(canvas, rect, 1, "gap closed G", line);
    line[0] = '\0';
    if (k > 0)
        snprintf(
            line, sizeof line,
            "φ(1, 1) = %s, chance %s; φ(%d, %d) = %s, chance %s",
            overlap_share(text[0], sizeof *text, at->phi[0]),
            overlap_share(text[1], sizeof *text, phi_chance(at->n, 1, 1).mean),
            k, k,
            overlap_share(text[2], sizeof *text,
                          at->phi[(k - 1) * at->cols + k - 1]),
            overlap_share(text[3], sizeof *text, phi_chance(at->n, k, k).mean));
    put_line(canvas, rect, 2, "in common", line);
    snprintf(line, sizeof line,
             "%s %d, %s %d of %d (the first %d at each of %d sites, ε = 0.5)",
             at->lora, at->lora_intruders, at->full, at->full_intruders,
             INTRUDERS_TOP * at->intruder_sites, INTRUDERS_TOP,
             at->intruder_sites);
    put_line(canvas, rect, 3, "intruders", line);
}

static void draw_verdict(struct canvas *canvas, struct rect rect,
                         const struct twins_study *at)
{
    if (rect.h < 2)
        return;
    view_rule(canvas, rect, "capacity or optimisation?", "%s", "");
    canvas_wrap(canvas,
                (struct rect){rect.x + 2, rect.y + 1, rect.w - 4, rect.h - 1},
                style_with(ROLE_NONE, ATTR_BOLD), at->verdict);
}

/* What makes the two less than twins, or how to read G and r*. */
static void draw_note(struct canvas *canvas, struct rect rect,
                      const struct view_context *context,
                      const struct study *study)
{
    const struct run_view *full =
        snapshot_run(context->snapshot, study->asked.b.run);
    bool is_old;
    char text[160] = "G: 0 is the base, 100 % is full; r*: the least rank that "
                     "closes 95 %";
    struct style style = style_of(ROLE_DIM);
    (void)ui_answer(context->ui, context->snapshot, &is_old);
    if (is_old) {
        snprintf(text, sizeof text,
                 "this is of step %ld; what you asked for is being computed",
                 study->step);
        style = style_of(ROLE_WARN);
    } else if (full && full->weight_decay > 0) {
        snprintf(text, sizeof text,
                 "weight decay %g is in %s's ΔW too: it shrinks W0",
                 full->weight_decay, full->name);
        style = style_of(ROLE_WARN);
    }
    if (rect.h > 0)
        view_sentence(canvas, rect.x + 2, rect.y, rect.w - 3, style, text);
}

void overlap_twins_draw(struct canvas *canvas, struct rect rect,
                        const struct view_context *context)
{
    const struct study *study = overlap_open(canvas, rect, context);
    struct rect part[TWINS_PARTS];
    if (!study)
        return;
    const struct twins_study *at = &study->twins;
    const char *site = context->snapshot->site[at->site].name;
    layout_twins(part, rect, glyph_columns(at->verdict));
    overlap_title(canvas, part[TWINS_TITLE], context, study,
                  "%s (r = %d) and %s, one start, the same batches", at->lora,
                  at->rank, at->full);
    draw_loss(canvas, part[TWINS_LOSS], study);
    draw_sigma(canvas, part[TWINS_SIGMA], study, site);
    draw_phi(canvas, part[TWINS_PHI], study);
    draw_numbers(canvas, part[TWINS_NUMBERS], at);
    draw_verdict(canvas, part[TWINS_VERDICT], at);
    draw_note(canvas, part[TWINS_NOTE], context, study);
}

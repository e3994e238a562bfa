/*
 * Page 2 of view 6, the direction microscope: both losses against the
 * strength of the chosen run's update, the singular values of one site with
 * the one in hand, and the text as trained beside the text as turned.
 */
#include <math.h>
#include <stdio.h>

#include "core/base/mem.h"
#include "tui/layout.h"
#include "tui/plot.h"
#include "tui/ticks.h"
#include "tui/views/overlap.h"
#include "tui/views/talk.h"

enum { NUMBER = 8 };

/* --- losses against strength ----------------------------------------------
 */

static void add_loss(struct plot *plot, const struct talk_study *at,
                     const double *loss, struct pen pen, uint32_t sign,
                     const char *label)
{
    struct plot_series *series = plot_add(plot);
    series->x = at->strength;
    series->y = loss;
    series->count = at->strengths;
    series->pen = pen;
    series->sign = series->marker = sign;
    (void)snprintf(series->label, sizeof series->label, "%s", label);
}

void talk_curve_draw(struct canvas *canvas, struct rect rect,
                     const struct view_context *context,
                     const struct study *study)
{
    const struct talk_study *at = &study->talk;
    int run = at->trained.run;
    if (rect.h < 5 || rect.w < 16)
        return;
    view_rule(canvas, rect, "loss against strength", "%s",
              "nats; 0: the base, 1: as trained");
    rect.y++;
    rect.h--;
    if (at->strengths == 0) {
        view_notice(canvas, rect, style_of(ROLE_DIM),
                    at->trained.fixed ? at->trained.fixed : "computing…");
        return;
    }
    struct plot *plot = xcalloc(1, sizeof *plot);
    plot_start(plot, "strength of ΔW");
    plot_name(plot, "loss, nats per target", "strength of the update of %s",
              at->trained.name);
    if (at->forget_examples > 0)
        add_loss(plot, at, at->forget_loss, overlap_pen(canvas, run + 1),
                 glyph_marker(run + 1), "base's text");
    add_loss(plot, at, at->task_loss, overlap_pen(canvas, run),
             glyph_marker(run), "task");
    plot_add_mark(plot, context->ui->talk.strength,
                  style_with(ROLE_KEY, ATTR_BOLD), "now");
    if (plot_fit(plot))
        plot_draw(canvas, rect, plot);
    mem_free(plot);
}

/* --- singular values ------------------------------------------------------
 */

void talk_sigma_draw(struct canvas *canvas, struct rect rect,
                     const struct view_context *context,
                     const struct study *study)
{
    enum { MOST = 64 };
    const struct talk_study *at = &study->talk;
    const struct talk_question *hand = &context->ui->talk;
    int count = at->sigma_count < MOST ? at->sigma_count : MOST;
    int run = at->trained.run;
    char text[PLOT_TEXT];
    double index[MOST];
    if (rect.h < 5 || rect.w < 16)
        return;
    view_rule(canvas, rect, "σ_i of ΔW",
              count < at->sigma_count ? "%s, the first %d" : "%s",
              context->snapshot->site[study->asked.site].name, count);
    rect.y++;
    rect.h--;
    if (count == 0) {
        view_notice(canvas, rect, style_of(ROLE_DIM),
                    at->trained.fixed ? at->trained.fixed : at->trouble);
        return;
    }
    for (int i = 0; i < count; i++)
        index[i] = i + 1;
    struct plot *plot = xcalloc(1, sizeof *plot);
    plot_start(plot, "index i");
    plot_name(plot, "singular value of the update", "%s at %s",
              at->trained.name,
              context->snapshot->site[study->asked.site].name);
    struct plot_series *series = plot_add(plot);
    series->x = index;
    series->y = at->sigma;
    series->count = count;
    series->pen = overlap_pen_alone(run);
    series->marker = series->sign = glyph_marker(run);
    if (hand->index >= 1 && hand->index <= count) {
        (void)snprintf(text, sizeof text, "σ%d %s", hand->index,
                       hand->turn == TURN_NONE ? "" : turn_name(hand->turn));
        plot_add_mark(plot, hand->index, style_with(ROLE_KEY, ATTR_BOLD), text);
    }
    plot->x_low = 0.5; /* marks stand free of the axis */
    plot->x_high = count + 0.5;
    if (plot_fit(plot)) {
        plot->y_low = 0;
        plot_draw(canvas, rect, plot);
    }
    mem_free(plot);
}

/* --- texts ----------------------------------------------------------------
 */

/* Returns the rows used. */
static int draw_text(struct canvas *canvas, struct rect rect,
                     const struct talk_line *line, const char *name,
                     const char *wanted)
{
    enum { NAME = 12, COLUMNS = 3 };
    const double number[COLUMNS] = {line->nats, line->loss, line->forget_loss};
    int x = rect.x + rect.w - 1 - COLUMNS * NUMBER;
    char text[16];
    canvas_put(canvas, rect.x + 2, rect.y, NAME - 1,
               style_with(ROLE_NONE, ATTR_BOLD), name);
    for (int i = 0; i < COLUMNS; i++)
        canvas_right(canvas, x + i * NUMBER, rect.y, NUMBER,
                     style_of(ROLE_NONE), "%s",
                     number_text(text, sizeof text, number[i]));
    struct rect words = {rect.x + 2 + NAME, rect.y, x - rect.x - NAME - 4,
                         rect.h};
    int used = talk_text_draw(canvas, words, line->text, wanted);
    return used > 1 ? used : 1;
}

static void draw_texts(struct canvas *canvas, struct rect rect,
                       const struct study *study)
{
    const struct talk_study *at = &study->talk;
    static const char *const heading[] = {"this one", "task", "base's"};
    enum { COLUMNS = sizeof heading / sizeof *heading };
    int x = rect.x + rect.w - 1 - COLUMNS * NUMBER, each = (rect.h - 1) / 2;
    if (rect.h < 2)
        return;
    view_rule(canvas, (struct rect){rect.x, rect.y, x - rect.x - 1, 1},
              "it writes", "%s", "");
    for (int i = 0; i < COLUMNS; i++)
        canvas_right(canvas, x + i * NUMBER, rect.y, NUMBER, style_of(ROLE_DIM),
                     "%s", heading[i]);
    rect.y++;
    int end = rect.y + rect.h - 1;
    rect.h = each < 1 ? 1 : each;
    rect.y += draw_text(canvas, rect, &at->trained, "as trained", at->wanted);
    if (rect.y < end && talk_is_turned(study))
        (void)draw_text(canvas, rect, &at->turned, "turned", at->wanted);
    else if (rect.y < end)
        canvas_put(canvas, rect.x + 2, rect.y, rect.w - 3, style_of(ROLE_DIM),
                   at->trained.fixed
                       ? at->trained.fixed
                       : "nothing is turned: - + strength; ] takes a σ in "
                         "hand, z d n turn it");
}

static void draw_words(struct canvas *canvas, struct rect rect,
                       const struct view_context *context,
                       const struct study *study)
{
    const struct talk_study *at = &study->talk;
    char first[320], second[160], number[16];
    bool is_old;
    int best = 0, x = rect.x + 2, width = rect.w - 3;
    (void)ui_answer(context->ui, context->snapshot, &is_old);
    for (int i = 1; i < at->strengths; i++)
        if (at->task_loss[i] < at->task_loss[best])
            best = i;
    if (talk_is_turned(study))
        talk_turned_name(first, sizeof first, study, context->snapshot);
    else if (at->strengths > 0)
        (void)snprintf(first, sizeof first,
                       "of these strengths %.2f has the lowest loss, %s",
                       at->strength[best],
                       number_text(number, sizeof number, at->task_loss[best]));
    else
        first[0] = '\0';
    if (talk_is_turned(study))
        talk_turned_words(second, sizeof second, study);
    else if (at->forget_examples > 0)
        (void)snprintf(second, sizeof second,
                       "nats a target: of this answer, of %d held-out "
                       "examples, of %d texts of the base",
                       at->loss_examples, at->forget_examples);
    else
        (void)snprintf(second, sizeof second,
                       "nats a target: of this answer, of %d held-out "
                       "examples; forgetting is not measured here",
                       at->loss_examples);
    if (rect.h > 0)
        view_sentence(canvas, x, rect.y, width,
                      style_with(ROLE_NONE, ATTR_BOLD), first);
    if (rect.h > 1)
        view_sentence(canvas, x, rect.y + 1, width,
                      style_of(is_old ? ROLE_WARN : ROLE_DIM),
                      is_old ? "what you asked for is being computed…"
                             : second);
}

void talk_microscope_draw(struct canvas *canvas, struct rect rect,
                          const struct view_context *context)
{
    const struct study *study = talk_open(canvas, rect, context);
    struct rect part[MICROSCOPE_PARTS];
    char subject[128];
    if (!study)
        return;
    if (!study->talk.is_looked_at) {
        talk_title(canvas, (struct rect){rect.x, rect.y, rect.w, rect.h > 0},
                   context, study, "");
        view_notice(canvas, rect, style_of(ROLE_DIM), "no run is chosen");
        return;
    }
    layout_microscope(part, rect);
    (void)snprintf(subject, sizeof subject, "%s · %s", study->talk.trained.name,
                   context->snapshot->site[study->asked.site].name);
    talk_title(canvas, part[MICROSCOPE_TITLE], context, study, subject);
    talk_dial_draw(canvas, part[MICROSCOPE_DIAL], context, study);
    talk_curve_draw(canvas, part[MICROSCOPE_CURVE], context, study);
    talk_sigma_draw(canvas, part[MICROSCOPE_SIGMA], context, study);
    draw_texts(canvas, part[MICROSCOPE_TEXTS], study);
    draw_words(canvas, part[MICROSCOPE_WORDS], context, study);
}

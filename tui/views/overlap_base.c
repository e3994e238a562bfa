/*
 * Page 2 of view 3: an update against the W0 it changes.  Amplification (Hu
 * et al. 2021, Table 7) beside its value by chance, which explains most of
 * the paper's factors; and how much of dW lies in the leading directions of
 * W0.
 */
#include <math.h>
#include <stdio.h>

#include "core/base/mem.h"
#include "tui/layout.h"
#include "tui/ticks.h"
#include "tui/views/overlap.h"

/* Hu et al. 2021, Table 7 (W_q of layer 48), with the columns of chance from
 * its closed form r ||W0||_F / n. */
enum { GPT3_WIDTH = 12288, GPT3_ROWS = 2 };
static const struct amplification gpt3[GPT3_ROWS] = {
    {4, 61.95, 6.91, 0.32, 21.67, 0.0202, NAN, NAN, 21.5, 342, 15.9},
    {64, 61.95, 3.57, 1.90, 37.71, 0.323, NAN, NAN, 1.9, 11.1, 5.9}};

static const struct column {
    const char *upper, *lower;
    int width;
    int from; /* shown when the table is at least so wide */
} columns[] = {{"", "r", 10, 0},
               {"directions", "of ΔW", 12, 0},
               {"", "of W0", 8, 60},
               {"", "random", 8, 50},
               {"factor", "of ΔW", 11, 0},
               {"", "random", 8, 60},
               {"ρ = ΔW's /", "random's", 12, 0}};
enum { VERDICT = 8, VERDICT_LONG = 44 };

static const char *verdict_of(const struct amplification *row)
{
    return row->by_update > row->random_high  ? "above"
           : row->by_update < row->random_low ? "below"
                                              : "within";
}

enum { COLUMNS = sizeof columns / sizeof *columns };

static void draw_row(struct canvas *canvas, struct rect rect, int y,
                     struct style style, const char *name,
                     const struct amplification *row)
{
    const double value[COLUMNS] = {
        row->r,      row->by_update,     row->by_base, row->by_random,
        row->factor, row->random_factor, row->rho};
    int x = rect.x + 2, end = rect.x + rect.w;
    char text[24];
    for (int c = 0; c < COLUMNS; c++) {
        if (rect.w < columns[c].from)
            continue;
        if (c == 0)
            snprintf(text, sizeof text, "%s%d", name, row->r);
        else
            number_text(text, sizeof text, value[c]);
        canvas_right(canvas, x, y, columns[c].width,
                     c == 3 || c == 5   ? style_of(ROLE_CHANCE)
                     : c == COLUMNS - 1 ? style_with(style.fg, ATTR_BOLD)
                                        : style,
                     "%s", text);
        x += columns[c].width;
    }
    if (isnan(row->random_low) || end - x < VERDICT)
        return;
    style = style_of(row->by_update > row->random_high ? ROLE_GOOD : ROLE_DIM);
    if (end - x < VERDICT_LONG) {
        canvas_put(canvas, x + 2, y, end - x - 2, style, verdict_of(row));
        return;
    }
    char low[16], high[16];
    canvas_print(
        canvas, x + 2, y, end - x - 2, style, "%s chance (95 %%: %s to %s)",
        verdict_of(row),
        number_text(low, sizeof low, row->random_low / row->by_random),
        number_text(high, sizeof high, row->random_high / row->by_random));
}

static void draw_heading(struct canvas *canvas, struct rect rect)
{
    int x = rect.x + 2;
    for (int c = 0; c < COLUMNS; c++) {
        if (rect.w < columns[c].from)
            continue;
        canvas_right(canvas, x, rect.y, columns[c].width, style_of(ROLE_DIM),
                     "%s", columns[c].upper);
        canvas_right(canvas, x, rect.y + 1, columns[c].width,
                     style_of(ROLE_DIM), "%s", columns[c].lower);
        x += columns[c].width;
    }
    int room = rect.x + rect.w - x;
    if (room < VERDICT)
        return;
    canvas_put(canvas, x + 2, rect.y, room - 2, style_of(ROLE_DIM), "95 % of");
    canvas_put(canvas, x + 2, rect.y + 1, room - 2, style_of(ROLE_DIM),
               "chance");
}

/* Heading, our rows (the last one always), the paper's. */
static void draw_table(struct canvas *canvas, struct rect rect,
                       const struct base_study *at)
{
    enum { HEADING = 2 };
    int gpt3_rows = rect.h - HEADING > 4 ? GPT3_ROWS : 0;
    int rows = rect.h - HEADING - gpt3_rows, count = at->amplification_count;
    if (rows < 1)
        return;
    rows = rows > count ? count : rows;
    draw_heading(canvas, rect);
    rect.y += HEADING;
    for (int i = 0; i < rows; i++) {
        int from = i == rows - 1 ? count - 1 : i;
        draw_row(canvas, rect, rect.y++, style_of(ROLE_NONE), "",
                 &at->amplification[from]);
    }
    for (int i = 0; i < gpt3_rows; i++)
        draw_row(canvas, rect, rect.y++, style_of(ROLE_DIM), "GPT-3  ",
                 &gpt3[i]);
}

static void draw_alignment(struct canvas *canvas, struct rect rect,
                           const struct base_study *at, enum side side, int run)
{
    if (rect.h < 5 || rect.w < 16 || at->curve_count < 2)
        return;
    int count = at->curve_count, n = side == SIDE_INPUT ? at->in : at->out;
    double *k = xcalloc((size_t)count, sizeof *k);
    for (int i = 0; i < count; i++)
        k[i] = i + 1;
    double ends[2] = {1, count}, chance[2] = {1.0 / n, (double)count / n};
    struct plot *plot = xcalloc(1, sizeof *plot);
    plot_start(plot, "k");
    plot_name(plot, "share of ΔW's energy", "%s in W0's leading directions, %s",
              at->name, side_name(side));
    struct plot_series *line = plot_add(plot);
    *line = (struct plot_series){.x = ends, .y = chance, .count = 2};
    line->pen = (struct pen){style_of(ROLE_CHANCE), DASH_DOT, ':'};
    snprintf(line->label, sizeof line->label, "chance k/n");
    line = plot_add(plot);
    *line =
        (struct plot_series){.x = k, .y = at->alignment[side], .count = count};
    line->pen = overlap_pen_alone(run);
    line->sign = glyph_marker(run);
    snprintf(line->label, sizeof line->label, "%.20s", at->name);
    char text[PLOT_TEXT];
    snprintf(text, sizeof text, "90 %%: k = %d", at->align90[side]);
    enum { TEXT_FROM = 16 }; /* in fewer rows the lines run over it */
    if (at->align90[side] <= count)
        plot_add_mark(plot, at->align90[side], style_of(ROLE_NONE),
                      rect.h < TEXT_FROM ? "" : text);
    plot->x_low = 1;
    plot->x_high = count;
    plot->y_high = 1;
    view_rule(canvas, rect, "energy of ΔW in the first k of W0", "%s side",
              side_name(side));
    rect.y++;
    rect.h--;
    plot_draw(canvas, rect, plot);
    mem_free(plot);
    mem_free(k);
}

static void add_rho(struct plot *plot, const double *r, const double *rho,
                    int count, struct pen pen, uint32_t marker,
                    const char *name)
{
    struct plot_series *line = plot_add(plot);
    *line = (struct plot_series){.x = r,
                                 .y = rho,
                                 .count = count,
                                 .pen = pen,
                                 .marker = marker,
                                 .sign = marker};
    snprintf(line->label, sizeof line->label, "%.20s", name);
}

static void draw_rho(struct canvas *canvas, struct rect rect,
                     const struct base_study *at, int run)
{
    double r[BASE_AMPLIFICATIONS], rho[BASE_AMPLIFICATIONS];
    double low[BASE_AMPLIFICATIONS], high[BASE_AMPLIFICATIONS];
    const double r3[GPT3_ROWS] = {gpt3[0].r, gpt3[1].r};
    const double rho3[GPT3_ROWS] = {gpt3[0].rho, gpt3[1].rho};
    int count = at->amplification_count;
    if (rect.h < 5 || rect.w < 16)
        return;
    for (int i = 0; i < count; i++) {
        const struct amplification *row = &at->amplification[i];
        r[i] = row->r;
        rho[i] = row->rho;
        low[i] = row->random_low / row->by_random;
        high[i] = row->random_high / row->by_random;
    }
    struct plot *plot = xcalloc(1, sizeof *plot);
    plot_start(plot, "r");
    plot_name(plot, "ρ, 1 by chance", "amplification of %s beside chance",
              at->name);
    plot->log_x = plot->log_y = true;
    struct plot_band *band = plot_add_band(plot);
    *band = (struct plot_band){r, low, high, count, band->style, true, ""};
    plot_add_level(plot, 1, style_of(ROLE_CHANCE), "chance 1");
    add_rho(plot, r3, rho3, GPT3_ROWS,
            (struct pen){style_of(ROLE_DIM), DASH_DOT, '.'}, '*', "GPT-3");
    add_rho(plot, r, rho, count, overlap_pen_alone(run), glyph_marker(run),
            at->name);
    view_rule(canvas, rect, "ρ against r", "%s", "above 1: more than chance");
    rect.y++;
    rect.h--;
    if (plot_fit(plot)) {
        plot->y_low = fmin(plot->y_low, 0.5);
        plot_draw(canvas, rect, plot);
    }
    mem_free(plot);
}

static void draw_words(struct canvas *canvas, struct rect rect,
                       const struct view_context *context,
                       const struct study *study)
{
    const struct base_study *at = &study->base;
    enum side side = context->ui->side;
    char first[240] = "no update yet: nothing to compare with W0";
    char second[240], text[4][16], never[24];
    int n = side == SIDE_INPUT ? at->in : at->out, tenth = (n + 9) / 10;
    tenth = tenth > at->curve_count ? at->curve_count : tenth;
    if (at->amplification_count > 0) {
        const struct amplification *row =
            &at->amplification[at->amplification_count - 1];
        snprintf(first, sizeof first,
                 "r = %d: factor %s (random directions %s); ρ = %s: %s chance",
                 row->r, number_text(text[0], sizeof *text, row->factor),
                 number_text(text[1], sizeof *text, row->random_factor),
                 number_text(text[2], sizeof *text, row->rho), verdict_of(row));
    }
    snprintf(never, sizeof never, "%d", at->align90[side]);
    snprintf(second, sizeof second,
             "W0's first %d hold %.0f %% of ΔW (chance %.0f %%); 90 %% takes "
             "%s (chance %.0f)",
             tenth, tenth ? 100 * at->alignment[side][tenth - 1] : NAN,
             100.0 * tenth / n,
             at->align90[side] > at->curve_count ? "more than it has" : never,
             ceil(0.9 * n));
    overlap_words(canvas, rect, context, study, first, second);
}

void overlap_base_draw(struct canvas *canvas, struct rect rect,
                       const struct view_context *context)
{
    const struct study *study = overlap_open(canvas, rect, context);
    struct rect part[BASE_PARTS];
    if (!study)
        return;
    const struct base_study *at = &study->base;
    enum side side = context->ui->side;
    int run = study->asked.a.run;
    layout_base(part, rect, at->amplification_count);
    overlap_title(canvas, part[BASE_TITLE], context, study,
                  "%s · %s %d × %d · ‖UᵀW0V‖_F", at->name,
                  context->snapshot->site[study->asked.site].name, at->out,
                  at->in);
    draw_table(canvas, part[BASE_TABLE], at);
    draw_alignment(canvas, part[BASE_PLOT], at, side, run);
    draw_alignment(canvas, part[BASE_OTHER], at,
                   side == SIDE_INPUT ? SIDE_OUTPUT : SIDE_INPUT, run);
    draw_rho(canvas, part[BASE_RHO], at, run);
    draw_words(canvas, part[BASE_WORDS], context, study);
}

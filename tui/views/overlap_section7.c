/*
 * Page 5 of view 3: section 7 of the LoRA paper (Hu et al. 2021) on one
 * screen.  Figure 3: phi of two ranks; Figure 4: phi of two seeds, and of two
 * random matrices; Table 7; and the paper's claims with what was found here.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "tui/layout.h"
#include "tui/ticks.h"
#include "tui/views/overlap.h"
#include "tui/views/phi_map.h"

enum { SMALL = 8, TARGETS = SECTION7_TARGETS, SCALE = HEAT_ROLES + 4 };

static const char *const target_name[TARGETS] = {"W_q", "W_v"};

/* One map with its name above and phi(1, 1) beside chance below. */
static void draw_grid(struct canvas *canvas, struct rect rect,
                      const struct section7_grid *grid, const char *what,
                      const char *name, bool is_small)
{
    enum { EDGES = 2 };
    if (rect.h < EDGES + 3 || !grid->factor)
        return;
    char phi[16], mean[16], text[64];
    overlap_share(phi, sizeof phi, grid->factor[0]);
    overlap_share(mean, sizeof mean, phi_chance(grid->n, 1, 1).mean);
    snprintf(text, sizeof text, is_small ? "%s φ₁₁ %s" : "%s: φ(1, 1) = %s",
             name, phi);
    view_sentence(canvas, rect.x + 4, rect.y, rect.w - 4,
                  style_with(ROLE_NONE, ATTR_BOLD), text);
    char title[96];
    snprintf(title, sizeof title, "%s: %s", what, name);
    struct phi_map map = {.phi = grid->factor,
                          .title = title,
                          .rows = grid->rows,
                          .cols = grid->cols,
                          .pitch = grid->cols,
                          .n = grid->n,
                          .is_sampled = true,
                          .has_columns = !is_small};
    if (is_small) {
        map.rows = map.rows > SMALL ? SMALL : map.rows;
        map.cols = map.cols > SMALL ? SMALL : map.cols;
    }
    struct rect inner = {rect.x, rect.y + 1, rect.w, rect.h - EDGES};
    int used = phi_map_draw(canvas, inner, &map);
    snprintf(text, sizeof text, "by chance %s", mean);
    view_sentence(canvas, rect.x + 4, inner.y + used, rect.w - 4,
                  style_of(ROLE_CHANCE), text);
}

static void draw_figure3(struct canvas *canvas, struct rect rect,
                         const struct section7_study *at, bool is_small)
{
    if (rect.h < 6)
        return;
    view_rule(canvas, rect, "Figure 3",
              is_small ? "r = %d × %d, first 8"
                       : "φ(i, j) of A, r = %d "
                         "(rows) × r = %d (columns)",
              at->low, at->high);
    struct rect half = {rect.x, rect.y + 1, rect.w / TARGETS, rect.h - 1};
    for (int t = 0; t < TARGETS; t++, half.x += half.w)
        draw_grid(canvas, half, &at->target[t].ranks, "Figure 3, two ranks",
                  target_name[t], is_small);
}

static void draw_figure4(struct canvas *canvas, struct rect rect,
                         const struct section7_study *at, bool is_small)
{
    if (rect.h < 6)
        return;
    view_rule(canvas, rect, "Figure 4",
              is_small ? "two seeds" : "φ(i, j) of A, two seeds, both r = %d",
              at->high);
    struct rect scale = {rect.x + rect.w - SCALE - 3, rect.y, SCALE + 2, 1};
    canvas_fill(canvas, scale, style_of(ROLE_NONE));
    phi_map_scale(canvas, scale.x + 1, scale.y);
    int maps = is_small ? TARGETS : TARGETS + 1;
    struct rect third = {rect.x, rect.y + 1, rect.w / maps, rect.h - 1};
    for (int t = 0; t < TARGETS; t++, third.x += third.w)
        draw_grid(canvas, third, &at->target[t].seeds, "Figure 4, two seeds",
                  target_name[t], is_small);
    if (!is_small)
        draw_grid(canvas, third, &at->target[0].control, "Figure 4",
                  "random control", false);
}

/* One line of Table 7: what chance is 1 for. */
static void draw_small_table(struct canvas *canvas, struct rect rect,
                             const struct section7_study *at)
{
    char text[240];
    const struct amplification *q = at->target[0].amplification;
    const struct amplification *v = at->target[1].amplification;
    snprintf(text, sizeof text,
             "Table 7, ρ: q %.2f, %.2f; v %.2f, %.2f (r = %d, %d); chance 1; "
             "GPT-3 15.9, 5.9",
             q[0].rho, q[1].rho, v[0].rho, v[1].rho, at->low, at->high);
    if (rect.h > 0)
        view_sentence(canvas, rect.x + 2, rect.y, rect.w - 3,
                      style_of(ROLE_NONE), text);
}

static void draw_table_row(struct canvas *canvas, struct rect rect, int y,
                           const char *name, const struct amplification *row,
                           struct style style)
{
    enum { NAME = 16, CELL = 9 };
    const double value[] = {row->by_update, row->by_random, row->factor,
                            row->random_factor, row->rho};
    char text[16];
    canvas_put(canvas, rect.x + 2, y, NAME - 2, style, name);
    for (int c = 0; c < 5; c++)
        canvas_right(canvas, rect.x + NAME + c * CELL, y, CELL,
                     c == 1 || c == 3 ? style_of(ROLE_CHANCE) : style, "%s",
                     number_text(text, sizeof text, value[c]));
}

static void draw_table(struct canvas *canvas, struct rect rect,
                       const struct section7_study *at)
{
    enum { NAME = 16, CELL = 9, HEADING = 2 };
    static const char *const heading[] = {"ΔW's", "random's", "factor",
                                          "random's", "ρ"};
    static const struct amplification gpt3[2] = {{.r = 4,
                                                  .by_update = 0.32,
                                                  .by_random = 0.0202,
                                                  .factor = 21.5,
                                                  .random_factor = 342,
                                                  .rho = 15.9},
                                                 {.r = 64,
                                                  .by_update = 1.9,
                                                  .by_random = 0.323,
                                                  .factor = 1.9,
                                                  .random_factor = 11.1,
                                                  .rho = 5.9}};
    if (rect.h < HEADING + 1) {
        draw_small_table(canvas, rect, at);
        return;
    }
    view_rule(canvas, rect, "Table 7", "%s", "‖UᵀW0V‖_F and amplification");
    for (int c = 0; c < 5; c++)
        canvas_right(canvas, rect.x + NAME + c * CELL, rect.y + 1, CELL,
                     style_of(ROLE_DIM), "%s", heading[c]);
    int y = rect.y + HEADING;
    char name[32];
    for (int i = 0; i < TARGETS * 2; i++) {
        const struct amplification *row =
            &at->target[i / 2].amplification[i % 2];
        snprintf(name, sizeof name, "%s, r = %d", target_name[i / 2], row->r);
        draw_table_row(canvas, rect, y++, name, row, style_of(ROLE_NONE));
    }
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "GPT-3, r = %d", gpt3[i].r);
        draw_table_row(canvas, rect, y++, name, &gpt3[i], style_of(ROLE_DIM));
    }
}

/* phi(k, k) of two seeds: how many directions they share is the paper's
 * measure of what q and v need. */
static void draw_seeds(struct canvas *canvas, struct rect rect,
                       const struct section7_study *at)
{
    struct overlap_curve curve[TARGETS + 1];
    if (rect.h < 5 || rect.w < 16)
        return;
    struct plot *plot = xcalloc(1, sizeof *plot);
    plot_start(plot, "k");
    plot_name(plot, "φ(k, k)", "two seeds of r = %d", at->high);
    for (int t = 0; t <= TARGETS; t++) {
        const struct section7_grid *grid =
            t < TARGETS ? &at->target[t].seeds : &at->target[0].control;
        curve[t] =
            overlap_curve_new(grid->factor, grid->rows, grid->cols, grid->n);
        if (t == 0)
            overlap_curve_chance(plot, &curve[t]);
        overlap_curve_line(plot, &curve[t], overlap_pen(canvas, t),
                           glyph_marker(t),
                           t < TARGETS ? target_name[t] : "random");
    }
    plot->x_low = 1;
    plot->x_high = curve[0].count > 1 ? curve[0].count : 2;
    plot->y_high = 1;
    view_rule(canvas, rect, "φ(k, k) of two seeds", "%s",
              "95 % of chance shaded");
    rect.y++;
    rect.h--;
    plot_draw(canvas, rect, plot);
    for (int t = 0; t <= TARGETS; t++)
        overlap_curve_free(&curve[t]);
    mem_free(plot);
}

static struct style verdict_style(enum verdict verdict)
{
    static const enum role role[] = {[VERDICT_SHOWN] = ROLE_GOOD,
                                     [VERDICT_NOT_SHOWN] = ROLE_WARN,
                                     [VERDICT_WITHIN_CHANCE] = ROLE_CHANCE};
    return style_with(role[verdict], ATTR_BOLD);
}

static void draw_verdict_word(struct canvas *canvas, int x, int y,
                              enum verdict verdict)
{
    static const char *const word[] = {[VERDICT_SHOWN] = "SHOWN",
                                       [VERDICT_NOT_SHOWN] = "NOT SHOWN",
                                       [VERDICT_WITHIN_CHANCE] =
                                           "WITHIN CHANCE"};
    canvas_put(canvas, x, y, 13, verdict_style(verdict), word[verdict]);
}

/* Claim after claim, each with what was found where there is room. */
static void draw_claims(struct canvas *canvas, struct rect rect,
                        const struct section7_study *at)
{
    enum { WORD = 15 };
    int y = rect.y, end = rect.y + rect.h;
    bool has_found = rect.h >= 2 * at->claim_count;
    if (rect.h > 2 * at->claim_count) {
        view_rule(canvas, rect, "the paper's claims, and what was found here",
                  "%s", "");
        y++;
    }
    for (int i = 0; i < at->claim_count && y < end; i++) {
        draw_verdict_word(canvas, rect.x + 1, y, at->claim[i].verdict);
        bool fits = glyph_columns(at->claim[i].claim) < rect.w - WORD;
        view_sentence(canvas, rect.x + WORD, y, rect.w - WORD - 1,
                      style_with(ROLE_NONE, has_found ? ATTR_BOLD : 0),
                      fits || !at->claim[i].brief ? at->claim[i].claim
                                                  : at->claim[i].brief);
        y++;
        int rest = end - y - 2 * (at->claim_count - 1 - i);
        struct rect found = {rect.x + WORD, y, rect.w - WORD - 1,
                             rest > 2 ? 2 : rest};
        if (has_found && rest == 1)
            view_sentence(canvas, found.x, y++, found.w, style_of(ROLE_NONE),
                          at->claim[i].found);
        else if (has_found && rest > 1)
            y += canvas_wrap(canvas, found, style_of(ROLE_NONE),
                             at->claim[i].found);
    }
}

static void draw_note(struct canvas *canvas, struct rect rect,
                      const struct view_context *context,
                      const struct study *study)
{
    const struct section7_study *at = &study->section7;
    char first[200], text[5][16];
    snprintf(
        first, sizeof first,
        "mean φ₁₁ of %d layers: ranks %s, %s; seeds %s, %s; random here "
        "%s",
        at->layers,
        overlap_share(text[0], sizeof *text, at->target[0].mean_top_ranks),
        overlap_share(text[1], sizeof *text, at->target[1].mean_top_ranks),
        overlap_share(text[2], sizeof *text, at->target[0].mean_top_seeds),
        overlap_share(text[3], sizeof *text, at->target[1].mean_top_seeds),
        overlap_share(text[4], sizeof *text, at->target[0].control.factor[0]));
    overlap_words(canvas, rect, context, study, first, "");
}

void overlap_section7_draw(struct canvas *canvas, struct rect rect,
                           const struct view_context *context)
{
    const struct study *study = overlap_open(canvas, rect, context);
    struct rect part[SECTION7_PARTS];
    if (!study)
        return;
    const struct section7_study *at = &study->section7;
    layout_section7(part, rect);
    bool is_small = part[SECTION7_PLOT].h == 0;
    char progress[48] = "";
    long steps = at->steps > 0 ? at->steps : context->snapshot->steps;
    if (at->step < steps)
        snprintf(progress, sizeof progress, " · step %ld of %ld", at->step,
                 steps);
    overlap_title(canvas, part[SECTION7_TITLE], context,
                  progress[0] ? NULL : study, "%s, %s, %s · layer h.%d of %d%s",
                  at->name_low, at->name_high, at->name_seed, at->layer,
                  at->layers, progress);
    draw_figure3(canvas, part[SECTION7_FIGURE3], at, is_small);
    draw_figure4(canvas, part[SECTION7_FIGURE4], at, is_small);
    draw_seeds(canvas, part[SECTION7_PLOT], at);
    draw_table(canvas, part[SECTION7_TABLE], at);
    draw_claims(canvas, part[SECTION7_VERDICTS], at);
    draw_note(canvas, part[SECTION7_NOTE], context, study);
}

/*
 * View 1: the loss curves of all runs over one another, the list of runs,
 * and who leads, in words.  Where there is room the spectrum of the chosen
 * site and the ranks stand beside.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tui/layout.h"
#include "tui/ticks.h"
#include "tui/views/curves.h"

typedef void draw_column(char to[32], const struct run_view *run);

static void text_method(char to[32], const struct run_view *run)
{
    snprintf(to, 32, "%s", run->method);
}

static void text_rank(char to[32], const struct run_view *run)
{
    if (run->rank_high == 0)
        snprintf(to, 32, "–");
    else if (run->rank_low == run->rank_high)
        snprintf(to, 32, "%d", run->rank_high);
    else
        snprintf(to, 32, "%d–%d", run->rank_low, run->rank_high);
}

static void text_trainable(char to[32], const struct run_view *run)
{
    count_text(to, 32, (double)run->trainable);
}

static void text_loss(char to[32], const struct run_view *run)
{
    number_text(to, 32, run->train_loss);
}

static void text_validation(char to[32], const struct run_view *run)
{
    number_text(to, 32, run->validation_loss);
}

static void text_metric(char to[32], const struct run_view *run)
{
    if (isnan(run->metric))
        snprintf(to, 32, "–");
    else
        snprintf(to, 32, "%.1f %%", 100 * run->metric);
}

static void text_forget(char to[32], const struct run_view *run)
{
    number_text(to, 32, run->forget_loss);
}

static void text_lr(char to[32], const struct run_view *run)
{
    snprintf(to, 32, "%.1e", run->lr);
}

static void text_speed(char to[32], const struct run_view *run)
{
    count_text(to, 32, run->tokens_per_second);
}

static void text_state(char to[32], const struct run_view *run)
{
    static const char *const names[] = {[RUN_RUNNING] = "running",
                                        [RUN_CATCHING_UP] = "catching up",
                                        [RUN_DONE] = "done",
                                        [RUN_DIVERGED] = "diverged"};
    snprintf(to, 32, "%s", names[run->state]);
}

/* Where there is no room some go, the first in drop first. */
static const struct column {
    const char *title;
    int width; /* at ease */
    int drop;  /* 0: never */
    draw_column *text;
} columns[] = {
    {"method", 7, 6, text_method},        {"rank", 6, 0, text_rank},
    {"trainable", 10, 5, text_trainable}, {"loss", 8, 0, text_loss},
    {"valid.", 8, 0, text_validation},    {"metric", 9, 7, text_metric},
    {"forgotten", 10, 1, text_forget},    {"lr", 9, 2, text_lr},
    {"tok/s", 7, 3, text_speed},          {"state", 11, 4, text_state},
};
enum { COLUMNS = sizeof columns / sizeof *columns, EASY = 3, DROPS = 7 };
enum { NAME = 10, NAME_SHORT = 14, NAME_LEAST = 8 };

struct list {
    int name;           /* columns of the names */
    int width[COLUMNS]; /* 0: not shown */
};

/* Numbers have no tokens: a row is one. */
static const char *title_of(const struct snapshot *snapshot, int c)
{
    bool is_rows = columns[c].text == text_speed && !snapshot_is_text(snapshot);
    return is_rows ? "row/s" : columns[c].title;
}

/* What a column cannot do without: its longest text and a blank. */
static int least_width(const struct snapshot *snapshot, int c)
{
    int most = glyph_columns(title_of(snapshot, c));
    for (int r = 0; r < snapshot->run_count; r++) {
        char text[32];
        columns[c].text(text, &snapshot->run[r]);
        int here = glyph_columns(text);
        most = here > most ? here : most;
    }
    return most + 1;
}

static int over(const struct list *list, int room)
{
    enum { SIGNS = 4 };
    int total = SIGNS + list->name;
    for (int c = 0; c < COLUMNS; c++)
        total += list->width[c];
    return total - room;
}

static void drop(struct list *list, int room, int first, int last)
{
    for (int now = first; now <= last && over(list, room) > 0; now++)
        for (int c = 0; c < COLUMNS; c++)
            list->width[c] = columns[c].drop == now ? 0 : list->width[c];
}

static void shorten_names(struct list *list, int room, int least)
{
    int name = list->name - (over(list, room) > 0 ? over(list, room) : 0);
    if (list->name > least)
        list->name = name > least ? name : least;
}

/* All at ease; else without what is least missed, then tight, then with names
 * cut, and at last without more of the columns. */
static struct list measure_list(const struct snapshot *snapshot, int room)
{
    int least[COLUMNS];
    struct list list = {.name = view_name_columns(snapshot, NAME, RECIPE_NAME)};
    for (int c = 0; c < COLUMNS; c++) {
        least[c] = least_width(snapshot, c);
        list.width[c] =
            columns[c].width > least[c] ? columns[c].width : least[c];
    }
    drop(&list, room, 1, EASY);
    for (int c = 0; c < COLUMNS && over(&list, room) > 0; c++)
        if (list.width[c])
            list.width[c] = least[c];
    shorten_names(&list, room, NAME_SHORT);
    drop(&list, room, EASY + 1, DROPS);
    shorten_names(&list, room, NAME_LEAST);
    return list;
}

static void draw_row(struct canvas *canvas, struct rect rect, int y,
                     const struct list *list, const struct run_view *run,
                     bool is_chosen)
{
    struct style style = style_with(ROLE_NONE, is_chosen ? ATTR_BOLD : 0);
    if (run->state == RUN_DIVERGED)
        style.fg = ROLE_BAD;
    if (is_chosen) {
        canvas_glyph(canvas, rect.x, y, style_with(ROLE_KEY, ATTR_BOLD),
                     0x25b8);
        canvas->cursor_x = rect.x;
        canvas->cursor_y = y;
    }
    view_sign(canvas, rect.x + 2, y, run->id);
    char name[VIEW_NAME];
    canvas_put(canvas, rect.x + 4, y, list->name, style,
               view_name(name, run->name, list->name));
    int x = rect.x + 4 + list->name;
    for (int c = 0; c < COLUMNS; c++) {
        char text[32];
        columns[c].text(text, run);
        canvas_right(canvas, x, y, list->width[c], style, "%s", text);
        x += list->width[c];
    }
}

static void draw_list(struct canvas *canvas, struct rect rect,
                      const struct view_context *context)
{
    const struct snapshot *snapshot = context->snapshot;
    const struct run_view *chosen = ui_run(context->ui, snapshot);
    if (rect.h < 2)
        return;
    struct list list = measure_list(snapshot, rect.w);
    int x = rect.x + 4 + list.name;
    canvas_put(canvas, rect.x + 4, rect.y, list.name, style_of(ROLE_DIM),
               "run");
    for (int c = 0; c < COLUMNS; c++) {
        canvas_right(canvas, x, rect.y, list.width[c], style_of(ROLE_DIM), "%s",
                     title_of(snapshot, c));
        x += list.width[c];
    }
    int shown = rect.h - 1;
    int at = chosen ? (int)(chosen - snapshot->run) : 0;
    int first = at >= shown ? at - shown + 1 : 0;
    for (int r = first; r < snapshot->run_count && r < first + shown; r++)
        draw_row(canvas, rect, rect.y + 1 + r - first, &list, &snapshot->run[r],
                 &snapshot->run[r] == chosen);
}

/* Closer than what is printed: nobody leads. */
static const double LEVEL_NATS = 0.0005;

static void words_at_cursor(char *to, size_t size,
                            const struct view_context *context)
{
    const struct snapshot *snapshot = context->snapshot;
    const struct ui *ui = context->ui;
    size_t used = (size_t)snprintf(to, size, "step %ld:", ui->cursor);
    for (int r = 0; r < snapshot->run_count && used < size - 1; r++) {
        const struct run_view *run = &snapshot->run[r];
        char value[32], valid[32] = "";
        double at = curves_value(run, ui->curve, ui->cursor);
        number_text(value, sizeof value,
                    ui->curve == CURVE_METRIC ? 100 * at : at);
        double validation =
            ui->curve == CURVE_LOSS ? curves_validation(run, ui->cursor) : NAN;
        if (!isnan(validation)) {
            char number[16];
            snprintf(valid, sizeof valid, " (valid. %s)",
                     number_text(number, sizeof number, validation));
        }
        used += (size_t)snprintf(to + used, size - used, "%s %s %s%s",
                                 r ? "," : "", run->name, value, valid);
    }
}

/* Three decimals, unless they would all be zero. */
static void gap_text(char *to, size_t size, double gap)
{
    if (gap < 0.0005)
        number_text(to, size, gap);
    else
        snprintf(to, size, "%.3f", gap);
}

/* "full leads on validation; r8 is 0.021 nats behind, r1 0.143". */
static void words_verdict(char *to, size_t size,
                          const struct snapshot *snapshot)
{
    const struct run_view *order[SNAPSHOT_RUNS];
    const char *unit = snapshot_loss_unit(snapshot);
    int count = 0;
    for (int r = 0; r < snapshot->run_count; r++) {
        const struct run_view *run = &snapshot->run[r];
        /* What a diverged run last measured is of a moment long gone. */
        if (isnan(run->validation_loss) || run->state == RUN_DIVERGED)
            continue;
        int at = count++;
        for (; at > 0 && order[at - 1]->validation_loss > run->validation_loss;
             at--)
            order[at] = order[at - 1];
        order[at] = run;
    }
    to[0] = '\0';
    if (count == 0)
        snprintf(to, size, "not validated yet");
    if (count == 1)
        snprintf(to, size, "%s: %.3f %s on validation", order[0]->name,
                 order[0]->validation_loss, unit);
    if (count < 2)
        return;
    if (order[count - 1]->validation_loss - order[0]->validation_loss <
        LEVEL_NATS) {
        snprintf(to, size, "level on validation: %.3f %s, all of them",
                 order[0]->validation_loss, unit);
        return;
    }
    size_t used =
        (size_t)snprintf(to, size, "%s leads on validation;", order[0]->name);
    for (int i = 1; i < count && used < size - 1; i++) {
        char gap[16], behind[48] = "";
        gap_text(gap, sizeof gap,
                 order[i]->validation_loss - order[0]->validation_loss);
        if (i == 1)
            snprintf(behind, sizeof behind, " %s behind", unit);
        used += (size_t)snprintf(to + used, size - used, "%s %s %s%s%s",
                                 i > 1 ? "," : "", order[i]->name,
                                 i == 1 ? "is " : "", gap, behind);
    }
}

void train_draw(struct canvas *canvas, struct rect rect,
                const struct view_context *context)
{
    static const char *const axes[AXES_COUNT] = {[AXES_LINEAR] = "",
                                                 [AXES_LOG_Y] = " · log",
                                                 [AXES_LOG_BOTH] =
                                                     " · log-log"};
    struct rect part[TRAIN_PARTS];
    const struct ui *ui = context->ui;
    layout_train(part, rect, context->snapshot->run_count);
    bool is_metric = ui->curve == CURVE_METRIC;
    view_rule(canvas, part[TRAIN_TITLE],
              is_metric && context->snapshot->metric_name[0]
                  ? context->snapshot->metric_name
                  : curves_title(context->snapshot, ui->curve),
              "%s%s",
              ui->curve == CURVE_LOSS
                  ? canvas->glyphs == GLYPHS_ASCII
                        ? "line: training, smoothed  o ^ # validation"
                        : "line: training, smoothed  ●▲■ validation"
              : is_metric ? "% of held-out examples"
                          : "nats per token",
              is_metric ? "" : axes[ui->axes]);
    curves_draw(canvas, part[TRAIN_PLOT], context, ui->curve, ui->axes);
    draw_list(canvas, part[TRAIN_LIST], context);
    char words[512];
    if (ui->cursor >= 0)
        words_at_cursor(words, sizeof words, context);
    else
        words_verdict(words, sizeof words, context->snapshot);
    if (part[TRAIN_WORDS].h)
        canvas_put(canvas, rect.x + 2, part[TRAIN_WORDS].y,
                   part[TRAIN_WORDS].w - 3, style_of(ROLE_NONE), words);
    spectrum_plot(canvas, part[TRAIN_SPECTRUM], context);
    ranks_table(canvas, part[TRAIN_RANKS], context);
}

/*
 * View 5: a search for the intrinsic dimension as it runs.  Score against d
 * with the line to be reached and the interval, beside LoRA's counts; what is
 * being trained; d90 by three conventions; every d in numbers.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "experiments/board.h"
#include "tui/intrinsic_plot.h"
#include "tui/layout.h"
#include "tui/table_choice.h"
#include "tui/ticks.h"
#include "tui/views/view.h"

enum { WORDS = 6, SENTENCE = 256 };

struct look {
    const struct board *board;
    const struct intrinsic_search *search;
    int chosen; /* curve */
};

static const char *curve_name(const struct look *at)
{
    return at->search->recipe->grid.row[1 + at->chosen].run.name;
}

/* --- words ----------------------------------------------------------------
 */

static void now_text(char to[SENTENCE], const struct look *at)
{
    const struct board_work *work = &at->board->work;
    char place[INTRINSIC_TEXT], loss[16];
    intrinsic_place_text(place, at->search);
    int from, down_to;
    if (at->search->trouble[0])
        snprintf(to, SENTENCE, "%s", at->search->trouble);
    else if (at->search->is_over &&
             intrinsic_falls(&from, &down_to, at->search, at->chosen))
        snprintf(to, SENTENCE,
                 "over; the score falls from d = %d to %d: try another lr",
                 from, down_to);
    else if (at->search->is_over)
        snprintf(to, SENTENCE, "the search is over: %d trainings, %.0f s",
                 at->search->cells, at->search->seconds);
    else if (work->is_on)
        snprintf(to, SENTENCE, "step %ld/%ld of %s · loss %s", work->step,
                 work->steps, place,
                 number_text(loss, sizeof loss, work->loss));
    else
        snprintf(to, SENTENCE, "%s: %s",
                 at->board->is_busy[0][0] ? "another process is at" : "next",
                 place);
}

/* What is cut on a narrow screen are the largest ranks. */
static void beside_text(char to[SENTENCE], const struct look *at)
{
    const struct intrinsic_counts *counts = &at->search->counts;
    char bitfit[16] = "–", all[16];
    if (counts->bitfit > 0)
        count_text(bitfit, sizeof bitfit, (double)counts->bitfit);
    size_t used = (size_t)snprintf(
        to, SENTENCE, "%s %s, BitFit %s",
        at->search->recipe->grid.row[0].run.name,
        count_text(all, sizeof all, (double)counts->baseline), bitfit);
    for (int i = 0; i < counts->loras; i++) {
        char count[16];
        used += (size_t)snprintf(
            to + used, SENTENCE - used, "%s%d %s", i ? ", r" : ", LoRA r",
            1 << i, count_text(count, sizeof count, (double)counts->lora[i]));
    }
}

static void line(struct canvas *canvas, struct rect rect, int row,
                 const char *head, const char *text, bool is_strong)
{
    enum { HEAD = 20 };
    struct style style =
        is_strong ? style_with(ROLE_NONE, ATTR_BOLD) : style_of(ROLE_NONE);
    if (row >= rect.h)
        return;
    canvas_put(canvas, rect.x + 1, rect.y + row, HEAD, style_of(ROLE_DIM),
               head);
    view_sentence(canvas, rect.x + 1 + HEAD, rect.y + row, rect.w - HEAD - 2,
                  style, text);
}

/* The answer that steers first, so that it is there at any height. */
static void draw_words(struct canvas *canvas, struct rect rect,
                       const struct look *at)
{
    static const char *const rules[INTRINSIC_RULES] = {
        [INTRINSIC_SCORE] = "of the score",
        [INTRINSIC_GAIN] = "of the gain",
        [INTRINSIC_GIVEN] = "score given"};
    enum intrinsic_rule chosen = at->search->recipe->goal.rule;
    char text[SENTENCE], answer[INTRINSIC_TEXT], head[48], name[16];
    int row = 0;
    now_text(text, at);
    line(canvas, rect, row++, at->search->is_over ? "done" : "now", text,
         false);
    for (int turn = 0; turn < 2; turn++)
        for (int i = 0; i < INTRINSIC_RULES; i++) {
            enum intrinsic_rule rule = (enum intrinsic_rule)i;
            char value[16];
            if ((rule == chosen) != (turn == 0))
                continue;
            snprintf(head, sizeof head, "%s %s",
                     intrinsic_search_name(name, at->search), rules[i]);
            number_text(value, sizeof value,
                        intrinsic_search_threshold(at->search, rule));
            intrinsic_answer_text(answer, at->search, at->chosen, rule);
            snprintf(text, sizeof text, "at %s: %s", value, answer);
            line(canvas, rect, row++, head, text, turn == 0);
        }
    beside_text(text, at);
    line(canvas, rect, row++, "numbers trained", text, false);
}

/* --- every d --------------------------------------------------------------
 */

static void number(struct canvas *canvas, int x, int y, int width,
                   struct style style, double value)
{
    char text[16];
    canvas_right(canvas, x, y, width, style, "%s",
                 number_text(text, sizeof text, value));
}

static void draw_point(struct canvas *canvas, struct rect rect, int y,
                       const struct look *at,
                       const struct intrinsic_point *point)
{
    const struct intrinsic_curve *curve = &at->search->curve[at->chosen];
    const struct intrinsic_answer *answer =
        &curve->answer[at->search->recipe->goal.rule];
    bool is_around = point->d == answer->below || point->d == answer->above;
    struct style style =
        is_around ? style_with(ROLE_NONE, ATTR_BOLD) : style_of(ROLE_NONE);
    int x = rect.x;
    canvas_right(canvas, x, y, 9, style, "%d", point->d);
    canvas_right(canvas, x + 9, y, 5, style, "%d", point->runs);
    number(canvas, x + 14, y, 9, style, point->mean);
    number(canvas, x + 23, y, 9, style, point->deviation);
    number(canvas, x + 32, y, 9, style, point->fit);
    number(canvas, x + 41, y, 7, style,
           100 * point->mean / at->search->goal.baseline);
    if (point->diverged)
        canvas_print(canvas, x + 49, y, rect.w - 49, style_of(ROLE_WARN),
                     "%d diverged", point->diverged);
    else if (point->d >= at->search->counts.parameters[at->chosen])
        canvas_put(canvas, x + 49, y, rect.w - 49, style_of(ROLE_DIM),
                   "= D: full");
}

/* From the end when there are too many: that is where the search is. */
static void draw_points(struct canvas *canvas, struct rect rect,
                        const struct look *at)
{
    static const struct {
        const char *name;
        int end;
    } column[] = {{"d", 9},   {"runs", 14}, {"score", 23},
                  {"sd", 32}, {"fit", 41},  {"%", 48}};
    const struct intrinsic_curve *curve = &at->search->curve[at->chosen];
    int room = rect.h - 1;
    if (rect.w < 50 || room < 1)
        return;
    for (size_t i = 0; i < sizeof column / sizeof *column; i++)
        canvas_right(canvas, rect.x, rect.y, column[i].end, style_of(ROLE_DIM),
                     "%s", column[i].name);
    int first = curve->points > room ? curve->points - room : 0;
    for (int i = first; i < curve->points; i++)
        draw_point(canvas, rect, rect.y + 1 + i - first, at, &curve->point[i]);
}

/* --- the view -------------------------------------------------------------
 */

static void draw_curve(struct canvas *canvas, struct rect rect,
                       const struct look *at)
{
    struct intrinsic_plot *page = xcalloc(1, sizeof *page);
    if (intrinsic_plot(page, at->search, at->chosen))
        plot_draw(canvas, rect, &page->plot);
    else
        view_notice(canvas, rect, style_of(ROLE_DIM),
                    "no subspace is trained yet: the model before training "
                    "comes first, then the baseline with every seed");
    mem_free(page);
}

static void draw_page(struct canvas *canvas, struct rect rect,
                      const struct view_context *context, const struct look *at)
{
    struct rect part[SEARCH_PARTS];
    bool is_points = context->ui->page[VIEW_INTRINSIC] == PAGE_POINTS;
    layout_search(part, rect, WORDS);
    char curves[48] = "";
    if (at->search->curves > 1)
        snprintf(curves, sizeof curves, " · Up Down: curve %d of %d",
                 at->chosen + 1, at->search->curves);
    view_rule(canvas, part[SEARCH_TITLE], curve_name(at),
              "%s against d · v: page %d of 2%s",
              at->search->metric[0] ? at->search->metric : "score",
              1 + is_points, curves);
    if (is_points)
        draw_points(canvas, part[SEARCH_PLOT], at);
    else
        draw_curve(canvas, part[SEARCH_PLOT], at);
    if (part[SEARCH_POINTS].h > 0 && !is_points)
        draw_points(canvas, part[SEARCH_POINTS], at);
    draw_words(canvas, part[SEARCH_WORDS], at);
}

void intrinsic_draw(struct canvas *canvas, struct rect rect,
                    const struct view_context *context)
{
    const struct board *board = context->snapshot->board;
    if (!board || !board->search) {
        view_rule(canvas, rect, "intrinsic", "%s", "");
        view_notice(canvas, rect, style_of(ROLE_DIM),
                    "no search is open; rankscope open d90-sql opens one, and "
                    "goes on with it when called again");
        return;
    }
    struct look at = {board, board->search,
                      search_choice_of(context->ui, board)};
    draw_page(canvas, rect, context, &at);
}

/*
 * Page 1 of view 6: one prompt, and below it what the base, every run and the
 * chosen run as it is turned write; from the first word that is not the one
 * wanted the text is marked.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tui/layout.h"
#include "tui/ticks.h"
#include "tui/views/talk.h"

enum { LABEL = 9, NUMBER = 8, NAME_MOST = 20, ROWS_MOST = 4 };

static void subject_of(char *to, size_t size,
                       const struct view_context *context,
                       const struct study *study)
{
    const struct talk_study *at = &study->talk;
    long example = study->asked.talk.example;
    if (study->asked.talk.prompt[0])
        (void)snprintf(to, size, "a prompt of your own");
    else if (at->examples > 0)
        (void)snprintf(to, size, "%s · held-out example %ld of %ld",
                       context->snapshot->task, example % at->examples + 1,
                       at->examples);
    else
        (void)snprintf(to, size, "%s · held-out example %ld",
                       context->snapshot->task, example + 1);
}

/* --- the prompt -----------------------------------------------------------
 */

static int prompt_rows(const struct talk_study *at, int width)
{
    int rows = talk_text_rows(at->prompt, width, ROWS_MOST);
    return rows + talk_text_rows(at->wanted, width, ROWS_MOST) + 1;
}

static void draw_prompt(struct canvas *canvas, struct rect rect,
                        const struct talk_study *at)
{
    const char *const label[] = {"prompt", "wanted"};
    const char *const text[] = {at->prompt, at->wanted};
    for (int i = 0; i < 2 && rect.h > 0; i++) {
        if (i == 1 && !text[i][0])
            return;
        canvas_put(canvas, rect.x + 2, rect.y, LABEL - 1,
                   style_with(ROLE_DIM, ATTR_BOLD), label[i]);
        struct rect area = {rect.x + 2 + LABEL, rect.y, rect.w - LABEL - 3,
                            rect.h < ROWS_MOST ? rect.h : ROWS_MOST};
        int rows = talk_text_draw(canvas, area, text[i], "");
        rect.y += rows;
        rect.h -= rows;
    }
}

/* --- the lines ------------------------------------------------------------
 */

struct columns {
    int name, text, nats, loss; /* x */
    int text_width;
    bool has_loss;
};

static struct columns columns_of(struct rect rect, const struct talk_study *at)
{
    enum { WIDE = 60 };
    struct columns to = {.name = rect.x + 4, .has_loss = rect.w >= WIDE};
    int name = 6;
    for (int i = 0; i < at->count; i++) {
        int width = glyph_columns(at->line[i].name);
        name = width > name ? width : name;
    }
    name = name > NAME_MOST ? NAME_MOST : name;
    to.loss = rect.x + rect.w - 1 - NUMBER;
    to.nats = to.has_loss ? to.loss - NUMBER : to.loss;
    to.text = to.name + name + 2;
    to.text_width = to.nats - to.text - 3;
    return to;
}

static void draw_heading(struct canvas *canvas, struct rect rect,
                         const struct columns *columns)
{
    view_rule(canvas, (struct rect){rect.x, rect.y, columns->nats - 1, 1},
              "they write", "%s", "");
    canvas_right(canvas, columns->nats, rect.y, NUMBER, style_of(ROLE_DIM),
                 "this one");
    if (columns->has_loss)
        canvas_right(canvas, columns->loss, rect.y, NUMBER, style_of(ROLE_DIM),
                     "loss");
}

static void draw_number(struct canvas *canvas, int x, int y, double value)
{
    char number[16];
    canvas_right(canvas, x, y, NUMBER, style_of(ROLE_NONE), "%s",
                 number_text(number, sizeof number, value));
}

/* Returns the rows used. */
static int draw_line(struct canvas *canvas, struct rect rect,
                     const struct columns *columns,
                     const struct talk_line *line, const char *wanted,
                     const char *name, bool is_chosen)
{
    struct style style =
        line->run < 0 ? style_of(ROLE_DIM) : view_run_style(line->run);
    int y = rect.y;
    if (is_chosen)
        canvas_glyph(canvas, rect.x, y, style_with(ROLE_KEY, ATTR_BOLD),
                     0x25b8);
    if (line->run >= 0)
        view_sign(canvas, rect.x + 2, y, line->run);
    style.attr = is_chosen ? ATTR_BOLD : 0;
    canvas_put(canvas, columns->name, y, columns->text - columns->name - 1,
               style, name);
    if (wanted[0])
        canvas_glyph(canvas, columns->nats - 2, y,
                     style_with(line->exact ? ROLE_GOOD : ROLE_DIM, ATTR_BOLD),
                     line->exact ? 0x2713 : 0x2717);
    draw_number(canvas, columns->nats, y, line->nats);
    if (columns->has_loss)
        draw_number(canvas, columns->loss, y, line->loss);
    struct rect text = {columns->text, y, columns->text_width, rect.h};
    int used = talk_text_draw(canvas, text, line->text, wanted);
    return used > 1 ? used : 1;
}

/* Rows for each text at most; and whether there is room for a blank row
 * between them. */
static int rows_each(bool *is_airy, const struct talk_study *at, int lines,
                     int width, int height)
{
    int each = lines > 0 ? height / lines : 1, needed = lines - 1;
    each = each < 1 ? 1 : each > ROWS_MOST ? ROWS_MOST : each;
    for (int i = 0; i < at->count; i++)
        needed += talk_text_rows(at->line[i].text, width, ROWS_MOST);
    if (lines > at->count)
        needed += talk_text_rows(at->turned.text, width, ROWS_MOST);
    *is_airy = needed <= height;
    return *is_airy ? ROWS_MOST : each;
}

static void draw_lines(struct canvas *canvas, struct rect rect,
                       const struct view_context *context,
                       const struct study *study)
{
    const struct talk_study *at = &study->talk;
    const struct columns columns = columns_of(rect, at);
    bool is_turned = talk_is_turned(study);
    if (rect.h < 2)
        return;
    draw_heading(canvas, rect, &columns);
    int end = rect.y + rect.h, lines = at->count + is_turned;
    bool is_airy;
    int each = rows_each(&is_airy, at, lines, columns.text_width, rect.h - 1);
    const struct run_view *run = ui_run(context->ui, context->snapshot);
    rect.y++;
    for (int i = 0; i < at->count && rect.y < end; i++) {
        const struct talk_line *line = &at->line[i];
        bool is_chosen = run && line->run == run->id;
        rect.h = each < end - rect.y ? each : end - rect.y;
        rect.y += is_airy + draw_line(canvas, rect, &columns, line, at->wanted,
                                      line->name, is_chosen);
        if (!is_chosen || !is_turned || line->run != at->trained.run ||
            rect.y >= end)
            continue;
        rect.h = each < end - rect.y ? each : end - rect.y;
        rect.y += is_airy + draw_line(canvas, rect, &columns, &at->turned,
                                      at->wanted, "turned", false);
    }
}

/* --- words ----------------------------------------------------------------
 */

static void draw_words(struct canvas *canvas, struct rect rect,
                       const struct view_context *context,
                       const struct study *study)
{
    const struct talk_study *at = &study->talk;
    char first[320], second[160];
    bool is_old;
    int right = 0, x = rect.x + 2, width = rect.w - 3;
    (void)ui_answer(context->ui, context->snapshot, &is_old);
    for (int i = 0; i < at->count; i++)
        right += at->line[i].exact;
    if (talk_is_turned(study))
        talk_turned_name(first, sizeof first, study, context->snapshot);
    else if (at->wanted[0])
        (void)snprintf(first, sizeof first,
                       "%d of %d write the answer wanted, word for word", right,
                       at->count);
    else
        (void)snprintf(first, sizeof first,
                       "nobody knows the right answer here: it is your prompt");
    if (talk_is_turned(study))
        talk_turned_words(second, sizeof second, study);
    else
        (void)snprintf(second, sizeof second,
                       "nats a target: %s%d held-out examples (loss)",
                       at->wanted[0] ? "of this answer, and on " : "on ",
                       at->loss_examples);
    if (rect.h > 0)
        view_sentence(canvas, x, rect.y, width,
                      style_with(ROLE_NONE, ATTR_BOLD), first);
    if (rect.h > 1)
        view_sentence(canvas, x, rect.y + 1, width,
                      style_of(is_old ? ROLE_WARN : ROLE_DIM),
                      is_old ? "what you asked for is being written…" : second);
}

void talk_answers_draw(struct canvas *canvas, struct rect rect,
                       const struct view_context *context)
{
    const struct study *study = talk_open(canvas, rect, context);
    struct rect part[TALK_PARTS];
    char subject[128];
    if (!study)
        return;
    layout_talk(part, rect, prompt_rows(&study->talk, rect.w - LABEL - 3));
    subject_of(subject, sizeof subject, context, study);
    talk_title(canvas, part[TALK_TITLE], context, study, subject);
    draw_prompt(canvas, part[TALK_PROMPT], &study->talk);
    draw_lines(canvas, part[TALK_LINES], context, study);
    talk_dial_draw(canvas, part[TALK_DIAL], context, study);
    if (study->talk.is_looked_at) {
        talk_curve_draw(canvas, part[TALK_CURVE], context, study);
        talk_sigma_draw(canvas, part[TALK_SIGMA], context, study);
    }
    draw_words(canvas, part[TALK_WORDS], context, study);
}

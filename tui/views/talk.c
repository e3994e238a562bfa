/*
 * View 6: what the base and the runs write to the same prompt.  Its pages have
 * files of their own; here is what they begin with and share.
 */
#include "tui/views/talk.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tui/ticks.h"
#include "tui/views/slider.h"

static const struct {
    const char *name;
    void (*draw)(struct canvas *, struct rect, const struct view_context *);
} pages[TALK_PAGES] = {
    [PAGE_ANSWERS] = {"answers", talk_answers_draw},
    [PAGE_MICROSCOPE] = {"microscope", talk_microscope_draw}};

void talk_draw(struct canvas *canvas, struct rect rect,
               const struct view_context *context)
{
    pages[context->ui->page[VIEW_TALK]].draw(canvas, rect, context);
}

void talk_title(struct canvas *canvas, struct rect rect,
                const struct view_context *context, const struct study *study,
                const char *subject)
{
    int at = context->ui->page[VIEW_TALK];
    bool is_old;
    char name[48], age[48];
    (void)snprintf(name, sizeof name, "%d/%d %s", at + 1, TALK_PAGES,
                   pages[at].name);
    view_rule(canvas, rect, name, "%s", subject);
    if (!study || study->step < 0)
        return;
    (void)ui_answer(context->ui, context->snapshot, &is_old);
    (void)snprintf(age, sizeof age, " step %ld ", study->step);
    int width = glyph_columns(age);
    int used = 8 + glyph_columns(name) + glyph_columns(subject);
    if (rect.h > 0 && used + width < rect.w)
        canvas_put(canvas, rect.x + rect.w - width - 1, rect.y, width,
                   style_of(is_old ? ROLE_WARN : ROLE_DIM), age);
}

const struct study *talk_open(struct canvas *canvas, struct rect rect,
                              const struct view_context *context)
{
    const struct snapshot *snapshot = context->snapshot;
    bool is_old;
    const struct study *study = ui_answer(context->ui, snapshot, &is_old);
    struct rect title = rect, rest = rect;
    if (study && !study->refusal[0])
        return study;
    title.h = rect.h > 0;
    rest.y += title.h;
    rest.h -= title.h;
    talk_title(canvas, title, context, NULL, snapshot->task);
    view_notice(canvas, rest, style_of(study ? ROLE_WARN : ROLE_DIM),
                study                      ? study->refusal
                : snapshot->run_count == 0 ? "no run yet: a adds one"
                                           : "everybody is writing…");
    return NULL;
}

/* --- text -----------------------------------------------------------------
 */

/* Bytes of the text up to which it is what was wanted: whole words. */
static size_t agreement(const char *text, const char *wanted)
{
    size_t same = 0, word = 0;
    while (text[same] && text[same] == wanted[same]) {
        same++;
        if (text[same] == ' ' || !text[same])
            word = same;
    }
    return text[same] || wanted[same] ? word : same;
}

/* Bytes of the next row: up to a blank, or a word too long for any row. */
static size_t row_of(const char *text, int width)
{
    int columns = 0;
    size_t blank = 0;
    for (const char *at = text; *at;) {
        if (*at == ' ')
            blank = (size_t)(at - text);
        const char *before = at;
        columns += glyph_width(glyph_next(&at));
        if (columns > width)
            return blank ? blank : before > text ? (size_t)(before - text) : 1;
    }
    return strlen(text);
}

int talk_text_rows(const char *text, int width, int most)
{
    int rows = 0;
    for (; *text && rows < most && width > 0; rows++) {
        text += row_of(text, width);
        text += strspn(text, " ");
    }
    return rows;
}

/* One row, in two styles where the text begins to differ. */
static void draw_row(struct canvas *canvas, int x, int y, int width,
                     const char *text, size_t bytes, size_t agreed)
{
    char part[TALK_TEXT_BYTES];
    size_t plain = agreed < bytes ? agreed : bytes;
    (void)snprintf(part, sizeof part, "%.*s", (int)plain, text);
    int used = canvas_put(canvas, x, y, width, style_of(ROLE_NONE), part);
    if (plain == bytes)
        return;
    /* The first wrong word alone is underlined: never colour alone. */
    size_t blanks = strspn(text + plain, " ");
    size_t from = plain + (blanks < bytes - plain ? blanks : bytes - plain);
    size_t word = strcspn(text + from, " ");
    word = word < bytes - from ? word : bytes - from;
    used += (int)(from - plain);
    (void)snprintf(part, sizeof part, "%.*s", (int)word, text + from);
    bool is_first = agreed <= bytes && plain == agreed;
    used +=
        canvas_put(canvas, x + used, y, width - used,
                   style_with(ROLE_WARN, is_first ? ATTR_UNDERLINE : 0), part);
    (void)snprintf(part, sizeof part, "%.*s", (int)(bytes - from - word),
                   text + from + word);
    canvas_put(canvas, x + used, y, width - used, style_of(ROLE_WARN), part);
}

int talk_text_draw(struct canvas *canvas, struct rect rect, const char *text,
                   const char *wanted)
{
    size_t agreed = wanted[0] ? agreement(text, wanted) : strlen(text);
    bool is_marked = agreed == 0 && text[0];
    int row = 0;
    if (!text[0] && rect.h > 0)
        canvas_put(canvas, rect.x, rect.y, rect.w, style_of(ROLE_DIM),
                   "(nothing)");
    for (; *text && row < rect.h && rect.w > 0; row++) {
        size_t bytes = row_of(text, rect.w);
        bool is_last = row + 1 == rect.h && text[bytes];
        if (is_last && wanted[0] == '\0')
            canvas_put(canvas, rect.x, rect.y + row, rect.w,
                       style_of(ROLE_NONE), text);
        else
            draw_row(canvas, rect.x, rect.y + row, rect.w, text,
                     is_last ? strlen(text) : bytes,
                     is_marked && row > 0 ? 0 : agreed);
        bytes += strspn(text + bytes, " ");
        agreed = agreed > bytes ? agreed - bytes : 0;
        text += bytes;
    }
    return row ? row : rect.h > 0;
}

/* --- turning --------------------------------------------------------------
 */

bool talk_is_turned(const struct study *study)
{
    const struct talk_study *at = &study->talk;
    const struct talk_question *asked = &study->asked.talk;
    bool direction = asked->turn != TURN_NONE && asked->index >= 1 &&
                     asked->index <= at->sigma_count;
    return at->is_looked_at && !at->trained.fixed &&
           (direction || asked->strength < 1 || asked->strength > 1);
}

void talk_turned_name(char *to, size_t size, const struct study *study,
                      const struct snapshot *snapshot)
{
    const struct talk_question *asked = &study->asked.talk;
    size_t used = (size_t)snprintf(to, size, "%s", study->talk.trained.name);
    if ((asked->strength < 1 || asked->strength > 1) && used < size)
        used += (size_t)snprintf(to + used, size - used, " × %.1f",
                                 asked->strength);
    if (asked->turn != TURN_NONE && asked->index >= 1 && used < size)
        (void)snprintf(to + used, size - used, ", σ%d of %s %s", asked->index,
                       snapshot->site[study->asked.site].name,
                       turn_name(asked->turn));
}

void talk_turned_words(char *to, size_t size, const struct study *study)
{
    const struct talk_study *at = &study->talk;
    const double pair[][2] = {
        {at->trained.loss, at->turned.loss},
        {at->trained.nats, at->turned.nats},
        {at->trained.forget_loss, at->turned.forget_loss}};
    static const char *const of[] = {"loss", "this one", "base's text"};
    size_t used = 0;
    to[0] = '\0';
    for (int i = 0; i < 3 && used < size; i++) {
        char before[16], after[16];
        if (isnan(pair[i][0]) || isnan(pair[i][1]))
            continue;
        used += (size_t)snprintf(to + used, size - used, "%s%s %s → %s",
                                 used ? ", " : "", of[i],
                                 number_text(before, sizeof before, pair[i][0]),
                                 number_text(after, sizeof after, pair[i][1]));
    }
}

/* What is in hand: "σ3 of h.2.attn.v = 0.44: set to 0". */
static void hand_words(char *to, size_t size, const struct ui *ui,
                       const struct snapshot *snapshot,
                       const struct study *study)
{
    const struct talk_study *at = &study->talk;
    const char *site = snapshot->site[ui_site(ui, snapshot)].name;
    int i = ui->talk.index;
    bool is_here = study->asked.site == ui_site(ui, snapshot);
    char number[16] = "–";
    if (at->trained.fixed)
        (void)snprintf(to, size, "%s", at->trained.fixed);
    else if (is_here && at->trouble[0])
        (void)snprintf(to, size, "%s", at->trouble);
    else if (i < 1)
        (void)snprintf(to, size, "%s: ] takes a singular value in hand", site);
    else if (is_here && i > at->sigma_count)
        (void)snprintf(to, size, "%s has %d singular values; [ goes back", site,
                       at->sigma_count);
    else
        (void)snprintf(
            to, size, "σ%d of %s = %s: %s", i, site,
            is_here ? number_text(number, sizeof number, at->sigma[i - 1])
                    : number,
            turn_name(ui->talk.turn));
}

void talk_dial_draw(struct canvas *canvas, struct rect rect,
                    const struct view_context *context,
                    const struct study *study)
{
    enum { KEYS = 6, TRACK_MOST = 41, MOST = 2 };
    const struct ui *ui = context->ui;
    char name[24], hand[160];
    if (rect.h < 1)
        return;
    int y = rect.y + rect.h - 1;
    int track = rect.w / 3 - SLIDER_NAME;
    track = track > TRACK_MOST ? TRACK_MOST : track;
    (void)snprintf(name, sizeof name, "ΔW × %.1f", ui->talk.strength);
    int x = rect.x + 2, used = SLIDER_NAME + track + KEYS;
    if (track < 3)
        used = 1 + canvas_put(canvas, x, y, rect.w - 2,
                              style_with(ROLE_NONE, ATTR_BOLD), name);
    else
        slider_draw(canvas, x, y, track, name, ui->talk.strength / MOST, "- +");
    hand_words(hand, sizeof hand, ui, context->snapshot, study);
    x += used;
    if (x + 8 < rect.x + rect.w)
        view_sentence(
            canvas, x, y, rect.x + rect.w - x - 1,
            style_of(ui->talk.turn == TURN_NONE ? ROLE_NONE : ROLE_KEY), hand);
}

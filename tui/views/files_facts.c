/*
 * What a file is, a line a fact: its label, then the words, broken over as
 * many rows as they need.
 */
#include "tui/views/files_parts.h"

enum { LABEL = 10, ROWS_MOST = 4 };

/* Words of one fact; a canvas that is no part of any screen counts them. */
static int draw_fact(struct canvas *canvas, struct rect rect,
                     const struct update_fact *fact)
{
    struct style style = style_of(fact->is_warning ? ROLE_WARN : ROLE_NONE);
    struct rect words = {rect.x + LABEL + 2, rect.y, rect.w - LABEL - 3,
                         rect.h > ROWS_MOST ? ROWS_MOST : rect.h};
    if (fact->is_warning)
        canvas_glyph(canvas, rect.x, rect.y, style_with(ROLE_WARN, ATTR_BOLD),
                     '!');
    canvas_put(canvas, rect.x + 2, rect.y, LABEL - 1, style_of(ROLE_DIM),
               fact->label);
    return canvas_wrap(canvas, words, style, fact->text);
}

int files_facts_draw(struct canvas *canvas, struct rect rect,
                     const struct file_view *file)
{
    int used = 0;
    for (int i = 0; i < file->facts.count && used < rect.h; i++)
        used += draw_fact(
            canvas, (struct rect){rect.x, rect.y + used, rect.w, rect.h - used},
            &file->facts.at[i]);
    return used;
}

int files_facts_rows(const struct file_view *file, int width)
{
    enum { TALL = FACTS_MOST * ROWS_MOST };
    struct canvas nowhere =
        canvas_new(width > 1 ? width : 1, TALL, GLYPHS_ASCII, 0);
    int rows =
        files_facts_draw(&nowhere, (struct rect){0, 0, width, TALL}, file);
    canvas_free(&nowhere);
    return rows;
}

/*
 * Cells in memory; see canvas.h.
 */
#include "tui/canvas.h"

#include <stdarg.h>
#include <string.h>

#include "core/base/mem.h"

static const uint32_t ELLIPSIS = 0x2026;

struct style style_of(enum role role)
{
    return (struct style){.fg = (uint8_t)role};
}

struct style style_with(enum role role, unsigned attr)
{
    return (struct style){.fg = (uint8_t)role, .attr = (uint8_t)attr};
}

struct style style_on(enum role fg, enum role bg)
{
    return (struct style){.fg = (uint8_t)fg, .bg = (uint8_t)bg};
}

struct canvas canvas_new(int cols, int rows, enum glyphs glyphs, int colours)
{
    struct canvas canvas = {.glyphs = glyphs, .colours = colours};
    canvas_size(&canvas, cols, rows);
    return canvas;
}

void canvas_size(struct canvas *canvas, int cols, int rows)
{
    cols = cols < 1 ? 1 : cols;
    rows = rows < 1 ? 1 : rows;
    if (!canvas->cell || cols != canvas->cols || rows != canvas->rows) {
        mem_free(canvas->cell);
        canvas->cell =
            xcalloc((size_t)cols * (size_t)rows, sizeof *canvas->cell);
        canvas->cols = cols;
        canvas->rows = rows;
    }
    canvas_clear(canvas);
}

void canvas_free(struct canvas *canvas)
{
    mem_free(canvas->cell);
    *canvas = (struct canvas){0};
}

void canvas_clear(struct canvas *canvas)
{
    canvas->clip = (struct rect){0, 0, canvas->cols, canvas->rows};
    canvas->cursor_x = canvas->cursor_y = -1;
    canvas->is_typing = false;
    for (int i = 0; i < canvas->cols * canvas->rows; i++)
        canvas->cell[i] = (struct cell){.glyph = ' '};
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int most(int a, int b)
{
    return a > b ? a : b;
}

struct rect canvas_clip(struct canvas *canvas, struct rect rect)
{
    struct rect old = canvas->clip;
    int right = least(old.x + old.w, rect.x + rect.w);
    int bottom = least(old.y + old.h, rect.y + rect.h);
    rect.x = most(old.x, rect.x);
    rect.y = most(old.y, rect.y);
    rect.w = most(0, right - rect.x);
    rect.h = most(0, bottom - rect.y);
    canvas->clip = rect;
    return old;
}

void canvas_unclip(struct canvas *canvas, struct rect old)
{
    canvas->clip = old;
}

static struct cell *cell_at(const struct canvas *canvas, int x, int y)
{
    return &canvas->cell[(size_t)y * (size_t)canvas->cols + (size_t)x];
}

const struct cell *canvas_at(const struct canvas *canvas, int x, int y)
{
    return cell_at(canvas, x, y);
}

static bool inside(struct rect r, int x, int y)
{
    return x >= r.x && y >= r.y && x < r.x + r.w && y < r.y + r.h;
}

/* Overwriting half of a wide glyph would leave the other half alone. */
static void heal(struct canvas *canvas, int x, int y)
{
    struct cell *cell = cell_at(canvas, x, y);
    if (cell->glyph == 0 && x > 0)
        cell_at(canvas, x - 1, y)->glyph = ' ';
    if (x + 1 < canvas->cols && cell_at(canvas, x + 1, y)->glyph == 0)
        cell_at(canvas, x + 1, y)->glyph = ' ';
}

void canvas_glyph(struct canvas *canvas, int x, int y, struct style style,
                  uint32_t glyph)
{
    if (canvas->glyphs == GLYPHS_ASCII)
        glyph = (unsigned char)glyph_twin(glyph);
    int width = glyph_width(glyph);
    if (width < 1 || !inside(canvas->clip, x, y) ||
        !inside(canvas->clip, x + width - 1, y))
        return;
    for (int i = 0; i < width; i++) {
        heal(canvas, x + i, y);
        *cell_at(canvas, x + i, y) = (struct cell){i == 0 ? glyph : 0, style};
    }
}

void canvas_fill(struct canvas *canvas, struct rect rect, struct style style)
{
    for (int y = rect.y; y < rect.y + rect.h; y++)
        for (int x = rect.x; x < rect.x + rect.w; x++)
            canvas_glyph(canvas, x, y, style, ' ');
}

void canvas_hline(struct canvas *canvas, int x, int y, int width,
                  struct style style)
{
    for (int i = 0; i < width; i++)
        canvas_glyph(canvas, x + i, y, style, 0x2500);
}

void canvas_box(struct canvas *canvas, struct rect r, struct style style)
{
    int right = r.x + r.w - 1, bottom = r.y + r.h - 1;
    canvas_hline(canvas, r.x, r.y, r.w, style);
    canvas_hline(canvas, r.x, bottom, r.w, style);
    for (int y = r.y; y <= bottom; y++) {
        canvas_glyph(canvas, r.x, y, style, 0x2502);
        canvas_glyph(canvas, right, y, style, 0x2502);
    }
    canvas_glyph(canvas, r.x, r.y, style, 0x256d);
    canvas_glyph(canvas, right, r.y, style, 0x256e);
    canvas_glyph(canvas, r.x, bottom, style, 0x2570);
    canvas_glyph(canvas, right, bottom, style, 0x256f);
}

int canvas_put(struct canvas *canvas, int x, int y, int width,
               struct style style, const char *text)
{
    bool is_cut = glyph_columns(text) > width;
    int used = 0;
    while (*text) {
        uint32_t glyph = glyph_next(&text);
        int columns = glyph_width(glyph);
        if (used + columns > width - is_cut)
            break;
        canvas_glyph(canvas, x + used, y, style, glyph);
        used += columns;
    }
    if (is_cut && used < width)
        canvas_glyph(canvas, x + used++, y, style, ELLIPSIS);
    return used;
}

int canvas_print(struct canvas *canvas, int x, int y, int width,
                 struct style style, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return canvas_put(canvas, x, y, width, style, text);
}

int canvas_right(struct canvas *canvas, int x, int y, int width,
                 struct style style, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    int spare = width - glyph_columns(text);
    return canvas_put(canvas, x + most(0, spare), y, width, style, text);
}

int canvas_wrap(struct canvas *canvas, struct rect rect, struct style style,
                const char *text)
{
    int row = 0;
    while (*text && row < rect.h) {
        char line[512];
        size_t fits = 0, bytes = 0;
        int columns = 0;
        const char *at = text;
        while (*at && columns <= rect.w && bytes < sizeof line - 5) {
            if (*at == ' ')
                fits = bytes;
            columns += glyph_width(glyph_next(&at));
            bytes = (size_t)(at - text);
        }
        if (!*at && columns <= rect.w)
            fits = bytes;
        if (row == rect.h - 1 || fits == 0)
            fits = row == rect.h - 1 ? strnlen(text, sizeof line - 1) : bytes;
        memcpy(line, text, fits);
        line[fits] = '\0';
        canvas_put(canvas, rect.x, rect.y + row++, rect.w, style, line);
        text += fits;
        text += strspn(text, " ");
    }
    return row;
}

int canvas_text(const struct canvas *canvas, FILE *to)
{
    for (int y = 0; y < canvas->rows; y++) {
        int last = canvas->cols - 1;
        while (last >= 0 && cell_at(canvas, last, y)->glyph == ' ')
            last--;
        for (int x = 0; x <= last; x++) {
            char bytes[4];
            uint32_t glyph = cell_at(canvas, x, y)->glyph;
            if (glyph)
                fwrite(bytes, 1, (size_t)glyph_encode(bytes, glyph), to);
        }
        fputc('\n', to);
    }
    return ferror(to) ? -1 : 0;
}

/*
 * A frame as an SVG picture: text as text, but braille, blocks and rules as
 * shapes, so that a picture does not depend on the reader's fonts.
 */
#include <string.h>

#include "tui/canvas.h"

enum {
    CELL_W = 8,
    CELL_H = 17,
    BASELINE = 13,
    PAPER = 0x15181e,
    INK = 0xd6d9de
};

struct painter {
    FILE *to;
    const struct canvas *canvas;
};

static uint32_t ink_of(struct style style, bool of_paper)
{
    enum role role = of_paper ? style.bg : style.fg;
    int colour = role_colour(role, 256);
    return colour >= 0 ? colour_rgb(colour) : of_paper ? PAPER : INK;
}

static uint32_t colour_of(struct style style, bool of_paper)
{
    if (style.attr & ATTR_REVERSE)
        of_paper = !of_paper;
    return ink_of(style, of_paper);
}

static void shape(const struct painter *p, double x, double y, double w,
                  double h, uint32_t colour)
{
    fprintf(p->to,
            "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" "
            "fill=\"#%06x\"/>\n",
            x, y, w, h, (unsigned)colour);
}

static void draw_braille(const struct painter *p, double x, double y,
                         unsigned mask, uint32_t colour)
{
    static const unsigned char bit[4][2] = {
        {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    for (int row = 0; row < 4; row++)
        for (int col = 0; col < 2; col++)
            if (mask & bit[row][col])
                fprintf(p->to,
                        "<circle cx=\"%g\" cy=\"%g\" r=\"1.6\" "
                        "fill=\"#%06x\"/>\n",
                        x + CELL_W * (0.25 + 0.5 * col),
                        y + CELL_H * (0.125 + 0.25 * row), (unsigned)colour);
}

/* Lines and blocks; false: it is a glyph for the font. */
static bool draw_block(const struct painter *p, double x, double y,
                       uint32_t glyph, uint32_t colour)
{
    double mid_x = x + CELL_W / 2.0 - 0.5, mid_y = y + CELL_H / 2.0 - 0.5;
    static const struct {
        uint32_t glyph;
        unsigned arms; /* left 1, right 2, up 4, down 8 */
    } line[] = {{0x2500, 3}, {0x2502, 12}, {0x2524, 13},
                {0x2514, 6}, {0x252c, 11}, {0x256d, 10},
                {0x256e, 9}, {0x256f, 5},  {0x2570, 6}};
    for (size_t i = 0; i < sizeof line / sizeof *line; i++) {
        if (line[i].glyph != glyph)
            continue;
        if (line[i].arms & 1)
            shape(p, x, mid_y, CELL_W / 2.0 + 0.5, 1, colour);
        if (line[i].arms & 2)
            shape(p, mid_x, mid_y, CELL_W / 2.0 + 0.5, 1, colour);
        if (line[i].arms & 4)
            shape(p, mid_x, y, 1, CELL_H / 2.0 + 0.5, colour);
        if (line[i].arms & 8)
            shape(p, mid_x, mid_y, 1, CELL_H / 2.0 + 0.5, colour);
        return true;
    }
    if (glyph == 0x2580)
        shape(p, x, y, CELL_W, CELL_H / 2.0, colour);
    else if (glyph > 0x2580 && glyph <= 0x2588)
        shape(p, x, y + CELL_H * (0x2588 - glyph) / 8.0, CELL_W,
              CELL_H * (glyph - 0x2580) / 8.0, colour);
    else
        return false;
    return true;
}

static void draw_cell(const struct painter *p, int col, int row)
{
    const struct cell *cell = canvas_at(p->canvas, col, row);
    double x = col * CELL_W, y = row * CELL_H;
    uint32_t paper = colour_of(cell->style, true);
    uint32_t ink = colour_of(cell->style, false), glyph = cell->glyph;
    if (paper != PAPER)
        shape(p, x, y, CELL_W + 0.2, CELL_H + 0.2, paper);
    if (glyph == ' ' || glyph == 0)
        return;
    if (glyph >= 0x2800 && glyph < 0x2900) {
        draw_braille(p, x, y, glyph & 0xff, ink);
        return;
    }
    if (draw_block(p, x, y, glyph, ink))
        return;
    char bytes[5] = "";
    bytes[glyph_encode(bytes, glyph)] = '\0';
    const char *text = glyph == '&'   ? "&amp;"
                       : glyph == '<' ? "&lt;"
                       : glyph == '>' ? "&gt;"
                                      : bytes;
    fprintf(p->to, "<text x=\"%g\" y=\"%g\" fill=\"#%06x\"%s%s>%s</text>\n", x,
            y + BASELINE, (unsigned)ink,
            cell->style.attr & ATTR_BOLD ? " font-weight=\"bold\"" : "",
            cell->style.attr & ATTR_UNDERLINE ? " text-decoration=\"underline\""
                                              : "",
            text);
}

int canvas_svg(const struct canvas *canvas, FILE *to)
{
    struct painter painter = {to, canvas};
    int width = canvas->cols * CELL_W, height = canvas->rows * CELL_H;
    fprintf(to,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
            "height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"DejaVu Sans "
            "Mono, Menlo, Consolas, monospace\" font-size=\"13\">\n",
            width, height, width, height);
    shape(&painter, 0, 0, width, height, PAPER);
    for (int y = 0; y < canvas->rows; y++)
        for (int x = 0; x < canvas->cols; x++)
            draw_cell(&painter, x, y);
    fprintf(to, "</svg>\n");
    return ferror(to) ? -1 : 0;
}

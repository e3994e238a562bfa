/*
 * SVG shapes as text; see svg.h.
 */
#include "tui/svg.h"

#include <math.h>

#include "tui/glyphs.h"

/* Renderers that count in 1/64 pixels in 32 bits stay in range. */
static const double FAR = 1e5;

static double cut(double at)
{
    return isnan(at) ? -FAR : fmax(-FAR, fmin(at, FAR));
}

static void put_escaped(FILE *to, const char *text)
{
    while (*text) {
        char bytes[4];
        uint32_t glyph = glyph_next(&text);
        if ((glyph & 0xfffe) == 0xfffe) /* no character in XML */
            glyph = 0xfffd;
        switch (glyph) {
        case '&':
            fputs("&amp;", to);
            break;
        case '<':
            fputs("&lt;", to);
            break;
        case '>':
            fputs("&gt;", to);
            break;
        case '"':
            fputs("&quot;", to);
            break;
        default:
            fwrite(bytes, 1, (size_t)glyph_encode(bytes, glyph), to);
        }
    }
}

void svg_open(FILE *to, double width, double height, const char *title)
{
    fprintf(to,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" "
            "height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" "
            "font-family=\"Helvetica Neue, Helvetica, Arial, "
            "Liberation Sans, DejaVu Sans, sans-serif\">\n<title>",
            width, height, width, height);
    put_escaped(to, title);
    fputs("</title>\n", to);
    svg_rect(to, (struct svg_box){0, 0, width, height}, 0xffffff);
}

void svg_close(FILE *to)
{
    fputs("</svg>\n", to);
}

static void put_box(FILE *to, struct svg_box box)
{
    fprintf(to, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"",
            cut(box.x), cut(box.y), fmax(0, cut(box.w)), fmax(0, cut(box.h)));
}

void svg_clip(FILE *to, struct svg_box box, int id)
{
    fprintf(to, "<clipPath id=\"clip%d\">", id);
    put_box(to, box);
    fprintf(to, "/></clipPath>\n<g clip-path=\"url(#clip%d)\">\n", id);
}

void svg_group(FILE *to, const char *name)
{
    fprintf(to, "<g class=\"%s\">\n", name);
}

void svg_group_end(FILE *to)
{
    fputs("</g>\n", to);
}

void svg_rect(FILE *to, struct svg_box box, uint32_t colour)
{
    put_box(to, box);
    fprintf(to, " fill=\"#%06x\"/>\n", (unsigned)colour);
}

static void put_stroke(FILE *to, struct svg_stroke stroke)
{
    fprintf(to, " fill=\"none\" stroke=\"#%06x\" stroke-width=\"%g\"",
            (unsigned)stroke.colour, stroke.width);
    if (stroke.dash)
        fprintf(to, " stroke-dasharray=\"%s\"", stroke.dash);
}

void svg_frame(FILE *to, struct svg_box box, struct svg_stroke stroke)
{
    put_box(to, box);
    put_stroke(to, stroke);
    fputs("/>\n", to);
}

void svg_line(FILE *to, double x0, double y0, double x1, double y1,
              struct svg_stroke stroke)
{
    fprintf(to, "<line x1=\"%.2f\" y1=\"%.2f\" x2=\"%.2f\" y2=\"%.2f\"",
            cut(x0), cut(y0), cut(x1), cut(y1));
    put_stroke(to, stroke);
    fputs("/>\n", to);
}

static void put_points(FILE *to, const double *x, const double *y, int count)
{
    fputs(" points=\"", to);
    for (int i = 0; i < count; i++)
        fprintf(to, "%s%.2f,%.2f", i ? " " : "", cut(x[i]), cut(y[i]));
    fputc('"', to);
}

void svg_polyline(FILE *to, const double *x, const double *y, int count,
                  struct svg_stroke stroke)
{
    fputs("<polyline", to);
    put_points(to, x, y, count);
    put_stroke(to, stroke);
    /* Butt ends keep the gaps of dashes; a point alone needs a round one. */
    fprintf(to, " stroke-linejoin=\"round\" stroke-linecap=\"%s\"/>\n",
            count == 1 || !stroke.dash ? "round" : "butt");
}

void svg_polygon(FILE *to, const double *x, const double *y, int count,
                 uint32_t colour)
{
    fputs("<polygon", to);
    put_points(to, x, y, count);
    fprintf(to, " fill=\"#%06x\" fill-opacity=\"0.28\"/>\n", (unsigned)colour);
}

/* Corners on a circle of the marker's radius, from the top clockwise; every
 * other one at a share of it where the shape is a star. */
static void put_corners(FILE *to, double x, double y, double radius,
                        int corners, double turn, double inner)
{
    static const double FULL = 6.28318530717958648;
    fputs("<path d=\"", to);
    for (int i = 0; i < corners; i++) {
        double angle = FULL * (i + turn) / corners;
        double r = radius * (i % 2 ? inner : 1);
        fprintf(to, "%s%.2f %.2f", i ? "L" : "M", cut(x + r * sin(angle)),
                cut(y - r * cos(angle)));
    }
    fputs("Z\"", to);
}

void svg_marker(FILE *to, double x, double y, double radius, uint32_t colour,
                uint32_t glyph)
{
    static const struct {
        uint32_t glyph;
        int corners;
        double turn, inner, size;
    } shape[] = {{0x25b2, 3, 0, 1, 1.25},    {0x25a0, 4, 0.5, 1, 1.2},
                 {0x25c6, 4, 0, 1, 1.25},    {0x25bc, 3, 0.5, 1, 1.25},
                 {0x2605, 10, 0, 0.45, 1.4}, {0x271a, 8, 0, 0.35, 1.3}};
    char text[5] = "";
    if (glyph == 0x25cf) {
        fprintf(to, "<circle cx=\"%.2f\" cy=\"%.2f\" r=\"%.2f\"", cut(x),
                cut(y), radius);
    } else {
        size_t i = 0, kinds = sizeof shape / sizeof *shape;
        while (i < kinds && shape[i].glyph != glyph)
            i++;
        if (i == kinds) {
            text[glyph_encode(text, glyph)] = '\0';
            svg_text(to, x, y + 0.7 * radius,
                     (struct svg_type){.size = 2 * radius + 4,
                                       .colour = colour,
                                       .anchor = SVG_MIDDLE,
                                       .bold = true,
                                       .halo = true},
                     text);
            return;
        }
        put_corners(to, x, y, shape[i].size * radius, shape[i].corners,
                    shape[i].turn, shape[i].inner);
    }
    fprintf(to, " fill=\"#%06x\" stroke=\"#ffffff\" stroke-width=\"1\"/>\n",
            (unsigned)colour);
}

void svg_text(FILE *to, double x, double y, struct svg_type type,
              const char *text)
{
    static const char *const anchor[] = {"start", "middle", "end"};
    fprintf(to, "<text x=\"%.2f\" y=\"%.2f\" font-size=\"%g\" fill=\"#%06x\"",
            cut(x), cut(y), type.size, (unsigned)type.colour);
    if (type.anchor != SVG_START)
        fprintf(to, " text-anchor=\"%s\"", anchor[type.anchor]);
    if (type.bold)
        fputs(" font-weight=\"bold\"", to);
    if (type.halo)
        fputs(" stroke=\"#ffffff\" stroke-width=\"4\" "
              "stroke-linejoin=\"round\" paint-order=\"stroke\"",
              to);
    if (type.upright)
        fprintf(to, " transform=\"rotate(-90 %.2f %.2f)\"", cut(x), cut(y));
    fputc('>', to);
    put_escaped(to, text);
    fputs("</text>\n", to);
}

double svg_text_width(const char *text, double size)
{
    /* Of DejaVu Sans, the widest of the fonts asked for. */
    return 0.6 * size * glyph_columns(text);
}

double svg_text_fit(const char *text, double size, double width)
{
    static const double LEAST = 10;
    double wide = svg_text_width(text, size);
    return wide <= width ? size : fmax(LEAST, size * width / wide);
}

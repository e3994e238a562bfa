/*
 * The few SVG shapes that figures are made of.  Lengths are pixels, colours
 * 0xrrggbb.  A coordinate that is no number is never written: the caller
 * leaves such points out, far ones are cut to where no page reaches.
 */
#ifndef TUI_SVG_H
#define TUI_SVG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct svg_box {
    double x, y, w, h;
};

struct svg_stroke {
    uint32_t colour;
    double width;
    const char *dash; /* "9 5"; NULL: solid */
};

enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };

struct svg_type {
    double size;
    uint32_t colour;
    enum svg_anchor anchor;
    bool bold;
    bool halo;    /* a white rim, so that it reads over lines */
    bool upright; /* from bottom to top */
};

/* A white page; title is what a reader is told the picture is. */
void svg_open(FILE *to, double width, double height, const char *title);
void svg_close(FILE *to);

/* What is drawn until svg_group_end() stays inside box; id is unique. */
void svg_clip(FILE *to, struct svg_box box, int id);
void svg_group(FILE *to, const char *name);
void svg_group_end(FILE *to);

void svg_rect(FILE *to, struct svg_box box, uint32_t colour);
void svg_frame(FILE *to, struct svg_box box, struct svg_stroke stroke);
void svg_line(FILE *to, double x0, double y0, double x1, double y1,
              struct svg_stroke stroke);
/* x, y: (count) */
void svg_polyline(FILE *to, const double *x, const double *y, int count,
                  struct svg_stroke stroke);
/* Filled and translucent. */
void svg_polygon(FILE *to, const double *x, const double *y, int count,
                 uint32_t colour);
/* The marker of a run (glyph_marker), or any other glyph as text. */
void svg_marker(FILE *to, double x, double y, double radius, uint32_t colour,
                uint32_t glyph);

/* Escaped; control bytes and broken UTF-8 are replaced.  y: the baseline. */
void svg_text(FILE *to, double x, double y, struct svg_type type,
              const char *text);
/* About as wide as the text will be: no font is at hand to ask. */
double svg_text_width(const char *text, double size);
/* The size at which it is at most so wide; never above size, nor below what
 * can be read at all. */
double svg_text_fit(const char *text, double size, double width);

#endif

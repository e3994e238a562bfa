/* See slider.h. */
#include "tui/views/slider.h"

#include <math.h>

void slider_draw(struct canvas *canvas, int x, int y, int track,
                 const char *name, double share, const char *keys)
{
    struct style bold = style_with(ROLE_NONE, ATTR_BOLD);
    x += canvas_put(canvas, x, y, SLIDER_NAME, bold, name) + 1;
    canvas_glyph(canvas, x, y, style_of(ROLE_FRAME), 0x251c);
    canvas_hline(canvas, x + 1, y, track - 2, style_of(ROLE_FRAME));
    canvas_glyph(canvas, x + track - 1, y, style_of(ROLE_FRAME), 0x2524);
    int at = (int)lround(share * (track - 1));
    at = at < 0 ? 0 : at > track - 1 ? track - 1 : at;
    canvas_glyph(canvas, x + at, y, style_with(ROLE_KEY, ATTR_BOLD), 0x25cf);
    canvas_put(canvas, x + track + 1, y, 4, style_with(ROLE_KEY, ATTR_BOLD),
               keys);
}

/*
 * The overlays that read the key table: `?` help, with the rank measures
 * explained, and the `:` palette.
 */
#ifndef TUI_HELP_H
#define TUI_HELP_H

#include "tui/keys.h"

void help_draw(struct canvas *canvas, const struct ui *ui,
               const struct snapshot *snapshot);
void palette_draw(struct canvas *canvas, const struct ui *ui,
                  const struct snapshot *snapshot);

#endif

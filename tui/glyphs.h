/*
 * What a sign on the screen may look like: braille, blocks, or plain ASCII.
 * Every glyph beyond ASCII that the program draws has a twin in one table, so
 * that a terminal without UTF-8 shows the same screen in poorer signs.
 */
#ifndef TUI_GLYPHS_H
#define TUI_GLYPHS_H

#include <stdint.h>

enum glyphs { GLYPHS_BRAILLE, GLYPHS_BLOCK, GLYPHS_ASCII, GLYPHS_COUNT };

enum { MARKERS = 7 }; /* as many as there are run colours */

const char *glyphs_name(enum glyphs glyphs); /* "braille" ... */
int glyphs_find(const char *name);           /* -1: none */

/* One ASCII character for any codepoint; '?' when the table has none. */
char glyph_twin(uint32_t codepoint);

/* The marker of run id; never colour alone. */
uint32_t glyph_marker(int id);
/* The character ASCII plots draw the line of run id with. */
char glyph_line(int id);

/* Decodes one UTF-8 character and advances; U+FFFD for broken bytes, '?' for
 * control bytes, so that a name from a file cannot steer the terminal. */
uint32_t glyph_next(const char **text);
int glyph_width(uint32_t codepoint); /* columns: 0, 1 or 2 */
int glyph_columns(const char *text); /* of a whole string */
/* Writes a codepoint as UTF-8 and returns its bytes (1 to 4), no NUL. */
int glyph_encode(char to[4], uint32_t codepoint);

#endif

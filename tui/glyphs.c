/*
 * Glyph tables and UTF-8 by hand: the locale decides only whether UTF-8 may
 * be written, not how a string is read.
 */
#include "tui/glyphs.h"

#include <stddef.h>
#include <string.h>
#include <wchar.h>

static const char *const names[GLYPHS_COUNT] = {"braille", "block", "ascii"};

const char *glyphs_name(enum glyphs glyphs)
{
    return names[glyphs];
}

int glyphs_find(const char *name)
{
    for (int i = 0; i < GLYPHS_COUNT; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

static const struct {
    uint32_t codepoint;
    char twin;
} twins[] = {
    {0x2500, '-'},  {0x2502, '|'}, {0x250a, ':'}, {0x2524, '+'}, {0x2514, '+'},
    {0x252c, '+'},  {0x256d, '+'}, {0x256e, '+'}, {0x256f, '+'}, {0x2570, '+'},
    {0x251c, '+'},  {0x253c, '+'}, {0x2534, '+'}, {0x2518, '+'}, {0x250c, '+'},
    {0x2510, '+'},  {0x2026, '.'}, {0x00b7, '-'}, {0x2013, '-'}, {0x2014, '-'},
    {0x2192, '>'},  {0x2190, '<'}, {0x2191, '^'}, {0x2193, 'v'}, {0x00d7, 'x'},
    {0x25b6, '>'},  {0x2016, '|'}, {0x2713, '*'}, {0x25b8, '>'}, {0x2717, 'x'},
    {0x23ce, '/'},  {0x25cf, 'o'}, {0x25b2, '^'}, {0x25a0, '#'}, {0x25c6, '@'},
    {0x25bc, 'v'},  {0x2605, '*'}, {0x271a, '+'}, {0x03c3, 's'}, {0x1d62, 'i'},
    {0x2096, 'k'},  {0x0394, 'd'}, {0x03b1, 'a'}, {0x221a, 'v'}, {0x2212, '-'},
    {0x00b1, '~'},  {0x2264, '<'}, {0x2265, '>'}, {0x2248, '~'}, {0x21bb, '~'},
    {0x2591, '.'},  {0x2592, '+'}, {0x2593, '#'}, {0x2588, '#'}, {0x2581, '_'},
    {0x2582, '.'},  {0x2583, '-'}, {0x2584, '-'}, {0x2585, '='}, {0x2586, '+'},
    {0x2587, '*'},  {0x2580, '"'}, {0x258f, '|'}, {0x2211, 'S'}, {0x207b, '-'},
    {0x00b2, '2'},  {0x2080, '0'}, {0x2081, '1'}, {0x2082, '2'}, {0x2c7c, 'j'},
    {0x1d40, 'T'},  {0x00e9, 'e'}, {0x00f6, 'o'}, {0x00fc, 'u'}, {0x00e4, 'a'},
    {0x00df, 's'},  {0x03c6, 'f'}, {0x03b5, 'e'}, {0x03bb, 'l'}, {0x03c1, 'p'},
    {0x2019, '\''}, {0x201c, '"'}, {0x201d, '"'}, {0x2022, '*'}, {0x2225, '|'},
    {0x254c, '-'},
};

char glyph_twin(uint32_t codepoint)
{
    if (codepoint < 0x80)
        return codepoint < 0x20 || codepoint == 0x7f ? '?' : (char)codepoint;
    if (codepoint >= 0x2800 && codepoint < 0x2900) /* braille */
        return codepoint == 0x2800 ? ' ' : ':';
    for (size_t i = 0; i < sizeof twins / sizeof *twins; i++)
        if (twins[i].codepoint == codepoint)
            return twins[i].twin;
    return '?';
}

uint32_t glyph_marker(int id)
{
    static const uint32_t markers[MARKERS] = {0x25cf, 0x25b2, 0x25a0, 0x25c6,
                                              0x25bc, 0x2605, 0x271a};
    return markers[(unsigned)id % MARKERS];
}

char glyph_line(int id)
{
    return ".-=~:,'"[(unsigned)id % MARKERS];
}

/* The payload of a lead byte and how many bytes follow; -1: not a lead. */
static int lead(unsigned char byte, uint32_t *bits, uint32_t *least)
{
    static const struct {
        unsigned char mask, value;
        uint32_t least;
    } form[] = {{0x80, 0x00, 0},
                {0xe0, 0xc0, 0x80},
                {0xf0, 0xe0, 0x800},
                {0xf8, 0xf0, 0x10000}};
    for (int more = 0; more < 4; more++) {
        if ((byte & form[more].mask) != form[more].value)
            continue;
        *bits = byte & (unsigned char)~form[more].mask;
        *least = form[more].least;
        return more;
    }
    return -1;
}

uint32_t glyph_next(const char **text)
{
    const unsigned char *at = (const unsigned char *)*text;
    uint32_t bits = 0, least = 0;
    int more = lead(*at, &bits, &least);
    *text += 1;
    if (more < 0)
        return 0xfffd;
    for (int i = 1; i <= more; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0xfffd;
        bits = bits << 6 | (at[i] & 0x3f);
    }
    *text += more;
    if (bits < least || bits > 0x10ffff || (bits >= 0xd800 && bits < 0xe000))
        return 0xfffd;
    if (bits < 0x20 || (bits >= 0x7f && bits < 0xa0))
        return '?';
    return bits;
}

int glyph_width(uint32_t codepoint)
{
    if (codepoint < 0x80)
        return 1;
    int width = wcwidth((wchar_t)codepoint);
    /* Unknown to the locale: shown as its one-column twin. */
    return width < 0 ? 1 : width;
}

int glyph_columns(const char *text)
{
    int columns = 0;
    while (*text)
        columns += glyph_width(glyph_next(&text));
    return columns;
}

int glyph_encode(char to[4], uint32_t codepoint)
{
    if (codepoint < 0x80) {
        to[0] = (char)codepoint;
        return 1;
    }
    int more = codepoint < 0x800 ? 1 : codepoint < 0x10000 ? 2 : 3;
    static const unsigned char first[] = {0, 0xc0, 0xe0, 0xf0};
    to[0] = (char)(first[more] | codepoint >> (6 * more));
    for (int i = 1; i <= more; i++)
        to[i] = (char)(0x80 | (codepoint >> (6 * (more - i)) & 0x3f));
    return more + 1;
}

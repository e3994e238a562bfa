/*
 * Printable Latin-1 stands for itself; the other 68 bytes, in order, for
 * U+0100, U+0101, ...  All code points are below U+0800: two bytes of UTF-8
 * at most.
 */
#include "core/task/byte_alphabet.h"

#include <stdbool.h>

static bool printable(int byte)
{
    return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) ||
           byte >= 0xAE;
}

enum { LOW = 33, MIDDLE = 34 }; /* bytes 0 .. 32, 127 .. 160, and 173 */

static int point_of(int byte)
{
    if (printable(byte))
        return byte;
    return 0x100 + (byte < LOW   ? byte
                    : byte < 161 ? LOW + byte - 127
                                 : LOW + MIDDLE);
}

/* The n-th byte that is not printable; -1: there are not so many. */
static int hidden(int n)
{
    return n < LOW             ? n
           : n < LOW + MIDDLE  ? 127 + n - LOW
           : n == LOW + MIDDLE ? 173
                               : -1;
}

int alphabet_byte(int order)
{
    for (int pass = 0; pass < 2; pass++)
        for (int byte = 0; byte < 256; byte++)
            if (printable(byte) == (pass == 0) && order-- == 0)
                return byte;
    return -1;
}

void alphabet_spell(struct buffer *to, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int point = point_of((unsigned char)bytes[i]);
        if (point < 0x80) {
            buffer_char(to, (char)point);
        } else {
            buffer_char(to, (char)(0xC0 | point >> 6));
            buffer_char(to, (char)(0x80 | (point & 0x3F)));
        }
    }
}

int alphabet_read(struct buffer *to, const char *spelling)
{
    const unsigned char *at = (const unsigned char *)spelling;
    while (*at) {
        int point = *at++;
        if (point >= 0x80) {
            if (point >> 5 != 6 || *at >> 6 != 2)
                return -1;
            point = (point & 0x1F) << 6 | (*at++ & 0x3F);
        }
        int byte = point < 0x100 && printable(point) ? point : -1;
        if (point >= 0x100)
            byte = hidden(point - 0x100);
        if (byte < 0)
            return -1;
        buffer_char(to, (char)byte);
    }
    return 0;
}

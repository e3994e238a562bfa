/*
 * See fold.h.  Small letters are pcre2's business, which knows Unicode's
 * table; a composed Latin letter loses its accent by a table here.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "core/task/fold.h"

#include <assert.h>
#include <pcre2.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/task/buffer.h"

/* Letters under the accents of U+00E0 and U+1E00 on (Unicode 15, canonical
 * decomposition); a dot: nothing to take off. */
static const char latin[] =
    "aaaaaa.ceeeeiiii.nooooo..uuuuy.y.a.a.a.c.c.c.c.d...e.e.e.e.e.g.g.g.g.h..."
    "i.i.i.i.....j.k..l.l.l.....n.n.n....o.o.o...r.r.r.s.s.s.s.t.t...u.u.u.u.u."
    "u.w.y..z.z.z.";
static const char more[] =
    ".a.b.b.b.c.d.d.d.d.d.e.e.e.e.e.f.g.h.h.h.h.h.i.i.k.k.k.l.l.l.l.m.m.m.n.n."
    "n.n.o.o.o.o.p.p.r.r.r.r.s.s.s.s.s.t.t.t.t.u.u.u.u.u.v.v.w.w.w.w.w.x.x.y.z."
    "z.zhtwy.......a.a.a.a.a.a.a.a.a.a.a.a.e.e.e.e.e.e.e.e.i.i.o.o.o.o.o.o.o.o."
    "o.o.o.o.u.u.u.u.u.u.u.y.y.y.y......";

/* Every match replaced; text is taken and the result given back. */
static char *replace(char *text, size_t *size, const char *pattern,
                     const char *by)
{
    int number;
    PCRE2_SIZE at, room = 2 * *size + 64;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                                     PCRE2_UTF | PCRE2_UCP, &number, &at, NULL);
    assert(code); /* the patterns are ours */
    char *to = xcalloc(room, 1);
    int done =
        pcre2_substitute(code, (PCRE2_SPTR)text, *size, 0,
                         PCRE2_SUBSTITUTE_GLOBAL | PCRE2_SUBSTITUTE_EXTENDED |
                             PCRE2_NO_UTF_CHECK,
                         NULL, NULL, (PCRE2_SPTR)by, PCRE2_ZERO_TERMINATED,
                         (PCRE2_UCHAR *)to, &room);
    pcre2_code_free(code);
    if (done < 0) { /* no room, or a limit: the text as it is */
        mem_free(to);
        return text;
    }
    mem_free(text);
    *size = room;
    return to;
}

/* The bytes of valid UTF-8 at the head of a text, at most one character. */
static size_t valid(const char *text, size_t bytes)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t count = at[0] < 0x80   ? 1
                   : at[0] < 0xC2 ? 0
                   : at[0] < 0xE0 ? 2
                   : at[0] < 0xF0 ? 3
                   : at[0] < 0xF5 ? 4
                                  : 0;
    if (count > bytes)
        return 0;
    for (size_t i = 1; i < count; i++)
        if (at[i] >> 6 != 2)
            return 0;
    bool long_form =
        (at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xF0 && at[1] < 0x90) ||
        (at[0] == 0xF4 && at[1] > 0x8F) || (at[0] == 0xED && at[1] > 0x9F);
    return long_form ? 0 : count;
}

static void add_letter(struct buffer *to, const char *text, size_t count)
{
    const unsigned char *at = (const unsigned char *)text;
    int point = count == 2 ? (at[0] & 0x1F) << 6 | (at[1] & 0x3F)
                : count == 3
                    ? (at[0] & 0xF) << 12 | (at[1] & 0x3F) << 6 | (at[2] & 0x3F)
                    : 0;
    char letter = '.';
    if (point >= 0xE0 && point < 0xE0 + (int)sizeof latin - 1)
        letter = latin[point - 0xE0];
    else if (point >= 0x1E00 && point < 0x1E00 + (int)sizeof more - 1)
        letter = more[point - 0x1E00];
    if (letter == '.')
        buffer_add(to, text, count);
    else
        buffer_char(to, letter);
}

static char *without_accents(char *text, size_t *size)
{
    struct buffer to = {0};
    buffer_add(&to, "", 0);
    for (size_t at = 0; at < *size;) {
        size_t count = valid(text + at, *size - at);
        add_letter(&to, text + at, count);
        at += count;
    }
    mem_free(text);
    *size = to.used;
    return buffer_take(&to);
}

char *fold_text(size_t *size, const char *text, size_t bytes, bool lower)
{
    char *to = xcalloc(bytes + 1, 1);
    for (size_t at = 0; at < bytes;) {
        size_t count = valid(text + at, bytes - at);
        if (count)
            memcpy(to + at, text + at, count);
        else
            to[at] = ' ';
        at += count ? count : 1;
    }
    *size = bytes;
    to = replace(to, size, "(?:(?![\\t\\n\\r])[\\p{Cc}\\p{Cf}\\x{FFFD}])+", "");
    if (!lower)
        return to;
    to = replace(to, size, "\\p{Lu}+|\\p{Lt}+", "\\L$0");
    to = without_accents(to, size);
    return replace(to, size, "\\p{Mn}+", "");
}

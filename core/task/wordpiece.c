/*
 * WordPiece (Wu et al. 2016; Devlin et al. 2019): of each word the longest
 * piece that is a token, then of the rest the longest that goes on with a
 * word; a word that does not come out even is unknown as a whole.
 *
 * Pieces that begin a word are kept with the space before it, so that tokens
 * joined together are a text again.
 */
#include <ctype.h>
#include <string.h>

#include "core/task/bpe.h"

enum { LONGEST = 100 }; /* characters of a word that are looked at */

static bool is_space(const char *word, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (!isspace((unsigned char)word[i]))
            return false;
    return true;
}

/* Where a character of UTF-8 begins. */
static bool begins(const char *word, size_t at)
{
    return ((unsigned char)word[at] >> 6) != 2;
}

static size_t characters(const char *word, size_t bytes)
{
    size_t count = 0;
    for (size_t i = 0; i < bytes; i++)
        count += begins(word, i);
    return count;
}

/* Its id and how far it reaches; -1: none. */
static int longest_piece(size_t *end, const struct tokenizer *tokenizer,
                         const char *word, size_t from, size_t bytes)
{
    char piece[1 + 4 * LONGEST];
    size_t lead = from == 0;
    piece[0] = ' ';
    memcpy(piece + lead, word + from, bytes - from);
    for (*end = bytes; *end > from; --*end) {
        if (*end < bytes && !begins(word, *end))
            continue;
        int id = bpe_find(tokenizer, piece, lead + *end - from);
        if (id >= 0)
            return id;
    }
    return -1;
}

int wordpiece_encode(const struct tokenizer *tokenizer, int32_t *ids, int room,
                     const char *word, size_t bytes)
{
    int count = 0;
    if (is_space(word, bytes))
        return 0;
    bool fits = bytes <= 4 * LONGEST && characters(word, bytes) <= LONGEST;
    for (size_t at = 0; fits && at < bytes;) {
        size_t end;
        int id = longest_piece(&end, tokenizer, word, at, bytes);
        fits = id >= 0;
        if (fits && count < room)
            ids[count] = id;
        count += fits;
        at = end;
    }
    if (fits)
        return count;
    if (room > 0)
        ids[0] = tokenizer->unknown;
    return 1;
}

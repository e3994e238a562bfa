/*
 * A tokenizer: texts become ids below its size, no more than they have bytes,
 * and byte-level ones come back.
 *
 *   {..}            tokenizer.json
 *   {..} NUL {..}   and tokenizer_config.json
 *   {..} NUL a b    vocab.json and merges.txt
 *   anything else   vocab.txt
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/task/bpe.h"
#include "core/task/tokenizer.h"
#include "tests/fuzz/fuzz.h"

#define FOLDER "tokenizer/"

static const char *lay_out(const uint8_t *data, size_t size)
{
    static const char *const all[] = {
        FOLDER "tokenizer.json", FOLDER "tokenizer_config.json",
        FOLDER "vocab.json", FOLDER "merges.txt", FOLDER "vocab.txt"};
    (void)fuzz_folder("tokenizer");
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        fuzz_remove(all[i]);
    const uint8_t *nul = size ? memchr(data, '\0', size) : NULL;
    size_t first = nul ? (size_t)(nul - data) : size;
    size_t second = nul ? size - first - 1 : 0;
    bool braces = size > 0 && data[0] == '{';
    bool merges = braces && second > 0 && nul[1] != '{';
    if (!braces)
        (void)fuzz_write(all[4], data, size);
    else
        (void)fuzz_write(all[merges ? 2 : 0], data, first);
    if (braces && second > 0)
        (void)fuzz_write(all[merges ? 3 : 1], nul + 1, second);
    return fuzz_path("tokenizer");
}

/* A token that nothing was merged into has the bytes that it was written
 * with, whatever they are: only where all spell bytes does a text come back. */
static void check_back(const struct tokenizer *tokenizer, const int32_t *ids,
                       int count, const char *text, size_t bytes)
{
    size_t at = 0, length = 0;
    bool lead = tokenizer_leads(tokenizer, text, bytes);
    for (int i = 0; i < count; i++) {
        const char *token = tokenizer_bytes(tokenizer, ids[i], &length);
        size_t skip = i == 0 && lead && length > 0;
        fuzz_law(token && (!skip || token[0] == ' '), "a lead is a space");
        fuzz_law(length - skip <= bytes - at &&
                     !memcmp(token + skip, text + at, length - skip),
                 "a text comes back");
        at += length - skip;
    }
    fuzz_law(at == bytes, "a whole text comes back");
}

static void check_text(const struct tokenizer *tokenizer, const char *text,
                       size_t bytes)
{
    enum { MOST = 300 };
    int32_t ids[MOST + TOKENIZER_MORE], more[MOST + TOKENIZER_MORE];
    int room = (int)bytes + TOKENIZER_MORE;
    int count = tokenizer_encode(tokenizer, ids, room, text, bytes);
    fuzz_law(count <= room, "no more tokens than bytes");
    fuzz_law(tokenizer_encode(tokenizer, more, room, text, bytes) == count &&
                 !memcmp(ids, more, (size_t)count * sizeof *ids),
             "a text encoded again has the same tokens");
    fuzz_law(tokenizer_encode(tokenizer, more, count / 2, text, bytes) == count,
             "less room is no other count");
    for (int i = 0; i < count; i++)
        fuzz_law(ids[i] >= 0 && ids[i] < tokenizer_size(tokenizer),
                 "an id is below the size");
    if (tokenizer->scheme == SCHEME_BYTES)
        check_back(tokenizer, ids, count, text, bytes);
    mem_free(tokenizer_decode(tokenizer, ids, count));
    (void)tokenizer_encode_more(tokenizer, more, room, text, bytes);
    count = tokenizer_encode_marked(tokenizer, more, room, text, bytes);
    fuzz_law(count <= room + (int)bytes, "marks are no more than bytes");
}

int fuzz_tokenizer(const uint8_t *data, size_t size, struct err *err)
{
    static const char *const texts[] = {
        "",
        " ",
        "a",
        "the cat sat\n\non a mat, 1234's \t end. ",
        "\xC3\xA9t\xC3\xA9 \xF0\x9F\x98\x80 \xE4\xB8\xAD <s>[MASK]</s>",
        "\xFF\xC3 <|endoftext|>aaaaaaaaaaaa"};
    struct tokenizer *tokenizer = tokenizer_open(lay_out(data, size), err);
    if (!tokenizer)
        return -1;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        check_text(tokenizer, texts[i], strlen(texts[i]));
    check_text(tokenizer, (const char *)data, size < 200 ? size : 200);
    fuzz_law(tokenizer_begin(tokenizer) < tokenizer_size(tokenizer) &&
                 tokenizer_end(tokenizer) < tokenizer_size(tokenizer),
             "roles are ids");
    tokenizer_close(tokenizer);
    return 0;
}

/*
 * GPT-2's pattern is the one published with GPT-2 (Radford et al. 2019):
 * English contractions, letters, numbers or other signs with at most one space
 * before them, and white space that leaves its last space to the word that
 * follows.
 *
 * The text is walked in runs of valid UTF-8, each checked once (checking at
 * every match would cost the square of the length).  Bytes that are not UTF-8
 * end a run and are handed out raw, so no byte is ever lost.  A pattern that
 * takes characters apart (\C) would end words inside of them: refused.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "core/task/split.h"

#include <assert.h>
#include <pcre2.h>
#include <stdint.h>

#include "core/base/mem.h"

struct splitter {
    pcre2_code *code;
};

struct splitting {
    const struct splitter *splitter;
    const char *text;
    size_t bytes, at; /* everything before at was handed out */
    size_t run;       /* text up to here is known to be UTF-8 */
    pcre2_match_data *match;
};

static const char gpt2[] = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+"
                           "| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
/* Digits one by one, and signs keep the line breaks behind them (Qwen 2023,
 * tokenization_qwen2). */
const char split_qwen[] =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
    "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
/* Signs and Chinese characters alone (Devlin et al. 2019, tokenization.py). */
#define SIGNS "\\p{P}$+<=>^`|~"
#define CHINESE                                                                \
    "\\x{4E00}-\\x{9FFF}\\x{3400}-\\x{4DBF}\\x{20000}-\\x{2CEAF}"              \
    "\\x{F900}-\\x{FAFF}\\x{2F800}-\\x{2FA1F}"
const char split_bert[] = "[" SIGNS CHINESE "]|\\s+|[^\\s" SIGNS CHINESE "]+";

struct splitter *splitter_new(void)
{
    struct splitter *splitter = splitter_of(gpt2, NULL);
    assert(splitter); /* the pattern is ours */
    return splitter;
}

struct splitter *splitter_of(const char *pattern, struct err *err)
{
    int number;
    PCRE2_SIZE offset;
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                      PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &number,
                      &offset, NULL);
    if (!code) {
        PCRE2_UCHAR why[128];
        (void)pcre2_get_error_message(number, why, sizeof why);
        err_set(err,
                "the pattern that splits text is not understood: %s at "
                "its character %zu",
                (char *)why, (size_t)offset);
        return NULL;
    }
    /* Not every machine has the just-in-time compiler: only slower then. */
    (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    struct splitter *splitter = xcalloc(1, sizeof *splitter);
    splitter->code = code;
    return splitter;
}

void splitter_free(struct splitter *splitter)
{
    if (!splitter)
        return;
    pcre2_code_free(splitter->code);
    mem_free(splitter);
}

struct splitting *splitting_begin(const struct splitter *splitter,
                                  const char *text, size_t bytes)
{
    struct splitting *splitting = xcalloc(1, sizeof *splitting);
    splitting->splitter = splitter;
    splitting->text = bytes ? text : "";
    splitting->bytes = bytes;
    splitting->match =
        pcre2_match_data_create_from_pattern(splitter->code, NULL);
    assert(splitting->match);
    return splitting;
}

static int match(struct splitting *splitting, size_t end, uint32_t options)
{
    return pcre2_match(splitting->splitter->code,
                       (PCRE2_SPTR)splitting->text + splitting->at,
                       end - splitting->at, 0, options, splitting->match, NULL);
}

/* Where the valid UTF-8 that starts at at ends. */
static size_t valid_until(struct splitting *splitting)
{
    int code = match(splitting, splitting->bytes, 0);
    bool invalid =
        code <= PCRE2_ERROR_UTF8_ERR1 && code >= PCRE2_ERROR_UTF8_ERR21;
    if (!invalid)
        return splitting->bytes;
    return splitting->at + pcre2_get_startchar(splitting->match);
}

bool splitting_next(struct splitting *splitting, const char **word,
                    size_t *bytes)
{
    if (splitting->at == splitting->bytes)
        return false;
    if (splitting->at >= splitting->run)
        splitting->run = valid_until(splitting);
    size_t length = 1; /* a byte that is not UTF-8 */
    if (splitting->run > splitting->at) {
        int code = match(splitting, splitting->run, PCRE2_NO_UTF_CHECK);
        const PCRE2_SIZE *range = pcre2_get_ovector_pointer(splitting->match);
        /* What stands before a match is a word too.  Should there be none, or
         * a limit of pcre2 be met, the rest of the run is one word. */
        bool ok = code > 0 && range[1] > 0;
        length = !ok            ? splitting->run - splitting->at
                 : range[0] > 0 ? range[0]
                                : range[1];
    }
    *word = splitting->text + splitting->at;
    *bytes = length;
    splitting->at += length;
    return true;
}

void splitting_end(struct splitting *splitting)
{
    pcre2_match_data_free(splitting->match);
    mem_free(splitting);
}

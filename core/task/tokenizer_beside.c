/*
 * Tokenizers that lie in files older than tokenizer.json: vocab.json and
 * merges.txt (OpenAI called them encoder.json and vocab.bpe), or BERT's
 * vocab.txt; and tokenizer_config.json, which names the special tokens.
 *
 * These files do not say how text is split.  It is GPT-2's pattern or Qwen's:
 * by tokenizer_class, or else by the vocabulary: Qwen splits digits one by one
 * and so has no token of two.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/task/buffer.h"
#include "core/task/tokenizer.h"
#include "core/task/vocabulary.h"

enum { LIMIT = 1 << 28 }; /* bytes of one file */

/* The file of this name in the folder of r->path. */
static char *beside(char *to, size_t size, const struct reading *r,
                    const char *name)
{
    const char *slash = strrchr(r->path, '/');
    int length = slash ? (int)(slash - r->path) : 1;
    char folder[1024];
    (void)snprintf(folder, sizeof folder, "%.*s", length,
                   slash ? r->path : ".");
    return file_join(to, size, slash && length == 0 ? "/" : folder, name);
}

int beside_read_config(struct reading *r)
{
    char path[1024];
    if (!file_exists(beside(path, sizeof path, r, "tokenizer_config.json")))
        return 0;
    r->config = json_read(path, r->err);
    return r->config ? 0 : -1;
}

static bool has_two_digits(const struct json *vocab)
{
    for (const char *key = json_next_key(vocab, NULL); key;
         key = json_next_key(vocab, key))
        if (isdigit((unsigned char)key[0]) && isdigit((unsigned char)key[1]))
            return true;
    return false;
}

static struct splitter *splitter_by(const struct reading *r)
{
    const char *name = json_text(json_get(r->config, "tokenizer_class"), "");
    bool qwen = strncmp(name, "Qwen", 4) == 0;
    bool gpt =
        strncmp(name, "GPT2", 4) == 0 || strncmp(name, "Roberta", 7) == 0;
    if (!qwen && !gpt)
        qwen = !has_two_digits(r->vocab);
    return qwen ? splitter_of(split_qwen, r->err) : splitter_new();
}

/* Lines of a text, without their ends; false: there are no more. */
static bool next_line(struct buffer *line, const char *text, size_t size,
                      size_t *at)
{
    if (*at >= size)
        return false;
    const char *end = memchr(text + *at, '\n', size - *at);
    size_t length = end ? (size_t)(end - text) - *at : size - *at;
    buffer_cut(line, 0);
    bool carriage = length && text[*at + length - 1] == '\r';
    buffer_add(line, text + *at, length - carriage);
    *at += length + 1;
    return true;
}

/* ["a b", ...]; the first line may be a version. */
static struct json *read_merges(const char *path, struct err *err)
{
    char *text;
    size_t size, at = 0;
    struct buffer line = {0};
    if (file_read(&text, &size, path, LIMIT, err) != 0)
        return NULL;
    struct json *merges = json_new_array();
    for (bool first = true; next_line(&line, text, size, &at); first = false)
        if (line.used > 0 && !(first && strncmp(line.at, "#version", 8) == 0))
            json_push_text(merges, line.at);
    buffer_free(&line);
    mem_free(text);
    return merges;
}

/* tokenizer_config.json lists added tokens by their ids. */
static struct json *read_added(const struct json *config)
{
    struct json *added = json_new_array();
    const struct json *all = json_get(config, "added_tokens_decoder");
    for (const char *key = json_next_key(all, NULL); key;
         key = json_next_key(all, key)) {
        char *end;
        long id = strtol(key, &end, 10);
        struct json *entry = json_new_object();
        json_put_integer(entry, "id", *end || end == key ? -1 : id);
        json_put_text(entry, "content",
                      json_text(json_get(json_get(all, key), "content"), ""));
        json_push(added, entry);
    }
    return added;
}

static int read_two(struct reading *r, const char *vocab_path,
                    const char *merges_path)
{
    struct json *vocab = json_read(vocab_path, r->err);
    struct json *merges = vocab ? read_merges(merges_path, r->err) : NULL;
    if (!merges) {
        json_free(vocab);
        return -1;
    }
    r->root = json_new_object();
    json_put(r->root, "vocab", vocab);
    json_put(r->root, "merges", merges);
    json_put(r->root, "added", read_added(r->config));
    r->vocab = json_get(r->root, "vocab");
    r->merges = json_get(r->root, "merges");
    r->added = json_get(r->root, "added");
    r->scheme = SCHEME_BYTES;
    if (!json_is_object(r->vocab))
        return err_set(r->err, "%.300s: no vocabulary in it", vocab_path);
    if (json_bool(json_get(r->config, "add_prefix_space"), false))
        r->lead = LEAD_MISSING;
    r->splitter = splitter_by(r);
    return r->splitter ? 0 : -1;
}

/* No capital in any word: they are all folded. */
static bool is_lower(const struct json *vocab)
{
    for (const char *key = json_next_key(vocab, NULL); key;
         key = json_next_key(vocab, key))
        for (const char *at = key; key[0] != '[' && *at; at++)
            if (isupper((unsigned char)*at))
                return false;
    return true;
}

static int read_lines(struct reading *r, const char *path)
{
    char *text;
    size_t size, at = 0;
    struct buffer line = {0};
    if (file_read(&text, &size, path, LIMIT, r->err) != 0)
        return -1;
    r->root = json_new_object();
    struct json *vocab = json_new_object();
    json_put(r->root, "vocab", vocab);
    int code = 0;
    for (int id = 0; code == 0 && next_line(&line, text, size, &at); id++)
        if (line.used == 0 || json_get(vocab, line.at))
            code = err_set(
                r->err, "%.300s: line %d is %s; expected one token a line",
                path, id + 1, line.used ? "a token a second time" : "empty");
        else
            json_put_integer(vocab, line.at, id);
    buffer_free(&line);
    mem_free(text);
    r->vocab = vocab;
    r->scheme = SCHEME_PIECES;
    r->unknown = json_text(json_get(r->config, "unk_token"), "[UNK]");
    r->lower = json_bool(json_get(r->config, "do_lower_case"), is_lower(vocab));
    r->splitter = splitter_of(split_bert, r->err);
    return code;
}

int beside_read(struct reading *r)
{
    static const char *const pair[][2] = {{"vocab.json", "merges.txt"},
                                          {"encoder.json", "vocab.bpe"}};
    char vocab[1024], merges[1024];
    for (int i = 0; i < 2; i++) {
        (void)beside(vocab, sizeof vocab, r, pair[i][0]);
        (void)beside(merges, sizeof merges, r, pair[i][1]);
        if (file_exists(vocab) && file_exists(merges))
            return read_two(r, vocab, merges);
    }
    if (file_exists(beside(vocab, sizeof vocab, r, "vocab.txt")))
        return read_lines(r, vocab);
    return 1;
}

static int copy(const char *folder, const char *name, const char *from,
                struct err *err)
{
    char *text, to[1024];
    size_t size;
    if (file_read(&text, &size, from, LIMIT, err) != 0)
        return -1;
    int status =
        file_write(file_join(to, sizeof to, folder, name), text, size, err);
    mem_free(text);
    return status;
}

int tokenizer_copy(const char *folder, const char *path, struct err *err)
{
    static const char *const other[] = {
        "vocab.json", "merges.txt", "encoder.json",
        "vocab.bpe",  "vocab.txt",  "tokenizer_config.json"};
    char from[1024];
    struct reading r = {.path = path};
    bool is_one = file_exists(path);
    if (is_one && copy(folder, "tokenizer.json", path, err) != 0)
        return -1;
    for (size_t i = is_one ? 5 : 0; i < sizeof other / sizeof *other; i++)
        if (file_exists(beside(from, sizeof from, &r, other[i])) &&
            copy(folder, other[i], from, err) != 0)
            return -1;
    return 0;
}

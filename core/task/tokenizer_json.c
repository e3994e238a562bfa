/*
 * Which kind of tokenizer a Hugging Face tokenizer.json is, by what stands
 * around its vocabulary.  Kinds that would be read wrong (Unigram, other
 * normalizers, affixes) are refused.
 */
#include <stdbool.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/task/tokenizer.h"
#include "core/task/vocabulary.h"

enum { PARTS = 8 }; /* of a sequence of normalizers or pre-tokenisers */

static bool set(const struct json *value)
{
    return value && !json_is_null(value) && json_bool(value, true);
}

static const char *type_of(const struct json *part)
{
    return json_text(json_get(part, "type"), "");
}

static bool is(const struct json *part, const char *type)
{
    return strcmp(type_of(part), type) == 0;
}

/* A part and, of a "Sequence", what it is made of; -1: too much. */
static int flatten(const struct json *to[PARTS], const struct json *part,
                   const char *list)
{
    int count = 0;
    if (!set(part))
        return 0;
    if (!is(part, "Sequence")) {
        to[0] = part;
        return 1;
    }
    const struct json *all = json_get(part, list);
    if (json_length(all) > PARTS)
        return -1;
    for (int i = 0; i < json_length(all); i++)
        to[count++] = json_at(all, i);
    return count;
}

/* ---- each of these returns what is not supported, or NULL */

static const char *const no_splitting =
    "a pre_tokenizer that is neither ByteLevel nor a pattern before it";

/* A file's own pattern, or GPT-2's when ByteLevel splits by itself. */
static const char *read_byte_level(struct reading *r)
{
    const struct json *part[PARTS], *normal[PARTS];
    int count =
        flatten(part, json_get(r->root, "pre_tokenizer"), "pretokenizers");
    int normals =
        flatten(normal, json_get(r->root, "normalizer"), "normalizers");
    for (int i = 0; i < normals; i++)
        if (!is(normal[i], "NFC")) /* tokenizer.h says what we do */
            return "a normalizer other than NFC";
    if (count < 1 || count > 2 || normals < 0 ||
        !is(part[count - 1], "ByteLevel"))
        return no_splitting;
    bool splits = json_bool(json_get(part[count - 1], "use_regex"), true);
    if (splits != (count == 1))
        return no_splitting;
    if (json_bool(json_get(part[count - 1], "add_prefix_space"), true))
        r->lead = LEAD_MISSING;
    if (count == 1) {
        r->splitter = splitter_new();
        return NULL;
    }
    const char *pattern =
        json_text(json_get(json_get(part[0], "pattern"), "Regex"), NULL);
    if (!is(part[0], "Split") || !pattern ||
        strcmp(json_text(json_get(part[0], "behavior"), ""), "Isolated") != 0 ||
        json_bool(json_get(part[0], "invert"), false))
        return no_splitting;
    r->splitter = splitter_of(pattern, r->err);
    return r->splitter ? NULL : "";
}

static bool is_lower_block(const struct json *text)
{
    return strcmp(json_text(text, ""), "\xE2\x96\x81") == 0;
}

/* SentencePiece's spaces: by normalizers, or by the pre-tokeniser Metaspace. */
static const char *read_spaces(struct reading *r)
{
    const struct json *normal[PARTS];
    const struct json *pre = json_get(r->root, "pre_tokenizer");
    int count = flatten(normal, json_get(r->root, "normalizer"), "normalizers");
    bool replaced = false;
    for (int i = 0; i < count; i++) {
        const struct json *at = normal[i];
        const char *from =
            json_text(json_get(json_get(at, "pattern"), "String"), "");
        if (is(at, "Prepend") && is_lower_block(json_get(at, "prepend")))
            r->lead = LEAD_ALWAYS;
        else if (is(at, "Replace") && strcmp(from, " ") == 0 &&
                 is_lower_block(json_get(at, "content")))
            replaced = true;
        else
            return "a normalizer that does more than mark spaces";
    }
    if (set(pre) && !is(pre, "Metaspace"))
        return "a pre_tokenizer other than Metaspace beside byte fallback";
    if (set(pre)) {
        const char *scheme = json_text(
            json_get(pre, "prepend_scheme"),
            json_bool(json_get(pre, "add_prefix_space"), true) ? "always"
                                                               : "never");
        if (!is_lower_block(json_get(pre, "replacement")))
            return "a replacement of spaces other than U+2581";
        if (strcmp(scheme, "never") != 0)
            r->lead = LEAD_MISSING;
        replaced = true;
    }
    return replaced && count >= 0 ? NULL : "spaces that are not marked";
}

static const char *read_pieces(struct reading *r)
{
    const struct json *model = json_get(r->root, "model");
    const struct json *normal = json_get(r->root, "normalizer");
    const struct json *strip = json_get(normal, "strip_accents");
    if (strcmp(json_text(json_get(model, "continuing_subword_prefix"), "##"),
               "##") != 0)
        return "a continuing_subword_prefix other than ##";
    if (set(normal) && !is(normal, "BertNormalizer"))
        return "a normalizer other than BERT's";
    if (!is(json_get(r->root, "pre_tokenizer"), "BertPreTokenizer"))
        return "a pre_tokenizer other than BERT's";
    r->lower = set(normal) && json_bool(json_get(normal, "lowercase"), true);
    if (strip && !json_is_null(strip) && json_bool(strip, true) != r->lower)
        return "accents that are treated unlike capitals";
    r->unknown = json_text(json_get(model, "unk_token"), "[UNK]");
    r->lead = LEAD_NONE;
    r->splitter = splitter_of(split_bert, r->err);
    return r->splitter ? NULL : "";
}

static const char *read_kind(struct reading *r)
{
    static const char *const affixes[] = {"continuing_subword_prefix",
                                          "end_of_word_suffix"};
    const struct json *model = json_get(r->root, "model");
    const char *type =
        json_text(json_get(model, "type"), r->merges ? "BPE" : "WordPiece");
    if (strcmp(type, "WordPiece") == 0) {
        r->scheme = SCHEME_PIECES;
        return read_pieces(r);
    }
    if (strcmp(type, "BPE") != 0)
        return "a model that is neither BPE nor WordPiece";
    for (int i = 0; i < 2; i++)
        if (*json_text(json_get(model, affixes[i]), ""))
            return affixes[i];
    r->whole_words = set(json_get(model, "ignore_merges"));
    bool fallback = set(json_get(model, "byte_fallback"));
    r->scheme = fallback ? SCHEME_FALLBACK : SCHEME_BYTES;
    return fallback ? read_spaces(r) : read_byte_level(r);
}

static int read_json(struct reading *r)
{
    r->root = json_read(r->path, r->err);
    if (!r->root)
        return -1;
    const struct json *model = json_get(r->root, "model");
    r->vocab = json_get(model, "vocab");
    r->merges = json_get(model, "merges");
    r->added = json_get(r->root, "added_tokens");
    const char *type = json_text(json_get(model, "type"), "");
    bool needs = strcmp(type, "WordPiece") != 0;
    if (!json_is_object(r->vocab) || (needs && !json_is_array(r->merges)))
        return err_set(r->err,
                       "%s: no vocabulary and merges in it; rankscope reads "
                       "BPE and WordPiece",
                       r->path);
    const char *why = read_kind(r);
    if (why && *why)
        return err_set(r->err,
                       "%s: uses %s; rankscope reads byte-level BPE, BPE with "
                       "byte fallback, and BERT's WordPiece",
                       r->path, why);
    return why ? err_prefix(r->err, "%s", r->path) : 0;
}

struct tokenizer *tokenizer_open(const char *path, struct err *err)
{
    char whole[1024];
    struct reading r = {.path = path, .err = err};
    if (strlen(path) > 900) {
        err_set(err, "%.60s...: the path is longer than 900 bytes", path);
        return NULL;
    }
    if (file_is_folder(path))
        r.path = file_join(whole, sizeof whole, path, "tokenizer.json");
    int code = beside_read_config(&r);
    int other = code == 0 && !file_exists(r.path) ? beside_read(&r) : 1;
    if (code == 0)
        code = other == 1 ? read_json(&r) : other;
    if (code == 0)
        code = vocabulary_read(&r);
    json_free(r.root);
    json_free(r.config);
    splitter_free(r.splitter);
    if (code == 0)
        return r.tokenizer;
    tokenizer_close(r.tokenizer);
    return NULL;
}

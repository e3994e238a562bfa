/*
 * The tokenizers of other families: SentencePiece's BPE with bytes, Qwen's and
 * Llama 3's patterns, vocabularies in older files, WordPiece; marks in texts;
 * damage.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/io/file.h"
#include "core/io/json.h"
#include "core/task/buffer.h"
#include "core/task/fold.h"
#include "core/task/tokenizer.h"
#include "tests/unit/scratch.h"

#define SHARED "../shared/data/"

enum { ROOM = 400 };

static char *folder;

static struct tokenizer *open_it(const char *path)
{
    struct err err = {""};
    struct tokenizer *tokenizer = tokenizer_open(path, &err);
    if (!tokenizer)
        fail_msg("%s", err.text);
    return tokenizer;
}

static struct tokenizer *open_shared(const char *path)
{
    struct stat about;
    if (stat(path, &about) != 0) {
        print_message("no %s: skipped\n", path);
        skip();
    }
    return open_it(path);
}

static void assert_ids(const struct tokenizer *t, const char *text,
                       const int32_t *want, int count)
{
    int32_t ids[ROOM];
    int got = tokenizer_encode(t, ids, ROOM, text, strlen(text));
    for (int i = 0; i < count && i < got; i++)
        if (ids[i] != want[i])
            fail_msg("\"%s\": token %d is %d, want %d", text, i, (int)ids[i],
                     (int)want[i]);
    assert_int_equal(got, count);
}

/* The bytes come back, but for a space that was put before them. */
static void assert_back(const struct tokenizer *t, const char *text,
                        size_t bytes)
{
    int32_t *ids = xcalloc(bytes + 2, sizeof *ids);
    int count = tokenizer_encode(t, ids, (int)bytes + 2, text, bytes);
    struct buffer back = {0};
    buffer_add(&back, "", 0);
    assert_true(count <= (int)bytes + TOKENIZER_MORE);
    for (int i = 0; i < count; i++) {
        size_t length;
        const char *token = tokenizer_bytes(t, ids[i], &length);
        assert_non_null(token);
        buffer_add(&back, token, length);
    }
    size_t lead = tokenizer_leads(t, text, bytes);
    assert_int_equal(back.used, bytes + lead);
    assert_memory_equal(back.at + lead, text, bytes);
    buffer_free(&back);
    mem_free(ids);
}

static void assert_round_trips(const struct tokenizer *t)
{
    static const char *const pieces[] = {"the",
                                         " the",
                                         "\xC3\xA9",
                                         "\xE2\x82\xAC",
                                         "\xF0\x9F\x98\x80",
                                         "\xE2\x82",
                                         "  ",
                                         "\n",
                                         "'S",
                                         "\xC3",
                                         "\xFF",
                                         "1234",
                                         "\r\n",
                                         "!!\n",
                                         "\xE4\xB8\xAD\xE6\x96\x87"};
    struct rng rng = rng_make(1, STREAM_TEST, 0);
    for (int round = 0; round < 300; round++) {
        struct buffer text = {0};
        for (int i = 0; i < 40; i++) {
            const char *piece =
                pieces[rng_below(&rng, sizeof pieces / sizeof *pieces)];
            if (rng_below(&rng, 4))
                buffer_add(&text, piece, strlen(piece));
            else
                buffer_char(&text, (char)rng_below(&rng, 256));
        }
        assert_back(t, text.at, text.used);
        buffer_free(&text);
    }
    assert_back(t, "", 0);
}

static void assert_text_back(const struct tokenizer *t, const char *path)
{
    struct err err = {""};
    char *text;
    size_t size;
    if (!file_exists(path))
        return;
    assert_int_equal(file_read(&text, &size, path, 1 << 24, &err), 0);
    assert_back(t, text, size);
    mem_free(text);
}

/* ---- SentencePiece's kind */

static void test_stories(void **state)
{
    (void)state;
    struct tokenizer *t = open_shared(SHARED "models/stories260K");
    struct err err = {""};
    struct json *golden =
        json_read(SHARED "models/stories260K/golden.json", &err);
    assert_non_null(golden);
    assert_int_equal(tokenizer_size(t), 512);
    assert_int_equal(tokenizer_begin(t), 1);
    assert_int_equal(tokenizer_end(t), 2);
    int32_t ids[ROOM];
    const struct json *greedy = json_get(golden, "greedy_ids");
    int count = json_length(greedy);
    for (int i = 0; i < count; i++)
        ids[i] = (int32_t)json_int(json_at(greedy, i), -1);
    char *text = tokenizer_decode(t, ids + 1, count - 1);
    assert_string_equal(text, json_text(json_get(golden, "greedy_text"), ""));
    mem_free(text);
    /* The prompt and a whole story, as they are encoded behind <s>. */
    const char *prompt = json_text(json_get(golden, "prompt"), "");
    assert_ids(t, prompt, ids + 1,
               json_length(json_get(golden, "prompt_ids")) - 1);
    const char *story = json_text(json_get(golden, "text"), "");
    const struct json *list = json_get(golden, "ids");
    count = json_length(list) - 1;
    for (int i = 0; i < count; i++)
        ids[i] = (int32_t)json_int(json_at(list, i + 1), -1);
    int32_t got[2 * ROOM];
    assert_true(tokenizer_encode(t, got, 2 * ROOM, story, strlen(story)) >=
                count);
    assert_memory_equal(got, ids, sizeof(int32_t) * (size_t)count);
    json_free(golden);
    assert_round_trips(t);
    assert_text_back(t, SHARED "text/grimm.txt");
    tokenizer_close(t);
}

/* A text that goes on takes no space with it; an unknown character is bytes. */
static void test_going_on(void **state)
{
    (void)state;
    struct tokenizer *t = open_shared(SHARED "models/stories260K");
    int32_t a[ROOM], b[ROOM];
    int count = tokenizer_encode(t, a, ROOM, "the", 3);
    assert_int_equal(count, 1);
    assert_int_equal(tokenizer_encode_more(t, b, ROOM, " the", 4), 1);
    assert_int_equal(a[0], b[0]);
    count = tokenizer_encode_more(t, b, ROOM, "\xE4\xB8\xAD", 3);
    assert_int_equal(count, 3); /* <0x00> has id 3 */
    assert_int_equal(b[0], 3 + 0xE4);
    assert_int_equal(b[2], 3 + 0xAD);
    tokenizer_close(t);
}

/* ---- byte-level ones */

static void test_qwen(void **state)
{
    (void)state;
    struct tokenizer *t = open_shared(SHARED "tokenizers/qwen3");
    assert_int_equal(tokenizer_size(t), 151643);
    /* As published with Qwen2; digits stand alone. */
    assert_ids(t, "Hello, world!", (int32_t[]){9707, 11, 1879, 0}, 4);
    assert_ids(t, "2024", (int32_t[]){17, 15, 17, 19}, 4);
    assert_round_trips(t);
    assert_text_back(t, SHARED "text/wikitext2_valid.txt");
    tokenizer_close(t);
}

/* OpenAI's two files and Hugging Face's one are the same tokenizer. */
static void test_gpt2_files(void **state)
{
    (void)state;
    struct tokenizer *one =
        open_shared(SHARED "tokenizers/gpt2/tokenizer.json");
    const char *const name[] = {"encoder.json", "vocab.bpe"};
    char here[1024];
    for (int i = 0; i < 2; i++) {
        char there[1024];
        assert_non_null(realpath(SHARED "tokenizers/gpt2", here));
        (void)file_join(there, sizeof there, here, name[i]);
        (void)symlink(there, scratch_path(folder, name[i]));
    }
    struct tokenizer *two = open_it(folder);
    struct err err = {""};
    char *text;
    size_t size;
    assert_int_equal(tokenizer_size(two), tokenizer_size(one));
    assert_int_equal(tokenizer_end(two), 50256);
    assert_int_equal(
        file_read(&text, &size, SHARED "text/grimm.txt", 1 << 24, &err), 0);
    int32_t *a = xcalloc(size, sizeof *a), *b = xcalloc(size, sizeof *b);
    int count = tokenizer_encode(one, a, (int)size, text, size);
    assert_int_equal(tokenizer_encode(two, b, (int)size, text, size), count);
    assert_memory_equal(a, b, sizeof *a * (size_t)count);
    mem_free(a);
    mem_free(b);
    mem_free(text);
    tokenizer_close(one);
    tokenizer_close(two);
    for (int i = 0; i < 2; i++)
        (void)unlink(scratch_path(folder, name[i]));
}

/* A trained file with other things around its vocabulary. */
static const char *changed(const char *from, const char *to)
{
    struct err err = {""};
    const char *path = scratch_path(folder, "plain.json");
    char *text;
    size_t size;
    if (tokenizer_train(path, "ab ab abc abc 12 12 12 x", 24, 263, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(file_read(&text, &size, path, 1 << 20, &err), 0);
    char *at = strstr(text, from);
    if (!at)
        fail_msg("no %s in the file", from);
    struct buffer out = {0};
    buffer_add(&out, text, (size_t)(at - text));
    buffer_add(&out, to, strlen(to));
    buffer_add(&out, at + strlen(from), strlen(at + strlen(from)));
    path = scratch_write(folder, "tokenizer.json", out.at);
    buffer_free(&out);
    mem_free(text);
    return path;
}

#define BYTE_LEVEL                                                             \
    "\"pre_tokenizer\": {\n    \"type\": \"ByteLevel\",\n    "                 \
    "\"add_prefix_space\": false,\n    \"trim_offsets\": true,\n    "          \
    "\"use_regex\": true\n  }"
#define SPLIT(pattern)                                                         \
    "\"pre_tokenizer\": {\"type\": \"Sequence\", \"pretokenizers\": "          \
    "[{\"type\": \"Split\", \"pattern\": {\"Regex\": \"" pattern "\"}, "       \
    "\"behavior\": \"Isolated\", \"invert\": false}, {\"type\": "              \
    "\"ByteLevel\", \"add_prefix_space\": false, \"use_regex\": false}]}"

/* What the pattern leaves out is a word too. */
static void test_own_pattern(void **state)
{
    (void)state;
    struct tokenizer *t = open_it(changed(BYTE_LEVEL, SPLIT("\\\\p{N}")));
    int32_t ids[ROOM];
    int count = tokenizer_encode(t, ids, ROOM, "ab12", 4);
    assert_int_equal(count, 3); /* ab, 1, 2: no merge crosses */
    assert_round_trips(t);
    tokenizer_close(t);
    struct err err = {""};
    assert_null(tokenizer_open(changed(BYTE_LEVEL, SPLIT("(")), &err));
    assert_non_null(strstr(err.text, "not understood"));
}

/* Words that are tokens need no merges. */
static void test_whole_words(void **state)
{
    (void)state;
    struct tokenizer *t = open_it(changed("\"a b\",", ""));
    int32_t ids[ROOM];
    assert_int_equal(tokenizer_encode(t, ids, ROOM, "ab", 2), 2);
    tokenizer_close(t);
    const char *path =
        changed("\"ignore_merges\": false", "\"ignore_merges\": true");
    t = open_it(path);
    assert_int_equal(tokenizer_encode(t, ids, ROOM, "ab", 2), 1);
    assert_round_trips(t);
    tokenizer_close(t);
}

/* A space before what has none; marks only where they are asked for. */
static void test_lead_and_marks(void **state)
{
    (void)state;
    struct tokenizer *t =
        open_it(changed("\"add_prefix_space\": false", "\"add_prefix_space\": "
                                                       "true"));
    assert_true(tokenizer_leads(t, "ab", 2));
    assert_false(tokenizer_leads(t, " ab", 3));
    assert_round_trips(t);
    const char *text = "ab<|endoftext|>ab";
    int32_t ids[ROOM];
    int end = tokenizer_end(t);
    assert_int_equal(end, 262);
    int count = tokenizer_encode(t, ids, ROOM, text, strlen(text));
    for (int i = 0; i < count; i++)
        assert_int_not_equal(ids[i], end);
    count = tokenizer_encode_marked(t, ids, ROOM, text, strlen(text));
    assert_int_equal(count, 3);
    assert_int_equal(ids[1], end);
    char *back = tokenizer_decode(t, ids, count);
    assert_string_equal(back, " ab<|endoftext|>ab");
    mem_free(back);
    /* Only counted where there is no room. */
    assert_int_equal(tokenizer_encode_marked(t, NULL, 0, text, strlen(text)),
                     count);
    assert_int_equal(tokenizer_encode_marked(t, ids, ROOM, "", 0), 0);
    tokenizer_close(t);
}

static void test_config_beside(void **state)
{
    (void)state;
    scratch_write(folder, "vocab.json", "");
    const char *path = changed("\"added_tokens\": [",
                               "\"added_tokens\": [{\"id\": 270, \"content\": "
                               "\"<|stop|>\"},");
    scratch_write(folder, "tokenizer_config.json",
                  "{\"eos_token\": {\"content\": \"<|stop|>\"}, "
                  "\"bos_token\": null}");
    struct tokenizer *t = open_it(path);
    assert_int_equal(tokenizer_size(t), 271);
    assert_int_equal(tokenizer_end(t), 270);
    assert_int_equal(tokenizer_begin(t), 270);
    tokenizer_close(t);
    struct err err = {""};
    scratch_write(folder, "tokenizer_config.json", "{");
    assert_null(tokenizer_open(path, &err));
    assert_non_null(strstr(err.text, "tokenizer_config.json"));
    (void)unlink(scratch_path(folder, "tokenizer_config.json"));
    (void)unlink(scratch_path(folder, "vocab.json"));
}

/* ---- WordPiece */

static const char words[] =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nun\n##aff\n##able\ncat\n##s\n!\n"
    "caf\n##e\n\xE4\xB8\xAD\na\n";

static void check_pieces(const struct tokenizer *t)
{
    assert_int_equal(tokenizer_begin(t), 2);
    assert_int_equal(tokenizer_end(t), 3);
    assert_ids(t, "The UNAFFABLE cats!", (int32_t[]){5, 6, 7, 8, 9, 10, 11}, 7);
    assert_ids(t, "  caf\xC3\xA9\t\n", (int32_t[]){12, 13}, 2);
    assert_ids(t, "cafe\xCC\x81", (int32_t[]){12, 13}, 2);
    assert_ids(t,
               "cat\xE4\xB8\xAD"
               "a",
               (int32_t[]){9, 14, 15}, 3);
    assert_ids(t, "catx the", (int32_t[]){1, 5}, 2); /* as a whole */
    int32_t ids[ROOM];
    const char *text = "the [MASK]!";
    int count = tokenizer_encode_marked(t, ids, ROOM, text, strlen(text));
    assert_int_equal(count, 3);
    assert_int_equal(ids[1], 4);
    char *back = tokenizer_decode(t, (int32_t[]){5, 6, 7, 8}, 4);
    assert_string_equal(back, " the unaffable");
    mem_free(back);
    char longest[600];
    memset(longest, 'a', sizeof longest);
    assert_int_equal(tokenizer_encode(t, ids, ROOM, longest, sizeof longest),
                     1);
    assert_int_equal(ids[0], 1);
}

static void test_word_piece(void **state)
{
    (void)state;
    (void)unlink(scratch_path(folder, "tokenizer.json"));
    scratch_write(folder, "vocab.txt", words);
    struct tokenizer *t = open_it(folder);
    assert_int_equal(tokenizer_size(t), 16);
    check_pieces(t);
    tokenizer_close(t);
    (void)unlink(scratch_path(folder, "vocab.txt"));
}

static void test_word_piece_json(void **state)
{
    (void)state;
    struct json *vocab = json_new_object(), *model = json_new_object();
    struct json *root = json_new_object(), *normal = json_new_object();
    struct json *pre = json_new_object();
    char line[64];
    int id = 0;
    for (const char *at = words; sscanf(at, "%63[^\n]", line) == 1;
         at += strlen(line) + 1)
        json_put_integer(vocab, line, id++);
    json_put_text(model, "type", "WordPiece");
    json_put_text(model, "unk_token", "[UNK]");
    json_put_text(model, "continuing_subword_prefix", "##");
    json_put(model, "vocab", vocab);
    json_put_text(normal, "type", "BertNormalizer");
    json_put_bool(normal, "lowercase", true);
    json_put_null(normal, "strip_accents");
    json_put_text(pre, "type", "BertPreTokenizer");
    json_put(root, "model", model);
    json_put(root, "normalizer", normal);
    json_put(root, "pre_tokenizer", pre);
    char *text = json_write(root);
    struct tokenizer *t = open_it(scratch_write(folder, "bert.json", text));
    check_pieces(t);
    tokenizer_close(t);
    mem_free(text);
    json_free(root);
}

static void test_fold(void **state)
{
    (void)state;
    static const char *const pair[][2] = {
        {"\xC3\x84\xC3\x96 \xC4\x90", "ao \xC4\x91"}, /* d with a bar stays */
        {"\xD0\x9F\xD1\x80", "\xD0\xBF\xD1\x80"},     /* Cyrillic */
        {"\xE1\xBB\x86", "e"},                        /* Vietnamese */
        {"a\xE2\x80\x8B"
         "b\x01\n",
         "ab\n"}, /* no width, control */
        {"\xFF\xC3", "  "}};
    for (size_t i = 0; i < sizeof pair / sizeof *pair; i++) {
        size_t size;
        char *got = fold_text(&size, pair[i][0], strlen(pair[i][0]), true);
        assert_string_equal(got, pair[i][1]);
        assert_int_equal(size, strlen(pair[i][1]));
        mem_free(got);
    }
}

/* ---- damage */

static void assert_refuses(const char *path, const char *why)
{
    struct err err = {""};
    struct tokenizer *t = tokenizer_open(path, &err);
    if (t || !strstr(err.text, why))
        fail_msg("wanted \"%s\", got: %s", why, err.text);
}

static void test_damage(void **state)
{
    (void)state;
    (void)unlink(scratch_path(folder, "tokenizer.json"));
    assert_refuses(folder, "tokenizer.json");
    scratch_write(folder, "vocab.txt", "a\nb\n");
    assert_refuses(folder, "[UNK]");
    scratch_write(folder, "vocab.txt", "[UNK]\na\na\n");
    assert_refuses(folder, "second time");
    scratch_write(folder, "vocab.txt", "[UNK]\n\na\n");
    assert_refuses(folder, "line 2 is empty");
    (void)unlink(scratch_path(folder, "vocab.txt"));
    scratch_write(folder, "vocab.json", "[1]");
    scratch_write(folder, "merges.txt", "#version: 0.2\na b\n");
    assert_refuses(folder, "no vocabulary");
    scratch_write(folder, "vocab.json", "{\"a\": 0}");
    assert_refuses(folder, "a vocabulary of 1 entries");
    (void)unlink(scratch_path(folder, "vocab.json"));
    (void)unlink(scratch_path(folder, "merges.txt"));
    scratch_write(folder, "bad.json",
                  "{\"model\": {\"type\": \"WordPiece\", \"vocab\": 3}}");
    assert_refuses(scratch_path(folder, "bad.json"), "no vocabulary");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stories),
        cmocka_unit_test(test_going_on),
        cmocka_unit_test(test_qwen),
        cmocka_unit_test(test_gpt2_files),
        cmocka_unit_test(test_own_pattern),
        cmocka_unit_test(test_whole_words),
        cmocka_unit_test(test_lead_and_marks),
        cmocka_unit_test(test_config_beside),
        cmocka_unit_test(test_word_piece),
        cmocka_unit_test(test_word_piece_json),
        cmocka_unit_test(test_fold),
        cmocka_unit_test(test_damage),
    };
    folder = scratch_make();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_remove(folder);
    return failed;
}

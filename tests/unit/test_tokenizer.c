/* Byte-level BPE: round trips, learning, GPT-2's own ids, refusals. */
#include "core/task/tokenizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/io/file.h"
#include "core/io/json.h"
#include "core/task/buffer.h"
#include "core/task/byte_alphabet.h"
#include "core/task/split.h"
#include "tests/unit/scratch.h"

#define GPT2 "../shared/data/tokenizers/gpt2/"
#define TEXT "../shared/data/text/"

enum { FILE_LIMIT = 1 << 24, LONGEST = 60 };

static char *folder;

static struct tokenizer *trained(const char *text, int size)
{
    struct err err = {""};
    const char *path = scratch_path(folder, "tokenizer.json");
    if (tokenizer_train(path, text, strlen(text), size, &err) < 0)
        fail_msg("%s", err.text);
    struct tokenizer *tokenizer = tokenizer_open(path, &err);
    if (!tokenizer)
        fail_msg("%s", err.text);
    return tokenizer;
}

static struct tokenizer *gpt2_or_skip(void)
{
    if (!file_exists(GPT2 "tokenizer.json")) {
        print_message("no " GPT2 "tokenizer.json: skipped\n");
        skip();
    }
    struct err err = {""};
    struct tokenizer *tokenizer = tokenizer_open(GPT2 "tokenizer.json", &err);
    if (!tokenizer)
        fail_msg("%s", err.text);
    return tokenizer;
}

static void assert_round_trip(const struct tokenizer *tokenizer,
                              const char *text, size_t bytes)
{
    int32_t *ids = xcalloc(bytes + 1, sizeof *ids);
    int count = tokenizer_encode(tokenizer, ids, (int)bytes + 1, text, bytes);
    assert_in_range(count, bytes ? 1 : 0, bytes);
    size_t at = 0;
    for (int i = 0; i < count; i++) {
        size_t length;
        const char *token = tokenizer_bytes(tokenizer, ids[i], &length);
        assert_non_null(token);
        assert_true(at + length <= bytes);
        assert_memory_equal(token, text + at, length);
        at += length;
    }
    assert_int_equal(at, bytes);
    mem_free(ids);
}

/* The running example of Gage's byte-pair encoding: aaabdaaabac. */
static void test_known_merges(void **state)
{
    (void)state;
    /* aa 4 times; then a+b and aa+a.. tie at 2, smaller ids first: ab; then
     * aa+ab twice */
    struct tokenizer *t = trained("aaabdaaabac", 260);
    assert_int_equal(tokenizer_size(t), 260);
    assert_int_equal(tokenizer_end(t), 259);
    const char *const learned[] = {"aa", "ab", "aaab", "<|endoftext|>"};
    for (int i = 0; i < 4; i++) {
        size_t bytes;
        assert_string_equal(tokenizer_bytes(t, 256 + i, &bytes), learned[i]);
        assert_int_equal(bytes, strlen(learned[i]));
    }
    int32_t ids[5];
    assert_int_equal(tokenizer_encode(t, ids, 5, "aaabdaaabac", 11), 5);
    const int32_t want[] = {258, 'd' - '!', 258, 'a' - '!', 'c' - '!'};
    assert_memory_equal(ids, want, sizeof want);
    tokenizer_close(t);
}

/* The count is the whole one even when there is no room. */
static void test_room(void **state)
{
    (void)state;
    struct tokenizer *t = trained("ab ab", 258);
    int32_t ids[3] = {-7, -7, -7};
    assert_int_equal(tokenizer_encode(t, ids, 2, "xyzw", 4), 4);
    assert_int_equal(ids[0], 'x' - '!');
    assert_int_equal(ids[2], -7);
    assert_int_equal(tokenizer_encode(t, NULL, 0, "xyzw", 4), 4);
    assert_int_equal(tokenizer_encode(t, ids, 2, "", 0), 0);
    size_t bytes;
    assert_null(tokenizer_bytes(t, -1, &bytes));
    assert_null(tokenizer_bytes(t, 258, &bytes));
    char *text = tokenizer_decode(t, ids, 0);
    assert_string_equal(text, "");
    mem_free(text);
    tokenizer_close(t);
}

static void test_end_token_is_text(void **state)
{
    (void)state;
    struct tokenizer *t = trained("some text, some text", 262);
    const char *const text = "a<|endoftext|>b";
    int32_t ids[32];
    int count = tokenizer_encode(t, ids, 32, text, strlen(text));
    for (int i = 0; i < count; i++)
        assert_int_not_equal(ids[i], tokenizer_end(t));
    char *back = tokenizer_decode(t, ids, count);
    assert_string_equal(back, text);
    mem_free(back);
    ids[0] = tokenizer_end(t);
    back = tokenizer_decode(t, ids, 1);
    assert_string_equal(back, "<|endoftext|>");
    mem_free(back);
    tokenizer_close(t);
}

static void test_random_bytes(void **state)
{
    (void)state;
    struct tokenizer *t =
        trained("the cat sat on the mat; caf\xC3\xA9 na\xC3\xAFve caf\xC3\xA9"
                " the \xE2\x82\xAC\xE2\x82\xAC",
                275);
    static const char *const pieces[] = {
        "the",      " the", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
        "\xE2\x82", "  ",   "\n",       "'s",           "\xC3",
        "\xFF",     "7"};
    struct rng rng = rng_make(1, STREAM_TEST, 0);
    for (int round = 0; round < 300; round++) {
        struct buffer text = {0};
        for (int i = 0; i < 100; i++) {
            const char *piece =
                pieces[rng_below(&rng, sizeof pieces / sizeof *pieces)];
            if (rng_below(&rng, 3))
                buffer_add(&text, piece, strlen(piece));
            else
                buffer_char(&text, (char)rng_below(&rng, 256));
        }
        assert_round_trip(t, text.at, text.used);
        buffer_free(&text);
    }
    tokenizer_close(t);
}

/* A word of a megabyte, and a megabyte of bytes that are no UTF-8: seconds
 * if anything were quadratic, minutes under a sanitizer. */
static void test_long_words(void **state)
{
    (void)state;
    struct tokenizer *t = trained("aaaaaaaa aaaaaaaa bb", 262);
    size_t bytes = 1 << 20;
    char *text = xcalloc(bytes, 1);
    memset(text, 'a', bytes);
    assert_round_trip(t, text, bytes);
    memset(text, 0xFF, bytes);
    assert_round_trip(t, text, bytes);
    memset(text, ' ', bytes);
    assert_round_trip(t, text, bytes);
    mem_free(text);
    tokenizer_close(t);
}

static void test_alphabet(void **state)
{
    (void)state;
    assert_int_equal(alphabet_byte(0), '!');
    assert_int_equal(alphabet_byte(188), 0); /* the first that is not seen */
    assert_int_equal(alphabet_byte(220), ' ');
    struct buffer spelled = {0}, back = {0};
    char all[256];
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    alphabet_spell(&spelled, all, 256);
    assert_int_equal(alphabet_read(&back, spelled.at), 0);
    assert_int_equal(back.used, 256);
    assert_memory_equal(back.at, all, 256);
    assert_int_equal(alphabet_read(&back, " "), -1);
    assert_int_equal(alphabet_read(&back, "\xE2\x82\xAC"), -1);
    assert_int_equal(alphabet_read(&back, "\xC5"), -1);
    buffer_free(&spelled);
    buffer_free(&back);
}

static void test_split(void **state)
{
    (void)state;
    const char *const text = "It's  5 cats\xFF, we'll\n go";
    const char *const want[] = {"It", "'s",  " ",   " 5", " cats", "\xFF",
                                ",",  " we", "'ll", "\n", " go"};
    struct splitter *splitter = splitter_new();
    struct splitting *walk = splitting_begin(splitter, text, strlen(text));
    const char *word;
    size_t bytes;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        assert_true(splitting_next(walk, &word, &bytes));
        assert_int_equal(bytes, strlen(want[i]));
        assert_memory_equal(word, want[i], bytes);
    }
    assert_false(splitting_next(walk, &word, &bytes));
    splitting_end(walk);
    splitter_free(splitter);
}

static void test_training_is_deterministic(void **state)
{
    (void)state;
    const char *const text = "one two three two three three one four five "
                             "six seven, seven eight nine ten; aaa aaaa";
    struct err err = {""};
    char *files[2];
    size_t sizes[2];
    for (int i = 0; i < 2; i++) {
        const char *path = scratch_path(folder, i ? "b.json" : "a.json");
        assert_int_equal(tokenizer_train(path, text, strlen(text), 290, &err),
                         0);
        assert_int_equal(
            file_read(&files[i], &sizes[i], path, FILE_LIMIT, &err), 0);
    }
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(files[0], files[1], sizes[0]);
    mem_free(files[0]);
    mem_free(files[1]);
}

static void test_training_refuses(void **state)
{
    (void)state;
    const char *path = scratch_path(folder, "c.json");
    struct err err = {""};
    assert_int_equal(tokenizer_train(path, "abc", 3, 256, &err), -1);
    assert_non_null(strstr(err.text, "at least 257"));
    assert_int_equal(tokenizer_train(path, "abc", 3, 1000, &err), -1);
    assert_non_null(strstr(err.text, "259 tokens"));
    assert_false(file_exists(path));
    assert_int_equal(tokenizer_train("/nowhere/x.json", "abc", 3, 258, &err),
                     -1);
    assert_non_null(strstr(err.text, "/nowhere/x.json"));
}

/* Replaces from by to in a tokenizer file and opens it. */
static void assert_refuses(const char *from, const char *to, const char *why)
{
    struct err err = {""};
    const char *path = scratch_path(folder, "good.json");
    char *text;
    size_t size;
    tokenizer_train(path, "ab ab abc", 9, 260, &err);
    assert_int_equal(file_read(&text, &size, path, FILE_LIMIT, &err), 0);
    char *at = strstr(text, from);
    if (!at)
        fail_msg("no %s in the file", from);
    struct buffer changed = {0};
    buffer_add(&changed, text, (size_t)(at - text));
    buffer_add(&changed, to, strlen(to));
    buffer_add(&changed, at + strlen(from), strlen(at + strlen(from)));
    path = scratch_write(folder, "bad.json", changed.at);
    struct tokenizer *tokenizer = tokenizer_open(path, &err);
    if (tokenizer || !strstr(err.text, "bad.json") || !strstr(err.text, why))
        fail_msg("%s -> %s gave: %s", from, to, err.text);
    buffer_free(&changed);
    mem_free(text);
}

static void test_refuses_other_kinds(void **state)
{
    (void)state;
    assert_refuses("\"BPE\"", "\"Unigram\"", "neither BPE");
    assert_refuses("\"BPE\"", "\"WordPiece\"", "BERT's");
    assert_refuses("\"byte_fallback\": false", "\"byte_fallback\": true",
                   "Metaspace");
    assert_refuses("\"normalizer\": null",
                   "\"normalizer\": {\"type\": \"Lowercase\"}",
                   "a normalizer");
    assert_refuses("\"type\": \"ByteLevel\"", "\"type\": \"Whitespace\"",
                   "pre_tokenizer");
    assert_refuses("\"use_regex\": true", "\"use_regex\": false",
                   "pre_tokenizer");
    assert_refuses("\"end_of_word_suffix\": \"\"",
                   "\"end_of_word_suffix\": \"</w>\"", "end_of_word_suffix");
}

static void test_refuses_broken_files(void **state)
{
    (void)state;
    assert_refuses("\"!\": 0,", "", "no id");
    assert_refuses("\"!\": 0,", "\"!\": 1,", "two tokens");
    assert_refuses("\"!\": 0,", "\"!\": 999999,", "no id");
    assert_refuses("\"ab\": 256", "\"abx\": 256", "no id");
    assert_refuses("\"a b\"", "\"a\"", "merge number 1");
    assert_refuses("\"a b\"", "[\"a\"]", "merge number 1");
    assert_refuses("\"a b\"", "17", "merge number 1");
    assert_refuses("\"a b\"", "\"a  b\"", "merge number 1");
    assert_refuses("\"merges\": [", "\"merges\": 3, \"x\": [", "no vocab");
    assert_refuses("\"id\": 259", "\"id\": 0", "id 0 of another");
    assert_refuses("\"id\": 259", "\"id\": -1", "added_tokens");
    assert_refuses("\"id\": 259", "\"id\": 2000000000", "added_tokens");
    assert_refuses("\"content\": \"<|endoftext|>\"", "\"content\": 1",
                   "added_tokens");
    assert_refuses("{", "", "bad.json");
    struct err err = {""};
    assert_null(tokenizer_open("/nowhere.json", &err));
    assert_non_null(strstr(err.text, "/nowhere.json"));
}

/* Merges as pairs, as newer files have them. */
static void test_merges_as_arrays(void **state)
{
    (void)state;
    struct tokenizer *a = trained("ab ab abc", 260);
    struct err err = {""};
    char *text;
    size_t size;
    assert_int_equal(file_read(&text, &size,
                               scratch_path(folder, "tokenizer.json"),
                               FILE_LIMIT, &err),
                     0);
    struct buffer changed = {0};
    char *at = strstr(text, "\"a b\"");
    assert_non_null(at);
    buffer_add(&changed, text, (size_t)(at - text));
    buffer_add(&changed, "[\"a\", \"b\"]", 10);
    buffer_add(&changed, at + 5, strlen(at + 5));
    struct tokenizer *b =
        tokenizer_open(scratch_write(folder, "pairs.json", changed.at), &err);
    assert_non_null(b);
    int32_t ia[8], ib[8];
    int count = tokenizer_encode(a, ia, 8, "ab abc", 6);
    assert_int_equal(tokenizer_encode(b, ib, 8, "ab abc", 6), count);
    assert_memory_equal(ia, ib, (size_t)count * sizeof *ia);
    assert_true(count <= 3);
    buffer_free(&changed);
    mem_free(text);
    tokenizer_close(a);
    tokenizer_close(b);
}

static void test_gpt2_ids(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int count;
        int32_t ids[12];
    } known[] = {
        {"Hello world", 2, {15496, 995}},
        {"Hello, world!", 4, {15496, 11, 995, 0}},
        {"The quick brown fox jumps over the lazy dog",
         9,
         {464, 2068, 7586, 21831, 18045, 625, 262, 16931, 3290}},
    };
    struct tokenizer *t = gpt2_or_skip();
    assert_int_equal(tokenizer_size(t), 50257);
    assert_int_equal(tokenizer_end(t), 50256);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        int32_t ids[12];
        int count =
            tokenizer_encode(t, ids, 12, known[i].text, strlen(known[i].text));
        assert_int_equal(count, known[i].count);
        assert_memory_equal(ids, known[i].ids, (size_t)count * sizeof(int32_t));
    }
    tokenizer_close(t);
}

/* ---- the same by the other two files, in the slowest way */

struct ranked {
    char *line;
    int rank;
};

static int by_line(const void *a, const void *b)
{
    return strcmp(((const struct ranked *)a)->line,
                  ((const struct ranked *)b)->line);
}

static struct ranked *read_merges(char *text, size_t *count)
{
    struct ranked *list = NULL;
    *count = 0;
    int rank = 0;
    (void)strtok(text, "\n"); /* #version */
    for (char *line; (line = strtok(NULL, "\n"));) {
        if ((*count & (*count - 1)) == 0) /* 0 or a power of two: full */
            list = xgrow(list, *count, *count ? 2 * *count : 1, sizeof *list);
        list[(*count)++] = (struct ranked){line, rank++};
    }
    qsort(list, *count, sizeof *list, by_line);
    return list;
}

static int rank_of(const struct ranked *merges, size_t count, const char *a,
                   const char *b)
{
    struct buffer line = {0};
    buffer_add(&line, a, strlen(a));
    buffer_char(&line, ' ');
    buffer_add(&line, b, strlen(b));
    struct ranked key = {line.at, 0};
    const struct ranked *found =
        bsearch(&key, merges, count, sizeof key, by_line);
    buffer_free(&line);
    return found ? found->rank : 1 << 30;
}

/* The spellings of a word's tokens, merged one best pair at a time. */
static int slow_word(struct buffer *parts, const struct ranked *merges,
                     size_t count, const char *word, size_t bytes)
{
    int n = 0;
    for (size_t i = 0; i < bytes; i++) {
        buffer_cut(&parts[n], 0);
        alphabet_spell(&parts[n++], word + i, 1);
    }
    for (;;) {
        int best = 1 << 30, at = -1;
        for (int i = 0; i + 1 < n; i++) {
            int rank = rank_of(merges, count, parts[i].at, parts[i + 1].at);
            if (rank < best) {
                best = rank;
                at = i;
            }
        }
        if (at < 0)
            return n;
        buffer_add(&parts[at], parts[at + 1].at, parts[at + 1].used);
        struct buffer spare = parts[at + 1];
        for (int i = at + 1; i + 1 < n; i++)
            parts[i] = parts[i + 1];
        parts[--n] = spare;
    }
}

static void test_gpt2_slowly(void **state)
{
    (void)state;
    struct tokenizer *t = gpt2_or_skip();
    struct err err = {""};
    char *merges_text, *text;
    size_t size, text_size, merge_count;
    if (!file_exists(GPT2 "vocab.bpe") || !file_exists(GPT2 "encoder.json") ||
        !file_exists(TEXT "wikitext2_valid.txt")) {
        tokenizer_close(t);
        skip();
    }
    assert_int_equal(
        file_read(&merges_text, &size, GPT2 "vocab.bpe", FILE_LIMIT, &err), 0);
    assert_int_equal(file_read(&text, &text_size, TEXT "wikitext2_valid.txt",
                               FILE_LIMIT, &err),
                     0);
    struct ranked *merges = read_merges(merges_text, &merge_count);
    assert_int_equal(merge_count, 50000);
    struct json *encoder = json_read(GPT2 "encoder.json", &err);
    assert_non_null(encoder);
    struct splitter *splitter = splitter_new();
    struct splitting *walk = splitting_begin(splitter, text, 20000);
    const char *word;
    size_t bytes;
    struct buffer parts[LONGEST] = {{0}};
    while (splitting_next(walk, &word, &bytes)) {
        if (bytes > LONGEST)
            continue;
        int32_t ids[LONGEST];
        int count = tokenizer_encode(t, ids, LONGEST, word, bytes);
        int slow = slow_word(parts, merges, merge_count, word, bytes);
        assert_int_equal(count, slow);
        for (int i = 0; i < count; i++)
            assert_int_equal(ids[i],
                             json_int(json_get(encoder, parts[i].at), -1));
    }
    for (int i = 0; i < LONGEST; i++)
        buffer_free(&parts[i]);
    splitting_end(walk);
    splitter_free(splitter);
    json_free(encoder);
    mem_free(merges);
    mem_free(merges_text);
    mem_free(text);
    tokenizer_close(t);
}

static void test_real_texts(void **state)
{
    (void)state;
    static const char *const files[] = {
        TEXT "grimm.txt", TEXT "tinyshakespeare.txt",
        TEXT "tinystories_sample.txt", TEXT "wikitext2_valid.txt"};
    struct tokenizer *t = gpt2_or_skip();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct err err = {""};
        char *text;
        size_t size;
        if (!file_exists(files[i])) {
            print_message("no %s\n", files[i]);
            continue;
        }
        assert_int_equal(file_read(&text, &size, files[i], FILE_LIMIT, &err),
                         0);
        assert_round_trip(t, text, size);
        mem_free(text);
    }
    tokenizer_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alphabet),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_known_merges),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_end_token_is_text),
        cmocka_unit_test(test_random_bytes),
        cmocka_unit_test(test_long_words),
        cmocka_unit_test(test_training_is_deterministic),
        cmocka_unit_test(test_training_refuses),
        cmocka_unit_test(test_refuses_other_kinds),
        cmocka_unit_test(test_refuses_broken_files),
        cmocka_unit_test(test_merges_as_arrays),
        cmocka_unit_test(test_gpt2_ids),
        cmocka_unit_test(test_gpt2_slowly),
        cmocka_unit_test(test_real_texts),
    };
    folder = scratch_make();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_remove(folder);
    return failed;
}

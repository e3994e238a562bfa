/*
 * What the corpora began with: small valid files of every kind, written by the
 * program itself and by the tests' own torch writer.  seeds FOLDER.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/mem.h"
#include "core/io/file.h"
#include "core/io/json.h"
#include "core/task/buffer.h"
#include "core/task/byte_alphabet.h"
#include "core/task/tokenizer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/small_files.h"
#include "tests/unit/torch_writer.h"

static const char *root;

static void put(const char *target, const char *name, const void *data,
                size_t size)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", root, target);
    (void)mkdir(path, 0777);
    (void)snprintf(path, sizeof path, "%s/%s/%s", root, target, name);
    FILE *to = fopen(path, "wb");
    fuzz_law(to && fwrite(data, 1, size, to) == size && fclose(to) == 0, path);
}

static void put_file(const char *target, const char *name, const char *path)
{
    char *text;
    size_t size;
    struct err err = {""};
    fuzz_law(!file_read(&text, &size, path, 1 << 24, &err), err.text);
    put(target, name, text, size);
    mem_free(text);
}

/* ---- safetensors: a header and as many bytes as its last offset */

static void put_safetensors(const char *name, const char *header, size_t data)
{
    struct buffer file = {0};
    uint64_t length = strlen(header);
    buffer_add(&file, (const char *)&length, sizeof length);
    buffer_add(&file, header, strlen(header));
    for (size_t i = 0; i < data; i++)
        buffer_char(&file, (char)(i % 4 == 3 ? 63 : i));
    put("safetensors", name, file.at, file.used);
    buffer_free(&file);
}

#define T(name, type, shape, begin, end)                                       \
    "\"" name "\":{\"dtype\":\"" type "\",\"shape\":[" shape                   \
    "],\"data_offsets\":[" #begin "," #end "]}"
#define PAIR(a, b) "{" T(a, "F32", "2,3", 0, 24) "," T(b, "F32", "4,2", 24, 56)

static void safetensors_seeds(void)
{
    put_safetensors("peft",
                    PAIR("base_model.model.m.q.lora_A.weight",
                         "base_model.model.m.q.lora_B.weight") "}",
                    56);
    put_safetensors(
        "kohya",
        PAIR("lora_unet_q.lora_down.weight",
             "lora_unet_q.lora_up.weight") "," T("lora_unet_q.alpha", "F32", "",
                                                 56, 60) "}",
        60);
    put_safetensors("loralib", PAIR("m.q.lora_A", "m.q.lora_B") "}", 56);
    put_safetensors("sam", PAIR("w_a_000.weight", "w_b_000.weight") "}", 56);
    put_safetensors("cloneofsimo", PAIR("0:down", "0:up") "}", 56);
    put_safetensors(
        "diffusers",
        PAIR("unet.m.to_q.lora.down.weight", "unet.m.to_q.lora.up.weight") "}",
        56);
    put_safetensors("mlx",
                    "{" T("m.q.lora_a", "F32", "3,2", 0,
                          24) "," T("m.q.lora_b", "F32", "2,4", 24, 56) "}",
                    56);
    put_safetensors(
        "dora",
        PAIR("base_model.model.m.q.lora_A.weight",
             "base_model.model.m.q.lora_"
             "B.weight") "," T("base_model.model.m.q.lora_magnitude_vector",
                               "F32", "4", 56, 72) "}",
        72);
    put_safetensors("embedding",
                    "{" T("m.e.lora_embedding_A", "F32", "2,3", 0, 24) "," T(
                        "m.e.lora_embedding_B", "F32", "4,2", 24, 56) "}",
                    56);
    put_safetensors("convolution",
                    "{" T("lora_unet_c.lora_down.weight", "F16", "2,1,3,3", 0,
                          36) "," T("lora_unet_c.lora_up.weight", "F16",
                                    "3,2,1,1", 36, 48) "}",
                    48);
    put_safetensors(
        "types",
        "{\"__metadata__\":{\"format\":\"pt\"}," T(
            "a", "BF16", "1,1,1,1,2", 0,
            4) "," T("b", "F64", "1", 4,
                     12) "," T("c", "I64", "0", 12,
                               12) "," T("d", "F16", "2", 12,
                                         16) "," T("e", "BOOL", "", 16, 17) "}",
        17);
}

/* ---- torch: archives, and pickles alone */

static void pickle_two(struct bytes *pickle)
{
    pickle_begin(pickle);
    pickle_tensor(pickle, "m.q.lora_A.weight", "0", 0, (long[]){2, 3},
                  (long[]){3, 1}, 6);
    pickle_tensor(pickle, "m.q.lora_B.weight", "1", 2, (long[]){4, 2},
                  (long[]){1, 4}, 10);
    pickle_end(pickle);
}

static void torch_seeds(void)
{
    static struct bytes pickle, nested;
    static struct archive archive;
    static const float number[10] = {1, -2, 3, .5F, 0, 4, 7, -1, 2, 9};
    pickle_two(&pickle);
    put("torch", "pickle", pickle.at, pickle.size);
    put_raw(&nested, "\x80\x02}q\x00(", 6);
    put_text(&nested, "state_dict");
    put_raw(&nested, "q\x01}(", 4);
    pickle_tensor(&nested, "w", "0", 1, (long[]){2, 2}, (long[]){2, 1}, 6);
    put_code(&nested, "u");
    put_text(&nested, "epoch");
    put_raw(&nested, "K\x03", 2);
    put_text(&nested, "list");
    put_raw(&nested, "](NG\x3f\xf0\0\0\0\0\0\0\x88K\1\x85M\1\2e", 20);
    put_code(&nested, "u.");
    put("torch", "nested", nested.at, nested.size);
    archive_add(&archive, "archive/data.pkl", pickle.at, pickle.size);
    archive_add(&archive, "archive/byteorder", "little", 6);
    archive_add(&archive, "archive/data/0", number, 24);
    archive.deflate = 6;
    archive_add(&archive, "archive/data/1", number, sizeof number);
    archive_add(&archive, "archive/version", "3\n", 2);
    archive_end(&archive);
    put("torch", "archive", archive.body.at, archive.body.size);
}

/* ---- tokenizers */

/* {"token": id, ...} of all bytes and a few more. */
static struct json *bytes_vocab(bool named, const char *const *more)
{
    struct json *vocab = json_new_object();
    int id = 0;
    for (; id < 256; id++) {
        char byte = (char)id, name[8];
        struct buffer spelling = {0};
        (void)snprintf(name, sizeof name, "<0x%02X>", (unsigned)id);
        alphabet_spell(&spelling, &byte, 1);
        json_put_integer(vocab, named ? name : spelling.at, id);
        buffer_free(&spelling);
    }
    for (; *more; more++)
        json_put_integer(vocab, *more, id++);
    return vocab;
}

static void put_tokenizer(const char *name, struct json *vocab,
                          const char *before, const char *after,
                          const char *behind)
{
    struct buffer text = {0};
    char *words = json_write_compact(vocab);
    buffer_add(&text, before, strlen(before));
    buffer_add(&text, words, strlen(words));
    buffer_add(&text, after, strlen(after));
    if (behind) {
        buffer_char(&text, '\0');
        buffer_add(&text, behind, strlen(behind));
    }
    put("tokenizer", name, text.at, text.used);
    buffer_free(&text);
    mem_free(words);
    json_free(vocab);
}

static void tokenizer_seeds(void)
{
    static const char *const merged[] = {"th", "the",           "\xC4\xA0the",
                                         "aa", "<|endoftext|>", NULL};
    static const char *const blocks[] = {
        "<unk>", "<s>", "</s>", "\xE2\x96\x81",   "t", "h",
        "th",    "a",   "aa",   "\xE2\x96\x81th", NULL};
    put_tokenizer("byte_level", bytes_vocab(false, merged),
                  "{\"added_tokens\":[{\"id\":260,\"content\":"
                  "\"<|endoftext|>\"}],\"normalizer\":{\"type\":\"NFC\"},"
                  "\"pre_tokenizer\":{\"type\":\"ByteLevel\","
                  "\"add_prefix_space\":true},\"model\":{\"type\":\"BPE\","
                  "\"vocab\":",
                  ",\"merges\":[\"t h\",\"th e\",[\"\xC4\xA0\",\"the\"],"
                  "[\"a\",\"a\"]]}}",
                  "{\"eos_token\":\"<|endoftext|>\",\"bos_token\":null}");
    put_tokenizer("pattern", bytes_vocab(false, merged),
                  "{\"pre_tokenizer\":{\"type\":\"Sequence\","
                  "\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":"
                  "{\"Regex\":\"[a-z]+| ?\\\\p{L}+|\\\\s+(?!\\\\S)|.\"},"
                  "\"behavior\":\"Isolated\"},{\"type\":\"ByteLevel\","
                  "\"use_regex\":false,\"add_prefix_space\":false}]},"
                  "\"model\":{\"ignore_merges\":true,\"vocab\":",
                  ",\"merges\":[\"t h\",\"a a\"]}}", NULL);
    put_tokenizer("fallback", bytes_vocab(true, blocks),
                  "{\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{"
                  "\"type\":\"Prepend\",\"prepend\":\"\xE2\x96\x81\"},{\"type\""
                  ":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":"
                  "\"\xE2\x96\x81\"}]},\"model\":{\"type\":\"BPE\","
                  "\"byte_fallback\":true,\"vocab\":",
                  ",\"merges\":[\"t h\",\"a a\",\"\xE2\x96\x81 th\"]}}", NULL);
    put_tokenizer("metaspace", bytes_vocab(true, blocks),
                  "{\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":"
                  "\"\xE2\x96\x81\",\"prepend_scheme\":\"first\"},\"model\":{"
                  "\"type\":\"BPE\",\"byte_fallback\":true,\"vocab\":",
                  ",\"merges\":[\"t h\"]}}", NULL);
    put_tokenizer("two_files", bytes_vocab(false, merged), "", "",
                  "#version: 0.2\nt h\nth e\n\xC4\xA0 the\na a\n");
    static const char lines[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\n"
                                "cat\n##s\na\n##t\n.\n'\n";
    put("tokenizer", "vocab_lines", lines, sizeof lines - 1);
    static const char pieces[] =
        "{\"normalizer\":{\"type\":\"BertNormalizer\",\"lowercase\":true},"
        "\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},\"added_tokens\":[{"
        "\"id\":1,\"content\":\"[MASK]\"}],\"model\":{\"type\":\"WordPiece\","
        "\"unk_token\":\"[UNK]\",\"vocab\":{\"[UNK]\":0,\"[MASK]\":1,\"the\":2,"
        "\"##s\":3,\"cat\":4,\"[CLS]\":5,\"[SEP]\":6}}}";
    put("tokenizer", "pieces", pieces, sizeof pieces - 1);
}

/* ---- configs */

static void config_seeds(void)
{
    struct err err = {""};
    for (int i = 0; i < SMALL_MODELS; i++) {
        fuzz_law(!small_model_write(i, fuzz_folder("m"), &err), err.text);
        put_file("config", small_model_sign(i), fuzz_path("m/config.json"));
    }
    fuzz_law(!small_adapter_write(fuzz_folder("a"), &err) &&
                 !small_shards_write(fuzz_folder("s"), &err),
             err.text);
    put_file("config", "adapter", fuzz_path("a/adapter_config.json"));
    put_file("config", "shards", fuzz_path("s/model.safetensors.index.json"));
    static const char rope[] =
        "{\"architectures\":[\"LlamaForCausalLM\"],\"model_type\":\"llama\","
        "\"hidden_size\":8,\"intermediate_size\":12,\"num_hidden_layers\":1,"
        "\"num_attention_heads\":4,\"num_key_value_heads\":2,\"vocab_size\":11,"
        "\"max_position_embeddings\":16,\"rope_scaling\":{\"rope_type\":"
        "\"llama3\",\"factor\":8,\"low_freq_factor\":1,\"high_freq_factor\":4,"
        "\"original_max_position_embeddings\":8}}";
    put("config", "rope", rope, sizeof rope - 1);
}

int main(int count, char **word)
{
    if (count != 2) {
        (void)fputs("usage: seeds FOLDER\n", stderr);
        return 2;
    }
    root = word[1];
    safetensors_seeds();
    torch_seeds();
    tokenizer_seeds();
    config_seeds();
    return 0;
}

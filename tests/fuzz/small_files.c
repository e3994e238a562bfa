/* See small_files.h. */
#include "tests/fuzz/small_files.h"

#include <string.h>

#include "core/io/file.h"
#include "core/io/safetensors.h"
#include "core/model/model.h"

#define SIZES                                                                  \
    .layers = 1, .width = 8, .heads = 4, .inner = 12, .vocab = 11,             \
    .context = 16, .norm_eps = 1e-5F
#define LLAMA                                                                  \
    SIZES, .groups = 2, .rms = true, .gated = true, .activation = SILU,        \
           .plain_o = true, .plain_mlp = true, .rotary = {.theta = 100}
#define BERT SIZES, .both_ways = true, .post_norm = true, .activation = GELU_ERF

static const struct {
    const char *sign;
    struct model_conf conf;
} models[SMALL_MODELS] = {
    {"GPT2LM", {.family = "gpt2", SIZES, .tied = true}},
    {"LlamaFor", {.family = "llama", LLAMA, .plain_qkv = true}},
    {"MistralFor", {.family = "mistral", LLAMA, .plain_qkv = true}},
    {"Qwen2For", {.family = "qwen2", LLAMA, .tied = true}},
    {"Qwen3For",
     {.family = "qwen3",
      LLAMA,
      .plain_qkv = true,
      .head_norm = true,
      .head_width = 4}},
    {"BertForM",
     {.family = "bert", BERT, .types = 2, .head = HEAD_MASKED, .tied = true}},
    {"BertForS",
     {.family = "bert", BERT, .types = 2, .head = HEAD_CLASSES, .classes = 3}},
    {"RobertaFor",
     {.family = "roberta",
      BERT,
      .types = 1,
      .skip = 2,
      .head = HEAD_CLASSES,
      .classes = 3}},
    {"sizes", {.family = "mlp", .reads = EXAMPLE_CLASS, .size = {3, 4, 2}}},
};

const char *small_model_sign(int which)
{
    return models[which].sign;
}

int small_model_write(int which, const char *folder, struct err *err)
{
    struct model *model = model_new(&models[which].conf, err);
    if (!model)
        return -1;
    int status = model_init(model, 3) != 0
                     ? err_set(err, "no memory")
                     : model_save(model, &model->base, folder, err);
    model_free(model);
    return status;
}

enum { OUT = 5, IN = 4, RANK = 2 };
static const float number[OUT * IN] = {1, 2, -3, .5F, 0, 7, -1, 2, 3, 1.5F};

static int write_pairs(const char *folder, const char *name,
                       const char *const module[], int count, struct err *err)
{
    char path[1024], a[2][128], b[2][128];
    struct safetensors_out *out = safetensors_out_new();
    for (int i = 0; i < count; i++) {
        (void)snprintf(a[i], sizeof a[i], "%s.lora_A.weight", module[i]);
        (void)snprintf(b[i], sizeof b[i], "%s.lora_B.weight", module[i]);
        safetensors_out_add(out, a[i], RANK, IN, number);
        safetensors_out_add(out, b[i], OUT, RANK, number + 3);
    }
    return safetensors_out_commit(
        out, file_join(path, sizeof path, folder, name), err);
}

static int write_text(const char *folder, const char *name, const char *text,
                      struct err *err)
{
    char path[1024];
    return file_write(file_join(path, sizeof path, folder, name), text,
                      strlen(text), err);
}

int small_adapter_write(const char *folder, struct err *err)
{
    static const char *const module[] = {"base_model.model.h.0.attn.q",
                                         "base_model.model.h.1.mlp.up"};
    if (write_pairs(folder, "adapter_model.safetensors", module, 2, err) != 0)
        return -1;
    return write_text(folder, "adapter_config.json",
                      "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4, "
                      "\"target_modules\": [\"q\", \"up\"], "
                      "\"rank_pattern\": {\"q\": 2}, "
                      "\"alpha_pattern\": {\"h.*up\": 8}, "
                      "\"use_rslora\": true, \"base_model_name_or_path\": "
                      "\"x\", \"modules_to_save\": null, \"bias\": \"none\"}\n",
                      err);
}

int small_shards_write(const char *folder, struct err *err)
{
    static const char *const one[] = {"a"}, *const two[] = {"b"};
    if (write_pairs(folder, "one.safetensors", one, 1, err) != 0 ||
        write_pairs(folder, "two.safetensors", two, 1, err) != 0)
        return -1;
    return write_text(folder, "model.safetensors.index.json",
                      "{\"metadata\": {\"total_size\": 144}, \"weight_map\": {"
                      "\"a.lora_A.weight\": \"one.safetensors\", "
                      "\"a.lora_B.weight\": \"one.safetensors\", "
                      "\"b.lora_A.weight\": \"two.safetensors\", "
                      "\"b.lora_B.weight\": \"two.safetensors\"}}\n",
                      err);
}

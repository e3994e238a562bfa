/*
 * Llama's files (Touvron et al. 2023; Hugging Face's LlamaForCausalLM), and
 * those of its relatives: Mistral's and Qwen's differ in a few flags.  Rotary
 * halves are split, not interleaved: feature i turns with i + size / 2.
 *
 * A sliding window of attention is read as the context: inside it attention
 * is ordinary.
 */
#include <math.h>
#include <string.h>

#include "core/model/hf_family.h"

static const struct json *rope_of(const struct json *config)
{
    const struct json *rope = json_get(config, "rope_scaling");
    return json_is_object(rope) ? rope : json_get(config, "rope_parameters");
}

/* The published slowings: "linear", and Llama 3's, which leaves the fast
 * features as they are. */
static int read_slowing(struct rotary *rotary, const struct json *rope,
                        struct err *err)
{
    const char *type = json_text(json_get(rope, "rope_type"),
                                 json_text(json_get(rope, "type"), "default"));
    rotary->factor = json_number(json_get(rope, "factor"), 1);
    if (strcmp(type, "default") == 0)
        return 0;
    rotary->slowing = strcmp(type, "linear") == 0 ? SLOW_ALL : SLOW_LOW;
    if (rotary->slowing == SLOW_LOW && strcmp(type, "llama3") != 0)
        return err_set(err,
                       "rope_scaling \"%.40s\" is not supported; known: "
                       "default, linear, llama3",
                       type);
    rotary->low = json_number(json_get(rope, "low_freq_factor"), 1);
    rotary->high = json_number(json_get(rope, "high_freq_factor"), 4);
    rotary->first =
        json_number(json_get(rope, "original_max_position_embeddings"), 8192);
    if (!(rotary->factor >= 1) ||
        (rotary->slowing == SLOW_LOW &&
         !(rotary->low > 0 && rotary->high > rotary->low && rotary->first > 0)))
        return err_set(err, "rope_scaling has factors that are no slowing; "
                            "expected factor >= 1 and low < high");
    return 0;
}

static int read_rotary(struct model_conf *conf, const struct json *config,
                       struct err *err)
{
    const struct json *rope = rope_of(config);
    double theta = json_number(json_get(config, "rope_theta"),
                               json_number(json_get(rope, "rope_theta"), 1e4));
    if (!(theta > 1) || !isfinite(theta))
        return err_set(err, "rope_theta %g is not a number above 1", theta);
    conf->rotary.theta = theta;
    return rope ? read_slowing(&conf->rotary, rope, err) : 0;
}

static int read_heads(struct model_conf *conf, const struct json *config,
                      struct err *err)
{
    enum { MOST = 1 << 16 };
    const struct {
        const char *key;
        int *to;
    } may[] = {{"num_key_value_heads", &conf->groups},
               {"head_dim", &conf->head_width}};
    for (int i = 0; i < 2; i++) {
        const struct json *value = json_get(config, may[i].key);
        if (value && !json_is_null(value) &&
            json_need_int(may[i].to, config, may[i].key, 1, MOST, err) != 0)
            return -1;
    }
    return 0;
}

static int read_any(struct model_conf *conf, const struct json *config,
                    struct err *err)
{
    if (hf_read_sizes(conf, config, err) != 0 ||
        read_heads(conf, config, err) != 0 ||
        read_rotary(conf, config, err) != 0)
        return -1;
    conf->rms = conf->gated = true;
    conf->plain_qkv = conf->plain_o = conf->plain_mlp = true;
    conf->norm_eps = (float)json_number(json_get(config, "rms_norm_eps"), 1e-6);
    conf->tied = json_bool(json_get(config, "tie_word_embeddings"), false);
    return hf_read_activation(conf, config, "hidden_act", "silu", err);
}

static int read_llama(struct model_conf *conf, const struct json *config,
                      struct err *err)
{
    if (read_any(conf, config, err) != 0)
        return -1;
    bool biased = json_bool(json_get(config, "attention_bias"), false);
    conf->plain_qkv = conf->plain_o = !biased;
    conf->plain_mlp = !json_bool(json_get(config, "mlp_bias"), false);
    return 0;
}

static void take_window(struct model_conf *conf, const struct json *config)
{
    long long window = json_int(json_get(config, "sliding_window"), 0);
    if (window > 0 && window < conf->context)
        conf->context = (int)window;
}

static int read_mistral(struct model_conf *conf, const struct json *config,
                        struct err *err)
{
    if (read_any(conf, config, err) != 0)
        return -1;
    take_window(conf, config);
    return 0;
}

static int read_qwen2(struct model_conf *conf, const struct json *config,
                      struct err *err)
{
    if (read_any(conf, config, err) != 0)
        return -1;
    conf->plain_qkv = false;
    if (json_bool(json_get(config, "use_sliding_window"), false))
        take_window(conf, config);
    return 0;
}

static int read_qwen3(struct model_conf *conf, const struct json *config,
                      struct err *err)
{
    if (read_llama(conf, config, err) != 0)
        return -1;
    conf->head_norm = true;
    if (json_bool(json_get(config, "use_sliding_window"), false))
        take_window(conf, config);
    return 0;
}

static void write_rope(struct json *to, const struct rotary *rotary)
{
    hf_put_number(to, "rope_theta", rotary->theta);
    if (rotary->slowing == SLOW_NONE)
        return;
    struct json *rope = json_new_object();
    bool low = rotary->slowing == SLOW_LOW;
    json_put_text(rope, "rope_type", low ? "llama3" : "linear");
    hf_put_number(rope, "factor", rotary->factor);
    if (low) {
        hf_put_number(rope, "low_freq_factor", rotary->low);
        hf_put_number(rope, "high_freq_factor", rotary->high);
        json_put_integer(rope, "original_max_position_embeddings",
                         (long long)rotary->first);
    }
    json_put(to, "rope_scaling", rope);
}

static void write_config(struct json *to, const struct model_conf *c)
{
    json_put_integer(to, "hidden_size", c->width);
    json_put_integer(to, "intermediate_size", c->inner);
    json_put_integer(to, "num_hidden_layers", c->layers);
    json_put_integer(to, "num_attention_heads", c->heads);
    json_put_integer(to, "num_key_value_heads", c->groups);
    json_put_integer(to, "head_dim", c->head_width);
    json_put_integer(to, "max_position_embeddings", c->context);
    json_put_integer(to, "vocab_size", c->vocab);
    json_put_text(to, "hidden_act", hf_activation_name(c->activation));
    hf_put_number(to, "rms_norm_eps", (double)c->norm_eps);
    write_rope(to, &c->rotary);
    json_put_bool(to, "attention_bias", !c->plain_o);
    json_put_bool(to, "mlp_bias", !c->plain_mlp);
}

/* Their names are the same. */
#define NAMES                                                                  \
    .write = write_config, .prefix = "model.", .layer = "layers.%d.",          \
    .site = {[SITE_Q] = "self_attn.q_proj", [SITE_K] = "self_attn.k_proj",     \
             [SITE_V] = "self_attn.v_proj", [SITE_O] = "self_attn.o_proj",     \
             [SITE_GATE] = "mlp.gate_proj", [SITE_UP] = "mlp.up_proj",         \
             [SITE_DOWN] = "mlp.down_proj"},                                   \
    .norm = {"input_layernorm", "post_attention_layernorm",                    \
             "self_attn.q_norm", "self_attn.k_norm"},                          \
    .embed = "embed_tokens", .last_norm = "norm", .head = {"lm_head"},         \
    .target = {"q_proj",    "k_proj",  "v_proj",   "o_proj",                   \
               "gate_proj", "up_proj", "down_proj"}

extern const struct hf_family hf_llama, hf_mistral, hf_qwen2, hf_qwen3;
const struct hf_family hf_llama = {.name = "llama",
                                   .architecture = {"LlamaForCausalLM"},
                                   .config = read_llama,
                                   NAMES};
const struct hf_family hf_mistral = {.name = "mistral",
                                     .architecture = {"MistralForCausalLM"},
                                     .config = read_mistral,
                                     NAMES};
const struct hf_family hf_qwen2 = {.name = "qwen2",
                                   .architecture = {"Qwen2ForCausalLM"},
                                   .config = read_qwen2,
                                   NAMES};
const struct hf_family hf_qwen3 = {.name = "qwen3",
                                   .architecture = {"Qwen3ForCausalLM"},
                                   .config = read_qwen3,
                                   NAMES};

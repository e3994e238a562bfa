/*
 * GPT-2's files (Radford et al. 2019; Hugging Face's GPT2LMHeadModel).
 *
 * Linear layers are "Conv1D": weights (in, out), and q, k, v are fused in
 * c_attn (in, 3 width).
 */
#include <string.h>

#include "core/model/hf_family.h"

static int read_config(struct model_conf *conf, const struct json *config,
                       struct err *err)
{
    enum { MOST = 1 << 24 };
    if (json_need_int(&conf->width, config, "n_embd", 1, MOST, err) != 0 ||
        json_need_int(&conf->heads, config, "n_head", 1, MOST, err) != 0 ||
        json_need_int(&conf->layers, config, "n_layer", 1, MOST, err) != 0 ||
        json_need_int(&conf->vocab, config, "vocab_size", 1, MOST, err) != 0 ||
        json_need_int(&conf->context, config, "n_positions", 1, MOST, err) != 0)
        return -1;
    conf->inner = 4 * conf->width;
    const struct json *inner = json_get(config, "n_inner");
    if (inner && !json_is_null(inner) &&
        json_need_int(&conf->inner, config, "n_inner", 1, MOST, err) != 0)
        return -1;
    conf->norm_eps =
        (float)json_number(json_get(config, "layer_norm_epsilon"), 1e-5);
    conf->tied = json_bool(json_get(config, "tie_word_embeddings"), true);
    if (!json_bool(json_get(config, "scale_attn_weights"), true) ||
        json_bool(json_get(config, "scale_attn_by_inverse_layer_idx"), false))
        return err_set(err, "this GPT-2 scales its attention in a way of its "
                            "own, which is not supported");
    return hf_read_activation(conf, config, "activation_function", "gelu_new",
                              err);
}

static void write_config(struct json *to, const struct model_conf *c)
{
    json_put_integer(to, "n_embd", c->width);
    json_put_integer(to, "n_head", c->heads);
    json_put_integer(to, "n_layer", c->layers);
    json_put_integer(to, "n_inner", c->inner);
    json_put_integer(to, "n_positions", c->context);
    json_put_integer(to, "n_ctx", c->context);
    json_put_integer(to, "vocab_size", c->vocab);
    json_put_text(to, "activation_function", hf_activation_name(c->activation));
    hf_put_number(to, "layer_norm_epsilon", (double)c->norm_eps);
}

extern const struct hf_family hf_gpt2;
const struct hf_family hf_gpt2 = {
    .name = "gpt2",
    .architecture = {"GPT2LMHeadModel"},
    .config = read_config,
    .write = write_config,
    .conv1d = true,
    .prefix = "transformer.",
    .layer = "h.%d.",
    .site = {[SITE_Q] = "attn.c_attn",
             [SITE_K] = "attn.c_attn",
             [SITE_V] = "attn.c_attn",
             [SITE_O] = "attn.c_proj",
             [SITE_UP] = "mlp.c_fc",
             [SITE_DOWN] = "mlp.c_proj"},
    .norm = {"ln_1", "ln_2"},
    .embed = "wte",
    .position = "wpe",
    .last_norm = "ln_f",
    .head = {"lm_head"},
    .target = {[SITE_Q] = "c_attn",
               [SITE_O] = "attn.c_proj",
               [SITE_UP] = "c_fc",
               [SITE_DOWN] = "mlp.c_proj"},
};

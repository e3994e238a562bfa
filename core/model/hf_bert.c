/*
 * BERT's files (Devlin et al. 2019) and RoBERTa's (Liu et al. 2019): both ways,
 * norms behind the sums, a head for masked tokens or one for classes.
 *
 * RoBERTa's first position is row 2 of its table.  BERT's oldest files call a
 * norm's gain gamma and its bias beta (hf_names.c).
 */
#include <stdio.h>
#include <string.h>

#include "core/model/hf_family.h"

extern const struct hf_family hf_bert, hf_roberta;

static int read_any(struct model_conf *conf, const struct json *config,
                    const struct hf_family *family, struct err *err)
{
    if (hf_read_sizes(conf, config, err) != 0 ||
        hf_read_head(conf, config, family, err) != 0 ||
        json_need_int(&conf->types, config, "type_vocab_size", 0, 1 << 10,
                      err) != 0)
        return -1;
    const char *position =
        json_text(json_get(config, "position_embedding_type"), "absolute");
    if (strcmp(position, "absolute") != 0)
        return err_set(err,
                       "position_embedding_type \"%.40s\" is not supported; "
                       "known: absolute",
                       position);
    conf->both_ways = conf->post_norm = true;
    conf->norm_eps =
        (float)json_number(json_get(config, "layer_norm_eps"), 1e-12);
    conf->tied = conf->head == HEAD_MASKED &&
                 json_bool(json_get(config, "tie_word_embeddings"), true);
    return hf_read_activation(conf, config, "hidden_act", "gelu", err);
}

static int read_bert(struct model_conf *conf, const struct json *config,
                     struct err *err)
{
    return read_any(conf, config, &hf_bert, err);
}

static int read_roberta(struct model_conf *conf, const struct json *config,
                        struct err *err)
{
    if (read_any(conf, config, &hf_roberta, err) != 0)
        return -1;
    conf->skip = 1 + (int)json_int(json_get(config, "pad_token_id"), 1);
    if (conf->skip < 1 || conf->skip >= conf->context)
        return err_set(err, "pad_token_id %d leaves no positions of %d",
                       conf->skip - 1, conf->context);
    conf->context -= conf->skip;
    return 0;
}

static void write_config(struct json *to, const struct model_conf *c)
{
    json_put_integer(to, "hidden_size", c->width);
    json_put_integer(to, "intermediate_size", c->inner);
    json_put_integer(to, "num_hidden_layers", c->layers);
    json_put_integer(to, "num_attention_heads", c->heads);
    json_put_integer(to, "max_position_embeddings", c->skip + c->context);
    json_put_integer(to, "type_vocab_size", c->types);
    json_put_integer(to, "vocab_size", c->vocab);
    if (c->skip)
        json_put_integer(to, "pad_token_id", c->skip - 1);
    json_put_text(to, "hidden_act", hf_activation_name(c->activation));
    hf_put_number(to, "layer_norm_eps", (double)c->norm_eps);
    if (c->head != HEAD_CLASSES)
        return;
    struct json *names = json_new_object();
    for (int i = 0; i < c->classes; i++) {
        char id[16], label[32];
        (void)snprintf(id, sizeof id, "%d", i);
        (void)snprintf(label, sizeof label, "LABEL_%d", i);
        json_put_text(names, id, label);
    }
    json_put(to, "id2label", names);
}

/* What lies in a layer is the same in both. */
#define NAMES                                                                  \
    .write = write_config, .layer = "encoder.layer.%d.",                       \
    .site = {[SITE_Q] = "attention.self.query",                                \
             [SITE_K] = "attention.self.key",                                  \
             [SITE_V] = "attention.self.value",                                \
             [SITE_O] = "attention.output.dense",                              \
             [SITE_UP] = "intermediate.dense",                                 \
             [SITE_DOWN] = "output.dense"},                                    \
    .norm = {"attention.output.LayerNorm", "output.LayerNorm"},                \
    .embed = "embeddings.word_embeddings",                                     \
    .position = "embeddings.position_embeddings",                              \
    .type = "embeddings.token_type_embeddings",                                \
    .embed_norm = "embeddings.LayerNorm",                                      \
    .target = {[SITE_Q] = "query",                                             \
               [SITE_K] = "key",                                               \
               [SITE_V] = "value",                                             \
               [SITE_O] = "attention.output.dense",                            \
               [SITE_UP] = "intermediate.dense"}

const struct hf_family hf_bert = {
    .name = "bert",
    .architecture = {NULL, "BertForMaskedLM", "BertForSequenceClassification"},
    .config = read_bert,
    .prefix = "bert.",
    .dense = {NULL, "cls.predictions.transform.dense", "bert.pooler.dense"},
    .dense_norm = {NULL, "cls.predictions.transform.LayerNorm", NULL},
    .head = {NULL, "cls.predictions.decoder", "classifier"},
    .head_bias = {NULL, "cls.predictions.bias", NULL},
    NAMES};
const struct hf_family hf_roberta = {
    .name = "roberta",
    .architecture = {NULL, "RobertaForMaskedLM",
                     "RobertaForSequenceClassification"},
    .config = read_roberta,
    .prefix = "roberta.",
    .dense = {NULL, "lm_head.dense", "classifier.dense"},
    .dense_norm = {NULL, "lm_head.layer_norm", NULL},
    .head = {NULL, "lm_head.decoder", "classifier.out_proj"},
    .head_bias = {NULL, "lm_head.bias", NULL},
    NAMES};

/* What the families' config.json files have in common; see hf_family.h. */
#include <math.h>
#include <string.h>

#include "core/model/hf_family.h"

static const struct {
    const char *name;
    enum activation activation;
} activations[] = {/* the first of each kind is written */
                   {"gelu_new", GELU_TANH},
                   {"gelu", GELU_ERF},
                   {"silu", SILU},
                   {"gelu_pytorch_tanh", GELU_TANH},
                   {"swish", SILU}};

int hf_read_sizes(struct model_conf *conf, const struct json *config,
                  struct err *err)
{
    enum { MOST = 1 << 24 };
    const struct {
        const char *key;
        int *to;
    } sizes[] = {{"hidden_size", &conf->width},
                 {"num_attention_heads", &conf->heads},
                 {"num_hidden_layers", &conf->layers},
                 {"intermediate_size", &conf->inner},
                 {"vocab_size", &conf->vocab},
                 {"max_position_embeddings", &conf->context}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (json_need_int(sizes[i].to, config, sizes[i].key, 1, MOST, err) != 0)
            return -1;
    return 0;
}

int hf_read_activation(struct model_conf *conf, const struct json *config,
                       const char *key, const char *otherwise, struct err *err)
{
    const char *name = json_text(json_get(config, key), otherwise);
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
        if (strcmp(activations[i].name, name) == 0) {
            conf->activation = activations[i].activation;
            return 0;
        }
    return err_set(err,
                   "%s \"%.40s\" is not supported; known: gelu_new, "
                   "gelu_pytorch_tanh, gelu, silu",
                   key, name);
}

const char *hf_activation_name(enum activation activation)
{
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
        if (activations[i].activation == activation)
            return activations[i].name;
    return "";
}

/* A float's decimal, not all the digits of the double it becomes. */
void hf_put_number(struct json *to, const char *key, double value)
{
    if (value == floor(value) && fabs(value) < 1e15) {
        json_put_number(to, key, value);
        return;
    }
    double by = pow(10, 6 - floor(log10(fabs(value))));
    json_put_number(to, key, round(value * by) / by);
}

static int count_classes(const struct json *config)
{
    int names = json_length(json_get(config, "id2label"));
    return (int)json_int(json_get(config, "num_labels"), names ? names : 2);
}

int hf_read_head(struct model_conf *conf, const struct json *config,
                 const struct hf_family *family, struct err *err)
{
    const char *name =
        json_text(json_at(json_get(config, "architectures"), 0), "nothing");
    for (int i = 0; i < 3; i++)
        if (family->architecture[i] &&
            strcmp(family->architecture[i], name) == 0) {
            conf->head = (enum head_kind)i;
            conf->classes = i == HEAD_CLASSES ? count_classes(config) : 0;
            if (i == HEAD_CLASSES &&
                (conf->classes < 1 || conf->classes > 1 << 20))
                return err_set(err, "%d classes are not possible",
                               conf->classes);
            return 0;
        }
    return err_set(err,
                   "architectures names %.60s, which has no head we know; "
                   "known: %s, %s",
                   name, family->architecture[HEAD_MASKED],
                   family->architecture[HEAD_CLASSES]);
}

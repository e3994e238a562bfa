/*
 * Ranks and scales beside the factors: PEFT's config, where modules unlike the
 * first stand in patterns, and kohya's metadata.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/io/peft_out_private.h"

double peft_out_alpha(const struct peft_item *item)
{
    double alpha = item->scale * item->rank, whole = round(alpha);
    return whole / item->rank == item->scale ? whole : alpha;
}

static void put_alpha(struct json *object, const char *key, double alpha)
{
    if (alpha == round(alpha) && fabs(alpha) < 1e9)
        json_put_integer(object, key, (long long)alpha);
    else
        json_put_number(object, key, alpha);
}

static int longer_first(const void *a, const void *b)
{
    const struct peft_item *x = *(struct peft_item *const *)a;
    const struct peft_item *y = *(struct peft_item *const *)b;
    size_t one = strlen(x->module), other = strlen(y->module);
    if (one != other)
        return one > other ? -1 : 1;
    return x < y ? -1 : 1; /* as filed */
}

/* What of the config depends on the ranks, into config. */
static void put_ranks(struct json *config, const struct peft_out *out)
{
    const struct peft_item *first = &out->item[0];
    struct json *ranks = json_new_object(), *alphas = json_new_object();
    struct peft_item **sorted = xcalloc((size_t)out->count, sizeof *sorted);
    for (int i = 0; i < out->count; i++)
        sorted[i] = &out->item[i];
    qsort(sorted, (size_t)out->count, sizeof *sorted, longer_first);
    for (int i = 0; i < out->count; i++) {
        const struct peft_item *item = sorted[i];
        if (item->rank != first->rank)
            json_put_integer(ranks, item->module, item->rank);
        if (peft_out_alpha(item) != peft_out_alpha(first))
            put_alpha(alphas, item->module, peft_out_alpha(item));
    }
    mem_free(sorted);
    json_put_integer(config, "r", first->rank);
    put_alpha(config, "lora_alpha", peft_out_alpha(first));
    json_put(config, "rank_pattern", ranks);
    json_put(config, "alpha_pattern", alphas);
    json_put_bool(config, "use_rslora", false);
}

struct json *peft_out_ranks(const struct peft_out *out)
{
    struct json *ranks = json_new_object();
    put_ranks(ranks, out);
    return ranks;
}

/* Names of their own match nothing else. */
static void put_names(struct json *config, const struct peft_out *out)
{
    struct json *names = json_new_array();
    for (int i = 0; i < out->count; i++)
        json_push_text(names, out->item[i].module);
    json_put(config, "target_modules", names);
    json_put_null(config, "layers_to_transform");
    json_put_null(config, "layers_pattern");
}

/* Of an adapter that is like no other. */
static struct json *plain_config(const struct peft_out *out)
{
    struct json *config = json_new_object();
    json_put_text(config, "peft_type", "LORA");
    json_put_text(config, "task_type", "CAUSAL_LM");
    json_put_text(config, "base_model_name_or_path", out->base_name);
    json_put_text(config, "bias", "none");
    json_put_bool(config, "fan_in_fan_out",
                  json_bool(json_get(out->like ? out->like->config : NULL,
                                     "fan_in_fan_out"),
                            out->transposed));
    json_put_bool(config, "inference_mode", true);
    json_put_bool(config, "init_lora_weights", true);
    json_put_number(config, "lora_dropout", 0);
    json_put_bool(config, "use_dora", false);
    json_put_null(config, "modules_to_save");
    json_put_null(config, "revision");
    return config;
}

int peft_out_put_config(struct peft_out *out, const char *path, struct err *err)
{
    bool copies = out->like && peft_is_own(out->like);
    struct json *config =
        copies ? json_read(adapter_file_config_path(out->like->file), err)
               : plain_config(out);
    if (!config)
        return -1;
    put_ranks(config, out);
    if (out->names_all || !copies)
        put_names(config, out);
    char *text = json_write(config);
    json_free(config);
    int status = file_out_open(&out->config, path, err);
    if (status == 0) {
        /* A short write leaves the error flag, which commit looks at. */
        (void)fwrite(text, 1, strlen(text), out->config.to);
        (void)fflush(out->config.to);
    }
    mem_free(text);
    return status;
}

void peft_out_put_meta(struct safetensors_stream *stream,
                       const struct peft_out *out)
{
    char rank[32], alpha[32];
    const struct peft_item *first = &out->item[0];
    bool differ = false;
    for (int i = 0; i < out->count; i++)
        differ |= out->item[i].rank != first->rank ||
                  peft_out_alpha(&out->item[i]) != peft_out_alpha(first);
    (void)snprintf(rank, sizeof rank, "%d", first->rank);
    (void)snprintf(alpha, sizeof alpha, "%.9g", peft_out_alpha(first));
    safetensors_stream_meta(stream, "ss_network_module", "networks.lora");
    safetensors_stream_meta(stream, "ss_network_dim",
                            differ ? "Dynamic" : rank);
    safetensors_stream_meta(stream, "ss_network_alpha",
                            differ ? "Dynamic" : alpha);
}

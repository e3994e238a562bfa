/*
 * Hugging Face's PEFT: s = lora_alpha / r, or lora_alpha / sqrt r, with r and
 * alpha of single modules in patterns (peft/tuners/lora/config.py).  The same
 * names with the numbers elsewhere: diffusers' newer files keep the config as
 * text in the metadata, and some trainers write alpha as a tensor.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/io/dialect.h"
#include "core/io/pattern.h"

static enum part part_of(char *module, const char *tensor)
{
    static const struct dialect_suffix suffix[] = {
        {".lora_A.weight", PART_A},
        {".lora_B.weight", PART_B},
        {".lora_A.*.weight", PART_A},
        {".lora_B.*.weight", PART_B},
        {".lora_embedding_A", PART_EMBED_A},
        {".lora_embedding_B", PART_EMBED_B},
        {".lora_embedding_A.*", PART_EMBED_A},
        {".lora_embedding_B.*", PART_EMBED_B},
        {".lora_magnitude_vector", PART_MAGNITUDE},
        {".lora_magnitude_vector.weight", PART_MAGNITUDE},
        {".lora_magnitude_vector.*.weight", PART_MAGNITUDE},
        {".lora_magnitude_vector.*", PART_MAGNITUDE},
        {".alpha", PART_ALPHA},
    };
    return dialect_part(module, tensor, suffix,
                        (int)(sizeof suffix / sizeof *suffix));
}

/* The value of the first pattern that matches the end of the module's name,
 * as PEFT looks it up, or otherwise. */
static int look_up(double *to, const struct json *pattern, const char *module,
                   double otherwise, struct err *err)
{
    *to = otherwise;
    for (const char *key = json_next_key(pattern, NULL); key;
         key = json_next_key(pattern, key)) {
        int found = pattern_matches(module, key, err);
        if (found < 0)
            return -1;
        if (!found)
            continue;
        *to = json_number(json_get(pattern, key), NAN);
        return 0;
    }
    return 0;
}

/* Rank and scale of one module, from the config. */
static int scale_of_config(struct pair_scale *to, const struct scale_ask *ask,
                           struct err *err)
{
    enum { MOST = 1 << 20 };
    int r;
    double own, alpha;
    const struct json *config = ask->config;
    double usual = json_number(json_get(config, "lora_alpha"), NAN);
    if (json_need_int(&r, config, "r", 1, MOST, err) ||
        look_up(&own, json_get(config, "rank_pattern"), ask->module, r, err) ||
        look_up(&alpha, json_get(config, "alpha_pattern"), ask->module, usual,
                err))
        return -1;
    if (!(own >= 1 && own <= MOST && own == floor(own)))
        return err_set(err, "rank_pattern of %s is not a rank", ask->module);
    if (!isfinite(alpha))
        return err_set(err, "lora_alpha of %s is missing or not a number",
                       ask->module);
    to->alpha = alpha;
    to->stated_rank = (int)own;
    to->root = json_bool(json_get(config, "use_rslora"), false);
    to->scale = alpha / (to->root ? sqrt(ask->rank) : ask->rank);
    (void)snprintf(to->from, sizeof to->from,
                   "adapter_config.json: %s %g / %s%s %d%s",
                   alpha != usual ? "alpha_pattern" : "lora_alpha", alpha,
                   to->root ? "sqrt(" : "", own != r ? "rank_pattern" : "r",
                   ask->rank, to->root ? ")" : "");
    return 0;
}

static void warn(struct pair_scale *to, const struct scale_ask *ask)
{
    if (to->stated_rank != ask->rank)
        (void)snprintf(to->warning, sizeof to->warning,
                       "the config says r %d, the tensors have %d, with which "
                       "s was computed; PEFT will not load it",
                       to->stated_rank, ask->rank);
    else if (ask->has_alpha &&
             fabs(ask->alpha - to->alpha) > 1e-6 * fabs(to->alpha))
        (void)snprintf(to->warning, sizeof to->warning,
                       "the config says alpha %g, the module's own tensor %g; "
                       "the config was believed",
                       to->alpha, ask->alpha);
}

/* "transformer.lora_alpha": 16 in the metadata's text. */
static double alpha_of_metadata(const struct tensor_file *file)
{
    const char *text = tensor_file_meta(file, "lora_adapter_metadata");
    struct json *config =
        text ? json_parse(text, strlen(text), "metadata", NULL) : NULL;
    double alpha = NAN;
    for (const char *key = json_next_key(config, NULL); key;
         key = json_next_key(config, key)) {
        const char *dot = strrchr(key, '.');
        if (strcmp(dot ? dot + 1 : key, "lora_alpha") == 0)
            alpha = json_number(json_get(config, key), NAN);
    }
    json_free(config);
    return alpha;
}

static int scale(struct pair_scale *to, const struct scale_ask *ask,
                 struct err *err)
{
    *to = (struct pair_scale){0};
    if (!ask->config)
        return dialect_scale_alpha(to, ask, "metadata: lora_alpha",
                                   alpha_of_metadata(ask->file));
    if (scale_of_config(to, ask, err) != 0)
        return -1;
    warn(to, ask);
    return 0;
}

extern const struct dialect dialect_peft;
const struct dialect dialect_peft = {
    .name = "PEFT",
    .names = "MODULE.lora_A.weight, MODULE.lora_B.weight",
    .part_of = part_of,
    .scale = scale,
};

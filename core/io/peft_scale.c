/* See peft_scale.h. */
#include "core/io/peft_scale.h"

#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

bool peft_is_off(const struct json *config, const char *key)
{
    const struct json *value = json_get(config, key);
    if (!value || json_is_null(value))
        return true;
    if (json_is_string(value))
        return !strcmp(json_text(value, ""), "none");
    if (json_is_array(value) || json_is_object(value))
        return !json_length(value);
    return !json_bool(value, true);
}

int peft_check_config(const struct json *config, struct err *err)
{
    static const struct {
        const char *key, *why;
    } not_lora[] = {
        {"layer_replication", "it changes the layers of the base"},
        {"trainable_token_indices", "it trains embeddings"},
        {"target_parameters", "it adapts parameters outside of modules"},
        {"alora_invocation_tokens", "it is switched on by tokens"},
        {"use_qalora", "its A works on groups of inputs"},
        {"use_bdlora", "its factors are block-diagonal"},
    };
    static const char *const changes_base[] = {"pissa", "corda", "olora",
                                               "lora_ga", "loftq"};
    const char *type = json_text(json_get(config, "peft_type"), "nothing");
    if (strcmp(type, "LORA"))
        return err_set(err, "peft_type is %s; only LORA is supported", type);
    for (size_t i = 0; i < sizeof not_lora / sizeof *not_lora; i++)
        if (!peft_is_off(config, not_lora[i].key))
            return err_set(err, "%s is set, which is not supported: %s",
                           not_lora[i].key, not_lora[i].why);
    const char *init = json_text(json_get(config, "init_lora_weights"), "");
    for (size_t i = 0; i < sizeof changes_base / sizeof *changes_base; i++)
        if (!strncmp(init, changes_base[i], strlen(changes_base[i])))
            return err_set(err,
                           "init_lora_weights is %s, which also changed the "
                           "base; convert the adapter to plain LoRA first",
                           init);
    return 0;
}

/* The value of the first pattern that matches the end of the module's name,
 * as PEFT looks it up, or otherwise. */
static int look_up(double *to, const struct json *pattern, const char *module,
                   double otherwise, struct err *err)
{
    *to = otherwise;
    for (const char *key = json_next_key(pattern, NULL); key;
         key = json_next_key(pattern, key)) {
        char whole[512];
        regex_t regex;
        int size = snprintf(whole, sizeof whole, "^(.*\\.)?(%s)$", key);
        if (size >= (int)sizeof whole ||
            regcomp(&regex, whole, REG_EXTENDED | REG_NOSUB))
            return err_set(err,
                           "pattern \"%.200s\" is not understood; use the end "
                           "of a module's name",
                           key);
        bool matches = !regexec(&regex, module, 0, NULL, 0);
        regfree(&regex);
        if (!matches)
            continue;
        *to = json_number(json_get(pattern, key), NAN);
        return 0;
    }
    return 0;
}

int peft_scale_of(struct peft_scale *to, const struct json *config,
                  const char *module, struct err *err)
{
    enum { MOST = 1 << 20 };
    int r;
    double rank, alpha;
    double of_all = json_number(json_get(config, "lora_alpha"), NAN);
    if (json_need_int(&r, config, "r", 1, MOST, err) ||
        look_up(&rank, json_get(config, "rank_pattern"), module, r, err) ||
        look_up(&alpha, json_get(config, "alpha_pattern"), module, of_all, err))
        return -1;
    if (!(rank >= 1 && rank <= MOST && rank == floor(rank)))
        return err_set(err, "rank_pattern of %.200s is not a rank", module);
    if (!isfinite(alpha))
        return err_set(err, "lora_alpha of %.200s is missing or not a number",
                       module);
    bool root = json_bool(json_get(config, "use_rslora"), false);
    to->rank = (int)rank;
    to->scale = alpha / (root ? sqrt(rank) : rank);
    (void)snprintf(to->from, sizeof to->from,
                   "adapter_config.json: %s %g / %s%s %d%s",
                   alpha != of_all ? "alpha_pattern" : "lora_alpha", alpha,
                   root ? "sqrt(" : "", to->rank != r ? "rank_pattern" : "r",
                   to->rank, root ? ")" : "");
    return 0;
}

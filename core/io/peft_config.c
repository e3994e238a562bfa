/* See peft_config.h. */
#include "core/io/peft_config.h"

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

const char *peft_changes_base(const struct json *config)
{
    static const char *const changing[] = {"pissa", "corda", "olora", "lora_ga",
                                           "loftq"};
    const char *init = json_text(json_get(config, "init_lora_weights"), "");
    for (size_t i = 0; i < sizeof changing / sizeof *changing; i++)
        if (!strncmp(init, changing[i], strlen(changing[i])))
            return init;
    return NULL;
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
    for (size_t i = 0; i < sizeof not_lora / sizeof *not_lora; i++)
        if (!peft_is_off(config, not_lora[i].key))
            return err_set(err, "%s is set, which is not supported: %s",
                           not_lora[i].key, not_lora[i].why);
    const char *init = peft_changes_base(config);
    if (init)
        return err_set(err,
                       "init_lora_weights is %s, which also changed the base; "
                       "convert the adapter to plain LoRA first",
                       init);
    return 0;
}

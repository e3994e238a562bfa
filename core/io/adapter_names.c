/* See adapter_names.h. */
#include "core/io/adapter_names.h"

#include <stdio.h>
#include <string.h>

bool adapter_names_find(enum adapter_names *names, const char *word)
{
    *names = strcmp(word, "kohya") == 0 ? NAMES_KOHYA : NAMES_PEFT;
    return *names == NAMES_KOHYA || strcmp(word, "peft") == 0;
}

const char *adapter_names_file(enum adapter_names names)
{
    return names == NAMES_KOHYA ? "lora.safetensors"
                                : "adapter_model.safetensors";
}

static void kohya_module(char *to, size_t size, const char *module)
{
    static const struct {
        const char *from, *to;
    } parts[] = {{"lora_", "lora_"},
                 {"unet.", "lora_unet_"},
                 {"text_encoder.", "lora_te_"},
                 {"", "lora_"}};
    size_t i = 0;
    while (strncmp(module, parts[i].from, strlen(parts[i].from)) != 0)
        i++;
    (void)snprintf(to, size, "%s%s", parts[i].to,
                   module + strlen(parts[i].from));
    for (char *at = to; *at; at++)
        if (*at == '.')
            *at = '_';
}

void adapter_names_module(char *to, size_t size, enum adapter_names names,
                          const char *module)
{
    if (names == NAMES_KOHYA)
        kohya_module(to, size, module);
    else
        (void)snprintf(to, size, "%s", module);
}

void adapter_names_tensor(char *to, size_t size, enum adapter_names names,
                          const char *module, enum adapter_part part,
                          bool is_embedding)
{
    static const char *const peft[] = {".lora_A.weight", ".lora_B.weight", ""};
    static const char *const table[] = {".lora_embedding_A",
                                        ".lora_embedding_B", ""};
    static const char *const kohya[] = {".lora_down.weight", ".lora_up.weight",
                                        ".alpha"};
    const char *const *end = names == NAMES_KOHYA ? kohya
                             : is_embedding       ? table
                                                  : peft;
    char called[1024];
    adapter_names_module(called, sizeof called, names, module);
    (void)snprintf(to, size, "%s%s%s",
                   names == NAMES_KOHYA ? "" : "base_model.model.", called,
                   end[part]);
}

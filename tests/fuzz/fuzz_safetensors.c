/* A safetensors file: every tensor, and what it is as an adapter, alone and
 * beside PEFT's config. */
#include <string.h>

#include "core/io/tensor_file.h"
#include "tests/fuzz/fuzz.h"

int fuzz_safetensors(const uint8_t *data, size_t size, struct err *err)
{
    static const char config[] =
        "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4}";
    struct safetensors *file =
        safetensors_from((const char *)data, size, "memory", err);
    if (!file)
        return -1;
    for (int i = 0; i < safetensors_count(file); i++) {
        const struct tensor *tensor = safetensors_at(file, i);
        fuzz_law(safetensors_find(file, tensor->name) == tensor,
                 "a tensor is found by its name");
        fuzz_tensor(tensor);
    }
    (void)safetensors_meta(file, "lora_alpha");
    safetensors_close(file);
    struct err why[2] = {{""}, {""}};
    (void)fuzz_folder("peft");
    (void)fuzz_write("peft/adapter_config.json", config, strlen(config));
    (void)fuzz_write("peft/adapter_model.safetensors", data, size);
    fuzz_law(fuzz_adapter(fuzz_write("x.safetensors", data, size), &why[0]) ==
                     0 ||
                 why[0].text[0],
             "a refusal has words");
    fuzz_law(fuzz_peft(fuzz_path("peft"), &why[1]) == 0 || why[1].text[0],
             "a refusal has words");
    return 0;
}

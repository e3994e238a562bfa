/* The table of Hugging Face families; see hf_family.h. */
#include "core/model/hf_family.h"

#include <string.h>

extern const struct hf_family hf_gpt2, hf_llama, hf_mistral, hf_qwen2, hf_qwen3,
    hf_bert, hf_roberta;

static const struct hf_family *const table[] = {
    &hf_gpt2,  &hf_llama, &hf_mistral, &hf_qwen2,
    &hf_qwen3, &hf_bert,  &hf_roberta};

const struct hf_family *hf_family_find(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (name && strcmp(table[i]->name, name) == 0)
            return table[i];
    return NULL;
}

const char *hf_family_names(void)
{
    return "gpt2, llama, mistral, qwen2, qwen3, bert, roberta";
}

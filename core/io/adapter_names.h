/*
 * The two dialects that adapters are written in (dialect.h has those that are
 * read): PEFT's folder with a config, and kohya's one file, where alpha is a
 * tensor of each module and dots in module names become bars.
 */
#ifndef CORE_IO_ADAPTER_NAMES_H
#define CORE_IO_ADAPTER_NAMES_H

#include <stdbool.h>
#include <stddef.h>

enum adapter_names { NAMES_PEFT, NAMES_KOHYA };

/* "peft" or "kohya"; false: another word. */
bool adapter_names_find(enum adapter_names *names, const char *word);
/* adapter_model.safetensors; of kohya's, which needs no name, lora. */
const char *adapter_names_file(enum adapter_names names);

/* The module as the file calls it.  kohya's: "lora_unet_", "lora_te_" for the
 * parts of a diffusion model, "lora_" for any other; what begins with "lora_"
 * stays. */
void adapter_names_module(char *to, size_t size, enum adapter_names names,
                          const char *module);

enum adapter_part { NAMED_A, NAMED_B, NAMED_ALPHA };
/* The tensor of a module's part; an embedding's pair has names of its own in
 * PEFT's dialect, and alpha is a tensor in kohya's alone. */
void adapter_names_tensor(char *to, size_t size, enum adapter_names names,
                          const char *module, enum adapter_part part,
                          bool is_embedding);

#endif

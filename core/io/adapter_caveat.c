/*
 * What an adapter is beside its pairs: other methods are refused by their
 * name, and what s B A does not hold of what was learned becomes a sentence.
 */
#include <stdio.h>
#include <string.h>

#include "core/io/adapter_file_private.h"
#include "core/io/peft_config.h"

int adapter_caveat_check(const struct adapter_file *file, struct err *err)
{
    const struct json *type = json_get(file->config, "peft_type");
    if (!type && json_get(file->config, "lora_parameters"))
        return 0; /* mlx-lm's */
    const char *name = json_text(type, "nothing");
    if (strcmp(name, "LORA") != 0)
        return err_set(err,
                       "peft_type is %.60s; only LORA is supported, whose "
                       "update is a product of two factors",
                       name);
    return 0;
}

/* Parts of other methods' names. */
static const struct {
    const char *within, *what;
} foreign[] = {
    {"hada_w", "LoHa, a product entry by entry of two pairs"},
    {"lokr_w", "LoKr, a Kronecker product"},
    {"lora_mid", "a Tucker decomposition of a kernel in three factors"},
    {"lora_E", "AdaLoRA, whose update has a third factor"},
    {"oft_", "OFT, which multiplies the weight"},
    {"boft_", "BOFT, which multiplies the weight"},
    {"prompt_embeddings", "trained prompt tokens, which change no weight"},
    {"ia3_l", "IA3, which scales activations"},
    {"vera_lambda", "VeRA, whose A and B are drawn, not stored"},
};

static int check_name(const struct tensor *tensor, struct err *err)
{
    for (size_t k = 0; k < sizeof foreign / sizeof *foreign; k++)
        if (strstr(tensor->name, foreign[k].within))
            return err_set(err, "tensor \"%.120s\" is of %s: not s B A",
                           tensor->name, foreign[k].what);
    return 0;
}

int adapter_caveat_foreign(const struct adapter_file *file, struct err *err)
{
    int all = file->dialect ? 0 : tensor_file_count(file->tensors);
    for (int i = 0; i < all; i++)
        if (check_name(tensor_file_at(file->tensors, i), err) != 0)
            return -1;
    for (int i = 0; i < file->rests; i++)
        if (check_name(file->rest[i], err) != 0)
            return -1;
    return 0;
}

static char *next_caveat(struct adapter_file *file)
{
    return file->caveats < CAVEATS_MOST ? file->caveat[file->caveats++]
                                        : file->caveat[CAVEATS_MOST - 1];
}

static void list_magnitudes(struct adapter_file *file)
{
    int count = 0;
    for (int i = 0; i < file->count; i++)
        count += file->pair[i].magnitude != NULL;
    if (count)
        (void)snprintf(next_caveat(file), CAVEAT_SIZE,
                       "DoRA: %d %s lengths for the rows of W; s B A is what "
                       "%s directions change by, not the update",
                       count,
                       count == 1 ? "module also has" : "modules also have",
                       count == 1 ? "its" : "their");
    else if (json_bool(json_get(file->config, "use_dora"), false))
        (void)snprintf(next_caveat(file), CAVEAT_SIZE,
                       "use_dora is set, but the file has no lengths of rows");
}

static void list_base(struct adapter_file *file)
{
    const char *init = peft_changes_base(file->config);
    if (init)
        (void)snprintf(next_caveat(file), CAVEAT_SIZE,
                       "init_lora_weights is %.40s, which also changed the "
                       "base: s B A is not the update of the original",
                       init);
}

static void list_rest(struct adapter_file *file)
{
    char names[160] = "";
    size_t used = 0;
    if (!file->rests)
        return;
    for (int i = 0; i < file->rests && i < 3; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%.40s",
                                 i ? ", " : "", file->rest[i]->name);
    (void)snprintf(next_caveat(file), CAVEAT_SIZE,
                   "%d %s no part of any pair: %s%s", file->rests,
                   file->rests == 1 ? "tensor is" : "tensors are", names,
                   file->rests > 3 ? ", ..." : "");
}

int adapter_caveat_list(struct adapter_file *file, struct err *err)
{
    if (adapter_caveat_foreign(file, err) != 0)
        return -1;
    if (!file->count)
        return err_set(err, "holds no pair of factors");
    list_magnitudes(file);
    list_base(file);
    list_rest(file);
    return 0;
}

/*
 * GPT-2's modules as Hugging Face names them: see adapter_module.h.
 */
#include "core/io/adapter_module.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { MODULES_A_LAYER = 4 };

/* Two modules are called c_proj, so their targets say more. */
static const struct {
    const char *path, *target;
    int sites;
    enum site_kind first;
} layout[MODULES_A_LAYER] = {{"attn.c_attn", "c_attn", 3, SITE_Q},
                             {"attn.c_proj", "attn.c_proj", 1, SITE_O},
                             {"mlp.c_fc", "c_fc", 1, SITE_UP},
                             {"mlp.c_proj", "mlp.c_proj", 1, SITE_DOWN}};

int adapter_check_family(const struct model *model, struct err *err)
{
    if (strcmp(model->conf.family, "gpt2"))
        return err_set(err,
                       "adapters of the %s family are not supported; use a "
                       "gpt2 model",
                       model->conf.family);
    return 0;
}

int adapter_check_folder(const char *folder, struct err *err)
{
    enum { MOST = 900 }; /* of the 1024 of a path */
    if (strlen(folder) > MOST)
        return err_set(err,
                       "%.60s...: the folder's name is longer than %d "
                       "bytes; use a shorter one",
                       folder, MOST);
    return 0;
}

int adapter_module_count(const struct model *model)
{
    return model->conf.layers * MODULES_A_LAYER + 1;
}

static void add_site(struct adapter_module *module, const struct model *model,
                     enum site_kind kind, int layer)
{
    int site = model_site_of(model, kind, layer);
    assert(site >= 0);
    module->site[module->sites++] = site;
    module->out += model->site[site].out;
    module->in = model->site[site].in;
}

void adapter_module_at(struct adapter_module *module, const struct model *model,
                       int i)
{
    *module = (struct adapter_module){0};
    int layer = i / MODULES_A_LAYER, which = i % MODULES_A_LAYER;
    if (layer == model->conf.layers) {
        (void)snprintf(module->name, sizeof module->name, "lm_head");
        module->target = module->key = module->name;
        add_site(module, model, SITE_HEAD, layer);
        return;
    }
    (void)snprintf(module->name, sizeof module->name, "transformer.h.%d.%s",
                   layer, layout[which].path);
    module->target = layout[which].target;
    module->key = module->name + strlen("transformer.");
    for (int k = 0; k < layout[which].sites; k++)
        add_site(module, model, (enum site_kind)(layout[which].first + k),
                 layer);
}

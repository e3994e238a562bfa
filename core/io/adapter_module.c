/*
 * The modules of a family as Hugging Face names them, and dense layers: see
 * adapter_module.h.
 */
#include "core/io/adapter_module.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/model/hf_family.h"

int adapter_check_family(const struct model *model, struct err *err)
{
    if (model->conf.reads == EXAMPLE_TEXT &&
        !hf_family_find(model->conf.family))
        return err_set(err,
                       "adapters of the %s family are not supported; use a "
                       "model of %s",
                       model->conf.family, hf_family_names());
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

/* The kinds that begin a module; those it fuses follow. */
static int modules_a_layer(const struct model *model, enum site_kind *first)
{
    int count = 0;
    for (int kind = 0; kind < SITE_HEAD; kind++) {
        int site = model_site_of(model, (enum site_kind)kind, 0);
        if (site >= 0 && hf_site(model, site).part == 0)
            first[count++] = (enum site_kind)kind;
    }
    return count;
}

int adapter_module_count(const struct model *model)
{
    enum site_kind first[SITE_HEAD];
    if (model->conf.reads != EXAMPLE_TEXT)
        return model->site_count;
    return model->conf.layers * modules_a_layer(model, first) + 1;
}

bool adapter_is_turned(const struct model *model)
{
    const struct hf_family *family = hf_family_find(model->conf.family);
    return family && family->conv1d;
}

static void add_site(struct adapter_module *module, const struct model *model,
                     int site)
{
    assert(module->sites < ADAPTER_FUSED);
    module->site[module->sites++] = site;
    module->out += model->site[site].out;
    module->in = model->site[site].in;
}

/* The tensor's name without ".weight". */
static void take_name(struct adapter_module *module,
                      const struct hf_place *place, const char *prefix)
{
    size_t length = strlen(place->name) - strlen(".weight");
    size_t before = strlen(prefix);
    (void)snprintf(module->name, sizeof module->name, "%.*s", (int)length,
                   place->name);
    bool below = strncmp(module->name, prefix, before) == 0;
    module->key = module->name + (below ? before : 0);
}

/* A dense layer is a module of its own and is called like its site. */
static void dense_module(struct adapter_module *module,
                         const struct model *model, int i)
{
    (void)snprintf(module->name, sizeof module->name, "%s",
                   model->site[i].name);
    module->target = module->key = module->name;
    add_site(module, model, i);
}

void adapter_module_at(struct adapter_module *module, const struct model *model,
                       int i)
{
    const struct hf_family *family = hf_family_find(model->conf.family);
    enum site_kind first[SITE_HEAD];
    *module = (struct adapter_module){0};
    if (model->conf.reads != EXAMPLE_TEXT) {
        dense_module(module, model, i);
        return;
    }
    int count = modules_a_layer(model, first);
    int layer = i / count, head = model->site_count - 1;
    if (layer == model->conf.layers) {
        struct hf_place place = hf_site(model, head);
        take_name(module, &place, family->prefix);
        module->target = module->key;
        add_site(module, model, head);
        return;
    }
    int site = model_site_of(model, first[i % count], layer);
    struct hf_place place = hf_site(model, site);
    take_name(module, &place, family->prefix);
    const char *target = family->target[first[i % count]];
    module->target = target ? target : module->key;
    for (int k = 0; k < place.parts; k++)
        add_site(module, model, site + k);
}
